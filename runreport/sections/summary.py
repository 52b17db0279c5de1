"""What was compared, which group is best and whether that is certain, what changed, what to mind.

Runs that failed, diverged or were left out are counted in the open. A `decision` in the spec
stands here with its reason.

    - summary
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from runreport import formats
from runreport.blocks import Block, Bullets, Code, Fact, Facts, Muted, Note, Strong, Text, Words
from runreport.kinds import Context, DecisionEntry, Judged, Section
from runreport.sections import charting, decisions, gatewords, leads, verdicts
from runreport.sections.aligning import replicate_word
from runreport.sections.comparing import Answer, compare, findings_of
from runreport.stats import words
from runreport.tables import FINISHED, Run, parse_number

LEVELS = 6
"""Levels of one param that are written out."""

METRICS = 3
"""Primary metrics with a figure of their own."""

CAUTIONS = 6
"""Cautions listed; the section `significance` has all."""


LEFT_TO_SIGNIFICANCE = (
    "UNATTAINABLE_ALPHA",
    "LOW_POWER",
    "INCONCLUSIVE",
    "NEGLIGIBLE",
    "UNMATCHED_PAIRS",
    "DEPENDENT_FOLDS",
)
"""What belongs beside p-values, of which a summary has none."""


@dataclass(frozen=True, slots=True)
class Options:
    """What the author may write."""

    params: int = 8
    """So many varying params are named."""


@dataclass(frozen=True, slots=True)
class Varying:
    """A param that differs between the runs compared."""

    name: str
    levels: tuple[str, ...]
    """As logged, numbers by size; at most as many as are written out."""
    count: int
    """All of them."""
    is_replicate: bool
    unset: int
    """Runs without it."""


@dataclass(frozen=True, eq=False)
class SummaryData:
    """The figures of the first page."""

    runs: int
    read: int
    """Selected and left out."""
    states: tuple[tuple[str, int], ...]
    """Of selected runs that did not finish well: failed, killed, running, diverged."""
    excluded: tuple[tuple[str, int], ...]
    """Reason and how many, most first."""
    groups: int
    sizes: tuple[int, int]
    """Smallest and largest group, in finished runs."""
    unit_of_replication: str
    has_replicates: bool
    experiments: tuple[str, ...]
    sources: tuple[str, ...]
    first: datetime | None
    last: datetime | None
    baseline: str
    """Label; empty without one."""
    answers: tuple[Answer, ...]
    """Of the primary metrics."""
    level: float
    varying: tuple[Varying, ...]
    constant: int
    cautions: tuple[tuple[str, str], ...]
    """Words and code."""
    decision: Mapping[str, str]
    gates: tuple[Judged, ...] = ()
    decided: DecisionEntry | None = None


# ---- numbers -------------------------------------------------------------------------------------


def compute(context: Context, options: Options) -> SummaryData:
    """Counts, leading groups, what varies and what to mind."""
    design = context.design
    answers = compare(context, design.primary)
    times = [run.started for run in context.runs if run.started is not None]
    finished = [sum(run.status in FINISHED for run in group.runs) for group in context.groups]
    baseline = context.baseline
    varying, constant = _params(context)
    return SummaryData(
        runs=len(context.runs),
        read=len(context.runs) + len(context.excluded),
        states=tuple(_states(context)),
        excluded=_reasons([item.reason for item in context.excluded]),
        groups=len(context.groups),
        sizes=(min(finished, default=0), max(finished, default=0)),
        unit_of_replication=replicate_word(design),
        has_replicates=design.replicates is not None,
        experiments=tuple(dict.fromkeys(run.experiment for run in context.runs if run.experiment)),
        sources=context.source_titles,
        first=min(times, default=None),
        last=max(times, default=None),
        baseline="" if baseline is None else baseline.label,
        answers=answers,
        level=design.level,
        varying=varying,
        constant=constant,
        cautions=tuple(dict.fromkeys(_cautions(context, answers))),
        decision=dict(context.decision),
        gates=context.gates,
        decided=context.decided,
    )


def _states(context: Context) -> Iterator[tuple[str, int]]:
    for status in ("failed", "killed", "running"):
        if count := sum(run.status == status for run in context.runs):
            yield status, count
    diverged = sum(
        any(context.value(run, metric).state in ("nan", "inf") for metric in context.design.metrics)
        for run in context.runs
        if run.status in FINISHED
    )
    if diverged:
        yield "diverged", diverged
    if count := sum(run.status == "unknown" for run in context.runs):
        # a plain table does not say how its runs ended
        yield "without a status", count


def _reasons(reasons: Sequence[str]) -> tuple[tuple[str, int], ...]:
    counts: dict[str, int] = {}
    for reason in reasons:
        counts[reason] = counts.get(reason, 0) + 1
    return tuple(sorted(counts.items(), key=lambda item: -item[1]))


def _params(context: Context) -> tuple[tuple[Varying, ...], int]:
    """Params that vary between the runs, those that make groups first, and how many do not."""
    design = context.design
    replicate = {
        (text or "").removeprefix("params.") for text in (design.replicates, design.pair_by)
    }
    grouping = {column for group in context.groups for column, _ in group.key}
    names = sorted({name for run in context.runs for name in run.params})
    varying, constant = [], 0
    for name in names:
        found = _varying(name, context.runs, name in replicate)
        if found is None:
            constant += 1
        else:
            varying.append(found)
    varying.sort(key=lambda item: (item.is_replicate, item.name not in grouping, item.name))
    return tuple(varying), constant


def _varying(name: str, runs: Sequence[Run], is_replicate: bool) -> Varying | None:
    levels: dict[float | str, str] = {}
    unset = 0
    for run in runs:
        param = run.params.get(name)
        if param is None:
            unset += 1
        else:
            # 1e-3 and 0.001 are one level
            levels.setdefault(param.level, param.text)
    if len(levels) + bool(unset) < 2:
        return None
    ordered = sorted(levels.values(), key=charting.natural)
    shown = ordered if len(ordered) <= LEVELS else [ordered[0], ordered[-1]]
    return Varying(name, tuple(shown), len(ordered), is_replicate, unset)


def _cautions(context: Context, answers: Sequence[Answer]) -> Iterator[tuple[str, str]]:
    if context.groups and context.design.replicates is None:
        if all(len(group.runs) == 1 for group in context.groups):
            yield "Every group is one run, so nothing is known of how runs scatter.", "RR401"
        elif len(context.groups) > 1:
            said = "No replicates are declared: runs of a group are taken as independent repeats."
            yield said, "RR401"
    for answer in answers:
        for finding in findings_of(answer, answer.comparisons):
            if finding.name not in LEFT_TO_SIGNIFICANCE:
                yield finding.words, finding.code
        if said := leads.behind_few_runs(answer):
            yield said, "RR402"
    yield from ((said, "") for said in _origins(context))
    # notes tell how files were understood, not what is missing
    if problems := [problem for problem in context.problems if problem.severity != "note"]:
        messages = [f"{p.place}: {p.message}" if p.place else p.message for p in problems[:2]]
        rest = len(problems) - len(messages)
        more = f"; and {formats.count(rest, 'more problem')}" if rest else ""
        yield f"Not everything could be read: {'; '.join(messages)}{more}.", ""
    if context.redacted:
        values = formats.count(context.redacted, "value")
        yield f"{values} that looked like secrets were replaced.", ""


def _origins(context: Context) -> Iterator[str]:
    code = [fact for run in context.runs for fact in run.lineage if fact.kind == "code"]
    versions = {fact.digest or fact.version for fact in code} - {None}
    if len(versions) > 1:
        yield f"The runs come from {len(versions)} versions of the code."
    dirty = sum(
        any(fact.kind == "code" and fact.dirty for fact in run.lineage) for run in context.runs
    )
    if dirty:
        runs = "1 run was" if dirty == 1 else f"{dirty} runs were"
        yield f"{runs} started from code with changes that were not committed."


# ---- blocks --------------------------------------------------------------------------------------


def present(data: SummaryData, options: Options) -> tuple[Block, ...]:
    """The answer, the figures, the decision, what changed, what to mind."""
    if not data.runs:
        said = "No run is selected."
        if data.excluded:
            said += f" {_excluded_words(data)}"
        return (Note("warning", "Nothing to summarise", (Text((said,)),)),)
    blocks: list[Block] = [
        Text(leads.lead(answer, data.level), "lead") for answer in data.answers[:METRICS]
    ]
    if not data.answers:
        blocks.append(Text(("No metric is declared, so no group is called best.",), "lead"))
    blocks.append(_facts(data))
    if data.gates:
        blocks.append(Text((gatewords.promotion(data.gates),)))
    if data.decision:
        blocks.append(_decision(data.decision))
        if data.decided is not None and (changed := decisions.changes(data.decided)) is not None:
            blocks.append(changed)
    blocks.append(Text(_compared(data)))
    blocks.append(Bullets(tuple(_changed(data, options.params))))
    if data.cautions:
        blocks.append(_mind(data))
    return tuple(blocks)


def _facts(data: SummaryData) -> Facts:
    states = ", ".join(f"{count} {state}" for state, count in data.states)
    detail = states or "all finished"
    if data.read > data.runs:
        detail = f"of {data.read} read; {detail}"
    items = [Fact("Runs compared", (formats.number(data.runs),), (detail,))]
    unit = words.several(data.unit_of_replication)
    low, high = data.sizes
    each = words.plural(data.unit_of_replication, low) + " each"
    items.append(
        Fact(
            "Groups",
            (formats.number(data.groups),),
            (each if low == high else f"{low} to {high} {unit}",),
        )
    )
    for answer in data.answers[:METRICS]:
        if answer.leader is None:
            continue
        mean, interval = leads.mean_and_interval(answer.leader, answer, data.level)
        label = f"Best {charting.fit(answer.metric.title, 40)}"
        name = charting.fit(answer.leader.group.label, 60)
        items.append(Fact(label, (mean,), (f"{name}; {interval}",)))
        if answer.kind == "baseline" and len(answer.comparisons) > 1:
            first, _, rest = verdicts.tally(answer.comparisons).partition("; ")
            items.append(Fact("Against the baseline", (first,), (rest,) if rest else ()))
    return Facts(tuple(items))


def _decision(decision: Mapping[str, str]) -> Note:
    body: list[Block] = []
    if decided := decision.get("decided"):
        body.append(Text((Strong(decided),)))
    if because := decision.get("because"):
        body.append(Text((because,)))
    who = [
        f"{word} {decision[key]}"
        for key, word in (("by", "by"), ("date", "on"))
        if decision.get(key)
    ]
    if who:
        body.append(Text((f"Decided {' '.join(who)}.",), "small"))
    body += [
        Text((f"{charting.capital(key)}: {text}",), "small")
        for key, text in decision.items()
        if key not in ("question", "decided", "because", "by", "date", "id") and text
    ]
    title = decision.get("question") or "Decision"
    return Note("success" if decision.get("decided") else "info", title, tuple(body))


def _compared(data: SummaryData) -> Words:
    runs, groups = formats.count(data.runs, "run"), formats.count(data.groups, "group")
    said = f"Compared: {runs} in {groups}"
    if data.baseline:
        said += f", against {charting.fit(data.baseline)}"
    if data.experiments:
        kind = "experiment" if len(data.experiments) == 1 else "experiments"
        said += f"; {kind} {charting.named(data.experiments)}"
    if data.sources:
        said += f" from {charting.named(data.sources)}"
    if data.first is not None and data.last is not None:
        first, last = (f"{time:%Y-%m-%d}" for time in (data.first, data.last))
        said += f"; started {first}" + (f" to {last}" if first != last else "")
    excluded = f" {_excluded_words(data)}" if data.excluded else ""
    return (f"{said}.{excluded}",)


def _excluded_words(data: SummaryData) -> str:
    count = sum(number for _, number in data.excluded)
    parts = [f"{number} {charting.fit(reason, 80)}" for reason, number in data.excluded[:3]]
    if len(data.excluded) > 3:
        parts.append("others for other reasons")
    verb = "was" if count == 1 else "were"
    return f"{formats.count(count, 'run')} {verb} left out: {'; '.join(parts)}."


def _changed(data: SummaryData, most: int) -> Iterator[Words]:
    shown = data.varying[: max(1, most)]
    for item in shown:
        yield _levels(item, data.unit_of_replication)
    if len(data.varying) > len(shown):
        rest = formats.count(len(data.varying) - len(shown), "more param")
        yield (f"{rest} {'varies' if len(data.varying) - len(shown) == 1 else 'vary'}.",)
    if not data.varying:
        yield ("The params are the same in every run.",)
    elif data.constant:
        params = formats.count(data.constant, "param")
        yield (f"{params} {'is' if data.constant == 1 else 'are'} the same in every run.",)


def _levels(item: Varying, unit: str) -> Words:
    levels = [charting.fit(level, 40) for level in item.levels]
    if item.count <= LEVELS:
        said = ": " + ", ".join(levels)
    elif not any(math.isnan(parse_number(level)) for level in item.levels):
        said = f": {item.count} values from {levels[0]} to {levels[-1]}"
    else:
        said = f": {item.count} values"
    unset = f"; not set in {formats.count(item.unset, 'run')}" if item.unset else ""
    role = (Muted(f" (the replicates: {words.several(unit)})"),) if item.is_replicate else ()
    return (Code(charting.fit(item.name)), f"{said}{unset}", *role)


def _mind(data: SummaryData) -> Note:
    shown = data.cautions[:CAUTIONS]
    items: list[Words] = [(said, " ", Muted(code)) if code else (said,) for said, code in shown]
    if len(data.cautions) > len(shown):
        items.append((f"And {formats.count(len(data.cautions) - len(shown), 'more caution')}.",))
    return Note("warning", "What to mind", (Bullets(tuple(items)),))


SECTION = Section(name="summary", options=Options, compute=compute, present=present)
