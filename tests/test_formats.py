"""How numbers are written: short, aligned, and never another number than the one given."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runreport.formats import (
    MINUS,
    MISSING,
    NARROW_SPACE,
    count,
    decimals_for,
    duration,
    file_size,
    fixed,
    interval,
    number,
    p_value,
    signed,
    with_unit,
)

INF, NAN = math.inf, math.nan
finite = st.floats(allow_nan=False, allow_infinity=False)
sane = st.floats(-1e14, 1e14)


def spaced(text):
    """Expected text: `_` is the narrow space, `-` the real minus."""
    return text.replace("_", NARROW_SPACE).replace("-", MINUS)


def read_back(text):
    return float(text.replace(NARROW_SPACE, "").replace(MINUS, "-").replace("\u221e", "inf"))


# ---- numbers by significant digits ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.97123, "0.9712"), (0.5, "0.5000"), (-12.3456, "-12.35"), (1234.5, "1_234"),
        (0, "0"), (-0.0, "0"), (7, "7"), (-1234567, "-1_234_567"),
        (123456789012345, "123_456_789_012_345"),
        # rounded first, cut then
        (999.95, "1_000"), (999.94, "999.9"), (0.99996, "1.000"), (9.9996, "10.00"),
        (0.0001, "0.0001000"), (0.00009999, "9.999e-5"), (1.2e-05, "1.2e-5"),
        (1e-320, "1e-320"), (5e-324, "4.941e-324"), (1e15, "1e15"), (-1.5e300, "-1.5e300"),
        (1e308, "1e308"), (1.7976931348623157e308, "1.798e308"),
    ],
)  # fmt: skip
def test_a_number_has_four_significant_digits(value, text):
    assert number(value) == spaced(text)


@pytest.mark.parametrize(
    ("value", "text"), [(None, MISSING), (NAN, "NaN"), (INF, "\u221e"), (-INF, f"{MINUS}\u221e")]
)
def test_what_is_no_finite_number_has_its_own_sign_everywhere(value, text):
    assert number(value) == text
    assert fixed(value, 2) == text


@given(st.floats(-1e307, 1e307), st.integers(1, 8))
def test_a_number_is_read_back_within_its_digits(value, digits):
    back = read_back(number(value, digits))
    # half a unit of the last digit, and the rounding of reading it
    assert math.isclose(back, value, rel_tol=0.5000001 * 10.0 ** (1 - digits), abs_tol=5e-324)


@given(finite)
def test_a_number_without_its_sign_is_the_same_number(value):
    assert number(-value).removeprefix(MINUS) == number(value).removeprefix(MINUS)


@given(finite)
def test_no_number_is_too_long_for_a_cell(value):
    assert len(number(value)) <= 20
    assert len(fixed(value, 2)) <= 23


# ---- numbers by decimals -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "decimals", "text"),
    [
        (1234.567, 1, "1_234.6"), (-0.049, 1, "0.0"), (-0.051, 1, "-0.1"), (-0.0, 2, "0.00"),
        (1e-320, 3, "0.000"), (-1e-320, 3, "0.000"), (0.5, 0, "0"), (1.5, 0, "2"),
        (99.995, 1, "100.0"),
        (999999.96, 1, "1_000_000.0"), (1e308, 2, "1e308"), (-3.5e15, 2, "-3.5e15"),
    ],
)  # fmt: skip
def test_decimals_are_fixed_and_a_rounded_zero_has_no_sign(value, decimals, text):
    assert fixed(value, decimals) == spaced(text)


@given(sane, st.integers(0, 10))
def test_a_fixed_number_is_read_back_within_its_last_decimal(value, decimals):
    text = fixed(value, decimals)
    assert math.isclose(read_back(text), value, abs_tol=0.5000001 * 10.0**-decimals, rel_tol=1e-15)
    assert len(text.partition(".")[2]) == decimals
    assert not (text.startswith(MINUS) and read_back(text) == 0)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.5, "+0.50"), (-0.5, "-0.50"), (0, "0.00"), (-0.0, "0.00"), (0.004, "0.00"),
        (-0.004, "0.00"), (1e20, "+1e20"), (INF, "+\u221e"), (-INF, "-\u221e"), (NAN, "NaN"),
        (None, MISSING),
    ],
)  # fmt: skip
def test_a_difference_has_its_sign_unless_it_is_rounded_to_zero(value, text):
    assert signed(value, 2) == spaced(text)


@given(finite, st.integers(0, 10))
def test_swapping_what_is_compared_swaps_the_sign_and_nothing_else(value, decimals):
    swap = str.maketrans({"+": MINUS, MINUS: "+"})
    there, back = signed(value, decimals), signed(-value, decimals)
    assert back[:1].translate(swap) + back[1:] == there


@pytest.mark.parametrize(
    ("spread", "decimals"),
    [
        (0.05, 3), (0.5, 2), (5, 1), (50, 0), (1e6, 0), (1e-320, 10),
        (0, 3), (-1, 3), (NAN, 3), (INF, 3),
    ],
)  # fmt: skip
def test_decimals_show_two_digits_of_the_spread(spread, decimals):
    assert decimals_for(spread) == decimals


@given(st.floats(1e-8, 99))
def test_two_digits_of_the_spread_are_really_shown(spread):
    shown = fixed(spread, decimals_for(spread)).replace(".", "").lstrip("0")
    # a spread that is rounded up to the next power has one digit more
    assert len(shown) in (2, 3)


def test_an_interval_shares_its_decimals():
    assert interval(-0.96, 12.3456, 1) == f"{MINUS}1.0 to 12.3"
    assert interval(-0.001, 0.001, 2) == "0.00 to 0.00"
    assert interval(-INF, 0.5, 2) == f"{MINUS}\u221e to 0.50"


def test_a_unit_stays_with_its_number():
    assert with_unit("97.1", "%") == spaced("97.1_%")
    assert with_unit("97.1", "") == "97.1"


# ---- p-values ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("p", "text"),
    [
        (0, "p < 0.001"), (1e-320, "p < 0.001"), (0.00099, "p < 0.001"), (0.001, "p = 0.001"),
        (0.0124, "p = 0.012"), (0.0994, "p = 0.099"), (0.0996, "p = 0.10"), (0.123, "p = 0.12"),
        (1, "p = 1.00"), (NAN, "no p-value"), (None, "no p-value"),
    ],
)  # fmt: skip
def test_a_p_value_is_never_shown_as_zero(p, text):
    assert p_value(p) == text


@given(st.floats(0.001, 1))
def test_a_p_value_is_read_back_within_its_last_decimal(p):
    shown = float(p_value(p).removeprefix("p = "))
    assert abs(shown - p) <= (0.0005000001 if p < 0.0995 else 0.005000001)
    assert shown > 0


# ---- sizes and times -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (None, MISSING), (0, "0_B"), (1, "1_B"), (999, "999_B"), (1000, "1_kB"), (1234, "1.23_kB"),
        (999_499, "999_kB"), (999_600, "1_MB"), (3_400_000, "3.4_MB"), (999_999_999, "1_GB"),
        (10**12, "1_TB"), (5 * 10**15, "5_000_TB"), (2**63 - 1, "9_223_372_TB"),
    ],
)  # fmt: skip
def test_a_size_is_in_the_unit_that_fits(size, text):
    assert file_size(size) == spaced(text)


@given(st.integers(0, 999 * 10**12))
def test_a_size_is_read_back_within_three_digits(size):
    text, unit = file_size(size).split(NARROW_SPACE)
    back = float(text) * 1000 ** ["B", "kB", "MB", "GB", "TB"].index(unit)
    assert math.isclose(back, size, rel_tol=0.00501)
    assert float(text) < 1000 or unit == "TB"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, MISSING), (NAN, MISSING), (INF, MISSING), (0, "0 ms"), (-0.0, "0 ms"),
        (1e-320, "0 ms"), (-1e-9, "0 ms"), (0.84, "840 ms"), (0.9996, "1 s"), (1, "1 s"),
        (12.34, "12.3 s"), (59.94, "59.9 s"), (59.96, "1 min"), (60, "1 min"), (245.4, "4 min 5 s"),
        (3599.7, "1 h"), (11520, "3 h 12 min"), (86399.9, "1 d"), (187200, "2 d 4 h"),
        (-5, "-5 s"), (1e9, "11574 d 1 h"), (1e308, "1.157e303 d"),
    ],
)  # fmt: skip
def test_a_duration_is_in_the_words_that_fit(seconds, text):
    assert duration(seconds) == spaced(text)


@given(st.floats(0, 1e9))
def test_a_duration_is_read_back_within_its_smaller_unit(seconds):
    units = {"ms": 0.001, "s": 1, "min": 60, "h": 3600, "d": 86400}
    words = duration(seconds).split()
    parts = list(zip(map(float, words[::2]), words[1::2], strict=True))
    back = sum(value * units[unit] for value, unit in parts)
    smaller = {"d": 3600, "h": 60, "min": 1, "s": 0.1, "ms": 0.001}[parts[0][1]]
    assert abs(back - seconds) <= smaller
    for (_, big), (value, small) in pairwise(parts):
        assert value < units[big] / units[small]


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ((0, "run"), "0 runs"), ((1, "run"), "1 run"), ((12, "run"), "12 runs"),
        ((2, "entry", "entries"), "2 entries"), ((1, "entry", "entries"), "1 entry"),
        ((100_100, "visitor"), "100\u202f100 visitors"),
    ],
)  # fmt: skip
def test_things_are_counted_in_words(words, text):
    assert count(*words) == text
