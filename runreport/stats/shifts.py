"""Differences by ranks: the middle of all pairwise differences, with the interval of its test."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from runreport.stats import independent, ranksums, ties
from runreport.stats.paired import middles, midranks, signed_ranks, smaller_sum
from runreport.stats.result import Interval

Floats = NDArray[np.float64]

LARGEST = 3_000
"""Of more pairs the means of all pairs of differences are taken from evenly spread ones."""


@dataclass(frozen=True, eq=False)
class SignedRank:
    """Paired differences by their signed ranks, or by their signs alone.

    Source: Wilcoxon (1945), Biometrics Bulletin 1; Hodges and Lehmann (1963), Annals of
        Mathematical Statistics 34, for the estimate; Demsar (2006), JMLR 7, for zeros and the sign
        test.
    """

    differences: Floats
    """Candidate minus baseline, shape (n,), n >= 1, rounding settled."""
    test: Literal["wilcoxon", "sign"] = "wilcoxon"

    @cached_property
    def _middles(self) -> Floats:
        """Means of all pairs of differences, each with itself too, sorted."""
        values = self.differences
        if values.size > LARGEST:
            places = np.linspace(0, values.size - 1, LARGEST).round().astype(np.intp)
            values = np.sort(values)[places]
        return np.sort(middles(values))

    @property
    def difference(self) -> float:
        """The pseudo-median."""
        return float(np.median(self._middles))

    @property
    def statistic(self) -> float | None:
        """T, the smaller rank sum with zeros split; of the sign test the smaller count of wins."""
        if self.test == "sign":
            wins, n = self._wins(self.differences)
            return min(wins, n - wins)
        return smaller_sum(signed_ranks(self.differences))

    @property
    def df(self) -> float | None:
        return None

    def p_value(self) -> float:
        """Two-sided; 1 when every difference is 0."""
        up, down = self._greater(self.differences), self._greater(-self.differences)
        return min(1.0, 2 * min(up, down))

    def interval(self, level: float) -> Interval | None:
        """Of the pseudo-median: order statistics of the means of all pairs. Where so few pairs
        cannot reach the level, the widest there is, with the level that it has.
        """
        n, middles = self.differences.size, self._middles
        k = ranksums.signed_quantile(n, (1 - level) / 2)
        if k == 0:
            widest = 1 - 2.0 ** (1 - n)
            return Interval(float(middles[0]), float(middles[-1]), widest, "signed ranks")
        k = min(k, (middles.size + 1) // 2)
        return Interval(float(middles[k - 1]), float(middles[-k]), level, "signed ranks")

    def beyond_p(self, margin: float) -> float:
        """Twice the one-sided p of a pseudo-median no larger than the margin, in the direction
        seen.
        """
        turned = self.differences if self.difference >= 0 else -self.differences
        return min(1.0, 2 * self._greater(_moved(turned, -margin)))

    def equivalence_p(self, margin: float) -> float:
        """The larger p of two one-sided tests against -margin and +margin."""
        values = self.differences
        return max(self._greater(_moved(values, margin)), self._greater(_moved(-values, margin)))

    def _greater(self, values: Floats) -> float:
        """One-sided p of values that are not above 0."""
        if self.test == "wilcoxon":
            return ranksums.signed_tail(signed_ranks(values))
        wins, n = self._wins(values)
        if n > 1_000:
            from scipy.special import ndtr

            return float(ndtr(-(wins - 0.5 - n / 2) / math.sqrt(n / 4)))
        return float(sum(math.comb(n, k) for k in range(wins, n + 1)) / 2**n)

    @staticmethod
    def _wins(values: Floats) -> tuple[int, int]:
        """Positive differences among how many: zeros are split evenly, an odd one left out."""
        half = int((values == 0).sum()) // 2
        above, below = int((values > 0).sum()), int((values < 0).sum())
        return above + half, above + below + 2 * half


@dataclass(frozen=True, eq=False)
class RankShift:
    """Two independent groups by the ranks of their values.

    Source: Mann and Whitney (1947), Annals of Mathematical Statistics 18; Brunner and Munzel
        (2000), Biometrical Journal 42; Hodges and Lehmann (1963) for the estimate.
    """

    baseline: Floats
    """Shape (m,), m >= 2, rounding settled."""
    candidate: Floats
    """Shape (n,), n >= 2."""
    test: Literal["mann_whitney", "brunner_munzel"] = "mann_whitney"

    @cached_property
    def _differences(self) -> Floats:
        """All pairwise differences, sorted."""
        return np.sort(np.subtract.outer(self.candidate, self.baseline), axis=None)

    @cached_property
    def _placed(self) -> independent.BrunnerMunzel | None:
        return independent.brunner_munzel(self.baseline, self.candidate)

    @property
    def difference(self) -> float:
        """The middle of all pairwise differences."""
        return float(np.median(self._differences))

    @property
    def statistic(self) -> float | None:
        """U of the candidate; of Brunner and Munzel's test W, None without overlap."""
        if self.test == "brunner_munzel":
            return None if self._placed is None else self._placed.statistic
        ranks = midranks(np.concatenate((self.baseline, self.candidate)))[self.baseline.size :]
        n = self.candidate.size
        return float(ranks.sum()) - n * (n + 1) / 2

    @property
    def df(self) -> float | None:
        if self.test == "mann_whitney" or self._placed is None:
            return None
        return self._placed.df

    def p_value(self) -> float:
        """Two-sided; of groups that do not overlap by counting, whichever the test."""
        up = self._greater(self.baseline, self.candidate)
        return min(1.0, 2 * min(up, self._greater(self.candidate, self.baseline)))

    def interval(self, level: float) -> Interval | None:
        """Of the shift: order statistics of all pairwise differences. Where so few values cannot
        reach the level, the widest there is, with the level that it has.
        """
        m, n, values = self.baseline.size, self.candidate.size, self._differences
        k = ranksums.sum_quantile(m, n, (1 - level) / 2)
        if k == 0:
            widest = 1 - 2 / math.comb(m + n, m)
            return Interval(float(values[0]), float(values[-1]), widest, "rank sums")
        k = min(k, (values.size + 1) // 2)
        return Interval(float(values[k - 1]), float(values[-k]), level, "rank sums")

    def beyond_p(self, margin: float) -> float:
        """Twice the one-sided p of a shift no larger than the margin, in the direction seen."""
        if self.difference >= 0:
            return min(1.0, 2 * self._moved(self.baseline, self.candidate, -margin))
        return min(1.0, 2 * self._moved(self.candidate, self.baseline, -margin))

    def equivalence_p(self, margin: float) -> float:
        """The larger p of two one-sided tests against -margin and +margin."""
        return max(
            self._moved(self.baseline, self.candidate, margin),
            self._moved(self.candidate, self.baseline, margin),
        )

    def _moved(self, first: Floats, second: Floats, margin: float) -> float:
        """One-sided p of `second`, moved by the margin, being no larger than `first`."""
        size = max(ties.size_of(first, second), abs(margin))
        # moved values meet those of the other group only when both are rounded alike
        return self._greater(ties.settle(first, size), ties.settle(second + margin, size))

    def _greater(self, first: Floats, second: Floats) -> float:
        """One-sided p of `second` being no larger than `first`."""
        if self.test == "brunner_munzel":
            found = independent.brunner_munzel(first, second)
            if found is not None:
                return found.greater_p
        ranks = midranks(np.concatenate((first, second)))
        return ranksums.sum_tail(ranks[: first.size], ranks[first.size :])


def _moved(values: Floats, margin: float) -> Floats:
    """Differences less a margin, with what should be equal made equal."""
    return ties.settle(values + margin, max(ties.size_of(values), abs(margin)))
