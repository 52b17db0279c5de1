"""The source `trackio`: what the SDK wrote, older layouts, exports, and databases that grow."""

from __future__ import annotations

import json
import math
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runreport.errors import SourceError
from runreport.kinds import SourceContext
from runreport.sources.loaded import UNKNOWN_TIME
from runreport.sources.trackio import SOURCE, Options
from runreport.sources.trackio.columns import Columns, microseconds
from runreport.tables import RunTables
from tests.shared import SHARED, needs_shared

SAMPLE = SHARED / "samples" / "trackio"
AT = "2026-01-02T03:04:05.678901+00:00"
NEW = """
CREATE TABLE metrics (id INTEGER PRIMARY KEY AUTOINCREMENT, run_id TEXT NOT NULL,
    timestamp TEXT NOT NULL, run_name TEXT NOT NULL, step INTEGER NOT NULL, metrics TEXT NOT NULL);
CREATE TABLE configs (id INTEGER PRIMARY KEY AUTOINCREMENT, run_id TEXT NOT NULL,
    run_name TEXT NOT NULL, config TEXT NOT NULL, created_at TEXT NOT NULL, UNIQUE(run_id));
CREATE INDEX idx_metrics_run_step ON metrics(run_id, step);
"""
OLD = """
CREATE TABLE metrics (id INTEGER PRIMARY KEY AUTOINCREMENT, timestamp TEXT NOT NULL,
    run_name TEXT NOT NULL, step INTEGER NOT NULL, metrics TEXT NOT NULL);
"""


def opened(where: Path | str, cache: Path | None = None, **options: Any) -> Any:
    return SOURCE.open(Options(str(where), **options), SourceContext(Path(), {}, cache=cache))


def tables_at(where: Path | str, **options: Any) -> RunTables:
    tables: RunTables = opened(where, **options).tables()
    tables.check()
    return tables


def points_of(reader: Any) -> dict[tuple[str, str], list[tuple[float, float]]]:
    runs = reader.tables().rows
    names = {metric for run in runs for metric in run.metrics}
    found: dict[tuple[str, str], list[tuple[float, float]]] = {}
    for table in reader.histories([run.id for run in runs], names):
        for row in table.to_pylist():
            found.setdefault((row["run_id"], row["metric"]), []).append((row["step"], row["value"]))
    return found


@contextmanager
def database(path: Path, script: str = "") -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(path)) as link:
        link.executescript(script)
        yield link
        link.commit()


def log(link: sqlite3.Connection, run: str, step: int, row: Any, name: str | None = None) -> None:
    data = row if isinstance(row, bytes | str) else json.dumps(row).encode()
    query = (
        "INSERT INTO metrics (run_id, run_name, timestamp, step, metrics) VALUES (?, ?, ?, ?, ?)"
    )
    link.execute(query, [run, name or run, AT, step, data])


@needs_shared("samples", "trackio")
def test_the_sample_reads_to_what_it_stores() -> None:
    path = SAMPLE / "cifar.db"
    reader = opened(path)
    tables = reader.tables()
    assert tables.problems == ()
    assert sorted(os.listdir(SAMPLE)) == ["cifar.db", "cifar.lock"]
    with closing(sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True)) as link:
        rows = link.execute("SELECT run_id, step, metrics FROM metrics ORDER BY id").fetchall()
    expected: dict[tuple[str, str], list[tuple[float, float]]] = {}
    for run, step, data in rows:
        for metric, value in json.loads(data).items():
            expected.setdefault((f"trackio:{run}", metric), []).append((step, value))
    assert points_of(reader) == expected
    runs = {run.name: run for run in tables.rows}
    assert {k: p.text for k, p in runs["lr0.001"].params.items()} == {
        "lr": "0.001",
        "model.depth": "18",
    }
    assert runs["lr0.001"].experiment == "cifar"


def test_everything_that_is_logged_is_kept_as_it_was(tmp_path: Path) -> None:
    with database(tmp_path / "p.db", NEW) as link:
        log(link, "r", 5, {"train/loss": 1, "größe.x": 2.5})
        log(link, "r", 5, {"train/loss": 2})
        log(link, "r", 3, {"train/loss": "NaN", "größe.x": "-Infinity"})
        log(link, "r", 4, '{"train/loss": NaN, "big": 1e400}')
        log(link, "r", 6, {"train/loss": None, "flag": True, "words": "hello", "a": {"b": 1.5}})
        config = {"lr": 1e-5, "on": True, "none": None, "deep": {"x": [1, None]}, "_Group": "g"}
        link.execute(
            "INSERT INTO configs (run_id, run_name, config, created_at) VALUES (?, ?, ?, ?)",
            ["r", "r", json.dumps(config).encode(), AT],
        )
    reader = opened(tmp_path / "p.db")
    (run,) = reader.tables().rows
    assert {k: p.text for k, p in run.params.items()} == {
        "lr": "1e-05",
        "on": "true",
        "deep.x": "[1, null]",
    }
    assert run.tags == {"group": "g"}
    assert run.started is not None
    assert run.started.microsecond == 678_901
    found = {metric: points for (_, metric), points in points_of(reader).items()}
    assert repr(found["train/loss"]) == "[(5.0, 1.0), (5.0, 2.0), (3.0, nan), (4.0, nan)]"
    assert found["größe.x"] == [(5.0, 2.5), (3.0, -math.inf)]
    assert found["big"] == [(4.0, math.inf)]
    assert found["flag"] == [(6.0, 1.0)]
    assert found["a.b"] == [(6.0, 1.5)]
    (note,) = reader.tables().problems
    assert (note.code, note.severity) == ("RR375", "note")
    assert "'words'" in note.message


def test_a_database_without_run_ids_is_read(tmp_path: Path) -> None:
    with database(tmp_path / "old.db", OLD) as link:
        query = "INSERT INTO metrics (timestamp, run_name, step, metrics) VALUES (?, ?, ?, ?)"
        link.execute(query, ["2025-08-01T10:00:00", "first", 0, '{"loss": 1.5}'])
        link.execute(query, ["2025-08-01T10:00:01", "second", 0, '{"loss": 2.5}'])
        link.execute(query, ["2025-08-01T10:00:02", "first", 1, '{"loss": 0.5}'])
    assert points_of(opened(tmp_path / "old.db")) == {
        ("trackio:first", "loss"): [(0.0, 1.5), (1.0, 0.5)],
        ("trackio:second", "loss"): [(0.0, 2.5)],
    }


@pytest.mark.parametrize("change", ["append", "new run", "delete", "rewrite", "rename", "config"])
def test_reading_on_gives_what_reading_anew_gives(change: str, tmp_path: Path) -> None:
    path, cache = tmp_path / "p.db", tmp_path / ".runreport"
    with database(path, NEW) as link:
        for step in range(50):
            log(link, "a" if step % 2 else "b", step, {"loss": step / 7, "odd": "NaN"})
    points_of(opened(path, cache))
    with database(path) as link:
        if change in ("append", "new run"):
            for step in range(50, 60):
                log(link, "a" if change == "append" else "c", step, {"loss": 1.0, "late": 2.0})
        elif change == "delete":
            link.execute("DELETE FROM metrics WHERE run_id = 'a'")
        elif change == "rewrite":
            link.execute("UPDATE metrics SET metrics = '{\"loss\": 9}' WHERE id = 50")
        elif change == "rename":
            link.execute("UPDATE metrics SET run_name = 'z' WHERE run_id = 'a'")
        else:
            query = "INSERT INTO configs (run_id, run_name, config, created_at) VALUES (?, ?, ?, ?)"
            link.execute(query, ["a", "a", b'{"lr": 1}', AT])
    on, anew = opened(path, cache), opened(path)
    for name in ("runs", "params", "metrics", "tags"):
        ours, theirs = (getattr(reader.tables(), name).to_pylist() for reader in (on, anew))
        assert sorted(map(repr, ours)) == sorted(map(repr, theirs)), name
    assert repr(sorted(points_of(on).items())) == repr(sorted(points_of(anew).items()))


def test_only_new_rows_are_read_when_a_database_has_grown(tmp_path: Path) -> None:
    path, cache = tmp_path / "p.db", tmp_path / ".runreport"
    with database(path, NEW) as link:
        log(link, "a", 0, {"loss": 1.0})
        log(link, "a", 1, b"{broken")
        for step in range(2, 40):
            log(link, "a", step, {"loss": 1.0})
    assert [p.code for p in opened(path, cache).tables().problems] == ["RR373"]
    with database(path) as link:
        # the early row is whole now: whoever reads it again would say nothing
        link.execute("UPDATE metrics SET metrics = '{\"loss\": 3}' WHERE id = 2")
        log(link, "a", 40, {"loss": 5.0})
    (run,) = opened(path, cache).tables().rows
    assert (run.metrics["loss"].count, run.metrics["loss"].last) == (40, 5.0)


def test_an_export_reads_as_its_database(tmp_path: Path) -> None:
    rows = [
        {"id": i, "run_id": "r", "timestamp": AT, "run_name": "n", "step": i, "loss": i / 3}
        for i in range(5)
    ]
    rows[2]["loss"] = math.nan
    rows[4]["loss"] = None
    rows[1]["image"] = {"_type": "trackio.image", "file_path": "p/n/1/x.png"}
    names = ["id", "run_id", "timestamp", "run_name", "step", "loss", "image"]
    pq.write_table(
        pa.Table.from_pylist([{name: row.get(name) for name in names} for row in rows]),
        tmp_path / "p.parquet",
    )
    config = {"id": 1, "run_id": "r", "run_name": "n", "lr": 0.5, "_Username": "me"}
    pq.write_table(pa.Table.from_pylist([config]), tmp_path / "p_configs.parquet")
    found = SOURCE.detect(tmp_path)
    assert found is not None
    assert found.config == {"trackio": "p.parquet"}
    reader = opened(tmp_path / "p.parquet")
    (run,) = reader.tables().rows
    assert (run.name, run.user, run.params["lr"].text) == ("n", "me", "0.5")
    points = points_of(reader)["trackio:r", "loss"]
    assert repr(points) == f"[(0.0, 0.0), (1.0, {1 / 3!r}), (2.0, nan), (3.0, 1.0)]"


def test_media_is_listed_and_nothing_beyond_the_folder(tmp_path: Path) -> None:
    folder = tmp_path / "trackio"
    image = folder / "media" / "p" / "r" / "0" / "x.png"
    image.parent.mkdir(parents=True)
    image.write_bytes(b"png")
    (tmp_path / "secret.txt").write_text("secret")
    (folder / "media" / "link.txt").symlink_to(tmp_path / "secret.txt")
    media = {"_type": "trackio.image", "caption": None}
    with database(folder / "p.db", NEW) as link:
        log(link, "r", 0, {"img": {**media, "file_path": "p/r/0/x.png"}})
        log(link, "r", 1, {"img": {**media, "file_path": "../../secret.txt"}})
        log(link, "r", 2, {"img": {**media, "file_path": "link.txt"}})
    (run,) = tables_at(folder / "p.db").rows
    assert [(a.path, a.bytes, a.digest is not None) for a in run.artifacts] == [
        ("0/x.png", 3, True),
        ("../../secret.txt", None, False),
        ("link.txt", None, False),
    ]


def test_a_broken_project_leaves_the_others_alone(tmp_path: Path) -> None:
    for name in ("good", "bad"):
        with database(tmp_path / f"{name}.db", NEW) as link:
            for step in range(300):
                log(link, "r", step, {"loss": 1.0})
    data = (tmp_path / "bad.db").read_bytes()
    (tmp_path / "bad.db").write_bytes(data[: len(data) // 2])
    tables = tables_at(tmp_path)
    assert [run.id for run in tables.rows] == ["trackio:good/r"]
    assert [(p.code, p.place) for p in tables.problems] == [("RR301", "bad.db")]


def test_detection_takes_no_other_database(tmp_path: Path) -> None:
    with database(tmp_path / "x.db", "CREATE TABLE metrics (id INTEGER, value REAL)"):
        pass
    assert SOURCE.detect(tmp_path) is None
    with pytest.raises(SourceError, match="RR370"):
        opened(tmp_path).tables()
    with pytest.raises(SourceError, match="RR303"):
        opened(tmp_path / "x.db").tables()
    (tmp_path / "t.parquet").write_bytes(b"PAR1....PAR1")
    with pytest.raises(SourceError, match="RR371"):
        opened(tmp_path / "t.parquet").tables()


WRITER = """
import math, sys, trackio
for name in ("one", "two"):
    trackio.init(project="p", name=name, config={"lr": 1e-5, "deep": {"a": [1, 2.5]}})
    for step in (0, 1, 5, 3, 3):
        trackio.log({"a/b": step / 7, "x": math.nan if step == 1 else math.inf}, step=step)
    trackio.finish()
"""


def test_what_the_sdk_writes_agrees_with_its_own_reading(tmp_path: Path) -> None:
    pytest.importorskip("trackio", reason="trackio is not installed here")
    place = {**os.environ, "TRACKIO_DIR": str(tmp_path)}
    subprocess.run([sys.executable, "-c", WRITER], env=place, check=True, capture_output=True)
    ask = (
        "import json, trackio.sqlite_storage as s; S = s.SQLiteStorage;"
        "print(json.dumps({r['name']: S.get_logs('p', r['name']) for r in S.get_run_records('p')}))"
    )
    said = subprocess.run(
        [sys.executable, "-c", ask], env=place, check=True, capture_output=True, text=True
    )
    expected = json.loads(said.stdout)
    reader = opened(tmp_path / "p.db")
    ids = {run.id: run.name for run in reader.tables().rows}
    points = {(ids[run], metric): found for (run, metric), found in points_of(reader).items()}
    for name, rows in expected.items():
        for metric in ("a/b", "x"):
            theirs = sorted((float(row["step"]), float(row[metric])) for row in rows)
            assert repr(sorted(points[name, metric])) == repr(theirs)


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3)
    ),
    max_leaves=8,
)


@settings(max_examples=50, deadline=None)
@given(rows=st.lists(st.dictionaries(st.sampled_from("abc"), json_values), max_size=12))
def test_columns_hold_each_number_once(rows: list[dict[str, Any]]) -> None:
    columns = Columns()
    for at, row in enumerate(rows):
        columns.add(at, 0, row)
    expected: dict[str, list[tuple[float, str]]] = {}
    for at, row in enumerate(rows):
        for name, value in row.items():
            if type(value) is float or (isinstance(value, int) and abs(value) < 2**1000):
                expected.setdefault(name, []).append((at, repr(float(value))))
    found = columns.points()
    for name, points in expected.items():
        pairs = zip(found[name].step.tolist(), map(repr, found[name].value.tolist()), strict=True)
        assert [pair for pair in pairs if pair in points] == points


def test_times_are_utc() -> None:
    assert microseconds("1970-01-01T02:00:00.000001+02:00") == 1
    assert microseconds("1970-01-01T00:00:01") == 1_000_000
    assert microseconds("soon") == UNKNOWN_TIME
