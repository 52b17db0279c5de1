"""Whether a path holds W&B runs: by the names of folders and files, and their first bytes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from runreport.kinds import Found
from runreport.sources.looking import below, counted, mostly, start_of
from runreport.sources.trees import names
from runreport.sources.wandb.frames import HEADER
from runreport.sources.wandb.places import DOCUMENTS, LOG, OLD_HISTORY, is_run_folder

MOST_EXPORTS = 20
"""Parquet files of one folder that are looked into."""


def detect(path: Path) -> Found | None:
    """What is recognised at a path; the location is relative to it, or the file's name."""
    if path.is_file():
        if is_log(path):
            return Found("wandb", {"wandb": path.name}, "W&B log of 1 run")
        return None
    if not path.is_dir():
        return None
    if path.name != "files" and _is_run(path):
        return Found("wandb", {"wandb": "."}, "W&B folder of 1 run")
    if count := _runs(path):
        return Found("wandb", {"wandb": "."}, f"W&B folder with {counted(count, 'run')}")
    # projects of their own, such as the jobs of a sweep
    inside = mostly(path, lambda folder: bool(_runs(folder) or _runs(folder / "wandb")))
    if len(inside) > 1:
        count = sum(_runs(folder) + _runs(folder / "wandb") for folder in inside)
        words = f"W&B runs: {counted(count, 'run')} in {counted(len(inside), 'folder')}"
        return Found("wandb", {"wandb": "."}, words)
    return _exports(path)


def is_log(path: Path) -> bool:
    """Whether a file is a `.wandb` log."""
    return LOG.fullmatch(path.name) is not None and start_of(path, len(HEADER)) == HEADER


def _is_run(folder: Path) -> bool:
    """Whether a folder is one run: by its name and content, or by a log in it."""
    inside = set(names(folder))
    if is_run_folder(folder.name):
        documents = {*DOCUMENTS, OLD_HISTORY}
        if inside & documents or any(LOG.fullmatch(name) for name in inside):
            return True
        return "files" in inside and bool(set(names(folder / "files")) & documents)
    return sum(is_log(folder / name) for name in sorted(inside) if name.endswith(".wandb")) == 1


def _runs(folder: Path) -> int:
    """How many run folders are in one; logs that lie in it count too."""
    found = sum(1 for name in names(folder, 20_000) if is_run_folder(name))
    if found:
        return sum(1 for inside in _run_folders(folder) if _is_run(inside))
    logs = [name for name in names(folder) if name.endswith(".wandb")]
    return sum(is_log(folder / name) for name in logs) if len(logs) > 1 else 0


def _run_folders(folder: Path) -> Iterator[Path]:
    for name in sorted(names(folder, 20_000)):
        path = folder / name
        if is_run_folder(name) and path.is_dir() and not path.is_symlink():
            yield path


def _exports(path: Path) -> Found | None:
    """Parquet files of exported histories in a folder, or one folder below it each."""
    count = _histories(path)
    if not count:
        inside = below(path)
        if any("history" in folder.name for folder in inside):
            count = sum(1 for folder in inside if _histories(folder))
    elif all(name.removesuffix(".parquet").isdigit() for name in _parquet(path)):
        count = 1
    if not count:
        return None
    return Found("wandb", {"wandb": "."}, f"W&B histories exported from {counted(count, 'run')}")


def _parquet(folder: Path) -> list[str]:
    return sorted(name for name in names(folder) if name.endswith(".parquet"))[:MOST_EXPORTS]


def _histories(folder: Path) -> int:
    found = _parquet(folder)
    if not found:
        return 0
    from runreport.sources.wandb.exports import is_history

    return sum(is_history(folder / name) for name in found)
