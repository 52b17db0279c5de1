"""Items of many history records at once: where their keys and values lie.

A history record is a message of items; an item is one or several texts (the key, or the path of a
nested one) and the value as JSON. All records are walked in step, item by item, with numpy; what
does not have this shape is walked field by field, with the same result.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from runreport.sources.wandb.wire import BYTES, Malformed, every, fields, varint

Ints = NDArray[np.int64]
FEW = 24
"""Records for which it does not pay to go in step."""
DEEP = 8
"""Parts of a nested key that are walked in step."""
WORDS = 10
"""Of eight bytes: longer keys are told apart one by one."""
_ITEM, _STEP = 0x0A, 0x12
_VALUE = (0x82, 0x01)
_PRIME = np.uint64(0x9E3779B97F4A7C15)
_MASKS = np.array([(1 << 8 * count) - 1 for count in range(9)], np.uint64)


@dataclass(frozen=True, eq=False)
class Items:
    """Items of records, in their order."""

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


def items_of(data: bytes, start: Ints, end: Ints, step_last: bool = True) -> Items:
    """Every item of records.

    Args:
        data: with padding behind the last record.
        start: where each record begins in the data: of the history; or of the summary, whose
            updates have the same shape.
        end: where each ends.
        step_last: whether a last field may be a step, as in histories.
    """
    view = np.frombuffer(data, np.uint8)
    record, begin, stop, rest = _spans(view, start, end, step_last)
    extra: list[tuple[int, int, int]] = []
    broken = 0
    others = False
    for number, place in rest:
        try:
            for tag, begun, ended in _walk(data, place, int(end[number])):
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
    order = np.argsort(record, kind="stable")
    return _parts(data, view, record[order], begin[order], stop[order], broken, others)


def codes_of(items: Items) -> tuple[list[bytes], NDArray[np.uint16] | Ints]:
    """The keys, and of each item which of them it has.

    Keys are told apart by a number made of all their bytes; that no two have the same is checked.
    """
    if not items.key.size:
        return [], np.zeros(0, np.int64)
    size = items.key_end - items.key
    windows = np.ndarray((len(items.data) - 7,), "<u8", items.data, 0, (1,))
    words = [
        windows[items.key + 8 * place] & _MASKS[np.clip(size - 8 * place, 0, 8)]
        for place in range(-(-int(size.max()) // 8))
    ]
    marks = size.astype(np.uint64)
    for word in words:
        marks = (marks ^ word) * _PRIME
        marks ^= marks >> np.uint64(29)
    table = np.unique(marks[: 4 * FEW])
    place = _found(table, marks)
    new = table[place] != marks
    if new.any():
        table = np.union1d(table, marks[new])
        place = _found(table, marks)
    first = np.zeros(table.size, np.int64)
    first[place[::-1]] = np.arange(place.size)[::-1]
    own = first[place]
    if not ((size == size[own]).all() and all((word == word[own]).all() for word in words)):
        return _codes_one_by_one(items)
    keys = [items.data[items.key[i] : items.key_end[i]] for i in first.tolist()]
    return keys, place.astype(np.uint16) if table.size < 1 << 16 else place


def _found(table: NDArray[np.uint64], marks: NDArray[np.uint64]) -> Ints:
    return np.minimum(np.searchsorted(table, marks), table.size - 1)


def _codes_one_by_one(items: Items) -> tuple[list[bytes], Ints]:
    keys: dict[bytes, int] = {}
    spans = zip(items.key.tolist(), items.key_end.tolist(), strict=True)
    codes = [keys.setdefault(items.data[a:b], len(keys)) for a, b in spans]
    return list(keys), np.array(codes, np.int64)


def step_of(record: bytes) -> float | None:
    """The step field of a history record, where it has one."""
    try:
        for step in every(record, 2):
            value = next((v for number, v in fields(step) if number == 1), 0)
            return float(value) if isinstance(value, int) else None
    except Malformed:
        return None
    return None


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


def _parts(
    data: bytes,
    view: NDArray[np.uint8],
    record: Ints,
    begin: Ints,
    stop: Ints,
    broken: int,
    others: bool,
) -> Items:
    """Keys and values of items."""
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
    good &= key_end - begin <= 8 * WORDS
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
