"""The source `ray_tune` against the lines of Ray's own files, parsed by the standard library."""

from __future__ import annotations

import csv
import json
import math
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runreport.errors import SourceError
from tests.shared import SHARED, needs_shared
from tests.sources.folder_stores import alike, facts, found_at, read, write

SAMPLE = SHARED / "samples" / "ray_tune" / "exp"


def line(step: int, **values: Any) -> str:
    own = {
        "timestamp": 1_700_000_000 + step,
        "done": False,
        "training_iteration": step,
        "trial_id": "ab_0",
        "pid": 7,
        "hostname": "h",
        "node_ip": "192.0.2.1",
        "config": {"lr": 0.1},
        "time_total_s": step / 2,
    }
    return json.dumps({**values, **own}) + "\n"


def trial(folder: Path, lines: str, **params: Any) -> Path:
    write(folder / "result.json", lines)
    write(folder / "params.json", params)
    return folder


def state(*trials: tuple[dict[str, Any], dict[str, Any]]) -> str:
    return json.dumps({"trial_data": [[json.dumps(a), json.dumps(b)] for a, b in trials]})


@needs_shared("samples", "ray_tune")
def test_the_sample_has_the_lines_of_its_files() -> None:
    store = read("ray_tune", SAMPLE)
    assert len(store.runs) == 2
    for key, run in store.runs.items():
        rows = [json.loads(text) for text in (SAMPLE / key / "result.json").open()]
        for name in ("val_acc", "time_total_s", "time_this_iter_s"):
            assert store.curve(key, name) == [(r["training_iteration"], r[name]) for r in rows]
        times = [time.timestamp() for _, time, _ in store.points[key]["val_acc"]]
        assert times == [row["timestamp"] for row in rows]
        params = json.loads((SAMPLE / key / "params.json").read_text())
        assert {name: p.number for name, p in run.params.items()} == params
        assert run.status == "finished"
        assert run.experiment == "exp"
        assert run.tags["trial_id"] == rows[0]["trial_id"]
        assert run.duration_s == rows[-1]["time_total_s"]
        assert run.started
    assert store.codes() == {"RR378"}


@needs_shared("samples", "ray_tune")
def test_the_sample_is_found_from_above_itself_and_by_trial() -> None:
    inside = next(path for path in SAMPLE.iterdir() if path.is_dir())
    for path in (SAMPLE.parent, SAMPLE, inside):
        assert found_at("ray_tune", path) == {"ray_tune": "."}


@needs_shared("samples", "ray_tune")
def test_the_table_beside_the_lines_says_the_same(tmp_path) -> None:
    inside = next(path for path in SAMPLE.iterdir() if path.is_dir())
    write(tmp_path / "t" / "params.json", (inside / "params.json").read_bytes())
    write(tmp_path / "t" / "progress.csv", (inside / "progress.csv").read_bytes())
    store = read("ray_tune", tmp_path / "t")
    with (inside / "progress.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    expected = [(float(r["training_iteration"]), float(r["val_acc"])) for r in rows]
    assert store.curve("t", "val_acc") == expected
    assert set(store.points["t"]) == set(read("ray_tune", inside).points[inside.name])
    assert store.codes() == {"RR379"}


def test_nested_results_nan_and_repeated_iterations_are_kept(tmp_path) -> None:
    lines = line(1, info={"learner": {"loss": math.nan}}, x=1) + line(1, x=math.inf) + line(0, x=3)
    store = read("ray_tune", trial(tmp_path / "t", lines, model={"depth": 3}, lr=1e-05))
    assert alike(store.curve("t", "info/learner/loss"), [(1, math.nan)])
    assert store.curve("t", "x") == [(1, 1), (1, math.inf), (0, 3)]
    assert store.params("t") == {"model.depth": "3", "lr": "1e-05"}


def test_the_bookkeeping_of_ray_is_no_metric_and_names_no_machine(tmp_path) -> None:
    store = read("ray_tune", trial(tmp_path / "t", line(1, x=1, note="hello", big=[1])))
    assert set(store.points["t"]) == {"x", "time_total_s"}
    assert store.runs["t"].tags == {"trial_id": "ab_0", "note": "hello"}
    assert store.codes() == {"RR375"}


def test_status_comes_from_the_newest_state_of_the_experiment(tmp_path) -> None:
    exp = tmp_path / "exp"
    for number in range(4):
        trial(exp / f"f_{number}", line(1, x=number))
    known = [
        ({"trial_id": str(n), "status": status, "relative_logdir": f"f_{n}"}, {"start_time": 1e9})
        for n, status in enumerate(["TERMINATED", "ERROR", "RUNNING", "PENDING"])
    ]
    write(exp / "experiment_state-2026-01-01_00-00-00.json", state())
    write(exp / "experiment_state-2026-01-02_00-00-00.json", state(*known))
    runs = read("ray_tune", exp).runs
    found = [runs[f"f_{number}"].status for number in range(4)]
    assert found == ["finished", "failed", "running", "unknown"]
    assert runs["f_0"].started == datetime(2001, 9, 9, 1, 46, 40, tzinfo=UTC)


def test_states_of_older_versions_are_read_too(tmp_path) -> None:
    exp = tmp_path / "exp"
    trial(exp / "f_0", line(1, x=1))
    entry = {"trial_id": "ab_0", "status": "ERROR", "logdir": "/home/u/exp/f_0"}
    for content in ({"checkpoints": [json.dumps(entry)]}, {"checkpoints": [entry]}):
        write(exp / "experiment_state-2020-01-01_00-00-00.json", content)
        assert read("ray_tune", exp).runs["f_0"].status == "failed"


def test_without_a_state_the_last_line_or_an_error_tells(tmp_path) -> None:
    exp = tmp_path / "exp"
    done = line(1, x=1).replace('"done": false', '"done": true')
    trial(exp / "a", done)
    trial(exp / "b", line(1, x=1))
    write(exp / "b" / "error.txt", "Traceback\n  somewhere\nValueError: boom\n")
    trial(exp / "c", line(1, x=1))
    trial(exp / "d", "")
    write(exp / "d" / "error.txt", "died\n")
    runs = read("ray_tune", exp).runs
    assert [runs[key].status for key in "abcd"] == ["finished", "failed", "unknown", "failed"]
    assert runs["b"].tags["error"] == "ValueError: boom"


def test_broken_lines_are_named_and_the_last_one_without_an_end_is_left_out(tmp_path) -> None:
    lines = line(1, x=1) + "{oops\n[1]\n" + line(2, x=2) + line(3, x=3)[:-20]
    store = read("ray_tune", trial(tmp_path / "t", lines))
    assert store.curve("t", "x") == [(1, 1), (2, 2)]
    told = {(p.code, p.place) for p in store.problems}
    assert told == {
        ("RR373", "result.json:2"),
        ("RR373", "result.json:3"),
        ("RR372", "result.json"),
    }


@pytest.mark.parametrize(
    "content", ["{", "[]", '{"trial_data": 3}', '{"trial_data": [3, [], "x"]}']
)
def test_a_broken_state_leaves_the_trials(tmp_path, content: str) -> None:
    trial(tmp_path / "exp" / "t", line(1, x=1))
    write(tmp_path / "exp" / "experiment_state-x.json", content)
    store = read("ray_tune", tmp_path / "exp")
    assert store.curve("t", "x") == [(1, 1)]
    assert store.runs["t"].status == "unknown"


def test_a_folder_without_trials_is_refused(tmp_path) -> None:
    (tmp_path / "exp").mkdir()
    with pytest.raises(SourceError, match="RR370"):
        read("ray_tune", tmp_path / "exp")


def test_reading_on_gives_what_reading_anew_gives(tmp_path) -> None:
    exp, cache = tmp_path / "exp", tmp_path / "cache"
    trial(exp / "t", line(1, x=1), lr=0.1)
    trial(exp / "u", line(1, x=1))
    whole = line(4, x=9, y=2)
    for text in (line(2, x=2), "", line(3, x=math.nan, y=1), whole[:30], whole[30:]):
        with (exp / "t" / "result.json").open("a") as file:
            file.write(text)
        fresh = facts(read("ray_tune", exp))
        assert facts(read("ray_tune", exp, cache)) == fresh
        assert facts(read("ray_tune", exp, cache)) == fresh
    done = {"trial_id": "ab_0", "status": "TERMINATED", "relative_logdir": "t"}
    write(exp / "experiment_state-1.json", state((done, {})))
    assert facts(read("ray_tune", exp, cache)) == facts(read("ray_tune", exp))
    assert read("ray_tune", exp, cache).runs["t"].status == "finished"


def test_lines_without_an_iteration_are_counted_however_often_they_are_read(tmp_path) -> None:
    folder, cache = tmp_path / "t", tmp_path / "cache"
    trial(folder, json.dumps({"x": 1}) + "\n" + json.dumps({"x": 2}) + "\n")
    assert read("ray_tune", folder, cache).curve("t", "x") == [(0, 1), (1, 2)]
    for extra in (json.dumps({"x": 3}) + "\n", "{oops\n", "{oops too\n"):
        with (folder / "result.json").open("a") as file:
            file.write(extra)
        assert facts(read("ray_tune", folder, cache)) == facts(read("ray_tune", folder))
    assert read("ray_tune", folder, cache).curve("t", "x") == [(0, 1), (1, 2), (2, 3)]


VALUES = st.one_of(st.floats(), st.integers(), st.booleans(), st.none(), st.text(max_size=5))


@settings(max_examples=50, deadline=None)
@given(rows=st.lists(st.dictionaries(st.sampled_from(["a", "b/c", "é"]), VALUES), max_size=20))
def test_every_number_that_was_logged_is_read(rows, tmp_path_factory) -> None:
    folder = tmp_path_factory.mktemp("trials") / "t"
    lines = "".join(line(step, **row) for step, row in enumerate(rows))
    store = read("ray_tune", trial(folder, lines))
    for name in ("a", "b/c", "é"):
        expected = [
            (step, float(row[name]))
            for step, row in enumerate(rows)
            if isinstance(row.get(name), int | float) and not isinstance(row[name], bool)
        ]
        assert alike(store.curve("t", name), expected)
