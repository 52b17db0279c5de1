"""The files of an offline session, whether they are packed or lie in a folder."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from runreport.sources.archive import Archive
from runreport.sources.limits import LIMITS
from runreport.sources.listing import artifact_kind
from runreport.sources.pieces import Files
from runreport.sources.trees import read_file, walk
from runreport.tables import Artifact


class Bundle(Protocol):
    """The files of one session."""

    sizes: Mapping[str, int]
    """Name of each file, relative to the session, to its bytes."""

    def read(self, name: str, most: int) -> bytes:
        """A file's content.

        Raises:
            OSError, ValueError: it is not there, damaged, or larger than `most`.
        """
        ...

    def artifact(self, name: str, shown: str, digest: str | None) -> Artifact:
        """A file as an artifact; its digest is taken when the session does not tell it."""
        ...


class Packed:
    """A ZIP file; open as long as the archive is."""

    def __init__(self, archive: Archive, place: str) -> None:
        self._archive = archive
        self._place = place
        self._hashed = 0
        self.sizes: Mapping[str, int] = {
            name: member.size
            for name, member in sorted(archive.members.items())
            if not name.endswith("/")
        }

    def read(self, name: str, most: int) -> bytes:
        """As `Bundle.read`."""
        if name not in self._archive:
            raise FileNotFoundError(2, "no such file")
        return self._archive.read(name, most)

    def artifact(self, name: str, shown: str, digest: str | None) -> Artifact:
        """As `Bundle.artifact`."""
        size = self.sizes[name]
        small = size <= LIMITS.hashed_file and self._hashed + size <= LIMITS.hashed_run
        if digest is None and small:
            self._hashed += size
            try:
                content = self._archive.read(name, LIMITS.hashed_file)
                digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
            except ValueError:
                digest = None
        return Artifact(shown, artifact_kind(shown), size, digest, f"{self._place}#{name}")


class Unpacked:
    """A folder."""

    def __init__(self, folder: Path, place: str) -> None:
        self._folder = folder
        self._place = place
        self._files = Files(folder)
        self.sizes: Mapping[str, int] = {file.name: file.size for file in walk(folder).files}

    def read(self, name: str, most: int) -> bytes:
        """As `Bundle.read`."""
        return read_file(self._folder / name, most)

    def artifact(self, name: str, shown: str, digest: str | None) -> Artifact:
        """As `Bundle.artifact`."""
        found = self._files.artifact(name, shown, digest)
        place = f"{self._place}/{name}" if self._place else name
        if found is None:
            return Artifact(shown, artifact_kind(shown), self.sizes[name], digest, None)
        return Artifact(shown, found.kind, found.bytes, found.digest, place)
