"""Adjusted p-values agree with the published ones and with statsmodels."""

from __future__ import annotations

import math
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.multitest import multipletests

from runreport.design import Correction
from runreport.stats import corrections
from tests.stats.reference import needs_oracles, oracle

P_VALUES = st.lists(st.floats(1e-9, 1.0), min_size=1, max_size=12)


@needs_oracles
def test_holm_is_that_of_derrac_and_others() -> None:
    case = oracle("derrac2011_table16_control_apv")
    p = case["data"]["p"]
    for name in ("holm", "bonferroni", "hochberg", "hommel"):
        found = corrections.adjust(p, name, len(p))
        assert found == pytest.approx(case["expected"][name], abs=5e-6)


@needs_oracles
def test_holm_is_that_of_r_on_the_data_of_benjamini_and_hochberg() -> None:
    case = oracle("bh1995_holm_bh")
    p = case["data"]["p"]
    found = corrections.adjust(p, "holm", len(p))
    assert found == pytest.approx(case["expected"]["holm"], abs=1e-9)
    assert sum(value <= 0.05 for value in found) == case["expected"]["reject_holm"]
    found = corrections.adjust(p, "bh", len(p))
    assert found == pytest.approx(case["expected"]["BH"], abs=1e-9)


PEERS: dict[Correction, str] = {
    "holm": "holm",
    "hochberg": "simes-hochberg",
    "hommel": "hommel",
    "bh": "fdr_bh",
    "by": "fdr_by",
}


@given(P_VALUES, st.sampled_from(sorted(PEERS)))
def test_corrections_are_those_of_statsmodels(p: list[float], correction: Correction) -> None:
    reference = multipletests(p, method=PEERS[correction])[1]
    assert corrections.adjust(p, correction, len(p)) == pytest.approx(reference.tolist())


@given(st.lists(st.floats(1e-9, 1.0), min_size=1, max_size=7))
def test_hommel_is_the_closed_test_of_all_subsets(p: list[float]) -> None:
    def simes(part: tuple[float, ...]) -> float:
        return min(len(part) * value / (k + 1) for k, value in enumerate(sorted(part)))

    for place, found in enumerate(corrections.adjust(p, "hommel", len(p))):
        others = p[:place] + p[place + 1 :]
        worst = max(
            simes((p[place], *part))
            for size in range(len(p))
            for part in combinations(others, size)
        )
        assert found == pytest.approx(min(1.0, worst))


@given(P_VALUES)
def test_corrections_are_ordered_by_what_they_promise(p: list[float]) -> None:
    found = {name: corrections.adjust(p, name, len(p)) for name in (*PEERS, "bonferroni")}
    for less, more in (("bh", "hommel"), ("hommel", "hochberg"), ("hochberg", "holm"),
                       ("holm", "bonferroni"), ("bh", "by")):  # fmt: skip
        assert all(a <= b + 1e-12 for a, b in zip(found[less], found[more], strict=True))


@given(P_VALUES, st.lists(st.floats(1e-9, 1.0), max_size=12), st.sampled_from(sorted(PEERS)))
def test_members_that_are_not_shown_never_make_a_result_look_better(
    shown: list[float], unseen: list[float], correction: Correction
) -> None:
    """What is said without knowing the others is an upper bound of what is said with them."""
    whole = corrections.adjust([*shown, *unseen], correction, len(shown) + len(unseen))
    bound = corrections.adjust(shown, correction, len(shown) + len(unseen))
    assert all(b >= w - 1e-12 for b, w in zip(bound, whole, strict=False))


@given(P_VALUES, st.sampled_from([*PEERS, "bonferroni", "none"]), st.integers(0, 5))
def test_an_interval_leaves_out_zero_exactly_when_the_correction_rejects(
    p: list[float], correction: Correction, hidden: int
) -> None:
    adjusted = corrections.adjust(p, correction, len(p) + hidden)
    divisors = corrections.divisors(p, correction, len(p) + hidden, 0.05)
    assert min(divisors) >= 1
    for raw, corrected, divisor in zip(p, adjusted, divisors, strict=True):
        # at the border itself rounding may decide
        if abs(raw * divisor - 0.05) > 1e-9 and abs(corrected - 0.05) > 1e-9:
            assert (raw < 0.05 / divisor) == (corrected < 0.05)


def test_a_family_cannot_hold_more_than_it_covers() -> None:
    with pytest.raises(ValueError, match="family of 1"):
        corrections.adjust([0.1, 0.2], "holm", 1)


@pytest.mark.parametrize("p", [math.nan, -0.1, 1.5])
def test_what_is_no_p_is_not_corrected(p: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        corrections.adjust([0.1, p], "holm", 2)


def test_a_p_of_zero_keeps_the_level_of_the_smallest() -> None:
    assert corrections.divisors([0.0, 0.9], "bh", 4, 0.05)[0] == pytest.approx(4)
    # 1 + 1/2 + 1/3 + 1/4
    assert corrections.divisors([0.0, 0.9], "by", 4, 0.05)[0] == pytest.approx(4 * 25 / 12)


def test_the_smallest_p_must_reach_alpha_over_the_family() -> None:
    assert corrections.strictest(0.05, "holm", 5) == pytest.approx(0.01)
    assert corrections.strictest(0.05, "none", 5) == 0.05
    assert corrections.strictest(0.05, "holm", 0) == 0.05
    assert corrections.strictest(0.05, "by", 2) == pytest.approx(0.05 / 3)
