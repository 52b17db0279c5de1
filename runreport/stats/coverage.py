"""How evenly a search has covered its space: discrepancy, gaps, holes, edges.

Places along a param lie between 0 and 1, on the scale that its values ask for.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

MOST = 300
"""Of so many random points the largest holes are drawn; of more they follow from these."""

RANDOM = 20
"""Sets of random points that a hole is compared with."""


def centred_discrepancy(points: Floats) -> float:
    """The squared centred L2 discrepancy: 0 would be even.

    Args:
        points: shape (n, d), between 0 and 1.

    Source: Hickernell (1998), Mathematics of Computation 67.
    """
    away = np.abs(points - 0.5)
    n, d = points.shape
    single = (1 + 0.5 * away - 0.5 * away**2).prod(axis=1).sum()
    pairs = np.ones((n, n))
    for column in range(d):
        x, a = points[:, column], away[:, column]
        pairs *= 1 + 0.5 * (a[:, None] + a) - 0.5 * np.abs(x[:, None] - x)
    return float((13 / 12) ** d - 2 / n * single + pairs.sum() / n**2)


def random_discrepancy(n: int, d: int) -> float:
    """The expected squared centred L2 discrepancy of n independent uniform points."""
    return float(((5 / 4) ** d - (13 / 12) ** d) / n)


@dataclass(frozen=True, slots=True)
class Gap:
    """The widest stretch of a range without a value."""

    low: float
    high: float

    @property
    def width(self) -> float:
        return self.high - self.low


def widest_gap(places: Floats) -> Gap:
    """Between neighbouring values, shape (n,), n >= 2; the ends are the smallest and largest."""
    ordered = np.unique(places)
    if ordered.size < 2:
        return Gap(0.0, 0.0)
    steps = np.diff(ordered)
    place = int(steps.argmax())
    return Gap(float(ordered[place]), float(ordered[place + 1]))


def gap_limit(n: int, level: float) -> float:
    """The gap that the widest of n random values, ends given, stays below with this probability.

    Source: Fisher (1929), Proceedings of the Royal Society A 125: the largest spacing.
    """
    inner = n - 1
    if inner < 1:
        return 1.0
    low, high = 1 / inner, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        if _widest_below(inner, middle) < level:
            low = middle
        else:
            high = middle
    return high


def _widest_below(spacings: int, width: float) -> float:
    """P(the widest of so many spacings of 0 to 1 is below a width)."""
    from scipy.special import gammaln

    most = min(spacings, int(1 / width))
    if spacings > 60:
        # the alternating sum cancels; the exponential form is exact enough
        return float(np.exp(-spacings * np.exp(-spacings * width)))
    k = np.arange(0, most + 1)
    ways = np.exp(gammaln(spacings + 1) - gammaln(k + 1) - gammaln(spacings - k + 1))
    terms = (-1.0) ** k * ways * np.maximum(0.0, 1 - k * width) ** (spacings - 1)
    return float(np.clip(terms.sum(), 0.0, 1.0))


@dataclass(frozen=True, slots=True)
class Hole:
    """The largest empty rectangle of a plane."""

    x: tuple[float, float]
    y: tuple[float, float]

    @property
    def area(self) -> float:
        return (self.x[1] - self.x[0]) * (self.y[1] - self.y[0])


def largest_hole(x: Floats, y: Floats) -> Hole:
    """The largest axis-parallel rectangle inside the unit square without a point.

    Args:
        x: places between 0 and 1, shape (n,).
        y: same shape.

    Source: Naamad, Lee and Hsu (1984), Discrete Applied Mathematics 8: every maximal rectangle is
        bounded by points or by the frame.
    """
    order = np.argsort(x, kind="stable")
    x, y = x[order], y[order]
    # from side to side; else a point bounds it at the left, or at the right
    ends = np.concatenate(([0.0], np.sort(y), [1.0]))
    place = int(np.diff(ends).argmax())
    best = Hole((0.0, 1.0), (float(ends[place]), float(ends[place + 1])))
    for place in range(x.size):
        right = _sweep(float(x[place]), x[place + 1 :], y[place + 1 :], float(y[place]))
        left = _sweep(1 - float(x[place]), 1 - x[:place][::-1], y[:place][::-1], float(y[place]))
        left = Hole((1 - left.x[1], 1 - left.x[0]), left.y)
        best = max(best, right, left, key=lambda hole: hole.area)
    return best


def _sweep(edge: float, x: Floats, y: Floats, height: float) -> Hole:
    """The largest rectangle right of an edge around a height, which later points cut."""
    tops = np.minimum.accumulate(np.concatenate(([1.0], np.where(y >= height, y, 1.0))))
    bottoms = np.maximum.accumulate(np.concatenate(([0.0], np.where(y < height, y, 0.0))))
    rights = np.append(x, 1.0)
    place = int(((rights - edge) * (tops - bottoms)).argmax())
    return Hole((edge, float(rights[place])), (float(bottoms[place]), float(tops[place])))


@lru_cache(maxsize=64)
def random_hole(n: int) -> float:
    """The median area of the largest hole that n random points leave, by a fixed draw."""
    if n > MOST:
        # it shrinks like log n / n
        return random_hole(MOST) * (math.log(n) / n) / (math.log(MOST) / MOST)
    rng = np.random.default_rng(n)
    areas = [largest_hole(*rng.random((2, n))).area for _ in range(RANDOM)]
    return float(np.median(areas))
