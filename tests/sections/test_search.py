"""The state of a search on the page: advice and its figures, edges, holes, repeats, failures."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from scipy import stats

from runreport.blocks import Figure, Note
from runreport.design import Margin, Metric
from runreport.sections import search
from runreport.sections.search import Options
from tests import reading
from tests.landscapes import METRIC, landscape
from tests.sections import planes
from tests.sections.wild import built
from tests.shared import SHARED, needs_shared
from tests.studies import study

ACCURACY = Metric(METRIC, goal="maximize", primary=True)
MARGIN = Metric(METRIC, goal="maximize", primary=True, margin=Margin(0.05))


def context(runs, metric=ACCURACY, replicates="seed", **more):
    return study(runs, replicates=replicates, metrics=[metric], **more)


def blocks_of(made, **options):
    chosen = Options(**options)
    return search.present(search.compute(made, chosen), chosen)


def said_of(made, **options):
    return reading.said(blocks_of(made, **options))


def recorded(made, **options):
    return search.record(search.compute(made, Options(**options)))


def advice_of(made, **options):
    note = next(b for b in blocks_of(made, **options) if isinstance(b, Note))
    return note.title, reading.said(note.body)


def line(values, name="x", **more):
    """A run per value of one param: `values` are (param, metric or None when failed)."""
    return [
        {
            "name": f"r{place}",
            "params": {name: value, **more},
            "metrics": {} if result is None else {METRIC: result},
            "status": "failed" if result is None else "finished",
        }
        for place, (value, result) in enumerate(values)
    ]


def uniform(n, seed, of):
    rng = np.random.default_rng(seed)
    x = rng.random(n)
    return line([(float(a), float(of(a) + 0.01 * rng.normal())) for a in x])


# ---- advice --------------------------------------------------------------------------------------


def test_few_configurations_get_no_advice():
    title, said = advice_of(context(uniform(9, 1, lambda x: x)))
    assert title == "Too few configurations to advise"
    assert "9 configurations have a value; below 10" in said


def test_a_best_at_the_end_of_the_range_among_its_like_asks_for_a_wider_one():
    rng = np.random.default_rng(3)
    runs = line([(float(f"{10**e:.4g}"), float(e)) for e in rng.uniform(-5, -1, 50)], "lr")
    title, said = advice_of(context(runs))
    assert title == "Widen lr upwards"
    values = sorted(run["params"]["lr"] for run in runs)
    assert f"lr = {values[-1]:.3g}" in said
    assert "5 of the best 5 configurations lie in that outer part" in said
    (edge,) = recorded(context(runs))["edges"]
    assert edge.side == "high"
    low, high = math.log(values[0]), math.log(values[-1])
    outer = sum((math.log(v) - low) / (high - low) >= 0.8 for v in values)
    # by another package; two ends were looked at
    assert edge.p_adjusted == pytest.approx(2 * stats.hypergeom(50, outer, 5).sf(4))


def test_a_minimum_at_the_lower_end_asks_for_smaller_values():
    loss = Metric(METRIC, goal="minimize", primary=True)
    rng = np.random.default_rng(3)
    runs = line([(float(v), float(v)) for v in rng.uniform(2, 8, 40)], "width")
    assert advice_of(context(runs, loss))[0] == "Widen width downwards"


def test_zero_may_be_where_a_param_ends_by_nature():
    loss = Metric(METRIC, goal="minimize", primary=True)
    rng = np.random.default_rng(3)
    values = [0.0, *rng.uniform(0, 0.5, 40).tolist()]
    made = context(line([(v, 1 + v) for v in values], "dropout"), loss)
    assert "Widen" not in advice_of(made)[0]
    assert "0 may be where dropout ends" in said_of(made)


def test_a_best_in_the_middle_is_at_no_end():
    made = context(uniform(60, 2, lambda x: -((x - 0.5) ** 2)))
    assert recorded(made)["edges"] == []
    assert "Widen" not in advice_of(made)[0]


def test_a_range_that_fails_at_its_end_is_not_widened():
    rng = np.random.default_rng(5)
    places = sorted(rng.uniform(0, 10, 60).tolist())
    # the upper third fails but for the very last, which is the best
    values = [(x, None if 6.5 < x < places[-3] else x) for x in places]
    rng.shuffle(values)
    made = context(line(values, "x"))
    found = recorded(made)
    assert found["edges"]
    assert "Widen" not in advice_of(made)[0]
    assert "But runs fail there more often" in said_of(made)


def test_little_left_to_gain_beside_the_margin_stops_a_search():
    made = context(uniform(80, 4, lambda x: 0.5 - 0.1 * (x - 0.4) ** 2), MARGIN)
    title, said = advice_of(made)
    assert title == "Stop: more runs would bring no gain that counts"
    assert "less than the declared margin, 0.05" in said
    assert "16 more configurations drawn like these" in said


def test_much_left_to_gain_goes_on():
    rng = np.random.default_rng(6)
    x, y = rng.random(40), rng.pareto(1.5, 40)
    made = context(line([(float(a), float(b)) for a, b in zip(x, y, strict=True)]), MARGIN)
    title, said = advice_of(made)
    assert title == "Continue: more runs may still bring a gain"
    # 8 of 48
    assert "a chance of 17 % to hold a new best" in said.replace("\u202f", " ")


def test_without_margin_and_noise_floor_there_is_no_verdict_but_the_way_to_one():
    title, said = advice_of(context(uniform(40, 7, lambda x: 0.5 - 0.1 * (x - 0.4) ** 2)))
    assert title == "No advice without a margin or a noise floor"
    assert "Run the best configuration with 3 seeds or more" in said


def test_a_search_that_learns_is_not_judged_as_random_drawing():
    rng = np.random.default_rng(8)
    values = [(float(x), 0.01 * place + 0.05 * rng.normal()) for place, x in
              enumerate(rng.permutation(np.linspace(1, 2, 50)))]  # fmt: skip
    title, said = advice_of(context(line(values), MARGIN))
    assert "the search learns, so bounds for random drawing do not hold" in said
    assert title.startswith("Continue: the search still improves")
    assert "drawn like these" not in said


def test_a_metric_at_its_ceiling_decides_nothing_more():
    rng = np.random.default_rng(9)
    values = [(float(x), 1.0 if x > 0.6 else float(x)) for x in rng.random(40)]
    title, said = advice_of(context(line(values)))
    assert title == "Stop: more runs of this space decide nothing"
    tied = sum(value == 1.0 for _, value in values)
    assert f"{tied} different configurations share the best value, 1, exactly" in said
    assert "chance" not in said


def test_all_combinations_tried_leave_nothing_to_try():
    runs = [
        {"params": {"a": a, "b": b, "seed": s}, "metrics": {METRIC: 0.1 * a + 0.01 * b * s}}
        for a in range(4)
        for b in (1, 2, 3)
        for s in (1, 2)
    ]
    _, said = advice_of(context(runs))
    assert "All 12 combinations of the levels have been tried" in said


# ---- best so far and noise -----------------------------------------------------------------------


def test_replicates_give_the_noise_floor_and_the_best_its_interval():
    made = landscape(2, 30, replicates=3, noise=0.02)
    found = recorded(context(made.runs))
    assert found["noise_floor"].df == 60
    # sixty degrees of freedom: within three of its own errors
    assert found["noise_floor"].deviation == pytest.approx(0.02, abs=3 * 0.02 / 120**0.5)
    best = found["best"]
    half = stats.t.ppf(0.975, 60) * found["noise_floor"].deviation / 3**0.5
    assert best.interval.width / 2 == pytest.approx(half)
    assert 0 <= best.optimism < 0.02
    blocks = blocks_of(context(made.runs))
    assert "SD between runs of 30 repeated configurations" in " ".join(reading.texts(blocks))
    assert "is luck of being chosen among 30" in reading.said(blocks)


def test_without_replicates_the_noise_is_said_to_be_unknown():
    blocks = blocks_of(context(uniform(30, 1, lambda x: x)))
    assert "no configuration ran twice" in " ".join(reading.texts(blocks))
    assert "How uncertain the best is is not known: no noise floor." in reading.said(blocks)


def test_the_author_may_know_the_noise():
    made = context(uniform(30, 1, lambda x: x * (1 - x)))
    found = recorded(made, noise=0.01)
    assert found["noise_declared"] == 0.01
    assert found["best"].interval.width / 2 == pytest.approx(stats.norm.ppf(0.975) * 0.01)
    assert found["tolerance_is"] == "noise"


def test_runs_stand_in_the_order_they_started_and_each_is_a_mark():
    runs = uniform(30, 3, lambda x: x)
    made = context(runs)
    chart = reading.find(blocks_of(made), Figure)[0]
    assert chart.data.run_ids == tuple(run.id for run in made.runs)
    best = np.maximum.accumulate([run["metrics"][METRIC] for run in runs])
    assert chart.data.steps_y[:-1].tolist() == best.tolist()
    assert chart.data.improved == tuple(np.diff(best, prepend=-np.inf) > 0)


def test_runs_without_a_value_are_counted_and_drawn_apart():
    runs = line([(float(x), None if x % 7 == 0 else float(x)) for x in range(30)])
    made = context(runs)
    chart = reading.find(blocks_of(made), Figure)[0]
    assert chart.data.failed_x.tolist() == [1, 8, 15, 22, 29]
    assert "Of 30 runs 5 runs have no value: 5 failed." in said_of(made)
    assert len(chart.data.run_ids) == 25


def test_a_value_far_out_is_drawn_at_the_end_of_the_axis_and_said():
    runs = uniform(40, 2, lambda x: x)
    runs[5]["metrics"][METRIC] = -1e6
    chart = reading.find(blocks_of(context(runs)), Figure)[0]
    assert sum(map(abs, chart.data.beyond)) == 1
    assert chart.data.y_scale.low > -10
    assert "1 run lies beyond the axis" in reading.said([chart])


# ---- space ---------------------------------------------------------------------------------------


def test_regions_that_fail_more_often_are_named_with_an_exact_interval():
    made = landscape(3, 90, failing=0.002)
    found = recorded(context(made.runs))
    region = found["regions"][0]
    assert region.param == "lr"
    assert region.side == "high"
    lr = sorted(run["params"]["lr"] for run in made.runs)
    cut = lr[60]
    inside = [run for run in made.runs if run["params"]["lr"] >= cut]
    failed = sum(run["status"] == "failed" for run in inside if "status" in run)
    assert (region.failed, region.n) == (failed, 30)
    ends = stats.binomtest(failed, 30).proportion_ci(0.95, "exact")
    assert (region.interval.low, region.interval.high) == pytest.approx((ends.low, ends.high))
    assert "Configurations fail more often where lr is above" in said_of(context(made.runs))


def test_failures_anywhere_name_no_region():
    rng = np.random.default_rng(0)
    values = [(float(x), None if rng.random() < 0.2 else float(x)) for x in rng.random(50)]
    said = said_of(context(line(values)))
    assert "No region of a param fails more often than the rest beyond chance (3 regions" in said


def test_a_stretch_that_was_never_tried_is_named():
    rng = np.random.default_rng(1)
    x = np.concatenate((rng.uniform(1, 4, 30), rng.uniform(7, 10, 30)))
    made = context(line([(float(v), float(rng.normal())) for v in x], "depth"))
    said = said_of(made)
    assert "Not tried, and wider than random values leave: depth from 3." in said


def test_combinations_are_counted_and_missing_ones_said():
    runs = [
        {"params": {"a": a, "b": b}, "metrics": {METRIC: len(a) + 0.1 * i}}
        for i, (a, b) in enumerate([("u", "x"), ("v", "x"), ("u", "y"), ("w", "x")] * 3)
    ]
    made = context(runs, replicates=None)
    assert recorded(made)["combinations"] == (4, 6)
    assert "4 of 6 combinations of the levels have been tried." in said_of(made)


def test_repeats_with_the_same_seed_are_told_from_replicates():
    base = landscape(4, 20, replicates=2).runs
    assert recorded(context(base))["repeated_runs"] == 0
    again = [*base, *(dict(run, name=f"again-{i}") for i, run in enumerate(base[:6]))]
    made = context(again)
    assert recorded(made)["repeated_runs"] == 6
    assert "6 runs repeat a configuration that had run already" in said_of(made)


def test_a_metric_without_a_goal_has_no_best():
    blocks = blocks_of(context(uniform(20, 1, lambda x: x), Metric(METRIC, primary=True)))
    assert "Declare a `goal` for accuracy" in reading.said(blocks)
    assert reading.find(blocks, Figure) == []


# ---- a real search -------------------------------------------------------------------------------


@needs_shared("wild", "mlflow_sqlite_hyperopt")
def test_a_real_search_of_a_hundred_runs_tried_sixteen_configurations(tmp_path):
    said = built(
        tmp_path,
        SHARED / "wild" / "mlflow_sqlite_hyperopt" / "mlruns.db",
        "params.random_state",
        "test_accuracy: {goal: maximize, primary: true}",
        "search",
    )
    assert "Stop: more runs of this space decide nothing" in said
    assert "5 different configurations share the best value, 1, exactly" in said
    assert "16 of 18 combinations of the levels have been tried." in said
    assert "gave the same value every time, to the last digit" in said
    assert "100 runs hold 16 different configurations" in said


def test_long_words_stand_below_a_panel_and_never_run_into_each_other():
    sizes = ["(50, 100, 50)", "(50, 50, 50)", "(50, 1000, 100, 50)", "(100, 100, 100, 100)"]
    runs = [
        {
            "name": f"r{i}",
            "params": {"layers": sizes[i % 4], "act": ["relu", "tanh", "logistic"][i % 3]},
            "metrics": {METRIC: (i * 7 % 12) / 12},
        }
        for i in range(12)
    ]
    blocks = blocks_of(context(runs, replicates=None))
    figure = next(f for f in reading.find(blocks, Figure) if f.title == "What was tried")
    drawn = planes.drawing_of(figure).figure
    drawn.draw_without_rendering()
    (axes,) = drawn.axes
    labels = axes.get_xticklabels()
    assert [label.get_text().count(",") > 0 for label in labels] == [True] * 4
    boxes = [label.get_window_extent() for label in labels]
    level = all(one.x1 < other.x0 for one, other in itertools.pairwise(boxes))
    # tilted ones are parallel, and a line's height apart
    apart = min(other.x1 - one.x1 for one, other in itertools.pairwise(boxes))
    tilt = math.radians(labels[0].get_rotation())
    assert level or apart * math.sin(tilt) > labels[0].get_fontsize() * drawn.dpi / 72
    for label in axes.get_yticklabels():
        assert label.get_window_extent().x0 >= 0
