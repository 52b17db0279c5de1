"""What the design could have shown: detectable differences, and how many more replicates it takes.

For every comparison of the report: the smallest true difference that so many replicates find with
80 % power after correction, in the metric's unit and in standard deviations, the smallest p that an
exact test can reach, and what the margin or the difference seen would need.

    - power: {metrics: [val_accuracy]}
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from runreport import formats
from runreport.blocks import (
    Block,
    Bullets,
    Cell,
    Code,
    Column,
    Fold,
    Headline,
    Note,
    Row,
    Table,
    Text,
    Words,
)
from runreport.design import MetricName
from runreport.kinds import Context, Section
from runreport.sections import cells, charting
from runreport.sections.aligning import unit_of_difference
from runreport.sections.comparing import compare
from runreport.sections.outlook import Outlook, Prospect, prospect
from runreport.sections.powercurve import curve
from runreport.sections.powerwords import at_looks, each_of, lead, limits
from runreport.stats import power, words


@dataclass(frozen=True, slots=True)
class Options:
    """What the author may write."""

    metrics: tuple[MetricName, ...] = ()
    """Which ones; every declared metric when empty."""
    limit: int = 200
    """With more comparisons than this the first ones are listed."""


@dataclass(frozen=True, eq=False)
class PowerData:
    """What could have been found on each metric."""

    prospects: tuple[Prospect, ...]


def compute(context: Context, options: Options) -> PowerData:
    """The outlook of every comparison of the metrics shown."""
    design, subject = context.design, context.subject_group
    metrics = [design.metric(name) for name in options.metrics] or list(design.metrics)
    found = []
    for answer in compare(context, metrics):
        shown = tuple(
            item
            for item in answer.comparisons
            if subject is None or subject.id in (item.candidate.id, item.baseline.id)
        )
        found.append(prospect(answer, shown, design))
    return PowerData(tuple(found))


def present(data: PowerData, options: Options) -> tuple[Block, ...]:
    """For each metric the verdict, the chart, the table; then how it was computed."""
    if not data.prospects:
        why = "The report declares no metric and this section names none."
        return (Note("info", "No power to speak of", (Text((why,)),)),)
    blocks: list[Block] = []
    for number, found in enumerate(data.prospects):
        if len(data.prospects) > 1:
            blocks.append(Headline(charting.fit(found.answer.metric.title), 3))
        blocks += _one(found, options, number)
    blocks.append(_workings(data.prospects))
    return tuple(blocks)


def _one(found: Prospect, options: Options, number: int) -> list[Block]:
    name = charting.fit(found.answer.metric.title)
    if not found.outlooks:
        why = f"No two groups have values of {name}, so nothing is compared."
        return [Note("info", f"No power to speak of on {name}", (Text((why,)),))]
    blocks: list[Block] = [Text((lead(found),), "lead")]
    if said := " ".join((*limits(found), *at_looks(found))):
        blocks.append(Text((said,)))
    if found.able:
        blocks.append(Text(NOT_SAID, "small"))
    chart = curve(found)
    if chart is not None:
        blocks.append(chart)
    if found.able or any(item.smallest is not None for item in found.outlooks):
        blocks.append(_table(found, options.limit, number))
    return blocks


NOT_SAID: Words = (
    "This is about the design, not about what was found: a difference that could not have been "
    "detected may well be there, and one as large as the one seen is often a lucky draw. Verdicts "
    "are in ",
    Code("significance"),
    ".",
)

# ---- tables --------------------------------------------------------------------------------------


def _table(found: Prospect, limit: int, number: int) -> Table:
    answer = found.answer
    unit = unit_of_difference(answer.metric) or None
    of = "of the differences" if found.paired else "pooled over both groups"
    columns = (
        Column("Group"),
        Column("Against", hidden=answer.kind == "baseline"),
        Column("n", hint=f"By {answer.unit_of_replication}"),
        Column("SD", "number", unit=unit, hint=f"Standard deviation {of}"),
        Column("Detectable", "number", unit=unit, hint="Found with 80 % power, corrected"),
        Column("In SD", "number", hint="The same in standard deviations"),
        Column("Uncorrected", "number", unit=unit, hint="Detectable were it the only comparison"),
        Column("Seen", "number", unit=unit, hint="The difference that was seen"),
        Column("More for seen", "number", hint="More replicates that find one as large as seen"),
        Column("Power at margin", "number", unit="%", hint="To find one as large as the margin"),
        Column("More for margin", "number", hint="More replicates that find the margin"),
        Column("Smallest p", "number", hint="That an exact test can reach with these n"),
    )
    shown = found.outlooks[: max(1, limit)]
    note = []
    if len(shown) < len(found.outlooks):
        rest = formats.count(len(found.outlooks) - len(shown), "comparison")
        note.append(f"The first {len(shown)} are listed, {rest} further down are not.")
    if found.able and any(item.for_seen or item.for_margin for item in found.outlooks):
        note.append(f"More: {each_of(found)} beyond those there are; 0 is enough.")
    rows = [_cells(item) for item in shown]
    # what no comparison has is no column
    kept = [
        place
        for place, column in enumerate(columns)
        if column.kind == "text" or any(row[place].value is not None for row in rows)
    ]
    return Table(
        tuple(columns[place] for place in kept),
        tuple(
            Row(tuple(row[place] for place in kept), group_id=item.comparison.candidate.id)
            for row, item in zip(rows, shown, strict=True)
        ),
        f"What comparisons on {charting.fit(answer.metric.title)} could find",
        note=(" ".join(note),) if note else (),
        export=f"power-{number + 1}",
    )


def _cells(item: Outlook) -> tuple[Cell, ...]:
    comparison, result = item.comparison, item.comparison.result
    chance = None if item.chance is None else item.chance * 100
    return (
        Cell((charting.fit(comparison.candidate.label),), comparison.candidate.label),
        Cell((charting.fit(comparison.baseline.label),), comparison.baseline.label),
        cells.sizes(result),
        *(_size(value) for value in (item.deviation, item.detectable)),
        charting.cell(item.detectable_sd, _fixed(item.detectable_sd, 2)),
        _size(item.alone),
        cells.change(result.difference, None),
        _more(item, item.for_seen),
        charting.cell(chance, _fixed(chance, 0)),
        _more(item, item.for_margin),
        _size(item.smallest),
    )


def _size(value: float | None) -> Cell:
    return charting.cell(value, None if value is None else words.short(value, 3))


def _fixed(value: float | None, decimals: int) -> str | None:
    return None if value is None else formats.fixed(value, decimals)


def _more(item: Outlook, wanted: int | None) -> Cell:
    return charting.cell(None if wanted is None else float(max(0, wanted - item.n)))


def _workings(prospects: Sequence[Prospect]) -> Fold:
    items: list[Words] = [
        (
            "Power is that of a two-sided t-test, 80 %. Where ranks, sign patterns or signed ranks "
            "decide it is nearly the same from about 10 pairs on; with so few that no outcome goes "
            "below the level it is none, and where only equal signs of all pairs do it is their "
            "probability for normal differences.",
        ),
        (
            "The corrected level is what the smallest p of the family must reach: alpha over the "
            "number of comparisons for Bonferroni and Holm; later steps of Holm are easier.",
        ),
        (
            "Standard deviations are those of these runs, which few runs know only roughly: with 5 "
            "the true one may be 0.6 to 2.9 times as large (95 %).",
        ),
        (
            "The smallest p is 2 / 2^n for n pairs, and 2 over the number of splits of the runs "
            "for two groups.",
        ),
    ]
    if any(not found.planned and found.able for found in prospects):
        items.append(
            ("Folds share training data and items are fixed by the test set: their number is not "
             "what more work would raise; how many more items would do says how large a test set "
             "it takes.",)
        )  # fmt: skip
    items.append(
        ("Source: Cohen (1988), Statistical Power Analysis for the Behavioral Sciences; Colas et "
         "al. (2018), How Many Random Seeds?, arXiv:1806.08295.",)
    )  # fmt: skip
    return Fold("How this was computed", (Bullets(tuple(items)),))


# ---- data ----------------------------------------------------------------------------------------


def record(data: PowerData) -> dict[str, Any]:
    """What every comparison could have found, as data."""
    return {"metrics": [_metric(found) for found in data.prospects]}


def _metric(found: Prospect) -> dict[str, Any]:
    metric = found.answer.metric
    return {
        "metric": metric.name,
        "unit_of_difference": unit_of_difference(metric),
        "unit_of_replication": found.answer.unit_of_replication,
        "words": lead(found) if found.outlooks else "",
        "alpha": found.alpha,
        "corrected_level": found.level,
        "power": power.POWER,
        "margin": found.margin,
        "comparisons": [_comparison(item) for item in found.outlooks],
    }


def _comparison(item: Outlook) -> dict[str, Any]:
    return {
        "candidate": item.comparison.candidate.label,
        "baseline": item.comparison.baseline.label,
        "n": list(item.comparison.result.n),
        "standard_deviation": item.deviation,
        "detectable": item.detectable,
        "detectable_sd": item.detectable_sd,
        "detectable_uncorrected": item.alone,
        "smallest_exact_p": item.smallest,
        "power_at_margin": item.chance,
        "needed_for_margin": item.for_margin,
        "needed_for_difference_seen": item.for_seen,
    }


SECTION = Section(
    name="power",
    options=Options,
    compute=compute,
    present=present,
    title="Power",
    record=record,
    short="metrics",
)
