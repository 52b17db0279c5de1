"""The metrics that a job wrote into a file of its own choosing."""

from __future__ import annotations

import fnmatch
from collections.abc import Mapping
from typing import Any

import numpy as np

from runreport.cleaning import clean_text
from runreport.sources.complaints import Complaints
from runreport.sources.files.words import STEPS
from runreport.sources.hydra.detect import FOLDER
from runreport.sources.loaded import Points
from runreport.sources.rowlines import MAX_BYTES, read_csv, read_json_lines, whole_lines
from runreport.sources.rows import Columns, RowCollector, step_of
from runreport.sources.runfolders import RunFolder, number

STEMS = ("metrics", "results", "result", "scores", "eval")
ENDINGS = ("json", "jsonl", "ndjson", "csv", "yaml", "yml")
_LIGHTNING = "*/metrics.csv"
_TIMES = ("timestamp", "_timestamp", "wall_time")

Metrics = dict[str, float | Points]


def file_of(folder: RunFolder, metrics: str) -> str | None:
    """The file that holds a job's metrics."""
    names = [name for name in folder.files if not name.startswith(f"{FOLDER}/")]
    if metrics:
        if metrics in folder.files:
            return metrics
        return next((name for name in names if fnmatch.fnmatchcase(name, metrics)), None)
    for stem in STEMS:
        for ending in ENDINGS:
            if f"{stem}.{ending}" in folder.files:
                return f"{stem}.{ending}"
    return next((name for name in names if fnmatch.fnmatchcase(name, _LIGHTNING)), None)


def outcomes(
    folder: RunFolder, metrics: str, told: Complaints
) -> tuple[Metrics, Mapping[str, str], str | None]:
    """Metrics, values that are texts, and the file they are from."""
    name = file_of(folder, metrics)
    if name is None:
        return {}, {}, None
    ending = name.rpartition(".")[2].lower()
    if ending in ("jsonl", "ndjson", "csv"):
        columns = _of_lines(folder, name, ending, told)
        if columns is None:
            return {}, {}, name
        return _points(folder, name, columns, told), columns.texts, name
    if ending not in ENDINGS:
        message = f"an ending that is not read as metrics; expected {', '.join(ENDINGS)}"
        told.add("RR371", folder.at(name), message)
        return {}, {}, None
    value = folder.yaml(name, told) if ending.startswith("y") else folder.json(name, told)
    if isinstance(value, list):
        collector = _collector(folder, name, value, told)
        return _points(folder, name, collector.columns(), told), collector.texts, name
    if isinstance(value, Mapping):
        return *_of_object(folder, name, value, told), name
    if (lone := number(value)) is not None:
        return {"result": lone}, {}, name
    if value is not None:
        told.add("RR375", folder.at(name), "a lone text, expected an object of numbers")
    return {}, {}, name


def _of_lines(folder: RunFolder, name: str, ending: str, told: Complaints) -> Columns | None:
    data = folder.data(name, MAX_BYTES, told)
    if data is None:
        return None
    if ending == "csv":
        rows = read_csv(data, folder.at(name), told)
        if rows is None and data.strip():
            told.add("RR371", folder.at(name), "it has no line of column names, expected CSV")
        return None if rows is None else rows.columns
    collector = RowCollector()
    # people write these by hand, so that a last line without an end is often whole
    lines = whole_lines(data, 0, folder.at(name), told, whole=True)
    read_json_lines(lines.data, folder.at(name), 1, told, collector.add)
    _tell_unread(folder, name, collector, told)
    return collector.columns()


def _collector(folder: RunFolder, name: str, rows: list[Any], told: Complaints) -> RowCollector:
    collector = RowCollector()
    for index, row in enumerate(rows, start=1):
        if isinstance(row, Mapping):
            collector.add(row)
        elif (lone := number(row)) is not None:
            collector.add({"result": lone})
        else:
            message = "neither an object nor a number; it is left out"
            told.add("RR375", folder.at(name), message, line=f"item {index}")
    _tell_unread(folder, name, collector, told)
    return collector


def _of_object(
    folder: RunFolder, name: str, value: Mapping[str, Any], told: Complaints
) -> tuple[Metrics, Mapping[str, str]]:
    """An object of numbers, of lists of numbers, or of more objects."""
    found: Metrics = {}
    collector = RowCollector()
    plain: dict[str, Any] = {}
    for key, item in value.items():
        series = _series(item)
        if series is not None:
            found[key] = series
        elif isinstance(item, list) and item and all(isinstance(row, Mapping) for row in item):
            # rows under a name: `{"history": [{"epoch": 1, "loss": 0.5}, ...]}`
            rows = _collector(folder, name, item, told)
            found |= _points(folder, name, rows.columns(), told)
        else:
            plain[key] = item
    collector.add(plain)
    _tell_unread(folder, name, collector, told)
    for key, (_, values) in collector.columns().values.items():
        found.setdefault(key, float(values[0]))
    return found, collector.texts


def _series(item: Any) -> Points | None:
    """A list of numbers as a history."""
    if not isinstance(item, list) or not item:
        return None
    values = [number(one) for one in item]
    numbers = [one for one in values if one is not None]
    if len(numbers) < len(values):
        return None
    return Points(np.arange(len(numbers), dtype=np.float64), np.array(numbers))


def _points(folder: RunFolder, name: str, columns: Columns, told: Complaints) -> Metrics:
    step = step_of(columns.values, STEPS)
    if lost := columns.unplaced(step):
        message = f"{lost:,} rows have no {step!r}; their values are left out"
        told.add("RR375", folder.at(name), message)
    if columns.rows == 1 and step is None:
        found = columns.values.items()
        return {key: float(values[0]) for key, (_, values) in found if values.size}
    return dict(columns.points(step, step_of(columns.values, _TIMES)))


def _tell_unread(folder: RunFolder, name: str, collector: RowCollector, told: Complaints) -> None:
    for key in sorted(collector.unread):
        message = f"{clean_text(key)!r} holds neither numbers nor text; it is not read"
        told.add("RR375", folder.at(name), message, severity="note")
