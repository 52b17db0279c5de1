from datetime import UTC, datetime, timedelta

import pytest

from runreport.errors import SpecError
from runreport.selection import group, report_time, select, sort_runs
from runreport.spec.expressions import Expression
from runreport.spec.model import Grouping, Selection
from tests.studies import START, _evaluate, grid, tables


def expression(text: str, *, descending: bool = False) -> Expression:
    return Expression(text, descending=descending)


def runs_of(*runs):
    return tables(list(runs)).rows


def test_equal_numbers_written_differently_are_one_group():
    runs = runs_of(
        {"params": {"lr": "1e-3", "seed": 1}},
        {"params": {"lr": "0.001", "seed": 2}},
        {"params": {"lr": "0.01", "seed": 1}},
    )
    groups = group(runs, Grouping(all_but=("seed",)), _evaluate)
    assert [len(g.runs) for g in groups] == [2, 1]


def test_groups_come_in_the_order_of_numbers_not_of_text():
    runs = runs_of(*({"params": {"depth": depth}} for depth in (10, 9, 100)))
    groups = group(runs, Grouping(by=(expression("params.depth"),)), _evaluate)
    assert [g.label for g in groups] == ["depth=9", "depth=10", "depth=100"]


def test_labels_name_only_what_differs():
    study = grid({"optimizer": ["sgd", "adam"], "batch": [32]}, [1, 2], lambda p, s: 0.5)
    groups = group(tables(study).rows, Grouping(all_but=("seed",)), _evaluate)
    assert [g.label for g in groups] == ["adam", "sgd"]


def test_baseline_comes_first_and_replicates_carry_their_identity():
    study = grid({"optimizer": ["sgd", "adam"]}, [3, 1], lambda p, s: 0.5)

    def evaluate(e, run):
        if e.text == "is_sgd":
            return run.params["optimizer"].text == "sgd"
        return _evaluate(e, run)

    grouping = Grouping(
        all_but=("seed",), replicates=expression("seed"), baseline=expression("is_sgd")
    )
    first = group(tables(study).rows, grouping, evaluate)[0]
    assert first.is_baseline
    assert first.label == "sgd"
    assert first.replicate_of == ("3", "1")


def test_long_whole_numbers_that_differ_are_not_one_group():
    runs = runs_of(*({"params": {"data_id": f"1234567890123456789{n}"}} for n in (0, 1)))
    assert len(group(runs, Grouping(all_but=()), _evaluate)) == 2


def test_an_empty_param_is_not_a_missing_one():
    runs = runs_of({"params": {"tag": ""}}, {"params": {}})
    assert len(group(runs, Grouping(by=(expression("params.tag"),)), _evaluate)) == 2


@pytest.mark.parametrize(("condition", "words"), [(True, "selects 2 groups"), (False, "no group")])
def test_a_baseline_that_is_not_one_group_is_refused(condition, words):
    study = grid({"optimizer": ["sgd", "adam"]}, [1], lambda p, s: 0.5)

    def evaluate(e, run):
        return condition if e.text == "base" else _evaluate(e, run)

    grouping = Grouping(all_but=("seed",), baseline=expression("base"))
    with pytest.raises(SpecError, match=words) as caught:
        group(tables(study).rows, grouping, evaluate)
    assert caught.value.problems[0].code == "RR210"


def test_a_missing_param_is_a_level_of_its_own():
    runs = runs_of({"params": {"drop": "0.1"}}, {"params": {}})
    groups = group(runs, Grouping(all_but=()), _evaluate)
    assert {g.label for g in groups} == {"drop=0.1", "drop=(not set)"}


def test_many_varying_params_are_labelled_by_the_run():
    runs = runs_of(
        *({"name": f"trial {i}", "params": {f"p{j}": i * j for j in range(1, 8)}} for i in (1, 2))
    )
    groups = group(runs, Grouping(all_but=()), _evaluate)
    assert [g.label for g in groups] == ["trial 1", "trial 2"]


def test_what_one_group_lacks_is_in_its_own_label_alone():
    rest = {"beta": "0.9", "eps": "0.1", "tol": "1", "warm": "no"}
    words = [{"solver": s, "act": a} for s in ("adam", "sgd") for a in ("relu", "tanh")]
    odd = {"params": {"solver": "lbfgs", "act": "relu"}}
    runs = runs_of(*({"params": word | rest} for word in words), odd)
    labels = {g.label for g in group(runs, Grouping(all_but=()), _evaluate)}
    # with five columns that tell it apart, the single run's name is shorter
    assert labels == {"relu, adam", "tanh, adam", "relu, sgd", "tanh, sgd", "run-4"}


def test_groups_with_equal_labels_are_told_apart():
    long = "x" * 60
    runs = runs_of({"params": {"prompt": long + "a"}}, {"params": {"prompt": long + "b"}})
    labels = [g.label for g in group(runs, Grouping(all_but=()), _evaluate)]
    assert len(set(labels)) == 2


def test_sorting_puts_missing_and_nan_last_in_both_directions():
    runs = runs_of(
        {"name": "low", "metrics": {"acc": 0.1}},
        {"name": "none"},
        {"name": "high", "metrics": {"acc": 0.9}},
        {"name": "nan", "metrics": {"acc": float("nan")}},
    )
    up = [r.name for r in sort_runs(runs, (expression("acc"),), _evaluate)]
    down = [r.name for r in sort_runs(runs, (expression("acc", descending=True),), _evaluate)]
    assert up == ["low", "high", "none", "nan"]
    assert down == ["high", "low", "none", "nan"]


def test_every_excluded_run_has_the_rule_that_excluded_it():
    runs = runs_of(*({"name": f"r{i}", "params": {"lr": i}} for i in range(5)))
    selection = Selection(where=expression("big"), since="35m", sort=(expression("lr"),), limit=1)
    now = START + timedelta(minutes=40)
    chosen = select(runs, selection, lambda e, run: run.params["lr"].number >= 2
                    if e.text == "big" else _evaluate(e, run), now)  # fmt: skip
    assert [run.name for run in chosen.runs] == ["r2"]
    assert [(item.run.name, item.reason) for item in chosen.excluded] == [
        ("r0", "started before 2026-03-01 09:05 UTC"),
        ("r1", "does not satisfy big"),
        ("r3", "beyond the limit of 1 run"),
        ("r4", "beyond the limit of 1 run"),
    ]


def test_a_param_that_is_true_or_false_selects_by_itself():
    runs = runs_of(*({"name": text, "params": {"bn": text}} for text in ("True", "false", "true")))
    chosen = select(runs, Selection(where=expression("params.bn")), _evaluate, START)
    assert sorted(run.name for run in chosen.runs) == ["True", "true"]


def test_since_takes_lengths_and_dates():
    runs = runs_of({"name": "nine"}, {"name": "ten past"})
    for since, kept in [("2026-03-01", 2), ("2026-03-01T09:05", 1), ("12m", 1), ("1w", 2)]:
        chosen = select(runs, Selection(since=since), _evaluate, START + timedelta(minutes=20))
        assert len(chosen.runs) == kept


def test_the_report_time_is_the_newest_run_unless_the_epoch_is_set():
    runs = runs_of({}, {})
    assert report_time(runs, {}) == START + timedelta(minutes=10, seconds=90)
    assert report_time(runs, {"SOURCE_DATE_EPOCH": "0"}) == datetime(1970, 1, 1, tzinfo=UTC)
    assert report_time((), {}).year == 1980


@pytest.mark.parametrize("epoch", ["", "soon", "-1", "1e9", "\u00b2", "9" * 12, "9" * 5000])
def test_an_epoch_that_is_no_moment_is_not_the_report_time(epoch):
    runs = runs_of({}, {})
    assert report_time(runs, {"SOURCE_DATE_EPOCH": epoch}) == report_time(runs, {})


@pytest.mark.parametrize(
    ("levels", "labels"),
    [
        ({"optimizer": ["adam", "sgd"], "lr": [0.1]}, ["adam", "sgd"]),
        ({"optimizer": ["adam"], "lr": [0.1, 1]}, ["lr=0.1", "lr=1"]),
        ({"encoder": ["cnn", "mlp"], "decoder": ["mlp", "gru"]}, None),
        ({"nesterov": ["True", "False"]}, ["nesterov=False", "nesterov=True"]),
        ({"path": ["/data/a", "/data/b"]}, ["path=/data/a", "path=/data/b"]),
    ],
)
def test_words_stand_alone_in_labels_where_they_say_what_they_are(levels, labels):
    study = grid(levels, [1], lambda p, s: 0.5)
    found = [g.label for g in group(tables(study).rows, Grouping(all_but=("seed",)), _evaluate)]
    # `mlp` alone could be either
    assert found == (
        labels or [f"decoder={d}, encoder={e}" for d in ("gru", "mlp") for e in ("cnn", "mlp")]
    )
