"""Changes of one lever: the couples of configurations that differ in nothing else, gathered into
changes that recur in several contexts, with their values and their names.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from runreport import formats
from runreport.design import Design, Metric
from runreport.samples import Sample, pair
from runreport.sections import charting
from runreport.sections.aligning import ENOUGH
from runreport.sections.audit import ABOUT_VALUES, between
from runreport.sections.configurations import Settings
from runreport.sections.fitness import Fit
from runreport.sections.levers import Lever, Seen, has_order, level_key, ordered
from runreport.stats.changes import Codes, Floats

FEW_LEVELS = 4
"""Of so many values all couples are changes; of more, neighbours, and each against the start."""


@dataclass(frozen=True, eq=False)
class Couple:
    """Two configurations that differ in one lever."""

    first: int
    second: int
    baseline: float
    """Mean of what entered of the first, displayed units."""
    candidate: float
    n: tuple[int, int]
    factor: float
    """Variance of the difference in units of the replicates' variance."""
    squares: float
    """Residual sum of squares of the replicates."""
    df: int

    @property
    def difference(self) -> float:
        return self.candidate - self.baseline


@dataclass(frozen=True, slots=True)
class Lost:
    """Two configurations that differ in one lever and cannot be compared."""

    first: int
    second: int
    reason: str


@dataclass(frozen=True, eq=False)
class Change:
    """One change of one lever, and every context it was made in."""

    lever: Lever
    before: int
    """Levels of the lever."""
    after: int
    couples: tuple[Couple, ...]
    """With a value on both sides."""
    lost: tuple[Lost, ...]
    """Further contexts, which do not count."""


def changes_of(
    settings: Settings,
    seen: Seen,
    fits: Sequence[Fit],
    start: int | None,
    design: Design,
    metric: Metric,
) -> tuple[Change, ...]:
    """The couples gathered by what changed, each turned the same way.

    Args:
        settings: the configurations.
        seen: their couples.
        fits: their values, in the same order.
        start: the configuration that changes start from; None: none is named.
        design: says how replicates are paired.
        metric: whose values these are.
    """
    return tuple(
        change
        for lever, sets, couples in zip(seen.levers, seen.sets, seen.couples, strict=True)
        for change in _changes(settings, lever, sets, couples, fits, start, design, metric)
    )


def _changes(
    settings: Settings,
    lever: Lever,
    sets: Sequence[Codes],
    couples: Sequence[tuple[int, int]],
    fits: Sequence[Fit],
    start: int | None,
    design: Design,
    metric: Metric,
) -> Iterator[Change]:
    """The couples gathered by what changed, each turned the same way."""
    rank, home = _ranks(settings, lever, sets, start)
    chosen = _wanted(settings, lever, sets, rank, home)
    by_change: dict[tuple[int, int], list[tuple[int, int]]] = {}
    for one, other in couples:
        first, second = sorted((one, other), key=lambda place: rank[int(lever.levels[place])])
        key = (int(lever.levels[first]), int(lever.levels[second]))
        if chosen is None or key in chosen:
            by_change.setdefault(key, []).append((first, second))
    for (before, after), own in sorted(by_change.items(), key=lambda i: [rank[x] for x in i[0]]):
        kept: list[Couple] = []
        lost: list[Lost] = []
        for first, second in own:
            couple = couple_of(settings, fits, first, second, design, metric)
            if isinstance(couple, str):
                lost.append(Lost(first, second, couple))
            else:
                kept.append(couple)
        yield Change(lever, before, after, tuple(kept), tuple(lost))


def _ranks(
    settings: Settings, lever: Lever, sets: Sequence[Codes], start: int | None
) -> tuple[dict[int, tuple[object, ...]], int]:
    """Sort keys of levels, the one that changes start from first: the named configuration's, else
    numbers by size and words by how many configurations have them.
    """
    members = [int(place) for part in sets for place in part]
    counts = Counter(int(lever.levels[place]) for place in members)
    example = {int(lever.levels[place]): place for place in reversed(members)}
    by_size = any(has_order(settings, column) for column in lever.own)
    home = -1 if start is None else int(lever.levels[start])
    if home not in counts:
        home = max(counts, key=lambda level: (counts[level], -level), default=-1)
        first = -1
    else:
        first = home
    rank: dict[int, tuple[object, ...]] = {}
    for level, place in example.items():
        size: tuple[object, ...] = () if by_size else (-counts[level],)
        rank[level] = (level != first, *size, level_key(settings, lever, place))
    return rank, home


def _wanted(
    settings: Settings,
    lever: Lever,
    sets: Sequence[Codes],
    rank: dict[int, tuple[object, ...]],
    home: int,
) -> set[tuple[int, int]] | None:
    """The changes that are looked at; None: every one."""
    if len(rank) <= FEW_LEVELS:
        return None
    wanted: set[tuple[int, int]] = set()
    for part in sets:
        levels = [int(lever.levels[place]) for place in ordered(settings, lever, part)]
        couples = [*pairwise(levels), *((home, level) for level in levels if level != home)]
        wanted |= {(min(c, key=rank.__getitem__), max(c, key=rank.__getitem__)) for c in couples}
    return wanted


# ---- values --------------------------------------------------------------------------------------


def couple_of(
    settings: Settings, fits: Sequence[Fit], first: int, second: int, design: Design, metric: Metric
) -> Couple | str:
    """Two configurations with their means, or why they do not count."""
    one, other = fits[first], fits[second]
    for fit in (one, other):
        if not fit.sample.values.size:
            return f"no value of {charting.fit(metric.title, 40)} on one side"
    if withheld := between(one.group, other.group, metric, design, ABOUT_VALUES).withheld:
        return withheld
    if one.score is not None and other.score is not None:
        # one number of all items: its error is not that of a mean
        sizes = (int(one.sample.values.size), int(other.sample.values.size))
        return Couple(first, second, one.score, other.score, sizes, 0.0, 0.0, 0)
    if design.pair_by or design.items or design.across:
        paired = pair(one.sample, other.sample)
        left, right = paired.baseline_values, paired.candidate_values
        fewest = min(one.sample.values.size, other.sample.values.size)
        if left.size >= min(ENOUGH, fewest):
            rest = right - left
            squares = float(((rest - rest.mean()) ** 2).sum())
            sizes = (int(left.size), int(right.size))
            return Couple(
                first, second, float(left.mean()), float(right.mean()), sizes,
                1 / left.size, squares, int(left.size) - 1,
            )  # fmt: skip
    return _unpaired(first, second, one.sample, other.sample)


def _unpaired(first: int, second: int, one: Sample, other: Sample) -> Couple:
    parts = [sample.values for sample in (one, other)]
    squares = sum(float(((part - part.mean()) ** 2).sum()) for part in parts)
    sizes = (int(parts[0].size), int(parts[1].size))
    return Couple(
        first, second, float(parts[0].mean()), float(parts[1].mean()), sizes,
        1 / sizes[0] + 1 / sizes[1], squares, sum(sizes) - 2,
    )  # fmt: skip


def differences(couples: Sequence[Couple]) -> Floats:
    """One per context, displayed units."""
    return np.array([couple.difference for couple in couples], dtype=np.float64)


# ---- words ---------------------------------------------------------------------------------------


def change_name(
    settings: Settings, lever: Lever, first: int, second: int, length: int | None = None
) -> str:
    """`lr 0.001 → 0.01`; params that changed together one after the other.

    Args:
        settings: the configurations.
        lever: what changed.
        first: the configuration before.
        second: the one after.
        length: characters at most; the param's name gives way before its values do.
    """
    tail = _carried_words(settings, lever, first, second, brief=length is not None)
    if length is None:
        names = [charting.fit(settings.names[column], 40) for column in lever.own]
        parts = [_ends(settings, column, first, second, 28) for column in lever.own]
        return ", ".join(map(" ".join, zip(names, parts, strict=True))) + tail
    main, *others = lever.own
    ends = _ends(settings, main, first, second, 14)
    tail = "".join(f" + {charting.fit(settings.names[c], 10)}" for c in others) + tail
    name = charting.fit(settings.names[main], max(8, length - len(ends) - len(tail) - 1))
    return charting.fit(f"{name} {ends}{tail}", length)


def _ends(settings: Settings, column: int, first: int, second: int, length: int) -> str:
    before, after = (settings.text(place, column, length) for place in (first, second))
    return f"{before} \u2192 {after}"


def _carried_words(
    settings: Settings, lever: Lever, first: int, second: int, *, brief: bool
) -> str:
    """` (+ momentum 0.9)`: what comes or goes with a value of the lever."""
    parts = []
    for column in lever.carried:
        absent = (settings.absent[first, column], settings.absent[second, column])
        if absent[0] != absent[1]:
            there = second if absent[0] else first
            sign = "+" if absent[0] else formats.MINUS
            name = charting.fit(settings.names[column], 12 if brief else 24)
            value = "" if brief else f" {settings.text(there, column)}"
            parts.append(f"{sign} {name}{value}")
    return f" ({', '.join(parts)})" if parts else ""
