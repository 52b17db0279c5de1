"""The Parquet files of a run: series go from Arrow to arrays, lone values through Python."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from runreport.cleaning import clean_text
from runreport.errors import Problem, SourceError
from runreport.sources.arrays import codes, floats, integers, rows_of, valid
from runreport.sources.complaints import Complaints
from runreport.sources.loaded import UNKNOWN_TIME, Floats, Points
from runreport.sources.trees import open_file

KEYS = ("project_id", "run_id", "attribute_path", "attribute_type")
SERIES = ("step", "timestamp", "float_value")
LONE: Mapping[str, str] = {
    "float": "float_value",
    "int": "int_value",
    "string": "string_value",
    "bool": "bool_value",
    "datetime": "datetime_value",
    "string_set": "string_set_value",
}
FILES = ("file", "file_series")
UNREAD = ("string_series", "histogram_series")
MAX_UNPACKED = 4_000_000_000
"""Bytes of one group of rows, which is read at once."""
MAX_LONE = 200_000
"""Lone values and files of one run."""


@dataclass(eq=False)
class Exported:
    """What the files say of one run."""

    project: str
    run: str
    lone: dict[str, tuple[str, Any]] = field(default_factory=dict)
    """Path to type and value."""
    files: list[tuple[str, float | None, str]] = field(default_factory=list)
    """Path of the attribute, step, path of the file."""
    unread: dict[str, int] = field(default_factory=dict)
    """Type to rows."""
    series: dict[str, list[Points]] = field(default_factory=dict)

    def points(self) -> dict[str, Points]:
        """Every float series."""
        return {
            name: Points(
                np.concatenate([part.step for part in parts]),
                np.concatenate([part.value for part in parts]),
                np.concatenate([part.time for part in parts if part.time is not None]),
            )
            for name, parts in self.series.items()
        }


def read(paths: Sequence[Path], names: Sequence[str], told: Complaints) -> list[Exported]:
    """The runs in some files that belong together, in order.

    Args:
        paths: in the order of their numbers.
        names: what messages call them.
        told: receives files that cannot be read; the rest is read.

    Raises:
        SourceError: RR371 when none can be read.
    """
    found: dict[tuple[str, str], Exported] = {}
    problems: list[Problem] = []
    for path, name in zip(paths, names, strict=True):
        try:
            for group in _groups(path):
                _take(group, found, name, told)
        except (
            OSError,
            ValueError,
            TypeError,
            LookupError,
            OverflowError,
            pa.ArrowException,
        ) as error:
            words = clean_text(str(error).splitlines()[0] if str(error) else "")[:160]
            message = f"it cannot be read as an export of Neptune: {words}"
            problems.append(Problem("RR371", message, place=name))
    if problems and not found:
        raise SourceError(problems)
    for problem in problems:
        told.add(problem.code, str(problem.place), problem.message)
    return list(found.values())


def _groups(path: Path) -> Iterator[pa.Table]:
    """Rows of one file, in groups of bounded size."""
    with os.fdopen(open_file(path), "rb") as stream, pq.ParquetFile(stream) as file:
        schema = file.schema_arrow
        if lacking := [key for key in (*KEYS, "float_value") if key not in schema.names]:
            raise ValueError(f"it lacks the columns {', '.join(lacking)}")
        columns = [
            name for name in (*KEYS, *SERIES, *LONE.values(), "file_value") if name in schema.names
        ]
        for index in range(file.num_row_groups):
            if file.metadata.row_group(index).total_byte_size > MAX_UNPACKED:
                raise ValueError("a group of rows is too large")
            table = file.read_row_group(
                index, columns=list(dict.fromkeys(columns)), use_threads=False
            )
            # a damaged file may hold lengths that lead out of it
            table.validate(full=True)
            yield table


def _take(
    table: pa.Table, found: dict[tuple[str, str], Exported], name: str, told: Complaints
) -> None:
    at, kinds = codes(table["attribute_type"])

    def of(wanted: Collection[str]) -> pa.Table:
        return rows_of(table, np.array([kind in wanted for kind in kinds], np.bool_)[at])

    series = of(("float_series",))
    if series.num_rows:
        _series(series, found, name, told)
    for kind in UNREAD:
        for project, run, rows in _counts(of((kind,))):
            unread = _run(found, project, run).unread
            unread[kind] = unread.get(kind, 0) + rows
    lone = of((*LONE, *FILES))
    left = max(0, MAX_LONE - sum(len(run.lone) + len(run.files) for run in found.values()))
    if lone.num_rows > left:
        told.add("RR374", name, f"showing {left:,} of {lone.num_rows:,} lone values and files")
    for row in lone.slice(0, left).to_pylist():
        project, run, path, kind = (str(row[key] or "") for key in KEYS)
        exported = _run(found, project, run)
        if kind in FILES:
            inside = row.get("file_value")
            place = inside.get("path") if isinstance(inside, Mapping) else None
            if isinstance(place, str) and place:
                step = row.get("step") if kind == "file_series" else None
                exported.files.append((path, None if step is None else float(step), place))
        else:
            exported.lone[path] = (kind, row.get(LONE[kind]))


def _series(
    table: pa.Table, found: dict[tuple[str, str], Exported], name: str, told: Complaints
) -> None:
    """Points of a group of rows, split by run and attribute."""
    steps = _steps(table["step"]) if "step" in table.column_names else np.zeros(table.num_rows)
    value = floats(table["float_value"])
    times = _times(table["timestamp"]) if "timestamp" in table.column_names else None
    labels, texts = zip(*(codes(table[key]) for key in KEYS[:3]), strict=True)
    whole = (labels[0] * len(texts[1]) + labels[1]) * len(texts[2]) + labels[2]
    kept = np.isfinite(steps)
    if not kept.all():
        words = f"{int((~kept).sum()):,} points have no step; they are left out"
        told.add("RR375", name, words, kind="step")
    rows = np.flatnonzero(kept)
    rows = rows[np.argsort(whole[rows], kind="stable")]
    for part in np.split(rows, np.flatnonzero(np.diff(whole[rows])) + 1):
        if part.size:
            project, run, path = (
                words[label[part[0]]] for words, label in zip(texts, labels, strict=True)
            )
            at = np.full(part.size, UNKNOWN_TIME) if times is None else times[part]
            points = Points(steps[part], value[part], at)
            _run(found, project, run).series.setdefault(path, []).append(points)


def _run(found: dict[tuple[str, str], Exported], project: str, run: str) -> Exported:
    return found.setdefault((project, run), Exported(project, run))


def _counts(table: pa.Table) -> Iterator[tuple[str, str, int]]:
    """Rows of each run."""
    (of_project, projects), (of_run, runs) = (codes(table[key]) for key in KEYS[:2])
    found, counts = np.unique(of_project * len(runs) + of_run, return_counts=True)
    for code, count in zip(found.tolist(), counts.tolist(), strict=True):
        yield projects[code // len(runs)], runs[code % len(runs)], count


def _steps(column: pa.ChunkedArray) -> Floats:
    """Steps, NaN where there is none; decimals as the nearest number."""
    kind = column.type
    if not pa.types.is_decimal128(kind) or kind.precision > 18:
        return floats(column)
    array = column.combine_chunks()
    # 18 digits fit the lower half of the 16 bytes
    if array.null_count == len(array):
        return np.full(len(array), np.nan)
    halves = np.frombuffer(array.buffers()[1] or b"", np.int64)
    lower = halves[2 * array.offset : 2 * (array.offset + len(array)) : 2]
    steps: Floats = lower / float(10**kind.scale)
    if array.null_count:
        steps[~valid(array)] = np.nan
    return steps


def _times(column: pa.ChunkedArray) -> NDArray[np.int64]:
    """Microseconds since 1970."""
    kind = column.type
    if pa.types.is_timestamp(kind):
        column = column.cast(pa.timestamp("us", tz=kind.tz), safe=False)
    elif not pa.types.is_integer(kind):
        return np.full(len(column), UNKNOWN_TIME)
    return integers(column, int(UNKNOWN_TIME))
