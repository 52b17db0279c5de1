"""A store read in pieces: each once, by several processes, and again only when it changed.

A source says what its pieces are and how one is read; everything else is here: which of them
changed since the last build, the work spread over processes, limits, problems, points on disk.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import pyarrow as pa

from runreport.errors import Problem, SourceError
from runreport.kinds import SourceContext
from runreport.signs import grew, sign_of
from runreport.sources.appending import joined
from runreport.sources.gathering import qualified, tables_of
from runreport.sources.limits import LIMITS, Limits
from runreport.sources.loaded import LoadedRun
from runreport.sources.pointfiles import PointFile, PointWriter
from runreport.sources.shelf import Held, Shelf
from runreport.sources.spreading import processes, shares, spread
from runreport.tables import RunTables

SPREAD = 4_000_000
"""Bytes to read from which on several processes share the work."""


@dataclass(frozen=True, slots=True)
class Partition:
    """A piece of a store that is read by itself: a run's folder, a database."""

    name: str
    """Unique in the store, relative to it; it stays the same from build to build."""
    files: tuple[Path, ...]
    """Whatever its content comes from: the partition is read again when one of them changes."""
    in_place: bool = False
    """Whether appending changes the files anywhere, as in a database: `load` is given the mark
    whatever changed, and sees for itself whether it still holds."""
    weighed: tuple[Path, ...] = ()
    """Files that are only listed, as checkpoints are: the same holds for them, but the manifest has
    their sizes and ends in place of all their bytes."""


@dataclass(frozen=True, eq=False)
class Loaded:
    """What one piece holds."""

    runs: Iterable[LoadedRun]
    """May be made while it is read, so that not all points are held at once."""
    problems: Callable[[], Iterable[Problem]] = tuple
    """Asked for after the last run: a broken part is named here, with its file and place."""
    mark: Callable[[], Mapping[str, Any] | None] = lambda: None
    """Asked for after the last run: where reading stopped, as JSON."""
    appended: bool = False
    """Whether the runs hold only what came after the mark that was given."""
    awaited: Callable[[], Iterable[Path]] = tuple
    """Asked for after the last run: files that were missing. The piece is read again once one of
    them is there."""


class Store(Protocol):
    """What a source knows; it is copied to other processes."""

    @property
    def experiment(self) -> str:
        """Of runs that name none."""
        ...

    def partitions(self) -> Sequence[Partition]:
        """The pieces, in the order of the tables.

        Raises:
            SourceError: RR37x when there is none.
        """
        ...

    def folders(self) -> Sequence[Path]:
        """Folders in which a new piece would appear."""
        ...

    def problems(self) -> Sequence[Problem]:
        """What was left out while the pieces were looked for."""
        ...

    def load(self, partition: Partition, mark: Mapping[str, Any] | None) -> Loaded:
        """One piece.

        Args:
            partition: one of `partitions()`.
            mark: what an earlier load of the same piece left, when each of its files is either
                unchanged or has grown at its end.

        Raises:
            SourceError: RR37x when nothing of it can be read; it becomes a problem of the source.
        """
        ...


@runtime_checkable
class Foresighted(Protocol):
    """A store that reads small pieces together."""

    def expect(self, pieces: Sequence[tuple[Partition, Mapping[str, Any] | None]]) -> None:
        """Be told of the pieces that will be loaded, in order, with their marks."""
        ...


@dataclass(frozen=True, eq=False)
class _Task:
    """Pieces that one process reads, one after the other."""

    pieces: tuple[tuple[Partition, Mapping[str, Any] | None], ...]
    file: Path
    """Where their points go."""


@dataclass(frozen=True, eq=False)
class _Read:
    """What came of a piece."""

    runs: tuple[LoadedRun, ...]
    problems: tuple[Problem, ...]
    mark: Mapping[str, Any] | None
    appended: bool
    rows: int
    lost: bool = False
    """Nothing of it could be read."""
    awaited: tuple[str, ...] = ()


@dataclass(eq=False)
class PartitionReader:
    """The reader of a store in pieces."""

    store: Store
    context: SourceContext
    name: str
    """Of the source: `tensorboard`."""
    key: str
    """What tells its shelf from others: the location, and the options that change what is read."""
    limits: Limits = LIMITS
    executor: Executor | None = None
    divisible: bool = field(default=True, init=False)
    _shelf: Shelf | None = field(default=None, init=False)
    _runs: dict[str, str] = field(default_factory=dict, init=False)
    """Id in the tables to partition."""

    @property
    def qualifier(self) -> str:
        return self.context.qualifier or self.name

    def tables(self) -> RunTables:
        """Every run, its metrics fully summarised.

        Raises:
            SourceError: when no piece can be read at all.
        """
        pieces = self.store.partitions()
        if self._shelf is None:
            self._shelf = Shelf(self._place())
        shelf = self._shelf
        signs = {piece.name: _signs(piece) for piece in pieces}
        wanted: list[tuple[Partition, Mapping[str, Any] | None]] = []
        for piece in pieces:
            held = shelf.held.get(piece.name)
            if held is not None and dict(held.signs) == signs[piece.name] and not _came(held):
                continue
            goes_on = held is not None and held.mark is not None and _went_on(piece, held, signs)
            wanted.append((piece, held.mark if goes_on and held is not None else None))
        found, lost = self._read(shelf, wanted, signs)
        if lost and len(lost) == len(pieces):
            raise SourceError([p for one in lost.values() for p in one.problems])
        shelf.keep(found, [piece.name for piece in pieces if piece.name not in lost])
        runs: list[LoadedRun] = []
        problems: list[Problem] = list(self.store.problems())
        if shelf.note is not None:
            problems.append(shelf.note)
        for piece in pieces:
            if piece.name in lost:
                problems += (replace(p, severity="warning") for p in lost[piece.name].problems)
                continue
            held = shelf.held[piece.name]
            problems += held.problems
            for run in held.runs:
                self._runs.setdefault(qualified(self.qualifier, run.key), piece.name)
            runs += held.runs
        return tables_of(runs, self.qualifier, self.store.experiment, problems, self.limits)

    def histories(self, runs: Sequence[str], metrics: Collection[str]) -> Iterator[pa.Table]:
        """Raw points, as they were when the tables were read."""
        if self._shelf is None:
            self.tables()
        shelf = self._shelf
        if shelf is None:
            return
        names = frozenset(metrics)
        wanted = {run for run in runs if run in self._runs}
        for file, pieces in shelf.files().items():
            keys = {
                run.key: run_id
                for piece in pieces
                for run in shelf.held[piece].runs
                if (run_id := qualified(self.qualifier, run.key)) in wanted
                and self._runs[run_id] == piece
            }
            if keys:
                yield from self._points(file, keys, names)

    def fingerprint(self) -> Mapping[str, str]:
        """SHA-256 over the files of each piece."""
        known: dict[Path, bytes] = {}
        found = {piece.name: _digest(piece, known) for piece in self.store.partitions()}
        if len(found) <= 1_000:
            return found
        lines = "".join(f"{name}\0{digest}\n" for name, digest in sorted(found.items()))
        return {"files": hashlib.sha256(lines.encode("utf-8", "surrogateescape")).hexdigest()}

    def places(self) -> Sequence[Path]:
        """Files and folders whose state says whether anything changed."""
        pieces = self.store.partitions()
        files = [file for piece in pieces for file in (*piece.files, *piece.weighed)]
        held = self._shelf.held.values() if self._shelf is not None else ()
        awaited = dict.fromkeys(Path(file) for one in held for file in one.awaited)
        return [*files, *self.store.folders(), *awaited]

    def _place(self) -> Path | None:
        if self.context.cache is None:
            return None
        digest = hashlib.sha256(f"{self.name}\0{self.key}".encode("utf-8", "surrogateescape"))
        return self.context.cache / "sources" / f"{self.name}-{digest.hexdigest()[:16]}"

    def _points(
        self, file: str, keys: Mapping[str, str], metrics: Collection[str]
    ) -> Iterator[pa.Table]:
        shelf = self._shelf
        if shelf is None:
            return
        try:
            yield from shelf.file(file).points(keys, metrics)
        except (OSError, ValueError) as error:
            words = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
            message = f"what was kept of an earlier build is damaged: {words}"
            hint = "`runreport cache --clear` removes it; the next build reads the source again"
            raise SourceError(Problem("RR385", message, None, hint, place=self.name)) from None

    def _read(
        self,
        shelf: Shelf,
        wanted: Sequence[tuple[Partition, Mapping[str, Any] | None]],
        signs: Mapping[str, Mapping[str, Sequence[int | str]]],
    ) -> tuple[dict[str, Held], dict[str, _Read]]:
        """What was read, by piece, and what could not be."""
        sizes = [sum(int(s[0]) for s in signs[piece.name].values()) for piece, _ in wanted]
        count = processes() if sum(sizes) >= SPREAD else 1
        dealt = shares(sizes, count)
        tasks = [
            _Task(tuple(wanted[i] for i in share), shelf.new_file(str(number)))
            for number, share in enumerate(dealt)
            if share
        ]
        found: dict[str, Held] = {}
        lost: dict[str, _Read] = {}
        for task, results in zip(
            tasks, spread(partial(_load, self.store), tasks, self.executor), strict=True
        ):
            for (piece, _), read in zip(task.pieces, results, strict=True):
                if read.lost:
                    lost[piece.name] = read
                    continue
                own = {task.file.name: read.rows} if read.rows else {}
                held = Held(
                    signs[piece.name], read.runs, read.problems, read.mark, own, read.awaited
                )
                earlier = shelf.held.get(piece.name)
                if read.appended and earlier is not None:
                    # where nothing was appended, there may be no file
                    later = [PointFile(task.file)] if read.rows else []
                    files = [*shelf.points(piece.name), *later]
                    held = joined(earlier, held, files)
                found[piece.name] = held
        return found, lost


def _load(store: Store, task: _Task) -> list[_Read]:
    """Read the pieces of a task; their points go to its file."""
    results: list[_Read] = []
    if isinstance(store, Foresighted):
        store.expect(task.pieces)
    with PointWriter(task.file) as writer:
        for piece, mark in task.pieces:
            before = writer.rows
            try:
                loaded = store.load(piece, mark)
                runs = []
                for run in loaded.runs:
                    runs.append(replace(run.summed(), metrics={}))
                    writer.add(run)
            except SourceError as error:
                results.append(_Read((), error.problems, None, False, 0, lost=True))
                continue
            except OSError as error:
                reason = (error.strerror or type(error).__name__).lower()
                problem = Problem("RR371", f"it cannot be read: {reason}", place=piece.name)
                results.append(_Read((), (problem,), None, False, 0, lost=True))
                continue
            rows = writer.rows - before
            awaited = tuple(str(path) for path in loaded.awaited())
            results.append(
                _Read(
                    tuple(runs), tuple(loaded.problems()), loaded.mark(), loaded.appended, rows,
                    awaited=awaited,
                )
            )  # fmt: skip
    return results


def _signs(piece: Partition) -> dict[str, list[int | str]]:
    # what cannot be read is no reason to leave the piece out: reading it says why
    unreadable: list[int | str] = [0, 0, 0, 0, "", ""]
    watched = (*piece.files, *piece.weighed)
    return {str(file): sign_of(file) or unreadable for file in watched}


def _came(held: Held) -> bool:
    """Whether something is there that was missing when a piece was read."""
    return any(os.path.lexists(path) for path in held.awaited)


def _went_on(
    piece: Partition, held: Held, signs: Mapping[str, Mapping[str, Sequence[int | str]]]
) -> bool:
    """Whether each file that was read is as it was, or longer."""
    now = signs[piece.name]
    return piece.in_place or all(
        file in now and (list(now[file]) == list(sign) or grew(Path(file), sign))
        for file, sign in held.signs.items()
    )


def _digest(piece: Partition, known: dict[Path, bytes]) -> str:
    """A digest of a piece; what several pieces come from is read once, into `known`."""
    digest = hashlib.sha256()
    for file in piece.files:
        digest.update(file.name.encode("utf-8", "surrogateescape") + b"\0")
        if file not in known:
            try:
                with file.open("rb") as stream:
                    known[file] = hashlib.file_digest(stream, "sha256").digest()
            except OSError:
                known[file] = b"unreadable"
        digest.update(known[file])
    for file in piece.weighed:
        size, *_, head, tail = sign_of(file) or [0, "", ""]
        named = f"{file.name}\0{size}\0{head}\0{tail}\0"
        digest.update(named.encode("utf-8", "surrogateescape"))
    return digest.hexdigest()
