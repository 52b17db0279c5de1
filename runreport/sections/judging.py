"""What one change did: the changes of one lever and the steps away from a configuration, decided
together as one family.

A change made in three contexts or more is judged over contexts, each counted once, so that it says
something even where every configuration was run once. In fewer contexts each couple is judged by
its replicates, as the design says, and one run each gets no test.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from runreport.design import Design, Metric
from runreport.kinds import Context
from runreport.sections.aligning import (
    ENOUGH,
    case_of,
    kind_of,
    margin_of,
    overlap_of,
    unit_of_difference,
)
from runreport.sections.changes import Change, Couple, Lost, differences
from runreport.sections.configurations import Settings
from runreport.sections.fitness import Fit, fit_of
from runreport.stats import corrections
from runreport.stats.changes import Moderation, Noise, moderation, noise
from runreport.stats.decide import decide
from runreport.stats.plan import Case, Rules
from runreport.stats.result import Significance

CONTEXT = "context"
"""The unit of replication of a change that is judged over contexts."""


@dataclass(frozen=True, slots=True)
class Follows:
    """That a change does more with one value of another param than with the next."""

    column: int
    levels: tuple[tuple[str, float, int], ...]
    """Value of the other param, mean difference and contexts, in natural order."""
    found: Moderation
    p_adjusted: float
    family: int


@dataclass(frozen=True, eq=False)
class Judged:
    """One change, or one couple of it, and what it came to."""

    change: Change
    couples: tuple[Couple, ...]
    """Three or more contexts, or one."""
    result: Significance
    noise: Noise | None
    """What replicates alone would scatter, where contexts are compared."""
    follows: Follows | None

    @property
    def over_contexts(self) -> bool:
        return len(self.couples) >= ENOUGH

    @property
    def difference(self) -> float:
        """Over contexts their mean, of one couple what its test speaks of; displayed units."""
        known = self.result.difference
        return float(differences(self.couples).mean()) if known is None else known


@dataclass(frozen=True, eq=False)
class Step:
    """A configuration one change away from the start."""

    change: Change
    first: int
    second: int
    couple: Couple | None
    """None where a side has no value."""
    reason: str
    """Why there is none."""
    result: Significance | None


@dataclass(frozen=True, eq=False)
class Verdicts:
    """Everything decided, as one family."""

    judged: tuple[Judged, ...]
    """Settled ones first, then by size."""
    steps: tuple[Step, ...]
    """Away from the start, by size."""


def fits_of(context: Context, settings: Settings, metric: Metric) -> tuple[Fit, ...]:
    """The values of each configuration."""
    design = context.design
    kind = kind_of(design, metric)
    overlap = overlap_of(settings.groups, design) if kind == "folds" else 0.0
    return tuple(fit_of(own, metric, context.value_of, kind, overlap) for own in settings.groups)


def judge(
    settings: Settings,
    fits: Sequence[Fit],
    changes: Sequence[Change],
    start: int | None,
    design: Design,
    metric: Metric,
) -> Verdicts:
    """All changes and all steps from the start, corrected together; a couple is counted once."""
    by_contexts = [change for change in changes if _is_over_contexts(change, design, metric)]
    alone = [
        (change, couple)
        for change in changes
        if change not in by_contexts
        for couple in change.couples
    ]
    from_start = [
        (change, couple)
        for change in changes
        for couple in change.couples
        if start in (couple.first, couple.second)
    ]
    cases = [_over_contexts(change, design, metric) for change in by_contexts]
    places: dict[tuple[int, int], int] = {}
    for change, couple in (*alone, *from_start):
        key = (couple.first, couple.second)
        if key not in places:
            places[key] = len(cases)
            cases.append(_alone(settings, change, couple, fits, design, metric))
    rules = Rules(design.alpha, design.level, design.correction, look=design.look or 1)
    results = decide(cases, rules)
    follows = _followed(settings, by_contexts, design)
    judged = [
        Judged(change, change.couples, result, _noise(change.couples), told)
        for change, result, told in zip(by_contexts, results, follows, strict=False)
    ]
    judged += [
        Judged(change, (couple,), results[places[couple.first, couple.second]], None, None)
        for change, couple in alone
    ]
    return Verdicts(
        tuple(sorted(judged, key=_order)),
        _steps(changes, start, {key: results[place] for key, place in places.items()}),
    )


def is_settled(result: Significance) -> bool:
    """Whether a verdict says which way, or that there is nothing to say."""
    return result.verdict in ("better", "worse", "differs", "negligible", "equivalent")


def _order(item: Judged) -> tuple[bool, bool, float]:
    return (not is_settled(item.result), not item.over_contexts, -abs(item.difference))


# ---- cases ---------------------------------------------------------------------------------------


def _is_over_contexts(change: Change, design: Design, metric: Metric) -> bool:
    # a run that never reached its target has no time to be averaged
    return len(change.couples) >= ENOUGH and kind_of(design, metric) != "times"


def _over_contexts(change: Change, design: Design, metric: Metric) -> Case:
    before = np.array([couple.baseline for couple in change.couples])
    after = np.array([couple.candidate for couple in change.couples])
    return Case(
        baseline=before,
        candidate=after,
        paired=True,
        goal=metric.goal,
        margin=margin_of(metric, float(before.mean())),
        unit=unit_of_difference(metric),
        unit_of_replication=CONTEXT,
        metric=metric.name,
    )


def _alone(
    settings: Settings,
    change: Change,
    couple: Couple,
    fits: Sequence[Fit],
    design: Design,
    metric: Metric,
) -> Case:
    # what is changed is the question, not a difference in budget or data to be warned of
    own = tuple(settings.names[column] for column in change.lever.own)
    asked = replace(design, by=own, all_but=False)
    case, _ = case_of(fits[couple.first], fits[couple.second], asked, metric)
    # tests of all groups together need groups, and here are couples
    together = case.method in ("dunnett", "tukey", "games_howell")
    return replace(case, method=None) if together else case


def _noise(couples: Sequence[Couple]) -> Noise | None:
    return noise(
        differences(couples),
        [couple.factor for couple in couples],
        sum(couple.squares for couple in couples),
        sum(couple.df for couple in couples),
    )


# ---- what a change depends on --------------------------------------------------------------------


def _followed(
    settings: Settings, changes: Sequence[Change], design: Design
) -> list[Follows | None]:
    """For each change the other param that its effect follows most, where it does at all.

    Every change with every other param is one family: the correction covers what was looked at.
    """
    looked: list[tuple[int, int, Moderation]] = []
    for place, change in enumerate(changes):
        rows = [couple.first for couple in change.couples]
        own = differences(change.couples)
        for column in range(len(settings.names)):
            if column in (*change.lever.own, *change.lever.carried):
                continue
            seen = moderation(own, settings.codes[rows, column])
            if seen is not None:
                looked.append((place, column, seen))
    correction = "holm" if design.correction == "none" else design.correction
    adjusted = corrections.adjust([seen.p_value for *_, seen in looked], correction, len(looked))
    best: dict[int, Follows] = {}
    for (place, column, seen), p in zip(looked, adjusted, strict=True):
        known = best.get(place)
        if p < design.alpha and (known is None or seen.share > known.found.share):
            levels = _levels(settings, changes[place], column)
            best[place] = Follows(column, levels, seen, p, len(looked))
    return [best.get(place) for place in range(len(changes))]


def _levels(settings: Settings, change: Change, column: int) -> tuple[tuple[str, float, int], ...]:
    rows: dict[int, list[Couple]] = {}
    for couple in change.couples:
        rows.setdefault(int(settings.codes[couple.first, column]), []).append(couple)
    found = [(own[0].first, float(differences(own).mean()), len(own)) for own in rows.values()]
    found.sort(key=lambda item: _natural(settings, item[0], column))
    return tuple((settings.text(place, column), mean, n) for place, mean, n in found)


def _natural(settings: Settings, place: int, column: int) -> tuple[bool, float, str]:
    number = float(settings.numbers[place, column])
    fine = bool(np.isfinite(number))
    return (not fine, number if fine else 0.0, settings.texts[place][column])


# ---- steps from the start ------------------------------------------------------------------------


def _steps(
    changes: Sequence[Change], start: int | None, results: Mapping[tuple[int, int], Significance]
) -> tuple[Step, ...]:
    steps = []
    for change in changes:
        for couple in change.couples:
            if start in (couple.first, couple.second):
                key = (couple.first, couple.second)
                steps.append(Step(change, *key, couple, "", results[key]))
        for gone in change.lost:
            if start in (gone.first, gone.second):
                steps.append(_missing(change, gone))
    return tuple(sorted(steps, key=_size))


def _missing(change: Change, gone: Lost) -> Step:
    return Step(change, gone.first, gone.second, None, gone.reason, None)


def _size(step: Step) -> tuple[bool, float]:
    return (step.couple is None, 0.0 if step.couple is None else -abs(step.couple.difference))
