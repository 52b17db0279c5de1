"""Whether the runs of a group are fit for a comparison: what is missing, copied or far out."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from runreport import formats
from runreport.design import Metric
from runreport.samples import REASONS, Dropped, Group, Sample, ValueOf, by_task, sample
from runreport.sections import charting
from runreport.sections.outcomes import interval_of, labelled, score_of, with_censored
from runreport.stats import effects, ties
from runreport.stats.findings import Finding
from runreport.stats.result import Kind
from runreport.tables import FINISHED, Run

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Fit:
    """One group's usable values, and what must be said about the group."""

    sample: Sample
    """Without copies and values out of range."""
    failed: tuple[str | None, ...]
    """Replicate of each run that failed, was killed or diverged; None where it has none."""
    findings: tuple[Finding, ...]
    kind: Kind = "replicates"
    """What a value is of."""
    labels: Floats | None = None
    """What each item is, beside the values, where the metric's statistic needs it."""
    events: NDArray[np.bool_] | None = None
    """Of times: whether the run reached the target; the others are censored at their last step."""
    overlap: float = 0.0
    """Of folds: test part over training part; their mean varies more than independent ones'."""
    score: float | None = None
    """The metric's statistic of all items, displayed units; None where that is the mean."""

    @property
    def group(self) -> Group:
        return self.sample.group

    @property
    def mean(self) -> float | None:
        """What stands for the group: of items the metric's statistic. None without a value."""
        if self.score is not None:
            return self.score
        return float(self.sample.values.mean()) if self.sample.values.size else None

    def interval(self, level: float) -> tuple[float, float] | None:
        """Of what stands for the group; None where values are too few or it has none."""
        metric, values = self.sample.metric, self.sample.values
        if self.score is None:
            found = charting.t_interval(values, level)
            if found is None or not self.overlap:
                return found
            mean, wider = float(values.mean()), math.sqrt(1 + values.size * self.overlap)
            return mean - (mean - found[0]) * wider, mean + (found[1] - mean) * wider
        return interval_of(metric, self.labels, values, level)


def fit_of(
    group: Group,
    metric: Metric,
    value_of: ValueOf,
    kind: Kind = "replicates",
    overlap: float = 0.0,
) -> Fit:
    """The usable values of a group: one per run, or the mean of each data set."""
    used, copies = _in_range(sample(group, metric, value_of)), tuple[Dropped, ...]()
    events = None
    if kind == "times":
        used, events = with_censored(used, value_of)
    # items repeat values by nature, and runs that never reach a target share their last step
    if kind not in ("items", "times"):
        used, copies = _without_copies(used)
    labels = None
    if metric.statistic != "mean":
        used, labels = labelled(used, value_of)
    missing = tuple(item for item in used.dropped if item not in copies)
    findings = (
        *_missing(group, metric, used, missing, len(copies), kind),
        *_copied(group, copies),
        # folds, items and data sets differ from each other by nature
        *(_far_out(group, metric, used) if kind == "replicates" else ()),
    )
    failed = tuple(_failed(group, metric, value_of))
    if kind == "datasets":
        used = by_task(used)
    score = None if labels is None else score_of(metric, labels, used.values)
    return Fit(used, failed, findings, kind, labels, events, overlap, score)


def metric_findings(metric: Metric) -> tuple[Finding, ...]:
    """What must be said about how a metric was declared."""
    found = []
    name = charting.fit(metric.title)
    best = {"maximize": ("max",), "minimize": ("min",), None: ("max", "min")}[metric.goal]
    if metric.value.split("(")[0].strip() in best:
        said = (
            f"{name} is the best value over all steps of each run. The more often a run was "
            "evaluated, the higher its best by luck alone; a value of the last step, or one chosen "
            "on other data, is not."
        )
        found.append(Finding("BEST_OF_CHECKPOINTS", said))
    if metric.goal is None:
        said = f"No goal is declared for {name}, so nothing is ranked by it."
        found.append(Finding("NO_GOAL", said))
    elif metric.goal_guessed:
        said = f"The goal of {name} ({metric.goal}) was guessed from its name; declare it."
        found.append(Finding("DIRECTION_GUESSED", said))
    return tuple(found)


# ---- values --------------------------------------------------------------------------------------


def _in_range(raw: Sample) -> Sample:
    fine = charting.usable(raw.values)
    if fine.all():
        return raw
    reason = f"{charting.fit(raw.metric.title, 40)} is out of range"
    beyond = [
        Dropped(run.id, run.name, reason) for run, ok in zip(raw.runs, fine, strict=True) if not ok
    ]
    return _keep(raw, np.flatnonzero(fine).tolist(), beyond)


def _without_copies(raw: Sample) -> tuple[Sample, tuple[Dropped, ...]]:
    """The sample with each value counted once where runs are copies of each other."""
    first: dict[tuple[float, str | None], int] = {}
    tasks = dict(zip((run.id for run in raw.group.runs), raw.group.across_of, strict=False))
    copies: dict[int, Dropped] = {}
    constant = raw.values.size > 1 and ties.is_constant(raw.values)
    for index, value in enumerate(raw.values.tolist()):
        # two data sets may well give one value
        original = first.setdefault((value, tasks.get(raw.runs[index].id)), index)
        if original != index and _is_copy(raw, original, index, constant):
            run = raw.runs[index]
            name = charting.fit(raw.runs[original].name or raw.runs[original].id, 40)
            copies[index] = Dropped(run.id, run.name, f"equal to {name} in every bit")
    if not copies:
        return raw, ()
    kept = [index for index in range(raw.values.size) if index not in copies]
    dropped = tuple(copies.values())
    return _keep(raw, kept, dropped), dropped


def _is_copy(raw: Sample, original: int, index: int, constant: bool) -> bool:
    """Whether two runs of one value are one run.

    The same seed with the same value is; another seed only if it agrees in every metric, since
    values that are counted (347 of 360 right) coincide by chance.
    """
    one, other = raw.replicates[original], raw.replicates[index]
    if one is not None and one == other:
        return True
    # where all agree, the comparison says so and makes no test
    if constant or ties.is_coarse(float(raw.values[index]) / (raw.metric.scale or 1.0)):
        return False
    if one is None or other is None:
        return True
    return _agree(raw.runs[original], raw.runs[index])


def _agree(one: Run, other: Run) -> bool:
    shared = one.metrics.keys() & other.metrics.keys()
    lasts = [one.metrics[name].last for name in shared]
    if any(one.metrics[name].last != other.metrics[name].last for name in shared):
        return False
    # a value may be computed from counts alone, a game's score from its points
    return not lasts or any(last is not None and not ties.is_coarse(last) for last in lasts)


def _keep(raw: Sample, places: Sequence[int], dropped: Sequence[Dropped]) -> Sample:
    return replace(
        raw,
        values=raw.values[list(places)],
        runs=tuple(raw.runs[index] for index in places),
        replicates=tuple(raw.replicates[index] for index in places),
        dropped=(*raw.dropped, *dropped),
    )


def _failed(group: Group, metric: Metric, value_of: ValueOf) -> Iterator[str | None]:
    for run, replicate in zip(group.runs, group.replicate_of, strict=True):
        state = value_of(run, metric).state
        finished = run.status in FINISHED
        if run.status in ("failed", "killed") or (finished and state in ("nan", "inf")):
            yield replicate


# ---- words ---------------------------------------------------------------------------------------


def _missing(
    group: Group,
    metric: Metric,
    used: Sample,
    missing: Sequence[Dropped],
    copies: int,
    kind: Kind,
) -> Iterator[Finding]:
    if not missing:
        return
    total, name = len(group.runs), charting.fit(group.label)
    reasons = charting.dropped_words(missing).removeprefix("Not shown: ")
    count = used.values.size + copies
    said = f"{name}: {count} of {total} finished with a value of {charting.fit(metric.title, 40)}."
    said = f"{said} Left out: {reasons}"
    # an empty cell or a lost log says nothing of the value, a NaN says that the run diverged
    never = sum(item.reason == REASONS["missing"].format(metric=metric.title) for item in missing)
    if never and metric.goal is not None and kind in ("replicates", "folds"):
        what = (
            "A run that finished without logging it counts"
            if never == 1
            else ("Runs that finished without logging it count")
        )
        said += f" {what} as missing, not as failed, and has no worst value put in its place."
    yield Finding("MISSING_RUNS", said)


def _copied(group: Group, copies: Sequence[Dropped]) -> Iterator[Finding]:
    if not copies:
        return
    of_each: dict[str, list[str]] = {}
    for item in copies:
        of_each.setdefault(item.reason, []).append(charting.fit(item.name or item.run_id, 40))
    parts = [
        f"{charting.named(names, 2)} {'is' if len(names) == 1 else 'are'} {reason}"
        for reason, names in list(of_each.items())[:3]
    ]
    rest = sum(len(names) for names in list(of_each.values())[3:])
    if rest:
        parts.append(f"{formats.count(rest, 'more run')} too")
    said = (
        f"{charting.fit(group.label)}: {'; '.join(parts)}. Copies count once. Remove them from the "
        "selection, or find out why different seeds give the same run."
    )
    yield Finding("DUPLICATE_RUNS", said)


def _far_out(group: Group, metric: Metric, used: Sample) -> Iterator[Finding]:
    places = ties.far_out(used.values)
    if not places:
        return
    decimals = formats.decimals_for(float(np.ptp(used.values)))
    far = [
        f"{charting.fit(used.runs[index].name or used.runs[index].id, 40)} "
        f"({formats.with_unit(formats.fixed(float(used.values[index]), decimals), metric.unit)})"
        for index in places[:4]
    ]
    more = f" and {len(places) - 4} more" if len(places) > 4 else ""
    centres = ", ".join(
        f"{name} {formats.fixed(value, decimals)}"
        for name, value in (
            ("mean", float(used.values.mean())),
            ("median", float(np.median(used.values))),
            ("mean of the middle half", effects.interquartile_mean(used.values)),
        )
    )
    stands, kept = ("lies", "It is kept") if len(places) == 1 else ("lie", "They are kept")
    said = (
        f"{charting.fit(group.label)}: {', '.join(far)}{more} {stands} far from the other runs. "
        f"{kept}: {centres}."
    )
    yield Finding("POSSIBLE_COLLAPSE", said)
