"""DVCLive's tables of points: `step` and value by tabs, one file a metric."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from runreport.sources.complaints import Complaints
from runreport.sources.loaded import UNKNOWN_TIME, Floats, Points

LATEST_MS = 7_258_118_400_000
"""2200-01-01: what is later is no time."""
MAX_LINE = 100_000
MOST_COLUMNS = 1_000
_STEP, _TIME = "step", "timestamp"


@dataclass(frozen=True, eq=False)
class _Column:
    values: Floats
    given: NDArray[np.bool_]
    """Whether the cell holds a number; NaN is one."""


def curves(data: bytes, file: str, name: str, told: Complaints) -> Mapping[str, Points]:
    """Metric to points, in the order of the file.

    Args:
        data: the file's content.
        file: its name, for problems.
        name: the metric that DVCLive called the file by; further columns are named beside it.
        told: takes what was not read.
    """
    if data and not data.endswith(b"\n"):
        cut = data.rfind(b"\n") + 1
        message = f"it ends within a line at byte {cut:,}; {len(data) - cut:,} bytes are left out"
        told.add("RR372", file, message)
        data = data[:cut]
    head, _, body = data.partition(b"\n")
    mark = "," if file.endswith(".csv") else "\t"
    heads = _cells(head, mark)
    if not body or not heads or len(heads) > MOST_COLUMNS:
        if data and (not heads or len(heads) > MOST_COLUMNS):
            told.add("RR371", file, "its first line holds no names of columns")
        return {}
    columns = _quickly(body, mark, len(heads)) or _slowly(body, mark, heads, file, told)
    by_name = dict(zip(heads, columns, strict=True))
    step, time = by_name.pop(_STEP, None), by_name.pop(_TIME, None)
    folder = name.rpartition("/")[0]
    found: dict[str, Points] = {}
    for column, cells in by_name.items():
        metric = name if len(by_name) == 1 else "/".join(filter(None, (folder, column)))
        given = cells.given if step is None else cells.given & step.given
        if not given.any():
            continue
        steps = np.arange(given.size, dtype=np.float64) if step is None else step.values
        times = None if time is None else _microseconds(time)[given]
        found[metric] = Points(steps[given], cells.values[given], times)
    return found


def _quickly(body: bytes, mark: str, width: int) -> list[_Column] | None:
    """Columns of a table that holds nothing but numbers; None when it is not one."""
    if b"_" in body or b'"' in body:
        return None
    cells = body.replace(b"\n", mark.encode()).split(mark.encode())
    cells.pop()
    if len(cells) != body.count(b"\n") * width:
        return None
    try:
        columns = [np.array(list(map(float, cells[at::width]))) for at in range(width)]
    except ValueError:
        return None
    return [_Column(values, np.ones(values.size, np.bool_)) for values in columns]


def _slowly(
    body: bytes, mark: str, heads: Sequence[str], file: str, told: Complaints
) -> list[_Column]:
    """Columns line by line; what is no number is told and left out."""
    rows: list[list[float | None]] = []
    for at, line in enumerate(body.split(b"\n")[:-1], 2):
        if not line.strip():
            continue
        cells = _cells(line, mark)
        if len(cells) != len(heads):
            message = f"a line of {len(cells):,} cells; the first line names {len(heads):,}"
            told.add("RR375", file, message, line=at, kind="cells")
            continue
        row = [_number(cell) for cell in cells]
        for head, cell, number in zip(heads, cells, row, strict=True):
            if number is None and cell.strip():
                message = f"{head[:80]!r} is no number: {cell[:40]!r}"
                told.add("RR375", file, message, line=at, kind="number")
        rows.append(row)
    columns: list[Sequence[float | None]] = [[row[at] for row in rows] for at in range(len(heads))]
    return [
        _Column(
            np.array([0.0 if number is None else number for number in column], np.float64),
            np.array([number is not None for number in column], np.bool_),
        )
        for column in columns
    ]


def _microseconds(time: _Column) -> NDArray[np.int64]:
    """Milliseconds since 1970 as the tables have them."""
    known = time.given & (time.values > 0) & (time.values < LATEST_MS)
    found = np.full(time.values.size, UNKNOWN_TIME, np.int64)
    found[known] = np.rint(time.values[known] * 1_000).astype(np.int64)
    return found


def _cells(line: bytes, mark: str) -> list[str]:
    text = line[:MAX_LINE].decode("utf-8", "replace").strip("\r\ufeff")
    try:
        return next(csv.reader([text], delimiter=mark), [])
    except csv.Error:
        return text.split(mark)


def _number(cell: str) -> float | None:
    if "_" in cell or not cell.isascii():
        return None
    try:
        return float(cell)
    except ValueError:
        return None
