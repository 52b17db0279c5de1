"""Rows that were logged one after the other, as points."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from runreport.sources.loaded import UNKNOWN_TIME, Floats, Points

MAX_COLUMNS = 20_000
MAX_SECONDS = 9.0e9
"""Since 1970: what a time may be."""


@dataclass(eq=False)
class Columns:
    """Values by name, each with the numbers of the rows that have one."""

    rows: int = 0
    values: dict[str, tuple[NDArray[np.int64], Floats]] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    """The last text of columns that are not numbers."""

    def points(
        self, step: str | None, time: str | None = None, leave: Collection[str] = ()
    ) -> dict[str, Points]:
        """The points of every column that is no step and no time, at its own rows.

        Args:
            step: name of the column of steps; without one rows count from 0.
            time: name of a column of seconds since 1970.
            leave: columns that are no metrics.
        """
        steps = self._spread(step)
        if steps is None:
            steps = np.arange(self.rows, dtype=np.float64)
        times = self._times(time)
        found: dict[str, Points] = {}
        for name, (rows, values) in self.values.items():
            if name in leave or name in (step, time):
                continue
            kept = np.isfinite(steps[rows])
            if not kept.all():
                rows, values = rows[kept], values[kept]
            if values.size:
                at = None if times is None else times[rows]
                found[name] = Points(steps[rows], values, at)
        return found

    def unplaced(self, step: str | None) -> int:
        """Rows without a step."""
        steps = self._spread(step)
        return 0 if steps is None else int((~np.isfinite(steps)).sum())

    def last(self, name: str) -> float | None:
        """The last number of a column."""
        found = self.values.get(name)
        return None if found is None or not found[1].size else float(found[1][-1])

    def first(self, name: str) -> float | None:
        """The first number of a column."""
        found = self.values.get(name)
        return None if found is None or not found[1].size else float(found[1][0])

    def _spread(self, name: str | None) -> Floats | None:
        if name is None:
            return None
        spread = np.full(self.rows, np.nan)
        if name in self.values:
            rows, values = self.values[name]
            spread[rows] = values
        return spread

    def _times(self, name: str | None) -> NDArray[np.int64] | None:
        seconds = self._spread(name)
        if seconds is None:
            return None
        known = np.isfinite(seconds) & (np.abs(seconds) < MAX_SECONDS)
        times = np.full(self.rows, UNKNOWN_TIME, np.int64)
        times[known] = np.round(seconds[known] * 1e6).astype(np.int64)
        return times


@dataclass(eq=False)
class RowCollector:
    """Takes objects one after the other."""

    joined_by: str = "."
    """Between the keys of nested objects."""
    rows: int = 0
    unread: set[str] = field(default_factory=set)
    """Names whose values were lists, or other than numbers and texts."""
    texts: dict[str, str] = field(default_factory=dict)
    _rows: dict[str, list[int]] = field(default_factory=dict)
    _values: dict[str, list[float]] = field(default_factory=dict)

    def add(self, row: Mapping[str, Any], leave: Collection[str] = ()) -> None:
        """Take a row, without some of its top keys."""
        for key, value in row.items():
            if key not in leave:
                self._add(str(key), value, 0)
        self.rows += 1

    def columns(self) -> Columns:
        """Everything taken."""
        values = {
            name: (np.array(self._rows[name], np.int64), np.array(found, np.float64))
            for name, found in self._values.items()
        }
        return Columns(self.rows, values, self.texts)

    def _add(self, name: str, value: Any, depth: int) -> None:
        kind = type(value)
        if kind is float or kind is int:
            self._put(name, value)
        elif value is None:
            return
        elif isinstance(value, Mapping):
            if depth > 20:
                self.unread.add(name[:80])
                return
            for key, item in value.items():
                self._add(f"{name}{self.joined_by}{key}", item, depth + 1)
        elif kind is str:
            self.texts[name] = value
        elif isinstance(value, bool):
            self.texts[name] = "true" if value else "false"
        elif isinstance(value, str):
            # a number of a strict parser, as it was written
            self._put(name, value)
        else:
            self.unread.add(name[:80])

    def _put(self, name: str, value: Any) -> None:
        try:
            number = float(value)
        except (ValueError, OverflowError):
            self.unread.add(name[:80])
            return
        found = self._values.get(name)
        if found is None:
            if len(self._values) >= MAX_COLUMNS:
                self.unread.add(name[:80])
                return
            found = self._values[name] = []
            self._rows[name] = []
        found.append(number)
        self._rows[name].append(self.rows)


def step_of(names: Iterable[str], known: Sequence[str]) -> str | None:
    """The column of steps: the first of the known names that is there, in any case."""
    by_case: dict[str, str] = {}
    for name in names:
        by_case.setdefault(name.lower(), name)
    return next((by_case[word] for word in known if word in by_case), None)
