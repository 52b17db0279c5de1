"""Runs in strata: every task counts the same, and runs are drawn again within their task."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from runreport.stats.draws import blocks, times_drawn
from runreport.stats.ties import is_constant

Floats = NDArray[np.float64]
Scores = Sequence[Floats]
"""Runs of each task, shape (n,) each; n may differ."""

BLOCK = 1_000_000
"""Numbers held at a time."""


@dataclass(frozen=True, eq=False)
class Pool:
    """The runs of all tasks in one row."""

    values: Floats
    """Shape (n,), ascending within each task."""
    starts: NDArray[np.intp]
    """Where each task begins, shape (t,)."""
    sizes: NDArray[np.intp]
    """Runs of each task, shape (t,)."""

    @property
    def tasks(self) -> int:
        return int(self.sizes.size)

    @property
    def shares(self) -> Floats:
        """What each run counts, shape (1, n): tasks alike, runs of a task alike, 1 in all."""
        return (1 / (self.tasks * np.repeat(self.sizes, self.sizes)))[None, :]

    @property
    def varies(self) -> bool:
        """Whether any task's runs differ beyond rounding."""
        parts = np.split(self.values, self.starts[1:])
        size = float(np.abs(self.values).max())
        return not all(is_constant(part, size) for part in parts)

    def redrawn(self, rng: np.random.Generator, draws: int) -> Floats:
        """Shares when runs are drawn again within each task, shape (draws, n)."""
        n = self.values.size
        sizes = np.repeat(self.sizes, self.sizes)
        first = np.repeat(self.starts, self.sizes)
        chosen = first + (rng.random((draws, n)) * sizes).astype(np.intp)
        return np.asarray(times_drawn(chosen, n) * self.shares)

    def drawn(self, rng: np.random.Generator, draws: int) -> Iterator[Floats]:
        """What `redrawn` gives, so many rows at a time as are held."""
        for count in blocks(draws, self.values.size, BLOCK):
            yield self.redrawn(rng, count)


def pool(scores: Scores) -> Pool:
    """The tasks' runs as one row, in an order in which that of the runs plays no part.

    Raises:
        ValueError: no task, a task without runs, a score that is not finite.
    """
    parts = [np.sort(np.asarray(part, dtype=np.float64).ravel()) for part in scores]
    if not parts or not all(part.size for part in parts):
        raise ValueError("expected at least one run of every task, and at least one task")
    values = np.concatenate(parts)
    if not np.isfinite(values).all():
        raise ValueError("expected finite scores")
    sizes = np.array([part.size for part in parts], dtype=np.intp)
    return Pool(values, np.concatenate(([0], np.cumsum(sizes)[:-1])), sizes)
