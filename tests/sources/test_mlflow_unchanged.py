"""The places that local MLflow stores name: whatever changes what is read changes one of them."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from runreport.kinds import SourceContext
from runreport.sources.mlflow import SOURCE, Options
from tests.sources.mlflow_stores import RUN, edit, run_meta, small_database, small_folder

LINE = "1750000000000 0.5 0\n"


def signs(store: Path) -> dict[Path, object]:
    """What a look at each place says, without reading a file."""
    reader = SOURCE.open(Options(store.name), SourceContext(store.parent, {}))
    reader.tables()
    places = reader.places()
    assert places is not None
    return {place: sign(place) for place in places}


def sign(place: Path) -> object:
    if place.is_dir():
        return sorted(os.listdir(place))
    if not place.exists():
        return None
    about = place.stat()
    return (about.st_size, about.st_mtime_ns, about.st_ctime_ns, about.st_ino)


def write(*place: str, text: str = LINE) -> Callable[[Path], object]:
    def change(root: Path) -> object:
        path = root.joinpath(*place)
        path.parent.mkdir(parents=True, exist_ok=True)
        return path.write_text(text)

    return change


FOLDER_CHANGES: dict[str, Callable[[Path], object]] = {
    "a point": lambda root: (root / "1" / RUN / "metrics" / "m").open("a").write(LINE),
    "a metric": write("1", RUN, "metrics", "other"),
    "a nested metric": write("1", RUN, "metrics", "deep", "er", "m"),
    "a metric in a folder that is empty": write("1", RUN, "metrics", "empty", "m"),
    "a param": write("1", RUN, "params", "lr"),
    "a tag of the same size": write("1", RUN, "tags", "t", text="bb"),
    "an artifact": write("1", RUN, "artifacts", "new.txt"),
    "an artifact in a folder": write("1", RUN, "artifacts", "inside", "new.txt"),
    "an artifact that grew": write("1", RUN, "artifacts", "inside", "a.txt", text="longer"),
    "a run": lambda root: small_folder(root, run="c" * 32),
    "a run without a meta.yaml gets one": write(
        "1", "d" * 32, "meta.yaml", text=run_meta("d" * 32)
    ),
    "a deleted run": write("1", RUN, "meta.yaml", text=run_meta(RUN, lifecycle_stage="deleted")),
    "a run that is gone": lambda root: shutil.rmtree(root / "1" / RUN),
    "an experiment": lambda root: shutil.copytree(root / "1", root / "2"),
    "a dataset": write("1", "datasets", "x", "meta.yaml"),
    "inputs": write("1", RUN, "inputs", "x", "meta.yaml"),
    "a registered model": write("models", "m", "version-1", "meta.yaml"),
}


@pytest.mark.parametrize("name", FOLDER_CHANGES)
def test_every_change_of_a_folder_is_seen_at_a_place(tmp_path: Path, name: str) -> None:
    root = tmp_path / "mlruns"
    folder = small_folder(root)
    (folder / "metrics" / "m").write_text(LINE)
    (folder / "metrics" / "empty").mkdir()
    (folder / "tags" / "t").write_text("aa")
    (folder / "artifacts" / "inside").mkdir()
    (folder / "artifacts" / "inside" / "a.txt").write_text("a")
    (root / "1" / ("d" * 32)).mkdir()
    before = signs(root)
    assert {place: sign(place) for place in before} == before
    FOLDER_CHANGES[name](root)
    assert {place: sign(place) for place in before} != before


def test_places_of_many_runs_read_by_two_processes_are_all_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "mlruns"
    for number in range(6):
        folder = small_folder(root, run=f"{number:032d}")
        (folder / "metrics" / "m").write_text(LINE)
    whole = signs(root)
    monkeypatch.setattr("runreport.sources.mlflow.files.DIVIDED", 2)
    assert signs(root) == whole
    assert root / "1" / f"{5:032d}" / "params" in whole
    assert root / "1" / f"{5:032d}" / "metrics" / "m" in whole


DATABASE_CHANGES: dict[str, Callable[[Path], object]] = {
    "a row": lambda root: edit(root / "m.db", f"INSERT INTO tags VALUES ('k', 'v', '{RUN}')"),
    "a write-ahead log": write("m.db-wal"),
    "the folder of all artifacts": write("artifacts", RUN, "a.txt"),
    "an artifact": write("kept", RUN, "b.txt"),
}


@pytest.mark.parametrize("name", DATABASE_CHANGES)
def test_every_change_of_a_database_is_seen_at_a_place(tmp_path: Path, name: str) -> None:
    store = small_database(tmp_path / "m.db")
    where = "kept" if name == "an artifact" else "artifacts"
    edit(store, f"UPDATE runs SET artifact_uri = './{where}/{RUN}'")
    write("kept", RUN, "a.txt")(tmp_path)
    before = signs(store)
    DATABASE_CHANGES[name](tmp_path)
    assert {place: sign(place) for place in before} != before
