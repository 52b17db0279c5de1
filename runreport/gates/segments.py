"""Gates on segments, by the very numbers of the section `segments`."""

from __future__ import annotations

from collections.abc import Iterator

from runreport.gates.bounds import at_least
from runreport.gates.sides import Sides
from runreport.kinds import Ruling
from runreport.samples import REASONS
from runreport.sections import charting, segments
from runreport.sections.aligning import unit_of_difference
from runreport.sections.segmented import Against, SegmentsData
from runreport.sections.verdicts import plain
from runreport.spec.gates import SegmentGate
from runreport.stats import words

NAMED = 5
"""Segments that are named."""


def rulings(gate: SegmentGate, sides: Sides) -> Iterator[Ruling]:
    """One ruling per candidate: its worst segment against the bound."""
    options = (
        segments.Options(metrics=gate.segments, goal=gate.goal)
        if gate.by is None
        else segments.Options(metric=gate.segments, by=gate.by, goal=gate.goal)
    )
    data = segments.compute(sides.context, options)
    if not isinstance(data, SegmentsData):
        yield Ruling("", False, plain(data))
        return
    if data.slices.metric.goal is None:
        name = charting.fit(data.slices.metric.title)
        yield Ruling("", False, f"No goal is declared for {name}, so no segment is worse.")
        return
    wanted = {run.id for group in sides.candidates for run in group.runs}
    judged: set[str] = set()
    for own in data.against:
        runs = {run.id for run in own.row.group.runs}
        if runs <= wanted:
            judged |= runs
            yield _ruling(gate, data, own)
    if wanted - judged:
        left = [g.label for g in sides.candidates if not {run.id for run in g.runs} <= judged]
        yield Ruling("", False, f"Not compared by segment: {charting.named(left)}.")


def _ruling(gate: SegmentGate, data: SegmentsData, own: Against) -> Ruling:
    names, subject = data.slices.segments, charting.fit(own.row.label)
    unit = unit_of_difference(data.slices.metric)
    lacking = [
        names[pair.segment]
        for pair in own.pairs
        if pair.result.improvement is None
        or pair.result.verdict == "not_comparable"
        or _undefined(data, own, pair.segment)
    ]
    facts: dict[str, object] = {
        "segments": len(names),
        "worst": None if own.worst is None else names[own.worst],
        "improvement": own.improvement,
        "interval": None if own.interval is None else (own.interval.low, own.interval.high),
        "lacking": tuple(lacking),
    }
    if lacking or own.worst is None or own.improvement is None:
        who = charting.named(lacking, NAMED)
        said = f"{len(lacking)} of {words.plural(data.slices.noun, len(names))} cannot be compared"
        return Ruling(subject, False, f"{said}: {who}.", facts)
    pair = own.pairs[own.worst]
    sizes = words.sizes(pair.result.n, data.unit, paired=pair.result.paired)
    change = words.change(own.improvement, unit)
    worst = f"The worst of {words.plural(data.slices.noun, len(names))} is {names[own.worst]}"
    said = f"{worst}, {change} by the goal ({sizes}"
    allowed = words.amount(gate.no_worse_than, unit)
    if own.interval is not None:
        level = words.percent(own.interval.level)
        end = words.change(own.interval.low, unit, own.interval.width)
        said += f"; {level} interval of the worst from {end}"
    if gate.on == "interval":
        if own.interval is None:
            bare = charting.named([names[place] for place in own.bare], NAMED)
            why = f"no interval, as {bare} has too few values" if own.bare else "no interval"
            return Ruling(subject, False, f"{said}; {why}).", facts)
        passed = at_least(own.interval.low, -gate.no_worse_than)
        return Ruling(
            subject, passed, f"{said}); allowed by its interval: worse by {allowed}.", facts
        )
    passed = at_least(own.improvement, -gate.no_worse_than)
    beyond = [
        names[p.segment]
        for p in own.pairs
        if p.result.improvement is not None
        and not at_least(p.result.improvement, -gate.no_worse_than)
    ]
    said += f"); allowed: worse by {allowed}."
    if len(beyond) > 1:
        said += f" Worse by more: {charting.named(beyond, NAMED)}."
    return Ruling(subject, passed, said, {**facts, "beyond": tuple(beyond)})


def _undefined(data: SegmentsData, own: Against, place: int) -> bool:
    """Whether a run of either side has NaN or infinity on a segment."""
    base = data.slices.baseline
    rows = (own.row,) if base is None else (own.row, base)
    for fit in (row.fits[place] for row in rows):
        odd = {REASONS[s].format(metric=fit.sample.metric.title) for s in ("nan", "inf")}
        if any(gone.reason in odd for gone in fit.sample.dropped):
            return True
    return False
