"""One metric by class, slice or data set: where a group is weakest, and where it fell behind.

Segments are metrics of one form (`metrics: "val/f1/*"`), or runs that differ in one column (`by`).
A map shows every group on every segment, a second one the difference to the baseline with what
holds after correction over all of them. Intervals of the worst segment, of the gap between best
and worst, and of the worst difference allow for having looked for it.

    - segments: {metric: val_accuracy, by: params.learning_rate}
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal

from runreport import formats
from runreport.blocks import Block, Bullets, Code, Fold, Note, Text, Words
from runreport.design import Margin, MetricName
from runreport.kinds import Context, Section
from runreport.sections import charting, segmented, segmentmaps, segmenttables, segmentwords, slices
from runreport.sections.segmented import SegmentsData
from runreport.sections.slices import Slices
from runreport.sections.statements import findings
from runreport.sections.verdicts import plain
from runreport.sections.workings import caution_note, left_out
from runreport.spec.expressions import Expression
from runreport.spec.limits import MARGIN, AtLeast
from runreport.stats.plan import Rules

SAID = 8
"""Candidates whose worst difference is written openly; the rest is folded."""

CAUTIONS = 4
"""Cautions listed openly; the rest are folded."""


@dataclass(frozen=True, slots=True)
class Options:
    """What the author may write."""

    metrics: str = ""
    """Metrics of one form, `*` for the segment: `val/f1/*`; `segments: val/f1/*` is enough."""
    metric: MetricName | None = None
    """With `by`: the metric; the first primary one when not given."""
    by: Expression | None = None
    """The column that tells segments apart: `params.dataset`; `groups.across` when not given."""
    goal: Literal["maximize", "minimize"] | None = None
    """Which way is better, where the metrics are not declared."""
    margin: Annotated[Margin, MARGIN] | None = None
    """How much worse a segment may be; the metric's own margin when not given."""
    limit: Annotated[int, AtLeast(1)] = 40
    """With more groups or segments than this the first ones are drawn; tables hold all."""


# ---- numbers -------------------------------------------------------------------------------------


def compute(context: Context, options: Options) -> SegmentsData | Words:
    """Means by segment, and comparisons on each; or why there are none."""
    asked = slices.Asked(options.metrics, options.metric, options.by, options.goal, options.margin)
    found = slices.cut(context, asked)
    if not isinstance(found, Slices):
        return found
    if not any(fit.sample.values.size for row in found.rows for fit in row.fits):
        name = charting.fit(found.metric.title)
        return (f"No finished run has a value of {name} on any segment.",)
    design = found.design
    rules = Rules(design.alpha, design.level, design.correction, look=design.look or 1)
    against, family, unit = segmented.against_baseline(found, rules)
    return SegmentsData(
        slices=found,
        standings=tuple(segmented.standing_of(row, found, design.level) for row in found.rows),
        against=against,
        family=family,
        rules=rules,
        unit=unit,
        cautions=segmented.cautions(found, against),
        dropped=tuple(
            dict.fromkeys(
                gone for row in found.rows for fit in row.fits for gone in fit.sample.dropped
            )
        ),
    )


# ---- blocks --------------------------------------------------------------------------------------


def present(data: SegmentsData | Words, options: Options) -> tuple[Block, ...]:
    """Where the baseline's rivals fell behind, then both maps, tables, and how."""
    if not isinstance(data, SegmentsData):
        return (Note("info", "No segments", (Text(data),)),)
    blocks: list[Block] = [*_lead(data)]
    if data.cautions:
        told = [(finding.words, finding.code) for finding in data.cautions]
        blocks.append(caution_note(told, CAUTIONS))
    for said in data.slices.remarks:
        blocks.append(Text(said, "small"))
    blocks.append(segmentmaps.values(data.slices, options.limit))
    if len(data.slices.segments) > 1:
        blocks.append(segmenttables.standings(data))
    if data.against:
        blocks.append(segmentmaps.differences(data.slices, data.against, options.limit))
        blocks.append(segmenttables.comparisons(data))
    blocks += _workings(data)
    return tuple(blocks)


def _lead(data: SegmentsData) -> list[Block]:
    blocks: list[Block] = []
    if data.slices.metric.goal is None:
        name = charting.fit(data.slices.metric.title)
        why = f"No goal is declared for {name}, so no segment is called worst. Write "
        blocks.append(Text((why, Code("goal: maximize"), " or ", Code("minimize"), " here.")))
    said = [segmentwords.worst_difference(data, own) for own in segmentwords.in_order(data.against)]
    if said:
        blocks.append(Text(said[0], "lead"))
        blocks.append(Text((f"{segmentwords.scope(data)} {segmentwords.power(data)}",), "small"))
        if 1 < len(said) <= SAID:
            blocks.append(Bullets(tuple(said[1:])))
        elif len(said) > SAID:
            title = f"The other {formats.count(len(said) - 1, 'group')} in words"
            blocks.append(Fold(title, (Bullets(tuple(said[1:])),)))
    elif data.slices.metric.goal is not None:
        blocks.append(Text(segmentwords.weakest(data), "lead"))
        if data.slices.baseline is None:
            why = "No baseline is declared, so no segment is compared between groups."
            blocks.append(Text((why,), "small"))
    return blocks


def _workings(data: SegmentsData) -> list[Block]:
    body: list[Block] = [Bullets(tuple((said,) for said in segmentwords.method(data)))]
    body += left_out(data.dropped, "run")
    return [Fold("How this was computed", tuple(body))]


def record(data: SegmentsData | Words) -> dict[str, Any]:
    """Means, gaps and worst differences, so that a gate can ask for `no segment worse by more`."""
    if not isinstance(data, SegmentsData):
        return {"why": plain(data)}
    own = data.slices
    return {
        "metric": own.metric.name,
        "title": own.metric.title,
        "goal": own.metric.goal,
        "unit": own.metric.unit,
        "segments": list(own.segments),
        "unit_of_replication": data.unit,
        "family": data.family,
        "correction": data.rules.correction,
        "groups": [segmentwords.standing_facts(data, item) for item in data.standings],
        "worst_differences": [segmentwords.worst_facts(data, item) for item in data.against],
        "comparisons": [
            segmentwords.comparison_facts(data, item, pair)
            for item in data.against
            for pair in item.pairs
        ],
        "findings": findings(data.cautions),
    }


SECTION = Section(
    name="segments",
    options=Options,
    compute=compute,
    present=present,
    title="Segments",
    record=record,
    short="metrics",
)
