"""Areas under ROC curves and their test are pROC's, and clusters are counted as wholes."""

from __future__ import annotations

import csv
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from runreport.stats import areas
from runreport.stats.paired import midranks
from tests.stats.reference import FOLDER, floats, needs_oracles, oracle

FAST = settings(max_examples=50, deadline=None)
SEEDS = st.integers(0, 2**32 - 1)


def patients(*columns: str):
    """Whether the outcome was poor, and scores, of the patients of pROC's data."""
    rows = list(csv.DictReader((FOLDER / "data" / "asah.csv").open()))
    labels = floats([row["outcome"] == "Poor" for row in rows])
    return labels, *(floats([row[column] for row in rows]) for column in columns)


def drawn(seed: int, n: int = 40, *, coarse: bool = False):
    """Labels and two correlated scores, with ties if coarse."""
    rng = np.random.default_rng(seed)
    labels = np.concatenate(([0, 0, 1, 1], rng.integers(0, 2, n - 4))).astype(float)
    shared = rng.normal(size=n)
    scores = [labels + shared + rng.normal(size=n) for _ in range(2)]
    return labels, *(np.round(part) if coarse else part for part in scores)


def dense(labels, first, second):
    """Areas and their covariance by comparing every positive item with every negative one."""
    parts = []
    for score in (first, second):
        apart = score[labels == 1][:, None] - score[labels == 0]
        wins = (apart > 0) + (apart == 0) / 2
        parts.append((wins.mean(), wins.mean(axis=1), wins.mean(axis=0)))
    covariance = sum(
        np.cov(parts[0][side], parts[1][side])[0, 1] / parts[0][side].size for side in (1, 2)
    )
    return parts[0][0], parts[1][0], covariance


@needs_oracles
@pytest.mark.parametrize("name", ["delong_s100b_ndka", "delong_s100b_wfns"])
def test_the_paired_test_is_procs(name: str) -> None:
    case = oracle(name)
    expected = case["expected"]
    labels, first, second = patients(case["data"]["a"], case["data"]["b"])
    # pROC subtracts the second from the first
    found = areas.delong(labels, baseline=second, candidate=first)
    assert [found.candidate.value, found.baseline.value] == pytest.approx(expected["auc"], abs=1e-9)
    assert found.estimate.statistic == pytest.approx(expected["z"], abs=1e-8)
    assert found.estimate.p_value() == pytest.approx(expected["p"], abs=1e-9)
    if "cov12" in expected:
        assert found.covariance == pytest.approx(expected["cov12"], abs=1e-11)
        assert found.candidate.variance == pytest.approx(expected["var1"], abs=1e-11)
        interval = found.estimate.interval(0.95)
        assert [interval.low, interval.high] == pytest.approx(expected["diff_ci"], abs=1e-9)
    if "auc1_ci" in expected:
        own = areas.area(labels, first).interval(0.95)
        assert own is not None
        assert [own.low, own.high] == pytest.approx(expected["auc1_ci"], abs=1e-9)


@FAST
@given(SEEDS, st.booleans())
def test_midranks_give_what_all_pairs_give(seed: int, coarse: bool) -> None:
    labels, first, second = drawn(seed, coarse=coarse)
    found = areas.delong(labels, first, second)
    old, new, covariance = dense(labels, first, second)
    assert (found.baseline.value, found.candidate.value) == pytest.approx((old, new))
    assert found.covariance == pytest.approx(covariance, abs=1e-12)
    assert found.baseline.variance == pytest.approx(dense(labels, first, first)[2])
    variance = found.baseline.variance + found.candidate.variance - 2 * covariance
    assert found.estimate.standard_error == pytest.approx(math.sqrt(max(0, variance)), abs=1e-8)


@FAST
@given(SEEDS, st.booleans())
def test_an_area_is_mann_whitneys_u_over_all_pairs(seed: int, coarse: bool) -> None:
    labels, score, _ = drawn(seed, coarse=coarse)
    positive, negative = score[labels == 1], score[labels == 0]
    reference = stats.mannwhitneyu(positive, negative).statistic / positive.size / negative.size
    assert areas.area(labels, score).value == pytest.approx(reference)
    rows = np.column_stack((midranks(score), labels))
    assert float(areas.areas_of(rows)) == pytest.approx(reference)


def test_many_sets_have_their_areas_at_once_and_none_without_a_class() -> None:
    rows = np.array([[[1, 0], [2, 1], [2, 0]], [[3, 1], [1, 0], [1, 0]], [[1, 1], [2, 1], [3, 1]]])
    found = areas.areas_of(rows.astype(float))
    assert found[:2].tolist() == [0.75, 1.0]
    assert math.isnan(found[2])


@FAST
@given(SEEDS, st.booleans())
def test_swapping_shuffling_and_stretching(seed: int, coarse: bool) -> None:
    labels, first, second = drawn(seed, coarse=coarse)
    found = areas.delong(labels, first, second).estimate
    swapped = areas.delong(labels, second, first).estimate
    assert swapped.difference == pytest.approx(-found.difference)
    assert swapped.standard_error == pytest.approx(found.standard_error)
    order = np.random.default_rng(seed).permutation(labels.size)
    shuffled = areas.delong(labels[order], first[order], second[order]).estimate
    assert shuffled.standard_error == pytest.approx(found.standard_error)
    # only the order of scores counts
    stretched = areas.delong(labels, np.exp(first), 7 * second - 3).estimate
    assert stretched.difference == pytest.approx(found.difference)
    assert stretched.standard_error == pytest.approx(found.standard_error)
    mirrored = areas.delong(1 - labels, -first, -second).estimate
    assert mirrored.difference == pytest.approx(found.difference)
    assert mirrored.standard_error == pytest.approx(found.standard_error)


@FAST
@given(SEEDS)
def test_clusters_of_one_item_each_change_nothing(seed: int) -> None:
    labels, first, second = drawn(seed)
    plain = areas.delong(labels, first, second)
    single = areas.delong(labels, first, second, clusters=np.arange(labels.size))
    assert single.estimate.standard_error == pytest.approx(plain.estimate.standard_error)
    assert single.covariance == pytest.approx(plain.covariance)
    assert single.estimate.method == "clustered DeLong"


def test_items_that_were_copied_add_nothing_once_their_copies_are_a_cluster() -> None:
    labels, first, second = drawn(4, n=60)
    plain = areas.delong(labels, first, second).estimate
    copied = [np.repeat(part, 3) for part in (labels, first, second)]
    naive = areas.delong(*copied).estimate
    clustered = areas.delong(*copied, clusters=np.repeat(np.arange(60), 3)).estimate
    assert naive.standard_error < 0.65 * plain.standard_error
    assert clustered.standard_error == pytest.approx(plain.standard_error)


def test_clusters_err_no_more_than_they_should() -> None:
    rng = np.random.default_rng(8)
    rejected, tries = np.zeros(2), 600
    members = np.repeat(np.arange(40), 6)
    for _ in range(tries):
        labels = rng.integers(0, 2, 240).astype(float)
        first, second = (
            labels + 1.5 * rng.normal(size=40)[members] * (2 * labels - 1) + rng.normal(size=240)
            for _ in range(2)
        )
        plain = areas.delong(labels, first, second).estimate.p_value()
        whole = areas.delong(labels, first, second, clusters=members).estimate.p_value()
        rejected += np.array([whole < 0.05, plain < 0.05])
    assert rejected[0] / tries < 0.08
    assert rejected[1] / tries > 0.15


def test_perfect_areas_have_no_variance_and_so_no_test() -> None:
    labels = floats([0, 0, 0, 1, 1])
    found = areas.delong(labels, floats([1, 2, 3, 4, 5]), floats([0.1, 0.3, 0.2, 0.9, 0.8]))
    assert (found.baseline.value, found.candidate.value) == (1, 1)
    assert found.estimate.standard_error == 0
    assert found.baseline.variance == 0
    assert found.baseline.interval(0.95) is None


def test_the_same_score_twice_has_no_test_either() -> None:
    labels, first, _ = drawn(5)
    assert areas.delong(labels, first, first * 2).estimate.standard_error == 0


def test_displayed_units_scale_areas_and_error() -> None:
    labels, first, second = drawn(6)
    plain, percent = (areas.delong(labels, first, second, one=one) for one in (1.0, 100.0))
    assert percent.estimate.difference == pytest.approx(100 * plain.estimate.difference)
    assert percent.estimate.statistic == pytest.approx(plain.estimate.statistic)
    high = percent.candidate.interval(0.999999)
    assert high is not None
    assert high.high <= 100


def test_a_hundred_thousand_items_need_no_pairs() -> None:
    labels, first, second = drawn(7, n=100_000, coarse=True)
    found = areas.delong(labels, first, second)
    positive, negative = first[labels == 1], first[labels == 0]
    reference = stats.mannwhitneyu(positive, negative).statistic / positive.size / negative.size
    assert found.baseline.value == pytest.approx(reference)


@pytest.mark.parametrize(
    ("labels", "scores", "message"),
    [
        ([0, 0, 1, 1], [0.1, math.nan, 0.3, 0.2], "NaN"),
        ([0, 0, 1, 2], [0.1, 0.2, 0.3, 0.2], "nothing but 0 and 1"),
        ([0, 0, 0, 1], [0.1, 0.2, 0.3, 0.2], "two items or more of either class"),
        ([0, 0, 1, 1], [0.1, 0.2, 0.3], "one per label"),
    ],
)
def test_what_has_no_area_is_refused(labels, scores, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        areas.area(labels, scores)


def test_a_class_in_one_cluster_alone_is_refused() -> None:
    labels, first, second = floats([0, 0, 1, 1]), floats([1, 2, 3, 4]), floats([2, 1, 3, 4])
    with pytest.raises(ValueError, match="two clusters or more"):
        areas.delong(labels, first, second, clusters=["a", "b", "c", "c"])
