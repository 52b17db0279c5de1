"""The configurations of a report's runs: which params were searched, and what each gave.

A configuration is all runs with the same searched params, whatever their seed. What `importance`
and `search` share.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from runreport import formats
from runreport.budget import bare
from runreport.design import Metric
from runreport.kinds import Context
from runreport.samples import REASONS
from runreport.sections import charting
from runreport.sections.tuning import is_setting
from runreport.stats import space
from runreport.stats.space import Axis, Level
from runreport.tables import FINISHED, Run

Floats = NDArray[np.float64]

FEWEST_APART = 3
"""A param counts where so many configurations differ from its commonest value."""

OWN = 0.5
"""Words of which more than this share of the configurations has its own are no setting."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A param that was logged, differs, and is not searched."""

    name: str
    reason: str


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
    """Searched ones, in the order they differ."""
    alike: tuple[tuple[str, ...], ...]
    """Per param, the others that always move together with it."""
    levels: tuple[tuple[Level | None, ...], ...]
    """Per run, one per param."""
    left_out: tuple[LeftOut, ...]
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
        params: those to look at; by default all that differ and say how a run was set up.
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
    design = context.design
    declared = (design.replicates, design.pair_by, design.across, design.items, design.cluster,
                design.repeat)  # fmt: skip
    apart = {bare(column) for column in declared if column}
    names, left_out = _searched(runs, apart, params)
    rows = [tuple(_level(run, name) for name in names) for run in runs]
    names, alike, rows = _distinct(names, rows)
    replicate_of = {
        run.id: own
        for group in context.groups
        for run, own in zip(group.runs, group.replicate_of, strict=True)
    }
    seen: dict[tuple[Level | None, ...], int] = {}
    cell = np.array([seen.setdefault(row, len(seen)) for row in rows], dtype=np.intp)
    return Study(
        metric=metric,
        runs=runs,
        numbers=numbers,
        states=tuple(states),
        params=names,
        alike=alike,
        levels=tuple(rows),
        left_out=tuple(left_out),
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


def _level(run: Run, name: str) -> Level | None:
    param = run.params.get(name)
    if param is None or param.text == "":
        return None
    # a number that is too long to be one stays text; infinity is a word as well
    return param.level if not isinstance(param.level, float) or param.is_number else param.text


def _searched(
    runs: Sequence[Run], apart: set[str], wanted: Sequence[str]
) -> tuple[tuple[str, ...], list[LeftOut]]:
    """Params that differ between runs, and why others of them are left out."""
    found: dict[str, Counter[Level | None]] = {}
    for run in runs:
        for name in run.params:
            found.setdefault(name, Counter())[_level(run, name)] += 1
    kept, left_out = [], []
    for name in wanted or sorted(found):
        counts = found.get(name)
        if counts is None:
            continue
        counts[None] += len(runs) - sum(counts.values())
        counts += Counter()
        if name in apart or len(counts) < 2:
            continue
        if not wanted and (reason := _why_not(name, counts, len(runs))):
            left_out.append(LeftOut(name, reason))
        elif any(level is not None for level in counts):
            kept.append(name)
    return tuple(kept), left_out


def _why_not(name: str, counts: Counter[Level | None], runs: int) -> str:
    if not is_setting(name):
        return "its name says where, when or by whom a run was made"
    words = [level for level in counts if isinstance(level, str)]
    if len(words) > max(OWN * runs, FEWEST_APART):
        return "nearly every run has a word of its own"
    few = runs - max(counts.values())
    if runs >= 4 * FEWEST_APART and few < FEWEST_APART:
        return f"only {formats.count(few, 'run')} of {formats.number(runs)} differ from the rest"
    return ""


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
    # replicates would make a range look like levels that come back
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
    """One sentence per reason why params that differ are not looked at."""
    by_reason: dict[str, list[str]] = {}
    for item in study.left_out:
        by_reason.setdefault(item.reason, []).append(item.name)
    for reason, names in by_reason.items():
        yield f"{charting.named(names, 6)} left out: {reason}."
