"""Scores that are one number of all items (F1, BLEU, an area): resampled and exchanged by item.

What an item adds to the score comes as one row of numbers. Where the score is a function of the
rows' sums (F1 of the counts of true positives, false positives and false negatives) a draw costs a
sum; other scores see the drawn rows themselves.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from runreport.design import Statistic
from runreport.stats import areas, given
from runreport.stats.draws import Rows, Score, Sums, middle
from runreport.stats.paired import midranks
from runreport.stats.result import Interval

Floats = NDArray[np.float64]

DRAWS = 10_000

COUNTED = 14
"""So many items on which two models differ, at most, have all their exchanges counted."""

TOLERANCE = 1e-9
"""Scores that differ by less than this share of the larger one are equal."""


@dataclass(frozen=True, eq=False)
class Resampled:
    """A difference of two scores of all items, its bootstrap interval and randomisation p."""

    baseline: float
    """The score itself, in displayed units."""
    candidate: float
    p: float
    """Two-sided, of exchanging the two models' outputs item by item."""
    is_exact: bool
    """Whether all exchanges were counted instead of drawn."""
    drawn: Floats
    """Differences of resampled items, sorted, displayed units."""
    bias: float
    """Of the bootstrap, in standard errors; NaN where the interval is a percentile one."""
    acceleration: float
    n: int
    """Items, or clusters of them, that were drawn."""

    @property
    def difference(self) -> float:
        return self.candidate - self.baseline

    @property
    def statistic(self) -> float | None:
        return None

    @property
    def df(self) -> float | None:
        return None

    @property
    def varies(self) -> bool:
        """Whether resampling changes the difference at all."""
        size = max(abs(self.baseline), abs(self.candidate))
        return bool(self.drawn.size and np.ptp(self.drawn) > TOLERANCE * size)

    def p_value(self) -> float:
        """Two-sided p of no difference; 1 where the two agree on every item.

        Source: Noreen (1989), Computer-Intensive Methods for Testing Hypotheses.
        """
        return self.p

    def interval(self, level: float) -> Interval | None:
        """Bias-corrected and accelerated; percentile where that cannot be computed; None where
        resampling changes nothing.

        Source: Efron (1987), JASA 82.
        """
        if math.isnan(self.bias):
            return self.percentile(level)
        if not self.varies:
            return None
        from scipy.special import ndtr, ndtri

        ends = []
        for quantile in ((1 - level) / 2, (1 + level) / 2):
            shifted = self.bias + float(ndtri(quantile))
            left = 1 - self.acceleration * shifted
            # so skewed that no draw is far enough
            far = 0.0 if shifted < 0 else 1.0
            ends.append(float(ndtr(self.bias + shifted / left)) if left > 0 else far)
        low, high = np.quantile(self.drawn, ends)
        return Interval(float(low), float(high), level, "BCa bootstrap")

    def percentile(self, level: float) -> Interval | None:
        """The middle of the resampled differences.

        Source: Efron (1979), Annals of Statistics 7.
        """
        if not self.varies:
            return None
        return middle(self.drawn, level, "percentile bootstrap")

    def beyond_p(self, margin: float) -> float:
        """Twice the one-sided p of a difference no larger than the margin, in the direction
        seen.
        """
        if not self.varies:
            return math.nan
        if self.difference >= 0:
            return min(1.0, 2 * self._below(margin))
        return min(1.0, 2 * (1 - self._below(-margin)))

    def equivalence_p(self, margin: float) -> float:
        """The larger p of two one-sided tests against -margin and +margin."""
        if not self.varies:
            return math.nan
        return max(self._below(-margin), 1 - self._below(margin))

    def _below(self, bound: float) -> float:
        """The one-sided p of a difference of `bound` or less: a lower limit at 1 - p is there."""
        draws = self.drawn.size
        left, right = (np.searchsorted(self.drawn, bound, side=side) for side in ("left", "right"))
        # never 0 or 1: so many draws cannot show that
        share = float(np.clip((left + right) / 2, 0.5, draws - 0.5)) / draws
        if math.isnan(self.bias):
            return share
        from scipy.special import ndtr, ndtri

        away = float(ndtri(share)) - self.bias
        stretched = 1 + self.acceleration * away
        if stretched <= 0:
            return 0.0 if away < 0 else 1.0
        return float(ndtr(away / stretched - self.bias))


def resample(
    baseline: ArrayLike,
    candidate: ArrayLike,
    score: Score,
    *,
    rng: np.random.Generator,
    draws: int = DRAWS,
    of_sums: bool = True,
) -> Resampled:
    """Two models' scores over the same items, resampled and exchanged item by item.

    Args:
        baseline: what each item adds, shape (n, k), n >= 2.
        candidate: the same items in the same order.
        score: of the sums over items, shape (..., k) to (...), or of the rows themselves, shape
            (..., n, k) to (...); in displayed units. Draws for which it is NaN are left out.
        rng: generator; the same seed gives the same result.
        draws: of the bootstrap, and of exchanges unless all are counted.
        of_sums: whether the score is one of sums.

    Raises:
        ValueError: NaN or infinite numbers, other shapes, fewer than two items, no finite score.

    Source: Noreen (1989), Computer-Intensive Methods, for the p; Efron (1987), JASA 82, for the
        interval; Koehn (2004), EMNLP, for both on corpora.
    """
    first, second = given.table(baseline, rows=2), given.table(candidate, rows=2)
    if first.shape != second.shape:
        raise ValueError(f"expected pairs, got the shapes {first.shape} and {second.shape}")
    kind = Sums if of_sums else Rows
    drawer = kind(first, second, score)
    old, new = (float(part) for part in drawer.whole())
    if not math.isfinite(old) or not math.isfinite(new):
        raise ValueError("the score of all items is not finite")
    p, is_exact = _exchanged(drawer, new - old, rng, draws)
    drawn = np.concatenate(list(drawer.redrawn(rng, draws)))
    drawn = np.sort(drawn[np.isfinite(drawn)])
    bias, acceleration = _corrections(drawn, new - old, drawer.left_out())
    return Resampled(old, new, p, is_exact, drawn, bias, acceleration, first.shape[0])


def resample_score(
    statistic: Statistic,
    baseline: ArrayLike,
    candidate: ArrayLike,
    labels: ArrayLike | None = None,
    clusters: ArrayLike | None = None,
    *,
    rng: np.random.Generator,
    one: float = 1.0,
    draws: int = DRAWS,
) -> Resampled:
    """The mean, F1 or area under the ROC curve of two models on the same items.

    Scores of an area are exchanged as ranks, since two models need not score on one scale.

    Args:
        statistic: mean, f1 or auc.
        baseline: a score per item, shape (n,); for F1 predictions, 0 or `one`.
        candidate: the same items in the same order.
        labels: 0 or 1 per item, shape (n,); not for the mean.
        clusters: what each item belongs to, shape (n,), drawn and exchanged as a whole; not for
            areas.
        rng: generator; the same seed gives the same result.
        one: what an item that is right scores, and a perfect F1 or area, in displayed units.
        draws: of bootstrap and exchanges.

    Raises:
        ValueError: as `resample`, labels missing or other than 0 and 1, clusters for an area.
    """
    first, second = given.pairs(baseline, candidate, least=2)
    if statistic == "auc":
        if clusters is not None:
            raise ValueError("areas of items in clusters are not resampled; DeLong's test is")
        truth = given.binary(_labels(labels, first.size)).astype(np.float64)
        rows = [np.column_stack((midranks(part), truth)) for part in (first, second)]
        return resample(
            rows[0], rows[1], lambda drawn: one * areas.areas_of(drawn),
            rng=rng, draws=draws, of_sums=False,
        )  # fmt: skip
    if statistic == "mean":
        sums = [np.column_stack((part, np.ones(part.size))) for part in (first, second)]
        score = mean_of
    else:
        truth = _labels(labels, first.size)
        sums = [outcomes(truth, given.binary(part, one)) for part in (first, second)]

        def score(totals: Floats) -> Floats:
            return one * f1_of(totals)

    if clusters is not None:
        members = given.members(clusters, first.size)
        sums = [_gathered(part, members) for part in sums]
    return resample(sums[0], sums[1], score, rng=rng, draws=draws)


def score_of(
    statistic: Statistic, labels: Floats, values: Floats, one: float = 1.0
) -> float | None:
    """The statistic of all items of one model in displayed units; None where it is not defined.

    Args:
        statistic: auc or f1; for the mean None, which needs no labels.
        labels: 0 or 1 per item, shape (n,).
        values: a score per item, or for F1 a prediction, 0 or `one`.
        one: what an item that is right scores, in displayed units.
    """
    if statistic == "auc" and min((labels == 0).sum(), (labels == 1).sum()) >= 2:
        return one * areas.area(labels, values).value
    if statistic == "f1" and values.size and np.isin(values, (0.0, one)).all():
        return one * float(f1_of(outcomes(labels, values / one).sum(axis=0)))
    return None


def outcomes(labels: ArrayLike, predictions: ArrayLike) -> Floats:
    """True positives, false positives and false negatives: one row per item, shape (n, 3).

    Args:
        labels: 0 or 1 per item, shape (n,).
        predictions: the same of a model.
    """
    truth, said = (given.binary(part) for part in given.pairs(labels, predictions))
    return np.column_stack((truth & said, ~truth & said, truth & ~said)).astype(np.float64)


def f1_of(totals: Floats) -> Floats:
    """F1 of sums of true positives, false positives and false negatives; 0 where all three are 0.

    Args:
        totals: shape (..., 3).

    Source: van Rijsbergen (1979), Information Retrieval.
    """
    hits, wrong = totals[..., 0], totals[..., 1] + totals[..., 2]
    return np.asarray(2 * hits / np.maximum(2 * hits + wrong, np.finfo(float).tiny))


def mean_of(totals: Floats) -> Floats:
    """Of sums of values and their numbers, shape (..., 2)."""
    return np.asarray(totals[..., 0] / totals[..., 1])


def _exchanged(
    drawer: Sums | Rows, seen: float, rng: np.random.Generator, draws: int
) -> tuple[float, bool]:
    """The share of exchanges with as large a difference, and whether all were counted."""
    differing = drawer.differing.size
    if differing <= COUNTED:
        patterns = np.arange(2**differing)[:, None] >> np.arange(differing) & 1
        sizes = np.abs(drawer.exchanged(patterns == 1))
        sizes = sizes[np.isfinite(sizes)]
        return float((sizes >= _bar(seen, sizes)).sum()) / sizes.size, True
    sizes = np.abs(np.concatenate(list(drawer.randomised(rng, draws))))
    sizes = sizes[np.isfinite(sizes)]
    # what was seen is one of the exchanges too, so that p is never 0
    return float(1 + (sizes >= _bar(seen, sizes)).sum()) / (1 + sizes.size), False


def _bar(seen: float, sizes: Floats) -> float:
    return abs(seen) - TOLERANCE * max(abs(seen), float(sizes.max(initial=0.0)))


def _corrections(drawn: Floats, seen: float, left_out: Floats) -> tuple[float, float]:
    """What shifts and stretches the percentiles; NaN where it cannot be computed."""
    finite = left_out[np.isfinite(left_out)]
    if finite.size < 3 or not drawn.size:
        return math.nan, math.nan
    below = float((drawn < seen).mean() + (drawn == seen).mean() / 2)
    if not 0 < below < 1:
        return math.nan, math.nan
    from scipy.special import ndtri

    away = finite.mean() - finite
    spread = float((away**2).sum())
    acceleration = float((away**3).sum()) / (6 * spread**1.5) if spread > 0 else 0.0
    return float(ndtri(below)), acceleration


def _gathered(sums: Floats, members: NDArray[np.intp]) -> Floats:
    """Sums over the items of each cluster."""
    found = np.zeros((int(members.max()) + 1, sums.shape[1]))
    np.add.at(found, members, sums)
    return found


def _labels(labels: ArrayLike | None, n: int) -> Floats:
    if labels is None:
        raise ValueError("this score needs a label for each item")
    found = given.values(labels)
    if found.size != n:
        raise ValueError(f"expected {n} labels, one per item, got {found.size}")
    return found
