"""Experiments of Ray Tune: trial folders with `result.json` and `params.json`.

    - {ray_tune: ray_results/exp}
    - {ray_tune: ray_results}

A trial's folder is a run, the folder above it the experiment. Metrics are the lines of
`result.json` (of `progress.csv` where there is none) at their `training_iteration`, nested names
joined by `/` as Ray writes them, with the line's `timestamp`; params are `params.json`, nested keys
joined by `.`. Status, start and failures come from the newest `experiment_state-*.json`; without
one a trial is finished when its last line is `done`, failed when there is an `error.txt`. Its own
bookkeeping (`pid`, `hostname`, `node_ip`, `config`, ...) is no metric. Checkpoints and other files
are artifacts. Not read: `params.pkl`, `tuner.pkl`, `error.pkl` and other pickles; event files in
trial folders, which say the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from runreport.kinds import Found, Reader, Source, SourceContext

__all__ = ["SOURCE", "Options"]


@dataclass(frozen=True, slots=True)
class Options:
    """What an entry may say."""

    location: str
    """An experiment's folder, a folder with experiments, or one trial's folder."""


def open_trials(options: Options, context: SourceContext) -> Reader:
    """As `store.open_trials`, loaded where a report has trials."""
    from runreport.sources.ray_tune import store

    return store.open_trials(options.location, context)


def detect(path: Path) -> Found | None:
    """As `detect.detect`, loaded where somebody looks."""
    from runreport.sources.ray_tune.detect import detect as found_at

    return found_at(path)


SOURCE = Source(name="ray_tune", options=Options, open=open_trials, detect=detect)
