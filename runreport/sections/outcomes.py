"""Values that are more than one number: items with their label, times with whether they ended."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from runreport.design import Metric
from runreport.samples import Dropped, Sample, ValueOf
from runreport.stats import areas, corpus
from runreport.tables import FINISHED

Floats = NDArray[np.float64]

_TIME = re.compile(r"step_(?:above|below)\((.*),[^,]*\)")


def is_time(metric: Metric) -> bool:
    """Whether a metric is the step at which a run reaches a value."""
    return _TIME.fullmatch(metric.value.strip()) is not None


def with_censored(reached: Sample, value_of: ValueOf) -> tuple[Sample, NDArray[np.bool_]]:
    """Times of all finished runs, and whether each reached the target.

    A run that never did is censored at its last step: it took longer than that, and leaving it out
    would make its group look faster.
    """
    metric, group = reached.metric, reached.group
    match = _TIME.fullmatch(metric.value.strip())
    last = Metric(
        f"{metric.name}.last_step",
        value=f"last_step({match[1] if match else metric.name})",
        scale=metric.scale,
    )
    seen = {run.id: value for run, value in zip(reached.runs, reached.values.tolist(), strict=True)}
    rows = []
    for run, key in zip(group.runs, group.replicate_of, strict=True):
        if run.id in seen:
            rows.append((run, key, seen[run.id], True))
        elif run.status in FINISHED:
            limit = value_of(run, last).number
            if limit is not None:
                rows.append((run, key, limit, False))
    kept = {run.id for run, *_ in rows}
    whole = replace(
        reached,
        values=np.array([value for _, _, value, _ in rows], dtype=np.float64),
        runs=tuple(run for run, *_ in rows),
        replicates=tuple(key for _, key, _, _ in rows),
        dropped=tuple(item for item in reached.dropped if item.run_id not in kept),
    )
    return whole, np.array([ended for *_, ended in rows], dtype=np.bool_)


def labelled(drawn: Sample, value_of: ValueOf) -> tuple[Sample, Floats]:
    """The items that have a label, and their labels."""
    metric = drawn.metric
    truth = Metric(f"{metric.name}.truth", value=metric.truth)
    labels = [value_of(run, truth).number for run in drawn.runs]
    kept = [place for place, label in enumerate(labels) if label in (0.0, 1.0)]
    lost = tuple(
        Dropped(run.id, run.name, f"{metric.truth} is neither 0 nor 1")
        for run, label in zip(drawn.runs, labels, strict=True)
        if label not in (0.0, 1.0)
    )
    part = replace(
        drawn,
        values=drawn.values[kept],
        runs=tuple(drawn.runs[place] for place in kept),
        replicates=tuple(drawn.replicates[place] for place in kept),
        dropped=(*drawn.dropped, *lost),
    )
    return part, np.array([labels[place] for place in kept], dtype=np.float64)


def score_of(metric: Metric, labels: Floats, values: Floats) -> float | None:
    """The metric's statistic of all items in displayed units; None where it is not defined."""
    return corpus.score_of(metric.statistic, labels, values, metric.scale)


def interval_of(
    metric: Metric, labels: Floats | None, values: Floats, level: float
) -> tuple[float, float] | None:
    """Of the statistic of one group's items, displayed units; None where there is none."""
    if metric.statistic != "auc" or labels is None:
        return None
    found = areas.area(labels, values).interval(level)
    if found is None:
        return None
    return found.low * metric.scale, found.high * metric.scale
