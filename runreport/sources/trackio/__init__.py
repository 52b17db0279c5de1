"""Projects of trackio: its databases, or the Parquet files that it exports.

    - {trackio: ~/.cache/huggingface/trackio/cifar.db}
    - {trackio: trackio}
    - {trackio: export/metrics.parquet, system: true}

A database is an experiment and every run in it a run, known by its id (in databases older than run
ids by its name). The config becomes params, nested keys joined by `.`; keys that begin with `_` are
trackio's own: the user, the time of creation, the group (tag `group`). Numbers are metrics as they
were logged, nested ones joined by `.`; images, tables and other media are artifacts, as are files
of artifacts that a run made, and artifacts that it used are its data. trackio does not say how a
run ended, so its status is unknown. Texts, histograms, traces and alerts are not read; hardware
metrics (`system/...`) only when `system` is true. Old versions wrote local times without a zone;
they are shown as if they were UTC.
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
    """A database, an exported Parquet file, or a folder of them."""
    system: bool = False
    """Whether to read hardware metrics too, numbered from 0 since trackio gives them no step."""


def open_projects(options: Options, context: SourceContext) -> Reader:
    """As `store.open_projects`, loaded where a report has projects."""
    from runreport.sources.trackio.store import open_projects as opened

    return opened(options, context)


def detect(path: Path) -> Found | None:
    """As `detect.detect`, loaded where somebody looks."""
    from runreport.sources.trackio.detect import detect as found_at

    return found_at(path)


SOURCE = Source(name="trackio", options=Options, open=open_projects, detect=detect)
