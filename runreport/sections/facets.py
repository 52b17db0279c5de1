"""Several small panels in one figure: one per param, or one per pair of params."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from runreport.drawing import Style
from runreport.sections import charting
from runreport.sections.charting import Floats, Scale
from runreport.stats.space import Axis

ACROSS = 3
"""Panels in a row."""

PANEL = 1.95
"""Inches of a row."""

LETTERS = 10
"""Characters of a word below an axis."""

ROOM = 0.06
"""Free ends of a range, as a share of it."""

JITTER = 0.62
"""How far configurations of one level are spread, in places."""

STEPS = (0.7548776662466927, 0.5698402909980532)
"""Shares by which points fill a plane evenly: Roberts (2018), from the plastic number."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One axis of a panel: a param's places, and what is written along it."""

    name: str
    low: float
    high: float
    ticks: tuple[tuple[float, str], ...]


def rule(axis: Axis, most: int = 3) -> Rule:
    """The axis of a param: places 0 to 1 of a range, or one place per level of a grid."""
    name = charting.fit(axis.name, 26)
    name += " (log)" if axis.kind == "log" and not axis.is_grid else ""
    absent: tuple[tuple[float, str], ...] = ()
    if not axis.is_set.all():
        absent = ((where_not_set(axis), "not set"),)
    if axis.is_grid:
        last = len(axis.levels) - 1
        step = max(1, -(-len(axis.levels) // (most + 1)))
        ticks = tuple(
            (float(place), level if isinstance(level, str) else charting.short(float(level)))
            for place, level in list(enumerate(axis.levels))[::step]
        )
        ticks = tuple((place, charting.fit(text, LETTERS)) for place, text in ticks)
        return Rule(name, -1.6 if absent else -0.6, last + 0.6, (*absent, *ticks))
    low, high = (float(level) for level in (axis.levels[0], axis.levels[-1]))
    if not high > low:
        return Rule(name, -1.0, 1.0, ((0.0, charting.short(low)), *absent))
    # powers are long words, and a phone enlarges the text
    log = axis.kind == "log"
    values, texts = charting.ticks(Scale(low, high, log), 2 if log else most)
    scaled = np.log(values) if axis.kind == "log" else np.array(values)
    ends = np.log((low, high)) if axis.kind == "log" else (low, high)
    places = (scaled - ends[0]) / (ends[1] - ends[0])
    shown = tuple(
        (place, text)
        for place, text in zip(places.tolist(), texts, strict=True)
        if -0.01 <= place <= 1.01
    )
    return Rule(name, -0.32 if absent else -ROOM, 1 + ROOM, (*absent, *shown))


def where_not_set(axis: Axis) -> float:
    """The place of a configuration that lacks the param."""
    return -1.0 if axis.is_grid else -0.2


def places(axis: Axis) -> Floats:
    """Where every configuration stands along `rule`, shape (n,)."""
    found = axis.of_level.astype(np.float64) if axis.is_grid else axis.places
    return np.where(axis.is_set, found, where_not_set(axis))


def scatter(axis: Axis, step: float) -> Floats:
    """Offsets that keep configurations of one level apart: none along a range.

    Args:
        axis: of n configurations.
        step: an irrational share; of two axes different ones, so that no stripes appear.
    """
    count = axis.places.size
    if not axis.is_grid:
        return np.zeros(count)
    return np.asarray((np.arange(1, count + 1) * step % 1.0 - 0.5) * JITTER)


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
