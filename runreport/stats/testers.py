"""The test a plan names, on a case's values."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from runreport.design import Method
from runreport.stats import areas, corpus, counts, folds, independent, items, paired, ties
from runreport.stats.methods import FACTS
from runreport.stats.plan import Case
from runreport.stats.shifts import RankShift, SignedRank
from runreport.stats.student import Estimate, Tester, is_sound
from runreport.stats.survival import LogRank, Times

Floats = NDArray[np.float64]

SEED = 20_260_301
"""Of everything that is drawn: equal values give equal intervals."""


def tester(case: Case, method: Method, baseline: Floats, candidate: Floats) -> Tester | None:
    """The named test, None when it cannot be computed.

    Args:
        case: what is declared.
        method: a test that fits the case.
        baseline: shape (m,): the case's own values, or those with failures filled in.
        candidate: shape (n,).
    """
    try:
        with np.errstate(all="ignore"):
            found = _tester(case, method, baseline, candidate)
    except ValueError:
        # values that the design let pass and the method cannot take: too few of a class
        return None
    if isinstance(found, Estimate) and not is_sound(found):
        return None
    return found if math.isfinite(found.p_value()) else None


def _tester(case: Case, method: Method, baseline: Floats, candidate: Floats) -> Tester:
    if case.kind == "items" and method in OF_ITEMS:
        return _of_items(case, method, baseline, candidate)
    settled = partial(ties.settle, size=ties.size_of(baseline, candidate))
    if method == "permutation":
        p_value = independent.permutation(settled(baseline), settled(candidate))
        return replace(independent.welch(baseline, candidate), exact_p=p_value)
    if method == "mann_whitney" or method == "brunner_munzel":
        return RankShift(settled(baseline), settled(candidate), method)
    if method == "log_rank":
        reached = (np.ones(0, np.bool_),) * 2 if case.events is None else case.events
        return LogRank(Times.of(baseline, reached[0]), Times.of(candidate, reached[1]))
    if FACTS[method].needs == "groups":
        return independent.welch(baseline, candidate)
    differences = candidate - baseline
    if method == "wilcoxon" or method == "sign":
        return SignedRank(settled(differences), method)
    if method == "sign_flip":
        return replace(paired.paired_t(differences), exact_p=paired.sign_flip(settled(differences)))
    if method == "five_by_two_f":
        return folds.five_by_two_f(differences.reshape(5, 2))
    if method == "five_by_two_t":
        return folds.five_by_two_t(differences.reshape(5, 2))
    return paired.paired_t(differences, case.overlap if method == "corrected_t" else 0.0)


OF_ITEMS = ("mcnemar", "item_t", "delong", "randomisation")


def _of_items(case: Case, method: Method, baseline: Floats, candidate: Floats) -> Tester:
    if method == "mcnemar":
        return counts.paired_counts(baseline, candidate, case.one)
    if method == "item_t":
        return items.item_mean(baseline, candidate, case.clusters).estimate
    if method == "delong":
        labels = np.array([]) if case.labels is None else case.labels
        return areas.delong(labels, baseline, candidate, case.clusters, case.one).estimate
    return corpus.resample_score(
        case.statistic, baseline, candidate, case.labels,
        None if case.statistic == "auc" else case.clusters,
        rng=np.random.default_rng(SEED), one=case.one,
    )  # fmt: skip
