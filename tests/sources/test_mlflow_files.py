"""File stores, whole and hurt, end in a right reading or in a clear problem."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from runreport.errors import Problem, SourceError
from runreport.kinds import SourceContext
from runreport.sources.limits import Limits
from runreport.sources.mlflow.files import open_folder
from runreport.sources.mlflow.options import Options
from runreport.sources.mlflow.places import locate
from runreport.tables import Run
from tests.processes import PEAK_KB
from tests.shared import ROOT, SHARED, needs_shared
from tests.sources.mlflow_stores import RUN, codes, points, read, run_meta, small_folder

SAMPLES = SHARED / "samples" / "mlflow"
CORPUS = SHARED / "attacks" / "trackers" / "mlruns"
KNOWN = f"mlflow:{RUN}"
T0 = 1_700_000_000_000


def only(location: str, base: Path) -> Run:
    tables, _ = read(location, base)
    (run,) = tables.rows
    return run


# ---- the facts ---------------------------------------------------------------------------------


def test_a_run_is_read_with_all_it_logged(tmp_path: Path) -> None:
    folder = small_folder(tmp_path / "mlruns")
    (folder / "params" / "model").mkdir()
    (folder / "params" / "model" / "depth").write_text("12")
    (folder / "params" / "lr").write_text("1e-3")
    (folder / "tags" / "team").write_text("vision\n")
    (folder / "metrics" / "train" / "deep").mkdir(parents=True)
    (folder / "metrics" / "train" / "deep" / "loss").write_text(f"{T0} 0.5 0\n{T0 + 1} 0.25 7\n")
    (folder / "artifacts" / "train.log").write_text("done")
    tables, reader = read("mlruns", tmp_path)
    (run,) = tables.rows
    assert tables.problems == ()
    assert (run.name, run.experiment, run.status, run.user) == ("one", "e", "finished", "ada")
    assert (run.duration_s, run.params["lr"].number) == (1.5, 0.001)
    assert {name: param.text for name, param in run.params.items()} == {
        "lr": "1e-3",
        "model/depth": "12",
    }
    assert run.tags == {"team": "vision\n"}
    assert (run.metrics["train/deep/loss"].last, run.metrics["train/deep/loss"].last_step) == (
        0.25,
        7.0,
    )
    (artifact,) = run.artifacts
    assert (artifact.path, artifact.kind, artifact.bytes) == ("train.log", "log", 4)
    assert points(reader, [KNOWN], ["train/deep/loss"]) == {
        (KNOWN, "train/deep/loss"): {(0.0, T0, "0.5"): 1, (7.0, T0 + 1, "0.25"): 1}
    }


@needs_shared("samples", "mlflow")
def test_six_runs_read_to_equal_tables_from_both_stores() -> None:
    """The two stores hold the same six trainings, logged twice.

    So ids and clocks differ; the database alone has a registered model; and the script that logged
    them was called by another name, which is tag `mlflow.source.name` and the command.
    """
    seen = []
    for location in ("mlflow.db", "mlruns"):
        tables, reader = read(location, SAMPLES)
        names = {run.id: run.name for run in tables.rows}
        metrics = sorted({metric for run in tables.rows for metric in run.metrics})
        found = points(reader, list(names), metrics)
        seen.append(
            {
                "runs": sorted((r.name, r.experiment, r.status, r.user) for r in tables.rows),
                "params": sorted(
                    (r.name, name, p.text) for r in tables.rows for name, p in r.params.items()
                ),
                "tags": sorted(
                    (r.name, *tag)
                    for r in tables.rows
                    for tag in r.tags.items()
                    if tag[0] != "mlflow.source.name"
                ),
                "last": sorted(
                    (r.name, name, repr(m.last), m.last_step)
                    for r in tables.rows
                    for name, m in r.metrics.items()
                ),
                "points": sorted(
                    (names[run], metric, step, value, count)
                    for (run, metric), series in found.items()
                    for (step, _ms, value), count in series.items()
                ),
                "artifacts": sorted(
                    (r.name, a.path, a.kind, a.bytes, a.digest)
                    for r in tables.rows
                    for a in r.artifacts
                ),
                "lineage": sorted(
                    (r.name, f.kind, f.name, f.version or "", f.digest or "")
                    for r in tables.rows
                    for f in r.lineage
                    if f.kind not in ("model", "command")
                ),
            }
        )
    database, folder = seen
    assert len(database["runs"]) == 6
    assert len(database["points"]) > 100
    for table, rows in database.items():
        assert rows == folder[table], table


@needs_shared("wild", "mlflow_files")
def test_a_store_from_the_wild_is_read_whole() -> None:
    tables, reader = read("mlruns", SHARED / "wild" / "mlflow_files")
    assert tables.runs.num_rows == 18
    assert {run.status for run in tables.rows} <= {"finished", "failed", "running"}
    assert codes(tables.problems) == ["RR309"]
    names = sorted({name for run in tables.rows for name in run.metrics})
    found = points(reader, tables.runs["run_id"].to_pylist(), names)
    assert len(found) == tables.metrics.num_rows
    assert {
        fact.name for run in tables.rows for fact in run.lineage if fact.kind == "environment"
    } >= {
        "python",
        "sklearn",
    }


def test_deleted_runs_trash_and_reserved_folders_are_left_out(tmp_path: Path) -> None:
    root = tmp_path / "mlruns"
    small_folder(root)
    small_folder(root, run="b" * 32, meta=run_meta("b" * 32, lifecycle_stage="deleted"))
    shutil.copytree(root / "1", root / ".trash" / "2")
    for name in ("datasets", "models", "tags", "traces"):
        (root / "1" / name).mkdir()
    (root / "1" / "notes.txt").write_text("not a run")
    tables, _ = read("mlruns", tmp_path)
    assert tables.runs["run_id"].to_pylist() == [KNOWN]
    assert tables.problems == ()


def test_an_old_meta_has_run_uuid_alone(tmp_path: Path) -> None:
    meta = "".join(
        line for line in run_meta(RUN).splitlines(keepends=True) if not line.startswith("run_id:")
    )
    small_folder(tmp_path / "mlruns", meta=meta)
    assert only("mlruns", tmp_path).name == "one"


def test_a_name_that_yaml_takes_for_a_number_stays_a_name(tmp_path: Path) -> None:
    small_folder(tmp_path / "mlruns", meta=run_meta(RUN, run_name="1e-3", end_time="null"))
    run = only("mlruns", tmp_path)
    assert (run.name, run.ended, run.duration_s) == ("1e-3", None, None)


def test_datasets_and_registered_versions_are_joined_to_their_run(tmp_path: Path) -> None:
    root = tmp_path / "mlruns"
    folder = small_folder(root)
    data = root / "1" / "datasets" / "d1"
    data.mkdir(parents=True)
    (data / "meta.yaml").write_text("name: digits\ndigest: ab12\nsource_type: code\nsource: '{}'\n")
    used = folder / "inputs" / "i1"
    used.mkdir(parents=True)
    (used / "meta.yaml").write_text(
        "source_type: DATASET\nsource_id: d1\ntags:\n  mlflow.data.context: train\n"
    )
    version = root / "models" / "clf" / "version-2"
    version.mkdir(parents=True)
    (version / "meta.yaml").write_text(
        f"name: clf\nversion: '2'\nrun_id: {RUN}\ncurrent_stage: None\n"
    )
    (root / "models" / "clf" / "aliases").mkdir()
    (root / "models" / "clf" / "aliases" / "champion").write_text("2")
    facts = {(f.kind, f.name, f.version, f.digest) for f in only("mlruns", tmp_path).lineage}
    assert facts == {
        ("data", "digits", "train", "ab12"),
        ("model", "clf", "2", None),
        ("model", "clf@champion", "2", None),
    }


# ---- histories ---------------------------------------------------------------------------------


def test_points_appended_after_the_tables_were_read_belong_to_a_later_state(tmp_path: Path) -> None:
    folder = small_folder(tmp_path / "mlruns")
    (folder / "metrics" / "m").write_text(f"{T0} 1.0 0\n")
    _, reader = read("mlruns", tmp_path)
    with (folder / "metrics" / "m").open("a") as file:
        file.write(f"{T0} 2.0 1\n")
    assert points(reader, [KNOWN], ["m"]) == {(KNOWN, "m"): {(0.0, T0, "1.0"): 1}}


def test_only_what_is_asked_for_is_opened(tmp_path: Path) -> None:
    folder = small_folder(tmp_path / "mlruns")
    for name in ("a", "b"):
        (folder / "metrics" / name).write_text(f"{T0} 1.0 0\n")
    _, reader = read("mlruns", tmp_path)
    (folder / "metrics" / "b").unlink()
    assert set(points(reader, [KNOWN, "mlflow:nobody"], ["a", "c"])) == {(KNOWN, "a")}


def test_a_bad_line_deep_in_a_long_file_is_told_when_its_history_is_read(tmp_path: Path) -> None:
    folder = small_folder(tmp_path / "mlruns")
    lines = [f"{T0 + i} {i / 7!r} {i}\n" for i in range(3000)]
    lines[1500] = f"{T0} 1,5 1500\n"
    (folder / "metrics" / "m").write_text("".join(lines))
    late: list[Problem] = []
    tables, reader = read("mlruns", tmp_path, told=late)
    assert tables.rows[0].metrics["m"].last_step == 2999
    found = points(reader, [KNOWN], ["m"])
    assert sum(found[KNOWN, "m"].values()) == 2999
    (problem,) = (*tables.problems, *late)
    assert problem.code == "RR308"
    assert problem.place == f"mlruns, run {RUN}, 1/{RUN}/metrics/m, line 1501"


def test_a_file_larger_than_a_block_is_read_to_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("runreport.sources.folders.BLOCK", 1000)
    folder = small_folder(tmp_path / "mlruns")
    text = "".join(f"{T0 + i} {i / 7!r} {i}\n" for i in range(500))
    (folder / "metrics" / "m").write_text(text)
    (folder / "metrics" / "one line").write_text("x" * 5000)
    (folder / "metrics" / "long line").write_text("x" * 5000 + "\n" + text)
    tables, reader = read("mlruns", tmp_path)
    found = points(reader, [KNOWN], ["m", "long line"])
    assert found[KNOWN, "m"] == found[KNOWN, "long line"]
    assert sum(found[KNOWN, "m"].values()) == 500
    assert tables.rows[0].metrics["m"].last_step == 499


# ---- one broken run ----------------------------------------------------------------------------


def hurt_meta(folder: Path, text: str | None) -> None:
    (folder / "meta.yaml").unlink()
    if text is not None:
        (folder / "meta.yaml").write_text(text)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (None, "there is no meta.yaml"),
        ("", "it is empty"),
        ("a: [1\n", "it is no YAML"),
        (run_meta("c" * 32), "meta.yaml belongs to run"),
        ("status: 3\n", "meta.yaml names no run"),
    ],
)
def test_a_broken_run_is_named_and_its_neighbours_read_the_same(
    tmp_path: Path, text: str | None, reason: str
) -> None:
    root = tmp_path / "mlruns"
    folder = small_folder(root)
    (folder / "params" / "lr").write_text("1")
    before, _ = read("mlruns", tmp_path)
    hurt_meta(small_folder(root, run="b" * 32), text)
    after, _ = read("mlruns", tmp_path)
    assert after.runs.equals(before.runs)
    assert after.lineage.equals(before.lineage)
    (problem,) = after.problems
    assert (problem.code, problem.severity) == ("RR306", "warning")
    assert reason in problem.message
    assert problem.place == f"mlruns, run {'b' * 32}, 1/{'b' * 32}"


def test_what_lies_in_a_run_and_is_no_file_is_not_opened(tmp_path: Path) -> None:
    folder = small_folder(tmp_path / "mlruns")
    secret = tmp_path / "secret"
    secret.write_text(f"{T0} 42.0 0\n")
    (folder / "metrics" / "linked").symlink_to(secret)
    (folder / "params" / "linked").symlink_to(secret)
    (folder / "tags").rmdir()
    (folder / "tags").symlink_to(tmp_path)
    os.mkfifo(folder / "metrics" / "pipe")
    tables, _ = read("mlruns", tmp_path)
    (run,) = tables.rows
    assert (dict(run.params), dict(run.metrics), dict(run.tags)) == ({}, {}, {})
    assert [problem.message for problem in tables.problems] == [
        "'linked' cannot be read: it is a link, which is not followed",
        "'tags' cannot be read to its end: not a directory",
        "'linked' cannot be read: it is a link, which is not followed",
        "'pipe' cannot be read: not a regular file",
    ]


def test_links_to_runs_and_experiments_are_not_followed_and_said(tmp_path: Path) -> None:
    root = tmp_path / "mlruns"
    small_folder(root)
    elsewhere = small_folder(tmp_path / "other", run="b" * 32)
    (root / "1" / ("b" * 32)).symlink_to(elsewhere)
    (root / "2").symlink_to(tmp_path / "other" / "1")
    tables, _ = read("mlruns", tmp_path)
    assert tables.runs["run_id"].to_pylist() == [KNOWN]
    assert codes(tables.problems) == ["RR306", "RR306"]


def test_more_than_the_limits_is_cut_and_said(tmp_path: Path) -> None:
    folder = small_folder(tmp_path / "mlruns")
    for number in range(30):
        (folder / "params" / f"p{number:02d}").write_text("1")
        (folder / "metrics" / f"m{number:02d}").write_text(f"{T0} 1.0 0\n")
        (folder / "artifacts" / f"{number:02d}.txt").write_text("x")
    (folder / "tags" / "long").write_text("x" * 1000)
    context = SourceContext(base=tmp_path, environ={})
    limits = Limits(params=10, metrics=5, files=4, value=100)
    tables = open_folder(locate("mlruns", tmp_path), Options("mlruns"), context, limits).tables()
    (run,) = tables.rows
    assert (len(run.params), len(run.metrics), len(run.artifacts)) == (10, 5, 4)
    assert [problem.message for problem in tables.problems] == [
        "showing 4 artifacts; there are more",
        "showing the first 100 characters of 'long'",
        "showing 10 of 30 params",
        "showing 5 of 30 metrics",
    ]


# ---- stores that cannot be read ----------------------------------------------------------------


def test_a_folder_without_experiments_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(SourceError, match="is no MLflow store") as caught:
        read("empty", tmp_path)
    assert codes(caught.value.problems) == ["RR304"]
    assert caught.value.problems[0].hint


def test_one_experiment_is_not_a_store(tmp_path: Path) -> None:
    small_folder(tmp_path / "mlruns")
    with pytest.raises(SourceError, match="is no MLflow store"):
        read("mlruns/1", tmp_path)


def test_a_reading_that_takes_too_long_is_ended(tmp_path: Path) -> None:
    small_folder(tmp_path / "mlruns")
    context = SourceContext(base=tmp_path, environ={})
    place = locate("mlruns", tmp_path)
    reader = open_folder(place, Options("mlruns"), context, Limits(seconds=-1.0))
    with pytest.raises(SourceError, match="took too long"):
        reader.tables()


# ---- equal stores, equal words -----------------------------------------------------------------


def test_a_copy_elsewhere_has_the_same_fingerprint(tmp_path: Path) -> None:
    folder = small_folder(tmp_path / "a" / "mlruns")
    (folder / "params" / "lr").write_text("1")
    (folder / "metrics" / "m").write_text(f"{T0} 1.0 0\n")
    shutil.copytree(tmp_path / "a", tmp_path / "b" / "c")
    _, first = read("mlruns", tmp_path / "a")
    _, second = read(".", tmp_path / "b" / "c" / "mlruns")
    assert first.fingerprint() == second.fingerprint()
    assert set(first.fingerprint()) == {"files"}
    (folder / "params" / "lr").write_text("2")
    _, third = read("mlruns", tmp_path / "a")
    assert third.fingerprint() != first.fingerprint()


# ---- the corpus --------------------------------------------------------------------------------


@needs_shared("attacks", "trackers", "mlruns")
def test_every_hurt_run_of_the_corpus_is_read_rightly_or_named() -> None:
    late: list[Problem] = []
    started = time.monotonic()
    tables, reader = read(str(CORPUS), SHARED, told=late)
    names = sorted({name for run in tables.rows for name in run.metrics})
    found = points(reader, tables.runs["run_id"].to_pylist(), names)
    assert time.monotonic() - started < 10
    said = {problem.place: problem for problem in (*tables.problems, *late)}
    folders = {path.name for path in (CORPUS / "0").iterdir() if path.is_dir()}
    assert len(folders) == 24
    read_ids = {run.id.partition(":")[2] for run in tables.rows}
    unread = {name for name in folders if any(f"run {name}," in str(place) for place in said)}
    # every folder is a run, or is named in a problem
    assert folders <= read_ids | unread
    assert all(problem.severity in ("warning", "note") for problem in said.values())
    good = "67ae729c14c97c36ddf75527003654f6"
    assert sum(found[f"mlflow:{good}", "loss"].values()) == 30
    odd = {run.id.partition(":")[2]: run for run in tables.rows}
    # NaN, infinity, minus infinity
    assert repr(odd["75706eaf340c3d991a21dc9f2eaa8a85"].metrics["loss"].last) == "-inf"
    # steps 5, 3, 3: the highest step is the latest
    assert odd["27a7f1bbf75185089c78d4c3ad580f88"].metrics["loss"].last_step == 5
    # cut in its last line
    assert odd["8ed7dfcff4e017e4f61d36bbbf1f08bc"].metrics["loss"].last_step == 28
    assert len(odd["e31bbe8b43d28b0204ba2c059da08749"].params) == 120
    assert odd["e2e1b1cdf2541a974fa9e1cbcbcc3906"].name == "<script>alert(1)</script>"
    assert (
        any("user:token" in (fact.url or "") for run in tables.rows for fact in run.lineage)
        is False
    )


@needs_shared("attacks", "trackers", "mlruns")
def test_the_corpus_is_read_in_little_memory() -> None:
    script = (
        "from pathlib import Path; from tests.sources.mlflow_stores import read;"
        f"read({str(CORPUS)!r}, Path('.'));"
        f"\n{PEAK_KB}\nprint(peak_kb())"
    )
    finished = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert int(finished.stdout) < 512_000
