"""Groups by metric: the numbers against scipy, and every replicate that is missing."""

from __future__ import annotations

import math
import statistics

import pytest
from scipy import stats

from runreport.blocks import Note, Table
from runreport.design import Metric
from runreport.sections import metrics
from runreport.sections.metrics import Options
from tests import reading
from tests.studies import study

ACCURACY = Metric("accuracy", goal="maximize", unit="%", scale=100)
LOSS = Metric("loss", goal="minimize")
VALUES = {"sgd": [0.91, 0.93, 0.90, 0.95], "adam": [0.96, 0.97, 0.99, 0.94]}


def runs_of(values, **more):
    return [
        {
            "name": f"{optimizer}-{seed}",
            "params": {"optimizer": optimizer, "seed": seed},
            "metrics": {"accuracy": value, "loss": 1 - value},
            **more,
        }
        for optimizer, found in values.items()
        for seed, value in enumerate(found, start=1)
    ]


def context(runs, wanted=(ACCURACY, LOSS), **more):
    given = {"baseline": {"optimizer": "sgd"}, **more}
    return study(runs, by=["optimizer"], replicates="seed", metrics=list(wanted), **given)


def blocks_of(made, **options):
    chosen = Options(**options)
    return metrics.present(metrics.compute(made, chosen), chosen)


def tables_of(made, **options):
    return reading.find(blocks_of(made, **options), Table)


def test_count_mean_deviation_and_interval_agree_with_scipy():
    (table, _) = tables_of(context(runs_of(VALUES)))
    for optimizer, name in (("sgd", "optimizer=sgd (baseline)"), ("adam", "optimizer=adam")):
        shown = [100 * value for value in VALUES[optimizer]]
        mean = statistics.mean(shown)
        low, high = stats.t.interval(0.95, 3, mean, stats.sem(shown))
        expected = {
            "n": 4,
            "Mean": mean,
            "SD": statistics.stdev(shown),
            "95 % low": low,
            "95 % high": high,
        }
        for heading, value in expected.items():
            assert reading.cell(table, name, heading).value == pytest.approx(value, rel=1e-12)


def test_the_level_of_the_report_is_the_level_of_the_intervals():
    (table, _) = tables_of(context(runs_of(VALUES), level=0.9))
    shown = [100 * value for value in VALUES["adam"]]
    low, high = stats.t.interval(0.9, 3, statistics.mean(shown), stats.sem(shown))
    assert reading.cell(table, "optimizer=adam", "90 % low").value == pytest.approx(low)
    assert reading.cell(table, "optimizer=adam", "90 % high").value == pytest.approx(high)


def test_the_best_mean_is_marked_by_the_metrics_goal():
    accuracy, loss = tables_of(context(runs_of(VALUES)))
    for table in (accuracy, loss):
        assert "best" in reading.cell(table, "optimizer=adam", "Mean").marks
        assert "best" not in reading.cell(table, "optimizer=sgd (baseline)", "Mean").marks
    unknown = tables_of(context(runs_of(VALUES), [Metric("accuracy")]))[0]
    assert not any("best" in cell.marks for row in unknown.rows for cell in row.cells)


def test_equal_means_are_all_best_of_three_and_none_of_two():
    three = {"sgd": [0.9, 0.8], "adam": [0.9, 0.8], "lion": [0.1, 0.3]}
    table = tables_of(context(runs_of(three)))[0]
    assert ["best" in row.cells[2].marks for row in table.rows] == [True, True, False]
    two = tables_of(context(runs_of({"sgd": [0.9, 0.8], "adam": [0.8, 0.9]})))[0]
    assert not any("best" in row.cells[2].marks for row in two.rows)


def test_a_single_run_is_not_best_beside_replicated_groups():
    values = {"sgd": [0.90, 0.92], "adam": [0.91, 0.95], "lucky": [0.999]}
    table = tables_of(context(runs_of(values)))[0]
    assert ["best" in row.cells[2].marks for row in table.rows] == [False, True, False]
    assert "A single run has no interval and is not called best." in reading.said([table])
    assert reading.cell(table, "optimizer=lucky", "95 % low").value is None


def test_differences_are_signed_and_to_the_baselines_mean():
    accuracy, loss = tables_of(context(runs_of(VALUES)))
    # means 92.25 and 96.5; losses 0.0775 and 0.035
    assert reading.cell(accuracy, "optimizer=adam", "vs baseline").value == pytest.approx(4.25)
    assert reading.words(reading.cell(accuracy, 1, "vs baseline").words).startswith("+4.2")
    assert reading.words(reading.cell(loss, 1, "vs baseline").words).startswith("−0.042")
    assert reading.cell(accuracy, 0, "vs baseline").value is None
    none = tables_of(context(runs_of(VALUES), baseline=None))[0]
    assert "vs baseline" not in reading.headings(none)


def test_extremes_are_an_option():
    table = tables_of(context(runs_of(VALUES)), extremes=True)[0]
    found = [
        reading.cell(table, "optimizer=adam", h).value for h in ("Lowest", "Median", "Highest")
    ]
    assert found == pytest.approx([94, 96.5, 99])


def test_nan_infinity_missing_and_failed_runs_enter_nothing_and_are_named():
    runs = runs_of({"sgd": [0.9, 0.8, 0.7], "adam": [0.5, math.nan, math.inf, 0.6, 0.7]})
    runs[3]["status"] = "failed"
    del runs[6]["metrics"]["accuracy"]
    made = context(runs, [ACCURACY])
    (table,) = tables_of(made)
    assert reading.cell(table, "optimizer=adam", "n").value == 1
    assert reading.cell(table, "optimizer=adam", "Mean").value == pytest.approx(70)
    said = reading.said(blocks_of(made))
    assert (
        "optimizer=adam: seed 1 failed; seed 2: accuracy is NaN; seed 3: accuracy is infinite; "
        "seed 4: never logged accuracy." in said
    )


def test_a_replicate_that_was_never_run_is_named():
    runs = runs_of({"sgd": [0.9, 0.8, 0.7], "lion": [0.9, 0.8, 0.7], "adam": [0.9]})
    said = reading.said(blocks_of(context(runs)))
    assert "optimizer=adam: seed 2, 3 have no run." in said


def test_seeds_that_no_two_groups_share_are_not_missing():
    runs = runs_of({"sgd": [0.9, 0.8], "adam": [0.9, 0.8]})
    for index, run in enumerate(runs):
        run["params"]["seed"] = 1000 + index
    assert reading.find(blocks_of(context(runs)), Note) == []


def test_a_reason_that_holds_for_every_metric_is_said_once():
    runs = runs_of({"sgd": [0.9, 0.8], "adam": [0.9, 0.8]})
    runs[3]["status"] = "killed"
    said = reading.said(blocks_of(context(runs)))
    assert said.count("seed 2 killed") == 1


def test_a_group_without_a_usable_value_has_no_mean_and_takes_no_baseline_with_it():
    runs = runs_of({"sgd": [math.nan, math.nan], "adam": [0.9, 0.8]})
    table = tables_of(context(runs))[0]
    assert reading.cell(table, 0, "Mean").value is None
    assert reading.cell(table, 0, "n").value == 0
    assert reading.cell(table, 1, "vs baseline").value is None


def test_few_groups_have_a_table_per_metric_and_many_one_wide_table():
    wanted = [Metric(f"m{i}", goal="maximize") for i in range(10)]

    def runs(groups):
        return [
            {
                "name": f"{g}-{s}",
                "params": {"optimizer": g, "seed": s},
                "metrics": {f"m{i}": g + s * (i + 1) for i in range(10)},
            }
            for g in range(groups)
            for s in (1, 2, 3)
        ]

    few = {"wanted": wanted[:3], "baseline": {"optimizer": "0"}}
    assert len(tables_of(context(runs(6), **few))) == 3
    many = {"wanted": wanted, "baseline": {"optimizer": "0"}}
    (wide,) = tables_of(context(runs(60), **many))
    assert len(wide.rows) == 60
    visible = [column for column in wide.columns if not column.hidden]
    # the group, its runs once, and mean and half width of each metric
    assert len(visible) == 2 + 2 * 10
    assert reading.column(wide, "n") == [3] * 60
    # seeds 1, 2, 3 give g + 2 * (i + 1): 5 + 2 * 3 for group 5 and m2
    index = next(i for i, c in enumerate(wide.columns) if c.family == "m2" and c.title == "mean")
    assert wide.rows[5].cells[index].value == pytest.approx(11)
    half = stats.t.ppf(0.975, 2) * 3 / math.sqrt(3)
    assert wide.rows[5].cells[index + 1].value == pytest.approx(half)
    assert "n = 3 seeds in every group." in reading.said([wide])


def test_a_wide_table_counts_runs_per_metric_where_they_differ():
    runs = runs_of(VALUES)
    del runs[0]["metrics"]["loss"]
    (wide,) = tables_of(context(runs), layout="wide")
    counts = {
        column.family: [row.cells[index].value for row in wide.rows]
        for index, column in enumerate(wide.columns)
        if column.title == "n"
    }
    assert counts == {"accuracy": [4, 4], "loss": [3, 4]}


def test_the_author_chooses_metrics_and_layout():
    made = context(runs_of(VALUES))
    assert len(tables_of(made, metrics=("loss",))) == 1
    (wide,) = tables_of(made, layout="wide")
    assert wide.caption == "Means by group"


def test_without_metrics_it_says_so():
    (note,) = blocks_of(study([{"name": "a"}]))
    assert "No metric is declared, and no run logged any." in reading.said([note])
