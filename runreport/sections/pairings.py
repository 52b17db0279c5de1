"""Every pair of groups with what an audit says of it, budgets and tuning included."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from runreport import formats
from runreport.budget import last_steps
from runreport.design import Design
from runreport.kinds import Context
from runreport.samples import Group
from runreport.sections import tuning
from runreport.sections.audit import Outcome, State, between, couples
from runreport.sections.checks import CHECKS, EFFECTS, CheckName, Effect

Aspect = Literal[
    "evaluation_data", "split", "metric_definition", "items", "training_data", "budget", "tuning",
    "code", "uncommitted", "environment", "hardware",
]  # fmt: skip
"""What pairs are audited in, as the options name it."""

Standing = Literal["alike", "lacking", "mind", "apart", "unknown"]
"""Alike in all that was logged; alike, but not logged for every run; with differences to mind; not
comparable; nothing known."""

ALL_PAIRS = 8
"""Of so many groups all pairs are audited; of more, every group against one."""


@dataclass(frozen=True, slots=True)
class Point:
    """One aspect of a pair."""

    aspect: Aspect
    state: State
    effect: Effect
    words: str
    counted: bool = False
    """Known of any runs, so no sign that anything was logged."""

    @property
    def title(self) -> str:
        """What the aspect is called."""
        return "tuning effort" if self.aspect == "tuning" else CHECKS[self.aspect].title


@dataclass(frozen=True, eq=False)
class Pair:
    """Two groups and what they have in common."""

    first: Group
    second: Group
    points: tuple[Point, ...]

    @property
    def standing(self) -> Standing:
        if any(point.state == "differs" and point.effect == "withholds" for point in self.points):
            return "apart"
        if any(point.state in ("differs", "partly") for point in self.points):
            return "mind"
        if self.lacking:
            return "lacking"
        known = any(point.state == "same" and not point.counted for point in self.points)
        return "alike" if known else "unknown"

    @property
    def told(self) -> tuple[Point, ...]:
        """What decides its standing, the gravest first."""
        apart = [point for point in self.points if point.state in ("differs", "partly")]
        if self.standing == "apart":
            apart = [p for p in apart if p.state == "differs" and p.effect == "withholds"]
        if self.standing == "lacking":
            return self.lacking
        return tuple(sorted(apart, key=lambda point: EFFECTS.index(point.effect)))

    @property
    def lacking(self) -> tuple[Point, ...]:
        """What is the same in all runs that logged it, and was not logged by all."""
        return tuple(point for point in self.points if point.state == "lacking")


def pairs_of(
    context: Context, ignore: Collection[Aspect], require: Collection[Aspect]
) -> tuple[Pair, ...]:
    """All pairs of few groups; of many, every group against the baseline, else the first one.

    Args:
        context: the report's.
        ignore: aspects left out.
        require: aspects in which a difference makes two groups incomparable.
    """
    groups = [group for group in context.groups if group.runs]
    counts = {found.group.id: found.count for found in tuning.tuned(groups, context.design)}
    return tuple(
        Pair(
            first,
            second,
            tuple(
                _required(point, require)
                for point in _points(first, second, context.design, counts[first.id],
                                     counts[second.id])
                if point.aspect not in ignore
            ),
        )
        for first, second in couples(groups, ALL_PAIRS)
    )  # fmt: skip


def _required(point: Point, require: Collection[Aspect]) -> Point:
    return replace(point, effect="withholds") if point.aspect in require else point


def _points(
    first: Group, second: Group, design: Design, tried: int, tried_too: int
) -> Iterator[Point]:
    metric = next(iter(design.primary), None)
    for outcome in between(first, second, metric, design).outcomes:
        if outcome.check == "budget":
            yield _budget(outcome, first, second, design)
            yield _tuning(tried, tried_too)
        elif outcome.check == "items" and outcome.state == "unknown" and design.items:
            yield _items(outcome, items_of(first), items_of(second))
        else:
            yield Point(outcome.check, outcome.state, outcome.effect, outcome.words)


def _budget(outcome: Outcome, first: Group, second: Group, design: Design) -> Point:
    """By where the runs stopped; else by what was set."""
    for budget in design.budgets:
        reached = dict(budget.reached)
        steps = [reached.get(group.id) for group in (first, second)]
        if None in steps or steps[0] == steps[1]:
            continue
        there = (
            f" Its values are read at step {formats.number(budget.step)}." if budget.common else ""
        )
        said = (
            f"The last steps of {budget.logged} are {formats.number(steps[0])} and "
            f"{formats.number(steps[1])}.{there}"
        )
        return Point("budget", "differs", "qualifies", said)
    if outcome.state == "unknown" and _stop_alike(first, second, design):
        return Point("budget", "same", outcome.effect, "")
    return Point("budget", outcome.state, outcome.effect, outcome.words)


def items_of(group: Group) -> int:
    """How many items a group was evaluated on, where each of its runs is of one."""
    known = {item for item in group.replicate_of if item is not None}
    return len(known) + sum(item is None for item in group.replicate_of)


def _items(outcome: Outcome, count: int, count_too: int) -> Point:
    if count == count_too:
        return Point("items", "same", outcome.effect, "", counted=True)
    said = f"The two were evaluated on {count} and {count_too} items."
    return Point("items", "differs", outcome.effect, said, counted=True)


def _stop_alike(first: Group, second: Group, design: Design) -> bool:
    """Whether steps were logged, and no metric has them differ."""
    return any(
        min(max(last_steps(group, metric.name), default=0.0) for group in (first, second)) > 0
        for metric in design.metrics
    )


def _tuning(tried: int, tried_too: int) -> Point:
    if tried == tried_too:
        return Point("tuning", "same", "qualifies", "", counted=True)
    said = f"{tried} and {tried_too} configurations were tried."
    return Point("tuning", "differs", "qualifies", said, counted=True)


def unknown(pairs: Sequence[Pair]) -> tuple[CheckName, ...]:
    """What no pair has logged on both sides, in reading order."""
    lacking: dict[CheckName, None] = {}
    for check in CHECKS:
        states = [p.state for pair in pairs for p in pair.points if p.aspect == check]
        if states and set(states) == {"unknown"}:
            lacking[check] = None
    return tuple(lacking)
