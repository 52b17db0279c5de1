"""How the numbers of one column are written, so that they can be compared at a glance."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from runreport import formats

MOST = 5
"""Significant digits of the largest value."""

UNEVEN = 1e4
"""Magnitudes that lie further apart share no decimals."""


@dataclass(frozen=True, slots=True)
class Digits:
    """The decimals of a column."""

    decimals: int | None
    """None: each number has its own significant digits."""

    @staticmethod
    def of(values: Iterable[float | None], least: int = 3) -> Digits:
        """Decimals that show what tells the values apart, and no noise below it.

        Args:
            values: of the column; what is not finite does not count.
            least: significant digits of the largest value.
        """
        fine = [value for value in values if value is not None and math.isfinite(value)]
        sizes = [abs(value) for value in fine if value]
        if not sizes or all(value == int(value) for value in fine):
            return Digits(0 if sizes and max(sizes) < 1e9 else None)
        largest, smallest = max(sizes), min(sizes)
        if largest >= 1e9 or largest < 1e-3 or largest / smallest > UNEVEN:
            return Digits(None)
        wide, middle = _deviation(fine), _middle(fine)
        # one diverged run does not coarsen the rest
        near = 1.5 * _middle([abs(value - middle) for value in fine])
        spread = min(wide, near) or wide
        wanted = [_decimals(largest, least), _decimals(smallest, least - 1)]
        wanted += [formats.decimals_for(spread)] if spread > 0 else []
        return Digits(min(max(wanted), _decimals(largest, max(MOST, least))))

    def text(self, value: float | None) -> str:
        """One of the values; NaN, infinity and what is missing have their own words."""
        if self.decimals is None:
            return formats.number(value)
        return formats.fixed(value, self.decimals)

    def signed(self, value: float | None) -> str:
        """A difference of two of the values, with its sign."""
        if self.decimals is not None:
            return formats.signed(value, self.decimals)
        text = formats.number(value)
        return f"+{text}" if value is not None and value > 0 and math.isfinite(value) else text


def _decimals(size: float, significant: int) -> int:
    """Decimals that show so many significant digits of a size."""
    return max(0, significant - 1 - math.floor(math.log10(size)))


def _middle(values: Sequence[float]) -> float:
    """The median; `statistics` takes ten times as long, and run pages ask often."""
    ordered, half = sorted(values), len(values) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2


def _deviation(values: Sequence[float]) -> float:
    mean = math.fsum(values) / len(values)
    return math.sqrt(math.fsum((value - mean) ** 2 for value in values) / len(values))
