"""What a metric's name says of running costs: time, memory, throughput, energy, and its unit."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Literal

from runreport.design import Goal

Kind = Literal[
    "time",
    "cost",
    "device hours",
    "energy",
    "emissions",
    "memory",
    "throughput",
    "latency",
    "power",
    "utilisation",
    "size",
    "other",
]
"""In reading order."""

KINDS: Mapping[Kind, tuple[Goal | None, bool]] = MappingProxyType(
    {
        "time": ("minimize", True),
        "cost": ("minimize", True),
        "device hours": ("minimize", True),
        "energy": ("minimize", True),
        "emissions": ("minimize", True),
        "memory": ("minimize", False),
        "throughput": ("maximize", False),
        "latency": ("minimize", False),
        "power": ("minimize", False),
        "utilisation": (None, False),
        "size": ("minimize", False),
        "other": (None, False),
    }
)
"""Which way is better, and whether the values of runs add up to something."""

HOURS: Mapping[str, float] = MappingProxyType(
    {"ms": 1 / 3.6e6, "s": 1 / 3600, "min": 1 / 60, "h": 1.0, "d": 24.0}
)
"""What one of a unit of time is in hours."""

LONGEST = 200
"""Characters of names that are looked at."""


@dataclass(frozen=True, slots=True)
class Guess:
    """What a name tells."""

    kind: Kind
    unit: str
    """As the name says it; empty when it does not."""
    adds_up: bool


_TIMES: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(("ms", "msec", "msecs", "millis", "millisecond", "milliseconds"), "ms"),
        **dict.fromkeys(("s", "sec", "secs", "second", "seconds"), "s"),
        **dict.fromkeys(("min", "mins", "minute", "minutes"), "min"),
        **dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), "h"),
    }
)
_CLEAR = frozenset(_TIMES) - {"s", "min", "h", "ms"}
"""Units of time that are a sign by themselves; `min` may be the lowest value."""
_BYTES: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(("b", "byte", "bytes"), "B"),
        **dict.fromkeys(("kb", "kilobytes"), "kB"),
        **dict.fromkeys(("mb", "megabyte", "megabytes"), "MB"),
        **dict.fromkeys(("mib", "mebibytes"), "MiB"),
        **dict.fromkeys(("gb", "gigabyte", "gigabytes"), "GB"),
        **dict.fromkeys(("gib", "gibibytes"), "GiB"),
    }
)
_ENERGY: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(("kwh",), "kWh"),
        **dict.fromkeys(("wh",), "Wh"),
        **dict.fromkeys(("j", "joule", "joules"), "J"),
        **dict.fromkeys(("kj", "kilojoules"), "kJ"),
        **dict.fromkeys(("mj", "megajoules"), "MJ"),
    }
)
_WATTS: Mapping[str, str] = MappingProxyType(
    {**dict.fromkeys(("w", "watt", "watts"), "W"), "kw": "kW", "mw": "mW"}
)
_MONEY: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(("usd", "dollar", "dollars"), "USD"),
        **dict.fromkeys(("eur", "euro", "euros"), "EUR"),
        "gbp": "GBP",
        "chf": "CHF",
    }
)
_PERCENT: Mapping[str, str] = MappingProxyType(dict.fromkeys(("percent", "percentage", "pct"), "%"))
_DEVICES = frozenset({"gpu", "tpu", "cpu", "device", "node", "core", "accelerator"})
_CLOCK = frozenset(
    {"time", "runtime", "duration", "elapsed", "walltime", "wallclock", "wall", "took"}
)
_MOMENTS = frozenset({"timestamp", "timestamps", "date", "datetime", "started", "ended", "eta"})
_COUNTS = frozenset({"step", "steps", "timesteps", "series", "limit", "budget", "factor"})
"""Behind `time`: no time that was spent."""
_EACH = frozenset(
    {"per", "epoch", "step", "iter", "iteration", "batch", "token", "sample", "request", "query",
     "mean", "avg", "average", "median", "max", "min", "std", "p50", "p90", "p95", "p99"}
)  # fmt: skip
"""A time of a part of a run: the parts are not known to be all."""
_QUALITY = frozenset(
    {"loss", "acc", "accuracy", "f1", "auc", "error", "score", "precision", "recall", "reward"}
)
"""What a model with a memory bank is good at is no cost of it."""
_SPLIT = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|[^A-Za-z0-9]+")


@lru_cache(maxsize=4096)
def guess(name: str) -> Guess | None:
    """What a metric of this name measures of running a model; None for anything else."""
    if len(name) > LONGEST:
        return None
    words = [word.lower() for word in _SPLIT.split(name) if word]
    kind, unit, adds_up = _read(words, set(words))
    if kind is None and name.lower().startswith(("system/", "system.", "sys/")):
        kind = "other"
    return None if kind is None else Guess(kind, unit, adds_up and KINDS[kind][1])


def _read(words: Sequence[str], every: Collection[str]) -> tuple[Kind | None, str, bool]:
    """Kind, unit and whether it adds up, the clearest signs first."""
    held = set(every)
    if held & _MOMENTS or (words and words[-1] in _QUALITY):
        return None, "", False
    if held & set(_MONEY) or ("cost" in held and held & {*_DEVICES, "compute", "cloud", "api"}):
        return "cost", _unit(words, _MONEY), not held & _EACH
    if held & {"co2", "co2eq", "co2e", "emissions", "carbon"}:
        return "emissions", "kg" if "kg" in held else "g" if "g" in held else "", True
    if held & {"energy", "kwh", "wh", "joule", "joules", "kilojoules"}:
        return "energy", _unit(words, _ENERGY), not held & _EACH
    if held & {"watt", "watts"} or ("power" in held and held & {*_DEVICES, "w", "draw", "usage"}):
        # MLflow logs the same as a share of what is allowed
        return "power", _unit(words, {**_WATTS, **_PERCENT}), False
    if held & _DEVICES and held & {"hours", "hrs", "hour"}:
        return "device hours", "h", True
    if rate := _rate(words):
        return "throughput", rate, False
    return _sizes_and_times(words, held)


def _sizes_and_times(words: Sequence[str], held: set[str]) -> tuple[Kind | None, str, bool]:
    each = any(
        word in _TIMES and words[place + 1 : place + 2] == ["per"]
        for place, word in enumerate(words)
    )
    waited = {"response", "inference", "first", "request"} & held and held & {*_CLOCK, *_TIMES}
    if each or waited or held & {"latency", "ttft", "tpot"}:
        return "latency", _unit(words, _TIMES), False
    if held & {"memory", "mem", "vram", "rss", "ram"}:
        return "memory", _unit(words, {**_BYTES, **_PERCENT}), False
    if held & {"utilization", "utilisation", "util"} or (
        "usage" in held and held & _DEVICES and held & set(_PERCENT)
    ):
        return "utilisation", _unit(words, _PERCENT), False
    if held & {"flops", "flos", "macs", "gflops", "tflops"}:
        return "size", "", False
    if "size" in held and held & {"model", "checkpoint", "file", "artifact"}:
        return "size", _unit(words, _BYTES), False
    if held & {"params", "parameters"} and held & {"n", "num", "number", "total", "trainable"}:
        return "size", "", False
    spent = any(
        word in _CLOCK and (words[place + 1 : place + 2] or ("",))[0] not in _COUNTS
        for place, word in enumerate(words)
    )
    if spent or (words and words[-1] in _CLEAR):
        # Trainer and W&B write seconds under this name
        unit = _unit(words, _TIMES) or ("s" if words[-1] == "runtime" else "")
        return ("latency" if "per" in held else "time"), unit, not held & _EACH
    return None, "", False


def _rate(words: Sequence[str]) -> str:
    """`samples/s` of `samples_per_second`; empty where nothing is per time."""
    for place, word in enumerate(words[:-1]):
        unit = _TIMES.get(words[place + 1])
        if word == "per" and unit is not None and place > 0:
            # `seconds_per_minute` is no rate, nor is `time per second`
            what = words[place - 1]
            return "" if what in (*_CLOCK, *_TIMES) else f"{what}/{unit}"
    if words[-2:] in (["it", "s"], ["iter", "s"], ["its", "sec"]):
        return "it/s"
    if "fps" in words:
        return "frames/s"
    return "per s" if "throughput" in words else ""


def _unit(words: Sequence[str], known: Mapping[str, str]) -> str:
    """The last word that is a unit."""
    return next((known[word] for word in reversed(words) if word in known), "")
