"""What a search has come to: beside scipy, enumeration and simulation."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy import stats

from runreport.stats import searching


def test_the_noise_floor_is_the_pooled_deviation_with_its_chi_square_interval():
    values = [np.array([1.0, 3.0]), np.array([5.0]), np.array([2.0, 2.0, 5.0])]
    floor = searching.noise_floor(values, 0.95)
    # (2 + 6) / 3 by hand
    assert floor.deviation == pytest.approx((8 / 3) ** 0.5)
    assert (floor.df, floor.repeated, floor.is_copied) == (3, 2, False)
    ends = [(8 / stats.chi2.ppf(q, 3)) ** 0.5 for q in (0.975, 0.025)]
    assert (floor.interval.low, floor.interval.high) == pytest.approx(ends)


def test_repetitions_to_the_last_digit_are_copies_and_no_floor_of_zero():
    floor = searching.noise_floor([np.array([0.5, 0.5]), np.array([0.25, 0.25])], 0.95)
    assert floor.is_copied
    assert floor.interval is None


def test_without_a_repetition_there_is_no_floor():
    assert searching.noise_floor([np.array([1.0]), np.array([])], 0.95) is None


def test_the_best_so_far_waits_for_a_value_and_never_compares_with_nan():
    values = np.array([np.nan, 2.0, np.nan, 1.0, 3.0, 3.0])
    assert searching.best_so_far(values, "maximize").tolist() == [-1, 1, 1, 1, 4, 4]
    assert searching.best_so_far(values, "minimize").tolist() == [-1, 1, 1, 3, 3, 3]


def test_optimism_is_about_what_the_best_has_beyond_its_truth():
    rng = np.random.default_rng(8)
    true, found = [], []
    for _ in range(300):
        truth = rng.normal(0, 1, 25)
        seen = truth + rng.normal(0, 0.6, 25)
        best = int(seen.argmax())
        true.append(seen[best] - truth[best])
        found.append(searching.optimism(seen, np.full(25, 0.6), "maximize", rng=rng, draws=200))
    # rough, and below rather than above
    assert 0.7 * np.mean(true) < np.mean(found) < 1.05 * np.mean(true)


def test_the_gain_of_the_last_is_the_mean_over_all_ways_to_leave_them_out():
    values = np.array([3.0, 1.0, 7.0, 4.0, 6.0])
    left = [max(part) for part in itertools.combinations(values, 3)]
    found = searching.ahead(values, 2, "maximize", 0.95, rng=np.random.default_rng(0))
    assert found.gain == pytest.approx(7 - np.mean(left))
    assert found.chance == pytest.approx(2 / 7)
    mirrored = searching.ahead(-values, 2, "minimize", 0.95, rng=np.random.default_rng(0))
    assert mirrored.gain == pytest.approx(found.gain)


def test_the_bound_of_the_gain_holds_on_average_for_draws_of_one_kind():
    rng = np.random.default_rng(11)
    gains, bounds, chances = [], [], []
    for _ in range(1500):
        drawn = rng.gamma(2.0, 1.0, 40)
        first, rest = drawn[:30], drawn[30:]
        found = searching.ahead(first, 10, "maximize", 0.95, rng=rng)
        gains.append(max(0.0, rest.max() - first.max()))
        bounds.append(found.gain)
        chances.append(rest.max() > first.max())
    assert np.mean(gains) < np.mean(bounds)
    assert np.mean(chances) == pytest.approx(10 / 40, abs=0.04)


def test_the_expected_best_is_the_mean_over_all_choices():
    values = np.array([5.0, 1.0, 4.0, 2.0])
    found = searching.expected_best(values, "maximize", 0.95, rng=np.random.default_rng(0))
    for k, value, plain in zip(found.draws, found.unbiased, found.plain, strict=True):
        choices = [max(part) for part in itertools.combinations(values, int(k))]
        assert value == pytest.approx(np.mean(choices))
        replaced = [max(part) for part in itertools.product(values, repeat=int(k))]
        assert plain == pytest.approx(np.mean(replaced))
        assert plain <= value + 1e-12


def test_the_exact_interval_is_scipys():
    for hits, n in ((0, 7), (3, 11), (11, 11), (40, 200)):
        expected = stats.binomtest(hits, n).proportion_ci(0.95, "exact")
        found = searching.counted_interval(hits, n, 0.95)
        assert (found.low, found.high) == pytest.approx((expected.low, expected.high))


@pytest.mark.parametrize("counts", [(3, 10, 20, 30), (0, 5, 9, 40), (8, 8, 0, 9), (1, 2, 3, 4)])
def test_fishers_test_is_scipys(counts):
    hits, n, other, size = counts
    table = [[hits, n - hits], [other, size - other]]
    assert searching.fisher_p(*counts) == pytest.approx(stats.fisher_exact(table).pvalue)


def test_the_band_holds_a_whole_distribution_function_as_often_as_it_says():
    rng = np.random.default_rng(6)
    half = searching.band_of_shares(30, 0.9)
    far = [stats.kstest(rng.random(30), "uniform").statistic > half for _ in range(3000)]
    # conservative for few values
    assert np.mean(far) <= 0.1 + 3 * (0.09 / 3000) ** 0.5
