"""p-values and levels when several comparisons are made at once."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from runreport.design import Correction

Floats = NDArray[np.float64]


def adjust(p_values: Sequence[float], correction: Correction, family: int) -> list[float]:
    """Adjusted p-values, in the given order.

    Where the family holds more than is shown, the result is an upper bound. For Holm those not
    shown may rank anywhere, and each that ranked before a shown one would only lower its factor;
    for hochberg, hommel, bh and by, whose results grow with every p, they count as 1.

    Args:
        p_values: of the comparisons shown; all finite.
        correction: how the family is corrected.
        family: comparisons the correction covers, at least as many as shown.

    Raises:
        ValueError: a family smaller than what is shown, or a p that is none.

    Source: Holm (1979), Scandinavian Journal of Statistics 6; Dunn (1961), JASA 56; Hochberg
        (1988), Biometrika 75; Hommel (1988), Biometrika 75, by way of the closed tests of Wright
        (1992), Biometrics 48; Benjamini and Hochberg (1995), JRSS B 57; Benjamini and Yekutieli
        (2001), Annals of Statistics 29.
    """
    found = adjusted(np.asarray(p_values, dtype=np.float64), correction, family)
    return [float(value) for value in found]


def adjusted(p_values: Floats, correction: Correction, family: int) -> Floats:
    """The same of an array, shape (p,)."""
    if family < p_values.size:
        raise ValueError(f"a family of {family} cannot hold {p_values.size} comparisons")
    # NaN is on neither side
    if not ((p_values >= 0) & (p_values <= 1)).all():
        raise ValueError("expected p-values between 0 and 1")
    if correction == "none":
        return p_values.copy()
    if correction == "bonferroni":
        return np.minimum(1.0, family * p_values)
    order = np.argsort(p_values, kind="stable")
    found = np.empty(p_values.size)
    found[order] = np.minimum(1.0, _of_ordered(p_values[order], correction, family))
    return found


def _of_ordered(ordered: Floats, correction: Correction, family: int) -> Floats:
    """Adjusted p-values of ascending ones; those above 1 are left to the caller."""
    ranks = np.arange(ordered.size)
    if correction == "holm":
        return np.asarray(np.maximum.accumulate((family - ranks) * ordered))
    if correction == "hommel":
        hidden = np.ones(family - ordered.size)
        return _closed_simes(np.concatenate((ordered, hidden)))[: ordered.size]
    factors = (family - ranks).astype(np.float64)
    if correction != "hochberg":
        factors = family / (ranks + 1)
    if correction == "by":
        factors *= _harmonic(family)
    # those not shown are 1, and a factor of at least 1 leaves them there
    return np.asarray(np.minimum.accumulate((factors * ordered)[::-1])[::-1])


def _closed_simes(ordered: Floats) -> Floats:
    """For each p the largest Simes p of any subset that holds it.

    Of all subsets of one size the worst for a p holds it and the largest of the others.
    """
    n = ordered.size
    found = ordered.copy()
    for size in range(2, n + 1):
        tail = ordered[n - size :]
        among = size * float((tail[1:] / np.arange(2, size + 1)).min())
        outside = np.minimum(size * ordered[: n - size + 1], among)
        found[: n - size + 1] = np.maximum(found[: n - size + 1], outside)
        # the others are of the tail itself, whose Simes p is the last one computed
        found[n - size + 1 :] = np.maximum(found[n - size + 1 :], outside[-1])
    return found


def _harmonic(n: int) -> float:
    return math.fsum(1 / k for k in range(1, n + 1))


def divisors(
    p_values: Sequence[float], correction: Correction, family: int, alpha: float
) -> list[float]:
    """What alpha is divided by for each comparison: its interval at 1 - alpha / divisor leaves out
    what the null hypothesis allows exactly when the correction rejects it.

    For Holm a comparison that is not rejected stops the steps: all later ones share its divisor.
    For hochberg, hommel, bh and by it is what the correction multiplied the p with. Such intervals
    answer the hypotheses that the p-values are of, and no others.

    Args:
        p_values: of the comparisons shown; all finite.
        correction: how the family is corrected.
        family: comparisons the correction covers.
        alpha: the family's.
    """
    found = steps(np.asarray(p_values, dtype=np.float64), correction, family, alpha)
    return [float(value) for value in found]


def steps(p_values: Floats, correction: Correction, family: int, alpha: float) -> Floats:
    """The same of an array, shape (p,)."""
    if correction in ("none", "bonferroni"):
        return np.full(p_values.size, 1.0 if correction == "none" else float(family))
    if correction != "holm":
        after, most = adjusted(p_values, correction, family), strictest(1.0, correction, family)
        factors = np.full(p_values.size, 1 / most)
        np.divide(after, p_values, out=factors, where=p_values > 0)
        return np.asarray(np.maximum(1.0, factors))
    order = np.argsort(p_values, kind="stable")
    found = np.empty(p_values.size)
    ranked = (family - np.arange(p_values.size)).astype(np.float64)
    held = np.flatnonzero(~(p_values[order] * ranked < alpha))
    if held.size:
        ranked[held[0] :] = ranked[held[0]]
    found[order] = ranked
    return found


def strictest(alpha: float, correction: Correction, family: int) -> float:
    """The level that the smallest p of a family must reach when no other is rejected.

    hochberg, hommel, bh and by reject at a laxer level where others are small as well.
    """
    if correction == "none":
        return alpha
    return alpha / max(1, family) / (_harmonic(family) if correction == "by" and family else 1.0)
