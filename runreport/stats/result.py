"""What a comparison yields: everything its sentence needs, frozen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from runreport.design import Correction, Goal
from runreport.stats.findings import Finding

Verdict = Literal[
    "better",
    "worse",
    "differs",
    "equivalent",
    "negligible",
    "inconclusive",
    "no_inference",
    "not_comparable",
]
"""`negligible`: detectable, yet inside the margin. `differs`: detectable, but without a goal there
is no better."""

Kind = Literal["replicates", "folds", "items", "datasets", "times"]
"""What a replicate is: a run of its own, a fold of one data set, a test item, a data set, a run's
time until it reaches a value."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A confidence interval."""

    low: float
    high: float
    level: float
    """Between 0 and 1: the level it was computed at."""
    method: str

    @property
    def width(self) -> float:
        return self.high - self.low


@dataclass(frozen=True, slots=True)
class Effect:
    """A standardised effect."""

    name: str
    value: float
    interval: Interval | None = None
    meaning: str = ""
    """How to read it, in words."""


@dataclass(frozen=True, slots=True)
class SecondLook:
    """Another method on the same values: shown beside the test, never instead of it."""

    method: str
    p_value: float | None = None
    interval: Interval | None = None
    remark: str = ""
    """What to know about it: how small its p can get, how ties were treated."""


@dataclass(frozen=True, slots=True)
class Sensitivity:
    """The same comparison with every missing run scored as the worst value seen."""

    scored: int
    """How many values were put in."""
    worst: float
    difference: float
    interval: Interval | None
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Significance:
    """One comparison of a candidate with a baseline: candidate minus baseline throughout."""

    verdict: Verdict
    test: str
    """The test that decides; empty when none was made."""
    why: str
    """Why this test, or why none."""
    n: tuple[int, int]
    """Values of baseline and candidate that entered; equal for pairs."""
    unit_of_replication: str
    """One word, singular: seed, fold, run."""
    paired: bool
    goal: Goal | None
    alpha: float
    correction: Correction
    family: int
    """Comparisons the correction covers; 0 when no test was made."""
    difference: float | None
    """None when a side has no value."""
    means: tuple[float | None, float | None] = (None, None)
    """Of baseline and candidate, over what entered."""
    statistic: float | None = None
    df: float | None = None
    p_value: float | None = None
    """Of one planned look, not corrected. None when no test was made or it failed; never NaN."""
    p_adjusted: float | None = None
    """Corrected over the family; at a later look of the test that holds at every look, and None
    where there is none."""
    interval: Interval | None = None
    """Of the difference alone, at the report's level."""
    adjusted: Interval | None = None
    """Of the difference at the level that the correction leaves: what the verdict goes by."""
    margin: float | None = None
    """The smallest difference that matters, in the metric's unit."""
    equivalence: Interval | None = None
    """The interval that lies inside the margin when the two are equivalent (1 - 2 alpha)."""
    equivalence_p: float | None = None
    """Two one-sided tests against the margin, corrected as the rest."""
    effects: tuple[Effect, ...] = ()
    second_looks: tuple[SecondLook, ...] = ()
    sensitivity: Sensitivity | None = None
    detectable: float | None = None
    """Smallest true difference found with 80 % power, in the metric's unit."""
    detectable_sd: float | None = None
    """The same in standard deviations (of the differences, for pairs)."""
    needed: int | None = None
    """Replicates per group with which a difference of this size would be settled."""
    assumptions: tuple[str, ...] = ()
    warnings: tuple[Finding, ...] = ()
    source: str = ""
    """The paper behind the test."""
    formula: str = ""
    """How statistic and interval come about, in one line."""
    short: str = ""
    """The test in the brackets of a sentence."""
    together: bool = False
    """Whether the test judges all groups of the metric at once: its p is adjusted by itself."""
    about: str = "mean"
    """What the difference is of: mean, pseudo-median, shift, area, score."""
    kind: Kind = "replicates"
    clusters: int = 0
    """Clusters that items share; 0 where none are declared."""
    look: int = 1
    """How often these growing data have been looked at."""
    anytime: Interval | None = None
    """Of the difference, valid however often one looks; only from the second look on."""

    @property
    def improvement(self) -> float | None:
        """The difference signed so that positive is better; None without a goal."""
        if self.difference is None or self.goal is None:
            return None
        return self.difference if self.goal == "maximize" else -self.difference
