"""What must be said of a metric whatever its values: selection, budgets, tuning, replicates."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runreport.design import Budget, Metric
from runreport.kinds import Context
from runreport.samples import sample
from runreport.sections import tuning
from runreport.sections.caveats import is_part
from runreport.sections.comparing import Answer, compare
from tests.studies import study

ACCURACY = Metric("accuracy", goal="maximize", primary=True)


def answer(context: Context, metric: Metric = ACCURACY) -> Answer:
    return compare(context, [metric])[0]


def told(context: Context, name: str, metric: Metric = ACCURACY) -> list[str]:
    return [found.words for found in answer(context, metric).findings if found.name == name]


def models(rows: dict[str, list[dict[str, Any]]], **design: Any) -> Context:
    """Runs by model; each a mapping with its accuracy among its params."""
    runs = [
        {
            "params": {"model": model, **{k: v for k, v in row.items() if k != "accuracy"}},
            "metrics": {"accuracy": row["accuracy"]},
        }
        for model, own in rows.items()
        for row in own
    ]
    return study(runs, by=["model"], **{"metrics": (ACCURACY,), **design})


def seeds(**design: Any) -> Context:
    rows = {m: [{"seed": s, "accuracy": 0.5 + s / 50} for s in range(5)] for m in "AB"}
    return models(rows, **{"replicates": "seed", **design})


# ---- selection -----------------------------------------------------------------------------------


def test_runs_selected_on_the_metric_shown_are_said_to_be():
    (said,) = told(seeds(selected_on=("accuracy",)), "SELECTED_ON_TEST")
    assert "selected on the metric shown, accuracy" in said
    assert "optimistic" in said
    assert "fresh seeds" in said


def test_selection_by_another_metric_is_no_fault_of_this_one():
    assert told(seeds(selected_on=("val_loss",)), "SELECTED_ON_TEST") == []
    assert told(seeds(), "SELECTED_ON_TEST") == []


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ("at(max(accuracy)).accuracy", True), ("at(min(loss)).accuracy", False), ("last", False),
        ("at_step(accuracy, 3)", False), ("max(accuracy) + at(max(accuracy)).loss", False),
    ],
)  # fmt: skip
def test_a_step_picked_on_the_metric_itself_is_a_selection(value, says):
    metric = Metric("accuracy", goal="maximize", value=value, primary=True)
    context = seeds(metrics=(metric,))
    assert bool(told(context, "SELECTED_ON_TEST", metric)) is says


# ---- replicates ----------------------------------------------------------------------------------


@pytest.mark.parametrize("column", ["item", "episode", "params.example_id", "step", "batch"])
def test_parts_of_one_trained_model_are_no_replicates(column):
    bare = column.removeprefix("params.")
    rows = {m: [{bare: s, "accuracy": 0.5 + s / 50} for s in range(5)] for m in "AB"}
    context = models(rows, replicates=column)
    (said,) = told(context, "PSEUDO_REPLICATION")
    assert f"`items: {bare}`" in said
    assert "seeds" in said


def test_items_that_are_declared_and_seeds_are_as_they_should_be():
    rows = {m: [{"item": s, "accuracy": float(s % 2)} for s in range(6)] for m in "AB"}
    assert told(models(rows, items="item"), "PSEUDO_REPLICATION") == []
    assert told(seeds(), "PSEUDO_REPLICATION") == []


@pytest.mark.parametrize(
    ("column", "says"),
    [
        ("seed", False), ("fold", False), ("repeat", False), ("run", False), ("samples", True),
        ("Question", True), ("query", True), ("queries", True), ("trial", False), (None, False),
        ("sample_idx", True), ("eval.item_id", True), ("itemise", False), ("batches", True),
    ],
)  # fmt: skip
def test_columns_are_known_by_name(column, says):
    assert is_part(column) is says


# ---- budgets -------------------------------------------------------------------------------------


def budgeted(*steps: float, **more: Any) -> Context:
    rows = {
        f"m{n}": [{"seed": s, "accuracy": 0.5 + s / 50} for s in range(4)]
        for n in range(len(steps))
    }
    reached = tuple((f"g{n}", step) for n, step in enumerate(steps))
    budget = Budget("accuracy", "accuracy", min(steps), reached, **more)
    return models(rows, replicates="seed", budgets=(budget,))


def test_a_common_step_is_said_with_both_values():
    (said,) = told(budgeted(100, 200, common=True), "UNEQUAL_BUDGET")
    assert said == (
        "Runs of model=m0 stop at step 100 and those of model=m1 stop at step 200. All values of "
        "accuracy are read at step 100, the largest that every group reached, or at the last one "
        "before it (on average model=m1 has 0.5300 there and 0.5300 last)."
    )


def test_last_values_as_logged_qualify_the_verdict():
    (said,) = told(budgeted(100, 200), "UNEQUAL_BUDGET")
    assert "values at a common step are not known" in said
    assert "longer training alone" in said


def test_many_budgets_are_told_by_their_range():
    (said,) = told(budgeted(10, 20, 30, 40, 50, 50, common=True), "UNEQUAL_BUDGET")
    assert "from 10 to 50 (5 of 6 groups go beyond 10)" in said


def test_a_metric_without_steps_is_qualified_by_the_steps_of_another():
    runs = [
        {"params": {"model": m, "seed": s},
         "metrics": {"accuracy": 0.5 + s / 50, "loss": [1.0] * (n + 1)}}
        for m, n in (("A", 3), ("B", 9))
        for s in range(4)
    ]  # fmt: skip
    budget = Budget("loss", "loss", 3.0, (("g0", 3.0), ("g1", 9.0)), common=True)
    metrics = (ACCURACY, Metric("loss", goal="minimize"))
    context = study(runs, by=["model"], replicates="seed", metrics=metrics, budgets=(budget,))
    (said,) = told(context, "UNEQUAL_BUDGET")
    assert "accuracy was logged once per run, without its step" in said


# ---- tuning --------------------------------------------------------------------------------------


def test_unequally_many_configurations_are_said_with_the_best_of_equally_many():
    rows = {
        "A": [{"lr": lr, "accuracy": lr / 10} for lr in (1, 2, 3)],
        "B": [{"lr": lr, "accuracy": lr / 10} for lr in (2, 4)],
    }
    (said,) = told(models(rows), "UNEQUAL_TUNING")
    # all draws of two, by hand: A (1+2*3+3*5)/9/10, B (2+4*3)/4/10
    assert said == (
        "Unequally many configurations were tried: 3 of model=A, 2 of model=B; they differ in lr. "
        "The best of many is better than the best of few by luck alone. Expected best of 2 "
        "configurations: model=A 0.2444, model=B 0.3500."
    )


def test_replicates_paths_and_names_are_no_configurations():
    rows = {
        m: [
            {"seed": s, "output_dir": f"/runs/{m}{s}", "run_name": f"{m}{s}", "accuracy": s / 9}
            for s in range(n)
        ]
        for m, n in (("A", 5), ("B", 3))
    }
    assert told(models(rows, replicates="seed"), "UNEQUAL_TUNING") == []


def test_equally_many_configurations_need_no_word():
    rows = {m: [{"lr": lr, "accuracy": lr / 10} for lr in (1, 2)] for m in "AB"}
    assert told(models(rows), "UNEQUAL_TUNING") == []


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.floats(-100, 100), min_size=1, max_size=5),
    st.integers(1, 3),
    st.sampled_from(["maximize", "minimize"]),
)
def test_the_expected_best_is_the_mean_over_all_draws(values, n, goal):
    n = min(n, len(values))
    metric = Metric("accuracy", goal=goal)
    rows = {"A": [{"lr": place, "accuracy": v} for place, v in enumerate(values)]}
    context = models(rows, metrics=(metric,))
    (found,) = tuning.tuned(context.groups, context.design)
    drawn = sample(context.groups[0], metric, context.value_of)
    best = max if goal == "maximize" else min
    expected = np.mean([best(draw) for draw in product(values, repeat=n)])
    assert tuning.expected_best(found, drawn, n) == pytest.approx(expected, abs=1e-9)


def test_more_draws_than_configurations_have_values_are_refused():
    rows = {"A": [{"lr": 1, "accuracy": 0.5}]}
    context = models(rows)
    (found,) = tuning.tuned(context.groups, context.design)
    drawn = sample(context.groups[0], ACCURACY, context.value_of)
    assert tuning.expected_best(found, drawn, 2) is None
