"""One run's page."""

from __future__ import annotations

import math
import time
from dataclasses import replace

import pytest

from runreport.blocks import Facts, Figure, Fold, Headline, Href, Markdown, Note, RunRef, Table
from runreport.design import Design, Metric
from runreport.sections import run
from runreport.sections.run import Options
from tests import reading
from tests.studies import study

METRICS = [
    Metric("accuracy", goal="maximize", unit="%", scale=100, value="max", primary=True),
    Metric("loss", goal="minimize"),
]
RUNS = [
    {
        "name": f"sgd-{seed}",
        "params": {"optimizer": "sgd", "seed": seed, "lr": "1e-3"},
        "metrics": {
            "accuracy": [0.5, 0.9, 0.8 + seed / 100],
            "loss": [1.0, math.nan, 0.25],
            "extra": 7.0,
        },
        "tags": {"team": "vision", "mlflow.runName": "x", "mlflow.note.content": "It **works**."},
        "artifacts": [
            ("log.txt", "log", 2260, "md5:1234", None),
            ("m.bin", "model", None, None, None),
        ],
        "lineage": [
            ("code", "digits", "main", "ab" * 20, True, "https://example.org/digits"),
            ("model", "digits@champion", "3", None, None, None),
        ],
    }
    for seed in range(1, 5)
]


def context(runs=RUNS, **more):
    given = {"metrics": METRICS, "subject_run": 1, **more}
    return study(runs, by=["optimizer"], replicates="seed", **given)


def blocks_of(made, **options):
    chosen = Options(**options)
    return run.present(run.compute(made, chosen), chosen)


def table(blocks, first, nth=0):
    return [t for t in reading.find(blocks, Table) if t.columns[0].title == first][nth]


def test_on_a_page_without_a_subject_it_says_how_to_get_one():
    (note,) = blocks_of(context(subject_run=None))
    assert isinstance(note, Note)
    assert "foreach: run" in reading.said([note])


def test_its_facts_stand_first():
    facts = {
        item.label: reading.words(item.words)
        for block in reading.find(blocks_of(context()), Facts)
        for item in block.items
    }
    assert facts == {
        "Status": "finished",
        "Started": "2026-03-01 09:10 UTC",
        "Duration": "1 min 30 s",
        "Experiment": "study",
        "User": "ada",
    }


def test_metrics_show_last_extremes_steps_and_what_is_not_finite():
    found = table(blocks_of(context()), "Metric")
    values = {
        reading.words(row.cells[0].words): [cell.value for cell in row.cells[1:]]
        for row in found.rows
    }
    assert reading.headings(found) == [
        "Metric",
        "Reported",
        "Last",
        "Lowest",
        "at step",
        "Highest",
        "at step",
        "Last step",
        "Points",
        "NaN or ∞",
    ]
    # reported by its maximum, in per cent
    assert values["accuracy (%) ↑"] == pytest.approx([90, 82, 50, 0, 90, 1, 2, 3, 0])
    assert values["loss ↓"] == pytest.approx([0.25, 0.25, 0.25, 2, 1, 0, 2, 3, 1])
    assert values["extra"] == pytest.approx([7, 7, 7, 0, 7, 0, 0, 1, 0])


def test_a_negative_scale_turns_lowest_and_highest():
    made = context(metrics=[Metric("loss", scale=-1.0)])
    row = reading.cell(table(blocks_of(made), "Metric"), "loss", "Lowest")
    assert row.value == -1.0
    assert reading.cell(table(blocks_of(made), "Metric"), "loss", "Highest").value == -0.25


def test_what_was_not_read_is_a_dash_and_said():
    made = context()
    summary = made.subject_run.metrics["extra"]
    unread = replace(
        summary, count=None, first=None, min=None, max=None, step_of_min=None, step_of_max=None,
        non_finite=None,
    )  # fmt: skip
    subject = replace(made.subject_run, metrics={"extra": unread, "accuracy": summary})
    blocks = blocks_of(replace(made, subject_run=subject, subject_group=made.groups[0]))
    assert reading.cell(table(blocks, "Metric"), "extra", "Lowest").value is None
    assert "Only the last value was read" in reading.said(blocks)
    assert "loss: never logged it." in reading.said(blocks)


def test_a_failed_run_says_that_it_enters_no_mean():
    runs = [{**RUNS[0]}, {**RUNS[1], "status": "failed"}]
    notes = reading.find(blocks_of(context(runs)), Note)
    assert [note.title for note in notes] == ["This run failed"]


def test_its_note_is_markdown_and_no_tag_besides():
    blocks = blocks_of(context())
    assert [block.text for block in reading.find(blocks, Markdown)] == ["It **works**."]
    shown = {row["Tag"] for t in reading.find(blocks, Table) if t.columns[0].title == "Tag"
             for row in reading.shown(t)}  # fmt: skip
    assert shown == {"team", "mlflow.runName"}
    (fold,) = [f for f in reading.find(blocks, Fold) if "tracker" in f.title]
    assert reading.column(reading.find(fold.body, Table)[0], "Tag") == ["mlflow.runName"]


def test_params_artifacts_and_origin_are_listed():
    blocks = blocks_of(context())
    assert reading.shown(table(blocks, "Param")) == [
        {"Param": "lr", "Value": "1e-3"},
        {"Param": "optimizer", "Value": "sgd"},
        {"Param": "seed", "Value": "2"},
    ]
    files = table(blocks, "File")
    assert reading.column(files, "Size") == [2260.0, None]
    assert reading.shown(files)[0]["Digest"] == "md5:1234"
    origin = {row["Fact"]: row["Value"] for row in reading.shown(table(blocks, "Fact"))}
    assert origin["commit"] == "ab" * 20
    assert origin["uncommitted changes"] == "yes"
    assert origin["model"] == "digits@champion 3"
    link = reading.cell(table(blocks, "Fact"), "repository", "Value").words[0]
    assert link == Href("https://example.org/digits", "digits")


def test_its_neighbours_are_the_other_runs_of_its_group():
    blocks = blocks_of(context())
    found = table(blocks, "Run")
    assert [cell.words[0].text for cell in (row.cells[0] for row in found.rows)] == [
        "sgd-1",
        "sgd-3",
        "sgd-4",
    ]
    assert all(isinstance(row.cells[0].words[0], RunRef) for row in found.rows)
    assert reading.column(found, "seed") == ["1", "3", "4"]
    assert reading.column(found, "accuracy (%) ↑") == pytest.approx([90, 90, 90])


def test_of_a_large_group_the_nearest_are_listed():
    many = [{"name": f"r{i}", "params": {"optimizer": "sgd", "seed": i}} for i in range(100)]
    found = table(blocks_of(context(many, subject_run=50)), "Run")
    assert len(found.rows) == 12
    assert {row["Run"] for row in reading.shown(found)} == {
        f"r{i}" for i in range(44, 57) if i != 50
    }
    assert "The 12 nearest of 99 other runs" in reading.said([found])


def test_the_only_run_of_its_group_is_said_to_be():
    said = reading.said(blocks_of(context([RUNS[0]], subject_run=0)))
    assert "This is the only run of optimizer=sgd." in said


def test_curves_are_drawn_when_asked_and_read_then_alone():
    assert reading.find(blocks_of(context()), Figure) == []
    figures = reading.find(blocks_of(context(), curves=True), Figure)
    assert [figure.title for figure in figures] == ["accuracy over step", "loss over step"]
    assert reading.column(figures[0].table, "accuracy") == pytest.approx([50, 50, 90, 82])
    assert "1 point NaN or infinite" in reading.words(figures[1].note)
    design = Design(metrics=tuple(METRICS))
    assert run.needs(Options(), design).histories == frozenset()
    assert run.needs(Options(curves=True), design).histories == {"accuracy", "loss"}
    assert run.needs(Options(curves=True, metrics=("extra",)), design).histories == {"extra"}


def test_a_run_that_logged_nothing_says_so():
    said = reading.said(blocks_of(study([{"name": "a", "user": None}], subject_run=0)))
    assert "No metric was logged." in said
    assert "No param was logged." in said
    assert "Nothing was logged about code, data or environment." in said


def test_headings_are_in_one_order():
    titles = [h.text for h in reading.find(blocks_of(context()), Headline)]
    assert titles == ["Notes", "Metrics", "Params", "Origin", "Artifacts", "Tags", "Its group"]


def test_a_thousand_runs_cost_little_each():
    """Five milliseconds a page, many times of what it takes; a walk over all runs takes more."""
    many = [
        {
            "name": f"r{i}",
            "params": {"optimizer": "sgd", "seed": i} | {f"p{n}": n for n in range(20)},
            "metrics": {"accuracy": i / 2000, "loss": 1.0},
        }
        for i in range(1000)
    ]
    made = context(many, subject_run=0)

    def cost(count):
        started = time.process_time()
        for subject in made.runs[:count]:
            page = replace(made, subject_run=subject, subject_group=made.groups[0])
            blocks_of(page)
        return time.process_time() - started

    cost(20)
    assert cost(1000) < 5.0
