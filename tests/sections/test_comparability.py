"""The section on whether groups can be compared at all."""

from __future__ import annotations

import json
from typing import Any

import pytest

from runreport.blocks import Table
from runreport.design import Budget, Metric
from runreport.kinds import Context
from runreport.registry import SECTIONS
from runreport.sections.comparability import Options, compute, present, record
from tests import reading
from tests.studies import study

ACCURACY = Metric("accuracy", goal="maximize", unit="%", scale=100, primary=True)


def groups(facts: dict[str, dict[str, Any]], seeds: int = 3, **design: Any) -> Context:
    """A group per name, each run of it with these lineage rows, params and tags."""
    runs = [
        {
            "name": f"{name}{seed}",
            "params": {"model": name, "seed": seed, **own.get("params", {})},
            "tags": own.get("tags", {}),
            "metrics": {"accuracy": 0.8 + 0.01 * seed},
            "lineage": own.get("lineage", []),
        }
        for name, own in facts.items()
        for seed in range(seeds)
    ]
    chosen = {"by": ["model"], "replicates": "seed", "metrics": (ACCURACY,), **design}
    return study(runs, **chosen)


def logged(digest: str = "d", commit: str = "c", **params: Any) -> dict[str, Any]:
    return {
        "lineage": [
            ("data", "reviews", "test", digest, None, None),
            ("code", "git", "main", commit, False, None),
        ],
        "params": params,
    }


def page(context: Context, **options: Any) -> str:
    chosen = Options(**options)
    return reading.said(present(compute(context, chosen), chosen))


def tables(context: Context, **options: Any) -> dict[str, list[list[str]]]:
    """Caption to rows of texts."""
    chosen = Options(**options)
    return {
        block.caption: [[str(cell.words[0]) for cell in row.cells] for row in block.rows]
        for block in present(compute(context, chosen), chosen)
        if isinstance(block, Table)
    }


def test_groups_alike_are_comparable_in_everything_that_was_logged():
    context = groups({"A": logged(), "B": logged(), "C": logged()})
    text = page(context)
    assert text.startswith("All 3 pairs of groups are comparable in everything that was logged.")
    assert "Not logged, and so not known to be the same: split, metric definition" in text
    # nothing to tell apart
    assert "Which groups can be compared" not in tables(context)


def test_the_verdict_counts_pairs_by_what_they_differ_in():
    context = groups({"A": logged(), "B": logged(), "C": logged(commit="e"), "D": logged("x")})
    text = page(context)
    assert text.startswith(
        "1 of 6 pairs of groups is comparable in everything that was logged; 2 differ in what "
        "qualifies a verdict (code); 3 cannot be compared (evaluation data)."
    )
    rows = {row[0]: row[1:] for row in tables(context)["Which groups can be compared"]}
    assert rows["model=A"] == ["–", "comparable", "differs: code", "no: evaluation data"]
    assert rows["model=D"] == ["no: evaluation data"] * 3 + ["–"]
    assert "The test data of the two differ (digests d and x), so values say little." in text


def test_what_some_runs_did_not_log_is_no_difference():
    runs = [
        {
            "params": {"model": m, "seed": s, "epochs": 1 + (m == "C")}
            | ({} if (m, s) == ("A", 0) else {"eval_data_hash": "h1"}),
            "metrics": {"accuracy": 0.8 + 0.01 * s},
        }
        for m in "ABC"
        for s in range(3)
    ]
    context = study(runs, by=["model"], replicates="seed", metrics=(ACCURACY,))
    text = page(context)
    assert text.startswith(
        "1 of 3 pairs of groups is alike in what was logged, but some runs logged nothing of it "
        "(evaluation data); 2 differ in what qualifies a verdict (budget)."
    )
    rows = {row[0]: row[1:] for row in tables(context)["Which groups can be compared"]}
    assert rows["model=A"] == [
        "–", "partly logged: evaluation data", "differs: budget; partly logged: evaluation data",
    ]  # fmt: skip


def test_two_groups_are_told_in_one_sentence():
    text = page(groups({"A": logged(), "B": logged(commit="e")}))
    assert text.startswith("model=A and model=B differ in what qualifies a verdict: code.")
    assert "The commit of the two differs (c and e)." in text


def test_nothing_logged_is_said_with_what_to_log():
    text = page(groups({"A": {}, "B": {}}))
    assert text.startswith("Nothing was logged that says whether these groups can be compared.")
    assert 'mlflow.log_input(data, context="evaluation")' in text
    assert "comparable in everything" not in text


def test_a_check_can_be_left_out_and_another_be_required():
    context = groups({"A": logged(gpu="T4"), "B": logged(commit="e", gpu="H100")})
    assert "hardware" in page(context)
    assert "hardware" not in page(context, ignore=("hardware",))
    assert "cannot be compared: code" in page(context, require=("code",))


def test_the_table_has_every_check_of_every_group():
    context = groups({"A": logged(epochs=10), "B": {"params": {"epochs": 20}}})
    rows = {row[0]: row[1:] for row in tables(context)["What each group has in every check"]}
    assert rows["test data"] == ["d", "not logged"]
    assert rows["budget: epochs"] == ["10", "20"]
    assert rows["code: commit"] == ["c", "not logged"]
    assert rows["split"] == ["not logged", "not logged"]
    assert rows["runs"] == ["3", "3"]
    marked = [
        str(row.cells[0].words[0])
        for block in present(compute(context, Options()), Options())
        if isinstance(block, Table)
        for row in block.rows
        if "differs" in row.marks
    ]
    assert marked == ["budget: epochs"]


def test_of_many_groups_each_is_set_against_the_baseline():
    facts = {f"m{n:02d}": logged() for n in range(12)}
    facts["m03"] = logged("other")
    context = groups(facts, baseline={"model": "m05"})
    data = compute(context, Options())
    assert len(data.pairs) == 11
    assert {pair.first.label for pair in data.pairs} == {"model=m05"}
    rows = tables(context)["Which groups can be compared with model=m05"]
    assert ["model=m03", "no: evaluation data"] in rows


def test_values_at_a_common_step_stand_beside_the_last_ones():
    budget = Budget("accuracy", "accuracy", 1.0, (("g0", 1.0), ("g1", 3.0)), common=True)
    runs = [
        {"params": {"model": m, "seed": s}, "metrics": {"accuracy": [0.5] * length}}
        for m, length in (("A", 2), ("B", 4))
        for s in range(3)
    ]
    context = study(runs, by=["model"], replicates="seed", metrics=(ACCURACY,), budgets=(budget,))
    text = page(context)
    assert "The last steps of accuracy are 1 and 3. Its values are read at step 1." in text
    rows = tables(context)["accuracy where groups stop at different steps"]
    assert [row[1] for row in rows] == ["1", "3"]
    assert [row[3] for row in rows] == ["50", "50"]


def test_unequal_tuning_shows_the_expected_best_of_equally_many():
    # A tried four rates, B one: of two draws from 1, 2, 3, 4 the best is 1 * 1/16 + 2 * 3/16 + ...
    runs = [
        {"params": {"model": "A", "lr": lr}, "metrics": {"accuracy": lr}} for lr in (1, 2, 3, 4)
    ] + [{"params": {"model": "B", "lr": lr}, "metrics": {"accuracy": lr}} for lr in (1, 5)]
    metric = Metric("accuracy", goal="maximize", primary=True)
    context = study(runs, by=["model"], metrics=(metric,))
    rows = tables(context)["Expected best accuracy"]
    expected = (1 * 1 + 2 * 3 + 3 * 5 + 4 * 7) / 16
    assert rows[0][1:3] == ["4", f"{expected:.4g}".rstrip("0")]
    assert rows[1][1:3] == ["2", f"{(1 * 1 + 5 * 3) / 4:.4g}"]
    assert "4 and 2 configurations were tried." in page(context)


def test_what_it_states_is_recorded():
    context = groups({"A": logged(), "B": logged("x")})
    facts = record(compute(context, Options()))
    (pair,) = facts["pairs"]
    assert pair["standing"] == "apart"
    checks = {check["check"]: check for check in pair["checks"]}
    assert checks["evaluation_data"]["state"] == "differs"
    assert checks["split"]["state"] == "unknown"
    assert "split" in facts["not_logged"]
    json.dumps(facts)


@pytest.mark.parametrize("facts", [{}, {"A": logged()}])
def test_without_two_groups_there_is_nothing_to_compare(facts):
    assert "nothing to compare" in page(groups(facts))


def test_the_section_is_registered_under_its_name():
    assert SECTIONS["comparability"].options is Options


def test_items_are_counted_as_items():
    runs = [
        {"params": {"model": m, "item": i}, "metrics": {"accuracy": float(i % 2)}}
        for m, count in (("A", 6), ("B", 6), ("C", 5))
        for i in range(count)
    ]
    context = study(runs, by=["model"], items="item", metrics=(ACCURACY,))
    rows = {row[0]: row[1:] for row in tables(context)["What each group has in every check"]}
    assert rows["evaluated items"] == rows["items"] == ["6", "6", "5"]
    assert "runs" not in rows
    assert "The two were evaluated on 6 and 5 items." in page(context)
    # a count is no sign that anything was logged
    alike = study(runs[:12], by=["model"], items="item", metrics=(ACCURACY,))
    assert page(alike).startswith("Nothing was logged that says")


def test_a_run_that_ended_in_nan_counts_as_diverged():
    runs = [
        {"params": {"model": m, "seed": s}, "metrics": {"accuracy": value}}
        for m in "AB"
        for s, value in enumerate((0.5, float("nan") if m == "B" else 0.6, 0.7))
    ]
    context = study(runs, by=["model"], replicates="seed", metrics=(ACCURACY,))
    rows = {row[0]: row[1:] for row in tables(context)["What each group has in every check"]}
    assert rows["failed, diverged or unfinished"] == ["0", "1"]
