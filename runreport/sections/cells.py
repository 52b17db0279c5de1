"""Table cells for what a comparison came to: differences, interval ends, p-values, sample sizes."""

from __future__ import annotations

from runreport import formats
from runreport.blocks import Cell
from runreport.sections import charting
from runreport.stats import words
from runreport.stats.result import Interval, Significance


def change(value: float | None, spread: float | None) -> Cell:
    """A signed difference with the decimals that fit the width of its interval."""
    return charting.cell(value, None if value is None else words.change(value, "", spread))


def ends(interval: Interval | None) -> tuple[Cell, Cell]:
    """Low and high of an interval of a difference."""
    if interval is None:
        return charting.cell(None), charting.cell(None)
    low, high = words.both_ends(interval, signed=True)
    return charting.cell(interval.low, low), charting.cell(interval.high, high)


def p_value(p: float | None) -> Cell:
    """`0.012`, `< 0.001`: the column says that it is a p."""
    text = None if p is None else formats.p_value(p).removeprefix("p = ").removeprefix("p ")
    return charting.cell(p, text)


def sizes(result: Significance) -> Cell:
    """`6`, or `9 and 10` of candidate and baseline."""
    first, second = result.n
    text = f"{second}" if result.paired or first == second else f"{second} and {first}"
    return Cell((text,), text)
