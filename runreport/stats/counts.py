"""Models on the same items, each right or wrong: what counts are items on which they differ."""

from __future__ import annotations

import math
from dataclasses import dataclass

from numpy.typing import ArrayLike

from runreport.stats import given
from runreport.stats.result import Interval

FEW = 25
"""Of fewer items on which two models differ the p is exact."""

HALVINGS = 60
"""After so many a bisected interval end is as exact as a float."""


def mcnemar_exact(won: int, lost: int) -> float:
    """Two-sided p of as many wins as losses: a fair coin, thrown for each item that differs.

    Without such an item p is 1: nothing differs.

    Args:
        won: items that only the candidate has right.
        lost: items that only the baseline has right.

    Source: McNemar (1947), Psychometrika 12; Mosteller (1952), Biometrics 8, for the exact p.
    """
    _check(won, lost)
    return min(1.0, 2 * _at_most(min(won, lost), won + lost))


def mcnemar_mid_p(won: int, lost: int) -> float:
    """The same, counting the seen outcome half: less conservative, errs a little above alpha.

    Source: Fagerland, Lydersen and Laake (2013), BMC Medical Research Methodology 13.
    """
    _check(won, lost)
    n, fewer = won + lost, min(won, lost)
    below = _at_most(fewer - 1, n) if fewer else 0.0
    return min(1.0, _at_most(fewer, n) + below)


def mcnemar_chi2(won: int, lost: int, *, corrected: bool = True) -> tuple[float, float]:
    """Chi-square with one degree of freedom, and its p; 0 and 1 where nothing differs.

    Args:
        won: items that only the candidate has right.
        lost: items that only the baseline has right.
        corrected: whether Edwards' continuity correction is made.

    Source: McNemar (1947), Psychometrika 12; Edwards (1948), Psychometrika 13.
    """
    _check(won, lost)
    if won == lost:
        return 0.0, 1.0
    from scipy.special import chdtrc

    chi2 = (abs(won - lost) - corrected) ** 2 / (won + lost)
    return chi2, float(chdtrc(1, chi2))


def tango_score(won: int, lost: int, n: int, difference: float) -> float:
    """How many standard errors the seen difference lies above a true one, under that one.

    Falls as the true difference grows.

    Args:
        won: items that only the candidate has right.
        lost: items that only the baseline has right.
        n: all items.
        difference: of the shares that are right, candidate minus baseline, from -1 to 1.

    Source: Tango (1998), Statistics in Medicine 17.
    """
    if difference < 0:
        return -tango_score(lost, won, n, -difference)
    # the share of losses that is likeliest when wins are `difference` more
    linear = (2 * n - won + lost) * difference - won - lost
    constant = -lost * difference * (1 - difference)
    root = math.sqrt(linear * linear - 8 * n * constant)
    # of the two forms of the root the one that does not subtract near-equal numbers
    losses = (root - linear) / (4 * n) if linear <= 0 else -2 * constant / (root + linear)
    variance = n * (2 * losses + difference * (1 - difference))
    above = won - lost - n * difference
    if variance <= 0:
        return math.copysign(math.inf, above) if above else 0.0
    return above / math.sqrt(variance)


@dataclass(frozen=True, slots=True)
class PairedCounts:
    """Two models on the same items, each right or wrong.

    The p is McNemar's: exact below 25 items on which the two differ, else chi-square with
    continuity correction. Interval and tests against a margin are Tango's, one by the other: an
    interval at 1 - p just reaches the margin. Being of normal form they are a little less strict
    than the exact p.
    """

    both: int
    """Items that both have right."""
    won: int
    """Items that only the candidate has right."""
    lost: int
    """Items that only the baseline has right."""
    neither: int
    one: float = 1.0
    """What all items right are in displayed units: 100 for per cent."""

    @property
    def n(self) -> int:
        """All items."""
        return self.both + self.won + self.lost + self.neither

    @property
    def discordant(self) -> int:
        """Items on which the two differ."""
        return self.won + self.lost

    @property
    def is_exact(self) -> bool:
        """Whether the p counts outcomes."""
        return self.discordant < FEW

    @property
    def difference(self) -> float:
        """Of the shares that are right, candidate minus baseline, in displayed units."""
        return self.one * (self.won - self.lost) / self.n

    @property
    def standard_error(self) -> float:
        """Of the difference, without a hypothesis; 0 where nothing differs."""
        spread = self.discordant - (self.won - self.lost) ** 2 / self.n
        return self.one * math.sqrt(max(0.0, spread)) / self.n

    @property
    def statistic(self) -> float | None:
        """Chi-square; None where the p is exact."""
        return None if self.is_exact else mcnemar_chi2(self.won, self.lost)[0]

    @property
    def df(self) -> float | None:
        return None if self.is_exact else 1

    def p_value(self) -> float:
        """Two-sided p of no difference; 1 where nothing differs."""
        if self.is_exact:
            return mcnemar_exact(self.won, self.lost)
        return mcnemar_chi2(self.won, self.lost)[1]

    def interval(self, level: float) -> Interval:
        """Tango's score interval; it has a width even where nothing differs."""
        from scipy.special import ndtri

        reach = float(ndtri((1 + level) / 2))
        low = -_highest(self.lost, self.won, self.n, reach)
        high = _highest(self.won, self.lost, self.n, reach)
        return Interval(self.one * low, self.one * high, level, "Tango score")

    def beyond_p(self, margin: float) -> float:
        """Twice the one-sided p of a difference no larger than the margin, in the direction
        seen.
        """
        from scipy.special import ndtr

        more, fewer = max(self.won, self.lost), min(self.won, self.lost)
        return min(1.0, 2 * float(ndtr(-self._score(more, fewer, margin))))

    def equivalence_p(self, margin: float) -> float:
        """The larger p of two one-sided tests against -margin and +margin."""
        from scipy.special import ndtr

        more, fewer = max(self.won, self.lost), min(self.won, self.lost)
        return float(ndtr(self._score(more, fewer, margin)))

    def _score(self, won: int, lost: int, margin: float) -> float:
        return tango_score(won, lost, self.n, min(1.0, margin / self.one))


def paired_counts(baseline: ArrayLike, candidate: ArrayLike, one: float = 1.0) -> PairedCounts:
    """The items that both, either and neither of two models have right.

    Args:
        baseline: 0 or `one` for each item, shape (n,), n >= 2.
        candidate: the same items in the same order.
        one: what an item that is right scores, in displayed units.

    Raises:
        ValueError: other values, other shapes, fewer than two items.
    """
    first, second = given.pairs(baseline, candidate, least=2)
    old, new = given.binary(first, one), given.binary(second, one)
    both, won, lost = int((old & new).sum()), int((new & ~old).sum()), int((old & ~new).sum())
    return PairedCounts(both, won, lost, first.size - both - won - lost, one)


@dataclass(frozen=True, slots=True)
class CochranQ:
    """Whether models that answered the same items are right equally often, all together."""

    statistic: float
    df: int
    p_value: float
    items: int
    """Items that not all have right and not all wrong; only these count."""


def cochran_q(right: ArrayLike) -> CochranQ:
    """Cochran's Q; 0 with p = 1 where the models agree on every item.

    Args:
        right: 0 or 1, shape (items, models), two or more of either.

    Raises:
        ValueError: other values, fewer items or models.

    Source: Cochran (1950), Biometrika 37.
    """
    found = given.binary(given.table(right, rows=2, columns=2)).astype(int)
    models = found.shape[1]
    by_model, by_item = found.sum(axis=0), found.sum(axis=1)
    split = int(((by_item > 0) & (by_item < models)).sum())
    if not split:
        return CochranQ(0.0, models - 1, 1.0, 0)
    from scipy.special import chdtrc

    between = models * int((by_model**2).sum()) - int(by_model.sum()) ** 2
    within = models * int(by_item.sum()) - int((by_item**2).sum())
    statistic = (models - 1) * between / within
    return CochranQ(statistic, models - 1, float(chdtrc(models - 1, statistic)), split)


def _highest(won: int, lost: int, n: int, reach: float) -> float:
    """The largest difference that the counts lie no more than `reach` errors below."""
    low, high = (won - lost) / n, 1.0
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        if tango_score(won, lost, n, middle) >= -reach:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _at_most(fewer: int, n: int) -> float:
    """The chance of so few heads, or fewer, in n throws."""
    from scipy.special import bdtr

    return float(bdtr(fewer, n, 0.5)) if n else 1.0


def _check(won: int, lost: int) -> None:
    if won < 0 or lost < 0:
        raise ValueError(f"expected counts of at least 0, got {won} and {lost}")
