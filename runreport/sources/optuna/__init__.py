"""Trials of Optuna studies: a SQLite database, or the log of a `JournalStorage`.

    - {optuna: sqlite:///optuna.db}
    - {optuna: journal.log, studies: [cifar-lr]}
    - {optuna: sweeps}

A trial is a run, named by its number, and its study is its experiment. Params are as the objective
function saw them (the choice of a categorical one, not its index); one that a conditional search
space left out is missing. A lone objective is the metric `value`, several are `values_0`,
`values_1`, or what `set_metric_names` called them; reported values are the history of
`intermediate_value`. User attributes are tags of their own names, system attributes and the study's
begin with `optuna.`, and `optuna.state` is what Optuna says: COMPLETE is finished, FAIL failed,
PRUNED killed, since it did not run to its end, RUNNING and WAITING are running. Databases hold
local times without a zone; they are shown as if they were UTC. Heartbeats are not read, nor is
what a sampler keeps for itself beyond its attributes.
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
    """A database (`sqlite:///optuna.db` or its path), a journal file, or a folder of them."""
    studies: tuple[str, ...] = ()
    """Names of the studies to read; all when empty."""


def open_studies(options: Options, context: SourceContext) -> Reader:
    """As `store.open_studies`, loaded where a report has studies."""
    from runreport.sources.optuna import store

    return store.open_studies(options, context)


def detect(path: Path) -> Found | None:
    """As `detect.detect`, loaded where somebody looks."""
    from runreport.sources.optuna.detect import detect as found_at

    return found_at(path)


SOURCE = Source(name="optuna", options=Options, open=open_studies, detect=detect)
