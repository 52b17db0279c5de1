"""A project's files wherever they are: in the folder or the commit, else in DVC's cache."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path

from runreport.sources.dvc.cache import AbsentError, Cache
from runreport.sources.dvc.project import Project, Tracked
from runreport.sources.dvc.projectfiles import MAX_FILE, Files, UnreadError


class Contents:
    """What a run's files hold."""

    def __init__(self, files: Files, project: Project, cache: Cache) -> None:
        self.files = files
        self.project = project
        self.cache = cache
        self.awaited: dict[Path, None] = {}
        """Places in the cache at which something was missing."""

    def has(self, name: str) -> bool:
        """Whether a file is there, or DVC knows its digest."""
        return self.files.has(name) or self.md5(name) is not None

    def read(self, name: str, most: int = MAX_FILE) -> bytes:
        """A file's content.

        Raises:
            UnreadError: it cannot be read, from anywhere.
        """
        if self.files.has(name):
            return self.files.read(name, most)
        md5 = self.md5(name)
        if md5 is None:
            # a link into the cache is not followed; without a digest nothing is known of it
            return self.files.read(name, most)
        try:
            return self.cache.read(md5, most)
        except AbsentError as error:
            self.awaited.update(dict.fromkeys(error.places))
            raise

    def below(self, folder: str) -> list[str]:
        """Files below a folder, or the file of this name, by name.

        Raises:
            UnreadError: it is kept by DVC, and its list of files cannot be read.
        """
        if self.files.has(folder):
            return [folder]
        found = self.files.below(folder)
        if found:
            return found
        known = self._outs.get(folder)
        if known is not None and known.md5 and not known.md5.endswith(".dir"):
            return [folder]
        start = f"{folder}/"
        inside = [path for path in self._outs if path.startswith(start)]
        for path, out in self._outs.items():
            md5 = out.md5
            if md5 and md5.endswith(".dir") and (path == folder or folder.startswith(f"{path}/")):
                inside += (f"{path}/{name}" for name in self._listing(md5))
        return sorted({name for name in inside if name.startswith(start)})

    def md5(self, name: str) -> str | None:
        """By which DVC knows a file that it keeps.

        Raises:
            UnreadError: it is in a folder whose list of files cannot be read.
        """
        out = self._outs.get(name)
        if out is not None:
            return out.md5
        above = name
        while "/" in above:
            above = above.rpartition("/")[0]
            md5 = out.md5 if (out := self._outs.get(above)) is not None else None
            if md5 and md5.endswith(".dir"):
                return self._listing(md5).get(name[len(above) + 1 :])
        return None

    def size(self, name: str) -> int | None:
        """Bytes; None when nobody knows."""
        found = self.files.size(name)
        if found is not None:
            return found
        out = self._outs.get(name)
        if out is not None and out.bytes is not None:
            return out.bytes
        try:
            md5 = self.md5(name)
            return None if md5 is None else self.cache.find(md5).stat().st_size
        except (UnreadError, OSError):
            return None

    @cached_property
    def _outs(self) -> Mapping[str, Tracked]:
        return {out.path: out for out in self.project.outputs()}

    def _listing(self, md5: str) -> Mapping[str, str]:
        if md5 not in self._listings:
            try:
                self._listings[md5] = self.cache.listing(md5)
            except AbsentError as error:
                self.awaited.update(dict.fromkeys(error.places))
                raise
        return self._listings[md5]

    @cached_property
    def _listings(self) -> dict[str, Mapping[str, str]]:
        return {}
