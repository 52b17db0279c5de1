"""Records that are alike, decoded together: equal bytes but for time, step, numbers and checksum.

What one record of a kind holds is decoded exactly; others are read by place only where every byte
that could change their meaning is the same. Whatever does not fit is handed back, to be decoded
one by one. Checksums are verified of each record, by the bytes in which it differs from the first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from runreport.sources.tensorboard import checksums
from runreport.sources.tensorboard.checksums import LONGEST, Bytes, Sums
from runreport.sources.tensorboard.events import Event, decode
from runreport.sources.tensorboard.gathered import Gathered, Ints

HEADER, FRAME = 12, 16
"""Bytes before a record's payload, and around it."""
FEW = 12
"""Records that are decoded one by one, since there are so few of them."""
MOST_LAYOUTS = 48
"""Of records of one length."""
_CHUNK = 1 << 18

Places = list[tuple[int, int]]
"""Offset and payload length of records."""


@dataclass(frozen=True, eq=False)
class Rest:
    """Records that were not read here."""

    odd: Places
    """To be decoded one by one."""
    damaged: Places
    """Whose checksum does not fit."""


class Block:
    """Records that follow each other again and again."""

    def __init__(self, data: bytes, records: Places) -> None:
        """From the first of its kind; the records lie one after the other."""
        start = records[0][0]
        self.size = sum(length + FRAME for _, length in records)
        self.first = np.frombuffer(data, np.uint8, self.size, start)
        self.head = data[start : start + HEADER]
        self.records = [(place - start, length) for place, length in records]
        self.events: list[Event | None] = []
        self.fixed = np.zeros(self.size, np.uint8)
        for place, length in self.records:
            event = _regular(data, start + place + HEADER, length)
            self.events.append(event)
            _mark(self.fixed[place : place + length + FRAME], event, start + place)
        self.parts = [
            (place, length, event)
            for (place, length), event in zip(self.records, self.events, strict=True)
            if event is not None
        ]
        self.start = start
        self._sums = checksums.many(
            self.first,
            np.array([place + HEADER for place, _, _ in self.parts], np.int64),
            np.array([length for _, length, _ in self.parts], np.int64),
        )

    def read(self, into: Gathered, data: bytes, place: int, base: int, rest: Rest) -> int:
        """Read as many blocks as follow each other from a place; how many those are."""
        whole = (len(data) - place) // self.size
        count, at_once = 0, max(1, _CHUNK // 4 // self.size)
        while count < whole:
            some = min(at_once, whole - count)
            begin = place + count * self.size
            rows = np.frombuffer(data, np.uint8, some * self.size, begin)
            rows = rows.reshape(some, self.size)
            differ = rows ^ self.first
            varying = np.bitwise_or.reduce(differ, axis=0)
            good = some
            if (varying & self.fixed).any():
                bad = ((differ & self.fixed) != 0).any(axis=1)
                good = int(bad.argmax())
                rows, differ = rows[:good], differ[:good]
            if good:
                self._take(into, rows, differ, varying, base + begin, rest, begin)
            count += good
            if good < some:
                break
            at_once = max(1, _CHUNK // self.size)
        return count

    def _take(
        self,
        into: Gathered,
        rows: Bytes,
        differ: Bytes,
        varying: Bytes,
        base: int,
        rest: Rest,
        begin: int,
    ) -> None:
        starts = np.arange(len(rows), dtype=np.int64) * self.size
        for (place, length), event in zip(self.records, self.events, strict=True):
            if event is None:
                rest.odd.extend((begin + int(start) + place, length) for start in starts)
        if not self.parts:
            return
        stored = np.stack([_column(rows, p + n + HEADER, "<u4") for p, n, _ in self.parts])
        places = [(place + HEADER, length) for place, length, _ in self.parts]
        sums = self._sums[:, None] ^ _differences(differ, varying, places)
        wrong = checksums.mask(sums) != stored
        if wrong.any():
            for part, row in zip(*np.nonzero(wrong), strict=True):
                place, length, _ = self.parts[part]
                rest.damaged.append((begin + int(starts[row]) + place, length))
        for index, (_, _, event) in enumerate(self.parts):
            keep = np.flatnonzero(~wrong[index]) if wrong[index].any() else None
            _points(into, rows, event, -self.start, base + starts, keep)


def read_loose(
    into: Gathered, data: bytes, base: int, offsets: Ints, lengths: Ints, rest: Rest
) -> None:
    """Read records in any order, each kind together."""
    order = np.argsort(lengths, kind="stable")
    ends = np.flatnonzero(np.diff(lengths[order])) + 1
    for some in np.split(order, ends):
        length = int(lengths[some[0]])
        width = -(-(length + FRAME) // 8) * 8
        # rows are read in whole words, which the last one of the buffer may not have
        fits = offsets[some] + width <= len(data)
        if some.size < FEW or length > LONGEST:
            rest.odd.extend((int(place), length) for place in offsets[some])
            continue
        rest.odd.extend((int(place), length) for place in offsets[some[~fits]])
        at_once = max(FEW, (_CHUNK << 4) // width)
        chosen = offsets[some[fits]]
        for start in range(0, chosen.size, at_once):
            _read_equal(into, data, base, chosen[start : start + at_once], length, width, rest)


def _read_equal(
    into: Gathered, data: bytes, base: int, offsets: Ints, length: int, width: int, rest: Rest
) -> None:
    """Read records of one length."""
    view: NDArray[Any] = np.ndarray(
        (len(data) - width + 1,), np.dtype((np.void, width)), data, strides=(1,)
    )
    rows = view[offsets].view(np.uint8).reshape(offsets.size, width)
    pending = np.arange(offsets.size)
    for _ in range(MOST_LAYOUTS):
        if pending.size < FEW:
            break
        event = _regular(rows[pending[0]].tobytes(), HEADER, length)
        if event is None:
            # whatever names the same tag is of the same kind
            same = (rows[pending, 27:43] == rows[pending[0], 27:43]).all(axis=1)
            rest.odd.extend((int(place), length) for place in offsets[pending[same]])
            pending = pending[~same]
            continue
        fixed = np.zeros(width, np.uint8)
        _mark(fixed[: length + FRAME], event, 0)
        pending = _read_layout(into, base, rows, offsets, pending, event, fixed, length, rest)
    rest.odd.extend((int(place), length) for place in offsets[pending])


def _read_layout(
    into: Gathered,
    base: int,
    rows: Bytes,
    offsets: Ints,
    pending: Ints,
    event: Event,
    fixed: Bytes,
    length: int,
    rest: Rest,
) -> Ints:
    """Read the records that are laid out as `event` is; what remains."""
    chosen = rows[pending]
    words, masks = chosen.view("<u8"), fixed.view("<u8")
    key = np.zeros(pending.size, np.uint64)
    for index, part in enumerate(masks.tolist()):
        if part:
            key += (words[:, index] & np.uint64(part)) * np.uint64(_ODD[index % len(_ODD)] | 1)
            key ^= key >> np.uint64(29)
    _, firsts, kinds = np.unique(key, return_index=True, return_inverse=True)
    differ = chosen ^ chosen[firsts][kinds]
    fits = ~((differ & fixed) != 0).any(axis=1)
    events: list[Event | None] = []
    for kind, first in enumerate(firsts):
        found = _regular(chosen[first].tobytes(), HEADER, length)
        if found is None or _layout(found) != _layout(event):
            fits &= kinds != kind
            found = None
        events.append(found)
    sums = checksums.many(
        chosen.ravel(),
        firsts.astype(np.int64) * chosen.shape[1] + HEADER,
        np.full(firsts.size, length, np.int64),
    )
    varying = np.bitwise_or.reduce(differ, axis=0)
    expected = sums[kinds] ^ _differences(differ, varying, [(HEADER, length)])[0]
    wrong = (checksums.mask(expected) != _column(chosen, HEADER + length, "<u4")) & fits
    rest.damaged.extend((int(place), length) for place in offsets[pending[wrong]])
    use = np.flatnonzero(fits & ~wrong)
    by_kind = use[np.argsort(kinds[use], kind="stable")]
    for some in np.split(by_kind, np.flatnonzero(np.diff(kinds[by_kind])) + 1):
        if some.size:
            found = events[int(kinds[some[0]])]
            if found is not None:
                _points(into, chosen, found, 0, base + offsets[pending], some)
    left: Ints = pending[~fits]
    return left


def _layout(event: Event) -> tuple[Any, ...]:
    places = tuple((value.at, value.form) for value in event.values)
    return event.wall_at, event.step_at, event.step_size, places


def _regular(data: bytes, start: int, length: int) -> Event | None:
    """The event in a record, if others like it can be read by place."""
    if length > LONGEST or length < 4:
        return None
    try:
        event = decode(data, start, start + length)
    except ValueError:
        return None
    return event if event.regular else None


def _mark(fixed: Bytes, event: Event | None, start: int) -> None:
    """Mark the bits of a record that decide what it means.

    Args:
        fixed: of the whole record, zero; changed here.
        event: what it holds, or None when it is decoded by itself.
        start: where the record begins in the event's places.
    """
    if event is None:
        fixed[:HEADER] = 0xFF
        return
    fixed[:-4] = 0xFF
    wall = event.wall_at - start
    fixed[wall : wall + 8] = 0
    if event.step_at >= 0:
        step = event.step_at - start
        fixed[step : step + event.step_size] = 0x80
    for value in event.values:
        place = value.at - start
        fixed[place : place + int(value.form[2])] = 0


def _differences(differ: Bytes, varying: Bytes, parts: Sequence[tuple[int, int]]) -> Sums:
    """What the bytes in which rows differ add to each part's checksum, shape (parts, rows)."""
    columns: list[NDArray[np.intp]] = []
    distances: list[NDArray[np.intp]] = []
    starts: list[int] = []
    count = 0
    table = checksums.contributions(max(length for _, length in parts))
    nothing = np.array([table.size // 256 - 1], np.intp)
    first = np.zeros(1, np.intp)
    for place, length in parts:
        found = np.flatnonzero(varying[place : place + length])
        starts.append(count)
        # the first stands for parts in which nothing varies
        columns += [first, found + place]
        distances += [nothing, length - 1 - found]
        count += found.size + 1
    taken = differ[:, np.concatenate(columns)].T.astype(np.intp)
    taken += (np.concatenate(distances) << 8)[:, None]
    sums: Sums = np.bitwise_xor.reduceat(np.take(table, taken, mode="clip"), starts, axis=0)
    return sums


def _column(rows: Bytes, place: int, form: str) -> NDArray[Any]:
    """The numbers that lie at one place of each row."""
    found: NDArray[Any] = np.ndarray((len(rows),), form, rows, place, (rows.strides[0],))
    return found


def _points(
    into: Gathered, rows: Bytes, event: Event, start: int, starts: Ints, keep: Ints | None
) -> None:
    """Take the points of one record of each row.

    Args:
        into: takes them.
        rows: whole records or blocks.
        event: of the first one.
        start: what is added to the event's places to get places in a row.
        starts: where each row begins in the file.
        keep: rows to take; all when None.
    """
    walls = _column(rows, event.wall_at + start, "<f8").astype(np.float64)
    steps = np.zeros(len(rows), np.int64)
    if event.step_at >= 0:
        bits = np.zeros(len(rows), np.uint64)
        for index in range(event.step_size):
            byte = rows[:, event.step_at + start + index] & np.uint8(0x7F)
            bits |= byte.astype(np.uint64) << np.uint64(7 * index)
        steps = bits.view(np.int64)
    for value in event.values:
        numbers = _column(rows, value.at + start, value.form).astype(np.float64)
        places = starts + (value.at + start)
        tensor = value.kind == "tensor"
        if value.plugin:
            into.plugins.setdefault(value.tag, value.plugin)
        if keep is None:
            into.add(value.tag, tensor, places, steps, walls, numbers)
        else:
            into.add(value.tag, tensor, places[keep], steps[keep], walls[keep], numbers[keep])


_ODD = (
    0x9E3779B97F4A7C15,
    0xC2B2AE3D27D4EB4F,
    0x165667B19E3779F9,
    0xD6E8FEB86659FD93,
    0xFF51AFD7ED558CCD,
    0xC4CEB9FE1A85EC53,
    0xA0761D6478BD642F,
    0xE7037ED1A0B428DB,
)
"""Multipliers that keep records apart which differ in any bit that counts."""
