"""What stands beside the deciding test: effects, other methods on the same values, and what would
be if missing runs had come out worst.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from runreport.stats import bootstrap, effects, independent, paired, power, ties, words
from runreport.stats.plan import Case, Plan
from runreport.stats.result import Effect, SecondLook

Floats = NDArray[np.float64]

SEED = 20_260_301
"""Of bootstrap intervals: equal values give equal intervals."""

PERMUTED = (5, 9)
"""Runs per group between which the exact permutation test stands beside Welch's."""


MANY = 1_000
"""Of more pairs the mean needs no bootstrap, which would cost seconds."""


def effects_of(case: Case, level: float) -> tuple[Effect, ...]:
    """Standardised effects that the design has a name for."""
    if case.paired:
        differences = case.differences
        found: tuple[Effect, ...] = effects.paired_effects(differences)
        if case.n >= 6 and not case.overlap:
            settled = ties.settle(differences, ties.size_of(case.baseline, case.candidate))
            found = (*found, effects.rank_biserial(settled))
        return found
    found = (effects.hedges_g(case.baseline, case.candidate),)
    if case.n >= PERMUTED[0]:
        size = ties.size_of(case.baseline, case.candidate)
        low, high = (ties.settle(part, size) for part in (case.baseline, case.candidate))
        found = (*found, independent.probability_of_superiority(low, high, level))
    return found


def second_looks(case: Case, chosen: Plan, level: float, alpha: float) -> tuple[SecondLook, ...]:
    """Other methods on the same values; they inform and never decide.

    Args:
        case: the samples.
        chosen: the deciding test.
        level: of intervals.
        alpha: what the p of this comparison is held against.
    """
    size = ties.size_of(case.baseline, case.candidate)
    if chosen.method == "corrected_t":
        naive = paired.paired_t(case.differences)
        remark = "as if folds were independent; too small, for comparison only"
        return (SecondLook("plain paired t-test", naive.p_value(), None, remark),)
    if chosen.method == "welch":
        return _permutation(case, size, alpha)
    settled = ties.settle(case.differences, size)
    smallest = power.smallest_paired_p(case.n)
    limit = _limit(smallest, alpha)
    if case.n >= 20:
        return _many_pairs(case, settled, level)
    looks = [SecondLook("Wilcoxon signed-rank test", paired.wilcoxon(settled)[1], None, limit)]
    if chosen.method == "sign_flip":
        looks.insert(0, SecondLook("paired t-test", paired.paired_t(case.differences).p_value()))
    else:
        exact = paired.sign_flip(settled)
        looks.insert(0, SecondLook("exact sign-flip test", exact, None, limit))
    return tuple(looks)


def disagree(p_value: float, looks: tuple[SecondLook, ...], alpha: float) -> tuple[str, ...]:
    """Methods that fall on the other side of alpha, of those that can reach it at all."""
    return tuple(
        look.method
        for look in looks
        if look.p_value is not None
        and not look.remark
        and (look.p_value < alpha) != (p_value < alpha)
    )


def _permutation(case: Case, size: float, alpha: float) -> tuple[SecondLook, ...]:
    sizes = (case.baseline.size, case.candidate.size)
    if not all(PERMUTED[0] <= n <= PERMUTED[1] for n in sizes):
        return ()
    low, high = (ties.settle(part, size) for part in (case.baseline, case.candidate))
    p_value = independent.permutation(low, high)
    remark = _limit(power.smallest_independent_p(*sizes), alpha)
    return (SecondLook("exact permutation test of the means", p_value, None, remark),)


def _many_pairs(case: Case, settled: Floats, level: float) -> tuple[SecondLook, ...]:
    ranks = SecondLook("Wilcoxon signed-rank test", paired.wilcoxon(settled)[1])
    if case.n > MANY:
        return (ranks,)
    interval = bootstrap.bca_interval(
        case.differences, level=level, rng=np.random.default_rng(SEED)
    )
    middle = words.short(effects.hodges_lehmann(settled), 4)
    return (
        ranks,
        SecondLook("bootstrap of the mean difference", None, interval),
        SecondLook("Hodges-Lehmann estimate", None, None, f"pseudo-median {middle}"),
    )


def _limit(smallest: float, alpha: float) -> str:
    if smallest < alpha:
        return ""
    return f"cannot go below {words.short(smallest)}"
