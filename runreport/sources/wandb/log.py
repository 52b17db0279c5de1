"""A `.wandb` file as facts: every record is looked at, and what it says is kept once."""

from __future__ import annotations

import fnmatch
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from runreport.sources.trees import open_file
from runreport.sources.wandb.columns import Columns
from runreport.sources.wandb.frames import HEADER, Batch, Damage, Frames
from runreport.sources.wandb.items import Ints
from runreport.sources.wandb.keyed import Keyed
from runreport.sources.wandb.wire import (
    BYTES,
    VARINT,
    Malformed,
    Value,
    every,
    fields,
    last,
    signed,
    text,
    varint,
)

HISTORY, SUMMARY, CONFIG, FILES, ARTIFACT, TELEMETRY, METRIC, RUN, EXIT, PREEMPTING, USED, WHERE = (
    2, 3, 5, 6, 8, 11, 12, 17, 18, 23, 25, 26,
)  # fmt: skip
_NOT_KINDS = frozenset({1, 16, 19, 200})
"""Fields of every record: number, control, uuid, info."""
POINTS_ALONE = frozenset({HISTORY, SUMMARY, TELEMETRY, 4, 7, 10, 13, 20, 22, 27, 100})
"""Kinds of records after which nothing but points and the summary has changed."""
MAX_ARTIFACTS = 5_000
_OTHER = 1 << 20
"""Of a record whose kind is not looked at yet."""


@dataclass(frozen=True, slots=True)
class LoggedArtifact:
    """An artifact version that a run made, or used."""

    name: str
    type: str
    digest: str
    size: int | None = None
    aliases: tuple[str, ...] = ()


@dataclass(eq=False)
class Log:
    """What the records of one file say."""

    columns: Columns = field(default_factory=Columns)
    config: Keyed = field(default_factory=Keyed)
    summary: Keyed = field(default_factory=Keyed)
    run: dict[int, Value] = field(default_factory=dict)
    """Fields of the run record, by number."""
    tags: list[str] = field(default_factory=list)
    git: dict[int, Value] = field(default_factory=dict)
    telemetry: dict[int, Value] = field(default_factory=dict)
    environment: dict[int, Value] = field(default_factory=dict)
    arguments: list[str] = field(default_factory=list)
    gpus: list[str] = field(default_factory=list)
    metrics: list[tuple[str, str, str]] = field(default_factory=list)
    """Name, pattern and step metric, as they were declared."""
    made: list[LoggedArtifact] = field(default_factory=list)
    used: list[LoggedArtifact] = field(default_factory=list)
    exit: dict[int, Value] | None = None
    preempted: bool = False
    has_run: bool = False
    broken: int = 0
    """Records that are no messages."""
    damages: list[Damage] = field(default_factory=list)
    """Of the file that was read last, as what follows."""
    cut: bool = False
    end: int = 0
    size: int = 0
    first_start: Value | None = None
    """When the first of its files says that the run was started."""
    spent: float = 0.0
    """Seconds of earlier files, where the last one counts from zero."""
    lossy: bool = False
    """Whether a part of any of its files was not read."""
    only_points: bool = True
    """Whether nothing else changed."""

    @property
    def resumes(self) -> bool:
        """Whether the run was started to go on with an earlier one of the same id."""
        return bool(self.run.get(18) or self.run.get(24) or signed(self.run.get(14)) > 0)

    def step_metrics(self, names: list[str]) -> dict[str, str]:
        """The declared step metric of each metric that has one; exact names before patterns."""
        exact = {name: step for name, _, step in self.metrics if name}
        patterns = {glob: step for _, glob, step in self.metrics if glob}
        found: dict[str, str] = {}
        for name in names:
            step = exact.get(name)
            if not step:
                step = next(
                    (s for glob, s in patterns.items() if fnmatch.fnmatchcase(name, glob)), ""
                )
            if step and step != name:
                found[name] = step
        return found


def read_log(path: Path, start: int | None = None, into: Log | None = None) -> Log:
    """A `.wandb` file.

    Args:
        path: of the file.
        start: where a record begins, to read from there on.
        into: the log of an earlier file, which this one goes on with.

    Raises:
        OSError: it cannot be opened.
        ValueError: it is no such file, with a message for people.
    """
    log = Log() if into is None else into
    with os.fdopen(open_file(path), "rb") as stream:
        head = stream.read(len(HEADER))
        if head != HEADER:
            raise ValueError(_no_log(head))
        # the end of the last one counts
        log.exit, log.preempted = None, False
        earlier, log.columns.last_runtime = log.columns.last_runtime, None
        frames = Frames(stream, len(HEADER) if start is None else start)
        for batch in frames.batches():
            _take(log, batch)
    log.damages, log.cut = frames.damages, frames.cut
    log.end, log.size = frames.end, frames.size
    log.first_start = log.first_start or log.run.get(17)
    if earlier is not None and not log.run.get(20):
        log.spent += earlier
    log.lossy |= frames.cut or bool(frames.damages)
    return log


def _no_log(head: bytes) -> str:
    if not head:
        return "the file is empty, expected a W&B log"
    if HEADER.startswith(head):
        return "the file ends within its first bytes"
    if head.startswith(HEADER[:4]):
        return f"a W&B log of an unknown version ({head[4:].hex()})"
    return "no W&B log: its first bytes are others"


def _take(log: Log, batch: Batch) -> None:
    """Take records in: histories together, summaries together, the others one by one."""
    data = batch.data
    kind, start, end = _bodies(np.frombuffer(data, np.uint8), batch.start, batch.end)
    for place in np.flatnonzero(kind == _OTHER).tolist():
        try:
            kind[place], start[place], end[place] = _body(data, *_span(batch, place))
        except Malformed:
            log.broken += 1
            continue
        if kind[place] not in (0, HISTORY, SUMMARY):
            log.only_points &= int(kind[place]) in POINTS_ALONE
            handle = _HANDLERS.get(int(kind[place]))
            if handle is not None:
                try:
                    handle(log, data[start[place] : end[place]])
                except Malformed:
                    log.broken += 1
    log.columns.add(data, start[kind == HISTORY], end[kind == HISTORY])
    log.broken += log.summary.apply_all(data, start[kind == SUMMARY], end[kind == SUMMARY])


def _span(batch: Batch, place: int) -> tuple[int, int]:
    return int(batch.start[place]), int(batch.end[place])


def _bodies(view: NDArray[np.uint8], start: Ints, end: Ints) -> tuple[Ints, Ints, Ints]:
    """Kind and place of the message in each record, for histories and summaries.

    These are a number of up to three bytes, then the message, whose length takes up to three.
    """
    first, second, third = view[start + 1], view[start + 2], view[start + 3]
    tag_at = start + 2 + (first >= 0x80) + ((first >= 0x80) & (second >= 0x80))
    known = (view[start] == 0x08) & ((first < 0x80) | (second < 0x80) | (third < 0x80))
    tag = view[tag_at]
    known &= (tag == 0x12) | (tag == 0x1A)
    low, mid, high = (view[tag_at + place].astype(np.int64) for place in (1, 2, 3))
    two, three = low >= 0x80, (low >= 0x80) & (mid >= 0x80)
    length = (low & 0x7F) | np.where(two, (mid & 0x7F) << 7, 0) | np.where(three, high << 14, 0)
    begin = tag_at + 2 + two + three
    known &= ~(three & (high >= 0x80)) & (begin + length <= end)
    kind = np.where(known, tag.astype(np.int64) >> 3, _OTHER)
    return kind, begin, begin + length


def _body(data: bytes, pos: int, end: int) -> tuple[int, int, int]:
    """Kind and place of the message in one record; kind 0 when there is none.

    Raises:
        Malformed: it is no message.
    """
    found = (0, pos, pos)
    while pos < end:
        tag, pos = varint(data, pos)
        number, wire = tag >> 3, tag & 7
        if wire == BYTES:
            length, pos = varint(data, pos)
            if pos + length > end:
                raise Malformed("a field that is longer than its record")
            if number not in _NOT_KINDS and not found[0] and number < _OTHER:
                found = (number, pos, pos + length)
            pos += length
        elif wire == VARINT:
            _, pos = varint(data, pos)
        else:
            raise Malformed("a field that no record has")
    return found


def _config(log: Log, message: bytes) -> None:
    log.config.apply(message)


def _run(log: Log, message: bytes) -> None:
    log.has_run = True
    tags: list[str] = []
    for number, value in fields(message):
        if number == 4 and isinstance(value, bytes):
            log.config.apply(value)
        elif number == 5 and isinstance(value, bytes):
            log.summary.apply(value)
        elif number == 10:
            tags.append(text(value))
        elif number == 19 and isinstance(value, bytes):
            _telemetry(log, value)
        elif number == 21 and isinstance(value, bytes):
            log.git.update(last(value))
        elif value not in (b"", 0):
            log.run[number] = value
    log.tags = tags or log.tags


def _telemetry(log: Log, message: bytes) -> None:
    log.telemetry.update(last(message))


def _metric(log: Log, message: bytes) -> None:
    told = last(message)
    if len(log.metrics) < MAX_ARTIFACTS:
        log.metrics.append((text(told.get(1)), text(told.get(2)), text(told.get(4))))


def _exit(log: Log, message: bytes) -> None:
    log.exit = last(message)


def _preempting(log: Log, _message: bytes) -> None:
    log.preempted = True


def _artifact(log: Log, message: bytes) -> None:
    if len(log.made) >= MAX_ARTIFACTS:
        return
    told = last(message)
    size = None
    manifest = told.get(12)
    if isinstance(manifest, bytes):
        sizes = [signed(last(entry).get(4)) for entry in every(manifest, 4)]
        size = sum(n for n in sizes if n > 0)
    aliases = tuple(text(alias) for alias in every(message, 11))
    log.made.append(
        LoggedArtifact(text(told.get(5)), text(told.get(4)), text(told.get(6)), size, aliases)
    )


def _used(log: Log, message: bytes) -> None:
    if len(log.used) < MAX_ARTIFACTS:
        told = last(message)
        log.used.append(LoggedArtifact(text(told.get(3)), text(told.get(2)), text(told.get(1))))


def _where(log: Log, message: bytes) -> None:
    for number, value in fields(message):
        if number == 5:
            log.arguments.append(text(value))
        elif number == 9 and isinstance(value, bytes):
            log.git.update(last(value))
        elif number in (24, 26) and isinstance(value, bytes):
            log.gpus.append(text(last(value).get(1)))
        elif value not in (b"", 0):
            log.environment[number] = value


_HANDLERS: Mapping[int, Callable[[Log, bytes], Any]] = {
    CONFIG: _config,
    ARTIFACT: _artifact,
    TELEMETRY: _telemetry,
    METRIC: _metric,
    RUN: _run,
    EXIT: _exit,
    PREEMPTING: _preempting,
    USED: _used,
    WHERE: _where,
}
