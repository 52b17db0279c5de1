"""How many configurations each group holds, and what equally many would have given.

Source: Dodge, Gururangan, Card, Schwartz and Smith (2019), Show Your Work, EMNLP.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from runreport.budget import bare
from runreport.design import Design
from runreport.samples import Group, Sample
from runreport.stats.chosen import best_of
from runreport.tables import Run

Floats = NDArray[np.float64]

_WORDS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")
_NO_SETTING = re.compile(
    r"checkpoint|ckpt|command|commit|cuda|date|datetime|description|devices?|digest|dir|directory|"
    r"file|filename|fold|gpus?|hash|host|hostname|id|log|logdir|logging|name|notes|output|path|"
    r"port|rank|repeat|rev|revision|seeds?|sha|tags?|time|timestamp|trial|uri|url|user|uuid|"
    r"version|workers?"
)
"""Words of params that say where, when or by whom a run was made, not how it was set."""


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
    declared = (*(() if design.all_but else design.by), design.replicates, design.pair_by,
                design.across, design.items, design.cluster, design.repeat)  # fmt: skip
    apart = {bare(column) for column in declared if column}
    return tuple(_tuned(group, apart) for group in groups)


@lru_cache(maxsize=4096)
def is_setting(param: str) -> bool:
    """Whether a param says how a run was set up, judged by its name."""
    words = _WORDS.findall(param)
    known = any(_NO_SETTING.fullmatch(word.lower()) for word in words)
    return not known and param.lower() != "random_state"


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


def _tuned(group: Group, apart: Collection[str]) -> Tuned:
    varied = () if len(group.runs) < 2 else tuple(_varied(group, apart))
    members: dict[tuple[float | str | None, ...], list[Run]] = {}
    for run in group.runs:
        members.setdefault(tuple(_level(run, name) for name in varied), []).append(run)
    return Tuned(group, varied, tuple(map(tuple, members.values())))


def _varied(group: Group, apart: Collection[str]) -> Iterator[str]:
    texts: dict[str, set[str]] = {}
    having: dict[str, int] = {}
    for run in group.runs:
        for name, param in run.params.items():
            texts.setdefault(name, set()).add(param.text)
            having[name] = having.get(name, 0) + 1
    for name in sorted(texts):
        alike = len(texts[name]) == 1 and having[name] == len(group.runs)
        if alike or name in apart or not is_setting(name):
            continue
        # 0.1 and 1e-1 are one
        if len({_level(run, name) for run in group.runs}) > 1:
            yield name


def _level(run: Run, name: str) -> float | str | None:
    param = run.params.get(name)
    return None if param is None else param.level


def _means(found: Tuned, drawn: Sample) -> Floats:
    ids = (run.id for run in drawn.runs)
    values: Mapping[str, float] = dict(zip(ids, drawn.values.tolist(), strict=True))
    known = [[values[run.id] for run in runs if run.id in values] for runs in found.configurations]
    return np.array([np.mean(own) for own in known if own], dtype=np.float64)
