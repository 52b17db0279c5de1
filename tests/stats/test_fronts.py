"""The front against all pairs compared one by one, and means drawn again against all draws."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runreport.stats import fronts

POINTS = st.integers(1, 12).flatmap(
    lambda n: st.integers(2, 3).flatmap(
        # few values, so that ties occur
        lambda m: st.lists(
            st.lists(st.integers(0, 4), min_size=m, max_size=m), min_size=n, max_size=n
        )
    )
)


def is_beaten(point, others):
    return any(
        all(a <= b for a, b in zip(other, point, strict=True)) and other != point
        for other in others
    )


@given(POINTS)
def test_the_front_is_what_no_other_point_beats(points):
    found = fronts.front(np.array(points, dtype=float))
    assert found.tolist() == [not is_beaten(point, points) for point in points]


@given(POINTS)
def test_who_dominates_whom_agrees_with_the_front(points):
    costs = np.array(points, dtype=float)
    beaten = fronts.dominates(costs).any(axis=0)
    assert beaten.tolist() == (~fronts.front(costs)).tolist()


def test_many_sets_have_the_front_of_each():
    costs = np.random.default_rng(3).integers(0, 5, (40, 9, 2)).astype(float)
    one_by_one = np.array([fronts.front(part) for part in costs])
    assert np.array_equal(fronts.fronts(costs), one_by_one)
    third = np.concatenate([costs, costs[..., :1] * 0], axis=-1)
    # a third column that is equal for all changes nothing
    assert np.array_equal(fronts.fronts(third), one_by_one)


def test_no_points_have_no_front():
    assert fronts.fronts(np.empty((3, 0, 2))).shape == (3, 0)


# ---- drawn again ---------------------------------------------------------------------------------


def test_shares_approach_those_over_all_draws():
    """27 draws of either point, each pair of them once."""
    first = np.array([[1.0, 5.0], [2.0, 4.0], [6.0, 3.0]])
    second = np.array([[2.0, 6.0], [3.0, 2.0], [4.0, 5.0]])
    drawn = fronts.redraw([first, second], rng=np.random.default_rng(1), resamples=40_000)

    def means(point):
        own = point.mean(axis=0)
        return [
            own + (point[list(chosen)].mean(axis=0) - own) * np.sqrt(3 / 2)
            for chosen in product(range(3), repeat=3)
        ]

    on_it = [0, 0]
    for one, other in product(means(first), means(second)):
        on_it[0] += not is_beaten(one.tolist(), [other.tolist()])
        on_it[1] += not is_beaten(other.tolist(), [one.tolist()])
    expected = [count / 27**2 for count in on_it]
    assert drawn.shares(np.array([1.0, 1.0])) == pytest.approx(expected, abs=0.01)


def test_means_drawn_again_vary_as_means_do():
    values = np.random.default_rng(2).normal(size=(5, 2))
    drawn = fronts.redraw([values], rng=np.random.default_rng(0), resamples=60_000)
    error = values.var(axis=0, ddof=1) / 5
    assert drawn.means[:, 0].var(axis=0) == pytest.approx(error, rel=0.03)
    assert drawn.means[:, 0].mean(axis=0) == pytest.approx(values.mean(axis=0), abs=0.01)


def test_fewer_than_three_replicates_stay_as_they_are():
    points = [np.array([[1.0, 2.0], [3.0, 4.0]]), np.arange(6.0).reshape(3, 2)]
    drawn = fronts.redraw(points, rng=np.random.default_rng(0), resamples=50)
    assert drawn.varies.tolist() == [False, True]
    assert (drawn.means[:, 0] == [2.0, 3.0]).all()
    assert np.ptp(drawn.means[:, 1, 0]) > 0


def test_shared_replicates_move_together():
    """A point that is always one unit better stays better when the same seeds are drawn."""
    values = np.random.default_rng(4).normal(size=(6, 2))
    pair = [values, values + np.array([0.01, 0.01])]
    apart = fronts.redraw(pair, rng=np.random.default_rng(0), resamples=500)
    together = fronts.redraw(pair, rng=np.random.default_rng(0), resamples=500, joint=True)
    signs = np.array([1.0, 1.0])
    assert together.shares(signs).tolist() == [1, 0]
    assert 0 < apart.shares(signs)[1] < 1
    interval = together.change(0, 1, 0, 0.95)
    assert interval is not None
    assert (interval.low, interval.high) == pytest.approx((0.01, 0.01))


def test_the_same_generator_gives_the_same_means():
    values = [np.random.default_rng(5).normal(size=(4, 3))]
    first, second = (
        fronts.redraw(values, rng=np.random.default_rng(9), resamples=20) for _ in range(2)
    )
    assert np.array_equal(first.means, second.means)


def test_a_price_is_the_ratio_of_what_is_paid_and_gained():
    cheap = np.array([[1.0, 10.0], [1.0, 11.0], [1.0, 12.0]])
    good = np.array([[3.0, 20.0], [3.0, 21.0], [3.0, 22.0]])
    drawn = fronts.redraw([cheap, good], rng=np.random.default_rng(0), resamples=500, joint=True)
    # every draw gains 2 and pays 10
    price = drawn.price(0, 1, (0, 1), 0.95)
    assert (price.low, price.high) == pytest.approx((5, 5))
    assert drawn.change(0, 1, 1, 0.95).low == pytest.approx(10)


def test_nothing_varies_where_every_point_is_one_run():
    drawn = fronts.redraw([np.ones((1, 2)), np.zeros((1, 2))], rng=np.random.default_rng(0),
                          resamples=5)  # fmt: skip
    assert drawn.change(0, 1, 0, 0.95) is None
