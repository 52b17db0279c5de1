"""From runs and a design to aligned arrays, and who was dropped and why."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from runreport.design import Metric
from runreport.tables import FINISHED, Run, parse_number

Floats = NDArray[np.float64]
State = Literal["ok", "missing", "nan", "inf", "unread"]


JOINT = " / "
"""Between repeat and fold in the identity of a replicate."""


@dataclass(frozen=True, slots=True)
class Value:
    """One run's number for one metric, in displayed units, or why there is none."""

    number: float | None
    """Finite, or None."""
    state: State

    @staticmethod
    def of(raw: float | None, scale: float = 1.0) -> Value:
        """From a logged number; None is missing."""
        if raw is None:
            return Value(None, "missing")
        if math.isnan(raw):
            return Value(None, "nan")
        scaled = raw * scale
        return Value(scaled, "ok") if math.isfinite(scaled) else Value(None, "inf")


ValueOf = Callable[[Run, Metric], Value]
"""How a metric's declared reducer reads a run (the pipeline supplies it)."""


@dataclass(frozen=True, eq=False)
class Group:
    """Runs that differ only by replicates."""

    id: str
    """`g0`, `g1`, ...: generated, stable for equal inputs."""
    label: str
    """What tells it from the other groups, e.g. `optimizer=adam, lr=0.01`."""
    key: tuple[tuple[str, str], ...]
    """(column, text) of every grouping column that differs between groups."""
    runs: tuple[Run, ...]
    """All selected runs, failed ones too, in report order."""
    replicate_of: tuple[str | None, ...]
    """The replicate's identity of each run (its seed, ...); None when it has none."""
    is_baseline: bool
    color: str
    """Colour token, the same in every chart of the report."""
    across_of: tuple[str | None, ...] = ()
    """The data set or task of each run; empty where none is declared."""
    cluster_of: tuple[str | None, ...] = ()
    """The cluster of each run's item; empty where none is declared."""


@dataclass(frozen=True, slots=True)
class Dropped:
    """A run that does not enter a computation, and why."""

    run_id: str
    name: str
    reason: str
    """Words: `failed`, `val_accuracy is NaN`, `no partner with seed 3 in adam`, ..."""


@dataclass(frozen=True, eq=False)
class Sample:
    """One group's finite values of one metric."""

    group: Group
    metric: Metric
    values: Floats
    """Shape (n,), displayed units, in the order of `runs`."""
    runs: tuple[Run, ...]
    replicates: tuple[str | None, ...]
    dropped: tuple[Dropped, ...]
    """Runs of the group without a usable value."""


@dataclass(frozen=True, eq=False)
class Paired:
    """Two groups aligned by the identity of pairs."""

    baseline: Sample
    candidate: Sample
    keys: tuple[str, ...]
    """Identity of each pair, sorted."""
    baseline_values: Floats
    """Shape (n,), one per key."""
    candidate_values: Floats
    dropped: tuple[Dropped, ...]
    """Runs without a partner, and runs without a usable value."""


@dataclass(frozen=True, eq=False)
class Board:
    """Groups x tasks of one metric: what is compared across data sets."""

    metric: Metric
    groups: tuple[Group, ...]
    tasks: tuple[str, ...]
    """Every data set or task that a run names, in natural order."""
    scores: tuple[tuple[Floats, ...], ...]
    """scores[group][task]: the replicates' finite values, shape (n,), displayed units; n may be
    0."""
    dropped: tuple[Dropped, ...]

    @property
    def means(self) -> Floats:
        """Shape (groups, tasks): the mean over replicates, NaN where there is none."""
        rows = [[s.mean() if s.size else math.nan for s in row] for row in self.scores]
        return np.array(rows, dtype=np.float64).reshape(len(self.groups), len(self.tasks))

    @property
    def complete(self) -> tuple[int, ...]:
        """Indices of the tasks that every group has a value of."""
        filled = np.isfinite(self.means).all(axis=0)
        return tuple(int(place) for place in np.flatnonzero(filled))


REASONS: dict[State, str] = {
    "missing": "never logged {metric}",
    "nan": "{metric} is NaN",
    "inf": "{metric} is infinite",
    "unread": "{metric} was not read",
}


def sample(group: Group, metric: Metric, value_of: ValueOf) -> Sample:
    """The usable values of one group: finished runs with a finite value.

    A run that did not finish never enters a sample: its last value is not the outcome of the
    method but of its interruption.
    """
    kept: list[tuple[float, Run, str | None]] = []
    dropped: list[Dropped] = []
    for run, replicate in zip(group.runs, group.replicate_of, strict=True):
        value = value_of(run, metric)
        if run.status not in FINISHED:
            dropped.append(Dropped(run.id, run.name, run.status))
        elif value.number is None:
            reason = REASONS[value.state].format(metric=metric.title)
            dropped.append(Dropped(run.id, run.name, reason))
        else:
            kept.append((value.number, run, replicate))
    return Sample(
        group=group,
        metric=metric,
        values=np.array([number for number, _, _ in kept], dtype=np.float64),
        runs=tuple(run for _, run, _ in kept),
        replicates=tuple(replicate for _, _, replicate in kept),
        dropped=tuple(dropped),
    )


def board_of(metric: Metric, samples: Sequence[Sample]) -> Board:
    """The usable values of every group by data set or task (`groups.across`).

    Args:
        metric: that the values are of.
        samples: one of each group.
    """
    dropped: list[Dropped] = []
    rows: list[dict[str, Floats]] = []
    for drawn in samples:
        places, homeless = _by_task(drawn)
        rows.append({task: drawn.values[indices] for task, indices in places.items()})
        dropped += (*homeless, *drawn.dropped)
    groups = tuple(drawn.group for drawn in samples)
    named = {task for group in groups for task in group.across_of if task is not None}
    tasks = tuple(sorted(named, key=_natural))
    none = np.array([], dtype=np.float64)
    scores = tuple(tuple(row.get(task, none) for task in tasks) for row in rows)
    return Board(metric, groups, tasks, scores, tuple(dropped))


def by_task(drawn: Sample) -> Sample:
    """One value per data set or task: the mean over its replicates, keyed by the task."""
    places, homeless = _by_task(drawn)
    order = sorted(places, key=_natural)
    return replace(
        drawn,
        values=np.array([drawn.values[places[task]].mean() for task in order], dtype=np.float64),
        runs=tuple(drawn.runs[places[task][0]] for task in order),
        replicates=tuple(order),
        dropped=(*drawn.dropped, *homeless),
    )


def _by_task(drawn: Sample) -> tuple[dict[str, list[int]], list[Dropped]]:
    """The places of each task's values in a sample, and the runs that name no task."""
    group = drawn.group
    tasks = dict(zip((run.id for run in group.runs), group.across_of, strict=True))
    places: dict[str, list[int]] = {}
    homeless: list[Dropped] = []
    for index, run in enumerate(drawn.runs):
        task = tasks[run.id]
        if task is None:
            homeless.append(Dropped(run.id, run.name, "belongs to no data set"))
        else:
            places.setdefault(task, []).append(index)
    return places, homeless


def pair(baseline: Sample, candidate: Sample) -> Paired:
    """The two samples aligned by replicate identity; the rest is dropped with its reason.

    A replicate that occurs more than once in a group leaves no single partner in either: all of
    its runs are dropped and named.
    """
    left, left_dropped = _by_key(baseline, other=candidate)
    right, right_dropped = _by_key(candidate, other=baseline)
    keys = sorted(left, key=_natural)
    return Paired(
        baseline=baseline,
        candidate=candidate,
        keys=tuple(keys),
        baseline_values=np.array([left[key] for key in keys], dtype=np.float64),
        candidate_values=np.array([right[key] for key in keys], dtype=np.float64),
        dropped=(*baseline.dropped, *candidate.dropped, *left_dropped, *right_dropped),
    )


def _by_key(own: Sample, other: Sample) -> tuple[dict[str, float], list[Dropped]]:
    """The values whose key occurs once here and once there; the other runs with their reasons."""
    mine, theirs = Counter(own.replicates), Counter(other.replicates)
    values: dict[str, float] = {}
    dropped: list[Dropped] = []
    for number, run, key in zip(own.values, own.runs, own.replicates, strict=True):
        if key is None:
            reason = "has no pairing key"
        elif mine[key] > 1:
            reason = f"pairing key {key} occurs {mine[key]} times"
        elif not theirs[key]:
            reason = f"no partner with key {key} in {other.group.label}"
        elif theirs[key] > 1:
            reason = f"pairing key {key} occurs {theirs[key]} times in {other.group.label}"
        else:
            values[key] = float(number)
            continue
        dropped.append(Dropped(run.id, run.name, reason))
    return values, dropped


def _natural(key: str) -> tuple[int, float, str]:
    """Sort numbers by size, before words."""
    number = parse_number(key)
    return (1, 0.0, key) if math.isnan(number) else (0, number, key)


def means(samples: Sequence[Sample]) -> list[float | None]:
    """Mean of each sample, None where it is empty."""
    return [float(s.values.mean()) if s.values.size else None for s in samples]
