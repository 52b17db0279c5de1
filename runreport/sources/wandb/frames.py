"""Records of a `.wandb` file: the framing of LevelDB's log, with checksums.

The file begins with seven bytes. Blocks of 32 KiB hold records of a checksum, a length, a kind and
data; a record that does not fit into its block goes on in the next ones. Unlike LevelDB, W&B takes
the plain CRC-32 of kind and data, as zlib has it.
"""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

HEADER = b":W&B\xe1\xbe\x00"
BLOCK = 32_768
CHUNK = 512 * BLOCK
"""Bytes that are held at once."""
MAX_RECORD = 256_000_000
"""Of one record in many pieces."""
PADDING = bytes(2_048)
"""Behind the data, so that looking ahead from the last byte stays inside."""
_FULL, _FIRST, _MIDDLE, _LAST = 1, 2, 3, 4
_HEAD = struct.Struct("<IHB")


@dataclass(frozen=True, slots=True)
class Damage:
    """A part of the file that is not read."""

    offset: int
    length: int
    words: str


@dataclass(frozen=True, eq=False)
class Batch:
    """Records that lie in `data`, in the order of the file."""

    data: bytes
    start: NDArray[np.int64]
    end: NDArray[np.int64]


class Frames:
    """One pass over a file from an offset on."""

    def __init__(self, stream: BinaryIO, start: int = len(HEADER)) -> None:
        self._stream = stream
        self._start = start
        self.damages: list[Damage] = []
        self.end = start
        """Behind the last complete record."""
        self.size = start
        """Of the file, when it was read to its end."""
        self.cut = False
        """Whether the file ends within a record."""
        self._pieces: list[bytes] = []
        """Of a record that goes on in the next block."""
        self._begun = start
        self._held = 0

    def batches(self) -> Iterator[Batch]:
        """The records, many at a time."""
        base = self._start - self._start % BLOCK
        self._stream.seek(base)
        pos = self._start - base
        # what is appended while it is read is for the next time
        limit = os.fstat(self._stream.fileno()).st_size
        while base < limit:
            data = self._stream.read(min(CHUNK, limit - base))
            if not data:
                break
            self.size = base + len(data)
            yield self._records(data, base, pos, self.size >= limit)
            base += len(data)
            pos = 0
        if self._pieces:
            self.cut = True

    def _records(self, data: bytes, base: int, pos: int, is_last: bool) -> Batch:
        starts: list[int] = []
        ends: list[int] = []
        whole: list[bytes] = []
        self._scan(data, base, pos, is_last, starts, ends, whole)
        return Batch(
            b"".join((data, *whole, PADDING)), np.array(starts, np.int64), np.array(ends, np.int64)
        )

    def _scan(
        self,
        data: bytes,
        base: int,
        pos: int,
        is_last: bool,
        starts: list[int],
        ends: list[int],
        whole: list[bytes],
    ) -> None:
        """Find the records of some blocks; those of several pieces go to `whole`, behind them."""
        size = behind = len(data)
        filled = -1
        unpack, crc32 = _HEAD.unpack_from, zlib.crc32
        add_start, add_end = starts.append, ends.append
        while pos < size:
            border = pos - pos % BLOCK + BLOCK
            stop = min(border, size)
            while pos + 7 <= stop:
                checksum, length, kind = unpack(data, pos)
                end = pos + 7 + length
                if end > stop:
                    if is_last and stop < end <= border and 0 < kind <= _LAST:
                        self.cut = True
                        return
                    self._lose(base + pos, base + stop, "a record that is longer than its block")
                    break
                if crc32(data[pos + 6 : end]) != checksum:
                    if filled < 0:
                        filled = len(data.rstrip(b"\0"))
                    if pos >= filled and is_last:
                        # space that was reserved and never written
                        self.cut = True
                        return
                    # the length is not to be trusted either
                    self._lose(base + pos, base + stop, "a checksum that does not fit its record")
                    break
                if kind == _FULL:
                    if self._pieces:
                        self._lose(self._begun, base + pos, "a record without its end")
                    add_start(pos + 7)
                    add_end(end)
                    self.end = base + end
                elif (joined := self._piece(kind, data[pos + 7 : end], base + pos)) is not None:
                    whole.append(joined)
                    add_start(behind)
                    behind += len(joined)
                    add_end(behind)
                    self.end = base + end
                pos = end
            if is_last and stop == size and 0 < stop - pos < 7 <= border - pos:
                self.cut = True
            pos = stop

    def _piece(self, kind: int, data: bytes, offset: int) -> bytes | None:
        """Take a piece of a record; the record when it is complete."""
        if kind == _FIRST:
            if self._pieces:
                self._lose(self._begun, offset, "a record without its end")
            self._pieces, self._begun, self._held = [data], offset, len(data)
            return None
        if not self._pieces or kind not in (_MIDDLE, _LAST):
            # behind a damaged block this is the rest of a record whose loss is told
            if not self.damages:
                self._lose(offset, offset + 7 + len(data), "a piece of a record without its start")
            return None
        self._held += len(data)
        if self._held > MAX_RECORD:
            words = f"a record of more than {MAX_RECORD // 1_000_000:,} MB"
            self._lose(self._begun, offset, words)
            return None
        self._pieces.append(data)
        if kind == _MIDDLE:
            return None
        whole, self._pieces = b"".join(self._pieces), []
        return whole

    def _lose(self, start: int, stop: int, words: str) -> None:
        self._pieces = []
        self.damages.append(Damage(start, stop - start, words))
