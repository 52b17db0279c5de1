"""The test follows from the design, and others stand beside it."""

from __future__ import annotations

import numpy as np
import pytest

from runreport.stats.decide import decide
from tests.stats.cases import RULES, case, names, one, words
from tests.stats.reference import DARWIN


def test_darwins_maize_is_decided_by_the_declared_test_and_both_are_shown() -> None:
    found = one(np.zeros(15), DARWIN, paired=True)
    assert found.test == "exact paired sign-flip test"
    assert found.p_value == pytest.approx(0.05267333984375, abs=1e-12)
    assert found.verdict == "inconclusive"
    assert "TESTS_DISAGREE" in names(found)
    assert {look.method for look in found.second_looks} == {
        "paired t-test",
        "Wilcoxon signed-rank test",
    }


@pytest.mark.parametrize(
    ("n", "paired", "expected"),
    [
        (3, False, "Welch t-test"),
        (30, False, "Welch t-test"),
        (3, True, "paired t-test"),
        (5, True, "paired t-test"),
        (6, True, "exact paired sign-flip test"),
        (19, True, "exact paired sign-flip test"),
        (20, True, "paired t-test"),
    ],
)
def test_the_test_follows_from_the_design_alone(n: int, paired: bool, expected: str) -> None:
    rng = np.random.default_rng(n)
    for scale in (1.0, 100.0):
        values = rng.standard_t(2, n) * scale
        found = one(rng.normal(0, 1, n), values, paired=paired)
        assert found.test == expected


def test_a_correction_that_six_pairs_cannot_meet_is_said_and_the_t_test_decides() -> None:
    rng = np.random.default_rng(2)
    base = rng.normal(0, 1, 6)
    cases = [case(base, base + rng.normal(0, 1, 6), paired=True) for _ in range(5)]
    for found in decide(cases, RULES):
        assert found.test == "paired t-test"
        said = words(found, "UNATTAINABLE_ALPHA")
        assert "cannot reach 0.05 with n = 6 pairs; needs 8" in said
        assert "0.0312 where 0.01 is needed" in said


def test_five_seeds_each_are_permuted_beside_welch() -> None:
    found = one([1, 2, 3, 4, 5], [6, 7, 8, 9, 10])
    (look,) = found.second_looks
    # complete separation: 2 of C(10, 5) = 252 splits
    assert look.p_value == pytest.approx(2 / 252)


def test_twenty_pairs_get_a_bootstrap_interval_and_the_pseudo_median() -> None:
    rng = np.random.default_rng(4)
    found = one(np.zeros(20), rng.normal(0.5, 1, 20), paired=True)
    methods = [look.method for look in found.second_looks]
    assert methods == [
        "Wilcoxon signed-rank test",
        "bootstrap of the mean difference",
        "Hodges-Lehmann estimate",
    ]


def test_folds_are_corrected_and_the_plain_test_is_shown_beside() -> None:
    rng = np.random.default_rng(8)
    base = rng.normal(0.8, 0.02, 10)
    found = one(base, base + rng.normal(0.02, 0.02, 10), paired=True, overlap=1 / 9)
    naive, posterior = found.second_looks
    assert found.test == "corrected resampled t-test"
    assert posterior.method == "Bayesian correlated t-test"
    assert found.p_value is not None
    assert naive.p_value is not None
    assert found.p_value > naive.p_value
    assert "share training data" in words(found, "DEPENDENT_FOLDS")
