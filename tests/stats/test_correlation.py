"""Correlations agree with scipy and with counting every order."""

from __future__ import annotations

import math
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from runreport.stats import correlation
from tests.stats.reference import floats

TESTS = (correlation.pearson, correlation.spearman, correlation.kendall)


def pairs(least: int, most: int, largest: int = 12):
    drawn = st.tuples(st.integers(-largest, largest), st.integers(-largest, largest))
    return st.lists(drawn, min_size=least, max_size=most).filter(
        lambda rows: all(len({row[side] for row in rows}) > 1 for side in (0, 1))
    )


def columns(rows: list[tuple[int, int]]):
    return floats([row[0] for row in rows]), floats([row[1] for row in rows])


@settings(max_examples=50, deadline=None)
@given(pairs(4, 20))
def test_pearson_is_scipys(rows) -> None:
    x, y = columns(rows)
    found, reference = correlation.pearson(x, y), stats.pearsonr(x, y)
    assert found.value == pytest.approx(reference.statistic, abs=1e-12)
    assert found.p == pytest.approx(reference.pvalue, abs=1e-7)
    interval = found.interval(0.9)
    if interval is not None:
        assert (interval.low, interval.high) == pytest.approx(
            tuple(reference.confidence_interval(0.9))
        )


@settings(max_examples=50, deadline=None)
@given(pairs(9, 25))
def test_spearman_of_many_pairs_is_scipys(rows) -> None:
    x, y = columns(rows)
    found, reference = correlation.spearman(x, y), stats.spearmanr(x, y)
    assert found.value == pytest.approx(reference.statistic)
    assert found.p == pytest.approx(reference.pvalue, abs=1e-9)


@settings(max_examples=30, deadline=None)
@given(pairs(3, 6, 4))
def test_ranks_of_few_pairs_are_counted_in_every_order(rows) -> None:
    x, y = columns(rows)
    orders = [floats(order) for order in permutations(y)]
    peers = (stats.spearmanr, stats.kendalltau)
    for test, peer in zip((correlation.spearman, correlation.kendall), peers, strict=True):
        seen = abs(peer(x, y).statistic)
        expected = np.mean([abs(peer(x, order).statistic) >= seen - 1e-9 for order in orders])
        found = test(x, y)
        assert found.value == pytest.approx(peer(x, y).statistic)
        assert (found.p, found.is_exact) == (pytest.approx(expected), True)


@settings(max_examples=50, deadline=None)
@given(pairs(9, 25, 40))
def test_kendall_is_scipys(rows) -> None:
    x, y = columns(rows)
    tied = len(set(x)) < len(x) or len(set(y)) < len(y)
    reference = stats.kendalltau(x, y, method="asymptotic" if tied else "exact")
    found = correlation.kendall(x, y)
    assert found.value == pytest.approx(reference.statistic)
    assert found.is_exact != tied
    assert found.p == pytest.approx(reference.pvalue, abs=1e-12)


def test_the_heights_of_hollander_and_wolfe_are_rs() -> None:
    # R ?cor.test: lightness of tuna by Hunter L and by panel; T = 26, p = 0.1194, tau 0.4444
    x = floats([44.4, 45.9, 41.9, 53.3, 44.7, 44.1, 50.7, 45.2, 60.1])
    y = floats([2.6, 3.1, 2.5, 5.0, 3.6, 4.0, 5.2, 2.8, 3.8])
    found = correlation.kendall(x, y)
    assert (found.value, found.p) == (pytest.approx(0.4444444), pytest.approx(0.1194, abs=5e-5))
    # R: t = 1.8411, df = 7, p 0.1082, 95 % from -0.1497 to 0.8956, r 0.5711816
    line = correlation.pearson(x, y)
    interval = line.interval(0.95)
    assert interval is not None
    assert (line.value, line.p) == (pytest.approx(0.5711816), pytest.approx(0.1082, abs=5e-5))
    assert (interval.low, interval.high) == pytest.approx((-0.1497426, 0.8955795), abs=1e-6)


@settings(max_examples=50, deadline=None)
@given(pairs(4, 15), st.randoms(use_true_random=False), st.floats(0.01, 100), st.floats(-99, 99))
def test_order_scale_and_origin_change_nothing_and_turning_one_mirrors(
    rows, random, scale: float, shift: float
) -> None:
    x, y = columns(rows)
    other_x, other_y = columns(random.sample(rows, len(rows)))
    for test in TESTS:
        before, after = test(x, y), test(other_y, other_x * scale + shift)
        assert after.value == pytest.approx(before.value, abs=1e-9)
        assert after.p == pytest.approx(before.p, abs=1e-6)
        turned = test(x, -y)
        assert turned.value == pytest.approx(-before.value, abs=1e-12)
        assert turned.p == pytest.approx(before.p)


def test_intervals_cover_what_they_promise() -> None:
    rng = np.random.default_rng(8)
    # of a bivariate normal with correlation 0.5 rho is 6/pi asin(1/4), tau 2/pi asin(1/2)
    truths = (0.5, 6 / math.pi * math.asin(0.25), 2 / math.pi * math.asin(0.5))
    hits = np.zeros(3)
    for _ in range(800):
        x = rng.normal(size=25)
        y = 0.5 * x + math.sqrt(0.75) * rng.normal(size=25)
        for place, (test, truth) in enumerate(zip(TESTS, truths, strict=True)):
            interval = test(x, y).interval(0.95)
            assert interval is not None
            hits[place] += interval.low <= truth <= interval.high
    assert hits / 800 == pytest.approx([0.95] * 3, abs=0.025)


def test_all_on_one_line_has_no_interval() -> None:
    for test in TESTS:
        found = test([1.0, 2.0, 3.0, 4.0, 5.0], [2.0, 4.0, 6.0, 8.0, 10.0])
        assert (found.value, found.interval(0.95)) == (pytest.approx(1.0), None)


def test_three_pairs_have_a_value_and_no_interval() -> None:
    for test in TESTS:
        assert test([1.0, 2.0, 3.0], [1.0, 3.0, 2.0]).interval(0.95) is None


@pytest.mark.parametrize("test", TESTS)
def test_what_cannot_be_correlated_is_refused(test) -> None:
    for bad, message in (
        ([1.0, 2.0, math.nan], "finite"),
        ([1.0, 2.0, math.inf], "finite"),
        ([1.0, 1.0, 1.0], "vary"),
        ([1.0, 2.0, 3.0, 4.0], "pairs"),
    ):
        with pytest.raises(ValueError, match=message):
            test([1.0, 2.0, 3.0], bad)
    with pytest.raises(ValueError, match="3 values or more"):
        test([1.0, 2.0], [1.0, 2.0])
