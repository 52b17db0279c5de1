"""Every metric of an experiment: each arm against the baseline, corrected by family."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated

from runreport import formats
from runreport.design import Correction
from runreport.kinds import Context
from runreport.samples import Group
from runreport.sections import charting
from runreport.sections.aligning import margin_findings, margin_of, unit_of_difference
from runreport.sections.comparing import Answer, Comparison
from runreport.sections.fitness import metric_findings
from runreport.sections.tallies import Tally
from runreport.spec.limits import AtLeast
from runreport.stats import words
from runreport.stats.arms import Question
from runreport.stats.plan import Rules
from runreport.stats.readout import Reading, read


@dataclass(frozen=True, slots=True)
class Share:
    """How many of the users an arm was to get."""

    arm: str
    """Its label, or the value of a grouping column."""
    share: Annotated[float, AtLeast(1e-9)]
    """In any unit: 0.5, 50 or 1 of each."""


@dataclass(frozen=True, slots=True)
class Setting:
    """What all metrics of an experiment share."""

    user: str
    """What is counted, singular."""
    tuning: float
    """Users at which anytime-valid intervals are tightest."""
    withheld: str = ""
    """Why no verdict may be given; empty when one may."""


@dataclass(frozen=True, eq=False)
class Panel:
    """One metric of an experiment."""

    tally: Tally
    answer: Answer
    """The comparisons shown, as other sections have them."""
    readings: tuple[Reading, ...]
    """One per comparison."""
    family: str
    """Which comparisons the correction covers, in words."""


def planned_shares(
    groups: Sequence[Group], shares: Sequence[Share]
) -> tuple[tuple[float, ...], str]:
    """The share of each arm, adding up to 1; why that is not known, as a sentence."""
    if not shares:
        return tuple(1 / len(groups) for _ in groups), ""
    found: list[float] = []
    for group in groups:
        texts = [group.label, *(text for _, text in group.key)]
        mine = [item.share for item in shares if item.arm in texts]
        if len(mine) != 1:
            how = "no share is" if not mine else f"{len(mine)} shares are"
            name = charting.fit(group.label)
            return (), f"Planned shares are not checked: {how} planned for {name}."
        found += mine
    if len(found) < len(shares):
        known = {text for group in groups for text in (group.label, *dict(group.key).values())}
        lost = next((item.arm for item in shares if item.arm not in known), shares[-1].arm)
        return (), f"Planned shares are not checked: there is no arm {charting.fit(lost, 40)}."
    whole = math.fsum(found)
    return tuple(share / whole for share in found), ""


def panels_of(
    context: Context, tallies: Sequence[Tally], rules: Rules, setting: Setting
) -> tuple[Panel, ...]:
    """Every metric: primary ones corrected as the spec says, the others for false discoveries."""
    declared = {metric.name for metric in context.design.metrics if metric.primary}
    primary = [item for item in tallies if item.metric.name in declared] or list(tallies[:1])
    others = [item for item in tallies if item not in primary]
    found = {
        panel.tally: panel for panel in _family(context, primary, rules, setting, is_primary=True)
    }
    secondary: Correction = "none" if rules.correction == "none" else "bh"
    rules = replace(rules, correction=secondary)
    for panel in _family(context, others, rules, setting, is_primary=False):
        found[panel.tally] = panel
    return tuple(found[item] for item in tallies)


def _family(
    context: Context,
    tallies: Sequence[Tally],
    rules: Rules,
    setting: Setting,
    *,
    is_primary: bool,
) -> list[Panel]:
    """The panels of one family, corrected together."""
    asked: list[tuple[Tally, Group, Question]] = []
    for item in tallies:
        asked += [(item, *pair) for pair in _questions(context.groups, item, setting)]
    readings = read([question for _, _, question in asked], rules, setting.tuning)
    panels = []
    for item in tallies:
        pairs = [
            (group, reading)
            for (owner, group, _), reading in zip(asked, readings, strict=True)
            if owner is item and _is_shown(context, group)
        ]
        pairs.sort(key=_order)
        family = next((r.result.family for _, r in pairs if r.result.family), 0)
        panels.append(
            Panel(
                item,
                _answer(context.groups[0], item, pairs, setting, is_primary),
                tuple(reading for _, reading in pairs),
                _family_words(rules, family, len(tallies), is_primary),
            )
        )
    return panels


def _order(pair: tuple[Group, Reading]) -> tuple[bool, float]:
    """The largest improvement first; without a goal the largest difference."""
    result = pair[1].result
    size = result.improvement if result.improvement is not None else result.difference
    return result.adjusted is None, -(size or 0.0)


def _is_shown(context: Context, group: Group) -> bool:
    """On a page about one arm its own comparison is shown."""
    subject = context.subject_group
    return subject is None or subject.id in (group.id, context.groups[0].id)


def _questions(
    groups: Sequence[Group], item: Tally, setting: Setting
) -> list[tuple[Group, Question]]:
    baseline = item.arms[0]
    if baseline is None or item.refused:
        return []
    metric, found = item.metric, []
    for place, (group, arm) in enumerate(zip(groups, item.arms, strict=True)):
        if place == 0 or arm is None:
            continue
        counts = None
        if item.counts:
            one, other = item.counts[0], item.counts[place]
            counts = None if one is None or other is None else (one, other)
        question = Question(
            measure=item.measure,
            baseline=baseline,
            candidate=arm,
            counts=counts,
            scale=metric.scale,
            goal=metric.goal,
            margin=margin_of(metric, baseline.value),
            unit=unit_of_difference(metric),
            user=setting.user,
            withheld=setting.withheld,
        )
        found.append((group, question))
    return found


def _answer(
    baseline: Group,
    item: Tally,
    pairs: Sequence[tuple[Group, Reading]],
    setting: Setting,
    is_primary: bool,
) -> Answer:
    before = None if item.arms[0] is None else item.arms[0].value
    comparisons = tuple(
        Comparison(
            item.metric, baseline, group, reading.result, item.dropped,
            ((0, len(baseline.runs)), (0, len(group.runs))),
        )
        for group, reading in pairs
    )  # fmt: skip
    return Answer(
        metric=item.metric,
        is_primary=is_primary,
        kind="baseline",
        fits=(),
        leader=None,
        ahead=(),
        comparisons=comparisons,
        unit_of_replication=setting.user,
        findings=(*metric_findings(item.metric), *margin_findings(item.metric, before)),
    )


def _family_words(rules: Rules, family: int, metrics: int, is_primary: bool) -> str:
    if not family:
        return "No test was made."
    alpha = words.short(rules.alpha)
    if rules.correction == "none":
        return f"Alpha is {alpha} for each comparison; nothing is corrected, as the spec asks."
    kind = "primary metric" if is_primary else "secondary metric"
    what = f"{formats.count(family, 'comparison')} on {formats.count(metrics, kind)}"
    name = words.corrected(rules.correction)
    if rules.correction in ("bh", "by"):
        return (
            f"{what}, corrected after {name}: of the differences claimed, about "
            f"{words.percent(rules.alpha)} at most are false on average."
        )
    return f"Alpha is {alpha} for the whole family: {what}, corrected after {name}."
