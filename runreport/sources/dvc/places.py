"""Where projects and DVCLive's folders are."""

from __future__ import annotations

import os
from pathlib import Path

from runreport.sources.dvc.live import POINTS
from runreport.sources.dvc.projectfiles import Files

PROJECT = (".dvc", "dvc.yaml", "dvc.lock", ".git")


def is_project(root: Path) -> bool:
    """Whether a folder is one project, rather than a folder of runs."""
    return any(os.path.lexists(root / name) for name in PROJECT)


def candidates(files: Files) -> list[str]:
    """Folders below which one run each lies, by name; empty for the location itself.

    A folder `dvclive` belongs to the folder that it is in.
    """
    found: dict[str, None] = {}
    for name in files.documents():
        folder, _, base = name.rpartition("/")
        above, _, last = folder.rpartition("/")
        if base == "metrics.json":
            inner = f"{folder}/" if folder else ""
            points = any(files.below(f"{inner}{place}") for place in POINTS)
            if points or last == "dvclive" or files.has(f"{inner}params.yaml"):
                found[above if last == "dvclive" else folder] = None
        elif base in ("dvclive.json", "dvc.yaml", "dvc.lock"):
            found[above if last == "dvclive" else folder] = None
    return sorted(found)
