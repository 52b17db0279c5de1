"""Paired tests agree with R, scipy and the papers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from runreport.stats import paired, ties
from tests.stats.reference import (
    DARWIN,
    FOLDER,
    SLEEP_1,
    SLEEP_2,
    floats,
    needs_oracles,
    oracle,
)

VALUES = st.lists(st.integers(-50, 50), min_size=6, max_size=12).filter(lambda v: len(set(v)) > 1)


def test_the_paired_t_test_of_the_sleep_data_is_rs() -> None:
    found = paired.paired_t(SLEEP_1 - SLEEP_2)
    interval = found.interval(0.95)
    assert found.statistic == pytest.approx(-4.06212768338, abs=1e-9)
    assert found.df == 9
    assert found.p_value() == pytest.approx(0.00283289019738, abs=1e-9)
    assert (interval.low, interval.high) == pytest.approx((-2.45988576328, -0.700114236723))


def test_fishers_count_of_darwins_maize_is_863_in_either_tail() -> None:
    assert paired.sign_flip(DARWIN) == 2 * 863 / 2**15


def test_the_three_tests_of_darwins_maize_fall_on_both_sides_of_five_per_cent() -> None:
    smaller, p = paired.wilcoxon(DARWIN)
    assert smaller == 24
    assert p == pytest.approx(0.041259765625, abs=1e-12)
    assert paired.paired_t(DARWIN).p_value() == pytest.approx(0.0497029440218, abs=1e-9)


@needs_oracles
def test_zeros_are_split_as_demsar_splits_them() -> None:
    case = oracle("demsar_table2_wilcoxon")
    a, b = floats(case["data"]["a"]), floats(case["data"]["b"])
    smaller, _ = paired.wilcoxon(ties.settle(b - a, ties.size_of(a, b)))
    assert smaller == case["expected"]["T"] == 12


@needs_oracles
def test_differences_that_are_equal_but_for_their_last_bits_are_ties() -> None:
    case = oracle("wilcoxon_float_tie_trap")
    a, b = floats(case["data"]["a"]), floats(case["data"]["b"])
    settled = ties.settle(a - b, ties.size_of(a, b))
    positive = float(paired.signed_ranks(settled).clip(0).sum())
    assert positive == case["expected"]["T"]
    # half of the patterns have as large a sum (one-sided p 0.5), so two-sided nothing is extreme
    assert paired.wilcoxon(settled)[1] == 1.0


@needs_oracles
def test_overlapping_folds_are_corrected_as_scikit_learns_example_does() -> None:
    case = oracle("sklearn_nadeau_bengio_rbf_linear")
    import json

    scores = json.loads((FOLDER / case["data"]["file"].removeprefix("./")).read_text())
    differences = floats(scores["rbf"]) - floats(scores["linear"])
    params = case["params"]
    found = paired.paired_t(differences, overlap=params["n_test"] / params["n_train"])
    assert found.statistic == pytest.approx(case["expected"]["t"], abs=6e-4)
    assert found.p_value() / 2 == pytest.approx(case["expected"]["p_one_sided"], abs=6e-4)
    naive = paired.paired_t(differences)
    assert naive.statistic == pytest.approx(case["expected"]["t_uncorrected"], abs=6e-4)


@given(VALUES)
def test_the_sign_flip_p_is_scipys(values: list[int]) -> None:
    differences = floats(values)
    if not differences.any():
        return
    reference = stats.permutation_test(
        (differences, np.zeros(differences.size)),
        lambda x, y, axis: np.mean(x - y, axis=axis),
        permutation_type="samples",
        n_resamples=np.inf,
        vectorized=True,
    )
    assert paired.sign_flip(differences) == pytest.approx(reference.pvalue, abs=1e-12)


@given(VALUES)
def test_the_signed_rank_p_is_scipys_where_there_are_no_ties(values: list[int]) -> None:
    differences = floats(values)
    sizes = np.abs(differences)
    if 0 in sizes or np.unique(sizes).size < sizes.size:
        return
    reference = stats.wilcoxon(differences, method="exact")
    smaller, p = paired.wilcoxon(differences)
    assert smaller == reference.statistic
    assert p == pytest.approx(reference.pvalue, abs=1e-12)


@given(VALUES, st.randoms())
def test_the_order_of_pairs_changes_no_p(values: list[int], random) -> None:
    differences = floats(values)
    shuffled = list(values)
    random.shuffle(shuffled)
    assert paired.sign_flip(floats(shuffled)) == paired.sign_flip(differences)
    assert paired.paired_t(floats(shuffled)).p_value() == pytest.approx(
        paired.paired_t(differences).p_value()
    )


@given(VALUES)
def test_swapping_the_groups_changes_no_p(values: list[int]) -> None:
    differences = floats(values)
    assert paired.sign_flip(-differences) == paired.sign_flip(differences)
    assert paired.wilcoxon(-differences) == paired.wilcoxon(differences)


def test_many_pairs_take_the_normal_approximation_with_ties_corrected() -> None:
    rng = np.random.default_rng(5)
    differences = np.round(rng.normal(0.2, 1, 60), 1)
    reference = stats.wilcoxon(
        differences, zero_method="zsplit", method="asymptotic", correction=False
    )
    smaller, p = paired.wilcoxon(differences)
    assert smaller == reference.statistic
    assert p == pytest.approx(reference.pvalue, rel=0.02)
