"""A mixed model: what a group changes, on data sets whose level is drawn at random.

statsmodels fits it; a report that asks for it needs that package beside the others.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from runreport.stats.student import Estimate
from runreport.stats.ties import CONSTANT, size_of

Floats = NDArray[np.float64]

METHOD = "mixed model"

SINGULAR = 1e-6
"""A share of the residual variance below which that of the data sets is none."""

INSTALL = "pip install 'runreport[mixed]'"
"""What brings statsmodels."""


@dataclass(frozen=True, slots=True)
class Mixed:
    """A fitted model: value = level of the reference + effect of the group + of the data set."""

    reference: str
    """The group that others are compared with."""
    level: Estimate
    """Its mean over data sets."""
    effects: tuple[tuple[str, Estimate], ...]
    """Every other group: its mean minus the reference's, in the values' unit."""
    between: float
    """Standard deviation of the levels of data sets."""
    within: float
    """Standard deviation of what remains."""
    n: int
    """Values."""
    tasks: int
    singular: bool
    """Data sets do not differ beyond what remains, so the model is one of independent values."""
    converged: bool


def mixed_model(
    values: Floats, groups: Sequence[str], tasks: Sequence[str], *, reference: str
) -> Mixed:
    """Value ~ group + (1 | task), by restricted maximum likelihood.

    Args:
        values: shape (n,), any unit.
        groups: of each value.
        tasks: data set or task of each value.
        reference: the group that others are compared with.

    Returns:
        The model; tests and intervals are Student's with n - tasks - groups + 1 degrees of freedom,
        as inner terms of a nested design have.

    Raises:
        ValueError: values that are not finite, fewer than two groups or tasks, a reference without
            values, too few values, a group's effect that is the same on every task, a failed fit.
        ModuleNotFoundError: statsmodels is not installed; the message says how to get it.

    Source: Laird and Ware (1982), Biometrics 38; Pinheiro and Bates (2000), Mixed-Effects Models in
        S and S-PLUS, 1.2 and 2.4.2 for the degrees of freedom.
    """
    y = np.asarray(values, dtype=np.float64).ravel()
    names, sets = list(dict.fromkeys(groups)), list(dict.fromkeys(tasks))
    df = _degrees(y, names, sets, reference)
    names = [reference, *(name for name in names if name != reference)]
    design = np.ones((y.size, len(names)))
    for place, name in enumerate(names[1:], start=1):
        design[:, place] = [name == group for group in groups]
    if _fits_exactly(y, design, tasks, sets):
        raise ValueError("the values are exactly group plus task, so nothing is left to judge by")
    # the optimiser's tolerances are absolute
    centre, scale = float(y.mean()), float(y.std())
    fit = _fit((y - centre) / scale, design, tasks)
    found = [
        Estimate(float(value) * scale, float(error) * scale, df, METHOD)
        for value, error in zip(fit.coefficients, fit.errors, strict=True)
    ]
    return Mixed(
        reference=reference,
        level=replace(found[0], difference=found[0].difference + centre),
        effects=tuple(zip(names[1:], found[1:], strict=True)),
        between=math.sqrt(fit.between) * scale,
        within=math.sqrt(fit.within) * scale,
        n=y.size,
        tasks=len(sets),
        singular=fit.between < SINGULAR * fit.within,
        converged=fit.converged,
    )


def _degrees(y: Floats, names: Sequence[str], sets: Sequence[str], reference: str) -> int:
    if not np.isfinite(y).all():
        raise ValueError("expected finite values")
    if len(names) < 2 or len(sets) < 2:
        raise ValueError("a mixed model needs at least two groups and two data sets")
    if reference not in names:
        raise ValueError("the reference has no value")
    df = y.size - len(sets) - len(names) + 1
    if df < 1:
        raise ValueError(
            f"{y.size} values are too few for {len(names)} groups on {len(sets)} data sets"
        )
    return df


def _fits_exactly(y: Floats, design: Floats, tasks: Sequence[str], sets: Sequence[str]) -> bool:
    """Whether groups and tasks as fixed effects leave no residual."""
    dummies = np.array([[name == task for name in sets[1:]] for task in tasks], dtype=np.float64)
    whole = np.hstack((design, dummies.reshape(y.size, -1)))
    solution = np.linalg.lstsq(whole, y, rcond=None)[0]
    return float(np.abs(y - whole @ solution).max()) <= CONSTANT * size_of(y)


@dataclass(frozen=True, eq=False)
class _Fit:
    """What fitting gives, in the units of what was fitted."""

    coefficients: Floats
    errors: Floats
    between: float
    within: float
    converged: bool


def _fit(y: Floats, design: Floats, tasks: Sequence[str]) -> _Fit:
    """The fit of the first optimiser that converges."""
    try:
        from statsmodels.regression.mixed_linear_model import MixedLM
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            f"the mixed model needs the package statsmodels: {INSTALL}", name=error.name
        ) from error
    if _at_bound(y, design, tasks):
        return _independent(y, design)
    model = MixedLM(y, design, groups=np.asarray(tasks))
    found: _Fit | None = None
    with warnings.catch_warnings():
        # a variance near its bound is said in words
        warnings.simplefilter("ignore")
        for method in ("lbfgs", "bfgs", "powell"):
            try:
                fit = model.fit(reml=True, method=method)
            except np.linalg.LinAlgError:
                continue
            found = _Fit(
                np.asarray(fit.fe_params, dtype=np.float64),
                np.asarray(fit.bse_fe, dtype=np.float64),
                max(0.0, float(np.asarray(fit.cov_re).reshape(()))),
                float(fit.scale),
                bool(fit.converged),
            )
            if found.converged:
                return found
    if found is None:
        raise ValueError("the mixed model could not be fitted to these values")
    return found


def _at_bound(y: Floats, design: Floats, tasks: Sequence[str]) -> bool:
    """Whether the likelihood only falls as the variance of data sets leaves 0: there the model is
    one of independent values, which the optimisers do not survive.
    """
    rest = y - design @ np.linalg.lstsq(design, y, rcond=None)[0]
    variance = float(rest @ rest) / (y.size - design.shape[1])
    of_task = np.unique(np.asarray(tasks), return_inverse=True)[1]
    sums = np.bincount(of_task, weights=rest)
    shared = np.stack([np.bincount(of_task, weights=column) for column in design.T])
    taken = np.trace(np.linalg.solve(design.T @ design, shared @ shared.T))
    # the score of the restricted likelihood at 0
    return bool(float(sums @ sums) / variance <= y.size - float(taken))


def _independent(y: Floats, design: Floats) -> _Fit:
    """Least squares."""
    coefficients = np.linalg.lstsq(design, y, rcond=None)[0]
    rest = y - design @ coefficients
    variance = float(rest @ rest) / (y.size - design.shape[1])
    spread = np.linalg.inv(design.T @ design)
    errors = np.asarray(np.sqrt(variance * np.diag(spread)), dtype=np.float64)
    return _Fit(np.asarray(coefficients, dtype=np.float64), errors, 0.0, variance, converged=True)
