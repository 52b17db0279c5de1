"""Intervals and p-values that hold however often growing data are looked at."""

from __future__ import annotations

import math
from dataclasses import dataclass

from runreport.stats.result import Interval
from runreport.stats.student import Estimate

USERS = 5_000
"""Where the interval of an experiment over users is tightest, unless the author says otherwise."""

REPLICATES = 10
"""The same for runs that are added one by one: seeds, folds."""


def best_rho(v: float, alpha: float) -> float:
    """What makes the normal mixture tightest at one intrinsic time, nearly.

    Args:
        v: intrinsic time, above 0: the variance summed so far.
        alpha: between 0 and 1, of both sides together.

    Source: Howard, Ramdas, McAuliffe and Sekhon (2021), Annals of Statistics 49, section 3.5.
    """
    _check_positive(v=v)
    _check_alpha(alpha)
    twice = -2 * math.log(alpha)
    return v / (twice + math.log1p(twice))


def log_mixture(s: float, v: float, rho: float) -> float:
    """Logarithm of the two-sided normal mixture: evidence that a sum drifts away from 0.

    Args:
        s: sum of deviations from the hypothesis.
        v: intrinsic time, at least 0.
        rho: the mixture's, above 0, as `best_rho` gives it.

    Source: Robbins (1970), Annals of Mathematical Statistics 41; Howard et al. (2021).
    """
    _check_positive(rho=rho)
    if not (math.isfinite(s) and 0 <= v < math.inf):
        raise ValueError(f"expected a finite sum and a time of at least 0: {s}, {v}")
    return math.log(rho / (v + rho)) / 2 + s * s / (2 * (v + rho))


def mixture_bound(v: float, alpha: float, rho: float) -> float:
    """What the sum of deviations ever exceeds, on either side, with chance alpha at most.

    Args:
        v: intrinsic time, at least 0.
        alpha: between 0 and 1, of both sides together.
        rho: the mixture's, above 0.

    Source: Robbins (1970), Annals of Mathematical Statistics 41; Howard et al. (2021).
    """
    _check_positive(rho=rho)
    _check_alpha(alpha)
    if not 0 <= v < math.inf:
        raise ValueError(f"expected a finite intrinsic time of at least 0: {v}")
    return math.sqrt((v + rho) * (math.log((v + rho) / rho) - 2 * math.log(alpha)))


def anytime(
    difference: float,
    standard_error: float,
    n: float,
    alpha: float = 0.05,
    tuning: float = USERS,
    df: float = math.inf,
) -> Interval | None:
    """An interval of a difference that holds at every look at growing data together.

    With a normal error it is asymptotic: it holds for any difference that is roughly normal by
    then. With Student's it is exact from the first values on for one normal sample or normal
    pairs, and for two normal groups that scatter alike.

    Args:
        difference: in any unit.
        standard_error: above 0, same unit.
        n: observations so far, of all groups together (pairs, for pairs), above 0.
        alpha: between 0 and 1: chance that any of all looks leaves out the truth.
        tuning: the n at which it is tightest, chosen before the first look and kept.
        df: degrees of freedom of the standard error; infinite when it is as good as known.

    Returns:
        The interval; None where so few values bound nothing.

    Source: Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas (2021), Time-uniform central limit
        theory; for Student's Wang and Ramdas (2025), Sequential Analysis 44, after Lai (1976).
    """
    _check(difference, standard_error, n, df)
    half = _factor(_log_growth(n, alpha, tuning), alpha, df) * standard_error
    if not math.isfinite(half):
        return None
    return Interval(difference - half, difference + half, 1 - alpha, "anytime-valid")


def anytime_p(
    difference: float,
    standard_error: float,
    n: float,
    alpha: float = 0.05,
    tuning: float = USERS,
    df: float = math.inf,
) -> float:
    """An always-valid p of no difference: below alpha exactly when `anytime` leaves out 0.

    Takes what `anytime` takes; alpha only tunes the mixture.

    Source: Johari, Koomen, Pekelis and Walsh (2022), Operations Research 70.
    """
    _check(difference, standard_error, n, df)
    grown = _log_growth(n, alpha, tuning)
    # beyond this its square overflows, and nothing changes
    statistic = min(abs(difference) / standard_error, 1e150)
    if math.isinf(df):
        evidence = -math.expm1(-grown) * statistic**2 / 2
    else:
        ratio = statistic**2 / df
        evidence = (df + 1) / 2 * (math.log1p(ratio) - math.log1p(ratio * math.exp(-grown)))
    return math.exp(min(0.0, grown / 2 - evidence))


@dataclass(frozen=True, slots=True)
class Anytime:
    """An estimated difference as a test that may be looked at again and again.

    One mixture for all its levels, so that p-values, intervals and claims about a margin agree.
    """

    estimate: Estimate
    """With a standard error above 0."""
    n: float
    """Observations so far, of all groups together."""
    alpha: float = 0.05
    """Tunes the mixture."""
    tuning: float = USERS

    @property
    def difference(self) -> float:
        return self.estimate.difference

    @property
    def statistic(self) -> float | None:
        return self.estimate.statistic

    @property
    def df(self) -> float | None:
        return self.estimate.df

    def p_value(self) -> float:
        """Always-valid p of no difference."""
        return self._p(self.estimate.difference)

    def interval(self, level: float) -> Interval | None:
        """That holds at every look together; None where so few values bound nothing."""
        _check_alpha(1 - level)
        grown = _log_growth(self.n, self.alpha, self.tuning)
        half = _factor(grown, 1 - level, self.estimate.df) * self.estimate.standard_error
        if not math.isfinite(half):
            return None
        middle = self.estimate.difference
        return Interval(middle - half, middle + half, level, "anytime-valid")

    def beyond_p(self, margin: float) -> float:
        """Always-valid p of a difference no larger than the margin."""
        return self._p(max(0.0, abs(self.estimate.difference) - margin))

    def equivalence_p(self, margin: float) -> float:
        """Always-valid p of a difference outside of the margin, from the two-sided interval."""
        return self._p(max(0.0, margin - abs(self.estimate.difference)))

    def _p(self, away: float) -> float:
        error, df = self.estimate.standard_error, self.estimate.df
        return anytime_p(away, error, self.n, self.alpha, self.tuning, df)


def _factor(grown: float, alpha: float, df: float) -> float:
    """Half the interval in standard errors; infinite where so few values bound nothing."""
    bar = grown / 2 - math.log(alpha)
    if math.isinf(df):
        return math.sqrt(2 * bar / -math.expm1(-grown))
    exponent = 2 * bar / (df + 1)
    if exponent >= grown:
        return math.inf
    return math.sqrt(df * math.expm1(exponent) / -math.expm1(exponent - grown))


def _log_growth(n: float, alpha: float, tuning: float) -> float:
    """Logarithm of 1 + n rho squared: by how much the mixture has spread."""
    _check_positive(tuning=tuning)
    return math.log1p(n / best_rho(tuning, alpha))


def _check(difference: float, standard_error: float, n: float, df: float) -> None:
    if not math.isfinite(difference):
        raise ValueError(f"expected a finite difference: {difference}")
    _check_positive(standard_error=standard_error, n=n)
    if not df > 0:
        raise ValueError(f"expected degrees of freedom above 0: {df}")


def _check_positive(**values: float) -> None:
    for name, value in values.items():
        if not 0 < value < math.inf:
            raise ValueError(f"expected a finite {name} above 0: {value}")


def _check_alpha(alpha: float) -> None:
    if not 0 < alpha < 1:
        raise ValueError(f"expected an alpha between 0 and 1: {alpha}")
