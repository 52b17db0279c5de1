"""Records that are alike, decoded together: equal bytes but for time, step, numbers and checksum.

What one record of a kind holds is decoded exactly; others are read by place only where every byte
that could change their meaning is the same. Whatever does not fit is handed back, to be decoded
one by one. Checksums are verified of each record, by the bytes in which it differs from the first.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from runreport.sources.tensorboard import checksums
from runreport.sources.tensorboard.checksums import LONGEST, Bytes, Sums
from runreport.sources.tensorboard.events import Event, decode, quick
from runreport.sources.tensorboard.gathered import Gathered, Ints

HEADER, FRAME = 12, 16
"""Bytes before a record's payload, and around it."""
FEW = 10
"""Records that are decoded one by one, since there are so few of them."""
MOST_KINDS = 64
"""Of records of one length, and remembered ones that begin alike."""
REMEMBERED = 4_096
_MOST_LENGTHS = 64
_PATIENCE = 8
_FIRST_CHUNK, _CHUNK = 1 << 16, 1 << 20
_NAME = slice(HEADER + 15, HEADER + 30)
"""Where most of a name lies, behind time and step."""

Places = list[tuple[int, int]]
"""Offset and payload length of records."""


@dataclass(frozen=True, eq=False)
class Rest:
    """Records of a part of a file that were not read here."""

    odd: Places
    """To be decoded one by one."""
    damaged: Places
    """Whose checksum does not fit."""


class Block:
    """Records that follow each other, as they were met first."""

    def __init__(self, data: bytes, records: Places) -> None:
        """From the first of its kind; the records lie one after the other."""
        start = records[0][0]
        self.size = sum(length + FRAME for _, length in records)
        self.first = np.frombuffer(data[start : start + self.size], np.uint8)
        self.head = data[start : start + HEADER]
        self.name = data[start + _NAME.start : start + min(_NAME.stop, self.size - 9)]
        self.odd: Places = []
        self.parts: list[tuple[int, int, Event]] = []
        self.fixed = np.zeros(self.size, np.uint8)
        for place, length in records:
            event = _regular(data[place + HEADER : place + HEADER + length])
            inside = place - start
            _mark(self.fixed[inside : inside + length + FRAME], event)
            if event is None:
                self.odd.append((inside, length))
            else:
                self.parts.append((inside, length, event))
        if self.parts:
            self._sums = _Sums(self.first, [(p + HEADER, n) for p, n, _ in self.parts])
        self._steps = _step_places(self.parts)

    def begins(self, data: bytes, place: int) -> bool:
        """Whether what lies at a place looks like some of these blocks."""
        return data.startswith(self.name, place + _NAME.start) and all(
            data.startswith(self.head, place + count * self.size)
            for count in range(1, max(4, len(self.parts) // 2))
        )

    def read(self, into: Gathered, data: bytes, place: int, base: int, rest: Rest) -> int:
        """Read as many blocks as follow each other from a place; how many those are."""
        whole = (len(data) - place) // self.size
        count, at_once = 0, max(1, _FIRST_CHUNK // self.size)
        while count < whole:
            some = min(at_once, whole - count)
            begin = place + count * self.size
            rows = np.frombuffer(data, np.uint8, some * self.size, begin)
            good, differ, varying = self._alike(rows.reshape(some, self.size))
            if good:
                starts = range(begin, begin + good * self.size, self.size)
                rows = rows.reshape(some, self.size)[:good]
                self.take(into, rows, differ, varying, base, starts, rest)
            count += good
            if good < some:
                break
            at_once = max(1, _CHUNK // self.size)
        return count

    def _alike(self, rows: Bytes) -> tuple[int, Bytes, Bytes]:
        """How many rows begin that are alike; in what bits they differ from the first block."""
        good = len(rows)
        while good:
            differ = rows[:good] ^ self.first
            varying = np.bitwise_or.reduce(differ, axis=0)
            wrong = np.flatnonzero(varying & self.fixed)
            if not wrong.size:
                return good, differ, varying
            # one byte at a time: the rows that follow are mostly out of step, and differ early
            place = wrong[0]
            good = int(((differ[:, place] & self.fixed[place]) != 0).argmax())
        return 0, rows[:0], self.fixed

    def take(
        self,
        into: Gathered,
        rows: Bytes,
        differ: Bytes,
        varying: Bytes,
        base: int,
        starts: range | Ints,
        rest: Rest,
    ) -> None:
        """Take what is in blocks that are alike.

        Args:
            into: takes it.
            rows: a block each.
            differ: in what bits each differs from the first.
            varying: in what bits any does.
            base: where the part of the file begins that the rows are from.
            starts: where the rows begin in that part.
            rest: takes what cannot be read here.
        """
        for place, length in self.odd:
            rest.odd.extend((int(start) + place, length) for start in starts)
        if not self.parts:
            return
        count = len(rows)
        shape = (len(self.parts), count)
        stored, walls = np.empty(shape, np.uint32), np.empty(shape)
        for index, (place, length, event) in enumerate(self.parts):
            stored[index] = _column(rows, place + length + HEADER, "<u4")
            walls[index] = _column(rows, place + HEADER + event.wall_at, "<f8")
        wrong = self._sums.of(differ, varying) != stored
        damaged = bool(wrong.any())
        if damaged:
            for part, row in zip(*np.nonzero(wrong), strict=True):
                place, length, _ = self.parts[part]
                rest.damaged.append((int(starts[row]) + place, length))
        bits = np.zeros(shape, np.uint64)
        for shift, (parts, places) in enumerate(self._steps):
            byte = (rows[:, places].T & np.uint8(0x7F)).astype(np.uint64)
            bits[parts] |= byte << np.uint64(7 * shift)
        steps = bits.view(np.int64)
        for index, (place, _, event) in enumerate(self.parts):
            keep = np.flatnonzero(~wrong[index]) if damaged else None
            for value in event.values:
                at = place + HEADER + value.at
                numbers = _column(rows, at, value.form).astype(np.float64)
                lies: range | Ints
                if isinstance(starts, range):
                    begin = base + starts.start + at
                    lies = range(begin, begin + count * starts.step, starts.step)
                else:
                    lies = starts + (base + at)
                if keep is None:
                    into.add(value, lies, steps[index], walls[index], numbers)
                elif keep.size:
                    lies = np.asarray(lies)[keep]
                    into.add(value, lies, steps[index][keep], walls[index][keep], numbers[keep])


@dataclass(eq=False)
class Known:
    """What was learned of records, in any file: most files of a store are alike."""

    lengths: dict[bytes, int] = field(default_factory=dict)
    """The head of a record to the length it states."""
    blocks: dict[bytes, list[Block]] = field(default_factory=dict)
    """Head of the first record to blocks that begin with it, the latest first."""
    kinds: dict[tuple[Any, ...], Block] = field(default_factory=dict)
    """Blocks of one record, by its layout."""
    pattern: re.Pattern[bytes] | None = None
    """Matches one record of a known length, or everything that is left."""
    fruitless: int = 0
    """How often in a row rounds of records were looked for and not found."""
    _compiled: int = field(default=0, init=False)

    @property
    def hopeful(self) -> bool:
        """Whether to look for rounds of records: now and then where there mostly are none."""
        return self.fruitless < _PATIENCE or self.fruitless % _PATIENCE == 0

    def prepare(self) -> None:
        """Get ready for the next file."""
        if self._compiled == len(self.lengths):
            return
        self._compiled = len(self.lengths)
        self.pattern = None
        if self._compiled <= _MOST_LENGTHS:
            whole = [re.escape(h) + b".{%d}" % (n + 4) for h, n in self.lengths.items()]
            self.pattern = re.compile(b"|".join([*whole, b".+"]), re.S)

    def learn(self, block: Block) -> None:
        """Remember a block."""
        if len(self.blocks) >= MOST_KINDS:
            self.blocks.clear()
        self.blocks[block.head] = [block, *self.blocks.get(block.head, ())][:4]

    def length(self, head: bytes, length: int) -> None:
        """Remember what a head states."""
        if len(self.lengths) >= REMEMBERED:
            self.lengths.clear()
        self.lengths[head] = length

    def kind(self, payload: bytes, record: bytes) -> Block | None:
        """The block that holds just this record, if others like it can be read by place."""
        event = _regular(payload)
        if event is None:
            return None
        layout = (
            len(payload),
            event.wall_at,
            event.step_at,
            event.step_size,
            tuple((value.tag, value.at, value.form, value.plugin) for value in event.values),
        )
        found = self.kinds.get(layout)
        if found is None:
            if len(self.kinds) >= REMEMBERED:
                self.kinds.clear()
            found = self.kinds[layout] = Block(record, [(0, len(payload))])
        return found


def read_loose(
    into: Gathered,
    known: Known,
    data: bytes,
    base: int,
    offsets: Ints,
    lengths: Ints,
    rest: Rest,
) -> None:
    """Read records in any order, each kind together."""
    order = np.argsort(lengths, kind="stable")
    ends = (np.flatnonzero(np.diff(lengths[order])) + 1).tolist()
    for start, end in zip([0, *ends], [*ends, len(order)], strict=True):
        places = offsets[order[start:end]]
        length = int(lengths[order[start]])
        if len(places) < FEW or length > LONGEST:
            rest.odd.extend((place, length) for place in places.tolist())
            continue
        at_once = max(FEW, _CHUNK // (length + FRAME))
        for first in range(0, len(places), at_once):
            _read_equal(into, known, data, base, places[first : first + at_once], length, rest)


def _read_equal(
    into: Gathered,
    known: Known,
    data: bytes,
    base: int,
    offsets: Ints,
    length: int,
    rest: Rest,
) -> None:
    """Read records of one length."""
    width = length + FRAME
    view: NDArray[Any] = np.ndarray(
        (len(data) - width + 1,), np.dtype((np.void, width)), data, strides=(1,)
    )
    rows = view[offsets].view(np.uint8).reshape(offsets.size, width)
    for _ in range(MOST_KINDS):
        if len(rows) < FEW:
            break
        record = rows[0].tobytes()
        kind = known.kind(record[HEADER:-4], record)
        if kind is None:
            # whatever names the same tag is of the same kind
            same = (rows[:, _NAME] == rows[0, _NAME]).all(axis=1)
            rest.odd.extend((place, length) for place in offsets[same].tolist())
            rows, offsets = rows[~same], offsets[~same]
            continue
        differ = rows ^ kind.first
        varying = np.bitwise_or.reduce(differ, axis=0)
        others = np.flatnonzero(varying & kind.fixed)
        if not others.size:
            kind.take(into, rows, differ, varying, base, offsets, rest)
            return
        unlike = (differ[:, others] & kind.fixed[others]).any(axis=1)
        alike = ~unlike
        differ = differ[alike]
        varying = np.bitwise_or.reduce(differ, axis=0)
        kind.take(into, rows[alike], differ, varying, base, offsets[alike], rest)
        rows, offsets = rows[unlike], offsets[unlike]
    rest.odd.extend((place, length) for place in offsets.tolist())


class _Sums:
    """Checksums of records of which one is known, by the bytes in which others differ."""

    def __init__(self, first: Bytes, parts: Sequence[tuple[int, int]]) -> None:
        """From the known bytes; the parts of them that have a checksum of their own."""
        self._table = checksums.contributions(max(length for _, length in parts))
        self._starts = np.array([place for place, _ in parts], np.intp)
        self._index = np.full(len(first), self._table.size - 256, np.intp)
        self._counted = np.zeros(len(first), np.uint8)
        self._always = np.zeros(len(first), np.uint8)
        known = first.copy()
        for place, length in parts:
            self._index[place : place + length] = np.arange(length - 1, -1, -1) << 8
            self._counted[place : place + length] = 0xFF
            known[place : place + 4] ^= np.uint8(0xFF)
        # so that no part is without a column
        self._always[self._starts] = 0xFF
        looked_up = np.take(self._table, self._index + known, mode="clip")
        self._known: Sums = ~np.bitwise_xor.reduceat(looked_up, self._starts)

    def of(self, differ: Bytes, varying: Bytes) -> Sums:
        """As they are stored, shape (parts, rows)."""
        columns = np.flatnonzero((varying & self._counted) | self._always)
        taken = differ[:, columns].T.astype(np.intp)
        taken += self._index[columns][:, None]
        looked_up = np.take(self._table, taken, mode="clip")
        parts = np.searchsorted(columns, self._starts)
        changed: Sums = np.bitwise_xor.reduceat(looked_up, parts, axis=0)
        return checksums.mask(changed ^ self._known[:, None])


def _step_places(
    parts: Sequence[tuple[int, int, Event]],
) -> list[tuple[NDArray[np.intp], NDArray[np.intp]]]:
    """By byte of a step: the parts that have it, and where."""
    found = []
    for shift in range(max((event.step_size for _, _, event in parts), default=0)):
        chosen = [i for i, (_, _, event) in enumerate(parts) if event.step_size > shift]
        places = [parts[i][0] + HEADER + parts[i][2].step_at + shift for i in chosen]
        found.append((np.array(chosen, np.intp), np.array(places, np.intp)))
    return found


def _regular(payload: bytes) -> Event | None:
    """The event in a record, if others like it can be read by place; places begin at 0."""
    if not 4 <= len(payload) <= LONGEST:
        return None
    try:
        event = quick(payload, 0, len(payload)) or decode(payload, 0, len(payload))
    except ValueError:
        return None
    return event if event.regular else None


def _mark(fixed: Bytes, event: Event | None) -> None:
    """Mark the bits of a record that decide what it means.

    Args:
        fixed: of the whole record, zero; changed here.
        event: what it holds, or None when it is decoded by itself.
    """
    if event is None:
        fixed[:HEADER] = 0xFF
        return
    fixed[:-4] = 0xFF
    inside = fixed[HEADER:]
    inside[event.wall_at : event.wall_at + 8] = 0
    if event.step_at >= 0:
        inside[event.step_at : event.step_at + event.step_size] = 0x80
    for value in event.values:
        inside[value.at : value.at + int(value.form[2])] = 0


def _column(rows: Bytes, place: int, form: str) -> NDArray[Any]:
    """The numbers that lie at one place of each row."""
    found: NDArray[Any] = np.ndarray((len(rows),), form, rows, place, (rows.strides[0],))
    return found
