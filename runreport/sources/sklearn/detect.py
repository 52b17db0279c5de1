"""Whether a file holds the results of a search, by the names of its columns."""

from __future__ import annotations

import re
from collections.abc import Collection
from pathlib import Path

from runreport.kinds import Found
from runreport.sources.looking import counted, start_of
from runreport.sources.trees import names

ENDINGS = (".csv", ".json")
_MOST = 100
"""Files of one folder that are looked into."""
_NAME = re.compile(
    rb'"?((?:mean|std|rank|split\d{1,4})_(?:fit_time|score_time|(?:test|train)_\w+))"?'
)


def detect(path: Path) -> Found | None:
    """A file of results, or a folder with some."""
    if path.is_file():
        return _found(path.name, 1) if is_search(path) else None
    if not path.is_dir():
        return None
    files = [
        path / name
        for name in sorted(names(path))
        if name.lower().endswith(ENDINGS) and not name.startswith(".")
    ]
    found = [file for file in files[:_MOST] if not file.is_symlink() and is_search(file)]
    if not found:
        return None
    return _found(found[0].name if len(found) == 1 else ".", len(found))


def is_search(path: Path) -> bool:
    """Whether a file begins as results do."""
    if not path.name.lower().endswith(ENDINGS):
        return False
    start = start_of(path, 64_000)
    if path.name.lower().endswith(".csv"):
        start = start.partition(b"\n")[0]
    return _is_search({match[1].decode() for match in _NAME.finditer(start)})


def _is_search(columns: Collection[str]) -> bool:
    timed = {"mean_fit_time", "std_fit_time", "mean_score_time"} & set(columns)
    # a JSON object of long lists names the scores far behind the times
    return len(timed) > 1 or (
        any(name.startswith("split0_test_") for name in columns)
        and any(name.startswith(("mean_test_", "rank_test_")) for name in columns)
    )


def _found(location: str, files: int) -> Found:
    words = f"scikit-learn search results in {counted(files, 'file')}"
    return Found("sklearn", {"sklearn": location}, words)
