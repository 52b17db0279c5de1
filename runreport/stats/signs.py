"""Exact counts over all sign patterns and all splits, by meeting in the middle.

Half of the values give a few thousand partial sums, the other half a sorted list of as many; how
many pairs exceed a threshold is then a lookup. 2^19 patterns take about a tenth of a millisecond
of arithmetic instead of half a million sums.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

TOLERANCE = 1e-9
"""Sums that differ by less than this share of all magnitudes are equal."""

LARGEST = 40
"""Values whose sign patterns can be counted: two lists of 2^20 sums."""


def sign_flip_p(values: Floats) -> float:
    """Two-sided p of a sum that is symmetric about 0: the share of sign patterns as extreme.

    Args:
        values: differences, shape (n,), 1 <= n <= 40, rounding settled.

    Source: Fisher (1935), The Design of Experiments, section 21.
    """
    if values.size > LARGEST:
        raise ValueError(f"{values.size} values: at most {LARGEST} can be counted")
    room = TOLERANCE * float(np.abs(values).sum())
    observed = abs(float(values.sum())) - room
    if observed <= 0:
        return 1.0
    half = values.size // 2
    first, second = _signed_sums(values[:half]), np.sort(_signed_sums(values[half:]))
    above = second.size - np.searchsorted(second, observed - first, side="left")
    return min(1.0, 2 * int(above.sum()) / 2.0**values.size)


def _signed_sums(values: Floats) -> Floats:
    sums = np.zeros(1)
    for value in values:
        sums = np.concatenate((sums - value, sums + value))
    return sums


def split_p(first: Floats, second: Floats) -> float:
    """Two-sided p of a difference in means over all splits of the pooled values.

    Args:
        first: one group, shape (m,).
        second: the other, shape (n,); m + n <= 40, rounding settled.

    Source: Pitman (1937), Supplement to the JRSS 4.
    """
    pooled = np.concatenate((first, second))
    if pooled.size > LARGEST:
        raise ValueError(f"{pooled.size} values: at most {LARGEST} can be counted")
    # around 0 the sum of one part alone tells the difference in means
    pooled = pooled - pooled.mean()
    observed = abs(float(pooled[: first.size].sum()))
    threshold = observed - TOLERANCE * float(np.abs(pooled).sum())
    if threshold <= 0:
        return 1.0
    half = pooled.size // 2
    left, right = _sums_by_count(pooled[:half]), _sums_by_count(pooled[half:])
    extreme = 0
    for taken, sums in enumerate(left):
        rest = first.size - taken
        if not 0 <= rest < len(right):
            continue
        others = np.sort(right[rest])
        extreme += int((others.size - np.searchsorted(others, threshold - sums, "left")).sum())
        extreme += int(np.searchsorted(others, -threshold - sums, "right").sum())
    return min(1.0, extreme / math.comb(pooled.size, first.size))


def _sums_by_count(values: Floats) -> list[Floats]:
    """Sums of all subsets, by how many values they take."""
    sums = [np.zeros(1)]
    for value in values:
        longer = [np.zeros(0), *(part + value for part in sums)]
        sums = [np.concatenate(pair) for pair in zip([*sums, np.zeros(0)], longer, strict=True)]
    return sums
