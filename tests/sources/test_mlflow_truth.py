"""What our readers say of a store agrees with what MLflow's own client says of it."""

from __future__ import annotations

import math
from collections import Counter
from copy import copy
from pathlib import Path
from typing import Any

import pytest

from runreport.kinds import Reader, SourceContext
from runreport.sources.mlflow import SOURCE, Options
from runreport.tables import Run, RunTables
from tests.shared import ROOT, SHARED, needs_shared
from tests.sources.mlflow_stores import (
    Point,
    client_of,
    client_runs,
    copied,
    points,
    read,
    shown,
    word,
    write_study,
)

pytestmark = pytest.mark.mlflow

STATUSES = {"FINISHED": "finished", "FAILED": "failed", "RUNNING": "running", "KILLED": "killed"}


class Pair:
    """One store, seen by MLflow's client and by our reader."""

    def __init__(self, uri: str, location: str, base: Path) -> None:
        self.uri = uri
        self.folder = base
        self.location = location
        self.client: Any = client_of(uri)
        self.theirs = {f"mlflow:{run.info.run_id}": run for run in client_runs(self.client)}
        self.tables: RunTables
        self.reader: Reader
        self.tables, self.reader = read(location, base)
        self.ours: dict[str, Run] = {run.id: run for run in self.tables.rows}
        self.is_sql = uri.startswith("sqlite")


@pytest.fixture(scope="module", params=["sqlite", "files"])
def study(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Pair:
    folder = tmp_path_factory.mktemp("study")
    if request.param == "sqlite":
        uri, location = f"sqlite:///{folder}/study.db", "sqlite:///study.db"
    else:
        uri, location = (folder / "mlruns").as_uri(), "mlruns"
    write_study(uri, folder / "artifacts")
    return Pair(uri, location, folder)


@pytest.fixture(scope="module")
def quickstart(tmp_path_factory: pytest.TempPathFactory) -> Pair:
    folder = tmp_path_factory.mktemp("quickstart")
    database = copied(ROOT / "examples" / "quickstart" / "mlflow.db", folder)
    return Pair(f"sqlite:///{database}", "mlflow.db", folder)


def assert_runs_agree(pair: Pair) -> None:
    assert set(pair.ours) == set(pair.theirs)
    for name, theirs in pair.theirs.items():
        ours = pair.ours[name]
        info = theirs.info
        experiment = pair.client.get_experiment(info.experiment_id)
        assert ours.status == STATUSES[info.status]
        assert (ours.name, ours.experiment) == tuple(
            shown({"n": info.run_name, "e": experiment.name}).values()
        )
        assert _ms(ours.started) == info.start_time
        assert _ms(ours.ended) == info.end_time
        assert {key: param.text for key, param in ours.params.items()} == shown(theirs.data.params)
        assert dict(ours.tags) == shown(theirs.data.tags)
        assert ours.parent_id == _qualified(theirs.data.tags.get("mlflow.parentRunId"))


def assert_last_metrics_agree(pair: Pair) -> None:
    logged = 0
    for name, theirs in pair.theirs.items():
        ours = pair.ours[name].metrics
        # `data.metrics` holds values alone; the steps are in the client's own protos
        assert set(ours) == set(theirs.data.metrics)
        for metric in theirs.data._metric_objs:
            logged += 1
            last = ours[metric.key].last
            assert last is not None
            assert word(last) == word(metric.value), metric.key
            assert ours[metric.key].last_step == metric.step, metric.key
    assert logged > 5


def assert_histories_agree(pair: Pair) -> None:
    names = sorted({name for run in pair.ours.values() for name in run.metrics})
    ours = points(pair.reader, list(pair.ours), names)
    theirs: dict[tuple[str, str], Counter[Point]] = {}
    for name, run in pair.theirs.items():
        for metric in run.data.metrics:
            history = pair.client.get_metric_history(run.info.run_id, metric)
            found = Counter((float(p.step), p.timestamp, word(p.value)) for p in history)
            theirs[name, metric] = found
    assert ours == theirs
    assert sum(sum(series.values()) for series in ours.values()) > 250


def test_every_run_param_and_tag_of_a_study_agrees(study: Pair) -> None:
    assert len(study.ours) == 4
    assert_runs_agree(study)


def test_every_last_metric_of_a_study_agrees(study: Pair) -> None:
    assert_last_metrics_agree(study)


def test_every_history_of_a_study_agrees(study: Pair) -> None:
    assert_histories_agree(study)


def test_every_history_of_a_study_agrees_through_what_was_kept(study: Pair, tmp_path: Path) -> None:
    for _ in range(2):
        context = SourceContext(study.folder, {}, qualifier="mlflow", cache=tmp_path)
        kept = copy(study)
        kept.reader = SOURCE.open(Options(study.location), context)
        assert repr(kept.reader.tables().rows) == repr(study.tables.rows)
        assert_histories_agree(kept)


def test_every_run_param_and_tag_of_the_example_agrees(quickstart: Pair) -> None:
    assert len(quickstart.ours) == 38
    assert_runs_agree(quickstart)


def test_every_last_metric_of_the_example_agrees(quickstart: Pair) -> None:
    assert_last_metrics_agree(quickstart)


def test_every_history_of_the_example_agrees(quickstart: Pair) -> None:
    assert_histories_agree(quickstart)


@needs_shared("wild", "mlflow_sqlite_hyperopt")
def test_a_store_of_an_old_mlflow_agrees_after_the_client_has_migrated_a_copy(
    tmp_path: Path,
) -> None:
    old = SHARED / "wild" / "mlflow_sqlite_hyperopt" / "mlruns.db"
    before, reader = read(str(old), tmp_path)
    database = copied(old, tmp_path)
    from mlflow.store.db.utils import _upgrade_db, create_sqlalchemy_engine

    _upgrade_db(create_sqlalchemy_engine(f"sqlite:///{database}"))
    pair = Pair(f"sqlite:///{database}", str(database), tmp_path)
    assert pair.tables.params.drop(["number"]).equals(before.params.drop(["number"]))
    assert pair.tables.metrics.equals(before.metrics)
    assert_last_metrics_agree(pair)
    names = sorted(set(before.metrics["metric"].to_pylist()))
    # one schema has the index on runs, the other has not: two plans, the same points
    assert points(reader, list(pair.ours), names) == points(pair.reader, list(pair.ours), names)


def test_the_last_value_of_a_tie_is_the_one_mlflow_calls_the_latest(study: Pair) -> None:
    (parent,) = [run for run in study.ours.values() if run.name == "parent"]
    (part,) = study.reader.histories([parent.id], ["shuffled"])
    tied = [
        v
        for s, v in zip(part["step"].to_pylist(), part["value"].to_pylist(), strict=True)
        if s == 9
    ]
    # SQL refuses a second point of equal time, step and value; files keep it
    assert tied == ([0.4, 0.5] if study.is_sql else [0.4, 0.5, 0.5])
    assert parent.metrics["shuffled"].last == 0.5


def test_datasets_carry_digest_use_and_address_without_credentials(study: Pair) -> None:
    (parent,) = [run for run in study.ours.values() if run.name == "parent"]
    (theirs,) = study.theirs[parent.id].inputs.dataset_inputs
    (ours,) = [fact for fact in parent.lineage if fact.kind == "data"]
    assert (ours.name, ours.digest) == (theirs.dataset.name, theirs.dataset.digest)
    assert ours.version == theirs.tags[0].value
    assert ours.url == "https://data.example/d.csv"


def test_registered_versions_and_their_alias_stand_in_the_lineage_of_their_run(
    study: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    # the client asks the default store as well, which would appear in the current folder
    monkeypatch.setenv("MLFLOW_TRACKING_URI", study.uri)
    (parent,) = [run for run in study.ours.values() if run.name == "parent"]
    ours = {(fact.name, fact.version) for fact in parent.lineage if fact.kind == "model"}
    versions = study.client.search_model_versions("name = 'classifier'")
    theirs = {(v.name, str(v.version)) for v in versions if f"mlflow:{v.run_id}" == parent.id}
    champion = study.client.get_model_version_by_alias("classifier", "champion")
    assert ours == theirs | {("classifier@champion", str(champion.version))}
    assert len(ours) == 3


def test_artifacts_agree_in_path_and_size(study: Pair) -> None:
    # a file store keeps them in itself unless told otherwise, a database beside itself
    tables, _ = read(study.uri, study.folder, artifact_root="artifacts")
    (parent,) = [run for run in tables.rows if run.name == "parent"]
    theirs = {}
    for folder in (None, "plots"):
        for item in study.client.list_artifacts(parent.id.partition(":")[2], folder):
            if not item.is_dir:
                theirs[item.path] = item.file_size
    ours = {artifact.path: artifact.bytes for artifact in parent.artifacts}
    assert ours == theirs == {"notes.txt": 5, "plots/confusion_matrix.json": 5}


def test_one_experiment_is_read_when_one_is_named(study: Pair, tmp_path: Path) -> None:
    tables, _ = read(study.uri, tmp_path, experiments=("digits",))
    assert {run.experiment for run in tables.rows} == {"digits"}
    assert len(tables.rows) == 3


def test_steps_of_metrics_logged_with_a_dataset_are_kept_where_the_client_loses_them(
    tmp_path: Path,
) -> None:
    uri = (tmp_path / "mlruns").as_uri()
    client = client_of(uri)
    from mlflow.entities import Metric

    run = client.create_run(client.create_experiment("e")).info.run_id
    client.log_batch(
        run,
        metrics=[
            Metric("acc", value, 1_750_000_000_000, step, dataset_name="d", dataset_digest="0a")
            for step, value in ((3, 0.5), (9, 0.7))
        ],
    )
    tables, reader = read("mlruns", tmp_path)
    ours = points(reader, [f"mlflow:{run}"], ["acc"])
    written = {(3.0, 1_750_000_000_000, "0.5"): 1, (9.0, 1_750_000_000_000, "0.7"): 1}
    assert ours == {(f"mlflow:{run}", "acc"): written}
    assert tables.rows[0].metrics["acc"].last_step == 9
    # the day this fails, MLflow has mended it, and the difference is gone
    assert [point.step for point in client.get_metric_history(run, "acc")] == [0, 0]


def _ms(moment: Any) -> int | None:
    return None if moment is None else math.floor(moment.timestamp() * 1000 + 0.5)


def _qualified(run: str | None) -> str | None:
    return None if run is None else f"mlflow:{run}"
