"""What a test says of a difference, and the kind whose error follows Student's t."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

from runreport.stats.result import Interval


class Tester(Protocol):
    """A difference, candidate minus baseline, and what its error allows to say about it.

    Every deciding test is one of these: Student's below, signed ranks, counts on the same items,
    areas under curves, resampled statistics.
    """

    @property
    def difference(self) -> float: ...

    @property
    def statistic(self) -> float | None: ...

    @property
    def df(self) -> float | None: ...

    def p_value(self) -> float:
        """Two-sided p of no difference; NaN when it cannot be computed."""
        ...

    def interval(self, level: float) -> Interval | None:
        """Of the difference; None where the method has none."""
        ...

    def beyond_p(self, margin: float) -> float:
        """Twice the one-sided p of a difference no larger than the margin, in the direction
        seen.
        """
        ...

    def equivalence_p(self, margin: float) -> float:
        """The larger p of two one-sided tests against -margin and +margin."""
        ...


@dataclass(frozen=True, slots=True)
class Estimate:
    """An estimated difference whose error follows Student's t."""

    difference: float
    standard_error: float
    """Above 0."""
    df: float
    """Infinite where the error is normal."""
    method: str
    """`Welch t`, `paired t`, ...: names the intervals."""
    exact_p: float | None = None
    """Two-sided p of no difference by counting, where that stands in for Student's."""

    @property
    def statistic(self) -> float:
        return self.difference / self.standard_error

    def p_value(self) -> float:
        """Two-sided p of no difference."""
        if self.exact_p is not None:
            return self.exact_p
        from scipy.special import stdtr

        return float(2 * stdtr(self.df, -abs(self.statistic)))

    def interval(self, level: float) -> Interval:
        """The t interval at this level."""
        from scipy.special import stdtrit

        half = float(stdtrit(self.df, (1 + level) / 2)) * self.standard_error
        return Interval(self.difference - half, self.difference + half, level, self.method)

    def beyond_p(self, margin: float) -> float:
        """Twice the one-sided p of a difference no larger than the margin, in the direction seen:
        an interval at 1 - p just reaches it.
        """
        from scipy.special import stdtr

        beyond = (abs(self.difference) - margin) / self.standard_error
        return min(1.0, float(2 * stdtr(self.df, -beyond)))

    def equivalence_p(self, margin: float) -> float:
        """The larger p of two one-sided tests against -margin and +margin.

        Source: Schuirmann (1987), Journal of Pharmacokinetics and Biopharmaceutics 15.
        """
        from scipy.special import stdtr

        below = (abs(self.difference) - margin) / self.standard_error
        return float(stdtr(self.df, below))


def welch_df(variances: tuple[float, float], sizes: tuple[int, int]) -> float:
    """Degrees of freedom of a difference of two means with variances of their own.

    Args:
        variances: of the two means, not both 0.
        sizes: values behind each, at least 2.

    Source: Welch (1947), Biometrika 34.
    """
    # shares of the variance instead of squares of it, which overflow
    shares = [variance / sum(variances) for variance in variances]
    return 1 / (shares[0] ** 2 / (sizes[0] - 1) + shares[1] ** 2 / (sizes[1] - 1))


def is_sound(estimate: Estimate) -> bool:
    """Whether an estimate can be tested at all."""
    parts = (estimate.difference, estimate.standard_error)
    return all(map(math.isfinite, parts)) and estimate.standard_error > 0 and estimate.df > 0
