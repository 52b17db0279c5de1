"""One panel for each aggregate, one row for each group: values with their intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from runreport import formats
from runreport.blocks import Figure, Table
from runreport.design import Metric
from runreport.drawing import Drawing, Mark, Marks, Style
from runreport.sections import charting
from runreport.sections.charting import Scale
from runreport.sections.tasks import Standing, Tasks, decimals_of, runs_words, written
from runreport.stats import aggregates, words
from runreport.stats.aggregates import Statistic

NAME_LENGTH = 30

TITLES: Mapping[Statistic, str] = {
    "iqm": "Interquartile mean (IQM)",
    "mean": "Mean of task means",
    "median": "Median of task means",
    "optimality_gap": "Optimality gap",
}
"""Above panels and columns."""

ROW, SPACE = 0.27, 0.68
"""Inches of a row, and of the title and ticks of a panel."""


@dataclass(frozen=True, slots=True)
class Line:
    """One group in one panel."""

    value: float
    low: float
    """Equal to the value where there is no interval."""
    high: float
    token: str
    run_ids: tuple[str, ...]
    tip: str


@dataclass(frozen=True, slots=True)
class Panel:
    """One aggregate."""

    title: str
    x: Scale
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Multiples:
    """What is drawn."""

    names: tuple[str, ...]
    """Of the rows, the same in every panel."""
    bold: tuple[bool, ...]
    """The baseline's."""
    panels: tuple[Panel, ...]


def multiples(data: Tasks, limit: int, table: Table) -> Figure:
    """The chart of every aggregate asked for; of medians only where they have intervals."""
    shown = data.standings[: max(1, limit)]
    statistics = _drawn(data)
    picture = Multiples(
        tuple(charting.fit(item.group.label, NAME_LENGTH) for item in shown),
        tuple(item.group.is_baseline for item in shown),
        tuple(_panel(data, name, shown) for name in statistics),
    )
    name = charting.fit(data.metric.title)
    return Figure(
        draw=draw,
        data=picture,
        title=f"Aggregates of {name}",
        description=_description(data, shown, name),
        table=table,
        height=len(statistics) * (SPACE + ROW * len(shown)) + 0.1,
        note=(said,) if (said := _note(data, shown, statistics)) else (),
    )


def _drawn(data: Tasks) -> tuple[Statistic, ...]:
    """Those that have a panel: no median without its interval, no gap where none is left."""
    hidden: set[Statistic] = set()
    if data.fewest < aggregates.MEDIAN_FEWEST:
        hidden.add("median")
    if "optimality_gap" in data.question.statistics and not any(
        item.found["optimality_gap"].value > 0 for item in data.standings
    ):
        hidden.add("optimality_gap")
    return tuple(name for name in data.question.statistics if name not in hidden) or ("iqm",)


def _heading(name: Statistic, metric: Metric) -> str:
    """The aggregate with unit and direction; a gap is better when it is small."""
    goal = metric.goal if name != "optimality_gap" else "minimize"
    return charting.with_goal(TITLES[name], metric.unit, goal)


def _panel(data: Tasks, name: Statistic, shown: tuple[Standing, ...]) -> Panel:
    found = [item.found[name] for item in shown]
    decimals = decimals_of(found)
    lines = []
    for standing, item in zip(shown, found, strict=True):
        low, high = item.value, item.value
        if item.interval is not None:
            low, high = item.interval.low, item.interval.high
        text = formats.with_unit(written(item, decimals), data.metric.unit)
        tip = (
            f"{charting.group_name(standing.group)}\n{TITLES[name]}: {text}\n"
            f"{runs_words(standing, data.unit, data.task)}"
        )
        ids = tuple(run.id for run in standing.group.runs)
        lines.append(Line(item.value, low, high, standing.group.color, ids, tip))
    ends = np.array([end for line in lines for end in (line.low, line.high)])
    scale = charting.scale_for(ends, pad=0.06)
    return Panel(_heading(name, data.metric), scale, tuple(lines))


def _description(data: Tasks, shown: tuple[Standing, ...], name: str) -> str:
    first, last = shown[0], shown[-1]
    decimals = decimals_of([item.iqm for item in shown])
    ends = [
        f"{charting.fit(item.group.label)} {written(item.iqm, decimals)}"
        for item in ((first,) if first is last else (first, last))
    ]
    groups, tasks = formats.count(len(shown), "group"), words.plural(data.task, len(data.names))
    return f"{groups} by {name} over {tasks}. IQM from {' to '.join(ends)}."


def _note(data: Tasks, shown: tuple[Standing, ...], drawn: Sequence[Statistic]) -> str:
    said = ""
    if any(item.found[name].interval is not None for item in shown for name in drawn):
        said = (
            f"Whiskers are {words.percent(data.level)} stratified bootstrap intervals: what new "
            f"{words.several(data.unit)} on these {words.several(data.task)} would change."
        )
    if "median" in data.question.statistics and "median" not in drawn:
        said += (
            f" Medians are not drawn: below {aggregates.MEDIAN_FEWEST} "
            f"{words.several(data.unit)} per {data.task} their intervals promise too much."
        )
    if len(shown) < len(data.standings):
        rest = formats.count(len(data.standings) - len(shown), "group")
        said += f" The first {len(shown)} are drawn; the table has {rest} more."
    return said.strip()


# ---- drawing -------------------------------------------------------------------------------------


def draw(data: Multiples, style: Style) -> Drawing:
    """Panels one below the other, which a phone has room for."""
    from matplotlib.figure import Figure as Canvas

    figure = Canvas(figsize=(style.width, style.height))
    marks: list[Marks] = []
    for place, panel in enumerate(data.panels):
        axes = _axes(figure, data, place, style)
        marks += _draw_lines(axes, panel, style, len(marks))
    return Drawing(figure, tuple(marks))


def _axes(figure: Any, data: Multiples, place: int, style: Style) -> Any:
    panel, count = data.panels[place], len(data.panels)
    w, h = style.width * 100, style.height * 100
    line = style.font_size * 100 / 72
    left, right = charting.names_width(data.names, style), 16.0
    top = h - h * place / count
    rows = h / count - line * 3.9
    axes = figure.add_axes(
        (left / w, (top - line * 2.1 - rows) / h, 1 - (left + right) / w, rows / h)
    )
    charting.name_rows(axes, panel.x, data.names)
    for label, bold in zip(axes.get_yticklabels(), data.bold, strict=True):
        label.set_fontweight("bold" if bold else "normal")
    figure.text(0.004, (top - line * 0.5) / h, panel.title, ha="left", va="top")
    return axes


def _draw_lines(axes: Any, panel: Panel, style: Style, number: int) -> list[Marks]:
    from matplotlib.collections import LineCollection

    wide = [(place, line) for place, line in enumerate(panel.lines) if line.high > line.low]
    found = []
    if wide:
        axes.add_collection(
            LineCollection(
                [[(line.low, place), (line.high, place)] for place, line in wide],
                colors=[style.color(line.token) for _, line in wide],
                linewidths=2.6,
                gid=f"m{number}",
                zorder=3,
            ),
            autolim=False,
        )
        marks = tuple(Mark(line.run_ids, line.tip) for _, line in wide)
        found.append(Marks(f"m{number}", marks))
    gid = f"m{number + len(found)}"
    axes.scatter(
        [line.value for line in panel.lines],
        range(len(panel.lines)),
        s=42,
        marker="D",
        facecolors=[style.color(line.token) for line in panel.lines],
        edgecolors=style.color("surface"),
        linewidths=1,
        clip_on=False,
        gid=gid,
        zorder=4,
    )
    marks = tuple(Mark(line.run_ids, line.tip) for line in panel.lines)
    return [*found, Marks(gid, marks)]
