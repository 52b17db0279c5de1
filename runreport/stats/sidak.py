"""Step-down corrections that gain a little on Holm's when p-values are independent of each other.

Reports correct by Holm's method, which needs no independence; these serve to compare with tables
that were published with them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from runreport.stats import given


def holland(p_values: Sequence[float]) -> list[float]:
    """Adjusted p-values by Sidak's inequality, stepping down; in the given order.

    Args:
        p_values: of all comparisons of the family, from 0 to 1.

    Raises:
        ValueError: no p-value, NaN, or one outside of 0 to 1.

    Source: Holland and Copenhaver (1987), Biometrics 43.
    """
    return _step_down(p_values, lambda rank, size: size - rank)


def finner(p_values: Sequence[float]) -> list[float]:
    """Adjusted p-values by Finner's exponents, stepping down; in the given order.

    Args:
        p_values: of all comparisons of the family, from 0 to 1.

    Raises:
        ValueError: no p-value, NaN, or one outside of 0 to 1.

    Source: Finner (1993), JASA 88.
    """
    return _step_down(p_values, lambda rank, size: size / (rank + 1))


def _step_down(p_values: Sequence[float], exponent: Callable[[int, int], float]) -> list[float]:
    from scipy.special import expm1, log1p

    found = given.values(p_values)
    if found.min() < 0 or found.max() > 1:
        raise ValueError("expected p-values from 0 to 1")
    adjusted = [1.0] * found.size
    highest = 0.0
    for rank, index in enumerate(found.argsort(kind="stable")):
        if found[index] < 1:
            # 1 - (1 - p)^m without losing the digits of a tiny p
            raised = -float(expm1(exponent(rank, found.size) * log1p(-found[index])))
            highest = max(highest, raised)
            adjusted[int(index)] = highest
    return adjusted
