"""The declared design of a comparison: what the author says, never guessed from the data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal, NewType

Goal = Literal["maximize", "minimize"]
Correction = Literal["holm", "bonferroni", "none"]

MetricName = Annotated[str, "metric"]
"""In a section's Options: a declared or logged metric; the loader checks that it exists."""
ParamName = Annotated[str, "param"]
"""In a section's Options: a param; the loader checks that some run has it."""

Percent = NewType("Percent", float)


@dataclass(frozen=True, slots=True)
class Margin:
    """The smallest difference that matters."""

    amount: float
    """In displayed units, or per cent of the baseline's value when `relative`."""
    relative: bool = False


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric as the author declared it (or as assumed, when it was only mentioned)."""

    name: str
    """The key in the spec; the logged name unless `value` says otherwise."""
    goal: Goal | None = None
    """None: direction unknown, so nothing is called better or best."""
    goal_guessed: bool = False
    """The goal was guessed from the name; said wherever it is used."""
    unit: str = ""
    scale: float = 1.0
    """Displayed = logged x scale."""
    value: str = "last"
    """How a history becomes one number, as written: last, first, min, max, mean, or an
    expression."""
    margin: Margin | None = None
    primary: bool = False
    """Primary metrics form the confirmatory family."""
    role: Literal["objective", "operational"] = "objective"
    label: str = ""
    """Shown name; the key when empty."""
    declared: bool = True

    @property
    def title(self) -> str:
        return self.label or self.name


@dataclass(frozen=True, slots=True)
class Design:
    """Groups, replicates, pairing, families: the question put to the data."""

    metrics: tuple[Metric, ...] = ()
    by: tuple[str, ...] = ()
    """Grouping columns as written."""
    all_but: bool = False
    """`by` names what does not separate groups."""
    replicates: str | None = None
    """What makes runs of one group differ: seed, fold, repeat, ...; the unit of replication."""
    pair_by: str | None = None
    """Identity of pairs across groups; never row order."""
    has_baseline: bool = False
    alpha: float = 0.05
    level: float = 0.95
    """Of intervals."""
    correction: Correction = "holm"

    def metric(self, name: str) -> Metric:
        """The declared metric, or a bare one of that name."""
        for metric in self.metrics:
            if metric.name == name:
                return metric
        return Metric(name=name, declared=False)

    @property
    def primary(self) -> tuple[Metric, ...]:
        """Metrics of the confirmatory family: the declared primaries, else the first one."""
        chosen = tuple(metric for metric in self.metrics if metric.primary)
        return chosen or self.metrics[:1]
