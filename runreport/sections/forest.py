"""The forest chart: differences with their intervals around zero, the margin shaded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from runreport import formats
from runreport.blocks import Figure
from runreport.design import Metric
from runreport.drawing import Drawing, Mark, Marks, Style
from runreport.sections import charting
from runreport.sections.aligning import unit_of_difference
from runreport.sections.charting import Scale
from runreport.sections.comparing import Answer, Comparison
from runreport.sections.verdicts import basis, label
from runreport.stats import words

GIDS = ("m0", "m1")
"""Intervals and differences: the same marks twice."""

NAME_LENGTH = 34
"""Characters of a row's name; the table says the whole."""


@dataclass(frozen=True, slots=True)
class Line:
    """One comparison, in the metric's unit."""

    name: str
    difference: float
    low: float
    """Equal to the difference where there is no interval."""
    high: float
    margin: float
    """0 where none is declared."""
    token: str
    off: int
    """-1 or 1 where it lies so far out that only an arrow at the edge is drawn; else 0."""
    settled: bool
    """Filled when the verdict says which way, or that there is nothing to say."""
    run_ids: tuple[str, ...]
    tip: str


@dataclass(frozen=True, slots=True)
class Forest:
    """What is drawn."""

    lines: tuple[Line, ...]
    x: Scale
    label: str


def forest(answer: Answer, comparisons: Sequence[Comparison], limit: int) -> Figure | None:
    """The chart of these comparisons in their order; None when none has an interval."""
    tested = [item for item in comparisons if item.result.adjusted is not None]
    if not tested:
        return None
    drawn = tested[: max(1, limit)]
    limit_of = _edge(drawn)
    lines = tuple(_line(answer, item, limit_of) for item in drawn)
    scale, cut = _scale([line for line in lines if not line.off])
    name = charting.fit(answer.metric.title)
    said = [_legend_words(answer, lines, drawn)]
    if cut:
        said.append("Intervals that reach beyond the chart are cut at its edge.")
    if far := sum(bool(line.off) for line in lines):
        what = "1 difference lies" if far == 1 else f"{far} differences lie"
        said.append(
            f"{what} far beyond the others: an arrow at the edge, the table has the number."
        )
    if len(tested) > len(drawn):
        rest = formats.count(len(tested) - len(drawn), "comparison")
        said.append(f"The first {len(drawn)} are drawn; the table has {rest} more.")
    if len(comparisons) > len(tested):
        rest = formats.count(len(comparisons) - len(tested), "comparison")
        said.append(f"{rest} without an interval {_are(len(comparisons) - len(tested))} not drawn.")
    return Figure(
        draw=draw,
        data=Forest(lines, scale, _label(answer.metric)),
        title=_title(answer, name),
        description=_description(answer, drawn, name),
        height=1.0 + (0.36 if len(lines) <= 12 else 0.25) * len(lines),
        note=(" ".join(said),),
    )


def _edge(drawn: Sequence[Comparison]) -> float:
    """Beyond this a difference is only hinted at, so that one group that failed to learn does not
    press all others into a line. At most a third of the rows lie there.
    """
    extents = sorted(_extent(item) for item in drawn)
    for index in range(len(extents) - 1, len(extents) - 1 - len(extents) // 3, -1):
        if extents[index] > 3 * extents[index - 1] > 0:
            return extents[index - 1]
    return float("inf")


def _extent(item: Comparison) -> float:
    interval = item.result.adjusted
    near = min(abs(interval.low), abs(interval.high)) if interval else 0.0
    inside = interval is not None and interval.low <= 0 <= interval.high
    return max(abs(item.result.difference or 0.0), 0.0 if inside else near)


def _line(answer: Answer, item: Comparison, edge: float) -> Line:
    result, unit = item.result, unit_of_difference(item.metric)
    interval, difference = result.adjusted, result.difference or 0.0
    low, high = (interval.low, interval.high) if interval else (difference, difference)
    return Line(
        name=charting.fit(pair_name(answer, item, NAME_LENGTH), NAME_LENGTH),
        difference=difference,
        low=low,
        high=high,
        margin=result.margin or 0.0,
        token=item.candidate.color,
        off=0 if _extent(item) <= edge else (1 if difference > 0 else -1),
        settled=result.verdict != "inconclusive",
        run_ids=tuple(run.id for run in item.candidate.runs),
        tip=(
            f"{charting.fit(item.candidate.label)}\nagainst {charting.fit(item.baseline.label)}\n"
            f"{words.change(difference, unit, high - low)} ({basis(result)})\n"
            f"{label(result)}"
        ),
    )


def pair_name(answer: Answer, item: Comparison, length: int = 60) -> str:
    """The candidate's name; both names where pairs are compared."""
    if answer.kind == "baseline":
        return charting.fit(item.candidate.label, length)
    half = max(8, (length - 3) // 2)
    first, second = (charting.fit(g.label, half) for g in (item.candidate, item.baseline))
    return f"{first} {formats.MINUS} {second}"


def _scale(lines: Sequence[Line]) -> tuple[Scale, bool]:
    """The range of differences and intervals around zero; an interval of few runs may not dwarf
    the others.
    """
    halves = np.array([(line.high - line.low) / 2 for line in lines])
    most = 4 * float(np.median(halves))
    centres = [line.difference for line in lines]
    ends = [
        end
        for line in lines
        for end in (max(line.low, line.difference - most), min(line.high, line.difference + most))
    ]
    values = np.array([0.0, *centres, *ends])
    span = float(np.ptp(values))
    # a margin far beyond everything seen would squeeze it; its band then fills the chart
    margins = [line.margin for line in lines if line.margin <= span]
    values = np.array([*values, *margins, *(-margin for margin in margins)])
    cut = bool(np.any(halves > most * (1 + 1e-9)))
    return charting.scale_for(values), cut


def _label(metric: Metric) -> str:
    unit = unit_of_difference(metric)
    name = f"difference in {charting.fit(metric.title, 40)}" + (f" ({unit})" if unit else "")
    if metric.goal == "maximize":
        return f"{name}, better \u2192"
    return f"\u2190 better, {name}" if metric.goal == "minimize" else name


def _title(answer: Answer, name: str) -> str:
    if answer.kind == "baseline" and answer.comparisons:
        return f"{name}: difference from {charting.fit(answer.comparisons[0].baseline.label, 60)}"
    return f"{name}: differences between groups"


def _legend_words(answer: Answer, lines: Sequence[Line], drawn: Sequence[Comparison]) -> str:
    result = drawn[0].result
    wide = "adjusted " if result.family > 1 and result.correction != "none" else ""
    said = f"Whiskers are {wide}{words.percent(1 - result.alpha)} intervals"
    if any(line.margin for line in lines):
        said += "; the shaded band is the declared margin"
    if not all(line.settled for line in lines):
        said += "; hollow marks are open"
    return f"{said}."


def _description(answer: Answer, drawn: Sequence[Comparison], name: str) -> str:
    count = formats.count(len(drawn), "comparison")
    unit = unit_of_difference(answer.metric)
    top = max(drawn, key=lambda item: item.result.difference or 0.0)
    low = min(drawn, key=lambda item: item.result.difference or 0.0)
    said = f"{count} of {name} as differences with intervals around zero."
    ends = [
        f"{pair_name(answer, item)} {words.change(item.result.difference or 0.0, unit)}"
        for item in ([top] if top is low else [top, low])
    ]
    return f"{said} {'Highest' if len(ends) > 1 else 'It is'} {', lowest '.join(ends)}."


def _are(count: int) -> str:
    return "is" if count == 1 else "are"


# ---- drawing -------------------------------------------------------------------------------------


def draw(data: Forest, style: Style) -> Drawing:
    """The band of the margin, zero, then intervals and differences."""
    names = [row.name for row in data.lines]
    figure, axes = charting.row_chart(style, data.x, names, data.label)
    low, high = data.x.ends
    room = (high - low) * 0.02
    draw_margins(axes, data.x, [line.margin for line in data.lines], style)
    axes.plot([0, 0], [-0.5, len(data.lines) - 0.5], color=style.color("ink-muted"), linewidth=1.2)
    from matplotlib.collections import LineCollection

    near = [(place, line) for place, line in enumerate(data.lines) if not line.off]
    far = [(place, line) for place, line in enumerate(data.lines) if line.off]
    axes.add_collection(
        LineCollection(
            [[(max(line.low, low), place), (min(line.high, high), place)] for place, line in near],
            colors=[style.color(line.token) for _, line in near],
            linewidths=2.2,
            gid="m0",
            zorder=3,
        ),
        autolim=False,
    )
    axes.scatter(
        [line.difference for _, line in near],
        [place for place, _ in near],
        s=42,
        marker="D",
        facecolors=[style.color(line.token if line.settled else "surface") for _, line in near],
        edgecolors=[style.color(line.token) for _, line in near],
        linewidths=1.6,
        clip_on=False,
        gid="m1",
        zorder=4,
    )
    found = [Marks(gid, tuple(Mark(line.run_ids, line.tip) for _, line in near)) for gid in GIDS]
    for gid, side, shape in (("m2", -1, "<"), ("m3", 1, ">")):
        there = [(place, line) for place, line in far if line.off == side]
        if there:
            axes.scatter(
                [low + room if side < 0 else high - room] * len(there),
                [place for place, _ in there],
                s=60,
                marker=shape,
                facecolors=[style.color(line.token) for _, line in there],
                linewidths=0,
                clip_on=False,
                gid=gid,
                zorder=4,
            )
            found.append(Marks(gid, tuple(Mark(line.run_ids, line.tip) for _, line in there)))
    return Drawing(figure, tuple(found))


def draw_margins(axes: Any, x: Scale, margins: Sequence[float], style: Style) -> None:
    """A band around zero in each row: differences that do not matter."""
    from matplotlib.collections import PolyCollection

    low, high = x.ends
    boxes = [
        [(a, place - 0.5), (b, place - 0.5), (b, place + 0.5), (a, place + 0.5)]
        for place, margin in enumerate(margins)
        if margin > 0
        for a, b in ((max(-margin, low), min(margin, high)),)
    ]
    if boxes:
        axes.add_collection(
            PolyCollection(
                boxes, facecolors=style.color("band"), alpha=0.18, linewidths=0, zorder=1
            ),
            autolim=False,
        )
