"""Objects that were logged one after the other, as points: numbers go to arrays by the block."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from runreport.sources import moments
from runreport.sources.loaded import UNKNOWN_TIME, Floats, Points

BLOCK = 50_000
"""Rows that are turned into arrays at once."""
MAX_NAMES = 20_000
"""Metrics of one run."""
MAX_DEPTH = 20
WORDS: Mapping[str, float] = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
"""How trackio writes what JSON cannot."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_PLAIN = (frozenset({float}), frozenset({int}), frozenset({float, int}))


class Columns:
    """Takes the rows of one run."""

    def __init__(self, prefix: str = "") -> None:
        self.prefix = prefix
        self.unread: set[str] = set()
        """Names of values that are neither numbers nor media."""
        self.media: list[Mapping[str, Any]] = []
        self._groups: dict[tuple[str, ...], tuple[list[int], list[Sequence[Any]]]] = {}
        self._parts: dict[str, list[tuple[NDArray[np.int64], Floats]]] = {}
        self.rows = 0
        """Taken so far."""
        self._held = 0
        self._steps: list[float] = []
        self._times: list[int] = []

    def add(self, step: float, time: int, row: Mapping[str, Any]) -> None:
        """Take a row, logged at a step and a time in microseconds."""
        self._steps.append(step)
        self._times.append(time)
        keys = tuple(row)
        group = self._groups.get(keys)
        if group is None:
            group = self._groups[keys] = ([], [])
        group[0].append(self.rows)
        group[1].append(tuple(row.values()))
        self.rows += 1
        self._held += 1
        if self._held >= BLOCK or len(self._groups) > 500:
            self._settle()

    def points(self) -> dict[str, Points]:
        """Every metric, in the order of the rows."""
        self._settle()
        steps, times = np.array(self._steps, np.float64), np.array(self._times, np.int64)
        found = {}
        for name, parts in self._parts.items():
            rows = np.concatenate([rows for rows, _ in parts])
            values = np.concatenate([values for _, values in parts])
            if bool((rows[1:] < rows[:-1]).any()):
                order = np.argsort(rows, kind="stable")
                rows, values = rows[order], values[order]
            found[name] = Points(steps[rows], values, times[rows])
        return found

    def _settle(self) -> None:
        for keys, (rows, values) in self._groups.items():
            index = np.array(rows, np.int64)
            for name, column in zip(keys, zip(*values, strict=True), strict=True):
                if frozenset(map(type, column)) in _PLAIN:
                    try:
                        self._put(self.prefix + name, index, np.array(column, np.float64))
                    except OverflowError:
                        self._slowly(self.prefix + name, rows, column)
                else:
                    self._slowly(self.prefix + name, rows, column)
        self._groups = {}
        self._held = 0

    def _slowly(self, name: str, rows: Sequence[int], column: Sequence[Any]) -> None:
        """A column in which not everything is a number."""
        found: dict[str, tuple[list[int], list[float]]] = {}
        for row, value in zip(rows, column, strict=True):
            for key, number in self._numbers(name, value, 0):
                held = found.setdefault(key, ([], []))
                held[0].append(row)
                held[1].append(number)
        for key, (at, numbers) in found.items():
            self._put(key, np.array(at, np.int64), np.array(numbers, np.float64))

    def _numbers(self, name: str, value: Any, depth: int) -> Iterator[tuple[str, float]]:
        if isinstance(value, Mapping):
            if isinstance(value.get("_type"), str):
                if isinstance(value.get("file_path"), str):
                    self.media.append(value)
                else:
                    self.unread.add(name[:80])
            elif depth < MAX_DEPTH:
                for key, item in value.items():
                    yield from self._numbers(f"{name}.{key}", item, depth + 1)
            else:
                self.unread.add(name[:80])
        elif isinstance(value, int | float):
            try:
                yield name, float(value)
            except OverflowError:
                yield name, math.inf if value > 0 else -math.inf
        elif isinstance(value, str) and value in WORDS:
            yield name, WORDS[value]
        elif isinstance(value, list):
            if any(isinstance(item, Mapping) for item in value):
                for item in value:
                    if isinstance(item, Mapping) and isinstance(item.get("file_path"), str):
                        self.media.append(item)
            self.unread.add(name[:80])
        elif value is not None:
            self.unread.add(name[:80])

    def _put(self, name: str, rows: NDArray[np.int64], values: Floats) -> None:
        parts = self._parts.get(name)
        if parts is None:
            if len(self._parts) >= MAX_NAMES:
                self.unread.add(name[:80])
                return
            parts = self._parts[name] = []
        parts.append((rows, values))


def parsed(data: Any) -> Any:
    """The value of a JSON text or blob, as trackio's several versions wrote it.

    Raises:
        ValueError: it is none.
    """
    import orjson

    if not isinstance(data, str | bytes):
        raise ValueError("neither text nor bytes")
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:
        # NaN and infinities are beyond orjson
        try:
            return json.loads(data)
        except RecursionError:
            raise ValueError("nested too deeply") from None


@lru_cache(maxsize=100_000)
def microseconds(text: Any) -> int:
    """A time in ISO form as microseconds since 1970; UNKNOWN_TIME when it is none."""
    found = moments.from_text(text)
    if found is None:
        return int(UNKNOWN_TIME)
    since = found - _EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds
