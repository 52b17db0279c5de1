"""What is known of a metric without its points."""

from __future__ import annotations

import math

import numpy as np
import pytest

from runreport.sources.loaded import Points, summary


@pytest.mark.parametrize("value", [0.0, -1.5, 1e300, math.nan, math.inf, -math.inf])
def test_a_lone_number_is_summed_up_as_one_point_at_step_0(value: float) -> None:
    lone, one = summary(value), summary(Points(np.zeros(1), np.array([value])))
    assert repr(lone) == repr(one)
    assert [type(part) for part in lone] == [type(part) for part in one]
