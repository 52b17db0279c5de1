"""From samples to verdicts: what must be said of them, and what must not."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runreport.stats.decide import decide, verdict_of
from runreport.stats.plan import Case, Filled, Rules
from runreport.stats.result import Interval
from tests.stats.cases import RULES, case, names, one, words
from tests.stats.reference import behaviour, floats, needs_oracles, oracle

# ---- what given samples must and must not yield --------------------------------------------------


@needs_oracles
def test_single_runs_get_no_p_no_interval_and_no_verdict() -> None:
    given_values = behaviour("single_run_each")["given"]
    found = one(given_values["B"], given_values["A"])
    assert found.verdict == "no_inference"
    assert found.difference == pytest.approx(0.007)
    assert (found.p_value, found.interval, found.adjusted, found.test) == (None, None, None, "")
    assert names(found) == {"N1_NO_INFERENCE"}
    # R power.t.test: 3.07, 2.02 and 1.32 standard deviations with 3, 5 and 10 seeds
    assert "With 3 seeds each you would detect differences of about 3.1 standard deviations" in (
        words(found, "N1_NO_INFERENCE")
    )


@needs_oracles
def test_three_seeds_get_welch_and_what_it_can_detect() -> None:
    given_values = behaviour("three_seeds_welch")["given"]
    found = one(given_values["B"], given_values["A"])
    assert found.test == "Welch t-test"
    assert found.interval is not None
    assert "3.07 SD; 80 % power" in words(found, "LOW_POWER")
    assert not any("permutation" in look.method for look in found.second_looks)


@needs_oracles
def test_five_pairs_are_told_what_exact_tests_cannot_reach() -> None:
    given_values = behaviour("wilcoxon_forced_n5")["given"]
    found = one(given_values["B"], given_values["A"], paired=True)
    said = words(found, "UNATTAINABLE_ALPHA")
    assert "cannot reach 0.05 with n = 5 pairs; needs 6" in said
    assert "0.0625" in said
    assert found.test == "paired t-test"
    assert "TESTS_DISAGREE" not in names(found)


@needs_oracles
def test_values_that_do_not_vary_are_not_tested() -> None:
    given_values = behaviour("deterministic_seeds")["given"]
    found = one(given_values["B"], given_values["A"])
    assert found.verdict == "no_inference"
    assert found.p_value is None
    assert "copies" in words(found, "ZERO_VARIANCE")


@needs_oracles
def test_lower_is_better_when_the_goal_says_so() -> None:
    given_values = behaviour("lower_is_better")["given"]
    assert one(given_values["B"], given_values["A"], goal="minimize").verdict == "better"
    assert one(given_values["A"], given_values["B"], goal="minimize").verdict == "worse"


def test_numbers_beyond_arithmetic_fail_and_are_never_compared() -> None:
    found = one([1e200, 2e200, 3e200], [4e200, 5e200, 7e200])
    assert found.verdict == "no_inference"
    assert found.p_value is None
    assert "could not be computed" in words(found, "TEST_FAILED")


# ---- families ------------------------------------------------------------------------------------


def test_ten_variants_share_one_family() -> None:
    rng = np.random.default_rng(1)
    base = rng.normal(0, 1, 10)
    cases = [case(base, rng.normal(0, 1, 10)) for _ in range(10)]
    found = decide(cases, RULES)
    raw = [result.p_value for result in found]
    from statsmodels.stats.multitest import multipletests

    expected = multipletests(raw, method="holm")[1]
    assert [result.p_adjusted for result in found] == pytest.approx(expected.tolist())
    assert {result.family for result in found} == {10}


def test_what_cannot_be_tested_is_not_counted() -> None:
    cases = [case([1, 2, 3.5], [2, 3, 5]), case([1], [2]), case([1, 1, 1], [2, 2, 2])]
    assert [result.family for result in decide(cases, RULES)] == [1, 0, 0]


def test_many_comparisons_without_correction_are_warned_of() -> None:
    cases = [case([1, 2, 3.5], [2, 3, 5.2]) for _ in range(10)]
    found = decide(cases, Rules(correction="none"))
    # 1 - 0.95^10
    assert "10 comparisons" in words(found[0], "MULTIPLICITY")
    assert "40 %" in words(found[0], "MULTIPLICITY")


def test_the_order_of_comparisons_changes_nothing() -> None:
    rng = np.random.default_rng(6)
    cases = [case(rng.normal(0, 1, 7), rng.normal(m, 1, 7)) for m in (0, 1, 2)]
    there = decide(cases, RULES)
    back = decide(cases[::-1], RULES)[::-1]
    assert there == back


@given(
    st.lists(
        st.tuples(st.floats(-3, 3), st.floats(0.1, 2), st.sampled_from([None, 0.5, 1.0])),
        min_size=1,
        max_size=6,
    )
)
def test_a_verdict_of_better_has_its_interval_beyond_the_margin(shapes) -> None:
    rng = np.random.default_rng(11)
    cases = [
        case(rng.normal(0, s, 6), rng.normal(m, s, 6), margin=margin) for m, s, margin in shapes
    ]
    for found in decide(cases, RULES):
        assert found.adjusted is not None
        assert found.p_adjusted is not None
        bound = found.margin or 0.0
        if found.verdict == "better":
            assert found.adjusted.low > bound
            assert found.p_adjusted < 0.05
        if found.verdict == "worse":
            assert found.adjusted.high < -bound
        if found.margin is None:
            decided = found.adjusted.low > 0 or found.adjusted.high < 0
            assert decided == (found.p_adjusted < 0.05)


# ---- margins -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("low", "high", "rejected", "equivalent", "expected"),
    [
        (0.6, 2.0, True, False, "better"),
        (-2.0, -0.6, True, False, "worse"),
        (0.2, 2.0, True, False, "inconclusive"),
        (0.1, 0.4, True, True, "negligible"),
        (-0.3, 0.4, False, True, "equivalent"),
        (-1.0, 1.0, False, False, "inconclusive"),
        (0.6, 2.0, False, False, "inconclusive"),
    ],
)
def test_the_word_follows_from_the_interval_against_the_margin(
    low: float, high: float, rejected: bool, equivalent: bool, expected: str
) -> None:
    found = verdict_of(
        "maximize", 0.5, Interval(low, high, 0.95, "t"), rejected=rejected, equivalent=equivalent
    )
    assert found == expected


def test_a_difference_without_a_goal_is_only_a_difference() -> None:
    assert one([1, 2, 3, 2], [8, 9, 9, 8], goal=None).verdict == "differs"


def test_a_detectable_difference_inside_the_margin_is_negligible() -> None:
    rng = np.random.default_rng(3)
    base = rng.normal(0.9, 0.01, 12)
    shift = 0.0004 + rng.normal(0, 0.0003, 12)
    found = one(base, base + shift, paired=True, margin=0.002)
    assert found.verdict == "negligible"
    assert "below the declared margin" in words(found, "NEGLIGIBLE")


@needs_oracles
def test_equivalence_needs_both_one_sided_tests() -> None:
    clinic = oracle("clinic_tost_paired_not_equiv")
    a, b = clinic["data"]["a"], clinic["data"]["b"]
    found = one(b, a, paired=True, margin=clinic["params"]["margin"])
    assert found.equivalence_p == pytest.approx(clinic["expected"]["p"], abs=1e-9)
    assert found.equivalence is not None
    ends = (found.equivalence.low, found.equivalence.high)
    assert ends == pytest.approx(clinic["expected"]["ci90"], abs=1e-9)
    assert found.verdict == "inconclusive"


def test_equal_groups_within_a_wide_margin_are_equivalent() -> None:
    base = np.random.default_rng(7).normal(0, 1, 12)
    found = one(base, base + np.tile([0.2, -0.2, 0.3, -0.3], 3), paired=True, margin=1.0)
    assert found.verdict == "equivalent"
    assert found.equivalence_p is not None
    assert found.equivalence_p < 0.05


def test_an_open_question_says_about_how_many_more_it_takes() -> None:
    rng = np.random.default_rng(0)
    found = one(rng.normal(0, 1, 8), rng.normal(0.6, 1, 8))
    assert found.verdict == "inconclusive"
    assert found.needed is not None
    assert f"about {found.needed - 8} more seeds per group" in words(found, "INCONCLUSIVE")


# ---- missing runs --------------------------------------------------------------------------------


@needs_oracles
def test_a_failed_run_scored_worst_is_shown_beside_the_complete_pairs() -> None:
    given_values = behaviour("nan_run")["given"]
    a, b = given_values["A"], given_values["B"]
    kept = [i for i, value in enumerate(a) if value is not None]
    complete = (floats([b[i] for i in kept]), floats([a[i] for i in kept]))
    scored = [min(b) if value is None else value for value in a]
    filled = Filled(floats(b), floats(scored), 1, min(b))
    found = one(*complete, paired=True, filled=filled)
    assert found.n == (9, 9)
    assert found.sensitivity is not None
    assert found.sensitivity.difference == pytest.approx(np.mean(scored) - np.mean(b))


@pytest.mark.parametrize("failed", [6, 26])
def test_many_failed_runs_scored_worst_are_decided_as_so_many_pairs_are(failed: int) -> None:
    from scipy import stats

    rng = np.random.default_rng(failed)
    baseline = rng.normal(0.8, 0.02, 19 + failed)
    candidate = baseline + rng.normal(0.05, 0.01, baseline.size)
    complete = (baseline[:19], candidate[:19])
    worst = min(baseline.min(), candidate[:19].min())
    scored = np.concatenate((candidate[:19], np.full(failed, worst)))
    found = one(*complete, paired=True, filled=Filled(baseline, scored, failed, worst))
    assert found.test == "exact paired sign-flip test"
    check = found.sensitivity
    assert check is not None
    assert check.interval is not None
    expected = stats.ttest_rel(scored, baseline).confidence_interval(0.95)
    assert (check.interval.low, check.interval.high) == pytest.approx(tuple(expected))
    decided = one(baseline, scored, paired=True)
    assert decided.test == "paired t-test"
    assert check.verdict == decided.verdict


# ---- properties ----------------------------------------------------------------------------------

VALUES = st.lists(st.integers(-100, 100), min_size=6, max_size=9).filter(lambda v: len(set(v)) > 2)


@given(VALUES, VALUES, st.booleans())
def test_swapping_the_groups_turns_the_verdict_around(one_side, other_side, paired: bool) -> None:
    n = min(len(one_side), len(other_side))
    a, b = floats(one_side[:n]), floats(other_side[:n])
    there, back = one(a, b, paired=paired), one(b, a, paired=paired)
    opposite = {"better": "worse", "worse": "better"}
    assert there.verdict == opposite.get(back.verdict, back.verdict)
    if there.p_value is not None:
        assert there.p_value == pytest.approx(back.p_value)
        assert there.difference == pytest.approx(-(back.difference or 0.0))


@given(VALUES, VALUES)
def test_equal_samples_give_equal_results_and_stay_unchanged(one_side, other_side) -> None:
    asked = case(one_side, other_side)
    before = (asked.baseline.copy(), asked.candidate.copy())
    assert decide([asked], RULES) == decide([asked], RULES)
    assert np.array_equal(before[0], asked.baseline)
    assert np.array_equal(before[1], asked.candidate)


@given(
    st.lists(st.floats(allow_nan=False, allow_infinity=False), max_size=8),
    st.lists(st.floats(allow_nan=False, allow_infinity=False), max_size=8),
    st.booleans(),
    st.sampled_from([None, 0.1, 1e300]),
)
def test_no_sample_raises_and_no_number_is_nan(a, b, paired: bool, margin) -> None:
    if paired:
        a, b = a[: min(len(a), len(b))], b[: min(len(a), len(b))]
    with np.errstate(all="ignore"):
        found = one(a, b, paired=paired, margin=margin)
    for number in (found.p_value, found.p_adjusted, found.statistic, found.equivalence_p):
        assert number is None or not math.isnan(number)


# ---- false positives -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("n", "paired", "expected", "room"),
    [
        # measured over 20,000 draws with scipy: Welch .034, .044; paired t .051; sign-flip .034 at
        # six pairs; within three standard errors of 1,000 draws
        (3, False, 0.034, 0.018),
        (5, False, 0.044, 0.020),
        (3, True, 0.051, 0.021),
        (6, True, 0.034, 0.018),
    ],
)
def test_verdicts_without_a_difference_are_as_rare_as_promised(
    n: int, paired: bool, expected: float, room: float
) -> None:
    rng = np.random.default_rng(20_260_301 + n)
    draws = rng.normal(0, 1, (1_000, 2, n))
    settled = sum(one(a, b, paired=paired).verdict in ("better", "worse") for a, b in draws)
    assert settled / 1_000 == pytest.approx(expected, abs=room)


def test_a_family_of_nulls_rarely_yields_any_verdict() -> None:
    rng = np.random.default_rng(17)
    wrong = 0
    for _ in range(200):
        base = rng.normal(0, 1, 10)
        cases = [case(base, rng.normal(0, 1, 10)) for _ in range(10)]
        wrong += any(result.verdict in ("better", "worse") for result in decide(cases, RULES))
    # promised at most 5 %; three standard errors of 200 draws are 4.6 %
    assert wrong / 200 <= 0.05 + 0.046


def test_claims_beyond_a_margin_that_is_the_truth_are_rare() -> None:
    """Every true difference equals the margin: any verdict of better is a false claim."""
    rng = np.random.default_rng(23)
    wrong = 0
    for _ in range(200):
        base = rng.normal(0, 1, 10)
        cases = [case(base, rng.normal(3, 1, 10), margin=3.0) for _ in range(6)]
        wrong += any(result.verdict == "better" for result in decide(cases, RULES))
    assert wrong / 200 <= 0.05 + 0.046


def test_an_exact_interval_short_of_its_level_claims_nothing_beyond_a_margin() -> None:
    # six pairs reach p = 2 / 64; the first comparison claims nothing, so the second needs 0.025
    rng = np.random.default_rng(0)
    many, few = rng.normal(0, 1, 19), rng.normal(0, 1, 6)
    near = Case(many, many + 0.3 + 0.02 * rng.normal(size=19), True, "maximize", 0.5,
                method="wilcoxon")  # fmt: skip
    far = Case(few, few + 0.6 + 0.05 * rng.random(6), True, "maximize", 0.5, method="wilcoxon")
    found = decide([near, far], Rules())[1]
    assert found.p_value == 2 / 64
    assert found.adjusted is not None
    assert found.adjusted.level == 1 - 2 / 64
    assert found.verdict == "inconclusive"
    assert decide([far], Rules())[0].verdict == "better"
