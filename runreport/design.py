"""The declared design of a comparison: what the author says, never guessed from the data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal, NewType

Goal = Literal["maximize", "minimize"]
Correction = Literal["holm", "bonferroni", "hochberg", "hommel", "bh", "by", "none"]
"""`bh` and `by` control the false discovery rate, the others the chance of any false claim."""

Method = Literal[
    "welch",
    "permutation",
    "brunner_munzel",
    "mann_whitney",
    "paired_t",
    "sign_flip",
    "wilcoxon",
    "sign",
    "corrected_t",
    "five_by_two_f",
    "five_by_two_t",
    "mcnemar",
    "item_t",
    "delong",
    "randomisation",
    "log_rank",
    "dunnett",
    "tukey",
    "games_howell",
]
"""A significance test by name, as `method:` takes it."""

MetricName = Annotated[str, "metric"]
"""In a section's Options: a declared or logged metric; the loader checks that it exists."""
ParamName = Annotated[str, "param"]
"""In a section's Options: a param; the loader checks that some run has it."""

Statistic = Literal["mean", "auc", "f1"]
"""What is made of a metric's values over all items of a group."""

BudgetRule = Literal["common", "as_logged"]
"""Where groups stop at different steps: the largest step common to all, or values as logged."""

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
    method: Method | None = None
    """The test that the author wants instead of the one that follows from the design."""
    statistic: Statistic = "mean"
    truth: str = ""
    """What each item is, 0 or 1, as an expression; for statistics that need it."""
    step: float | None = None
    """Values are read at this step, or at the last one before it, instead of the last step."""

    @property
    def title(self) -> str:
        return self.label or self.name


@dataclass(frozen=True, slots=True)
class Budget:
    """Groups whose runs stop at different steps of one metric."""

    metric: str
    """As declared."""
    logged: str
    """The logged metric whose last value it is."""
    step: float
    """The largest step that every group reached."""
    reached: tuple[tuple[str, float], ...]
    """Group id and the largest last step of its finished runs, in report order."""
    of_last: bool = True
    """Whether the metric is a last value, which can be read at another step; not a best one."""
    common: bool = False
    """Whether values are read at `step`; else they are compared as logged."""


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
    across: str | None = None
    """The data sets or tasks that groups are compared across; the unit of replication then."""
    items: str | None = None
    """Identity of a test item, where a run of the tables is one item's result."""
    cluster: str | None = None
    """What items share that makes them dependent: a document, a patient."""
    repeat: str | None = None
    """Which repetition of a cross-validation a fold belongs to."""
    has_baseline: bool = False
    alpha: float = 0.05
    level: float = 0.95
    """Of intervals."""
    correction: Correction = "holm"
    method: Method | None = None
    """The test that the author wants for every metric."""
    test_fraction: float | None = None
    """Share of the data in the test part of a resampling split; None follows from the folds."""
    look: int | None = None
    """How often these growing data have been looked at, as the author counts, else as builds do."""
    selected_on: tuple[str, ...] = ()
    """Metrics by whose values the runs were selected: named in `where`, or in `sort` with a
    `limit`."""
    budget: BudgetRule = "common"
    budgets: tuple[Budget, ...] = ()
    """Of the metrics whose groups stop at different steps."""

    def metric(self, name: str) -> Metric:
        """The declared metric, or a bare one of that name."""
        for metric in self.metrics:
            if metric.name == name:
                return metric
        budget = self.budget_of(name)
        step = budget.step if budget is not None and budget.common else None
        return Metric(name=name, declared=False, step=step)

    def budget_of(self, name: str) -> Budget | None:
        """How far the groups went on a metric, where they did not go equally far."""
        return next((budget for budget in self.budgets if budget.metric == name), None)

    @property
    def primary(self) -> tuple[Metric, ...]:
        """Metrics of the confirmatory family: the declared primaries, else the first one."""
        chosen = tuple(metric for metric in self.metrics if metric.primary)
        return chosen or self.metrics[:1]
