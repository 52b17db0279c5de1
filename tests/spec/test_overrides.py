"""`--set path=value`."""

from __future__ import annotations

import pytest

from tests.spec.specs import codes, marked, read, the

TEXT = """\
vars: {n: 3, title: T}
runs: {limit: "${n}"}
metrics: {val.loss: {goal: minimize}, val: {unit: x}}
pages:
  - title: "${title}"
    sections: [parallel, {history: {metric: val.loss}}]
"""


def test_a_value_is_replaced_and_read_as_a_yaml_scalar(tmp_path):
    spec = read(tmp_path, TEXT, sets=["runs.limit=7"]).spec
    assert spec.runs.limit == 7


def test_a_variables_name_alone_is_enough(tmp_path):
    assert read(tmp_path, TEXT, sets=["n=9"]).spec.runs.limit == 9
    assert read(tmp_path, TEXT, sets=["vars.n=9"]).spec.runs.limit == 9


def test_a_key_of_the_spec_wins_over_a_variable_of_that_name(tmp_path):
    spec = read(tmp_path, "vars: {theme: a}\noutput: '${theme}'", sets=["theme=print"]).spec
    assert (spec.theme, spec.output.name) == ("print", "a")


def test_lists_are_entered_by_number(tmp_path):
    sets = ["pages.0.sections.1.history.band=sd", "pages.0.title=Other"]
    (page,) = read(tmp_path, TEXT, sets=sets).spec.pages
    assert (page.title, page.sections[1].options.band) == ("Other", "sd")


def test_keys_with_dots_are_found_longest_first(tmp_path):
    spec = read(tmp_path, TEXT, sets=["metrics.val.loss.unit=nats", "metrics.val.unit=y"]).spec
    assert [(m.name, m.unit) for m, _ in spec.metrics] == [("val.loss", "nats"), ("val", "y")]


def test_parts_that_the_spec_leaves_out_can_be_set(tmp_path):
    sets = ["comparison.alpha=0.01", "output=elsewhere", "runs.where=lr == 1"]
    spec = read(tmp_path, TEXT, sets=sets).spec
    assert spec.comparison.alpha == 0.01
    assert spec.output == tmp_path / "elsewhere"
    assert spec.runs.where.text == "lr == 1"


def test_sets_come_after_the_profile_and_later_ones_win(tmp_path):
    text = f"{TEXT}profiles: {{p: {{theme: a}}}}\n"
    spec = read(tmp_path, text, profile="p", sets=["theme=b", "theme=c"]).spec
    assert spec.theme == "c"


def test_the_value_may_hold_equal_signs_and_variables(tmp_path):
    spec = read(tmp_path, TEXT, sets=["runs.where=lr == 1", "report.title=${title}!"]).spec
    assert spec.runs.where.text == "lr == 1"
    assert spec.report.title == "T!"


@pytest.mark.parametrize(
    ("item", "words", "hint", "place"),
    [
        ("storr=x", "no 'storr' in the spec", "there are", "storr"),
        ("thme=x", "no 'thme' in the spec", "did you mean 'theme'?", "thme"),
        ("titl=x", "no 'titl' in the spec", "did you mean 'title'?", "titl"),
        ("vars.m=x", "no 'm' in 'vars'", "there are n, title", "m"),
        ("metrics.vall.unit=x", "no 'vall' in 'metrics'", "did you mean 'val'?", "vall.unit"),
        ("pages.1.title=x", "is a list of 1, there is no '1'", "from 0 to 0", "1.title"),
        ("pages.-1=x", "there is no '-1'", "from 0 to 0", "-1"),
        ("pages.0.sections.0.history=x", "single value", "set the value itself", "history"),
        ("runs.limit.x=1", "'runs.limit' is a single value", "set the value itself", "x"),
        ("gates.0=x", "has no 'gates'", "write it into the spec", "gates.0"),
        ("nothing", "expected PATH=VALUE", "as in --set runs.limit=20", "--set nothing"),
        ("=x", "expected PATH=VALUE", "as in --set runs.limit=20", "--set =x"),
        ("a.=x", "no 'a' in the spec", "there are", "a."),
    ],
)
def test_a_path_that_leads_nowhere_is_refused(tmp_path, item, words, hint, place):
    loaded = read(tmp_path, TEXT, sets=[item])
    assert codes(loaded) == ["RR113"], loaded.problems
    (problem,) = loaded.problems
    assert words in problem.message
    assert hint in problem.hint
    assert marked(loaded) == [place]


def test_an_unknown_last_key_is_refused_by_the_shape(tmp_path):
    loaded = read(tmp_path, TEXT, sets=["runs.limt=7"])
    assert the(loaded, "RR102") == ("unknown key 'limt' in `runs`", "did you mean 'limit'?")
    assert marked(loaded) == ["limt"]


def test_a_wrong_value_is_marked_on_the_command_line(tmp_path):
    loaded = read(tmp_path, TEXT, sets=["runs.limit=many"])
    assert (codes(loaded), marked(loaded)) == (["RR109"], ["many"])


def test_a_number_too_long_is_text(tmp_path):
    assert codes(read(tmp_path, TEXT, sets=[f"runs.limit={'9' * 5000}"])) == ["RR109"]
