"""Surfaces over two params: never outside of the runs, every run drawn, their worth said."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy.interpolate import LinearNDInterpolator
from scipy.spatial import Delaunay, distance

from runreport.blocks import Figure, Note
from runreport.design import Metric
from runreport.sections import contour
from runreport.sections.contour import Options
from runreport.spec.expressions import Expression
from runreport.stats.surfaces import FAR
from tests import reading
from tests.sections import planes
from tests.studies import study

LOSS = Metric("loss", goal="minimize", primary=True)


def run(name, loss, status="finished", **params):
    metrics = {} if loss is None else {"loss": loss}
    return {"name": name, "params": params, "metrics": metrics, "status": status}


def search(n, seed=0, noise=0.05):
    """A bowl over log lr and width, with a third param that does nothing."""
    rng = np.random.default_rng(seed)
    return [
        run(f"r{i}", (math.log10(lr) + 3) ** 2 + (w - 0.4) ** 2 + noise * rng.normal(),
            lr=lr, width=w, other=rng.uniform())
        for i, (lr, w) in enumerate(
            zip(10 ** rng.uniform(-5, -1, n), rng.uniform(0, 1, n), strict=True)
        )
    ]  # fmt: skip


def blocks_of(made, **options):
    for axis in ("x", "y"):
        if axis in options:
            options[axis] = Expression(options[axis])
    chosen = Options(**options)
    return contour.present(contour.compute(made, chosen), chosen)


def figure_of(made, **options):
    (figure,) = reading.find(blocks_of(made, **options), Figure)
    return figure


def context(runs, **more):
    return study(runs, metrics=[LOSS], **more)


@pytest.mark.parametrize("n", [6, 25, 80])
def test_no_band_of_the_surface_leaves_the_hull_of_the_runs(n):
    figure = figure_of(context(search(n)), x="lr", y="width")
    axes = planes.drawing_of(figure).figure.axes[0]
    places = figure.data.points
    low, span = places.min(axis=0), np.ptp(places, axis=0)
    around = [
        places + np.array(step) * span * 1e-6 for step in [(1, 1), (-1, 1), (1, -1), (-1, -1)]
    ]
    hull = Delaunay((np.concatenate(around) - low) / span)
    seen = 0
    for band in (c for c in axes.collections if type(c).__name__ == "TriContourSet"):
        for path in band.get_paths():
            if path.vertices.size:
                seen += len(path.vertices)
                assert (hull.find_simplex((path.vertices - low) / span) >= 0).all()
    assert seen > n


def test_bands_are_where_linear_interpolation_puts_them():
    """Each drawn corner of a band of few runs lies at a level of scipy's own interpolation."""
    figure = figure_of(context(search(20)), x="lr", y="width")
    data = figure.data
    low, span = data.corners.min(axis=0), np.ptp(data.corners, axis=0)
    # on the same scale as the axes, whose ends have some room
    ends = np.array([data.x.scale.ends, data.y.scale.ends])

    def scale(at):
        return (at - ends[:, 0]) / np.ptp(ends, axis=1)

    expected = LinearNDInterpolator(scale(data.corners), data.heights)
    axes = planes.drawing_of(figure).figure.axes[0]
    lines = [c for c in axes.collections if type(c).__name__ == "TriContourSet"][1]
    checked = 0
    for level, path in zip(lines.levels, lines.get_paths(), strict=True):
        inside = path.vertices[((path.vertices > low + span / 1e3)
                                & (path.vertices < low + span * 0.999)).all(axis=1)]  # fmt: skip
        found = expected(scale(inside))
        found = found[np.isfinite(found)]
        checked += found.size
        assert found == pytest.approx(np.full(found.size, level), abs=1e-6)
    assert checked > 20


def test_every_run_with_a_place_is_drawn_and_marked():
    runs = [
        *search(30),
        run("dead", 9.0, status="failed", lr=0.01, width=0.5),
        run("nan", math.nan, lr=0.02, width=0.6),
        run("never", None, lr=0.03, width=0.7),
    ]
    made = context(runs)
    figure = figure_of(made, x="lr", y="width")
    assert planes.marked(figure) == planes.ids(made)
    svg = planes.svg_of(figure)
    assert svg.count('class="rr-mark"') == 33
    said = reading.said([figure])
    assert (
        "Crosses are runs that the surface leaves out: 1 that did not finish and 2 without a "
        "value." in said
    )
    assert len(figure.data.cross_ids) == 3


def test_runs_at_one_place_are_averaged_and_that_is_said():
    runs = search(12)
    copies = [replace_value(one, 0.5) for one in runs[:3]]
    made = contour.compute(
        context([*runs, *copies]), Options(x=Expression("lr"), y=Expression("width"))
    )
    found = made.relief
    assert sorted(found.counts.tolist()) == [1] * 9 + [2] * 3
    for one in runs[:3]:
        place = [math.log10(one["params"]["lr"]), one["params"]["width"]]
        (at,) = np.flatnonzero(np.isclose(found.corners, place).all(axis=1))
        assert found.means[at] == pytest.approx((one["metrics"]["loss"] + 0.5) / 2)
    said = reading.said(blocks_of(context([*runs, *copies]), x="lr", y="width"))
    assert "15 finished runs at 12 places, those at one place averaged." in said


def replace_value(one, loss):
    return {**one, "name": f"{one['name']}-again", "metrics": {"loss": loss}}


def test_a_bowl_is_predicted_and_noise_is_not():
    assert "so the two say much about it." in reading.said(
        blocks_of(context(search(120)), x="lr", y="width")
    )
    rng = np.random.default_rng(0)
    noise = [replace_value(one, rng.normal()) for one in search(120)]
    said = reading.said(blocks_of(context(noise), x="lr", y="width"))
    assert "so the surface says little about new runs." in said


def test_holes_are_hatched_where_no_run_is_near():
    corners = [run(f"c{i}", i, lr=x, width=y) for i, (x, y) in enumerate(
        [(0, 0), (1, 0), (0, 1), (1, 1), (0.02, 0.02), (0.04, 0)]
    )]  # fmt: skip
    figure = figure_of(context(corners), x="lr", y="width")
    data = figure.data
    assert data.strokes.shape[0] > 10
    ends = np.array([data.x.scale.ends, data.y.scale.ends])
    unit = (data.strokes.reshape(-1, 2) - ends[:, 0]) / np.ptp(ends, axis=1)
    runs = (data.points - ends[:, 0]) / np.ptp(ends, axis=1)
    assert distance.cdist(unit, runs).min() > FAR - 1e-9
    assert "is further than 15 % of the axes from any run." in reading.said([figure])


def test_runs_on_one_line_have_no_surface_and_it_is_said():
    runs = [run(f"r{i}", i, lr=i + 1, width=2 * i) for i in range(6)]
    figure = figure_of(context(runs), x="lr", y="width")
    assert figure.data.triangles.size == 0
    assert len(figure.data.run_ids) == 6
    assert "There is no surface: all places lie on one line." in reading.said([figure])
    planes.svg_of(figure)


def test_an_axis_of_words_is_drawn_as_cells():
    runs = [{**one, "params": {**one["params"], "opt": "ab"[i % 2]}}
            for i, one in enumerate(search(20))]  # fmt: skip
    figure = figure_of(context(runs), x="lr", y="opt")
    assert hasattr(figure.data, "squares")
    assert "opt holds words, so cells are drawn and nothing is between." in reading.said([figure])


def test_an_axis_of_two_values_is_drawn_as_cells():
    runs = [{**one, "params": {**one["params"], "width": i % 2}}
            for i, one in enumerate(search(20))]  # fmt: skip
    figure = figure_of(context(runs), x="lr", y="width")
    assert hasattr(figure.data, "squares")
    said = reading.said([figure])
    assert "width has two values alone, so cells are drawn and nothing is between." in said


def test_without_names_params_of_numbers_that_go_with_the_metric_are_taken_and_said():
    runs = [{**one, "params": {**one["params"], "opt": "ab"[i % 2]}}
            for i, one in enumerate(search(60))]  # fmt: skip
    made = contour.compute(context(runs), Options())
    assert made.relief.x.quantity.name == "lr"
    assert made.relief.y.quantity.name in ("width", "other")
    assert "Params of words come after those of numbers." in made.remarks[0]


def test_the_best_run_is_ringed_by_the_goal():
    runs = search(25)
    made = context(runs)
    data = figure_of(made, x="lr", y="width").data
    best = min(range(25), key=lambda i: runs[i]["metrics"]["loss"])
    assert data.run_ids[data.best] == made.runs[best].id
    upwards = replace(made.design, metrics=(Metric("loss", goal="maximize", primary=True),))
    data = figure_of(replace(made, design=upwards), x="lr", y="width").data
    assert data.run_ids[data.best] != made.runs[best].id


def test_zero_has_no_place_on_a_log_axis_and_is_named():
    runs = [*search(10), run("zero", 1.0, lr=0, width=0.5)]
    said = reading.said(blocks_of(context(runs), x="lr", y="width", log_x=True))
    assert "Not shown: zero (lr is 0 or below on a log axis)." in said


def test_more_runs_than_the_limit_are_counted():
    said = reading.said(blocks_of(context(search(30)), x="lr", y="width", limit=20))
    assert "The first 20 runs are drawn; 10 more are not." in said


def test_nothing_finite_is_a_note():
    runs = [run(f"r{i}", math.nan, lr=i + 1, width=i * i) for i in range(5)]
    (note,) = blocks_of(context(runs), x="lr", y="width")
    assert isinstance(note, Note)


def test_what_is_recorded_says_what_the_surface_is_worth():
    chosen = Options(x=Expression("lr"), y=Expression("width"))
    made = contour.compute(context(search(60)), chosen)
    stated = contour.record(made)
    assert stated["runs"] == stated["places"] == 60
    assert stated["left_out_r2"] == made.relief.surface.skill > 0.5


def test_equal_values_and_few_places_cannot_be_checked_and_each_says_so():
    flat = [replace_value(one, 1.0) for one in search(15)]
    said = reading.said(blocks_of(context(flat), x="lr", y="width"))
    assert "All values are equal, so there is nothing to check the surface" in said
    said = reading.said(blocks_of(context(search(5)), x="lr", y="width"))
    assert "There are too few places to check the surface" in said


def test_a_run_that_has_no_place_does_not_stretch_the_axes():
    runs = [*search(12), {**run("far", 1.0, width=1000)}]
    data = figure_of(context(runs), x="lr", y="width").data
    assert data.y.scale.high < 2
    assert "Not shown: far (no value of lr)." in reading.said(
        blocks_of(context(runs), x="lr", y="width")
    )
