"""One record's payload, exactly: the event it holds, field by field, with places.

What is read of the message definitions: Event (wall time, step, graph, summary),
Summary.Value (tag, simple value, image, histogram, audio, tensor, metadata) and TensorProto.
The payload may be anything that gives bytes by slice, so that large ones need not be in memory.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol

MOST_FIELDS = 1_000_000
"""Of one message."""
SMALL = 1 << 16
"""Bytes of a value's metadata, and of a name."""

_MESSAGE, _FIXED32, _FIXED64, _VARINT = 2, 5, 1, 0
_SIGNED = 1 << 63
_WRAP = 1 << 64

_FLAT = {1: "<f4", 2: "<f8", 3: "<i4", 4: "<u1", 5: "<i2", 6: "<i1", 9: "<i8", 10: "<u1",
         14: "bf", 17: "<u2", 19: "<f2", 22: "<u4", 23: "<u8"}  # fmt: skip
"""TensorFlow's number of a type to how it is laid out in a tensor's content."""
_SIZES = {form: int(form[2]) for form in _FLAT.values() if form != "bf"} | {"bf": 2}
_CODES = {"<f4": "<f", "<f8": "<d", "<i4": "<i", "<u1": "<B", "<i2": "<h", "<i1": "<b",
          "<i8": "<q", "<u2": "<H", "<f2": "<e", "<u4": "<I", "<u8": "<Q"}  # fmt: skip
_DOUBLE, _FLOAT = struct.Struct("<d"), struct.Struct("<f")
_TYPED = {5: "<f", 6: "<d"}
_STRING = 7


class Payload(Protocol):
    """Bytes by place."""

    def __getitem__(self, place: slice, /) -> bytes: ...


@dataclass(slots=True)
class Value:
    """One value of a summary."""

    tag: str = ""
    number: float | None = None
    """Of a scalar; its plugin decides whether it is one."""
    at: int = -1
    """Where a number of fixed width lies."""
    form: str = ""
    """The numpy type of what lies there."""
    kind: str = ""
    """What else it is: `image`, `histogram`, `audio`, `tensor`, `none`."""
    start: int = 0
    """Where the content lies that is told apart by its digest."""
    end: int = 0
    plugin: str = ""
    """Empty where the record does not name one."""
    content: bytes = b""
    """The plugin's own data."""
    strings: bool = False
    """Whether it is a tensor of texts or encoded files."""


@dataclass(slots=True)
class Event:
    """One event."""

    wall: float = 0.0
    step: int = 0
    values: list[Value] = field(default_factory=list)
    graph: tuple[int, int] | None = None
    """Where a graph lies."""
    wall_at: int = -1
    step_at: int = -1
    step_size: int = 0
    regular: bool = True
    """Whether it is laid out so that records of the same bytes around time, step and numbers can
    be read by place."""


def decode(data: Payload, start: int, end: int) -> Event:
    """The event in a part of `data`; places are those in `data`.

    Raises:
        ValueError: it is no event.
    """
    event = Event()
    for number, wire, value, stop in fields(data, start, end):
        if number == 1 and wire == _FIXED64:
            event.regular &= event.wall_at < 0
            event.wall_at = value
            (event.wall,) = struct.unpack("<d", data[value : value + 8])
        elif number == 2 and wire == _VARINT:
            event.regular &= event.step_at < 0
            event.step = value - _WRAP if value & _SIGNED else value
            event.step_at, event.step_size = stop, _varint(data, stop, end)[1] - stop
        elif number == 5 and wire == _MESSAGE:
            event.regular &= not event.values
            for inner, kind, first, last in fields(data, value, stop):
                if inner == 1 and kind == _MESSAGE:
                    event.values.append(_value(data, first, last))
        elif number == 4 and wire == _MESSAGE:
            event.graph = (value, stop)
    event.regular = (
        event.regular
        and event.wall_at >= 0
        and bool(event.values)
        and event.graph is None
        and all(value.form not in ("", "bf") for value in event.values)
    )
    return event


_QUICK = re.compile(
    rb"\x09.{8}(?:\x10([\x80-\xff]{0,8}[\0-\x7f]))?\x2a([\0-\x7f])\x0a([\0-\x7f])\x0a([\0-\x7f])",
    re.S,
)


def quick(data: bytes, start: int, end: int) -> Event | None:
    """The same for the commonest form: a time, a step, one number under a short name."""
    head = _QUICK.match(data, start, end)
    if head is None:
        return None
    begin = head.end()
    tag_end = begin + data[begin - 1]
    # every length must lead to the end
    if (
        tag_end + 5 != end
        or tag_end == begin
        or data[tag_end] != 0x15
        or data[begin - 3] != end - begin + 2
        or data[begin - 5] != end - begin + 4
    ):
        return None
    step, step_at, step_size = 0, -1, 0
    if head[1] is not None:
        step_at, step_size = head.start(1), len(head[1])
        for shift, byte in enumerate(head[1]):
            step |= (byte & 0x7F) << (7 * shift)
    (wall,) = _DOUBLE.unpack_from(data, start + 1)
    (number,) = _FLOAT.unpack_from(data, tag_end + 1)
    tag = plain_text(data[begin:tag_end])
    value = Value(tag, number, tag_end + 1, "<f4", "number")
    return Event(wall, step, [value], None, start + 1, step_at, step_size)


def plain_text(data: bytes) -> str:
    """Text in UTF-8, what is none of it replaced."""
    return data.decode("utf-8", "replace")


def parts(data: Payload, start: int, end: int, number: int, most: int = 3) -> list[tuple[int, int]]:
    """Where the first fields of a number lie in a message: texts, encoded files, messages.

    Raises:
        ValueError: it is no message.
    """
    found: list[tuple[int, int]] = []
    for field_number, wire, value, stop in fields(data, start, end):
        if field_number == number and wire == _MESSAGE:
            found.append((value, stop))
            if len(found) >= most:
                break
    return found


def _value(data: Payload, start: int, end: int) -> Value:
    value = Value()
    repeated = False
    for number, wire, first, stop in fields(data, start, end):
        if number == 1 and wire == _MESSAGE:
            repeated |= bool(value.tag)
            value.tag = plain_text(data[first : min(stop, first + SMALL)])
        elif number == 2 and wire == _FIXED32:
            repeated |= bool(value.kind)
            (value.number,) = struct.unpack("<f", data[first : first + 4])
            value.kind, value.at, value.form = "number", first, "<f4"
        elif number == 8 and wire == _MESSAGE:
            repeated |= bool(value.kind)
            value.kind, value.start, value.end = "tensor", first, stop
            _tensor(data, first, stop, value)
        elif number in _OTHERS and wire == _MESSAGE:
            repeated |= bool(value.kind)
            value.kind, value.start, value.end = _OTHERS[number], first, stop
            value.number, value.form = None, ""
        elif number == 9 and wire == _MESSAGE:
            _metadata(data, first, stop, value)
    if repeated:
        # the last one counts, and readers by place would have to know which that is
        value.form = ""
    return value


_OTHERS = {3: "histogram", 4: "image", 5: "histogram", 6: "audio"}


def _metadata(data: Payload, start: int, end: int, value: Value) -> None:
    for number, wire, first, stop in fields(data, start, end):
        if number == 1 and wire == _MESSAGE:
            for inner, kind, begin, last in fields(data, first, stop):
                if inner == 1 and kind == _MESSAGE:
                    value.plugin = plain_text(data[begin : min(last, begin + SMALL)])
                elif inner == 2 and kind == _MESSAGE:
                    value.content = data[begin : min(last, begin + (SMALL << 4))]


def _tensor(data: Payload, start: int, end: int, value: Value) -> None:
    """Fill in the number of a tensor that holds one."""
    kind, count = 0, 1
    content: tuple[int, int] | None = None
    listed: tuple[float, int, str] | None = None
    for number, wire, first, stop in fields(data, start, end):
        if number == 1 and wire == _VARINT:
            kind = first
        elif number == 2 and wire == _MESSAGE:
            count *= _elements(data, first, stop)
        elif number == 4 and wire == _MESSAGE:
            content = (first, stop)
        elif number in (5, 6) and listed is None:
            listed = _fixed(data, number, wire, first, stop)
        elif number in (7, 10, 11, 13, 16, 17) and listed is None:
            at = first
            if wire == _MESSAGE:
                if first >= stop:
                    continue
                at, _ = _varint(data, first, stop)
            listed = (_whole(at, number, kind), -1, "")
    value.strings = kind == _STRING
    value.number, value.at, value.form = None, -1, ""
    form = _FLAT.get(kind)
    if form is None or count != 1:
        return
    if content is not None and content[1] > content[0]:
        size = _SIZES[form]
        if content[1] - content[0] == size:
            value.number = _number(data[content[0] : content[1]], form)
            value.at, value.form = content[0], form
    elif listed is not None:
        value.number, value.at, value.form = listed
    else:
        # zeros are not written
        value.number = 0.0


def _fixed(data: Payload, number: int, wire: int, first: int, stop: int) -> Any:
    code = _TYPED[number]
    size = struct.calcsize(code)
    if wire == _MESSAGE:
        if stop - first < size:
            return None
        single = stop - first == size
    else:
        single = wire == (_FIXED32 if size == 4 else _FIXED64)
        if not single:
            return None
    (value,) = struct.unpack(code, data[first : first + size])
    return value, first, f"<f{size}" if single else ""


def _whole(value: int, number: int, kind: int) -> float:
    if number == 13:
        return _number(struct.pack("<H", value & 0xFFFF), "<f2" if kind == 19 else "bf")
    if number == 17:
        return float(value)
    return float(value - _WRAP if value & _SIGNED else value)


def _number(data: bytes, form: str) -> float:
    if form == "bf":
        return float(struct.unpack("<f", b"\0\0" + data)[0])
    return float(struct.unpack(_CODES[form], data)[0])


def _elements(data: Payload, start: int, end: int) -> int:
    """Elements of a shape; 0 where it is not known."""
    count = 1
    for number, wire, first, stop in fields(data, start, end):
        if number == 3 and wire == _VARINT and first:
            return 0
        if number == 2 and wire == _MESSAGE:
            size = 0
            for inner, kind, length, _ in fields(data, first, stop):
                if inner == 1 and kind == _VARINT:
                    size = 0 if length & _SIGNED else length
            count = min(count * size, _WRAP)
    return count


def fields(data: Payload, start: int, end: int) -> Iterator[tuple[int, int, int, int]]:
    """Number, wire type, and value or place of each field of a message.

    Of a varint its value and where it lies; of others where the content begins and ends.

    Raises:
        ValueError: it is no message.
    """
    place = start
    for _ in range(MOST_FIELDS):
        if place >= end:
            return
        key, place = _varint(data, place, end)
        number, wire = key >> 3, key & 7
        if number == 0:
            raise ValueError("a field without a number")
        if wire == _VARINT:
            at = place
            value, place = _varint(data, place, end)
            yield number, wire, value, at
            continue
        if wire == _MESSAGE:
            length, place = _varint(data, place, end)
        elif wire == _FIXED64:
            length = 8
        elif wire == _FIXED32:
            length = 4
        else:
            raise ValueError("a field of an unknown type")
        if length > end - place:
            raise ValueError("a field that is longer than its message")
        yield number, wire, place, place + length
        place += length
    raise ValueError("a message of too many fields")


def _varint(data: Payload, place: int, end: int) -> tuple[int, int]:
    value = 0
    read = data[place : min(end, place + 10)]
    for index, byte in enumerate(read):
        value |= (byte & 0x7F) << (7 * index)
        if byte < 0x80:
            return value & (_WRAP - 1), place + index + 1
    raise ValueError("a number that does not end")
