"""Two groups as the design aligns them: pairs, folds, items or data sets, ready for a test."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from runreport import formats
from runreport.budget import bare
from runreport.design import Design, Metric
from runreport.samples import JOINT, Dropped, Group, Paired, Sample, pair
from runreport.sections import charting
from runreport.sections.audit import ABOUT_VALUES, between
from runreport.sections.fitness import Fit
from runreport.sections.outcomes import is_time
from runreport.stats import ties, words
from runreport.stats.findings import Finding
from runreport.stats.plan import Case, Filled
from runreport.stats.refusals import refusal
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
        known = (*known, _unpaired_folds(first.sample, second.sample, design))
    audit = between(first.group, second.group, metric, design, ABOUT_VALUES)
    known = (*known, *audit.findings, *margin_findings(metric, first.mean))
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
        note=_averaged((first.sample, second.sample), design) if kind == "datasets" else "",
        against_baseline=first.group.is_baseline,
        sides=(first.group.id, second.group.id),
    )
    if lone := _one_fixed(first, second, case):
        case = replace(case, known=(*case.known, lone))
    return case, dropped


def _one_fixed(first: Fit, second: Fit, case: Case) -> Finding | None:
    """That one of two groups does not vary, where they are tested all the same."""
    if case.kind not in ("replicates", "folds") or case.n < ENOUGH:
        return None
    fixed = [
        (fit, values)
        for fit, values in ((first, case.baseline), (second, case.candidate))
        if ties.is_constant(values)
    ]
    if len(fixed) != 1 or refusal(case) is not None:
        return None
    ((fit, values),) = fixed
    metric, each = fit.sample.metric, words.several(case.unit_of_replication)
    said = (
        f"{charting.fit(fit.group.label)} has the same value of {charting.fit(metric.title, 40)}, "
        f"{charting.value_text(float(values[0]), metric)}, for all {formats.number(values.size)} "
        f"{each}: it is at a limit of the metric, {each} have no effect, or the runs are copies of "
        "one. All of the scatter in this comparison is the other group's."
    )
    return Finding("DUPLICATE_RUNS", said)


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


# ---- pairs ---------------------------------------------------------------------------------------


def _unpaired_folds(first: Sample, second: Sample, design: Design) -> Finding:
    """Folds that are compared as if they were independent, and how to have them paired."""
    said = (
        "Folds of one data set share training data, which this test takes for independent: its p "
        "is too small."
    )
    if design.pair_by is not None:
        return Finding("DEPENDENT_FOLDS", f"{said} Only paired folds can be corrected for it.")
    name = charting.fit(design.replicates or "fold", 40)
    several = any(count > 1 for own in (first, second) for count in _counts(own).values())
    more = f" and {APART}" if several and design.repeat is None else ""
    return Finding("DEPENDENT_FOLDS", f"{said} Declare `pair_by: {name}`{more}.")


APART = "`repeat`, the column that tells the repeats of a cross-validation apart"


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
        count = len(found.keys)
        match = "match" if count != 1 else "matches"
        said = (
            f"{f'Only {count}' if count else 'None'} of the declared pairs {match} between "
            f"{charting.fit(first.group.label)} and {charting.fit(second.group.label)}, so the "
            f"groups are compared unpaired: {_unmatched(first, second, design)}"
        )
        return None, (Finding("UNMATCHED_PAIRS", said),)
    if not left_out:
        return found, ()
    pairs = formats.count(len(found.keys), "complete pair")
    start = f"{pairs} {'is' if len(found.keys) == 1 else 'are'} compared. Left out"
    if not found.keys:
        start = "No pair is complete"
    said = f"{start}: {_unmatched(first, second, design)}"
    return found, (Finding("UNMATCHED_PAIRS", said),)


def _unmatched(first: Sample, second: Sample, design: Design) -> str:
    """Which identities of pairs have no single partner and why, and what would give them one."""
    key = replicate_word(replace(design, replicates=design.pair_by or design.replicates))
    if design.repeat is not None:
        key = f"repeat{JOINT}{key}"
    parts = [*_alone(first, second, key), *_alone(second, first, key), *_without(first, key)]
    parts += [*_without(second, key), *(often := list(_often((first, second), key)))]
    said = f"{'; '.join(parts)}."
    if not often:
        return said
    if kind_of(design, first.metric) == "folds" and design.repeat is None:
        return f"{said} Declare {APART}."
    return (
        f"{said} None of these has a single partner: select one of them, average them first, or "
        "name what tells them apart in `by`."
    )


def _alone(own: Sample, other: Sample, key: str) -> Iterator[str]:
    """`no value for seeds 3, 4 in A`."""
    theirs = _counts(other)
    if lone := [name for name in _counts(own) if name not in theirs]:
        yield f"no value for {_keys(lone, key)} in {charting.fit(other.group.label)}"


def _without(own: Sample, key: str) -> Iterator[str]:
    """`2 runs of A have no seed`."""
    if count := own.replicates.count(None):
        has = "has" if count == 1 else "have"
        runs, name = formats.count(count, "run"), charting.fit(own.group.label)
        yield f"{runs} of {name} {has} no {key}"


def _often(sides: Sequence[Sample], key: str) -> Iterator[str]:
    """`seed 1 occurs 2 times in A`, `each item occurs 3 times in A and B`."""
    said: dict[str, list[str]] = {}
    for own in sides:
        counts = _counts(own)
        several = [name for name, count in counts.items() if count > 1]
        if not several:
            continue
        times = {counts[name] for name in several}
        often = f"{formats.number(times.pop())} times" if len(times) == 1 else "several times"
        if len(several) == len(counts) > 1:
            start = f"each {key} occurs"
        else:
            start = f"{_keys(several, key)} {'occurs' if len(several) == 1 else 'occur'}"
        said.setdefault(f"{start} {often} in", []).append(charting.fit(own.group.label))
    for start, names in said.items():
        yield f"{start} {' and '.join(names)}"


def _counts(own: Sample) -> Counter[str]:
    """How often each identity occurs, numbers by size."""
    return Counter(sorted((key for key in own.replicates if key is not None), key=charting.natural))


def _keys(names: Sequence[str], key: str) -> str:
    """`seed 3`, `seeds 3, 4`."""
    return f"{key if len(names) == 1 else words.several(key)} {charting.named(names)}"


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


def _averaged(sides: Sequence[Sample], design: Design) -> str:
    """What the value of a data set is the mean of; empty where it is one run's."""
    sizes: set[int] = set()
    for own in sides:
        gone = {item.run_id for item in own.dropped}
        tasks = zip(own.group.runs, own.group.across_of, strict=True)
        sizes |= set(Counter(task for run, task in tasks if task and run.id not in gone).values())
    if max(sizes, default=1) == 1:
        return ""
    low, high = min(sizes), max(sizes)
    unit = "run" if design.replicates is None else replicate_word(replace(design, across=None))
    count = f"{low} to " if low < high else ""
    said = (
        f"The value of each {replicate_word(design)} is the mean of its "
        f"{count}{words.plural(unit, high)}, which count as one"
    )
    if design.replicates is None:
        return f"{said}; what makes them differ is not declared (`replicates`)."
    return f"{said}."


def margin_findings(metric: Metric, baseline_mean: float | None) -> tuple[Finding, ...]:
    """That a relative margin comes to nothing, as what it is relative to is 0."""
    margin = metric.margin
    if margin is None or not margin.relative or baseline_mean is None:
        return ()
    if margin.amount <= 0 or margin_of(metric, baseline_mean) is not None:
        return ()
    said = (
        f"The spec asks for a margin of {words.short(margin.amount)} % of the baseline on "
        f"{charting.fit(metric.title)}, which is 0 here: differences are held against 0 instead. "
        f"Declare a margin {f'in {metric.unit.strip()}' if metric.unit.strip() else 'as a size'}."
    )
    return (Finding("METHOD_OVERRIDDEN", said),)


def unit_of_difference(metric: Metric) -> str:
    """Differences of per cents are points."""
    return "points" if metric.unit.strip() == "%" else metric.unit


def replicate_word(design: Design) -> str:
    """The unit of replication as one word, singular: `seed`, `fold`, `run`."""
    written = design.across or design.items or design.replicates or design.pair_by
    if written is None:
        return "run"
    name = bare(written)
    if design.items or design.across:
        name = re.sub(r"[_-]?(id|index|idx|name)$", "", name)
    fallback = "item" if design.items else "data set" if design.across else "replicate"
    return name if re.fullmatch(r"[A-Za-z][\w-]{0,30}", name) else fallback
