"""When no test is made, and what is said instead.

Each reason but those of one or two replicates is one sentence, with `No test is made.` behind it:
a verdict quotes the sentence as the rest of its own.
"""

from __future__ import annotations

import numpy as np

from runreport import formats
from runreport.stats import power, ties, words
from runreport.stats.findings import Finding
from runreport.stats.plan import FEWEST_DATASETS, Case, Plan


def refusal(case: Case) -> Plan | None:
    """Why no test is possible; None when one is.

    Raises:
        ValueError: a value is not finite: such runs are missing, and are dropped before.
    """
    if not (np.isfinite(case.baseline).all() and np.isfinite(case.candidate).all()):
        raise ValueError("expected finite values: drop runs without one, and say so")
    each = words.several(case.unit_of_replication)
    if case.withheld:
        return Plan(None, case.withheld, (Finding("NOT_COMPARABLE", case.withheld),))
    if case.n == 0:
        return Plan(None, "No pair is complete." if case.paired else "A side has no value.")
    if case.kind == "datasets" and case.n < FEWEST_DATASETS:
        return Plan(None, *_few_datasets(case))
    if case.n == 1:
        return Plan(None, *_single(case, each))
    if case.n == 2:
        one_side = "" if case.baseline.size == case.candidate.size else " on one side"
        why = (
            f"Two {each}{one_side} are too few for a test or an interval; three are the least. "
            f"{_outlook(case.paired, each)}"
        )
        return Plan(None, why, (Finding("N_TOO_SMALL", why),))
    if case.kind == "items":
        return _unscorable(case)
    if case.events is not None:
        if any(reached.any() for reached in case.events):
            return None
        return Plan(None, "No run of either group reached the value. No test is made.")
    if _does_not_vary(case):
        return Plan(None, *_constant(case, each))
    return None


def _few_datasets(case: Case) -> tuple[str, tuple[Finding, ...]]:
    sets = words.plural(case.unit_of_replication, case.n)
    why = (
        f"{sets} {'is' if case.n == 1 else 'are'} too few for a test over data sets; "
        f"{FEWEST_DATASETS} are the least, and ten or more are better. No test is made."
    )
    return why, (Finding("FEW_DATASETS", why),)


def _unscorable(case: Case) -> Plan | None:
    """Items that cannot tell two models apart at all."""
    if case.statistic == "auc":
        kinds = [] if case.labels is None else np.unique(case.labels).tolist()
        if len(kinds) == 2:
            return None
        start = "An area under the curve needs items of two kinds"
        if len(kinds) == 1:
            count, kind = formats.number(case.n), words.short(kinds[0])
            start += f"; all {count} are labelled {kind}"
        return Plan(None, f"{start}. No test is made.")
    if case.is_binary or not ties.is_constant(
        case.differences, ties.size_of(case.baseline, case.candidate)
    ):
        return None
    if case.statistic != "mean":
        return None
    items = words.plural(case.unit_of_replication, case.n)
    if ties.is_constant(case.differences, 0.0):
        why = f"The two score alike on every one of {items}. No test is made."
        return Plan(None, why, (Finding("NO_DISCORDANT", why),))
    why = f"The difference is the same on all {items}, so it has no error. No test is made."
    return Plan(None, why, (Finding("ZERO_VARIANCE", why),))


def _single(case: Case, each: str) -> tuple[str, tuple[Finding, ...]]:
    one_each = case.baseline.size == case.candidate.size
    if case.kind == "items":
        start = "One item: no inference about the models"
    else:
        start = "One run per configuration" if one_each else "One run on one side"
        start += ": no inference about the configurations"
    why = f"{start} is possible. {_outlook(case.paired, each)}"
    return why, (Finding("N1_NO_INFERENCE", why),)


def _outlook(paired: bool, each: str) -> str:
    """What more replicates would show, in standard deviations."""
    detectable = power.detectable_paired if paired else _detectable_each
    three, five, ten = (f"{detectable(n, 0.05):.1f}" for n in (3, 5, 10))
    start = f"3 pairs of {each}" if paired else f"3 {each} each"
    of = " of the differences" if paired else ""
    return (
        f"With {start} you would detect differences of about {three} standard deviations{of}, "
        f"with 5 of {five}, with 10 of {ten} (80 % power)."
    )


def _detectable_each(n: int, alpha: float) -> float:
    return power.detectable_independent(n, n, alpha)


def _does_not_vary(case: Case) -> bool:
    if case.paired:
        return ties.is_constant(case.differences, ties.size_of(case.baseline, case.candidate))
    fixed = [values for values in (case.baseline, case.candidate) if ties.is_constant(values)]
    # one saturated metric (100 % in every run) can be tested against runs that vary; a value with
    # many digits in every run means copies
    return len(fixed) == 2 or any(not ties.is_coarse(float(part[0])) for part in fixed)


def _constant(case: Case, each: str) -> tuple[str, tuple[Finding, ...]]:
    fixed = [part for part in (case.baseline, case.candidate) if ties.is_constant(part)]
    if case.kind == "datasets":
        why = f"The difference is the same on all {case.n} {each}."
    elif len(fixed) == 2:
        why = (
            f"Values do not vary between {each}; {each} have no effect, or the runs are copies of "
            "one."
        )
    elif case.paired:
        why = (
            f"The difference is the same for all {case.n} pairs, though values vary; {each} have "
            "no effect on it, or one side is computed from the other."
        )
    else:
        value, size = words.short(float(fixed[0][0]), 6), formats.number(fixed[0].size)
        why = (
            f"One group has the same value, {value}, for all {size} {each}; they have no effect "
            "there, or its runs are copies of one."
        )
    why += " No test is made."
    return why, (Finding("ZERO_VARIANCE", why),)
