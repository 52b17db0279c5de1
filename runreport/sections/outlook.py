"""What each comparison could have shown, and how many more replicates would show it."""

from __future__ import annotations

import math
from dataclasses import dataclass

from runreport.design import Design
from runreport.sections.comparing import Answer, Comparison
from runreport.stats import corrections, power
from runreport.stats.result import Kind, Significance

PLANNED: tuple[Kind, ...] = ("replicates", "datasets")
"""Kinds of replicates of which more can be had, each as good as another."""


@dataclass(frozen=True, eq=False)
class Outlook:
    """One comparison: what it could find, in the metric's unit unless said otherwise."""

    comparison: Comparison
    deviation: float | None
    """Standard deviation: of the differences for pairs, else pooled. None without a test."""
    detectable: float | None
    """Smallest true difference found with 80 % power after correction."""
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
    )


def _outlook(item: Comparison, level: float) -> Outlook:
    result = item.result
    known = result.kind != "times" and result.detectable_sd
    if not known or not result.detectable or not result.detectable_sd:
        return Outlook(item, None, None, None, None, _smallest(result), None, None, None, None)
    deviation = result.detectable / result.detectable_sd
    more = result.kind in PLANNED
    seen, margin = abs(result.difference or 0.0), result.margin
    return Outlook(
        comparison=item,
        deviation=deviation,
        detectable=result.detectable,
        detectable_sd=result.detectable_sd,
        alone=result.detectable * _easing(result, level),
        smallest=_smallest(result),
        enough=_enough(result, level),
        chance=_chance(margin / deviation, level, result) if more and margin else None,
        for_margin=_needed(margin, deviation, level, result) if more and margin else None,
        for_seen=_for_seen(seen, deviation, level, result) if more else None,
    )


def _easing(result: Significance, level: float) -> float:
    """What the detectable difference shrinks by when nothing is corrected."""
    df = math.inf if result.df is None else result.df
    if result.kind != "items":
        df = result.n[0] - 1 if result.paired else sum(result.n) - 2
    return power.noncentrality_for(df, result.alpha) / power.noncentrality_for(df, level)


def _chance(effect: float, level: float, result: Significance) -> float:
    sizes = result.n[0] if result.paired else result.n
    return power.attained(effect, sizes, level)


def _needed(size: float, deviation: float, level: float, result: Significance) -> int | None:
    if not size > 1e-3 * deviation:
        return None
    return power.needed(size / deviation, level, paired=result.paired)


def _for_seen(size: float, deviation: float, level: float, result: Significance) -> int | None:
    """What has been found needs no more, whatever its power was."""
    if result.p_adjusted is not None and result.p_adjusted < result.alpha:
        return min(result.n)
    return _needed(size, deviation, level, result)


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


def detectable_with(n: int, level: float, *, paired: bool) -> float:
    """Smallest difference that n replicates find with 80 % power, in standard deviations."""
    if paired:
        return power.detectable_paired(n, level)
    return power.detectable_independent(n, n, level)
