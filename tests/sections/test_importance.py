"""Importance on the page: what it says, what it refuses, what it counts."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from runreport.blocks import Figure, Note, Table
from runreport.design import Metric
from runreport.sections import importance
from runreport.sections.importance import Options
from tests import reading
from tests.landscapes import METRIC, landscape
from tests.sections.wild import built
from tests.shared import SHARED, needs_shared
from tests.studies import study

ACCURACY = Metric(METRIC, goal="maximize", primary=True)


def context(runs, metric=ACCURACY, **more):
    return study(runs, replicates="seed", metrics=[metric], **more)


def blocks_of(made, **options):
    chosen = Options(**options)
    return importance.present(importance.compute(made, chosen), chosen)


def said_of(made, **options):
    return reading.said(blocks_of(made, **options))


def recorded(made, **options):
    return importance.record(importance.compute(made, Options(**options)))


# ---- refusals ------------------------------------------------------------------------------------


def test_eight_configurations_are_refused_and_the_page_says_how_many_are_needed():
    made = context(landscape(1, 8).runs)
    blocks = blocks_of(made)
    note = next(block for block in blocks if isinstance(block, Note))
    assert note.title == "No importance of params for accuracy from these runs"
    said = reading.said([note])
    assert "8 different configurations have a value" in said
    assert "A forest needs 28 (20 at least, and 4 per param)" in said
    assert "20 more configurations would do; more seeds of the same ones would not." in said
    assert recorded(made)["fit"] is None
    # what stands without a forest
    assert "Rank correlation" in reading.said(blocks)


def test_more_seeds_of_few_configurations_are_still_few():
    made = context(landscape(1, 8, replicates=10).runs)
    assert "8 different configurations have a value" in said_of(made)
    assert recorded(made)["configurations"] == 8
    assert recorded(made)["runs"] == 80


def test_a_forest_that_predicts_nothing_calls_nothing_important():
    rng = np.random.default_rng(4)
    runs = [
        {"params": {"a": float(a), "b": float(b)}, "metrics": {METRIC: float(y)}}
        for a, b, y in zip(*rng.random((2, 30)), rng.normal(0, 1, 30), strict=True)
    ]
    said = said_of(context(runs))
    assert "predicts those it has not seen no better than their mean does: R²" in said
    assert "No param goes with accuracy beyond chance" in said
    assert "explain most" not in said


def test_without_scikit_learn_the_rank_correlations_stand(monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn.ensemble", None)
    blocks = blocks_of(context(landscape(1, 40).runs))
    said = reading.said(blocks)
    assert "scikit-learn is not installed" in said
    assert "pip install 'runreport[importance]' brings it" in said
    assert "rho" in said
    (chart,) = reading.find(blocks, Figure)
    assert chart.title == "How the params go with accuracy"


def test_no_metric_no_runs_and_no_differing_param_are_said():
    assert "declares no metric" in reading.said(blocks_of(study([])))
    assert "This report has no runs." in said_of(context([]))
    alike = [{"params": {"lr": 0.1, "seed": s}, "metrics": {METRIC: 0.5}} for s in range(4)]
    assert "No param differs between the 1 configuration" in said_of(context(alike))


# ---- what is said --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def searched():
    pytest.importorskip("sklearn", reason="needs scikit-learn")
    made = context(landscape(3, 70, replicates=2, noise=0.01, nuisance=True, failing=0.06).runs)
    data = importance.compute(made, Options())
    return made, data, importance.present(data, Options())


def test_the_param_that_matters_most_is_named_first_with_its_interval(searched):
    _, data, blocks = searched
    said = reading.said(blocks)
    assert "Of the variance of accuracy, these params explain most: lr " in said
    assert "95 % interval" in said
    assert data.axes[data.order[0]].name == "lr"


def test_configurations_are_counted_and_not_runs(searched):
    made, data, blocks = searched
    usable = [run for run in made.runs if METRIC in run.metrics]
    assert data.runs == len(usable)
    assert data.n == len({run.name.partition("-")[0] for run in usable})
    assert f"n = {data.n} configurations of {data.runs} runs" in reading.said(blocks)


def test_confounded_conditional_and_log_params_are_named(searched):
    said = reading.said(searched[2])
    assert "schedule stands for warmup too: they always moved together" in said
    assert "as optimizer decides" in said
    assert "On a log scale, as their values are spread: lr." in said


def test_names_folders_and_seeds_explain_nothing(searched):
    names = {axis.name for axis in searched[1].axes}
    assert names.isdisjoint({"seed", "run_name", "output_dir", "warmup"})
    assert "output_dir, run_name tell no configurations apart (a guess" in reading.said(searched[2])


def test_failed_runs_are_counted_in_the_open(searched):
    made, _, blocks = searched
    failed = sum(run.status == "failed" for run in made.runs)
    assert failed
    assert f"{failed} failed" in reading.said(blocks)


def test_every_bar_and_every_pair_has_its_interval(searched):
    _, data, blocks = searched
    chart = next(f for f in reading.find(blocks, Figure) if f.title.startswith("What the params"))
    assert chart.data.lines[0].name == "lr"
    assert all(line.low <= line.value <= line.high for line in chart.data.lines)
    assert chart.data.lines[0].low < chart.data.lines[0].high
    pairs = next(t for t in reading.find(blocks, Table) if t.export == "importance-pairs")
    assert all(cell.value is not None for row in pairs.rows for cell in row.cells)
    assert len(pairs.rows) == min(10, len(data.axes) * (len(data.axes) - 1) // 2)


def test_every_configuration_is_a_mark_of_its_runs_in_every_panel(searched):
    _, data, blocks = searched
    chart = next(f for f in reading.find(blocks, Figure) if "single params" in f.title)
    assert len(chart.data.run_ids) == data.n
    assert all(len(ids) == 2 for ids in chart.data.run_ids)
    assert all(panel.dots_x.size == data.n for panel in chart.data.panels)
    # no prediction beyond what was tried
    ranges = [panel.x[panel.x >= 0] for panel in chart.data.panels if panel.is_range]
    assert ranges
    assert all(x.min() > 0 and x.max() < 1 for x in ranges)


def test_a_few_diverged_runs_do_not_decide_what_is_important():
    pytest.importorskip("sklearn", reason="needs scikit-learn")
    runs = landscape(6, 60, noise=0.005).runs
    runs[7]["metrics"][METRIC] = -1e6
    made = context(runs)
    said = said_of(made)
    assert "1 configuration holds more than half of the variance, so ranks are explained" in said
    assert recorded(made)["params"][0]["param"] == "lr"
    assert recorded(made)["explained"] == "ranks"


def test_words_with_three_levels_have_an_unsigned_rank():
    made = context(landscape(2, 12).runs)
    row = next(item for item in recorded(made)["params"] if item["param"] == "optimizer")
    assert row["association"].name == "rank eta squared"
    assert not row["association"].signed


# ---- a real search -------------------------------------------------------------------------------


@needs_shared("wild", "mlflow_sqlite_hyperopt")
def test_a_hundred_runs_of_a_real_search_are_sixteen_configurations(tmp_path):
    said = built(
        tmp_path,
        SHARED / "wild" / "mlflow_sqlite_hyperopt" / "mlruns.db",
        "params.random_state",
        "test_accuracy: {goal: maximize, primary: true}",
        "importance",
    )
    assert "16 different configurations have a value, and 3 params differ" in said
    assert "needs 20" in said
    assert "n = 16 configurations of 100 runs" in said
    assert "solver rho" in said
