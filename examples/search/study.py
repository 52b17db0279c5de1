"""Write results.csv: a random search over a small network that reads handwritten digits.

Sixty configurations are drawn; the first twelve are trained with three seeds, so that the noise of
a run is known. Momentum exists only where the solver has it, and steps that are too large fail.
"""

from __future__ import annotations

import csv
import time
import warnings
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier

CONFIGURATIONS, REPEATED, SEEDS = 60, 12, 3
EPOCHS = 12
PARAMS = ["solver", "learning_rate", "alpha", "hidden", "batch_size", "momentum", "seed"]
METRICS = ["val_accuracy", "train_time", "latency_ms", "weights"]


def draw(rng: np.random.Generator) -> dict[str, Any]:
    """One configuration of the space."""
    solver = str(rng.choice(["adam", "sgd"]))
    return {
        "solver": solver,
        "learning_rate": float(f"{10 ** rng.uniform(-4, 1):.3g}"),
        "alpha": float(f"{10 ** rng.uniform(-6, -1):.3g}"),
        "hidden": int(rng.choice([8, 16, 32, 64, 128])),
        "batch_size": int(rng.choice([32, 64, 128])),
        "momentum": float(f"{rng.uniform(0, 0.99):.2f}") if solver == "sgd" else "",
    }


def train(params: dict[str, Any], seed: int, parts: list[Any]) -> dict[str, Any]:
    """Metrics of one trained network; none where it diverged."""
    train_x, val_x, train_y, val_y = parts
    extra = {"momentum": params["momentum"]} if params["solver"] == "sgd" else {}
    model = MLPClassifier(
        (params["hidden"],),
        solver=params["solver"],
        learning_rate_init=params["learning_rate"],
        alpha=params["alpha"],
        batch_size=params["batch_size"],
        max_iter=EPOCHS,
        random_state=seed,
        **extra,
    )
    begin = time.perf_counter()
    model.fit(train_x, train_y)
    seconds = time.perf_counter() - begin
    found = model.predict(val_x)
    latency = min(timed(model, val_x) for _ in range(20)) / len(val_x) * 1000
    if not all(np.isfinite(layer).all() for layer in model.coefs_):
        raise ValueError("diverged")
    return {
        "val_accuracy": f"{(found == val_y).mean():.5f}",
        "train_time": f"{seconds:.3f}",
        "latency_ms": f"{latency:.5f}",
        "weights": sum(layer.size for layer in [*model.coefs_, *model.intercepts_]),
    }


def timed(model: MLPClassifier, x: np.ndarray) -> float:
    """Seconds that predicting takes."""
    begin = time.perf_counter()
    model.predict(x)
    return time.perf_counter() - begin


def runs() -> Iterator[dict[str, Any]]:
    """Every run, in the order of the search."""
    x, y = load_digits(return_X_y=True)
    parts = train_test_split(x / 16, y, test_size=0.4, random_state=0, stratify=y)
    rng = np.random.default_rng(20260214)
    started = datetime(2026, 2, 14, 9, tzinfo=UTC)
    for number in range(CONFIGURATIONS):
        params = draw(rng)
        for seed in range(SEEDS if number < REPEATED else 1):
            row = {"name": f"c{number:02d}-s{seed}", **params, "seed": seed}
            started += timedelta(minutes=1)
            row["started"] = started.isoformat()
            try:
                yield {**row, "status": "finished", **train(params, seed, parts)}
            except ValueError:
                yield {**row, "status": "failed"}


def main() -> None:
    """Search, and write one row per run."""
    warnings.simplefilter("ignore", ConvergenceWarning)
    np.seterr(all="ignore")
    with Path(__file__).with_name("results.csv").open("w", newline="") as file:
        columns = ["name", "status", "started", *PARAMS, *METRICS]
        rows = csv.DictWriter(file, columns, lineterminator="\n")
        rows.writeheader()
        rows.writerows(runs())


if __name__ == "__main__":
    main()
