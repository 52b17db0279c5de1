"""Means over items have the errors of Miller's paper, and of statsmodels."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.regression.linear_model import OLS

from runreport.stats import items
from tests.stats.reference import floats, needs_oracles, oracle

FAST = settings(max_examples=50, deadline=None)
SEEDS = st.integers(0, 2**32 - 1)


def drawn(seed: int, clusters: int = 6, most: int = 9):
    """Scores of two models on items in clusters of uneven sizes."""
    rng = np.random.default_rng(seed)
    members = np.repeat(np.arange(clusters), rng.integers(1, most, clusters))
    level = rng.normal(size=clusters)[members]
    baseline = rng.normal(size=members.size)
    return baseline, baseline + 0.3 * level + rng.normal(size=members.size), members


@needs_oracles
def test_clusters_of_six_have_millers_error() -> None:
    case = oracle("miller_clustered_paired")
    a, b = floats(case["data"]["a"]), floats(case["data"]["b"])
    error = items.clustered_error(a - b, case["data"]["cluster"])
    assert error == pytest.approx(case["expected"]["se_clustered"], abs=1e-12)
    found = items.item_mean(b, a, case["data"]["cluster"])
    assert found.estimate.difference == pytest.approx(0.2, abs=1e-12)
    assert found.naive_error == pytest.approx(case["expected"]["se_naive"], abs=1e-12)
    # six clusters of five: the published error times the root of 6 / 5, with 5 degrees of freedom
    assert found.estimate.standard_error == pytest.approx(error * math.sqrt(6 / 5))
    assert found.estimate.df == pytest.approx(5)


@FAST
@given(SEEDS)
def test_the_published_error_is_statsmodels_without_its_correction(seed: int) -> None:
    baseline, candidate, members = drawn(seed)
    differences = candidate - baseline
    reference = OLS(differences, np.ones(differences.size)).fit(
        cov_type="cluster", cov_kwds={"groups": members, "use_correction": False}
    )
    assert items.clustered_error(differences, members) == pytest.approx(float(reference.bse[0]))


@FAST
@given(SEEDS)
def test_few_clusters_have_bell_and_mccaffreys_error_and_degrees_of_freedom(seed: int) -> None:
    baseline, candidate, members = drawn(seed)
    differences = candidate - baseline
    n = differences.size
    # the general recipe with its matrices, for a regression on the constant alone
    hat = np.full((n, n), 1 / n)
    left = np.eye(n) - hat
    residuals = left @ differences
    variance, columns = 0.0, []
    for cluster in np.unique(members):
        inside = members == cluster
        block = np.eye(int(inside.sum())) - hat[np.ix_(inside, inside)]
        sizes, vectors = np.linalg.eigh(block)
        root = vectors @ np.diag(sizes**-0.5) @ vectors.T
        weights = root @ np.ones(root.shape[0]) / n
        variance += float(residuals[inside] @ weights) ** 2
        columns.append(left[:, inside] @ weights)
    spectrum = np.linalg.eigvalsh(np.array(columns) @ np.array(columns).T)
    found = items.item_mean(baseline, candidate, members).estimate
    assert found.standard_error == pytest.approx(math.sqrt(variance))
    assert found.df == pytest.approx(spectrum.sum() ** 2 / (spectrum**2).sum())


@FAST
@given(SEEDS)
def test_without_clusters_it_is_the_paired_t_test(seed: int) -> None:
    baseline, candidate, _ = drawn(seed)
    reference = stats.ttest_rel(candidate, baseline)
    alone = items.item_mean(baseline, candidate)
    single = items.item_mean(baseline, candidate, np.arange(baseline.size))
    for found in (alone, single):
        assert found.estimate.statistic == pytest.approx(reference.statistic)
        assert found.estimate.p_value() == pytest.approx(reference.pvalue)
        assert found.estimate.df == pytest.approx(reference.df)
        assert found.naive_error == pytest.approx(found.estimate.standard_error)
    assert alone.estimate.method == "paired t over items"
    assert single.estimate.method == "clustered t over items"


@FAST
@given(SEEDS, st.floats(-100, 100), st.floats(0.01, 100))
def test_swapping_shuffling_shifting_and_scaling(seed: int, shift: float, scale: float) -> None:
    baseline, candidate, members = drawn(seed)
    found = items.item_mean(baseline, candidate, members)
    swapped = items.item_mean(candidate, baseline, members)
    assert swapped.estimate.difference == pytest.approx(-found.estimate.difference)
    assert swapped.estimate.p_value() == pytest.approx(found.estimate.p_value())
    order = np.random.default_rng(seed).permutation(members.size)
    shuffled = items.item_mean(baseline[order], candidate[order], members[order])
    assert shuffled.estimate.p_value() == pytest.approx(found.estimate.p_value())
    moved = items.item_mean(scale * baseline + shift, scale * candidate + shift, members)
    assert moved.estimate.p_value() == pytest.approx(found.estimate.p_value(), rel=1e-6)
    assert moved.naive_error == pytest.approx(scale * found.naive_error, rel=1e-6)


def test_names_of_clusters_do_not_matter() -> None:
    baseline, candidate, members = drawn(3)
    names = np.array(["b", "z", "a", "y", "c", "x"])[members]
    assert items.clustered_error(candidate - baseline, names) == pytest.approx(
        items.clustered_error(candidate - baseline, members)
    )


def test_few_uneven_clusters_err_no_more_than_they_should() -> None:
    rng = np.random.default_rng(12)
    rejected, tries = np.zeros(2), 1500
    for _ in range(tries):
        members = np.repeat(np.arange(5), 1 + rng.geometric(0.1, 5))
        shared = rng.normal(size=5)[members]
        differences = 0.7 * shared + rng.normal(size=members.size)
        nothing = np.zeros(members.size)
        found = items.item_mean(nothing, differences, members).estimate
        published = items.clustered_error(differences, members)
        share = 2 * stats.t.sf(abs(found.difference) / published, 4)
        rejected += np.array([found.p_value() < 0.05, share < 0.05])
    assert rejected[0] / tries < 0.07
    assert rejected[1] / tries > 0.09


@pytest.mark.parametrize(
    ("baseline", "candidate", "clusters", "message"),
    [
        ([0.1, math.nan, 0.3], [0.2, 0.3, 0.1], None, "NaN"),
        ([0.1, math.inf, 0.3], [0.2, 0.3, 0.1], None, "NaN or an infinite"),
        ([0.1], [0.2], None, "2 values or more"),
        ([0.1, 0.2], [0.2], None, "2 values or more"),
        ([0.1, 0.2], [0.2, 0.4, 0.4], None, "pairs"),
        ([0.525, 0.825], [0.5, 0.8], None, "do not vary"),
        ([0.1, 0.2, 0.3], [0.2, 0.4, 0.4], ["a", "a", "a"], "two clusters"),
        ([0.1, 0.2, 0.3], [0.2, 0.4, 0.4], ["a", "b"], "a cluster for each"),
    ],
)
def test_what_has_no_error_is_refused(baseline, candidate, clusters, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        items.item_mean(baseline, candidate, clusters)
