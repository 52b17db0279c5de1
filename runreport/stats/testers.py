"""The test a plan names, on a case's values."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from runreport.design import Method
from runreport.stats import areas, corpus, counts, folds, independent, items, paired, ties
from runreport.stats.methods import FACTS
from runreport.stats.plan import Case
from runreport.stats.result import Interval
from runreport.stats.shifts import RankShift, SignedRank
from runreport.stats.student import Estimate, Tester, is_sound
from runreport.stats.survival import LogRank, Times

Floats = NDArray[np.float64]

SEED = 20_260_301
"""Of everything that is drawn: equal values give equal intervals."""


@dataclass(frozen=True, slots=True)
class Exact:
    """An exact p of the mean beside the interval of its t-test."""

    inner: Estimate
    p: float

    @property
    def difference(self) -> float:
        return self.inner.difference

    @property
    def statistic(self) -> float | None:
        return self.inner.statistic

    @property
    def df(self) -> float | None:
        return self.inner.df

    def p_value(self) -> float:
        return self.p

    def interval(self, level: float) -> Interval | None:
        return self.inner.interval(level)

    def beyond_p(self, margin: float) -> float:
        return self.inner.beyond_p(margin)

    def equivalence_p(self, margin: float) -> float:
        return self.inner.equivalence_p(margin)


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
    if isinstance(found, Exact) and not is_sound(found.inner):
        return None
    return found if math.isfinite(found.p_value()) else None


def _tester(case: Case, method: Method, baseline: Floats, candidate: Floats) -> Tester:
    if case.kind == "items" and method in OF_ITEMS:
        return _of_items(case, method, baseline, candidate)
    size = ties.size_of(baseline, candidate)
    if method == "permutation":
        low, high = (ties.settle(part, size) for part in (baseline, candidate))
        return Exact(independent.welch(baseline, candidate), independent.permutation(low, high))
    if method in ("mann_whitney", "brunner_munzel"):
        low, high = (ties.settle(part, size) for part in (baseline, candidate))
        by_counts = method == "mann_whitney"
        return RankShift(low, high, "mann_whitney" if by_counts else "brunner_munzel")
    if method == "log_rank":
        reached = (np.ones(0, np.bool_),) * 2 if case.events is None else case.events
        return LogRank(Times.of(baseline, reached[0]), Times.of(candidate, reached[1]))
    if FACTS[method].needs == "groups":
        return independent.welch(baseline, candidate)
    differences = candidate - baseline
    if method in ("wilcoxon", "sign"):
        settled = ties.settle(differences, size)
        return SignedRank(settled, "wilcoxon" if method == "wilcoxon" else "sign")
    if method == "sign_flip":
        p_value = paired.sign_flip(ties.settle(differences, size))
        return Exact(paired.paired_t(differences), p_value)
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
