"""Parquet: columns in batches, nested ones flattened, sizes checked before anything is read."""

from __future__ import annotations

import datetime
from typing import Any

import numpy as np

from runreport.cleaning import clean_text
from runreport.errors import Problem, SourceError
from runreport.sources import texts
from runreport.sources.complaints import Complaints
from runreport.sources.files import sheets
from runreport.sources.files.places import File, read_bytes
from runreport.sources.files.sheets import (
    Column,
    NumberColumn,
    Sheet,
    TextColumn,
    sheet_of_rows,
)
from runreport.sources.texts import MAX_KEY_LENGTH, flatten

MAX_BYTES = 128_000_000
MAX_UNPACKED = 1_000_000_000
MAX_VALUES = 15_000_000
"""Numbers of one file."""


def read(file: File, complaints: Complaints) -> Sheet:
    """The rows of a file; columns of numbers stay arrays.

    Raises:
        SourceError: RR343 unreadable or too large, RR348 no Parquet.
    """
    import pyarrow as pa
    import pyarrow.parquet as engine

    data = read_bytes(file, MAX_BYTES)
    if not data:
        raise SourceError(Problem("RR348", "the file is empty", place=file.name))
    try:
        store = engine.ParquetFile(pa.BufferReader(data), read_dictionary=_text_columns(data))
        _check_size(file.name, store)
        return _read(file.name, store, complaints)
    except (pa.ArrowException, OSError, ValueError, TypeError, OverflowError) as error:
        words = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
        message = f"this is no Parquet that can be read: {clean_text(words)}"
        hint = "the file may have been cut off while it was written"
        raise SourceError(Problem("RR348", message, hint=hint, place=file.name)) from None


def _text_columns(data: bytes) -> list[str]:
    """Columns that are asked for as dictionaries: a text that repeats is held once."""
    import pyarrow as pa
    import pyarrow.parquet as engine

    schema = engine.read_schema(pa.BufferReader(data))
    return [field.name for field in schema if field.type in (pa.string(), pa.large_string())]


def _check_size(name: str, store: Any) -> None:
    groups = [store.metadata.row_group(index) for index in range(store.metadata.num_row_groups)]
    if sum(group.total_byte_size for group in groups) > MAX_UNPACKED:
        message = f"it unpacks to more than {MAX_UNPACKED // 1_000_000:,} MB"
        hint = "write fewer columns, or one file per run"
        raise SourceError(Problem("RR343", message, hint=hint, place=name))


def _read(name: str, store: Any, complaints: Complaints) -> Sheet:
    schema = store.schema_arrow
    rows = store.metadata.num_rows
    kept = [str(column) for column in schema.names if schema.names.count(column) == 1]
    for column in dict.fromkeys(c for c in schema.names if schema.names.count(c) > 1):
        message = f"several columns are called {clean_text(column)!r}; none is read"
        complaints.add("RR350", name, message)
    kept = [column for column in kept if not column.startswith("__index_level_")]
    if any(_nested(schema.field(column).type) for column in kept):
        return _by_rows(name, store, kept, complaints)
    texts = sum(not _is_number(schema.field(column).type) for column in kept)
    room = MAX_VALUES // max(1, len(kept))
    if texts:
        room = min(room, sheets.MAX_CELLS // texts)
    if rows > room:
        complaints.add("RR356", name, f"the first {room:,} of {rows:,} rows are read")
    return _columns(name, store, kept, min(rows, room), complaints)


def _columns(name: str, store: Any, columns: list[str], rows: int, complaints: Complaints) -> Sheet:
    import pyarrow as pa

    schema = store.schema_arrow
    found: dict[str, Column] = {}
    for column in columns:
        kind = schema.field(column).type
        parts: list[Any] = []
        left = rows
        for batch in store.iter_batches(batch_size=65_536, columns=[column]):
            parts.append(batch.column(0).slice(0, left))
            left -= len(parts[-1])
            if left <= 0:
                break
        array = pa.chunked_array(parts, type=kind)
        key = clean_text(column)[:MAX_KEY_LENGTH]
        if not key:
            complaints.add("RR360", name, "a column has no name; it is not read", severity="note")
        elif _is_number(kind):
            found[key] = _numbers(array)
        else:
            found[key] = TextColumn(_texts(array, kind))
    return Sheet(name, found, range(1, rows + 1), "row")


def _is_number(kind: Any) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_floating(kind) or pa.types.is_integer(kind))


def _numbers(array: Any) -> NumberColumn:
    import pyarrow as pa

    def written(rows: int) -> list[str | None]:
        # integers beyond 2**53 and float32 are not what their float64 says
        return _texts(array.slice(0, rows), array.type)

    if array.type == pa.float64():
        return NumberColumn.of_arrow(array)
    return NumberColumn.of_arrow(array.cast(pa.float64(), safe=False), written)


def _text(value: Any, kind: Any = None) -> str | None:
    """A stored value as a text file would hold it."""
    if value is None:
        return None
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        # a float32 has a shorter text than the float64 it was widened to
        narrow = str(kind) in ("float", "halffloat")
        return (
            str(np.float32(value)) if narrow and np.isfinite(value) else sheets.number_text(value)
        )
    if isinstance(value, datetime.datetime | datetime.date | datetime.time):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return str(value)


def _texts(array: Any, kind: Any) -> list[str | None]:
    import pyarrow as pa

    if not pa.types.is_dictionary(kind):
        return [_text(value, kind) for value in array.to_pylist()]
    found: list[str | None] = []
    for chunk in array.chunks:
        words = [_text(value) for value in chunk.dictionary.to_pylist()]
        indices = chunk.indices.to_pylist()
        found += [None if index is None else words[index] for index in indices]
    return found


def _nested(kind: Any) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_nested(kind))


def _by_rows(name: str, store: Any, columns: list[str], complaints: Complaints) -> Sheet:
    """Rows as objects, flattened as JSON is."""
    rows: list[tuple[int, dict[str, str]]] = []
    cells = 0
    for batch in store.iter_batches(batch_size=1_000, columns=columns):
        for item in batch.to_pylist():
            deep: list[str] = []
            row = flatten(_written(item), texts.written, deep)
            rows.append((len(rows) + 1, row))
            cells += len(row)
        if cells > sheets.MAX_CELLS:
            total = store.metadata.num_rows
            complaints.add("RR356", name, f"the first {len(rows):,} of {total:,} rows are read")
            break
    return sheet_of_rows(name, rows, "row", complaints)


def _written(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _written(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_written(item) for item in value]
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, int | float):
        return texts.Written(_text(value))
    return _text(value)
