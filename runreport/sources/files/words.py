"""What names tell: the words that columns of inputs, outcomes, steps and times go by."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Literal

Role = Literal["params", "metrics", "tags"]

FAMILIES: Mapping[str, Role] = {
    **dict.fromkeys(
        ("params", "param", "parameters", "config", "hparams", "hyperparameters", "hyperparams"),
        "params",
    ),
    **dict.fromkeys(("metrics", "metric", "scores", "results", "summary"), "metrics"),
    **dict.fromkeys(("tags", "labels"), "tags"),
}
"""An object of this name, or a column `params.lr`, says what is in it; the prefix is dropped."""

HISTORIES = ("history", "log_history", "logs")
"""An object's list of rows, or lists of numbers, under these names are its history."""

STEPS = (
    "step", "global_step", "_step", "trainer/global_step", "training_step", "iteration", "iter",
    "training_iteration", "epoch",
)  # fmt: skip
"""First one first."""
TIMES = ("time", "timestamp", "_timestamp", "wall_time", "datetime", "date")
IDS = ("run_id", "run_uuid", "id", "uuid", "run", "trial_id", "run_name", "name")
NAMES = ("name", "run_name")
STATUSES = ("status", "state")
STARTS = ("started", "start_time", "started_at", "start", "created_at", "created")
ENDS = ("ended", "end_time", "ended_at", "finished_at", "end")
EXPERIMENTS = ("experiment", "experiment_name")
USERS = ("user", "user_id", "author")

REPLICATES = (
    "seed", "random_seed", "random_state", "rng_seed", "fold", "fold_id", "cv_fold", "split_seed",
    "repeat", "repetition", "replicate", "replica", "trial", "rep",
)  # fmt: skip
"""Names of what makes runs of one configuration differ, likeliest first."""

_LOWER = (
    "loss", "error", "err", "errors", "rmse", "mse", "mae", "mape", "msle", "nll", "perplexity",
    "ppl", "wer", "cer", "fid", "regret", "latency", "runtime", "duration", "elapsed", "time",
    "seconds", "memory", "brier", "ece", "kl", "fp", "fn", "inertia", "gap", "entropy",
)  # fmt: skip
_HIGHER = (
    "acc", "accuracy", "f1", "fbeta", "f_score", "auc", "auroc", "auprc", "ap", "map", "iou",
    "dice", "precision", "recall", "sensitivity", "specificity", "score", "r2", "bleu", "rouge",
    "meteor", "elbo", "psnr", "ssim", "ndcg", "mrr", "hit_rate", "hits", "reward", "return",
    "returns", "throughput", "speed", "samples_per_second", "steps_per_second", "likelihood",
    "silhouette", "correct", "tp", "tn", "top1", "top5", "kappa", "mcc", "corr", "correlation",
)  # fmt: skip
_SPREADS = ("stderr", "std", "stdev", "std_err", "standard_error", "variance")
"""Of another metric: how well it is known, which is neither better nor worse."""

_PARAMS = (
    "lr", "learning_rate", "eta", "alpha", "beta", "beta1", "beta2", "gamma", "lambda", "tau",
    "sigma", "eps", "epsilon", "momentum", "nesterov", "dropout", "c", "k", "p", "q", "depth",
    "width", "layers", "heads", "hidden", "units", "neurons", "filters", "kernel", "degree", "tol",
    "seed", "fold", "repeat", "trial", "random_state", "epochs", "steps", "iterations", "patience",
    "warmup", "version", "threads", "workers", "gpus", "rate", "decay", "size", "dim", "dims",
    "estimators", "neighbors", "penalty", "regularization", "temperature", "threshold", "fraction",
    "ratio", "scale", "weight", "samples", "limit", "budget",
)  # fmt: skip
_COUNTS = ("n", "num", "max", "min")
"""`n_estimators`, `max_depth`: what such a name begins with."""


def _spaced(name: str) -> str:
    """The words of a name between underscores: `valLoss/top-1` becomes `_val_loss_top_1_`."""
    apart = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)
    return f"_{re.sub('[^a-z0-9]+', '_', apart.lower()).strip('_')}_"


def _ends(spaced: str, words: tuple[str, ...]) -> bool:
    return spaced.endswith(tuple(f"_{word}_" for word in words))


def _holds(spaced: str, words: tuple[str, ...]) -> bool:
    return any(f"_{word}_" in spaced for word in words)


def role_by_name(name: str) -> Literal["params", "metrics"] | None:
    """What a column's name says it is, its last word first: `loss_weight` is an input."""
    spaced = _spaced(name)
    outcomes = (*_LOWER, *_HIGHER)
    if _ends(spaced, outcomes):
        return "metrics"
    if _ends(spaced, ("rate",)) and _holds(spaced, outcomes):
        return "metrics"
    if _ends(spaced, _PARAMS) or spaced.startswith(tuple(f"_{word}_" for word in _COUNTS)):
        return "params"
    if _holds(spaced, outcomes):
        return "metrics"
    return "params" if _holds(spaced, _PARAMS) else None


def goal_by_name(name: str) -> Literal["maximize", "minimize"] | None:
    """Which way is better, by the words in a metric's name; None when they do not tell."""
    spaced = _spaced(name)
    if _ends(spaced, _SPREADS):
        return None
    lower, higher = _holds(spaced, _LOWER), _holds(spaced, _HIGHER)
    if _ends(spaced, _LOWER) or (lower and not higher):
        return "minimize"
    if _ends(spaced, ("rate",)) and lower:
        return "minimize"
    return "maximize" if higher else None


def replicate_among(names: Iterable[str]) -> str | None:
    """The param that most likely tells replicates apart: `seed`, `fold`, ...; None without one."""
    known = sorted(names)
    for word in REPLICATES:
        for name in known:
            if name.lower() == word or name.lower().endswith((f".{word}", f"/{word}")):
                return name
    return next((name for name in known if name.lower().endswith("_seed")), None)
