"""A project that trackio exported: Parquet files with one column a metric."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from runreport.cleaning import clean_text
from runreport.columns import values
from runreport.errors import Problem, SourceError
from runreport.sources.arrays import floats, valid
from runreport.sources.complaints import Complaints
from runreport.sources.loaded import Floats, LoadedRun, Points
from runreport.sources.pieces import Files
from runreport.sources.trackio.columns import WORDS, microseconds
from runreport.sources.trackio.project import Facts

STRUCTURE = frozenset({"id", "run_id", "timestamp", "run_name", "step", "log_id", "space_id"})
MAX_ROWS = 50_000_000
MAX_BYTES = 4_000_000_000
"""Of one file, once it is unpacked."""


def beside(path: Path) -> tuple[Path, Path]:
    """Where configs and hardware metrics of an export are."""
    if path.name == "metrics.parquet":
        aux = path.parent / "aux"
        return aux / "configs.parquet", aux / "system_metrics.parquet"
    return (
        path.with_name(f"{path.stem}_configs.parquet"),
        path.with_name(f"{path.stem}_system.parquet"),
    )


def runs_of(path: Path, project: str, told: Complaints, *, system: bool) -> Iterator[LoadedRun]:
    """The runs of an export, by their first row.

    Args:
        path: of the file with metrics.
        project: its name.
        told: receives what is left out.
        system: whether to read hardware metrics too.

    Raises:
        SourceError: RR371 when it is no Parquet file, or lacks the columns of an export.
    """
    configs, hardware = beside(path)
    metrics: dict[tuple[str, str], dict[str, Points]] = {}
    for file, prefix in ((path, ""), (hardware, "system/")):
        if prefix and not (system and file.is_file()):
            continue
        table = _table(file, {"timestamp", "run_name"} | (set() if prefix else {"step"}))
        for identity, points in _points(table, prefix, file.name, told).items():
            metrics.setdefault(identity, {}).update(points)
    facts = {identity: Facts(*identity) for identity in metrics}
    if configs.is_file():
        for row in _table(configs, {"run_name"}).to_pylist():
            name = row.pop("run_name")
            identity = (str(row.pop("run_id", None) or name), str(name))
            known = facts.setdefault(identity, Facts(*identity))
            known.created = row.pop("created_at", None)
            row.pop("id", None)
            known.config = row
    for identity, known in facts.items():
        run = known.run(project, (), Files(path.parent))
        yield replace(run, metrics=metrics.get(identity, {}))


def _table(path: Path, needed: set[str]) -> pa.Table:
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(str(path), memory_map=False) as file:
            about = file.metadata
            size = sum(about.row_group(i).total_byte_size for i in range(about.num_row_groups))
            if about.num_rows > MAX_ROWS or size > MAX_BYTES:
                raise ValueError(f"{about.num_rows:,} rows are more than are read")
            if lacking := sorted(needed - set(file.schema_arrow.names)):
                raise ValueError(f"it lacks the columns {', '.join(lacking)}")
            table = file.read(use_threads=False)
            # a damaged file may hold lengths that lead out of it
            table.validate(full=True)
            return table
    except (OSError, ValueError, TypeError, LookupError, pa.ArrowException) as error:
        words = clean_text(str(error).splitlines()[0] if str(error) else "")[:160]
        message = f"it cannot be read as a trackio export: {words}"
        raise SourceError(Problem("RR371", message, place=path.name)) from None


def _points(
    table: pa.Table, prefix: str, name: str, told: Complaints
) -> dict[tuple[str, str], dict[str, Points]]:
    """Every metric of every run."""
    labels = [str(label) for label in values(table["run_name"])]
    ids = values(table["run_id"]) if "run_id" in table.column_names else labels
    identities = [(str(i or label), label) for i, label in zip(ids, labels, strict=True)]
    order = {identity: at for at, identity in enumerate(dict.fromkeys(identities))}
    codes = np.array([order[identity] for identity in identities], np.int64)
    times = np.array([microseconds(text) for text in values(table["timestamp"].cast(pa.string()))])
    if "step" in table.column_names:
        steps = _steps(table["step"], name)
    else:
        steps = _counted(codes)
    found: dict[tuple[str, str], dict[str, Points]] = {identity: {} for identity in order}
    flat = table.drop_columns([c for c in STRUCTURE if c in table.column_names])
    for _ in range(20):
        if not any(pa.types.is_struct(column.type) for column in flat.schema):
            break
        flat = flat.flatten()
    unread = []
    for metric, column in zip(flat.column_names, flat.columns, strict=True):
        found_values = _floats(column)
        if found_values is None:
            unread.append(metric)
            continue
        known = valid(column)
        for identity, at in order.items():
            rows = np.flatnonzero((codes == at) & known & np.isfinite(steps))
            if rows.size:
                found[identity][prefix + metric] = Points(
                    steps[rows], found_values[rows], times[rows]
                )
    for metric in unread:
        words = f"values of {clean_text(metric)[:80]!r} are no numbers"
        told.add("RR375", name, f"{words}; they are not read", severity="note")
    return found


def _steps(column: pa.ChunkedArray, name: str) -> Floats:
    found = _floats(column)
    if found is None:
        message = f"its steps are of type {column.type}, expected numbers"
        raise SourceError(Problem("RR371", message, place=name))
    return found


def _counted(codes: NDArray[np.int64]) -> Floats:
    """Rows of each run, counted from 0."""
    found = np.zeros(len(codes))
    for code in np.unique(codes):
        rows = np.flatnonzero(codes == code)
        found[rows] = np.arange(len(rows))
    return found


def _floats(column: pa.ChunkedArray) -> Floats | None:
    """A column as numbers, NaN where it has none; None when it holds something else."""
    kind = column.type
    numeric = (pa.types.is_null, pa.types.is_integer, pa.types.is_floating)
    if pa.types.is_boolean(kind):
        return floats(column.cast(pa.int8()))
    if any(is_one(kind) for is_one in numeric):
        return floats(column)
    if pa.types.is_string(kind):
        texts: Sequence[str | None] = values(column)
        if all(text is None or text in WORDS for text in texts):
            return np.array([np.nan if text is None else WORDS[text] for text in texts])
    return None
