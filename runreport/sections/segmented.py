"""Segment by segment: where each group is worst, how far its best and worst are apart, and how
much worse than the baseline it may be anywhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from runreport.samples import Dropped
from runreport.sections import slices
from runreport.sections.aligning import case_of
from runreport.sections.caveats import caveats
from runreport.sections.fitness import Fit, metric_findings
from runreport.sections.slices import SegmentRow, Slices
from runreport.stats import extremes
from runreport.stats.decide import decide, measure
from runreport.stats.findings import Finding
from runreport.stats.plan import Case, Rules, plan
from runreport.stats.refusals import refusal
from runreport.stats.result import Interval, Significance
from runreport.stats.student import Tester

MOST_COMPARED = 3_000
"""Comparisons that are made; the correction counts the others too."""


@dataclass(frozen=True, eq=False)
class Standing:
    """One group over its segments, displayed units."""

    row: SegmentRow
    worst: int | None
    """Place of the worst segment by the goal; of the lowest without one. None below two values."""
    best: int | None
    level_of_worst: Interval | None
    """Of the worst true mean, whichever segment it belongs to."""
    gap: float | None
    gap_interval: Interval | None
    """Of the true gap between best and worst."""


@dataclass(frozen=True, eq=False)
class Pair:
    """A candidate and the baseline on one segment."""

    segment: int
    result: Significance


@dataclass(frozen=True, eq=False)
class Against:
    """A candidate and the baseline on all segments."""

    row: SegmentRow
    pairs: tuple[Pair, ...]
    worst: int | None
    """Segment of the smallest improvement; None without a goal or without values."""
    improvement: float | None
    """There: the difference signed so that positive is better."""
    interval: Interval | None
    """Of the smallest true improvement over all segments; None where a segment has too few
    values for an interval."""
    bare: tuple[int, ...]
    """Segments without an interval."""
    absent: tuple[int, ...]
    """Segments on which one of the two has no runs, so that nothing is claimed of them."""


@dataclass(frozen=True, eq=False)
class SegmentsData:
    """Every group on every segment."""

    slices: Slices
    standings: tuple[Standing, ...]
    against: tuple[Against, ...]
    """Of every group but the baseline; empty without one."""
    family: int
    """Comparisons that the correction covers: segments x candidates that can be tested."""
    rules: Rules
    unit: str
    """The unit of replication, singular."""
    cautions: tuple[Finding, ...]
    """What to know before relying on a difference."""
    dropped: tuple[Dropped, ...]


# ---- one group ---------------------------------------------------------------------------------


def standing_of(row: SegmentRow, found: Slices, level: float) -> Standing:
    """A group's worst and best segment, and the gap between them."""
    places = [place for place, fit in enumerate(row.fits) if fit.mean is not None]
    if len(places) < 2:
        return Standing(row, None, None, None, None, None)
    sign = -1.0 if found.metric.goal == "minimize" else 1.0
    means = {place: sign * (row.fits[place].mean or 0.0) for place in places}
    worst, best = min(places, key=means.__getitem__), max(places, key=means.__getitem__)
    fits = [row.fits[place] for place in places]
    return Standing(
        row,
        worst,
        best,
        _worst_mean(fits, sign, level),
        means[best] - means[worst],
        _gap(fits, found, level),
    )


def _worst_mean(fits: Sequence[Fit], sign: float, level: float) -> Interval | None:
    """Of the worst true mean, in displayed units."""
    if any(fit.sample.values.size < extremes.FEWEST or fit.interval(level) is None for fit in fits):
        return None

    def bounds(at: float) -> tuple[extremes.Floats, extremes.Floats]:
        ends = np.array([fit.interval(at) for fit in fits], dtype=np.float64)
        return ends[:, 0], ends[:, 1]

    extreme = extremes.lowest if sign > 0 else extremes.highest
    interval = extreme(bounds, len(fits), level, "t of each segment")
    return interval if interval.width > 0 else None


def _gap(fits: Sequence[Fit], found: Slices, level: float) -> Interval | None:
    if any(fit.score is not None or fit.events is not None for fit in fits):
        return None
    if not found.shared or fits[0].kind == "items":
        return extremes.gap_of_samples([fit.sample.values for fit in fits], level)
    tables = [
        dict(zip((run.id for run in fit.sample.runs), fit.sample.values.tolist(), strict=True))
        for fit in fits
    ]
    complete = [run for run in tables[0] if all(run in table for table in tables)]
    values = np.array([[table[run] for table in tables] for run in complete], dtype=np.float64)
    return extremes.gap_of_rows(values.reshape(len(complete), len(fits)), level, fits[0].overlap)


# ---- against the baseline ------------------------------------------------------------------------


def against_baseline(found: Slices, rules: Rules) -> tuple[tuple[Against, ...], int, str]:
    """Every candidate on every segment, decided as one family."""
    base = found.baseline
    unit = slices.unit_of(found)
    if base is None:
        return (), 0, unit
    rivals = [row for row in found.rows if row is not base]
    candidates = rivals[: max(1, MOST_COMPARED // len(found.segments))]
    # those that come first may be first because of their values
    hidden = (len(rivals) - len(candidates)) * len(found.segments)
    rules = replace(rules, hidden=hidden)
    cases = [
        [_case(first, second, found, place)
         for place, (first, second) in enumerate(zip(base.fits, row.fits, strict=True))]
        for row in candidates
    ]  # fmt: skip
    results = iter(decide([case for own in cases for case in own], rules))
    pairs = [
        tuple(Pair(place, next(results)) for place in range(len(found.segments)))
        for _ in candidates
    ]
    every = [pair.result for own in pairs for pair in own]
    family = max((result.family for result in every), default=0)
    testable = sum(any(pair.result.difference is not None for pair in own) for own in pairs)
    testable += len(rivals) - len(candidates)
    shared = testable if rules.correction != "none" else 1
    return (
        tuple(
            _worst_pair(row, base, own, drawn, rules, family, max(1, shared))
            for row, own, drawn in zip(candidates, pairs, cases, strict=True)
        ),
        family,
        unit,
    )


LIMITS = (
    "N1_NO_INFERENCE", "N_TOO_SMALL", "LOW_POWER", "UNATTAINABLE_ALPHA", "INCONCLUSIVE",
    "NEGLIGIBLE", "MISSING_RUNS",
)  # fmt: skip
"""What follows from few runs or a small difference, and what is listed with the runs left out."""


def cautions(found: Slices, against: Sequence[Against]) -> tuple[Finding, ...]:
    """What to mind about the metric, the groups, and the comparisons, each once."""
    first = found.rows[0].fits[0].sample.metric
    samples = [row.fits[0].sample for row in found.rows]
    told = [
        *metric_findings(replace(found.metric, value=first.value)),
        *caveats(first, found.design, samples),
        *(fit_told for row in found.rows for fit in row.fits for fit_told in fit.findings),
        *(warned for own in against for pair in own.pairs for warned in pair.result.warnings),
    ]
    # that no goal is declared is said where it matters
    skipped = (*LIMITS, "NO_GOAL")
    return tuple(dict.fromkeys(finding for finding in told if finding.name not in skipped))


def _case(first: Fit, second: Fit, found: Slices, place: int) -> Case:
    case, _ = case_of(first, second, found.design, first.sample.metric)
    # a test of all groups together is of one segment
    return replace(case, metric=f"{found.metric.name} {place}", filled=None)


def _worst_pair(
    row: SegmentRow,
    base: SegmentRow,
    pairs: tuple[Pair, ...],
    cases: Sequence[Case],
    rules: Rules,
    family: int,
    candidates: int,
) -> Against:
    absent = tuple(
        place
        for place, (mine, theirs) in enumerate(zip(row.fits, base.fits, strict=True))
        if not mine.group.runs or not theirs.group.runs
    )
    known = [pair for pair in pairs if pair.result.improvement is not None]
    if not known:
        return Against(row, pairs, None, None, None, (), absent)
    worst = min(known, key=lambda pair: pair.result.improvement or 0.0)
    goal = worst.result.goal
    testers = {pair.segment: _tester(cases[pair.segment], rules, family) for pair in known}
    bare = [place for place in range(len(pairs)) if place not in absent
            and testers.get(place) is None]  # fmt: skip
    interval = None
    if not bare:
        fine = [tester for tester in testers.values() if tester is not None]
        interval = _smallest(fine, goal == "minimize", 1 - rules.alpha / candidates)
    return Against(
        row, pairs, worst.segment, worst.result.improvement, interval, tuple(bare), absent
    )


def _tester(case: Case, rules: Rules, family: int) -> Tester | None:
    """What the interval of one segment comes from."""
    if refusal(case) is not None:
        return None
    tested = measure(case, plan(case, rules, family), rules.look)
    if tested is None or not tested.lasting or tested.estimate.interval(rules.level) is None:
        return None
    return tested.estimate


def _smallest(testers: Sequence[Tester], turned: bool, level: float) -> Interval:
    """Of the smallest true improvement, which is minus the difference where less is better."""

    def bounds(at: float) -> tuple[extremes.Floats, extremes.Floats]:
        found = [tester.interval(at) for tester in testers]
        ends = np.array([(own.low, own.high) for own in found if own is not None])
        return (-ends[:, 1], -ends[:, 0]) if turned else (ends[:, 0], ends[:, 1])

    return extremes.lowest(bounds, len(testers), level, "of each segment")
