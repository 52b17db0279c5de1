"""What was decided, by whom and why: this report's decision and those of other reports.

Each names its question, what was decided, and the verdicts that it cites, which are filled in from
the data; where a rebuild changed one of them, the old and the new sentence stand side by side.
Decisions that a later one supersedes are marked. Others are read from the sites and specs below a
folder: `decisions: ../reports`.

    - decisions
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from runreport.blocks import (
    Block,
    Bullets,
    Cell,
    Code,
    Column,
    Fold,
    Inline,
    Muted,
    Note,
    Row,
    Strong,
    Table,
    Text,
    Words,
)
from runreport.design import Design
from runreport.kinds import Citation, Context, DecisionEntry, DecisionLog, Needs, Section
from runreport.sections import charting

SHOWN = 200
"""Decisions of the table; the rest are counted."""


@dataclass(frozen=True, slots=True)
class Options:
    """What the author may write."""

    folder: str = ""
    """Where other decisions are: a folder of specs or of built sites, from the spec's own. Without
    it only this report's decision stands here."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A decision and whether it still holds."""

    entry: DecisionEntry
    superseded_by: tuple[str, ...]
    """Ids, or questions, of the decisions that replace it."""
    unknown: tuple[str, ...]
    """Ids that it says it supersedes, and that no decision has."""


@dataclass(frozen=True, slots=True)
class DecisionsData:
    """The log, the latest first."""

    standings: tuple[Standing, ...]
    problems: tuple[str, ...]
    cut: bool
    folder: str


# ---- numbers -------------------------------------------------------------------------------------


def compute(context: Context, options: Options) -> DecisionsData:
    """Every decision with what supersedes it."""
    own = () if context.decided is None else (context.decided,)
    log = context.decisions.get(options.folder, DecisionLog(own))
    ids = {entry.id for entry in log.entries if entry.id}
    return DecisionsData(
        standings=tuple(
            Standing(
                entry,
                tuple(
                    later.id or later.question or later.decided
                    for later in log.entries
                    if entry.id and entry.id in later.supersedes
                ),
                tuple(name for name in entry.supersedes if name not in ids),
            )
            for entry in log.entries
        ),
        problems=log.problems,
        cut=log.cut,
        folder=options.folder,
    )


# ---- blocks --------------------------------------------------------------------------------------


def present(data: DecisionsData, options: Options) -> tuple[Block, ...]:
    """This report's decision in full, then the log."""
    blocks: list[Block] = []
    for standing in data.standings:
        if standing.entry.is_own:
            blocks += _in_full(standing)
    others = [standing for standing in data.standings if not standing.entry.is_own]
    if others:
        blocks.append(_table(data))
        blocks += [_fold(standing) for standing in others[:SHOWN] if _is_long(standing.entry)]
    if not data.standings:
        where: Words = ("The spec holds no ", Code("decision"))
        if data.folder:
            where = (*where, ", and no report or spec below ", Code(data.folder), " does")
        blocks.append(Note("info", "No decisions", (Text((*where, ".")),)))
    said = list(data.problems)
    if data.cut:
        said.append("There are more files below the folder than are looked at.")
    if said:
        lines = tuple((line,) for line in said)
        blocks.append(Note("warning", "Not everything could be read", (Bullets(lines),)))
    return tuple(blocks)


def _in_full(standing: Standing) -> Iterator[Block]:
    entry = standing.entry
    title = entry.question or "Decision"
    body: list[Block] = []
    if entry.decided:
        body.append(Text((Strong(entry.decided),)))
    if entry.because:
        body.append(Text((entry.because,)))
    body += _details(standing)
    yield Note("success" if entry.decided else "info", title, tuple(body))
    if changed := changes(entry):
        yield changed


def _details(standing: Standing) -> Iterator[Block]:
    entry = standing.entry
    if entry.options:
        yield Text((f"Options: {'; '.join(entry.options)}.",), "small")
    who = [f"by {entry.by}" if entry.by else "", f"on {entry.date}" if entry.date else ""]
    said = " ".join(part for part in who if part)
    if said:
        yield Text((f"Decided {said}.",), "small")
    links: list[Inline] = []
    if entry.id:
        links += ["Called ", Code(entry.id), ". "]
    if entry.supersedes:
        links.append(f"Supersedes {', '.join(entry.supersedes)}. ")
    if standing.unknown:
        names = charting.named(list(standing.unknown))
        links.append(f"No decision that was read is called {names}. ")
    if standing.superseded_by:
        links += [Strong("Superseded"), f" by {charting.named(list(standing.superseded_by))}."]
    if links:
        yield Text(tuple(links), "small")


def changes(entry: DecisionEntry) -> Note | None:
    """The cited verdicts that are no longer what was decided on; None where all are."""
    changed = [one for one in entry.cited if one.changed]
    if not changed:
        return None
    many = "A verdict" if len(changed) == 1 else f"{len(changed)} verdicts"
    have = "has" if len(changed) == 1 else "have"
    title = f"{many} that this decision cites {have} changed since"
    return Note("warning", title, (Bullets(tuple(map(_change, changed))),))


def _change(one: Citation) -> Words:
    return (
        Code(one.path),
        ". Then: ",
        one.then or "no verdict.",
        " ",
        Strong("Now:"),
        f" {one.words}",
    )


def _is_long(entry: DecisionEntry) -> bool:
    return bool(entry.because or entry.options or entry.cited)


def _fold(standing: Standing) -> Fold:
    entry = standing.entry
    body: list[Block] = []
    if entry.because:
        body.append(Text((entry.because,)))
    body += _details(standing)
    if (changed := changes(entry)) is not None:
        body.append(changed)
    name = entry.question or entry.decided
    return Fold(f"{entry.id}: {name}" if entry.id else name or "Decision", tuple(body))


def _table(data: DecisionsData) -> Table:
    columns = ("Date", "Decision", "Question", "Decided", "By", "Report", "State")
    rest = len(data.standings) - SHOWN
    note: Words = (f"{rest} more are not shown.",) if rest > 0 else ()
    return Table(
        columns=tuple(Column(title) for title in columns),
        rows=tuple(_row(standing) for standing in data.standings[:SHOWN]),
        caption="Decisions, the latest first",
        note=note,
    )


def _row(standing: Standing) -> Row:
    entry = standing.entry
    report: Words = (entry.report,)
    if entry.is_own:
        report = (entry.report, Muted(" (this report)"))
    elif entry.place:
        report = (f"{entry.report} " if entry.report else "", Muted(entry.place))
    state: Words = ("in force",)
    if standing.superseded_by:
        state = (Muted(f"superseded by {charting.named(list(standing.superseded_by))}"),)
    elif not entry.decided:
        state = (Muted("open"),)
    if any(one.changed for one in entry.cited):
        state = (*state, "; a cited verdict changed")
    cells = [
        Cell((entry.date,) if entry.date else (Muted("unknown"),), entry.date or None),
        Cell((Code(entry.id),) if entry.id else (), entry.id or None),
        Cell((entry.question,), entry.question or None),
        Cell((entry.decided,), entry.decided or None),
        Cell((entry.by,), entry.by or None),
        Cell(report, entry.report or entry.place),
        Cell(state, "".join(part if isinstance(part, str) else part.text for part in state)),
    ]
    return Row(tuple(cells))


def record(data: DecisionsData) -> dict[str, Any]:
    """The log as plain data."""
    return {
        "decisions": [
            {
                "id": one.entry.id,
                "question": one.entry.question,
                "decided": one.entry.decided,
                "by": one.entry.by,
                "date": one.entry.date,
                "report": one.entry.report,
                "supersedes": one.entry.supersedes,
                "superseded_by": one.superseded_by,
                "changed": [cited.path for cited in one.entry.cited if cited.changed],
            }
            for one in data.standings
        ]
    }


def _needs(options: Options, design: Design) -> Needs:
    return Needs(decisions=frozenset((options.folder,)))


SECTION = Section(
    name="decisions",
    options=Options,
    compute=compute,
    present=present,
    needs=_needs,
    title="Decisions",
    record=record,
    short="folder",
)
