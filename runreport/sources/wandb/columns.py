"""The history of a run as columns: numbers by name, at the steps and times of their records."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from runreport.cleaning import clean_text
from runreport.sources.loaded import UNKNOWN_TIME, Floats, Points
from runreport.sources.wandb.items import Ints, codes_of, items_of, path_of, step_of
from runreport.sources.wandb.wire import Malformed

STEP, TIME, RUNTIME = "_step", "_timestamp", "_runtime"
INTERNAL = "_wandb"
MAX_NAMES = 20_000
"""Of metrics of one run."""
MAX_MEDIA = 20_000
MAX_DEPTH = 20
_LATEST_S = 7_258_118_400.0
"""The year 2200."""
_TOKENS = {b"NaN": math.nan, b"Infinity": math.inf, b"-Infinity": -math.inf}
_NUMBERS = frozenset({int, float})
_MEDIA_FIELDS = frozenset(
    {"_type", "path", "sha256", "size", "filenames", "format", "nrows", "ncols"}
)


@dataclass(frozen=True, eq=False)
class Media:
    """A value of the history that is no number: an image, a table, a histogram."""

    name: str
    facts: Mapping[str, Any]
    """As logged: `_type`, `path`, `sha256`, `size`."""
    step: float


@dataclass(eq=False)
class Columns:
    """Grows by history records; holds what is asked of them all."""

    rows: int = 0
    broken: int = 0
    """Records that are no messages from some byte on."""
    crowded: bool = False
    """Whether there are more names than are kept."""
    words: set[str] = field(default_factory=set)
    """Names of values that are texts, bools or lists."""
    unread: set[str] = field(default_factory=set)
    """Names of values that are no JSON."""
    media: dict[tuple[str, int], dict[str, Any]] = field(default_factory=dict)
    """By name and row."""
    prefixes: set[str] = field(default_factory=set)
    """Names of media, with a `.` behind: what begins so is a field of one."""
    last_runtime: float | None = None
    guessed: bool = False
    """Whether a record had no step, so that it counts as the next one."""
    _parts: dict[str, list[tuple[Ints, Floats]]] = field(default_factory=dict)
    _steps: list[Floats] = field(default_factory=list)
    _times: list[NDArray[np.int64]] = field(default_factory=list)
    _paths: dict[bytes, tuple[str, ...]] = field(default_factory=dict)

    def add(self, data: bytes, start: Ints, end: Ints) -> None:
        """Take history records, in the order of the file.

        Args:
            data: with padding behind the last record.
            start: where each record begins in the data.
            end: where each ends.
        """
        if not start.size:
            return
        items = items_of(data, start, end)
        self.broken += items.broken
        keys, codes = codes_of(items)
        order = np.argsort(codes, kind="stable")
        borders = np.searchsorted(codes[order], np.arange(len(keys) + 1)).tolist()
        chunk = _Chunk(start.size)
        for code, key in enumerate(keys):
            mine = order[borders[code] : borders[code + 1]]
            try:
                path = self._path(key)
            except Malformed:
                self.broken += mine.size
                continue
            spans = zip(items.value[mine].tolist(), items.value_end[mine].tolist(), strict=True)
            self._column(path, items.record[mine], [data[a:b] for a, b in spans], chunk)
        for row, path, text in items.odd:
            self._column(path, np.array([row], np.int64), [text], chunk)
        self._close(chunk, lambda row: step_of(data[start[row] : end[row]]))

    def add_row(self, values: Mapping[str, Any]) -> None:
        """Take one row of values that are read already, as `wandb-history.jsonl` has them."""
        chunk = _Chunk(1)
        where = np.zeros(1, np.int64)
        for name, value in values.items():
            self._values((name,), where, [value], chunk)
        self._close(chunk, lambda _row: None)

    def names(self) -> list[str]:
        """The metrics that have points."""
        return [
            name
            for name in self._parts
            if name not in (STEP, TIME, RUNTIME) and not self.is_inside_media(name)
        ]

    def is_inside_media(self, name: str) -> bool:
        """Whether a name is that of a field of an image, a table or the like."""
        parts = name.split(".")
        return any(".".join(parts[:i]) + "." in self.prefixes for i in range(1, len(parts)))

    def points(self, declared: Mapping[str, str]) -> tuple[dict[str, Points], dict[str, str]]:
        """The points of every metric.

        Args:
            declared: metric to the metric that counts its steps.

        Returns:
            The points, and by metric whose values are its steps: of a declared one where every
            point has a finite one in its record, of `_step` otherwise.
        """
        steps = _joined(self._steps, np.float64)
        times = _joined(self._times, np.int64)
        by_name: dict[str, Floats] = {}
        found: dict[str, Points] = {}
        used: dict[str, str] = {}
        for name in self.names():
            rows, values = self._series(name)
            step = steps[rows]
            used[name] = STEP
            counter = declared.get(name)
            if counter is not None and counter not in (name, STEP) and counter in self._parts:
                if counter not in by_name:
                    by_name[counter] = self._spread(counter)
                own = by_name[counter][rows]
                if bool(np.isfinite(own).all()):
                    step, used[name] = own, counter
            found[name] = Points(step, values, times[rows])
        return found, used

    def shown_media(self) -> Iterator[Media]:
        """Values that are no numbers, in the order they were logged."""
        steps = _joined(self._steps, np.float64)
        for (name, row), facts in self.media.items():
            yield Media(name, facts, float(steps[row]))

    def _path(self, key: bytes) -> tuple[str, ...]:
        path = self._paths.get(key)
        if path is None:
            path = path_of(key)
            if len(self._paths) < MAX_NAMES:
                self._paths[key] = path
        return path

    def _column(self, path: tuple[str, ...], rows: Ints, texts: list[bytes], chunk: _Chunk) -> None:
        """Take the values of one key."""
        try:
            values = orjson.loads(b"[%s]" % b",".join(texts))
            if len(values) != len(texts):
                raise ValueError
        except ValueError:
            values = [self._value(path, text) for text in texts]
        self._values(path, rows, values, chunk)

    def _value(self, path: tuple[str, ...], text: bytes) -> Any:
        """One value that is not JSON as orjson takes it: NaN and infinities are."""
        if (number := _TOKENS.get(text)) is not None:
            return number
        try:
            return orjson.loads(text)
        except ValueError:
            pass
        try:
            return json.loads(text)
        except (ValueError, RecursionError):
            self._note(self.unread, path)
            return None

    def _values(self, path: tuple[str, ...], rows: Ints, values: list[Any], chunk: _Chunk) -> None:
        kinds = set(map(type, values))
        name = ".".join(path)
        if not kinds <= _NUMBERS:
            if path[-1] == "_type" and len(path) > 1:
                self.prefixes.add(".".join(path[:-1]) + ".")
            places = [i for i, value in enumerate(values) if type(value) in _NUMBERS]
            for row, value in zip(rows.tolist(), values, strict=True):
                if type(value) is dict:
                    self._object(path, row, value, chunk, 0)
                elif type(value) not in _NUMBERS and value is not None:
                    chunk.words.append((path, row, value))
            rows, values = rows[places], [values[i] for i in places]
        if not values:
            return
        try:
            numbers = np.array(values, np.float64)
        except OverflowError:
            numbers = np.array([_float(value) for value in values], np.float64)
        if name == STEP and len(path) == 1:
            chunk.steps[rows] = numbers
        elif name == TIME and len(path) == 1:
            chunk.times[rows] = numbers
        elif name == RUNTIME and len(path) == 1:
            self.last_runtime = float(numbers[-1])
        elif path[0] != INTERNAL:
            chunk.numbers.append((path, rows, numbers))

    def _object(
        self, path: tuple[str, ...], row: int, value: dict[str, Any], chunk: _Chunk, depth: int
    ) -> None:
        """An object as one value: a medium, or nested values."""
        if isinstance(value.get("_type"), str):
            self.prefixes.add(".".join(path) + ".")
            self._medium(".".join(path), self.rows + row, value)
            return
        if depth >= MAX_DEPTH:
            self._note(self.unread, path)
            return
        where = np.array([row], np.int64)
        for key, item in value.items():
            if type(item) is dict:
                self._object((*path, key), row, item, chunk, depth + 1)
            else:
                self._values((*path, key), where, [item], chunk)

    def _close(self, chunk: _Chunk, step_of_row: Callable[[int], float | None]) -> None:
        """Put a chunk's values to those before."""
        before = float(self._steps[-1][-1]) if self._steps else -1.0
        for row in np.flatnonzero(~np.isfinite(chunk.steps)).tolist():
            told = step_of_row(row)
            if told is None:
                self.guessed = True
                told = (chunk.steps[row - 1] if row else before) + 1
            chunk.steps[row] = told
        good = (chunk.times > 0) & (chunk.times < _LATEST_S)
        times = np.full(chunk.times.size, UNKNOWN_TIME)
        times[good] = np.rint(chunk.times[good] * 1e6).astype(np.int64)
        for path, rows, numbers in chunk.numbers:
            self._put(path, rows, numbers)
        for path, row, value in chunk.words:
            self._word(path, row, value)
        self._steps.append(chunk.steps)
        self._times.append(times)
        self.rows += chunk.steps.size

    def _put(self, path: tuple[str, ...], rows: Ints, numbers: Floats) -> None:
        name = ".".join(path)
        if len(path) > 1 and self.is_inside_media(name):
            prefix = next(
                p for i in range(1, len(path)) if (p := ".".join(path[:i]) + ".") in self.prefixes
            )
            leaf = name[len(prefix) :]
            if leaf in _MEDIA_FIELDS:
                for row, number in zip(rows.tolist(), numbers.tolist(), strict=True):
                    self._medium(prefix[:-1], self.rows + row, {leaf: number})
            return
        parts = self._parts.get(name)
        if parts is None:
            if len(self._parts) >= MAX_NAMES:
                self.crowded = True
                return
            parts = self._parts[name] = []
        parts.append((rows + self.rows, numbers))

    def _word(self, path: tuple[str, ...], row: int, value: Any) -> None:
        for i in range(1, len(path)):
            prefix = ".".join(path[:i]) + "."
            if prefix in self.prefixes:
                leaf = ".".join(path[i:])
                if leaf in _MEDIA_FIELDS:
                    self._medium(prefix[:-1], self.rows + row, {leaf: value})
                return
        if path[0] != INTERNAL:
            self._note(self.words, path)

    def _medium(self, name: str, row: int, facts: Mapping[str, Any]) -> None:
        kept = {key: facts[key] for key in facts if key in _MEDIA_FIELDS}
        known = self.media.get((name, row))
        if known is not None:
            known.update(kept)
        elif len(self.media) < MAX_MEDIA:
            self.media[name, row] = kept

    def _note(self, names: set[str], path: tuple[str, ...]) -> None:
        if len(names) < MAX_NAMES:
            names.add(clean_text(".".join(path)))

    def _series(self, name: str) -> tuple[Ints, Floats]:
        """Rows and values of a metric, in the order of the rows."""
        parts = self._parts[name]
        if len(parts) == 1:
            return parts[0]
        rows = np.concatenate([rows for rows, _ in parts])
        values = np.concatenate([values for _, values in parts])
        if bool((rows[1:] < rows[:-1]).any()):
            order = np.argsort(rows, kind="stable")
            rows, values = rows[order], values[order]
        self._parts[name] = [(rows, values)]
        return rows, values

    def _spread(self, name: str) -> Floats:
        """The values of a metric by row; NaN where it has none."""
        found = np.full(self.rows, np.nan)
        rows, values = self._series(name)
        found[rows] = values
        return found


class _Chunk:
    """Values of the records that are taken together."""

    def __init__(self, rows: int) -> None:
        self.steps: Floats = np.full(rows, np.nan)
        self.times: Floats = np.full(rows, np.nan)
        self.numbers: list[tuple[tuple[str, ...], Ints, Floats]] = []
        self.words: list[tuple[tuple[str, ...], int, Any]] = []


def _joined(parts: list[NDArray[Any]], kind: type) -> NDArray[Any]:
    """Arrays as one; kept as one."""
    if not parts:
        return np.zeros(0, kind)
    if len(parts) > 1:
        parts[:] = [np.concatenate(parts)]
    return parts[0]


def _float(value: float) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf
