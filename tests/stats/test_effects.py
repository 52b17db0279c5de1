"""Standardised effects agree with R's effectsize."""

from __future__ import annotations

import numpy as np
import pytest

from runreport.stats import effects
from tests.stats.reference import DARWIN, SLEEP_1, SLEEP_2, floats, needs_oracles, oracle


def test_dz_and_g_z_of_the_sleep_data() -> None:
    dz, g_z = effects.paired_effects(SLEEP_1 - SLEEP_2)
    assert dz.value == pytest.approx(-1.284558, abs=1e-6)
    assert g_z.value == pytest.approx(-1.173925, abs=1e-6)


@needs_oracles
def test_hedges_g_of_the_cars() -> None:
    case = oracle("r_effectsize_mtcars")
    auto, manual = floats(case["data"]["auto"]), floats(case["data"]["manual"])
    assert effects.hedges_g(manual, auto).value == pytest.approx(-1.440635, abs=1e-6)


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
