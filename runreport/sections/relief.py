"""The surface of a metric over two params on the page: what is drawn, and what it is worth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from runreport import formats
from runreport.blocks import Block, Cell, Column, Figure, Note, Row, RunRef, Table, Text
from runreport.drawing import Drawing, Mark, Marks, Style
from runreport.samples import Dropped
from runreport.sections import charting, frames, searched, shading
from runreport.sections.charting import Floats
from runreport.sections.coordinates import Coordinate
from runreport.sections.frames import Side, side_of
from runreport.sections.quantities import Quantity
from runreport.sections.shading import Shades, direction, shades_of
from runreport.stats.surfaces import CHECKED, FAR, Surface
from runreport.tables import FINISHED, Run

ROWS = 200
"""The table below names so many runs."""

MANY = 150
"""Above so many runs marks are small."""

WEAK, STRONG = 0.1, 0.5
"""Shares of variance predicted below which a surface says nothing, and above which much."""


HATCHED = 0.005
"""Share of the surface without a run close by from which on it is hatched, and said."""


@dataclass(frozen=True, eq=False)
class Relief:
    """Runs in the plane, and the surface between them."""

    x: Coordinate
    y: Coordinate
    metric: Quantity
    runs: tuple[Run, ...]
    """With a place."""
    places: Floats
    """Drawn coordinates, shape (n, 2)."""
    values: Floats
    """Shape (n,), NaN where a run has none."""
    used: NDArray[np.bool_]
    """Finished runs with a value: the surface is made of them."""
    tips: tuple[str, ...]
    corners: Floats
    """Distinct places of the used runs, shape (m, 2)."""
    counts: Floats
    """Runs at each."""
    means: Floats
    surface: Surface | None
    """None where there are too few places, or all on one line."""
    origin: Floats
    """Lower left end of the axes, drawn coordinates."""
    span: Floats
    dropped: tuple[Dropped, ...]
    cut: int
    """Runs beyond the limit."""

    @property
    def best(self) -> int | None:
        """The used run with the best value; None without a goal."""
        if self.metric.goal is None or not self.used.any():
            return None
        sign = 1 if self.metric.goal == "maximize" else -1
        return int(np.argmax(np.where(self.used, sign * self.values, -np.inf)))


@dataclass(frozen=True, eq=False)
class Hills:
    """What is drawn."""

    x: Side
    y: Side
    shades: Shades
    corners: Floats
    heights: Floats
    triangles: NDArray[np.intp]
    """Shape (t, 3); none where there is no surface."""
    strokes: Floats
    """Shape (s, 2, 2), drawn coordinates."""
    points: Floats
    """Used runs, shape (n, 2)."""
    tokens: tuple[str, ...]
    run_ids: tuple[str, ...]
    tips: tuple[str, ...]
    crosses: Floats
    """Runs that are not used."""
    cross_ids: tuple[str, ...]
    cross_tips: tuple[str, ...]
    best: int | None


def blocks_of(data: Relief, remarks: tuple[str, ...]) -> tuple[Block, ...]:
    """The surface with its table, or a note that says why there is none."""
    name = charting.fit(data.metric.name, 50)
    if not data.used.any():
        why = charting.dropped_words(data.dropped) or f"No finished run has a value of {name}."
        return (Note("info", f"No contour of {name}", (Text((" ".join([*remarks, why]),)),)),)
    shades = shades_of(data.values[data.used])
    used = np.where(data.used, data.values, np.nan)
    return (
        Figure(
            draw=draw,
            data=_hills(data, shades),
            title=f"{name} over {data.x.name} and {data.y.name}",
            description=_description(data, name),
            table=_table(data, name),
            legend=shading.legend(shades, data.metric, used, [run.id for run in data.runs]),
            height=4.6,
            note=(" ".join([*_sentences(data, name), *remarks]),),
        ),
    )


def _hills(data: Relief, shades: Shades) -> Hills:
    surface, used = data.surface, np.flatnonzero(data.used).tolist()
    rest = np.flatnonzero(~data.used).tolist()
    best = data.best
    none = np.empty((0, 3), dtype=np.intp)
    return Hills(
        x=side_of(data.x),
        y=side_of(data.y),
        shades=shades,
        corners=data.corners,
        heights=data.means if surface is None else surface.values,
        triangles=none if surface is None else surface.triangles,
        strokes=(
            np.empty((0, 2, 2))
            if surface is None or surface.thin_share < HATCHED
            else surface.thin * data.span + data.origin
        ),
        points=data.places[used],
        tokens=tuple(shades.token(float(data.values[index])) for index in used),
        run_ids=tuple(data.runs[index].id for index in used),
        tips=tuple(data.tips[index] for index in used),
        crosses=data.places[rest],
        cross_ids=tuple(data.runs[index].id for index in rest),
        cross_tips=tuple(data.tips[index] for index in rest),
        best=None if best is None else used.index(best),
    )


def _sentences(data: Relief, name: str) -> list[str]:
    """What is drawn, how it came about, and what it is worth."""
    surface = data.surface
    said = [f"{direction(data.metric)} Marks are runs, in the colour of their own value."]
    if surface is None:
        said.append(
            "There is no surface: "
            + (
                f"the runs are at {formats.count(data.counts.size, 'place')} alone."
                if data.counts.size < 3
                else "all places lie on one line."
            )
        )
    else:
        said += _surface_words(data, surface, name)
    if data.best is not None:
        value = data.metric.words(float(data.values[data.best]))
        own = np.where(data.used, data.values, np.nan)
        said.append(f"Ringed: {searched.best_words(own, data.best)}, {value}.")
    failed = sum(run.status not in FINISHED for run in data.runs)
    valueless = int((~data.used).sum()) - failed
    parts = [f"{failed} that did not finish"] if failed else []
    parts += [f"{valueless} without a value"] if valueless else []
    if parts:
        said.append(f"Crosses are runs that the surface leaves out: {' and '.join(parts)}.")
    if data.cut:
        said.append(f"The first {len(data.runs)} runs are drawn; {data.cut} more are not.")
    if missing := charting.dropped_words(data.dropped):
        said.append(missing)
    return said


def _surface_words(data: Relief, surface: Surface, name: str) -> list[str]:
    runs, places = int(data.used.sum()), int(data.counts.size)
    said = [
        f"The surface lies between {formats.count(runs, 'finished run')}"
        + (f" at {places} places, those at one place averaged." if places < runs else ".")
    ]
    if surface.neighbours > 1:
        said.append(
            f"Each place is averaged with its nearest ones, {surface.neighbours} in all, the "
            "number that predicts places left out best."
        )
    if surface.skill is not None:
        worth = (
            "so the surface says little about new runs"
            if surface.skill < WEAK
            else "so much else moves the metric too"
            if surface.skill < STRONG
            else "so the two say much about it"
        )
        share = max(0.0, surface.skill)
        said.append(
            f"Neighbours predict {100 * share:.0f} % of the variance of {name} at places left "
            f"out, {worth}."
        )
    else:
        equal = data.counts.size >= CHECKED
        why = "All values are equal, so there is nothing" if equal else "There are too few places"
        said.append(f"{why} to check the surface at places left out.")
    if surface.thin_share >= HATCHED:
        said.append(
            f"Hatched: {100 * surface.thin_share:.0f} % of the surface is further than "
            f"{100 * FAR:.0f} % of the axes from any run."
        )
    return said


def _description(data: Relief, name: str) -> str:
    own = data.values[data.used]
    low, high = (data.metric.words(float(value)) for value in (own.min(), own.max()))
    logs = [axis.name for axis in (data.x, data.y) if axis.kind == "log"]
    said = (
        f"Surface of {name} over {data.x.name} and {data.y.name} between "
        f"{formats.count(int(own.size), 'run')}; values range from {low} to {high}."
    )
    return said + (f" Logarithmic: {charting.named(logs)}." if logs else "")


def _table(data: Relief, name: str) -> Table:
    axes = (data.x.quantity, data.y.quantity, data.metric)
    columns = (
        Column("Run"),
        Column("Status", "status"),
        *(Column(charting.fit(q.name, 40), "number", unit=q.unit or None, goal=q.goal)
          for q in axes),
    )  # fmt: skip
    rows = []
    for run, place, value in list(zip(data.runs, data.places, data.values, strict=True))[:ROWS]:
        numbers = [
            10 ** float(at) if axis.kind == "log" else float(at)
            for at, axis in zip(place, (data.x, data.y), strict=True)
        ]
        cells = [quantity.cell(n) for quantity, n in zip(axes, numbers, strict=False)]
        rows.append(
            Row(
                (
                    Cell((RunRef(run.id, charting.fit(run.name)),), run.name),
                    Cell((run.status,), run.status),
                    *cells,
                    data.metric.cell(float(value) if np.isfinite(value) else None),
                ),
                run_id=run.id,
            )
        )
    cut = len(data.runs) - len(rows)
    note = f"{formats.count(cut, 'further run')} not listed." if cut else ""
    return Table(columns, tuple(rows), f"{name} of every run", note=(note,) if note else ())


# ---- drawing -------------------------------------------------------------------------------------


def draw(data: Hills, style: Style) -> Drawing:
    """Bands of the surface, the hatch where support is thin, then every run."""
    from matplotlib.collections import LineCollection

    figure, axes = frames.single(style, data.x, data.y)
    if data.triangles.size:
        _draw_surface(axes, data, style)
    if data.strokes.size:
        axes.add_collection(
            LineCollection(
                list(data.strokes), colors=style.color("surface"), linewidths=1.1, zorder=2.2
            ),
            autolim=False,
        )
    marks = []
    many = len(data.run_ids) > MANY
    if data.cross_ids:
        axes.scatter(
            *data.crosses.T,
            s=16 if many else 30,
            marker="x",
            linewidths=1.3,
            color=style.color("ink"),
            clip_on=False,
            gid="m1",
            zorder=3,
        )
        crosses = zip(data.cross_ids, data.cross_tips, strict=True)
        marks.append(Marks("m1", tuple(Mark((i,), tip) for i, tip in crosses)))
    axes.scatter(
        *data.points.T,
        s=14 if many else 34,
        facecolors=[style.color(token) for token in data.tokens],
        edgecolors=style.color("surface"),
        linewidths=0.7 if many else 1.0,
        clip_on=False,
        gid="m0",
        zorder=4,
    )
    if data.best is not None:
        axes.scatter(
            *data.points[data.best],
            s=110,
            facecolors="none",
            edgecolors=style.color("ink"),
            linewidths=1.6,
            clip_on=False,
            zorder=5,
        )
    runs = zip(data.run_ids, data.tips, strict=True)
    marks.append(Marks("m0", tuple(Mark((i,), tip) for i, tip in runs)))
    return Drawing(figure, tuple(marks))


def _draw_surface(axes: Any, data: Hills, style: Style) -> None:
    from matplotlib.tri import Triangulation

    mesh = Triangulation(data.corners[:, 0], data.corners[:, 1], data.triangles)
    edges = np.array(data.shades.edges)
    # rounding must leave no hole at the ends
    heights = np.clip(data.heights, edges[0], edges[-1])
    room = 1e-9 * max(1.0, float(np.abs(edges).max()))
    levels = np.array([edges[0] - room, *edges[1:-1], edges[-1] + room])
    colors = [style.color(token) for token in data.shades.tokens]
    axes.tricontourf(mesh, heights, levels=levels, colors=colors, alpha=0.75, zorder=1.5)
    if levels.size > 2:
        axes.tricontour(
            mesh, heights, levels=levels[1:-1], colors=style.color("surface"), linewidths=0.8,
            zorder=2,
        )  # fmt: skip
