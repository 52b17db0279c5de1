"""A table's data files: CSV for spreadsheets, LaTeX for papers."""

from __future__ import annotations

import re
from collections.abc import Collection

from runreport import blocks as b
from runreport.render import emit


def path(slug: str, stem: str, taken: Collection[str]) -> str:
    """Where a table's files go, without their ending: `data/index/runs`. A folder per page, so
    that no two pages share a file.
    """
    name = re.sub(r"[^a-z0-9]+", "-", stem.lower()).strip("-") or "table"
    candidate, number = f"data/{slug}/{name}", 1
    while f"{candidate}.csv" in taken:
        number += 1
        candidate = f"data/{slug}/{name}-{number}"
    return candidate


def own_path(slug: str, name: str, taken: Collection[str]) -> str:
    """Where a file goes whose name means something: `data/index/provenance/NAME.json`.

    Of several files of one name on a page each further one gets a folder of its own.
    """
    if re.fullmatch(r"[a-z0-9-]+/[a-z0-9-]+", name) is None:
        raise ValueError(f"no name of a file: {name!r}")
    folder, _, stem = name.partition("/")
    candidate, number = f"data/{slug}/{folder}/{stem}.json", 1
    while candidate in taken:
        number += 1
        candidate = f"data/{slug}/{folder}-{number}/{stem}.json"
    return candidate


def csv(table: b.Table) -> bytes:
    """Unrounded values, one line per row, UTF-8."""
    lines = [",".join(emit.csv(_heading(column)) for column in table.columns)]
    lines += [",".join(emit.csv(_value(cell)) for cell in row.cells) for row in table.rows]
    return ("\r\n".join(lines) + "\r\n").encode()


def latex(table: b.Table) -> bytes:
    """A `booktabs` tabular with the words of the page; the best values are bold."""
    align = "".join("r" if c.kind in ("number", "time") else "l" for c in table.columns)
    heads = " & ".join(emit.latex(_heading(column)) for column in table.columns)
    lines = [
        f"% {emit.latex(table.caption)}",
        f"\\begin{{tabular}}{{{align}}}",
        "\\toprule",
        f"{heads} \\\\",
        "\\midrule",
        *(" & ".join(_latex_cell(cell) for cell in row.cells) + " \\\\" for row in table.rows),
        "\\bottomrule",
        "\\end{tabular}",
    ]
    return ("\n".join(lines) + "\n").encode()


def plain(words: b.Words) -> str:
    """What the words say."""
    return "".join(word if isinstance(word, str) else word.text for word in words)


def _heading(column: b.Column) -> str:
    return f"{column.title} ({column.unit})" if column.unit else column.title


def _value(cell: b.Cell) -> float | str | None:
    if cell.value is not None:
        return cell.value
    return None if "missing" in cell.marks else plain(cell.words) or None


def _latex_cell(cell: b.Cell) -> str:
    text = emit.latex(plain(cell.words))
    return f"\\textbf{{{text}}}" if "best" in cell.marks and text else text
