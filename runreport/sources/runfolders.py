"""Runs that are folders: which folder is a run, its documents, and its other files as artifacts."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from runreport.cleaning import clean_text
from runreport.errors import Problem, SourceError, SpecError
from runreport.sources import pinned
from runreport.sources.complaints import Complaints
from runreport.sources.limits import LIMITS
from runreport.sources.listing import artifact_kind
from runreport.sources.partitions import Loaded, Partition
from runreport.sources.texts import Parser, flatten, plain, written
from runreport.sources.trees import Tree, TreeFile, open_file, read_file
from runreport.spec import marked
from runreport.tables import Artifact

MAX_DOCUMENT = 64_000_000
"""Bytes of a JSON document."""
MAX_YAML = 4_000_000
MAX_LISTED = 20_000
"""Files of one run that are listed at all."""


@dataclass(frozen=True, eq=False)
class RunFolder:
    """A folder that is one run."""

    key: str
    place: str
    """Below the location; empty: the location itself."""
    path: Path
    files: Mapping[str, TreeFile]
    """By name inside the folder; those of runs further down are theirs."""

    def at(self, name: str) -> str:
        """How messages call a file of it."""
        return clean_text(f"{self.place}/{name}" if self.place else name)

    @property
    def name(self) -> str:
        """What the folder is called."""
        return self.path.name

    def data(self, name: str, most: int, told: Complaints) -> bytes | None:
        """A file's content; None when it is not there, or, aloud, when it cannot be read."""
        file = self.files.get(name)
        if file is None:
            return None
        try:
            return read_file(file.path, most)
        except OSError as error:
            reason = (error.strerror or type(error).__name__).lower()
            told.add("RR371", self.at(name), f"it cannot be read: {reason}")
        except ValueError as error:
            told.add("RR371", self.at(name), str(error))
        return None

    def json(self, name: str, told: Complaints) -> Any:
        """The value of a JSON file, numbers as written; None when there is none."""
        data = self.data(name, MAX_DOCUMENT, told)
        if data is None:
            return None
        parser = Parser()
        try:
            value = parser.parse(data.decode("utf-8-sig"))
        except UnicodeDecodeError as error:
            message = f"no UTF-8 text from byte {error.start:,} on, expected JSON"
            told.add("RR371", self.at(name), message)
            return None
        except ValueError as error:
            words = "it is empty" if not data.strip() else str(error)
            told.add("RR371", self.at(name), f"this is no JSON: {words}")
            return None
        for key in dict.fromkeys(parser.repeated):
            message = f"the key {clean_text(key)!r} is twice in one object; neither is read"
            told.add("RR376", self.at(name), message)
        if value is None:
            told.add("RR371", self.at(name), "it holds nothing but null")
        return value

    def yaml(self, name: str, told: Complaints) -> Any:
        """The value of a YAML file, as `json`: tags construct nothing, their content is read."""
        data = self.data(name, MAX_YAML, told)
        if data is None:
            return None
        problems: list[Problem] = []
        try:
            tree = marked.read_text(data.decode("utf-8-sig"), self.at(name), problems)
        except UnicodeDecodeError as error:
            message = f"no UTF-8 text from byte {error.start:,} on, expected YAML"
            told.add("RR371", self.at(name), message)
            return None
        except SpecError as error:
            first = error.problems[0]
            line = first.span.line if first.span else None
            told.add("RR371", self.at(name), f"this is no YAML: {first.message}", line=line)
            return None
        for problem in problems:
            line = problem.span.line if problem.span else None
            words = problem.message.replace(": a spec has no tags", " is not constructed")
            told.add("RR375", self.at(name), words, line=line, severity="note")
        return plain(tree)

    def texts(self, value: Any, name: str, told: Complaints) -> dict[str, str]:
        """An object of a document as params: nested keys joined by `.`."""
        if not isinstance(value, Mapping):
            if value is not None:
                told.add("RR375", self.at(name), "a list or a lone value, expected an object")
            return {}
        deep: list[str] = []
        found = flatten(value, written, deep)
        for key in deep:
            told.add("RR375", self.at(name), f"{key!r} is nested too deeply to be read")
        return found

    def artifacts(self, leave: Collection[str] = ()) -> tuple[Artifact, ...]:
        """Its other files, hashed within limits."""
        hashed = 0
        found: list[Artifact] = []
        for name, file in self.files.items():
            if name in leave:
                continue
            if len(found) >= MAX_LISTED:
                break
            digest = None
            small = file.size <= LIMITS.hashed_file and hashed + file.size <= LIMITS.hashed_run
            if small and len(found) < LIMITS.files:
                digest = _digest(file)
                hashed += file.size
            about = (name, artifact_kind(name), file.size, digest, file.name)
            if digest is not None and pinned.reads(name):
                found.append(pinned.EnvironmentFile(*about, _pins(file)))
            else:
                found.append(Artifact(*about))
        return tuple(found)


@dataclass(frozen=True, eq=False)
class FolderStore:
    """A location with run folders; each is read by itself."""

    experiment: str
    tree: Tree
    runs: Sequence[RunFolder]
    read: Callable[[RunFolder, Mapping[str, Any] | None], Loaded]
    """One run, or what came after a mark."""
    expected: str
    """What a run folder holds, for the message when there is none."""
    documents: Callable[[RunFolder], Collection[str]]
    """The names of a run's files that are read; the others are artifacts."""
    beside: Callable[[RunFolder], Iterable[TreeFile]] = lambda _run: ()
    """Files elsewhere that say something of the run."""
    notes: Sequence[Problem] = ()
    by_place: Mapping[str, RunFolder] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_place", {run.place or ".": run for run in self.runs})

    def partitions(self) -> Sequence[Partition]:
        """A run folder each.

        Raises:
            SourceError: RR370 when there is none.
        """
        if not self.runs:
            shown = clean_text(self.tree.root.name)
            message = f"no run in {shown!r}: expected {self.expected}"
            hint = "`runreport list PATH` says what is recognised at a place"
            raise SourceError(Problem("RR370", message, None, hint, place=shown))
        return [self._partition(run) for run in self.runs]

    def _partition(self, run: RunFolder) -> Partition:
        known = frozenset(self.documents(run))
        read = [file.path for name, file in run.files.items() if name in known]
        listed = [file.path for name, file in run.files.items() if name not in known]
        files = (*read, *(file.path for file in self.beside(run)))
        return Partition(run.place or ".", files, weighed=tuple(listed[:MAX_LISTED]))

    def folders(self) -> Sequence[Path]:
        """Every folder that was looked into."""
        return self.tree.folders

    def problems(self) -> Sequence[Problem]:
        """What was not looked at."""
        return [*self.notes, *_left_out(self.tree)]

    def load(self, partition: Partition, mark: Mapping[str, Any] | None) -> Loaded:
        """One run folder."""
        return self.read(self.by_place[partition.name], mark)


def run_folders(tree: Tree, places: Iterable[str]) -> list[RunFolder]:
    """The runs of a tree, with the files below each that are no other run's.

    Args:
        tree: what was walked.
        places: the folders that are runs, below the root.
    """
    known = frozenset(places)
    files: dict[str, dict[str, TreeFile]] = {place: {} for place in known}
    for place, inside in sorted(tree.by_folder.items()):
        owner = owner_of(place, known)
        if owner is None:
            continue
        start = len(owner) + 1 if owner else 0
        for file in inside:
            files[owner][file.name[start:]] = file
    return [
        RunFolder(place or tree.root.name, place, tree.root / place, files[place])
        for place in sorted(known, key=natural)
    ]


def folders_with(tree: Tree, name: str) -> list[str]:
    """The folders that hold a file of this name."""
    return [file.folder for file in tree.files if file.base == name]


def owner_of(place: str, known: Collection[str]) -> str | None:
    """The nearest of some folders that a folder is, or is in."""
    while place not in known:
        if not place:
            return None
        place = place.rpartition("/")[0]
    return place


def natural(name: str) -> list[tuple[int, int, str]]:
    """Sorts `run10` after `run9`."""
    parts: list[tuple[int, int, str]] = []
    digits = ""
    for char in [*name, ""]:
        if char.isascii() and char.isdigit() and len(digits) < 18:
            digits += char
            continue
        if digits:
            parts.append((0, int(digits), digits))
            digits = ""
        if char:
            parts.append((1, ord(char), ""))
    return parts


def number(value: Any) -> float | None:
    """A number of a document; None for text, bool, and whatever else."""
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int | float):
        try:
            return float(value)
        except OverflowError:
            return None
    if type(value) is str or not isinstance(value, str):
        return None
    try:
        return float(value)
    except ValueError:
        return None


def _digest(file: TreeFile) -> str | None:
    try:
        with os.fdopen(open_file(file.path), "rb") as stream:
            # what grows meanwhile is hashed up to the size that is shown
            digest, left = hashlib.sha256(), file.size
            while left > 0 and (block := stream.read(min(left, 1 << 18))):
                digest.update(block)
                left -= len(block)
    except OSError:
        return None
    return f"sha256:{digest.hexdigest()}"


def _pins(file: TreeFile) -> pinned.Pins:
    try:
        return pinned.packages_of(file.name, read_file(file.path, pinned.LARGEST))
    except (OSError, ValueError):
        return ()


def _left_out(tree: Tree) -> list[Problem]:
    found = []
    if tree.links:
        shown = ", ".join(clean_text(name) for name in tree.links[:3])
        message = f"{len(tree.links):,} links are not followed: {shown}"
        found.append(Problem("RR379", message, None, None, "note", clean_text(tree.root.name)))
    if tree.cut:
        hint = "name a narrower location"
        message = "there are too many files; those that were looked at first are read"
        found.append(Problem("RR374", message, None, hint, "warning", clean_text(tree.root.name)))
    return found
