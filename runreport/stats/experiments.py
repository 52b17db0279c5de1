"""Arms of an experiment from sums alone: means, ratios, differences, lifts, variance reduced by
what was known of the users before.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from runreport.stats.proportions import Count
from runreport.stats.student import Estimate, welch_df

Floats = NDArray[np.float64]

FAR_ENOUGH = 3
"""So many standard errors must lie between 0 and what a lift is relative to."""

ROUNDING = 1e-9
"""Sums of squares may be so much too small, relatively, before they are taken for wrong."""


@dataclass(frozen=True, slots=True)
class Sums:
    """What is known of one value per user: how many, their sum, the sum of their squares."""

    n: int
    total: float
    squares: float

    def __post_init__(self) -> None:
        if self.n < 1 or not (math.isfinite(self.total) and math.isfinite(self.squares)):
            raise ValueError(
                f"expected finite sums of at least one user: {self.n}, {self.total}, {self.squares}"
            )
        if self._around < -ROUNDING * max(abs(self.squares), self.total**2 / self.n):
            raise ValueError(
                f"a sum of squares of {self.squares} is too small for {self.n} users with a sum "
                f"of {self.total}"
            )

    @staticmethod
    def of(values: Floats) -> Sums:
        """Of values themselves, shape (n,)."""
        return Sums(values.size, float(values.sum()), float((values**2).sum()))

    @property
    def mean(self) -> float:
        return self.total / self.n

    @property
    def variance(self) -> float:
        """Of the users' values, n - 1 below; NaN for one user."""
        if self.n < 2:
            return math.nan
        around = max(0.0, self._around)
        # of equal values the rest is rounding
        scale = max(abs(self.squares), self.total**2 / self.n)
        return 0.0 if around <= 1e-14 * scale else around / (self.n - 1)

    @property
    def _around(self) -> float:
        return self.squares - self.total**2 / self.n


@dataclass(frozen=True, slots=True)
class Joint:
    """Two values per user and how they go together: outcome and its denominator, outcome and the
    same before.
    """

    outcome: Sums
    other: Sums
    cross: float
    """Sum of the products."""

    def __post_init__(self) -> None:
        if self.outcome.n != self.other.n:
            raise ValueError(f"{self.outcome.n} users have the one, {self.other.n} the other")
        if not math.isfinite(self.cross):
            raise ValueError(f"expected a finite sum of products: {self.cross}")
        limit = math.sqrt(self.outcome.variance * self.other.variance)
        scale = math.sqrt(self.outcome.squares * self.other.squares) / max(1, self.outcome.n - 1)
        if abs(self.covariance) > limit + ROUNDING * scale:
            raise ValueError(
                f"a sum of products of {self.cross} does not fit the sums of squares beside it"
            )

    @staticmethod
    def of(outcome: Floats, other: Floats) -> Joint:
        """Of values themselves, shape (n,) each, users in the same order."""
        return Joint(Sums.of(outcome), Sums.of(other), float((outcome * other).sum()))

    @property
    def covariance(self) -> float:
        """Of the two over the users; NaN for one user."""
        n = self.outcome.n
        if n < 2:
            return math.nan
        return (self.cross - self.outcome.total * self.other.total / n) / (n - 1)

    def variance_beside(self, slope: float) -> float:
        """Of the outcome minus so many times the other, over the users."""
        both = 2 * slope * self.covariance
        return max(0.0, self.outcome.variance - both + slope * slope * self.other.variance)


@dataclass(frozen=True, slots=True)
class Arm:
    """What one arm comes to."""

    value: float
    """Mean, proportion or ratio, in the metric's unit."""
    variance: float
    """Of that value: its standard error squared."""
    n: int
    """Users."""

    @property
    def standard_error(self) -> float:
        return math.sqrt(self.variance)


@dataclass(frozen=True, slots=True)
class Adjusted:
    """Means with what was known of the users before taken out."""

    arms: tuple[Arm, ...]
    theta: float
    """What one unit of the value before is worth."""
    kept: float
    """Share of the variance that is left: 1 minus the squared correlation."""


def share_arm(count: Count) -> Arm:
    """The proportion of an arm's users."""
    return Arm(count.share, count.variance / count.n, count.n)


def mean_arm(sums: Sums) -> Arm:
    """The mean of an arm's users."""
    return Arm(sums.mean, sums.variance / sums.n, sums.n)


def ratio_arm(joint: Joint) -> Arm:
    """The ratio of two sums over users, its variance by the delta method.

    A user adds to both: clicks per view, revenue per order. Units of the denominator are not
    independent, users are.

    Raises:
        ValueError: for a denominator of 0.

    Source: Deng, Knoblich and Lu (2018), KDD '18.
    """
    below = joint.other.mean
    if below == 0:
        raise ValueError("the denominator of a ratio is 0")
    ratio = joint.outcome.mean / below
    spread = joint.variance_beside(ratio)
    return Arm(ratio, spread / (joint.outcome.n * below * below), joint.outcome.n)


def adjusted_arms(joints: Sequence[Joint]) -> Adjusted:
    """Means of all arms, each user's value before the experiment taken out (CUPED).

    Args:
        joints: outcome, and the covariate from before, of each arm.

    Raises:
        ValueError: when the value before is the same for all users.

    Source: Deng, Xu, Kohavi and Walker (2013), WSDM '13.
    """
    n = sum(joint.outcome.n for joint in joints)
    outcome, other = (
        Sums(n, math.fsum(s.total for s in part), math.fsum(s.squares for s in part))
        for part in ([j.outcome for j in joints], [j.other for j in joints])
    )
    whole = Joint(outcome, other, math.fsum(joint.cross for joint in joints))
    if not other.variance > 0:
        raise ValueError("the value before the experiment is the same for all users")
    theta = whole.covariance / other.variance
    arms = []
    for joint in joints:
        value = joint.outcome.mean - theta * (joint.other.mean - other.mean)
        spread = joint.variance_beside(theta)
        arms.append(Arm(value, spread / joint.outcome.n, joint.outcome.n))
    kept = 1.0
    if outcome.variance > 0:
        kept = max(0.0, 1 - whole.covariance**2 / (outcome.variance * other.variance))
    return Adjusted(tuple(arms), theta, kept)


def difference(baseline: Arm, candidate: Arm) -> Estimate:
    """The difference of two arms, variances not assumed equal.

    Its standard error is 0 or NaN, and it cannot be tested, where neither arm varies or one has a
    single user.

    Source: Welch (1947), Biometrika 34.
    """
    total = baseline.variance + candidate.variance
    away = candidate.value - baseline.value
    return Estimate(away, _root(total), _df(baseline, candidate), "Welch t")


def lift(baseline: Arm, candidate: Arm) -> Estimate | None:
    """The difference relative to the size of the baseline, by the delta method.

    Returns:
        The lift as a share (0.05 is 5 %); None where the baseline is so close to 0, for its error,
        that relative to it means nothing.

    Source: Deng, Knoblich and Lu (2018), KDD '18.
    """
    base = baseline.value
    if not abs(base) > FAR_ENOUGH * _root(baseline.variance) or base == 0:
        return None
    ratio = candidate.value / base
    variance = (candidate.variance + ratio * ratio * baseline.variance) / (base * base)
    away = (candidate.value - base) / abs(base)
    return Estimate(away, _root(variance), _df(baseline, candidate), "delta method")


def _df(baseline: Arm, candidate: Arm) -> float:
    total = baseline.variance + candidate.variance
    if min(baseline.n, candidate.n) < 2 or not 0 < total < math.inf:
        return math.nan
    return welch_df((baseline.variance, candidate.variance), (baseline.n, candidate.n))


def _root(variance: float) -> float:
    return math.sqrt(variance) if variance >= 0 else math.nan
