"""Metric histories on disk: Parquet partitions, asked through DuckDB."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

Floats = NDArray[np.float64]


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

    def add(self, points: pa.Table) -> None:
        """Write one partition (in HISTORY_SCHEMA, store order)."""
        raise NotImplementedError

    def metrics(self) -> frozenset[str]:
        """Names of the metrics held."""
        raise NotImplementedError

    def series(self, metric: str, runs: Sequence[str] | None = None) -> Mapping[str, Series]:
        """Run id to its series, for the runs that logged the metric, in the order of `runs`."""
        raise NotImplementedError

    def summaries(self, metrics: Collection[str]) -> pa.Table:
        """Rows of the canonical `metrics` table, every column filled."""
        raise NotImplementedError
