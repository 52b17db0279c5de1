"""Arrow columns as numpy arrays, with something in place of what is missing.

pyarrow's own conversions of plain values import pandas, which a build has no other use for.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from runreport.columns import column, numbers
from runreport.sources.loaded import Floats


def valid(array: pa.ChunkedArray | pa.Array) -> NDArray[np.bool_]:
    """Whether each value is there."""
    return numbers(array.is_valid().cast(pa.int32())).astype(np.bool_)


def floats(array: pa.ChunkedArray | pa.Array) -> Floats:
    """Numbers, NaN where there is none.

    Raises:
        pa.ArrowException: the column holds something else.
    """
    if pa.types.is_null(array.type):
        return np.full(len(array), np.nan)
    found: Floats = _held(array.cast(pa.float64(), safe=False), np.float64, np.nan)
    return found


def integers(array: pa.ChunkedArray | pa.Array, missing: int) -> NDArray[np.int64]:
    """Whole numbers, `missing` where there is none.

    Raises:
        pa.ArrowException: the column holds something else.
    """
    found: NDArray[np.int64] = _held(array.cast(pa.int64(), safe=False), np.int64, missing)
    return found


def codes(array: pa.ChunkedArray | pa.Array) -> tuple[NDArray[np.int64], list[str]]:
    """A column of texts as numbers, and the texts that they stand for; no text is empty text."""
    encoded = array.cast(pa.string())
    whole = encoded.combine_chunks() if isinstance(encoded, pa.ChunkedArray) else encoded
    encoded = whole.dictionary_encode()
    texts: list[str] = encoded.dictionary.to_pylist()
    # what is missing stands for an empty text at the end
    found = _held(encoded.indices, np.int32, len(texts)).astype(np.int64)
    return found, [*texts, ""]


def rows_of(table: pa.Table, chosen: NDArray[np.bool_]) -> pa.Table:
    """The rows of a table for which `chosen` is true."""
    return table.take(column(np.flatnonzero(chosen), pa.int64()))


def _held(array: pa.ChunkedArray | pa.Array, kind: Any, missing: float) -> Any:
    whole = array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array
    if whole.null_count == len(whole):
        return np.full(len(whole), missing, kind)
    held = np.frombuffer(whole.buffers()[1] or b"", kind)
    found = held[whole.offset : whole.offset + len(whole)].copy()
    if whole.null_count:
        found[~valid(whole)] = missing
    return found
