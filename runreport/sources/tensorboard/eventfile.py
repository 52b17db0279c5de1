"""An event file, read in parts: what is in its frames, what is damaged, what is skipped.

Frames are found first, many at once, and what is in them is decoded with those of other files. A
frame over `LARGE` bytes (an image) is not read but for the fields around the content.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from runreport.sources.tensorboard import checksums
from runreport.sources.tensorboard.batches import Batch, Odd
from runreport.sources.tensorboard.events import Event, Payload, decode, quick
from runreport.sources.tensorboard.frames import FRAME, HEADER, Script, frames, stated
from runreport.sources.tensorboard.gathered import Gathered

LARGEST = 1 << 26
"""Bytes of a payload whose numbers are read."""
SEARCHED = 1 << 26
"""Bytes that are looked through for the next record after damaged ones, in one file."""
_LOOK = 1 << 20
_AFTER_LARGE = 1 << 15
_HELD_BACK = 1_000
_SEARCH = 1 << 20
_ZEROS = b"\0" * 4
_NOT_ZERO = re.compile(rb"[^\0]")

Complain = Callable[[str, str, int], None]
"""Takes a code, words, and the place in the file."""


@dataclass(eq=False)
class EventFile:
    """One file, read from some place to its end: its start, perhaps with others, then the rest."""

    size: int
    place: int = 0
    """How far it is read: where the last whole record ends."""
    into: Gathered = field(default_factory=Gathered)
    damaged: bool = False
    """Whether something was lost that a later build may want to look at again."""

    def __post_init__(self) -> None:
        self._descriptor = -1
        self._complain: Complain | None = None
        self._why = ""
        self._records = 0
        self._between = Script()
        self._searched = 0
        self._odd: list[Odd] = []
        self._large_ones: list[tuple[int, int, Event, _Parts]] = []

    def begin(self, descriptor: int, batch: Batch) -> None:
        """Read the start, as much as there is room for; the rest is told of by `finish`."""
        script = batch.known.script
        start, end = batch.read(descriptor, self.place, min(_LOOK, self.size - self.place))
        found = frames(batch.data, start, end, script, self._records)
        if found.why == "cut" and end - start < self.size - self.place:
            # nothing to be skipped over, as far as was looked
            start, end = batch.read(descriptor, self.place, self.size - self.place)
            found = frames(batch.data, start, end, script, self._records)
        if not self.place:
            script.learn(found.lengths)
        self._records = found.offsets.size
        batch.add(self, start, self.place - start, found)
        self.place += found.end - start
        self._why = found.why

    @property
    def whole(self) -> bool:
        """Whether everything was read by `begin`."""
        return self.place >= self.size

    def finish(
        self, descriptor: int, batch: Batch, complain: Complain, plugins: Mapping[str, str]
    ) -> None:
        """Read the rest.

        Args:
            descriptor: of the open file; not used when it is whole.
            batch: what `begin` put into it is decoded by now.
            complain: told of what is lost.
            plugins: of each tag, as earlier files of the run say.
        """
        self._descriptor, self._complain = descriptor, complain
        self.into.plugins = {**self.into.plugins, **plugins}
        begun, self._odd = self._odd, []
        self.odd(begun)
        window = batch.capacity
        while self.place < self.size:
            if self._why == "damage":
                self.place = self._search(self.place)
            elif self._why:
                needed = self._needed(self.place)
                if needed is None:
                    lost = self.size - self.place
                    message = f"the file ends within a record; its last {lost:,} bytes are not read"
                    complain("RR372", message, self.place)
                    break
                if self._why == "large":
                    self._large(self.place, needed - FRAME)
                    self.place += needed
                    window = _AFTER_LARGE
                    if len(self._large_ones) >= _HELD_BACK:
                        batch.flush()
                        self._settle([])
                else:
                    window = max(window, needed)
            if self.place < self.size:
                self._part(batch, window)
            window = batch.capacity
        batch.flush()
        self._settle([])

    def _part(self, batch: Batch, window: int) -> None:
        """Read the frames of the next part."""
        count = min(window, self.size - self.place, batch.capacity)
        if count > batch.room:
            batch.flush()
        start, end = batch.read(self._descriptor, self.place, count)
        if end - start < count:
            # it was cut off meanwhile
            self.size = self.place + end - start
        base, place = self.place - start, start
        between = window == _AFTER_LARGE
        # from picture to picture, records follow each other as they did before
        script: Script | None = self._between if between else batch.known.script
        index = 0 if between else self._records
        while True:
            found = frames(batch.data, place, end, script, index)
            batch.add(self, place, base, found)
            self._records += found.offsets.size
            if between and script is not None:
                script.learn(found.lengths)
            script, place, self._why = None, found.end, found.why
            if self._why != "damage":
                break
            after = self._next(batch.bytes, base, place + 1, end)
            if after is None:
                break
            self._lost(base + place, after - place, "a damaged part")
            place = after
        self.place = place + base

    def _needed(self, place: int) -> int | None:
        """Bytes of the record at a place; None when the file ends within it."""
        head = os.pread(self._descriptor, HEADER, place)
        length = stated(head) if len(head) == HEADER else None
        if length is None or place + length + FRAME > self.size:
            return None
        return length + FRAME

    # ---- records by themselves -------------------------------------------------------------------

    def odd(self, records: Sequence[Odd]) -> None:
        """Decode records that are like no others, or keep them until `finish`."""
        if self._complain is None:
            self._odd += records
        else:
            self._settle(records)

    def _settle(self, records: Sequence[Odd]) -> None:
        """Take odd records, and large ones between them, in the order of the file."""
        large, self._large_ones = self._large_ones, []
        waiting: list[tuple[int, Odd | tuple[int, Event, _Parts]]] = [
            *((record.place, record) for record in records),
            *((place, (length, event, payload)) for place, length, event, payload in large),
        ]
        for place, record in sorted(waiting, key=lambda one: one[0]):
            if isinstance(record, Odd):
                self._one(record)
            else:
                length, event, payload = record
                self._take(event, payload, place, place, length)

    def _one(self, record: Odd) -> None:
        payload, length = record.payload, len(record.payload)
        if not record.fits:
            self._lost(record.place, length + FRAME, "a record whose checksum does not fit it")
            return
        try:
            event = quick(payload, 0, length) or decode(payload, 0, length)
        except ValueError as error:
            self._lost(record.place, length + FRAME, f"a record that is no event: {error}")
            return
        self._take(event, payload, record.place + HEADER, record.place, length)

    def _take(self, event: Event, payload: Payload, base: int, place: int, length: int) -> None:
        try:
            self.into.take(event, payload, base)
        except ValueError as error:
            self._lost(place, length + FRAME, f"a record that is no event: {error}")

    def _large(self, place: int, length: int) -> None:
        """Take a large record without reading what is inside of it."""
        payload = _Parts(self._descriptor, place)
        try:
            event = decode(payload, HEADER, HEADER + length)
            if any(value.number is not None or not value.kind for value in event.values):
                if length > LARGEST:
                    self._lost(place, length + FRAME, "a record of numbers over 64 MB")
                    return
                if not self._whole(place, length):
                    self._lost(place, length + FRAME, "a record whose checksum does not fit it")
                    return
            self._large_ones.append((place, length, event, payload))
        except ValueError as error:
            self._lost(place, length + FRAME, f"a record that is no event: {error}")

    # ---- damage ----------------------------------------------------------------------------------

    def _lost(self, place: int, count: int, what: str) -> None:
        self.damaged = True
        if self._complain is not None:
            message = f"{what} was skipped: {count:,} bytes from byte {place:,}"
            self._complain("RR373", message, place)

    def _search(self, place: int) -> int:
        """The next whole record after a frame that is damaged; the end when there is none."""
        start = place
        place += 1
        found = self.size
        while place + FRAME <= self.size and self._searched < SEARCHED:
            data = os.pread(self._descriptor, min(_SEARCH, self.size - place), place)
            if len(data) < FRAME:
                break
            offset = self._next(data, place, 0, len(data))
            if offset is not None:
                found = place + offset
                break
            self._searched += len(data) - HEADER + 1
            place += len(data) - HEADER + 1
        self._lost(start, found - start, "a damaged part")
        return found

    def _next(self, data: bytes | bytearray, base: int, start: int, end: int) -> int | None:
        """Where between two places of the data a record begins, if one does."""
        # lengths are far below 2**32, so that bytes 4 to 7 of a frame are zero
        at = data.find(_ZEROS, start + 4, end)
        while at >= 0 and self._searched < SEARCHED:
            place = at - 4
            head = data[place : min(end, place + HEADER)]
            length = stated(head) if len(head) == HEADER else None
            if length is not None and base + place + length + FRAME <= self.size:
                self._searched += length
                if length <= LARGEST and self._whole(base + place, length):
                    return place
            if head[4:] == _ZEROS * 2:
                # no frame begins within a run of zeros, but near its end
                other = _NOT_ZERO.search(data, at, end)
                at = max(at, (other.start() if other else end) - HEADER)
            at = data.find(_ZEROS, at + 1, end)
        return None

    def _whole(self, place: int, length: int) -> bool:
        """Whether the checksum of a record fits it."""
        data = os.pread(self._descriptor, length + 4, place + HEADER)
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
