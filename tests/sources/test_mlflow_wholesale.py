"""Tables that are made column by column equal those that are made run by run."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runreport.kinds import Reader, SourceContext
from runreport.sources.mlflow import SOURCE, Options, runsread
from runreport.sources.mlflow.facts import LINEAGE_TAGS, RunFacts, lineage_of
from runreport.sources.mlflow.sqlite import DatabaseReader
from runreport.sources.mlflow.wholesale import Unfit
from runreport.tables import SCHEMAS, RunTables
from tests.sources.mlflow_stores import points, run_meta, small_database, small_folder

PLAIN = st.sampled_from(["lr", "val/loss", "model.depth", "a", "mlflow.user", "mlflow.runName"])
TAGS = st.sampled_from(sorted(LINEAGE_TAGS))
ODD = st.sampled_from(
    ["", "\x00", "a\x1fb", "naïve 数", "x\x07", "\ud800", "k" * 600, 5, 1.5, None, b"blob", b"\xff"]
)
MS = st.one_of(st.integers(1_700_000_000_000, 1_700_000_000_009), st.none())
NUMBERS = st.one_of(st.floats(allow_nan=False), st.integers(-9, 9))


class Recorded(dict[str, str]):
    """Tags that remember what they were asked for."""

    def __init__(self, tags: dict[str, str]) -> None:
        super().__init__(tags)
        self.asked: set[str] = set()

    def get(self, key: str, default: Any = None) -> Any:
        self.asked.add(key)
        return super().get(key, default)

    def __contains__(self, key: object) -> bool:
        self.asked.add(str(key))
        return super().__contains__(key)


@contextmanager
def run_by_run() -> Iterator[None]:
    """Everything is unfit to be taken at once."""

    def never(*_: Any) -> Any:
        raise Unfit("in this test")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(DatabaseReader, "_add_at_once", never)
        patch.setattr(runsread, "read_plain", never)
        yield


def read(path: Path, experiments: tuple[str, ...] = ()) -> RunTables:
    return opened(path, experiments)[0]


def opened(path: Path, experiments: tuple[str, ...] = ()) -> tuple[RunTables, Reader]:
    context = SourceContext(path.parent, {}, qualifier="mlflow")
    reader = SOURCE.open(Options(path.name, experiments=experiments), context)
    return reader.tables(), reader


def assert_same(path: Path, experiments: tuple[str, ...] = ()) -> RunTables:
    """Both ways give the same; the tables."""
    at_once, reader = opened(path, experiments)
    with run_by_run():
        one_by_one, other = opened(path, experiments)
    assert reader.places() == other.places()
    assert reader.fingerprint() == other.fingerprint()
    runs, metrics = (one_by_one.metrics[name].to_pylist() for name in ("run_id", "metric"))
    assert points(reader, runs, metrics) == points(other, runs, metrics)
    for name in SCHEMAS:
        left, right = getattr(at_once, name), getattr(one_by_one, name)
        assert left.schema == right.schema
        # NaN equals no NaN, its text does
        assert repr(left.to_pylist()) == repr(right.to_pylist()), name
    assert at_once.problems == one_by_one.problems
    return at_once


@st.composite
def stores(draw: st.DrawFn) -> dict[str, list[tuple[Any, ...]]]:
    """Rows by table: plain in most stores, odd in some places of others."""
    odd = draw(st.booleans())
    runs = [f"{number:032x}" for number in range(draw(st.integers(1, 4)))]
    of = st.sampled_from([*runs, "stray"] if odd else runs)
    names = st.one_of(PLAIN, TAGS, ODD) if odd else st.one_of(PLAIN, TAGS)
    texts = st.one_of(st.text(max_size=8), ODD) if odd else st.text("abc019.-", max_size=8)
    rows = st.tuples(names, texts, of)
    unique = None if odd else lambda row: (row[0], row[2])
    values = st.tuples(
        names,
        st.one_of(NUMBERS, ODD) if odd else NUMBERS,
        st.integers(-(2**53) + 1, 2**53 - 1),
        st.sampled_from([0, 0, 0, 1]),
        of,
    )
    times = st.one_of(MS, st.sampled_from([0, -5, 10**17, "soon", 1.5])) if odd else MS
    lone = None if odd else lambda row: (row[0], row[4])
    return {
        "runs": [
            (
                run,
                draw(st.one_of(st.none(), st.text("ab", max_size=3))),
                draw(st.sampled_from(["FINISHED", "RUNNING", "odd", None])),
                draw(times),
                draw(times),
                draw(st.sampled_from([1, 2])),
                draw(st.sampled_from(["active", "active", "deleted"])),
                draw(st.sampled_from([None, "", f"mlruns/1/{run}/artifacts", "s3://bucket/a"])),
            )
            for run in runs
        ],
        "params": draw(st.lists(rows, max_size=12, unique_by=unique)),
        "tags": draw(st.lists(rows, max_size=12, unique_by=unique)),
        "latest_metrics": draw(st.lists(values, max_size=12, unique_by=lone)),
    }


def written(folder: Path, rows: dict[str, list[tuple[Any, ...]]]) -> Path:
    path = small_database(
        folder / "s.db",
        latest_metrics="key VARCHAR(250), value FLOAT, step BIGINT, is_nan BOOLEAN, run_uuid TEXT",
    )
    with closing(sqlite3.connect(path)) as database:
        database.execute("DELETE FROM runs")
        database.execute("INSERT INTO experiments VALUES (2, 'f')")
        for table, found in rows.items():
            columns = {"latest_metrics": 5, "runs": 8}.get(table, 3)
            marks = ", ".join("?" * columns)
            for row in found:
                database.execute(f"INSERT INTO {table} VALUES ({marks})", [*map(_bytes, row)])
        database.commit()
    return path


def _bytes(value: Any) -> Any:
    """A text that is no UTF-8 as SQLite may hold it."""
    return value.encode("utf-8", "surrogatepass") if value == "\ud800" else value


@settings(max_examples=150, deadline=None)
@given(stores(), st.sampled_from([(), ("e",)]))
def test_stores_plain_and_odd_give_the_same_tables_and_problems(
    rows: dict[str, list[tuple[Any, ...]]], experiments: tuple[str, ...]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        assert_same(written(Path(folder), rows), experiments)


LINES = st.tuples(
    st.integers(1_700_000_000_000, 1_700_000_000_003),
    st.sampled_from(["0.5", "nan", "-inf", "1e-7", "12"]),
    st.integers(-2, 12),
).map(lambda point: "{} {} {}\n".format(*point))
ODD_LINES = st.sampled_from(
    ["\n", "garbage\n", "1 2\n", "1 2 3 d 0a\n", "1 2 3", "1 2 x\n", "\r\n"]
)
COUNTED = st.integers(1, 300).map(
    lambda count: "".join(
        f"{1_700_000_000_000 + step} {step / 7!r} {step}\n" for step in range(count)
    )
)
FILES = st.sampled_from(["lr", "val/loss", "val/acc", "a b", "é", "mlflow.user", "x/y/z"])


@st.composite
def folders(draw: st.DrawFn) -> list[dict[str, dict[str, str]]]:
    """For each run the texts of its files: plain in most stores, odd in some places of others."""
    lines = st.one_of(LINES, ODD_LINES) if draw(st.booleans()) else LINES
    text = st.one_of(st.text(max_size=5), st.sampled_from(["0.1", "\x1f", "a\nb", "ü" * 9]))
    metric = st.one_of(COUNTED, st.lists(lines, max_size=8).map("".join))
    return draw(
        st.lists(
            st.fixed_dictionaries(
                {
                    "params": st.dictionaries(FILES, text, max_size=3),
                    "tags": st.dictionaries(FILES, text, max_size=3),
                    "metrics": st.dictionaries(FILES, metric, max_size=3),
                    "artifacts": st.dictionaries(FILES, text, max_size=1),
                    "meta": st.dictionaries(
                        st.sampled_from(["status", "end_time", "lifecycle_stage", "run_name"]),
                        st.sampled_from(["3", "0", "deleted", "1700000000000", "'it''s'", "null"]),
                        max_size=2,
                    ),
                }
            ),
            min_size=1,
            max_size=3,
        )
    )


@settings(max_examples=100, deadline=None)
@given(folders())
def test_folders_plain_and_odd_give_the_same_tables_problems_and_points(
    runs: list[dict[str, dict[str, str]]],
) -> None:
    with tempfile.TemporaryDirectory() as name:
        root = Path(name) / "mlruns"
        for number, run in enumerate(runs):
            own = f"{number:032x}"
            folder = small_folder(root, run=own, meta=run_meta(own, **run["meta"]))
            for what in ("params", "tags", "metrics", "artifacts"):
                for key, text in run[what].items():
                    path = folder / what / key
                    path.parent.mkdir(parents=True, exist_ok=True)
                    path.write_bytes(text.encode("utf-8", "surrogatepass"))
        assert_same(root)


def test_a_link_among_the_files_of_a_run_is_told_as_before(tmp_path: Path) -> None:
    folder = small_folder(tmp_path / "mlruns")
    (folder / "params" / "secret").symlink_to("/etc/hostname")
    tables = assert_same(tmp_path / "mlruns")
    assert [problem.code for problem in tables.problems] == ["RR306"]


def test_a_plain_store_is_taken_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(
        tmp_path,
        {
            "runs": [("a1", "one", "FINISHED", 5, 9, 1, "active", "")],
            "params": [("lr", "1e-3", "a1"), ("depth", "naïve 数\n", "a1")],
            "latest_metrics": [("loss", 0.0, 7, 1, "a1"), ("acc", 0.1 + 0.2, 3, 0, "a1")],
        },
    )
    monkeypatch.delattr(DatabaseReader, "_add_runs")
    (run,) = read(path).rows
    assert {name: param.text for name, param in run.params.items()} == {
        "depth": "naïve 数\n",
        "lr": "1e-3",
    }
    assert run.params["lr"].number == 0.001
    assert run.metrics["acc"].last == 0.30000000000000004
    assert repr(run.metrics["loss"].last) == "nan"
    assert run.metrics["loss"].last_step == 7
    assert run.duration_s == 0.004


def test_artifacts_of_many_runs_are_looked_for_in_one_folder(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        {
            "runs": [
                (f"r{n}", "", "FINISHED", n, n, 1, "active", f"/gone/mlruns/1/r{n}/artifacts")
                for n in range(1, 5)
            ]
        },
    )
    inside = tmp_path / "mlruns" / "1" / "r2" / "artifacts"
    inside.mkdir(parents=True)
    (inside / "notes.txt").write_text("hello")
    (tmp_path / "mlruns" / "1" / "r3").symlink_to(inside.parent)
    tables = assert_same(path)
    (file,) = tables.artifacts.to_pylist()
    assert (file["run_id"], file["path"], file["bytes"]) == ("mlflow:r2", "notes.txt", 5)
    (note,) = [problem for problem in tables.problems if problem.code == "RR309"]
    assert "3 runs: r1, r3, r4" in note.message


def test_lineage_looks_at_no_other_tags() -> None:
    run = RunFacts("r", "e", None, None, None, None)
    for words in ("true", "https://example.org/a.git", '[{"flavors": {"a": {"b_version": "1"}}}]'):
        tags = Recorded(dict.fromkeys(sorted(LINEAGE_TAGS), words))
        assert list(lineage_of(run, tags, 9))
        empty = Recorded({})
        assert list(lineage_of(run, empty, 9)) == []
        assert tags.asked | empty.asked <= LINEAGE_TAGS


@pytest.mark.parametrize("kind", ["database", "folder"])
def test_reading_imports_neither_pandas_nor_the_computing_part_of_arrow(
    tmp_path: Path, kind: str
) -> None:
    small_database(tmp_path / "database")
    small_folder(tmp_path / "folder")
    program = f"""
import sys
from pathlib import Path
from runreport.kinds import SourceContext
from runreport.sources.mlflow import SOURCE, Options
for _ in range(2):
    context = SourceContext(Path({str(tmp_path)!r}), {{}}, cache=Path({str(tmp_path / "cache")!r}))
    reader = SOURCE.open(Options({kind!r}), context)
    runs = reader.tables().runs["run_id"].to_pylist()
    list(reader.histories(runs, ["loss"]))
print(len(runs), {{"pandas", "pyarrow.compute"}} & set(sys.modules))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout == "1 set()\n", done.stderr
