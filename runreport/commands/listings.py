"""Listings as a table for terminals, as CSV for spreadsheets, as JSON for programs."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from runreport.commands.inventory import LISTINGS, Listing, full_runs
from runreport.commands.messages import columns, printable
from runreport.render import emit
from runreport.understand import Facts

NARROWEST = 8
"""Columns that a text is cut to at least."""
WIDEST = 60
"""Columns of one text where the width is unknown."""


def as_json(facts: Facts, names: Sequence[str]) -> str:
    """The listings as one object; a number that is not finite is null."""
    found: dict[str, Any] = {}
    for name in names:
        if name == "runs":
            found["runs"] = full_runs(facts.tables.rows)
        else:
            listing = LISTINGS[name](facts.tables.rows)
            keys = [column.name.replace(" ", "_").replace("-", "_") for column in listing.columns]
            found[name] = [dict(zip(keys, row, strict=True)) for row in listing.rows]
    found["redacted"] = facts.redacted
    found["problems"] = [
        {"code": p.code, "severity": p.severity, "message": p.message, "place": p.place}
        for p in facts.tables.problems
    ]
    return orjson.dumps(_finite(found), option=orjson.OPT_INDENT_2).decode()


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_finite(item) for item in value]
    return value


def as_csv(listing: Listing) -> str:
    """One listing for spreadsheets: text that would run as a formula is defused."""
    lines = [",".join(emit.csv(column.name) for column in listing.columns)]
    lines += [",".join(emit.csv(cell) for cell in row) for row in listing.rows]
    return "".join(f"{line}\n" for line in lines)


def as_table(listing: Listing, width: int | None) -> str:
    """Aligned columns under a heading with the count.

    Args:
        listing: what is shown.
        width: of the terminal: texts give way until lines fit; None: unknown.
    """
    heading = f"{len(listing.rows)} {listing.name if len(listing.rows) != 1 else listing.name[:-1]}"
    if not listing.rows:
        return f"no {listing.name}"
    cells = [[column.name for column in listing.columns]]
    cells += [[printable(_text(cell)) for cell in row] for row in listing.rows]
    widths = [max(columns(row[i]) for row in cells) for i in range(len(listing.columns))]
    widths = _fitted(widths, [column.number for column in listing.columns], width)
    lines = [heading]
    for row in cells:
        parts = []
        for text, wide, column in zip(row, widths, listing.columns, strict=True):
            shown = _cut(text, wide)
            space = " " * (wide - columns(shown))
            parts.append(space + shown if column.number else shown + space)
        lines.append("  ".join(parts).rstrip())
    return "\n".join(lines)


def _text(cell: str | float | None) -> str:
    if cell is None:
        return "-"
    if isinstance(cell, str):
        return cell
    return f"{cell:d}" if isinstance(cell, int) else f"{cell:.6g}"


def _fitted(widths: Sequence[int], fixed: Sequence[bool], width: int | None) -> list[int]:
    """Widths of columns: the widest texts give way until the line fits."""
    if width is None:
        return [
            wide if stays else min(wide, WIDEST) for wide, stays in zip(widths, fixed, strict=True)
        ]
    found = list(widths)
    free = [index for index, stays in enumerate(fixed) if not stays]
    while sum(found) + 2 * (len(found) - 1) > width:
        widest = max(free, key=lambda index: found[index])
        if found[widest] <= NARROWEST:
            break
        found[widest] -= 1
    return found


def _cut(text: str, wide: int) -> str:
    if columns(text) <= wide:
        return text
    while text and columns(text) > wide - 1:
        text = text[:-1]
    return f"{text}\u2026"
