"""Whether a folder is a DVC project with runs, or holds folders of DVCLive's."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

from runreport.kinds import Found
from runreport.sources.dvc import gitdir
from runreport.sources.dvc.live import POINTS
from runreport.sources.trees import names, read_start

MOST_INNER = 200
"""Folders in a folder that are looked into."""
MAX_SUMMARY = 1_000_000


def detect(path: Path) -> Found | None:
    """What is recognised at a folder; files of DVC's that track data alone are no runs."""
    if not path.is_dir():
        return None
    git = gitdir.find(path)
    experiments = len(git.experiments) + len(git.failed) if git is not None else 0
    inside = set(names(path))
    pipeline = bool(inside & {"dvc.yaml", "dvc.lock"})
    if experiments or pipeline or (".dvc" in inside and _is_live(path / "dvclive")):
        what = "DVC repository" if git is not None else "DVC project"
        more = f" with {_count(experiments, 'experiment')}" if git is not None else ""
        config = {"dvc": "."}
        if not inside & {".dvc", "dvc.yaml", "dvc.lock"} and (folder := _project_in(path, inside)):
            config["folder"] = folder
        return Found("dvc", config, what + more)
    if _is_live(path) or _is_live(path / "dvclive"):
        return Found("dvc", {"dvc": "."}, "DVCLive folder with 1 run")
    found = sum(1 for folder in _inner(path, inside) if _is_live(folder))
    if found > 1:
        return Found("dvc", {"dvc": "."}, f"{found:,} DVCLive folders")
    return None


def _inner(path: Path, inside: set[str]) -> Iterator[Path]:
    """Folders that may be DVCLive's, here and one level down."""
    for name in sorted(inside)[:MOST_INNER]:
        folder = path / name
        if not name.startswith(".") and folder.is_dir() and not folder.is_symlink():
            yield folder
            yield folder / "dvclive"


def _project_in(path: Path, inside: set[str]) -> str | None:
    """A folder with a project, one or two levels down."""
    for name in sorted(inside)[:MOST_INNER]:
        folder = path / name
        if name.startswith(".") or folder.is_symlink() or not folder.is_dir():
            continue
        for place in (folder, *(folder / inner for inner in sorted(names(folder, MOST_INNER)))):
            if (place / ".dvc").is_dir() and not place.is_symlink():
                return place.relative_to(path).as_posix()
    return None


def _is_live(folder: Path) -> bool:
    """Whether DVCLive wrote a folder: a summary with its step, and tables of points or params."""
    if folder.is_symlink() or not folder.is_dir():
        return False
    beside = [*POINTS, "params.yaml"]
    if not any(os.path.lexists(folder / name) for name in beside):
        return False
    try:
        data = read_start(folder / "metrics.json", MAX_SUMMARY)
    except OSError:
        return False
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        return False
    points = any((folder / place).is_dir() for place in POINTS)
    return isinstance(value, dict) and (points or "step" in value)


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"
