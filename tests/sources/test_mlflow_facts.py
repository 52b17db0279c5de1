"""Runs as MLflow tells them become canonical rows, within limits, and nothing is lost unsaid."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from runreport.errors import SourceError
from runreport.sources.addresses import without_userinfo
from runreport.sources.limits import Limits
from runreport.sources.listing import artifact_kind
from runreport.sources.mlflow.collect import Collector
from runreport.sources.mlflow.facts import (
    DatasetInput,
    LoggedModel,
    ModelVersion,
    RunFacts,
    lineage_of,
    select_experiments,
    status_of,
    utc,
)
from runreport.tables import Artifact, Lineage, Run
from tests.sources.mlflow_stores import codes

PLAIN = RunFacts("r1", "digits", "first", "FINISHED", 1_700_000_000_000, 1_700_000_002_500)


def collected(*runs: RunFacts, limits: Limits | None = None) -> tuple[tuple[Run, ...], Collector]:
    told = Collector("mlflow", "store.db", limits or Limits())
    for run in runs:
        told.add(run)
    tables = told.tables()
    tables.check()
    return tables.rows, told


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("FINISHED", "finished"),
        ("FAILED", "failed"),
        ("KILLED", "killed"),
        ("RUNNING", "running"),
        ("SCHEDULED", "unknown"),
        (1, "running"),
        (2, "unknown"),
        (3, "finished"),
        (4, "failed"),
        (5, "killed"),
        (99, "unknown"),
        ("done", "unknown"),
        (None, "unknown"),
    ],
)
def test_a_status_is_translated_and_never_guessed(theirs: str | int | None, ours: str) -> None:
    assert status_of(theirs) == ours


def test_milliseconds_become_utc() -> None:
    assert utc(1_700_000_000_123) == datetime(2023, 11, 14, 22, 13, 20, 123_000, tzinfo=UTC)


@pytest.mark.parametrize("ms", [None, 0, -5, 9_999_999_999_999_999, 10**30])
def test_times_that_cannot_be_are_none(ms: int | None) -> None:
    assert utc(ms) is None


def test_a_run_becomes_rows() -> None:
    run = replace(
        PLAIN,
        params=[("lr", "1e-3"), ("name", "x")],
        tags=[("team", "vision"), ("mlflow.user", "ada")],
        metrics=[("loss", math.nan, 7.0)],
    )
    (row,), _ = collected(run)
    assert (row.id, row.source, row.experiment, row.name) == (
        "mlflow:r1",
        "mlflow",
        "digits",
        "first",
    )
    assert (row.status, row.duration_s, row.user, row.url) == ("finished", 2.5, "ada", None)
    assert row.params["lr"].number == 0.001
    assert not row.params["name"].is_number
    assert row.tags == {"team": "vision", "mlflow.user": "ada"}
    last = row.metrics["loss"]
    assert last.last is not None
    assert math.isnan(last.last)
    assert (last.last_step, last.count) == (7.0, None)


def test_a_run_without_a_name_takes_its_tag_and_then_the_start_of_its_id() -> None:
    named = replace(PLAIN, run_id="aaaa", name="", tags=[("mlflow.runName", "by tag")])
    bare = replace(PLAIN, run_id="0123456789abcdef", name=None)
    rows, _ = collected(named, bare)
    assert [row.name for row in rows] == ["by tag", "01234567"]


def test_a_child_names_its_parent() -> None:
    (row,), _ = collected(replace(PLAIN, tags=[("mlflow.parentRunId", "p0")]))
    assert row.parent_id == "mlflow:p0"
    assert Lineage("parent", "p0") in row.lineage


def test_an_end_before_the_start_leaves_the_duration_unknown_and_says_so() -> None:
    (row,), told = collected(replace(PLAIN, ended_ms=1_600_000_000_000))
    assert row.duration_s is None
    (problem,) = told.tables().problems
    assert (problem.code, problem.severity, problem.place) == ("RR312", "note", "store.db, run r1")


def test_an_absurd_clock_is_said() -> None:
    (row,), told = collected(replace(PLAIN, started_ms=9_999_999_999_999_999))
    assert (row.started, row.duration_s) == (None, None)
    assert codes(told.tables().problems) == ["RR312"]


def test_a_second_run_of_one_id_is_a_problem_and_not_a_run() -> None:
    rows, told = collected(PLAIN, replace(PLAIN, name="again"))
    assert [row.name for row in rows] == ["first"]
    assert codes(told.tables().problems) == ["RR306"]


def test_what_is_beyond_a_limit_is_counted_aloud() -> None:
    limits = Limits(params=3, tags=2, metrics=1, value=5, key=4)
    run = replace(
        PLAIN,
        params=[(f"p{i}", "1") for i in range(7)],
        tags=[("abcdefgh", "1234567890")],
        metrics=[("a", 1.0, 0.0), ("b", 2.0, 0.0)],
        totals={"params": 1234},
    )
    (row,), told = collected(run, limits=limits)
    assert list(row.params) == ["p0", "p1", "p2"]
    assert row.tags == {"abcd": "12345"}
    assert list(row.metrics) == ["a"]
    messages = [problem.message for problem in told.tables().problems]
    assert messages == [
        "a name of 8 characters was cut to 4",
        "showing the first 5 characters of 'abcd'",
        "showing 3 of 1,234 params",
        "showing 1 of 2 metrics",
    ]
    assert set(codes(told.tables().problems)) == {"RR307"}


def test_names_that_differ_by_unprintable_characters_do_not_overwrite_each_other() -> None:
    run = replace(
        PLAIN,
        params=[("a\x01", "1"), ("a\x02", "2")],
        metrics=[("m\x01", 1.0, 0.0), ("m\x02", 2.0, 0.0)],
    )
    (row,), told = collected(run)
    assert {name: param.text for name, param in row.params.items()} == {"a\ufffd": "1"}
    assert row.metrics["m\ufffd"].last == 1.0
    assert codes(told.tables().problems) == ["RR306", "RR306"]
    assert told.metric_names == {"m\ufffd": {"m\x01", "m\x02"}}


def test_code_has_repository_branch_commit_and_state_and_no_credentials() -> None:
    tags = {
        "mlflow.source.git.commit": "5d0c9f2b",
        "mlflow.source.git.branch": "main",
        "mlflow.source.git.dirty": "True",
        "mlflow.source.git.repoURL": "https://ada:t0ken@git.example/vision/digits.git",
        "mlflow.source.name": "train.py",
        "mlflow.project.entryPoint": "main",
    }
    code, command = lineage_of(PLAIN, tags, 10)
    url = "https://git.example/vision/digits.git"
    assert code == Lineage("code", "digits", "main", "5d0c9f2b", True, url)
    assert command == Lineage("command", "train.py", "main")


@pytest.mark.parametrize(("word", "dirty"), [("true", True), ("false", False), ("maybe", None)])
def test_a_dirty_tree_is_known_only_when_it_is_said(word: str, dirty: bool | None) -> None:
    tags = {"mlflow.source.git.commit": "5d0c9f2b", "mlflow.git.dirty": word}
    (code,) = lineage_of(PLAIN, tags, 10)
    assert code == Lineage("code", "git", None, "5d0c9f2b", dirty)


def test_data_environment_hardware_and_models_are_lineage() -> None:
    run = replace(
        PLAIN,
        datasets=[DatasetInput("digits", "a4e3", "train", '{"url": "http://u:p@h.example/x"}')],
        versions=[ModelVersion("clf", "3", ("champion",), "Production"), ModelVersion("clf", "4")],
        models=[LoggedModel("net", "m-1")],
        artifacts=[Artifact("model/requirements.txt", "text", 3, "sha256:ab", None)],
    )
    tags = {
        "mlflow.docker.image.uri": "img:1",
        "mlflow.docker.image.id": "sha256:cd",
        "mlflow.databricks.cluster.id": "c-9",
        "mlflow.log-model.history": '[{"flavors": {"python_function": {"python_version": "3.12.4"},'
        ' "sklearn": {"sklearn_version": "1.5.1", "code": null}}}]',
    }
    assert list(lineage_of(run, tags, 10)) == [
        Lineage("data", "digits", "train", "a4e3", None, "http://h.example/x"),
        Lineage("environment", "img:1", None, "sha256:cd"),
        Lineage("environment", "python", "3.12.4"),
        Lineage("environment", "sklearn", "1.5.1"),
        Lineage("environment", "model/requirements.txt", None, "sha256:ab"),
        Lineage("hardware", "c-9"),
        Lineage("model", "clf", "3"),
        Lineage("model", "clf@champion", "3"),
        Lineage("model", "clf/Production", "3"),
        Lineage("model", "clf", "4"),
        Lineage("model", "net", "m-1"),
    ]


@pytest.mark.parametrize(
    "history", ["", "[", "[" * 100_000, '{"flavors": 3}', '[{"flavors": [1]}, 7, null]', "\ud800"]
)
def test_a_history_of_models_that_is_none_says_nothing(history: str) -> None:
    assert list(lineage_of(PLAIN, {"mlflow.log-model.history": history}, 10)) == []


@pytest.mark.parametrize(
    ("address", "bare"),
    [
        ("https://u:p@h.example:8443/a?b=c#d", "https://h.example:8443/a?b=c#d"),
        ("https://u:p@[/a", "https://[/a"),
        ("git@h.example:o/r.git", "git@h.example:o/r.git"),
        ("plain text", "plain text"),
    ],
)
def test_addresses_lose_user_and_password(address: str, bare: str) -> None:
    assert without_userinfo(address) == bare


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("plots/roc.png", "image"),
        ("model/MLmodel", "model"),
        ("model/model.pkl", "checkpoint"),
        ("ckpt/last.safetensors", "checkpoint"),
        ("train.log", "log"),
        ("out/stdout.txt", "log"),
        ("predictions.csv", "predictions"),
        ("val_preds_fold1.parquet", "predictions"),
        ("confusion_matrix.json", "plot-data"),
        ("eval/roc_curve.csv", "plot-data"),
        ("table.csv", "table"),
        ("conda.yaml", "text"),
        ("data.bin2", "other"),
        ("Makefile", "other"),
    ],
)
def test_the_kind_of_an_artifact_is_told_by_its_name(path: str, kind: str) -> None:
    assert artifact_kind(path) == kind


KNOWN = [("0", "Default"), ("1", "digits"), ("2", "digits-large"), ("3", "[odd]*")]


@pytest.mark.parametrize(
    ("wanted", "ids"),
    [
        ((), ["0", "1", "2", "3"]),
        (("digits",), ["1"]),
        (("2",), ["2"]),
        (("digits*",), ["1", "2"]),
        (("2", "digits", "2"), ["1", "2"]),
        (("[odd]*",), ["3"]),
    ],
)
def test_experiments_are_chosen_by_name_id_or_pattern(
    wanted: tuple[str, ...], ids: list[str]
) -> None:
    assert [number for number, _ in select_experiments(KNOWN, wanted, "s")] == ids


def test_every_experiment_that_is_not_there_is_named_with_the_nearest() -> None:
    with pytest.raises(SourceError) as caught:
        select_experiments(KNOWN, ["digit", "digits", "zzz*"], "store.db")
    first, second = caught.value.problems
    assert (first.code, first.hint) == ("RR305", "it has 'digits'")
    assert "'zzz*'" in second.message
    assert second.hint is not None
    assert "'digits-large'" in second.hint
