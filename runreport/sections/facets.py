"""Several small panels in one figure: one per param, or one per pair of params."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from runreport.drawing import Style
from runreport.sections import charting
from runreport.sections.charting import Scale
from runreport.stats.space import Axis

ACROSS = 3
"""Panels in a row."""

PANEL = 1.95
"""Inches of a row."""

LETTERS = 10
"""Characters of a word below an axis."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One axis of a panel: a param's places, and what is written along it."""

    name: str
    low: float
    high: float
    ticks: tuple[tuple[float, str], ...]


def rule(axis: Axis, most: int = 3) -> Rule:
    """The axis of a param: places 0 to 1 of a range, or one place per level."""
    name = charting.fit(axis.name, 26)
    name += " (log)" if axis.kind == "log" else ""
    room = 0.06
    absent: tuple[tuple[float, str], ...] = ((-0.2, "not set"),) if not axis.is_set.all() else ()
    if axis.kind == "words":
        shown = axis.levels[:: max(1, -(-len(axis.levels) // (most + 1)))]
        ticks = tuple(
            (float(axis.levels.index(word)), charting.fit(str(word), LETTERS)) for word in shown
        )
        last = len(axis.levels) - 1
        absent = tuple((-1.0, text) for _, text in absent)
        return Rule(name, -1.5 if absent else -0.5, last + 0.5, (*absent, *ticks))
    low, high = (float(level) for level in (axis.levels[0], axis.levels[-1]))
    if not high > low:
        return Rule(name, -1.0, 1.0, ((0.0, charting.short(low)), *absent))
    if len(axis.levels) <= most + 1:
        values = [float(level) for level in axis.levels]
        texts = [charting.short(value) for value in values]
    else:
        values, texts = charting.ticks(Scale(low, high, axis.kind == "log"), most)
    scaled = np.log(values) if axis.kind == "log" else np.array(values)
    ends = np.log((low, high)) if axis.kind == "log" else (low, high)
    places = (scaled - ends[0]) / (ends[1] - ends[0])
    ticks = tuple(
        (place, text)
        for place, text in zip(places.tolist(), texts, strict=True)
        if -0.01 <= place <= 1.01
    )
    return Rule(name, -0.3 if absent else -room, 1 + room, (*absent, *ticks))


def where_not_set(axis: Axis) -> float:
    """The place of a configuration that lacks the param."""
    return -1.0 if axis.kind == "words" else -0.2


def height(count: int) -> float:
    """Inches of so many panels."""
    return 0.25 + PANEL * -(-count // ACROSS)


def panels(
    style: Style,
    rules: Sequence[tuple[Rule, Scale | Rule]],
    label: str,
    left: Sequence[str] = (),
) -> tuple[Any, list[Any]]:
    """A figure with a panel per pair of axes, and their axes in order.

    Args:
        style: sizes and colours.
        rules: across and upwards, of each panel.
        label: above the first panel: what stands upwards, the same in all.
        left: instead, one text above each panel.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(style.width, style.height))
    line = style.font_size * 100 / 72
    w, h = style.width * 100, style.height * 100
    down = -(-len(rules) // ACROSS)
    texts = [text for _, up in rules for _, text in _ticks(up)]
    room = max([charting.text_width(text, style) for text in texts] + [18.0]) * 1.15 + 12
    room = min(room, 0.13 * w)
    cell_w, cell_h = (w - 8) / ACROSS, (h - line * 1.5) / down
    found = []
    for number, (across, up) in enumerate(rules):
        column, row = number % ACROSS, number // ACROSS
        x = column * cell_w + room
        y = h - line * 1.5 - (row + 1) * cell_h + line * 3.3
        top = line * (1.3 if left else 0.5)
        axes = figure.add_axes(
            (x / w, y / h, (cell_w - room - 12) / w, (cell_h - line * 3.3 - top) / h)
        )
        axes.set_xlim(across.low, across.high)
        axes.set_xticks([p for p, _ in across.ticks], [t for _, t in across.ticks])
        axes.set_ylim(*(up.ends if isinstance(up, Scale) else (up.low, up.high)))
        ticks = _ticks(up)
        axes.set_yticks([p for p, _ in ticks], [t for _, t in ticks])
        axes.tick_params(length=0, pad=3)
        axes.grid(True)
        axes.spines["left"].set_visible(False)
        axes.set_xlabel(across.name, labelpad=3)
        if left:
            axes.set_title(left[number], loc="left", pad=4, fontsize=style.font_size)
        found.append(axes)
    figure.text(0.004, 1 - line * 0.35 / h, label, ha="left", va="top")
    return figure, found


def _ticks(up: Scale | Rule) -> list[tuple[float, str]]:
    if isinstance(up, Rule):
        return list(up.ticks)
    values, texts = charting.ticks(up, 4)
    return [(float(up.place(v)), text) for v, text in zip(values, texts, strict=True)]
