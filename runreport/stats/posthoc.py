"""Which pairs of models differ, from their mean ranks: z tests and their corrections."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import combinations
from math import comb, inf, sqrt

from runreport.stats import given
from runreport.stats.ranks import rank_error


def rank_z(mean_ranks: Sequence[float], n: int) -> tuple[tuple[float, ...], ...]:
    """Z of every difference of mean ranks, k x k: row minus column.

    Args:
        mean_ranks: of k models over n data sets.
        n: data sets, 2 or more.

    Source: Demsar (2006), JMLR 7, section 3.2.2.
    """
    means = given.values(mean_ranks, least=2)
    error = rank_error(means.size, n)
    return tuple(tuple(((mean - means) / error).tolist()) for mean in means)


def z_p(z: float) -> float:
    """Two-sided p of a normal deviate."""
    from scipy.special import ndtr

    return float(2 * ndtr(-abs(z)))


def nemenyi_p(z: float, k: int) -> float:
    """P of the largest of all differences between k mean ranks being as far out as this one.

    Source: Nemenyi (1963), Distribution-free multiple comparisons.
    """
    from scipy.stats import studentized_range

    return min(1.0, float(studentized_range.sf(abs(z) * sqrt(2), k, inf)))


def pairs_of(k: int) -> tuple[tuple[int, int], ...]:
    """Every pair of k models, in the order of the functions here."""
    return tuple(combinations(range(k), 2))


def shaffer(p_values: Sequence[float], k: int) -> list[float]:
    """Adjusted p-values of all pairs of k models, in the given order.

    As Holm's, but with the number of hypotheses that can still be true together: when A and B
    differ, A = C and B = C cannot both hold.

    Args:
        p_values: of all k (k - 1) / 2 pairs.
        k: models, 2 or more.

    Raises:
        ValueError: another number of p-values.

    Source: Shaffer (1986), JASA 81, the static procedure.
    """
    m = comb(k, 2)
    if len(p_values) != m:
        raise ValueError(f"expected the p-values of all {m} pairs of {k} models")
    counts = sorted(_true_together(k))
    adjusted = [0.0] * m
    highest = 0.0
    for rank, index in enumerate(sorted(range(m), key=lambda place: p_values[place])):
        # the last hypothesis counts as one
        factor = max(1, max(count for count in counts if count <= m - rank))
        highest = max(highest, min(1.0, factor * p_values[index]))
        adjusted[index] = highest
    return adjusted


@cache
def _true_together(k: int) -> frozenset[int]:
    """How many hypotheses of equal pairs can be true at once: one class of j equal models has
    j (j - 1) / 2 of them, and the others form classes of their own.
    """
    if k <= 1:
        return frozenset({0})
    return frozenset(
        comb(size, 2) + rest for size in range(1, k + 1) for rest in _true_together(k - size)
    )
