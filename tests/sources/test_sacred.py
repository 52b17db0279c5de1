"""The source `sacred` against the files' own values, and against runs of Sacred itself."""

from __future__ import annotations

import base64
import json
import math
import struct
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from runreport.errors import SourceError
from runreport.sources.sacred.encoded import Decoder
from tests.shared import SHARED, needs_shared
from tests.sources.folder_stores import alike, facts, found_at, read, write

SAMPLE = SHARED / "samples" / "sacred" / "runs"
APP = """
import math, sys
from sacred import Experiment
from sacred.observers import FileStorageObserver
import numpy as np

ex = Experiment("mnist", save_git_info=False)
ex.observers.append(FileStorageObserver("runs"))

@ex.config
def config():
    lr = 0.1
    layers = (32, 64)
    opt = {"name": "adam", "eps": 1e-08, "none": None, "on": True}

@ex.automain
def main(_run, lr):
    for step in (0, 2, 1, 1):
        _run.log_scalar("train/loss", np.float32(step) / 2, step)
        _run.log_scalar("odd", math.nan if step else math.inf, step)
    ex.open_resource("data.txt")
    _run.info["sizes"] = [1, 2]
    if lr > 1:
        raise ValueError("too fast")
    return np.float64(lr * 2)
"""


def about(**more: Any) -> dict[str, Any]:
    return {
        "status": "COMPLETED",
        "command": "main",
        "experiment": {"name": "exp", "mainfile": "train.py"},
        "host": {},
        "meta": {},
        "heartbeat": "2026-01-02T03:04:08",
        "start_time": "2026-01-02T03:04:05.250000",
        "stop_time": "2026-01-02T03:04:07.750000",
        "result": None,
        **more,
    }


def saved(folder: Path, metrics: Any = None, config: Any = None, **more: Any) -> Path:
    write(folder / "run.json", about(**more))
    write(folder / "config.json", {"lr": 0.1} if config is None else config)
    if metrics is not None:
        write(folder / "metrics.json", metrics)
    return folder


def series(*points: tuple[float, Any]) -> dict[str, Any]:
    return {
        "steps": [step for step, _ in points],
        "values": [value for _, value in points],
        "timestamps": [f"2026-01-02T03:04:{second:02d}" for second in range(len(points))],
    }


@needs_shared("samples", "sacred")
def test_the_sample_has_the_values_of_its_files() -> None:
    store = read("sacred", SAMPLE)
    assert sorted(store.runs) == ["1", "2"]
    for key, run in store.runs.items():
        files = {
            name: json.loads((SAMPLE / key / f"{name}.json").read_text())
            for name in ("run", "config", "metrics")
        }
        loss = files["metrics"]["loss"]
        assert store.curve(key, "loss") == list(zip(loss["steps"], loss["values"], strict=True))
        times = [time.replace(tzinfo=None).isoformat() for _, time, _ in store.points[key]["loss"]]
        assert times == loss["timestamps"]
        assert run.metrics["result"].last == files["run"]["result"]
        assert run.params["lr"].number == files["config"]["lr"]
        assert run.params["model.depth"].number == files["config"]["model"]["depth"]
        assert run.params["seed"].text == str(files["config"]["seed"])
        assert run.status == "finished"
        assert run.experiment == "cifar"
        assert run.started == datetime.fromisoformat(files["run"]["start_time"]).replace(tzinfo=UTC)
        facts = {(fact.kind, fact.name, fact.version, fact.digest) for fact in run.lineage}
        assert ("environment", "python", "3.12.1", None) in facts
        assert ("code", "make_sacred.py", None, "md5:59c90c2ec68f4ab2be0a83c6d907dbf5") in facts
        assert {artifact.path: artifact.kind for artifact in run.artifacts} == {
            "cout.txt": "log",
            "x.txt": "text",
        }
    assert not store.problems


@needs_shared("samples", "sacred")
def test_the_sample_is_found_at_the_folder_of_runs() -> None:
    assert found_at("sacred", SAMPLE) == {"sacred": "."}
    assert found_at("sacred", SAMPLE / "1") == {"sacred": "."}
    assert found_at("sacred", SAMPLE.parent) is None


def test_runs_of_sacred_itself_are_read_as_they_were_logged(tmp_path) -> None:
    pytest.importorskip("sacred", reason="sacred is not installed here")
    write(tmp_path / "app.py", APP)
    write(tmp_path / "data.txt", "abc")
    for update, code in (("lr=0.5", 0), ("lr=2", 1)):
        command = [sys.executable, "app.py", "with", update]
        done = subprocess.run(command, cwd=tmp_path, check=False, capture_output=True)
        assert done.returncode == code, done.stderr.decode()
    store = read("sacred", tmp_path / "runs")
    assert [store.runs[key].status for key in ("1", "2")] == ["finished", "failed"]
    assert store.runs["2"].tags["error"] == "ValueError: too fast"
    assert store.runs["1"].metrics["result"].last == 1.0
    params = store.params("1")
    params.pop("seed")
    assert params == {
        "lr": "0.5",
        "layers": "[32, 64]",
        "opt.name": "adam",
        "opt.eps": "1e-08",
        "opt.on": "true",
    }
    assert store.curve("1", "train/loss") == [(0, 0), (2, 1), (1, 0.5), (1, 0.5)]
    nan = math.nan
    assert alike(store.curve("1", "odd"), [(0, math.inf), (2, nan), (1, nan), (1, nan)])
    assert store.curve("1", "info.sizes") == [(0, 1), (1, 2)]
    # md5 of "abc", from RFC 1321
    digest = "md5:900150983cd24fb0d6963f7d28e17f72"
    assert ("data", "data.txt", digest) in {
        (fact.kind, fact.name, fact.digest) for fact in store.runs["1"].lineage
    }


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ("COMPLETED", "finished"),
        ("FAILED", "failed"),
        ("INTERRUPTED", "killed"),
        ("TIMEOUT", "killed"),
        ("RUNNING", "running"),
        ("SOMETHING", "unknown"),
        (None, "unknown"),
    ],
)
def test_status_is_what_the_run_says(tmp_path, said: str | None, status: str) -> None:
    assert read("sacred", saved(tmp_path / "1", status=said)).runs["1"].status == status


def test_times_have_no_zone_and_are_utc_or_have_one(tmp_path) -> None:
    points = series((0, 1), (1, 2), (2, 3))
    points["timestamps"] = ["2026-01-02T03:04:05.000006", "2026-01-02T03:04:05+01:00", "never"]
    store = read("sacred", saved(tmp_path / "1", {"a": points}))
    assert [time for _, time, _ in store.points["1"]["a"]] == [
        datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=UTC),
        datetime(2026, 1, 2, 2, 4, 5, tzinfo=UTC),
        None,
    ]
    assert store.runs["1"].duration_s == 2.5


def test_values_that_are_no_numbers_are_left_out_and_the_rest_is_kept(tmp_path) -> None:
    metrics = {
        "a": series((0, 1), (1, "x"), (1, math.nan), (0, None), (2, [1])),
        "b": {"steps": [0, 1], "values": [1]},
        "c": [1, 2],
        "d": {},
    }
    store = read("sacred", saved(tmp_path / "1", metrics))
    assert alike(store.curve("1", "a"), [(0, 1), (1, math.nan)])
    assert store.curve("1", "b") == [(0, 1)]
    assert set(store.points["1"]) == {"a", "b"}
    assert store.codes() == {"RR373", "RR375"}


def packed(form: str, kind: str | None, value: float) -> dict[str, Any]:
    """A numpy scalar as jsonpickle writes one without its numpy handlers."""
    data = base64.b64encode(struct.pack(form, value)).decode()
    described: dict[str, Any] = {"py/id": 3}
    if kind is not None:
        described = {
            "py/reduce": [
                {"py/type": "numpy.dtype"},
                {"py/tuple": [kind, False, True]},
                {"py/tuple": [3, "<", None, None, None, -1, -1, 0]},
            ]
        }
    function = {"py/function": "numpy.core.multiarray.scalar"}
    return {"py/reduce": [function, {"py/tuple": [described, {"py/b64": data}]}]}


def test_numbers_that_numpy_stored_as_objects_are_read(tmp_path) -> None:
    values = [
        {"dtype": "float64", "py/object": "numpy.float64", "value": 0.25},
        packed("<d", "f8", 0.5),
        packed("<d", None, 0.75),
        packed("<i", "i4", -3),
    ]
    store = read("sacred", saved(tmp_path / "1", {"a": series(*enumerate(values))}))
    assert store.curve("1", "a") == [(0, 0.25), (1, 0.5), (2, 0.75), (3, -3)]


def test_other_encoded_objects_are_not_constructed_and_told(tmp_path) -> None:
    evil = {"py/reduce": [{"py/function": "os.system"}, {"py/tuple": ["touch never"]}]}
    config = {"a": {"py/tuple": [1, 2.5]}, "b": {"py/object": "my.Thing", "x": 1}, "c": evil}
    store = read("sacred", saved(tmp_path / "1", config=config))
    assert store.params("1") == {"a": "[1, 2.5]"}
    assert [(p.code, p.place) for p in store.problems] == [("RR375", "config.json")]
    assert "2 encoded" in store.problems[0].message


def test_deep_and_odd_encodings_are_counted_not_followed() -> None:
    deep: Any = 1
    for _ in range(100):
        deep = {"py/tuple": [deep]}
    for odd in (deep, {"py/reduce": 3}, {"py/reduce": [{"py/function": 1}]}, {"py/id": 1}):
        decoder = Decoder()
        decoder.value(odd)
        assert decoder.unread == 1


def test_results_and_info_are_metrics_histories_and_tags(tmp_path) -> None:
    folder = saved(tmp_path / "1", result={"acc": 0.5, "best": "a"})
    write(folder / "info.json", {"loss": [3, 2], "n": 4, "who": "x", "metrics": [{"id": "1"}]})
    store = read("sacred", folder)
    assert store.curve("1", "result.acc") == [(0, 0.5)]
    assert store.curve("1", "info.loss") == [(0, 3), (1, 2)]
    assert store.curve("1", "info.n") == [(0, 4)]
    assert store.runs["1"].tags == {"result.best": "a", "info.who": "x"}


def test_repositories_are_code_with_their_commit_and_state(tmp_path) -> None:
    logged = "https://ada:" + "hunter22x@example.org/r.git"
    repositories = [{"url": logged, "commit": "c0ffee", "dirty": True}]
    experiment = {"name": "exp", "repositories": repositories}
    (run,) = read("sacred", saved(tmp_path / "1", experiment=experiment)).tables.rows
    code = [fact for fact in run.lineage if fact.kind == "code"]
    assert [(f.version, f.dirty, f.url) for f in code] == [
        ("c0ffee", True, "https://example.org/r.git")
    ]


def test_descriptions_of_older_versions_are_read(tmp_path) -> None:
    digest = "900150983cd24fb0d6963f7d28e17f72"
    experiment = {
        "name": "exp",
        "dependencies": [["numpy", "1.11.0"], "torch==0.4"],
        "sources": [["train.py", digest]],
    }
    folder = saved(tmp_path / "1", experiment=experiment, host={"os": "Linux", "cpu": "i7"})
    (run,) = read("sacred", folder).tables.rows
    assert {(f.kind, f.name, f.version, f.digest) for f in run.lineage} == {
        ("command", "main", None, None),
        ("environment", "numpy", "1.11.0", None),
        ("environment", "torch", "0.4", None),
        ("environment", "Linux", None, None),
        ("hardware", "i7", None, None),
        ("code", "train.py", None, f"md5:{digest}"),
    }


def test_a_run_without_its_description_still_has_what_it_logged(tmp_path) -> None:
    saved(tmp_path / "runs" / "1", {"a": series((0, 1))})
    saved(tmp_path / "runs" / "2", {"a": series((0, 2))})
    write(tmp_path / "runs" / "2" / "run.json", '{"status": "COMP')
    write(tmp_path / "runs" / "3" / "run.json", "")
    store = read("sacred", tmp_path / "runs")
    assert [store.curve(key, "a") for key in ("1", "2")] == [[(0, 1)], [(0, 2)]]
    assert set(store.runs) == {"1", "2"}
    assert {p.place for p in store.problems} == {"2/run.json", "3/run.json"}


@pytest.mark.parametrize("content", [b"", b"null", b"[1]", b'{"a": ', b"\xff"])
def test_broken_metrics_leave_the_rest(tmp_path, content: bytes) -> None:
    folder = saved(tmp_path / "1")
    write(folder / "metrics.json", content)
    store = read("sacred", folder)
    assert store.params("1") == {"lr": "0.1"}
    assert bool(store.problems) == bool(content)


def test_when_nothing_can_be_read_it_is_an_error(tmp_path) -> None:
    write(tmp_path / "1" / "run.json", "null")
    with pytest.raises(SourceError, match="RR371"):
        read("sacred", tmp_path / "1")
    (tmp_path / "none").mkdir()
    with pytest.raises(SourceError, match="RR370"):
        read("sacred", tmp_path / "none")


def test_a_second_build_says_the_same_and_sees_what_changed(tmp_path) -> None:
    runs, cache = tmp_path / "runs", tmp_path / "cache"
    saved(runs / "1", {"a": series((0, 1))}, status="RUNNING")
    first = facts(read("sacred", runs, cache))
    assert facts(read("sacred", runs, cache)) == first
    saved(runs / "1", {"a": series((0, 1), (1, 0.5))})
    saved(runs / "2", {"a": series((0, 7))})
    again = facts(read("sacred", runs, cache))
    assert again == facts(read("sacred", runs)) != first
