"""The files of a folder as artifacts: listed, hashed within limits, no link followed."""

from __future__ import annotations

import hashlib
import os
import re
import stat
from dataclasses import dataclass

from runreport.cache import NAME
from runreport.sources import pinned
from runreport.sources.limits import Limits
from runreport.tables import Artifact

MAX_DEPTH = 20
MAX_ENTRIES = 100_000
"""Of one folder: names that are sorted before the first are taken."""
_BLOCK = 1 << 18
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC

_KINDS = (
    ("image", r"\.(png|jpe?g|gif|webp|bmp|tiff?|svg)$"),
    ("checkpoint", r"\.(ckpt|pt|pth|safetensors|h5|hdf5|keras|onnx|npz|pkl|pickle|joblib|bin)$"),
    ("model", r"(^|/)MLmodel$"),
    ("log", r"\.(log|out|err)(\.txt)?$|(^|/)(stdout|stderr|logs?)(\.txt)?$"),
    (
        "predictions",
        r"(^|[/_.-])(predictions?|preds?|predicted)([_.-][^/]*)?\.(csv|tsv|jsonl?|parquet|npy)$",
    ),
    (
        "plot-data",
        r"(^|[/_.-])(confusion(_matrix)?|roc|pr|calibration|curve|histogram)s?([_.-][^/]*)?"
        r"\.(csv|tsv|jsonl?)$",
    ),
    ("table", r"\.(csv|tsv|parquet|arrow|feather|xlsx?)$"),
    ("text", r"\.(txt|md|rst|json|jsonl|ya?ml|toml|ini|cfg|html?|xml|py|sh|ipynb|diff|patch)$"),
)
_KIND_PATTERNS = tuple((kind, re.compile(pattern, re.I)) for kind, pattern in _KINDS)


@dataclass(frozen=True, slots=True)
class Listing:
    """The artifacts of one run."""

    artifacts: tuple[Artifact, ...] = ()
    found: bool = False
    """Whether their folder was there and could be opened."""
    cut: bool = False
    """Whether there are more than the limits allow."""
    unhashed: int = 0
    """Files whose digest was not taken: too large, or too much in all."""
    refused: int = 0
    """Links and special files, which are not followed or opened."""


def artifact_kind(path: str) -> str:
    """What a file of a run is, judged by its name."""
    return next((kind for kind, pattern in _KIND_PATTERNS if pattern.search(path)), "other")


class Walk:
    """One run's folder, walked in the order of names."""

    def __init__(self, limits: Limits, hashed_before: int) -> None:
        self.limits = limits
        self.hashed_before = hashed_before
        self.hashed = 0
        self.found: list[Artifact] = []
        self.cut = False
        self.unhashed = 0
        self.refused = 0
        self.folders: list[str] = []
        """Every folder that was looked into, as openers are written."""

    def into(self, folder: int, inside: tuple[str, ...], opener: str) -> None:
        """List an open folder and close it."""
        self.folders.append("/".join((opener, *inside)))
        try:
            for entry in self._entries(folder):
                if len(self.found) >= self.limits.files:
                    self.cut = True
                    return
                self._entry(folder, entry, inside, opener)
        finally:
            os.close(folder)

    def _entries(self, folder: int) -> list[os.DirEntry[str]]:
        entries: list[os.DirEntry[str]] = []
        try:
            with os.scandir(folder) as listed:
                for entry in listed:
                    if len(entries) >= MAX_ENTRIES:
                        self.cut = True
                        break
                    # what builds keep is none of a run's files
                    if entry.name != NAME:
                        entries.append(entry)
        except OSError:
            self.refused += 1
        return sorted(entries, key=lambda entry: entry.name)

    def _entry(
        self, folder: int, entry: os.DirEntry[str], inside: tuple[str, ...], opener: str
    ) -> None:
        name = entry.name
        try:
            if entry.is_dir(follow_symlinks=False):
                if len(inside) >= MAX_DEPTH:
                    self.cut = True
                    return
                self.into(os.open(name, _FOLDER, dir_fd=folder), (*inside, name), opener)
            elif entry.is_file(follow_symlinks=False):
                path = "/".join((*inside, name))
                kept: bytearray | None = bytearray() if pinned.reads(name) else None
                size, digest = self._read(folder, name, kept)
                about = (path, artifact_kind(path), size, digest, f"{opener}/{path}")
                if kept:
                    pins = pinned.packages_of(name, bytes(kept))
                    self.found.append(pinned.EnvironmentFile(*about, pins))
                else:
                    self.found.append(Artifact(*about))
            else:
                self.refused += 1
        except OSError:
            self.refused += 1

    def _read(
        self, folder: int, name: str, kept: bytearray | None = None
    ) -> tuple[int, str | None]:
        """Size and digest of a file; no digest when it is too large. Its content goes to `kept`."""
        file = os.open(name, _FILE, dir_fd=folder)
        try:
            about = os.fstat(file)
            if not stat.S_ISREG(about.st_mode):
                raise OSError
            size = about.st_size
            limits = self.limits
            if (
                size > limits.hashed_file
                or self.hashed + size > limits.hashed_run
                or self.hashed_before + self.hashed + size > limits.hashed_store
            ):
                self.unhashed += 1
                return size, None
            digest, read = hashlib.sha256(), 0
            # a file that grows meanwhile is read up to its size at the start
            while block := os.read(file, min(_BLOCK, size - read)):
                digest.update(block)
                read += len(block)
                if kept is not None and read <= pinned.LARGEST:
                    kept += block
            self.hashed += read
            return read, f"sha256:{digest.hexdigest()}"
        finally:
            os.close(file)
