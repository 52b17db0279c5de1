"""Posterior shares agree with baycomp and turn with the sides."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runreport.stats import bayes
from tests.stats.reference import FOLDER, floats, needs_oracles, oracle

VALUES = st.lists(st.integers(-8, 8).map(lambda n: n / 4), min_size=2, max_size=15)

# two sets of ten values, of no particular meaning
FIRST = floats([0.81, 0.77, 0.92, 0.63, 0.71, 0.88, 0.79, 0.85, 0.66, 0.74])
SECOND = floats([0.83, 0.78, 0.91, 0.69, 0.72, 0.87, 0.84, 0.85, 0.70, 0.73])


def rng() -> np.random.Generator:
    return np.random.default_rng(7)


def shares(found: bayes.Posterior) -> tuple[float, float, float]:
    return found.below, found.within, found.above


@needs_oracles
def test_signed_ranks_give_the_published_shares() -> None:
    case = oracle("benavoli_signed_rank_j48_j48gr")
    stored: dict[str, Any] = json.loads((FOLDER / case["data"]["file"]).read_text())
    # the file is in per cent, the region in shares
    differences = (floats(stored[case["data"]["b"]]) - floats(stored[case["data"]["a"]])) / 100
    found = bayes.signed_rank(differences, case["params"]["rope"], rng=rng())
    assert shares(found) == pytest.approx(case["expected"]["probs"], abs=case["tolerance_abs"])


@pytest.mark.parametrize("rope", [0.005, 0.02])
def test_both_agree_with_baycomp(rope: float) -> None:
    from baycomp import SignedRankTest, SignTest

    differences = SECOND - FIRST
    ours = bayes.signed_rank(differences, rope, rng=rng())
    theirs = SignedRankTest.probs(FIRST, SECOND, rope, nsamples=20_000, random_state=3)
    assert shares(ours) == pytest.approx(theirs, abs=0.015)
    ours = bayes.sign(differences, rope, rng=rng())
    theirs = SignTest.probs(FIRST, SECOND, rope, nsamples=20_000, random_state=3)
    assert shares(ours) == pytest.approx(theirs, abs=0.015)


def test_without_a_region_signed_ranks_know_two_outcomes() -> None:
    found = bayes.signed_rank([1.0, 2.0, -1.0, 3.0, 2.0], rng=rng())
    assert found.within == 0
    assert found.above > 0.9


def test_two_models_that_never_differ_are_within_any_region() -> None:
    assert shares(bayes.signed_rank([0.0] * 8, 0.1, rng=rng())) == (0, 1, 0)
    assert shares(bayes.sign([0.0] * 8, 0.1, rng=rng())) == (0, 1, 0)


@pytest.mark.parametrize("test", [bayes.signed_rank, bayes.sign])
def test_what_cannot_be_weighed_is_refused(test: Any) -> None:
    for wrong in (math.nan, math.inf):
        with pytest.raises(ValueError, match="finite"):
            test([0.1, wrong], rng=rng())
    with pytest.raises(ValueError, match="2 values"):
        test([0.1], rng=rng())
    with pytest.raises(ValueError, match="region"):
        test([0.1, 0.2], -0.1, rng=rng())


@pytest.mark.parametrize("test", [bayes.signed_rank, bayes.sign])
@settings(max_examples=50, deadline=None)
@given(values=VALUES, rope=st.sampled_from([0.0, 0.25, 0.6]))
def test_shares_sum_to_one_and_turn_with_the_sides(
    test: Any, values: list[float], rope: float
) -> None:
    found = test(values, rope, rng=rng(), draws=2_000)
    assert sum(shares(found)) == pytest.approx(1)
    # another place in the stream of draws: the same but for chance
    turned = test([-value for value in values], rope, rng=np.random.default_rng(8), draws=2_000)
    assert shares(turned)[::-1] == pytest.approx(shares(found), abs=0.07)
    # a power of two changes no digit
    assert test([4 * v for v in values], 4 * rope, rng=rng(), draws=2_000) == found
    assert test(values, rope, rng=rng(), draws=2_000) == found
