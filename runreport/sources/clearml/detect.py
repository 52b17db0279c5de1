"""Whether a path holds offline sessions of ClearML, and the spec entry that would read them."""

from __future__ import annotations

from pathlib import Path

from runreport.kinds import Found
from runreport.sources.archive import Archive
from runreport.sources.looking import counted, start_of
from runreport.sources.pieces import starts
from runreport.sources.trees import names

TASK = "task.json"
MOST = 200
"""Entries of one folder that are looked into."""
MAX_TASK = 64_000_000


def detect(path: Path) -> Found | None:
    """What is recognised at a path.

    Locations in the entry are relative to the path when it is a folder, else to its folder.
    """
    if path.is_symlink():
        return None
    if not path.is_dir():
        found = path.suffix.lower() == ".zip" and is_archive(path)
        return (
            Found("clearml", {"clearml": path.name}, "ClearML offline session") if found else None
        )
    if is_session(path):
        return Found("clearml", {"clearml": "."}, "ClearML offline session")
    inside = sorted(names(path))
    zips = [n for n in inside if n.lower().endswith(".zip")][:MOST]
    packed = [name for name in zips if is_archive(path / name)]
    folders = {name for name in inside[: 10 * MOST] if is_session(path / name)}
    unpacked = folders - {name[: -len(".zip")] for name in packed}
    count = len(packed) + len(unpacked)
    if count == 1 and packed:
        return Found("clearml", {"clearml": packed[0]}, "ClearML offline session")
    if count:
        return Found("clearml", {"clearml": "."}, counted(count, "ClearML offline session"))
    return None


def is_session(folder: Path) -> bool:
    """Whether a folder is an unpacked session."""
    if folder.is_symlink() or not (folder / TASK).is_file():
        return False
    return is_task(start_of(folder / TASK, 4_000_000))


def is_archive(path: Path) -> bool:
    """Whether a file is a packed session."""
    if not path.is_file() or not starts(path, b"PK\x03\x04"):
        return False
    try:
        with Archive(path) as archive:
            return TASK in archive and is_task(archive.read(TASK, MAX_TASK))
    except (OSError, ValueError):
        return False


def is_task(data: bytes) -> bool:
    """Whether a JSON text is a task of ClearML's."""
    if not data.lstrip().startswith(b"{"):
        return False
    return b'"offline_folder"' in data or (
        b'"project_name"' in data and (b'"hyperparams"' in data or b'"execution"' in data)
    )
