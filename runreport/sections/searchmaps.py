"""What a search has covered: pairs of params with their holes, and tables of params and repeats."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from runreport import formats
from runreport.blocks import Block, Cell, Column, Figure, Fold, LegendEntry, Row, Table
from runreport.drawing import Drawing, Mark, Marks, Style
from runreport.sections import charting, facets, frames, regions, studies
from runreport.sections.charting import Floats
from runreport.sections.frames import Side
from runreport.sections.searchdata import WIDE, Plane, Searched
from runreport.sections.studies import level_text
from runreport.stats.space import Axis

PANELS = 6
"""Pairs drawn."""

ROWS = 50
"""Rows of a table."""

LEVELS = 6
"""Levels whose counts are written out."""


@dataclass(frozen=True, eq=False)
class Panel:
    """Two params: every configuration, and the largest hole."""

    across: Side
    up: Side
    x: Floats
    y: Floats
    hole: tuple[float, float, float, float] | None
    """Left, right, bottom, top."""
    title: str


@dataclass(frozen=True, eq=False)
class Planes:
    """What is drawn."""

    panels: tuple[Panel, ...]
    kinds: tuple[str, ...]
    """Per configuration: best, other, failed."""
    run_ids: tuple[tuple[str, ...], ...]
    tips: tuple[str, ...]


def maps(data: Searched) -> list[Block]:
    """The worst covered pairs of params with every configuration."""
    shown = data.planes[:PANELS]
    if not shown:
        return []
    study = data.study
    ids: list[list[str]] = [[] for _ in range(study.count)]
    for run, cell in zip(study.runs, study.cell.tolist(), strict=True):
        ids[cell].append(run.id)
    name = charting.fit(study.metric.title)
    picture = Planes(
        tuple(_panel(data, plane) for plane in shown),
        _kinds(data),
        tuple(map(tuple, ids)),
        tuple(
            f"{studies.configuration_words(study, cell)}\n{name}: "
            + (charting.value_text(float(mean), study.metric) if np.isfinite(mean) else "no value")
            + f"\n{formats.count(len(ids[cell]), 'run')}"
            for cell, mean in enumerate(study.means.tolist())
        ),
    )
    cut = len(data.planes) - len(shown)
    note = "Shaded: the largest rectangle without a configuration, where it is at least "
    note += f"{formats.number(WIDE)} times as large as random points usually leave. "
    if not any(panel.hole for panel in picture.panels):
        ranges = any(plane.hole is not None for plane in data.planes)
        note = "No hole is much larger than random points leave. " if ranges else ""
    if cut:
        note += f"The {len(shown)} worst covered of {formats.number(len(data.planes))} pairs."
    return [
        Figure(
            draw=draw,
            data=picture,
            title="What was tried",
            description=(
                f"Pairs of params with {formats.count(study.count, 'configuration')} as points: "
                + "; ".join(_pair_words(data, plane) for plane in shown)
                + "."
            ),
            table=_pairs(data),
            legend=(
                LegendEntry("best tenth", "accent", swatch="dot"),
                LegendEntry("others", "series-other", swatch="dot"),
                LegendEntry("with a failed run", "bad", swatch="dot"),
            ),
            height=frames.height_for(len(shown)),
            note=(note.strip(),),
        )
    ]


def _kinds(data: Searched) -> tuple[str, ...]:
    means = data.study.means
    fine = np.isfinite(means)
    signed = means if data.goal == "maximize" else -means
    count = max(1, round(regions.TOP * int(fine.sum())))
    cut = np.sort(signed[fine])[::-1][count - 1] if fine.any() else np.inf
    failed = regions.failing(data.study)
    with np.errstate(invalid="ignore"):
        best = signed >= cut
    return tuple(
        "failed" if bad else "best" if top else "other"
        for bad, top in zip(failed.tolist(), best.tolist(), strict=True)
    )


def _panel(data: Searched, plane: Plane) -> Panel:
    axes = [data.axes[place] for place in (plane.first, plane.second)]
    hole = None
    if plane.hole is not None and plane.hole.area > WIDE * plane.usual:
        hole = (plane.hole.x, plane.hole.y)
    # long words have room below, not at the left
    if _longest(axes[1]) > _longest(axes[0]):
        axes.reverse()
        hole = None if hole is None else (hole[1], hole[0])
    places = [
        facets.places(axis) + facets.scatter(axis, step)
        for axis, step in zip(axes, facets.STEPS, strict=True)
    ]
    sides = [facets.side(axis) for axis in axes]
    box = None if hole is None else (*hole[0], *hole[1])
    return Panel(sides[0], sides[1], places[0], places[1], box, charting.fit(axes[1].name, 26))


def _longest(axis: Axis) -> int:
    """Letters of its longest word; 0 of numbers."""
    return max(map(len, map(str, axis.levels))) if axis.kind == "words" else 0


def _pair_words(data: Searched, plane: Plane) -> str:
    first, second = (charting.fit(data.axes[p].name, 40) for p in (plane.first, plane.second))
    if not plane.tried and plane.hole is None:
        return f"{first} and {second}"
    if plane.hole is None:
        return f"{first} and {second}, {plane.tried} of {plane.possible} combinations tried"
    share = formats.fixed(100 * plane.hole.area, 0)
    return f"{first} and {second}, largest hole {share} % of the plane"


def _pairs(data: Searched) -> Table:
    rows = []
    for plane in data.planes[:ROWS]:
        axes = data.axes[plane.first], data.axes[plane.second]
        name = f"{axes[0].name} and {axes[1].name}"
        tried = f"{plane.tried} of {plane.possible}" if plane.tried else ""
        where, area, usual = "", None, None
        if plane.hole is not None:
            spans = [
                f"{charting.fit(axis.name, 30)} {level_text(axis.value_at(low))} to "
                f"{level_text(axis.value_at(high))}"
                for axis, (low, high) in zip(axes, (plane.hole.x, plane.hole.y), strict=True)
            ]
            where, area, usual = ", ".join(spans), 100 * plane.hole.area, 100 * plane.usual
        rows.append(
            Row(
                (
                    Cell((charting.fit(name, 80),), name),
                    Cell((tried or formats.MISSING,), tried or None),
                    Cell((where or formats.MISSING,), where or None),
                    _fixed(area),
                    _fixed(usual),
                )
            )
        )
    columns = (
        Column("Params"),
        Column("Combinations tried"),
        Column("Largest hole"),
        Column("Share", "number", unit="%", hint="Of the plane"),
        Column("Usual", "number", unit="%", hint="The median of as many random points"),
    )
    return Table(columns, tuple(rows), "How pairs of params were covered")


def _fixed(value: float | None) -> Cell:
    return charting.cell(value, None if value is None else formats.fixed(value, 0))


def draw(data: Planes, style: Style) -> Drawing:
    """A panel per pair: the hole, then every configuration."""
    from matplotlib.collections import PolyCollection

    figure, found = frames.panels(
        style,
        [(panel.across, panel.up) for panel in data.panels],
        "",
        [(panel.title, "") for panel in data.panels],
        shared=False,
        x_labels=True,
    )
    marks = []
    looks = (
        ("other", "o", "series-other", 14),
        ("best", "o", "accent", 26),
        ("failed", "x", "bad", 18),
    )
    for number, (axes, panel) in enumerate(zip(found, data.panels, strict=True)):
        if panel.hole is not None:
            left, right, bottom, top = panel.hole
            box = [(left, bottom), (right, bottom), (right, top), (left, top)]
            axes.add_collection(
                PolyCollection(
                    [box], facecolors=style.color("warn"), alpha=0.22, linewidths=0, zorder=1
                ),
                autolim=False,
            )
        for offset, (kind, shape, token, size) in enumerate(looks):
            chosen = [place for place, own in enumerate(data.kinds) if own == kind]
            if not chosen:
                continue
            gid = f"m{3 * number + offset}"
            color = style.color(token)
            face = {"color": color} if shape == "x" else {"facecolors": color}
            axes.scatter(
                panel.x[chosen],
                panel.y[chosen],
                s=size if len(data.kinds) <= 200 else size / 2,
                marker=shape,
                linewidths=1.0 if shape == "x" else 0,
                alpha=0.85,
                clip_on=False,
                gid=gid,
                zorder=2 + offset,
                **face,
            )
            marks.append(Marks(gid, tuple(Mark(data.run_ids[i], data.tips[i]) for i in chosen)))
    return Drawing(figure, tuple(marks))


# ---- tables --------------------------------------------------------------------------------------


def tables(data: Searched) -> list[Block]:
    """Per param what was tried, and behind a line where runs fail and what ran again."""
    found: list[Block] = []
    if data.axes:
        found.append(_params(data))
    folded: list[Block] = []
    if data.regions:
        folded.append(_failures(data))
    if data.repeats:
        folded.append(_repeats(data))
    if folded:
        found.append(Fold("Failures by region and repeated configurations", tuple(folded)))
    return found


def _params(data: Searched) -> Table:
    rows = []
    for axis, stretch in zip(data.axes, data.stretches, strict=True):
        if axis.is_grid:
            parts = [
                f"{level_text(level)} ({formats.number(count)})"
                for level, count in zip(axis.levels, stretch.counts, strict=True)
            ]
            rest = len(parts) - LEVELS
            tried = ", ".join(parts[:LEVELS]) + (f" and {rest} more" if rest > 0 else "")
            gap = ""
        else:
            low, high = level_text(axis.levels[0]), level_text(axis.levels[-1])
            tried = f"{low} to {high}" + (", log" if axis.kind == "log" else "")
            gap = _gap(data, axis.name)
        rows.append(
            Row(
                (
                    Cell((charting.fit(axis.name),), axis.name),
                    charting.cell(float(axis.is_set.sum())),
                    charting.cell(float(len(axis.levels))),
                    Cell((tried,), tried),
                    Cell((gap or formats.MISSING,), gap or None),
                    Cell((_best_level(data, axis.name),)),
                    Cell((_end(data, axis.name),)),
                )
            )
        )
    columns = (
        Column("Param"),
        Column("Set in", "number", hint="Configurations"),
        Column("Values", "number", hint="Different ones"),
        Column("Tried", hint="Levels with configurations, or the range"),
        Column("Widest gap"),
        Column("Of the best"),
        Column("At an end"),
    )
    return Table(
        columns,
        tuple(rows),
        f"What was tried of each param, {formats.count(data.study.count, 'configuration')}",
        export="search-params",
    )


def _gap(data: Searched, name: str) -> str:
    for axis, stretch in zip(data.axes, data.stretches, strict=True):
        if axis.name == name and stretch.gap is not None:
            low, high = (
                level_text(axis.value_at(end)) for end in (stretch.gap.low, stretch.gap.high)
            )
            share = formats.fixed(100 * stretch.gap.width, 0)
            return f"{low} to {high} ({share} %)"
    return ""


def _best_level(data: Searched, name: str) -> str:
    study = data.study
    if data.best is None:
        return formats.MISSING
    row = study.levels[study.first_of[data.best.cell]]
    return level_text(row[study.params.index(name)])


def _end(data: Searched, name: str) -> str:
    for edge in data.edges:
        if edge.param == name:
            return "upper" if edge.side == "high" else "lower"
    return formats.MISSING


def _failures(data: Searched) -> Table:
    rows = []
    for region in data.regions[:ROWS]:
        share = 100 * region.failed / region.n
        rows.append(
            Row(
                (
                    Cell((charting.fit(region.param),), region.param),
                    Cell((region.words,), region.words),
                    Cell((f"{region.failed} of {region.n}",), share),
                    _fixed(share),
                    _fixed(100 * region.interval.low),
                    _fixed(100 * region.interval.high),
                    Cell((f"{region.rest_failed} of {region.rest_n}",)),
                    charting.cell(
                        region.p_adjusted,
                        formats.p_value(region.p_adjusted).removeprefix("p = ").removeprefix("p "),
                    ),
                )
            )
        )
    columns = (
        Column("Param"),
        Column("Where"),
        Column("Failed", hint="Configurations"),
        Column("Share", "number", unit="%"),
        Column("from", "number", unit="%", hint="Clopper-Pearson"),
        Column("to", "number", unit="%", hint="Clopper-Pearson"),
        Column("Elsewhere"),
        Column("p", "number", hint="Fisher's exact test, Holm over all regions"),
    )
    cut = len(data.regions) - len(rows)
    note = (f"{formats.count(cut, 'further region')} not listed.",) if cut else ()
    return Table(columns, tuple(rows), "Failures by region", note=note, export="search-failures")


def _repeats(data: Searched) -> Table:
    rows = tuple(
        Row(
            (
                Cell((studies.configuration_words(data.study, repeat.cell),)),
                charting.cell(float(repeat.runs)),
                charting.cell(float(repeat.again)),
                charting.cell(float(data.study.means[repeat.cell]))
                if np.isfinite(data.study.means[repeat.cell])
                else charting.cell(None),
                Cell(("yes" if repeat.is_copied else "no",)),
            )
        )
        for repeat in data.repeats[:ROWS]
    )
    cut = len(data.repeats) - len(rows)
    note = (f"{formats.count(cut, 'further configuration')} not listed.",) if cut else ()
    columns = (
        Column("Params"),
        Column("Runs", "number"),
        Column("Same seed", "number", hint="Runs whose seed, or lack of one, came before"),
        Column("Mean", "number", unit=data.metric.unit or None, goal=data.goal),
        Column("All equal", hint="Whether every value is the same to the last digit"),
    )
    return Table(
        columns, rows, "Configurations that ran more than once", note=note, export="search-repeats"
    )
