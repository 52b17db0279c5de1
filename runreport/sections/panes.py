"""Small panels on one vertical scale: a metric against one param in each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from runreport.drawing import Drawing, Mark, Marks, Style
from runreport.sections import frames
from runreport.sections.charting import Floats, Scale
from runreport.sections.coordinates import Coordinate
from runreport.sections.frames import Side, side_of

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


def draw(data: Panes, style: Style) -> Drawing:
    """Panels row by row; the vertical axis is written at the left ones."""
    up = Side(data.y, data.label)
    sides = [(side_of(pane.coordinate), up) for pane in data.panes]
    titles = [(pane.title, pane.said) for pane in data.panes]
    figure, found = frames.panels(style, sides, data.label, titles, shared=True, x_labels=False)
    marks = [
        _draw_runs(axes, pane, style, f"m{place}")
        for place, (axes, pane) in enumerate(zip(found, data.panes, strict=True))
    ]
    return Drawing(figure, tuple(item for item in marks if item.marks))


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
