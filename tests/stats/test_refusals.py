"""When no test is made, and what is said instead."""

from __future__ import annotations

import numpy as np
import pytest

from tests.stats.cases import names, one, words


def test_a_constant_difference_of_pairs_is_not_tested() -> None:
    base = np.array([0.71, 0.74, 0.79, 0.66, 0.73, 0.75])
    found = one(base, base + 0.02, paired=True)
    assert (found.verdict, found.p_value) == ("no_inference", None)
    assert "same for all 6 pairs" in words(found, "ZERO_VARIANCE")


def test_a_constant_difference_does_not_say_that_values_are_constant() -> None:
    base = np.array([0.3, 0.4, 0.5, 0.6, 0.7, 0.8])
    found = one(base, base + 0.1, paired=True)
    assert found.why.startswith("The difference is the same for all 6 pairs, though values vary")


def test_one_group_that_does_not_vary_is_told_from_two() -> None:
    lone = one([0.9531729318] * 4, [0.8, 0.81, 0.82, 0.79])
    assert lone.why.startswith("One group has the same value, 0.953173, for all 4 seeds")
    both = one([0.9531729318] * 4, [0.812345678912] * 4)
    assert both.why.startswith("Values do not vary between seeds")


def test_one_item_is_no_run() -> None:
    found = one([0.0], [1.0], paired=True, kind="items", unit_of_replication="item")
    assert found.why.startswith("One item: no inference about the models is possible.")
    assert names(found) == {"N1_NO_INFERENCE"}


@pytest.mark.parametrize(("kinds", "labels"), [(1, "1"), (0, "0")])
def test_items_of_one_kind_have_no_area(kinds: int, labels: str) -> None:
    scores = np.random.default_rng(1).normal(0, 1, 60)
    found = one(
        scores, scores[::-1], paired=True, kind="items", unit_of_replication="item",
        statistic="auc", labels=np.full(60, float(kinds)),
    )  # fmt: skip
    assert found.verdict == "no_inference"
    assert found.why == (
        "An area under the curve needs items of two kinds; all 60 are labelled "
        f"{labels}. No test is made."
    )


def test_two_runs_on_one_side_are_not_called_two_runs() -> None:
    found = one([0.8, 0.81], [0.9, 0.92, 0.91, 0.93])
    assert found.why.startswith("Two seeds on one side are too few for a test or an interval")


def test_reasons_are_one_sentence_that_a_verdict_can_quote() -> None:
    varying, twice = [0.81, 0.8, 0.82, 0.79, 0.83], {"paired": True, "kind": "items"}
    refused = [
        one([0.7] * 5, [0.7] * 5),
        one(varying, np.array(varying) + 0.1, paired=True),
        one([0.9531729318] * 5, varying),
        one(varying[:4], varying[:4][::-1], paired=True, kind="datasets"),
        one(varying[:1], varying[1:2], paired=True, kind="datasets"),
        one(varying, varying, **twice),
        one(varying, np.array(varying) + 1, **twice),
        one(varying, varying, **twice, statistic="auc", labels=np.ones(5)),
        one(varying, varying, kind="times", events=(np.zeros(5, bool), np.zeros(5, bool))),
    ]
    for found in refused:
        assert found.verdict == "no_inference"
        start, end = found.why.removesuffix("."), " No test is made"
        assert start.endswith(end)
        assert ". " not in start.removesuffix(end).removesuffix(".")
    assert refused[4].why.startswith("1 seed is too few")


def test_a_metric_at_its_ceiling_is_tested_against_runs_that_vary() -> None:
    found = one([0.91, 0.93, 0.92, 0.94], [1.0, 1.0, 1.0, 1.0])
    assert found.verdict == "better"
    assert found.df == pytest.approx(3)


def test_copies_of_one_value_with_many_digits_are_not_tested() -> None:
    found = one([0.91, 0.93, 0.92, 0.94], [0.9531729318] * 4)
    assert found.verdict == "no_inference"
    assert "ZERO_VARIANCE" in names(found)


def test_two_seeds_are_described_and_not_tested() -> None:
    found = one([0.8, 0.81], [0.9, 0.92])
    assert (found.verdict, found.p_value, found.interval) == ("no_inference", None, None)
    assert names(found) == {"N_TOO_SMALL"}


def test_other_evaluation_data_withhold_the_verdict() -> None:
    found = one([1, 2, 3], [4, 5, 6], withheld="The test data differ.")
    assert (found.verdict, found.p_value) == ("not_comparable", None)
