"""Columns two by two as drawn: scatter charts with their correlations, or a map of these."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from runreport import formats
from runreport.blocks import LegendEntry
from runreport.drawing import Drawing, Mark, Marks, Style
from runreport.kinds import Context
from runreport.sections import charting, frames
from runreport.sections.charting import Floats, Legend, Scale
from runreport.sections.correlations import Correlations, Pairing
from runreport.sections.frames import Box, Side, side_of
from runreport.tables import FINISHED

BINS = 12
"""Bars of a column's own distribution."""

MANY = 150
"""Above so many runs marks are small."""

RISE, FALL = "series-1", "series-2"

MAP_LEGEND = (
    LegendEntry("rise together (+)", RISE, swatch="area"),
    LegendEntry("one rises as the other falls (\u2212)", FALL, swatch="area"),
)


@dataclass(frozen=True, slots=True)
class Said:
    """What is written where two columns cross."""

    value: float
    """Between -1 and 1; NaN where there is none."""
    text: str
    ends: str
    n: str
    bold: bool


@dataclass(frozen=True, eq=False)
class Grid:
    """Scatter charts below the diagonal, correlations above."""

    sides: tuple[Side, ...]
    names: tuple[str, ...]
    points: Floats
    """Shape (runs, columns), drawn coordinates, NaN where a run has none; words are spread."""
    tokens: tuple[str, ...]
    hollow: tuple[bool, ...]
    run_ids: tuple[str, ...]
    tips: tuple[str, ...]
    said: tuple[tuple[Said, ...], ...]
    """said[i][j] of columns i > j."""
    legend: Legend


@dataclass(frozen=True, eq=False)
class Map:
    """Correlations as squares."""

    names: tuple[str, ...]
    said: tuple[tuple[Said, ...], ...]


def grid_of(context: Context, found: Correlations, limit: int) -> Grid:
    """Where every run is in every chart."""
    runs = context.runs[:limit]
    columns = []
    for entry in found.entries:
        places = entry.axis.places[: len(runs)]
        if entry.axis.kind == "words":
            places = places + charting.spread(places.size, 0.5)
        columns.append(places)
    groups = [context.group_of(run) for run in runs]
    single = len(context.groups) < 2 or any(g.color == charting.OTHER for g in groups)
    shown = [] if single else [group for group in context.groups if group in groups]
    return Grid(
        sides=tuple(side_of(entry.axis) for entry in found.entries),
        names=tuple(charting.fit(entry.axis.quantity.name, 40) for entry in found.entries),
        points=np.column_stack(columns),
        tokens=tuple("accent" if single else group.color for group in groups),
        hollow=tuple(run.status not in FINISHED for run in runs),
        run_ids=tuple(run.id for run in runs),
        tips=tuple(charting.fit(run.name) for run in runs),
        said=_said(found),
        legend=charting.legend(shown, {run.id for run in runs}, swatch="dot"),
    )


def map_of(found: Correlations) -> Map:
    """Every correlation with its words."""
    names = tuple(charting.fit(entry.axis.quantity.name, 24) for entry in found.entries)
    return Map(names, _said(found))


def _said(found: Correlations) -> tuple[tuple[Said, ...], ...]:
    return tuple(
        tuple(_words(found, found.of(first, second)) for second in range(first))
        for first in range(len(found.entries))
    )


def _words(found: Correlations, pairing: Pairing) -> Said:
    own = pairing.found
    if own is None:
        return Said(np.nan, formats.MISSING, "too few", f"n = {pairing.n}", bold=False)
    interval = own.interval(found.level)
    ends = formats.interval(interval.low, interval.high, 2) if interval else "in one order"
    text = formats.signed(own.value, 2)
    return Said(own.value, text, ends, f"n = {pairing.n}", found.differs(pairing))


# ---- scatter charts ------------------------------------------------------------------------------


def draw(data: Grid, style: Style) -> Drawing:
    """Charts below the diagonal, distributions on it, correlations above."""
    figure = frames.canvas(style)
    w, h, line = style.width * 100, style.height * 100, frames.line_of(style)
    count = len(data.names)
    gap = 10.0
    left = max(frames.left_room(side, style, h / count - 20) for side in data.sides[1:])
    bottom = (
        max(frames.bottom_room(side, style, (w - left) / count - gap) for side in data.sides[:-1])
        - line * 1.4
    )
    width = (w - left - 6 - gap * (count - 1)) / count
    height = (h - bottom - 4 - gap * (count - 1)) / count
    marks: list[Marks] = []
    for row in range(count):
        for column in range(count):
            box = Box(
                left + column * (width + gap), h - 4 - (row + 1) * height - row * gap, width, height
            )
            if row == column:
                _draw_own(figure, data, row, box, style)
            elif row > column:
                axes = frames.panel(
                    figure, style, box, data.sides[column], data.sides[row],
                    x_texts=row == count - 1, y_texts=column == 0,
                )  # fmt: skip
                gid = f"m{len(marks)}"
                marks.append(_draw_runs(axes, data, (column, row), style, gid))
            else:
                _write_said(figure, data.said[column][row], box, style)
    return Drawing(figure, tuple(item for item in marks if item.marks))


def _draw_runs(axes: Any, data: Grid, place: tuple[int, int], style: Style, gid: str) -> Marks:
    x, y = (data.points[:, index] for index in place)
    shown = np.flatnonzero(np.isfinite(x) & np.isfinite(y)).tolist()
    surface = style.color("surface")
    colors = [style.color(data.tokens[index]) for index in shown]
    hollow = [data.hollow[index] for index in shown]
    many = len(data.run_ids) > MANY
    if shown:
        axes.scatter(
            x[shown],
            y[shown],
            s=6 if many else 16,
            facecolors=[surface if h else c for c, h in zip(colors, hollow, strict=True)],
            edgecolors=[c if h else surface for c, h in zip(colors, hollow, strict=True)],
            linewidths=[1.0 if h else 0.3 for h in hollow],
            alpha=0.55 if many else 0.8,
            clip_on=False,
            gid=gid,
            zorder=3,
        )
    return Marks(gid, tuple(Mark((data.run_ids[i],), data.tips[i]) for i in shown))


def _draw_own(figure: Any, data: Grid, place: int, box: Box, style: Style) -> None:
    """A column's distribution with its name above."""
    from matplotlib.collections import PolyCollection

    w, h, line = style.width * 100, style.height * 100, frames.line_of(style)
    side = data.sides[place]
    low, high = side.scale.ends
    values = data.points[:, place]
    bins = len(side.words) or BINS
    counts, edges = np.histogram(values[np.isfinite(values)], bins=bins, range=(low, high))
    axes = frames.panel(
        figure, style, box, side, Side(Scale(0, 1), ""), x_texts=place == len(data.names) - 1,
        y_texts=False, grid=False,
    )  # fmt: skip
    axes.set_yticks([])
    # the name has the upper part
    room = max(0.2, 1 - 1.6 * line * frames.PHONE / box.height)
    tops = counts / max(1, counts.max()) * room
    pad = (edges[1] - edges[0]) * 0.06
    axes.add_collection(
        PolyCollection(
            [[(a + pad, 0), (b - pad, 0), (b - pad, t), (a + pad, t)]
             for a, b, t in zip(edges[:-1], edges[1:], tops, strict=True) if t > 0],
            facecolors=style.color("band"),
            alpha=0.55,
            linewidths=0,
        ),
        autolim=False,
    )  # fmt: skip
    letters = max(6, int(box.width / (0.6 * line * frames.PHONE)))
    figure.text(
        (box.left + box.width / 2) / w, (box.bottom + box.height - 2) / h,
        charting.fit(data.names[place], letters), ha="center", va="top", fontweight="bold",
    )  # fmt: skip


def _write_said(figure: Any, said: Said, box: Box, style: Style) -> None:
    """The correlation, its interval and n, one below the other."""
    w, h, line = style.width * 100, style.height * 100, frames.line_of(style)
    x, middle = (box.left + box.width / 2) / w, box.bottom + box.height / 2
    ink, muted = style.color("ink"), style.color("ink-muted")
    step = line * 1.35
    figure.text(
        x, (middle + step) / h, said.text, ha="center", va="center", color=ink,
        fontsize=style.font_size * 1.25, fontweight="bold" if said.bold else "normal",
    )  # fmt: skip
    for text, lift in ((said.ends, 0.0), (said.n, -step * 0.95)):
        figure.text(x, (middle + lift) / h, text, ha="center", va="center", color=muted)


# ---- map -----------------------------------------------------------------------------------------


def draw_map(data: Map, style: Style) -> Drawing:
    """Squares below the diagonal, in the colour of their sign, the stronger the deeper."""
    from matplotlib.collections import PolyCollection

    count = len(data.names)
    x = Side(Scale(-0.5, count - 1.5), "", data.names[:-1])
    # the first row on top
    y = Side(Scale(-0.5, count - 1.5), "", data.names[:0:-1])
    figure, axes = frames.single(style, x, y, grid=False)
    squares = [
        (column, count - 1 - row, said)
        for row, line in enumerate(data.said)
        for column, said in enumerate(line)
    ]
    a = 0.47
    corners = ((-a, -a), (a, -a), (a, a), (-a, a))
    for token, sign in ((RISE, 1), (FALL, -1)):
        chosen = [s for s in squares if np.isfinite(s[2].value) and s[2].value * sign >= 0]
        for column, row, said in chosen:
            axes.add_collection(
                PolyCollection(
                    [[(column + dx, row + dy) for dx, dy in corners]],
                    facecolors=style.color(token),
                    # deeper would hide the number
                    alpha=0.04 + 0.5 * abs(said.value),
                    linewidths=0,
                ),
                autolim=False,
            )
    size = axes.get_window_extent()
    room = size.width / max(1, count - 1), size.height / max(1, count - 1)
    fits = charting.text_width("\u22120.00", style) * frames.PHONE < room[0] - 2
    if fits and frames.line_of(style) * frames.PHONE < room[1] - 2:
        for column, row, said in squares:
            axes.text(
                column, row, said.text, ha="center", va="center",
                color=style.color("ink"),
                fontweight="bold" if said.bold else "normal",
            )  # fmt: skip
    return Drawing(figure)
