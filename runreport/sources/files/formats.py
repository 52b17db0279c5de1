"""One way to read a file of any kind."""

from __future__ import annotations

from runreport.sources.complaints import Complaints
from runreport.sources.files import delimited, documents, lines, parquet
from runreport.sources.files.places import File
from runreport.sources.files.sheets import Numeric, Sheet


def read_sheet(file: File, complaints: Complaints, numeric: Numeric) -> Sheet:
    """The rows of a file.

    Args:
        file: what to read; its ending said its format.
        complaints: receives what could not be read.
        numeric: says, of a large file's first rows, which columns are needed as numbers alone.

    Raises:
        SourceError: RR343-RR348, RR359 when the file has no reading at all.
    """
    if file.format == "json":
        return documents.read_json(file, complaints)
    if file.format == "yaml":
        return documents.read_yaml(file, complaints)
    if file.format == "parquet":
        return parquet.read(file, complaints)
    read = lines.read if file.format == "jsonl" else delimited.read
    return read(file, complaints, numeric)
