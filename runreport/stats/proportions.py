"""Proportions of two arms, and whether arms hold the users that were planned."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from runreport.stats import independent
from runreport.stats.result import Interval

FEW = 5
"""An expected count below this asks for an exact test."""

BOSCHLOO = 40_000
"""So many tables (users of one arm times those of the other) are searched for Boschloo's test."""

MISMATCH_ALPHA = 0.001
"""Below this the shares of the arms are taken for broken: it is looked at on every page."""


@dataclass(frozen=True, slots=True)
class Count:
    """Users of one arm, and those among them that did it."""

    successes: int
    n: int

    def __post_init__(self) -> None:
        if self.n < 1 or not 0 <= self.successes <= self.n:
            raise ValueError(f"expected 0 to {self.n} of at least 1: {self.successes}")

    @property
    def share(self) -> float:
        return self.successes / self.n

    @property
    def variance(self) -> float:
        """Of one user's outcome."""
        return self.share * (1 - self.share)


def wilson(count: Count, level: float) -> Interval:
    """The score interval of one proportion.

    Source: Wilson (1927), JASA 22; Newcombe (1998), Statistics in Medicine 17, 857-872.
    """
    z = _z(level)
    shrunk = z * z / count.n
    middle = (count.share + shrunk / 2) / (1 + shrunk)
    half = z * math.sqrt(count.variance / count.n + shrunk / (4 * count.n)) / (1 + shrunk)
    # exact where nobody did it, or everybody
    low = 0.0 if count.successes == 0 else middle - half
    high = 1.0 if count.successes == count.n else middle + half
    return Interval(low, high, level, "Wilson score")


def wald(baseline: Count, candidate: Count, level: float) -> Interval:
    """The plain normal interval of a difference; too narrow for small counts.

    Source: Newcombe (1998), Statistics in Medicine 17, 873-890, method 1.
    """
    difference = candidate.share - baseline.share
    half = _z(level) * standard_error(baseline, candidate)
    return Interval(difference - half, difference + half, level, "Wald")


def newcombe(baseline: Count, candidate: Count, level: float) -> Interval:
    """The hybrid score interval of a difference, from the score intervals of both proportions.

    Source: Newcombe (1998), Statistics in Medicine 17, 873-890, method 10.
    """
    one, other = wilson(baseline, level), wilson(candidate, level)
    difference = candidate.share - baseline.share
    below = math.hypot(candidate.share - other.low, one.high - baseline.share)
    above = math.hypot(other.high - candidate.share, baseline.share - one.low)
    return Interval(difference - below, difference + above, level, "Newcombe hybrid score")


def score(baseline: Count, candidate: Count, level: float) -> Interval:
    """The score interval of a difference: every difference that the score test does not reject.

    Source: Miettinen and Nurminen (1985), Statistics in Medicine 4.
    """
    z, difference = _z(level), candidate.share - baseline.share

    def end(side: int) -> float:
        """The difference farthest to one side that is not rejected."""
        inner, outer = difference, float(side)
        for _ in range(100):
            middle = (inner + outer) / 2
            if abs(score_statistic(baseline, candidate, middle)) <= z:
                inner = middle
            else:
                outer = middle
        return outer

    return Interval(end(-1), end(1), level, "Miettinen-Nurminen score")


def standard_error(baseline: Count, candidate: Count) -> float:
    """Of the difference of two proportions, not pooled; 0 where neither arm varies."""
    return math.sqrt(baseline.variance / baseline.n + candidate.variance / candidate.n)


def pooled_z(baseline: Count, candidate: Count) -> tuple[float, float]:
    """Statistic and two-sided p of equal proportions, variance pooled.

    Where nobody did it in either arm, or everybody, nothing differs: 0 and 1.

    Source: Pearson (1900), Philosophical Magazine 50; the square is Pearson's chi-square.
    """
    pooled = (baseline.successes + candidate.successes) / (baseline.n + candidate.n)
    variance = pooled * (1 - pooled) * (1 / baseline.n + 1 / candidate.n)
    if variance <= 0:
        return 0.0, 1.0
    statistic = (candidate.share - baseline.share) / math.sqrt(variance)
    return statistic, math.erfc(abs(statistic) / math.sqrt(2))


def score_statistic(baseline: Count, candidate: Count, difference: float) -> float:
    """How far the data are from a difference, in standard errors under that difference.

    Args:
        baseline: of one arm.
        candidate: of the other.
        difference: candidate minus baseline, from -1 to 1.

    Source: Miettinen and Nurminen (1985), Statistics in Medicine 4.
    """
    away = candidate.share - baseline.share - difference
    low = _restricted(baseline, candidate, difference)
    high = min(1.0, max(0.0, low + difference))
    total = baseline.n + candidate.n
    variance = low * (1 - low) / baseline.n + high * (1 - high) / candidate.n
    variance *= total / (total - 1)
    if variance <= 0:
        return 0.0 if abs(away) < 1e-12 else math.copysign(math.inf, away)
    return away / math.sqrt(variance)


def _restricted(baseline: Count, candidate: Count, difference: float) -> float:
    """The baseline's most likely proportion if the candidate's were above it by the difference:
    a root of a cubic, in closed form.
    """
    m, n, d = baseline.n, candidate.n, difference
    a, hits = m + n, baseline.successes + candidate.successes
    b = (n + 2 * m) * d - a - hits
    c = (m * d - a - 2 * baseline.successes) * d + hits
    e = baseline.successes * d * (1 - d)
    v = (b / (3 * a)) ** 3 - b * c / (6 * a * a) + e / (2 * a)
    u = math.copysign(math.sqrt(max(0.0, (b / (3 * a)) ** 2 - c / (3 * a))), v)
    if u == 0:
        root = -b / (3 * a)
    else:
        angle = (math.pi + math.acos(min(1.0, max(-1.0, v / u**3)))) / 3
        root = 2 * u * math.cos(angle) - b / (3 * a)
    return min(1.0, 1 - d, max(0.0, -d, root))


def smallest_expected(baseline: Count, candidate: Count) -> float:
    """The smallest count that equal proportions would let one expect in the table of two arms."""
    hits, total = baseline.successes + candidate.successes, baseline.n + candidate.n
    return min(hits, total - hits) * min(baseline.n, candidate.n) / total


# the search takes long, and every number of a comparison asks for it
@lru_cache(maxsize=256)
def boschloo_p(baseline: Count, candidate: Count) -> float | None:
    """Two-sided exact p of equal proportions, never above Fisher's; None for large arms.

    Source: Boschloo (1970), Statistica Neerlandica 24.
    """
    if baseline.n * candidate.n > BOSCHLOO:
        return None
    from scipy.stats import boschloo_exact

    table = [
        [baseline.successes, candidate.successes],
        [baseline.n - baseline.successes, candidate.n - candidate.successes],
    ]
    p = float(boschloo_exact(table).pvalue)
    # a table without variation gives no number
    return p if math.isfinite(p) else None


@dataclass(frozen=True, slots=True)
class TwoProportions:
    """The test of two proportions that suits the counts, and Newcombe's interval.

    Pooled z; where fewer than five users are expected in a cell Boschloo's exact test, or Fisher's
    where arms are large. Claims about a margin are tested by the score test.
    """

    baseline: Count
    candidate: Count
    one: float = 1.0
    """What a share of 1 is in displayed units, above 0: 100 for per cent."""

    @property
    def difference(self) -> float:
        """Candidate minus baseline, in displayed units."""
        return self.one * (self.candidate.share - self.baseline.share)

    @property
    def statistic(self) -> float | None:
        return pooled_z(self.baseline, self.candidate)[0] if self.is_large else None

    @property
    def df(self) -> float | None:
        return None

    @property
    def is_large(self) -> bool:
        """Whether every expected count allows the normal test."""
        return smallest_expected(self.baseline, self.candidate) >= FEW

    @property
    def method(self) -> str:
        """The test that decides: `pooled z`, `Boschloo exact` or `Fisher exact`."""
        if self.is_large:
            return "pooled z"
        is_small = self.baseline.n * self.candidate.n <= BOSCHLOO
        return "Boschloo exact" if is_small else "Fisher exact"

    def p_value(self) -> float:
        """Two-sided p of equal proportions."""
        if self.is_large:
            return pooled_z(self.baseline, self.candidate)[1]
        found = boschloo_p(self.baseline, self.candidate)
        if found is not None:
            return found
        successes = self.baseline.successes, self.candidate.successes
        return independent.fisher_p(successes, (self.baseline.n, self.candidate.n))

    def interval(self, level: float) -> Interval:
        """Newcombe's, at this level, in displayed units."""
        found = newcombe(self.baseline, self.candidate, level)
        return replace(found, low=self.one * found.low, high=self.one * found.high)

    def beyond_p(self, margin: float) -> float:
        """Twice the one-sided score p of a difference no larger than the margin, in the direction
        seen.
        """
        side = math.copysign(1.0, self.difference)
        bound = side * min(1.0, margin / self.one)
        away = side * score_statistic(self.baseline, self.candidate, bound)
        return min(1.0, math.erfc(away / math.sqrt(2)))

    def equivalence_p(self, margin: float) -> float:
        """The larger p of two one-sided score tests against -margin and +margin.

        Source: Farrington and Manning (1990), Statistics in Medicine 9.
        """
        bound = min(1.0, margin / self.one)
        above = score_statistic(self.baseline, self.candidate, -bound)
        below = -score_statistic(self.baseline, self.candidate, bound)
        return math.erfc(min(above, below) / math.sqrt(2)) / 2


@dataclass(frozen=True, slots=True)
class SampleRatio:
    """Whether arms hold the planned shares of the users."""

    observed: tuple[int, ...]
    expected: tuple[float, ...]
    statistic: float
    """Pearson's chi-square."""
    df: int
    p_value: float

    @property
    def is_mismatch(self) -> bool:
        """Whether the shares are off by more than chance."""
        return self.p_value < MISMATCH_ALPHA


def sample_ratio(observed: Sequence[int], planned: Sequence[float]) -> SampleRatio:
    """The chi-square test of the users of each arm against the planned shares.

    Args:
        observed: users per arm, two arms at least, some users at least.
        planned: share of each arm, all above 0, in any unit.

    Source: Kohavi, Tang and Xu (2020), Trustworthy Online Controlled Experiments, chapter 21.
    """
    if len(observed) < 2 or len(observed) != len(planned):
        raise ValueError(f"expected two or more arms, each with its share: {len(observed)}")
    if any(n < 0 for n in observed) or not sum(observed):
        raise ValueError("expected users in some arm, and nowhere less than 0")
    if not all(0 < share < math.inf for share in planned):
        raise ValueError("expected finite shares above 0")
    from scipy.special import chdtrc

    total, whole = sum(observed), math.fsum(planned)
    expected = tuple(total * share / whole for share in planned)
    statistic = math.fsum((n - e) ** 2 / e for n, e in zip(observed, expected, strict=True))
    df = len(observed) - 1
    return SampleRatio(tuple(observed), expected, statistic, df, float(chdtrc(df, statistic)))


def _z(level: float) -> float:
    if not 0 < level < 1:
        raise ValueError(f"expected a level between 0 and 1: {level}")
    from scipy.special import ndtri

    return float(ndtri((1 + level) / 2))
