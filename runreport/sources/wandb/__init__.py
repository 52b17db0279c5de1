"""Weights & Biases: run folders read in place, exported histories, or the service itself.

    - {wandb: wandb}
    - {wandb: wandb://my-team/cifar10}

A location is a run folder (`run-…`, `offline-run-…`), a `wandb` folder, a folder that has such
folders below it, a `.wandb` file, a folder with the Parquet files of run history artifacts, or a
project of the service, which needs the extra `wandb` and `WANDB_API_KEY`. Config becomes params,
nested keys joined by `.`; numbers of the history become metrics, by the step metric that the run
declared for them where every point has one, by `_step` otherwise; what is only in the summary
becomes a lone value. Texts of the summary become tags `summary.NAME`; tags, group, job type,
notes, sweep, project and entity become tags. Git commit, command, Python, requirements, GPU,
logged and used artifacts become lineage. Media, tables, histograms, logs and saved files are
artifacts. Not read: system metrics, console output, artifact contents, pickles.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from runreport.kinds import Found, Reader, Source, SourceContext

__all__ = ["SOURCE", "Options"]


@dataclass(frozen=True, slots=True)
class Options:
    """`- {wandb: LOCATION}`."""

    location: str
    """A run folder, a folder with run folders below it, a `.wandb` file, a folder of exported
    histories, or `wandb://ENTITY/PROJECT`."""


def open_wandb(options: Options, context: SourceContext) -> Reader:
    """A reader of what lies at the location, loaded where a report has such runs.

    Raises:
        SourceError: RR370 when nothing is there, RR377 when the service is named and its package
            is not installed.
    """
    from runreport.sources.wandb.reader import open_location

    return open_location(options.location, context)


def detect(path: Path) -> Found | None:
    """Whether a path holds W&B runs."""
    from runreport.sources.wandb.detect import detect as found_at

    return found_at(path)


SOURCE = Source(name="wandb", options=Options, open=open_wandb, detect=detect)
