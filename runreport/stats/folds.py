"""Folds of one data set, whose training parts overlap: five repeats of two folds, and posteriors.

The corrected resampled t-test is `paired.paired_t` with an overlap.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from runreport.stats import given, ties
from runreport.stats.result import Interval


@dataclass(frozen=True, slots=True)
class FiveByTwo:
    """A test of five repeats of two folds. It has no interval, so it says nothing of a margin."""

    difference: float
    """Mean of all ten differences."""
    statistic: float
    df: float
    """Of the denominator."""
    p: float
    """As published."""
    is_contradicted: bool = False
    """The statistic points the other way than the mean difference."""

    def p_value(self) -> float:
        """Two-sided p of no difference; 1 where the statistic and the mean difference point in
        opposite directions, since neither direction can be claimed then.
        """
        return 1.0 if self.is_contradicted else self.p

    def interval(self, level: float) -> Interval | None:
        """None: the method has none of the mean difference."""
        return None

    def beyond_p(self, margin: float) -> float:
        """NaN: the method tests no margin."""
        return math.nan

    def equivalence_p(self, margin: float) -> float:
        """NaN: the method tests no margin."""
        return math.nan


def five_by_two_t(differences: ArrayLike) -> FiveByTwo:
    """Dietterich's test: the first difference over the spread within all five repeats.

    Which repeat comes first, and which fold of it, decides. Alpaydin's F uses all ten.

    Args:
        differences: candidate minus baseline, shape (5, 2): repeats, folds.

    Raises:
        ValueError: another shape, NaN or infinite values, folds that agree in every repeat.

    Source: Dietterich (1998), Neural Computation 10.
    """
    found, spread = _repeats(differences)
    from scipy.special import stdtr

    statistic = float(found[0, 0]) / math.sqrt(spread / 5)
    mean = float(found.mean())
    p = 2 * float(stdtr(5, -abs(statistic)))
    return FiveByTwo(mean, statistic, 5, p, is_contradicted=statistic * mean < 0)


def five_by_two_f(differences: ArrayLike) -> FiveByTwo:
    """Alpaydin's test: all ten squared differences over the spread within the five repeats.

    Args:
        differences: candidate minus baseline, shape (5, 2): repeats, folds.

    Raises:
        ValueError: another shape, NaN or infinite values, folds that agree in every repeat.

    Source: Alpaydin (1999), Neural Computation 11.
    """
    found, spread = _repeats(differences)
    from scipy.special import fdtrc

    statistic = float((found**2).sum()) / (2 * spread)
    return FiveByTwo(float(found.mean()), statistic, 5, float(fdtrc(10, 5, statistic)))


class Rope(NamedTuple):
    """Posterior probabilities that add up to 1."""

    below: float
    """The difference is below minus the margin."""
    within: float
    """It is inside: practically none."""
    above: float
    """It is above the margin."""


@dataclass(frozen=True, slots=True)
class Posterior:
    """What is believed of the mean difference afterwards: Student's t, moved and scaled."""

    mean: float
    scale: float
    """Above 0; its square is what is called the posterior variance."""
    df: float

    def probabilities(self, margin: float = 0.0) -> Rope:
        """Of a difference below, within and above a region of practical equivalence.

        Args:
            margin: half of the region's width, at least 0, in the metric's unit.
        """
        if not 0 <= margin < math.inf:
            raise ValueError(f"expected a margin of at least 0: {margin}")
        from scipy.special import stdtr

        below = float(stdtr(self.df, (-margin - self.mean) / self.scale))
        above = float(stdtr(self.df, (self.mean - margin) / self.scale))
        return Rope(below, max(0.0, 1 - below - above), above)

    def interval(self, level: float) -> Interval:
        """The middle of the posterior: the corrected resampled t interval, by another name."""
        from scipy.special import stdtrit

        half = float(stdtrit(self.df, (1 + level) / 2)) * self.scale
        return Interval(self.mean - half, self.mean + half, level, "correlated t posterior")


def correlated_posterior(differences: ArrayLike, overlap: float) -> Posterior:
    """The posterior of the mean difference over folds, none being more likely beforehand.

    Args:
        differences: candidate minus baseline, one per fold, shape (n,), n >= 2.
        overlap: size of a fold's test part over its training part: 1 / (k - 1) for k folds. For a
            correlation rho between folds it is rho / (1 - rho).

    Raises:
        ValueError: NaN or infinite values, fewer than two, differences that do not vary, an
            overlap below 0.

    Source: Corani and Benavoli (2015), Machine Learning 100.
    """
    found = given.values(differences, least=2)
    if not 0 <= overlap < math.inf:
        raise ValueError(f"expected an overlap of at least 0: {overlap}")
    if ties.is_constant(found):
        raise ValueError("the differences do not vary, so their spread cannot be estimated")
    scale = float(found.std(ddof=1)) * math.sqrt(1 / found.size + overlap)
    return Posterior(float(found.mean()), scale, found.size - 1)


def _repeats(differences: ArrayLike) -> tuple[given.Floats, float]:
    """The checked differences, and the squared spread within the repeats added up."""
    found = given.table(differences)
    if found.shape != (5, 2):
        raise ValueError(f"expected five repeats of two folds, got the shape {found.shape}")
    spread = float(((found - found.mean(axis=1, keepdims=True)) ** 2).sum())
    if not spread > (ties.CONSTANT * float(np.abs(found).max())) ** 2:
        raise ValueError("the two folds agree in every repeat, so their spread is unknown")
    return found, spread
