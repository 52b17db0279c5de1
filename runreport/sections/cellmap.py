"""A map of rows by columns: a coloured cell per pair, its number inside where it fits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from runreport.drawing import Drawing, Mark, Marks, Style
from runreport.sections import charting

NAME_LENGTH = 26
"""Characters of a row's name; the table says the whole."""
COLUMN_LENGTH = 16
"""The same of a column's."""

WIDTH, FONT = 7.2, 9.0
"""Inches and points that the choice between numbers and shades alone goes by."""

TINT, SOLID = 0.5, 0.85
"""The strongest colour below a number, which must stay readable, and without one."""

STEPS = 9
"""Of the ramp."""


@dataclass(frozen=True, slots=True)
class Tile:
    """One cell."""

    row: int
    column: int
    token: str
    strength: float
    """Opacity of its colour, between 0 and 1."""
    text: str
    ink: str
    """Token of the text."""
    run_ids: tuple[str, ...]
    tip: str


@dataclass(frozen=True, slots=True)
class Picture:
    """What is drawn."""

    rows: Sequence[str]
    columns: Sequence[str]
    tiles: tuple[Tile, ...]
    bold: tuple[bool, ...]
    """Rows whose name stands out."""
    label: str
    """Of the columns."""


def shade(share: float, *, numbers: bool) -> tuple[str, float]:
    """Token and opacity for a place between the lowest and the highest value."""
    if numbers:
        return "accent", 0.04 + share * (TINT - 0.04)
    return f"ramp-{round(share * (STEPS - 1))}", 1.0


def ink_on(token: str) -> str:
    """The colour of text on a token: the upper half of the ramp is far from the surface."""
    return "surface" if token.startswith("ramp-") and int(token[5:]) > 3 else "ink"


def numbers_fit(
    rows: Sequence[str], columns: Sequence[str], texts: Sequence[Sequence[str]]
) -> bool:
    """Whether every number has room in its cell."""
    style = Style(WIDTH, 1.0, FONT, {})
    widest = max((charting.text_width(text, style) for own in texts for text in own), default=0.0)
    return bool(columns) and _cell_width(rows, len(columns), style) >= widest * 1.1 + 4


def height(rows: Sequence[str], columns: Sequence[str], *, numbers: bool) -> float:
    """Inches of a map."""
    style = Style(WIDTH, 1.0, FONT, {})
    each = 0.34 if numbers else max(0.2, min(0.34, 6.0 / max(1, len(rows))))
    return each * len(rows) + _head(rows, columns, style) / 100 + 0.1


def _cell_width(rows: Sequence[str], count: int, style: Style) -> float:
    return (style.width * 100 - charting.names_width(rows, style) - 12) / max(1, count)


def _upright(rows: Sequence[str], columns: Sequence[str], style: Style) -> bool:
    """Whether names of columns stand side by side as they are."""
    widest = max(charting.text_width(_short(name), style) for name in columns)
    # a phone enlarges the text
    return widest * 1.2 + 6 <= _cell_width(rows, len(columns), style)


def _head(rows: Sequence[str], columns: Sequence[str], style: Style) -> float:
    """Pixels above the cells: the label, and the names below it."""
    line = style.font_size * 100 / 72
    if _upright(rows, columns, style):
        return line * 3.6
    return line * 1.9 + 1.15 * max(charting.text_width(_short(name), style) for name in columns)


def _short(name: str) -> str:
    return charting.fit(name, COLUMN_LENGTH)


# ---- drawing -------------------------------------------------------------------------------------


def draw(data: Picture, style: Style) -> Drawing:
    """Cells, names at the left and above, numbers inside."""
    from matplotlib.collections import PolyCollection
    from matplotlib.colors import to_rgba
    from matplotlib.figure import Figure

    figure = Figure(figsize=(style.width, style.height))
    w, h = style.width * 100, style.height * 100
    left, right, bottom = charting.names_width(data.rows, style), 12.0, 8.0
    top = _head(data.rows, data.columns, style)
    axes = figure.add_axes((left / w, bottom / h, 1 - (left + right) / w, 1 - (top + bottom) / h))
    _name(axes, data, style)
    # neighbours are kept apart by a seam, as wide on paper both ways
    dx, dy = (
        0.9 * len(data.columns) / (w - left - right),
        0.9 * len(data.rows) / (h - top - bottom),
    )
    axes.add_collection(
        PolyCollection(
            [
                [(t.column - 0.5 + dx, t.row - 0.5 + dy), (t.column + 0.5 - dx, t.row - 0.5 + dy),
                 (t.column + 0.5 - dx, t.row + 0.5 - dy), (t.column - 0.5 + dx, t.row + 0.5 - dy)]
                for t in data.tiles
            ],
            facecolors=[to_rgba(style.color(t.token), max(0.012, t.strength)) for t in data.tiles],
            linewidths=0,
            gid="m0",
            zorder=2,
        ),
        autolim=False,
    )  # fmt: skip
    for tile in data.tiles:
        if tile.text:
            axes.text(
                tile.column, tile.row, tile.text, ha="center", va="center_baseline",
                color=style.color(tile.ink), fontsize=style.font_size * 0.95, zorder=3,
            )  # fmt: skip
    figure.text(left / w, 1 - style.font_size * 0.4 / h, data.label, ha="left", va="top",
                color=style.color("ink-muted"))  # fmt: skip
    return Drawing(figure, (Marks("m0", tuple(Mark(t.run_ids, t.tip) for t in data.tiles)),))


def _name(axes: Any, data: Picture, style: Style) -> None:
    axes.set_xlim(-0.5, len(data.columns) - 0.5)
    axes.set_ylim(len(data.rows) - 0.5, -0.5)
    names = [_short(name) for name in data.columns]
    axes.xaxis.tick_top()
    axes.set_xticks(range(len(names)), names)
    if not _upright(data.rows, data.columns, style):
        for text in axes.get_xticklabels():
            text.set(rotation=90, rotation_mode="anchor", ha="left", va="center")
    axes.set_yticks(range(len(data.rows)), list(data.rows))
    for text, bold in zip(axes.get_yticklabels(), data.bold, strict=True):
        if bold:
            text.set_fontweight("bold")
    axes.tick_params(length=0, pad=5)
    for side in ("left", "bottom", "top", "right"):
        axes.spines[side].set_visible(False)
