"""Intervals of the worst of several true values, against scipy, by hand and by simulation."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from runreport.stats import extremes

LEVEL = 0.9


def t_bounds(samples):
    def bounds(level):
        ends = [stats.t.interval(level, len(s) - 1, np.mean(s), stats.sem(s)) for s in samples]
        return np.array([low for low, _ in ends]), np.array([high for _, high in ends])

    return bounds


def test_the_lower_end_is_uncorrected_and_the_upper_end_shares_the_level():
    samples = [[1.0, 2.0, 4.0], [2.0, 2.5, 3.5], [0.5, 3.0, 3.5]]
    found = extremes.lowest(t_bounds(samples), 3, 0.95, "t")
    lows = [stats.t.interval(0.95, 2, np.mean(s), stats.sem(s))[0] for s in samples]
    highs = [stats.t.interval(1 - 0.05 / 3, 2, np.mean(s), stats.sem(s))[1] for s in samples]
    assert (found.low, found.high) == pytest.approx((min(lows), min(highs)))


def test_the_highest_is_the_lowest_turned_round():
    samples = [[1.0, 2.0, 4.0], [2.0, 2.5, 3.5]]
    turned = [[-value for value in sample] for sample in samples]
    high = extremes.highest(t_bounds(samples), 2, 0.95, "t")
    low = extremes.lowest(t_bounds(turned), 2, 0.95, "t")
    assert (high.low, high.high) == pytest.approx((-low.high, -low.low))


def test_the_gap_of_rows_is_that_of_the_paired_t_intervals_of_every_two():
    rng = np.random.default_rng(4)
    values = rng.normal([0.0, 1.0, 2.0], 0.3, (7, 3))
    found = extremes.gap_of_rows(values, LEVEL)
    pairs = list(permutations(range(3), 2))

    def ends(level):
        return [
            stats.ttest_rel(values[:, i], values[:, j]).confidence_interval(level) for i, j in pairs
        ]

    expected = (
        max(end.low for end in ends(1 - (1 - LEVEL) / len(pairs))),
        max(end.high for end in ends(LEVEL)),
    )
    assert found is not None
    assert (found.low, found.high) == pytest.approx(expected)


def test_the_gap_of_samples_is_that_of_the_welch_intervals_of_every_two():
    rng = np.random.default_rng(5)
    samples = [rng.normal(mean, 0.2 + mean / 9, n) for mean, n in ((0, 5), (1, 8), (0.5, 4))]
    found = extremes.gap_of_samples(samples, LEVEL)
    pairs = list(permutations(range(3), 2))

    def ends(level):
        return [
            stats.ttest_ind(samples[i], samples[j], equal_var=False).confidence_interval(level)
            for i, j in pairs
        ]

    expected = (
        max(end.low for end in ends(1 - (1 - LEVEL) / len(pairs))),
        max(end.high for end in ends(LEVEL)),
    )
    assert found is not None
    assert (found.low, found.high) == pytest.approx(expected)


def test_folds_widen_the_gap_as_nadeau_and_bengio_say():
    values = np.random.default_rng(6).normal([0.0, 1.0], 0.3, (10, 2))
    difference = values[:, 1] - values[:, 0]
    error = difference.std(ddof=1) * np.sqrt(1 / 10 + 1 / 9)
    found = extremes.gap_of_rows(values, LEVEL, overlap=1 / 9)
    assert found is not None
    assert found.high == pytest.approx(stats.t.interval(LEVEL, 9, difference.mean(), error)[1])


@pytest.mark.parametrize("values", [np.ones((2, 3)), np.ones((5, 1))])
def test_too_few_replicates_or_means_have_no_interval(values):
    assert extremes.gap_of_rows(values, LEVEL) is None


def test_a_difference_that_never_varies_leaves_no_error_to_go_by():
    base = np.array([0.1, 0.2, 0.4])
    assert extremes.gap_of_rows(np.column_stack([base, base + 1]), LEVEL) is None
    assert extremes.gap_of_samples([np.ones(3), np.full(3, 2.0)], LEVEL) is None
    # two means that agree in every replicate have no gap between them, the third has
    other = np.array([0.5, 0.3, 0.9])
    assert extremes.gap_of_rows(np.column_stack([base, base, other]), LEVEL) is not None


@pytest.mark.parametrize("centres", [(0, 0, 0, 0), (0, 0.2, 0.4, 1.5)])
def test_the_intervals_hold_the_true_extreme_as_often_as_they_say(centres):
    """By simulation, 1,500 draws: also where all are equal, and looking finds the luckiest."""
    rng = np.random.default_rng(11)
    means = np.array(centres, dtype=np.float64)
    low_held = gap_held = naive_above = 0
    draws = 1500
    for _ in range(draws):
        values = rng.normal(means, 1.0, (6, means.size))
        worst = extremes.lowest(t_bounds(list(values.T)), means.size, LEVEL, "t")
        low_held += worst.low <= means.min() <= worst.high
        gap = extremes.gap_of_rows(values, LEVEL)
        assert gap is not None
        gap_held += gap.low <= np.ptp(means) <= gap.high
        naive_above += np.ptp(values.mean(axis=0)) > np.ptp(means)
    sampling = 3 * np.sqrt(LEVEL * (1 - LEVEL) / draws)
    assert low_held / draws >= LEVEL - sampling
    assert gap_held / draws >= LEVEL - sampling
    # what is seen lies above what is true more often than not
    assert naive_above / draws > 0.5


floats = st.floats(-100, 100, allow_nan=False).map(lambda value: round(value, 3))


@given(
    st.integers(2, 5).flatmap(
        lambda k: st.lists(st.lists(floats, min_size=k, max_size=k), min_size=3, max_size=6)
    ),
    st.randoms(use_true_random=False),
)
def test_the_gap_seen_lies_inside_whatever_the_order_of_the_means(rows, random):
    values = np.array(rows)
    found = extremes.gap_of_rows(values, LEVEL)
    order = list(range(values.shape[1]))
    random.shuffle(order)
    again = extremes.gap_of_rows(values[:, order], LEVEL)
    if found is None:
        assert again is None
        return
    assert again is not None
    assert (again.low, again.high) == pytest.approx((found.low, found.high), abs=1e-9)
    seen = np.ptp(values.mean(axis=0))
    assert found.low <= seen + 1e-9
    assert seen <= found.high + 1e-9
