import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runreport.spec.patterns import as_written, matches, refuse_pattern

ORDINARY = [
    "a", "^a", "a$", "^a+b*$", "a|b", "[ab]+c", "(ab)+", r"\d+", r"\ba", "a.c", "a{2,3}", "a?b??",
    "(?i)AB", "[^a]", r"\.", "(?:a|b)c", "^$", "a.*b",
]  # fmt: skip


@pytest.mark.parametrize("pattern", ORDINARY)
@settings(deadline=None)  # the first call imports
@given(st.text("abcABC.1 ", max_size=12))
def test_ordinary_patterns_find_what_python_finds(pattern, text):
    assert refuse_pattern(pattern) is None
    assert matches(pattern, text) == (re.search(pattern, text) is not None)


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("(a+)+b", "a" * 5_000),
        ("(a|a)*b", "a" * 5_000),
        ("(a|aa)+$", "a" * 5_000 + "b"),
        ("(.*)*x", "a" * 5_000),
        (".*.*.*.*.*.*x", "a" * 5_000),
        ("a?" * 60 + "a" * 60, "a" * 60),
        ("(a|a)" * 30 + "b", "a" * 5_000),
        ("a{0,300}a{0,300}a{0,300}b", "a" * 5_000),
    ],
)
def test_patterns_that_take_years_elsewhere_take_milliseconds(pattern, text):
    assert refuse_pattern(pattern) is None
    start = time.perf_counter()
    matches(pattern, text)
    assert time.perf_counter() - start < 2


@pytest.mark.parametrize(
    ("pattern", "words"),
    [
        ("(", "missing )"),
        ("a**", "bad repetition"),
        ("(?=a)", "(?="),
        ("(?<!a)b", "(?<"),
        (r"(a)\1", r"\1"),
        ("(a)\x01", "control character"),
        ("[z-a]", "range"),
        ("a{1001}", "counts beyond"),
        ("(a{500}){2}b{500}", "counts beyond"),
        ("x" * 201, "200 is the most"),
        ("a{999999999999}", "counts beyond"),
    ],
)
def test_what_cannot_run_is_refused_with_the_reason(pattern, words):
    why, _ = refuse_pattern(pattern)
    assert words in why


@settings(deadline=None)
@given(st.text(max_size=60), st.text(max_size=60))
def test_any_pattern_is_refused_or_answers(pattern, text):
    if refuse_pattern(pattern) is None:
        assert matches(pattern, text) in (True, False)


def test_half_a_surrogate_pair_matches_nothing():
    assert not matches("a", "a\ud800")
    assert refuse_pattern("\ud800")


def test_a_word_border_survives_being_written_in_an_expression():
    # in "\bsgd" Python's parser has made a backspace of `\b`
    assert as_written("\bsgd") == r"\bsgd"
    assert matches("\bsgd", "my sgd")
    assert not matches("\bsgd", "mysgd")
