"""What a chart is drawn with and what comes back: the contract of every `draw` function.

A `draw(data, style) -> Drawing` function lives at module level in its section's file, imports
matplotlib inside, uses the `Figure()` API (never pyplot, no layout engine, no legend: legends are
HTML) and takes every colour from `style`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

SERIES = tuple(f"series-{n}" for n in range(1, 9))
"""Colour tokens of groups and runs, in order; more than eight groups share `series-other`."""

SHAPES = ("circle", "square", "triangle", "diamond", "wedge", "plus", "cross", "pentagon")
"""Each series' mark, in order: what tells series apart where colours do not, as in greyscale."""


def shape_of(token: str) -> str:
    """The shape of marks in this colour."""
    return SHAPES[SERIES.index(token)] if token in SERIES else SHAPES[0]


@dataclass(frozen=True, slots=True)
class Style:
    """Sizes and colours of charts, from the theme's tokens."""

    width: float
    """Inches."""
    height: float
    font_size: float
    """Points."""
    colors: Mapping[str, str]
    """Token to `#rrggbb`. Each hex is unique: it is the sentinel that the SVG pass turns into
    `var(--rr-token, #hex)`, so that light and dark need no redraw. Tokens: `ink`, `ink-muted`,
    `grid`, `surface`, `accent`, `good`, `bad`, `warn`, `band`, `series-1` .. `series-8`,
    `series-other`, and `ramp-0` .. `ramp-8` (a sequential scale)."""

    def color(self, token: str) -> str:
        """The colour to hand to matplotlib."""
        return self.colors[token]


@dataclass(frozen=True, slots=True)
class Mark:
    """One drawn thing that stands for a run or a group: what highlights and what hover says."""

    run_ids: tuple[str, ...]
    """One run for its own mark; all of its runs for a group's."""
    tip: str = ""
    """Read-out on hover and focus: name and values, plain text, newlines allowed."""


@dataclass(frozen=True, slots=True)
class Marks:
    """The marks of one artist, in drawing order, finite ones only.

    The artist (a LineCollection, PathCollection, one Line2D, one Patch, ...) has been given
    `artist.set_gid(gid)`; the SVG pass asserts that as many elements were drawn as marks listed.
    """

    gid: str
    """Unique in the figure, `m0`, `m1`, ...: never data."""
    marks: tuple[Mark, ...]


@dataclass(frozen=True, slots=True)
class Axis:
    """How hover read-outs and zoom translate pixels of one axes into values."""

    label: str
    low: float
    high: float
    log: bool = False


@dataclass(frozen=True, slots=True)
class Plane:
    """The axes that hover read-outs and zoom work on."""

    axes: Any
    """matplotlib.axes.Axes of the figure."""
    x: Axis
    y: Axis


@dataclass(frozen=True, slots=True)
class LaneAxis:
    """How one lane of parallel coordinates translates places into values."""

    label: str
    name: tuple[str, str]
    """The label in two lines, as it stands above."""
    expression: str
    """What it shows, as a spec writes it: a brush says what it selects in this language."""
    low: float
    high: float
    """Values at its foot and its head; low > high where it is turned over."""
    log: bool
    ticks: tuple[tuple[float, str], ...]
    """Place between 0 and 1, and what is written there."""
    words: tuple[float | str, ...] | None
    """The values at the first ticks, for a lane of words."""
    has_rest: bool = False
    """Whether the last place is for all further words."""


@dataclass(frozen=True, slots=True)
class Lanes:
    """Lanes that can be brushed, turned over and reordered: at 0, 1, 2, ... of the axes, from 0 to
    1; each mark is a line with one point per lane.
    """

    axes: Any
    """matplotlib.axes.Axes of the figure."""
    missing_at: float
    """The height of marks without a value."""
    lanes: tuple[LaneAxis, ...]


@dataclass(frozen=True, slots=True)
class Drawing:
    """A drawn matplotlib figure and what its marks stand for."""

    figure: Any
    """matplotlib.figure.Figure."""
    marks: tuple[Marks, ...] = ()
    plane: Plane | None = None
    """Where the pixels of curves stand for values; None when hover needs only the marks."""
    lanes: Lanes | None = None
    """Where the marks are lines across lanes."""
