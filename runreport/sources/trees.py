"""A store's folder, walked within limits: every file by its name, no link followed."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from runreport.cleaning import clean_text
from runreport.errors import Problem, SourceError

MAX_ENTRIES = 500_000
"""Looked at below one location."""
MAX_DEPTH = 12
SKIPPED = frozenset({"__pycache__", "node_modules", "site-packages", "venv"})
"""Folders that hold no runs, and very many files."""
_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


@dataclass(frozen=True, slots=True)
class TreeFile:
    """A regular file below a root."""

    path: Path
    name: str
    """Relative to the root, with `/`, as it is called on disk."""
    size: int

    @property
    def folder(self) -> str:
        """The folder part of the name; empty at the root."""
        return self.name.rpartition("/")[0]

    @property
    def base(self) -> str:
        """The last part of the name."""
        return self.name.rpartition("/")[2]


@dataclass(frozen=True, eq=False)
class Tree:
    """What lies at a location: a folder with everything below it, or one file."""

    root: Path
    """The folder; the file's own folder when the location is a file."""
    files: tuple[TreeFile, ...]
    """By name."""
    folders: tuple[Path, ...]
    """Every folder that was looked into, the root first: a new file changes one of them."""
    links: tuple[str, ...] = ()
    """Names of links, which are not followed."""
    cut: bool = False
    """Whether there is more than is looked at."""

    @cached_property
    def by_folder(self) -> dict[str, list[TreeFile]]:
        """Folder to the files in it, by name; the root is the empty name."""
        found: dict[str, list[TreeFile]] = {}
        for file in self.files:
            found.setdefault(file.folder, []).append(file)
        return found

    def file(self, name: str) -> TreeFile | None:
        """The file of this name."""
        return self._by_name.get(name)

    @cached_property
    def _by_name(self) -> dict[str, TreeFile]:
        return {file.name: file for file in self.files}


def locate(base: Path, location: str, what: str) -> Path:
    """The path that a location names; relative ones start at `base`.

    Args:
        base: folder of the spec.
        location: as written; here alone links count.
        what: what is expected there, for the message: `a folder of W&B runs`.

    Raises:
        SourceError: RR370 when nothing is there.
    """
    shown = clean_text(location)
    if not location.strip() or "\0" in location or not os.path.lexists(base / location):
        message = f"cannot find {shown!r}, expected {what}"
        hint = "relative paths start at the folder of the spec"
        raise SourceError(Problem("RR370", message, hint=hint, place=shown))
    return (base / location).resolve()


def walk(
    root: Path,
    hidden: Collection[str] = (),
    enter: Callable[[str], bool] = lambda _name: True,
) -> Tree:
    """Everything below a folder, or one file.

    Args:
        root: where to start; an unreadable folder below it is left out.
        hidden: names beginning with a dot that are entered all the same: `.hydra`.
        enter: whether to look into a folder, told its name below the root.
    """
    if not root.is_dir():
        file = TreeFile(root, root.name, root.stat().st_size)
        return Tree(root.parent, (file,), ())
    files: list[TreeFile] = []
    folders: list[Path] = []
    links: list[str] = []
    seen = 0
    waiting = [(str(root), "", 0)]
    while waiting:
        folder, prefix, depth = waiting.pop()
        folders.append(Path(folder))
        try:
            with os.scandir(folder) as scan:
                for entry in scan:
                    seen += 1
                    if seen > MAX_ENTRIES:
                        break
                    if entry.name.startswith(".") and entry.name not in hidden:
                        continue
                    name = prefix + entry.name
                    if entry.is_symlink():
                        links.append(name)
                    elif entry.is_dir(follow_symlinks=False):
                        wanted = entry.name not in SKIPPED and depth < MAX_DEPTH
                        if wanted and enter(name):
                            waiting.append((entry.path, f"{name}/", depth + 1))
                    elif entry.is_file(follow_symlinks=False):
                        size = entry.stat(follow_symlinks=False).st_size
                        files.append(TreeFile(Path(entry.path), name, size))
        except OSError:
            continue
        if seen > MAX_ENTRIES:
            break
    files.sort(key=lambda file: file.name)
    return Tree(root, tuple(files), tuple(folders), tuple(sorted(links)), seen > MAX_ENTRIES)


def read_file(path: Path, most: int) -> bytes:
    """A regular file's content.

    Args:
        path: no link as its last part.
        most: bytes.

    Raises:
        OSError: not there, no regular file, a link.
        ValueError: it is larger than `most`.
    """
    data = read_start(path, most + 1)
    if len(data) > most:
        raise ValueError(f"it is larger than {most // 1_000_000:,} MB, the most that is read")
    return data


def read_start(path: Path, most: int) -> bytes:
    """The first bytes of a regular file.

    Raises:
        OSError: not there, no regular file, a link.
    """
    with os.fdopen(open_file(path), "rb") as stream:
        return stream.read(most)


def open_file(path: Path) -> int:
    """The descriptor of a regular file; what became a link or a pipe neither leads out nor hangs.

    Raises:
        OSError: not there, no regular file, a link.
    """
    handle = os.open(path, _FLAGS)
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise OSError(errno.EINVAL, "it is no regular file")
    return handle


def names(folder: Path, most: int = 2_000) -> Iterator[str]:
    """Names in a folder, some of them when there are many; none when it cannot be read.

    For looking, not for reading: detection asks it of every folder.
    """
    try:
        with os.scandir(folder) as scan:
            for count, entry in enumerate(scan):
                if count >= most:
                    return
                yield entry.name
    except OSError:
        return
