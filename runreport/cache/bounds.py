"""How much is kept, and what goes when it is too much."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from runreport.cache import place

VARIABLE = "RUNREPORT_CACHE_LIMIT"
DEFAULT = 2_000_000_000
"""Bytes of `.runreport`."""


@dataclass(frozen=True, slots=True)
class Piece:
    """What is kept or goes as a whole: a source, a chart, a receipt."""

    path: Path
    kind: str
    """The folder in `.runreport` that it lies in."""
    bytes: int
    used: float
    """Seconds since 1970, when a build read or wrote it last."""


def limit_of(environ: Mapping[str, str]) -> int:
    """Bytes that may be kept; what is no number counts as not said."""
    written = environ.get(VARIABLE, "").strip()
    return int(written) if written.isascii() and written.isdigit() else DEFAULT


def pieces(root: Path) -> Iterator[Piece]:
    """Everything that is kept, in no order."""
    for kind in _folders(root):
        for entry in _entries(kind):
            # sources are folders of their own; parts are dealt out over folders by their keys
            if kind.name == "sources" or not entry.is_dir():
                yield _piece(entry, kind.name)
            else:
                for inner in _entries(entry):
                    yield _piece(inner, kind.name)


def shrink(root: Path, limit: int) -> int:
    """Remove what was used longest ago until the rest fits; bytes that were removed.

    Nobody else may use the folder meanwhile (`place.alone`).
    """
    found = sorted(pieces(root), key=lambda piece: piece.used)
    total, removed = sum(piece.bytes for piece in found), 0
    for piece in found:
        if total - removed <= limit:
            break
        remove(piece.path)
        removed += piece.bytes
    return removed


def clear(root: Path) -> int:
    """Remove the folder with all that is kept in it; bytes that were removed.

    Raises:
        ValueError: it is no folder of ours.
        OSError: it cannot be removed.
    """
    if not place.is_ours(root):
        raise ValueError(f"{root} was not made by runreport")
    total = sum(piece.bytes for piece in pieces(root))
    shutil.rmtree(root)
    return total


def remove(path: Path) -> None:
    """Remove a file or a folder, as far as that is possible."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with contextlib.suppress(OSError):
            path.unlink()


def _piece(path: Path, kind: str) -> Piece:
    files = [path]
    if path.is_dir() and not path.is_symlink():
        files += (Path(top, name) for top, _, names in os.walk(path) for name in names)
    size, used = 0, 0.0
    for file in files:
        with contextlib.suppress(OSError):
            about = file.lstat()
            size += about.st_size if not file.is_dir() else 0
            used = max(used, about.st_mtime)
    return Piece(path, kind, size, used)


def _folders(root: Path) -> Iterator[Path]:
    return (entry for entry in _entries(root) if entry.is_dir() and not entry.is_symlink())


def _entries(folder: Path) -> Iterator[Path]:
    with contextlib.suppress(OSError):
        yield from sorted(folder.iterdir())
