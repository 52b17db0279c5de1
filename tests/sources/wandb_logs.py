"""W&B logs written record by record, as its SDK writes them."""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

BLOCK = 32_768
HISTORY, SUMMARY, CONFIG, FILES, ARTIFACT, METRIC, RUN, EXIT, USED, ENVIRONMENT = (
    2, 3, 5, 6, 8, 12, 17, 18, 25, 26,
)  # fmt: skip
START = 1_750_000_000


def varint(value: int) -> bytes:
    found = bytearray()
    while value >= 0x80:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    found.append(value)
    return bytes(found)


def message(number: int, body: bytes) -> bytes:
    return varint(number << 3 | 2) + varint(len(body)) + body


def text(number: int, words: str) -> bytes:
    return message(number, words.encode())


def whole(number: int, value: int) -> bytes:
    return varint(number << 3) + varint(value)


def record(number: int, kind: int, body: bytes) -> bytes:
    return (whole(1, number) if number else b"") + message(kind, body)


def item(path: tuple[str, ...], value: Any, key: int = 2, is_json: bool = False) -> bytes:
    """An item of a history, a summary or a config."""
    told = value if is_json else json.dumps(value)
    return message(1, b"".join(text(key, part) for part in path) + text(16, told))


def history(number: int, step: int | None, values: Mapping[str, Any]) -> bytes:
    """A row of the history at a step, half a second after the one before."""
    items = [item((name,), value) for name, value in values.items()]
    if step is not None:
        items += [item(("_step",), step), item(("_timestamp",), START + step / 2)]
        items.append(item(("_runtime",), step / 2))
    return record(number, HISTORY, b"".join(items))


def summary(number: int, values: Mapping[str, Any]) -> bytes:
    return record(number, SUMMARY, b"".join(item((k,), v, 1) for k, v in values.items()))


def run(
    number: int = 1,
    name: str = "abc",
    config: Mapping[str, Any] | None = None,
    project: str = "",
    more: bytes = b"",
) -> bytes:
    """The record of a run; `more` are fields of it as they are."""
    items = b"".join(item((key,), value, 1) for key, value in (config or {}).items())
    body = text(1, name) + (text(3, project) if project else b"") + message(4, items)
    return record(number, RUN, body + message(17, whole(1, START)) + more)


def exit_with(code: int, seconds: int = 9, number: int = 99) -> bytes:
    return record(number, EXIT, (whole(1, code) if code else b"") + whole(2, seconds))


def framed(bodies: Iterable[bytes]) -> bytes:
    """Records in blocks, as LevelDB's log has them, with the CRC-32 of zlib."""
    found = bytearray(b":W&B\xe1\xbe\x00")
    for body in bodies:
        left, is_first = body, True
        while True:
            room = BLOCK - len(found) % BLOCK
            if room < 7:
                found += bytes(room)
                continue
            part, left = left[: room - 7], left[room - 7 :]
            kind = (1 if is_first else 4) if not left else (2 if is_first else 3)
            found += struct.pack("<IHB", zlib.crc32(bytes([kind]) + part), len(part), kind) + part
            is_first = False
            if not left:
                break
    return bytes(found)


def folder(
    place: Path, bodies: Iterable[bytes], name: str = "abc", stamp: str = "20250615_100000"
) -> Path:
    """An offline run's folder with its log."""
    path = place / f"offline-run-{stamp}-{name}"
    (path / "files").mkdir(parents=True, exist_ok=True)
    (path / f"run-{name}.wandb").write_bytes(framed(bodies))
    return path
