"""Bootstrap intervals: randomness comes in as a generator.

Of one sample, of the difference between two, and of many at once: those share their resamples, so
that a matrix product takes the place of a loop.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from runreport.stats.draws import blocks, middle, times_drawn
from runreport.stats.result import Interval
from runreport.stats.ties import is_constant, size_of

Floats = NDArray[np.float64]
Statistic = Callable[[Floats], Floats]
"""Of the last axis."""

FEWEST = 3
"""Values a sample needs: two give their own range, whatever is drawn."""

BCA, PERCENTILE = "BCa bootstrap", "percentile bootstrap"

ROUNDING = 1e-12
"""Resampled statistics closer to the observed one than this share of the values are equal to it."""


def mean(values: Floats) -> Floats:
    """The mean over the last axis."""
    return np.asarray(values.mean(axis=-1))


# ---- one sample ----------------------------------------------------------------------------------


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

    Raises:
        ValueError: a value that is not finite.

    Source: Efron (1987), JASA 82.
    """
    rows = _rows(values)
    return bca_batch(rows, level=level, rng=rng, statistic=statistic, resamples=resamples)[0]


def percentile_interval(
    values: Floats,
    *,
    level: float,
    rng: np.random.Generator,
    statistic: Statistic = mean,
    resamples: int = 10_000,
) -> Interval | None:
    """The middle of one sample's resampled statistics: too narrow for few or skewed values.

    Arguments, result and errors as in `bca_interval`.

    Source: Efron (1979), Annals of Statistics 7.
    """
    rows = _rows(values)
    if not _varies((rows,))[0]:
        return None
    return middle(_resampled(rows, statistic, resamples, rng)[0], level, PERCENTILE)


# ---- two independent samples ---------------------------------------------------------------------


def bca_difference(
    baseline: Floats,
    candidate: Floats,
    *,
    level: float,
    rng: np.random.Generator,
    statistic: Statistic = mean,
    resamples: int = 10_000,
) -> Interval | None:
    """The BCa interval of a statistic of the candidate minus that of the baseline.

    Args:
        baseline: shape (m,), any unit.
        candidate: shape (n,), the same unit, independent of the baseline.
        level: confidence level, between 0 and 1.
        rng: generator; the same seed gives the same interval.
        statistic: of the last axis.
        resamples: how many are drawn of each.

    Returns:
        The interval; None where a side has fewer than 3 values, and where neither side varies.

    Raises:
        ValueError: a value that is not finite.

    Source: Efron (1987), JASA 82; Efron and Tibshirani (1993), An Introduction to the Bootstrap,
        chapter 14, for two samples.
    """
    found = bca_difference_batch(
        _rows(baseline),
        _rows(candidate),
        level=level,
        rng=rng,
        statistic=statistic,
        resamples=resamples,
    )
    return found[0]


# ---- many at once --------------------------------------------------------------------------------


def bca_batch(
    samples: Floats,
    *,
    level: float,
    rng: np.random.Generator,
    statistic: Statistic = mean,
    resamples: int = 10_000,
) -> tuple[Interval | None, ...]:
    """The BCa interval of each row's statistic.

    Which places of a row are drawn is the same for all rows. Each interval is what it would be
    alone; only the errors of drawing so many and not all resamples are alike.

    Args:
        samples: shape (rows, n); for pairs, their differences.
        level: confidence level, between 0 and 1.
        rng: generator; the same seed gives the same intervals.
        statistic: of the last axis; means are fastest.
        resamples: how many are drawn.

    Returns:
        One per row; None where a row does not vary, and for all of them when n is below 3.

    Raises:
        ValueError: not two axes, or a value that is not finite.

    Source: Efron (1987), JASA 82.
    """
    rows = _matrix(samples)
    fine = _varies((rows,))
    if not fine.any():
        return (None,) * int(rows.shape[0])
    kept = rows[fine]
    observed = np.asarray(statistic(kept))
    drawn = _resampled(kept, statistic, resamples, rng)
    influence = _influence(kept, statistic)
    cubes, squares = (influence**3).sum(axis=-1), (influence**2).sum(axis=-1)
    found = iter(_bca(drawn, observed, (cubes, squares), kept, level))
    return tuple(next(found) if ok else None for ok in fine)


def bca_difference_batch(
    baselines: Floats,
    candidates: Floats,
    *,
    level: float,
    rng: np.random.Generator,
    statistic: Statistic = mean,
    resamples: int = 10_000,
) -> tuple[Interval | None, ...]:
    """The BCa interval of each row's difference: the candidates' statistic minus the baselines'.

    As in `bca_batch`, rows share the places drawn; the two sides of a row do not.

    Args:
        baselines: shape (rows, m).
        candidates: shape (rows, n), independent of the baselines.
        level: confidence level, between 0 and 1.
        rng: generator; the same seed gives the same intervals.
        statistic: of the last axis; means are fastest.
        resamples: how many are drawn of each side.

    Returns:
        One per row; None where neither side of a row varies, and for all of them when m or n is
        below 3.

    Raises:
        ValueError: not two axes, different numbers of rows, or a value that is not finite.

    Source: Efron (1987), JASA 82; Efron and Tibshirani (1993), chapter 14.
    """
    sides = _matrix(baselines), _matrix(candidates)
    if sides[0].shape[0] != sides[1].shape[0]:
        raise ValueError(f"expected as many rows, found {sides[0].shape[0]}, {sides[1].shape[0]}")
    fine = _varies(sides)
    if not fine.any():
        return (None,) * int(sides[0].shape[0])
    before, after = (side[fine] for side in sides)
    observed = np.asarray(statistic(after) - statistic(before))
    old = _resampled(before, statistic, resamples, rng)
    drawn = _resampled(after, statistic, resamples, rng)
    drawn -= old
    cubes, squares = np.zeros(observed.size), np.zeros(observed.size)
    for sign, side in ((-1, before), (1, after)):
        # what one value of n moves the statistic by
        influence = sign * _influence(side, statistic) * (side.shape[1] - 1) / side.shape[1]
        cubes += (influence**3).sum(axis=-1)
        squares += (influence**2).sum(axis=-1)
    both = np.hstack((before, after))
    found = iter(_bca(drawn, observed, (cubes, squares), both, level))
    return tuple(next(found) if ok else None for ok in fine)


# ---- parts ---------------------------------------------------------------------------------------


def _rows(values: Floats) -> Floats:
    return _matrix(np.reshape(values, (1, -1)))


def _matrix(samples: Floats) -> Floats:
    """Rows in ascending order, so that the order of the values plays no part."""
    rows = np.asarray(samples, dtype=np.float64)
    if rows.ndim != 2:
        raise ValueError(f"expected rows of values, found {rows.ndim} axes")
    return np.sort(rows, axis=1)


def _varies(sides: Sequence[Floats]) -> NDArray[np.bool_]:
    """Which rows have an interval at all, shape (rows,)."""
    if not all(np.isfinite(side).all() for side in sides):
        raise ValueError("expected finite values")
    count = sides[0].shape[0]
    if any(side.shape[1] < FEWEST for side in sides):
        return np.zeros(count, dtype=np.bool_)
    return np.array(
        [
            not all(is_constant(side[row], size_of(*(s[row] for s in sides))) for side in sides)
            for row in range(count)
        ],
        dtype=np.bool_,
    )


def _resampled(
    rows: Floats, statistic: Statistic, resamples: int, rng: np.random.Generator
) -> Floats:
    """The statistic of every resample of every row, shape (rows, resamples)."""
    n = rows.shape[1]
    if statistic is mean:
        counted = (
            times_drawn(rng.integers(0, n, size=(count, n)), n).astype(np.float64)
            for count in blocks(resamples, n)
        )
        parts = [rows @ times.T for times in counted]
        return np.asarray(np.concatenate(parts, axis=1) / n)
    parts = []
    for count in blocks(resamples, rows.size):
        chosen = rng.integers(0, n, size=(count, n))
        parts.append(np.asarray(statistic(rows[:, chosen])))
    return np.concatenate(parts, axis=1)


def _influence(rows: Floats, statistic: Statistic) -> Floats:
    """How the statistic without each value lies below their mean, shape (rows, n)."""
    n = rows.shape[1]
    if statistic is mean:
        return np.asarray((rows - rows.mean(axis=1, keepdims=True)) / (n - 1))
    without = [np.asarray(statistic(np.delete(rows, place, axis=1))) for place in range(n)]
    left_out = np.stack(without, axis=1)
    return np.asarray(left_out.mean(axis=1, keepdims=True) - left_out)


def _bca(
    drawn: Floats,
    observed: Floats,
    sums: tuple[Floats, Floats],
    rows: Floats,
    level: float,
) -> Iterator[Interval | None]:
    """The interval of each row; None where all resamples lie on one side.

    Args:
        drawn: shape (rows, resamples); sorted in place.
        observed: shape (rows,).
        sums: of cubes and of squares of what each value moves the statistic by, shape (rows,).
        rows: the values, for what a rounding error is.
        level: confidence level.
    """
    from scipy.special import ndtr, ndtri

    resamples = drawn.shape[1]
    near = ROUNDING * np.abs(rows).max(axis=1)
    under = (drawn < (observed - near)[:, None]).mean(axis=1)
    upto = (drawn <= (observed + near)[:, None]).mean(axis=1)
    bias = ndtri((under + upto) / 2)
    cubes, squares = sums
    skewed = np.divide(cubes, 6 * squares**1.5, out=np.zeros_like(cubes), where=squares > 0)
    drawn.sort(axis=1)
    for row in range(drawn.shape[0]):
        if not np.isfinite(bias[row]):
            yield None
            continue
        shifted = bias[row] + ndtri([(1 - level) / 2, (1 + level) / 2])
        left = 1 - skewed[row] * shifted
        # so skewed that no resample is far enough
        far = np.where(shifted < 0, 0.0, 1.0)
        with np.errstate(divide="ignore", over="ignore"):
            ends = np.where(left > 0, ndtr(bias[row] + shifted / left), far)
        low, high = _at(drawn[row], ends * (resamples - 1))
        yield Interval(low, high, level, BCA)


def _at(ordered: Floats, places: Floats) -> tuple[float, float]:
    """Values at two fractional places of sorted ones."""
    below = np.floor(places).astype(np.intp)
    above = np.minimum(below + 1, ordered.size - 1)
    low, high = ordered[below] + (places - below) * (ordered[above] - ordered[below])
    return float(low), float(high)
