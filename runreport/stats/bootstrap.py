"""Bootstrap intervals: randomness comes in as a generator."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from runreport.stats.result import Interval
from runreport.stats.ties import is_constant

Floats = NDArray[np.float64]
Statistic = Callable[[Floats], Floats]
"""Of the last axis."""

BLOCK = 2_000_000
"""Numbers drawn at a time."""


def mean(values: Floats) -> Floats:
    """The mean over the last axis."""
    return np.asarray(values.mean(axis=-1))


def bca_interval(
    values: Floats,
    *,
    level: float,
    rng: np.random.Generator,
    statistic: Statistic = mean,
    resamples: int = 10_000,
) -> Interval | None:
    """The bias-corrected and accelerated bootstrap interval of one sample's statistic.

    Args:
        values: shape (n,), any unit.
        level: confidence level, between 0 and 1.
        rng: generator; the same seed gives the same interval.
        statistic: of the last axis.
        resamples: how many are drawn.

    Returns:
        The interval; None below 3 values (2 give their own range) and for constant values.

    Source: Efron (1987), JASA 82.
    """
    n = values.size
    if n < 3 or is_constant(values):
        return None
    from scipy.special import ndtr, ndtri

    drawn = _resample(values, statistic, resamples, rng)
    observed = float(statistic(values))
    below = float((np.sum(drawn < observed) + np.sum(drawn == observed) / 2) / resamples)
    if not 0 < below < 1:
        return None
    bias = float(ndtri(below))
    left_out = np.array([float(statistic(np.delete(values, index))) for index in range(n)])
    away = left_out.mean() - left_out
    spread = float((away**2).sum())
    acceleration = float((away**3).sum()) / (6 * spread**1.5) if spread > 0 else 0.0
    ends = []
    for quantile in ((1 - level) / 2, (1 + level) / 2):
        shifted = bias + float(ndtri(quantile))
        ends.append(float(ndtr(bias + shifted / (1 - acceleration * shifted))))
    low, high = np.quantile(drawn, ends)
    return Interval(float(low), float(high), level, "BCa bootstrap")


def _resample(
    values: Floats, statistic: Statistic, resamples: int, rng: np.random.Generator
) -> Floats:
    block = max(1, BLOCK // values.size)
    parts = []
    for start in range(0, resamples, block):
        count = min(block, resamples - start)
        chosen = rng.integers(0, values.size, size=(count, values.size))
        parts.append(statistic(values[chosen]))
    return np.concatenate(parts)
