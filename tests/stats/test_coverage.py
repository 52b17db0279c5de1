"""Coverage of a space beside scipy's discrepancy, brute force and simulation."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy.stats import qmc

from runreport.stats import coverage


@pytest.mark.parametrize(("n", "d"), [(10, 1), (30, 3), (80, 5)])
def test_the_discrepancy_is_scipys(n, d):
    points = np.random.default_rng(n).random((n, d))
    expected = qmc.discrepancy(points, method="CD")
    assert coverage.centred_discrepancy(points) == pytest.approx(expected, rel=1e-9)


def test_the_discrepancy_of_random_points_is_the_mean_over_many_sets():
    rng = np.random.default_rng(4)
    drawn = [qmc.discrepancy(rng.random((20, 3)), method="CD") for _ in range(2000)]
    error = np.std(drawn) / np.sqrt(len(drawn))
    assert coverage.random_discrepancy(20, 3) == pytest.approx(np.mean(drawn), abs=4 * error)


def empty_rectangle(x, y):
    """The largest, by trying all of them."""
    best = 0.0
    for left, right in itertools.combinations(sorted([0, *x, 1]), 2):
        for low, high in itertools.combinations(sorted([0, *y, 1]), 2):
            if not ((x > left) & (x < right) & (y > low) & (y < high)).any():
                best = max(best, (right - left) * (high - low))
    return best


@pytest.mark.parametrize("seed", range(25))
def test_the_largest_hole_is_the_largest_of_all_empty_rectangles(seed):
    x, y = np.random.default_rng(seed).random((2, 2 + seed % 6))
    hole = coverage.largest_hole(x, y)
    assert hole.area == pytest.approx(empty_rectangle(x, y))
    inside = (x > hole.x[0]) & (x < hole.x[1]) & (y > hole.y[0]) & (y < hole.y[1])
    assert not inside.any()


def test_the_widest_gap_lies_between_neighbours():
    gap = coverage.widest_gap(np.array([0.0, 0.9, 0.2, 1.0, 0.2]))
    assert (gap.low, gap.high) == (0.2, 0.9)


@pytest.mark.parametrize("n", [5, 12, 40, 120])
def test_the_limit_of_the_widest_gap_holds_for_so_many_random_sets(n):
    rng = np.random.default_rng(n)
    drawn = np.sort(rng.random((4000, n - 2)), axis=1)
    ends = np.hstack((np.zeros((4000, 1)), drawn, np.ones((4000, 1))))
    below = (np.diff(ends, axis=1).max(axis=1) < coverage.gap_limit(n, 0.95)).mean()
    # three standard errors of 4,000 draws
    assert below == pytest.approx(0.95, abs=0.0135)
