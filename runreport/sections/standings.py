"""Every group beside every other: means with letters, chances of being better, wins and losses."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from runreport import formats
from runreport.blocks import Block, Cell, Column, Fold, Mark, Muted, Row, Table, Text
from runreport.sections import charting
from runreport.sections.comparing import Answer
from runreport.sections.fitness import Fit
from runreport.sections.lettering import lettered
from runreport.stats import words
from runreport.stats.paired import midranks

MOST = 20
"""Groups in a matrix; more would not fit a page."""

Matrix = NDArray[np.float64]


def standings(answer: Answer, level: float) -> tuple[Block, ...]:
    """The groups with letters, then the matrices, folded; nothing where there is one group.

    Args:
        answer: with its comparisons.
        level: of the means' intervals.
    """
    fits = _ordered(answer)
    if len(fits) < 2 or not any(item.result.p_value is not None for item in answer.comparisons):
        return ()
    # against a baseline the comparisons say each group's mean
    blocks: list[Block] = [] if answer.kind == "baseline" else [_groups(answer, fits, level)]
    if len(fits) > 2:
        shown = fits[:MOST]
        body: list[Block] = []
        # values of different items or data sets are not on one scale
        if fits[0].kind in ("replicates", "folds"):
            body.append(_chances(answer, shown))
        wins = _wins(answer, shown) if answer.metric.statistic == "mean" else None
        if wins is not None:
            body.append(wins)
        if not body:
            return tuple(blocks)
        if len(shown) < len(fits):
            rest = formats.count(len(fits) - len(shown), "group")
            body.append(Text((f"The first {len(shown)} are shown; {rest} further down are not.",)))
        blocks.append(Fold("Every pair of groups", tuple(body)))
    return tuple(blocks)


def letters(answer: Answer) -> dict[str, str]:
    """Group id to its letters, where every pair of groups was compared; else empty.

    Groups that share a letter are not told apart after correction.
    """
    differ = {
        (item.candidate.id, item.baseline.id): item.result.p_adjusted < item.result.alpha
        for item in answer.comparisons
        if item.result.p_adjusted is not None
    }
    alpha = next((item.result.alpha for item in answer.comparisons), 0.0)
    differ |= {pair: p_adjusted < alpha for pair, p_adjusted in answer.beside.items()}
    return lettered([fit.group.id for fit in _ordered(answer)], differ)


def _ordered(answer: Answer) -> list[Fit]:
    """Groups with a value, the best first; in report order without a goal."""
    fits = [fit for fit in answer.fits if fit.mean is not None]
    if answer.metric.goal is None:
        return fits
    sign = 1.0 if answer.metric.goal == "minimize" else -1.0
    return sorted(fits, key=lambda fit: sign * (fit.mean or 0.0))


def _groups(answer: Answer, fits: Sequence[Fit], level: float) -> Table:
    metric, shared = answer.metric, letters(answer)
    unit = metric.unit or None
    columns = [
        Column("Group"),
        Column("n", "number", hint=f"Values, by {answer.unit_of_replication}"),
        Column("Mean", "number", unit=unit, goal=metric.goal),
        Column("Low", "number", unit=unit, hint=f"Of the mean's {words.percent(level)} interval"),
        Column("High", "number", unit=unit, hint=f"Of the mean's {words.percent(level)} interval"),
    ]
    if shared:
        columns.append(Column("Letters", hint="Groups that share a letter are not told apart"))
    note = f"Low and high are the ends of each mean's own {words.percent(level)} interval"
    note += "; whether two groups differ is not read from whether these overlap."
    if shared:
        note += " Groups that share a letter are not told apart after correction."
    return Table(
        tuple(columns),
        tuple(_group_row(fit, level, shared) for fit in fits),
        caption=f"Groups on {charting.fit(metric.title)}",
        note=(note,),
        export="groups",
    )


def _group_row(fit: Fit, level: float, shared: dict[str, str]) -> Row:
    values, interval = fit.sample.values, fit.interval(level)
    low, high = interval or (None, None)
    decimals = None
    if interval is not None and 1e-8 < interval[1] - interval[0] < 1e6:
        decimals = formats.decimals_for(interval[1] - interval[0])

    def cell(value: float | None) -> Cell:
        written = None if value is None or decimals is None else formats.fixed(value, decimals)
        return charting.cell(value, written)

    label = Cell((charting.fit(fit.group.label),), fit.group.label)
    cells = [label, charting.cell(float(values.size)), cell(fit.mean), cell(low), cell(high)]
    if shared:
        own = shared.get(fit.group.id, "")
        cells.append(Cell((own or formats.MISSING,), own))
    marks: frozenset[Mark] = frozenset({"baseline"} if fit.group.is_baseline else ())
    return Row(tuple(cells), group_id=fit.group.id, marks=marks)


# ---- matrices ------------------------------------------------------------------------------------


def _chances(answer: Answer, fits: Sequence[Fit]) -> Table:
    """P(a value of the row is better than one of the column), ties half."""
    matrix = chances([fit.sample.values for fit in fits], lower=answer.metric.goal == "minimize")
    better = "better" if answer.metric.goal else "above"
    return _matrix(
        fits,
        [[formats.fixed(value, 2) for value in row] for row in matrix],
        f"P(row {better} than column) on {charting.fit(answer.metric.title)}"
        if answer.metric.goal
        else f"P(row above column) on {charting.fit(answer.metric.title)}",
        f"How often a value of the row is {better} than one of the column over all pairs of their "
        f"{words.several(answer.unit_of_replication)}, ties half. It describes these values; the "
        "verdicts say what is certain.",
        "chances",
        matrix,
    )


def chances(samples: Sequence[NDArray[np.float64]], *, lower: bool) -> Matrix:
    """Vargha and Delaney's A of every pair, shape (k, k).

    Args:
        samples: values of each group.
        lower: whether lower is better.

    Source: Vargha and Delaney (2000), JEBS 25.
    """
    k = len(samples)
    matrix = np.full((k, k), 0.5)
    for one in range(k):
        for other in range(one + 1, k):
            first, second = samples[one], samples[other]
            ranks = midranks(np.concatenate((first, second)))[: first.size]
            above = (ranks.mean() - (first.size + 1) / 2) / second.size
            matrix[one, other] = 1 - above if lower else above
            matrix[other, one] = 1 - matrix[one, other]
    return matrix


def _wins(answer: Answer, fits: Sequence[Fit]) -> Table | None:
    """Wins, ties and losses of the row over the column, pair by pair; None without pairs."""
    if not any(item.result.paired for item in answer.comparisons):
        return None
    lower = answer.metric.goal == "minimize"
    counts = [[_record(one, other, lower) for other in fits] for one in fits]
    unit = words.several(answer.unit_of_replication)
    return _matrix(
        fits,
        [["/".join(map(str, cell)) for cell in row] for row in counts],
        f"Wins, ties, losses on {charting.fit(answer.metric.title)}",
        f"On how many {unit} the row is better, equal and worse than the column.",
        "wins",
        np.array([[cell[0] - cell[2] for cell in row] for row in counts], dtype=np.float64),
    )


def _record(one: Fit, other: Fit, lower: bool) -> tuple[int, int, int]:
    left, right = (dict(_keyed(fit)) for fit in (one, other))
    signs = [np.sign(left[key] - right[key]) * (-1 if lower else 1) for key in left if key in right]
    return signs.count(1), signs.count(0), signs.count(-1)


def _keyed(fit: Fit) -> Iterator[tuple[str, float]]:
    for key, value in zip(fit.sample.replicates, fit.sample.values.tolist(), strict=True):
        if key is not None:
            yield key, value


def _matrix(
    fits: Sequence[Fit],
    texts: Sequence[Sequence[str]],
    caption: str,
    note: str,
    export: str,
    values: Matrix,
) -> Table:
    # names above the columns would be cut; each row says its number and its name
    columns = [
        Column("Group"),
        *(Column(f"{place}", hint=charting.fit(f.group.label)) for place, f in enumerate(fits, 1)),
    ]
    rows = []
    for place, fit in enumerate(fits):
        cells = [Cell((Muted(f"{place + 1} "), charting.fit(fit.group.label)), fit.group.label)]
        for other in range(len(fits)):
            if other == place:
                cells.append(Cell((formats.MISSING,), None, frozenset({"muted"})))
            else:
                cells.append(Cell((texts[place][other],), float(values[place, other])))
        rows.append(Row(tuple(cells), group_id=fit.group.id))
    return Table(tuple(columns), tuple(rows), caption, note=(note,), export=export)
