"""Reference cases about experiments: proportions, sums, looks."""

from __future__ import annotations

from runreport.stats import (
    experiments,
    proportions,
    sequential,
)
from runreport.stats.proportions import Count
from runreport.stats.result import Interval
from tests.stats.answers.reading import (
    Case,
    Found,
    ends,
    two_counts,
)
from tests.stats.reference import floats

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
