"""Studies in the log of a `JournalStorage`: operations, one JSON object a line, done once more."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from runreport.cleaning import clean_text
from runreport.errors import Problem, SourceError
from runreport.sources import moments
from runreport.sources.complaints import Complaints
from runreport.sources.loaded import LoadedRun
from runreport.sources.optuna.trials import (
    DIRECTIONS,
    OVER,
    STATES,
    Distribution,
    Study,
    Trial,
    distribution,
    reported,
    run_of,
)
from runreport.sources.trees import open_file

MAX_LINE = 64_000_000


@dataclass(eq=False)
class _Known:
    """A study with its trials."""

    study: Study
    trials: list[Trial] = field(default_factory=list)
    kinds: dict[str, tuple[int, Distribution]] = field(default_factory=dict)
    """Param to the first trial that has it, and its distribution there."""


class Journal:
    """What the operations so far come to, as Optuna's own replay does."""

    def __init__(self) -> None:
        self.studies: dict[int, _Known] = {}
        self._made = 0
        self._trials: list[tuple[int, Trial]] = []
        """Study and trial, by trial id."""
        self._seen: dict[int, dict[float, float]] = {}
        """Trial id to reported values by step."""
        self._do = (
            self._create_study,
            self._delete_study,
            self._study_user,
            self._study_system,
            self._create_trial,
            self._param,
            self._state,
            self._intermediate,
            self._trial_user,
            self._trial_system,
            lambda _: None,
        )

    def apply(self, operation: Any) -> None:
        """Do one operation.

        Raises:
            ValueError, TypeError, AttributeError, LookupError, OverflowError: it is none of
                Optuna's.
        """
        code = operation["op_code"]
        if type(code) is not int or not 0 <= code < len(self._do):
            raise ValueError("its op_code is unknown")
        self._do[code](operation)

    def finish(self) -> None:
        """Set the reported values of all trials."""
        for key, seen in self._seen.items():
            self._trials[key][1].reported = reported(list(seen), list(seen.values()))

    def _create_study(self, log: Mapping[str, Any]) -> None:
        name = _name(log["study_name"])
        directions = [_one(DIRECTIONS, number) for number in log["directions"]]
        if all(known.study.name != name for known in self.studies.values()):
            self.studies[self._made] = _Known(Study(name, directions))
            self._made += 1

    def _delete_study(self, log: Mapping[str, Any]) -> None:
        self.studies.pop(log["study_id"], None)

    def _study_user(self, log: Mapping[str, Any]) -> None:
        if (known := self.studies.get(log["study_id"])) is not None:
            known.study.user.update(_object(log["user_attr"]))

    def _study_system(self, log: Mapping[str, Any]) -> None:
        if (known := self.studies.get(log["study_id"])) is not None:
            known.study.system.update(_object(log["system_attr"]))

    def _create_trial(self, log: Mapping[str, Any]) -> None:
        known = self.studies.get(log["study_id"])
        if known is None:
            return
        number = len(known.trials)
        trial = Trial(
            number, _one(STATES, log.get("state", 0)), moments.from_text(log["datetime_start"])
        )
        trial.ended = moments.from_text(log.get("datetime_complete"))
        distributions = log.get("distributions", {})
        for name, value in _object(log.get("params", {})).items():
            trial.params[name] = (value, distributions[name])
            known.kinds.setdefault(name, (number, distribution(distributions[name])))
        values = log.get("values")
        _set_values(trial, [log["value"]] if values is None and "value" in log else values)
        trial.user.update(_object(log.get("user_attrs", {})))
        trial.system.update(_object(log.get("system_attrs", {})))
        seen = {
            float(k): _number(v) for k, v in _object(log.get("intermediate_values", {})).items()
        }
        if seen:
            self._seen[len(self._trials)] = seen
        known.trials.append(trial)
        self._trials.append((log["study_id"], trial))

    def _updatable(self, log: Mapping[str, Any]) -> Trial | None:
        key = log["trial_id"]
        if type(key) is not int:
            raise ValueError("its trial_id is no number")
        if not 0 <= key < len(self._trials) or self._trials[key][1].state in OVER:
            return None
        return self._trials[key][1]

    def _param(self, log: Mapping[str, Any]) -> None:
        trial, name = self._updatable(log), _name(log["param_name"])
        new = distribution(log["distribution"])
        if trial is None:
            return
        known = self.studies.get(self._trials[log["trial_id"]][0])
        if known is not None:
            _, first = known.kinds.setdefault(name, (trial.number, new))
            if first.kind != new.kind or first.choices != new.choices:
                # refused by Optuna too: the worker that wrote it was told
                return
            if trial.number < known.kinds[name][0]:
                known.kinds[name] = (trial.number, new)
        trial.params[name] = (log["param_value_internal"], log["distribution"])

    def _state(self, log: Mapping[str, Any]) -> None:
        trial, state = self._updatable(log), _one(STATES, log["state"])
        if trial is None or state == trial.state == "RUNNING":
            return
        if state == "RUNNING":
            trial.started = moments.from_text(log["datetime_start"])
        elif state in OVER:
            trial.ended = moments.from_text(log["datetime_complete"])
        trial.state = state
        _set_values(trial, log["values"])

    def _intermediate(self, log: Mapping[str, Any]) -> None:
        step, value = float(log["step"]), _number(log["intermediate_value"])
        if self._updatable(log) is not None:
            self._seen.setdefault(log["trial_id"], {})[step] = value

    def _trial_user(self, log: Mapping[str, Any]) -> None:
        if (trial := self._updatable(log)) is not None:
            trial.user.update(_object(log["user_attr"]))

    def _trial_system(self, log: Mapping[str, Any]) -> None:
        if (trial := self._updatable(log)) is not None:
            trial.system.update(_object(log["system_attr"]))


def runs_of(path: Path, name: str, wanted: frozenset[str], told: Complaints) -> Iterator[LoadedRun]:
    """The trials of the studies wanted.

    Args:
        path: of the journal.
        name: of the file, for messages.
        wanted: names of studies; all when empty.
        told: receives what is left out.

    Raises:
        SourceError: RR371 when not one operation can be read.
    """
    journal, number = Journal(), 0
    with os.fdopen(open_file(path), "rb") as stream:
        while line := stream.readline(MAX_LINE):
            number += 1
            if not line.endswith(b"\n") and len(line) < MAX_LINE:
                words = f"its last line has no end ({len(line):,} bytes); it is left out"
                told.add("RR372", name, words, line=number)
                break
            if not line.strip():
                continue
            try:
                journal.apply(_parsed(line))
            except (ValueError, TypeError, AttributeError, LookupError, OverflowError) as error:
                reason = clean_text(str(error))[:120] or type(error).__name__
                if not journal.studies and number == 1:
                    message = f"no journal of Optuna: line 1 is no operation: {reason}"
                    raise SourceError(Problem("RR371", message, place=name)) from None
                # trials are numbered by the operations before them: what follows may be any trial's
                words = f"this line is no operation: {reason}; it and all after it are left out"
                told.add("RR373", name, words, line=number)
                break
    if number == 0:
        raise SourceError(Problem("RR371", "it is empty, expected a journal", place=name))
    journal.finish()
    for known in journal.studies.values():
        if not wanted or known.study.name in wanted:
            for trial in known.trials:
                yield run_of(known.study, trial, name, told)


def _parsed(line: bytes) -> Any:
    import orjson

    try:
        return orjson.loads(line)
    except orjson.JSONDecodeError:
        # NaN and infinities are beyond orjson
        try:
            return json.loads(line)
        except RecursionError:
            raise ValueError("nested too deeply") from None


def _object(value: Any) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise ValueError("no object where attributes should be")
    return value


def _name(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("a name that is no text")
    return value


def _one(names: tuple[str, ...], number: Any) -> str:
    """The word for a number of an enumeration."""
    if type(number) is not int or not 0 <= number < len(names):
        raise ValueError(f"{number!r} is none of {', '.join(names)}"[:200])
    return names[number]


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        if value is None:
            return math.nan
        raise ValueError("a value that is no number")
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def _set_values(trial: Trial, values: Any) -> None:
    if values is not None:
        numbers = [None if value is None else _number(value) for value in values]
        trial.values = {at: value for at, value in enumerate(numbers) if value is not None}
