"""From samples and a declared design to verdicts, for one family of comparisons at a time.

Every comparison of a family is handed in together: the correction covers them all, and what one
says depends on the others.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from runreport.design import Goal, Method
from runreport.stats import corrections, looks, power, remarks, sequential
from runreport.stats.corpus import Resampled, score_of
from runreport.stats.counts import PairedCounts
from runreport.stats.methods import FACTS
from runreport.stats.plan import MANY, Case, Plan, Rules, plan
from runreport.stats.refusals import refusal
from runreport.stats.result import Interval, Sensitivity, Significance, Verdict
from runreport.stats.student import Estimate, Tester
from runreport.stats.testers import tester
from runreport.stats.together import joint_testers

Floats = NDArray[np.float64]

MOST_ITEMS = 1_000_000
"""More items than this are not counted."""


@dataclass(frozen=True, slots=True)
class Tested:
    """A planned test and its raw result."""

    plan: Plan
    method: Method
    fixed: Tester
    """The test as if this were the only look."""
    estimate: Tester
    """What decides: at a later look at growing data a test that holds at every look."""
    lasting: bool
    """Whether `estimate` holds at the look it is made at."""
    p_value: float
    """Of no difference, by what decides."""
    claim_p: float
    """Of the claim that counts: a difference beyond the margin; without one, any."""


@dataclass(frozen=True, slots=True)
class Family:
    """What the comparisons of one family share."""

    rules: Rules
    size: int
    """Comparisons the correction covers."""
    covers: int
    """What alpha is divided by for claims about all of them at once."""

    @property
    def strictest(self) -> float:
        """What the smallest p must reach."""
        return corrections.strictest(self.rules.alpha, self.rules.correction, self.size)


def decide(cases: Sequence[Case], rules: Rules) -> tuple[Significance, ...]:
    """One result per case.

    Args:
        cases: all comparisons of one family, candidate against baseline each.
        rules: alpha, level, correction, and how many comparisons of the family are not shown.
    """
    refused = [refusal(case) for case in cases]
    possible = sum(reason is None for reason in refused)
    size = possible + rules.hidden + len(rules.beside) if possible else 0
    family = Family(rules, size, 1 if rules.correction == "none" else size)
    plans = {
        index: plan(case, rules, family.size)
        for index, (case, reason) in enumerate(zip(cases, refused, strict=True))
        if reason is None
    }
    joint = joint_testers(cases, plans)
    results: dict[int, Significance] = {}
    tests: dict[int, Tested] = {}
    for index, (case, reason) in enumerate(zip(cases, refused, strict=True)):
        chosen = reason or plans[index]
        test = None if reason else _measured(case, chosen, joint.get(index), rules.look)
        if test is None:
            results[index] = _untested(case, chosen, family)
        elif index in joint:
            # adjusted over a metric's groups already; the metrics of a family share alpha
            shared = replace(family, covers=len({case.metric for case in cases}))
            p_adjusted = min(1.0, shared.covers * test.p_value)
            results[index] = _conclude(case, test, shared, p_adjusted, shared.covers)
        else:
            tests[index] = test
    # a test that failed stays in the family it was declared in, so the family's size is as planned
    raw = [*(test.p_value for test in tests.values()), *(p for p, _ in rules.beside)]
    claims = [*(test.claim_p for test in tests.values()), *(claim for _, claim in rules.beside)]
    # two step-downs: one for the p of no difference, one for what the verdict claims, whose steps
    # are the levels of the intervals; where there is no margin the two are the same claim
    adjusted = corrections.adjust(raw, rules.correction, family.size)
    claimed = corrections.adjust(claims, rules.correction, family.size)
    steps = corrections.divisors(claims, rules.correction, family.size, rules.alpha)
    for place, (index, test) in enumerate(tests.items()):
        p_adjusted = (adjusted if cases[index].margin else claimed)[place]
        results[index] = _conclude(cases[index], test, family, p_adjusted, steps[place])
    return tuple(results[index] for index in range(len(cases)))


def verdict_of(
    goal: Goal | None,
    margin: float | None,
    interval: Interval | float,
    *,
    rejected: bool,
    equivalent: bool,
    claimed: bool = True,
) -> Verdict:
    """The word for an interval of the difference against the margin.

    Args:
        goal: which direction is better; without one a difference is only a difference.
        margin: the smallest difference that matters, or None.
        interval: of candidate minus baseline, at the corrected level; the difference alone where
            the test has no interval, which says nothing of a margin.
        rejected: whether the deciding test rejects no difference, corrected.
        equivalent: whether two one-sided tests place the difference inside the margin, corrected.
        claimed: whether the test rejects a difference within the margin, corrected: an exact
            interval of few values may fall short of its level.
    """
    low, high = (interval,) * 2 if isinstance(interval, float) else (interval.low, interval.high)
    side = 1 if low > 0 else -1 if high < 0 else 0
    bound = margin or 0.0
    if isinstance(interval, float) and margin:
        return "inconclusive"
    if side and rejected:
        if claimed and (low > bound or high < -bound):
            if goal is None:
                return "differs"
            return "better" if (side > 0) == (goal == "maximize") else "worse"
        if equivalent:
            return "negligible"
    return "equivalent" if equivalent else "inconclusive"


def measure(case: Case, chosen: Plan, look: int = 1) -> Tested | None:
    """The planned test on the case's values; None when it cannot be computed.

    Args:
        case: the samples.
        chosen: the plan.
        look: how often the data have been looked at.
    """
    return _test(case, chosen, case.baseline, case.candidate, look)


def _measured(case: Case, chosen: Plan, joint: Tester | None, look: int) -> Tested | None:
    """The planned test, or its part in a test of all groups together."""
    if joint is None or chosen.method is None:
        return measure(case, chosen, look)
    return _tested(case, chosen, chosen.method, joint, look)


def _test(
    case: Case, chosen: Plan, baseline: Floats, candidate: Floats, look: int
) -> Tested | None:
    if chosen.method is None:
        return None
    estimate = tester(case, chosen.method, baseline, candidate)
    return None if estimate is None else _tested(case, chosen, chosen.method, estimate, look)


def _tested(case: Case, chosen: Plan, method: Method, fixed: Tester, look: int) -> Tested:
    estimate, lasting = fixed, look <= 1
    if look > 1 and isinstance(fixed, Estimate):
        n = case.n if case.paired else case.baseline.size + case.candidate.size
        tuning = sequential.USERS if case.kind == "items" else sequential.REPLICATES
        estimate, lasting = sequential.Anytime(fixed, n, tuning=tuning), True
    p_value = estimate.p_value()
    claim = estimate.beyond_p(case.margin) if case.margin else p_value
    # without an interval nothing is known about a margin, so the claim is of any difference
    claim = claim if math.isfinite(claim) else p_value
    return Tested(chosen, method, fixed, estimate, lasting, p_value, claim)


def _conclude(
    case: Case, test: Tested, family: Family, p_adjusted: float | None, step: float
) -> Significance:
    rules, estimate = family.rules, test.estimate
    interval = estimate.interval(1 - rules.alpha / step)
    equivalence, equivalence_p = None, None
    if case.margin:
        equivalence = estimate.interval(1 - 2 * rules.alpha / family.covers)
        within = estimate.equivalence_p(case.margin)
        equivalence_p = min(1.0, family.covers * within) if math.isfinite(within) else None
    word = verdict_of(
        case.goal,
        case.margin,
        interval or estimate.difference,
        rejected=p_adjusted is not None and p_adjusted < rules.alpha,
        equivalent=equivalence_p is not None and equivalence_p < rules.alpha,
        claimed=not case.margin or test.claim_p * step < rules.alpha,
    )
    if not test.lasting:
        # nothing that this test says holds at a later look
        interval, word, p_adjusted = None, "inconclusive", None
    by_signs = case.paired and FACTS[test.method].smallest == "pairs"
    detectable, detectable_sd = _detectable(case, test.fixed, family.strictest, by_signs=by_signs)
    result = replace(
        _blank(case, test.plan, family),
        verdict=word,
        difference=estimate.difference,
        about=FACTS[test.method].about,
        together=FACTS[test.method].together,
        statistic=test.fixed.statistic,
        df=None if estimate.df is None or math.isinf(estimate.df) else estimate.df,
        p_value=test.fixed.p_value(),
        p_adjusted=p_adjusted,
        interval=test.fixed.interval(rules.level),
        adjusted=interval,
        equivalence=equivalence,
        equivalence_p=equivalence_p,
        effects=looks.effects_of(case, rules.level),
        second_looks=looks.second_looks(case, test.plan, rules.level, rules.alpha / step),
        sensitivity=_sensitivity(case, test.plan, family, step),
        anytime=interval if rules.look > 1 else None,
        detectable=detectable,
        detectable_sd=detectable_sd,
        needed=_needed(case, test.fixed, family.strictest, word, by_signs=by_signs),
    )
    return replace(result, warnings=(*result.warnings, *remarks.after(case, result, step)))


def _untested(case: Case, chosen: Plan, family: Family) -> Significance:
    """What can be said without a test."""
    result = _blank(case, chosen, family)
    if case.withheld:
        return replace(result, verdict="not_comparable")
    if chosen.method is None:
        return result
    return replace(result, warnings=(*result.warnings, remarks.failed(case)))


def _blank(case: Case, chosen: Plan, family: Family) -> Significance:
    """Everything known before a test."""
    facts = None if chosen.method is None else FACTS[chosen.method]
    means = tuple(_centre(case, part) for part in (case.baseline, case.candidate))
    difference = None if means[0] is None or means[1] is None else means[1] - means[0]
    if case.paired and case.statistic == "mean" and difference is not None:
        difference = float(case.differences.mean())
    return Significance(
        verdict="no_inference",
        test=chosen.title,
        why=chosen.why if facts is None else f"{chosen.why} {case.note}".strip(),
        n=(case.baseline.size, case.candidate.size),
        unit_of_replication=case.unit_of_replication,
        paired=case.paired,
        goal=case.goal,
        alpha=family.rules.alpha,
        correction=family.rules.correction,
        family=0 if facts is None else family.size,
        difference=difference,
        means=(means[0], means[1]),
        margin=case.margin,
        assumptions=() if facts is None else facts.assumptions,
        warnings=(*chosen.findings, *case.known),
        source="" if facts is None else facts.source,
        formula="" if facts is None else facts.formula,
        short=_short(case, chosen),
        kind=case.kind,
        clusters=0 if case.clusters is None else int(case.clusters.max(initial=-1)) + 1,
        look=family.rules.look,
    )


def _short(case: Case, chosen: Plan) -> str:
    """The test in the brackets of a sentence."""
    if chosen.method is None:
        return ""
    if chosen.method == "item_t" and case.clusters is not None:
        return "t over clusters"
    return FACTS[chosen.method].short


def _centre(case: Case, values: Floats) -> float | None:
    """What stands for one side: the mean, or the metric's statistic of all items."""
    if not values.size:
        return None
    if case.statistic == "mean":
        return float(values.mean())
    return None if case.labels is None else score_of(case.statistic, case.labels, values, case.one)


def _detectable(
    case: Case, estimate: Tester, alpha: float, *, by_signs: bool
) -> tuple[float | None, float | None]:
    """Smallest difference found with 80 % power, in the metric's unit and in standard deviations:
    of the differences for pairs, else pooled over the groups. None where the test says nothing of
    it.
    """
    if case.kind == "times":
        return None, None
    if case.kind == "items":
        # clusters, counts or correlated areas: the error itself is what counts
        error, df = _error(estimate)
        return (power.noncentrality_for(df, alpha) * error, None) if error > 0 else (None, None)
    if case.paired:
        deviation = float(case.differences.std(ddof=1))
        size = power.detectable_paired(case.n, alpha, case.overlap)
        signs = power.detectable_signs(case.n, alpha) if by_signs else size
        # out of reach of any difference is said before; this is what as many pairs show at best
        size = signs if math.isfinite(signs) else size
        return size * deviation, size
    size = power.detectable_independent(case.baseline.size, case.candidate.size, alpha)
    return size * _pooled(case), size


def _pooled(case: Case) -> float:
    variances = (float(case.baseline.var(ddof=1)), float(case.candidate.var(ddof=1)))
    return math.sqrt(sum(variances) / 2)


def _error(estimate: Tester) -> tuple[float, float]:
    """Standard error and degrees of freedom; 0 where a test has none, or does not go by it."""
    if isinstance(estimate, Estimate) and estimate.exact_p is None:
        return estimate.standard_error, estimate.df
    if isinstance(estimate, PairedCounts):
        return estimate.standard_error, math.inf
    if isinstance(estimate, Resampled) and estimate.drawn.size:
        return float(estimate.drawn.std()), math.inf
    return 0.0, math.inf


def _needed(
    case: Case, estimate: Tester, alpha: float, word: Verdict, *, by_signs: bool
) -> int | None:
    """Replicates that would settle an open difference of the size seen; None when out of reach.

    Without a margin the question is whether it is above 0, with one, on which side of the margin.
    """
    # more folds of one data set do not make more data
    if word != "inconclusive" or case.kind in ("folds", "times") or case.overlap:
        return None
    away = abs(abs(estimate.difference) - (case.margin or 0.0))
    if case.kind == "items":
        error, df = _error(estimate)
        reach = power.noncentrality_for(df, alpha) * error
        # errors fall with the root of the number of items
        enough = case.n * (reach / away) ** 2 if away > 1e-3 * error > 0 else math.inf
        return math.ceil(enough) if case.n < enough < MOST_ITEMS else None
    deviation = float(case.differences.std(ddof=1)) if case.paired else _pooled(case)
    if away < 1e-3 * deviation or not deviation > 0:
        return None
    if by_signs:
        return power.needed_signs(away / deviation, alpha)
    return power.needed(away / deviation, alpha, paired=case.paired)


def _sensitivity(case: Case, chosen: Plan, family: Family, step: float) -> Sensitivity | None:
    """The same test with missing runs scored as the worst value seen."""
    if case.filled is None:
        return None
    filled = case.filled
    # the failed runs may make many pairs of a few
    if chosen.method == "sign_flip" and filled.baseline.size >= MANY:
        chosen = replace(chosen, method="paired_t")
    test = _test(case, chosen, filled.baseline, filled.candidate, family.rules.look)
    difference = float(filled.candidate.mean() - filled.baseline.mean())
    if test is None:
        return Sensitivity(filled.scored, filled.worst, difference, None, "inconclusive")
    interval = test.estimate.interval(1 - family.rules.alpha / step)
    equivalence_p = test.estimate.equivalence_p(case.margin) if case.margin else 1.0
    word = verdict_of(
        case.goal,
        case.margin,
        interval or difference,
        rejected=test.p_value * step < family.rules.alpha,
        equivalent=equivalence_p * family.covers < family.rules.alpha,
        claimed=not case.margin or test.claim_p * step < family.rules.alpha,
    )
    return Sensitivity(filled.scored, filled.worst, difference, interval, word)
