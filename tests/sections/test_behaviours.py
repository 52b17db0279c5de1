"""What must and must not be said of given samples, through the sections a reader sees."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest

from runreport.design import Margin, Metric
from runreport.kinds import Context
from runreport.registry import SECTIONS
from tests import reading
from tests.stats.reference import FOLDER, behaviour, floats, needs_oracles, oracle
from tests.studies import study

ACCURACY = Metric("accuracy", goal="maximize", primary=True)
BASELINE = {"model": "B"}


def page(
    context: Context, section: str = "significance", *, tables: bool = False, **options: Any
) -> str:
    """Everything a section says, folded or not; with what stands in its tables if asked for."""
    kind = SECTIONS[section]
    chosen = kind.options(**options)
    blocks = kind.present(kind.compute(context, chosen), chosen)
    return "\n".join([reading.said(blocks), *(reading.texts(blocks) if tables else ())])


def seeds(given: Mapping[str, Any], metric: Metric = ACCURACY, **design: Any) -> Context:
    """A and B with one run per seed; null is a run that diverged."""
    runs = [
        {
            "name": f"{model}-s{seed}",
            "params": {"model": model, "seed": seed},
            "metrics": {metric.name: float("nan") if value is None else value},
        }
        for model in ("A", "B")
        for seed, value in enumerate(given.get(model, ()))
    ]
    chosen = {"baseline": BASELINE, "replicates": "seed", "metrics": (metric,), **design}
    return study(runs, by=["model"], **chosen)


def table_of(rows: Any, columns: Any, metric: str = "accuracy") -> list[dict[str, Any]]:
    """One run per row: the params in columns, then the metric's value."""
    return [
        {"name": f"r{index}", "params": dict(zip(columns, row[:-1], strict=True)),
         "metrics": {metric: float(row[-1])}}
        for index, row in enumerate(rows)
    ]  # fmt: skip


def items_of(table: Any) -> Context:
    """Two models on items from the counts of a 2 x 2 table: both right, only B, only A, neither."""
    (both, first), (second, neither) = table
    outcomes = [(1, 1)] * both + [(1, 0)] * first + [(0, 1)] * second + [(0, 0)] * neither
    rows = [
        (model, item, outcome[index])
        for index, model in enumerate("AB")
        for item, outcome in enumerate(outcomes)
    ]
    runs = table_of(rows, ("model", "item"))
    return study(runs, by=["model"], items="item", baseline=BASELINE, metrics=(ACCURACY,))


def has(text: str, *parts: str) -> None:
    for part in parts:
        assert part in text, f"missing: {part!r} in\n{text}"


def lacks(text: str, *parts: str) -> None:
    for part in parts:
        assert part not in text, f"unwanted: {part!r} in\n{text}"


CLAIMS = ("p = ", "p < ", "beats", "significant", "% interval")
"""What a page without inference has none of."""


def single_run_each(given: Mapping[str, Any]) -> None:
    text = page(seeds(given))
    has(text, "0.912", "0.905", "+0.007", "3 seeds each", "standard deviations")
    lacks(text, *CLAIMS, "better")


def three_seeds_welch(given: Mapping[str, Any]) -> None:
    text = page(seeds(given))
    has(text, "Welch t", "95 % interval", "3.07 SD")
    # an exact test is named for what it cannot reach, and gives no p
    lacks(text, "Mann-Whitney", "bootstrap", "Wilcoxon signed-rank test p")


def wilcoxon_forced_n5(given: Mapping[str, Any]) -> None:
    text = page(seeds(given, pair_by="seed", method=given["test"]))
    has(
        text,
        "cannot reach 0.05 with n = 5 pairs",
        "0.0625",
        "paired t-test, or 6 or more pairs",
        "chosen by the spec",
    )
    lacks(text, "not significant", "no difference")


def deterministic_seeds(given: Mapping[str, Any]) -> None:
    text = page(seeds(given))
    has(text, "no effect", "copies", "No test is made")
    lacks(text, *CLAIMS)


def nan_run(given: Mapping[str, Any]) -> None:
    text = page(seeds(given, pair_by="seed"))
    has(text, "9 of 10 finished", "9 seeds", "scored as the worst value")
    lacks(text, "nan)", "p = nan")


def best_checkpoint_on_eval(given: Mapping[str, Any]) -> None:
    metric = Metric("test_accuracy", goal="maximize", value="max", primary=True)
    rng = np.random.default_rng(1)
    runs = {name: list(0.8 + rng.normal(0, 0.01, (5, 3))) for name in "AB"}
    text = page(seeds(runs, metric))
    has(text, "best value over all steps", "last step")


def repeated_cv(given: Mapping[str, Any]) -> None:
    case = oracle(given["oracle"])
    scores = json.loads((FOLDER / case["data"]["file"]).read_text())
    rows = [
        (name, index // 10, index % 10, value)
        for name, key in (("A", case["data"]["a"]), ("B", case["data"]["b"]))
        for index, value in enumerate(scores[key])
    ]
    context = study(
        table_of(rows, ("model", "repeat", "fold")),
        by=["model"], replicates="fold", repeat="repeat", pair_by="fold", baseline=BASELINE,
        metrics=(ACCURACY,),
    )  # fmt: skip
    text = page(context, tables=True)
    has(text, "corrected resampled t", "100 folds", "p = 0.45", "0.75", "would have said")
    # what the plain test says is named as what it is, and is no verdict
    assert text.index("p = 0.45") < text.index("would have said p = 0.010")


def many_to_one(given: Mapping[str, Any]) -> None:
    rng = np.random.default_rng(3)
    runs = {
        "B": rng.normal(0.8, 0.01, 10),
        **{f"v{i}": rng.normal(0.8, 0.01, 10) for i in range(10)},
    }
    rows = [(n, s, v) for n, values in runs.items() for s, v in enumerate(values)]
    context = study(
        table_of(rows, ("model", "seed")),
        by=["model"], replicates="seed", baseline=BASELINE, metrics=(ACCURACY,),
    )  # fmt: skip
    text = page(context, tables=True)
    has(text, "Holm-adjusted p", "over 10 comparisons", "Adjusted p")
    lacks(text, "*")


def demsar_table6(given: Mapping[str, Any]) -> None:
    ranks = oracle(given["oracle"])
    data = ranks["data"]
    rows = [
        (model, name, 5.0 - rank)
        for name, row in zip(data["datasets"], data["rank_matrix"], strict=True)
        for model, rank in zip(data["models"], row, strict=True)
    ]
    context = study(
        table_of(rows, ("model", "dataset")), by=["model"], across="dataset", metrics=(ACCURACY,)
    )
    text = page(context, "ranking")
    has(text, "Iman-Davenport", "Friedman", "1.25", "no pair")
    lacks(text, "ANOVA", "Shapiro")


def identical_predictions(given: Mapping[str, Any]) -> None:
    text = page(items_of(given["table"]))
    has(text, "identical", "every one of 15 items", "p = 1")
    lacks(text, "p = 0.0", "p < ")


def clustered_items(given: Mapping[str, Any]) -> None:
    case = oracle("miller_clustered_paired")["data"]
    rows = [
        (model, item, cluster, value)
        for model, key in (("A", "a"), ("B", "b"))
        for item, (value, cluster) in enumerate(zip(case[key], case["cluster"], strict=True))
    ]
    context = study(
        table_of(rows, ("model", "item", "cluster")),
        by=["model"], items="item", cluster="cluster", baseline=BASELINE, metrics=(ACCURACY,),
    )  # fmt: skip
    text = page(context)
    has(text, "computed over clusters", "trained models")


def srm(given: Mapping[str, Any]) -> None:
    rows = [
        ("B", given["observed"][0], 41_000.0),
        ("A", given["observed"][1], 42_000.0),
    ]
    runs = [
        {"name": arm, "params": {"arm": arm}, "metrics": {"users": users, "signups": hits}}
        for arm, users, hits in rows
    ]
    context = study(
        runs, by=["arm"], baseline={"arm": "B"}, metrics=(Metric("signups", goal="maximize"),)
    )
    text = page(context, "ab_test", users="users")
    has(text, "1.8e", "ample-ratio mismatch", "withheld")
    lacks(text, "beats", "lift of", "is better")


def repeated_looks(given: Mapping[str, Any]) -> None:
    rng = np.random.default_rng(5)
    samples = {"A": rng.normal(0.83, 0.01, 12), "B": rng.normal(0.82, 0.01, 12)}
    text = page(seeds(samples, look=given["look"]))
    has(text, "look 7", "anytime-valid")


def lower_is_better(given: Mapping[str, Any]) -> None:
    metric = Metric(given["metric"], goal="minimize", primary=True)
    text = page(seeds(given, metric))
    has(text, "model=A beats model=B")
    lacks(text, "model=B beats", "model=A is worse")


def duplicate_runs(given: Mapping[str, Any]) -> None:
    samples = {**given, "B": [0.88, 0.89, 0.87]}
    runs = seeds(samples)
    text = page(runs)
    has(text, "equal to", "Copies count once")
    has(text, "2 and 3 seeds")
    lacks(text, "beats", "p = ")


def lineage_mismatch(given: Mapping[str, Any]) -> None:
    rng = np.random.default_rng(7)
    runs = [
        {
            "params": {"model": model, "seed": seed},
            "metrics": {"accuracy": float(rng.normal(0.8, 0.01))},
            "lineage": [("data", "reviews", "evaluation", given[model]["data_hash"], None, None)],
        }
        for model in "AB"
        for seed in range(6)
    ]
    context = study(runs, by=["model"], replicates="seed", baseline=BASELINE, metrics=(ACCURACY,))
    text = page(context, tables=True)
    has(text, "differ", "a1", "b2", "not comparable")
    lacks(page(context), *CLAIMS)


def equivalence(given: Mapping[str, Any]) -> None:
    from statsmodels.stats.weightstats import ttost_paired

    # its own data are kept aside: another pair of columns of the same study, nearly centred
    case = oracle("clinic_tost_paired_not_equiv")["data"]
    case["a"] = (floats(case["a"]) - 0.5).tolist()
    margin = given["margin"]
    expected = ttost_paired(floats(case["a"]), floats(case["b"]), -margin, margin)[0]
    metric = Metric("score", goal="maximize", margin=Margin(margin), primary=True)
    text = page(seeds({"A": case["a"], "B": case["b"]}, metric, pair_by="seed"))
    has(text, "practically equivalent", "within 0.6", f"TOST p = {expected:.2g}")
    lacks(text, "no significant difference", "no difference")


def tiny_but_significant(given: Mapping[str, Any]) -> None:
    # differences whose mean and interval are the given ones
    n = 400
    rng = np.random.default_rng(9)
    noise = rng.normal(0, 1, n)
    noise = (noise - noise.mean()) / noise.std(ddof=1)
    half = (given["ci"][1] - given["ci"][0]) / 2
    differences = given["diff"] + noise * half / 1.966 * np.sqrt(n)
    base = rng.normal(0.7, 0.05, n)
    rows = [("B", i, v) for i, v in enumerate(base)]
    rows += [("A", i, v) for i, v in enumerate(base + differences)]
    metric = Metric("accuracy", goal="maximize", margin=Margin(given["rope"]), primary=True)
    context = study(
        table_of(rows, ("model", "item")), by=["model"], items="item", baseline=BASELINE,
        metrics=(metric,),
    )  # fmt: skip
    text = page(context)
    has(text, "detectable but below the declared margin of 0.002", "practically negligible")
    lacks(text, "beats")


def float_ties(given: Mapping[str, Any]) -> None:
    case = oracle(given["oracle"])["data"]
    context = seeds({"A": case["a"], "B": case["b"]}, pair_by="seed", method="wilcoxon")
    # the oracle's p is one-sided; two-sided is twice that, capped
    text = page(context)
    has(text, "p = 1")
    lacks(text, "0.5625")


def collapsed_seed(given: Mapping[str, Any]) -> None:
    text = page(seeds(given))
    has(
        text, "A-s3 (0.12", "far from the other runs", "It is kept", "mean", "median", "middle half"
    )


def p_nan_guard(given: Mapping[str, Any]) -> None:
    # finite values whose variance overflows
    samples = {"A": [1e160, 3e160, 2e160, 5e160], "B": [1e160, 2e160, 4e160, 9e160]}
    text = page(seeds(samples))
    lacks(text, "nan", "p = ", "p < ")


def unequal_steps(given: Mapping[str, Any]) -> None:
    pytest.skip("a budget is known to the whole build: tests/test_budget.py")


CASES: Mapping[str, Callable[[Mapping[str, Any]], None]] = {
    check.__name__: check
    for check in (
        single_run_each, three_seeds_welch, wilcoxon_forced_n5, deterministic_seeds, nan_run,
        best_checkpoint_on_eval, unequal_steps, repeated_cv, many_to_one, demsar_table6,
        identical_predictions, clustered_items, srm, repeated_looks, lower_is_better,
        duplicate_runs, lineage_mismatch, equivalence, tiny_but_significant, float_ties,
        collapsed_seed, p_nan_guard,
    )
}  # fmt: skip


@needs_oracles
@pytest.mark.parametrize("name", CASES)
def test_a_page_says_what_it_must_and_nothing_else(name: str) -> None:
    CASES[name](behaviour(name)["given"])


@needs_oracles
def test_every_case_is_tried() -> None:
    named = {case["id"] for case in json.loads((FOLDER / "behaviours.json").read_text())}
    assert named == set(CASES)
