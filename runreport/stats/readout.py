"""From arms of an experiment to verdicts, for one family of comparisons at a time.

At the first look the fixed-sample test decides. From the second look on it does not hold any more,
and the anytime-valid interval decides in its place.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from runreport import formats
from runreport.stats import corrections, experiments, power, remarks, sequential, words
from runreport.stats.arms import ANYTIME, Question, Tested, named, refusal, tests_of
from runreport.stats.decide import verdict_of
from runreport.stats.findings import Finding
from runreport.stats.plan import LOW, Rules
from runreport.stats.proportions import FEW, TwoProportions, smallest_expected
from runreport.stats.result import Interval, Significance, Verdict
from runreport.stats.student import Tester, is_sound

MOST_NEEDED = 1e9
"""More users than this are not asked for."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One comparison of an experiment."""

    result: Significance
    """At the first look by the fixed-sample test; later by the anytime-valid one."""
    lift: float | None = None
    """The difference relative to the baseline, as a share; None where that means nothing."""
    lift_interval: Interval | None = None
    """At the same level and by the same rule as the verdict's interval."""
    fixed_p: float | None = None
    """What one planned look would have said, not corrected."""
    always_p: float | None = None
    """Always-valid p, not corrected."""
    anytime: Interval | None = None
    """Holds at every look; at the report's level, not corrected."""


def read(
    questions: Sequence[Question], rules: Rules, tuning: float = sequential.USERS
) -> tuple[Reading, ...]:
    """One reading per question.

    Args:
        questions: all comparisons of one family.
        rules: alpha, level, correction, and which look this is.
        tuning: users at which anytime-valid intervals are tightest, kept from look to look.
    """
    tests = [None if refusal(asked) else tests_of(asked, rules, tuning) for asked in questions]
    deciding = {
        index: (test, decider)
        for index, test in enumerate(tests)
        if test is not None
        and (decider := test.decides) is not None
        and math.isfinite(decider.p_value())
    }
    family = len(deciding) + rules.hidden if deciding else 0
    raw = [decider.p_value() for _, decider in deciding.values()]
    claims = [_claim_p(questions[index], decider) for index, (_, decider) in deciding.items()]
    adjusted = corrections.adjust(raw, rules.correction, family)
    claimed = corrections.adjust(claims, rules.correction, family)
    steps = corrections.divisors(claims, rules.correction, family, rules.alpha)
    found: dict[int, Reading] = {}
    for place, (index, (test, decider)) in enumerate(deciding.items()):
        asked = questions[index]
        p_adjusted = (adjusted if asked.margin else claimed)[place]
        found[index] = _reading(asked, test, decider, rules, family, p_adjusted, steps[place])
    return tuple(
        found.get(index) or _unread(asked, tests[index], rules)
        for index, asked in enumerate(questions)
    )


def _claim_p(asked: Question, test: Tester) -> float:
    """The p of the claim that counts: a difference beyond the margin; without one, any."""
    return test.beyond_p(asked.margin) if asked.margin else test.p_value()


# ---- readings ------------------------------------------------------------------------------------


def _reading(
    asked: Question,
    test: Tested,
    decider: Tester,
    rules: Rules,
    family: int,
    p_adjusted: float,
    step: float,
) -> Reading:
    level = 1 - rules.alpha / step
    covers = 1 if rules.correction == "none" else family
    interval = decider.interval(level)
    equivalence, equivalence_p = None, None
    if asked.margin:
        # the anytime-valid interval is two-sided, so it is not widened to 1 - 2 alpha
        sides = 2 if rules.look <= 1 else 1
        equivalence = decider.interval(1 - sides * rules.alpha / covers)
        equivalence_p = min(1.0, covers * decider.equivalence_p(asked.margin))
    word = verdict_of(
        asked.goal,
        asked.margin,
        # where nothing is bounded nothing is claimed
        interval or Interval(-math.inf, math.inf, level, ""),
        rejected=p_adjusted < rules.alpha,
        equivalent=equivalence_p is not None and equivalence_p < rules.alpha,
    )
    detectable = _detectable(asked, rules, family)
    facts = named(ANYTIME if rules.look > 1 else test.facts, asked.user)
    result = replace(
        _blank(asked, rules, family),
        verdict=word,
        test=facts.title,
        why=_why(asked, test, rules),
        statistic=decider.statistic,
        df=decider.df if decider.df is not None and math.isfinite(decider.df) else None,
        p_value=decider.p_value(),
        p_adjusted=p_adjusted,
        interval=test.fixed.interval(rules.level),
        adjusted=interval,
        equivalence=equivalence,
        equivalence_p=equivalence_p,
        assumptions=facts.assumptions,
        source=facts.source,
        formula=facts.formula,
        short=facts.short,
        anytime=interval if rules.look > 1 else None,
        detectable=detectable,
        needed=_needed(asked, detectable) if word == "inconclusive" else None,
    )
    lift, lift_interval = _lift(asked, rules, level, test)
    always = test.always
    return Reading(
        replace(result, warnings=tuple(_remarks(asked, result))),
        lift,
        lift_interval,
        test.fixed.p_value(),
        None if always is None else always.p_value(),
        None if always is None else always.interval(rules.level),
    )


def _lift(
    asked: Question, rules: Rules, level: float, test: Tested
) -> tuple[float | None, Interval | None]:
    estimate = experiments.lift(asked.baseline, asked.candidate)
    if estimate is None:
        return None, None
    if not is_sound(estimate):
        return estimate.difference, None
    if rules.look <= 1:
        return estimate.difference, replace(estimate.interval(level), method="delta method")
    if test.always is None:
        return estimate.difference, None
    known = replace(estimate, df=test.always.estimate.df)
    return estimate.difference, replace(test.always, estimate=known).interval(level)


def _blank(asked: Question, rules: Rules, family: int) -> Significance:
    """Everything known before a test."""
    return Significance(
        verdict="no_inference",
        test="",
        why="",
        n=(asked.baseline.n, asked.candidate.n),
        unit_of_replication=asked.user,
        paired=False,
        goal=asked.goal,
        alpha=rules.alpha,
        correction=rules.correction,
        family=family,
        difference=asked.candidate.value - asked.baseline.value,
        means=(asked.baseline.value, asked.candidate.value),
        margin=asked.margin,
        look=rules.look,
    )


def _unread(asked: Question, test: Tested | None, rules: Rules) -> Reading:
    """What can be said without a test."""
    blank = _blank(asked, rules, family=0)
    refused = refusal(asked)
    if refused is not None:
        word: Verdict = "not_comparable" if asked.withheld else "no_inference"
        return Reading(replace(blank, verdict=word, why=refused[0], warnings=refused[1]))
    if test is not None and test.decides is None:
        why = (
            "Neither arm varies, so nothing holds at a second look; the fixed-sample test would "
            "hold at one planned look alone."
        )
        return Reading(replace(blank, why=why, warnings=(Finding("ZERO_VARIANCE", why),)))
    why = (
        "The test could not be computed: the values are too large or too small for arithmetic "
        "with 64-bit numbers. No p is compared."
    )
    return Reading(replace(blank, why=why, warnings=(Finding("TEST_FAILED", why),)))


def _detectable(asked: Question, rules: Rules, family: int) -> float | None:
    """Smallest true difference that one planned look finds with 80 % power."""
    estimate = experiments.difference(asked.baseline, asked.candidate)
    if rules.look > 1 or not is_sound(estimate):
        return None
    needed = corrections.strictest(rules.alpha, rules.correction, family)
    return power.noncentrality_for(min(estimate.df, 1e6), needed) * estimate.standard_error


def _needed(asked: Question, detectable: float | None) -> int | None:
    """Users of the smaller arm with which an open difference of this size would be settled."""
    estimate = experiments.difference(asked.baseline, asked.candidate)
    away = abs(abs(estimate.difference) - (asked.margin or 0.0))
    if detectable is None or away < 1e-3 * estimate.standard_error:
        return None
    # errors fall with the root of the number of users
    count = (detectable / away) ** 2 * min(asked.baseline.n, asked.candidate.n)
    return math.ceil(count) if count < MOST_NEEDED else None


# ---- words ---------------------------------------------------------------------------------------


def _why(asked: Question, test: Tested, rules: Rules) -> str:
    if rules.look > 1:
        return (
            f"This is look {rules.look} at growing data, so the anytime-valid interval decides; "
            f"the {test.facts.title} holds for one planned look."
        )
    if asked.counts is not None and not TwoProportions(*asked.counts).is_large:
        few = words.short(smallest_expected(*asked.counts), 2)
        return (
            f"An expected count is {few}, below {FEW}, so the exact test decides; the interval is "
            "Newcombe's hybrid score interval."
        )
    return {
        "proportion": f"Arms are compared by the share of {words.several(asked.user)}.",
        "mean": f"Arms are compared by the mean over {words.several(asked.user)}.",
        "ratio": (
            f"Arms are compared by a ratio of two sums over {words.several(asked.user)}, whose "
            "error needs both."
        ),
        "adjusted mean": (
            "Arms are compared by means from which each one's value before the experiment is taken "
            "out."
        ),
    }[asked.measure]


def _remarks(asked: Question, result: Significance) -> list[Finding]:
    found = []
    if min(result.n) < LOW and result.detectable is not None:
        found.append(remarks.low_power(result, asked.unit))
    if result.look > 1:
        said = (
            f"This is look {result.look} at these growing data: fixed-sample p-values do not hold "
            "when one looks again and again, so verdicts go by the anytime-valid interval."
        )
        found.append(Finding("PEEKING", said))
    if result.correction == "none" and result.family > 1:
        found.append(remarks.uncorrected(result))
    if result.verdict == "negligible" and asked.margin:
        found.append(remarks.negligible(asked.margin, asked.unit))
    if result.verdict == "inconclusive":
        found.append(Finding("INCONCLUSIVE", _open(asked, result)))
    return found


def _open(asked: Question, result: Significance) -> str:
    each = words.several(asked.user)
    if result.needed is None:
        return f"More {each} would narrow the interval; how many cannot be said from these."
    more = result.needed - min(result.n)
    if more <= 0:
        return f"With these {each} the interval reaches both sides; more would narrow it."
    return (
        f"Settling a difference of the size seen takes about {roughly(more)} more {each} per arm "
        "(80 % power)."
    )


def roughly(count: int) -> str:
    """`4 700 000`: a forecast has two digits."""
    return formats.number(float(f"{count:.2g}"))
