"""Params and metrics as columns of numbers, and how the ranks of every two go together."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from runreport.design import Correction
from runreport.kinds import Context
from runreport.sections import charting, quantities, searched
from runreport.sections.charting import Floats
from runreport.sections.configurations import Settings, means_of, together
from runreport.sections.coordinates import Coordinate, coordinate_of, rank_of, text_of
from runreport.sections.quantities import Quantity
from runreport.spec.expressions import Expression
from runreport.stats import corrections, ties
from runreport.stats.changes import Codes
from runreport.stats.correlation import Correlation, spearman
from runreport.tables import FINISHED

FEWEST = 4
"""Configurations below which a correlation has no interval."""


@dataclass(frozen=True, eq=False)
class Entry:
    """One column."""

    axis: Coordinate
    values: Floats
    """One per run, NaN where it has none; words of two kinds are 0 and 1."""
    is_param: bool
    words: tuple[str, str] | None
    """What 0 and 1 stand for."""

    @property
    def name(self) -> str:
        return self.axis.name


@dataclass(frozen=True, eq=False)
class Pairing:
    """Two columns."""

    first: int
    second: int
    found: Correlation | None
    """None of too few configurations, or where one does not vary."""
    n: int
    """Configurations that have both."""
    p_adjusted: float | None


@dataclass(frozen=True, eq=False)
class Correlations:
    """Every two columns."""

    entries: tuple[Entry, ...]
    pairings: tuple[Pairing, ...]
    left_out: tuple[str, ...]
    """Columns of more than two words, which have no order."""
    family: int
    """Tests that the correction covers."""
    correction: Correction
    alpha: float
    level: float
    averaged: bool
    """Whether some configuration has several runs, which are averaged."""

    def of(self, first: int, second: int) -> Pairing:
        """The pair of two columns, in either order."""
        wanted = {first, second}
        return next(p for p in self.pairings if {p.first, p.second} == wanted)

    def differs(self, pairing: Pairing) -> bool:
        """Whether the two are told apart from no association, after correction."""
        return pairing.p_adjusted is not None and pairing.p_adjusted < self.alpha


def default_columns(context: Context, settings: Settings) -> tuple[Quantity, ...]:
    """Params that tell configurations apart, the most telling first, then the declared metrics."""
    metric, _ = searched.metric_of(context, None)
    params = tuple(item.quantity for item in searched.varied(context, settings, metric))
    declared = tuple(
        quantities.read(context, context.runs, Expression(item.name))
        for item in context.design.metrics
    )
    if not declared and metric is not None:
        declared = (metric,)
    return (*params, *declared)


def correlations_of(
    context: Context, settings: Settings, read: Sequence[Quantity], most: int
) -> Correlations:
    """Columns and the rank correlation of every two.

    Args:
        context: the report's.
        settings: its configurations.
        read: what to correlate, one value per run.
        most: columns.
    """
    entries: list[Entry] = []
    left_out = []
    for quantity in read:
        entry = _entry(quantity)
        if entry is None:
            left_out.append(charting.fit(quantity.name, 40))
        elif len(entries) < most:
            entries.append(entry)
    done = np.array([run.status in FINISHED for run in context.runs], dtype=np.bool_)
    codes = settings.of_run
    raw = [
        _pair(codes, entries, first, second, done)
        for first in range(len(entries))
        for second in range(first)
    ]
    tested = [p for p in raw if p.found is not None and not math.isnan(p.found.p)]
    design = context.design
    adjusted = corrections.adjust(
        [p.found.p for p in tested if p.found is not None], design.correction, len(tested)
    )
    by_pair = {(p.first, p.second): q for p, q in zip(tested, adjusted, strict=True)}
    indices = np.flatnonzero(done).tolist()
    return Correlations(
        entries=tuple(entries),
        pairings=tuple(
            Pairing(p.first, p.second, p.found, p.n, by_pair.get((p.first, p.second))) for p in raw
        ),
        left_out=tuple(left_out),
        family=len(tested),
        correction=design.correction,
        alpha=design.alpha,
        level=design.level,
        averaged=len(together(codes, indices)) < len(indices),
    )


def _entry(quantity: Quantity) -> Entry | None:
    """A column; None of one with more than two words, or of one value."""
    present = {value for value in quantity.values if value is not None}
    if len(present) < 2:
        return None
    is_param = quantity.goal is None and not quantity.is_metric
    if searched.is_number(quantity):
        axis = coordinate_of(quantity)
        values = searched.numbers_of(quantity)
        return Entry(axis, values, is_param, None)
    if len(present) > 2:
        return None
    axis = coordinate_of(quantity)
    low, high = sorted(present, key=rank_of)
    return Entry(axis, axis.places, is_param, (text_of(low), text_of(high)))


def _pair(
    codes: Codes, entries: Sequence[Entry], first: int, second: int, done: NDArray[np.bool_]
) -> Pairing:
    """Spearman's correlation over configurations, each the mean of its finished runs."""
    one, other = entries[first].values, entries[second].values
    chosen = np.flatnonzero(done & np.isfinite(one) & np.isfinite(other))
    means = means_of(codes, chosen, one, other)
    columns = [ties.settle(column, ties.size_of(column)) for column in means]
    n = columns[0].size
    too_few = n < FEWEST or any(np.ptp(column) == 0 for column in columns)
    found = None if too_few else spearman(*columns)
    return Pairing(first, second, found, n, None)
