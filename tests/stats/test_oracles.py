"""Every reference case within its tolerance, through the functions that reports use."""

from __future__ import annotations

import json
import math
from collections.abc import Callable

import pytest

from tests.stats.agreement import disagreements
from tests.stats.answers import experiments, models, samples
from tests.stats.answers.reading import Case, Found
from tests.stats.reference import FOLDER

CASES: list[Case] = (
    json.loads((FOLDER / "oracles.json").read_text()) if (FOLDER / "oracles.json").exists() else []
)


FUNCTIONS: dict[str, Callable[[Case], Found]] = {
    "demsar_table2_wilcoxon": samples.table2_wilcoxon,
    "demsar_table2_win_tie_loss_sign": samples.win_tie_loss,
    "demsar_table6_friedman": models.friedman_of_ranks,
    "demsar_table6_friedman_tie_corrected": models.friedman_of_scores,
    "demsar_nemenyi_cd": models.critical_difference,
    "demsar_bonferroni_dunn_cd": models.critical_difference,
    "demsar_holm_vs_control": models.against_control,
    "demsar_cd_diagram_groups": models.groups_of_the_diagram,
    "garcia2010_friedman": models.garcia,
    "derrac2011_friedman_from_ranks": models.friedman_of_means,
    "derrac2011_table16_control_apv": samples.of_a_control,
    "r_friedman_roundingtimes": models.friedman_of_scores,
    "benavoli_signed_rank_j48_j48gr": models.bayesian_signed_rank,
    "bh1995_holm_bh": samples.false_discoveries,
    "r_depression_wilcoxon_hl": samples.signed_ranks,
    "scipy_mwu_diabetes": samples.mann_whitney,
    "brunner_munzel_pain": samples.brunner_munzel,
    "r_fisher_convictions": samples.convictions,
    "scipy_dunnett": samples.dunnett,
    "r_tukey_warpbreaks": samples.warpbreaks,
    "cld_plantgrowth": samples.plant_growth,
    "cld_abcd_two": samples.letters_of_p,
    "atari100k_SPR": models.atari,
    "atari100k_SimPLe": models.atari,
    "atari100k_IRIS": models.atari,
    "atari100k_poi_IRIS_SPR": models.chance_of_improvement,
    "iqm_small": models.two_runs,
    "r_power_t_test": samples.power_and_n,
    "r_effectsize_mtcars": samples.mtcars,
    "efron_spatial_variance_bca": samples.spatial_test,
    "scipy_logrank_glioma": samples.glioma,
    "dodge_expected_max": samples.best_of_three,
    "bouthillier_noether_29": samples.noether,
    "r_sleep_paired_t": samples.paired_t,
    "r_sleep_welch_t": samples.welch,
    "clinic_tost_paired_not_equiv": samples.tost_paired,
    "clinic_tost_welch": samples.tost_welch,
    "darwin_maize_paired": samples.darwin,
    "wilcoxon_float_tie_trap": samples.float_ties,
    "r_sleep_matched_rank_biserial": samples.matched_rank_biserial,
    "sklearn_nadeau_bengio_rbf_linear": models.nadeau_bengio,
    "benavoli_correlated_t_anneal": models.correlated_t,
    "baycomp_compute_statistics": models.three_folds,
    "fivetwo_cv_a": models.five_by_two,
    "r_mcnemar_approval": models.mcnemar,
    "mcnemar_exact_11_1": models.mcnemar,
    "cochran_q": models.cochran,
    "delong_s100b_ndka": models.delong,
    "delong_s100b_wfns": models.delong,
    "miller_clustered_paired": models.clustered,
    "statsmodels_two_prop_z": experiments.two_proportions,
    "newcombe_diff_ci": experiments.two_proportions,
    "wilson_81_263": experiments.wilson,
    "wilson_0_20": experiments.wilson,
    "kohavi_srm": experiments.sample_ratio,
    "growthbook_ttest_absolute": experiments.from_sums,
    "growthbook_binomial_relative": experiments.relative_lift,
    "growthbook_sequential_prop": experiments.relative_lift,
    "confseq_two_sided_normal_mixture": experiments.mixture,
    "cuped_identity": experiments.cuped,
    "mde_by_seed_count": samples.detectable,
    "minimum_attainable_p": samples.smallest_p,
}

NOT_REPORTED = {
    # the interval of a variance by normal theory, printed there to judge the bootstraps by
    "efron_spatial_variance_bca": {"exact"},
}
"""Expected values of a case that no report shows."""


@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_the_reference_is_met_within_its_tolerance(case: Case) -> None:
    beside = NOT_REPORTED.get(case["id"], set())
    expected = {name: part for name, part in case["expected"].items() if name not in beside}
    assert disagreements(FUNCTIONS[case["id"]](case), expected, case["tolerance_abs"]) == []


@pytest.mark.skipif(not CASES, reason="no ../shared/statistics/oracles.json here")
def test_every_reference_case_has_its_function_and_no_function_is_left_over() -> None:
    assert {case["id"] for case in CASES} == set(FUNCTIONS)


def test_numbers_texts_and_shapes_that_are_off_are_told() -> None:
    expected = {"t": 1.0, "ci": [0.1, 0.2], "share": {"A-B": True}, "names": ["a"]}
    allowed = {"t": 0.01, "ci": 0.001, "share": 0, "names": 0}
    close = {"t": 1.0099, "ci": (0.1009, 0.2), "share": {"A-B": True}, "names": ["a"]}
    assert disagreements(close, expected, allowed) == []
    for wrong in (
        {"t": 1.011}, {"t": math.nan}, {"ci": [0.1, 0.202]}, {"ci": [0.1]},
        {"share": {"A-B": False}}, {"share": {}}, {"names": ["b"]},
    ):  # fmt: skip
        assert len(disagreements(close | wrong, expected, allowed)) == 1, wrong
