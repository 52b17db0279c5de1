"""The meaning pass: names of a spec against what stores hold."""

from __future__ import annotations

import pytest

from runreport.spec.check import check_names
from runreport.spec.names import Names
from tests.spec.specs import marked, read

NAMES = Names(
    params=frozenset({"lr", "seed", "optimizer"}),
    metrics=frozenset({"loss", "accuracy", "f1/cat", "f1/dog"}),
    tags=frozenset({"team"}),
    runs=6,
)


def check(tmp_path, text, names=NAMES):
    loaded = read(tmp_path, text)
    assert loaded.errors == ()
    problems = check_names(loaded.spec, names)
    places = marked(type(loaded)(loaded.spec, tuple(problems), True, loaded.names))
    return [(p.code, p.severity, place) for p, place in zip(problems, places, strict=True)]


def test_names_that_exist_are_fine(tmp_path):
    text = """\
    runs: {where: lr < 1 and tags.team == "a", sort: [-loss, name]}
    groups: {by: all_but(seed), replicates: seed, pair_by: params.seed, baseline: lr == 1}
    metrics: {loss: , best: {value: max(accuracy)}, f1/*: {context: class}}
    pages: [{title: T, sections: [bars: best, history: f1/cat, scatter: {x: lr, y: best}]}]
    """
    assert check(tmp_path, text) == []


def test_every_place_of_a_name_is_checked_at_once(tmp_path):
    text = """\
    runs:
      where: l1 < 1
      sort: [-l2]
    groups:
      by: [params.l3]
      replicates: l4
      pair_by: l5
      baseline: l6 == 1
    metrics:
      l7: {goal: minimize}
      best: {value: max(l8)}
    pages:
      - title: T
        sections:
          - bars: l9
          - scatter: {x: lr, y: l10}
          - parallel: {columns: [lr, l11], color: l12}
    gates: [{metric: l13, require: better}]
    """
    found = check(tmp_path, text)
    assert [place.removeprefix("params.") for _, _, place in found] == [
        f"l{n}" for n in range(1, 14)
    ]
    assert {code for code, _, _ in found} == {"RR200", "RR211", "RR213"}


def test_columns_of_all_but_are_params(tmp_path):
    assert check(tmp_path, "groups: {by: 'all_but(seed, sed)'}") == [("RR212", "error", "sed")]


def test_an_empty_store_says_nothing_about_names(tmp_path):
    assert check(tmp_path, "runs: {where: x == 1}\nmetrics: {y: }", Names()) == []


def test_a_metric_is_not_doubted_where_no_run_logged_any(tmp_path):
    names = Names(params=NAMES.params, runs=6)
    assert check(tmp_path, "metrics: {loss: }", names) == [("RR213", "warning", "loss")]


def test_a_family_without_members_is_a_warning(tmp_path):
    text = "metrics: {f2/*: , f1/*: }"
    assert check(tmp_path, text) == [("RR213", "warning", "f2/*")]


@pytest.mark.parametrize(
    ("metric", "hint"),
    [
        ("lss", "did you mean 'loss'?"),
        ("lr", "that is a param"),
        ("max(loss)", "declare it"),
        ("f1/*", "declare the family"),
    ],
)
def test_the_hint_tells_what_was_probably_meant(tmp_path, metric, hint):
    loaded = read(tmp_path, f"pages: [{{title: T, sections: [bars: {{metric: {metric}}}]}}]")
    (problem,) = check_names(loaded.spec, NAMES)
    assert problem.code == "RR211"
    assert hint in problem.hint


def test_thousands_of_wrong_names_end_in_a_bounded_list(tmp_path):
    entries = "\n".join(f"  - bars: wrong{n}" for n in range(3000))
    loaded = read(tmp_path, f"pages:\n- title: T\n  sections:\n{entries}")
    names = Names(metrics=frozenset(f"metric{n}" for n in range(3000)), runs=1)
    assert len(check_names(loaded.spec, names)) == 100
