"""Where the runs come from: code, command, user, data, environment and hardware, by group.

What is the same everywhere is said once; what differs stands side by side; what nobody logged is
listed, since a result without its origin cannot be reproduced. From the baseline to each other
group it says what changed: commits where the repository is at hand (`repository: ../project`; only
its objects are read, nothing of it is run), data, packages with those that train first, the
machine. A graph leads from data over runs to models and their aliases. The same facts are written
for other programs as RO-Crate and, of the best run, as an in-toto Statement.

    - lineage: {graph: true}
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from runreport import formats
from runreport.blocks import (
    Block,
    Bullets,
    Cell,
    Code,
    Column,
    Download,
    Fact,
    Facts,
    Fold,
    Href,
    Inline,
    Muted,
    Note,
    Row,
    Table,
    Text,
    Words,
)
from runreport.design import Design
from runreport.kinds import CodeHistory, Context, Needs, Section
from runreport.sections import (
    charting,
    genealogy,
    packages,
    provenance,
    rundetails,
    steps,
    stepwords,
    unknowns,
    variation,
)
from runreport.sections.genealogy import Graph
from runreport.sections.origins import Origin, Topic, origins
from runreport.sections.rundetails import RunDetail
from runreport.sections.steps import Changes, Step
from runreport.sections.unknowns import NAMED, Unknown
from runreport.sections.variation import Line, Side
from runreport.tables import Run

PACKAGES = 3
"""More equal packages than this are folded."""

ROWS = 400
"""Facts of one table."""

STATEMENT = "in-toto-statement.json"


@dataclass(frozen=True, slots=True)
class Options:
    """What the author may write."""

    packages: bool = True
    """Compare the environment's packages too, where runs logged them."""
    repository: str | None = None
    """Folder of the Git repository that the runs' commits are in, relative to the spec: shows the
    commits and lines between the baseline and the other groups."""
    graph: bool = True
    """Draw what leads to what: data, code, runs, models, aliases."""
    provenance: bool = True
    """Write RO-Crate and in-toto files beside the page."""


@dataclass(frozen=True, eq=False)
class LineageData:
    """What is known of all runs, and what is not."""

    runs: int
    sides: tuple[Side, ...]
    same: tuple[tuple[Origin, int], ...]
    """Facts with one value in every run that has it, and how many runs have it."""
    apart: tuple[Line, ...]
    """Facts with several values."""
    holders: Mapping[str, tuple[tuple[str, tuple[Run, ...]], ...]]
    """Of those facts: value and the runs that have it."""
    unknown: tuple[Unknown, ...]
    uncommitted: tuple[Run, ...]
    """Runs whose code is in no commit."""
    steps: tuple[Changes, ...]
    """What changed from side to side."""
    further: int
    """Sides beyond the most that are compared so."""
    history: CodeHistory | None
    """What the repository tells; None where none is named."""
    graph: Graph | None
    details: tuple[RunDetail, ...]
    """Run by run."""
    files: ProvenanceFiles | None


@dataclass(frozen=True, slots=True)
class ProvenanceFiles:
    """What is written for other programs."""

    crate: str
    statement: str | None
    subject: Run | None
    """The run that the statement is about."""
    why: str
    """Why it is that run; or why there is no statement."""


# ---- numbers -------------------------------------------------------------------------------------


def compute(context: Context, options: Options) -> LineageData:
    """Every fact of every run, sorted into same, different and unknown."""
    known = {run.id: _origins(run, options) for run in context.runs}
    sides = variation.sides_of_groups(context)
    lines = variation.compare(
        sides, lambda run: {o.label: o.text for o in known[run.id]}, numbers=False
    )
    first: dict[str, Origin] = {}
    for found in known.values():
        for origin in found:
            first.setdefault(origin.label, origin)
    # topics in reading order: packages of an environment are many and come late
    places = {label: place for place, label in enumerate(first)}
    lines.sort(key=lambda line: (_ORDER.index(first[line.key].topic), places[line.key]))
    several = [line for line in lines if len({v for h in line.held for v in h.values}) > 1]
    apart = {line.key for line in several}
    every = steps.steps(context)
    walked = tuple(_step(step, options) for step in every[: steps.MOST])
    compared = {change.name for one in walked for change in one.packages}
    below = {line.key for line in lines if _package(first[line.key]) in compared}
    if len(below) <= PACKAGES:
        below = set()
    several = [line for line in several if line.key not in below]
    single = [line for line in lines if line.key not in apart | below]
    return LineageData(
        runs=len(context.runs),
        sides=sides,
        same=tuple((first[line.key], _count(line)) for line in single),
        apart=tuple(several),
        holders=_holders(context.runs, known, apart),
        unknown=unknowns.unknown(context, known),
        uncommitted=tuple(run for run in context.runs if unknowns.is_dirty(known[run.id])),
        steps=walked,
        further=len(every) - len(walked),
        history=context.repositories.get(options.repository) if options.repository else None,
        graph=genealogy.graph(context) if options.graph else None,
        details=rundetails.details(context),
        files=_files(context) if options.provenance and context.runs else None,
    )


def _package(origin: Origin) -> str:
    """The package that a fact is about; empty where it is about none."""
    return packages.canonical(origin.label) if origin.topic == "environment" else ""


def _step(step: Step, options: Options) -> Changes:
    found = steps.changes(step)
    return found if options.packages else replace(found, packages=())


def _files(context: Context) -> ProvenanceFiles:
    subject, why = provenance.candidate(context)
    written = None if subject is None else provenance.statement(subject)
    if subject is not None and written is None:
        why = f"nothing that {charting.fit(subject.name or subject.id)} made has a digest"
    parts = (STATEMENT,) if written is not None else ()
    return ProvenanceFiles(provenance.crate(context, parts), written, subject, why)


_ORDER: tuple[Topic, ...] = (
    "code",
    "command",
    "user",
    "data",
    "hardware",
    "environment",
    "other",
)


def _origins(run: Run, options: Options) -> tuple[Origin, ...]:
    found = origins(run)
    return found if options.packages else tuple(o for o in found if o.topic != "environment")


def _count(line: Line) -> int:
    return sum(held.runs - held.lacking for held in line.held)


def _holders(
    runs: Sequence[Run], known: Mapping[str, Sequence[Origin]], labels: Collection[str]
) -> dict[str, tuple[tuple[str, tuple[Run, ...]], ...]]:
    found: dict[str, dict[str, list[Run]]] = {label: {} for label in labels}
    for run in runs:
        for origin in known[run.id]:
            if origin.label in found:
                found[origin.label].setdefault(origin.text, []).append(run)
    return {
        label: tuple((text, tuple(texts[text])) for text in sorted(texts, key=charting.natural))
        for label, texts in found.items()
    }


# ---- blocks --------------------------------------------------------------------------------------


def present(data: LineageData, options: Options) -> tuple[Block, ...]:
    """What is the same, what differs, what is unknown."""
    if not data.runs:
        return (Note("info", "No lineage", (Text(("This report has no runs.",)),)),)
    blocks: list[Block] = []
    packages = [pair for pair in data.same if pair[0].topic == "environment"]
    folded = packages if len(packages) > PACKAGES else []
    facts = [pair for pair in data.same if pair not in folded]
    if facts:
        blocks.append(Facts(tuple(_fact(origin, count, data.runs) for origin, count in facts)))
    if folded:
        blocks.append(_packages(folded, data.runs))
    if data.graph is not None and (chart := genealogy.figure(data.graph)) is not None:
        blocks.append(chart)
    if data.apart:
        blocks += [_table(data), *variation.long_values(data.apart), _which(data)]
    elif data.same:
        said = "What is known of the runs' origin is the same for all of them."
        blocks.append(Text((said,)))
    blocks += stepwords.blocks(data.steps, data.further, data.history)
    blocks += rundetails.blocks(data.details, data.runs)
    if lines := unknowns.lines(data.unknown, data.uncommitted, data.runs):
        blocks.append(Note("warning", "What is not known", (Bullets(tuple(lines)),)))
    if data.files is not None:
        blocks += _downloads(data.files)
    return tuple(blocks)


def _downloads(files: ProvenanceFiles) -> list[Block]:
    made: list[Block] = [
        Download(
            "provenance/ro-crate-metadata",
            files.crate,
            "RO-Crate",
            (": the runs' origins for archives (ro-crate-metadata.json).",),
        )
    ]
    if files.statement is None or files.subject is None:
        made.append(Text((f"No in-toto Statement: {files.why}.",), "small"))
    else:
        name = charting.fit(files.subject.name or files.subject.id)
        words = f": unsigned provenance of {name}, {files.why}."
        stem = f"provenance/{STATEMENT.removesuffix('.json')}"
        made.append(Download(stem, files.statement, "in-toto Statement", (words,)))
    return made


def _fact(origin: Origin, count: int, runs: int) -> Fact:
    shown = variation.brief(origin.text, 40)
    word: Inline = shown if origin.url is None else Href(origin.url, shown)
    who = "all runs" if count == runs else f"{count} of {formats.count(runs, 'run')}"
    whole = shown != origin.text
    detail: Words = (Code(charting.fit(origin.text, 400)), f" \u00b7 {who}") if whole else (who,)
    return Fact(charting.fit(origin.label, 60), (word,), detail)


def _packages(pairs: Sequence[tuple[Origin, int]], runs: int) -> Fold:
    rows = tuple(
        Row(
            (
                Cell((charting.fit(origin.label, 60),), origin.label),
                Cell((variation.brief(origin.text),), origin.text[:1000]),
                charting.cell(float(count)),
            )
        )
        for origin, count in pairs[:ROWS]
    )
    columns = (Column("Package or file"), Column("Version or digest"), Column("Runs", "number"))
    title = f"{len(pairs)} parts of the environment are the same wherever they were logged"
    cut = len(pairs) - len(rows)
    note: Words = (f"{cut} more are not listed.",) if cut else ()
    caption = f"Logged the same way, of {formats.count(runs, 'run')}"
    return Fold(title, (Table(columns, rows, caption, note=note, export="environment"),))


def _table(data: LineageData) -> Table:
    between = [line for line in data.apart if line.differs]
    said = [variation.cut_words(data.sides, "group")]
    if len(between) < len(data.apart):
        said.append("Some values differ within groups, in the same way in each of them.")
    if sum(side.is_baseline for side in data.sides) == 1 and between:
        said.append("≠ marks what is not as in the baseline.")
    if len(data.apart) > ROWS:
        said.append(f"{len(data.apart) - ROWS} more facts differ.")
    where = "between groups" if between else "within groups"
    return Table(
        columns=variation.columns(data.sides, "Fact"),
        rows=tuple(variation.row(line, data.sides) for line in data.apart[:ROWS]),
        caption=f"What differs {where}",
        note=(note,) if (note := " ".join(part for part in said if part)) else (),
        export="lineage",
    )


def _which(data: LineageData) -> Fold:
    """Value by value, the runs that have it."""
    lines: list[Words] = []
    for line in data.apart[:ROWS]:
        words: list[Inline] = [f"{charting.fit(line.key, 60)}: "]
        values = data.holders[line.key]
        for index, (text, runs) in enumerate(values[:NAMED]):
            words.append("; " if index else "")
            words += [Code(variation.brief(text)), Muted(f" {unknowns.who(runs)}")]
        if len(values) > NAMED:
            words.append(f"; and {len(values) - NAMED} more values")
        lines.append(tuple(word for word in words if word != ""))
    return Fold("Which run has what", (Bullets(tuple(lines)),))


def needs(options: Options, _design: Design) -> Needs:
    """The repository that it reads."""
    named = frozenset({options.repository} if options.repository else ())
    return Needs(repositories=named)


def record(data: LineageData) -> Mapping[str, Any]:
    """What is unknown and what changed, for `runreport.json`."""
    return {
        "runs": data.runs,
        "unknown": [
            {"what": gap.what.removeprefix("no "), "runs": [run.id for run in gap.runs]}
            for gap in data.unknown
        ],
        "uncommitted": [run.id for run in data.uncommitted],
        "changes": stepwords.facts(data.steps),
    }


SECTION = Section(
    name="lineage",
    options=Options,
    compute=compute,
    present=present,
    needs=needs,
    record=record,
    title="Lineage",
)
