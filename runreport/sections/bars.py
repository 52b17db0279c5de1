"""Group means with their intervals, and every run's value on top: the comparison at a glance.

Bars start at zero. Where zero would flatten every difference the axis is cut and means are drawn
as diamonds, since a bar that starts elsewhere misleads.

    - bars: {metric: val_accuracy}
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from runreport import formats
from runreport.blocks import Block, Cell, Column, Figure, Note, Row, Table, Text
from runreport.blocks import Mark as CellMark
from runreport.design import Metric, MetricName
from runreport.drawing import Drawing, Mark, Marks, Style
from runreport.kinds import Context, Section
from runreport.samples import Dropped
from runreport.sections import charting, rows
from runreport.sections.rows import GroupRow, Rows


@dataclass(frozen=True, slots=True)
class Options:
    """What the author may write."""

    metric: MetricName | None = None
    """The metric drawn; `bars: val_accuracy` is enough. The first primary metric when not given."""
    zero: Literal["auto", "yes", "no"] = "auto"
    """Whether the axis starts at zero; `auto`: unless that would hide the differences."""
    limit: int = 40
    """With more groups than this the first ones are drawn."""


@dataclass(frozen=True, eq=False)
class BarsData:
    """Means and intervals of every group."""

    metric: Metric
    rows: tuple[GroupRow, ...]
    """Groups drawn, in report order."""
    cut: int
    """Groups beyond the limit."""
    picture: Rows | None
    """None when no group has a value."""
    dropped: tuple[Dropped, ...]
    level: float


def compute(context: Context, options: Options) -> BarsData | None:
    """Means, intervals and points of each group; None without a metric."""
    primary = context.design.primary
    if options.metric is None and not primary:
        return None
    metric = context.design.metric(options.metric) if options.metric else primary[0]
    found, dropped = rows.group_rows(context, metric)
    kept = found[: max(1, options.limit)]
    picture = None
    if kept:
        ends = [end for row in kept for end in row.interval or ()]
        around = np.concatenate([*(row.values for row in kept), np.array(ends)])
        zero = options.zero == "yes" or (options.zero == "auto" and _shows_from_zero(around))
        scale = charting.scale_for(np.append(around, 0.0) if zero else around)
        if zero and around.min() >= 0:
            scale = charting.Scale(0.0, scale.high)
        label = charting.metric_label(metric)
        picture = Rows(rows.lines(kept, metric, scale, boxes=False), scale, label, bars=zero)
    return BarsData(metric, kept, len(found) - len(kept), picture, dropped, context.design.level)


def _shows_from_zero(values: charting.Floats) -> bool:
    """Whether the values spread over a good part of the way from zero."""
    low, high = float(values.min()), float(values.max())
    if low <= 0 <= high:
        return True
    return high - low >= 0.25 * max(abs(low), abs(high))


def present(data: BarsData | None, options: Options) -> tuple[Block, ...]:
    """The chart with its table."""
    if data is None:
        why = "The report declares no metric and this section names none."
        return (Note("info", "No metric to draw", (Text((why,)),)),)
    return (_figure(data),)


def _figure(chart: BarsData) -> Block:
    name = charting.fit(chart.metric.title)
    missing = charting.dropped_words(chart.dropped)
    if chart.picture is None:
        why = missing or "This report has no runs."
        return Note("info", f"No values of {name}", (Text((why,)),))
    said = []
    if not chart.picture.bars:
        said.append("The axis does not start at 0, so means are diamonds, not bars.")
    if chart.cut:
        rest = formats.count(chart.cut, "group")
        said.append(f"The first {len(chart.rows)} groups are drawn, {rest} further down are not.")
    single = [row.group.label for row in chart.rows if row.interval is None]
    if single:
        said.append(f"One run, so no interval: {charting.named(single)}.")
    if missing:
        said.append(missing)
    return Figure(
        draw=draw,
        data=chart.picture,
        title=f"{name} by group",
        description=_description(chart, name),
        table=table(chart.rows, chart.metric, chart.level, f"Means of {name} by group"),
        legend=(),
        height=rows.height(len(chart.rows)),
        note=(" ".join(said),) if said else (),
    )


def _description(chart: BarsData, name: str) -> str:
    runs = sum(row.values.size for row in chart.rows)
    count = f"{formats.count(len(chart.rows), 'group')}, {formats.count(int(runs), 'run')}"
    said = f"Means of {name} by group with {charting.level_words(chart.level)}s: {count}."
    best = max(chart.rows, key=lambda row: row.mean)
    least = min(chart.rows, key=lambda row: row.mean)
    if best is not least:
        said += (
            f" Highest {charting.fit(best.group.label)} "
            f"({charting.value_text(best.mean, chart.metric)}), lowest "
            f"{charting.fit(least.group.label)} ({charting.value_text(least.mean, chart.metric)})."
        )
    if any(row.group.is_baseline for row in chart.rows):
        said += " The dashed line is the baseline's mean."
    return said


def table(found: tuple[GroupRow, ...], metric: Metric, level: float, caption: str) -> Table:
    """Count, mean, deviation and interval of each group."""
    unit, percent = metric.unit or None, f"{level * 100:g} %"
    columns = (
        Column("Group"),
        Column("Runs", "number"),
        Column("Mean", "number", unit=unit, goal=metric.goal),
        Column("SD", "number", unit=unit, hint="Sample standard deviation"),
        Column(f"{percent} low", "number", unit=unit, hint=f"{charting.level_words(level)}"),
        Column(f"{percent} high", "number", unit=unit, hint=f"{charting.level_words(level)}"),
    )
    return Table(columns, tuple(_row(row) for row in found), caption)


def _row(row: GroupRow) -> Row:
    deviation = float(row.values.std(ddof=1)) if row.values.size > 1 else None
    low, high = row.interval or (None, None)
    marks: frozenset[CellMark] = frozenset({"baseline"} if row.group.is_baseline else ())
    numbers = (float(row.values.size), row.mean, deviation, low, high)
    name = Cell((charting.group_name(row.group),), row.group.label)
    cells = (name, *(charting.cell(number) for number in numbers))
    return Row(cells, group_id=row.group.id, marks=marks)


def draw(data: Rows, style: Style) -> Drawing:
    """Bars where the axis starts at zero, then points, means and intervals."""
    figure, axes = rows.canvas(data, style)
    marks = [*_draw_bars(axes, data, style)] if data.bars else []
    marks.append(rows.draw_dots(axes, data, style, "m1"))
    marks += rows.draw_means(axes, data, style, "m2")
    return Drawing(figure, tuple(marks))


def _draw_bars(axes: Any, data: Rows, style: Style) -> list[Marks]:
    from matplotlib.collections import PolyCollection

    boxes = [
        [(0, p - 0.33), (row.mean, p - 0.33), (row.mean, p + 0.33), (0, p + 0.33)]
        for p, row in enumerate(data.lines)
    ]
    axes.add_collection(
        PolyCollection(
            boxes,
            facecolors=[style.color(row.token) for row in data.lines],
            alpha=0.3,
            linewidths=0,
            gid="m0",
            zorder=2,
        ),
        autolim=False,
    )
    return [Marks("m0", tuple(Mark(row.run_ids, row.tip) for row in data.lines))]


SECTION = Section(name="bars", options=Options, compute=compute, present=present, short="metric")
