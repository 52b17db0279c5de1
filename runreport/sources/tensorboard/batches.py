"""Parts of event files that are held and decoded together, whatever files they are of."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from runreport.sources.tensorboard import checksums
from runreport.sources.tensorboard.frames import FRAME, HEADER, Frames, Ints
from runreport.sources.tensorboard.gathered import Gathered
from runreport.sources.tensorboard.regular import Known, Rest, Stretch, read_alike

CAPACITY = 1 << 23
"""Bytes that are held."""
_SPARE = 8


@dataclass(frozen=True, slots=True)
class Odd:
    """A record that is decoded by itself."""

    place: int
    """Of its frame in the file."""
    payload: bytes
    fits: bool
    """Whether its checksum does."""


class Owner(Protocol):
    """A file whose records are in a batch."""

    @property
    def into(self) -> Gathered:
        """Takes what could be decoded together."""
        ...

    def odd(self, records: Sequence[Odd]) -> None:
        """Take records that could not."""
        ...


class Batch:
    """Records of some files, until they are decoded."""

    def __init__(self, known: Known | None = None, capacity: int = CAPACITY) -> None:
        self.known = known or Known()
        self.capacity = capacity
        self.bytes = bytearray(capacity + _SPARE)
        self.data = np.frombuffer(self.bytes, np.uint8)
        self._used = 0
        self._frames: list[tuple[Owner, int, int, Frames]] = []

    @property
    def room(self) -> int:
        """Bytes that can be taken."""
        return self.capacity - self._used

    def read(self, descriptor: int, place: int, count: int) -> tuple[int, int]:
        """Read a part of a file, at most what there is room for; where in the data it lies."""
        start, end = self._used, min(self._used + count, self.capacity)
        at = start
        with memoryview(self.bytes) as view:
            while at < end:
                got = os.preadv(descriptor, [view[at:end]], place + at - start)
                if not got:
                    break
                at += got
        return start, at

    def add(self, owner: Owner, start: int, base: int, found: Frames) -> None:
        """Keep the records of a part.

        Args:
            owner: the file.
            start: where the part begins in the data.
            base: what is added to a place in the data to give the place in the file.
            found: its records.
        """
        if found.offsets.size:
            self._frames.append((owner, start, base, found))
        self._used = max(self._used, found.end)

    def flush(self) -> None:
        """Decode what is held, and hold nothing."""
        held, used = self._frames, self._used
        self._frames, self._used = [], 0
        if not held:
            return
        offsets = np.concatenate([found.offsets for *_, found in held])
        lengths = np.concatenate([found.lengths for *_, found in held])
        stretches = [
            Stretch(owner.into, start, base, found.edition is self.known.script.edition)
            for owner, start, base, found in held
        ]
        # widening a NaN of any form is no reason for a warning
        with np.errstate(invalid="ignore"):
            rest = read_alike(self.known, self.data[: used + _SPARE], stretches, offsets, lengths)
        starts = np.array([start for _, start, _, _ in held], np.int64)
        found = self._rest(rest)
        which = np.searchsorted(starts, [place for place, _, _ in found], side="right") - 1
        parts: list[list[Odd]] = [[] for _ in held]
        for (place, payload, fits), index in zip(found, which.tolist(), strict=True):
            parts[index].append(Odd(place + held[index][2], payload, fits))
        for (owner, *_), records in zip(held, parts, strict=True):
            owner.odd(records)

    def _rest(self, rest: Rest) -> list[tuple[int, bytes, bool]]:
        """Place, payload, and whether its checksum fits, in order."""
        odd = sorted(rest.odd)
        small = [record for record in odd if 4 <= record[1] <= checksums.LONGEST]
        sums: dict[int, int] = {}
        if len(small) > 8:
            starts: Ints = np.array([place for place, _ in small], np.int64)
            lengths: Ints = np.array([length for _, length in small], np.int64)
            found = checksums.mask(checksums.many(self.data, starts + HEADER, lengths))
            sums = dict(zip(starts.tolist(), found.tolist(), strict=True))
        records = []
        for place, length in odd:
            payload = bytes(self.bytes[place + HEADER : place + HEADER + length])
            stored = int.from_bytes(
                self.bytes[place + length + HEADER : place + length + FRAME], "little"
            )
            actual = sums.get(place)
            if actual is None:
                actual = checksums.long_message(payload)
            records.append((place, payload, actual == stored))
        for place, length in rest.damaged:
            records.append((place, bytes(length), False))
        return sorted(records)
