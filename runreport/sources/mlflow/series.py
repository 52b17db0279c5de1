"""Metric histories out of MLflow's SQL: the query plan that its schema allows."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import chain
from typing import Any

import numpy as np
import pyarrow as pa

from runreport.sources.arrowsql import Unanswered, connected, installed
from runreport.sources.database import Database
from runreport.sources.mlflow.columnar import Pass, key_index, read_pass
from runreport.sources.mlflow.facts import LARGEST
from runreport.sources.mlflow.halves import WORTH, Columns, in_two
from runreport.sources.mlflow.points import NO_TIME, PART, Parts
from runreport.sources.mlflow.stored import stored_number, whole
from runreport.sources.mlflow.sums import query_of

INDEX = "index_metrics_run_uuid_key_step"
"""Recent schemas have it. The planner never takes it by itself, and scans every run instead."""
KEYS = 500
"""Names in one query."""
FEW = 4
"""A pass over all runs pays from one of so many wanted."""

_EXACT = 2.0**53
"""Below it float64 holds every whole number."""

PAIRS = 200
"""Runs times metrics from which on a second process pays."""
Series = tuple[tuple[str, str], Columns]
"""Run and metric of the tables, and their points."""
Row = tuple[Any, Any, Any, Any]
"""Step, milliseconds, value, NaN flag."""


class SeriesReader:
    """Reads points of (run, metric) pairs.

    Args:
        database: inside a snapshot.
        last_row: points added to the store after its tables were read are not read.
    """

    def __init__(self, database: Database, last_row: int | None) -> None:
        self._db = database
        self._last_row = last_row
        self._end = "" if last_row is None else f" AND rowid <= {last_row:d}"
        self._step = "step" if database.has("metrics", "step") else "0"
        self._is_nan = "is_nan" if database.has("metrics", "is_nan") else "0"
        self._columns = f"{self._step}, timestamp, value, {self._is_nan}"
        self.bad: dict[tuple[str, str], int] = {}
        """Points that are no numbers, by run and metric: left out."""
        self._later: dict[int, dict[bytes, list[tuple[Any, ...]]]] = {}
        """Rows after one, by metric: they are read once for all metrics."""

    def parts(
        self, runs: Mapping[str, str], metrics: Sequence[tuple[str, str]]
    ) -> Iterator[pa.Table]:
        """Points in HISTORY_SCHEMA.

        Args:
            runs: id in the tables to id in the store.
            metrics: name in the tables and name in the store.
        """
        parts = Parts()
        for (run, metric), columns in self._halved(runs, metrics):
            parts.add(run, metric, *columns)
            yield from parts.full()
        yield from parts.rest()

    def _halved(
        self, runs: Mapping[str, str], metrics: Sequence[tuple[str, str]]
    ) -> Iterator[Series]:
        """The series, of a large store by two processes."""
        index = key_index(self._db) if installed() and self.is_worth_a_pass(runs) else None
        # a pass over a metric finds the points of all runs: half of the runs would take as long
        by_run = index is None and INDEX in self._db.indexes
        count = len(runs) if by_run else len(metrics)
        most = self._last_row if self._last_row is not None else 0
        if count < 2 or most < WORTH or len(runs) * len(metrics) < PAIRS:
            yield from self._series(runs, metrics, index)
            return
        half = count // 2
        if by_run:
            items = list(runs.items())
            ours, theirs = dict(items[:half]), dict(items[half:])
            first, second = (ours, metrics), (theirs, metrics)
        else:
            first, second = (dict(runs), metrics[:half]), (dict(runs), metrics[half:])

        def rest() -> Iterator[Series]:
            with self._db.apart():
                yield from self._series(*second, index)

        yield from in_two(self._series(*first, index), rest, lambda: self.bad, self.bad.update)

    def _series(
        self, runs: Mapping[str, str], metrics: Sequence[tuple[str, str]], index: str | None
    ) -> Iterator[Series]:
        left = list(metrics)
        if index is not None:
            names = {stored_bytes(own): run for run, own in runs.items()}
            with suppress(Unanswered), connected(self._db.path) as arrow:
                for one in metrics:
                    name, key = stored_bytes(one[1]), one[0]
                    try:
                        found = read_pass(arrow, index, name, self._columns, self._end, names)
                    except Unanswered:
                        # this metric alone holds something odd, or nothing can be asked any more
                        continue
                    left.remove(one)
                    for run, step, ms, value in found.series():
                        yield (run, key), (step, ms, value)
        plan = self._by_run if INDEX in self._db.indexes else self._by_metric
        for run, metric, rows in plan(runs, left) if left else ():
            yield (run, metric), self._typed(run, metric, rows)

    def is_worth_a_pass(self, runs: Mapping[str, str]) -> bool:
        """Whether so many runs are wanted that all points of a metric are read at once."""
        if INDEX not in self._db.indexes:
            return True
        count = self._db.ask("SELECT count(*) FROM runs").fetchone()[0]
        return FEW * len(runs) >= int(count)

    def whole(self, key: str) -> Pass | None:
        """All points of a metric, by the runs' own ids; None when some are no numbers."""
        index = key_index(self._db)
        if index is not None:
            with suppress(Unanswered), connected(self._db.path) as arrow:
                return read_pass(arrow, index, stored_bytes(key), self._columns, self._end, None)
        query = f"{self._every} WHERE key = CAST(? AS TEXT){self._end}"
        return self._passed(key, self._db.ask(query, (stored_bytes(key),)))

    def sums(self, key: str, rows: int) -> list[Any]:
        """Sums over the rows of a metric up to one, by which they are known again."""
        index = key_index(self._db)
        by = "" if index is None else ' INDEXED BY "{}"'.format(index.replace('"', '""'))
        query = (
            f"SELECT {query_of(self._step, self._is_nan)} FROM metrics{by}"  # noqa: S608  # our own words
            " WHERE key = CAST(? AS TEXT) AND rowid <= ?"
        )
        return list(self._db.ask(query, (stored_bytes(key), rows)).fetchone())

    def later(self, after: int, key: str) -> Pass | None:
        """Points of a metric in the rows after one; None when some are no numbers."""
        query = f"{self._every} NOT INDEXED WHERE rowid > {after:d}{self._end}"
        wanted = stored_bytes(key)
        if after not in self._later:
            found: dict[bytes, list[tuple[Any, ...]]] = {}
            for row in self._db.ask(query):
                found.setdefault(row[1], []).append(row)
            self._later[after] = found
        return self._passed(key, self._later[after].get(wanted, ()))

    @property
    def _every(self) -> str:
        return f"SELECT CAST(run_uuid AS BLOB), CAST(key AS BLOB), {self._columns} FROM metrics"  # noqa: S608  # our own words

    def _passed(self, key: str, rows: Iterable[tuple[Any, ...]]) -> Pass | None:
        series: dict[bytes, list[Row]] = {}
        for run, _, *point in rows:
            if run is None:
                return None
            series.setdefault(run, []).append(tuple(point))
        parts: list[Pass] = []
        before = dict(self.bad)
        for place, (run, points) in enumerate(series.items()):
            step, ms, value = self._typed(run.decode("utf-8", "surrogateescape"), key, points)
            parts.append(Pass((), np.full(len(step), place, np.int32), step, ms, value))
        if self.bad != before:
            # what is left out is told at every build, so it is read at every build
            self.bad = before
            return None
        return Pass.of(tuple(run.decode("utf-8", "surrogateescape") for run in series), parts)

    def _by_run(
        self, runs: Mapping[str, str], metrics: Sequence[tuple[str, str]]
    ) -> Iterator[tuple[str, str, list[Row]]]:
        """One look-up per run and metric; a run's metrics lie on the same pages."""
        query = (
            f"SELECT {self._columns} FROM metrics INDEXED BY {INDEX}"  # noqa: S608  # our own words
            f" WHERE run_uuid = CAST(? AS TEXT) AND key = CAST(? AS TEXT){self._end}"
        )
        for known, run in runs.items():
            for name, key in metrics:
                cursor = self._db.ask(query, (stored_bytes(run), stored_bytes(key)))
                while rows := cursor.fetchmany(PART):
                    yield known, name, rows

    def _by_metric(
        self, runs: Mapping[str, str], metrics: Sequence[tuple[str, str]]
    ) -> Iterator[tuple[str, str, list[Row]]]:
        """One pass for many metrics: over the primary key where it begins with the metric."""
        wanted_runs = {stored_bytes(run): known for known, run in runs.items()}
        for start in range(0, len(metrics), KEYS):
            names = {stored_bytes(key): name for name, key in metrics[start : start + KEYS]}
            marks = ", ".join(["CAST(? AS TEXT)"] * len(names))
            query = (
                "SELECT CAST(run_uuid AS BLOB), CAST(key AS BLOB),"  # noqa: S608  # our own words
                f" {self._columns} FROM metrics WHERE key IN ({marks}){self._end}"
            )
            cursor = self._db.ask(query, list(names))
            while rows := cursor.fetchmany(PART):
                series: dict[tuple[bytes, bytes], list[Row]] = {}
                for run, key, *point in rows:
                    if run in wanted_runs:
                        series.setdefault((run, key), []).append(tuple(point))
                for (run, key), points in series.items():
                    yield wanted_runs[run], names[key], points

    def _typed(self, run: str, metric: str, rows: list[Row]) -> Columns:
        try:
            # an array takes numbers alone, and is the quickest way from Python's to numpy's; whole
            # milliseconds of any year that is shown are exact as float64
            packed = np.frombuffer(array("d", chain.from_iterable(rows))).reshape(-1, 4)
        except TypeError:
            return self._mended(run, metric, rows)
        step, at, value, flag = packed.T
        if not (np.abs(at) < _EXACT).all() or (at % 1).any():
            return self._mended(run, metric, rows)
        if flag.any():
            value = np.where(flag != 0, np.nan, value)
        huge = np.abs(value) >= LARGEST
        if huge.any():
            value = np.where(huge, np.copysign(np.inf, value), value)
        return step, at.astype(np.int64), value

    def _mended(self, run: str, metric: str, rows: list[Row]) -> Columns:
        """The same, row by row, for what MLflow would not have written."""
        fit: list[tuple[float, int, float]] = []
        for step, ms, value, flag in rows:
            number, time = stored_number(value, flag), whole(ms)
            if number is None or not isinstance(step, int | float):
                self.bad[run, metric] = self.bad.get((run, metric), 0) + 1
            else:
                fit.append((float(step), NO_TIME if time is None else time, number))
        columns = zip(*fit, strict=True) if fit else ((), (), ())
        step_column, ms_column, value_column = columns
        return (
            np.array(step_column, np.float64),
            np.array(ms_column, np.int64),
            np.array(value_column, np.float64),
        )


def stored_bytes(name: str) -> bytes:
    """A name as the store holds it: what was no UTF-8 comes back as it was."""
    return name.encode("utf-8", "surrogateescape")
