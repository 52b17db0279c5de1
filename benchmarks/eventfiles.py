"""Write TensorBoard logs as the usual writers do: one event file a run, checksums and all.

python benchmarks/eventfiles.py out --kind regular --runs 200 --tags 10 --steps 1000
"""

from __future__ import annotations

import argparse
import math
import random
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from runreport.sources.tensorboard import checksums

Kind = Literal["regular", "irregular", "images", "tensors"]
START = 1_750_000_000.0
IMAGE_BYTES = 1_000_000


@dataclass(frozen=True)
class Log:
    """How large a log is, and how its records follow each other."""

    kind: Kind = "regular"
    runs: int = 200
    tags: int = 10
    steps: int = 1_000

    @property
    def name(self) -> str:
        return f"tensorboard-{self.kind}-{self.runs}x{self.tags}x{self.steps}"

    @property
    def points(self) -> int:
        each = {
            "irregular": self.steps + -(-self.steps // 10) + 3 * -(-self.steps // 100),
        }.get(self.kind, self.tags * self.steps)
        return self.runs * each


def ensure(log: Log, folder: Path) -> Path:
    """The log in the folder, written when it is not there yet."""
    path = folder / log.name
    if not path.exists():
        unfinished = path.with_suffix(".part")
        for number in range(log.runs):
            run = unfinished / f"run_{number:04d}"
            run.mkdir(parents=True, exist_ok=True)
            name = f"events.out.tfevents.{int(START) + number}.bench.1.0"
            (run / name).write_bytes(framed(events(log, number)))
        unfinished.rename(path)
    return path


def events(log: Log, number: int) -> Iterator[bytes]:
    """Payloads of the records of one run."""
    rng = random.Random(number)
    wall = START + 3_600 * number
    yield event(wall, 0, b"\x1a\x0dbrain.Event:2")
    tags = [f"train/metric_{i:02d}".encode() for i in range(log.tags)]
    rare = [b"val/accuracy", b"val/loss", b"test/accuracy", b"test/loss"]
    for step in range(log.steps):
        progress = 1.0 - math.exp(-5.0 * (step + 1) / log.steps)
        wall += 0.9 + 0.2 * rng.random()
        if log.kind == "irregular":
            now = tags[:1]
            now += rare[:1] if step % 10 == 0 else []
            now += rare[1:] if step % 100 == 0 else []
        else:
            now = tags
        for place, tag in enumerate(now):
            number_now = (place + 1) * progress + rng.gauss(0.0, 0.02)
            make = tensor if log.kind == "tensors" else scalar
            yield event(wall + place * 1e-4, step, make(tag, number_now))
        if log.kind == "images" and step % 10 == 0:
            picture = b"\x89PNG\r\n\x1a\n" + rng.randbytes(IMAGE_BYTES)
            image = b"\x08\x40\x10\x40\x18\x03" + field(0x22, picture)
            yield event(
                wall, step, field(0x2A, field(0x0A, field(0x0A, b"sample") + field(0x22, image)))
            )


def event(wall: float, step: int, rest: bytes) -> bytes:
    """An event: its time, its step unless that is 0, and what it holds."""
    return struct.pack("<Bd", 9, wall) + (b"\x10" + varint(step) if step else b"") + rest


def scalar(tag: bytes, value: float) -> bytes:
    """A summary with one number, as TensorFlow 1 and PyTorch write it."""
    return field(0x2A, field(0x0A, field(0x0A, tag) + struct.pack("<Bf", 0x15, value)))


def tensor(tag: bytes, value: float) -> bytes:
    """A summary with one number in a tensor, as TensorFlow 2 writes it."""
    inner = b"\x08\x01\x12\x00" + field(0x22, struct.pack("<f", value))
    metadata = field(0x4A, field(0x0A, field(0x0A, b"scalars")))
    return field(0x2A, field(0x0A, field(0x0A, tag) + field(0x42, inner) + metadata))


def field(key: int, data: bytes) -> bytes:
    """A field of so many bytes."""
    return bytes([key]) + varint(len(data)) + data


def varint(value: int) -> bytes:
    """A whole number, seven bits a byte."""
    found = bytearray()
    while value > 0x7F:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    found.append(value)
    return bytes(found)


def framed(payloads: Iterable[bytes]) -> bytes:
    """Records with lengths and checksums."""
    parts: list[bytes] = []
    small: list[bytes] = []
    for payload in payloads:
        if len(payload) <= checksums.LONGEST:
            small.append(payload)
            continue
        parts += [_small(small), _frame(payload, checksums.long_message(payload))]
        small = []
    return b"".join([*parts, _small(small)])


def _small(payloads: list[bytes]) -> bytes:
    if not payloads:
        return b""
    lengths = np.array([len(payload) for payload in payloads], np.int64)
    starts = np.cumsum(lengths) - lengths
    data = np.frombuffer(b"".join(payloads), np.uint8)
    sums = checksums.mask(checksums.many(data, starts, lengths)).tolist()
    return b"".join(map(_frame, payloads, sums))


def _frame(payload: bytes, checksum: int) -> bytes:
    length = struct.pack("<Q", len(payload))
    head = length + struct.pack("<I", checksums.masked(length))
    return head + payload + struct.pack("<I", checksum)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--kind", default="regular")
    for name, default in (("runs", 200), ("tags", 10), ("steps", 1000)):
        parser.add_argument(f"--{name}", type=int, default=default)
    args = parser.parse_args()
    print(ensure(Log(args.kind, args.runs, args.tags, args.steps), args.folder))


if __name__ == "__main__":
    main()
