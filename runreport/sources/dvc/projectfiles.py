"""The files of a project as one of its runs has them: in the folder, or in a commit's tree."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from runreport.sources.dvc.objects import FOLDER, LINK, MODULE, MissingObjectError, Objects
from runreport.sources.folders import reason
from runreport.sources.trees import SKIPPED, Tree, read_file, walk

MAX_FILE = 64_000_000
"""Bytes of one file of params, metrics or points."""
MAX_HELD = 64_000_000
"""Bytes of files that are read ahead."""
MAX_DEPTH = 12
MAX_FILES = 200_000
"""Of one commit."""
DOCUMENT = re.compile(r"(?:.*/)?(?:dvc\.(?:yaml|lock)|Dvcfile|[^/]+\.dvc)", re.S)
_LIVE = re.compile(r"(?:.*/)?(?:metrics\.json|dvclive\.json)", re.S)


class UnreadError(Exception):
    """A file that cannot be read, with the reason for people."""


class Files(Protocol):
    """Regular files below a project's folder, by name relative to it."""

    def documents(self) -> list[str]:
        """DVC's own files and what may be DVCLive's summary, anywhere in the project, by name."""
        ...

    def has(self, name: str) -> bool: ...

    def below(self, folder: str) -> list[str]:
        """Every file below a folder, by name."""
        ...

    def read(self, name: str, most: int = MAX_FILE) -> bytes:
        """A file's content.

        Raises:
            UnreadError: it is not there, is a link, is too large, is damaged.
        """
        ...

    def expect(self, names: Sequence[str]) -> None:
        """Say which files will be read next."""
        ...

    def size(self, name: str) -> int | None:
        """Bytes; None when it is not known."""
        ...

    def opener(self, name: str) -> str:
        """How the file is called from the location."""
        ...


class FolderFiles:
    """The files as they lie in the folder."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree

    @staticmethod
    def of(root: Path) -> FolderFiles:
        """Whatever is below the folder; data that DVC keeps and other projects are not entered."""

        def enter(name: str) -> bool:
            folder = root / name
            inner = (f"{folder}.dvc", folder / ".dvc", folder / ".git")
            return not any(os.path.lexists(path) for path in inner)

        return FolderFiles(walk(root, enter=enter))

    def documents(self) -> list[str]:
        return [file.name for file in self.tree.files if _is_document(file.name)]

    def has(self, name: str) -> bool:
        return self.tree.file(name) is not None

    def below(self, folder: str) -> list[str]:
        start = f"{folder}/" if folder else ""
        return [file.name for file in self.tree.files if file.name.startswith(start)]

    def read(self, name: str, most: int = MAX_FILE) -> bytes:
        file = self.tree.file(name)
        if file is None:
            raise UnreadError("it is not there")
        try:
            return read_file(file.path, most)
        except OSError as error:
            raise UnreadError(reason(error)) from None
        except ValueError as error:
            raise UnreadError(str(error)) from None

    def expect(self, names: Sequence[str]) -> None:
        """Files of a folder are as quick one by one."""

    def size(self, name: str) -> int | None:
        file = self.tree.file(name)
        return None if file is None else file.size

    def opener(self, name: str) -> str:
        return name

    def path(self, name: str) -> Path:
        """Where a file lies."""
        return self.tree.root / name


class CommitFiles:
    """The files of one commit."""

    def __init__(self, objects: Objects, commit: str, tree: str, prefix: str = "") -> None:
        self.objects = objects
        self.commit = commit
        self.top = tree
        self.prefix = prefix
        self.root = tree
        for part in filter(None, prefix.split("/")):
            mode, found = objects.tree(self.root).get(part, (0, ""))
            if mode != FOLDER:
                raise MissingObjectError(f"it has no folder {prefix!r}")
            self.root = found
        self._found: dict[str, tuple[int, str] | None] = {}
        self._held: dict[str, bytes] = {}

    def documents(self) -> list[str]:
        return sorted(_documents(self.objects, self.root, 0))

    def has(self, name: str) -> bool:
        return self.blob(name) is not None

    def below(self, folder: str) -> list[str]:
        at: tuple[int, str] | None = (FOLDER, self.root) if not folder else self._entry(folder)
        if at is None or at[0] != FOLDER:
            return []
        found: list[str] = []
        waiting = [(f"{folder}/" if folder else "", at[1], 0)]
        while waiting:
            prefix, tree, depth = waiting.pop()
            for name, (mode, inner) in self._tree(tree).items():
                if mode == FOLDER and depth < MAX_DEPTH:
                    waiting.append((f"{prefix}{name}/", inner, depth + 1))
                elif mode not in (FOLDER, LINK, MODULE):
                    found.append(prefix + name)
                    if len(found) >= MAX_FILES:
                        return sorted(found)
        return sorted(found)

    def read(self, name: str, most: int = MAX_FILE) -> bytes:
        blob = self.blob(name)
        if blob is None:
            raise UnreadError("it is not there")
        if (held := self._held.pop(blob, None)) is not None and len(held) <= most:
            return held
        try:
            return self.objects.read(blob, most)
        except MissingObjectError as error:
            raise UnreadError(str(error)) from None

    def expect(self, names: Sequence[str]) -> None:
        blobs = {blob for name in names if (blob := self.blob(name)) is not None}
        self._held.update(self.objects.read_all(sorted(blobs - self._held.keys()), MAX_HELD))

    def size(self, name: str) -> int | None:
        blob = self.blob(name)
        if blob in self._held:
            return len(self._held[blob])
        try:
            return None if blob is None else self.objects.about(blob)[2]
        except MissingObjectError:
            return None

    def opener(self, name: str) -> str:
        return (
            f".git#{self.commit}#{self.prefix}/{name}"
            if self.prefix
            else (f".git#{self.commit}#{name}")
        )

    def blob(self, name: str) -> str | None:
        """The id of a file's content; None when there is no such file."""
        entry = self._entry(name)
        if entry is None or entry[0] in (FOLDER, LINK, MODULE):
            return None
        return entry[1]

    def _entry(self, name: str) -> tuple[int, str] | None:
        if name not in self._found:
            folder, _, base = name.rpartition("/")
            above = self._entry(folder) if folder else (FOLDER, self.root)
            found = None
            if above is not None and above[0] == FOLDER:
                found = self._tree(above[1]).get(base)
            self._found[name] = found
        return self._found[name]

    def _tree(self, tree: str) -> Mapping[str, tuple[int, str]]:
        return _folder(self.objects, tree)


def blob_id(data: bytes, *, sha256: bool = False) -> str:
    """The id that git gives to a file of this content."""
    digest = hashlib.sha256() if sha256 else hashlib.sha1(usedforsecurity=False)
    digest.update(b"blob %d\0" % len(data))
    digest.update(data)
    return digest.hexdigest()


def _is_document(name: str) -> bool:
    return bool(DOCUMENT.fullmatch(name) or _LIVE.fullmatch(name))


def _folder(objects: Objects, tree: str) -> Mapping[str, tuple[int, str]]:
    try:
        return objects.tree(tree)
    except MissingObjectError:
        return {}


def _documents(objects: Objects, tree: str, depth: int) -> tuple[str, ...]:
    """Documents below one tree; folders that commits share are looked into once."""
    known = objects.documents.get(tree)
    if known is not None:
        return known
    found: list[str] = []
    entries = _folder(objects, tree)
    for name, (mode, inner) in entries.items():
        if mode == FOLDER:
            other = name.startswith(".") or name in SKIPPED or f"{name}.dvc" in entries
            # a project of its own
            other = other or ".dvc" in _folder(objects, inner)
            if depth < MAX_DEPTH and not other and len(found) < MAX_FILES:
                found += (f"{name}/{below}" for below in _documents(objects, inner, depth + 1))
        elif mode not in (LINK, MODULE) and _is_document(name):
            found.append(name)
    objects.documents[tree] = tuple(found)
    return objects.documents[tree]
