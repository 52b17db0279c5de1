"""Studies whose truth is known: accuracy as a function of params that the test chooses.

The truth, in accuracy, without noise:

| param       | effect                                                                     |
|-------------|----------------------------------------------------------------------------|
| lr          | -0.05 (log10 lr + 2)^2: best at 0.01, matters most                         |
| optimizer   | sgd 0, adam 0.12, adamw 0.15                                               |
| momentum    | 0.06 momentum; logged where the optimizer is sgd, and only there           |
| augment     | 0.02 when true, and 0.2 dropout on top: the one interaction                |
| dropout     | -0.3 dropout                                                               |
| schedule    | cosine 0.04 above constant                                                 |
| warmup      | none; always 500 with cosine and 0 with constant, so nobody can tell       |
| clip        | none                                                                       |
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

METRIC = "accuracy"
CONFOUNDED = ("schedule", "warmup")
"""Always move together."""
CONDITIONAL = ("momentum", "optimizer")
"""The first exists only for one value of the second."""
INTERACTION = ("augment", "dropout")
ORDER = ("lr", "optimizer", "augment", "dropout", "schedule", "clip")
"""By the share of the variance of a random search, largest first; of the confounded pair one
stands for both, and the conditional param, which a third of the runs have, is left out."""

LEVELS: Mapping[str, tuple[Any, ...]] = {
    "lr": (0.001, 0.01, 0.1),
    "optimizer": ("sgd", "adam", "adamw"),
    "augment": ("false", "true"),
    "dropout": (0.0, 0.2, 0.4),
    "schedule": ("constant", "cosine"),
    "clip": (0.5, 1.0),
}
"""Of a grid; the other params follow from these."""

_OPTIMIZERS = {"sgd": 0.0, "adam": 0.12, "adamw": 0.15}


@dataclass(frozen=True, eq=False)
class Landscape:
    """Runs, and what they would have without noise."""

    runs: list[dict[str, Any]]
    """As `tests.studies.study` takes them; runs of one configuration follow each other."""
    noise: float
    """Standard deviation between replicates."""

    def truth(self, run: Mapping[str, Any]) -> float:
        """The expected accuracy of a run."""
        return expected(run["params"])


def expected(params: Mapping[str, Any]) -> float:
    """Accuracy without noise."""
    augmented = str(params["augment"]) == "true"
    dropout = float(params["dropout"])
    return (
        0.6
        - 0.05 * (math.log10(float(params["lr"])) + 2) ** 2
        + _OPTIMIZERS[str(params["optimizer"])]
        + 0.06 * float(params.get("momentum", 0.0))
        + (0.02 + 0.2 * dropout if augmented else 0.0)
        - 0.3 * dropout
        + (0.04 if params["schedule"] == "cosine" else 0.0)
    )


def landscape(
    seed: int,
    n: int,
    *,
    replicates: int = 1,
    noise: float = 0.01,
    kind: Literal["random", "grid", "ablation"] = "random",
    nuisance: bool = False,
    failing: float | None = None,
) -> Landscape:
    """A study of n configurations.

    Args:
        seed: of everything drawn.
        n: configurations.
        replicates: runs of each, with `seed` 1, 2, ...
        noise: standard deviation of a run around the truth.
        kind: `random`: lr, dropout and momentum drawn from ranges, the rest from levels, so that
            no two configurations are alike; `grid`: drawn from the full grid without repetition;
            `ablation`: one configuration and changes of one param from it, then of several.
        nuisance: whether runs also log a name, an output folder and the same lr in another
            notation.
        failing: runs with a larger lr fail, without a value.
    """
    rng = np.random.default_rng(seed)
    made = {"random": _random, "grid": _grid, "ablation": _ablation}[kind](rng, n)
    runs = []
    for place, params in enumerate(made):
        for replicate in range(1, replicates + 1):
            run = {
                "name": f"c{place:03d}-s{replicate}",
                "params": {**params, "seed": replicate},
                "metrics": {METRIC: expected(params) + noise * rng.standard_normal()},
            }
            if nuisance:
                run["params"] |= {
                    "run_name": f"c{place:03d}-s{replicate}",
                    "output_dir": f"runs/{place}/{replicate}",
                    "lr": f"{params['lr']:e}" if replicate % 2 else params["lr"],
                }
            if failing is not None and params["lr"] > failing:
                run |= {"status": "failed", "metrics": {}}
            runs.append(run)
    return Landscape(runs, noise)


def _with_rest(params: Mapping[str, Any], momentum: float) -> dict[str, Any]:
    """What follows: the other half of the confounded pair, and the conditional param."""
    rest: dict[str, Any] = {"warmup": 500 if params["schedule"] == "cosine" else 0}
    if params["optimizer"] == "sgd":
        rest["momentum"] = momentum
    return {**params, **rest}


def _random(rng: np.random.Generator, n: int) -> list[dict[str, Any]]:
    return [
        _with_rest(
            {
                "lr": float(f"{10 ** rng.uniform(-5, -1):.4g}"),
                "optimizer": str(rng.choice(LEVELS["optimizer"])),
                "augment": str(rng.choice(LEVELS["augment"])),
                "dropout": round(float(rng.uniform(0, 0.5)), 4),
                "schedule": str(rng.choice(LEVELS["schedule"])),
                "clip": float(rng.choice(LEVELS["clip"])),
            },
            round(float(rng.uniform(0, 1)), 4),
        )
        for _ in range(n)
    ]


def _grid(rng: np.random.Generator, n: int) -> list[dict[str, Any]]:
    every = [dict(zip(LEVELS, values, strict=True)) for values in _combinations()]
    chosen = rng.choice(len(every), size=min(n, len(every)), replace=False)
    return [_with_rest(every[place], 0.9) for place in chosen.tolist()]


def _combinations() -> Iterable[tuple[Any, ...]]:
    return itertools.product(*LEVELS.values())


def _ablation(rng: np.random.Generator, n: int) -> list[dict[str, Any]]:
    """The first is what the others are changed from."""
    start = {name: levels[0] for name, levels in LEVELS.items()} | {"optimizer": "adam"}
    steps = [
        {name: level} for name, levels in LEVELS.items() for level in levels if level != start[name]
    ]
    made = [start, *({**start, **step} for step in steps)]
    twice = [
        {**start, **one, **other}
        for one, other in itertools.combinations(steps, 2)
        if one.keys() != other.keys()
    ]
    made += [twice[place] for place in rng.permutation(len(twice)).tolist()]
    return [_with_rest(params, 0.9) for params in made[:n]]
