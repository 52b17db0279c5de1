"""What running took beside what it gave: time, memory, throughput, energy and cost, with totals.

Durations come with the runs; other measures are metrics declared `role: operational`, or named so
that it is plain, which is then said. Totals count failed runs and those that the selection left
out. Against the baseline: how many times its cost, and how much quality per cost.

    - operations: {price: {per_hour: 2.5, unit: EUR}}
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from runreport.blocks import Block, Bullets, Code, Fold, Note, Text, Words
from runreport.design import Design, Metric, MetricName, ParamName
from runreport.kinds import Context, Needs, Section
from runreport.samples import sample
from runreport.sections import (
    charting,
    comparing,
    efficiency,
    measures,
    operationcharts,
    operationtables,
    operationwords,
    totals,
)
from runreport.sections.measures import Measure, Measures
from runreport.sections.operating import OperationsData
from runreport.spec.limits import AtLeast

SAID = 6
"""Candidates in words; the table has all."""


@dataclass(frozen=True, slots=True)
class Price:
    """What an hour costs."""

    per_hour: Annotated[float, AtLeast(0)]
    """Of a run; of one device where `devices` is given."""
    unit: str = ""
    """The currency, as it is written: EUR."""


@dataclass(frozen=True, slots=True)
class Options:
    """What the author may write."""

    metrics: tuple[MetricName, ...] = ()
    """Operational metrics; the declared ones and those guessed from names when empty."""
    quality: MetricName | None = None
    """What runs are good at; the first primary metric when not given."""
    price: Price | None = None
    """Prices time: `{per_hour: 2.5, unit: EUR}`."""
    time: MetricName | None = None
    """The time that is added up and priced; the runs' durations when not given."""
    devices: ParamName | None = None
    """How many devices a run used: hours are then device hours."""
    limit: Annotated[int, AtLeast(1)] = 30
    """With more groups than this the first ones are drawn; tables hold all."""


# ---- numbers -------------------------------------------------------------------------------------


def compute(context: Context, options: Options) -> OperationsData:
    """Samples, sums and ratios."""
    design = context.design
    quality = _quality(design, options)
    price = options.price
    asked = measures.Asked(
        options.metrics,
        options.quality,
        None if price is None else price.per_hour,
        "" if price is None else price.unit.strip(),
        options.devices,
        options.time,
    )
    found = measures.read(context, asked, quality)
    own = () if quality is None else tuple(
        sample(group, quality, context.value_of) for group in context.groups
    )  # fmt: skip
    drawn = tuple(measure.samples(context) for measure in found.shown)
    answer = None if quality is None else comparing.compare(context, (quality,))[0]
    cost = _compared(found)
    return OperationsData(
        groups=context.groups,
        quality=quality,
        quality_samples=own,
        found=found,
        samples=drawn,
        spent=tuple(totals.spent(context, measure, quality) for measure in _summed(found)),
        best=answer.leader.group if answer is not None and answer.leader is not None else None,
        efficiency=None if cost is None else efficiency.against_baseline(context, cost, quality),
        differences=answer.comparisons if answer is not None and answer.kind == "baseline" else (),
        level=design.level,
        replicates=(design.replicates or "run").removeprefix("params."),
        runs=len(context.runs),
        dropped=tuple(
            dict.fromkeys(gone for part in (own, *drawn) for one in part for gone in one.dropped)
        ),
    )


def _quality(design: Design, options: Options) -> Metric | None:
    if options.quality is not None:
        return design.metric(options.quality)
    fit = [metric for metric in design.primary if metric.role == "objective"]
    return fit[0] if fit else None


def _summed(found: Measures) -> list[Measure]:
    """The time that is charged first, then its price, then the rest."""
    first = [measure for measure in (found.charged, found.money) if measure is not None]
    # of several times the others are parts of it, or the same again
    rest = [m for m in found.shown if m.adds_up and m not in first and m.kind != "time"]
    return [*first, *rest]


def _compared(found: Measures) -> Measure | None:
    """What costs are compared by: money, else a declared time, else what is charged."""
    declared = [m for m in found.shown if m.kind == "time" and m.origin in ("declared", "named")]
    return found.money or next(iter(declared), found.charged)


# ---- blocks --------------------------------------------------------------------------------------


def present(data: OperationsData, options: Options) -> tuple[Block, ...]:
    """The sum first, then costs against the baseline, charts, tables, and what was guessed."""
    if not data.groups:
        return (Note("info", "Nothing was run", (Text(("This report has no runs.",)),)),)
    if not data.found.shown:
        why: Words = (
            "Runs have no duration, no metric is declared with ", Code("role: operational"),
            ", and none has the name of one, such as ", Code("train_time"), " or ",
            Code("max_memory"), ".",
        )  # fmt: skip
        return (Note("info", "Nothing is known of what runs took", (Text(why),)),)
    blocks: list[Block] = []
    if data.spent:
        blocks.append(Text(operationwords.whole(data), "lead"))
        blocks.append(operationwords.facts(data))
    if far := operationwords.far_out(data):
        blocks.append(Text(far))
    blocks += _ratios(data)
    blocks += operationcharts.panels(data, options.limit)
    blocks.append(operationtables.by_group(data))
    if data.spent:
        blocks.append(operationcharts.spent(data, options.limit))
        blocks.append(operationtables.by_outcome(data))
    blocks += [Text(said, "small") for said in data.found.remarks]
    if data.found.hidden:
        names = charting.named(data.found.hidden, 8)
        blocks.append(Text((f"Not shown: {names}. ", Code("metrics"), " picks what is."), "small"))
    blocks.append(Fold("How this was computed", operationwords.workings(data)))
    return tuple(blocks)


def _ratios(data: OperationsData) -> list[Block]:
    found = data.efficiency
    if found is None:
        return []
    said: list[Words] = [operationwords.ratio(data, place) for place in range(len(found.costs))]
    blocks: list[Block] = []
    if len(said) <= SAID:
        blocks.append(Bullets(tuple(said)))
    else:
        title = f"{len(said)} groups against the baseline in words"
        blocks.append(Fold(title, (Bullets(tuple(said)),)))
    if found.cautions:
        items: tuple[Words, ...] = tuple((caution,) for caution in found.cautions)
        blocks.append(Note("warning", "Before you rely on this", (Bullets(items),)))
    blocks.append(operationtables.against_baseline(data))
    return blocks


def needs(options: Options, design: Design) -> Needs:
    """Of named metrics that are not declared the points, since memory counts at its peak."""
    declared = {metric.name for metric in design.metrics}
    named = frozenset(name for name in options.metrics if name not in declared)
    return Needs(named, summaries=bool(named))


def record(data: OperationsData) -> dict[str, Any]:
    """Means by group, sums by outcome, and ratios."""
    return operationwords.record(data)


SECTION = Section(
    name="operations",
    options=Options,
    compute=compute,
    present=present,
    needs=needs,
    title="Operations",
    record=record,
    short="metrics",
)
