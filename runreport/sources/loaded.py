"""A run as it was read, before it becomes canonical rows."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Self

import numpy as np
from numpy.typing import NDArray

from runreport.tables import Artifact, Lineage, Status

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


Summary = tuple[float | int | None, ...]
"""Count, first, last, min, max, step of min, step of max, last step, non-finite."""


@dataclass(frozen=True, eq=False)
class LoadedRun:
    """One run as its store tells it."""

    key: str
    """Its id without the source's qualifier, unique within the source."""
    name: str
    experiment: str | None = None
    """None: the location's name."""
    status: Status = "unknown"
    started: datetime | None = None
    """UTC."""
    ended: datetime | None = None
    seconds: float | None = None
    """How long it took; from start to end when None."""
    user: str | None = None
    parent: str | None = None
    """Key of the run that started it."""
    url: str | None = None
    params: Mapping[str, str] = field(default_factory=dict)
    """Texts as logged; of typed formats as `texts.written` writes them."""
    tags: Mapping[str, str] = field(default_factory=dict)
    metrics: Mapping[str, float | Points] = field(default_factory=dict)
    """A lone value, or points; emptied when only `summaries` are kept in memory."""
    summaries: Mapping[str, Summary] = field(default_factory=dict)
    """By metric; made from the points where a store does not give them."""
    artifacts: tuple[Artifact, ...] = ()
    lineage: tuple[Lineage, ...] = ()

    def summed(self) -> Self:
        """The same with its summaries."""
        made = {name: summary(points) for name, points in self.metrics.items()}
        return replace(self, summaries={**self.summaries, **made})

    @property
    def duration(self) -> float | None:
        """Seconds it took, when they are told, or both ends are known and in order."""
        if self.seconds is not None:
            return self.seconds
        if self.started is None or self.ended is None or self.ended < self.started:
            return None
        return (self.ended - self.started).total_seconds()

    @property
    def size(self) -> int:
        """Points held."""
        return sum(p.value.size for p in self.metrics.values() if isinstance(p, Points))


def summary(points: float | Points) -> Summary:
    """The canonical summary: points sorted by step, then time (unknown first), then file order."""
    if isinstance(points, float):
        # stores of samples hold hundreds of thousands of these
        if not math.isfinite(points):
            return (1, points, points, None, None, None, None, 0.0, 1)
        return (1, points, points, points, points, 0.0, 0.0, 0.0, 0)
    step, value = points.step, points.value
    if bool((step[1:] > step[:-1]).all()):
        # as nearly all are written: nothing to sort
        pass
    elif points.time is not None:
        order = np.lexsort((points.time, points.step))
        step, value = step[order], value[order]
    elif not bool((step[1:] >= step[:-1]).all()):
        order = np.argsort(points.step, kind="stable")
        step, value = step[order], value[order]
    known = np.isfinite(value)
    finite = int(known.sum())
    low = high = at_low = at_high = None
    if finite == value.size:
        lowest, highest = int(value.argmin()), int(value.argmax())
    elif finite:
        # infinities are beyond every number, so that none of them is found
        lowest = int(np.where(known, value, np.inf).argmin())
        highest = int(np.where(known, value, -np.inf).argmax())
    if finite:
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
        int(value.size - finite),
    )
