"""MLflow stores for tests: written by the real SDK, or by hand in the shapes that faults leave."""

from __future__ import annotations

import math
import os
import shutil
import sqlite3
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from runreport.cleaning import clean_text
from runreport.errors import Problem
from runreport.kinds import Reader, SourceContext
from runreport.sources.mlflow import SOURCE, Options
from runreport.sources.mlflow.facts import LARGEST
from runreport.tables import RunTables

RUN = "0123456789abcdef0123456789abcdef"
Point = tuple[float, int | None, str]
"""Step, milliseconds, value as text, so that NaN equals NaN."""


def read(
    location: str, base: Path, *, told: list[Problem] | None = None, **options: Any
) -> tuple[RunTables, Reader]:
    """Checked tables and the reader they came from."""
    late: list[Problem] = [] if told is None else told
    context = SourceContext(base=base, environ={}, qualifier="mlflow", tell=late.append)
    reader = SOURCE.open(Options(location, **options), context)
    tables = reader.tables()
    tables.check()
    return tables, reader


def points(
    reader: Reader, runs: Sequence[str], metrics: Sequence[str]
) -> dict[tuple[str, str], Counter[Point]]:
    """Every point of these runs and metrics."""
    found: dict[tuple[str, str], Counter[Point]] = {}
    for part in reader.histories(runs, metrics):
        columns = part.to_pydict()
        for run, metric, step, time, value in zip(*columns.values(), strict=True):
            ms = None if time is None else round(time.timestamp() * 1000)
            found.setdefault((run, metric), Counter())[step, ms, word(value)] += 1
    return found


def word(value: float) -> str:
    """A value as text; the largest double, which SQL stores write for infinity, is infinity."""
    if abs(value) >= LARGEST:
        value = math.copysign(math.inf, value)
    return repr(float(value))


def client_of(uri: str) -> Any:
    """MLflow's own client."""
    os.environ["MLFLOW_ALLOW_FILE_STORE"] = "true"
    os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
    from mlflow import MlflowClient

    return MlflowClient(tracking_uri=uri, registry_uri=uri)


def client_runs(client: Any) -> list[Any]:
    """Every run that the client shows."""
    experiments = [experiment.experiment_id for experiment in client.search_experiments()]
    return list(client.search_runs(experiments, max_results=1000))


def write_study(uri: str, artifacts: Path) -> None:
    """Three experiments with all that MLflow can log, through its own client."""
    before = os.environ.get("MLFLOW_TRACKING_URI")
    # registering a model asks the default store, which would appear in the current folder
    os.environ["MLFLOW_TRACKING_URI"] = uri
    try:
        _write_study(client_of(uri), artifacts)
    finally:
        if before is None:
            del os.environ["MLFLOW_TRACKING_URI"]
        else:
            os.environ["MLFLOW_TRACKING_URI"] = before


def _write_study(client: Any, artifacts: Path) -> None:
    from mlflow.entities import Dataset, DatasetInput, InputTag, Metric, Param, RunTag

    def start(experiment: str, name: str, tags: dict[str, str] | None = None) -> str:
        run = client.create_run(
            experiment, run_name=name, tags=tags or {}, start_time=1_750_000_000_123
        )
        return str(run.info.run_id)

    digits = client.create_experiment("digits", artifact_location=(artifacts / "a").as_uri())
    odd = client.create_experiment(
        "<b>naïve</b> {{ 7*7 }} “数”", artifact_location=(artifacts / "b").as_uri()
    )
    gone = client.create_experiment("gone", artifact_location=(artifacts / "c").as_uri())

    parent = start(digits, "parent", {"team": "vision", "mlflow.user": "ada"})
    client.log_batch(
        parent,
        metrics=[Metric("val/loss", 1.0 / (i + 1), 1_750_000_000_000 + i, i) for i in range(250)],
        params=[
            Param("lr", "1e-3"),
            Param("model.depth", "12"),
            Param("text", " spaces, 'quotes' "),
        ],
    )
    for step, value in ((5, 1.0), (3, 2.0), (9, 0.5), (9, 0.4), (9, 0.5), (-2, 7.0)):
        client.log_metric(parent, "shuffled", value, timestamp=1_750_000_001_000, step=step)
    for step, value in enumerate((1.0, math.nan, math.inf, -math.inf, 2.5)):
        client.log_metric(parent, "wild", value, timestamp=1_750_000_002_000 + step, step=step)
    client.log_metric(parent, "ends in nan", math.nan, timestamp=1_750_000_003_000, step=1)
    client.log_metric(parent, "ends in inf", math.inf, timestamp=1_750_000_003_000, step=1)
    client.log_metric(parent, "tiny", 5e-324, timestamp=1_750_000_003_000, step=10**12)
    client.log_inputs(
        parent,
        datasets=[
            DatasetInput(
                Dataset(
                    "digits", "cb921984", "http", '{"url": "https://ada:pw@data.example/d.csv"}'
                ),
                [InputTag("mlflow.data.context", use)],
            )
            for use in ("training",)
        ],
    )
    for path, text in (("notes.txt", "hello"), ("plots/confusion_matrix.json", "[[1]]")):
        local = artifacts.parent / "made" / path
        local.parent.mkdir(parents=True, exist_ok=True)
        local.write_text(text)
        folder = str(Path(path).parent)
        client.log_artifact(parent, str(local), None if folder == "." else folder)
    client.set_terminated(parent, "FINISHED", end_time=1_750_000_100_623)

    child = start(digits, "child", {"mlflow.parentRunId": parent})
    client.log_batch(
        child, params=[Param("lr", "0.01")], tags=[RunTag("mlflow.note.content", "# note\n\n*x*")]
    )
    client.set_terminated(child, "FAILED", end_time=1_750_000_050_000)

    hostile = start(
        odd, "<script>alert(1)</script> \x1b[31m \u202e ünï", {"évil ta-g": "javascript:alert(1)"}
    )
    client.log_param(
        hostile,
        "a b/c.d-e_f",
        "{{ 7*7 }}\r\n`x` \x00 \ud83d\ude00".encode("utf-16", "surrogatepass").decode("utf-16"),
    )
    client.log_metric(hostile, "train/deep/acc 1", 0.5, timestamp=1_750_000_000_000, step=0)

    start(digits, "still running")
    deleted = start(digits, "deleted")
    client.log_metric(deleted, "val/loss", 1.0)
    client.delete_run(deleted)
    start(gone, "of a deleted experiment")
    client.delete_experiment(gone)

    client.create_registered_model("classifier")
    for _ in range(2):
        client.create_model_version(
            "classifier", (artifacts / "a" / parent / "artifacts").as_uri(), parent
        )
    client.set_registered_model_alias("classifier", "champion", "2")


def copied(database: Path, folder: Path) -> Path:
    """A database that may be written to."""
    target = folder / database.name
    shutil.copyfile(database, target)
    return target


def edit(database: Path, *statements: str) -> None:
    """Change a database behind MLflow's back."""
    with closing(sqlite3.connect(database, isolation_level=None)) as link:
        for statement in statements:
            link.execute(statement)


def small_database(path: Path, **tables: str) -> Path:
    """A store in the fewest columns; give a table's columns to change them, "" to leave it out."""
    shapes = {
        "experiments": "experiment_id INTEGER, name TEXT",
        "runs": "run_uuid TEXT, name TEXT, status TEXT, start_time INTEGER, end_time INTEGER,"
        " experiment_id INTEGER, lifecycle_stage TEXT, artifact_uri TEXT",
        "params": "key TEXT, value TEXT, run_uuid TEXT",
        "tags": "key TEXT, value TEXT, run_uuid TEXT",
        "metrics": "key TEXT, value REAL, timestamp INTEGER, run_uuid TEXT, step INTEGER,"
        " is_nan BOOLEAN",
        **tables,
    }
    edit(path, *(f"CREATE TABLE {name} ({columns})" for name, columns in shapes.items() if columns))
    edit(
        path,
        "INSERT INTO experiments (experiment_id, name) VALUES (1, 'e')",
        "INSERT INTO runs (run_uuid, name, status, start_time, end_time, experiment_id,"
        " lifecycle_stage, artifact_uri)"
        f" VALUES ('{RUN}', 'one', 'FINISHED', 1700000000000, 1700000001500, 1, 'active', '')",
    )
    return path


def small_folder(root: Path, *, run: str = RUN, meta: str | None = None) -> Path:
    """A file store of one experiment and one run; gives the run's folder."""
    experiment = root / "1"
    folder = experiment / run
    for name in ("metrics", "params", "tags", "artifacts"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    (experiment / "meta.yaml").write_text(
        "artifact_location: file:///elsewhere/1\nexperiment_id: '1'\n"
        "lifecycle_stage: active\nname: e\n"
    )
    (folder / "meta.yaml").write_text(run_meta(run) if meta is None else meta)
    return folder


def run_meta(run: str, **changes: str) -> str:
    """A `meta.yaml` as MLflow writes it."""
    lines = {
        "artifact_uri": f"file:///elsewhere/1/{run}/artifacts",
        "end_time": "1700000001500",
        "entry_point_name": "''",
        "experiment_id": "'1'",
        "lifecycle_stage": "active",
        "run_id": run,
        "run_name": "one",
        "run_uuid": run,
        "start_time": "1700000000000",
        "status": "3",
        "tags": "[]",
        "user_id": "ada",
        **changes,
    }
    return "".join(f"{key}: {value}\n" for key, value in lines.items())


def codes(problems: Sequence[Problem]) -> list[str]:
    """The codes of problems, in order."""
    return [problem.code for problem in problems]


def shown(texts: Iterator[tuple[str, str]] | Any) -> dict[str, str]:
    """Names and texts as tables hold them."""
    return {clean_text(key): clean_text(value) for key, value in dict(texts).items()}
