"""The best of several trials, counted by brute force."""

from __future__ import annotations

import math
from itertools import combinations, pairwise, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runreport.stats import chosen
from tests.stats.reference import floats, needs_oracles, oracle

VALUES = st.lists(st.integers(-20, 20), min_size=1, max_size=6)


@needs_oracles
def test_the_expected_maximum_is_that_of_dodge_and_others() -> None:
    case = oracle("dodge_expected_max")
    found = chosen.expected_max(case["data"]["values"], case["params"]["n"])
    assert found == pytest.approx(case["expected"]["e_max"], abs=1e-12)


@settings(max_examples=50, deadline=None)
@given(VALUES, st.integers(1, 4))
def test_draws_with_replacement_are_all_tuples(values: list[int], draws: int) -> None:
    best = [max(part) for part in product(values, repeat=draws)]
    found = chosen.best_of(values, draws)
    assert found.mean == pytest.approx(np.mean(best))
    assert found.deviation == pytest.approx(np.std(best), abs=1e-9)


@settings(max_examples=50, deadline=None)
@given(VALUES, st.integers(1, 6))
def test_draws_without_replacement_are_all_subsets(values: list[int], draws: int) -> None:
    draws = min(draws, len(values))
    best = [min(part) for part in combinations(values, draws)]
    found = chosen.best_of(values, draws, goal="minimize", replace=False)
    assert found.mean == pytest.approx(np.mean(best), abs=1e-9)
    assert found.deviation == pytest.approx(np.std(best), abs=1e-7)


@settings(max_examples=50, deadline=None)
@given(VALUES, st.floats(0.01, 100), st.floats(-1000, 1000), st.randoms(use_true_random=False))
def test_order_is_nothing_and_scale_and_origin_go_along(values, scale, shift, random) -> None:
    before = chosen.best_of(values, 3)
    after = chosen.best_of(floats(random.sample(values, len(values))) * scale + shift, 3)
    assert after.mean == pytest.approx(before.mean * scale + shift, abs=1e-6)
    mirrored = chosen.best_of([-value for value in values], 3, goal="minimize")
    assert mirrored.mean == pytest.approx(-before.mean)


@settings(max_examples=50, deadline=None)
@given(VALUES)
def test_more_trials_are_never_worse_and_end_at_the_best(values: list[int]) -> None:
    every = range(1, len(values) + 1)
    found = [chosen.expected_max(values, draws, replace=False) for draws in every]
    assert found[0] == pytest.approx(np.mean(values))
    assert all(a <= b + 1e-9 for a, b in pairwise(found))
    assert found[-1] == pytest.approx(max(values))


def test_fifty_against_five_normal_trials_are_a_standard_deviation_apart() -> None:
    # expected order statistics of a normal: 2.249 of 50, 1.163 of 5 (Harter 1961, Biometrika 48)
    rng = np.random.default_rng(2)
    values = rng.normal(size=20_000)
    assert chosen.expected_max(values, 50) == pytest.approx(2.249, abs=0.03)
    assert chosen.expected_max(values, 5) == pytest.approx(1.163, abs=0.03)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 7), st.integers(4, 7)), min_size=1, max_size=4),
       st.integers(1, 4))  # fmt: skip
def test_a_pass_is_a_right_try_among_any_k(problems, k: int) -> None:
    expected = []
    for hits, made in problems:
        outcomes = [place < hits for place in range(made)]
        expected.append(np.mean([any(part) for part in combinations(outcomes, k)]))
    right = [min(hits, made) for hits, made in problems]
    found = chosen.pass_at_k(right, [made for _, made in problems], k)
    assert found == pytest.approx(np.mean(expected))


@pytest.mark.parametrize(
    ("values", "draws", "message"),
    [([], 1, "1 values or more"), ([math.nan], 1, "finite"), ([1.0], 0, "draw or more")],
)
def test_what_cannot_be_drawn_is_refused(values: list[float], draws: int, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        chosen.best_of(values, draws)


def test_more_draws_than_trials_are_refused_without_replacement() -> None:
    with pytest.raises(ValueError, match="2 draws at most"):
        chosen.best_of([1.0, 2.0], 3, replace=False)


@pytest.mark.parametrize(
    ("right", "tries", "k", "message"),
    [
        ([], [], 1, "each problem"),
        ([1], [2, 3], 1, "each problem"),
        ([1], [2], 3, "3 tries or more"),
        ([1], [2], 0, "0 tries or more"),
        ([3], [2], 1, "between 0"),
    ],
)
def test_counts_that_cannot_be_are_refused(right, tries, k: int, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        chosen.pass_at_k(right, tries, k)
