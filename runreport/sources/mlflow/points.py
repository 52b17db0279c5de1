"""Metric points on their way to Arrow: gathered from many series, handed out in bounded parts."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from runreport.columns import column, masked, repeated
from runreport.tables import HISTORY_SCHEMA, TIME

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

PART = 250_000
"""Points of one part; a series is not split, so a part may hold one more series."""

NO_TIME = np.iinfo(np.int64).min
"""Stands for a time that was not logged, in arrays of milliseconds."""
FIRST_MS, LAST_MS = -62_135_596_800_000, 253_402_300_799_999
"""The years 1 to 9999: what Arrow, DuckDB and Python can all hold."""


class Parts:
    """Takes series one after the other and gives tables in HISTORY_SCHEMA."""

    def __init__(self, most: int | None = None) -> None:
        self._most = PART if most is None else most
        self._names: list[tuple[str, str]] = []
        self._columns: list[tuple[Floats, Ints, Floats]] = []
        self._held = 0

    def add(self, run_id: str, metric: str, step: Floats, ms: Ints, value: Floats) -> None:
        """Take one series, in store order."""
        if len(step) == 0:
            return
        self._names.append((run_id, metric))
        self._columns.append((step, ms, by_value_within_ties(step, ms, value)))
        self._held += len(step)

    def full(self) -> Iterator[pa.Table]:
        """A table when enough is held."""
        if self._held >= self._most:
            yield from self.rest()

    def rest(self) -> Iterator[pa.Table]:
        """A table of what is held, if anything is."""
        if not self._held:
            return
        step, ms, value = (np.concatenate(part) for part in zip(*self._columns, strict=True))
        lengths = [len(part[0]) for part in self._columns]
        runs, metrics = zip(*self._names, strict=True)
        self._names, self._columns, self._held = [], [], 0
        odd = (ms < FIRST_MS) | (ms > LAST_MS)
        us = np.where(odd, 0, ms) * 1000
        columns = [
            repeated(runs, lengths),
            repeated(metrics, lengths),
            column(step, pa.float64()),
            masked(us, odd, TIME),
            column(value, pa.float64()),
        ]
        yield pa.Table.from_arrays(columns, schema=HISTORY_SCHEMA)


def by_value_within_ties(step: Floats, ms: Ints, value: Floats) -> Floats:
    """The values, ascending among points of equal step and time; NaN counts as zero.

    MLflow calls the highest of such points the latest one; everything after it takes the last of
    a tie, so that both agree.
    """
    later = (step[1:] > step[:-1]) | ((step[1:] == step[:-1]) & (ms[1:] > ms[:-1]))
    if later.all():
        return value
    ranks = np.where(np.isnan(value), 0.0, value)
    sorted_value = value[np.lexsort((ranks, ms, step))]
    mended = np.empty_like(value)
    mended[np.lexsort((ms, step))] = sorted_value
    return mended
