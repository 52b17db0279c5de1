"""Distributions of rank sums: exact counts for few values, the normal approximation for many."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

COUNTED = 50
"""Pairs, or values of one group, up to which sums are counted."""


def signed_tail(ranks: Floats) -> float:
    """P(signed rank sum >= the one seen) when every sign is as likely as the other.

    Args:
        ranks: signed midranks, zeros for differences of 0, shape (n,), n >= 1. Counted up to 50,
            ties and all; normal above.

    Source: Wilcoxon (1945), Biometrics Bulletin 1; Pratt (1959), JASA 54, for zeros.
    """
    if ranks.size > COUNTED:
        from scipy.special import ndtr

        spread = math.sqrt(float((ranks**2).sum()))
        return float(ndtr(-float(ranks.sum()) / spread)) if spread else 1.0
    doubled = np.rint(2 * ranks).astype(np.int64)
    sizes = np.abs(doubled)
    total = int(sizes.sum())
    # the sum of the positive ones decides: seen = (total + sum) / 2
    seen = (total + int(doubled.sum())) // 2
    ways = np.zeros(total + 1)
    ways[0] = 1.0
    for size in sizes.tolist():
        if size:
            ways[size:] += ways[: total + 1 - size].copy()
        else:
            ways *= 2
    return float(ways[seen:].sum() / 2.0**ranks.size)


def sum_tail(first: Floats, second: Floats) -> float:
    """P(rank sum of `second` >= the one seen) over all ways to split the pooled midranks.

    Args:
        first: midranks of one group among all, shape (m,).
        second: of the other, shape (n,). Counted for up to 50 values in all, ties and all; normal
            with corrections for ties and continuity above.

    Source: Mann and Whitney (1947), Annals of Mathematical Statistics 18.
    """
    m, n = first.size, second.size
    if m + n > COUNTED:
        return normal_tail(first, second)
    pooled = np.rint(2 * np.concatenate((first, second))).astype(np.int64)
    seen, most = int(np.rint(2 * second).sum()), int(pooled.sum())
    # ways[k, s]: choices of k ranks that sum to s
    ways = np.zeros((n + 1, most + 1))
    ways[0, 0] = 1.0
    for rank in pooled.tolist():
        ways[1:, rank:] += ways[:-1, : most + 1 - rank].copy()
    return float(ways[n, seen:].sum() / math.comb(m + n, n))


def normal_tail(first: Floats, second: Floats) -> float:
    """The same by the normal approximation, corrected for ties and continuity.

    Source: Mann and Whitney (1947), Annals of Mathematical Statistics 18.
    """
    from scipy.special import ndtr

    m, n = first.size, second.size
    _, counts = np.unique(np.concatenate((first, second)), return_counts=True)
    whole = m + n
    ties = float((counts.astype(np.float64) ** 3 - counts).sum())
    variance = m * n / 12 * (whole + 1 - ties / (whole * (whole - 1)))
    if variance <= 0:
        return 1.0
    above = float(second.sum()) - n * (whole + 1) / 2
    return float(ndtr(-(above - 0.5) / math.sqrt(variance)))


@lru_cache(maxsize=256)
def signed_quantile(n: int, tail: float) -> int:
    """The smallest W of n pairs without ties whose P(sum of positive ranks <= W) reaches `tail`."""
    if n > COUNTED:
        from scipy.special import ndtri

        spread = math.sqrt(n * (n + 1) * (2 * n + 1) / 24)
        return max(0, round(n * (n + 1) / 4 + float(ndtri(tail)) * spread))
    ways = np.ones(1)
    for rank in range(1, n + 1):
        longer = np.zeros(ways.size + rank)
        longer[: ways.size] += ways
        longer[rank:] += ways
        ways = longer
    return int(np.searchsorted(np.cumsum(ways) / 2.0**n, tail * (1 + 1e-12)))


@lru_cache(maxsize=256)
def sum_quantile(m: int, n: int, tail: float) -> int:
    """The smallest U of m and n values without ties whose P(U' <= U) reaches `tail`."""
    if max(m, n) > COUNTED:
        from scipy.special import ndtri

        spread = math.sqrt(m * n * (m + n + 1) / 12)
        return max(0, round(m * n / 2 + float(ndtri(tail)) * spread))
    # the generating function of U: product of (1 - x^(n + i)) / (1 - x^i)
    ways = np.zeros(m * n + 1)
    ways[0] = 1.0
    for i in range(1, m + 1):
        for s in range(m * n, n + i - 1, -1):
            ways[s] -= ways[s - n - i]
        for s in range(i, m * n + 1):
            ways[s] += ways[s - i]
    return int(np.searchsorted(np.cumsum(ways) / ways.sum(), tail * (1 + 1e-12)))
