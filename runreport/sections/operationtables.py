"""Tables of `operations`: means by group, sums by what became of runs, ratios to the baseline."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from runreport import formats
from runreport.blocks import Cell, Column, Row, Table
from runreport.blocks import Mark as CellMark
from runreport.samples import Sample
from runreport.sections import cells, charting
from runreport.sections.digits import Digits
from runreport.sections.efficiency import Efficiency, Ratio
from runreport.sections.operating import OperationsData
from runreport.sections.totals import OUTCOMES, Outcome, Part
from runreport.sections.verdicts import LABELS, label
from runreport.stats import words

ROWS = 300
"""Groups of one table."""

CALLED: Mapping[Outcome, str] = MappingProxyType(
    {
        "finished": "Finished",
        "diverged": "Finished, diverged",
        "failed": "Failed or killed",
        "running": "Still running",
        "left out": "Left out by the selection",
        "left out failed": "Left out, failed or killed",
    }
)
"""Outcomes as a table has them."""


# ---- means ---------------------------------------------------------------------------------------


def by_group(data: OperationsData) -> Table:
    """Mean, half width of its interval and count of every measure, one row per group."""
    metrics = [measure.metric for measure in data.found.shown]
    samples = list(data.samples)
    if data.quality is not None:
        metrics, samples = [data.quality, *metrics], [data.quality_samples, *samples]
    half = f"Half width of the {charting.level_words(data.level)} of the mean"
    columns = [Column("Group")]
    for metric in metrics:
        name, unit = charting.fit(metric.title, 40), metric.unit
        title = f"mean, {unit}" if unit else "mean"
        columns += [
            Column(title, "number", goal=metric.goal, family=name, hint="Mean of finished runs"),
            Column("±", "number", family=name, hint=half),
            Column("n", "number", family=name, hidden=True, hint="Finished runs with a value"),
        ]
    digits = [
        Digits.of(value for sample in own for value in sample.values.tolist()) for own in samples
    ]
    rows = []
    for place, group in enumerate(data.groups[:ROWS]):
        marks: frozenset[CellMark] = frozenset({"baseline"} if group.is_baseline else ())
        line = [Cell((charting.group_name(group),), group.label)]
        for own, one in zip(samples, digits, strict=True):
            line += _mean_cells(own[place], one, data.level)
        rows.append(Row(tuple(line), group_id=group.id, marks=marks))
    note = [
        f"Means of finished {words.several(data.replicates)}; failed runs are in the sums alone."
    ]
    if all(sample.values.size < 2 for own in samples for sample in own):
        note.append(" One run per group has no interval.")
    return Table(tuple(columns), tuple(rows), "What runs took, by group", tuple(note),
                 export="operations")  # fmt: skip


def _mean_cells(own: Sample, digits: Digits, level: float) -> list[Cell]:
    values = own.values[charting.usable(own.values)]
    if not values.size:
        return [charting.cell(None), charting.cell(None), charting.cell(0.0)]
    mean, interval = float(values.mean()), charting.t_interval(values, level)
    half = None if interval is None else (interval[1] - interval[0]) / 2
    return [
        charting.cell(mean, digits.text(mean)),
        charting.cell(half, digits.text(half) if half is not None else None),
        charting.cell(float(values.size)),
    ]


# ---- sums ----------------------------------------------------------------------------------------


def by_outcome(data: OperationsData) -> Table:
    """Sums by what became of the runs."""
    columns = [Column("Runs that"), Column("Runs", "number")]
    for spent in data.spent:
        columns.append(
            Column(
                spent.measure.heading, "number",
                unit=spent.measure.metric.unit or None, family=spent.measure.title,
            )
        )  # fmt: skip
        columns.append(Column("Share", "number", unit="%", family=spent.measure.title))
        columns.append(
            Column("No value", "number", hint="Runs without a value: the sum is higher",
                   family=spent.measure.title, hidden=not spent.unknown)
        )  # fmt: skip
    rows = []
    for name in OUTCOMES:
        parts = [spent.by_outcome[name] for spent in data.spent]
        if any(part.runs for part in parts):
            rows.append(_outcome_row(CALLED[name], parts, data, frozenset()))
    every = [Part(spent.total, spent.runs, spent.unknown, ()) for spent in data.spent]
    rows.append(_outcome_row("All", every, data, frozenset({"baseline"})))
    return Table(tuple(columns), tuple(rows), "What the whole study took",
                 note=tuple(_sum_notes(data)), export="operations-totals")  # fmt: skip


def _outcome_row(
    name: str, parts: list[Part], data: OperationsData, marks: frozenset[CellMark]
) -> Row:
    line = [Cell((name,), name), charting.cell(float(max(part.runs for part in parts)))]
    for part, spent in zip(parts, data.spent, strict=True):
        digits = Digits.of(own.total for own in spent.by_outcome.values())
        share = 100 * part.total / spent.total if spent.total > 0 else None
        known = part.runs > part.unknown
        line.append(charting.cell(part.total, digits.text(part.total)) if known else
                    charting.cell(None))  # fmt: skip
        line.append(charting.cell(share, None if share is None else formats.fixed(share, 1))
                    if known else charting.cell(None))  # fmt: skip
        line.append(charting.cell(float(part.unknown)))
    return Row(tuple(line), marks=marks)


def _sum_notes(data: OperationsData) -> Iterator[str]:
    if parents := max((spent.parents for spent in data.spent), default=0):
        was = "run is" if parents == 1 else "runs are"
        yield f"{parents} parent {was} not counted, as their time is that of their children. "
    if any(spent.unknown for spent in data.spent):
        yield "Runs without a value are not counted as 0: those sums are lower bounds."


# ---- ratios --------------------------------------------------------------------------------------


def against_baseline(data: OperationsData) -> Table:
    """Ratios of cost and of quality per cost, with what the quality does."""
    found = data.efficiency
    if found is None:
        raise ValueError("nothing is compared")
    cost = found.cost.heading
    level = words.percent(1 - data_alpha(found))
    wide = "adjusted " if found.family > 1 else ""
    hint = f"{wide}{level} interval of the ratio of geometric means"
    columns = [
        Column("Group"),
        Column("n", hint=f"Values that entered, by {found.unit}"),
        Column("Ratio", "number", goal="minimize", family=cost, hint="1 is the baseline"),
        Column("Low", "number", family=cost, hint=hint),
        Column("High", "number", family=cost, hint=hint),
        Column("Verdict", family=cost),
    ]
    quality = charting.fit(data.quality.title, 30) if data.quality is not None else ""
    if data.differences:
        columns += [
            Column("Difference", "number", family=quality, hint="Group minus baseline"),
            Column("Verdict", family=quality),
        ]
    per = f"{quality} per {found.cost.title}"
    if found.yields:
        columns += [
            Column("Ratio", "number", goal="maximize", family=per, hint="1 is the baseline"),
            Column("Low", "number", family=per, hint=hint),
            Column("High", "number", family=per, hint=hint),
            Column("Verdict", family=per),
        ]
    rows = []
    for place, own in enumerate(found.costs[:ROWS]):
        line = [
            Cell((charting.fit(own.candidate.label),), own.candidate.label),
            cells.sizes(own.result),
            *_ratio_cells(own),
        ]
        if data.differences:
            line += _difference_cells(data, own)
        if found.yields:
            line += _ratio_cells(found.yields[place])
        rows.append(Row(tuple(line), group_id=own.candidate.id))
    note = [f"{found.why} "] if found.why else []
    if found.family:
        note.append("Ratios are of geometric means.")
    if found.family > 1:
        corrected = data_correction(found)
        note.append(f" {found.family} comparisons are corrected together{corrected}.")
    title = f"Against {charting.fit(found.baseline.label)}: how many times its {found.cost.title}"
    return Table(tuple(columns), tuple(rows), title, ("".join(note),), export="operations-ratios")


def data_alpha(found: Efficiency) -> float:
    """The declared alpha."""
    return found.costs[0].result.alpha


def data_correction(found: Efficiency) -> str:
    """` after Holm`."""
    correction = found.costs[0].result.correction
    return "" if correction == "none" else f" after {words.corrected(correction)}"


def _ratio_cells(own: Ratio) -> list[Cell]:
    verdict, marks = label(own.result), LABELS[own.result.verdict][1]
    low, high = (None, None) if own.interval is None else (own.interval.low, own.interval.high)
    return [
        *(
            charting.cell(value, None if value is None else ratio_text(value, own))
            for value in (own.value, low, high)
        ),
        Cell((verdict,), verdict, marks),
    ]


def _difference_cells(data: OperationsData, own: Ratio) -> list[Cell]:
    item = next((i for i in data.differences if i.candidate.id == own.candidate.id), None)
    if item is None:
        return [charting.cell(None), charting.cell(None)]
    result = item.result
    spread = None if result.adjusted is None else result.adjusted.width
    verdict, marks = label(result), LABELS[result.verdict][1]
    return [cells.change(result.difference, spread), Cell((verdict,), verdict, marks)]


def ratio_text(value: float, own: Ratio) -> str:
    """`1.52`, with the decimals that fit the width of its interval."""
    width = None if own.interval is None else own.interval.high - own.interval.low
    if width is None or not 1e-6 < width < 1e6:
        return charting.short(value)
    return formats.fixed(value, formats.decimals_for(0.75 * width))
