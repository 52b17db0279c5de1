"""A file's content before anything is decided about it: rows of named cells, as text."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from runreport import columns
from runreport.sources.complaints import Complaints
from runreport.sources.files import readings
from runreport.sources.files.readings import Numbers

MAX_CELLS = 1_000_000
"""Held as text, per file."""
MAX_GRID = 5_000_000
"""Rows times columns of one file, filled or not."""
MAX_ROWS = 300_000
"""Of one document."""
MAX_KEYS = 10_000
"""Columns of one file."""


class TextColumn:
    """Cells as written; None where one is missing."""

    def __init__(self, texts: Sequence[str | None]) -> None:
        self.texts = texts

    @cached_property
    def numbers(self) -> Numbers:
        """The same as numbers."""
        return readings.numbers(self.texts)

    def first(self, rows: int) -> TextColumn:
        """The first cells."""
        return TextColumn(self.texts[:rows])


class NumberColumn:
    """Cells that were read as numbers at once; their text is made when somebody asks for it."""

    def __init__(
        self,
        values: NDArray[np.float64],
        valid: NDArray[np.bool_],
        written: Callable[[int], Sequence[str | None]] | None = None,
    ) -> None:
        """Args:
        values: NaN and infinities are what was logged.
        valid: False where a cell is missing.
        written: texts of so many first cells, where numbers alone do not tell them.
        """
        self.numbers = Numbers(values, valid)
        self._written = written

    @staticmethod
    def of_arrow(
        array: Any, written: Callable[[int], Sequence[str | None]] | None = None
    ) -> NumberColumn:
        """An Arrow column of float64; null is missing."""
        valid = columns.numbers(array.is_valid().cast("int32")).astype(np.bool_)
        whole = array.combine_chunks()
        held = np.frombuffer(whole.buffers()[1] or b"", np.float64)
        values = held[whole.offset : whole.offset + len(whole)].copy()
        # where a cell is null its slot holds anything
        values[~valid] = math.nan
        return NumberColumn(values, valid, written)

    @cached_property
    def texts(self) -> Sequence[str | None]:
        """The same as text: the shortest that reads back equal."""
        if self._written is not None:
            return self._written(len(self.numbers.valid))
        pairs = zip(self.numbers.values.tolist(), self.numbers.valid.tolist(), strict=True)
        return [number_text(value) if valid else None for value, valid in pairs]

    def first(self, rows: int) -> NumberColumn:
        """The first cells."""
        numbers = self.numbers
        return NumberColumn(numbers.values[:rows], numbers.valid[:rows], self._written)


Column = TextColumn | NumberColumn

FAST_BYTES = 50_000
"""Of a text file: below, starting an engine costs more than it saves."""


@dataclass(frozen=True, eq=False)
class Sheet:
    """One file's rows."""

    name: str
    """Of the file."""
    columns: Mapping[str, Column]
    """In the order of the file; cleaned names, each once."""
    lines: Sequence[int]
    """Where each row stands: a line from 1, or an item or row from 1."""
    unit: str
    """What `lines` counts: `line`, `item`, `row`."""
    single: bool = False
    """The file is one object: one run."""

    @property
    def size(self) -> int:
        """Rows."""
        return len(self.lines)

    def where(self, index: int) -> int | str:
        """The place of a row, for messages."""
        line = self.lines[index]
        return line if self.unit == "line" else f"{self.unit} {line}"

    def head(self, rows: int) -> Sheet:
        """The first rows."""
        if self.size <= rows:
            return self
        columns: dict[str, Column] = {
            name: column.first(rows) for name, column in self.columns.items()
        }
        return Sheet(self.name, columns, self.lines[:rows], self.unit, self.single)


Numeric = Callable[[Sheet], frozenset[str]]
"""From the first rows of a file: which columns are needed as numbers alone."""


def number_text(value: float) -> str:
    """A stored number as a text file would hold it."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return repr(value)


def sheet_of_rows(
    name: str,
    rows: Sequence[tuple[int, Mapping[str, str]]],
    unit: str,
    complaints: Complaints,
    *,
    single: bool = False,
) -> Sheet:
    """A sheet from rows that need not have the same keys."""
    texts: dict[str, list[str | None]] = {}
    cells = 0
    kept = min(len(rows), MAX_ROWS)
    for index, (_, row) in enumerate(rows[:kept]):
        cells += len(row)
        if cells > MAX_CELLS or len(texts) * index > MAX_GRID:
            kept = index
            break
        for key, text in row.items():
            column = texts.get(key)
            if column is None:
                if len(texts) >= MAX_KEYS:
                    continue
                column = texts[key] = []
            column.extend([None] * (index - len(column)))
            column.append(text)
    keys = {key for _, row in rows[:kept] for key in row}
    if len(keys) > MAX_KEYS:
        message = f"the first {MAX_KEYS:,} of {len(keys):,} keys are read"
        complaints.add("RR356", name, message)
    if kept < len(rows):
        message = f"the first {kept:,} of {len(rows):,} rows are read"
        complaints.add("RR356", name, message, hint="store large tables as Parquet")
    for column in texts.values():
        column.extend([None] * (kept - len(column)))
    columns: dict[str, Column] = {key: TextColumn(column) for key, column in texts.items()}
    return Sheet(name, columns, [line for line, _ in rows[:kept]], unit, single)
