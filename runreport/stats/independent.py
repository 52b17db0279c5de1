"""Two independent groups of values, and two counts of failures."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from runreport.stats import signs
from runreport.stats.paired import midranks
from runreport.stats.result import Effect, Interval
from runreport.stats.student import Estimate

Floats = NDArray[np.float64]


def welch(baseline: Floats, candidate: Floats) -> Estimate:
    """The difference of the means, variances not assumed equal.

    Args:
        baseline: shape (m,), m >= 2.
        candidate: shape (n,), n >= 2.

    Source: Welch (1947), Biometrika 34.
    """
    parts = [float(values.var(ddof=1)) / values.size for values in (baseline, candidate)]
    total = sum(parts)
    if not 0 < total < math.inf:
        return Estimate(math.nan, math.nan, math.nan, "Welch t")
    # shares of the variance instead of squares of it, which overflow
    shares = [part / total for part in parts]
    df = 1 / (shares[0] ** 2 / (baseline.size - 1) + shares[1] ** 2 / (candidate.size - 1))
    difference = float(candidate.mean() - baseline.mean())
    return Estimate(difference, math.sqrt(total), df, "Welch t")


def permutation(baseline: Floats, candidate: Floats) -> float:
    """Exact two-sided p of the difference in means over all splits of the pooled values.

    Args:
        baseline: shape (m,).
        candidate: shape (n,), m + n <= 40, rounding settled.

    Source: Pitman (1937), Supplement to the JRSS 4.
    """
    return signs.split_p(candidate, baseline)


def probability_of_superiority(baseline: Floats, candidate: Floats, level: float) -> Effect:
    """P(a candidate's value exceeds a baseline's), ties half, with its Brunner-Munzel interval.

    No interval when the groups do not overlap: the variance of the ranks is 0 there.

    Args:
        baseline: shape (m,), m >= 2, rounding settled.
        candidate: shape (n,), n >= 2.
        level: of the interval.

    Source: Vargha and Delaney (2000), JEBS 25; Brunner and Munzel (2000), Biometrical Journal 42.
    """
    m, n = baseline.size, candidate.size
    together = midranks(np.concatenate((baseline, candidate)))
    low, high = together[:m], together[m:]
    value = float((high.mean() - (n + 1) / 2) / m)
    spreads = []
    for pooled, own in ((low, midranks(baseline)), (high, midranks(candidate))):
        placed = pooled - own
        spreads.append(float(placed.var(ddof=1)))
    # variances of the placements over the sizes of the other group
    parts = (spreads[0] / (m * n**2), spreads[1] / (n * m**2))
    interval = None
    if sum(parts) > 1e-15:
        from scipy.special import stdtrit

        df = sum(parts) ** 2 / (parts[0] ** 2 / (m - 1) + parts[1] ** 2 / (n - 1))
        half = float(stdtrit(df, (1 + level) / 2)) * math.sqrt(sum(parts))
        interval = Interval(max(0.0, value - half), min(1.0, value + half), level, "Brunner-Munzel")
    meaning = "chance that a run of the candidate exceeds a run of the baseline, ties half"
    return Effect("P(candidate > baseline)", value, interval, meaning)


def fisher_p(events: tuple[int, int], totals: tuple[int, int]) -> float:
    """Two-sided exact p of equal failure rates.

    Args:
        events: failures in the two groups.
        totals: runs in the two groups.

    Source: Fisher (1935), JRSS 98.
    """
    hit, (m, n) = sum(events), totals
    ways = [
        math.comb(m, count) * math.comb(n, hit - count)
        for count in range(max(0, hit - n), min(hit, m) + 1)
    ]
    seen = math.comb(m, events[0]) * math.comb(n, events[1])
    return sum(way for way in ways if way <= seen) / sum(ways)
