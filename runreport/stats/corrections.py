"""p-values and levels when several comparisons are made at once."""

from __future__ import annotations

from collections.abc import Sequence

from runreport.design import Correction


def adjust(p_values: Sequence[float], correction: Correction, family: int) -> list[float]:
    """Adjusted p-values, in the given order.

    Args:
        p_values: of the comparisons shown; all finite.
        correction: holm, bonferroni or none.
        family: comparisons the correction covers, at least as many as shown. Where the family
            holds more, Holm's result is an upper bound: those not shown may rank anywhere, and
            each that ranked before a shown one would only lower its factor.

    Source: Holm (1979), Scandinavian Journal of Statistics 6; Dunn (1961), JASA 56.
    """
    if family < len(p_values):
        raise ValueError(f"a family of {family} cannot hold {len(p_values)} comparisons")
    if correction == "none":
        return list(p_values)
    if correction == "bonferroni":
        return [min(1.0, family * p) for p in p_values]
    adjusted = [0.0] * len(p_values)
    highest = 0.0
    for rank, index in enumerate(_by_size(p_values)):
        highest = max(highest, min(1.0, (family - rank) * p_values[index]))
        adjusted[index] = highest
    return adjusted


def divisors(
    p_values: Sequence[float], correction: Correction, family: int, alpha: float
) -> list[int]:
    """What alpha is divided by for each comparison: its interval at 1 - alpha / divisor leaves out
    what the null hypothesis allows exactly when the correction rejects it.

    For Holm a comparison that is not rejected stops the steps: all later ones share its divisor.
    Such intervals answer the hypotheses that the p-values are of, and no others.

    Args:
        p_values: of the comparisons shown; all finite.
        correction: holm, bonferroni or none.
        family: comparisons the correction covers.
        alpha: the family's.
    """
    if correction == "none":
        return [1] * len(p_values)
    if correction == "bonferroni":
        return [family] * len(p_values)
    steps = [0] * len(p_values)
    stopped: int | None = None
    for rank, index in enumerate(_by_size(p_values)):
        step = family - rank if stopped is None else stopped
        if not p_values[index] * step < alpha:
            stopped = step
        steps[index] = step
    return steps


def strictest(alpha: float, correction: Correction, family: int) -> float:
    """The level that the smallest p of a family must reach before anything is rejected."""
    return alpha if correction == "none" else alpha / max(1, family)


def _by_size(p_values: Sequence[float]) -> list[int]:
    return sorted(range(len(p_values)), key=lambda index: p_values[index])
