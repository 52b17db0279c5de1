"""Whether a folder holds versions of Lightning's CSVLogger."""

from __future__ import annotations

import re
from pathlib import Path

from runreport.kinds import Found
from runreport.sources.looking import below, counted, mostly, start_of

METRICS, PARAMS = "metrics.csv", "hparams.yaml"
DEFAULT = "lightning_logs"
"""The experiment's folder when nobody names one."""
_VERSION = re.compile(r"version_\d+")


def detect(path: Path) -> Found | None:
    """A version, an experiment with versions, or a folder of nothing but experiments."""
    if not path.is_dir():
        return None
    if _is_version(path):
        return _found(path.name, 1, 1)
    versions = _versions(path)
    if versions:
        return _found(path.name, versions, 1)
    inside = below(path)
    counts = [_versions(folder) for folder in inside if folder.name != DEFAULT]
    if counts and all(counts) and len(counts) == len(inside):
        return _found(path.name, sum(counts), len(counts))
    return None


def _versions(path: Path) -> int:
    named = [folder for folder in below(path) if _VERSION.fullmatch(folder.name)]
    return sum(map(_is_version, named)) or len(mostly(path, _has_both))


def _has_both(path: Path) -> bool:
    return (path / PARAMS).is_file() and _is_version(path)


def _is_version(path: Path) -> bool:
    """Whether its metrics are such a logger's: they have steps, and the folder tells."""
    header = start_of(path / METRICS).partition(b"\n")[0]
    if b"step" not in [cell.strip(b'"\r\xef\xbb\xbf') for cell in header.split(b",")]:
        return False
    return bool(_VERSION.fullmatch(path.name)) or (path / PARAMS).is_file()


def _found(name: str, runs: int, experiments: int) -> Found:
    words = f"Lightning logs with {counted(runs, 'run')}"
    if experiments > 1:
        words += f" in {counted(experiments, 'experiment')}"
    return Found("lightning", {"lightning": "."}, words)
