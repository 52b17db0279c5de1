"""What Optuna says of a trial, and the run that it is."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any

import numpy as np

from runreport.cleaning import clean_text
from runreport.sources.complaints import Complaints
from runreport.sources.listing import artifact_kind
from runreport.sources.loaded import Floats, LoadedRun, Points
from runreport.sources.texts import parse_json, written
from runreport.tables import Artifact, Status

STATES = ("RUNNING", "COMPLETE", "PRUNED", "FAIL", "WAITING")
"""By the number that journals write."""
DIRECTIONS = ("NOT_SET", "MINIMIZE", "MAXIMIZE")
OVER = ("COMPLETE", "PRUNED", "FAIL")
METRIC_NAMES = "study:metric_names"
NUMBER = "_number"
"""System attribute in which the oldest databases keep a trial's number."""

_STATUS: Mapping[str, Status] = {
    "COMPLETE": "finished",
    "PRUNED": "killed",
    "FAIL": "failed",
    "RUNNING": "running",
    "WAITING": "running",
}
_ARTIFACT = "artifacts:"
_LARGEST = 1.797e308
"""Databases of Optuna 2 hold the largest float where infinity was reported."""


@dataclass(eq=False)
class Study:
    """One study."""

    name: str
    directions: list[str] = field(default_factory=list)
    user: dict[str, Any] = field(default_factory=dict)
    system: dict[str, Any] = field(default_factory=dict)

    def metric(self, objective: int, count: int) -> str:
        """What the value of an objective is called."""
        names = self.system.get(METRIC_NAMES)
        if isinstance(names, list) and objective < len(names) and isinstance(names[objective], str):
            return str(names[objective]) or f"values_{objective}"
        return "value" if max(count, len(self.directions)) <= 1 else f"values_{objective}"


@dataclass(eq=False)
class Trial:
    """One trial."""

    number: int
    state: str = "RUNNING"
    started: datetime | None = None
    ended: datetime | None = None
    params: dict[str, tuple[Any, str]] = field(default_factory=dict)
    """Name to the number that is stored and its distribution, a JSON text."""
    values: dict[int, float] = field(default_factory=dict)
    """By objective."""
    reported: tuple[Floats, Floats] | None = None
    """Steps and values."""
    user: dict[str, Any] = field(default_factory=dict)
    system: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Distribution:
    """What turns the number that is stored into the value that was tried."""

    kind: str
    """float, int or categorical."""
    choices: tuple[Any, ...] = ()

    def text(self, number: Any) -> str | None:
        """The value as a param; None for a choice that is null.

        Raises:
            ValueError: with what is wrong, for people.
        """
        if isinstance(number, bool) or not isinstance(number, int | float):
            raise ValueError("it has no number")
        if self.kind == "categorical":
            if not (0 <= number < len(self.choices)) or number != int(number):
                raise ValueError(f"choice {number!r} of {len(self.choices)}")
            choice = self.choices[int(number)]
            return None if choice is None else written(choice)
        if self.kind == "int" and math.isfinite(number):
            return str(int(number))
        return repr(float(number))


@lru_cache(maxsize=4_096)
def distribution(text: str) -> Distribution:
    """A distribution out of its JSON text: of every version, and the short form of the CLI.

    Raises:
        ValueError: it is none, for people.
    """
    document = parse_json(text.encode("utf-8", "surrogateescape"))
    if not isinstance(document, Mapping):
        raise ValueError("its distribution is no object")
    short = "type" in document and "name" not in document
    name = str(document.get("type" if short else "name", "")).lower()
    inside = document if short else document.get("attributes")
    if name.startswith("categorical"):
        choices = inside.get("choices") if isinstance(inside, Mapping) else None
        if not isinstance(choices, list):
            raise ValueError("its distribution has no choices")
        return Distribution("categorical", tuple(choices))
    if name.startswith("int"):
        return Distribution("int")
    if name.startswith(("float", "uniform", "loguniform", "discreteuniform")):
        return Distribution("float")
    raise ValueError(f"its distribution is of an unknown kind, {clean_text(name)[:40]!r}")


def stored_value(value: Any, kind: Any) -> float:
    """A value of a database, whose kind says what SQL cannot hold.

    Args:
        value: of the column; None stands for NaN in databases without kinds.
        kind: FINITE, INF_POS, INF_NEG, NAN, or None where the schema has no such column.

    Raises:
        ValueError: it is no number.
    """
    if kind == "INF_POS":
        return math.inf
    if kind == "INF_NEG":
        return -math.inf
    if kind == "NAN" or value is None:
        return math.nan
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError("no number")
    number = float(value)
    if kind is None and abs(number) >= _LARGEST:
        return math.copysign(math.inf, number)
    return number


def run_of(study: Study, trial: Trial, place: str, told: Complaints) -> LoadedRun:
    """The run that a trial is.

    Args:
        study: whose trial it is.
        trial: what was read of it.
        place: name of the file, for messages.
        told: receives values that cannot be read.
    """
    label = f"trial {trial.number}"
    where = f"trial {trial.number} of {clean_text(study.name)[:80]!r}"
    metrics: dict[str, float | Points] = {}
    for objective, value in sorted(trial.values.items()):
        metrics[study.metric(objective, len(trial.values))] = value
    if trial.reported is not None and trial.reported[0].size:
        name = "intermediate_value"
        while name in metrics:
            name += "_reported"
        metrics[name] = Points(*trial.reported)
    user = {key: item for key, item in trial.user.items() if item is not None}
    system = {key: item for key, item in trial.system.items() if item is not None}
    return LoadedRun(
        key=f"{study.name}/{trial.number}",
        name=label,
        experiment=study.name,
        status=_STATUS.get(trial.state, "unknown"),
        started=trial.started,
        ended=trial.ended,
        params=_params(trial, where, place, told),
        tags={
            **_tags("optuna.system.", _plain(system)),
            **_tags("optuna.study.", study.user),
            "optuna.state": trial.state,
            "optuna.number": str(trial.number),
            **_directions(study),
            **_tags("", user),
        },
        metrics=metrics,
        artifacts=_artifacts(system),
    )


def _params(trial: Trial, where: str, place: str, told: Complaints) -> dict[str, str]:
    found = {}
    for name, (number, text) in trial.params.items():
        try:
            value = distribution(text).text(number)
        except ValueError as error:
            words = f"{where}: param {clean_text(name)[:80]!r} cannot be read: {error}"
            told.add("RR375", place, words, kind="param")
            continue
        if value is not None:
            found[name] = value
    return found


def _directions(study: Study) -> Mapping[str, str]:
    known = [direction.lower() for direction in study.directions if direction != DIRECTIONS[0]]
    return {"optuna.directions": ", ".join(known)} if known else {}


def _tags(prefix: str, items: Mapping[str, Any]) -> dict[str, str]:
    return {prefix + key: written(item) for key, item in items.items() if item is not None}


def _plain(system: Mapping[str, Any]) -> dict[str, Any]:
    """System attributes that are shown."""
    return {
        key: item for key, item in system.items() if key != NUMBER and not key.startswith(_ARTIFACT)
    }


def _artifacts(system: Mapping[str, Any]) -> tuple[Artifact, ...]:
    """Files of an artifact store: named, but their place is known to the program alone."""
    found = []
    for key, item in system.items():
        if not key.startswith(_ARTIFACT):
            continue
        if isinstance(item, str):
            try:
                item = parse_json(item.encode("utf-8", "surrogateescape"))
            except ValueError:
                continue
        name = item.get("filename") if isinstance(item, Mapping) else None
        if isinstance(name, str) and name:
            found.append(Artifact(name, artifact_kind(name), None, None, None))
    return tuple(found)


def reported(steps: Sequence[Any], values: Sequence[Any]) -> tuple[Floats, Floats]:
    """Steps and values as arrays."""
    return np.array(steps, np.float64), np.array(values, np.float64)
