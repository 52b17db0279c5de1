"""A metric in cells of two params: who is in which cell, what its mean rests on, what is empty."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from runreport.blocks import Figure, Note
from runreport.design import Metric
from runreport.sections import heatmap, shading
from runreport.sections.heatmap import Options
from runreport.sections.shading import READABLE, round_edges, shades_of
from runreport.spec.expressions import Expression
from tests import reading
from tests.sections import planes
from tests.studies import study

ACCURACY = Metric("accuracy", goal="maximize", unit="%", scale=100, primary=True)


def run(name, accuracy, status="finished", **params):
    metrics = {} if accuracy is None else {"accuracy": accuracy}
    return {"name": name, "params": params, "metrics": metrics, "status": status}


def blocks_of(made, **options):
    for axis in ("x", "y"):
        if axis in options:
            options[axis] = Expression(options[axis])
    chosen = Options(**options)
    return heatmap.present(heatmap.compute(made, chosen), chosen)


def table_of(blocks):
    (figure,) = reading.find(blocks, Figure)
    return reading.shown(figure.table)


def context(runs, **more):
    return study(runs, metrics=[ACCURACY], **more)


GRID = [
    run("a", 0.5, opt="sgd", lr=0.1, seed=1),
    run("b", 0.7, opt="sgd", lr=0.1, seed=2),
    run("c", 0.9, opt="adam", lr=0.1, seed=1),
    run("d", 0.8, opt="adam", lr=0.01, seed=1),
]


def test_each_cell_is_the_mean_of_its_runs_in_displayed_units():
    rows = table_of(blocks_of(context(GRID, replicates="seed"), x="opt", y="lr"))
    found = {(row["opt"], row["lr"]): (row["mean accuracy"], row["runs"]) for row in rows}
    assert found == {
        ("adam", "0.01"): ("80", "1"),
        ("adam", "0.1"): ("90", "1"),
        ("sgd", "0.1"): ("60", "2"),
    }


def test_empty_cells_stay_empty_and_are_counted():
    blocks = blocks_of(context(GRID, replicates="seed"), x="opt", y="lr")
    (figure,) = reading.find(blocks, Figure)
    assert {(s.column, s.row) for s in figure.data.squares} == {(0, 0), (0, 1), (1, 1)}
    assert "3 of 4 cells hold runs with a value, 1 to 2." in reading.said(blocks)


def test_the_interval_of_a_cell_of_replicates_is_students():
    rows = table_of(blocks_of(context(GRID, replicates="seed"), x="opt", y="lr"))
    (row,) = [row for row in rows if row["opt"] == "sgd"]
    low, high = stats.t.interval(0.95, 1, 60, stats.sem([50, 70]))
    assert float(row["interval from"].replace("\u2212", "-")) == pytest.approx(low, abs=0.5)
    assert float(row["to"]) == pytest.approx(high, abs=0.5)


def test_the_interval_of_a_cell_of_several_configurations_is_over_these():
    """Two replicates of one width and one of another: two means, not three values."""
    runs = [
        run("a", 0.1, opt="sgd", lr=1, width=8, seed=1),
        run("b", 0.3, opt="sgd", lr=1, width=8, seed=2),
        run("c", 0.6, opt="sgd", lr=1, width=16, seed=1),
        run("d", 0.6, opt="adam", lr=1, width=16, seed=1),
    ]
    chosen = Options(x=Expression("opt"), y=Expression("lr"))
    made = heatmap.compute(context(runs, replicates="seed"), chosen)
    (tile,) = [tile for tile in made.tiling.tiles if len(tile.runs) == 3]
    assert tile.configurations == 2
    assert tile.interval == pytest.approx(stats.t.interval(0.95, 1, 40, stats.sem([20, 60])))
    assert tile.mean == pytest.approx(100 / 3)


def test_failed_runs_and_runs_without_a_value_enter_no_mean_and_are_counted():
    runs = [
        *GRID,
        run("dead", 0.1, status="failed", opt="sgd", lr=0.1, seed=3),
        run("nan", math.nan, opt="sgd", lr=0.01, seed=1),
    ]
    made = context(runs, replicates="seed")
    blocks = blocks_of(made, x="opt", y="lr")
    rows = {(row["opt"], row["lr"]): row for row in table_of(blocks)}
    assert rows["sgd", "0.1"]["mean accuracy"] == "60"
    assert rows["sgd", "0.1"]["without a value"] == "1"
    assert rows["sgd", "0.01"]["runs"] == "0"
    said = reading.said(blocks)
    assert "In no mean: 1 run that did not finish and 1 finished run without a value." in said
    (figure,) = reading.find(blocks, Figure)
    assert planes.marked(figure) == planes.ids(made)


def test_every_square_is_marked_with_its_runs():
    made = context(GRID, replicates="seed")
    (figure,) = reading.find(blocks_of(made, x="opt", y="lr"), Figure)
    svg = planes.svg_of(figure)
    assert svg.count('class="rr-mark"') == 3
    assert "n = 2" in svg
    assert ">60<" in svg


def test_runs_without_a_param_are_named():
    blocks = blocks_of(context([*GRID, run("bare", 0.5)]), x="opt", y="lr")
    assert "Not shown: bare (no value of opt)." in reading.said(blocks)


def test_many_numbers_are_put_into_round_bins_that_hold_their_runs():
    rng = np.random.default_rng(0)
    values = 10 ** rng.uniform(-5, -1, 200)
    runs = [run(f"r{i}", 0.5, lr=value, opt="sgd") for i, value in enumerate(values)]
    made = heatmap.compute(context(runs), Options(x=Expression("lr"), y=Expression("opt")))
    steps = made.tiling.x
    assert steps.binned
    assert steps.log
    assert steps.texts[0].startswith("1e\u22125 to ")
    edges = [1e-5, 3e-5, 1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 1e-1]
    counts = np.histogram(values, edges)[0]
    assert [len(tile.runs) for tile in made.tiling.tiles] == counts.tolist()


def test_a_value_near_zero_by_chance_makes_no_log_axis():
    values = [0.0004, *np.linspace(0.01, 0.6, 60)]
    runs = [run(f"r{i}", 0.5, dropout=value, opt="sgd") for i, value in enumerate(values)]
    made = heatmap.compute(context(runs), Options(x=Expression("dropout"), y=Expression("opt")))
    assert not made.tiling.x.log


def test_the_params_that_go_with_the_metric_most_are_taken_and_said():
    rng = np.random.default_rng(1)
    runs = [
        run(f"r{i}", a / 4 + b / 40 + rng.normal() / 1000, big=a, small=b, none=int(c))
        for i, (a, b, c) in enumerate(rng.integers(0, 4, (60, 3)))
    ]
    made = heatmap.compute(context(runs), Options())
    assert (made.tiling.x.quantity.name, made.tiling.y.quantity.name) == ("big", "small")
    assert made.remarks[0].startswith("No params were named, so those that go with accuracy most")


def test_the_best_cell_is_the_highest_or_the_lowest_by_the_goal():
    for goal, value in (("maximize", 0.9), ("minimize", 0.6)):
        made = study(GRID, metrics=[Metric("accuracy", goal=goal)], replicates="seed")
        chosen = Options(x=Expression("opt"), y=Expression("lr"))
        assert heatmap.compute(made, chosen).tiling.best.mean == pytest.approx(value)
    made = study(GRID, metrics=[Metric("accuracy")])
    chosen = Options(x=Expression("opt"), y=Expression("lr"))
    assert heatmap.compute(made, chosen).tiling.best is None


def test_one_param_is_too_few_and_said():
    runs = [run(f"r{i}", 0.5, lr=i) for i in range(4)]
    (note,) = blocks_of(context(runs))
    assert isinstance(note, Note)
    assert "only lr differs" in reading.said([note, *note.body])


def test_what_is_recorded_are_the_cells():
    chosen = Options(x=Expression("opt"), y=Expression("lr"))
    stated = heatmap.record(heatmap.compute(context(GRID, replicates="seed"), chosen))
    assert stated["metric"] == "accuracy"
    assert [cell["runs"] for cell in stated["cells"]] == [1, 1, 2]


# ---- shades --------------------------------------------------------------------------------------


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=40), st.integers(1, 9))
def test_every_value_lies_within_the_band_of_its_colour(values, most):
    shades = shades_of(np.array(values), shading.RAMP[:most])
    assert len(shades.tokens) <= max(most, 3)
    assert len(shades.tokens) == len(shades.edges) - 1 == len(shades.texts())
    for value in values:
        band = shades.band(value)
        room = 1e-9 * max(1.0, *map(abs, values))
        assert shades.edges[band] - room <= value <= shades.edges[band + 1] + room


@given(st.floats(-1e9, 1e9), st.floats(1e-9, 1e9), st.integers(1, 12))
def test_edges_are_around_all_and_evenly_apart(low, span, most):
    edges = round_edges(low, low + span, most)
    assert edges[0] <= low + 1e-6 * span + 1e-9 * abs(low)
    assert edges[-1] >= low + span * (1 - 1e-6) - 1e-9 * abs(low)
    assert len(edges) - 1 <= most + 1
    assert np.ptp(np.diff(edges)) <= 1e-6 * (edges[-1] - edges[0]) + 1e-9 * abs(low)


def test_what_lies_far_out_has_a_band_of_its_own():
    values = np.array([*np.linspace(0.9, 0.99, 20), 0.1])
    shades = shades_of(values, READABLE)
    assert shades.texts()[0] == "below 0.9"
    assert shades.token(0.1) != shades.token(0.91)


def test_texts_on_squares_have_contrast_on_a_light_and_a_dark_page():
    """WCAG asks 4.5 to 1; the ratio of relative luminances as its definition has it."""
    theme = planes.pages.theme()

    def luminance(color):
        parts = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    for colors in (theme.colors, theme.dark):
        for token in READABLE:
            pair = sorted(luminance(colors[t]) for t in (token, shading.text_token(token)))
            assert (pair[1] + 0.05) / (pair[0] + 0.05) >= 4.5, (token, colors[token])
