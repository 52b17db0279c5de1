"""Intervals that hold at every look agree with their papers, with peers, and with simulation."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runreport.stats import sequential
from runreport.stats.student import Estimate
from tests.stats.reference import needs_oracles, oracle

SIZES = st.floats(-1e6, 1e6)
ERRORS = st.floats(1e-3, 1e3)
COUNTS = st.integers(2, 100_000)
DFS = st.one_of(st.just(math.inf), st.integers(1, 500))
ALPHAS = st.sampled_from([0.001, 0.05, 0.2])
EASY = settings(max_examples=50, deadline=None)


@needs_oracles
def test_the_two_sided_mixture_is_that_of_confseq() -> None:
    case = oracle("confseq_two_sided_normal_mixture")
    params, expected = case["params"], case["expected"]
    rho = sequential.best_rho(params["v_opt"], params["alpha_opt"])
    near = case["tolerance_abs"]
    assert rho == pytest.approx(expected["best_rho"], abs=near)
    bound = sequential.mixture_bound(params["v"], params["alpha"], rho)
    assert bound == pytest.approx(expected["bound"], abs=near)
    evidence = sequential.log_mixture(params["s"], params["v"], rho)
    assert evidence == pytest.approx(expected["log_mixture"], abs=near)


@needs_oracles
def test_the_interval_of_a_lift_is_that_of_growthbook() -> None:
    case = oracle("growthbook_sequential_prop")
    (a, b), (m, n) = case["data"]["successes"], case["data"]["n"]
    p, q = a / m, b / n
    # variance of a ratio by the delta method, written out
    variance = q * (1 - q) / n / p**2 + q**2 * p * (1 - p) / m / p**4
    found = sequential.anytime(
        q / p - 1, math.sqrt(variance), m + n, case["params"]["alpha"], case["params"]["tuning"]
    )
    assert found is not None
    assert (found.low, found.high) == pytest.approx(
        case["expected"]["ci"], abs=case["tolerance_abs"]
    )


@EASY
@given(SIZES, ERRORS, COUNTS, DFS)
def test_swapping_sides_mirrors_the_interval(d: float, se: float, n: int, df: float) -> None:
    one, other = (sequential.anytime(x, se, n, df=df) for x in (d, -d))
    if one is None or other is None:
        assert one is other is None
        return
    assert (one.low, one.high) == (-other.high, -other.low)
    p = [sequential.anytime_p(x, se, n, df=df) for x in (d, -d)]
    assert p[0] == p[1]


@EASY
@given(SIZES, ERRORS, COUNTS, DFS, st.floats(1e-3, 1e3))
def test_another_unit_scales_the_interval(
    d: float, se: float, n: int, df: float, unit: float
) -> None:
    one, other = (sequential.anytime(x, y, n, df=df) for x, y in ((d, se), (d * unit, se * unit)))
    if one is None or other is None:
        assert one is other is None
        return
    assert (other.low, other.high) == pytest.approx((one.low * unit, one.high * unit))


@EASY
@given(st.floats(-30, 30), ERRORS, COUNTS, DFS, ALPHAS)
def test_p_is_below_alpha_where_the_interval_leaves_out_zero(
    z: float, se: float, n: int, df: float, alpha: float
) -> None:
    p = sequential.anytime_p(z * se, se, n, alpha, df=df)
    found = sequential.anytime(z * se, se, n, alpha, df=df)
    assert 0 <= p <= 1
    if abs(p - alpha) > 1e-9:
        assert (p < alpha) == (found is not None and (found.low > 0 or found.high < 0))


@EASY
@given(ERRORS, st.integers(2, 100_000), st.sampled_from([0.01, 0.05, 0.1]))
def test_it_is_wider_than_the_interval_of_one_look(se: float, n: int, alpha: float) -> None:
    from scipy.stats import norm, t

    found = sequential.anytime(0.0, se, n, alpha)
    assert found is not None
    assert found.high > norm.ppf(1 - alpha / 2) * se
    small = sequential.anytime(0.0, se, n, alpha, tuning=10, df=n - 1)
    assert small is None or small.high > t.ppf(1 - alpha / 2, n - 1) * se


def test_it_is_tightest_near_its_tuning() -> None:
    # standard errors fall with the square root of n: compare factors
    def factor(tuning: float) -> float:
        found = sequential.anytime(0.0, 1.0, 5000, 0.05, tuning)
        assert found is not None
        return found.high

    best = min(np.geomspace(50, 500_000, 400), key=factor)
    assert 4000 < best < 6500


def test_students_becomes_the_normal_one() -> None:
    normal = sequential.anytime(1.0, 2.0, 5000)
    student = sequential.anytime(1.0, 2.0, 5000, df=1e9)
    assert normal is not None
    assert student is not None
    assert (student.low, student.high) == pytest.approx((normal.low, normal.high), rel=1e-6)


def test_the_evidence_of_student_is_the_integral_it_stands_for() -> None:
    """Noncentral t densities averaged over a normal prior of the effect, over the central one."""
    from scipy.integrate import quad
    from scipy.stats import nct, norm, t

    n, statistic, tuning = 12, 2.7, 10
    spread = 1 / math.sqrt(sequential.best_rho(tuning, 0.05))

    def weighed(effect: float) -> float:
        density = nct.pdf(statistic, n - 1, math.sqrt(n) * effect)
        return float(density * norm.pdf(effect, scale=spread))

    mixed, _ = quad(weighed, -5, 5, limit=200)
    expected = t.pdf(statistic, n - 1) / mixed
    found = sequential.anytime_p(statistic, 1.0, n, 0.05, tuning, n - 1)
    assert found == pytest.approx(expected, rel=1e-5)


def test_many_looks_at_nothing_find_nothing() -> None:
    """A seed a night from 2 to 40: the t-test of each night is wrong far more often."""
    from scipy.stats import ttest_1samp

    rng = np.random.default_rng(11)
    draws = rng.normal(size=(400, 40))
    looks = range(2, 41)
    nightly = np.array([ttest_1samp(draws[:, :n], 0, axis=1).pvalue for n in looks])
    plain = int((nightly < 0.05).any(axis=0).sum())
    false = 0
    for row in draws:
        found = [
            sequential.anytime_p(
                float(row[:n].mean()),
                float(row[:n].std(ddof=1)) / math.sqrt(n),
                n, 0.05, sequential.REPLICATES, n - 1,
            )
            for n in looks
        ]  # fmt: skip
        false += min(found) < 0.05
    # three standard errors above 5 %
    assert false / 400 < 0.05 + 3 * math.sqrt(0.05 * 0.95 / 400)
    assert plain / 400 > 0.2


def test_many_looks_at_users_hold_too() -> None:
    rng = np.random.default_rng(5)
    draws = rng.exponential(size=(500, 5000)) - 1
    sums, squares = draws.cumsum(axis=1), (draws**2).cumsum(axis=1)
    false = 0
    for total, square in zip(sums, squares, strict=True):
        for n in range(250, 5001, 250):
            mean = total[n - 1] / n
            variance = (square[n - 1] - n * mean**2) / (n - 1)
            if sequential.anytime_p(float(mean), math.sqrt(variance / n), n) < 0.05:
                false += 1
                break
    assert false / 500 < 0.05


@EASY
@given(st.floats(-12, 12), ERRORS, st.integers(3, 10_000), st.floats(0.1, 4), ALPHAS)
def test_claims_about_a_margin_agree_with_the_interval(
    z: float, se: float, n: int, margins: float, alpha: float
) -> None:
    found = sequential.Anytime(Estimate(z * se, se, n - 1, "t"), n, 0.05, 50)
    margin = margins * se
    interval = found.interval(1 - alpha)
    if interval is None:
        assert found.p_value() >= alpha
        return
    apart = max(interval.low - margin, -margin - interval.high)
    if abs(apart) > 1e-6 * se:
        assert (found.beyond_p(margin) < alpha) == (apart > 0)
    inside = min(interval.low + margin, margin - interval.high)
    if abs(inside) > 1e-6 * se:
        assert (found.equivalence_p(margin) < alpha) == (inside > 0)
    assert (found.p_value() < alpha) == (interval.low > 0 or interval.high < 0)


def test_the_test_and_the_function_give_one_interval() -> None:
    test = sequential.Anytime(Estimate(1.0, 0.2, math.inf, "z"), 4000)
    assert test.interval(0.95) == sequential.anytime(1.0, 0.2, 4000)


def test_so_few_seeds_bound_nothing() -> None:
    assert sequential.anytime(1.0, 0.1, 3, 0.05, sequential.REPLICATES, 2) is None
    assert sequential.anytime_p(1.0, 0.1, 3, 0.05, sequential.REPLICATES, 2) > 0.05


@pytest.mark.parametrize(
    "arguments",
    [
        (math.nan, 1.0, 10),
        (math.inf, 1.0, 10),
        (1.0, math.nan, 10),
        (1.0, 0.0, 10),
        (1.0, 1.0, 0),
        (1.0, 1.0, 10, 0.0),
        (1.0, 1.0, 10, 1.0),
        (1.0, 1.0, 10, 0.05, 0),
        (1.0, 1.0, 10, 0.05, 10, math.nan),
    ],
)
def test_what_is_no_number_is_refused(arguments: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="expected"):
        sequential.anytime(*arguments)
    with pytest.raises(ValueError, match="expected"):
        sequential.anytime_p(*arguments)
