"""The axes of parallel coordinates: where a number or a word stands in its lane."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from runreport.sections import charting, coordinates
from runreport.sections.charting import Floats, Scale
from runreport.sections.quantities import Quantity
from runreport.spec.expressions import Scalar

WORDS = 12
"""Places of a lane of words; further words share the last."""

MISSING_AT = -0.14
"""Where a run without a value passes, in heights of the lane."""


@dataclass(frozen=True, eq=False)
class Lane:
    """One vertical axis."""

    label: str
    kind: str
    """number, log, words, empty."""
    ticks: tuple[tuple[float, str], ...]
    """Place between 0 and 1, and what is written there."""
    has_missing: bool
    low: float = 0.0
    high: float = 1.0
    """Values at its foot and its head."""
    words: tuple[float | str, ...] | None = None
    """The values at the first ticks, where the lane has a place per word."""
    has_rest: bool = False
    """Whether the last place is for all further words."""


def turned(lane: Lane, places: Floats) -> tuple[Lane, Floats]:
    """The same upside down; what is missing stays where it is."""
    ticks = tuple((1 - place, text) for place, text in lane.ticks)
    upside = np.where(places == MISSING_AT, MISSING_AT, 1 - places)
    return replace(lane, ticks=ticks, low=lane.high, high=lane.low), upside


def lane_of(quantity: Quantity, always_log: bool) -> tuple[Lane, Floats, str]:
    """The lane, each run's place in it, and a sentence about what it does not show."""
    present = [value for value in quantity.values if value is not None]
    words = any(isinstance(value, str) for value in present)
    label = charting.fit(quantity.name, 40)
    if not present:
        lane = Lane(label, "empty", (), has_missing=True)
        return lane, np.full(len(quantity.values), MISSING_AT), ""
    if words:
        return _word_lane(quantity, label)
    numbers = np.array([np.nan if v is None else v for v in quantity.values], dtype=np.float64)
    fine = numbers[np.isfinite(numbers)]
    positive = bool((fine > 0).all())
    log = positive and (always_log or coordinates.spreads(fine))
    scale = _exact(fine, log)
    low, high = scale.ends
    places = (np.asarray(scale.place(numbers)) - low) / (high - low)
    values, texts = _lane_ticks(np.unique(fine), scale)
    ticks = [
        (float((scale.place(value) - low) / (high - low)), text)
        for value, text in zip(values, texts, strict=True)
    ]
    missing = bool(np.isnan(places).any())
    remark = ""
    if always_log and not positive:
        remark = f"{label} has values of 0 or below, so its lane is not logarithmic."
    label += f" ({quantity.unit})" if quantity.unit else ""
    kind = "log" if log else "number"
    lane = Lane(label, kind, tuple(ticks), missing, scale.low, scale.high)
    return lane, np.where(np.isnan(places), MISSING_AT, places), remark


def _lane_ticks(distinct: Floats, scale: Scale) -> tuple[list[float], list[str]]:
    """The values themselves where they are few and apart, else round ones."""
    places = np.asarray(scale.place(distinct))
    apart = distinct.size > 1 and float(np.diff(places).min()) > 0.06 * float(np.ptp(places))
    if distinct.size <= 6 and (apart or distinct.size == 1):
        values = distinct.tolist()
        return values, [charting.short(value, 4) for value in values]
    return charting.ticks(scale, most=5)


def _exact(values: Floats, log: bool) -> Scale:
    """From the lowest to the highest value; one value stands in the middle."""
    low, high = float(values.min()), float(values.max())
    if high - low > 1e-12 * max(abs(low), abs(high)):
        return Scale(low, high, log)
    return charting.scale_for(values, log)


def _word_lane(quantity: Quantity, label: str) -> tuple[Lane, Floats, str]:
    texts = [None if value is None else _word(value) for value in quantity.values]
    order = {_word(value): _rank(value) for value in quantity.values if value is not None}
    found = sorted(order, key=lambda text: (order[text], text))
    shown, rest = found[:WORDS], found[WORDS:]
    last = max(1, len(shown) - 1 if not rest else len(shown))
    at = {text: (place / last if len(found) > 1 else 0.5) for place, text in enumerate(shown)}
    at |= dict.fromkeys(rest, 1.0)
    ticks = [(at[text], charting.fit(text, 14)) for text in shown]
    remark = ""
    if rest:
        ticks.append((1.0, f"{len(rest)} more"))
        remark = f"{label} has {len(found)} different words; the last place is for the rest."
    places = np.array([MISSING_AT if text is None else at[text] for text in texts])
    missing = any(text is None for text in texts)
    raw = {_word(value): value for value in quantity.values if value is not None}
    values = tuple(_shown(raw[text]) for text in shown)
    lane = Lane(label, "words", tuple(ticks), missing, words=values, has_rest=bool(rest))
    return lane, places, remark


def _shown(value: Scalar) -> float | str:
    return value if isinstance(value, str) else float(value or 0)


def _word(value: Scalar) -> str:
    return value if isinstance(value, str) else charting.short(float(value or 0), 6)


def _rank(value: Scalar) -> tuple[int, float, str]:
    """Numbers by size, then words."""
    return charting.natural(value) if isinstance(value, str) else (0, float(value or 0), "")
