"""Which test, and why, from the design and the numbers of replicates; never from the values.

The looks at values are whether they vary at all, since without variation there is no test, and
whether items are right or wrong, since counts are another kind of data.

| design                       | replicates | test                                   |
|------------------------------|------------|----------------------------------------|
| independent                  | 1, 2       | none                                   |
|                              | 3 and more | Welch t                                |
| paired                       | 1, 2       | none                                   |
|                              | 3 to 5     | paired t                               |
|                              | 6 to 19    | exact sign-flip                        |
|                              | 20 or more | paired t                               |
| paired folds of one data set | 3 and more | corrected resampled t                  |
| five repeats of two folds    | 10         | combined 5x2cv F                       |
| the same items, right or not | 3 and more | McNemar; over clusters paired t        |
| the same items, scores       | 3 and more | paired t over items or clusters        |
| the same items, with labels  | 3 and more | DeLong, approximate randomisation      |
| many data sets               | 1 to 4     | none                                   |
|                              | 5 and more | Wilcoxon signed-rank                   |

Where the correction asks for a smaller p than the sign-flip test of so many pairs can give, the
paired t-test stands in for it, as it does below six pairs. `method:` in the spec takes another test
that fits the design; it is then said, and what it cannot reach is said first.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from runreport.design import Correction, Goal, Method, Statistic
from runreport.stats import corrections, power, ties, words
from runreport.stats.counts import FEW
from runreport.stats.findings import Finding
from runreport.stats.methods import FACTS
from runreport.stats.result import Kind

Floats = NDArray[np.float64]

LOW = 10
"""Fewer replicates than this find only large differences."""

MANY = 20
"""So many pairs are decided by the t-test, and their sign patterns are not counted."""

FEWEST_DATASETS = 5
"""Fewer data sets are shown and not tested."""

STEP_UP = ("hochberg", "hommel", "bh", "by")
"""Corrections that start from the largest p."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What is declared for a whole family of comparisons."""

    alpha: float = 0.05
    level: float = 0.95
    """Of intervals of one difference alone."""
    correction: Correction = "holm"
    hidden: int = 0
    """Comparisons of the family that are not among the cases and whose p is not known."""
    beside: tuple[tuple[float, float], ...] = ()
    """p and claim (as `decide` has them) of comparisons of the family that are made elsewhere."""
    look: int = 1
    """How often these growing data have been looked at, this time included."""


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
    kind: Kind = "replicates"
    method: Method | None = None
    """The test that the spec asks for."""
    repeats: int = 0
    """Of a repeated cross-validation: values are ordered by repeat, then fold."""
    clusters: NDArray[np.intp] | None = None
    """Cluster of each item, shape (n,)."""
    labels: Floats | None = None
    """What each item is: 0 or 1, shape (n,)."""
    events: tuple[NDArray[np.bool_], NDArray[np.bool_]] | None = None
    """Of times: whether each run of baseline and candidate reached the target; else censored."""
    statistic: Statistic = "mean"
    """What is made of the values of all items."""
    one: float = 1.0
    """What an item that is right scores, in displayed units."""
    metric: str = ""
    note: str = ""
    """How the values came about, as a sentence, where they are not the runs' own."""
    against_baseline: bool = False
    """Whether the baseline side is the declared baseline."""
    sides: tuple[str, str] = ("", "")
    """Identities of baseline and candidate, for tests of all groups of a metric together."""

    @property
    def n(self) -> int:
        """Replicates of the smaller side."""
        return min(self.baseline.size, self.candidate.size)

    @property
    def differences(self) -> Floats:
        """Candidate minus baseline, one per pair."""
        return self.candidate - self.baseline

    @property
    def is_binary(self) -> bool:
        """Whether every item is right or wrong."""
        if self.kind != "items" or self.statistic != "mean":
            return False
        both = np.concatenate((self.baseline, self.candidate))
        return bool(np.isin(both, (0.0, self.one)).all())

    @property
    def discordant(self) -> tuple[int, int]:
        """Items that only the candidate has right, and only the baseline."""
        differences = self.differences
        return int((differences > 0).sum()), int((differences < 0).sum())


@dataclass(frozen=True, slots=True)
class Plan:
    """The test that will decide."""

    method: Method | None
    """None: no test is made."""
    why: str
    findings: tuple[Finding, ...] = ()

    @property
    def title(self) -> str:
        return "" if self.method is None else FACTS[self.method].title


def plan(case: Case, rules: Rules, family: int) -> Plan:
    """The test for a case that has one, in a family of so many.

    Args:
        case: that `refusals.refusal` lets pass.
        rules: the declared ones.
        family: comparisons that the correction covers.
    """
    needed = corrections.strictest(rules.alpha, rules.correction, family)
    natural = _natural(case, needed)
    # stepping up, several p below alpha carry each other, so only alpha itself is out of reach
    bar = rules.alpha if rules.correction in STEP_UP else needed
    if case.method is None:
        return Plan(*natural, _limits(case, rules, bar, natural[0]))
    asked, title = FACTS[case.method], FACTS[natural[0]].title
    if missing := _unfit(case, case.method):
        said = (
            f"The spec asks for the {asked.title}, which needs {missing}. The {title} decides "
            "instead."
        )
        known = (Finding("METHOD_OVERRIDDEN", said), *_limits(case, rules, bar, natural[0]))
        return Plan(*natural, known)
    if case.method == natural[0]:
        return Plan(*natural, _limits(case, rules, bar, natural[0]))
    said = (
        f"The {asked.title} was chosen by the spec (`method: {case.method}`); by the design alone "
        f"the {title} would decide."
    )
    known = (*_limits(case, rules, bar, case.method), Finding("METHOD_OVERRIDDEN", said))
    return Plan(case.method, "The spec asks for this test.", known)


def _natural(case: Case, needed: float) -> tuple[Method, str]:
    """The test that follows from the design, and why."""
    n, each = case.n, words.several(case.unit_of_replication)
    if case.kind == "items" and case.paired:
        return _for_items(case, n)
    if case.kind == "times":
        return "log_rank", (
            "Times until a value is reached; runs that never reach it count as longer than they "
            "ran."
        )
    if case.kind == "datasets":
        return "wilcoxon", (
            f"{n} {each}, whose values are not on one scale: signed ranks of the differences, one "
            "per data set."
        )
    if not case.paired:
        return "welch", f"Groups are independent {each}; variances may differ."
    if case.repeats == 5 and n == 10:
        return "five_by_two_f", "Five repeats of two folds: all ten differences are used together."
    if case.overlap:
        return "corrected_t", f"Pairs are {each} of one data set, which share training data."
    if n >= MANY:
        return "paired_t", f"{n} pairs of {each}: the mean of the differences is tested."
    if power.smallest_paired_p(n) >= needed:
        why = f"{n} pairs of {each} are too few for an exact test, so the paired t-test decides."
        return "paired_t", why
    return "sign_flip", f"{n} pairs of {each}: exact, without assuming a distribution."


def _for_items(case: Case, n: int) -> tuple[Method, str]:
    if case.statistic == "auc":
        return "delong", f"The areas are of the same {n} items, so they are correlated."
    if case.statistic == "f1":
        return "randomisation", (
            f"The score is one number of all {n} items; predictions of the two are exchanged item "
            "by item."
        )
    if case.clusters is not None:
        return "item_t", f"{n} items in clusters: the differences of a cluster count as one."
    if case.is_binary:
        return "mcnemar", f"{n} items are right or wrong: those count on which the two differ."
    return "item_t", f"{n} items with scores: one difference per item."


def _unfit(case: Case, method: Method) -> str:
    """What a test needs and the design does not have; empty when it fits."""
    needs = FACTS[method].needs
    if (method == "log_rank") != (case.kind == "times"):
        return "times to an event" if method == "log_rank" else "values that are no times"
    if method == "dunnett" and not case.against_baseline:
        return "a declared baseline"
    lacks = {
        "any": False,
        "pairs": not case.paired or case.statistic != "mean",
        # pairs may be read as if they were independent: it wastes them and harms nothing
        "groups": case.kind in ("items", "datasets") or (FACTS[method].together and case.paired),
        "binary": not (case.paired and case.is_binary),
        "folds": not (case.paired and case.overlap > 0),
        "repeats": not (case.paired and case.repeats == 5 and case.n == 10),
        "labels": case.labels is None or case.statistic != "auc",
        "outputs": not case.paired or case.kind != "items",
    }[needs]
    names = {
        "pairs": "pairs (`pair_by`)",
        "groups": "independent groups",
        "binary": "items that are right or wrong (`items`)",
        "folds": "paired folds of one data set",
        "repeats": "five repeats of two paired folds",
        "labels": "items with labels",
        "outputs": "items with predictions",
    }
    return names[needs] if lacks else ""


# ---- what the numbers of replicates cannot show --------------------------------------------------


def _limits(case: Case, rules: Rules, needed: float, method: Method) -> tuple[Finding, ...]:
    """What no result of so few replicates could show, said before any p."""
    if method == "mcnemar":
        return _few_discordant(case, needed)
    if case.overlap or case.kind == "items":
        return ()
    bound, asked = FACTS[method].smallest, case.method == method
    if case.paired and FACTS[method].needs != "groups":
        # a difference of 0 has no sign to turn
        zeros = _zeros(case) if bound == "pairs" else 0
        smallest = power.smallest_paired_p(case.n - zeros)
        if smallest < needed or (case.n >= MANY and not zeros):
            return ()
        enough = power.pairs_to_reach(needed) + zeros
        said = words.unattainable(
            rules.alpha, needed, smallest, case.n, enough,
            test=FACTS[method].title if bound == "pairs" else "", pairs=case.unit_of_replication,
            asked=asked, zeros=zeros,
        )  # fmt: skip
        return (Finding("UNATTAINABLE_ALPHA", said),)
    sizes = (case.candidate.size, case.baseline.size)
    smallest = power.smallest_independent_p(*sizes)
    if smallest < (needed if bound == "splits" else rules.alpha):
        return ()
    enough = power.runs_to_reach(needed)
    title = FACTS[method].title if bound == "splits" else ""
    said = words.unattainable_split(
        rules.alpha, needed, smallest, sizes, enough, title, times=case.kind == "times"
    )
    return (Finding("UNATTAINABLE_ALPHA", said),)


def _zeros(case: Case) -> int:
    """Pairs without a difference."""
    settled = ties.settle(case.differences, ties.size_of(case.baseline, case.candidate))
    return int((settled == 0).sum())


def _few_discordant(case: Case, needed: float) -> tuple[Finding, ...]:
    """Fewer than 25 items on which two models differ, or none."""
    won, lost = case.discordant
    differ = won + lost
    if differ == 0:
        said = (
            f"The two are identical on every one of {case.n} items: right on the same ones and "
            "wrong on the same ones, so p = 1."
        )
        return (Finding("NO_DISCORDANT", said),)
    if differ >= FEW:
        return ()
    said = (
        f"The two differ on {differ} of {case.n} items ({won} to {lost}), so the exact binomial "
        "test is used."
    )
    found = [Finding("SMALL_DISCORDANT", said)]
    smallest = power.smallest_paired_p(differ)
    if smallest >= needed:
        said = (
            f"With {differ} items on which the two differ the exact test cannot reach "
            f"{words.short(needed)}; needs {power.pairs_to_reach(needed)}: its smallest p is "
            f"{words.short(smallest)}."
        )
        found.insert(0, Finding("UNATTAINABLE_ALPHA", said))
    return tuple(found)
