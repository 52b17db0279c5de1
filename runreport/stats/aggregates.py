"""One number for many tasks: means, medians, interquartile means, gaps, chances, profiles.

Scores are given task by task, one array of runs each. Every task counts the same; where tasks have
different numbers of runs, each run of a task has an equal share of that task. Every aggregate is a
function of these shares alone, so a bootstrap is the same function of shares drawn anew: runs are
drawn again within each task, tasks stay as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from runreport.stats.draws import blocks, middle
from runreport.stats.result import Interval
from runreport.stats.strata import BLOCK, Pool, Scores, pool

Floats = NDArray[np.float64]
Statistic = Literal["iqm", "mean", "median", "optimality_gap"]

METHOD = "stratified bootstrap"

FEWEST = 3
"""Runs of every task that an interval needs."""

MEDIAN_FEWEST = 20
"""The same for the median of the tasks: with fewer, its interval covers far less than it says."""

WORK, DRAWS = 4_000_000, (2_000, 10_000)
"""Numbers drawn in all, and the least and most resamples."""


@dataclass(frozen=True, slots=True)
class Aggregate:
    """One number for all tasks."""

    value: float
    interval: Interval | None
    """None where runs are too few, or do not vary."""


@dataclass(frozen=True, eq=False)
class Profile:
    """Of each threshold the share of runs above it."""

    at: Floats
    """Thresholds, shape (k,), in the scores' unit."""
    share: Floats
    """Between 0 and 1, shape (k,)."""
    low: Floats | None
    """Pointwise interval, shape (k,); None where runs are too few."""
    high: Floats | None


Measure = Callable[[Pool, Floats], Floats]
"""Of shares, shape (b, n), to numbers, shape (b,)."""


# ---- aggregates ----------------------------------------------------------------------------------


def mean_of_tasks(scores: Scores) -> float:
    """The mean of the tasks' means.

    Args:
        scores: runs of each task.

    Raises:
        ValueError: as in `pool`.

    Source: Agarwal et al. (2021), NeurIPS 34.
    """
    return _of(scores, _mean)


def median_of_tasks(scores: Scores) -> float:
    """The median of the tasks' means. Arguments, errors and source as in `mean_of_tasks`."""
    return _of(scores, _median)


def interquartile_mean(scores: Scores) -> float:
    """The mean of the middle half of all runs of all tasks: a quarter is cut at either end.

    Of n runs the lowest and the highest floor(n / 4) are cut when all tasks have as many runs, as
    a trimmed mean does. Otherwise what is cut is that share of the whole weight; the run at the
    cut enters with what is left of its own. Arguments, errors and source as in `mean_of_tasks`.
    """
    return _of(scores, _interquartile)


def optimality_gap(scores: Scores, gamma: float = 1.0) -> float:
    """By how much runs fall short of gamma on average; those above count as 0.

    Args:
        scores: runs of each task, higher is better.
        gamma: what is good enough, in the scores' unit.

    Raises:
        ValueError: as in `pool`.

    Source: Agarwal et al. (2021), NeurIPS 34.
    """
    return _of(scores, partial(_gap, gamma=gamma))


def aggregate(
    scores: Scores,
    statistic: Statistic,
    *,
    level: float,
    rng: np.random.Generator,
    gamma: float = 1.0,
    draws: int | None = None,
) -> Aggregate:
    """An aggregate with its percentile interval over runs drawn again within each task.

    Args:
        scores: runs of each task.
        statistic: which one.
        level: confidence level, between 0 and 1.
        rng: generator; the same seed gives the same interval.
        gamma: of the optimality gap.
        draws: resamples; as many as `draws_for` says when left out.

    Returns:
        The number, without an interval where a task has fewer than 3 runs (the median needs 20)
        or no task's runs differ.

    Raises:
        ValueError: as in `pool`.

    Source: Agarwal et al. (2021), NeurIPS 34; Efron (1979), Annals of Statistics 7.
    """
    found = aggregate_all(scores, (statistic,), level=level, rng=rng, gamma=gamma, draws=draws)
    return found[statistic]


def aggregate_all(
    scores: Scores,
    statistics: Sequence[Statistic],
    *,
    level: float,
    rng: np.random.Generator,
    gamma: float = 1.0,
    draws: int | None = None,
) -> dict[Statistic, Aggregate]:
    """Several aggregates of the same draws, each as `aggregate` gives it alone.

    Arguments, errors and source as in `aggregate`.
    """
    row = pool(scores)
    measures = {name: _measure(name, gamma) for name in statistics}
    values = {name: float(measure(row, row.shares)[0]) for name, measure in measures.items()}
    able = [name for name in measures if row.sizes.min() >= _fewest(name)] if row.varies else []
    drawn: dict[Statistic, list[Floats]] = {name: [] for name in able}
    count = draws or draws_for(row.values.size)
    for shares in row.drawn(rng, count) if able else ():
        for name in able:
            drawn[name].append(measures[name](row, shares))
    return {
        name: Aggregate(
            value, middle(np.concatenate(drawn[name]), level, METHOD) if name in drawn else None
        )
        for name, value in values.items()
    }


def _fewest(statistic: Statistic) -> int:
    return MEDIAN_FEWEST if statistic == "median" else FEWEST


def draws_for(runs: int) -> int:
    """Resamples of so many runs: 10,000 unless that takes long, and 2,000 at least."""
    return int(np.clip(WORK // max(1, runs), *DRAWS))


def _measure(statistic: Statistic, gamma: float) -> Measure:
    known: dict[Statistic, Measure] = {
        "iqm": _interquartile,
        "mean": _mean,
        "median": _median,
        "optimality_gap": partial(_gap, gamma=gamma),
    }
    return known[statistic]


def _of(scores: Scores, measure: Measure) -> float:
    row = pool(scores)
    return float(measure(row, row.shares)[0])


def _mean(row: Pool, shares: Floats) -> Floats:
    return np.asarray(shares @ row.values)


def _task_means(row: Pool, shares: Floats) -> Floats:
    """Shape (b, t)."""
    return np.asarray(row.tasks * np.add.reduceat(shares * row.values, row.starts, axis=1))


def _median(row: Pool, shares: Floats) -> Floats:
    return np.asarray(np.median(_task_means(row, shares), axis=1))


def _interquartile(row: Pool, shares: Floats) -> Floats:
    n = row.values.size
    cut = (n // 4) / n
    order = np.argsort(row.values, kind="stable")
    ascending = row.values[order]
    upto = np.take(shares, order, axis=1)
    np.cumsum(upto, axis=1, out=upto)
    np.clip(upto, cut, 1 - cut, out=upto)
    # sum of each value times what is kept of its share, added up by parts
    whole = (1 - cut) * ascending[-1] - cut * ascending[0] - upto[:, :-1] @ np.diff(ascending)
    return np.asarray(whole / (1 - 2 * cut))


def _gap(row: Pool, shares: Floats, gamma: float) -> Floats:
    return np.asarray(shares @ np.maximum(gamma - row.values, 0.0))


# ---- two at a time -------------------------------------------------------------------------------


def improvement(baseline: Scores, candidate: Scores) -> float:
    """How often a run of the candidate scores above one of the baseline on the same task, over all
    pairs of runs and averaged over tasks; ties count half.

    Args:
        baseline: runs of each task.
        candidate: the same tasks in the same order.

    Raises:
        ValueError: as in `pool`; different numbers of tasks.

    Source: Agarwal et al. (2021), NeurIPS 34; Mann and Whitney (1947) for one task.
    """
    sides = _two(baseline, candidate)
    return float(_chance(sides, tuple(side.shares for side in sides))[0])


def improvement_interval(
    baseline: Scores,
    candidate: Scores,
    *,
    level: float,
    rng: np.random.Generator,
    draws: int | None = None,
) -> Aggregate:
    """The probability of improvement with its interval; runs of both sides are drawn again.

    Args:
        baseline: runs of each task.
        candidate: the same tasks in the same order.
        level: confidence level, between 0 and 1.
        rng: generator; the same seed gives the same interval.
        draws: resamples; as many as `draws_for` says when left out.

    Returns:
        The number, without an interval where a task of either side has fewer than 3 runs, or where
        no drawing again can change it: each task's runs do not differ, or every run of one side is
        above every run of the other.

    Raises:
        ValueError: as in `improvement`.

    Source: Agarwal et al. (2021), NeurIPS 34.
    """
    sides = _two(baseline, candidate)
    value = float(_chance(sides, tuple(side.shares for side in sides))[0])
    if min(side.sizes.min() for side in sides) < FEWEST:
        return Aggregate(value, None)
    whole = draws or draws_for(sum(side.values.size for side in sides))
    parts = [
        _chance(sides, tuple(side.redrawn(rng, count) for side in sides))
        for count in blocks(whole, sides[0].values.size, BLOCK)
    ]
    found = np.concatenate(parts)
    if float(np.ptp(found)) < 1e-12:
        return Aggregate(value, None)
    return Aggregate(value, middle(found, level, METHOD))


def _two(baseline: Scores, candidate: Scores) -> tuple[Pool, Pool]:
    if len(baseline) != len(candidate):
        raise ValueError(f"expected the same tasks, found {len(baseline)} and {len(candidate)}")
    return pool(baseline), pool(candidate)


def _chance(sides: tuple[Pool, Pool], shares: tuple[Floats, ...]) -> Floats:
    before, after = sides
    total = np.zeros(shares[0].shape[0])
    for task in range(before.tasks):
        old, new = (
            slice(side.starts[task], side.starts[task] + side.sizes[task]) for side in sides
        )
        apart = after.values[new][:, None] - before.values[old][None, :]
        above = (np.sign(apart) + 1) / 2
        total += ((shares[1][:, new] @ above) * shares[0][:, old]).sum(axis=1)
    # each side's shares of a task add up to 1 / tasks
    return np.asarray(total * before.tasks)


# ---- profiles ------------------------------------------------------------------------------------


def profile(scores: Scores, at: Floats) -> Floats:
    """Of each threshold the share of runs whose score is above it, tasks counted alike.

    Args:
        scores: runs of each task.
        at: thresholds, shape (k,), in the scores' unit.

    Returns:
        Shape (k,), falling from 1 to 0.

    Raises:
        ValueError: as in `pool`.

    Source: Agarwal et al. (2021), NeurIPS 34; Dolan and More (2002), Mathematical Programming 91.
    """
    row = pool(scores)
    return np.asarray(_above(row, at, row.shares)[0])


def profile_band(
    scores: Scores,
    at: Floats,
    *,
    level: float,
    rng: np.random.Generator,
    draws: int | None = None,
) -> Profile:
    """The performance profile with its pointwise interval.

    Args:
        scores: runs of each task.
        at: thresholds, shape (k,), in the scores' unit.
        level: of each point's interval, between 0 and 1.
        rng: generator; the same seed gives the same band.
        draws: resamples; 2,000 when left out.

    Returns:
        The profile, without a band where a task has fewer than 3 runs or no task's runs differ.

    Raises:
        ValueError: as in `pool`.

    Source: Agarwal et al. (2021), NeurIPS 34.
    """
    row = pool(scores)
    share = _above(row, at, row.shares)[0]
    if row.sizes.min() < FEWEST or not row.varies:
        return Profile(at, share, None, None)
    found = [_above(row, at, shares) for shares in row.drawn(rng, draws or DRAWS[0])]
    ends = np.quantile(np.concatenate(found), ((1 - level) / 2, (1 + level) / 2), axis=0)
    return Profile(at, share, ends[0], ends[1])


def _above(row: Pool, at: Floats, shares: Floats) -> Floats:
    """Shape (b, k)."""
    return np.asarray(shares @ (row.values[:, None] > at[None, :]).astype(np.float64))
