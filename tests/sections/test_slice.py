"""A metric against each param: how it goes with each, over configurations, and medians."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from runreport.blocks import Figure, Note
from runreport.design import Metric
from runreport.sections import slice as section
from runreport.sections.slice import Options
from tests import reading
from tests.sections import planes
from tests.studies import study

ACCURACY = Metric("accuracy", goal="maximize", primary=True)


def run(name, accuracy, status="finished", **params):
    metrics = {} if accuracy is None else {"accuracy": accuracy}
    return {"name": name, "params": params, "metrics": metrics, "status": status}


def search(n, seed=0):
    rng = np.random.default_rng(seed)
    runs = []
    for i in range(n):
        lr, width, opt = (
            10 ** rng.uniform(-5, -1),
            int(rng.choice([8, 16, 32])),
            rng.choice(["a", "b"]),
        )
        value = 0.1 * math.log10(lr) + 0.01 * width + (0.2 if opt == "b" else 0) + rng.normal() / 20
        runs.append(run(f"r{i}", value, lr=lr, width=width, opt=opt))
    return runs


def data_of(made, **options):
    return section.compute(made, Options(**options))


def blocks_of(made, **options):
    chosen = Options(**options)
    return section.present(section.compute(made, chosen), chosen)


def figure_of(made, **options):
    (figure,) = reading.find(blocks_of(made, **options), Figure)
    return figure


def context(runs, **more):
    return study(runs, metrics=[ACCURACY], **more)


def test_each_number_has_scipys_rank_correlation():
    runs = search(40)
    made = data_of(context(runs))
    found = {cut.axis.quantity.name: cut for cut in made.cuts}
    for name in ("lr", "width"):
        expected = stats.spearmanr(
            [one["params"][name] for one in runs], [one["metrics"]["accuracy"] for one in runs]
        )
        assert found[name].correlation.value == pytest.approx(expected.statistic)
        assert found[name].configurations == 40
    assert found["opt"].correlation is None
    assert found["opt"].share > 0


def test_replicates_of_one_configuration_count_once():
    """Ten seeds of four settings are four configurations, however many runs there are."""
    rng = np.random.default_rng(0)
    runs = [
        run(f"r{lr}-{seed}", lr + rng.normal() / 10, lr=lr, seed=seed)
        for lr in (1, 2, 3, 4) for seed in range(10)
    ]  # fmt: skip
    (cut,) = data_of(context(runs, replicates="seed")).cuts
    assert cut.configurations == 4
    assert cut.correlation.n == 4


def test_failed_runs_are_hollow_and_enter_nothing():
    runs = [*search(30), run("dead", -50.0, status="failed", lr=0.01, width=8, opt="a")]
    made = context(runs)
    (cut, *_) = data_of(made).cuts
    assert cut.configurations == 30
    figure = figure_of(made)
    assert [sum(pane.hollow) for pane in figure.data.panes] == [1, 1, 1]
    assert "Hollow marks are runs that did not finish." in reading.said([figure])


def test_every_panel_marks_every_run_with_a_place():
    runs = [*search(20), run("half", 0.5, lr=0.01)]
    made = context(runs)
    figure = figure_of(made)
    counts = {pane.title: len(pane.run_ids) for pane in figure.data.panes}
    assert counts == {"lr": 21, "width": 20, "opt": 20}
    assert planes.marked(figure) == planes.ids(made)
    assert planes.svg_of(figure).count('class="rr-mark"') == 61
    assert "Without a place: width in 1 run, opt in 1 run." in reading.said([figure]) or (
        "Without a place: opt in 1 run, width in 1 run." in reading.said([figure])
    )


def test_numbers_that_spread_are_placed_by_log10():
    runs = search(20)
    panes = {pane.title: pane for pane in figure_of(context(runs)).data.panes}
    expected = [math.log10(one["params"]["lr"]) for one in runs]
    assert panes["lr"].points[:, 0] == pytest.approx(expected)
    assert panes["width"].points[:, 0] == pytest.approx([o["params"]["width"] for o in runs])


def test_the_running_median_is_that_of_its_window():
    runs = search(80)
    cut = next(c for c in data_of(context(runs)).cuts if c.axis.quantity.name == "lr")
    assert cut.window == 11
    pairs = sorted((math.log10(o["params"]["lr"]), o["metrics"]["accuracy"]) for o in runs)
    expected = [
        (np.median([x for x, _ in pairs[i : i + 11]]), np.median([y for _, y in pairs[i : i + 11]]))
        for i in range(70)
    ]
    assert cut.line == pytest.approx(np.array(expected))


def test_few_runs_have_no_running_median():
    cut = next(c for c in data_of(context(search(20))).cuts if c.axis.quantity.name == "lr")
    assert cut.line.size == 0


def test_words_and_few_numbers_have_a_median_each_where_three_runs_share_it():
    values = [(1, "a"), (2, "a"), (9, "a"), (5, "b"), (6, "b")]
    runs = [run(f"r{i}", value, opt=opt) for i, (value, opt) in enumerate(values)]
    cut = next(c for c in data_of(context(runs)).cuts if c.axis.quantity.name == "opt")
    assert cut.line.tolist() == [[0, 2]]


def test_the_params_that_go_with_the_metric_most_come_first_unless_the_author_orders_them():
    rng = np.random.default_rng(0)
    runs = [run(f"r{i}", a + b / 10, a=int(c), weak=int(b), strong=int(a))
            for i, (a, b, c) in enumerate(rng.integers(0, 4, (60, 3)))]  # fmt: skip
    names = [cut.axis.quantity.name for cut in data_of(context(runs)).cuts]
    assert names[0] == "strong"
    ordered = data_of(context(runs), params=("weak", "a"))
    assert [cut.axis.quantity.name for cut in ordered.cuts] == ["weak", "a"]
    said = reading.said(blocks_of(context(runs), params=("weak", "a")))
    assert "comes first" not in said


def test_seeds_names_and_paths_are_no_params_to_look_at():
    runs = [
        {**one, "params": {**one["params"], "seed": i, "output_dir": f"out/{i}", "tag": f"w{i}x"}}
        for i, one in enumerate(search(30))
    ]
    names = {cut.axis.quantity.name for cut in data_of(context(runs, replicates="seed")).cuts}
    assert names == {"lr", "width", "opt"}


def test_more_params_than_panels_are_named():
    said = reading.said(blocks_of(context(search(30)), panels=2))
    assert "No room for 1 further param: " in said


def test_the_best_run_is_ringed_and_equals_are_counted():
    runs = [*search(10), run("top", 5.0, lr=0.01, width=8, opt="a"),
            run("twin", 5.0, lr=0.02, width=16, opt="b")]  # fmt: skip
    figure = figure_of(context(runs))
    pane = figure.data.panes[0]
    assert pane.tips[pane.best].startswith("top")
    assert "Ringed: the first of 2 runs with the best value, 5." in reading.said([figure])


def test_values_that_cannot_be_drawn_are_named():
    runs = [*search(10), run("nan", math.nan, lr=0.01, width=8, opt="a")]
    assert "Not shown: nan (accuracy is NaN)." in reading.said(blocks_of(context(runs)))


def test_nothing_differs_is_a_note():
    (note,) = blocks_of(context([run("a", 1, lr=1), run("b", 2, lr=1.0)]))
    assert isinstance(note, Note)
    assert "No param differs" in reading.said([note, *note.body])


def test_five_hundred_runs_are_drawn_in_one_page_worth_of_bytes():
    figure = figure_of(context(search(500)))
    svg = planes.svg_of(figure)
    assert svg.count('class="rr-mark"') == 1500
    assert len(svg.encode()) < 700_000


def test_a_run_without_a_value_does_not_stretch_an_axis():
    runs = [*search(20), run("diverged", math.nan, lr=3000, width=8, opt="a")]
    (pane,) = [p for p in figure_of(context(runs)).data.panes if p.title == "lr"]
    assert pane.coordinate.scale.high < 1
    assert len(pane.run_ids) == 20
