"""Artifacts are read below the store's folder or the one the author names, and nowhere else."""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from runreport.errors import SourceError
from runreport.sources.limits import Limits
from runreport.sources.mlflow.artifacts import ArtifactFolders, Listing, local_path
from tests.shared import SHARED, needs_shared
from tests.sources.mlflow_stores import (
    RUN,
    codes,
    edit,
    read,
    run_meta,
    small_database,
    small_folder,
)

TRAVERSAL = SHARED / "attacks" / "paths" / "traversal.json"


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """A store's folder with one run's artifacts, beside a folder that is none of its business."""
    folder = tmp_path / "store" / "mlartifacts" / RUN / "artifacts"
    (folder / "plots").mkdir(parents=True)
    (folder / "train.log").write_text("log")
    (folder / "plots" / "roc.png").write_bytes(b"png!")
    outside = tmp_path / "outside" / RUN / "artifacts"
    outside.mkdir(parents=True)
    (outside / "secret.txt").write_text("secret")
    (tmp_path / "store" / "mlflow.db").write_bytes(b"x")
    return tmp_path / "store"


def listed(store: Path, address: str | None, limits: Limits | None = None) -> Listing:
    return ArtifactFolders([store], limits or Limits()).of(RUN, address)


def paths(listing: Listing) -> list[str]:
    return [artifact.path for artifact in listing.artifacts]


@pytest.mark.parametrize(
    "address",
    [
        "./mlartifacts/{run}/artifacts",
        "mlartifacts/{run}/artifacts",
        "file:./mlartifacts/{run}/artifacts",
        "{store}/mlartifacts/{run}/artifacts",
        "file://{store}/mlartifacts/{run}/artifacts",
        "file://localhost{store}/mlartifacts/{run}/artifacts",
        "mlartifacts/../mlartifacts/{run}/artifacts/",
        # the store was moved: the address is of the machine that it came from
        "/srv/lab/project/mlartifacts/{run}/artifacts",
        "file:///C:/Users/ada/project/mlartifacts/{run}/artifacts",
        "C:\\project\\mlartifacts\\{run}\\artifacts",
    ],
)
def test_an_address_below_the_store_is_read(store: Path, address: str) -> None:
    found = listed(store, address.format(run=RUN, store=store))
    assert found.found or address.startswith("C:")
    if found.found:
        log, roc = sorted(found.artifacts, key=lambda artifact: artifact.kind, reverse=True)
        assert (log.path, log.kind, log.bytes) == ("train.log", "log", 3)
        assert log.digest == f"sha256:{hashlib.sha256(b'log').hexdigest()}"
        assert log.opener == f"mlartifacts/{RUN}/artifacts/train.log"
        assert (roc.path, roc.kind) == ("plots/roc.png", "image")


@pytest.mark.parametrize(
    "address",
    [
        None,
        "",
        "../outside/{run}/artifacts",
        "{outside}/{run}/artifacts",
        "file://{outside}/{run}/artifacts",
        "file:%2e%2e/outside/{run}/artifacts",
        "mlartifacts/../../outside/{run}/artifacts",
        ".",
        "mlartifacts",
        "file://other-host{store}/mlartifacts/x/artifacts",
        "s3://bucket/{run}/artifacts",
        "mlflow-artifacts:/{run}/artifacts",
        "mlartifacts/{run}/artifacts\0",
        "file:mlartifacts/{run}/artifacts%00",
    ],
)
def test_any_other_address_is_not(store: Path, address: str | None) -> None:
    outside = store.parent / "outside"
    text = None if address is None else address.format(run=RUN, store=store, outside=outside)
    assert listed(store, text).artifacts == ()


def test_a_folder_is_read_only_when_it_carries_the_id_of_the_run(store: Path) -> None:
    folders = ArtifactFolders([store], Limits())
    assert folders.of("f" * 32, f"mlartifacts/{RUN}/artifacts") == Listing()
    assert folders.of("", "mlartifacts") == Listing()
    assert folders.of("..", "mlartifacts/..") == Listing()


def test_a_named_root_is_read_as_well(store: Path) -> None:
    outside = store.parent / "outside"
    folders = ArtifactFolders([store, outside], Limits())
    assert paths(folders.of(RUN, f"{outside}/{RUN}/artifacts")) == ["secret.txt"]
    assert paths(folders.of(RUN, f"/srv/elsewhere/{RUN}/artifacts")) == ["secret.txt"]


def test_links_and_special_files_are_counted_and_not_opened(store: Path) -> None:
    folder = store / "mlartifacts" / RUN / "artifacts"
    (folder / "link.txt").symlink_to(store.parent / "outside" / RUN / "artifacts" / "secret.txt")
    (folder / "loop").symlink_to(folder)
    (folder / "gone").symlink_to("nowhere")
    os.mkfifo(folder / "pipe")
    found = listed(store, f"mlartifacts/{RUN}/artifacts")
    assert paths(found) == ["plots/roc.png", "train.log"]
    assert found.refused == 4


@pytest.mark.parametrize(
    "level", ["mlartifacts", f"mlartifacts/{RUN}", f"mlartifacts/{RUN}/artifacts"]
)
def test_a_link_anywhere_on_the_way_is_not_followed(tmp_path: Path, level: str) -> None:
    outside = tmp_path / "outside" / RUN / "artifacts" / RUN / "artifacts"
    outside.mkdir(parents=True)
    (outside / "secret.txt").write_text("secret")
    link = tmp_path / "store" / level
    link.parent.mkdir(parents=True)
    link.symlink_to(tmp_path / "outside")
    assert listed(tmp_path / "store", f"mlartifacts/{RUN}/artifacts").artifacts == ()


def test_no_artifacts_is_known_only_where_those_of_other_runs_would_be(store: Path) -> None:
    other = "e" * 32
    folders = ArtifactFolders([store], Limits())
    assert folders.of(other, f"./mlartifacts/{other}/artifacts").found
    assert not folders.of(other, f"./elsewhere/{other}/artifacts").found
    assert not folders.of(other, f"/srv/mlartifacts/{other}/artifacts").found


def test_large_files_are_listed_without_being_read(store: Path) -> None:
    folder = store / "mlartifacts" / RUN / "artifacts"
    with (folder / "sparse.bin").open("wb") as file:
        file.truncate(10**12)
    found = listed(store, f"mlartifacts/{RUN}/artifacts")
    sparse = next(artifact for artifact in found.artifacts if artifact.path == "sparse.bin")
    assert (sparse.bytes, sparse.digest) == (10**12, None)
    assert found.unhashed == 1


def test_files_and_bytes_are_bounded(store: Path) -> None:
    folder = store / "mlartifacts" / RUN / "artifacts"
    for number in range(20):
        (folder / f"{number:02d}.txt").write_text("0123456789")
    limits = Limits(files=15, hashed_run=100)
    found = listed(store, f"mlartifacts/{RUN}/artifacts", limits)
    assert (len(found.artifacts), found.cut) == (15, True)
    assert found.unhashed == 5
    several = ArtifactFolders([store], Limits(hashed_store=250))
    counts = [several.of(RUN, f"mlartifacts/{RUN}/artifacts").unhashed for _ in range(2)]
    # 207 bytes a time, of 250
    assert counts[0] == 0
    assert counts[1] > 10


def test_a_deep_tree_ends(store: Path) -> None:
    folder = store / "mlartifacts" / RUN / "artifacts"
    deep = folder.joinpath(*(["d"] * 40))
    deep.mkdir(parents=True)
    (deep / "x.txt").write_text("x")
    found = listed(store, f"mlartifacts/{RUN}/artifacts")
    assert found.cut
    assert paths(found) == ["plots/roc.png", "train.log"]


@pytest.mark.parametrize(
    ("address", "path"),
    [
        ("file:///a/b%20c", "/a/b c"),
        ("file:///a%252e", "/a%2e"),
        ("FILE:///a", "/a"),
        ("file:rel/x", "rel/x"),
        ("file://host/a", None),
        ("file:////host/a", None),
        ("/a?b#c;d", "/a?b#c;d"),
        ("hdfs://a/b", None),
        ("dbfs:/a", None),
        (None, None),
    ],
)
def test_an_address_is_decoded_once_and_remote_ones_are_none(
    address: str | None, path: str | None
) -> None:
    assert local_path(address) == path


# ---- whole stores ------------------------------------------------------------------------------


def test_runs_without_artifacts_are_said_once_for_a_store(tmp_path: Path) -> None:
    path = small_database(tmp_path / "s.db")
    edit(path, f"UPDATE runs SET artifact_uri = 's3://bucket/{RUN}/artifacts'")
    for number in range(9):
        edit(
            path,
            "INSERT INTO runs (run_uuid, experiment_id, artifact_uri)"
            f" VALUES ('r{number}', 1, '/elsewhere/r{number}/artifacts')",
        )
    tables, _ = read("s.db", tmp_path)
    (problem,) = tables.problems
    assert (problem.code, problem.severity) == ("RR309", "note")
    assert problem.message.startswith("no artifacts were found for 10 runs: ")
    assert len(problem.message) < 200


def test_an_artifact_root_that_is_no_folder_is_refused(tmp_path: Path) -> None:
    small_database(tmp_path / "s.db")
    with pytest.raises(SourceError, match="artifact_root 'none' is no folder") as caught:
        read("s.db", tmp_path, artifact_root="none")
    assert codes(caught.value.problems) == ["RR300"]


@pytest.fixture
def opened() -> Iterator[list[str]]:
    """Paths that os.open and open are given, while a test listens."""
    found: list[str] = []
    listening = [True]

    def listen(event: str, arguments: tuple[object, ...]) -> None:
        if event == "open" and listening[0]:
            found.append(os.fsdecode(arguments[0]) if isinstance(arguments[0], str | bytes) else "")

    # a hook cannot be taken away again; it falls silent instead
    sys.addaudithook(listen)
    yield found
    listening[0] = False


@needs_shared("attacks", "paths")
def test_no_hostile_address_id_or_name_reads_a_byte_outside(
    tmp_path: Path, opened: list[str]
) -> None:
    hostile = [text for text in json.loads(TRAVERSAL.read_text()) if "\0" not in text]
    assert len(hostile) > 300
    (tmp_path / "canary.txt").write_text("canary")
    for name in ("boot.ini", "etc/passwd", "WINDOWS/win.ini"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("canary")
    home = tmp_path / "a" / "b" / "store"
    home.mkdir(parents=True)
    (home / "own.txt").write_text("the store's own")
    path = small_database(home / "s.db")
    for number, text in enumerate(hostile):
        quoted = text.replace("'", "''").encode("utf-8", "surrogatepass").hex()
        words = f"CAST(x'{quoted}' AS TEXT)"
        edit(
            path,
            "INSERT INTO runs (run_uuid, experiment_id, artifact_uri)"
            f" VALUES ('r{number}', 1, {words}), ('q{number}', 1, 'file:' || {words}),"
            f" ({words} || '{number}', 1, {words} || '{number}')",
            f"INSERT INTO experiments VALUES ({number + 10}, {words})",
        )
    root = home / "mlruns"
    for number, text in enumerate(hostile):
        run = f"{number:032x}"
        meta = run_meta(run, artifact_uri=json.dumps(text))
        small_folder(root, run=run, meta=meta)
    opened.clear()
    tables, _ = read("s.db", home)
    folders, _ = read("mlruns", home)
    assert tables.runs.num_rows > 900
    assert folders.runs.num_rows == len(hostile)
    assert tables.artifacts.num_rows == folders.artifacts.num_rows == 0
    # names without a separator are opened inside an open folder, and never lead up
    led = [name for name in opened if ".." in name.split("/")]
    assert led == []
    absolute = {name for name in opened if name.startswith("/")}
    assert all(
        name.startswith(str(home)) for name in absolute if not name.endswith((".py", ".pyc", ".so"))
    )
