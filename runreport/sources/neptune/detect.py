"""Whether a path holds exports of Neptune runs, and the spec entry that would read them."""

from __future__ import annotations

import os
import re
from pathlib import Path

from runreport.kinds import Found
from runreport.sources.looking import below, counted
from runreport.sources.trees import names, open_file

PART = re.compile(r"(?P<run>.+)_part_(?P<number>\d{1,9})\.parquet")
MAGIC = b"PAR1"
FOOTER = 16_000_000
"""Bytes of a Parquet file's footer that are looked at."""
COLUMNS = (b"project_id", b"run_id", b"attribute_path", b"attribute_type")
MOST = 20
"""Files of one folder that are looked into."""


def detect(path: Path) -> Found | None:
    """What is recognised at a path.

    Locations in the entry are relative to the path when it is a folder, else to its folder.
    """
    if path.is_symlink():
        return None
    if not path.is_dir():
        if path.suffix.lower() == ".parquet" and is_export(path):
            return Found("neptune", {"neptune": path.name}, "exported Neptune run")
        return None
    projects = 0
    runs = 0
    for folder in (path, *below(path)):
        own = {found["run"] for name in names(folder) if (found := PART.fullmatch(name))}
        if own and _holds_exports(folder):
            projects += 1
            runs += len(own)
    if not runs:
        return None
    where = "" if projects == 1 else f" of {counted(projects, 'project')}"
    return Found("neptune", {"neptune": "."}, f"{counted(runs, 'exported Neptune run')}{where}")


def is_export(path: Path) -> bool:
    """Whether a Parquet file has the exporter's columns."""
    try:
        with os.fdopen(open_file(path), "rb") as file:
            size = os.fstat(file.fileno()).st_size
            file.seek(max(0, size - 8))
            tail = file.read(8)
            length = int.from_bytes(tail[:4], "little")
            if tail[4:] != MAGIC or not 0 < length <= min(FOOTER, size):
                return False
            file.seek(max(0, size - 8 - length))
            footer = file.read(length)
    except (OSError, ValueError):
        return False
    return all(column in footer for column in COLUMNS)


def _holds_exports(folder: Path) -> bool:
    parts = [name for name in names(folder) if PART.fullmatch(name)][:MOST]
    return any(is_export(folder / name) for name in parts)
