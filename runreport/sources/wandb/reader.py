"""The runs of a location, each id a partition; logs that grew are read on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from runreport.cleaning import clean_text
from runreport.errors import Problem, SourceError
from runreport.kinds import Reader, SourceContext
from runreport.sources.complaints import Complaints
from runreport.sources.loaded import LoadedRun
from runreport.sources.partitions import Loaded, Partition, PartitionReader
from runreport.sources.trees import Tree, locate, read_file, walk
from runreport.sources.wandb.columns import Columns
from runreport.sources.wandb.facts import Material, files_of, read_documents, run_of, tell
from runreport.sources.wandb.later import cut_short, go_on, mark_of
from runreport.sources.wandb.log import Log, read_log
from runreport.sources.wandb.places import OLD_HISTORY, Place, Segment, runs_in

EXPECTED = "a W&B run folder, a folder with such folders below it, or a `.wandb` file"
SERVICE = "wandb://"
MAX_OLD_HISTORY = 1_000_000_000
"""Bytes of a `wandb-history.jsonl`."""


def open_location(location: str, context: SourceContext) -> Reader:
    """A reader of what lies at a location.

    Raises:
        SourceError: RR370 when nothing is there, RR377 when a package is missing.
    """
    if location.startswith(SERVICE):
        from runreport.sources.wandb.service import open_service

        return open_service(location, context)
    path = locate(context.base, location, EXPECTED)
    tree = walk(path)
    store: Any
    found = runs_in(tree)
    if not found.places:
        from runreport.sources.wandb.exports import ExportStore, exports_in

        if exports := exports_in(tree):
            store = ExportStore(_experiment(path), tree, exports)
            return PartitionReader(store, context, "wandb", str(path))
    store = RunStore(_experiment(path), tree, tuple(found.places), tuple(found.problems))
    return PartitionReader(store, context, "wandb", str(path))


def _experiment(path: Path) -> str:
    """What a location is called; a folder that W&B itself calls `wandb` says nothing."""
    return clean_text((path.parent if path.name == "wandb" else path).name) or "wandb"


@dataclass(frozen=True, eq=False)
class RunStore:
    """Run folders below a location."""

    experiment: str
    tree: Tree
    places: Sequence[Place]
    notes: Sequence[Problem]

    def partitions(self) -> Sequence[Partition]:
        """The folders of one run id each.

        Raises:
            SourceError: RR370 when there is none.
        """
        if not self.places:
            shown = clean_text(self.tree.root.name)
            message = f"no run in {shown!r}: expected {EXPECTED}"
            hint = "a project of the service is named `wandb://ENTITY/PROJECT`"
            raise SourceError([Problem("RR370", message, None, hint, place=shown), *self.notes])
        return [
            Partition(place.key, tuple(file for part in place.segments for file in part.watched()))
            for place in self.places
        ]

    def folders(self) -> Sequence[Path]:
        """Every folder that was looked into."""
        return self.tree.folders

    def problems(self) -> Sequence[Problem]:
        """What was left out while runs were looked for."""
        return self.notes

    def load(self, partition: Partition, mark: Mapping[str, Any] | None) -> Loaded:
        """The run, or the runs, of one id.

        Raises:
            SourceError: RR371 when nothing of it can be read.
        """
        place = next(place for place in self.places if place.key == partition.name)
        if mark is not None and (later := go_on(place, mark)) is not None:
            return later
        told = Complaints()
        materials = _materials(place, told)
        runs: list[LoadedRun] = []
        left: dict[str, Any] | None = None
        for number, material in enumerate(materials):
            key = place.key if not number else f"{place.key}@{material.segments[0].stamp or number}"
            files = files_of(material.segments)
            run, used, lone = run_of(material, key, files)
            tell(material)
            runs.append(run)
            if len(materials) == 1 and not lone:
                left = mark_of(material, used, run, files)
        return Loaded(runs, told.problems, lambda: left)


def _materials(place: Place, told: Complaints) -> list[Material]:
    """What the folders of an id hold: those that go on with an earlier one together with it.

    Raises:
        SourceError: RR371 when none can be read.
    """
    found: list[Material] = []
    failed: list[Problem] = []
    for segment in place.segments:
        into = found[-1].log if found else None
        log, is_read = _read_into(segment, into, told, failed)
        if not is_read and not segment.document("config.yaml") and not _has_summary(segment):
            continue
        if found and log is into:
            found[-1].segments.append(segment)
            message = f"it goes on with {found[-1].segments[0].folder.place!r}; they are one run"
            where = clean_text(segment.folder.place)
            told.add("RR379", where, clean_text(message), severity="note", kind="joined")
        else:
            if found:
                message = "a new start under the id of an earlier run, which it does not go on with"
                where = clean_text(segment.folder.place)
                told.add("RR379", where, message, severity="note", kind="apart")
            found.append(Material([segment], log, told))
    if not found:
        raise SourceError(failed)
    for problem in failed:
        told.add("RR371", problem.place or "", problem.message)
    for material in found:
        read_documents(material)
    return found


def _has_summary(segment: Segment) -> bool:
    return any(segment.document(n) for n in ("wandb-summary.json", OLD_HISTORY))


def _read_into(
    segment: Segment, earlier: Log | None, told: Complaints, failed: list[Problem]
) -> tuple[Log, bool]:
    """The log of a folder: the earlier one, grown, when the folder goes on with it."""
    if segment.log is None:
        log = Log()
        return log, _old_history(segment, log.columns, told)
    where = segment.folder.at(segment.log.base)
    try:
        log = read_log(segment.log.path)
        if earlier is not None and log.resumes:
            # read once more, behind what came before
            log = read_log(segment.log.path, None, earlier)
    except (OSError, ValueError) as error:
        words = (error.strerror or "").lower() if isinstance(error, OSError) else str(error)
        problem = Problem("RR371", words or "it cannot be read", place=where)
        failed.append(problem)
        return Log(), False
    _damages(log, where, told)
    return log, True


def _damages(log: Log, where: str, told: Complaints) -> None:
    """Say what of a log was not read."""
    for damage in log.damages:
        message = f"{damage.words} at byte {damage.offset:,}; {damage.length:,} bytes are skipped"
        told.add("RR373", where, message)
    if log.cut:
        problem = cut_short(log, where)
        told.add(problem.code, where, problem.message)


def _old_history(segment: Segment, columns: Columns, told: Complaints) -> bool:
    """The history of versions before 0.10: JSON lines."""
    name = segment.document(OLD_HISTORY)
    if name is None:
        return False
    import json

    where = segment.folder.at(name)
    try:
        data = read_file(segment.folder.files[name].path, MAX_OLD_HISTORY)
    except (OSError, ValueError) as error:
        told.add("RR371", where, str(error))
        return False
    lines = data.split(b"\n")
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            row = orjson.loads(line)
        except ValueError:
            try:
                row = json.loads(line)
            except (ValueError, RecursionError):
                if number == len(lines):
                    message = "the file ends within a line; everything before it is read"
                    told.add("RR372", where, message, line=number)
                else:
                    told.add("RR373", where, "no JSON in this line; it is skipped", line=number)
                continue
        if isinstance(row, dict):
            columns.add_row(row)
    return True
