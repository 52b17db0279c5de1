"""Against the real thing: a server of MLflow's, what its own client says, and the same database."""

from __future__ import annotations

import math
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from runreport.kinds import Reader, SourceContext
from runreport.sources.mlflow import SOURCE, Options
from runreport.tables import SCHEMAS, RunTables
from tests.shared import ROOT

mlflow = pytest.importorskip("mlflow")
pytestmark = [pytest.mark.mlflow, pytest.mark.slow]

QUICKSTART = ROOT / "examples" / "quickstart"
STARTS_WITHIN_S = 240
LONG = 12_345
"""Points of one metric: more than one page holds."""
LARGEST = 1.7976931348623157e308
"""What MLflow's database and server write for infinity."""


@dataclass(frozen=True)
class Served:
    """A store with the quickstart study and odd runs, and a server over it."""

    folder: Path
    url: str
    database: str
    runs: dict[str, str]
    """Own names of the odd runs to their ids."""


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("server")
    shutil.copytree(QUICKSTART / "artifacts", folder / "artifacts")
    shutil.copy(QUICKSTART / "mlflow.db", folder / "store.db")
    database = f"sqlite:///{folder / 'store.db'}"
    runs = write_odd_runs(mlflow.MlflowClient(database, database), folder)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    log = (folder / "server.log").open("wb")
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "mlflow", "server"),
            *("--backend-store-uri", database, "--host", "127.0.0.1"),
            *("--port", str(port), "--workers", "1"),
        ],
        # the quickstart's artifacts have relative addresses
        cwd=folder,
        env={
            **os.environ,
            "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
            "MLFLOW_DISABLE_TELEMETRY": "true",
        },
        stdout=log,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    url = f"http://127.0.0.1:{port}"
    try:
        wait_for(f"{url}/health", process, folder / "server.log")
        yield Served(folder, url, database, runs)
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        log.close()


def wait_for(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + STARTS_WITHIN_S
    while time.monotonic() < end and process.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=2) as answer:
                if answer.status == 200:
                    return
        except OSError:
            time.sleep(0.3)
    pytest.fail(f"the server did not start: {log.read_text()[-2000:]}")


def write_odd_runs(client: Any, folder: Path) -> dict[str, str]:
    """What makes readers stumble, logged by MLflow's own client."""
    from mlflow.entities import Dataset, DatasetInput, InputTag, Metric

    home = client.create_experiment("odd ones", artifact_location=str(folder / "odd"))
    client.create_experiment("empty")
    ids = {name: client.create_run(home, run_name=name).info.run_id for name in ("a", "gone")}
    ids["child"] = client.create_run(home, tags={"mlflow.parentRunId": ids["a"]}).info.run_id
    run = ids["a"]
    for start in range(0, LONG, 1000):
        steps = range(start, min(start + 1000, LONG))
        client.log_batch(
            run, [Metric("long", math.sin(s), 1_770_000_000_000 + s, s) for s in steps]
        )
    odd = [1.0, math.nan, math.inf, -math.inf, 5e-324]
    points = [Metric("val/odd one", v, 1_770_000_000_000, s) for s, v in enumerate(odd)]
    # out of order, one step twice, and negative
    shuffled = [(5, 0.5), (3, 0.3), (5, 0.55), (-1, 0.1), (4, 0.4)]
    points += [Metric("shuffled", v, 1_770_000_000_000 + s, s) for s, v in shuffled]
    points += [Metric("ends_nan", v, 1, s) for s, v in enumerate([0.5, math.nan])]
    points += [Metric("ends_inf", v, 1, s) for s, v in enumerate([0.5, math.inf])]
    client.log_batch(run, points)
    for key, value in {"lr": "1e-05", "empty": "", "long": "x" * 6000, "naïve/π": "é"}.items():
        client.log_param(run, key, value)
    client.set_tag(run, "mlflow.note.content", "**bold** <script>")
    client.set_tag(run, "mlflow.source.git.repoURL", "https://user:secret@host/team/repo.git")
    client.log_text(run, "x", "logs/deep/er/a.log")
    client.log_text(run, "a,b\n", "predictions.csv")
    data = Dataset("digits", "d1g35t", "http", '{"url": "https://host/digits.csv"}')
    tags = [InputTag("mlflow.data.context", "eval")]
    client.log_inputs(run, [DatasetInput(data, tags)])
    client.create_registered_model("clf")
    for source in (run, ids["child"], run):
        client.create_model_version("clf", str(folder / "odd"), source)
    client.set_registered_model_alias("clf", "champion", 3)
    client.set_registered_model_alias("clf", "best", 3)
    client.set_registered_model_alias("clf", "old", 1)
    client.create_logged_model(home, name="net", source_run_id=run)
    client.set_terminated(run)
    client.set_terminated(ids["child"], "FAILED")
    client.delete_run(ids["gone"])
    lost = client.create_experiment("lost")
    ids["lost"] = client.create_run(lost).info.run_id
    client.delete_experiment(lost)
    return ids


def opened(location: str, *experiments: str) -> Reader:
    context = SourceContext(Path(), {}, qualifier="mlflow")
    return SOURCE.open(Options(location, tuple(experiments)), context)


@pytest.fixture(scope="module")
def reader(served: Served) -> Reader:
    return opened(served.url)


@pytest.fixture(scope="module")
def tables(reader: Reader) -> RunTables:
    found = reader.tables()
    found.check()
    return found


@pytest.fixture(scope="module")
def told_by_client(served: Served) -> list[Any]:
    client = mlflow.MlflowClient(served.url, served.url)
    ids = [experiment.experiment_id for experiment in client.search_experiments()]
    return list(client.search_runs(ids, max_results=1000))


def same(read: float, told: float) -> bool:
    """Whether a number is what MLflow's client says, where infinity is a large number."""
    if math.isnan(told):
        return math.isnan(read)
    if abs(told) >= LARGEST:
        return read == math.copysign(math.inf, told)
    return read == told


def points_of(reader: Reader, tables: RunTables) -> list[dict[str, Any]]:
    metrics = sorted(set(tables.metrics["metric"].to_pylist()))
    parts = reader.histories(tables.runs["run_id"].to_pylist(), metrics)
    return [row for part in parts for row in part.to_pylist()]


def test_every_run_param_tag_and_last_metric_agrees_with_mlflows_client(
    served: Served, tables: RunTables, told_by_client: list[Any]
) -> None:
    rows = {run.id.partition(":")[2]: run for run in tables.rows}
    assert set(rows) == {run.info.run_id for run in told_by_client}
    assert len(rows) == 38 + 2
    assert served.runs["gone"] not in rows
    assert served.runs["lost"] not in rows
    for told in told_by_client:
        run = rows[told.info.run_id]
        assert run.name == told.info.run_name
        assert run.status == told.info.status.lower()
        assert run.user == told.info.user_id
        assert run.started is not None
        assert round(run.started.timestamp() * 1000) == told.info.start_time
        assert {name: param.text for name, param in run.params.items()} == told.data.params
        assert dict(run.tags) == told.data.tags
        assert set(run.metrics) == set(told.data.metrics)
        for name, value in told.data.metrics.items():
            last = run.metrics[name].last
            assert last is not None
            assert same(last, value), (run.id, name)


def test_every_full_history_agrees_with_mlflows_client(
    served: Served, reader: Reader, tables: RunTables, told_by_client: list[Any]
) -> None:
    read: dict[tuple[str, str], list[tuple[float, int, float]]] = {}
    for row in points_of(reader, tables):
        ms = round(row["time"].timestamp() * 1000)
        key = (row["run_id"].partition(":")[2], row["metric"])
        read.setdefault(key, []).append((row["step"], ms, row["value"]))
    client = mlflow.MlflowClient(served.url, served.url)
    asked = {(run.info.run_id, name) for run in told_by_client for name in run.data.metrics}
    assert set(read) == asked
    assert len(read[served.runs["a"], "long"]) == LONG
    for run_id, name in asked:
        told = [
            (float(point.step), point.timestamp, point.value)
            for point in client.get_metric_history(run_id, name)
        ]
        # values break ties, so that a set order of equal steps and times is compared
        pairs = zip(sorted(read[run_id, name], key=order), sorted(told, key=order), strict=True)
        for ours, theirs in pairs:
            assert ours[:2] == theirs[:2]
            assert same(ours[2], theirs[2]), (run_id, name)


def order(point: tuple[float, int, float]) -> tuple[float, int, bool, float]:
    step, ms, value = point
    value = math.copysign(LARGEST, value) if math.isinf(value) else value
    return step, ms, math.isnan(value), 0.0 if math.isnan(value) else value


def test_odd_numbers_are_what_was_logged(served: Served, reader: Reader, tables: RunTables) -> None:
    run = f"mlflow:{served.runs['a']}"
    values = {
        row["step"]: row["value"]
        for part in reader.histories([run], ["val/odd one"])
        for row in part.to_pylist()
    }
    assert (values[0], values[2], values[3], values[4]) == (1.0, math.inf, -math.inf, 5e-324)
    assert math.isnan(values[1])
    last = {name: summary.last for name, summary in metrics_of(tables, run).items()}
    assert math.isnan(last["ends_nan"])
    assert last["ends_inf"] == math.inf
    # the later of two points of the highest step
    assert last["shuffled"] == 0.55


def metrics_of(tables: RunTables, run_id: str) -> Any:
    return next(run.metrics for run in tables.rows if run.id == run_id)


def test_tables_equal_those_read_from_the_database(served: Served, tables: RunTables) -> None:
    direct = opened(served.database).tables()
    for name in ("params", "metrics", "tags"):
        assert rows(tables, name) == rows(direct, name), name
    # a database has no page to link to, and a server hands out no digests
    assert rows(tables, "runs", "url") == rows(direct, "runs", "url")
    where = ("digest", "opener")
    assert rows(tables, "artifacts", *where) == rows(direct, "artifacts", *where)
    assert tables.artifacts.num_rows > 100
    assert sorted(facts(tables)) == sorted(facts(direct))
    assert tables.runs["run_id"].to_pylist() == direct.runs["run_id"].to_pylist()


def rows(tables: RunTables, name: str, *without: str) -> list[str]:
    """Rows in words, in their order within each run; NaN is equal to NaN so."""
    columns = [column for column in SCHEMAS[name].names if column not in without]
    return sorted(repr(row) for row in getattr(tables, name).select(columns).to_pylist())


def facts(tables: RunTables) -> Iterator[str]:
    """But for what files of the environment pin: a server hands out no artifact to read it from."""
    for row in tables.lineage.to_pylist():
        if row["kind"] != "environment":
            yield repr(row)


def test_histories_equal_those_read_from_the_database(
    served: Served, reader: Reader, tables: RunTables
) -> None:
    direct = opened(served.database)
    direct.tables()
    assert Counter(map(repr, points_of(reader, tables))) == Counter(
        map(repr, points_of(direct, tables))
    )


def test_nested_runs_datasets_models_and_artifacts_are_found(
    served: Served, tables: RunTables
) -> None:
    by_id = {run.id: run for run in tables.rows}
    run, child = (by_id[f"mlflow:{served.runs[name]}"] for name in ("a", "child"))
    assert (child.parent_id, child.status) == (run.id, "failed")
    found = {(fact.kind, fact.name, fact.version, fact.digest, fact.url) for fact in run.lineage}
    assert ("data", "digits", "eval", "d1g35t", "https://host/digits.csv") in found
    models = [(fact.name, fact.version) for fact in run.lineage if fact.kind == "model"]
    assert models[:5] == [
        ("clf", "1"), ("clf@old", "1"), ("clf", "3"), ("clf@best", "3"), ("clf@champion", "3"),
    ]  # fmt: skip
    assert models[5][0] == "net"
    assert ("code", "repo", None, None, "https://host/team/repo.git") in found
    assert [(file.path, file.kind, file.bytes, file.digest) for file in run.artifacts] == [
        ("logs/deep/er/a.log", "log", 1, None),
        ("predictions.csv", "predictions", 4, None),
    ]
    with urllib.request.urlopen(str(run.url).partition("/#/")[0] + "/", timeout=10) as answer:
        assert answer.status == 200
    assert str(run.url).endswith(f"/runs/{served.runs['a']}")


def test_experiments_are_chosen_on_the_server(served: Served) -> None:
    assert opened(served.url, "odd*").tables().runs.num_rows == 2
    assert opened(served.url, "empty").tables().runs.num_rows == 0


def test_two_readings_have_one_fingerprint_that_names_the_version(served: Served) -> None:
    prints = []
    for _ in range(2):
        reader = opened(served.url, "digits")
        points_of(reader, reader.tables())
        prints.append(dict(reader.fingerprint()))
    assert prints[0] == prints[1]
    assert prints[0]["mlflow server"] == mlflow.__version__
