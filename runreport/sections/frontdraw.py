"""The front drawn: its line, points with crosses of intervals, dominated ones dimmed, names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from runreport import formats
from runreport.blocks import LegendEntry
from runreport.drawing import Drawing, Mark, Marks, Style
from runreport.sections import charting, shading
from runreport.sections.charting import Floats, Legend, Scale
from runreport.sections.frontier import Frontier, Point
from runreport.sections.shading import Shades, shades_of
from runreport.stats.fronts import FEWEST

LABELLED = 12
"""Up to so many points of the front are named beside it."""

CROSSES = 60
"""With more configurations only those on the front have crosses."""


@dataclass(frozen=True, slots=True)
class Spot:
    """One configuration, in drawn coordinates."""

    x: float
    y: float
    across: tuple[float, float] | None
    """Interval of x, cut at the axis; None where there is none."""
    up: tuple[float, float] | None
    is_front: bool
    token: str
    run_ids: tuple[str, ...]
    tip: str
    label: str
    """Written beside it; empty for none."""


@dataclass(frozen=True, eq=False)
class Scene:
    """What is drawn."""

    x: Scale
    y: Scale
    x_label: str
    y_label: str
    spots: tuple[Spot, ...]
    line: Floats
    """The edge of what is attained, shape (k, 2)."""
    dots: Floats
    """Runs of configurations that have several."""
    dot_ids: tuple[str, ...]
    dot_tips: tuple[str, ...]
    dot_tokens: tuple[str, ...]
    better: tuple[int, int]
    """Towards which side of x and of y is better: 1 or -1."""


def scene_of(data: Frontier) -> Scene:
    """Where everything stands."""
    quality, cost = data.criteria[:2]
    y_log, x_log = data.logs[:2]
    means = np.array([point.mean for point in data.points])
    runs = np.concatenate([point.values for point in data.points])
    every = np.concatenate([means, runs])
    x = charting.scale_for(every[:, 1], x_log, pad=0.06)
    y = charting.scale_for(every[:, 0], y_log, pad=0.08)
    tokens = _tokens(data)
    named = len(data.front) <= LABELLED
    crossed = len(data.points) <= CROSSES
    spots = tuple(
        Spot(
            x=float(x.place(point.mean[1])),
            y=float(y.place(point.mean[0])),
            across=_ends(point.intervals[1], x) if crossed or point.is_front else None,
            up=_ends(point.intervals[0], y) if crossed or point.is_front else None,
            is_front=point.is_front,
            token=token,
            run_ids=tuple(run.id for run in point.runs),
            tip=_tip(data, point),
            label=charting.fit(point.label, 30) if named and point.is_front else "",
        )
        for point, token in zip(data.points, tokens, strict=True)
    )
    several = [(p, t) for p, t in zip(data.points, tokens, strict=True) if len(p.runs) > 1]
    dots = [(row, run, point, token) for point, token in several
            for row, run in zip(point.values, point.runs, strict=True)]  # fmt: skip
    usable = [d for d in dots if (not x_log or d[0][1] > 0) and (not y_log or d[0][0] > 0)]
    return Scene(
        x=x,
        y=y,
        x_label=charting.with_goal(
            charting.fit(cost.quantity.name, 60), cost.quantity.unit, cost.goal
        ),
        y_label=charting.with_goal(
            charting.fit(quality.quantity.name, 60), quality.quantity.unit, quality.goal
        ),
        spots=spots,
        line=_line(data, x, y) if len(data.criteria) == 2 else np.empty((0, 2)),
        dots=np.array(
            [(x.place(row[1]), y.place(row[0])) for row, *_ in usable], dtype=np.float64
        ).reshape(-1, 2),
        dot_ids=tuple(run.id for _, run, _, _ in usable),
        dot_tips=tuple(_run_tip(data, row, run.name) for row, run, _, _ in usable),
        dot_tokens=tuple(token for *_, token in usable),
        better=(-int(cost.sign), -int(quality.sign)),
    )


def _shades(data: Frontier) -> Shades:
    return shades_of(np.array([float(point.mean[2]) for point in data.points]))


def _has_groups(data: Frontier) -> bool:
    """Whether the points' groups have a colour each."""
    groups = {point.group.id for point in data.points}
    return len(groups) > 1 and all(p.group.color != charting.OTHER for p in data.points)


def _tokens(data: Frontier) -> list[str]:
    if len(data.criteria) == 3:
        shades = _shades(data)
        return [shades.token(float(point.mean[2])) for point in data.points]
    if _has_groups(data):
        return [point.group.color for point in data.points]
    return ["accent" if point.is_front else charting.OTHER for point in data.points]


def legend_of(data: Frontier) -> Legend:
    """What colours mean."""
    if len(data.criteria) == 3:
        every = [run.id for point in data.points for run in point.runs]
        values = [float(point.mean[2]) for point in data.points for _ in point.runs]
        return shading.legend(_shades(data), data.criteria[2].quantity, np.array(values), every)
    if _has_groups(data):
        groups = list({point.group.id: point.group for point in data.points}.values())
        return charting.legend(
            groups, {run.id for p in data.points for run in p.runs}, swatch="dot"
        )
    entries = []
    for wanted, text, token in (
        (True, "on the front", "accent"),
        (False, "dominated", charting.OTHER),
    ):
        ids = tuple(r.id for p in data.points if p.is_front == wanted for r in p.runs)
        if ids:
            entries.append(LegendEntry(text, token, run_ids=ids, swatch="dot"))
    return tuple(entries)


def _ends(interval: tuple[float, float] | None, scale: Scale) -> tuple[float, float] | None:
    if interval is None:
        return None
    low, high = (min(max(end, scale.low), scale.high) for end in interval)
    return float(scale.place(low)), float(scale.place(high))


def _line(data: Frontier, x: Scale, y: Scale) -> Floats:
    """Steps between the front's points, and out to where both criteria are worse."""
    quality, cost = data.criteria
    front = [data.points[i] for i in data.front]
    places = [(float(x.place(p.mean[1])), float(y.place(p.mean[0]))) for p in front]
    worst_x = x.ends[1] if cost.sign > 0 else x.ends[0]
    worst_y = y.ends[1] if quality.sign > 0 else y.ends[0]
    found = [(places[0][0], worst_y), places[0]]
    for (_, before), (after_x, after_y) in pairwise(places):
        found += [(after_x, before), (after_x, after_y)]
    found.append((worst_x, places[-1][1]))
    return np.array(found, dtype=np.float64)


def _tip(data: Frontier, point: Point) -> str:
    lines = [charting.fit(point.label)]
    for place, criterion in enumerate(data.criteria):
        mean = criterion.quantity.words(float(point.mean[place]))
        interval = point.intervals[place]
        ends = ""
        if interval is not None and interval[1] > interval[0]:
            width = formats.decimals_for(interval[1] - interval[0])
            ends = f" ({formats.interval(*interval, width)})"
        lines.append(f"{charting.fit(criterion.quantity.name, 40)}: {mean}{ends}")
    lines.append(formats.count(len(point.runs), "run"))
    said = "on the front" if point.is_front else _behind(data, point)
    if point.share is not None and len(point.runs) >= FEWEST:
        said += f"; on it in {100 * point.share:.0f} % of resamples"
    return "\n".join([*lines, said])


def _behind(data: Frontier, point: Point) -> str:
    return f"dominated by {charting.named([data.points[i].label for i in point.behind], 2)}"


def _run_tip(data: Frontier, row: Floats, name: str) -> str:
    lines = [charting.fit(name)]
    for criterion, value in zip(data.criteria, row, strict=True):
        said = criterion.quantity.words(float(value))
        lines.append(f"{charting.fit(criterion.quantity.name, 40)}: {said}")
    return "\n".join(lines)


# ---- drawing -------------------------------------------------------------------------------------


def draw(data: Scene, style: Style) -> Drawing:
    """The line, crosses, runs, dominated points, the front, its names."""
    figure, axes = charting.chart(style, data.x, data.y, data.x_label, data.y_label)
    if data.line.size:
        axes.plot(
            *data.line.T, color=style.color("ink-muted"), linewidth=1.2, linestyle=(0, (4, 2.5)),
            zorder=2,
        )  # fmt: skip
    marks = []
    if data.dot_ids:
        axes.scatter(
            *data.dots.T,
            s=9,
            facecolors=[style.color(token) for token in data.dot_tokens],
            linewidths=0,
            alpha=0.45,
            clip_on=False,
            gid="m0",
            zorder=2.5,
        )
        found = zip(data.dot_ids, data.dot_tips, strict=True)
        marks.append(Marks("m0", tuple(Mark((i,), tip) for i, tip in found)))
    _draw_crosses(axes, data.spots, style)
    for gid, wanted in (("m1", False), ("m2", True)):
        spots = [spot for spot in data.spots if spot.is_front == wanted]
        if not spots:
            continue
        many = len(spots) > 150
        axes.scatter(
            [spot.x for spot in spots],
            [spot.y for spot in spots],
            s=62 if wanted else 14 if many else 34,
            facecolors=[style.color(spot.token) for spot in spots],
            edgecolors=style.color("ink" if wanted else "surface"),
            linewidths=1.2 if wanted else 0.5,
            alpha=1.0 if wanted else 0.45,
            clip_on=False,
            gid=gid,
            zorder=5 if wanted else 3,
        )
        marks.append(Marks(gid, tuple(Mark(spot.run_ids, spot.tip) for spot in spots)))
    _write_names(axes, data, style)
    return Drawing(figure, tuple(marks))


def _draw_crosses(axes: Any, spots: Sequence[Spot], style: Style) -> None:
    from matplotlib.collections import LineCollection

    for wanted, alpha in ((False, 0.35), (True, 0.9)):
        chosen = [spot for spot in spots if spot.is_front == wanted]
        lines = [[(s.across[0], s.y), (s.across[1], s.y)] for s in chosen if s.across]
        lines += [[(s.x, s.up[0]), (s.x, s.up[1])] for s in chosen if s.up]
        colors = [style.color(s.token) for s in chosen if s.across]
        colors += [style.color(s.token) for s in chosen if s.up]
        if lines:
            axes.add_collection(
                LineCollection(lines, colors=colors, linewidths=1.5, alpha=alpha, zorder=2.8),
                autolim=False,
            )


def _write_names(axes: Any, data: Scene, style: Style) -> None:
    """Names of the front's points, on its better side where there is room, else where there is."""
    chosen = [spot for spot in data.spots if spot.label]
    if not chosen:
        return
    extent = axes.get_window_extent()
    pixels = axes.transData.transform([(spot.x, spot.y) for spot in data.spots])
    height = style.font_size * 100 / 72
    taken = [(x - 5, y - 5, x + 5, y + 5) for x, y in pixels.tolist()]
    side, rise = data.better
    corners = [(side, rise), (-side, rise), (side, -rise), (-side, -rise)]
    # then a line further away
    places = [(*corner, away) for away in (0.0, height * 1.15) for corner in corners]
    for spot in chosen:
        x, y = axes.transData.transform((spot.x, spot.y)).tolist()
        width = charting.text_width(spot.label, style)
        for right, up, away in places:
            left = x + 7 if right > 0 else x - 7 - width
            low = y + 5 + away if up > 0 else y - 5 - height - away
            box = (left, low, left + width, low + height)
            inside = extent.x0 <= box[0] and box[2] <= extent.x1 + 10
            inside = inside and extent.y0 <= box[1] and box[3] <= extent.y1 + 12
            clear = all(
                box[2] < b[0] or box[0] > b[2] or box[3] < b[1] or box[1] > b[3] for b in taken
            )
            if inside and clear:
                taken.append(box)
                axes.annotate(
                    spot.label,
                    (spot.x, spot.y),
                    xytext=(5 * right, (3.6 + away * 0.72) * up),
                    textcoords="offset points",
                    ha="left" if right > 0 else "right",
                    va="bottom" if up > 0 else "top",
                    zorder=6,
                )
                break
