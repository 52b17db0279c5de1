"""Groups ranked over data sets: the values that all have, the test over all of them, every pair."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from runreport.design import Metric
from runreport.samples import Group
from runreport.sections.comparing import Answer, Comparison
from runreport.sections.fitness import Fit
from runreport.sections.lettering import lettered
from runreport.stats import bayes, corrections, posthoc, ranks, ties
from runreport.stats.bayes import Posterior
from runreport.stats.plan import FEWEST_DATASETS
from runreport.stats.ranks import Friedman, Record
from runreport.stats.testers import SEED

Floats = NDArray[np.float64]

MOST = 20
"""Groups of which every pair is compared, drawn, and looked at without each other group."""

MOST_SHAFFER = 50
"""Of more groups the sets of hypotheses that can be true together are not counted."""

MOST_WEIGHED = 1_000
"""Data sets that a posterior weighs; of more, counts say it all."""

PostHoc = Literal["wilcoxon", "nemenyi", "holm", "shaffer", "bonferroni_dunn"]
"""How pairs are told apart: by the values of the two alone, or by the mean ranks of all."""


@dataclass(frozen=True, eq=False)
class Pool:
    """What is ranked: groups with values, on the data sets that each of them has."""

    metric: Metric
    fits: tuple[Fit, ...]
    """The best mean rank first."""
    tasks: tuple[str, ...]
    scores: Floats
    """Data sets x groups, shape (n, k), displayed units, means over replicates."""
    ranks: Floats
    """Shape (n, k); 1 is the best."""
    missing: tuple[tuple[str, tuple[str, ...]], ...]
    """Data sets that are left out, each with the groups that have no value of it."""
    absent: tuple[Group, ...]
    """Groups without any value."""
    averaged: bool
    """Whether a data set has more than one value of some group."""

    @property
    def mean_ranks(self) -> tuple[float, ...]:
        return tuple(self.ranks.mean(axis=0).tolist()) if self.tasks else ()

    @property
    def is_constant(self) -> bool:
        """Whether no group's value depends on the data set: such data sets are copies."""
        columns = self.scores.T
        return len(self.tasks) > 1 and all(ties.is_constant(column) for column in columns)


@dataclass(frozen=True, slots=True)
class Omnibus:
    """The test over all groups, with the correction for ties and without."""

    corrected: Friedman
    """It decides."""
    plain: Friedman
    look: int = 1
    """How often these growing data have been looked at."""

    def rejects(self, alpha: float) -> bool:
        """Never from the second look on: its p is of one planned look."""
        return self.look <= 1 and not self.corrected.is_tied and self.corrected.f_p < alpha


@dataclass(frozen=True, eq=False)
class Pair:
    """Two groups: what their own values say, and what all ranks say of them."""

    comparison: Comparison
    record: Record
    """Of the candidate against the baseline, on the data sets that both have."""
    ranks: tuple[float, float] | None
    """Mean ranks of candidate and baseline; None outside the pool, where nothing is ranked, or
    where the two are not comparable."""
    z: float | None
    rank_p: float | None
    """Of z, two-sided, not corrected."""
    by_ranks: dict[PostHoc, float]
    """Adjusted p by every procedure that goes by mean ranks."""
    p_adjusted: float | None
    """Of the procedure that decides; None where it makes no test."""
    differs: bool
    is_ahead: bool | None
    """Whether the candidate is the better one by what decides; None where they are level."""
    posterior: Posterior | None
    """None, too, where the two are not comparable."""

    @property
    def is_withheld(self) -> bool:
        """Whether the two were measured on different data: no procedure says anything of them."""
        return self.comparison.result.verdict == "not_comparable"

    @property
    def is_peeked(self) -> bool:
        """Whether there is no p because none holds at a later look."""
        result = self.comparison.result
        tested = result.p_value is not None or bool(self.by_ranks)
        return result.look > 1 and self.p_adjusted is None and tested and not self.is_withheld


def pool_of(answer: Answer) -> Pool:
    """The groups of an answer on the data sets that each of them has a value of."""
    present = [fit for fit in answer.fits if fit.sample.values.size]
    values = [dict(_keyed(fit)) for fit in present]
    every = dict.fromkeys(task for row in values for task in row)
    tasks = tuple(task for task in every if all(task in row for row in values))
    missing = tuple(
        (
            task,
            tuple(
                fit.group.label for fit, row in zip(present, values, strict=True) if task not in row
            ),
        )
        for task in every
        if task not in tasks
    )
    scores = np.array([[row[task] for row in values] for task in tasks], dtype=np.float64)
    scores = scores.reshape(len(tasks), len(present))
    goal = answer.metric.goal or "maximize"
    found = ranks.ranks_of(scores, goal) if scores.size else scores
    order = list(range(len(present)))
    if scores.size:
        order.sort(key=found.mean(axis=0).tolist().__getitem__)
    return Pool(
        metric=answer.metric,
        fits=tuple(present[place] for place in order),
        tasks=tasks,
        scores=scores[:, order],
        ranks=found[:, order],
        missing=missing,
        absent=tuple(fit.group for fit in answer.fits if not fit.sample.values.size),
        averaged=any(
            len(fit.group.runs) - len(fit.sample.dropped) > fit.sample.values.size
            for fit in present
        ),
    )


def omnibus_of(pool: Pool, look: int = 1) -> Omnibus | None:
    """The test over three groups or more; None where it cannot be made."""
    n, k = pool.ranks.shape
    if n < FEWEST_DATASETS or k < 3 or pool.is_constant:
        return None
    plain = ranks.friedman(pool.ranks, corrected=False)
    return Omnibus(ranks.friedman(pool.ranks), plain, look)


def pairs_of(
    answer: Answer, pool: Pool, post_hoc: PostHoc, alpha: float, rope: float | None
) -> tuple[Pair, ...]:
    """Every comparison of the answer, told apart ones first.

    Args:
        answer: with its comparisons.
        pool: of the same answer.
        post_hoc: the procedure that decides.
        alpha: of the whole family.
        rope: half-width of the region of practical equivalence; None: no posterior.
    """
    by_ranks = _by_ranks(answer, pool)
    values = {fit.group.id: dict(_keyed(fit)) for fit in answer.fits}
    found = []
    for item in answer.comparisons:
        ids = item.candidate.id, item.baseline.id
        differences = _differences(*(values[group_id] for group_id in ids))
        found.append(_pair(item, differences, by_ranks.get(ids), post_hoc, alpha, rope))
    return tuple(sorted(found, key=_order))


def _order(pair: Pair) -> tuple[bool, float]:
    p = pair.p_adjusted
    return (p is None, math.inf if p is None else p)


Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class _ByRanks:
    """What mean ranks say of two groups."""

    ranks: tuple[float, float]
    z: float
    p: float
    adjusted: dict[PostHoc, float]


def _by_ranks(answer: Answer, pool: Pool) -> dict[Key, _ByRanks]:
    """Of the compared pairs, by the ids of the groups, in either order."""
    k, n = len(pool.fits), len(pool.tasks)
    if n < FEWEST_DATASETS or k < 2 or pool.is_constant:
        return {}
    means = pool.mean_ranks
    z = posthoc.rank_z(means, n)
    pairs = posthoc.pairs_of(k)
    raw = [posthoc.z_p(z[one][other]) for one, other in pairs]
    shaffer = posthoc.shaffer(raw, k) if k <= MOST_SHAFFER else None
    ids = [fit.group.id for fit in pool.fits]
    base = next((place for place, fit in enumerate(pool.fits) if fit.group.is_baseline), None)
    chosen = [place for place, pair in enumerate(pairs) if base is None or base in pair]
    holm = dict(
        zip(chosen, corrections.adjust([raw[i] for i in chosen], "holm", len(chosen)), strict=True)
    )
    compared = {frozenset((i.candidate.id, i.baseline.id)) for i in answer.comparisons}
    found: dict[Key, _ByRanks] = {}
    for place, (one, other) in enumerate(pairs):
        if {ids[one], ids[other]} not in compared:
            continue
        adjusted: dict[PostHoc, float] = {"nemenyi": posthoc.nemenyi_p(z[one][other], k)}
        if shaffer is not None:
            adjusted["shaffer"] = shaffer[place]
        if place in holm:
            adjusted["holm"] = holm[place]
        if base in (one, other):
            adjusted["bonferroni_dunn"] = min(1.0, (k - 1) * raw[place])
        for first, second, sign in ((one, other, 1), (other, one, -1)):
            of = (means[first], means[second])
            found[ids[first], ids[second]] = _ByRanks(
                of, sign * z[one][other], raw[place], adjusted
            )
    return found


def _pair(
    item: Comparison,
    differences: Floats,
    ranked: _ByRanks | None,
    post_hoc: PostHoc,
    alpha: float,
    rope: float | None,
) -> Pair:
    metric = item.metric
    if item.result.verdict == "not_comparable":
        ranked, rope = None, None
    z, adjusted = (None, {}) if ranked is None else (ranked.z, ranked.adjusted)
    by_values = post_hoc == "wilcoxon"
    p = item.result.p_adjusted if by_values else adjusted.get(post_hoc)
    if not by_values and item.result.look > 1:
        # a p of ranks is of one planned look
        p = None
    return Pair(
        comparison=item,
        record=ranks.record_of(differences, metric.goal or "maximize")
        if differences.size
        else Record(0, 0, 0),
        ranks=None if ranked is None else ranked.ranks,
        z=z,
        rank_p=None if ranked is None else ranked.p,
        by_ranks=adjusted,
        p_adjusted=p,
        differs=p is not None and p < alpha and not (by_values and _reaches_zero(item)),
        is_ahead=None if p is None else _is_ahead(item, z, by_values=by_values),
        posterior=_posterior(differences, rope, metric),
    )


def _reaches_zero(item: Comparison) -> bool:
    """Whether the interval leaves it open which of the two is better."""
    interval = item.result.adjusted
    return interval is not None and interval.low <= 0 <= interval.high


def _is_ahead(item: Comparison, z: float | None, *, by_values: bool) -> bool | None:
    # a lower rank is the better one
    size = item.result.improvement if by_values else None if z is None else -z
    return size > 0 if size else None


def _posterior(differences: Floats, rope: float | None, metric: Metric) -> Posterior | None:
    """Shares signed so that above is better."""
    if rope is None or not FEWEST_DATASETS <= differences.size <= MOST_WEIGHED:
        return None
    signed = -differences if metric.goal == "minimize" else differences
    return bayes.signed_rank_of(_weights(signed.size), signed, rope)


# every pair of a board has as many data sets, and drawing costs more than weighing
@lru_cache(maxsize=2)
def _weights(n: int) -> Floats:
    return bayes.draw_weights(n, rng=np.random.default_rng(SEED))


def _differences(left: Mapping[str, float], right: Mapping[str, float]) -> Floats:
    """On the data sets that both have, rounding settled."""
    shared = [task for task in left if task in right]
    first, second = (np.array([row[task] for task in shared]) for row in (left, right))
    return ties.settle(first - second, ties.size_of(first, second))


def _keyed(fit: Fit) -> list[tuple[str, float]]:
    pairs = zip(fit.sample.replicates, fit.sample.values.tolist(), strict=True)
    return [(key, value) for key, value in pairs if key is not None]


# ---- what follows from the pairs -----------------------------------------------------------------


def letters_of(pool: Pool, pairs: Sequence[Pair]) -> dict[str, str]:
    """Group id to its letters; empty unless every pair was tested."""
    differ = {
        (pair.comparison.candidate.id, pair.comparison.baseline.id): pair.differs
        for pair in pairs
        if pair.p_adjusted is not None
    }
    return lettered([fit.group.id for fit in pool.fits], differ)


def leaning_pairs(pool: Pool, pairs: Sequence[Pair], alpha: float) -> tuple[posthoc.Leaning, ...]:
    """Pairs whose verdict by mean ranks depends on a third group, but for withheld ones."""
    n, k = pool.ranks.shape
    if n < FEWEST_DATASETS or not 3 <= k <= MOST or pool.is_constant:
        return ()
    withheld = [
        {pair.comparison.candidate.id, pair.comparison.baseline.id}
        for pair in pairs
        if pair.is_withheld
    ]
    ids = [fit.group.id for fit in pool.fits]
    found = posthoc.leaning(pool.scores, pool.metric.goal or "maximize", alpha)
    return tuple(item for item in found if {ids[place] for place in item.pair} not in withheld)
