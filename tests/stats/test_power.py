"""Power agrees with R's power.t.test, attainable p with combinatorics."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats
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


@needs_oracles
def test_noethers_number_is_that_of_bouthillier_and_others() -> None:
    case = oracle("bouthillier_noether_29")
    params = case["params"]
    found = power.needed_for_chance(params["gamma"], params["alpha"], 1 - params["beta"])
    assert math.ceil(found) == case["expected"]["n"]


def test_noethers_number_gives_the_power_it_promises() -> None:
    # normal values 0.9539 deviations apart exceed each other with a chance of 0.75
    apart = math.sqrt(2) * stats.norm.ppf(0.75)
    n = math.ceil(power.needed_for_chance(0.75, 0.025, 0.8))
    rng = np.random.default_rng(3)
    draws = 1_500
    found = stats.mannwhitneyu(
        rng.normal(apart, 1, (draws, n)), rng.normal(0, 1, (draws, n)), axis=1, method="asymptotic"
    )
    assert float((found.pvalue < 0.05).mean()) == pytest.approx(0.8, abs=0.04)


@pytest.mark.parametrize("n", [2, 3, 10, 40])
def test_power_of_what_there_is_is_statsmodels(n: int) -> None:
    for effect in (0.3, 1.0, -1.5):
        two = TTestIndPower().power(effect, n, 0.01, ratio=2.0)
        one = TTestPower().power(effect, n, 0.01)
        assert power.attained(effect, (n, 2 * n), 0.01) == pytest.approx(two, abs=1e-6)
        assert power.attained(effect, n, 0.01) == pytest.approx(one, abs=1e-6)


@pytest.mark.parametrize("alpha", [0.05, 0.05 / 15])
def test_what_is_detectable_is_detected_in_eighty_per_cent_after_correction_too(alpha) -> None:
    for m, n in ((3, 3), (5, 12)):
        effect = power.detectable_independent(m, n, alpha)
        assert power.attained(effect, (m, n), alpha) == pytest.approx(0.8, abs=1e-9)
    assert power.attained(power.detectable_paired(7, alpha), 7, alpha) == pytest.approx(0.8)


def test_without_an_effect_power_is_alpha() -> None:
    assert power.attained(0.0, (6, 9), 0.05) == pytest.approx(0.05)


def test_what_has_no_power_is_refused() -> None:
    with pytest.raises(ValueError, match="2 replicates"):
        power.attained(1.0, (1, 5), 0.05)
    with pytest.raises(ValueError, match="alpha"):
        power.attained(1.0, 5, 0.0)
    with pytest.raises(ValueError, match="one half"):
        power.needed_for_chance(0.5, 0.05)
    with pytest.raises(ValueError, match="between 0 and 1"):
        power.needed_for_chance(1.2, 0.05)
    with pytest.raises(ValueError, match="between 0 and 1"):
        power.needed_for_chance(math.nan, 0.05)


@pytest.mark.parametrize(("n", "level"), [(6, 0.05), (7, 0.025)])
def test_where_only_equal_signs_reject_power_is_their_probability(n: int, level: float) -> None:
    assert power.detectable_signs(n - 1, level) == math.inf
    assert power.attained_signs(9.0, n - 1, level) == 0
    effect = power.detectable_signs(n, level)
    drawn = np.random.default_rng(1).normal(effect, 1, (4_000, n))
    found = stats.wilcoxon(drawn, axis=1, method="exact").pvalue < level
    assert found.mean() == pytest.approx(0.8, abs=0.02)
    assert power.attained_signs(effect, n, level) == pytest.approx(0.8)
    assert power.needed_signs(effect * 1.001, level) == n
    assert power.needed_signs(effect * 0.99, level) == n + 1
    assert power.needed_signs(0.05, level) == power.needed(0.05, level, paired=True)
