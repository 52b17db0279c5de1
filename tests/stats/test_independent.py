"""Tests of independent groups agree with R, scipy and the papers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from runreport.stats import independent
from tests.stats.reference import SLEEP_1, SLEEP_2, floats, needs_oracles, oracle

VALUES = st.lists(st.integers(-30, 30), min_size=3, max_size=6).filter(lambda v: len(set(v)) > 1)


def test_welchs_test_of_the_sleep_data_is_rs() -> None:
    found = independent.welch(SLEEP_2, SLEEP_1)
    interval = found.interval(0.95)
    assert found.statistic == pytest.approx(-1.86081346749, abs=1e-9)
    assert found.df == pytest.approx(17.7764735162, abs=1e-9)
    assert found.p_value() == pytest.approx(0.0793941401874, abs=1e-9)
    assert (interval.low, interval.high) == pytest.approx((-3.36548323071, 0.205483230712))


@needs_oracles
def test_two_one_sided_tests_are_those_of_r() -> None:
    case = oracle("clinic_tost_welch")
    found = independent.welch(floats(case["data"]["b"]), floats(case["data"]["a"]))
    assert found.equivalence_p(case["params"]["margin"]) == pytest.approx(
        case["expected"]["p"], abs=1e-9
    )


@needs_oracles
def test_the_probability_of_superiority_has_the_brunner_munzel_interval() -> None:
    case = oracle("brunner_munzel_pain")
    effect = independent.probability_of_superiority(
        floats(case["data"]["a"]), floats(case["data"]["b"]), 0.95
    )
    assert effect.value == pytest.approx(case["expected"]["A12"], abs=1e-6)
    assert effect.interval is not None
    assert (effect.interval.low, effect.interval.high) == pytest.approx(
        case["expected"]["ci"], abs=1e-6
    )


def test_groups_that_do_not_overlap_have_no_interval_of_superiority() -> None:
    effect = independent.probability_of_superiority(floats([1, 2, 3]), floats([4, 5, 6]), 0.95)
    assert (effect.value, effect.interval) == (1.0, None)


@needs_oracles
def test_superiority_counts_pairs_as_vargha_and_delaney_do() -> None:
    case = oracle("r_effectsize_mtcars")
    auto, manual = floats(case["data"]["auto"]), floats(case["data"]["manual"])
    effect = independent.probability_of_superiority(manual, auto, 0.95)
    assert effect.value == pytest.approx(case["expected"]["A12"], abs=1e-9)


def test_fishers_exact_test_of_the_convictions_is_rs() -> None:
    # R ?fisher.test: of 17 monozygotic twins 2 were not convicted, of 13 dizygotic 10... by column
    assert independent.fisher_p((2, 10), (17, 13)) == pytest.approx(0.000536724119143, abs=1e-12)


@given(VALUES, VALUES)
def test_the_permutation_p_is_scipys(one: list[int], other: list[int]) -> None:
    reference = stats.permutation_test(
        (floats(one), floats(other)),
        lambda x, y, axis: np.mean(x, axis=axis) - np.mean(y, axis=axis),
        permutation_type="independent",
        n_resamples=np.inf,
        vectorized=True,
        # scipy doubles the smaller tail; for unequal sizes that is another definition
        alternative="two-sided",
    )
    if len(one) == len(other):
        expected = min(1.0, reference.pvalue)
        found = independent.permutation(floats(other), floats(one))
        assert found == pytest.approx(expected, abs=1e-12)


def test_unequal_groups_are_counted_by_hand() -> None:
    # of the 10 ways to choose 2 of 1, 2, 3, 4, 10 only {4, 10} differs as much: |7 - 2| = 5;
    # {1, 2} is the next with |1.5 - 5.67| = 4.17
    assert independent.permutation(floats([1, 2, 3]), floats([4, 10])) == pytest.approx(0.1)


@given(VALUES, VALUES)
def test_swapping_the_groups_flips_the_sign_and_keeps_p(one: list[int], other: list[int]) -> None:
    a, b = floats(one), floats(other)
    there, back = independent.welch(a, b), independent.welch(b, a)
    assert there.difference == pytest.approx(-back.difference)
    assert there.p_value() == pytest.approx(back.p_value())
    assert independent.permutation(a, b) == pytest.approx(independent.permutation(b, a))


@given(VALUES, VALUES, st.floats(0.01, 100), st.floats(-1000, 1000))
def test_scale_and_origin_change_no_p(
    one: list[int], other: list[int], scale: float, shift: float
) -> None:
    a, b = floats(one), floats(other)
    before = independent.welch(a, b).p_value()
    after = independent.welch(a * scale + shift, b * scale + shift).p_value()
    assert after == pytest.approx(before, abs=1e-6)
