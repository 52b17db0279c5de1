"""Equal floats, constant values, copies and values far out are told from what is not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runreport.stats import ties
from tests.stats.reference import floats


def test_differences_that_differ_in_their_last_bits_settle_to_one() -> None:
    raw = floats([0.525 - 0.5, 0.825 - 0.8, 0.025])
    assert len(set(raw.tolist())) > 1
    assert len(set(ties.settle(raw, 0.825).tolist())) == 1


@given(st.floats(1e-200, 1e200))
def test_settling_keeps_nine_digits_of_any_size(value: float) -> None:
    settled = float(ties.settle(floats([value]), value)[0])
    assert settled == pytest.approx(value, rel=1e-8)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([0.8, 0.8, 0.8], True),
        ([0.1 + 0.2, 0.3, 0.3], True),
        ([0.0, 0.0], True),
        ([0.8, 0.8001], False),
        ([1e-12, 2e-12], False),
    ],
)
def test_a_spread_of_rounding_errors_is_none(values: list[float], expected: bool) -> None:
    assert ties.is_constant(floats(values)) is expected


@pytest.mark.parametrize("value", [347 / 360, 0.9123, 1.0, 0.0, 42.0, 2 / 3, 0.97222220897674])
def test_counted_and_rounded_values_are_coarse(value: float) -> None:
    assert ties.is_coarse(value)


@pytest.mark.parametrize("value", [0.912345, 0.0834217645, 2.302585092994046, 3.14159265358979])
def test_values_with_many_digits_are_not(value: float) -> None:
    assert not ties.is_coarse(value)


def test_a_collapsed_run_lies_far_out_and_the_others_do_not() -> None:
    assert ties.far_out(floats([0.9, 0.91, 0.9, 0.12, 0.91])) == (3,)
    assert ties.far_out(floats([0.9, 0.9, 0.9, 0.12, 0.9])) == (3,)
    assert ties.far_out(floats([0.88, 0.89, 0.88, 0.89, 0.88])) == ()
    assert ties.far_out(floats([0.1, 0.9, 0.5])) == ()
