"""Means with intervals by group, against scipy."""

from __future__ import annotations

import math
import statistics

import pytest
from scipy import stats

from runreport.blocks import Figure, Note
from runreport.design import Metric
from runreport.sections import bars
from runreport.sections.bars import Options
from tests import reading
from tests.studies import study

TIME = Metric("time", goal="minimize", unit="s")
VALUES = {"sgd": [4.0, 5.0, 9.0], "adam": [2.0, 3.0, 2.5, 3.5], "one": [7.0]}


def runs_of(values, metric="time"):
    return [
        {"name": f"{g}-{i}", "params": {"g": g, "seed": i}, "metrics": {metric: value}}
        for g, found in values.items()
        for i, value in enumerate(found)
    ]


def context(runs, **more):
    return study(runs, by=["g"], **{"metrics": [TIME], **more})


def blocks_of(made, **options):
    chosen = Options(**options)
    return bars.present(bars.compute(made, chosen), chosen)


def rows_of(made, **options):
    (figure,) = reading.find(blocks_of(made, **options), Figure)
    return figure.data


def test_means_and_intervals_agree_with_scipy():
    picture = rows_of(context(runs_of(VALUES)))
    for line, values in zip(picture.lines, VALUES.values(), strict=True):
        assert line.mean == pytest.approx(statistics.mean(values))
        if len(values) > 1:
            low, high = stats.t.interval(
                0.95, len(values) - 1, statistics.mean(values), stats.sem(values)
            )
            assert (line.low, line.high) == pytest.approx((low, high))
        else:
            assert line.low == line.high == line.mean
        assert line.dots.x.tolist() == values


def test_the_table_holds_the_numbers():
    (figure,) = reading.find(blocks_of(context(runs_of(VALUES))), Figure)
    assert reading.column(figure.table, "Runs") == [3, 4, 1]
    assert reading.column(figure.table, "Mean") == pytest.approx([6, 2.75, 7])
    deviations = reading.column(figure.table, "SD")
    assert deviations[:2] == pytest.approx([statistics.stdev(VALUES[g]) for g in ("sgd", "adam")])
    assert deviations[2] is None
    assert reading.column(figure.table, "95 % low")[2] is None
    assert "One run, so no interval: g=one." in reading.words(figure.note)


def test_bars_start_at_zero_unless_that_hides_every_difference():
    assert rows_of(context(runs_of(VALUES))).bars
    close = {"a": [97.0, 97.2], "b": [97.4, 97.1]}
    picture = rows_of(context(runs_of(close)))
    assert not picture.bars
    assert picture.x.low > 50
    (figure,) = reading.find(blocks_of(context(runs_of(close))), Figure)
    assert "The axis does not start at 0" in reading.words(figure.note)


def test_the_author_decides_about_zero():
    close = {"a": [97.0, 97.2], "b": [97.4, 97.1]}
    picture = rows_of(context(runs_of(close)), zero="yes")
    assert picture.bars
    assert picture.x.low == 0
    assert not rows_of(context(runs_of(VALUES)), zero="no").bars


def test_negative_values_keep_their_room():
    picture = rows_of(context(runs_of({"a": [-3.0, -1.0], "b": [2.0, 1.0]})))
    assert picture.bars
    assert picture.x.low < -3


def test_failed_nan_and_missing_runs_enter_no_mean_and_are_named():
    runs = runs_of({"a": [1.0, 2.0, math.nan, 100.0], "b": [math.inf]})
    runs[3]["status"] = "failed"
    runs.append({"name": "b-1", "params": {"g": "b"}})
    blocks = blocks_of(context(runs))
    (figure,) = reading.find(blocks, Figure)
    assert [line.mean for line in figure.data.lines] == [1.5]
    said = reading.words(figure.note)
    assert "a-2 (time is NaN)" in said
    assert "a-3 (failed)" in said
    assert "b-0 (time is infinite)" in said
    assert "b-1 (never logged time)" in said


def test_the_baseline_is_marked():
    picture = rows_of(context(runs_of(VALUES), baseline={"g": "adam"}))
    assert [line.is_baseline for line in picture.lines] == [False, True, False]


def test_groups_beyond_the_limit_are_said():
    (figure,) = reading.find(blocks_of(context(runs_of(VALUES)), limit=2), Figure)
    assert len(figure.data.lines) == 2
    assert "The first 2 groups are drawn, 1 group further down are not." in reading.words(
        figure.note
    )


def test_the_first_primary_metric_is_drawn_unless_one_is_named():
    runs = [{**run, "metrics": {"time": 1.0, "score": 2.0}} for run in runs_of(VALUES)]
    metrics = [TIME, Metric("score", primary=True)]
    made = context(runs, metrics=metrics)
    assert reading.find(blocks_of(made), Figure)[0].title == "score by group"
    assert reading.find(blocks_of(made, metric="time"), Figure)[0].title == "time by group"


@pytest.mark.parametrize("runs", [[], [{"name": "a", "params": {"g": 1}}]])
def test_without_values_a_note_says_why(runs):
    (note,) = blocks_of(context(runs))
    assert isinstance(note, Note)
