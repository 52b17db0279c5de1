"""Learning curves: a metric over training, per run and as group means with bands.

Every run is a thin line in its group's colour, every group a heavy line with a band around it.
A value that is NaN or infinite breaks the line, and the note below says so.

    - history: {metric: val_loss, x: step, by: both, band: ci, log_y: true}
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

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
from runreport.drawing import SERIES, Drawing, Mark, Marks, Style
from runreport.history import Series
from runreport.kinds import Context, Needs, Section
from runreport.samples import Dropped, Group
from runreport.sections import charting, curves
from runreport.sections.charting import Floats, Scale
from runreport.tables import Run

POINTS = 6000
"""Pixel columns all lines of a chart share: what a page can carry."""

ROWS = 100
"""The table below names so many groups."""

TIME_UNITS = ((180, 1, "s"), (3 * 3600, 60, "min"), (3 * 86400, 3600, "h"), (0, 86400, "d"))
"""Up to so many seconds, this many to the unit."""


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
class Stroke:
    """One line, in drawn coordinates."""

    x: Floats
    y: Floats
    """NaN breaks the line."""
    token: str
    run_ids: tuple[str, ...]
    tip: str
    weight: Literal["raw", "run", "mean"]
    dashed: bool = False
    """The run did not finish."""


@dataclass(frozen=True, eq=False)
class Ribbon:
    """The band around a mean, in drawn coordinates."""

    x: Floats
    low: Floats
    high: Floats
    token: str
    run_ids: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Picture:
    """What is drawn."""

    strokes: tuple[Stroke, ...]
    ribbons: tuple[Ribbon, ...]
    x: Scale
    y: Scale
    x_label: str
    y_label: str


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


@dataclass(frozen=True, eq=False)
class _Track:
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


# ---- numbers -------------------------------------------------------------------------------------


def needs(options: Options, design: Design) -> Needs:
    """The points of the metric, and of the one on the horizontal axis."""
    other = () if options.x in ("step", "time") else (options.x,)
    return Needs(frozenset((options.metric, *other)))


def compute(context: Context, options: Options) -> HistoryData:
    """Points to lines: placed, averaged, smoothed, thinned."""
    metric = context.design.metric(options.metric)
    tracks, dropped = _tracks(context, options, metric)
    by, groups, cut = _what_to_draw(options, tracks, context.groups)
    shown = [track for track in tracks if any(track.group is group for group in groups)]
    unit, divisor = _time_unit(shown) if options.x == "time" else ("", 1.0)
    strokes: list[Stroke] = []
    ribbons: list[Ribbon] = []
    rows, uneven = [], []
    columns = max(80, min(350, POINTS // max(1, len(shown) if by != "group" else len(groups))))
    quantile = charting.t_quantile(context.design.level)
    for group in groups:
        members = [track for track in shown if track.group is group]
        done = [track for track in members if track.run.status in charting.FINISHED] or members
        parts = [(t.step, t.x / divisor, t.y) for t in done]
        band = curves.average(parts, options.band, quantile)
        rows.append(_group_curve(group, len(members), band))
        if len(done) > 1 and band.count.size and band.count.min() < len(done):
            uneven.append(group)
        alone = len(members) == 1
        if by == "run" or (by == "both" and not alone) or (alone and members[0] not in done):
            for index, track in enumerate(members):
                token = SERIES[index] if by == "run" and _own_colors(groups, members) else None
                strokes += _run_strokes(track, token, options, metric, columns, divisor, by)
        if by != "run" and done:
            strokes += _mean_strokes(group, done, band, options, metric, columns)
            if not alone and options.band != "none":
                ribbons.append(_ribbon(group, done, band, options, columns))
    strokes = [stroke for stroke in strokes if np.isfinite(stroke.y).any()]
    picture = None
    if strokes:
        x_label = _x_label(options, context.design, unit)
        picture = _picture(strokes, ribbons, options, x_label, charting.metric_label(metric))
    remarks = [cut, *_remarks(shown, uneven, options, columns, by), _cut_bands(picture)]
    return HistoryData(
        metric=metric,
        picture=picture,
        groups=tuple(rows),
        legend=_legend(groups, shown, by, {i for stroke in strokes for i in stroke.run_ids}),
        runs=len(shown),
        dropped=tuple(dropped),
        remarks=tuple(remark for remark in remarks if remark),
        level=context.design.level,
        drawn_by=by,
    )


def _tracks(
    context: Context, options: Options, metric: Metric
) -> tuple[list[_Track], list[Dropped]]:
    ids = [run.id for run in context.runs]
    points = context.history.series(options.metric, ids)
    across = None
    if options.x not in ("step", "time"):
        across = context.history.series(options.x, ids)
    tracks, dropped = [], []
    for run in context.runs:
        if run.id not in points:
            reason = f"no points of {options.metric}"
        elif across is not None and run.id not in across:
            reason = f"no points of {options.x}"
        else:
            other = None if across is None else across[run.id]
            track = _track(context, run, points[run.id], other, options, metric)
            if track.x.size:
                tracks.append(track)
                continue
            reason = f"no point has a place on the axis of {options.x}"
        dropped.append(Dropped(run.id, run.name, reason))
    return tracks, dropped


def _track(
    context: Context,
    run: Run,
    series: Series,
    across: Series | None,
    options: Options,
    metric: Metric,
) -> _Track:
    step, y = series.step, series.value * metric.scale
    logged = y.size
    if across is not None:
        step, y = curves.last_of_each(step, y)
        other_step, other = curves.last_of_each(across.step, across.value)
        step, mine, theirs = np.intersect1d(step, other_step, return_indices=True)
        y = y[mine]
        x = other[theirs] * context.design.metric(options.x).scale
    elif options.x == "time":
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
    placed = charting.usable(x, options.log_x) & np.isfinite(step)
    finite = np.isfinite(y)
    hidden = int((~placed | (finite & ~charting.usable(y, options.log_y))).sum())
    odd = int((placed & ~finite).sum())
    y = np.where(charting.usable(y), y, np.nan)
    return _Track(
        run, context.group_of(run), step[placed], x[placed], y[placed], odd, hidden, repeated
    )


def _what_to_draw(
    options: Options, tracks: Sequence[_Track], groups: Sequence[Group]
) -> tuple[Literal["run", "group", "both"], list[Group], str]:
    """Runs or groups, which groups, and the sentence that says what was cut."""
    limit = max(1, options.limit)
    drawn = {id(track.group) for track in tracks}
    found = [group for group in groups if id(group) in drawn]
    if options.by == "group" or len(tracks) <= limit:
        by, said = options.by, ""
    else:
        by = "group"
        said = f"More than {limit} runs: only groups are drawn (`limit` changes this)."
    if len(found) > limit:
        rest = formats.count(len(found) - limit, "group")
        said += f" The first {limit} groups are drawn, {rest} further down the report are not."
    return by, found[:limit], said.strip()


def _time_unit(tracks: Sequence[_Track]) -> tuple[str, float]:
    longest = max((float(track.x.max()) for track in tracks), default=0.0)
    for most, seconds, unit in TIME_UNITS:
        if longest <= most or not most:
            return unit, float(seconds)
    return "s", 1.0


def _own_colors(groups: Sequence[Group], members: Sequence[_Track]) -> bool:
    """Runs of a single group are told apart by colour where the colours suffice."""
    return len(groups) == 1 and len(members) <= len(SERIES)


def _run_strokes(
    track: _Track,
    token: str | None,
    options: Options,
    metric: Metric,
    columns: int,
    divisor: float,
    by: str,
) -> list[Stroke]:
    finite = track.y[np.isfinite(track.y)]
    last = charting.value_text(float(finite[-1]) if finite.size else None, metric)
    status = "" if track.run.status in charting.FINISHED else f" ({track.run.status})"
    tip = f"{charting.fit(track.run.name)}{status}\n{charting.group_name(track.group)}"
    tip += f"\n{charting.fit(metric.title, 40)}: last {last}"
    color, dashed = token or track.group.color, bool(status)
    smoothed = options.smooth > 0 and by == "run"
    weight: Literal["raw", "run"] = "raw" if smoothed else "run"
    x = track.x / divisor
    line = _thin(x, track.y, options, columns)
    strokes = [Stroke(*line, color, (track.run.id,), tip, weight, dashed)]
    if smoothed:
        line = _thin(x, curves.smooth(track.y, options.smooth), options, columns)
        strokes.append(Stroke(*line, color, (track.run.id,), tip, "run", dashed))
    return strokes


def _mean_strokes(
    group: Group,
    tracks: Sequence[_Track],
    band: curves.Band,
    options: Options,
    metric: Metric,
    columns: int,
) -> list[Stroke]:
    finite = band.mean[np.isfinite(band.mean)]
    last = charting.value_text(float(finite[-1]) if finite.size else None, metric)
    ids = tuple(track.run.id for track in tracks)
    what = "1 run" if len(tracks) == 1 else f"mean of {len(tracks)} runs"
    tip = f"{charting.group_name(group)}\n{what}\n{charting.fit(metric.title, 40)}: last {last}"
    dashed = all(track.run.status not in charting.FINISHED for track in tracks)
    line = _thin(band.x, band.mean, options, columns)
    if options.smooth <= 0:
        return [Stroke(*line, group.color, ids, tip, "mean", dashed)]
    smooth = _thin(band.x, curves.smooth(band.mean, options.smooth), options, columns)
    return [
        Stroke(*line, group.color, ids, tip, "raw", dashed),
        Stroke(*smooth, group.color, ids, tip, "mean", dashed),
    ]


def _ribbon(
    group: Group,
    tracks: Sequence[_Track],
    band: curves.Band,
    options: Options,
    columns: int,
) -> Ribbon:
    fine = np.isfinite(band.x)
    x, low, high = band.x[fine], band.low[fine], band.high[fine]
    x = np.log10(x) if options.log_x else x
    half = max(40, columns // 2)
    keep = np.union1d(curves.thin(x, low, half), curves.thin(x, high, half))
    low, high = low[keep], high[keep]
    if options.log_y:
        # a band that reaches 0 leaves the chart at its lower edge
        floor = np.where(np.isfinite(low), -400.0, np.nan)
        low = np.where(charting.usable(low, log=True), low, np.nan)
        high = np.where(charting.usable(high, log=True), high, np.nan)
        low, high = np.log10(low), np.log10(high)
        low = np.where(np.isfinite(low), low, floor)
    ids = tuple(track.run.id for track in tracks)
    return Ribbon(x[keep], low, high, group.color, ids)


def _thin(x: Floats, y: Floats, options: Options, columns: int) -> tuple[Floats, Floats]:
    """A line in drawn coordinates, with no more points than its pixels can show."""
    fine = np.isfinite(x)
    x, y = x[fine], y[fine]
    x = np.log10(x) if options.log_x else x
    if options.log_y:
        y = np.log10(np.where(charting.usable(y, log=True), y, np.nan))
    keep = curves.thin(x, y, columns)
    return x[keep], y[keep]


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


def _picture(
    strokes: Sequence[Stroke],
    ribbons: Sequence[Ribbon],
    options: Options,
    x_label: str,
    y_label: str,
) -> Picture:
    """Axes around all lines; bands widen them, but not beyond the lines' own height again."""
    x = _range(np.concatenate([s.x[np.isfinite(s.y)] for s in strokes]), options.log_x, 0.015)
    lines = np.concatenate([stroke.y[np.isfinite(stroke.y)] for stroke in strokes])
    edges = [edge[np.isfinite(edge)] for r in ribbons for edge in (r.low, r.high)]
    room = (float(lines.max()) - float(lines.min())) * 0.5
    around = np.clip(np.concatenate([*edges, lines]), lines.min() - room, lines.max() + room)
    return Picture(
        tuple(strokes), tuple(ribbons), x, _range(around, options.log_y), x_label, y_label
    )


def _range(drawn: Floats, log: bool, pad: float = 0.04) -> Scale:
    return charting.scale_for(10.0**drawn if log else drawn, log, pad)


def _x_label(options: Options, design: Design, unit: str) -> str:
    if options.x == "step":
        return "step"
    if options.x == "time":
        return f"time since the run's start ({unit})"
    return charting.metric_label(design.metric(options.x))


# ---- what is said --------------------------------------------------------------------------------


def _legend(
    groups: Sequence[Group], tracks: Sequence[_Track], by: str, drawn: set[str]
) -> tuple[LegendEntry, ...]:
    if by == "run" and _own_colors(groups, tracks):
        return tuple(
            LegendEntry(charting.fit(track.run.name), SERIES[i], run_ids=(track.run.id,))
            for i, track in enumerate(tracks)
            if track.run.id in drawn
        )
    return charting.legend(groups, drawn)


def _remarks(
    tracks: Sequence[_Track],
    uneven: Sequence[Group],
    options: Options,
    columns: int,
    by: str,
) -> list[str]:
    said = []
    if odd := [track for track in tracks if track.odd]:
        names = charting.named([track.run.name for track in odd])
        points = formats.count(sum(track.odd for track in odd), "point")
        said.append(f"{points} NaN or infinite; the line breaks there: {names}.")
    if hidden := sum(track.hidden for track in tracks):
        why = "0 or below, or out of range" if options.log_x or options.log_y else "out of range"
        said.append(f"{formats.count(hidden, 'point')} cannot be placed on the axes ({why}).")
    if repeated := sum(track.repeated for track in tracks):
        points = formats.count(repeated, "point")
        said.append(f"Where a step was logged more than once the last value is drawn ({points}).")
    stopped = [track.run.name for track in tracks if track.run.status not in charting.FINISHED]
    if stopped:
        what = "not drawn" if by == "group" else "drawn dashed"
        mean = "" if by == "run" else " and not part of a mean that finished runs have"
        said.append(f"Did not finish, {what}{mean}: {charting.named(stopped)}.")
    if uneven and by != "run":
        names = charting.named([group.label for group in uneven])
        said.append(f"At some steps the mean is over fewer runs than the group has: {names}.")
    longest = max((track.y.size for track in tracks), default=0)
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


def _cut_bands(picture: Picture | None) -> str:
    if picture is None:
        return ""
    low, high = picture.y.ends
    for ribbon in picture.ribbons:
        with np.errstate(invalid="ignore"):
            if (ribbon.low < low).any() or (ribbon.high > high).any():
                return "Bands that reach beyond the chart are cut at its edge."
    return ""


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


# ---- drawing -------------------------------------------------------------------------------------

LOOKS = {"raw": (0.9, 0.3), "run": (1.1, 0.55), "mean": (2.1, 1.0)}
"""Line width in points and opacity."""


def draw(data: Picture, style: Style) -> Drawing:
    """Bands, then runs, then means."""
    from matplotlib.collections import LineCollection, PolyCollection

    figure, axes = charting.chart(style, data.x, data.y, data.x_label, data.y_label)
    marks: list[Marks] = []
    polygons = [piece for ribbon in data.ribbons for piece in _pieces(ribbon, data.y)]
    if polygons:
        gid = f"m{len(marks)}"
        axes.add_collection(
            PolyCollection(
                [polygon for polygon, _ in polygons],
                facecolors=[style.color(ribbon.token) for _, ribbon in polygons],
                alpha=0.16,
                linewidths=0,
                gid=gid,
            ),
            autolim=False,
        )
        marks.append(Marks(gid, tuple(Mark(ribbon.run_ids) for _, ribbon in polygons)))
    single = not any(stroke.weight == "mean" for stroke in data.strokes)
    for weight in ("raw", "run", "mean"):
        strokes = [s for s in data.strokes if s.weight == weight and _has_line(s)]
        if not strokes:
            continue
        gid = f"m{len(marks)}"
        width, alpha = LOOKS[weight]
        if single and weight == "run":
            width, alpha = 1.4, 0.85
        axes.add_collection(
            LineCollection(
                [np.column_stack((s.x, s.y)) for s in strokes],
                colors=[style.color(s.token) for s in strokes],
                linestyles=[(0, (3, 2)) if s.dashed else "solid" for s in strokes],
                linewidths=width,
                alpha=alpha,
                capstyle="round",
                joinstyle="round",
                gid=gid,
            ),
            autolim=False,
        )
        marks.append(Marks(gid, tuple(Mark(s.run_ids, s.tip) for s in strokes)))
    marks += _draw_dots(axes, data, style, len(marks))
    plane = charting.plane(axes, data.x, data.y, data.x_label, data.y_label)
    return Drawing(figure, tuple(marks), plane)


def _draw_dots(axes: Any, data: Picture, style: Style, index: int) -> list[Marks]:
    """Points without a neighbour, which no line shows."""
    dots = [
        (float(s.x[a]), float(s.y[a]), s)
        for s in data.strokes
        for a, b in curves.stretches(np.isfinite(s.y))
        if b - a == 1
    ]
    if not dots:
        return []
    gid = f"m{index}"
    axes.scatter(
        [x for x, _, _ in dots],
        [y for _, y, _ in dots],
        s=[22 if s.weight == "mean" else 9 for _, _, s in dots],
        c=[style.color(s.token) for _, _, s in dots],
        linewidths=0,
        gid=gid,
    )
    return [Marks(gid, tuple(Mark(s.run_ids, s.tip) for _, _, s in dots))]


def _has_line(stroke: Stroke) -> bool:
    return any(b - a > 1 for a, b in curves.stretches(np.isfinite(stroke.y)))


def _pieces(ribbon: Ribbon, y: Scale) -> list[tuple[Floats, Ribbon]]:
    """Closed outlines between gaps, cut near the chart's edges."""
    bottom, top = y.ends
    room = top - bottom
    low = np.clip(ribbon.low, bottom - room, top + room)
    high = np.clip(ribbon.high, bottom - room, top + room)
    found = []
    for a, b in curves.stretches(np.isfinite(low) & np.isfinite(high)):
        if b - a < 2:
            continue
        x = ribbon.x[a:b]
        there, back = np.column_stack((x, low[a:b])), np.column_stack((x, high[a:b]))
        found.append((np.concatenate((there, back[::-1])), ribbon))
    return found


SECTION = Section(
    name="history",
    options=Options,
    compute=compute,
    present=present,
    needs=needs,
    short="metric",
)
