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

from runreport.columns import numbers, values
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
    FROM {{source}} WHERE list_contains($metrics, metric)
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

_SERIES = f"""
SELECT run_id, step, coalesce(epoch_us(time) / 1e6, 'nan') AS time, value
FROM {{source}} WHERE metric = $metric AND ($runs IS NULL OR list_contains($runs, run_id))
ORDER BY run_id, {_ORDER}
"""  # noqa: S608  # as above

_COUNTS = """
SELECT run_id, count(*) AS points
FROM {source} WHERE metric = $metric GROUP BY run_id ORDER BY run_id
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

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._parts = 0
        self._metrics: set[str] = set()

    def add(self, points: pa.Table) -> None:
        """Write one partition (in HISTORY_SCHEMA, store order)."""
        if points.num_rows == 0:
            return
        import pyarrow.compute as pc
        import pyarrow.parquet as pq

        if not points.schema.equals(HISTORY_SCHEMA):
            raise ValueError(f"points have schema {points.schema}, expected {HISTORY_SCHEMA}")
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._folder / f"part-{self._parts:06d}.parquet"
        pq.write_table(points, path, compression="lz4", use_dictionary=["run_id", "metric"])
        self._parts += 1
        self._metrics |= set(values(pc.unique(points["metric"])))

    def metrics(self) -> frozenset[str]:
        """Names of the metrics held."""
        return frozenset(self._metrics)

    def counts(self, metric: str) -> Mapping[str, int]:
        """Run id to how many points of the metric it has, sorted by id."""
        if metric not in self._metrics:
            return {}
        rows = self._ask(_COUNTS, {"metric": metric}).to_pylist()
        return {row["run_id"]: row["points"] for row in rows}

    def series(self, metric: str, runs: Sequence[str] | None = None) -> Mapping[str, Series]:
        """Run id to its series, for the runs that logged the metric, in the order of `runs`."""
        if metric not in self._metrics:
            return {}
        wanted = None if runs is None else list(runs)
        table = self._ask(_SERIES, {"metric": metric, "runs": wanted})
        coded = table["run_id"].combine_chunks().dictionary_encode()
        ids, which = values(coded.dictionary), numbers(coded)
        columns = [numbers(table[name]) for name in ("step", "time", "value")]
        starts = np.flatnonzero(np.diff(which, prepend=-1)).tolist()
        stops = [*starts[1:], len(which)] if starts else []
        found = {
            ids[which[start]]: Series(*(column[start:stop] for column in columns))
            for start, stop in zip(starts, stops, strict=True)
        }
        return found if runs is None else {run: found[run] for run in runs if run in found}

    def summaries(self, metrics: Collection[str]) -> pa.Table:
        """Rows of the canonical `metrics` table, every column filled."""
        held = sorted(self._metrics & set(metrics))
        if not held:
            return SCHEMAS["metrics"].empty_table()
        return self._ask(_SUMMARIES, {"metrics": held}).cast(SCHEMAS["metrics"])

    def _ask(self, query: str, params: Mapping[str, Any]) -> pa.Table:
        parts = str(self._folder / "part-*.parquet").replace("'", "''")
        source = f"read_parquet('{parts}', filename = true, file_row_number = true)"
        answer = self._database.sql(query.format(source=source), params=dict(params))
        return answer.to_arrow_table()

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
