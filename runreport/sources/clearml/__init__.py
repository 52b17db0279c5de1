"""Tasks that ClearML logged offline: the ZIP file of a session, or its folder.

    - {clearml: ~/.clearml/cache/offline}
    - {clearml: offline-464d8b57209e4e448f0577dd57caa0b1.zip}

A session is a run, and its project the experiment. Hyperparameters of the section General keep
their names, those of others begin with it (`Args/lr`), as on ClearML's own pages; texts are as
ClearML wrote them. A scalar is the metric `title/series`, or the title alone where both are the
same; a single value has its own name. User properties and tags are tags. Repository, script and
its differences, requirements and container are lineage; uploaded artifacts, configuration objects,
debug samples and models are artifacts. An offline session does not say how it ended, so the status
is unknown unless the task was exported with one. ClearML replaces NaN and infinities by 0 before
it writes. Plots are not read; machine metrics (`system/...`) only when `system` is true.
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
    """A session's ZIP file or folder, or a folder of them."""
    system: bool = False
    """Whether to read what ClearML logs of the machine (`:monitor:gpu`) as metrics too."""


def open_sessions(options: Options, context: SourceContext) -> Reader:
    """As `store.open_sessions`, loaded where a report has sessions."""
    from runreport.sources.clearml import store

    return store.open_sessions(options, context)


def detect(path: Path) -> Found | None:
    """As `detect.detect`, loaded where somebody looks."""
    from runreport.sources.clearml.detect import detect as found_at

    return found_at(path)


SOURCE = Source(name="clearml", options=Options, open=open_sessions, detect=detect)
