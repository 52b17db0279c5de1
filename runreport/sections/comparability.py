"""Whether groups can be compared at all: same data, split, metric, budget, tuning and code.

Says which pairs agree in everything that was logged, which differ in what and what that does to a
verdict, and what nobody logged, which is not known to be the same.

    - comparability: {ignore: [hardware], require: [code]}
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from runreport import formats
from runreport.blocks import (
    Block,
    Bullets,
    Cell,
    Column,
    Fold,
    Mark,
    Note,
    Row,
    Strong,
    Table,
    Text,
    Words,
)
from runreport.design import Budget
from runreport.kinds import Context, Section
from runreport.samples import Group
from runreport.sections import charting, ledger, pairings
from runreport.sections.audit import State
from runreport.sections.checks import CHECKS, CheckName
from runreport.sections.pairings import ALL_PAIRS, Aspect, Pair, Standing

LISTED = 6
"""Pairs written out openly."""

DETAILS = 60
"""Pairs written out in the fold."""


@dataclass(frozen=True, slots=True)
class Options:
    """What the author may write."""

    ignore: tuple[Aspect, ...] = ()
    """Checks left out."""
    require: tuple[Aspect, ...] = ()
    """Checks in which a difference makes two groups incomparable, as other evaluation data do."""


@dataclass(frozen=True, eq=False)
class ComparabilityData:
    """What groups have in common."""

    groups: tuple[Group, ...]
    pairs: tuple[Pair, ...]
    unknown: tuple[CheckName, ...]
    """Checks that no pair has logged on both sides."""
    checks: Table
    budgets: tuple[Budget, ...]
    budget_tables: tuple[Table, ...]
    tuning: Table | None


def compute(context: Context, options: Options) -> ComparabilityData:
    """Every pair audited, and every group's facts."""
    pairs = pairings.pairs_of(context, options.ignore, options.require)
    ignored = "tuning" in options.ignore
    return ComparabilityData(
        groups=context.groups,
        pairs=pairs,
        unknown=pairings.unknown(pairs),
        checks=ledger.checks_table(context, options.ignore),
        budgets=() if "budget" in options.ignore else context.design.budgets,
        budget_tables=() if "budget" in options.ignore else ledger.budget_tables(context),
        tuning=None if ignored else ledger.tuning_table(context),
    )


# ---- blocks --------------------------------------------------------------------------------------


def present(data: ComparabilityData, options: Options) -> tuple[Block, ...]:
    """The verdict, the matrix of pairs, the table of checks, the rest folded."""
    if not data.pairs:
        said = "This report has no two groups, so there is nothing to compare."
        return (Note("info", "Nothing to compare", (Text((said,)),)),)
    blocks: list[Block] = [Text(verdict(data), "lead")]
    bare = all(pair.standing == "unknown" for pair in data.pairs)
    if data.unknown and len(data.unknown) < len(_asked(options)) and not bare:
        names = ", ".join(CHECKS[check].title for check in data.unknown)
        said = f"Not logged, and so not known to be the same: {names}."
        blocks.append(Text((said,), "small"))
    blocks += _apart(data)
    if len({_standing_cell(pair).value for pair in data.pairs}) > 1:
        blocks.append(_matrix(data) if len(data.groups) <= ALL_PAIRS else _against(data))
    if len(data.pairs) == 1 and (lines := tuple(_pair_lines(data.pairs[0]))):
        blocks.append(Bullets(lines))
    blocks += [data.checks, *data.budget_tables]
    blocks += [data.tuning] if data.tuning is not None else []
    if len(data.pairs) > 1:
        blocks += _details(data)
    blocks += _remedies(data)
    return tuple(blocks)


def _asked(options: Options) -> list[CheckName]:
    return [check for check in CHECKS if check not in options.ignore]


def verdict(data: ComparabilityData) -> Words:
    """How many pairs are comparable, and what the others differ in."""
    count = len(data.pairs)
    by_standing: dict[Standing, list[Pair]] = {}
    for pair in data.pairs:
        by_standing.setdefault(pair.standing, []).append(pair)
    if set(by_standing) == {"unknown"}:
        return ("Nothing was logged that says whether these groups can be compared.",)
    if count == 1:
        return _one_verdict(data.pairs[0])
    first, *rest = [
        (len(found), _tail(standing, found))
        for standing in _WORDS
        if (found := by_standing.get(standing, []))
    ]
    more = "".join(f"; {number} {tail}" for number, tail in rest)
    share = f"All {count} pairs" if not rest else f"{first[0]} of {count} pairs"
    start = Strong(f"{share} of groups")
    return (start, f" {first[1]}{more}.")


def _tail(standing: Standing, found: Sequence[Pair]) -> str:
    """What so many pairs are like; the number stands before."""
    one, names = len(found) == 1, _aspects(found)
    return {
        "alike": f"{'is' if one else 'are'} comparable in everything that was logged",
        "lacking": f"{'is' if one else 'are'} alike in what was logged, but some runs logged "
        f"nothing of it ({names})",
        "mind": f"{'differs' if one else 'differ'} in what qualifies a verdict ({names})",
        "apart": f"cannot be compared ({names})",
        "unknown": f"{'has' if one else 'have'} logged nothing of it",
    }[standing]


def _one_verdict(pair: Pair) -> Words:
    first, second = (Strong(charting.fit(group.label)) for group in (pair.first, pair.second))
    names: Words = (first, " and ", second)
    return {
        "alike": (*names, " are comparable in everything that was logged."),
        "lacking": (
            *names,
            " are alike in what was logged, but some runs logged nothing of it: "
            f"{_aspects([pair])}.",
        ),
        "mind": (*names, f" differ in what qualifies a verdict: {_aspects([pair])}."),
        "apart": (*names, f" cannot be compared: {_aspects([pair])}."),
    }[pair.standing]


def _aspects(pairs: Sequence[Pair]) -> str:
    """`code, budget`: what decides the standing of these pairs, in reading order."""
    told = {point.aspect for pair in pairs for point in pair.told}
    order = [point for pair in pairs for point in pair.points]
    names = dict.fromkeys(point.title for point in order if point.aspect in told)
    return ", ".join(names)


def _apart(data: ComparabilityData) -> list[Block]:
    apart = [pair for pair in data.pairs if pair.standing == "apart"]
    if not apart or len(data.pairs) == 1:
        return []
    lines: list[Words] = [
        (
            Strong(charting.both(pair.first, pair.second)),
            f": {' '.join(point.words for point in pair.told)}",
        )
        for pair in apart[:LISTED]
    ]
    if len(apart) > LISTED:
        lines.append((f"And {len(apart) - LISTED} more pairs.",))
    return [Note("danger", "Not comparable", (Bullets(tuple(lines)),))]


_WORDS: Mapping[Standing, tuple[str, frozenset[Mark]]] = {
    "alike": ("comparable", frozenset()),
    "lacking": ("partly logged", frozenset({"warning"})),
    "mind": ("differs", frozenset({"warning"})),
    "apart": ("no", frozenset({"worse"})),
    "unknown": ("not known", frozenset({"muted"})),
}


def _standing_cell(pair: Pair) -> Cell:
    word, marks = _WORDS[pair.standing]
    names = _aspects([pair])
    text = f"{word}: {names}" if names else word
    if pair.lacking and pair.standing != "lacking":
        text += f"; partly logged: {', '.join(point.title for point in pair.lacking)}"
    return Cell((text,), text, marks)


def _matrix(data: ComparabilityData) -> Table:
    """Groups by groups, each pair once on both sides."""
    cells: dict[tuple[str, str], Cell] = {}
    for pair in data.pairs:
        cells[pair.first.id, pair.second.id] = cells[pair.second.id, pair.first.id] = (
            _standing_cell(pair)
        )
    groups = [group for group in data.groups if group.runs]
    same = Cell((formats.MISSING,), None, frozenset({"muted"}))
    rows = tuple(
        Row(
            (
                Cell((charting.group_name(one, 40),), one.label),
                *(cells.get((one.id, other.id), same) for other in groups),
            ),
            group_id=one.id,
        )
        for one in groups
    )
    columns = (Column("Group"), *(Column(charting.group_name(group, 40)) for group in groups))
    return Table(columns, rows, "Which groups can be compared", export="pairs")


def _against(data: ComparabilityData) -> Table:
    """Every group against one."""
    first = data.pairs[0].first
    rows = tuple(
        Row(
            (Cell((charting.group_name(pair.second),), pair.second.label), _standing_cell(pair)),
            group_id=pair.second.id,
        )
        for pair in data.pairs
    )
    columns = (Column("Group"), Column(f"With {charting.group_name(first, 40)}"))
    return Table(columns, rows, f"Which groups can be compared with {charting.fit(first.label)}",
                 export="pairs")  # fmt: skip


_TOLD: tuple[State, ...] = ("differs", "partly", "lacking")
"""Of points that have a line."""


def _pair_lines(pair: Pair) -> Iterator[Words]:
    for point in pair.points:
        if point.words and point.state in _TOLD:
            yield (Strong(charting.capital(point.title)), f": {point.words}")


def _details(data: ComparabilityData) -> list[Block]:
    lines: list[Words] = []
    for pair in data.pairs:
        said = " ".join(p.words for p in pair.points if p.state in _TOLD)
        if said:
            lines.append((Strong(charting.both(pair.first, pair.second)), f": {said}"))
    if not lines:
        return []
    apart = any(p.state in ("differs", "partly") for pair in data.pairs for p in pair.points)
    pairs = formats.count(len(lines), "pair")
    title = f"What {pairs} differ{'s' * (len(lines) == 1)} in"
    if not apart:
        title = f"What some runs of {pairs} did not log"
    shown = lines[:DETAILS]
    if len(lines) > DETAILS:
        shown.append((f"And {len(lines) - DETAILS} more pairs.",))
    return [Fold(title, (Bullets(tuple(shown)),))]


def _remedies(data: ComparabilityData) -> list[Block]:
    """What to log so that the next report knows."""
    if not data.unknown:
        return []
    lines = [
        (f"{charting.capital(CHECKS[check].title)}: {CHECKS[check].remedy}.",)
        for check in data.unknown
    ]
    title = f"How to make known what {formats.count(len(lines), 'check')} could not see"
    if all(pair.standing == "unknown" for pair in data.pairs):
        return [Note("info", "What to log", (Bullets(tuple(lines)),))]
    return [Fold(title, (Bullets(tuple(lines)),))]


def record(data: ComparabilityData) -> dict[str, Any]:
    """Every pair with what it differs in, as data."""
    return {
        "pairs": [
            {
                "first": pair.first.label,
                "second": pair.second.label,
                "standing": pair.standing,
                "checks": [
                    {"check": p.aspect, "state": p.state, "effect": p.effect, "words": p.words}
                    for p in pair.points
                ],
            }
            for pair in data.pairs
        ],
        "not_logged": list(data.unknown),
        "budgets": list(data.budgets),
    }


SECTION = Section(
    name="comparability",
    options=Options,
    compute=compute,
    present=present,
    title="Comparability",
    record=record,
)
