"""Learning curves as arrays: several runs on one grid, smoothing, and fewer points for the pixels.

Pure numpy; what the `history` section computes with.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Curve:
    """One line: x and y of shape (n,); NaN in y breaks it."""

    x: Floats
    y: Floats


@dataclass(frozen=True, eq=False)
class Band:
    """The mean of several runs at each step, and what surrounds it."""

    step: Floats
    """Shape (n,), ascending."""
    x: Floats
    """Mean place on the horizontal axis over the runs that have the step."""
    mean: Floats
    low: Floats
    """NaN where fewer than two runs have the step."""
    high: Floats
    count: Ints
    """Runs with a finite value at the step."""


def last_of_each(step: Floats, *others: Floats) -> tuple[Floats, ...]:
    """Points with one row per step: the last of duplicates, as logged (steps are sorted)."""
    if step.size == 0:
        return (step, *others)
    keep = np.append(step[1:] != step[:-1], True)
    return tuple(part[keep] for part in (step, *others))


def average(
    curves: Sequence[tuple[Floats, Floats, Floats]],
    spread: str,
    quantile: Callable[[int], float],
) -> Band:
    """Mean and band at every step that some run has, over the runs that have it.

    Args:
        curves: (step, x, y) per run, one row per step, steps ascending.
        spread: `ci` (t interval of the mean), `sd` (one standard deviation), `minmax`, `none`.
        quantile: t quantile for that many degrees of freedom.
    """
    steps = curves[0][0] if curves else np.empty(0)
    if any(not np.array_equal(steps, other) for other, _, _ in curves[1:]):
        steps = np.unique(np.concatenate([step for step, _, _ in curves]))
    xs = np.full((len(curves), steps.size), np.nan)
    ys = np.full((len(curves), steps.size), np.nan)
    for row, (step, x, y) in enumerate(curves):
        at = np.searchsorted(steps, step)
        xs[row, at], ys[row, at] = x, y
    fine = np.isfinite(ys) & np.isfinite(xs)
    count = fine.sum(axis=0)
    some, enough = np.maximum(count, 1), count > 1
    mean = np.where(count > 0, np.where(fine, ys, 0).sum(axis=0) / some, np.nan)
    x = np.where(count > 0, np.where(fine, xs, 0).sum(axis=0) / some, np.nan)
    if spread == "minmax":
        low = np.where(enough, np.where(fine, ys, np.inf).min(axis=0, initial=np.inf), np.nan)
        high = np.where(enough, np.where(fine, ys, -np.inf).max(axis=0, initial=-np.inf), np.nan)
        return Band(steps, x, mean, low, high, count)
    squares = (np.where(fine, ys - mean, 0) ** 2).sum(axis=0)
    deviation = np.sqrt(squares / np.maximum(count - 1, 1))
    if spread == "ci":
        factor = np.full(count.shape, np.nan)
        for n in np.unique(count[enough]):
            factor[count == n] = quantile(int(n) - 1) / np.sqrt(n)
        half = deviation * factor
    else:
        half = deviation if spread == "sd" else np.full(count.shape, np.nan)
    half = np.where(enough, half, np.nan)
    return Band(steps, x, mean, mean - half, mean + half, count)


def smooth(y: Floats, amount: float) -> Floats:
    """A smoothed copy; what is not finite stays and restarts it.

    Args:
        y: values in order of steps.
        amount: below 1, the weight of the past in an exponential average (corrected for its
            start); 2 and more, the mean of that many last points.
    """
    out = y.copy()
    for start, stop in stretches(np.isfinite(y)):
        part = y[start:stop]
        out[start:stop] = _window(part, int(amount)) if amount >= 1 else _decay(part, amount)
    return out


def _window(part: Floats, width: int) -> Floats:
    sums = np.cumsum(np.insert(part, 0, 0.0))
    ends = np.arange(1, part.size + 1)
    starts = np.maximum(ends - width, 0)
    return np.asarray((sums[ends] - sums[starts]) / (ends - starts))


def _decay(part: Floats, weight: float) -> Floats:
    out = np.empty_like(part)
    state, norm = 0.0, 0.0
    for index, value in enumerate(part.tolist()):
        state = weight * state + (1 - weight) * value
        norm = weight * norm + (1 - weight)
        out[index] = state / norm
    return out


def stretches(fine: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Half-open index ranges in which `fine` holds."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], fine, [False])).astype(np.int8)))
    return [(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]


def thin(x: Floats, y: Floats, columns: int) -> Ints:
    """Indices that keep the lowest and the highest value of each pixel column, and every gap.

    Args:
        x: places of the points, in drawn coordinates.
        y: their values; NaN is a gap.
        columns: how many pixel columns the curve has.

    Returns:
        Ascending indices; all of them when there are no more than two per column.
    """
    n = y.size
    if n <= 2 * columns:
        return np.arange(n)
    step = np.diff(x)
    if np.all(step >= 0) and np.isfinite(x).all() and x[-1] > x[0]:
        column = np.minimum(((x - x[0]) / (x[-1] - x[0]) * columns).astype(np.intp), columns - 1)
    else:
        # x goes back and forth: equal shares of the points, in order
        column = np.arange(n) * columns // n
    fine = np.isfinite(y)
    # the first of each column in order of value is its lowest, the last its highest
    order = np.lexsort((np.where(fine, y, np.inf), column))
    first = np.searchsorted(column[order], np.unique(column))
    lowest = order[first]
    downwards = np.lexsort((np.where(fine, -y, np.inf), column))
    highest = downwards[first]
    gaps = np.flatnonzero(~fine)
    gaps = gaps[np.unique(column[gaps], return_index=True)[1]]
    return np.unique(np.concatenate((lowest, highest, gaps, [0, n - 1])))
