"""The space that configurations lie in: each param as an axis of numbers or of words.

An axis of numbers runs from 0 to 1 between the smallest and the largest value seen, on a log scale
where the values ask for one; an axis of words has a place for each level.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Level = float | str
"""One value of a param."""

LOG_SPREAD = 100.0
"""Positive values that spread by this factor or more, and more evenly in their logarithm, lie on a
log axis."""

EVEN = 0.02
"""Levels whose ratios differ by less than this share are steps of a log axis."""

FEW = 10
"""So many different values, each seen twice on average, are levels of a grid and no range."""


@dataclass(frozen=True, eq=False)
class Axis:
    """One param over n configurations."""

    name: str
    kind: Literal["number", "log", "words"]
    places: Floats
    """Shape (n,): 0 to 1 for numbers, the number of the level for words; NaN where not set."""
    levels: tuple[Level, ...]
    """Different values in ascending order."""

    @property
    def is_set(self) -> NDArray[np.bool_]:
        """Which configurations have a value."""
        return np.asarray(np.isfinite(self.places))

    @property
    def is_grid(self) -> bool:
        """Whether the values are few levels that come back, and not draws from a range."""
        found = int(self.is_set.sum())
        return self.kind == "words" or (len(self.levels) <= FEW and 2 * len(self.levels) <= found)

    @property
    def of_level(self) -> NDArray[np.intp]:
        """The number of each configuration's level; -1 where not set."""
        if self.kind == "words":
            return np.where(self.is_set, self.places, -1).astype(np.intp)
        found = np.full(self.places.size, -1, dtype=np.intp)
        fine = self.is_set
        found[fine] = np.unique(self.places[fine], return_inverse=True)[1].ravel()
        return found

    def take(self, chosen: slice | NDArray[np.intp]) -> Axis:
        """The same axis of some of the configurations."""
        return replace(self, places=self.places[chosen])

    def value_at(self, place: float) -> float:
        """The number at a place of an axis of numbers."""
        low, high = (float(level) for level in (self.levels[0], self.levels[-1]))
        if self.kind == "log":
            return float(math.exp(math.log(low) + place * (math.log(high) - math.log(low))))
        return low + place * (high - low)


def axis(name: str, values: Sequence[Level | None]) -> Axis:
    """The axis of one param.

    Args:
        name: of the param.
        values: one per configuration; None where it is not set. Numbers and words mixed are words.

    Raises:
        ValueError: no configuration has a value, or a number is not finite.
    """
    present = [value for value in values if value is not None]
    if not present:
        raise ValueError(f"expected a value of {name}, got none")
    if any(isinstance(value, str) for value in present):
        words = sorted({_word(value) for value in present}, key=_natural)
        at = {word: float(place) for place, word in enumerate(words)}
        places = np.array([math.nan if v is None else at[_word(v)] for v in values])
        return Axis(name, "words", places, tuple(words))
    numbers = np.array([math.nan if v is None else float(v) for v in values])
    levels = np.unique(numbers[~np.isnan(numbers)])
    if not np.isfinite(levels).all():
        raise ValueError(f"expected finite values of {name}")
    log = _is_log(levels)
    scaled = np.log(numbers) if log else numbers
    low, high = (float(end) for end in (np.nanmin(scaled), np.nanmax(scaled)))
    places = (scaled - low) / (high - low) if high > low else scaled - low
    # the ends exactly, whatever rounding does
    places = np.where(np.isnan(numbers), np.nan, np.clip(places, 0.0, 1.0))
    return Axis(name, "log" if log else "number", places, tuple(levels.tolist()))


def _is_log(levels: Floats) -> bool:
    if levels.size < 2 or not levels[0] > 0:
        return False
    ratios = levels[1:] / levels[:-1]
    if levels.size > 2 and float(ratios.max() / ratios.min()) < 1 + EVEN:
        return True
    if levels[-1] / levels[0] < LOG_SPREAD * (1 - 1e-9):
        return False
    # draws from 0 to 1 reach far down too, but lie in the middle of a linear axis
    middle = float(np.median(levels))
    plain = (middle - levels[0]) / (levels[-1] - levels[0])
    log = math.log(middle / levels[0]) / math.log(levels[-1] / levels[0])
    return bool(abs(log - 0.5) < abs(plain - 0.5))


def _word(value: Level) -> str:
    return value if isinstance(value, str) else f"{value:.12g}"


def _natural(word: str) -> tuple[int, float, str]:
    """Numbers by size, before words."""
    try:
        number = float(word)
    except ValueError:
        return (1, 0.0, word)
    return (0, number, word) if math.isfinite(number) else (1, 0.0, word)


def decider(axes: Sequence[Axis], place: int) -> int | None:
    """Which other axis decides where this one is set: a conditional param's condition.

    Args:
        axes: of one space.
        place: of the axis that some configurations lack.

    Returns:
        The place of the first axis, set everywhere, each of whose levels has the param always or
        never; None where there is none, or where the param is set everywhere.
    """
    is_set = axes[place].is_set
    if is_set.all():
        return None
    for other, candidate in enumerate(axes):
        if other == place or not candidate.is_set.all() or not candidate.is_grid:
            continue
        levels = candidate.of_level
        shares = [is_set[levels == level] for level in range(len(candidate.levels))]
        if all(part.all() or not part.any() for part in shares):
            return other
    return None


def together(axes: Sequence[Axis]) -> tuple[tuple[int, ...], ...]:
    """Axes that always move together, the first of each first: levels of one go with levels of the
    other, one to one, or draws from a range stand in the same or in the opposite order.

    What one of them does cannot be told from what the others do.

    Returns:
        Every axis is in exactly one tuple.
    """
    found: dict[tuple[bool, bytes], list[int]] = {}
    for place, item in enumerate(axes):
        levels = item.of_level
        _, first, inverse = np.unique(levels, return_index=True, return_inverse=True)
        if 2 * len(item.levels) > levels.size:
            # draws that do not come back: any two such params have as many classes
            key = min(inverse.tobytes(), (inverse.max() - inverse).tobytes())
        else:
            # classes numbered by their first configuration: names of levels play no part
            key = np.argsort(np.argsort(first))[inverse.ravel()].astype(np.int64).tobytes()
        found.setdefault((item.is_grid, key), []).append(place)
    return tuple(tuple(places) for places in found.values())
