"""Write large MLflow stores: by SQL, in the schema that MLflow's own migrations make, or as the
folder of files that MLflow's file store is.

python benchmarks/stores.py out.db --runs 200 --metrics 10 --steps 1000
"""

from __future__ import annotations

import argparse
import math
import os
import random
import shutil
import sqlite3
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

METRICS = (
    "val_accuracy",
    "val_loss",
    "train_accuracy",
    "train_loss",
    "learning_rate_now",
    "grad_norm",
    "weight_norm",
    "throughput",
    "gpu_memory",
    "epoch_time",
)
OPTIMIZERS = ("sgd", "momentum", "nesterov", "rmsprop", "adam")
START_MS = 1_750_000_000_000
Row = tuple[object, ...]


@dataclass(frozen=True)
class Size:
    """How large a store is."""

    runs: int = 200
    metrics: int = 10
    steps: int = 1000
    params: int = 12

    @property
    def name(self) -> str:
        return f"mlflow-{self.runs}x{self.metrics}x{self.steps}.db"

    @property
    def folder_name(self) -> str:
        return f"mlruns-{self.runs}x{self.metrics}x{self.steps}"


def ensure(size: Size, folder: Path) -> Path:
    """The store of this size in the folder, written when it is not there yet."""
    path = folder / size.name
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_suffix(".part")
        unfinished.unlink(missing_ok=True)
        write(unfinished, size)
        unfinished.rename(path)
    return path


def ensure_folder(size: Size, folder: Path) -> Path:
    """The file store of this size in the folder, written when it is not there yet."""
    path = folder / size.folder_name
    if not path.exists():
        unfinished = path.with_suffix(".part")
        shutil.rmtree(unfinished, ignore_errors=True)
        write_folder(unfinished, size)
        unfinished.rename(path)
    return path


def write(path: Path, size: Size) -> None:
    """Write one experiment, `bench`, of five optimizers by as many seeds as the runs allow."""
    make_schema(path)
    store = sqlite3.connect(path)
    store.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;")
    store.execute(
        "INSERT INTO experiments (experiment_id, name, artifact_location, lifecycle_stage,"
        " creation_time, last_update_time) VALUES (1, 'bench', './artifacts', 'active', ?, ?)",
        (START_MS, START_MS),
    )
    for number in range(size.runs):
        insert_run(store, number, size)
    store.commit()
    store.execute("PRAGMA journal_mode = DELETE")
    store.close()


def make_schema(path: Path) -> None:
    """Let MLflow create its tables and indexes."""
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

    store = SqlAlchemyStore(f"sqlite:///{path}", "./artifacts")
    store.engine.dispose()


@dataclass(frozen=True)
class Made:
    """One run of a store."""

    run: str
    name: str
    started: int
    ended: int
    params: dict[str, str]
    tags: dict[str, str]
    metrics: list[str]
    points: Iterator[Row]
    """Rows of `metrics`, every metric at every step."""


def make_run(number: int, size: Size) -> Made:
    """A run whose numbers depend on its own number alone."""
    rng = random.Random(number)
    run = uuid.UUID(int=rng.getrandbits(128)).hex
    started = START_MS + number * 3_600_000
    optimizer, seed = OPTIMIZERS[number % len(OPTIMIZERS)], number // len(OPTIMIZERS)
    params = {"optimizer": optimizer, "seed": seed, "learning_rate": 0.01, "batch_size": 64}
    params |= {f"option_{i:02d}": i * 7 for i in range(size.params - len(params))}
    tags = {
        "mlflow.runName": f"{optimizer}-s{seed}",
        "mlflow.user": "ada",
        "mlflow.source.name": "train.py",
        "mlflow.source.git.commit": "5d0c9f2b7a41e86390d1f4c2ab87e6635f10c9d4",
        "team": "vision",
    }
    names = [METRICS[i] if i < len(METRICS) else f"extra_{i:03d}" for i in range(size.metrics)]
    return Made(
        run,
        f"{optimizer}-s{seed}",
        started,
        started + size.steps * 1000,
        {key: str(value) for key, value in params.items()},
        tags,
        names,
        curves(names, run, started, OPTIMIZERS.index(optimizer), rng, size.steps),
    )


def insert_run(store: sqlite3.Connection, number: int, size: Size) -> None:
    made = make_run(number, size)
    run = made.run
    store.execute(
        "INSERT INTO runs (run_uuid, name, source_type, source_name, entry_point_name, user_id,"
        " status, start_time, end_time, source_version, lifecycle_stage, artifact_uri,"
        " experiment_id)"
        " VALUES (?, ?, 'LOCAL', '', '', 'ada', 'FINISHED', ?, ?, '', 'active', ?, 1)",
        (run, made.name, made.started, made.ended, f"./artifacts/{run}"),
    )
    store.executemany(
        "INSERT INTO params (key, value, run_uuid) VALUES (?, ?, ?)",
        [(key, value, run) for key, value in made.params.items()],
    )
    store.executemany(
        "INSERT INTO tags (key, value, run_uuid) VALUES (?, ?, ?)",
        [(key, value, run) for key, value in made.tags.items()],
    )
    points = list(made.points)
    store.executemany(
        "INSERT INTO metrics (key, value, timestamp, run_uuid, step, is_nan)"
        " VALUES (?, ?, ?, ?, ?, 0)",
        points,
    )
    store.executemany(
        "INSERT INTO latest_metrics (key, value, timestamp, run_uuid, step, is_nan)"
        " VALUES (?, ?, ?, ?, ?, 0)",
        points[-len(made.metrics) :],
    )


def write_folder(path: Path, size: Size) -> None:
    """Write the same experiment as files, in the words of MLflow's file store."""
    experiment = path / "1"
    experiment.mkdir(parents=True)
    (path / ".trash").mkdir()
    (experiment / "meta.yaml").write_text(
        f"artifact_location: {experiment}\ncreation_time: {START_MS}\nexperiment_id: '1'\n"
        f"last_update_time: {START_MS}\nlifecycle_stage: active\nname: bench\n"
    )
    for number in range(size.runs):
        write_run(experiment, make_run(number, size))


def write_run(experiment: Path, made: Made) -> None:
    folder = experiment / made.run
    for name in ("artifacts", "metrics", "params", "tags"):
        (folder / name).mkdir(parents=True)
    (folder / "meta.yaml").write_text(
        f"artifact_uri: {folder}/artifacts\nend_time: {made.ended}\nentry_point_name: ''\n"
        f"experiment_id: '1'\nlifecycle_stage: active\nrun_id: {made.run}\n"
        f"run_name: {made.name}\nsource_name: ''\nsource_type: 4\nsource_version: ''\n"
        f"start_time: {made.started}\nstatus: 3\ntags: []\nuser_id: ada\n"
    )
    for what, texts in (("params", made.params), ("tags", made.tags)):
        for key, value in texts.items():
            (folder / what / key).write_text(value)
    lines: dict[str, list[str]] = {name: [] for name in made.metrics}
    for name, value, ms, _, step in made.points:
        lines[str(name)].append(f"{ms} {value} {step}\n")
    for name, written in lines.items():
        (folder / "metrics" / name).write_text("".join(written))


def curves(
    names: list[str], run: str, started: int, rank: int, rng: random.Random, steps: int
) -> Iterator[Row]:
    """Rows of `metrics` as a training loop logs them: every metric, step after step."""
    talent = rng.gauss(0.0, 0.004)
    for step in range(steps):
        progress = 1.0 - math.exp(-5.0 * (step + 1) / steps)
        for place, name in enumerate(names):
            if name.endswith("accuracy"):
                value = (0.90 + 0.012 * rank + talent) * progress + rng.gauss(0.0, 0.003)
            elif name.endswith("loss"):
                value = 2.3 * (1.0 - progress) + 0.3 - 0.03 * rank + rng.gauss(0.0, 0.02)
            else:
                value = (place + 1) * (1.0 + 0.1 * progress) + rng.gauss(0.0, 0.05)
            yield (name, value, started + step * 1000, run, step)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("path", type=Path)
    for name, default in (("runs", 200), ("metrics", 10), ("steps", 1000), ("params", 12)):
        parser.add_argument(f"--{name}", type=int, default=default)
    args = parser.parse_args()
    write(args.path, Size(args.runs, args.metrics, args.steps, args.params))
    print(f"{args.path}: {args.path.stat().st_size / 1e6:.0f} MB")


if __name__ == "__main__":
    main()
