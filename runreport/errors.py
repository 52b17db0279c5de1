"""Problems, where they are, and the exceptions that carry them.

RunReportError          70  a bug of ours (RR9xx)
|- SpecError             2  the spec's text, names or questions (RR1xx, RR2xx)
|- SourceError           3  a place runs are read from (RR3xx)
|- PublishError          3  a place the report goes to (RR60x)
|- RenderError           4  drawing or writing pages (RR5xx)
|- PolicyError           6  a secret or an unsafe page would be published (RR65x)
'- BusyError            75  another build holds the lock
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

Severity = Literal["error", "warning", "note"]


@dataclass(frozen=True, slots=True)
class Span:
    """A place in a text file."""

    file: str
    """Path as the user would type it."""
    line: int
    """From 1."""
    column: int
    """From 1, in characters."""
    length: int = 1
    """Characters covered, at least 1."""

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Problem:
    """Something the user should know or mend."""

    code: str
    """RRnnn, explained in `runreport.codes`."""
    message: str
    """Lower case: what was found and what was expected."""
    span: Span | None = None
    """Where in a text file, when there is one."""
    hint: str | None = None
    """The remedy."""
    severity: Severity = "error"
    place: str | None = None
    """Where, when it is no text position: a store, a run, a file and offset."""


class RunReportError(Exception):
    """One or more problems that stop the work; the base of all our exceptions."""

    exit_code: ClassVar[int] = 70

    def __init__(self, problems: Problem | Sequence[Problem]) -> None:
        self.problems: tuple[Problem, ...] = (
            (problems,) if isinstance(problems, Problem) else tuple(problems)
        )
        super().__init__("; ".join(f"{p.code}: {p.message}" for p in self.problems))

    def __reduce__(self) -> tuple[type[RunReportError], tuple[tuple[Problem, ...]]]:
        # exceptions cross process borders from the drawing workers
        return (type(self), (self.problems,))


class SpecError(RunReportError):
    """The spec cannot be used as it stands."""

    exit_code = 2


class SourceError(RunReportError):
    """A source cannot be read."""

    exit_code = 3


class PublishError(RunReportError):
    """The report cannot be written or sent where it should go."""

    exit_code = 3


class RenderError(RunReportError):
    """A page cannot be rendered."""

    exit_code = 4


class PolicyError(RunReportError):
    """Publishing was refused: a secret or an unsafe page."""

    exit_code = 6


class BusyError(RunReportError):
    """Another build holds the lock."""

    exit_code = 75
