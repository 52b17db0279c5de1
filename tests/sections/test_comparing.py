"""What is compared with what follows from the spec, and a number is the same on every page."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from runreport.design import Margin, Metric
from runreport.kinds import Context
from runreport.sections.comparing import Answer, compare, findings_of
from runreport.sections.verdicts import plain, sensitivity_words, sentence, verdict_words
from runreport.stats.decide import decide
from runreport.stats.plan import Case, Rules
from tests.stats.reference import behaviour, needs_oracles
from tests.studies import study

ACCURACY = Metric("accuracy", goal="maximize", unit="%", scale=100, primary=True)
LOSS = Metric("loss", goal="minimize")
BASELINE = {"model": "m0"}


def runs_of(groups: dict[str, list[Any]], metric: str = "accuracy", **more: Any) -> list[Any]:
    """Runs with the params model and seed; None is a run that diverged."""
    return [
        {
            "name": f"{name}-s{seed}",
            "params": {"model": name, "seed": seed},
            "metrics": {metric: float("nan") if value is None else value},
            **more,
        }
        for name, values in groups.items()
        for seed, value in enumerate(values)
    ]


def context(runs: list[Any], **more: Any) -> Context:
    chosen = {"by": ["model"], "replicates": "seed", "metrics": (ACCURACY, LOSS), **more}
    return study(runs, **chosen)


def noise(groups: int, seeds: int, step: float = 0.01) -> dict[str, list[Any]]:
    rng = np.random.default_rng(groups * 100 + seeds)
    return {
        f"m{index}": (0.8 + step * index + rng.normal(0, 0.004, seeds)).tolist()
        for index in range(groups)
    }


def answer(made: Context, metric: Metric = ACCURACY) -> Answer:
    (found,) = compare(made, (metric,))
    return found


def codes(found: Answer) -> set[str]:
    return {finding.name for finding in findings_of(found, found.comparisons)}


def said(found: Answer, name: str) -> str:
    return " ".join(f.words for f in findings_of(found, found.comparisons) if f.name == name)


# ---- who is compared with whom -------------------------------------------------------------------


def test_with_a_baseline_every_other_group_is_compared_with_it() -> None:
    found = answer(context(runs_of(noise(4, 5)), baseline=BASELINE))
    assert found.kind == "baseline"
    assert [(c.baseline.label, c.candidate.label) for c in found.comparisons] == [
        ("model=m0", f"model=m{index}") for index in (1, 2, 3)
    ]


def test_without_a_baseline_few_groups_are_compared_in_all_pairs() -> None:
    found = answer(context(runs_of(noise(4, 5))))
    assert found.kind == "pairs"
    assert len(found.comparisons) == 6
    assert {c.result.family for c in found.comparisons} == {6}
    assert all((c.result.improvement or 0) > 0 for c in found.comparisons)


def test_without_a_baseline_the_leader_of_many_is_corrected_for_all_pairs() -> None:
    found = answer(context(runs_of(noise(12, 5))))
    assert found.kind == "leader"
    assert len(found.comparisons) == 11
    # 12 x 11 / 2: the leader was found by looking at all of them
    assert {c.result.family for c in found.comparisons} == {66}


def test_a_thousand_single_runs_are_no_half_million_pairs() -> None:
    found = answer(context(runs_of({f"m{i}": [i / 1000] for i in range(1000)})))
    assert len(found.comparisons) == 999
    assert {c.result.verdict for c in found.comparisons} == {"no_inference"}


def test_one_lucky_run_does_not_lead_where_others_have_three() -> None:
    found = answer(context(runs_of({**noise(2, 5), "lucky": [0.99]})))
    assert found.leader is not None
    assert found.leader.group.label == "model=m1"
    assert [fit.group.label for fit in found.ahead] == ["model=lucky"]


def test_without_a_goal_nothing_leads() -> None:
    made = context(runs_of(noise(3, 5)), metrics=())
    found = answer(made, made.design.metric("accuracy"))
    assert found.leader is None
    assert "NO_GOAL" in codes(found)


# ---- one family ----------------------------------------------------------------------------------


def both(seed: int = 0) -> list[Any]:
    rng = np.random.default_rng(seed)
    runs = runs_of(noise(4, 6))
    for run in runs:
        run["metrics"] |= {"loss": float(rng.normal(1, 0.1)), "extra": float(rng.normal(0, 1))}
    return runs


def test_a_page_with_fewer_metrics_shows_the_same_numbers() -> None:
    made = context(both(), baseline=BASELINE)
    together = compare(made, (ACCURACY, LOSS))
    alone = (*compare(made, (LOSS,)), *compare(made, (ACCURACY,)))
    assert [c.result for c in together[1].comparisons] == [c.result for c in alone[0].comparisons]
    assert [c.result for c in together[0].comparisons] == [c.result for c in alone[1].comparisons]


def test_primary_metrics_and_the_others_are_two_families() -> None:
    made = context(both(), baseline=BASELINE)
    families = [
        {c.result.family for c in found.comparisons} for found in compare(made, (ACCURACY, LOSS))
    ]
    assert families == [{3}, {3}]
    two = context(
        both(), baseline=BASELINE, metrics=(ACCURACY, Metric("loss", goal="minimize", primary=True))
    )
    assert {c.result.family for c in answer(two).comparisons} == {6}


def test_a_metric_that_is_only_logged_leaves_the_declared_families_alone() -> None:
    made = context(both(), baseline=BASELINE)
    extra = made.design.metric("extra")
    loss, logged = compare(made, (LOSS, extra))
    assert {c.result.family for c in loss.comparisons} == {3}
    assert {c.result.family for c in logged.comparisons} == {6}


def test_holm_over_the_family_is_what_the_numbers_say() -> None:
    found = answer(context(both(), baseline=BASELINE, pair_by="seed"))
    from statsmodels.stats.multitest import multipletests

    raw = [c.result.p_value for c in found.comparisons]
    assert [c.result.p_adjusted for c in found.comparisons] == pytest.approx(
        multipletests(raw, method="holm")[1].tolist()
    )


def test_the_same_context_is_answered_with_equal_values_twice() -> None:
    runs = both()
    one, other = (answer(context(runs, baseline=BASELINE)) for _ in range(2))
    assert [c.result for c in one.comparisons] == [c.result for c in other.comparisons]


# ---- pairs ---------------------------------------------------------------------------------------


def test_pairs_meet_by_their_seed_and_never_by_their_order() -> None:
    groups = {"m0": [0.1, 0.2, 0.3, 0.4], "m1": [0.12, 0.21, 0.33, 0.44]}
    runs = runs_of(groups)
    straight = answer(context(runs, baseline=BASELINE, pair_by="seed"))
    turned = answer(context([*runs[:4], *runs[:3:-1]], baseline=BASELINE, pair_by="seed"))
    assert straight.comparisons[0].result == turned.comparisons[0].result
    assert straight.comparisons[0].result.paired


def test_seeds_without_a_partner_are_named_and_stay_out() -> None:
    runs = runs_of({"m0": [0.1, 0.2, 0.3, 0.4], "m1": [0.12, 0.21, 0.33, 0.44, 0.5]})
    found = answer(context(runs, baseline=BASELINE, pair_by="seed"))
    assert found.comparisons[0].result.n == (4, 4)
    assert said(found, "UNMATCHED_PAIRS") == (
        "4 complete pairs are compared. Left out: no value for seed 4 in model=m0."
    )


def test_groups_whose_seeds_never_meet_are_compared_unpaired() -> None:
    runs = runs_of({"m0": [0.1, 0.2, 0.3, 0.4], "m1": [0.12, 0.21, 0.33, 0.44]})
    for run in runs[4:]:
        run["params"]["seed"] += 100
    found = answer(context(runs, baseline=BASELINE, pair_by="seed"))
    assert found.comparisons[0].result.test == "Welch t-test"
    assert said(found, "UNMATCHED_PAIRS") == (
        "None of the declared pairs match between model=m0 and model=m1, so the groups are "
        "compared unpaired: no value for seeds 0, 1, 2, 3 in model=m1; no value for seeds 100, "
        "101, 102, 103 in model=m0."
    )


def test_a_seed_that_occurs_twice_is_named_as_why_pairs_do_not_match() -> None:
    runs = runs_of({"m0": [0.905, 0.91, 0.93], "m1": [0.9, 0.91, 0.93, 0.935]})
    runs[4]["params"]["seed"] = 0
    found = answer(context(runs, baseline=BASELINE, pair_by="seed"))
    text = said(found, "UNMATCHED_PAIRS")
    assert text.startswith("Only 1 of the declared pairs matches between model=m0 and model=m1")
    # m1 has the seeds 0, 0, 2, 3
    assert "no value for seed 1 in model=m1; no value for seed 3 in model=m0; seed 0 occurs 2 " in (
        text
    )
    assert "average them first" in text


def test_runs_without_the_identity_of_pairs_are_counted() -> None:
    runs = runs_of({"m0": [0.1, 0.2, 0.3, 0.4], "m1": [0.12, 0.21, 0.33, 0.44, 0.5]})
    del runs[-1]["params"]["seed"]
    found = answer(context(runs, baseline=BASELINE, pair_by="seed"))
    assert "Left out: 1 run of model=m1 has no seed." in said(found, "UNMATCHED_PAIRS")


def test_folds_of_repeats_that_are_not_told_apart_are_said() -> None:
    rng = np.random.default_rng(4)
    runs = [
        {
            "params": {"model": name, "repeat": repeat, "fold": fold},
            "metrics": {"accuracy": float(rng.normal(0.8, 0.02))},
        }
        for name in ("m0", "m1")
        for repeat in range(3)
        for fold in range(5)
    ]
    unpaired = answer(context(runs, baseline=BASELINE, replicates="fold", pair_by="fold"))
    text = said(unpaired, "UNMATCHED_PAIRS")
    assert "each fold occurs 3 times in model=m0 and model=m1. Declare `repeat`" in text
    # what is declared is not asked for
    assert "pair_by" not in said(unpaired, "DEPENDENT_FOLDS")
    undeclared = answer(context(runs, baseline=BASELINE, replicates="fold"))
    assert "Declare `pair_by: fold` and `repeat`" in said(undeclared, "DEPENDENT_FOLDS")
    paired = answer(
        context(runs, baseline=BASELINE, replicates="fold", pair_by="fold", repeat="repeat")
    )
    assert paired.comparisons[0].result.short == "corrected resampled t"
    assert said(paired, "UNMATCHED_PAIRS") == ""


def test_a_group_that_does_not_vary_is_said_where_it_is_tested() -> None:
    runs = runs_of({"m0": [0.7] * 4, "m1": [0.8, 0.81, 0.82, 0.79], "m2": [0.9, 0.88, 0.91, 0.9]})
    found = answer(context(runs, baseline=BASELINE))
    assert {c.result.short for c in found.comparisons} == {"Welch t"}
    text = said(found, "DUPLICATE_RUNS")
    assert text.startswith("model=m0 has the same value of accuracy, 70\u202f%, for all 4 seeds:")
    # once, though the group is compared twice
    assert text.count("model=m0") == 1
    alike = answer(context(runs_of({"m0": [0.7] * 4, "m1": [0.8] * 4}), baseline=BASELINE))
    assert "DUPLICATE_RUNS" not in codes(alike)


def test_a_margin_in_per_cent_of_0_is_not_dropped_silently() -> None:
    metric = Metric("accuracy", goal="maximize", margin=Margin(5, relative=True), primary=True)
    runs = runs_of({"m0": [0.0] * 4, "m1": [1.0, 2.0, 3.0, 4.0]})
    found = answer(context(runs, baseline=BASELINE, metrics=(metric,)), metric)
    assert found.comparisons[0].result.margin is None
    text = said(found, "METHOD_OVERRIDDEN")
    assert "a margin of 5 % of the baseline on accuracy, which is 0 here" in text
    fine = answer(context(runs_of(noise(2, 4)), baseline=BASELINE, metrics=(metric,)), metric)
    assert "METHOD_OVERRIDDEN" not in codes(fine)


def test_a_value_never_logged_is_missing_and_a_nan_is_a_failure() -> None:
    groups = {"m0": [0.78, 0.79, 0.8, 0.79], "m1": [0.81, 0.82, 0.8, 0.83]}
    runs = runs_of(groups)
    runs[2]["metrics"] = {}
    absent = answer(context(runs, baseline=BASELINE))
    assert "counts as missing, not as failed" in said(absent, "MISSING_RUNS")
    assert absent.comparisons[0].result.sensitivity is None
    runs[2]["metrics"] = {"accuracy": float("nan")}
    diverged = answer(context(runs, baseline=BASELINE))
    assert "not as failed" not in said(diverged, "MISSING_RUNS")
    assert diverged.comparisons[0].result.sensitivity is not None


def test_folds_of_one_data_set_are_corrected_for_their_overlap() -> None:
    rng = np.random.default_rng(1)
    base = rng.normal(0.8, 0.02, 10)
    runs = [
        {"params": {"model": name, "fold": fold}, "metrics": {"accuracy": float(value)}}
        for name, values in (("m0", base), ("m1", base + rng.normal(0.01, 0.01, 10)))
        for fold, value in enumerate(values)
    ]
    made = context(runs, baseline=BASELINE, replicates="fold", pair_by="fold")
    (comparison,) = answer(made).comparisons
    values = [
        np.array([run["metrics"]["accuracy"] * 100 for run in part])
        for part in (runs[:10], runs[10:])
    ]
    # ten folds: a test part is a ninth of its training part
    (expected,) = decide(
        [Case(values[0], values[1], True, "maximize", unit="points", overlap=1 / 9)], Rules()
    )
    assert comparison.result.test == "corrected resampled t-test"
    assert comparison.result.p_value == pytest.approx(expected.p_value)
    unpaired = answer(context(runs, baseline=BASELINE, replicates="fold"))
    assert "pair_by: fold" in said(unpaired, "DEPENDENT_FOLDS")


# ---- runs that are missing, copied, far out ------------------------------------------------------


@needs_oracles
def test_a_diverged_run_is_counted_and_the_verdict_is_tried_with_it_scored_worst() -> None:
    values = behaviour("nan_run")["given"]
    runs = runs_of({"m0": values["B"], "m1": values["A"]})
    found = answer(context(runs, baseline=BASELINE, pair_by="seed"))
    assert "m1: 9 of 10 finished" in said(found, "MISSING_RUNS")
    assert "accuracy is NaN" in said(found, "MISSING_RUNS")
    assert found.comparisons[0].result.n == (9, 9)
    tried = sensitivity_words(found.comparisons[0])
    assert "1 failed or diverged run scored as the worst value seen (78" in tried
    assert "1 of 10 against 0 of 10" in tried


def test_a_seed_that_failed_and_was_run_again_counts_with_its_value() -> None:
    values = {
        "m0": [0.80, 0.81, 0.82, 0.83, 0.84, 0.85, 0.86],
        "m1": [0.83, 0.82, 0.85, 0.86, 0.85, 0.88, None],
    }
    runs = runs_of(values)
    again = {**runs[7], "name": "m1-s0-crashed", "status": "failed", "metrics": {}}
    (comparison,) = answer(context([*runs, again], baseline=BASELINE, pair_by="seed")).comparisons
    check = comparison.result.sensitivity
    assert check is not None
    # seed 6 alone is scored, as 80 %: (3 + 1 + 3 + 3 + 1 + 3 - 6) / 7 points
    assert check.scored == 1
    assert check.difference == pytest.approx(8 / 7)
    assert comparison.failures == ((0, 7), (2, 8))


@needs_oracles
def test_copies_of_a_run_count_once() -> None:
    values = behaviour("duplicate_runs")["given"]["A"]
    runs = runs_of({"m0": [0.8, 0.81, 0.83], "m1": values})
    for run in runs:
        del run["params"]["seed"]
    found = answer(context(runs, baseline=BASELINE, replicates=None))
    assert found.comparisons[0].result.n == (3, 2)
    assert "m1-s1 is equal to m1-s0 in every bit" in said(found, "DUPLICATE_RUNS")


def test_the_same_seed_with_the_same_value_counts_once_whatever_the_value() -> None:
    runs = runs_of({"m0": [0.8, 0.81, 0.83], "m1": [0.85, 0.86, 0.9]})
    runs.append({**runs[-1], "name": "m1-again"})
    found = answer(context(runs, baseline=BASELINE))
    assert found.comparisons[0].result.n == (3, 3)
    assert "m1-again" in said(found, "DUPLICATE_RUNS")


def test_two_seeds_with_the_same_count_of_right_answers_are_two_runs() -> None:
    runs = runs_of({"m0": [0.8, 0.81, 0.83], "m1": [350 / 360, 350 / 360, 349 / 360]})
    found = answer(context(runs, baseline=BASELINE))
    assert found.comparisons[0].result.n == (3, 3)
    assert "DUPLICATE_RUNS" not in codes(found)


@needs_oracles
def test_a_collapsed_run_is_shown_with_mean_median_and_middle_half_and_kept() -> None:
    values = behaviour("collapsed_seed")["given"]
    found = answer(context(runs_of({"m0": values["B"], "m1": values["A"]}), baseline=BASELINE))
    words = said(found, "POSSIBLE_COLLAPSE")
    assert "m1-s3" in words
    # by hand: (0.9 + 0.91 + 0.9 + 0.12 + 0.91) / 5 = 0.748; the middle three average 0.9033
    assert "mean 75," in words
    assert "median 90," in words
    assert "middle half 90" in words
    assert found.comparisons[0].result.n == (5, 5)
    assert "m0" not in words


@needs_oracles
def test_the_best_step_on_the_reported_values_is_warned_of() -> None:
    assert behaviour("best_checkpoint_on_eval")["warning_code"] == "BEST_OF_CHECKPOINTS"
    best = Metric("accuracy", goal="maximize", value="max", primary=True)
    made = context(runs_of(noise(2, 4)), baseline=BASELINE, metrics=(best,))
    assert "best value over all steps" in said(answer(made, best), "BEST_OF_CHECKPOINTS")


def test_a_guessed_goal_is_said() -> None:
    guessed = Metric("accuracy", goal="maximize", goal_guessed=True, primary=True)
    made = context(runs_of(noise(2, 4)), metrics=(guessed,))
    assert "guessed from its name" in said(answer(made, guessed), "DIRECTION_GUESSED")


@needs_oracles
def test_other_evaluation_data_withhold_the_verdict() -> None:
    digests = behaviour("lineage_mismatch")["given"]
    runs = runs_of(noise(2, 5))
    for run in runs:
        side = "A" if run["params"]["model"] == "m1" else "B"
        run["lineage"] = [("data", "digits", "test", digests[side]["data_hash"], None, None)]
    found = answer(context(runs, baseline=BASELINE))
    assert found.comparisons[0].result.verdict == "not_comparable"
    assert found.comparisons[0].result.p_value is None
    assert "digests b2 and a1" in said(found, "NOT_COMPARABLE")


def test_other_training_data_may_be_the_question() -> None:
    runs = runs_of(noise(2, 5))
    for run in runs:
        digest = run["params"]["model"]
        run["lineage"] = [("data", "digits", "training", digest, None, None)]
    found = answer(context(runs, baseline=BASELINE))
    assert found.comparisons[0].result.p_value is not None
    assert "NOT_COMPARABLE" in codes(found)


# ---- margins -------------------------------------------------------------------------------------


def test_a_margin_in_per_cent_is_of_the_baselines_mean() -> None:
    relative = Metric("accuracy", goal="maximize", margin=Margin(5, relative=True), primary=True)
    runs = runs_of({"m0": [2.0, 2.1, 1.9], "m1": [2.3, 2.2, 2.4]})
    found = answer(context(runs, baseline=BASELINE, metrics=(relative,)), relative)
    # 5 % of 2.0
    assert found.comparisons[0].result.margin == pytest.approx(0.1)


# ---- sentences -----------------------------------------------------------------------------------


def better() -> Context:
    metric = Metric(
        "accuracy", goal="maximize", unit="%", scale=100, primary=True, margin=Margin(0.5)
    )
    return context(runs_of(noise(3, 6, 0.02)), baseline=BASELINE, metrics=(metric,))


def test_a_sentence_holds_difference_interval_test_sizes_p_family_and_margin() -> None:
    made = better()
    (found,) = compare(made, made.design.metrics)
    words = plain(sentence(found.comparisons[1]))
    assert words.startswith("model=m2 beats model=m0 on accuracy by ")
    for part in (
        "points",
        "adjusted 95 % interval",
        "Welch t",
        "6 seeds each",
        "Holm-adjusted p",
        "over 2 comparisons",
        "above the declared margin of 0.5 points.",
    ):
        assert part in words


@needs_oracles
def test_lower_is_better_is_said_the_right_way_around() -> None:
    values = behaviour("lower_is_better")["given"]
    runs = runs_of({"B": values["B"], "A": values["A"]}, "loss")
    made = context(runs, baseline={"model": "B"}, metrics=(LOSS,))
    words = verdict_words(made, "loss")
    assert words is not None
    assert "model=A beats model=B on loss by 0.050" in words
    assert "B beats" not in words
    # the interval is that of the statement
    assert "interval 0.033 to 0.067" in words


def test_a_verdict_is_quoted_by_metric_and_by_group() -> None:
    made = better()
    best, second = verdict_words(made, "accuracy"), verdict_words(made, "accuracy.m1")
    assert best is not None
    assert second is not None
    assert best.startswith("model=m2 beats")
    assert second.startswith("model=m1 beats")
    assert verdict_words(made, "accuracy.model=m1") == second


@pytest.mark.parametrize("path", ["nothing", "accuracy.m9", "accuracy.m0.x", "", "loss"])
def test_a_verdict_on_what_does_not_exist_is_none(path: str) -> None:
    assert verdict_words(better(), path) is None


def test_metric_names_may_hold_dots() -> None:
    dotted = Metric("val.accuracy", goal="maximize", primary=True)
    made = context(runs_of(noise(2, 5), "val.accuracy"), baseline=BASELINE, metrics=(dotted,))
    assert verdict_words(made, "val.accuracy.m1") == verdict_words(made, "val.accuracy")
