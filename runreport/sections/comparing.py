"""Which groups differ, decided once for a whole report: what `significance`, `summary` and quoted
verdicts show.

The comparisons follow from the groups, and the family that is corrected follows from the spec,
never from what a page shows, so a number is the same on every page:

- with a baseline, every other group against it;
- without one and with at most eight groups, all pairs;
- without one and with more groups, the leading group against every other. It leads because of
  these very values, so the correction covers all pairs as if they were shown.

Comparisons x primary metrics form one family, comparisons x the other declared metrics a second.
A metric that is only logged is corrected together with the second, and leaves that one unchanged.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import combinations
from typing import Literal

import numpy as np

from runreport.design import Design, Metric
from runreport.kinds import Context
from runreport.samples import Dropped, Group, Paired, Sample, ValueOf, pair
from runreport.sections import charting
from runreport.sections.fitness import Fit, data_differ, fit_of, metric_findings
from runreport.stats.decide import decide
from runreport.stats.findings import Finding
from runreport.stats.plan import Case, Filled, Rules
from runreport.stats.result import Significance

Kind = Literal["baseline", "pairs", "leader", "none"]

ALL_PAIRS = 8
"""Without a baseline all pairs of so many groups are compared; of more, the leader and the rest."""

ENOUGH = 3
"""A group with fewer values leads only where no group has as many."""


@dataclass(frozen=True, eq=False)
class Comparison:
    """Two groups on one metric."""

    metric: Metric
    baseline: Group
    """What the candidate is compared with, declared as baseline or not."""
    candidate: Group
    result: Significance
    dropped: tuple[Dropped, ...]
    """Runs of both groups that did not enter."""
    failures: tuple[tuple[int, int], tuple[int, int]]
    """Failed or diverged, and all runs, of baseline and candidate."""


@dataclass(frozen=True, eq=False)
class Answer:
    """Everything compared on one metric."""

    metric: Metric
    is_primary: bool
    kind: Kind
    fits: tuple[Fit, ...]
    """Of every group, in report order; some without a value."""
    leader: Fit | None
    """The best mean by the goal; None without a goal or without values."""
    ahead: tuple[Fit, ...]
    """Groups with a better mean than the leader, from too few runs to lead."""
    comparisons: tuple[Comparison, ...]
    unit_of_replication: str
    findings: tuple[Finding, ...]
    """About the metric and its groups, not about one comparison."""


def compare(context: Context, metrics: Sequence[Metric]) -> tuple[Answer, ...]:
    """Answers for these metrics, in their order; the same whatever else is asked for."""
    declared = _declared(context.groups, context.design, context.value_of)
    return tuple(
        declared[metric.name]
        if metric.name in declared
        else _logged(context.groups, context.design, context.value_of, metric)
        for metric in metrics
    )


# the sections of a report ask for the same families; groups and values do not change in a build
@lru_cache(maxsize=1)
def _declared(groups: tuple[Group, ...], design: Design, value_of: ValueOf) -> Mapping[str, Answer]:
    primary = design.primary
    exploratory = tuple(metric for metric in design.metrics if metric not in primary)
    answers = [
        *_family(groups, design, value_of, primary, is_primary=True),
        *_family(groups, design, value_of, exploratory, is_primary=False),
    ]
    return {answer.metric.name: answer for answer in answers}


@lru_cache(maxsize=8)
def _logged(groups: tuple[Group, ...], design: Design, value_of: ValueOf, metric: Metric) -> Answer:
    exploratory = tuple(known for known in design.metrics if known not in design.primary)
    return _family(groups, design, value_of, (*exploratory, metric), is_primary=False)[-1]


def _family(
    groups: tuple[Group, ...],
    design: Design,
    value_of: ValueOf,
    metrics: Sequence[Metric],
    *,
    is_primary: bool,
) -> list[Answer]:
    """Every comparison of one family, corrected together."""
    drafts: list[tuple[Answer, list[tuple[Fit, Fit]], list[Case], list[tuple[Dropped, ...]]]] = []
    hidden = 0
    for metric in metrics:
        answer, couples, unseen = _draft(groups, design, value_of, metric, is_primary)
        hidden += unseen
        made = [_case(first, second, design, answer) for first, second in couples]
        drafts.append((answer, couples, [case for case, _ in made], [gone for _, gone in made]))
    rules = Rules(design.alpha, design.level, design.correction, hidden)
    results = iter(decide([case for _, _, cases, _ in drafts for case in cases], rules))
    return [
        replace(
            answer,
            comparisons=tuple(
                Comparison(
                    answer.metric, first.group, second.group, next(results), gone, _rates(couple)
                )
                for couple, gone in zip(couples, dropped, strict=True)
                for first, second in (couple,)
            ),
        )
        for answer, couples, _, dropped in drafts
    ]


def _draft(
    groups: tuple[Group, ...],
    design: Design,
    value_of: ValueOf,
    metric: Metric,
    is_primary: bool,
) -> tuple[Answer, list[tuple[Fit, Fit]], int]:
    """The answer without its comparisons, who is compared, and how many more could have been."""
    fits = tuple(fit_of(group, metric, value_of) for group in groups)
    sign = 1.0 if metric.goal == "minimize" else -1.0
    order = sorted(
        (fit for fit in fits if fit.mean is not None), key=lambda fit: sign * (fit.mean or 0.0)
    )
    most = max((fit.sample.values.size for fit in order), default=0)
    able = [fit for fit in order if fit.sample.values.size >= min(ENOUGH, most)]
    kind, couples, hidden = _couples(fits, order, able)
    leader = able[0] if able and metric.goal else None
    answer = Answer(
        metric=metric,
        is_primary=is_primary,
        kind=kind,
        fits=fits,
        leader=leader,
        ahead=tuple(order[: order.index(leader)]) if leader else (),
        comparisons=(),
        unit_of_replication=replicate_word(design),
        findings=(*metric_findings(metric), *(told for fit in fits for told in fit.findings)),
    )
    return answer, couples, hidden


def _couples(
    fits: Sequence[Fit], order: Sequence[Fit], able: Sequence[Fit]
) -> tuple[Kind, list[tuple[Fit, Fit]], int]:
    baseline = next((fit for fit in fits if fit.group.is_baseline), None)
    if baseline is not None:
        return "baseline", [(baseline, fit) for fit in fits if fit is not baseline], 0
    if len(order) < 2:
        return "none", [], 0
    if len(order) <= ALL_PAIRS:
        return "pairs", [(worse, better) for better, worse in combinations(order, 2)], 0
    leader = able[0]
    testable = sum(fit.sample.values.size >= ENOUGH for fit in order)
    hidden = max(0, (testable - 1) * (testable - 2) // 2)
    return "leader", [(fit, leader) for fit in order if fit is not leader], hidden


# ---- one comparison ------------------------------------------------------------------------------


def _case(
    first: Fit, second: Fit, design: Design, answer: Answer
) -> tuple[Case, tuple[Dropped, ...]]:
    """Samples as the design aligns them, and the runs that stay out."""
    metric, unit = answer.metric, answer.unit_of_replication
    paired, known = _pairs(first.sample, second.sample, design)
    if paired is None:
        values = (first.sample.values, second.sample.values)
        dropped = (*first.sample.dropped, *second.sample.dropped)
    else:
        values, dropped = (paired.baseline_values, paired.candidate_values), paired.dropped
    if unit == "fold" and paired is None and min(map(len, values)) >= ENOUGH:
        known = (*known, Finding("DEPENDENT_FOLDS", UNPAIRED_FOLDS))
    differ = data_differ(first.group, second.group)
    withheld = differ[0] if differ and differ[1] else ""
    if differ and not withheld:
        known = (*known, Finding("NOT_COMPARABLE", differ[0]))
    case = Case(
        baseline=values[0],
        candidate=values[1],
        paired=paired is not None,
        goal=metric.goal,
        margin=margin_of(metric, first.mean),
        unit=unit_of_difference(metric),
        unit_of_replication=unit,
        overlap=_overlap(first.group, second.group) if paired and unit == "fold" else 0.0,
        filled=_filled(first, second, metric, paired=paired is not None),
        withheld=withheld,
        known=known,
    )
    return case, dropped


UNPAIRED_FOLDS = (
    "Folds of one data set share training data, which this test takes for independent: its p is "
    "too small. Declare `pair_by: fold`."
)


def _pairs(
    first: Sample, second: Sample, design: Design
) -> tuple[Paired | None, tuple[Finding, ...]]:
    """The samples aligned, or None when the design is unpaired or hardly anything matches."""
    fewest = min(first.values.size, second.values.size)
    if design.pair_by is None or not fewest:
        return None, ()
    found = pair(first, second)
    left_out = found.dropped[len(first.dropped) + len(second.dropped) :]
    if len(found.keys) < ENOUGH and (len(found.keys) < fewest or fewest == 1):
        if fewest == 1 or not left_out:
            return None, ()
        said = (
            f"Only {len(found.keys)} of the declared pairs match between "
            f"{charting.fit(first.group.label)} and {charting.fit(second.group.label)}, so the "
            "groups are compared unpaired."
        )
        return None, (Finding("UNMATCHED_PAIRS", said),)
    if not left_out:
        return found, ()
    names = charting.dropped_words(left_out).removeprefix("Not shown: ")
    said = f"{len(found.keys)} complete pairs are compared. Without a partner: {names}"
    return found, (Finding("UNMATCHED_PAIRS", said),)


def _overlap(first: Group, second: Group) -> float:
    """Test part over training part of a cross-validation with so many folds, at most ten.

    More than ten identities are repeats of fewer folds, or very many: a tenth is the cautious side.
    """
    folds = len({key for group in (first, second) for key in group.replicate_of if key})
    return 1 / (max(2, min(folds, 10)) - 1)


def _filled(first: Fit, second: Fit, metric: Metric, *, paired: bool) -> Filled | None:
    """The samples with failed runs scored as the worst value seen; None when there are none."""
    values = np.concatenate((first.sample.values, second.sample.values))
    if metric.goal is None or not values.size or not (first.failed or second.failed):
        return None
    worst = float(values.min() if metric.goal == "maximize" else values.max())
    failed = [_not_rerun(fit) if paired else fit.failed for fit in (first, second)]
    sides = [
        _with_failures(fit, keys, worst) for fit, keys in zip((first, second), failed, strict=True)
    ]
    before = values.size
    if not paired:
        left, right = ([value for _, value in side] for side in sides)
        scored = len(left) + len(right) - before
    else:
        one, other = (_once(side) for side in sides)
        keys = [key for key in one if key in other]
        left, right = [one[key] for key in keys], [other[key] for key in keys]
        scored = sum(key in lost for key in keys for lost in failed)
    if not scored:
        return None
    return Filled(np.array(left), np.array(right), scored, worst)


def _not_rerun(fit: Fit) -> tuple[str | None, ...]:
    """Identities of failed runs, without those that another run has a value of."""
    return tuple(key for key in fit.failed if key not in fit.sample.replicates)


def _with_failures(
    fit: Fit, failed: Sequence[str | None], worst: float
) -> list[tuple[str | None, float]]:
    seen = zip(fit.sample.replicates, fit.sample.values.tolist(), strict=True)
    return [*seen, *((key, worst) for key in failed)]


def _once(side: Sequence[tuple[str | None, float]]) -> dict[str, float]:
    """Values by their identity, those left out that have none or share it."""
    keys = [key for key, _ in side]
    return {key: value for key, value in side if key is not None and keys.count(key) == 1}


def _rates(couple: tuple[Fit, Fit]) -> tuple[tuple[int, int], tuple[int, int]]:
    first, second = ((len(fit.failed), len(fit.group.runs)) for fit in couple)
    return first, second


# ---- words of the design -------------------------------------------------------------------------


def margin_of(metric: Metric, baseline_mean: float | None) -> float | None:
    """The declared margin in displayed units; None when there is none above 0."""
    if metric.margin is None:
        return None
    amount = metric.margin.amount
    if metric.margin.relative:
        amount = abs(baseline_mean or 0.0) * amount / 100
    return amount if amount > 0 else None


def unit_of_difference(metric: Metric) -> str:
    """Differences of per cents are points."""
    return "points" if metric.unit.strip() == "%" else metric.unit


def replicate_word(design: Design) -> str:
    """The unit of replication as one word, singular: `seed`, `fold`, `run`."""
    written = design.replicates or design.pair_by
    if written is None:
        return "run"
    name = written.strip().removeprefix("params.").removeprefix("tags.")
    return name if re.fullmatch(r"[A-Za-z][\w-]{0,30}", name) else "replicate"


def findings_of(answer: Answer, comparisons: Sequence[Comparison]) -> tuple[Finding, ...]:
    """Every finding once, those about the metric and its groups first."""
    return tuple(dict.fromkeys(_all_findings(answer, comparisons)))


def _all_findings(answer: Answer, comparisons: Sequence[Comparison]) -> Iterator[Finding]:
    yield from answer.findings
    for comparison in comparisons:
        yield from comparison.result.warnings
