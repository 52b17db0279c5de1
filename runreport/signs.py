"""Signs by which a file, or this program, is known to be what it was: cheap, and never wrong alone.

Nothing heavy is imported here: a build that has nothing to do leaves before numpy is loaded.
"""

from __future__ import annotations

import hashlib
import os
import sys
from functools import lru_cache

from runreport import __version__

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    Sign = Sequence[int | str]
    """Size, time of the last change in ns, of the last change of its entry, inode; head, tail."""

END = 4_096
"""Bytes of a file's head and tail that are hashed."""


def stat_of(path: Path | str) -> list[int] | None:
    """Size, modification time, change time (both ns) and inode; None when nothing is there.

    The change time is set by the system whenever a file is written, also when its modification
    time is put back.
    """
    try:
        about = os.stat(path)
    except (OSError, ValueError):
        return None
    return [about.st_size, about.st_mtime_ns, about.st_ctime_ns, about.st_ino]


def sign_of(path: Path) -> list[int | str] | None:
    """All signs of a file; None when it cannot be read."""
    found = stat_of(path)
    if found is None:
        return None
    try:
        head, tail = ends(path, found[0])
    except OSError:
        return None
    return [*found, head, tail]


def ends(path: Path | str, size: int) -> tuple[str, str]:
    """Digests of the first bytes of a file and of the last ones before `size`.

    Raises:
        OSError: it cannot be read.
    """
    with open(path, "rb", buffering=0) as file:
        head = file.read(min(END, size))
        file.seek(max(0, size - END))
        tail = file.read(min(END, size))
    return _digest(head), _digest(tail)


def grew(path: Path, before: Sign) -> bool:
    """Whether a file is longer than it was, and begins as it did where that was looked at."""
    size, _, _, inode, head, tail = before
    now = stat_of(path)
    if now is None or now[3] != inode or not isinstance(size, int) or now[0] <= size:
        return False
    try:
        return ends(path, size) == (head, tail)
    except OSError:
        return False


@lru_cache(maxsize=1)
def code_version() -> str:
    """What this program is: its version, and the state of its own files."""
    package = os.path.dirname(os.path.realpath(__file__))
    lines = [__version__]
    for folder in (package, os.path.join(os.path.dirname(package), "themes")):
        lines += sorted(_files(folder))
    return hashlib.sha256("\n".join(lines).encode("utf-8", "surrogateescape")).hexdigest()[:32]


@lru_cache(maxsize=1)
def program() -> str:
    """What this program is and stands on: its own files, Python, and all that is installed."""
    lines = {code_version(), sys.version}
    for folder in sys.path:
        try:
            with os.scandir(folder or ".") as entries:
                names = [entry.name for entry in entries]
        except OSError:
            continue
        lines.update(name for name in names if name.endswith((".dist-info", ".egg-info")))
    text = "\n".join(sorted(lines))
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:32]


def _files(folder: str) -> Iterable[str]:
    for inside, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name != "__pycache__"]
        for name in names:
            if not name.endswith(".pyc"):
                about = os.stat(os.path.join(inside, name))
                yield f"{inside}/{name} {about.st_size} {about.st_mtime_ns}"


def _digest(data: bytes) -> str:
    return hashlib.blake2b(data, digest_size=12).hexdigest()
