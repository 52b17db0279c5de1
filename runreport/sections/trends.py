"""How a metric goes with one param: a rank correlation or a share, and medians where they hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from runreport.kinds import Context
from runreport.sections import charting
from runreport.sections.charting import Floats, Scale
from runreport.sections.configurations import means_of
from runreport.sections.coordinates import Coordinate
from runreport.sections.frames import FEW
from runreport.stats import ties
from runreport.stats.changes import Codes
from runreport.stats.correlation import Correlation, spearman
from runreport.stats.explained import explained
from runreport.tables import FINISHED

SUPPORTED = 25
"""From so many runs on a running median is drawn."""

WINDOW = 9
"""A running median is of so many runs at least, and of an eighth of all."""

STRIP = 3
"""The median of a word, and of one of few numbers, is drawn from so many runs on."""


@dataclass(frozen=True, eq=False)
class Cut:
    """One param: where every run stands, and how the metric goes with it."""

    axis: Coordinate
    correlation: Correlation | None
    """Of numbers; None where too few configurations have both."""
    share: float | None
    """Of the variance of ranks between words."""
    configurations: int
    """Different settings that the two rest on."""
    missing: int
    """Runs without a place in this panel."""
    line: Floats
    """Medians, shape (k, 2), drawn coordinates: running, or of one word or number each."""
    window: int
    """Runs in each running median; 0 where none is drawn."""


def cut_of(context: Context, codes: Codes, axis: Coordinate, values: Floats, y: Scale) -> Cut:
    """One panel, from all finished runs with both."""
    done = np.array([run.status in FINISHED for run in context.runs], dtype=np.bool_)
    usable = charting.usable(values, y.log)
    here = np.isfinite(axis.places)
    chosen = np.flatnonzero(done & usable & here)
    correlation, share, count = _association(codes, axis, values, chosen)
    line, window = _medians(axis, values, chosen, y)
    return Cut(axis, correlation, share, count, int((usable & ~here).sum()), line, window)


def _association(
    codes: Codes, axis: Coordinate, values: Floats, chosen: NDArray[np.intp]
) -> tuple[Correlation | None, float | None, int]:
    """How the metric goes with the param, over configurations."""
    own, means = means_of(codes, chosen, axis.places, values)
    means = ties.settle(means, ties.size_of(means))
    n = means.size
    if axis.kind == "words":
        return None, explained(own.tolist(), means), n
    # equal places must stay equal
    own = ties.settle(own, ties.size_of(own))
    if n < 4 or np.ptp(own) == 0 or np.ptp(means) == 0:
        return None, None, n
    return spearman(own, means), None, n


def _medians(
    axis: Coordinate, values: Floats, chosen: NDArray[np.intp], y: Scale
) -> tuple[Floats, int]:
    """The medians that enough runs support, and how many runs each is of."""
    places, own = axis.places[chosen], values[chosen]
    if axis.kind == "words" or np.unique(places).size <= FEW:
        found = [
            (at, float(np.median(own[places == at])))
            for at in np.unique(places)
            if (places == at).sum() >= STRIP
        ]
        return _placed(found, y), 0
    window = max(WINDOW, own.size // 8) | 1
    if own.size < max(SUPPORTED, 2 * window):
        return np.empty((0, 2)), 0
    order = np.argsort(places, kind="stable")
    across = np.lib.stride_tricks.sliding_window_view(places[order], window)
    up = np.lib.stride_tricks.sliding_window_view(own[order], window)
    middles = zip(np.median(across, axis=1), np.median(up, axis=1), strict=True)
    # runs at one place have one median, of the middle window
    by_place: dict[float, list[float]] = {}
    for at, value in middles:
        by_place.setdefault(float(at), []).append(float(value))
    line = [(at, float(np.median(found))) for at, found in by_place.items()]
    return _placed(line, y), window


def _placed(points: Sequence[tuple[float, float]], y: Scale) -> Floats:
    found = np.array(points, dtype=np.float64).reshape(-1, 2)
    found[:, 1] = y.place(found[:, 1])
    return found
