"""Times until a target agree with scipy, statsmodels and counting by hand."""

from __future__ import annotations

import math
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.duration.survfunc import SurvfuncRight, survdiff

from runreport.stats import survival
from runreport.stats.survival import LogRank, Times
from tests.stats.reference import needs_oracles, oracle

RUNS = st.lists(st.tuples(st.integers(1, 30), st.booleans()), min_size=2, max_size=14)


def times(runs: list[tuple[int, bool]]) -> Times:
    return Times.of([time for time, _ in runs], [reached for _, reached in runs])


def glioma(case: dict, side: str) -> Times:
    data = case["data"][side]
    reached = [True] * len(data["event"]) + [False] * len(data["censored"])
    return Times.of(data["event"] + data["censored"], reached)


@needs_oracles
def test_the_log_rank_test_of_the_gliomas_is_scipys() -> None:
    case = oracle("scipy_logrank_glioma")
    first, second = glioma(case, "a"), glioma(case, "b")
    found = LogRank(baseline=second, candidate=first)
    assert found.statistic == pytest.approx(case["expected"]["z"], abs=1e-4)
    assert found.p_value() == pytest.approx(case["expected"]["p"], abs=1e-5)
    # fewer events than expected, so it takes longer
    assert found.difference > 0
    assert survival.log_rank([first, second]).statistic == pytest.approx(
        case["expected"]["chi2"], abs=1e-3
    )


# remission of leukaemia under 6-MP: Freireich et al. (1963), as in Gehan (1965), Biometrika 52
TREATED = Times.of(
    [6, 6, 6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35],
    [1, 1, 1, 0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0],
)
PLACEBO = Times.of(
    [1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23], [1] * 21
)


def test_the_curve_of_the_treated_is_that_of_the_textbooks() -> None:
    # Kalbfleisch and Prentice; Cox and Oakes (1984), Analysis of Survival Data, table 1.1
    found = survival.curve(TREATED)
    assert found.times.tolist() == [6, 7, 10, 13, 16, 22, 23]
    assert found.at_risk.tolist() == [21, 17, 15, 12, 11, 7, 6]
    assert found.share == pytest.approx(
        [0.8571, 0.8067, 0.7529, 0.6902, 0.6275, 0.5378, 0.4482], abs=5e-5
    )
    assert found.standard_errors == pytest.approx(
        [0.0764, 0.0869, 0.0963, 0.1068, 0.1141, 0.1282, 0.1346], abs=5e-5
    )
    assert found.quantile() == 23
    assert survival.curve(PLACEBO).quantile() == 8


def test_the_log_rank_test_of_the_leukaemias_is_that_of_the_textbooks() -> None:
    # 16.79 with one degree of freedom, R survdiff and Cox and Oakes
    found = survival.log_rank([TREATED, PLACEBO])
    assert found.statistic == pytest.approx(16.79, abs=0.005)
    assert found.expected == pytest.approx((19.3, 10.7), abs=0.06)


@settings(max_examples=50, deadline=None)
@given(RUNS)
def test_curves_are_those_of_statsmodels(runs: list[tuple[int, bool]]) -> None:
    group = times(runs)
    if not group.events:
        return
    with np.errstate(all="ignore"):
        reference = SurvfuncRight(group.values, group.reached)
    found = survival.curve(group)
    assert found.times.tolist() == reference.surv_times.tolist()
    assert found.share == pytest.approx(reference.surv_prob)
    inner = found.share > 0
    assert found.standard_errors[inner] == pytest.approx(reference.surv_prob_se[inner])


@settings(max_examples=50, deadline=None)
@given(RUNS, RUNS)
def test_two_groups_are_tested_as_scipy_does(one, other) -> None:
    first, second = times(one), times(other)
    found = LogRank(first, second)
    if found.statistic is None:
        assert found.p_value() == 1.0
        return
    censored = [
        stats.CensoredData(group.values[group.reached], right=group.values[~group.reached])
        for group in (second, first)
    ]
    reference = stats.logrank(*censored)
    assert found.statistic == pytest.approx(reference.statistic)
    if min(first.events, second.events) >= 10:
        assert found.p_value() == pytest.approx(reference.pvalue)


def test_few_events_are_counted_over_all_splits_of_their_scores() -> None:
    # three runs each, all of one group first: 2 of the 20 splits are as extreme
    first, second = Times.of([1.0, 2.0, 3.0], [1, 1, 1]), Times.of([4.0, 5.0, 6.0], [1, 1, 1])
    assert LogRank(first, second).p_value() == pytest.approx(0.1)
    rng = np.random.default_rng(6)
    values = rng.permutation(9.0 + np.arange(9))
    reached = rng.random(9) < 0.7
    one, other = Times.of(values[:4], reached[:4]), Times.of(values[4:], reached[4:])
    found = LogRank(one, other)

    # observed minus expected of every choice of four runs, by the definition
    def excess(chosen: tuple[int, ...]) -> float:
        total = 0.0
        for time in np.sort(values[reached]):
            at_risk = values >= time
            total += float(time in values[list(chosen)])
            total -= at_risk[list(chosen)].sum() / at_risk.sum()
        return abs(total)

    seen = excess((0, 1, 2, 3))
    splits = [excess(chosen) for chosen in combinations(range(9), 4)]
    assert found.p_value() == pytest.approx(np.mean([s >= seen - 1e-9 for s in splits]))


def test_equal_groups_are_told_apart_no_more_often_than_promised() -> None:
    rng = np.random.default_rng(1)
    for n in (3, 5, 8):
        hits = 0
        for _ in range(400):
            values, reached = rng.exponential(1, 2 * n), rng.random(2 * n) < 0.8
            one, other = Times.of(values[:n], reached[:n]), Times.of(values[n:], reached[n:])
            hits += LogRank(one, other).p_value() < 0.05
        assert hits / 400 <= 0.07


@settings(max_examples=40, deadline=None)
@given(RUNS, RUNS, RUNS)
def test_three_groups_are_tested_as_statsmodels_does(one, two, three) -> None:
    groups = [times(runs) for runs in (one, two, three)]
    found = survival.log_rank(groups)
    every = np.concatenate([group.values for group in groups])
    reached = np.concatenate([group.reached for group in groups])
    names = np.repeat(np.arange(3), [group.values.size for group in groups])
    if found.df < 2 or found.p_value == 1.0:
        return
    try:
        statistic, p_value = survdiff(every, reached, names)
    except np.linalg.LinAlgError:
        return
    assert found.statistic == pytest.approx(statistic, rel=1e-6)
    assert found.p_value == pytest.approx(p_value, rel=1e-6, abs=1e-12)


def test_without_censoring_the_restricted_mean_is_the_mean() -> None:
    values = np.array([3.0, 5.0, 5.0, 8.0, 13.0])
    mean, error = survival.curve(Times.of(values, [1] * 5)).restricted_mean(13.0)
    assert mean == pytest.approx(values.mean())
    assert error == pytest.approx(values.std() / math.sqrt(5))


def test_the_restricted_mean_counts_what_is_beyond_as_the_limit() -> None:
    # half is gone at 2: 2 x 1 + 2 x 0.5 up to 4; the error is (2 x 0.5) sqrt(1 / (2 x 1))
    found = survival.curve(Times.of([2.0, 9.0], [1, 0])).restricted_mean(4.0)
    assert found == pytest.approx((3.0, math.sqrt(0.5)))


def test_the_area_under_the_leukaemia_curves_is_r_survivals() -> None:
    # print(survfit(...), rmean = 35) of R's survival: 23.3 and 8.67 weeks, errors 2.83 and 1.38
    treated = survival.curve(TREATED).restricted_mean(35.0)
    placebo = survival.curve(PLACEBO).restricted_mean(23.0)
    assert treated == pytest.approx((23.287, 2.827), abs=2e-3)
    assert placebo == pytest.approx((8.667, 1.377), abs=2e-3)


@settings(max_examples=50, deadline=None)
@given(RUNS, RUNS, st.randoms(use_true_random=False))
def test_swapping_mirrors_and_order_changes_nothing(one, other, random) -> None:
    there = LogRank(times(one), times(other))
    back = LogRank(times(random.sample(other, len(other))), times(random.sample(one, len(one))))
    assert there.difference == pytest.approx(-back.difference)
    assert there.p_value() == pytest.approx(back.p_value())
    if there.statistic is not None and back.statistic is not None:
        assert there.statistic == pytest.approx(-back.statistic)


@settings(max_examples=50, deadline=None)
@given(RUNS, RUNS, st.floats(0.01, 1000))
def test_the_unit_of_time_changes_no_p(one, other, scale: float) -> None:
    first, second = times(one), times(other)
    before = LogRank(first, second)
    after = LogRank(
        Times.of(first.values * scale, first.reached),
        Times.of(second.values * scale, second.reached),
    )
    assert after.p_value() == pytest.approx(before.p_value())
    assert after.difference == pytest.approx(before.difference * scale, abs=1e-9 * scale)
    if (old := before.interval(0.95)) is not None and (new := after.interval(0.95)) is not None:
        assert (new.low, new.high) == pytest.approx((old.low * scale, old.high * scale))


def test_runs_that_never_reach_the_target_are_no_events() -> None:
    # all of one group are still on their way when the other has long arrived
    slow, fast = Times.of([100.0] * 12, [0] * 12), Times.of(np.arange(1.0, 13.0), [1] * 12)
    found = LogRank(fast, slow)
    assert found.p_value() < 1e-5
    assert survival.curve(slow).quantile() is None
    # 100 steps are known of both: all of them against a mean of 6.5
    assert found.difference == pytest.approx(100 - 6.5)


def test_no_event_at_all_is_no_difference_and_no_interval() -> None:
    found = LogRank(Times.of([5.0, 6.0], [0, 0]), Times.of([5.0, 7.0], [0, 0]))
    assert (found.p_value(), found.statistic, found.interval(0.95)) == (1.0, None, None)
    assert math.isnan(found.beyond_p(1.0))
    assert math.isnan(found.equivalence_p(1.0))
    assert survival.log_rank([found.baseline, found.candidate]).p_value == 1.0


@settings(max_examples=50, deadline=None)
@given(RUNS, RUNS, st.floats(0.5, 20))
def test_margins_agree_with_the_interval(one, other, margin: float) -> None:
    found = LogRank(times(one), times(other))
    wide, narrow = found.interval(0.95), found.interval(0.90)
    if wide is None or narrow is None:
        return
    assert (wide.low > margin or wide.high < -margin) == (found.beyond_p(margin) < 0.05)
    assert (-margin < narrow.low and narrow.high < margin) == (found.equivalence_p(margin) < 0.05)


def test_bands_stay_between_none_and_all() -> None:
    found = survival.curve(PLACEBO)
    low, high = found.band(0.95)
    inner = found.share > 0
    assert np.all((low[inner] > 0) & (low[inner] < found.share[inner]))
    assert np.all((high[inner] < 1) & (high[inner] > found.share[inner]))
    assert np.isnan(low[~inner]).all()


@pytest.mark.parametrize(
    ("values", "reached", "message"),
    [
        ([1.0, math.nan], [1, 1], "finite"),
        ([1.0, -2.0], [1, 1], "0 or more"),
        ([1.0, 2.0], [1, 2], "0 and 1"),
        ([1.0, 2.0], [1], "pairs"),
        ([], [], "1 values or more"),
    ],
)
def test_what_is_no_time_is_refused(values, reached, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Times.of(values, reached)


def test_one_group_and_a_time_never_watched_are_refused() -> None:
    with pytest.raises(ValueError, match="two groups"):
        survival.log_rank([PLACEBO])
    with pytest.raises(ValueError, match="up to 6"):
        survival.curve(Times.of([5.0, 6.0], [1, 0])).restricted_mean(7.0)
    # all have arrived by 23, so what comes later is known too
    assert survival.curve(PLACEBO).restricted_mean(24.0) == survival.curve(PLACEBO).restricted_mean(
        23.0
    )


def test_targets_that_every_run_meets_at_once_tell_nothing_apart() -> None:
    at_once = Times.of([0.0, 0.0, 0.0], [1, 1, 1])
    found = LogRank(at_once, at_once)
    assert (found.difference, found.p_value(), found.interval(0.95)) == (0.0, 1.0, None)
    assert math.isnan(found.beyond_p(1.0))
