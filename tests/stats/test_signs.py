"""Counting by halves gives what counting one by one gives."""

from __future__ import annotations

from itertools import combinations, product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from runreport.stats import paired, signs
from tests.stats.reference import floats

VALUES = st.lists(st.integers(-9, 9), min_size=1, max_size=8)


@given(VALUES)
def test_every_sign_pattern_is_counted_once(values: list[int]) -> None:
    observed = abs(sum(values))
    patterns = [
        abs(sum(s * v for s, v in zip(pattern, values, strict=True)))
        for pattern in product((-1, 1), repeat=len(values))
    ]
    expected = sum(total >= observed for total in patterns) / len(patterns)
    assert signs.sign_flip_p(floats(values)) == pytest.approx(expected)


@given(VALUES, VALUES)
def test_every_split_is_counted_once(one: list[int], other: list[int]) -> None:
    pooled, m, n = [*one, *other], len(one), len(other)
    total = sum(pooled)

    def apart(chosen: int) -> int:
        # the difference in means times m n, in whole numbers
        return abs(chosen * n - (total - chosen) * m)

    splits = [apart(sum(part)) for part in combinations(pooled, m)]
    expected = sum(size >= apart(sum(one)) for size in splits) / len(splits)
    assert signs.split_p(floats(one), floats(other)) == pytest.approx(expected)


def test_half_a_million_patterns_of_nineteen_pairs() -> None:
    # all of one sign: only the pattern itself and its mirror image are as extreme
    assert signs.sign_flip_p(np.arange(1.0, 20.0)) == 2 / 2**19


def test_more_than_can_be_counted_is_refused() -> None:
    with pytest.raises(ValueError, match="at most 40"):
        signs.sign_flip_p(np.ones(41))
    with pytest.raises(ValueError, match="at most 40"):
        signs.split_p(np.ones(20), np.ones(21))


@given(st.lists(st.integers(-6, 6), min_size=1, max_size=14))
def test_counting_rank_sums_is_counting_sign_patterns(values):
    differences = np.array(values, dtype=np.float64)
    expected = signs.sign_flip_p(paired.signed_ranks(differences))
    assert paired.wilcoxon(differences)[1] == pytest.approx(expected, rel=1e-12)


def test_rank_sums_of_forty_and_fifty_pairs_agree_with_scipy():
    rng = np.random.default_rng(5)
    for n in (40, 50):
        differences = rng.normal(0.3, 1, n)
        expected = stats.wilcoxon(differences, method="exact").pvalue
        assert paired.wilcoxon(differences)[1] == pytest.approx(expected, rel=1e-9)
