"""The events of a session's metrics: each line a JSON list, scalars among plots and samples."""

from __future__ import annotations

import io
import json
import math
from collections.abc import Mapping
from typing import Any, TypeGuard

import numpy as np

from runreport.cleaning import clean_text
from runreport.sources.complaints import Complaints
from runreport.sources.loaded import UNKNOWN_TIME, Points

SINGLE = -(2**31)
"""The iteration under which ClearML logs a single value."""
MACHINE = ":monitor:"
MAX_NAMES = 20_000
_LATEST_MS = 7_000_000_000_000


class Scalars:
    """Takes the lines of a file."""

    def __init__(self, task: str, name: str, told: Complaints, *, system: bool) -> None:
        self.task = task
        self.name = name
        self.told = told
        self.system = system
        self._named: dict[tuple[Any, Any], str | None] = {}
        self._owners: dict[str, tuple[Any, Any]] = {}
        self._held: dict[str, tuple[list[float], list[float], list[int]]] = {}

    def read(self, data: bytes, line: int = 1, start: int = 0) -> tuple[int, int]:
        """Take whole lines.

        Args:
            data: from `start` on.
            line: number of the first line.
            start: offset in the file.

        Returns:
            Offset after the last whole line, and the number of the line that begins there.
        """
        import orjson

        end = data.rfind(b"\n") + 1
        if data[end:].strip():
            # the last line of a session that is over may lack its end
            try:
                orjson.loads(data[end:])
                end, data = len(data), data + b"\n"
            except orjson.JSONDecodeError:
                words = f"its last line has no end ({len(data) - end:,} bytes); it is left out"
                self.told.add("RR372", self.name, words, line=line + data.count(b"\n"))
        for text in io.BytesIO(data[: end + 1] if end == len(data) - 1 else data[:end]):
            if text.strip():
                self._line(text, line)
            line += 1
        return start + end, line

    def points(self) -> dict[str, float | Points]:
        """Every metric, in the order of the file."""
        return {
            name: Points(
                np.array(steps, np.float64), np.array(found, np.float64), np.array(times, np.int64)
            )
            for name, (steps, found, times) in self._held.items()
        }

    def _line(self, text: bytes, line: int) -> None:
        import orjson

        try:
            events = orjson.loads(text)
        except orjson.JSONDecodeError:
            try:
                events = json.loads(text)
            except (ValueError, RecursionError):
                self.told.add("RR373", self.name, "this line is no JSON; it is lost", line=line)
                return
        # early versions wrote one event a line
        for event in events if isinstance(events, list) else [events]:
            if not isinstance(event, Mapping):
                self.told.add("RR373", self.name, "an event that is no object", line=line)
            elif event.get("type") == "training_stats_scalar":
                self._event(event, line)

    def _event(self, event: Mapping[str, Any], line: int) -> None:
        # what belongs to a model is logged under its own id
        if event.get("task", self.task) != self.task:
            return
        step, value, time = event.get("iter", 0), event.get("value"), event.get("timestamp")
        single = step == SINGLE
        try:
            name = self._name((event.get("metric"), event.get("variant")), single=single)
        except TypeError:
            name = ""
        if name is None:
            return
        if isinstance(value, str) and value.lower().lstrip("+-") in ("nan", "inf", "infinity"):
            value = float(value)
        if not name or not _is_number(value) or not _is_number(step):
            self.told.add("RR375", self.name, "a scalar without name, step or number", line=line)
            return
        held = self._held.get(name)
        if held is None:
            if len(self._held) >= MAX_NAMES:
                words = f"the first {MAX_NAMES:,} metrics are read"
                self.told.add("RR374", self.name, words, line=line, kind="names")
                return
            held = self._held[name] = ([], [], [])
        held[0].append(0.0 if single else _float(step))
        held[1].append(_float(value))
        if _is_number(time) and 0 < time < _LATEST_MS:
            held[2].append(int(time * 1000))
        else:
            held[2].append(int(UNKNOWN_TIME))

    def _name(self, pair: tuple[Any, Any], *, single: bool) -> str | None:
        """What a series is called: None when it is not wanted, empty when it has no name."""
        if pair in self._named:
            return self._named[pair]
        title, series = pair
        if not isinstance(title, str) or not isinstance(series, str) or not (title or series):
            return ""
        if title.startswith(MACHINE):
            name = f"system/{title.removeprefix(MACHINE)}/{series}" if self.system else None
        elif (single and title == "Summary") or not title:
            name = series
        else:
            name = title if title == series or not series else f"{title}/{series}"
        if name is not None and self._owners.setdefault(name, pair) != pair:
            words = f"two series are called {clean_text(name)[:80]!r}; their points are together"
            self.told.add("RR376", self.name, words)
        self._named[pair] = name
        return name


def _is_number(value: Any) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _float(value: float) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf
