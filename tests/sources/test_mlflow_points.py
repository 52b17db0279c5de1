"""Points gathered into Arrow tables: bounded parts, honest times, ties as MLflow breaks them."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runreport.sources.mlflow import points
from runreport.sources.mlflow.points import NO_TIME, Parts, by_value_within_ties
from runreport.tables import HISTORY_SCHEMA


def added(parts: Parts, run: str, steps: list[float], ms: list[int], values: list[float]) -> None:
    parts.add(run, "m", np.array(steps), np.array(ms, np.int64), np.array(values))


def test_series_come_out_as_they_went_in() -> None:
    parts = Parts()
    added(parts, "a", [2.0, 1.0], [5, 6], [0.5, math.nan])
    added(parts, "b", [1.0], [1_700_000_000_123], [math.inf])
    added(parts, "c", [], [], [])
    (table,) = parts.rest()
    assert table.schema.equals(HISTORY_SCHEMA)
    assert table["run_id"].to_pylist() == ["a", "a", "b"]
    assert table["step"].to_pylist() == [2.0, 1.0, 1.0]
    assert [repr(value) for value in table["value"].to_pylist()] == ["0.5", "nan", "inf"]
    assert table["time"].cast("int64").to_pylist() == [5_000, 6_000, 1_700_000_000_123_000]
    assert list(parts.rest()) == []


@pytest.mark.parametrize("ms", [NO_TIME, 2**62, -(2**62), 253_402_300_800_000])
def test_a_time_beyond_the_calendar_is_null(ms: int) -> None:
    parts = Parts()
    added(parts, "a", [1.0], [ms], [0.5])
    (table,) = parts.rest()
    assert table["time"].to_pylist() == [None]


def test_a_part_is_given_when_enough_is_held(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(points, "PART", 3)
    parts = Parts()
    added(parts, "a", [1.0, 2.0], [1, 2], [0.5, 0.6])
    assert list(parts.full()) == []
    added(parts, "b", [1.0, 2.0], [1, 2], [0.5, 0.6])
    (table,) = parts.full()
    assert table.num_rows == 4
    assert list(parts.full()) == []


POINT = st.tuples(st.integers(0, 3), st.integers(0, 2), st.sampled_from([math.nan, -1.0, 0.5, 2.0]))


@given(st.lists(POINT, min_size=1, max_size=30))
def test_only_points_of_equal_step_and_time_change_places(
    series: list[tuple[int, int, float]],
) -> None:
    step = np.array([p[0] for p in series], np.float64)
    ms = np.array([p[1] for p in series], np.int64)
    value = np.array([p[2] for p in series])
    mended = by_value_within_ties(step, ms, value)
    for tie in {(p[0], p[1]) for p in series}:
        before = [repr(p[2]) for p in series if (p[0], p[1]) == tie]
        after = [v for s, t, v in zip(step, ms, mended, strict=True) if (s, t) == tie]
        ranks = [0.0 if math.isnan(v) else v for v in after]
        assert sorted(repr(float(v)) for v in after) == sorted(before)
        assert ranks == sorted(ranks)
