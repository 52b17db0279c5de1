"""Every run as a mark: where it stands, and what has no place."""

from __future__ import annotations

import math

import pytest

from runreport.blocks import Figure, Note
from runreport.design import Metric
from runreport.sections import scatter
from runreport.sections.scatter import Options
from runreport.spec.expressions import Expression
from tests import reading
from tests.studies import study

ACCURACY = Metric("accuracy", goal="maximize", unit="%", scale=100)


def run(name, accuracy, **params):
    metrics = {} if accuracy is None else {"accuracy": accuracy}
    return {"name": name, "params": params, "metrics": metrics}


def blocks_of(made, x="lr", y="accuracy", **options):
    chosen = Options(Expression(x), Expression(y), **options)
    return scatter.present(scatter.compute(made, chosen), chosen)


def cloud_of(made, *args, **options):
    (figure,) = reading.find(blocks_of(made, *args, **options), Figure)
    return figure.data


def context(runs, by=("opt",), **more):
    return study(runs, by=list(by), metrics=[ACCURACY], **more)


THREE = [
    run("a", 0.5, lr=0.1, opt="sgd"),
    run("b", 0.75, lr=0.01, opt="sgd"),
    run("c", 0.875, lr=0.001, opt="adam"),
]


def test_marks_stand_at_their_values_in_displayed_units():
    made = context(THREE)
    cloud = cloud_of(made, log_x=False)
    assert cloud.x.tolist() == [0.1, 0.01, 0.001]
    assert cloud.y.tolist() == [50, 75, 87.5]
    assert cloud.run_ids == tuple(run.id for run in made.runs)
    assert cloud.tokens == ("series-1", "series-1", "series-2")
    assert cloud.y_axis.label == "accuracy (%) ↑"


def test_log_axes_place_by_log10():
    cloud = cloud_of(context(THREE), log_x=True)
    assert cloud.x == pytest.approx([-1, -2, -3])
    assert cloud.x_axis.scale.log


def test_zero_and_negative_values_have_no_place_on_a_log_axis_and_are_named():
    runs = [*THREE, run("zero", 0.5, lr=0, opt="sgd"), run("below", 0.5, lr=-1, opt="sgd")]
    blocks = blocks_of(context(runs), log_x=True)
    assert len(reading.find(blocks, Figure)[0].data.run_ids) == 3
    assert "Not shown: zero, below (lr is 0 or below on a log axis)." in reading.said(blocks)


def test_what_has_no_value_is_named_by_its_reason_and_never_placed_at_zero():
    runs = [
        *THREE,
        run("nan", math.nan, lr=1, opt="sgd"),
        run("never", None, lr=1, opt="sgd"),
        run("unset", 0.5, opt="sgd"),
    ]
    blocks = blocks_of(context(runs))
    said = reading.said(blocks)
    assert "nan (accuracy is NaN)" in said
    assert "never (never logged accuracy)" in said
    assert "unset (no value of lr)" in said
    assert len(reading.find(blocks, Figure)[0].data.run_ids) == 3


def test_words_have_places_of_their_own_in_natural_order():
    words = [run(n, 0.1, size=s) for n, s in (("a", "small"), ("b", "large"), ("c", "small"))]
    cloud = cloud_of(context(words, by=()), "size")
    assert cloud.x_axis.words == ("large", "small")
    assert [round(float(x)) for x in cloud.x] == [1, 0, 1]
    assert all(abs(float(x) - round(float(x))) <= 0.08 for x in cloud.x)
    assert cloud.x[0] != cloud.x[2], "marks of one word do not hide each other"


def test_among_numbers_a_word_has_no_place_and_its_run_is_named():
    runs = [run("a", 0.1, size="large"), run("b", 0.2, size="10"), run("c", 0.3, size="9")]
    blocks = blocks_of(context(runs, by=()), "size")
    assert reading.find(blocks, Figure)[0].data.x.tolist() == [10, 9]
    assert "a (size is text, not a number)" in reading.said(blocks)


def test_a_run_that_did_not_finish_is_hollow():
    runs = [dict(THREE[0]), {**THREE[1], "status": "failed"}]
    blocks = blocks_of(context(runs))
    assert reading.find(blocks, Figure)[0].data.hollow == (False, True)
    assert "Hollow marks are runs that did not finish." in reading.said(blocks)


def test_beyond_the_limit_it_says_how_many_are_left_out():
    blocks = blocks_of(context(THREE), limit=2)
    assert len(reading.find(blocks, Figure)[0].data.run_ids) == 2
    assert "The first 2 runs are drawn; 1 more are not." in reading.said(blocks)


def test_labels_are_expressions():
    assert cloud_of(context(THREE), label=Expression("name")).labels == ("a", "b", "c")


def test_the_table_holds_every_mark():
    (figure,) = reading.find(blocks_of(context(THREE)), Figure)
    assert reading.column(figure.table, "lr") == [0.1, 0.01, 0.001]
    assert reading.column(figure.table, "accuracy") == [50, 75, 87.5]
    assert reading.column(figure.table, "Group") == ["opt=sgd", "opt=sgd", "opt=adam"]


def test_without_a_run_to_place_a_note_says_why():
    (note,) = blocks_of(context([run("a", None, lr=1)]))
    assert isinstance(note, Note)
    assert "a (never logged accuracy)" in reading.said([note])
    assert "This report has no runs." in reading.said(blocks_of(study([])))
