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
        heads: list[int] = []
        whole: list[bytes] = []
        self._scan(data, base, pos, is_last, heads, whole)
        everything = b"".join((data, *whole, PADDING))
        # records of one piece lie behind their heads, joined ones behind the data, in turn
        head = np.array(heads, np.int64)
        view = np.frombuffer(everything, np.uint8)
        start = head + 7
        end = start + view[head + 4] + view[head + 5].astype(np.int64) * 256
        joined = head < 0
        ends = np.cumsum([len(data), *map(len, whole)])
        start[joined], end[joined] = ends[:-1], ends[1:]
        return Batch(everything, start, end)

    def _scan(
        self,
        data: bytes,
        base: int,
        pos: int,
        is_last: bool,
        heads: list[int],
        whole: list[bytes],
    ) -> None:
        """Find the records of some blocks.

        Args:
            data: the blocks.
            base: where they begin in the file.
            pos: where to begin in them.
            is_last: whether the file ends with them.
            heads: receives the place of each record's head, -1 for those of several pieces.
            whole: receives those.
        """
        size = len(data)
        filled = -1
        while pos < size:
            border = pos - pos % BLOCK + BLOCK
            stop = min(border, size)
            while True:
                if not self._pieces and (behind := _plain(data, pos, stop, heads)) > pos:
                    pos = behind
                    self.end = base + pos
                if pos + 7 > stop:
                    break
                checksum, length, kind = _HEAD.unpack_from(data, pos)
                end = pos + 7 + length
                if end > stop:
                    if is_last and stop < end <= border and 0 < kind <= _LAST:
                        self.cut = True
                        return
                    self._lose(base + pos, base + stop, "a record that is longer than its block")
                    break
                if zlib.crc32(data[pos + 6 : end]) != checksum:
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
                    self._lose(self._begun, base + pos, "a record without its end")
                    continue
                if (joined := self._piece(kind, data[pos + 7 : end], base + pos)) is not None:
                    whole.append(joined)
                    heads.append(-1)
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


def _plain(data: bytes, pos: int, stop: int, heads: list[int]) -> int:
    """Past records of one piece whose checksum fits, from a place in a block on."""
    unpack, crc32, add = _HEAD.unpack_from, zlib.crc32, heads.append
    last = stop - 7
    while pos <= last:
        checksum, length, kind = unpack(data, pos)
        end = pos + 7 + length
        if kind != _FULL or end > stop or crc32(data[pos + 6 : end]) != checksum:
            break
        add(pos)
        pos = end
    return pos
