"""Params and metrics two by two: correlations as scipy has them, over configurations, corrected."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests

from runreport.blocks import Figure, Note
from runreport.design import Metric
from runreport.sections import matrix
from runreport.sections.matrix import Options
from runreport.spec.expressions import Expression
from tests import reading
from tests.sections import planes
from tests.studies import study

ACCURACY = Metric("accuracy", goal="maximize", primary=True)
TIME = Metric("time", goal="minimize", unit="s")


def search(n, seed=0):
    rng = np.random.default_rng(seed)
    runs = []
    for i in range(n):
        lr, width = float(10 ** rng.uniform(-5, -1)), int(rng.integers(1, 100))
        accuracy = 0.1 * math.log10(lr) + rng.normal() / 5
        metrics = {"accuracy": accuracy, "time": width * 2 + rng.normal() * 20}
        params = {"lr": lr, "width": width, "opt": ["a", "b"][i % 2], "kind": "uvw"[i % 3]}
        runs.append({"name": f"r{i}", "params": params, "metrics": metrics})
    return runs


def context(runs, **more):
    return study(runs, metrics=[ACCURACY, TIME], **more)


def options(*columns, **more):
    return Options(columns=tuple(Expression(column) for column in columns), **more)


def blocks_of(made, chosen):
    return matrix.present(matrix.compute(made, chosen), chosen)


def figure_of(made, chosen):
    (figure,) = reading.find(blocks_of(made, chosen), Figure)
    return figure


def test_every_pair_has_scipys_correlation_and_holms_p():
    runs = search(40)
    found = matrix.compute(context(runs), options("lr", "width", "accuracy", "time")).found
    columns = [[one["params"][n] for one in runs] for n in ("lr", "width")]
    columns += [[one["metrics"][n] for one in runs] for n in ("accuracy", "time")]
    raw = []
    for pairing in found.pairings:
        expected = stats.spearmanr(columns[pairing.first], columns[pairing.second])
        assert pairing.found.value == pytest.approx(expected.statistic)
        raw.append(expected.pvalue)
    _, adjusted, _, _ = multipletests(raw, method="holm")
    assert [p.p_adjusted for p in found.pairings] == pytest.approx(adjusted.tolist())
    assert found.family == 6


def test_replicates_are_averaged_so_that_n_is_of_configurations():
    rng = np.random.default_rng(0)
    runs = [
        {"name": f"{lr}-{seed}", "params": {"lr": lr, "seed": seed},
         "metrics": {"accuracy": lr + rng.normal(), "time": rng.normal()}}
        for lr in range(1, 7) for seed in range(8)
    ]  # fmt: skip
    found = matrix.compute(context(runs, replicates="seed"), Options()).found
    assert {pairing.n for pairing in found.pairings} == {6}
    means = [np.mean([r["metrics"]["accuracy"] for r in runs if r["params"]["lr"] == lr])
             for lr in range(1, 7)]  # fmt: skip
    expected = stats.spearmanr(range(1, 7), means).statistic
    assert found.of(0, 1).found.value == pytest.approx(expected)
    assert "each the mean of its finished runs" in reading.said(
        blocks_of(context(runs, replicates="seed"), Options())
    )


def test_two_words_are_zero_and_one_and_more_are_left_out_by_name():
    runs = search(30)
    made = context(runs)
    found = matrix.compute(made, options("opt", "kind", "accuracy")).found
    assert [entry.name for entry in found.entries] == ["opt", "accuracy"]
    codes = [one["params"]["opt"] == "b" for one in runs]
    expected = stats.spearmanr(codes, [one["metrics"]["accuracy"] for one in runs]).statistic
    assert found.of(0, 1).found.value == pytest.approx(expected)
    said = reading.said(blocks_of(made, options("opt", "kind", "accuracy")))
    assert "Words of two kinds count as 0 and 1: opt (b above a)." in said
    assert "several words without an order: kind." in said


def test_params_that_moved_together_are_named():
    runs = search(40)
    for one in runs:
        one["params"]["warmup"] = one["params"]["width"] * 10
    said = reading.said(blocks_of(context(runs), options("width", "warmup", "accuracy")))
    assert "hard to tell apart: width and warmup +1.00." in said


def test_up_to_five_columns_are_charts_with_every_run_in_each():
    runs = search(30)
    runs[3]["status"] = "failed"
    made = context(runs)
    figure = figure_of(made, options("lr", "width", "accuracy"))
    assert planes.marked(figure) == planes.ids(made)
    # three charts below the diagonal
    assert planes.svg_of(figure).count('class="rr-mark"') == 90
    assert "Hollow marks are runs that did not finish" in reading.said([figure])
    assert matrix.compute(made, options("lr", "accuracy")).found.of(0, 1).n == 29


def test_more_columns_are_a_map():
    runs = search(30)
    for i, one in enumerate(runs):
        one["params"] |= {f"p{n}": (i * (n + 3)) % 11 for n in range(5)}
    names = ["lr", "accuracy", "time", *(f"p{n}" for n in range(5))]
    figure = figure_of(context(runs), options(*names))
    assert hasattr(figure.data, "names")
    assert not hasattr(figure.data, "points")
    svg = planes.svg_of(figure)
    assert svg.count("<text") == 7 + 7 + 28
    assert len(reading.shown(figure.table)) == 28


def test_too_few_configurations_have_no_correlation():
    found = matrix.compute(context(search(3)), options("lr", "accuracy")).found
    assert found.of(0, 1).found is None
    assert found.family == 0


def test_missing_values_leave_a_pair_and_not_the_matrix():
    runs = search(20)
    runs[0]["metrics"]["accuracy"] = math.nan
    del runs[1]["params"]["width"]
    found = matrix.compute(context(runs), options("lr", "width", "accuracy")).found
    counts = {
        frozenset((found.entries[p.first].name, found.entries[p.second].name)): p.n
        for p in found.pairings
    }
    assert counts[frozenset(("lr", "width"))] == 19
    assert counts[frozenset(("lr", "accuracy"))] == 19
    assert counts[frozenset(("width", "accuracy"))] == 18


def test_one_column_is_a_note():
    (note,) = blocks_of(context(search(10)), options("lr"))
    assert isinstance(note, Note)


def test_more_runs_than_the_limit_are_correlated_but_not_drawn_and_said():
    made = context(search(30))
    chosen = options("lr", "accuracy", limit=10)
    figure = figure_of(made, chosen)
    assert len(planes.marked(figure)) == 10
    assert "The first 10 runs are drawn, 20 more are not; correlations are of all." in (
        reading.said([figure])
    )
    assert matrix.compute(made, chosen).found.of(0, 1).n == 30


def test_what_is_recorded_are_the_pairs():
    stated = matrix.record(matrix.compute(context(search(30)), options("lr", "accuracy")))
    (pair,) = stated["pairs"]
    assert (pair["first"], pair["second"], pair["configurations"]) == ("lr", "accuracy", 30)
    assert pair["interval"].low < pair["spearman"] < pair["interval"].high


def test_five_hundred_runs_and_five_columns_fit_a_page():
    made = context(search(500))
    svg = planes.svg_of(figure_of(made, options("lr", "width", "accuracy", "time", "opt")))
    assert svg.count('class="rr-mark"') == 5000
    assert len(svg.encode()) < 1_200_000
