"""Whether a folder holds runs of Sacred's FileStorageObserver."""

from __future__ import annotations

import json
from pathlib import Path

from runreport.kinds import Found
from runreport.sources.looking import counted, mostly, start_of

RUN, CONFIG, METRICS, INFO = "run.json", "config.json", "metrics.json", "info.json"
_SIGNS = (b'"experiment"', b'"host"', b'"heartbeat"', b'"start_time"', b'"meta"', b'"command"')


def detect(path: Path) -> Found | None:
    """A run, or a folder of which most are runs."""
    if not path.is_dir():
        return None
    runs = 1 if _is_run(path) else len(mostly(path, _is_run))
    if not runs:
        return None
    return Found("sacred", {"sacred": "."}, f"Sacred file storage with {counted(runs, 'run')}")


def _is_run(path: Path) -> bool:
    start = start_of(path / RUN, 64_000)
    if sum(sign in start for sign in _SIGNS) < 4:
        return False
    try:
        return isinstance(json.loads(start), dict)
    except (ValueError, RecursionError):
        # cut off here, or by a crash
        return start.lstrip().startswith(b"{")
