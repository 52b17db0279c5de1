"""Tables of `segments`: best and worst segment of each group, and every difference."""

from __future__ import annotations

from typing import Any

from runreport import formats
from runreport.blocks import Cell, Column, Row, Table
from runreport.blocks import Mark as CellMark
from runreport.sections import cells, charting
from runreport.sections.aligning import unit_of_difference
from runreport.sections.digits import Digits
from runreport.sections.segmented import SegmentsData, Standing
from runreport.sections.segmentwords import fewest, is_adjusted
from runreport.sections.verdicts import LABELS, label
from runreport.stats import words
from runreport.stats.result import Interval

ROWS = 500
"""Rows of a table."""


def standings(data: SegmentsData) -> Table:
    """Every group: its worst and best segment, and the gap between them."""
    found, metric = data.slices, data.slices.metric
    unit, percent = metric.unit or None, words.percent(found.design.level)
    noun = found.noun
    low, high = ("Lowest", "Highest") if metric.goal is None else ("Worst", "Best")
    of_gap = unit_of_difference(metric) or None
    columns = (
        Column("Group"),
        Column("n", "number", hint=f"Fewest {words.several(data.unit)} of a {noun}"),
        Column(f"{low} {noun}"),
        Column(f"{low} mean", "number", unit=unit, goal=metric.goal),
        Column("Low", "number", unit=unit,
               hint=f"{percent} interval of the {low.lower()} true mean, whichever {noun} it is"),
        Column("High", "number", unit=unit,
               hint=f"{percent} interval of the {low.lower()} true mean, whichever {noun} it is"),
        Column(f"{high} {noun}"),
        Column(f"{high} mean", "number", unit=unit, goal=metric.goal),
        Column("Gap", "number", unit=of_gap, hint=f"{high} minus {low.lower()} mean"),
        Column("Gap low", "number", unit=of_gap, hint=f"{percent} interval of the true gap"),
        Column("Gap high", "number", unit=of_gap, hint=f"{percent} interval of the true gap"),
    )  # fmt: skip
    digits = Digits.of(fit.mean for row in found.rows for fit in row.fits)
    rows = tuple(_standing_row(data, own, digits) for own in data.standings[:ROWS])
    note = (
        "Both intervals allow for having looked for the extreme: the gap between means is larger "
        "than the true gap on average."
    )
    return Table(columns, rows, f"{charting.fit(metric.title)}: best and worst {noun} by group",
                 (note,), export="segment-gaps")  # fmt: skip


def _standing_row(data: SegmentsData, own: Standing, digits: Digits) -> Row:
    found, row = data.slices, own.row
    marks: frozenset[CellMark] = frozenset({"baseline"} if row.is_baseline else ())
    name = Cell((charting.fit(row.label) + (" (baseline)" if row.is_baseline else ""),), row.label)
    if own.worst is None or own.best is None:
        sizes = [fit.sample.values.size for fit in row.fits if fit.sample.values.size]
        empty = (charting.cell(float(min(sizes, default=0))), *(charting.cell(None),) * 9)
        return Row((name, *empty), group_id=row.group_id, marks=marks)
    worst, best = (row.fits[place].mean for place in (own.worst, own.best))
    line = (
        name,
        charting.cell(float(fewest(own))),
        charting.cell(found.segments[own.worst]),
        charting.cell(worst, digits.text(worst)),
        *_ends(own.level_of_worst),
        charting.cell(found.segments[own.best]),
        charting.cell(best, digits.text(best)),
        charting.cell(own.gap, digits.text(own.gap)),
        *_ends(own.gap_interval),
    )
    return Row(line, group_id=row.group_id, marks=marks)


def _ends(interval: Interval | None) -> tuple[Cell, Cell]:
    if interval is None:
        return charting.cell(None), charting.cell(None)
    low, high = words.both_ends(interval)
    return charting.cell(interval.low, low), charting.cell(interval.high, high)


def comparisons(data: SegmentsData) -> Table:
    """Every candidate on every segment, the largest losses first."""
    found, metric = data.slices, data.slices.metric
    unit = unit_of_difference(metric) or None
    every = [(own, pair) for own in data.against for pair in own.pairs]
    first = next((p.result for _, p in every if p.result.adjusted is not None), None)
    level = words.percent(1 - data.rules.alpha)
    wide = "adjusted " if is_adjusted(data) else ""
    columns = (
        Column("Group"),
        Column(charting.capital(found.noun)),
        Column("Verdict", hint="By the interval against the margin, or against 0"),
        Column("Difference", "number", unit=unit, goal=metric.goal, hint="Group minus baseline"),
        Column("Low", "number", unit=unit, hint=f"Lower end of the {wide}{level} interval"),
        Column("High", "number", unit=unit, hint=f"Upper end of the {wide}{level} interval"),
        Column("Adjusted p" if is_adjusted(data) else "p", "number"),
        Column("n", hint=f"Values that entered, by {data.unit}"),
        Column("Mean", "number", unit=metric.unit or None),
        Column("Baseline", "number", unit=metric.unit or None),
    )
    digits = Digits.of(mean for _, pair in every for mean in pair.result.means)
    rows = []
    for own, pair in sorted(every, key=lambda entry: _loss(entry[1].result))[:ROWS]:
        result = pair.result
        word, marks = label(result), LABELS[result.verdict][1]
        spread = None if result.adjusted is None else result.adjusted.width
        line = (
            Cell((charting.fit(own.row.label),), own.row.label),
            charting.cell(found.segments[pair.segment]),
            Cell((word,), word, marks),
            cells.change(result.difference, spread),
            *cells.ends(result.adjusted),
            cells.p_value(result.p_adjusted),
            cells.sizes(result),
            charting.cell(result.means[1], digits.text(result.means[1])),
            charting.cell(result.means[0], digits.text(result.means[0])),
        )
        rows.append(Row(line, group_id=own.row.group_id))
    note = [] if first is None else [f"Low and high are ends of the {wide}{level} interval."]
    if len(every) > ROWS:
        note.append(f"The first {ROWS} of {formats.number(len(every))} are listed.")
    title = f"{charting.fit(metric.title)}: differences from the baseline by {found.noun}"
    return Table(columns, tuple(rows), title, (" ".join(note),) if note else (),
                 export="segment-differences")  # fmt: skip


def _loss(result: Any) -> tuple[bool, float]:
    size = result.improvement if result.improvement is not None else result.difference
    return (size is None, size or 0.0)
