"""Plain files: CSV, TSV, JSON, JSONL, YAML, Parquet. A row is a run, or a file is a run's history.

    - {files: results.csv, params: [model, fold], metrics: [accuracy]}
    - {files: "runs/*/metrics.csv", shape: history, step: epoch}

What the author leaves open is decided by rules (`shape.decide`, `roles.of_runs`,
`roles.of_history`), and the report says how. A file, row or cell that cannot be read is named with
its place; the rest is read.
"""

from __future__ import annotations

from pathlib import Path

from runreport.kinds import Found, Reader, Source, SourceContext
from runreport.sources.files.options import Options

__all__ = ["SOURCE", "Options"]


def open_files(options: Options, context: SourceContext) -> Reader:
    """As `reader.open_files`, loaded where a report has plain files."""
    from runreport.sources.files import reader

    return reader.open_files(options, context)


def detect(path: Path) -> Found | None:
    """As `detect.detect`, loaded where somebody looks."""
    from runreport.sources.files.detect import detect as found_at

    return found_at(path)


SOURCE = Source(name="files", options=Options, open=open_files, detect=detect)
