"""What a forest predicts along one or two params, the others averaged out exactly.

A tree is a set of boxes with a value each. The share of a box along a param is a length or a count
of levels, so that averages over all other params are sums of products: nothing is sampled.

Source: Hutter, Hoos and Leyton-Brown (2014), An Efficient Approach for Assessing Hyperparameter
Importance, ICML 32; intervals by the infinitesimal jackknife of bagged estimates, Efron (2014),
JASA 109, with the correction of Wager, Hastie and Efron (2014), JMLR 15.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

POINTS = 32
"""Places along a range at which a marginal is read; across a range lengths are exact."""


@dataclass(frozen=True, eq=False)
class Boxes:
    """The leaves of all trees, tree after tree: low < x <= high in each column."""

    low: Floats
    """Shape (leaves, columns); minus infinity where open."""
    high: Floats
    value: Floats
    """Shape (leaves,)."""
    starts: NDArray[np.intp]
    """The first leaf of each tree, shape (trees,)."""


@dataclass(frozen=True, eq=False)
class Domain:
    """One param as the trees see it, and how much of the space each of its places is."""

    columns: tuple[int, ...]
    """Of the encoded configurations."""
    points: Floats
    """Shape (k, columns): its levels, or places along its range, as they are encoded."""
    weights: Floats
    """Shape (k,), sums to 1."""
    is_range: bool = False
    """Whether the points stand for the range from 0 to 1, but for the last `apart` of them."""
    apart: int = 0
    """Points beside the range: 1 where the param may be not set."""

    def cover(self, boxes: Boxes) -> Floats:
        """Which boxes hold which points, shape (leaves, k): 0 or 1."""
        found = np.ones((boxes.value.size, self.weights.size), dtype=np.bool_)
        for place, column in enumerate(self.columns):
            point = self.points[:, place]
            found &= boxes.low[:, column, None] < point
            found &= point <= boxes.high[:, column, None]
        return found.astype(np.float64)

    def mass(self, boxes: Boxes, cover: Floats) -> Floats:
        """The share of each box along this param, shape (leaves,)."""
        if not self.is_range:
            return np.asarray(cover @ self.weights)
        column, rest = self.columns[0], self.weights.size - self.apart
        low, high = (np.clip(end[:, column], 0.0, 1.0) for end in (boxes.low, boxes.high))
        inside = (high - low) * self.weights[:rest].sum()
        return np.asarray(inside + cover[:, rest:] @ self.weights[rest:])

    def draw(self, count: int, rng: np.random.Generator) -> Floats:
        """Encoded values drawn from the param's own distribution, shape (count, columns)."""
        chosen = rng.choice(self.weights.size, size=count, p=self.weights)
        found = self.points[chosen]
        if self.is_range:
            inside = chosen < self.weights.size - self.apart
            found[inside, 0] = rng.random(int(inside.sum()))
        return found


@dataclass(frozen=True, eq=False)
class Curve:
    """A marginal prediction at the points of one param, or of two."""

    values: Floats
    """Shape (k,), or (k, k) of two, less what each of the two does alone."""
    variance: float
    """Over the points, by their weights."""
    by_tree: Floats
    """Shape (trees,): what each tree adds to `variance`, to first order; its mean is 0."""


class Marginals:
    """Marginal predictions of one forest."""

    def __init__(self, boxes: Boxes, domains: Sequence[Domain]) -> None:
        self.domains = tuple(domains)
        self._trees, self._starts = boxes.starts.size, boxes.starts
        self._covers = [domain.cover(boxes) for domain in domains]
        self._masses = [
            domain.mass(boxes, cover) for domain, cover in zip(domains, self._covers, strict=True)
        ]
        self._share = boxes.value * np.prod(self._masses, axis=0)
        self.mean = float(self._share.sum()) / self._trees
        """Over the whole space."""
        self._single = [self._along(place) for place in range(len(self.domains))]
        self._coarse = [
            _thinned(domain, cover) for domain, cover in zip(domains, self._covers, strict=True)
        ]

    def along(self, place: int) -> Curve:
        """What the forest predicts along one param."""
        values = self._single[place]
        weights, away = self.domains[place].weights, values - self.mean
        rest = self._share / self._masses[place]
        by_leaf = rest * (self._covers[place] @ (weights * away))
        return Curve(values, float(weights @ away**2), self._by_tree(by_leaf))

    def trees_along(self, place: int) -> Floats:
        """The same of each tree, shape (trees, k)."""
        rest = self._share / self._masses[place]
        found = np.add.reduceat(rest[:, None] * self._covers[place], self._starts, axis=0)
        return np.asarray(found)

    def between(self, first: int, second: int) -> Curve:
        """What two params do together beyond what each of them does alone.

        Of a range every other point is read.
        """
        (one, own), (other, weights) = (self._coarse[place] for place in (first, second))
        rest = self._share / (self._masses[first] * self._masses[second])
        joint = (rest[:, None] * one).T @ other / self._trees
        rows, columns = joint @ weights, own @ joint
        away = joint - rows[:, None] - columns + own @ rows
        weighted = away * own[:, None] * weights
        by_leaf = rest * np.einsum("lk,lk->l", one @ weighted, other)
        return Curve(away, float((weighted * away).sum()), self._by_tree(by_leaf))

    def _along(self, place: int) -> Floats:
        rest = self._share / self._masses[place]
        return np.asarray(rest @ self._covers[place] / self._trees)

    def _by_tree(self, by_leaf: Floats) -> Floats:
        found = 2 * np.add.reduceat(by_leaf, self._starts)
        return np.asarray(found - found.mean())


def _thinned(domain: Domain, cover: Floats) -> tuple[Floats, Floats]:
    """Cover and weights at every other point of a range, and at all levels."""
    if not domain.is_range:
        return cover, domain.weights
    rest = domain.weights.size - domain.apart
    kept = np.append(np.arange(0, rest, 2), np.arange(rest, domain.weights.size))
    weights = domain.weights[kept].copy()
    weights[: kept.size - domain.apart] *= (
        domain.weights[:rest].sum() / domain.weights[kept[: kept.size - domain.apart]].sum()
    )
    return np.ascontiguousarray(cover[:, kept]), weights


def bagged_error(by_tree: Floats, times: Floats) -> Floats:
    """Standard errors of averages over trees, over new samples of configurations.

    Args:
        by_tree: what each tree adds, shape (trees,) or (trees, k).
        times: how often each configuration is in the bag of each tree, shape (trees, n).

    Returns:
        Shape () or (k,); never below the error of having so many trees and not all.

    Source: Efron (2014), JASA 109; Wager, Hastie and Efron (2014), JMLR 15.
    """
    count, n = times.shape
    away = by_tree - by_tree.mean(axis=0)
    moved = (times - times.mean(axis=0)).T @ away / count
    few = (away**2).sum(axis=0) / count**2
    return np.asarray(np.sqrt(np.maximum((moved**2).sum(axis=0) - n * few, few)))
