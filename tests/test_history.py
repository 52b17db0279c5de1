"""Histories on disk agree with numpy, whatever was logged."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa
import pytest

from runreport import history as histories
from runreport.history import History
from runreport.tables import HISTORY_SCHEMA

START = datetime(2026, 1, 1, tzinfo=UTC)


def points(*rows):
    """Rows of (run, metric, step, seconds or None, value)."""
    columns = [
        [row[0] for row in rows],
        [row[1] for row in rows],
        [float(row[2]) for row in rows],
        [None if row[3] is None else START + timedelta(seconds=row[3]) for row in rows],
        [float(row[4]) for row in rows],
    ]
    arrays = [
        pa.array(column, field.type, from_pandas=False)
        for column, field in zip(columns, HISTORY_SCHEMA, strict=True)
    ]
    return pa.Table.from_arrays(arrays, schema=HISTORY_SCHEMA)


def held(tmp_path, *parts):
    history = History(tmp_path / "history")
    for part in parts:
        history.add(part)
    return history


def test_points_are_sorted_by_step_then_time_then_store_order(tmp_path):
    history = held(
        tmp_path,
        points(("a", "m", 2, 5, 20), ("a", "m", 1, 9, 11), ("a", "m", 1, 3, 10)),
        points(("a", "m", 0, None, 1), ("a", "m", 0, None, 2)),
    )
    series = history.series("m")["a"]
    assert series.step.tolist() == [0, 0, 1, 1, 2]
    assert series.value.tolist() == [1, 2, 10, 11, 20]
    assert math.isnan(series.time[0])
    assert series.time[4] == START.timestamp() + 5


def test_nan_and_infinity_stay_what_they_are(tmp_path):
    history = held(tmp_path, points(("a", "m", 0, 0, math.nan), ("a", "m", 1, 1, -math.inf)))
    value = history.series("m")["a"].value
    assert math.isnan(value[0])
    assert value[1] == -math.inf


def test_runs_come_in_the_order_asked_for_and_others_stay_away(tmp_path):
    history = held(tmp_path, points(*((run, "m", 0, 0, 1) for run in "abc")))
    assert list(history.series("m", ["c", "a", "z"])) == ["c", "a"]
    assert history.series("other") == {}


def test_summaries_are_over_finite_values_and_count_the_others(tmp_path):
    history = held(
        tmp_path,
        points(
            ("a", "m", 0, 0, 3), ("a", "m", 1, 1, math.nan), ("a", "m", 2, 2, 1),
            ("a", "m", 3, 3, 1), ("a", "m", 4, 4, math.inf),
        ),
    )  # fmt: skip
    (row,) = history.summaries(["m", "unknown"]).to_pylist()
    assert row == {
        "run_id": "a", "metric": "m", "context": "", "count": 5, "first": 3.0, "last": math.inf,
        "min": 1.0, "max": 3.0, "step_of_min": 2.0, "step_of_max": 0.0, "last_step": 4.0,
        "non_finite": 2,
    }  # fmt: skip


def test_a_metric_of_nothing_but_nan_has_no_extremes(tmp_path):
    history = held(tmp_path, points(("a", "m", 0, 0, math.nan)))
    (row,) = history.summaries(["m"]).to_pylist()
    assert (row["min"], row["max"], row["step_of_min"]) == (None, None, None)
    assert math.isnan(row["last"])


def test_summaries_agree_with_numpy_on_many_points(tmp_path):
    rng = np.random.default_rng(3)
    rows = [
        (f"r{run}", f"m{metric}", int(step), float(step), value)
        for run in range(5)
        for metric in range(3)
        for step, value in zip(rng.permutation(200), rng.normal(size=200), strict=True)
    ]
    history = held(tmp_path, points(*rows[:1000]), points(*rows[1000:]))
    for row in history.summaries(["m0", "m1", "m2"]).to_pylist():
        own = sorted((r[2], r[4]) for r in rows if (r[0], r[1]) == (row["run_id"], row["metric"]))
        values = np.array([value for _, value in own])
        assert (row["first"], row["last"]) == (values[0], values[-1])
        assert row["min"] == values.min()
        assert row["step_of_max"] == values.argmax()


def test_summaries_of_interleaved_parts_agree_with_a_walk_over_the_points(tmp_path, monkeypatch):
    rng = np.random.default_rng(11)
    odd = (math.nan, math.inf, -math.inf)
    rows = [
        (
            f"r{rng.integers(7)}",
            f"m{rng.integers(3)}",
            int(rng.integers(6)),
            float(rng.integers(3)),
            float(rng.choice(odd)) if rng.random() < 0.3 else float(rng.integers(4)),
        )
        for _ in range(900)
    ]
    rows += [("lost", "m1", step, 0, math.nan) for step in range(3)]
    history = held(tmp_path, points(*rows[:400]), points(*rows[400:]))
    monkeypatch.setattr(histories, "MAX_POINTS", 100)
    found = history.summaries(["m0", "m1", "m2"]).to_pylist()
    pairs = sorted({(row[0], row[1]) for row in rows})
    assert [(row["run_id"], row["metric"]) for row in found] == pairs
    for row in found:
        own = [r[2:] for r in rows if r[:2] == (row["run_id"], row["metric"])]
        own.sort(key=lambda point: point[:2])
        fine = [point for point in own if math.isfinite(point[2])]
        # `min` and `max` give the first of equal ones
        low = min(fine, key=lambda point: point[2], default=(None, None, None))
        high = max(fine, key=lambda point: point[2], default=(None, None, None))
        expected = {
            "run_id": row["run_id"], "metric": row["metric"], "context": "", "count": len(own),
            "first": own[0][2], "last": own[-1][2], "min": low[2], "max": high[2],
            "step_of_min": low[0], "step_of_max": high[0], "last_step": own[-1][0],
            "non_finite": len(own) - len(fine),
        }  # fmt: skip
        # NaN is equal to nothing, so the words are compared
        assert repr(row) == repr(
            {
                **expected,
                "step_of_min": row["step_of_min"],
                "step_of_max": row["step_of_max"],
                "last_step": row["last_step"],
            }
        )
        for name in ("step_of_min", "step_of_max", "last_step"):
            assert row[name] == expected[name]
    for metric in ("m0", "m2"):
        some = ["r5", "r0"]
        whole = history.series(metric)
        for run, series in history.series(metric, some).items():
            assert series.value.tobytes() == whole[run].value.tobytes()
            assert series.step.tobytes() == whole[run].step.tobytes()


def test_nothing_is_written_for_nothing(tmp_path):
    history = held(tmp_path, HISTORY_SCHEMA.empty_table())
    assert history.metrics() == frozenset()
    assert history.summaries(["m"]).num_rows == 0
    assert not (tmp_path / "history").exists()


def test_a_table_of_another_shape_is_a_bug(tmp_path):
    with pytest.raises(ValueError, match="schema"):
        held(tmp_path, pa.table({"run_id": ["a"]}))


def test_portions_of_one_name_keep_their_files_apart(tmp_path):
    """A report may read twice: first what its conditions need, then the rest."""
    history = History(tmp_path)
    for metric, number in (("a", 1.0), ("b", 2.0)):
        portion = history.portion("first")
        portion.add(points((f"run-{metric}", metric, 0, 0, number)))
        history.absorb(portion.parts)
    assert history.series("a")["run-a"].value.tolist() == [1.0]
    assert history.series("b")["run-b"].value.tolist() == [2.0]
