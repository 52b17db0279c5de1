"""Arms from sums agree with the same users one by one, with GrowthBook, and with simulation."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats

from runreport.stats import experiments, independent
from runreport.stats.experiments import Arm, Joint, Sums
from runreport.stats.proportions import Count
from runreport.stats.student import is_sound
from tests.stats.reference import floats, needs_oracles, oracle

Floats = NDArray[np.float64]
EASY = settings(max_examples=50, deadline=None)

VALUES = st.lists(st.integers(-50, 50), min_size=3, max_size=30).filter(lambda v: len(set(v)) > 1)
ARMS = st.builds(Arm, st.floats(-1e4, 1e4), st.floats(1e-4, 1e3), st.integers(2, 10**6))


def users(seed: int, n: int) -> tuple[Floats, Floats]:
    """Outcome and a related value of each user."""
    rng = np.random.default_rng(seed)
    before = rng.gamma(3.0, 2.0, n)
    return before * 0.7 + rng.normal(5, 1, n), before


@needs_oracles
def test_a_difference_of_means_from_sums_is_that_of_growthbook() -> None:
    case = oracle("growthbook_ttest_absolute")
    a, b = (
        experiments.mean_arm(Sums(part["n"], part["sum"], part["sum_squares"]))
        for part in (case["data"]["a"], case["data"]["b"])
    )
    found = experiments.difference(a, b)
    interval = found.interval(0.95)
    near, expected = case["tolerance_abs"], case["expected"]
    assert found.difference == pytest.approx(expected["diff"], abs=near["diff"])
    assert found.standard_error == pytest.approx(expected["se"], abs=near["se"])
    assert found.p_value() == pytest.approx(expected["p"], abs=near["p"])
    assert (interval.low, interval.high) == pytest.approx(expected["ci"], abs=near["ci"])


@needs_oracles
def test_a_lift_of_proportions_is_that_of_growthbook() -> None:
    case = oracle("growthbook_binomial_relative")
    a, b = (
        experiments.share_arm(Count(x, n))
        for x, n in zip(case["data"]["successes"], case["data"]["n"], strict=True)
    )
    found = experiments.lift(a, b)
    assert found is not None
    near, expected = case["tolerance_abs"], case["expected"]
    interval = found.interval(0.95)
    assert found.difference == pytest.approx(expected["lift"], abs=near)
    assert found.standard_error == pytest.approx(expected["se"], abs=near)
    assert found.p_value() == pytest.approx(expected["p"], abs=near)
    assert (interval.low, interval.high) == pytest.approx(expected["ci"], abs=near)


@needs_oracles
def test_what_was_known_before_is_taken_out_as_deng_does() -> None:
    case = oracle("cuped_identity")
    pre, post = floats(case["data"]["pre"]), floats(case["data"]["post"])
    group = np.array(case["data"]["group"])
    found = experiments.adjusted_arms(
        [Joint.of(post[group == arm], pre[group == arm]) for arm in (0, 1)]
    )
    near, expected = case["tolerance_abs"], case["expected"]
    assert found.theta == pytest.approx(expected["theta"], abs=near)
    assert found.kept == pytest.approx(expected["var_ratio"], abs=near)
    away = experiments.difference(*found.arms).difference
    assert away == pytest.approx(expected["diff"], abs=near)


@EASY
@given(VALUES, VALUES)
def test_sums_say_what_the_users_say(a: list[int], b: list[int]) -> None:
    first, second = floats(a), floats(b)
    one = experiments.difference(*(experiments.mean_arm(Sums.of(v)) for v in (first, second)))
    other = independent.welch(first, second)
    assert one.difference == pytest.approx(other.difference, abs=1e-9)
    assert one.standard_error == pytest.approx(other.standard_error)
    assert one.df == pytest.approx(other.df)
    assert one.p_value() == pytest.approx(stats.ttest_ind(second, first, equal_var=False).pvalue)


@EASY
@given(VALUES, st.randoms())
def test_the_order_of_users_does_not_matter(values: list[int], chance: object) -> None:
    shuffled = sorted(values, key=lambda _v: chance.random())  # type: ignore[attr-defined]  # Random
    one, other = Sums.of(floats(values)), Sums.of(floats(shuffled))
    assert (one.mean, one.variance) == pytest.approx((other.mean, other.variance))


@EASY
@given(ARMS, ARMS)
def test_swapping_arms_mirrors_the_difference(a: Arm, b: Arm) -> None:
    one, other = experiments.difference(a, b), experiments.difference(b, a)
    assert one.difference == -other.difference
    assert one.p_value() == pytest.approx(other.p_value())
    assert one.interval(0.9).low == pytest.approx(-other.interval(0.9).high)


@EASY
@given(ARMS, ARMS, st.floats(1e-3, 1e3))
def test_another_unit_changes_the_difference_and_leaves_p_and_lift(
    a: Arm, b: Arm, unit: float
) -> None:
    c, d = (Arm(arm.value * unit, arm.variance * unit**2, arm.n) for arm in (a, b))
    one, other = experiments.difference(a, b), experiments.difference(c, d)
    assert other.difference == pytest.approx(one.difference * unit, rel=1e-9, abs=1e-9)
    assert other.p_value() == pytest.approx(one.p_value(), abs=1e-9)
    before, after = experiments.lift(a, b), experiments.lift(c, d)
    if before is not None and after is not None:
        assert after.difference == pytest.approx(before.difference)
        assert after.standard_error == pytest.approx(before.standard_error)


@EASY
@given(VALUES, VALUES, st.integers(-100, 100))
def test_a_shift_of_all_users_leaves_the_difference(a: list[int], b: list[int], by: int) -> None:
    def found(add: int) -> float:
        arms = [experiments.mean_arm(Sums.of(floats(v) + add)) for v in (a, b)]
        return experiments.difference(arms[0], arms[1]).difference

    assert found(by) == pytest.approx(found(0), abs=1e-9)


def test_a_ratio_has_the_error_that_repetition_shows() -> None:
    """Clicks per view of 400 users, each with several views that belong together."""
    rng = np.random.default_rng(3)

    def experiment() -> Joint:
        views = rng.poisson(5, 400) + 1.0
        taste = rng.beta(2, 8, 400)
        clicks = rng.binomial(views.astype(int), taste).astype(np.float64)
        return Joint.of(clicks, views)

    found = [experiments.ratio_arm(experiment()) for _ in range(1500)]
    seen = float(np.std([arm.value for arm in found]))
    told = float(np.mean([arm.standard_error for arm in found]))
    assert told == pytest.approx(seen, rel=0.06)
    first = experiment()
    share = first.outcome.mean / first.other.mean
    as_if_views_were_independent = math.sqrt(share * (1 - share) / first.other.total)
    assert experiments.ratio_arm(first).standard_error > 1.08 * as_if_views_were_independent


def test_a_ratio_over_a_constant_is_a_mean_in_another_unit() -> None:
    outcome, _ = users(1, 200)
    ratio = experiments.ratio_arm(Joint.of(outcome, np.full(200, 4.0)))
    mean = experiments.mean_arm(Sums.of(outcome))
    assert (ratio.value, ratio.variance) == pytest.approx((mean.value / 4, mean.variance / 16))


def test_taking_out_what_was_known_before_keeps_the_truth_and_narrows_the_interval() -> None:
    plain, adjusted = [], []
    for seed in range(300):
        joints = [Joint.of(*users(2 * seed + arm, 150)) for arm in (0, 1)]
        plain.append(
            experiments.difference(*(experiments.mean_arm(j.outcome) for j in joints)).difference
        )
        found = experiments.difference(*experiments.adjusted_arms(joints).arms)
        adjusted.append((found.difference, found.p_value() < 0.05))
    values = [value for value, _ in adjusted]
    assert abs(np.mean(values)) < 3 * np.std(values) / math.sqrt(300)
    assert np.std(values) < 0.6 * np.std(plain)
    assert sum(hit for _, hit in adjusted) / 300 < 0.05 + 3 * math.sqrt(0.05 * 0.95 / 300)


def test_a_covariate_that_tells_nothing_leaves_the_error() -> None:
    rng = np.random.default_rng(8)
    joints = [Joint.of(rng.normal(size=2000), rng.normal(size=2000)) for _ in range(2)]
    found = experiments.adjusted_arms(joints)
    assert found.kept == pytest.approx(1, abs=0.01)
    for arm, joint in zip(found.arms, joints, strict=True):
        plain = experiments.mean_arm(joint.outcome)
        assert arm.variance == pytest.approx(plain.variance, rel=0.01)


def test_a_lift_relative_to_nothing_is_none() -> None:
    assert experiments.lift(Arm(0.1, 0.01, 100), Arm(1.0, 0.01, 100)) is None
    assert experiments.lift(Arm(0.0, 0.0, 100), Arm(1.0, 0.01, 100)) is None
    negative = experiments.lift(Arm(-2.0, 0.01, 100), Arm(-1.0, 0.01, 100))
    assert negative is not None
    assert negative.difference == pytest.approx(0.5)


def test_arms_without_variation_or_with_one_user_cannot_be_tested() -> None:
    constant = experiments.mean_arm(Sums.of(np.full(50, 0.1)))
    assert constant.variance == 0
    assert not is_sound(experiments.difference(constant, constant))
    alone = experiments.mean_arm(Sums(1, 3.0, 9.0))
    assert not is_sound(experiments.difference(alone, Arm(1.0, 0.5, 40)))


@pytest.mark.parametrize(
    "make",
    [
        lambda: Sums(0, 0.0, 0.0),
        lambda: Sums(5, math.nan, 1.0),
        lambda: Sums(5, 1.0, math.inf),
        lambda: Sums(5, 10.0, 1.0),
        lambda: Joint(Sums(5, 1.0, 2.0), Sums(6, 1.0, 2.0), 1.0),
        lambda: Joint(Sums(5, 1.0, 2.0), Sums(5, 1.0, 2.0), math.nan),
        lambda: Joint(Sums(5, 1.0, 2.0), Sums(5, 1.0, 2.0), 50.0),
        lambda: experiments.ratio_arm(Joint(Sums(5, 1.0, 2.0), Sums(5, 0.0, 2.0), 0.0)),
        lambda: experiments.adjusted_arms([Joint.of(floats([1, 2, 3]), floats([2, 2, 2]))]),
    ],
)
def test_sums_that_cannot_be_are_refused(make: Callable[[], object]) -> None:
    with pytest.raises(ValueError, match=r"expected|too small|users have|does not fit|is 0|same"):
        make()
