"""Segments: what is cut from what, differences against scipy and statsmodels, and what is said."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import multipletests

from runreport.blocks import Figure, Note, Table
from runreport.design import Margin, Metric
from runreport.sections import cellmap, segments, slices
from runreport.sections.segments import Options
from runreport.spec.expressions import Expression
from tests import reading
from tests.studies import study

CLASSES = ("cat", "dog", "ship")
EFFECTS = {"base": (0, 0, 0), "wide": (0.05, 0.04, -0.06), "deep": (0.001, 0.0, 0.002)}
SEEDS = 6
F1 = tuple(
    Metric(f"val/f1/{name}", goal="maximize", label=f"val/f1 (class {name})") for name in CLASSES
)


def scores(model, classes=CLASSES, seeds=SEEDS, noise=0.01):
    """Shape (seeds, classes); the same every time."""
    rng = np.random.default_rng(list(EFFECTS).index(model) + 1)
    means = np.array([0.9, 0.8, 0.7]) + np.array(EFFECTS[model])
    return rng.normal(means, noise, (seeds, len(classes)))


def runs_of(models=tuple(EFFECTS), **options):
    return [
        {
            "name": f"{model}-{seed}",
            "params": {"model": model, "seed": seed},
            "metrics": {f"val/f1/{n}": v for n, v in zip(CLASSES, row, strict=True)},
        }
        for model in models
        for seed, row in enumerate(scores(model, **options))
    ]


def classes_study(runs=None, **more):
    given = {"replicates": "seed", "pair_by": "seed", "baseline": {"model": "base"}, **more}
    return study(runs_of() if runs is None else runs, by=["model"], **given)


def computed(context, **options):
    chosen = Options(**options)
    data = segments.compute(context, chosen)
    return data, segments.present(data, chosen)


def sets_study(**more):
    """Three data sets, four seeds each, as runs of their own."""
    rng = np.random.default_rng(8)
    runs = [
        {
            "params": {"model": model, "data": data, "seed": seed},
            "metrics": {"accuracy": 0.7 + 0.1 * place + extra[place] + rng.normal(0, 0.01)},
        }
        for model, extra in (("base", (0, 0, 0)), ("wide", (0.05, -0.05, 0)))
        for place, data in enumerate(("a", "b", "c"))
        for seed in range(4)
    ]
    metric = Metric("accuracy", goal="maximize", primary=True)
    return runs, {"metrics": (metric,), "replicates": "seed", "baseline": {"model": "base"}, **more}


# ---- differences ---------------------------------------------------------------------------------


def test_each_segment_is_compared_as_scipy_does_and_corrected_over_all_of_them():
    data, _ = computed(classes_study(method="paired_t"), metrics="val/f1/*", goal="maximize")
    base = scores("base")
    raw = {
        (model, name): stats.ttest_rel(scores(model)[:, place], base[:, place])
        for model in ("wide", "deep")
        for place, name in enumerate(CLASSES)
    }
    holm = multipletests([test.pvalue for test in raw.values()], method="holm")[1]
    expected = dict(zip(raw, holm, strict=True))
    found = {
        (own.row.label.removeprefix("model="), CLASSES[pair.segment]): pair.result
        for own in data.against
        for pair in own.pairs
    }
    assert data.family == 6
    assert found.keys() == raw.keys()
    for key, result in found.items():
        assert result.p_value == pytest.approx(raw[key].pvalue)
        assert result.p_adjusted == pytest.approx(expected[key])
        assert result.family == 6
    assert {key for key, result in found.items() if result.verdict == "worse"} == {("wide", "ship")}


@pytest.mark.parametrize("goal", ["maximize", "minimize"])
def test_the_worst_difference_is_bounded_over_all_segments(goal):
    """Low: the lowest end of uncorrected intervals; high: of those that share the level."""
    data, blocks = computed(classes_study(), metrics="val/f1/*", goal=goal)
    sign = 1 if goal == "maximize" else -1
    for own in data.against:
        model = own.row.label.removeprefix("model=")
        gains = sign * (scores(model) - scores("base"))
        level = 1 - 0.05 / 2  # two candidates

        def ends(at, gains=gains):
            return [
                stats.t.interval(at, SEEDS - 1, np.mean(gain), stats.sem(gain)) for gain in gains.T
            ]

        low = min(low for low, _ in ends(level))
        high = min(high for _, high in ends(1 - (1 - level) / len(CLASSES)))
        assert own.improvement == pytest.approx(gains.mean(axis=0).min())
        assert own.worst == gains.mean(axis=0).argmin()
        assert (own.interval.low, own.interval.high) == pytest.approx((low, high))
    if goal == "maximize":
        assert "model=wide against model=base: its worst segment is ship, behind by" in (
            reading.said(blocks)
        )


@pytest.mark.parametrize(
    ("margin", "said"),
    [
        (0.2, "which is within the margin of 0.2"),
        (0.03, "Some segment is worse by more than the margin of 0.03"),
        (0.06, "whether all stay within the margin of 0.06 is open"),
    ],
)
def test_the_margin_is_held_against_the_interval_of_the_worst_difference(margin, said):
    context = classes_study(runs_of(("base", "wide")))
    _, blocks = computed(context, metrics="val/f1/*", goal="maximize", margin=Margin(margin))
    assert said in reading.said(blocks)


def test_what_a_gate_needs_is_stated_as_data():
    data, _ = computed(classes_study(), metrics="val/f1/*", goal="maximize")
    stated = segments.record(data)
    (wide,) = [own for own in stated["worst_differences"] if own["candidate"] == "model=wide"]
    assert wide["segment"] == "ship"
    assert wide["improvement"] == pytest.approx(
        (scores("wide") - scores("base"))[:, 2].mean(), abs=1e-12
    )
    assert wide["interval"].low < wide["improvement"] < wide["interval"].high
    assert wide["without_interval"] == []
    assert stated["family"] == 6
    assert len(stated["comparisons"]) == 6
    assert stated["groups"][0]["means"]["dog"]["n"] == SEEDS


def test_one_run_each_gets_no_p_and_no_bound():
    runs = [run for run in runs_of() if run["params"]["seed"] == 0]
    data, blocks = computed(classes_study(runs), metrics="val/f1/*", goal="maximize")
    assert data.family == 0
    assert all(own.interval is None for own in data.against)
    assert all(own.gap_interval is None for own in data.standings)
    text = "\n".join([reading.said(blocks), *reading.texts(blocks)])
    assert "cannot be said" in text
    assert "p =" not in text
    assert "No test was made" in text


def test_a_segment_with_too_few_values_withholds_the_bound_and_is_named():
    runs = runs_of(("base", "wide"))
    for run in runs:
        if run["params"]["seed"] > 1:
            del run["metrics"]["val/f1/dog"]
    data, blocks = computed(classes_study(runs), metrics="val/f1/*", goal="maximize")
    (own,) = data.against
    assert own.interval is None
    assert [data.slices.segments[place] for place in own.bare] == ["dog"]
    assert "cannot be said: dog has too few seeds" in reading.said(blocks)
    assert data.family == 2


def test_a_segment_where_one_side_has_no_runs_is_not_claimed_and_is_named():
    runs, design = sets_study()
    kept = [run for run in runs if run["params"] | {"seed": 0} != {
        "model": "wide", "data": "b", "seed": 0}]  # fmt: skip
    data, blocks = computed(study(kept, by=["model"], across="data", **design))
    (own,) = data.against
    assert own.interval is not None
    assert segments.record(data)["worst_differences"][0]["not_compared"] == ["b"]
    assert "Not compared on b, where one of the two has no runs." in reading.said(blocks)
    assert data.family == 2


def test_segments_of_numbers_are_written_as_params_are():
    runs, design = sets_study()
    for run in runs:
        run["params"]["batch_size"] = {"a": 1024, "b": 2048, "c": 0.5}[run["params"]["data"]]
    column = Expression("params.batch_size")
    data, _ = computed(study(runs, by=["model"], **design), by=column)
    assert data.slices.segments == ("0.5", "1024", "2048")
    assert data.slices.noun == "batch size"


def test_what_to_mind_about_a_comparison_is_said():
    runs = runs_of(("base", "wide"))
    runs[-1]["params"]["seed"] = 99
    data, blocks = computed(classes_study(runs), metrics="val/f1/*", goal="maximize")
    said = reading.said(blocks)
    assert "Before you rely on this" in said
    assert "no value for seed 99" in said
    assert data.against[0].pairs[0].result.n == (5, 5)
    assert "80 % power after correction over 3 comparisons" in said


def test_nan_and_failed_runs_enter_nothing_and_are_named():
    runs = runs_of(("base", "wide"))
    runs[0]["metrics"]["val/f1/cat"] = math.nan
    runs[7]["status"] = "failed"
    data, blocks = computed(classes_study(runs), metrics="val/f1/*", goal="maximize")
    sizes = [[fit.sample.values.size for fit in row.fits] for row in data.slices.rows]
    assert sizes == [[5, 6, 6], [5, 5, 5]]
    text = "\n".join(reading.texts(blocks))
    assert "failed: wide-1" in text
    assert "is NaN: base-0" in text


def test_items_of_a_class_are_compared_by_mcnemar():
    """The same test items, sliced by subject: per slice what statsmodels says."""
    rng = np.random.default_rng(3)
    subject = ["law"] * 60 + ["art"] * 40
    right = {model: rng.random(100) < p for model, p in (("base", 0.6), ("wide", 0.8))}
    runs = [
        {
            "params": {"model": model, "item": item, "subject": subject[item]},
            "metrics": {"correct": float(right[model][item])},
        }
        for model in right
        for item in range(100)
    ]
    context = study(
        runs, by=["model"], items="item", baseline={"model": "base"},
        metrics=(Metric("correct", goal="maximize"),),
    )  # fmt: skip
    data, blocks = computed(context, by=Expression("params.subject"))
    (own,) = data.against
    for pair in own.pairs:
        inside = np.array([name == data.slices.segments[pair.segment] for name in subject])
        a, b = right["base"][inside], right["wide"][inside]
        table = [[np.sum(a & b), np.sum(a & ~b)], [np.sum(~a & b), np.sum(~a & ~b)]]
        exact = np.sum(a != b) < 25
        expected = mcnemar(table, exact=exact, correction=True).pvalue
        assert pair.result.p_value == pytest.approx(expected)
        assert pair.result.difference == pytest.approx(b.mean() - a.mean())
    assert "about these trained models" in reading.said(blocks)


# ---- worst, best, gap ----------------------------------------------------------------------------


def test_worst_best_and_gap_of_each_group():
    data, _ = computed(classes_study(), metrics="val/f1/*", goal="maximize")
    for own, model in zip(data.standings, EFFECTS, strict=True):
        means = scores(model).mean(axis=0)
        assert (own.worst, own.best) == (means.argmin(), means.argmax())
        assert own.gap == pytest.approx(np.ptp(means))
        assert own.gap_interval.low < own.gap < own.gap_interval.high


def test_where_less_is_better_the_worst_is_the_highest():
    data, _ = computed(classes_study(), metrics="val/f1/*", goal="minimize")
    own = data.standings[0]
    assert data.slices.segments[own.worst] == "cat"
    assert own.level_of_worst.low < own.row.fits[own.worst].mean < own.level_of_worst.high


def test_without_a_goal_nothing_is_called_worst():
    data, blocks = computed(classes_study(), metrics="val/f1/*")
    assert all(own.worst is None and own.improvement is None for own in data.against)
    said = reading.said(blocks)
    assert "No goal is declared" in said
    headings = [h for table in reading.find(blocks, Table) for h in reading.headings(table)]
    assert "Lowest segment" in headings
    assert not any("orst" in heading for heading in headings)


def test_without_a_baseline_the_weakest_is_named_and_nothing_is_compared():
    context = classes_study(baseline=None)
    data, blocks = computed(context, metrics="val/f1/*", goal="maximize")
    assert data.against == ()
    said = reading.said(blocks)
    assert "model=wide on ship is the weakest of all" in said
    assert "No baseline is declared" in said
    assert len(reading.find(blocks, Figure)) == 1


def test_the_gap_of_data_sets_with_runs_of_their_own_goes_by_welch():
    runs, design = sets_study()
    data, _ = computed(study(runs, by=["model"], across="data", **design))
    samples = [
        [run["metrics"]["accuracy"] for run in runs
         if run["params"]["model"] == "base" and run["params"]["data"] == name]
        for name in "abc"
    ]  # fmt: skip
    best = max(
        stats.ttest_ind(one, other, equal_var=False).confidence_interval(0.95).high
        for one in samples
        for other in samples
        if one is not other
    )
    assert data.standings[0].gap_interval.high == pytest.approx(best)


# ---- what segments are ---------------------------------------------------------------------------


def test_data_sets_across_which_groups_are_compared_are_segments_unasked():
    runs, design = sets_study()
    data, _ = computed(study(runs, by=["model"], across="data", **design))
    assert data.slices.segments == ("a", "b", "c")
    assert [row.label for row in data.slices.rows] == ["model=base", "model=wide"]
    # inside one data set, seeds are the replicates
    assert data.unit == "seed"
    assert data.against[0].pairs[0].result.n == (4, 4)


def test_groups_that_differ_in_the_segment_alone_are_one_row():
    runs, design = sets_study()
    context = study(runs, by=["model", "data"], **design | {"baseline": None})
    data, blocks = computed(context, by=Expression("params.data"))
    assert [row.label for row in data.slices.rows] == ["model=base", "model=wide"]
    assert all(row.group_id is None for row in data.slices.rows)
    for row in data.slices.rows:
        model = row.label.removeprefix("model=")
        for name, fit in zip("abc", row.fits, strict=True):
            expected = [
                run["metrics"]["accuracy"] for run in runs
                if run["params"]["model"] == model and run["params"]["data"] == name
            ]  # fmt: skip
            assert sorted(fit.sample.values.tolist()) == sorted(expected)
    assert "Groups that differ in nothing but data are one row." in reading.said(blocks)


def test_runs_without_the_column_are_counted():
    runs, design = sets_study()
    del runs[0]["params"]["data"]
    _, blocks = computed(study(runs, by=["model"], **design), by=Expression("params.data"))
    assert "1 of 24 runs has no value of data." in reading.said(blocks)


@pytest.mark.parametrize(
    ("names", "found"),
    [
        (["val/f1/cat", "val/f1/dog", "val/f1/ship", "val/loss"], ["val/f1/*"]),
        (["f1_class_0", "f1_class_1", "f1_class_2", "loss"], ["f1_class_*"]),
        (["acc group=old", "acc group=young", "acc group=mid"], ["acc group=*"]),
        (["acc_group=old", "acc_group=young", "acc_group=mid"], ["acc_group=*"]),
        (["en/bleu", "de/bleu", "fr/bleu"], ["*/bleu"]),
        (["train/loss", "val/loss", "test/loss"], []),
        (["val/loss", "val/accuracy", "val/f1", "val/auc"], []),
        (["val/f1/cat", "val/f1/dog"], []),
        (["system/gpu_0", "system/gpu_1", "system/cpu"], []),
        (["val/f1/macro", "val/f1/micro", "val/f1/weighted"], []),
        (["val/f1/a", "val/f1/b", "val/f1/c", "val/f1/macro_avg"], ["val/f1/*"]),
    ],
)
def test_families_are_guessed_from_names_that_leave_a_metric(names, found):
    assert slices.families_of(set(names)) == found


def test_a_guess_is_said_and_a_declared_family_is_none():
    _, blocks = computed(classes_study(), goal="maximize")
    assert "That val/f1/* is one metric of several segments is a guess" in reading.said(blocks)
    data, blocks = computed(classes_study(metrics=F1))
    assert "guess" not in reading.said(blocks)
    assert data.slices.noun == "class"
    assert data.slices.metric.goal == "maximize"


def test_averages_of_segments_are_no_segments():
    runs = runs_of()
    for run in runs:
        run["metrics"]["val/f1/macro"] = 0.8
    data, blocks = computed(classes_study(runs), metrics="val/f1/*", goal="maximize")
    assert data.slices.segments == CLASSES
    assert "Left out as averages of segments: macro." in reading.said(blocks)


def test_segments_stand_in_natural_order():
    runs = [{"params": {"seed": s}, "metrics": {f"f1_class_{c}": 0.5 + c / 90 + s / 1000
                                               for c in (0, 1, 2, 10, 11)}}
            for s in range(3)]  # fmt: skip
    data, _ = computed(study(runs, replicates="seed"), goal="maximize")
    assert data.slices.segments == ("0", "1", "2", "10", "11")


@pytest.mark.parametrize(
    "options", [{}, {"metrics": "nothing/*"}, {"by": Expression("params.none")}]
)
def test_without_segments_a_note_says_what_to_write(options):
    runs = [{"params": {"seed": 1}, "metrics": {"accuracy": 0.5}}]
    context = study(runs, metrics=(Metric("accuracy", goal="maximize"),))
    _, blocks = computed(context, **options)
    (note,) = blocks
    assert isinstance(note, Note)
    assert segments.record(segments.compute(context, Options(**options)))["why"]


# ---- maps ----------------------------------------------------------------------------------------


def test_each_tile_carries_its_runs_and_its_mean():
    context = classes_study()
    _, blocks = computed(context, metrics="val/f1/*", goal="maximize")
    figure = reading.find(blocks, Figure)[0]
    tiles = {(tile.row, tile.column): tile for tile in figure.data.tiles}
    assert len(tiles) == 9
    for row, group in enumerate(context.groups):
        for column in range(3):
            assert tiles[row, column].run_ids == tuple(run.id for run in group.runs)
    means = [float(tiles[0, column].text) for column in range(3)]
    assert means == pytest.approx(scores("base").mean(axis=0), abs=0.0005)
    # the higher, the stronger
    assert tiles[0, 0].strength > tiles[0, 1].strength > tiles[0, 2].strength


def test_differences_that_hold_have_an_arrow_and_others_have_none():
    data, blocks = computed(classes_study(), metrics="val/f1/*", goal="maximize")
    figure = reading.find(blocks, Figure)[1]
    texts = {(tile.row, tile.column): tile.text for tile in figure.data.tiles}
    assert [own.row.label for own in data.against] == ["model=wide", "model=deep"]
    assert texts[0, 0].endswith("\u25b2")
    assert texts[0, 2].endswith("\u25bc")
    assert not any(texts[1, column].endswith(("\u25b2", "\u25bc")) for column in range(3))


def many(groups, count):
    rng = np.random.default_rng(2)
    return [
        {"params": {"model": f"model-{g:02d}", "seed": s},
         "metrics": {f"f1_class_{c}": float(rng.normal(0.5 + c / 100, 0.01)) for c in range(count)}}
        for g in range(groups) for s in range(3)
    ]  # fmt: skip


def test_many_cells_are_shades_and_few_are_numbers():
    context = study(many(30, 40), by=["model"], replicates="seed")
    _, blocks = computed(context, goal="maximize")
    (figure,) = reading.find(blocks, Figure)
    assert len(figure.data.tiles) == 1200
    assert not any(tile.text for tile in figure.data.tiles)
    assert {tile.token for tile in figure.data.tiles} <= {f"ramp-{step}" for step in range(9)}
    assert len(figure.legend) == 3
    few = study(many(3, 4), by=["model"], replicates="seed")
    _, blocks = computed(few, goal="maximize")
    assert all(tile.text for tile in reading.find(blocks, Figure)[0].data.tiles)


def test_what_is_not_drawn_is_said():
    context = study(many(5, 6), by=["model"], replicates="seed")
    _, blocks = computed(context, goal="maximize", limit=3)
    (figure,) = reading.find(blocks, Figure)
    assert len(figure.data.tiles) == 9
    said = reading.words(figure.note)
    assert "The first 3 of 6 segments are drawn." in said
    assert "The first 3 of 5 groups are drawn." in said
    assert len(figure.table.rows) == 5


def test_groups_beyond_the_comparisons_that_are_made_still_count_in_the_correction():
    rng = np.random.default_rng(9)
    count, groups = 200, 18
    runs = [
        {"params": {"model": f"m{g:02d}", "seed": s},
         "metrics": {f"f1_class_{c}": float(v) for c, v in enumerate(rng.random(count))}}
        for g in range(groups) for s in range(3 if g < 2 else 1)
    ]  # fmt: skip
    context = study(runs, by=["model"], replicates="seed", baseline={"model": "m00"})
    data, blocks = computed(context, goal="maximize")
    compared = 3000 // count
    assert len(data.against) == compared
    # one candidate can be tested, and two groups are not looked at
    assert data.family == count + (groups - 1 - compared) * count
    assert f"The first {compared} groups are compared" in reading.said(blocks)
    first = data.against[0].pairs[0].result
    assert first.p_adjusted >= min(1.0, first.p_value)


@given(st.floats(0, 1))
def test_shades_rise_with_the_share(share):
    token, strength = cellmap.shade(share, numbers=True)
    assert (token, 0 <= strength <= cellmap.TINT) == ("accent", True)
    lower = cellmap.shade(share / 2, numbers=False)[0]
    assert int(lower[5:]) <= int(cellmap.shade(share, numbers=False)[0][5:])


@settings(max_examples=20, deadline=None)
@given(st.permutations(range(SEEDS)))
def test_the_order_of_runs_changes_no_number(order):
    runs = runs_of(("base", "wide"))
    shuffled = [runs[place] for place in order] + runs[SEEDS:]
    (first,) = computed(classes_study(runs), metrics="val/f1/*", goal="maximize")[0].against
    (second,) = computed(classes_study(shuffled), metrics="val/f1/*", goal="maximize")[0].against
    assert second.improvement == pytest.approx(first.improvement)
    assert second.interval.low == pytest.approx(first.interval.low)
