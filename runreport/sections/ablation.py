"""What each change of one param did on its own, over every pair of configurations that differ in it
alone.

The same change is gathered over the contexts in which it was made, with its interval and verdict;
params that always moved together are named, not guessed at; and from the declared baseline every
single change stands in one table, several changes at once in another.

    - ablation: {metric: val_accuracy, ignore: ["notes.*"]}
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from runreport import formats
from runreport.blocks import Block, Bullets, Fold, Headline, Note, Text, Words
from runreport.design import Metric, MetricName
from runreport.kinds import Context, Section
from runreport.samples import Dropped
from runreport.sections import changetables, changewords, charting, configurations, workings
from runreport.sections.caveats import caveats
from runreport.sections.changeforest import forest
from runreport.sections.changehow import left_out
from runreport.sections.changehow import workings as workings_of
from runreport.sections.changes import Change, change_name, changes_of
from runreport.sections.configurations import Settings
from runreport.sections.fitness import Fit, metric_findings
from runreport.sections.judging import Judged, Verdicts, fits_of, is_settled, judge
from runreport.sections.levers import Seen, look
from runreport.sections.starting import Several, baseline_in, several_of, start_of
from runreport.sections.verdicts import label, plain
from runreport.stats.changes import Nearest, nearest
from runreport.stats.findings import Finding

SAID = 40
"""Verdicts written as sentences; the table has them all."""

REASONS = 3
"""Why pairs cannot be compared: so many different ones are written out."""

CAUTIONS = 6
"""Cautions listed openly; the rest are folded."""


@dataclass(frozen=True, slots=True)
class Options:
    """What the author may write."""

    metric: MetricName | None = None
    """Which one; the first primary metric when empty."""
    ignore: tuple[str, ...] = ()
    """Params that tell no configurations apart, as patterns: `output_dir`, `notes.*`. Replicates
    are left out anyway, as are params that seem to say when, where or by whom a run was made."""
    keep: tuple[str, ...] = ()
    """Params that do tell them apart, whatever else is left out."""
    limit: int = 20
    """So many changes are drawn; the table has all."""


@dataclass(frozen=True, eq=False)
class AblationData:
    """What changed alone, and what it did."""

    metric: Metric | None
    settings: Settings
    seen: Seen
    fits: tuple[Fit, ...]
    changes: tuple[Change, ...]
    """Every one, those without a value among them."""
    verdicts: Verdicts
    start: int | None
    """The configuration that the table of single changes starts from."""
    start_words: Words
    """How it was chosen, or why there is none."""
    several: tuple[Several, ...]
    near: Nearest | None
    """Where nothing changed alone: how near the nearest configurations are."""
    dropped: tuple[Dropped, ...]
    findings: tuple[Finding, ...]


# ---- numbers -------------------------------------------------------------------------------------


def compute(context: Context, options: Options) -> AblationData:
    """Every change of one param, judged as one family."""
    design = context.design
    metric = design.metric(options.metric) if options.metric else next(iter(design.primary), None)
    settings = configurations.read(context, options.ignore, options.keep)
    seen = look(settings, baseline_in(context, settings))
    if metric is None:
        none = Verdicts((), ())
        return AblationData(None, settings, seen, (), (), none, None, (), (), None, (), ())
    fits = fits_of(context, settings, metric)
    start, start_words = start_of(context, settings, seen)
    changes = changes_of(settings, seen, fits, start, design, metric)
    verdicts = judge(settings, fits, changes, start, design, metric)
    # what varies is the question here, not a difference to be warned of
    asked = replace(design, by=settings.names, all_but=False)
    return AblationData(
        metric=metric,
        settings=settings,
        seen=seen,
        fits=fits,
        changes=changes,
        verdicts=verdicts,
        start=start,
        start_words=start_words,
        several=() if start is None else several_of(settings, seen, fits, verdicts, start),
        near=None if seen.count or not settings.names else nearest(settings.codes),
        dropped=tuple(item for fit in fits for item in fit.sample.dropped),
        findings=(
            *metric_findings(metric),
            *caveats(metric, asked, [fit.sample for fit in fits]),
            *_cautions(verdicts),
        ),
    )


BY_NUMBER = ("N1_NO_INFERENCE", "N_TOO_SMALL", "LOW_POWER", "INCONCLUSIVE", "NEGLIGIBLE")
"""What follows from few contexts or runs: the sentence of each change says it."""


def _cautions(verdicts: Verdicts) -> Iterator[Finding]:
    """What else must be said of the comparisons, once each."""
    results = [item.result for item in verdicts.judged]
    results += [step.result for step in verdicts.steps if step.result is not None]
    told = [finding for result in results for finding in result.warnings]
    once = dict.fromkeys(finding for finding in told if finding.name not in BY_NUMBER)
    reach = [finding for finding in once if finding.name == "UNATTAINABLE_ALPHA"]
    for finding in once:
        if finding.name != "UNATTAINABLE_ALPHA":
            yield finding
        elif finding is reach[0]:
            more = formats.count(len(reach) - 1, "other number")
            also = f" So it is with {more} of contexts or replicates." if len(reach) > 1 else ""
            yield replace(finding, words=finding.words + also)


# ---- blocks --------------------------------------------------------------------------------------


def present(data: AblationData, options: Options) -> tuple[Block, ...]:
    """The verdicts in words, what cannot be told apart, chart, tables, and what was left out."""
    metric = data.metric
    if metric is None:
        return _nothing("The report declares no metric and this section names none.", data)
    if not data.settings.groups:
        return _nothing("No runs are selected.", data)
    if not data.settings.names:
        runs = formats.count(data.settings.runs, "run")
        said = f"{runs} and no param that differs between configurations."
        return _nothing(said, data)
    if not data.seen.count:
        why = changewords.nothing_alone(data.settings, data.near)
        note = Note("info", "No change was made alone", tuple(Text(item) for item in why))
        return (
            note,
            *_apart(data),
            *_from_start(data, metric),
            workings_of(data.settings, data.seen, data.verdicts.judged),
        )
    blocks: list[Block] = [*_verdicts(data, metric), *_apart(data), *_warnings(data)]
    chart = forest(data.settings, data.verdicts.judged, metric, options.limit)
    if chart is not None:
        blocks += [chart, changetables.changes(data.settings, data.verdicts.judged, metric)]
    blocks += _from_start(data, metric)
    if data.verdicts.judged:
        pairs = changetables.couples(data.settings, data.verdicts.judged, metric)
        blocks.append(Fold(f"{formats.count(len(pairs.rows), 'pair')} of configurations", (pairs,)))
    return (*blocks, workings_of(data.settings, data.seen, data.verdicts.judged))


def _nothing(why: str, data: AblationData) -> tuple[Block, ...]:
    body: tuple[Block, ...] = (Text((why,)),)
    if data.settings.left_out:
        body = (*body, Bullets(tuple(left_out(data.settings))))
    return (Note("info", "Nothing changed between runs", body),)


def _verdicts(data: AblationData, metric: Metric) -> Iterator[Block]:
    settings, judged = data.settings, data.verdicts.judged
    if not judged:
        pairs = formats.count(data.seen.count, "pair")
        said = f"{pairs} of configurations differ in one param, and none can be compared."
        yield Note("info", "Nothing to compare", (Text((said,)), *_missing(data)))
        return
    yield Text(changewords.sentence(settings, judged[0], metric), "lead")
    counts = Counter(item.change for item in judged)
    configurations = formats.count(len(settings.groups), "configuration")
    one = data.seen.count == 1
    yield Text(
        (
            f"{configurations} from {formats.count(settings.runs, 'run')} differ in "
            f"{formats.count(len(settings.names), 'param')}; "
            f"{formats.count(data.seen.count, 'pair')} of them "
            f"{'differs' if one else 'differ'} in one alone. "
            f"{formats.count(len(counts), 'change')}: {changewords.tally(judged)}.",
        )
    )
    yield Text((" ".join(_not_said(data, judged)),), "small")
    followed = [item for j in judged if (item := changewords.follows_words(settings, j, metric))]
    if followed:
        yield Bullets(tuple(followed[:SAID]))
    if len(judged) > 1:
        shown = judged[:SAID]
        title = f"The {formats.count(len(shown), 'change')} in words"
        if len(shown) < len(judged):
            title = f"The first {len(shown)} of {len(judged)} changes in words"
        each = tuple(changewords.sentence(settings, item, metric) for item in shown)
        yield Fold(title, (Bullets(each),))


def _not_said(data: AblationData, judged: Sequence[Judged]) -> Iterator[str]:
    """What the verdicts must not be read as."""
    over = [item for item in judged if item.over_contexts and item.result.p_value is not None]
    if over:
        yield (
            "A change made in three contexts or more is judged over contexts, each counted once: "
            "it speaks of contexts like these, where the other params take values like these."
        )
    sizes = {size for item in judged for couple in item.couples for size in couple.n}
    if sizes == {1}:
        yield (
            "Every configuration has one run that counts, so no pair says anything about its two "
            "configurations: there is no p-value for any of them."
        )
    elif any("N1_NO_INFERENCE" in _names(item) for item in judged):
        yield "Where one run stands on a side, nothing is said about the configurations."
    if any(item.result.verdict == "inconclusive" for item in judged):
        yield "Open does not mean without effect: there may be one that these runs cannot show."
    if not any(is_settled(item.result) for item in judged):
        yield "No change is settled."


def _names(item: Judged) -> set[str]:
    return {finding.name for finding in item.result.warnings}


def _apart(data: AblationData) -> Iterator[Block]:
    """What these runs cannot tell apart."""
    settings, seen = data.settings, data.seen
    said: list[Words] = list(changewords.confounded(settings, seen))
    if seen.count and (alone := changewords.never_alone(settings, seen)):
        said.append((alone,))
    if said:
        yield Note("warning", "What these runs cannot tell apart", (Bullets(tuple(said)),))
    if known := tuple(changewords.conditional(settings, seen)):
        yield Bullets(known)


def _warnings(data: AblationData) -> Iterator[Block]:
    told = [(finding.words, finding.code) for finding in data.findings]
    if told:
        yield workings.caution_note(told, CAUTIONS)
    if data.verdicts.judged:
        yield from _missing(data)


def _missing(data: AblationData) -> Iterator[Block]:
    """Runs that did not enter, counted in the open."""
    yield from _lost(data)
    if not data.dropped:
        return
    copies = sum(item.reason.startswith("equal to ") for item in data.dropped)
    others = [item for item in data.dropped if not item.reason.startswith("equal to ")]
    said = []
    if others:
        entered = f"{len(others)} of {formats.count(data.settings.runs, 'run')}"
        have = "has" if len(others) == 1 else "have"
        said.append(f"{entered} {have} no usable value. {charting.dropped_words(others)}")
    if copies:
        are = "1 run is a copy" if copies == 1 else f"{formats.number(copies)} runs are copies"
        said.append(
            f"{are} of another of the same configuration, equal in every bit: copies count once."
        )
    yield Text((" ".join(said),), "small")


def _lost(data: AblationData) -> Iterator[Block]:
    """Pairs that cannot be compared, and the changes of which no pair can."""
    lost = [(change, gone) for change in data.changes for gone in change.lost]
    if not lost:
        return
    pairs = formats.count(len(lost), "pair")
    told = dict.fromkeys(charting.fit(gone.reason, 300).rstrip(".") for _, gone in lost)
    reasons = "; ".join(list(told)[:REASONS]) + ("; and so on" if len(told) > REASONS else "")
    said = f"{pairs} of configurations that differ in one param cannot be compared: {reasons}."
    whole = [
        f"{change_name(data.settings, change.lever, change.lost[0].first, change.lost[0].second)} "
        f"({formats.count(len(change.lost), 'context')})"
        for change in data.changes
        if not change.couples
    ]
    if whole:
        said += f" In no context at all: {charting.named(whole, 6)}."
    yield Text((said,), "small")


def _from_start(data: AblationData, metric: Metric) -> Iterator[Block]:
    """The table of single changes from the start, and that of several at once."""
    settings, start = data.settings, data.start
    if start is None:
        if data.start_words and data.seen.count:
            yield Text(data.start_words, "small")
        return
    label_of = ", ".join(
        f"{charting.fit(name, 30)}={settings.text(start, column)}"
        for column, name in enumerate(settings.names)
    )
    yield Headline("From one configuration", 3)
    yield Text((*data.start_words, f" It has {charting.fit(label_of, 300)}."), "small")
    if data.verdicts.steps:
        yield changetables.ablation(settings, data.verdicts.steps, data.fits, start, metric)
    else:
        yield Text(("No configuration differs from the start in one param alone.",))
    if data.several:
        count = formats.count(len(data.several), "configuration")
        table = changetables.several(settings, data.several, data.fits, start, metric)
        yield Fold(f"{count} with several changes at once", (table,))


# ---- data ----------------------------------------------------------------------------------------


def record(data: AblationData) -> dict[str, Any]:
    """Every change, every step from the start and what cannot be told apart, as data."""
    settings = data.settings
    if data.metric is None:
        return {"metric": None, "changes": []}
    return {
        "metric": data.metric.name,
        "configurations": len(settings.groups),
        "params": list(settings.names),
        "left_out": {name: part.why for part in settings.left_out for name in part.names},
        "pairs": data.seen.count,
        "changes": [_stated(data, item, data.metric) for item in data.verdicts.judged],
        "together": [
            {
                "params": [settings.names[item.first], settings.names[item.second]],
                "configurations_apart": item.apart,
                "rank_correlation": item.correlation,
            }
            for item in data.seen.together
        ],
        "never_alone": [settings.names[column] for column in data.seen.never],
    }


def _stated(data: AblationData, item: Judged, metric: Metric) -> Mapping[str, Any]:
    return {
        "change": changewords.name_of(data.settings, item),
        "words": plain(changewords.sentence(data.settings, item, metric)),
        "label": label(item.result),
        "contexts": len(item.couples),
        "differences": [couple.difference for couple in item.couples],
        "result": item.result,
    }


SECTION = Section(
    name="ablation",
    options=Options,
    compute=compute,
    present=present,
    title="What each change did",
    record=record,
)
