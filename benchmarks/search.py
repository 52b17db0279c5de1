"""Importance and the state of a search beside Optuna 5, on one study, in one process.

150 random trials of six params whose effects are known: their true shares of variance stand beside
what each evaluator says. Optuna's are fANOVA, mean decrease of impurity and PED-ANOVA; ours gives
every share an interval, all pairs, the fit, and shares of the metric's own variance. Then what more
trials would bring: our bound of the gain beside Optuna's improvement evaluators, two of which need
torch. CPU seconds, fastest of three turns; scikit-learn and scipy are imported before.

    python benchmarks/search.py [trials]
"""

from __future__ import annotations

import math
import sys
import time
import warnings
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

import numpy as np
import optuna
from numpy.typing import NDArray
from optuna.importance import (
    FanovaImportanceEvaluator,
    MeanDecreaseImpurityImportanceEvaluator,
    PedAnovaImportanceEvaluator,
    get_param_importances,
)
from optuna.terminator import BestValueStagnationEvaluator, EMMREvaluator, RegretBoundEvaluator

from runreport.stats import importance as ours
from runreport.stats import searching, space

Floats = NDArray[np.float64]
Found = TypeVar("Found")

TRIALS = 150
TURNS = 3
NOISE = 0.02
NAMES = ("lr", "optimizer", "dropout", "width", "decay", "unused")
OPTIMIZERS = ("sgd", "adam", "adamw")
GOAL = 1.0
"""Times as fast as Optuna's fANOVA, which gives one number per param."""
APART = 0.06
"""Shares of main effects differ from the truth by less than this on average."""


def truth_of(lr: float, optimizer: str, dropout: float, width: float, decay: float) -> float:
    """Accuracy without noise; decay acts only beside dropout."""
    return (
        0.7
        - 0.05 * (math.log10(lr) + 2) ** 2
        + 0.08 * OPTIMIZERS.index(optimizer)
        - 0.3 * dropout
        + 0.02 * math.log2(width / 32)
        - 4.0 * decay * dropout
    )


def objective(trial: optuna.Trial, rng: np.random.Generator) -> float:
    lr = trial.suggest_float("lr", 1e-4, 1e-1, log=True)
    optimizer = trial.suggest_categorical("optimizer", OPTIMIZERS)
    dropout = trial.suggest_float("dropout", 0, 0.5)
    width = trial.suggest_categorical("width", (32, 64, 128, 256))
    decay = trial.suggest_float("decay", 0, 0.1)
    trial.suggest_float("unused", 0, 1)
    return truth_of(lr, optimizer, dropout, width, decay) + NOISE * rng.standard_normal()


def true_shares() -> dict[str, float]:
    """Main effects over the whole space, by a fine grid: shares of the variance."""
    grids: list[list[Any]] = [
        list(10 ** np.linspace(-4, -1, 41)),
        list(OPTIMIZERS),
        list(np.linspace(0, 0.5, 21)),
        [32, 64, 128, 256],
        list(np.linspace(0, 0.1, 21)),
    ]
    shape = tuple(len(grid) for grid in grids)
    values = np.empty(shape)
    for place in np.ndindex(shape):
        values[place] = truth_of(*(grid[i] for grid, i in zip(grids, place, strict=True)))
    mains = {
        name: values.mean(axis=tuple(i for i in range(5) if i != axis)).var() / values.var()
        for axis, name in enumerate(NAMES[:5])
    }
    return {**{name: float(share) for name, share in mains.items()}, "unused": 0.0}


def timed(work: Callable[[], Found]) -> tuple[float, Found]:
    best = math.inf
    for _ in range(TURNS):
        started = time.process_time()
        found = work()
        best = min(best, time.process_time() - started)
    return best, found


def own_importance(study: optuna.Study) -> ours.Importance:
    trials = study.trials  # each look copies them all
    axes = [space.axis(name, [_level(trial.params[name]) for trial in trials]) for name in NAMES]
    values = np.array([trial.value for trial in trials], dtype=np.float64)
    return ours.importance(axes, values, level=0.95, rng=np.random.default_rng(0))


def _level(value: Any) -> float | str:
    return value if isinstance(value, str) else float(value)


def compare_importance(study: optuna.Study) -> bool:
    evaluators = {
        "fANOVA": FanovaImportanceEvaluator(seed=0),
        "MDI": MeanDecreaseImpurityImportanceEvaluator(seed=0),
        "PED-ANOVA": PedAnovaImportanceEvaluator(),
    }
    # what both sides import is paid for here
    own_importance(study)
    get_param_importances(study, evaluator=evaluators["fANOVA"])
    own_s, own = timed(lambda: own_importance(study))
    theirs = {
        name: timed(partial(get_param_importances, study, evaluator=evaluator))
        for name, evaluator in evaluators.items()
    }
    truth = true_shares()
    print("share of variance, %; ours with 95 % intervals")
    print(f"{'':10}{'truth':>7}  {'ours, alone':>19}  {'ours, in all':>19}", end="")
    print("".join(f"{name:>11}" for name in theirs))
    for name, effect in zip(NAMES, own.effects, strict=True):
        print(f"{name:10}{100 * truth[name]:7.1f}", end="")
        for share in (effect.alone, effect.total):
            low, high = (share.interval.low, share.interval.high) if share.interval else (0, 0)
            print(f"  {100 * share.value:6.1f} ({100 * low:4.1f}, {100 * high:4.1f})", end="")
        print("".join(f"{100 * found[name]:11.1f}" for _, found in theirs.values()))
    ends = own.fit.interval
    print(f"fit of ours on trials left out: R2 {own.fit.value:.2f}", end="")
    print(f" ({ends.low:.2f}, {ends.high:.2f}); Optuna prints none" if ends else "")
    best = own.pairs[0]
    print(
        f"largest pair of ours: {NAMES[best.first]} and {NAMES[best.second]} "
        f"{100 * best.share.value:.1f}; Optuna has no pairs"
    )
    away = np.mean([abs(e.alone.value - truth[n]) for n, e in zip(NAMES, own.effects, strict=True)])
    print(f"main effects of ours away from the truth on average: {100 * away:.1f}", end="")
    fanova = theirs["fANOVA"][1]
    print(f", Optuna's fANOVA {100 * np.mean([abs(fanova[n] - truth[n]) for n in NAMES]):.1f}")
    for name, (seconds, _) in theirs.items():
        print(f"{name}: {seconds:.3f} s, ours {own_s:.3f} s: {seconds / own_s:.2f} times as fast")
    return bool(theirs["fANOVA"][0] / own_s >= GOAL and away <= APART)


def compare_search(study: optuna.Study) -> None:
    trials = study.trials
    values = np.array([trial.value for trial in trials], dtype=np.float64)
    more = values.size // 5

    def state() -> tuple[searching.Ahead, searching.Expected]:
        rng = np.random.default_rng(0)
        ahead = searching.ahead(values, more, "maximize", 0.95, rng=rng)
        return ahead, searching.expected_best(values, "maximize", 0.95, rng=rng)

    seconds, (ahead, _) = timed(state)
    print(
        f"\nours: {more} more trials have a chance of {ahead.chance:.0%} to hold a new best, and "
        f"gain at most {ahead.gain:.4f} on average (upper 95 % limit {ahead.gain_high:.4f}); with "
        f"the expected best of every k {seconds:.3f} s"
    )
    for evaluator in (
        RegretBoundEvaluator(),
        EMMREvaluator(seed=0),
        BestValueStagnationEvaluator(),
    ):
        name = type(evaluator).__name__
        try:
            theirs, found = timed(partial(evaluator.evaluate, trials, study.direction))
        except ModuleNotFoundError as error:
            print(f"Optuna's {name}: {error}")
            continue
        print(f"Optuna's {name}: {found:.4g} in {theirs:.3f} s, ratio {theirs / seconds:.1f}")


def main(trials: int) -> int:
    warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    rng = np.random.default_rng(1)
    study = optuna.create_study(direction="maximize", sampler=optuna.samplers.RandomSampler(seed=1))
    study.optimize(lambda trial: objective(trial, rng), n_trials=trials)
    print(f"{trials} random trials, Optuna {optuna.__version__}")
    met = compare_importance(study)
    compare_search(study)
    print(
        f"goal: {GOAL:g} times as fast as Optuna's fANOVA, main effects within {APART:.0%} of the "
        f"truth on average: {'met' if met else 'missed'}"
    )
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else TRIALS))
