"""Metric histories out of an MLflow file store: the lines of many files, or what was appended."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from runreport.errors import Problem
from runreport.sources.folders import Doors, Folder, reason
from runreport.sources.mlflow.collect import Collector
from runreport.sources.mlflow.halves import WORTH, in_two
from runreport.sources.mlflow.keptruns import Columns, Fetched, Series, Sign
from runreport.sources.mlflow.metriclines import Block, Oddities, parse_blocks
from runreport.sources.mlflow.points import Parts
from runreport.sources.mlflow.runfolder import MetricFile, tell_oddities

PART = 100_000
"""Points of one part: the lines they come from, parsed together, take memory as well."""
SHORTEST = 20
"""Bytes of a line, about: a time has 13 digits."""

Part = tuple[int, bool]
"""Place of its series among those that are wanted, and whether it is the last one."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A series that is asked for."""

    run_id: str
    metric: str
    """Of the tables."""
    key: str
    """In the store."""
    file: MetricFile
    odd: Oddities
    """What its lines turn out to hold."""


class FileSeries:
    """Reads series below an open root; what cannot be read is told."""

    def __init__(self, root: Folder, told: Collector) -> None:
        self._root = root
        self._told = told
        self._signed: dict[tuple[str, str], Wanted] = {}

    def parts(self, wanted: Sequence[Wanted]) -> Iterator[pa.Table]:
        """Points in HISTORY_SCHEMA."""
        parts = Parts(PART)
        for (place, _), columns in self._halved(wanted, [0] * len(wanted), marked=False):
            parts.add(wanted[place].run_id, wanted[place].metric, *columns)
            yield from parts.full()
        yield from parts.rest()

    def signed(self, wanted: Sequence[Wanted]) -> Iterator[Series]:
        """The same with what is known of each file without reading it whole."""
        with closing(Doors(self._root)) as doors:
            for one in wanted:
                own = one.run_id.partition(":")[2]
                self._signed[own, one.key] = one
                *inside, name = one.file.place
                sign: Sign | None = None
                try:
                    folder = doors.of(tuple(inside))
                    size, *about = folder.stat(name)
                    # what came after the tables were read belongs to a later state
                    if size == one.file.size:
                        sign = [size, *about, *map(_digest, folder.ends(name, size))]
                except OSError:
                    # reading it says why
                    sign = None
                yield Series(one.run_id, own, one.metric, one.key, sign)

    def goes_on(self, sign: Sign, series: Series) -> bool:
        """Whether a file is longer than it was, and the same up to where it ended."""
        size, _, _, inode, *ends = sign
        if series.sign is None or series.sign[0] <= size or series.sign[3] != inode:
            return False
        *inside, name = self._signed[series.own_id, series.key].file.place
        try:
            with closing(Doors(self._root)) as doors:
                found = doors.of(tuple(inside)).ends(name, int(size))
        except OSError:
            return False
        return [_digest(part) for part in found] == ends

    def fetch(self, series: Sequence[Series]) -> Iterator[Fetched]:
        """The points of each file, or of what was appended to it."""
        wanted = [self._signed[one.own_id, one.key] for one in series]
        starts = [0 if one.after is None else int(one.after[0]) for one in series]
        for one, asked in zip(wanted, series, strict=True):
            one.odd.lines = asked.held
        held: list[Columns] = []
        for (place, is_last), columns in self._halved(wanted, starts, marked=True):
            held.append(columns)
            if is_last:
                joined = [np.concatenate(column) for column in zip(*held, strict=True)]
                yield Fetched((joined[0], joined[1], joined[2]), not wanted[place].odd)
                held = []

    def _halved(
        self, wanted: Sequence[Wanted], starts: Sequence[int], marked: bool
    ) -> Iterator[tuple[Part, Columns]]:
        """Points of all series in parts; of a large store another process reads the second half.

        Where it is marked, a series ends in a last, empty part.
        """
        half = len(wanted) // 2
        size = sum(one.file.size for one in wanted) - sum(starts)
        if not half or size < WORTH * SHORTEST:
            half = len(wanted)

        def read(first: int, last: int) -> Iterator[tuple[Part, Columns]]:
            blocks = self._blocks(wanted[first:last], starts[first:last], first, marked)
            for block, step, ms, value in parse_blocks(blocks):
                yield (block.place, block.is_last), (step, ms, value)

        told = len(self._told.problems)

        def said() -> tuple[list[Oddities], list[Problem]]:
            return [one.odd for one in wanted[half:]], self._told.problems[told:]

        def take(odd: tuple[list[Oddities], list[Problem]]) -> None:
            for one, found in zip(wanted[half:], odd[0], strict=True):
                one.odd.take(found)
            self._told.problems += odd[1]

        if half == len(wanted):
            yield from read(0, half)
        else:
            yield from in_two(read(0, half), lambda: read(half, len(wanted)), said, take)

    def _blocks(
        self, wanted: Sequence[Wanted], starts: Sequence[int], first: int, marked: bool
    ) -> Iterator[Block]:
        """The lines of many metric files; where it is marked, each ends in a last, empty block."""
        with closing(Doors(self._root)) as doors:
            for place, (one, start) in enumerate(zip(wanted, starts, strict=True), first):
                *inside, name = one.file.place
                try:
                    folder = doors.of(tuple(inside))
                    for lines in folder.blocks(name, one.file.size, start):
                        end = lines.rfind(b"\n") + 1
                        # a last line without an end was cut while being written
                        one.odd.incomplete = end < len(lines)
                        yield Block(lines[:end], one.odd, place)
                except OSError as error:
                    message = f"{one.metric!r} cannot be read: {reason(error)}"
                    run_id = one.run_id.partition(":")[2]
                    self._told.tell("RR306", message, run_id, where="/".join(one.file.place))
                    one.odd.unread = True
                if marked:
                    yield Block(b"", one.odd, place, is_last=True)


def tell_odd(told: Collector, wanted: Sequence[Wanted]) -> None:
    """Say what the files held, but for what the tables have said already."""
    for one in wanted:
        if one.odd and not one.file.odd:
            run_id = one.run_id.partition(":")[2]
            tell_oddities(told, run_id, "/".join(one.file.place), one.odd)


def _digest(data: bytes) -> str:
    return hashlib.blake2b(data, digest_size=12).hexdigest()
