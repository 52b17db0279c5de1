"""The source `lightning` against the files' own values, read by the standard library."""

from __future__ import annotations

import csv
import math
import os
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from runreport.errors import SourceError
from tests.shared import SHARED, needs_shared
from tests.sources.folder_stores import alike, facts, found_at, read, write

SAMPLE = SHARED / "samples" / "lightning_csv"


def by_hand(path: Path) -> dict[str, list[tuple[float, float]]]:
    """Points by column, an empty cell being none."""
    found: dict[str, list[tuple[float, float]]] = {}
    with path.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            for name, cell in row.items():
                if name != "step" and cell:
                    found.setdefault(name, []).append((float(row["step"]), float(cell)))
    return found


def log(folder: Path, lines: str, params: str = "lr: 0.1\n") -> Path:
    write(folder / "metrics.csv", lines)
    write(folder / "hparams.yaml", params)
    return folder


@needs_shared("samples", "lightning_csv")
def test_the_sample_has_the_points_and_params_of_its_files() -> None:
    store = read("lightning", SAMPLE)
    assert sorted(store.runs) == ["cifar/version_0", "cifar/version_1"]
    for key, run in store.runs.items():
        expected = by_hand(SAMPLE / key / "metrics.csv")
        assert set(store.points[key]) == set(expected)
        for name, points in expected.items():
            assert store.curve(key, name) == points
        params = yaml.safe_load((SAMPLE / key / "hparams.yaml").read_text())
        assert {n: p.number for n, p in run.params.items()} == params
        assert run.experiment == "cifar"
        assert run.status == "unknown"
    assert not store.problems


@needs_shared("samples", "lightning_csv")
def test_each_level_of_the_sample_is_found_as_one_store() -> None:
    for path in (SAMPLE, SAMPLE / "cifar", SAMPLE / "cifar" / "version_1"):
        assert found_at("lightning", path) == {"lightning": "."}


def test_a_project_with_logs_among_other_folders_is_no_store_itself(tmp_path) -> None:
    log(tmp_path / "lightning_logs" / "version_0", "epoch,step,loss\n0,0,1\n")
    write(tmp_path / "src" / "train.py", "")
    assert found_at("lightning", tmp_path) is None
    assert found_at("lightning", tmp_path / "lightning_logs") == {"lightning": "."}


def test_a_table_that_no_logger_wrote_is_not_taken_for_one(tmp_path) -> None:
    write(tmp_path / "version_0" / "metrics.csv", "model,accuracy\na,0.5\n")
    assert found_at("lightning", tmp_path) is None


def test_cells_that_are_not_finite_are_kept_and_empty_ones_are_no_points(tmp_path) -> None:
    run = log(tmp_path / "version_0", "step,a,b\r\n0,nan,\r\n1,inf,2\r\n2,-inf,\r\n3,,0.5\r\n")
    store = read("lightning", run)
    curve = store.curve("version_0", "a")
    assert alike(curve, [(0, math.nan), (1, math.inf), (2, -math.inf)])
    assert store.curve("version_0", "b") == [(1, 2), (3, 0.5)]
    assert store.runs["version_0"].metrics["a"].non_finite == 3


def test_repeated_and_unordered_steps_stay_as_they_were_logged(tmp_path) -> None:
    run = log(tmp_path / "version_0", "step,a\n5,1\n2,2\n2,3\n9,4\n0,5\n")
    store = read("lightning", run)
    assert store.curve("version_0", "a") == [(5, 1), (2, 2), (2, 3), (9, 4), (0, 5)]
    assert store.runs["version_0"].metrics["a"].last == 4


def test_names_are_those_the_user_logged(tmp_path) -> None:
    run = log(tmp_path / "version_0", 'step,val/acc,é😀,a.b,"a,b"\n1,1,2,3,4\n')
    assert set(read("lightning", run).points["version_0"]) == {"val/acc", "é😀", "a.b", "a,b"}


def test_python_objects_in_hparams_are_read_as_plain_content_and_told(tmp_path) -> None:
    params = (
        "lr: 0.1\nshape: !!python/tuple [1, 2]\nopt: {name: adam, betas: [0.9, 0.99]}\n"
        "where: !!python/object/apply:os.system ['echo never']\n"
        "args: !!python/object:argparse.Namespace {batch_size: 32}\nnone: null\n"
    )
    store = read("lightning", log(tmp_path / "version_0", "step,a\n0,1\n", params))
    assert store.params("version_0") == {
        "lr": "0.1",
        "shape": "[1, 2]",
        "opt.name": "adam",
        "opt.betas": "[0.9, 0.99]",
        "where": '["echo never"]',
        "args.batch_size": "32",
    }
    assert store.codes() == {"RR375"}


def test_empty_and_broken_hparams_leave_the_metrics(tmp_path) -> None:
    for number, params in enumerate(["", "{}\n", "a: [1\n", "- 1\n", "\x00"]):
        log(tmp_path / "logs" / f"version_{number}", "step,a\n0,1\n", params)
    store = read("lightning", tmp_path / "logs")
    assert [store.curve(key, "a") for key in store.runs] == [[(0, 1)]] * 5
    told = {problem.place.partition("/")[0] for problem in store.problems if problem.place}
    assert told == {"version_2", "version_3", "version_4"}


def test_a_last_line_without_an_end_is_left_out_and_told(tmp_path) -> None:
    store = read("lightning", log(tmp_path / "version_0", "step,a\n0,0.5\n1,0.7"))
    assert store.curve("version_0", "a") == [(0, 0.5)]
    assert [p.code for p in store.problems] == ["RR372"]


def test_rows_that_do_not_fit_are_named_by_their_line(tmp_path) -> None:
    store = read("lightning", log(tmp_path / "version_0", "step,a\n0,1\n1,2,3\n2,oops\n3,4\n,5\n"))
    assert store.curve("version_0", "a") == [(0, 1), (3, 4)]
    assert ("RR373", "metrics.csv:3") in {(p.code, p.place) for p in store.problems}
    assert "'oops'" in " ".join(p.message for p in store.problems)
    assert "no step" in " ".join(p.message for p in store.problems)


def test_one_broken_run_does_not_hurt_the_others(tmp_path) -> None:
    logs = tmp_path / "logs"
    log(logs / "version_0", "step,a\n0,1\n")
    log(logs / "version_1", "")
    log(logs / "version_2", "\x00\x00\n")
    (logs / "version_3").mkdir()
    os.symlink("/etc/passwd", logs / "version_3" / "metrics.csv")
    store = read("lightning", logs)
    assert store.curve("version_0", "a") == [(0, 1)]
    assert set(store.runs) == {"version_0", "version_1", "version_2"}
    assert {"RR371", "RR379"} <= store.codes()


def test_versions_are_in_the_order_of_their_numbers(tmp_path) -> None:
    for number in (10, 9, 1):
        log(tmp_path / "logs" / f"version_{number}", "step,a\n0,1\n")
    names = [run.name for run in read("lightning", tmp_path / "logs").tables.rows]
    assert names == ["version_1", "version_9", "version_10"]


def test_checkpoints_are_artifacts_with_their_digest(tmp_path) -> None:
    run = log(tmp_path / "version_0", "step,a\n0,1\n")
    write(run / "checkpoints" / "epoch=0.ckpt", b"abc")
    (found,) = read("lightning", run).runs["version_0"].artifacts
    assert (found.path, found.kind, found.bytes) == ("checkpoints/epoch=0.ckpt", "checkpoint", 3)
    # sha256 of "abc", from FIPS 180-2
    assert found.digest == (
        "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    )


def test_a_place_without_runs_says_what_was_expected(tmp_path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(SourceError, match="RR370"):
        read("lightning", tmp_path / "empty")
    with pytest.raises(SourceError, match="RR370"):
        read("lightning", tmp_path / "nowhere")


def test_reading_on_gives_what_reading_anew_gives(tmp_path) -> None:
    run = log(tmp_path / "logs" / "version_0", "step,a,b\n0,1,\n")
    log(tmp_path / "logs" / "version_1", "step,a\n0,1\n")
    cache = tmp_path / "cache"
    for lines in ("1,2,\n1,,5\n", "", "2,3,7\n0,nan,\n", "9,1"):
        with (run / "metrics.csv").open("a") as file:
            file.write(lines)
        fresh = facts(read("lightning", tmp_path / "logs"))
        assert facts(read("lightning", tmp_path / "logs", cache)) == fresh
        assert facts(read("lightning", tmp_path / "logs", cache)) == fresh
    # the line that was cut off is finished, and the file is written anew with one more column
    for text in ("step,a,b\n0,1,\n9,15,\n", "step,a,b,c\n0,1,,\n9,15,,3\n"):
        write(run / "metrics.csv", text)
        fresh = facts(read("lightning", tmp_path / "logs"))
        assert facts(read("lightning", tmp_path / "logs", cache)) == fresh


def test_odd_rows_are_told_once_however_often_the_file_grows(tmp_path) -> None:
    for header in ("step,a\n", "b,a\n"):
        run, cache = log(tmp_path / header[0] / "version_0", header + "0,1\n"), tmp_path / "cache"
        for lines in ("2,2\n", "x,y\n", "1,2,3\n", "3,3\n", "4,5\n"):
            with (run / "metrics.csv").open("a") as file:
                file.write(lines)
            assert facts(read("lightning", run, cache)) == facts(read("lightning", run))


def test_a_checkpoint_that_is_written_anew_is_seen_though_nothing_else_changed(tmp_path) -> None:
    run, cache = log(tmp_path / "version_0", "step,a\n0,1\n"), tmp_path / "cache"
    checkpoint = write(run / "checkpoints" / "last.ckpt", b"x" * 20_000)
    before = facts(read("lightning", run, cache))
    checkpoint.write_bytes(b"x" * 9_000 + b"y" + b"x" * 10_999)
    write(run / "checkpoints" / "more.ckpt", b"z")
    after = facts(read("lightning", run, cache))
    assert after == facts(read("lightning", run)) != before


CELLS = st.one_of(st.none(), st.floats(), st.integers(-(10**6), 10**6).map(float))


@settings(max_examples=50, deadline=None)
@given(rows=st.lists(st.tuples(st.integers(0, 50), CELLS, CELLS), max_size=30))
def test_whatever_is_written_is_read_back_as_the_standard_library_reads_it(
    rows, tmp_path_factory
) -> None:
    folder = tmp_path_factory.mktemp("logs") / "version_0"
    folder.mkdir()
    with (folder / "metrics.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["step", "a", "b/c"])
        writer.writerows(rows)
    store = read("lightning", folder)
    expected = by_hand(folder / "metrics.csv")
    assert set(store.points["version_0"]) == set(expected)
    for name, points in expected.items():
        assert alike(store.curve("version_0", name), points)
