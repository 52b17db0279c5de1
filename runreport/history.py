"""Metric histories on disk: plain columns of numbers, one file per part and metric, mapped to read.

A report reads whole series, so there is nothing for a database to do: a file holds the steps, times
and values of one run after the other, and where each run begins is known without opening it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from runreport.columns import column, numbers, seconds, values
from runreport.tables import HISTORY_SCHEMA, SCHEMAS

Floats = NDArray[np.float64]
Places = NDArray[np.intp]

MAX_POINTS = 1_000_000
"""Points that are summed up at once; one run with more is read alone."""
COLUMNS = 3
"""Step, time and value."""


@dataclass(frozen=True, eq=False)
class Series:
    """One run's points of one metric, sorted by step, then time, then store order."""

    step: Floats
    time: Floats
    """Seconds since the epoch, UTC; NaN when it was not logged."""
    value: Floats
    """As logged: NaN and infinities stay; duplicates of a step all stay."""


@dataclass(frozen=True, slots=True)
class Part:
    """A file with points of one metric: all steps, then all times, then all values."""

    path: Path
    rows: Mapping[str, tuple[int, int]]
    """Run id to its first row and the one after its last; a run's own are in store order."""

    @property
    def count(self) -> int:
        """Points in the file."""
        return max(stop for _, stop in self.rows.values())

    def read(self) -> Floats:
        """The columns, shape (3, n), mapped."""
        return np.memmap(self.path, np.float64, "r", shape=(COLUMNS, self.count))


@dataclass(frozen=True, eq=False)
class _Gathered:
    """Points of one metric, one run after the other, each run's in order."""

    runs: Sequence[str]
    bounds: Sequence[int]
    """Where each run begins, and the end: one more than there are runs."""
    step: Floats
    time: Floats
    value: Floats


class History:
    """The raw points of the metrics that a report asked for."""

    def __init__(self, folder: Path, name: str = "") -> None:
        self._folder = folder
        self._name = name
        self._parts: dict[str, list[Part]] = {}
        """Metric to its files, in the order they were written."""

    def add(self, points: pa.Table) -> None:
        """Write one file per metric (points in HISTORY_SCHEMA, store order)."""
        if points.num_rows == 0:
            return
        if not points.schema.equals(HISTORY_SCHEMA):
            raise ValueError(f"points have schema {points.schema}, expected {HISTORY_SCHEMA}")
        self._folder.mkdir(parents=True, exist_ok=True)
        metrics, of_metric = _coded(points["metric"])
        runs, of_run = _coded(points["run_id"])
        columns = (numbers(points["step"]), seconds(points["time"]), numbers(points["value"]))
        # stable: the points of one run keep their order
        order = _in_order(of_metric, of_run)
        if order is not None:
            of_metric, of_run = of_metric[order], of_run[order]
            columns = (columns[0][order], columns[1][order], columns[2][order])
        for start, stop in pairwise(_bounds(of_metric)):
            span = slice(start, stop)
            bounds = _bounds(of_run[span])
            codes = of_run[span][bounds[:-1]].tolist()
            rows = {runs[code]: pair for code, pair in zip(codes, pairwise(bounds), strict=True)}
            self._write(metrics[of_metric[start]], rows, [column[span] for column in columns])

    def _write(
        self, metric: str, rows: Mapping[str, tuple[int, int]], columns: Sequence[Floats]
    ) -> None:
        parts = self._parts.setdefault(metric, [])
        place = list(self._parts).index(metric)
        name = f"{self._name}metric-{place:05d}-part-{len(parts) + 1:06d}.points"
        with (self._folder / name).open("wb") as file:
            for one in columns:
                file.write(np.ascontiguousarray(one).data)
        parts.append(Part(self._folder / name, rows))

    def portion(self, name: str) -> History:
        """An empty history in the same folder, to be filled elsewhere and then absorbed."""
        # files of an earlier portion of that name are still there
        return History(self._folder, f"{self._name}{self._count:06d}-{name}-")

    @property
    def _count(self) -> int:
        return sum(map(len, self._parts.values()))

    @property
    def parts(self) -> Mapping[str, Sequence[Part]]:
        """Metric to its files."""
        return self._parts

    def absorb(self, parts: Mapping[str, Sequence[Part]]) -> None:
        """Take over the files of a portion; they come after those held so far."""
        for metric, own in parts.items():
            self._parts.setdefault(metric, []).extend(own)

    def metrics(self) -> frozenset[str]:
        """Names of the metrics held."""
        return frozenset(self._parts)

    def counts(self, metric: str) -> Mapping[str, int]:
        """Run id to how many points of the metric it has, sorted by id."""
        found: dict[str, int] = {}
        for part in self._parts.get(metric, ()):
            for run, (start, stop) in part.rows.items():
                found[run] = found.get(run, 0) + stop - start
        return dict(sorted(found.items()))

    def digests(self, metric: str) -> Mapping[str, str]:
        """Run id to a digest of its points of the metric as the store holds them, sorted by id."""
        found: dict[str, Any] = {}
        for part in self._parts.get(metric, ()):
            data = part.read()
            for run, (start, stop) in part.rows.items():
                digest = found.setdefault(run, hashlib.sha256())
                digest.update(str(stop - start).encode())
                for one in data:
                    digest.update(one[start:stop])
        return {run: digest.hexdigest() for run, digest in sorted(found.items())}

    def series(self, metric: str, runs: Sequence[str] | None = None) -> Mapping[str, Series]:
        """Run id to its series, for the runs that logged the metric, in the order of `runs`."""
        wanted = self.counts(metric) if runs is None else dict.fromkeys(runs)
        found = self._gather(metric, wanted)
        if found is None:
            return {}
        spans = (slice(start, stop) for start, stop in pairwise(found.bounds))
        return {
            run: Series(found.step[span], found.time[span], found.value[span])
            for run, span in zip(found.runs, spans, strict=True)
        }

    def summaries(self, metrics: Collection[str]) -> pa.Table:
        """Rows of the canonical `metrics` table, every column filled."""
        rows: list[tuple[Any, ...]] = []
        for metric in set(self._parts) & set(metrics):
            for runs in _batches(self.counts(metric)):
                if (found := self._gather(metric, runs)) is not None:
                    rows += _summed_up(metric, found)
        schema = SCHEMAS["metrics"]
        if not rows:
            return schema.empty_table()
        # a run has one row of a metric, so no later column is compared
        rows.sort(key=lambda row: row[:2])
        columns = zip(*rows, strict=True)
        arrays = [column(own, field.type) for own, field in zip(columns, schema, strict=True)]
        return pa.Table.from_arrays(arrays, schema=schema)

    def _gather(self, metric: str, runs: Collection[str]) -> _Gathered | None:
        """The points of these runs in their order; None where there are none."""
        parts = self._parts.get(metric, ())
        read = [part.read() for part in parts]
        pieces: list[Floats] = []
        names: list[str] = []
        bounds = [0]
        for run in runs:
            own = [
                data[:, slice(*part.rows[run])]
                for part, data in zip(parts, read, strict=True)
                if run in part.rows
            ]
            if own:
                pieces += own
                names.append(run)
                bounds.append(bounds[-1] + sum(piece.shape[1] for piece in own))
        if not names:
            return None
        # copies: a mapped file would stay open
        step, time, value = (np.concatenate([piece[row] for piece in pieces]) for row in range(3))
        order = _by_step(bounds, step, time)
        if order is not None:
            step, time, value = step[order], time[order], value[order]
        return _Gathered(names, bounds, step, time, value)


def _coded(texts: pa.ChunkedArray) -> tuple[list[str], NDArray[np.int32]]:
    """The different texts of a column, and for each row the place of its own, shape (n,)."""
    array = texts.combine_chunks()
    names = values(array.dictionary)
    places: dict[str, int] = {}
    # two entries may have got one name
    own = [places.setdefault(name, len(places)) for name in names]
    codes = numbers(array)
    return list(places), codes if len(places) == len(names) else np.array(own, np.int32)[codes]


def _bounds(codes: NDArray[np.int32]) -> list[int]:
    """Where another code begins, and the end."""
    return [0, *(np.flatnonzero(codes[1:] != codes[:-1]) + 1).tolist(), len(codes)]


def _in_order(of_metric: NDArray[np.int32], of_run: NDArray[np.int32]) -> Places | None:
    """The order by metric, then run; None where every series lies in one piece already."""
    keys = of_metric.astype(np.int64) << 32 | of_run
    starts = _bounds(keys)[:-1]
    metrics, first = of_metric[starts], keys[starts]
    pieces = len(_bounds(metrics)) - 1
    if len(np.unique(first)) == len(first) and len(np.unique(metrics)) == pieces:
        return None
    return np.argsort(keys, kind="stable")


def _by_step(bounds: Sequence[int], step: Floats, time: Floats) -> Places | None:
    """The order by run, then step, then time (unknown ones first); None where it is so already."""
    known = np.where(np.isnan(time), -np.inf, time)
    same_step = step[1:] == step[:-1]
    later = (step[1:] > step[:-1]) | (same_step & (known[1:] >= known[:-1]))
    later[np.array(bounds[1:-1], np.intp) - 1] = True
    if later.all():
        return None
    which = np.repeat(np.arange(len(bounds) - 1), np.diff(bounds))
    # stable: what ties stays in the order of the store
    return np.lexsort((known, step, which))


def _batches(counts: Mapping[str, int]) -> Iterator[list[str]]:
    """Runs with a bounded number of points together."""
    runs: list[str] = []
    points = 0
    for run, count in counts.items():
        if runs and points + count > MAX_POINTS:
            yield runs
            runs, points = [], 0
        runs.append(run)
        points += count
    if runs:
        yield runs


def _summed_up(metric: str, found: _Gathered) -> list[tuple[Any, ...]]:
    """A row of the canonical `metrics` table for each run."""
    value, step = found.value, found.step
    starts, ends = np.array(found.bounds[:-1]), np.array(found.bounds[1:])
    fine = np.isfinite(value)
    non_finite = np.add.reduceat(~fine, starts, dtype=np.int64)
    some = non_finite < ends - starts
    extremes: list[Any] = []
    for sign in (1.0, -1.0):
        least = np.minimum.reduceat(np.where(fine, sign * value, np.inf), starts)
        at = fine & (sign * value == np.repeat(least, ends - starts))
        places = np.flatnonzero(at)
        # of equal ones the first: backwards, so that it is the last to be written
        place = np.zeros(len(starts), np.intp)
        place[np.searchsorted(ends, places, side="right")[::-1]] = places[::-1]
        extremes.append((_or_none(value[place], some), _or_none(step[place], some)))
    (low, low_at), (high, high_at) = extremes
    rest = (ends - starts, value[starts], value[ends - 1])
    count, first, last = (part.tolist() for part in rest)
    last_step, odd = step[ends - 1].tolist(), non_finite.tolist()
    columns = (count, first, last, low, high, low_at, high_at, last_step, odd)
    return [
        (run, metric, "", *row)
        for run, row in zip(found.runs, zip(*columns, strict=True), strict=True)
    ]


def _or_none(numbers: Floats, known: NDArray[np.bool_]) -> list[float | None]:
    pairs = zip(numbers.tolist(), known.tolist(), strict=True)
    return [number if is_known else None for number, is_known in pairs]
