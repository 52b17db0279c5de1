"""The folder `.runreport`: where it is, whose it is, who uses it now."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from runreport.cache import NAME

TAG = "CACHEDIR.TAG"
SIGNATURE = "Signature: 8a477f597d28d172789f06886806bc55"
"""By which backup programs know a folder that can be made again."""
LOCK = "lock"
DRAWN = "drawn"
"""Holds how many charts the last build had to draw."""
FEW = 4
"""Charts for which getting ready to draw is put off until one has to be drawn."""


def folder_of(spec: Path | str) -> Path:
    """The folder of a spec: beside it."""
    return Path(os.path.abspath(spec)).parent / NAME


def mark(root: Path) -> None:
    """Keep backups and version control away from what can be read again.

    Raises:
        OSError: it cannot be written.
    """
    for name, text in ((TAG, f"{SIGNATURE}\n"), (".gitignore", "*\n")):
        if not (root / name).exists():
            (root / name).write_text(text, "utf-8")


def is_ours(root: Path) -> bool:
    """Whether a folder was made by `mark`: no other one is ever emptied."""
    try:
        with (root / TAG).open("rb") as file:
            return not root.is_symlink() and file.read(len(SIGNATURE)) == SIGNATURE.encode()
    except OSError:
        return False


def expects_few(root: Path) -> bool:
    """Whether the last build drew hardly any chart, so that this one may not draw any."""
    try:
        with (root / DRAWN).open("rb") as file:
            return int(file.read(20)) <= FEW
    except (OSError, ValueError):
        return False


def remember_drawn(root: Path, count: int) -> None:
    """Tell the next build how many charts were drawn.

    Raises:
        OSError: it cannot be written.
    """
    # never through a link that somebody else may have left there
    fresh = root / f"{DRAWN}.{os.getpid()}"
    fresh.unlink(missing_ok=True)
    with fresh.open("x", encoding="utf-8") as file:
        file.write(str(count))
    fresh.replace(root / DRAWN)


@contextmanager
def used(root: Path) -> Iterator[bool]:
    """Make the folder if need be and use it: nobody empties it meanwhile. Any number may.

    Yields whether it can be written to; without that, nothing is kept.
    """
    try:
        # a link, or a folder that somebody else made, is left alone
        if not root.is_symlink() and (not root.exists() or is_ours(root) or not any_in(root)):
            root.mkdir(exist_ok=True)
            mark(root)
            file: IO[str] | None = (root / LOCK).open("a", encoding="utf-8")
        else:
            file = None
    except OSError:
        file = None
    if file is None:
        yield False
        return
    with file:
        fcntl.flock(file, fcntl.LOCK_SH)
        yield os.access(root, os.W_OK)


@contextmanager
def alone(root: Path) -> Iterator[bool]:
    """Whether nobody uses the folder, and nobody begins to before this ends."""
    try:
        file = (root / LOCK).open("a", encoding="utf-8")
    except OSError:
        yield False
        return
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            yield False
            return
        yield True


def any_in(root: Path) -> bool:
    """Whether a folder holds anything."""
    with os.scandir(root) as entries:
        return next(entries, None) is not None
