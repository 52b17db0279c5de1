"""The columns of a file of results, whichever way it was saved."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from runreport.cleaning import clean_text
from runreport.errors import Problem, SourceError
from runreport.sources.complaints import Complaints
from runreport.sources.runfolders import MAX_DOCUMENT, RunFolder
from runreport.sources.texts import written

MAX_ROWS = 200_000
MAX_CELLS = 20_000_000
_EMPTY = frozenset(("", "--", "masked", "nan", "NaN", "None", "null"))
"""How a masked param is saved; of scores these are NaN."""


@dataclass(frozen=True, eq=False)
class Results:
    """Named columns of equal length."""

    columns: Mapping[str, Sequence[Any]]
    """Texts of a CSV file; what a JSON file holds."""
    rows: int


def read_results(folder: RunFolder, name: str, told: Complaints) -> Results:
    """A file's columns.

    Raises:
        SourceError: RR371 when it is no table.
    """
    if name.lower().endswith(".csv"):
        found = _of_csv(folder, name, told)
    else:
        found = _of_json(folder.json(name, told))
    if found is None:
        message = "no table of results, expected cv_results_ as CSV or JSON"
        said = told.problems()
        lost = [problem for problem in said if problem.code == "RR371"]
        raise SourceError(lost or Problem("RR371", message, place=folder.at(name)))
    return found


def is_missing(cell: Any) -> bool:
    """Whether a cell is masked, or NaN."""
    return cell is None or (isinstance(cell, str) and cell.strip() in _EMPTY)


def cell_text(cell: Any) -> str:
    """A param as text."""
    return cell if type(cell) is str else written(cell)


def _of_csv(folder: RunFolder, name: str, told: Complaints) -> Results | None:
    data = folder.data(name, MAX_DOCUMENT, told)
    if data is None:
        return None
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        message = f"no UTF-8 text from byte {error.start:,} on, expected CSV"
        told.add("RR371", folder.at(name), message)
        return None
    csv.field_size_limit(1_000_000)
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    rows: list[list[str]] = []
    header: list[str] | None = None
    try:
        for row in reader:
            if header is None:
                header = row
            elif len(row) == len(header):
                rows.append(row)
            elif row:
                message = f"{len(row):,} cells where the header has {len(header):,}"
                told.add(
                    "RR373",
                    folder.at(name),
                    f"{message}; the row is left out",
                    line=reader.line_num,
                )
            if len(rows) >= MAX_ROWS or (header and len(rows) * len(header) > MAX_CELLS):
                told.add("RR374", folder.at(name), f"the first {len(rows):,} rows are read")
                break
    except csv.Error as error:
        message = f"from here on it is no CSV: {error}; the rows above are read"
        told.add("RR373", folder.at(name), message, line=reader.line_num)
    if header is None:
        return None
    return _named(folder, name, header, list(zip(*rows, strict=True)), len(rows), told)


def _named(
    folder: RunFolder,
    name: str,
    header: Sequence[str],
    cells: Sequence[Sequence[str]],
    rows: int,
    told: Complaints,
) -> Results:
    columns: dict[str, Sequence[Any]] = {}
    for index, column in enumerate(header):
        if column in columns:
            message = f"a second column called {clean_text(column)[:80]!r}; the first is read"
            told.add("RR376", folder.at(name), message)
        elif column:
            columns[column] = cells[index] if rows else ()
    return Results(columns, rows)


def _of_json(value: Any) -> Results | None:
    """An object of lists or of objects by row, or a list of records."""
    if isinstance(value, list):
        records = [row for row in value if isinstance(row, Mapping)]
        names = list(dict.fromkeys(key for row in records for key in row))
        if len(names) * len(records) > MAX_CELLS:
            return None
        return Results({name: [row.get(name) for row in records] for name in names}, len(records))
    if not isinstance(value, Mapping):
        return None
    if isinstance(value.get("columns"), list) and isinstance(value.get("data"), list):
        # pandas' `orient="split"`
        rows = [row for row in value["data"] if isinstance(row, list)]
        named = enumerate(value["columns"])
        found = {
            str(key): [row[index] if index < len(row) else None for row in rows]
            for index, key in named
        }
        return Results(found, len(rows))
    columns: dict[str, Sequence[Any]] = {}
    for key, item in value.items():
        if isinstance(item, list):
            columns[key] = item
        elif isinstance(item, Mapping) and key != "params":
            # pandas writes columns as objects by row
            columns[key] = list(item.values())
    lengths = {len(column) for key, column in columns.items() if "_" in key}
    if len(lengths) != 1:
        return None
    (rows_,) = lengths
    return Results({k: c for k, c in columns.items() if len(c) == rows_}, rows_)
