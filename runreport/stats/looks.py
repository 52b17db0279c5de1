"""What stands beside the deciding test: effects, other methods on the same values, and what would
be if missing runs had come out worst.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from runreport.design import Method
from runreport.stats import bootstrap, effects, folds, independent, paired, power, ties, words
from runreport.stats.methods import FACTS
from runreport.stats.plan import MANY, Case, Plan
from runreport.stats.result import Effect, SecondLook
from runreport.stats.shifts import SignedRank
from runreport.stats.student import is_sound
from runreport.stats.testers import SEED

Floats = NDArray[np.float64]

PERMUTED = (5, 9)
"""Runs per group between which the exact permutation test stands beside Welch's."""

FOR_FOLDS: tuple[Method, ...] = ("corrected_t", "five_by_two_f", "five_by_two_t")
"""Tests that allow for what folds of one data set share."""

NAIVE = "plain paired t-test"

BOOTSTRAPPED = 1_000
"""Of more pairs the mean needs no bootstrap, which would cost seconds."""


def effects_of(case: Case, level: float) -> tuple[Effect, ...]:
    """Standardised effects that the design has a name for."""
    if case.statistic != "mean" or case.is_binary or case.kind == "times":
        return ()
    if case.paired:
        differences = case.differences
        found: tuple[Effect, ...] = effects.paired_effects(differences, level)
        if case.n >= 6 and not case.overlap:
            settled = ties.settle(differences, ties.size_of(case.baseline, case.candidate))
            found = (*found, effects.rank_biserial(settled))
        return found
    found = (effects.hedges_g(case.baseline, case.candidate, level),)
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
    if case.overlap:
        naive = paired.paired_t(case.differences)
        remark = "as if folds were independent; too small, for comparison only"
        # beside a test that takes folds for independent there is nothing to warn of
        found = []
        if chosen.method in FOR_FOLDS:
            found.append(SecondLook(NAIVE, naive.p_value(), None, remark))
        if chosen.method != "corrected_t":
            corrected = paired.paired_t(case.differences, case.overlap)
            found.append(SecondLook(FACTS["corrected_t"].title, corrected.p_value()))
        return (*found, _posterior(case))
    if case.kind == "items":
        return _items(case, level)
    if case.kind == "times":
        return ()
    if not case.paired or chosen.method in ("welch", "permutation"):
        return _unpaired(case, chosen, size, alpha)
    settled = ties.settle(case.differences, size)
    limit = _limit(power.smallest_paired_p(case.n), alpha)
    others: list[SecondLook] = []
    if case.n >= MANY and case.kind == "replicates":
        others += _many_pairs(case, settled, level)
    if chosen.method != "paired_t" and case.kind == "replicates":
        others.append(
            SecondLook(FACTS["paired_t"].title, paired.paired_t(case.differences).p_value())
        )
    if chosen.method != "sign_flip" and case.n < MANY and case.kind == "replicates":
        others.append(SecondLook("exact sign-flip test", paired.sign_flip(settled), None, limit))
    if chosen.method != "wilcoxon" and case.n < MANY:
        p_value = paired.wilcoxon(settled)[1]
        others.append(SecondLook(FACTS["wilcoxon"].title, p_value, None, limit))
    if chosen.method != "sign" and case.kind == "datasets":
        signs = SignedRank(settled, "sign")
        others.append(SecondLook(FACTS["sign"].title, signs.p_value(), None, limit))
    return tuple(others)


def _posterior(case: Case) -> SecondLook:
    """What the same numbers say as a posterior: how likely better, within the margin, worse.

    Source: Corani and Benavoli (2015), Machine Learning 100.
    """
    margin = case.margin or 0.0
    below, within, above = folds.correlated_posterior(case.differences, case.overlap).probabilities(
        margin
    )
    size = f" {words.amount(margin, case.unit)}" if margin else ""
    parts = [f"P(above{size}) {above:.2f}", f"P(below{' minus' * bool(margin)}{size}) {below:.2f}"]
    if margin:
        parts.insert(1, f"P(within) {within:.2f}")
    return SecondLook("Bayesian correlated t-test", None, None, ", ".join(parts))


def _items(case: Case, level: float) -> tuple[SecondLook, ...]:
    """Over clusters: what items counted as independent would have said."""
    if case.clusters is None or case.statistic != "mean":
        return ()
    naive = paired.paired_t(case.differences)
    if not is_sound(naive):
        return ()
    remark = "as if items were independent of each other, for comparison only"
    return (SecondLook(FACTS["item_t"].short, naive.p_value(), naive.interval(level), remark),)


def _unpaired(case: Case, chosen: Plan, size: float, alpha: float) -> tuple[SecondLook, ...]:
    found: tuple[SecondLook, ...] = ()
    if chosen.method != "permutation":
        found = _permutation(case, size, alpha)
    if chosen.method != "welch":
        welch = independent.welch(case.baseline, case.candidate)
        if is_sound(welch):
            found = (SecondLook(FACTS["welch"].title, welch.p_value()), *found)
    return found


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
    return (SecondLook(FACTS["permutation"].title, p_value, None, remark),)


def _many_pairs(case: Case, settled: Floats, level: float) -> tuple[SecondLook, ...]:
    ranks = SecondLook(FACTS["wilcoxon"].title, paired.wilcoxon(settled)[1])
    if case.n > BOOTSTRAPPED:
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
