"""Ranks on many data sets: published numbers, scipy, and what any ranking keeps to."""

from __future__ import annotations

import csv
import math
import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats as peer

from runreport.stats import ranks
from runreport.stats.ranks import Record
from tests.stats.reference import FOLDER, floats, needs_oracles, oracle

# Demsar (2006), JMLR 7, Table 6: areas under the curve of C4.5, C4.5+m, C4.5+cf, C4.5+m+cf
DEMSAR = floats(
    [
        [0.763, 0.768, 0.771, 0.798], [0.599, 0.591, 0.590, 0.569], [0.954, 0.971, 0.968, 0.967],
        [0.628, 0.661, 0.654, 0.657], [0.882, 0.888, 0.886, 0.898], [0.936, 0.931, 0.916, 0.931],
        [0.661, 0.668, 0.609, 0.685], [0.583, 0.583, 0.563, 0.625], [0.775, 0.838, 0.866, 0.875],
        [1.000, 1.000, 1.000, 1.000], [0.940, 0.962, 0.965, 0.962], [0.619, 0.666, 0.614, 0.669],
        [0.972, 0.981, 0.975, 0.975], [0.957, 0.978, 0.946, 0.970],
    ]
)  # fmt: skip

TABLES = st.tuples(st.integers(2, 9), st.integers(2, 6)).flatmap(
    lambda shape: arrays(np.float64, shape, elements=st.integers(0, 6).map(lambda n: n / 4))
)
"""Few different values, so that ties are common."""


# ---- published numbers ---------------------------------------------------------------------------


def test_ranks_of_table_6_are_the_printed_ones_but_for_the_tie_that_rounding_made() -> None:
    found = ranks.ranks_of(DEMSAR)
    # by hand: mushroom ties all four; voting ties C4.5+cf and C4.5+m+cf, printed as 3 and 2
    assert found[9].tolist() == [2.5] * 4
    assert found[12].tolist() == [4, 1, 2.5, 2.5]
    assert found[5].tolist() == [1, 2.5, 4, 2.5]


@needs_oracles
def test_friedman_and_iman_davenport_are_those_of_demsar() -> None:
    case = oracle("demsar_table6_friedman")
    expected, room = case["expected"], case["tolerance_abs"]
    found = ranks.friedman(case["data"]["rank_matrix"], corrected=False)
    assert found.mean_ranks == pytest.approx(expected["avg_ranks"], abs=room["avg_ranks"])
    assert found.chi2 == pytest.approx(expected["chi2"], abs=room["chi2"])
    assert found.f == pytest.approx(expected["F"], abs=room["F"])
    assert found.df == tuple(expected["df"])


@needs_oracles
@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("demsar_table6_friedman_tie_corrected", "scores"),
        ("r_friedman_roundingtimes", "blocks"),
    ],
)
def test_the_correction_for_ties_is_that_of_other_software(name: str, key: str) -> None:
    case = oracle(name)
    found = ranks.friedman(ranks.ranks_of(case["data"][key]))
    assert found.chi2 == pytest.approx(case["expected"]["chi2"], abs=case["tolerance_abs"])
    assert found.chi2_p == pytest.approx(case["expected"]["p"], abs=case["tolerance_abs"])


@needs_oracles
def test_the_ranks_of_garcia_and_others_give_their_numbers_with_and_without_ties() -> None:
    case = oracle("garcia2010_friedman")
    expected = case["expected"]
    with (FOLDER / case["data"]["file"]).open() as file:
        names, *rows = [row[1:] for row in csv.reader(file)]
    found = ranks.ranks_of(floats(rows))
    plain, corrected = ranks.friedman(found, corrected=False), ranks.friedman(found)
    assert dict(zip(names, plain.mean_ranks, strict=True)) == pytest.approx(expected["avg_ranks"])
    assert plain.chi2 == pytest.approx(expected["chi2"], abs=1e-3)
    assert plain.f == pytest.approx(expected["F"], abs=1e-4)
    assert plain.f_p == pytest.approx(expected["p_F"], abs=1e-8)
    assert corrected.chi2 == pytest.approx(expected["chi2_tie_corrected"], abs=1e-6)


@needs_oracles
def test_printed_mean_ranks_are_enough() -> None:
    case = oracle("derrac2011_friedman_from_ranks")
    found = ranks.friedman_from_means(case["data"]["avg_ranks"], case["data"]["N"])
    assert found.chi2 == pytest.approx(case["expected"]["chi2"], abs=1e-3)
    assert found.f == pytest.approx(case["expected"]["F"], abs=2e-4)


def test_critical_differences_are_those_of_demsar() -> None:
    # page 13, four models on 14 data sets; page 14 rounds 1.168 to 1.16
    assert ranks.nemenyi_cd(4, 14, 0.05) == pytest.approx(1.25, abs=0.006)
    assert ranks.nemenyi_cd(4, 14, 0.10) == pytest.approx(1.12, abs=0.006)
    assert ranks.bonferroni_dunn_cd(4, 14, 0.05) == pytest.approx(1.16, abs=0.01)


@pytest.mark.parametrize(("k", "q"), [(2, 1.960), (3, 2.343), (5, 2.728), (7, 2.949), (10, 3.164)])
def test_quantiles_are_those_of_table_5(k: int, q: float) -> None:
    assert ranks.nemenyi_cd(k, 30, 0.05) / ranks.rank_error(k, 30) == pytest.approx(q, abs=0.001)


def test_cliques_are_those_of_figure_1a() -> None:
    # C4.5, C4.5+m, C4.5+cf, C4.5+m+cf
    means = (3.143, 2.000, 2.893, 1.964)
    assert ranks.cliques(means, 1.12) == ((3, 1, 2), (2, 0))
    assert ranks.cliques(means, 1.25) == ((3, 1, 2, 0),)


@needs_oracles
def test_wins_and_their_sign_test_are_those_of_table_2() -> None:
    case = oracle("demsar_table2_win_tie_loss_sign")
    expected = case["expected"]
    differences = np.round(floats(case["data"]["b"]) - floats(case["data"]["a"]), 6)
    record = ranks.record_of(differences)
    assert record == Record(expected["wins"], expected["ties"], expected["losses"])
    assert ranks.sign_test(record) == pytest.approx(expected["p_two_sided"], abs=1e-12)


def test_an_odd_tie_is_left_out_and_the_others_are_split() -> None:
    # 5 + 1 of 8, by hand: 2 * (28 + 8 + 1) / 256
    assert ranks.sign_test(Record(5, 3, 1)) == pytest.approx(74 / 256)
    assert ranks.sign_test(Record(0, 1, 0)) == 1
    assert ranks.sign_test(Record(900, 0, 900)) == 1
    with pytest.raises(ValueError, match="expected a win"):
        ranks.sign_test(Record(0, 0, 0))


# ---- the edges -----------------------------------------------------------------------------------


def test_models_that_tie_everywhere_have_nothing_to_tell_apart() -> None:
    found = ranks.friedman(ranks.ranks_of(np.full((6, 3), 0.9)))
    assert (found.chi2, found.chi2_p, found.f, found.f_p) == (0, 1, 0, 1)
    assert found.is_tied


def test_the_same_order_everywhere_has_the_share_of_orders_as_p() -> None:
    found = ranks.friedman(ranks.ranks_of(np.tile([3.0, 2.0, 1.0], (5, 1))))
    assert math.isinf(found.f)
    # six orders of three models: (1/6)^4 agree with the first data set's
    assert found.f_p == pytest.approx(6.0**-4)


def test_two_models_are_the_sign_test_without_its_continuity() -> None:
    scores = floats([[1, 0]] * 8 + [[0, 1]] * 2)
    found = ranks.friedman(ranks.ranks_of(scores))
    # chi-square of 8 against 2 wins: (8 - 2)^2 / 10
    assert found.chi2 == pytest.approx(3.6)


def test_equal_differences_tie_however_they_were_computed() -> None:
    assert ranks.ranks_of([[0.1 + 0.2, 0.3, 0.1]]).tolist() == [[1.5, 1.5, 3]]


@pytest.mark.parametrize("wrong", [math.nan, math.inf])
def test_what_is_no_number_is_refused(wrong: float) -> None:
    with pytest.raises(ValueError, match="finite"):
        ranks.ranks_of([[1.0, wrong]])
    with pytest.raises(ValueError, match="finite"):
        ranks.record_of([wrong])
    with pytest.raises(ValueError, match="finite"):
        ranks.friedman_from_means([1.0, wrong], 10)


def test_too_few_of_anything_is_refused() -> None:
    with pytest.raises(ValueError, match="2 x 2"):
        ranks.friedman([[1.0, 2.0]])
    with pytest.raises(ValueError, match="2 x 2"):
        ranks.friedman([[1.0], [1.0]])
    with pytest.raises(ValueError, match="2 data sets"):
        ranks.friedman_from_means([1.5, 1.5], 1)
    with pytest.raises(ValueError, match="2 models and 2 data sets"):
        ranks.nemenyi_cd(1, 10, 0.05)
    with pytest.raises(ValueError, match="level"):
        ranks.bonferroni_dunn_cd(3, 10, 1.0)


def test_what_are_no_ranks_is_refused() -> None:
    with pytest.raises(ValueError, match="ranks"):
        ranks.friedman([[0.7, 0.8], [0.6, 0.9]])
    with pytest.raises(ValueError, match="mean ranks"):
        ranks.friedman_from_means([1.0, 1.2, 1.3], 10)
    with pytest.raises(ValueError, match="no Friedman statistic"):
        ranks.iman_davenport(31.0, 10, 4)


# ---- what always holds ---------------------------------------------------------------------------


@settings(max_examples=50, deadline=None)
@given(TABLES)
def test_ranks_and_statistic_are_those_of_scipy(scores: np.ndarray) -> None:
    found = ranks.ranks_of(scores, "minimize")
    assert found.tolist() == peer.rankdata(scores, axis=1).tolist()
    ours = ranks.friedman(found)
    if scores.shape[1] < 3 or ours.is_tied:
        return
    theirs = peer.friedmanchisquare(*scores.T)
    assert ours.chi2 == pytest.approx(theirs.statistic)
    assert ours.chi2_p == pytest.approx(theirs.pvalue)
    if not math.isinf(ours.f):
        assert ours.f_p == pytest.approx(float(peer.f.sf(ours.f, *ours.df)))


@settings(max_examples=50, deadline=None)
@given(TABLES, st.randoms(use_true_random=False))
def test_order_of_data_sets_shift_and_scale_change_nothing(
    scores: np.ndarray, chance: random.Random
) -> None:
    first = ranks.friedman(ranks.ranks_of(scores))
    rows = list(range(len(scores)))
    chance.shuffle(rows)
    # every data set has its own scale
    moved = scores[rows] * np.arange(1, len(rows) + 1)[:, None] + 3
    second = ranks.friedman(ranks.ranks_of(moved))
    assert second.mean_ranks == pytest.approx(first.mean_ranks)
    assert second.chi2 == pytest.approx(first.chi2)


@settings(max_examples=50, deadline=None)
@given(TABLES)
def test_the_other_goal_mirrors_the_ranks(scores: np.ndarray) -> None:
    high, low = ranks.ranks_of(scores, "maximize"), ranks.ranks_of(scores, "minimize")
    assert (high + low == scores.shape[1] + 1).all()
    assert ranks.friedman(high).chi2 == pytest.approx(ranks.friedman(low).chi2)


@settings(max_examples=50, deadline=None)
@given(TABLES)
def test_swapping_models_swaps_their_ranks(scores: np.ndarray) -> None:
    first = ranks.friedman(ranks.ranks_of(scores))
    second = ranks.friedman(ranks.ranks_of(scores[:, ::-1]))
    assert second.mean_ranks == pytest.approx(first.mean_ranks[::-1])
    assert second.chi2 == pytest.approx(first.chi2)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(1, 10), min_size=2, max_size=12), st.floats(0.1, 5))
def test_cliques_hold_just_the_pairs_that_are_close_and_none_is_inside_another(
    means: list[float], cd: float
) -> None:
    found = ranks.cliques(means, cd)
    together = {(a, b) for clique in found for a in clique for b in clique}
    for one in range(len(means)):
        for other in range(len(means)):
            gap = abs(means[one] - means[other])
            if one != other and abs(gap - cd) > 1e-9:
                assert ((one, other) in together) == (gap < cd)
    sets = [set(clique) for clique in found]
    assert not any(a < b for a in sets for b in sets)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(-2, 2).map(float), min_size=1, max_size=20))
def test_swapping_sides_swaps_wins_and_losses(differences: list[float]) -> None:
    record = ranks.record_of(differences)
    turned = ranks.record_of([-value for value in differences])
    assert turned == Record(record.losses, record.ties, record.wins)
    assert ranks.record_of(differences, "minimize") == turned
    assert ranks.sign_test(record) == ranks.sign_test(turned)
    n = record.wins + record.losses
    if record.ties == 0:
        assert ranks.sign_test(record) == pytest.approx(peer.binomtest(record.wins, n).pvalue)
