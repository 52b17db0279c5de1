"""The test a plan names, on a case's values."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from runreport.design import Method
from runreport.stats import independent, paired, ties
from runreport.stats.plan import Case
from runreport.stats.result import Interval
from runreport.stats.student import Estimate, Tester, is_sound

Floats = NDArray[np.float64]


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
    with np.errstate(all="ignore"):
        found = _tester(case, method, baseline, candidate)
    if isinstance(found, Estimate) and not is_sound(found):
        return None
    if isinstance(found, Exact) and not is_sound(found.inner):
        return None
    return found if math.isfinite(found.p_value()) else None


def _tester(case: Case, method: Method, baseline: Floats, candidate: Floats) -> Tester:
    size = ties.size_of(baseline, candidate)
    if method == "permutation":
        low, high = (ties.settle(part, size) for part in (baseline, candidate))
        return Exact(independent.welch(baseline, candidate), independent.permutation(low, high))
    if method == "welch":
        return independent.welch(baseline, candidate)
    differences = candidate - baseline
    if method == "sign_flip":
        p_value = paired.sign_flip(ties.settle(differences, size))
        return Exact(paired.paired_t(differences), p_value)
    return paired.paired_t(differences, case.overlap if method == "corrected_t" else 0.0)
