"""Which points no other one beats on every criterion at once, and how sure that is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from runreport.stats.draws import blocks, middle, times_drawn
from runreport.stats.result import Interval

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

FEWEST = 3
"""Replicates whose mean can be drawn again: two give their own range."""

ROOM = 4_000_000
"""Comparisons of two points held at a time."""


def dominates(costs: Floats) -> Bools:
    """Which point is at least as good as which other everywhere, and better somewhere.

    Args:
        costs: shape (n, m), finite; lower is better in every column.

    Returns:
        Shape (n, n): whether the row's point dominates the column's.
    """
    n = costs.shape[0]
    never_worse = np.ones((n, n), dtype=np.bool_)
    somewhere_better = np.zeros((n, n), dtype=np.bool_)
    for column in costs.T:
        never_worse &= column[:, None] <= column[None, :]
        somewhere_better |= column[:, None] < column[None, :]
    return np.asarray(never_worse & somewhere_better)


def front(costs: Floats) -> Bools:
    """The points that none dominates; points equal in every column stand or fall together.

    Args:
        costs: shape (n, m), finite; lower is better in every column.

    Returns:
        Shape (n,).
    """
    return np.asarray(fronts(costs[None])[0])


def fronts(costs: Floats) -> Bools:
    """The front of many sets of points.

    Args:
        costs: shape (sets, n, m), finite; lower is better in every column.

    Returns:
        Shape (sets, n).

    Source: Kung, Luccio and Preparata (1975), Journal of the ACM 22, for two columns.
    """
    sets, n, m = costs.shape
    if n == 0:
        return np.zeros((sets, 0), dtype=np.bool_)
    if m == 2:
        return _two_columns(costs)
    found = np.zeros((sets, n), dtype=np.bool_)
    start = 0
    for count in blocks(sets, n * n, ROOM):
        part = costs[start : start + count]
        never_worse = np.ones((count, n, n), dtype=np.bool_)
        better = np.zeros((count, n, n), dtype=np.bool_)
        for place in range(m):
            column = part[..., place]
            never_worse &= column[:, :, None] <= column[:, None, :]
            better |= column[:, :, None] < column[:, None, :]
        found[start : start + count] = ~(never_worse & better).any(axis=1)
        start += count
    return found


def _two_columns(costs: Floats) -> Bools:
    """By one sweep along the first column, ties settled by the second."""
    order = np.lexsort((costs[..., 1], costs[..., 0]), axis=-1)
    first = np.take_along_axis(costs[..., 0], order, axis=-1)
    second = np.take_along_axis(costs[..., 1], order, axis=-1)
    lowest = np.minimum.accumulate(second, axis=-1)
    best = np.ones(order.shape, dtype=np.bool_)
    best[:, 1:] = second[:, 1:] < lowest[:, :-1]
    # a point equal to the one before shares its fate
    new = np.ones(order.shape, dtype=np.bool_)
    new[:, 1:] = (first[:, 1:] != first[:, :-1]) | (second[:, 1:] != second[:, :-1])
    leader = np.maximum.accumulate(np.where(new, np.arange(order.shape[1]), 0), axis=-1)
    found = np.zeros(order.shape, dtype=np.bool_)
    np.put_along_axis(found, order, np.take_along_axis(best, leader, axis=-1), axis=-1)
    return found


# ---- drawn again ---------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Redrawn:
    """Means of every point, drawn again from its replicates."""

    means: Floats
    """Shape (resamples, points, columns)."""
    varies: Bools
    """Shape (points,): whether its replicates were enough to be drawn again."""

    def shares(self, signs: Floats) -> Floats:
        """In which share of the resamples each point is on the front, shape (points,).

        Args:
            signs: shape (columns,): 1 where lower is better, -1 where higher is.
        """
        return np.asarray(fronts(self.means * signs).mean(axis=0))

    def change(self, start: int, end: int, column: int, level: float) -> Interval | None:
        """The interval of one point's mean minus another's; None where neither varies."""
        if not (self.varies[start] or self.varies[end]):
            return None
        return middle(self._moved(start, end, column), level, "percentile bootstrap")

    def price(self, start: int, end: int, columns: tuple[int, int], level: float) -> Interval:
        """The interval of what one more unit of one column costs in the other.

        It means something only where the interval of what is gained keeps clear of zero.

        Args:
            start: the cheaper point.
            end: the better one.
            columns: what is gained, and what it costs.
            level: confidence level.
        """
        gained, paid = (self._moved(start, end, column) for column in columns)
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = paid / gained
        return middle(ratio[np.isfinite(ratio)], level, "percentile bootstrap")

    def _moved(self, start: int, end: int, column: int) -> Floats:
        return np.asarray(self.means[:, end, column] - self.means[:, start, column])


def redraw(
    points: Sequence[Floats], *, rng: np.random.Generator, resamples: int, joint: bool = False
) -> Redrawn:
    """Means of every point, its replicates drawn again; all columns of a replicate together.

    Means of few values vary too little when drawn again; deviations are widened by
    sqrt(n / (n - 1)), so that their variance is the mean's own.

    Args:
        points: one array per point, shape (replicates, columns), finite.
        rng: generator; the same seed gives the same means.
        resamples: how many are drawn.
        joint: replicate i of every point is the same seed, so that the same ones are drawn for
            all; every point then has equally many.

    Source: Davison and Hinkley (1997), Bootstrap Methods and their Application, section 2.2.
    """
    columns = points[0].shape[1] if points else 0
    means = np.empty((resamples, len(points), columns))
    varies = np.array([point.shape[0] >= FEWEST for point in points], dtype=np.bool_)
    shared = None
    for place, point in enumerate(points):
        n, own = point.shape[0], point.mean(axis=0)
        if not varies[place]:
            means[:, place] = own
            continue
        if shared is None or not joint:
            shared = times_drawn(rng.integers(0, n, size=(resamples, n)), n) / n
        means[:, place] = own + (shared @ (point - own)) * np.sqrt(n / (n - 1))
    return Redrawn(means, varies)
