"""The front of quality against cost: members, who is behind whom, how sure, and the price."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from runreport.blocks import Figure, Note, Table
from runreport.design import Metric
from runreport.history import History
from runreport.registry import SECTIONS, SOURCES
from runreport.sections import frontier, frontwords, pareto
from runreport.sections.pareto import Options
from runreport.spec.expressions import Expression
from runreport.spec.load import load_spec
from runreport.understand import read, understand
from tests import reading
from tests.sections import planes
from tests.shared import SHARED, needs_shared
from tests.studies import study

ACCURACY = Metric("accuracy", goal="maximize", unit="%", scale=100, primary=True)
TIME = Metric("time", goal="minimize", unit="s", role="operational")


def run(name, accuracy, time, status="finished", **params):
    metrics = {"accuracy": accuracy, "time": time}
    return {
        "name": name,
        "params": {"model": name, **params},
        "metrics": {k: v for k, v in metrics.items() if v is not None},
        "status": status,
    }


def context(runs, metrics=(ACCURACY, TIME), **more):
    return study(runs, by=["model"], metrics=list(metrics), **more)


def options(*metrics, **more):
    return Options(metrics=tuple(Expression(metric) for metric in metrics), **more)


def front_of(made, chosen=None):
    return pareto.compute(made, chosen or options("accuracy", "time")).frontier


def blocks_of(made, chosen=None):
    chosen = chosen or options("accuracy", "time")
    return pareto.present(pareto.compute(made, chosen), chosen)


FOUR = [
    run("small", 0.5, 1.0),
    run("medium", 0.8, 2.0),
    run("slow", 0.7, 3.0),
    run("large", 0.9, 4.0),
]


def names(found, chosen):
    return [found.points[i].label.removeprefix("model=") for i in chosen]


def shares(found):
    return {point.label.removeprefix("model="): point.share for point in found.points}


def test_the_front_holds_what_nothing_beats_cheapest_first():
    found = front_of(context(FOUR))
    assert names(found, found.front) == ["small", "medium", "large"]
    (slow,) = [point for point in found.points if not point.is_front]
    assert names(found, slow.behind) == ["medium"]
    said = reading.said(blocks_of(context(FOUR)))
    assert "3 of 4 configurations are on the front: model=small, model=medium, model=large." in said


def test_each_step_says_what_one_more_unit_costs():
    found = front_of(context(FOUR))
    steps = [(step.gain, step.extra, step.price) for step in found.steps]
    # 30 points for a second, then 10 points for two
    assert steps == [pytest.approx((30, 1, 1 / 30)), pytest.approx((10, 2, 0.2))]
    (table,) = [t for t in blocks_of(context(FOUR)) if isinstance(t, Table)]
    rows = reading.shown(table)
    assert [row["From"] for row in rows] == ["model=small", "model=medium"]
    assert [float(row["price of 1\u202f% more"]) for row in rows] == pytest.approx(
        [0.0333, 0.2], abs=1e-4
    )


@pytest.mark.parametrize(
    ("goals", "expected"),
    [
        (("maximize", "minimize"), ["small", "medium", "large"]),
        (("maximize", "maximize"), ["large"]),
        (("minimize", "minimize"), ["small"]),
        (("minimize", "maximize"), ["large", "slow", "small"]),
    ],
)
def test_goals_turn_the_front(goals, expected):
    found = front_of(context(FOUR), options("accuracy", "time", goals=goals))
    assert names(found, found.front) == expected
    assert all(step.gain > 0 and step.extra > 0 and step.price > 0 for step in found.steps)
    planes.svg_of(reading.find(blocks_of(context(FOUR), options("accuracy", "time", goals=goals)),
                               Figure)[0])  # fmt: skip


def test_equal_points_stand_together_and_are_named():
    runs = [*FOUR, run("twin", 0.8, 2.0)]
    found = front_of(context(runs))
    assert sorted(names(found, found.front)) == ["large", "medium", "small", "twin"]
    assert len(found.steps) == 2
    assert (
        "Equal in everything, so they stand or fall together: model=medium = model=twin."
        in reading.said(blocks_of(context(runs)))
    )


def test_failed_and_missing_runs_are_named_and_not_judged():
    runs = [
        *FOUR,
        run("dead", 1.0, 0.1, status="failed"),
        run("nan", math.nan, 0.1),
        run("never", None, 0.1),
        run("endless", 1.0, math.inf),
    ]
    blocks = blocks_of(context(runs))
    assert len(front_of(context(runs)).points) == 4
    said = reading.said(blocks)
    for words in ("dead (failed)", "nan (accuracy is NaN)", "never (never logged accuracy)",
                  "endless (time is infinite)"):  # fmt: skip
        assert words in said


def test_single_runs_get_no_interval_and_no_share():
    found = front_of(context(FOUR))
    assert found.resamples == 0
    assert all(point.share is None for point in found.points)
    assert all(interval is None for point in found.points for interval in point.intervals)
    assert "How sure that is cannot be said" in reading.said(blocks_of(context(FOUR)))


# ---- replicates ----------------------------------------------------------------------------------


def seeded(n=6, gap=0.02, seed=0):
    rng = np.random.default_rng(seed)
    return [
        run(model, base + rng.normal() * 0.01, cost + rng.normal() * 0.05, seed=str(s))
        for model, base, cost in [("a", 0.8, 1.0), ("b", 0.8 + gap, 2.0), ("c", 0.6, 3.0)]
        for s in range(n)
    ]


def study_of(runs, **more):
    return context(runs, replicates="seed", **more)


def test_a_configuration_is_one_point_with_students_intervals():
    runs = seeded()
    found = front_of(study_of(runs))
    assert [len(point.runs) for point in found.points] == [6, 6, 6]
    values = [100 * r["metrics"]["accuracy"] for r in runs if r["params"]["model"] == "a"]
    assert found.points[0].mean[0] == pytest.approx(np.mean(values))
    expected = stats.t.interval(0.95, 5, np.mean(values), stats.sem(values))
    assert found.points[0].intervals[0] == pytest.approx(expected)


def test_shares_say_how_sure_the_front_is():
    found = front_of(study_of(seeded(gap=0.0)))
    share = shares(found)
    assert share["a"] == 1
    assert share["c"] == 0
    # as good as the cheaper one: on the front about every other time
    assert 0.05 < share["b"] < 0.95
    assert "is open: model=b (" in reading.said(blocks_of(study_of(seeded(gap=0.0))))
    sure = front_of(study_of(seeded(gap=0.1)))
    assert shares(sure)["b"] == 1


def test_a_gain_that_may_be_none_has_no_price_interval():
    # means of 80 and 81, standard errors of 3: three seeds up, three down
    runs = [
        run(model, base + side * 0.06, cost, seed=str(s))
        for model, base, cost in [("a", 0.80, 1.0), ("b", 0.81, 2.0)]
        for s, side in enumerate((1, -1, 1, -1, 1, -1))
    ]
    found = front_of(study_of(runs))
    (step,) = found.steps
    assert step.gain == pytest.approx(1)
    assert step.is_open
    assert step.price_interval is None
    assert "the gain may be none" in "".join(reading.texts(frontwords.steps_table(found)))
    (step,) = front_of(study_of(seeded(gap=0.1))).steps
    assert step.price_interval.low < step.price < step.price_interval.high


def test_paired_seeds_are_drawn_together_whatever_the_order_of_runs():
    """Shared noise cancels: with pairs the same gain is sure, without it is not."""
    rng = np.random.default_rng(1)
    noise = rng.normal(size=8) * 0.05
    runs = [
        run(model, 0.8 + shift + noise[s], cost, seed=str(s))
        for model, shift, cost in [("a", 0.0, 1.0), ("b", 0.01, 2.0)]
        for s in rng.permutation(8)
    ]
    paired = front_of(study_of(runs, pair_by="seed"))
    alone = front_of(study_of(runs))
    assert paired.joint
    assert not alone.joint
    assert paired.points[1].share == 1
    assert alone.points[1].share < 0.9
    (step,) = paired.steps
    assert (step.gain_interval.low, step.gain_interval.high) == pytest.approx((1, 1))


def test_every_run_is_marked_and_points_carry_all_of_theirs():
    made = study_of(seeded())
    (figure,) = reading.find(blocks_of(made), Figure)
    assert planes.marked(figure) == planes.ids(made)
    # 18 runs and 3 points
    assert planes.svg_of(figure).count('class="rr-mark"') == 21


def test_runs_of_one_seed_are_called_copies():
    runs = [run("a", 0.8, 1.0 + i / 9, seed="42") for i in range(4)] + [run("b", 0.7, 1, seed="1")]
    said = reading.said(blocks_of(study_of(runs, pair_by="seed")))
    assert "In 1 configuration several runs have one seed: copies of one replicate" in said
    assert "copies of one replicate" not in reading.said(blocks_of(study_of(seeded())))


def test_the_chart_is_the_same_twice():
    made = study_of(seeded())
    first, second = (reading.plain(blocks_of(made)) for _ in range(2))
    assert first == second


# ---- three criteria ------------------------------------------------------------------------------


def test_a_third_criterion_keeps_more_on_the_front():
    memory = Metric("memory", goal="minimize")
    runs = [{**one, "metrics": {**one["metrics"], "memory": m}}
            for one, m in zip(FOUR, (4.0, 3.0, 1.0, 2.0), strict=True)]  # fmt: skip
    made = context(runs, metrics=(ACCURACY, TIME, memory))
    found = front_of(made, options("accuracy", "time", "memory"))
    assert sorted(names(found, found.front)) == ["large", "medium", "slow", "small"]
    assert found.steps == ()
    figure = reading.find(blocks_of(made, options("accuracy", "time", "memory")), Figure)[0]
    assert all(spot.token.startswith("ramp-") for spot in figure.data.spots)
    planes.svg_of(figure)


# ---- defaults ------------------------------------------------------------------------------------


def test_the_primary_metric_is_judged_against_the_first_operational_one():
    made = pareto.compute(context(FOUR), Options())
    assert [c.quantity.name for c in made.frontier.criteria] == ["accuracy", "time"]
    assert made.remarks == ("No metrics were named, so accuracy is judged against time.",)


def test_a_logged_cost_is_found_by_its_name_and_its_goal_is_a_guess_that_is_said():
    runs = [{**one, "metrics": {"accuracy": 0.5, "peak_memory": i}} for i, one in enumerate(FOUR)]
    made = pareto.compute(context(runs, metrics=(ACCURACY,)), Options())
    assert [c.quantity.name for c in made.frontier.criteria] == ["accuracy", "peak_memory"]
    assert "Less is taken as better for peak_memory, a guess by name." in made.remarks


def test_else_the_duration_is_the_cost():
    runs = [{**one, "metrics": {"accuracy": 0.5}} for one in FOUR]
    made = pareto.compute(context(runs, metrics=(ACCURACY,)), Options())
    assert made.frontier.criteria[1].quantity.name == "duration (s)"


@pytest.mark.parametrize(
    ("name", "cost"),
    [
        ("train_time", True),
        ("time", True),
        ("gpu.memory_mb", True),
        ("latency", True),
        ("model/size", True),
        ("accuracy", False),
        ("sometimes", False),
        ("loss", False),
    ],
)
def test_costs_are_known_by_their_names(name, cost):
    assert frontier.is_cost(name) is cost


def test_a_metric_without_a_goal_is_not_judged():
    made = context(FOUR, metrics=(Metric("accuracy"), TIME))
    (note,) = blocks_of(made)
    assert isinstance(note, Note)
    assert "No goal is declared for accuracy" in reading.said([note, *note.body])


@pytest.mark.parametrize("count", [1, 4])
def test_a_front_is_over_two_metrics_or_three(count):
    (note,) = blocks_of(context(FOUR), options(*["accuracy"] * count))
    assert isinstance(note, Note)


@pytest.mark.parametrize(
    ("total", "unit"), [(40, 1), (3, 1), (2.9, 0.1), (0.16, 0.01), (0.02, 0.001), (0, 1)]
)
def test_the_unit_of_a_price_is_a_power_of_ten_below_the_gain(total, unit):
    assert frontwords.unit_of(total) == unit


def test_what_is_recorded_are_points_and_steps():
    stated = pareto.record(pareto.compute(study_of(seeded(gap=0.1)), options("accuracy", "time")))
    assert [point["on_front"] for point in stated["points"]] == [True, True, False]
    assert stated["points"][2]["dominated_by"] == ["model=a", "model=b"]
    assert len(stated["steps"]) == 1


def test_hundreds_of_points_stay_readable_and_quick():
    rng = np.random.default_rng(0)
    runs = [run(f"m{i}", *row) for i, row in enumerate(rng.uniform(size=(500, 2)))]
    made = context(runs)
    (figure,) = reading.find(blocks_of(made), Figure)
    assert planes.svg_of(figure).count('class="rr-mark"') == 500
    costs = np.array([[-r["metrics"]["accuracy"], r["metrics"]["time"]] for r in runs])
    beaten = [((costs <= own).all(axis=1) & (costs < own).any(axis=1)).any() for own in costs]
    assert len(front_of(made).front) == beaten.count(False)


# ---- a search of a stranger ----------------------------------------------------------------------

STORE = ("wild", "mlflow_sqlite_hyperopt", "mlruns.db")


@needs_shared(*STORE)
@pytest.mark.parametrize("name", ["pareto", "contour", "heatmap", "slice", "matrix"])
def test_every_plane_builds_without_options_on_a_hundred_runs_of_a_search(name, tmp_path):
    path = tmp_path / "spec.yaml"
    path.write_text(
        "report: {title: A search}\n"
        f"sources: [{{mlflow: 'sqlite:///{SHARED.joinpath(*STORE)}'}}]\n"
        "groups: {by: all_but(random_state), replicates: params.random_state}\n"
        "metrics: {test_accuracy: {goal: maximize, primary: true}, "
        "training_log_loss: {goal: minimize}}\n"
        f"pages: [{{title: A page, sections: [{name}]}}]\n"
    )
    spec = load_spec(path, sections=SECTIONS, sources=SOURCES, environ={})
    made = understand(spec, read(spec, {}), History(tmp_path / "history"), {})
    section = SECTIONS[name]
    chosen = section.options()
    blocks = section.present(section.compute(made, chosen), chosen)
    figures = reading.find(blocks, Figure)
    assert figures
    for figure in figures:
        assert "<svg" in planes.svg_of(figure)
        if name != "matrix":
            assert planes.marked(figure) == planes.ids(made)
    if name == "pareto":
        assert "copies of one replicate" in reading.said(blocks)
