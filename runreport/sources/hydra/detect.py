"""Whether a folder is a job of Hydra, or holds some."""

from __future__ import annotations

import re
from pathlib import Path

from runreport.kinds import Found
from runreport.sources.looking import below, counted, mostly

FOLDER = ".hydra"
CONFIG, OVERRIDES, HYDRA = "config.yaml", "overrides.yaml", "hydra.yaml"
_DATE = re.compile(r"\d{4}-\d\d-\d\d|\d\d-\d\d-\d\d")
"""How folders of a day or of a moment begin."""
_MOST_DEEP = 3
"""Levels of dated folders: `multirun/DATE/TIME/0`."""


def detect(path: Path) -> Found | None:
    """A job, a folder of which most are jobs, or dated folders with jobs."""
    if not path.is_dir() or path.name == FOLDER:
        return None
    if _is_job(path):
        return _found(1)
    jobs = len(mostly(path, _is_job)) or _dated(path, _MOST_DEEP)
    return _found(jobs) if jobs else None


def _dated(path: Path, depth: int) -> int:
    """Jobs in folders that are called by dates and times, and in those below them."""
    dated = [folder for folder in below(path) if _DATE.match(folder.name)]
    count = 0
    for folder in dated:
        if _is_job(folder):
            count += 1
        elif depth > 1:
            count += len(mostly(folder, _is_job)) or _dated(folder, depth - 1)
    return count


def _is_job(path: Path) -> bool:
    inside = path / FOLDER
    return (inside / CONFIG).is_file() or (inside / OVERRIDES).is_file()


def _found(jobs: int) -> Found:
    return Found("hydra", {"hydra": "."}, f"Hydra outputs with {counted(jobs, 'job')}")
