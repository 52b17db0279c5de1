"""How two columns of numbers go together: as a line, as ranks, as pairs in order."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from itertools import permutations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from runreport.stats import given
from runreport.stats.paired import midranks
from runreport.stats.result import Interval

Floats = NDArray[np.float64]

COUNTED = 8
"""Of so few pairs every order of the ranks is counted."""

ORDERED = 60
"""Of so few pairs without ties Kendall's p is exact."""

TOLERANCE = 1e-9


@dataclass(frozen=True, slots=True)
class Correlation:
    """A correlation between -1 and 1."""

    name: str
    """Pearson r, Spearman rho, Kendall tau-b."""
    value: float
    n: int
    """Pairs."""
    p: float
    """Two-sided, of no association."""
    is_exact: bool
    """Whether p counts all orders."""
    error: float
    """Standard error of the Fisher-transformed value; NaN where pairs are too few."""

    def interval(self, level: float) -> Interval | None:
        """Through Fisher's transformation; None of too few pairs, or where all lie on one line.

        Source: Fisher (1921), Metron 1; Bonett and Wright (2000), Psychometrika 65, for ranks.
        """
        if math.isnan(self.error) or not abs(self.value) < 1 - TOLERANCE:
            return None
        from scipy.special import ndtri

        middle, half = math.atanh(self.value), float(ndtri((1 + level) / 2)) * self.error
        return Interval(math.tanh(middle - half), math.tanh(middle + half), level, "Fisher z")


def pearson(first: ArrayLike, second: ArrayLike) -> Correlation:
    """How close pairs lie to a line.

    Args:
        first: shape (n,), three pairs or more.
        second: same shape and order.

    Raises:
        ValueError: fewer pairs, two lengths, NaN or infinite values, or one that does not vary.

    Source: Student (1908), Biometrika 6, for p.
    """
    x, y = _varying(first, second)
    r = _along(x, y)
    error = 1 / math.sqrt(x.size - 3) if x.size > 3 else math.nan
    return Correlation("Pearson r", r, x.size, _t_p(r, x.size), False, error)


def spearman(first: ArrayLike, second: ArrayLike) -> Correlation:
    """How close the ranks of pairs lie to a line; ties share their ranks.

    The p counts all orders of up to eight pairs and follows Student's t above.

    Args:
        first: shape (n,), three pairs or more, rounding settled.
        second: same shape and order.

    Raises:
        ValueError: as for `pearson`.

    Source: Spearman (1904), American Journal of Psychology 15.
    """
    x, y = (midranks(part) for part in _varying(first, second))
    rho, n = _along(x, y), x.size
    error = math.sqrt((1 + rho**2 / 2) / (n - 3)) if n > 3 else math.nan
    exact = n <= COUNTED
    p_value = _orders_p(x, y) if exact else _t_p(rho, n)
    return Correlation("Spearman rho", rho, n, p_value, exact, error)


def kendall(first: ArrayLike, second: ArrayLike) -> Correlation:
    """Pairs of pairs in the same order minus those in opposite order, as a share that ties do not
    shrink.

    The p counts all orders of up to eight pairs, or up to sixty without ties; it is normal, ties
    corrected, above.

    Args:
        first: shape (n,), three pairs or more, rounding settled.
        second: same shape and order.

    Raises:
        ValueError: as for `pearson`.

    Source: Kendall (1938, 1945), Biometrika 30 and 33.
    """
    x, y = _varying(first, second)
    n = x.size
    agreed = _agreed(x, y)
    pairs = n * (n - 1) // 2
    ties = [np.unique(part, return_counts=True)[1].astype(np.int64) for part in (x, y)]
    tied = [int((counts * (counts - 1) // 2).sum()) for counts in ties]
    tau = agreed / math.sqrt((pairs - tied[0]) * (pairs - tied[1]))
    tau = max(-1.0, min(1.0, tau))
    error = math.sqrt(0.437 / (n - 4)) if n > 4 else math.nan
    if not any(tied) and n <= ORDERED:
        return Correlation("Kendall tau-b", tau, n, _inversions_p(n, agreed), True, error)
    if n <= COUNTED:
        return Correlation("Kendall tau-b", tau, n, _signs_p(x, y), True, error)
    from scipy.special import ndtr

    z = agreed / math.sqrt(_spread(n, ties[0], ties[1]))
    return Correlation("Kendall tau-b", tau, n, float(2 * ndtr(-abs(z))), False, error)


def _varying(first: ArrayLike, second: ArrayLike) -> tuple[Floats, Floats]:
    x, y = given.pairs(first, second, least=3)
    if np.ptp(x) == 0 or np.ptp(y) == 0:
        raise ValueError("expected values that vary, got constant ones")
    return x, y


def _along(x: Floats, y: Floats) -> float:
    """The cosine between the two once their means are taken off."""
    parts = []
    for values in (x, y):
        # the scale first, whose square might overflow
        away = (values - values.mean()) / np.ptp(values)
        parts.append(away / math.sqrt(float(away @ away)))
    return max(-1.0, min(1.0, float(parts[0] @ parts[1])))


def _t_p(r: float, n: int) -> float:
    if abs(r) >= 1:
        return 0.0
    from scipy.special import stdtr

    return float(2 * stdtr(n - 2, -abs(r) * math.sqrt((n - 2) / (1 - r * r))))


@lru_cache(maxsize=8)
def _orders(n: int) -> NDArray[np.intp]:
    return np.array(list(permutations(range(n))), dtype=np.intp)


def _orders_p(x: Floats, y: Floats) -> float:
    """Share of all orders of the ranks whose product sum is at least as far from the middle."""
    x, y = x - x.mean(), y - y.mean()
    sums = np.abs(y[_orders(x.size)] @ x)
    return float((sums >= abs(float(x @ y)) - TOLERANCE).mean())


def _agreed(x: Floats, y: Floats) -> int:
    """Pairs of pairs in the same order minus those in opposite order."""
    found = 0
    for place in range(x.size - 1):
        found += int(
            (np.sign(x[place + 1 :] - x[place]) * np.sign(y[place + 1 :] - y[place])).sum()
        )
    return found


def _signs_p(x: Floats, y: Floats) -> float:
    """The same for Kendall's count, with ties."""
    first, second = np.triu_indices(x.size, 1)
    ups = np.sign(x[second] - x[first])
    moved = y[_orders(x.size)]
    sums = np.abs(np.sign(moved[:, second] - moved[:, first]) @ ups)
    return float((sums >= abs(_agreed(x, y)) - TOLERANCE).mean())


def _inversions_p(n: int, agreed: int) -> float:
    """Two-sided p of the number of pairs out of order, each order of n values as likely."""
    chances = np.ones(1)
    for size in range(2, n + 1):
        # the next value may be out of order with 0 to size - 1 of those before
        chances = np.convolve(chances, np.full(size, 1 / size))
    pairs = n * (n - 1) // 2
    fewer = (pairs - abs(agreed)) // 2
    return min(1.0, 2 * float(chances[: fewer + 1].sum()))


def _spread(n: int, first: NDArray[np.int64], second: NDArray[np.int64]) -> float:
    """The variance of Kendall's count under no association, with the ties there are."""

    def tied(power: str) -> tuple[float, float]:
        found = []
        for counts in (first.astype(np.float64), second.astype(np.float64)):
            parts = {
                "five": counts * (counts - 1) * (2 * counts + 5),
                "three": counts * (counts - 1) * (counts - 2),
                "two": counts * (counts - 1),
            }
            found.append(float(parts[power].sum()))
        return found[0], found[1]

    five, three, two = tied("five"), tied("three"), tied("two")
    whole = n * (n - 1) * (2 * n + 5)
    return (
        (whole - five[0] - five[1]) / 18
        + three[0] * three[1] / (9 * n * (n - 1) * (n - 2))
        + two[0] * two[1] / (2 * n * (n - 1))
    )
