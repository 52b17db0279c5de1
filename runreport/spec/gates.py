"""What a gate asks before a promotion: one form per kind of condition, as the author writes it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Annotated, Literal, TypeAlias

from runreport.design import Goal, Margin, MetricName
from runreport.errors import Span
from runreport.spec.expressions import Expression
from runreport.spec.limits import DATE, DROP, MARGIN, AtLeast

Severity = Literal["critical", "warning"]
Reading = Literal["value", "interval"]
Origin = Literal["commit", "clean_commit", "same_commit", "same_data", "no_unknown"]

DURATION = "duration"
"""What a gate on cost calls the time that a run took."""

NOWHERE = Span("", 1, 1)


@dataclass(frozen=True, slots=True)
class Waiver:
    """Why a gate that fails does not stop a promotion, and until when."""

    reason: str
    """Why it is acceptable."""
    owner: str
    """Who answers for it."""
    until: Annotated[date, DATE]
    """The last day it holds, `2026-12-31`, by the report's time; after that it is as if absent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What every gate may say."""

    name: str = ""
    """Shown name; the condition in words when left out."""
    severity: Severity = "critical"
    """Whether failing stops a promotion or is only said."""
    waive: Waiver | None = None
    """Lets it fail until a day: `{reason: ..., owner: ..., until: 2026-12-31}`."""
    span: Span = NOWHERE


@dataclass(frozen=True, slots=True, kw_only=True)
class Sided(Rule):
    """A gate about groups."""

    group: Annotated[Expression, "condition"] | None = None
    """The candidates: groups of which every run fulfils this; every other group when left out."""
    against: Annotated[Expression, "condition"] | None = None
    """What they are compared with: `baseline`, or a condition that exactly one group fulfils."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricGate(Sided):
    """A verdict on a metric, or bounds of its value."""

    metric: MetricName
    """A declared or logged metric."""
    require: Literal["better", "not_worse", "equivalent"] | None = None
    """The verdict that passes."""
    margin: Annotated[Margin, MARGIN] | None = None
    """With `require`: instead of the metric's own."""
    min: float | None = None
    """The mean of each candidate must be this or more, in displayed units."""
    max: float | None = None
    """The mean of each candidate must be this or less, in displayed units."""
    max_drop: Annotated[Margin, DROP] | None = None
    """How much worse, by the goal, the mean may be than what it is compared with: `0.5`, `2%`."""
    on: Reading = "value"
    """What a bound holds for: the mean itself, or the worse end of its interval."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentGate(Sided):
    """No class, slice or data set worse by more than so much."""

    segments: str
    """Metrics of one form, `*` for the segment: `val/f1/*`; or the metric, where `by` is given."""
    by: Expression | None = None
    """The column that tells segments apart, as in the section `segments`."""
    no_worse_than: Annotated[float, AtLeast(0)]
    """How much worse than what it is compared with any segment may be, in displayed units."""
    goal: Goal | None = None
    """Which way is better, where the metrics are not declared."""
    on: Reading = "value"
    """The worst segment's difference itself, or the worse end of its interval, which allows for
    all segments."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CostGate(Sided):
    """What running took."""

    cost: str
    """`duration`, or an operational metric, as in the section `operations`."""
    max: Annotated[float, AtLeast(0)] | None = None
    """The mean of each candidate must be this or less, in displayed units."""
    max_total: Annotated[float, AtLeast(0)] | None = None
    """Everything spent on each candidate, failed runs too, must be this or less."""
    max_ratio: Annotated[float, AtLeast(0)] | None = None
    """How many times the cost of what it is compared with a candidate may take: `1.2`."""
    on: Reading = "value"
    """The value itself, or the upper end of its interval; a total has none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LineageGate(Sided):
    """Where the runs come from."""

    lineage: tuple[Origin, ...]
    """`commit`: each run names its commit; `clean_commit`: and had no uncommitted changes;
    `same_commit`: all have one commit; `same_data`: all read data of one digest; `no_unknown`:
    nothing about a run's origin is missing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WarningGate(Rule):
    """Nothing that a build warns of."""

    warnings: Literal["none"]
    """No warning about the spec, its names or what was read."""


Gate: TypeAlias = MetricGate | SegmentGate | CostGate | LineageGate | WarningGate

FORMS: dict[str, type[Gate]] = {
    "metric": MetricGate,
    "segments": SegmentGate,
    "cost": CostGate,
    "lineage": LineageGate,
    "warnings": WarningGate,
}
"""The key that says what a gate is about, and its form."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided from the report; figures are cited as `${verdict.val_accuracy.adamw}`."""

    question: str = ""
    """What was to be decided."""
    options: tuple[str, ...] = ()
    """What could have been decided."""
    decided: str = ""
    """What was decided."""
    by: str = ""
    """Who decided."""
    date: str = ""
    """When."""
    because: str = ""
    """Why."""
    id: str = ""
    """What other decisions call it by."""
    supersedes: tuple[str, ...] = ()
    """Ids of earlier decisions that no longer hold."""
