"""Every run of every group as a point, with quartile boxes, means and intervals.

Shows what a mean hides: outliers, two clusters, a group whose runs disagree.

    - distribution: {metric: val_accuracy}
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

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

TOLD = 12
"""So many groups of one run each have rows of their own; more are one row."""


@dataclass(frozen=True, slots=True)
class Options:
    """What the author may write."""

    metric: MetricName
    """The metric drawn; `distribution: val_accuracy` is enough."""
    log: bool = False
    """Logarithmic axis."""
    limit: int = 40
    """With more groups than this the first ones are drawn."""


@dataclass(frozen=True, eq=False)
class DistributionData:
    """Values of every group."""

    metric: Metric
    rows: tuple[GroupRow, ...]
    """Groups drawn, in report order."""
    cut: int
    """Groups beyond the limit."""
    off_axis: int
    """Values that a log axis cannot show."""
    picture: Rows | None
    dropped: tuple[Dropped, ...]
    level: float
    pooled: int
    """Groups of one run each that are drawn as one row; 0 where every group has its own."""


def compute(context: Context, options: Options) -> DistributionData:
    """Values, quartiles, means and intervals of each group."""
    metric = context.design.metric(options.metric)
    found, dropped = rows.group_rows(context, metric)
    pooled = len(found) if len(found) > TOLD and all(r.values.size == 1 for r in found) else 0
    if pooled:
        found = (_pooled(found),)
    kept = found[: max(1, options.limit)]
    picture, off_axis = None, 0
    if kept:
        values = np.concatenate([row.values for row in kept])
        fine = charting.usable(values, options.log)
        off_axis = int((~fine).sum())
        if fine.any():
            scale = charting.scale_for(_around(kept, values), options.log)
            drawn = rows.lines(kept, metric, scale, boxes=True)
            picture = Rows(drawn, scale, charting.metric_label(metric), bars=False)
    return DistributionData(
        metric, kept, len(found) - len(kept), off_axis, picture, dropped, context.design.level,
        pooled,
    )  # fmt: skip


def _pooled(found: tuple[GroupRow, ...]) -> GroupRow:
    """All groups as one row. Its mean has no interval: configurations are no replicates."""
    values = np.concatenate([row.values for row in found])
    runs = tuple(run for row in found for run in row.runs)
    group = replace(
        found[0].group,
        label=formats.count(len(found), "group"),
        runs=runs,
        replicate_of=(None,) * len(runs),
        is_baseline=False,
        color="accent",
    )
    return GroupRow(group, values, runs, float(values.mean()), None)


def _around(kept: tuple[GroupRow, ...], values: charting.Floats) -> charting.Floats:
    """Values, means and interval ends; an interval of few runs may not dwarf the points."""
    ends = np.array([end for row in kept for end in row.interval or ()])
    room = float(values.max() - values.min()) * 0.5
    ends = np.clip(ends, values.min() - room, values.max() + room)
    return np.concatenate((values, [row.mean for row in kept], ends))


def present(data: DistributionData, options: Options) -> tuple[Block, ...]:
    """The chart with its table, or a note that says why there is none."""
    name = charting.fit(data.metric.title)
    missing = charting.dropped_words(data.dropped)
    if data.picture is None:
        why = missing or "This report has no runs."
        if data.off_axis:
            why = "Every value is 0 or below, which a log axis cannot show."
        return (Note("info", f"No values of {name} to draw", (Text((why,)),)),)
    said = []
    if data.pooled:
        said.append(f"Each of the {data.pooled} groups is one run, so they are drawn as one row.")
    said += ["Points of a group are spread upwards and downwards so that they do not hide others."]
    if any(line.box for line in data.picture.lines):
        said.append("Boxes reach from the first to the third quartile, their line is the median.")
    if any(row.values.size > rows.POINTS for row in data.rows):
        said.append(f"At most {rows.POINTS} points per group are drawn; boxes are of all.")
    if data.off_axis:
        values = formats.count(data.off_axis, "value")
        said.append(f"{values} at 0 or below cannot be shown on a log axis.")
    low, high = data.picture.x.ends
    if any(line.low < low or line.high > high for line in data.picture.lines):
        said.append("Intervals that reach beyond the chart are cut at its edge.")
    if data.cut:
        rest = formats.count(data.cut, "group")
        said.append(f"The first {len(data.rows)} groups are drawn, {rest} further down are not.")
    if missing:
        said.append(missing)
    return (
        Figure(
            draw=draw,
            data=data.picture,
            title=f"Distribution of {name}",
            description=_description(data, name),
            table=_table(data, name),
            height=rows.height(3 if data.pooled else len(data.rows)),
            note=(" ".join(said),),
        ),
    )


def _description(data: DistributionData, name: str) -> str:
    runs = int(sum(row.values.size for row in data.rows))
    if data.pooled:
        values = data.rows[0].values
        low, middle, high = np.percentile(values, (0, 50, 100)).tolist()
        return (
            f"{formats.count(runs, 'run')}, each a group of its own, by {name}: from "
            f"{charting.value_text(low, data.metric)} to {charting.value_text(high, data.metric)}, "
            f"the median is {charting.value_text(middle, data.metric)}."
        )
    said = (
        f"{formats.count(runs, 'run')} in {formats.count(len(data.rows), 'group')} by {name}; "
        f"diamonds are means, whiskers their {charting.level_words(data.level)}s."
    )
    widest = max(data.rows, key=lambda row: float(np.ptp(row.values)))
    low, high = float(widest.values.min()), float(widest.values.max())
    return (
        f"{said} The widest group is {charting.fit(widest.group.label)}, from "
        f"{charting.value_text(low, data.metric)} to {charting.value_text(high, data.metric)}."
    )


def _table(data: DistributionData, name: str) -> Table:
    unit = data.metric.unit or None
    heads = ("Lowest", "First quartile", "Median", "Third quartile", "Highest", "Mean")
    columns = (
        Column("Group"),
        Column("Runs", "number"),
        *(Column(head, "number", unit=unit, goal=data.metric.goal) for head in heads),
    )
    lines = []
    for row in data.rows:
        numbers = [*np.percentile(row.values, (0, 25, 50, 75, 100)).tolist(), row.mean]
        marks: frozenset[CellMark] = frozenset({"baseline"} if row.group.is_baseline else ())
        cells = (
            Cell((charting.group_name(row.group),), row.group.label),
            charting.cell(float(row.values.size)),
            *(charting.cell(number) for number in numbers),
        )
        lines.append(Row(cells, group_id=row.group.id, marks=marks))
    return Table(columns, tuple(lines), f"Quartiles of {name} by group")


# ---- drawing -------------------------------------------------------------------------------------


def draw(data: Rows, style: Style) -> Drawing:
    """Boxes, then points, then means and intervals below them."""
    figure, axes = rows.canvas(data, style)
    marks = _draw_boxes(axes, data, style)
    marks.append(rows.draw_dots(axes, data, style, "m1"))
    marks += rows.draw_means(axes, data, style, "m2")
    return Drawing(figure, tuple(marks))


def _draw_boxes(axes: Any, data: Rows, style: Style) -> list[Marks]:
    """From the first to the third quartile with the median; where a log axis can show them."""
    from matplotlib.collections import LineCollection, PolyCollection

    boxed = [
        (place, row, row.box)
        for place, row in enumerate(data.lines)
        if row.box is not None and np.isfinite(row.box).all()
    ]
    if not boxed:
        return []
    colors = [style.color(row.token) for _, row, _ in boxed]
    axes.add_collection(
        PolyCollection(
            [
                [(q1, p - 0.36), (q3, p - 0.36), (q3, p + 0.36), (q1, p + 0.36)]
                for p, _, (q1, _, q3) in boxed
            ],
            facecolors=colors,
            alpha=0.18,
            linewidths=0,
            gid="m0",
            zorder=2,
        ),
        autolim=False,
    )
    axes.add_collection(
        LineCollection(
            [[(median, p - 0.36), (median, p + 0.36)] for p, _, (_, median, _) in boxed],
            colors=colors,
            linewidths=2,
            zorder=2.5,
        ),
        autolim=False,
    )
    return [Marks("m0", tuple(Mark(row.run_ids, row.tip) for _, row, _ in boxed))]


SECTION = Section(
    name="distribution", options=Options, compute=compute, present=present, short="metric"
)
