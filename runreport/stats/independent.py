"""Two independent groups of values, and two counts of failures."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from runreport.stats import effects, signs
from runreport.stats.paired import midranks
from runreport.stats.result import Effect, Interval
from runreport.stats.student import Estimate, welch_df

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
    df = welch_df((parts[0], parts[1]), (baseline.size, candidate.size))
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


@dataclass(frozen=True, slots=True)
class BrunnerMunzel:
    """How often a candidate's value exceeds a baseline's, with its error."""

    chance: float
    """P(candidate > baseline), ties half."""
    standard_error: float
    """Above 0."""
    df: float

    @property
    def statistic(self) -> float:
        """W: positive when the candidate's values are higher."""
        return (self.chance - 0.5) / self.standard_error

    @property
    def greater_p(self) -> float:
        """One-sided p of a chance of at most one half."""
        from scipy.special import stdtr

        return float(stdtr(self.df, -self.statistic))

    @property
    def p_value(self) -> float:
        """Two-sided."""
        from scipy.special import stdtr

        return float(2 * stdtr(self.df, -abs(self.statistic)))

    def interval(self, level: float) -> Interval:
        """Of the chance, cut at 0 and 1."""
        from scipy.special import stdtrit

        half = float(stdtrit(self.df, (1 + level) / 2)) * self.standard_error
        low, high = max(0.0, self.chance - half), min(1.0, self.chance + half)
        return Interval(low, high, level, "Brunner-Munzel")


def brunner_munzel(baseline: Floats, candidate: Floats) -> BrunnerMunzel | None:
    """The test of two groups that may differ in shape; None when they do not overlap, since the
    variance of the ranks is 0 there.

    Args:
        baseline: shape (m,), m >= 2, rounding settled.
        candidate: shape (n,), n >= 2.

    Source: Brunner and Munzel (2000), Biometrical Journal 42.
    """
    m, n = baseline.size, candidate.size
    together = midranks(np.concatenate((baseline, candidate)))
    low, high = together[:m], together[m:]
    chance = float((high.mean() - (n + 1) / 2) / m)
    spreads = []
    for pooled, own in ((low, midranks(baseline)), (high, midranks(candidate))):
        placed = pooled - own
        spreads.append(float(placed.var(ddof=1)))
    # variances of the placements over the sizes of the other group
    parts = (spreads[0] / (m * n**2), spreads[1] / (n * m**2))
    if not sum(parts) > 1e-15:
        return None
    df = sum(parts) ** 2 / (parts[0] ** 2 / (m - 1) + parts[1] ** 2 / (n - 1))
    return BrunnerMunzel(chance, math.sqrt(sum(parts)), df)


def probability_of_superiority(baseline: Floats, candidate: Floats, level: float) -> Effect:
    """P(a candidate's value exceeds a baseline's), ties half, with its Brunner-Munzel interval.

    No interval when the groups do not overlap: the variance of the ranks is 0 there.

    Args:
        baseline: shape (m,), m >= 2, rounding settled.
        candidate: shape (n,), n >= 2.
        level: of the interval.

    Source: Vargha and Delaney (2000), JEBS 25; Brunner and Munzel (2000), Biometrical Journal 42.
    """
    found = brunner_munzel(baseline, candidate)
    value = effects.superiority(baseline, candidate) if found is None else found.chance
    meaning = "chance that a run of the candidate exceeds a run of the baseline, ties half"
    interval = None if found is None else found.interval(level)
    return Effect("P(candidate > baseline)", value, interval, meaning)


def fisher_p(events: tuple[int, int], totals: tuple[int, int]) -> float:
    """Two-sided exact p of equal rates.

    Args:
        events: failures, or successes, in the two groups.
        totals: runs, or users, in the two groups.

    Source: Fisher (1935), JRSS 98.
    """
    ways, place = _tables(events, totals)
    return sum(way for way in ways if way <= ways[place]) / sum(ways)


def fisher_less_p(events: tuple[int, int], totals: tuple[int, int]) -> float:
    """One-sided exact p of a rate in the first group that is no lower than in the second.

    Arguments and source as in `fisher_p`.
    """
    ways, place = _tables(events, totals)
    return sum(ways[: place + 1]) / sum(ways)


def _tables(events: tuple[int, int], totals: tuple[int, int]) -> tuple[list[int], int]:
    """In how many ways each table with these margins comes about, by the events of the first
    group, and the place of the one seen.
    """
    (m, n), hit = totals, sum(events)
    if min(hit, m + n - hit) > min(m, n):
        # the same tables seen by their columns: small numbers where a group is small
        m, n, hit = hit, m + n - hit, m
    fewest = max(0, hit - n)
    ways = [
        math.comb(m, count) * math.comb(n, hit - count) for count in range(fewest, min(hit, m) + 1)
    ]
    return ways, events[0] - fewest
