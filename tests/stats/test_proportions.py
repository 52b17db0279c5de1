"""Proportions of arms agree with the papers, with R, and with statsmodels and scipy."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats import proportion as peer

from runreport.stats import independent, proportions
from runreport.stats.proportions import Count, TwoProportions
from tests.stats.reference import needs_oracles, oracle

EASY = settings(max_examples=50, deadline=None)


@st.composite
def counts(draw: st.DrawFn, most: int = 400) -> Count:
    n = draw(st.integers(2, most))
    return Count(draw(st.integers(0, n)), n)


@needs_oracles
@pytest.mark.parametrize("name", ["wilson_81_263", "wilson_0_20"])
def test_the_score_interval_is_wilsons(name: str) -> None:
    case = oracle(name)
    found = proportions.wilson(Count(case["data"]["x"], case["data"]["n"]), 0.95)
    assert (found.low, found.high) == pytest.approx(
        case["expected"]["ci"], abs=case["tolerance_abs"]
    )


@needs_oracles
def test_the_intervals_of_a_difference_are_newcombes() -> None:
    case = oracle("newcombe_diff_ci")
    (x, y), (m, n) = case["data"]["successes"], case["data"]["n"]
    for name in ("newcombe", "wald"):
        # the paper's first group minus its second
        found = getattr(proportions, name)(Count(y, n), Count(x, m), 0.95)
        assert (found.low, found.high) == pytest.approx(
            case["expected"][name], abs=case["tolerance_abs"]
        )


@needs_oracles
def test_the_pooled_test_is_rs() -> None:
    case = oracle("statsmodels_two_prop_z")
    (x, y), (m, n) = case["data"]["successes"], case["data"]["n"]
    z, p = proportions.pooled_z(Count(y, n), Count(x, m))
    near, expected = case["tolerance_abs"], case["expected"]
    assert (z, p, z * z) == pytest.approx(
        (expected["z"], expected["p"], expected["chi2"]), abs=near
    )
    found = proportions.wald(Count(y, n), Count(x, m), 0.95)
    assert (found.low, found.high) == pytest.approx(expected["wald_ci"], abs=near)


@needs_oracles
def test_the_exact_test_is_fishers() -> None:
    case = oracle("r_fisher_convictions")
    (a, b), (c, d) = case["data"]["table"]
    p = independent.fisher_p((a, c), (a + b, c + d))
    assert p == pytest.approx(case["expected"]["p_two_sided"], abs=case["tolerance_abs"])


@needs_oracles
def test_kohavis_shares_are_a_mismatch() -> None:
    case = oracle("kohavi_srm")
    found = proportions.sample_ratio(case["data"]["observed"], case["data"]["ratio"])
    near = case["tolerance_abs"]
    assert found.statistic == pytest.approx(case["expected"]["chi2"], abs=near["chi2"])
    assert found.p_value == pytest.approx(case["expected"]["p"], abs=near["p"])
    assert found.is_mismatch


def test_shares_of_three_arms_are_those_of_scipy() -> None:
    found = proportions.sample_ratio([520, 260, 230], [2, 1, 1])
    expected = stats.chisquare([520, 260, 230], [505, 252.5, 252.5])
    assert (found.statistic, found.p_value) == pytest.approx(tuple(expected))
    assert found.df == 2
    assert not found.is_mismatch


@EASY
@given(counts(), counts())
def test_newcombes_interval_is_that_of_statsmodels(a: Count, b: Count) -> None:
    low, high = peer.confint_proportions_2indep(
        b.successes, b.n, a.successes, a.n, method="newcomb", compare="diff"
    )
    found = proportions.newcombe(a, b, 0.95)
    assert (found.low, found.high) == pytest.approx((low, high), abs=1e-9)


@pytest.mark.parametrize(
    ("candidate", "baseline", "expected"),
    [
        (Count(56, 70), Count(48, 80), (0.0528, 0.3382)),
        (Count(9, 10), Count(3, 10), (0.1700, 0.8406)),
    ],
)
def test_the_score_interval_is_that_of_newcombes_table(
    candidate: Count, baseline: Count, expected: tuple[float, float]
) -> None:
    """Newcombe (1998), Table II, method 6."""
    found = proportions.score(baseline, candidate, 0.95)
    assert (found.low, found.high) == pytest.approx(expected, abs=6e-5)


@EASY
@given(counts(60), counts(60), st.floats(-0.9, 0.9))
def test_the_score_statistic_rests_on_the_likeliest_proportions(
    a: Count, b: Count, difference: float
) -> None:
    """Likelihoods searched; the restricted estimate of statsmodels 0.15 has a slip in one term."""
    places = np.linspace(max(0.0, -difference), min(1.0, 1 - difference), 200_001)
    others = np.clip(places + difference, 0, 1)
    log_likelihood = stats.binom.logpmf(a.successes, a.n, places) + stats.binom.logpmf(
        b.successes, b.n, others
    )
    best = int(np.argmax(log_likelihood))
    low, high = float(places[best]), float(others[best])
    total = a.n + b.n
    variance = (low * (1 - low) / a.n + high * (1 - high) / b.n) * total / (total - 1)
    found = proportions.score_statistic(a, b, difference)
    if variance < 1e-4:
        return
    away = b.share - a.share - difference
    assert found == pytest.approx(away / math.sqrt(variance), rel=1e-2, abs=1e-3)


@EASY
@given(counts(), counts(), st.floats(0.01, 0.5), st.sampled_from([0.8, 0.95]))
def test_tests_against_a_margin_agree_with_the_score_interval(
    a: Count, b: Count, margin: float, level: float
) -> None:
    found = TwoProportions(a, b)
    interval = proportions.score(a, b, level)
    inside = min(margin + interval.low, margin - interval.high)
    if abs(inside) > 1e-6:
        # two one-sided tests at alpha, and the interval at 1 - 2 alpha
        assert (found.equivalence_p(margin) < (1 - level) / 2) == (inside > 0)
    apart = max(interval.low - margin, -margin - interval.high)
    if abs(apart) > 1e-6:
        assert (found.beyond_p(margin) < 1 - level) == (apart > 0)


@EASY
@given(counts(60), counts(60))
def test_fishers_p_is_that_of_scipy(a: Count, b: Count) -> None:
    table = [[a.successes, a.n - a.successes], [b.successes, b.n - b.successes]]
    p = independent.fisher_p((a.successes, b.successes), (a.n, b.n))
    assert p == pytest.approx(stats.fisher_exact(table).pvalue)


@EASY
@given(counts(), counts(), st.sampled_from([0.8, 0.95, 0.99]))
def test_swapping_arms_mirrors_everything(a: Count, b: Count, level: float) -> None:
    one, other = TwoProportions(a, b), TwoProportions(b, a)
    assert one.difference == -other.difference
    assert one.p_value() == pytest.approx(other.p_value(), abs=1e-9)
    assert one.equivalence_p(0.1) == pytest.approx(other.equivalence_p(0.1), abs=1e-9)
    for name in ("newcombe", "wald", "score"):
        ahead, behind = (getattr(proportions, name)(*pair, level) for pair in ((a, b), (b, a)))
        assert (ahead.low, ahead.high) == pytest.approx((-behind.high, -behind.low), abs=1e-9)


@EASY
@given(counts())
def test_turning_success_into_failure_mirrors_the_interval(a: Count) -> None:
    one, other = proportions.wilson(a, 0.9), proportions.wilson(Count(a.n - a.successes, a.n), 0.9)
    assert (one.low, one.high) == pytest.approx((1 - other.high, 1 - other.low), abs=1e-12)
    assert 0 <= one.low <= a.share <= one.high <= 1


@EASY
@given(counts(), counts())
def test_intervals_hold_the_difference_and_stay_in_range(a: Count, b: Count) -> None:
    difference = b.share - a.share
    for name in ("newcombe", "score"):
        found = getattr(proportions, name)(a, b, 0.95)
        assert -1 <= found.low <= difference + 1e-12
        assert difference - 1e-12 <= found.high <= 1


def test_few_expected_successes_are_tested_exactly() -> None:
    few = TwoProportions(Count(0, 100), Count(7, 100))
    assert few.method == "Boschloo exact"
    expected = stats.boschloo_exact([[0, 7], [100, 93]]).pvalue
    assert few.p_value() == pytest.approx(expected)
    assert few.p_value() <= independent.fisher_p((0, 7), (100, 100))
    many = TwoProportions(Count(0, 100_000), Count(7, 100_000))
    assert many.method == "Fisher exact"
    # 2 / 2^7, nearly: which of two equal arms each of seven falls into
    assert many.p_value() == pytest.approx(2 / 2**7, rel=1e-3)


def test_a_small_arm_beside_a_large_one_is_counted_quickly() -> None:
    found = TwoProportions(Count(500_000, 1_000_000), Count(8, 9))
    assert found.method == "Fisher exact"
    # the small arm alone against one half
    assert found.p_value() == pytest.approx(stats.binomtest(8, 9, 0.5).pvalue, rel=1e-3)


def test_arms_without_any_success_do_not_differ() -> None:
    found = TwoProportions(Count(0, 50), Count(0, 60))
    assert found.p_value() == 1.0
    assert proportions.pooled_z(found.baseline, found.candidate) == (0.0, 1.0)
    interval = found.interval(0.95)
    assert interval.low < 0 < interval.high


@pytest.mark.parametrize(("successes", "n"), [(3, 2), (-1, 5), (0, 0)])
def test_counts_that_cannot_be_are_refused(successes: int, n: int) -> None:
    with pytest.raises(ValueError, match="expected"):
        Count(successes, n)


@pytest.mark.parametrize(
    ("observed", "planned"),
    [([10], [1]), ([10, 20], [1]), ([0, 0], [1, 1]), ([1, 2], [1, 0]), ([1, 2], [1, math.nan])],
)
def test_arms_that_cannot_be_compared_with_a_plan_are_refused(
    observed: list[int], planned: list[float]
) -> None:
    with pytest.raises(ValueError, match="expected"):
        proportions.sample_ratio(observed, planned)


def test_a_level_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="level"):
        proportions.wilson(Count(1, 2), math.nan)
