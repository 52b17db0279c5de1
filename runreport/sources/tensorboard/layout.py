"""Which folders are runs: a run is a folder with event files, and what loggers put below it.

Loggers write sub-folders of their own: `train` and `validation` (Keras), one for each curve of
`add_scalars`, one for the settings of `add_hparams`. TensorBoard shows each as a run; here they are
parts of the run that they lie in, on evidence alone.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from runreport.errors import Problem
from runreport.sources.tensorboard.events import decode
from runreport.sources.trees import Tree, TreeFile, open_file

Role = Literal["own", "split", "curve", "settings"]

PEEKED = 1 << 16
"""Bytes at the start of a file that tell what a sub-folder is for."""
_RECORDS = 400
_FILES = 16
_DESCRIPTION = "_hparams_/experiment"
_START, _END = "_hparams_/session_start_info", "_hparams_/session_end_info"


@dataclass(frozen=True)
class Part:
    """A folder whose event files belong to a run."""

    role: Role
    run: str
    """The folder of the run."""
    folder: str
    """Relative to the root; empty for the root itself."""
    files: tuple[TreeFile, ...]
    curve: tuple[str, str] = ("", "")
    """Of a curve: the tag that `add_scalars` was given, and the name of the curve."""

    def metric(self, tag: str) -> str:
        """What a tag is called in the run."""
        if self.role == "split":
            return f"{self.base}/{tag}"
        if self.role == "curve":
            return f"{tag}/{self.curve[1]}" if tag == self.curve[0] else f"{self.base}/{tag}"
        return tag

    @property
    def base(self) -> str:
        """The last part of the folder's name."""
        return self.folder.rpartition("/")[2]


@dataclass(frozen=True)
class RunFolder:
    """A run and its parts: its own files first, its settings last."""

    key: str
    name: str
    parts: tuple[Part, ...]

    @property
    def files(self) -> tuple[Path, ...]:
        """Every file of the run."""
        return tuple(file.path for part in self.parts for file in part.files)


@dataclass(frozen=True)
class Peek:
    """What the start of a folder's first file tells."""

    tag: str = ""
    """The only tag that is no setting, as far as was looked."""
    empty: bool = False
    """Whether nothing at all is in it but headers and descriptions."""
    settings: bytes = b""
    """What was written at the start of a session that ended at once."""
    once: bool = False
    """Whether no tag occurs twice, as far as was looked."""


@dataclass(eq=False)
class Layout:
    """Finds the runs of a tree; what it peeked at is remembered while the files are unchanged."""

    join: Collection[str]
    """Names of folders, lower case, that are parts of the run they lie in."""
    _peeks: dict[tuple[str, int], Peek] = field(default_factory=dict, init=False)

    def runs(self, tree: Tree, single: str | None = None) -> tuple[list[RunFolder], list[Problem]]:
        """The runs, by folder; and how they were told.

        Args:
            tree: everything below the location.
            single: the file's name, when the location is one.
        """
        folders: dict[str, tuple[TreeFile, ...]] = {}
        for folder, files in tree.by_folder.items():
            events = tuple(file for file in files if is_event_file(file.base))
            if events:
                folders[folder] = events
        if single is not None:
            whole = tuple(file for files in folders.values() for file in files)
            run = RunFolder(single, single, (Part("own", "", "", whole),))
            return ([run] if whole else []), []
        parts, several = self._parts(folders)
        found: dict[str, list[Part]] = {}
        holders = {above for folder in folders if folder not in parts for above in _above(folder)}
        empty = 0
        for folder in sorted(folders):
            part = parts.get(folder)
            if part is None and folder in holders and self._peek(folders[folder]).empty:
                # a writer at the top of a search, an experiment's description
                empty += 1
                continue
            if part is None:
                part = Part("own", folder, folder, folders[folder])
            found.setdefault(part.run, []).append(part)
        runs = [
            RunFolder(folder or ".", folder or tree.root.name or ".", tuple(_ordered(own)))
            for folder, own in sorted(found.items())
        ]
        return runs, _notes(parts.values(), several, empty)

    def _parts(self, folders: Mapping[str, tuple[TreeFile, ...]]) -> tuple[dict[str, Part], int]:
        """Folders that belong to another; and how many hold several sets of settings."""
        parts: dict[str, Part] = {}
        settings: dict[str, list[tuple[str, bytes]]] = {}
        for folder, files in folders.items():
            above = [name for name in _above(folder) if name in folders]
            parent, base = _parent(folder), folder.rpartition("/")[2]
            if above and (curve := self._curve(folder, files, above)):
                parts[folder] = curve
            elif folder and base.lower() in self.join:
                parts[folder] = Part("split", parent, folder, files)
            elif parent in above:
                peek = self._peek(files)
                if peek.settings and peek.once:
                    settings.setdefault(parent, []).append((folder, peek.settings))
        several = 0
        for parent, found in settings.items():
            if len({content for _, content in found}) == 1:
                for folder, _ in found:
                    parts[folder] = Part("settings", parent, folder, folders[folder])
            else:
                # each set of settings is a run, as on the plugin's page
                several += 1
        holders = {above for folder in folders if folder not in parts for above in _above(folder)}
        for folder, part in list(parts.items()):
            # beside other runs, `test` is one of them
            if part.role == "split" and part.run in holders:
                del parts[folder]
        return parts, several

    def _curve(self, folder: str, files: Sequence[TreeFile], above: Sequence[str]) -> Part | None:
        """A folder that `add_scalars` wrote: named by its only tag and by the curve."""
        tag = self._peek(files).tag
        if not tag:
            return None
        for run in above:
            inside = folder[len(run) + 1 :] if run else folder
            for start in (f"{tag.replace('/', '_')}_", f"{tag}/"):
                curve = inside.removeprefix(start)
                if curve and curve != inside and "/" not in curve:
                    return Part("curve", run, folder, tuple(files), (tag, curve))
        return None

    def _peek(self, files: Sequence[TreeFile]) -> Peek:
        found = []
        for file in files[:_FILES]:
            key = (str(file.path), file.size)
            if key not in self._peeks:
                self._peeks[key] = _peek(file)
            found.append(self._peeks[key])
        if len(found) == 1:
            return found[0]
        tags = {peek.tag for peek in found if peek.tag}
        empty = len(files) <= _FILES and all(peek.empty for peek in found)
        return Peek(tags.pop() if len(tags) == 1 else "", empty=empty)


def is_event_file(name: str) -> bool:
    """Whether a file of this name holds events, as TensorBoard judges."""
    return "tfevents" in name and not name.endswith(".profile-empty")


def _peek(file: TreeFile) -> Peek:
    try:
        handle = open_file(file.path)
    except OSError:
        return Peek()
    try:
        data = os.pread(handle, PEEKED, 0)
    except OSError:
        return Peek()
    finally:
        os.close(handle)
    place, started, settings, values = 0, b"", b"", 0
    seen: dict[str, int] = {}
    for _ in range(_RECORDS):
        length = int.from_bytes(data[place : place + 8], "little")
        end = place + length + 16
        if end > len(data):
            break
        try:
            event = decode(data, place + 12, end - 4)
        except ValueError:
            break
        values += event.graph is not None
        for value in event.values:
            values += value.tag != _DESCRIPTION
            if value.tag == _END and started:
                settings = started
            started = value.content if value.tag == _START else b""
            if not value.tag.startswith("_hparams_/"):
                seen[value.tag] = seen.get(value.tag, 0) + 1
        place = end
    whole = place == file.size
    return Peek(
        tag=next(iter(seen)) if len(seen) == 1 else "",
        empty=whole and not values,
        settings=settings,
        once=whole and max(seen.values(), default=0) <= 1,
    )


def _parent(folder: str) -> str:
    return folder.rpartition("/")[0]


def _above(folder: str) -> list[str]:
    """The folders that a folder lies in, the nearest first."""
    found = []
    while folder:
        folder = _parent(folder)
        found.append(folder)
    return found


def _ordered(parts: Sequence[Part]) -> list[Part]:
    order = {"own": 0, "split": 1, "curve": 2, "settings": 3}
    return sorted(parts, key=lambda part: (order[part.role], part.folder))


def _notes(parts: Collection[Part], several: int, empty: int) -> list[Problem]:
    """How runs were told."""
    found: list[Problem] = []
    splits = sorted({part.base for part in parts if part.role == "split"})
    if splits:
        names = ", ".join(repr(name) for name in splits[:6])
        found.append(
            _note(
                f"folders called {names} are parts of the run they lie in, and their metrics begin "
                "with the folder's name",
                "`join_folders: []` makes a run of each",
            )
        )
    if curves := sum(part.role == "curve" for part in parts):
        found.append(
            _note(
                f"{_count(curves, 'folder')} of add_scalars: read as metrics of the run they lie "
                "in, named by tag and curve"
            )
        )
    if settings := sum(part.role == "settings" for part in parts):
        found.append(
            _note(
                f"{_count(settings, 'folder')} of add_hparams: read as params and metrics of the "
                "run they lie in"
            )
        )
    if several:
        found.append(
            _note(
                f"{_count(several, 'folder')} with several sets of add_hparams: each set is a run"
            )
        )
    if empty:
        found.append(
            _note(f"{_count(empty, 'folder')} above other runs hold no values: they are no runs")
        )
    return found


def _note(message: str, hint: str | None = None) -> Problem:
    return Problem("RR379", message, None, hint, "note")


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"
