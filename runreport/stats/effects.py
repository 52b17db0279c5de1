"""Standardised effects and robust centres."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from runreport.stats.paired import signed_ranks
from runreport.stats.result import Effect

Floats = NDArray[np.float64]


def small_sample_factor(df: float) -> float:
    """What takes the bias out of a standardised mean difference, exactly.

    Source: Hedges (1981), Journal of Educational Statistics 6.
    """
    return math.exp(math.lgamma(df / 2) - math.lgamma((df - 1) / 2)) / math.sqrt(df / 2)


def hedges_g(baseline: Floats, candidate: Floats) -> Effect:
    """The difference of the means in pooled standard deviations, bias removed.

    Args:
        baseline: shape (m,), m >= 2.
        candidate: shape (n,), n >= 2; not both constant.

    Source: Hedges (1981), Journal of Educational Statistics 6.
    """
    df = baseline.size + candidate.size - 2
    squares = sum(float(((part - part.mean()) ** 2).sum()) for part in (baseline, candidate))
    d = float(candidate.mean() - baseline.mean()) / math.sqrt(squares / df)
    meaning = "difference in pooled standard deviations, corrected for few runs"
    return Effect("Hedges g", d * small_sample_factor(df), None, meaning)


def paired_effects(differences: Floats) -> tuple[Effect, Effect]:
    """dz, the mean difference in standard deviations of the differences, and g_z, bias removed.

    Args:
        differences: shape (n,), n >= 3, not constant.

    Source: Cohen (1988), Statistical Power Analysis, 2.3; Hedges (1981) for the factor.
    """
    dz = float(differences.mean()) / float(differences.std(ddof=1))
    g_z = dz * small_sample_factor(differences.size - 1)
    meaning = "mean difference in standard deviations of the paired differences"
    return (
        Effect("dz", dz, None, meaning),
        Effect("g_z", g_z, None, f"{meaning}, corrected for few pairs"),
    )


def rank_biserial(differences: Floats) -> Effect:
    """Share of the ranks that favours the candidate minus the share that favours the baseline.

    Args:
        differences: shape (n,), rounding settled; zeros count for neither side.

    Source: Kerby (2014), Comprehensive Psychology 3.
    """
    ranks = signed_ranks(differences[differences != 0])
    total = float(np.abs(ranks).sum())
    value = float(ranks.sum()) / total if total else 0.0
    meaning = "from -1, the baseline is above in every pair, to 1, the candidate is"
    return Effect("rank-biserial", value, None, meaning)


def hodges_lehmann(differences: Floats) -> float:
    """The pseudo-median: median of the means of all pairs of differences, each with itself too.

    Source: Hodges and Lehmann (1963), Annals of Mathematical Statistics 34.
    """
    first, second = np.triu_indices(differences.size)
    return float(np.median((differences[first] + differences[second]) / 2))


def interquartile_mean(values: Floats) -> float:
    """Mean of the values left when a quarter is cut at either end, whole values only.

    Source: Agarwal et al. (2021), NeurIPS 34.
    """
    cut = values.size // 4
    return float(np.sort(values)[cut : values.size - cut].mean())
