"""Comparisons of several groups agree with R, scipy and statsmodels, and hold together."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from runreport.stats import several
from runreport.stats.maxima import AllPairs, ManyToOne
from tests.stats.reference import floats, needs_oracles, oracle

GROUPS = st.lists(
    st.lists(st.integers(-30, 30), min_size=2, max_size=7).filter(lambda v: len(set(v)) > 1),
    min_size=2,
    max_size=5,
)


@needs_oracles
def test_dunnetts_example_is_scipys() -> None:
    case = oracle("scipy_dunnett")
    found = several.dunnett(case["data"]["control"], case["data"]["samples"])
    assert [one.statistic for one in found] == pytest.approx(case["expected"]["t"], abs=1e-7)
    assert [one.p_value() for one in found] == pytest.approx(case["expected"]["p"], abs=2e-3)


@needs_oracles
def test_tukeys_test_of_the_warp_breaks_is_rs() -> None:
    case = oracle("r_tukey_warpbreaks")
    data, expected = case["data"], case["expected"]
    found = several.tukey([data["L"], data["M"], data["H"]])
    interval = found[0, 1].interval(0.95)
    assert found[0, 1].difference == pytest.approx(expected["diff_ML"])
    assert found[0, 1].p_value() == pytest.approx(expected["p_ML"], abs=1e-9)
    assert found[0, 2].p_value() == pytest.approx(expected["p_HL"], abs=1e-9)
    assert found[1, 2].p_value() == pytest.approx(expected["p_HM"], abs=1e-9)
    assert (interval.low, interval.high) == pytest.approx(expected["ci_ML"], abs=1e-6)


@needs_oracles
def test_tukeys_test_of_plant_growth_is_rs() -> None:
    case = oracle("cld_plantgrowth")
    found = several.tukey([case["data"][name] for name in ("ctrl", "trt1", "trt2")])
    p_values = [found[pair].p_value() for pair in ((0, 1), (0, 2), (1, 2))]
    assert p_values == pytest.approx(case["expected"]["p"], abs=1e-9)


def test_dunnetts_own_table_of_two_sided_points() -> None:
    # Dunnett (1964), Biometrics 20, table II, two-sided 5 %: p treatments, df
    for treatments, df, point in ((2, 10, 2.57), (4, 20, 2.65), (9, 60, 2.77), (3, 5, 3.29)):
        found = ManyToOne((5,) * treatments, 5, df).quantile(0.95)
        assert found == pytest.approx(point, abs=0.006)


@pytest.mark.parametrize(("k", "df"), [(2, 3.0), (3, 1.4), (5, 7.3), (10, 24.0), (30, 200.0)])
@pytest.mark.parametrize("t", [0.3, 1.5, 2.5, 4.0])
def test_the_largest_of_all_pairs_is_the_studentized_range(k: int, df: float, t: float) -> None:
    reference = stats.studentized_range.sf(np.sqrt(2) * t, k, df)
    assert AllPairs(k, df).tail(t) == pytest.approx(float(reference), abs=1e-7)


def test_the_points_of_all_pairs_are_those_of_the_studentized_range() -> None:
    for k, df in ((3, 12.0), (8, 5.5)):
        reference = stats.studentized_range.ppf(0.95, k, df) / np.sqrt(2)
        assert AllPairs(k, df).quantile(0.95) == pytest.approx(float(reference), rel=1e-6)


def test_infinite_degrees_of_freedom_are_the_normal_range() -> None:
    # Tukey's table: q(0.05; 3, inf) = 3.314
    assert AllPairs(3, np.inf).quantile(0.95) * np.sqrt(2) == pytest.approx(3.3145, abs=1e-4)


@pytest.mark.parametrize("df", [1.0, 4.5, 30.0])
def test_one_comparison_is_students_t(df: float) -> None:
    for joint in (AllPairs(2, df), ManyToOne((4,), 9, df)):
        for t in (0.2, 1.0, 3.0, 12.0):
            assert joint.tail(t) == pytest.approx(2 * stats.t.sf(t, df), rel=1e-7, abs=1e-11)
        assert joint.quantile(0.9) == pytest.approx(stats.t.ppf(0.95, df), rel=1e-8)


def test_unequal_groups_agree_with_scipys_multivariate_t() -> None:
    sizes, baseline = (3, 12, 40), 6
    shares = np.sqrt([n / (n + baseline) for n in sizes])
    correlations = np.outer(shares, shares)
    np.fill_diagonal(correlations, 1.0)
    reference = stats.multivariate_t(
        shape=correlations, df=15, seed=np.random.default_rng(1)
    ).cdf([2.2] * 3, lower_limit=[-2.2] * 3, maxpts=2_000_000)  # fmt: skip
    assert ManyToOne(sizes, baseline, 15).tail(2.2) == pytest.approx(1 - reference, abs=2e-5)


def test_games_howell_is_scipys() -> None:
    rng = np.random.default_rng(3)
    groups = [rng.normal(mean, spread, n) for mean, spread, n in ((0, 1, 5), (1, 3, 9), (2, 2, 7))]
    reference = stats.tukey_hsd(*groups, equal_var=False)
    limits = reference.confidence_interval(0.95)
    for (first, second), one in several.games_howell(groups).items():
        assert one.difference == pytest.approx(-reference.statistic[first, second])
        assert one.p_value() == pytest.approx(reference.pvalue[first, second], abs=1e-7)
        found = one.interval(0.95)
        ends = (-limits.high[first, second], -limits.low[first, second])
        assert (found.low, found.high) == pytest.approx(ends, rel=1e-5)


@settings(max_examples=50, deadline=None)
@given(GROUPS)
def test_the_rank_analysis_is_scipys(groups: list[list[int]]) -> None:
    reference = stats.kruskal(*groups)
    found = several.kruskal(groups)
    assert (found.statistic, found.p_value) == pytest.approx(
        (reference.statistic, reference.pvalue), abs=1e-9
    )


def test_equal_values_have_no_ranks_to_differ() -> None:
    found = several.kruskal([[1.0, 1.0], [1.0, 1.0, 1.0]])
    assert (found.statistic, found.df, found.p_value) == (0.0, 1, 1.0)


@settings(max_examples=50, deadline=None)
@given(GROUPS, st.randoms(use_true_random=False), st.floats(0.01, 100), st.floats(-1000, 1000))
def test_order_scale_and_origin_change_no_p(groups, random, scale: float, shift: float) -> None:
    moved = [floats(random.sample(group, len(group))) * scale + shift for group in groups]
    for test in (several.tukey, several.games_howell):
        before, after = test(groups), test(moved)
        for pair, one in before.items():
            assert after[pair].p_value() == pytest.approx(one.p_value(), abs=1e-6)
            assert after[pair].difference == pytest.approx(one.difference * scale, abs=1e-6 * scale)
    before, after = several.dunnett(groups[0], groups[1:]), several.dunnett(moved[0], moved[1:])
    assert [one.p_value() for one in after] == pytest.approx(
        [one.p_value() for one in before], abs=1e-6
    )


@settings(max_examples=50, deadline=None)
@given(GROUPS)
def test_swapping_two_groups_mirrors_their_difference(groups: list[list[int]]) -> None:
    there, back = several.tukey(groups), several.tukey(groups[::-1])
    last = len(groups) - 1
    assert there[0, last].difference == pytest.approx(-back[0, last].difference)
    assert there[0, last].p_value() == pytest.approx(back[0, last].p_value())


@settings(max_examples=50, deadline=None)
@given(GROUPS, st.floats(0.5, 20))
def test_intervals_say_what_the_tests_say(groups: list[list[int]], margin: float) -> None:
    alpha = 0.05
    found = [*several.tukey(groups).values(), *several.dunnett(groups[0], groups[1:])]
    for one in found:
        wide, narrow = one.interval(1 - alpha), one.interval(1 - 2 * alpha)
        assert (wide.low > 0 or wide.high < 0) == (one.p_value() < alpha)
        beyond = wide.low > margin or wide.high < -margin
        assert beyond == (one.beyond_p(margin) < alpha)
        inside = -margin < narrow.low and narrow.high < margin
        assert inside == (one.equivalence_p(margin) < alpha)


def test_ten_true_nulls_are_rejected_together_in_five_per_cent() -> None:
    rng = np.random.default_rng(11)
    draws = 3_000
    found = [several.dunnett(one[0], list(one[1:])) for one in rng.normal(size=(draws, 11, 5))]
    hits = sum(
        any(not one.interval(0.95).low <= 0 <= one.interval(0.95).high for one in results)
        for results in found
    )
    # two and a half standard errors of a share of 5 %
    assert abs(hits / draws - 0.05) < 2.5 * (0.05 * 0.95 / draws) ** 0.5


@pytest.mark.parametrize("bad", [[[1.0, 2.0], [1.0, np.nan]], [[1.0, 2.0], [1.0, np.inf]]])
def test_values_that_are_none_are_refused(bad: list[list[float]]) -> None:
    for test in (several.tukey, several.games_howell, several.kruskal):
        with pytest.raises(ValueError, match="finite"):
            test(bad)
    with pytest.raises(ValueError, match="finite"):
        several.dunnett(bad[0], bad[1:])


def test_one_run_and_constant_groups_are_refused() -> None:
    for test in (several.tukey, several.games_howell):
        with pytest.raises(ValueError, match="2 values or more"):
            test([[1.0], [1.0, 2.0]])
        with pytest.raises(ValueError, match="vary"):
            test([[1.0, 1.0], [2.0, 2.0]])
        with pytest.raises(ValueError, match="two groups"):
            test([[1.0, 2.0]])
    with pytest.raises(ValueError, match="vary"):
        several.dunnett([1.0, 1.0], [[2.0, 2.0]])
    with pytest.raises(ValueError, match="candidate"):
        several.dunnett([1.0, 2.0], [])
    with pytest.raises(ValueError, match="between 0 and 1"):
        AllPairs(3, 4.0).quantile(1.0)


def test_games_howell_leaves_out_the_pair_that_does_not_vary() -> None:
    found = several.games_howell([[1.0, 1.0], [2.0, 2.0], [1.0, 2.0, 4.0]])
    assert set(found) == {(0, 2), (1, 2)}
