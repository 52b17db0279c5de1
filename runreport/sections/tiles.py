"""Cells of two params: a metric's mean in each, and how many runs it rests on."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from runreport import formats
from runreport.kinds import Context
from runreport.samples import Dropped
from runreport.sections import charting, searched
from runreport.sections.charting import Floats, Scale
from runreport.sections.configurations import Settings, together
from runreport.sections.coordinates import CATEGORIES, rank_of, spreads, text_of
from runreport.sections.frames import Side
from runreport.sections.quantities import Quantity
from runreport.sections.shading import READABLE, Shades, legend, round_edges, shades_of
from runreport.stats.changes import Codes
from runreport.tables import FINISHED, Run

DISTINCT = 12
"""So many different numbers are a row or column each; more are put into bins."""


@dataclass(frozen=True, eq=False)
class Steps:
    """One axis of cells."""

    quantity: Quantity
    side: Side
    texts: tuple[str, ...]
    """Of each row or column, low to high."""
    of: tuple[int | None, ...]
    """Row or column of each run; None where it has none."""
    reasons: tuple[str, ...]
    binned: bool
    log: bool

    @property
    def name(self) -> str:
        return charting.fit(self.quantity.name, 50)


@dataclass(frozen=True, eq=False)
class Tile:
    """One cell with runs."""

    column: int
    row: int
    runs: tuple[Run, ...]
    """Finished ones with a value."""
    others: tuple[Run, ...]
    """Those that did not finish or have no value."""
    values: Floats
    mean: float
    """NaN where no run has a value."""
    configurations: int
    """Different settings among the runs; 1 where they are replicates of one."""
    interval: tuple[float, float] | None
    """Of the mean over configurations, or over the replicates of one."""


@dataclass(frozen=True, eq=False)
class Tiling:
    """Every cell that has runs."""

    x: Steps
    y: Steps
    metric: Quantity
    tiles: tuple[Tile, ...]
    dropped: tuple[Dropped, ...]
    """Runs without a place."""
    shades: Shades | None
    """None where no run has a value."""
    level: float

    @property
    def filled(self) -> tuple[Tile, ...]:
        """Cells with a value."""
        return tuple(tile for tile in self.tiles if math.isfinite(tile.mean))

    @property
    def best(self) -> Tile | None:
        """The cell with the best mean; None without a goal, and of fewer than two."""
        filled = self.filled
        if self.metric.goal is None or len(filled) < 2:
            return None
        sign = 1 if self.metric.goal == "maximize" else -1
        return max(filled, key=lambda tile: sign * tile.mean)

    def legend(self) -> charting.Legend:
        """The bands of means, each with the runs of its cells."""
        if self.shades is None:
            return ()
        means = {run.id: tile.mean for tile in self.filled for run in tile.runs}
        return legend(self.shades, self.metric, np.array(list(means.values())), list(means))


def tiling_of(
    context: Context,
    settings: Settings,
    by: tuple[Quantity, Quantity],
    metric: Quantity,
    *,
    bins: int = 10,
    logs: tuple[bool | None, bool | None] = (None, None),
) -> Tiling:
    """Runs put into the cells of two quantities.

    Args:
        context: the report's.
        settings: its configurations.
        by: across and upwards, one value per run.
        metric: averaged in each cell.
        bins: at most so many along numbers that are not few.
        logs: logarithmic bins across and upwards; None: where numbers spread.
    """
    across, up = steps_of(by[0], bins, logs[0]), steps_of(by[1], bins, logs[1])
    values = searched.numbers_of(metric, context.runs)
    members: dict[tuple[int, int], list[int]] = {}
    dropped = []
    for index, run in enumerate(context.runs):
        column, row = across.of[index], up.of[index]
        if column is None or row is None:
            reason = across.reasons[index] if column is None else up.reasons[index]
            dropped.append(Dropped(run.id, run.name, reason))
        else:
            members.setdefault((column, row), []).append(index)
    codes = settings.of_run
    tiles = tuple(
        _tile(context, codes, place, indices, values) for place, indices in sorted(members.items())
    )
    means = np.array([tile.mean for tile in tiles if math.isfinite(tile.mean)])
    shades = shades_of(means, READABLE) if means.size else None
    return Tiling(across, up, metric, tiles, tuple(dropped), shades, context.design.level)


def _tile(
    context: Context,
    codes: Codes,
    place: tuple[int, int],
    indices: Sequence[int],
    values: Floats,
) -> Tile:
    valued = [index for index in indices if math.isfinite(values[index])]
    rest = [index for index in indices if not math.isfinite(values[index])]
    own = values[valued]
    groups = together(codes, valued)
    means = np.array([values[list(group)].mean() for group in groups])
    return Tile(
        column=place[0],
        row=place[1],
        runs=tuple(context.runs[index] for index in valued),
        others=tuple(context.runs[index] for index in rest),
        values=own,
        mean=float(own.mean()) if own.size else math.nan,
        configurations=len(groups),
        interval=charting.t_interval(own if len(groups) == 1 else means, context.design.level),
    )


def steps_of(quantity: Quantity, bins: int = 10, log: bool | None = None) -> Steps:
    """Rows or columns of a quantity: its values where they are few or words, else round bins."""
    present = {value for value in quantity.values if value is not None}
    numbers = [value for value in present if not isinstance(value, str)]
    if len(numbers) < len(present) or len(numbers) <= DISTINCT:
        return _each(quantity)
    low, high = float(min(numbers)), float(max(numbers))
    positive = low > 0
    if log is None:
        log = spreads(np.array(numbers, dtype=np.float64))
    if log and not positive:
        fine = [float(value) for value in numbers if value > 0]
        low = min(fine, default=math.nan)
    if log and (not math.isfinite(low) or low == high):
        log, low = False, float(min(numbers))
    edges = _log_edges(low, high, bins) if log else round_edges(low, high, max(2, bins))
    return _binned(quantity, np.array(edges), log=log)


def _each(quantity: Quantity) -> Steps:
    """One row or column per value."""
    found = sorted({value for value in quantity.values if value is not None}, key=rank_of)
    at = {value: place for place, value in enumerate(found[:CATEGORIES])}
    beyond = f"one of {len(found) - len(at)} further values of {charting.fit(quantity.name, 40)}"
    texts = tuple(charting.fit(text_of(value), 18) for value in at)
    reasons = tuple(
        reason if value is None or value in at else beyond
        for value, reason in zip(quantity.values, quantity.reasons, strict=True)
    )
    of = tuple(None if value is None else at.get(value) for value in quantity.values)
    side = Side(Scale(-0.5, max(1, len(at)) - 0.5), quantity.label, texts)
    return Steps(quantity, side, texts, of, reasons, binned=False, log=False)


def _binned(quantity: Quantity, edges: Floats, *, log: bool) -> Steps:
    bins = edges.size - 1
    words = [charting.short(float(edge), 4) for edge in edges]
    of: list[int | None] = []
    reasons = []
    for value, reason in zip(quantity.values, quantity.reasons, strict=True):
        if isinstance(value, float) and (not log or value > 0):
            place = int(np.searchsorted(edges, value, side="right")) - 1
            of.append(min(max(place, 0), bins - 1))
            reasons.append("")
        else:
            of.append(None)
            below = f"{charting.fit(quantity.name, 40)} is 0 or below on a log axis"
            reasons.append(reason or below)
    marks = tuple((place - 0.5, word) for place, word in enumerate(words))
    side = Side(Scale(-0.5, bins - 0.5), quantity.label, marks=marks)
    texts = tuple(f"{a} to {b}" for a, b in pairwise(words))
    return Steps(quantity, side, texts, tuple(of), tuple(reasons), binned=True, log=log)


def _log_edges(low: float, high: float, most: int) -> list[float]:
    """Edges of bins of about equal ratios, at powers of ten and what lies evenly between."""
    first, last = math.floor(math.log10(low) + 1e-9), math.ceil(math.log10(high) - 1e-9)
    for factors in ((1, 2, 5), (1, 3), (1,)):
        edges = [f * 10.0**d for d in range(first, last + 1) for f in factors]
        inside = [e for e in edges if low < e < high]
        below = max((e for e in edges if e <= low * (1 + 1e-9)), default=10.0**first)
        above = min((e for e in edges if e >= high * (1 - 1e-9)), default=10.0**last)
        chosen = [below, *[e for e in inside if below < e < above], above]
        if len(chosen) - 1 <= most:
            return [float(f"{edge:.12g}") for edge in chosen]
    every = math.ceil((last - first) / most)
    return [10.0**d for d in range(first, last + every, every)]


def interval_words(tile: Tile, metric: Quantity, level: float) -> str:
    """`95 % t interval 0.91 to 0.93 over 6 runs`, or that there is none."""
    unit = (
        formats.count(tile.configurations, "configuration")
        if tile.configurations > 1
        else formats.count(len(tile.runs), "run")
    )
    if tile.interval is None:
        return f"no interval of {unit}"
    low, high = tile.interval
    if low == high:
        return f"all of {unit} are equal"
    decimals = min(8, formats.decimals_for(high - low))
    return f"{charting.level_words(level)} {formats.interval(low, high, decimals)} over {unit}"


def count_words(tile: Tile) -> str:
    """`3 runs`, and how many of a cell have no value."""
    said = formats.count(len(tile.runs), "run")
    return said + (f", {len(tile.others)} without a value" if tile.others else "")


def is_unfinished(tile: Tile) -> int:
    """How many runs of a cell did not finish."""
    return sum(run.status not in FINISHED for run in tile.others)
