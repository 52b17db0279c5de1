"""Standardised effects and robust centres."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from runreport.stats import given
from runreport.stats.paired import middles, midranks, signed_ranks
from runreport.stats.result import Effect, Interval

Floats = NDArray[np.float64]


def small_sample_factor(df: float) -> float:
    """What takes the bias out of a standardised mean difference, exactly.

    Source: Hedges (1981), Journal of Educational Statistics 6.
    """
    return math.exp(math.lgamma(df / 2) - math.lgamma((df - 1) / 2)) / math.sqrt(df / 2)


def hedges_g(baseline: Floats, candidate: Floats, level: float | None = None) -> Effect:
    """The difference of the means in pooled standard deviations, bias removed.

    Args:
        baseline: shape (m,), m >= 2.
        candidate: shape (n,), n >= 2; not both constant.
        level: of its interval; none without.

    Raises:
        ValueError: as for `cohens_d`.

    Source: Hedges (1981), Journal of Educational Statistics 6.
    """
    d, interval = _pooled(baseline, candidate, level)
    meaning = "difference in pooled standard deviations, corrected for few runs"
    factor = small_sample_factor(baseline.size + candidate.size - 2)
    return Effect("Hedges g", d * factor, _shrunk(interval, factor), meaning)


def paired_effects(differences: Floats, level: float | None = None) -> tuple[Effect, Effect]:
    """dz, the mean difference in standard deviations of the differences, and g_z, bias removed.

    Args:
        differences: shape (n,), n >= 3, not constant.
        level: of their intervals; none without.

    Raises:
        ValueError: too few values, NaN or infinite ones, or constant ones.

    Source: Cohen (1988), Statistical Power Analysis, 2.3; Hedges (1981) for the factor; Cumming and
        Finch (2001), Educational and Psychological Measurement 61, for the intervals.
    """
    found = given.values(differences, least=3)
    deviation, n = float(found.std(ddof=1)), found.size
    if not deviation > 0:
        raise ValueError("expected differences that vary, got constant ones")
    dz, factor = float(found.mean()) / deviation, small_sample_factor(n - 1)
    interval = None
    if level is not None:
        interval = noncentral_interval(dz * math.sqrt(n), n - 1, 1 / math.sqrt(n), level)
    meaning = "mean difference in standard deviations of the paired differences"
    return (
        Effect("dz", dz, interval, meaning),
        Effect(
            "g_z", dz * factor, _shrunk(interval, factor), f"{meaning}, corrected for few pairs"
        ),
    )


def _shrunk(interval: Interval | None, factor: float) -> Interval | None:
    if interval is None:
        return None
    return Interval(interval.low * factor, interval.high * factor, interval.level, interval.method)


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
    return float(np.median(middles(differences)))


def interquartile_mean(values: Floats) -> float:
    """Mean of the values left when a quarter is cut at either end, whole values only.

    Source: Agarwal et al. (2021), NeurIPS 34.
    """
    cut = values.size // 4
    return float(np.sort(values)[cut : values.size - cut].mean())


def cohens_d(baseline: Floats, candidate: Floats, level: float | None = None) -> Effect:
    """The difference of the means in pooled standard deviations.

    Args:
        baseline: shape (m,), m >= 2.
        candidate: shape (n,), n >= 2; not both constant.
        level: of its interval; none without.

    Raises:
        ValueError: values that do not vary, NaN or infinite ones, too few.

    Source: Cohen (1988), Statistical Power Analysis, 2.2; Cumming and Finch (2001), Educational and
        Psychological Measurement 61, for the interval.
    """
    d, interval = _pooled(baseline, candidate, level)
    return Effect("Cohen d", d, interval, "difference in pooled standard deviations")


def glass_delta(baseline: Floats, candidate: Floats) -> Effect:
    """The difference of the means in standard deviations of the baseline.

    Args:
        baseline: shape (m,), m >= 2, not constant.
        candidate: shape (n,), n >= 1.

    Raises:
        ValueError: a baseline that does not vary, NaN or infinite values, too few.

    Source: Glass (1976), Educational Researcher 5.
    """
    first, second = given.values(baseline, least=2), given.values(candidate)
    if np.ptp(first) == 0:
        raise ValueError("expected a baseline that varies, got constant values")
    value = float(second.mean() - first.mean()) / float(first.std(ddof=1))
    return Effect("Glass delta", value, None, "difference in standard deviations of the baseline")


def cliffs_delta(baseline: Floats, candidate: Floats) -> Effect:
    """Pairs of runs in which the candidate is above minus those in which it is below, as a share.

    Args:
        baseline: shape (m,), m >= 1, rounding settled.
        candidate: shape (n,), n >= 1.

    Raises:
        ValueError: NaN or infinite values, or none.

    Source: Cliff (1993), Psychological Bulletin 114.
    """
    meaning = "from -1, every run of the candidate is below every other, to 1, all are above"
    return Effect("Cliff delta", 2 * superiority(baseline, candidate) - 1, None, meaning)


def superiority(baseline: Floats, candidate: Floats) -> float:
    """The share of pairs of runs in which the candidate is above, ties half.

    Args:
        baseline: shape (m,), m >= 1, rounding settled.
        candidate: shape (n,), n >= 1.

    Raises:
        ValueError: NaN or infinite values, or none.

    Source: Vargha and Delaney (2000), JEBS 25.
    """
    first, second = given.values(baseline), given.values(candidate)
    ranks = midranks(np.concatenate((first, second)))[first.size :]
    return float((ranks.mean() - (second.size + 1) / 2) / first.size)


def normal_superiority(baseline: Floats, candidate: Floats, level: float | None = None) -> Effect:
    """The chance that a run of the candidate is above one of the baseline, if both are normal and
    scatter alike.

    Args:
        baseline: shape (m,), m >= 2.
        candidate: shape (n,), n >= 2; not both constant.
        level: of its interval; none without.

    Raises:
        ValueError: as for `cohens_d`.

    Source: McGraw and Wong (1992), Psychological Bulletin 111.
    """
    from scipy.special import ndtr

    d, interval = _pooled(baseline, candidate, level)
    if interval is not None:
        ends = ndtr(np.array([interval.low, interval.high]) / math.sqrt(2))
        interval = Interval(float(ends[0]), float(ends[1]), interval.level, interval.method)
    meaning = "chance that a run of the candidate exceeds one of the baseline, if both are normal"
    return Effect("P(superiority), normal", float(ndtr(d / math.sqrt(2))), interval, meaning)


def noncentral_interval(t: float, df: float, scale: float, level: float) -> Interval:
    """Of a standardised effect, from the noncentral t distributions in whose tails t lies.

    Args:
        t: the effect over `scale`.
        df: degrees of freedom.
        scale: standard error of the effect in a population without variation of its deviation:
            sqrt(1/m + 1/n), or sqrt(1/n) for pairs.
        level: between 0 and 1.

    Source: Steiger and Fouladi (1997), in What If There Were No Significance Tests?
    """
    tail = (1 - level) / 2
    low, high = (scale * _noncentrality(t, df, chance) for chance in (1 - tail, tail))
    return Interval(low, high, level, "noncentral t")


def _noncentrality(t: float, df: float, chance: float) -> float:
    """The noncentrality for which a t of at most this has this probability."""
    if t < 0:
        return -_noncentrality(-t, df, 1 - chance)
    from scipy.special import nctdtr

    # the chance falls as the noncentrality grows
    reach = 12 + abs(t)
    low, high = t - reach, t + reach
    while float(nctdtr(df, high, t)) > chance:
        high += reach
    for _ in range(80):
        middle = (low + high) / 2
        below = float(nctdtr(df, middle, t))
        # far below 0 the sum underflows, and all of it lies below t
        if math.isnan(below) or below > chance:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _pooled(
    baseline: Floats, candidate: Floats, level: float | None
) -> tuple[float, Interval | None]:
    """Cohen's d and its interval."""
    first, second = given.values(baseline, least=2), given.values(candidate, least=2)
    df = first.size + second.size - 2
    squares = sum(float(((part - part.mean()) ** 2).sum()) for part in (first, second))
    if not squares > 0:
        raise ValueError("expected values that vary, got constant groups")
    d = float(second.mean() - first.mean()) / math.sqrt(squares / df)
    if level is None:
        return d, None
    scale = math.sqrt(1 / first.size + 1 / second.size)
    return d, noncentral_interval(d / scale, df, scale, level)
