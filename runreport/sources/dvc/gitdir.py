"""A repository's own files: where they are, what HEAD and the refs name, what the stashes list.

These are small text files of fixed form; they are read here rather than by git, so that nothing in
the repository's configuration matters.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from runreport.sources.folders import Folder
from runreport.sources.trees import read_file, read_start

MOST_REFS = 100_000
MAX_DEPTH = 12
"""Of folders below `refs`."""
MAX_PACKED = 64_000_000
MAX_LOG = 16_000_000
MAX_LINE = 4_096
"""Bytes of HEAD, of one ref, of a `.git` file."""

ID = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_STASHED = re.compile(
    r"(?:commit: )?dvc-exp:(?P<rev>[0-9a-f]+):(?P<baseline>[0-9a-f]+):(?P<name>[^:]*)"
)
_EXPERIMENT = re.compile(r"refs/exps/([0-9a-f]{2})/([0-9a-f]{38}(?:[0-9a-f]{24})?)/(.+)", re.S)


@dataclass(frozen=True, slots=True)
class Experiment:
    """A ref of DVC's, or an entry of its stashes."""

    name: str
    baseline: str
    """Commit it started from."""
    commit: str


@dataclass(frozen=True)
class GitDir:
    """The files of one repository."""

    own: Path
    """Holds HEAD: `.git`, or a folder in it for a further worktree."""
    common: Path
    """Holds objects and refs."""

    @property
    def objects(self) -> Path:
        return self.common / "objects"

    @cached_property
    def head(self) -> tuple[str | None, str | None]:
        """The branch that HEAD names (a full ref), and the commit; None where there is none."""
        text = _line(self.own / "HEAD")
        if text.startswith("ref:"):
            ref = text[4:].strip()
            return ref, self.refs.get(ref)
        return None, text if ID.fullmatch(text) else None

    @cached_property
    def refs(self) -> Mapping[str, str]:
        """Full name to the id it stands for, by name; a loose ref goes before a packed one."""
        found = dict(_packed(self.common / "packed-refs"))
        links: dict[str, str] = {}
        for name, text in _loose(self.common):
            if ID.fullmatch(text):
                found[name] = text
            elif text.startswith("ref:"):
                links[name] = text[4:].strip()
        for name, target in links.items():
            if target in found:
                found[name] = found[target]
        return dict(sorted(found.items()))

    @cached_property
    def experiments(self) -> tuple[Experiment, ...]:
        """Those that were committed."""
        return tuple(
            Experiment(match[3], match[1] + match[2], commit)
            for ref, commit in self.refs.items()
            if (match := _EXPERIMENT.fullmatch(ref))
        )

    @cached_property
    def failed(self) -> tuple[Experiment, ...]:
        """Tasks of the queue that failed, oldest first."""
        return self._stashed("refs/exps/celery/failed")

    @cached_property
    def queued(self) -> tuple[Experiment, ...]:
        """Tasks that wait."""
        return self._stashed("refs/exps/celery/stash")

    def files(self) -> list[Path]:
        """What the refs are read from, there or not."""
        return [
            self.own / "HEAD",
            self.common / "packed-refs",
            *(self.common / name for name, _ in _loose(self.common)),
            self.common / "logs" / "refs" / "exps" / "celery" / "failed",
            self.common / "logs" / "refs" / "exps" / "celery" / "stash",
        ]

    def folders(self) -> list[Path]:
        """Folders in which a new ref would appear."""
        found: list[Path] = []
        waiting = [(self.common / "refs", 0)]
        while waiting and len(found) < MOST_REFS:
            folder, depth = waiting.pop()
            try:
                with os.scandir(folder) as scan:
                    inner = [Path(e.path) for e in scan if e.is_dir(follow_symlinks=False)]
            except OSError:
                continue
            found.append(folder)
            if depth < MAX_DEPTH:
                waiting += [(path, depth + 1) for path in sorted(inner)]
        return found

    def _stashed(self, ref: str) -> tuple[Experiment, ...]:
        # a stash is the log of its ref: without the ref it is empty
        if ref not in self.refs:
            return ()
        try:
            data = read_file(self.common / "logs" / ref, MAX_LOG)
        except (OSError, ValueError):
            return ()
        found = []
        for line in data.decode("utf-8", "replace").splitlines():
            ids, _, message = line.partition("\t")
            match = _STASHED.match(message)
            commit = ids.split(" ")[1:2]
            if match and commit and ID.fullmatch(commit[0]):
                name = match["name"] or commit[0][:7]
                found.append(Experiment(name, match["baseline"], commit[0]))
        return tuple(found)


def find(folder: Path) -> GitDir | None:
    """The repository whose folder this is; None when there is none, or its `.git` leads away.

    A `.git` that is a file is followed when what it names says that it belongs to this folder.
    """
    place = folder / ".git"
    if _is_dir(place):
        return GitDir(place, place) if _is_repository(place) else None
    if _is_dir(folder / "objects") and _is_repository(folder):
        return GitDir(folder, folder)
    text = _line(place)
    if not text.startswith("gitdir:"):
        return None
    own = (folder / text[7:].strip()).resolve()
    back = _line(own / "gitdir")
    if not back or (own / back).resolve() != place.resolve():
        return None
    common = (own / (_line(own / "commondir") or ".")).resolve()
    return GitDir(own, common) if own.is_relative_to(common) and _is_repository(common) else None


def leads_away(folder: Path) -> bool:
    """Whether there is a `.git` here that `find` does not follow."""
    return os.path.lexists(folder / ".git") and find(folder) is None


def _is_repository(place: Path) -> bool:
    return _is_dir(place / "objects") and os.path.lexists(place / "HEAD")


def _is_dir(path: Path) -> bool:
    try:
        return stat.S_ISDIR(path.lstat().st_mode)
    except (OSError, ValueError):
        return False


def _line(path: Path) -> str:
    """The first line of a small file; empty when there is none."""
    try:
        data = read_start(path, MAX_LINE)
    except (OSError, ValueError):
        return ""
    lines = data.decode("utf-8", "surrogateescape").splitlines()
    return lines[0].strip() if lines and "\0" not in lines[0] else ""


def _packed(path: Path) -> Iterator[tuple[str, str]]:
    try:
        data = read_file(path, MAX_PACKED)
    except (OSError, ValueError):
        return
    count = 0
    for line in data.decode("utf-8", "surrogateescape").split("\n"):
        commit, _, name = line.strip("\r").partition(" ")
        if ID.fullmatch(commit) and name.startswith("refs/"):
            count += 1
            if count > MOST_REFS:
                return
            yield name, commit


def _loose(common: Path) -> Iterator[tuple[str, str]]:
    """Name and content of every ref that is a file of its own."""
    try:
        with Folder.root(common) as top, top.folder("refs") as refs:
            for count, (name, folder, base) in enumerate(_below(refs, "refs/", MAX_DEPTH)):
                if count >= MOST_REFS:
                    return
                try:
                    data = folder.read(base, MAX_LINE)
                except OSError:
                    continue
                yield name, data.decode("utf-8", "surrogateescape").strip()
    except OSError:
        return


def _below(folder: Folder, prefix: str, depth: int) -> Iterator[tuple[str, Folder, str]]:
    for name, kind in folder.names():
        if kind == "file" and not name.endswith(".lock"):
            yield prefix + name, folder, name
        elif kind == "folder" and depth > 0:
            try:
                deeper = folder.folder(name)
            except OSError:
                continue
            with deeper:
                yield from _below(deeper, f"{prefix}{name}/", depth - 1)
