"""Params as axes: scales, levels, what decides where a param is set, what moves together."""

from __future__ import annotations

import math

import numpy as np
import pytest

from runreport.stats import space


def test_numbers_run_from_0_to_1_between_the_smallest_and_the_largest():
    axis = space.axis("depth", [2.0, 4.0, 3.0, 6.0])
    assert axis.kind == "number"
    assert axis.places.tolist() == [0, 0.5, 0.25, 1]
    assert axis.value_at(0.5) == 4


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([0.001, 0.01, 0.1], "log"),
        ([1e-5, 3e-4, 0.002], "log"),
        ([16, 32, 64, 128], "log"),
        ([0.0, 0.01, 100.0], "number"),
        ([-1.0, 10.0, 1000.0], "number"),
        ([1, 2, 3], "number"),
        ([0.001, 0.13, 0.31, 0.52, 0.68, 0.97], "number"),
        ([0.5, 1.0], "number"),
    ],
)
def test_a_log_axis_takes_a_spread_of_a_hundred_or_even_ratios(values, kind):
    assert space.axis("x", [float(value) for value in values]).kind == kind


def test_a_log_axis_places_by_the_logarithm():
    axis = space.axis("lr", [0.001, 0.01, 0.1])
    assert axis.places == pytest.approx([0, 0.5, 1])
    assert axis.value_at(0.25) == pytest.approx(10**-2.5)


def test_words_have_their_number_and_what_is_not_set_has_no_place():
    axis = space.axis("optimizer", ["sgd", None, "adam", "sgd"])
    assert axis.levels == ("adam", "sgd")
    assert axis.places[[0, 2, 3]].tolist() == [1, 0, 1]
    assert math.isnan(axis.places[1])
    assert axis.is_set.tolist() == [True, False, True, True]
    assert axis.of_level.tolist() == [1, -1, 0, 1]


def test_numbers_beside_words_are_words_in_natural_order():
    assert space.axis("batch", [16.0, "auto", 2.0]).levels == ("2", "16", "auto")


def test_few_values_that_come_back_are_levels_and_draws_are_a_range():
    assert space.axis("lr", [0.1, 0.2, 0.1, 0.2]).is_grid
    assert not space.axis("lr", [0.1, 0.2, 0.3, 0.4]).is_grid


def test_what_is_set_for_one_level_alone_is_decided_by_that_param():
    optimizer = space.axis("optimizer", ["sgd", "adam", "sgd", "adamw"])
    momentum = space.axis("momentum", [0.9, None, 0.5, None])
    flag = space.axis("flag", ["a", "a", "b", "b"])
    assert space.decider([flag, momentum, optimizer], 1) == 2
    assert space.decider([flag, momentum], 1) is None
    assert space.decider([flag, momentum, optimizer], 0) is None


def test_params_that_split_alike_move_together_whatever_their_levels_are_called():
    schedule = space.axis("schedule", ["cosine", "constant", "cosine", "constant"])
    warmup = space.axis("warmup", [500.0, 0.0, 500.0, 0.0])
    other = space.axis("clip", [1.0, 1.0, 0.5, 0.5])
    assert space.together([schedule, other, warmup]) == ((0, 2), (1,))


def test_two_ranges_move_together_only_in_the_same_or_the_opposite_order():
    rng = np.random.default_rng(1)
    x, y = rng.random(12), rng.random(12)
    axes = [space.axis(name, v.tolist()) for name, v in (("x", x), ("y", y), ("z", 3 - 2 * x))]
    assert space.together(axes) == ((0, 2), (1,))


def test_nothing_set_is_refused():
    with pytest.raises(ValueError, match="a value of x"):
        space.axis("x", [None, None])
