"""Marks in the shape of their series, so that series keep apart where colours do not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from runreport.drawing import SHAPES, Style, shape_of

Floats = NDArray[np.float64]


def scatter(
    axes: Any, x: Floats, y: Floats, tokens: Sequence[str], *, s: float, gid: str, **looks: Any
) -> list[tuple[str, list[int]]]:
    """Points in the shape of their colour: the id and the places of each lot drawn.

    Args:
        axes: of the figure.
        x: places across, shape (n,).
        y: places upwards, shape (n,).
        tokens: colour of each.
        s: area of a circle, in points squared.
        gid: the first part of the ids.
        looks: what else `scatter` takes; lists hold one value per point.
    """
    shapes = np.array([shape_of(token) for token in tokens])
    lots = []
    for shape in SHAPES:
        chosen = np.flatnonzero(shapes == shape)
        if not chosen.size:
            continue
        marker, size = MARKERS[shape]
        own = {
            key: [value[place] for place in chosen] if isinstance(value, list) else value
            for key, value in looks.items()
        }
        name = f"{gid}{shape}"
        axes.scatter(x[chosen], y[chosen], s=s * size, marker=marker, gid=name, **own)
        lots.append((name, chosen.tolist()))
    return lots


def outline(axes: Any, points: Floats, token: str) -> Any:
    """One path around all points, in the shape of the colour: a single mark for a whole line.

    Args:
        axes: whose scale is final.
        points: shape (n, 2), in drawn coordinates.
        token: the colour.
    """
    from matplotlib.markers import MarkerStyle
    from matplotlib.path import Path

    name, size = MARKERS[shape_of(token)]
    marker = MarkerStyle(name)
    one = marker.get_path().transformed(marker.get_transform())
    pixels = axes.transData.transform(points)
    side = 8.5 * size**0.5
    parts = [Path(one.vertices * side + point, one.codes) for point in pixels]
    return Path.make_compound_path(*parts).transformed(axes.transData.inverted())


def draw_outlines(
    axes: Any, outlines: Sequence[Any], tokens: Sequence[str], style: Style, gid: str
) -> None:
    """Outlines filled with their colours."""
    from matplotlib.collections import PathCollection

    axes.add_collection(
        PathCollection(
            outlines,
            facecolors=[style.color(token) for token in tokens],
            edgecolors=style.color("surface"),
            linewidths=0.9,
            gid=gid,
            zorder=4,
            transform=axes.transData,
        ),
        autolim=False,
    )


MARKERS = {
    "circle": ("o", 1.0), "square": ("s", 0.85), "triangle": ("^", 1.15), "diamond": ("D", 0.75),
    "wedge": ("v", 1.15), "plus": ("P", 1.5), "cross": ("X", 1.4), "pentagon": ("p", 1.2),
}  # fmt: skip
"""What matplotlib calls each shape, and how much larger it is drawn to look alike."""
