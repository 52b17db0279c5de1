"""Learning curves in numbers: lines, means, bands, smoothing, axes, and what is said besides."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pyarrow as pa
import pytest
from scipy import stats

from runreport.blocks import Figure, Note
from runreport.design import Design, Metric
from runreport.history import History
from runreport.sections import history
from runreport.sections.history import Options
from runreport.tables import HISTORY_SCHEMA
from tests import reading
from tests.studies import START, study

LOSS = Metric("loss", goal="minimize")
CURVES = {
    "sgd": ([4.0, 2.0, 1.0], [5.0, 3.0, 2.0], [3.0, 1.0, 3.0]),
    "adam": ([3.0, 1.0, 0.5], [3.5, 1.5, 0.25]),
}


def runs_of(curves, **more):
    return [
        {
            "name": f"{optimizer}-{seed}",
            "params": {"optimizer": optimizer, "seed": seed},
            "metrics": {"loss": list(values)},
            **more,
        }
        for optimizer, found in curves.items()
        for seed, values in enumerate(found)
    ]


def context(runs, **more):
    return study(runs, by=["optimizer"], **{"metrics": [LOSS], **more})


def with_points(made, folder, *rows):
    """The context with these (run index, metric, step, seconds, value) as its history."""
    held = History(folder / "points")
    columns = zip(
        *(
            (made.runs[run].id, metric, float(step), START + timedelta(seconds=s), float(value))
            for run, metric, step, s, value in rows
        ),
        strict=True,
    )
    arrays = [pa.array(c, f.type) for c, f in zip(columns, HISTORY_SCHEMA, strict=True)]
    held.add(pa.Table.from_arrays(arrays, schema=HISTORY_SCHEMA))
    return replace(made, history=held)


def blocks_of(made, **options):
    chosen = Options("loss", **options)
    return history.present(history.compute(made, chosen), chosen)


def picture_of(made, **options):
    (figure,) = reading.find(blocks_of(made, **options), Figure)
    return figure.data


def lines(picture, weight):
    return [stroke for stroke in picture.strokes if stroke.weight == weight]


def test_runs_are_thin_lines_and_groups_heavy_ones():
    made = context(runs_of(CURVES))
    picture = picture_of(made)
    assert [s.y.tolist() for s in lines(picture, "run")] == [
        list(values) for found in CURVES.values() for values in found
    ]
    assert [s.run_ids for s in lines(picture, "run")] == [(run.id,) for run in made.runs]
    sgd, adam = lines(picture, "mean")
    assert sgd.y == pytest.approx([4, 2, 2])
    assert adam.y == pytest.approx([3.25, 1.25, 0.375])
    assert sgd.x.tolist() == [0, 1, 2]
    assert sgd.run_ids == tuple(run.id for run in made.runs[:3])


def test_only_runs_or_only_groups_when_asked():
    made = context(runs_of(CURVES))
    assert {s.weight for s in picture_of(made, by="run").strokes} == {"run"}
    groups = picture_of(made, by="group")
    assert [s.weight for s in groups.strokes] == ["mean", "mean"]


def test_bands_are_t_intervals_of_the_mean_at_each_step():
    ribbon, _ = picture_of(context(runs_of(CURVES))).ribbons
    for place, values in enumerate(zip(*CURVES["sgd"], strict=True)):
        low, high = stats.t.interval(0.95, 2, np.mean(values), stats.sem(values))
        assert (ribbon.low[place], ribbon.high[place]) == pytest.approx((low, high))


@pytest.mark.parametrize(
    ("band", "low", "high"),
    [
        # sgd: (4, 5, 3), (2, 3, 1), (1, 2, 3) all have a standard deviation of 1
        ("sd", [3, 1, 1], [5, 3, 3]),
        ("minmax", [3, 1, 1], [5, 3, 3]),
    ],
)
def test_other_bands(band, low, high):
    ribbon, _ = picture_of(context(runs_of(CURVES)), band=band).ribbons
    assert ribbon.low == pytest.approx(low)
    assert ribbon.high == pytest.approx(high)


def test_no_band_and_no_interval_of_one_run():
    assert picture_of(context(runs_of(CURVES)), band="none").ribbons == ()
    alone = context(runs_of({"sgd": [[2.0, 1.0]], "adam": [[1.0, 0.5]]}))
    assert picture_of(alone).ribbons == ()


def test_a_value_that_is_not_finite_breaks_the_line_and_is_said():
    runs = runs_of({"sgd": [[4.0, math.nan, 1.0], [4.0, 2.0, math.inf]]})
    blocks = blocks_of(context(runs))
    first, second = lines(reading.find(blocks, Figure)[0].data, "run")
    assert np.isnan(first.y).tolist() == [False, True, False]
    assert np.isnan(second.y).tolist() == [False, False, True]
    (mean,) = lines(reading.find(blocks, Figure)[0].data, "mean")
    # where one of two runs has no value, the mean is the other's, and that is said
    assert mean.y == pytest.approx([4, 2, 1])
    said = reading.said(blocks)
    assert "2 points NaN or infinite; the line breaks there: sgd-0, sgd-1." in said


def test_a_failed_run_is_dashed_and_enters_no_mean():
    runs = runs_of(CURVES)
    runs[2]["status"] = "failed"
    blocks = blocks_of(context(runs))
    picture = reading.find(blocks, Figure)[0].data
    assert [s.dashed for s in lines(picture, "run")][:3] == [False, False, True]
    assert lines(picture, "mean")[0].y == pytest.approx([4.5, 2.5, 1.5])
    assert "Did not finish, drawn dashed and not part of a mean" in reading.said(blocks)


def test_exponential_smoothing_is_corrected_for_its_start_and_shows_the_raw_curve():
    blocks = blocks_of(context(runs_of({"sgd": [[1.0, 3.0, 2.0]]})), by="run", smooth=0.5)
    picture = reading.find(blocks, Figure)[0].data
    (raw,), (smooth,) = lines(picture, "raw"), lines(picture, "run")
    assert raw.y.tolist() == [1, 3, 2]
    # weights 1/2, 1/4, 1/8 of the newest, one older, two older, each divided by their sum
    expected = [1, (3 / 2 + 1 / 4) / (3 / 4), (2 / 2 + 3 / 4 + 1 / 8) / (7 / 8)]
    assert smooth.y == pytest.approx(expected)
    assert "the faint lines are the values as logged" in reading.said(blocks)


def test_a_window_is_the_mean_of_the_last_points_and_restarts_after_a_gap():
    values = [1.0, 3.0, 5.0, math.nan, 10.0, 20.0]
    picture = picture_of(context(runs_of({"sgd": [values]})), by="run", smooth=2)
    (smooth,) = lines(picture, "run")
    assert smooth.y == pytest.approx([1, 2, 4, math.nan, 10, 15], nan_ok=True)


def test_means_are_smoothed_too_and_runs_behind_them_are_as_logged():
    picture = picture_of(context(runs_of(CURVES)), smooth=2)
    assert lines(picture, "run")[0].y.tolist() == [4, 2, 1]
    assert lines(picture, "raw")[0].y == pytest.approx([4, 2, 2])
    assert lines(picture, "mean")[0].y == pytest.approx([4, 3, 2])


def test_a_log_axis_draws_log10_and_says_what_it_cannot_show():
    blocks = blocks_of(context(runs_of({"sgd": [[100.0, 0.0, -1.0, 0.1]]})), log_y=True)
    picture = reading.find(blocks, Figure)[0].data
    (line,) = picture.strokes
    assert line.y == pytest.approx([2, math.nan, math.nan, -1], nan_ok=True)
    assert picture.y.log
    assert "2 points cannot be placed on the axes (0 or below" in reading.said(blocks)


def test_step_zero_has_no_place_on_a_log_axis():
    blocks = blocks_of(context(runs_of({"sgd": [[3.0, 2.0, 1.0]]})), log_x=True)
    (line,) = reading.find(blocks, Figure)[0].data.strokes
    assert line.x == pytest.approx([0, math.log10(2)])
    assert "1 point cannot be placed" in reading.said(blocks)


def test_a_log_axis_without_a_positive_value_says_why_there_is_no_chart():
    (note,) = blocks_of(context(runs_of({"sgd": [[0.0, -1.0]]})), log_y=True)
    assert isinstance(note, Note)
    assert "0 or below" in reading.said([note])


def test_time_counts_from_the_start_of_the_run(tmp_path):
    runs = runs_of({"sgd": [[0.0], [0.0]]})
    # the second run starts ten minutes after the first
    rows = [(0, "loss", s, 60 * s, 1.0) for s in (1, 2, 8)]
    rows += [(1, "loss", s, 600 + 60 * s, 1.0) for s in (1, 2, 8)]
    picture = picture_of(with_points(context(runs), tmp_path, *rows), x="time")
    assert [s.x.tolist() for s in lines(picture, "run")] == [[1, 2, 8], [1, 2, 8]]
    assert picture.x_label == "time since the run's start (min)"


def test_another_metric_is_matched_by_step_in_displayed_units(tmp_path):
    runs = [{**run, "metrics": {"loss": 0.0, "share": 0.0}} for run in runs_of({"sgd": [[0.0]]})]
    rows = [(0, "loss", 0, 0, 3.0), (0, "loss", 1, 1, 2.0), (0, "loss", 5, 5, 1.0)]
    rows += [(0, "share", 1, 1, 0.25), (0, "share", 5, 5, 0.5), (0, "share", 6, 6, 0.75)]
    share = Metric("share", unit="%", scale=100)
    made = with_points(context(runs, metrics=[LOSS, share]), tmp_path, *rows)
    picture = picture_of(made, x="share")
    (line,) = picture.strokes
    assert (line.x.tolist(), line.y.tolist()) == ([25, 50], [2, 1])
    assert picture.x_label == "share (%)"


def test_the_last_of_a_steps_values_is_drawn_and_said(tmp_path):
    rows = [(0, "loss", 0, 0, 3.0), (0, "loss", 1, 1, 9.0), (0, "loss", 1, 2, 2.0)]
    blocks = blocks_of(with_points(context(runs_of({"sgd": [[0.0]]})), tmp_path, *rows))
    (line,) = reading.find(blocks, Figure)[0].data.strokes
    assert line.y.tolist() == [3, 2]
    assert "Where a step was logged more than once the last value is drawn (1 point)" in (
        reading.said(blocks)
    )


def test_long_curves_keep_every_spike_and_say_how_they_are_thinned():
    values = np.sin(np.arange(20_000) / 500)
    values[12_345], values[7_777] = 50, -50
    blocks = blocks_of(context(runs_of({"sgd": [values.tolist()]})))
    (line,) = reading.find(blocks, Figure)[0].data.strokes
    assert line.y.size < 1500
    assert (line.y.max(), line.y.min()) == (50, -50)
    assert line.x[[0, -1]].tolist() == [0, 19_999]
    assert "Of up to 20\u202f000 points per run" in reading.said(blocks)


def test_more_runs_than_the_limit_are_drawn_as_groups():
    made = context(runs_of(CURVES))
    blocks = blocks_of(made, limit=4)
    assert {s.weight for s in reading.find(blocks, Figure)[0].data.strokes} == {"mean"}
    assert "More than 4 runs: only groups are drawn" in reading.said(blocks)


def test_uneven_runs_are_averaged_where_they_are_and_that_is_said():
    blocks = blocks_of(context(runs_of({"sgd": [[4.0, 2.0, 1.0], [2.0, 4.0]]})))
    picture = reading.find(blocks, Figure)[0].data
    assert lines(picture, "mean")[0].y == pytest.approx([3, 3, 1])
    assert "At some steps the mean is over fewer runs than the group has" in reading.said(blocks)


def test_the_table_holds_the_numbers_of_the_curves():
    (figure,) = reading.find(blocks_of(context(runs_of(CURVES))), Figure)
    table = figure.table
    assert reading.column(table, "Group") == ["optimizer=sgd", "optimizer=adam"]
    assert reading.column(table, "Runs") == [3, 2]
    assert reading.column(table, "Steps") == [3, 3]
    assert reading.column(table, "Last") == pytest.approx([2, 0.375])
    # of a loss the best is the lowest mean: sgd reaches 2 first at step 1
    assert reading.column(table, "Best") == pytest.approx([2, 0.375])
    assert reading.column(table, "At step") == [1, 2]


def test_values_are_in_displayed_units():
    metric = Metric("loss", unit="%", scale=100)
    picture = picture_of(context(runs_of({"sgd": [[0.5, 0.25]]}), metrics=[metric]))
    assert picture.strokes[0].y.tolist() == [50, 25]
    assert picture.y_label == "loss (%)"


def test_a_run_without_points_is_named():
    runs = [*runs_of(CURVES), {"name": "silent", "params": {"optimizer": "sgd"}}]
    assert "Not shown: silent (no points of loss)." in reading.said(blocks_of(context(runs)))


def test_without_any_point_a_note_says_why():
    (note,) = blocks_of(context([{"name": "silent", "params": {"optimizer": "sgd"}}]))
    assert "No curves of loss" in reading.said([note])
    assert "silent (no points of loss)" in reading.said([note])


def test_it_reads_the_points_of_the_metrics_it_draws_and_of_no_other():
    design = Design(metrics=(LOSS, Metric("other")))
    assert history.needs(Options("loss"), design).histories == {"loss"}
    assert history.needs(Options("loss", x="time"), design).histories == {"loss"}
    assert history.needs(Options("loss", x="other"), design).histories == {"loss", "other"}


def test_a_diverged_run_does_not_set_the_scale_and_is_named_with_what_it_reached():
    wild = {"name": "wild", "params": {"optimizer": "rmsprop"}}
    wild["metrics"] = {"loss": [900.0, 7e29, float("nan")]}
    data = history.compute(context([*runs_of(CURVES), wild]), Options("loss"))
    low, high = data.picture.y.ends
    assert low < 0.25
    # bands may widen the axis by half of what the lines span
    assert 5.0 < high < 7.6
    assert any("wild, up to 7e29" in remark for remark in data.remarks)
    # drawn all the same, outside: nothing goes missing without a word
    (line,) = [s for s in data.picture.strokes if s.diverged]
    assert (line.y[np.isfinite(line.y)] > high).all()
    alone = history.compute(context([wild]), Options("loss"))
    assert alone.picture.y.ends[1] > 7e29
