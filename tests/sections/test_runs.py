"""The leaderboard: what it shows by default, what it calls best, and how far from the baseline."""

from __future__ import annotations

import csv
import io
import math
from dataclasses import replace

import pytest

from runreport.design import Metric
from runreport.render import exports
from runreport.sections import runs
from runreport.sections.digits import Digits
from runreport.sections.runs import Options, Styled
from runreport.spec.expressions import Expression, Names, Scope, parse
from tests import reading
from tests.studies import study

ACCURACY = Metric("accuracy", goal="maximize", unit="%", scale=100, primary=True)
LOSS = Metric("loss", goal="minimize")


def run(optimizer, seed, accuracy, loss=1.0, **more):
    return {
        "name": f"{optimizer}-{seed}",
        "params": {"optimizer": optimizer, "seed": seed, "epochs": 10},
        "metrics": {"accuracy": accuracy, "loss": loss},
        **more,
    }


def context(rows, **more):
    made = study(
        rows,
        by=["optimizer"],
        replicates="seed",
        metrics=[LOSS, ACCURACY],
        **{"baseline": {"optimizer": "sgd"}, **more},
    )
    names = Names.of(made.runs, made.design)
    scope = Scope(names, made.design, made.history, made.now)
    return replace(made, evaluate=lambda expression, run: expression.evaluate(run, scope))


def table_of(made, **options):
    (table,) = runs.present(runs.compute(made, Options(**options)), Options(**options))
    return table


def columns(*texts):
    return tuple(parse(text) for text in texts)


SIX = [
    run("sgd", 1, 0.90, 0.50),
    run("sgd", 2, 0.94, 0.40),
    run("adam", 1, 0.97, 0.30),
    run("adam", 2, 0.97, 0.35),
    run("adam", 3, 0.99, 0.10, status="failed"),
    run("adam", 4, math.nan, math.inf),
]


def test_by_default_it_shows_what_varies_the_metrics_status_and_duration():
    table = table_of(context(SIX))
    assert reading.headings(table) == [
        "name",
        "optimizer",
        "seed",
        "accuracy",
        "accuracy vs baseline",
        "loss",
        "loss vs baseline",
        "status",
        "duration",
    ]
    assert [c.family for c in table.columns][1:7] == ["params"] * 2 + ["metrics"] * 4
    assert table.columns[3].unit == "%"
    assert table.columns[3].goal == "maximize"
    assert table.columns[5].goal == "minimize"


def test_only_primary_metrics_show_their_difference_at_first():
    hidden = {c.title for c in table_of(context(SIX)).columns if c.hidden}
    assert hidden == {"loss vs baseline"}


def test_the_best_finished_runs_are_marked_ties_all_and_nothing_that_failed_or_is_nan():
    table = table_of(context(SIX))
    best = [r for r, row in enumerate(table.rows) if "best" in row.cells[3].marks]
    assert best == [2, 3]
    lowest = [r for r, row in enumerate(table.rows) if "best" in row.cells[5].marks]
    assert lowest == [2]


def test_nothing_is_best_without_a_direction_or_where_all_are_equal():
    rows = [run("sgd", 1, 0.5), run("adam", 1, 0.5)]
    table = table_of(context(rows))
    assert not any("best" in cell.marks for row in table.rows for cell in row.cells)
    unknown = study(SIX, by=["optimizer"], metrics=[Metric("accuracy")])
    assert not any("best" in c.marks for row in table_of(unknown).rows for c in row.cells)


def test_the_difference_is_to_the_mean_of_the_baselines_usable_runs():
    rows = [*SIX, run("sgd", 3, math.nan), run("sgd", 4, 0.10, status="failed")]
    table = table_of(context(rows))
    # sgd: 90 and 94 count, NaN and the failed run do not, so the mean is 92
    found = reading.column(table, "accuracy vs baseline")
    assert found[:4] == pytest.approx([-2, 2, 5, 5])
    assert found[4] is None, "a failed run has no outcome to compare"
    assert math.isnan(found[5])
    assert [row["accuracy vs baseline"] for row in reading.shown(table)][:3] == ["−2", "+2", "+5"]


def test_whole_numbers_have_differences_with_decimals():
    rows = [run("sgd", s, 0.5, loss) for s, loss in enumerate([1, 2, 2])] + [run("adam", 1, 0.5, 3)]
    table = table_of(context(rows))
    # 3 minus 5/3
    assert reading.shown(table)[3]["loss vs baseline"].startswith("+1.33")


def test_differences_can_be_left_out_and_need_a_baseline():
    assert "accuracy vs baseline" not in reading.headings(table_of(context(SIX), difference=False))
    none = context(SIX, baseline=None)
    assert "accuracy vs baseline" not in reading.headings(table_of(none))


def test_what_diverged_or_failed_stays_with_its_state():
    table = table_of(context(SIX))
    rows = reading.shown(table)
    assert rows[4]["status"] == "failed"
    assert rows[5]["accuracy"] == "NaN"
    assert rows[5]["loss"] == "∞"
    assert [r for r, row in enumerate(table.rows) if "warning" in row.marks] == [4, 5]
    assert "1 run did not finish and 1 run ended with NaN or ∞" in reading.said([table])


def test_minus_infinity_keeps_its_sign_and_a_missing_metric_is_a_dash():
    rows = [run("sgd", 1, -math.inf), {**run("adam", 1, 0.5), "metrics": {"loss": 1.0}}]
    shown = reading.shown(table_of(context(rows)))
    assert shown[0]["accuracy"] == "−∞"
    assert shown[1]["accuracy"] == "–"


def test_rows_of_the_baseline_are_marked_and_rows_belong_to_their_runs():
    made = context(SIX)
    table = table_of(made)
    assert [r for r, row in enumerate(table.rows) if "baseline" in row.marks] == [0, 1]
    assert [row.run_id for row in table.rows] == [r.id for r in made.runs]


def test_columns_are_expressions_with_headings():
    rows = [run("sgd", 1, [0.1, 0.9, 0.8]), run("adam", 1, [0.2, 0.7, 0.75])]
    table = table_of(
        context(rows),
        columns=columns("name", "params.optimizer as how", "max(accuracy) as peak", "loss"),
        difference=False,
    )
    assert reading.headings(table) == ["name", "how", "peak", "loss"]
    assert reading.column(table, "how") == ["sgd", "adam"]
    # in displayed units, and what is better follows from the metric it reads
    assert reading.column(table, "peak") == pytest.approx([90, 75])
    assert table.columns[2].goal == "maximize"
    assert "best" in reading.cell(table, "sgd-1", "peak").marks


def test_a_param_called_like_an_attribute_needs_its_family():
    rows = [{"name": "a", "params": {"name": "inner"}}]
    table = table_of(context(rows, baseline=None), columns=columns("name", "params.name"))
    assert [reading.words(c.words) for c in table.rows[0].cells] == ["a", "inner"]


@pytest.mark.parametrize(
    ("form", "value", "words"),
    [
        (2, 0.123456, "0.12"),
        ("percent", 0.123456, "12.3"),
        ("duration", 245.0, "4 min 5 s"),
        ("bytes", 3_400_000.0, "3.4\u202fMB"),
        ("text", 0.25, "0.25"),
    ],
)
def test_numbers_are_written_as_asked(form, value, words):
    rows = [{"name": "a", "metrics": {"m": value}}, {"name": "b", "metrics": {"m": 2 * value}}]
    wanted = (Expression("name"), Styled(Expression("m"), "shown", form))
    table = table_of(context(rows, baseline=None), columns=wanted)
    assert reading.cell(table, "a", "shown").words == (words,)


def test_params_stand_as_logged_and_sort_by_number():
    rows = [run("sgd", s, 0.5, params={"lr": text}) for s, text in enumerate(["1e-3", "0.01"])]
    table = table_of(context(rows, baseline=None))
    assert [row["lr"] for row in reading.shown(table)] == ["1e-3", "0.01"]
    assert reading.column(table, "lr") == [0.001, 0.01]


def test_one_level_of_a_param_written_in_two_ways_does_not_vary():
    rows = [run("sgd", s, 0.5, params={"lr": text}) for s, text in enumerate(["1e-3", "0.001"])]
    assert "lr" not in reading.headings(table_of(context(rows, baseline=None)))


def test_beyond_the_limit_it_says_so_and_names_the_best_run():
    table = table_of(context(SIX), limit=2)
    assert len(table.rows) == 2
    said = reading.said([table])
    assert "The first 2 runs are listed, 4 runs further down are not." in said
    assert "The best accuracy (97\u202f%, adam-1) is among them." in said


def test_more_columns_than_fit_wait_in_the_chooser():
    rows = [run("sgd", s, 0.5 + s / 10) for s in range(3)]
    for index, row in enumerate(rows):
        row["params"] |= {f"p{n:02}": index * n for n in range(1, 20)}
    visible = [c.title for c in table_of(context(rows)).columns if not c.hidden]
    assert len(visible) <= 12
    assert {"name", "accuracy", "accuracy vs baseline", "loss", "status"} <= set(visible)


def test_the_report_selection_is_counted_in_the_open():
    table = table_of(context(SIX, excluded=[(4, "does not satisfy status")]))
    said = reading.said([table])
    assert "1 more run left out by the report’s selection (1 of them did not finish)" in said


def test_the_files_beside_it_hold_unrounded_values():
    made = context([run("sgd", 1, 0.123456789), run("adam", 1, math.nan)])
    rows = list(csv.DictReader(io.StringIO(exports.csv(table_of(made)).decode())))
    assert float(rows[0]["accuracy (%)"]) == 0.123456789 * 100
    assert rows[1]["accuracy (%)"] == "nan"
    assert b"\\toprule" in exports.latex(table_of(made))


def test_without_declared_metrics_it_shows_what_was_logged():
    rows = [{"name": "a", "metrics": {"m": 1.0, "system/cpu": 2.0}}, {"name": "b"}]
    table = table_of(study(rows))
    assert reading.headings(table) == ["name", "m", "system/cpu", "status", "duration"]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([96.53, 95.91, 96.15], 2),
        ([0.12, 0.14, 0.18], 3),
        ([1, 20, 300], 0),
        ([1e-6, 2e-6], None),
        ([0.1, 1e6], None),
        ([], None),
        ([math.nan], None),
    ],
)
def test_a_column_has_the_decimals_that_tell_its_values_apart(values, expected):
    assert Digits.of(values).decimals == expected


def test_a_run_that_diverged_is_best_in_nothing():
    """It stopped early, so it may be the fastest, or have the lowest of another loss."""
    wild = run("rmsprop", 1, math.nan, 0.01)
    table = table_of(context([*SIX, wild]))
    for title in ("accuracy", "loss"):
        assert "best" not in reading.cell(table, "rmsprop-1", title).marks
    assert "best" in reading.cell(table, "adam-1", "loss").marks
