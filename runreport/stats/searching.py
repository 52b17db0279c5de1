"""What a search has come to: its best so far, its noise, and what more runs would bring."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from runreport.design import Goal
from runreport.stats import given
from runreport.stats.chosen import best_of
from runreport.stats.draws import blocks
from runreport.stats.result import Interval
from runreport.stats.ties import is_constant

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Floor:
    """How much runs of one configuration differ from each other."""

    deviation: float
    """Pooled standard deviation, in the metric's unit."""
    interval: Interval | None
    df: int
    """Runs beyond the first of each repeated configuration."""
    repeated: int
    """Configurations that ran more than once."""
    is_copied: bool
    """Whether every repetition gave the same value to the last digit: nothing varied."""


def noise_floor(values: Sequence[Floats], level: float) -> Floor | None:
    """The standard deviation between runs of one configuration, pooled.

    Args:
        values: of each configuration, one per run.
        level: of the interval, by the chi-square distribution.

    Returns:
        None where no configuration ran twice.

    Raises:
        ValueError: NaN or infinite values.
    """
    repeated = [given.values(own) for own in values if own.size > 1]
    if not repeated:
        return None
    df = sum(own.size - 1 for own in repeated)
    if all(is_constant(own) for own in repeated):
        return Floor(0.0, None, df, len(repeated), True)
    total = math.fsum(float(((own - own.mean()) ** 2).sum()) for own in repeated)
    from scipy.special import chdtri

    low, high = (
        math.sqrt(total / float(chdtri(df, tail))) for tail in ((1 - level) / 2, (1 + level) / 2)
    )
    return Floor(
        math.sqrt(total / df), Interval(low, high, level, "chi-square"), df, len(repeated), False
    )


def best_so_far(values: Floats, goal: Goal) -> NDArray[np.intp]:
    """Which value was the best up to each place, shape (n,); -1 before the first usable one.

    Args:
        values: in the order they came, shape (n,); NaN where there is none.
        goal: whether larger or smaller is better.
    """
    found = np.full(values.size, -1, dtype=np.intp)
    best = -1
    for place, value in enumerate(values.tolist()):
        if math.isfinite(value) and (best < 0 or _better(value, float(values[best]), goal)):
            best = place
        found[place] = best
    return found


def _better(value: float, than: float, goal: Goal) -> bool:
    return value > than if goal == "maximize" else value < than


def optimism(
    values: Floats,
    errors: Floats,
    goal: Goal,
    *,
    rng: np.random.Generator,
    draws: int = 4000,
) -> float:
    """By how much the best value flatters its configuration because it was chosen as the best.

    Noise is added once more to every value; what the one then chosen has beyond its own value is
    what the one that was chosen has beyond its true value, roughly.

    Args:
        values: of each configuration, shape (n,).
        errors: standard error of each, shape (n,).
        goal: whether larger or smaller is better.
        rng: generator; the same seed gives the same number.
        draws: how often noise is added.

    Returns:
        Positive where the best is too good; in the metric's unit.

    Source: Tibshirani and Tibshirani (2009), Annals of Applied Statistics 3; Efron and Tibshirani
        (1993), chapter 10.
    """
    found = given.values(values)
    sign = 1.0 if goal == "maximize" else -1.0
    total = 0.0
    for count in blocks(draws, found.size):
        noise = rng.standard_normal((count, found.size)) * errors
        chosen = (sign * found + noise).argmax(axis=1)
        total += float(noise[np.arange(count), chosen].sum())
    return total / draws


@dataclass(frozen=True, slots=True)
class Ahead:
    """What so many more configurations would bring, were they drawn like those so far."""

    more: int
    chance: float
    """That one of them beats the best so far."""
    gain: float
    """An upper bound of the expected improvement, in the metric's unit."""
    gain_high: float
    """Upper end of that bound's interval."""


def ahead(
    values: Floats, more: int, goal: Goal, level: float, *, rng: np.random.Generator
) -> Ahead:
    """The chance of a new best, and a bound of the gain, without a model.

    Of n + m values in an order that says nothing, the best is among the last m with probability
    m / (n + m). The expected best grows ever more slowly, so the next m bring at most what the
    last m of n brought on average over all orders, which the values tell without bias.

    Args:
        values: one per configuration, in an order that says nothing, shape (n,), n > more.
        more: configurations, m.
        goal: whether larger or smaller is better.
        level: of the upper end, by drawing configurations again.
        rng: generator.

    Raises:
        ValueError: fewer values than `more`, or not finite ones.

    Source: Tang et al. (2020), ACL, for the expected best without bias; David and Nagaraja (2003),
        Order Statistics, 3.4, for its diminishing steps.
    """
    found = given.values(values, least=more + 1)
    n = found.size
    gain = _last_gain(np.sort(found if goal == "maximize" else -found)[None], more)
    drawn = []
    signed = found if goal == "maximize" else -found
    for count in blocks(2000, n):
        drawn.append(_last_gain(np.sort(signed[rng.integers(0, n, (count, n))], axis=1), more))
    high = float(np.quantile(np.concatenate(drawn), level))
    best = signed.max()
    # what equals the best cannot be beaten by equal draws as often
    tied = int((signed >= best).sum())
    chance = more / (n + more) if tied == 1 else 0.0
    return Ahead(more, chance, float(gain[0]), max(high, float(gain[0])))


def _last_gain(ordered: Floats, more: int) -> Floats:
    """The best of all minus the expected best of n - more of them, shape (rows,)."""
    n = ordered.shape[1]
    draws = n - more
    ranks = np.arange(1, n + 1, dtype=np.float64)
    below = np.ones(n)
    for taken in range(draws):
        below *= np.maximum(ranks - taken, 0) / (n - taken)
    chances = np.diff(below, prepend=0.0)
    best = ordered[:, -1:]
    return np.asarray((best - ordered) @ chances)


@dataclass(frozen=True, eq=False)
class Expected:
    """The expected best of k configurations."""

    draws: NDArray[np.intp]
    unbiased: Floats
    """Over all choices of k of the configurations."""
    plain: Floats
    """As by Dodge et al. (2019), drawn with replacement: too low where k is near n."""
    low: Floats
    high: Floats
    """Interval of the unbiased one, by drawing configurations again."""


def expected_best(
    values: Floats,
    goal: Goal,
    level: float,
    *,
    rng: np.random.Generator,
    points: int = 40,
    resamples: int = 1000,
) -> Expected:
    """The expected best of 1 to n configurations drawn like these.

    Args:
        values: one per configuration, shape (n,).
        goal: whether larger or smaller is better.
        level: of the interval, percentiles of resampled curves.
        rng: generator.
        points: at most so many values of k.
        resamples: curves drawn.

    Raises:
        ValueError: no value, or not finite ones.

    Source: Dodge et al. (2019), Show Your Work, EMNLP; Tang et al. (2020), ACL.
    """
    found = given.values(values)
    n = found.size
    draws = np.unique(np.geomspace(1, n, min(n, points)).round().astype(np.intp))
    unbiased = np.array([best_of(found, int(k), goal=goal, replace=False).mean for k in draws])
    plain = np.array([best_of(found, int(k), goal=goal).mean for k in draws])
    sign = 1.0 if goal == "maximize" else -1.0
    chances = np.stack([_chances(n, int(k)) for k in draws], axis=1)
    curves = []
    for count in blocks(resamples, n):
        rows = np.sort(sign * found[rng.integers(0, n, (count, n))], axis=1)
        curves.append(sign * (rows @ chances))
    low, high = np.quantile(np.concatenate(curves), ((1 - level) / 2, (1 + level) / 2), axis=0)
    return Expected(draws, unbiased, plain, low, high)


def _chances(n: int, draws: int) -> Floats:
    """That the best of so many is each of n ordered values, drawn without replacement."""
    ranks = np.arange(1, n + 1, dtype=np.float64)
    below = np.ones(n)
    for taken in range(draws):
        below *= np.maximum(ranks - taken, 0) / (n - taken)
    return np.diff(below, prepend=0.0)


def band_of_shares(n: int, level: float) -> float:
    """Half the width of a band that holds a whole distribution function, for n values.

    Source: Dvoretzky, Kiefer and Wolfowitz (1956); Massart (1990), Annals of Probability 18.
    """
    return math.sqrt(math.log(2 / (1 - level)) / (2 * n))


def counted_interval(hits: int, n: int, level: float) -> Interval:
    """The exact interval of a share.

    Source: Clopper and Pearson (1934), Biometrika 26.
    """
    from scipy.special import betaincinv

    tail = (1 - level) / 2
    low = 0.0 if hits == 0 else float(betaincinv(hits, n - hits + 1, tail))
    high = 1.0 if hits == n else float(betaincinv(hits + 1, n - hits, 1 - tail))
    return Interval(low, high, level, "Clopper-Pearson")


def fisher_p(hits: int, n: int, other_hits: int, other_n: int) -> float:
    """Two-sided p of Fisher's exact test that two shares are equal.

    Source: Fisher (1922), Journal of the Royal Statistical Society 85.
    """
    from scipy.special import gammaln

    total, of = hits + other_hits, n + other_n
    low, high = max(0, total - other_n), min(total, n)
    k = np.arange(low, high + 1)

    def ways(size: int, chosen: NDArray[np.intp]) -> Floats:
        return np.asarray(gammaln(size + 1) - gammaln(chosen + 1) - gammaln(size - chosen + 1))

    logs = ways(n, k) + ways(other_n, total - k) - ways(of, np.array(total))
    own = logs[hits - low]
    return float(min(1.0, np.exp(logs[logs <= own + 1e-7]).sum()))
