"""Items drawn again, and exchanged between two models: differences of a score of all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from runreport.stats.result import Interval

Floats = NDArray[np.float64]
Score = Callable[[Floats], Floats]
"""Of sums, shape (..., k) to (...); or of rows, shape (..., n, k) to (...)."""

BLOCK = 2_000_000
"""Numbers drawn at a time."""

LEFT_OUT = 1_000
"""Of more items a score of rows is not computed without each of them in turn."""

REPEATED = 16
"""Rows that occur so often on average are drawn together, by how often each is drawn."""


def blocks(draws: int, size: int, room: int = BLOCK) -> Iterator[int]:
    """How many draws of so many numbers to make at a time."""
    block = max(1, room // size)
    for start in range(0, draws, block):
        yield min(block, draws - start)


def times_drawn(chosen: NDArray[np.intp], n: int) -> NDArray[np.intp]:
    """How often each of n places is drawn, shape (b, n).

    Args:
        chosen: places drawn, shape (b, n); changed.
        n: places.
    """
    chosen += n * np.arange(chosen.shape[0])[:, None]
    return np.bincount(chosen.ravel(), minlength=n * chosen.shape[0]).reshape(-1, n)


def middle(drawn: Floats, level: float, method: str) -> Interval:
    """Between the percentiles of what was drawn, shape (b,).

    Source: Efron (1979), Annals of Statistics 7.
    """
    low, high = np.quantile(drawn, ((1 - level) / 2, (1 + level) / 2))
    return Interval(float(low), float(high), level, method)


class Sums:
    """Items whose rows are added up; equal ones are drawn together."""

    def __init__(self, baseline: Floats, candidate: Floats, score: Score) -> None:
        self.n, self.width = baseline.shape
        both = np.hstack((baseline, candidate))
        self.rows, counts = np.unique(both, axis=0, return_counts=True)
        if self.rows.shape[0] * REPEATED > self.n:
            # no saving; in a fixed order all the same, so that the order of items plays no part
            self.rows = np.repeat(self.rows, counts, axis=0)
            counts = np.ones(self.n, dtype=np.int64)
        self.counts = counts
        self.score = score

    def whole(self) -> Floats:
        return self._scores(self.counts @ self.rows)

    @property
    def differing(self) -> NDArray[np.intp]:
        """Items whose exchange changes something, by their row."""
        changed = (self.rows[:, : self.width] != self.rows[:, self.width :]).any(axis=1)
        return np.repeat(np.flatnonzero(changed), self.counts[changed])

    def exchanged(self, masks: NDArray[np.bool_]) -> Floats:
        """Differences when these of the differing items are exchanged, masks (b, differing)."""
        moved = self.rows[:, self.width :] - self.rows[:, : self.width]
        shift = masks.astype(np.float64) @ moved[self.differing]
        return self._difference(self.counts @ self.rows + np.hstack((shift, -shift)))

    def randomised(self, rng: np.random.Generator, draws: int) -> Iterator[Floats]:
        moved = self.rows[:, self.width :] - self.rows[:, : self.width]
        total = self.counts @ self.rows
        for count in blocks(draws, self.counts.size):
            shape = (count, self.counts.size)
            if self.counts.size == self.n:
                times = rng.integers(0, 2, shape, dtype=np.int8).astype(np.float64)
            else:
                times = rng.binomial(self.counts, 0.5, shape).astype(np.float64)
            shift = times @ moved
            yield self._difference(total + np.hstack((shift, -shift)))

    def redrawn(self, rng: np.random.Generator, draws: int) -> Iterator[Floats]:
        for count in blocks(draws, self.counts.size):
            if self.counts.size == self.n:
                times = times_drawn(rng.integers(0, self.n, (count, self.n)), self.n)
            else:
                times = rng.multinomial(self.n, self.counts / self.n, count)
            yield self._difference(times.astype(np.float64) @ self.rows)

    def left_out(self) -> Floats:
        """Differences without one item each."""
        without = self._difference(self.counts @ self.rows - self.rows)
        return np.repeat(without, self.counts)

    def _scores(self, totals: Floats) -> Floats:
        return np.stack(
            (self.score(totals[..., : self.width]), self.score(totals[..., self.width :]))
        )

    def _difference(self, totals: Floats) -> Floats:
        old, new = self._scores(totals)
        return np.asarray(new - old)


class Rows:
    """Items whose rows the score needs one by one."""

    def __init__(self, baseline: Floats, candidate: Floats, score: Score) -> None:
        self.n = baseline.shape[0]
        # in a fixed order, so that the order of items plays no part
        order = np.lexsort(np.hstack((baseline, candidate)).T)
        self.baseline, self.candidate = baseline[order], candidate[order]
        self.score = score

    def whole(self) -> Floats:
        return np.stack((self.score(self.baseline), self.score(self.candidate)))

    @property
    def differing(self) -> NDArray[np.intp]:
        """Items whose exchange changes something."""
        return np.flatnonzero((self.baseline != self.candidate).any(axis=1))

    def exchanged(self, masks: NDArray[np.bool_]) -> Floats:
        """Differences when these of the differing items are exchanged, masks (b, differing)."""
        swapped = np.zeros((masks.shape[0], self.n), dtype=bool)
        swapped[:, self.differing] = masks
        return self._swapped(swapped)

    def randomised(self, rng: np.random.Generator, draws: int) -> Iterator[Floats]:
        for count in blocks(draws, self.baseline.size):
            yield self._swapped(rng.integers(0, 2, (count, self.n), dtype=np.int8) == 1)

    def redrawn(self, rng: np.random.Generator, draws: int) -> Iterator[Floats]:
        for count in blocks(draws, self.baseline.size):
            chosen = rng.integers(0, self.n, (count, self.n))
            yield self.score(self.candidate[chosen]) - self.score(self.baseline[chosen])

    def left_out(self) -> Floats:
        """Differences without one item each; none where that would take too long."""
        if self.n > LEFT_OUT:
            return np.zeros(0)
        parts = []
        places = np.arange(self.n)
        for place in range(self.n):
            kept = places != place
            parts.append(self.score(self.candidate[kept]) - self.score(self.baseline[kept]))
        return np.array(parts)

    def _swapped(self, swapped: NDArray[np.bool_]) -> Floats:
        chosen = swapped[..., None]
        old = np.where(chosen, self.candidate, self.baseline)
        new = np.where(chosen, self.baseline, self.candidate)
        return np.asarray(self.score(new) - self.score(old))
