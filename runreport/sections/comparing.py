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

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import combinations
from typing import Literal

from runreport.design import Design, Metric
from runreport.kinds import Context
from runreport.samples import Dropped, Group, ValueOf
from runreport.sections.aligning import (
    ENOUGH,
    case_of,
    kind_of,
    overlap_of,
    replicate_word,
)
from runreport.sections.caveats import caveats
from runreport.sections.fitness import Fit, fit_of, metric_findings
from runreport.sections.screening import Screened, screened
from runreport.stats import corrections
from runreport.stats.decide import decide
from runreport.stats.findings import Finding
from runreport.stats.plan import Case, Rules
from runreport.stats.result import Significance

Kind = Literal["baseline", "pairs", "leader", "none"]

ALL_PAIRS = 8
"""Without a baseline all pairs of so many groups are compared; of more, the leader and the rest."""


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
    beside: Mapping[tuple[str, str], float] = field(default_factory=dict)
    """Adjusted p of the pairs that have no comparison here, by the ids of their groups."""


def compare(context: Context, metrics: Sequence[Metric]) -> tuple[Answer, ...]:
    """Answers for these metrics, in their order; the same whatever else is asked for."""
    return _compare(context, metrics, ALL_PAIRS)


def compare_all(context: Context, metric: Metric, most: int) -> Answer:
    """The answer for a metric with every pair of its groups, of which there may be more than
    `compare` sets beside each other. With a baseline, or with so few groups, it is the same.

    Args:
        context: of the report.
        metric: which one.
        most: groups of which all pairs are compared.
    """
    (answer,) = _compare(context, (metric,), max(most, ALL_PAIRS))
    return answer


def _compare(context: Context, metrics: Sequence[Metric], most: int) -> tuple[Answer, ...]:
    groups, design, value_of = context.groups, context.design, context.value_of
    if len(groups) <= ALL_PAIRS:
        most = ALL_PAIRS
    declared = _declared(groups, design, value_of, most)
    return tuple(
        declared[metric.name]
        if metric.name in declared
        else _logged(groups, design, value_of, metric, most)
        for metric in metrics
    )


# the sections of a report ask for the same families; groups and values do not change in a build
@lru_cache(maxsize=2)
def _declared(
    groups: tuple[Group, ...], design: Design, value_of: ValueOf, most: int
) -> Mapping[str, Answer]:
    primary = design.primary
    exploratory = tuple(metric for metric in design.metrics if metric not in primary)
    answers = [
        *_family(groups, design, value_of, primary, most, is_primary=True),
        *_family(groups, design, value_of, exploratory, most, is_primary=False),
    ]
    return {answer.metric.name: answer for answer in answers}


@lru_cache(maxsize=8)
def _logged(
    groups: tuple[Group, ...], design: Design, value_of: ValueOf, metric: Metric, most: int
) -> Answer:
    exploratory = tuple(known for known in design.metrics if known not in design.primary)
    return _family(groups, design, value_of, (*exploratory, metric), most, is_primary=False)[-1]


@dataclass(frozen=True, eq=False)
class _Draft:
    """One metric before its family is decided."""

    answer: Answer
    """Without its comparisons."""
    couples: tuple[tuple[Fit, Fit], ...]
    """Who is compared: baseline and candidate."""
    hidden: int
    """How many more could have been."""
    cases: tuple[tuple[Case, tuple[Dropped, ...]], ...]
    """Of each couple, with the runs that stay out."""


def _family(
    groups: tuple[Group, ...],
    design: Design,
    value_of: ValueOf,
    metrics: Sequence[Metric],
    most: int,
    *,
    is_primary: bool,
) -> list[Answer]:
    """Every comparison of one family, corrected together."""
    drafts = [_draft(groups, design, value_of, metric, is_primary, most) for metric in metrics]
    size = sum(draft.hidden + len(draft.couples) for draft in drafts)
    screens = [_screen(draft.answer, design, size) for draft in drafts]
    rules = Rules(
        design.alpha,
        design.level,
        design.correction,
        hidden=sum(d.hidden for d, known in zip(drafts, screens, strict=True) if known is None),
        beside=tuple(pair for known in screens if known is not None for pair in known.both),
        look=design.look or 1,
    )
    results = decide([case for draft in drafts for case, _ in draft.cases], rules)
    adjusted = iter(_beside(results, rules))
    told = iter(results)
    return [
        replace(
            draft.answer,
            comparisons=tuple(
                Comparison(
                    draft.answer.metric,
                    first.group,
                    second.group,
                    next(told),
                    gone,
                    _rates((first, second)),
                )
                for (first, second), (_, gone) in zip(draft.couples, draft.cases, strict=True)
            ),
            beside={} if known is None else {pair: next(adjusted) for pair in known.pairs},
        )
        for draft, known in zip(drafts, screens, strict=True)
    ]


def _screen(answer: Answer, design: Design, size: int) -> Screened | None:
    """P of the pairs without the leader, where only the leader is compared in words."""
    if answer.kind != "leader":
        return None
    fits = [fit for fit in answer.fits if fit.mean is not None]
    leader = answer.leader
    if leader is None:
        return None
    return screened(fits, leader, design, answer.metric, size)


def _beside(results: Sequence[Significance], rules: Rules) -> list[float]:
    """Adjusted p of the comparisons that are made elsewhere, in their order."""
    raw = [result.p_value for result in results if result.p_value is not None]
    size = max((result.family for result in results), default=0)
    if not rules.beside or not size:
        return [1.0] * len(rules.beside)
    every = [*raw, *(p for p, _ in rules.beside)]
    return corrections.adjust(every, rules.correction, max(size, len(every)))[len(raw) :]


def _draft(
    groups: tuple[Group, ...],
    design: Design,
    value_of: ValueOf,
    metric: Metric,
    is_primary: bool,
    all_pairs: int,
) -> _Draft:
    """One metric, ready to be decided with its family."""
    kind = kind_of(design, metric)
    overlap = overlap_of(groups, design) if kind == "folds" else 0.0
    fits = tuple(fit_of(group, metric, value_of, kind, overlap) for group in groups)
    sign = 1.0 if metric.goal == "minimize" else -1.0
    order = sorted(
        (fit for fit in fits if fit.mean is not None), key=lambda fit: sign * (fit.mean or 0.0)
    )
    most = max((fit.sample.values.size for fit in order), default=0)
    able = [fit for fit in order if fit.sample.values.size >= min(ENOUGH, most)]
    which, couples, hidden = _couples(fits, order, able, all_pairs)
    leader = able[0] if able and metric.goal else None
    answer = Answer(
        metric=metric,
        is_primary=is_primary,
        kind=which,
        fits=fits,
        leader=leader,
        ahead=tuple(order[: order.index(leader)]) if leader else (),
        comparisons=(),
        unit_of_replication=replicate_word(design),
        findings=(
            *metric_findings(metric),
            *caveats(metric, design, [fit.sample for fit in fits]),
            *(told for fit in fits for told in fit.findings),
        ),
    )
    cases = tuple(case_of(first, second, design, metric) for first, second in couples)
    return _Draft(answer, tuple(couples), hidden, cases)


def _couples(
    fits: Sequence[Fit], order: Sequence[Fit], able: Sequence[Fit], all_pairs: int
) -> tuple[Kind, list[tuple[Fit, Fit]], int]:
    baseline = next((fit for fit in fits if fit.group.is_baseline), None)
    if baseline is not None:
        return "baseline", [(baseline, fit) for fit in fits if fit is not baseline], 0
    if len(order) < 2:
        return "none", [], 0
    if len(order) <= all_pairs:
        return "pairs", [(worse, better) for better, worse in combinations(order, 2)], 0
    leader = able[0]
    testable = sum(fit.sample.values.size >= ENOUGH for fit in order)
    hidden = max(0, (testable - 1) * (testable - 2) // 2)
    return "leader", [(fit, leader) for fit in order if fit is not leader], hidden


def _rates(couple: tuple[Fit, Fit]) -> tuple[tuple[int, int], tuple[int, int]]:
    first, second = ((len(fit.failed), len(fit.group.runs)) for fit in couple)
    return first, second


def findings_of(answer: Answer, comparisons: Sequence[Comparison]) -> tuple[Finding, ...]:
    """Every finding once, those about the metric and its groups first."""
    return tuple(dict.fromkeys(_all_findings(answer, comparisons)))


def _all_findings(answer: Answer, comparisons: Sequence[Comparison]) -> Iterator[Finding]:
    yield from answer.findings
    for comparison in comparisons:
        yield from comparison.result.warnings
