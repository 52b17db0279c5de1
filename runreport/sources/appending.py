"""A piece of a store that grew: what an earlier build read of it, with what came since."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from runreport.columns import filled, numbers, values
from runreport.sources.loaded import UNKNOWN_TIME, LoadedRun, Points, summary
from runreport.sources.pointfiles import PointFile
from runreport.sources.shelf import Held


def joined(earlier: Held, later: Held, files: Sequence[PointFile]) -> Held:
    """What an earlier build read, with what came since.

    Args:
        earlier: what was held.
        later: what was read from there on.
        files: of points, those of the earlier first.
    """
    before = {run.key: run for run in earlier.runs}
    runs = dict(before)
    for run in later.runs:
        if (known := before.get(run.key)) is None:
            runs[run.key] = run
            continue
        both = sorted(set(known.summaries) & set(run.summaries))
        summaries = {**known.summaries, **run.summaries}
        if both:
            for metric, points in _series(files, run.key, both).items():
                summaries[metric] = summary(points)
        runs[run.key] = _merged(known, run, summaries)
    # what was cut off then has been read now, or is told again
    settled = [problem for problem in earlier.problems if problem.code != "RR372"]
    problems = tuple(dict.fromkeys((*settled, *later.problems)))
    rows = {**earlier.points, **later.points}
    awaited = later.awaited
    return Held(later.signs, tuple(runs.values()), problems, later.mark, rows, awaited)


def _merged(known: LoadedRun, run: LoadedRun, summaries: Mapping[str, Any]) -> LoadedRun:
    artifacts = {a.path: a for a in (*known.artifacts, *run.artifacts)}
    return replace(
        run,
        started=known.started or run.started,
        ended=run.ended or known.ended,
        status=run.status if run.status != "unknown" else known.status,
        params={**known.params, **run.params},
        tags={**known.tags, **run.tags},
        summaries=summaries,
        artifacts=tuple(artifacts.values()),
        lineage=tuple(dict.fromkeys((*known.lineage, *run.lineage))),
    )


def _series(files: Iterable[PointFile], key: str, metrics: Collection[str]) -> dict[str, Points]:
    """One run's points of some metrics, out of several files."""
    found: dict[str, list[Points]] = {}
    for file in files:
        for table in file.points({key: key}, metrics):
            names = values(table["metric"])
            step, value = numbers(table["step"]), numbers(table["value"])
            times = filled(table["time"], UNKNOWN_TIME)
            labels = np.array(names)
            for metric in dict.fromkeys(names):
                rows = labels == metric
                found.setdefault(metric, []).append(Points(step[rows], value[rows], times[rows]))
    return {
        metric: Points(
            np.concatenate([p.step for p in parts]),
            np.concatenate([p.value for p in parts]),
            np.concatenate([p.time for p in parts if p.time is not None]),
        )
        for metric, parts in found.items()
    }
