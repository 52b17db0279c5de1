"""Rows, or whole documents, to runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np

from runreport.cleaning import clean_text
from runreport.sources.complaints import Complaints
from runreport.sources.files import readings, words
from runreport.sources.files.filerun import FileRun
from runreport.sources.files.readings import Numbers
from runreport.sources.files.roles import Roles
from runreport.sources.files.shape import Shape, column_of
from runreport.sources.files.sheets import Column, Sheet
from runreport.sources.loaded import Points
from runreport.tables import Status

MAX_TEXT = 20_000
"""Characters of one param or tag."""
MAX_ID = 200


def of_rows(
    sheet: Sheet, shape: Shape, roles: Roles, base: str, complaints: Complaints
) -> Iterator[FileRun]:
    """One run per row.

    Args:
        sheet: the rows.
        shape: its id column.
        roles: what the columns are.
        base: what the ids of this file's runs begin with.
        complaints: receives cells that could not be read.
    """
    facts = Facts(sheet, roles, complaints)
    metrics = {
        shown: _Metric(sheet, name, complaints)
        for name, shown in roles.metrics.items()
        if name in sheet.columns
    }
    keys = _keys(sheet, shape, base, complaints)
    names = _names(sheet, shape, base)
    for index, key in enumerate(keys):
        found: dict[str, float | Points] = {}
        for shown, metric in metrics.items():
            found.update(metric.at(index, shown))
        yield FileRun(
            file=sheet.name,
            key=key,
            name=facts.text("name", index) or names[index],
            experiment=facts.text("experiment", index),
            status=facts.status(index),
            started=facts.time("started", index),
            ended=facts.time("ended", index),
            user=facts.text("user", index),
            params=_texts(sheet, roles.params, index, complaints),
            tags=_texts(sheet, roles.tags, index, complaints),
            metrics=found,
        )


def _names(sheet: Sheet, shape: Shape, base: str) -> list[str]:
    """What rows without a name are called: by their id, what they share it with, or their place."""
    if shape.id is not None:
        return [text or f"row {index + 1}" for index, text in enumerate(_column(sheet, shape.id))]
    if sheet.single:
        return [base]
    shared = column_of(sheet, None, words.IDS)
    replicate = words.replicate_among(sheet.columns)
    names = []
    for index in range(sheet.size):
        text = _column(sheet, shared)[index] if shared else None
        again = _column(sheet, replicate)[index] if replicate else None
        start = text or base.rpartition("/")[2]
        names.append(f"{start} {replicate} {again}" if text and again else f"{start} {index + 1}")
    return names


def _column(sheet: Sheet, name: str) -> Sequence[str | None]:
    return sheet.columns[name].texts


def _keys(sheet: Sheet, shape: Shape, base: str, complaints: Complaints) -> list[str]:
    """An id for each row: by the id column, else by its place; repeated ones are told apart."""
    if sheet.single:
        return [base]
    ids = sheet.columns[shape.id].texts if shape.id is not None else [None] * sheet.size
    seen: dict[str, int] = {}
    keys = []
    for index, text in enumerate(ids):
        bare = clean_text(text)[:MAX_ID] if text else str(index + 1)
        times = seen[bare] = seen.get(bare, 0) + 1
        if times > 1:
            message = f"the id {bare[:60]!r} occurs again; this run is told apart by a number"
            hint = "name a column whose values are unique with `id:`, or `shape: history`"
            complaints.add("RR354", sheet.name, message, line=sheet.where(index), hint=hint)
            bare = f"{bare} ({times})"
            seen[bare] = 1
        keys.append(f"{base}#{bare}")
    return keys


def _texts(
    sheet: Sheet, names: Mapping[str, str], index: int, complaints: Complaints
) -> dict[str, str]:
    found = {}
    for name, shown in names.items():
        column = sheet.columns.get(name)
        text = None if column is None else column.texts[index]
        if text is not None:
            found[shown] = cut(text, sheet.name, shown, complaints)
    return found


def cut(text: str, file: str, name: str, complaints: Complaints) -> str:
    """A param's text, its length bounded."""
    if len(text) <= MAX_TEXT:
        return text
    message = f"{name[:60]!r} holds {len(text):,} characters; the first {MAX_TEXT:,} are kept"
    complaints.add("RR356", file, message)
    return text[:MAX_TEXT]


@dataclass(frozen=True, eq=False)
class Facts:
    """What every run has, row by row."""

    sheet: Sheet
    roles: Roles
    complaints: Complaints

    def text(self, fact: str, index: int) -> str | None:
        """The cell of a fact; None when it is missing."""
        name = self.roles.facts.get(fact)
        column = None if name is None else self.sheet.columns.get(name)
        return None if column is None else column.texts[index]

    def status(self, index: int) -> Status:
        """How the run ended; unknown unless a cell says it."""
        text = self.text("status", index)
        if text is None:
            return "unknown"
        found = readings.STATUS_WORDS.get(text.strip().lower())
        if found is None:
            message = f"status {text[:60]!r} is none of the known words; it is read as unknown"
            hint = "known are finished, failed, killed, running and their usual synonyms"
            where = self.sheet.where(index)
            self.complaints.add("RR361", self.sheet.name, message, line=where, hint=hint)
        return found or "unknown"

    def time(self, fact: str, index: int) -> datetime | None:
        """A moment; None when there is none or it cannot be."""
        text = self.text(fact, index)
        if text is None:
            return None
        found = readings.time(text)
        if found is None:
            message = f"{fact} {text[:60]!r} is no time between 1990 and 2200; it is not read"
            hint = "write ISO 8601, as in 2026-03-01T09:00:00Z, or seconds since 1970"
            where = self.sheet.where(index)
            self.complaints.add("RR353", self.sheet.name, message, line=where, hint=hint)
        return found


def tell(sheet: Sheet, name: str, column: Numbers, texts: Column, complaints: Complaints) -> None:
    """Cells of a metric's column that are no numbers, or numbers that no float holds."""
    for index in column.unreadable:
        message = f"{name}: {(texts.texts[index] or '')[:60]!r} is no number; it is missing here"
        complaints.add("RR351", sheet.name, message, line=sheet.where(index))
    for index in column.too_large:
        message = f"{name}: {(texts.texts[index] or '')[:40]} is too large for a number; infinite"
        complaints.add("RR352", sheet.name, message, line=sheet.where(index))


class _Metric:
    """One column of outcomes."""

    def __init__(self, sheet: Sheet, name: str, complaints: Complaints) -> None:
        self._column = sheet.columns[name]
        self._sheet = sheet
        self._steps = next((c for c in sheet.columns if c.lower() in words.STEPS), None)
        numbers = self._column.numbers
        self._points: dict[int, dict[str, Points]] = {}
        left = []
        for index in numbers.unreadable:
            found = self._series(index, name)
            if found is None:
                left.append(index)
            else:
                self._points[index] = found
        told = Numbers(numbers.values, numbers.valid, tuple(left), numbers.too_large)
        tell(sheet, name, told, self._column, complaints)

    def at(self, index: int, shown: str) -> dict[str, float | Points]:
        """What one row says: a number, a series, or several series under their own names."""
        if index in self._points:
            return {name or shown: points for name, points in self._points[index].items()}
        numbers = self._column.numbers
        return {shown: float(numbers.values[index])} if numbers.valid[index] else {}

    def _series(self, index: int, name: str) -> dict[str, Points] | None:
        text = self._column.texts[index] or ""
        if (values := readings.series(text)) is not None:
            points = _points(values, self._own_steps(index, len(values)))
            return {} if points is None else {"": points}
        if name in words.HISTORIES and text.startswith("["):
            return history(readings.parsed(text))
        return None

    def _own_steps(self, index: int, size: int) -> list[float | None] | None:
        """Steps that stand beside the series in the same object, as long as it is."""
        if self._steps is None:
            return None
        steps = readings.series(self._sheet.columns[self._steps].texts[index] or "")
        return steps if steps is not None and len(steps) == size else None


def _points(values: list[float | None], steps: list[float | None] | None = None) -> Points | None:
    """The points of a series whose steps are given or count from 0."""
    places = steps or [float(index) for index in range(len(values))]
    pairs = [
        (step, value)
        for step, value in zip(places, values, strict=True)
        if value is not None and step is not None and np.isfinite(step)
    ]
    if not pairs:
        return None
    return Points(np.array([s for s, _ in pairs]), np.array([v for _, v in pairs]))


def history(rows: Any) -> dict[str, Points] | None:
    """The points of a list of rows inside an object, as trainers' states hold them."""
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        return None
    step_name = next((w for w in words.STEPS if any(w in row for row in rows)), None)
    found: dict[str, list[tuple[float, float]]] = {}
    for place, row in enumerate(rows):
        step = float(place) if step_name is None else _number(row.get(step_name))
        if step is None or not np.isfinite(step):
            continue
        for name, cell in row.items():
            value = _number(cell)
            if value is not None and name != step_name:
                found.setdefault(clean_text(name), []).append((step, value))
    return {
        name: Points(np.array([s for s, _ in pairs]), np.array([v for _, v in pairs]))
        for name, pairs in found.items()
    }


def _number(cell: Any) -> float | None:
    return readings.number(cell) if isinstance(cell, str) else None
