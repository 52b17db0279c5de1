"""The source `hydra` against what PyYAML reads, and against jobs of Hydra itself."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from runreport.errors import SourceError
from tests.shared import SHARED, needs_shared
from tests.sources.folder_stores import alike, facts, found_at, read, write

SAMPLE = SHARED / "samples" / "hydra" / "multirun"
APP = """
import json
import hydra

@hydra.main(version_base=None, config_path=None, config_name="config")
def main(cfg):
    with open("metrics.json", "w") as file:
        json.dump({"acc": cfg.lr * 2}, file)

from hydra.core.config_store import ConfigStore
ConfigStore.instance().store(
    name="config",
    node={"lr": 0.1, "twice": "${lr}", "name": "yes", "n": None, "sizes": [1, 2.5], "on": True},
)
main()
"""


def job(folder: Path, config: str, overrides: list[str] = [], **files: Any) -> Path:  # noqa: B006
    write(folder / ".hydra" / "config.yaml", config)
    write(folder / ".hydra" / "overrides.yaml", yaml.safe_dump(overrides))
    about = {"hydra": {"job": {"name": "app", "num": 3}, "runtime": {"version": "1.3.2"}}}
    write(folder / ".hydra" / "hydra.yaml", yaml.safe_dump(about))
    for name, content in files.items():
        write(folder / name.replace("__", "."), content)
    return folder


@needs_shared("samples", "hydra")
def test_the_sample_has_the_params_and_metrics_of_its_files() -> None:
    store = read("hydra", SAMPLE)
    assert sorted(store.runs) == ["0", "1", "2", "3"]
    for key, run in store.runs.items():
        config = yaml.safe_load((SAMPLE / key / ".hydra" / "config.yaml").read_text())
        assert run.params["opt.lr"].number == config["opt"]["lr"]
        assert run.params["seed"].number == config["seed"]
        metrics = json.loads((SAMPLE / key / "metrics.json").read_text())
        assert {name: m.last for name, m in run.metrics.items()} == metrics
        overrides = yaml.safe_load((SAMPLE / key / ".hydra" / "overrides.yaml").read_text())
        assert run.tags["hydra.overrides"].split() == overrides
        assert run.experiment == "app"
        assert run.tags["hydra.job.num"] == key
    assert store.codes() == {"RR379"}


@needs_shared("samples", "hydra")
def test_the_sample_is_found_once() -> None:
    assert found_at("hydra", SAMPLE) == {"hydra": "."}
    assert found_at("hydra", SAMPLE.parent) is None


def test_dated_outputs_are_one_store_at_any_depth(tmp_path) -> None:
    job(tmp_path / "outputs" / "2026-01-02" / "10-00-00", "a: 1")
    job(tmp_path / "outputs" / "2026-01-03" / "10-00-00", "a: 1")
    for number in range(2):
        job(tmp_path / "multirun" / "2026-01-02" / "11-00-00" / str(number), "a: 1")
    assert found_at("hydra", tmp_path) is None
    assert found_at("hydra", tmp_path / "outputs") == {"hydra": "."}
    assert found_at("hydra", tmp_path / "multirun") == {"hydra": "."}
    runs = read("hydra", tmp_path / "multirun").runs
    assert sorted(runs) == ["2026-01-02/11-00-00/0", "2026-01-02/11-00-00/1"]


def test_jobs_of_hydra_itself_are_read_as_they_were_configured(tmp_path) -> None:
    pytest.importorskip("hydra", reason="hydra-core is not installed here")
    write(tmp_path / "app.py", APP)
    command = [sys.executable, "app.py", "-m", "lr=0.5,0.25", "hydra.job.chdir=true"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    store = read("hydra", tmp_path / "multirun")
    params = sorted(
        [{name: p.text for name, p in run.params.items()} for run in store.tables.rows],
        key=lambda one: one["lr"],
    )
    rest = {"name": "yes", "sizes": "[1, 2.5]", "on": "true"}
    assert params == [
        {"lr": "0.25", "twice": "0.25", **rest},
        {"lr": "0.5", "twice": "0.5", **rest},
    ]
    assert sorted(run.metrics["acc"].last or 0 for run in store.tables.rows) == [0.5, 1.0]


def test_references_are_resolved_and_what_is_missing_is_left_out(tmp_path) -> None:
    config = (
        "a: {b: 1e-4}\nsame: ${a.b}\nnext: ${same}\nloop: ${pool}\npool: ${loop}\n"
        "when: ${now:%Y}\nmixed: x-${a.b}\nneeded: ???\nnone: null\n"
    )
    assert read("hydra", job(tmp_path / "j", config)).params("j") == {
        "a.b": "1e-4",
        "same": "1e-4",
        "next": "1e-4",
        "loop": "${pool}",
        "pool": "${loop}",
        "when": "${now:%Y}",
        "mixed": "x-${a.b}",
    }


METRICS = {
    "metrics__json": '{"acc": 0.5, "val": {"loss": NaN}, "text": "x", "flag": true}',
    "metrics__yaml": "acc: 0.5\nval: {loss: .nan}\ntext: x\nflag: true\n",
}


@pytest.mark.parametrize("name", sorted(METRICS))
def test_an_object_of_numbers_is_last_values_and_texts_are_tags(tmp_path, name: str) -> None:
    store = read("hydra", job(tmp_path / "j", "a: 1", **{name: METRICS[name]}))
    assert store.curve("j", "acc") == [(0, 0.5)]
    assert alike(store.curve("j", "val.loss"), [(0, math.nan)])
    assert store.runs["j"].tags["metrics.text"] == "x"
    assert store.runs["j"].tags["metrics.flag"] == "true"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("metrics__jsonl", '{"step": 1, "loss": 2}\n{"step": 5, "loss": Infinity}\n'),
        ("metrics__csv", "step,loss\n1,2\n5,inf\n"),
        ("results__json", '[{"step": 1, "loss": 2}, {"step": 5, "loss": Infinity}]'),
        ("metrics__json", '{"history": [{"step": 1, "loss": 2}, {"step": 5, "loss": Infinity}]}'),
    ],
)
def test_rows_are_a_history(tmp_path, name: str, content: str) -> None:
    store = read("hydra", job(tmp_path / "j", "a: 1", **{name: content}))
    assert store.curve("j", "loss") == [(1, 2), (5, math.inf)]


def test_lists_of_numbers_count_from_zero(tmp_path) -> None:
    content = {"loss": [3, 2.5], "names": ["a"]}
    store = read("hydra", job(tmp_path / "j", "a: 1", metrics__json=content))
    assert store.curve("j", "loss") == [(0, 3), (1, 2.5)]
    assert "RR375" in store.codes()


def test_the_file_of_metrics_can_be_named(tmp_path) -> None:
    files = {"metrics__json": {"acc": 1}, "out/final-3__json": {"acc": 2}}
    folder = job(tmp_path / "j", "a: 1", **files)
    assert read("hydra", folder).curve("j", "acc") == [(0, 1)]
    store = read("hydra", folder, metrics="out/final-*.json")
    assert store.curve("j", "acc") == [(0, 2)]
    assert "metrics.json" in {a.path for a in store.runs["j"].artifacts}
    assert "RR379" in read("hydra", folder, metrics="nothing.json").codes()


def test_a_logger_of_lightning_inside_a_job_is_read_where_nothing_else_is(tmp_path) -> None:
    folder = job(tmp_path / "j", "a: 1")
    write(folder / "csv" / "version_0" / "metrics.csv", "epoch,step,loss\n0,7,0.5\n1,9,\n")
    store = read("hydra", folder)
    assert store.curve("j", "loss") == [(7, 0.5)]
    assert store.curve("j", "epoch") == [(7, 0), (9, 1)]


def test_what_a_sweeper_found_best_marks_its_job(tmp_path) -> None:
    for number, x in enumerate(("1.50", "2.0")):
        job(tmp_path / "m" / str(number), f"x: {x}\ny: 1", [f"x={x}"])
    best = "name: optuna\nbest_params:\n  x: 1.5\nbest_value: 0.25\n"
    write(tmp_path / "m" / "optimization_results.yaml", best)
    runs = read("hydra", tmp_path / "m").runs
    assert runs["0"].tags["hydra.best"] == "true"
    assert runs["0"].tags["hydra.best_value"] == "0.25"
    assert "hydra.best" not in runs["1"].tags
    assert runs["1"].tags["hydra.sweeper"] == "optuna"


def test_of_several_objectives_each_job_that_none_beats_is_marked(tmp_path) -> None:
    for number in range(3):
        job(tmp_path / "m" / str(number), f"x: {number}")
    solutions = [{"params": {"x": number}, "values": [number, 0.5]} for number in (0, 2)]
    best = yaml.safe_dump({"name": "optuna", "solutions": solutions})
    write(tmp_path / "m" / "optimization_results.yaml", best)
    runs = read("hydra", tmp_path / "m").runs
    assert [runs[key].tags.get("hydra.best") for key in "012"] == ["true", None, "true"]
    assert runs["2"].tags["hydra.best_value"] == "[2, 0.5]"


def test_pickles_are_told_and_never_loaded(tmp_path) -> None:
    folder = job(tmp_path / "j", "a: 1")
    write(folder / ".hydra" / "job_return.pickle", b"cos\nsystem\n(S'touch never'\ntR.")
    assert "RR378" in read("hydra", folder).codes()


def test_a_broken_job_leaves_the_others(tmp_path) -> None:
    job(tmp_path / "m" / "0", "a: 1", metrics__json={"acc": 1})
    job(tmp_path / "m" / "1", "a: [1", metrics__json="{")
    job(tmp_path / "m" / "2", "- 1", metrics__json={"acc": 3})
    store = read("hydra", tmp_path / "m")
    assert [store.curve(key, "acc") for key in ("0", "1", "2")] == [[(0, 1)], [], [(0, 3)]]
    places = {problem.place or "" for problem in store.problems}
    assert any(place.startswith("1/.hydra/config.yaml") for place in places)
    assert any(place.startswith("1/metrics.json") for place in places)


def test_a_folder_without_jobs_is_refused(tmp_path) -> None:
    (tmp_path / "m").mkdir()
    with pytest.raises(SourceError, match="RR370"):
        read("hydra", tmp_path / "m")


def test_a_second_build_says_the_same_and_sees_what_changed(tmp_path) -> None:
    cache = tmp_path / "cache"
    job(tmp_path / "m" / "0", "a: 1", metrics__json={"acc": 1})
    first = facts(read("hydra", tmp_path / "m", cache))
    assert facts(read("hydra", tmp_path / "m", cache)) == first
    write(tmp_path / "m" / "0" / "metrics.json", {"acc": 2.5})
    job(tmp_path / "m" / "1", "a: 2")
    again = facts(read("hydra", tmp_path / "m", cache))
    assert again == facts(read("hydra", tmp_path / "m")) != first
