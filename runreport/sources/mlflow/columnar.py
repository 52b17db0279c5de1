"""Metric histories out of MLflow's SQL by Arrow: one pass over the primary key for each metric."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from runreport.columns import filled, numbers, values
from runreport.sources.arrowsql import ArrowSql, Unanswered
from runreport.sources.database import Database
from runreport.sources.mlflow.facts import LARGEST
from runreport.sources.mlflow.points import NO_TIME, Floats, Ints

Codes = NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class Pass:
    """Points of one metric of many runs, in the order they were read."""

    names: tuple[str, ...]
    """Of the runs."""
    run: Codes
    """Place in the names."""
    step: Floats
    ms: Ints
    value: Floats

    @staticmethod
    def of(names: tuple[str, ...], parts: Sequence[Pass]) -> Pass:
        """Parts, one after the other, whose codes all mean these names."""
        return Pass(
            names,
            np.concatenate([np.empty(0, np.int32), *(part.run for part in parts)]),
            np.concatenate([np.empty(0), *(part.step for part in parts)]),
            np.concatenate([np.empty(0, np.int64), *(part.ms for part in parts)]),
            np.concatenate([np.empty(0), *(part.value for part in parts)]),
        )

    def joined(self, later: Pass) -> Pass:
        """These points, then those."""
        places = {name: place for place, name in enumerate(self.names)}
        codes = [places.setdefault(name, len(places)) for name in later.names]
        moved = replace(later, run=np.array(codes, np.int32)[later.run])
        return Pass.of(tuple(places), [self, moved])

    def series(self) -> Iterator[tuple[str, Floats, Ints, Floats]]:
        """The points of one run after the other; a run's own keep their order."""
        # few codes sort in one go over them
        few = self.run.astype(np.int16) if len(self.names) < 2**15 else self.run
        order = np.argsort(few, kind="stable")
        run = self.run[order]
        step, ms, value = self.step[order], self.ms[order], self.value[order]
        bounds = [0, *(np.flatnonzero(run[1:] != run[:-1]) + 1).tolist(), len(run)]
        if len(run):
            for start, stop in pairwise(bounds):
                part = slice(start, stop)
                yield self.names[run[start]], step[part], ms[part], value[part]


def key_index(database: Database) -> str | None:
    """The index of `metrics` that begins with the metric's name: MLflow's primary key."""
    found = database.ask(
        "SELECT l.name FROM pragma_index_list('metrics') l, pragma_index_info(l.name) i"
        " WHERE i.seqno = 0 AND i.name = 'key' AND NOT l.partial ORDER BY l.origin != 'pk', l.name"
    ).fetchone()
    return None if found is None else str(found[0])


def read_pass(
    arrow: ArrowSql,
    index: str,
    key: bytes,
    columns: str,
    end: str,
    runs: Mapping[bytes, str] | None,
) -> Pass:
    """All points of a metric.

    Args:
        arrow: where they are.
        index: of `key_index`.
        key: the metric's name in the store.
        columns: expressions for step, milliseconds, value and NaN flag.
        end: a condition on the rows, or nothing.
        runs: ids in the store to what they are called; None for all runs by their own ids.

    Raises:
        Unanswered: some column holds something other than numbers.
    """
    quoted = index.replace('"', '""')
    query = (
        f"SELECT CAST(run_uuid AS BLOB), {columns} FROM metrics"  # noqa: S608  # our own words
        f" INDEXED BY \"{quoted}\" WHERE key = CAST(x'{key.hex()}' AS TEXT){end}"
    )
    places = {run: place for place, run in enumerate(runs or ())}
    with closing(arrow.batches(query)) as batches:
        parts = [_typed(batch, places, runs is None) for batch in batches]
    names = [run.decode("utf-8", "surrogateescape") for run in places] if runs is None else None
    return Pass.of(tuple(names if names is not None else (runs or {}).values()), parts)


def _typed(batch: pa.RecordBatch, places: dict[bytes, int], every: bool) -> Pass:
    """Points of the runs that have a place; each run gets one when every run is wanted."""
    names, step, ms, value, flag = batch.columns
    if not pa.types.is_binary(names.type):
        raise Unanswered("a run id of an odd type")
    coded = names.dictionary_encode()
    if every:
        for name in values(coded.dictionary):
            places.setdefault(name, len(places))
    known = np.array([places.get(name, -1) for name in values(coded.dictionary)], np.int32)
    if coded.null_count:
        raise Unanswered("a point without a run")
    run = known[numbers(coded)] if len(known) else np.empty(0, np.int32)
    found = Pass((), run, _floats(step), _times(ms), _values(value, flag))
    if (known >= 0).all():
        return found
    kept = run >= 0
    return Pass((), run[kept], found.step[kept], found.ms[kept], found.value[kept])


def _floats(column: pa.Array, missing: float | None = None) -> Floats:
    nulls = column.null_count and missing is None
    if nulls or column.type not in (pa.int64(), pa.float64()):
        raise Unanswered("a column of mixed types")
    return filled(column, missing or 0).astype(np.float64, copy=False)


def _times(column: pa.Array) -> Ints:
    if column.type != pa.int64():
        raise Unanswered("a time of an odd type")
    return filled(column, int(NO_TIME))


def _values(column: pa.Array, flag: pa.Array) -> Floats:
    """Values as logged: MLflow writes NaN as zero with a flag, infinity as the largest double."""
    if column.null_count == len(column):
        return np.full(len(column), np.nan)
    flags = _floats(flag) != 0
    if column.null_count:
        flags = flags | numbers(column.is_null().cast(pa.int32())).astype(np.bool_)
    value = _floats(column, 0)
    if flags.any():
        value = np.where(flags, np.nan, value)
    huge = np.abs(value) >= LARGEST
    return np.where(huge, np.copysign(np.inf, value), value) if huge.any() else value
