"""Where an MLflow store is: the location an author writes, as a kind of store and a path."""

from __future__ import annotations

import enum
import os
import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

from runreport.errors import Problem, SourceError

SQLITE_MAGIC = b"SQLite format 3\x00"
LOOKED_AT = 10_000
"""Entries of a folder that are looked at before it is called no store."""


class Kind(enum.Enum):
    """What kind of store a location names."""

    DATABASE = "database"
    FOLDER = "folder"
    SERVER = "server"


@dataclass(frozen=True, slots=True)
class Place:
    """A store that was named."""

    kind: Kind
    path: Path
    """Of a local store; the current folder for a server."""
    name: str
    """How messages call it: the last part of its path."""


def locate(location: str, base: Path) -> Place:
    """The store that a location names; relative paths start at `base`.

    Raises:
        SourceError: RR300 nothing is there, RR313 not a location we can read.
    """
    if re.match(r"https?://", location, re.I):
        return Place(Kind.SERVER, Path(), location)
    text = _path_in(location)
    path = base / text
    # the name as it is written: what `.` is called differs from machine to machine
    last = re.split(r"[/\\]", text.rstrip("/\\"))[-1]
    name = "the folder" if last in ("", ".", "..") else last
    if "\0" in text or not os.path.lexists(path):
        raise SourceError(
            Problem(
                "RR300",
                f"no MLflow store at {text!r}: there is no such file or folder",
                None,
                "relative paths start at the folder of the spec",
                place=name,
            )
        )
    if not path.is_dir():
        return Place(Kind.DATABASE, path, name)
    if location.lower().startswith("sqlite"):
        raise SourceError(
            Problem(
                "RR301",
                f"{text!r} is a folder, expected a SQLite file",
                None,
                f"a folder of files is written without `sqlite:`: {{mlflow: {text}}}",
                place=name,
            )
        )
    return _within(path, name)


def _within(folder: Path, name: str) -> Place:
    """The store that a folder is or holds: itself, its `mlflow.db`, or its `mlruns`."""
    database, runs = folder / "mlflow.db", folder / "mlruns"
    if not is_file_store(folder):
        if database.is_file():
            return Place(Kind.DATABASE, database, database.name)
        if is_file_store(runs):
            return Place(Kind.FOLDER, runs, runs.name)
    return Place(Kind.FOLDER, folder, name)


def is_file_store(folder: Path) -> bool:
    """Whether some folder in it is an experiment of an MLflow file store."""
    try:
        with os.scandir(folder) as entries:
            for count, entry in enumerate(entries):
                if count >= LOOKED_AT:
                    return False
                if _is_experiment(Path(entry.path)):
                    return True
    except OSError:
        return False
    return False


def is_sqlite(path: Path) -> bool:
    """Whether a file begins as SQLite files do."""
    try:
        with path.open("rb") as file:
            return file.read(len(SQLITE_MAGIC)) == SQLITE_MAGIC
    except OSError:
        return False


def _is_experiment(folder: Path) -> bool:
    try:
        with (folder / "meta.yaml").open("rb") as file:
            start = file.read(20_000)
    except OSError:
        return False
    return b"experiment_id:" in start and b"run_id:" not in start and b"run_uuid:" not in start


def _path_in(location: str) -> str:
    """The path in a location that names something local."""
    if found := re.match(r"sqlite(\+\w+)?:///", location, re.I):
        return location[found.end() :].partition("?")[0]
    if found := re.match(r"file:(//(localhost)?(?=/))?", location, re.I):
        path = unquote(location[found.end() :])
        if not path.startswith("//"):
            return path
    if "://" in location or location in ("databricks", "databricks-uc") or not location.strip():
        scheme = location.partition("://")[0]
        raise SourceError(
            Problem(
                "RR313",
                f"an MLflow location of kind {scheme[:40]!r} is not read directly",
                None,
                "write sqlite:///FILE, a folder, or the http(s):// address of a tracking server",
            )
        )
    return location
