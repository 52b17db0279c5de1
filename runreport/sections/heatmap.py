"""A metric over two params as cells: the mean in each, how many runs it rests on, and the holes.

Numbers with few different values and words are rows and columns of their own; other numbers are
put into round bins, logarithmic where they spread over orders of magnitude. Without `x` and
`y` the two params that go with the metric most are taken, and the page says so.

    - heatmap: {x: optimizer, y: learning_rate, metric: val_accuracy}
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from runreport.blocks import Block, Note, Text
from runreport.design import MetricName
from runreport.kinds import Context, Section
from runreport.sections import mosaic, searched, tiles
from runreport.sections.tiles import Tiling
from runreport.spec.expressions import Expression


@dataclass(frozen=True, slots=True)
class Options:
    """What the author may write."""

    metric: MetricName | None = None
    """Averaged in each cell; the primary metric when empty."""
    x: Expression | None = None
    """Across: a param or any expression."""
    y: Expression | None = None
    """Upwards."""
    bins: int = 10
    """Numbers with many different values are put into at most so many bins."""
    log_x: bool | None = None
    """Logarithmic bins across; by default where values spread over orders of magnitude."""
    log_y: bool | None = None
    """The same upwards."""


@dataclass(frozen=True, eq=False)
class HeatmapData:
    """Cells, or why there are none."""

    tiling: Tiling | None
    why: str
    remarks: tuple[str, ...]


def compute(context: Context, options: Options) -> HeatmapData:
    """Which params, and the runs in each cell."""
    asked = searched.plane_of(context, options.metric, options.x, options.y)
    if isinstance(asked, str):
        return HeatmapData(None, asked, ())
    tiling = tiles.tiling_of(
        context,
        asked.settings,
        (asked.x, asked.y),
        asked.metric,
        bins=max(2, options.bins),
        logs=(options.log_x, options.log_y),
    )
    return HeatmapData(tiling, "", asked.remarks)


def present(data: HeatmapData, options: Options) -> tuple[Block, ...]:
    """The heat map with its table, or a note that says why there is none."""
    if data.tiling is None:
        return (Note("info", "No heat map", (Text((data.why,)),)),)
    return mosaic.blocks_of(data.tiling, data.remarks)


def record(data: HeatmapData) -> Mapping[str, Any]:
    """The cells as numbers."""
    if data.tiling is None:
        return {"why": data.why}
    return {"remarks": data.remarks, **cells_of(data.tiling)}


def cells_of(tiling: Tiling) -> Mapping[str, Any]:
    """Every cell with runs: where it is, its mean, what that rests on."""
    return {
        "x": tiling.x.quantity.name,
        "y": tiling.y.quantity.name,
        "metric": tiling.metric.name,
        "level": tiling.level,
        "cells": [
            {
                "x": tiling.x.texts[tile.column],
                "y": tiling.y.texts[tile.row],
                "mean": tile.mean,
                "interval": tile.interval,
                "runs": len(tile.runs),
                "configurations": tile.configurations,
                "without_value": len(tile.others),
            }
            for tile in tiling.tiles
        ],
    }


SECTION = Section(
    name="heatmap",
    options=Options,
    compute=compute,
    present=present,
    record=record,
    short="metric",
)
