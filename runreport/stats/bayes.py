"""Two models on many data sets, Bayesian: how likely each is ahead by more than does not matter."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from runreport.stats import given

Floats = NDArray[np.float64]

DRAWS = 10_000

PRIOR = 0.5
"""Weight of an imagined data set on which the two are equal, beside 1 for each real one."""


@dataclass(frozen=True, slots=True)
class Posterior:
    """Shares of the draws in which each outcome is the most probable one; they sum to 1."""

    below: float
    """The candidate is lower by more than the region of practical equivalence."""
    within: float
    """The difference is inside the region."""
    above: float
    """The candidate is higher by more than it."""


def signed_rank(
    differences: ArrayLike,
    rope: float = 0.0,
    *,
    rng: np.random.Generator,
    draws: int = DRAWS,
    prior: float = PRIOR,
) -> Posterior:
    """The Bayesian counterpart of Wilcoxon's test.

    Each draw weighs the data sets at random (Dirichlet, one share for each and `prior` for an
    imagined one without a difference) and asks where the mean of two differences drawn with these
    weights lies most often.

    Args:
        differences: candidate minus baseline, one per data set, shape (n,), n >= 2.
        rope: half-width of the region of practical equivalence, 0 or more, same unit.
        rng: generator; the same seed gives the same shares.
        draws: of weights.
        prior: above 0.

    Raises:
        ValueError: fewer values, NaN or infinite ones, a negative region.

    Source: Benavoli, Mangili, Corani, Zaffalon and Ruggeri (2014), ICML; Benavoli, Corani, Demsar
    and Zaffalon (2017), JMLR 18.
    """
    values = given.values(differences, least=2)
    return signed_rank_of(
        draw_weights(values.size, rng=rng, draws=draws, prior=prior), values, rope
    )


def draw_weights(
    n: int, *, rng: np.random.Generator, draws: int = DRAWS, prior: float = PRIOR
) -> Floats:
    """Weights of the imagined data set and of n others, shape (draws, n + 1): for many pairs of
    models on equally many data sets.
    """
    weights = rng.standard_exponential((draws, n + 1))
    # shares of exponentials are Dirichlet with 1 each; the first has its own weight
    weights[:, 0] = rng.standard_gamma(prior, draws)
    weights /= weights.sum(axis=1, keepdims=True)
    return np.asarray(weights)


def signed_rank_of(weights: Floats, differences: ArrayLike, rope: float = 0.0) -> Posterior:
    """`signed_rank` with weights that are drawn already, shape (draws, n + 1)."""
    values = _with_prior(differences, rope)
    sums = np.add.outer(values, values)
    # a sum on the border counts half for either side, as 0 does without a region
    above, below = np.heaviside(sums - 2 * rope, 0.5), np.heaviside(-sums - 2 * rope, 0.5)
    high = np.einsum("ij,ij->i", weights @ above, weights)
    low = np.einsum("ij,ij->i", weights @ below, weights)
    counts = _winners(np.column_stack((low, 1 - low - high, high)))
    return Posterior(*(counts / len(weights)).tolist())


def sign(
    differences: ArrayLike,
    rope: float = 0.0,
    *,
    rng: np.random.Generator,
    draws: int = DRAWS,
    prior: float = 1.0,
) -> Posterior:
    """The Bayesian counterpart of the sign test: data sets counted by where their difference lies.

    Args:
        differences: candidate minus baseline, one per data set, shape (n,), n >= 2.
        rope: half-width of the region of practical equivalence, 0 or more, same unit.
        rng: generator; the same seed gives the same shares.
        draws: of the three shares.
        prior: above 0; it counts for the region, as differences of 0 do.

    Raises:
        ValueError: as `signed_rank`.

    Source: Benavoli, Corani, Demsar and Zaffalon (2017), JMLR 18.
    """
    values = _with_prior(differences, rope)[1:]
    below, above = float((values < -rope).sum()), float((values > rope).sum())
    counts = np.array([below, values.size - below - above + prior, above])
    # an outcome that was never seen has no weight; Dirichlet asks for some
    weights = rng.dirichlet(np.maximum(counts, 1e-6), draws)
    return Posterior(*(_winners(weights) / draws).tolist())


def _with_prior(differences: ArrayLike, rope: float) -> Floats:
    """The differences behind the imagined one."""
    values = given.values(differences, least=2)
    if not 0 <= rope < np.inf:
        raise ValueError(f"expected a region of 0 or more, got {rope}")
    return np.concatenate(([0.0], values))


def _winners(shares: Floats) -> Floats:
    """How often each of three outcomes is the most probable, shape (3,); ties are split."""
    best = shares >= shares.max(axis=1, keepdims=True) - 1e-12
    return np.asarray((best / best.sum(axis=1, keepdims=True)).sum(axis=0))
