"""Whether a path holds Optuna studies, and the spec entry that would read it."""

from __future__ import annotations

import re
from pathlib import Path

from runreport.kinds import Found
from runreport.sources.looking import counted, start_of
from runreport.sources.pieces import SQLITE_MAGIC, SQLITE_SUFFIXES, look
from runreport.sources.trees import names

JOURNAL_SUFFIXES = (".log", ".journal", ".jsonl", ".json", ".txt", "")
_OPERATION = re.compile(rb'\s*\{\s*"op_code"\s*:\s*\d+\s*,\s*"worker_id"\s*:')
_COUNTS = (
    "SELECT (SELECT count(*) FROM studies), (SELECT count(*) FROM trials),"
    " (SELECT count(*) FROM (SELECT param_name, distribution_json FROM trial_params LIMIT 0))"
)
MOST = 200
"""Files of one folder that are looked into."""


def detect(path: Path) -> Found | None:
    """What is recognised at a path.

    Locations in the entry are relative to the path when it is a folder, else to its folder.
    """
    if not path.is_dir():
        summary = what_is(path)
        return None if summary is None else _found(path, summary)
    candidates = sorted(name for name in names(path) if may_be(name))[:MOST]
    found = [(name, what) for name in candidates if (what := what_is(path / name)) is not None]
    if len(found) == 1:
        return _found(path / found[0][0], found[0][1])
    if found:
        summary = f"{counted(len(found), 'Optuna storage')}"
        return Found("optuna", {"optuna": "."}, summary)
    return None


def may_be(name: str) -> bool:
    """Whether a file's name is one that storages have."""
    suffix = Path(name).suffix.lower()
    return suffix in SQLITE_SUFFIXES or suffix in JOURNAL_SUFFIXES


def is_journal(path: Path) -> bool:
    """Whether a file begins with an operation of a journal."""
    return _OPERATION.match(start_of(path)) is not None


def what_is(path: Path) -> str | None:
    """What a file is, for people; None when it is no storage."""
    if path.is_symlink() or not path.is_file():
        return None
    if counts := look(path, _COUNTS):
        trials, studies = counted(counts[1], "trial"), counted(counts[0], "study")
        return f"Optuna database with {trials} in {studies.replace('studys', 'studies')}"
    return "Optuna journal" if is_journal(path) else None


def seems_database(path: Path) -> bool:
    """Whether a file is SQLite and speaks of trials, even where its schema cannot be read."""
    start = start_of(path, 1_000_000)
    return start.startswith(SQLITE_MAGIC) and b"trial_params" in start and b"studies" in start


def _found(path: Path, summary: str) -> Found:
    database = summary.startswith("Optuna database")
    location = f"sqlite:///{path.name}" if database else path.name
    return Found("optuna", {"optuna": location}, summary)
