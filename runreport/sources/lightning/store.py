"""Versions of Lightning's CSVLogger as runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from runreport.errors import SourceError
from runreport.kinds import Reader, SourceContext
from runreport.sources.complaints import Complaints
from runreport.sources.lightning.detect import METRICS, PARAMS
from runreport.sources.loaded import LoadedRun
from runreport.sources.partitions import Loaded, PartitionReader
from runreport.sources.rowlines import MAX_BYTES, read_csv
from runreport.sources.runfolders import FolderStore, RunFolder, folders_with, run_folders
from runreport.sources.trees import locate, walk

DOCUMENTS = (METRICS, PARAMS)
_EXPECTED = f"folders with a {METRICS}, such as version_0"


def open_logs(location: str, context: SourceContext) -> Reader:
    """A reader of the versions at a location.

    Raises:
        SourceError: RR370 when nothing is there.
    """
    path = locate(context.base, location, "a folder of Lightning's CSVLogger")
    if path.is_file():
        path = path.parent
    tree = walk(path)
    runs = run_folders(tree, folders_with(tree, METRICS))
    store = FolderStore(path.name, tree, runs, read, _EXPECTED, lambda _run: DOCUMENTS)
    return PartitionReader(store, context, "lightning", str(path))


def read(folder: RunFolder, mark: Mapping[str, Any] | None) -> Loaded:
    """One version.

    Raises:
        SourceError: RR371 when its metrics cannot be read.
    """
    told = Complaints()
    data = folder.data(METRICS, MAX_BYTES, told)
    if data is None:
        raise SourceError(told.problems())
    # what is told of rows is told of all of them, which are then read as a whole
    odd = Complaints()
    rows = read_csv(data, folder.at(METRICS), odd, mark)
    del data
    if rows is not None and rows.appended and (odd.problems() or rows.columns.texts):
        return read(folder, None)
    if rows is None:
        message = "it has no line of column names, expected those of Lightning's CSVLogger"
        if not folder.files[METRICS].size:
            message = "it is empty: nothing was logged before it was left"
        told.add("RR371", folder.at(METRICS), message)
    found = {}
    if rows is not None:
        found = _points(folder, rows.columns, rows.header, odd)
    run = LoadedRun(
        key=folder.key,
        name=folder.name,
        experiment=folder.path.parent.name or None,
        params=folder.texts(folder.yaml(PARAMS, told), PARAMS, told),
        metrics=found,
        artifacts=folder.artifacts(DOCUMENTS),
    )
    problems = (*told.problems(), *odd.problems())
    left = None if rows is None or odd.problems() else rows.mark
    return Loaded((run,), lambda: problems, lambda: left, rows is not None and rows.appended)


def _points(
    folder: RunFolder,
    columns: Any,
    header: tuple[str, ...],
    told: Complaints,
) -> dict[str, Any]:
    for name in columns.texts:
        message = f"column {name[:80]!r} holds text, expected numbers"
        told.add("RR375", folder.at(METRICS), message)
    if "step" not in header:
        message = "there is no column 'step'; rows are counted from 0"
        told.add("RR379", folder.at(METRICS), message, severity="note")
    elif lost := columns.unplaced("step"):
        message = f"{lost:,} rows have no step; their values are left out"
        told.add("RR375", folder.at(METRICS), message)
    found: dict[str, Any] = columns.points("step" if "step" in header else None)
    return found
