"""Jobs of Hydra: folders with `.hydra/config.yaml`, single or of a multirun.

    - {hydra: multirun, metrics: metrics.json}
    - {hydra: outputs}

A folder with `.hydra` is a run, the app's name its experiment. Params are `config.yaml`, nested
keys joined by `.`; `${a.b}` is replaced by what it names, other interpolations stay as written.
Overrides, the job's number, choices of config groups, and what a sweeper found best are tags.
Hydra keeps no metrics: `metrics` names the file in which a job wrote its own (JSON, JSON lines,
CSV or YAML; `*` stands for any part of a name); without it the first of `metrics`, `results`,
`result`, `scores`, `eval` with such an ending is read, else a `metrics.csv` of Lightning's
CSVLogger. An object of numbers is last values; rows, and lists of numbers, are histories. Other
files are artifacts. Hydra writes no status and no times. Not read: `config.pickle`,
`job_return.pickle`.
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
    """A job's folder, or a folder with jobs at any depth: `outputs`, `multirun`."""
    metrics: str = ""
    """The file in each job's folder that holds its metrics; empty: by rule."""


def open_jobs(options: Options, context: SourceContext) -> Reader:
    """As `store.open_jobs`, loaded where a report has jobs."""
    from runreport.sources.hydra import store

    return store.open_jobs(options.location, options.metrics, context)


def detect(path: Path) -> Found | None:
    """As `detect.detect`, loaded where somebody looks."""
    from runreport.sources.hydra.detect import detect as found_at

    return found_at(path)


SOURCE = Source(name="hydra", options=Options, open=open_jobs, detect=detect)
