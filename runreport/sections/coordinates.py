"""Axes of a plane of params: where a number or a word stands, logarithmic where numbers spread."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from runreport.sections import charting
from runreport.sections.charting import Floats, Scale
from runreport.sections.quantities import Quantity
from runreport.spec.expressions import Scalar

CATEGORIES = 20
"""Words that an axis has room for."""

LOG_SPREAD, LOG_MIDDLE = 50.0, 20.0
"""Ratios of the largest to the smallest value, and of the ninth to the first decile of different
ones, from which on an axis is logarithmic: one value near zero does not make it so."""

Kind = Literal["number", "log", "words", "empty"]


@dataclass(frozen=True, eq=False)
class Coordinate:
    """One quantity as an axis."""

    quantity: Quantity
    kind: Kind
    scale: Scale
    label: str
    words: tuple[str, ...]
    """Of the places 0, 1, 2, ...; empty for numbers."""
    places: Floats
    """Drawn coordinate of each run, NaN where it has none."""
    reasons: tuple[str, ...]
    """Why a run has no place; empty where it has one."""

    @property
    def name(self) -> str:
        """For sentences."""
        return charting.fit(self.quantity.name, 50)


def coordinate_of(
    quantity: Quantity, log: bool | None = None, *, always_words: bool = False
) -> Coordinate:
    """The axis on which the quantity's values stand.

    Args:
        quantity: one value per run.
        log: logarithmic or not; None: where numbers spread (`spreads`).
        always_words: each number is a place of its own.
    """
    present = [value for value in quantity.values if value is not None]
    if not present:
        nowhere = np.full(len(quantity.values), np.nan)
        return Coordinate(
            quantity, "empty", Scale(0, 1), quantity.label, (), nowhere, quantity.reasons
        )
    if always_words or any(isinstance(value, str) for value in present):
        return _words(quantity)
    numbers = np.array([np.nan if v is None else v for v in quantity.values], dtype=np.float64)
    fine = numbers[np.isfinite(numbers)]
    if log is None:
        log = spreads(fine)
    usable = charting.usable(numbers, log)
    reasons = list(quantity.reasons)
    for index in np.flatnonzero(np.isfinite(numbers) & ~usable).tolist():
        reasons[index] = f"{charting.fit(quantity.name, 40)} is 0 or below on a log axis"
    scale = charting.scale_for(numbers, log)
    numbers = np.where(usable, numbers, np.nan)
    places = np.asarray(scale.place(numbers), dtype=np.float64)
    kind: Kind = "log" if log else "number"
    return Coordinate(quantity, kind, scale, quantity.label, (), places, tuple(reasons))


def among(coordinate: Coordinate, shown: NDArray[np.bool_]) -> Coordinate:
    """The same axis for some of the runs: its range is theirs, the others have no place.

    Args:
        coordinate: of all runs.
        shown: shape (runs,).
    """
    places = np.where(shown, coordinate.places, np.nan)
    scale, fine = coordinate.scale, places[np.isfinite(places)]
    if coordinate.kind in ("number", "log") and fine.size:
        values = np.power(10.0, fine) if scale.log else fine
        scale = charting.scale_for(values, scale.log)
    return replace(coordinate, places=places, scale=scale)


def spreads(values: Floats) -> bool:
    """Whether numbers spread over orders of magnitude.

    Args:
        values: shape (n,), finite, n >= 1.
    """
    if not (values > 0).all() or values.max() / values.min() < LOG_SPREAD:
        return False
    low, high = np.quantile(np.unique(values), (0.1, 0.9))
    return bool(high / low > LOG_MIDDLE)


def text_of(value: Scalar) -> str:
    """A value as the name of a place; None is no value."""
    if value is None:
        return ""
    return charting.fit(value, 40) if isinstance(value, str) else charting.short(float(value), 4)


def rank_of(value: Scalar) -> tuple[int, float, str]:
    """Sort key: numbers by size, then words."""
    if isinstance(value, str):
        return charting.natural(value)
    return (0, float(value or 0), "")


def _words(quantity: Quantity) -> Coordinate:
    found = sorted({v for v in quantity.values if v is not None}, key=rank_of)
    at = {value: float(place) for place, value in enumerate(found[:CATEGORIES])}
    places = np.array([np.nan if v is None else at.get(v, np.nan) for v in quantity.values])
    rest = len(found) - len(at)
    beyond = f"one of {rest} further values of {charting.fit(quantity.name, 40)}"
    reasons = tuple(
        beyond if value is not None and value not in at else reason
        for value, reason in zip(quantity.values, quantity.reasons, strict=True)
    )
    texts = tuple(charting.fit(text_of(value), 18) for value in at)
    scale = Scale(-0.5, len(at) - 0.5)
    return Coordinate(quantity, "words", scale, quantity.label, texts, places, reasons)
