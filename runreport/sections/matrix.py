"""Params and metrics two by two: every pair as a scatter chart, and how their ranks go together.

Up to five columns are drawn as a matrix of scatter charts, more as a map of correlations. Each
correlation is Spearman's, with its interval and the number of configurations it rests on; those
that hold after the correction over all pairs are bold. Words of two kinds count as 0 and 1.

    - matrix: {columns: [learning_rate, optimizer, val_accuracy, train_time]}
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from runreport import formats
from runreport.blocks import Block, Cell, Column, Figure, Note, Row, Table, Text
from runreport.kinds import Context, Section
from runreport.sections import (
    charting,
    configurations,
    correlations,
    identities,
    matrixdraw,
    quantities,
)
from runreport.sections.correlations import Correlations, Pairing
from runreport.sections.matrixdraw import Grid
from runreport.spec.expressions import Expression
from runreport.stats import words

SCATTERED = 5
"""Up to so many columns are drawn as scatter charts."""

COLUMNS = 20
"""A map has room for so many columns."""

TOGETHER = 0.5
"""From so large a correlation on, two params are said to have moved together."""

ROWS = 200
"""The table below names so many pairs."""


@dataclass(frozen=True, slots=True)
class Options:
    """What the author may write."""

    columns: tuple[Expression, ...] = ()
    """Params, metrics or expressions; by default the params that differ and the declared
    metrics."""
    scatter: bool | None = None
    """Scatter charts, or the map of correlations; by default by the number of columns."""
    limit: int = 500
    """With more runs than this the first ones are drawn; correlations are of all."""


@dataclass(frozen=True, eq=False)
class MatrixData:
    """Every two columns, or why there are none."""

    found: Correlations | None
    grid: Grid | None
    """Scatter charts; None where the map is drawn."""
    why: str
    remarks: tuple[str, ...]


# ---- numbers -------------------------------------------------------------------------------------


def compute(context: Context, options: Options) -> MatrixData:
    """Columns, their correlations, and every run in every chart."""
    if not context.runs:
        return MatrixData(None, None, "This report has no runs.", ())
    settings = configurations.read(context)
    read = tuple(quantities.read(context, context.runs, item) for item in options.columns)
    read = read or correlations.default_columns(context, settings)
    found = correlations.correlations_of(context, settings, read, COLUMNS)
    if len(found.entries) < 2:
        why = "Two columns of numbers that vary are needed."
        if found.left_out:
            why += f" Left out, of one value or of several words: {charting.named(found.left_out)}."
        return MatrixData(None, None, why, ())
    remarks = list(identities.words(settings.left_out))
    if cut := len(read) - len(found.left_out) - len(found.entries):
        remarks.append(f"No room for {formats.count(cut, 'further column')}.")
    scatter = options.scatter
    if scatter is None or len(found.entries) > SCATTERED + 1:
        scatter = len(found.entries) <= SCATTERED
    grid = None
    if scatter:
        limit = max(1, options.limit)
        if len(context.runs) > limit:
            rest = len(context.runs) - limit
            remarks.append(
                f"The first {limit} runs are drawn, {rest} more are not; correlations are of all."
            )
        grid = matrixdraw.grid_of(context, found, limit)
    return MatrixData(found, grid, "", tuple(remarks))


# ---- blocks --------------------------------------------------------------------------------------


def present(data: MatrixData, options: Options) -> tuple[Block, ...]:
    """The matrix or the map with its table, or a note that says why there is none."""
    found = data.found
    if found is None:
        return (Note("info", "No matrix", (Text((data.why,)),)),)
    names = [entry.name for entry in found.entries]
    note = " ".join([*_sentences(found, data.grid), *data.remarks])
    title = f"{charting.named(names, 4)} two by two"
    if data.grid is not None:
        return (
            Figure(
                draw=matrixdraw.draw,
                data=data.grid,
                title=title,
                description=_description(found),
                table=_table(found),
                legend=data.grid.legend,
                height=6.6 if len(names) > 2 else 4.4,
                note=(note,),
            ),
        )
    return (
        Figure(
            draw=matrixdraw.draw_map,
            data=matrixdraw.map_of(found),
            title=f"Rank correlations of {charting.named(names, 4)}",
            description=_description(found),
            table=_table(found),
            legend=matrixdraw.MAP_LEGEND,
            height=min(7.2, 1.9 + 0.36 * len(names)),
            note=(note,),
        ),
    )


def _sentences(found: Correlations, grid: Grid | None) -> list[str]:
    counts = sorted({pairing.n for pairing in found.pairings})
    of = formats.count(counts[-1], "configuration")
    if counts[0] != counts[-1]:
        of = f"{formats.number(counts[0])} to {of}"
    mean = ", each the mean of its finished runs" if found.averaged else ""
    said = [f"Spearman's rank correlations with {100 * found.level:g} % intervals over {of}{mean}."]
    holding = [pairing for pairing in found.pairings if found.differs(pairing)]
    if found.family:
        said.append(
            f"Bold: {len(holding)} of {found.family} pairs differ from no association "
            f"(\u03b1 = {found.alpha:g}, {_corrected(found)})."
        )
    together = [
        p for p in holding
        if found.entries[p.first].is_param and found.entries[p.second].is_param
        and p.found is not None and abs(p.found.value) >= TOGETHER
    ]  # fmt: skip
    if together:
        names = charting.named([_pair_name(found, p) for p in together], 3)
        said.append(f"Moved together, so that their effects are hard to tell apart: {names}.")
    coded = [
        f"{entry.name} ({' above '.join(charting.fit(w, 20) for w in entry.words[::-1])})"
        for entry in found.entries
        if entry.words is not None
    ]
    if coded:
        said.append(f"Words of two kinds count as 0 and 1: {charting.named(coded, 4)}.")
    if found.left_out:
        names = charting.named(found.left_out)
        said.append(f"Left out, of one value or of several words without an order: {names}.")
    said.append(
        "A correlation misses what rises and falls, and is no effect of one on the other. Where a "
        "search chose configurations by earlier results, they are no independent draws."
    )
    if grid is not None and any(grid.hollow):
        said.append("Hollow marks are runs that did not finish; they enter no correlation.")
    return said


def _corrected(found: Correlations) -> str:
    """`after Holm over 15`, or that nothing was corrected."""
    if found.correction == "none" or found.family < 2:
        return "without correction"
    return f"{words.corrected(found.correction)} over {found.family} pairs"


def _pair_name(found: Correlations, pairing: Pairing) -> str:
    names = [charting.fit(found.entries[i].name, 30) for i in (pairing.second, pairing.first)]
    value = "" if pairing.found is None else f" {formats.signed(pairing.found.value, 2)}"
    return f"{' and '.join(names)}{value}"


def _ordered(found: Correlations) -> list[Pairing]:
    return sorted(found.pairings, key=lambda p: 0.0 if p.found is None else -abs(p.found.value) - 1)


def _description(found: Correlations) -> str:
    names = charting.named([entry.name for entry in found.entries], COLUMNS)
    strongest = [_pair_name(found, p) for p in _ordered(found)[:3] if p.found is not None]
    said = f"{formats.count(len(found.pairings), 'pair')} of {names}."
    return said + (f" Strongest rank correlations: {'; '.join(strongest)}." if strongest else "")


def _table(found: Correlations) -> Table:
    columns = (
        Column("First"),
        Column("Second"),
        Column("Spearman \u03c1", "number"),
        Column("from", "number"),
        Column("to", "number"),
        Column("configurations", "number"),
        Column("p", "number", hint=f"Two-sided, {_corrected(found)}"),
    )
    rows = []
    for pairing in _ordered(found)[:ROWS]:
        names = [found.entries[i].name for i in (pairing.second, pairing.first)]
        own = pairing.found
        interval = None if own is None else own.interval(found.level)
        numbers = (
            None if own is None else own.value,
            None if interval is None else interval.low,
            None if interval is None else interval.high,
        )
        p = pairing.p_adjusted
        rows.append(
            Row(
                (
                    *(Cell((name,), name) for name in names),
                    *(charting.cell(v, None if v is None else formats.signed(v, 2))
                      for v in numbers),
                    charting.cell(float(pairing.n)),
                    charting.cell(p, None if p is None else _p(p)),
                )
            )
        )  # fmt: skip
    cut = len(found.pairings) - len(rows)
    note = f"{formats.count(cut, 'further pair')} not listed." if cut else ""
    return Table(columns, tuple(rows), "Every pair", note=(note,) if note else ())


def _p(p: float) -> str:
    return formats.p_value(p).removeprefix("p = ").removeprefix("p ")


def record(data: MatrixData) -> Mapping[str, Any]:
    """Every correlation with its interval, n and corrected p."""
    found = data.found
    if found is None:
        return {"why": data.why}
    return {
        "level": found.level,
        "correction": found.correction,
        "family": found.family,
        "left_out": found.left_out,
        "pairs": [
            {
                "first": found.entries[p.second].axis.quantity.name,
                "second": found.entries[p.first].axis.quantity.name,
                "spearman": None if p.found is None else p.found.value,
                "interval": None if p.found is None else p.found.interval(found.level),
                "configurations": p.n,
                "p_adjusted": p.p_adjusted,
            }
            for p in found.pairings
        ],
    }


SECTION = Section(
    name="matrix",
    options=Options,
    compute=compute,
    present=present,
    record=record,
    short="columns",
)
