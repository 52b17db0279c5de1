"""Every reference case within its tolerance, through the functions that reports use."""

from __future__ import annotations

import csv
import itertools
import json
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from runreport.stats import (
    aggregates,
    areas,
    bayes,
    bootstrap,
    chosen,
    corrections,
    counts,
    effects,
    experiments,
    folds,
    independent,
    items,
    letters,
    paired,
    posthoc,
    power,
    proportions,
    ranks,
    ranksums,
    sequential,
    several,
    shifts,
    sidak,
    survival,
    ties,
)
from runreport.stats.proportions import Count
from runreport.stats.result import Interval
from tests.stats.agreement import disagreements
from tests.stats.reference import FOLDER, floats

Case = dict[str, Any]
Found = dict[str, Any]

CASES: list[Case] = (
    json.loads((FOLDER / "oracles.json").read_text()) if (FOLDER / "oracles.json").exists() else []
)


def both(case: Case) -> tuple[Any, Any]:
    """The two samples, first and second."""
    return floats(case["data"]["a"]), floats(case["data"]["b"])


def settled(case: Case) -> Any:
    """First minus second, equal differences made equal."""
    a, b = both(case)
    return ties.settle(a - b, ties.size_of(a, b))


def stored(case: Case, key: str = "file") -> Any:
    return json.loads((FOLDER / case["data"][key]).read_text())


def rows_of(name: str) -> list[dict[str, str]]:
    with (FOLDER / name).open() as file:
        return list(csv.DictReader(file))


def ends(interval: Interval | None) -> list[float]:
    assert interval is not None
    return [interval.low, interval.high]


def two_counts(case: Case) -> tuple[Count, Count]:
    """Second and first: the references subtract the second from the first."""
    first, second = zip(case["data"]["successes"], case["data"]["n"], strict=True)
    return Count(*second), Count(*first)


# ---- pairs and independent groups ----------------------------------------------------------------


def table2_wilcoxon(case: Case) -> Found:
    ranks = paired.signed_ranks(-settled(case))
    smaller, _ = paired.wilcoxon(-settled(case))
    whole = float(np.abs(paired.midranks(np.abs(settled(case)))).sum())
    favour = (whole + float(ranks.sum())) / 2
    return {"R_plus": favour, "R_minus": whole - favour, "T": smaller}


def paired_t(case: Case) -> Found:
    a, b = both(case)
    found = paired.paired_t(a - b)
    dz, g_z = effects.paired_effects(a - b)
    return {
        "t": found.statistic, "df": found.df, "p": found.p_value(),
        "ci": ends(found.interval(0.95)), "dz": dz.value, "g_z": g_z.value,
    }  # fmt: skip


def welch(case: Case) -> Found:
    a, b = both(case)
    found = independent.welch(b, a)
    return {
        "t": found.statistic, "df": found.df, "p": found.p_value(),
        "ci": ends(found.interval(0.95)),
    }  # fmt: skip


def tost_paired(case: Case) -> Found:
    a, b = both(case)
    found = paired.paired_t(a - b)
    return {
        "p": found.equivalence_p(case["params"]["margin"]),
        "ci90": ends(found.interval(0.90)),
    }


def tost_welch(case: Case) -> Found:
    a, b = both(case)
    return {"p": independent.welch(b, a).equivalence_p(case["params"]["margin"])}


def darwin(case: Case) -> Found:
    d = floats(case["data"]["d"])
    smaller, p = paired.wilcoxon(d)
    t = paired.paired_t(d)
    return {
        "wilcoxon_T": smaller, "wilcoxon_p": p,
        "perm_count_two_sided": paired.sign_flip(d) * 2**d.size, "perm_p": paired.sign_flip(d),
        "t": t.statistic, "t_p": t.p_value(), "ci": ends(t.interval(0.95)),
        "hl": effects.hodges_lehmann(d),
    }  # fmt: skip


def float_ties(case: Case) -> Found:
    ranks = paired.signed_ranks(settled(case))
    # one-sided, towards the side the ranks favour
    return {"T": float(ranks.clip(0).sum()), "p": paired.wilcoxon(settled(case))[1] / 2}


def win_tie_loss(case: Case) -> Found:
    record = ranks.record_of(-settled(case))
    p = ranks.sign_test(record)
    return {
        "wins": record.wins, "losses": record.losses, "ties": record.ties,
        "wins_split": record.wins + record.ties // 2, "p_one_sided": p / 2, "p_two_sided": p,
    }  # fmt: skip


def signed_ranks(case: Case) -> Found:
    found = shifts.SignedRank(settled(case))
    p = found.p_value()
    return {
        "V": float(paired.signed_ranks(settled(case)).clip(0).sum()),
        "p_greater": p / 2, "p_two_sided": p,
        "hl": found.difference, "ci": ends(found.interval(0.95)),
    }  # fmt: skip


def mann_whitney(case: Case) -> Found:
    a, b = both(case)
    found = shifts.RankShift(b, a)
    pooled = paired.midranks(np.concatenate((b, a)))
    return {
        "U": found.statistic, "p_exact": found.p_value(),
        "p_asym": 2 * ranksums.normal_tail(pooled[: b.size], pooled[b.size :]),
        "A12": independent.probability_of_superiority(b, a, 0.95).value,
    }  # fmt: skip


def brunner_munzel(case: Case) -> Found:
    found = independent.brunner_munzel(*both(case))
    assert found is not None
    return {
        "W": found.statistic, "p": found.p_value, "A12": found.chance, "df": found.df,
        "ci": ends(found.interval(0.95)),
    }  # fmt: skip


def mtcars(case: Case) -> Found:
    auto, manual = floats(case["data"]["auto"]), floats(case["data"]["manual"])
    d = effects.cohens_d(manual, auto, 0.95)
    return {
        "d": d.value, "d_ci": ends(d.interval),
        "g": effects.hedges_g(manual, auto).value,
        "glass": effects.glass_delta(manual, auto).value,
        "cliff": effects.cliffs_delta(manual, auto).value,
        "A12": effects.superiority(manual, auto),
        "p_sup_param": effects.normal_superiority(manual, auto).value,
    }  # fmt: skip


def spatial_test(case: Case) -> Found:
    values = floats(case["data"]["x"])

    def variance(rows: Any) -> Any:
        return rows.var(axis=-1)

    bca, percentile = (
        interval(
            values, level=0.9, rng=np.random.default_rng(1), statistic=variance, resamples=50_000
        )
        for interval in (bootstrap.bca_interval, bootstrap.percentile_interval)
    )
    return {"theta": float(variance(values)), "percentile": ends(percentile), "bca": ends(bca)}


def convictions(case: Case) -> Found:
    (one, rest), (other, others) = case["data"]["table"]
    totals = (one + rest, other + others)
    return {
        "p_less": independent.fisher_less_p((one, other), totals),
        "p_two_sided": independent.fisher_p((one, other), totals),
    }


def matched_rank_biserial(case: Case) -> Found:
    return {"rb": effects.rank_biserial(settled(case)).value}


# ---- several groups ------------------------------------------------------------------------------


def dunnett(case: Case) -> Found:
    found = several.dunnett(case["data"]["control"], case["data"]["samples"])
    return {"t": [one.statistic for one in found], "p": [one.p_value() for one in found]}


def warpbreaks(case: Case) -> Found:
    found = several.tukey([case["data"][tension] for tension in "LMH"])
    lower = found[0, 1]
    return {
        "diff_ML": lower.difference, "ci_ML": ends(lower.interval(0.95)),
        "p_ML": lower.p_value(), "p_HL": found[0, 2].p_value(), "p_HM": found[1, 2].p_value(),
    }  # fmt: skip


def shared(names: list[str], differ: Any) -> dict[str, bool]:
    """Which pairs have a letter in common."""
    own = dict(zip(names, letters.compact_letters(differ), strict=True))
    return {
        f"{one}-{other}": bool(set(own[one]) & set(own[other]))
        for one, other in itertools.combinations(names, 2)
    }


def plant_growth(case: Case) -> Found:
    names = ["ctrl", "trt1", "trt2"]
    found = several.tukey([case["data"][name] for name in names])
    differ = np.zeros((3, 3), dtype=bool)
    for (one, other), pair in found.items():
        differ[one, other] = differ[other, one] = pair.p_value() < case["params"]["alpha"]
    return {
        "p": [found[pair].p_value() for pair in ((0, 1), (0, 2), (1, 2))],
        "share": shared(names, differ),
    }


def letters_of_p(case: Case) -> Found:
    data = case["data"]
    differ = np.zeros((len(data["names"]),) * 2, dtype=bool)
    for pair, p in data["p"].items():
        one, other = (data["names"].index(name) for name in pair.split("-"))
        differ[one, other] = differ[other, one] = p < 0.05
    return {"share": shared(data["names"], differ)}


# ---- families of p-values ------------------------------------------------------------------------


def of_a_control(case: Case) -> Found:
    p = case["data"]["p"]
    known = ("bonferroni", "holm", "hochberg", "hommel")
    return {
        **{name: corrections.adjust(p, name, len(p)) for name in known},
        "finner": sidak.finner(p),
        "holland": sidak.holland(p),
    }


def false_discoveries(case: Case) -> Found:
    p = case["data"]["p"]
    bonferroni, holm, bh = (
        corrections.adjust(p, name, len(p)) for name in ("bonferroni", "holm", "bh")
    )
    return {
        "BH": bh, "holm": holm,
        "reject_bonferroni": sum(value < 0.05 for value in bonferroni),
        "reject_holm": sum(value < 0.05 for value in holm),
        "reject_BH": sum(value < 0.05 for value in bh),
    }  # fmt: skip


# ---- many data sets ------------------------------------------------------------------------------


def friedman_of_ranks(case: Case) -> Found:
    found = ranks.friedman(case["data"]["rank_matrix"], corrected=False)
    return {"avg_ranks": found.mean_ranks, "chi2": found.chi2, "F": found.f, "df": found.df}


def friedman_of_scores(case: Case) -> Found:
    found = ranks.friedman(ranks.ranks_of(case["data"].get("scores") or case["data"]["blocks"]))
    return {"chi2": found.chi2, "p": found.chi2_p}


def friedman_of_means(case: Case) -> Found:
    found = ranks.friedman_from_means(case["data"]["avg_ranks"], case["data"]["N"])
    return {"chi2": found.chi2, "F": found.f}


def garcia(case: Case) -> Found:
    rows = rows_of(case["data"]["file"])
    models = [name for name in rows[0] if name]
    placed = ranks.ranks_of([[float(row[model]) for model in models] for row in rows])
    plain, corrected = ranks.friedman(placed, corrected=False), ranks.friedman(placed)
    return {
        "avg_ranks": dict(zip(models, plain.mean_ranks, strict=True)),
        "chi2": plain.chi2, "F": plain.f, "p_F": plain.f_p, "chi2_tie_corrected": corrected.chi2,
    }  # fmt: skip


def critical_difference(case: Case) -> Found:
    k, n = case["params"]["k"], case["params"]["N"]
    if "alpha" in case["params"]:
        return {"cd_05": ranks.bonferroni_dunn_cd(k, n, case["params"]["alpha"])}
    return {f"cd_{name}": ranks.nemenyi_cd(k, n, alpha) for name, alpha in
            (("05", 0.05), ("10", 0.10))}  # fmt: skip


def against_control(case: Case) -> Found:
    data = case["data"]
    names = [data["control"], *data["models"]]
    found = posthoc.rank_z([data["avg_ranks"][name] for name in names], data["N"])
    z = list(found[0][1:])
    p = [posthoc.z_p(value) for value in z]
    holm = corrections.adjust(p, "holm", len(p))
    return {"z": z, "p": p, "reject": [value < 0.05 for value in holm]}


def groups_of_the_diagram(case: Case) -> Found:
    means, n = case["data"]["avg_ranks"], case["data"]["N"]
    names = list(means)
    return {
        f"alpha{name}": [
            [names[place] for place in clique]
            for clique in ranks.cliques(
                list(means.values()), ranks.nemenyi_cd(len(names), n, alpha)
            )
        ]
        for name, alpha in (("05", 0.05), ("10", 0.10))
    }


def bayesian_signed_rank(case: Case) -> Found:
    data = stored(case)
    a, b = (floats(data[case["data"][key]]) for key in ("a", "b"))
    found = bayes.signed_rank(
        (b - a) / 100, case["params"]["rope"], rng=np.random.default_rng(1), draws=50_000
    )
    return {"probs": [found.below, found.within, found.above]}


# ---- many tasks ----------------------------------------------------------------------------------


def normalised(case: Case) -> list[Any]:
    """Scores of each game, 0 for a random player and 1 for a human."""
    raw, low, high = (stored(case, key) for key in ("file", "random", "human"))
    return [
        (floats(raw[game]) - np.mean(low[game])) / (np.mean(high[game]) - np.mean(low[game]))
        for game in raw
    ]


def four_aggregates(scores: list[Any]) -> Found:
    return {
        "mean": aggregates.mean_of_tasks(scores), "median": aggregates.median_of_tasks(scores),
        "iqm": aggregates.interquartile_mean(scores), "og": aggregates.optimality_gap(scores),
    }  # fmt: skip


def atari(case: Case) -> Found:
    return four_aggregates(normalised(case))


def two_runs(case: Case) -> Found:
    return four_aggregates(list(floats(case["data"]["scores_runs_x_tasks"]).T))


def chance_of_improvement(case: Case) -> Found:
    x, y = stored(case, "x"), stored(case, "y")
    games = sorted(x)
    found = aggregates.improvement(
        baseline=[floats(y[game]) for game in games], candidate=[floats(x[game]) for game in games]
    )
    return {"poi": found}


# ---- folds ---------------------------------------------------------------------------------------


def nadeau_bengio(case: Case) -> Found:
    scores, params = stored(case), case["params"]
    differences = floats(scores["rbf"]) - floats(scores["linear"])
    overlap = params["n_test"] / params["n_train"]
    found, naive = paired.paired_t(differences, overlap), paired.paired_t(differences)
    posterior = folds.correlated_posterior(differences, overlap)
    below, within, above = posterior.probabilities(params["rope"])
    return {
        "t": found.statistic, "p_one_sided": found.p_value() / 2,
        "t_uncorrected": naive.statistic, "p_uncorrected_one_sided": naive.p_value() / 2,
        "p_better_rope": above, "p_equiv": within, "p_worse_rope": below,
        "p_better": posterior.probabilities().above,
    }  # fmt: skip


def correlated_t(case: Case) -> Found:
    scores = stored(case)
    # the file is in per cent, the region in shares
    differences = (floats(scores[case["data"]["b"]]) - floats(scores[case["data"]["a"]])) / 100
    per_run = differences.size / case["params"]["runs"]
    posterior = folds.correlated_posterior(differences, 1 / (per_run - 1))
    return {"probs": posterior.probabilities(case["params"]["rope"])}


def three_folds(case: Case) -> Found:
    x, y = floats(case["data"]["x"]), floats(case["data"]["y"])
    found = folds.correlated_posterior(y - x, 1 / (x.size - 1))
    return {"mean": found.mean, "var": found.scale**2, "df": found.df}


def five_by_two(case: Case) -> Found:
    t, f = (
        test(case["data"]["differences_5x2"]) for test in (folds.five_by_two_t, folds.five_by_two_f)
    )
    return {"t": t.statistic, "p": t.p_value(), "F": f.statistic, "p_F": f.p_value()}


# ---- the same items ------------------------------------------------------------------------------


def mcnemar(case: Case) -> Found:
    (_, won), (lost, _) = case["data"]["table"]
    corrected = counts.mcnemar_chi2(won, lost)
    plain = counts.mcnemar_chi2(won, lost, corrected=False)
    return {
        "chi2_cc": corrected[0], "p_cc": corrected[1], "chi2": plain[0], "p": plain[1],
        "p_exact": counts.mcnemar_exact(won, lost), "p_mid": counts.mcnemar_mid_p(won, lost),
    }  # fmt: skip


def cochran(case: Case) -> Found:
    found = counts.cochran_q(case["data"]["correct"])
    return {"Q": found.statistic, "df": found.df, "p": found.p_value}


def delong(case: Case) -> Found:
    data = case["data"]
    rows = rows_of(data["file"])
    labels = [float(row["outcome"] == data["positive"]) for row in rows]
    first, second = ([float(row[data[key]]) for row in rows] for key in ("a", "b"))
    found = areas.delong(labels, baseline=second, candidate=first)
    return {
        "auc": [found.candidate.value, found.baseline.value],
        "z": found.estimate.statistic, "p": found.estimate.p_value(),
        "auc1_ci": ends(areas.area(labels, first).interval(0.95)),
        "var1": found.candidate.variance, "cov12": found.covariance,
        "diff_ci": ends(found.estimate.interval(0.95)),
    }  # fmt: skip


def clustered(case: Case) -> Found:
    a, b = both(case)
    found = items.item_mean(b, a, case["data"]["cluster"])
    return {
        "mean_diff": found.estimate.difference,
        "se_naive": found.naive_error,
        "se_clustered": items.clustered_error(a - b, case["data"]["cluster"]),
    }


# ---- experiments ---------------------------------------------------------------------------------


def two_proportions(case: Case) -> Found:
    second, first = two_counts(case)
    z, p = proportions.pooled_z(second, first)
    wald = ends(proportions.wald(second, first, 0.95))
    newcombe = ends(proportions.newcombe(second, first, 0.95))
    return {"z": z, "p": p, "chi2": z * z, "wald_ci": wald, "wald": wald, "newcombe": newcombe}


def wilson(case: Case) -> Found:
    return {"ci": ends(proportions.wilson(Count(case["data"]["x"], case["data"]["n"]), 0.95))}


def sample_ratio(case: Case) -> Found:
    found = proportions.sample_ratio(case["data"]["observed"], case["data"]["ratio"])
    return {"p": found.p_value, "chi2": found.statistic}


def from_sums(case: Case) -> Found:
    baseline, candidate = (
        experiments.mean_arm(experiments.Sums(arm["n"], arm["sum"], arm["sum_squares"]))
        for arm in (case["data"]["a"], case["data"]["b"])
    )
    found = experiments.difference(baseline, candidate)
    return {
        "diff": found.difference, "ci": ends(found.interval(0.95)), "se": found.standard_error,
        "p": found.p_value(),
    }  # fmt: skip


def relative_lift(case: Case) -> Found:
    arms = [
        experiments.share_arm(Count(*pair))
        for pair in zip(case["data"]["successes"], case["data"]["n"], strict=True)
    ]
    found = experiments.lift(*arms)
    assert found is not None
    n = sum(case["data"]["n"])
    params = case["params"]
    interval: Interval | None = found.interval(0.95)
    if params:
        interval = sequential.anytime(
            found.difference, found.standard_error, n, params["alpha"], params["tuning"]
        )
    return {
        "lift": found.difference, "ci": ends(interval), "se": found.standard_error,
        "p": found.p_value(),
    }  # fmt: skip


def mixture(case: Case) -> Found:
    params = case["params"]
    rho = sequential.best_rho(params["v_opt"], params["alpha_opt"])
    return {
        "best_rho": rho,
        "bound": sequential.mixture_bound(params["v"], params["alpha"], rho),
        "log_mixture": sequential.log_mixture(params["s"], params["v"], rho),
    }


def cuped(case: Case) -> Found:
    pre, post = floats(case["data"]["pre"]), floats(case["data"]["post"])
    group = floats(case["data"]["group"])
    found = experiments.adjusted_arms(
        [experiments.Joint.of(post[group == arm], pre[group == arm]) for arm in (0, 1)]
    )
    return {
        "theta": found.theta, "var_ratio": found.kept,
        "diff": experiments.difference(*found.arms).difference,
    }  # fmt: skip


# ---- times to an event, and the best of many trials ----------------------------------------------


def glioma(case: Case) -> Found:
    first, second = (
        survival.Times.of(
            [*case["data"][side]["event"], *case["data"][side]["censored"]],
            [True] * len(case["data"][side]["event"])
            + [False] * len(case["data"][side]["censored"]),
        )
        for side in ("a", "b")
    )
    found = survival.LogRank(baseline=second, candidate=first)
    return {
        "z": found.statistic, "p": found.p_value(),
        "chi2": survival.log_rank([first, second]).statistic,
    }  # fmt: skip


def best_of_three(case: Case) -> Found:
    return {"e_max": chosen.expected_max(case["data"]["values"], case["params"]["n"])}


# ---- power ---------------------------------------------------------------------------------------


def detectable(case: Case) -> Found:
    sizes = [row[0] for row in case["expected"]["mde"]]
    return {
        "mde": [
            [n, power.detectable_independent(n, n, 0.05), power.detectable_paired(n, 0.05)]
            for n in sizes
        ]
    }


def power_and_n(case: Case) -> Found:
    """The n whose power is 0.9 lies between two whole ones; R prints the fraction too."""

    def at(n: float) -> float:
        return power.t_power(math.sqrt(n / 2), 2 * n - 2, 0.05)

    low, high = 20.0, 25.0
    while high - low > 1e-9:
        middle = (low + high) / 2
        low, high = (middle, high) if at(middle) < 0.9 else (low, middle)
    assert power.needed(1.0, 0.05, paired=False) == 17
    return {"power_n20_d1": at(20), "n_power90_d1": high}


def noether(case: Case) -> Found:
    params = case["params"]
    return {"n": power.needed_for_chance(params["gamma"], params["alpha"], 1 - params["beta"])}


def smallest_p(case: Case) -> Found:
    params = case["params"]
    return {
        "wilcoxon": [power.smallest_paired_p(n) for n in params["wilcoxon_n"]],
        "mwu": [power.smallest_independent_p(n, n) for n in params["mwu_n_per_group"]],
    }


FUNCTIONS: dict[str, Callable[[Case], Found]] = {
    "demsar_table2_wilcoxon": table2_wilcoxon,
    "demsar_table2_win_tie_loss_sign": win_tie_loss,
    "demsar_table6_friedman": friedman_of_ranks,
    "demsar_table6_friedman_tie_corrected": friedman_of_scores,
    "demsar_nemenyi_cd": critical_difference,
    "demsar_bonferroni_dunn_cd": critical_difference,
    "demsar_holm_vs_control": against_control,
    "demsar_cd_diagram_groups": groups_of_the_diagram,
    "garcia2010_friedman": garcia,
    "derrac2011_friedman_from_ranks": friedman_of_means,
    "derrac2011_table16_control_apv": of_a_control,
    "r_friedman_roundingtimes": friedman_of_scores,
    "benavoli_signed_rank_j48_j48gr": bayesian_signed_rank,
    "bh1995_holm_bh": false_discoveries,
    "r_depression_wilcoxon_hl": signed_ranks,
    "scipy_mwu_diabetes": mann_whitney,
    "brunner_munzel_pain": brunner_munzel,
    "r_fisher_convictions": convictions,
    "scipy_dunnett": dunnett,
    "r_tukey_warpbreaks": warpbreaks,
    "cld_plantgrowth": plant_growth,
    "cld_abcd_two": letters_of_p,
    "atari100k_SPR": atari,
    "atari100k_SimPLe": atari,
    "atari100k_IRIS": atari,
    "atari100k_poi_IRIS_SPR": chance_of_improvement,
    "iqm_small": two_runs,
    "r_power_t_test": power_and_n,
    "r_effectsize_mtcars": mtcars,
    "efron_spatial_variance_bca": spatial_test,
    "scipy_logrank_glioma": glioma,
    "dodge_expected_max": best_of_three,
    "bouthillier_noether_29": noether,
    "r_sleep_paired_t": paired_t,
    "r_sleep_welch_t": welch,
    "clinic_tost_paired_not_equiv": tost_paired,
    "clinic_tost_welch": tost_welch,
    "darwin_maize_paired": darwin,
    "wilcoxon_float_tie_trap": float_ties,
    "r_sleep_matched_rank_biserial": matched_rank_biserial,
    "sklearn_nadeau_bengio_rbf_linear": nadeau_bengio,
    "benavoli_correlated_t_anneal": correlated_t,
    "baycomp_compute_statistics": three_folds,
    "fivetwo_cv_a": five_by_two,
    "r_mcnemar_approval": mcnemar,
    "mcnemar_exact_11_1": mcnemar,
    "cochran_q": cochran,
    "delong_s100b_ndka": delong,
    "delong_s100b_wfns": delong,
    "miller_clustered_paired": clustered,
    "statsmodels_two_prop_z": two_proportions,
    "newcombe_diff_ci": two_proportions,
    "wilson_81_263": wilson,
    "wilson_0_20": wilson,
    "kohavi_srm": sample_ratio,
    "growthbook_ttest_absolute": from_sums,
    "growthbook_binomial_relative": relative_lift,
    "growthbook_sequential_prop": relative_lift,
    "confseq_two_sided_normal_mixture": mixture,
    "cuped_identity": cuped,
    "mde_by_seed_count": detectable,
    "minimum_attainable_p": smallest_p,
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
