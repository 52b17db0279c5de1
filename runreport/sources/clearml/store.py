"""A location with offline sessions: each ZIP file and each folder is read by itself."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from runreport.cleaning import clean_text
from runreport.errors import Problem, SourceError
from runreport.kinds import SourceContext
from runreport.sources.archive import Archive
from runreport.sources.clearml import Options
from runreport.sources.clearml.bundle import Packed, Unpacked
from runreport.sources.clearml.detect import TASK, is_archive, is_session
from runreport.sources.clearml.session import Session
from runreport.sources.complaints import Complaints
from runreport.sources.partitions import Loaded, Partition, PartitionReader
from runreport.sources.pieces import PieceStore
from runreport.sources.trees import Tree, locate, walk

EXPECTED = "an offline session of ClearML: a ZIP file or folder with task.json"
MAX_WATCHED = 2_000
"""Files of one folder whose change makes it be read again."""


def open_sessions(options: Options, context: SourceContext) -> PartitionReader:
    """A reader for a session, or a folder of them.

    Raises:
        SourceError: RR370 when there is none.
    """
    path = locate(context.base, str(Path(options.location).expanduser()), EXPECTED)
    tree = walk(path)
    pieces = _in_folder(tree) if path.is_dir() else [Partition(path.name, (path,))]

    def read(piece: Partition, mark: Mapping[str, Any] | None) -> Loaded:
        return _load(tree.root, piece, mark, system=options.system)

    store = PieceStore(path.stem, tree, pieces, read, EXPECTED)
    return PartitionReader(store, context, "clearml", f"{path}\0{options.system}")


def _in_folder(tree: Tree) -> list[Partition]:
    """Sessions below a folder; of one that is there twice the ZIP file, which was made last."""
    packed = {
        file.name: Partition(file.name, (file.path,))
        for file in tree.files
        if file.base.lower().endswith(".zip") and is_archive(file.path)
    }
    twice = {name[: -len(".zip")] for name in packed}
    unpacked: dict[str, Partition] = {}
    for file in tree.files:
        if file.base != TASK or file.folder in twice or not is_session(file.path.parent):
            continue
        start = f"{file.folder}/" if file.folder else ""
        files = [f.path for f in tree.files if f.name.startswith(start)]
        unpacked[file.folder] = Partition(file.folder or ".", tuple(files[:MAX_WATCHED]))
    return [piece for _, piece in sorted({**packed, **unpacked}.items())]


def _load(root: Path, piece: Partition, mark: Mapping[str, Any] | None, *, system: bool) -> Loaded:
    told = Complaints()
    name = clean_text(piece.name)
    path = root if piece.name == "." else root / piece.name
    if path.is_dir():
        place = "" if piece.name == "." else piece.name
        session = Session(Unpacked(path, place), name, told, system=system)
        run = session.run(mark)
        return Loaded((run,), told.problems, lambda: session.left, session.appended)
    try:
        with Archive(path) as archive:
            if archive.cut is not None:
                words = f"its list of members is lost; read up to byte {archive.cut:,}"
                told.add("RR373", name, words)
            if TASK not in archive:
                message = f"there is no {TASK} in it, expected {EXPECTED}"
                raise SourceError(Problem("RR371", message, place=name))
            run = Session(Packed(archive, piece.name), name, told, system=system).run(None)
    except ValueError as error:
        raise SourceError(Problem("RR371", str(error), place=name)) from None
    return Loaded((run,), told.problems)
