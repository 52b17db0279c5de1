"""Charts with one row per group: names at the left, values across. What `bars` and `distribution`
share.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from runreport import formats
from runreport.design import Metric
from runreport.drawing import Mark, Marks, Style
from runreport.kinds import Context
from runreport.samples import Dropped, Group, Sample, sample
from runreport.sections import charting
from runreport.sections.charting import Floats, Scale
from runreport.tables import Run

NAME_LENGTH = 32
"""Characters of a group's name beside its row; the legend and the table say the whole."""

POINTS = 400
"""Runs of one group drawn as points."""

MEANS_AT, POINTS_AT = -0.15, 0.17
"""Places within a row: what sums up stands above what was measured, so neither hides the other."""


@dataclass(frozen=True, eq=False)
class GroupRow:
    """One group's values of one metric, and what sums them up."""

    group: Group
    values: Floats
    """Displayed units, finite, one per usable run."""
    runs: tuple[Run, ...]
    mean: float
    interval: tuple[float, float] | None
    """t interval of the mean; None below two values."""


@dataclass(frozen=True, eq=False)
class Dots:
    """The runs of one row, in drawn coordinates."""

    x: Floats
    run_ids: tuple[str, ...]
    tips: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Line:
    """One row, in drawn coordinates."""

    name: str
    token: str
    is_baseline: bool
    run_ids: tuple[str, ...]
    tip: str
    mean: float
    """NaN where a log axis cannot show it."""
    low: float
    """Equal to the mean where there is no interval."""
    high: float
    box: tuple[float, float, float] | None
    """Quartiles; None where no box is drawn."""
    dots: Dots


@dataclass(frozen=True, eq=False)
class Rows:
    """What is drawn."""

    lines: tuple[Line, ...]
    x: Scale
    label: str
    bars: bool
    """Bars from zero."""


def group_rows(
    context: Context, metric: Metric
) -> tuple[tuple[GroupRow, ...], tuple[Dropped, ...]]:
    """Every group with a usable value, in report order, and the runs without one."""
    samples = [sample(group, metric, context.value_of) for group in context.groups]
    rows: list[GroupRow] = []
    dropped = [item for part in samples for item in part.dropped]
    for part in samples:
        values, runs, beyond = _within(part)
        dropped += beyond
        if values.size:
            interval = charting.t_interval(values, context.design.level)
            rows.append(GroupRow(part.group, values, runs, float(values.mean()), interval))
    return tuple(rows), tuple(dropped)


def _within(part: Sample) -> tuple[Floats, tuple[Run, ...], list[Dropped]]:
    """Values that can be drawn and summed."""
    fine = charting.usable(part.values)
    beyond = [
        Dropped(run.id, run.name, f"{charting.fit(part.metric.title, 40)} is out of range")
        for run, ok in zip(part.runs, fine, strict=True)
        if not ok
    ]
    kept = tuple(run for run, ok in zip(part.runs, fine, strict=True) if ok)
    return part.values[fine], kept, beyond


def lines(
    rows: Sequence[GroupRow], metric: Metric, scale: Scale, *, boxes: bool
) -> tuple[Line, ...]:
    """Rows as they are drawn; values that a log axis cannot show are left out."""
    return tuple(_line(row, metric, scale, boxes) for row in rows)


def _line(row: GroupRow, metric: Metric, scale: Scale, boxes: bool) -> Line:
    mean = row.mean
    low, high = row.interval or (mean, mean)
    tip = f"{charting.group_name(row.group)}\nmean {charting.value_text(mean, metric)}"
    if row.interval is not None:
        tip += f" ({charting.value_text(low, metric)} to {charting.value_text(high, metric)})"
    tip += f"\n{formats.count(row.values.size, 'run')}"
    with np.errstate(divide="ignore", invalid="ignore"):
        placed = [float(np.asarray(scale.place(value))) for value in (mean, low, high)]
        quartiles = np.asarray(scale.place(np.percentile(row.values, (25, 50, 75))))
    # an interval that reaches 0 or below leaves a log axis at its lower end
    beyond = scale.ends[0] - (scale.ends[1] - scale.ends[0])
    placed[1:] = [end if np.isfinite(end) else beyond for end in placed[1:]]
    fine = np.flatnonzero(charting.usable(row.values, scale.log))[:POINTS]
    runs = [row.runs[index] for index in fine]
    name = charting.fit(metric.title, 40)
    return Line(
        name=charting.fit(row.group.label, NAME_LENGTH),
        token=row.group.color,
        is_baseline=row.group.is_baseline,
        run_ids=tuple(run.id for run in row.runs),
        tip=tip,
        mean=placed[0],
        low=placed[1],
        high=placed[2],
        box=tuple(quartiles.tolist()) if boxes and row.values.size > 2 else None,
        dots=Dots(
            x=np.asarray(scale.place(row.values[fine]), dtype=np.float64),
            run_ids=tuple(run.id for run in runs),
            tips=tuple(
                f"{charting.fit(run.name)}\n{name}: {charting.value_text(float(value), metric)}"
                for run, value in zip(runs, row.values[fine], strict=True)
            ),
        ),
    )


def height(count: int) -> float:
    """Inches of a chart with so many rows."""
    return 0.95 + 0.4 * count


# ---- drawing -------------------------------------------------------------------------------------


def canvas(data: Rows, style: Style) -> tuple[Any, Any]:
    """Figure and axes: names at the left, the first row on top, the baseline's mean as a line."""
    names = [row.name for row in data.lines]
    figure, axes = charting.row_chart(style, data.x, names, data.label)
    for place, row in enumerate(data.lines):
        if row.is_baseline:
            axes.get_yticklabels()[place].set_fontweight("bold")
            if np.isfinite(row.mean):
                axes.plot(
                    [row.mean, row.mean],
                    [-0.5, len(names) - 0.5],
                    color=style.color("ink-muted"),
                    linewidth=1,
                    linestyle=(0, (4, 3)),
                    zorder=1.5,
                )
    return figure, axes


def draw_dots(axes: Any, data: Rows, style: Style, gid: str) -> Marks:
    """Every run as a point, spread within the lower half of its row; a single run is its mean."""
    shown = [
        (place, row)
        for place, row in enumerate(data.lines)
        if row.dots.x.size > 1 or (row.dots.x.size and not np.isfinite(row.mean))
    ]
    if not shown:
        return Marks(gid, ())
    x = np.concatenate([row.dots.x for _, row in shown])
    y = np.concatenate(
        [
            place + POINTS_AT + charting.spread(row.dots.x.size, 0.3 if row.dots.x.size > 1 else 0)
            for place, row in shown
        ]
    )
    colors = [style.color(row.token) for _, row in shown for _ in row.dots.run_ids]
    axes.scatter(
        x,
        y,
        s=16 if x.size <= 300 else 8,
        facecolors=colors,
        edgecolors=style.color("surface"),
        linewidths=0.5,
        alpha=0.75,
        clip_on=False,
        gid=gid,
        zorder=3,
    )
    marks = [
        Mark((run_id,), tip)
        for _, row in shown
        for run_id, tip in zip(row.dots.run_ids, row.dots.tips, strict=True)
    ]
    return Marks(gid, tuple(marks))


def draw_means(axes: Any, data: Rows, style: Style, gid: str) -> list[Marks]:
    """The mean of each row as a diamond, its interval as a whisker, in the row's upper half."""
    from matplotlib.collections import LineCollection

    shown = [
        (place + MEANS_AT, row) for place, row in enumerate(data.lines) if np.isfinite(row.mean)
    ]
    whiskers = [(place, row) for place, row in shown if row.high > row.low]
    ink = style.color("ink")
    axes.add_collection(
        LineCollection(
            [[(row.low, place), (row.high, place)] for place, row in whiskers]
            + [
                [(end, place - 0.13), (end, place + 0.13)]
                for place, row in whiskers
                for end in (row.low, row.high)
            ],
            colors=ink,
            linewidths=1.5,
            zorder=4,
        ),
        autolim=False,
    )
    axes.scatter(
        [row.mean for _, row in shown],
        [place for place, _ in shown],
        s=34,
        marker="D",
        facecolors=[style.color(row.token) for _, row in shown],
        edgecolors=ink,
        linewidths=1,
        clip_on=False,
        gid=gid,
        zorder=5,
    )
    return [Marks(gid, tuple(Mark(row.run_ids, row.tip) for _, row in shown))]
