"""How far groups went on each metric, and the step at which they are compared where they went
unequally far.

One step per metric over all groups of a report keeps a number the same on every page.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from runreport.design import Budget, Design, Metric
from runreport.samples import Group
from runreport.spec.meaning import last_of
from runreport.spec.names import Names
from runreport.tables import FINISHED, Run

OVER_STEPS = ("min", "max", "mean")
"""Reducers whose number depends on how many steps there were."""

SEEN = 3
"""Of so many runs that all stop at different steps, each stopped when it had enough."""

ValueAt = Callable[[Run, Budget], float | None]
"""A run's value at a budget's step or before it, as logged; None when it has none so early."""

_NAMES = re.compile(
    r"((num|n|max|total|nb|training|train)_?)*"
    r"(epochs?|steps?|iters?|iterations?|timesteps?|updates?|boost(ing)?_rounds?)"
    r"|((train|training|max|compute|time)_?)*(budget|gpu_hours?|max_time)"
)


def is_budget(column: str) -> bool:
    """Whether a param says how long a run trains: `epochs`, `max_steps`, `total_timesteps`."""
    return _NAMES.fullmatch(bare(column).rpartition(".")[2].lower().replace("-", "_")) is not None


def bare(column: str) -> str:
    """A column as written without the table that it is in."""
    return column.strip().removeprefix("params.").removeprefix("tags.")


def budgets_of(
    groups: Sequence[Group], design: Design, metrics: Sequence[Metric], names: Names
) -> tuple[Budget, ...]:
    """The metrics whose groups stop at different steps, none read at a common one yet.

    Args:
        groups: of the report.
        design: as declared. Where `by` names the budget itself, it is what is compared.
        metrics: those that the report speaks of.
        names: what was logged.
    """
    if not design.all_but and any(is_budget(column) for column in design.by):
        return ()
    # items of a test set have no steps
    return () if design.items else tuple(_unequal(groups, metrics, names))


def settled(budget: Budget, groups: Sequence[Group], value_at: ValueAt) -> Budget:
    """The budget read at its common step, where all runs that went further have a value there."""
    if not budget.of_last:
        return budget
    beyond = [
        run
        for group in groups
        for run in group.runs
        if (step := _last_step(run, budget.logged)) is not None and step > budget.step
    ]
    return replace(budget, common=all(value_at(run, budget) is not None for run in beyond))


def in_force(design: Design, budgets: Sequence[Budget]) -> Design:
    """The design whose metrics are read at their common steps."""
    steps = {budget.metric: budget.step for budget in budgets if budget.common}
    metrics = tuple(replace(metric, step=steps.get(metric.name)) for metric in design.metrics)
    return replace(design, metrics=metrics, budgets=tuple(budgets))


def _unequal(groups: Sequence[Group], metrics: Sequence[Metric], names: Names) -> Iterator[Budget]:
    for metric in metrics:
        last = last_of(metric, names)
        logged = metric.name if last is None and metric.value in OVER_STEPS else last
        if logged is None:
            continue
        steps = {group.id: last_steps(group, logged) for group in groups}
        reached = tuple((name, max(found)) for name, found in steps.items() if found)
        tops = {step for _, step in reached}
        if len(tops) > 1 and not _stop_by_themselves([found for found in steps.values() if found]):
            yield Budget(metric.name, logged, min(tops), reached, of_last=last is not None)


def last_steps(group: Group, logged: str) -> tuple[float, ...]:
    """Where the finished runs of a group stopped, those that diverged left out."""
    found = (_last_step(run, logged) for run in group.runs)
    return tuple(step for step in found if step is not None)


def _last_step(run: Run, logged: str) -> float | None:
    summary = run.metrics.get(logged)
    if run.status not in FINISHED or summary is None or summary.last is None:
        return None
    if summary.last_step is None or not math.isfinite(summary.last):
        return None
    return summary.last_step if math.isfinite(summary.last_step) else None


def _stop_by_themselves(groups: Sequence[Sequence[float]]) -> bool:
    """Whether every run stopped when it had enough: no two runs of a group end at its last step,
    and the groups' ranges overlap.
    """
    alone = all(len(steps) >= SEEN and steps.count(max(steps)) == 1 for steps in groups)
    return alone and max(map(min, groups)) <= min(map(max, groups))
