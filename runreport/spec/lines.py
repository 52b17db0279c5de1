"""Character offsets of a text to lines and columns."""

from __future__ import annotations

import bisect
import re
from typing import Any

from runreport.errors import Span

BREAK = re.compile("\r\n|\r|\n")


class Lines:
    """A text whose places can be named."""

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self.text = text
        breaks = [match.span() for match in BREAK.finditer(text)]
        self._starts = [0, *(end for _, end in breaks)]
        self._ends = [*(start for start, _ in breaks), len(text)]
        """Of each line, without its break."""

    def at(self, start: int, length: int) -> Span:
        """A place of that many characters, within one line."""
        start = min(start, len(self.text))
        line = bisect.bisect_right(self._starts, start) - 1
        column = start - self._starts[line]
        # lines can be long, so nothing is copied here
        rest = self._ends[line] - start
        return Span(self.name, line + 1, column + 1, max(1, min(length, rest)))

    def of(self, event: Any) -> Span:
        """The place of a parser's event."""
        start = event.start_mark.index
        return self.at(start, event.end_mark.index - start)

    def line(self, number: int) -> str:
        """The line of that number, from 1."""
        return self.text[self.start(number) : self._ends[number - 1]]

    def start(self, number: int) -> int:
        """The offset of the line of that number, from 1."""
        return self._starts[number - 1]
