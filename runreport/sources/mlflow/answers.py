"""What a tracking server's answers say, each field checked: JSON in, facts out, no network.

A field of the wrong type is `Unfit`. In one run's data it costs that item alone, and is told;
where a list should be, it makes the whole answer unusable.
"""

from __future__ import annotations

import math
import re
from array import array
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import quote

import numpy as np

from runreport.sources.mlflow.facts import (
    LARGEST,
    DatasetInput,
    LoggedModel,
    ModelVersion,
    RunFacts,
)
from runreport.sources.mlflow.points import NO_TIME, Floats, Ints

ItemT = TypeVar("ItemT")

ENDED = ("FINISHED", "FAILED", "KILLED")
"""Statuses of runs to which nothing is logged any more."""

_WORDS = {
    "NaN": math.nan, "nan": math.nan,
    "Infinity": math.inf, "inf": math.inf,
    "-Infinity": -math.inf, "-inf": -math.inf,
}  # fmt: skip


class Unfit(Exception):  # noqa: N818  # it never leaves this folder
    """A field is missing or has another type than MLflow's."""


@dataclass(frozen=True, slots=True)
class ReadRun:
    """A run, and what of it could not be read."""

    facts: RunFacts
    unread: tuple[str, ...]
    """In words, one for each item that was left out."""
    signs: Mapping[str, Sequence[Any]]
    """What is said of each metric of a run that has ended; its points change with it."""


def items(answer: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    """The list of objects under a name; empty when it is absent, as MLflow writes empty lists.

    Raises:
        Unfit: it is there and is something else.
    """
    found = answer.get(name)
    if found is None:
        return []
    if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
        raise Unfit(f"{name!r} is no list of objects")
    return found


def inner(item: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """The object under a name; an empty one when it is absent."""
    found = item.get(name)
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise Unfit(f"{name!r} is no object")
    return found


def text(item: Mapping[str, Any], name: str) -> str:
    """The text under a name."""
    if (found := item.get(name)) is None or found == "":
        raise Unfit(f"{name!r} is missing")
    if not isinstance(found, str):
        raise Unfit(f"{name!r} is no text")
    return found


def optional_text(item: Mapping[str, Any], name: str) -> str:
    """The text under a name, empty when there is none."""
    found = item.get(name)
    if found is not None and not isinstance(found, str):
        raise Unfit(f"{name!r} is no text")
    return found or ""


def integer(item: Mapping[str, Any], name: str) -> int | None:
    """The whole number under a name, also when it is written as text; None when it is absent."""
    found = item.get(name)
    if found is None:
        return None
    if isinstance(found, str) and re.fullmatch(r"-?[0-9]{1,19}", found):
        found = int(found)
    if isinstance(found, float) and found.is_integer():
        found = int(found)
    if isinstance(found, bool) or not isinstance(found, int):
        raise Unfit(f"{name!r} is no whole number")
    if not -(2**63) <= found < 2**63:
        raise Unfit(f"{name!r} is larger than 64 bits")
    return found


def real(item: Mapping[str, Any], name: str) -> float:
    """The number under a name: NaN as text or bare, and infinity as MLflow writes it."""
    found = item.get(name)
    if isinstance(found, str) and found in _WORDS:
        return _WORDS[found]
    if isinstance(found, bool) or not isinstance(found, int | float):
        raise Unfit(f"{name!r} is no number")
    if abs(found) >= LARGEST:
        return math.inf if found > 0 else -math.inf
    return float(found)


def experiment(item: Mapping[str, Any]) -> tuple[str, str] | None:
    """Id and name of an experiment, None when it is deleted."""
    if item.get("lifecycle_stage") == "deleted":
        return None
    return text(item, "experiment_id"), optional_text(item, "name") or text(item, "experiment_id")


def read_run(item: Mapping[str, Any], experiments: Mapping[str, str], base: str) -> ReadRun | None:
    """A run of `runs/search`, None when it is deleted.

    Args:
        item: the run's object.
        experiments: experiment id to name.
        base: the server's address, for the link to the run.

    Raises:
        Unfit: the run has no id, or no object that describes it.
    """
    info, data = inner(item, "info"), inner(item, "data")
    if info.get("lifecycle_stage") == "deleted":
        return None
    run_id = optional_text(info, "run_id") or text(info, "run_uuid")
    home = optional_text(info, "experiment_id")
    unread: list[str] = []

    def every(source: Mapping[str, Any], name: str, read: Callable[[Any], ItemT]) -> list[ItemT]:
        return list(_readable(source, name, read, unread))

    def one(read: Callable[[Mapping[str, Any], str], ItemT], name: str) -> ItemT | None:
        try:
            return read(info, name)
        except Unfit as error:
            unread.append(str(error))
            return None

    facts = RunFacts(
        run_id=run_id,
        experiment=experiments.get(home, home),
        name=one(optional_text, "run_name") or None,
        status=one(optional_text, "status"),
        started_ms=one(integer, "start_time"),
        ended_ms=one(integer, "end_time"),
        user=one(optional_text, "user_id") or None,
        params=every(data, "params", _pair),
        tags=every(data, "tags", _pair),
        metrics=every(data, "metrics", _last),
        datasets=sorted(every(inner(item, "inputs"), "dataset_inputs", _dataset), key=_by_name),
        url=f"{base}/#/experiments/{quote(home, safe='')}/runs/{quote(run_id, safe='')}",
    )
    return ReadRun(facts, tuple(unread), _signs(info, data))


def _signs(info: Mapping[str, Any], data: Mapping[str, Any]) -> dict[str, Sequence[Any]]:
    """Of each metric its latest point and its run's end, as sent."""
    if info.get("status") not in ENDED:
        return {}
    end, found = [info.get("status"), info.get("end_time")], data.get("metrics")
    return {
        key: [*end, *(repr(item.get(name)) for name in ("value", "step", "timestamp"))]
        for item in (found if isinstance(found, list) else ())
        if isinstance(item, dict) and isinstance(key := item.get("key"), str)
    }


def version(item: Mapping[str, Any], aliases: Mapping[str, tuple[str, ...]]) -> ModelVersion:
    """A version of `model-versions/search`, with the aliases of its model by version."""
    number = item.get("version")
    number = str(number) if isinstance(number, int) else text(item, "version")
    stage = optional_text(item, "current_stage") or None
    return ModelVersion(text(item, "name"), number, aliases.get(number, ()), stage)


def aliases_of(model: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """Version to its aliases, of the object of a registered model."""
    found: dict[str, list[str]] = {}
    for item in items(model, "aliases"):
        found.setdefault(str(item.get("version", "")), []).append(text(item, "alias"))
    return {number: tuple(sorted(names)) for number, names in found.items()}


def logged_model(item: Mapping[str, Any]) -> tuple[str, LoggedModel] | None:
    """The run that made a model of `logged-models/search`, and the model; None without a run."""
    info = inner(item, "info")
    run_id, model_id = optional_text(info, "source_run_id"), optional_text(info, "model_id")
    if not run_id or not model_id:
        return None
    return run_id, LoggedModel(optional_text(info, "name") or model_id, model_id)


class Points:
    """The points of one metric of one run, page by page, in the server's order."""

    def __init__(self) -> None:
        self.bad = 0
        """Points left out: they have no number, or a step or time that is none."""
        self.answers: dict[str, str] = {}
        """Digests of the answers that held them, by request."""
        self._steps = array("d")
        self._times = array("q")
        self._values = array("d")

    def __len__(self) -> int:
        return len(self._steps)

    def add(self, page: Mapping[str, Any]) -> None:
        """Take the points of one answer of `metrics/get-history`.

        Raises:
            Unfit: it holds no list of points.
        """
        for item in items(page, "metrics"):
            try:
                value, step = real(item, "value"), float(integer(item, "step") or 0)
                ms = integer(item, "timestamp")
            except Unfit:
                self.bad += 1
                continue
            self._values.append(value)
            self._steps.append(step)
            self._times.append(NO_TIME if ms is None else ms)

    def columns(self) -> tuple[Floats, Ints, Floats]:
        """Steps, times in milliseconds and values."""
        return (
            np.frombuffer(self._steps, np.float64),
            np.frombuffer(self._times, np.int64),
            np.frombuffer(self._values, np.float64),
        )


def _readable(
    source: Mapping[str, Any], name: str, read: Callable[[Any], ItemT], unread: list[str]
) -> Iterator[ItemT]:
    found = source.get(name)
    if found is not None and not isinstance(found, list):
        unread.append(f"{name!r} is no list")
        return
    for index, item in enumerate(found or ()):
        try:
            if not isinstance(item, dict):
                raise Unfit("it is no object")
            yield read(item)
        except Unfit as error:
            unread.append(f"{name}[{index}]: {error}")


def _pair(item: Mapping[str, Any]) -> tuple[str, str]:
    return text(item, "key"), optional_text(item, "value")


def _last(item: Mapping[str, Any]) -> tuple[str, float, float]:
    return text(item, "key"), real(item, "value"), float(integer(item, "step") or 0)


def _dataset(item: Mapping[str, Any]) -> DatasetInput:
    data = inner(item, "dataset")
    contexts = [
        optional_text(tag, "value")
        for tag in items(item, "tags")
        if tag.get("key") == "mlflow.data.context"
    ]
    return DatasetInput(
        name=text(data, "name"),
        digest=optional_text(data, "digest") or None,
        context=next(iter(contexts), None),
        source=optional_text(data, "source") or None,
    )


def _by_name(data: DatasetInput) -> tuple[str, str, str]:
    return data.name, data.context or "", data.digest or ""
