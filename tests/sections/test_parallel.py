"""Parallel coordinates: where each run passes each lane."""

from __future__ import annotations

import math

import pytest

from runreport.blocks import Figure, Note
from runreport.design import Metric
from runreport.sections import parallel
from runreport.sections.lanes import MISSING_AT
from runreport.sections.parallel import Options
from runreport.spec.expressions import Expression
from tests import reading
from tests.studies import study

SCORE = Metric("score", goal="maximize", unit="%", scale=100)


def run(name, score, **params):
    metrics = {} if score is None else {"score": score}
    return {"name": name, "params": params, "metrics": metrics}


RUNS = [
    run("a", 0.5, lr=0.001, opt="sgd", depth=2),
    run("b", 0.75, lr=0.1, opt="adam", depth=4),
    run("c", 1.0, lr=1, opt="sgd", depth=3),
]


def blocks_of(runs, *columns, context=None, **options):
    made = context or study(runs, by=["opt"], metrics=[SCORE])
    chosen = Options(tuple(Expression(column) for column in columns), **options)
    return parallel.present(parallel.compute(made, chosen), chosen)


def lines_of(runs, *columns, **options):
    (figure,) = reading.find(blocks_of(runs, *columns, **options), Figure)
    return figure.data


def test_a_linear_lane_goes_from_the_lowest_to_the_highest_value():
    lines = lines_of(RUNS, "depth", "score")
    assert lines.places[:, 0] == pytest.approx([0, 1, 0.5])
    assert lines.places[:, 1] == pytest.approx([0, 0.5, 1])
    assert [lane.kind for lane in lines.lanes] == ["number", "number"]
    assert lines.lanes[1].label == "score (%)"


def test_values_more_than_two_orders_apart_get_a_log_lane():
    lines = lines_of(RUNS, "lr", "score")
    # 0.001, 0.1, 1: two thirds of the way at 0.1
    assert lines.places[:, 0] == pytest.approx([0, 2 / 3, 1])
    assert lines.lanes[0].kind == "log"
    assert [text for _, text in lines.lanes[0].ticks] == ["0.001", "0.1", "1"]


def test_the_author_may_ask_for_a_log_lane_and_is_told_when_it_cannot_be():
    assert lines_of(RUNS, "depth", "score", log=("depth",)).lanes[0].kind == "log"
    runs = [*RUNS, run("d", 0.5, lr=1, opt="sgd", depth=0)]
    blocks = blocks_of(runs, "depth", "score", log=("depth",))
    assert reading.find(blocks, Figure)[0].data.lanes[0].kind == "number"
    assert "depth has values of 0 or below, so its lane is not logarithmic." in reading.said(blocks)


def test_words_have_evenly_spread_places():
    runs = [run(n, 0.1 * i, opt=n) for i, n in enumerate(["b", "a", "c"])]
    lines = lines_of(runs, "opt", "score")
    assert lines.places[:, 0] == pytest.approx([0.5, 0, 1])
    assert lines.lanes[0].kind == "words"
    assert lines.lanes[0].ticks == ((0.0, "a"), (0.5, "b"), (1.0, "c"))


def test_numbers_among_words_come_first_by_size():
    runs = [run(str(i), 0.1, size=s) for i, s in enumerate(["large", 10, 9])]
    ticks = lines_of(runs, "size", "score").lanes[0].ticks
    assert [text for _, text in ticks] == ["9", "10", "large"]


def test_beyond_twelve_words_the_rest_shares_the_last_place():
    runs = [run(str(i), 0.1, opt=f"o{i:02}") for i in range(20)]
    blocks = blocks_of(runs, "opt", "score")
    lane = reading.find(blocks, Figure)[0].data.lanes[0]
    assert lane.ticks[-1] == (1.0, "8 more")
    assert "opt has 20 different words; the last place is for the rest." in reading.said(blocks)


def test_a_run_without_a_value_passes_through_missing():
    runs = [*RUNS, run("d", math.nan, opt="sgd", depth=2), run("e", None, opt="sgd")]
    blocks = blocks_of(runs, "depth", "score")
    lines = reading.find(blocks, Figure)[0].data
    assert lines.places[3, 1] == MISSING_AT
    assert lines.places[4].tolist() == [MISSING_AT, MISSING_AT]
    assert "Lines through “missing” have no value there." in reading.said(blocks)


def test_lines_are_coloured_by_a_metric_from_low_to_high():
    lines = lines_of([*RUNS, run("d", None, opt="sgd", depth=2)], "depth", "score", color="score")
    # the best line lies over the others, those without a value under all
    assert lines.tokens == ("series-other", "ramp-0", "ramp-4", "ramp-8")


def test_by_default_lanes_are_the_params_that_differ_and_the_metrics():
    context = study(RUNS, by=["opt"], replicates="depth", metrics=[SCORE])
    lines = lines_of(RUNS, context=context)
    assert [lane.label for lane in lines.lanes] == ["opt", "lr", "score (%)"]


def test_lanes_without_room_are_named():
    columns = [f"p{i}" for i in range(18)]
    runs = [run(str(i), 0.1, **dict.fromkeys(columns, i)) for i in range(3)]
    blocks = blocks_of(runs, *columns)
    assert len(reading.find(blocks, Figure)[0].data.lanes) == 16
    assert "No room for p16, p17." in reading.said(blocks)


def test_a_run_that_did_not_finish_is_dashed():
    lines = lines_of([RUNS[0], {**RUNS[1], "status": "killed"}], "depth", "score")
    assert lines.dashed == (False, True)


def test_the_table_holds_every_value():
    (figure,) = reading.find(blocks_of(RUNS, "depth", "score"), Figure)
    assert reading.column(figure.table, "depth") == [2, 4, 3]
    assert reading.column(figure.table, "score") == [50, 75, 100]


def test_one_lane_or_no_run_is_no_chart():
    assert isinstance(blocks_of(RUNS, "depth")[0], Note)
    assert "This report has no runs." in reading.said(blocks_of([], "depth", "score"))


def test_a_metric_to_be_minimized_is_upside_down_unless_the_author_says_which_are():
    loss = Metric("loss", goal="minimize")
    runs = [{"name": str(n), "params": {"lr": n}, "metrics": {"loss": float(n)}} for n in (1, 2, 4)]
    context = study(runs, by=["lr"], metrics=[loss])
    columns = (Expression("lr"), Expression("loss"))

    def lines(**options):
        chosen = Options(columns, **options)
        return parallel.compute(context, chosen).lines

    # 1 is the best loss and stands at the top; 2 is a third of the way down
    assert lines().places[:, 1] == pytest.approx([1, 2 / 3, 0])
    assert (lines().lanes[1].low, lines().lanes[1].high) == (4, 1)
    assert lines(invert=()).places[:, 1] == pytest.approx([0, 1 / 3, 1])
    assert lines(invert=("lr",)).places[:, 0] == pytest.approx([1, 2 / 3, 0])


def test_many_lanes_make_the_chart_wider():
    columns = [f"p{i}" for i in range(12)]
    runs = [run(str(i), 0.1, **dict.fromkeys(columns, i)) for i in range(3)]
    (wide,) = reading.find(blocks_of(runs, *columns), Figure)
    (narrow,) = reading.find(blocks_of(runs, *columns[:8]), Figure)
    assert wide.width / 12 == pytest.approx(narrow.width / 8, rel=0.01)
