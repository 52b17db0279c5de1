"""What a spec extends, and profiles."""

from __future__ import annotations

import os

import pytest

from runreport.design import Margin
from runreport.spec.marked import read_text
from runreport.spec.trees import merge
from tests.spec.specs import codes, marked, read, the, write


def test_mappings_merge_deeply_and_lists_are_replaced(tmp_path):
    write(
        tmp_path,
        """\
        report: {title: House, authors: [House]}
        metrics: {loss: {goal: minimize, unit: nats}, time: {unit: s}}
        """,
        "house.yaml",
    )
    spec = read(
        tmp_path,
        """\
        extends: house.yaml
        report: {authors: [Ada, Bob]}
        metrics: {loss: {unit: bits}}
        """,
    ).spec
    assert (spec.report.title, spec.report.authors) == ("House", ("Ada", "Bob"))
    loss, time = (metric for metric, _ in spec.metrics)
    assert (loss.goal, loss.unit, time.unit) == ("minimize", "bits", "s")
    assert [path.name for path in spec.files] == ["runreport.yaml", "house.yaml"]


def test_merging_does_not_change_what_it_merges():
    below = read_text("a: {b: 1, c: [1]}", "below")
    merged = merge(below, read_text("a: {c: [2]}", "above"))
    assert [i.value for i in merged.mapping["a"].mapping["c"].sequence] == [2]
    assert [i.value for i in below.mapping["a"].mapping["c"].sequence] == [1]
    assert merged.mapping["a"].mapping["b"].value == 1


def test_files_extend_files_and_paths_start_from_the_file_that_names_them(tmp_path):
    write(tmp_path, "sources: [{mlflow: store.db}]\noutput: out", "a/b/low.yaml")
    write(tmp_path, "extends: b/low.yaml\ntheme: ./mine", "a/middle.yaml")
    path = write(tmp_path, "extends: ../a/middle.yaml", "c/runreport.yaml")
    from runreport import registry
    from runreport.spec.load import load_spec

    spec = load_spec(path, sections=registry.SECTIONS, sources=registry.SOURCES, environ={})
    assert (path.parent / spec.theme).resolve() == tmp_path / "a" / "mine"
    assert spec.sources[0].base.resolve() == tmp_path / "a" / "b"
    assert spec.output.resolve() == tmp_path / "a" / "b" / "out"
    assert [p.name for p in spec.files] == ["runreport.yaml", "middle.yaml", "low.yaml"]


def test_problems_of_an_extended_file_stand_in_that_file(tmp_path):
    write(tmp_path, "report: {titel: x}", "house.yaml")
    loaded = read(tmp_path, "extends: house.yaml\nthem: x")
    assert codes(loaded) == ["RR102", "RR102"]
    assert marked(loaded) == ["them", "titel"]
    assert loaded.problems[1].span.file == os.path.join(tmp_path, "house.yaml")


def test_a_circle_of_files_is_refused_at_the_line_that_closes_it(tmp_path):
    write(tmp_path, "extends: runreport.yaml", "house.yaml")
    loaded = read(tmp_path, "extends: house.yaml")
    message, _ = the(loaded, "RR111")
    assert "runreport.yaml -> house.yaml -> runreport.yaml" in message
    assert marked(loaded) == ["runreport.yaml"]


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("nowhere.yaml", "RR101"),
        (".", "RR111"),
        ("https://example.org/house.yaml", "RR111"),
        ('"\\0"', "RR101"),
        ("[a.yaml]", "RR109"),
        ("7", "RR109"),
        ("''", "RR109"),
        ("${house}", "RR114"),
        ("${env:HOUSE}", "RR119"),
    ],
)
def test_what_cannot_be_extended_is_said_and_the_rest_is_still_checked(tmp_path, value, code):
    loaded = read(tmp_path, f"extends: {value}\nthem: x")
    assert codes(loaded) == [code, "RR102"] or (code, loaded.problems[0].code) == ("RR101", "RR111")
    assert loaded.problems[0].span is not None


def test_a_fifo_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe.yaml")
    the(read(tmp_path, "extends: pipe.yaml"), "RR111")


def test_a_long_chain_ends(tmp_path):
    for n in range(40):
        write(tmp_path, f"extends: f{n + 1}.yaml", f"f{n}.yaml")
    write(tmp_path, "theme: x", "f40.yaml")
    message, _ = the(read(tmp_path, "extends: f0.yaml"), "RR111")
    assert "more than 20 files" in message


def test_the_environment_can_name_the_extended_file(tmp_path):
    write(tmp_path, "theme: print", "house.yaml")
    loaded = read(tmp_path, 'extends: "${env:HOUSE}"', environ={"HOUSE": "house.yaml"})
    assert loaded.spec.theme == "print"


def test_the_designs_own_example_loads(tmp_path):
    write(tmp_path, "theme: print", "house.yaml")
    text = """\
    report: {title: "Which optimiser for digits?", authors: [Vision team]}
    vars: {store: examples/quickstart/mlflow.db}
    extends: house.yaml
    sources:
      - {mlflow: "sqlite:///${store}", experiments: [digits]}
    runs:
      where: status == "finished" and learning_rate > 0.001 and tags.team in ["vision"]
      since: 30d
      sort: -val_accuracy
    groups:
      by: all_but(seed)            # or [params.optimizer]
      replicates: seed
      pair_by: seed
      baseline: optimizer == "sgd"
    metrics:
      val_accuracy: {goal: maximize, unit: "%", scale: 100, value: last, margin: 0.5, primary: true}
      train_time: {goal: minimize, unit: s, role: operational}
    comparison: {alpha: 0.05, correction: holm}
    pages:
      - title: Summary
        sections:
          - summary
          - runs: {columns: [name, params.optimizer, max(val_accuracy), at(min(val_loss)).val_accuracy as best]}
          - history: {metric: val_loss, band: ci}
          - significance: {metrics: [val_accuracy, train_time]}
      - title: Run ${run.name}
        foreach: run               # one page per selected run (or group)
        sections: [run]
    gates:
      - {metric: val_accuracy, require: better, against: baseline}
      - {metric: train_time, require: not_worse, margin: 5%, severity: warning}
    decision: {question: ..., decided: ..., by: ..., because: ...}
    """  # noqa: E501  as it is written there
    loaded = read(tmp_path, text)
    assert codes(loaded) == []
    spec = loaded.spec
    assert spec.sources[0].options.location == "sqlite:///examples/quickstart/mlflow.db"
    columns = spec.pages[0].sections[1].options.columns
    assert [c.heading for c in columns] == [None, None, None, "best"]
    assert spec.theme == "print"
    assert spec.gates[1].margin == Margin(5.0, relative=True)


def test_a_profile_is_merged_over_the_spec(tmp_path):
    text = """\
    theme: default
    runs: {limit: 10, where: lr == 1}
    profiles:
      nightly: {theme: print, runs: {limit: 500}}
    """
    plain, nightly = read(tmp_path, text).spec, read(tmp_path, text, profile="nightly").spec
    assert (plain.theme, plain.runs.limit) == ("default", 10)
    assert (nightly.theme, nightly.runs.limit) == ("print", 500)
    assert nightly.runs.where.text == "lr == 1"


def test_an_unknown_profile_is_an_error_with_the_nearest_name(tmp_path):
    loaded = read(tmp_path, "profiles: {nightly: {}}", profile="nightli")
    assert the(loaded, "RR118") == ("unknown profile 'nightli'", "did you mean 'nightly'?")
    assert the(read(tmp_path, "theme: x", profile="a"), "RR118")[1] == "the spec has no `profiles`"


def test_a_profile_that_is_not_chosen_is_checked_for_its_keys(tmp_path):
    assert marked(read(tmp_path, "profiles: {nightly: {rnus: {}}}")) == ["rnus"]
