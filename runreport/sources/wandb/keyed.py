"""Nested values that are set and removed item by item: a run's config and summary."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from runreport.sources.texts import MAX_DEPTH, Parser, Written
from runreport.sources.wandb.items import Ints, codes_of, items_of, path_of
from runreport.sources.wandb.wire import Malformed, fields, text

MAX_ITEMS = 200_000
"""Of one document of items."""

Path = tuple[str, ...]


@dataclass(eq=False)
class Keyed:
    """A tree of values, and what of it could not be read."""

    values: dict[str, Any] = field(default_factory=dict)
    unread: list[str] = field(default_factory=list)
    """Keys whose value is no JSON."""
    removed: bool = False
    """Whether anything was taken out."""
    _parser: Parser = field(default_factory=Parser)

    def apply(self, message: bytes) -> None:
        """Carry out the updates, then the removals, of a record of config or summary.

        Raises:
            Malformed: the bytes are no message.
        """
        removed: list[bytes] = []
        for number, item in fields(message):
            if number == 1 and isinstance(item, bytes):
                self._update(item)
            elif number == 2 and isinstance(item, bytes):
                removed.append(item)
        for item in removed:
            path, _ = path_and_value(item)
            self.remove(path)

    def apply_all(self, data: bytes, start: Ints, end: Ints) -> int:
        """Carry out many records; of each key the last value is read.

        Args:
            data: with padding behind the last record.
            start: where each record begins in the data.
            end: where each ends.

        Returns:
            How many records are no messages from some byte on.
        """
        items = items_of(data, start, end, step_last=False)
        if items.others or items.odd or items.broken:
            return sum(self._try(data[a:b]) for a, b in zip(start, end, strict=True))
        keys, codes = codes_of(items)
        latest = np.zeros(len(keys), np.int64)
        latest[codes] = np.arange(codes.size)
        for code in np.argsort(latest).tolist():
            place = latest[code]
            value = data[items.value[place] : items.value_end[place]]
            try:
                self._put(path_of(keys[code]), value)
            except Malformed:
                return 1
        return 0

    def _try(self, message: bytes) -> bool:
        """Carry out a record; whether that failed."""
        try:
            self.apply(message)
        except Malformed:
            return True
        return False

    def set(self, path: Path, value: Any) -> None:
        """Put a value; what is in its way is replaced."""
        here = self.values
        for part in path[:-1]:
            inner = here.get(part)
            if not isinstance(inner, dict):
                inner = here[part] = {}
            here = inner
        here[path[-1]] = value

    def remove(self, path: Path) -> None:
        """Take a value out, if it is there."""
        self.removed = True
        here: Any = self.values
        for part in path[:-1]:
            here = here.get(part) if isinstance(here, dict) else None
        if isinstance(here, dict) and path:
            here.pop(path[-1], None)

    def _update(self, item: bytes) -> None:
        self._put(*path_and_value(item))

    def _put(self, path: Path, data: bytes) -> None:
        if not path or len(path) > MAX_DEPTH:
            return
        try:
            self.set(path, _own(self._parser.parse(data.decode("utf-8"))))
        except ValueError:
            if len(self.unread) < MAX_ITEMS:
                self.unread.append(".".join(path))


def path_and_value(item: bytes) -> tuple[Path, bytes]:
    """The key of an item, as its parts, and its JSON.

    Raises:
        Malformed: the bytes are no message.
    """
    path: list[str] = []
    value = b""
    for number, part in fields(item):
        if number in (1, 2):
            path.append(text(part))
        elif number == 16 and isinstance(part, bytes):
            value = part
    return tuple(path), value


def leaves(values: Mapping[str, Any], before: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Every value that is no object, with its path; media are one value each."""
    waiting: list[tuple[Path, Any]] = [((*before, key), value) for key, value in values.items()]
    waiting.reverse()
    while waiting:
        path, value = waiting.pop()
        if isinstance(value, Mapping) and "_type" not in value and len(path) < MAX_DEPTH:
            inner = [((*path, key), item) for key, item in value.items()]
            waiting += reversed(inner)
        else:
            yield path, value


def as_number(value: Any) -> float | None:
    """A number as it was written; None for whatever else."""
    if not isinstance(value, Written):
        return None
    try:
        return float(value)
    except ValueError:
        return None


def _own(value: Any) -> Any:
    """A value whose objects may be changed: a parser gives the same one for every empty object."""
    if isinstance(value, Mapping):
        return {key: _own(item) for key, item in value.items()}
    return value
