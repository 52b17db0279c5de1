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
from runreport.sections.changes import changes_of
from runreport.sections.configurations import Settings
from runreport.sections.fitness import Fit, metric_findings
from runreport.sections.judging import Judged, Verdicts, fits_of, is_settled, judge
from runreport.sections.levers import Seen, look
from runreport.sections.starting import Several, several_of, start_of
from runreport.sections.verdicts import label, plain
from runreport.stats import words
from runreport.stats.changes import Nearest, nearest
from runreport.stats.findings import Finding

SAID = 40
"""Verdicts written as sentences; the table has them all."""

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
    verdicts: Verdicts
    start: int | None
    """The configuration that the table of single changes starts from."""
    start_words: str
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
    seen = look(settings)
    if metric is None:
        none = Verdicts((), ())
        return AblationData(None, settings, seen, (), none, None, "", (), None, (), ())
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
    told = (finding for result in results for finding in result.warnings)
    yield from dict.fromkeys(finding for finding in told if finding.name not in BY_NUMBER)


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
        return (note, *_apart(data), *_from_start(data, metric), _workings(data))
    blocks: list[Block] = [*_verdicts(data, metric), *_apart(data), *_warnings(data)]
    chart = forest(data.settings, data.verdicts.judged, metric, options.limit)
    if chart is not None:
        blocks += [chart, changetables.changes(data.settings, data.verdicts.judged, metric)]
    blocks += _from_start(data, metric)
    if data.verdicts.judged:
        pairs = changetables.couples(data.settings, data.verdicts.judged, metric)
        blocks.append(Fold(formats.count(len(pairs.rows), "pair of configurations"), (pairs,)))
    return (*blocks, _workings(data))


def _nothing(why: str, data: AblationData) -> tuple[Block, ...]:
    body: tuple[Block, ...] = (Text((why,)),)
    if data.settings.left_out:
        body = (*body, Bullets(tuple(_left_out(data.settings))))
    return (Note("info", "Nothing changed between runs", body),)


def _verdicts(data: AblationData, metric: Metric) -> Iterator[Block]:
    settings, judged = data.settings, data.verdicts.judged
    if not judged:
        pairs = formats.count(data.seen.count, "pair")
        said = f"{pairs} of configurations differ in one param, and none has a value on both sides."
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
            "Every configuration has one run, so no pair says anything about its two "
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


def _from_start(data: AblationData, metric: Metric) -> Iterator[Block]:
    """The table of single changes from the start, and that of several at once."""
    settings, start = data.settings, data.start
    if start is None:
        if data.start_words and data.seen.count:
            yield Text((data.start_words,), "small")
        return
    label_of = ", ".join(
        f"{charting.fit(name, 30)}={settings.text(start, column)}"
        for column, name in enumerate(settings.names)
    )
    yield Headline("One change at a time", 3)
    yield Text((f"{data.start_words} It has {charting.fit(label_of, 300)}.",), "small")
    if data.verdicts.steps:
        yield changetables.ablation(settings, data.verdicts.steps, data.fits, start, metric)
    else:
        yield Text(("No configuration differs from the start in one param alone.",))
    if data.several:
        count = formats.count(len(data.several), "configuration")
        table = changetables.several(settings, data.several, data.fits, start, metric)
        yield Fold(f"{count} with several changes at once", (table,))


# ---- how it was computed -------------------------------------------------------------------------


def _workings(data: AblationData) -> Fold:
    items: list[Words] = list(_left_out(data.settings))
    if data.settings.constant:
        same = formats.count(data.settings.constant, "param")
        are = "has" if data.settings.constant == 1 else "have"
        items.append((f"{same} {are} one value in all runs and take no part.",))
    items.append(
        (
            "Values are compared as values: 1e-3 is 0.001, and numbers with a fraction are equal "
            "when they agree to seven digits. What is not set counts as a value of its own.",
        )
    )
    if data.seen.unseen:
        more = formats.count(data.seen.unseen, "further pair")
        items.append((f"{more} of the same params are not looked at; neighbouring values are.",))
    tested = [item.result for item in data.verdicts.judged if item.result.p_value is not None]
    for text in dict.fromkeys(f"{r.test}: {r.why}" for r in tested):
        items.append((text,))
    for text in dict.fromkeys(f"Assumed: {a}." for r in tested for a in r.assumptions):
        items.append((text,))
    if tested:
        first = tested[0]
        covered = formats.count(first.family, "comparison")
        by = words.corrected(first.correction)
        items.append(
            (
                f"Alpha is {words.short(first.alpha)} for the whole family: the {covered} that "
                f"can be tested, of changes over contexts and of single pairs, corrected: {by}. A "
                "pair that stands in two tables counts once.",
            )
        )
    for source in dict.fromkeys(r.source for r in tested if r.source):
        items.append((f"Source: {source}.",))
    return Fold("How this was computed", (Bullets(tuple(items)),))


def _left_out(settings: Settings) -> Iterator[Words]:
    for part in settings.left_out:
        verb = "tells" if len(part.names) == 1 else "tell"
        yield (
            f"{charting.named(part.names, 12)} {verb} no configurations apart ({part.why}). "
            "`ignore` and `keep` choose.",
        )


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
    title="One change at a time",
    record=record,
)
