"""Whether a path holds an MLflow store, and the spec entry that would read it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from runreport.kinds import Found
from runreport.sources.database import is_resting
from runreport.sources.mlflow.places import is_file_store, is_sqlite

DATABASES = ("*.db", "*.sqlite", "*.sqlite3")
MOST = 50
"""Database files of one folder that are looked into."""


def detect(path: Path) -> Found | None:
    """What is recognised at a path.

    Locations in the entry are relative to the path when it is a folder, else to its folder.
    """
    if not path.is_dir():
        return _database(path)
    if is_file_store(path):
        return _folder(path, ".")
    if found := _database(path / "mlflow.db"):
        return found
    if is_file_store(path / "mlruns"):
        return _folder(path / "mlruns", "mlruns")
    candidates = sorted(file for pattern in DATABASES for file in path.glob(pattern))
    return next(filter(None, map(_database, candidates[:MOST])), None)


def _database(path: Path) -> Found | None:
    if not path.is_file() or not is_sqlite(path):
        return None
    # looking must not leave a log beside a database at rest
    mode = "mode=ro&immutable=1" if is_resting(path) else "mode=ro"
    address = f"{path.resolve().as_uri()}?{mode}"
    try:
        with closing(sqlite3.connect(address, uri=True, timeout=1.0)) as store:
            store.execute("SELECT run_uuid, key, value, timestamp FROM metrics LIMIT 0")
            (runs,) = store.execute(
                "SELECT count(*) FROM runs WHERE lifecycle_stage IS NOT 'deleted'"
            ).fetchone()
            (experiments,) = store.execute("SELECT count(*) FROM experiments").fetchone()
    except (sqlite3.Error, UnicodeDecodeError):
        return None
    summary = f"MLflow database with {_count(runs, 'run')} in {_count(experiments, 'experiment')}"
    return Found("mlflow", {"mlflow": f"sqlite:///{path.name}"}, summary)


def _folder(path: Path, location: str) -> Found:
    experiments = sum(1 for child in path.iterdir() if (child / "meta.yaml").is_file())
    return Found(
        "mlflow",
        {"mlflow": location},
        f"MLflow file store with {_count(experiments, 'experiment')}",
    )


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"
