"""How much of a metric's variance each param explains, by a forest.

It takes a model that predicts configurations it has not seen; where there is none, there is no
answer.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from runreport.stats import bootstrap, given
from runreport.stats.draws import blocks
from runreport.stats.forests import Forest, grow, one_thread
from runreport.stats.marginals import POINTS, Domain, Marginals, bagged_error
from runreport.stats.paired import midranks
from runreport.stats.result import Interval
from runreport.stats.space import Axis, decider
from runreport.stats.ties import is_constant, settle, size_of

Floats = NDArray[np.float64]

FEWEST = 20
"""Configurations below which no forest is grown: of five params, two of which matter, 20 put the
right one first in 9 of 10 simulations and 8 or 12 in 7 of 10."""

PER_PARAM = 4
"""Configurations that each param needs beside the others."""

SHUFFLES = 8
"""Times that the values of a param are shuffled."""

SPACE = 2048
"""Configurations drawn to see how much a forest's predictions vary over the space."""

APART = -0.25
"""Where a number that is not set stands: below its range."""

PAIRED = 8
"""Params, the most important ones, of which all pairs are looked at."""

BAGGED = "infinitesimal jackknife over configurations"


def needed(params: int) -> int:
    """Configurations that a forest over so many params needs."""
    return max(FEWEST, PER_PARAM * params)


# ---- forest --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Share:
    """A share of variance, with its interval."""

    value: float
    interval: Interval | None


@dataclass(frozen=True, eq=False)
class Effect:
    """One param in the forest."""

    total: Share
    """Of the metric's variance: what the param explains alone and jointly with others."""
    alone: Share
    """Of the variance of the forest's predictions over the space: its main effect."""
    curve: Floats
    """The forest's mean prediction at the points of the param."""
    error: Floats
    """Its standard error at each point."""
    domain: Domain


@dataclass(frozen=True, slots=True)
class Pair:
    """What two params do together beyond what each does alone."""

    first: int
    second: int
    share: Share
    """Of the variance of the forest's predictions over the space."""


@dataclass(frozen=True, eq=False)
class Importance:
    """What a forest says of a metric."""

    n: int
    """Configurations."""
    trees: int
    fit: Share
    """R squared of configurations that were left out of the trees."""
    effects: tuple[Effect, ...]
    """One per param; empty where the fit is no better than chance."""
    pairs: tuple[Pair, ...]
    """Largest first."""
    order_is_sure: bool
    """Whether the first param's lead over the second is more than chance."""

    @property
    def is_fit(self) -> bool:
        """Whether the forest predicts what it has not seen better than the mean does."""
        return self.fit.interval is not None and self.fit.interval.low > 0


def importance(
    axes: Sequence[Axis], values: Floats, *, level: float, rng: np.random.Generator
) -> Importance:
    """How much of a metric's variance goes with each param, by a forest.

    A conditional param, one that another param decides about, stands at its middle value where it
    is not set, so that being set counts for the param that decides. Any other param that some
    configurations lack has not being set as a level of its own.

    Args:
        axes: one per param, over n configurations, no two of them always moving together.
        values: of the metric, shape (n,).
        level: of the intervals.
        rng: generator; the same seed gives the same answer.

    Raises:
        ValueError: fewer configurations than `needed`, no param, or values that are constant or
            not finite.
        ModuleNotFoundError: scikit-learn is not installed.

    Source: Breiman (2001), Machine Learning 45, for shuffling; Watson and Wright (2021), Machine
        Learning 110, for its interval over the errors of single configurations; Hutter et al.
        (2014), ICML 32, for effects alone and of pairs.
    """
    values = given.values(values, least=needed(len(axes)))
    if not axes or is_constant(values):
        raise ValueError("expected params and values that vary")
    centre, scale = float(values.mean()), float(values.std())
    rows, domains = encode(axes)
    forest = grow(rows, (values - centre) / scale, rng=rng)
    y = (values - centre) / scale
    errors = y - forest.left_out(rows)
    seen = np.isfinite(errors)
    fit = _fit(errors[seen], y[seen], level, rng)
    if fit.interval is None or not fit.interval.low > 0:
        return Importance(values.size, len(forest.trees), fit, (), (), False)
    with one_thread():
        losses = _losses(forest, rows, y, errors, axes, domains, rng)[:, seen]
        variance = float(y[seen].var())
        totals = _totals(losses / (2 * variance), level, rng)
        marginals = Marginals(forest.boxes, domains)
        drawn = np.hstack([domain.draw(SPACE, rng) for domain in domains])
        spread = _Spread.of(forest.predict(drawn))
        effects = []
        for place, domain in enumerate(domains):
            curve = marginals.along(place)
            error = bagged_error(marginals.trees_along(place), forest.times)
            alone = spread.share(curve.variance, curve.by_tree, forest.times, level)
            effects.append(
                Effect(totals[place], alone, centre + scale * curve.values, scale * error, domain)
            )
        order = np.argsort([-share.value for share in totals], kind="stable").tolist()
        pairs = []
        for number, one in enumerate(order[:PAIRED]):
            for other in order[number + 1 : PAIRED]:
                first, second = sorted((one, other))
                curve = marginals.between(first, second)
                share = spread.share(curve.variance, curve.by_tree, forest.times, level)
                pairs.append(Pair(first, second, share))
    pairs.sort(key=lambda pair: -pair.share.value)
    sure = _is_sure(losses, order, level, rng)
    return Importance(values.size, len(forest.trees), fit, tuple(effects), tuple(pairs), sure)


def encode(axes: Sequence[Axis]) -> tuple[Floats, tuple[Domain, ...]]:
    """Configurations as trees take them: numbers as places, words as one column per level.

    Returns:
        Rows of shape (n, columns), and how much of the space each place of a param is: levels
        equally much, ranges evenly, being not set as often as it was seen.
    """
    parts, domains, start = [], [], 0
    for place, item in enumerate(axes):
        fine = item.is_set
        filled, absent = item.places.copy(), 0.0
        if not fine.all():
            if decider(axes, place) is not None:
                filled[~fine] = _middle(item)
            else:
                absent = float(1 - fine.mean())
        block, points, weights = (_words if item.kind == "words" else _numbers)(
            item, filled, absent
        )
        parts.append(block)
        columns = tuple(range(start, start + block.shape[1]))
        start += block.shape[1]
        is_range = not item.is_grid
        domains.append(Domain(columns, points, weights, is_range, int(absent > 0)))
    rows = np.hstack(parts)
    # as the trees see them
    return rows.astype(np.float32).astype(np.float64), tuple(domains)


def _middle(item: Axis) -> float:
    """A value that is seen: the commonest word, the median number."""
    present = np.sort(item.places[item.is_set])
    if item.kind == "words":
        return float(np.bincount(present.astype(np.intp)).argmax())
    return float(present[present.size // 2])


def _words(item: Axis, filled: Floats, absent: float) -> tuple[Floats, Floats, Floats]:
    count = len(item.levels) + (absent > 0)
    codes = np.where(np.isnan(filled), count - 1, filled).astype(np.intp)
    points = np.eye(count)
    # of two levels one column says it all
    points = points[:, 1:] if count == 2 else points
    return points[codes], points, _weights(len(item.levels), absent)


def _numbers(item: Axis, filled: Floats, absent: float) -> tuple[Floats, Floats, Floats]:
    if item.is_grid:
        points = np.unique(item.places[item.is_set])
    else:
        points = (np.arange(POINTS) + 0.5) / POINTS
    weights = _weights(points.size, absent)
    if absent > 0:
        points = np.append(points, APART)
    points = points.astype(np.float32).astype(np.float64)
    return np.where(np.isnan(filled), APART, filled)[:, None], points[:, None], weights


def _weights(count: int, absent: float) -> Floats:
    found = np.full(count, (1 - absent) / count)
    return np.append(found, absent) if absent > 0 else found


# ---- left-out configurations ---------------------------------------------------------------------


def _fit(errors: Floats, y: Floats, level: float, rng: np.random.Generator) -> Share:
    """R squared over configurations left out, its interval by drawing configurations again."""
    n = y.size
    share = 1 - float((errors**2).sum()) / float(((y - y.mean()) ** 2).sum())
    drawn = []
    for count in blocks(4000, n):
        places = rng.integers(0, n, (count, n))
        there = y[places]
        away = ((there - there.mean(axis=1, keepdims=True)) ** 2).sum(axis=1)
        with np.errstate(divide="ignore", invalid="ignore"):
            drawn.append(1 - (errors[places] ** 2).sum(axis=1) / away)
    found = np.concatenate(drawn)
    low, high = np.nanquantile(found, ((1 - level) / 2, (1 + level) / 2))
    return Share(share, Interval(float(low), float(high), level, "bootstrap over configurations"))


def _losses(
    forest: Forest,
    rows: Floats,
    y: Floats,
    errors: Floats,
    axes: Sequence[Axis],
    domains: Sequence[Domain],
    rng: np.random.Generator,
) -> Floats:
    """By how much the squared error of each configuration grows when a param's values are
    shuffled among the configurations that have it, shape (params, n).
    """
    found = np.zeros((len(domains), y.size))
    for place, (item, domain) in enumerate(zip(axes, domains, strict=True)):
        columns = np.array(domain.columns)
        fine = np.arange(y.size) if domain.apart else np.flatnonzero(item.is_set)
        versions = np.repeat(rows[None], SHUFFLES, axis=0)
        for version in versions:
            version[np.ix_(fine, columns)] = rows[np.ix_(rng.permutation(fine), columns)]
        shuffled = (y - forest.left_out(versions)) ** 2
        found[place] = shuffled.mean(axis=0) - errors**2
    return found


def _totals(losses: Floats, level: float, rng: np.random.Generator) -> tuple[Share, ...]:
    intervals = bootstrap.bca_batch(losses, level=level, rng=rng, resamples=4000)
    return tuple(
        Share(float(row.mean()), interval) for row, interval in zip(losses, intervals, strict=True)
    )


def _is_sure(losses: Floats, order: Sequence[int], level: float, rng: np.random.Generator) -> bool:
    """Whether the first is ahead of every other, corrected for as many comparisons."""
    if len(order) < 2:
        return True
    rest = order[1:]
    corrected = 1 - (1 - level) / len(rest)
    ahead = losses[order[0]] - losses[rest]
    intervals = bootstrap.bca_batch(ahead, level=corrected, rng=rng, resamples=4000)
    return all(interval is not None and interval.low > 0 for interval in intervals)


@dataclass(frozen=True, eq=False)
class _Spread:
    """How much a forest's predictions vary over the space."""

    variance: float
    by_tree: Floats

    @staticmethod
    def of(predicted: Floats) -> _Spread:
        mean = predicted.mean(axis=0)
        away = mean - mean.mean()
        by_tree = 2 * ((predicted - predicted.mean(axis=1, keepdims=True)) @ away) / away.size
        return _Spread(float((away**2).mean()), by_tree - by_tree.mean())

    def share(self, part: float, by_tree: Floats, times: Floats, level: float) -> Share:
        from scipy.special import ndtri

        if not self.variance > 0:
            return Share(0.0, None)
        value = part / self.variance
        moved = (by_tree - value * self.by_tree) / self.variance
        half = float(ndtri((1 + level) / 2)) * float(bagged_error(moved, times))
        low, high = max(0.0, value - half), min(1.0, value + half)
        return Share(min(1.0, value), Interval(low, high, level, BAGGED))


def settled_ranks(values: Floats) -> Floats:
    """Ranks of the values, ties shared."""
    return midranks(settle(values, size_of(values)))


def few_decide(values: Floats) -> int:
    """How many values, a twentieth of them at most, hold more than half of the variance; 0: none.

    Of such values ranks are explained instead: else an importance is that of a few diverged runs.
    """
    away = np.sort((values - np.median(values)) ** 2)[::-1]
    most = max(1, math.floor(values.size / 20))
    total = float(away.sum())
    for count in range(1, most + 1):
        if total > 0 and float(away[:count].sum()) > total / 2:
            return count
    return 0
