"""The source `optuna` against Optuna's own study, and against files by hand."""

from __future__ import annotations

import json
import math
import sqlite3
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runreport.errors import SourceError
from runreport.kinds import SourceContext
from runreport.sources.optuna import SOURCE, Options
from runreport.tables import Run, RunTables
from tests.shared import SHARED, needs_shared

SAMPLES = SHARED / "samples" / "optuna"


def opened(where: Path | str, base: Path = Path(), **options: Any) -> Any:
    return SOURCE.open(Options(str(where), **options), SourceContext(base, {}))


def tables_at(where: Path | str, base: Path = Path(), **options: Any) -> RunTables:
    tables: RunTables = opened(where, base, **options).tables()
    tables.check()
    return tables


def by_name(tables: RunTables) -> dict[str, Run]:
    return {run.name: run for run in tables.rows}


def points_of(reader: Any, metric: str) -> dict[str, list[tuple[float, float]]]:
    """Steps and values of a metric, by run id."""
    found: dict[str, list[tuple[float, float]]] = {}
    for table in reader.histories([run.id for run in reader.tables().rows], {metric}):
        for row in table.to_pylist():
            found.setdefault(row["run_id"], []).append((row["step"], row["value"]))
    return found


def operation(code: int, **fields: Any) -> str:
    return json.dumps({"op_code": code, "worker_id": "w", **fields}) + "\n"


def float_kind() -> str:
    attributes = {"step": None, "low": 0.0, "high": 1.0, "log": False}
    return json.dumps({"name": "FloatDistribution", "attributes": attributes})


def number_param(value: Any, name: str = "x") -> str:
    return operation(
        5, trial_id=0, param_name=name, param_value_internal=value, distribution=float_kind()
    )


def choice_kind(*choices: Any) -> str:
    return json.dumps({"name": "CategoricalDistribution", "attributes": {"choices": choices}})


START = "2026-01-02T03:04:05+00:00"
HEAD = operation(0, study_name="s", directions=[1]) + operation(4, study_id=0, datetime_start=START)


@needs_shared("samples", "optuna")
def test_the_sample_database_reads_to_what_it_stores() -> None:
    tables = tables_at(SAMPLES / "optuna.db")
    assert tables.problems == ()
    link = sqlite3.connect(f"file:{SAMPLES / 'optuna.db'}?mode=ro&immutable=1", uri=True)
    states = dict(link.execute("SELECT number, state FROM trials"))
    runs = by_name(tables)
    assert {name: run.tags["optuna.state"] for name, run in runs.items()} == {
        f"trial {number}": state for number, state in states.items()
    }
    stored = link.execute(
        "SELECT number, objective, value FROM trial_values JOIN trials USING (trial_id)"
    ).fetchall()
    assert sorted(
        (int(run.tags["optuna.number"]), int(name[-1]), metric.last)
        for run in runs.values()
        for name, metric in run.metrics.items()
    ) == sorted(stored)
    chosen = link.execute(
        "SELECT number, json_extract(distribution_json, '$.attributes.choices[' ||"
        " CAST(param_value AS INTEGER) || ']') FROM trial_params JOIN trials USING (trial_id)"
        " WHERE param_name = 'opt'"
    ).fetchall()
    assert {n: runs[f"trial {n}"].params["opt"].text for n, _ in chosen} == dict(chosen)


@needs_shared("samples", "optuna")
@pytest.mark.parametrize("name", ["optuna.db", "journal.log"])
def test_the_samples_agree_with_optunas_own_study(name: str, tmp_path: Path) -> None:
    optuna = pytest.importorskip("optuna", reason="Optuna is not installed here")
    copy = tmp_path / name
    copy.write_bytes((SAMPLES / name).read_bytes())
    if name.endswith(".db"):
        storage: Any = f"sqlite:///{copy}"
    else:
        backend = optuna.storages.journal.JournalFileBackend(str(copy))
        storage = optuna.storages.JournalStorage(backend)
    assert_agrees(optuna, storage, SAMPLES / name)


def assert_agrees(optuna: Any, storage: Any, path: Path) -> None:
    """Everything that a study says of its trials is what was read."""
    reader = opened(path)
    runs = {run.id: run for run in reader.tables().rows}
    reported = points_of(reader, "intermediate_value")
    for summary in optuna.get_all_study_summaries(storage):
        study = optuna.load_study(study_name=summary.study_name, storage=storage)
        names = study.metric_names
        for trial in study.trials:
            run_id = f"optuna:{study.study_name}/{trial.number}"
            run = runs.pop(run_id)
            assert run.experiment == study.study_name
            assert run.tags["optuna.state"] == trial.state.name
            assert {key: param.text for key, param in run.params.items()} == {
                key: as_text(value) for key, value in trial.params.items() if value is not None
            }
            values = trial.values or []
            several = len(study.directions) > 1
            expected = {
                names[i] if names else f"values_{i}" if several else "value": value
                for i, value in enumerate(values)
            }
            found = {k: m.last for k, m in run.metrics.items() if k != "intermediate_value"}
            assert repr(found) == repr({key: expected[key] for key in found})
            assert len(found) == len(values)
            seen = sorted(reported.get(run_id, []))
            assert repr(seen) == repr(
                sorted((float(k), float(v)) for k, v in trial.intermediate_values.items())
            )
            assert {k: v for k, v in run.tags.items() if not k.startswith("optuna.")} == {
                key: as_text(value) for key, value in trial.user_attrs.items()
            }
            for ours, theirs in (
                (run.started, trial.datetime_start),
                (run.ended, trial.datetime_complete),
            ):
                assert (ours is None) == (theirs is None)
    assert not runs


def as_text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def objective(trial: Any) -> float:
    import optuna

    lr = trial.suggest_float("lr", 1e-5, 1e-1, log=True)
    depth = trial.suggest_int("tiefe/größe", 1, 9, step=2)
    trial.suggest_categorical("opt", ["adamw", "sgd", None, True, 3, 0.5])
    if trial.number % 2:
        trial.suggest_float("momentum", 0.0, 1.0, step=0.25)
    trial.set_user_attr("note", "größe")
    trial.set_user_attr("nested", {"a": [1, 2.5, None], "b": True})
    for step, value in ((0, 1.0), (5, math.nan), (2, math.inf), (3, -math.inf), (2**31, 0.25)):
        trial.report(value, step)
    if trial.number == 3:
        raise ValueError
    if trial.number == 4:
        raise optuna.TrialPruned
    if trial.number == 5:
        return math.inf
    if trial.number == 6:
        return math.nan
    return lr * float(depth)


@pytest.mark.parametrize("kind", ["rdb", "journal"])
def test_what_optuna_writes_agrees_with_its_own_study(kind: str, tmp_path: Path) -> None:
    optuna = pytest.importorskip("optuna", reason="Optuna is not installed here")
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    path = tmp_path / "runs.db"
    if kind == "rdb":
        storage: Any = optuna.storages.RDBStorage(f"sqlite:///{path}")
    else:
        path = tmp_path / "journal.log"
        backend = optuna.storages.journal.JournalFileBackend(str(path))
        storage = optuna.storages.JournalStorage(backend)
    study = optuna.create_study(
        study_name="ein/größe", storage=storage, sampler=optuna.samplers.RandomSampler(seed=1)
    )
    study.set_user_attr("team", "vision")
    study.enqueue_trial({"lr": 0.01})
    study.optimize(objective, n_trials=8, catch=(ValueError,))
    study.enqueue_trial({"lr": 0.02})
    study.ask()
    gone = optuna.create_study(study_name="gone", storage=storage)
    gone.optimize(lambda t: t.suggest_float("x", 0, 1), n_trials=2)
    optuna.delete_study(study_name="gone", storage=storage)
    many = optuna.create_study(
        study_name="zwei", storage=storage, directions=["minimize", "maximize"]
    )
    many.set_metric_names(["loss", "acc"])
    many.optimize(lambda t: (t.suggest_int("n", 0, 9), 1.5), n_trials=3)
    many.add_trial(
        optuna.trial.create_trial(
            params={"n": 4},
            distributions={"n": optuna.distributions.IntDistribution(0, 9)},
            values=[1.0, -math.inf],
        )
    )
    assert_agrees(optuna, storage, path)
    runs = by_name(tables_at(path, studies=("ein/größe",)))
    assert len(runs) == 9
    assert runs["trial 4"].status == "killed"
    assert runs["trial 3"].status == "failed"
    assert runs["trial 8"].status == "running"
    assert runs["trial 0"].tags["optuna.study.team"] == "vision"
    assert math.isnan(
        dict(points_of(opened(path), "intermediate_value")["optuna:ein/größe/0"])[5.0]
    )


def old_database(path: Path, script: str) -> None:
    link = sqlite3.connect(path)
    link.executescript(script)
    link.commit()
    link.close()


OLDEST = """
CREATE TABLE studies (study_id INTEGER PRIMARY KEY, study_name VARCHAR, direction VARCHAR);
CREATE TABLE version_info (version_info_id INTEGER PRIMARY KEY, schema_version INTEGER);
CREATE TABLE study_user_attributes (
    study_user_attribute_id INTEGER PRIMARY KEY, study_id INTEGER, "key" VARCHAR,
    value_json VARCHAR);
CREATE TABLE trials (
    trial_id INTEGER PRIMARY KEY, study_id INTEGER, state VARCHAR, value FLOAT,
    datetime_start DATETIME, datetime_complete DATETIME);
CREATE TABLE trial_params (
    param_id INTEGER PRIMARY KEY, trial_id INTEGER, param_name VARCHAR, param_value FLOAT,
    distribution_json VARCHAR);
CREATE TABLE trial_values (
    trial_value_id INTEGER PRIMARY KEY, trial_id INTEGER, step INTEGER, value FLOAT);
CREATE TABLE trial_system_attributes (
    trial_system_attribute_id INTEGER PRIMARY KEY, trial_id INTEGER, "key" VARCHAR,
    value_json VARCHAR);
INSERT INTO studies VALUES (1, 'old', 'MINIMIZE');
INSERT INTO trials VALUES (1, 1, 'COMPLETE', 0.5, '2019-01-02 03:04:05.5', '2019-01-02 03:04:06');
INSERT INTO trials VALUES (2, 1, 'COMPLETE', 1.7976931348623157e308, NULL, NULL);
INSERT INTO trial_params VALUES (1, 1, 'x', 1.5,
    '{"name": "UniformDistribution", "attributes": {"low": 0, "high": 2}}');
INSERT INTO trial_params VALUES (2, 1, 'n', 3.0,
    '{"name": "IntUniformDistribution", "attributes": {"low": 0, "high": 5}}');
INSERT INTO trial_values VALUES (1, 1, 0, 0.75), (2, 1, 1, -1.7976931348623157e308),
    (3, 1, 2, NULL);
INSERT INTO trial_system_attributes VALUES (1, 1, '_number', '1'), (2, 2, '_number', '0');
"""


def test_a_database_of_optuna_0_9_is_read(tmp_path: Path) -> None:
    path = tmp_path / "old.db"
    old_database(path, OLDEST)
    reader = opened(path)
    runs = by_name(reader.tables())
    assert runs["trial 1"].metrics["value"].last == 0.5
    assert runs["trial 0"].metrics["value"].last == math.inf
    assert {k: p.text for k, p in runs["trial 1"].params.items()} == {"x": "1.5", "n": "3"}
    assert runs["trial 1"].started == datetime(2019, 1, 2, 3, 4, 5, 500_000, UTC)
    assert runs["trial 1"].tags["optuna.directions"] == "minimize"
    (points,) = points_of(reader, "intermediate_value").values()
    assert points[:2] == [(0.0, 0.75), (1.0, -math.inf)]
    assert math.isnan(points[2][1])


def test_a_journal_is_replayed_as_optuna_does(tmp_path: Path) -> None:
    path = tmp_path / "journal.log"
    lines = [
        HEAD,
        operation(0, study_name="s", directions=[2]),  # exists already: refused
        number_param(0.5),
        operation(
            5,
            trial_id=0,
            param_name="c",
            param_value_internal=1,
            distribution=choice_kind("a", None, "b"),
        ),
        operation(7, trial_id=0, step=3, intermediate_value=1.0),
        operation(7, trial_id=0, step=1, intermediate_value=math.nan),
        operation(7, trial_id=0, step=3, intermediate_value=2.0),  # reported again: replaced
        operation(8, trial_id=0, user_attr={"k": [1, 2]}),
        operation(6, trial_id=0, state=1, values=[-math.inf], datetime_complete=START),
        operation(8, trial_id=0, user_attr={"late": 1}),  # over: refused
        operation(4, study_id=7, datetime_start=START),  # no such study: no trial
        operation(4, study_id=0, datetime_start=START),
        operation(
            5, trial_id=1, param_name="c", param_value_internal=0, distribution=choice_kind("z")
        ),
        operation(6, trial_id=1, state=3, values=None, datetime_complete=START),
    ]
    path.write_text("".join(lines))
    reader = opened(path)
    runs = by_name(reader.tables())
    assert reader.tables().problems == ()
    assert {k: p.text for k, p in runs["trial 0"].params.items()} == {"x": "0.5"}
    assert runs["trial 0"].metrics["value"].last == -math.inf
    assert runs["trial 0"].tags["k"] == "[1, 2]"
    assert "late" not in runs["trial 0"].tags
    assert runs["trial 0"].tags["optuna.directions"] == "minimize"
    assert (runs["trial 1"].status, dict(runs["trial 1"].params)) == ("failed", {})
    (points,) = points_of(reader, "intermediate_value").values()
    assert points[0] == (3.0, 2.0)
    assert points[1][0] == 1.0
    assert math.isnan(points[1][1])


def test_a_journal_cut_within_a_line_is_read_up_to_it(tmp_path: Path) -> None:
    path = tmp_path / "journal.log"
    whole = HEAD + operation(8, trial_id=0, user_attr={"a": "1"})
    path.write_text(whole + operation(8, trial_id=0, user_attr={"b": "2"})[:-9])
    tables = tables_at(path)
    (run,) = tables.rows
    assert run.tags["a"] == "1"
    assert "b" not in run.tags
    (problem,) = tables.problems
    assert (problem.code, problem.place) == ("RR372", "journal.log:4")


def test_nothing_after_a_damaged_operation_is_trusted(tmp_path: Path) -> None:
    path = tmp_path / "journal.log"
    path.write_text(HEAD + "{broken\n" + operation(8, trial_id=0, user_attr={"b": "2"}))
    tables = tables_at(path)
    assert "b" not in tables.rows[0].tags
    (problem,) = tables.problems
    assert (problem.code, problem.place) == ("RR373", "journal.log:3")


@pytest.mark.parametrize("content", [b"", b"\0" * 40, b"hello\n", b"{}\n", b"SQLite format 3\0"])
def test_what_is_no_storage_is_refused_by_name(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "x.log").write_bytes(content)
    with pytest.raises(SourceError) as caught:
        opened("x.log", tmp_path).tables()
    assert "x.log" in str(caught.value) or caught.value.problems[0].place == "x.log"


def test_a_location_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="RR370"):
        opened("sqlite:///none.db", tmp_path)


def test_a_choice_that_does_not_exist_is_told(tmp_path: Path) -> None:
    path = tmp_path / "journal.log"
    path.write_text(
        HEAD
        + operation(
            5, trial_id=0, param_name="c", param_value_internal=4, distribution=choice_kind("a")
        )
        + operation(
            5, trial_id=0, param_name="d", param_value_internal="x", distribution=float_kind()
        )
    )
    tables = tables_at(path)
    assert not tables.rows[0].params
    assert [problem.code for problem in tables.problems] == ["RR375", "RR375"]


def test_a_broken_database_leaves_its_neighbour_alone(tmp_path: Path) -> None:
    (tmp_path / "good.log").write_text(HEAD)
    old_database(tmp_path / "bad.db", OLDEST)
    data = (tmp_path / "bad.db").read_bytes()
    (tmp_path / "bad.db").write_bytes(data[: len(data) // 2])
    tables = tables_at(tmp_path)
    assert [run.id for run in tables.rows] == ["optuna:good.log/s/0"]
    assert [(p.code, p.severity) for p in tables.problems] == [("RR301", "warning")]


def test_detection_names_the_entry(tmp_path: Path) -> None:
    assert SOURCE.detect(tmp_path) is None
    (tmp_path / "study.log").write_text(HEAD)
    (tmp_path / "other.log").write_text("epoch 1 loss 2\n")
    found = SOURCE.detect(tmp_path)
    assert found is not None
    assert found.config == {"optuna": "study.log"}
    old_database(tmp_path / "old.db", OLDEST)
    assert SOURCE.detect(tmp_path).config == {"optuna": "."}
    found = SOURCE.detect(tmp_path / "old.db")
    assert found.config == {"optuna": "sqlite:///old.db"}
    assert found.summary == "Optuna database with 2 trials in 1 study"
    assert SOURCE.detect(tmp_path / "other.log") is None


def test_the_second_build_reads_what_was_kept(tmp_path: Path) -> None:
    old_database(tmp_path / "old.db", OLDEST)
    context = SourceContext(tmp_path, {}, cache=tmp_path / ".runreport")
    first = SOURCE.open(Options("old.db"), context)
    before = first.tables()
    second = SOURCE.open(Options("old.db"), context)
    # NaN is not equal to itself
    for name in ("runs", "params", "metrics", "tags"):
        kept = getattr(second.tables(), name).to_pylist()
        assert repr(kept) == repr(getattr(before, name).to_pylist())
    assert repr(points_of(first, "intermediate_value")) == repr(
        points_of(second, "intermediate_value")
    )


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_a_mutated_journal_gives_an_error_or_tables(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    text = (
        HEAD
        + number_param(0.5)
        + operation(7, trial_id=0, step=3, intermediate_value=1.0)
        + operation(4, study_id=0, datetime_start=None, state=1, value=1.0, params={"x": 0.25},
                    distributions={"x": float_kind()}, user_attrs={"a": 1}, system_attrs={},
                    intermediate_values={"1": 2.0})
        + operation(6, trial_id=0, state=1, values=[1.0], datetime_complete=START)
    )  # fmt: skip
    content = bytearray(text.encode())
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(content) - 1))
        content[at] = data.draw(st.sampled_from(b'0123456789"{}[]:,\n-e.\\u\0\xff'))
    path = tmp_path_factory.mktemp("mutated") / "journal.log"
    path.write_bytes(bytes(content))
    try:
        reader = opened(path)
        reader.tables().check()
        points_of(reader, "intermediate_value")
    except SourceError:
        return
