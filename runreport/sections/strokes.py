"""Lines and bands of learning curves: made of numbers, then drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from runreport.drawing import SERIES, Drawing, Mark, Marks, Style
from runreport.samples import Group
from runreport.sections import charting, curves, shapes
from runreport.sections.charting import Floats, Scale
from runreport.sections.tracks import Axes, Track
from runreport.tables import FINISHED


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
    diverged: bool = False
    """Its runs ended in NaN or infinity: it does not set the scale."""


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

    @property
    def series(self) -> tuple[Stroke, ...]:
        """The lines that stand for a group, or a run, of a colour of its own."""
        means = [stroke for stroke in self.strokes if stroke.weight == "mean"]
        found = means or [stroke for stroke in self.strokes if stroke.weight == "run"]
        return tuple(stroke for stroke in found if stroke.token in SERIES)

    @property
    def is_shaped(self) -> bool:
        """Whether lines carry marks in the shape of their series: several, each with its own."""
        tokens = [stroke.token for stroke in self.series]
        return 1 < len(tokens) == len(set(tokens))


@dataclass(frozen=True, slots=True)
class Pen:
    """How numbers become lines."""

    axes: Axes
    columns: int
    """Pixel columns of one line."""
    smooth: float = 0.0
    """As in the options of `history`; 0 leaves values as logged."""


def run_strokes(
    track: Track, token: str, pen: Pen, *, divisor: float = 1.0, smooth: bool = False
) -> list[Stroke]:
    """One run's line; when smoothed, its values as logged stay behind it.

    Args:
        track: the run's points.
        token: colour.
        pen: how they are drawn.
        divisor: what one unit of the horizontal axis has.
        smooth: whether this line is smoothed (where means are, they alone are).
    """
    metric = pen.axes.metric
    finite = track.y[np.isfinite(track.y)]
    last = charting.value_text(float(finite[-1]) if finite.size else None, metric)
    status = "" if track.run.status in FINISHED else f" ({track.run.status})"
    tip = f"{charting.fit(track.run.name)}{status}\n{charting.group_name(track.group)}"
    tip += f"\n{charting.fit(metric.title, 40)}: last {last}"
    dashed, smoothed = bool(status), smooth and pen.smooth > 0
    weight: Literal["raw", "run"] = "raw" if smoothed else "run"
    x = track.x / divisor
    line = _thin(x, track.y, pen)
    strokes = [Stroke(*line, token, (track.run.id,), tip, weight, dashed, track.diverged)]
    if smoothed:
        line = _thin(x, curves.smooth(track.y, pen.smooth), pen)
        strokes.append(Stroke(*line, token, (track.run.id,), tip, "run", dashed, track.diverged))
    return strokes


def mean_strokes(
    group: Group, tracks: Sequence[Track], band: curves.Band, pen: Pen
) -> list[Stroke]:
    """A group's mean; when smoothed, the mean of the values as logged stays behind it."""
    metric = pen.axes.metric
    finite = band.mean[np.isfinite(band.mean)]
    last = charting.value_text(float(finite[-1]) if finite.size else None, metric)
    ids = tuple(track.run.id for track in tracks)
    what = "1 run" if len(tracks) == 1 else f"mean of {len(tracks)} runs"
    tip = f"{charting.group_name(group)}\n{what}\n{charting.fit(metric.title, 40)}: last {last}"
    dashed = all(track.run.status not in FINISHED for track in tracks)
    diverged = all(track.diverged for track in tracks)
    line = _thin(band.x, band.mean, pen)
    if pen.smooth <= 0:
        return [Stroke(*line, group.color, ids, tip, "mean", dashed, diverged)]
    smooth = _thin(band.x, curves.smooth(band.mean, pen.smooth), pen)
    return [
        Stroke(*line, group.color, ids, tip, "raw", dashed, diverged),
        Stroke(*smooth, group.color, ids, tip, "mean", dashed, diverged),
    ]


def ribbon(group: Group, tracks: Sequence[Track], band: curves.Band, pen: Pen) -> Ribbon:
    """The band around a group's mean."""
    fine = np.isfinite(band.x)
    x, low, high = band.x[fine], band.low[fine], band.high[fine]
    x = np.log10(x) if pen.axes.log_x else x
    half = max(40, pen.columns // 2)
    keep = np.union1d(curves.thin(x, low, half), curves.thin(x, high, half))
    low, high = low[keep], high[keep]
    if pen.axes.log_y:
        # a band that reaches 0 leaves the chart at its lower edge
        floor = np.where(np.isfinite(low), -400.0, np.nan)
        low = np.where(charting.usable(low, log=True), low, np.nan)
        high = np.where(charting.usable(high, log=True), high, np.nan)
        low, high = np.log10(low), np.log10(high)
        low = np.where(np.isfinite(low), low, floor)
    ids = tuple(track.run.id for track in tracks)
    return Ribbon(x[keep], low, high, group.color, ids)


def _thin(x: Floats, y: Floats, pen: Pen) -> tuple[Floats, Floats]:
    """A line in drawn coordinates, with no more points than its pixels can show."""
    fine = np.isfinite(x)
    x, y = x[fine], y[fine]
    x = np.log10(x) if pen.axes.log_x else x
    if pen.axes.log_y:
        y = np.log10(np.where(charting.usable(y, log=True), y, np.nan))
    keep = curves.thin(x, y, pen.columns)
    return x[keep], y[keep]


def picture(
    strokes: Sequence[Stroke], ribbons: Sequence[Ribbon], axes: Axes, x_label: str
) -> Picture:
    """Axes around all lines but those of diverged runs, which would flatten the others; bands
    widen them, but not beyond the lines' own height again.
    """
    x = _range(np.concatenate([s.x[np.isfinite(s.y)] for s in strokes]), axes.log_x, 0.015)
    sane = [stroke for stroke in strokes if not stroke.diverged] or strokes
    lines = np.concatenate([stroke.y[np.isfinite(stroke.y)] for stroke in sane])
    edges = [edge[np.isfinite(edge)] for r in ribbons for edge in (r.low, r.high)]
    room = (float(lines.max()) - float(lines.min())) * 0.5
    around = np.clip(np.concatenate([*edges, lines]), lines.min() - room, lines.max() + room)
    y = _range(around, axes.log_y)
    label = charting.metric_label(axes.metric)
    # a line far outside would not be drawn at all, but its run counts as drawn
    beyond = y.ends[1] - y.ends[0]
    edges_y = (y.ends[0] - beyond, y.ends[1] + beyond)
    kept = [replace(s, y=np.clip(s.y, *edges_y)) if s.diverged else s for s in strokes]
    return Picture(tuple(kept), tuple(ribbons), x, y, x_label, label)


def _range(drawn: Floats, log: bool, pad: float = 0.04) -> Scale:
    return charting.scale_for(10.0**drawn if log else drawn, log, pad)


def cut_lines(picture: Picture) -> bool:
    """Whether a diverged run's line leaves the chart."""
    low, high = picture.y.ends
    with np.errstate(invalid="ignore"):
        return any(bool(((s.y < low) | (s.y > high)).any()) for s in picture.strokes)


def cut_bands(picture: Picture) -> str:
    """The sentence about bands that the chart does not hold; empty when it holds them."""
    low, high = picture.y.ends
    for ribbon in picture.ribbons:
        with np.errstate(invalid="ignore"):
            if (ribbon.low < low).any() or (ribbon.high > high).any():
                return "Bands that reach beyond the chart are cut at its edge."
    return ""


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
    if data.is_shaped:
        marks += _draw_shapes(axes, data, style, f"m{len(marks)}")
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


def _draw_shapes(axes: Any, data: Picture, style: Style, gid: str) -> list[Marks]:
    """Three marks along each line, at other places than on the other lines."""
    outlines, drawn = [], []
    for stroke in data.series:
        fine = np.flatnonzero(np.isfinite(stroke.y) & np.isfinite(stroke.x))
        if fine.size < 2:
            continue
        # evenly over what is drawn, not over the points, which may crowd at one end
        shift = (SERIES.index(stroke.token) + 0.5) / len(SERIES)
        low, high = stroke.x[fine[0]], stroke.x[fine[-1]]
        wanted = low + (np.arange(3) + shift) / 3 * (high - low)
        places = fine[np.abs(stroke.x[fine][:, None] - wanted).argmin(axis=0)]
        points = np.column_stack((stroke.x[places], stroke.y[places]))
        outlines.append(shapes.outline(axes, points, stroke.token))
        drawn.append(stroke)
    shapes.draw_outlines(axes, outlines, [stroke.token for stroke in drawn], style, gid)
    return [Marks(gid, tuple(Mark(stroke.run_ids, stroke.tip) for stroke in drawn))]


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
