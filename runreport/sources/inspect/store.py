"""A location with logs of Inspect; each is read by itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from runreport.cleaning import clean_text
from runreport.kinds import Reader, SourceContext
from runreport.sources.complaints import Complaints
from runreport.sources.inspect.detect import is_log
from runreport.sources.inspect.logs import read_log
from runreport.sources.inspect.runs import evaluation, scored
from runreport.sources.loaded import LoadedRun
from runreport.sources.partitions import Loaded, Partition, PartitionReader
from runreport.sources.pieces import PieceStore
from runreport.sources.scored import digest_of, in_folder, item_runs, unknown
from runreport.sources.trees import TreeFile, locate, walk
from runreport.sources.units import Reduce, Unit
from runreport.tables import Artifact

EXPECTED = "a folder with Inspect's logs, or one log (.eval or .json)"


def open_logs(
    location: str, unit: Unit, reduce: Reduce, fields: Sequence[str], context: SourceContext
) -> Reader:
    """A reader of one log, or of every log in a folder and below it.

    Raises:
        SourceError: RR370 when nothing is there.
    """
    path = locate(context.base, location, EXPECTED)
    tree = walk(path)
    alone = not path.is_dir()
    # an archive that is no log is told, not left out: its name says that it should be one
    files = {
        file.name: file
        for file in tree.files
        if alone or file.base.lower().endswith(".eval") or is_log(file.path)
    }
    pieces = [Partition(name, (file.path,)) for name, file in files.items()]
    store = PieceStore(
        experiment=tree.root.name,
        tree=tree,
        pieces=pieces,
        read=Logs(files, unit, reduce, tuple(fields)),
        expected=EXPECTED,
    )
    options = f"{unit}\0{reduce}\0{','.join(fields)}" if unit == "sample" else unit
    return PartitionReader(store, context, "inspect", f"{path}\0{options}")


@dataclass(frozen=True)
class Logs:
    """How one log is read."""

    files: Mapping[str, TreeFile]
    unit: Unit
    reduce: Reduce
    fields: tuple[str, ...]

    def __call__(self, partition: Partition, _mark: Mapping[str, object] | None) -> Loaded:
        """The run that a log is, or those of its samples.

        Raises:
            SourceError: RR371 when nothing of it can be read.
        """
        told = Complaints()
        file, by_sample = self.files[partition.name], self.unit == "sample"
        shown = clean_text(file.name)
        log = read_log(file.path, shown, samples=by_sample, told=told)
        key = file.name.rpartition(".")[0] or file.name
        # the same stem may stand for a log and its copy in the other form
        if any(f"{key}{suffix}" in self.files for suffix in _others(file.name)):
            key = file.name
        artifact = Artifact(
            clean_text(file.base), "predictions", file.size, digest_of(file), file.name
        )
        run = in_folder(evaluation(log, key, artifact, told), file)
        runs: Iterable[LoadedRun] = (run,)
        if by_sample:
            runs = tuple(item_runs(run, scored(log, shown, self.fields, told), self.reduce))
            if not runs:
                message = "it holds no samples (`log_samples` was off, or none was finished)"
                told.add("RR379", shown, message)
            for name in unknown(self.fields, "metadata", runs) if runs else ():
                told.add("RR379", shown, f"no sample's metadata has the field {name[:80]!r}")
        return Loaded(runs, told.problems)


def _others(name: str) -> tuple[str, ...]:
    suffix = Path(name).suffix
    return tuple(other for other in (".eval", ".json") if other != suffix)
