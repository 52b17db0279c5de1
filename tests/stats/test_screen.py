"""All pairs at once are what each pair is alone."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from runreport.design import Correction, Goal
from runreport.stats import decide, paired, screen, ties
from runreport.stats.plan import Case, Rules
from tests.stats.reference import floats

SEEDS = st.integers(0, 10_000)
CORRECTIONS = st.sampled_from(["holm", "bonferroni", "hochberg", "hommel", "bh", "by", "none"])
GOALS = st.sampled_from(["maximize", "minimize", None])


def drawn(seed: int, sizes: tuple[int, ...]) -> list:
    rng = np.random.default_rng(seed)
    return [np.round(rng.normal(rng.choice([0, 0.5, 3]), 1, n), 2) for n in sizes]


@settings(max_examples=50, deadline=None)
@given(SEEDS)
def test_every_pair_is_welchs_test_of_scipy(seed: int) -> None:
    groups = drawn(seed, (3, 4, 8, 5))
    found = screen.welch_pairs(groups, *screen.every_pair(4))
    low, high = found.ends(0.9)
    for place, (one, other) in enumerate(combinations(range(4), 2)):
        reference = stats.ttest_ind(groups[other], groups[one], equal_var=False)
        limits = reference.confidence_interval(0.9)
        assert found.p_value[place] == pytest.approx(reference.pvalue)
        assert (low[place], high[place]) == pytest.approx((limits.low, limits.high))
        assert found.df[place] == pytest.approx(reference.df)


@settings(max_examples=50, deadline=None)
@given(SEEDS, st.integers(6, 16))
def test_every_pair_of_rows_is_a_paired_test_of_its_complete_columns(seed: int, wide: int) -> None:
    rng = np.random.default_rng(seed)
    matrix = np.round(rng.normal(0.3, 1, (4, wide)), 1)
    matrix[rng.random(matrix.shape) < 0.1] = np.nan
    found = screen.paired_pairs(matrix, *screen.every_pair(4))
    for place, (one, other) in enumerate(combinations(range(4), 2)):
        both = ~np.isnan(matrix[one] + matrix[other])
        assert found.n[place] == both.sum()
        differences = matrix[other, both] - matrix[one, both]
        size = ties.size_of(matrix[one, both], matrix[other, both])
        if both.sum() < 3 or ties.is_constant(differences, size):
            assert np.isnan(found.p_value[place])
            continue
        reference = stats.ttest_rel(matrix[other, both], matrix[one, both])
        assert found.p_value[place] == pytest.approx(reference.pvalue)
        if 6 <= both.sum() <= 10:
            # whole numbers, whose sums are exact: scipy takes nearly equal means for different
            peer = stats.permutation_test(
                (np.round(10 * differences),), np.sum, permutation_type="samples",
                n_resamples=np.inf,
            )  # fmt: skip
            # scipy doubles the smaller tail, and the two tails are mirror images
            assert found.exact[place] == pytest.approx(peer.pvalue)
        elif both.sum() < 6:
            assert np.isnan(found.exact[place])


@pytest.mark.parametrize("wide", [12, 17])
def test_patterns_are_counted_as_for_one_sample(wide: int) -> None:
    rng = np.random.default_rng(wide)
    matrix = np.round(rng.normal(size=(5, wide)), 2)
    matrix[0, 1] = matrix[1, 4] = np.nan
    # a difference of 0 is a value, not a missing one
    matrix[2, 0] = matrix[3, 0]
    found = screen.paired_pairs(matrix, *screen.every_pair(5))
    for place, (one, other) in enumerate(combinations(range(5), 2)):
        both = ~np.isnan(matrix[one] + matrix[other])
        size = ties.size_of(matrix[one, both], matrix[other, both])
        differences = ties.settle(matrix[other, both] - matrix[one, both], size)
        assert found.exact[place] == pytest.approx(paired.sign_flip(differences), rel=1e-12)


@settings(max_examples=60, deadline=None)
@given(SEEDS, CORRECTIONS, GOALS, st.sampled_from([None, 0.5, 4.0]), st.integers(0, 3))
def test_verdicts_are_those_of_one_decision_after_another(
    seed: int, correction: Correction, goal: Goal | None, margin: float | None, hidden: int
) -> None:
    groups = drawn(seed, (3, 5, 2, 9, 6))
    pairs = screen.welch_pairs(groups, *screen.every_pair(5))
    found = screen.judge([screen.Asked(pairs, goal, margin)], correction=correction, hidden=hidden)[
        0
    ]
    cases = [
        Case(groups[one], groups[other], False, goal, margin)
        for one, other in combinations(range(5), 2)
    ]
    _agree(found, decide.decide(cases, Rules(correction=correction, hidden=hidden)))


@settings(max_examples=50, deadline=None)
@given(SEEDS, GOALS, st.sampled_from([None, 0.5, 4.0]), st.sampled_from([4, 7, 12]))
def test_verdicts_on_pairs_are_those_of_one_decision_after_another(
    seed: int, goal: Goal | None, margin: float | None, wide: int
) -> None:
    matrix = np.vstack(drawn(seed, (wide,) * 4))
    pairs = screen.paired_pairs(matrix, *screen.every_pair(4))
    found = screen.judge([screen.Asked(pairs, goal, margin)])[0]
    cases = [
        Case(matrix[one], matrix[other], True, goal, margin)
        for one, other in combinations(range(4), 2)
    ]
    _agree(found, decide.decide(cases, Rules()))


def _agree(found: screen.Judged, results) -> None:
    for place, result in enumerate(results):
        assert screen.VERDICTS[found.verdicts[place]] == result.verdict
        if result.p_value is None:
            assert np.isnan(found.p_adjusted[place])
            continue
        assert found.p_value[place] == pytest.approx(result.p_value)
        assert found.p_adjusted[place] == pytest.approx(result.p_adjusted)
        assert (found.low[place], found.high[place]) == pytest.approx(
            (result.adjusted.low, result.adjusted.high)
        )


def test_metrics_of_a_family_are_corrected_together() -> None:
    groups = drawn(5, (5, 5, 5))
    asked = [
        screen.Asked(screen.welch_pairs([group * k for group in groups], *screen.every_pair(3)))
        for k in (1, 2)
    ]
    alone, together = screen.judge(asked[:1])[0], screen.judge(asked)
    # the same p twice over: the smallest of three becomes the two smallest of six
    smallest = int(np.argmin(alone.p_value))
    assert alone.p_adjusted[smallest] == pytest.approx(min(1, 3 * alone.p_value[smallest]))
    assert together[0].p_adjusted[smallest] == pytest.approx(min(1, 6 * alone.p_value[smallest]))
    assert together[1].p_adjusted == pytest.approx(together[0].p_adjusted)


@settings(max_examples=50, deadline=None)
@given(SEEDS, st.floats(0.01, 100), st.floats(-50, 50))
def test_swapping_mirrors_and_scale_and_origin_change_no_p(seed, scale: float, shift: float):
    groups = drawn(seed, (5, 6, 7))
    first, second = screen.every_pair(3)
    before, back = (screen.welch_pairs(groups, *ends) for ends in ((first, second),
                                                                   (second, first)))  # fmt: skip
    assert back.difference == pytest.approx(-before.difference)
    assert back.p_value == pytest.approx(before.p_value)
    moved = [np.random.default_rng(seed).permutation(group) * scale + shift for group in groups]
    after = screen.welch_pairs(moved, first, second)
    assert after.p_value == pytest.approx(before.p_value, abs=1e-6)


def test_margins_agree_with_the_intervals() -> None:
    groups = drawn(9, (6, 6, 6, 6))
    found = screen.welch_pairs(groups, *screen.every_pair(4))
    for margin in (0.2, 1.0, 3.0):
        wide, narrow = found.ends(0.95), found.ends(0.90)
        beyond = (wide[0] > margin) | (wide[1] < -margin)
        inside = (narrow[0] > -margin) & (narrow[1] < margin)
        assert (beyond == (found.beyond_p(margin) < 0.05)).all()
        assert (inside == (found.equivalence_p(margin) < 0.05)).all()


def test_what_does_not_vary_is_not_tested_and_counts_in_no_family() -> None:
    copies = [0.083421764512] * 4
    groups = [copies, [0.5, 0.6, 0.8, 0.7], [2.5, 2.6, 2.8, 2.9], copies]
    found = screen.judge([screen.Asked(screen.welch_pairs(groups, *screen.every_pair(4)))])[0]
    words = [screen.VERDICTS[code] for code in found.verdicts]
    assert words == ["no_inference"] * 3 + ["better"] + ["no_inference"] * 2
    assert found.p_adjusted[3] == found.p_value[3]


def test_values_that_are_none_are_refused() -> None:
    pair = screen.every_pair(2)
    with pytest.raises(ValueError, match="finite"):
        screen.welch_pairs([[1.0, np.nan], [1.0, 2.0]], *pair)
    with pytest.raises(ValueError, match="infinite"):
        screen.paired_pairs([[1.0, np.inf], [1.0, 2.0]], *pair)
    with pytest.raises(ValueError, match="groups and replicates"):
        screen.paired_pairs([1.0, 2.0], *pair)


def test_no_pairs_are_no_verdicts() -> None:
    none = floats([]).astype(np.intp)
    found = screen.judge([screen.Asked(screen.welch_pairs([[1.0, 2.0, 3.0]], none, none))])
    assert found[0].verdicts.size == 0
    assert screen.judge([]) == ()


def test_nineteen_replicates_of_all_pairs_are_counted() -> None:
    # each group is above the one before in every column: only the pattern itself and its mirror
    # image are as extreme
    matrix = np.random.default_rng(1).normal(size=19) + 5.0 * np.arange(12)[:, None]
    matrix += np.random.default_rng(2).normal(scale=0.1, size=matrix.shape)
    found = screen.paired_pairs(matrix, *screen.every_pair(12))
    assert (found.exact == 2 / 2**19).all()
