"""The source `hf_trainer` against the rows of the Trainer's own files."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest

from runreport.errors import SourceError
from tests.shared import SHARED, needs_shared
from tests.sources.folder_stores import alike, facts, found_at, read, write

SAMPLE = SHARED / "samples" / "hf_trainer"


def state(rows: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    last = max((row.get("step", 0) for row in rows), default=0)
    return {
        "best_metric": None,
        "best_model_checkpoint": None,
        "epoch": 1.0,
        "global_step": last,
        "log_history": rows,
        "max_steps": 100,
        "num_train_epochs": 3,
        "total_flos": 0,
        "trial_name": None,
        "trial_params": None,
        **more,
    }


@needs_shared("samples", "hf_trainer")
def test_the_sample_has_every_row_of_its_history() -> None:
    store = read("hf_trainer", SAMPLE)
    history = json.loads((SAMPLE / "run1" / "trainer_state.json").read_text())["log_history"]
    expected: dict[str, list[tuple[float, float]]] = {}
    for row in history:
        for name, value in row.items():
            if name != "step":
                expected.setdefault(name, []).append((row["step"], value))
    results = json.loads((SAMPLE / "run1" / "all_results.json").read_text())
    finals = {f"final.{name}": value for name, value in results.items() if name != "epoch"}
    run = store.runs["run1"]
    assert set(run.metrics) == set(expected) | set(finals)
    for name, points in expected.items():
        assert store.curve("run1", name) == points
    for name, value in finals.items():
        assert store.curve("run1", name) == [(16, value)]
    assert run.status == "finished"
    assert run.duration_s == pytest.approx(0.1526)
    assert run.params["model.architectures"].text == '["M"]'
    assert run.params["num_train_epochs"].number == 2
    assert ("transformers", "5.23.0") in {(fact.name, fact.version) for fact in run.lineage}
    assert "RR378" in store.codes()
    assert {a.path for a in run.artifacts} >= {
        "final/model.safetensors",
        "checkpoint-8/config.json",
    }


@needs_shared("samples", "hf_trainer")
def test_the_sample_is_found_from_above_and_itself() -> None:
    assert found_at("hf_trainer", SAMPLE) == {"hf_trainer": "."}
    assert found_at("hf_trainer", SAMPLE / "run1") == {"hf_trainer": "."}


def test_of_several_checkpoints_the_furthest_is_read(tmp_path) -> None:
    out = tmp_path / "out"
    rows = [{"step": step, "loss": 1 / step} for step in (5, 10, 100)]
    for count, step in enumerate((5, 10, 100), start=1):
        write(out / f"checkpoint-{step}" / "trainer_state.json", state(rows[:count]))
    store = read("hf_trainer", out)
    assert store.curve("out", "loss") == [(5, 0.2), (10, 0.1), (100, 0.01)]
    assert store.runs["out"].status == "unknown"


def test_a_checkpoint_that_was_cut_off_leaves_the_one_before(tmp_path) -> None:
    out = tmp_path / "out"
    write(out / "checkpoint-5" / "trainer_state.json", state([{"step": 5, "loss": 0.5}]))
    whole = json.dumps(state([{"step": 10, "loss": 0.25}]))
    write(out / "checkpoint-10" / "trainer_state.json", whole[:60])
    store = read("hf_trainer", out)
    assert store.curve("out", "loss") == [(5, 0.5)]
    assert [(p.code, p.place) for p in store.problems] == [
        ("RR371", "checkpoint-10/trainer_state.json")
    ]


def test_a_checkpoint_that_is_further_than_the_last_saved_state_is_read_aloud(tmp_path) -> None:
    out = tmp_path / "out"
    write(out / "trainer_state.json", state([{"step": 5, "loss": 0.5}]))
    write(
        out / "checkpoint-9" / "trainer_state.json",
        state([{"step": 5, "loss": 0.5}, {"step": 9, "loss": 0.3}]),
    )
    store = read("hf_trainer", out)
    assert store.curve("out", "loss") == [(5, 0.5), (9, 0.3)]
    assert store.codes() == {"RR379"}


def test_values_that_are_not_finite_are_kept(tmp_path) -> None:
    text = json.dumps(state([{"step": 1, "loss": math.nan}, {"step": 2, "loss": math.inf}]))
    assert "NaN" in text
    store = read("hf_trainer", write(tmp_path / "out" / "trainer_state.json", text).parent)
    assert alike(store.curve("out", "loss"), [(1, math.nan), (2, math.inf)])


def test_what_is_only_in_the_results_keeps_its_name(tmp_path) -> None:
    out = tmp_path / "out"
    rows = [{"step": 4, "eval_f1": 0.5, "epoch": 1}, {"step": 4, "train_runtime": 9.5}]
    write(out / "trainer_state.json", state(rows))
    write(out / "all_results.json", {"eval_f1": 0.625, "epoch": 1.0, "train_samples": 7})
    write(out / "predict_results.json", {"predict_f1": 0.75})
    store = read("hf_trainer", out)
    assert store.curve("out", "eval_f1") == [(4, 0.5)]
    assert store.curve("out", "final.eval_f1") == [(4, 0.625)]
    assert store.curve("out", "predict_f1") == [(4, 0.75)]
    assert store.curve("out", "train_samples") == [(4, 7)]
    assert store.runs["out"].status == "finished"
    assert store.runs["out"].duration_s == 9.5


def test_hyperparameters_of_a_model_card_and_an_adapter_are_params(tmp_path) -> None:
    out = tmp_path / "out"
    write(out / "trainer_state.json", state([], trial_params={"lr": 1e-05, "opt": {"eps": 1}}))
    card = (
        "# model\n\n- license: mit\n\n### Training hyperparameters\n\nThe following:\n"
        "- learning_rate: 2e-05\n- optimizer: Use adamw with betas=(0.9,0.999)\n\n"
        "### Training results\n\n- loss: 3\n"
    )
    write(out / "README.md", card)
    write(out / "adapter_config.json", {"r": 8, "base_model_name_or_path": "org/base"})
    write(out / "config.json", {"hidden_size": 64, "id2label": {"0": "a"}, "rope": {"theta": 1e4}})
    store = read("hf_trainer", out)
    params = store.params("out")
    assert params == {
        "num_train_epochs": "3",
        "max_steps": "100",
        "lr": "1e-05",
        "opt.eps": "1",
        "learning_rate": "2e-05",
        "optimizer": "Use adamw with betas=(0.9,0.999)",
        "adapter.r": "8",
        "adapter.base_model_name_or_path": "org/base",
        "model.hidden_size": "64",
        "model.rope.theta": "10000.0",
    }
    assert ("model", "org/base") in {(f.kind, f.name) for f in store.runs["out"].lineage}


def test_trials_of_a_search_are_runs_and_a_kept_copy_of_a_state_is_none(tmp_path) -> None:
    out = tmp_path / "search"
    for trial in range(3):
        place = out / f"run-{trial}" / "checkpoint-5" / "trainer_state.json"
        write(place, state([{"step": 5, "loss": trial}], trial_params={"lr": trial}))
    write(out / "run-0" / "best_model" / "trainer_state.json", state([]))
    store = read("hf_trainer", out)
    assert sorted(store.runs) == ["run-0", "run-1", "run-2"]
    assert [store.params(key)["lr"] for key in sorted(store.runs)] == ["0", "1", "2"]


def test_the_best_value_and_where_it_was_kept_are_told(tmp_path) -> None:
    more = {"best_metric": 0.9, "best_model_checkpoint": "out/checkpoint-5", "total_flos": 12.5}
    write(tmp_path / "out" / "trainer_state.json", state([{"step": 5, "loss": 1}], **more))
    store = read("hf_trainer", tmp_path / "out")
    assert store.curve("out", "best_metric") == [(5, 0.9)]
    assert store.curve("out", "total_flos") == [(5, 12.5)]
    assert store.runs["out"].tags["best_model_checkpoint"] == "out/checkpoint-5"


@pytest.mark.parametrize(
    "content",
    [b"", b"[]", b"{", b"\xff\xfe", b'{"log_history": [1, {"loss": 2}, null]}', b"null", b"3"],
    ids=str,
)
def test_a_broken_state_is_refused_or_read_with_a_problem(tmp_path: Path, content: bytes) -> None:
    write(tmp_path / "logs" / "good" / "trainer_state.json", state([{"step": 1, "loss": 2}]))
    write(tmp_path / "logs" / "bad" / "trainer_state.json", content)
    store = read("hf_trainer", tmp_path / "logs")
    assert store.curve("good", "loss") == [(1, 2)]
    assert any("bad" in (problem.place or "") for problem in store.problems)


def test_when_nothing_can_be_read_it_is_an_error(tmp_path) -> None:
    write(tmp_path / "out" / "trainer_state.json", "{")
    with pytest.raises(SourceError, match="RR371"):
        read("hf_trainer", tmp_path / "out")


def test_a_second_build_says_the_same_and_sees_a_new_checkpoint(tmp_path) -> None:
    out, cache = tmp_path / "out", tmp_path / "cache"
    write(out / "checkpoint-1" / "trainer_state.json", state([{"step": 1, "loss": 1}]))
    first = read("hf_trainer", out, cache)
    assert facts(read("hf_trainer", out, cache)) == facts(first)
    rows = [{"step": 1, "loss": 1}, {"step": 2, "loss": 0.5}]
    write(out / "checkpoint-2" / "trainer_state.json", state(rows))
    assert facts(read("hf_trainer", out, cache)) == facts(read("hf_trainer", out))
    assert read("hf_trainer", out, cache).curve("out", "loss") == [(1, 1), (2, 0.5)]
