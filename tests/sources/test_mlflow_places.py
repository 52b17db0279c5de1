"""Locations as authors write them, and stores as `init` finds them."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from runreport.errors import SourceError
from runreport.sources.mlflow import SOURCE
from runreport.sources.mlflow.places import Kind, locate
from tests.shared import ROOT, SHARED, needs_shared
from tests.sources.mlflow_stores import codes, edit, read, small_database, small_folder

QUICKSTART = ROOT / "examples" / "quickstart" / "mlflow.db"


@pytest.mark.parametrize(
    ("location", "kind"),
    [
        ("sqlite:///runs.db", Kind.DATABASE),
        ("sqlite:///./runs.db", Kind.DATABASE),
        ("sqlite:////{base}/runs.db", Kind.DATABASE),
        ("sqlite+pysqlite:///runs.db?timeout=3", Kind.DATABASE),
        ("runs.db", Kind.DATABASE),
        ("{base}/runs.db", Kind.DATABASE),
        ("file:runs.db", Kind.DATABASE),
        ("mlruns", Kind.FOLDER),
        ("./mlruns/", Kind.FOLDER),
        ("file:./mlruns", Kind.FOLDER),
        ("file://{base}/mlruns", Kind.FOLDER),
        (".", Kind.FOLDER),
        ("http://localhost:5000", Kind.SERVER),
        ("HTTPS://tracking.example/path", Kind.SERVER),
    ],
)
def test_a_location_names_a_kind_of_store(tmp_path: Path, location: str, kind: Kind) -> None:
    small_database(tmp_path / "runs.db")
    small_folder(tmp_path / "mlruns")
    place = locate(location.format(base=tmp_path), tmp_path)
    assert place.kind is kind
    if kind is not Kind.SERVER:
        assert place.path.exists()
        assert place.name in ("runs.db", "mlruns")


def test_a_folder_stands_for_the_store_in_it(tmp_path: Path) -> None:
    small_folder(tmp_path / "mlruns")
    assert locate(".", tmp_path).path == tmp_path / "mlruns"
    small_database(tmp_path / "mlflow.db")
    assert locate(".", tmp_path).path == tmp_path / "mlflow.db"
    assert locate("mlruns", tmp_path).path == tmp_path / "mlruns"


@pytest.mark.parametrize(
    "location", ["gone.db", "sqlite:///gone.db", "gone/mlruns", "a\0b", "file:///gone"]
)
def test_a_place_that_is_not_there_is_said(tmp_path: Path, location: str) -> None:
    with pytest.raises(SourceError, match="there is no such file or folder") as caught:
        read(location, tmp_path)
    (problem,) = caught.value.problems
    assert problem.code == "RR300"
    assert problem.hint


@pytest.mark.parametrize(
    "location",
    ["postgresql://u:p@h/db", "mysql://h/db", "databricks", "sqlite://", "file://host/x", ""],
)
def test_a_kind_that_is_not_read_is_said_without_its_credentials(
    tmp_path: Path, location: str
) -> None:
    with pytest.raises(SourceError) as caught:
        read(location, tmp_path)
    (problem,) = caught.value.problems
    assert problem.code == "RR313"
    assert "u:p" not in problem.message


def test_a_folder_behind_sqlite_is_refused(tmp_path: Path) -> None:
    small_folder(tmp_path / "mlruns")
    with pytest.raises(SourceError, match="is a folder, expected a SQLite file") as caught:
        read("sqlite:///mlruns", tmp_path)
    assert codes(caught.value.problems) == ["RR301"]


# ---- detection ---------------------------------------------------------------------------------


def test_the_example_is_found_as_a_file_and_as_a_folder() -> None:
    for path in (QUICKSTART, QUICKSTART.parent):
        found = SOURCE.detect(path)
        assert found is not None
        assert (found.source, dict(found.config)) == ("mlflow", {"mlflow": "sqlite:///mlflow.db"})
        assert found.summary == "MLflow database with 38 runs in 2 experiments"


def test_what_is_found_opens_from_where_it_was_found(tmp_path: Path) -> None:
    small_folder(tmp_path / "a" / "mlruns")
    small_folder(tmp_path / "b" / "store")
    small_database(tmp_path / "b" / "old.sqlite")
    shutil.copy(QUICKSTART, tmp_path / "b" / "mlflow.db")
    expected = {"a": 1, "a/mlruns": 1, "b/store": 1, "b/old.sqlite": 1, "b": 38, "b/mlflow.db": 38}
    for name, runs in expected.items():
        path = tmp_path / name
        found = SOURCE.detect(path)
        assert found is not None, name
        base = path if path.is_dir() else path.parent
        tables, _ = read(found.config["mlflow"], base)
        assert tables.runs.num_rows == runs, name


def test_a_database_of_any_name_is_found_in_a_folder(tmp_path: Path) -> None:
    edit(tmp_path / "a.db", "CREATE TABLE trials (id INTEGER)")
    (tmp_path / "b.db").write_text("no database")
    small_database(tmp_path / "c.db")
    found = SOURCE.detect(tmp_path)
    assert found is not None
    assert found.config == {"mlflow": "sqlite:///c.db"}
    assert found.summary == "MLflow database with 1 run in 1 experiment"


def test_what_is_no_store_is_not_found(tmp_path: Path) -> None:
    (tmp_path / "file.txt").write_text("x")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "meta.yaml").write_text("name: something else\n")
    edit(tmp_path / "a.db", "CREATE TABLE trials (id INTEGER)")
    for path in (tmp_path, *tmp_path.iterdir(), tmp_path / "gone", ROOT / "tests"):
        assert SOURCE.detect(path) is None, path


@needs_shared("wild")
@pytest.mark.parametrize(
    "name",
    [
        "samples/mlflow",
        "samples/mlflow/mlruns",
        "wild/mlflow_files",
        "wild/mlflow_files/mlruns",
        "wild/mlflow_sqlite_hyperopt",
        "attacks/trackers/mlruns",
    ],
)
def test_stores_of_others_are_found(name: str) -> None:
    path = SHARED / name
    found = SOURCE.detect(path)
    assert found is not None
    tables, _ = read(found.config["mlflow"], path)
    assert tables.runs.num_rows > 5


@needs_shared("attacks", "trackers", "sqlite")
def test_hurt_databases_are_found_or_not_without_an_exception() -> None:
    for path in sorted((SHARED / "attacks" / "trackers" / "sqlite").iterdir()):
        found = SOURCE.detect(path)
        assert found is None or found.source == "mlflow"
