"""What two groups must have in common before a verdict, and what is said where they do not."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runreport.design import Metric
from runreport.sections.audit import Audit, between, overall
from runreport.sections.checks import CHECKS, check_of
from runreport.sections.comparing import compare
from tests.studies import study

ACCURACY = Metric("accuracy", goal="maximize", primary=True)


def two(
    first: dict[str, Any], second: dict[str, Any], metric: Metric = ACCURACY, **design: Any
) -> Any:
    """Two groups of four runs, each run with these lineage rows, params and tags."""
    runs = [
        {
            "params": {"model": name, "seed": seed, **facts.get("params", {})},
            "tags": facts.get("tags", {}),
            "metrics": {metric.name: 0.8 + 0.01 * seed, **facts.get("metrics", {})},
            "lineage": facts.get("lineage", []),
        }
        for name, facts in (("A", first), ("B", second))
        for seed in range(4)
    ]
    chosen = {"by": ["model"], "replicates": "seed", "metrics": (metric,), **design}
    return study(runs, **chosen)


def audited(first: dict[str, Any], second: dict[str, Any], **more: Any) -> Audit:
    context = two(first, second, **more)
    return between(*context.groups, context.design.metrics[0], context.design)


def data(purpose: str | None, digest: str, name: str = "reviews") -> dict[str, Any]:
    return {"lineage": [("data", name, purpose, digest, None, None)]}


def code(commit: str, dirty: bool | None = False) -> dict[str, Any]:
    return {"lineage": [("code", "git", "main", commit, dirty, None)]}


def state(audit: Audit, check: str) -> str:
    return next(outcome.state for outcome in audit.outcomes if outcome.check == check)


# ---- data ----------------------------------------------------------------------------------------


def test_other_evaluation_data_withhold_the_verdict():
    audit = audited(data("validation", "a1"), data("validation", "b2"))
    assert audit.withheld == (
        "The validation data of the two differ (digests a1 and b2), so values say little."
    )
    assert audit.findings == ()


def test_other_training_data_are_said_and_no_more():
    audit = audited(data("training", "a1"), data("training", "b2"))
    assert audit.withheld == ""
    assert [finding.words for finding in audit.findings] == [
        "The training data of the two differ (digests a1 and b2)."
    ]


def test_data_without_a_purpose_are_known_by_their_name():
    assert audited(data(None, "a1"), data(None, "b2")).withheld == (
        "The data set reviews of the two differs (digests a1 and b2), so values say little."
    )


def test_other_names_for_other_data_are_said():
    audit = audited(data(None, "a1", "v1"), data(None, "b2", "v2"))
    assert audit.withheld == ""
    assert "no digest in common" in audit.findings[0].words
    same = audited(data(None, "a1", "v1"), data(None, "a1", "v2"))
    assert same.findings == ()
    assert state(same, "evaluation_data") == "partly"


def test_the_data_that_the_metric_names_decide_where_they_are_known():
    test = Metric("test_accuracy", goal="maximize")
    first = {"lineage": [*data("validation", "a1")["lineage"], *data("test", "t")["lineage"]]}
    second = {"lineage": [*data("validation", "b2")["lineage"], *data("test", "t")["lineage"]]}
    assert audited(first, second, metric=test).withheld == ""
    assert "validation" in audited(first, second).withheld
    assert audited(second, data("test", "u"), metric=test).withheld.startswith("The test data")


@pytest.mark.parametrize(
    ("name", "table"),
    [
        ("data_hash", "params"), ("dataset_version", "params"), ("eval_data_sha256", "tags"),
        ("test_set_digest", "params"), ("dataset", "params"), ("eval.dataset", "params"),
        ("evalSplit", "params"), ("split", "tags"), ("eval_split", "params"),
        ("metric_version", "tags"), ("eval_config", "params"), ("judge_model", "params"),
    ],
)  # fmt: skip
def test_params_and_tags_that_name_the_evaluation_withhold_too(name, table):
    audit = audited({table: {name: "a1"}}, {table: {name: "b2"}})
    assert "a1 and b2" in audit.withheld
    assert audited({table: {name: "a1"}}, {table: {name: "a1"}}).withheld == ""


def test_data_that_groups_are_made_by_are_the_question():
    sides: Any = ({"params": {"dataset_version": "v1"}}, {"params": {"dataset_version": "v2"}})
    audit = audited(*sides, by=["model", "dataset_version"])
    assert audit.withheld == ""
    assert "v1 and v2" in audit.findings[0].words
    # with all_but nobody asked for it
    everything = audited(*sides, by=["model", "dataset_version"], all_but=True)
    assert "v1 and v2" in everything.withheld


def test_columns_that_tell_replicates_apart_are_no_differences():
    runs = [
        {"params": {"model": m, "split": f"{m}{n}"}, "metrics": {"accuracy": n / 10}}
        for m in "AB"
        for n in range(3)
    ]
    context = study(runs, by=["model"], replicates="split", metrics=(ACCURACY,))
    assert between(*context.groups, ACCURACY, context.design).withheld == ""


def test_one_of_several_data_sets_that_differs_does_not_withhold():
    def runs(digests: dict[str, str], name: str) -> list[dict[str, Any]]:
        return [
            {"params": {"model": name, "task": task}, "metrics": {"accuracy": 0.5},
             "lineage": [("data", task, "test", digest, None, None)]}
            for task, digest in digests.items()
        ]  # fmt: skip

    first = runs({"x": "1", "y": "2"}, "A")
    for second, withheld in (({"x": "1", "y": "3"}, False), ({"x": "4", "y": "3"}, True)):
        context = study(
            [*first, *runs(second, "B")], by=["model"], across="task", metrics=(ACCURACY,)
        )
        audit = between(*context.groups, ACCURACY, context.design)
        assert bool(audit.withheld) is withheld
        assert state(audit, "evaluation_data") == "differs"


def test_the_number_of_items_is_said():
    audit = audited({"metrics": {"n_eval": 1000}}, {"metrics": {"n_eval": 990}})
    assert audit.withheld == ""
    assert audit.findings[0].words == "The n_eval of the two differs (1000 and 990)."
    assert audit.findings[0].name == "NOT_COMPARABLE"


# ---- what nobody logged --------------------------------------------------------------------------


def test_what_was_not_logged_is_never_the_same():
    audit = audited({}, {})
    assert audit.withheld == ""
    assert audit.findings == ()
    assert {outcome.state for outcome in audit.outcomes} == {"unknown"}
    assert all("not logged" in outcome.words for outcome in audit.outcomes)


def test_what_one_group_logged_alone_is_not_known_to_be_the_same():
    audit = audited(data("test", "a1"), {})
    assert state(audit, "evaluation_data") == "unknown"


def test_runs_that_lack_it_are_counted():
    context = two(data("test", "a1"), data("test", "a1"))
    group = context.groups[0]
    from dataclasses import replace

    bare = replace(group.runs[0], lineage=())
    fewer = replace(group, runs=(bare, *group.runs[1:]))
    audit = between(fewer, context.groups[1], ACCURACY, context.design)
    assert state(audit, "evaluation_data") == "lacking"
    assert "not logged for 1 run." in audit.outcomes[0].words


def test_epochs_are_several():
    audit = audited({"params": {"epochs": 1}}, {"params": {"epochs": 2}})
    assert "The epochs of the two differ (1 and 2)." in [o.words for o in audit.outcomes]


# ---- code and budget -----------------------------------------------------------------------------


def test_uncommitted_changes_leave_the_code_unknown():
    audit = audited(code("c1", dirty=True), code("c1", dirty=True))
    assert state(audit, "code") == "unknown"
    assert state(audited(code("c1"), code("c1")), "code") == "same"
    assert state(audited(code("c1"), code("c2")), "code") == "differs"


def test_other_code_and_other_budgets_are_said_once_for_all_groups():
    context = two(
        {**code("c1"), "params": {"epochs": 10}}, {**code("c2"), "params": {"epochs": 20}}
    )
    found = overall(context.groups, ACCURACY, context.design)
    assert [(finding.name, finding.words) for finding in found] == [
        (
            "UNEQUAL_BUDGET",
            "Groups were given different budgets: epochs is 10 in model=A; 20 in model=B.",
        ),
        (
            "NOT_COMPARABLE",
            "Groups were run from different code: commit c1 in model=A; c2 in model=B.",
        ),
    ]
    (answer,) = compare(context, [ACCURACY])
    assert set(found) <= set(answer.findings)


def test_a_budget_that_groups_are_made_by_is_not_told_as_a_fault():
    sides: Any = ({"params": {"epochs": 10}}, {"params": {"epochs": 20}})
    context = two(*sides, by=["model", "epochs"])
    assert overall(context.groups, ACCURACY, context.design) == ()


def test_groups_alike_have_no_findings():
    same = {**code("c1"), "params": {"epochs": 10, "gpu": "A100"}}
    context = two(same, same)
    assert overall(context.groups, ACCURACY, context.design) == ()
    audit = audited(same, same)
    assert [o.state for o in audit.outcomes if o.check in ("code", "budget", "hardware")] == [
        "same", "same", "same",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "check"),
    [
        ("train_data_hash", "training_data"), ("training.dataset", "training_data"),
        ("train_split", "training_data"), ("val_fraction", "split"), ("test_size", "split"),
        ("num_eval_examples", "items"), ("eval_samples", "items"), ("git_sha", "code"),
        ("commit", "code"), ("git_dirty", "uncommitted"), ("torch_version", "environment"),
        ("gpu_name", "hardware"), ("n_gpus", "hardware"), ("max_epochs", "budget"),
        ("learning_rate", None), ("data_dir", None), ("dataset_path", None), ("model", None),
        ("batch_size", None), ("split_ratio_penalty", None), ("version", None), ("settings", None),
        ("data_augmentation", None), ("hidden_size", None), ("x" * 5000, None), ("", None),
    ],
)  # fmt: skip
def test_names_say_what_a_param_is(name, check):
    assert check_of(name) == check


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.sampled_from(["a", "b", "c"]), min_size=4, max_size=4),
    st.lists(st.sampled_from(["a", "b", "c"]), min_size=4, max_size=4),
)
def test_the_order_of_groups_and_runs_changes_no_state(first, second):
    def states(one: list[str], other: list[str]) -> list[str]:
        runs = [
            {"params": {"model": m, "seed": s, "data_hash": h, "epochs": len(h)},
             "metrics": {"accuracy": 0.5}, "lineage": [("code", "git", None, h, None, None)]}
            for m, hashes in (("A", one), ("B", other))
            for s, h in enumerate(hashes)
        ]  # fmt: skip
        context = study(runs, by=["model"], replicates="seed", metrics=(ACCURACY,))
        audit = between(*context.groups, ACCURACY, context.design)
        return [*(outcome.state for outcome in audit.outcomes), str(bool(audit.withheld))]

    assert states(first, second) == states(second, first) == states(first[::-1], second)


def test_every_check_has_a_remedy():
    assert all(check.remedy and check.title for check in CHECKS.values())
