"""Plain files: CSV, TSV, JSON, JSONL, YAML, Parquet. A row is a run, or a file is a run's history.

    - {files: results.csv, params: [model, fold], metrics: [accuracy]}
    - {files: "runs/*/metrics.csv", shape: history, step: epoch}

What the author leaves open is decided by rules (`shape.decide`, `roles.of_runs`,
`roles.of_history`), and the report says how. A file, row or cell that cannot be read is named with
its place; the rest is read.
"""

from runreport.kinds import Source
from runreport.sources.files.detect import detect
from runreport.sources.files.options import Options
from runreport.sources.files.reader import open_files

SOURCE = Source(name="files", options=Options, open=open_files, detect=detect)
