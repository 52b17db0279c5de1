"""Every declared design leads to its test, with numbers that other software agrees with."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from runreport.design import Margin, Metric
from runreport.kinds import Context
from runreport.samples import Value
from runreport.sections.comparing import Answer, Comparison, compare
from runreport.sections.verdicts import plain, sentence
from tests.sections.test_behaviours import BASELINE, page, table_of
from tests.stats.reference import FOLDER, floats, needs_oracles, oracle
from tests.studies import study
from tests.test_understand import RUNS, SOURCES, store, understood

ACCURACY = Metric("accuracy", goal="maximize", primary=True)


def only(context: Context, metric: Metric = ACCURACY) -> Comparison:
    (answer,) = compare(context, (metric,))
    (found,) = answer.comparisons
    return found


def answer_of(context: Context, metric: Metric = ACCURACY) -> Answer:
    (answer,) = compare(context, (metric,))
    return answer


def names(item: Comparison) -> set[str]:
    return {finding.name for finding in item.result.warnings}


def items(values: dict[str, Any], metric: Metric = ACCURACY, **more: Any) -> Context:
    """One run per model and item; further params by name, one per item."""
    extra = {key: more.pop(key) for key in ("label", "document") if key in more}
    rows = [
        (model, item, *(column[item] for column in extra.values()), value)
        for model, column in values.items()
        for item, value in enumerate(column)
    ]
    runs = table_of(rows, ("model", "item", *extra), metric.name)
    return study(runs, by=["model"], items="item", baseline=BASELINE, metrics=(metric,), **more)


# ---- the same items ------------------------------------------------------------------------------


def outcomes(n: int, seed: int = 0) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    base = rng.random(n) < 0.7
    flipped = rng.random(n) < 0.15
    return {"B": base.astype(int), "A": np.where(flipped, rng.random(n) < 0.8, base).astype(int)}


@pytest.mark.parametrize("n", [60, 900])
def test_right_or_wrong_items_are_counted_as_statsmodels_counts_them(n: int) -> None:
    from statsmodels.stats.contingency_tables import mcnemar

    values = outcomes(n)
    found = only(items(values))
    old, new = (np.asarray(values[name], dtype=bool) for name in "BA")
    table = [[(old & new).sum(), (old & ~new).sum()], [(~old & new).sum(), (~old & ~new).sum()]]
    differ = table[0][1] + table[1][0]
    expected = mcnemar(table, exact=differ < 25, correction=True).pvalue
    assert found.result.short == "McNemar"
    assert found.result.p_value == pytest.approx(expected, abs=1e-12)
    assert found.result.difference == pytest.approx(new.mean() - old.mean())
    assert ("SMALL_DISCORDANT" in names(found)) == (differ < 25)


def test_items_that_occur_once_per_seed_are_named_as_why_no_pair_is_complete() -> None:
    rng = np.random.default_rng(3)
    rows = [
        (model, item, seed, int(rng.random() < 0.6))
        for model in "BA"
        for seed in range(3)
        for item in range(20)
    ]
    found = only(
        study(
            table_of(rows, ("model", "item", "seed")),
            by=["model"],
            items="item",
            baseline=BASELINE,
            metrics=(ACCURACY,),
        )
    )
    (said,) = (f.words for f in found.result.warnings if f.name == "UNMATCHED_PAIRS")
    assert said == (
        "No pair is complete: each item occurs 3 times in model=B and model=A. None of these has a "
        "single partner: select one of them, average them first, or name what tells them apart in "
        "`by`."
    )


def test_items_speak_of_these_models_and_not_of_their_methods() -> None:
    text = page(items(outcomes(900)))
    assert "about these trained models" in text
    assert "not about the methods" in text
    assert "900 items" in text


def test_items_shown_as_per_cent_give_the_same_p() -> None:
    percent = Metric("accuracy", goal="maximize", unit="%", scale=100, primary=True)
    raw, shown = only(items(outcomes(300))), only(items(outcomes(300), percent), percent)
    assert shown.result.short == "McNemar"
    assert shown.result.p_value == raw.result.p_value
    assert shown.result.difference == pytest.approx(100 * (raw.result.difference or 0.0))


@needs_oracles
def test_clustered_items_have_the_error_of_their_clusters() -> None:
    case = oracle("miller_clustered_paired")
    data, expected = case["data"], case["expected"]
    values = {"B": data["b"], "A": data["a"]}
    found = only(items(values, document=data["cluster"], cluster="document"))
    count = len(set(data["cluster"]))
    assert found.result.difference == pytest.approx(expected["mean_diff"])
    assert found.result.df == count - 1
    # the paper's formula, with the usual factor for few clusters
    error = expected["se_clustered"] * np.sqrt(count / (count - 1))
    assert found.result.difference / found.result.statistic == pytest.approx(error)
    assert "CLUSTERED" in names(found)


@needs_oracles
def test_areas_of_the_same_items_are_compared_after_delong() -> None:
    import csv

    case = oracle("delong_s100b_ndka")
    data, expected = case["data"], case["expected"]
    with open(FOLDER / data["file"]) as file:
        rows = list(csv.DictReader(file))
    positive = next(iter(data["positive"].items())) if isinstance(data["positive"], dict) else None
    column, word = positive or ("outcome", data["positive"])
    labels = [int(row[column] == word) for row in rows]
    metric = Metric("score", goal="maximize", statistic="auc", truth="label", primary=True)
    values = {"B": [row[data["b"]] for row in rows], "A": [row[data["a"]] for row in rows]}
    context = items(values, metric, label=labels)
    found = only(context, metric)
    assert found.result.short == "DeLong"
    assert found.result.p_value == pytest.approx(expected["p"], abs=1e-8)
    areas = {fit.group.label: fit.mean for fit in answer_of(context, metric).fits}
    assert [areas["model=A"], areas["model=B"]] == pytest.approx(expected["auc"], abs=1e-8)
    assert "areas under the curve" in plain(sentence(found))


def test_f1_is_one_number_of_all_items() -> None:
    from sklearn.metrics import f1_score

    rng = np.random.default_rng(4)
    labels = (rng.random(200) < 0.4).astype(int)
    values = {
        "B": np.where(rng.random(200) < 0.8, labels, 1 - labels),
        "A": np.where(rng.random(200) < 0.9, labels, 1 - labels),
    }
    metric = Metric("said", goal="maximize", statistic="f1", truth="label", primary=True)
    found = only(items(values, metric, label=labels), metric)
    expected = f1_score(labels, values["A"]) - f1_score(labels, values["B"])
    assert found.result.difference == pytest.approx(expected)
    assert found.result.short == "approximate randomisation"
    assert found.result.interval is not None
    assert found.result.interval.low < expected < found.result.interval.high


@needs_oracles
def test_several_models_on_the_same_items_get_cochrans_q_first() -> None:
    case = oracle("cochran_q")
    table = np.array(case["data"]["correct"])
    table = table if table.shape[0] > table.shape[1] else table.T
    values = {name: table[:, place] for place, name in enumerate("BACD"[: table.shape[1]])}
    text = page(items(values))
    assert f"Cochran's Q is {case['expected']['Q']:.2f} (df {case['expected']['df']}" in text
    assert "p = 0.24" in text


# ---- folds ---------------------------------------------------------------------------------------


def splits(repeats: int, folds: int, differences: Any, **more: Any) -> Context:
    rng = np.random.default_rng(0)
    base = rng.normal(0.8, 0.01, (repeats, folds))
    rows = [
        (model, repeat, fold, value)
        for model, scores in (("B", base), ("A", base + np.reshape(differences, (repeats, folds))))
        for (repeat, fold), value in np.ndenumerate(scores)
    ]
    return study(
        table_of(rows, ("model", "repeat", "fold")),
        by=["model"], replicates="fold", repeat="repeat", pair_by="fold", baseline=BASELINE,
        metrics=(ACCURACY,), **more,
    )  # fmt: skip


@needs_oracles
def test_five_repeats_of_two_folds_are_combined() -> None:
    case = oracle("fivetwo_cv_a")
    found = only(splits(5, 2, case["data"]["differences_5x2"]))
    assert found.result.short == "combined 5x2cv F"
    assert found.result.p_value == pytest.approx(case["expected"]["p_F"], abs=1e-9)
    assert found.result.interval is None
    text = plain(sentence(found))
    assert "no interval" in text
    t = only(splits(5, 2, case["data"]["differences_5x2"], method="five_by_two_t"))
    assert t.result.p_value == pytest.approx(case["expected"]["p"], abs=1e-9)


@needs_oracles
def test_repeated_folds_share_training_data_by_the_number_of_folds() -> None:
    case = oracle("sklearn_nadeau_bengio_rbf_linear")
    scores = json.loads((FOLDER / case["data"]["file"]).read_text())
    differences = floats(scores[case["data"]["a"]]) - floats(scores[case["data"]["b"]])
    found = only(splits(10, 10, differences))
    assert found.result.statistic == pytest.approx(case["expected"]["t"], abs=2e-3)
    posterior = found.result.second_looks[-1]
    assert posterior.method == "Bayesian correlated t-test"


def test_a_declared_test_share_replaces_the_number_of_folds() -> None:
    rng = np.random.default_rng(5)
    differences = rng.normal(0.01, 0.01, 30)
    found = only(splits(30, 1, differences, test_fraction=0.25))
    deviation = differences.std(ddof=1)
    expected = differences.mean() / (deviation * np.sqrt(1 / 30 + 0.25 / 0.75))
    assert found.result.statistic == pytest.approx(expected)


# ---- data sets -----------------------------------------------------------------------------------


def across(scores: dict[str, Any], seeds: int = 1, **more: Any) -> Context:
    rng = np.random.default_rng(2)
    rows = [
        (model, f"d{place}", seed, value + (rng.normal(0, 1e-3) if seeds > 1 else 0.0))
        for model, values in scores.items()
        for place, value in enumerate(values)
        for seed in range(seeds)
    ]
    return study(
        table_of(rows, ("model", "dataset", "seed")),
        by=["model"], across="dataset", replicates="seed", baseline=BASELINE,
        metrics=(ACCURACY,), **more,
    )  # fmt: skip


@needs_oracles
def test_two_models_over_data_sets_are_compared_by_signed_ranks() -> None:
    from scipy.stats import wilcoxon

    data = oracle("demsar_table2_wilcoxon")["data"]
    found = only(across({"B": data["a"], "A": data["b"]}))
    assert found.result.short.startswith("Wilcoxon signed-rank")
    differences = np.round(floats(data["b"]) - floats(data["a"]), 10)
    # with ties and zeros: the count over all sign patterns, zeros split
    expected = wilcoxon(differences, zero_method="zsplit", method="asymptotic", correction=False)
    assert found.result.p_value == pytest.approx(expected.pvalue, abs=0.004)
    assert found.result.unit_of_replication == "dataset"
    assert "14 datasets" in plain(sentence(found))
    assert "pseudo-median" in plain(sentence(found))


def test_replicates_within_a_data_set_make_no_more_data_sets() -> None:
    rng = np.random.default_rng(6)
    scores = {"B": rng.uniform(0.5, 0.9, 8), "A": rng.uniform(0.5, 0.9, 8)}
    found = only(across(scores, seeds=5))
    assert found.result.n == (8, 8)


def test_what_was_averaged_within_a_data_set_is_said() -> None:
    rng = np.random.default_rng(6)
    scores = {"B": rng.uniform(0.5, 0.9, 8), "A": rng.uniform(0.5, 0.9, 8)}
    declared = only(across(scores, seeds=5)).result.why
    assert "The value of each dataset is the mean of its 5 seeds, which count as one." in declared
    assert "mean of" not in only(across(scores)).result.why
    rows = [
        (model, f"d{place}", value + shift)
        for model, values in scores.items()
        for place, value in enumerate(values)
        for shift in (0.0, 0.01)[: 1 + (place > 3)]
    ]
    context = study(
        table_of(rows, ("model", "dataset")),
        by=["model"], across="dataset", baseline=BASELINE, metrics=(ACCURACY,),
    )  # fmt: skip
    assert "the mean of its 1 to 2 runs, which count as one; what makes them differ is not " in (
        only(context).result.why
    )


def test_four_data_sets_are_shown_and_not_tested() -> None:
    found = only(across({"B": [0.5, 0.6, 0.7, 0.8], "A": [0.55, 0.66, 0.71, 0.83]}))
    assert found.result.p_value is None
    assert names(found) == {"FEW_DATASETS"}
    assert "too few for a test over data sets" in plain(sentence(found))


def test_five_data_sets_are_told_what_they_cannot_show() -> None:
    found = only(across({"B": [0.5, 0.6, 0.7, 0.8, 0.9], "A": [0.55, 0.66, 0.71, 0.83, 0.92]}))
    said = next(f.words for f in found.result.warnings if f.name == "UNATTAINABLE_ALPHA")
    assert "cannot reach 0.05 with n = 5 datasets" in said
    assert found.result.verdict == "inconclusive"


# ---- the author's test ---------------------------------------------------------------------------


def test_a_test_that_does_not_fit_gives_way_and_that_is_said() -> None:
    rng = np.random.default_rng(8)
    rows = [("B", s, v) for s, v in enumerate(rng.normal(0.8, 0.01, 6))]
    rows += [("A", s, v) for s, v in enumerate(rng.normal(0.82, 0.01, 6))]
    context = study(
        table_of(rows, ("model", "seed")),
        by=["model"], replicates="seed", baseline=BASELINE, metrics=(ACCURACY,), method="wilcoxon",
    )  # fmt: skip
    found = only(context)
    assert found.result.short == "Welch t"
    said = next(f.words for f in found.result.warnings if f.name == "METHOD_OVERRIDDEN")
    assert "needs pairs" in said
    assert said in page(context)


def test_a_metric_may_have_a_test_of_its_own() -> None:
    rng = np.random.default_rng(9)
    rows = [("B", s, v) for s, v in enumerate(rng.normal(0.8, 0.01, 6))]
    rows += [("A", s, v) for s, v in enumerate(rng.normal(0.82, 0.01, 6))]
    metric = Metric("accuracy", goal="maximize", primary=True, method="permutation")
    context = study(
        table_of(rows, ("model", "seed")),
        by=["model"], replicates="seed", baseline=BASELINE, metrics=(metric,),
    )  # fmt: skip
    found = only(context, metric)
    assert found.result.short == "exact permutation"
    assert "METHOD_OVERRIDDEN" in names(found)


# ---- all groups at once --------------------------------------------------------------------------


def groups(samples: dict[str, Any], **more: Any) -> Context:
    rows = [(name, seed, v) for name, values in samples.items() for seed, v in enumerate(values)]
    return study(
        table_of(rows, ("model", "seed")),
        by=["model"], replicates="seed", metrics=(ACCURACY,), **more,
    )  # fmt: skip


@needs_oracles
def test_dunnett_judges_all_candidates_at_once() -> None:
    case = oracle("scipy_dunnett")
    samples = {"B": case["data"]["control"]}
    samples |= {f"v{i}": values for i, values in enumerate(case["data"]["samples"])}
    found = answer_of(groups(samples, baseline=BASELINE, method="dunnett"))
    by_name = {item.candidate.label: item.result for item in found.comparisons}
    for index, expected in enumerate(case["expected"]["p"]):
        result = by_name[f"model=v{index}"]
        assert result.p_adjusted == pytest.approx(expected, abs=2e-3)
        assert result.statistic == pytest.approx(case["expected"]["t"][index], abs=1e-6)
    text = page(groups(samples, baseline=BASELINE, method="dunnett"))
    assert "Dunnett-adjusted p" in text
    assert "over 2 comparisons" in text
    assert "Holm-adjusted" not in text


def test_dunnett_without_a_baseline_gives_way() -> None:
    rng = np.random.default_rng(1)
    samples = {name: rng.normal(0, 1, 6) for name in "ABC"}
    found = answer_of(groups(samples, method="dunnett"))
    assert {item.result.short for item in found.comparisons} == {"Welch t"}
    assert "a declared baseline" in page(groups(samples, method="dunnett"))


@needs_oracles
def test_tukey_judges_all_pairs_at_once() -> None:
    data = oracle("r_tukey_warpbreaks")
    found = answer_of(groups(data["data"], method="tukey"))
    p_values = {
        frozenset((item.candidate.label[-1], item.baseline.label[-1])): item.result.p_adjusted
        for item in found.comparisons
    }
    for pair in ("ML", "HL", "HM"):
        assert p_values[frozenset(pair)] == pytest.approx(data["expected"][f"p_{pair}"], abs=1e-6)


def test_games_howell_agrees_with_scipy() -> None:
    from scipy.stats import tukey_hsd

    rng = np.random.default_rng(2)
    samples = {name: rng.normal(i / 2, 1 + i, 6 + i) for i, name in enumerate("ABC")}
    found = answer_of(groups(samples, method="games_howell"))
    expected = tukey_hsd(*samples.values(), equal_var=False)
    ends = expected.confidence_interval(0.95)
    for item in found.comparisons:
        i, j = ("ABC".index(group.label[-1]) for group in (item.candidate, item.baseline))
        assert item.result.p_adjusted == pytest.approx(expected.pvalue[i, j], abs=1e-6)
        assert item.result.adjusted is not None
        assert item.result.adjusted.low == pytest.approx(ends.low[i, j], abs=1e-4)


def test_two_metrics_share_alpha_where_a_test_adjusts_itself() -> None:
    rng = np.random.default_rng(3)
    runs = [
        {
            "params": {"model": model, "seed": seed},
            "metrics": {"accuracy": rng.normal(), "loss": rng.normal()},
        }
        for model in "BCD"
        for seed in range(6)
    ]
    loss = Metric("loss", goal="minimize", primary=True)
    context = study(
        runs, by=["model"], replicates="seed", baseline=BASELINE, metrics=(ACCURACY, loss),
        method="dunnett",
    )  # fmt: skip
    for metric in (ACCURACY, loss):
        for item in answer_of(context, metric).comparisons:
            result = item.result
            assert result.p_adjusted == pytest.approx(min(1.0, 2 * (result.p_value or 0.0)))
            assert result.adjusted is not None
            assert result.adjusted.level == pytest.approx(0.975)


# ---- times ---------------------------------------------------------------------------------------


@needs_oracles
def test_runs_that_never_reach_a_value_are_censored_and_counted() -> None:
    case = oracle("scipy_logrank_glioma")
    metric = Metric("time", goal="minimize", value="step_above(score, 0.9)", primary=True)
    rows = []
    for model, key in (("B", "a"), ("A", "b")):
        rows += [(model, value, True) for value in case["data"][key]["event"]]
        rows += [(model, value, False) for value in case["data"][key]["censored"]]

    def value_of(run: Any, asked: Metric) -> Any:
        reached, last = run.params["reached"].text == "True", run.params["last"].number
        if asked.name == "time":
            return Value.of(last if reached else None)
        assert asked.value == "last_step(score)"
        return Value.of(last)

    runs = [
        {"name": f"r{i}", "params": {"model": m, "last": v, "reached": r}, "metrics": {"score": 1}}
        for i, (m, v, r) in enumerate(rows)
    ]
    context = replace(
        study(runs, by=["model"], baseline=BASELINE, metrics=(metric,)), value_of=value_of
    )
    found = only(context, metric)
    assert found.result.short == "log-rank"
    assert found.result.p_value == pytest.approx(case["expected"]["p"], abs=1e-5)
    assert found.result.n == (20, 31)
    assert "restricted mean time" in plain(sentence(found))
    assert "never reach it are counted" in page(context)


def test_times_are_read_from_curves_and_runs_that_stop_short_are_kept(tmp_path) -> None:
    # B reaches 0.9 at step 3 in every run, A at step 1 but for one run that ends at step 4 without
    fast, slow, never = [0.5, 0.95, 0.96], [0.5, 0.6, 0.7, 0.92], [0.5, 0.6, 0.6, 0.7, 0.7]
    curves = {"A": [fast] * 4 + [never], "B": [slow] * 5}
    runs = [
        {"name": f"{model}{seed}", "params": {"model": model, "seed": seed},
         "metrics": {"acc": curve}}
        for model, each in curves.items()
        for seed, curve in enumerate(each)
    ]  # fmt: skip
    store(tmp_path / "store.db", *runs)
    spec = (
        SOURCES + "groups: {by: [model], replicates: seed, baseline: model == 'B'}\n"
        "metrics: {reach: {goal: minimize, value: 'step_above(acc, 0.9)', primary: true}}\n"
    )
    context, _ = understood(tmp_path, spec + RUNS)
    metric = context.design.metric("reach")
    found = only(context, metric)
    samples = {fit.group.label: fit for fit in answer_of(context, metric).fits}
    assert samples["model=A"].sample.values.tolist() == [1, 1, 1, 1, 4]
    assert samples["model=A"].events.tolist() == [True, True, True, True, False]
    assert samples["model=B"].sample.values.tolist() == [3] * 5
    # means up to step 4, the last that is known of both: (4 x 1 + 4) / 5 against 3
    assert found.result.difference == pytest.approx(8 / 5 - 3)
    assert found.result.short == "log-rank"


def test_a_margin_holds_for_items_too() -> None:
    metric = Metric("accuracy", goal="maximize", primary=True, margin=Margin(0.5))
    found = only(items(outcomes(900), metric), metric)
    assert found.result.verdict in ("equivalent", "negligible")
