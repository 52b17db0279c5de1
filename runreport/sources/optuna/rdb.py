"""Studies in a SQLite database of Optuna's: every schema since 0.9."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from runreport.cleaning import clean_text
from runreport.sources import moments
from runreport.sources.arrays import floats
from runreport.sources.arrowsql import Unanswered, connected
from runreport.sources.complaints import Complaints
from runreport.sources.database import Database, Schema
from runreport.sources.loaded import Floats, LoadedRun
from runreport.sources.optuna.trials import (
    NUMBER,
    STATES,
    Study,
    Trial,
    run_of,
    stored_value,
)
from runreport.sources.texts import parse_json

SCHEMA = Schema(
    program="Optuna",
    usual="optuna.db",
    needed={
        "studies": frozenset({"study_id", "study_name"}),
        "trials": frozenset({"trial_id", "study_id", "state"}),
        "trial_params": frozenset({"trial_id", "param_name", "param_value", "distribution_json"}),
    },
)
BATCH = 100_000
"""Rows that are turned into arrays at once."""


class Studies:
    """One database."""

    def __init__(self, path: Path, name: str, wanted: frozenset[str], told: Complaints) -> None:
        self.name = name
        self.wanted = wanted
        self.told = told
        self.db = Database(path, name, SCHEMA)
        self.db.keep_bytes()

    def runs(self) -> Iterator[LoadedRun]:
        """The trials of the studies wanted, by study and number.

        Raises:
            SourceError: RR30x when it cannot be read to its end.
        """
        with self.db.snapshot():
            studies = self._studies()
            trials = self._trials(studies)
            self._params(trials)
            self._values(trials)
            self._reported(trials)
            for kind in ("user", "system"):
                table = f"trial_{kind}_attributes"
                attributes = {key: getattr(trial, kind) for key, (_, trial) in trials.items()}
                self._attributes(table, "trial_id", attributes)
            self.db.check_whole()
        _number(trials)
        order = {study: index for index, study in enumerate(studies)}
        for study, trial in sorted(
            trials.values(), key=lambda pair: (order[pair[0]], pair[1].number)
        ):
            yield run_of(studies[study], trial, self.name, self.told)

    def _studies(self) -> dict[int, Study]:
        found: dict[int, Study] = {}
        for key, name in self.db.ask("SELECT study_id, study_name FROM studies ORDER BY study_id"):
            text = _text(name)
            if isinstance(key, int) and (not self.wanted or text in self.wanted):
                found[key] = Study(text)
        if self.db.has("study_directions", "study_id", "direction", "objective"):
            query = "SELECT study_id, direction FROM study_directions ORDER BY study_id, objective"
        elif self.db.has("studies", "direction"):
            query = "SELECT study_id, direction FROM studies"
        else:
            query = "SELECT NULL, NULL LIMIT 0"
        for key, direction in self.db.ask(query):
            if key in found:
                found[key].directions.append(_text(direction))
        for kind in ("user", "system"):
            attributes = {key: getattr(study, kind) for key, study in found.items()}
            self._attributes(f"study_{kind}_attributes", "study_id", attributes)
        return found

    def _trials(self, studies: Mapping[int, Study]) -> dict[int, tuple[int, Trial]]:
        """Trial id to its study's and what is known of it."""
        columns = self.db.columns["trials"]
        names = ("number", "datetime_start", "datetime_complete", "value")
        chosen = ", ".join(name if name in columns else "NULL" for name in names)
        query = f"SELECT trial_id, study_id, state, {chosen} FROM trials ORDER BY trial_id"  # noqa: S608  names of ours
        found: dict[int, tuple[int, Trial]] = {}
        for key, study, state, number, started, ended, value in self.db.ask(query):
            if study not in studies or not isinstance(key, int):
                continue
            known = state if state in STATES else "unknown"
            if known == "unknown":
                words = f"trial id {key} has the state {clean_text(_text(state))[:40]!r}"
                self.told.add("RR375", self.name, f"{words}, expected one of {', '.join(STATES)}")
            position = number if isinstance(number, int) and number >= 0 else -1
            trial = Trial(position, known, moments.from_text(started), moments.from_text(ended))
            if isinstance(value, int | float):
                trial.values[0] = stored_value(value, None)
            found[key] = (study, trial)
        return found

    def _params(self, trials: Mapping[int, tuple[int, Trial]]) -> None:
        query = "SELECT trial_id, param_name, param_value, distribution_json FROM trial_params"
        for key, name, number, text in self.db.ask(f"{query} ORDER BY rowid"):
            if key in trials:
                trials[key][1].params[_text(name)] = (number, _text(text))

    def _values(self, trials: Mapping[int, tuple[int, Trial]]) -> None:
        if not self.db.has("trial_values", "trial_id", "objective", "value"):
            return
        kind = "value_type" if self.db.has("trial_values", "value_type") else "NULL"
        query = f"SELECT trial_id, objective, value, {kind} FROM trial_values ORDER BY rowid"  # noqa: S608  names of ours
        for key, objective, value, how in self.db.ask(query):
            if key not in trials or not isinstance(objective, int) or objective < 0:
                continue
            try:
                trials[key][1].values[objective] = stored_value(value, how)
            except ValueError as error:
                words = f"objective {objective} of trial id {key} is {error}"
                self.told.add("RR375", self.name, words)

    def _reported(self, trials: Mapping[int, tuple[int, Trial]]) -> None:
        """Intermediate values, as arrays."""
        table, value = "trial_intermediate_values", "intermediate_value"
        if not self.db.has(table, "trial_id", "step", value):
            # until 2.4 they were called so
            table, value = "trial_values", "value"
            if not self.db.has(table, "trial_id", "step", value):
                return
        kind = f"{value}_type"
        how = (
            f"CASE {kind} WHEN 'INF_POS' THEN 1 WHEN 'INF_NEG' THEN 2 WHEN 'NAN' THEN 3 ELSE 0 END"
        )
        if not self.db.has(table, kind):
            how = "-1"
        query = f"""
            SELECT trial_id, step,
                CASE WHEN typeof({value}) IN ('real', 'integer') THEN {value} END, {how}
            FROM {table}
            WHERE typeof(trial_id) = 'integer' AND typeof(step) IN ('integer', 'real')
            ORDER BY rowid
        """  # noqa: S608  names of ours
        parts = self._arrays(query)
        if not parts:
            return
        found = np.concatenate(parts)
        values, hows = found[:, 2], found[:, 3]
        values[hows == 1], values[hows == 2], values[hows == 3] = np.inf, -np.inf, np.nan
        # as `stored_value` for a lone one
        huge = (hows == -1) & (np.abs(values) >= 1.797e308)
        values[huge] = np.copysign(np.inf, values[huge])
        order = np.argsort(found[:, 0], kind="stable")
        found = found[order]
        edges = np.flatnonzero(np.diff(found[:, 0])) + 1
        for part in np.split(found, edges):
            if (trial := trials.get(int(part[0, 0]))) is not None:
                trial[1].reported = (part[:, 1].copy(), part[:, 2].copy())

    def _arrays(self, query: str) -> list[Floats]:
        """Rows of numbers, NaN where there is none: by Arrow where that reads the same state."""
        # a database in WAL mode may be written to between the two connections
        if not self.db.is_wal:
            try:
                with connected(self.db.path) as link:
                    return [
                        np.column_stack([floats(column) for column in batch.columns])
                        for batch in link.batches(query)
                    ]
            except (Unanswered, pa.ArrowException):
                pass
        rows = self.db.ask(query)
        parts: list[Floats] = []
        while batch := rows.fetchmany(BATCH):
            parts.append(np.array(batch, np.float64))
        return parts

    def _attributes(self, table: str, owner: str, found: Mapping[int, dict[str, Any]]) -> None:
        if not self.db.has(table, owner, "key", "value_json"):
            return
        query = f'SELECT {owner}, "key", value_json FROM {table} ORDER BY rowid'  # noqa: S608  names of ours
        for key, name, text in self.db.ask(query):
            if key in found:
                found[key][_text(name)] = self._json(text, table, _text(name))

    def _json(self, text: Any, table: str, name: str) -> Any:
        try:
            return parse_json(_text(text).encode("utf-8", "surrogateescape"))
        except ValueError as error:
            words = f"{table}: {clean_text(name)[:80]!r} is no JSON: {error}; shown as text"
            self.told.add("RR375", self.name, words, kind=table)
            return _text(text)


def _number(trials: Mapping[int, tuple[int, Trial]]) -> None:
    """Give numbers to trials of the oldest schemas: as an attribute says, else by order."""
    taken: dict[int, set[int]] = {}
    for study, trial in trials.values():
        if trial.number < 0:
            try:
                trial.number = int(trial.system.get(NUMBER, -1))
            except (TypeError, ValueError):
                trial.number = -1
        if trial.number in taken.setdefault(study, set()):
            trial.number = -1
        taken[study].add(trial.number)
    following: dict[int, int] = {}
    for study, trial in trials.values():
        if trial.number < 0:
            number = following.get(study, 0)
            while number in taken[study]:
                number += 1
            trial.number, following[study] = number, number + 1


def _text(value: Any) -> str:
    if isinstance(value, bytes):
        return value.decode("utf-8", "surrogateescape")
    return "" if value is None else str(value)
