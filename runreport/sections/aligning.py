"""Two groups as the design aligns them: pairs, folds, items or data sets, ready for a test."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from runreport.design import Design, Metric
from runreport.samples import JOINT, Dropped, Group, Paired, Sample, pair
from runreport.sections import charting
from runreport.sections.audit import ABOUT_VALUES, between
from runreport.sections.fitness import Fit
from runreport.sections.outcomes import is_time
from runreport.stats.findings import Finding
from runreport.stats.plan import Case, Filled
from runreport.stats.result import Kind

Floats = NDArray[np.float64]

ENOUGH = 3
"""A group with fewer values leads only where no group has as many."""


def case_of(
    first: Fit, second: Fit, design: Design, metric: Metric
) -> tuple[Case, tuple[Dropped, ...]]:
    """Samples as the design aligns them, and the runs that stay out."""
    unit, kind = replicate_word(design), kind_of(design, metric)
    paired, known = _pairs(first.sample, second.sample, design) if kind != "times" else (None, ())
    if paired is None:
        values = (first.sample.values, second.sample.values)
        dropped = (*first.sample.dropped, *second.sample.dropped)
    else:
        values, dropped = (paired.baseline_values, paired.candidate_values), paired.dropped
    if kind == "folds" and paired is None and min(map(len, values)) >= ENOUGH:
        known = (*known, Finding("DEPENDENT_FOLDS", UNPAIRED_FOLDS))
    audit = between(first.group, second.group, metric, design, ABOUT_VALUES)
    known = (*known, *audit.findings)
    keys = () if paired is None else paired.keys
    folds = paired is not None and kind == "folds"
    case = Case(
        baseline=values[0],
        candidate=values[1],
        paired=paired is not None,
        goal=metric.goal,
        margin=margin_of(metric, first.mean),
        unit=unit_of_difference(metric),
        unit_of_replication=unit,
        overlap=overlap_of((first.group, second.group), design) if folds else 0.0,
        filled=_filled(first, second, metric, paired=paired is not None),
        withheld=audit.withheld,
        known=known,
        kind=kind,
        method=metric.method or design.method,
        repeats=_repeats(keys) if folds and design.repeat else 0,
        clusters=_clusters(first.group, keys) if design.cluster else None,
        one=metric.scale,
        labels=_labels(first, keys) if first.labels is not None else None,
        statistic=metric.statistic,
        events=None
        if first.events is None or second.events is None
        else (first.events, second.events),
        metric=metric.name,
        against_baseline=first.group.is_baseline,
        sides=(first.group.id, second.group.id),
    )
    return case, dropped


def kind_of(design: Design, metric: Metric) -> Kind:
    """What a replicate is, as declared."""
    if is_time(metric):
        return "times"
    if design.items:
        return "items"
    if design.across:
        return "datasets"
    resampled = design.repeat or design.test_fraction or replicate_word(design) == "fold"
    return "folds" if resampled else "replicates"


UNPAIRED_FOLDS = (
    "Folds of one data set share training data, which this test takes for independent: its p is "
    "too small. Declare `pair_by: fold`."
)


def _pairs(
    first: Sample, second: Sample, design: Design
) -> tuple[Paired | None, tuple[Finding, ...]]:
    """The samples aligned, or None when the design is unpaired or hardly anything matches."""
    fewest = min(first.values.size, second.values.size)
    always = design.items is not None or design.across is not None
    if (design.pair_by is None and not always) or not fewest:
        return None, ()
    found = pair(first, second)
    left_out = found.dropped[len(first.dropped) + len(second.dropped) :]
    if not always and len(found.keys) < ENOUGH and (len(found.keys) < fewest or fewest == 1):
        if fewest == 1 or not left_out:
            return None, ()
        said = (
            f"Only {len(found.keys)} of the declared pairs match between "
            f"{charting.fit(first.group.label)} and {charting.fit(second.group.label)}, so the "
            "groups are compared unpaired."
        )
        return None, (Finding("UNMATCHED_PAIRS", said),)
    if not left_out:
        return found, ()
    names = charting.dropped_words(left_out).removeprefix("Not shown: ")
    said = f"{len(found.keys)} complete pairs are compared. Without a partner: {names}"
    return found, (Finding("UNMATCHED_PAIRS", said),)


def overlap_of(groups: Sequence[Group], design: Design) -> float:
    """Test part over training part of a resampling split: as declared, else of a cross-validation
    with so many folds, at most ten.

    More than ten identities are repeats of fewer folds, or very many: a tenth is the cautious side.
    """
    if design.test_fraction is not None:
        return design.test_fraction / (1 - design.test_fraction)
    named = {key for group in groups for key in group.replicate_of if key}
    if design.repeat is not None:
        return 1 / (max(2, len({key.rpartition(JOINT)[2] for key in named})) - 1)
    return 1 / (max(2, min(len(named), 10)) - 1)


def _repeats(keys: Sequence[str]) -> int:
    """Repeats of a cross-validation whose every repeat has as many folds; 0 when they differ."""
    folds: dict[str, int] = {}
    for key in keys:
        repeat = key.rpartition(JOINT)[0]
        folds[repeat] = folds.get(repeat, 0) + 1
    return len(folds) if len(set(folds.values())) == 1 else 0


def _clusters(group: Group, keys: Sequence[str]) -> NDArray[np.intp] | None:
    """The cluster of each item as a number; an item without one is a cluster of its own."""
    known = dict(zip(group.replicate_of, group.cluster_of, strict=True))
    named = [known.get(key) or f"item {key}" for key in keys]
    return np.unique(named, return_inverse=True)[1] if named else None


def _labels(fit: Fit, keys: Sequence[str]) -> Floats:
    """The label of each item in the order of the pairs."""
    own = () if fit.labels is None else fit.labels.tolist()
    known = dict(zip(fit.sample.replicates, own, strict=True))
    return np.array([known[key] for key in keys], dtype=np.float64)


def _filled(first: Fit, second: Fit, metric: Metric, *, paired: bool) -> Filled | None:
    """The samples with failed runs scored as the worst value seen; None when there are none."""
    # a worst value over data sets or items is of another scale, or of another question
    if metric.goal is None or first.kind not in ("replicates", "folds"):
        return None
    values = np.concatenate((first.sample.values, second.sample.values))
    if not values.size or not (first.failed or second.failed):
        return None
    worst = float(values.min() if metric.goal == "maximize" else values.max())
    failed = [_not_rerun(fit) if paired else fit.failed for fit in (first, second)]
    sides = [
        _with_failures(fit, keys, worst) for fit, keys in zip((first, second), failed, strict=True)
    ]
    before = values.size
    if not paired:
        left, right = ([value for _, value in side] for side in sides)
        scored = len(left) + len(right) - before
    else:
        one, other = (_once(side) for side in sides)
        keys = [key for key in one if key in other]
        left, right = [one[key] for key in keys], [other[key] for key in keys]
        scored = sum(key in lost for key in keys for lost in failed)
    if not scored:
        return None
    return Filled(np.array(left), np.array(right), scored, worst)


def _not_rerun(fit: Fit) -> tuple[str | None, ...]:
    """Identities of failed runs, without those that another run has a value of."""
    return tuple(key for key in fit.failed if key not in fit.sample.replicates)


def _with_failures(
    fit: Fit, failed: Sequence[str | None], worst: float
) -> list[tuple[str | None, float]]:
    seen = zip(fit.sample.replicates, fit.sample.values.tolist(), strict=True)
    return [*seen, *((key, worst) for key in failed)]


def _once(side: Sequence[tuple[str | None, float]]) -> dict[str, float]:
    """Values by their identity, those left out that have none or share it."""
    keys = [key for key, _ in side]
    return {key: value for key, value in side if key is not None and keys.count(key) == 1}


# ---- words of the design -------------------------------------------------------------------------


def margin_of(metric: Metric, baseline_mean: float | None) -> float | None:
    """The declared margin in displayed units; None when there is none above 0."""
    if metric.margin is None:
        return None
    amount = metric.margin.amount
    if metric.margin.relative:
        amount = abs(baseline_mean or 0.0) * amount / 100
    return amount if amount > 0 else None


def unit_of_difference(metric: Metric) -> str:
    """Differences of per cents are points."""
    return "points" if metric.unit.strip() == "%" else metric.unit


def replicate_word(design: Design) -> str:
    """The unit of replication as one word, singular: `seed`, `fold`, `run`."""
    written = design.across or design.items or design.replicates or design.pair_by
    if written is None:
        return "run"
    name = written.strip().removeprefix("params.").removeprefix("tags.")
    if design.items or design.across:
        name = re.sub(r"[_-]?(id|index|idx|name)$", "", name)
    fallback = "item" if design.items else "data set" if design.across else "replicate"
    return name if re.fullmatch(r"[A-Za-z][\w-]{0,30}", name) else fallback
