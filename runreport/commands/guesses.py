"""What a first spec can guess from runs: groups, replicates, a baseline, metrics, goals."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from runreport.design import Design, Goal
from runreport.errors import SpecError
from runreport.selection import group
from runreport.sources.files import words
from runreport.spec.expressions import Expression, Names, Scope, parse
from runreport.spec.model import Grouping
from runreport.spec.names import qualified
from runreport.tables import FINISHED, Run, parse_number

MOST_METRICS = 6
MOST_GROUPS = 50
"""With more groups none is suggested as the baseline."""
LONGEST = 200
"""Characters of a name that is written into a spec."""
LONGEST_CONDITION = 1_000

_CHECKED = ("val", "valid", "validation", "dev", "test", "eval", "holdout", "cv")
_COST = (
    "time", "seconds", "duration", "runtime", "elapsed", "latency", "memory", "throughput",
    "samples_per_second", "steps_per_second", "epoch", "step", "gpu", "cpu",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class GuessedMetric:
    """A metric that the spec declares."""

    name: str
    goal: Goal | None
    operational: bool
    runs: int
    """How many runs have it."""
    series: bool
    """Whether some run logged it at several steps."""


@dataclass(frozen=True, slots=True)
class GuessedGroups:
    """What makes runs of one configuration."""

    replicate: str | None
    """The param that tells replicates apart."""
    apart: tuple[str, ...]
    """Params that separate no groups: the replicate, and those that are unique to each run."""
    count: int
    largest: int
    """Runs of the largest group."""
    baseline: str | None
    """Condition that selects one group."""
    varying: tuple[str, ...]
    """Params that differ between groups."""


def guess_metrics(runs: Sequence[Run]) -> tuple[tuple[GuessedMetric, ...], tuple[str, ...]]:
    """The metrics worth declaring, likeliest first, and the names of the others."""
    counts: dict[str, int] = {}
    series: set[str] = set()
    for run in runs:
        for name, summary in run.metrics.items():
            counts[name] = counts.get(name, 0) + 1
            if (summary.count or 0) > 1 or (summary.last_step or 0) > 0:
                series.add(name)
    fit = [
        GuessedMetric(name, words.goal_by_name(name), _holds(name, _COST), count, name in series)
        for name, count in counts.items()
        if name and len(name) <= LONGEST and "*" not in name
    ]
    # of several trackers no metric may be in half of all runs
    most = max(counts.values(), default=0)
    ranked = sorted(fit, key=lambda metric: _rank(metric, most))
    chosen = tuple(ranked[:MOST_METRICS])
    named = {metric.name for metric in chosen}
    return chosen, tuple(sorted(set(counts) - named))


def _rank(metric: GuessedMetric, most: int) -> tuple[bool, bool, bool, bool, bool, str]:
    return (
        metric.name.startswith("system/"),
        metric.operational,
        metric.goal is None,
        not _holds(metric.name, _CHECKED),
        metric.runs * 2 < most,
        # what is maximized is more often what a study is about
        f"{metric.goal != 'maximize'}{metric.name}",
    )


def _holds(name: str, known: tuple[str, ...]) -> bool:
    parts = [part for part in re.split(r"[^a-z0-9]+", name.lower()) if part]
    return any(part in known for part in parts) or name.lower() in known


def guess_groups(runs: Sequence[Run]) -> GuessedGroups:
    """How the runs group, judged by which params repeat."""
    levels = _levels(runs)
    varying = [name for name, texts in levels.items() if len(set(texts)) > 1]
    fit = [name for name in varying if 0 < len(name) <= LONGEST]
    replicate = words.replicate_among(fit)
    apart = [] if replicate is None else [replicate]
    for name in fit:
        texts = levels[name]
        other_seed = replicate is not None and words.replicate_among([name]) is not None
        unique = len(runs) > 2 and len(set(texts)) == len(runs) and _are_words(texts)
        if name != replicate and (other_seed or unique):
            apart.append(name)
    keys = [name for name in varying if name not in apart]
    groups: dict[tuple[float | str | None, ...], list[Run]] = {}
    for index, run in enumerate(runs):
        groups.setdefault(tuple(levels[name][index] for name in keys), []).append(run)
    largest = max((len(members) for members in groups.values()), default=0)
    baseline = None
    if 1 < len(groups) <= MOST_GROUPS and largest > 1:
        baseline = _baseline(runs, groups, keys, tuple(apart))
    return GuessedGroups(replicate, tuple(apart), len(groups), largest, baseline, tuple(keys))


def _levels(runs: Sequence[Run]) -> Mapping[str, list[float | str | None]]:
    """Each param's value in each run: numbers as numbers, so that 1e-3 and 0.001 are one."""
    names = sorted({name for run in runs for name in run.params})
    return {
        name: [_level(run.params[name].text) if name in run.params else None for run in runs]
        for name in names
    }


def _level(text: str) -> float | str:
    number = parse_number(text)
    return text if math.isnan(number) else number


def _are_words(levels: Sequence[float | str | None]) -> bool:
    return any(isinstance(level, str) for level in levels)


def _baseline(
    runs: Sequence[Run],
    groups: Mapping[tuple[float | str | None, ...], list[Run]],
    keys: Sequence[str],
    apart: tuple[str, ...],
) -> str | None:
    """The group, among those with most finished runs, whose first run started first."""

    def order(members: Sequence[Run]) -> tuple[int, bool, float, int]:
        done = sum(run.status in FINISHED for run in members)
        starts = [run.started.timestamp() for run in members if run.started is not None]
        return (-done, not starts, min(starts, default=0.0), runs.index(members[0]))

    chosen = min(groups, key=lambda key: order(groups[key]))
    left = list(groups)
    parts = []
    for _ in keys:
        if len(left) == 1:
            break
        # the column that leaves fewest groups
        index = min(range(len(keys)), key=lambda i: sum(_equal(key[i], chosen[i]) for key in left))
        still = [key for key in left if _equal(key[index], chosen[index])]
        if len(still) == len(left):
            return None
        left = still
        parts.append(_condition(keys[index], chosen[index], groups[chosen][0]))
    text = " and ".join(parts)
    return text if _selects_one(text, runs, apart) else None


def _equal(one: float | str | None, other: float | str | None) -> bool:
    return one == other


def _condition(name: str, level: float | str | None, run: Run) -> str:
    column = qualified("params", name)
    if level is None:
        return f"not has({column})"
    if isinstance(level, float):
        return f"{column} == {run.params[name].text.strip()}"
    return f"{column} == {json.dumps(level, ensure_ascii=False)}"


def _selects_one(text: str, runs: Sequence[Run], apart: tuple[str, ...]) -> bool:
    """Whether a build would find exactly one group by this condition."""
    if not text or len(text) > LONGEST_CONDITION or "\ufffd" in text:
        return False
    try:
        condition: Expression = parse(text, condition=True)
        scope = Scope(Names.of(runs, Design()))
        grouping = Grouping(all_but=apart, baseline=condition)
        group(runs, grouping, lambda expression, run: expression.evaluate(run, scope))
    except SpecError:
        return False
    return True
