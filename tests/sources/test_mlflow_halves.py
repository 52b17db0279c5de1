"""Histories that two processes read are those that one reads, with what has to be said of them."""

from __future__ import annotations

import sqlite3
import sys
import threading
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from runreport.errors import Problem
from runreport.sources.mlflow import fileseries, series
from tests.sources.mlflow_stores import points, read, run_meta, small_database, small_folder

RUNS = [f"{number:032x}" for number in range(3)]
METRICS = ("acc", "loss", "val/loss")


def value(run: int, metric: int, step: int) -> float:
    return run + metric / 7 + step / 1000


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = small_database(tmp_path / "s.db")
    with closing(sqlite3.connect(path)) as store:
        store.execute(f"CREATE INDEX {series.INDEX} ON metrics (run_uuid, key, step)")
        store.execute("CREATE INDEX by_key ON metrics (key, timestamp, step, run_uuid)")
        store.execute("DELETE FROM runs")
        for number, run in enumerate(RUNS):
            store.execute(
                "INSERT INTO runs VALUES (?, 'r', 'FINISHED', ?, 9, 1, 'active', '')", [run, number]
            )
            for place, name in enumerate(METRICS):
                store.executemany(
                    "INSERT INTO metrics VALUES (?, ?, ?, ?, ?, 0)",
                    [(name, value(number, place, s), s, run, s) for s in (3, 1, 2)],
                )
            store.execute("INSERT INTO metrics VALUES ('loss', 'none', 5, ?, 0, 0)", [run])
        store.commit()
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for number, run in enumerate(RUNS):
        inside = small_folder(tmp_path / "mlruns", run=run, meta=run_meta(run)) / "metrics"
        (inside / "val").mkdir()
        for place, name in enumerate(METRICS):
            lines = [f"{s} {value(number, place, s)!r} {s}\n" for s in (3, 1, 2)]
            (inside / name).write_text("".join(lines))
    return tmp_path / "mlruns"


def told_of(path: Path, made: Any = None) -> tuple[Any, list[Problem]]:
    told: list[Problem] = []
    tables, reader = read(path.name, path.parent, told=told)
    if made is not None:
        made()
    runs = tables.runs["run_id"].to_pylist()
    return points(reader, runs, METRICS), told


EXPECTED = {
    (f"mlflow:{run}", name): {(float(s), s, repr(value(number, place, s))): 1 for s in (3, 1, 2)}
    for number, run in enumerate(RUNS)
    for place, name in enumerate(METRICS)
}


@pytest.mark.parametrize("driver", [True, False])
@pytest.mark.parametrize("copies", [True, False])
def test_a_database_is_read_by_two_processes(
    database: Path, monkeypatch: pytest.MonkeyPatch, driver: bool, copies: bool
) -> None:
    if not driver:
        monkeypatch.setitem(sys.modules, "adbc_driver_sqlite", None)
    one = told_of(database)
    monkeypatch.setattr(series, "WORTH", 1)
    monkeypatch.setattr(series, "PAIRS", 1)
    if not copies:
        # as in a process with threads, which is not copied
        monkeypatch.setattr(threading, "active_count", lambda: 2)
    two = told_of(database)
    assert one[0] == two[0] == EXPECTED
    assert one[1] == two[1]
    assert [problem.code for problem in two[1]] == ["RR308"] * 3


@pytest.mark.parametrize("copies", [True, False])
def test_a_folder_is_read_by_two_processes(
    folder: Path, monkeypatch: pytest.MonkeyPatch, copies: bool
) -> None:
    assert told_of(folder) == (EXPECTED, [])
    monkeypatch.setattr(fileseries, "WORTH", 0)
    if not copies:
        monkeypatch.setattr(threading, "active_count", lambda: 2)
    assert told_of(folder) == (EXPECTED, [])


def test_what_the_second_process_could_not_read_is_told(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = [folder / "1" / run / "metrics" / "val" / "loss" for run in (RUNS[0], RUNS[2])]

    def lose() -> None:
        for file in gone:
            file.unlink()

    monkeypatch.setattr(fileseries, "WORTH", 0)
    found, told = told_of(folder, lose)
    lost = {(f"mlflow:{run}", "val/loss") for run in (RUNS[0], RUNS[2])}
    assert found == {name: one for name, one in EXPECTED.items() if name not in lost}
    assert [problem.code for problem in told] == ["RR306"] * 2
    assert [RUNS[0] in problem.place for problem in told] == [True, False]
