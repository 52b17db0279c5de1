"""The metrics of a run: names with steps, times and values."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from runreport.cleaning import clean_text
from runreport.sources import moments
from runreport.sources.complaints import Complaints
from runreport.sources.loaded import UNKNOWN_TIME, Points
from runreport.sources.runfolders import MAX_DOCUMENT, RunFolder, number
from runreport.sources.sacred.detect import METRICS
from runreport.sources.sacred.encoded import Decoder
from runreport.sources.texts import Written

_EPOCH = np.datetime64(0, "us")
_PLAIN = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?")
"""A time without a zone, which numpy reads many at once of."""


def read_series(folder: RunFolder, told: Complaints) -> dict[str, Points]:
    """The points of each metric."""
    data = folder.data(METRICS, 4 * MAX_DOCUMENT, told)
    if data is None or not data.strip():
        return {}
    try:
        content = json.loads(data)
    except (ValueError, RecursionError) as error:
        message = f"this is no JSON: {str(error)[:120].lower()}"
        told.add("RR371", folder.at(METRICS), message)
        return {}
    if not isinstance(content, Mapping):
        told.add("RR371", folder.at(METRICS), "a list or a lone value, expected an object")
        return {}
    decoder = Decoder()
    found: dict[str, Points] = {}
    for name, series in content.items():
        points = _points(folder, name, series, decoder, told)
        if points is not None and points.value.size:
            found[name] = points
    return found


def series_of(value: Any) -> Points | None:
    """A list of numbers as a history that counts from 0."""
    if not isinstance(value, list) or not value:
        return None
    values = [number(one) for one in value]
    numbers = [one for one in values if one is not None]
    if len(numbers) < len(values):
        return None
    return Points(np.arange(len(numbers), dtype=np.float64), np.array(numbers))


def _points(
    folder: RunFolder, name: str, series: Any, decoder: Decoder, told: Complaints
) -> Points | None:
    shown = clean_text(name)[:80]
    parts = series if isinstance(series, Mapping) else {}
    steps, values, times = (parts.get(key) for key in ("steps", "values", "timestamps"))
    if not isinstance(steps, list) or not isinstance(values, list):
        message = f"{shown!r} has no lists of steps and values; it is not read"
        told.add("RR375", folder.at(METRICS), message)
        return None
    times = times if isinstance(times, list) else []
    count = min(len(steps), len(values))
    if len(steps) != len(values):
        message = f"{shown!r} has {len(steps):,} steps and {len(values):,} values"
        told.add("RR373", folder.at(METRICS), f"{message}; the first {count:,} are read")
    value = _numbers(values[:count], decoder)
    step = _numbers(steps[:count], decoder)
    kept = np.array([one is not None for one in value], np.bool_)
    kept &= np.array([one is not None and np.isfinite(one) for one in step], np.bool_)
    if lost := count - int(kept.sum()):
        message = f"{lost:,} of {count:,} points of {shown!r} are no numbers; they are left out"
        told.add("RR375", folder.at(METRICS), message)
    return Points(
        np.array([one for one, fit in zip(step, kept, strict=True) if fit], np.float64),
        np.array([one for one, fit in zip(value, kept, strict=True) if fit], np.float64),
        _times(times, count)[kept],
    )


def _numbers(items: Sequence[Any], decoder: Decoder) -> list[float | None]:
    return [item if type(item) is float else decoder.number(item) for item in items]


def _times(items: Sequence[Any], count: int) -> NDArray[np.int64]:
    """Microseconds since 1970; unknown where it is no time."""
    found = np.full(count, UNKNOWN_TIME, np.int64)
    texts = [item if isinstance(item, str) else "" for item in items[:count]]
    try:
        if not all(map(_PLAIN.fullmatch, texts)):
            raise ValueError
        times = np.array(texts, "datetime64[us]")
    except ValueError:
        times = np.array([_moment(text) for text in texts], "datetime64[us]")
    known = ~np.isnat(times)
    found[: len(texts)][known] = (times[known] - _EPOCH).astype(np.int64)
    return found


def _moment(text: str) -> np.datetime64:
    found = moment_of(text)
    if found is None:
        return np.datetime64("NaT", "us")
    return np.datetime64(found.replace(tzinfo=None), "us")


def moment_of(value: Any) -> datetime | None:
    """A time as Sacred writes it; a number is none."""
    return None if isinstance(value, Written) else moments.from_text(value)
