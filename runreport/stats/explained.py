"""How much of a metric's ranks goes with a param: for words and numbers alike, in any shape."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import numpy as np
from numpy.typing import NDArray

from runreport.stats.paired import midranks

Floats = NDArray[np.float64]

FEWEST = 8
"""Values below which a share says nothing."""

PARTS = 5
"""A param of numbers is cut into so many parts of equal counts."""


def explained(levels: Sequence[Hashable], values: Floats) -> float | None:
    """The share of the variance of ranks that lies between levels, corrected for their number.

    It is 0 on average where the two have nothing to do with each other, and is cut there.

    Args:
        levels: one per value; equal ones belong together.
        values: shape (n,), finite, rounding settled.

    Returns:
        Between 0 and 1; None of fewer than eight values, of one level, of as many levels as
        values, and of values that are all equal.

    Source: Kruskal and Wallis (1952), JASA 47; Tomczak and Tomczak (2014), Trends in Sport
        Sciences 1, for the share.
    """
    n = values.size
    places = {level: place for place, level in enumerate(dict.fromkeys(levels))}
    k = len(places)
    if n < FEWEST or not 1 < k < n or np.ptp(values) == 0:
        return None
    ranks = midranks(values)
    ranks -= ranks.mean()
    member = np.array([places[level] for level in levels])
    sums, counts = np.bincount(member, ranks), np.bincount(member)
    between = float((sums**2 / counts).sum() / (ranks**2).sum())
    return max(0.0, 1 - (1 - between) * (n - 1) / (n - k))


def parts(values: Floats, most: int = PARTS) -> NDArray[np.intp]:
    """Numbers as levels: themselves where they are few, else parts of about equal counts.

    Equal numbers stay in one part.

    Args:
        values: shape (n,), finite.
        most: levels.
    """
    distinct, level = np.unique(values, return_inverse=True)
    if distinct.size <= most + 1:
        return np.asarray(level)
    middles = midranks(values)
    return np.asarray(np.minimum(((middles - 0.5) / values.size * most).astype(np.intp), most - 1))
