"""Records that are alike, decoded together: equal bytes but for time, step, numbers and checksum.

What one record of a kind holds is decoded exactly; others are read by place only where every byte
that could change their meaning is the same. Whatever does not fit is handed back, to be decoded
one by one. Checksums are verified of each record, by the bytes in which it differs from the first.
Records of many files are read together: runs of one program log the same kinds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from runreport.sources.tensorboard import checksums
from runreport.sources.tensorboard.checksums import LONGEST, Bytes, Sums
from runreport.sources.tensorboard.events import Event, decode, quick
from runreport.sources.tensorboard.frames import FRAME, HEADER, Ints, Script
from runreport.sources.tensorboard.gathered import Chunk, Floats, Gathered, microseconds

FEW = 6
"""Records that are decoded one by one, since there are so few of them."""
MOST_KINDS = 64
"""Of records of one length that are told apart."""
REMEMBERED = 4_096
"""Kinds of records."""
_TOGETHER = 16
"""Records that are compared in one stride."""
_AT_ONCE = 1 << 20
_SPREAD = np.uint64(0x9E3779B97F4A7C15)
_ZERO = np.zeros(1, np.int64)
_NAME = slice(HEADER + 15, HEADER + 30)
"""Where most of a name lies, behind time and step."""

Places = list[tuple[int, int]]
"""Offset and payload length of records."""


@dataclass(frozen=True, eq=False)
class Stretch:
    """What lies of one file in the data, and who takes it."""

    into: Gathered
    start: int
    """Where it begins in the data."""
    base: int
    """What is added to a place in the data to give the place in the file."""
    as_expected: bool
    """Whether it holds the records of the script, all and no others."""


@dataclass(frozen=True, eq=False)
class Rest:
    """Records that were not read here."""

    odd: Places = field(default_factory=list)
    """To be decoded one by one."""
    damaged: Places = field(default_factory=list)
    """Whose checksum does not fit."""


class Kind:
    """Records that mean the same but for time, step and numbers."""

    def __init__(self, record: bytes, event: Event) -> None:
        """From the first of its kind, and what it holds."""
        self.event = event
        self.length = len(record) - FRAME
        first = np.frombuffer(record, np.uint8)
        fixed = np.full(len(record), 0xFF, np.uint8)
        fixed[-4:] = 0
        inside = fixed[HEADER:]
        inside[event.wall_at : event.wall_at + 8] = 0
        if event.step_at >= 0:
            inside[event.step_at : event.step_at + event.step_size] = 0x80
        for value in event.values:
            inside[value.at : value.at + int(value.form[2])] = 0
        self.fixed = fixed
        self.many = np.tile(first, _TOGETHER)
        payload = first[None, HEADER:-4].copy()
        payload[:, :4] ^= np.uint8(0xFF)
        self._sum = ~checksums.raw_rows(payload)[0]

    def differ(self, rows: Bytes) -> tuple[Bytes, Bytes]:
        """In what bits rows differ from the first, and in what any does; a multiple of 16 rows."""
        differ = (rows.reshape(-1, self.many.size) ^ self.many).reshape(rows.shape)
        varying = np.bitwise_or.reduce(differ.reshape(-1, self.many.size), axis=0)
        return differ, np.bitwise_or.reduce(varying.reshape(_TOGETHER, -1), axis=0)

    def sums(self, differ: Bytes, varying: Bytes) -> Sums:
        """The checksums of records, as they are stored.

        Args:
            differ: in what bits each differs from the first of the kind.
            varying: in what bits any does.
        """
        found = np.full(len(differ), self._sum)
        table = checksums.contributions(self.length)
        for column in np.flatnonzero(varying[HEADER:-4]).tolist():
            place = (self.length - 1 - column) << 8
            part = table[place : place + 256]
            found ^= np.take(part, differ[:, HEADER + column], mode="clip")
        return checksums.mask(found)

    def steps(self, rows: Bytes) -> Floats:
        """The step of each row."""
        size = self.event.step_size
        if size <= 0:
            return np.zeros(len(rows))
        place = HEADER + self.event.step_at
        bits = np.zeros(len(rows), np.uint64)
        if size <= 8 and place + 8 <= rows.shape[1]:
            words = _column(rows, place, "<u8").copy()
            for shift in range(size):
                bits |= (words >> np.uint64(shift)) & np.uint64(0x7F << (7 * shift))
        else:
            for shift in range(size):
                byte = rows[:, place + shift] & np.uint8(0x7F)
                bits |= byte.astype(np.uint64) << np.uint64(7 * shift)
        return bits.view(np.int64).astype(np.float64)


@dataclass(eq=False)
class Known:
    """What was learned of records, in any file: most files of a store are alike."""

    kinds: dict[tuple[Any, ...], Kind] = field(default_factory=dict)
    """By layout and content, but for time, step and numbers."""
    fixed: dict[int, Bytes] = field(default_factory=dict)
    """Length to the bits that decide in all of its kinds."""
    varied: dict[int, Bytes] = field(default_factory=dict)
    """Length to the bits in which records were seen to be of different kinds."""
    script: Script = field(default_factory=Script)
    """How records follow each other."""

    def kind(self, record: bytes) -> Kind | None:
        """The kind of a record, if others like it can be read by place."""
        payload = record[HEADER:-4]
        if not 4 <= len(payload) <= LONGEST:
            return None
        try:
            event = quick(payload, 0, len(payload)) or decode(payload, 0, len(payload))
        except ValueError:
            return None
        if not event.regular:
            return None
        bare = bytearray(payload)
        bare[event.wall_at : event.wall_at + 8] = bytes(8)
        for place in range(event.step_at, event.step_at + event.step_size):
            bare[place] &= 0x80
        places = []
        for value in event.values:
            size = int(value.form[2])
            bare[value.at : value.at + size] = bytes(size)
            places.append((value.at, value.form))
        layout = (bytes(bare), event.wall_at, event.step_at, event.step_size, tuple(places))
        found = self.kinds.get(layout)
        if found is None:
            if len(self.kinds) >= REMEMBERED:
                self.kinds.clear()
                self.fixed.clear()
                self.varied.clear()
            found = self.kinds[layout] = Kind(record, event)
            self.fixed[found.length] = found.fixed & self.fixed.get(found.length, np.uint8(0xFF))
        return found

    def tells(self, length: int, bits: Bytes) -> None:
        """Remember in what bits records of a length differ that are of different kinds."""
        self.varied[length] = bits | self.varied.get(length, np.uint8(0))

    def telling(self, length: int) -> NDArray[np.uint64] | None:
        """The bits that tell the kinds of a length apart, eight bytes each; None without any."""
        if length not in self.varied or length not in self.fixed:
            return None
        bits = self.varied[length] & self.fixed[length]
        padded = np.zeros(-(-bits.size // 8) * 8, np.uint8)
        padded[: bits.size] = bits
        return padded.view("<u8") if bits.any() else None


def read_alike(
    known: Known, data: Bytes, stretches: Sequence[Stretch], offsets: Ints, lengths: Ints
) -> Rest:
    """Read records, each kind together.

    Args:
        known: what was learned before.
        data: where they lie.
        stretches: the files they are of, in the order of the data.
        offsets: where each record begins, in order.
        lengths: of their payloads.
    """
    bounds = np.array([stretch.start for stretch in stretches[1:]], np.int64)
    reading = _Reading(known, data, stretches, bounds)
    script = known.script
    expected = len(stretches) * sum(inside.size for _, inside in script.parts)
    if expected == offsets.size and all(stretch.as_expected for stretch in stretches):
        starts = np.array([stretch.start for stretch in stretches], np.int64)
        for length, inside in script.parts:
            reading.part(length, (starts[:, None] + inside).ravel())
        if reading.learned:
            script.parts = []
        return reading.rest
    order = np.argsort(lengths.astype(np.uint16), kind="stable")
    ends = (np.flatnonzero(np.diff(lengths[order])) + 1).tolist()
    for start, end in zip([0, *ends], [*ends, len(order)], strict=True):
        if start < end:
            reading.equal(int(lengths[order[start]]), offsets[order[start:end]])
    if not reading.learned:
        script.parts = reading.parts_of_script(int(offsets[-1]) + 1)
    return reading.rest


@dataclass(eq=False)
class _Reading:
    """Records of many files while they are read."""

    known: Known
    data: Bytes
    stretches: Sequence[Stretch]
    bounds: Ints
    """Where all stretches but the first begin."""
    rest: Rest = field(default_factory=Rest)
    parts: list[tuple[int, Ints]] = field(default_factory=list)
    """Length and places of those that were taken for alike."""
    learned: bool = False
    """Whether some of them were not."""

    def equal(self, length: int, places: Ints) -> None:
        """Read records of one length, each place given in order."""
        if len(places) < FEW or length > LONGEST:
            self.part(length, places)
            return
        telling = self.known.telling(length)
        for part in [places] if telling is None else self._split(telling, places):
            self.part(length, part)

    def part(self, length: int, places: Ints) -> None:
        """Read records that are alike as far as is known."""
        self.parts.append((length, places))
        if length > LONGEST:
            self._odd(length, places)
            return
        at_once = max(_TOGETHER, _AT_ONCE // (length + FRAME) // _TOGETHER * _TOGETHER)
        for first in range(0, len(places), at_once):
            self._peel(length, places[first : first + at_once])

    def parts_of_script(self, end: int) -> list[tuple[int, Ints]]:
        """The parts within a stretch that is as expected, relative to it; none without one."""
        for index, stretch in enumerate(self.stretches):
            if stretch.as_expected:
                start = stretch.start
                stop = int(self.bounds[index]) if index < self.bounds.size else end
                within = [
                    (length, places[(places >= start) & (places < stop)] - start)
                    for length, places in self.parts
                ]
                return [(length, places) for length, places in within if places.size]
        return []

    def _odd(self, length: int, places: Ints) -> None:
        self.rest.odd.extend((place, length) for place in places.tolist())

    def _peel(self, length: int, places: Ints) -> None:
        """Read records of one length that are mostly of one kind."""
        width = length + FRAME
        for _ in range(MOST_KINDS):
            if len(places) < FEW:
                break
            rows = self._rows(places, width)
            kind = self.known.kind(rows[0].tobytes())
            if kind is None:
                # whatever names the same tag is of the same kind
                alike = (rows[: len(places), _NAME] == rows[0, _NAME]).all(axis=1)
                self._odd(length, places[alike])
                places = places[~alike]
                continue
            differ, varying = kind.differ(rows)
            others = varying & kind.fixed
            if not others.any():
                self._take(kind, places, rows[: len(places)], differ[: len(places)], varying)
                return
            self.known.tells(length, others)
            self.learned = True
            columns = np.flatnonzero(others)
            unlike = (differ[: len(places), columns] & kind.fixed[columns]).any(axis=1)
            alike = np.flatnonzero(~unlike)
            self._take(kind, places[alike], rows[alike], differ[alike], varying & ~kind.fixed)
            places = places[unlike]
        self._odd(length, places)

    def _rows(self, places: Ints, width: int) -> Bytes:
        """Records one below the other; the first again and again to fill the last stride."""
        missing = -len(places) % _TOGETHER
        if missing:
            places = np.concatenate([places, np.full(missing, places[0])])
        return _windows(self.data, width)[places].view(np.uint8).reshape(-1, width)

    def _split(self, telling: NDArray[np.uint64], places: Ints) -> list[Ints]:
        """The same by what tells kinds apart, mixed down to 16 bits: rarely two in one part."""
        mixed = np.zeros(len(places), np.uint64)
        words: NDArray[np.uint64] = np.ndarray(
            (self.data.size - 7,), "<u8", self.data, strides=(1,)
        )
        for place in np.flatnonzero(telling).tolist():
            # what lies behind the last record is no part of it, and has no bits that tell
            word = words[np.minimum(places + 8 * place, words.size - 1)]
            mixed = (mixed ^ (word & telling[place])) * _SPREAD
            mixed ^= mixed >> np.uint64(29)
        signs = ((mixed * _SPREAD) >> np.uint64(48)).astype(np.uint16)
        order = np.argsort(signs, kind="stable")
        ends = np.flatnonzero(np.diff(signs[order])) + 1
        return np.split(places[order], ends)

    def _take(self, kind: Kind, places: Ints, rows: Bytes, differ: Bytes, varying: Bytes) -> None:
        """Take what is in records of one kind."""
        wrong = kind.sums(differ, varying) != _column(rows, kind.length + HEADER, "<u4")
        if wrong.any():
            self.rest.damaged.extend((place, kind.length) for place in places[wrong].tolist())
            places, rows = places[~wrong], rows[~wrong]
            if not places.size:
                return
        steps = kind.steps(rows)
        walls = _column(rows, HEADER + kind.event.wall_at, "<f8").copy()
        times, low, high = microseconds(walls)
        numbers = [
            (value, _column(rows, HEADER + value.at, value.form).astype(np.float64))
            for value in kind.event.values
        ]
        cuts = np.concatenate([_ZERO, np.searchsorted(places, self.bounds), [len(places)]])
        filled = np.flatnonzero(np.diff(cuts))
        starts = cuts[filled]
        if low == walls.min() and high == walls.max():
            lows = np.minimum.reduceat(walls, starts).tolist()
            highs = np.maximum.reduceat(walls, starts).tolist()
        else:
            ranges = [microseconds(part)[1:] for part in np.split(walls, starts[1:])]
            lows, highs = map(list, zip(*ranges, strict=True))
        ends = [*starts[1:].tolist(), len(places)]
        begins, finishes = places[starts].tolist(), places[np.array(ends) - 1].tolist()
        for index, start, end, low, high, begin, finish in zip(
            filled.tolist(), starts.tolist(), ends, lows, highs, begins, finishes, strict=True
        ):
            stretch, part = self.stretches[index], slice(start, end)
            where, step, time = places[part], steps[part], times[part]
            for value, values in numbers:
                base = stretch.base + HEADER + value.at
                stretch.into.add(
                    value,
                    Chunk(
                        base + begin,
                        base + finish,
                        step,
                        time,
                        values[part],
                        low,
                        high,
                        where,
                        base,
                    ),
                )


def _windows(data: Bytes, width: int) -> NDArray[Any]:
    """The bytes from each place on."""
    kind = np.dtype((np.void, width))
    return np.ndarray((data.size - width + 1,), kind, data, strides=(1,))


def _column(rows: Bytes, place: int, form: str) -> NDArray[Any]:
    """The numbers that lie at one place of each row."""
    found: NDArray[Any] = np.ndarray((len(rows),), form, rows, place, (rows.strides[0],))
    return found
