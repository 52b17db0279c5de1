"""Verdicts about arms: what decides at the first look, and what at later ones."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportions_ztest

from runreport.stats import experiments, readout
from runreport.stats.arms import Question
from runreport.stats.experiments import Arm, Sums
from runreport.stats.plan import Rules
from runreport.stats.proportions import Count
from runreport.stats.readout import Reading

EASY = settings(max_examples=25, deadline=None)
MIRROR = {"better": "worse", "worse": "better"}


def shares(one: Count, other: Count, scale: float = 1.0, **more: Any) -> Question:
    arms = [experiments.share_arm(count) for count in (one, other)]
    scaled = [Arm(arm.value * scale, arm.variance * scale**2, arm.n) for arm in arms]
    options = {"goal": "maximize", **more}
    return Question("proportion", scaled[0], scaled[1], (one, other), scale, **options)


def means(one: Arm, other: Arm, **more: Any) -> Question:
    return Question("mean", one, other, **{"goal": "maximize", **more})


def only(question: Question, **rules: Any) -> Reading:
    (found,) = readout.read([question], Rules(**rules))
    return found


BASE, BETTER = Count(1000, 10_000), Count(1120, 10_000)


# ---- the first look ------------------------------------------------------------------------------


def test_one_look_at_two_proportions_is_decided_by_the_z_test() -> None:
    found = only(shares(BASE, BETTER))
    assert found.result.verdict == "better"
    _, expected = proportions_ztest([1120, 1000], [10_000, 10_000])
    assert found.fixed_p == found.result.p_value == pytest.approx(expected)
    assert found.lift == pytest.approx(0.12)
    assert found.result.anytime is None


def test_per_cents_are_the_same_verdict_in_another_unit() -> None:
    plain = only(shares(BASE, BETTER, margin=0.005)).result
    scaled = only(shares(BASE, BETTER, 100.0, margin=0.5)).result
    assert scaled.verdict == plain.verdict
    assert scaled.difference == pytest.approx(1.2)
    assert plain.adjusted is not None
    assert scaled.adjusted is not None
    assert scaled.adjusted.low == pytest.approx(100 * plain.adjusted.low)
    assert scaled.equivalence_p == pytest.approx(plain.equivalence_p)


def test_few_expected_successes_are_decided_exactly_and_said() -> None:
    found = only(shares(Count(0, 120), Count(7, 120)))
    assert found.result.short == "Boschloo exact"
    assert "expected count is 3.5, below 5" in found.result.why


def test_a_margin_asks_for_more_than_a_difference() -> None:
    open_one = only(shares(BASE, BETTER, margin=0.01)).result
    assert open_one.verdict == "inconclusive"
    assert open_one.needed is not None
    assert only(shares(BASE, BETTER, margin=0.001)).result.verdict == "better"
    assert only(shares(BASE, BASE, margin=0.02)).result.verdict == "equivalent"


def test_without_a_goal_nothing_is_better() -> None:
    assert only(shares(BASE, BETTER, goal=None)).result.verdict == "differs"


def test_a_family_is_corrected_together_after_holm_or_benjamini_hochberg() -> None:
    hits = (1120, 1080, 1030, 1005)
    asked = [shares(BASE, Count(n, 10_000)) for n in hits]
    raw = [proportions_ztest([n, 1000], [10_000, 10_000])[1] for n in hits]
    for correction, peer in (("holm", "holm"), ("bh", "fdr_bh")):
        found = readout.read(asked, Rules(correction=correction))  # type: ignore[arg-type]  # both are
        adjusted = multipletests(raw, method=peer)[1]
        assert [r.result.p_adjusted for r in found] == pytest.approx(list(adjusted))
        assert all(r.result.family == 4 for r in found)


def test_what_cannot_be_tested_is_not_counted_in_the_family() -> None:
    constant = means(Arm(1.0, 0.0, 50), Arm(1.0, 0.0, 50))
    found = readout.read([shares(BASE, BETTER), constant], Rules())
    assert [r.result.family for r in found] == [1, 0]
    assert [f.name for f in found[1].result.warnings] == ["ZERO_VARIANCE"]


# ---- later looks ---------------------------------------------------------------------------------


def test_from_the_second_look_on_the_anytime_valid_interval_decides() -> None:
    one = shares(BASE, Count(1090, 10_000))
    first, later = only(one), only(one, look=7)
    assert first.result.verdict == "better"
    assert later.result.verdict == "inconclusive"
    assert later.fixed_p == first.fixed_p
    assert later.result.p_value == later.always_p
    assert later.result.adjusted == later.result.anytime == later.anytime
    assert later.lift_interval is not None
    assert first.lift_interval is not None
    assert later.lift_interval.width > 1.3 * first.lift_interval.width
    assert "PEEKING" in [f.name for f in later.result.warnings]
    assert "look 7" in later.result.why


def test_a_large_difference_survives_many_looks() -> None:
    assert only(shares(BASE, Count(1300, 10_000)), look=20).result.verdict == "better"


def test_a_narrow_interval_inside_the_margin_is_equivalent_at_any_look() -> None:
    asked = shares(Count(10_000, 100_000), Count(10_010, 100_000), margin=0.01)
    assert only(asked, look=9).result.verdict == "equivalent"


def test_looking_every_day_errs_rarely() -> None:
    """Two equal arms, looked at on each of 20 days: plain z-tests err four times as often."""
    rng = np.random.default_rng(4)
    wrong = plain = 0
    for _ in range(300):
        hits = rng.binomial(500, 0.1, (20, 2)).cumsum(axis=0)
        found = [
            only(shares(*(Count(int(x), 500 * day) for x in row)), look=day)
            for day, row in enumerate(hits, start=1)
        ]
        # the first day is a planned look like any other here
        wrong += any((r.always_p or 1.0) < 0.05 for r in found)
        plain += any((r.fixed_p or 1.0) < 0.05 for r in found)
    assert wrong / 300 < 0.05
    assert plain / 300 > 0.15


def test_at_a_later_look_arms_without_variation_say_nothing() -> None:
    found = only(shares(Count(0, 500), Count(0, 500)), look=2)
    assert found.result.verdict == "no_inference"
    assert found.result.p_value is None


# ---- properties ----------------------------------------------------------------------------------

ARMS = st.builds(Arm, st.floats(-1e3, 1e3), st.floats(1e-3, 1e2), st.integers(3, 10**5))
COUNTS = st.integers(5, 2000).flatmap(lambda n: st.integers(0, n).map(lambda hits: Count(hits, n)))
LOOKS = st.sampled_from([1, 5])
MARGINS = st.sampled_from([None, 0.05, 2.0])


@EASY
@given(ARMS, ARMS, LOOKS, MARGINS)
def test_swapping_arms_mirrors_the_verdict(a: Arm, b: Arm, look: int, margin: float | None) -> None:
    one = only(means(a, b, margin=margin), look=look).result
    other = only(means(b, a, margin=margin), look=look).result
    assert MIRROR.get(one.verdict, one.verdict) == other.verdict
    assert one.p_value == pytest.approx(other.p_value, abs=1e-12)


@EASY
@given(COUNTS, COUNTS, LOOKS, MARGINS)
def test_swapping_arms_of_counts_mirrors_the_verdict(
    a: Count, b: Count, look: int, margin: float | None
) -> None:
    one, other = (only(shares(*pair, margin=margin), look=look).result for pair in ((a, b), (b, a)))
    assert MIRROR.get(one.verdict, one.verdict) == other.verdict


@EASY
@given(COUNTS, COUNTS, LOOKS)
def test_a_claim_has_a_p_below_alpha_and_an_interval_beside_0(
    a: Count, b: Count, look: int
) -> None:
    found = only(shares(a, b), look=look).result
    if found.verdict in ("better", "worse"):
        assert found.p_adjusted is not None
        assert found.p_adjusted < 0.05
        assert found.adjusted is not None
        assert found.adjusted.low > 0 or found.adjusted.high < 0


@EASY
@given(ARMS, ARMS, LOOKS, st.floats(0.01, 100))
def test_the_unit_changes_no_verdict(a: Arm, b: Arm, look: int, unit: float) -> None:
    scaled = [Arm(x.value * unit, x.variance * unit**2, x.n) for x in (a, b)]
    one = only(means(a, b), look=look).result
    other = only(means(*scaled), look=look).result
    if one.p_value is not None and abs(one.p_value - 0.05) > 1e-9:
        assert one.verdict == other.verdict


# ---- refusals ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("n", "name"), [(1, "N1_NO_INFERENCE"), (2, "N_TOO_SMALL")])
def test_too_few_users_get_no_test(n: int, name: str) -> None:
    small = experiments.mean_arm(Sums.of(np.arange(n, dtype=np.float64)))
    found = only(means(small, Arm(1.0, 0.5, 40)))
    assert found.result.verdict == "no_inference"
    assert [f.name for f in found.result.warnings] == [name]
    assert found.result.p_value is None


def test_a_withheld_verdict_carries_no_number_but_the_values() -> None:
    found = only(replace(shares(BASE, BETTER), withheld="The arms are not as planned."))
    assert found.result.verdict == "not_comparable"
    assert found.lift is None
    assert found.result.p_value is found.result.adjusted is None


def test_numbers_too_large_for_arithmetic_are_said() -> None:
    found = only(means(Arm(1e200, 1e308, 40), Arm(2e200, 1e308, 40)))
    assert [f.name for f in found.result.warnings] == ["TEST_FAILED"]
    assert found.result.p_value is None or math.isfinite(found.result.p_value)
