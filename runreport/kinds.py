"""The shapes of what can be added: Source, Section, Publisher. A new one is one value of these."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any, Generic, Literal, Protocol, TypeVar

import pyarrow as pa

from runreport.blocks import Block
from runreport.design import Design, Metric
from runreport.errors import Problem
from runreport.history import History
from runreport.looks import Look
from runreport.samples import Group, Value, ValueOf
from runreport.spec.expressions import Expression, Scalar
from runreport.spec.gates import Decision, Severity, Waiver
from runreport.tables import Run, RunTables

OptionsT = TypeVar("OptionsT")
DataT = TypeVar("DataT")

# ---- sources -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SourceContext:
    """What a source may know of the build."""

    base: Path
    """Folder of the file that names the source: relative paths start here."""
    environ: Mapping[str, str]
    """Credentials come from here alone."""
    deadline_s: float = 120.0
    """Total time a remote source may take."""
    qualifier: str = ""
    """Prefix of run ids (`qualifier:id`) and value of the `source` column; the source's name when
    empty. A second MLflow source of one report is `mlflow-2`."""
    cache: Path | None = None
    """Folder in which what was read may be kept for the next build; None: nothing is kept."""
    tell: Callable[[Problem], None] = lambda _problem: None
    """Takes problems that come up after the tables: points of a history that cannot be read."""


class Reader(Protocol):
    """An opened source. Reading twice gives equal results while the store is unchanged."""

    @property
    def divisible(self) -> bool:
        """Whether a copy of this process may read the histories of some of the runs: true when
        nothing but what `histories` yields and tells comes of reading them.
        """
        ...

    def tables(self) -> RunTables:
        """Every run with params, tags, lineage, artifacts, and at least the last value and last
        step of each metric (other summary columns None where they cost a full scan).
        """
        ...

    def histories(self, runs: Sequence[str], metrics: Collection[str]) -> Iterator[pa.Table]:
        """Raw points of these runs and metrics, in `HISTORY_SCHEMA`, store order, nothing
        sampled; in parts of bounded size.
        """
        ...

    def fingerprint(self) -> Mapping[str, str]:
        """Input name to digest or version, for the manifest; no credentials, no absolute paths."""
        ...

    def places(self) -> Sequence[Path] | None:
        """Files and folders of whose state the tables and histories are a function: while none of
        them changes, nothing changed. None where only reading can tell. Called after `tables`.
        """
        ...


@dataclass(frozen=True, slots=True)
class Found:
    """What detection recognised at a path."""

    source: str
    """The name of the source."""
    config: Mapping[str, Any]
    """The entry to write into a spec, e.g. `{"mlflow": "sqlite:///mlflow.db"}`."""
    summary: str
    """One line for people."""


@dataclass(frozen=True, slots=True)
class Source(Generic[OptionsT]):
    """A place runs are read from."""

    name: str
    """The YAML key: `- {mlflow: LOCATION, ...}`."""
    options: type[OptionsT]
    """Frozen dataclass; its first field is `location: str`, the value beside the name."""
    open: Callable[[OptionsT, SourceContext], Reader]
    """Raises SourceError (RR3xx) when the place cannot be read at all."""
    detect: Callable[[Path], Found | None]
    """Looks, cheaply, whether this path is one of its kind."""


# ---- gates ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Ruling:
    """What a gate found of one candidate, or of the report as a whole."""

    subject: str
    """A group's label; empty where it is about all runs."""
    passed: bool
    words: str
    """Sentences with the numbers, how many they are of, and their interval."""
    facts: Mapping[str, Any] = field(default_factory=dict)
    """The same as plain data."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A gate and what became of it."""

    title: str
    about: str
    """What it is about: metric, segments, cost, lineage, warnings."""
    severity: Severity
    rulings: tuple[Ruling, ...]
    passed: bool
    waived: bool
    """It failed, and a waiver that still holds lets it."""
    waiver: Waiver | None
    expired: bool
    """The waiver's last day is before the report's time, so it counts as absent."""
    dated: bool = True
    """Whether the report's time is known; where it is not, a waiver counts as expired."""

    @property
    def stops(self) -> bool:
        """Whether a promotion must not happen because of it."""
        return self.severity == "critical" and not self.passed and not self.waived

    @property
    def word(self) -> Literal["passed", "waived", "failed", "warning"]:
        """What became of it, in one word."""
        if self.passed:
            return "passed"
        if self.waived:
            return "waived"
        return "failed" if self.severity == "critical" else "warning"


# ---- decisions -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Citation:
    """A verdict that a decision cites."""

    path: str
    """`val_accuracy.adamw`."""
    words: str
    """What the report says now."""
    then: str
    """What it said when the decision was written."""

    @property
    def changed(self) -> bool:
        return self.words != self.then


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionEntry(Decision):
    """A decision of this report, of another one, or of a spec, as it is read."""

    report: str = ""
    """Title of the report; empty where a spec was read that may never have been built."""
    place: str = ""
    """Where it was read, from the folder of the log; empty for this report's own."""
    cited: tuple[Citation, ...] = ()
    is_own: bool = False
    """Whether it is this report's."""


@dataclass(frozen=True, slots=True)
class DecisionLog:
    """Decisions of many reports."""

    entries: tuple[DecisionEntry, ...]
    """The latest first."""
    problems: tuple[str, ...] = ()
    """What could not be read, in sentences."""
    cut: bool = False
    """Whether there is more than is looked at."""


# ---- sections ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Needs:
    """What a section reads beyond the last values."""

    histories: frozenset[str] = frozenset()
    """Logged metrics whose raw points it draws or reduces."""
    summaries: bool = False
    """Whether it shows full summaries (lowest, highest, count) of whatever points are read."""
    repositories: frozenset[str] = frozenset()
    """Folders of Git repositories, as written, whose commits it names."""
    decisions: frozenset[str] = frozenset()
    """Folders, as written, whose decisions it lists; empty text: this report's alone."""

    def __or__(self, other: Needs) -> Needs:
        return Needs(
            self.histories | other.histories,
            self.summaries or other.summaries,
            self.repositories | other.repositories,
            self.decisions | other.decisions,
        )


@dataclass(frozen=True, slots=True)
class CommitLine:
    """One commit in a list of commits."""

    id: str
    author: str
    time: datetime | None
    """When it was committed, UTC."""
    subject: str


@dataclass(frozen=True, slots=True)
class FileChange:
    """One file that two commits do not share."""

    path: str
    added: int | None
    """Lines; None where the file is no text."""
    removed: int | None


@dataclass(frozen=True, slots=True)
class CodeChange:
    """What lies between the code of two commits."""

    commits: tuple[CommitLine, ...]
    """That lead to the second one and not to the first, newest first; cut where they are many."""
    ahead: int
    """How many there are."""
    behind: int
    """That lead to the first one alone: the second is not built on them."""
    files: tuple[FileChange, ...]
    """By path; cut where they are many."""
    changed: int
    """How many there are."""
    added: int
    """Lines of all of them."""
    removed: int
    diff: str
    """The change as text, its beginning where it is long."""
    cut: bool
    """Whether the text goes on."""


@dataclass(frozen=True, slots=True)
class CodeHistory:
    """What a repository tells of the commits that runs name."""

    changes: Mapping[tuple[str, str], CodeChange | str]
    """By the two commits as runs name them; or why nothing can be told."""
    missing: str = ""
    """Why the repository cannot be read at all."""


@dataclass(frozen=True, slots=True)
class Excluded:
    """A run that the report does not compare, and why."""

    run: Run
    reason: str


@dataclass(frozen=True, eq=False)
class Context:
    """What a section computes from. Nothing in it changes during a build."""

    title: str
    design: Design
    runs: tuple[Run, ...]
    """Selected, in report order (failed ones too, when the selection keeps them)."""
    groups: tuple[Group, ...]
    """Every selected run is in exactly one."""
    excluded: tuple[Excluded, ...]
    """Runs of the sources that the selection left out."""
    history: History
    value_of: ValueOf
    """A run's number for a metric by its declared reducer, in displayed units."""
    evaluate: Callable[[Expression, Run], Scalar]
    """A column or filter expression for one run."""
    problems: tuple[Problem, ...]
    """What went wrong while reading: broken runs, unread points."""
    warnings: tuple[Problem, ...] = field(default=(), kw_only=True)
    """Names of the spec that no run has, where that need not be a mistake: for the terminal."""
    now: datetime
    """The report's time: from the data or SOURCE_DATE_EPOCH, never the clock."""
    source_titles: tuple[str, ...] = ()
    decision: Mapping[str, str] = field(default_factory=dict)
    redacted: int = 0
    """Values replaced because they look like secrets."""
    gates: tuple[Judged, ...] = ()
    """What became of the spec's gates."""
    decided: DecisionEntry | None = None
    """The spec's decision, its citations filled in."""
    decisions: Mapping[str, DecisionLog] = field(default_factory=dict)
    """Logs that sections show, by the folder as written."""
    subject_run: Run | None = None
    """On a `foreach: run` page."""
    subject_group: Group | None = None
    """On a `foreach: group` page."""
    looks: tuple[Look, ...] = ()
    """At these growing data, oldest first, this one included; empty where none are counted."""
    repositories: Mapping[str, CodeHistory] = field(default_factory=dict)
    """What sections asked of Git repositories, by the folder as written."""

    @property
    def look(self) -> int:
        """The number of this look, as the author counts or as builds do; 1 is the first."""
        return self.design.look or 1

    @property
    def baseline(self) -> Group | None:
        return next((group for group in self.groups if group.is_baseline), None)

    def group_of(self, run: Run) -> Group:
        """The group a selected run belongs to."""
        return self._group_by_run[run.id]

    @cached_property
    def _group_by_run(self) -> Mapping[str, Group]:
        return {run.id: group for group in self.groups for run in group.runs}

    def value(self, run: Run, metric: Metric) -> Value:
        """A run's number for a metric."""
        return self.value_of(run, metric)


@dataclass(frozen=True, slots=True)
class Section(Generic[OptionsT, DataT]):
    """One kind of section: numbers first, then blocks."""

    name: str
    """The YAML key under `sections`."""
    options: type[OptionsT]
    """Frozen dataclass; every field has a default unless it must be written."""
    compute: Callable[[Context, OptionsT], DataT]
    """Pure: facts to a frozen dataclass of numbers."""
    present: Callable[[DataT, OptionsT], tuple[Block, ...]]
    """Pure: numbers to blocks. The page adds the section's title if there is one."""
    needs: Callable[[OptionsT, Design], Needs] = lambda _options, _design: Needs()
    """What it reads, from its options and the design alone."""
    title: str = ""
    """Heading the page writes above it when the author gives none; empty: no heading."""
    record: Callable[[DataT], Mapping[str, Any]] | None = None
    """What it states in words, as plain data for `runreport.json`: dicts, lists, strings, numbers,
    frozen dataclasses; NaN is written as null."""
    short: str | None = None
    """The field that a bare value stands for: `text: "..."`, `run`."""


AnySection = Section[Any, Any]
AnySource = Source[Any]
