"""What a number of replicates can show: power, detectable differences, smallest p-values."""

from __future__ import annotations

import math
from functools import lru_cache

POWER = 0.8
MOST = 10_000
"""More replicates than this are not counted."""


def t_power(noncentrality: float, df: float, alpha: float) -> float:
    """Power of a two-sided t-test, both tails.

    Args:
        noncentrality: true difference over its standard error.
        df: degrees of freedom.
        alpha: of the test.

    Source: Cohen (1988), Statistical Power Analysis for the Behavioral Sciences.
    """
    from scipy.special import nctdtr, stdtrit

    critical = stdtrit(df, 1 - alpha / 2)
    upper, lower = nctdtr(df, noncentrality, critical), nctdtr(df, noncentrality, -critical)
    return float(1 - upper + (lower if math.isfinite(lower) else 0.0))


@lru_cache(maxsize=512)
def noncentrality_for(df: float, alpha: float, power: float = POWER) -> float:
    """The noncentrality at which a two-sided t-test has this power."""
    low, high = 0.0, 4.0
    while t_power(high, df, alpha) < power and high < 1e6:
        low, high = high, high * 2
    for _ in range(60):
        middle = (low + high) / 2
        if t_power(middle, df, alpha) < power:
            low = middle
        else:
            high = middle
    return high


def detectable_independent(m: int, n: int, alpha: float) -> float:
    """Smallest difference of two means found with 80 % power, in standard deviations.

    Args:
        m: values of one group, at least 2.
        n: values of the other.
        alpha: of the test.

    Source: Cohen (1988); the same numbers as R's power.t.test.
    """
    return noncentrality_for(m + n - 2, alpha) * math.sqrt(1 / m + 1 / n)


def detectable_paired(n: int, alpha: float, overlap: float = 0.0) -> float:
    """Smallest mean difference found with 80 % power, in standard deviations of the differences.

    Args:
        n: pairs, at least 2.
        alpha: of the test.
        overlap: of folds, as in `paired_t`.

    Source: Cohen (1988).
    """
    return noncentrality_for(n - 1, alpha) * math.sqrt(1 / n + overlap)


def needed(effect: float, alpha: float, *, paired: bool) -> int | None:
    """Replicates (per group, or pairs) that find such an effect with 80 % power.

    Args:
        effect: true difference in standard deviations (of the differences, for pairs).
        alpha: of the test.
        paired: whether the replicates are pairs.

    Returns:
        The number, or None when 10,000 are not enough.
    """

    def is_enough(n: int) -> bool:
        df, error = (n - 1, math.sqrt(1 / n)) if paired else (2 * n - 2, math.sqrt(2 / n))
        return t_power(abs(effect) / error, df, alpha) >= POWER

    if not is_enough(MOST):
        return None
    low, high = 2, 4
    while not is_enough(high):
        low, high = high, high * 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if is_enough(middle) else (middle, high)
    return high


def attained(effect: float, sizes: tuple[int, int] | int, alpha: float) -> float:
    """Power to find such an effect with the replicates there are.

    Args:
        effect: true difference in standard deviations (of the differences, for pairs).
        sizes: values of both groups, at least 2 each, or the number of pairs.
        alpha: of the test; after correction what is left of it.

    Raises:
        ValueError: too few replicates for a test, or an alpha that is none.

    Source: Cohen (1988), Statistical Power Analysis for the Behavioral Sciences.
    """
    if not 0 < alpha < 1:
        raise ValueError(f"expected an alpha between 0 and 1, got {alpha:g}")
    fewest = sizes if isinstance(sizes, int) else min(sizes)
    if fewest < 2:
        raise ValueError(f"expected 2 replicates or more, got {fewest}")
    if isinstance(sizes, int):
        return t_power(abs(effect) * math.sqrt(sizes), sizes - 1, alpha)
    error = math.sqrt(1 / sizes[0] + 1 / sizes[1])
    return t_power(abs(effect) / error, sum(sizes) - 2, alpha)


def needed_for_chance(chance: float, alpha: float, power: float = POWER) -> float:
    """Runs per group with which a rank test finds that one of two groups tends to be higher.

    Args:
        chance: P(a run of one group exceeds one of the other), ties half; not one half.
        alpha: of a one-sided test; half of it for a two-sided one.
        power: of the test.

    Returns:
        The number before rounding up.

    Raises:
        ValueError: a chance of one half, or what is not between 0 and 1.

    Source: Noether (1987), JASA 82; Bouthillier et al. (2021), MLSys, for its use.
    """
    if not 0 < alpha < 1 or not 0 < power < 1 or not 0 <= chance <= 1:
        raise ValueError("expected chance, alpha and power between 0 and 1")
    if chance == 0.5:
        raise ValueError("expected a chance other than one half, which no number of runs can show")
    from scipy.special import ndtri

    reach = float(ndtri(1 - alpha)) + float(ndtri(power))
    # 12 times the shares of both groups, a quarter, is 3 for all runs and 6 for those of a group
    return reach**2 / (6 * (chance - 0.5) ** 2)


def smallest_paired_p(n: int) -> float:
    """The smallest two-sided p that sign-flip and signed-rank tests of n pairs can reach."""
    return min(1.0, 2.0 ** (1 - n))


def smallest_independent_p(m: int, n: int) -> float:
    """The smallest two-sided p that permutation and rank tests of m and n values can reach."""
    return min(1.0, 2 / math.comb(m + n, m))


def pairs_to_reach(level: float) -> int:
    """Pairs with which an exact sign-flip test can go below this level."""
    return next(n for n in range(1, 1100) if smallest_paired_p(n) < level)


def runs_to_reach(level: float) -> int:
    """Runs per group with which an exact permutation test can go below this level."""
    return next(n for n in range(1, 600) if smallest_independent_p(n, n) < level)


def rejecting_signs(n: int, level: float) -> int:
    """Patterns of signs of n pairs, in one tail, with which an exact test goes below this level."""
    return max(0, math.ceil(level * 2.0 ** (min(n, 64) - 1)) - 1)


def attained_signs(effect: float, n: int, level: float) -> float:
    """Power of sign-flip and signed-rank tests of n normal differences.

    Args:
        effect: true mean difference in standard deviations of the differences.
        n: pairs, at least 2.
        level: of the test; after correction what is left of it.

    Returns:
        0 where no pattern of signs rejects; where only n equal signs do, their probability; else
        the power of the t-test, which is nearly the same from about 10 pairs on.
    """
    from scipy.special import ndtr

    patterns = rejecting_signs(n, level)
    if patterns == 0:
        return 0.0
    if patterns == 1:
        return float(ndtr(effect) ** n + ndtr(-effect) ** n)
    return attained(effect, n, level)


def detectable_signs(n: int, level: float) -> float:
    """Smallest mean difference that these tests find with 80 % power, in standard deviations of
    the differences; infinite where no pattern of signs rejects.
    """
    from scipy.special import ndtri

    patterns = rejecting_signs(n, level)
    if patterns == 0:
        return math.inf
    return float(ndtri(POWER ** (1 / n))) if patterns == 1 else detectable_paired(n, level)


def needed_signs(effect: float, level: float) -> int | None:
    """Pairs with which these tests find such an effect with 80 % power; None beyond counting."""
    start = needed(effect, level, paired=True)
    if start is None:
        return None
    start = max(start, pairs_to_reach(level))
    return next(n for n in range(start, start + 4) if detectable_signs(n, level) <= abs(effect))
