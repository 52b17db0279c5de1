"""Cells on the page: the heat map with its numbers, and the table behind it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from runreport import formats
from runreport.blocks import Block, Cell, Column, Figure, Note, Row, Table, Text
from runreport.drawing import Drawing, Mark, Marks, Style
from runreport.sections import charting, frames
from runreport.sections.digits import Digits
from runreport.sections.frames import Side
from runreport.sections.shading import direction, text_token
from runreport.sections.tiles import (
    Tile,
    Tiling,
    count_words,
    interval_words,
    is_unfinished,
)

ROWS = 200
"""The table below names so many cells."""


@dataclass(frozen=True, slots=True)
class Square:
    """One cell as drawn."""

    column: int
    row: int
    token: str
    """Empty: no run of the cell has a value."""
    text: str
    count: str
    run_ids: tuple[str, ...]
    tip: str
    is_best: bool


@dataclass(frozen=True, eq=False)
class Mosaic:
    """What is drawn."""

    x: Side
    y: Side
    squares: tuple[Square, ...]


def blocks_of(data: Tiling, remarks: tuple[str, ...]) -> tuple[Block, ...]:
    """The heat map with its table, or a note that says why there is none.

    Args:
        data: the cells.
        remarks: said below the chart, after what it shows itself.
    """
    name = charting.fit(data.metric.name, 50)
    if data.shades is None:
        missing = charting.dropped_words(data.dropped)
        why = " ".join([*remarks, missing or f"No finished run has {name} and both params."])
        return (Note("info", f"No heat map of {name}", (Text((why,)),)),)
    rows = len(data.y.texts)
    return (
        Figure(
            draw=draw,
            data=_mosaic(data),
            title=f"{name} by {data.x.name} and {data.y.name}",
            description=_description(data, name),
            table=_table(data, name),
            legend=data.legend(),
            height=min(6.4, max(2.8, 1.3 + 0.5 * rows)),
            note=(" ".join([*_sentences(data), *remarks]),),
        ),
    )


def _mosaic(data: Tiling) -> Mosaic:
    digits, best = Digits.of([tile.mean for tile in data.filled]), data.best
    squares = []
    for tile in data.tiles:
        has_value = math.isfinite(tile.mean)
        shades = data.shades
        squares.append(
            Square(
                column=tile.column,
                row=tile.row,
                token=shades.token(tile.mean) if has_value and shades is not None else "",
                text=digits.text(tile.mean) if has_value else f"{len(tile.others)} \u00d7",
                count=f"n = {len(tile.runs)}" if has_value else "",
                run_ids=tuple(run.id for run in (*tile.runs, *tile.others)),
                tip=_tip(data, tile, digits),
                is_best=tile is best,
            )
        )
    return Mosaic(data.x.side, data.y.side, tuple(squares))


def _tip(data: Tiling, tile: Tile, digits: Digits) -> str:
    place = f"{data.x.name}: {data.x.texts[tile.column]}\n{data.y.name}: {data.y.texts[tile.row]}"
    if not tile.runs:
        return f"{place}\n{formats.count(len(tile.others), 'run')}, none with a value"
    mean = formats.with_unit(digits.text(tile.mean), data.metric.unit)
    return (
        f"{place}\nmean {charting.fit(data.metric.name, 40)}: {mean}\n{count_words(tile)}\n"
        f"{interval_words(tile, data.metric, data.level)}"
    )


def _sentences(data: Tiling) -> list[str]:
    """What the cells are, how many hold runs, and what that is worth."""
    filled = data.filled
    cells = len(data.x.texts) * len(data.y.texts)
    counts = sorted(len(tile.runs) for tile in filled)
    said = [
        f"Each cell is the mean over its finished runs. {direction(data.metric)}",
        f"{len(filled)} of {formats.count(cells, 'cell')} hold runs with a value, "
        + (f"{counts[0]} each." if counts[0] == counts[-1] else f"{counts[0]} to {counts[-1]}."),
    ]
    if any(tile.configurations > 1 for tile in filled):
        said.append("Runs of one cell differ in other params too.")
    if (best := data.best) is not None:
        digits = Digits.of([tile.mean for tile in filled])
        said.append(
            f"Outlined: the best mean, {digits.text(best.mean)} ({count_words(best)}; "
            f"{interval_words(best, data.metric, data.level)}); "
            f"the best of {len(filled)} cells is partly luck."
        )
    if any(not tile.runs for tile in data.tiles):
        said.append("\u00d7 counts runs of cells where none has a value.")
    failed = sum(is_unfinished(tile) for tile in data.tiles)
    valueless = sum(len(tile.others) for tile in data.tiles) - failed
    parts = [f"{formats.count(failed, 'run')} that did not finish"] if failed else []
    parts += [f"{formats.count(valueless, 'finished run')} without a value"] if valueless else []
    if parts:
        said.append(f"In no mean: {' and '.join(parts)}.")
    if missing := charting.dropped_words(data.dropped):
        said.append(missing)
    return said


def _description(data: Tiling, name: str) -> str:
    filled = data.filled
    low = min(filled, key=lambda tile: tile.mean)
    high = max(filled, key=lambda tile: tile.mean)
    digits = Digits.of([tile.mean for tile in filled])

    def place(tile: Tile) -> str:
        return (
            f"{digits.text(tile.mean)} at {data.x.texts[tile.column]} and {data.y.texts[tile.row]}"
        )

    return (
        f"Heat map of mean {name} by {data.x.name} ({len(data.x.texts)}) and {data.y.name} "
        f"({len(data.y.texts)}). Lowest {place(low)}, highest {place(high)}."
    )


def _table(data: Tiling, name: str) -> Table:
    unit = data.metric.unit or None
    columns = (
        Column(data.x.name),
        Column(data.y.name),
        Column(f"mean {name}", "number", unit=unit, goal=data.metric.goal),
        Column("runs", "number"),
        Column("configurations", "number", hint="Runs that differ in other params"),
        Column("interval from", "number", unit=unit),
        Column("to", "number", unit=unit),
        Column("lowest", "number", unit=unit),
        Column("highest", "number", unit=unit),
        Column("without a value", "number"),
    )
    digits, best = Digits.of([value for t in data.filled for value in t.values]), data.best

    def number(value: float | None) -> Cell:
        return charting.cell(value, None if value is None else digits.text(value))

    rows = []
    for tile in data.tiles[:ROWS]:
        ends = tile.interval or (None, None)
        span = (float(tile.values.min()), float(tile.values.max())) if tile.runs else (None, None)
        mean = number(tile.mean if tile.runs else None)
        if tile is best:
            mean = Cell(mean.words, mean.value, frozenset({"best"}))
        rows.append(
            Row(
                (
                    Cell((data.x.texts[tile.column],), float(tile.column)),
                    Cell((data.y.texts[tile.row],), float(tile.row)),
                    mean,
                    charting.cell(float(len(tile.runs))),
                    charting.cell(float(tile.configurations)),
                    *(number(end) for end in (*ends, *span)),
                    charting.cell(float(len(tile.others))),
                )
            )
        )
    note = (
        f"Intervals are {charting.level_words(data.level)}s of the mean: over configurations "
        "where a cell holds several, over the runs of one otherwise."
    )
    if cut := len(data.tiles) - len(rows):
        note += f" {formats.count(cut, 'further cell')} not listed."
    return Table(columns, tuple(rows), f"{name} in each cell", note=(note,))


# ---- drawing -------------------------------------------------------------------------------------


def draw(data: Mosaic, style: Style) -> Drawing:
    """Squares, then their numbers where they fit."""
    from matplotlib.collections import PolyCollection

    figure, axes = frames.single(style, data.x, data.y, grid=False)
    size = axes.get_window_extent()
    w = size.width / max(1.0, data.x.scale.high - data.x.scale.low)
    h = size.height / max(1.0, data.y.scale.high - data.y.scale.low)
    # a gap of two pixels
    a, b = 0.5 - 1 / w, 0.5 - 1 / h
    corners = ((-a, -b), (a, -b), (a, b), (-a, b))
    colors = [style.color(square.token or "surface") for square in data.squares]
    edges = [style.color("grid" if not s.token else s.token) for s in data.squares]
    axes.add_collection(
        PolyCollection(
            [[(s.column + x, s.row + y) for x, y in corners] for s in data.squares],
            facecolors=colors,
            edgecolors=edges,
            linewidths=[0.8 if not square.token else 0 for square in data.squares],
            gid="m0",
            zorder=2,
        ),
        autolim=False,
    )
    for square in data.squares:
        if square.is_best:
            axes.add_collection(
                PolyCollection(
                    [[(square.column + x, square.row + y) for x, y in corners]],
                    facecolors="none",
                    edgecolors=style.color("ink"),
                    linewidths=2.2,
                    clip_on=False,
                    zorder=4,
                ),
                autolim=False,
            )
    _write(axes, data, style, (w, h))
    marks = tuple(Mark(square.run_ids, square.tip) for square in data.squares)
    return Drawing(figure, (Marks("m0", marks),))


def _write(axes: Any, data: Mosaic, style: Style, size: tuple[float, float]) -> None:
    """Mean and count inside of each square, as far as there is room."""
    w, h = size
    line = frames.line_of(style) * frames.PHONE
    longest = max(charting.text_width(square.text, style) for square in data.squares)
    if longest * frames.PHONE > w - 6 or line > h - 4:
        return
    counts = max((charting.text_width(s.count, style) for s in data.squares), default=0.0)
    both = 2 * line < h - 4 and counts * frames.PHONE < w - 6
    for square in data.squares:
        token = text_token(square.token) if square.token else "ink-muted"
        lift = line / 2 / h if both and square.count else 0.0
        axes.text(
            square.column, square.row + lift, square.text, color=style.color(token),
            ha="center", va="center", fontweight="bold" if square.token else "normal", zorder=5,
        )  # fmt: skip
        if both and square.count:
            axes.text(
                square.column, square.row - lift, square.count, color=style.color(token),
                ha="center", va="center", zorder=5,
            )  # fmt: skip
