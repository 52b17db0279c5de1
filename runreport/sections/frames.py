"""Axes at a place of a figure: panels of small multiples, and words below that find their room."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np

from runreport.drawing import Style
from runreport.sections import charting
from runreport.sections.charting import Scale
from runreport.sections.coordinates import Coordinate

PHONE = 1.28
"""A phone writes texts of charts larger by this."""

TILT = 35
"""Degrees of words that have no room side by side."""

FEW = 8
"""So many different numbers are ticks themselves."""

NARROW = 300
"""Pixels below which a panel has neighbours at its sides."""

LONGEST = 16
"""Letters of tilted words."""


@dataclass(frozen=True, eq=False)
class Side:
    """One axis of a panel."""

    scale: Scale
    label: str
    words: tuple[str, ...] = ()
    """Of the places `first`, `first` + 1, ...; empty for numbers."""
    marks: tuple[tuple[float, str], ...] = ()
    """Drawn coordinate and text of each tick, instead of words or round numbers."""
    first: int = 0
    """Place of the first word."""


@dataclass(frozen=True, slots=True)
class Box:
    """A panel's data area, in pixels from the lower left corner of the figure."""

    left: float
    bottom: float
    width: float
    height: float


def side_of(coordinate: Coordinate) -> Side:
    """The axis of a coordinate; few numbers that stand apart are its ticks."""
    scale, label = coordinate.scale, coordinate.label
    if coordinate.words:
        return Side(scale, label, coordinate.words)
    distinct = np.unique(coordinate.places[np.isfinite(coordinate.places)])
    low, high = scale.ends
    if not 1 < distinct.size <= FEW or np.diff(distinct).min() < (high - low) / (2 * FEW):
        return Side(scale, label)
    values = np.power(10.0, distinct) if scale.log else distinct
    texts = [charting.short(float(f"{value:.10g}"), 4) for value in values]
    return Side(scale, label, marks=tuple(zip(distinct.tolist(), texts, strict=True)))


def line_of(style: Style) -> float:
    """Pixels of a line of text."""
    return style.font_size * 100 / 72


def canvas(style: Style) -> Any:
    """An empty figure."""
    from matplotlib.figure import Figure

    return Figure(figsize=(style.width, style.height))


def ticks_of(side: Side, most: int) -> tuple[list[float], list[str]]:
    """Where ticks stand, in drawn coordinates, and what is written there."""
    if side.marks:
        every = max(1, -(-len(side.marks) // max(2, most)))
        chosen = side.marks[::every]
        return [place for place, _ in chosen], [text for _, text in chosen]
    if side.words:
        return [float(side.first + place) for place in range(len(side.words))], list(side.words)
    values, texts = charting.ticks(side.scale, most)
    return [float(side.scale.place(value)) for value in values], texts


def left_room(side: Side, style: Style, height: float) -> float:
    """Pixels that the texts of a vertical axis take."""
    _, texts = ticks_of(side, rows_of(height, style))
    return max([charting.text_width(text, style) for text in texts] + [20.0]) * 1.25 + 12


def bottom_room(side: Side, style: Style, width: float) -> float:
    """Pixels that the texts of a horizontal axis take, its label included."""
    line = line_of(style)
    if _tilted(side, style, width):
        longest = max(charting.text_width(charting.fit(w, LONGEST), style) for w in side.words)
        return line * 2.8 + longest * 0.62
    return line * 3.6


def rows_of(height: float, style: Style) -> int:
    """Ticks that a vertical axis has room for."""
    return max(2, int(height / (line_of(style) * 3)))


def columns_of(width: float) -> int:
    """Ticks of numbers that a horizontal axis has room for."""
    return max(2, min(7, int(width / 70)))


def _tilted(side: Side, style: Style, width: float) -> bool:
    if not side.words:
        return False
    room = width / len(side.words)
    wide = [charting.text_width(word, style) * 0.85 * PHONE for word in side.words]
    return any((a + b) / 2 > room - 4 for a, b in pairwise([*wide, 0.0]))


def apart(shares: Sequence[float], texts: Sequence[str], style: Style, width: float) -> list[str]:
    """Texts below an axis, without those that would run into the one before."""
    found, end = [], -1e9
    for share, text in zip(shares, texts, strict=True):
        half = charting.text_width(text, style) * PHONE * 0.9 / 2
        fits = share * width - half > end
        found.append(text if fits else "")
        end = share * width + half + 4 if fits else end
    return found


def panel(
    figure: Any, style: Style, box: Box, x: Side, y: Side, *, x_texts: bool = True,
    y_texts: bool = True, grid: bool = True,
) -> Any:  # fmt: skip
    """Axes with ticks and grid at a place of a figure; labels are the caller's.

    Args:
        figure: from `canvas`.
        style: sizes and colours.
        box: the data area.
        x: horizontal axis.
        y: vertical axis.
        x_texts: whether ticks are written below.
        y_texts: whether ticks are written at the left.
        grid: whether lines run through the ticks.
    """
    w, h = style.width * 100, style.height * 100
    axes = figure.add_axes((box.left / w, box.bottom / h, box.width / w, box.height / h))
    axes.set_xlim(*x.scale.ends)
    axes.set_ylim(*y.scale.ends)
    places, texts = ticks_of(x, columns_of(box.width))
    tilted = _tilted(x, style, box.width)
    if tilted:
        texts = [charting.fit(text, LONGEST) for text in texts]
    low, high = x.scale.ends
    shares = [(place - low) / (high - low) for place in places]
    if not x.words:
        texts = apart(shares, texts, style, box.width)
    axes.set_xticks(places, texts if x_texts else [""] * len(texts))
    for share, label in zip(shares, axes.get_xticklabels(), strict=True):
        if tilted:
            label.set(rotation=TILT, ha="right", va="top", rotation_mode="anchor")
        elif box.width < NARROW and not x.words and not 0.1 < share < 0.9:
            # a neighbour stands close by
            label.set_ha("left" if share < 0.5 else "right")
    places, texts = ticks_of(y, rows_of(box.height, style))
    axes.set_yticks(places, texts if y_texts else [""] * len(texts))
    axes.tick_params(length=0, pad=5)
    if grid:
        axes.grid(True)
    for side in ("left", "bottom"):
        axes.spines[side].set_visible(side == "bottom" and grid)
    return axes


def single(style: Style, x: Side, y: Side, *, right: float = 14, grid: bool = True) -> Any:
    """A figure of one panel, its vertical label above at the left, the other below at the right.

    Args:
        style: sizes and colours.
        x: horizontal axis.
        y: vertical axis.
        right: free pixels at the right.
        grid: whether lines run through the ticks.
    """
    figure = canvas(style)
    w, h, line = style.width * 100, style.height * 100, line_of(style)
    top = line * 2.3
    left = left_room(y, style, h - top - line * 3.6)
    width = w - left - right
    bottom = bottom_room(x, style, width)
    axes = panel(figure, style, Box(left, bottom, width, h - top - bottom), x, y, grid=grid)
    figure.text(0.004, 1 - line * 0.4 / h, y.label, ha="left", va="top")
    figure.text(1 - right / w, line * 0.5 / h, x.label, ha="right", va="bottom")
    return figure, axes


# ---- small multiples -----------------------------------------------------------------------------


ROW = 2.15
"""Inches of one row of panels."""

GAP = 20.0
"""Pixels between panels."""

WIDEST = 0.42
"""Share of a panel's room that texts at its left take at most."""


def height_for(count: int) -> float:
    """Inches of a figure with so many panels; a single row is taller."""
    rows = -(-count // columns_for(count))
    return 0.5 + ROW * rows + (0.6 if rows == 1 else 0.0)


def columns_for(count: int) -> int:
    """Panels side by side: two keep their texts on a phone."""
    return 1 if count == 1 else 2 if count in (2, 4) else 3


def panels(
    style: Style,
    sides: Sequence[tuple[Side, Side]],
    label: str,
    titles: Sequence[tuple[str, str]],
    *,
    shared: bool,
    x_labels: bool,
) -> tuple[Any, list[Any]]:
    """A figure with panels row by row, and their axes in order.

    Args:
        style: sizes and colours.
        sides: horizontal and vertical axis of each panel.
        label: above all panels, what stands upwards; empty where each says its own.
        titles: above each panel, and below that what is said of it; either may be empty.
        shared: one vertical axis for all, written at the left ones.
        x_labels: whether the horizontal axis is named below each.
    """
    figure = canvas(style)
    w, h, line = style.width * 100, style.height * 100, line_of(style)
    columns = columns_for(len(sides))
    rows = -(-len(sides) // columns)
    head = line * (1.9 if label else 0.4)
    height = (h - head) / rows
    above = line * (0.4 + 1.15 * max(sum(map(bool, title)) for title in titles))
    cell = (w - 10 - GAP * (columns - 1)) / columns
    left = max(left_room(up, style, height - above - line * 3) for _, up in sides)
    left = min(left, WIDEST * (w if shared else cell))
    width = (w - 10 - left - GAP * (columns - 1)) / columns if shared else cell - left
    step = width + GAP + (0 if shared else left)
    figure.text(0.004, 1 - line * 0.3 / h, label, ha="left", va="top")
    found = []
    for place, (across, upwards) in enumerate(sides):
        row, column = divmod(place, columns)
        # panels of one row end at one line
        beside = sides[row * columns : (row + 1) * columns]
        below = max(bottom_room(side, style, width) for side, _ in beside)
        below -= line * (0.4 if x_labels else 1.6)
        base = h - head - (row + 1) * height
        box = Box(left + column * step, base + below, width, max(30.0, height - above - below))
        y_texts = not shared or column == 0
        up = upwards
        if left_room(up, style, box.height) > left:
            words = tuple(charting.fit(word, _letters(left - 12, style)) for word in up.words)
            up = replace(up, words=words)
        found.append(panel(figure, style, box, across, up, y_texts=y_texts))
        _write_title(figure, titles[place], box, style)
        if x_labels:
            name = charting.fit(across.label, _letters(width, style))
            x = (box.left + width) / w
            figure.text(x, (base + line * 0.3) / h, name, ha="right", va="bottom")
    return figure, found


def _letters(width: float, style: Style) -> int:
    """Letters of a text that a panel has room for."""
    return max(6, int(width / (0.62 * line_of(style) * PHONE)))


def _write_title(figure: Any, title: tuple[str, str], box: Box, style: Style) -> None:
    w, h, line = style.width * 100, style.height * 100, line_of(style)
    name, said = title
    top = box.bottom + box.height + line * 0.3
    x = box.left / w
    if said:
        figure.text(x, top / h, said, ha="left", va="bottom", color=style.color("ink-muted"))
    name = charting.fit(name, _letters(box.width, style))
    y = (top + (line * 1.15 if said else 0)) / h
    figure.text(x, y, name, ha="left", va="bottom", fontweight="bold")
