"""How many times the baseline's cost a group takes, and how much quality it gives for it.

Both are compared on a log scale, where ratios are differences, by the test that the design asks
for; what comes out is a ratio of geometric means.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from runreport import formats
from runreport.design import Design, Goal, Metric
from runreport.kinds import Context
from runreport.samples import Group, Value
from runreport.sections import charting
from runreport.sections.aligning import case_of, kind_of, overlap_of
from runreport.sections.audit import between
from runreport.sections.fitness import Fit, fit_of
from runreport.sections.measures import Measure
from runreport.stats.decide import decide
from runreport.stats.plan import Case, Rules
from runreport.stats.result import Interval, Significance


@dataclass(frozen=True, eq=False)
class Ratio:
    """A candidate's mean over the baseline's."""

    candidate: Group
    result: Significance
    """On a log scale."""
    value: float | None
    """1 is the baseline."""
    interval: Interval | None
    """At the level that the correction leaves."""


@dataclass(frozen=True, eq=False)
class Efficiency:
    """Every candidate against the baseline."""

    cost: Measure
    baseline: Group
    costs: tuple[Ratio, ...]
    yields: tuple[Ratio, ...]
    """Of quality per cost; empty where that has no meaning."""
    why: str
    """Why it has none, as a sentence."""
    family: int
    """Comparisons that the correction covers, of both kinds."""
    unit: str
    """The unit of replication, singular."""
    cautions: tuple[str, ...]


def against_baseline(context: Context, cost: Measure, quality: Metric | None) -> Efficiency | None:
    """Cost ratios, and quality per cost; None without a baseline or without a rival of it."""
    base = context.baseline
    rivals = [group for group in context.groups if group is not base]
    if base is None or not rivals:
        return None
    spent = {run_id: _log(value) for run_id, value in cost.values.items()}
    cases = _cases(context, base, rivals, spent, "minimize")
    why = _no_yield(context, quality)
    given: list[Case] = []
    if not why and quality is not None:
        rates = {
            run.id: _per(context.value(run, quality), spent.get(run.id)) for run in context.runs
        }
        given = _cases(context, base, rivals, rates, "maximize")
    design = context.design
    rules = Rules(design.alpha, design.level, design.correction, look=design.look or 1)
    results = decide([*cases, *given], rules)
    count = len(rivals)
    return Efficiency(
        cost=cost,
        baseline=base,
        costs=tuple(map(_ratio, rivals, results[:count])),
        yields=tuple(map(_ratio, rivals, results[count:])) if given else (),
        why=why,
        family=max((result.family for result in results), default=0),
        unit=cases[0].unit_of_replication,
        cautions=(*_cautions(base, rivals, design, spent, cost), *_warned(results[:count])),
    )


def _no_yield(context: Context, quality: Metric | None) -> str:
    if quality is None:
        return "No quality is declared, so there is none per cost."
    name = charting.fit(quality.title)
    if quality.goal != "maximize":
        return f"{name} is not maximized, so there is no such thing as {name} per cost."
    values = [context.value(run, quality).number for run in context.runs]
    if any(value is not None and value <= 0 for value in values):
        return f"Some values of {name} are 0 or less, so {name} per cost has no ratio."
    return ""


def _log(value: Value) -> Value:
    if value.number is None:
        return value
    return Value(math.log(value.number), "ok") if value.number > 0 else Value(None, "missing")


def _per(quality: Value, spent: Value | None) -> Value:
    if quality.number is None or spent is None or spent.number is None:
        return Value(None, "missing" if quality.number is not None else quality.state)
    return Value(math.log(quality.number) - spent.number, "ok")


def _cases(
    context: Context,
    base: Group,
    rivals: Sequence[Group],
    values: Mapping[str, Value],
    goal: Goal,
) -> list[Case]:
    design = context.design
    metric = Metric(f"log ratio {goal}", goal=goal, role="operational", declared=False)
    kind = kind_of(design, metric)
    overlap = overlap_of(context.groups, design) if kind == "folds" else 0.0

    def fit(group: Group) -> Fit:
        return fit_of(
            group, metric, lambda run, _: values.get(run.id, Value(None, "missing")), kind, overlap
        )

    first = fit(base)
    return [case_of(first, fit(group), design, metric)[0] for group in rivals]


def _ratio(group: Group, result: Significance) -> Ratio:
    value = None if result.difference is None else _exp(result.difference)
    found = result.adjusted
    if found is None:
        return Ratio(group, result, value, None)
    ends = Interval(_exp(found.low), _exp(found.high), found.level, found.method)
    return Ratio(group, result, value, ends)


def _exp(value: float) -> float:
    """Without an overflow: beyond e^700 nothing is told apart."""
    return math.exp(max(-700.0, min(700.0, value)))


WARNED = ("UNMATCHED_PAIRS", "DUPLICATE_RUNS", "NOT_COMPARABLE", "DEPENDENT_FOLDS", "CLUSTERED")
"""Findings that matter for costs too."""


def _warned(results: Sequence[Significance]) -> Iterator[str]:
    found = (finding for result in results for finding in result.warnings)
    yield from dict.fromkeys(finding.words for finding in found if finding.name in WARNED)


def _cautions(
    base: Group,
    rivals: Sequence[Group],
    design: Design,
    spent: Mapping[str, Value],
    cost: Measure,
) -> Iterator[str]:
    """Other machines, and runs that took nothing."""
    apart = [
        group for group in rivals
        if any(
            outcome.state in ("differs", "partly")
            for outcome in between(base, group, None, design, ("hardware",)).outcomes
        )
    ]  # fmt: skip
    if apart:
        names = charting.named([group.label for group in apart], 4)
        yield (
            f"{names} did not run on the same hardware as {charting.fit(base.label, 40)}: what "
            "they take may be the machine's doing."
        )
    groups = [base, *rivals]
    nothing = sum(
        value.number is not None and value.number <= 0
        for group in groups
        for run in group.runs
        if (value := cost.values.get(run.id)) is not None
    )
    if nothing:
        have = (
            "has no ratio and does not enter" if nothing == 1 else "have no ratio and do not enter"
        )
        yield f"{formats.count(nothing, 'run')} with {cost.title} of 0 or less {have}."
