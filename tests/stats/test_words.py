"""Numbers in sentences are written as people write them."""

from __future__ import annotations

import pytest

from runreport.stats import words
from runreport.stats.result import Interval


@pytest.mark.parametrize(
    ("value", "unit", "spread", "expected"),
    [
        (1.3, "points", 1.8, "1.3 points"),
        (-1.3, "points", 1.8, "1.3 points"),
        (0.5, "points", None, "0.5 points"),
        (3.21, "s", 0.04, "3.210\u202fs"),
        (0.0, "", 2.0, "0.0"),
    ],
)
def test_a_size_has_its_unit_and_the_digits_its_interval_allows(
    value: float, unit: str, spread: float | None, expected: str
) -> None:
    assert words.amount(value, unit, spread) == expected


def test_a_change_has_a_sign_and_a_rounded_zero_has_none() -> None:
    assert words.change(1.3, "points", 1.8) == "+1.3 points"
    assert words.change(-1.3, "", 1.8) == "\u22121.3"
    assert words.change(0.001, "", 1.8) == "0.0"


@pytest.mark.parametrize(
    ("value", "expected"),
    [(1.0, "+1 point"), (-1.0, "\u22121 point"), (11.0, "+11 points"), (0.0, "0 points")],
)
def test_one_point_is_singular_whatever_its_sign(value: float, expected: str) -> None:
    assert words.change(value, "points") == expected


def test_an_interval_is_written_to_two_digits_of_its_width() -> None:
    assert words.ends(Interval(0.4, 2.2, 0.95, "t")) == "0.4 to 2.2"


def test_sizes_tell_pairs_from_groups() -> None:
    assert words.sizes((6, 6), "seed", paired=True) == "6 seeds"
    assert words.sizes((6, 6), "seed", paired=False) == "6 seeds each"
    assert words.sizes((10, 9), "seed", paired=False) == "9 and 10 seeds"
    many = words.sizes((100_000, 100_100), "visitor", paired=False)
    assert many == "100\u202f100 and 100\u202f000 visitors"
    assert words.over(124_750) == " over 124\u202f750 comparisons"
    assert words.sizes((1, 1), "run", paired=False) == "1 run each"


def test_a_corrected_p_names_its_correction_and_family() -> None:
    assert words.p_words(0.002, 0.012, "holm", 6) == "Holm-adjusted p = 0.012 over 6 comparisons"
    assert words.p_words(0.012, 0.012, "holm", 1) == "p = 0.012"
    assert words.p_words(None, None, "holm", 6) == "no p-value"


def test_an_interval_that_leaves_out_zero_shows_that_it_does() -> None:
    assert words.ends(Interval(0.028, 1.5, 0.95, "t")) == "0.03 to 1.5"
    assert words.both_ends(Interval(-1.5, -0.028, 0.95, "t"), signed=True) == (
        "\u22121.5",
        "\u22120.03",
    )
    assert words.both_ends(Interval(0.0004, 0.05, 0.95, "t"), signed=True) == ("+0.0004", "+0.050")
    # where it holds 0 a rounded end hides nothing
    assert words.ends(Interval(-0.8, 0.002, 0.95, "t")).endswith(" to 0.00")
