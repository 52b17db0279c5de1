"""A location with results of the harness; each file of results is read with its samples."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from runreport.cleaning import clean_text
from runreport.errors import Problem, SourceError
from runreport.kinds import Reader, SourceContext
from runreport.sources.complaints import Complaints
from runreport.sources.limits import LIMITS
from runreport.sources.lm_eval import samples
from runreport.sources.lm_eval.detect import is_results
from runreport.sources.lm_eval.results import MAX_RESULTS, evaluation, parsed
from runreport.sources.loaded import LoadedRun
from runreport.sources.partitions import Loaded, Partition, PartitionReader
from runreport.sources.pieces import PieceStore
from runreport.sources.scored import Scored, digest_of, in_folder, item_runs, unknown
from runreport.sources.trees import TreeFile, locate, read_file, walk
from runreport.sources.units import Unit
from runreport.tables import Artifact

EXPECTED = "a folder with results of the LM Evaluation Harness (results_*.json), or one such file"


def open_results(
    location: str, unit: Unit, fields: Sequence[str], context: SourceContext
) -> Reader:
    """A reader of one file of results, or of every one in a folder and below it.

    Raises:
        SourceError: RR370 when nothing is there.
    """
    path = locate(context.base, location, EXPECTED)
    tree = walk(path if path.is_dir() else path.parent)
    wanted = [f for f in tree.files if f.path == path or (path.is_dir() and is_results(f.path))]
    known = {file.name for file in wanted}
    pieces = {}
    for file in wanted:
        beside = [f for f in tree.by_folder[file.folder] if f.name not in known]
        pieces[file.name] = Results(file, samples.belonging(file, beside))
    store = PieceStore(
        experiment=tree.root.name,
        tree=tree,
        pieces=[
            Partition(name, (piece.file.path, *(file.path for file in piece.samples)))
            for name, piece in pieces.items()
        ],
        read=Harness(pieces, unit, tuple(fields)),
        expected=EXPECTED,
    )
    options = f"{unit}\0{','.join(fields)}" if unit == "sample" else unit
    return PartitionReader(store, context, "lm_eval", f"{path}\0{options}")


@dataclass(frozen=True, slots=True)
class Results:
    """A file of results and what lies beside it."""

    file: TreeFile
    samples: tuple[TreeFile, ...]


@dataclass(frozen=True)
class Harness:
    """How one file of results is read."""

    pieces: Mapping[str, Results]
    unit: Unit
    fields: tuple[str, ...]

    def __call__(self, partition: Partition, _mark: Mapping[str, object] | None) -> Loaded:
        """The run that a file of results is, or those of its documents.

        Raises:
            SourceError: RR371 when nothing of it can be read.
        """
        told = Complaints()
        piece = self.pieces[partition.name]
        place = clean_text(piece.file.name)
        try:
            facts = parsed(read_file(piece.file.path, MAX_RESULTS), place)
        except ValueError as error:
            raise SourceError(Problem("RR371", str(error), place=place)) from None
        tasks = {name for key in ("results", "configs") for name in _names(facts, key)}
        own = [
            (file, task)
            for file in piece.samples
            if (task := samples.task_of(file, piece.file, tasks)) is not None
        ]
        key = piece.file.name.removesuffix(".json")
        runs: list[LoadedRun] = []
        if self.unit == "sample":
            for file, task in own:
                common = evaluation(facts, key, place, {}, told, only=task)
                runs += item_runs(in_folder(common, piece.file), self._scored(file, task, told))
            if not runs:
                message = "it has no samples beside it (`--log_samples` writes them)"
                told.add("RR379", place, message)
            for name in unknown(self.fields, "doc", runs) if runs else ():
                told.add("RR379", place, f"no document has the field {name[:80]!r}")
        else:
            run = in_folder(evaluation(facts, key, place, _digests(own), told), piece.file)
            runs.append(replace(run, artifacts=tuple(_artifacts(piece.file, own))))
        return Loaded(runs, told.problems)

    def _scored(self, file: TreeFile, task: str, told: Complaints) -> list[Scored]:
        try:
            return list(samples.scored(file, task, self.fields, told))
        except OSError as error:
            reason = (error.strerror or type(error).__name__).lower()
            told.add("RR371", clean_text(file.name), f"it cannot be read: {reason}")
            return []


def _names(facts: Mapping[str, object], key: str) -> Iterable[str]:
    found = facts.get(key)
    return found if isinstance(found, Mapping) else ()


def _digests(own: Sequence[tuple[TreeFile, str]]) -> dict[str, str]:
    """Over the documents of each task, as long as the files are small."""
    found = {}
    left = LIMITS.hashed_run
    for file, task in own:
        left -= file.size
        if left < 0:
            break
        try:
            digest = samples.digest(file)
        except OSError:
            digest = None
        if digest is not None:
            found[task] = digest
    return found


def _artifacts(results: TreeFile, own: Sequence[tuple[TreeFile, str]]) -> Iterator[Artifact]:
    yield _artifact(results, "text")
    for file, _ in own[: LIMITS.files - 1]:
        yield _artifact(file, "predictions")


def _artifact(file: TreeFile, kind: str) -> Artifact:
    return Artifact(clean_text(file.base), kind, file.size, digest_of(file), file.name)
