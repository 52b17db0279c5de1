"""From a location to files: bounded, sorted, and never through a link that leads elsewhere."""

from __future__ import annotations

import errno
import fnmatch
import os
import re
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from runreport.cleaning import clean_text
from runreport.errors import Problem, SourceError
from runreport.sources.complaints import Complaints

MAX_FILES = 10_000
MAX_ENTRIES = 200_000
"""Folder entries looked at."""
MAX_DEPTH = 20

FORMATS = {
    ".csv": "csv",
    ".tsv": "csv",
    ".json": "json",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".yaml": "yaml",
    ".yml": "yaml",
    ".parquet": "parquet",
    ".pq": "parquet",
}
KINDS = "CSV, TSV, JSON, JSONL, YAML, Parquet"
_MAGIC = re.compile(r"[*?\[]")


@dataclass(frozen=True, slots=True)
class File:
    """One file to read."""

    path: Path
    """Resolved: it holds no link."""
    name: str
    """Relative to the location's fixed part, with `/`; it names the file everywhere."""
    format: str
    bytes: int

    @property
    def stem(self) -> str:
        """The name without its suffix."""
        return self.name[: -len(Path(self.name).suffix)] if Path(self.name).suffix else self.name

    @property
    def folder(self) -> str:
        """The folder part of the name; empty at the top."""
        return self.name.rpartition("/")[0]


def find(base: Path, location: str, complaints: Complaints) -> tuple[File, ...]:
    """The files of a location, sorted by name.

    Raises:
        SourceError: RR340 nothing there, RR341 nothing readable there.
    """
    if not location or "\0" in location:
        raise SourceError(_missing(location or "(empty)", "no such file or folder"))
    path = base / location
    try:
        if path.exists():
            return _existing(path, location, complaints)
    except OSError as error:
        raise SourceError(_missing(location, (error.strerror or "unreadable").lower())) from None
    if not _MAGIC.search(location):
        raise SourceError(_missing(location, "no such file or folder"))
    parts = Path(location).parts
    fixed = next(index for index, part in enumerate(parts) if _MAGIC.search(part))
    root = base.joinpath(*parts[:fixed])
    pattern = parts[fixed:]
    found = [file for file in _walk(root, complaints) if _matches(file.name.split("/"), pattern)]
    if not found:
        message = f"no {KINDS} file matches {location!r}"
        hint = f"patterns start at the spec's folder; `{'/'.join(parts[:fixed]) or '.'}` holds none"
        raise SourceError(Problem("RR341", message, hint=hint, place=location))
    return tuple(found)


def looked_at(base: Path, location: str, files: Sequence[File]) -> list[Path]:
    """Files and folders of whose state `find` and what is read of its files are a function."""
    parts = Path(location).parts
    top = base / location
    if not top.exists():
        fixed = next((index for index, part in enumerate(parts) if _MAGIC.search(part)), 0)
        top = base.joinpath(*parts[:fixed])
    found = [top]
    entries = 0
    if top.is_dir():
        for folder, folders, names in os.walk(os.path.realpath(top)):
            folders[:] = [n for n in folders if not n.startswith(".") and n != "__pycache__"]
            found += (Path(folder, name) for name in folders)
            entries += len(folders) + len(names)
            if entries > MAX_ENTRIES:
                break
    # params may come to lie beside a file
    beside = dict.fromkeys(file.path.parent for file in files)
    return list(dict.fromkeys([*found, *beside, *(file.path for file in files)]))


def _existing(path: Path, location: str, complaints: Complaints) -> tuple[File, ...]:
    # the location itself may be a link: the author wrote it
    real = path.resolve()
    if real.is_dir():
        found = tuple(_walk(real, complaints))
        if not found:
            message = f"no {KINDS} file in {location!r} or the folders below it"
            raise SourceError(Problem("RR341", message, place=location))
        return found
    kind = FORMATS.get(path.suffix.lower())
    if kind is None or not real.is_file():
        message = f"{location!r} is no file of a kind that is read here: {KINDS}"
        hint = "its ending says what a file is: .csv .tsv .json .jsonl .ndjson .yaml .yml .parquet"
        raise SourceError(Problem("RR341", message, hint=hint, place=location))
    return (File(real, clean_text(path.name), kind, real.stat().st_size),)


def _missing(location: str, reason: str) -> Problem:
    shown = clean_text(location)
    hint = "paths are relative to the file that names them"
    return Problem("RR340", f"cannot find {shown!r}: {reason}", hint=hint, place=shown)


def _walk(root: Path, complaints: Complaints) -> Iterator[File]:
    """Files of known kinds below a folder, by name; what is left out is said."""
    found: list[File] = []
    entries = 0
    real_root = os.path.realpath(root)
    folders = [(real_root, "", 0)]
    while folders:
        folder, prefix, depth = folders.pop()
        try:
            with os.scandir(folder) as scan:
                listed = sorted(scan, key=lambda entry: entry.name)
        except OSError as error:
            if depth or error.errno != errno.ENOENT:
                reason = (error.strerror or "unreadable").lower()
                message = f"the folder cannot be listed: {reason}"
                complaints.add("RR343", clean_text(prefix) or ".", message)
            continue
        below = []
        for entry in listed:
            entries += 1
            if entry.name.startswith(".") or entry.name == "__pycache__":
                continue
            name = f"{prefix}{entry.name}"
            if entry.is_symlink() and not _inside(entry.path, real_root):
                if Path(entry.name).suffix.lower() in FORMATS or entry.is_dir():
                    message = "it is a link that leads out of the location; it is not followed"
                    complaints.add("RR342", clean_text(name), message)
                continue
            # a folder reached by a link inside is listed where it really is
            if entry.is_dir(follow_symlinks=False):
                if depth < MAX_DEPTH:
                    below.append((entry.path, f"{name}/", depth + 1))
            elif (kind := FORMATS.get(Path(entry.name).suffix.lower())) is not None:
                path = Path(os.path.realpath(entry.path))
                if path.is_file():
                    found.append(File(path, clean_text(name), kind, path.stat().st_size))
        folders += reversed(below)
        if len(found) > MAX_FILES or entries > MAX_ENTRIES:
            message = f"only the first {min(len(found), MAX_FILES):,} files are read"
            hint = "name fewer files with a narrower pattern"
            complaints.add("RR356", "", message, hint=hint)
            break
    names: set[str] = set()
    for file in sorted(found[:MAX_FILES], key=lambda file: file.name):
        # two names may become one when unprintable characters are replaced
        if file.name in names:
            complaints.add("RR342", file.name, "another file has the same printable name")
        else:
            names.add(file.name)
            yield file


def _inside(path: str, root: str) -> bool:
    real = os.path.realpath(path)
    return real == root or real.startswith(root.rstrip(os.sep) + os.sep)


def _matches(parts: Sequence[str], pattern: Sequence[str]) -> bool:
    if not pattern:
        return not parts
    if pattern[0] == "**":
        return any(_matches(parts[skip:], pattern[1:]) for skip in range(len(parts) + 1))
    if not parts or not fnmatch.fnmatchcase(parts[0], pattern[0]):
        return False
    return _matches(parts[1:], pattern[1:])


def read_bytes(file: File, limit: int) -> bytes:
    """The file's content.

    Raises:
        SourceError: RR343 when it cannot be read or is larger than the limit.
    """
    # a file that became a link or a pipe since it was found must neither lead out nor hang
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    try:
        handle = os.open(file.path, flags)
        with os.fdopen(handle, "rb") as stream:
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                raise SourceError(Problem("RR343", "it is no regular file", place=file.name))
            data = stream.read(limit + 1)
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
        raise SourceError(
            Problem("RR343", f"it cannot be read: {reason}", place=file.name)
        ) from None
    if len(data) > limit:
        message = f"it is larger than {limit // 1_000_000:,} MB, the most that is read of this kind"
        hint = "split it, or store it as Parquet"
        raise SourceError(Problem("RR343", message, hint=hint, place=file.name))
    return data


def sibling(file: File, name: str) -> File | None:
    """A file beside another one, when it is there, is of a known kind and is no link away."""
    path = file.path.with_name(name)
    kind = FORMATS.get(path.suffix.lower())
    if kind is None or "/" in name or path.is_symlink() or not path.is_file():
        return None
    prefix = f"{file.folder}/" if file.folder else ""
    return File(path, f"{prefix}{clean_text(name)}", kind, path.stat().st_size)
