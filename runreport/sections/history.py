"""Learning curves: a metric over training, per run and as group means with bands.

Every run is a thin line in its group's colour, every group a heavy line with a band around it.
A value that is NaN or infinite breaks the line; a run that ends so does not set the scale. The note
below says both.

    - history: {metric: val_loss, x: step, by: both, band: ci, log_y: true}
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from runreport import formats
from runreport.blocks import (
    Block,
    Cell,
    Column,
    Figure,
    LegendEntry,
    Note,
    Row,
    Table,
    Text,
)
from runreport.blocks import Mark as CellMark
from runreport.design import Design, Metric, MetricName
from runreport.drawing import SERIES, shape_of
from runreport.kinds import Context, Needs, Section
from runreport.samples import Dropped, Group
from runreport.sections import charting, curves, strokes, tracks
from runreport.sections.strokes import Pen, Picture, Ribbon, Stroke, draw
from runreport.sections.tracks import Axes, Track
from runreport.tables import FINISHED

POINTS = 6000
"""Pixel columns all lines of a chart share: what a page can carry."""

ROWS = 100
"""The table below names so many groups."""


@dataclass(frozen=True, slots=True)
class Options:
    """What the author may write."""

    metric: MetricName
    """The metric drawn; `history: val_loss` is enough."""
    x: str = "step"
    """`step`, `time` (since the run's start), or the name of another metric."""
    by: Literal["run", "group", "both"] = "both"
    """Lines per run, means per group, or both."""
    band: Literal["ci", "sd", "minmax", "none"] = "ci"
    """Around group means: t interval of the mean, one standard deviation, lowest to highest."""
    smooth: float = 0.0
    """Below 1, the weight of the past in an exponential average; 2 and more, the mean of so many
    last points. The curve as logged stays visible."""
    log_x: bool = False
    """Logarithmic horizontal axis."""
    log_y: bool = False
    """Logarithmic vertical axis."""
    limit: int = 60
    """With more runs than this only groups are drawn, and no more groups than this."""


@dataclass(frozen=True, eq=False)
class GroupCurve:
    """One group's curve in numbers: what the table below the chart says."""

    group: Group
    runs: int
    """That have a curve."""
    steps: int
    last_step: float
    last: float | None
    """Of the mean curve, displayed units; None when nothing is finite."""
    lowest: tuple[float, float] | None
    """Value and step."""
    highest: tuple[float, float] | None


@dataclass(frozen=True, eq=False)
class HistoryData:
    """Curves ready to draw, and what is said of them."""

    metric: Metric
    picture: Picture | None
    """None when no run has a point to draw."""
    groups: tuple[GroupCurve, ...]
    legend: tuple[LegendEntry, ...]
    runs: int
    """Runs with a curve."""
    dropped: tuple[Dropped, ...]
    remarks: tuple[str, ...]
    """What is not shown as logged: sentences."""
    level: float
    """Of the interval bands."""
    drawn_by: Literal["run", "group", "both"]


# ---- numbers -------------------------------------------------------------------------------------


def needs(options: Options, design: Design) -> Needs:
    """The points of the metric, and of the one on the horizontal axis."""
    other = () if options.x in ("step", "time") else (options.x,)
    return Needs(frozenset((options.metric, *other)))


def compute(context: Context, options: Options) -> HistoryData:
    """Points to lines: placed, averaged, smoothed, thinned."""
    metric = context.design.metric(options.metric)
    axes = Axes(metric, options.x, options.log_x, options.log_y)
    placed, dropped = tracks.read(context, axes)
    by, groups, cut = _what_to_draw(options, placed, context.groups)
    shown = [track for track in placed if any(track.group is group for group in groups)]
    unit, divisor = tracks.time_unit(shown) if options.x == "time" else ("", 1.0)
    lines: list[Stroke] = []
    ribbons: list[Ribbon] = []
    rows, uneven = [], []
    columns = max(80, min(350, POINTS // max(1, len(shown) if by != "group" else len(groups))))
    pen = Pen(axes, columns, options.smooth)
    quantile = charting.t_quantile(context.design.level)
    for group in groups:
        members = [track for track in shown if track.group is group]
        done = [track for track in members if track.run.status in FINISHED] or members
        parts = [(t.step, t.x / divisor, t.y) for t in done]
        band = curves.average(parts, options.band, quantile)
        rows.append(_group_curve(group, len(members), band))
        if len(done) > 1 and band.count.size and band.count.min() < len(done):
            uneven.append(group)
        alone = len(members) == 1
        if by == "run" or (by == "both" and not alone) or (alone and members[0] not in done):
            for index, track in enumerate(members):
                own = by == "run" and _own_colors(groups, members)
                token = SERIES[index] if own else track.group.color
                lines += strokes.run_strokes(track, token, pen, divisor=divisor, smooth=by == "run")
        if by != "run" and done:
            lines += strokes.mean_strokes(group, done, band, pen)
            if not alone and options.band != "none":
                ribbons.append(strokes.ribbon(group, done, band, pen))
    lines = [line for line in lines if np.isfinite(line.y).any()]
    picture = None
    remarks = [cut, *_remarks(shown, uneven, options, columns, by)]
    if lines:
        x_label = _x_label(options, context.design, unit)
        picture = strokes.picture(lines, ribbons, axes, x_label)
        remarks.append(strokes.cut_bands(picture))
        if strokes.cut_lines(picture):
            remarks.append(_beyond([track for track in shown if track.diverged], metric))
    return HistoryData(
        metric=metric,
        picture=picture,
        groups=tuple(rows),
        legend=_legend(
            groups,
            shown,
            by,
            {i for line in lines for i in line.run_ids},
            picture is not None and picture.is_shaped,
        ),
        runs=len(shown),
        dropped=tuple(dropped),
        remarks=tuple(remark for remark in remarks if remark),
        level=context.design.level,
        drawn_by=by,
    )


def _what_to_draw(
    options: Options, placed: Sequence[Track], groups: Sequence[Group]
) -> tuple[Literal["run", "group", "both"], list[Group], str]:
    """Runs or groups, which groups, and the sentence that says what was cut."""
    limit = max(1, options.limit)
    drawn = {id(track.group) for track in placed}
    found = [group for group in groups if id(group) in drawn]
    if options.by == "group" or len(placed) <= limit:
        by, said = options.by, ""
    else:
        by = "group"
        said = f"More than {limit} runs: only groups are drawn (`limit` changes this)."
    if len(found) > limit:
        rest = formats.count(len(found) - limit, "group")
        said += f" The first {limit} groups are drawn, {rest} further down the report are not."
    return by, found[:limit], said.strip()


def _own_colors(groups: Sequence[Group], members: Sequence[Track]) -> bool:
    """Runs of a single group are told apart by colour where the colours suffice."""
    return len(groups) == 1 and len(members) <= len(SERIES)


def _group_curve(group: Group, runs: int, band: curves.Band) -> GroupCurve:
    fine = np.isfinite(band.mean)
    mean, step = band.mean[fine], band.step[fine]
    lowest = highest = None
    if mean.size:
        low, high = int(mean.argmin()), int(mean.argmax())
        lowest = (float(mean[low]), float(step[low]))
        highest = (float(mean[high]), float(step[high]))
    return GroupCurve(
        group=group,
        runs=runs,
        steps=int(band.step.size),
        last_step=float(step[-1]) if step.size else float(band.step[-1]),
        last=float(mean[-1]) if mean.size else None,
        lowest=lowest,
        highest=highest,
    )


def _x_label(options: Options, design: Design, unit: str) -> str:
    if options.x == "step":
        return "step"
    if options.x == "time":
        return f"time since the run's start ({unit})"
    return charting.metric_label(design.metric(options.x))


# ---- what is said --------------------------------------------------------------------------------


def _legend(
    groups: Sequence[Group], shown: Sequence[Track], by: str, drawn: set[str], shaped: bool
) -> tuple[LegendEntry, ...]:
    if by == "run" and _own_colors(groups, shown):
        return tuple(
            LegendEntry(
                charting.fit(track.run.name),
                SERIES[i],
                run_ids=(track.run.id,),
                shape=shape_of(SERIES[i]) if shaped else None,
            )
            for i, track in enumerate(shown)
            if track.run.id in drawn
        )
    return charting.legend(groups, drawn, shaped=shaped)


def _beyond(diverged: Sequence[Track], metric: Metric) -> str:
    """What the chart does not hold of runs that diverged."""
    names = charting.named([track.run.name for track in diverged])
    highest = max(diverged, key=lambda track: float(np.nanmax(np.abs(track.y), initial=0)))
    reached = float(highest.y[int(np.nanargmax(np.abs(highest.y)))])
    value = charting.value_text(reached, metric)
    return f"Diverged runs do not set the scale and leave the chart: {names}, up to {value}."


def _remarks(
    shown: Sequence[Track],
    uneven: Sequence[Group],
    options: Options,
    columns: int,
    by: str,
) -> list[str]:
    said = []
    if odd := [track for track in shown if track.odd]:
        names = charting.named([track.run.name for track in odd])
        points = formats.count(sum(track.odd for track in odd), "point")
        said.append(f"{points} NaN or infinite; the line breaks there: {names}.")
    if hidden := sum(track.hidden for track in shown):
        why = "0 or below, or out of range" if options.log_x or options.log_y else "out of range"
        said.append(f"{formats.count(hidden, 'point')} cannot be placed on the axes ({why}).")
    if repeated := sum(track.repeated for track in shown):
        points = formats.count(repeated, "point")
        said.append(f"Where a step was logged more than once the last value is drawn ({points}).")
    stopped = [track.run.name for track in shown if track.run.status not in FINISHED]
    if stopped:
        what = "not drawn" if by == "group" else "drawn dashed"
        mean = "" if by == "run" else " and not part of a mean that finished runs have"
        said.append(f"Did not finish, {what}{mean}: {charting.named(stopped)}.")
    if uneven and by != "run":
        names = charting.named([group.label for group in uneven])
        said.append(f"At some steps the mean is over fewer runs than the group has: {names}.")
    longest = max((track.y.size for track in shown), default=0)
    if longest > 2 * columns:
        said.append(
            f"Of up to {formats.number(longest)} points per run the lowest and the highest of "
            f"each of {columns} pixel columns are drawn."
        )
    if options.smooth > 0:
        how = f"mean of the last {int(options.smooth)} points"
        if options.smooth < 1:
            how = f"exponential average, weight of the past {options.smooth:g}"
        said.append(f"Smoothed ({how}); the faint lines are the values as logged.")
    return said


def present(data: HistoryData, options: Options) -> tuple[Block, ...]:
    """The chart with its table, or a note that says why there is none."""
    name = charting.fit(data.metric.title)
    missing = charting.dropped_words(data.dropped)
    if data.picture is None:
        why = missing or "No point of it can be drawn."
        if data.remarks:
            why = f"{why} {' '.join(data.remarks)}"
        return (Note("info", f"No curves of {name}", (Text((why.strip(),)),)),)
    over = charting.fit(data.picture.x_label, 50)
    note = " ".join([*data.remarks, *([missing] if missing else [])])
    return (
        Figure(
            draw=draw,
            data=data.picture,
            title=f"{name} over {over}",
            description=_description(data, options, name, over),
            table=_table(data),
            legend=data.legend,
            note=(note,) if note else (),
        ),
    )


def _description(data: HistoryData, options: Options, name: str, over: str) -> str:
    runs, groups = formats.count(data.runs, "run"), formats.count(len(data.groups), "group")
    lines = {
        "run": "Each line is a run.",
        "group": "Each line is the mean of a group.",
        "both": "Thin lines are runs, heavy lines group means.",
    }[data.drawn_by]
    band = {
        "ci": f" Bands are {charting.level_words(data.level)}s of the mean at each step.",
        "sd": " Bands are one standard deviation around the mean.",
        "minmax": " Bands reach from the lowest to the highest run.",
        "none": "",
    }[options.band if data.picture and data.picture.ribbons else "none"]
    ends = ""
    finals = [(row.last, row) for row in data.groups if row.last is not None]
    if len(finals) > 1:
        low, high = min(finals, key=lambda f: f[0]), max(finals, key=lambda f: f[0])
        ends = (
            f" At the end the highest is {charting.fit(high[1].group.label)} "
            f"({charting.value_text(high[0], data.metric)}), the lowest "
            f"{charting.fit(low[1].group.label)} ({charting.value_text(low[0], data.metric)})."
        )
    return f"Line chart of {name} over {over}: {runs} in {groups}. {lines}{band}{ends}"


def _table(data: HistoryData) -> Table:
    unit, goal = data.metric.unit or None, data.metric.goal
    columns = [
        Column("Group"),
        Column("Runs", "number"),
        Column("Steps", "number", hint="Steps at which some run has a point"),
        Column("Last step", "number"),
        Column("Last", "number", unit=unit, goal=goal, hint="Mean at the last step with a value"),
    ]
    for end in ("Lowest", "Highest") if goal is None else ("Best",):
        columns += [
            Column(end, "number", unit=unit, goal=goal, hint="Of the mean over the group's runs"),
            Column("At step", "number"),
        ]
    rows = []
    for curve in data.groups[:ROWS]:
        extremes = [curve.lowest, curve.highest]
        if goal is not None:
            extremes = [curve.highest if goal == "maximize" else curve.lowest]
        cells = [
            Cell((charting.fit(curve.group.label),), curve.group.label),
            charting.cell(float(curve.runs)),
            charting.cell(float(curve.steps)),
            charting.cell(curve.last_step),
            charting.cell(curve.last),
        ]
        for extreme in extremes:
            value, step = extreme or (None, None)
            cells += [charting.cell(value), charting.cell(step)]
        marks: frozenset[CellMark] = frozenset({"baseline"} if curve.group.is_baseline else ())
        rows.append(Row(tuple(cells), group_id=curve.group.id, marks=marks))
    cut = len(data.groups) - len(rows)
    note = f"{formats.count(cut, 'further group')} not listed." if cut > 0 else ""
    return Table(
        columns=tuple(columns),
        rows=tuple(rows),
        caption=f"Curves of {charting.fit(data.metric.title)} by group",
        note=(note,) if note else (),
    )


SECTION = Section(
    name="history",
    options=Options,
    compute=compute,
    present=present,
    needs=needs,
    short="metric",
)
