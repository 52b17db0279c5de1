"""What the design could have shown: detectable differences, and how many more replicates it takes.

For every comparison of the report: the smallest true difference that so many replicates find with
80 % power after correction, in the metric's unit and in standard deviations, the smallest p that an
exact test can reach, and what the margin or the difference seen would need.

    - power: {metrics: [val_accuracy]}
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
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
from runreport.sections import charting
from runreport.sections.aligning import unit_of_difference
from runreport.sections.comparing import compare
from runreport.sections.outlook import Outlook, Prospect, detectable_with, fewest, prospect
from runreport.sections.powercurve import curve
from runreport.sections.powerwords import lead, limits
from runreport.sections.verdicts import plain
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
    blocks: list[Block] = [Text(_lead(found), "lead")]
    if said := " ".join((*limits(found), *_at_looks(found))):
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

# ---- sentences -----------------------------------------------------------------------------------

STEPS = (3, 5, 10)
"""How many replicates are spoken of where there are too few."""


def _lead(found: Prospect) -> Words:
    """What these comparisons could have found at all, also where no test can reject."""
    if found.able and found.able[0].comparison.result.kind == "items":
        return (_items(found),)
    if found.able or not found.planned:
        return lead(found)
    name = charting.fit(found.answer.metric.title)
    return (f"{_unable(found, name)} {_with_more(found)}",)


def _items(found: Prospect) -> str:
    """Error and number of items say what they can find, no standard deviation does."""
    able, unit = found.able, unit_of_difference(found.answer.metric)
    each = words.several(found.answer.unit_of_replication)
    sizes = sorted(item.detectable or 0.0 for item in able)
    size = words.with_unit(_range([words.short(value, 2) for value in sizes]), unit)
    result = able[0].comparison.result
    comparisons = "this comparison" if len(able) == 1 else f"each of {len(able)} comparisons"
    number = _range([formats.number(item.n) for item in sorted(able, key=lambda item: item.n)])
    corrected = ""
    if result.correction != "none" and result.family > 1:
        name = words.corrected(result.correction)
        corrected = f" after {name}'s correction{words.over(result.family)}"
    said = (
        f"With {number} {each}, {comparisons} on {charting.fit(found.answer.metric.title)} could "
        f"find a true difference of about {size} or more (80 % power at alpha "
        f"{words.short(found.alpha)}{corrected})."
    )
    if found.margin is not None:
        margin = words.amount(found.margin, unit)
        more = [item.for_margin - item.n for item in able if item.for_margin is not None]
        said += f" A difference as large as the margin of {margin} " + (
            f"may be missed; about {_range([formats.number(k) for k in sorted(more) if k > 0])} "
            f"more {each} would do."
            if max(more, default=0) > 0
            else "would have been found."
        )
    if len(able) == 1 and result.needed is not None and result.needed > able[0].n:
        question = "which side of the margin it is on" if result.margin else "whether there is one"
        k = formats.number(result.needed - able[0].n)
        said += f" If the difference is as it looks, about {k} more {each} settle {question}."
    return said


def _range(said: Sequence[str]) -> str:
    return said[0] if said[0] == said[-1] else f"{said[0]} to {said[-1]}"


def _unable(found: Prospect, name: str) -> str:
    """Why nothing can be found."""
    unit = found.answer.unit_of_replication
    least = min(item.n for item in found.outlooks)
    if any(item.powerless for item in found.outlooks):
        return (
            f"With {_counted(found, least)}, nothing can be found on {name}, whatever the "
            f"difference: the {found.outlooks[0].comparison.result.test} cannot go below "
            f"{words.short(found.level)}, so its power is 0."
        )
    if found.outlooks[0].comparison.result.kind != "datasets" and least in (1, 2):
        several = "One run" if least == 1 else f"Two {words.several(unit)}"
        return f"{several} per group cannot show any difference on {name}."
    why = found.outlooks[0].comparison.result.why.split("; ")[0].split(". ")[0].rstrip(".")
    return f"No test is made on {name}, so it has no power: {why[:1].lower()}{why[1:]}."


def _with_more(found: Prospect) -> str:
    """What more replicates would find, from the number on with which anything can be."""
    first = fewest(found, found.alpha, STEPS[0])
    steps = STEPS if first == STEPS[0] else (first, *[n for n in (10, 20, 40) if n > first][:2])
    sizes = [detectable_with(n, found.alpha, paired=found.paired, rule=found.rule) for n in steps]
    of = " of the differences" if found.paired else ""
    rest = ", ".join(
        f"with {n} of {size:.2f}" for n, size in zip(steps[1:], sizes[1:], strict=True)
    )
    return (
        f"With {_counted(found, steps[0])} you would detect differences of about {sizes[0]:.2f} "
        f"standard deviations{of}, {rest} (80 % power at alpha {words.short(found.alpha)}, for one "
        "comparison)."
    )


def _more_of(found: Prospect) -> str:
    unit = words.several(found.answer.unit_of_replication)
    if not found.paired:
        return f"{unit} per group"
    return unit if _is_by_itself(found) else f"pairs of {unit}"


def _is_by_itself(found: Prospect) -> bool:
    """Whether a replicate is a pair already, as a data set or an item is."""
    return any(item.comparison.result.kind in ("datasets", "items") for item in found.outlooks)


def _counted(found: Prospect, n: int) -> str:
    unit = found.answer.unit_of_replication
    if not found.paired:
        return f"{words.plural(unit, n)} each"
    return words.plural(unit, n) if _is_by_itself(found) else words.plural("pair", n)


def _at_looks(found: Prospect) -> Iterator[str]:
    results = [item.comparison.result for item in found.able if item.comparison.result.look > 1]
    if any(result.anytime for result in results):
        yield (
            "These figures are for one planned look; intervals that hold at every look are wider, "
            "so that they find less."
        )
    elif results:
        yield "These figures are for one planned look; nothing here holds at every look."


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
        note.append(f"More: {_more_of(found)} beyond those there are; 0 is enough.")
    rows = [_cells(item) for item in shown]
    # what no comparison has is no column
    kept = [
        place
        for place, column in enumerate(columns)
        if column.kind == "text" or any(cells[place].value is not None for cells in rows)
    ]
    return Table(
        tuple(columns[place] for place in kept),
        tuple(
            Row(tuple(cells[place] for place in kept), group_id=item.comparison.candidate.id)
            for cells, item in zip(rows, shown, strict=True)
        ),
        f"What comparisons on {charting.fit(answer.metric.title)} could find",
        note=(" ".join(note),) if note else (),
        export=f"power-{number + 1}",
    )


def _cells(item: Outlook) -> tuple[Cell, ...]:
    comparison, result = item.comparison, item.comparison.result
    sizes = f"{result.n[1]}" if result.n[0] == result.n[1] else f"{result.n[1]} and {result.n[0]}"
    chance = None if item.chance is None else item.chance * 100
    seen = None if result.difference is None else words.change(result.difference, "")
    return (
        Cell((charting.fit(comparison.candidate.label),), comparison.candidate.label),
        Cell((charting.fit(comparison.baseline.label),), comparison.baseline.label),
        Cell((sizes,), sizes),
        *(_size(value) for value in (item.deviation, item.detectable)),
        charting.cell(item.detectable_sd, _fixed(item.detectable_sd, 2)),
        _size(item.alone),
        charting.cell(result.difference, seen),
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
        "words": plain(_lead(found)) if found.outlooks else "",
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
