"""Histories of MLflow databases kept between builds: the same as read anew, and only what came."""

from __future__ import annotations

import math
import sqlite3
import sys
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from runreport.errors import Problem
from runreport.kinds import Reader, SourceContext
from runreport.sources.mlflow import SOURCE, Options
from runreport.sources.mlflow.series import SeriesReader
from runreport.tables import RunTables
from tests.sources.mlflow_stores import client_of, points

T0 = 1_750_000_000_000
pytestmark = pytest.mark.mlflow


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("written") / "mlflow.db"
    client = client_of(f"sqlite:///{path}")
    experiment = client.create_experiment("digits", artifact_location=str(path.parent / "a"))
    for number in range(3):
        log(client, experiment, number)
    return path


def log(client: Any, experiment: str, number: int) -> str:
    run = client.create_run(experiment, run_name=f"r{number}", start_time=T0 + number)
    for step in (3, 1, 2, 5, 9):
        client.log_metric(run.info.run_id, "val/loss", number + step / 7, T0 + step, step)
    client.log_metric(run.info.run_id, "wild", math.nan, T0, 1)
    client.log_metric(run.info.run_id, "wild", -math.inf, T0, 2)
    return str(run.info.run_id)


@pytest.fixture
def store(written: Path, tmp_path: Path) -> Path:
    path = tmp_path / "mlflow.db"
    with closing(sqlite3.connect(written)) as here, closing(sqlite3.connect(path)) as there:
        here.backup(there)
    return path


def opened(
    store: Path, cache: Path | None, told: list[Problem] | None = None
) -> tuple[RunTables, Reader]:
    late: list[Problem] = [] if told is None else told
    context = SourceContext(store.parent, {}, qualifier="mlflow", cache=cache, tell=late.append)
    reader = SOURCE.open(Options(store.name), context)
    return reader.tables(), reader


def everything(tables: RunTables, reader: Reader) -> dict[tuple[str, str], Counter[Any]]:
    names = sorted(set(tables.metrics["metric"].to_pylist()))
    return points(reader, tables.runs["run_id"].to_pylist(), names)


def both(store: Path, cache: Path) -> list[Problem]:
    """Reads with and without the cache, which must agree; what was told with it."""
    told: list[Problem] = []
    plain, kept = opened(store, None), opened(store, cache, told)
    assert repr(kept[0].rows) == repr(plain[0].rows)
    assert everything(*kept) == everything(*plain)
    return told


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was read out of the database rather than from what is kept."""
    found: list[str] = []
    whole, later = SeriesReader.whole, SeriesReader.later

    def watched_whole(self: SeriesReader, key: str) -> Any:
        found.append(f"whole {key}")
        return whole(self, key)

    def watched_later(self: SeriesReader, after: int, key: str) -> Any:
        found.append(f"later {key}")
        return later(self, after, key)

    monkeypatch.setattr(SeriesReader, "whole", watched_whole)
    monkeypatch.setattr(SeriesReader, "later", watched_later)
    return found


@pytest.mark.parametrize("driver", [True, False])
def test_a_second_build_reads_no_points_and_finds_the_same(
    store: Path, tmp_path: Path, asked: list[str], monkeypatch: pytest.MonkeyPatch, driver: bool
) -> None:
    if not driver:
        monkeypatch.setitem(sys.modules, "adbc_driver_sqlite", None)
    assert both(store, tmp_path / "cache") == []
    assert asked == ["whole val/loss", "whole wild"]
    asked.clear()
    assert both(store, tmp_path / "cache") == []
    assert asked == []


def test_only_what_was_appended_is_read(store: Path, tmp_path: Path, asked: list[str]) -> None:
    both(store, tmp_path / "cache")
    asked.clear()
    client = client_of(f"sqlite:///{store}")
    known = client.search_runs(["1"])[0].info.run_id
    # one point ties with an earlier one in step and time, and is lower
    client.log_metric(known, "val/loss", -5.0, T0 + 9, 9)
    new = log(client, "1", 7)
    assert both(store, tmp_path / "cache") == []
    assert asked == ["later val/loss", "later wild"]
    tables, reader = opened(store, tmp_path / "cache")
    assert everything(tables, reader)[f"mlflow:{new}", "val/loss"].total() == 5


def test_a_deleted_run_and_a_changed_tag_are_seen(store: Path, tmp_path: Path) -> None:
    both(store, tmp_path / "cache")
    client = client_of(f"sqlite:///{store}")
    first, second, _ = (run.info.run_id for run in client.search_runs(["1"]))
    client.delete_run(first)
    client.set_tag(second, "note", "changed")
    assert both(store, tmp_path / "cache") == []
    tables, _ = opened(store, tmp_path / "cache")
    assert len(tables.rows) == 2
    assert {run.tags.get("note") for run in tables.rows} == {"changed", None}


def test_rows_that_were_taken_away_and_replaced_are_read_again(
    store: Path, tmp_path: Path, asked: list[str]
) -> None:
    both(store, tmp_path / "cache")
    asked.clear()
    with closing(sqlite3.connect(store)) as database:
        (last,) = database.execute("SELECT max(rowid) FROM metrics WHERE key = 'wild'").fetchone()
        row = database.execute("SELECT run_uuid FROM metrics WHERE rowid = ?", [last]).fetchone()
        database.execute("DELETE FROM metrics WHERE rowid = ?", [last])
        database.execute(
            "INSERT INTO metrics (rowid, key, value, timestamp, run_uuid, step, is_nan)"
            " VALUES (?, 'wild', 5.0, ?, ?, 2, 0)",
            (last, T0, *row),
        )
        database.commit()
    assert both(store, tmp_path / "cache") == []
    assert "whole wild" in asked


@pytest.mark.parametrize("name", ["points", "shelf"])
def test_a_damaged_file_is_told_and_its_points_are_read_again(
    store: Path, tmp_path: Path, name: str
) -> None:
    cache = tmp_path / "cache"
    both(store, cache)
    for file in (cache / "sources").glob(f"*/{name}*"):
        data = bytearray(file.read_bytes())
        data[len(data) // 3] ^= 0x40
        file.write_bytes(data)
    told = both(store, cache)
    assert {problem.code for problem in told} == {"RR385"}
    assert {problem.severity for problem in told} == {"note"}
    assert both(store, cache) == []


def test_points_that_are_no_numbers_are_told_at_every_build(store: Path, tmp_path: Path) -> None:
    with closing(sqlite3.connect(store)) as database:
        database.execute("PRAGMA ignore_check_constraints = ON")
        database.execute(
            "INSERT INTO metrics SELECT key, 'no number', timestamp, run_uuid, 77, 0"
            " FROM metrics WHERE key = 'wild' LIMIT 1"
        )
        database.commit()
    for _ in range(2):
        assert [problem.code for problem in both(store, tmp_path / "cache")] == ["RR308"]


def test_a_cache_that_cannot_be_written_changes_nothing(store: Path, tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file")
    assert [problem.code for problem in both(store, tmp_path / "cache")] == ["RR386"]
