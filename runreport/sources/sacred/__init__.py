"""Runs that Sacred's FileStorageObserver wrote: `ID/run.json`, `config.json`, `metrics.json`.

    - {sacred: runs}
    - {sacred: runs/17}

A folder with a `run.json` is a run, its experiment the one it names. Params are `config.json`,
nested keys joined by `.`; metrics are `metrics.json` with steps and times, `result` when it is a
number (`result.KEY` for an object of numbers), and numbers and lists of numbers of `info.json` as
`info.KEY`; texts among them are tags. Status, times, host, Python, packages, Git repositories,
sources and resources (with their digests) come from `run.json`; what a failed run said last is the
tag `error`. Artifacts are its other files, `cout.txt` too. Numbers that numpy stored as objects are
read, other encoded Python objects are not constructed and named. Times without a zone are UTC, as
Sacred writes them.
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
    """The folder of a FileStorageObserver, or one run's folder."""


def open_runs(options: Options, context: SourceContext) -> Reader:
    """As `store.open_runs`, loaded where a report has such runs."""
    from runreport.sources.sacred import store

    return store.open_runs(options.location, context)


def detect(path: Path) -> Found | None:
    """As `detect.detect`, loaded where somebody looks."""
    from runreport.sources.sacred.detect import detect as found_at

    return found_at(path)


SOURCE = Source(name="sacred", options=Options, open=open_runs, detect=detect)
