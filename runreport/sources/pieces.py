"""A location whose pieces are files: databases, archives, logs. Each is read by itself."""

from __future__ import annotations

import hashlib
import os
import re
import sqlite3
import stat
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runreport.cleaning import clean_text
from runreport.errors import Problem, SourceError
from runreport.sources.database import is_resting
from runreport.sources.limits import LIMITS, Limits
from runreport.sources.listing import artifact_kind
from runreport.sources.partitions import Loaded, Partition
from runreport.sources.trees import Tree, read_start
from runreport.tables import Artifact

SQLITE_MAGIC = b"SQLite format 3\0"
SQLITE_SUFFIXES = (".db", ".sqlite", ".sqlite3", ".db3")
MOST_PIECES = 50_000
_ADDRESS = re.compile(r"sqlite(\+\w+)?:///", re.I)


@dataclass(frozen=True, eq=False)
class PieceStore:
    """The pieces that were found at a location, and how one is read."""

    experiment: str
    tree: Tree
    pieces: Sequence[Partition]
    read: Callable[[Partition, Mapping[str, Any] | None], Loaded]
    expected: str
    """What a location of this kind holds, for the message when there is nothing."""
    notes: Sequence[Problem] = ()

    def partitions(self) -> Sequence[Partition]:
        """The pieces, by name.

        Raises:
            SourceError: RR370 when there is none.
        """
        if not self.pieces:
            shown = clean_text(self.tree.root.name)
            message = f"nothing to read in {shown!r}: expected {self.expected}"
            hint = "`runreport list PATH` says what is recognised at a place"
            raise SourceError(Problem("RR370", message, None, hint, place=shown))
        return self.pieces[:MOST_PIECES]

    def folders(self) -> Sequence[Path]:
        """Every folder that was looked into."""
        return self.tree.folders

    def problems(self) -> Sequence[Problem]:
        """What was not looked at."""
        found = list(self.notes)
        place = clean_text(self.tree.root.name)
        if self.tree.cut or len(self.pieces) > MOST_PIECES:
            message = "there are too many files; those that were looked at first are read"
            hint = "name a narrower location"
            found.append(Problem("RR374", message, None, hint, "warning", place))
        return found

    def load(self, partition: Partition, mark: Mapping[str, Any] | None) -> Loaded:
        """One piece."""
        return self.read(partition, mark)


def path_in(location: str) -> str:
    """The path in a location that may be written as SQLAlchemy does: `sqlite:///runs.db`."""
    if found := _ADDRESS.match(location):
        return location[found.end() :].partition("?")[0]
    return location


def is_sqlite(path: Path) -> bool:
    """Whether a file begins as SQLite files do."""
    return starts(path, SQLITE_MAGIC)


def starts(path: Path, magic: bytes) -> bool:
    """Whether a regular file begins so."""
    try:
        return read_start(path, len(magic)) == magic
    except (OSError, ValueError):
        return False


def look(path: Path, query: str) -> tuple[int, ...] | None:
    """The numbers of a query's only row, or None where the file does not answer it: detection."""
    if not is_sqlite(path):
        return None
    mode = "mode=ro&immutable=1" if is_resting(path) else "mode=ro"
    try:
        address = f"{path.resolve().as_uri()}?{mode}"
        with closing(sqlite3.connect(address, uri=True, timeout=1.0)) as link:
            row = link.execute(query).fetchone()
    except (sqlite3.Error, UnicodeDecodeError, ValueError, OverflowError):
        return None
    return None if row is None else tuple(int(number or 0) for number in row)


def with_log(path: Path) -> tuple[Path, ...]:
    """A database and its write-ahead log, where the latest changes may be alone."""
    return (path, path.with_name(f"{path.name}-wal"))


class Files:
    """Files of runs below a root, opened name by name and hashed within limits."""

    def __init__(self, root: Path, limits: Limits = LIMITS) -> None:
        self.root = root
        self.limits = limits
        self._hashed = 0

    def artifact(self, place: str, name: str, digest: str | None = None) -> Artifact | None:
        """A file as an artifact; None when it is not there, or what is named lies elsewhere.

        Args:
            place: below the root, with `/`; comes from a run, so that it may be anything.
            name: what the artifact is called.
            digest: when the store knows it; else it is taken.
        """
        try:
            handle = self._open(place)
        except (OSError, ValueError):
            return None
        with os.fdopen(handle, "rb") as stream:
            size = os.fstat(handle).st_size
            small = size <= self.limits.hashed_file
            if digest is None and small and self._hashed + size <= self.limits.hashed_run:
                self._hashed += size
                found, left = hashlib.sha256(), size
                # what grows meanwhile is hashed up to the size that is shown
                while left > 0 and (block := stream.read(min(left, 1 << 18))):
                    found.update(block)
                    left -= len(block)
                digest = f"sha256:{found.hexdigest()}"
        return Artifact(name, artifact_kind(name), size, digest, place)

    def _open(self, place: str) -> int:
        parts = place.split("/")
        if any(part in ("", ".", "..") or "\0" in part for part in parts) or len(parts) > 40:
            raise ValueError("no place below the root")
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC
        folder = os.open(self.root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            for part in parts[:-1]:
                below = os.open(part, flags | os.O_DIRECTORY, dir_fd=folder)
                os.close(folder)
                folder = below
            handle = os.open(parts[-1], flags | os.O_NONBLOCK, dir_fd=folder)
        finally:
            os.close(folder)
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            os.close(handle)
            raise ValueError("no regular file")
        return handle
