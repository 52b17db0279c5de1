"""Protocol buffer messages, field by field, without a schema."""

from __future__ import annotations

from collections.abc import Iterator

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
_LONGEST = 10
"""Bytes of a varint."""

Value = int | bytes


class Malformed(ValueError):  # noqa: N818  # it names the data, not a fault of the program
    """Bytes that are no message."""


def fields(data: bytes, pos: int = 0) -> Iterator[tuple[int, Value]]:
    """Number and value of each field; fixed-size values come as their bytes.

    Raises:
        Malformed: where the bytes stop being a message.
    """
    end = len(data)
    while pos < end:
        tag, pos = varint(data, pos)
        number, kind = tag >> 3, tag & 7
        if kind == BYTES:
            length, pos = varint(data, pos)
            stop = pos + length
            if stop > end:
                raise Malformed(f"a field of {length:,} bytes where {end - pos:,} are left")
            yield number, data[pos:stop]
            pos = stop
        elif kind == VARINT:
            value, pos = varint(data, pos)
            yield number, value
        elif kind in (FIXED64, FIXED32):
            stop = pos + (8 if kind == FIXED64 else 4)
            if stop > end:
                raise Malformed("a number is cut off")
            yield number, data[pos:stop]
            pos = stop
        else:
            raise Malformed(f"a field of the unknown kind {kind}")


def varint(data: bytes, pos: int) -> tuple[int, int]:
    """A number of variable length, and where it ends.

    Raises:
        Malformed: it does not end.
    """
    value = shift = 0
    for place in range(pos, min(len(data), pos + _LONGEST)):
        byte = data[place]
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, place + 1
        shift += 7
    raise Malformed("a number does not end")


def text(value: Value | None) -> str:
    """A string field; empty when it is not there."""
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else ""


def signed(value: Value | None) -> int:
    """An integer field, negative ones as they were meant; 0 when it is not there."""
    if not isinstance(value, int):
        return 0
    value &= (1 << 64) - 1
    return value - (1 << 64) if value >= 1 << 63 else value


def last(data: bytes) -> dict[int, Value]:
    """The last value of each field.

    Raises:
        Malformed: the bytes are no message.
    """
    return dict(fields(data))


def every(data: bytes, wanted: int) -> list[bytes]:
    """The values of a repeated field of bytes.

    Raises:
        Malformed: the bytes are no message.
    """
    return [v for number, v in fields(data) if number == wanted and isinstance(v, bytes)]
