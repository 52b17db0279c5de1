"""Reference cases about models: data sets, tasks, folds, items."""

from __future__ import annotations

from typing import Any

import numpy as np

from runreport.stats import (
    aggregates,
    areas,
    bayes,
    corrections,
    counts,
    folds,
    items,
    paired,
    posthoc,
    ranks,
)
from tests.stats.answers.reading import (
    Case,
    Found,
    both,
    ends,
    rows_of,
    stored,
)
from tests.stats.reference import floats

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
