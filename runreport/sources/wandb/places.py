"""Which folders are runs, and which of them are one run that was resumed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from runreport.cleaning import clean_text
from runreport.errors import Problem
from runreport.signs import ends
from runreport.sources.limits import LIMITS
from runreport.sources.looking import counted
from runreport.sources.runfolders import RunFolder, owner_of
from runreport.sources.trees import Tree, TreeFile

RUN_FOLDER = re.compile(r"(?:offline-run|run|dryrun)-(\d{8}_\d{6})-(.+)", re.S)
LOG = re.compile(r"(?:run-)?(.+)\.wandb", re.S)
CONFIG, SUMMARY, METADATA = "config.yaml", "wandb-summary.json", "wandb-metadata.json"
OLD_HISTORY = "wandb-history.jsonl"
DOCUMENTS = (CONFIG, SUMMARY, METADATA)
USUAL_LINKS = frozenset({"latest-run", "debug.log", "debug-internal.log", "debug-core.log"})


@dataclass(frozen=True, eq=False)
class Segment:
    """A run folder: a run, or a part of one that was resumed."""

    id: str
    stamp: str
    """When it was started, as its name says; local time, so it orders and no more."""
    folder: RunFolder
    log: TreeFile | None

    def document(self, name: str) -> str | None:
        """What a document is called below the folder, where there is one."""
        return next((p for p in (f"files/{name}", name) if p in self.folder.files), None)

    @property
    def is_run(self) -> bool:
        """Whether there is anything that tells of a run."""
        names = (*DOCUMENTS, OLD_HISTORY)
        return self.log is not None or any(self.document(name) for name in names)

    def watched(self) -> list[Path]:
        """Files whose change makes it be read again."""
        log = [] if self.log is None else [self.log]
        others = [
            file
            for name, file in self.folder.files.items()
            if file not in log and not name.startswith("logs/") and file.size <= LIMITS.hashed_file
        ]
        return [file.path for file in (*log, *others[: LIMITS.files])]


@dataclass(frozen=True, eq=False)
class Place:
    """The folders of one run id below one folder."""

    key: str
    segments: tuple[Segment, ...]
    """In the order they were started."""


@dataclass(frozen=True, eq=False)
class Found:
    """The runs of a tree."""

    places: Sequence[Place]
    problems: Sequence[Problem] = field(default=())


def runs_in(tree: Tree) -> Found:
    """Every run of a tree, copies of the same one left out aloud."""
    problems: list[Problem] = []
    segments = list(_segments(tree))
    for segment in segments:
        if not segment.is_run:
            message = "a run folder without a log, a config or a summary; it is left out"
            place = clean_text(segment.folder.place or tree.root.name)
            problems.append(Problem("RR371", message, None, None, "warning", place))
    segments = [segment for segment in segments if segment.is_run]
    segments, copies = _without_copies(segments)
    for copy, first in copies:
        message = f"a copy of {clean_text(first.folder.place)!r}; it is left out"
        place = clean_text(copy.folder.place)
        problems.append(Problem("RR376", message, None, None, "warning", place))
    groups: dict[str, list[Segment]] = {}
    for segment in segments:
        groups.setdefault(_key(segment), []).append(segment)
    places = [
        Place(key, tuple(sorted(parts, key=lambda s: (s.stamp, s.folder.place))))
        for key, parts in sorted(groups.items())
    ]
    return Found(places, (*problems, *_links(tree)))


def is_run_folder(name: str) -> bool:
    """Whether a folder is called as W&B calls those of runs."""
    return RUN_FOLDER.fullmatch(name) is not None


def _segments(tree: Tree) -> Iterable[Segment]:
    """A segment for each folder that is called like a run's, or holds a log."""
    roots: set[str] = set()
    for place in tree.by_folder:
        parts = place.split("/") if place else []
        named = next((i for i, part in enumerate(parts) if is_run_folder(part)), None)
        if named is not None:
            roots.add("/".join(parts[: named + 1]))
    if is_run_folder(tree.root.name):
        roots = {""}
    for place, some in tree.by_folder.items():
        if owner_of(place, roots) is None and any(LOG.fullmatch(file.base) for file in some):
            roots.add(place)
    if "" not in roots and owner_of("", roots) is None and _is_bare(tree):
        roots.add("")
    files: dict[str, dict[str, TreeFile]] = {root: {} for root in roots}
    for place, inside in sorted(tree.by_folder.items()):
        owner = owner_of(place, roots)
        if owner is not None:
            start = len(owner) + 1 if owner else 0
            files[owner].update((file.name[start:], file) for file in inside)
    for root in sorted(roots):
        yield from _of_folder(tree, root, files[root])


def _is_bare(tree: Tree) -> bool:
    """Whether the location itself is a run folder that was given another name."""
    named = tree.file(f"files/{SUMMARY}") or tree.file(f"files/{METADATA}")
    return named is not None or tree.file(SUMMARY) is not None or tree.file(OLD_HISTORY) is not None


def _of_folder(tree: Tree, root: str, files: dict[str, TreeFile]) -> Iterable[Segment]:
    """A folder as a segment; as several when logs of several runs were put into it."""
    name = root.rpartition("/")[2] or tree.root.name
    match = RUN_FOLDER.fullmatch(name)
    logs = [file for below, file in files.items() if "/" not in below and LOG.fullmatch(below)]
    folder = RunFolder(root or tree.root.name, root, tree.root / root, files)
    if match is not None or len(logs) < 2:
        stamp = match[1] if match else ""
        log = logs[0] if logs else None
        yield Segment(match[2] if match else _id(log, name), stamp, folder, log)
        return
    for log in logs:
        alone = RunFolder(folder.key, root, folder.path, {log.base: log})
        yield Segment(_id(log, name), "", alone, log)


def _id(log: TreeFile | None, name: str) -> str:
    match = None if log is None else LOG.fullmatch(log.base)
    return match[1] if match else name


def _key(segment: Segment) -> str:
    """The run's id, behind the folder that its `wandb` folder is in when that is not the top."""
    above = segment.folder.place.rpartition("/")[0]
    if above == "wandb" or above.endswith("/wandb"):
        above = above[: -len("/wandb")] if "/" in above else ""
    return f"{above}/{segment.id}" if above else segment.id


def _without_copies(
    segments: Sequence[Segment],
) -> tuple[list[Segment], list[tuple[Segment, Segment]]]:
    """The segments, and those that are another one's copy: same names, size, ends."""
    kept: list[Segment] = []
    copies: list[tuple[Segment, Segment]] = []
    known: dict[tuple[str, str], list[Segment]] = {}
    for segment in segments:
        alike = known.setdefault((segment.folder.name, segment.id), [])
        same = next((other for other in alike if _same(segment, other)), None)
        if same is not None:
            copies.append((segment, same))
        else:
            alike.append(segment)
            kept.append(segment)
    return kept, copies


def _same(one: Segment, other: Segment) -> bool:
    if one.log is None or other.log is None or one.log.size != other.log.size:
        return False
    if one.log.path == other.log.path:
        return False
    try:
        return ends(one.log.path, one.log.size) == ends(other.log.path, other.log.size)
    except OSError:
        return False


def _links(tree: Tree) -> list[Problem]:
    """What the tree left out; the links that W&B itself makes to its last run are no loss."""
    found = []
    links = [name for name in tree.links if name.rpartition("/")[2] not in USUAL_LINKS]
    place = clean_text(tree.root.name)
    if links:
        shown = ", ".join(clean_text(name) for name in links[:3])
        message = f"{counted(len(links), 'link')} not followed: {shown}"
        found.append(Problem("RR379", message, None, None, "note", place))
    if tree.cut:
        message = "there are too many files; those that were looked at first are read"
        hint = "name a narrower location"
        found.append(Problem("RR374", message, None, hint, "warning", place))
    return found
