"""Rows that are steps to runs with histories."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from runreport.cleaning import clean_text
from runreport.sources.complaints import Complaints
from runreport.sources.files import readings
from runreport.sources.files.filerun import FileRun
from runreport.sources.files.roles import Roles
from runreport.sources.files.runs import MAX_ID, Facts, cut, tell
from runreport.sources.files.shape import Shape
from runreport.sources.files.sheets import Sheet
from runreport.sources.loaded import UNKNOWN_TIME, Floats, Points

Indices = NDArray[np.intp]


def of_steps(
    sheet: Sheet, shape: Shape, roles: Roles, base: str, complaints: Complaints
) -> Iterator[FileRun]:
    """The runs of one file, in the order of their first rows.

    Args:
        sheet: the rows.
        shape: its columns of steps and of runs.
        roles: what the other columns are.
        base: the run's id, or what the ids begin with when the file holds several runs.
        complaints: receives rows and cells that could not be read.
    """
    if roles.unread:
        shown = ", ".join(repr(name) for name in roles.unread[:6])
        message = f"text that changes from step to step is not read: {shown}"
        complaints.add("RR360", sheet.name, message, severity="note")
    facts = Facts(sheet, roles, complaints)
    steps = _steps(sheet, shape, roles, complaints)
    times = _times(sheet, roles, complaints)
    metrics: dict[str, tuple[Floats, NDArray[np.bool_]]] = {}
    for name, shown in roles.metrics.items():
        numbers = sheet.columns[name].numbers
        tell(sheet, name, numbers, sheet.columns[name], complaints)
        metrics[shown] = (numbers.values, numbers.valid & np.isfinite(steps))
    for key, rows in _members(sheet, shape, complaints):
        first = int(rows[0])
        found: dict[str, float | Points] = {}
        for shown, (values, valid) in metrics.items():
            if rows.size == sheet.size and bool(valid.all()):
                found[shown] = Points(steps, values, times)
                continue
            mine = rows[valid[rows]]
            if mine.size:
                time = None if times is None else times[mine]
                found[shown] = Points(steps[mine], values[mine], time)
        yield FileRun(
            file=sheet.name,
            key=base if key is None else f"{base}#{clean_text(key)[:MAX_ID]}",
            name=_first(sheet, roles.facts.get("name"), rows) or key or base,
            experiment=facts.text("experiment", first),
            status=facts.status(int(rows[-1])),
            started=_first_time(times, rows) or facts.time("started", first),
            ended=facts.time("ended", int(rows[-1])),
            user=facts.text("user", first),
            params=_texts(sheet, roles.params, rows, complaints),
            tags=_texts(sheet, roles.tags, rows, complaints),
            metrics=found,
        )


def _members(
    sheet: Sheet, shape: Shape, complaints: Complaints
) -> Iterator[tuple[str | None, Indices]]:
    """Each run's name (None: the file is the run) and the places of its rows."""
    if not sheet.size:
        return
    if shape.id is None:
        yield None, np.arange(sheet.size)
        return
    ids = sheet.columns[shape.id].texts
    rows: dict[str, list[int]] = {}
    for index, text in enumerate(ids):
        if text is None:
            message = f"no {shape.id}: the row belongs to no run and is left out"
            complaints.add("RR349", sheet.name, message, line=sheet.where(index), kind="id")
        else:
            rows.setdefault(clean_text(text)[:MAX_ID], []).append(index)
    for name, places in rows.items():
        yield name, np.array(places)


def _steps(sheet: Sheet, shape: Shape, roles: Roles, complaints: Complaints) -> Floats:
    """Each row's step; NaN where the row is left out."""
    if shape.step is None:
        if shape.id is None:
            return np.arange(sheet.size, dtype=np.float64)
        return _places(sheet.columns[shape.id].texts)
    column = sheet.columns[shape.step]
    numbers = column.numbers
    steps = np.where(numbers.valid & np.isfinite(numbers.values), numbers.values, np.nan)
    lost = np.flatnonzero(np.isnan(steps))
    # a row that holds no metric, such as a first line of settings, has nothing to lose
    filled = [sheet.columns[name].numbers.valid for name in roles.metrics]
    for index in lost.tolist():
        if any(valid[index] for valid in filled):
            text = (column.texts[index] or "")[:40]
            what = f"{shape.step} {text!r} is no finite number" if text else f"no {shape.step}"
            message = f"{what}; the row is left out"
            complaints.add("RR349", sheet.name, message, line=sheet.where(index), kind="step")
    return steps


def _places(ids: Sequence[str | None]) -> Floats:
    """How many rows of the same run stand above each row."""
    seen: dict[str | None, int] = {}
    places = []
    for name in ids:
        places.append(seen.get(name, 0))
        seen[name] = places[-1] + 1
    return np.array(places, np.float64)


def _times(sheet: Sheet, roles: Roles, complaints: Complaints) -> NDArray[np.int64] | None:
    """Each row's wall time in microseconds; `UNKNOWN_TIME` where there is none."""
    name = roles.facts.get("time")
    if name is None:
        return None
    found = np.full(sheet.size, UNKNOWN_TIME, np.int64)
    known: dict[str, int] = {}
    for index, text in enumerate(sheet.columns[name].texts):
        if text is None:
            continue
        if text not in known:
            moment = readings.time(text)
            known[text] = UNKNOWN_TIME if moment is None else readings.microseconds(moment)
        found[index] = known[text]
        if known[text] == UNKNOWN_TIME:
            message = f"{name} {text[:60]!r} is no time between 1990 and 2200; it is unknown here"
            complaints.add("RR353", sheet.name, message, line=sheet.where(index))
    return found


def _first_time(times: NDArray[np.int64] | None, rows: Indices) -> datetime | None:
    """The moment of a run's first point."""
    if times is None:
        return None
    mine = times[rows]
    mine = mine[mine != UNKNOWN_TIME]
    return readings.moment(int(mine.min())) if mine.size else None


def _first(sheet: Sheet, name: str | None, rows: Indices) -> str | None:
    """The first cell of a column that is not missing."""
    if name is None:
        return None
    texts = sheet.columns[name].texts
    return next((texts[row] for row in rows.tolist() if texts[row] is not None), None)


def _texts(
    sheet: Sheet, names: Mapping[str, str], rows: Indices, complaints: Complaints
) -> dict[str, str]:
    """What holds for the whole run: the first value; a word when there are several."""
    found = {}
    for name, shown in names.items():
        texts = sheet.columns[name].texts
        values = dict.fromkeys(text for row in rows.tolist() if (text := texts[row]) is not None)
        if not values:
            continue
        first = next(iter(values))
        if len(values) > 1:
            message = f"{name} has {len(values):,} values in one run; the first one is kept"
            complaints.add("RR360", sheet.name, message)
        found[shown] = cut(first, sheet.name, shown, complaints)
    return found
