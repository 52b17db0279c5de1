"""Runs as trials of a search: which params are looked at, and what each configuration gave.

What `importance` and `search` share. Which runs are one configuration says `configurations`.
"""

from __future__ import annotations

import glob
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from runreport import formats
from runreport.design import Metric
from runreport.kinds import Context
from runreport.samples import REASONS
from runreport.sections import charting, configurations, identities
from runreport.sections.configurations import Settings
from runreport.sections.identities import LeftOut
from runreport.stats import space
from runreport.stats.space import Axis, Level
from runreport.tables import FINISHED, Run

Floats = NDArray[np.float64]

FEWEST_APART = 3
"""A param is looked at where so many runs differ from its commonest value."""


@dataclass(frozen=True, eq=False)
class Study:
    """Runs as trials of a search."""

    metric: Metric
    runs: tuple[Run, ...]
    """By start; those without a known start last, in report order."""
    numbers: Floats
    """Shape (runs,): the metric in displayed units; NaN where a run has no usable value."""
    states: tuple[str, ...]
    """Why a run has no value; empty where it has one."""
    params: tuple[str, ...]
    """Those looked at, sorted, or in the order asked for."""
    alike: tuple[tuple[str, ...], ...]
    """Per param, the others that always move together with it."""
    levels: tuple[tuple[Level | None, ...], ...]
    """Per run, one per param."""
    left_out: tuple[LeftOut, ...]
    """Params that tell no configurations apart."""
    rare: tuple[str, ...]
    """Params that tell configurations apart, but in too few runs to be looked at."""
    cell: NDArray[np.intp]
    """The configuration of each run, numbered by first appearance, shape (runs,)."""
    replicates: tuple[str | None, ...]
    """Per run, its seed or fold; None where it has none."""
    undated: int
    """Runs whose start is not known."""

    @cached_property
    def count(self) -> int:
        """Configurations, failed ones too."""
        return int(self.cell.max()) + 1 if self.cell.size else 0

    @cached_property
    def tried(self) -> int:
        """Different combinations of the params looked at."""
        return len(set(self.levels))

    @cached_property
    def usable(self) -> NDArray[np.bool_]:
        """Which runs have a value."""
        return np.isfinite(self.numbers)

    @cached_property
    def first_of(self) -> NDArray[np.intp]:
        """The first run of each configuration."""
        return np.unique(self.cell, return_index=True)[1] if self.cell.size else self.cell

    @cached_property
    def means(self) -> Floats:
        """Per configuration, the mean of its values; NaN where it has none."""
        fine = self.usable
        sums = np.bincount(self.cell[fine], self.numbers[fine], minlength=self.count)
        counts = np.bincount(self.cell[fine], minlength=self.count)
        return np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)

    @cached_property
    def values_of(self) -> tuple[Floats, ...]:
        """Per configuration, the values of its runs."""
        fine = self.usable
        return tuple(self.numbers[fine & (self.cell == cell)] for cell in range(self.count))

    def axes(self, cells: NDArray[np.intp]) -> tuple[Axis, ...]:
        """One per param over these configurations."""
        rows = [self.levels[self.first_of[cell]] for cell in cells]
        return tuple(
            space.axis(name, [row[place] for row in rows]) for place, name in enumerate(self.params)
        )

    @property
    def failures(self) -> Counter[str]:
        """How many runs have no value, by reason."""
        return Counter(state for state in self.states if state)


def studied(context: Context, metric: Metric, params: Sequence[str] = ()) -> Study:
    """The searched params of all runs and the metric of each.

    Args:
        context: the report.
        metric: in displayed units.
        params: those to look at, of mappings all that is inside; by default all that tell
            configurations apart.
    """
    indices = sorted(
        range(len(context.runs)),
        key=lambda i: (
            (started := context.runs[i].started) is None,
            started.timestamp() if started is not None else 0.0,
            i,
        ),
    )
    runs = tuple(context.runs[index] for index in indices)
    numbers, states = np.full(len(runs), np.nan), []
    for place, run in enumerate(runs):
        number, state = _outcome(context, run, metric)
        if number is not None:
            numbers[place] = number
        states.append(state)
    settings = configurations.read(context, keep=_asked(context, params))
    chosen, rare = _looked_at(settings, params)
    per_cell = [tuple(row[column] for column in chosen) for row in settings.levels]
    names = tuple(settings.names[column] for column in chosen)
    names, alike, per_cell = _distinct(names, per_cell)
    order: dict[int, int] = {}
    of_run = settings.of_run[indices].tolist()
    cell = np.array([order.setdefault(own, len(order)) for own in of_run], dtype=np.intp)
    replicate_of = {
        run.id: own
        for group in context.groups
        for run, own in zip(group.runs, group.replicate_of, strict=True)
    }
    return Study(
        metric=metric,
        runs=runs,
        numbers=numbers,
        states=tuple(states),
        params=names,
        alike=alike,
        levels=tuple(per_cell[own] for own in of_run),
        left_out=settings.left_out,
        rare=rare,
        cell=cell,
        replicates=tuple(replicate_of[run.id] for run in runs),
        undated=sum(run.started is None for run in runs),
    )


def _outcome(context: Context, run: Run, metric: Metric) -> tuple[float | None, str]:
    if run.status not in FINISHED:
        return None, run.status
    value = context.value(run, metric)
    name = charting.fit(metric.title, 40)
    if value.number is None:
        return None, REASONS[value.state].format(metric=name)
    if abs(value.number) > charting.LARGEST:
        return None, f"{name} is out of range"
    return value.number, ""


def _asked(context: Context, params: Sequence[str]) -> tuple[str, ...]:
    """Params named by the author count, but for those that tell replicates apart."""
    own = identities.declared(context.design)
    return tuple(
        glob.escape(name) + end for name in params if name not in own for end in ("", ".*")
    )


def _looked_at(settings: Settings, wanted: Sequence[str]) -> tuple[list[int], tuple[str, ...]]:
    """Columns of the params to look at, and those that too few runs differ in."""
    if wanted:
        found = [
            column
            for name in dict.fromkeys(wanted)
            for column, own in enumerate(settings.names)
            if own == name or own.startswith(f"{name}.")
        ]
        return list(dict.fromkeys(found)), ()
    few = set()
    if settings.runs >= 4 * FEWEST_APART:
        for column in range(len(settings.names)):
            counts = np.bincount(settings.codes[settings.of_run, column])
            if settings.runs - counts.max() < FEWEST_APART:
                few.add(column)
    kept = [column for column in range(len(settings.names)) if column not in few]
    return kept, tuple(settings.names[column] for column in sorted(few))


def _distinct(
    names: tuple[str, ...], rows: list[tuple[Level | None, ...]]
) -> tuple[
    tuple[str, ...],
    tuple[tuple[str, ...], ...],
    list[tuple[Level | None, ...]],
]:
    """Of params that always move together the first, which stands for all of them."""
    if not rows or not names:
        return names, tuple(() for _ in names), rows
    # rows seen twice would make a range look like levels that come back
    single = list(dict.fromkeys(rows))
    axes = [space.axis(name, [row[place] for row in single]) for place, name in enumerate(names)]
    classes = space.together(axes)
    kept = [places[0] for places in classes]
    alike = tuple(tuple(names[place] for place in places[1:]) for places in classes)
    return (
        tuple(names[place] for place in kept),
        alike,
        [tuple(row[place] for place in kept) for row in rows],
    )


# ---- words ---------------------------------------------------------------------------------------


def level_text(level: Level | None) -> str:
    """A param's value as short as it is."""
    if level is None:
        return "not set"
    return charting.fit(level, 40) if isinstance(level, str) else charting.short(level, 4)


def configuration_words(study: Study, cell: int, most: int = 6) -> str:
    """`lr=0.01, optimizer=adam`."""
    row = study.levels[study.first_of[cell]]
    parts = [
        f"{charting.fit(name, 30)}={level_text(level)}"
        for name, level in zip(study.params, row, strict=True)
        if level is not None
    ]
    more = f" and {len(parts) - most} more" if len(parts) > most else ""
    return ", ".join(parts[:most]) + more


def failure_words(study: Study) -> str:
    """`3 of 100 runs have no value: 2 failed, 1 accuracy is NaN.`, or nothing."""
    counts = study.failures
    if not counts:
        return ""
    parts = ", ".join(f"{n} {charting.fit(reason, 60)}" for reason, n in counts.most_common())
    total = formats.count(sum(counts.values()), "run has", "runs have")
    return f"Of {formats.count(len(study.runs), 'run')} {total} no value: {parts}."


def left_out_words(study: Study) -> Iterator[str]:
    """Params that differ and are not looked at, a sentence per reason."""
    yield from identities.words(study.left_out)
    if study.rare:
        one = len(study.rare) == 1
        yield (
            f"{charting.named(study.rare, 6)} {'tells' if one else 'tell'} configurations apart "
            f"and {'is' if one else 'are'} not looked at: of "
            f"{formats.count(len(study.runs), 'run')} fewer than {FEWEST_APART} differ from the "
            f"rest in {'it' if one else 'each'}."
        )
