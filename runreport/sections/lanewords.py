"""What stands beside the lanes of parallel coordinates: ticks, and names above."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from runreport.drawing import Style
from runreport.sections import charting
from runreport.sections.lanes import MISSING_AT, Lane

PHONE = 1.2
"""How much wider names may get where the chart is small."""


def write(axes: Any, lanes: Sequence[Lane], style: Style, gap: float) -> None:
    """Ticks right of their lane on a patch of the page's colour; names above, two lines deep."""
    from matplotlib.collections import PolyCollection

    line = style.font_size * 100 / 72
    letters = room(gap, style)
    titles = names(lanes, style, gap)
    to_data = axes.transData.inverted()
    patches = []
    for place, lane in enumerate(lanes):
        words = [*lane.ticks, *([(MISSING_AT, "missing")] if lane.has_missing else [])]
        for y, text in words:
            shown = _fitting(text, letters, gap, style)
            x0, y0 = axes.transData.transform((place, y))
            width = charting.text_width(shown, style) + 4
            corners = ((3, -0.55), (width, -0.55), (width, 0.55), (3, 0.55))
            patches.append(to_data.transform([(x0 + a, y0 + b * line) for a, b in corners]))
            axes.annotate(
                shown,
                (place, y),
                xytext=(3.6, 0),
                textcoords="offset points",
                va="center",
                color=style.color("ink-muted") if text == "missing" else style.color("ink"),
                annotation_clip=False,
                zorder=5,
            )
        for row, part in enumerate(titles[place]):
            axes.annotate(
                part,
                (place, 1),
                xytext=(0, (2.4 - row * 1.2) * style.font_size),
                textcoords="offset points",
                ha="center",
                va="center",
                annotation_clip=False,
            )
    axes.add_collection(
        PolyCollection(
            patches,
            facecolors=style.color("surface"),
            alpha=0.75,
            linewidths=0,
            zorder=4,
            clip_on=False,
        ),
        autolim=False,
    )


def _fitting(text: str, letters: int, gap: float, style: Style) -> str:
    """A tick as long as it ends before the next lane."""
    shown = charting.fit(text, letters)
    while letters > 6 and charting.text_width(shown, style) > gap - 10:
        letters -= 1
        shown = charting.fit(text, letters)
    return shown


def room(gap: float, style: Style) -> int:
    """Letters of a tick between two lanes that are so many pixels apart."""
    return max(6, int(gap / (0.6 * style.font_size * 100 / 72)) - 1)


def left_of(lane: Lane, style: Style) -> float:
    """Pixels that half of the first lane's name takes."""
    widest = max(charting.text_width(part, style) for part in two_lines(lane.label, 110.0, style))
    return min(70.0, max(30.0, widest * PHONE / 2 + 4))


def names(lanes: Sequence[Lane], style: Style, gap: float) -> list[tuple[str, str]]:
    """Every lane's name in two lines, the first one empty where one is enough."""
    return [two_lines(lane.label, gap - 4, style) for lane in lanes]


def two_lines(label: str, width: float, style: Style) -> tuple[str, str]:
    """A lane's name in at most two lines, broken where words end; without its unit, which the
    read-out has, before it is cut.

    Args:
        label: the name and its unit.
        width: pixels of a line.
        style: sizes.
    """

    def fits(text: str, larger: float = PHONE) -> bool:
        return charting.text_width(text, style) * larger <= width

    for text in dict.fromkeys((label, re.sub(r" \([^()]*\)$", "", label))):
        if fits(text):
            return "", text
        breaks = [place + 1 for place, letter in enumerate(text) if letter in " _-./"]
        halves = [(text[:cut].strip(), text[cut:]) for cut in breaks]
        if whole := [pair for pair in halves if all(fits(half) for half in pair)]:
            return min(whole, key=lambda pair: max(len(half) for half in pair))
    # as it is, rather than cut
    if tight := [pair for pair in halves if all(fits(half, 1.0) for half in pair)]:
        return min(tight, key=lambda pair: max(len(half) for half in pair))
    letters = max(6, int(width / (0.62 * PHONE * style.font_size * 100 / 72)))
    cut = max((place for place in breaks if place <= letters), default=letters)
    return text[:cut].strip(), charting.fit(text[cut:], letters)
