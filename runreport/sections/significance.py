"""Which groups differ: a verdict in words first, then the workings.

The test follows from the declared design (replicates, pairs, baseline, margins), the correction
covers every declared comparison, and what the runs cannot show is said before any p-value.

    - significance: {metrics: [val_accuracy, train_time]}
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from runreport import formats
from runreport.blocks import Block, Bullets, Fold, Headline, Note, Strong, Text, Words
from runreport.design import MetricName
from runreport.kinds import Context, Section
from runreport.samples import Group
from runreport.sections import charting, statements, workings
from runreport.sections.aligning import unit_of_difference
from runreport.sections.comparing import Answer, Comparison, compare, findings_of
from runreport.sections.forest import forest
from runreport.sections.leads import mean_words
from runreport.sections.omnibus import omnibus_words
from runreport.sections.standings import standings
from runreport.sections.verdicts import (
    headline,
    sensitivity_words,
    sentence,
    tally,
)
from runreport.stats import words
from runreport.stats.findings import Finding
from runreport.stats.result import Kind

SAID = 40
"""Verdicts written as sentences; the table has them all."""

CAUTIONS = 8
"""Cautions listed openly; the rest are folded."""


@dataclass(frozen=True, slots=True)
class Options:
    """What the author may write."""

    metrics: tuple[MetricName, ...] = ()
    """Which ones; every declared metric when empty. Correction covers the declared ones anyway."""
    limit: int = 30
    """With more comparisons than this the first ones are drawn; the table has all."""


@dataclass(frozen=True, eq=False)
class SignificanceData:
    """What is compared on each metric shown."""

    answers: tuple[Answer, ...]
    """Comparisons of a page about one group are that group's alone."""
    subject: Group | None
    """The one group, on a page about one."""
    level: float
    primaries: int
    """Metrics of the confirmatory family."""
    others: int
    """Metrics of the exploratory family."""


def compute(context: Context, options: Options) -> SignificanceData:
    """Every comparison of the metrics shown, best first."""
    design = context.design
    metrics = [design.metric(name) for name in options.metrics] or list(design.metrics)
    answers = [
        replace(answer, comparisons=_shown(context, answer)) for answer in compare(context, metrics)
    ]
    primaries = len(design.primary)
    return SignificanceData(
        tuple(answers),
        context.subject_group,
        design.level,
        primaries,
        len(design.metrics) - primaries,
    )


def _shown(context: Context, answer: Answer) -> tuple[Comparison, ...]:
    """The comparisons in reading order: the largest improvement first, untested ones last."""
    subject = context.subject_group
    chosen = [
        item
        for item in answer.comparisons
        if subject is None or subject.id in (item.candidate.id, item.baseline.id)
    ]
    return tuple(sorted(chosen, key=_order))


def _order(item: Comparison) -> tuple[bool, bool, float]:
    result = item.result
    size = result.improvement if result.improvement is not None else result.difference
    return (size is None, result.adjusted is None, -(size or 0.0))


def present(data: SignificanceData, options: Options) -> tuple[Block, ...]:
    """For each metric: the verdict, what it does not say, cautions, chart, table, and how."""
    if not data.answers:
        why = "The report declares no metric and this section names none."
        return (Note("info", "Nothing to compare", (Text((why,)),)),)
    blocks: list[Block] = []
    for number, answer in enumerate(data.answers):
        if len(data.answers) > 1:
            blocks.append(Headline(_heading(answer), 3))
        blocks += _one(data, answer, options, number)
    return tuple(blocks)


def _heading(answer: Answer) -> str:
    name = charting.fit(answer.metric.title)
    return name if answer.is_primary else f"{name} (exploratory)"


def _one(data: SignificanceData, answer: Answer, options: Options, number: int) -> list[Block]:
    if not answer.comparisons:
        return _uncompared(data, answer)
    found = findings_of(answer, answer.comparisons)
    blocks: list[Block] = [
        # what a test cannot reach stands before any of its numbers
        *(Text((about(f, answer),)) for f in found if f.name == "UNATTAINABLE_ALPHA"),
        *_verdicts(answer),
    ]
    if data.subject is None and (said := omnibus_words(answer)):
        blocks.append(Text((said,)))
    if limits := _limits(answer, found):
        blocks.append(Text((limits,), "small"))
    blocks += _cautions(answer, found)
    chart = forest(answer, answer.comparisons, options.limit)
    if chart is not None:
        blocks.append(chart)
    blocks.append(workings.table(answer, number))
    if data.subject is None:
        blocks += standings(answer, data.level)
    blocks.append(workings.fold(answer, data.primaries, data.others))
    return blocks


def _uncompared(data: SignificanceData, answer: Answer) -> list[Block]:
    name = charting.fit(answer.metric.title)
    present_fits = [fit for fit in answer.fits if fit.mean is not None]
    if not present_fits:
        why = "No finished run has a value of it."
        if not answer.fits:
            why = "No runs are selected."
        return [Note("info", f"Nothing to compare on {name}", (Text((why,)),))]
    subject = data.subject
    if subject is not None and all(fit.group.id != subject.id for fit in present_fits):
        label = charting.fit(subject.label)
        said = f"{label} has no value of {name}, so there is nothing to compare."
    else:
        group = present_fits[0]
        said = (
            f"Only {charting.fit(group.group.label)} has values of {name}, so there is nothing to "
            f"compare: {mean_words(group, answer, data.level)}."
        )
    body: list[Block] = [Text((said,))]
    body += [Text((finding.words,)) for finding in answer.findings]
    return [Note("info", f"Nothing to compare on {name}", tuple(body))]


SCOPES: Mapping[Kind, str] = {
    "replicates": (
        "This is about means over {unit} with these data, splits and budgets; other data sets are "
        "another question."
    ),
    "folds": (
        "This is about training sets drawn like these from one data set; other data sets are "
        "another question."
    ),
    "items": (
        "This is about these trained models on {unit} like these, not about the methods that made "
        "them: trained again, with other seeds, they may come out in another order."
    ),
    "datasets": "This is about {unit} like these, each counted once.",
    "times": (
        "This is about times to reach the value with these data, splits and budgets; runs that "
        "never reach it are counted, not left out."
    ),
}
"""What a verdict speaks of."""

# ---- the verdict ---------------------------------------------------------------------------------


def _verdicts(answer: Answer) -> list[Block]:
    """The verdict that answers first; with several, how the others went, and each in words."""
    comparisons = answer.comparisons
    first = headline(answer) or comparisons[0]
    blocks: list[Block] = [Text(sentence(first), "lead")]
    if len(comparisons) > 1:
        blocks.append(Text(_tally(answer)))
    blocks.append(_not_said(answer))
    if len(comparisons) > 1:
        shown = comparisons[:SAID]
        title = f"The {formats.count(len(shown), 'comparison')} in words"
        if len(shown) < len(comparisons):
            title = f"The first {len(shown)} of {len(comparisons)} comparisons in words"
        blocks.append(Fold(title, (Bullets(tuple(sentence(item) for item in shown)),)))
    return blocks


def _tally(answer: Answer) -> Words:
    """`Against sgd: 2 better; 1 worse; 2 open.`"""
    counts = tally(answer.comparisons)
    if answer.kind == "baseline":
        baseline = charting.fit(answer.comparisons[0].baseline.label)
        groups = formats.count(len(answer.comparisons), "group")
        return (f"{groups} compared with ", Strong(baseline), f": {counts}.")
    pairs = formats.count(len(answer.comparisons), "comparison")
    return (f"{pairs} between groups: {counts}.",)


def _not_said(answer: Answer) -> Text:
    """What the verdicts must not be read as."""
    seen = {item.result.verdict for item in answer.comparisons}
    unit = words.several(answer.unit_of_replication)
    parts = []
    kind: Kind = next((i.result.kind for i in answer.comparisons), "replicates")
    if kind == "items" or seen & {"better", "worse", "differs", "negligible"}:
        parts.append(SCOPES[kind].format(unit=unit))
    if "inconclusive" in seen:
        parts.append("Open does not mean equal: there may be a difference these runs cannot show.")
    if "equivalent" in seen:
        parts.append("Equivalent means within the margin, not identical.")
    few = {"N1_NO_INFERENCE", "N_TOO_SMALL"}
    if seen == {"no_inference"} and all(
        few & {finding.name for finding in item.result.warnings} for item in answer.comparisons
    ):
        parts.append("A difference between so few runs may be luck of the draw.")
    if answer.kind == "leader" and any(item.result.family for item in answer.comparisons):
        groups = sum(fit.mean is not None for fit in answer.fits)
        parts.append(
            f"The leader was found by looking, so the correction covers all pairs of {groups} "
            "groups."
        )
    return Text((" ".join(parts),), "small")


# ---- cautions ------------------------------------------------------------------------------------

LIMITS = ("N1_NO_INFERENCE", "N_TOO_SMALL", "LOW_POWER", "INCONCLUSIVE", "NEGLIGIBLE")
"""What follows from few runs or a small difference: said in one line, not as a caution."""


def _limits(answer: Answer, found: tuple[Finding, ...]) -> str:
    """What these runs can show at all."""
    parts = [
        finding.words for finding in found if finding.name in ("N1_NO_INFERENCE", "N_TOO_SMALL")
    ][:2]
    low = [finding for finding in found if finding.name == "LOW_POWER"]
    if len(low) == 1:
        parts.append(low[0].words)
    elif low:
        parts.append(_power_range(answer))
    opened = [finding for finding in found if finding.name == "INCONCLUSIVE"]
    if len(answer.comparisons) == 1:
        parts += [finding.words for finding in opened]
    return " ".join(parts)


def about(finding: Finding, answer: Answer) -> str:
    """The words of a finding, with the groups they are about where others are compared too."""
    own = [item for item in answer.comparisons if finding in item.result.warnings]
    if finding in answer.findings or len(own) == len(answer.comparisons) or not own:
        return finding.words
    first = own[0]
    names = f"{charting.fit(first.candidate.label)} and {charting.fit(first.baseline.label)}"
    more = f" and {formats.count(len(own) - 1, 'more comparison')}" if len(own) > 1 else ""
    return f"{names}{more}: {finding.words}"


def _power_range(answer: Answer) -> str:
    unit = unit_of_difference(answer.metric)
    results = [i.result for i in answer.comparisons if i.result.detectable is not None]
    sizes = [result.detectable or 0.0 for result in results]
    if not sizes:
        return ""
    low, high = words.short(min(sizes), 2), words.short(max(sizes), 2)
    size = words.with_unit(low if low == high else f"{low} to {high}", unit)
    which = "" if low == high else ", depending on the groups"
    return (
        f"With so few {words.several(answer.unit_of_replication)} these comparisons can only "
        f"detect differences of at least about {size}{which} (80 % power at alpha "
        f"{words.short(results[0].alpha)}{words.over(results[0].family)})."
    )


def _cautions(answer: Answer, found: tuple[Finding, ...]) -> list[Block]:
    told = [
        (about(finding, answer), finding.code)
        for finding in found
        if finding.name not in (*LIMITS, "UNATTAINABLE_ALPHA")
    ]
    if naive := workings.naive_words(answer.comparisons):
        told.append((naive, "RR418"))
    told += [(said, "RR407") for item in answer.comparisons if (said := sensitivity_words(item))]
    if not told:
        return []
    return [workings.caution_note(told, CAUTIONS)]


def record(data: SignificanceData) -> dict[str, Any]:
    """Every comparison shown, as data."""
    return statements.answers(data.answers)


SECTION = Section(
    name="significance",
    options=Options,
    compute=compute,
    present=present,
    title="Significance",
    record=record,
)
