"""Which pairs of models differ, from their mean ranks: z tests and their corrections."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import combinations
from math import comb, inf, sqrt

import numpy as np
from numpy.typing import ArrayLike, NDArray

from runreport.design import Goal
from runreport.stats import corrections, given, ties
from runreport.stats.paired import wilcoxon
from runreport.stats.ranks import nemenyi_cd, rank_error, ranks_of

Floats = NDArray[np.float64]


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


# ---- what mean ranks owe to the other models -----------------------------------------------------


@dataclass(frozen=True, slots=True)
class Leaning:
    """Two models whose verdict by mean ranks turns when a third is left out."""

    pair: tuple[int, int]
    without: int
    """The third."""
    differ: bool
    """Whether mean ranks tell the two apart while the third is there."""


def leaning(scores: ArrayLike, goal: Goal, alpha: float) -> tuple[Leaning, ...]:
    """Pairs that Nemenyi's test tells apart only with, or only without, some other model, while
    the Holm-corrected signed-rank test of their own values says the same both times.

    Args:
        scores: data sets x models, shape (n, k), n >= 2.
        goal: which direction is better.
        alpha: of either family.

    Source: Benavoli, Corani and Mangili (2016), JMLR 17.
    """
    rows = given.table(scores, rows=2, columns=2)
    n, k = rows.shape
    if k < 3:
        return ()
    pairs = pairs_of(k)
    raw = [_signed_rank_p(rows[:, one], rows[:, other]) for one, other in pairs]
    own = _own_verdicts(raw, alpha)
    by_ranks = _apart(rows, goal, nemenyi_cd(k, n, alpha))
    cd = nemenyi_cd(k - 1, n, alpha)
    found = []
    for third in range(k):
        rest = [place for place in range(k) if place != third]
        kept = [place for place, pair in enumerate(pairs) if third not in pair]
        without = _apart(rows[:, rest], goal, cd)
        own_without = _own_verdicts([raw[place] for place in kept], alpha)
        for place, mine in zip(kept, own_without, strict=True):
            one, other = pairs[place]
            before = by_ranks[one, other]
            after = without[rest.index(one), rest.index(other)]
            if before != after and own[place] == mine:
                found.append(Leaning((one, other), third, bool(before)))
    return tuple(found)


def _signed_rank_p(first: Floats, second: Floats) -> float:
    return wilcoxon(ties.settle(first - second, ties.size_of(first, second)))[1]


def _own_verdicts(raw: Sequence[float], alpha: float) -> list[bool]:
    return [p < alpha for p in corrections.adjust(raw, "holm", len(raw))]


def _apart(rows: Floats, goal: Goal, cd: float) -> NDArray[np.bool_]:
    """Which mean ranks are further apart than a critical difference, shape (k, k)."""
    means = ranks_of(rows, goal).mean(axis=0)
    return np.asarray(np.abs(np.subtract.outer(means, means)) > cd)
