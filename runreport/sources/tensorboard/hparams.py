"""What the hparams plugin writes: the settings of a session, and how it ended."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from runreport.sources.tensorboard.events import fields, plain_text
from runreport.tables import Status

_STATUSES: Mapping[int, Status] = {1: "finished", 2: "failed", 3: "running"}
_DEEPEST = 20


@dataclass(slots=True)
class Session:
    """Of all that a run's plugin wrote, what it says of the session."""

    params: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    status: Status = "unknown"
    started: float | None = None
    """Seconds since 1970."""
    ended: float | None = None
    found: bool = False
    """Whether there are settings."""


def session(contents: Sequence[bytes]) -> Session:
    """Of the plugin's messages in the order they were written.

    Raises:
        ValueError: one is none.
    """
    found = Session()
    for content in contents:
        for number, wire, first, last in fields(content, 0, len(content)):
            if number == 3 and wire == 2:
                _start(content, first, last, found)
            elif number == 4 and wire == 2:
                _end(content, first, last, found)
    return found


def _start(data: bytes, start: int, end: int, found: Session) -> None:
    found.found = True
    for number, wire, first, last in fields(data, start, end):
        if number == 1 and wire == 2:
            name, value = "", None
            for inner, kind, begin, stop in fields(data, first, last):
                if inner == 1 and kind == 2:
                    name = plain_text(data[begin:stop])
                elif inner == 2 and kind == 2:
                    value = _value(data, begin, stop, 0)
            if name and value is not None:
                found.params[name] = value if isinstance(value, str) else _text(value)
        elif number == 4 and wire == 2 and last > first:
            found.tags["hparams.group"] = plain_text(data[first:last])
        elif number == 5 and wire == 1:
            (found.started,) = struct.unpack("<d", data[first:last])


def _end(data: bytes, start: int, end: int, found: Session) -> None:
    found.status = "unknown"
    for number, wire, first, last in fields(data, start, end):
        if number == 1 and wire == 0:
            found.status = _STATUSES.get(first, "unknown")
        elif number == 2 and wire == 1:
            (found.ended,) = struct.unpack("<d", data[first:last])


def _value(data: bytes, start: int, end: int, depth: int) -> Any:
    """A typed value; numbers are floats, as they are stored."""
    value: Any = None
    if depth > _DEEPEST:
        return "\u2026"
    for number, wire, first, last in fields(data, start, end):
        if number == 2 and wire == 1:
            (value,) = struct.unpack("<d", data[first:last])
        elif number == 3 and wire == 2:
            value = plain_text(data[first:last])
        elif number == 4 and wire == 0:
            value = bool(first)
        elif number == 5 and wire == 2:
            value = {}
            for begin, stop in _messages(data, first, last, 1):
                names = _messages(data, begin, stop, 1)
                items = _messages(data, begin, stop, 2)
                name = plain_text(data[names[0][0] : names[0][1]]) if names else ""
                value[name] = _value(data, *items[0], depth + 1) if items else None
        elif number == 6 and wire == 2:
            value = [
                _value(data, begin, stop, depth + 1)
                for begin, stop in _messages(data, first, last, 1)
            ]
    return value


def _messages(data: bytes, start: int, end: int, number: int) -> list[tuple[int, int]]:
    return [(a, b) for n, wire, a, b in fields(data, start, end) if n == number and wire == 2]


def _text(value: Any) -> str:
    return json.dumps(_whole(value))


def _whole(value: Any) -> Any:
    """The same with whole numbers as such: the plugin stores all of them as float64."""
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return int(value)
    if isinstance(value, Mapping):
        return {key: _whole(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_whole(item) for item in value]
    return value
