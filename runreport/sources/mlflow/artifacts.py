"""Artifacts of a run in a local folder: listed and hashed, and nothing outside a root is opened.

Addresses of artifacts come from the store, so they are not trusted. A folder is read only when it
lies below the store's own folder or below `artifact_root`, and when the run's id is one of the
names on its path; links are not followed, at any level.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote

from runreport.sources.limits import Limits
from runreport.sources.listing import Listing, Walk

MAX_DEPTH = 20
MAX_ENTRIES = 100_000
"""Of one folder: names that are sorted before the first are taken."""
_BLOCK = 1 << 18
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


@dataclass(frozen=True, slots=True)
class _Siblings:
    """Folders of all runs whose addresses differ by the run's id alone."""

    names: set[str]
    """Of all that is in any of them."""
    is_known: bool
    """Whether one is where the addresses say, and not only at the end of them."""
    places: list[tuple[int, Path, set[str]]]
    """Open, with their paths, and the names of the folders in them that are no links."""


@dataclass(slots=True)
class ArtifactFolders:
    """The folders that artifacts of one store may be read from."""

    roots: Sequence[Path]
    """The store's own first: relative addresses start there."""
    limits: Limits
    _hashed: int = field(default=0, init=False)
    """Bytes read for digests so far."""
    _there: dict[tuple[Path, tuple[str, ...]], bool] = field(default_factory=dict, init=False)
    """Whether the folders of all runs could be opened: they are the same for every run."""
    looked_at: set[Path] = field(default_factory=set, init=False)
    _empty: list[tuple[Path, str]] = field(default_factory=list, init=False)
    """Folders of runs without artifacts: where, and called what."""

    def places(self) -> frozenset[Path]:
        """Files and folders of whose state the listings are a function."""
        runs = [place / run_id for place, run_id in self._empty]
        return frozenset([*self.looked_at, *runs, *(run / "artifacts" for run in runs)])

    def of(self, run_id: str, address: str | None) -> Listing:
        """What lies at the address that a store gives for a run's artifacts."""
        path = local_path(address)
        if path is None or not run_id:
            return Listing()
        below = list(self._below(run_id, path))
        for root, parts in (*below, *self._moved(run_id, path)):
            if not self._is_folder(root, parts[: parts.index(run_id)]):
                continue
            if (folder := _open_below(root, parts, self.looked_at)) is not None:
                return self._list(folder, root, "/".join(parts))
        # MLflow makes a run's folder with its first artifact: without one there are none,
        # provided that the folder of all runs is here
        nothing = any(self._is_folder(root, parts[: parts.index(run_id)]) for root, parts in below)
        return Listing(found=nothing)

    def without(self, runs: Sequence[tuple[str, str | None]]) -> dict[str, bool]:
        """Of ids and addresses: the runs without artifacts, and whether their folder is known.

        It is what `of` would find for them, run by run. Addresses that differ by the run's id
        alone lead to one folder of all runs, which is listed once.
        """
        found: dict[str, bool] = {}
        known: dict[tuple[str, str], _Siblings | None] = {}
        with ExitStack() as stack:
            for run_id, address in runs:
                if not (address and run_id.isalnum() and "%" not in address):
                    continue
                before, own, after = address.partition(run_id)
                # once, and a name of its own on the path
                if not own or run_id in after or not before.endswith("/"):
                    continue
                if (before, after) not in known:
                    plain = after[:1] in ("", "/")
                    known[before, after] = self._siblings(run_id, address, stack) if plain else None
                siblings = known[before, after]
                if siblings is None:
                    continue
                if run_id not in siblings.names:
                    found[run_id] = siblings.is_known
                elif after == "/artifacts" and self._is_empty(siblings, run_id):
                    found[run_id] = True
        return found

    def _siblings(self, run_id: str, address: str, stack: ExitStack) -> _Siblings | None:
        """What lies beside a run's folder, wherever its address may lead."""
        path = local_path(address)
        if path is None:
            return _Siblings(set(), False, [])
        below = list(self._below(run_id, path))
        names: set[str] = set()
        places: list[tuple[int, Path, set[str]]] = []
        for root, parts in (*below, *self._moved(run_id, path)):
            parents = parts[: parts.index(run_id)]
            if not self._is_folder(root, parents):
                continue
            folder = _open_below(root, parents, self.looked_at)
            if folder is None:
                return None
            stack.callback(os.close, folder)
            folders: set[str] = set()
            places.append((folder, root.joinpath(*parents), folders))
            try:
                with os.scandir(folder) as entries:
                    for entry in entries:
                        names.add(entry.name)
                        if entry.is_dir(follow_symlinks=False):
                            folders.add(entry.name)
            except OSError:
                return None
        is_known = any(self._is_folder(root, parts[: parts.index(run_id)]) for root, parts in below)
        self.looked_at.update(place for _, place, _ in places)
        return _Siblings(names, is_known, places)

    def _is_empty(self, siblings: _Siblings, run_id: str) -> bool:
        """Whether the folder of a run's artifacts is there, and nothing in it."""
        # of several places the first counts that has it
        own = ((parent, place) for parent, place, folders in siblings.places if run_id in folders)
        parent, place = next(own, (None, None))
        if parent is None or place is None:
            return False
        try:
            folder = os.open(f"{run_id}/artifacts", _FOLDER, dir_fd=parent)
            try:
                if os.listdir(folder):
                    return False
            finally:
                os.close(folder)
        except OSError:
            return False
        self._empty.append((place, run_id))
        return True

    def _is_folder(self, root: Path, parts: tuple[str, ...]) -> bool:
        known = self._there.get((root, parts))
        if known is None:
            folder = _open_below(root, parts, self.looked_at)
            known = self._there[root, parts] = folder is not None
            if folder is not None:
                os.close(folder)
        return known

    def _below(self, run_id: str, path: str) -> Iterator[tuple[Path, tuple[str, ...]]]:
        """The address as names below a root, when it lies below one."""
        for root in self.roots:
            own = os.path.normpath(root)
            below = os.path.normpath(os.path.join(own, path))
            if below.startswith(own.rstrip("/") + "/"):
                parts = tuple(below[len(own.rstrip("/")) + 1 :].split("/"))
                if run_id in parts:
                    yield root, parts

    def _moved(self, run_id: str, path: str) -> Iterator[tuple[Path, tuple[str, ...]]]:
        """In a store that was moved: the end of the address, from each name to the run's id on."""
        parts = [part for part in re.split(r"[/\\]", path) if part not in ("", ".")]
        if run_id in parts and ".." not in parts:
            for root in self.roots:
                for start in range(1, parts.index(run_id) + 1):
                    yield root, tuple(parts[start:])

    def _list(self, folder: int, root: Path, opener: str) -> Listing:
        walk = Walk(self.limits, self._hashed)
        walk.into(folder, (), opener)
        self._hashed = walk.hashed_before + walk.hashed
        found = tuple(walk.found)
        self.looked_at.update(root / inside for inside in walk.folders)
        self.looked_at.update(root / file.opener for file in found if file.opener is not None)
        return Listing(found, True, walk.cut, walk.unhashed, walk.refused)


def local_path(address: str | None) -> str | None:
    """The path in an address that names something on this machine; None for other addresses."""
    if not address or "\0" in address:
        return None
    if found := re.match(r"file:(//(localhost)?(?=/))?", address, re.I):
        path = unquote(address[found.end() :], errors="surrogateescape")
        return None if "\0" in path or path.startswith("//") else path
    return None if re.match(r"[\w+.-]{2,}:", address) else address


def _open_below(root: Path, parts: Sequence[str], looked_at: set[Path]) -> int | None:
    """A folder below a root, opened name by name without following a link."""
    place = root
    try:
        folder = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except (OSError, ValueError):
        return None
    for part in parts:
        looked_at.add(place)
        place = place / part
        try:
            inner = os.open(part, _FOLDER, dir_fd=folder)
        except (OSError, ValueError):
            return None
        finally:
            os.close(folder)
        folder = inner
    return folder
