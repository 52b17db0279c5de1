"""Charts of `operations`: measures side by side with one row per group, and what each group took
by what became of its runs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from runreport import formats
from runreport.blocks import Figure, LegendEntry
from runreport.design import Metric
from runreport.drawing import Drawing, Mark, Marks, Style
from runreport.samples import Sample
from runreport.sections import charting, frames
from runreport.sections.charting import Floats, Scale
from runreport.sections.operating import OperationsData
from runreport.sections.operationtables import CALLED
from runreport.sections.operationwords import amount
from runreport.sections.totals import Outcome, Spent

SIDE_BY_SIDE = 4
"""Panels of one figure."""

WIDTH, FONT = 7.2, 9.0
"""Inches and points that the number of panels goes by."""
GAP, NARROW = 34.0, 110.0
"""Pixels between panels, and the narrowest one."""

NAME_LENGTH, LONG_NAME = 26, 32
"""Characters of a row's name; the table says the whole."""

LOG_SPREAD = 30.0
"""Positive means that spread further than this factor get a log axis."""

POINTS = 200
"""Runs of one group drawn as points."""

COLORS: dict[Outcome, str] = {
    "finished": "accent",
    "diverged": "warn",
    "failed": "bad",
    "running": "band",
}
"""Tokens of outcomes; runs that the selection left out are in no group."""


@dataclass(frozen=True, eq=False)
class Panel:
    """One measure over the groups, in drawn coordinates."""

    labels: tuple[str, ...]
    """The first that has room is written."""
    scale: Scale
    means: Floats
    """Shape (rows,); NaN where there is none."""
    lows: Floats
    highs: Floats
    tips: tuple[str, ...]
    dots: tuple[tuple[float, int, str, str], ...]
    """Place across, row, run id, tip."""


@dataclass(frozen=True, eq=False)
class Panels:
    """What is drawn."""

    names: tuple[str, ...]
    bold: tuple[bool, ...]
    tokens: tuple[str, ...]
    run_ids: tuple[tuple[str, ...], ...]
    panels: tuple[Panel, ...]


@dataclass(frozen=True, slots=True)
class Bar:
    """Runs of one outcome in one group."""

    row: int
    start: float
    end: float
    token: str
    run_ids: tuple[str, ...]
    tip: str


@dataclass(frozen=True, eq=False)
class Bars:
    """What is drawn."""

    names: tuple[str, ...]
    bars: tuple[Bar, ...]
    ends: tuple[tuple[float, str], ...]
    """Per row, where its sum ends and what it is."""
    x: Scale
    label: str


def panels(data: OperationsData, limit: int) -> tuple[Figure, ...]:
    """Quality and the first measures side by side; none where no finished run has a value."""
    groups = data.groups[:limit]
    chosen = _chosen(data)
    if not chosen:
        return ()
    # longer names where they cost no panel
    short, long = (
        tuple(charting.fit(group.label, length) for group in groups)
        for length in (NAME_LENGTH, LONG_NAME)
    )
    names = long if _most(long) >= min(len(chosen), _most(short)) else short
    drawn = chosen[: _most(names)]
    rows = len(groups)
    note = [f"Diamonds are means with {charting.level_words(data.level)}s, points are runs."]
    shown = {metric.name for metric, _ in drawn}
    if rest := [m.metric.title for m in data.found.shown if m.name not in shown]:
        note.append(f"Further measures are in the table: {charting.named(rest, 6)}.")
    if len(data.groups) > rows:
        note.append(f"The first {rows} of {len(data.groups)} groups are drawn.")
    made = tuple(_panel(metric, own[:limit], data.level) for metric, own in drawn)
    if any(panel.scale.log for panel in made):
        note.append("Where means spread widely the axis is logarithmic.")
    figure = Figure(
        draw=draw_panels,
        data=Panels(
            names=names,
            bold=tuple(group.is_baseline for group in groups),
            tokens=tuple(group.color for group in groups),
            run_ids=tuple(tuple(run.id for run in group.runs) for group in groups),
            panels=made,
        ),
        title="Quality and what it took, by group" if data.quality else "What runs took, by group",
        description=_panels_words(drawn, rows),
        height=1.05 + (0.36 if rows <= 12 else 0.24) * rows,
        note=(" ".join(note),),
    )
    return (figure,)


def _chosen(data: OperationsData) -> list[tuple[Metric, tuple[Sample, ...]]]:
    """Quality and one measure of each kind; time and its price are drawn once."""
    chosen: list[tuple[Metric, tuple[Sample, ...]]] = []
    if data.quality is not None and any(s.values.size for s in data.quality_samples):
        chosen.append((data.quality, data.quality_samples))
    cost = None if data.efficiency is None else data.efficiency.cost
    pairs = list(zip(data.found.shown, data.samples, strict=True))
    # what is compared stands for its kind
    pairs.sort(key=lambda pair: pair[0] is not cost)
    seen = set()
    for measure, own in pairs:
        kind = "time" if measure.kind in ("cost", "device hours") else measure.kind
        if kind not in seen and any(sample.values.size for sample in own):
            seen.add(kind)
            chosen.append((measure.metric, own))
    return chosen


def _most(names: Sequence[str]) -> int:
    """Panels that leave each other room beside the names."""
    style = Style(WIDTH, 1.0, FONT, {})
    room = WIDTH * 100 - charting.names_width(names, style) - 14 + GAP
    return max(2, min(SIDE_BY_SIDE, int(room / (NARROW + GAP))))


def _panel(metric: Metric, samples: tuple[Sample, ...], level: float) -> Panel:
    values = [sample.values[charting.usable(sample.values)] for sample in samples]
    every = np.concatenate(values) if values else np.array([])
    fine = every[charting.usable(every)]
    log = bool(fine.size and fine.min() > 0 and fine.max() / fine.min() > LOG_SPREAD)
    intervals = [charting.t_interval(own, level) for own in values]
    ends = [end for ends in intervals for end in ends or () if not log or end > 0]
    scale = charting.scale_for(np.array([*every.tolist(), *ends]), log, pad=0.07)
    means = np.array([own.mean() if own.size else np.nan for own in values], dtype=np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        lows = np.array([np.nan if i is None else scale.place(i[0]) for i in intervals])
        highs = np.array([np.nan if i is None else scale.place(i[1]) for i in intervals])
        placed = np.asarray(scale.place(means), dtype=np.float64)
    # an interval that reaches 0 or below leaves a log axis at its lower end
    lows = np.where(np.isfinite(highs) & ~np.isfinite(lows), scale.ends[0], lows)
    name = charting.fit(metric.title, 40)
    return Panel(
        labels=tuple(
            charting.with_goal(charting.fit(metric.title, 40), unit, metric.goal)
            for unit in (metric.unit, "")
        ),
        scale=scale,
        means=placed,
        lows=lows.astype(np.float64),
        highs=highs.astype(np.float64),
        tips=tuple(_tip(sample, mean, ends) for sample, mean, ends in
                   zip(samples, means.tolist(), intervals, strict=True)),
        dots=tuple(
            (float(scale.place(value)), row, run.id,
             f"{charting.fit(run.name)}\n{name}: {charting.value_text(value, metric)}")
            for row, sample in enumerate(samples)
            for value, run in list(zip(sample.values.tolist(), sample.runs, strict=True))[:POINTS]
            if charting.usable(np.array([value]), log)[0]
        ),
    )  # fmt: skip


def _tip(sample: Sample, mean: float, ends: tuple[float, float] | None) -> str:
    metric = sample.metric
    said = f"{charting.group_name(sample.group)}\n{charting.fit(metric.title, 40)}: "
    said += f"mean {charting.value_text(mean, metric)}"
    if ends is not None:
        said += (
            f" ({charting.value_text(ends[0], metric)} to {charting.value_text(ends[1], metric)})"
        )
    return f"{said}\n{formats.count(int(sample.values.size), 'run')}"


def _panels_words(drawn: list[tuple[Metric, tuple[Sample, ...]]], rows: int) -> str:
    names = charting.named([metric.title for metric, _ in drawn], SIDE_BY_SIDE)
    return f"{names} of {formats.count(rows, 'group')}: means with intervals, and every run."


# ---- sums by group -------------------------------------------------------------------------------


def spent(data: OperationsData, limit: int) -> Figure:
    """What each group took, failed runs included."""
    first: Spent = data.spent[0]
    shown = first.by_group[:limit]
    bars, ends = [], []
    for row, (group, parts) in enumerate(shown):
        start = 0.0
        for name, token in COLORS.items():
            part = parts[name]
            if part.total > 0:
                tip = (
                    f"{charting.fit(group.label)}\n{CALLED[name].lower()}: "
                    f"{amount(part.total, first.measure)}, {formats.count(part.runs, 'run')}"
                )
                bars.append(Bar(row, start, start + part.total, token, part.run_ids, tip))
                start += part.total
        ends.append((start, amount(start, first.measure)))
    top = max((end for end, _ in ends), default=0.0) or 1.0
    unit = first.measure.metric.unit
    note = []
    if unknown := sum(part.unknown for _, parts in shown for part in parts.values()):
        note.append(f"{formats.count(unknown, 'run')} without a value enter no bar.")
    left_out = first.by_outcome["left out"].total + first.by_outcome["left out failed"].total
    if left_out > 0:
        note.append(
            f"Runs that the selection left out took {amount(left_out, first.measure)} more."
        )
    if len(first.by_group) > len(shown):
        note.append(f"The first {len(shown)} of {len(first.by_group)} groups are drawn.")
    title = first.measure.heading
    entries = tuple(
        LegendEntry(CALLED[name], token, run_ids=ids, swatch="area")
        for name, token in COLORS.items()
        if (ids := tuple(i for _, p in shown if p[name].total > 0 for i in p[name].run_ids))
    )
    rows = len(shown)
    return Figure(
        draw=draw_spent,
        data=Bars(
            tuple(charting.fit(group.label, NAME_LENGTH) for group, _ in shown),
            tuple(bars), tuple(ends), Scale(0.0, top * 1.18),
            charting.with_goal(title, unit, None),
        ),
        title=f"{title} of each group, failed runs included",
        description=(
            f"{title} added up over the runs of {formats.count(rows, 'group')}, by what became of "
            f"them; {amount(first.total, first.measure)} in all."
        ),
        legend=entries,
        height=0.85 + (0.36 if rows <= 12 else 0.24) * rows,
        note=(" ".join(note),) if note else (),
    )  # fmt: skip


# ---- drawing -------------------------------------------------------------------------------------


def draw_panels(data: Panels, style: Style) -> Drawing:
    """Panels in a row; names at the left of the first."""
    from matplotlib.figure import Figure as Canvas

    figure = Canvas(figsize=(style.width, style.height))
    w, h = style.width * 100, style.height * 100
    line = style.font_size * 100 / 72
    left, right, gap = charting.names_width(data.names, style), 14.0, GAP
    top, bottom = line * 2.2, line * 2.2
    each = (w - left - right - gap * (len(data.panels) - 1)) / len(data.panels)
    marks: list[Marks] = []
    for place, panel in enumerate(data.panels):
        start = left + place * (each + gap)
        axes = figure.add_axes((start / w, bottom / h, each / w, 1 - (top + bottom) / h))
        charting.name_rows(axes, panel.scale, data.names if place == 0 else [""] * len(data.names))
        values, texts = charting.ticks(panel.scale, most=3)
        places = [float(panel.scale.place(value)) for value in values]
        low, high = panel.scale.ends
        shares = [(value - low) / (high - low) for value in places]
        axes.set_xticks(places, frames.apart(shares, texts, style, each))
        if place == 0:
            for text, bold in zip(axes.get_yticklabels(), data.bold, strict=True):
                text.set_fontweight("bold" if bold else "normal")
        figure.text(start / w, 1 - line * 0.35 / h, _short(panel.labels, each, style), va="top")
        _base_line(axes, data, panel, style)
        marks += _draw_panel(axes, data, panel, style, 2 * place)
    return Drawing(figure, tuple(marks))


def _short(labels: Sequence[str], width: float, style: Style) -> str:
    """A panel's title in the room it has: without its unit before it is cut."""
    room = (width + GAP * 0.3) / (0.66 * style.font_size * 100 / 72)
    whole = next((label for label in labels if len(label) <= room), labels[-1])
    return charting.fit(whole, max(6, int(room)))


def _base_line(axes: Any, data: Panels, panel: Panel, style: Style) -> None:
    """The baseline's mean through all rows."""
    for row, bold in enumerate(data.bold):
        if bold and np.isfinite(panel.means[row]):
            axes.plot(
                [panel.means[row]] * 2, [-0.5, len(data.names) - 0.5],
                color=style.color("ink-muted"), linewidth=1, linestyle=(0, (4, 3)), zorder=1.5,
            )  # fmt: skip


def _draw_panel(axes: Any, data: Panels, panel: Panel, style: Style, number: int) -> list[Marks]:
    from matplotlib.collections import LineCollection

    found = []
    if panel.dots:
        offsets = charting.spread(len(panel.dots), 0.3)
        axes.scatter(
            [dot[0] for dot in panel.dots],
            [dot[1] + 0.17 + off for dot, off in zip(panel.dots, offsets.tolist(), strict=True)],
            s=12 if len(panel.dots) <= 200 else 6,
            facecolors=[style.color(data.tokens[dot[1]]) for dot in panel.dots],
            edgecolors=style.color("surface"),
            linewidths=0.4, alpha=0.7, clip_on=False, gid=f"m{number}", zorder=3,
        )  # fmt: skip
        found.append(Marks(f"m{number}", tuple(Mark((d[2],), d[3]) for d in panel.dots)))
    rows = [row for row in range(len(data.names)) if np.isfinite(panel.means[row])]
    wide = [row for row in rows if panel.highs[row] > panel.lows[row]]
    axes.add_collection(
        LineCollection(
            [[(panel.lows[row], row - 0.16), (panel.highs[row], row - 0.16)] for row in wide],
            colors=style.color("ink"), linewidths=1.4, zorder=4,
        ),
        autolim=False,
    )  # fmt: skip
    if rows:
        axes.scatter(
            panel.means[rows], [row - 0.16 for row in rows], s=26, marker="D",
            facecolors=[style.color(data.tokens[row]) for row in rows],
            edgecolors=style.color("ink"), linewidths=0.9, clip_on=False,
            gid=f"m{number + 1}", zorder=5,
        )  # fmt: skip
        found.append(
            Marks(f"m{number + 1}", tuple(Mark(data.run_ids[r], panel.tips[r]) for r in rows))
        )
    return found


def draw_spent(data: Bars, style: Style) -> Drawing:
    """One bar per group, its parts behind each other, its sum at the end."""
    from matplotlib.collections import PolyCollection

    figure, axes = charting.row_chart(style, data.x, data.names, data.label)
    axes.add_collection(
        PolyCollection(
            [
                [(b.start, b.row - 0.3), (b.end, b.row - 0.3),
                 (b.end, b.row + 0.3), (b.start, b.row + 0.3)]
                for b in data.bars
            ],
            facecolors=[style.color(b.token) for b in data.bars],
            edgecolors=style.color("surface"), linewidths=0.8, alpha=0.8, gid="m0", zorder=2,
        ),
        autolim=False,
    )  # fmt: skip
    for row, (end, text) in enumerate(data.ends):
        axes.annotate(text, (end, row), xytext=(5, 0), textcoords="offset points", va="center",
                      color=style.color("ink-muted"))  # fmt: skip
    return Drawing(figure, (Marks("m0", tuple(Mark(b.run_ids, b.tip) for b in data.bars)),))
