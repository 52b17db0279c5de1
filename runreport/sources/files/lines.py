"""JSONL: one object per line, broken lines left out; large clean files through orjson."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from runreport.cleaning import clean_text
from runreport.errors import Problem, SourceError
from runreport.sources.complaints import Complaints
from runreport.sources.files import sheets
from runreport.sources.files.documents import kind_of, row_of, tell_repeated
from runreport.sources.files.places import File, read_bytes
from runreport.sources.files.sheets import (
    Column,
    NumberColumn,
    Numeric,
    Sheet,
    TextColumn,
    sheet_of_rows,
)
from runreport.sources.files.text import decode
from runreport.sources.texts import MAX_KEY_LENGTH, Parser, Written

MAX_BYTES = 64_000_000
MAX_LINES = 2_000_000
MAX_LINE = 4_000_000
HEAD_LINES = 200
"""Of a large file: what tells which columns are numbers."""

_SPACED = re.compile(rb'"\s+:')
_MINUS_ZERO = re.compile(rb":\s*-0\s*[,}]")
_MANY = 2_000
"""Columns of a file that is read the fast way."""


def read(file: File, complaints: Complaints, numeric: Numeric) -> Sheet:
    """The rows of a file of one JSON object per line; broken lines are named and left out.

    Raises:
        SourceError: RR343, RR344, RR346 when no line is JSON.
    """
    data = read_bytes(file, MAX_BYTES)
    if len(data) >= sheets.FAST_BYTES and (sheet := _fast(file.name, data, numeric)) is not None:
        return sheet
    text = decode(data, file.name, complaints, latin=False)
    del data
    parser = Parser()
    rows: list[tuple[int, Mapping[str, str]]] = []
    cells = lines = 0
    for number, line in enumerate(_lines(text), start=1):
        if not line or line.isspace():
            continue
        lines += 1
        value: Any = None
        try:
            if len(line) > MAX_LINE:
                raise ValueError(f"longer than {MAX_LINE:,} characters")
            value = parser.parse(line)
        except ValueError as error:
            words = str(error).replace("(line 1, ", "(")
            message = f"this line is no JSON: {words}; it is left out"
            complaints.add("RR346", file.name, message, line=number)
            parser.repeated.clear()
            continue
        tell_repeated(file.name, parser, complaints, number)
        if not isinstance(value, Mapping):
            message = f"a {kind_of(value)} where an object was expected; the line is left out"
            complaints.add("RR349", file.name, message, line=number)
            continue
        row = row_of(file.name, value, number, complaints)
        cells += len(row)
        if cells > sheets.MAX_CELLS or lines > MAX_LINES:
            message = f"only the first {number - 1:,} lines are read"
            complaints.add("RR356", file.name, message, hint="store large tables as Parquet")
            break
        rows.append((number, row))
    if not rows:
        why = "the file is empty" if not lines else f"none of its {lines:,} lines is an object"
        raise SourceError(Problem("RR346", why, place=file.name))
    return sheet_of_rows(file.name, rows, "line", complaints)


def _lines(text: str) -> Iterator[str]:
    """Lines as other tools count them: U+2028 inside a text does not end one."""
    start = 0
    while start < len(text):
        stop = text.find("\n", start)
        stop = len(text) if stop < 0 else stop
        yield text[start:stop]
        start = stop + 1


# ---- the fast way --------------------------------------------------------------------------------


def _fast(name: str, data: bytes, numeric: Numeric) -> Sheet | None:
    """The same through orjson; None unless every line is one flat object without surprises."""
    # then each key is one `":`, so that counting them finds keys that repeat and objects inside
    # an integer -0 would lose its sign
    if (
        _SPACED.search(data)
        or _MINUS_ZERO.search(data)
        or data.startswith((b"\xef", b"\xff", b"\xfe"))
    ):
        return None
    lines = data.split(b"\n")
    if not lines[-1].strip():
        lines.pop()
    quiet = Complaints()
    head = _head(name, lines[:HEAD_LINES], quiet)
    if head is None or quiet.problems() or len(lines) > MAX_LINES:
        return None
    wanted = numeric(head)
    columns = _columns(lines) if wanted else None
    if columns is None:
        return None
    found: dict[str, Column] = {}
    for key, cells in columns.items():
        column = _numbers(cells) if key in wanted else _texts(cells)
        if column is None or clean_text(key) != key or not key or len(key) > MAX_KEY_LENGTH:
            return None
        found[key] = column
    texts = sum(isinstance(column, TextColumn) for column in found.values())
    if texts * len(lines) > sheets.MAX_CELLS:
        return None
    return Sheet(name, found, range(1, len(lines) + 1), "line")


def _head(name: str, lines: Sequence[bytes], complaints: Complaints) -> Sheet | None:
    parser = Parser()
    rows = []
    for number, line in enumerate(lines, start=1):
        try:
            value = parser.parse(line.decode())
        except ValueError:
            return None
        if not isinstance(value, Mapping):
            return None
        rows.append((number, row_of(name, value, number, complaints)))
    return sheet_of_rows(name, rows, "line", complaints)


def _columns(lines: Sequence[bytes]) -> dict[str, list[Any]] | None:
    """Each key's values, None where a line lacks it."""
    import orjson

    found: dict[str, list[Any]] = {}
    for index, line in enumerate(lines):
        try:
            row = orjson.loads(line)
        except orjson.JSONDecodeError:
            # most often a NaN
            row = _strictly(line)
        if not isinstance(row, dict) or len(row) != line.count(b'":') or not row:
            return None
        for key, value in row.items():
            cells = found.get(key)
            if cells is None:
                if len(found) >= _MANY:
                    return None
                cells = found[key] = []
            if len(cells) < index:
                cells.extend([None] * (index - len(cells)))
            cells.append(value)
    for cells in found.values():
        cells.extend([None] * (len(lines) - len(cells)))
    # null is missing: a key that is never more than that is no column
    return {key: cells for key, cells in found.items() if set(map(type, cells)) != {type(None)}}


def _strictly(line: bytes) -> dict[str, Any] | None:
    """An object as orjson would give it, NaN included; None when the line is no such object."""
    try:
        row = Parser().parse(line.decode())
    except ValueError:
        return None
    if not isinstance(row, dict) or any(isinstance(cell, Mapping | list) for cell in row.values()):
        return None
    return {key: _value(cell) for key, cell in row.items()}


def _value(cell: Any) -> Any:
    if not isinstance(cell, Written):
        return cell
    return int(cell) if re.fullmatch(r"-?\d{1,18}", cell) else float(cell)


def _numbers(cells: Sequence[Any]) -> NumberColumn | None:
    kinds = set(map(type, cells))
    if not kinds <= {float, int, type(None)}:
        return None
    valid = np.ones(len(cells), np.bool_)
    if type(None) in kinds:
        valid = np.array([cell is not None for cell in cells])
    try:
        # None becomes NaN
        values = np.array(cells, np.float64)
    except OverflowError:
        return None
    # only the slow way can tell infinity from a number too large
    return None if np.isinf(values).any() else NumberColumn(values, valid)


def _texts(cells: Sequence[Any]) -> TextColumn | None:
    kinds = set(map(type, cells))
    if not kinds <= {str, int, bool, type(None)}:
        # a list, or a float whose text is lost
        return None
    if kinds <= {str, type(None)}:
        return TextColumn(cells)
    words = {True: "true", False: "false"}
    return TextColumn(
        [
            cell
            if cell is None or isinstance(cell, str)
            else words[cell]
            if isinstance(cell, bool)
            else str(cell)
            for cell in cells
        ]
    )
