"""Lightning's CSVLogger: `NAME/version_N/metrics.csv` with `hparams.yaml` beside it.

    - {lightning: lightning_logs}
    - {lightning: logs/cifar/version_0}

A folder with a `metrics.csv` is a run, the folder above it the experiment. Params are what
`hparams.yaml` holds, nested keys joined by `.`; Python objects in it are not constructed: of those
the plain content is read. Each column but `step` is a metric, `epoch` too: a row has what was
logged together, so that an empty cell is no point and several rows may have one step. Checkpoints
and other files of the folder are artifacts. The logger writes no status and no times. Not read: the
hyperparameters inside checkpoints, which are pickles; event files, which are read as `tensorboard`.
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
    """A folder with versions, at any depth, or one version's folder."""


def open_logs(options: Options, context: SourceContext) -> Reader:
    """As `store.open_logs`, loaded where a report has such logs."""
    from runreport.sources.lightning import store

    return store.open_logs(options.location, context)


def detect(path: Path) -> Found | None:
    """As `detect.detect`, loaded where somebody looks."""
    from runreport.sources.lightning.detect import detect as found_at

    return found_at(path)


SOURCE = Source(name="lightning", options=Options, open=open_logs, detect=detect)
