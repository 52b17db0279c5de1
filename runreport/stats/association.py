"""How one param and a metric go together in rank, whatever the param's kind."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from runreport.stats import correlation
from runreport.stats.paired import midranks
from runreport.stats.result import Interval
from runreport.stats.space import Axis
from runreport.stats.ties import is_constant, settle, size_of

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Association:
    """How one param and the metric go together in rank."""

    name: str
    """Spearman rho; rank eta squared of words with three levels or more, which have no order."""
    value: float
    interval: Interval | None
    p: float
    n: int
    """Configurations that have the param."""
    signed: bool
    """Whether the value says a direction."""


def association(axis: Axis, values: Floats, level: float) -> Association | None:
    """How the ranks of a param and of the metric go together, where the param is set.

    Args:
        axis: of the param, over n configurations.
        values: of the metric, shape (n,).
        level: of the interval.

    Returns:
        None where fewer than four configurations have the param, or where one of both is constant.

    Source: Spearman (1904); Kelley (1935), PNAS 21, for the share between levels, Steiger (2004),
        Psychological Methods 9, for its interval, of the ranks here.
    """
    fine = axis.is_set
    x, y = axis.places[fine], values[fine]
    if y.size < 4 or is_constant(y) or np.ptp(x) == 0:
        return None
    y = settle(y, size_of(y))
    if axis.kind != "words" or np.unique(x).size == 2:
        found = correlation.spearman(x, y)
        return Association(found.name, found.value, found.interval(level), found.p, found.n, True)
    return _between(axis.of_level[fine], midranks(y), level)


def _between(levels: NDArray[np.intp], ranks: Floats, level: float) -> Association | None:
    """The share of the variance of ranks that lies between levels."""
    from scipy.special import fdtrc

    _, levels, counts = np.unique(levels, return_inverse=True, return_counts=True)
    n, k = ranks.size, counts.size
    if n <= k:
        return None
    means = np.bincount(levels, ranks) / counts
    total = float(((ranks - ranks.mean()) ** 2).sum())
    between = float(counts @ (means - ranks.mean()) ** 2)
    share = between / total
    inside = total - between
    if inside <= 1e-12 * total:
        return Association("rank eta squared", 1.0, None, 0.0, n, False)
    f = between / (k - 1) / (inside / (n - k))
    found = Interval(*_noncentral(f, k - 1, n - k, n, level), level, "noncentral F of the ranks")
    return Association("rank eta squared", share, found, float(fdtrc(k - 1, n - k, f)), n, False)


def _noncentral(f: float, df: int, rest: int, n: int, level: float) -> tuple[float, float]:
    """Shares of variance for which an F this large is the upper or lower end."""
    from scipy.optimize import brentq
    from scipy.special import ncfdtr

    def end(tail: float) -> float:
        def excess(noncentral: float) -> float:
            return float(ncfdtr(df, rest, noncentral, f)) - tail

        if excess(0.0) <= 0:
            return 0.0
        high = 10.0
        while excess(high) > 0 and high < 1e7:
            high *= 4
        noncentral = float(brentq(excess, 0.0, high))
        return noncentral / (noncentral + n)

    return end((1 + level) / 2), end((1 - level) / 2)
