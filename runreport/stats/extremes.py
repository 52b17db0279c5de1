"""The lowest or the highest of several true values, where which one it is was found by looking.

The worst of ten noisy means lies below the worst of the ten true ones on average, and the gap
between the best and the worst mean above the true gap. Intervals here are of the true extreme,
whichever value it belongs to:

- that none of the values lies below a bound is one claim about all of them, and each is held to it
  at the full level, without correction (intersection-union);
- that at least one lies below a bound may be any of them, so the level is shared (Bonferroni).

Source: Berger (1982), Technometrics 24, for the first; Dunn (1961), JASA 56, for the second.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from runreport.stats import ties
from runreport.stats.result import Interval

Floats = NDArray[np.float64]

Bounds = Callable[[float], tuple[Floats, Floats]]
"""A two-sided level to the lower and upper ends of the intervals of all values, shape (k,) each."""


def lowest(bounds: Bounds, count: int, level: float, method: str) -> Interval:
    """The interval of the smallest of several true values.

    Args:
        bounds: the intervals of each alone.
        count: how many values, at least 1.
        level: between 0 and 1.
        method: what the intervals are, in words.
    """
    low = float(bounds(level)[0].min())
    high = float(bounds(1 - (1 - level) / count)[1].min())
    return Interval(low, high, level, method)


def highest(bounds: Bounds, count: int, level: float, method: str) -> Interval:
    """The interval of the largest of several true values; arguments as in `lowest`."""
    low = float(bounds(1 - (1 - level) / count)[0].max())
    high = float(bounds(level)[1].max())
    return Interval(low, high, level, method)


@dataclass(frozen=True, slots=True, eq=False)
class Estimates:
    """Several estimates whose errors follow Student's t."""

    values: Floats
    """Shape (k,)."""
    errors: Floats
    """Standard errors, above 0."""
    df: Floats

    def bounds(self, level: float) -> tuple[Floats, Floats]:
        """Ends of the t intervals at this level."""
        from scipy.special import stdtrit

        half = stdtrit(self.df, (1 + level) / 2) * self.errors
        return self.values - half, self.values + half


def gap_of_rows(values: Floats, level: float, overlap: float = 0.0) -> Interval | None:
    """The interval of the gap between the highest and the lowest of several means, measured on the
    same replicates.

    Args:
        values: shape (n, k): replicates x means, finite.
        level: between 0 and 1.
        overlap: test part over training part where replicates are folds of one data set.

    Returns:
        The interval, never below 0; None for fewer than 3 replicates or 2 means, and where two
        means differ by the same amount in every replicate, which leaves no error to go by.
    """
    n, k = values.shape
    if n < FEWEST or k < 2:
        return None
    first, second = np.triu_indices(k, 1)
    differences = values[:, first] - values[:, second]
    errors = differences.std(axis=0, ddof=1) * np.sqrt(1 / n + overlap)
    size = ties.size_of(values.ravel(), values.ravel())
    means = differences.mean(axis=0)
    return _gap(means, errors, np.full(means.size, n - 1.0), size, level, "paired t")


def gap_of_samples(samples: Sequence[Floats], level: float) -> Interval | None:
    """The same where each mean has replicates of its own: Welch's t of every two.

    Args:
        samples: one per mean, finite.
        level: between 0 and 1.
    """
    if len(samples) < 2 or min(sample.size for sample in samples) < FEWEST:
        return None
    first, second = np.triu_indices(len(samples), 1)
    means = np.array([sample.mean() for sample in samples])
    sizes = np.array([sample.size for sample in samples], dtype=np.float64)
    parts = np.array([sample.var(ddof=1) for sample in samples]) / sizes
    totals = parts[first] + parts[second]
    # Welch (1947), Biometrika 34; shares of the variance, as squares of it overflow
    with np.errstate(divide="ignore", invalid="ignore"):
        share = parts[first] / totals
        df = 1 / (share**2 / (sizes[first] - 1) + (1 - share) ** 2 / (sizes[second] - 1))
    every = np.concatenate(list(samples))
    size = ties.size_of(every, every)
    return _gap(means[first] - means[second], np.sqrt(totals), df, size, level, "Welch t")


FEWEST = 3
"""Replicates that an interval needs, as tests do."""


def _gap(
    means: Floats, errors: Floats, df: Floats, size: float, level: float, method: str
) -> Interval | None:
    """The largest of the differences in both directions."""
    fixed = errors <= 1e-12 * size
    if np.any(fixed & (np.abs(means) > 1e-12 * size)):
        return None
    # two means that agree in every replicate have no gap between them
    means, errors, df = means[~fixed], errors[~fixed], df[~fixed]
    if not means.size:
        return None
    both = Estimates(
        np.concatenate((means, -means)), np.concatenate((errors, errors)), np.concatenate((df, df))
    )
    found = highest(both.bounds, both.values.size, level, method)
    return Interval(max(0.0, found.low), max(0.0, found.high), level, method)
