"""All pairs of 100 groups on 5 metrics with 10 seeds each, beside a loop over scipy.

p-values, p-values adjusted by Holm over all 24,750 comparisons, intervals and verdicts; sentences
are left out on both sides. The peer calls `scipy.stats.ttest_ind` with its confidence interval for
every pair and statsmodels for Holm. Both must find the same numbers.

    python benchmarks/all_pairs.py [groups]
"""

from __future__ import annotations

import sys
import time
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from scipy import stats
from statsmodels.stats.multitest import multipletests

from runreport.stats import screen

Floats = NDArray[np.float64]

GROUPS, METRICS, SEEDS = 100, 5, 10
GOAL = 20
ALPHA = 0.05


def values(groups: int) -> Floats:
    """Shape (metrics, groups, seeds); a third of the groups differ from the rest."""
    rng = np.random.default_rng(7)
    level = np.where(rng.random((METRICS, groups, 1)) < 1 / 3, 0.03, 0.0)
    return np.asarray(rng.normal(0.8 + level, 0.02, (METRICS, groups, SEEDS)))


def ours(data: Floats) -> tuple[Floats, Floats, Floats, Floats, list[str]]:
    pair = screen.every_pair(data.shape[1])
    asked = [screen.Asked(screen.welch_pairs(list(metric), *pair)) for metric in data]
    found = screen.judge(asked, alpha=ALPHA)
    lows, highs = zip(*(one.pairs.ends(1 - ALPHA) for one in asked), strict=True)
    words = np.array(screen.VERDICTS)[np.concatenate([one.verdicts for one in found])]
    p_values = np.concatenate([one.p_value for one in found])
    adjusted = np.concatenate([one.p_adjusted for one in found])
    return p_values, adjusted, np.concatenate(lows), np.concatenate(highs), words.tolist()


def peer(data: Floats) -> tuple[Floats, Floats, Floats, Floats, list[str]]:
    p_values, lows, highs, signs = [], [], [], []
    for metric in data:
        for one, other in combinations(range(len(metric)), 2):
            found = stats.ttest_ind(metric[other], metric[one], equal_var=False)
            interval = found.confidence_interval(1 - ALPHA)
            p_values.append(found.pvalue)
            lows.append(interval.low)
            highs.append(interval.high)
            signs.append(found.statistic > 0)
    rejected, adjusted, _, _ = multipletests(p_values, alpha=ALPHA, method="holm")
    words = [
        ("better" if up else "worse") if yes else "inconclusive"
        for yes, up in zip(rejected, signs, strict=True)
    ]
    return np.array(p_values), adjusted, np.array(lows), np.array(highs), words


def timed(data: Floats, times: int) -> float:
    """Seconds of our side, the fastest of several."""
    taken = []
    for _ in range(times):
        started = time.perf_counter()
        ours(data)
        taken.append(time.perf_counter() - started)
    return min(taken)


def main() -> int:
    groups = int(sys.argv[1]) if len(sys.argv) > 1 else GROUPS
    data = values(groups)
    # imports belong to neither side
    found = ours(data)
    stats.ttest_ind(data[0, 0], data[0, 1], equal_var=False).confidence_interval()
    started = time.perf_counter()
    expected = peer(data)
    theirs = time.perf_counter() - started
    own = timed(data, 5)
    apart = max(float(np.abs(a - b).max()) for a, b in zip(found[:4], expected[:4], strict=True))
    differ = sum(a != b for a, b in zip(found[4], expected[4], strict=True))
    ratio = theirs / own
    print(f"{len(found[0])} comparisons of {groups} groups on {METRICS} metrics, {SEEDS} seeds")
    print(f"loop over scipy: {theirs:8.3f} s")
    print(f"runreport:       {own:8.3f} s")
    print(f"ratio:           {ratio:8.0f}   (at least {GOAL})")
    print(f"largest difference of any number: {apart:.1e}; verdicts that differ: {differ}")
    return 0 if ratio >= GOAL and apart < 1e-9 and not differ else 1


if __name__ == "__main__":
    sys.exit(main())
