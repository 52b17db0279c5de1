"""Paired values: one difference per pair."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from runreport.stats import ranksums, signs
from runreport.stats.student import Estimate

Floats = NDArray[np.float64]


def paired_t(differences: Floats, overlap: float = 0.0) -> Estimate:
    """The mean difference with its standard error.

    Args:
        differences: candidate minus baseline, one per pair, shape (n,), n >= 2.
        overlap: size of a fold's test part over its training part, when the pairs are folds of one
            data set; their training sets overlap, so their differences are correlated.

    Source: Student (1908), Biometrika 6; with overlap Nadeau and Bengio (2003), Machine Learning
    52.
    """
    n = differences.size
    deviation = float(differences.std(ddof=1))
    error = deviation * math.sqrt(1 / n + overlap)
    method = "corrected resampled t" if overlap else "paired t"
    return Estimate(float(differences.mean()), error, n - 1, method)


def sign_flip(differences: Floats) -> float:
    """Exact two-sided p of the mean difference over all sign patterns.

    Args:
        differences: shape (n,), n <= 40, rounding settled.

    Source: Fisher (1935), The Design of Experiments, section 21.
    """
    return signs.sign_flip_p(differences)


def signed_ranks(differences: Floats) -> Floats:
    """Ranks of the magnitudes with the signs of the differences; ties share, zeros are split.

    A zero's rank counts half for either side, which is no sign at all, so it becomes 0.

    Args:
        differences: shape (n,), rounding settled.

    Source: Pratt (1959), JASA 54; Demsar (2006), JMLR 7.
    """
    return np.asarray(midranks(np.abs(differences)) * np.sign(differences))


def wilcoxon(differences: Floats) -> tuple[float, float]:
    """T, the smaller rank sum with zeros split, and the two-sided p of the signed-rank test.

    Exact up to 50 pairs, ties included; the normal approximation with their correction above.

    Args:
        differences: shape (n,), rounding settled.

    Source: Wilcoxon (1945), Biometrics Bulletin 1.
    """
    ranks = signed_ranks(differences)
    up, down = ranksums.signed_tail(ranks), ranksums.signed_tail(-ranks)
    return smaller_sum(ranks), min(1.0, 2 * min(up, down))


def smaller_sum(ranks: Floats) -> float:
    """T, the smaller of the sums of positive and negative ranks, zeros split.

    Args:
        ranks: as `signed_ranks` gives them, shape (n,).
    """
    n = ranks.size
    return (n * (n + 1) / 2 - abs(float(ranks.sum()))) / 2


def middles(differences: Floats) -> Floats:
    """Means of all pairs of differences, each with itself too, shape (n (n + 1) / 2,).

    Source: Walsh (1949), Annals of Mathematical Statistics 20.
    """
    first, second = np.triu_indices(differences.size)
    return np.asarray((differences[first] + differences[second]) / 2)


def midranks(values: Floats) -> Floats:
    """Ranks from 1; equal values share the mean of theirs."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return np.asarray((last - (counts - 1) / 2)[inverse], dtype=np.float64)
