"""What a search has come to, from its configurations: the numbers behind `search`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from runreport.design import Design, Goal, Metric
from runreport.sections import regions
from runreport.sections.regions import Edge, Region
from runreport.sections.studies import Study
from runreport.stats import correlation, coverage, searching
from runreport.stats.correlation import Correlation
from runreport.stats.coverage import Gap, Hole
from runreport.stats.result import Interval
from runreport.stats.searching import Ahead, Expected, Floor
from runreport.stats.space import Axis
from runreport.stats.ties import is_constant

Floats = NDArray[np.float64]

SEED = 20_190_903
"""Of what is drawn: equal runs give equal pages."""

FEWEST = 10
"""Configurations below which nothing is said about what more would bring."""

PAIRED = 8
"""Params of which all pairs are looked at."""

UNJUDGED = 0.6
"""Where a range beside levels stands among covered planes: before levels tried completely."""

WIDE = 1.5
"""A hole so many times as large as random points leave is worth a word."""


@dataclass(frozen=True, slots=True)
class Plane:
    """How two params were covered together."""

    first: int
    second: int
    tried: int
    """Combinations of levels with a configuration; 0 where one of the two is a range."""
    possible: int
    hole: Hole | None
    """The largest empty rectangle of two ranges."""
    usual: float
    """Area of the largest hole that as many random points leave."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """How one param was covered."""

    gap: Gap | None
    """The widest stretch of a range without a value; None for levels."""
    limit: float
    """What the widest of as many random values stays below, corrected over the params."""
    counts: tuple[int, ...]
    """Configurations at each level; empty for a range."""


@dataclass(frozen=True, slots=True)
class Repeat:
    """A configuration that ran more than once."""

    cell: int
    runs: int
    values: int
    again: int
    """Runs whose replicate, or lack of one, another run of the configuration has too."""
    is_copied: bool
    """Whether all values are the same to the last digit."""


@dataclass(frozen=True, slots=True)
class Best:
    """The configuration that leads."""

    cell: int
    value: float
    """Mean of its runs, displayed units."""
    runs: int
    interval: Interval | None
    """By the noise floor; None where that is not known."""
    optimism: float | None
    """How much of the value is being chosen; None where the noise floor is not known."""
    tied: int
    """Configurations with this very value."""


@dataclass(frozen=True, eq=False)
class Searched:
    """A search so far."""

    study: Study
    goal: Goal
    metric: Metric
    axes: tuple[Axis, ...]
    """Over all configurations."""
    fine: NDArray[np.intp]
    """Configurations with a value, in the order they started."""
    floor: Floor | None
    declared_noise: float | None
    running: NDArray[np.intp]
    """Per run, the run that holds the best value so far; -1 before the first."""
    best: Best | None
    last: int
    """Configurations in `last_gain` and `ahead`."""
    last_gain: float | None
    """What the last ones of the search improved the best by."""
    ahead: Ahead | None
    trend: Correlation | None
    """Of order and value, over configurations; None of too few or constant ones."""
    expected: Expected | None
    regions: tuple[Region, ...]
    edges: tuple[Edge, ...]
    ends: int
    """Ends of params that were looked at."""
    stretches: tuple[Stretch, ...]
    planes: tuple[Plane, ...]
    discrepancy: tuple[float, float, int] | None
    """Of the ranges set everywhere: found, expected of random points, and how many ranges."""
    repeats: tuple[Repeat, ...]
    tolerance: float | None
    """An improvement below this does not count, in displayed units."""
    tolerance_is: Literal["margin", "noise", ""]
    level: float
    alpha: float

    @property
    def n(self) -> int:
        """Configurations with a value."""
        return int(self.fine.size)

    @property
    def is_learning(self) -> bool:
        """Whether later configurations are better than earlier ones, beyond chance."""
        if self.trend is None or not self.trend.p < self.alpha:
            return False
        return (self.trend.value > 0) == (self.goal == "maximize")

    @property
    def noise(self) -> float | None:
        """The standard deviation of one run, as estimated or declared; None where not known."""
        if self.declared_noise is not None:
            return self.declared_noise
        if self.floor is None or self.floor.is_copied:
            return None
        return self.floor.deviation

    @property
    def combinations(self) -> tuple[int, int] | None:
        """Combinations of all levels that were tried, and that there are; None with a range."""
        if not self.axes or not all(axis.is_grid for axis in self.axes):
            return None
        possible = math.prod(len(a.levels) + int(not a.is_set.all()) for a in self.axes)
        return (self.study.tried, possible)


def searched(
    study: Study, design: Design, goal: Goal, *, noise: float | None, last: int | None
) -> Searched:
    """What a search has come to.

    Args:
        study: its runs by start.
        design: of the report.
        goal: of the metric.
        noise: declared standard deviation of a run, displayed units.
        last: configurations looked back and ahead; None: a fifth of them.
    """
    rng = np.random.default_rng(SEED)
    level = design.level
    axes = study.axes(np.arange(study.count)) if study.count and study.params else ()
    fine = np.flatnonzero(np.isfinite(study.means))
    values = study.means[fine]
    floor = searching.noise_floor(study.values_of, level) if study.count else None
    known = noise
    if known is None and floor is not None and not floor.is_copied:
        known = floor.deviation
    back = min(last or max(5, round(values.size / 5)), max(1, values.size - 1))
    enough = values.size >= FEWEST
    best = _best(study, fine, goal, known, floor, level, rng)
    tolerance, by = _tolerance(study.metric, best, known)
    failed = regions.failing(study)
    places = regions.regions(axes, failed, level)
    ends, looked = regions.edges(axes, study.means, goal, places, design.alpha)
    return Searched(
        study=study,
        goal=goal,
        metric=study.metric,
        axes=axes,
        fine=fine,
        floor=floor,
        declared_noise=noise,
        running=searching.best_so_far(study.numbers, goal),
        best=best,
        last=back,
        last_gain=_last_gain(values, back, goal) if enough else None,
        ahead=searching.ahead(values, back, goal, level, rng=rng) if enough else None,
        trend=_trend(values) if enough else None,
        expected=searching.expected_best(values, goal, level, rng=rng) if values.size > 2 else None,
        regions=places,
        edges=ends,
        ends=looked,
        stretches=_stretches(axes, level),
        planes=_planes(axes),
        discrepancy=_discrepancy(axes),
        repeats=_repeats(study),
        tolerance=tolerance,
        tolerance_is=by,
        level=level,
        alpha=design.alpha,
    )


def _best(
    study: Study,
    fine: NDArray[np.intp],
    goal: Goal,
    noise: float | None,
    floor: Floor | None,
    level: float,
    rng: np.random.Generator,
) -> Best | None:
    if not fine.size:
        return None
    values = study.means[fine]
    place = int(values.argmax() if goal == "maximize" else values.argmin())
    cell = int(fine[place])
    counts = np.array([study.values_of[c].size for c in fine.tolist()])
    interval, optimism = None, None
    if noise is not None:
        errors = noise / np.sqrt(counts)
        half = _factor(level, None if floor is None else floor.df) * float(errors[place])
        value = float(values[place])
        interval = Interval(value - half, value + half, level, "noise floor")
        optimism = max(0.0, searching.optimism(values, errors, goal, rng=rng))
    return Best(
        cell,
        float(values[place]),
        int(counts[place]),
        interval,
        optimism,
        int((values == values[place]).sum()),
    )


def _factor(level: float, df: int | None) -> float:
    """Of a t interval with the noise floor's degrees of freedom; normal where it is declared."""
    from scipy.special import ndtri, stdtrit

    if df is None:
        return float(ndtri((1 + level) / 2))
    return float(stdtrit(df, (1 + level) / 2))


def running_band(data: Searched) -> Floats | None:
    """Half the width of the interval around the best value after each run, shape (runs,)."""
    if data.noise is None:
        return None
    df = None if data.declared_noise is not None or data.floor is None else data.floor.df
    return np.full(data.running.size, _factor(data.level, df) * data.noise)


def _tolerance(
    metric: Metric, best: Best | None, noise: float | None
) -> tuple[float | None, Literal["margin", "noise", ""]]:
    """The declared margin, else one standard deviation between runs."""
    margin = metric.margin
    if margin is not None and best is not None:
        size = abs(best.value) * margin.amount / 100 if margin.relative else margin.amount
        return size, "margin"
    return (noise, "noise") if noise is not None else (None, "")


def _last_gain(values: Floats, last: int, goal: Goal) -> float:
    """By how much the last configurations improved the best."""
    sign = 1 if goal == "maximize" else -1
    return max(0.0, float((sign * values[-last:]).max() - (sign * values[:-last]).max()))


def _trend(values: Floats) -> Correlation | None:
    if is_constant(values):
        return None
    return correlation.spearman(np.arange(values.size), values)


# ---- coverage ------------------------------------------------------------------------------------


def _stretches(axes: Sequence[Axis], level: float) -> tuple[Stretch, ...]:
    ranges = sum(not axis.is_grid for axis in axes)
    found = []
    for axis in axes:
        fine = axis.is_set
        if axis.is_grid:
            counts = np.bincount(axis.of_level[fine], minlength=len(axis.levels))
            found.append(Stretch(None, 0.0, tuple(counts.tolist())))
            continue
        corrected = 1 - (1 - level) / ranges
        places = axis.places[fine]
        limit = coverage.gap_limit(int(np.unique(places).size), corrected)
        found.append(Stretch(coverage.widest_gap(places), limit, ()))
    return tuple(found)


def _planes(axes: Sequence[Axis]) -> tuple[Plane, ...]:
    """Pairs of the first params, the worst covered first."""
    found = []
    for first, second in combinations(range(min(len(axes), PAIRED)), 2):
        one, other = axes[first], axes[second]
        both = one.is_set & other.is_set
        if not both.any():
            continue
        if one.is_grid and other.is_grid:
            pairs = set(
                zip(one.of_level[both].tolist(), other.of_level[both].tolist(), strict=True)
            )
            possible = len(one.levels) * len(other.levels)
            found.append(Plane(first, second, len(pairs), possible, None, 0.0))
        elif not one.is_grid and not other.is_grid and both.sum() >= FEWEST:
            hole = coverage.largest_hole(one.places[both], other.places[both])
            usual = coverage.random_hole(int(both.sum()))
            found.append(Plane(first, second, 0, 0, hole, usual))
        else:
            found.append(Plane(first, second, 0, 0, None, 0.0))
    return tuple(sorted(found, key=_poorly, reverse=True))


def _poorly(plane: Plane) -> float:
    """How poorly a plane is covered; 1 is as usual."""
    if plane.hole is not None:
        return plane.hole.area / plane.usual
    if not plane.tried:
        return UNJUDGED
    return plane.possible / plane.tried if plane.tried < plane.possible else 0.0


def _discrepancy(axes: Sequence[Axis]) -> tuple[float, float, int] | None:
    ranges = [axis.places for axis in axes if not axis.is_grid and axis.is_set.all()]
    if len(ranges) < 2 or ranges[0].size < FEWEST:
        return None
    points = np.column_stack(ranges)
    n, d = points.shape
    if n > 3000:
        return None
    return coverage.centred_discrepancy(points), coverage.random_discrepancy(n, d), d


def _repeats(study: Study) -> tuple[Repeat, ...]:
    counts = np.bincount(study.cell, minlength=study.count)
    found = []
    for cell in np.flatnonzero(counts > 1).tolist():
        own = study.values_of[cell]
        copied = own.size > 1 and is_constant(own)
        keys = [study.replicates[place] for place in np.flatnonzero(study.cell == cell).tolist()]
        again = len(keys) - len(set(keys))
        found.append(Repeat(cell, int(counts[cell]), int(own.size), again, copied))
    return tuple(sorted(found, key=lambda repeat: -repeat.runs))


def significant(data: Searched) -> tuple[Region, ...]:
    """Regions that fail more often than the rest, beyond chance."""
    return tuple(
        region
        for region in data.regions
        if region.p_adjusted < data.alpha
        and region.failed / region.n > region.rest_failed / max(1, region.rest_n)
    )
