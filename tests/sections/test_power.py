"""Power on the page: the numbers of R and statsmodels, and no promise where there can be none."""

from __future__ import annotations

import math

import numpy as np
import pytest
from statsmodels.stats.power import TTestIndPower, TTestPower

from runreport.blocks import Figure, Note, Table
from runreport.design import Margin, Metric
from runreport.sections import power
from runreport.sections.power import Options
from tests import reading
from tests.stats.reference import needs_oracles, oracle
from tests.studies import study

ACCURACY = Metric("accuracy", goal="maximize", unit="%", primary=True, margin=Margin(1.0))
BARE = Metric("accuracy", goal="maximize", unit="%", primary=True)


def context(values, metric=BARE, baseline="a", **more):
    """Values by group, one per seed."""
    runs = [
        {
            "name": f"{group}-{seed}",
            "params": {"model": group, "seed": seed},
            "metrics": {"accuracy": value},
        }
        for group, found in values.items()
        for seed, value in enumerate(found)
    ]
    design = {"by": ["model"], "replicates": "seed", "metrics": (metric,), **more}
    return study(runs, baseline=baseline and {"model": baseline}, **design)


def spread(n, groups="ab", seed=1):
    rng = np.random.default_rng(seed)
    return {g: (90 + place + rng.normal(0, 1, n)).tolist() for place, g in enumerate(groups)}


def shown(made, **options):
    chosen = Options(**options)
    data = power.compute(made, chosen)
    blocks = power.present(data, chosen)
    (stated,) = power.record(data)["metrics"]
    return stated, blocks, "\n".join(reading.texts(blocks))


@needs_oracles
def test_detectable_differences_are_those_of_r() -> None:
    for n, independent, pairs in oracle("mde_by_seed_count")["expected"]["mde"]:
        stated, _, _ = shown(context(spread(n)))
        assert stated["comparisons"][0]["detectable_sd"] == pytest.approx(independent, abs=0.002)
        stated, _, _ = shown(context(spread(n), pair_by="seed"))
        # six pairs are decided by their signs: all six must be the same
        pairs = 1.7927 if n == 6 else pairs
        assert stated["comparisons"][0]["detectable_sd"] == pytest.approx(pairs, abs=0.002)


@pytest.mark.parametrize("paired", [False, True])
def test_numbers_are_statsmodels_also_after_correction(paired: bool) -> None:
    values = spread(8, "abcd")
    stated, _, _ = shown(context(values, ACCURACY, pair_by="seed" if paired else None))
    peer = TTestPower() if paired else TTestIndPower()
    size = "nobs" if paired else "nobs1"
    assert stated["corrected_level"] == pytest.approx(0.05 / 3)
    for item in stated["comparisons"]:
        group = item["candidate"].removeprefix("model=")
        old, new = np.array(values["a"]), np.array(values[group])
        deviation = (
            (new - old).std(ddof=1) if paired else np.sqrt((old.var(ddof=1) + new.var(ddof=1)) / 2)
        )
        assert item["standard_deviation"] == pytest.approx(deviation)
        for key, alpha in (("detectable", 0.05 / 3), ("detectable_uncorrected", 0.05)):
            effect = peer.solve_power(**{size: 8}, alpha=alpha, power=0.8)
            assert item[key] == pytest.approx(effect * deviation, rel=1e-3)
        chance = peer.power(1.0 / deviation, 8, 0.05 / 3)
        assert item["power_at_margin"] == pytest.approx(chance, abs=1e-4)
        needed = peer.solve_power(effect_size=1.0 / deviation, alpha=0.05 / 3, power=0.8)
        assert item["needed_for_margin"] == int(np.ceil(needed))


def test_one_run_each_is_told_what_more_seeds_would_show() -> None:
    stated, blocks, text = shown(context({"a": [80.0], "b": [90.0]}))
    assert reading.said(blocks).startswith("One run per group cannot show any difference")
    # R: power.t.test(n = 3, power = .8) and so on
    assert "With 3 seeds each you would detect differences of about 3.07 standard" in text
    assert "with 5 of 2.02, with 10 of 1.32" in text
    assert stated["comparisons"][0]["detectable"] is None
    (figure,) = reading.find(blocks, Figure)
    assert figure.data.y_label == "difference (SD)"


def test_two_runs_each_have_no_power_either() -> None:
    _, blocks, _ = shown(context({"a": [80.0, 81.0], "b": [90.0, 92.0]}))
    assert reading.said(blocks).startswith("Two seeds per group cannot show any difference")


def test_the_sentence_says_what_could_be_found_and_whether_the_margin_could() -> None:
    stated, _, _ = shown(context(spread(5), ACCURACY))
    assert stated["words"].startswith(
        "With 5 seeds per group, this comparison on accuracy could find a true difference of about"
    )
    assert "80 % power at alpha 0.05)" in stated["words"]
    assert "A difference as large as the margin of 1 point may be missed" in stated["words"]
    more = stated["comparisons"][0]["needed_for_margin"] - 5
    assert f"about {more} more seeds per group would do." in stated["words"]
    large = Metric("accuracy", goal="maximize", unit="%", primary=True, margin=Margin(50.0))
    stated, _, _ = shown(context(spread(5), large))
    assert "margin of 50 points would have been found" in stated["words"]


def test_the_smallest_p_of_exact_tests_is_said_where_it_is_too_large() -> None:
    stated, _, text = shown(context(spread(5), pair_by="seed"))
    assert stated["comparisons"][0]["smallest_exact_p"] == 0.0625
    assert "cannot go below p = 0.0625, which is not below 0.05; they could with 6." in text
    stated, _, text = shown(context(spread(3)))
    assert stated["comparisons"][0]["smallest_exact_p"] == pytest.approx(0.1)
    assert "they could with 4." in text
    _, _, text = shown(context(spread(6), pair_by="seed"))
    assert "cannot go below" not in text


def test_more_folds_are_not_promised_to_help() -> None:
    runs = [
        {"params": {"model": g, "fold": fold}, "metrics": {"accuracy": value}}
        for g, found in spread(10).items()
        for fold, value in enumerate(found)
    ]
    made = study(
        runs, by=["model"], replicates="fold", pair_by="fold", metrics=(ACCURACY,),
        baseline={"model": "a"},
    )  # fmt: skip
    stated, blocks, text = shown(made)
    assert stated["comparisons"][0]["needed_for_margin"] is None
    assert "more folds of the same data do not help" in text
    assert not reading.find(blocks, Figure)
    # R: power.t.test(n = 10, power = .8, type = "paired") finds 0.996; folds that overlap find less
    assert stated["comparisons"][0]["detectable_sd"] > 1.3


def test_what_was_found_needs_no_more() -> None:
    stated, blocks, _ = shown(context({"a": [1.0, 2.0, 3.0, 2.5], "b": [9.0, 10.0, 11.0, 10.5]}))
    assert stated["comparisons"][0]["needed_for_difference_seen"] == 4
    table = next(t for t in reading.find(blocks, Table) if t.export == "power-1")
    assert reading.column(table, "More for seen") == [0]


def test_tests_of_ranks_say_that_this_is_of_means() -> None:
    runs = [
        {"params": {"model": g, "task": task}, "metrics": {"accuracy": value}}
        for g, found in spread(12).items()
        for task, value in enumerate(found)
    ]
    made = study(runs, by=["model"], across="task", metrics=(BARE,), baseline={"model": "a"})
    stated, _, text = shown(made)
    assert stated["words"].startswith("With 12 tasks, this comparison on accuracy could find")
    assert "The test is of ranks, this outlook of means" in text


def of_items(**more):
    runs = [
        {"params": {"model": g, "item": i}, "metrics": {"accuracy": float((i * k) % 5 > 0)}}
        for g, k in (("a", 2), ("b", 5))
        for i in range(40)
    ]
    return study(
        runs, by=["model"], items="item", baseline={"model": "a"}, **{"metrics": (BARE,), **more}
    )


def test_items_find_what_their_error_says_and_more_of_them_find_less() -> None:
    stated, blocks, _ = shown(of_items(metrics=(ACCURACY,)))
    (item,) = stated["comparisons"]
    assert stated["words"].startswith("With 40 items, this comparison on accuracy could find")
    assert "standard deviation" not in stated["words"]
    more = math.ceil(40 * (item["detectable"] / 1.0) ** 2) - 40
    assert item["needed_for_margin"] == max(40, more + 40)
    # normal: McNemar's counts have no degrees of freedom
    assert item["detectable_uncorrected"] == pytest.approx(item["detectable"])
    assert not reading.find(blocks, Figure)


def test_a_margin_that_takes_more_items_than_are_counted_is_not_said_to_be_found() -> None:
    tiny = Metric("accuracy", goal="maximize", unit="%", primary=True, margin=Margin(1e-4))
    stated, _, _ = shown(of_items(metrics=(tiny,)))
    assert stated["comparisons"][0]["needed_for_margin"] is None
    assert "may be missed, and more than 10" in stated["words"]
    assert "would have been found" not in stated["words"]


def over_tasks(n, **more):
    runs = [
        {"params": {"model": g, "task": task}, "metrics": {"accuracy": value}}
        for g, found in spread(n).items()
        for task, value in enumerate(found)
    ]
    design = {"metrics": (ACCURACY,), "baseline": {"model": "a"}, **more}
    return study(runs, by=["model"], across="task", **design)


def test_five_data_sets_find_nothing_whatever_the_difference() -> None:
    stated, blocks, text = shown(over_tasks(5))
    (item,) = stated["comparisons"]
    assert stated["words"].startswith("With 5 tasks, nothing can be found on accuracy, whatever")
    assert "With 6 tasks you would detect differences of about 1.79" in stated["words"]
    assert item["detectable"] is None
    assert item["power_at_margin"] == 0
    assert item["needed_for_difference_seen"] >= 6
    assert item["needed_for_margin"] >= 6
    (figure,) = reading.find(blocks, Figure)
    assert figure.data.n[0] == 6
    assert "pairs of" not in text


def test_stepping_up_several_small_p_carry_each_other() -> None:
    runs = [
        {"params": {"model": g, "task": task}, "metrics": {"accuracy": value}}
        for g, found in spread(6, "abcd").items()
        for task, value in enumerate(found)
    ]
    for correction, able in (("bh", True), ("holm", False)):
        made = study(
            runs, by=["model"], across="task", metrics=(ACCURACY,), baseline={"model": "a"},
            correction=correction,
        )  # fmt: skip
        stated, _, _ = shown(made)
        assert [i["detectable"] is not None for i in stated["comparisons"]] == [able] * 3


@pytest.mark.parametrize("n", [1, 2, 3])
def test_fewer_data_sets_than_are_tested_promise_nothing_below_six(n: int) -> None:
    stated, _, _ = shown(over_tasks(n))
    sets = f"{n} task is" if n == 1 else f"{n} tasks are"
    assert stated["words"].startswith(
        f"No test is made on accuracy, so it has no power: {sets} too few for a test over data sets"
    )
    assert "With 6 tasks you would detect" in stated["words"]


def test_later_looks_are_told_that_this_is_of_one() -> None:
    _, _, text = shown(context(spread(6), pair_by="seed", look=2))
    assert "These figures are for one planned look; intervals that hold at every look" in text
    _, _, text = shown(context(spread(6), pair_by="seed"))
    assert "one planned look" not in text


def test_the_curve_passes_through_what_the_sentence_says() -> None:
    stated, blocks, _ = shown(context(spread(6), ACCURACY))
    (figure,) = reading.find(blocks, Figure)
    place = figure.data.n.tolist().index(6)
    assert figure.data.corrected[place] == pytest.approx(stated["comparisons"][0]["detectable"])
    assert figure.data.margin == 1.0
    assert (np.diff(figure.data.corrected) < 0).all()


def test_without_a_metric_or_a_second_group_it_says_so() -> None:
    empty = study([], by=["model"])
    (note,) = power.present(power.compute(empty, Options()), Options())
    assert isinstance(note, Note)
    _, _, text = shown(context({"a": [1.0, 2.0, 3.0]}))
    assert "nothing is compared" in text
