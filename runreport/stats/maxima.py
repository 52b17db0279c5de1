"""How large the largest of several correlated t statistics gets by chance.

Both distributions are integrals over the common standard deviation and one normal value. They are
summed on even grids, which for such smooth bells is exact to about twelve digits, so no random
draws enter and equal values give equal p-values.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

FEW_DIGITS = 1e-10
"""Below this a tail is bounded instead of being one minus a sum."""

STEP = 0.08
"""Of the grid of the normal value, in standard deviations."""

REACH = 8.5
"""Beyond so many standard deviations nothing is left."""


class Joint(Protocol):
    """The distribution of the largest of several |t|."""

    def tail(self, t: float) -> float:
        """P(the largest |t| >= t)."""
        ...

    def quantile(self, level: float) -> float:
        """The t that the largest |t| stays below with this probability."""
        ...


@dataclass(frozen=True, slots=True)
class AllPairs:
    """t statistics of all pairs of groups: the studentized range over the root of 2.

    Source: Tukey (1949), Biometrics 5; Kramer (1956), Biometrics 12, for unequal groups.
    """

    groups: int
    """At least 2."""
    df: float
    """Above 0; infinite where the errors are normal."""

    @property
    def count(self) -> int:
        return self.groups * (self.groups - 1) // 2

    def tail(self, t: float) -> float:
        return _tail(self, t)

    def quantile(self, level: float) -> float:
        return _quantile(self, level)

    def below(self, t: float) -> float:
        """P(the largest |t| < t)."""
        from scipy.special import ndtr

        scales, weights = _scales(self.df)
        highest = np.arange(-REACH, REACH + STEP / 2, STEP)
        # where the highest is: the others are all between it and one range below
        bell = np.exp(-(highest**2) / 2) * (STEP * self.groups / math.sqrt(2 * math.pi))
        width = math.sqrt(2) * t * scales[:, None]
        inside = np.asarray(ndtr(highest) - ndtr(highest - width)) ** (self.groups - 1)
        return float(weights @ (inside @ bell))


@dataclass(frozen=True, slots=True)
class ManyToOne:
    """t statistics of several groups, each against the same baseline.

    Source: Dunnett (1955), JASA 50.
    """

    sizes: tuple[int, ...]
    """Values of each compared group."""
    baseline: int
    """Values of the baseline."""
    df: float

    @property
    def count(self) -> int:
        return len(self.sizes)

    def tail(self, t: float) -> float:
        return _tail(self, t)

    def quantile(self, level: float) -> float:
        return _quantile(self, level)

    def below(self, t: float) -> float:
        """P(the largest |t| < t)."""
        from scipy.special import ndtr

        scales, weights = _scales(self.df)
        steepest = math.sqrt(1 + max(self.sizes) / self.baseline)
        step = STEP / max(1.0, steepest / 2)
        # the error of the baseline's mean: given it, the statistics are independent
        common = np.arange(-REACH, REACH + step / 2, step)
        bell = np.exp(-(common**2) / 2) * (step / math.sqrt(2 * math.pi))
        inside = np.ones((scales.size, common.size))
        for size in sorted(set(self.sizes)):
            share = size / (size + self.baseline)
            own = math.sqrt(1 - share)
            reach, moved = t * scales[:, None] / own, math.sqrt(share) / own * common
            part = np.asarray(ndtr(moved + reach) - ndtr(moved - reach))
            inside *= part ** self.sizes.count(size)
        return float(weights @ (inside @ bell))


def _scales(df: float) -> tuple[Floats, Floats]:
    """Values of an estimated over the true standard deviation, and their weights, which sum to 1.

    On the scale of its logarithm, where the density has no corner at 0.
    """
    if df > 1e6:
        return np.ones(1), np.ones(1)
    far = 40 / df
    step = min(0.2, 0.25 / math.sqrt(df))
    logs = np.arange(-(far + 1.2 * math.sqrt(far)), min(2.5, 7 / math.sqrt(df)), step)
    weights = np.exp(df * (logs - np.expm1(2 * logs) / 2))
    return np.exp(logs), weights / weights.sum()


@lru_cache(maxsize=4096)
def _tail(joint: AllPairs | ManyToOne, t: float) -> float:
    from scipy.special import stdtr

    if t <= 0:
        return 1.0
    found = 1 - joint.below(t)
    # the sum of all tails is an upper bound, and that far out the two are the same
    bound = joint.count * 2 * float(stdtr(joint.df, -t))
    return min(1.0, bound if found < FEW_DIGITS else min(found, bound))


@lru_cache(maxsize=4096)
def _quantile(joint: AllPairs | ManyToOne, level: float) -> float:
    from scipy.special import stdtrit

    if not 0 < level < 1:
        raise ValueError(f"expected a level between 0 and 1, got {level:g}")
    outside = 1 - level
    # between one statistic's quantile and the one that bounds the sum of all tails
    low = float(stdtrit(joint.df, 1 - outside / 2))
    high = float(stdtrit(joint.df, 1 - outside / 2 / joint.count))
    below, above = _excess(joint, low, outside), _excess(joint, high, outside)
    side = 0
    for _ in range(100):
        if high - low <= 1e-11 * high or below <= 0 or above >= 0:
            break
        middle = (low * above - high * below) / (above - below)
        found = _excess(joint, middle, outside)
        if abs(found) < 1e-12:
            return middle
        # false position; the end that stays put twice is halved, or it would stay for long
        if found > 0:
            low, below = middle, found
            above = above / 2 if side > 0 else above
        else:
            high, above = middle, found
            below = below / 2 if side < 0 else below
        side = 1 if found > 0 else -1
    return low if below <= 0 else high


def _excess(joint: AllPairs | ManyToOne, t: float, outside: float) -> float:
    return math.log(max(_tail(joint, t), 1e-300) / outside)
