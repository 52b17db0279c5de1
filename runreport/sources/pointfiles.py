"""Points of many runs in one file: written in bounded parts, read by run and metric.

What is kept is Parquet. What lasts for one process alone is Arrow's own form on disk: written eight
times as fast, and read where it lies.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any, Self

import numpy as np
import pyarrow as pa

from runreport.columns import coded, column, masked, numbers, repeated, values
from runreport.sources.loaded import UNKNOWN_TIME, LoadedRun, Points
from runreport.tables import HISTORY_SCHEMA, TIME

GROUP = 500_000
"""Points that are held before they are written, and about as many that are read at once."""

FEW = 1 << 17
"""The same of a file that lasts for one process: they stay near the processor."""

PASSING = ".arrows"
"""Ends the name of a file that only this process reads."""

_NAME = pa.dictionary(pa.int32(), pa.string())
_SCHEMA = pa.schema(
    [
        ("run", _NAME),
        ("metric", _NAME),
        ("step", pa.float64()),
        ("time", TIME),
        ("value", pa.float64()),
    ]
)


class PointWriter:
    """Takes the points of one run after the other."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._most = FEW if path.suffix == PASSING else GROUP
        self._file: Any = None
        self._names: list[tuple[str, str]] = []
        self._points: list[Points] = []
        self._held = 0
        self.rows = 0
        """Taken so far."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, _error: object, _trace: object) -> None:
        if kind is None:
            self._flush()
        if self._file is not None:
            self._file.close()

    def add(self, run: LoadedRun) -> None:
        """Take a run's points; a lone value stands at step 0."""
        for metric, points in run.metrics.items():
            if isinstance(points, float):
                points = Points(np.zeros(1), np.array([points]))
            if points.value.size:
                self._names.append((run.key, metric))
                self._points.append(points)
                self._held += points.value.size
                self.rows += points.value.size
                if self._held >= self._most:
                    self._flush()

    def _flush(self) -> None:
        if not self._held:
            return
        lengths = [points.value.size for points in self._points]
        step = np.concatenate([points.step for points in self._points])
        value = np.concatenate([points.value for points in self._points])
        time = np.concatenate(
            [
                np.full(points.value.size, UNKNOWN_TIME) if points.time is None else points.time
                for points in self._points
            ]
        )
        columns = [
            repeated([run for run, _ in self._names], lengths),
            repeated([metric for _, metric in self._names], lengths),
            column(step, pa.float64()),
            masked(time, time == UNKNOWN_TIME, TIME),
            column(value, pa.float64()),
        ]
        if self._file is None:
            self._file = self._opened()
        self._file.write_table(pa.Table.from_arrays(columns, schema=_SCHEMA))
        self._names, self._points, self._held = [], [], 0

    def _opened(self) -> Any:
        """The writer of a form's own library."""
        if self._path.suffix == PASSING:
            return pa.ipc.new_stream(str(self._path), _SCHEMA)
        import pyarrow.parquet as pq

        return pq.ParquetWriter(
            self._path,
            _SCHEMA,
            compression="lz4",
            use_dictionary=["run", "metric"],
            write_statistics=False,
            write_page_checksum=True,
        )


class PointFile:
    """An open file of points; it stays readable when it is removed meanwhile."""

    def __init__(self, path: Path) -> None:
        """Opens it.

        Raises:
            OSError, ValueError: it is not there, or no such file.
        """
        mapped = pa.memory_map(str(path))
        self._stream: Any = mapped.read_buffer() if path.suffix == PASSING else None
        if self._stream is not None:
            return
        import pyarrow.parquet as pq

        self._file = pq.ParquetFile(
            mapped,
            read_dictionary=["run", "metric"],
            page_checksum_verification=True,
        )

    def batches(self) -> Iterator[pa.RecordBatch]:
        """All points, with the keys of runs and the names of metrics as dictionaries.

        Raises:
            OSError, ValueError: the file is damaged.
        """
        if self._stream is not None:
            yield from pa.ipc.open_stream(pa.BufferReader(self._stream))
            return
        for group in range(self._file.num_row_groups):
            table = self._file.read_row_group(group, use_threads=False)
            yield from table.combine_chunks().to_batches()

    def points(
        self, runs: Mapping[str, str], metrics: Collection[str] | None
    ) -> Iterator[pa.Table]:
        """Points in HISTORY_SCHEMA, in parts.

        Args:
            runs: key in the file to id in the tables, of the runs to read.
            metrics: names, or None for all.

        Raises:
            OSError, ValueError: the file is damaged.
        """
        for batch in self.batches():
            found = _chosen(batch, runs, metrics)
            if found is not None and found.num_rows:
                yield found


def _chosen(
    batch: pa.RecordBatch, runs: Mapping[str, str], metrics: Collection[str] | None
) -> pa.Table | None:
    run, metric = batch.column("run"), batch.column("metric")
    keys = values(run.dictionary)
    names = values(metric.dictionary)
    wanted_runs = np.array([key in runs for key in keys], np.bool_)
    wanted_metrics = np.array([metrics is None or name in metrics for name in names], np.bool_)
    if not wanted_runs.any() or not wanted_metrics.any():
        return None
    which, what = numbers(run), numbers(metric)
    if not (wanted_runs.all() and wanted_metrics.all()):
        rows = np.flatnonzero(wanted_runs[which] & wanted_metrics[what])
        if rows.size != len(which):
            batch = batch.take(column(rows, pa.int64()))
            which, what = which[rows], what[rows]
    columns = [
        coded([runs.get(key, "") for key in keys], which),
        coded(names, what),
        batch.column("step"),
        batch.column("time"),
        batch.column("value"),
    ]
    return pa.Table.from_arrays(columns, schema=HISTORY_SCHEMA)
