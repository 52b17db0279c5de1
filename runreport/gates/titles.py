"""Gates in words, where the author gives no name."""

from __future__ import annotations

from runreport.design import Margin
from runreport.kinds import Context
from runreport.sections import charting
from runreport.sections.aligning import unit_of_difference
from runreport.spec.gates import (
    FORMS,
    CostGate,
    Gate,
    LineageGate,
    MetricGate,
    SegmentGate,
    Sided,
)
from runreport.stats import words

REQUIRED = {"better": "better", "not_worse": "not worse", "equivalent": "equivalent"}
ORIGINS = {
    "commit": "every run names its commit",
    "clean_commit": "every run comes from a clean commit",
    "same_commit": "all runs come from one commit",
    "same_data": "all runs read the same data",
    "no_unknown": "nothing about the runs' origin is unknown",
}


def about(gate: Gate) -> str:
    """The key that says what a gate is about."""
    return next(key for key, form in FORMS.items() if isinstance(gate, form))


def title_of(gate: Gate, context: Context) -> str:
    """The condition as a short phrase."""
    if isinstance(gate, MetricGate):
        said = _of_metric(gate, context)
    elif isinstance(gate, SegmentGate):
        most = words.short(gate.no_worse_than)
        said = f"{charting.fit(gate.segments)}: no segment worse by more than {most}"
    elif isinstance(gate, CostGate):
        said = _of_cost(gate, context)
    elif isinstance(gate, LineageGate):
        said = "; ".join(ORIGINS[origin] for origin in gate.lineage)
    else:
        said = "no warnings"
    if isinstance(gate, Sided) and gate.group is not None:
        said += f", for {charting.fit(gate.group.text)}"
    if isinstance(gate, Sided) and gate.against is not None:
        said += f", against {charting.fit(gate.against.text)}"
    return said


def bound_words(bound: Margin, unit: str) -> str:
    """`2 %`, `0.5 points`."""
    size = words.short(bound.amount)
    return f"{size} %" if bound.relative else words.with_unit(size, unit)


def _of_metric(gate: MetricGate, context: Context) -> str:
    metric = context.design.metric(gate.metric)
    name, unit = charting.fit(metric.title), unit_of_difference(metric)
    if gate.require is not None:
        margin = "" if gate.margin is None else f", margin {bound_words(gate.margin, unit)}"
        return f"{name}: {REQUIRED[gate.require]}{margin}"
    asked = [
        f"{words.with_unit(words.short(value), metric.unit)} or {word}"
        for value, word in ((gate.min, "more"), (gate.max, "less"))
        if value is not None
    ]
    if gate.max_drop is not None:
        asked.append(f"worse by {bound_words(gate.max_drop, unit)} at most")
    said = f"{name}: {' and '.join(asked)}"
    return f"{said}, by its interval" if gate.on == "interval" else said


def _of_cost(gate: CostGate, context: Context) -> str:
    metric = context.design.metric(gate.cost)
    asked = []
    if gate.max is not None:
        asked.append(f"{words.with_unit(words.short(gate.max), metric.unit)} or less per run")
    if gate.max_total is not None:
        total = words.with_unit(words.short(gate.max_total), metric.unit)
        asked.append(f"{total} or less in total")
    if gate.max_ratio is not None:
        asked.append(f"{words.short(gate.max_ratio)} times at most")
    said = f"{charting.fit(metric.title)}: {' and '.join(asked)}"
    return f"{said}, by its interval" if gate.on == "interval" else said
