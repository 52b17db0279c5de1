"""Write large MLflow stores by SQL, in the schema that MLflow's own migrations make.

python benchmarks/stores.py out.db --runs 200 --metrics 10 --steps 1000
"""

from __future__ import annotations

import argparse
import math
import os
import random
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


def insert_run(store: sqlite3.Connection, number: int, size: Size) -> None:
    rng = random.Random(number)
    run = uuid.UUID(int=rng.getrandbits(128)).hex
    started = START_MS + number * 3_600_000
    optimizer, seed = OPTIMIZERS[number % len(OPTIMIZERS)], number // len(OPTIMIZERS)
    store.execute(
        "INSERT INTO runs (run_uuid, name, source_type, source_name, entry_point_name, user_id,"
        " status, start_time, end_time, source_version, lifecycle_stage, artifact_uri,"
        " experiment_id)"
        " VALUES (?, ?, 'LOCAL', '', '', 'ada', 'FINISHED', ?, ?, '', 'active', ?, 1)",
        (run, f"{optimizer}-s{seed}", started, started + size.steps * 1000, f"./artifacts/{run}"),
    )
    params = {"optimizer": optimizer, "seed": seed, "learning_rate": 0.01, "batch_size": 64}
    params |= {f"option_{i:02d}": i * 7 for i in range(size.params - len(params))}
    store.executemany(
        "INSERT INTO params (key, value, run_uuid) VALUES (?, ?, ?)",
        [(key, str(value), run) for key, value in params.items()],
    )
    tags = {
        "mlflow.runName": f"{optimizer}-s{seed}",
        "mlflow.user": "ada",
        "mlflow.source.name": "train.py",
        "mlflow.source.git.commit": "5d0c9f2b7a41e86390d1f4c2ab87e6635f10c9d4",
        "team": "vision",
    }
    store.executemany(
        "INSERT INTO tags (key, value, run_uuid) VALUES (?, ?, ?)",
        [(key, value, run) for key, value in tags.items()],
    )
    names = [METRICS[i] if i < len(METRICS) else f"extra_{i:03d}" for i in range(size.metrics)]
    points = list(curves(names, run, started, OPTIMIZERS.index(optimizer), rng, size.steps))
    store.executemany(
        "INSERT INTO metrics (key, value, timestamp, run_uuid, step, is_nan)"
        " VALUES (?, ?, ?, ?, ?, 0)",
        points,
    )
    store.executemany(
        "INSERT INTO latest_metrics (key, value, timestamp, run_uuid, step, is_nan)"
        " VALUES (?, ?, ?, ?, ?, 0)",
        points[-len(names) :],
    )


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
