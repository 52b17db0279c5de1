"""What every run took to run: durations, declared and guessed metrics, and their price."""

from __future__ import annotations

import math
import statistics
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from runreport.blocks import Code, Words
from runreport.design import Metric
from runreport.kinds import Context
from runreport.samples import Sample, Value, sample
from runreport.sections import charting
from runreport.sections.operational import HOURS, KINDS, Guess, Kind, guess
from runreport.tables import Run

Origin = Literal["declared", "named", "guessed", "tables", "computed"]
"""Declared operational; named in this section; guessed from the name; the run's own duration;
computed from another measure."""

DURATION = "duration"
MONEY = "cost"
DEVICE_HOURS = "device hours"
OWN = (DURATION, MONEY, DEVICE_HOURS)
"""Measures that no run logged under that name."""


@dataclass(frozen=True, eq=False)
class Measure:
    """One thing that running took."""

    metric: Metric
    """Title, unit and goal; its name is unique among measures."""
    kind: Kind
    origin: Origin
    adds_up: bool
    """Whether the sum over runs means something."""
    values: Mapping[str, Value]
    """By run id, in displayed units, excluded runs too."""
    remark: str = ""
    """How it was read, where that is not plain."""

    @property
    def name(self) -> str:
        return self.metric.name

    @property
    def title(self) -> str:
        return charting.fit(self.metric.title, 40)

    @property
    def heading(self) -> str:
        """Its title at the beginning; the name of a metric stays as it is."""
        return charting.capital(self.title) if self.metric.name in OWN else self.title

    @property
    def hours(self) -> float | None:
        """What one of its unit is in hours; None where it is no time, or of unknown unit."""
        return HOURS.get(self.metric.unit.strip()) if self.kind == "time" else None

    def value_of(self, run: Run, _metric: Metric) -> Value:
        """As samples ask for it."""
        return self.values.get(run.id, Value(None, "missing"))

    def samples(self, context: Context) -> tuple[Sample, ...]:
        """The usable values of each group, in report order."""
        return tuple(sample(group, self.metric, self.value_of) for group in context.groups)


@dataclass(frozen=True, slots=True)
class Asked:
    """What the author says of the measures."""

    metrics: tuple[str, ...] = ()
    quality: str | None = None
    per_hour: float | None = None
    currency: str = ""
    devices: str | None = None
    time: str | None = None


@dataclass(frozen=True, eq=False)
class Measures:
    """Everything that running took."""

    shown: tuple[Measure, ...]
    charged: Measure | None
    """The time that is added up and has its price."""
    money: Measure | None
    remarks: tuple[Words, ...]
    """What was guessed, in sentences."""
    hidden: tuple[str, ...]
    """Names of further ones."""


MOST = 8
"""Measures shown."""


def read(context: Context, asked: Asked, quality: Metric | None) -> Measures:
    """The measures of a report, those that matter most first.

    Args:
        context: the report.
        asked: what the author says.
        quality: the metric that runs are good at, which is no cost.
    """
    remarks: list[Words] = []
    found = [*_logged(context, asked, quality)]
    if _share_clocks(context.runs):
        why = "Durations are of several runs together, the same start and end, so none is shown."
        remarks.append((why,))
    else:
        found = [*_durations(context), *found]
    charged = _charged(found, asked)
    if asked.devices is not None and charged is not None:
        found.append(_device_hours(context, charged, asked.devices))
    money = None
    if asked.per_hour is not None:
        hours = next((m for m in found if m.name == DEVICE_HOURS and m.origin == "computed"), None)
        base = hours or charged
        if base is None or (hours is None and base.hours is None):
            why = "Nothing is priced: runs have no duration, and no time of known unit was logged."
            remarks.append((why,))
        else:
            money = _price(base, asked)
            found.append(money)
    order = list(KINDS)
    found.sort(key=lambda m: (m.origin == "guessed", order.index(m.kind)))
    guessed = [measure for measure in found if measure.origin == "guessed"]
    shown, hidden = found[:MOST], found[MOST:]
    if guessed:
        names = charting.named([measure.metric.name for measure in guessed], 6)
        said = f"Guessed to be operational from names: {names}. "
        remarks.append(
            (said, Code("role: operational"), " declares them, ", Code("metrics"), " picks some.")
        )
    return Measures(
        tuple(shown), charged, money, tuple(remarks), tuple(m.metric.name for m in hidden)
    )


# ---- where they come from ------------------------------------------------------------------------


def _everyone(context: Context) -> Iterator[Run]:
    yield from context.runs
    yield from (left_out.run for left_out in context.excluded)


def _share_clocks(runs: Sequence[Run]) -> bool:
    """Whether many runs, a quarter or more, have start and end in common with another: each has
    the time of all of them, as items of one evaluation do.
    """
    clocks = Counter((r.started, r.ended) for r in runs if r.started and r.ended and r.duration_s)
    shared = sum(count for count in clocks.values() if count > 1)
    return shared > 0 and 4 * shared >= sum(clocks.values())


def _durations(context: Context) -> Iterator[Measure]:
    """The runs' own durations, in the unit that fits."""
    known = {run.id: run.duration_s for run in _everyone(context) if run.duration_s is not None}
    fine = [value for value in known.values() if math.isfinite(value) and value >= 0]
    if not fine or max(fine) == 0:
        return
    # one run that was suspended does not set the unit of the others
    usual = statistics.median(fine)
    unit = "s" if usual < 300 else "min" if usual < 3 * 3600 else "h"
    scale = HOURS["s"] / HOURS[unit]
    values = {
        run_id: Value.of(value, scale) if value >= 0 else Value(None, "missing")
        for run_id, value in known.items()
    }
    metric = Metric(DURATION, goal="minimize", unit=unit, role="operational", declared=False)
    yield Measure(metric, "time", "tables", True, values, "start to end, as the tracker has it")


def _logged(context: Context, asked: Asked, quality: Metric | None) -> Iterator[Measure]:
    known = {metric.name: metric for metric in context.design.metrics}
    names = dict.fromkeys(asked.metrics)
    if not names:
        names |= dict.fromkeys(n for n, m in known.items() if m.role == "operational")
        primary = {metric.name for metric in context.design.primary if metric.primary}
        logged = sorted({name for run in context.runs for name in run.metrics})
        names |= dict.fromkeys(
            name for name in [*known, *logged] if name not in primary and guess(name) is not None
        )
    if asked.time is not None:
        names.setdefault(asked.time)
    for name in names:
        if quality is None or name != quality.name:
            origin: Origin = "named" if name in asked.metrics or name == asked.time else "guessed"
            if name in known and known[name].role == "operational":
                origin = "declared"
            found = _one(context, known.get(name), name, origin)
            if found is not None:
                yield found


def _one(context: Context, declared: Metric | None, name: str, origin: Origin) -> Measure | None:
    told = guess(name) or Guess("other", "", adds_up=False)
    metric = declared or context.design.metric(name)
    kind = told.kind
    if kind == "other" and metric.unit.strip() in HOURS:
        kind, told = "time", Guess("time", "", adds_up=True)
    unit = metric.unit or (told.unit if metric.scale == 1 else "")
    goal = metric.goal or KINDS[kind][0]
    # what was logged step by step may be the time of a step, or all of it so far
    steps = any((s.count or 0) > 1 for run in context.runs if (s := run.metrics.get(name)))
    adds_up = told.adds_up and (not steps or declared is not None)
    values, peaks = {}, False
    for run in _everyone(context):
        value = context.value(run, metric)
        summary = run.metrics.get(name)
        if declared is None and kind == "memory" and summary is not None:
            peak = summary.max
            if peak is not None and peak != summary.last:
                value, peaks = Value.of(peak), True
        values[run.id] = value
    if all(value.number is None for value in values.values()):
        return None
    remark = "the highest value of each run" if peaks else ""
    if steps and not peaks and (declared is None or declared.value == "last"):
        remark = "the last of several values of each run"
    return Measure(
        replace(metric, unit=unit, goal=goal, role="operational"),
        kind, origin, adds_up, values, remark,
    )  # fmt: skip


# ---- time and money ------------------------------------------------------------------------------


def _charged(found: Sequence[Measure], asked: Asked) -> Measure | None:
    """The time that is added up: as asked, else durations, else a time that says its unit."""
    if asked.time is not None:
        return next((m for m in found if m.name == asked.time), None)
    times = [m for m in found if m.kind == "time" and m.adds_up and m.hours is not None]
    order: dict[Origin, int] = {"tables": 0, "declared": 1, "named": 2, "guessed": 3}
    return min(times, key=lambda m: order[m.origin], default=None)


def _device_hours(context: Context, charged: Measure, devices: str) -> Measure:
    """Hours times devices of each run."""
    values = {}
    for run in _everyone(context):
        time, param = charged.values.get(run.id), run.params.get(devices)
        values[run.id] = Value(None, "missing")
        if time is not None and time.number is not None and param is not None and charged.hours:
            values[run.id] = Value.of(time.number * charged.hours * param.number)
    metric = Metric(DEVICE_HOURS, goal="minimize", unit="h", role="operational", declared=False)
    remark = f"{charged.title} times {charting.fit(devices, 40)}"
    return Measure(metric, "device hours", "computed", True, values, remark)


def _price(base: Measure, asked: Asked) -> Measure:
    """What each run cost."""
    hours = 1.0 if base.hours is None else base.hours
    rate = (asked.per_hour or 0.0) * hours
    values = {
        run_id: value if value.number is None else Value.of(value.number, rate)
        for run_id, value in base.values.items()
    }
    metric = Metric(MONEY, goal="minimize", unit=asked.currency, role="operational", declared=False)
    currency = f" {charting.fit(asked.currency, 10)}" if asked.currency else ""
    remark = f"{base.title} at {charting.short(asked.per_hour or 0.0)}{currency} per hour"
    return Measure(metric, "cost", "computed", True, values, remark)
