"""What a search varied: params read as expressions read them, and the metric it is judged by."""

from __future__ import annotations

import pytest

from runreport.design import Metric
from runreport.sections import quantities, searched
from tests.studies import study

ODD = ["0.1", "1e-3", "adam", "true", "nan", "inf", "-Infinity", "1e400", "1e200", "", " ", "12:30"]


def test_a_param_is_read_as_an_expression_reads_it():
    runs = [{"name": f"r{i}", "params": {"x": text}} for i, text in enumerate(ODD)]
    made = study([*runs, {"name": "none", "params": {}}])
    expression = searched.expression_of("params", "x")
    slow = quantities.read(made, made.runs, expression)
    fast = searched.param_of(made, "x")
    assert fast.values == slow.values
    assert [bool(reason) for reason in fast.reasons] == [bool(reason) for reason in slow.reasons]


@pytest.mark.parametrize("metric", ["loss", None])
def test_the_metric_is_the_one_named_else_the_primary_one(metric):
    runs = [{"name": "a", "metrics": {"loss": 1.0, "accuracy": 0.5}}]
    made = study(runs, metrics=[Metric("accuracy"), Metric("loss", primary=True)])
    found, said = searched.metric_of(made, metric)
    assert found.name == "loss"
    assert said == ""


def test_without_a_declared_metric_the_one_most_runs_logged_is_taken_and_said():
    runs = [{"name": "a", "metrics": {"x": 1.0}}, {"name": "b", "metrics": {"x": 1.0, "a": 2.0}}]
    found, said = searched.metric_of(study(runs), None)
    assert found.name == "x"
    assert said == "No metric is declared, so x, which most runs logged, is shown."


def test_equal_values_of_a_param_have_one_place():
    texts = ["0.1", "0.10000000149011612", "1e-1", "0.2", "True", "true"]
    made = study([{"name": f"r{i}", "params": {"x": text}} for i, text in enumerate(texts)])
    values = searched.param_of(made, "x").values
    assert len(set(values)) == 3
    assert values[0] == values[1] == values[2] == 0.1
    assert values[4] == values[5] == "True"


def test_a_param_inside_of_a_mapping_is_read_by_its_path():
    runs = [{"name": f"r{i}", "params": {"cfg": f"{{'opt': {{'lr': {lr}}}}}"}}
            for i, lr in enumerate((0.1, 0.2))]  # fmt: skip
    assert searched.param_of(study(runs), "cfg.opt.lr").values == (0.1, 0.2)
    assert searched.param_of(study(runs), "cfg.opt.depth").values == (None, None)
