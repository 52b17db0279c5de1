"""Where in the searched space runs fail, and at which ends of it the best ones lie."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from runreport.sections.studies import Study, level_text
from runreport.stats import corrections, searching
from runreport.stats.result import Interval
from runreport.stats.space import Axis

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

EDGE = 0.05
"""A place so close to an end of a range is at its edge."""

OUTER = 0.2
"""The part of a range whose share of the best configurations is counted."""

TOP = 0.1
"""Of the configurations, the best ones; five at least."""


@dataclass(frozen=True, slots=True)
class Region:
    """Configurations in one part of one param."""

    param: str
    words: str
    """`adam`, `above 0.01`."""
    side: Literal["low", "high", "inside"]
    """Which end of the param it holds."""
    failed: int
    n: int
    interval: Interval
    """Of the share that fails."""
    rest_failed: int
    rest_n: int
    p: float
    """Of failing as often as elsewhere, Fisher's exact test."""
    p_adjusted: float
    """Holm over all regions of all params."""


def failing(study: Study) -> Flags:
    """Which configurations have a run that failed or gave no finite value, shape (count,)."""
    found = np.zeros(study.count, dtype=np.bool_)
    for cell, state, run in zip(study.cell.tolist(), study.states, study.runs, strict=True):
        if state and run.status != "running":
            found[cell] = True
    return found


def still_running(study: Study) -> int:
    """Runs whose outcome is not known yet."""
    return sum(run.status == "running" for run in study.runs)


def regions(axes: Sequence[Axis], failed: Flags, level: float) -> tuple[Region, ...]:
    """Every region of every param, those that fail most clearly first.

    Args:
        axes: one per param, over all configurations.
        failed: of each configuration.
        level: of the intervals.
    """
    if not failed.any() or failed.all():
        return ()
    found = [
        (axis.name, words, side, inside)
        for axis in axes
        for words, side, inside in _parts(axis)
        if 0 < inside.sum() < failed.size
    ]
    counted = [
        (
            int(failed[inside].sum()),
            int(inside.sum()),
            int(failed[~inside].sum()),
            int((~inside).sum()),
        )
        for _, _, _, inside in found
    ]
    raw = [searching.fisher_p(*counts) for counts in counted]
    adjusted = corrections.adjust(raw, "holm", len(raw)) if raw else []
    made = [
        Region(
            name,
            words,
            side,
            counts[0],
            counts[1],
            searching.counted_interval(counts[0], counts[1], level),
            counts[2],
            counts[3],
            p,
            p_adjusted,
        )
        for (name, words, side, _), counts, p, p_adjusted in zip(
            found, counted, raw, adjusted, strict=True
        )
    ]
    return tuple(sorted(made, key=lambda region: (region.p, -region.failed / region.n)))


Side = Literal["low", "high", "inside"]


def _parts(axis: Axis) -> list[tuple[str, Side, Flags]]:
    """The regions of one param: its levels, or thirds of the configurations."""
    found: list[tuple[str, Side, Flags]] = []
    if axis.is_grid:
        levels, last = axis.of_level, len(axis.levels) - 1
        for place, level in enumerate(axis.levels):
            side: Side = "inside"
            if axis.kind != "words" and last > 0:
                side = "low" if place == 0 else "high" if place == last else "inside"
            found.append((level_text(level), side, levels == place))
        # of two levels one says it all
        found = found[1:] if len(found) == 2 and axis.is_set.all() else found
    else:
        cuts = np.nanquantile(axis.places, (1 / 3, 2 / 3))
        low, high = (level_text(axis.value_at(float(cut))) for cut in cuts)
        with np.errstate(invalid="ignore"):
            found = [
                (f"up to {low}", "low", axis.places <= cuts[0]),
                (f"{low} to {high}", "inside", (axis.places > cuts[0]) & (axis.places <= cuts[1])),
                (f"above {high}", "high", axis.places > cuts[1]),
            ]
    if not axis.is_set.all():
        found.append(("not set", "inside", ~axis.is_set))
    return found


# ---- edges ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Edge:
    """The best configuration lies at the end of what was tried of a param."""

    param: str
    side: Literal["low", "high"]
    best: float
    """Its value."""
    end: float
    """The last value that was tried."""
    top_inside: int
    """Of the best configurations, how many lie in the outer part."""
    top: int
    inside: int
    """Of all configurations with a value."""
    n: int
    p_adjusted: float
    """Of so many of the best by chance, Holm over the ends looked at."""
    natural: bool
    """Whether the param cannot go further as far as its values tell: 0, or 1 of a share."""
    failing: Region | None
    """The region at this end, where runs fail more often."""


def edges(
    axes: Sequence[Axis],
    means: Floats,
    goal: str,
    found: Sequence[Region],
    alpha: float,
) -> tuple[tuple[Edge, ...], int]:
    """Ends of params at which the best configuration lies, and how many ends were looked at.

    Args:
        axes: one per param, over all configurations.
        means: of each configuration, shape (count,); NaN without a value.
        goal: maximize or minimize.
        found: where configurations fail.
        alpha: below which a region fails more often.
    """
    fine = np.flatnonzero(np.isfinite(means))
    if fine.size < 10:
        return (), 0
    order = fine[np.argsort(-means[fine] if goal == "maximize" else means[fine], kind="stable")]
    # what equals the last of the best is as good
    count = max(5, int(np.ceil(TOP * fine.size)))
    last = means[order[count - 1]]
    better = means[fine] >= last if goal == "maximize" else means[fine] <= last
    top = fine[better]
    if top.size > fine.size / 2:
        return (), 0
    best = [place for place in order.tolist() if means[place] == means[order[0]]]
    made: list[tuple[Edge, float]] = []
    looked = 0
    for axis in axes:
        if axis.kind == "words" or len(axis.levels) < 3:
            continue
        for side in ("low", "high"):
            looked += 1
            places = axis.places if side == "high" else 1 - axis.places
            outer = _outer(axis, places)
            with np.errstate(invalid="ignore"):
                at_edge = [place for place in best if places[place] >= 1 - EDGE]
            # every best one must lie there, where several are equally good
            if len(at_edge) < len(best):
                continue
            inside, hits = int(outer[fine].sum()), int(outer[top].sum())
            p = _by_chance(hits, top.size, inside, fine.size)
            region = next(
                (r for r in found if r.param == axis.name and r.side == side
                 and r.p_adjusted < alpha and r.failed / r.n > r.rest_failed / max(1, r.rest_n)),
                None,
            )  # fmt: skip
            end = float(axis.levels[0] if side == "low" else axis.levels[-1])
            edge = Edge(
                axis.name,
                "low" if side == "low" else "high",
                axis.value_at(float(axis.places[best[0]])),
                end,
                hits,
                int(top.size),
                inside,
                int(fine.size),
                p,
                _is_natural(axis, side),
                region,
            )
            made.append((edge, p))
    return tuple(_corrected(made, looked)), looked


def _corrected(made: Sequence[tuple[Edge, float]], looked: int) -> list[Edge]:
    adjusted = corrections.adjust([p for _, p in made], "holm", looked) if made else []
    return [replace(edge, p_adjusted=p) for (edge, _), p in zip(made, adjusted, strict=True)]


def _outer(axis: Axis, places: Floats) -> Flags:
    if axis.is_grid:
        with np.errstate(invalid="ignore"):
            return np.asarray(places >= 1 - 1e-9)
    with np.errstate(invalid="ignore"):
        return np.asarray(places >= 1 - OUTER)


def _is_natural(axis: Axis, side: str) -> bool:
    low, high = float(axis.levels[0]), float(axis.levels[-1])
    return low == 0 if side == "low" else high == 1 and low >= 0


def _by_chance(hits: int, chosen: int, inside: int, n: int) -> float:
    """The chance of so many hits or more among so many drawn without replacement."""
    from scipy.special import gammaln

    k = np.arange(hits, min(chosen, inside) + 1)
    k = k[(chosen - k) <= n - inside]

    def ways(size: int, part: NDArray[np.intp]) -> Floats:
        return np.asarray(gammaln(size + 1) - gammaln(part + 1) - gammaln(size - part + 1))

    logs = ways(inside, k) + ways(n - inside, chosen - k) - ways(n, np.array(chosen))
    return float(min(1.0, np.exp(logs).sum()))
