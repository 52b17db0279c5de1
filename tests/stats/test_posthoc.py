"""Pairs of mean ranks: Demsar's worked example, counting by hand, and order among corrections."""

from __future__ import annotations

import math
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats as peer

from runreport.stats import corrections, posthoc
from tests.stats.reference import needs_oracles, oracle

MEANS = st.lists(st.floats(1, 6), min_size=2, max_size=6)


@needs_oracles
def test_z_against_a_control_and_holm_are_those_of_demsar() -> None:
    case = oracle("demsar_holm_vs_control")
    data, expected, room = case["data"], case["expected"], case["tolerance_abs"]
    means = [data["avg_ranks"][data["control"]], *(data["avg_ranks"][m] for m in data["models"])]
    z = posthoc.rank_z(means, data["N"])[0][1:]
    p = [posthoc.z_p(value) for value in z]
    assert z == pytest.approx(expected["z"], abs=room["z"])
    assert p == pytest.approx(expected["p"], abs=room["p"])
    adjusted = corrections.adjust(p, "holm", len(p))
    assert [value < 0.05 for value in adjusted] == expected["reject"]


def test_nemenyi_agrees_with_the_studentized_range_of_scipy() -> None:
    for z, k in ((2.4, 4), (0.3, 3), (3.5, 10)):
        expected = float(peer.studentized_range.sf(z * math.sqrt(2), k, math.inf))
        assert posthoc.nemenyi_p(z, k) == pytest.approx(expected, abs=1e-9)
    # of two models it is the normal test
    assert posthoc.nemenyi_p(1.96, 2) == pytest.approx(posthoc.z_p(1.96), abs=1e-6)


@pytest.mark.parametrize("k", [2, 3, 4, 5, 6])
def test_shaffer_counts_the_hypotheses_that_can_be_true_together(k: int) -> None:
    """Against every way to put k models into classes of equal ones."""
    pairs = posthoc.pairs_of(k)
    possible = {sum(c[a] == c[b] for a, b in pairs) for c in product(range(k), repeat=k)}
    m = len(pairs)
    factors = [max(1, max(n for n in possible if n <= m - rank)) for rank in range(m)]
    # p that grow so fast that each keeps its own factor
    p = [1e-9 * 7.0**rank for rank in range(m)]
    expected = [factor * value for factor, value in zip(factors, p, strict=True)]
    found = posthoc.shaffer(p, k)
    assert found == pytest.approx([min(1.0, value) for value in expected])


def test_shaffer_with_five_models_has_the_factors_of_garcia_and_herrera() -> None:
    # Garcia and Herrera (2008), JMLR 9, section 3: S(5) = {0, 1, 2, 3, 4, 6, 10}
    p = [1e-9 * 7.0**rank for rank in range(10)]
    found = [round(a / b) for a, b in zip(posthoc.shaffer(p, 5), p, strict=True)]
    assert found == [10, 6, 6, 6, 6, 4, 4, 3, 2, 1]


def test_shaffer_takes_all_pairs_or_none() -> None:
    with pytest.raises(ValueError, match="all 6 pairs"):
        posthoc.shaffer([0.1, 0.2], 4)


def leaning_scores() -> np.ndarray:
    """A above C above B on twelve data sets, by little; B above A above C on eight, by a lot."""
    some = [[0.52 + i / 1000, 0.50, 0.51] for i in range(12)]
    rest = [[0.50, 0.60 + i / 1000, 0.40] for i in range(8)]
    return np.array(some + rest)


def test_a_third_model_between_two_can_tell_them_apart() -> None:
    # by hand: A and B have mean ranks 1.4 and 2.2, 0.8 apart; with the quantiles of Demsar's
    # Table 5 the critical difference is 2.343 sqrt(12 / 120) = 0.741. Without C they are 0.2
    # apart, and it is 1.960 sqrt(6 / 120) = 0.438
    found = posthoc.leaning(leaning_scores(), "maximize", 0.05)
    assert posthoc.Leaning((0, 1), without=2, differ=True) in found
    assert posthoc.leaning(-leaning_scores(), "minimize", 0.05) == found


def test_two_models_lean_on_nobody() -> None:
    assert posthoc.leaning(leaning_scores()[:, :2], "maximize", 0.05) == ()
    with pytest.raises(ValueError, match="finite"):
        posthoc.leaning([[1.0, math.nan, 2.0]] * 6, "maximize", 0.05)


@pytest.mark.parametrize("wrong", [math.nan, math.inf])
def test_what_is_no_number_is_refused(wrong: float) -> None:
    with pytest.raises(ValueError, match="finite"):
        posthoc.rank_z([1.0, wrong], 10)


@settings(max_examples=50, deadline=None)
@given(MEANS, st.integers(2, 40))
def test_swapping_two_models_turns_their_sign(means: list[float], n: int) -> None:
    z = posthoc.rank_z(means, n)
    for one, other in posthoc.pairs_of(len(means)):
        assert z[one][other] == pytest.approx(-z[other][one])
    shifted = posthoc.rank_z([mean + 1 for mean in means], n)
    assert shifted[0] == pytest.approx(z[0], abs=1e-9)


@settings(max_examples=50, deadline=None)
@given(MEANS, st.integers(2, 40))
def test_shaffer_is_never_stricter_than_holm(means: list[float], n: int) -> None:
    k, z = len(means), posthoc.rank_z(means, n)
    raw = [posthoc.z_p(z[one][other]) for one, other in posthoc.pairs_of(k)]
    shaffer, holm = posthoc.shaffer(raw, k), corrections.adjust(raw, "holm", len(raw))
    for p, less, more in zip(raw, shaffer, holm, strict=True):
        assert p - 1e-12 <= less <= more + 1e-12
