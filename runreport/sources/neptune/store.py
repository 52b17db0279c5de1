"""A location with exports of Neptune: the files of each run are read by themselves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from runreport.cleaning import clean_text
from runreport.errors import Problem, SourceError
from runreport.kinds import SourceContext
from runreport.sources.complaints import Complaints
from runreport.sources.listing import artifact_kind
from runreport.sources.loaded import LoadedRun
from runreport.sources.neptune import Options
from runreport.sources.neptune.detect import PART, is_export
from runreport.sources.neptune.parts import read
from runreport.sources.neptune.runs import run_of
from runreport.sources.partitions import Loaded, Partition, PartitionReader
from runreport.sources.pieces import Files, PieceStore
from runreport.sources.trees import Tree, TreeFile, locate, walk
from runreport.tables import Artifact

EXPECTED = "Parquet files of neptune-exporter, such as PROJECT/RUN-1_part_0.parquet"


def open_exports(options: Options, context: SourceContext) -> PartitionReader:
    """A reader for an export, a project in it, or one file.

    Raises:
        SourceError: RR370 when there is none.
    """
    path = locate(context.base, options.location, EXPECTED)
    tree = walk(path)
    root = _files_root(path, options.files, context.base)
    pieces = _pieces(tree, path)
    wanted = options.metrics

    def load(piece: Partition, _mark: Mapping[str, Any] | None) -> Loaded:
        told = Complaints()
        return Loaded(
            _runs(piece, tree.root, root, wanted, told, system=options.system), told.problems
        )

    notes = _unfinished(tree)
    store = PieceStore(path.stem, tree, pieces, load, EXPECTED, notes)
    key = f"{path}\0{root}\0{wanted}\0{options.system}"
    return PartitionReader(store, context, "neptune", key)


def _files_root(path: Path, named: str, base: Path) -> Path | None:
    """Where the exporter put files."""
    if named:
        found = locate(base, named, "the exporter's folder of files")
        if not found.is_dir():
            message = f"{clean_text(named)!r} is no folder, expected the exporter's files"
            raise SourceError(Problem("RR370", message, place=clean_text(named)))
        return found
    above = [path, *path.parents][:4]
    return next((folder / "files" for folder in above if (folder / "files").is_dir()), None)


def _pieces(tree: Tree, path: Path) -> list[Partition]:
    """The parts of each run together, in order."""
    groups: dict[str, list[tuple[int, TreeFile]]] = {}
    for file in tree.files:
        match = PART.fullmatch(file.base)
        if match:
            start = f"{file.folder}/" if file.folder else ""
            groups.setdefault(start + match["run"], []).append((int(match["number"]), file))
        elif path == file.path or (file.base.endswith(".parquet") and is_export(file.path)):
            groups.setdefault(file.name, []).append((0, file))
    return [
        Partition(name, tuple(f.path for _, f in sorted(parts, key=lambda part: part[0])))
        for name, parts in sorted(groups.items())
    ]


def _unfinished(tree: Tree) -> list[Problem]:
    names = [f.name for f in tree.files if f.base.endswith(".parquet.tmp")]
    if not names:
        return []
    message = f"{len(names):,} files of an export that was not finished are not read"
    return [Problem("RR372", message, None, "export again", "warning", clean_text(names[0]))]


def _runs(
    piece: Partition,
    top: Path,
    root: Path | None,
    wanted: tuple[str, ...],
    told: Complaints,
    *,
    system: bool,
) -> Iterator[LoadedRun]:
    names = [clean_text(path.relative_to(top).as_posix()) for path in piece.files]
    files = None if root is None else Files(root)
    # files lie in a folder that is called as that of the data
    folder = piece.files[0].parent.name

    def artifact(place: str, name: str) -> Artifact:
        for candidate in (f"{folder}/{place}", place):
            found = files.artifact(candidate, name) if files is not None else None
            if found is not None:
                return found
        return Artifact(name, artifact_kind(name), None, None, None)

    for exported in read(piece.files, names, told):
        for kind, rows in exported.unread.items():
            words = f"{rows:,} values of {kind.replace('_', ' ')} are not read"
            told.add("RR375", names[0], words, severity="note", kind=kind)
        yield run_of(exported, wanted, artifact, system=system)
