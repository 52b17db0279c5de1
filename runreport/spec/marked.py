"""YAML with positions: text to a tree whose every key and value knows file, line and column.

Scalars follow YAML 1.2's core schema: `1e-3` is a number; `no`, `on` and `12:30` are text. The tree
is built from the parser's events, so that depth and the expansion of aliases are bounded while
reading, and no tag ever constructs anything.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from runreport.errors import Problem, Span, SpecError
from runreport.spec.lines import BREAK, Lines
from runreport.spec.scalars import Plain, plain_scalar
from runreport.spec.strict import Strict

__all__ = ["MAX_DEPTH", "MAX_NODES", "Marked", "plain_scalar", "read_file", "read_text"]

MAX_BYTES = 1_000_000
MAX_DEPTH = 50
MAX_NODES = 50_000
"""After expanding aliases."""
MAX_PROBLEMS = 100
"""Of one file; a file with more is not a spec."""

_PARSER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_UNFIT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufffe\uffff]")
"""Not printable, or a line break to YAML 1.1 alone."""
_PROPERTIES = re.compile(r"(?:&\S+\s+)?")
_VARIABLE = re.compile(r"[{\[,:]\s*[^\"'\s]{0,80}\$\{")
_WINDOW = 500
"""Characters around a fault that are searched for its cause."""


@dataclass(frozen=True, slots=True, eq=False)
class Marked:
    """A value and where it stands."""

    value: Plain | tuple[Marked, ...] | Mapping[str, Marked]
    span: Span
    keys: Mapping[str, Span] = field(default_factory=dict)
    """Of a mapping: where each key stands."""
    raw: str | None = None
    """Of a text on one line: its source, quotes included; None once it was changed."""
    loose: bool = False
    """The text came from the environment: it may stand for a number where one is expected."""
    size: int = 1
    """Nodes of the tree, aliases expanded."""
    height: int = 0

    @property
    def mapping(self) -> Mapping[str, Marked] | None:
        """The value, when it is a mapping."""
        return self.value if isinstance(self.value, Mapping) else None

    @property
    def sequence(self) -> tuple[Marked, ...] | None:
        """The value, when it is a sequence."""
        return self.value if isinstance(self.value, tuple) else None

    def within(self, start: int, length: int) -> Span:
        """The place of a part of this text: exact on one line, else where the text starts."""
        if self.raw is None or not isinstance(self.value, str):
            return self.span
        offsets = _offsets(self.raw)
        if len(offsets) <= min(start, len(self.value)):
            return self.span
        first = offsets[min(start, len(offsets) - 1)]
        last = offsets[min(start + length, len(offsets) - 1)]
        span = self.span
        return Span(span.file, span.line, span.column + first, max(1, last - first))


def read_file(path: Path, name: str, problems: list[Problem] | None = None) -> Marked:
    """The tree of a YAML file.

    Args:
        path: the file.
        name: how messages call it.
        problems: takes what is wrong with parts of the tree, so that the rest can be used.

    Raises:
        SpecError: RR101, RR103-RR106 with all problems found.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        # a ValueError is a NUL or half of a surrogate pair in the name
        reason = (getattr(error, "strerror", None) or str(error) or type(error).__name__).lower()
        hint = "`runreport init` writes one" if isinstance(error, FileNotFoundError) else None
        raise SpecError(
            Problem("RR101", f"cannot read {name}: {reason}", None, hint, place=name)
        ) from None
    if len(data) > MAX_BYTES:
        message = f"{name} is larger than {MAX_BYTES:,} bytes, the most a spec may have"
        raise SpecError(Problem("RR101", message, place=name))
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8", "replace")
        span = Lines(name, before + "?").at(len(before), 1)
        message = f"byte {error.start} is not UTF-8"
        raise SpecError(Problem("RR101", message, span, "save the file as UTF-8")) from None
    return read_text(text, name, problems)


def read_text(text: str, name: str, problems: list[Problem] | None = None) -> Marked:
    """The tree of a YAML text; the same as `read_file` after decoding."""
    lines = Lines(name, text)
    if unfit := _UNFIT.search(text):
        message = f"control character U+{ord(unfit[0]):04X} in the text"
        raise SpecError(Problem("RR101", message, lines.at(unfit.start(), 1), "delete it"))
    return _Reader(text, lines).read(problems)


class _Refused(Exception):  # noqa: N818  control flow inside this file
    """Reading cannot go on; the problems say why."""


class _Reader:
    """Builds one tree from events."""

    def __init__(self, text: str, lines: Lines) -> None:
        self._lines = lines
        self._problems: list[Problem] = []
        self._anchors: dict[str, Marked | None] = {}
        """None while the anchored node is still open."""
        self._nodes = 0
        self._text = text

    def read(self, problems: list[Problem] | None) -> Marked:
        root = Marked(None, self._lines.at(0, 1))
        whole = True
        try:
            events = self._events()
            for event in events:
                if isinstance(event, yaml.DocumentStartEvent):
                    root = self._node(next(events), events, 0)
                    break
            for event in events:
                if isinstance(event, yaml.DocumentStartEvent):
                    message = "a second document starts here; a spec is one document"
                    self._refuse("RR105", message, self._lines.of(event), "delete the `---`")
        except _Refused:
            whole = False
        if self._problems and (problems is None or not whole):
            raise SpecError(self._problems)
        if problems is not None:
            problems += self._problems
        return root

    def _events(self) -> Iterator[Any]:
        loader = None
        try:
            loader = _PARSER(self._text)
            strict = Strict(self._text)
            while loader.check_event():
                event = loader.get_event()
                for fault in strict.faults(event):
                    self._refuse("RR103", fault.message, self._lines.at(fault.at, 1), fault.hint)
                yield event
        except yaml.MarkedYAMLError as error:
            raise self._syntax(error) from None
        except (yaml.YAMLError, ValueError) as error:
            # the reader's own complaints carry no mark
            self._problems.append(Problem("RR103", _first_line(error), self._lines.at(0, 1)))
            raise _Refused from None
        finally:
            if loader is not None:
                loader.dispose()

    def _syntax(self, error: yaml.MarkedYAMLError) -> _Refused:
        mark = error.problem_mark or error.context_mark
        span = self._lines.at(mark.index if mark else 0, 1)
        words = " ".join(filter(None, (error.context, error.problem)))
        line = self._lines.line(span.line)
        hint = None
        first = max(0, span.column - _WINDOW)
        if found := _VARIABLE.search(line, first, span.column + _WINDOW):
            message = "`${...}` without quotes inside `{...}` or `[...]` ends the mapping early"
            place = self._lines.at(self._lines.start(span.line) + found.end() - 2, 2)
            hint = 'put the value in quotes: {x: "${name}"}'
            self._problems.append(Problem("RR112", message, place, hint))
            return _Refused()
        if "\t" in line[: span.column]:
            hint = "indent with spaces, not tabs"
        elif "mapping values are not allowed" in words:
            hint = "put a text that holds `: ` in quotes"
        self._problems.append(Problem("RR103", f"this is no YAML: {words}", span, hint))
        return _Refused()

    def _refuse(self, code: str, message: str, span: Span, hint: str | None = None) -> None:
        self._problems.append(Problem(code, message, span, hint))
        if len(self._problems) >= MAX_PROBLEMS or code == "RR106":
            raise _Refused

    def _node(self, event: Any, events: Iterator[Any], depth: int) -> Marked:
        span = self._lines.of(event)
        if depth > MAX_DEPTH:
            self._refuse("RR106", f"nested deeper than {MAX_DEPTH} levels", span)
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event.anchor, span, depth)
        self._count(1, span)
        if event.tag is not None:
            message = f"tag `{_short_tag(event.tag)}`: a spec has no tags"
            self._refuse("RR105", message, span, "delete the tag; quote a value to make it text")
        anchor = event.anchor
        if anchor is not None:
            self._anchors[anchor] = None
        if isinstance(event, yaml.ScalarEvent):
            node = self._scalar(event, span)
        elif isinstance(event, yaml.SequenceStartEvent):
            node = self._sequence(events, span, depth)
        else:
            node = self._mapping(events, span, depth)
        if anchor is not None:
            self._anchors[anchor] = node
        return node

    def _count(self, nodes: int, span: Span) -> None:
        self._nodes += nodes
        if self._nodes > MAX_NODES:
            message = f"more than {MAX_NODES:,} values once aliases are expanded"
            self._refuse("RR106", message, span)

    def _alias(self, anchor: str | None, span: Span, depth: int) -> Marked:
        if anchor is None or anchor not in self._anchors:
            self._refuse("RR103", f"alias `*{anchor}` names no anchor above it", span)
            return Marked(None, span)
        node = self._anchors[anchor]
        if node is None:
            self._refuse("RR106", f"anchor `&{anchor}` contains itself", span)
            raise _Refused
        self._count(node.size, span)
        if depth + node.height > MAX_DEPTH:
            self._refuse("RR106", f"nested deeper than {MAX_DEPTH} levels", span)
        return node

    def _scalar(self, event: Any, span: Span) -> Marked:
        start, stop = event.start_mark.index, event.end_mark.index
        if event.anchor is not None and (named := _PROPERTIES.match(self._text, start, stop)):
            start = named.end()
            span = self._lines.at(start, stop - start)
        source = self._text[start:stop]
        one_line = not BREAK.search(source)
        if event.style:
            quoted = event.style in "'\""
            return Marked(event.value, span, raw=source if one_line and quoted else None)
        value: Plain = None
        try:
            value = plain_scalar(event.value)
        except OverflowError:
            message = f"the number {event.value[:20]}\u2026 is too long to be meant"
            if len(event.value) <= 20:
                message = f"the number {event.value} is too large"
            self._refuse("RR107", message, span, "put it in quotes to make it text")
        return Marked(value, span, raw=source if one_line else None)

    def _sequence(self, events: Iterator[Any], span: Span, depth: int) -> Marked:
        items: list[Marked] = []
        for event in events:
            if isinstance(event, yaml.SequenceEndEvent):
                break
            items.append(self._node(event, events, depth + 1))
        return Marked(tuple(items), span, size=_size(items), height=_height(items))

    def _mapping(self, events: Iterator[Any], span: Span, depth: int) -> Marked:
        found: dict[str, Marked] = {}
        keys: dict[str, Span] = {}
        for event in events:
            if isinstance(event, yaml.MappingEndEvent):
                break
            where = self._lines.of(event)
            key = self._key(event, self._node(event, events, depth + 1), where)
            value = self._node(next(events), events, depth + 1)
            if key is None:
                continue
            if key in found:
                message = f"key '{key}' is here twice; the first is on line {keys[key].line}"
                self._refuse("RR104", message, where, "delete one of them")
                continue
            found[key], keys[key] = value, where
        values = list(found.values())
        # keys count too: they are shown, compared and walked
        size = _size(values) + len(values)
        return Marked(found, span, keys, size=size, height=_height(values))

    def _key(self, event: Any, node: Marked, span: Span) -> str | None:
        if not isinstance(event, yaml.ScalarEvent):
            message = "a key must be a name; here it is a list, a mapping or an alias"
            self._refuse("RR105", message, span)
            return None
        key: str = event.value
        if key == "<<" and not event.style:
            self._refuse(
                "RR105",
                "merge key `<<`: YAML 1.2 has none",
                span,
                "write the keys out, or put the shared ones into a file named by `extends`",
            )
            return None
        if not key:
            self._refuse("RR105", "a key must be a name; here it is empty", span)
            return None
        return key


def _size(items: list[Marked]) -> int:
    return 1 + sum(item.size for item in items)


def _height(items: list[Marked]) -> int:
    return 1 + max((item.height for item in items), default=0)


def _short_tag(tag: str) -> str:
    return tag.replace("tag:yaml.org,2002:", "!!")[:60]


def _first_line(error: Exception) -> str:
    return f"this is no YAML: {str(error).splitlines()[0] if str(error) else 'unreadable'}"


def _offsets(raw: str) -> list[int]:
    """Where each character of a text on one line stands in its source, and where it ends."""
    if not raw.startswith(("'", '"')):
        return list(range(len(raw) + 1))
    quote, offsets, index = raw[0], [], 1
    while index < len(raw) - 1:
        offsets.append(index)
        if quote == "'" and raw[index] == "'":
            index += 2
        elif quote == '"' and raw[index] == "\\":
            index += {"x": 4, "u": 6, "U": 10}.get(raw[index + 1], 2)
        else:
            index += 1
    return [*offsets, index]
