"""Numbers against bounds, to about nine digits: 0.57 x 100 is 57, whatever its last bit says."""

from __future__ import annotations

import math
from collections.abc import Sequence

from runreport.samples import Dropped
from runreport.sections import charting

DIGITS = 1e-9


def at_least(value: float, bound: float) -> bool:
    """Whether a number reaches a bound; NaN reaches none."""
    return value >= bound or math.isclose(value, bound, rel_tol=DIGITS)


def at_most(value: float, bound: float) -> bool:
    """Whether a number stays within a bound; NaN stays within none."""
    return value <= bound or math.isclose(value, bound, rel_tol=DIGITS)


def out_words(dropped: Sequence[Dropped]) -> str:
    """`a, b (never logged loss); c (failed)`: runs that a number is not of."""
    return charting.dropped_words(dropped).removeprefix("Not shown: ").rstrip(".")
