"""Metric histories on disk: Parquet partitions, asked through DuckDB."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from runreport.columns import column, numbers, seconds, values
from runreport.tables import HISTORY_SCHEMA, SCHEMAS

Floats = NDArray[np.float64]

THREADS = 2
MEMORY = "160MB"
"""What one query may hold before it works on disk."""

_ORDER = "step, time NULLS FIRST, filename, file_row_number"
"""Steps ascend, wall time breaks ties, then the order of the store."""

_SUMMARIES = f"""
WITH points AS (
    SELECT *, row_number() OVER (PARTITION BY run_id, metric ORDER BY {_ORDER}) AS place
    FROM {{source}}
), finite AS (SELECT *, isfinite(value) AS fine FROM points)
SELECT
    run_id, metric, '' AS context, count(*) AS count,
    arg_min(value, place) AS first, arg_max(value, place) AS last,
    min(value) FILTER (fine) AS min, max(value) FILTER (fine) AS max,
    arg_min(step, (value, place)) FILTER (fine) AS step_of_min,
    arg_min(step, (-value, place)) FILTER (fine) AS step_of_max,
    arg_max(step, place) AS last_step, count(*) FILTER (NOT fine) AS non_finite
FROM finite GROUP BY run_id, metric ORDER BY run_id, metric
"""  # noqa: S608  # the source is a folder of our own

_COUNTS = """
SELECT run_id, count(*) AS points
FROM {source} GROUP BY run_id ORDER BY run_id
"""


@dataclass(frozen=True, eq=False)
class Series:
    """One run's points of one metric, sorted by step, then time, then store order."""

    step: Floats
    time: Floats
    """Seconds since the epoch, UTC; NaN when it was not logged."""
    value: Floats
    """As logged: NaN and infinities stay; duplicates of a step all stay."""


class History:
    """The raw points of the metrics that a report asked for."""

    def __init__(self, folder: Path, name: str = "") -> None:
        self._folder = folder
        self._name = name
        self._parts: dict[str, list[Path]] = {}
        """Metric to its files, in the order they were written."""

    def add(self, points: pa.Table) -> None:
        """Write one partition per metric (points in HISTORY_SCHEMA, store order)."""
        if points.num_rows == 0:
            return
        import pyarrow.parquet as pq

        if not points.schema.equals(HISTORY_SCHEMA):
            raise ValueError(f"points have schema {points.schema}, expected {HISTORY_SCHEMA}")
        self._folder.mkdir(parents=True, exist_ok=True)
        coded = points["metric"].combine_chunks().dictionary_encode()
        which = numbers(coded)
        for code, metric in enumerate(values(coded.dictionary)):
            own = points if len(coded.dictionary) == 1 else points.filter(_flags(which == code))
            parts = self._parts.setdefault(metric, [])
            place = list(self._parts).index(metric)
            parts.append(
                self._folder / f"{self._name}metric-{place:05d}-part-{len(parts):06d}.parquet"
            )
            pq.write_table(own, parts[-1], compression="lz4", use_dictionary=["run_id", "metric"])

    def portion(self, name: str) -> History:
        """An empty history in the same folder, to be filled elsewhere and then absorbed."""
        # files of an earlier portion of that name are still there
        return History(self._folder, f"{self._name}{self._count:06d}-{name}-")

    @property
    def _count(self) -> int:
        return sum(map(len, self._parts.values()))

    @property
    def parts(self) -> Mapping[str, Sequence[Path]]:
        """Metric to its files."""
        return self._parts

    def absorb(self, parts: Mapping[str, Sequence[Path]]) -> None:
        """Take over the files of a portion; they come after those held so far."""
        for metric, paths in parts.items():
            self._parts.setdefault(metric, []).extend(paths)

    def metrics(self) -> frozenset[str]:
        """Names of the metrics held."""
        return frozenset(self._parts)

    def counts(self, metric: str) -> Mapping[str, int]:
        """Run id to how many points of the metric it has, sorted by id."""
        if metric not in self._parts:
            return {}
        rows = self._ask(_COUNTS, [metric]).to_pylist()
        return {row["run_id"]: row["points"] for row in rows}

    def series(self, metric: str, runs: Sequence[str] | None = None) -> Mapping[str, Series]:
        """Run id to its series, for the runs that logged the metric, in the order of `runs`."""
        wanted = None if runs is None else set(runs)
        codes: dict[str, int] = {}
        parts = [_read(path, wanted, codes) for path in self._parts.get(metric, ())]
        if not codes:
            return {}
        which, step, time, value = (np.concatenate(column) for column in zip(*parts, strict=True))
        order = _order(which, step, time)
        if order is not None:
            which, step, time, value = (column[order] for column in (which, step, time, value))
        starts = np.flatnonzero(np.diff(which, prepend=-1)).tolist()
        ids = list(codes)
        found = {
            ids[which[start]]: Series(step[start:stop], time[start:stop], value[start:stop])
            for start, stop in zip(starts, [*starts[1:], len(which)], strict=True)
        }
        return {run: found[run] for run in (sorted(ids) if runs is None else runs) if run in found}

    def summaries(self, metrics: Collection[str]) -> pa.Table:
        """Rows of the canonical `metrics` table, every column filled."""
        held = sorted(set(self._parts) & set(metrics))
        if not held:
            return SCHEMAS["metrics"].empty_table()
        return self._ask(_SUMMARIES, held).cast(SCHEMAS["metrics"])

    def _ask(self, query: str, metrics: Sequence[str]) -> pa.Table:
        paths = (str(path).replace("'", "''") for m in metrics for path in self._parts[m])
        files = ", ".join(f"'{path}'" for path in paths)
        source = f"read_parquet([{files}], filename = true, file_row_number = true)"
        return self._database.sql(query.format(source=source)).to_arrow_table()

    @cached_property
    def _database(self) -> Any:
        import duckdb

        settings: dict[str, str | bool | int | float | list[str]] = {
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "memory_limit": MEMORY,
            "temp_directory": str(self._folder / "spill"),
            "threads": str(THREADS),
            "TimeZone": "UTC",
        }
        try:
            return duckdb.connect(":memory:", config=settings)
        except duckdb.Error:
            # TimeZone belongs to an extension that some builds leave out; times are UTC anyway
            del settings["TimeZone"]
            return duckdb.connect(":memory:", config=settings)


def _read(
    path: Path, wanted: Collection[str] | None, codes: dict[str, int]
) -> tuple[Floats, Floats, Floats, Floats]:
    """A file's run codes, steps, seconds and values; new runs get their codes here.

    A plain read of whole columns: there is nothing for a query engine to do.
    """
    import pyarrow.parquet as pq

    file = pq.ParquetFile(path, read_dictionary=["run_id"])
    table = file.read(columns=["run_id", "step", "time", "value"])
    coded = table["run_id"].combine_chunks()
    ids = values(coded.dictionary)
    own = np.array(
        [-1 if wanted is not None and run not in wanted else codes.setdefault(run, len(codes))
         for run in ids]
    )  # fmt: skip
    which = own[numbers(coded)]
    columns = (which, numbers(table["step"]), seconds(table["time"]), numbers(table["value"]))
    if (own >= 0).all():
        return columns
    kept = which >= 0
    return tuple(column[kept] for column in columns)


def _order(which: Floats, step: Floats, time: Floats) -> NDArray[np.intp] | None:
    """The order by run, then step, then time (unknown ones first); None where it is so already."""
    known = np.where(np.isnan(time), -np.inf, time)
    same_run, same_step = which[1:] == which[:-1], step[1:] == step[:-1]
    later = (step[1:] > step[:-1]) | (same_step & (known[1:] >= known[:-1]))
    if ((which[1:] > which[:-1]) | (same_run & later)).all():
        return None
    # stable: what ties stays in the order of the store
    return np.lexsort((known, step, which))


def _flags(flags: NDArray[np.bool_]) -> pa.Array:
    return column(flags, pa.bool_())
