"""Where the records of an event file begin and end, found for many at once.

A frame is a length of eight bytes, its checksum, the payload, its checksum. Whatever says where a
frame might begin (the frames of the file before, or zeros as every length has them) is only a
guess: a frame counts when the one before leads to it and the checksum of its length fits.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from runreport.sources.tensorboard import checksums
from runreport.sources.tensorboard.checksums import Bytes, Sums

HEADER, FRAME = 12, 16
"""Bytes before a record's payload, and around it."""
LARGE = (1 << 16) - 1
"""Bytes of a payload; what is longer is skipped over."""

Ints = NDArray[np.int64]

_FIRST_PART, _PART = 1 << 12, 1 << 18
_OTHERS = 4
_REMEMBERED = 1 << 20
_NONE = np.zeros(0, np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class Frames:
    """Records that follow each other."""

    offsets: Ints
    """Where their frames begin in the data."""
    lengths: Ints
    """Of their payloads."""
    end: int
    """Where the last whole one ends."""
    why: str
    """What is there: nothing (empty), `cut` (a record that goes on behind the data), `large`
    (a record to be skipped over), `damage`."""
    edition: object = None
    """Of the script whose records these are, all and no others; None of any other records."""


@dataclass(eq=False)
class Script:
    """The frames of an earlier file: other runs of the same program mostly go alike."""

    _lengths: Ints = field(default_factory=lambda: _NONE)
    _places: Ints = field(default_factory=lambda: _NONE)
    """Where each begins behind the first, and where the last ends."""
    _sums: Sums = field(default_factory=lambda: np.zeros(0, np.uint32))
    edition: object = field(default_factory=object)
    """Another one whenever something was learned."""
    parts: list[tuple[int, Ints]] = field(default_factory=list)
    """What is known of the kinds of its records: length, and places behind the first of those that
    are alike."""

    def learn(self, lengths: Ints) -> None:
        """Take the frames of a file's start as what to expect of the next."""
        size = lengths.size
        few = size <= self.size // 4
        if few or np.array_equal(lengths, self._lengths[:size]):
            return
        self.edition, self.parts = object(), []
        self._lengths = lengths[:_REMEMBERED]
        self._places = np.concatenate([np.zeros(1, np.int64), np.cumsum(self._lengths + FRAME)])
        self._sums = _length_sums()[self._lengths]

    @property
    def size(self) -> int:
        """How many records are expected."""
        return self._lengths.size

    def follows(self, data: Bytes, start: int, end: int, index: int) -> Ints:
        """The lengths of records from a place on, as many as are as expected.

        Args:
            data: where they lie.
            start: where the first begins.
            end: where the data end.
            index: which of the expected the first is.
        """
        if index >= self._lengths.size:
            return _NONE
        begin = self._places[index]
        last = int(np.searchsorted(self._places, begin + (end - start), side="right")) - 1
        lengths = self._lengths[index:last]
        if not lengths.size:
            return _NONE
        offsets = self._places[index:last] + (start - begin)
        fits = _at(data, offsets, "<u8") == lengths.view(np.uint64)
        fits &= _at(data, offsets + 8, "<u4") == self._sums[index:last]
        return lengths if fits.all() else lengths[: int(fits.argmin())]


def frames(
    data: Bytes, start: int, end: int, script: Script | None = None, index: int = 0
) -> Frames:
    """The records in a part of some data.

    Args:
        data: bytes of a file.
        start: where a frame begins.
        end: where to stop.
        script: what to expect.
        index: how many records of the file came before.
    """
    found: list[tuple[Ints, Ints]] = []
    place, why = start, ""
    others = _OTHERS if script is not None else 0
    while script is not None and index < script.size and others and place < end:
        lengths = script.follows(data, place, end, index)
        if lengths.size:
            ends = place + np.cumsum(lengths + FRAME)
            found.append((ends - lengths - FRAME, lengths))
            place = int(ends[-1])
            index += lengths.size
        # one that is unlike need not be the end of likeness
        length, why = _one(data, place, end)
        if why or place == end:
            break
        found.append((np.array([place], np.int64), np.array([length], np.int64)))
        place += length + FRAME
        index += 1
        others -= 1
    part = _FIRST_PART
    while not why and place < end:
        offsets, lengths, place, why = _walk(data, place, end, min(end, place + part))
        found.append((offsets, lengths))
        part = min(_PART, 4 * part)
    if len(found) == 1:
        edition = None
        if script is not None and others == _OTHERS and index == script.size and place == end:
            edition = script.edition if index == found[0][0].size else None
        return Frames(*found[0], place, why, edition)
    return Frames(
        np.concatenate([_NONE, *(offsets for offsets, _ in found)]),
        np.concatenate([_NONE, *(lengths for _, lengths in found)]),
        place,
        why,
    )


def stated(head: bytes | bytearray) -> int | None:
    """The length that a frame's head states; None when its checksum does not fit."""
    if checksums.masked(head[:8]) != int.from_bytes(head[8:HEADER], "little"):
        return None
    return int.from_bytes(head[:8], "little")


def _one(data: Bytes, place: int, end: int) -> tuple[int, str]:
    """The length of the record at a place, or why there is none."""
    if end - place < HEADER:
        return 0, "cut" if place < end else ""
    length = stated(data[place : place + HEADER].tobytes())
    if length is None:
        return 0, "damage"
    if length > LARGE:
        return 0, "large"
    return length, "cut" if place + length + FRAME > end else ""


def _walk(data: Bytes, start: int, end: int, stop: int) -> tuple[Ints, Ints, int, str]:
    """Records that begin before `stop`: offsets, lengths, where the last ends, and why there."""
    zero = data[start : min(end, stop + HEADER)] == 0
    # lengths are below 2**16, so that bytes 2 to 7 of a frame are zero
    two = zero[:-1] & zero[1:]
    offsets = np.flatnonzero(two[:-4] & two[2:-2] & two[4:]) - 2 + start
    offsets = offsets[(offsets >= start) & (offsets < stop) & (offsets + HEADER <= end)]
    lengths = _at(data, offsets, "<u2")
    true = _at(data, offsets + 8, "<u4") == _length_sums()[lengths]
    offsets, lengths = offsets[true], lengths[true].astype(np.int64)
    ends = offsets + lengths + FRAME
    place, kept = start, np.zeros(offsets.size, np.bool_)
    # where the end of one is not the beginning of the next, what lies between is no frame
    breaks = np.flatnonzero(offsets[1:] != ends[:-1])
    while place < stop:
        first = int(np.searchsorted(offsets, place))
        if first == offsets.size or offsets[first] != place:
            break
        after = int(np.searchsorted(breaks, first))
        last = int(breaks[after]) if after < breaks.size else offsets.size - 1
        kept[first : last + 1] = True
        place = int(ends[last])
    if place > end:
        last = int(np.flatnonzero(kept)[-1])
        kept[last], place = False, int(offsets[last])
    offsets, lengths = offsets[kept], lengths[kept]
    why = _one(data, place, end)[1] if place < stop else ""
    return offsets, lengths, place, why


def _at(data: Bytes, places: Ints, form: str) -> NDArray[np.unsignedinteger]:
    """The numbers that lie at places of the data, however they are aligned."""
    width = int(form[2])
    view: NDArray[np.unsignedinteger] = np.ndarray(
        (max(0, data.size - width + 1),), form, data, strides=(1,)
    )
    return view[places]


@lru_cache(maxsize=1)
def _length_sums() -> Sums:
    """The checksum of each length up to `LARGE`, as it is stored."""
    heads = np.zeros((LARGE + 1, 8), np.uint8)
    heads[:, :2] = np.arange(LARGE + 1, dtype="<u2")[:, None].view(np.uint8)
    heads[:, :4] ^= np.uint8(0xFF)
    return checksums.mask(checksums.raw_rows(heads) ^ np.uint32(0xFFFFFFFF))
