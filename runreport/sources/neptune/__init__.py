"""Runs that neptune-exporter saved as Parquet, before Neptune's service ended.

    - {neptune: exports/data}
    - {neptune: exports/data, files: exports/files, metrics: [metrics/*, test/*]}

A run is one exported run (`RUN-1_part_0.parquet`, ...), known by project and id; its project is the
experiment. Float series are metrics, with their decimal steps. Lone values are params under their
own paths, except those that `metrics` names, which are metrics; datetimes are written in ISO form.
Of `sys/...` name, owner, times, state and failure become the run's own facts, tags its tags, the
rest tags of their own names. Files and file series are artifacts, found in the folder `files` of
the export. String series and histogram series are not read; what Neptune logs of the machine
(`monitoring/...`) only when `system` is true.
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
    """The exporter's folder of data, a project's folder in it, or one Parquet file."""
    files: str = ""
    """The exporter's folder of files; `files` in or beside the location when empty."""
    metrics: tuple[str, ...] = ("metrics/*",)
    """Patterns of lone numbers that are outcomes rather than params."""
    system: bool = False
    """Whether to read `monitoring/...` too."""


def open_exports(options: Options, context: SourceContext) -> Reader:
    """As `store.open_exports`, loaded where a report has exports."""
    from runreport.sources.neptune.store import open_exports as opened

    return opened(options, context)


def detect(path: Path) -> Found | None:
    """As `detect.detect`, loaded where somebody looks."""
    from runreport.sources.neptune.detect import detect as found_at

    return found_at(path)


SOURCE = Source(name="neptune", options=Options, open=open_exports, detect=detect)
