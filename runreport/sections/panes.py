"""Small panels on one vertical scale: a metric against one param in each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from runreport.drawing import Drawing, Mark, Marks, Style
from runreport.sections import charting, frames
from runreport.sections.charting import Floats, Scale
from runreport.sections.coordinates import Coordinate
from runreport.sections.frames import Box, Side, side_of

ROW = 2.15
"""Inches of one row of panels."""

MANY = 150
"""Above so many runs marks are small and let others shine through."""


@dataclass(frozen=True, eq=False)
class Pane:
    """One panel, in drawn coordinates."""

    coordinate: Coordinate
    title: str
    said: str
    """Below its title."""
    points: Floats
    """Shape (n, 2)."""
    tokens: tuple[str, ...]
    hollow: tuple[bool, ...]
    run_ids: tuple[str, ...]
    tips: tuple[str, ...]
    line: Floats
    """Medians: shape (k, 2)."""
    is_running: bool
    """Whether they are one line, or a bar each."""
    best: int | None


@dataclass(frozen=True, eq=False)
class Panes:
    """What is drawn."""

    panes: tuple[Pane, ...]
    y: Scale
    label: str


def height_for(count: int) -> float:
    """Inches of a figure with so many panels; a single row is taller."""
    rows = -(-count // columns_for(count))
    return 0.5 + ROW * rows + (0.6 if rows == 1 else 0.0)


def columns_for(count: int) -> int:
    """Panels side by side: two keep their texts on a phone."""
    return 1 if count == 1 else 2 if count in (2, 4) else 3


def draw(data: Panes, style: Style) -> Drawing:
    """Panels row by row; the vertical axis is written at the left ones."""
    figure = frames.canvas(style)
    w, h, line = style.width * 100, style.height * 100, frames.line_of(style)
    columns = columns_for(len(data.panes))
    rows = -(-len(data.panes) // columns)
    y = Side(data.y, data.label)
    head = line * 1.9
    height = (h - head) / rows
    left = frames.left_room(y, style, height - line * 4)
    gap = 20.0
    width = (w - left - 10 - gap * (columns - 1)) / columns
    figure.text(0.004, 1 - line * 0.3 / h, data.label, ha="left", va="top")
    sides = [side_of(pane.coordinate) for pane in data.panes]
    marks = []
    for place, pane in enumerate(data.panes):
        row, column = divmod(place, columns)
        # panels of one row end at one line
        beside = sides[row * columns : (row + 1) * columns]
        below = max(frames.bottom_room(side, style, width) for side in beside) - line * 1.6
        above = line * 2.7
        box = Box(
            left + column * (width + gap),
            h - head - (row + 1) * height + below,
            width,
            max(30.0, height - above - below),
        )
        axes = frames.panel(figure, style, box, sides[place], y, y_texts=column == 0)
        _write_title(figure, pane, box, style)
        marks.append(_draw_runs(axes, pane, style, f"m{place}"))
    return Drawing(figure, tuple(item for item in marks if item.marks))


def _write_title(figure: Any, pane: Pane, box: Box, style: Style) -> None:
    """The param, and below it what is said of it."""
    w, h, line = style.width * 100, style.height * 100, frames.line_of(style)
    top = box.bottom + box.height + line * 0.3
    letters = max(6, int(box.width / (0.62 * line * frames.PHONE)))
    title = charting.fit(pane.title, letters)
    x = box.left / w
    figure.text(x, (top + line * 1.15) / h, title, ha="left", va="bottom", fontweight="bold")
    figure.text(x, top / h, pane.said, ha="left", va="bottom", color=style.color("ink-muted"))


def _draw_runs(axes: Any, pane: Pane, style: Style, gid: str) -> Marks:
    colors = [style.color(token) for token in pane.tokens]
    surface = style.color("surface")
    many = len(pane.run_ids) > MANY
    if pane.run_ids:
        axes.scatter(
            *pane.points.T,
            s=9 if many else 22,
            facecolors=[surface if h else c for c, h in zip(colors, pane.hollow, strict=True)],
            edgecolors=[c if h else surface for c, h in zip(colors, pane.hollow, strict=True)],
            linewidths=[1.2 if hollow else 0.4 for hollow in pane.hollow],
            alpha=0.6 if many else 0.85,
            clip_on=False,
            gid=gid,
            zorder=3,
        )
    if pane.line.size and not pane.is_running:
        low, high = pane.coordinate.scale.ends
        half = 0.3 if pane.coordinate.words else 0.035 * (high - low)
        for x, y in pane.line:
            axes.plot([x - half, x + half], [y, y], color=style.color("ink"), linewidth=2, zorder=4)
    elif pane.line.size:
        axes.plot(*pane.line.T, color=surface, linewidth=3.6, zorder=3.9)
        axes.plot(*pane.line.T, color=style.color("ink"), linewidth=1.8, zorder=4)
    if pane.best is not None:
        axes.scatter(
            *np.asarray(pane.points[pane.best]),
            s=80,
            facecolors="none",
            edgecolors=style.color("ink"),
            linewidths=1.5,
            clip_on=False,
            zorder=5,
        )
    found = zip(pane.run_ids, pane.tips, strict=True)
    return Marks(gid, tuple(Mark((run_id,), tip) for run_id, tip in found))
