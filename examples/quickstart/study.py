"""Train scikit-learn's digits with three optimizers and log every run with MLflow.

`python study.py` writes `mlflow.db` and `artifacts/` anew, beside this file. Everything but run
ids, times and durations is the same each time: the split is fixed, and one seed drives a run's
initial weights and the order of its batches.
"""

from __future__ import annotations

import logging
import os
import shutil
import sqlite3
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")

import mlflow
import numpy as np
import sklearn
from mlflow.data.code_dataset_source import CodeDatasetSource
from sklearn.datasets import load_digits
from sklearn.metrics import accuracy_score, confusion_matrix, log_loss
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier
from threadpoolctl import threadpool_limits

HERE = Path(__file__).resolve().parent
STORE = HERE / "mlflow.db"
ARTIFACTS = HERE / "artifacts"
CLASSES = list(range(10))
SCORES = ("train_loss", "val_loss", "train_accuracy", "val_accuracy")
SOLVERS = {
    "sgd": {"solver": "sgd", "momentum": 0.0},
    "nesterov": {"solver": "sgd", "momentum": 0.9, "nesterovs_momentum": True},
    "adam": {"solver": "adam"},
}
# what would come from the checkout, the shell and the machine; fixed, so that the committed store
# tells nothing about where it was made
ORIGIN = {
    "mlflow.user": "ada",
    "mlflow.source.name": "study.py",
    "mlflow.source.type": "LOCAL",
    "mlflow.source.git.commit": "5d0c9f2b7a41e86390d1f4c2ab87e6635f10c9d4",
    "mlflow.source.git.branch": "main",
    "mlflow.git.dirty": "false",
    "team": "vision",
    "purpose": "optimizer study",
}


@dataclass(frozen=True)
class Config:
    """One run: what varies first, what stays the same below."""

    optimizer: str
    learning_rate: float
    seed: int
    hidden_units: int = 64
    batch_size: int = 64
    alpha: float = 1e-4
    epochs: int = 25

    @property
    def name(self) -> str:
        return f"{self.optimizer}-{self.learning_rate:g}-s{self.seed}"


class PreemptedError(RuntimeError):
    """The machine was taken away."""


def main() -> None:
    """Write the store: 36 runs of the study, one that fails and one that diverges."""
    STORE.unlink(missing_ok=True)
    shutil.rmtree(ARTIFACTS, ignore_errors=True)
    mlflow.set_tracking_uri(f"sqlite:///{STORE}")
    mlflow.create_experiment("digits", artifact_location=ARTIFACTS.as_uri())
    mlflow.set_experiment("digits")

    images, labels = load_digits(return_X_y=True)
    pixels = (images / 16.0).astype(np.float32)
    split = train_test_split(pixels, labels, test_size=0.25, random_state=0, stratify=labels)
    for optimizer in SOLVERS:
        for learning_rate in (0.001, 0.01):
            for seed in range(1, 7):
                run(Config(optimizer, learning_rate, seed), split)
    run(Config("nesterov", 3000.0, 1), split)
    try:
        run(Config("adam", 0.01, 7), split, preempted_after=9)
    except PreemptedError as error:
        logging.warning("adam-0.01-s7 failed: %s", error)
    tidy()


def run(config: Config, split: list[np.ndarray], preempted_after: int | None = None) -> None:
    """Train and log one run; an exception leaves it in the store as FAILED."""
    train_x, val_x, train_y, val_y = split
    model = MLPClassifier(
        hidden_layer_sizes=(config.hidden_units,),
        learning_rate_init=config.learning_rate,
        batch_size=config.batch_size,
        alpha=config.alpha,
        # an object, not a number: partial_fit would restart from a number at every epoch
        random_state=np.random.RandomState(config.seed),
        **SOLVERS[config.optimizer],
    )
    seconds = 0.0
    lines = [f"config {asdict(config)}"]
    with mlflow.start_run(run_name=config.name, tags=ORIGIN):
        mlflow.log_params(asdict(config))
        for role, x, y in (("train", train_x, train_y), ("validation", val_x, val_y)):
            source = CodeDatasetSource({"mlflow.source.name": "sklearn.datasets.load_digits"})
            data = mlflow.data.from_numpy(x, targets=y, source=source, name=f"digits-{role}")
            mlflow.log_input(data, context=role)
        try:
            for epoch in range(1, config.epochs + 1):
                if preempted_after is not None and epoch > preempted_after:
                    raise PreemptedError(f"node reclaimed after epoch {preempted_after}")
                started = time.process_time()
                scores = train_epoch(model, split)
                seconds += time.process_time() - started
                mlflow.log_metrics(scores, step=epoch)
                shown = " ".join(f"{name} {value:.4f}" for name, value in scores.items())
                lines.append(f"epoch {epoch:2d} {shown}")
                if np.isnan(scores["val_loss"]):
                    lines.append("the loss is not a number, training ends here")
                    break
            else:
                matrix = confusion_matrix(val_y, model.predict(val_x), labels=CLASSES)
                mlflow.log_dict(
                    {"labels": CLASSES, "matrix": matrix.tolist()}, "confusion_matrix.json"
                )
            mlflow.log_metric("train_time", round(seconds, 4))
        except PreemptedError as error:
            lines.append(f"error {type(error).__name__}: {error}")
            raise
        finally:
            mlflow.log_text("\n".join(lines) + "\n", "train.log")
            mlflow.log_text(environment(), "requirements.txt")


def train_epoch(model: MLPClassifier, split: list[np.ndarray]) -> dict[str, float]:
    """One pass over the training data, then both losses and accuracies.

    scikit-learn refuses to go on once a weight is not finite; a loop of one's own would log
    NaN there, and so do we.
    """
    train_x, val_x, train_y, val_y = split
    try:
        with np.errstate(all="ignore"):
            model.partial_fit(train_x, train_y, classes=CLASSES)
            predicted = model.predict_proba(val_x)
    except ValueError as error:
        if "non-finite" not in str(error):
            raise
        return dict.fromkeys(SCORES, float("nan"))
    if not np.isfinite(predicted).all():
        return dict.fromkeys(SCORES, float("nan"))
    return {
        "train_loss": float(model.loss_),
        "val_loss": float(log_loss(val_y, predicted, labels=CLASSES)),
        "train_accuracy": float(accuracy_score(train_y, model.predict(train_x))),
        "val_accuracy": float(accuracy_score(val_y, predicted.argmax(axis=1))),
    }


def environment() -> str:
    """The packages that decide the numbers."""
    return f"numpy=={np.__version__}\nscikit-learn=={sklearn.__version__}\n"


def tidy() -> None:
    """Make the store one small file whose artifact addresses hold wherever it is copied."""
    store = sqlite3.connect(STORE)
    for table, column in (("experiments", "artifact_location"), ("runs", "artifact_uri")):
        for address, key in store.execute(f"SELECT {column}, rowid FROM {table}").fetchall():
            tail = address.removeprefix(ARTIFACTS.as_uri())
            relative = "./artifacts" if tail == address else f"./artifacts{tail}"
            store.execute(f"UPDATE {table} SET {column} = ? WHERE rowid = ?", (relative, key))
    store.commit()
    store.execute("PRAGMA journal_mode = DELETE")
    store.execute("PRAGMA page_size = 1024")
    store.execute("VACUUM")
    store.close()


if __name__ == "__main__":
    logging.basicConfig(stream=sys.stdout, level=logging.WARNING)
    with threadpool_limits(1):  # so that train_time means one core
        main()
