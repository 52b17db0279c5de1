"""What a folder holds, at a glance: for detection, which may read names and first bytes alone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from runreport.sources.trees import SKIPPED, names, read_start

MOST = 200
"""Folders below one that are looked into."""


def below(folder: Path) -> list[Path]:
    """The folders in one, by name: no hidden one, no link, none that holds no runs."""
    found = []
    for name in sorted(names(folder)):
        if name.startswith((".", "_")) or name in SKIPPED:
            continue
        path = folder / name
        if path.is_dir() and not path.is_symlink():
            found.append(path)
            if len(found) >= MOST:
                break
    return found


def mostly(folder: Path, is_one: Callable[[Path], bool]) -> list[Path]:
    """The folders in one that are of a kind, when they are more than half of them.

    A project's own folder, in which one folder of many holds runs, is not where they are kept.
    """
    inside = below(folder)
    found = [path for path in inside if is_one(path)]
    return found if 2 * len(found) > len(inside) else []


def start_of(path: Path, most: int = 4_096) -> bytes:
    """The first bytes of a file; empty when it cannot be read."""
    try:
        return read_start(path, most)
    except (OSError, ValueError):
        return b""


def counted(number: int, what: str) -> str:
    """`1 run`, `2 runs`."""
    return f"{number:,} {what}{'' if number == 1 else 's'}"
