"""Inspect's evaluation logs: `.eval` archives and `.json` files, an evaluation or a sample a run.

    - {inspect: logs}
    - {inspect: logs, unit: sample}
    - {inspect: logs, unit: sample, reduce: none, fields: [subject]}

A log is a run: its params are the model, the task with its version and arguments, the solver, what
was set of generation (`generate.temperature`) and of the evaluation (`config.epochs`); lists of
objects are left out. Metrics are the scorers' own (`match/accuracy`, `match/stderr`), the counts of
samples, and the tokens used. Lineage holds the Git commit, package versions, data set and model.

With `unit: sample` each sample is a run with the same params, an `item` (`TASK/ID`) and its scores:
C, P, I and N count 1, 0.5, 0 and 0, as do yes and true, no and false; scores of several values are
`scorer/key`. Epochs are averaged, or with `reduce: none` runs of their own with the param `epoch`.
`fields` names entries of the samples' metadata that become params (`metadata.subject`). Two models
on the same items are compared by `groups: {by: [params.model], items: item, baseline: ...}`.

A log without an end (the evaluation crashed, or still runs) has the status running and the samples
that its journal holds. Not read: messages, events, attachments and stores of samples.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from runreport.kinds import Found, Reader, Source, SourceContext
from runreport.sources.units import Reduce, Unit

__all__ = ["SOURCE", "Options"]


@dataclass(frozen=True, slots=True)
class Options:
    """What an entry may say."""

    location: str
    """A folder with logs, at any depth, or one log."""
    unit: Unit = "run"
    """What a run of the tables is: an evaluation, or one sample of one."""
    reduce: Reduce = "mean"
    """Several epochs of a sample: their mean, or a run each. Of `unit: sample` alone."""
    fields: tuple[str, ...] = ()
    """Entries of the samples' metadata that become params, as `metadata.NAME`."""


def open_logs(options: Options, context: SourceContext) -> Reader:
    """As `store.open_logs`, loaded where a report has such logs."""
    from runreport.sources.inspect import store

    return store.open_logs(options.location, options.unit, options.reduce, options.fields, context)


def detect(path: Path) -> Found | None:
    """As `detect.detect`, loaded where somebody looks."""
    from runreport.sources.inspect.detect import detect as found_at

    return found_at(path)


SOURCE = Source(name="inspect", options=Options, open=open_logs, detect=detect)
