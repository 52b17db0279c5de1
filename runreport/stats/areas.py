"""Areas under ROC curves of one or two scores on the same items."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from runreport.stats import given
from runreport.stats.paired import midranks
from runreport.stats.result import Interval
from runreport.stats.student import Estimate

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Area:
    """The area under one score's ROC curve."""

    value: float
    """In displayed units: the chance that a positive item scores above a negative one, ties
    half."""
    variance: float
    one: float = 1.0
    """What a perfect area is in displayed units."""

    def interval(self, level: float) -> Interval | None:
        """DeLong's interval, cut at 0 and 1; None where the variance is 0, as at an area of 1."""
        if not self.variance > 0:
            return None
        from scipy.special import ndtri

        half = float(ndtri((1 + level) / 2)) * math.sqrt(self.variance)
        low, high = max(0.0, self.value - half), min(self.one, self.value + half)
        return Interval(low, high, level, "DeLong")


@dataclass(frozen=True, slots=True)
class TwoAreas:
    """The areas of two scores on the same items, and how they vary together."""

    baseline: Area
    candidate: Area
    covariance: float
    estimate: Estimate
    """Of candidate minus baseline. The standard error is 0 where the two order all pairs alike or
    both separate the classes: then there is no test."""


def area(labels: ArrayLike, scores: ArrayLike) -> Area:
    """The area under one score's ROC curve with its variance.

    Args:
        labels: 0 or 1 for each item, shape (n,), two or more of either.
        scores: higher for items that look positive, same shape, any unit.

    Raises:
        ValueError: NaN or infinite scores, other labels, fewer than two of a class.

    Source: DeLong, DeLong and Clarke-Pearson (1988), Biometrics 44; Sun and Xu (2014), IEEE Signal
        Processing Letters 21, for midranks in place of all pairs.
    """
    positive, (values,) = _items(labels, scores)
    placed = _placements(positive, values)
    # over the items of either class the mean is the area
    return Area(float(placed.mean()), _covariance(placed, placed, positive, None))


def delong(
    labels: ArrayLike,
    baseline: ArrayLike,
    candidate: ArrayLike,
    clusters: ArrayLike | None = None,
    one: float = 1.0,
) -> TwoAreas:
    """Both areas and their difference, whose error is normal.

    Args:
        labels: 0 or 1 for each item, shape (n,), two or more of either.
        baseline: higher for items that look positive, same shape; only its order counts.
        candidate: the same items in the same order.
        clusters: what each item belongs to, same shape, where items of one cluster depend on each
            other; two or more with items of either class.
        one: what a perfect area is in displayed units.

    Raises:
        ValueError: NaN or infinite scores, other labels, too few of a class or clusters.

    Source: DeLong, DeLong and Clarke-Pearson (1988), Biometrics 44; Obuchowski (1997), Biometrics
        53, for clusters.
    """
    positive, (first, second) = _items(labels, baseline, candidate)
    numbered = None if clusters is None else given.members(clusters, first.size)
    old, new = _placements(positive, first), _placements(positive, second)
    moved = new - old
    # of the differences item by item: cancels exactly where the two agree
    variance = _covariance(moved, moved, positive, numbered)
    areas = tuple(
        Area(
            one * float(placed.mean()),
            one**2 * _covariance(placed, placed, positive, numbered),
            one,
        )
        for placed in (old, new)
    )
    together = one**2 * _covariance(old, new, positive, numbered)
    method = "DeLong" if clusters is None else "clustered DeLong"
    error = one * math.sqrt(variance) if variance > 0 else 0.0
    estimate = Estimate(areas[1].value - areas[0].value, error, math.inf, method)
    return TwoAreas(areas[0], areas[1], together, estimate)


def areas_of(rows: Floats) -> Floats:
    """Areas of many sets of items at once, NaN where a class is absent.

    Args:
        rows: midrank and label (0 or 1) of each item, shape (..., n, 2). The ranks are those of a
            larger set of items, so of these some may be absent and others occur twice.

    Returns:
        Shape (...).
    """
    sets = rows.shape[:-2]
    places = np.rint(2 * rows[..., 0]).astype(np.intp).reshape(-1, rows.shape[-2])
    labels = rows[..., 1].reshape(places.shape)
    width = int(places.max()) + 1
    places += width * np.arange(places.shape[0])[:, None]
    size = width * places.shape[0]
    # how many of either class are at each rank: sorting would cost five times as much
    every = np.bincount(places.ravel(), minlength=size)
    positive = np.bincount(places.ravel(), weights=labels.ravel(), minlength=size)
    negative = (every - positive).reshape(-1, width)
    positive = positive.reshape(-1, width)
    below = np.cumsum(negative, axis=1) - negative / 2
    pairs = positive.sum(axis=1) * negative.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray((positive * below).sum(axis=1) / pairs).reshape(sets)


def _items(labels: ArrayLike, *scores: ArrayLike) -> tuple[NDArray[np.bool_], tuple[Floats, ...]]:
    positive = given.binary(given.values(labels))
    fewer = min(int(positive.sum()), int((~positive).sum()))
    if fewer < 2:
        raise ValueError(f"expected two items or more of either class, got {fewer} of one")
    found = tuple(given.values(part) for part in scores)
    for part in found:
        if part.size != positive.size:
            raise ValueError(f"expected {positive.size} scores, one per label, got {part.size}")
    return positive, found


def _placements(positive: NDArray[np.bool_], scores: Floats) -> Floats:
    """For each item the share of the other class that it is ordered rightly against, ties half."""
    ranks = midranks(scores)
    placed = np.empty(scores.size)
    own = midranks(scores[positive])
    placed[positive] = (ranks[positive] - own) / float((~positive).sum())
    others = midranks(scores[~positive])
    placed[~positive] = 1 - (ranks[~positive] - others) / own.size
    return placed


def _covariance(
    first: Floats,
    second: Floats,
    positive: NDArray[np.bool_],
    clusters: NDArray[np.intp] | None,
) -> float:
    """Of two areas, from what each item adds to them."""
    if clusters is None:
        total = 0.0
        for part in (positive, ~positive):
            size = int(part.sum())
            total += float(_away(first[part]) @ _away(second[part])) / ((size - 1) * size)
        return total
    return _clustered(first, second, positive, clusters)


def _clustered(
    first: Floats, second: Floats, positive: NDArray[np.bool_], clusters: NDArray[np.intp]
) -> float:
    number = int(clusters.max()) + 1
    sums = []
    total = 0.0
    for part in (positive, ~positive):
        where, size = clusters[part], int(part.sum())
        holding = np.unique(where).size
        if holding < 2:
            raise ValueError("expected items of either class in two clusters or more")
        one, other = (
            np.bincount(where, weights=_away(placed[part]), minlength=number) / size
            for placed in (first, second)
        )
        total += holding / (holding - 1) * float(one @ other)
        sums.append((one, other))
    (of_one, of_other), (against_one, against_other) = sums
    crossed = float(of_one @ against_other) + float(against_one @ of_other)
    return total + number / (number - 1) * crossed


def _away(values: Floats) -> Floats:
    return np.asarray(values - values.mean())
