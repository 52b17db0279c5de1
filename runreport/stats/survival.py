"""Times until something happens: when runs reach a target, counting those that never do.

A run that never reaches the target is known to take longer than it ran: its time is censored there,
not dropped and not a failure at that moment.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from runreport.stats import given, signs
from runreport.stats.result import Interval
from runreport.stats.student import Estimate

ENOUGH_EVENTS = 10
"""Events in each group from which the normal approximation is used."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Times:
    """When each run of a group reached the target, or how long it was watched without."""

    values: Floats
    """Steps, epochs or seconds, shape (n,), 0 or more."""
    reached: NDArray[np.bool_]
    """Whether the run got there; else it was only watched until then."""

    @classmethod
    def of(cls, values: ArrayLike, reached: ArrayLike) -> Times:
        """From one time and one truth value per run.

        Raises:
            ValueError: no run, NaN, infinite or negative times, two lengths, or other than 0 and 1.
        """
        times, events = given.pairs(values, reached)
        if times.min() < 0:
            raise ValueError(f"expected times of 0 or more, got {times.min():g}")
        return cls(times, given.binary(events))

    @property
    def events(self) -> int:
        """Runs that reached the target."""
        return int(self.reached.sum())


@dataclass(frozen=True, eq=False)
class Curve:
    """Share of runs that have not reached the target yet, as it falls over time."""

    times: Floats
    """At which a run reached it, ascending, shape (k,)."""
    at_risk: Floats
    """Runs still watched just before, shape (k,)."""
    events: Floats
    """Runs that reached it then."""
    share: Floats
    """Of runs that have not, from then on."""
    watched: float
    """The longest time any run was watched; infinite where every run has reached the target by its
    end, since nothing more could be seen."""

    @cached_property
    def _hazards(self) -> Floats:
        """Sums of d / (n (n - d)), infinite once no run is left."""
        left = self.at_risk - self.events
        with np.errstate(divide="ignore"):
            return np.asarray(np.cumsum(self.events / (self.at_risk * left)))

    @property
    def standard_errors(self) -> Floats:
        """Of the shares; 0 once no run is left.

        Source: Greenwood (1926), Reports on Public Health 33.
        """
        sums = np.where(self.share > 0, self._hazards, 0.0)
        return np.asarray(self.share * np.sqrt(sums))

    def band(self, level: float) -> tuple[Floats, Floats]:
        """Ends of the interval of each share, on the scale of log(-log share); NaN where the share
        is 0.

        Source: Kalbfleisch and Prentice (1980), The Statistical Analysis of Failure Time Data.
        """
        from scipy.special import ndtri

        half = float(ndtri((1 + level) / 2))
        with np.errstate(divide="ignore", invalid="ignore"):
            logs = np.log(self.share)
            reach = np.exp(half * np.sqrt(self._hazards) / np.abs(logs))
            low, high = self.share**reach, self.share ** (1 / reach)
        unknown = self.share <= 0
        return np.where(unknown, np.nan, low), np.where(unknown, np.nan, high)

    def quantile(self, chance: float = 0.5) -> float | None:
        """The time by which this share of runs has reached the target; None if it never has.

        Where the curve is flat at just that height, the middle of the flat part.
        """
        below = np.flatnonzero(self.share <= 1 - chance + 1e-12)
        if not below.size:
            return None
        place = int(below[0])
        flat = abs(float(self.share[place]) - (1 - chance)) <= 1e-12
        if flat and place + 1 < self.times.size:
            return float(self.times[place] + self.times[place + 1]) / 2
        return float(self.times[place])

    def restricted_mean(self, until: float) -> tuple[float, float]:
        """The mean time until the target, times beyond `until` counted as that, and its standard
        error.

        Args:
            until: 0 or more, and no later than every run was watched or reached the target.

        Source: Royston and Parmar (2013), BMC Medical Research Methodology 13.
        """
        if not 0 <= until <= self.watched:
            raise ValueError(
                f"expected a time of 0 or more and up to {self.watched:g}, got {until:g}"
            )
        seen = self.times < until
        ends = np.concatenate(([0.0], self.times[seen], [until]))
        areas = np.diff(ends) * np.concatenate(([1.0], self.share[seen]))
        rest = np.cumsum(areas[::-1])[::-1][1:]
        left = (self.at_risk - self.events)[seen]
        with np.errstate(divide="ignore", invalid="ignore"):
            parts = rest**2 * self.events[seen] / (self.at_risk[seen] * left)
        # nothing is left to add where no run is
        return float(areas.sum()), math.sqrt(float(np.where(left > 0, parts, 0.0).sum()))


def curve(times: Times) -> Curve:
    """The product-limit estimate of how many runs have not reached the target yet.

    Source: Kaplan and Meier (1958), JASA 53.
    """
    moments, counts = np.unique(times.values[times.reached], return_counts=True)
    ordered = np.sort(times.values)
    at_risk = times.values.size - np.searchsorted(ordered, moments, side="left")
    share = np.cumprod((at_risk - counts) / at_risk)
    return Curve(
        moments,
        at_risk.astype(np.float64),
        counts.astype(np.float64),
        np.asarray(share, dtype=np.float64),
        math.inf if share.size and share[-1] == 0 else float(ordered[-1]),
    )


@dataclass(frozen=True, eq=False)
class LogRank:
    """Two groups of times: whether one reaches the target sooner, and by how much on average.

    The p is of the curves, the difference and its interval of the restricted means: the mean time
    to the target within what both groups were watched.

    Source: Mantel (1966), Cancer Chemotherapy Reports 50; Royston and Parmar (2013), BMC Medical
        Research Methodology 13, for the restricted mean.
    """

    baseline: Times
    candidate: Times

    @cached_property
    def until(self) -> float:
        """The last time at which both groups are known: watched, or all arrived."""
        groups = (self.baseline, self.candidate)
        known = min(curve(group).watched for group in groups)
        return known if math.isfinite(known) else max(float(g.values.max()) for g in groups)

    @cached_property
    def _means(self) -> Estimate:
        first, second = (
            curve(group).restricted_mean(self.until) for group in (self.baseline, self.candidate)
        )
        error = math.hypot(first[1], second[1])
        return Estimate(second[0] - first[0], error, math.inf, "restricted mean")

    @property
    def difference(self) -> float:
        """Of the restricted means, in units of time: above 0 when the candidate takes longer."""
        return self._means.difference

    @cached_property
    def _counts(self) -> tuple[float, float]:
        """Events of the candidate beyond those expected, and their variance."""
        beyond, covariance = _beyond([self.baseline, self.candidate])
        return float(beyond[1]), float(covariance[1, 1])

    @property
    def statistic(self) -> float | None:
        """z: below 0 when the candidate reaches the target later; None without an event."""
        beyond, variance = self._counts
        return beyond / math.sqrt(variance) if variance > 0 else None

    @property
    def df(self) -> float | None:
        return None

    def p_value(self) -> float:
        """Two-sided, of equal curves; 1 where no event tells them apart. With fewer than ten
        events in a group, where the normal approximation promises too much, by counting all
        splits of the log-rank scores, if there are not too many.

        Source: Peto and Peto (1972), JRSS A 135, for the scores.
        """
        from scipy.special import ndtr

        few = min(self.baseline.events, self.candidate.events) < ENOUGH_EVENTS
        if few and self.baseline.values.size + self.candidate.values.size <= signs.LARGEST:
            return signs.split_p(*_scores(self.baseline, self.candidate))

        return 1.0 if self.statistic is None else float(2 * ndtr(-abs(self.statistic)))

    def interval(self, level: float) -> Interval | None:
        """Of the difference of the restricted means; None where neither varies."""
        return self._means.interval(level) if self._means.standard_error > 0 else None

    def beyond_p(self, margin: float) -> float:
        """Twice the one-sided p of a difference no larger than the margin, in the direction
        seen.
        """
        if not self._means.standard_error > 0:
            return math.nan
        return self._means.beyond_p(margin)

    def equivalence_p(self, margin: float) -> float:
        """The larger p of two one-sided tests against -margin and +margin."""
        if not self._means.standard_error > 0:
            return math.nan
        return self._means.equivalence_p(margin)


def _scores(first: Times, second: Times) -> tuple[Floats, Floats]:
    """Event minus hazard so far of each run, over both groups: adds up to 0."""
    values = np.concatenate((first.values, second.values))
    reached = np.concatenate((first.reached, second.reached))
    pooled = curve(Times(values, reached))
    hazard = np.concatenate(([0.0], np.cumsum(pooled.events / pooled.at_risk)))
    scores: Floats = reached - hazard[np.searchsorted(pooled.times, values, side="right")]
    return scores[: first.values.size], scores[first.values.size :]


@dataclass(frozen=True, slots=True)
class Ranked:
    """Whether the curves of several groups differ."""

    statistic: float
    """Chi-square."""
    df: int
    p_value: float
    expected: tuple[float, ...]
    """Events of each group if all curves were one."""


def log_rank(groups: Sequence[Times]) -> Ranked:
    """The log-rank test of two or more groups; p = 1 where no event tells them apart.

    Raises:
        ValueError: fewer than two groups.

    Source: Mantel (1966), Cancer Chemotherapy Reports 50; Peto and Peto (1972), JRSS A 135.
    """
    if len(groups) < 2:
        raise ValueError(f"expected two groups or more, got {len(groups)}")
    beyond, covariance = _beyond(groups)
    expected = tuple(group.events - float(more) for group, more in zip(groups, beyond, strict=True))
    # a group that was never watched while others reached the target has nothing to say
    free = np.flatnonzero(np.diag(covariance) > 1e-12)[:-1]
    if not free.size:
        return Ranked(0.0, len(groups) - 1, 1.0, expected)
    from scipy.special import chdtrc

    part = covariance[np.ix_(free, free)]
    statistic = float(beyond[free] @ np.linalg.solve(part, beyond[free]))
    return Ranked(statistic, free.size, float(chdtrc(free.size, statistic)), expected)


def _beyond(groups: Sequence[Times]) -> tuple[Floats, Floats]:
    """Events of each group beyond those expected, and their covariance."""
    every = np.concatenate([group.values[group.reached] for group in groups])
    moments = np.unique(every)
    risks, events = [], []
    for group in groups:
        ordered, hits = np.sort(group.values), np.sort(group.values[group.reached])
        risks.append(ordered.size - np.searchsorted(ordered, moments, side="left"))
        events.append(
            np.searchsorted(hits, moments, side="right")
            - np.searchsorted(hits, moments, side="left")
        )
    at_risk, seen = np.array(risks, dtype=np.float64), np.array(events, dtype=np.float64)
    whole, hit = at_risk.sum(axis=0), seen.sum(axis=0)
    share = at_risk / whole
    # hypergeometric at each moment; the last run left alone has no variance
    spread = hit * (whole - hit) / np.maximum(whole - 1, 1)
    covariance = np.diag((share * spread).sum(axis=1)) - (share * spread) @ share.T
    return np.asarray((seen - share * hit).sum(axis=1)), np.asarray(covariance)
