"""Whether a path holds trackio projects, and the spec entry that would read them."""

from __future__ import annotations

from pathlib import Path

from runreport.kinds import Found
from runreport.sources.looking import counted, start_of
from runreport.sources.pieces import SQLITE_MAGIC, SQLITE_SUFFIXES, look, starts
from runreport.sources.trees import names

MOST = 200
"""Files of one folder that are looked into."""
FOOTER = 8_000_000
"""Bytes of a Parquet file's footer that are looked at."""
_COUNTS = (
    "SELECT (SELECT count(*) FROM (SELECT DISTINCT run_name FROM metrics"
    " UNION SELECT run_name FROM configs)),"
    " (SELECT count(*) FROM (SELECT timestamp, step, metrics FROM metrics LIMIT 0)),"
    " (SELECT count(*) FROM (SELECT config, created_at FROM configs LIMIT 0))"
)
_PARQUET = b"PAR1"
_SIDE = ("_system.parquet", "_configs.parquet", "_traces.parquet", "_artifacts.parquet",
         "_artifact_versions.parquet", "_artifact_aliases.parquet", "_run_artifact_links.parquet",
         "_external_run_artifact_links.parquet")  # fmt: skip
"""What lies beside a project's exported metrics."""


def detect(path: Path) -> Found | None:
    """What is recognised at a path.

    Locations in the entry are relative to the path when it is a folder, else to its folder.
    """
    if not path.is_dir():
        summary = what_is(path)
        return None if summary is None else Found("trackio", {"trackio": path.name}, summary)
    candidates = sorted(name for name in names(path) if may_be(name))[:MOST]
    found = [(name, what) for name in candidates if (what := what_is(path / name)) is not None]
    # an export lies beside the database that it is of
    stems = {Path(name).stem for name, _ in found if not name.endswith(".parquet")}
    found = [
        (name, what)
        for name, what in found
        if not name.endswith(".parquet") or Path(name).stem not in stems
    ]
    if len(found) == 1:
        return Found("trackio", {"trackio": found[0][0]}, found[0][1])
    if found:
        return Found("trackio", {"trackio": "."}, counted(len(found), "trackio project"))
    return None


def may_be(name: str) -> bool:
    """Whether a file's name is one that projects have."""
    lower = name.lower()
    return lower.endswith(SQLITE_SUFFIXES) or (
        lower.endswith(".parquet") and not lower.endswith(_SIDE)
    )


def what_is(path: Path) -> str | None:
    """What a file is, for people; None when it is no project."""
    if path.is_symlink() or not path.is_file():
        return None
    if path.suffix.lower() == ".parquet":
        return "trackio export" if _is_export(path) else None
    counts = look(path, _COUNTS)
    return None if counts is None else f"trackio project with {counted(counts[0], 'run')}"


def seems_database(path: Path) -> bool:
    """Whether a file is SQLite and speaks of configs, even where its schema cannot be read."""
    start = start_of(path, 1_000_000)
    needed = (b"run_name", b"configs", b"created_at", b"metrics TEXT")
    return start.startswith(SQLITE_MAGIC) and all(word in start for word in needed)


def _is_export(path: Path) -> bool:
    """Whether a Parquet file has the columns of an export: a small file's bytes tell."""
    if not starts(path, _PARQUET):
        return False
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            file.seek(max(0, size - 8))
            tail = file.read(8)
            length = int.from_bytes(tail[:4], "little")
            if tail[4:] != _PARQUET or not 0 < length <= min(FOOTER, size):
                return False
            file.seek(size - 8 - length)
            footer = file.read(length)
    except (OSError, ValueError):
        return False
    beside = path.with_name(f"{path.stem}_configs.parquet").exists()
    beside = beside or (path.parent / "aux" / "configs.parquet").exists()
    return all(word in footer for word in (b"run_name", b"timestamp", b"step")) and (
        beside or b"log_id" in footer or b"space_id" in footer
    )
