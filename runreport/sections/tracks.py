"""Runs' points placed on the axes of a learning curve, and which runs have none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from runreport.design import Metric
from runreport.history import Series
from runreport.kinds import Context
from runreport.samples import Dropped, Group
from runreport.sections import charting, curves
from runreport.sections.charting import Floats
from runreport.tables import Run

TIME_UNITS = ((180, 1, "s"), (3 * 3600, 60, "min"), (3 * 86400, 3600, "h"), (0, 86400, "d"))
"""Up to so many seconds, this many to the unit."""


@dataclass(frozen=True, slots=True)
class Axes:
    """What the points are placed by."""

    metric: Metric
    """Upwards."""
    x: str
    """Across: `step`, `time`, or the name of another metric."""
    log_x: bool = False
    log_y: bool = False


@dataclass(frozen=True, eq=False)
class Track:
    """One run's points, placed."""

    run: Run
    group: Group
    step: Floats
    x: Floats
    """Finite, drawable."""
    y: Floats
    """Displayed units; NaN where the logged value is not finite."""
    odd: int
    """Points whose value is NaN or infinite."""
    hidden: int
    """Points that the axes cannot show."""
    repeated: int
    """Points that a later one at the same step replaces."""

    @property
    def diverged(self) -> bool:
        """Whether the last value is NaN or infinite."""
        return self.y.size > 0 and not np.isfinite(self.y[-1])


def read(context: Context, axes: Axes) -> tuple[list[Track], list[Dropped]]:
    """Every run's placed points, and the runs that have none."""
    ids = [run.id for run in context.runs]
    points = context.history.series(axes.metric.name, ids)
    across = None
    if axes.x not in ("step", "time"):
        across = context.history.series(axes.x, ids)
    tracks, dropped = [], []
    for run in context.runs:
        if run.id not in points:
            reason = f"no points of {axes.metric.name}"
        elif across is not None and run.id not in across:
            reason = f"no points of {axes.x}"
        else:
            other = None if across is None else across[run.id]
            track = place(context, run, points[run.id], other, axes)
            if track.x.size:
                tracks.append(track)
                continue
            reason = f"no point has a place on the axis of {axes.x}"
        dropped.append(Dropped(run.id, run.name, reason))
    return tracks, dropped


def place(context: Context, run: Run, series: Series, across: Series | None, axes: Axes) -> Track:
    """One run's points on the axes.

    Args:
        context: where the run's group and the other metric's scale are known.
        run: whose points.
        series: of the metric.
        across: of the metric on the horizontal axis, when it is one.
        axes: what the points are placed by.
    """
    step, y = series.step, series.value * axes.metric.scale
    logged = y.size
    if across is not None:
        step, y = curves.last_of_each(step, y)
        other_step, other = curves.last_of_each(across.step, across.value)
        step, mine, theirs = np.intersect1d(step, other_step, return_indices=True)
        y = y[mine]
        x = other[theirs] * context.design.metric(axes.x).scale
    elif axes.x == "time":
        known = series.time[np.isfinite(series.time)]
        begin = known.min() if known.size else 0.0
        if run.started is not None:
            begin = min(begin, run.started.timestamp())
        x = series.time - begin
        if step.size > 1 and (np.diff(step) == 0).any():
            # without steps of their own, points are counted
            step = np.arange(step.size, dtype=np.float64)
    else:
        step, y = curves.last_of_each(step, y)
        x = step.copy()
    repeated = logged - y.size if across is None else 0
    placed = charting.usable(x, axes.log_x) & np.isfinite(step)
    finite = np.isfinite(y)
    hidden = int((~placed | (finite & ~charting.usable(y, axes.log_y))).sum())
    odd = int((placed & ~finite).sum())
    y = np.where(charting.usable(y), y, np.nan)
    return Track(
        run, context.group_of(run), step[placed], x[placed], y[placed], odd, hidden, repeated
    )


def time_unit(tracks: Sequence[Track]) -> tuple[str, float]:
    """The unit that fits the longest run, and how many seconds it has."""
    longest = max((float(track.x.max()) for track in tracks), default=0.0)
    for most, seconds, unit in TIME_UNITS:
        if longest <= most or not most:
            return unit, float(seconds)
    return "s", 1.0
