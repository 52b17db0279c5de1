"""What YAML 1.2 forbids and the parser lets pass or reads as something else.

The parser follows YAML 1.1 here and there: a comment glued to a value, a tab that indents, a `?`
that begins a key. Each would make a spec mean something other than it says, so it is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml

_STARTS = (yaml.MappingStartEvent, yaml.SequenceStartEvent)
_ENDS = (yaml.MappingEndEvent, yaml.SequenceEndEvent)
_COMMENT = re.compile(r"#[^\r\n]*")
_TAB = re.compile(r"(?<=[\r\n])\t[ \t]*(?=[^\s#])")
_BLOCK = re.compile(r"[|>][^\r\n]*(?:\r\n|\r|\n)((?: *(?:\r\n|\r|\n))*)( *)")


@dataclass(frozen=True, slots=True)
class Fault:
    """A place in the text and what is wrong with it."""

    at: int
    """Offset in characters."""
    message: str
    hint: str


class Strict:
    """Looks at every event of a text, in order."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tabbed = "\t" in text
        self._end = 0
        """Where the event before ended."""
        self._open: list[bool] = []
        """Collections around the next event: whether each is written as a block."""

    def faults(self, event: Any) -> Iterator[Fault]:
        """What is wrong between the event before and this one, and within this one."""
        start, stop = event.start_mark.index, event.end_mark.index
        if start > self._end:
            yield from self._between(self._end, start)
        if getattr(event, "anchor", None) and not isinstance(event, yaml.AliasEvent):
            yield from self._anchor(event.anchor, start)
        if isinstance(event, yaml.ScalarEvent):
            yield from self._scalar(event, start, stop)
        if isinstance(event, _STARTS):
            if event.flow_style and stop > start:
                yield from self._question(start)
            self._open.append(not event.flow_style)
        elif isinstance(event, _ENDS):
            self._open.pop()
        self._end = max(self._end, stop)

    def _between(self, start: int, stop: int) -> Iterator[Fault]:
        gap = self._text[start:stop]
        if not gap.strip(" ,:-\n"):
            return
        for comment in _COMMENT.finditer(gap):
            at = start + comment.start()
            if at and not self._text[at - 1].isspace() and self._text[at - 1] != "\ufeff":
                yield Fault(at, "a comment without a space before its `#`", "put a space there")
        bare = _COMMENT.sub(lambda match: " " * len(match[0]), gap)
        for mark in re.finditer(r"\?", bare):
            yield from self._question(start + mark.start())
        yield from self._tabs(start, stop)

    def _question(self, at: int) -> Iterator[Fault]:
        if self._text[at] == "?" and not self._text[at + 1 : at + 2].isspace():
            yield Fault(at, "a `?` at the beginning of a text", "put the text in quotes")

    def _tabs(self, start: int, stop: int) -> Iterator[Fault]:
        if self._tabbed and any(self._open):
            # one character more: what the tab stands before
            for tab in _TAB.finditer(self._text, start, stop + 1):
                yield Fault(tab.start(), "a tab at the beginning of a line", "indent with spaces")

    def _anchor(self, anchor: str, start: int) -> Iterator[Fault]:
        after = start + 1 + len(anchor)
        follows = self._text[after : after + 1]
        if (
            self._text[start : start + 1] == "&"
            and follows
            and not re.match(r"[\s,\[\]{}]", follows)
        ):
            message = f"`{follows}` right behind the anchor `&{anchor}`"
            yield Fault(after, message, "name anchors with letters, digits, `-` and `_`")

    def _scalar(self, event: Any, start: int, stop: int) -> Iterator[Fault]:
        if not event.style and event.value == "-":
            yield Fault(start, "a lone `-`", 'write "-" for the text, or put a space behind it')
        if event.style in ("|", ">"):
            yield from self._block(start)
        else:
            yield from self._tabs(start, stop)

    def _block(self, start: int) -> Iterator[Fault]:
        """Empty lines before a block text may not be longer than its first line is indented."""
        match = _BLOCK.search(self._text, start)
        if match is None or re.search(r"\d", self._text[start : match.start(1)]):
            return
        longest = max((len(line) for line in match[1].splitlines()), default=0)
        indent = len(match[2])
        if (
            longest > indent > self._parent(start)
            and self._text[match.end() : match.end() + 1].strip()
        ):
            message = "the empty lines before this text are indented deeper than the text"
            yield Fault(match.end(), message, "remove the spaces of the empty lines")

    def _parent(self, at: int) -> int:
        """The column of the list item or key that the text at this offset belongs to."""
        line = re.split(r"[\r\n]", self._text[max(0, at - 10_000) : at])[-1]
        dashes = re.match(r"\s*(?:[-?:]\s+)*", line)
        before = dashes[0] if dashes else ""
        key = line[len(before) :].strip()
        return len(before) if key else max(0, len(before.rstrip()) - 1)
