"""Whether the files of a workspace are those of a commit: by their content, no filter is run."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from runreport.sources.complaints import Complaints
from runreport.sources.dvc.cache import Cache
from runreport.sources.dvc.contents import Contents
from runreport.sources.dvc.objects import MissingObjectError, Objects
from runreport.sources.dvc.project import Project, project_of
from runreport.sources.dvc.projectfiles import (
    DOCUMENT,
    CommitFiles,
    FolderFiles,
    UnreadError,
    blob_id,
)

MAX_CODE = 16_000_000
"""Bytes of one dependency that is compared."""


@dataclass(frozen=True, slots=True)
class Digests:
    """Of one file."""

    blobs: tuple[str, ...]
    """Ids that Git may have given to it."""
    md5: str


class Workspace:
    """The files that a run in the folder is made from."""

    def __init__(self, files: FolderFiles, names: Sequence[str], cache: Cache) -> None:
        self.files = files
        self.names = names
        self.cache = cache
        self._digests: dict[str, Digests | None] = {}

    @cached_property
    def project(self) -> Project:
        return project_of(self.files, Complaints())

    @cached_property
    def _contents(self) -> Contents:
        return Contents(self.files, self.project, self.cache)

    def md5(self, name: str) -> str | None:
        """What `dvc.lock` says of a file that DVC keeps."""
        try:
            return self._contents.md5(name)
        except UnreadError:
            return None

    @cached_property
    def code(self) -> tuple[str, ...]:
        """Dependencies of stages that lie in the folder and are not too large to compare."""
        deps = {dep.path for stage in self.project.stages for dep in stage.deps}
        sizes = {path: self.files.size(path) for path in deps - set(self.names)}
        return tuple(sorted(p for p, size in sizes.items() if size is not None and size < MAX_CODE))

    def digests(self, name: str, sha256: bool) -> Digests | None:
        """What a file's content is known by; None when it cannot be read."""
        if name not in self._digests:
            try:
                data = self.files.read(name)
            except UnreadError:
                self._digests[name] = None
            else:
                # Git may have made line ends equal when it was added
                texts = (data, data.replace(b"\r\n", b"\n"))
                ids = tuple(blob_id(text, sha256=sha256) for text in texts)
                self._digests[name] = Digests(
                    ids, hashlib.md5(data, usedforsecurity=False).hexdigest()
                )
        return self._digests[name]


def same_as(
    here: Workspace, objects: Objects, commit: str, prefix: str, *, code: bool = False
) -> bool:
    """Whether the files that count are as a commit has them.

    Args:
        here: the workspace.
        objects: of the repository.
        commit: its id.
        prefix: the project's folder in the repository.
        code: whether dependencies of stages count too; those that Git does not hold do not.
    """
    try:
        there = CommitFiles(objects, commit, objects.commit(commit).tree, prefix)
    except MissingObjectError:
        return False
    if not all(_same(here, there, name) for name in here.names):
        return False
    documents = {name for name in there.documents() if DOCUMENT.fullmatch(name)}
    if documents != {name for name in here.files.documents() if DOCUMENT.fullmatch(name)}:
        return False
    return not code or all(_same(here, there, name) for name in here.code if there.has(name))


def _same(here: Workspace, there: CommitFiles, name: str) -> bool:
    own = here.digests(name, there.objects.sha256)
    blob = there.blob(name)
    if own is None:
        return blob is None
    if blob is None:
        # DVC keeps it, and `dvc.lock`, which is compared as well, says what it was
        return own.md5 == here.md5(name)
    return blob in own.blobs
