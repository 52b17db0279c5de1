"""Tests of five repeats of two folds, and posteriors over folds, as published."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from runreport.stats import folds, paired
from tests.stats.reference import FOLDER, floats, needs_oracles, oracle

FAST = settings(max_examples=50, deadline=None)
VALUES = st.floats(-1, 1).map(lambda value: round(value, 4))
REPEATS = st.lists(st.tuples(VALUES, VALUES), min_size=5, max_size=5).filter(
    lambda repeats: sum((a - b) ** 2 for a, b in repeats) > 1e-4
)
MANY = st.lists(VALUES, min_size=3, max_size=30).filter(lambda values: np.ptp(values) > 1e-3)

# differences of five repeats of two folds: 1 % and 3 % within each, sums by hand below
EVEN = [[0.01, 0.03]] * 5


def test_both_tests_of_an_even_table_by_hand() -> None:
    # within each repeat the mean is 0.02 and the squared deviations sum to 2 x 0.01^2 = 0.0002
    t = folds.five_by_two_t(EVEN)
    assert t.statistic == pytest.approx(0.01 / math.sqrt(0.0002))
    assert t.p_value() == pytest.approx(2 * stats.t.sf(t.statistic, 5))
    # sum of squares 5 x (0.0001 + 0.0009) = 0.005 over 2 x 5 x 0.0002 = 0.002
    f = folds.five_by_two_f(EVEN)
    assert f.statistic == pytest.approx(2.5)
    assert f.p_value() == pytest.approx(stats.f.sf(2.5, 10, 5))
    assert f.difference == t.difference == pytest.approx(0.02)
    assert f.df == t.df == 5


@needs_oracles
def test_both_tests_of_constructed_differences_are_mlxtends() -> None:
    case = oracle("fivetwo_cv_a")
    t, f = (
        test(case["data"]["differences_5x2"]) for test in (folds.five_by_two_t, folds.five_by_two_f)
    )
    assert (t.statistic, t.p) == pytest.approx((case["expected"]["t"], case["expected"]["p"]))
    assert (f.statistic, f.p) == pytest.approx((case["expected"]["F"], case["expected"]["p_F"]))


@FAST
@given(REPEATS)
def test_swapping_the_sides_turns_the_signs_alone(repeats) -> None:
    for test in (folds.five_by_two_t, folds.five_by_two_f):
        one, other = test(repeats), test(-floats(repeats))
        assert one.difference == pytest.approx(-other.difference)
        assert one.p_value() == pytest.approx(other.p_value())


@FAST
@given(REPEATS, st.permutations(range(5)), st.floats(0.01, 100))
def test_f_depends_on_no_order_and_neither_on_the_unit(repeats, order, scale: float) -> None:
    table = floats(repeats)
    found = folds.five_by_two_f(table)
    assert folds.five_by_two_f(table[list(order), ::-1]).p == pytest.approx(found.p)
    for test in (folds.five_by_two_t, folds.five_by_two_f):
        assert test(table * scale).p_value() == pytest.approx(test(table).p_value())


def test_a_first_difference_against_all_others_claims_nothing() -> None:
    table = floats([[-0.09, -0.08]] + [[0.05, 0.055]] * 4)
    found = folds.five_by_two_t(table)
    assert found.statistic < 0 < found.difference
    assert found.p < 0.001
    assert found.is_contradicted
    assert found.p_value() == 1


def test_neither_test_says_anything_of_a_margin() -> None:
    for test in (folds.five_by_two_t, folds.five_by_two_f):
        found = test(EVEN)
        assert found.interval(0.95) is None
        assert math.isnan(found.beyond_p(0.01))
        assert math.isnan(found.equivalence_p(0.01))


@pytest.mark.parametrize("test", [folds.five_by_two_t, folds.five_by_two_f])
@pytest.mark.parametrize(
    ("repeats", "message"),
    [
        ([[0.1, 0.2]] * 4, "five repeats of two folds"),
        ([0.1] * 10, "rows and columns"),
        ([[0.1, math.nan]] * 5, "NaN"),
        ([[0.1, 0.1]] * 5, "agree in every repeat"),
        ([[0.0, 0.0]] * 5, "agree in every repeat"),
        ([[0.525 - 0.5, 0.825 - 0.8]] * 5, "agree in every repeat"),
    ],
)
def test_what_is_no_five_by_two_is_refused(test, repeats, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        test(repeats)


@needs_oracles
def test_the_posterior_of_scikit_learns_example() -> None:
    case = oracle("sklearn_nadeau_bengio_rbf_linear")
    scores = json.loads((FOLDER / case["data"]["file"]).read_text())
    differences = floats(scores["rbf"]) - floats(scores["linear"])
    found = folds.correlated_posterior(differences, overlap=10 / 90)
    below, within, above = found.probabilities(case["params"]["rope"])
    expected = case["expected"]
    assert above == pytest.approx(expected["p_better_rope"], abs=6e-4)
    assert within == pytest.approx(expected["p_equiv"], abs=6e-4)
    assert below == pytest.approx(expected["p_worse_rope"], abs=6e-4)
    assert found.probabilities().above == pytest.approx(expected["p_better"], abs=6e-4)


def test_three_folds_have_baycomps_mean_and_variance() -> None:
    # differences 1, 5, -3: variance 16, times 1/3 + 1/2 for three folds
    found = folds.correlated_posterior([1.0, 5.0, -3.0], overlap=1 / 2)
    assert (found.mean, found.scale**2, found.df) == pytest.approx((1, 16 * 5 / 6, 2))


@FAST
@given(MANY, st.floats(0, 1), st.floats(0, 0.5))
def test_the_posterior_is_the_corrected_t_test_told_otherwise(
    values: list[float], overlap: float, margin: float
) -> None:
    found = folds.correlated_posterior(values, overlap)
    below, within, above = found.probabilities(margin)
    assert below + within + above == pytest.approx(1)
    test = paired.paired_t(floats(values), overlap)
    assert 2 * min(found.probabilities()[::2]) == pytest.approx(test.p_value())
    mine, theirs = found.interval(0.9), test.interval(0.9)
    assert (mine.low, mine.high) == pytest.approx((theirs.low, theirs.high))
    mirrored = folds.correlated_posterior(-floats(values), overlap).probabilities(margin)
    assert mirrored == pytest.approx((above, within, below))
    shuffled = folds.correlated_posterior(values[::-1], overlap).probabilities(margin)
    assert shuffled == pytest.approx((below, within, above))


@pytest.mark.parametrize(
    ("values", "overlap", "message"),
    [
        ([0.1, math.nan], 0.1, "NaN"),
        ([0.1], 0.1, "2 values or more"),
        ([0.1, 0.1, 0.1], 0.1, "do not vary"),
        ([0.1, 0.2], -0.1, "overlap"),
        ([0.1, 0.2], math.nan, "overlap"),
    ],
)
def test_what_has_no_posterior_is_refused(values, overlap: float, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        folds.correlated_posterior(values, overlap)


def test_a_region_of_negative_width_is_refused() -> None:
    with pytest.raises(ValueError, match="margin"):
        folds.correlated_posterior([0.1, 0.2], 0.1).probabilities(-0.01)
