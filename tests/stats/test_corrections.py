"""Adjusted p-values agree with the published ones and with statsmodels."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.multitest import multipletests

from runreport.stats import corrections
from tests.stats.reference import needs_oracles, oracle

P_VALUES = st.lists(st.floats(1e-9, 1.0), min_size=1, max_size=12)


@needs_oracles
def test_holm_is_that_of_derrac_and_others() -> None:
    case = oracle("derrac2011_table16_control_apv")
    p = case["data"]["p"]
    for name in ("holm", "bonferroni"):
        found = corrections.adjust(p, name, len(p))
        assert found == pytest.approx(case["expected"][name], abs=5e-6)


@needs_oracles
def test_holm_is_that_of_r_on_the_data_of_benjamini_and_hochberg() -> None:
    case = oracle("bh1995_holm_bh")
    p = case["data"]["p"]
    found = corrections.adjust(p, "holm", len(p))
    assert found == pytest.approx(case["expected"]["holm"], abs=1e-9)
    assert sum(value <= 0.05 for value in found) == case["expected"]["reject_holm"]


@given(P_VALUES)
def test_holm_is_statsmodels(p: list[float]) -> None:
    reference = multipletests(p, method="holm")[1]
    assert corrections.adjust(p, "holm", len(p)) == pytest.approx(reference.tolist())


@given(P_VALUES, st.lists(st.floats(1e-9, 1.0), max_size=12))
def test_members_that_are_not_shown_never_make_a_result_look_better(
    shown: list[float], unseen: list[float]
) -> None:
    """What is said without knowing the others is an upper bound of what Holm says with them."""
    whole = corrections.adjust([*shown, *unseen], "holm", len(shown) + len(unseen))
    bound = corrections.adjust(shown, "holm", len(shown) + len(unseen))
    assert all(b >= w - 1e-12 for b, w in zip(bound, whole, strict=False))


@given(P_VALUES, st.sampled_from(["holm", "bonferroni", "none"]))
def test_an_interval_leaves_out_zero_exactly_when_the_correction_rejects(
    p: list[float], correction
) -> None:
    adjusted = corrections.adjust(p, correction, len(p))
    divisors = corrections.divisors(p, correction, len(p), 0.05)
    for raw, corrected, divisor in zip(p, adjusted, divisors, strict=True):
        # at the border itself rounding may decide
        if abs(raw * divisor - 0.05) > 1e-9 and abs(corrected - 0.05) > 1e-9:
            assert (raw < 0.05 / divisor) == (corrected < 0.05)


def test_a_family_cannot_hold_more_than_it_covers() -> None:
    with pytest.raises(ValueError, match="family of 1"):
        corrections.adjust([0.1, 0.2], "holm", 1)


def test_the_smallest_p_must_reach_alpha_over_the_family() -> None:
    assert corrections.strictest(0.05, "holm", 5) == pytest.approx(0.01)
    assert corrections.strictest(0.05, "none", 5) == 0.05
    assert corrections.strictest(0.05, "holm", 0) == 0.05
