"""Whether a folder is an experiment of Ray Tune, a trial, or holds experiments."""

from __future__ import annotations

import fnmatch
from pathlib import Path

from runreport.kinds import Found
from runreport.sources.looking import below, counted, mostly, start_of
from runreport.sources.trees import names

RESULTS, PROGRESS, PARAMS, ERROR = "result.json", "progress.csv", "params.json", "error.txt"
STATES = "experiment_state-*.json"
_SIGNS = (b'"training_iteration"', b'"time_total_s"', b'"trial_id"')


def detect(path: Path) -> Found | None:
    """A trial, an experiment, or a folder of which most are experiments."""
    if not path.is_dir():
        return None
    if _is_trial(path):
        return _found(1, 1)
    if (trials := _trials(path)) or _has_state(path):
        return _found(trials, 1)
    experiments = mostly(path, lambda folder: _has_state(folder) or bool(_trials(folder)))
    if not experiments:
        return None
    return _found(sum(map(_trials, experiments)), len(experiments))


def _trials(path: Path) -> int:
    return sum(map(_is_trial, below(path))) if _has_state(path) else len(mostly(path, _is_trial))


def _has_state(path: Path) -> bool:
    return any(fnmatch.fnmatchcase(name, STATES) for name in names(path))


def _is_trial(path: Path) -> bool:
    if not (path / PARAMS).is_file():
        return False
    start = start_of(path / RESULTS, 64_000)
    if sum(sign in start for sign in _SIGNS) > 1:
        return True
    header = start_of(path / PROGRESS)
    if b"training_iteration" in header.partition(b"\n")[0]:
        return True
    # a trial that failed before its first result
    return (path / ERROR).is_file() and (path / "params.pkl").is_file()


def _found(trials: int, experiments: int) -> Found:
    words = f"Ray Tune results with {counted(trials, 'trial')}"
    if experiments > 1:
        words += f" in {counted(experiments, 'experiment')}"
    return Found("ray_tune", {"ray_tune": "."}, words)
