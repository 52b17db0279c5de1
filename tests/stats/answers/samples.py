"""Reference cases about samples: pairs, groups, families of p-values, times, power."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np

from runreport.stats import (
    bootstrap,
    chosen,
    corrections,
    effects,
    independent,
    letters,
    paired,
    power,
    ranks,
    ranksums,
    several,
    shifts,
    sidak,
    survival,
)
from tests.stats.answers.reading import (
    Case,
    Found,
    both,
    ends,
    settled,
)
from tests.stats.reference import floats

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
