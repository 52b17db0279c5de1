"""What the forest of `importance` predicts along single params, and what pairs do together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from runreport import formats
from runreport.blocks import Block, Cell, Column, Figure, Row, Table
from runreport.drawing import Drawing, Mark, Marks, Style
from runreport.sections import charting, facets, frames, studies
from runreport.sections.charting import Floats, Scale
from runreport.sections.explaining import Explained
from runreport.sections.frames import Side
from runreport.sections.importancechart import rounded
from runreport.stats.importance import APART, settled_ranks

PANELS = 6
"""Params drawn with what the forest predicts along them."""

PAIRS = 10
"""Pairs listed."""

Z = 1.96
"""Of a normal 95 % band."""


@dataclass(frozen=True, eq=False)
class Panel:
    """One param: what the forest predicts along it, and every configuration."""

    across: Side
    x: Floats
    """Shape (k,), places."""
    mean: Floats
    low: Floats
    high: Floats
    is_range: bool
    dots_x: Floats
    """Shape (n,)."""
    dots_y: Floats


@dataclass(frozen=True, eq=False)
class Curves:
    """What is drawn."""

    panels: tuple[Panel, ...]
    y: Scale
    label: str
    run_ids: tuple[tuple[str, ...], ...]
    """Of each configuration."""
    tips: tuple[str, ...]


def curves(data: Explained) -> list[Block]:
    """The marginal predictions along the params that explain something, with every run."""
    if not data.effects:
        return []
    shown = [
        place
        for place in data.order
        if (ends := data.effects[place].total.interval) is not None and ends.low > 0
    ][:PANELS]
    if not shown:
        return []
    study = data.study
    cells = np.flatnonzero(np.isfinite(study.means))
    values = study.means[cells]
    y = settled_ranks(values) if data.ranked else values
    panels = tuple(_panel(data, place, y) for place in shown)
    around = np.concatenate([y, *(end for panel in panels for end in (panel.low, panel.high))])
    name = charting.fit(study.metric.title)
    label = f"rank of {name}" if data.ranked else charting.metric_label(study.metric)
    by_cell: list[list[str]] = [[] for _ in range(study.count)]
    for run, cell in zip(study.runs, study.cell.tolist(), strict=True):
        by_cell[cell].append(run.id)
    picture = Curves(
        panels,
        charting.scale_for(around),
        label,
        tuple(tuple(by_cell[cell]) for cell in cells.tolist()),
        tuple(
            f"{studies.configuration_words(study, cell)}\n{name}: "
            f"{charting.value_text(float(study.means[cell]), study.metric)}"
            for cell in cells.tolist()
        ),
    )
    names = charting.named([data.axes[place].name for place in shown], PANELS)
    return [
        Figure(
            draw=draw_curves,
            data=picture,
            title=f"{name} along single params",
            description=(
                f"One panel for each of {names}: the forest's mean prediction of {name} along the "
                "param, all others averaged out, with a band, and every configuration as a point."
            ),
            table=_curve_table(data, shown),
            height=frames.height_for(len(panels)),
            note=(
                "Line or diamonds: mean prediction of the forest, the other params averaged over "
                "the searched space; band and whiskers: 95 %, infinitesimal jackknife over "
                "configurations. Points are the configurations themselves.",
            ),
        )
    ]


def _panel(data: Explained, place: int, y: Floats) -> Panel:
    axis, effect = data.axes[place], data.effects[place]
    domain = effect.domain
    apart = facets.where_not_set(axis)
    if domain.is_range:
        x = np.where(domain.points[:, 0] == APART, apart, domain.points[:, 0])
    else:
        x = np.arange(effect.curve.size, dtype=np.float64)
        x[x.size - domain.apart :] = apart
    dots = facets.places(axis) + facets.scatter(axis, facets.STEPS[0]) / 2
    return Panel(
        facets.side(axis),
        x,
        effect.curve,
        effect.curve - Z * effect.error,
        effect.curve + Z * effect.error,
        domain.is_range,
        dots,
        y,
    )


def _curve_table(data: Explained, shown: list[int]) -> Table:
    rows = []
    for place in shown:
        axis, effect = data.axes[place], data.effects[place]
        step = max(1, effect.curve.size // 8) if effect.domain.is_range else 1
        for point in range(0, effect.curve.size, step):
            if effect.domain.apart and point == effect.curve.size - 1:
                text = "not set"
            elif axis.kind == "words":
                text = studies.level_text(axis.levels[point])
            else:
                text = charting.short(axis.value_at(float(effect.domain.points[point, 0])), 3)
            rows.append(
                Row(
                    (
                        Cell((charting.fit(axis.name),), axis.name),
                        Cell((text,), text),
                        charting.cell(float(effect.curve[point])),
                        charting.cell(float(Z * effect.error[point])),
                    )
                )
            )
    name = charting.fit(data.study.metric.title)
    columns = (
        Column("Param"),
        Column("Value"),
        Column(f"Predicted {name}", "number"),
        Column("\u00b1", "number", hint="Half of the 95 % interval"),
    )
    return Table(columns, tuple(rows), f"Mean prediction of {name} along single params")


def draw_curves(data: Curves, style: Style) -> Drawing:
    """Panels with points, then the prediction with its band."""
    up = Side(data.y, data.label)
    sides = [(panel.across, up) for panel in data.panels]
    titles = [(panel.across.label, "") for panel in data.panels]
    figure, found = frames.panels(style, sides, data.label, titles, shared=True, x_labels=False)
    marks = []
    accent = style.color("accent")
    for number, (axes, panel) in enumerate(zip(found, data.panels, strict=True)):
        gid = f"m{number}"
        axes.scatter(
            panel.dots_x,
            panel.dots_y,
            s=9 if len(data.tips) <= 150 else 5,
            facecolors=style.color("series-other"),
            alpha=0.6,
            linewidths=0,
            gid=gid,
            zorder=2,
        )
        marks.append(
            Marks(gid, tuple(Mark(i, t) for i, t in zip(data.run_ids, data.tips, strict=True)))
        )
        _draw_prediction(axes, panel, accent, style)
    return Drawing(figure, tuple(marks))


def _draw_prediction(axes: Any, panel: Panel, accent: str, style: Style) -> None:
    rest = panel.x.size
    if panel.is_range:
        inside = panel.x >= 0
        rest = int(inside.sum())
        axes.fill_between(
            panel.x[:rest], panel.low[:rest], panel.high[:rest], color=accent, alpha=0.22,
            linewidth=0, zorder=3,
        )  # fmt: skip
        axes.plot(panel.x[:rest], panel.mean[:rest], color=accent, linewidth=2, zorder=4)
    chosen = slice(rest, None) if panel.is_range else slice(None)
    for x, low, high in zip(panel.x[chosen], panel.low[chosen], panel.high[chosen], strict=True):
        axes.plot([x, x], [low, high], color=accent, linewidth=1.6, zorder=4)
    axes.scatter(
        panel.x[chosen], panel.mean[chosen], s=30, marker="D", facecolors=accent,
        edgecolors=style.color("surface"), linewidths=0.8, zorder=5,
    )  # fmt: skip


# ---- pairs ---------------------------------------------------------------------------------------


def interplay(data: Explained) -> list[Block]:
    """What pairs of params do together beyond what each does alone."""
    forest = data.forest
    if forest is None or not forest.pairs:
        return []
    rows = []
    for pair in forest.pairs[:PAIRS]:
        first, second = (data.axes[place].name for place in (pair.first, pair.second))
        ends = pair.share.interval
        rows.append(
            Row(
                (
                    Cell((charting.fit(f"{first} and {second}", 80),), f"{first} and {second}"),
                    rounded(100 * pair.share.value, 1),
                    rounded(None if ends is None else 100 * ends.low, 1),
                    rounded(None if ends is None else 100 * ends.high, 1),
                )
            )
        )
    columns = (
        Column("Params"),
        Column("Together", "number", unit="%", hint="Beyond what each of the two does alone"),
        Column("from", "number", unit="%"),
        Column("to", "number", unit="%"),
    )
    cut = len(forest.pairs) - len(rows)
    note = f"The {len(rows)} largest of {formats.number(len(forest.pairs))} pairs. " if cut else ""
    note += (
        f"n = {formats.count(data.n, 'configuration')}. A share whose interval reaches 0 may be "
        "chance, and of so many pairs some intervals miss 0 by chance."
    )
    return [
        Table(
            columns,
            tuple(rows),
            "What pairs of params do together, of the variance of the forest's predictions",
            note=(note,),
            export="importance-pairs",
        )
    ]
