"""BCa intervals of 100 pairs at once beside scipy.stats.bootstrap in a loop, in one process.

10,000 resamples, n = 50: of mean differences of pairs, and of differences between the means of two
independent samples. Both are timed in turns and the fastest turn of each counts; the ends of the
intervals must agree within the error of drawing.

    python benchmarks/bca.py [pairs]
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from runreport.stats import bootstrap
from runreport.stats.result import Interval

Floats = NDArray[np.float64]

PAIRS, N, RESAMPLES, LEVEL = 100, 50, 10_000, 0.95
TURNS = 3
GOAL = 5.0
APART = 0.1
"""Of an interval's width: two ends from 10,000 resamples each differ by less."""


def ours_paired(before: Floats, after: Floats) -> Floats:
    rng = np.random.default_rng(1)
    return ends(bootstrap.bca_batch(after - before, level=LEVEL, rng=rng, resamples=RESAMPLES))


def ours_independent(before: Floats, after: Floats) -> Floats:
    rng = np.random.default_rng(1)
    return ends(
        bootstrap.bca_difference_batch(before, after, level=LEVEL, rng=rng, resamples=RESAMPLES)
    )


def scipy_paired(before: Floats, after: Floats) -> Floats:
    rng = np.random.default_rng(2)
    return np.array(
        [
            stats.bootstrap(
                (row,), np.mean, n_resamples=RESAMPLES, confidence_level=LEVEL, rng=rng
            ).confidence_interval
            for row in after - before
        ]
    )


def scipy_independent(before: Floats, after: Floats) -> Floats:
    rng = np.random.default_rng(2)
    return np.array(
        [
            stats.bootstrap(
                pair, difference, n_resamples=RESAMPLES, confidence_level=LEVEL, rng=rng
            ).confidence_interval
            for pair in zip(before, after, strict=True)
        ]
    )


def difference(before: Floats, after: Floats, axis: int = -1) -> Floats:
    return np.mean(after, axis=axis) - np.mean(before, axis=axis)


def ends(found: tuple[Interval | None, ...]) -> Floats:
    return np.array([(item.low, item.high) for item in found if item is not None])


def timed(work: Callable[[Floats, Floats], Floats], *values: Floats) -> tuple[float, Floats]:
    started = time.perf_counter()
    found = work(*values)
    return time.perf_counter() - started, found


def main(pairs: int) -> int:
    rng = np.random.default_rng(0)
    before = rng.lognormal(0.0, 0.5, (pairs, N))
    after = before + rng.lognormal(-1.0, 0.8, (pairs, N))
    print(f"BCa intervals: {pairs} pairs, n = {N}, {RESAMPLES:,} resamples, fastest of {TURNS}")
    slow = []
    for name, ours, theirs in (
        ("paired differences", ours_paired, scipy_paired),
        ("independent samples", ours_independent, scipy_independent),
    ):
        turns = [(timed(theirs, before, after), timed(ours, before, after)) for _ in range(TURNS)]
        scipy_s, own_s = (min(turn[side][0] for turn in turns) for side in (0, 1))
        reference, found = turns[0][0][1], turns[0][1][1]
        widths = (reference[:, 1] - reference[:, 0])[:, None]
        apart = float((np.abs(found - reference) / widths).max())
        ratio = scipy_s / own_s
        print(
            f"{name}: scipy in a loop {scipy_s:.2f} s, at once {own_s:.3f} s, "
            f"{ratio:.0f} times faster; ends at most {apart:.1%} of a width apart"
        )
        if ratio < GOAL or apart > APART:
            slow.append(name)
    print(
        f"goal: {GOAL:.0f} times faster, ends within {APART:.0%}: " + ("missed" if slow else "met")
    )
    return 1 if slow else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else PAIRS))
