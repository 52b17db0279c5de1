"""Event files for tests, written from the format's description alone: no code of the product."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

WALL = 1_750_000_000.0
VERSION = b"\x1a\x0dbrain.Event:2"


def _bits(value: int) -> int:
    for _ in range(8):
        value = (value >> 1) ^ (0x82F63B78 if value & 1 else 0)
    return value


_TABLE = [_bits(value) for value in range(256)]


def crc32c(data: bytes) -> int:
    """CRC-32C (Castagnoli), byte by byte."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc = _TABLE[(crc ^ byte) & 0xFF] ^ (crc >> 8)
    return crc ^ 0xFFFFFFFF


def masked(data: bytes) -> bytes:
    """The checksum as TFRecord files hold it."""
    crc = crc32c(data)
    turned = ((crc >> 15) | (crc << 17)) & 0xFFFFFFFF
    return struct.pack("<I", (turned + 0xA282EAD8) & 0xFFFFFFFF)


def record(payload: bytes) -> bytes:
    """A payload in its frame."""
    length = struct.pack("<Q", len(payload))
    return length + masked(length) + payload + masked(payload)


def varint(value: int) -> bytes:
    """A whole number of 64 bits, negative ones as two's complement."""
    value &= (1 << 64) - 1
    found = bytearray()
    while value > 0x7F:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*found, value])


def message(number: int, data: bytes) -> bytes:
    """A field that holds so many bytes."""
    return varint(number << 3 | 2) + varint(len(data)) + data


def whole(number: int, value: int) -> bytes:
    """A field that holds a whole number."""
    return varint(number << 3) + varint(value)


def event(wall: float, step: int, *fields: bytes) -> bytes:
    """An event; a step of 0 is not written."""
    return struct.pack("<Bd", 9, wall) + (whole(2, step) if step else b"") + b"".join(fields)


def summary(*values: bytes) -> bytes:
    """The field of an event that holds values."""
    return message(5, b"".join(message(1, value) for value in values))


def scalar(tag: str, number: float) -> bytes:
    """A value as TensorFlow 1, PyTorch and tensorboardX write it."""
    return message(1, tag.encode()) + struct.pack("<Bf", 0x15, number)


def plugin(name: str, content: bytes = b"") -> bytes:
    """The metadata of a value."""
    data = message(1, name.encode()) + (message(2, content) if content else b"")
    return message(9, message(1, data))


def tensor_value(tag: str, tensor: bytes, metadata: bytes = b"") -> bytes:
    """A value that is a tensor."""
    return message(1, tag.encode()) + message(8, tensor) + metadata


def tensor(kind: int, *fields: bytes, shape: Iterable[int] = ()) -> bytes:
    """A tensor of a type, by TensorFlow's number of it."""
    sizes = b"".join(message(2, whole(1, size)) for size in shape)
    return whole(1, kind) + message(2, sizes) + b"".join(fields)


def float_tensor(number: float) -> bytes:
    """A number as TensorFlow 2 writes it."""
    return tensor(1, message(4, struct.pack("<f", number)))


def text(tag: str, words: str) -> bytes:
    """A text summary."""
    content = tensor(7, message(8, words.encode()), shape=(1,))
    return tensor_value(tag, content, plugin("text"))


def image(tag: str, data: bytes) -> bytes:
    """An image as TensorFlow 1 and PyTorch write it."""
    picture = whole(1, 8) + whole(2, 8) + whole(3, 3) + message(4, data)
    return message(1, tag.encode()) + message(4, picture)


def histogram(tag: str, numbers: list[float]) -> bytes:
    """A histogram as TensorFlow 1 and PyTorch write it."""
    edges = b"".join(struct.pack("<d", number) for number in numbers)
    content = struct.pack("<Bd", 9, min(numbers)) + message(6, edges) + message(7, edges)
    return message(1, tag.encode()) + message(5, content)


def settings(params: dict[str, object], status: int | None = 1) -> list[bytes]:
    """Records of the hparams plugin: a session's start and, unless None, its end."""
    entries = b""
    for name, value in params.items():
        if isinstance(value, bool):
            typed = whole(4, int(value))
        elif isinstance(value, int | float):
            typed = struct.pack("<Bd", 0x11, value)
        else:
            typed = message(3, str(value).encode())
        entries += message(1, message(1, name.encode()) + message(2, typed))
    start = plugin("hparams", message(3, entries))
    parts = [message(1, b"_hparams_/session_start_info") + start]
    if status is not None:
        end = plugin("hparams", message(4, whole(1, status)))
        parts.append(message(1, b"_hparams_/session_end_info") + end)
    return [event(WALL, 0, summary(part)) for part in parts]


@dataclass(frozen=True)
class Log:
    """An event file."""

    folder: Path
    name: str = "events.out.tfevents.1750000000.host.1.0"

    def write(self, payloads: Iterable[bytes], version: bool = True) -> Path:
        """Write the file anew."""
        self.folder.mkdir(parents=True, exist_ok=True)
        first = [event(WALL, 0, VERSION)] if version else []
        path = self.folder / self.name
        path.write_bytes(b"".join(record(payload) for payload in [*first, *payloads]))
        return path

    def append(self, payloads: Iterable[bytes]) -> None:
        """Write more at the end."""
        with (self.folder / self.name).open("ab") as file:
            file.write(b"".join(record(payload) for payload in payloads))


def curve(tag: str, numbers: Iterable[float], start: int = 0) -> list[bytes]:
    """One number after the other, step by step."""
    return [
        event(WALL + step, step, summary(scalar(tag, number)))
        for step, number in enumerate(numbers, start)
    ]
