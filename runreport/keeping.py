"""What one build takes over from the builds before it, and what it leaves for the next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from types import TracebackType

from runreport import formats
from runreport.cache import NAME, bounds, issuing, place, receipts
from runreport.cache.parts import Parts
from runreport.errors import Problem

CODES = ("RR385", "RR386")
"""Said of what is kept; the report itself is the same with or without, so no page names them."""


class Keeper:
    """The folder `.runreport` of one build; used within its `with` block."""

    def __init__(
        self, order: receipts.Order, environ: issuing.Watched, output: Path, *, keep: bool
    ) -> None:
        self.folder: Path | None = None
        """Where sources may keep what they read; None: nowhere."""
        self.charts: Parts | None = None
        self.pages: Parts | None = None
        self._order, self._environ, self._output = order, environ, output
        self._keep = keep
        self._root = place.folder_of(order.spec)
        self._limit = bounds.limit_of(environ)
        self._notes: list[Problem] = []
        self._distrusted = False
        self._before: Mapping[str, str] = {}
        self._stack = ExitStack()

    def __enter__(self) -> Keeper:
        if self._keep:
            if self._stack.enter_context(place.used(self._root)):
                self.folder = self._root
                self.charts = Parts(self._root / "charts")
                self.pages = Parts(self._root / "pages")
            else:
                self._note_unkept("it cannot be written, or holds something else")
            self._before = issuing.look_around(self._order, self._output)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.close()
        if self.folder is not None:
            with place.alone(self._root) as is_alone, suppress(OSError):
                if is_alone and self._distrusted:
                    bounds.remove(self._root / "sources")
                if is_alone:
                    bounds.shrink(self._root, self._limit)

    @property
    def notes(self) -> tuple[Problem, ...]:
        """What went wrong with what is kept."""
        notes = list(self._notes)
        for what, parts in (("chart", self.charts), ("page", self.pages)):
            if parts is not None and parts.damaged:
                damaged = formats.count(len(parts.damaged), f"damaged {what}")
                message = f"what was kept of an earlier build is made again: {damaged}"
                notes.append(Problem("RR385", message, None, None, "note", NAME))
        return tuple(notes)

    def distrust(self, problems: Sequence[Problem]) -> None:
        """Something kept of the sources is damaged: this build does without all of it."""
        self._distrusted = True
        self._notes += [_as_note(problem) for problem in problems]

    def apart(self, problems: Sequence[Problem]) -> tuple[Problem, ...]:
        """The problems that are the report's; those of what is kept become notes."""
        self._notes += [problem for problem in problems if problem.code in CODES]
        return tuple(problem for problem in problems if problem.code not in CODES)

    def same(self, inputs: Mapping[str, str]) -> str | None:
        """What is said of the published site, where it was made from the very same input."""
        if self.folder is None:
            return None
        receipt = receipts.find(self._order, self._environ)
        if receipt is None or not receipt.is_there() or not receipt.same_inputs(inputs):
            return None
        return receipt.told

    def finish(
        self,
        places: Sequence[Path] | None,
        inputs: Mapping[str, str],
        told: str,
        started_ns: int,
    ) -> None:
        """Leave a receipt for the site that is published now.

        Args:
            places: of whose state it is a function; None where nobody can tell.
            inputs: name to digest.
            told: what is said of it when nothing changed.
            started_ns: when the build began.
        """
        if self.folder is None:
            return
        finished = issuing.Finished(
            self._environ.answers(), places, inputs, self._output, told, started_ns, self._before
        )
        try:
            issuing.write(self._order, finished)
        except OSError as error:
            self._note_unkept((error.strerror or "it cannot be written").lower())

    def remember_drawn(self, count: int) -> None:
        """Tell the next build how many charts this one had to draw."""
        if self.folder is not None:
            with suppress(OSError):
                place.remember_drawn(self._root, count)

    def _note_unkept(self, reason: str) -> None:
        message = f"nothing is kept for the next build: {reason}"
        self._notes.append(Problem("RR386", message, None, None, "note", NAME))


def _as_note(problem: Problem) -> Problem:
    return Problem(problem.code, problem.message, None, None, "note", problem.place)
