"""What a cell's text stands for: a number, a time, a status, a list of numbers."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from runreport.tables import Status

MISSING = frozenset({"", "null", "none", "na", "n/a", "nil"})
"""In a column of numbers these words are a missing value; in a param they are text."""

LONGEST = 5_000
"""Characters of a number, or of the spaces around it."""

_NAN = frozenset({"nan", "+nan", "-nan"})
_INFINITE = frozenset({"inf", "+inf", "-inf", "infinity", "+infinity", "-infinity"})

STATUS_WORDS: Mapping[str, Status] = {
    **dict.fromkeys(
        ("finished", "complete", "completed", "success", "succeeded", "done", "ok"), "finished"
    ),
    **dict.fromkeys(("failed", "fail", "failure", "error", "crashed", "crash"), "failed"),
    **dict.fromkeys(
        ("killed", "cancelled", "canceled", "aborted", "interrupted", "preempted"), "killed"
    ),
    **dict.fromkeys(("running", "active", "pending", "queued", "scheduled"), "running"),
    "unknown": "unknown",
}

EARLIEST, LATEST = datetime(1990, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
"""Times outside are a clock's fault or no times at all."""


@dataclass(frozen=True, eq=False)
class Numbers:
    """A column as numbers."""

    values: NDArray[np.float64]
    """NaN where there is none; NaN and infinite where that was logged."""
    valid: NDArray[np.bool_]
    """False where the cell is missing or no number."""
    unreadable: tuple[int, ...] = ()
    """Indices of cells that hold something else than a number."""
    too_large: tuple[int, ...] = ()
    """Indices of cells that hold a number beyond 1.8e308: infinite here."""


def number(text: str) -> float | None:
    """A number as written by any common tool, NaN and infinities included; None when it is none."""
    if len(text) > LONGEST:
        return None
    try:
        value = float(text)
    except ValueError:
        return None
    return None if "_" in text or not text.isascii() else value


def is_missing(text: str | None) -> bool:
    """Whether a cell of a column of numbers is missing."""
    return text is None or (len(text) < LONGEST and text.strip().lower() in MISSING)


def is_non_finite_word(text: str) -> bool:
    """`nan`, `-Infinity`, ... as opposed to `1e999`."""
    word = text.strip().lower()
    return word in _NAN or word in _INFINITE


def numbers(texts: Sequence[str | None]) -> Numbers:
    """A column of texts as numbers."""
    values = np.full(len(texts), math.nan)
    valid = np.zeros(len(texts), np.bool_)
    unreadable: list[int] = []
    too_large: list[int] = []
    for index, text in enumerate(texts):
        if text is None:
            continue
        value = number(text)
        if value is None:
            if not is_missing(text):
                unreadable.append(index)
            continue
        if math.isinf(value) and not is_non_finite_word(text):
            too_large.append(index)
        values[index] = value
        valid[index] = True
    return Numbers(values, valid, tuple(unreadable), tuple(too_large))


def time(text: str) -> datetime | None:
    """A moment from ISO 8601 or seconds (milli-, micro-, nanoseconds) since 1970, UTC."""
    count = number(text)
    if count is not None:
        return _since_1970(count)
    try:
        moment = datetime.fromisoformat(text.strip())
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return moment if EARLIEST <= moment < LATEST else None


def _since_1970(count: float) -> datetime | None:
    if not math.isfinite(count) or count <= 0:
        return None
    # 1e11 s is the year 5138, 1e11 ms is 1973: the unit shows in the size
    for scale in (1.0, 1e3, 1e6, 1e9):
        if count / scale < 1e11:
            seconds = count / scale
            break
    else:
        return None
    if not EARLIEST.timestamp() <= seconds < LATEST.timestamp():
        return None
    return datetime.fromtimestamp(seconds, UTC)


def microseconds(moment: datetime) -> int:
    """Since 1970, UTC."""
    delta = moment - datetime(1970, 1, 1, tzinfo=UTC)
    return (delta.days * 86400 + delta.seconds) * 1_000_000 + delta.microseconds


def series(text: str) -> list[float | None] | None:
    """The numbers of a JSON list of numbers, null where one is missing; None when it is none."""
    if not text.startswith("["):
        return None
    items = parsed(text)
    if not isinstance(items, list) or not items:
        return None
    found: list[float | None] = []
    for item in items:
        if item is None:
            found.append(None)
        elif isinstance(item, str) and (value := number(item)) is not None:
            found.append(value)
        else:
            return None
    return found


def parsed(text: str) -> Any:
    """A cell that a reader of documents wrote as JSON: numbers as text; None when it is none."""
    import json

    try:
        return json.loads(text, parse_float=str, parse_int=str, parse_constant=str)
    except (ValueError, RecursionError):
        return None


def moment(count: int) -> datetime:
    """The time of so many microseconds since 1970, UTC."""
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=count)
