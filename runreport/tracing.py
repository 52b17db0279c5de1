"""What a page reads of a report, noted while it is made, and what the same questions get now.

A page that asked certain questions and would get the same answers is the same page. Every fact that
a section may ask for is a question: a field of the context or of the design, a run's group, value
or points, the page about a run. Whatever is not told apart counts as having asked for everything.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import fields
from typing import Any

import pyarrow as pa

from runreport.design import Design, Metric
from runreport.exact import exact
from runreport.history import History, Series
from runreport.kinds import Context
from runreport.samples import Group, Value
from runreport.tables import Run

Question = tuple[str, ...]
"""Its kind, then what it is about."""
Note = Callable[[Question], None]

EVERYTHING: Question = ("everything",)
QUICK = ("field", "design", "link")
"""Kinds whose answers cost little; they are compared first."""

_SUBJECTS = ("subject_run", "subject_group")
_FUNCTIONS = ("value_of", "evaluate")
_CONTEXT = frozenset(field.name for field in fields(Context))
_DESIGN = frozenset(field.name for field in fields(Design))


class Trace:
    """The questions of one page, each once."""

    def __init__(self) -> None:
        self._asked: dict[Question, None] = {}

    def note(self, question: Question) -> None:
        """Take a question in."""
        self._asked[question] = None

    @property
    def questions(self) -> tuple[Question, ...]:
        """What was asked, the quick ones first; just for everything where everything was asked."""
        if EVERYTHING in self._asked:
            asked = [question for question in self._asked if question[0] in (*QUICK, *EVERYTHING)]
        else:
            asked = list(self._asked)
        return tuple(sorted(asked, key=lambda question: question[0] not in QUICK))


# ---- noting --------------------------------------------------------------------------------------


def traced(report: Context, subject: Context, trace: Trace) -> Context:
    """The context of a page, which notes what is asked of it.

    Args:
        report: the context of the whole report.
        subject: the same with the page's run or group.
        trace: takes the questions.
    """
    values = {name: getattr(subject, name) for name in _CONTEXT}
    found = _Context(**values)
    design = _Design(**{name: getattr(subject.design, name) for name in _DESIGN})
    object.__setattr__(design, "_note", trace.note)
    history = _History(subject.history, report, trace.note)
    for name, value in (("_report", report), ("_trace", trace), ("_own", (design, history))):
        object.__setattr__(found, name, value)
    return found


class _Context(Context):
    """Notes which of its fields are read."""

    def __getattribute__(self, name: str) -> Any:
        if name not in _CONTEXT:
            return object.__getattribute__(self, name)
        trace: Trace = object.__getattribute__(self, "_trace")
        design, history = object.__getattribute__(self, "_own")
        if name == "design":
            return design
        if name == "history":
            return history
        value = object.__getattribute__(self, name)
        if name in _SUBJECTS and value is not None:
            trace.note(("run" if name == "subject_run" else "subject", value.id))
        else:
            trace.note(EVERYTHING if name in _FUNCTIONS else ("field", name))
        return value

    def group_of(self, run: Run) -> Group:
        report: Context = object.__getattribute__(self, "_report")
        object.__getattribute__(self, "_trace").note(("group", run.id))
        return report.group_of(run)

    def value(self, run: Run, metric: Metric) -> Value:
        report: Context = object.__getattribute__(self, "_report")
        known = report.design.metric(metric.name) == metric
        question = ("value", run.id, metric.name) if known else EVERYTHING
        object.__getattribute__(self, "_trace").note(question)
        return report.value(run, metric)


class _Design(Design):
    """Notes which of its fields are read; what is made of it by `replace` has read all of them."""

    __slots__ = ("_note",)
    _note: Note

    def __getattribute__(self, name: str) -> Any:
        if name in _DESIGN:
            try:
                note = object.__getattribute__(self, "_note")
            except AttributeError:
                pass
            else:
                note(("design", name))
        return object.__getattribute__(self, name)

    def __reduce__(self) -> tuple[Any, ...]:
        # to a process that draws it goes as what it is
        return Design, tuple(getattr(self, field.name) for field in fields(Design))


class _History(History):
    """Notes whose points are read."""

    def __init__(self, history: History, report: Context, note: Note) -> None:
        self._history, self._report, self._note = history, report, note

    def metrics(self) -> frozenset[str]:
        self._note(("metrics",))
        return self._history.metrics()

    def counts(self, metric: str) -> Mapping[str, int]:
        self._note(("points", metric))
        return self._history.counts(metric)

    def series(self, metric: str, runs: Sequence[str] | None = None) -> Mapping[str, Series]:
        # many at once are asked for as one
        few = () if runs is None or len(runs) * 2 > len(self._report.runs) else runs
        self._note(("points", metric, *few))
        return self._history.series(metric, runs)

    def summaries(self, metrics: Collection[str]) -> pa.Table:
        self._note(EVERYTHING)
        return self._history.summaries(metrics)


class Pages(Mapping[str, str]):
    """Run id to the slug of its page, noting which are looked up."""

    def __init__(self, pages: Mapping[str, str], note: Note) -> None:
        self._pages, self._note = pages, note

    def __getitem__(self, run: str) -> str:
        self._note(("link", run))
        return self._pages[run]

    def __iter__(self) -> Iterator[str]:
        for run in self._pages:
            self._note(("link", run))
            yield run

    def __len__(self) -> int:
        return len(self._pages)


# ---- answering -----------------------------------------------------------------------------------


class Answers:
    """Digests of what a report answers; each is made once."""

    def __init__(self, report: Context, pages: Mapping[str, str]) -> None:
        self._report, self._pages = report, pages
        self._runs = {run.id: run for run in (*(e.run for e in report.excluded), *report.runs)}
        self._groups = {group.id: group for group in report.groups}
        self._known: dict[Any, str] = {}
        self._points: dict[str, Mapping[str, str]] = {}

    def of(self, question: Question) -> str | None:
        """The digest of the answer; None where there is none, or no telling."""
        if question not in self._known:
            try:
                self._known[question] = self._answer(question)
            except (OSError, TypeError, ValueError, LookupError, AttributeError):
                return None
        return self._known[question]

    def _answer(self, question: Question) -> str:
        kind, *about = question
        report = self._report
        if kind == "field":
            return self._of_field(report, about[0])
        if kind == "design":
            return _digest(exact(getattr(report.design, about[0])))
        if kind == "run":
            return self._of_run(self._runs[about[0]])
        if kind == "subject":
            return self._of_group(self._groups[about[0]])
        if kind == "link":
            return _digest(exact(self._pages.get(about[0])))
        if kind == "group":
            return self._of_group(report.group_of(self._runs[about[0]]))
        if kind == "value":
            metric = report.design.metric(about[1])
            return _digest(exact(report.value(self._runs[about[0]], metric)))
        if kind == "metrics":
            return _digest(exact(sorted(report.history.metrics())))
        if kind == "points":
            points = self._points_of(about[0])
            return _digest(exact([points.get(run) for run in about[1:]] if about[1:] else points))
        if question == EVERYTHING:
            return self._of_everything()
        raise ValueError(f"no question: {kind}")

    def _of_field(self, context: Context, name: str) -> str:
        value = getattr(context, name)
        if name == "runs":
            return _digest("".join(map(self._of_run, value)))
        if name == "groups":
            return _digest("".join(map(self._of_group, value)))
        if name == "excluded":
            return _digest("".join(f"{self._of_run(e.run)}{e.reason!r}" for e in value))
        return _digest(exact(value))

    def _of_run(self, run: Run) -> str:
        # a report holds on to its runs and groups, so each has a place of its own in memory
        key = id(run)
        if key not in self._known:
            self._known[key] = _digest(exact(run))
        return self._known[key]

    def _of_group(self, group: Group) -> str:
        key = id(group)
        if key not in self._known:
            others = [getattr(group, f.name) for f in fields(Group) if f.name != "runs"]
            self._known[key] = _digest("".join(map(self._of_run, group.runs)) + exact(others))
        return self._known[key]

    def _of_everything(self) -> str:
        report = self._report
        names = sorted(_CONTEXT - {"history", "design", *_FUNCTIONS, *_SUBJECTS})
        parts = [self._of_field(report, name) for name in names]
        parts.append(exact(report.design))
        parts += [exact(self._points_of(metric)) for metric in sorted(report.history.metrics())]
        return _digest("\n".join(parts))

    def _points_of(self, metric: str) -> Mapping[str, str]:
        if metric not in self._points:
            self._points[metric] = self._report.history.digests(metric)
        return self._points[metric]


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]
