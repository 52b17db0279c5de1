"""JSON, JSONL and YAML: strict texts to rows; numbers keep the way they were written."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from runreport.errors import Problem, SourceError, SpecError
from runreport.sources.files import sheets
from runreport.sources.files.complaints import Complaints
from runreport.sources.files.places import File, read_bytes
from runreport.sources.files.sheets import Sheet, flatten, sheet_of_rows
from runreport.sources.files.text import decode
from runreport.spec import marked

MAX_JSON = 16_000_000
"""A document is parsed as a whole."""
MAX_YAML = marked.MAX_BYTES
REMEMBERED = 10_000
"""Equal numbers of one document share their text, so that a list of ones costs little."""


_EMPTY: Mapping[str, Any] = {}
"""Every empty object of a document."""


class Written(str):
    """A number's text: `1e-05` stays as it is, and stays apart from a text in quotes."""

    __slots__ = ()


class Parser:
    """Reads JSON texts strictly; NaN and infinities stay words, repeated keys are told."""

    def __init__(self) -> None:
        self.repeated: list[str] = []
        """Keys that occurred twice in one object since this was last emptied."""
        self._known: dict[str, Written] = {}
        self._decoder = json.JSONDecoder(
            object_pairs_hook=self._object,
            parse_float=self._number,
            parse_int=self._number,
            parse_constant=self._number,
        )

    def parse(self, text: str) -> Any:
        """The value of a JSON text.

        Raises:
            ValueError: with a message for people.
        """
        try:
            return self._decoder.decode(text)
        except json.JSONDecodeError as error:
            words = error.msg[0].lower() + error.msg[1:]
            raise ValueError(f"{words} (line {error.lineno}, column {error.colno})") from None
        except RecursionError:
            raise ValueError("nested too deeply") from None

    def _number(self, text: str) -> Written:
        found = self._known.get(text)
        if found is None:
            found = Written(text)
            if len(self._known) < REMEMBERED:
                self._known[found] = found
        return found

    def _object(self, pairs: Sequence[tuple[str, Any]]) -> Mapping[str, Any]:
        if not pairs:
            return _EMPTY
        found = dict(pairs)
        if len(found) < len(pairs):
            seen: set[str] = set()
            for key, _ in pairs:
                if key in seen:
                    # neither value is more right than the other
                    found.pop(key, None)
                    self.repeated.append(key[:80])
                seen.add(key)
        return found


def written(value: Any) -> str:
    """A value that is no object as one cell."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return compact(value)


def compact(value: Any, depth: int = 0) -> str:
    """JSON text that keeps numbers as they were written."""
    if isinstance(value, Written):
        return value
    if depth > sheets.MAX_DEPTH:
        return '"\u2026"'
    if isinstance(value, Mapping):
        inner = (f"{json.dumps(key)}: {compact(item, depth + 1)}" for key, item in value.items())
        return "{" + ", ".join(inner) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(compact(item, depth + 1) for item in value) + "]"
    return json.dumps(value)


def read_json(file: File, complaints: Complaints) -> Sheet:
    """The rows of a JSON file: a list of objects, or one object.

    Raises:
        SourceError: RR343, RR344, RR346 no JSON, RR359 JSON that holds no run.
    """
    data = read_bytes(file, MAX_JSON)
    text = decode(data, file.name, complaints, latin=False)
    parser = Parser()
    try:
        value = parser.parse(text)
    except ValueError as error:
        hint = "the file is empty" if not text.strip() else None
        raise SourceError(
            Problem("RR346", f"this is no JSON: {error}", hint=hint, place=file.name)
        ) from None
    tell_repeated(file.name, parser, complaints, None)
    return _sheet(file.name, value, complaints)


def read_yaml(file: File, complaints: Complaints) -> Sheet:
    """The rows of a YAML file: a list of mappings, or one mapping.

    Raises:
        SourceError: RR343, RR344, RR347 no YAML that is read here, RR359 no run in it.
    """
    text = decode(read_bytes(file, MAX_YAML), file.name, complaints, latin=False)
    try:
        tree = marked.read_text(text, file.name)
    except SpecError as error:
        first = error.problems[0]
        place = str(first.span) if first.span else file.name
        raise SourceError(Problem("RR347", first.message, hint=first.hint, place=place)) from None
    return _sheet(file.name, _plain(tree), complaints)


def _plain(node: marked.Marked) -> Any:
    """The tree without positions; numbers as written."""
    value = node.value
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if isinstance(value, int | float) and not isinstance(value, bool):
        text = node.raw if node.raw is not None else str(value)
        # YAML writes `.nan` and `-.inf`
        return Written(text.replace(".", "", 1) if text.lstrip("+-")[:2] in _SPECIAL else text)
    return value


_SPECIAL = {".n", ".N", ".i", ".I"}


def _sheet(name: str, value: Any, complaints: Complaints) -> Sheet:
    if isinstance(value, Mapping):
        row = row_of(name, value, 1, complaints)
        if not row:
            raise _no_run(name, "an object without a value")
        return sheet_of_rows(name, [(1, row)], "item", complaints, single=True)
    if not isinstance(value, list):
        raise _no_run(name, f"a single {kind_of(value)}")
    rows = []
    if len(value) > sheets.MAX_ROWS:
        message = f"the first {sheets.MAX_ROWS:,} of {len(value):,} items are read"
        complaints.add("RR356", name, message, hint="store large tables as Parquet")
    for index, item in enumerate(value[: sheets.MAX_ROWS], start=1):
        if isinstance(item, Mapping) and item:
            rows.append((index, row_of(name, item, index, complaints)))
        elif isinstance(item, Mapping):
            message = "an empty object; it is left out"
            complaints.add("RR349", name, message, line=f"item {index}", kind="empty")
        else:
            message = f"a {kind_of(item)} where an object was expected; it is left out"
            complaints.add("RR349", name, message, line=f"item {index}")
    if value and not rows:
        raise _no_run(
            name, f"a list of {len(value):,} items of which none is an object with values"
        )
    return sheet_of_rows(name, rows, "item", complaints)


def row_of(
    name: str, value: Mapping[str, Any], index: int, complaints: Complaints
) -> dict[str, str]:
    """The cells of one object; what is nested too deeply is told."""
    deep: list[str] = []
    row = flatten(value, written, deep)
    if deep:
        message = f"{deep[0]!r} is nested deeper than {sheets.MAX_DEPTH} levels; it is not read"
        complaints.add("RR360", name, message, line=f"item {index}")
    return row


def _no_run(name: str, what: str) -> SourceError:
    hint = "a run is an object of names and values; runs are a list of them"
    return SourceError(Problem("RR359", f"no run in it: it holds {what}", hint=hint, place=name))


def kind_of(value: Any) -> str:
    """What messages call a value that is no object."""
    if value is None:
        return "null"
    if isinstance(value, Written):
        return "number"
    if isinstance(value, bool):
        return "truth value"
    return "list" if isinstance(value, list) else "text"


def tell_repeated(name: str, parser: Parser, complaints: Complaints, line: int | None) -> None:
    """Name the keys that occurred twice since the last call."""
    for key in dict.fromkeys(parser.repeated):
        message = f"key {key!r} occurs twice in one object; neither value is read"
        complaints.add("RR350", name, message, line=line)
    parser.repeated.clear()
