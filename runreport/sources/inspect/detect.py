"""Whether a path holds logs of Inspect, judged by names and first bytes."""

from __future__ import annotations

import re
from pathlib import Path

from runreport.kinds import Found
from runreport.sources.looking import below, counted, start_of
from runreport.sources.trees import names

_BEGINS = re.compile(rb'\s*\{\s*"version"\s*:\s*\d{1,3}\s*,\s*"status"\s*:\s*"[a-z]+"')
_MEMBERS = (b"_journal/", b"samples/", b"header.json", b"summaries.json", b"reductions.json")
_NAME_AT = 30
"""Where the name of an archive's first member begins."""
MOST_LOOKED = 200
"""JSON files of one folder that are looked into."""


def is_log(path: Path) -> bool:
    """Whether a file begins as Inspect's logs do."""
    suffix = path.suffix.lower()
    if suffix == ".eval":
        start = start_of(path, 64)
        return start.startswith(b"PK\x03\x04") and start[_NAME_AT:].startswith(_MEMBERS)
    return suffix == ".json" and _BEGINS.match(start_of(path, 256)) is not None


def detect(path: Path) -> Found | None:
    """What is recognised at a path: one log, or a folder whose folders hold nothing but logs."""
    if not path.is_dir():
        return Found("inspect", {"inspect": path.name}, "Inspect log") if is_log(path) else None
    count = _logs(path)
    for folder in _folders(path) if count == 0 else below(path):
        count += _logs(folder)
    if not count:
        return None
    return Found("inspect", {"inspect": "."}, f"folder with {counted(count, 'Inspect log')}")


def _folders(path: Path) -> list[Path]:
    """The folders in one, when each holds logs."""
    inside = below(path)
    return inside if all(_logs(folder, 1) for folder in inside) else []


def _logs(folder: Path, enough: int = 2_000) -> int:
    """How many logs lie in a folder, not below it."""
    count = looked = 0
    for name in sorted(names(folder)):
        if name.endswith(".eval"):
            count += is_log(folder / name)
        elif name.endswith(".json") and looked < MOST_LOOKED:
            looked += 1
            count += is_log(folder / name)
        if count >= enough:
            break
    return count
