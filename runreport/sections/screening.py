"""All pairs of more groups than are compared in words: their p-values, for the correction and for
letters.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from runreport.design import Design, Metric
from runreport.sections.aligning import margin_of
from runreport.sections.fitness import Fit
from runreport.stats import corrections, screen, ties
from runreport.stats.plan import FEWEST_DATASETS
from runreport.stats.shifts import SignedRank

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Screened:
    """Raw p-values of the pairs that a page does not compare in words."""

    pairs: tuple[tuple[str, str], ...]
    """Ids of the two groups."""
    p_values: tuple[float, ...]
    claims: tuple[float, ...]
    """Of a difference beyond the margin; of any where none is declared."""

    @property
    def both(self) -> tuple[tuple[float, float], ...]:
        """P and claim of each pair."""
        return tuple(zip(self.p_values, self.claims, strict=True))


def screened(
    fits: Sequence[Fit], leader: Fit, design: Design, metric: Metric, compared: int
) -> Screened | None:
    """Pairs without the leader; None where the design leads to another test than these.

    Args:
        fits: groups with a value, in any order.
        leader: whose comparisons are made in words.
        design: the declared one.
        metric: the declared one.
        compared: comparisons of the family, for whether exact tests can be made.
    """
    if metric.method or design.method or leader.kind not in ("replicates", "datasets"):
        return None
    if leader.kind == "datasets":
        return _over_data_sets([fit for fit in fits if fit is not leader], metric)
    first, second = screen.every_pair(len(fits))
    if design.pair_by is None:
        pairs = screen.welch_pairs([fit.sample.values for fit in fits], first, second)
    else:
        pairs = screen.paired_pairs(_matrix(fits), first, second)
    needed = corrections.strictest(design.alpha, design.correction, compared)
    margins = [margin_of(metric, fit.mean) or 0.0 for fit in fits]
    p_values, claims = screen.deciding(pairs, needed, np.array(margins)[first])
    place = next(index for index, fit in enumerate(fits) if fit is leader)
    kept = np.flatnonzero(np.isfinite(p_values) & (first != place) & (second != place))
    ids = [fit.group.id for fit in fits]
    return Screened(
        tuple((ids[first[index]], ids[second[index]]) for index in kept),
        tuple(p_values[kept].tolist()),
        tuple(claims[kept].tolist()),
    )


def _over_data_sets(fits: Sequence[Fit], metric: Metric) -> Screened:
    """Signed ranks of every pair that enough data sets can tell apart."""
    rows, found = _matrix(fits), []
    for one, other in combinations(range(len(fits)), 2):
        both = np.isfinite(rows[one]) & np.isfinite(rows[other])
        size = ties.size_of(rows[one][both], rows[other][both])
        differences = rows[other][both] - rows[one][both]
        if differences.size < FEWEST_DATASETS or ties.is_constant(differences, size):
            continue
        ranked = SignedRank(ties.settle(differences, size))
        margin, p_value = margin_of(metric, fits[one].mean), ranked.p_value()
        claim = ranked.beyond_p(margin) if margin else p_value
        found.append(((fits[one].group.id, fits[other].group.id), p_value, claim))
    pairs, p_values, claims = zip(*found, strict=True) if found else ((), (), ())
    return Screened(pairs, p_values, claims)


def _matrix(fits: Sequence[Fit]) -> Floats:
    """Groups x replicates; a replicate that occurs twice in a group has no place."""
    columns: dict[str, int] = {}
    rows: list[dict[str, float]] = []
    for fit in fits:
        counts = Counter(fit.sample.replicates)
        row = {
            key: value
            for key, value in zip(fit.sample.replicates, fit.sample.values.tolist(), strict=True)
            if key is not None and counts[key] == 1
        }
        for key in row:
            columns.setdefault(key, len(columns))
        rows.append(row)
    found = np.full((len(fits), max(1, len(columns))), np.nan)
    for place, row in enumerate(rows):
        for key, value in row.items():
            found[place, columns[key]] = value
    return found
