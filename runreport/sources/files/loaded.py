"""A run as it was read, before it becomes canonical rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from runreport.tables import Status

Floats = NDArray[np.float64]
UNKNOWN_TIME = np.iinfo(np.int64).min


@dataclass(frozen=True, eq=False)
class Points:
    """The points of one metric, in the order of the file."""

    step: Floats
    value: Floats
    """NaN and infinities are what was logged."""
    time: NDArray[np.int64] | None = None
    """Microseconds since 1970, UTC; `UNKNOWN_TIME` where it is not known."""


@dataclass(frozen=True, eq=False)
class LoadedRun:
    """One run of one file."""

    file: str
    key: str
    """Its id without the qualifier."""
    name: str
    experiment: str | None = None
    """None: the location's name."""
    status: Status = "unknown"
    started: datetime | None = None
    ended: datetime | None = None
    user: str | None = None
    params: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    metrics: Mapping[str, float | Points] = field(default_factory=dict)
    """A lone value, or points; emptied when only `summaries` are kept in memory."""
    summaries: Mapping[str, tuple[float | int | None, ...]] = field(default_factory=dict)
    """Metric to count, first, last, min, max, step of min, step of max, last step, non-finite."""
    place: int = 0
    """How many runs of the same file come before it."""
    whole: bool = True
    """False when `metrics` was emptied and the file is read again for points."""

    def summed(self) -> LoadedRun:
        """The same with its summaries."""
        summaries = {name: summary(points) for name, points in self.metrics.items()}
        return replace(self, summaries=summaries)

    def slim(self) -> LoadedRun:
        """The same without its points."""
        return replace(self, metrics={}, whole=False)

    @property
    def seconds(self) -> float | None:
        """How long it took, when both ends are known and in order."""
        if self.started is None or self.ended is None or self.ended < self.started:
            return None
        return (self.ended - self.started).total_seconds()

    @property
    def size(self) -> int:
        """Points held."""
        return sum(p.value.size for p in self.metrics.values() if isinstance(p, Points))


def summary(points: float | Points) -> tuple[float | int | None, ...]:
    """The canonical summary: points sorted by step, then time (unknown first), then file order."""
    if isinstance(points, float):
        points = Points(np.zeros(1), np.array([points]))
    step, value = points.step, points.value
    if points.time is not None:
        order = np.lexsort((points.time, points.step))
        step, value = step[order], value[order]
    elif not bool((step[1:] >= step[:-1]).all()):
        order = np.argsort(points.step, kind="stable")
        step, value = step[order], value[order]
    finite = np.flatnonzero(np.isfinite(value))
    low = high = at_low = at_high = None
    if finite.size:
        lowest = int(finite[value[finite].argmin()])
        highest = int(finite[value[finite].argmax()])
        low, high = float(value[lowest]), float(value[highest])
        at_low, at_high = float(step[lowest]), float(step[highest])
    return (
        int(value.size),
        float(value[0]),
        float(value[-1]),
        low,
        high,
        at_low,
        at_high,
        float(step[-1]),
        int(value.size - finite.size),
    )
