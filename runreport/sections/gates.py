"""Whether the candidate may be promoted: every gate of the spec with what was found.

What gates ask stands in the spec, under `gates`. Each is held against the same numbers that the
other pages show; a gate fails where something it needs is unknown. A waiver lets one fail until a
day, and stands here with its reason and owner.

    - gates
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from runreport.blocks import (
    Block,
    Bullets,
    Cell,
    Code,
    Column,
    Mark,
    Muted,
    Note,
    Row,
    Strong,
    Table,
    Text,
)
from runreport.kinds import Context, Judged, Section
from runreport.sections import gatewords

MARKS: dict[str, frozenset[Mark]] = {
    "passed": frozenset({"better"}),
    "waived": frozenset({"warning"}),
    "warned": frozenset({"warning"}),
    "failed": frozenset({"worse"}),
}


@dataclass(frozen=True, slots=True)
class Options:
    """What the author may write: nothing, since gates stand in the spec."""


@dataclass(frozen=True, slots=True)
class GatesData:
    """What became of the gates."""

    gates: tuple[Judged, ...]
    time: datetime
    """The report's: waivers are held against it."""


# ---- numbers -------------------------------------------------------------------------------------


def compute(context: Context, options: Options) -> GatesData:
    """The gates as they were judged for the whole report."""
    return GatesData(context.gates, context.now)


# ---- blocks --------------------------------------------------------------------------------------


def present(data: GatesData, options: Options) -> tuple[Block, ...]:
    """The outcome, gate by gate, and the waivers."""
    if not data.gates:
        why = ("The spec declares no ", Code("gates"), ", so nothing stops a promotion.")
        return (Note("info", "No gates", (Text(why),)),)
    blocks: list[Block] = [Text((gatewords.promotion(data.gates),), "lead"), _table(data)]
    said = [(gatewords.waiver_words(gate), gate.title) for gate in data.gates if gate.waiver]
    if said:
        lines = tuple((Strong(title), f": {words}") for words, title in said)
        blocks.append(Bullets(lines))
        day = f"{data.time:%Y-%m-%d}"
        when = f"Waivers are held against the report's time, {day}, not against the clock."
        blocks.append(Text((when,), "small"))
    return tuple(blocks)


def _table(data: GatesData) -> Table:
    several = any(ruling.subject for gate in data.gates for ruling in gate.rulings)
    columns = [Column("Gate"), Column("Outcome", "status")]
    if several:
        columns.append(Column("Candidate"))
    columns.append(Column("What was found"))
    return Table(
        columns=tuple(columns),
        rows=tuple(row for gate in data.gates for row in _rows(gate, several)),
        caption="Gates and what was found",
        note=("A critical gate that fails stops a promotion; a warning is only said.",),
    )


def _rows(gate: Judged, several: bool) -> Iterator[Row]:
    outcome = gatewords.OUTCOMES[gate.word]
    for place, ruling in enumerate(gate.rulings):
        own = "passed" if ruling.passed else "failed" if outcome == "passed" else outcome
        title = Strong(gate.title) if place == 0 else Muted(gate.title)
        weight = () if gate.severity == "critical" or place else (Muted(" (warning)"),)
        cells = [
            Cell((title, *weight), gate.title),
            Cell((own,), own, MARKS[own]),
        ]
        if several:
            cells.append(Cell((ruling.subject or Muted("all runs"),), ruling.subject or None))
        cells.append(Cell((ruling.words,), ruling.words))
        yield Row(tuple(cells))


def record(data: GatesData) -> dict[str, Any]:
    """The outcome in words; the gates themselves stand at the top of `runreport.json`."""
    return {
        "words": gatewords.promotion(data.gates) if data.gates else "",
        "stops": any(gate.stops for gate in data.gates),
    }


SECTION = Section(
    name="gates",
    options=Options,
    compute=compute,
    present=present,
    title="Gates",
    record=record,
)
