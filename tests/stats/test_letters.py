"""Two groups share a letter exactly when they are not told apart."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runreport.stats.letters import compact_letters
from tests.stats.reference import needs_oracles, oracle


def matrix(pairs: list[tuple[int, int]], k: int) -> np.ndarray:
    found = np.zeros((k, k), dtype=np.bool_)
    for one, other in pairs:
        found[one, other] = found[other, one] = True
    return found


@needs_oracles
@pytest.mark.parametrize("name", ["cld_abcd_two", "cld_plantgrowth"])
def test_letters_are_shared_as_in_other_software(name: str) -> None:
    case = oracle(name)
    shared = case["expected"]["share"]
    names = sorted({part for pair in shared for part in pair.split("-")})
    differ = matrix(
        [tuple(names.index(part) for part in pair.split("-")) for pair, same in shared.items()
         if not same],
        len(names),
    )  # fmt: skip
    letters = dict(zip(names, compact_letters(differ), strict=True))
    for pair, same in shared.items():
        one, other = pair.split("-")
        assert bool(set(letters[one]) & set(letters[other])) == same


@settings(max_examples=60, deadline=None)
@given(st.integers(2, 9), st.randoms(use_true_random=False))
def test_a_letter_is_shared_exactly_by_those_not_told_apart(k: int, random) -> None:
    differ = matrix([(i, j) for i in range(k) for j in range(i) if random.random() < 0.5], k)
    letters = compact_letters(differ)
    for i in range(k):
        assert letters[i]
        for j in range(i):
            assert bool(set(letters[i]) & set(letters[j])) == (not differ[i, j])


def test_the_first_group_has_the_first_letter() -> None:
    assert compact_letters(matrix([(0, 1), (0, 2), (1, 2)], 3)) == ("a", "b", "c")
    assert compact_letters(matrix([], 3)) == ("a", "a", "a")


def test_an_odd_matrix_is_refused() -> None:
    with pytest.raises(ValueError, match="symmetric"):
        compact_letters(np.array([[False, True], [False, False]]))
