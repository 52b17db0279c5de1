"""Files to which a line was added for each row: JSON lines, CSV."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from runreport.cleaning import clean_text
from runreport.columns import numbers
from runreport.sources.complaints import Complaints
from runreport.sources.rows import MAX_COLUMNS, Columns

MAX_BYTES = 512_000_000
"""Of one file of rows."""
MAX_LINE = 16_000_000
BLOCK = 8_000_000


@dataclass(frozen=True, slots=True)
class Lines:
    """The whole lines of a file, from where reading starts."""

    data: bytes
    end: int
    """Offset after the last whole line."""
    whole: bool
    """Whether the file ends there."""


def whole_lines(
    data: bytes, start: int, name: str, told: Complaints, *, whole: bool = False
) -> Lines:
    """Lines that are complete; a last one without an end is told and left.

    Args:
        data: from `start` on.
        start: offset in the file.
        name: of the file, for messages.
        told: receives what is left out.
        whole: the last line is taken as it is.
    """
    cut = data.rfind(b"\n") + 1
    rest = data[cut:]
    if not rest.strip():
        return Lines(data[:cut], start + cut, True)
    if whole:
        return Lines(data + b"\n", start + len(data), False)
    message = f"its last line has no end ({len(rest):,} bytes from byte {start + cut:,} on); it is"
    told.add("RR372", name, f"{message} left out")
    return Lines(data[:cut], start + cut, False)


def read_json_lines(
    lines: bytes,
    name: str,
    first: int,
    told: Complaints,
    take: Callable[[Mapping[str, Any]], None],
) -> int:
    """Hand on the object of each line; NaN and infinities are numbers.

    Args:
        lines: whole lines.
        name: of the file, for messages.
        first: number of the first line.
        told: receives lines that are no objects.
        take: is handed the objects.

    Returns:
        How many lines there are.
    """
    import orjson

    number = first - 1
    stream = io.BytesIO(lines)
    for line in stream:
        number += 1
        if not line.strip():
            continue
        try:
            value = orjson.loads(line)
        except orjson.JSONDecodeError:
            # NaN and Infinity are beyond orjson, and lone surrogates
            try:
                if len(line) > MAX_LINE:
                    raise ValueError(f"longer than {MAX_LINE:,} bytes")
                value = json.loads(line)
            except (ValueError, RecursionError) as error:
                words = str(error) if not isinstance(error, RecursionError) else "nested too deeply"
                message = f"this line is no JSON: {words[:120].lower()}; it is left out"
                told.add("RR373", name, message, line=number)
                continue
        if not isinstance(value, Mapping):
            told.add("RR373", name, "no object; the line is left out", line=number)
            continue
        take(value)
    return number - first + 1


@dataclass(frozen=True, eq=False)
class CsvRows:
    """What a CSV file of numbers holds."""

    columns: Columns
    header: tuple[str, ...]
    mark: Mapping[str, Any] | None
    """Where reading stopped; None when the next build has to read it anew."""
    appended: bool


def read_csv(
    data: bytes, name: str, told: Complaints, mark: Mapping[str, Any] | None = None
) -> CsvRows | None:
    """A CSV file's columns, cells that are no numbers as texts; None when it has no header.

    Args:
        data: the file's content.
        name: of the file, for messages.
        told: receives rows and cells that are left out.
        mark: what an earlier reading left.
    """
    lead = 3 if data.startswith(b"\xef\xbb\xbf") else 0
    first = data.find(b"\n", lead) + 1
    if not first:
        return None
    header = _header(data[lead:first], name, told)
    if header is None:
        return None
    sign = hashlib.sha256(data[:first]).hexdigest()[:16]
    appended = mark is not None and mark.get("header") == sign and first <= mark["end"] <= len(data)
    start, row = first, 2
    if appended and mark is not None:
        start, row = mark["end"], mark["line"]
    lines = whole_lines(data[start:], start, name, told)
    columns = Columns()
    if lines.data.strip():
        columns = _numbers(lines.data, header, name, row, told)
    line = row + lines.data.count(b"\n")
    left = {"header": sign, "end": lines.end, "line": line, "rows": columns.rows}
    if appended and mark is not None:
        left["rows"] += mark["rows"]
    return CsvRows(columns, header, left if lines.whole else None, appended)


def _header(line: bytes, name: str, told: Complaints) -> tuple[str, ...] | None:
    text = line.decode("utf-8", "replace").rstrip("\r\n")
    if not text.strip() or "\0" in text:
        return None
    try:
        (cells,) = csv.reader([text], strict=True)
    except (csv.Error, ValueError):
        return None
    if len(cells) > MAX_COLUMNS:
        message = f"{len(cells):,} columns, the most that is read is {MAX_COLUMNS:,}"
        told.add("RR374", name, message)
        return None
    return tuple(cells)


def _numbers(
    data: bytes, header: Sequence[str], name: str, first: int, told: Complaints
) -> Columns:
    import pyarrow as pa
    from pyarrow import csv as engine

    try:
        data.decode()
    except UnicodeDecodeError as error:
        message = f"no UTF-8 text from byte {error.start:,} of the rows on; its marks are replaced"
        told.add("RR373", name, message)
        data = data.decode("utf-8", "replace").encode()
    lost: list[tuple[int | None, int]] = []

    def odd(row: Any) -> str:
        lost.append((row.number, row.actual_columns))
        return "skip"

    keys = [str(index) for index in range(len(header))]
    # a row is read as a whole, so that one that is longer than a block is no reason to stop
    longest = max(map(len, data.split(b"\n"))) if len(data) < BLOCK else BLOCK
    try:
        table = engine.read_csv(
            pa.BufferReader(data),
            read_options=engine.ReadOptions(
                column_names=keys, block_size=max(1 << 16, longest + 2), use_threads=False
            ),
            parse_options=engine.ParseOptions(invalid_row_handler=odd),
            convert_options=engine.ConvertOptions(
                column_types=dict.fromkeys(keys, pa.binary()),
                strings_can_be_null=True,
                quoted_strings_can_be_null=True,
                null_values=[""],
            ),
        )
    except pa.ArrowInvalid as error:
        words = str(error).splitlines()[0][:120].lower()
        told.add("RR373", name, f"rows from line {first:,} on are no CSV: {words}; they are lost")
        return Columns()
    for number, cells in lost:
        line = None if number is None else first + number - 1
        message = f"{cells:,} cells where the header has {len(header):,}; the row is left out"
        told.add("RR373", name, message, line=line)
    found = Columns(table.num_rows)
    for key, column in zip(keys, header, strict=True):
        cells = table[key].combine_chunks()
        table = table.drop_columns([key])
        if not column:
            continue
        if column in found.values or column in found.texts:
            message = f"a second column called {clean_text(column)[:80]!r}; the first is read"
            told.add("RR376", name, message)
            continue
        _take(found, column, cells, name, told)
    return found


def _take(found: Columns, column: str, cells: Any, name: str, told: Complaints) -> None:
    """One column: as numbers, or, where not one cell is one, its last text."""
    import pyarrow as pa

    valid = numbers(cells.is_valid().cast(pa.int32())).astype(np.bool_)
    rows = np.flatnonzero(valid)
    if not rows.size:
        return
    present = cells.drop_null()
    try:
        values = numbers(present.cast(pa.string()).cast(pa.float64())).copy()
    except pa.ArrowInvalid:
        texts = [cell.decode("utf-8", "replace").strip() for cell in present.to_pylist()]
        values = np.array([_float(text) for text in texts])
        odd = np.array(
            [math.isnan(v) and not _is_nan(t) for v, t in zip(values, texts, strict=True)]
        )
        if odd.all():
            found.texts[column] = texts[-1]
            return
        message = f"{int(odd.sum()):,} cells of {clean_text(column)[:80]!r} are no numbers, such as"
        shown = clean_text(texts[int(odd.argmax())])[:40]
        told.add("RR375", name, f"{message} {shown!r}; they are left out")
        rows, values = rows[~odd], values[~odd]
    found.values[column] = (rows.astype(np.int64), values)


def _float(text: str) -> float:
    try:
        return math.nan if "_" in text else float(text)
    except ValueError:
        return math.nan


def _is_nan(text: str) -> bool:
    return text.lower().lstrip("+-") == "nan"
