"""JSON, JSONL and YAML: strict texts to rows; numbers keep the way they were written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from runreport.errors import Problem, SourceError, SpecError
from runreport.sources.complaints import Complaints
from runreport.sources.files import sheets
from runreport.sources.files.places import File, read_bytes
from runreport.sources.files.sheets import Sheet, sheet_of_rows
from runreport.sources.files.text import decode
from runreport.sources.texts import MAX_DEPTH, Parser, Written, flatten, plain, written
from runreport.spec import marked

MAX_JSON = 16_000_000
"""A document is parsed as a whole."""
MAX_YAML = marked.MAX_BYTES


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
    return _sheet(file.name, plain(tree), complaints)


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
        message = f"{deep[0]!r} is nested deeper than {MAX_DEPTH} levels; it is not read"
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
