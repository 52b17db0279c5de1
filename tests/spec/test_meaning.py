"""Names of an expression against what the stores hold."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runreport.design import Design, Metric
from runreport.errors import Span
from runreport.spec import meaning
from runreport.spec.expressions import Expression, Names, parse
from runreport.spec.names import ATTRIBUTES, qualified

NAMES = Names(
    params=frozenset({"lr", "learning-rate", "model.lr", "loss", "optimizer", "params.lr", "name"}),
    metrics=frozenset({"val_loss", "acc", "loss", "val/f1", "val", "a b"}),
    tags=frozenset({"team", "mlflow.user"}),
    declared=frozenset({"best", "acc"}),
    runs=3,
)
DESIGN = Design(metrics=(Metric("best", value="max(acc) - min(acc)"), Metric("acc", scale=100.0)))


def problems(text: str, names: Names = NAMES, design: Design = DESIGN):
    """Code, the part of the text, message and hint of each problem."""
    expression = parse(text, locate=lambda start, length: Span("f.yaml", 1, start + 1, length))
    return [
        (p.code, text[p.span.column - 1 : p.span.column - 1 + p.span.length], p.message, p.hint)
        for p in expression.problems(names, design)
    ]


@pytest.mark.parametrize(
    "text",
    [
        "lr > 0.1",
        "acc",
        "best > 0.5",
        "max(acc)",
        "run.name",
        "duration < 3600",
        "model.lr == 1",
        "params.model.lr == 1",
        'params["params.lr"]',
        "params.loss + metrics.loss",
        'metrics["val/f1"]',
        'metrics["a b"] > 1',
        'tags["mlflow.user"] == "ada"',
        "val / acc",  # both exist: a division
        "val/acc",
        "max(loss)",  # only a metric can be meant
        "at(min(val_loss)).loss",
        'started > "2026-01-31" and ended < "1d"',
        "baseline(best)",
        "has(metrics.loss)",
    ],
)
def test_names_that_exist_are_fine(text):
    assert problems(text) == []


@pytest.mark.parametrize(
    ("text", "part", "words", "hint"),
    [
        ("optimiser == 1", "optimiser", "no attribute, param or metric `optimiser`", "'optimizer'"),
        ("acc > 1 and vall_loss < 2", "vall_loss", "`vall_loss`", "'val_loss'"),
        ("model.lrr > 1", "model.lrr", "`model.lrr`", "'model.lr'"),
        ("params.model.lrr", "params.model.lrr", "no run has a param", "'model.lr'"),
        ("max(vall_loss)", "vall_loss", "no run logged a metric", "'val_loss'"),
        ("at(min(acc)).vall_loss", "vall_loss", "no run logged a metric", "'val_loss'"),
        ("run.nme", "run.nme", "a run has no attribute", "'name'"),
        ("tags.teem", "tags.teem", "no run has a tag", "'team'"),
        ("team == 1", "team", "no attribute, param or metric", "write tags.team"),
        ("metrics.lr", "metrics.lr", "no run logged", "that name: write params.lr"),
        ("run.lr", "run.lr", "no attribute", "write params.lr"),
        ("optimizer == zzz", "zzz", "`zzz`", 'in quotes: "zzz"'),
        ("optimizer in [zzz, 1]", "zzz", "`zzz`", 'in quotes: "zzz"'),
        ("acc != null", "null", "`null`", "has(x)"),
        ("tags.zzz", "tags.zzz", "no run has a tag", "there are mlflow.user, team"),
        ("params == 1", "params", "`params`", ""),
    ],
)
def test_an_unknown_name_comes_with_the_nearest_one(text, part, words, hint):
    ((code, found, message, remedy),) = problems(text)
    assert (code, found) == ("RR200", part)
    assert words in message
    assert hint in remedy


@pytest.mark.parametrize(
    ("text", "part", "forms"),
    [
        ("loss < 1", "loss", "params.loss or metrics.loss"),
        ("acc > 1 and name == 'x'", "name", "run.name or params.name"),
        # `params.lr` is the param `lr`, or the one that is itself called so
        ("params.lr", "params.lr", 'params["lr"] or params["params.lr"]'),
    ],
)
def test_an_ambiguous_name_lists_the_qualified_forms(text, part, forms):
    ((code, found, _, hint),) = problems(text)
    assert (code, found, hint) == ("RR201", part, f"write {forms}")
    for form in forms.split(" or "):
        assert problems(form) == []


def test_an_attribute_wins_in_an_expression_that_stands_in_no_file():
    assert Expression("name").problems(NAMES, DESIGN) == []


@pytest.mark.parametrize(
    ("text", "part", "hint"),
    [
        ("val/f1 > 0.5", "val/f1", 'write metrics["val/f1"]'),
        ("2*val/f1", "val/f1", 'write metrics["val/f1"]'),
        ("max(val/f1)", "val/f1", 'write metrics["val/f1"]'),
        ("at(max(val/f1)).acc", "val/f1", 'write metrics["val/f1"]'),
        ("learning-rate == 0.1", "learning-rate", 'write params["learning-rate"]'),
        ("1-learning-rate", "learning-rate", 'write params["learning-rate"]'),
        ("acc-learning-rate", "learning-rate", 'write params["learning-rate"]'),
        ("learning-rte == 0.1", "learning-rte", 'did you mean params["learning-rate"]?'),
        ("val/f2 > 0.5", "val/f2", 'did you mean metrics["val/f1"]?'),
    ],
)
def test_a_name_with_an_operator_in_it_is_told_from_arithmetic(text, part, hint):
    ((code, found, message, remedy),) = problems(text)
    assert (code, found, remedy) == ("RR202", part, hint)
    assert ("division" if "/" in part else "subtraction") in message


def test_arithmetic_of_unknown_names_is_not_mistaken_for_a_name():
    assert [p[:2] for p in problems("qqqqq / acc")] == [("RR200", "qqqqq")]
    assert [p[:2] for p in problems("qqqqq/zzzzz")] == [("RR200", "qqqqq"), ("RR200", "zzzzz")]


@pytest.mark.parametrize(
    ("text", "code", "part", "words"),
    [
        ("max(best)", "RR203", "best", "no points of its own"),
        ("at(min(acc)).best", "RR203", "best", "no points of its own"),
        ("max(lr)", "RR204", "lr", "`lr` is a param"),
        ("max(duration)", "RR204", "duration", "`duration` is an attribute"),
        ("mean(acc + val)", "RR204", "acc + val", "one metric"),
        ("started > 'soon'", "RR116", "'soon'", "a date or a length of time"),
        ("'soon' < ended", "RR116", "'soon'", "a date or a length of time"),
        ("started in ['2026-01-01', 3]", "RR116", "3", "a date or a length of time"),
    ],
)
def test_questions_without_an_answer_are_refused(text, code, part, words):
    ((found_code, found, message, _),) = problems(text)
    assert (found_code, found) == (code, part)
    assert words in message


def test_asking_for_what_no_run_has_is_no_error():
    (problem,) = parse("not has(tags.deleted)").problems(NAMES, DESIGN)
    assert (problem.code, problem.severity) == ("RR200", "warning")


def test_every_problem_is_told_once_and_no_more_than_twenty():
    assert len(problems("nope > 1 or nope > 1")) == 2
    assert len(problems(" or ".join(f"nope{i}" for i in range(100)))) == 20


def test_a_store_without_runs_says_nothing_about_names():
    assert problems("anything > 1 and max(other) > 2", Names(declared=frozenset({"x"}))) == []


def test_a_reducer_speaks_of_what_was_logged():
    assert "best" in NAMES.known_metrics
    ((code, _, _, _),) = problems("best", NAMES.logged, Design())
    assert code == "RR200"


@given(st.text(min_size=1, max_size=20), st.sampled_from(["params", "metrics", "tags"]))
def test_the_qualified_form_of_any_name_reads_back_as_that_name(name, family):
    if any("\ud800" <= char <= "\udfff" for char in name):
        return
    node = parse(qualified(family, name)).tree
    assert (node.family, node.name) == (family, name)


# ---- which histories are read --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "metrics"),
    [
        ("acc", set()),
        ("last(val_loss) > 1", set()),
        ("lr * 2", set()),
        ("has(val_loss)", set()),
        ("max(acc)", {"acc"}),
        ("first(acc) < min(val_loss)", {"acc", "val_loss"}),
        ("count(acc) == mean(acc)", {"acc"}),
        ("at(min(val_loss)).acc", {"val_loss", "acc"}),
        ("at(last(val_loss)).metrics['val/f1']", {"val_loss", "val/f1"}),
        ("at_step(acc, 1000)", {"acc"}),
        ("step_above(acc, 0.9)", {"acc"}),
        ("last_step(acc)", set()),
        ("best", {"acc"}),  # by its reducer
        ("baseline(best)", {"acc"}),
        ("not (lr in [best, 1])", {"acc"}),
        ("status == 'finished' and since('7d')", set()),
    ],
)
def test_only_reductions_need_points(text, metrics):
    assert parse(text).histories(NAMES, DESIGN) == metrics


def test_a_text_that_is_no_expression_needs_nothing():
    assert Expression("a >").histories(NAMES, DESIGN) == frozenset()
    assert [p.code for p in Expression("a >").problems(NAMES, DESIGN)] == ["RR120"]


def test_calls_of_a_function_are_found_anywhere():
    assert parse("acc > 1 and acc - baseline(acc) > 0").calls("baseline")
    assert not parse("acc > 1").calls("baseline")


def test_every_attribute_resolves():
    names = Names(runs=1)
    for attribute in ATTRIBUTES:
        assert problems(attribute, names) == []
        assert problems(f"run.{attribute}", names) == []


@pytest.mark.parametrize(
    ("metric", "last", "read"),
    [
        (Metric("acc"), "acc", {"acc"}),
        (Metric("acc", value="max"), None, {"acc"}),
        (Metric("mine", value="last(acc)"), "acc", {"acc"}),
        (Metric("mine", value='metrics["val/f1"]'), "val/f1", {"val/f1"}),
        (Metric("mine", value="at(min(val_loss)).acc"), None, {"acc"}),
        (Metric("mine", value="acc - loss"), None, {"acc"}),
        (Metric("mine", value="acc - metrics.loss"), None, {"acc", "loss"}),
        (Metric("mine", value="step_above(acc, 0.9)"), None, set()),
        (Metric("mine", value="lr"), None, set()),
        (Metric("mine", value="1 +"), None, set()),
    ],
)
def test_a_declared_metric_is_traced_to_what_was_logged(metric, last, read):
    assert meaning.last_of(metric, NAMES) == last
    assert meaning.read_by(metric, NAMES) == read
