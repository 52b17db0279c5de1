from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runreport.spec.names import nearest, qualified, since_time, suggestion

NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("7d", datetime(2026, 3, 3, 12, 0, tzinfo=UTC)),
        (" 12 h ", datetime(2026, 3, 10, 0, 0, tzinfo=UTC)),
        ("90m", datetime(2026, 3, 10, 10, 30, tzinfo=UTC)),
        ("1.5h", datetime(2026, 3, 10, 10, 30, tzinfo=UTC)),
        ("30s", datetime(2026, 3, 10, 11, 59, 30, tzinfo=UTC)),
        ("2w", datetime(2026, 2, 24, 12, 0, tzinfo=UTC)),
        ("2026-01-31", datetime(2026, 1, 31, tzinfo=UTC)),
        ("2026-01-31T09:30", datetime(2026, 1, 31, 9, 30, tzinfo=UTC)),
        ("2026-01-31T09:30+02:00", datetime(2026, 1, 31, 7, 30, tzinfo=UTC)),
        ("2026-13-45", None),
        ("soon", None),
        ("", None),
        ("-7d", None),
        ("7 fortnights", None),
        ("999999999d", None),
        ("0001-01-01T00:00+23:59", None),
    ],
)
def test_a_moment_is_a_length_of_time_or_a_date(text, moment):
    assert since_time(text, NOW) == moment


@given(st.text(max_size=30), st.datetimes(timezones=st.just(UTC)))
def test_any_text_is_a_moment_or_none(text, now):
    found = since_time(text, now)
    assert found is None or found.tzinfo is not None


def test_a_length_before_the_first_day_is_none():
    assert since_time("40000d", datetime(50, 1, 1, tzinfo=UTC)) is None
    assert since_time("1d", datetime(1, 1, 1, 12, tzinfo=UTC)) is None


@given(st.integers(0, 10_000))
def test_days_are_counted_back(days):
    assert since_time(f"{days}d", NOW) == NOW - timedelta(days=days)


def test_the_nearest_name_ignores_case():
    assert nearest("Optimiser", ["optimizer", "epochs"]) == "optimizer"
    assert nearest("LR", ["lr", "LRR"]) == "lr"
    assert nearest("zzz", ["optimizer"]) is None


def test_without_a_near_name_the_hint_lists_what_there_is():
    assert suggestion("optimiser", ["optimizer"]) == "did you mean 'optimizer'?"
    assert suggestion("zzz", []) == "there are none"
    assert suggestion("zzz", ["a"]) == "there is a"
    assert suggestion("zzz", ["b", "a"]) == "there are a, b"
    assert suggestion("zzz", [f"n{i:02}" for i in range(20)]).endswith("n11, and 8 more")


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("lr", "params.lr"),
        ("model.lr", "params.model.lr"),
        ("lambda", 'params["lambda"]'),
        ("a.class", 'params["a.class"]'),
        ("val/f1", 'params["val/f1"]'),
        ("größe", 'params["größe"]'),
        ('a"b\\', 'params["a\\"b\\\\"]'),
        ("", 'params[""]'),
    ],
)
def test_a_qualified_form_uses_brackets_where_dots_would_fail(name, form):
    assert qualified("params", name) == form
