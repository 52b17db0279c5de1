"""SQLite stores of every age, whole or hurt, end in a right reading or in a clear problem."""

from __future__ import annotations

import math
import os
import shutil
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from runreport.errors import Problem, SourceError
from runreport.kinds import SourceContext
from runreport.sources import database
from runreport.sources.limits import Limits
from runreport.sources.mlflow.options import Options
from runreport.sources.mlflow.places import locate
from runreport.sources.mlflow.sqlite import open_database
from tests.processes import PEAK_KB
from tests.shared import ROOT, SHARED, needs_shared
from tests.sources.mlflow_stores import RUN, codes, copied, edit, points, read, small_database

SAMPLE = SHARED / "samples" / "mlflow" / "mlflow.db"
HYPEROPT = SHARED / "wild" / "mlflow_sqlite_hyperopt" / "mlruns.db"
CORPUS = SHARED / "attacks" / "trackers" / "sqlite"
QUICKSTART = ROOT / "examples" / "quickstart" / "mlflow.db"
KNOWN = f"mlflow:{RUN}"


def metric_row(value: object, step: object = 0, *, key: str = "'m'", run: str = f"'{RUN}'") -> str:
    return f"INSERT INTO metrics VALUES ({key}, {value}, 1700000000000, {run}, {step}, 0)"


def many_params(count: int) -> str:
    return (
        "INSERT INTO params WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n"
        f" LIMIT {count}) SELECT 'p' || i, '1', '{RUN}' FROM n"
    )


# ---- the facts ---------------------------------------------------------------------------------


def test_the_example_reads_with_its_failed_and_its_diverged_run() -> None:
    tables, reader = read("sqlite:///examples/quickstart/mlflow.db", ROOT)
    assert len(tables.rows) == 38
    assert [run.name for run in tables.rows if run.status == "failed"] == ["adam-0.01-s7"]
    last = {
        run.name: run.metrics["val_loss"].last for run in tables.rows if "val_loss" in run.metrics
    }
    assert [name for name, value in last.items() if value is not None and math.isnan(value)] == [
        "nesterov-3000-s1"
    ]
    assert tables.problems == ()
    run = tables.rows[0]
    assert {fact.kind for fact in run.lineage} >= {"code", "command", "data", "environment"}
    assert {artifact.path for artifact in run.artifacts} >= {"train.log"}
    assert set(reader.fingerprint()) == {"database", "artifacts"}


@needs_shared("samples", "mlflow")
def test_not_a_number_and_infinity_are_what_they_were_when_logged() -> None:
    tables, reader = read(str(SAMPLE), SHARED)
    lasts = {repr(m.last) for run in tables.rows for m in run.metrics.values()}
    assert {"nan", "inf"} <= lasts
    names = sorted({name for run in tables.rows for name in run.metrics})
    values = [
        value
        for series in points(reader, [run.id for run in tables.rows], names).values()
        for _, _, value in series.elements()
    ]
    assert len(values) == 122
    assert {"nan", "inf"} <= set(values)
    assert all(float(value) < 1e300 or value == "inf" for value in values if value != "nan")


@needs_shared("wild", "mlflow_sqlite_hyperopt")
def test_a_schema_of_twelve_tables_is_read_whole() -> None:
    tables, reader = read(str(HYPEROPT), SHARED)
    with closing(sqlite3.connect(f"file:{HYPEROPT}?mode=ro", uri=True)) as link:
        counts = {
            name: link.execute(f"SELECT count(*) FROM {name}").fetchone()[0]
            for name in ("runs", "params", "latest_metrics", "metrics", "tags")
        }
    assert tables.runs.num_rows == counts["runs"] == 100
    assert tables.params.num_rows == counts["params"]
    assert tables.metrics.num_rows == counts["latest_metrics"]
    assert tables.tags.num_rows == counts["tags"]
    names = sorted(set(tables.metrics["metric"].to_pylist()))
    found = points(reader, tables.runs["run_id"].to_pylist(), names)
    assert sum(sum(series.values()) for series in found.values()) == counts["metrics"]
    assert codes(tables.problems) == ["RR309"]


def test_the_fewest_columns_are_enough(tmp_path: Path) -> None:
    store = small_database(
        tmp_path / "old.db",
        runs="run_uuid TEXT, name TEXT, status TEXT, start_time INTEGER, end_time INTEGER,"
        " experiment_id INTEGER, lifecycle_stage TEXT, artifact_uri TEXT",
        metrics="key TEXT, value REAL, timestamp INTEGER, run_uuid TEXT",
    )
    for ms, value in ((1, 0.5), (3, 0.25), (2, 9.0)):
        edit(store, f"INSERT INTO metrics VALUES ('m', {value}, {ms}, '{RUN}')")
    tables, reader = read("old.db", tmp_path)
    assert tables.rows[0].metrics["m"].last == 0.25
    assert points(reader, [KNOWN], ["m"]) == {
        (KNOWN, "m"): {(0.0, 1, "0.5"): 1, (0.0, 2, "9.0"): 1, (0.0, 3, "0.25"): 1}
    }


def test_without_latest_metrics_the_last_value_is_chosen_as_mlflow_chooses(tmp_path: Path) -> None:
    store = small_database(tmp_path / "s.db")
    edit(store, metric_row(1.0, 5), metric_row(2.0, 3), metric_row(4.0, 5), metric_row(3.0, 5))
    tables, _ = read("s.db", tmp_path)
    last = tables.rows[0].metrics["m"]
    assert (last.last, last.last_step) == (4.0, 5.0)


def test_deleted_runs_and_experiments_are_left_out(tmp_path: Path) -> None:
    store = small_database(
        tmp_path / "s.db", experiments="experiment_id INTEGER, name TEXT, lifecycle_stage TEXT"
    )
    edit(
        store,
        "UPDATE experiments SET lifecycle_stage = 'active'",
        "INSERT INTO experiments VALUES (2, 'gone', 'deleted')",
        "INSERT INTO runs (run_uuid, experiment_id, lifecycle_stage) VALUES ('a', 1, 'deleted')",
        "INSERT INTO runs (run_uuid, experiment_id, lifecycle_stage) VALUES ('b', 2, 'active')",
        "INSERT INTO params VALUES ('lr', '1', 'a')",
    )
    tables, _ = read("s.db", tmp_path)
    assert tables.runs["run_id"].to_pylist() == [KNOWN]
    assert tables.params.num_rows == 0


def test_an_experiment_that_is_not_there_is_named(tmp_path: Path) -> None:
    small_database(tmp_path / "s.db")
    with pytest.raises(SourceError, match="no experiment 'x'"):
        read("s.db", tmp_path, experiments=("x",))


def test_a_database_without_runs_reads_to_empty_tables(tmp_path: Path) -> None:
    edit(small_database(tmp_path / "s.db"), "DELETE FROM runs")
    tables, reader = read("s.db", tmp_path)
    assert tables.rows == ()
    assert list(reader.histories([], [])) == []


# ---- histories ---------------------------------------------------------------------------------


def test_only_what_is_asked_for_is_read() -> None:
    tables, reader = read(str(QUICKSTART), ROOT)
    some = [run.id for run in tables.rows[:3]]
    found = points(reader, [*some, "mlflow:nobody"], ["val_loss", "no such metric"])
    assert set(found) == {(run, "val_loss") for run in some}


@pytest.mark.parametrize("index", [True, False])
@pytest.mark.parametrize("keyed", [True, False])
def test_every_plan_gives_the_same_points(tmp_path: Path, index: bool, keyed: bool) -> None:
    """With MLflow's index, without it, and without its primary key: three plans, one answer."""
    store = copied(QUICKSTART, tmp_path)
    if not index:
        edit(store, "DROP INDEX index_metrics_run_uuid_key_step")
    if not keyed:
        edit(
            store,
            "CREATE TABLE m AS SELECT * FROM metrics",
            "DROP TABLE metrics",
            "ALTER TABLE m RENAME TO metrics",
        )
    tables, reader = read(str(store), tmp_path)
    _, expected = read(str(QUICKSTART), tmp_path)
    names = ["val_loss", "train_loss"]
    runs = tables.runs["run_id"].to_pylist()
    assert points(reader, runs, names) == points(expected, runs, names)


def test_points_logged_after_the_tables_were_read_belong_to_a_later_state(tmp_path: Path) -> None:
    store = small_database(tmp_path / "s.db")
    edit(store, metric_row(1.0, 0))
    _, reader = read("s.db", tmp_path)
    edit(store, metric_row(2.0, 1))
    assert points(reader, [KNOWN], ["m"]) == {(KNOWN, "m"): {(0.0, 1_700_000_000_000, "1.0"): 1}}
    assert reader.fingerprint()["database"].endswith("(changed while it was read)")


def test_values_that_are_no_numbers_are_left_out_and_told(tmp_path: Path) -> None:
    store = small_database(tmp_path / "s.db")
    edit(
        store,
        metric_row(1.0, 0),
        metric_row("'oops'", 1),
        metric_row("x'00'", 2),
        metric_row("NULL", 3),
    )
    late: list[Problem] = []
    _, reader = read("s.db", tmp_path, told=late)
    found = points(reader, [KNOWN], ["m"])
    assert sorted(value for _, _, value in found[KNOWN, "m"]) == ["1.0", "nan"]
    (problem,) = late
    assert (problem.code, problem.place) == ("RR308", f"s.db, run {RUN}, table metrics")
    assert problem.message.startswith("2 points of 'm'")


def test_two_readings_at_once_do_not_disturb_each_other() -> None:
    tables, reader = read(str(QUICKSTART), ROOT)
    runs = tables.runs["run_id"].to_pylist()
    first, second = reader.histories(runs, ["val_loss"]), reader.histories(runs, ["val_loss"])
    pairs = list(zip(first, second, strict=True))
    assert pairs
    assert all(a["step"].equals(b["step"]) for a, b in pairs)
    assert reader.tables().runs.equals(tables.runs)


# ---- text that is none -------------------------------------------------------------------------


def test_bytes_that_are_no_utf8_become_marks_and_stay_readable(tmp_path: Path) -> None:
    store = small_database(tmp_path / "s.db")
    edit(
        store,
        f"INSERT INTO params VALUES (CAST(x'ff61' AS TEXT), CAST(x'c328' AS TEXT), '{RUN}')",
        f"INSERT INTO params VALUES ('blob', x'616263', '{RUN}')",
        f"INSERT INTO params VALUES ('number', 12, '{RUN}')",
        f"INSERT INTO params VALUES ('nul', CAST(x'610062' AS TEXT), '{RUN}')",
        metric_row(0.5, 1, key="CAST(x'6dff' AS TEXT)"),
    )
    tables, reader = read("s.db", tmp_path)
    params = {name: param.text for name, param in tables.rows[0].params.items()}
    assert params == {"\ufffda": "\ufffd(", "blob": "abc", "number": "12", "nul": "a\ufffdb"}
    (metric,) = tables.rows[0].metrics
    assert metric == "m\ufffd"
    # a stranger's row that is no text either does not stop the plan without an index
    edit(store, metric_row(0.5, 1, run="CAST(x'ff' AS TEXT)", key="CAST(x'6dff' AS TEXT)"))
    assert sum(points(reader, [KNOWN], [metric])[KNOWN, metric].values()) == 1


def test_rows_without_a_name_or_a_run_are_counted_aloud(tmp_path: Path) -> None:
    store = small_database(tmp_path / "s.db")
    edit(
        store,
        f"INSERT INTO params VALUES (NULL, '1', '{RUN}')",
        f"INSERT INTO tags VALUES ('t', NULL, '{RUN}')",
        "INSERT INTO params VALUES ('lr', '1', 'nobody')",
        metric_row(1.0, run="NULL"),
        "INSERT INTO runs (run_uuid, experiment_id) VALUES (NULL, 1)",
        "INSERT INTO runs (run_uuid, experiment_id) VALUES ('lost', 99)",
    )
    tables, _ = read("s.db", tmp_path)
    assert tables.runs["run_id"].to_pylist() == [KNOWN]
    told = {(problem.place, problem.message) for problem in tables.problems}
    assert told == {
        (f"s.db, run {RUN}, table params", "1 params have no name or no value and were left out"),
        (f"s.db, run {RUN}, table tags", "1 tags have no name or no value and were left out"),
        ("s.db, table params", "1 rows name a run that is not in the store; they were left out"),
        ("s.db, table metrics", "1 rows name a run that is not in the store; they were left out"),
        ("s.db, table runs", "a run without an id was left out"),
        ("s.db, table runs", "1 runs belong to no experiment of the store and were left out"),
    }


def test_times_and_statuses_that_are_none_are_unknown(tmp_path: Path) -> None:
    edit(
        small_database(tmp_path / "s.db"),
        "UPDATE runs SET status = 'DONE?', start_time = 'noon', end_time = 1e300",
    )
    tables, _ = read("s.db", tmp_path)
    (run,) = tables.rows
    assert (run.status, run.started, run.ended) == ("unknown", None, None)
    assert codes(tables.problems) == ["RR308", "RR312"]


def test_more_than_the_limits_is_cut_and_said(tmp_path: Path) -> None:
    store = small_database(tmp_path / "s.db")
    edit(
        store,
        many_params(50),
        f"INSERT INTO tags VALUES ('long', printf('%.*c', 1000, 'x'), '{RUN}')",
        "INSERT INTO runs (run_uuid, experiment_id, start_time) VALUES ('older', 1, 1)",
    )
    context = SourceContext(base=tmp_path, environ={})
    limits = Limits(params=10, value=100, runs=1)
    tables = open_database(locate("s.db", tmp_path), Options("s.db"), context, limits).tables()
    (run,) = tables.rows
    assert (run.id, len(run.params), len(run.tags["long"])) == (KNOWN, 10, 100)
    assert [problem.message for problem in tables.problems] == [
        "showing the first 100 characters of 'long'",
        "showing 10 of 50 params",
        "showing the newest 1 of 2 runs",
    ]


# ---- stores that cannot be read ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "code", "words"),
    [
        (b"", "RR303", "s.db is empty: 0 bytes"),
        (b"some other kind of file" * 50, "RR301", "s.db is no SQLite database"),
        (b"SQLite format 3\x00" + bytes(500), "RR301", "s.db is no SQLite database"),
    ],
)
def test_a_file_that_is_no_database_is_refused(
    tmp_path: Path, content: bytes, code: str, words: str
) -> None:
    (tmp_path / "s.db").write_bytes(content)
    with pytest.raises(SourceError) as caught:
        read("sqlite:///s.db", tmp_path)
    (problem,) = caught.value.problems
    assert (problem.code, problem.message) == (code, words)
    assert problem.hint


def test_a_database_of_another_program_is_refused(tmp_path: Path) -> None:
    edit(tmp_path / "s.db", "CREATE TABLE trials (id INTEGER)")
    with pytest.raises(SourceError, match=r"lacks the tables experiments, runs") as caught:
        read("s.db", tmp_path)
    assert codes(caught.value.problems) == ["RR303"]


@pytest.mark.parametrize(
    "view",
    [
        "CREATE VIEW params AS SELECT 'k' AS key, 'v' AS value, 'r' AS run_uuid",
        "CREATE VIRTUAL TABLE params USING fts5(key, value, run_uuid)",
    ],
)
def test_views_and_virtual_tables_are_not_asked(tmp_path: Path, view: str) -> None:
    store = small_database(tmp_path / "s.db", params="")
    edit(store, view)
    with pytest.raises(SourceError, match="lacks the table params"):
        read("s.db", tmp_path)


def test_a_file_that_was_cut_is_not_read_as_zeros(tmp_path: Path) -> None:
    store = small_database(tmp_path / "s.db")
    edit(store, *(metric_row(1.0, step) for step in range(200)))
    os.truncate(store, store.stat().st_size - 777)
    with pytest.raises(SourceError, match="was cut") as caught:
        read("s.db", tmp_path)
    assert codes(caught.value.problems) == ["RR301"]


def test_a_locked_database_is_said_to_be_locked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "BUSY_S", 0.3)
    store = small_database(tmp_path / "s.db")
    with closing(sqlite3.connect(store, isolation_level=None)) as writer:
        writer.execute("BEGIN EXCLUSIVE")
        started = time.monotonic()
        with pytest.raises(SourceError, match="is locked") as caught:
            read("s.db", tmp_path)
        assert time.monotonic() - started < 5
        writer.execute("ROLLBACK")
    (problem,) = caught.value.problems
    assert problem.code == "RR302"
    assert problem.hint
    assert read("s.db", tmp_path)[0].runs.num_rows == 1


def test_what_is_not_checkpointed_yet_is_read_and_nothing_is_written(tmp_path: Path) -> None:
    store = small_database(tmp_path / "s.db")
    with closing(sqlite3.connect(store, isolation_level=None)) as writer:
        writer.execute("PRAGMA journal_mode = WAL")
        writer.execute("PRAGMA wal_autocheckpoint = 0")
        writer.execute(f"INSERT INTO params VALUES ('fresh', '1', '{RUN}')")
        main = store.read_bytes()
        tables, reader = read("s.db", tmp_path)
        assert tables.params["param"].to_pylist() == ["fresh"]
        assert set(reader.fingerprint()) == {"database", "database-wal"}
        # a writer at work neither waits for the reader nor is waited for
        writer.execute("BEGIN IMMEDIATE")
        writer.execute(f"INSERT INTO params VALUES ('later', '1', '{RUN}')")
        assert reader.tables().params.num_rows == 1
        writer.execute("COMMIT")
        assert reader.tables().params.num_rows == 2
        assert store.read_bytes() == main


def test_a_reading_that_takes_too_long_is_ended(tmp_path: Path) -> None:
    store = small_database(tmp_path / "s.db")
    context = SourceContext(base=tmp_path, environ={})
    limits = Limits(seconds=-1.0)
    edit(store, many_params(200_000))
    reader = open_database(locate(str(store), tmp_path), Options(str(store)), context, limits)
    with pytest.raises(SourceError, match="took too long") as caught:
        reader.tables()
    assert codes(caught.value.problems) == ["RR314"]


# ---- equal stores, equal words -----------------------------------------------------------------


def test_a_copy_elsewhere_has_the_same_fingerprint_and_the_same_tables(tmp_path: Path) -> None:
    words = []
    for name in ("a", "b/c"):
        folder = tmp_path / name
        shutil.copytree(QUICKSTART.parent, folder)
        os.utime(folder / "mlflow.db", (0, 0))
        tables, reader = read("sqlite:///mlflow.db", folder)
        words.append(
            (dict(reader.fingerprint()), tables.artifacts, tables.lineage, tables.problems)
        )
    assert words[0] == words[1]
    edit(tmp_path / "a" / "mlflow.db", "UPDATE runs SET name = 'x'")
    _, reader = read("sqlite:///mlflow.db", tmp_path / "a")
    assert reader.fingerprint() != words[0][0]


# ---- the corpus --------------------------------------------------------------------------------

READ_CORPUS = """
import resource, sys
from pathlib import Path
from runreport.errors import SourceError
from tests.sources.mlflow_stores import points, read
resource.setrlimit(resource.RLIMIT_AS, (2_000_000_000, 2_000_000_000))
for name in sys.argv[1:]:
    try:
        tables, reader = read(name, Path("."))
        names = sorted(set(tables.metrics["metric"].to_pylist()))
        found = points(reader, tables.runs["run_id"].to_pylist(), names)
        said = [problem.code for problem in tables.problems if problem.severity != "note"]
        count = sum(sum(series.values()) for series in found.values())
        print(Path(name).name, tables.runs.num_rows, count, *said)
    except SourceError as error:
        (problem,) = error.problems
        assert problem.hint and Path(name).name in problem.message, problem
        print(Path(name).name, problem.code)
print("peak", peak_kb())
"""


@needs_shared("attacks", "trackers", "sqlite")
def test_every_hurt_database_ends_in_a_problem_or_in_a_right_reading() -> None:
    files = sorted(CORPUS.glob("*.db"))
    started = time.monotonic()
    finished = subprocess.run(
        [sys.executable, "-c", PEAK_KB + READ_CORPUS, *map(str, files)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert finished.returncode == 0, finished.stderr
    *lines, peak = finished.stdout.splitlines()
    said: dict[str, Any] = {line.split()[0]: line.split()[1:] for line in lines}
    assert len(said) == len(files)
    assert int(peak.split()[1]) < 512_000
    assert time.monotonic() - started < 60
    assert said["ok.db"] == ["20", "1000"]
    assert said["empty.db"] == ["RR303"]
    for name in ("garbage.db", "hdr_zero.db", "trunc_half.db", "trunc_odd.db"):
        assert said[name] == ["RR301"]
    for name, words in said.items():
        # nothing is missing without a word: all 20 runs and 1,000 points, or something is said
        assert words == ["20", "1000"] or words[-1].startswith("RR"), name
