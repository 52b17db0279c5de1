"""Whether a path holds event files, and the spec entry that would read them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from runreport.kinds import Found
from runreport.sources import trees
from runreport.sources.tensorboard.layout import is_event_file
from runreport.sources.tensorboard.options import SPLITS
from runreport.sources.trees import SKIPPED, read_start

_FOLDERS = 3_000
_DEPTH = 6
_HEAD = 25
_PROJECT = frozenset(
    {".git", ".dvc", "pyproject.toml", "setup.py", "requirements.txt", "mlruns", "wandb"}
)
"""Names in a folder that is a project rather than a log."""


def detect(path: Path) -> Found | None:
    """What is recognised at a path: a file, or a folder with event files at some depth.

    The location in the entry is relative to the path when it is a folder, else to its folder.
    """
    if not path.is_dir():
        if not is_event_file(path.name) or not _begins(path):
            return None
        return Found("tensorboard", {"tensorboard": path.name}, "TensorBoard event file")
    folders = {inside: events for inside in _folders(path) if (events := _events(inside))}
    if not folders or not _is_top(path, folders):
        return None
    if not any(_begins(inside / name) for inside, events in folders.items() for name in events[:3]):
        return None
    files = sum(len(events) for events in folders.values())
    summary = f"TensorBoard: {_count(files, 'event file')} in {_count(len(folders), 'folder')}"
    return Found("tensorboard", {"tensorboard": "."}, summary)


def _is_top(path: Path, folders: Mapping[Path, list[str]]) -> bool:
    """Whether a folder is where the log begins, and no project that has a log somewhere."""
    if path in folders:
        return True
    names = set(trees.names(path))
    if names & _PROJECT:
        return False
    below = {path / inside.relative_to(path).parts[0] for inside in folders}
    runs = {
        inside if inside.name.lower() not in SPLITS else inside.parent
        for inside in folders
        if inside.parent == path or inside.parent.parent == path
    }
    runs = {run for run in runs if run in (path, *below)}
    others = {name for name in names if not name.startswith(".") and (path / name).is_dir()}
    alone = len(others) == len(below)
    return path in runs or len(runs) > 1 or (alone and (bool(runs) or len(below) > 1))


def _folders(top: Path) -> list[Path]:
    """A folder and those below it, nearest first, links and hidden ones left out."""
    found = [top]
    depth = {top: 0}
    for folder in found:
        if len(found) >= _FOLDERS or depth[folder] >= _DEPTH:
            continue
        try:
            with os.scandir(folder) as scan:
                names = sorted(
                    entry.name
                    for entry in scan
                    if entry.is_dir(follow_symlinks=False)
                    and not entry.name.startswith(".")
                    and entry.name not in SKIPPED
                )
        except OSError:
            continue
        for name in names:
            depth[folder / name] = depth[folder] + 1
            found.append(folder / name)
    return found


def _events(folder: Path) -> list[str]:
    try:
        with os.scandir(folder) as scan:
            return sorted(
                entry.name
                for entry in scan
                if is_event_file(entry.name) and entry.is_file(follow_symlinks=False)
            )
    except OSError:
        return []


def _begins(file: Path) -> bool:
    """Whether a file begins as event files do; an empty one may become one."""
    try:
        head = read_start(file, _HEAD)
    except OSError:
        return False
    # the length of the first record, below 2**32; then its checksum; then a time
    return not head or (len(head) == _HEAD and head[4:8] == b"\0" * 4 and head[12] in (0x09, 0x1A))


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"
