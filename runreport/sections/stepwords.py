"""How the steps of a lineage are shown: commits, lines, data, packages and hardware."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from runreport import formats
from runreport.blocks import (
    Block,
    Bullets,
    Cell,
    Code,
    Column,
    Fold,
    Headline,
    Inline,
    Muted,
    Preformatted,
    Row,
    Strong,
    Table,
    Text,
    Words,
)
from runreport.kinds import CodeChange, CodeHistory
from runreport.sections import charting, variation
from runreport.sections.packages import PackageChange
from runreport.sections.steps import Changes, DataChange, HardwareChange

OPEN = 2
"""Up to so many steps stand open; more are folded, one each."""

ROWS = 200
"""Of one table."""

COMMITS = 30
"""Of one list; of the others their number is said."""

_SIZES = {
    "major": "major version",
    "minor": "minor version",
    "patch": "patch",
    "build": "build alone",
    "unknown": "",
}


def blocks(found: Sequence[Changes], further: int, history: CodeHistory | None) -> list[Block]:
    """Everything that differs, step by step.

    Args:
        found: the steps, in order.
        further: how many more there are.
        history: what the repository tells; None where the author names none.
    """
    made: list[Block] = []
    shown: dict[tuple[str, str], str] = {}
    for one in found:
        inner = _of(one, history, shown)
        title = f"From {_name(one, before=True)} to {_name(one, before=False)}"
        if len(found) <= OPEN:
            made += [Headline(title, 3), *inner]
        else:
            made.append(Fold(f"{title}: {summary(one)}", tuple(inner)))
    if made and len(found) > OPEN:
        made.insert(0, Headline("What changed from the baseline", 3))
    if further:
        text = f"The first {len(found)} groups are compared so, {further} further ones are not."
        made.append(Text((text,), "small"))
    return made


def _name(one: Changes, *, before: bool) -> str:
    side = one.step.before if before else one.step.after
    return charting.fit(side.title, 40)


def summary(one: Changes) -> str:
    """`other commit, 2 data sets, 14 packages (numpy 1.26 to 2.1)`."""
    said = []
    if all(one.commits) and one.commits[0] != one.commits[1]:
        said.append("other code")
    if one.data:
        said.append(formats.count(sum(not d.is_file for d in one.data), "data set"))
    if one.packages:
        said.append(formats.count(len(one.packages), "package"))
    if one.hardware:
        said.append("other machine")
    return ", ".join(said) or "no difference that both sides logged"


def _of(
    one: Changes, history: CodeHistory | None, shown: dict[tuple[str, str], str]
) -> list[Block]:
    made: list[Block] = [*_code(one, history, shown)]
    if one.data:
        made.append(_data(one.data, one))
    if one.packages:
        made.append(_packages(one.packages, one))
    if one.hardware:
        made.append(_hardware(one.hardware, one))
    said = []
    if one.is_empty:
        said.append("Nothing that both sides logged differs.")
    if one.unknown:
        listed = charting.named(list(one.unknown), 6)
        said.append(f"Not logged on both sides, so not compared: {listed}.")
    if said:
        made.append(Text((" ".join(said),), "small"))
    return made


# ---- code ----------------------------------------------------------------------------------------


def _code(
    one: Changes, history: CodeHistory | None, shown: dict[tuple[str, str], str]
) -> list[Block]:
    before, after = one.commits
    if not before or not after:
        return []
    if before == after:
        return [Text((f"The same code: commit {_short(before)}.",))]
    if (pair := one.step.commits) is None:
        text = f"Several commits on a side ({_short(before)}; {_short(after)}): no one change."
        return [Text((text,))]
    change = _told(pair, history)
    words: Words = ("From commit ", Code(pair[0][:10]), " to ", Code(pair[1][:10]))
    if isinstance(change, str):
        return [Text((*words, f"; {change}."))]
    if pair in shown:
        return [Text((*words, f": the same change as to {shown[pair]}, above."))]
    shown[pair] = _name(one, before=False)
    return [Text((*words, f": {_counts(change)}")), *_changed(change, pair)]


def _told(pair: tuple[str, str], history: CodeHistory | None) -> CodeChange | str:
    if history is None:
        return "name the repository in `lineage: {repository: ...}` to see what lies between"
    if history.missing:
        return f"what lies between is not known: {history.missing}"
    change = history.changes.get(pair, "it was not asked for")
    return change if isinstance(change, CodeChange) else f"what lies between is not known: {change}"


def _counts(change: CodeChange) -> str:
    said = formats.count(change.ahead, "commit")
    if change.behind:
        said += f" on, and {formats.count(change.behind, 'commit')} of the other side left out"
    files = formats.count(change.changed, "file")
    lines = [formats.count(number, "line") for number in (change.added, change.removed)]
    return f"{said}; {files} changed, {lines[0]} added, {lines[1]} removed."


def _changed(change: CodeChange, pair: tuple[str, str]) -> list[Block]:
    made: list[Block] = []
    if change.commits:
        lines = [_commit(line.id, line.subject, line.author, line.time) for line in change.commits]
        made.append(Bullets(tuple(lines[:COMMITS])))
        if (rest := change.ahead - COMMITS) > 0:
            made.append(Text((f"{formats.count(rest, 'earlier commit')} not listed.",), "small"))
    if change.files:
        rows = tuple(
            Row(
                (
                    Cell((Code(charting.fit(file.path, 80)),), file.path),
                    _lines(file.added),
                    _lines(file.removed),
                )
            )
            for file in change.files
        )
        columns = (
            Column("File"),
            Column("Lines added", "number"),
            Column("Lines removed", "number"),
        )
        rest = change.changed - len(rows)
        note: Words = (f"{rest} more files changed.",) if rest else ()
        caption = f"Files changed from {pair[0][:10]} to {pair[1][:10]}"
        title = f"{formats.count(change.changed, 'file')} changed"
        made.append(Fold(title, (Table(columns, rows, caption, note=note),)))
    if change.diff:
        title = "The change as text" + (", its beginning" if change.cut else "")
        made.append(Fold(title, (Preformatted(change.diff),)))
    return made


def _commit(name: str, subject: str, author: str, time: object) -> Words:
    about = [author] if author else []
    if time is not None:
        about.append(f"{time:%Y-%m-%d}")
    words: list[Inline] = [Code(name[:10]), f" {charting.fit(subject, 120)}"]
    if about:
        words.append(Muted(f" {', '.join(about)}"))
    return tuple(words)


def _lines(count: int | None) -> Cell:
    if count is None:
        return Cell(("no text",), None, frozenset({"missing"}))
    return Cell((f"{count:,}",), float(count))


def _short(commits: Sequence[str]) -> str:
    return charting.named([commit[:10] for commit in commits], 3)


# ---- data, packages, hardware --------------------------------------------------------------------


def _sides(one: Changes) -> tuple[Column, Column]:
    return (
        Column(_name(one, before=True), hint=charting.fit(one.step.before.title, 300)),
        Column(_name(one, before=False), hint=charting.fit(one.step.after.title, 300)),
    )


def _texts(texts: Sequence[str], extra: str = "") -> Cell:
    if not texts:
        return Cell((formats.MISSING,), None, frozenset({"missing"}))
    words = charting.named([variation.brief(text, 40) for text in texts], 3)
    return Cell((words + extra,), "; ".join(texts)[:1000])


def _data(found: Sequence[DataChange], one: Changes) -> Table:
    rows = tuple(
        Row(
            (
                Cell((charting.fit(change.name, 60),), change.name),
                Cell((change.kind,), change.kind),
                _texts(change.before, _files(change.files[0])),
                _texts(change.after, _files(change.files[1])),
            )
        )
        for change in found[:ROWS]
    )
    columns = (Column("Data"), Column("Change"), *_sides(one))
    files = sum(change.is_file for change in found)
    caption = formats.count(len(found) - files, "data set")
    if files:
        caption += f" and {formats.count(files, 'file')} of data"
    caption += f" {_verb(found)}"
    return Table(columns, rows, caption, note=_cut(found), export="data-changes")


def _files(count: str) -> str:
    return f" ({count} files)" if count else ""


def _packages(found: Sequence[PackageChange], one: Changes) -> Table:
    rows = []
    for change in found[:ROWS]:
        name: Inline = Strong(change.name) if change.trains else change.name
        said = " ".join(filter(None, (change.kind, _SIZES[change.size])))
        rows.append(
            Row(
                (
                    Cell((name,), change.name),
                    Cell((said,), said),
                    _texts(change.before),
                    _texts(change.after),
                )
            )
        )
    columns = (Column("Package"), Column("Change"), *_sides(one))
    caption = f"{formats.count(len(found), 'package')} {_verb(found)}"
    said = "Libraries that train come first, in bold, then major versions."
    note: Words = (" ".join([said, *_cut(found)]),)
    return Table(columns, tuple(rows), caption, note=note, export="package-changes")


def _hardware(found: Sequence[HardwareChange], one: Changes) -> Table:
    rows = tuple(
        Row(
            (
                Cell((charting.fit(change.label, 60),), change.label),
                _texts(change.before),
                _texts(change.after),
            )
        )
        for change in found[:ROWS]
    )
    columns = (Column("Machine"), *_sides(one))
    caption = f"{formats.count(len(found), 'fact')} of the machine {_verb(found)}"
    return Table(columns, rows, caption, note=_cut(found), export="hardware-changes")


def _verb(found: Sequence[object]) -> str:
    return "differs" if len(found) == 1 else "differ"


def _cut(found: Sequence[object]) -> tuple[str, ...]:
    rest = len(found) - ROWS
    return (f"{rest} more are not listed.",) if rest > 0 else ()


def facts(found: Sequence[Changes]) -> list[Mapping[str, object]]:
    """The steps as plain data."""
    return [
        {
            "from": one.step.before.title,
            "to": one.step.after.title,
            "commits": {"from": list(one.commits[0]), "to": list(one.commits[1])},
            "data": list(one.data),
            "packages": list(one.packages),
            "hardware": list(one.hardware),
            "not_compared": list(one.unknown),
        }
        for one in found
    ]
