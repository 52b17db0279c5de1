"""MLflow's file store: a folder (`mlruns`) of experiments, each a folder of runs."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import pyarrow as pa

from runreport.beside import beside
from runreport.errors import Problem, SourceError
from runreport.kinds import Reader, SourceContext
from runreport.sources.folders import Doors, Folder, reason
from runreport.sources.limits import LIMITS, Limits
from runreport.sources.mlflow import shelf
from runreport.sources.mlflow.collect import Collector
from runreport.sources.mlflow.facts import ModelVersion, select_experiments
from runreport.sources.mlflow.fileseries import FileSeries, Wanted, tell_odd
from runreport.sources.mlflow.folderwise import PlainRun, many_runs
from runreport.sources.mlflow.keptruns import KeptRuns
from runreport.sources.mlflow.metalines import MetaError
from runreport.sources.mlflow.metriclines import Oddities
from runreport.sources.mlflow.options import Options
from runreport.sources.mlflow.places import Place, is_file_store
from runreport.sources.mlflow.registered import read_datasets, read_versions
from runreport.sources.mlflow.runfolder import RunFolders
from runreport.sources.mlflow.runsread import (
    AnyRun,
    Half,
    Read,
    RunPlace,
    Seen,
    read_runs,
)
from runreport.sources.mlflow.wholesale import Unfit, Wholesale
from runreport.tables import RunTables

MODELS = "models"
"""Folder of the model registry, beside the experiments."""
DIVIDED = 40
"""Runs from which on two processes read them."""
_NO_RUNS = frozenset({"datasets", "models", "tags", "traces"})
"""Folders of an experiment that are not runs."""


def open_folder(
    place: Place, options: Options, context: SourceContext, limits: Limits = LIMITS
) -> Reader:
    """A reader of a folder.

    Raises:
        SourceError: RR301 unreadable, RR304 not a file store.
    """
    with _faults(place.name), Folder.root(place.path):
        pass
    if not is_file_store(place.path) and not (place.path / ".trash").is_dir():
        message = f"{place.name} is no MLflow store: no folder in it has an experiment's meta.yaml"
        hint = "name the folder that holds the experiments, usually mlruns"
        raise SourceError(Problem("RR304", message, None, hint, place=place.name))
    roots = shelf.roots(place.path, options, context)
    return FolderReader(place, options, context, limits, roots)


class FolderReader:
    """Reads one file store."""

    def __init__(
        self,
        place: Place,
        options: Options,
        context: SourceContext,
        limits: Limits,
        roots: tuple[Path, ...],
    ) -> None:
        self._place = place
        self._options = options
        self._context = context
        self._limits = limits
        self._roots = roots
        self._read: Read | None = None
        self._kept: KeptRuns | None = None
        if context.cache is not None:
            folder = shelf.place(context.cache, place.path)
            self._kept = KeptRuns(folder, place.name, context)
        # two processes read a large store here already
        self.divisible = False

    def tables(self) -> RunTables:
        """Every run that is not deleted, of the experiments that were asked for.

        Raises:
            SourceError: RR301, RR314, and RR305 for an experiment that is not there.
        """
        self._read = self._all()
        return self._read.tables

    def histories(self, runs: Sequence[str], metrics: Collection[str]) -> Iterator[pa.Table]:
        """Raw points, as the files were when the tables were read.

        Raises:
            SourceError: RR301.
        """
        read = self._read = self._read or self._all()
        names = sorted(set(metrics))
        wanted = [
            Wanted(run, metric, key, file, Oddities())
            for run in runs
            for files in [read.files(run)]
            for metric in names
            for key, file in files.get(metric, ())
        ]
        told = self._collector()
        with _faults(self._place.name), Folder.root(self._place.path) as root:
            series = FileSeries(root, told)
            if self._kept is not None and self._kept.usable:
                yield from self._kept.parts(series.signed(wanted), series.fetch, series.goes_on)
            else:
                yield from series.parts(wanted)
        tell_odd(told, wanted)
        for problem in told.tables().problems:
            self._context.tell(problem)

    def places(self) -> Sequence[Path]:
        """Every file that was read, every folder that was looked into, and those of artifacts."""
        read = self._read = self._read or self._all()
        own = {place for place, _ in read.digests()} | read.folders
        return sorted({*(self._place.path / place for place in own), *read.artifacts.looked_at})

    def fingerprint(self) -> Mapping[str, str]:
        """SHA-256 over everything that the tables came from, and over the artifacts listed."""
        read = self._read = self._read or self._all()
        found = {"files": self._digest(read)}
        if listed := shelf.digest(read.tables):
            found["artifacts"] = listed
        return found

    def _digest(self, read: Read) -> str:
        """Over the names and contents of all files that were read."""
        digests = read.digests()
        with (
            _faults(self._place.name),
            Folder.root(self._place.path) as root,
            closing(Doors(root)) as doors,
        ):
            for place, size in read.looked_at().items():
                folder, _, name = place.rpartition("/")
                own = hashlib.sha256()
                try:
                    for block in doors.of(tuple(folder.split("/"))).blocks(name, size):
                        own.update(block)
                except OSError:
                    own.update(b"it is gone")
                digests.append((place, own.digest()))
        whole = hashlib.sha256()
        for place, part in sorted(digests):
            whole.update(place.encode("utf-8", "surrogateescape") + b"\0" + part)
        return whole.hexdigest()

    def _collector(self) -> Collector:
        return Collector(self._context.qualifier, self._place.name, self._limits)

    def _all(self) -> Read:
        told = self._collector()
        seen = Seen(self._place.name, time.monotonic() + self._limits.seconds)
        readers = RunFolders(self._limits, told, seen)
        with _faults(self._place.name), Folder.root(self._place.path) as root:
            versions = read_versions(root, MODELS, readers)
            folders = [
                one
                for name, folder in self._experiments(root, readers)
                for one in self._runs(root, folder, name, readers)
            ]
            found = self._runs_in(root, folders, readers, seen)
        found.sort(key=lambda run: (run.started or 0, run.run_id))
        try:
            artifacts = self._add_at_once(found, versions, told)
        except Unfit:
            if len(found) > self._limits.runs:
                message = f"showing the newest {self._limits.runs:,} of {len(found):,} runs"
                told.tell("RR307", message)
                found = found[-self._limits.runs :]
            artifacts = self._add(found, versions, told)
        inside = frozenset([*root.listed, *(f"{one.parent}/{one.name}" for one in folders)])
        runs = {told.qualified(run.run_id): run for run in found}
        return Read(told.tables(), runs, seen.digests, inside, artifacts)

    def _runs_in(
        self, root: Folder, folders: Sequence[RunPlace], readers: RunFolders, seen: Seen
    ) -> list[AnyRun]:
        """The runs of these folders; of many, another process reads the second half."""
        half = len(folders) // 2 if len(folders) >= DIVIDED else len(folders)

        def rest() -> Half:
            told, other = self._collector(), Seen(seen.name, seen.deadline)
            runs = read_runs(root, folders[half:], replace(readers, told=told, seen=other), other)
            return Half(runs, told.problems, other.digests, root.listed)

        if half == len(folders):
            return read_runs(root, folders, readers, seen)
        with beside(rest) as second:
            first = read_runs(root, folders[:half], readers, seen)
            other = second()
        readers.told.problems += other.problems
        seen.digests += other.digests
        root.listed += other.folders
        return [*first, *other.runs]

    def _experiments(self, root: Folder, readers: RunFolders) -> list[tuple[str, str]]:
        """Names and folders of the experiments to read."""
        known: list[tuple[str, str]] = []
        folders: dict[str, str] = {}
        for name, kind in root.names():
            if name.startswith(".") or name == MODELS or kind == "file":
                continue
            root.listed.append(name)
            try:
                if kind == "other":
                    raise MetaError("it is a link, which is not followed")
                with root.folder(name) as folder:
                    meta = readers.meta(folder)
            except (MetaError, OSError) as error:
                message = f"folder {name!r} is not read as an experiment: {error}"
                readers.told.tell("RR306", message, where=name)
                continue
            number = meta.get("experiment_id") or name
            if meta.get("lifecycle_stage") != "deleted" and number not in folders:
                known.append((number, meta.get("name") or number))
                folders[number] = name
        chosen = select_experiments(known, self._options.experiments, self._place.name)
        return [(name, folders[number]) for number, name in chosen]

    def _runs(
        self, root: Folder, folder: str, experiment: str, readers: RunFolders
    ) -> Iterator[RunPlace]:
        try:
            with root.folder(folder) as inside:
                datasets = read_datasets(inside, readers)
                for name, kind in inside.names():
                    if kind != "file" and name not in _NO_RUNS and not name.startswith("."):
                        yield RunPlace(folder, name, experiment, datasets)
        except OSError as error:
            message = f"experiment {experiment!r} cannot be read to its end: {reason(error)}"
            readers.told.tell("RR306", message, where=folder)

    def _add_at_once(
        self,
        found: Sequence[AnyRun],
        versions: Mapping[str, Sequence[ModelVersion]],
        told: Collector,
    ) -> shelf.Shelf:
        """Take all runs into the tables; what lists their artifacts.

        Raises:
            Unfit: before anything is taken, when something has to be mended or told.
        """
        plain = [run for run in found if isinstance(run, PlainRun)]
        if len(plain) < len(found):
            raise Unfit("a run in whose folder something is odd")
        whole = Wholesale(many_runs(plain, versions), told.qualifier, self._limits)
        artifacts = shelf.Shelf(self._roots, self._limits)
        beside = [f"{run.folder}/artifacts" for run in plain]
        listed = artifacts.all_of([(run.run_id, run.address) for run in plain], told, beside)
        told.take(whole, listed)
        artifacts.tell(told)
        return artifacts

    def _add(
        self,
        found: Sequence[AnyRun],
        versions: Mapping[str, Sequence[ModelVersion]],
        told: Collector,
    ) -> shelf.Shelf:
        """Take the runs into the tables; what was looked at for their artifacts."""
        artifacts = shelf.Shelf(self._roots, self._limits)
        for one in found:
            run = one.read() if isinstance(one, PlainRun) else one
            number = run.run_id
            own = f"{run.folder}/artifacts"
            listed = artifacts.of(number, run.address, told, beside=own)
            made = versions.get(number, ())
            told.add(replace(run.facts, artifacts=listed, versions=made))
        artifacts.tell(told)
        return artifacts


@contextmanager
def _faults(name: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        message = f"cannot read {name}: {reason(error)}"
        hint = "check the path and who may read it"
        raise SourceError(Problem("RR301", message, None, hint, place=name)) from error
