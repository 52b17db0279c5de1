"""Aggregates over tasks in sentences: which group is ahead, and what that leaves open."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from runreport import formats
from runreport.blocks import Code, Inline, Strong, Words
from runreport.sections import charting
from runreport.sections.tasks import Standing, Tasks, decimals_of, runs_words
from runreport.stats import aggregates, words
from runreport.stats.aggregates import Aggregate
from runreport.stats.findings import Finding

FOLLOWERS = 4
"""Groups named in a sentence besides the first; the table has them all."""

WEAK = 5
"""With fewer runs of a task an interval covers less than it says."""


def lead(tasks: Tasks) -> Words:
    """The best group by IQM with its interval, and the ones that follow."""
    name, count = charting.fit(tasks.metric.title), words.plural(tasks.task, len(tasks.names))
    first, rest = tasks.standings[0], tasks.standings[1:]
    decimals = decimals_of([item.iqm for item in tasks.standings])
    # of groups that cannot be compared nothing is best
    goal = None if tasks.apart else tasks.metric.goal
    over = f" interquartile mean (IQM) of {name} over {count}"
    if goal is None or not rest:
        verb = f" has an{over}" if goal is None or not rest else ""
        start: Words = (_name(first), f"{verb} of {_iqm(first, tasks, decimals, full=True)}. ")
    else:
        best = "lowest" if goal == "minimize" else "highest"
        if len(tied := _tied(tasks)) > 1:
            return _shared(tied, tasks, f" share the {best}{over}", decimals)
        start = (
            _name(first), f" has the {best}{over}: {_iqm(first, tasks, decimals, full=True)}. ",
        )  # fmt: skip
    if not rest:
        return (*start, "There is no other group to set it beside.")
    return (*start, *_followers(rest, tasks, decimals))


def _tied(tasks: Tasks) -> list[Standing]:
    """The groups whose IQM is the best, to ten digits."""
    best = tasks.standings[0].iqm.value
    return [item for item in tasks.standings if math.isclose(item.iqm.value, best, rel_tol=1e-10)]


def _shared(tied: list[Standing], tasks: Tasks, share: str, decimals: int) -> Words:
    """`A, B and C share the highest IQM: 1.00. A has 1.00 (3 seeds per task), ...`"""
    named, more = tied[: FOLLOWERS + 1], len(tied) - FOLLOWERS - 1
    names: list[Inline] = []
    for place, item in enumerate(named):
        last = place == len(named) - 1 and more <= 0
        names += ["" if place == 0 else " and " if last else ", ", _name(item)]
    if more > 0:
        names.append(f" and {formats.count(more, 'more group')}")
    value = formats.with_unit(formats.fixed(tied[0].iqm.value, decimals), tasks.metric.unit)
    start = (*(part for part in names if part != ""), f"{share}: {value}. ")
    return (*start, *_followers(tasks.standings, tasks, decimals, full=True))


def _followers(
    rest: Sequence[Standing], tasks: Tasks, decimals: int, *, full: bool = False
) -> Iterator[Inline]:
    """`B has 0.48 (0.45 to 0.5, 5 seeds per game), C 0.4 (...).`"""
    parts: list[Inline] = []
    for place, item in enumerate(rest[:FOLLOWERS]):
        verb = " has " if place == 0 else " "
        parts += [
            ", " if place else "",
            _name(item),
            f"{verb}{_iqm(item, tasks, decimals, full=full and not place)}",
        ]
    more = len(rest) - FOLLOWERS
    parts.append(f"; {formats.count(more, 'more group')} below." if more > 0 else ".")
    yield from (part for part in parts if part != "")


def _iqm(item: Standing, tasks: Tasks, decimals: int, *, full: bool = False) -> str:
    """`0.501 (95 % interval 0.442 to 0.565, 5 seeds per game)`."""
    shown = formats.with_unit(formats.fixed(item.iqm.value, decimals), tasks.metric.unit)
    runs = runs_words(item, tasks.unit, tasks.task)
    if item.iqm.interval is None:
        return f"{shown} ({runs})"
    ends = formats.interval(item.iqm.interval.low, item.iqm.interval.high, decimals)
    level = f"{words.percent(tasks.level)} interval " if full else ""
    return f"{shown} ({level}{ends}, {runs})"


def chance_words(tasks: Tasks) -> Words:
    """How often a run of each group is better than one of the baseline on the same task."""
    compared = [item for item in tasks.standings if item.chance is not None]
    if tasks.baseline is None or not compared:
        return ()
    level = f"{words.percent(tasks.level)} interval "
    parts: list[Inline] = []
    for place, item in enumerate(compared[:FOLLOWERS]):
        chance = item.chance or Aggregate(0.5, None)
        shown = formats.fixed(chance.value, 3)
        inside = "no interval"
        if chance.interval is not None:
            ends = formats.interval(chance.interval.low, chance.interval.high, 3)
            inside = f"{'' if place else level}{ends}"
        parts += [", " if place else "", _name(item), f" {shown} ({inside})"]
    if len(compared) > FOLLOWERS:
        parts.append(f" and {formats.count(len(compared) - FOLLOWERS, 'more group')}")
    better = "is better" if tasks.metric.goal else "is higher"
    return (
        f"Probability of improvement, P(a run {better} than one of ",
        Strong(charting.fit(tasks.baseline.label)),
        f" on the same {tasks.task}), where 0.5 is none: ",
        *(part for part in parts if part != ""),
        ".",
    )


def not_said(tasks: Tasks) -> Words:
    """What the numbers must not be read as."""
    task, runs = words.several(tasks.task), words.several(tasks.unit)
    parts: list[Inline] = []
    if tasks.look > 1 and tasks.has_intervals:
        parts.append(
            f"This is look {tasks.look} at growing data, and these intervals are for one planned "
            "look: over several they cover less than they say. "
        )
    if any(item.iqm.interval is not None for item in tasks.standings):
        parts += [
            f"Intervals say what new {runs} on these {task} would change; other {task} are another "
            "question. Whether two groups differ is not read from whether intervals overlap: ",
            Code("significance"),
            " tests it. ",
        ]
    if tasks.fewest < aggregates.FEWEST:
        parts.append(
            f"Where a group has fewer than {aggregates.FEWEST} {runs} on one of the {task} there "
            "is no interval. "
        )
    elif fixed := [item for item in tasks.standings if item.iqm.interval is None]:
        some = charting.named([item.group.label for item in fixed], 5)
        parts.append(
            f"No interval for {some}: all {runs} of each of the {task} have the same value, so "
            "drawing them again changes nothing. "
        )
    if aggregates.FEWEST <= tasks.fewest < WEAK and tasks.has_intervals:
        parts.append(
            f"With {tasks.fewest} {runs} per {tasks.task} a bootstrap interval is weak: a 95 % "
            "interval of the IQM covers about 88 % with 3 and 92 % with 5. "
        )
    still = [
        item for item in tasks.standings if item.chance is not None and item.chance.interval is None
    ]
    if still and tasks.fewest >= aggregates.FEWEST:
        parts.append(
            "A probability has no interval where drawing again cannot change it: every run of one "
            f"group is above every run of the other, or no {runs} differ. "
        )
    if tasks.apart:
        parts.append("Not all of these groups can be compared, so nothing is called best. ")
    if tasks.metric.goal is None:
        parts.append("No goal is declared, so nothing is called best.")
    return tuple(parts)


def cautions(tasks: Tasks) -> Iterator[Finding]:
    """What to know before relying on them."""
    yield from (item for item in tasks.findings if item.name != "NO_GOAL")
    if tasks.partial:
        some = charting.named(tasks.partial, 5)
        yield Finding(
            "UNMATCHED_PAIRS",
            f"{len(tasks.names)} of {len(tasks.names) + len(tasks.partial)} "
            f"{words.several(tasks.task)} have a value of every group and count. Left out: {some}.",
        )
    if tasks.empty:
        some = charting.named(tasks.empty, 5)
        yield Finding("MISSING_RUNS", f"Without any value, and left out: {some}.")


def _name(item: Standing) -> Strong:
    return Strong(charting.fit(item.group.label))
