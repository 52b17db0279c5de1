"""Gates: what passes, what fails, and what is said of it."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from datetime import UTC, date, datetime

import numpy as np
import pytest
from scipy import stats

from runreport.design import Design, Margin, Metric
from runreport.errors import Problem, Span, SpecError
from runreport.gates import judge, stops
from runreport.kinds import Context, Judged
from runreport.render.stated import gate_facts
from runreport.selection import UNDATED
from runreport.spec.expressions import Names, Scope, parse
from runreport.spec.gates import (
    CostGate,
    Gate,
    LineageGate,
    MetricGate,
    SegmentGate,
    Waiver,
    WarningGate,
)
from runreport.tables import Lineage
from tests.contracts.test_sections import (
    HOSTILE,
    bare,
    hostile_study,
    missing_metric,
    no_baseline,
    no_runs,
    nothing_finite,
    one_group,
    one_run,
    sixty_groups,
    typical,
)
from tests.studies import study


def hostile() -> Context:
    return hostile_study(HOSTILE)


LANDSCAPES = (
    typical, no_runs, one_run, missing_metric, nothing_finite, one_group, no_baseline, bare,
    sixty_groups, hostile,
)  # fmt: skip

ACCURACY = Metric("accuracy", goal="maximize", primary=True)
LOSS = Metric("loss", goal="minimize", primary=True)


def two(
    baseline: list[float],
    candidate: list[float],
    metric: Metric = ACCURACY,
    *,
    pair_by: str | None = None,
    **more: object,
) -> Context:
    """A study of a baseline `old` and a candidate `new`; a seed per value."""
    runs = [
        {
            "name": f"{arm}-{seed}",
            "params": {"arm": arm, "seed": seed},
            "metrics": {} if value is None else {metric.name: value},
        }
        for arm, values in (("old", baseline), ("new", candidate))
        for seed, value in enumerate(values)
    ]
    for key, value in more.items():
        for run in runs:
            run[key] = value
    return study(
        runs,
        by=["arm"],
        replicates="seed",
        pair_by=pair_by,
        baseline={"arm": "old"},
        metrics=[metric],
    )


def only(gate: Gate, context: Context) -> Judged:
    """What becomes of one gate."""
    (found,) = judge([gate], context)
    return found


def said(judged: Judged) -> str:
    return " ".join(ruling.words for ruling in judged.rulings)


# ---- values --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("bounds", "passed"),
    [
        ({"min": 0.8}, True),
        ({"min": 0.80001}, False),
        ({"max": 0.8}, True),
        ({"max": 0.7999}, False),
        ({"min": 0.7, "max": 0.9}, True),
        ({"min": 0.9, "max": 0.95}, False),
    ],
)
def test_a_bound_is_held_against_the_mean_of_the_candidate(bounds, passed):
    context = two([0.1, 0.2], [0.7, 0.9])
    assert only(MetricGate(metric="accuracy", **bounds), context).passed is passed


def test_a_bound_by_its_interval_is_held_against_the_worse_end():
    values = [0.80, 0.82, 0.81, 0.85]
    low, high = stats.t.interval(
        0.95, 3, loc=np.mean(values), scale=np.std(values, ddof=1) / math.sqrt(4)
    )
    context = two([0.1, 0.2, 0.3, 0.4], values)
    for bounds, passed in (
        ({"min": low - 1e-6}, True),
        ({"min": low + 1e-6}, False),
        ({"max": high + 1e-6}, True),
        ({"max": high - 1e-6}, False),
    ):
        assert (
            only(MetricGate(metric="accuracy", on="interval", **bounds), context).passed is passed
        )


def test_the_last_bit_of_a_scaled_value_does_not_fail_a_gate():
    assert 0.57 * 100 < 57
    context = two([0.5, 0.5], [0.57, 0.57], replace(ACCURACY, scale=100))
    assert only(MetricGate(metric="accuracy", min=57), context).passed


def test_one_run_has_no_interval_and_fails_a_gate_on_it():
    found = only(MetricGate(metric="accuracy", min=0.1, on="interval"), two([0.5], [0.9]))
    assert not found.passed
    assert "so few values have no interval" in said(found)


def test_a_missing_metric_fails_and_names_the_runs():
    found = only(MetricGate(metric="accuracy", min=0.1), two([0.5, 0.6], [None, None]))
    assert not found.passed
    assert "No run has a usable value of accuracy" in said(found)
    assert "new-0, new-1 (never logged accuracy)" in said(found)


@pytest.mark.parametrize("odd", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize(
    "gate",
    [
        MetricGate(metric="accuracy", min=-9e99),
        MetricGate(metric="accuracy", max=9e99),
        MetricGate(metric="accuracy", max_drop=Margin(100)),
        MetricGate(metric="accuracy", require="better"),
        MetricGate(metric="accuracy", require="not_worse", margin=Margin(100)),
    ],
)
def test_nan_and_infinity_pass_no_gate(gate, odd):
    for values in ([odd] * 4, [0.9, 0.91, 0.92, odd]):
        found = only(gate, two([0.1, 0.2, 0.15, 0.12], values))
        assert not found.passed


def test_runs_that_failed_are_named_beside_the_mean_they_are_not_in():
    context = two([0.5, 0.6], [0.9, 0.8])
    runs = [replace(run, status="failed") if run.name == "new-1" else run for run in context.runs]
    groups = tuple(
        replace(g, runs=tuple(run for run in runs if run.id in {r.id for r in g.runs}))
        for g in context.groups
    )
    context = replace(context, runs=tuple(runs), groups=groups)
    found = only(MetricGate(metric="accuracy", min=0.85), context)
    assert found.passed
    assert "1 seed; not counted: new-1 (failed)" in said(found)


# ---- how far behind ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("baseline", "candidate", "metric", "drop", "passed"),
    [
        # 2 % of 50 is 1
        (50, 49.0, ACCURACY, Margin(2, relative=True), True),
        (50, 48.99, ACCURACY, Margin(2, relative=True), False),
        (50, 51.0, LOSS, Margin(2, relative=True), True),
        (50, 51.01, LOSS, Margin(2, relative=True), False),
        # of the size of a negative mean: 1 again, and worse is what the goal says
        (-50, -51.0, ACCURACY, Margin(2, relative=True), True),
        (-50, -51.01, ACCURACY, Margin(2, relative=True), False),
        (-50, -49.0, LOSS, Margin(2, relative=True), True),
        (-50, -48.99, LOSS, Margin(2, relative=True), False),
        (0, -0.5, ACCURACY, Margin(0.5), True),
        (0, -0.6, ACCURACY, Margin(0.5), False),
        (7, 7, ACCURACY, Margin(0), True),
        (7, 6.999, ACCURACY, Margin(0), False),
        (0, 0, ACCURACY, Margin(0, relative=True), True),
    ],
)
def test_a_drop_is_by_the_goal_and_relative_to_the_size_of_the_baseline(
    baseline, candidate, metric, drop, passed
):
    context = two([baseline] * 2, [candidate] * 2, metric)
    found = only(MetricGate(metric=metric.name, max_drop=drop), context)
    assert found.passed is passed


def test_per_cent_of_a_baseline_of_zero_fails_and_says_so():
    gate = MetricGate(metric="accuracy", max_drop=Margin(2, relative=True))
    found = only(gate, two([0.0, 0.0], [5.0, 5.0]))
    assert not found.passed
    assert "2 % of the baseline's 0 is nothing: write the bound in the metric's unit." in said(
        found
    )


def test_a_relative_margin_of_a_baseline_of_zero_fails_every_verdict():
    context = two([-0.1, 0.1, -0.2, 0.2], [5.0, 5.1, 5.2, 5.3])
    for require in ("better", "not_worse", "equivalent"):
        gate = MetricGate(metric="accuracy", require=require, margin=Margin(5, relative=True))
        found = only(gate, context)
        assert not found.passed
        assert "relative to 0" in said(found)


def test_a_baseline_without_the_metric_fails():
    for gate in (
        MetricGate(metric="accuracy", max_drop=Margin(100)),
        MetricGate(metric="accuracy", require="better"),
    ):
        assert not only(gate, two([None, None], [0.9, 0.8])).passed


def test_without_a_goal_nothing_is_worse_so_a_drop_fails():
    context = two([1.0, 1.0], [1.0, 1.0], Metric("accuracy", primary=True))
    found = only(MetricGate(metric="accuracy", max_drop=Margin(5)), context)
    assert not found.passed
    assert "No goal is declared" in said(found)


def test_a_drop_by_its_interval_is_held_against_the_worse_end():
    baseline, candidate = [0.80, 0.81, 0.83, 0.82], [0.805, 0.80, 0.835, 0.84]
    ends = stats.ttest_ind(candidate, baseline, equal_var=False).confidence_interval(0.95)
    context = two(baseline, candidate)
    for drop, passed in ((-ends.low + 1e-6, True), (-ends.low - 1e-6, False)):
        gate = MetricGate(metric="accuracy", max_drop=Margin(drop), on="interval")
        assert only(gate, context).passed is passed


# ---- verdicts ------------------------------------------------------------------------------------


def test_better_passes_where_the_verdict_is_better_and_quotes_it():
    context = two([0.5, 0.51, 0.52, 0.49], [0.9, 0.91, 0.89, 0.92])
    found = only(MetricGate(metric="accuracy", require="better"), context)
    assert found.passed
    assert "arm=new beats arm=old on accuracy by" in said(found)
    assert "Welch t, 4 seeds each" in said(found)


def test_one_run_each_is_never_better_and_the_reason_is_said():
    found = only(MetricGate(metric="accuracy", require="better"), two([0.1], [0.99]))
    assert not found.passed
    assert "one run each, so nothing can be said about the configurations" in said(found)


def test_other_evaluation_data_fail_a_verdict_and_a_drop():
    context = two([0.5, 0.51, 0.52, 0.49], [0.9, 0.91, 0.89, 0.92])
    groups = []
    for group in context.groups:
        digest = "a" * 8 if group.is_baseline else "b" * 8
        facts = ({"kind": "data", "name": "test", "version": "evaluation", "digest": digest},)
        runs = tuple(
            replace(run, lineage=tuple(Lineage(**fact) for fact in facts)) for run in group.runs
        )
        groups.append(replace(group, runs=runs))
    runs = tuple(run for group in groups for run in group.runs)
    context = replace(context, runs=runs, groups=tuple(groups))
    for gate in (
        MetricGate(metric="accuracy", require="better"),
        MetricGate(metric="accuracy", max_drop=Margin(1)),
    ):
        found = only(gate, context)
        assert not found.passed
        assert "No verdict" in said(found)


@pytest.mark.parametrize("seed", range(20))
def test_not_worse_is_the_one_sided_test_against_the_margin(seed):
    """Oracle: scipy's one-sided t test of differences plus margin."""
    rng = np.random.default_rng(seed)
    baseline = rng.normal(0.8, 0.02, 5)
    candidate = baseline + rng.normal(-0.002, 0.01, 5)
    margin = 0.01
    for metric, sign in ((ACCURACY, 1.0), (LOSS, -1.0)):
        context = two(list(baseline), list(candidate), metric, pair_by="seed")
        shifted = sign * (candidate - baseline) + margin
        p_value = stats.ttest_1samp(shifted, 0, alternative="greater").pvalue
        gate = MetricGate(metric=metric.name, require="not_worse", margin=Margin(margin))
        found = only(gate, context)
        assert found.passed is bool(p_value < 0.05)
        # two one-sided tests at 5 % are one interval of 90 %
        assert "its 90 % interval" in said(found) or "beats" in said(found)


def test_without_a_margin_only_better_is_not_worse():
    gate = MetricGate(metric="accuracy", require="not_worse")
    same = two([0.5, 0.51, 0.52, 0.49], [0.5, 0.52, 0.51, 0.49])
    found = only(gate, same)
    assert not found.passed
    assert "only a better candidate is shown not to be worse" in said(found)
    assert only(gate, two([0.5, 0.51, 0.52, 0.49], [0.9, 0.91, 0.89, 0.92])).passed


def test_equivalent_passes_within_the_margin_alone():
    context = two([0.5, 0.51, 0.52, 0.49], [0.5, 0.52, 0.51, 0.49])
    for margin, passed in ((0.1, True), (0.001, False)):
        gate = MetricGate(metric="accuracy", require="equivalent", margin=Margin(margin))
        assert only(gate, context).passed is passed


# ---- who -----------------------------------------------------------------------------------------


def three(**values: float) -> Context:
    runs = [
        {
            "name": f"{arm}-{seed}",
            "params": {"arm": arm, "seed": seed},
            "metrics": {"accuracy": value + 0.001 * (seed * 7 % 5)},
        }
        for arm, value in values.items()
        for seed in range(4)
    ]
    return study(runs, by=["arm"], replicates="seed", baseline={"arm": "old"}, metrics=[ACCURACY])


def with_conditions(context: Context) -> Context:
    """A context in which conditions can be asked of runs."""
    names = Names.of(context.runs, Design())
    scope = Scope(names, context.design, context.history, context.now)
    return replace(context, evaluate=lambda expression, run: expression.evaluate(run, scope))


def condition(text: str):
    return replace(parse(text), span=Span("runreport.yaml", 7, 3, len(text)))


def test_every_candidate_must_pass_unless_one_is_named():
    context = with_conditions(three(old=0.5, good=0.9, bad=0.3))
    found = only(MetricGate(metric="accuracy", min=0.6), context)
    assert [(r.subject, r.passed) for r in found.rulings] == [
        ("arm=good", True),
        ("arm=bad", False),
    ]
    assert not found.passed
    named = MetricGate(metric="accuracy", min=0.6, group=condition('arm == "good"'))
    assert only(named, context).passed


def test_another_group_can_be_the_opponent():
    context = with_conditions(three(old=0.5, good=0.9, best=0.95))
    gate = MetricGate(
        metric="accuracy",
        require="better",
        group=condition('arm == "good"'),
        against=condition('arm == "best"'),
    )
    found = only(gate, context)
    assert not found.passed
    assert "arm=good is worse than arm=best" in said(found)
    assert only(replace(gate, against=None), context).passed


def test_conditions_that_select_no_group_are_named_together():
    context = with_conditions(three(old=0.5, good=0.9))
    gates = [
        MetricGate(metric="accuracy", min=0.6, group=condition('arm == "gone"')),
        MetricGate(metric="accuracy", require="better", against=condition("seed >= 0")),
    ]
    with pytest.raises(SpecError) as caught:
        judge(gates, context)
    assert [(p.code, p.span.line) for p in caught.value.problems] == [("RR216", 7), ("RR216", 7)]
    assert "`against` selects 2 groups" in caught.value.problems[1].message


def test_a_report_without_runs_passes_nothing():
    empty = study([], by=["arm"], metrics=[ACCURACY])
    gates = [
        MetricGate(metric="accuracy", min=0),
        LineageGate(lineage=("commit",)),
        CostGate(cost="duration", max=1),
    ]
    assert [found.passed for found in judge(gates, empty)] == [False] * 3


# ---- segments ------------------------------------------------------------------------------------


def by_class(**drops: float) -> Context:
    """Classes on which the candidate is worse by so much on average, over three seeds."""
    runs = [
        {
            "name": f"{arm}-{seed}",
            "params": {"arm": arm, "seed": seed},
            "metrics": {
                f"f1/{name}": 0.8 + 0.01 * seed - (drop + 0.001 * (seed - 1)) * (arm == "new")
                for name, drop in drops.items()
            },
        }
        for arm in ("old", "new")
        for seed in range(3)
    ]
    return study(runs, by=["arm"], replicates="seed", pair_by="seed", baseline={"arm": "old"})


@pytest.mark.parametrize(("most", "passed"), [(0.031, True), (0.03, True), (0.029, False)])
def test_no_segment_may_be_worse_by_more(most, passed):
    context = by_class(cat=-0.1, dog=0.03, eel=0.01)
    gate = SegmentGate(segments="f1/*", goal="maximize", no_worse_than=most)
    found = only(gate, context)
    assert found.passed is passed
    assert "The worst of 3 segments is dog" in said(found)


def test_by_its_interval_a_segment_gate_asks_for_more_than_the_mean():
    context = by_class(cat=-0.1, dog=0.03, eel=0.01)
    gate = SegmentGate(segments="f1/*", goal="maximize", no_worse_than=0.031, on="interval")
    assert not only(gate, context).passed
    # the interval of one paired difference alone would reach this far
    half = stats.t.ppf(0.975, 2) * 0.001 / math.sqrt(3)
    wide = replace(gate, no_worse_than=0.03 + 5 * half)
    assert only(wide, context).passed


def test_a_segment_that_cannot_be_compared_fails():
    context = by_class(cat=0.0, dog=0.0)
    runs = [
        replace(run, metrics={k: v for k, v in run.metrics.items() if k != "f1/dog"})
        if run.params["arm"].text == "new"
        else run
        for run in context.runs
    ]
    groups = tuple(
        replace(g, runs=tuple(run for run in runs if run.id in {r.id for r in g.runs}))
        for g in context.groups
    )
    context = replace(context, runs=tuple(runs), groups=groups)
    gate = SegmentGate(segments="f1/*", goal="maximize", no_worse_than=1)
    found = only(gate, context)
    assert not found.passed
    assert "1 of 2 segments cannot be compared: dog" in said(found)


def test_without_a_goal_no_segment_is_worse_so_the_gate_fails():
    found = only(SegmentGate(segments="f1/*", no_worse_than=1), by_class(cat=0.0))
    assert not found.passed


# ---- cost ----------------------------------------------------------------------------------------


def costing(old: list[float], new: list[float]) -> Context:
    metric = Metric("train_time", goal="minimize", unit="s", role="operational")
    return two(old, new, metric)


def test_cost_is_held_against_the_mean_the_total_and_the_ratio():
    context = costing([10.0, 40.0], [20.0, 45.0])
    # mean 32.5, total 65, ratio of geometric means 30 / 20
    for bounds, passed in (
        ({"max": 32.5}, True),
        ({"max": 32.4}, False),
        ({"max_total": 65}, True),
        ({"max_total": 64}, False),
        ({"max_ratio": 1.5}, True),
        ({"max_ratio": 1.49}, False),
    ):
        assert only(CostGate(cost="train_time", **bounds), context).passed is passed


def test_the_total_counts_failed_runs_and_is_unknown_where_one_is():
    context = costing([10.0, 40.0], [20.0, 45.0])
    runs = tuple(replace(r, status="failed") if r.name == "new-1" else r for r in context.runs)
    groups = tuple(
        replace(g, runs=tuple(run for run in runs if run.id in {r.id for r in g.runs}))
        for g in context.groups
    )
    failed = replace(context, runs=runs, groups=groups)
    assert not only(CostGate(cost="train_time", max_total=64), failed).passed
    assert only(CostGate(cost="train_time", max_total=65), failed).passed
    unknown = costing([10.0, 40.0], [20.0, None])
    found = only(CostGate(cost="train_time", max_total=1000), unknown)
    assert not found.passed
    assert "It is unknown of 1 run" in said(found)


# ---- lineage -------------------------------------------------------------------------------------


def with_lineage(*rows: list[tuple]) -> Context:
    """A run per list of facts: kind, name, version, digest, dirty, url."""
    runs = [
        {"name": f"r{i}", "params": {"arm": "old" if i == 0 else "new"}, "lineage": facts}
        for i, facts in enumerate(rows)
    ]
    return study(runs, by=["arm"], baseline={"arm": "old"})


CLEAN = ("code", "git", "main", "a" * 40, False, None)
SILENT = ("code", "git", "main", "a" * 40, None, None)
DIRTY = ("code", "git", "main", "a" * 40, True, None)
OTHER = ("code", "git", "main", "b" * 40, False, None)
DATA = ("data", "digits", "", "d1", None, None)
NEW_DATA = ("data", "digits", "", "d2", None, None)
BARE_DATA = ("data", "digits", "", None, None, None)


@pytest.mark.parametrize(
    ("asked", "rows", "passed"),
    [
        ("commit", [[CLEAN], [SILENT]], True),
        ("commit", [[CLEAN], []], False),
        ("clean_commit", [[CLEAN], [CLEAN]], True),
        ("clean_commit", [[CLEAN], [DIRTY]], False),
        ("clean_commit", [[CLEAN], [SILENT]], False),
        ("clean_commit", [[DIRTY], [CLEAN]], False),
        ("same_commit", [[CLEAN], [SILENT]], True),
        ("same_commit", [[CLEAN], [OTHER]], False),
        ("same_commit", [[CLEAN], []], False),
        ("same_data", [[DATA], [DATA]], True),
        ("same_data", [[DATA], [NEW_DATA]], False),
        ("same_data", [[DATA], [BARE_DATA]], False),
        ("same_data", [[DATA], []], False),
        ("no_unknown", [[CLEAN, DATA], [CLEAN, DATA]], False),
    ],
)
def test_what_is_not_known_of_the_lineage_fails(asked, rows, passed):
    found = only(LineageGate(lineage=(asked,)), with_lineage(*rows))
    assert found.passed is passed


def test_each_condition_on_the_lineage_is_ruled_on():
    found = only(
        LineageGate(lineage=("clean_commit", "same_data")),
        with_lineage([CLEAN, DATA], [DIRTY, DATA]),
    )
    assert [ruling.passed for ruling in found.rulings] == [False, True]
    assert "Uncommitted changes in 1 of 2 runs (r1)." in said(found)


# ---- warnings ------------------------------------------------------------------------------------


def test_a_warning_of_the_spec_the_names_or_the_reading_fails_and_a_note_does_not():
    context, gate = two([1.0], [1.0]), WarningGate(warnings="none")
    assert only(gate, context).passed
    note = Problem("RR445", "n", severity="note")
    doubt = Problem("RR213", "no run logged any metric", severity="warning")
    assert only(gate, replace(context, problems=(note,))).passed
    for failing in (
        judge([gate], context, [doubt]),
        judge([gate], replace(context, warnings=(doubt,))),
        judge([gate], replace(context, problems=(doubt,))),
    ):
        assert not failing[0].passed
        assert "1 warning: RR213: no run logged any metric." in said(failing[0])


# ---- severity and waivers ------------------------------------------------------------------------

FAILING = MetricGate(metric="accuracy", min=2)


def test_a_warning_is_said_and_stops_nothing():
    context = two([1.0], [1.0])
    assert stops(judge([FAILING], context))
    mild = judge([replace(FAILING, severity="warning")], context)
    assert [gate.word for gate in mild] == ["warning"]
    assert not stops(mild)


@pytest.mark.parametrize(
    ("now", "waived"),
    [
        (datetime(2026, 12, 30, 12, tzinfo=UTC), True),
        (datetime(2026, 12, 31, 23, 59, tzinfo=UTC), True),
        (datetime(2027, 1, 1, 0, 0, tzinfo=UTC), False),
        # nothing says when it is, so nothing says that the waiver still holds
        (UNDATED, False),
    ],
)
def test_a_waiver_holds_to_the_end_of_its_day_by_the_reports_time(now, waived):
    waiver = Waiver("known", "Ada", date(2026, 12, 31))
    context = replace(two([1.0], [1.0]), now=now)
    (found,) = judge([replace(FAILING, waive=waiver)], context)
    assert (found.waived, found.expired, found.stops) == (waived, not waived, not waived)
    assert not found.passed


def test_a_gate_that_passes_needs_no_waiver_even_an_expired_one():
    waiver = Waiver("known", "Ada", date(2020, 1, 1))
    gate = MetricGate(metric="accuracy", min=0, waive=waiver)
    found = only(gate, two([1.0], [1.0]))
    assert found.passed
    assert found.word == "passed"
    assert not found.stops


# ---- whatever the runs are like ------------------------------------------------------------------

EVERY = [
    *(
        MetricGate(metric=metric, require=require, margin=margin)
        for metric in ("val_accuracy", "val_loss", "nothing")
        for require in ("better", "not_worse", "equivalent")
        for margin in (None, Margin(0.5), Margin(5, relative=True))
    ),
    *(
        MetricGate(metric=metric, min=0, max=1, max_drop=Margin(1, relative=True), on=on)
        for metric in ("val_accuracy", "nothing")
        for on in ("value", "interval")
    ),
    SegmentGate(segments="val_*", goal="maximize", no_worse_than=0.1),
    SegmentGate(segments="val_accuracy", by=parse("params.optimizer"), no_worse_than=0.1),
    CostGate(cost="duration", max=1, max_total=1, max_ratio=1, on="interval"),
    CostGate(cost="train_time", max=1, max_total=1, max_ratio=1),
    LineageGate(lineage=("commit", "clean_commit", "same_commit", "same_data", "no_unknown")),
    WarningGate(warnings="none"),
]


@pytest.mark.parametrize("make", LANDSCAPES, ids=lambda make: make.__name__)
def test_every_gate_is_judged_in_words_whatever_the_runs_are_like(make):
    context = make()
    judged = judge(EVERY, context)
    assert [len(found.rulings) > 0 for found in judged] == [True] * len(EVERY)
    for found in judged:
        assert found.title.strip()
        for ruling in found.rulings:
            assert ruling.words.strip()
            assert len(ruling.words) < 5_000
    # plain data, the same twice
    facts = [gate_facts(found) for found in judged]
    assert json.loads(json.dumps(facts, allow_nan=False)) == json.loads(
        json.dumps([gate_facts(found) for found in judge(EVERY, context)])
    )


@pytest.mark.parametrize("make", [no_runs, one_run, missing_metric, nothing_finite, bare])
def test_nothing_is_better_where_nothing_can_be_said(make):
    context = make()
    for gate in EVERY[:27]:
        assert not only(gate, context).passed
