"""A location with Optuna storages: each database and each journal is read by itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from runreport.cleaning import clean_text
from runreport.errors import Problem, SourceError
from runreport.kinds import SourceContext
from runreport.sources.complaints import Complaints
from runreport.sources.optuna import Options
from runreport.sources.optuna.detect import is_journal, may_be, seems_database, what_is
from runreport.sources.optuna.journal import runs_of
from runreport.sources.optuna.rdb import Studies
from runreport.sources.partitions import Loaded, Partition, PartitionReader
from runreport.sources.pieces import PieceStore, is_sqlite, path_in, with_log
from runreport.sources.trees import locate, walk

EXPECTED = "an Optuna database, or the journal of a JournalStorage"


def open_studies(options: Options, context: SourceContext) -> PartitionReader:
    """A reader for a database, a journal, or a folder of them.

    Raises:
        SourceError: RR370 when there is none.
    """
    path = locate(context.base, path_in(options.location), EXPECTED)
    tree = walk(path)
    if path.is_dir():
        files = [
            file
            for file in tree.files
            if may_be(file.base) and (what_is(file.path) or seems_database(file.path))
        ]
    else:
        files = list(tree.files)
        if not is_sqlite(path) and not is_journal(path) and path.stat().st_size:
            shown = clean_text(path.name)
            message = f"{shown!r} is neither a SQLite file nor a journal, expected {EXPECTED}"
            raise SourceError(Problem("RR370", message, place=shown))
    pieces = [
        Partition(file.name, with_log(file.path) if is_sqlite(file.path) else (file.path,))
        for file in files
    ]
    wanted = frozenset(options.studies)

    def read(piece: Partition, _mark: Mapping[str, Any] | None) -> Loaded:
        return _load(piece, wanted, several=path.is_dir())

    store = PieceStore(path.stem, tree, pieces, read, EXPECTED)
    key = f"{path}\0{sorted(wanted)}"
    return PartitionReader(store, context, "optuna", key)


def _load(piece: Partition, wanted: frozenset[str], *, several: bool) -> Loaded:
    told = Complaints()
    path: Path = piece.files[0]
    name = clean_text(piece.name)
    if len(piece.files) > 1:
        runs = Studies(path, name, wanted, told).runs()
    else:
        runs = runs_of(path, name, wanted, told)
    if several:
        # studies of two storages may have one name
        runs = (replace(run, key=f"{piece.name}/{run.key}") for run in runs)
    return Loaded(runs, told.problems)
