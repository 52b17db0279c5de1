"""Which test, and why, from the design and the numbers of replicates; never from the values.

The one look at values is whether they vary at all: without variation there is no test.

| design                      | replicates | test                       |
|-----------------------------|------------|----------------------------|
| independent                 | 1, 2       | none                       |
|                             | 3 and more | Welch t                    |
| paired                      | 1, 2       | none                       |
|                             | 3 to 5     | paired t                   |
|                             | 6 to 19    | exact sign-flip            |
|                             | 20 or more | paired t                   |
| paired folds of one data set| 3 and more | corrected resampled t      |

Where the correction asks for a smaller p than the sign-flip test of so many pairs can give, the
paired t-test stands in for it, as it does below six pairs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from runreport.design import Correction, Goal
from runreport.stats import corrections, power, ties, words
from runreport.stats.findings import Finding

Floats = NDArray[np.float64]
Method = Literal["none", "welch", "paired_t", "sign_flip", "corrected_t"]

LOW = 10
"""Fewer replicates than this find only large differences."""

MANY = 20
"""So many pairs are decided by the t-test, and their sign patterns are not counted."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What is declared for a whole family of comparisons."""

    alpha: float = 0.05
    level: float = 0.95
    """Of intervals of one difference alone."""
    correction: Correction = "holm"
    hidden: int = 0
    """Comparisons of the family that are not among the cases: made, or makeable, but not shown."""


@dataclass(frozen=True, eq=False)
class Filled:
    """Two samples in which failed runs have a value."""

    baseline: Floats
    candidate: Floats
    scored: int
    """How many values were put in."""
    worst: float
    """The value they were given."""


@dataclass(frozen=True, eq=False)
class Case:
    """Two samples and what is declared about them."""

    baseline: Floats
    """Shape (m,), finite, displayed units."""
    candidate: Floats
    """Shape (n,); for pairs n = m and equal places belong together."""
    paired: bool
    goal: Goal | None
    margin: float | None = None
    """In displayed units, above 0."""
    unit: str = ""
    """Of a difference, as written behind it."""
    unit_of_replication: str = "run"
    overlap: float = 0.0
    """Of folds of one data set: size of a test part over its training part."""
    filled: Filled | None = None
    """The samples with every failed run scored as the worst value seen, when there is one."""
    withheld: str = ""
    """Why the two cannot be compared at all, as a sentence; empty when they can."""
    known: tuple[Finding, ...] = ()
    """What is known before any number: missing runs, unmatched pairs, guessed goals."""

    @property
    def n(self) -> int:
        """Replicates of the smaller side."""
        return min(self.baseline.size, self.candidate.size)

    @property
    def differences(self) -> Floats:
        """Candidate minus baseline, one per pair."""
        return self.candidate - self.baseline


@dataclass(frozen=True, slots=True)
class Plan:
    """The test that will decide."""

    method: Method
    why: str
    findings: tuple[Finding, ...] = ()


TITLES: dict[Method, str] = {
    "none": "",
    "welch": "Welch t-test",
    "paired_t": "paired t-test",
    "sign_flip": "exact paired sign-flip test",
    "corrected_t": "corrected resampled t-test",
}

SOURCES: dict[Method, str] = {
    "none": "",
    "welch": "Welch (1947), Biometrika 34",
    "paired_t": "Student (1908), Biometrika 6",
    "sign_flip": "Fisher (1935), The Design of Experiments, section 21",
    "corrected_t": "Nadeau and Bengio (2003), Machine Learning 52",
}

ASSUMPTIONS: dict[Method, tuple[str, ...]] = {
    "none": (),
    "welch": (
        "the runs of a group are independent of each other and of the other group's",
        "the means are roughly normal; variances may differ",
    ),
    "paired_t": (
        "pairs are independent of each other",
        "the mean of the differences is roughly normal",
    ),
    "sign_flip": (
        "pairs are independent of each other",
        "without a difference, each pair's difference is as likely positive as negative",
        "the interval is a t interval: the mean of the differences is roughly normal",
    ),
    "corrected_t": (
        "all pairs are folds of one data set, whose training parts overlap",
        "what holds is about training sets drawn like this one, not about other data sets",
    ),
}


def refusal(case: Case) -> Plan | None:
    """Why no test is possible; None when one is."""
    each = words.several(case.unit_of_replication)
    if case.withheld:
        return Plan("none", case.withheld, (Finding("NOT_COMPARABLE", case.withheld),))
    if case.n == 0:
        return Plan("none", "No pair is complete." if case.paired else "A side has no value.")
    if case.n == 1:
        return Plan("none", *_single(case, each))
    if case.n == 2:
        why = (
            f"Two {each} are too few for a test or an interval; three are the least. "
            f"{_outlook(case.paired, each)}"
        )
        return Plan("none", why, (Finding("N_TOO_SMALL", why),))
    if _does_not_vary(case):
        return Plan("none", *_constant(case, each))
    return None


def plan(case: Case, rules: Rules, family: int) -> Plan:
    """The test for a case that has one, in a family of so many.

    Args:
        case: with at least three replicates that vary.
        rules: the declared ones.
        family: comparisons that the correction covers.
    """
    needed = corrections.strictest(rules.alpha, rules.correction, family)
    n, each = case.n, words.several(case.unit_of_replication)
    if not case.paired:
        smallest = power.smallest_independent_p(case.baseline.size, case.candidate.size)
        found: tuple[Finding, ...] = ()
        if smallest >= rules.alpha:
            sizes = (case.candidate.size, case.baseline.size)
            enough = power.runs_to_reach(needed)
            said = words.unattainable_split(rules.alpha, needed, smallest, sizes, enough)
            found = (Finding("UNATTAINABLE_ALPHA", said),)
        return Plan("welch", f"Groups are independent {each}; variances may differ.", found)
    if case.overlap:
        return Plan("corrected_t", f"Pairs are {each} of one data set, which share training data.")
    if n >= MANY:
        return Plan("paired_t", f"{n} pairs of {each}: the mean of the differences is tested.")
    smallest = power.smallest_paired_p(n)
    if smallest >= needed:
        enough = power.pairs_to_reach(needed)
        said = words.unattainable(rules.alpha, needed, smallest, n, enough)
        why = f"{n} pairs of {each} are too few for an exact test, so the paired t-test decides."
        return Plan("paired_t", why, (Finding("UNATTAINABLE_ALPHA", said),))
    return Plan("sign_flip", f"{n} pairs of {each}: exact, without assuming a distribution.")


def _single(case: Case, each: str) -> tuple[str, tuple[Finding, ...]]:
    one_each = case.baseline.size == case.candidate.size
    start = "One run per configuration" if one_each else "One run on one side"
    why = (
        f"{start}: no inference about the configurations is possible. {_outlook(case.paired, each)}"
    )
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
    if case.paired and not ties.is_constant(case.baseline):
        why = (
            f"The difference is the same for all {case.n} pairs: {each} have no effect on it, or "
            "one side is computed from the other. No test is made."
        )
    else:
        why = (
            f"Values do not vary between {each}: {each} have no effect, or the runs are copies of "
            "one. No test is made."
        )
    return why, (Finding("ZERO_VARIANCE", why),)
