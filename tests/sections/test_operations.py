"""What running took: sums by hand, ratios against scipy, and what is guessed from names."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.multitest import multipletests

from runreport.blocks import Figure, Note, Table
from runreport.design import Metric
from runreport.sections import operations
from runreport.sections.operational import guess
from runreport.sections.operations import Options, Price
from tests import reading
from tests.studies import study

ACCURACY = Metric("accuracy", goal="maximize", primary=True)
TIME = Metric("train_time", goal="minimize", unit="s", role="operational")
TIMES = {
    "base": [100.0, 110.0, 95.0, 105.0, 102.0],
    "big": [210.0, 200.0, 205.0, 220.0, 190.0],
    "small": [60.0, 58.0, 61.0, 55.0, 63.0],
}
SCORES = {
    "base": [0.80, 0.81, 0.79, 0.80, 0.82],
    "big": [0.90, 0.91, 0.88, 0.90, 0.92],
    "small": [0.70, 0.72, 0.71, 0.69, 0.73],
}
EACH = 90.0
"""Seconds that every run of a study lasts."""


def runs_of(times=None, **metrics):
    return [
        {
            "name": f"{model}-{seed}",
            "params": {"model": model, "seed": seed},
            "metrics": {"accuracy": SCORES[model][seed], "train_time": value, **metrics},
        }
        for model, found in (times or TIMES).items()
        for seed, value in enumerate(found)
    ]


def context_of(runs=None, **more):
    given = {
        "metrics": (ACCURACY, TIME), "replicates": "seed", "pair_by": "seed",
        "baseline": {"model": "base"}, **more,
    }  # fmt: skip
    return study(runs_of() if runs is None else runs, by=["model"], **given)


def computed(context, **options):
    chosen = Options(**options)
    data = operations.compute(context, chosen)
    return data, operations.present(data, chosen)


def total(data, name):
    (found,) = [spent for spent in data.spent if spent.measure.name == name]
    return found


# ---- sums ----------------------------------------------------------------------------------------


def test_durations_are_summed_with_failed_diverged_and_excluded_runs():
    runs = runs_of()
    runs[1]["status"] = "failed"
    runs[2]["status"] = "killed"
    runs[3]["metrics"]["accuracy"] = math.nan
    runs[4]["status"] = "running"
    runs[14]["status"] = "failed"
    data, blocks = computed(context_of(runs, excluded=[(13, "too old"), (14, "failed")]))
    found = total(data, "duration")
    counts = {name: part.runs for name, part in found.by_outcome.items()}
    assert counts == {
        "finished": 9, "diverged": 1, "failed": 2, "running": 1, "left out": 1,
        "left out failed": 1,
    }  # fmt: skip
    assert found.total == pytest.approx(15 * EACH)
    assert found.lost == pytest.approx(4 * EACH)
    said = reading.said(blocks)
    assert "15 runs took 22 min 30 s" in said
    assert "4 runs failed or diverged and took 6 min, 27 % of it." in said
    assert "Runs that the selection left out took 3 min more." in said
    stated = operations.record(data)["totals"][0]
    assert stated["total"] == pytest.approx(15 * EACH)
    assert stated["failed_or_diverged"] == pytest.approx(4 * EACH)


def test_nothing_failed_is_said_too():
    _, blocks = computed(context_of())
    assert "None of them failed or diverged." in reading.said(blocks)


def test_a_parent_does_not_count_the_time_of_its_children_again():
    runs = runs_of()
    runs.append({"id": "parent", "params": {"model": "base", "seed": 9}})
    for run in runs[:5]:
        run["parent_id"] = "parent"
    data, blocks = computed(context_of(runs))
    assert total(data, "duration").total == pytest.approx(15 * EACH)
    assert "1 parent run is not counted" in reading.said(blocks)


def test_a_price_turns_hours_into_money():
    data, blocks = computed(context_of(), price=Price(2.5, "EUR"))
    assert total(data, "cost").total == pytest.approx(15 * EACH / 3600 * 2.5)
    assert "0.94" in reading.said(blocks)


def test_devices_multiply_hours_and_their_price():
    runs = runs_of()
    for place, run in enumerate(runs):
        run["params"]["gpus"] = 1 + place % 4
    data, _ = computed(context_of(runs), price=Price(3, "EUR"), devices="gpus", time="train_time")
    hours = sum(
        run["metrics"]["train_time"] / 3600 * (1 + place % 4) for place, run in enumerate(runs)
    )
    assert total(data, "device hours").total == pytest.approx(hours)
    assert total(data, "cost").total == pytest.approx(3 * hours)
    assert data.spent[0].measure.name == "train_time"


def test_the_time_of_an_evaluation_is_not_that_of_each_of_its_items():
    made = context_of()
    first = made.runs[0]
    runs = tuple(replace(run, started=first.started, ended=first.ended) for run in made.runs)
    same = {run.id: run for run in runs}
    groups = tuple(replace(g, runs=tuple(same[r.id] for r in g.runs)) for g in made.groups)
    data, blocks = computed(replace(made, runs=runs, groups=groups))
    assert [measure.name for measure in data.found.shown] == ["train_time"]
    assert "Durations are of several runs together" in reading.said(blocks)
    assert data.spent[0].total == pytest.approx(sum(sum(own) for own in TIMES.values()))


def test_runs_without_a_value_make_a_sum_a_lower_bound():
    runs = runs_of()
    del runs[0]["metrics"]["train_time"]
    data, blocks = computed(context_of(runs), time="train_time")
    found = total(data, "train_time")
    assert found.total == pytest.approx(sum(sum(own) for own in TIMES.values()) - 100)
    assert found.unknown == 1
    assert "took at least" in reading.said(blocks)


def test_time_without_a_unit_is_not_priced():
    runs = [{"params": {"model": "a", "seed": s}, "metrics": {"my_time": 1.0}} for s in range(3)]
    context = study(runs, by=["model"], replicates="seed")
    data, blocks = computed(context, price=Price(1), time="my_time")
    assert data.found.money is None
    assert "Nothing is priced" in reading.said(blocks)


def test_a_run_that_took_far_longer_than_its_group_is_named_and_kept():
    times = {**TIMES, "base": [*TIMES["base"], 5000.0]}
    runs = runs_of({**times, "base": times["base"][:5]})
    runs.append({**runs[0], "name": "stalled", "params": {"model": "base", "seed": 5},
                 "metrics": {"accuracy": 0.8, "train_time": 5000.0}})  # fmt: skip
    data, blocks = computed(context_of(runs), time="train_time")
    said = reading.said(blocks)
    assert "Far from the rest of their group in train_time: stalled (1 h 23 min)." in said
    assert 5000.0 in data.samples[1][0].values.tolist()


def test_money_without_a_currency_says_what_it_is():
    _, blocks = computed(context_of(), price=Price(4))
    assert "15 runs took 22 min 30 s and 1.5 in cost" in reading.said(blocks)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.sampled_from(["finished", "failed", "killed", "running"]), min_size=15,
                max_size=15))  # fmt: skip
def test_every_run_is_in_exactly_one_outcome(statuses):
    runs = runs_of()
    for run, status in zip(runs, statuses, strict=True):
        run["status"] = status
    data, _ = computed(context_of(runs))
    found = total(data, "duration")
    assert sum(part.runs for part in found.by_outcome.values()) == 15
    assert found.lost == pytest.approx(EACH * sum(s in ("failed", "killed") for s in statuses))
    by_group = sum(p.total for _, parts in found.by_group for p in parts.values())
    assert by_group == pytest.approx(found.total)


# ---- ratios --------------------------------------------------------------------------------------


def test_ratios_are_those_of_paired_t_on_logs_corrected_together():
    data, _ = computed(context_of(method="paired_t"))
    found = data.efficiency
    logs = {model: np.log(own) for model, own in TIMES.items()}
    yields = {model: np.log(SCORES[model]) - logs[model] for model in TIMES}
    tests = [
        *(stats.ttest_rel(logs[m], logs["base"]) for m in ("big", "small")),
        *(stats.ttest_rel(yields[m], yields["base"]) for m in ("big", "small")),
    ]
    adjusted = multipletests([test.pvalue for test in tests], method="holm")[1]
    every = [*found.costs, *found.yields]
    assert found.family == 4
    for own, test, p in zip(every, tests, adjusted, strict=True):
        assert own.result.p_value == pytest.approx(test.pvalue)
        assert own.result.p_adjusted == pytest.approx(p)
        assert own.interval.low < own.value < own.interval.high
    expected = np.exp((logs["big"] - logs["base"]).mean())
    assert found.costs[0].value == pytest.approx(expected)
    per = np.exp((yields["big"] - yields["base"]).mean())
    assert found.yields[0].value == pytest.approx(per)


def test_an_interval_of_a_ratio_is_one_of_the_difference_of_logs():
    """Unpaired, one comparison of costs alone: Welch's interval on logs, by scipy."""
    times = {"base": TIMES["base"], "big": TIMES["big"]}
    loss = Metric("accuracy", goal="minimize", primary=True)
    context = context_of(runs_of(times), metrics=(loss, TIME), pair_by=None)
    data, blocks = computed(context)
    (own,) = data.efficiency.costs
    ends = stats.ttest_ind(
        np.log(times["big"]), np.log(times["base"]), equal_var=False
    ).confidence_interval(0.95)
    assert (own.interval.low, own.interval.high) == pytest.approx(
        (math.exp(ends.low), math.exp(ends.high))
    )
    assert data.efficiency.yields == ()
    assert "accuracy is not maximized" in reading.said(blocks)


factors = st.lists(st.floats(0.1, 10), min_size=5, max_size=5)


@settings(max_examples=25, deadline=None)
@given(factors, factors)
def test_swapping_baseline_and_candidate_inverts_the_ratio(one, other):
    times = {"base": one, "big": other}
    there = computed(context_of(runs_of(times)))[0].efficiency.costs[0]
    back = computed(context_of(runs_of(times), baseline={"model": "big"}))[0].efficiency.costs[0]
    assert there.value == pytest.approx(1 / back.value)
    assert (there.interval is None) == (back.interval is None)
    if there.interval is not None:
        assert there.interval.low == pytest.approx(1 / back.interval.high)


def test_one_run_each_has_a_ratio_and_no_interval():
    times = {model: own[:1] for model, own in TIMES.items()}
    data, blocks = computed(context_of(runs_of(times)))
    assert data.efficiency.costs[0].value == pytest.approx(2.1)
    assert data.efficiency.costs[0].interval is None
    assert data.efficiency.family == 0
    said = reading.said(blocks)
    assert "takes 2.1 times the train_time" in said
    assert "interval" not in said.split("Diamonds")[0].replace("no interval", "")


def test_without_a_baseline_nothing_is_compared():
    data, blocks = computed(context_of(baseline=None))
    assert data.efficiency is None
    captions = [table.caption for table in reading.find(blocks, Table)]
    assert not any(caption.startswith("Against") for caption in captions)


def test_other_hardware_is_said():
    runs = runs_of()
    for run in runs:
        gpu = "H100" if run["params"]["model"] == "big" else "T4"
        run["lineage"] = [("hardware", "gpu", gpu, None, None, None)]
    _, blocks = computed(context_of(runs))
    said = reading.said(blocks)
    assert "model=big did not run on the same hardware as model=base" in said
    assert "model=small did not" not in said


def test_runs_that_took_nothing_have_no_ratio():
    times = {**TIMES, "big": [0.0, *TIMES["big"][1:]]}
    data, blocks = computed(context_of(runs_of(times)))
    assert data.efficiency.costs[0].result.n == (4, 4)
    assert "1 run with train_time of 0 or less has no ratio" in reading.said(blocks)


# ---- means and what is measured ------------------------------------------------------------------


def test_means_and_intervals_agree_with_scipy():
    data, blocks = computed(context_of())
    (table,) = [t for t in reading.find(blocks, Table) if t.caption.startswith("What runs took")]
    families = [column.family for column in table.columns]
    place = families.index("train_time")
    for row, own in zip(table.rows, TIMES.values(), strict=True):
        mean, half, n = (row.cells[place + step].value for step in range(3))
        low, high = stats.t.interval(0.95, 4, np.mean(own), stats.sem(own))
        assert (mean, half, n) == (pytest.approx(np.mean(own)), pytest.approx((high - low) / 2), 5)
    means = {g["group"]: g["mean"] for m in operations.record(data)["measures"]
             if m["name"] == "train_time" for g in m["groups"]}  # fmt: skip
    assert means["model=big"] == pytest.approx(205)


def test_failed_runs_are_in_no_mean():
    runs = runs_of()
    runs[0]["status"] = "failed"
    data, _ = computed(context_of(runs))
    place = [measure.name for measure in data.found.shown].index("train_time")
    assert data.samples[place][0].values.tolist() == TIMES["base"][1:]


@pytest.mark.parametrize(
    ("name", "kind", "unit", "adds_up"),
    [
        ("train_time", "time", "", True),
        ("train_runtime", "time", "s", True),
        ("duration_s", "time", "s", True),
        ("time/total_hours", "time", "h", True),
        ("epoch_time", "time", "", False),
        ("train_samples_per_second", "throughput", "samples/s", False),
        ("fps", "throughput", "frames/s", False),
        ("it/s", "throughput", "it/s", False),
        ("inference_time_ms", "latency", "ms", False),
        ("latency_p95_ms", "latency", "ms", False),
        ("sec_per_step", "latency", "s", False),
        ("max_memory_gb", "memory", "GB", False),
        ("system/gpu_0_memory_usage_megabytes", "memory", "MB", False),
        ("system/gpu_0_power_usage_watts", "power", "W", False),
        ("system/gpu_0_utilization_percentage", "utilisation", "%", False),
        ("system/network_receive_megabytes", "other", "", False),
        ("energy_kwh", "energy", "kWh", True),
        ("emissions", "emissions", "", True),
        ("cost_usd", "cost", "USD", True),
        ("gpu_hours", "device hours", "h", True),
        ("num_params", "size", "", False),
    ],
)
def test_names_tell_what_is_operational(name, kind, unit, adds_up):
    found = guess(name)
    assert (found.kind, found.unit, found.adds_up) == (kind, unit, adds_up)


@pytest.mark.parametrize(
    "name",
    ["val_loss", "val_accuracy", "cost", "power", "timestamp", "_timestamp", "total_timesteps",
     "time_steps", "epoch", "real_time_factor", "memory_bank_loss", "val/min", "step", "iou_s",
     "time" * 60],
)  # fmt: skip
def test_what_a_model_is_good_at_is_no_cost(name):
    assert guess(name) is None


def test_guesses_are_said_and_declared_metrics_are_none():
    data, blocks = computed(context_of(runs_of(max_memory_gb=3.5, samples_per_second=80.0)))
    origins = {measure.name: measure.origin for measure in data.found.shown}
    assert origins == {
        "duration": "tables", "train_time": "declared", "max_memory_gb": "guessed",
        "samples_per_second": "guessed",
    }  # fmt: skip
    said = reading.said(blocks)
    assert "Guessed to be operational from names: max_memory_gb, samples_per_second." in said


def test_memory_that_was_logged_step_by_step_counts_at_its_peak():
    runs = runs_of(gpu_memory_mb=[100.0, 900.0, 300.0])
    data, blocks = computed(context_of(runs))
    (measure,) = [m for m in data.found.shown if m.kind == "memory"]
    assert {value.number for value in measure.values.values()} == {900.0}
    assert "the highest value of each run" in reading.said(blocks)


def test_time_that_was_logged_step_by_step_is_not_added_up():
    runs = runs_of(wait_time_s=[1.0, 2.0, 3.0])
    data, _ = computed(context_of(runs))
    assert "wait_time_s" in [measure.name for measure in data.found.shown]
    assert [spent.measure.name for spent in data.spent] == ["duration"]


def test_named_metrics_alone_are_shown():
    runs = runs_of(max_memory_gb=3.5, samples_per_second=80.0)
    data, _ = computed(context_of(runs), metrics=("samples_per_second",))
    assert [m.name for m in data.found.shown] == ["duration", "samples_per_second"]


def test_the_points_of_undeclared_named_metrics_are_asked_for():
    design = context_of().design
    found = operations.needs(Options(metrics=("train_time", "gpu_memory")), design)
    assert found.histories == {"gpu_memory"}
    assert found.summaries
    assert not operations.needs(Options(), design).histories


def test_measures_that_are_not_shown_are_named():
    more = {f"system/gpu_{n}_power_watts": float(n) for n in range(12)}
    data, blocks = computed(context_of(runs_of(**more)))
    assert len(data.found.shown) == 8
    assert "Not shown: system/gpu_" in reading.said(blocks)


def test_the_best_group_is_the_leader_of_the_quality():
    data, _ = computed(context_of())
    assert data.best.label == "model=big"


# ---- charts --------------------------------------------------------------------------------------


def test_panels_hold_every_group_and_run():
    context = context_of()
    _, blocks = computed(context)
    panels = reading.find(blocks, Figure)[0].data
    assert [panel.labels[0].split()[0] for panel in panels.panels] == ["accuracy", "train_time"]
    for panel in panels.panels:
        assert sorted(dot[2] for dot in panel.dots) == sorted(run.id for run in context.runs)
    assert panels.panels[1].means == pytest.approx([np.mean(own) for own in TIMES.values()])
    assert panels.bold == (True, False, False)


def test_bars_end_where_the_sum_of_a_group_is():
    runs = runs_of()
    runs[0]["status"] = "failed"
    _, blocks = computed(context_of(runs))
    chart = reading.find(blocks, Figure)[1]
    assert [end for end, _ in chart.data.ends] == pytest.approx([5 * EACH] * 3)
    (failed,) = [bar for bar in chart.data.bars if bar.token == "bad"]
    assert (failed.start, failed.end) == pytest.approx((4 * EACH, 5 * EACH))
    assert [entry.label for entry in chart.legend] == ["Finished", "Failed or killed"]


def test_what_is_not_drawn_is_said():
    _, blocks = computed(context_of(), limit=2)
    notes = [reading.words(figure.note) for figure in reading.find(blocks, Figure)]
    assert all("The first 2 of 3 groups are drawn." in note for note in notes)


def test_without_runs_a_note_says_so():
    _, (note,) = computed(study([]))
    assert isinstance(note, Note)


def test_where_every_run_failed_the_sums_stand_without_a_chart_of_means():
    runs = [{**run, "status": "failed"} for run in runs_of()]
    _, blocks = computed(context_of(runs))
    titles = [block.title for block in blocks if isinstance(block, Figure)]
    assert titles
    assert not any(title.endswith("by group") for title in titles)
