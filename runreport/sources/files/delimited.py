"""CSV and TSV: every row checked against the header; large clean files through Arrow."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np

from runreport.cleaning import clean_text
from runreport.errors import Problem, SourceError
from runreport.sources.complaints import Complaints
from runreport.sources.files import sheets
from runreport.sources.files.places import File, read_bytes
from runreport.sources.files.sheets import Column, NumberColumn, Numeric, Sheet, TextColumn
from runreport.sources.files.text import decode
from runreport.sources.texts import MAX_KEY_LENGTH

MAX_BYTES = 128_000_000
HEAD_BYTES = 32_000
"""Of a large file: what tells which columns are numbers."""

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+\Z")
_DECIMAL_COMMA = re.compile(r"[-+]?\d*,\d+(?:[eE][-+]?\d+)?")
NULLS = ["", "null", "NULL", "Null", "none", "None", "NONE", "na", "NA", "n/a", "N/A", "nil"]


def read(file: File, complaints: Complaints, numeric: Numeric) -> Sheet:
    """The rows of a file.

    Args:
        file: a CSV or TSV file.
        complaints: receives what could not be read.
        numeric: says, of a large file, which columns are needed as numbers alone.

    Raises:
        SourceError: RR343 unreadable or too large, RR344 no text, RR345 no table.
    """
    data = read_bytes(file, MAX_BYTES)
    if not data.strip():
        raise SourceError(Problem("RR345", "the file is empty", place=file.name))
    if len(data) >= sheets.FAST_BYTES and (sheet := _fast(file, data, numeric)) is not None:
        return sheet
    text = decode(data, file.name, complaints)
    del data
    return parse(file.name, text, complaints)


def parse(name: str, text: str, complaints: Complaints) -> Sheet:
    """The rows of a text; broken ones are named and left out."""
    separator = separator_of(text, name)
    rows = _rows(name, text, separator, complaints)
    header = next(rows, None)
    if header is None:
        raise SourceError(Problem("RR345", "the file has no header", place=name))
    names = _header(name, header[1][: sheets.MAX_KEYS], complaints)
    width = len(header[1])
    if width > len(names):
        complaints.add("RR356", name, f"the first {len(names):,} of {width:,} columns are read")
    lines: list[int] = []
    cells: list[list[str | None]] = [[] for _ in names]
    room = sheets.MAX_CELLS // max(1, width)
    for seen, (line, row) in enumerate(rows):
        if seen == room:
            message = f"the first {room:,} rows are read"
            complaints.add("RR356", name, message, hint="store large tables as Parquet")
            break
        if len(row) != width:
            message = f"{len(row)} cells where the header has {width}; the row is left out"
            complaints.add("RR349", name, message, line=line)
            continue
        lines.append(line)
        for column, cell in zip(cells, row, strict=False):
            column.append(cell.strip() or None)
    if separator == ";":
        _points_for_commas(name, cells, complaints)
    columns: dict[str, Column] = {
        column: TextColumn(texts)
        for column, texts in zip(names, cells, strict=True)
        if column is not None
    }
    return Sheet(name, columns, lines, "line")


def separator_of(text: str, name: str) -> str:
    """What stands most often between the header's cells."""
    if name.lower().endswith(".tsv"):
        return "\t"
    first = re.split(r"[\r\n]", text.lstrip("\r\n"), maxsplit=1)[0][:100_000]
    bare = re.sub(r'"[^"]*"', "", first)
    best = max(",;\t|", key=lambda mark: (bare.count(mark), mark == ","))
    return best if bare.count(best) else ","


def _rows(
    name: str, text: str, separator: str, complaints: Complaints
) -> Iterator[tuple[int, list[str]]]:
    """Line and cells of each row that is not blank."""
    lines = (match[0] for match in _LINE.finditer(text))
    reader = csv.reader(lines, delimiter=separator, strict=True)
    first = 1
    while True:
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            message = f"the row that starts here is no CSV: {error}; it is left out"
            hint = None
            if "unexpected end" in str(error):
                message = "a quote that opens here is never closed; what follows is not read"
                hint = "a quote inside a quoted cell is written twice"
            complaints.add("RR345", name, message, line=first, hint=hint)
            first = reader.line_num + 1
            continue
        line, first = first, reader.line_num + 1
        if any(cell.strip() for cell in row):
            yield line, row


def _header(name: str, cells: Sequence[str], complaints: Complaints) -> list[str | None]:
    """Column names; None for a column that cannot be read under a name of its own."""
    names = [clean_text(cell.strip())[:MAX_KEY_LENGTH] for cell in cells]
    counts = Counter(names)
    for index, column in enumerate(names, start=1):
        if not column:
            # pandas writes its row numbers so
            message = f"column {index} has no name; it is not read"
            complaints.add("RR360", name, message, severity="note")
    for column, count in counts.items():
        if column and count > 1:
            message = f"{count} columns are called {column!r}; none is read"
            complaints.add("RR350", name, message, hint="give each its own name")
    return [column if column and counts[column] == 1 else None for column in names]


def _points_for_commas(
    name: str, cells: Sequence[list[str | None]], complaints: Complaints
) -> None:
    """Between semicolons, `1,5` is a number; columns that hold nothing else are rewritten."""
    changed = False
    for column in cells:
        present = [cell for cell in column if cell is not None]
        marked = [cell for cell in present if _DECIMAL_COMMA.fullmatch(cell)]
        if marked and all(
            _DECIMAL_COMMA.fullmatch(cell) or re.fullmatch(r"[-+]?\d+", cell) for cell in present
        ):
            column[:] = [cell and cell.replace(",", ".") for cell in column]
            changed = True
    if changed:
        message = "cells are separated by `;` and numbers have decimal commas, read as points"
        complaints.add("RR362", name, message, severity="note")


def _fast(file: File, data: bytes, numeric: Numeric) -> Sheet | None:
    """The same through Arrow; None unless the file is clean, so that the slow way decides."""
    if b"\0" in data or b'"' in data or data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return None
    if b"\r" in data and data.count(b"\r") != data.count(b"\r\n"):
        return None
    cut = data.rfind(b"\n", 0, HEAD_BYTES)
    if cut < 0:
        return None
    quiet = Complaints()
    try:
        start = decode(data[: cut + 1], file.name, quiet, latin=False)
        head = parse(file.name, start, quiet)
    except SourceError:
        return None
    separator = separator_of(start, file.name)
    if quiet.problems() or separator == ";" or not head.columns:
        return None
    wanted = numeric(head)
    if not wanted:
        return None
    return _arrow(file.name, data, separator, list(head.columns), wanted)


def _arrow(
    name: str, data: bytes, separator: str, columns: Sequence[str], numeric: frozenset[str]
) -> Sheet | None:
    import pyarrow as pa
    from pyarrow import csv as engine

    types = {column: pa.float64() if column in numeric else pa.string() for column in columns}
    start = 3 if data.startswith(b"\xef\xbb\xbf") else 0
    try:
        table = engine.read_csv(
            pa.BufferReader(memoryview(data)[start:]),
            read_options=engine.ReadOptions(
                column_names=list(columns), skip_rows=1, block_size=4_000_000
            ),
            parse_options=engine.ParseOptions(delimiter=separator, quote_char=False),
            convert_options=engine.ConvertOptions(column_types=types, null_values=NULLS),
        )
    except (pa.ArrowInvalid, pa.ArrowKeyError):
        return None
    rows = table.num_rows
    if (table.num_columns - len(numeric)) * rows > sheets.MAX_CELLS:
        return None
    found: dict[str, Column] = {}
    for column in columns:
        array = table[column]
        # each column is held once
        table = table.drop_columns([column])
        if column not in numeric:
            texts = [text.strip() or None for text in array.to_pylist()]
            found[column] = TextColumn(texts)
            continue
        numbers = NumberColumn.of_arrow(array)
        if np.isinf(numbers.numbers.values).any():
            # `inf` or a number too large: only the slow way can tell
            return None
        found[column] = numbers
    return Sheet(name, found, range(2, rows + 2), "line")
