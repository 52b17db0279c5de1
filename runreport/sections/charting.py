"""What charts share: axes with fixed margins, few readable ticks, names that fit.

Scales are linear in the drawing: a logarithmic axis is drawn over log10 of its values, which
costs a third of matplotlib's own log scale and keeps its ticks ours. Sizes are pixels of the view
box, 100 to the inch.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from runreport import formats
from runreport.blocks import Cell, LegendEntry
from runreport.design import Goal, Metric
from runreport.drawing import Axis, Plane, Style, shape_of
from runreport.samples import Dropped, Group
from runreport.sections.measuring import names_width as names_width
from runreport.sections.measuring import text_width as text_width
from runreport.tables import parse_number

Floats = NDArray[np.float64]
Legend = tuple[LegendEntry, ...]

LARGEST = 1e150
"""Beyond this, sums of squares and axis ranges overflow: such points are left out and named."""

OTHER = "series-other"
"""The colour that groups beyond the distinct ones share."""


@dataclass(frozen=True, slots=True)
class Scale:
    """One axis: the range it shows and how."""

    low: float
    high: float
    """In values, low < high."""
    log: bool = False

    def place(self, values: Any) -> Any:
        """Where values are drawn."""
        return np.log10(values) if self.log else values

    @property
    def ends(self) -> tuple[float, float]:
        """The range in drawn coordinates."""
        return (math.log10(self.low), math.log10(self.high)) if self.log else (self.low, self.high)


def usable(values: Floats, log: bool = False) -> NDArray[np.bool_]:
    """Which values can be drawn: finite, of sane size, positive on a log axis."""
    with np.errstate(invalid="ignore"):
        fine = np.isfinite(values) & (np.abs(values) <= LARGEST)
        return fine & (values > 1 / LARGEST) if log else fine


def scale_for(values: Floats, log: bool = False, pad: float = 0.04) -> Scale:
    """The scale that shows all values with a little room; constant values get a range around."""
    drawn = values[usable(values, log)]
    if drawn.size == 0:
        return Scale(1.0, 10.0, True) if log else Scale(0.0, 1.0)
    low, high = float(drawn.min()), float(drawn.max())
    if log:
        a, b = math.log10(low), math.log10(high)
        room = (b - a) * pad if b - a > 1e-9 else 0.5
        return Scale(10 ** (a - room), 10 ** (b + room), True)
    span = high - low
    # a spread of rounding errors is no spread
    room = span * pad if span > 1e-12 * max(abs(low), abs(high)) else (abs(high) * 0.1 or 1.0)
    return Scale(low - room, high + room)


def ticks(scale: Scale, most: int = 6) -> tuple[list[float], list[str]]:
    """Tick values and their words."""
    if scale.log and len(values := _log_ticks(scale, most)) >= 2:
        return values, [short(value) for value in values]
    values = _nice(scale.low, scale.high, most)
    return values, _words(values)


def _nice(low: float, high: float, most: int) -> list[float]:
    rough = (high - low) / most
    if not rough > 0:
        return [low]
    power = 10.0 ** math.floor(math.log10(rough))
    steps = [m * power for m in (0.5, 1, 2, 2.5, 5, 10, 20)]
    at = next(place for place, step in enumerate(steps) if step >= rough * 0.85)
    # a single number says no scale: finer steps then
    for step in (steps[at], *reversed(steps[max(0, at - 2) : at])):
        first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
        if last > first:
            break
    return [index * step for index in range(first, last + 1)][: 2 * most + 2]


def _log_ticks(scale: Scale, most: int) -> list[float]:
    first, last = math.floor(math.log10(scale.low)), math.ceil(math.log10(scale.high))
    decades = range(first, last + 1)
    inside = [d for d in decades if scale.low <= 10.0**d <= scale.high]
    if len(inside) >= 3:
        return [10.0**d for d in inside[:: math.ceil(len(inside) / most)]]
    for steps in ((1, 3), (1, 2, 5), (1, 2, 3, 5, 7)):
        values = [m * 10.0**d for d in decades for m in steps]
        values = [value for value in values if scale.low <= value <= scale.high]
        if len(values) >= 3:
            return values[:: math.ceil(len(values) / most)]
    return []


def _words(values: Sequence[float]) -> list[str]:
    """Ticks with just the decimals that tell them apart."""
    largest = max((abs(value) for value in values), default=0.0)
    step = min((b - a for a, b in pairwise(values)), default=largest)
    if largest >= 1e6 or (0 < largest < 1e-3):
        for digits in range(7):
            words = [_power(value, digits) for value in values]
            if len(set(words)) == len(values):
                return words
    decimals = 0
    while decimals < 10 and any(
        abs(value - round(value, decimals)) > 0.01 * step for value in values
    ):
        decimals += 1
    return [formats.fixed(value, decimals) for value in values]


def short(value: float, digits: int = 3) -> str:
    """0.3 and 20 000, not 0.300."""
    text = formats.number(value, digits)
    return text.rstrip("0").rstrip(".") if "." in text and "e" not in text else text


def _power(value: float, digits: int) -> str:
    if value == 0:
        return "0"
    mantissa, exponent = f"{abs(value):.{digits}e}".split("e")
    sign = formats.MINUS if value < 0 else ""
    return sign + f"{mantissa}e{int(exponent)}".replace("e-", f"e{formats.MINUS}")


# ---- matplotlib ----------------------------------------------------------------------------------


def chart(
    style: Style,
    x: Scale,
    y: Scale,
    x_label: str,
    y_label: str,
    *,
    x_words: Sequence[str] = (),
    y_words: Sequence[str] = (),
    right: float = 14,
) -> tuple[Any, Any]:
    """A figure and its axes with grid, ticks and labels; the vertical axis's label stands above
    it, where a long name has room.

    Args:
        style: sizes and colours.
        x: horizontal scale.
        y: vertical scale.
        x_label: below, at the right.
        y_label: above, at the left.
        x_words: names of the places 0, 1, 2, ... instead of numbers.
        y_words: the same for the vertical axis.
        right: free pixels at the right.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(style.width, style.height))
    line = style.font_size * 100 / 72
    y_values, y_texts = _places(y, y_words, max(3, int(style.height * 1.5)))
    x_values, x_texts = _places(x, x_words, 6)
    # a phone enlarges the text, which needs room
    left = max([text_width(word, style) for word in y_texts] + [20.0]) * 1.25 + 12
    top, bottom = line * 2.0, line * 3.6
    w, h = style.width * 100, style.height * 100
    axes = figure.add_axes((left / w, bottom / h, 1 - (left + right) / w, 1 - (top + bottom) / h))
    axes.set_xlim(*x.ends)
    axes.set_ylim(*y.ends)
    axes.set_xticks([x.place(value) for value in x_values], x_texts)
    axes.set_yticks([y.place(value) for value in y_values], y_texts)
    axes.tick_params(length=0, pad=5)
    axes.grid(True)
    axes.spines["left"].set_visible(False)
    figure.text(0.004, 1 - line * 0.4 / h, y_label, ha="left", va="top")
    figure.text(1 - right / w, line * 0.5 / h, x_label, ha="right", va="bottom")
    return figure, axes


def row_chart(style: Style, x: Scale, names: Sequence[str], label: str) -> tuple[Any, Any]:
    """A figure and its axes with one row per name, the first on top, the label below at the right.

    Args:
        style: sizes and colours.
        x: horizontal scale.
        names: of the rows.
        label: of the horizontal scale.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(style.width, style.height))
    line = style.font_size * 100 / 72
    w, h = style.width * 100, style.height * 100
    left, bottom, top, right = names_width(names, style), line * 3.6, line * 0.6, 16.0
    axes = figure.add_axes((left / w, bottom / h, 1 - (left + right) / w, 1 - (top + bottom) / h))
    name_rows(axes, x, names)
    figure.text(1 - right / w, line * 0.5 / h, label, ha="right", va="bottom")
    return figure, axes


def name_rows(axes: Any, x: Scale, names: Sequence[str]) -> None:
    """Rows with names from top to bottom, over a horizontal scale."""
    axes.set_xlim(*x.ends)
    axes.set_ylim(len(names) - 0.5, -0.5)
    values, texts = ticks(x, most=5)
    axes.set_xticks([x.place(value) for value in values], texts)
    axes.set_yticks(range(len(names)), names)
    axes.tick_params(length=0, pad=6)
    axes.grid(True, axis="x")
    axes.spines["left"].set_visible(False)


def _places(scale: Scale, words: Sequence[str], most: int) -> tuple[list[float], list[str]]:
    if words:
        return [float(place) for place in range(len(words))], list(words)
    return ticks(scale, most)


def plane(axes: Any, x: Scale, y: Scale, x_label: str, y_label: str) -> Plane:
    """What hover and zoom need."""
    return Plane(axes, Axis(x_label, x.low, x.high, x.log), Axis(y_label, y.low, y.high, y.log))


# ---- words ---------------------------------------------------------------------------------------


def fit(text: str, length: int = 60) -> str:
    """A name as one line of at most `length` characters; its end is kept, where names differ."""
    # cut first: a name of a million characters is not split into words
    if len(text) > 4 * length + 200:
        text = f"{text[: 2 * length]} {text[-2 * length :]}"
        cut = True
    else:
        cut = False
    words = " ".join(text.split())
    if len(words) <= length and not cut:
        return words
    half = (length - 1) // 2
    return f"{words[:half]}\u2026{words[-(length - 1 - half) :]}"


def metric_label(metric: Metric) -> str:
    """Name, the step where it is not the last, unit and the direction that is better."""
    return with_goal(f"{fit(metric.title)}{step_words(metric)}", metric.unit, metric.goal)


def with_goal(name: str, unit: str, goal: Goal | None) -> str:
    """`accuracy (%) \u2191`: the unit, and the direction that is better."""
    arrow = {"maximize": " \u2191", "minimize": " \u2193", None: ""}[goal]
    return f"{name}{f' ({unit})' if unit else ''}{arrow}"


def step_words(metric: Metric) -> str:
    """` at step 100`, where values are not read at the last one."""
    return "" if metric.step is None else f" at step {formats.number(metric.step)}"


def value_text(value: float | None, metric: Metric) -> str:
    """A value with its unit."""
    return formats.with_unit(formats.number(value), metric.unit)


def named(names: Sequence[str], most: int = 5) -> str:
    """`a, b, c and 4 more`."""
    shown = [fit(name, 40) for name in names[:most]]
    rest = len(names) - len(shown)
    return ", ".join(shown) + (f" and {rest} more" if rest else "")


def dropped_words(dropped: Sequence[Dropped]) -> str:
    """`Not shown: a, b (never logged loss); c (failed).` by reason, or nothing."""
    by_reason: dict[str, list[str]] = {}
    for item in dropped:
        by_reason.setdefault(item.reason, []).append(item.name or item.run_id)
    parts = [f"{named(names)} ({fit(reason, 80)})" for reason, names in by_reason.items()]
    if not parts:
        return ""
    if len(parts) > 6:
        rest = sum(len(names) for names in list(by_reason.values())[6:])
        parts = [*parts[:6], f"{formats.count(rest, 'run')} for other reasons"]
    return f"Not shown: {'; '.join(parts)}."


def capital(text: str) -> str:
    """As the beginning of a sentence; names in it stay as they are."""
    return f"{text[:1].upper()}{text[1:]}"


def natural(text: str) -> tuple[int, float, str]:
    """Sort key: numbers by size, before words."""
    number = parse_number(text)
    return (1, 0.0, text) if math.isnan(number) else (0, number, text)


def cell(value: float | str | None, text: str | None = None) -> Cell:
    """A table's cell for a number, a word, or neither; `text` replaces how it is written."""
    if value is None:
        return Cell((formats.MISSING,), None, frozenset({"missing"}))
    if text is None:
        text = fit(value) if isinstance(value, str) else formats.number(value)
    return Cell((text,), value)


def spread(count: int, width: float) -> Floats:
    """Offsets between -width/2 and width/2 that keep neighbours apart, the same every time."""
    # multiples of the golden ratio never cluster
    places = np.arange(1, count + 1) * 0.6180339887498949 % 1.0
    return np.asarray((places - 0.5) * width)


# ---- groups --------------------------------------------------------------------------------------


def group_name(group: Group, length: int = 60) -> str:
    """A group's label; the baseline says so."""
    return fit(group.label, length) + (" (baseline)" if group.is_baseline else "")


def both(first: Group, second: Group) -> str:
    """`A and B`, short."""
    return f"{fit(first.label, 40)} and {fit(second.label, 40)}"


def told_apart(groups: Sequence[Group], run_ids: Collection[str]) -> bool:
    """Whether colours say something: half of the runs are in a group with a colour of its own."""
    own = sum(run.id in run_ids for g in groups if g.color != OTHER for run in g.runs)
    return 2 * own >= len(run_ids)


def legend(
    groups: Sequence[Group],
    run_ids: Collection[str] | None = None,
    *,
    swatch: Literal["line", "dot", "area"] = "line",
    shaped: bool = False,
) -> Legend:
    """One entry per colour, in the order of the groups: those beyond the colours share one.

    Args:
        groups: the groups drawn.
        run_ids: the runs drawn; all when None. A group without any has no entry.
        swatch: what stands for a group.
        shaped: whether each group's marks have its shape.
    """
    shape = shape_of if shaped else lambda token: None
    entries, rest = [], []
    for group in groups:
        ids = tuple(run.id for run in group.runs if run_ids is None or run.id in run_ids)
        if not ids:
            continue
        if group.color == OTHER:
            rest.append((group, ids))
        else:
            name, token = group_name(group), group.color
            entries.append(LegendEntry(name, token, None, ids, swatch, shape(token)))
    if rest:
        ids = tuple(run_id for _, part in rest for run_id in part)
        name = group_name(rest[0][0]) if len(rest) == 1 else f"{len(rest)} further groups"
        entries.append(LegendEntry(name, OTHER, None, ids, swatch, shape(OTHER)))
    return tuple(entries)


def t_quantile(level: float) -> Callable[[int], float]:
    """Degrees of freedom to the factor of a two-sided t interval."""
    from scipy.special import stdtrit

    return lambda df: float(stdtrit(df, 0.5 + level / 2))


def t_interval(values: Floats, level: float) -> tuple[float, float] | None:
    """The t interval of a mean; None below two values."""
    if values.size < 2:
        return None
    mean = float(values.mean())
    half = t_quantile(level)(values.size - 1) * float(values.std(ddof=1)) / math.sqrt(values.size)
    return mean - half, mean + half


def level_words(level: float) -> str:
    """`95 % t interval`."""
    return f"{level * 100:g} % t interval"
