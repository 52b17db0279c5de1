"""The chart of changes: one row each with its interval around zero, every context a light mark."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from runreport import formats
from runreport.blocks import Figure, LegendEntry
from runreport.design import Metric
from runreport.drawing import Drawing, Mark, Marks, Style
from runreport.sections import charting
from runreport.sections.aligning import unit_of_difference
from runreport.sections.changes import Couple, differences
from runreport.sections.changewords import name_of
from runreport.sections.charting import Floats, Scale
from runreport.sections.configurations import Settings
from runreport.sections.forest import draw_margins
from runreport.sections.judging import Judged, is_settled
from runreport.sections.verdicts import basis, label
from runreport.stats import words

NAME_LENGTH = 34
"""Characters of a row's name; the table says the whole."""

DOTS = 150
"""Contexts of one row that are drawn."""

SETTLED, OPEN, CONFOUNDED, CONTEXT = "accent", "ink-muted", "warn", "series-other"


@dataclass(frozen=True, eq=False)
class Line:
    """One change, in the metric's unit."""

    name: str
    difference: float
    low: float
    """Equal to the difference where there is no interval."""
    high: float
    margin: float
    """0 where none is declared."""
    token: str
    settled: bool
    run_ids: tuple[str, ...]
    tip: str
    dots: Floats
    """The difference in each context."""
    dot_runs: tuple[tuple[str, ...], ...]
    dot_tips: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Forest:
    """What is drawn."""

    lines: tuple[Line, ...]
    x: Scale
    label: str


def forest(
    settings: Settings, items: Sequence[Judged], metric: Metric, limit: int
) -> Figure | None:
    """The chart of the largest changes; None when none was made.

    Args:
        settings: the configurations.
        items: every change.
        metric: whose differences these are.
        limit: so many at most.
    """
    order = sorted(items, key=lambda item: -abs(item.difference))
    drawn = order[: max(1, limit)]
    if not drawn:
        return None
    lines = _told_apart(settings, drawn, tuple(_line(settings, item, metric) for item in drawn))
    scale, cut = _scale(lines)
    name = charting.fit(metric.title)
    return Figure(
        draw=draw,
        data=Forest(lines, scale, _axis(metric)),
        title=f"{name}: what one change did",
        description=_description(settings, order, metric, name),
        legend=_legend(lines),
        height=1.0 + (0.36 if len(lines) <= 12 else 0.28) * len(lines),
        note=(" ".join(_notes(drawn, order, lines, cut)),),
    )


def _line(settings: Settings, item: Judged, metric: Metric) -> Line:
    result, unit = item.result, unit_of_difference(metric)
    difference, interval = item.difference, item.result.adjusted
    low, high = (interval.low, interval.high) if interval else (difference, difference)
    shown = item.couples[:DOTS] if item.over_contexts else ()
    settled = is_settled(result)
    token = CONFOUNDED if item.change.lever.is_confounded else SETTLED if settled else OPEN
    said = f"({basis(result)})" if result.p_value is not None else f"({_contexts(item)}, no test)"
    return Line(
        name=name_of(settings, item, NAME_LENGTH),
        difference=difference,
        low=low,
        high=high,
        margin=result.margin or 0.0,
        token=token,
        settled=settled,
        run_ids=_runs(settings, item.couples),
        tip=(
            f"{name_of(settings, item)}\n{words.change(difference, unit, high - low)} {said}\n"
            f"{label(result)}"
        ),
        dots=differences(shown) if shown else np.zeros(0),
        dot_runs=tuple(_runs(settings, (couple,)) for couple in shown),
        dot_tips=tuple(_dot(settings, item, couple, unit) for couple in shown),
    )


def _told_apart(
    settings: Settings, items: Sequence[Judged], lines: Sequence[Line]
) -> tuple[Line, ...]:
    """Lines whose names occur once: the same change in another context is named with it."""
    often = Counter(line.name for line in lines)
    told = []
    for item, line in zip(items, lines, strict=True):
        if often[line.name] > 1 and not item.over_contexts:
            lever, first = item.change.lever, item.couples[0].first
            values = [
                settings.text(first, column)
                for column in range(len(settings.names))
                if column not in (*lever.own, *lever.carried)
            ]
            told.append(replace(line, name=charting.fit(f"{line.name} at {', '.join(values)}", 36)))
        else:
            told.append(line)
    return tuple(told)


def _runs(settings: Settings, couples: Sequence[Couple]) -> tuple[str, ...]:
    places = dict.fromkeys(place for c in couples for place in (c.first, c.second))
    return tuple(run.id for place in places for run in settings.groups[place].runs)


def _dot(settings: Settings, item: Judged, couple: Couple, unit: str) -> str:
    lever = item.change.lever
    rest = [
        f"{charting.fit(name, 24)}={settings.text(couple.first, column)}"
        for column, name in enumerate(settings.names)
        if column not in (*lever.own, *lever.carried)
    ]
    more = f"\nand {len(rest) - 6} more params" if len(rest) > 6 else ""
    n = " and ".join(dict.fromkeys(formats.count(size, "run") for size in couple.n))
    return f"{words.change(couple.difference, unit)} ({n})\n" + "\n".join(rest[:6]) + more


def _contexts(item: Judged) -> str:
    return formats.count(len(item.couples), "context")


def _scale(lines: Sequence[Line]) -> tuple[Scale, bool]:
    """Zero, every difference and interval, contexts as far as they leave these readable."""
    halves = np.array([(line.high - line.low) / 2 for line in lines if line.high > line.low])
    most = 4 * float(np.median(halves)) if halves.size else 0.0
    ends = [
        end
        for line in lines
        for end in (max(line.low, line.difference - most), min(line.high, line.difference + most))
    ]
    values = np.array([0.0, *(line.difference for line in lines), *ends])
    low, high = float(values.min()), float(values.max())
    room = 0.5 * (high - low)
    dots = np.concatenate([line.dots for line in lines])
    near = dots[(dots >= low - room) & (dots <= high + room)]
    margins = [
        m for line in lines if 0 < line.margin <= high - low for m in (-line.margin, line.margin)
    ]
    scale = charting.scale_for(np.array([*values, *near, *margins]))
    beyond = bool((halves > most * (1 + 1e-9)).any()) or near.size < dots.size
    return scale, beyond


def _axis(metric: Metric) -> str:
    unit = unit_of_difference(metric)
    name = f"difference in {charting.fit(metric.title, 40)}" + (f" ({unit})" if unit else "")
    if metric.goal == "maximize":
        return f"{name}, better \u2192"
    return f"\u2190 better, {name}" if metric.goal == "minimize" else name


def _legend(lines: Sequence[Line]) -> tuple[LegendEntry, ...]:
    entries = []
    if any(line.token == SETTLED for line in lines):
        entries.append(LegendEntry("settled", SETTLED, shape="diamond"))
    if any(line.token == OPEN for line in lines):
        entries.append(LegendEntry("open or without a test (hollow)", OPEN, shape="diamond"))
    if any(line.token == CONFOUNDED for line in lines):
        entries.append(
            LegendEntry("several params that always moved together", CONFOUNDED, shape="diamond")
        )
    if any(line.dots.size for line in lines):
        entries.append(LegendEntry("one context", CONTEXT, swatch="dot"))
    return tuple(entries)


def _notes(
    drawn: Sequence[Judged], every: Sequence[Judged], lines: Sequence[Line], cut: bool
) -> list[str]:
    tested = [item.result for item in drawn if item.result.adjusted is not None]
    said = []
    if tested:
        first = tested[0]
        wide = "adjusted " if first.family > 1 and first.correction != "none" else ""
        said.append(f"Whiskers are {wide}{words.percent(1 - first.alpha)} intervals.")
    if len(tested) < len(drawn):
        said.append("Marks without whiskers have no interval.")
    if any(line.margin for line in lines):
        said.append("The shaded band is the declared margin.")
    if cut:
        said.append("What reaches beyond the chart is cut at its edge; the table has the numbers.")
    if len(drawn) < len(every):
        rest = formats.number(len(every) - len(drawn))
        said.append(f"The {len(drawn)} largest are drawn; the table has {rest} more.")
    return said


def _description(settings: Settings, order: Sequence[Judged], metric: Metric, name: str) -> str:
    unit = unit_of_difference(metric)
    tops = [
        f"{name_of(settings, item)} {words.change(item.difference, unit)}" for item in order[:3]
    ]
    count = formats.count(len(order), "change")
    return f"{count} of one param and what each did to {name}. The largest: {'; '.join(tops)}."


# ---- drawing -------------------------------------------------------------------------------------


def draw(data: Forest, style: Style) -> Drawing:
    """The band of the margin, zero, contexts, then intervals and differences."""
    from matplotlib.collections import LineCollection

    figure, axes = charting.row_chart(style, data.x, [row.name for row in data.lines], data.label)
    low, high = data.x.ends
    draw_margins(axes, data.x, [line.margin for line in data.lines], style)
    axes.plot([0, 0], [-0.5, len(data.lines) - 0.5], color=style.color("ink-muted"), linewidth=1.2)
    found = _draw_dots(axes, data, style)
    colors = [style.color(line.token) for line in data.lines]
    places = list(enumerate(data.lines))
    whiskers = [(place, line) for place, line in places if line.high > line.low]
    if whiskers:
        axes.add_collection(
            LineCollection(
                [[(max(x.low, low), y), (min(x.high, high), y)] for y, x in whiskers],
                colors=[style.color(line.token) for _, line in whiskers],
                linewidths=2.2,
                gid="m1",
                zorder=4,
            ),
            autolim=False,
        )
        found.append(Marks("m1", tuple(Mark(line.run_ids, line.tip) for _, line in whiskers)))
    axes.scatter(
        [line.difference for line in data.lines],
        range(len(data.lines)),
        s=46,
        marker="D",
        facecolors=[
            color if line.settled else style.color("surface")
            for color, line in zip(colors, data.lines, strict=True)
        ],
        edgecolors=colors,
        linewidths=1.6,
        clip_on=False,
        gid="m2",
        zorder=5,
    )
    found.append(Marks("m2", tuple(Mark(line.run_ids, line.tip) for line in data.lines)))
    return Drawing(figure, tuple(found))


def _draw_dots(axes: Any, data: Forest, style: Style) -> list[Marks]:
    low, high = data.x.ends
    dots: list[tuple[float, float, Mark]] = []
    for place, line in enumerate(data.lines):
        offsets = charting.spread(line.dots.size, 0.5 if line.dots.size > 1 else 0.0)
        for x, y, runs, tip in zip(
            line.dots.tolist(), offsets.tolist(), line.dot_runs, line.dot_tips, strict=True
        ):
            if low <= x <= high:
                dots.append((x, place + y, Mark(runs, tip)))
    if not dots:
        return []
    axes.scatter(
        [x for x, _, _ in dots],
        [y for _, y, _ in dots],
        s=14 if len(dots) <= 300 else 8,
        facecolors=style.color(CONTEXT),
        edgecolors="none",
        alpha=0.45,
        clip_on=False,
        gid="m0",
        zorder=2,
    )
    return [Marks("m0", tuple(mark for _, _, mark in dots))]
