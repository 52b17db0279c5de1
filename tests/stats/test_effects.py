"""Standardised effects agree with R's effectsize."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from runreport.stats import effects
from tests.stats.reference import DARWIN, SLEEP_1, SLEEP_2, floats, needs_oracles, oracle

GROUPS = st.lists(st.integers(-30, 30), min_size=3, max_size=9).filter(lambda v: len(set(v)) > 1)


def test_dz_and_g_z_of_the_sleep_data() -> None:
    dz, g_z = effects.paired_effects(SLEEP_1 - SLEEP_2)
    assert dz.value == pytest.approx(-1.284558, abs=1e-6)
    assert g_z.value == pytest.approx(-1.173925, abs=1e-6)


@needs_oracles
def test_effects_of_the_cars_are_rs() -> None:
    case = oracle("r_effectsize_mtcars")
    auto, manual = floats(case["data"]["auto"]), floats(case["data"]["manual"])
    expected = case["expected"]
    d = effects.cohens_d(manual, auto, 0.95)
    assert d.value == pytest.approx(expected["d"], abs=1e-8)
    assert d.interval is not None
    assert (d.interval.low, d.interval.high) == pytest.approx(expected["d_ci"], abs=1e-4)
    assert effects.hedges_g(manual, auto).value == pytest.approx(-1.440635, abs=1e-6)
    assert effects.glass_delta(manual, auto).value == pytest.approx(expected["glass"], abs=0.006)
    assert effects.cliffs_delta(manual, auto).value == pytest.approx(expected["cliff"], abs=1e-9)
    assert effects.superiority(manual, auto) == pytest.approx(expected["A12"], abs=1e-9)
    normal = effects.normal_superiority(manual, auto)
    assert normal.value == pytest.approx(expected["p_sup_param"], abs=1e-8)


def test_the_interval_of_g_is_that_of_d_without_its_bias() -> None:
    one, other = floats([1, 4, 2, 6, 5]), floats([3, 8, 7, 9])
    d, g = effects.cohens_d(one, other, 0.9), effects.hedges_g(one, other, 0.9)
    assert d.interval is not None
    assert g.interval is not None
    factor = effects.small_sample_factor(7)
    assert (g.interval.low, g.interval.high) == pytest.approx(
        (d.interval.low * factor, d.interval.high * factor)
    )
    normal = effects.normal_superiority(one, other, 0.9)
    assert normal.interval is not None
    assert normal.interval.low == pytest.approx(stats.norm.cdf(d.interval.low / math.sqrt(2)))


@settings(max_examples=50, deadline=None)
@given(st.floats(-15, 15), st.floats(2, 60), st.sampled_from([0.8, 0.95, 0.99]))
def test_noncentral_intervals_leave_the_tails_they_promise(t: float, df: float, level) -> None:
    found = effects.noncentral_interval(t, df, 1.0, level)
    tail = (1 - level) / 2
    assert stats.nct.sf(t, df, found.low) == pytest.approx(tail, abs=1e-6)
    assert stats.nct.cdf(t, df, found.high) == pytest.approx(tail, abs=1e-6)


def test_intervals_of_the_sleep_data_are_rs() -> None:
    # R effectsize::cohens_d(extra ~ group, paired = TRUE): -1.28, 95 % CI [-2.12, -0.41]
    dz, _ = effects.paired_effects(SLEEP_1 - SLEEP_2, 0.95)
    assert dz.interval is not None
    assert (dz.interval.low, dz.interval.high) == pytest.approx((-2.12, -0.41), abs=0.005)


@settings(max_examples=50, deadline=None)
@given(GROUPS, GROUPS)
def test_cliffs_delta_counts_pairs(one: list[int], other: list[int]) -> None:
    signs = [np.sign(b - a) for a in one for b in other]
    assert effects.cliffs_delta(floats(one), floats(other)).value == pytest.approx(np.mean(signs))


@settings(max_examples=50, deadline=None)
@given(GROUPS, GROUPS, st.floats(0.01, 100), st.floats(-1000, 1000))
def test_swapping_mirrors_and_scale_and_origin_change_nothing(one, other, scale, shift) -> None:
    a, b = floats(one), floats(other)
    for effect in (effects.cohens_d, effects.hedges_g, effects.cliffs_delta):
        before = effect(a, b).value
        assert effect(b, a).value == pytest.approx(-before, abs=1e-12)
        moved = effect(np.round(a * scale + shift, 9), np.round(b * scale + shift, 9)).value
        assert moved == pytest.approx(before, abs=1e-5)
    assert effects.superiority(a, b) == pytest.approx(1 - effects.superiority(b, a))


def test_what_has_no_effect_size_is_refused() -> None:
    constant, two = floats([1, 1, 1]), floats([2, 2, 2])
    for effect in (effects.cohens_d, effects.hedges_g, effects.glass_delta):
        with pytest.raises(ValueError, match=r"vary|varies"):
            effect(constant, two)
        with pytest.raises(ValueError, match="finite"):
            effect(floats([1, np.nan]), two)
        with pytest.raises(ValueError, match="2 values or more"):
            effect(floats([1]), two)
    with pytest.raises(ValueError, match="vary"):
        effects.paired_effects(constant)


def test_every_patient_slept_longer_so_the_rank_biserial_is_at_its_end() -> None:
    assert effects.rank_biserial(np.round(SLEEP_1 - SLEEP_2, 9)).value == -1.0


def test_the_hodges_lehmann_estimate_of_darwins_maize_is_25() -> None:
    assert effects.hodges_lehmann(DARWIN) == 25.0


@needs_oracles
def test_the_hodges_lehmann_estimate_of_the_depression_data_is_rs() -> None:
    case = oracle("r_depression_wilcoxon_hl")
    differences = floats(case["data"]["a"]) - floats(case["data"]["b"])
    assert effects.hodges_lehmann(differences) == pytest.approx(case["expected"]["hl"])


def test_the_middle_half_of_eight_values_is_the_middle_four() -> None:
    values = floats([0.1, 0.5, 0.9, 1.3, 0.2, 0.4, 1.1, 2.0])
    # Agarwal et al. (2021): 0.4, 0.5, 0.9 and 1.1
    assert effects.interquartile_mean(values) == pytest.approx(0.725)


def test_no_effect_without_a_difference() -> None:
    assert effects.hedges_g(floats([1, 2, 3]), floats([3, 1, 2])).value == 0.0
