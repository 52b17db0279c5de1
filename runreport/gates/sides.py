"""Who a gate is about: its candidates, and what they are compared with."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from runreport import formats
from runreport.errors import Problem
from runreport.kinds import Context
from runreport.samples import Group
from runreport.sections import charting
from runreport.spec.evaluate import truth
from runreport.spec.expressions import Expression, Scalar
from runreport.spec.gates import CostGate, Gate, MetricGate, SegmentGate, Sided
from runreport.tables import Run

Evaluate = Callable[[Expression, Run], Scalar]


@dataclass(frozen=True, eq=False)
class Sides:
    """The report as a gate sees it."""

    context: Context
    """With the group that candidates are compared with as its baseline."""
    candidates: tuple[Group, ...]

    @property
    def baseline(self) -> Group | None:
        return self.context.baseline

    def lacks_baseline(self, gate: Gate) -> bool:
        """Whether the gate compares, and there is nothing to compare with."""
        return self.baseline is None and compares(gate)

    def is_candidate(self, group: Group) -> bool:
        return any(own.id == group.id for own in self.candidates)


def compares(gate: Gate) -> bool:
    """Whether a gate is about a difference."""
    if isinstance(gate, MetricGate):
        return gate.require is not None or gate.max_drop is not None
    return isinstance(gate, SegmentGate) or (
        isinstance(gate, CostGate) and gate.max_ratio is not None
    )


def sides_of(gate: Sided, context: Context) -> Sides:
    """Candidates and their opponent; conditions have been checked before."""
    if gate.against is not None:
        chosen = selected(gate.against, context.groups, context.evaluate)
        if len(chosen) == 1 and not chosen[0].is_baseline:
            context = _against(context, chosen[0])
    if gate.group is not None:
        chosen = selected(gate.group, context.groups, context.evaluate)
        wanted = {group.id for group in chosen}
        candidates = [group for group in context.groups if group.id in wanted]
    else:
        candidates = list(context.groups)
    return Sides(context, tuple(group for group in candidates if not group.is_baseline))


def _against(context: Context, opponent: Group) -> Context:
    """The report with another baseline: its families are made of comparisons with that one."""
    groups = tuple(replace(g, is_baseline=g.id == opponent.id) for g in context.groups)
    return replace(context, groups=groups, design=replace(context.design, has_baseline=True))


def selected(condition: Expression, groups: Sequence[Group], evaluate: Evaluate) -> list[Group]:
    """Groups of which every run fulfils a condition."""
    return [group for group in groups if all(truth(evaluate(condition, run)) for run in group.runs)]


def problems_of(
    gates: Sequence[Gate], groups: Sequence[Group], evaluate: Evaluate
) -> list[Problem]:
    """Conditions of gates that select no group, or several where one is meant."""
    return [problem for gate in gates for problem in _problems(gate, groups, evaluate)]


def _problems(gate: Gate, groups: Sequence[Group], evaluate: Evaluate) -> Iterator[Problem]:
    """Conditions that select no group, or several where one is meant. A report without runs has
    no groups, and says so itself.
    """
    if not isinstance(gate, Sided) or not groups:
        return
    many = formats.count(len(groups), "group")
    hint = f"{many} exist; the condition must hold for every run of a group"
    if gate.group is not None:
        found = selected(gate.group, groups, evaluate)
        if not found:
            yield Problem("RR216", "`group` selects no group", gate.group.span, hint)
        elif gate.against is None and compares(gate) and all(g.is_baseline for g in found):
            message = "`group` selects the baseline alone, which is compared with itself"
            hint = "name a candidate, or another opponent with `against`"
            yield Problem("RR216", message, gate.group.span, hint)
    if gate.against is not None:
        found = selected(gate.against, groups, evaluate)
        if len(found) > 1:
            names = "; ".join(charting.fit(group.label, 80) for group in found[:6])
            message = f"`against` selects {len(found)} groups, expected exactly one: {names}"
            hint = "narrow it with `and`"
        elif not found:
            message = "`against` selects no group, expected exactly one"
        else:
            return
        yield Problem("RR216", message, gate.against.span, hint)
