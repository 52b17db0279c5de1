"""A folder of event files as runs: what is read of each, and how a later build goes on."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from runreport.errors import Problem, SourceError
from runreport.sources.complaints import Complaints
from runreport.sources.folders import reason
from runreport.sources.limits import LIMITS
from runreport.sources.loaded import UNKNOWN_TIME, LoadedRun, Points
from runreport.sources.partitions import Loaded, Partition
from runreport.sources.tensorboard.ahead import Ahead
from runreport.sources.tensorboard.eventfile import EventFile
from runreport.sources.tensorboard.gathered import Gathered, Item
from runreport.sources.tensorboard.hparams import Session, session
from runreport.sources.tensorboard.layout import Layout, Part, RunFolder
from runreport.sources.tensorboard.written import params_of
from runreport.sources.trees import TreeFile, open_file, walk
from runreport.tables import Artifact

_KINDS = {"image": "image", "text": "text", "histogram": "plot-data", "curve": "plot-data"}


@dataclass(eq=False)
class EventStore:
    """The runs at a location."""

    location: Path
    join: Sequence[str]
    experiment: str = field(init=False)
    _layout: Layout = field(init=False)
    _ahead: Ahead | None = field(default=None, init=False)
    _coming: list[tuple[Partition, Mapping[str, Any] | None]] = field(
        default_factory=list, init=False
    )
    """What will be loaded, the next one last."""
    _runs: dict[str, RunFolder] = field(default_factory=dict, init=False)
    _folders: tuple[Path, ...] = field(default=(), init=False)
    _problems: tuple[Problem, ...] = field(default=(), init=False)

    def __post_init__(self) -> None:
        root = self.location if self.location.is_dir() else self.location.parent
        self.experiment = root.name or "."
        self._layout = Layout(frozenset(name.lower() for name in self.join))

    def partitions(self) -> Sequence[Partition]:
        """One for each run.

        Raises:
            SourceError: RR370 when there is no event file.
        """
        tree = walk(self.location)
        single = None if self.location.is_dir() else self.location.name
        runs, problems = self._layout.runs(tree, single)
        if not runs:
            message = "no event files, whose names hold 'tfevents', below this folder"
            raise SourceError(Problem("RR370", message, place=self.location.name))
        if tree.links:
            message = f"{len(tree.links):,} links are not followed"
            problems.append(Problem("RR379", message, None, None, "note", tree.links[0]))
        if tree.cut:
            message = "there are more files than are looked at; the runs among the rest are missing"
            hint = "name a narrower location"
            problems.append(Problem("RR374", message, None, hint, "warning"))
        self._runs = {run.key: run for run in runs}
        self._folders = tree.folders
        self._problems = tuple(problems)
        return [Partition(run.key, run.files) for run in runs]

    def folders(self) -> Sequence[Path]:
        """Where a run may appear."""
        return self._folders

    def problems(self) -> Sequence[Problem]:
        """How the runs were told."""
        return self._problems

    def expect(self, pieces: Sequence[tuple[Partition, Mapping[str, Any] | None]]) -> None:
        """What will be loaded, in order."""
        self._coming = list(reversed(pieces))

    def load(self, partition: Partition, mark: Mapping[str, Any] | None) -> Loaded:
        """One run.

        Raises:
            SourceError: RR371 when none of its files can be read.
        """
        run = self._runs[partition.name]
        mark = _usable(run, mark)
        ahead = self._ahead = self._ahead or Ahead()
        if self._coming and self._coming[-1][0].name == partition.name:
            first = next(_wanted(run, mark), None)
            if first is not None and not ahead.has(first[0].path, first[1]):
                self._begin(ahead)
            self._coming.pop()
        reading = _Reading(run, ahead, mark)
        reading.read()
        if mark is not None and reading.clashes:
            # what the settings lent, the run has logged itself since
            mark = None
            reading = _Reading(run, ahead, None)
            reading.read()
        if len(reading.unreadable) == len(run.files):
            raise SourceError(reading.unreadable)
        loaded = reading.loaded()
        return Loaded((loaded,), reading.told.problems, reading.mark, appended=mark is not None)

    def _begin(self, ahead: Ahead) -> None:
        """Begin the files of the next runs together."""

        def coming() -> Iterator[tuple[Path, int, int]]:
            for partition, mark in reversed(self._coming):
                run = self._runs[partition.name]
                for file, place in _wanted(run, _usable(run, mark)):
                    yield file.path, place, file.size

        ahead.begin(coming())


def _wanted(run: RunFolder, mark: Mapping[str, Any] | None) -> Iterator[tuple[TreeFile, int]]:
    """Files that are to be read, and from where on."""
    for part in run.parts:
        known = mark["files"].get(part.folder, {}) if mark else {}
        for file in part.files:
            place, size = known.get(file.base, (0, 0))
            if not place or file.size != size:
                yield file, place


def _usable(run: RunFolder, mark: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    """The mark, where reading can go on from it."""
    return mark if mark is not None and _goes_on(run, mark) else None


def _goes_on(run: RunFolder, mark: Mapping[str, Any]) -> bool:
    """Whether what came since lies after what was read, in each folder."""
    for part in run.parts:
        known = mark["files"].get(part.folder, {})
        names = [file.base for file in part.files]
        if names[: len(known)] != list(known):
            return False
        before = list(zip(part.files, known.values(), strict=False))[:-1]
        if any(file.size != size for file, (_, size) in before):
            return False
    return set(mark["files"]) <= {part.folder for part in run.parts}


@dataclass(eq=False)
class _Reading:
    """One run while it is read."""

    run: RunFolder
    ahead: Ahead
    given: Mapping[str, Any] | None
    told: Complaints = field(default_factory=Complaints, init=False)
    metrics: dict[str, Points] = field(default_factory=dict, init=False)
    artifacts: dict[str, Artifact] = field(default_factory=dict, init=False)
    params: dict[str, str] = field(default_factory=dict, init=False)
    unreadable: list[Problem] = field(default_factory=list, init=False)
    clashes: bool = field(default=False, init=False)
    """Whether a tag that the settings lent is the run's own now."""

    def __post_init__(self) -> None:
        self._session = Session()
        self._first, self._last = math.nan, math.nan
        self._files: dict[str, dict[str, list[int]]] = {}
        self._plugins: dict[str, dict[str, str]] = {}
        self._lent: list[str] = list(self.given["lent"]) if self.given else []
        given = self.given or {"steps": {}, "latest": {}}
        self._steps: dict[str, dict[str, float]] = {k: dict(v) for k, v in given["steps"].items()}
        self._latest: dict[str, dict[str, float]] = {k: dict(v) for k, v in given["latest"].items()}
        self._own: set[str] = set()
        self._damaged = False

    def read(self) -> None:
        """Read every part."""
        for part in self.run.parts:
            if part.role == "settings" and not self.given:
                self._lent = []
            self._part(part)
        self.clashes = any(name in self._own for name in self._lent)

    def _part(self, part: Part) -> None:
        known = self.given["files"].get(part.folder, {}) if self.given else {}
        plugins = dict(self.given["plugins"].get(part.folder, {})) if self.given else {}
        marks = self._files[part.folder] = {}
        pieces: dict[str, list[Points]] = {}
        sessions: list[bytes] = []
        for file in part.files:
            place, size = known.get(file.base, (0, 0))
            if place and file.size == size:
                marks[file.base] = [place, size]
                continue
            gathered = self._file(file, place, plugins, marks)
            if gathered is None:
                continue
            sessions += gathered.sessions
            plugins = gathered.plugins
            if not place:
                self._next_file(part.folder)
            for tag, points, low, high in gathered.metrics():
                self._went_back(part, tag, low, high, file)
                pieces.setdefault(part.metric(tag), []).append(points)
            self._take(gathered, part, file)
        self._plugins[part.folder] = {
            tag: plugin for tag, plugin in plugins.items() if plugin != "scalars"
        }
        self._sessions(sessions, part)
        if part.role == "settings":
            for name in list(pieces):
                if name in self._own:
                    message = f"{name!r} is what the run logged itself; its value beside the "
                    self.told.add(
                        "RR379", part.folder, f"{message}settings is not shown", severity="note"
                    )
                    del pieces[name]
                elif name not in self._lent:
                    self._lent.append(name)
        else:
            self._own.update(pieces)
        for name, found in pieces.items():
            if name in self.metrics:
                found = [self.metrics[name], *found]
            self.metrics[name] = _one(found)

    def _file(
        self, file: TreeFile, place: int, plugins: dict[str, str], marks: dict[str, list[int]]
    ) -> Gathered | None:
        """What one file holds from a place on."""

        def complain(code: str, message: str, offset: int) -> None:
            self.told.add(code, file.name, message, line=f"byte {offset:,}")

        descriptor = -1
        try:
            events = self.ahead.take(file.path, place)
            if events is None or not events.whole:
                descriptor = open_file(file.path)
            if events is None:
                events = EventFile(os.fstat(descriptor).st_size, place)
            events.finish(descriptor, self.ahead.batch, complain, plugins)
        except OSError as error:
            message = f"it cannot be read: {reason(error)}"
            self.told.add("RR371", file.name, message)
            self.unreadable.append(Problem("RR371", message, place=file.name))
            self._damaged = True
            return None
        finally:
            if descriptor >= 0:
                os.close(descriptor)
        marks[file.base] = [events.place, events.size]
        self._damaged |= events.damaged
        return events.into

    def _next_file(self, folder: str) -> None:
        """What was the latest file of a folder is an earlier one now."""
        steps = self._steps.setdefault(folder, {})
        for tag, step in self._latest.pop(folder, {}).items():
            steps[tag] = max(step, steps.get(tag, step))

    def _went_back(self, part: Part, tag: str, low: float, high: float, file: TreeFile) -> None:
        """Say where a later file repeats steps: TensorBoard hides what they replace."""
        before = self._steps.get(part.folder, {}).get(tag)
        if before is not None and low <= before:
            message = (
                f"{tag[:80]!r} goes on at a step that an earlier file of the run has passed; all "
                "points are kept, also those that TensorBoard hides after a restart"
            )
            self.told.add("RR379", file.name, message, severity="note", kind="back")
        latest = self._latest.setdefault(part.folder, {})
        latest[tag] = max(high, latest.get(tag, high))

    def _take(self, gathered: Gathered, part: Part, file: TreeFile) -> None:
        """Take what a file holds besides points."""
        if not math.isnan(gathered.first):
            self._first = (
                gathered.first if math.isnan(self._first) else min(self._first, gathered.first)
            )
            self._last = gathered.last if math.isnan(self._last) else max(self._last, gathered.last)
        for tag, count in gathered.unread.items():
            message = f"{count:,} values of {tag[:80]!r} are no single number each"
            self.told.add("RR375", file.name, message, kind="unread")
        if gathered.left_out:
            message = f"{gathered.left_out:,} values of further tags are left out"
            self.told.add("RR374", file.name, message, kind="tags")
        if gathered.dropped:
            message = (
                f"{sum(gathered.dropped.values()):,} images, texts and the like are not listed"
            )
            self.told.add("RR374", file.name, message, severity="note", kind="items")
        for item in gathered.items:
            artifact = _artifact(item, part, file)
            # of equal names the last counts, in its own place
            self.artifacts.pop(artifact.path, None)
            self.artifacts[artifact.path] = artifact
        for text in gathered.texts.values():
            self.params.update(params_of(text))

    def _sessions(self, contents: Sequence[bytes], part: Part) -> None:
        try:
            found = session(contents)
        except ValueError as error:
            message = f"settings that cannot be read: {error}"
            self.told.add("RR375", part.folder or self.run.key, message, kind="settings")
            return
        self._session.params.update(found.params)
        self._session.tags.update(found.tags)
        if found.status != "unknown":
            self._session.status = found.status
        self._session.started = found.started or self._session.started
        self._session.ended = found.ended or self._session.ended

    def loaded(self) -> LoadedRun:
        """The run."""
        told = self._session
        return LoadedRun(
            key=self.run.key,
            name=self.run.name,
            status=told.status,
            started=_moment(told.started) or _moment(self._first),
            ended=_moment(told.ended) or _moment(self._last),
            params={**self.params, **told.params},
            tags=told.tags,
            metrics=self.metrics,
            artifacts=self._listed(),
        )

    def _listed(self) -> tuple[Artifact, ...]:
        """What was logged besides numbers; of too many the last ones of each tag."""
        artifacts = list(self.artifacts.values())
        if len(artifacts) <= LIMITS.files:
            return tuple(artifacts)
        by_tag: dict[str, list[Artifact]] = {}
        for artifact in artifacts:
            by_tag.setdefault(artifact.path.rpartition("@")[0], []).append(artifact)
        most = max(1, LIMITS.files // len(by_tag))
        kept = [artifact for own in by_tag.values() for artifact in own[-most:]][: LIMITS.files]
        message = (
            f"showing {len(kept):,} of {len(artifacts):,} images, histograms, texts and the like: "
            "the last ones of each tag"
        )
        self.told.add("RR374", self.run.key, message, severity="note", kind="artifacts")
        return tuple(kept)

    def mark(self) -> Mapping[str, Any] | None:
        """Where reading stopped; None when something is to be looked at again."""
        if self._damaged:
            return None
        return {
            "files": self._files,
            "plugins": self._plugins,
            "lent": self._lent,
            "steps": self._steps,
            "latest": self._latest,
        }


def _one(parts: list[Points]) -> Points:
    """Points of several files, one after the other."""
    if len(parts) == 1:
        return parts[0]
    times = [
        np.full(points.value.size, UNKNOWN_TIME) if points.time is None else points.time
        for points in parts
    ]
    return Points(
        np.concatenate([points.step for points in parts]),
        np.concatenate([points.value for points in parts]),
        np.concatenate(times),
    )


def _artifact(item: Item, part: Part, file: TreeFile) -> Artifact:
    path = f"{part.metric(item.tag)}@{item.step}{item.extension}"
    kind = _KINDS.get(item.kind, "other")
    return Artifact(path, kind, item.size, item.digest, f"{file.name}#{item.tag}#{item.step}")


def _moment(seconds: float | None) -> datetime | None:
    if seconds is None or not 0.0 < seconds < 7_258_118_400.0:
        return None
    return datetime.fromtimestamp(seconds, UTC)
