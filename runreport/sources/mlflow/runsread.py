"""What one reading of a file store's runs finds, in this process or another."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace

from runreport.cleaning import clean_text
from runreport.errors import Problem, SourceError
from runreport.sources.folders import Doors, Folder, reason
from runreport.sources.mlflow import shelf
from runreport.sources.mlflow.facts import DatasetInput
from runreport.sources.mlflow.folderwise import PlainRun, read_plain
from runreport.sources.mlflow.metalines import MetaError
from runreport.sources.mlflow.runfolder import MetricFile, ReadRun, RunFolders
from runreport.sources.mlflow.wholesale import Unfit
from runreport.tables import RunTables

_UNREADABLE = "a run cannot be read: "


@dataclass(frozen=True, slots=True)
class RunPlace:
    """A folder that should be a run's."""

    parent: str
    """Folder of its experiment."""
    name: str
    experiment: str
    datasets: Mapping[str, DatasetInput]


AnyRun = PlainRun | ReadRun


@dataclass(frozen=True, slots=True)
class Half:
    """What another process read."""

    runs: list[AnyRun]
    problems: list[Problem]
    digests: list[tuple[str, bytes]]
    folders: list[str]
    """That were looked into."""


@dataclass(slots=True)
class Seen:
    """Takes the digests of files, while there is time."""

    name: str
    """Of the store."""
    deadline: float
    digests: list[tuple[str, bytes]] = field(default_factory=list)

    def __call__(self, place: str, digest: bytes) -> None:
        self.digests.append((place, digest))
        self.check()

    def check(self) -> None:
        """See that there is time left.

        Raises:
            SourceError: RR314.
        """
        if time.monotonic() > self.deadline:
            hint = "name the experiments to read: `experiments: [...]`"
            message = f"reading {self.name} took too long"
            raise SourceError(Problem("RR314", message, None, hint, place=self.name))


@dataclass(frozen=True, slots=True)
class Read:
    """What one reading of the tables found."""

    tables: RunTables
    runs: Mapping[str, AnyRun]
    """By the ids of the tables."""
    seen: list[tuple[str, bytes]]
    """Digests of files that were read, by place; plain runs have their own."""
    folders: frozenset[str]
    """That were looked into, below the root."""
    artifacts: shelf.Shelf

    def digests(self) -> list[tuple[str, bytes]]:
        """Of the files that were read, by place."""
        plain = (run for run in self.runs.values() if isinstance(run, PlainRun))
        return [*self.seen, *(one for run in plain for one in run.digests)]

    def looked_at(self) -> dict[str, int]:
        """Metric files to the bytes of them that were read; their digests are taken only now."""
        return {place: size for run in self.runs.values() for place, size in run.sizes.items()}

    def files(self, run_id: str) -> dict[str, list[tuple[str, MetricFile]]]:
        """Names in the store and files, by metric of the tables: two names may differ by
        unprintable characters alone.
        """
        run = self.runs.get(run_id)
        if run is None:
            return {}
        return by_clean_name(run.files() if isinstance(run, PlainRun) else run.metrics)


def read_runs(
    root: Folder, folders: Sequence[RunPlace], readers: RunFolders, seen: Seen
) -> list[AnyRun]:
    """The runs that can be read and are not deleted."""
    found: list[AnyRun] = []
    with closing(Doors(root)) as doors:
        for one in folders:
            known = replace(readers, datasets=one.datasets)
            place = f"{one.parent}/{one.name}"
            try:
                run = _run(doors.of((one.parent,)), one.name, one.experiment, known)
            except MetaError as error:
                readers.told.tell("RR306", f"{_UNREADABLE}{error}", one.name, where=place)
                continue
            except OSError as error:
                readers.told.tell("RR306", _UNREADABLE + reason(error), one.name, where=place)
                continue
            seen.check()
            if run is not None:
                found.append(run)
    return found


def _run(folder: Folder, name: str, experiment: str, readers: RunFolders) -> AnyRun | None:
    """One run; None when it was deleted.

    Raises:
        MetaError, OSError: it cannot be read.
    """
    with folder.folder(name) as inside:
        meta = readers.run_meta(inside, name)
        if meta is None:
            return None
        listed = len(folder.listed)
        try:
            return read_plain(inside, name, experiment, meta, readers)
        except (Unfit, OSError):
            del folder.listed[listed:]
            return readers.read(inside, name, experiment, meta)


def by_clean_name(files: Mapping[str, MetricFile]) -> dict[str, list[tuple[str, MetricFile]]]:
    """Names in the store and files, by the name that tables have."""
    found: dict[str, list[tuple[str, MetricFile]]] = {}
    for name, file in files.items():
        found.setdefault(clean_text(name), []).append((name, file))
    return found
