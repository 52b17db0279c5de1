"""Floats that should be equal, values that do not vary, and values that are copies."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

CONSTANT = 1e-10
"""A spread below this share of the values' size is rounding error."""

DIGITS = 10
"""Significant digits, of the compared values, that ranks and permutations go by."""


def size_of(*arrays: Floats) -> float:
    """The largest magnitude in the arrays."""
    return max((float(np.abs(values).max()) for values in arrays if values.size), default=0.0)


def settle(values: Floats, size: float) -> Floats:
    """Values rounded to ten significant digits of `size`, so that equal differences are equal.

    0.525 - 0.5 and 0.825 - 0.8 differ in their last bits; ranked as they are, they are no tie.

    Args:
        values: what will be ranked or summed, shape (n,).
        size: magnitude of the numbers they were computed from.
    """
    if not size > 0 or not math.isfinite(size):
        return values
    grid = 10.0 ** (math.floor(math.log10(size)) + 1 - DIGITS)
    # dividing by a tiny grid may overflow, multiplying by its inverse would round
    return np.asarray(np.round(values / grid) * grid) if grid > 1e-290 else values


def is_constant(values: Floats, size: float | None = None) -> bool:
    """Whether values do not vary beyond rounding errors.

    Args:
        values: shape (n,), n >= 1.
        size: magnitude to compare the spread with; their own when not given.
    """
    scale = size_of(values) if size is None else size
    return float(np.ptp(values)) <= CONSTANT * scale


# many runs share a counted value, and each of them asks
@lru_cache(maxsize=4096)
def is_coarse(value: float) -> bool:
    """Whether a value looks counted or rounded, so that two runs may well share it by chance.

    347 right of 360 is coarse, and so is 0.9123; a loss of 0.0834217645 is not. Values kept in
    single precision are allowed their rounding error.
    """
    if not math.isfinite(value):
        return False
    for largest, precision in ((20_000, 2.0**-50), (1_000, 2.0**-25)):
        counts = np.arange(1, largest + 1)
        products = value * counts
        if np.any(np.abs(products - np.round(products)) <= precision * np.abs(products)):
            return True
    return False


def far_out(values: Floats) -> tuple[int, ...]:
    """Indices of values far from the rest: more than five deviations from the median, beyond a gap
    wider than the rest is spread.

    The deviation is 1.4826 times the median absolute one; where half of the values agree exactly,
    a hundredth of the median. Of fewer than eight values the gap must be three times as wide, since
    the median of a few normal values is often close to most of them. Fewer than five have no rest
    to be far from, and more than a third are no exception.

    Source: Leys et al. (2013), Journal of Experimental Social Psychology 49, for the deviation.
    """
    if values.size < 5:
        return ()
    median = float(np.median(values))
    away = np.abs(values - median)
    scale = 1.4826 * float(np.median(away))
    if scale <= CONSTANT * size_of(values):
        scale = 0.01 * abs(median)
    places = np.flatnonzero(away > 5 * scale) if scale > 0 else np.array([], dtype=np.intp)
    if not 0 < places.size <= values.size // 3:
        return ()
    rest = np.delete(values, places)
    gap = float(np.abs(rest[:, None] - values[places]).min())
    wide = float(np.ptp(rest)) * (3 if values.size < 8 else 1)
    return tuple(int(index) for index in places) if gap > wide else ()
