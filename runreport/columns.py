"""Arrow columns from and to plain values.

pyarrow's own conversions import pandas, which costs half a second that a build has no use for.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_DTYPES = {
    pa.float64(): np.float64,
    pa.int64(): np.int64,
    pa.int32(): np.int32,
    pa.timestamp("us", tz="UTC"): np.int64,
}


def column(values: Sequence[Any] | np.ndarray[Any, Any], kind: pa.DataType) -> pa.Array:
    """An Arrow array of text, float64, integers, bool, or UTC timestamps in microseconds.

    Args:
        values: None is null; NaN is a value. Timestamps are datetimes, or integers in a numpy
            array of microseconds since the epoch.
        kind: the Arrow type.
    """
    count = len(values)
    nulls = 0 if isinstance(values, np.ndarray) else values.count(None)
    if nulls and nulls == count:
        return pa.nulls(count, kind)
    valid = None
    if nulls:
        valid = np.fromiter((value is not None for value in values), np.bool_, count)
    buffers = [_bits(valid) if nulls and valid is not None else None, *_data(values, kind)]
    return pa.Array.from_buffers(kind, count, buffers, null_count=nulls)


def coded(texts: Sequence[str], places: np.ndarray[Any, Any]) -> pa.DictionaryArray:
    """A column of texts that stand in many rows: for each row the place of its own."""
    places = np.ascontiguousarray(places, np.int32)
    return pa.DictionaryArray.from_arrays(
        column(places, pa.int32()), column(texts, pa.string()), safe=False
    )


def repeated(texts: Sequence[str], lengths: Sequence[int]) -> pa.DictionaryArray:
    """A column in which each text stands in so many rows, one after the other."""
    codes: dict[str, int] = {}
    places = np.array([codes.setdefault(text, len(codes)) for text in texts], np.int32)
    return coded(list(codes), np.repeat(places, lengths))


def masked(values: np.ndarray[Any, Any], missing: np.ndarray[Any, Any], kind: pa.DataType) -> Any:
    """An Arrow array of numbers that is null where `missing` is true."""
    buffers = [_bits(~missing), *_data(values, kind)]
    return pa.Array.from_buffers(kind, len(values), buffers, null_count=int(missing.sum()))


def values(column: pa.ChunkedArray | pa.Array) -> list[Any]:
    """The plain values of a column; timestamps become datetimes in UTC."""
    if not pa.types.is_timestamp(column.type):
        found: list[Any] = column.to_pylist()
        return found
    # a cast would import pyarrow.compute, which costs a tenth of a second
    array = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    buffers = array.buffers()
    bare = pa.Array.from_buffers(pa.int64(), len(array), buffers, offset=array.offset)
    whole = bare.to_pylist()
    return [None if us is None else _EPOCH + timedelta(microseconds=us) for us in whole]


def numbers(column: pa.ChunkedArray | pa.Array) -> np.ndarray[Any, Any]:
    """The numbers of a column without nulls, shape (n,); dictionary columns give their indices."""
    array = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    if array.null_count:
        raise ValueError("a column with nulls")
    array = array.indices if pa.types.is_dictionary(array.type) else array
    held = np.frombuffer(array.buffers()[1] or b"", _DTYPES[array.type])
    return held[array.offset : array.offset + len(array)]


def filled(column: pa.ChunkedArray | pa.Array, missing: float) -> np.ndarray[Any, Any]:
    """The numbers of a column, shape (n,), with a value in the place of nulls."""
    array = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    if not array.null_count:
        return numbers(array)
    validity, data = array.buffers()
    span = slice(array.offset, array.offset + len(array))
    found = np.frombuffer(data, _DTYPES[array.type])[span].copy()
    valid = np.unpackbits(np.frombuffer(validity, np.uint8), bitorder="little")[span]
    found[valid == 0] = missing
    return found


def seconds(column: pa.ChunkedArray | pa.Array) -> np.ndarray[Any, Any]:
    """Timestamps in microseconds as seconds since the epoch, shape (n,); NaN where it is null."""
    array = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    validity, data = array.buffers()
    span = slice(array.offset, array.offset + len(array))
    found = np.frombuffer(data or b"", np.int64)[span] / 1e6
    if array.null_count:
        valid = np.unpackbits(np.frombuffer(validity, np.uint8), bitorder="little")[span]
        found[valid == 0] = np.nan
    return found


def _data(values: Any, kind: pa.DataType) -> list[Any]:
    """The buffers behind the validity bits."""
    if kind == pa.string():
        texts = ["" if text is None else text for text in values] if None in values else values
        joined = "".join(texts).encode()
        if len(joined) > sum(map(len, texts)):
            # some character takes more than one byte
            texts = [text.encode() for text in texts]
        offsets = np.zeros(len(texts) + 1, np.int32)
        np.cumsum(np.fromiter(map(len, texts), np.int32, len(texts)), out=offsets[1:])
        return [pa.py_buffer(offsets), pa.py_buffer(joined)]
    if kind == pa.bool_():
        if not isinstance(values, np.ndarray):
            values = np.fromiter((bool(value) for value in values), np.bool_, len(values))
        return [_bits(values)]
    if not isinstance(values, np.ndarray):
        if pa.types.is_timestamp(kind):
            values = [None if time is None else (time - _EPOCH) // _MICROSECOND for time in values]
        values = [0 if value is None else value for value in values]
    return [pa.py_buffer(np.ascontiguousarray(values, _DTYPES[kind]))]


def _bits(flags: np.ndarray[Any, Any]) -> pa.Buffer:
    return pa.py_buffer(np.packbits(flags, bitorder="little"))
