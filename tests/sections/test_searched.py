"""What a search varied: params read as expressions read them, and what no search varies."""

from __future__ import annotations

import math

import numpy as np
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


def test_settings_are_params_that_differ_but_for_replicates_names_and_places():
    runs = [
        {"name": f"r{i}", "params": {
            "lr": i % 3, "same": 1, "equal": ["0.1", "1e-1"][i % 2], "fold": i % 4,
            "log_dir": f"runs/{i}", "note": f"word {i}", "optimizer": "ab"[i % 2],
        }}
        for i in range(24)
    ]  # fmt: skip
    assert searched.settings(study(runs, replicates="fold")) == ("lr", "optimizer")


def test_runs_are_together_where_every_setting_agrees():
    runs = [{"name": f"r{i}", "params": {"lr": lr, "seed": i}}
            for i, lr in enumerate(["0.1", "1e-1", "0.2", "0.1"])]  # fmt: skip
    codes = searched.codes_of(study(runs, replicates="seed"))
    assert searched.together(codes, [0, 1, 2, 3]) == ((0, 1, 3), (2,))
    assert searched.together(codes, [3, 2]) == ((3,), (2,))
    (means,) = searched.means_of(codes, np.array([0, 2, 3]), np.array([1.0, math.nan, 5.0, 3.0]))
    assert means.tolist() == [2, 5]
