"""What one change came to: over contexts, by replicates, and under every kind of design."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import scipy.stats

from runreport.design import Margin, Metric
from runreport.samples import Value
from tests import reading
from tests.landscapes import METRIC, landscape
from tests.sections.test_ablation import (
    FIVE,
    blocks_of,
    data_of,
    found,
    grid_of,
    noisy,
    run,
    said_of,
)
from tests.studies import study

ACCURACY = Metric(METRIC, goal="maximize", primary=True)
LOSS = Metric("loss", goal="minimize", primary=True)


def test_single_runs_are_judged_over_contexts_by_a_paired_test():
    context = study(grid_of(noisy, **FIVE), metrics=[LOSS])
    item = found(data_of(context))["depth 1 → 2"]
    before, after = (
        [noisy({"depth": d, "lr": lr, "width": w}, 1) for lr in FIVE["lr"] for w in FIVE["width"]]
        for d in (1, 2)
    )
    expected_t = scipy.stats.ttest_rel(after, before)
    assert item.result.n == (6, 6)
    assert item.result.unit_of_replication == "context"
    assert item.result.p_value == pytest.approx(expected_t.pvalue)
    interval = expected_t.confidence_interval(0.95)
    assert (item.result.interval.low, item.result.interval.high) == pytest.approx(tuple(interval))
    assert item.result.verdict == "better"


def test_no_pair_of_single_runs_gets_a_p_value():
    runs = grid_of(noisy, depth=(1, 2), lr=(0.1, 0.2), width=(8,))
    context = study(runs, metrics=[LOSS])
    data = data_of(context)
    assert len(data.verdicts.judged) == 4, "each change in two contexts, one row each"
    assert {item.result.verdict for item in data.verdicts.judged} == {"no_inference"}
    assert all(item.result.p_value is None for item in data.verdicts.judged)
    said = said_of(context)
    assert "there is no p-value for any of them" in said
    assert "p = " not in said


def test_a_pair_with_replicates_is_judged_by_its_paired_seeds():
    runs = grid_of(noisy, seeds=range(1, 6), depth=(1, 2), lr=(0.1,), width=(8,))
    context = study(runs, by=["depth"], replicates="seed", pair_by="seed", metrics=[LOSS])
    item = found(data_of(context))["depth 1 → 2"]
    before, after = (
        [noisy({"depth": d, "lr": 0.1, "width": 8}, seed) for seed in range(1, 6)] for d in (1, 2)
    )
    assert item.result.paired
    assert item.result.p_value == pytest.approx(scipy.stats.ttest_rel(after, before).pvalue)
    assert item.result.unit_of_replication == "seed"


def test_a_pair_with_replicates_that_are_not_paired_is_judged_by_welch():
    runs = grid_of(noisy, seeds=range(1, 6), depth=(1, 2), lr=(0.1,), width=(8,))
    item = found(data_of(study(runs, by=["depth"], replicates="seed", metrics=[LOSS])))[
        "depth 1 → 2"
    ]
    before, after = (
        [noisy({"depth": d, "lr": 0.1, "width": 8}, seed) for seed in range(1, 6)] for d in (1, 2)
    )
    expected_p = scipy.stats.ttest_ind(after, before, equal_var=False).pvalue
    assert item.result.p_value == pytest.approx(expected_p)


def test_the_margin_makes_a_small_change_equivalent_or_negligible():
    runs = grid_of(noisy, **FIVE)
    wide = Metric("loss", goal="minimize", primary=True, margin=Margin(0.5))
    assert found(data_of(study(runs, metrics=[wide])))["depth 1 → 2"].result.verdict == "negligible"
    assert (
        found(data_of(study(runs, metrics=[wide])))["width 8 → 16"].result.verdict == "equivalent"
    )


def test_every_test_of_the_section_is_one_family():
    """Depth in 6 contexts, width in 6, three changes of lr in 4: five tests."""
    data = data_of(study(grid_of(noisy, **FIVE), metrics=[LOSS]))
    assert [item.result.family for item in data.verdicts.judged] == [5] * 5
    smallest = min(item.result.p_value for item in data.verdicts.judged)
    (top,) = [item for item in data.verdicts.judged if item.result.p_value == smallest]
    assert top.result.p_adjusted == pytest.approx(5 * smallest)


def test_replicates_tell_how_much_contexts_may_differ():
    runs = grid_of(noisy, seeds=range(1, 5), **FIVE)
    context = study(runs, by=["depth"], replicates="seed", pair_by="seed", metrics=[LOSS])
    item = found(data_of(context))["depth 1 → 2"]
    # sd 0.02 on both sides, mean of four pairs
    assert item.noise.deviation == pytest.approx(0.02 * math.sqrt(2 / 4), rel=0.35)
    assert item.noise.df == 6 * 3


def test_more_values_than_a_few_are_compared_with_their_neighbours_and_the_start():
    runs = [run(float(i), width=2**i, depth=d) for i in range(7) for d in (1, 2, 3)]
    context = study(
        runs, by=["width", "depth"], baseline={"width": "8", "depth": "1"}, metrics=[LOSS]
    )
    names = {n for n in found(data_of(context)) if n.startswith("width")}
    neighbours = {f"width {a} → {b}" for a, b in ((1, 2), (2, 4), (16, 32), (32, 64))}
    start = {f"width 8 → {w}" for w in (1, 2, 4, 16, 32, 64)}
    assert names == neighbours | start


# ---- other designs -------------------------------------------------------------------------------


def test_folds_of_one_data_set_are_tested_as_folds():
    """One pair over ten paired folds: the corrected resampled t-test, by hand."""
    rng = np.random.default_rng(12)
    values = rng.normal(size=(2, 10))
    runs = [run(values[d, f], depth=d, fold=f) for d in range(2) for f in range(10)]
    context = study(runs, by=["depth"], replicates="fold", pair_by="fold", metrics=[LOSS])
    (item,) = data_of(context).verdicts.judged
    differences = values[1] - values[0]
    error = differences.std(ddof=1) * math.sqrt(1 / 10 + 1 / 9)
    t = differences.mean() / error
    assert item.result.unit_of_replication == "fold"
    assert item.result.p_value == pytest.approx(2 * scipy.stats.t.sf(abs(t), 9))


def test_items_of_a_test_set_speak_of_two_trained_models():
    right = {"a": [1] * 30 + [0] * 10, "b": [1] * 20 + [0] * 15 + [1] * 5}
    runs = [run(right[m][i], model=m, item=i) for m in "ab" for i in range(40)]
    context = study(runs, by=["model"], items="item", metrics=[Metric("loss", goal="maximize")])
    (item,) = data_of(context).verdicts.judged
    # 10 items that only a has right against 5 that only b has: exact binomial
    assert item.result.p_value == pytest.approx(scipy.stats.binomtest(5, 15).pvalue)
    assert item.result.kind == "items"


def test_areas_of_the_same_items_are_differences_of_areas():
    """What an item is tells no configurations apart; the difference is of AUCs, not of scores."""
    rng = np.random.default_rng(14)
    label = np.repeat([0, 1], 20)
    scores = {m: label * shift + rng.normal(size=40) for m, shift in (("a", 0.5), ("b", 1.5))}
    runs = [
        run(scores[m][i], "score", model=m, item=i, label=label[i]) for m in "ab" for i in range(40)
    ]
    metric = Metric("score", goal="maximize", statistic="auc", truth="label", primary=True)
    context = study(runs, by=["model"], items="item", metrics=[metric])

    def value_of(own, asked):
        known = own.params["label"].number if asked.name != "score" else own.metrics["score"].last
        return Value.of(known)

    (item,) = data_of(replace(context, value_of=value_of)).verdicts.judged
    areas = {
        m: scipy.stats.mannwhitneyu(scores[m][20:], scores[m][:20]).statistic / 400 for m in "ab"
    }
    assert item.difference == pytest.approx(areas["b"] - areas["a"])
    assert item.couples[0].difference == pytest.approx(areas["b"] - areas["a"])
    assert item.result.short == "DeLong"


def test_configurations_are_compared_across_data_sets():
    rng = np.random.default_rng(13)
    values = {m: rng.normal(size=8) for m in "ab"}
    runs = [
        run(values[m][i], model=m, task=f"t{i}", rows=100 + i % 5) for m in "ab" for i in range(8)
    ]
    context = study(runs, by=["model"], across="task", metrics=[LOSS])
    (item,) = data_of(context).verdicts.judged
    expected_p = scipy.stats.wilcoxon(values["b"], values["a"]).pvalue
    assert item.result.p_value == pytest.approx(expected_p)
    assert item.result.unit_of_replication == "task"


def test_without_a_goal_nothing_is_called_better():
    context = study(grid_of(noisy, **FIVE), metrics=[Metric("loss", primary=True)])
    item = found(data_of(context))["depth 1 → 2"]
    assert item.result.verdict == "differs"
    assert "neither is called better" in said_of(context)


def test_no_metric_and_no_runs_are_said():
    assert "declares no metric" in "\n".join(reading.texts(blocks_of(study([run(1.0, x=1)]))))
    assert "No runs are selected" in "\n".join(reading.texts(blocks_of(study([], metrics=[LOSS]))))
    same = study([run(1.0, x=1), run(2.0, x=1)], metrics=[LOSS])
    assert "no param that differs" in "\n".join(reading.texts(blocks_of(same)))


def test_the_order_of_runs_changes_nothing_but_their_numbers():
    runs = landscape(10, 60, kind="grid").runs
    one = {
        n: (i.difference, i.result.p_value)
        for n, i in found(data_of(study(runs, metrics=[ACCURACY]))).items()
    }
    turned = found(data_of(study(runs[::-1], metrics=[ACCURACY])))
    assert one.keys() == turned.keys()
    for name, (difference, p) in one.items():
        assert turned[name].difference == pytest.approx(difference)
        assert turned[name].result.p_value == pytest.approx(p)


def test_every_change_of_five_hundred_runs_and_forty_params_is_found():
    """Every param changed alone a dozen times from one configuration."""
    start = {f"p{i:02d}": 0 for i in range(40)}
    steps = [{**start, f"p{i % 40:02d}": 1 + i // 40} for i in range(499)]
    runs = [run(float(i % 11), **params) for i, params in enumerate([start, *steps])]
    data = data_of(study(runs, by=list(start), metrics=[LOSS]))
    from_start = [c for c in data.changes if c.couples[0].first == 0]
    assert len(from_start) == 499
    assert data.start == 0
    # of 499 values 19 params have 13 and one more has 12 besides 0: all of a param are neighbours
    sizes = [sum(i % 40 == p for i in range(499)) for p in range(40)]
    assert data.seen.count == sum(size * (size + 1) // 2 for size in sizes)


def test_a_long_sweep_is_seen_from_the_baseline_and_between_neighbours():
    runs = [run(float(i % 7), width=i, kind="a") for i in range(300)]
    context = study(runs, by=["width"], baseline={"width": "100"}, metrics=[LOSS])
    data = data_of(context)
    assert len(data.verdicts.steps) == 299
    # 299 from the start and 299 neighbours, two of which are the start's own
    assert data.seen.count == 299 + 299 - 2
    assert data.seen.unseen == 300 * 299 // 2 - data.seen.count
    assert "further pairs of the same params are not looked at" in said_of(context)
