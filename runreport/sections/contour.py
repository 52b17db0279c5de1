"""A metric over two params as a surface: between the runs alone, every run drawn, holes hatched.

The surface is made of triangles between places that runs were at, so it never leaves their hull.
Runs at one place are averaged. How well places that are left out are predicted from their
neighbours is said below: it tells whether the two params alone say much about the metric. Where an
axis holds words or two values alone, cells are drawn instead, as by `heatmap`.

    - contour: {x: val_loss, y: train_time, metric: val_accuracy}
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from runreport.blocks import Block, Note, Text
from runreport.design import MetricName
from runreport.kinds import Context, Section
from runreport.samples import Dropped
from runreport.sections import (
    charting,
    heatmap,
    mosaic,
    relief,
    searched,
    tiles,
)
from runreport.sections.charting import Floats
from runreport.sections.coordinates import Coordinate, among, coordinate_of
from runreport.sections.quantities import Quantity
from runreport.sections.relief import Relief
from runreport.sections.tiles import Tiling
from runreport.spec.expressions import Expression
from runreport.stats.surfaces import surface_of
from runreport.tables import FINISHED, Run


@dataclass(frozen=True, slots=True)
class Options:
    """What the author may write."""

    metric: MetricName | None = None
    """Shown as colour; the primary metric when empty."""
    x: Expression | None = None
    """Across: a param or any expression; by default a param that goes with the metric most."""
    y: Expression | None = None
    """Upwards."""
    log_x: bool | None = None
    """Logarithmic horizontal axis; by default where values spread over orders of magnitude."""
    log_y: bool | None = None
    """The same for the vertical axis."""
    limit: int = 2000
    """With more runs than this the first ones are drawn."""


@dataclass(frozen=True, eq=False)
class ContourData:
    """A surface, or cells where an axis holds words, or why there is neither."""

    relief: Relief | None
    tiling: Tiling | None
    why: str
    remarks: tuple[str, ...]


# ---- numbers -------------------------------------------------------------------------------------


def compute(context: Context, options: Options) -> ContourData:
    """Which params, where the runs are, and the surface between them."""
    asked = searched.plane_of(context, options.metric, options.x, options.y, numbers_first=True)
    if isinstance(asked, str):
        return ContourData(None, None, asked, ())
    x, y, remarks = asked.x, asked.y, list(asked.remarks)
    across, up = coordinate_of(x, options.log_x), coordinate_of(y, options.log_y)
    whys = [why for axis in (across, up) if (why := _no_plane(axis))]
    if whys:
        remarks.append(f"{' and '.join(whys)}, so cells are drawn and nothing is between.")
        logs = (options.log_x, options.log_y)
        tiling = tiles.tiling_of(context, asked.settings, (x, y), asked.metric, logs=logs)
        return ContourData(None, tiling, "", tuple(remarks))
    found = _relief(context, (across, up), asked.metric, max(1, options.limit))
    return ContourData(found, None, "", tuple(remarks))


def _no_plane(axis: Coordinate) -> str:
    """Why there is nothing between the places of an axis; empty where there is."""
    if axis.kind == "words":
        return f"{axis.name} holds words"
    count = np.unique(axis.places[np.isfinite(axis.places)]).size
    return f"{axis.name} has two values alone" if count == 2 else ""


def _relief(
    context: Context, axes: tuple[Coordinate, Coordinate], metric: Quantity, limit: int
) -> Relief:
    """Every run with a place, and the surface over the finished ones."""
    values = searched.numbers_of(metric)
    kept: list[int] = []
    dropped = []
    for index, run in enumerate(context.runs):
        reason = next((axis.reasons[index] for axis in axes if axis.reasons[index]), "")
        if reason:
            dropped.append(Dropped(run.id, run.name, reason))
        else:
            kept.append(index)
    cut, kept = len(kept[limit:]), kept[:limit]
    shown = np.zeros(len(context.runs), dtype=np.bool_)
    shown[kept] = True
    axes = among(axes[0], shown), among(axes[1], shown)
    runs = tuple(context.runs[index] for index in kept)
    places = np.column_stack([axis.places[kept] for axis in axes])
    own = values[kept]
    used = np.array([run.status in FINISHED for run in runs], dtype=np.bool_) & np.isfinite(own)
    corners, counts, means = _averaged(places[used], own[used])
    low = np.array([axis.scale.ends[0] for axis in axes])
    span = np.array([axis.scale.ends[1] - axis.scale.ends[0] for axis in axes])
    return Relief(
        x=axes[0],
        y=axes[1],
        metric=metric,
        runs=runs,
        places=places,
        values=own,
        used=used,
        tips=tuple(_tip(axes, metric, run, index) for run, index in zip(runs, kept, strict=True)),
        corners=corners,
        counts=counts,
        means=means,
        surface=surface_of((corners - low) / span, means),
        origin=low,
        span=span,
        dropped=tuple(dropped),
        cut=cut,
    )


def _averaged(places: Floats, values: Floats) -> tuple[Floats, Floats, Floats]:
    """Distinct places with how many runs are there and their mean."""
    if not values.size:
        return np.empty((0, 2)), np.empty(0), np.empty(0)
    corners, member = np.unique(places, axis=0, return_inverse=True)
    member = member.ravel()
    counts = np.bincount(member).astype(np.float64)
    return corners, counts, np.bincount(member, values) / counts


def _tip(axes: tuple[Coordinate, Coordinate], metric: Quantity, run: Run, index: int) -> str:
    status = "" if run.status in FINISHED else f" ({run.status})"
    lines = [f"{charting.fit(run.name)}{status}"]
    for quantity in (axes[0].quantity, axes[1].quantity, metric):
        value = quantity.values[index]
        said = quantity.reasons[index] if value is None else quantity.words(value)
        lines.append(f"{charting.fit(quantity.name, 40)}: {said}")
    return "\n".join(lines)


# ---- blocks --------------------------------------------------------------------------------------


def present(data: ContourData, options: Options) -> tuple[Block, ...]:
    """The surface or the cells with their table, or a note that says why there is none."""
    if data.tiling is not None:
        return mosaic.blocks_of(data.tiling, data.remarks)
    if data.relief is None:
        return (Note("info", "No contour", (Text((data.why,)),)),)
    return relief.blocks_of(data.relief, data.remarks)


def record(data: ContourData) -> Mapping[str, Any]:
    """What the surface is made of and what it is worth."""
    if data.tiling is not None:
        return {"remarks": data.remarks, **heatmap.cells_of(data.tiling)}
    if data.relief is None:
        return {"why": data.why}
    found = data.relief
    surface = found.surface
    return {
        "x": found.x.quantity.name,
        "y": found.y.quantity.name,
        "metric": found.metric.name,
        "remarks": data.remarks,
        "runs": int(found.used.sum()),
        "places": int(found.counts.size),
        "neighbours": None if surface is None else surface.neighbours,
        "left_out_r2": None if surface is None else surface.skill,
        "thin_share": None if surface is None else surface.thin_share,
    }


SECTION = Section(
    name="contour",
    options=Options,
    compute=compute,
    present=present,
    record=record,
    short="metric",
)
