"""Several independent groups at once: whether any differs, and which, with one joint error rate.

The p-values and intervals of `dunnett`, `tukey` and `games_howell` hold for all their comparisons
together; nothing is to be corrected again.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from runreport.stats import given
from runreport.stats.independent import welch
from runreport.stats.maxima import AllPairs, Joint, ManyToOne
from runreport.stats.paired import midranks
from runreport.stats.result import Interval

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Simultaneous:
    """One difference of several that are judged together."""

    difference: float
    """Candidate minus baseline."""
    standard_error: float
    """Above 0."""
    joint: Joint
    """Of the largest |t| among all comparisons."""
    df: float
    method: str

    @property
    def statistic(self) -> float:
        return self.difference / self.standard_error

    def p_value(self) -> float:
        """Two-sided, adjusted: the chance that any of the comparisons has so large a |t|."""
        return self.joint.tail(abs(self.statistic))

    def interval(self, level: float) -> Interval:
        """Of the difference; those of all comparisons hold together with this probability."""
        half = self.joint.quantile(level) * self.standard_error
        return Interval(self.difference - half, self.difference + half, level, self.method)

    def beyond_p(self, margin: float) -> float:
        """The adjusted p of a difference no larger than the margin, in the direction seen: a
        simultaneous interval at 1 - p just reaches it.
        """
        return self.joint.tail((abs(self.difference) - margin) / self.standard_error)

    def equivalence_p(self, margin: float) -> float:
        """The larger p of two one-sided tests against -margin and +margin, adjusted: below alpha
        when the simultaneous interval at 1 - 2 alpha lies inside.
        """
        room = (margin - abs(self.difference)) / self.standard_error
        outside = self.joint.tail(abs(room)) / 2
        return outside if room > 0 else 1 - outside


def dunnett(baseline: ArrayLike, candidates: Sequence[ArrayLike]) -> tuple[Simultaneous, ...]:
    """Every candidate against one baseline, with the variance of all groups pooled.

    Args:
        baseline: shape (n0,), two values or more.
        candidates: one or more groups of two values or more.

    Returns:
        One result per candidate, in their order.

    Raises:
        ValueError: too few values, NaN or infinite ones, or groups that do not vary at all.

    Source: Dunnett (1955), JASA 50.
    """
    own = given.values(baseline, least=2)
    groups = [given.values(group, least=2) for group in candidates]
    if not groups:
        raise ValueError("expected a candidate or more, got 0")
    variance, df = _pooled([own, *groups])
    joint = ManyToOne(tuple(group.size for group in groups), own.size, df)
    return tuple(
        Simultaneous(
            float(group.mean() - own.mean()),
            math.sqrt(variance * (1 / group.size + 1 / own.size)),
            joint,
            df,
            "Dunnett",
        )
        for group in groups
    )


def tukey(groups: Sequence[ArrayLike]) -> dict[tuple[int, int], Simultaneous]:
    """All pairs of groups, with the variance of all of them pooled.

    Args:
        groups: two or more of two values or more.

    Returns:
        Places of baseline and candidate, baseline first in the given order, to their result.

    Raises:
        ValueError: as for `dunnett`.

    Source: Tukey (1949), Biometrics 5; Kramer (1956), Biometrics 12.
    """
    found = _several(groups)
    variance, df = _pooled(found)
    joint = AllPairs(len(found), df)
    return {
        (first, second): Simultaneous(
            float(found[second].mean() - found[first].mean()),
            math.sqrt(variance * (1 / found[first].size + 1 / found[second].size)),
            joint,
            df,
            "Tukey-Kramer",
        )
        for first, second in combinations(range(len(found)), 2)
    }


def games_howell(groups: Sequence[ArrayLike]) -> dict[tuple[int, int], Simultaneous]:
    """All pairs of groups, each with its own variances.

    Args:
        groups: two or more of two values or more.

    Returns:
        Places of baseline and candidate, baseline first in the given order, to their result; pairs
        of which neither varies are left out.

    Raises:
        ValueError: as for `dunnett`.

    Source: Games and Howell (1976), Journal of Educational Statistics 1.
    """
    found = _several(groups)
    results = {}
    for first, second in combinations(range(len(found)), 2):
        pair = welch(found[first], found[second])
        if not math.isnan(pair.difference):
            joint = AllPairs(len(found), pair.df)
            results[first, second] = Simultaneous(
                pair.difference, pair.standard_error, joint, pair.df, "Games-Howell"
            )
    if not results:
        raise ValueError("expected values that vary, got constant groups")
    return results


@dataclass(frozen=True, slots=True)
class Kruskal:
    """Whether any of several groups tends to higher values than another."""

    statistic: float
    """H, corrected for ties."""
    df: int
    p_value: float
    """Of the chi-square approximation."""


def kruskal(groups: Sequence[ArrayLike]) -> Kruskal:
    """The rank analysis of several independent groups; p = 1 where all values are one.

    Args:
        groups: two or more, rounding settled, one value or more each.

    Raises:
        ValueError: fewer groups, empty ones, NaN or infinite values.

    Source: Kruskal and Wallis (1952), JASA 47.
    """
    found = [given.values(group) for group in groups]
    if len(found) < 2:
        raise ValueError(f"expected two groups or more, got {len(found)}")
    pooled = np.concatenate(found)
    n, ranks = pooled.size, midranks(pooled)
    # the variance of the ranks is smaller when some are shared, which is the tie correction
    spread = float(((ranks - (n + 1) / 2) ** 2).sum())
    if spread == 0:
        return Kruskal(0.0, len(found) - 1, 1.0)
    from scipy.special import chdtrc

    parts = np.split(ranks, np.cumsum([group.size for group in found])[:-1])
    between = sum(part.size * (float(part.mean()) - (n + 1) / 2) ** 2 for part in parts)
    statistic = (n - 1) * between / spread
    return Kruskal(statistic, len(found) - 1, float(chdtrc(len(found) - 1, statistic)))


def _several(groups: Sequence[ArrayLike]) -> list[Floats]:
    found = [given.values(group, least=2) for group in groups]
    if len(found) < 2:
        raise ValueError(f"expected two groups or more, got {len(found)}")
    return found


def _pooled(groups: Sequence[Floats]) -> tuple[float, int]:
    """The variance within groups, and its degrees of freedom."""
    squares = sum(float(((group - group.mean()) ** 2).sum()) for group in groups)
    df = sum(group.size - 1 for group in groups)
    if not 0 < squares < math.inf:
        raise ValueError("expected values that vary, got constant groups")
    return squares / df, df
