"""Several sources in one report: names, units, and runs that were logged twice."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from runreport import registry
from runreport.history import History
from runreport.pipeline import BuildRequest, load
from runreport.spec.schema import json_schema
from runreport.understand import Facts, read, understand

FIRST = "id,lr,seed,val_accuracy\nr1,0.1,1,0.9\nr2,0.1,2,0.8\n"


def facts_of(folder: Path, second: Sequence[Mapping[str, Any]], options: str) -> Facts:
    """What two sources say: a table of runs and a history of steps."""
    (folder / "first.csv").write_text(FIRST)
    lines = "".join(json.dumps(row) + "\n" for row in second)
    (folder / "second.jsonl").write_text(lines)
    (folder / "runreport.yaml").write_text(
        "sources:\n"
        "  - {files: first.csv, shape: runs, id: id, params: [lr, seed], metrics: [val_accuracy]}\n"
        f"  - {{files: second.jsonl, shape: history, id: run, tags: [other], {options}}}\n"
        "pages: [{title: All, sections: [runs, {history: {metric: loss}}]}]\n"
    )
    return read(load(BuildRequest(folder / "runreport.yaml", os.environ)), os.environ)


def step(run: str, other: str, place: int, **metrics: float) -> dict[str, Any]:
    return {"run": run, "other": other, "step": place, **metrics}


def test_a_run_logged_to_two_trackers_is_one_run_with_the_facts_of_both(tmp_path: Path) -> None:
    rows = [step("x", "r1", 0, loss=1.0), step("x", "r1", 1, loss=0.5)]
    facts = facts_of(tmp_path, rows, "join: {on: tags.other}")
    runs = {run.name: run for run in facts.tables.rows}
    assert set(runs) == {"r1", "r2"}
    assert runs["r1"].metrics["loss"].last == 0.5
    assert runs["r1"].metrics["val_accuracy"].last == 0.9
    assert runs["r1"].params["lr"].number == 0.1
    assert runs["r1"].tags["other"] == "r1"
    assert "loss" not in runs["r2"].metrics
    facts.tables.check()


def test_curves_of_joined_runs_come_under_the_id_of_the_first(tmp_path: Path) -> None:
    rows = [step("x", "r1", 0, loss=1.0), step("x", "r1", 1, loss=0.5)]
    facts = facts_of(tmp_path, rows, "join: {on: tags.other}, rename: {loss: val_loss}")
    (joined,) = (run.id for run in facts.tables.rows if "val_loss" in run.metrics)
    history = History(tmp_path / "history")
    for reader in facts.readers:
        for part in reader.histories([joined], ["val_loss", "loss"]):
            history.add(part)
    assert history.metrics() == {"val_loss"}
    assert list(history.series("val_loss")[joined].value) == [1.0, 0.5]


def test_names_and_units_of_one_source_are_brought_in_line(tmp_path: Path) -> None:
    rows = [step("x", "zz", 0, **{"val/acc": 70.0}), step("x", "zz", 1, **{"val/acc": 85.0})]
    options = 'rename: {"val/acc": val_accuracy}, scale: {val_accuracy: 0.01}'
    facts = facts_of(tmp_path, rows, options)
    (other,) = (run for run in facts.tables.rows if run.name == "x")
    summary = other.metrics["val_accuracy"]
    assert summary.last == pytest.approx(0.85)
    assert (summary.min, summary.step_of_max) == (pytest.approx(0.7), 1.0)
    (part,) = facts.readers[1].histories([other.id], ["val_accuracy"])
    assert part["value"].to_pylist() == pytest.approx([0.7, 0.85])
    assert set(part["metric"].to_pylist()) == {"val_accuracy"}


def test_what_two_trackers_say_differently_is_told_and_the_first_is_believed(
    tmp_path: Path,
) -> None:
    rows = [step("x", "r1", 0, val_accuracy=0.7), step("x", "r1", 1, val_accuracy=0.85)]
    facts = facts_of(tmp_path, rows, "join: {on: tags.other}")
    (first,) = (run for run in facts.tables.rows if run.name == "r1")
    assert first.metrics["val_accuracy"].last == 0.9
    (said,) = (p for p in facts.tables.problems if p.code == "RR381")
    assert "'val_accuracy' of 1 joined runs is another" in said.message
    points = [p for p in facts.readers[1].histories([first.id], ["val_accuracy"]) if p.num_rows]
    assert points == []


def test_runs_that_match_nothing_stay_and_are_named(tmp_path: Path) -> None:
    facts = facts_of(tmp_path, [step("x", "r9", 0, loss=1.0)], "join: {on: tags.other}")
    assert len(facts.tables.rows) == 3
    (said,) = (p for p in facts.tables.problems if p.code == "RR381")
    assert "files-2:second#x" in said.message
    assert said.span is not None
    assert said.span.line == 3


def test_two_runs_that_name_one_are_not_both_joined_to_it(tmp_path: Path) -> None:
    rows = [step("x", "r1", 0, loss=1.0), step("y", "r1", 0, loss=2.0)]
    facts = facts_of(tmp_path, rows, "join: {on: tags.other}")
    assert len(facts.tables.rows) == 3
    assert any("joined already" in p.message for p in facts.tables.problems)


def test_a_name_that_is_taken_is_not_given_away_twice(tmp_path: Path) -> None:
    rows = [step("x", "r9", 0, loss=1.0, error=3.0)]
    facts = facts_of(tmp_path, rows, "rename: {error: loss}")
    (other,) = (run for run in facts.tables.rows if run.name == "x")
    assert (other.metrics["loss"].last, other.metrics["error"].last) == (1.0, 3.0)
    assert any("stays as it is" in p.message for p in facts.tables.problems)


def test_two_names_may_change_places(tmp_path: Path) -> None:
    rows = [step("x", "r9", 0, loss=1.0, error=3.0)]
    facts = facts_of(tmp_path, rows, "rename: {error: loss, loss: error}")
    (other,) = (run for run in facts.tables.rows if run.name == "x")
    assert (other.metrics["loss"].last, other.metrics["error"].last) == (3.0, 1.0)
    (part,) = facts.readers[1].histories([other.id], ["loss"])
    assert part["value"].to_pylist() == [3.0]


def test_a_report_of_joined_sources_is_built_from_both(tmp_path: Path) -> None:
    rows = [step("x", "r1", 0, loss=1.0), step("x", "r1", 1, loss=0.5)]
    facts = facts_of(tmp_path, rows, "join: {on: tags.other}")
    spec = load(BuildRequest(tmp_path / "runreport.yaml", os.environ))
    context = understand(spec, facts, History(tmp_path / "history"), os.environ)
    assert [run.name for run in context.runs] == ["r1", "r2"]
    assert context.history.metrics() == {"loss"}


def test_the_schema_knows_what_every_source_takes() -> None:
    schema = json_schema(registry.SECTIONS, registry.SOURCES)
    entries = schema["properties"]["sources"]
    text = json.dumps(entries)
    for key in ("rename", "scale", "join"):
        assert text.count(f'"{key}"') >= len(registry.SOURCES)
