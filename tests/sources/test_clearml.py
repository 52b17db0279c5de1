"""The source `clearml`: sessions as the SDK wrote them, packed and unpacked, whole and broken."""

from __future__ import annotations

import hashlib
import json
import math
import os
import struct
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runreport.errors import SourceError
from runreport.kinds import SourceContext
from runreport.sources.clearml import SOURCE, Options
from runreport.tables import Run, RunTables
from tests.shared import SHARED, needs_shared

SAMPLES = SHARED / "samples" / "clearml"
TASK: dict[str, Any] = {
    "id": "t1",
    "name": "größe",
    "project_name": "cifar",
    "offline_folder": "/elsewhere/t1",
    "hyperparams": {},
    "execution": {"artifacts": []},
    "type": "training",
}


def opened(where: Path | str, cache: Path | None = None, **options: Any) -> Any:
    return SOURCE.open(Options(str(where), **options), SourceContext(Path(), {}, cache=cache))


def tables_at(where: Path | str, **options: Any) -> RunTables:
    tables: RunTables = opened(where, **options).tables()
    tables.check()
    return tables


def run_at(where: Path | str, **options: Any) -> Run:
    (run,) = tables_at(where, **options).rows
    return run


def points_of(reader: Any) -> dict[str, list[tuple[float, float]]]:
    found: dict[str, list[tuple[float, float]]] = {}
    runs = reader.tables().rows
    names = {metric for run in runs for metric in run.metrics}
    for table in reader.histories([run.id for run in runs], names):
        for row in table.to_pylist():
            found.setdefault(row["metric"], []).append((row["step"], row["value"]))
    return found


def event(title: str, series: str, step: Any, value: Any, **more: Any) -> dict[str, Any]:
    return {
        "timestamp": 1_795_399_738_759,
        "type": "training_stats_scalar",
        "task": "t1",
        "iter": step,
        "metric": title,
        "variant": series,
        "value": value,
        **more,
    }


def param(value: str | None, kind: str | None = "str") -> dict[str, Any]:
    return {"value": value} if kind is None else {"value": value, "type": kind}


def folder_with(
    folder: Path, lines: str = "", data: dict[str, bytes] | None = None, **task: Any
) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "task.json").write_text(json.dumps({**TASK, **task}))
    (folder / "metrics.jsonl").write_text(lines)
    for name, content in (data or {}).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


def packed(folder: Path) -> Path:
    path = folder.with_name(f"{folder.name}.zip")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(folder.rglob("*")):
            if file.is_file():
                archive.write(file, file.relative_to(folder).as_posix())
    return path


@needs_shared("samples", "clearml")
def test_the_sample_reads_to_what_it_stores() -> None:
    (path,) = SAMPLES.glob("*.zip")
    with zipfile.ZipFile(path) as archive:
        task = json.loads(archive.read("task.json"))
        events = [
            e for line in archive.read("metrics.jsonl").splitlines() for e in json.loads(line)
        ]
        content = archive.read(next(n for n in archive.namelist() if n.endswith("d.json")))
    reader = opened(path)
    assert reader.tables().problems == ()
    expected: dict[str, list[tuple[float, float]]] = {}
    for e in events:
        single = e["metric"] == "Summary"
        name = e["variant"] if single else f"{e['metric']}/{e['variant']}"
        expected.setdefault(name, []).append((0 if single else e["iter"], e["value"]))
    assert points_of(reader) == expected
    (run,) = reader.tables().rows
    assert (run.name, run.experiment, run.status) == (task["name"], task["project_name"], "unknown")
    assert {k: p.text for k, p in run.params.items()} == {
        key: item["value"] for key, item in task["hyperparams"]["General"].items()
    }
    artifact = next(a for a in run.artifacts if a.path == "artifacts/d/d.json")
    assert artifact.digest == f"sha256:{hashlib.sha256(content).hexdigest()}"
    facts = {(fact.kind, fact.name): fact for fact in run.lineage}
    assert facts["environment", "python"].version == "3.12.1"
    found = SOURCE.detect(SAMPLES)
    assert found is not None
    assert found.config == {"clearml": path.name}


def test_sections_name_their_params_but_for_the_general_one(tmp_path: Path) -> None:
    run = run_at(
        folder_with(
            tmp_path / "s",
            hyperparams={
                "General": {"lr": param("0.1", "float"), "model/depth": param("18", "int")},
                "Args": {"lr": param("1e-05", "float"), "fast": param("True", "bool"),
                         "none": param("", None), "empty": param("")},
                "properties": {"quality": {"value": "high"}},
            },
            tags=["x", "y"],
            status="failed",
            started="2026-01-02T03:04:05+00:00",
            completed="2026-01-02T03:04:06+00:00",
        )
    )  # fmt: skip
    assert {k: p.text for k, p in run.params.items()} == {
        "lr": "0.1",
        "model/depth": "18",
        "Args/lr": "1e-05",
        "Args/fast": "true",
        "Args/empty": "",
    }
    assert run.tags == {"quality": "high", "x": "true", "y": "true", "clearml.type": "training"}
    assert (run.status, run.duration_s) == ("failed", 1.0)


def test_scalars_are_named_by_title_and_series(tmp_path: Path) -> None:
    events = [
        event("train/x", "loss", 5, 1.0),
        event("train/x", "loss", 5, 2.0),
        event("train/x", "loss", 3, 3),
        event("acc", "acc", 0, math.nan),
        event("acc", "acc", 1, -math.inf),
        event("Summary", "best", -(2**31), 0.9),
        event(":monitor:gpu", "gpu_0_mem", 7, 1.5),
        event("other", "task", 0, 1.0, task="model"),
        {"type": "plot", "metric": "h", "variant": "v", "plot_str": "{}"},
    ]
    lines = "".join(json.dumps(part) + "\n" for part in (events[:4], events[4:]))
    where = folder_with(tmp_path / "s", lines)
    found = points_of(opened(where))
    assert found["train/x/loss"] == [(5.0, 1.0), (5.0, 2.0), (3.0, 3.0)]
    assert repr(found["acc"]) == "[(0.0, nan), (1.0, -inf)]"
    assert found["best"] == [(0.0, 0.9)]
    assert set(found) == {"train/x/loss", "acc", "best"}
    assert points_of(opened(where, system=True))["system/gpu/gpu_0_mem"] == [(7.0, 1.5)]


def test_a_packed_session_is_its_folder(tmp_path: Path) -> None:
    place = "data/cifar/g.t1/artifacts/d/d.json"
    upload = {"key": "d", "uri": f"/elsewhere/t1/{place}", "hash": "a" * 64, "content_size": 2}
    gone = {"key": "m", "uri": "s3://b/m.pt", "hash": "b" * 64, "content_size": "7"}
    folder = folder_with(
        tmp_path / "s",
        json.dumps([event("a", "b", 0, 1.0)]) + "\n",
        {place: b"{}", "log.jsonl": b"[]\n", "data/cifar/g.t1/metrics/img/x.png": b"png"},
        execution={"artifacts": [upload, gone]},
        configuration={"conf": {"value": "lr = 1"}},
    )
    with_folder = run_at(folder)
    with_zip = run_at(packed(folder))
    assert with_zip.metrics == with_folder.metrics
    assert with_zip.lineage == with_folder.lineage
    listed = {a.path: (a.kind, a.bytes, a.digest) for a in with_folder.artifacts}
    assert listed == {a.path: (a.kind, a.bytes, a.digest) for a in with_zip.artifacts}
    assert listed["artifacts/d/d.json"] == ("text", 2, "sha256:" + "a" * 64)
    assert listed["artifacts/m/m.pt"] == ("checkpoint", 7, "sha256:" + "b" * 64)
    png = hashlib.sha256(b"png").hexdigest()
    assert listed["metrics/img/x.png"] == ("image", 3, f"sha256:{png}")
    assert listed["log.jsonl"][0] == "log"
    assert len(tables_at(tmp_path).rows) == 1


def test_what_was_appended_is_read_from_where_reading_stopped(tmp_path: Path) -> None:
    first = json.dumps([event("a", "b", 0, 1.0)]) + "\n" + "{broken\n"
    later = json.dumps([event("a", "b", 1, 2.0), event("c", "d", 1, 3.0)]) + "\n"
    folder = folder_with(tmp_path / "s", first)
    cache = tmp_path / ".runreport"
    opened(folder, cache).tables()
    folder_with(tmp_path / "s", first + later)
    on, anew = opened(folder, cache), opened(folder)
    assert points_of(on) == points_of(anew)
    assert points_of(on)["a/b"] == [(0.0, 1.0), (1.0, 2.0)]
    assert [p.place for p in on.tables().problems] == [p.place for p in anew.tables().problems]


def test_a_session_cut_while_it_was_logged_is_read_up_to_there(tmp_path: Path) -> None:
    line = json.dumps([event("a", "b", 0, 1.0)]) + "\n"
    folder = folder_with(tmp_path / "s", line + line[:-20])
    tables = tables_at(folder)
    assert tables.rows[0].metrics["a/b"].count == 1
    assert [(p.code, p.place) for p in tables.problems] == [("RR372", "./metrics.jsonl:2")]


def test_a_bomb_is_not_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "s.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("task.json", json.dumps(TASK))
        archive.writestr("metrics.jsonl", b"\n" * 200_000_000)
    tables = tables_at(path)
    assert len(tables.rows) == 1
    assert [p.code for p in tables.problems] == []
    data = bytearray(path.read_bytes())
    # a size that the archive only claims
    at = data.rfind(b"PK\x01\x02")
    struct.pack_into("<L", data, at + 24, 4_294_967_290)
    path.write_bytes(bytes(data))
    assert [p.code for p in tables_at(path).problems] == ["RR371"]


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"nothing"])
def test_what_is_no_session_is_refused_by_name(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "x.zip").write_bytes(content)
    with pytest.raises(SourceError) as caught:
        opened(tmp_path / "x.zip").tables()
    assert caught.value.problems[0].place == "x.zip"
    assert SOURCE.detect(tmp_path) is None


def test_a_broken_session_leaves_the_others_alone(tmp_path: Path) -> None:
    folder_with(tmp_path / "good", json.dumps([event("a", "b", 0, 1.0)]) + "\n")
    folder_with(tmp_path / "bad", id="t2")
    task = (tmp_path / "bad" / "task.json").read_text()
    (tmp_path / "bad" / "task.json").write_text(task[:-4])
    tables = tables_at(tmp_path)
    assert [run.id for run in tables.rows] == ["clearml:t1"]
    assert [(p.code, p.place) for p in tables.problems] == [("RR371", "bad/task.json")]


WRITER = """
import sys
from clearml import Task
Task.set_offline(True)
task = Task.init("p/q", "n", auto_connect_frameworks=False, auto_resource_monitoring=False)
task.connect({"lr": 1e-5, "model": {"depth": 18}, "on": True})
for step in (0, 1, 5, 3, 3):
    task.get_logger().report_scalar("train", "loss", step / 7, step)
task.get_logger().report_single_value("best", 0.5)
task.upload_artifact("d", {"a": 1})
task.close()
print(task.get_offline_mode_folder())
"""


def test_what_the_sdk_writes_is_read(tmp_path: Path) -> None:
    pytest.importorskip("clearml", reason="ClearML's SDK is not installed here")
    place = {**os.environ, "CLEARML_CACHE_DIR": str(tmp_path), "CLEARML_OFFLINE_MODE": "1"}
    command = [sys.executable, "-c", WRITER]
    subprocess.run(command, env=place, check=True, capture_output=True, cwd=tmp_path)
    reader = opened(tmp_path / "offline")
    (run,) = reader.tables().rows
    texts = {key: param.text for key, param in run.params.items()}
    assert texts == {"lr": "1e-05", "model/depth": "18", "on": "true"}
    assert points_of(reader) == {
        "train/loss": [(step, step / 7) for step in (0.0, 1.0, 5.0, 3.0, 3.0)],
        "best": [(0.0, 0.5)],
    }
    assert any(a.path.startswith("artifacts/d/") for a in run.artifacts)


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_a_mutated_session_gives_an_error_or_tables(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    top = tmp_path_factory.mktemp("mutated")
    folder = folder_with(
        top / "s",
        json.dumps([event("a", "b", 0, 1.0), event("Summary", "best", -(2**31), 0.9)]) + "\n",
        {"data/cifar/g.t1/artifacts/d/d.json": b"{}"},
        hyperparams={"General": {"lr": param("0.1")}},
        tags=["x"],
        configuration={"c": {"value": "v"}},
    )
    path = packed(folder) if data.draw(st.booleans()) else folder
    target = (
        path
        if path.is_file()
        else folder / data.draw(st.sampled_from(["task.json", "metrics.jsonl"]))
    )
    content = bytearray(target.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    target.write_bytes(bytes(content[: data.draw(st.integers(1, len(content)))]))
    try:
        reader = opened(path)
        reader.tables().check()
        points_of(reader)
    except SourceError:
        return
