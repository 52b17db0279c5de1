"""How many configurations each group holds, and what equally many would have given.

Source: Dodge, Gururangan, Card, Schwartz and Smith (2019), Show Your Work, EMNLP.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from runreport.design import Design
from runreport.samples import Group, Sample
from runreport.sections.configurations import Settings, read_groups
from runreport.stats.chosen import best_of
from runreport.tables import Run

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Tuned:
    """The configurations of one group."""

    group: Group
    params: tuple[str, ...]
    """What they differ in."""
    configurations: tuple[tuple[Run, ...], ...]
    """Runs of each, failed ones too."""

    @property
    def count(self) -> int:
        """How many were tried."""
        return len(self.configurations)


def tuned(groups: Sequence[Group], design: Design) -> tuple[Tuned, ...]:
    """The configurations of each group, in the order of the groups."""
    return _all_tuned(tuple(groups), design)


# every metric asks for the same groups
@lru_cache(maxsize=2)
def _all_tuned(groups: tuple[Group, ...], design: Design) -> tuple[Tuned, ...]:
    runs = tuple(run for group in groups for run in group.runs)
    settings = read_groups(groups, design, runs)
    found, start = [], 0
    for group in groups:
        end = start + len(group.runs)
        found.append(_tuned(group, settings, settings.of_run[start:end].tolist()))
        start = end
    return tuple(found)


def expected_best(found: Tuned, drawn: Sample, n: int) -> float | None:
    """The expected best value of n of the group's configurations, displayed units.

    Args:
        found: the group's configurations.
        drawn: its values; those of one configuration count as their mean.
        n: at most as many as have values.

    Returns:
        None where the metric has no goal or fewer configurations have values.
    """
    goal, means = drawn.metric.goal, _means(found, drawn)
    if goal is None or not 0 < n <= means.size:
        return None
    return best_of(means, n, goal=goal).mean


def valued(found: Tuned, drawn: Sample) -> int:
    """How many configurations have a value."""
    return int(_means(found, drawn).size)


def _tuned(group: Group, settings: Settings, rows: Sequence[int]) -> Tuned:
    members: dict[int, list[Run]] = {}
    for run, row in zip(group.runs, rows, strict=True):
        members.setdefault(row, []).append(run)
    codes = settings.codes[list(members)]
    varied = np.flatnonzero((codes != codes[:1]).any(axis=0)).tolist()
    names = tuple(settings.names[column] for column in varied)
    return Tuned(group, names, tuple(map(tuple, members.values())))


def _means(found: Tuned, drawn: Sample) -> Floats:
    ids = (run.id for run in drawn.runs)
    values: Mapping[str, float] = dict(zip(ids, drawn.values.tolist(), strict=True))
    known = [[values[run.id] for run in runs if run.id in values] for runs in found.configurations]
    return np.array([np.mean(own) for own in known if own], dtype=np.float64)
