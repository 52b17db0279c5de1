"""An event file, read in parts: frames, their checksums, what is damaged, what is skipped.

A frame is a length of eight bytes, its checksum, the payload, its checksum. Parts of the file in
which the same records follow each other again and again are read a block at a time, others record
by record. Frames over `LARGE` bytes (images) are not read but for the fields around the content.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from runreport.sources.tensorboard import checksums
from runreport.sources.tensorboard.events import decode, quick
from runreport.sources.tensorboard.gathered import Gathered, Ints
from runreport.sources.tensorboard.periods import period
from runreport.sources.tensorboard.regular import (
    FRAME,
    HEADER,
    Block,
    Known,
    Places,
    Rest,
    read_loose,
)

LARGE = 1 << 16
"""Bytes of a payload that is skipped over."""
LARGEST = 1 << 26
"""Bytes of a payload whose numbers are read."""
SEARCHED = 1 << 26
"""Bytes that are looked through for the next record after damaged ones, in one file."""
_WINDOWS = (1 << 20, 1 << 22)
_AFTER_LARGE = 1 << 15
_WALK = 64
_STRETCH = 1 << 16
_ZEROS = b"\0" * 4
_NOT_ZERO = re.compile(rb"[^\0]")

Complain = Callable[[str, str, int], None]
"""Takes a code, words, and the place in the file."""


@dataclass(eq=False)
class EventFile:
    """One open file, read from some place to its end."""

    descriptor: int
    size: int
    into: Gathered
    complain: Complain
    known: Known = field(default_factory=Known)
    damaged: bool = False
    """Whether something was lost that a later build may want to look at again."""

    def __post_init__(self) -> None:
        self._searched = 0
        self._tried = -1

    def read(self, place: int) -> int:
        """Read everything from a place on; where the last whole record ends."""
        # widening a NaN of any form is no reason for a warning
        with np.errstate(invalid="ignore"):
            return self._read(place)

    def _read(self, place: int) -> int:
        window = _WINDOWS[0]
        self.known.prepare()
        while place < self.size:
            data = os.pread(self.descriptor, min(window, self.size - place), place)
            if not data:
                break
            taken, why = self._window(data, place)
            place += taken
            window = _WINDOWS[1]
            if why == "damage":
                place = self._search(place)
            elif place < self.size:
                needed = self._needed(place)
                if needed is None:
                    lost = self.size - place
                    message = f"the file ends within a record; its last {lost:,} bytes are not read"
                    self.complain("RR372", message, place)
                    break
                if why == "large":
                    self._large(place, needed - FRAME)
                    place += needed
                    window = _AFTER_LARGE
                else:
                    window = max(window, needed)
        return place

    # ---- frames ----------------------------------------------------------------------------------

    def _window(self, data: bytes, base: int) -> tuple[int, str]:
        """Read the records in a part of the file; how many bytes, and what stopped it."""
        rest = Rest([], [])
        loose: Places = []
        bulk: list[tuple[Ints, Ints]] = []
        why: str | Block = ""
        place, self._tried = 0, -1
        most = _WALK
        many = len(data) > _AFTER_LARGE
        while not why:
            records, after, why = self._walk(data, place, most)
            if why == "damage" and (next_one := self._next(data, base, after + 1)) is not None:
                self._lost(base + after, next_one - after, "a damaged part")
                loose += records
                place, why = next_one, ""
            elif isinstance(why, Block):
                loose += records
                count = why.read(self.into, data, after, base, rest)
                place, self._tried = after + count * why.size, after
                most, why = _WALK, ""
            elif not why and self.known.hopeful and (found := period(data, records, many)):
                first, size = found
                loose += records[:first]
                block = Block(data, records[first : first + size])
                self.known.learn(block)
                place = records[first][0]
                place += block.read(self.into, data, place, base, rest) * block.size
                if place > after:
                    most, self.known.fruitless = _WALK, 0
                else:
                    # what looked alike and was not must not cost a search each time
                    loose += [record for record in records if record[0] >= place]
                    place, most = after, most * 4
                    self.known.fruitless += 1
            else:
                loose += records
                place = after
                self.known.fruitless += not why
                if not why and self.known.pattern is not None:
                    place = self._bulk(data, place, bulk)
                else:
                    # the less it helps, the more is read between attempts
                    most *= 16
        if loose or bulk:
            pairs = np.array(loose, np.int64).reshape(-1, 2).T
            offsets = np.concatenate([pairs[0], *(part[0] for part in bulk)])
            lengths = np.concatenate([pairs[1], *(part[1] for part in bulk)])
            order = np.argsort(offsets, kind="stable")
            offsets, lengths = offsets[order], lengths[order]
            read_loose(self.into, self.known, data, base, offsets, lengths, rest)
        self._one_by_one(data, base, rest)
        for offset, length in sorted(rest.damaged):
            self._lost(base + offset, length + FRAME, "a record whose checksum does not fit it")
        return place, str(why)

    def _bulk(self, data: bytes, place: int, bulk: list[tuple[Ints, Ints]]) -> int:
        """Take records of known lengths from a stretch of the data; where they end."""
        pattern = self.known.pattern
        if pattern is None:
            return place
        found = pattern.findall(data, place, place + _STRETCH)
        # what is left of the stretch is no record, unless it happens to end with one
        if found and self.known.lengths.get(found[-1][:HEADER]) != len(found[-1]) - FRAME:
            found.pop()
        sizes = np.fromiter(map(len, found), np.int64, len(found))
        ends = place + np.cumsum(sizes)
        bulk.append((ends - sizes, sizes - FRAME))
        return int(ends[-1]) if found else place

    def _walk(self, data: bytes, place: int, most: int) -> tuple[Places, int, str | Block]:
        """The next records; where they end, and why there are no more."""
        records: Places = []
        lengths, blocks, end = self.known.lengths, self.known.blocks, len(data)
        for _ in range(most):
            head = data[place : place + HEADER]
            length = lengths.get(head)
            if length is None:
                if len(head) < HEADER:
                    return records, place, "cut"
                length = _length(head)
                if length is None:
                    return records, place, "damage"
                if length > LARGE:
                    return records, place, "large"
                self.known.length(head, length)
            if head in blocks and place != self._tried:
                for block in blocks[head]:
                    if block.begins(data, place):
                        return records, place, block
            after = place + length + FRAME
            if after > end:
                return records, place, "cut"
            records.append((place, length))
            place = after
        return records, place, ""

    def _needed(self, place: int) -> int | None:
        """Bytes of the record at a place; None when the file ends within it."""
        head = os.pread(self.descriptor, HEADER, place)
        length = _length(head) if len(head) == HEADER else None
        if length is None or place + length + FRAME > self.size:
            return None
        return length + FRAME

    # ---- records by themselves -------------------------------------------------------------------

    def _one_by_one(self, data: bytes, base: int, rest: Rest) -> None:
        """Decode records that are like no others."""
        odd = sorted(rest.odd)
        small = [record for record in odd if 4 <= record[1] <= checksums.LONGEST]
        sums: dict[int, int] = {}
        if len(small) > 8:
            starts = np.array([place for place, _ in small], np.int64)
            lengths = np.array([length for _, length in small], np.int64)
            buffer = np.frombuffer(data, np.uint8)
            found = checksums.mask(checksums.many(buffer, starts + HEADER, lengths))
            sums = dict(zip(starts.tolist(), found.tolist(), strict=True))
        for place, length in odd:
            start, end = place + HEADER, place + HEADER + length
            stored = int.from_bytes(data[end : end + 4], "little")
            actual = sums.get(place)
            if actual is None:
                actual = checksums.long_message(data[start:end])
            if actual != stored:
                rest.damaged.append((place, length))
                continue
            try:
                event = quick(data, start, end) or decode(data, start, end)
                self.into.take(event, data, base)
            except ValueError as error:
                self._lost(base + place, length + FRAME, f"a record that is no event: {error}")

    def _large(self, place: int, length: int) -> None:
        """Take a large record without reading what is inside of it."""
        payload = _Parts(self.descriptor, place)
        try:
            event = decode(payload, HEADER, HEADER + length)
            if any(value.number is not None or not value.kind for value in event.values):
                if length > LARGEST:
                    self._lost(place, length + FRAME, "a record of numbers over 64 MB")
                    return
                if not self._whole(place, length):
                    self._lost(place, length + FRAME, "a record whose checksum does not fit it")
                    return
            self.into.take(event, payload, place)
        except ValueError as error:
            self._lost(place, length + FRAME, f"a record that is no event: {error}")

    # ---- damage ----------------------------------------------------------------------------------

    def _lost(self, place: int, count: int, what: str) -> None:
        self.damaged = True
        self.complain("RR373", f"{what} was skipped: {count:,} bytes from byte {place:,}", place)

    def _search(self, place: int) -> int:
        """The next whole record after a frame that is damaged; the end when there is none."""
        start = place
        place += 1
        found = self.size
        while place + FRAME <= self.size and self._searched < SEARCHED:
            data = os.pread(self.descriptor, min(_WINDOWS[0], self.size - place), place)
            if len(data) < FRAME:
                break
            offset = self._next(data, place, 0)
            if offset is not None:
                found = place + offset
                break
            self._searched += len(data) - HEADER + 1
            place += len(data) - HEADER + 1
        self._lost(start, found - start, "a damaged part")
        return found

    def _next(self, data: bytes, base: int, start: int) -> int | None:
        """Where in a part of the file a record begins, if one does."""
        # lengths are far below 2**32, so that bytes 4 to 7 of a frame are zero
        at = data.find(_ZEROS, start + 4)
        while at >= 0 and self._searched < SEARCHED:
            place = at - 4
            head = data[place : place + HEADER]
            length = _length(head) if len(head) == HEADER else None
            if length is not None and base + place + length + FRAME <= self.size:
                self._searched += length
                if length <= LARGEST and self._whole(base + place, length):
                    return place
            if head[4:] == _ZEROS * 2:
                # no frame begins within a run of zeros, but near its end
                other = _NOT_ZERO.search(data, at)
                at = max(at, (other.start() if other else len(data)) - HEADER)
            at = data.find(_ZEROS, at + 1)
        return None

    def _whole(self, place: int, length: int) -> bool:
        """Whether the checksum of a record fits it."""
        data = os.pread(self.descriptor, length + 4, place + HEADER)
        stored = int.from_bytes(data[length:], "little")
        return checksums.long_message(data[:length]) == stored


class _Parts:
    """A record of which little is read."""

    def __init__(self, descriptor: int, start: int) -> None:
        self._descriptor = descriptor
        self._start = start
        self._at, self._held = 0, b""

    def __getitem__(self, place: slice) -> bytes:
        start, stop = int(place.start), int(place.stop)
        if start < self._at or stop > self._at + len(self._held):
            count = max(stop - start, 512)
            self._held = os.pread(self._descriptor, count, self._start + start)
            self._at = start
        return self._held[start - self._at : stop - self._at]


def _length(head: bytes) -> int | None:
    """The length that a frame's head states; None when its checksum does not fit."""
    if checksums.masked(head[:8]) != int.from_bytes(head[8:HEADER], "little"):
        return None
    return int.from_bytes(head[:8], "little")
