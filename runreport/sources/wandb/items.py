"""Items of many history records at once: where their keys and values lie.

A history record is a message of items; an item is one or several texts (the key, or the path of a
nested one) and the value as JSON. All records are walked in step, item by item, with numpy; what
does not have this shape is walked field by field, with the same result.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from runreport.sources.wandb.wire import BYTES, Malformed, every, fields, varint

Ints = NDArray[np.int64]
FEW = 24
"""Records for which it does not pay to go in step."""
DEEP = 8
"""Parts of a nested key that are walked in step."""
_ITEM, _STEP = 0x0A, 0x12
_VALUE = (0x82, 0x01)
_PADDING = bytes(DEEP * 130 + 16)
"""So that looking ahead from the last byte stays inside."""


@dataclass(frozen=True, eq=False)
class Items:
    """Items of records that lie one after the other in `data`."""

    data: bytes
    record: Ints
    """Which record an item is of."""
    key: Ints
    """Where its texts begin; they end where `key_end` says."""
    key_end: Ints
    value: Ints
    value_end: Ints
    odd: list[tuple[int, tuple[str, ...], bytes]]
    """Record, path and value of items of another shape."""
    broken: int
    """Records that are no messages from some byte on."""
    others: bool
    """Whether records have fields besides items, and besides a step at the end."""


def items_of(records: Sequence[bytes], step_last: bool = True) -> Items:
    """Every item of records.

    Args:
        records: of the history; or of the summary, whose updates have the same shape.
        step_last: whether a last field may be a step, as in histories.
    """
    data = b"".join((*records, _PADDING))
    sizes = np.fromiter(map(len, records), np.int64, len(records))
    ends = np.cumsum(sizes)
    starts = ends - sizes
    record, begin, stop, rest = _spans(np.frombuffer(data, np.uint8), starts, ends, step_last)
    extra: list[tuple[int, int, int]] = []
    broken = 0
    others = False
    for number, place in rest:
        try:
            for tag, begun, ended in _walk(data, place, int(ends[number])):
                if tag == _ITEM:
                    extra.append((number, begun, ended))
                else:
                    others = True
        except Malformed:
            broken += 1
    if extra:
        more = np.array(extra, np.int64)
        record = np.concatenate([record, more[:, 0]])
        begin, stop = np.concatenate([begin, more[:, 1]]), np.concatenate([stop, more[:, 2]])
    order = np.argsort(begin)
    return _parts(data, record[order], begin[order], stop[order], broken, others)


def steps_of(records: Sequence[bytes], wanted: Iterator[int]) -> dict[int, float]:
    """The step field of some records, where they have one."""
    found: dict[int, float] = {}
    for number in wanted:
        try:
            for step in every(records[number], 2):
                found[number] = float(next((v for n, v in fields(step) if n == 1), 0))
        except (Malformed, TypeError):
            continue
    return found


def path_of(key: bytes) -> tuple[str, ...]:
    """The parts of a key: of one text, or of several for a nested one."""
    return tuple(
        part.decode("utf-8", "replace") for _, part in fields(key) if isinstance(part, bytes)
    )


def _spans(
    data: NDArray[np.uint8], starts: Ints, ends: Ints, step_last: bool
) -> tuple[Ints, Ints, Ints, list[tuple[int, int]]]:
    """Items as record, begin and end; and records that go on otherwise, from which byte on."""
    records: list[Ints] = [np.zeros(0, np.int64)]
    begins: list[Ints] = [np.zeros(0, np.int64)]
    stops: list[Ints] = [np.zeros(0, np.int64)]
    rest: list[tuple[int, int]] = []
    active = np.flatnonzero(starts < ends)
    pos, end = starts[active], ends[active]
    while active.size >= FEW:
        low = data[pos + 1].astype(np.int64)
        high = data[pos + 2].astype(np.int64)
        long = low >= 0x80
        begin = pos + 2 + long
        stop = begin + np.where(long, (low & 0x7F) | (high << 7), low)
        good = (data[pos] == _ITEM) & ~(long & (high >= 0x80)) & (stop <= end)
        if not good.all():
            # the step comes last; it is looked at where an item does not tell it
            at_step = step_last & (data[pos] == _STEP) & (begin + low == end) & ~long
            for place in np.flatnonzero(~good & ~at_step):
                rest.append((int(active[place]), int(pos[place])))
            active, begin, stop, end = active[good], begin[good], stop[good], end[good]
        records.append(active)
        begins.append(begin)
        stops.append(stop)
        more = stop < end
        active, pos, end = active[more], stop[more], end[more]
    rest += zip(active.tolist(), pos.tolist(), strict=True)
    return np.concatenate(records), np.concatenate(begins), np.concatenate(stops), rest


def _walk(data: bytes, pos: int, end: int) -> Iterator[tuple[int, int, int]]:
    """Tag, begin and end of the fields of one record from a byte on.

    Raises:
        Malformed: where the record stops being a message of messages.
    """
    while pos < end:
        tag, pos = varint(data, pos)
        if tag & 7 != BYTES:
            raise Malformed("a record with a field that is no message")
        length, pos = varint(data, pos)
        if pos + length > end:
            raise Malformed("a field that is longer than its record")
        yield tag, pos, pos + length
        pos += length


def _parts(data: bytes, record: Ints, begin: Ints, stop: Ints, broken: int, others: bool) -> Items:
    """Keys and values of items."""
    view = np.frombuffer(data, np.uint8)
    key_end = begin.copy()
    going = np.arange(begin.size)
    for _ in range(DEEP):
        pos = key_end[going]
        tag, length = view[pos], view[pos + 1]
        text = ((tag == 0x0A) | (tag == 0x12)) & (length < 0x80) & (pos < stop[going])
        going = going[text]
        if not going.size:
            break
        # a length that leads out of the item is found below
        key_end[going] = np.minimum(pos[text] + 2 + length[text], stop[going])
    low = view[key_end + 2].astype(np.int64)
    high = view[key_end + 3].astype(np.int64)
    long = low >= 0x80
    value = key_end + 3 + long
    length = np.where(long, (low & 0x7F) | (high << 7), low)
    good = (view[key_end] == _VALUE[0]) & (view[key_end + 1] == _VALUE[1]) & (key_end > begin)
    good &= ~(long & (high >= 0x80)) & (value + length == stop)
    odd: list[tuple[int, tuple[str, ...], bytes]] = []
    for place in np.flatnonzero(~good).tolist():
        item = data[begin[place] : stop[place]]
        try:
            odd.append((int(record[place]), *_item(item)))
        except Malformed:
            broken += 1
    return Items(
        data,
        record[good],
        begin[good],
        key_end[good],
        value[good],
        stop[good],
        odd,
        broken,
        others,
    )


def _item(item: bytes) -> tuple[tuple[str, ...], bytes]:
    """Path and value of one item.

    Raises:
        Malformed: it is no message, or has no key.
    """
    path: list[str] = []
    value = b""
    for number, part in fields(item):
        if not isinstance(part, bytes):
            continue
        if number in (1, 2):
            path.append(part.decode("utf-8", "replace"))
        elif number == 16:
            value = part
    if not path:
        raise Malformed("an item without a key")
    return tuple(path), value
