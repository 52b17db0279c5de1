"""Models ranked on many data sets: mean ranks, the test over all of them, critical differences."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from runreport.design import Goal
from runreport.stats import given, ties
from runreport.stats.paired import midranks

Floats = NDArray[np.float64]

TINY = 1e-12
"""Variance of ranks, or of mean ranks, that is rounding error."""


@dataclass(frozen=True, slots=True)
class Friedman:
    """Whether models differ somewhere, from their ranks on many data sets."""

    n: int
    """Data sets."""
    k: int
    """Models."""
    mean_ranks: tuple[float, ...]
    """Of each model; 1 is the best."""
    chi2: float
    """Friedman's statistic; 0 where every model ties with every other on every data set."""
    chi2_p: float
    """Of chi-square with k - 1 degrees of freedom."""
    f: float
    """Iman and Davenport's statistic; infinite where the order is the same on every data set."""
    df: tuple[int, int]
    """Degrees of freedom of `f`."""
    f_p: float
    is_corrected: bool
    """Whether the statistic is corrected for ties within data sets."""

    @property
    def is_tied(self) -> bool:
        """Whether all mean ranks are equal, so that there is nothing to tell apart."""
        return self.chi2 == 0


def ranks_of(scores: ArrayLike, goal: Goal = "maximize") -> Floats:
    """Ranks of the models on each data set, shape (n, k); 1 is the best, ties share.

    Args:
        scores: data sets x models, shape (n, k), finite; values that are equal to ten digits tie.
        goal: which direction is better.

    Raises:
        ValueError: another shape, NaN or infinite values.
    """
    rows = given.table(scores)
    sign = -1.0 if goal == "maximize" else 1.0
    return np.array([midranks(sign * ties.settle(row, ties.size_of(row))) for row in rows])


def friedman(ranks: ArrayLike, *, corrected: bool = True) -> Friedman:
    """The test that all models are alike.

    With two models it is the sign test's chi-square; with all tied its statistics are 0 and its
    p-values 1. Where the order is the same on every data set, `f` is infinite and its p the share
    of all orders that agree so: k! ** (1 - n).

    Args:
        ranks: data sets x models as `ranks_of` gives them, shape (n, k), n >= 2, k >= 2.
        corrected: for ties within data sets.

    Raises:
        ValueError: too few of either, or rows that are no ranks.

    Source: Friedman (1937), JASA 32; Iman and Davenport (1980), Communications in Statistics 9.
    """
    rows = given.table(ranks, rows=2, columns=2)
    n, k = rows.shape
    if not np.allclose(rows.sum(axis=1), k * (k + 1) / 2) or rows.min() < 1:
        raise ValueError("expected the ranks of each data set to be those of 1 to k")
    kept = 1.0
    if corrected:
        most = n * k * (k * k - 1)
        kept = 1 - float(sum(_tied(row) for row in rows)) / most
    return _friedman(rows.mean(axis=0), n, kept, corrected=corrected)


def friedman_from_means(mean_ranks: ArrayLike, n: int) -> Friedman:
    """The same from the mean ranks that a paper prints, without correction for ties.

    Args:
        mean_ranks: of k models, shape (k,), k >= 2.
        n: data sets, 2 or more.

    Raises:
        ValueError: too few of either, or means that no ranks have.

    Source: Demsar (2006), JMLR 7, section 3.2.2.
    """
    means = given.values(mean_ranks, least=2)
    if n < 2:
        raise ValueError(f"expected 2 data sets or more, got {n}")
    # printed with two decimals, each may be off by half a hundredth
    if abs(float(means.mean()) - (means.size + 1) / 2) > 0.01 or means.min() < 1:
        raise ValueError("expected mean ranks between 1 and k whose mean is (k + 1) / 2")
    return _friedman(means, n, 1.0, corrected=False)


def _friedman(means: Floats, n: int, kept: float, *, corrected: bool) -> Friedman:
    """From mean ranks and the share of the ranks' variance that ties leave."""
    from scipy.special import chdtrc

    k = means.size
    spread = float(((means - (k + 1) / 2) ** 2).sum())
    df, ranks = (k - 1, (k - 1) * (n - 1)), tuple(means.tolist())
    if kept < TINY or spread < TINY:
        return Friedman(n, k, ranks, 0.0, 1.0, 0.0, df, 1.0, corrected)
    chi2 = 12 * n * spread / (k * (k + 1)) / kept
    f, f_p = iman_davenport(chi2, n, k)
    return Friedman(n, k, ranks, chi2, float(chdtrc(k - 1, chi2)), f, df, f_p, corrected)


def iman_davenport(chi2: float, n: int, k: int) -> tuple[float, float]:
    """F with k - 1 and (k - 1)(n - 1) degrees of freedom, and its p, from Friedman's chi-square.

    Args:
        chi2: from 0 to n (k - 1), which it has where the order is the same on every data set.
        n: data sets, 2 or more.
        k: models, 2 or more.

    Raises:
        ValueError: a statistic out of range.

    Source: Iman and Davenport (1980), Communications in Statistics 9.
    """
    most = n * (k - 1)
    if n < 2 or k < 2 or not 0 <= chi2 <= most * (1 + 1e-9):
        raise ValueError(f"no Friedman statistic of {k} models on {n} data sets: {chi2}")
    if most - chi2 <= 1e-9 * most:
        return math.inf, math.exp((1 - n) * math.lgamma(k + 1))
    from scipy.special import fdtrc

    f = (n - 1) * chi2 / (most - chi2)
    return f, float(fdtrc(k - 1, (k - 1) * (n - 1), f))


def _tied(row: Floats) -> float:
    """Sum of t^3 - t over the ties of one data set."""
    counts = np.unique(row, return_counts=True)[1].astype(np.float64)
    return float((counts**3 - counts).sum())


# ---- critical differences ------------------------------------------------------------------------


def rank_error(k: int, n: int) -> float:
    """Standard error of a difference of two mean ranks."""
    if k < 2 or n < 2:
        raise ValueError(f"expected 2 models and 2 data sets or more, got {k} and {n}")
    return math.sqrt(k * (k + 1) / (6 * n))


def nemenyi_cd(k: int, n: int, alpha: float) -> float:
    """How far apart two of k mean ranks must be, all pairs compared.

    Source: Nemenyi (1963), Distribution-free multiple comparisons.
    """
    from scipy.stats import studentized_range

    _check_level(alpha)
    return float(studentized_range.isf(alpha, k, math.inf)) / math.sqrt(2) * rank_error(k, n)


def bonferroni_dunn_cd(k: int, n: int, alpha: float) -> float:
    """How far apart two mean ranks must be when k - 1 models are compared with one.

    Source: Dunn (1961), JASA 56.
    """
    from scipy.special import ndtri

    _check_level(alpha)
    error = rank_error(k, n)
    return -float(ndtri(alpha / (2 * (k - 1)))) * error


def cliques(mean_ranks: Sequence[float], cd: float) -> tuple[tuple[int, ...], ...]:
    """The largest sets of neighbours that lie within a critical difference, none inside another.

    Args:
        mean_ranks: of each model.
        cd: two models closer than this are not told apart.

    Returns:
        Indices of the models, the best first; sets of one are left out.

    Source: Demsar (2006), JMLR 7, section 3.2.4.
    """
    order = sorted(range(len(mean_ranks)), key=lambda place: mean_ranks[place])
    found: list[tuple[int, ...]] = []
    reached = 0
    for first in range(len(order)):
        last = first
        while (
            last + 1 < len(order)
            # a difference of just the critical one is none that the test rejects
            and mean_ranks[order[last + 1]] - mean_ranks[order[first]] <= cd * (1 + 1e-12)
        ):
            last += 1
        if last > first and last > reached:
            found.append(tuple(order[first : last + 1]))
            reached = last
    return tuple(found)


def _check_level(alpha: float) -> None:
    if not 0 < alpha < 1:
        raise ValueError(f"expected a level between 0 and 1, got {alpha}")


# ---- wins ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Record:
    """On how many data sets one model is better than another, equal, worse."""

    wins: int
    ties: int
    losses: int

    def __str__(self) -> str:
        return f"{self.wins}/{self.ties}/{self.losses}"


def record_of(differences: ArrayLike, goal: Goal = "maximize") -> Record:
    """Wins, ties and losses.

    Args:
        differences: one model minus another per data set, shape (n,), rounding settled.
        goal: which direction is better.
    """
    values = given.values(differences)
    up, down = int((values > 0).sum()), int((values < 0).sum())
    wins, losses = (up, down) if goal == "maximize" else (down, up)
    return Record(wins, values.size - up - down, losses)


def sign_test(record: Record) -> float:
    """Exact two-sided p of wins and losses alone; ties are split evenly, an odd one left out.

    Source: Demsar (2006), JMLR 7, section 3.1.4.
    """
    if not record.wins + record.ties + record.losses:
        raise ValueError("expected a win, a tie or a loss")
    half = record.ties // 2
    n = record.wins + record.losses + 2 * half
    more = max(record.wins, record.losses) + half
    ways = sum(math.comb(n, count) for count in range(more, n + 1))
    # as a fraction of whole numbers: 2^n of many data sets has no place in a float
    return min(1.0, 2 * ways / (1 << n))
