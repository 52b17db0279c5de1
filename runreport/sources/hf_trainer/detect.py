"""Whether a folder is an output folder of the Trainer, or holds some."""

from __future__ import annotations

import re
from pathlib import Path

from runreport.kinds import Found
from runreport.sources.looking import counted, mostly, start_of
from runreport.sources.trees import names

STATE = "trainer_state.json"
CHECKPOINT = re.compile(r"checkpoint-(\d{1,15})")
_SIGNS = (b'"best_metric"', b'"global_step"', b'"log_history"', b'"epoch"')


def detect(path: Path) -> Found | None:
    """An output folder, or a folder of which most are."""
    if not path.is_dir():
        return None
    if _is_output(path):
        return _found(1)
    runs = mostly(path, _is_output)
    return _found(len(runs)) if runs else None


def _is_output(path: Path) -> bool:
    if _is_state(path / STATE):
        return True
    found = sorted(name for name in names(path) if CHECKPOINT.fullmatch(name))
    return any(_is_state(path / name / STATE) for name in found[:20])


def _is_state(path: Path) -> bool:
    start = start_of(path)
    return start.lstrip().startswith(b"{") and sum(sign in start for sign in _SIGNS) > 1


def _found(runs: int) -> Found:
    words = f"{counted(runs, 'output folder')} of the Hugging Face Trainer"
    return Found("hf_trainer", {"hf_trainer": "."}, words)
