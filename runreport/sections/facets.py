"""Params of configurations as axes of small panels: where each stands, what is written there."""

from __future__ import annotations

import numpy as np

from runreport.sections import charting
from runreport.sections.charting import Floats, Scale
from runreport.sections.frames import FEW, LONGEST, Side
from runreport.stats.space import Axis, Level

LETTERS = 10
"""Characters of a word below an axis of many."""

NOT_SET = "not set"

ROOM = 0.06
"""Free ends of a range, as a share of it."""

JITTER = 0.62
"""How far configurations of one level are spread, in places."""

STEPS = (0.7548776662466927, 0.5698402909980532)
"""Shares by which points fill a plane evenly: Roberts (2018), from the plastic number."""


def side(axis: Axis, most: int = 3) -> Side:
    """A param along an axis: places 0 to 1 of a range, or one place per level of a grid."""
    name = charting.fit(axis.name, 26)
    name += " (log)" if axis.kind == "log" and not axis.is_grid else ""
    lacks = not axis.is_set.all()
    absent = ((where_not_set(axis), NOT_SET),) if lacks else ()
    if axis.is_grid:
        scale = Scale(-1.6 if lacks else -0.6, len(axis.levels) - 0.4)
        if axis.kind == "words" and len(axis.levels) <= FEW:
            words = tuple(charting.fit(str(level), LONGEST) for level in axis.levels)
            return Side(scale, name, (NOT_SET, *words) if lacks else words, first=-int(lacks))
        step = max(1, -(-len(axis.levels) // (most + 1)))
        marks = tuple(
            (float(place), _short(level)) for place, level in list(enumerate(axis.levels))[::step]
        )
        return Side(scale, name, marks=(*absent, *marks))
    low, high = (float(level) for level in (axis.levels[0], axis.levels[-1]))
    if not high > low:
        return Side(Scale(-1.0, 1.0), name, marks=((0.0, charting.short(low)), *absent))
    # powers are long words, and a phone enlarges the text
    log = axis.kind == "log"
    values, texts = charting.ticks(Scale(low, high, log), 2 if log else most)
    scaled = np.log(values) if log else np.array(values)
    ends = np.log((low, high)) if log else (low, high)
    places = (scaled - ends[0]) / (ends[1] - ends[0])
    shown = tuple(
        (place, text)
        for place, text in zip(places.tolist(), texts, strict=True)
        if -0.01 <= place <= 1.01
    )
    return Side(Scale(-0.32 if lacks else -ROOM, 1 + ROOM), name, marks=(*absent, *shown))


def _short(level: Level) -> str:
    return charting.fit(level, LETTERS) if isinstance(level, str) else charting.short(level)


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
