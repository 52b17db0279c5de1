"""One arm of an experiment against the baseline: what is asked, and the tests that can answer."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Literal

from runreport.design import Goal
from runreport.stats import experiments, words
from runreport.stats.experiments import Arm
from runreport.stats.findings import Finding
from runreport.stats.methods import Facts
from runreport.stats.plan import Rules
from runreport.stats.proportions import Count, TwoProportions
from runreport.stats.sequential import Anytime
from runreport.stats.student import Tester, is_sound

Measure = Literal["proportion", "mean", "ratio", "adjusted mean"]
"""What an arm's value is: a share of its users, a mean over them, a ratio of two sums over them, a
mean with what was known of the users before taken out."""

ASYMPTOTIC = 1_000
"""From so many users on an error counts as known."""

_USERS = "{users} are assigned at random and are independent of each other"

FACTS: Mapping[Measure, Facts] = MappingProxyType(
    {
        "proportion": Facts(
            "pooled z-test of two proportions, Newcombe's interval",
            "pooled z",
            "Newcombe (1998), Statistics in Medicine 17, 873-890, for the interval",
            (_USERS, "none of the {users} counts twice"),
            "z = (p1 - p0) / sqrt(p (1 - p) (1/n1 + 1/n0)), p over both arms; the interval joins "
            "the Wilson intervals of p1 and p0",
        ),
        "mean": Facts(
            "Welch t-test from sums and sums of squares",
            "Welch t",
            "Welch (1947), Biometrika 34",
            (_USERS, "the means are roughly normal, which many {users} make them"),
            "t = (m1 - m0) / sqrt(s1^2/n1 + s0^2/n0), s^2 = (squares - sum^2/n) / (n - 1)",
        ),
        "ratio": Facts(
            "Welch t-test of ratios, their variance by the delta method",
            "ratio, delta method",
            "Deng, Knoblich and Lu (2018), KDD '18",
            (
                _USERS,
                "what is divided by differs between {users}, and {users} are what is counted",
            ),
            "R = sum y / sum x; var R = (var y - 2 R cov(y, x) + R^2 var x) / (n mean(x)^2)",
        ),
        "adjusted mean": Facts(
            "Welch t-test of means with the time before taken out (CUPED)",
            "Welch t with CUPED",
            "Deng, Xu, Kohavi and Walker (2013), WSDM '13",
            (_USERS, "the value before is from before the assignment"),
            "y - theta (x - mean x), theta = cov(y, x) / var x over all arms, x from before",
        ),
    }
)

ANYTIME = Facts(
    "anytime-valid normal-mixture test",
    "anytime-valid",
    "Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas (2021), Time-uniform central limit theory",
    (_USERS, "the means are roughly normal by the first look"),
    "difference +- SE sqrt(2 (1 + 1/g) ln(sqrt(1 + g) / alpha)), g = n / N (-2 ln alpha + "
    "ln(1 - 2 ln alpha)), N the tuning",
)


@dataclass(frozen=True, slots=True)
class Question:
    """One arm against the baseline on one metric, in displayed units."""

    measure: Measure
    baseline: Arm
    candidate: Arm
    counts: tuple[Count, Count] | None = None
    """Of baseline and candidate, for proportions."""
    scale: float = 1.0
    """Displayed units of a share of 1, above 0."""
    goal: Goal | None = None
    margin: float | None = None
    unit: str = ""
    """Of a difference."""
    user: str = "user"
    """What is counted, singular."""
    withheld: str = ""
    """Why no verdict may be given, as a sentence; empty when one may."""


@dataclass(frozen=True, slots=True)
class Tested:
    """A test that can be made."""

    fixed: Tester
    always: Anytime | None
    """None where neither arm varies."""
    facts: Facts
    look: int

    @property
    def decides(self) -> Tester | None:
        """What the verdict goes by; None where nothing holds any more."""
        return self.always if self.look > 1 else self.fixed


def named(facts: Facts, user: str) -> Facts:
    """The same with what is counted by its name.

    Args:
        facts: of `FACTS`, or `ANYTIME`.
        user: what is counted, singular.
    """
    users = words.several(user)
    said = tuple(text.replace("{users}", users) for text in facts.assumptions)
    return replace(facts, assumptions=said)


def refusal(asked: Question) -> tuple[str, tuple[Finding, ...]] | None:
    """Why no test is made, and what it is called; None when one is."""
    if asked.withheld:
        return asked.withheld, (Finding("SRM", asked.withheld),)
    fewest = min(asked.baseline.n, asked.candidate.n)
    users = words.plural(asked.user, fewest)
    if asked.measure != "proportion" and fewest < 3:
        why = f"An arm has {users}; three are the least for a test of means."
        return why, (Finding("N1_NO_INFERENCE" if fewest < 2 else "N_TOO_SMALL", why),)
    if asked.measure != "proportion" and not asked.baseline.variance + asked.candidate.variance > 0:
        why = f"Values do not vary between {words.several(asked.user)} of an arm. No test is made."
        return why, (Finding("ZERO_VARIANCE", why),)
    return None


def tests_of(asked: Question, rules: Rules, tuning: float) -> Tested | None:
    """The fixed-sample test and the one for every look; None when neither can be computed."""
    estimate = experiments.difference(asked.baseline, asked.candidate)
    total = asked.baseline.n + asked.candidate.n
    always = None
    if is_sound(estimate):
        known = replace(estimate, df=math.inf) if total >= ASYMPTOTIC else estimate
        always = Anytime(known, total, rules.alpha, tuning)
    facts = FACTS[asked.measure]
    if asked.counts is not None:
        counted = TwoProportions(*asked.counts, one=asked.scale)
        fixed: Tester = counted
        facts = _facts_of(counted)
    elif is_sound(estimate):
        fixed = estimate
    else:
        return None
    return Tested(fixed, always, facts, rules.look)


def _facts_of(counted: TwoProportions) -> Facts:
    if counted.is_large:
        return FACTS["proportion"]
    title = f"{counted.method.replace(' exact', chr(39) + 's exact')} test"
    return replace(
        FACTS["proportion"],
        title=f"{title} of two proportions, Newcombe's interval",
        short=counted.method,
    )
