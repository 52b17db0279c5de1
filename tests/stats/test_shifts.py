"""Ranks against scipy, published values and counting by hand."""

from __future__ import annotations

from itertools import combinations, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from runreport.stats.paired import midranks
from runreport.stats.ranksums import signed_quantile, sum_quantile
from runreport.stats.shifts import RankShift, SignedRank
from tests.stats.reference import DARWIN, SLEEP_1, SLEEP_2, floats, needs_oracles, oracle

whole = st.lists(st.integers(-6, 6).map(float), min_size=3, max_size=8)


def brute_signed(values) -> float:
    """Two-sided p over all sign patterns of the midranks, zeros split."""
    ranks = midranks(np.abs(values)) * (values != 0)
    seen = float((ranks * np.sign(values)).sum())
    sums = [float((ranks * signs).sum()) for signs in product((-1, 1), repeat=len(values))]
    up = np.mean([s >= seen - 1e-9 for s in sums])
    down = np.mean([s <= seen + 1e-9 for s in sums])
    return min(1.0, 2 * min(up, down))


def brute_sum(first, second) -> float:
    ranks = midranks(np.concatenate((first, second)))
    seen = ranks[len(first) :].sum()
    sums = [ranks[list(c)].sum() for c in combinations(range(len(ranks)), len(second))]
    up = np.mean([s >= seen - 1e-9 for s in sums])
    down = np.mean([s <= seen + 1e-9 for s in sums])
    return min(1.0, 2 * min(up, down))


@settings(max_examples=60, deadline=None)
@given(whole)
def test_signed_ranks_count_every_sign_pattern(values) -> None:
    assert SignedRank(floats(values)).p_value() == pytest.approx(brute_signed(floats(values)))


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(0, 5).map(float), min_size=2, max_size=5),
    st.lists(st.integers(0, 5).map(float), min_size=2, max_size=5),
)
def test_rank_sums_count_every_split(first, second) -> None:
    found = RankShift(floats(first), floats(second)).p_value()
    assert found == pytest.approx(brute_sum(floats(first), floats(second)))


@needs_oracles
def test_the_pseudo_median_and_its_interval_are_those_of_r() -> None:
    case = oracle("r_depression_wilcoxon_hl")
    data, expected = case["data"], case["expected"]
    found = SignedRank(floats(data["a"]) - floats(data["b"]))
    interval = found.interval(0.95)
    assert interval is not None
    assert found.difference == pytest.approx(expected["hl"])
    assert [interval.low, interval.high] == pytest.approx(expected["ci"])
    assert found.p_value() == pytest.approx(expected["p_two_sided"])


def test_darwins_maize_has_its_published_p_and_pseudo_median() -> None:
    # 0.041259765625 and 25: the worked example of scipy's wilcoxon and of R's
    found = SignedRank(DARWIN)
    assert found.statistic == 24
    assert found.p_value() == pytest.approx(0.041259765625)
    assert found.difference == 25


@needs_oracles
def test_rank_sums_are_those_of_the_published_example() -> None:
    case = oracle("scipy_mwu_diabetes")
    data, expected = case["data"], case["expected"]
    found = RankShift(floats(data["b"]), floats(data["a"]))
    assert found.statistic == expected["U"]
    assert found.p_value() == pytest.approx(expected["p_exact"])


@needs_oracles
def test_brunner_munzel_is_that_of_the_published_example() -> None:
    case = oracle("brunner_munzel_pain")
    data, expected = case["data"], case["expected"]
    found = RankShift(floats(data["a"]), floats(data["b"]), "brunner_munzel")
    assert found.statistic == pytest.approx(expected["W"])
    assert found.df == pytest.approx(expected["df"], abs=1e-3)
    assert found.p_value() == pytest.approx(expected["p"])


def test_groups_that_do_not_overlap_have_a_p_all_the_same() -> None:
    found = RankShift(floats([1, 2, 3, 4]), floats([5, 6, 7, 8]), "brunner_munzel")
    # 2 of the 70 splits are as extreme
    assert found.p_value() == pytest.approx(2 / 70)
    assert found.statistic is None


def test_quantiles_are_those_of_the_tables() -> None:
    # Hollander and Wolfe (1973): critical values of the signed ranks and of U at 0.025
    assert [signed_quantile(n, 0.025) for n in (5, 6, 10, 15)] == [0, 1, 9, 26]
    assert [sum_quantile(m, n, 0.025) for m, n in ((3, 3), (4, 4), (5, 5), (8, 8))] == [0, 1, 3, 14]


def test_few_values_get_the_widest_interval_with_the_level_it_has() -> None:
    found = SignedRank(floats([1.0, 2.0, 4.0, 7.0, 11.0])).interval(0.95)
    assert found is not None
    assert (found.low, found.high, found.level) == (1.0, 11.0, 0.9375)


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.floats(-5, 5), min_size=6, max_size=12, unique=True),
    st.floats(-3, 3),
    st.floats(0.1, 10),
)
def test_interval_follows_shift_and_scale_and_mirrors(values, shift, scale) -> None:
    base = np.round(floats(values), 6)
    one, other = SignedRank(base), SignedRank(base * scale + shift)
    assert other.difference == pytest.approx(one.difference * scale + shift, abs=1e-9)
    first, second = one.interval(0.9), other.interval(0.9)
    assert first is not None
    assert second is not None
    assert second.low == pytest.approx(first.low * scale + shift, abs=1e-9)
    mirrored = SignedRank(-base)
    assert mirrored.p_value() == pytest.approx(one.p_value())
    turned = mirrored.interval(0.9)
    assert turned is not None
    assert (turned.low, turned.high) == pytest.approx((-first.high, -first.low))


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.floats(-5, 5), min_size=4, max_size=9, unique=True),
    st.lists(st.floats(-5, 5), min_size=4, max_size=9, unique=True),
)
def test_swapping_groups_mirrors_the_shift(first, second) -> None:
    low, high = np.round(floats(first), 6), np.round(floats(second), 6)
    one, other = RankShift(low, high), RankShift(high, low)
    assert other.difference == pytest.approx(-one.difference)
    assert other.p_value() == pytest.approx(one.p_value())
    left, right = one.interval(0.9), other.interval(0.9)
    assert left is not None
    assert right is not None
    assert (left.low, left.high) == pytest.approx((-right.high, -right.low))


def test_an_interval_leaves_out_what_the_test_rejects() -> None:
    found = SignedRank(SLEEP_2 - SLEEP_1)
    interval = found.interval(0.95)
    assert interval is not None
    assert found.beyond_p(interval.low - 1e-9) < 0.05
    assert found.beyond_p(interval.low + 0.2) > 0.05
    assert found.equivalence_p(10.0) < 0.05


def test_many_pairs_agree_with_scipy() -> None:
    from scipy.stats import mannwhitneyu, wilcoxon

    rng = np.random.default_rng(3)
    values = np.round(rng.normal(0.1, 1, 200), 2)
    expected = wilcoxon(values, zero_method="zsplit", method="asymptotic", correction=False)
    assert SignedRank(values).p_value() == pytest.approx(expected.pvalue, rel=1e-6)
    first, second = np.round(rng.normal(0, 1, 80), 1), np.round(rng.normal(0.3, 1, 60), 1)
    expected = mannwhitneyu(second, first, method="asymptotic", use_continuity=True)
    assert RankShift(first, second).p_value() == pytest.approx(expected.pvalue, rel=1e-9)


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.integers(0, 40), min_size=4, max_size=9),
    st.lists(st.integers(0, 40), min_size=4, max_size=9),
    st.integers(1, 15),
    st.sampled_from(["mann_whitney", "brunner_munzel"]),
)
def test_a_margin_that_makes_ties_makes_them_in_every_unit(first, second, margin, test) -> None:
    whole = RankShift(floats(first), floats(second), test)
    parts = RankShift(floats(first) * 0.007, floats(second) * 0.007, test)
    assert parts.beyond_p(margin * 0.007) == pytest.approx(whole.beyond_p(margin))
    assert parts.equivalence_p(margin * 0.007) == pytest.approx(whole.equivalence_p(margin))


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(-30, 60), min_size=4, max_size=12), st.integers(1, 40))
def test_a_margin_is_a_test_of_moved_differences(values, margin) -> None:
    found = SignedRank(floats(values) / 1000)
    turned = floats(values) if found.difference >= 0 else -floats(values)
    moved = SignedRank(turned - margin)
    two_sided = moved.p_value()
    if found.beyond_p(margin / 1000) < 0.999 and moved.difference > 0:
        assert found.beyond_p(margin / 1000) == pytest.approx(two_sided)


@pytest.mark.parametrize("test", ["mann_whitney", "brunner_munzel"])
def test_intervals_of_a_shift_cover_what_they_promise(test) -> None:
    rng = np.random.default_rng(6)
    hits = 0
    for _ in range(600):
        low, high = rng.lognormal(0, 1, 9), rng.lognormal(0, 1, 12) + 2.0
        interval = RankShift(low, high, test).interval(0.95)
        assert interval is not None
        hits += interval.low <= 2.0 <= interval.high
    # exact intervals cover at least what they promise
    assert hits / 600 >= 0.93


@settings(max_examples=40, deadline=None)
@given(whole)
def test_the_sign_test_leaves_out_an_odd_tie(values) -> None:
    # Demsar (2006), section 3.1.4: ties are split evenly; if there is an odd number, one is ignored
    ups, downs = sum(v > 0 for v in values), sum(v < 0 for v in values)
    half = (len(values) - ups - downs) // 2
    n = ups + downs + 2 * half
    expected = stats.binomtest(ups + half, n).pvalue if n else 1.0
    assert SignedRank(floats(values), "sign").p_value() == pytest.approx(expected)
