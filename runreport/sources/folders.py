"""Files and folders below a root, opened name by name: no link is followed, nothing blocks."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Literal

Kind = Literal["folder", "file", "other"]

MAX_NAMES = 1_000_000
"""Of one folder: a listing ends there."""
BLOCK = 8_000_000
"""Bytes of a large file that are held at once."""
END = 4_096
"""Bytes at either end of a file by which it is known again."""
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class Folder:
    """An open folder."""

    def __init__(self, descriptor: int, path: str, listed: list[str] | None = None) -> None:
        self._descriptor = descriptor
        self.listed: list[str] = [] if listed is None else listed
        """Paths of the folders whose names were asked for, in the whole tree."""
        self.path = path
        """Names from the root down, for messages; empty for the root."""

    @staticmethod
    def root(path: Path) -> Folder:
        """A folder that the user named; here alone links count."""
        return Folder(os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC), "")

    def __enter__(self) -> Folder:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        os.close(self._descriptor)

    def at(self, name: str) -> str:
        """How messages call something in this folder."""
        return f"{self.path}/{name}" if self.path else name

    def folder(self, name: str) -> Folder:
        """A folder in it.

        Raises:
            OSError: not there, no folder, or a link.
        """
        descriptor = os.open(name, _FOLDER, dir_fd=self._descriptor)
        return Folder(descriptor, self.at(name), self.listed)

    def names(self) -> list[tuple[str, Kind]]:
        """What is in it, sorted; links are neither files nor folders."""
        found: list[tuple[str, Kind]] = []
        self.listed.append(self.path)
        with os.scandir(self._descriptor) as entries:
            for entry in entries:
                if len(found) >= MAX_NAMES:
                    break
                if entry.is_dir(follow_symlinks=False):
                    found.append((entry.name, "folder"))
                else:
                    regular = entry.is_file(follow_symlinks=False)
                    found.append((entry.name, "file" if regular else "other"))
        return sorted(found)

    def stat(self, name: str) -> list[int]:
        """Size, times of the last change (of the file and of its entry, in ns) and inode."""
        about = os.stat(name, dir_fd=self._descriptor, follow_symlinks=False)
        return [about.st_size, about.st_mtime_ns, about.st_ctime_ns, about.st_ino]

    def read(self, name: str, most: int) -> bytes:
        """The first bytes of a file.

        Raises:
            OSError: not there, no regular file, or a link.
        """
        descriptor = self._open(name)
        try:
            return _read(descriptor, most)
        finally:
            os.close(descriptor)

    def starts(self, names: Iterable[str], most: int) -> Iterator[bytes]:
        """The first bytes of each of these files.

        Raises:
            OSError: as `read`.
        """
        for name in names:
            # as `read`, with nothing called that need not be: stores have thousands of small files
            descriptor = os.open(name, _FILE, dir_fd=self._descriptor)
            try:
                about = os.fstat(descriptor)
                if not stat.S_ISREG(about.st_mode):
                    raise OSError(0, "not a regular file")
                wanted = min(about.st_size, most)
                data = os.read(descriptor, wanted)
                yield data if len(data) == wanted else data + _read(descriptor, wanted - len(data))
            finally:
                os.close(descriptor)

    def size(self, name: str) -> int:
        """Bytes of a file; of a link itself, not of what it leads to."""
        return os.stat(name, dir_fd=self._descriptor, follow_symlinks=False).st_size

    def ends(self, name: str, size: int) -> tuple[bytes, bytes]:
        """The first bytes of a file, and the last ones before `size`.

        Raises:
            OSError: as `read`.
        """
        descriptor = self._open(name)
        try:
            head = _read(descriptor, min(END, size))
            os.lseek(descriptor, max(0, size - END), os.SEEK_SET)
            return head, _read(descriptor, min(END, size))
        finally:
            os.close(descriptor)

    def blocks(self, name: str, size: int | None = None, start: int = 0) -> Iterator[bytes]:
        """A file of lines in parts that end where a line ends, but for the very last.

        Args:
            name: of the file.
            size: where to stop; what was appended later is left.
            start: where to begin.

        Raises:
            OSError: as `read`.
        """
        descriptor = self._open(name)
        try:
            left = (os.fstat(descriptor).st_size if size is None else size) - start
            if start:
                os.lseek(descriptor, start, os.SEEK_SET)
            rest = b""
            while data := _read(descriptor, min(BLOCK, left)):
                left -= len(data)
                end = data.rfind(b"\n") + 1
                if not end:
                    # a line longer than a block is no line of MLflow's: keep its start alone
                    rest = (rest + data)[:BLOCK]
                    continue
                yield rest + data[:end]
                rest = data[end:]
            if rest:
                yield rest
        finally:
            os.close(descriptor)

    def files(self, name: str, depth: int) -> Iterator[tuple[str, Folder, str]]:
        """Everything below a folder in it that is no folder, sorted.

        Yields:
            its path below that folder, the open folder it is in, and its name there.
        """
        try:
            folder = self.folder(name)
        except FileNotFoundError:
            return
        with folder:
            yield from _files(folder, "", depth)

    def _open(self, name: str) -> int:
        descriptor = os.open(name, _FILE, dir_fd=self._descriptor)
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            raise OSError(0, "not a regular file")
        return descriptor


class Doors:
    """Folders below a root, the last one kept open: the files of a run lie in one."""

    def __init__(self, root: Folder) -> None:
        self._root = self._folder = root
        self._place: tuple[str, ...] | None = None
        self._open = ExitStack()

    def of(self, place: tuple[str, ...]) -> Folder:
        """The folder at a place, which holds until the next one is asked for.

        Raises:
            OSError: not there, no folder, or a link.
        """
        if place != self._place:
            self.close()
            self._folder = self._root
            for name in place:
                self._folder = self._open.enter_context(self._folder.folder(name))
            self._place = place
        return self._folder

    def close(self) -> None:
        """Close what is open."""
        self._place = None
        self._open.close()


def reason(error: OSError) -> str:
    """Why something was not opened, lower case."""
    if error.errno == errno.ELOOP:
        return "it is a link, which is not followed"
    return (error.strerror or str(error)).lower()


def _files(folder: Folder, inside: str, depth: int) -> Iterator[tuple[str, Folder, str]]:
    for name, kind in folder.names():
        if kind != "folder":
            # a link too: opening it fails, and that is said
            yield inside + name, folder, name
        elif depth > 0:
            with folder.folder(name) as deeper:
                yield from _files(deeper, f"{inside}{name}/", depth - 1)


def _read(descriptor: int, most: int) -> bytes:
    """Up to so many bytes: one call for a small file."""
    first = os.read(descriptor, most) if most > 0 else b""
    if not first or len(first) == most:
        return first
    pieces = [first]
    left = most - len(first)
    while left > 0 and (piece := os.read(descriptor, left)):
        pieces.append(piece)
        left -= len(piece)
    return b"".join(pieces)
