"""Folders of W&B: documents beside a log, resumed runs, copies, exports, the service."""

from __future__ import annotations

import gzip
import json
import math
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from runreport.errors import SourceError
from runreport.sources.complaints import Complaints
from runreport.sources.loaded import Points
from tests.sources.wandb_logs import (
    START,
    exit_with,
    folder,
    framed,
    history,
    run,
    summary,
    whole,
)
from tests.sources.wandb_reading import (
    codes,
    log_of,
    only,
    opened,
    series,
    tables_at,
)


def busy(steps: int) -> Iterator[bytes]:
    """A run whose records often go on in the next block."""
    yield run(config={"lr": 0.1})
    for step in range(steps):
        yield history(2 + step, step, {"loss": 1 / (step + 1), "x" * (step % 70 + 1): step})
        yield summary(2 + step, {"loss": 1 / (step + 1)})
    yield exit_with(0)


# ---- documents beside the log --------------------------------------------------------------------


def online(place: Path, name: str = "abc", log: bytes | None = None) -> Path:
    """The folder of an online run."""
    where = place / f"run-20250615_100000-{name}"
    files = where / "files"
    files.mkdir(parents=True)
    (files / "config.yaml").write_text(
        "wandb_version: 1\n\nlr:\n  desc: null\n  value: 1.0e-05\nmodel:\n  value:\n    depth: 3\n"
        "_wandb:\n  value: {python_version: 3.9.1, framework: keras}\nplain: 4\n"
    )
    (files / "wandb-summary.json").write_text(
        '{"loss": 0.25, "acc": NaN, "best": {"max": 0.9}, "note": "x", "_step": 7, "_runtime": 12,'
        ' "img": {"_type": "image-file", "size": 3}}'
    )
    (files / "wandb-metadata.json").write_text(
        '{"git": {"remote": "git@h:o/r.git", "commit": "beef"}, "program": "a.py", "args": [],'
        ' "python": "3.9.1", "startedAt": "2024-05-15T15:24:24.876114", "state": "running"}'
    )
    if log is not None:
        (where / f"run-{name}.wandb").write_bytes(log)
    return where


def test_a_folder_without_a_log_is_read_from_its_documents(tmp_path: Path) -> None:
    found = only(online(tmp_path))
    assert {key: param.text for key, param in found.params.items()} == {
        "lr": "1.0e-05", "model.depth": "3", "plain": "4",
    }  # fmt: skip
    assert {name: each.count for name, each in found.metrics.items()} == {
        "loss": 1, "acc": 1, "best.max": 1,
    }  # fmt: skip
    assert math.isnan(found.metrics["acc"].last or 0)
    assert found.tags["summary.note"] == "x"
    assert found.status == "unknown"
    assert found.started is not None
    assert found.started.isoformat() == "2024-05-15T15:24:24.876114+00:00"


def test_a_log_that_is_cut_off_is_completed_by_the_documents(tmp_path: Path) -> None:
    bodies = [run(config={"lr": 0.1, "k": 2}), *(history(2, s, {"loss": s}) for s in range(50))]
    data = framed(bodies)
    whole_run = only(online(tmp_path / "whole", log=data))
    cut_run = only(online(tmp_path / "cut", log=data[:-9]))
    assert whole_run.params["lr"].text == "0.1"
    assert cut_run.params["lr"].text == "1.0e-05"
    assert cut_run.params["k"].text == whole_run.params["k"].text == "2"
    assert (whole_run.metrics["loss"].count, cut_run.metrics["loss"].count) == (50, 49)


def test_a_log_that_cannot_be_read_leaves_the_documents(tmp_path: Path) -> None:
    where = online(tmp_path, log=gzip.compress(b"nothing of the kind"))
    tables = tables_at(where)
    assert set(tables.rows[0].metrics) == {"loss", "acc", "best.max"}
    assert "RR371" in codes(tables)


def test_runs_of_old_versions_are_read_from_json_lines(tmp_path: Path) -> None:
    where = tmp_path / "dryrun-20191018_103219-abcd1234"
    where.mkdir()
    lines = [{"loss": s / 2, "_step": s, "_runtime": s, "_timestamp": START + s} for s in range(5)]
    body = "\n".join(json.dumps(line) for line in lines)
    (where / "wandb-history.jsonl").write_text(f'{body}\n{{"loss": NaN, "_step": 5}}\n{{"loss": 1')
    (where / "config.yaml").write_text("wandb_version: 1\nlr:\n  desc: null\n  value: 0.5\n")
    (where / "wandb-metadata.json").write_text('{"state": "finished", "python": "3.6.8"}')
    tables = tables_at(tmp_path)
    (found,) = tables.rows
    assert (found.id, found.status, found.params["lr"].text) == (
        "wandb:abcd1234",
        "finished",
        "0.5",
    )
    assert found.metrics["loss"].count == 6
    assert found.metrics["loss"].non_finite == 1
    assert codes(tables) == ["RR372"]


# ---- several folders -----------------------------------------------------------------------------


def test_a_resumed_run_is_one_run_and_a_new_start_under_its_id_another(tmp_path: Path) -> None:
    goes_on = whole(18, 1) + whole(14, 3)
    first = [run(config={"a": 1}), *(history(2, s, {"x": s}) for s in range(3)), exit_with(1)]
    second = [run(config={"a": 2}, more=goes_on), *(history(2, s, {"x": s}) for s in range(3, 6))]
    third = [run(config={"a": 3}), history(2, 0, {"x": 9}), exit_with(0)]
    folder(tmp_path, first, stamp="20250101_000000")
    folder(tmp_path, [*second, exit_with(0)], stamp="20250102_000000")
    folder(tmp_path, third, stamp="20250103_000000")
    tables = tables_at(tmp_path)
    runs = {each.id: each for each in tables.rows}
    assert set(runs) == {"wandb:abc", "wandb:abc@20250103_000000"}
    joined = runs["wandb:abc"]
    assert (joined.status, joined.params["a"].text, joined.metrics["x"].count) == (
        "finished",
        "2",
        6,
    )
    assert runs["wandb:abc@20250103_000000"].metrics["x"].last == 9
    assert codes(tables) == ["RR379", "RR379"]


def test_an_offline_run_says_in_another_field_that_it_goes_on(tmp_path: Path) -> None:
    for day in (1, 2):
        bodies = [run(more=whole(24, 1)), history(2, 0, {"x": day}), exit_with(0)]
        folder(tmp_path, bodies, stamp=f"2025010{day}_000000")
    assert only(tmp_path).metrics["x"].count == 2


def test_a_copy_of_a_run_is_left_out_aloud(tmp_path: Path) -> None:
    where = folder(tmp_path / "a" / "wandb", busy(20))
    shutil.copytree(where, tmp_path / "b" / "wandb" / where.name)
    other = folder(tmp_path / "c" / "wandb", busy(30))
    assert other.name == where.name
    tables = tables_at(tmp_path)
    assert tables.runs["run_id"].to_pylist() == ["wandb:a/abc", "wandb:c/abc"]
    assert "RR376" in codes(tables)


def test_a_broken_run_hurts_no_other(tmp_path: Path) -> None:
    folder(tmp_path, busy(20), name="good")
    bad = folder(tmp_path, busy(20), name="bad")
    log_of(bad).write_bytes(b"")
    (tmp_path / "offline-run-20250101_000000-none" / "logs").mkdir(parents=True)
    (tmp_path / "offline-run-20250101_000000-none" / "logs" / "debug.log").write_text("x")
    tables = tables_at(tmp_path)
    assert tables.runs["run_id"].to_pylist() == ["wandb:good"]
    messages = {problem.place: problem.message for problem in tables.problems}
    assert "empty" in messages[f"{bad.name}/run-bad.wandb"]
    assert "left out" in messages["offline-run-20250101_000000-none"]


def test_links_lead_nowhere_and_those_of_wandb_are_not_told(tmp_path: Path) -> None:
    where = folder(tmp_path / "wandb", busy(5))
    (tmp_path / "wandb" / "latest-run").symlink_to(where)
    (tmp_path / "secret").write_text("x")
    (where / "files" / "saved.txt").symlink_to(tmp_path / "secret")
    tables = tables_at(tmp_path / "wandb")
    (found,) = tables.rows
    assert found.artifacts == ()
    (note,) = tables.problems
    assert "1 link not followed" in note.message


def test_a_place_without_runs_says_what_was_expected(tmp_path: Path) -> None:
    for where in (tmp_path, tmp_path / "nothing"):
        with pytest.raises(SourceError) as caught:
            tables_at(where)
        assert caught.value.problems[0].code == "RR370"


# ---- exports and the service ---------------------------------------------------------------------


def export(place: Path, name: str, columns: dict[str, Any]) -> Path:
    place.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(columns), place / name)
    return place


def test_an_exported_history_is_a_run_with_what_lies_beside_it(tmp_path: Path) -> None:
    where = tmp_path / "run-abc123-history:v0"
    for part in (0, 1):
        steps = [part * 2, part * 2 + 1]
        columns: dict[str, Any] = {
            "_step": steps,
            "_runtime": [0.5, 1.0],
            "_timestamp": [START + float(step) for step in steps],
            "loss": pa.array([None, float(part)]),
            "acc": [math.nan, 1.0],
            "deep": [{"a": 1, "b": {"c": 2.5}}] * 2,
            "words": ["x", "y"],
            "flag": [True, False],
        }
        export(where, f"000{part}.parquet", columns)
    (where / "config.json").write_text('{"lr": 1e-05, "m": {"n": "o"}, "_wandb": {"x": 1}}')
    (where / "summary.json").write_text('{"loss": 1, "best": 0.75, "said": "yes"}')
    tables = tables_at(tmp_path)
    (found,) = tables.rows
    assert found.id == "wandb:abc123"
    assert {key: param.text for key, param in found.params.items()} == {"lr": "1e-05", "m.n": "o"}
    assert {name: each.count for name, each in found.metrics.items()} == {
        "loss": 2, "acc": 4, "deep.a": 4, "deep.b.c": 4, "best": 1,
    }  # fmt: skip
    assert series(tmp_path, "loss") == [(1, 0), (3, 1)]
    assert found.tags["summary.said"] == "yes"
    assert "'flag', 'words'" in tables.problems[0].message


def test_files_with_run_ids_as_names_are_runs_each(tmp_path: Path) -> None:
    for name in ("aaa", "bbb"):
        export(tmp_path, f"{name}.parquet", {"_step": [0], "_timestamp": [1.0e9], "x": [1]})
    export(tmp_path, "other.parquet", {"step": [0], "x": [1]})
    assert tables_at(tmp_path).runs["run_id"].to_pylist() == ["wandb:aaa", "wandb:bbb"]


def test_a_damaged_export_hurts_no_other(tmp_path: Path) -> None:
    for name in ("aaa", "bbb"):
        columns = {"_step": list(range(900)), "_timestamp": [1.0e9] * 900, "x": [0.5] * 900}
        export(tmp_path, f"{name}.parquet", columns)
    data = bytearray((tmp_path / "bbb.parquet").read_bytes())
    data[4:40] = os.urandom(36)
    (tmp_path / "bbb.parquet").write_bytes(data)
    tables = tables_at(tmp_path)
    assert tables.runs["run_id"].to_pylist() == ["wandb:aaa"]
    assert "RR371" in codes(tables)


def test_the_service_without_its_package_says_which_is_needed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "wandb", None)
    with pytest.raises(SourceError) as caught:
        opened("wandb://team/project")
    assert caught.value.problems[0].code == "RR377"
    with pytest.raises(SourceError) as caught:
        opened("wandb://team")
    assert caught.value.problems[0].code == "RR370"


def test_a_run_of_the_public_api_is_read_whole() -> None:
    from runreport.sources.wandb.service import run_of

    rows = [{"loss": s / 2, "_step": s, "_timestamp": START + s, "t": {"u": s}} for s in range(9)]
    rows[4]["loss"] = math.nan
    # what `wandb.Api().run(...)` gives has these attributes
    given = SimpleNamespace(
        id="abc", name="mine", state="crashed", config={"lr": 1e-5, "n": {"k": [1]}, "_x": 0},
        summary={"loss": 4.0, "best": 9, "_wandb": {"runtime": 3}}, tags=["a"], group="g",
        job_type=None, notes="", entity="team", project="p", created_at="2024-05-15T15:24:24Z",
        url="https://host/team/p/runs/abc", metadata={"gpu": "T4", "gpu_count": 2},
        scan_history=lambda: iter(rows),
    )  # fmt: skip
    found = run_of(given, "abc", Complaints())
    assert (found.status, found.url) == ("failed", "https://host/team/p/runs/abc")
    assert found.params == {"lr": "1e-05", "n.k": "[1]"}
    assert found.tags == {"a": "true", "group": "g", "entity": "team", "project": "p"}
    loss = found.metrics["loss"]
    assert isinstance(loss, Points)
    np.testing.assert_array_equal(loss.value, [row["loss"] for row in rows])
    np.testing.assert_array_equal(loss.step, range(9))
    assert found.metrics["best"] == 9
    assert found.lineage[0].version == "2 x T4"
