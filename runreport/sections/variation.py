"""What is the same and what differs between runs or groups, key by key."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from runreport import formats
from runreport.blocks import Block, Cell, Column, Fold, Inline, Muted, Preformatted, Row
from runreport.blocks import Mark as CellMark
from runreport.kinds import Context
from runreport.samples import Group
from runreport.sections import charting
from runreport.tables import Run, level

Facts: TypeAlias = Callable[[Run], Mapping[str, str]]
"""A run to what it has under each key."""

COLUMNS = 12
"""Runs or groups side by side."""

LONG = 60
"""Characters of a value in its cell."""

_DIGEST = re.compile(r"(?:[a-z0-9]{1,12}:)?([0-9a-f]{10})[0-9a-f]{22,}")

FULL, MANY = 5_000, 60
"""Characters of a value written out below, and how many such values."""


@dataclass(frozen=True, eq=False)
class Side:
    """One column of a comparison: a run, or the runs of a group."""

    title: str
    runs: tuple[Run, ...]
    is_baseline: bool
    group: Group | None = None
    """None when the column is one run."""


@dataclass(frozen=True, slots=True)
class Held:
    """What one side has under a key."""

    texts: tuple[str, ...]
    """Distinct values as logged, in natural order."""
    values: frozenset[float | str]
    """The same, `1e-3` and `0.001` being one."""
    lacking: int
    """Runs without the key."""
    runs: int

    @property
    def state(self) -> tuple[frozenset[float | str], bool]:
        """What two sides are compared by."""
        return self.values, self.lacking > 0


@dataclass(frozen=True, slots=True)
class Line:
    """One key over all sides."""

    key: str
    held: tuple[Held, ...]

    @property
    def differs(self) -> bool:
        """Whether two sides hold different values, or one lacks it."""
        return len({held.state for held in self.held}) > 1

    @property
    def is_constant(self) -> bool:
        """Whether every run of every side has the same value."""
        return not self.differs and len(self.held[0].values) == 1 and not self.held[0].lacking


def sides_of_groups(context: Context) -> tuple[Side, ...]:
    """One side per group."""
    return tuple(Side(g.label, g.runs, g.is_baseline, g) for g in context.groups)


def sides_of_runs(context: Context) -> tuple[Side, ...]:
    """One side per run."""
    return tuple(
        Side(run.name or run.id, (run,), context.group_of(run).is_baseline) for run in context.runs
    )


def compare(sides: Sequence[Side], facts: Facts, *, numbers: bool = True) -> list[Line]:
    """Every key that some run has, in natural order, with what each side holds.

    Args:
        sides: runs or groups.
        facts: what a run has.
        numbers: whether `1e-3` and `0.001` are one value; versions `1.1` and `1.10` are two.
    """
    known = [[facts(run) for run in side.runs] for side in sides]
    keys = sorted({key for side in known for of_run in side for key in of_run}, key=_natural)
    return [Line(key, tuple(_held(key, of_side, numbers) for of_side in known)) for key in keys]


def _held(key: str, of_side: Sequence[Mapping[str, str]], numbers: bool) -> Held:
    texts: dict[float | str, str] = {}
    lacking = 0
    for of_run in of_side:
        if key in of_run:
            text = of_run[key]
            texts.setdefault(level(text) if numbers else text, text)
        else:
            lacking += 1
    ordered = tuple(sorted(texts.values(), key=charting.natural))
    return Held(ordered, frozenset(texts), lacking, len(of_side))


def _natural(key: str) -> tuple[str, str]:
    return key.casefold(), key


# ---- blocks --------------------------------------------------------------------------------------


def columns(sides: Sequence[Side], heading: str) -> tuple[Column, ...]:
    """The key's column and one per side that is shown."""
    shown = (
        Column(
            charting.fit(side.title, 40) + (" (baseline)" if side.is_baseline else ""),
            hint=None if len(side.title) <= 40 else charting.fit(side.title, 300),
        )
        for side in sides[:COLUMNS]
    )
    return (Column(heading), *shown)


def row(line: Line, sides: Sequence[Side]) -> Row:
    """One key; sides that hold something else than the baseline are marked."""
    reference = next((h for h, s in zip(line.held, sides, strict=True) if s.is_baseline), None)
    alone = sum(side.is_baseline for side in sides) == 1
    cells = [Cell((charting.fit(line.key, 80),), line.key[:FULL])]
    for held in line.held[:COLUMNS]:
        apart = alone and reference is not None and held.state != reference.state
        cells.append(cell(held, apart))
    return Row(tuple(cells), marks=frozenset({"differs"} if line.differs else ()))


def cell(held: Held, apart: bool) -> Cell:
    """What one side holds, in few words."""
    marks: frozenset[CellMark] = frozenset({"differs"} if apart else ())
    if not held.texts:
        return Cell((formats.MISSING,), None, marks | {"missing"})
    some = f" (in {held.runs - held.lacking} of {held.runs} runs)" if held.lacking else ""
    if len(held.texts) == 1:
        words: list[Inline] = [brief(held.texts[0])]
    else:
        words = [f"{len(held.texts)} values"]
        words += [Muted(f" {part}") for part in (_several(held),) if part]
    words += [Muted(some)] if some else []
    return Cell(tuple(words), "; ".join(held.texts)[:1000], marks)


def brief(text: str, length: int = LONG) -> str:
    """A value in its cell; of digests and commits the first letters are enough to tell."""
    if found := _DIGEST.fullmatch(text):
        return f"{found[1]}\u2026"
    return charting.fit(text, length)


def _several(held: Held) -> str:
    """The values where they are few and short, the range of numbers otherwise."""
    whole = ", ".join(brief(text) for text in held.texts)
    if len(held.texts) <= 3 and len(whole) <= LONG:
        return whole
    numbers = [value for value in held.values if isinstance(value, float)]
    if len(numbers) == len(held.values):
        return f"{charting.short(min(numbers))} to {charting.short(max(numbers))}"
    return ""


def cut_words(sides: Sequence[Side], noun: str) -> str:
    """The sentence about sides that have no column."""
    if len(sides) <= COLUMNS:
        return ""
    count = formats.count(len(sides), noun)
    return f"The first {COLUMNS} of {count} have a column; what differs is decided over all."


def constants(lines: Sequence[Line], noun: str, most: int = 12) -> str:
    """`3 params are the same everywhere: a = 1, b = 2, c = 3.` or nothing."""
    if not lines:
        return ""
    shown = [
        f"{charting.fit(line.key, 40)} = {brief(line.held[0].texts[0], 40)}"
        for line in lines[:most]
    ]
    rest = f" and {len(lines) - len(shown)} more" if len(lines) > len(shown) else ""
    verb = "is" if len(lines) == 1 else "are"
    how_many = formats.count(len(lines), noun)
    return f"{how_many} {verb} the same everywhere: {', '.join(shown)}{rest}."


def long_values(lines: Sequence[Line]) -> tuple[Block, ...]:
    """Values that their cells shorten, written out in a fold."""
    found: dict[tuple[str, str], None] = {}
    for line in lines:
        for held in line.held:
            for text in held.texts:
                if len(text) > LONG or "\n" in text:
                    found.setdefault((line.key, text))
    if not found:
        return ()
    shown = list(found)[:MANY]
    title = f"{formats.count(len(found), 'long value')} in full"
    if len(found) > len(shown):
        title = f"{len(shown)} of {len(found)} long values in full"
    blocks = (Preformatted(cut(text), charting.fit(key, 80)) for key, text in shown)
    return (Fold(title, tuple(blocks)),)


def cut(text: str) -> str:
    """A long text, its length said where it is too long to be shown whole."""
    if len(text) <= FULL:
        return text
    return f"{text[:FULL]}\n[{len(text) - FULL:,} characters more]"
