"""What each change of one param did on its own."""

from __future__ import annotations

import itertools
import math
import sqlite3
from collections import defaultdict

import numpy as np
import pytest
import scipy.stats

from runreport.blocks import Figure, Fold, Table
from runreport.design import Metric
from runreport.history import History
from runreport.registry import SECTIONS, SOURCES
from runreport.sections import ablation
from runreport.sections.ablation import Options
from runreport.sections.changewords import name_of
from runreport.spec.load import load_spec
from runreport.understand import read, understand
from tests import pages, reading
from tests.landscapes import CONFOUNDED, METRIC, expected, landscape
from tests.shared import SHARED, needs_shared
from tests.studies import study

ACCURACY = Metric(METRIC, goal="maximize", primary=True)
LOSS = Metric("loss", goal="minimize", primary=True)


def data_of(context, **options):
    return ablation.compute(context, Options(**options))


def blocks_of(context, **options):
    return ablation.present(data_of(context, **options), Options(**options))


def said_of(context, **options):
    return reading.said(blocks_of(context, **options))


def found(data):
    """Every change by its name."""
    return {name_of(data.settings, item): item for item in data.verdicts.judged}


def table(blocks, start):
    (chosen,) = [t for t in reading.find(blocks, Table) if t.caption.startswith(start)]
    return chosen


def run(value, metric="loss", name=None, **params):
    metrics = {} if value is None else {metric: value}
    named = {} if name is None else {"name": name}
    return {"params": params, "metrics": metrics, **named}


def grid_of(score, seeds=(1,), **levels):
    """A full grid with `seed`; score(params) + what the seed adds."""
    return [
        run(
            score(dict(zip(levels, values, strict=True)), seed),
            **dict(zip(levels, values, strict=True)),
            seed=seed,
        )
        for values in itertools.product(*levels.values())
        for seed in seeds
    ]


def noisy(params, seed):
    rng = np.random.default_rng([params["depth"], round(100 * params["lr"]), params["width"], seed])
    return 1 - 0.1 * params["depth"] + 0.02 * float(rng.standard_normal()) + 0.01 * seed


FIVE = {"depth": (1, 2), "lr": (0.1, 0.2, 0.3), "width": (8, 16)}


# ---- the truth of a landscape --------------------------------------------------------------------


def truth_of(data, item):
    """The mean true difference over the contexts of a change."""

    def params(place):
        return {k: p.text for k, p in data.settings.groups[place].runs[0].params.items()}

    return float(
        np.mean([expected(params(c.second)) - expected(params(c.first)) for c in item.couples])
    )


def test_intervals_hold_the_true_effects_as_often_as_they_say():
    """Four changes of as many params in 40 studies, each of one run per configuration: 160 nearly
    independent intervals of 95 per cent, held against the middle 99.9 % of a binomial.
    """
    names = ("clip ", "lr 0.001 → 0.01", "schedule ", "optimizer adam → adamw")
    backwards = {"optimizer adamw → adam"}
    hits, total, wrong_families = 0, 0, 0
    for seed in range(40):
        data = data_of(study(landscape(seed, 60, kind="grid").runs, metrics=[ACCURACY]))
        beyond = 0
        for name, item in found(data).items():
            truth, result = truth_of(data, item), item.result
            if result.interval is None:
                continue
            beyond += not result.adjusted.low <= truth <= result.adjusted.high
            if name.startswith(names) or name in backwards:
                total += 1
                hits += result.interval.low <= truth <= result.interval.high
        wrong_families += beyond > 0
    low, high = scipy.stats.binom.interval(0.999, total, 0.95)
    assert total > 150
    assert low <= hits <= high
    # adjusted intervals of a whole study all hold the truth in 95 studies of 100
    assert wrong_families <= scipy.stats.binom.ppf(0.999, 40, 0.05)


def test_the_confounded_pair_counts_as_one_and_is_named():
    context = study(landscape(1, 100, kind="grid").runs, metrics=[ACCURACY])
    data = data_of(context)
    (item,) = [j for n, j in found(data).items() if n.startswith("schedule")]
    assert name_of(data.settings, item) == "schedule constant → cosine, warmup 0 → 500"
    assert item.result.verdict == "better"
    assert not any(name.startswith("warmup") for name in found(data))
    assert f"{' and '.join(CONFOUNDED)} always moved together (2 values each" in said_of(context)


def test_two_params_that_moved_together_but_for_once_are_named_with_the_count():
    runs = [run(i % 7, a=i % 2, b=i % 2, c=i // 2) for i in range(40)]
    runs[5]["params"]["b"] = 0
    said = said_of(study(runs, metrics=[LOSS]))
    assert "a and b nearly always moved together: in 39 of 40 configurations" in said


def test_what_a_change_does_with_another_param_is_found():
    data = data_of(study(landscape(2, 140, kind="grid").runs, metrics=[ACCURACY]))
    items = found(data)
    follows = items["augment false → true"].follows
    assert data.settings.names[follows.column] == "dropout"
    # truth: 0.02 + 0.2 dropout
    for text, mean, contexts in follows.levels:
        assert mean == pytest.approx(0.02 + 0.2 * float(text), abs=4 * 0.015 / math.sqrt(contexts))
    assert all(items[n].follows is None for n in items if n.startswith(("lr", "clip", "optim")))


def test_a_conditional_param_comes_and_goes_with_its_parent():
    context = study(landscape(3, 100, kind="grid").runs, metrics=[ACCURACY])
    data = data_of(context)
    names = set(found(data))
    assert {n for n in names if "sgd" in n} == {
        "optimizer adam → sgd (+ momentum 0.9)",
        "optimizer adamw → sgd (+ momentum 0.9)",
    }
    assert not any(name.startswith("momentum") for name in names)
    assert "momentum is set only with optimizer sgd" in said_of(context)


def test_a_conditional_param_with_several_values_changes_alone_where_it_exists():
    runs = [
        run(i, opt="sgd", mom=mom, lr=lr)
        for i, (mom, lr) in enumerate(itertools.product((0.5, 0.9), (1, 2, 3)))
    ] + [run(10 + lr, opt="adam", lr=lr) for lr in (1, 2, 3)]
    names = set(found(data_of(study(runs, metrics=[LOSS]))))
    assert "mom 0.5 → 0.9" in names
    # adam against sgd with either momentum: two different changes, never mixed
    assert {n for n in names if n.startswith("opt ")} == {
        "opt adam → sgd (+ mom 0.5)",
        "opt adam → sgd (+ mom 0.9)",
    }


# ---- a random search -----------------------------------------------------------------------------


def test_a_random_search_says_that_nothing_changed_alone_and_how_near_it_is():
    blocks = blocks_of(study(landscape(4, 40).runs, metrics=[ACCURACY]))
    said = reading.said(blocks)
    texts = "\n".join(reading.texts(blocks))
    assert "No change was made alone" in said
    assert "No two of them differ in one alone" in texts
    assert "dropout, lr took another value in nearly every configuration" in texts
    # three runs for each of eight params and for where they start
    assert "27 runs" in texts
    assert reading.find(blocks, Figure) == []


def test_the_nearest_pair_is_the_one_that_comparing_all_pairs_finds():
    runs = landscape(5, 25).runs
    plain = [{k: str(v) for k, v in r["params"].items() if k != "seed"} for r in runs]
    distances = [
        sum(a.get(k) != b.get(k) for k in a.keys() | b.keys())
        for a, b in itertools.combinations(plain, 2)
    ]
    least = min(distances)
    texts = "\n".join(reading.texts(blocks_of(study(runs, metrics=[ACCURACY]))))
    count = distances.count(least)
    pairs = "One pair is" if count == 1 else f"{count} pairs are"
    assert f"The nearest differ in {least} params. {pairs} as near as that" in texts


# ---- runs without a value ------------------------------------------------------------------------


def test_failed_runs_are_counted_and_their_changes_named():
    runs = landscape(7, 80, kind="grid", failing=0.05).runs
    failed = sum(r.get("status") == "failed" for r in runs)
    context = study(runs, metrics=[ACCURACY])
    said = said_of(context)
    assert f"{failed} of 80 runs have no usable value" in said
    assert not any("0.1" in name for name in found(data_of(context)) if name.startswith("lr"))
    assert "In no context at all: lr 0.001 → 0.1 (" in said
    assert ", lr 0.01 → 0.1 (" in said


def test_copies_count_once():
    runs = [run(0.123456 + x, x=x, seed=1) for x in (0, 1) for _ in range(4)]
    context = study(runs, by=["x"], replicates="seed", metrics=[LOSS])
    (item,) = data_of(context).verdicts.judged
    assert item.result.n == (1, 1)
    assert "6 runs are copies of another of the same configuration" in said_of(context)


def test_other_evaluation_data_withhold_the_verdict():
    runs = grid_of(noisy, seeds=range(1, 6), depth=(1, 2), lr=(0.1,), width=(8,))
    for r in runs:
        digest = f"{r['params']['depth']:032x}"
        r["lineage"] = [("data", "validation", None, digest, None, None)]
    context = study(
        runs, by=["depth"], replicates="seed", metrics=[Metric("loss", goal="minimize")]
    )
    data = data_of(context)
    assert data.verdicts.judged == ()
    ((gone,),) = [change.lost for change in data.changes]
    assert "data" in gone.reason
    said = said_of(context)
    assert "1 pair of configurations that differ in one param cannot be compared: The data" in said
    assert "In no context at all: depth 1 → 2 (1 context)." in said


# ---- from the baseline ---------------------------------------------------------------------------


ABLATION = {"optimizer": "adam", "lr": "0.001", "augment": "false", "dropout": "0.0",
            "schedule": "constant", "clip": "0.5"}  # fmt: skip


def ablated(**more):
    runs = landscape(8, 14, kind="ablation", replicates=4).runs
    return study(
        runs, by=list(ABLATION), replicates="seed", pair_by="seed", baseline=ABLATION,
        metrics=[ACCURACY], **more,
    )  # fmt: skip


def test_each_single_change_from_the_baseline_is_one_row():
    blocks = blocks_of(ablated())
    rows = reading.shown(table(blocks, "One change from the start"))
    assert rows[0]["Change"] == "no change"
    assert {row["Change"] for row in rows[1:]} == {
        "lr 0.001 → 0.01", "lr 0.001 → 0.1", "optimizer adam → sgd (+ momentum 0.9)",
        "optimizer adam → adamw", "augment false → true", "dropout 0 → 0.2", "dropout 0 → 0.4",
        "schedule constant → cosine, warmup 0 → 500", "clip 0.5 → 1",
    }  # fmt: skip
    assert {row["n"] for row in rows} == {"4"}
    assert "The start is the declared baseline." in reading.said(blocks)


def test_several_changes_at_once_stand_apart_with_the_sum_of_the_single_ones():
    data = data_of(ablated())
    assert {len(item.levers) for item in data.several} == {2}
    assert len(data.several) == 4
    for item in data.several:
        home = data.fits[data.start].mean
        own = dict(zip(data.settings.names, data.settings.texts[item.place], strict=True))
        assert item.difference == pytest.approx(data.fits[item.place].mean - home)
        assert item.summed is not None
        # 8 means of 4 runs of noise 0.01; only augment and dropout do not add up
        if not (own["augment"] == "true" and float(own["dropout"]) > 0):
            assert item.summed == pytest.approx(item.difference, abs=4 * 0.01)
    assert "several changes at once" in "\n".join(
        f.title for f in reading.find(blocks_of(ablated()), Fold)
    )


def test_without_a_baseline_a_hub_stands_in_and_is_called_a_guess():
    runs = landscape(8, 10, kind="ablation", replicates=2).runs
    context = study(runs, replicates="seed", metrics=[ACCURACY])
    said = said_of(context)
    assert "No baseline is declared. A guess: the start is the configuration" in said
    grid = study(landscape(8, 216, kind="grid").runs, metrics=[ACCURACY])
    assert "no configuration stands out" in said_of(grid)


def test_a_pair_that_stands_in_two_tables_has_the_same_numbers_in_both():
    data = data_of(ablated())
    steps = {(s.first, s.second): s.result for s in data.verdicts.steps if s.result is not None}
    shared = [i for i in data.verdicts.judged if (i.couples[0].first, i.couples[0].second) in steps]
    alone = [item for item in shared if not item.over_contexts]
    assert alone
    for item in alone:
        assert item.result is steps[item.couples[0].first, item.couples[0].second]


# ---- what is there to see ------------------------------------------------------------------------


def test_the_chart_has_a_row_per_change_and_a_mark_per_context():
    context = study(landscape(9, 80, kind="grid").runs, metrics=[ACCURACY])
    data = data_of(context)
    (figure,) = reading.find(blocks_of(context), Figure)
    lines = figure.data.lines
    assert len(lines) == len(data.verdicts.judged)
    sizes = [abs(line.difference) for line in lines]
    assert sizes == sorted(sizes, reverse=True)
    assert sum(line.dots.size for line in lines) == sum(
        len(item.couples) for item in data.verdicts.judged if item.over_contexts
    )
    page = pages.html_of(pages.page(blocks_of(context)))
    assert "optimizer" in page


def test_with_more_changes_than_asked_for_the_largest_are_drawn_and_the_rest_counted():
    context = study(landscape(9, 80, kind="grid").runs, metrics=[ACCURACY])
    (figure,) = reading.find(blocks_of(context, limit=3), Figure)
    assert len(figure.data.lines) == 3
    assert "The 3 largest are drawn; the table has 9 more." in reading.words(figure.note)


def test_the_record_says_the_same_as_the_page():
    context = study(landscape(9, 80, kind="grid").runs, metrics=[ACCURACY])
    stated = ablation.record(data_of(context))
    assert stated["together"] == [
        {"params": list(CONFOUNDED), "configurations_apart": 0, "rank_correlation": None}
    ]
    assert len(stated["changes"]) == 12
    assert stated["changes"][0]["words"] in "\n".join(
        reading.words(block.words) for block in blocks_of(context) if hasattr(block, "words")
    )


# ---- real runs -----------------------------------------------------------------------------------

STORE = ("wild", "mlflow_sqlite_hyperopt", "mlruns.db")


@needs_shared(*STORE)
def test_a_real_search_over_few_values_says_what_it_supports(tmp_path):
    """100 runs of 16 configurations, each deterministic: one run of each counts, and one whose log
    was cut: all it logged are the params of another configuration, and its values differ.
    """
    path = tmp_path / "spec.yaml"
    store = SHARED.joinpath(*STORE)
    path.write_text(
        "report: {title: A search}\n"
        f"sources: [{{mlflow: 'sqlite:///{store}'}}]\n"
        "groups: {by: all_but(random_state), replicates: params.random_state}\n"
        "metrics: {test_accuracy: {goal: maximize, primary: true}}\n"
        "pages: [{title: A page, sections: [ablation]}]\n"
    )
    spec = load_spec(path, sections=SECTIONS, sources=SOURCES, environ={})
    history = History(tmp_path / "history")
    context = understand(spec, read(spec, {}), history, {})
    data = data_of(context)
    assert len(data.settings.groups) == 16
    assert data.settings.runs == 100
    before, after = solver_pairs(store)
    item = found(data)["solver adam → sgd"]
    assert len(item.couples) == len(before) == 7
    assert item.difference == pytest.approx(np.mean(after) - np.mean(before))
    assert item.result.p_value == pytest.approx(scipy.stats.ttest_rel(after, before).pvalue)
    said = said_of(context)
    assert "83 runs are copies of another of the same configuration" in said
    assert "tol, validation_fraction, warm_start tell no configurations apart" in said


def solver_pairs(store):
    """Accuracy with adam and with sgd, where a configuration has both."""
    with sqlite3.connect(f"file:{store}?mode=ro", uri=True) as connection:
        params = defaultdict(dict)
        for run_id, key, value in connection.execute("select run_uuid, key, value from params"):
            params[run_id][key] = value
        values = dict(
            connection.execute(
                "select run_uuid, value from latest_metrics where key = 'test_accuracy'"
            )
        )
    found_in = defaultdict(dict)
    for run_id, own in params.items():
        if len(own) == 23:
            key = own["activation"], own["hidden_layer_sizes"]
            found_in[key][own["solver"]] = values[run_id]
    both = [found_in[key] for key in sorted(found_in) if len(found_in[key]) == 2]
    return [pair["adam"] for pair in both], [pair["sgd"] for pair in both]
