"""Histories of MLflow databases kept between builds: the same as read anew, and only what came."""

from __future__ import annotations

import json
import math
import sqlite3
import sys
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runreport.errors import Problem
from runreport.kinds import Reader, SourceContext
from runreport.sources.mlflow import SOURCE, Options, keeping
from runreport.sources.mlflow.columnar import Pass
from runreport.sources.mlflow.series import SeriesReader
from runreport.sources.mlflow.sums import query_of, sums_of
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
def checked() -> list[str]:
    """Metrics whose rows were summed up to know them again."""
    return []


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch, checked: list[str]) -> list[str]:
    """What was read out of the database rather than from what is kept."""
    found: list[str] = []
    whole, later, sums = SeriesReader.whole, SeriesReader.later, SeriesReader.sums

    def watched_whole(self: SeriesReader, key: str) -> Any:
        found.append(f"whole {key}")
        return whole(self, key)

    def watched_later(self: SeriesReader, after: int, key: str) -> Any:
        found.append(f"later {key}")
        return later(self, after, key)

    def watched_sums(self: SeriesReader, key: str, rows: int) -> Any:
        checked.append(key)
        return sums(self, key, rows)

    monkeypatch.setattr(SeriesReader, "sums", watched_sums)
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


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE metrics SET value = value + 1e-9 WHERE key = 'val/loss' AND rowid = 2",
        "UPDATE metrics SET step = 4 WHERE key = 'val/loss' AND rowid = 2",
        "UPDATE metrics SET timestamp = timestamp + 1 WHERE key = 'val/loss' AND rowid = 2",
        "UPDATE metrics SET is_nan = 1 WHERE key = 'val/loss' AND rowid = 2",
        "UPDATE metrics SET value = -value WHERE key = 'val/loss' AND rowid = 2",
        "DELETE FROM metrics WHERE key = 'val/loss' AND rowid = 2",
        "UPDATE metrics SET run_uuid = (SELECT max(run_uuid) FROM runs)"
        " WHERE run_uuid = (SELECT min(run_uuid) FROM runs) AND key = 'val/loss'",
    ],
)
def test_a_change_by_hand_of_rows_long_before_the_last_is_seen(
    store: Path, tmp_path: Path, asked: list[str], monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    monkeypatch.setattr(keeping, "GUARD", 1)
    both(store, tmp_path / "cache")
    asked.clear()
    with closing(sqlite3.connect(store)) as database:
        assert database.execute(change).rowcount > 0
        database.commit()
    assert both(store, tmp_path / "cache") == []
    assert asked == ["whole val/loss"]


def test_a_database_that_nobody_wrote_to_is_not_looked_through(
    store: Path, tmp_path: Path, asked: list[str], checked: list[str], monkeypatch: Any
) -> None:
    monkeypatch.setattr(keeping, "FRESH_NS", 0)
    both(store, tmp_path / "cache")
    both(store, tmp_path / "cache")
    assert checked == []
    with closing(sqlite3.connect(store)) as database:
        database.execute("UPDATE experiments SET name = 'other' WHERE experiment_id = 1")
        database.commit()
    asked.clear()
    both(store, tmp_path / "cache")
    assert (asked, checked) == ([], ["val/loss", "wild"])


def test_what_is_appended_is_written_to_files_of_its_own_until_there_are_many(
    store: Path, tmp_path: Path, asked: list[str]
) -> None:
    cache = tmp_path / "cache"
    both(store, cache)
    client = client_of(f"sqlite:///{store}")
    files = [_held(cache)]
    for number in range(1, keeping.PIECES + 2):
        log(client, "1", 10 + number)
        assert both(store, cache) == []
        files.append(_held(cache))
    assert not any(line.startswith("whole") for line in asked[2:])
    counts = [len(names) for names in files]
    # one file for each metric, then one for all that came, and one for each again
    assert counts == [2, *range(3, keeping.PIECES + 2), 2, 3]
    assert files[0] < files[1] < files[2]


def _held(cache: Path) -> set[str]:
    """Files of points that the shelf names."""
    (shelf,) = (cache / "sources").glob("*/shelf.json")
    content = json.loads(shelf.read_bytes().partition(b"\n")[2])
    return {file for entry in content["partitions"].values() for file in entry["points"]}


VALUES = st.one_of(
    st.floats(allow_nan=True, allow_infinity=True),
    st.floats(-2, 2),
    st.sampled_from([0.0, -0.0, 5e-324, 1e6, 999999.9999999, -1e12, 9e18, 1e300]),
)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.tuples(
            VALUES,
            st.one_of(st.integers(-40, 40), st.integers(-(2**53) + 1, 2**53 - 1)),
            st.integers(-(10**13), 10**13),
            st.sampled_from(["0123456789abcdef" * 2, "run-é", "r"]),
        ),
        max_size=20,
    )
)
def test_sums_by_numpy_are_the_sums_of_sqlite(rows: list[tuple[float, int, int, str]]) -> None:
    with closing(sqlite3.connect(":memory:")) as database:
        database.execute(
            "CREATE TABLE metrics (value FLOAT, step BIGINT, timestamp BIGINT, run_uuid TEXT,"
            " is_nan BOOLEAN)"
        )
        database.executemany(
            "INSERT INTO metrics VALUES (?, ?, ?, ?, ?)",
            [
                (0.0 if math.isnan(v) else v, step, ms, run, math.isnan(v))
                for v, step, ms, run in rows
            ],
        )
        found = database.execute(f"SELECT {query_of('step', 'is_nan')} FROM metrics").fetchone()
    names = tuple(sorted({run for *_, run in rows}))
    read = Pass(
        names,
        np.array([names.index(run) for *_, run in rows], np.int32),
        np.array([step for _, step, _, _ in rows], np.float64),
        np.array([ms for _, _, ms, _ in rows], np.int64),
        np.array([value for value, *_ in rows], np.float64),
    )
    assert sums_of(read) == list(found)
