"""A location with trackio projects: each database and each export is read by itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from runreport.cleaning import clean_text
from runreport.errors import Problem, SourceError
from runreport.kinds import SourceContext
from runreport.sources.complaints import Complaints
from runreport.sources.loaded import LoadedRun
from runreport.sources.partitions import Loaded, Partition, PartitionReader
from runreport.sources.pieces import PieceStore, is_sqlite, path_in, with_log
from runreport.sources.trackio import Options
from runreport.sources.trackio.detect import may_be, seems_database, what_is
from runreport.sources.trackio.export import beside, runs_of
from runreport.sources.trackio.project import Project
from runreport.sources.trees import locate, walk

EXPECTED = "a trackio database, or the Parquet files that it exports"


def open_projects(options: Options, context: SourceContext) -> PartitionReader:
    """A reader for a database, an export, or a folder of them.

    Raises:
        SourceError: RR370 when there is none.
    """
    where = str(Path(path_in(options.location)).expanduser())
    path = locate(context.base, where, EXPECTED)
    tree = walk(path)
    if path.is_dir():
        files = [
            file
            for file in tree.files
            if may_be(file.base) and (what_is(file.path) or seems_database(file.path))
        ]
        databases = {file.path.with_suffix("") for file in files if is_sqlite(file.path)}
        files = [
            file
            for file in files
            if is_sqlite(file.path) or file.path.with_suffix("") not in databases
        ]
    else:
        files = list(tree.files)
        if path.suffix.lower() != ".parquet" and not is_sqlite(path) and path.stat().st_size:
            shown = clean_text(path.name)
            message = f"{shown!r} is neither a SQLite nor a Parquet file, expected {EXPECTED}"
            raise SourceError(Problem("RR370", message, place=shown))
    pieces = []
    for file in files:
        exported = file.base.lower().endswith(".parquet")
        inside = (file.path, *beside(file.path)) if exported else with_log(file.path)
        pieces.append(Partition(file.name, inside, in_place=not exported))

    def read(piece: Partition, mark: Mapping[str, Any] | None) -> Loaded:
        return _load(piece, mark, system=options.system, several=path.is_dir())

    experiment = path.parent.name if path.name == "metrics.parquet" else path.stem
    store = PieceStore(experiment, tree, pieces, read, EXPECTED)
    return PartitionReader(store, context, "trackio", f"{path}\0{options.system}")


def _load(
    piece: Partition, mark: Mapping[str, Any] | None, *, system: bool, several: bool
) -> Loaded:
    told = Complaints()
    path: Path = piece.files[0]
    name = clean_text(piece.name)
    project = path.parent.name if path.name == "metrics.parquet" else path.stem
    runs: Iterable[LoadedRun]
    if not piece.in_place:
        runs = runs_of(path, project, told, system=system)
        return Loaded(_named(runs, project, several=several), told.problems)
    database = Project(path, name, told, system=system)
    database.check(mark)
    runs = _named(database.runs(mark), project, several=several)
    return Loaded(runs, told.problems, lambda: database.left, database.appended)


def _named(runs: Iterable[LoadedRun], project: str, *, several: bool) -> Iterable[LoadedRun]:
    for run in runs:
        # runs of two projects may have one name
        key = f"{project}/{run.key}" if several else run.key
        yield replace(run, key=key, experiment=project)
