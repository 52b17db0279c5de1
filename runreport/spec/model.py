"""The spec after loading: frozen values, every name still to be matched with data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

from runreport.design import BudgetRule, Correction, Method, Metric
from runreport.errors import Problem, Span
from runreport.spec.expressions import Expression
from runreport.spec.gates import Decision, Gate
from runreport.spec.limits import SINCE, AtLeast, Between


@dataclass(frozen=True, slots=True)
class ReportInfo:
    """What the report is called and by whom."""

    title: str = "A comparison of runs"
    """Name of the site."""
    authors: tuple[str, ...] = ()
    """Who answers for it."""
    description: str = ""
    """A sentence on what was compared and why."""


@dataclass(frozen=True, slots=True)
class Join:
    """Which run of an earlier source a run is the same as."""

    on: Expression
    """Of a run of this source: what names the other one, as in `tags.mlflow_run_id`."""
    to: Expression | None = None
    """Of a run of the sources above: what is named; its id at the tracker, or its name, when left
    out."""


@dataclass(frozen=True, slots=True)
class Adaptation:
    """How the runs of one source are brought in line with those of the others."""

    rename: Mapping[str, str] = field(default_factory=dict)
    """Metrics and params: name as logged to name in the report."""
    scale: Mapping[str, float] = field(default_factory=dict)
    """Metrics, by their name in the report: what logged values are multiplied by, where this source
    logs in another unit than the rest."""
    join: Join | None = None
    """Runs that were logged to a source above as well become one run."""


@dataclass(frozen=True, slots=True)
class SourceEntry:
    """One entry of `sources`."""

    kind: str
    """Name in the registry."""
    options: Any
    """The source's validated options."""
    base: Path
    """Folder of the file that wrote this entry; relative paths start here."""
    span: Span
    adapt: Adaptation = field(default_factory=Adaptation)


@dataclass(frozen=True, slots=True)
class Selection:
    """Which runs are compared, in what order."""

    where: Annotated[Expression, "condition"] | None = None
    """Runs for which this is true."""
    since: Annotated[str, SINCE] | None = None
    """`30d`, `12h`, or a date."""
    sort: tuple[Expression, ...] = ()
    """First key first; a leading `-` means descending."""
    limit: Annotated[int, AtLeast(1)] | None = None
    """So many runs at most, the first ones of the order."""


@dataclass(frozen=True, slots=True)
class Grouping:
    """What makes a group, and what pairs runs across groups."""

    by: tuple[Expression, ...] = ()
    all_but: tuple[str, ...] | None = None
    """Set when `by` is `all_but(...)`; `()` means every param separates."""
    replicates: Expression | None = None
    pair_by: Expression | None = None
    baseline: Expression | None = None
    across: Expression | None = None
    items: Expression | None = None
    cluster: Expression | None = None
    repeat: Expression | None = None

    @property
    def columns(self) -> dict[str, Expression]:
        """What differs inside of a group, by the key that declares it."""
        columns = {
            "replicates": self.replicates,
            "pair_by": self.pair_by,
            "across": self.across,
            "items": self.items,
            "cluster": self.cluster,
            "repeat": self.repeat,
        }
        return {key: column for key, column in columns.items() if column is not None}


@dataclass(frozen=True, slots=True)
class Comparison:
    """The rules of inference."""

    alpha: Annotated[float, Between(0, 1)] = 0.05
    """How often a difference may be claimed where there is none."""
    level: Annotated[float, Between(0, 1)] = 0.95
    """Of intervals."""
    correction: Correction = "holm"
    """For several comparisons; `bh` and `by` are for exploration."""
    method: Method | None = None
    """A test instead of the one that follows from the design; said on the page."""
    test_fraction: Annotated[float, Between(0, 1)] | None = None
    """Of resampling splits: share of the data that is tested on; 1 / folds when left out."""
    look: Annotated[int, AtLeast(1)] | None = None
    """How often these growing data have been looked at; counted from build to build when left
    out."""
    budget: BudgetRule = "common"
    """Where groups stop at different steps, last values are read at the largest step common to all;
    `as_logged` compares them as they are."""


@dataclass(frozen=True, slots=True)
class SectionEntry:
    """One section of a page."""

    kind: str
    options: Any
    """The section's validated options."""
    span: Span
    title: str | None = None
    """Replaces the default heading."""


@dataclass(frozen=True, slots=True)
class PageEntry:
    """One page, or one page per run or group."""

    title: str
    """May hold `${run.*}`, `${group.*}`, `${verdict.*}`, resolved when the page is written."""
    sections: tuple[SectionEntry, ...]
    span: Span
    foreach: Literal["run", "group"] | None = None


@dataclass(frozen=True, slots=True)
class Mention:
    """A metric or param that the spec names outside of expressions."""

    kind: Literal["metric", "param", "family"]
    """A family is metrics of one form: `val/f1/*`."""
    name: str
    span: Span


@dataclass(frozen=True, slots=True)
class Spec:
    """A loaded spec: its text is right, its options are typed, its expressions parse."""

    path: Path
    report: ReportInfo
    sources: tuple[SourceEntry, ...]
    runs: Selection
    groups: Grouping
    metrics: tuple[tuple[Metric, Span], ...]
    comparison: Comparison
    pages: tuple[PageEntry, ...]
    gates: tuple[Gate, ...] = ()
    decision: Decision = field(default_factory=Decision)
    decision_span: Span | None = None
    theme: str = "default"
    output: Path = Path("site")
    """Resolved against the spec's folder."""
    allow_secrets: tuple[str, ...] = ()
    """Param, tag or metric names whose values are not redacted, each an explicit choice."""
    files: tuple[Path, ...] = ()
    """Every YAML file that was read, the spec first: inputs of the build."""
    warnings: tuple[Problem, ...] = ()
    mentions: tuple[Mention, ...] = ()
    """What the meaning pass looks up besides expressions."""
    values: Mapping[str, Expression] = field(default_factory=dict)
    """Metrics whose `value` is an expression, parsed, with its place."""
    contexts: Mapping[str, str] = field(default_factory=dict)
    """Families (`val/f1/*`): what the part under the `*` is, as in `context: class`."""
