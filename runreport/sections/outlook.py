"""What each comparison could have shown, and how many more replicates would show it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from runreport.design import Design
from runreport.sections.comparing import Answer, Comparison
from runreport.stats import corrections, power
from runreport.stats.methods import FACTS
from runreport.stats.plan import STEP_UP
from runreport.stats.result import Kind, Significance

PLANNED: tuple[Kind, ...] = ("replicates", "datasets")
"""Kinds of replicates of which more can be had, each as good as another."""

Rule = Literal["t", "signs", "signs alone", "splits alone"]
"""What decides at a number of replicates: a t-test; signs of pairs, or a t-test where they cannot
reach the level; signs, or splits of the runs, and nothing where they cannot reach it."""

MOST_ITEMS = 10_000_000
"""More items than this are not counted."""

SIGNS = tuple(FACTS[name].title for name in ("sign_flip", "wilcoxon", "sign"))
SPLITS = tuple(FACTS[name].title for name in ("permutation", "mann_whitney"))


@dataclass(frozen=True, eq=False)
class Outlook:
    """One comparison: what it could find, in the metric's unit unless said otherwise."""

    comparison: Comparison
    deviation: float | None
    """Standard deviation: of the differences for pairs, else pooled. None without a test."""
    detectable: float | None
    """Smallest true difference found with 80 % power after correction; None also where the test
    cannot reach the level, whatever the difference.
    """
    detectable_sd: float | None
    """The same in standard deviations."""
    alone: float | None
    """The same without correction."""
    smallest: float | None
    """The smallest two-sided p of an exact test with so many replicates; None where that is no
    question of their number."""
    enough: int | None
    """Replicates with which an exact test could reach the corrected level; None when they can."""
    chance: float | None
    """Power to find a difference as large as the margin with the replicates there are."""
    for_margin: int | None
    """Replicates that find a difference as large as the margin; None without one, or beyond
    counting."""
    for_seen: int | None
    """Replicates that find a difference as large as the one seen; those there are where it has been
    found.
    """
    powerless: bool = False
    """Whether there is a test, and no difference however large can make it reject."""

    @property
    def n(self) -> int:
        """Of the smaller side."""
        return min(self.comparison.result.n)


@dataclass(frozen=True, eq=False)
class Prospect:
    """One metric."""

    answer: Answer
    outlooks: tuple[Outlook, ...]
    """In the order of the comparisons."""
    level: float
    """What the smallest p of the family must reach."""
    alpha: float
    planned: bool
    """Whether more replicates are an answer at all."""
    paired: bool
    rule: Rule = "t"

    @property
    def margin(self) -> float | None:
        """The smallest declared margin of the comparisons."""
        return min(
            (i.comparison.result.margin for i in self.outlooks if i.comparison.result.margin),
            default=None,
        )

    @property
    def able(self) -> tuple[Outlook, ...]:
        """Those of which something is known."""
        return tuple(item for item in self.outlooks if item.detectable is not None)

    @property
    def deviation(self) -> float | None:
        """The middle one of the comparisons."""
        sizes = sorted(item.deviation for item in self.outlooks if item.deviation)
        return sizes[len(sizes) // 2] if sizes else None


def prospect(answer: Answer, comparisons: tuple[Comparison, ...], design: Design) -> Prospect:
    """What these comparisons of a metric could have shown."""
    results = [item.result for item in comparisons]
    family = max((result.family for result in results), default=0)
    level = corrections.strictest(design.alpha, design.correction, max(1, family))
    kinds = {result.kind for result in results}
    return Prospect(
        answer=answer,
        outlooks=tuple(_outlook(item, level) for item in comparisons),
        level=level,
        alpha=design.alpha,
        planned=bool(kinds) and kinds <= set(PLANNED),
        paired=any(result.paired for result in results),
        rule=_rule(results[0]) if results else "t",
    )


def _rule(result: Significance) -> Rule:
    """What decides such a comparison with these and with other numbers of replicates."""
    if result.kind == "datasets":
        return "signs alone"
    if result.kind != "replicates":
        return "t"
    asked = result.why.startswith("The spec asks")
    if result.test in SPLITS:
        return "splits alone"
    if result.test in SIGNS:
        return "signs alone" if asked else "signs"
    return "signs" if result.paired and not asked else "t"


def _deciding(result: Significance, level: float) -> Rule:
    """The same with the replicates there are."""
    rule, smallest = _rule(result), _smallest(result)
    # stepping up, several p below alpha carry each other: the level is not out of reach
    carried = result.correction in STEP_UP and smallest is not None
    return "t" if carried and level <= (smallest or 0.0) < result.alpha else rule


def _outlook(item: Comparison, level: float) -> Outlook:
    result = item.result
    if result.kind == "items" and result.detectable:
        return _of_items(item, level)
    known = result.kind != "times" and result.detectable_sd
    if not known or not result.detectable or not result.detectable_sd:
        smallest, enough = _smallest(result), _enough(result, level)
        return Outlook(item, None, None, None, None, smallest, enough, None, None, None)
    deviation, rule = result.detectable / result.detectable_sd, _deciding(result, level)
    more = result.kind in PLANNED
    seen, margin = abs(result.difference or 0.0), result.margin
    within, alone = result.detectable_sd, result.detectable * _easing(result, level)
    if rule != "t":
        within, alone = (
            _detectable(result.n, each, rule, paired=result.paired)
            for each in (level, result.alpha)
        )
        alone *= deviation
    found = math.isfinite(within)
    return Outlook(
        comparison=item,
        deviation=deviation,
        detectable=within * deviation if found else None,
        detectable_sd=within if found else None,
        alone=alone if math.isfinite(alone) else None,
        smallest=_smallest(result),
        enough=_enough(result, level),
        chance=_chance(margin / deviation, level, result) if more and margin else None,
        for_margin=_needed(margin, deviation, level, result) if more and margin else None,
        for_seen=_for_seen(seen, deviation, level, result) if more else None,
        powerless=not found,
    )


def _of_items(item: Comparison, level: float) -> Outlook:
    """Errors fall with the root of the number of items."""
    result = item.result
    detectable, margin, n = result.detectable or 0.0, result.margin, min(result.n)
    seen = abs(result.difference or 0.0)
    # those of counts are of a chi-square, and say nothing of the error
    df = result.df if result.df and result.test == FACTS["item_t"].title else math.inf
    reach = power.noncentrality_for(df, level)

    def enough(size: float) -> int | None:
        count = n * (detectable / size) ** 2 if size > 0 else math.inf
        return max(n, math.ceil(count)) if count < MOST_ITEMS else None

    return Outlook(
        comparison=item,
        deviation=None,
        detectable=detectable,
        detectable_sd=None,
        alone=detectable * power.noncentrality_for(df, result.alpha) / reach,
        smallest=None,
        enough=None,
        chance=power.t_power(margin * reach / detectable, df, level) if margin else None,
        for_margin=enough(margin) if margin else None,
        for_seen=n if _is_found(result) else enough(seen),
    )


def _easing(result: Significance, level: float) -> float:
    """What the detectable difference shrinks by when nothing is corrected."""
    df = result.n[0] - 1 if result.paired else sum(result.n) - 2
    return power.noncentrality_for(df, result.alpha) / power.noncentrality_for(df, level)


def _chance(effect: float, level: float, result: Significance) -> float:
    rule = _deciding(result, level)
    reached = (_smallest(result) or 0.0) < level
    if rule.endswith("alone") and not reached:
        return 0.0
    if rule.startswith("signs") and reached:
        return power.attained_signs(effect, result.n[0], level)
    sizes = result.n[0] if result.paired else result.n
    return power.attained(effect, sizes, level)


def _needed(size: float, deviation: float, level: float, result: Significance) -> int | None:
    if not size > 1e-3 * deviation:
        return None
    effect, rule = size / deviation, _deciding(result, level)
    if rule == "signs alone":
        return power.needed_signs(effect, level)
    enough = power.needed(effect, level, paired=result.paired)
    if rule == "splits alone" and enough is not None:
        return max(enough, power.runs_to_reach(level))
    if rule == "signs" and enough is not None and enough >= power.pairs_to_reach(level):
        return power.needed_signs(effect, level)
    return enough


def _for_seen(size: float, deviation: float, level: float, result: Significance) -> int | None:
    return min(result.n) if _is_found(result) else _needed(size, deviation, level, result)


def _is_found(result: Significance) -> bool:
    """What has been found needs no more, whatever its power was."""
    return result.p_adjusted is not None and result.p_adjusted < result.alpha


def _smallest(result: Significance) -> float | None:
    """Folds and items are many, and share data: there the number is not what bounds p."""
    if result.kind not in PLANNED or not min(result.n):
        return None
    if result.paired:
        return power.smallest_paired_p(result.n[0])
    return power.smallest_independent_p(*result.n)


def _enough(result: Significance, level: float) -> int | None:
    smallest = _smallest(result)
    if smallest is None or smallest < level:
        return None
    return power.pairs_to_reach(level) if result.paired else power.runs_to_reach(level)


def detectable_with(n: int, level: float, *, paired: bool, rule: Rule) -> float:
    """Smallest difference that n replicates find with 80 % power, in standard deviations;
    infinite where nothing can be found.
    """
    return _detectable((n, n), level, rule, paired=paired)


def _detectable(n: tuple[int, int], level: float, rule: Rule, *, paired: bool) -> float:
    if rule.startswith("signs") and (rule == "signs alone" or power.rejecting_signs(n[0], level)):
        return power.detectable_signs(n[0], level)
    if rule == "splits alone" and power.smallest_independent_p(*n) >= level:
        return math.inf
    if paired:
        return power.detectable_paired(n[0], level)
    return power.detectable_independent(*n, level)


def fewest(found: Prospect, level: float, start: int) -> int:
    """Replicates, at least so many, with which anything can be found."""
    if found.rule == "signs alone":
        return max(start, power.pairs_to_reach(level))
    if found.rule == "splits alone":
        return max(start, power.runs_to_reach(level))
    return start
