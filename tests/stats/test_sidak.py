"""Step-down corrections for independent p-values are statsmodels' and the published ones."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.multitest import multipletests

from runreport.stats import corrections, sidak
from tests.stats.reference import needs_oracles, oracle

FAST = settings(max_examples=50, deadline=None)
FAMILY = st.lists(st.floats(0, 1), min_size=1, max_size=12)


@needs_oracles
def test_derracs_table_of_a_control_is_met() -> None:
    case = oracle("derrac2011_table16_control_apv")
    assert sidak.finner(case["data"]["p"]) == pytest.approx(case["expected"]["finner"], abs=5e-6)
    assert sidak.holland(case["data"]["p"]) == pytest.approx(case["expected"]["holland"], abs=5e-6)


def test_two_p_values_by_hand() -> None:
    assert sidak.holland([0.02, 0.01]) == pytest.approx([0.02, 1 - 0.99**2], abs=1e-12)
    assert sidak.finner([0.5, 0.1]) == pytest.approx([0.5, 1 - 0.9**2])


@FAST
@given(FAMILY)
def test_hollands_are_statsmodels_and_no_larger_than_holms(p_values: list[float]) -> None:
    found = sidak.holland(p_values)
    with np.errstate(divide="ignore"):
        reference = multipletests(p_values, method="holm-sidak")[1]
    assert found == pytest.approx(reference, abs=1e-12)
    assert np.all(
        np.array(found) <= np.array(corrections.adjust(p_values, "holm", len(found))) + 1e-12
    )


@FAST
@given(FAMILY, st.randoms())
def test_the_order_of_comparisons_plays_no_part(p_values: list[float], random) -> None:
    order = list(range(len(p_values)))
    random.shuffle(order)
    for adjust in (sidak.holland, sidak.finner):
        plain = adjust(p_values)
        shuffled = adjust([p_values[index] for index in order])
        assert shuffled == pytest.approx([plain[index] for index in order])
        assert all(one <= 1 for one in plain)
        pairs = zip(p_values, plain, strict=True)
        assert all(raw <= one or one == pytest.approx(raw) for raw, one in pairs)


@pytest.mark.parametrize("adjust", [sidak.holland, sidak.finner])
@pytest.mark.parametrize("p_values", [[], [math.nan, 0.1], [1.2], [-0.1]])
def test_what_is_no_p_value_is_refused(adjust, p_values: list[float]) -> None:
    with pytest.raises(ValueError, match="expected"):
        adjust(p_values)
