"""Quartiles, points and log axes of the distribution chart."""

from __future__ import annotations

import math
import statistics

import pytest

from runreport.blocks import Figure, Note
from runreport.design import Metric
from runreport.sections import distribution
from runreport.sections.distribution import Options
from tests import reading
from tests.studies import study

VALUES = {"a": [1.0, 2.0, 4.0, 8.0, 16.0], "b": [3.0, 5.0, 10.0]}


def runs_of(values):
    return [
        {"name": f"{g}-{i}", "params": {"g": g}, "metrics": {"m": value}}
        for g, found in values.items()
        for i, value in enumerate(found)
    ]


def context(values, **more):
    return study(runs_of(values), by=["g"], metrics=[Metric("m", unit="s")], **more)


def blocks_of(made, **options):
    chosen = Options("m", **options)
    return distribution.present(distribution.compute(made, chosen), chosen)


def figure_of(made, **options):
    (figure,) = reading.find(blocks_of(made, **options), Figure)
    return figure


def test_boxes_are_quartiles_and_the_table_says_them():
    figure = figure_of(context(VALUES))
    for place, values in enumerate(VALUES.values()):
        expected = statistics.quantiles(values, n=4, method="inclusive")
        assert figure.data.lines[place].box == pytest.approx(expected)
        found = [
            reading.column(figure.table, heading)[place]
            for heading in ("First quartile", "Median", "Third quartile")
        ]
        assert found == pytest.approx(expected)
    assert reading.column(figure.table, "Lowest") == [1, 3]
    assert reading.column(figure.table, "Highest") == [16, 10]
    assert reading.column(figure.table, "Mean") == pytest.approx([6.2, 6])


def test_every_run_is_a_point():
    made = context(VALUES)
    lines = figure_of(made).data.lines
    assert [line.dots.x.tolist() for line in lines] == [list(v) for v in VALUES.values()]
    assert [i for line in lines for i in line.dots.run_ids] == [run.id for run in made.runs]


def test_a_log_axis_places_by_log10_and_says_what_it_cannot_show():
    figure = figure_of(context({"a": [1.0, 10.0, 100.0, 0.0, -5.0]}), log=True)
    assert figure.data.lines[0].dots.x == pytest.approx([0, 1, 2])
    assert "2 values at 0 or below cannot be shown on a log axis." in reading.words(figure.note)
    # the table still counts all five
    assert reading.column(figure.table, "Runs") == [5]


def test_a_log_axis_without_positive_values_says_so():
    (note,) = blocks_of(context({"a": [0.0, -1.0]}), log=True)
    assert isinstance(note, Note)
    assert "Every value is 0 or below" in reading.said([note])


def test_two_points_have_no_box():
    assert [line.box for line in figure_of(context({"a": [1.0, 2.0]})).data.lines] == [None]


def test_runs_without_a_usable_value_are_named():
    runs = context({"a": [1.0, math.nan, math.inf]})
    said = reading.words(figure_of(runs).note)
    assert "a-1 (m is NaN)" in said
    assert "a-2 (m is infinite)" in said


def test_groups_beyond_the_limit_are_said():
    figure = figure_of(context(VALUES), limit=1)
    assert len(figure.data.lines) == 1
    assert "The first 1 groups are drawn, 1 group further down are not." in reading.words(
        figure.note
    )


def test_many_groups_of_one_run_each_are_one_row_without_an_interval():
    made = context({f"g{place:02d}": [float(place)] for place in range(20)})
    figure = figure_of(made)
    (line,) = figure.data.lines
    assert line.box == pytest.approx((4.75, 9.5, 14.25))
    assert line.dots.x.size == 20
    assert line.low == line.high == line.mean == 9.5
    assert line.name == "20 groups"
    assert "Each of the 20 groups is one run" in reading.said(blocks_of(made))
