"""Shares of the variance of ranks, against scipy's Kruskal-Wallis statistic."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from runreport.stats.explained import explained, parts


def eta_squared(levels, values):
    """(H - k + 1) / (n - k), as Tomczak and Tomczak (2014) print it."""
    samples = [values[np.array(levels) == level] for level in sorted(set(levels))]
    n, k = values.size, len(samples)
    return (stats.kruskal(*samples).statistic - k + 1) / (n - k)


@pytest.mark.parametrize("seed", range(20))
def test_it_is_the_eta_squared_of_kruskal_and_wallis(seed):
    rng = np.random.default_rng(seed)
    levels = rng.choice(list("abc"), 40).tolist()
    # rounded, so that ties occur
    values = np.round(rng.normal(size=40) + [ord(level) - 97 for level in levels], 1)
    assert explained(levels, values) == pytest.approx(max(0.0, eta_squared(levels, values)))


def test_it_is_small_on_average_where_nothing_goes_together():
    rng = np.random.default_rng(0)
    found = [
        explained(rng.choice(list("abcdef"), 30).tolist(), rng.normal(size=30)) for _ in range(300)
    ]
    # without the correction for six levels it would be 5/29
    assert np.mean(found) < 0.06


def test_it_is_all_where_levels_tell_the_ranks_apart():
    levels = ["low"] * 50 + ["high"] * 50
    values = np.array([0.0] * 50 + [1.0] * 50)
    assert explained(levels, values) == pytest.approx(1)


@pytest.mark.parametrize(
    ("levels", "values"),
    [
        (list("ababab"), np.arange(6.0)),
        (["a"] * 10, np.arange(10.0)),
        ([str(n) for n in range(10)], np.arange(10.0)),
        (list("ababababab"), np.ones(10)),
    ],
    ids=["too few", "one level", "as many levels as values", "equal values"],
)
def test_it_says_nothing_where_nothing_can_be_said(levels, values):
    assert explained(levels, values) is None


def test_a_rise_and_fall_that_no_correlation_sees_is_seen():
    x = np.linspace(-1, 1, 60)
    rho = stats.spearmanr(x, -(x**2)).statistic
    assert abs(rho) < 0.01
    assert explained(parts(x).tolist(), -(x**2)) > 0.7


def test_few_numbers_are_levels_themselves():
    values = np.array([0.1, 1.0, 0.1, 10.0])
    assert parts(values).tolist() == [0, 1, 0, 2]


def test_many_numbers_are_cut_into_parts_of_equal_counts_that_keep_equal_ones_together():
    values = np.random.default_rng(1).normal(size=103)
    found = parts(values)
    assert sorted(set(found.tolist())) == [0, 1, 2, 3, 4]
    assert np.ptp(np.bincount(found)) <= 1
    assert (np.diff(found[np.argsort(values)]) >= 0).all()
    tied = np.repeat(np.arange(8.0), 5)
    assert all(np.ptp(parts(tied)[tied == value]) == 0 for value in range(8))
