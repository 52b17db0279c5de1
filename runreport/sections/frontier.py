"""Configurations judged by several criteria at once: the front, who is behind whom, and prices."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from runreport.budget import bare
from runreport.design import Goal
from runreport.kinds import Context
from runreport.samples import Dropped, Group
from runreport.sections import charting, searched
from runreport.sections.charting import Floats
from runreport.sections.configurations import Settings, together
from runreport.sections.quantities import Quantity
from runreport.stats import ties
from runreport.stats.fronts import FEWEST, Redrawn, dominates, front, redraw
from runreport.stats.result import Interval
from runreport.stats.testers import SEED
from runreport.tables import FINISHED, Run

COSTS = re.compile(
    r"(^|[_./\s-])(time|times|seconds|duration|latency|delay|memory|mem|ram|vram|size|bytes|mb|gb|"
    r"flops|macs|cost|costs|price|energy|power|kwh|joules|emissions|num_params|n_params|parameters)"
    r"($|[_./\s-])",
    re.IGNORECASE,
)
"""Names of what is better when it is less, where no goal is declared."""

SETTINGS, LONG = 4, 44
"""So few settings are a name, where a group's is longer than this."""

COST_SPREAD = 50.0
"""Ratio of the largest to the smallest mean from which on an axis is logarithmic."""

THREE_DRAWS = 40_000_000
"""Comparisons of points that resamples of three criteria may take."""


@dataclass(frozen=True, eq=False)
class Criterion:
    """One axis of the judgement."""

    quantity: Quantity
    goal: Goal
    guessed: bool
    """The goal follows from its name."""

    @property
    def sign(self) -> float:
        """1 where lower is better."""
        return 1.0 if self.goal == "minimize" else -1.0

    @property
    def name(self) -> str:
        return charting.fit(self.quantity.name, 50)


@dataclass(frozen=True, eq=False)
class Point:
    """One configuration: a run, or replicates of it."""

    label: str
    group: Group
    runs: tuple[Run, ...]
    values: Floats
    """Shape (runs, criteria), displayed units."""
    mean: Floats
    """Shape (criteria,)."""
    intervals: tuple[tuple[float, float] | None, ...]
    """t interval of each mean; None of one run."""
    is_front: bool
    share: float | None
    """In which share of the resamples it is on the front; None where nothing was drawn again."""
    behind: tuple[int, ...]
    """Points that dominate it, by index, front members first."""
    equals: tuple[int, ...]
    """Points with the same means."""


@dataclass(frozen=True, eq=False)
class Step:
    """From one point of the front to the next better one."""

    start: int
    end: int
    gain: float
    """Of the first criterion, signed so that above zero is better."""
    gain_interval: Interval | None
    extra: float
    """Of the second criterion, signed so that above zero is worse."""
    price: float
    """Extra for one unit of gain."""
    price_interval: Interval | None
    """None where nothing varies, or where the gain's own interval reaches zero."""

    @property
    def is_open(self) -> bool:
        """Whether the gain may be none."""
        return self.gain_interval is not None and self.gain_interval.low <= 0


@dataclass(frozen=True, eq=False)
class Frontier:
    """All points, and what separates them."""

    criteria: tuple[Criterion, ...]
    points: tuple[Point, ...]
    steps: tuple[Step, ...]
    """Of two criteria, from the cheapest point on."""
    dropped: tuple[Dropped, ...]
    resamples: int
    """0 where no configuration has three runs."""
    joint: bool
    """Whether resamples draw the same replicates for every point."""
    logs: tuple[bool, ...]
    level: float
    copied: int
    """Configurations of which several runs have the same declared replicate."""
    unit: str
    """What tells replicates apart, in one word."""

    @property
    def front(self) -> tuple[int, ...]:
        """Points on the front, the cheapest first."""
        found = [place for place, point in enumerate(self.points) if point.is_front]
        cost = self.criteria[1]
        return tuple(sorted(found, key=lambda i: cost.sign * float(self.points[i].mean[1])))


def criterion_of(quantity: Quantity, goal: Goal | None) -> Criterion | None:
    """A quantity with its goal: written, declared, or guessed from its name; else None."""
    known = goal or quantity.goal
    if known is not None:
        return Criterion(quantity, known, False)
    return Criterion(quantity, "minimize", True) if is_cost(quantity.name) else None


def is_cost(name: str) -> bool:
    """Whether a name is that of time, memory, size, money or the like."""
    return COSTS.search(name) is not None


def frontier_of(
    context: Context,
    settings: Settings,
    criteria: Sequence[Criterion],
    logs: Sequence[bool | None],
    resamples: int,
) -> Frontier:
    """Every configuration with its place, and the front over them.

    Args:
        context: the report's.
        settings: its configurations.
        criteria: two or three; the second is what the first costs.
        logs: logarithmic axes; None: where means spread.
        resamples: how many are drawn.
    """
    unordered, dropped = _members(context, settings, criteria)
    members, joint = _aligned(context, unordered)
    columns = [searched.numbers_of(criterion.quantity) for criterion in criteria]
    values = [np.column_stack([column[list(own)] for column in columns]) for own in members]
    signs = np.array([criterion.sign for criterion in criteria])
    means = np.array([own.mean(axis=0) for own in values]).reshape(-1, len(criteria))
    for place in range(means.shape[1]):
        means[:, place] = ties.settle(means[:, place], ties.size_of(means[:, place]))
    on_front = front(means * signs)
    behind = dominates(means * signs)
    drawn = _redrawn(values, resamples, joint)
    shares = None if drawn is None else drawn.shares(signs)
    labels, points = _labels(context, settings, members), []
    for place, own in enumerate(members):
        runs = tuple(context.runs[index] for index in own)
        found = np.flatnonzero(behind[:, place]).tolist()
        alike = np.flatnonzero((means == means[place]).all(axis=1)).tolist()
        points.append(
            Point(
                label=labels[place],
                group=context.group_of(runs[0]),
                runs=runs,
                values=values[place],
                mean=means[place],
                intervals=tuple(
                    charting.t_interval(column, context.design.level) for column in values[place].T
                ),
                is_front=bool(on_front[place]),
                share=None if shares is None else float(shares[place]),
                behind=tuple(sorted(found, key=lambda i: not on_front[i])),
                equals=tuple(i for i in alike if i != place),
            )
        )
    steps = _steps(points, criteria, drawn, context.design.level) if len(criteria) == 2 else ()
    return Frontier(
        criteria=tuple(criteria),
        points=tuple(points),
        steps=steps,
        dropped=tuple(dropped),
        resamples=0 if drawn is None else int(drawn.means.shape[0]),
        joint=joint and drawn is not None,
        logs=tuple(_is_log(means[:, i], log) for i, log in enumerate(logs)),
        level=context.design.level,
        copied=sum(_has_copies(context, own) for own in members),
        unit=charting.fit(bare(context.design.replicates or "replicate"), 40),
    )


def _has_copies(context: Context, own: Sequence[int]) -> bool:
    """Whether two of these runs are the same replicate of their group."""
    runs = [context.runs[index] for index in own]
    group = context.group_of(runs[0])
    keys = dict(zip((run.id for run in group.runs), group.replicate_of, strict=True))
    known = [key for run in runs if (key := keys[run.id]) is not None]
    return len(set(known)) < len(known)


def _members(
    context: Context, settings: Settings, criteria: Sequence[Criterion]
) -> tuple[list[tuple[int, ...]], list[Dropped]]:
    """Runs of each configuration, by index, and those that have no place."""
    kept, dropped = [], []
    for index, run in enumerate(context.runs):
        reason: str = run.status if run.status not in FINISHED else ""
        for criterion in criteria:
            quantity = criterion.quantity
            word = isinstance(quantity.values[index], str)
            reason = reason or quantity.reasons[index]
            reason = reason or (f"{criterion.name} is text, not a number" if word else "")
        if reason:
            dropped.append(Dropped(run.id, run.name, reason))
        else:
            kept.append(index)
    by_group: dict[str, list[int]] = {}
    for index in kept:
        by_group.setdefault(context.group_of(context.runs[index]).id, []).append(index)
    codes = settings.of_run
    members = [own for indices in by_group.values() for own in together(codes, indices)]
    return members, dropped


def _labels(context: Context, settings: Settings, members: Sequence[tuple[int, ...]]) -> list[str]:
    """The group where it is one configuration, else its settings, else the first run."""
    groups = [context.group_of(context.runs[own[0]]) for own in members]
    shared = Counter(group.id for group in groups)
    rows = [int(settings.of_run[own[0]]) for own in members]
    told = [
        ", ".join(settings.text(row, column) for column in range(len(settings.names))
                  if not settings.absent[row, column])
        for row in rows
    ]  # fmt: skip
    clear = len(settings.names) <= SETTINGS
    counts, seen = Counter(told), Counter[str]()
    for place, said in enumerate(told):
        if counts[said] > 1:
            seen[said] += 1
            told[place] = f"{said} #{seen[said]}"
    found = []
    for own, group, said in zip(members, groups, told, strict=True):
        run = context.runs[own[0]]
        is_one = shared[group.id] == 1 and len(context.groups) > 1
        if is_one and (len(group.label) <= LONG or not clear):
            found.append(group.label)
        elif clear and said and (is_one or len(own) > 1):
            found.append(said)
        else:
            more = f" and {len(own) - 1} more" if len(own) > 1 else ""
            found.append(f"{run.name or run.id}{more}")
    return found


def _aligned(
    context: Context, members: Sequence[tuple[int, ...]]
) -> tuple[list[tuple[int, ...]], bool]:
    """Runs of each configuration by their replicate, and whether every configuration has the same
    declared ones, each once.
    """
    if context.design.pair_by is None:
        return list(members), False
    keys = {
        run.id: key
        for group in context.groups
        for run, key in zip(group.runs, group.replicate_of, strict=True)
    }
    found = [
        tuple(sorted(own, key=lambda index: charting.natural(keys[context.runs[index].id] or "")))
        for own in members
    ]
    rows = {tuple(keys[context.runs[index].id] for index in own) for own in found}
    if len(rows) != 1:
        return found, False
    (row,) = rows
    return found, None not in row and len(set(row)) == len(row)


def _redrawn(values: Sequence[Floats], resamples: int, joint: bool) -> Redrawn | None:
    if not any(own.shape[0] >= FEWEST for own in values):
        return None
    if values[0].shape[1] > 2:
        resamples = max(100, min(resamples, THREE_DRAWS // len(values) ** 2))
    rng = np.random.default_rng(SEED)
    return redraw(values, rng=rng, resamples=max(1, resamples), joint=joint)


def _is_log(means: Floats, log: bool | None) -> bool:
    if not means.size or not (means > 0).all():
        return False
    return bool(means.max() / means.min() >= COST_SPREAD) if log is None else log


def _steps(
    points: Sequence[Point], criteria: Sequence[Criterion], drawn: Redrawn | None, level: float
) -> tuple[Step, ...]:
    """Along the front, from the cheapest point on; equal points are one."""
    quality, cost = criteria
    order = [i for i, p in enumerate(points) if p.is_front and all(e > i for e in p.equals)]
    order.sort(key=lambda i: cost.sign * float(points[i].mean[1]))
    found = []
    for start, end in pairwise(order):
        moved = points[end].mean - points[start].mean
        gain, extra = -quality.sign * float(moved[0]), cost.sign * float(moved[1])
        gain_interval = None if drawn is None else drawn.change(start, end, 0, level)
        if gain_interval is not None and quality.sign > 0:
            gain_interval = _turned(gain_interval)
        price_interval = None
        if drawn is not None and gain_interval is not None and gain_interval.low > 0:
            price_interval = drawn.price(start, end, (0, 1), level)
            if quality.sign == cost.sign:
                price_interval = _turned(price_interval)
        price = extra / gain if gain > 0 else math.nan
        found.append(Step(start, end, gain, gain_interval, extra, price, price_interval))
    return tuple(found)


def _turned(interval: Interval) -> Interval:
    return Interval(-interval.high, -interval.low, interval.level, interval.method)
