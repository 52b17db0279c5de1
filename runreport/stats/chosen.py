"""What choosing the best of several trials does to a number, and chances of success in k tries."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from runreport.design import Goal
from runreport.stats import given

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class BestOf:
    """The best of some draws from the trials seen."""

    draws: int
    mean: float
    """Of the best, in the metric's unit."""
    deviation: float
    """Of the best, from one such choice to the next."""


def best_of(
    values: ArrayLike, draws: int, *, goal: Goal = "maximize", replace: bool = True
) -> BestOf:
    """The expected best of so many trials, so that methods are compared at equal effort.

    Args:
        values: one per trial, shape (N,).
        draws: trials one could have made, 1 or more; without replacement N at most.
        goal: whether the best is the largest or the smallest.
        replace: whether a trial may be drawn twice, as from a population that looks like these;
            else the average over all choices among these very trials, which has no bias.

    Raises:
        ValueError: no trial, NaN or infinite values, fewer than one draw, or more than there are.

    Source: Dodge et al. (2019), Show Your Work, EMNLP; without replacement Tang et al. (2020), On
        the Effectiveness of Expected Validation Performance, ACL.
    """
    found = np.sort(given.values(values))
    if goal == "minimize":
        found = -found[::-1]
    if draws < 1:
        raise ValueError(f"expected a draw or more, got {draws}")
    if not replace and draws > found.size:
        raise ValueError(f"expected {found.size} draws at most, got {draws}")
    chances = np.diff(_below(found.size, draws, replace), prepend=0.0)
    # around the largest, so that nothing cancels
    middle = float(found[-1])
    mean = float(chances @ (found - middle))
    spread = float(chances @ (found - middle - mean) ** 2)
    value = middle + mean
    return BestOf(draws, -value if goal == "minimize" else value, math.sqrt(max(0.0, spread)))


def expected_max(values: ArrayLike, draws: int, *, replace: bool = True) -> float:
    """The expected largest of so many draws; `best_of` tells its spread too.

    Raises:
        ValueError: as for `best_of`.

    Source: Dodge et al. (2019), Show Your Work, EMNLP.
    """
    return best_of(values, draws, replace=replace).mean


def pass_at_k(right: Sequence[int], tries: Sequence[int], k: int) -> float:
    """The chance that one of k tries is right, averaged over problems, without bias.

    Args:
        right: right tries of each problem.
        tries: all tries of each problem, k or more.
        k: 1 or more.

    Raises:
        ValueError: no problem, two lengths, counts that cannot be, or fewer than k tries.

    Source: Chen et al. (2021), Evaluating Large Language Models Trained on Code.
    """
    if not right or len(right) != len(tries):
        raise ValueError(f"expected counts of each problem, got {len(right)} and {len(tries)}")
    if k < 1 or min(tries) < k:
        raise ValueError(f"expected {k} tries or more of every problem, got {min(tries)}")
    if any(not 0 <= hits <= made for hits, made in zip(right, tries, strict=True)):
        raise ValueError("expected right tries between 0 and all of them")
    missed = (
        math.comb(made - hits, k) / math.comb(made, k)
        for hits, made in zip(right, tries, strict=True)
    )
    return 1 - math.fsum(missed) / len(right)


def _below(size: int, draws: int, replace: bool) -> Floats:
    """P(the best is among the lowest 1, 2, ... `size` trials)."""
    ranks = np.arange(1, size + 1)
    if replace:
        return np.asarray((ranks / size) ** draws, dtype=np.float64)
    # products instead of binomials, which leave the range of floats
    chances = np.ones(size)
    for drawn in range(draws):
        chances *= np.maximum(ranks - drawn, 0) / (size - drawn)
    return chances
