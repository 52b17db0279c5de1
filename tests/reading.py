"""Blocks as a reader sees them: texts, tables by heading, everything in order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import Any, TypeVar

import numpy as np

from runreport import blocks as b

T = TypeVar("T")


def walk(blocks: Iterable[b.Block]) -> Iterator[b.Block]:
    """Every block, those inside of others too."""
    for block in blocks:
        yield block
        if isinstance(block, b.Note | b.Fold):
            yield from walk(block.body)
        if isinstance(block, b.Figure) and block.table is not None:
            yield block.table


def find(blocks: Iterable[b.Block], kind: type[T]) -> list[T]:
    return [block for block in walk(blocks) if isinstance(block, kind)]


def words(words: b.Words) -> str:
    return "".join(word if isinstance(word, str) else word.text for word in words)


def texts(value: Any) -> Iterator[str]:
    """Every text in blocks, wherever it stands."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, tuple | list):
        for item in value:
            yield from texts(item)
    elif is_dataclass(value):
        for field in fields(value):
            if field.name not in ("draw", "data"):
                yield from texts(getattr(value, field.name))


def said(blocks: Sequence[b.Block]) -> str:
    """All texts of blocks, each on a line; the words of one sentence stay together."""
    lines: list[str] = []
    for block in walk(blocks):
        if isinstance(block, b.Text):
            lines.append(words(block.words))
        elif isinstance(block, b.Bullets):
            lines += [words(item) for item in block.items]
        elif isinstance(block, b.Table | b.Figure):
            lines.append(words(block.note))
        elif isinstance(block, b.Note):
            lines.append(block.title)
    return "\n".join(lines)


def headings(table: b.Table) -> list[str]:
    return [column.title for column in table.columns]


def shown(table: b.Table) -> list[dict[str, str]]:
    """Rows as heading to text; of equal headings the first."""
    rows = []
    for row in table.rows:
        texts: dict[str, str] = {}
        for column, cell in zip(table.columns, row.cells, strict=True):
            texts.setdefault(column.title, words(cell.words))
        rows.append(texts)
    return rows


def cell(table: b.Table, row: str | int, column: str) -> b.Cell:
    """A cell by the text in its row's first column and the heading of its column."""
    index = headings(table).index(column)
    if isinstance(row, int):
        return table.rows[row].cells[index]
    (found,) = [r for r in table.rows if words(r.cells[0].words) == row]
    return found.cells[index]


def column(table: b.Table, heading: str) -> list[Any]:
    """The unrounded values of a column."""
    index = headings(table).index(heading)
    return [row.cells[index].value for row in table.rows]


def plain(value: Any) -> Any:
    """Anything as nested tuples that compare: arrays as bytes, numbers by their digits."""
    if isinstance(value, np.ndarray):
        return ("array", value.shape, value.tobytes())
    if isinstance(value, tuple | list):
        return tuple(plain(item) for item in value)
    if isinstance(value, Mapping):
        return tuple((plain(key), plain(item)) for key, item in value.items())
    if is_dataclass(value) and not isinstance(value, type):
        parts = tuple((f.name, plain(getattr(value, f.name))) for f in fields(value))
        return (type(value).__name__, *parts)
    if isinstance(value, frozenset):
        return tuple(sorted(map(repr, value)))
    if isinstance(value, Callable):  # type: ignore[arg-type]  # a class as far as isinstance cares
        return value.__qualname__
    return repr(value)
