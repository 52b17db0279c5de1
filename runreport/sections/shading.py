"""A metric's values as bands of one ramp: round edges, tokens from low to high, their legend."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from runreport.blocks import LegendEntry
from runreport.sections import charting
from runreport.sections.charting import Floats, Legend
from runreport.sections.quantities import Quantity
from runreport.stats import ties

RAMP = tuple(f"ramp-{n}" for n in range(9))

MANY = 12
"""Of so many values those far out have a band of their own."""

READABLE = tuple(f"ramp-{n}" for n in (0, 1, 4, 5, 6, 7, 8))
"""On these a text is read: in `ink` on the first two, in `surface` on the others, light or dark."""


@dataclass(frozen=True, slots=True)
class Shades:
    """Bands of values and their colours, low to high."""

    edges: tuple[float, ...]
    """One more than bands, ascending."""
    tokens: tuple[str, ...]
    open_low: bool = False
    """The first band holds what lies far below the rest."""
    open_high: bool = False
    """The last band holds what lies far above the rest."""

    def band(self, value: float) -> int:
        """The band that a value is in; what lies outside is in the outermost."""
        found = int(np.searchsorted(self.edges, value, side="right")) - 1
        return min(max(found, 0), len(self.tokens) - 1)

    def token(self, value: float) -> str:
        """The colour of a value."""
        return self.tokens[self.band(value)]

    def texts(self) -> tuple[str, ...]:
        """Each band in words: `0.8 to 0.9`, `0.9 and more`."""
        shown = [charting.short(edge, 6) for edge in self.edges]
        said = [f"{a} to {b}" for a, b in pairwise(shown)]
        if self.open_low:
            said[0] = f"below {shown[1]}"
        if self.open_high:
            said[-1] = f"{shown[-2]} and more"
        return tuple(said)


def text_token(token: str) -> str:
    """The colour in which a text stands on one of the readable tokens."""
    return "ink" if token in READABLE[:2] else "surface"


def shades_of(values: Floats, tokens: Sequence[str] = RAMP) -> Shades:
    """Bands with round edges over the values; values far out have a band of their own.

    Args:
        values: shape (n,), finite, n >= 1.
        tokens: at most so many bands, the first for the lowest.
    """
    far = ties.far_out(values) if values.size >= MANY else ()
    inner = np.delete(values, far) if far else values
    low, high = float(inner.min()), float(inner.max())
    below, above = bool(values.min() < low), bool(values.max() > high)
    edges = round_edges(low, high, max(1, len(tokens) - below - above))
    # what lies far out has a band of its own
    edges = [*([float(values.min())] if below else []), *edges]
    edges = [*edges, *([float(values.max())] if above else [])]
    bands, last = len(edges) - 1, len(tokens) - 1
    places = [round(place * last / (bands - 1)) for place in range(bands)] if bands > 1 else [last]
    return Shades(tuple(edges), tuple(tokens[place] for place in places), below, above)


def round_edges(low: float, high: float, most: int) -> list[float]:
    """Round numbers from below `low` to above `high`, at most `most` steps apart."""
    if high - low <= 1e-12 * max(abs(low), abs(high)):
        room = abs(high) * 0.1 or 1.0
        return [low - room, high + room]
    power = 10.0 ** math.floor(math.log10((high - low) / most))
    for step in (factor * power for factor in (1, 2, 2.5, 5, 10, 20, 25, 50)):
        first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
        if last - first <= most:
            break
    return [float(f"{place * step:.12g}") for place in range(first, max(last, first + 1) + 1)]


def legend(shades: Shades, quantity: Quantity, values: Floats, ids: Sequence[str]) -> Legend:
    """One entry per band that a run is in, with these runs.

    Args:
        shades: the bands.
        quantity: what is shaded.
        values: one per run, NaN where it has none.
        ids: of the same runs.
    """
    members: dict[int, list[str]] = {}
    for value, run_id in zip(values.tolist(), ids, strict=True):
        if math.isfinite(value):
            members.setdefault(shades.band(value), []).append(run_id)
    texts = shades.texts()
    entries = []
    for place, (text, token) in enumerate(zip(texts, shades.tokens, strict=True)):
        unit = f" {quantity.unit}" if quantity.unit else ""
        ids = tuple(members.get(place, ()))
        entries.append(LegendEntry(f"{text}{unit}", token, run_ids=ids, swatch="area"))
    return tuple(entries)


def direction(quantity: Quantity) -> str:
    """Which end of the ramp is better, in words."""
    if quantity.goal is None:
        return f"No goal is declared for {charting.fit(quantity.name, 40)}."
    return "Higher is better." if quantity.goal == "maximize" else "Lower is better."
