"""Power agrees with R's power.t.test, attainable p with combinatorics."""

from __future__ import annotations

import pytest
from statsmodels.stats.power import TTestIndPower, TTestPower

from runreport.stats import power
from tests.stats.reference import needs_oracles, oracle


@needs_oracles
def test_detectable_differences_are_rs() -> None:
    case = oracle("mde_by_seed_count")
    for n, two_groups, pairs in case["expected"]["mde"]:
        assert power.detectable_independent(n, n, 0.05) == pytest.approx(two_groups, abs=0.002)
        assert power.detectable_paired(n, 0.05) == pytest.approx(pairs, abs=0.002)


def test_power_of_twenty_per_group_is_that_of_rs_manual() -> None:
    found = power.t_power(1.0 / (2 / 20) ** 0.5, 38, 0.05)
    assert found == pytest.approx(0.868952801692, abs=1e-6)


@pytest.mark.parametrize("alpha", [0.05, 0.05 / 59])
@pytest.mark.parametrize("effect", [0.4, 1.0, 2.5])
def test_replicates_needed_are_those_of_statsmodels(effect: float, alpha: float) -> None:
    two = TTestIndPower().solve_power(effect, alpha=alpha, power=0.8)
    one = TTestPower().solve_power(effect, alpha=alpha, power=0.8)
    for found, reference in (
        (power.needed(effect, alpha, paired=False), two),
        (power.needed(effect, alpha, paired=True), one),
    ):
        assert found is not None
        assert reference <= found <= reference + 1


def test_an_effect_near_zero_is_out_of_reach() -> None:
    assert power.needed(1e-4, 0.05, paired=False) is None


@pytest.mark.parametrize(
    ("n", "p"), [(3, 0.25), (4, 0.125), (5, 0.0625), (6, 0.03125), (8, 0.0078125)]
)
def test_the_smallest_p_of_pairs_is_two_over_two_to_the_n(n: int, p: float) -> None:
    assert power.smallest_paired_p(n) == p


def test_the_smallest_p_of_two_groups_counts_the_splits() -> None:
    # C(6, 3) = 20, C(10, 5) = 252
    assert power.smallest_independent_p(3, 3) == 0.1
    assert power.smallest_independent_p(5, 5) == pytest.approx(2 / 252)


def test_six_pairs_reach_five_per_cent_and_eight_reach_one() -> None:
    assert power.pairs_to_reach(0.05) == 6
    assert power.pairs_to_reach(0.01) == 8
    assert power.runs_to_reach(0.05) == 4
