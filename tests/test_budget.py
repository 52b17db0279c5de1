"""Groups that stop at different steps: what is compared where, and what is read for it."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest

from runreport import budget as budgeting
from runreport.design import Design, Metric
from runreport.pipeline import BuildRequest, build
from runreport.registry import SECTIONS
from runreport.spec.expressions import Names, parse
from tests import reading
from tests.stats.reference import behaviour, needs_oracles
from tests.studies import study
from tests.test_understand import RUNS, SOURCES, names, store, understood

SPEC = (
    SOURCES + "groups: {by: [model], replicates: seed}\n"
    "metrics: {acc: {goal: maximize, scale: 100, primary: true}}\n"
)
NAN = math.nan


def model(name: str, *curves: list[float], **more: Any) -> list[dict[str, Any]]:
    """One run per curve; the place in a curve is the step."""
    return [
        {"name": f"{name}{seed}", "params": {"model": name, "seed": seed, **more},
         "metrics": {"acc": curve}}
        for seed, curve in enumerate(curves)
    ]  # fmt: skip


def unequal(folder) -> None:
    """A stops at step 2, B at step 4 and gains by it."""
    a = model("A", [0.1, 0.2, 0.5], [0.1, 0.2, 0.6], [0.1, 0.2, 0.7])
    b = model("B", [0.1, 0.2, 0.3, 0.6, 0.9], [0.1, 0.2, 0.4, 0.7, 0.8], [0.1, 0.2, 0.2, 0.2, 0.8])
    store(folder / "store.db", *a, *b)


def shown(context) -> dict[str, float | None]:
    metric = context.design.metric("acc")
    return {run.name: context.value(run, metric).number for run in context.runs}


def page(context, section: str = "significance", **options: Any) -> str:
    kind = SECTIONS[section]
    chosen = kind.options(**options)
    return reading.said(kind.present(kind.compute(context, chosen), chosen))


def test_values_are_read_at_the_largest_step_that_every_group_reached(tmp_path):
    unequal(tmp_path)
    context, (reader,) = understood(tmp_path, SPEC + RUNS)
    expected = {"A0": 50, "A1": 60, "A2": 70, "B0": 30, "B1": 40, "B2": 20}
    assert shown(context) == pytest.approx(expected)
    assert [metrics for _, metrics in reader.calls] == [{"acc"}]
    (budget,) = context.design.budgets
    assert (budget.step, budget.common) == (2.0, True)
    assert [step for _, step in budget.reached] == [2.0, 4.0]


def test_a_column_says_the_same_number_and_the_last_one_can_be_asked_for(tmp_path):
    unequal(tmp_path)
    context, _ = understood(tmp_path, SPEC + RUNS)
    run = next(run for run in context.runs if run.name == "B0")
    assert context.evaluate(parse("acc"), run) == pytest.approx(30)
    assert context.evaluate(parse("last(acc)"), run) == pytest.approx(90)


def test_nothing_more_is_read_where_budgets_are_equal(tmp_path):
    store(tmp_path / "store.db", *model("A", [0.1, 0.5]), *model("B", [0.1, 0.9]))
    context, (reader,) = understood(tmp_path, SPEC + RUNS)
    assert reader.calls == []
    assert context.design.budgets == ()
    assert shown(context) == pytest.approx({"A0": 50, "B0": 90})


def test_what_a_section_reads_anyway_is_not_read_twice(tmp_path):
    unequal(tmp_path)
    curves = "pages: [{title: A, sections: [{history: {metric: acc}}]}]\n"
    context, (reader,) = understood(tmp_path, SPEC + curves)
    assert len(reader.calls) == 1
    assert shown(context)["B0"] == pytest.approx(30)
    run = next(run for run in context.runs if run.name == "B0")
    assert context.history.series("acc")[run.id].value.tolist() == [0.1, 0.2, 0.3, 0.6, 0.9]


def test_as_logged_compares_last_values_and_reads_nothing(tmp_path):
    unequal(tmp_path)
    context, (reader,) = understood(tmp_path, SPEC + "comparison: {budget: as_logged}\n" + RUNS)
    assert reader.calls == []
    assert shown(context)["B0"] == pytest.approx(90)
    assert [budget.common for budget in context.design.budgets] == [False]
    text = page(context)
    assert "RR440" in text or "stop at step" in text
    assert "as_logged" in text


def test_early_stopping_within_a_group_is_left_alone(tmp_path):
    a = model("A", [0.1, 0.2, 0.5], [0.1, 0.6], [0.1, 0.2, 0.7])
    b = model("B", [0.1, 0.2, 0.9], [0.1, 0.2, 0.8], [0.8])
    store(tmp_path / "store.db", *a, *b)
    context, (reader,) = understood(tmp_path, SPEC + RUNS)
    assert reader.calls == []
    assert shown(context)["A1"] == pytest.approx(60)


def test_runs_that_each_stop_when_they_have_enough_have_no_budget(tmp_path):
    a = model("A", [0.1] * 9, [0.1] * 12, [0.1] * 7)
    b = model("B", [0.1] * 10, [0.1] * 8, [0.1] * 14)
    store(tmp_path / "store.db", *a, *b)
    assert understood(tmp_path, SPEC + RUNS)[0].design.budgets == ()
    # where one group goes on to where no run of the other came, they differ all the same
    apart = tmp_path / "apart"
    apart.mkdir()
    store(apart / "store.db", *a, *model("B", [0.1] * 20, [0.1] * 18, [0.1] * 24))
    assert understood(apart, SPEC + RUNS)[0].design.budgets[0].step == 11


def test_runs_that_failed_or_diverged_set_no_budget(tmp_path):
    a = model("A", [0.1, 0.2, 0.5], [0.1, 0.2, 0.6])
    b = model("B", [0.1, 0.2, 0.9], [0.1, NAN], [0.1])
    b[2]["status"] = "FAILED"
    c = model("C", [0.1, NAN])
    store(tmp_path / "store.db", *a, *b, *c)
    context, _ = understood(tmp_path, SPEC + RUNS)
    assert context.design.budgets == ()


def test_a_run_that_diverged_after_the_common_step_stays_out(tmp_path):
    a = model("A", [0.1, 0.2], [0.1, 0.3])
    b = model("B", [0.1, 0.4, 0.5], [0.1, 0.4, NAN])
    store(tmp_path / "store.db", *a, *b)
    context, _ = understood(tmp_path, SPEC + RUNS)
    metric = context.design.metric("acc")
    states = {run.name: context.value(run, metric).state for run in context.runs}
    assert states == {"A0": "ok", "A1": "ok", "B0": "ok", "B1": "nan"}


def test_without_a_value_at_a_common_step_the_verdict_is_qualified(tmp_path):
    # logged once, at the end
    runs = [
        {"params": {"model": name, "seed": seed}, "metrics": {"acc": values}}
        for name, last in (("A", 3), ("B", 6))
        for seed in range(4)
        for values in ([None] * last + [0.5 + seed / 50 + last / 100],)
    ]
    for run in runs:
        run["metrics"] = {"acc": run["metrics"]["acc"]}
    _sparse(tmp_path / "store.db", runs)
    context, _ = understood(tmp_path, SPEC + RUNS)
    assert [budget.common for budget in context.design.budgets] == [False]
    text = page(context)
    assert "step 3" in text
    assert "step 6" in text
    assert "values at a common step are not known" in text


def _sparse(path, runs) -> None:
    """A store whose runs log at their last step alone."""
    import sqlite3
    from contextlib import closing

    ends = [len(run["metrics"]["acc"]) - 1 for run in runs]
    store(path, *({**run, "metrics": {"acc": run["metrics"]["acc"][-1:]}} for run in runs))
    with closing(sqlite3.connect(path)) as db, db:
        for index, end in enumerate(ends):
            db.execute("UPDATE metrics SET step = ? WHERE run_uuid = ?", (end, f"{index:032x}"))


def test_a_budget_that_groups_are_made_by_is_the_question(tmp_path):
    a = model("A", [0.1, 0.2], epochs=2)
    b = model("B", [0.1, 0.2, 0.3, 0.4], epochs=4)
    store(tmp_path / "store.db", *a, *b)
    text = SPEC.replace("by: [model]", "by: [model, params.epochs]")
    context, _ = understood(tmp_path, text + RUNS)
    assert context.design.budgets == ()
    assert sorted(value or 0 for value in shown(context).values()) == pytest.approx([20, 40])


def test_a_metric_that_is_only_named_by_a_section_has_a_common_step_too(tmp_path):
    unequal(tmp_path)
    text = SOURCES + "groups: {by: [model], replicates: seed}\n"
    pages = "pages: [{title: A, sections: [{bars: {metric: acc}}]}]\n"
    context, _ = understood(tmp_path, text + pages)
    assert shown(context)["B0"] == pytest.approx(0.3)
    run = next(run for run in context.runs if run.name == "B0")
    assert context.evaluate(parse("acc"), run) == pytest.approx(0.3)


def test_a_metric_under_another_name_is_read_at_the_common_step_too(tmp_path):
    unequal(tmp_path)
    text = SPEC.replace("metrics: {acc: {", "metrics: {accuracy: {value: last(acc), ")
    context, _ = understood(tmp_path, text + RUNS)
    metric = context.design.metric("accuracy")
    assert metric.step == 2
    found = {run.name: context.value(run, metric).number for run in context.runs}
    assert found["B0"] == pytest.approx(30)


@pytest.mark.parametrize("value", ["max", "mean"])
def test_a_value_over_all_steps_is_qualified(tmp_path, value):
    unequal(tmp_path)
    text = SPEC.replace("metrics: {acc: {", f"metrics: {{acc: {{value: {value}, ")
    context, _ = understood(tmp_path, text + RUNS)
    assert [(b.of_last, b.common) for b in context.design.budgets] == [(False, False)]
    assert "stop at step 2" in page(context)


@pytest.mark.parametrize(
    ("column", "says"),
    [
        ("epochs", True), ("params.num_train_epochs", True), ("max_steps", True),
        ("trainer.max-epochs", True), ("total_timesteps", True), ("n_iter", True),
        ("budget", True), ("gpu_hours", True), ("warmup_steps", False), ("step_size", False),
        ("learning_rate", False), ("eval_steps", False),
    ],
)  # fmt: skip
def test_params_that_say_how_long_a_run_trains_are_known_by_name(column, says):
    assert budgeting.is_budget(column) is says


def test_groups_of_items_have_no_budget():
    runs = [
        {"params": {"model": m, "item": i}, "metrics": {"acc": [0.0, 1.0][: 1 + (m == "B")]}}
        for m in "AB"
        for i in range(3)
    ]
    context = study(runs, by=["model"], items="item", metrics=(Metric("acc"),))
    found = budgeting.budgets_of(
        context.groups, context.design, context.design.metrics, Names.of(context.runs, Design())
    )
    assert found == ()


@needs_oracles
def test_a_page_compares_at_the_common_step_and_says_so(tmp_path):
    given = behaviour("unequal_steps")["given"]
    _at_steps(
        tmp_path / "store.db",
        {name: given[name]["last_step"] for name in "AB"},
        every=25_000,
    )
    spec = SPEC + "pages: [{title: A, sections: [significance, comparability]}]\n"
    (tmp_path / "runreport.yaml").write_text(spec)
    build(BuildRequest(tmp_path / "runreport.yaml", {}, output=tmp_path / "site"))
    results = json.loads((tmp_path / "site" / "runreport.json").read_text())
    text = json.dumps(results, ensure_ascii=False)
    assert "UNEQUAL_BUDGET" in text
    assert "step 100\u202f000" in text
    assert "step 200\u202f000" in text
    html = (tmp_path / "site" / "index.html").read_text()
    assert "read at step 100" in html
    # B is ahead at its own end and behind at the common step
    (answer,) = results["pages"][0]["sections"][0]["facts"]["metrics"]
    (comparison,) = answer["comparisons"]
    assert "beats" in comparison["words"]
    assert comparison["result"]["verdict"] in ("better", "worse")
    leader = comparison["candidate"]
    assert "A" in leader


def _at_steps(path, ends: dict[str, int], every: int) -> None:
    """Runs of two models that log every so many steps; B overtakes A after A's end."""
    import sqlite3
    from contextlib import closing

    runs = [
        {
            "params": {"model": name, "seed": seed},
            "metrics": {
                "acc": [
                    0.5 + (0.004 if name == "A" else 0.002) * step + seed / 1000
                    for step in range(1 + end // every)
                ]
            },
        }
        for name, end in ends.items()
        for seed in range(6)
    ]
    store(path, *runs)
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("UPDATE metrics SET step = step * ?", (every,))


def test_the_runs_of_a_report_are_the_same_whatever_their_budget(tmp_path):
    unequal(tmp_path)
    text = SPEC + "runs: {where: acc > 75}\n" + RUNS
    # a condition speaks of what was logged last, before there are groups
    assert names(understood(tmp_path, text)[0]) == ["B0", "B1", "B2"]


def test_columns_and_axes_name_the_step(tmp_path):
    unequal(tmp_path)
    context, _ = understood(tmp_path, SPEC + RUNS)
    for section, options in (("runs", {}), ("bars", {"metric": "acc"}), ("metrics", {})):
        kind = SECTIONS[section]
        chosen = kind.options(**options)
        blocks = kind.present(kind.compute(context, chosen), chosen)
        assert "acc at step 2" in str(blocks), section
