"""One run of an MLflow file store: its `meta.yaml`, params, tags, last values and datasets."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from runreport.sources.folders import Folder, reason
from runreport.sources.limits import Limits
from runreport.sources.mlflow.collect import Collector
from runreport.sources.mlflow.facts import DatasetInput, RunFacts
from runreport.sources.mlflow.metalines import (
    MAX_BYTES,
    Meta,
    MetaError,
    read_meta,
    read_tree,
    text_at,
)
from runreport.sources.mlflow.metriclines import Latest, Oddities

DEPTH = 20
"""Folders inside `metrics`, `params` and `tags`: the parts of `train/loss`."""

Seen = Callable[[str, bytes], None]
"""Told of every file that was read: its place below the root, and its digest."""


@dataclass(frozen=True, slots=True)
class MetricFile:
    """Where the points of one metric of one run are."""

    place: tuple[str, ...]
    """Names from the root of the store to the file."""
    size: int
    """Bytes when the tables were read; what came later is not read."""
    odd: Oddities
    """What the tables have said of it already."""


@dataclass(frozen=True, slots=True)
class ReadRun:
    """A run, and the files that hold its points."""

    facts: RunFacts
    folder: str
    """Below the root of the store."""
    address: str | None
    """Of its artifacts, as the store gives it."""
    metrics: Mapping[str, MetricFile] = field(default_factory=dict)
    sizes: Mapping[str, int] = field(default_factory=dict)
    """Place of every metric file that was looked at, and the bytes of it."""

    @property
    def run_id(self) -> str:
        """MLflow's own."""
        return self.facts.run_id

    @property
    def started(self) -> int | None:
        """Milliseconds."""
        return self.facts.started_ms


@dataclass(frozen=True, slots=True)
class RunFolders:
    """Reads the run folders of a store."""

    limits: Limits
    told: Collector
    seen: Seen
    datasets: Mapping[str, DatasetInput] = field(default_factory=dict)
    """Of the experiment, by id."""

    def meta(self, folder: Folder) -> Meta:
        """The folder's `meta.yaml`.

        Raises:
            MetaError: not there, not readable, or not what MLflow writes.
        """
        try:
            data = folder.read("meta.yaml", MAX_BYTES + 1)
        except FileNotFoundError:
            raise MetaError("there is no meta.yaml") from None
        except OSError as error:
            self.seen(folder.at("meta.yaml"), b"")
            raise MetaError(f"meta.yaml cannot be read: {reason(error)}") from None
        self.seen(folder.at("meta.yaml"), hashlib.sha256(data).digest())
        try:
            return read_meta(data)
        except MetaError as error:
            raise MetaError(f"meta.yaml cannot be read: {error}") from None

    def run_meta(self, folder: Folder, name: str) -> Meta | None:
        """The `meta.yaml` of a run; None when it was deleted.

        Raises:
            MetaError: it cannot be read as that run's.
        """
        meta = self.meta(folder)
        named = meta.get("run_id") or meta.get("run_uuid")
        if named != name:
            what = "names no run" if named is None else f"belongs to run {named[:40]!r}"
            raise MetaError(f"meta.yaml {what}")
        return None if meta.get("lifecycle_stage") == "deleted" else meta

    def read(self, folder: Folder, name: str, experiment: str, meta: Meta) -> ReadRun:
        """A run whose `meta.yaml` was read."""
        totals: dict[str, int] = {}
        params = self._texts(folder, name, "params", self.limits.params, totals)
        tags = self._texts(folder, name, "tags", self.limits.tags, totals)
        sizes: dict[str, int] = {}
        latest, files = self._metrics(folder, name, totals, sizes)
        facts = RunFacts(
            run_id=name,
            experiment=experiment,
            name=meta.get("run_name") or meta.get("name"),
            status=status_in(meta),
            started_ms=self._time(meta, "start_time", name),
            ended_ms=self._time(meta, "end_time", name),
            user=meta.get("user_id"),
            params=params,
            tags=tags,
            metrics=latest,
            datasets=self.datasets_of(folder, name),
            totals=totals,
        )
        return ReadRun(facts, folder.path, meta.get("artifact_uri"), files, sizes)

    def _texts(
        self, folder: Folder, run: str, what: str, most: int, totals: dict[str, int]
    ) -> list[tuple[str, str]]:
        found: list[tuple[str, str]] = []
        # a character of UTF-8 takes up to four bytes, and one more tells that there was more
        size = 4 * (self.limits.value + 1)
        try:
            for key, inside, name in folder.files(what, DEPTH):
                totals[what] = totals.get(what, 0) + 1
                if totals[what] > most:
                    continue
                try:
                    data = inside.read(name, size)
                except OSError as error:
                    self.seen(inside.at(name), b"")
                    self._say(run, inside.at(name), f"cannot be read: {reason(error)}")
                    continue
                self.seen(inside.at(name), hashlib.sha256(data).digest())
                found.append((key, data.decode("utf-8", "surrogateescape")))
        except OSError as error:
            self._say(run, folder.at(what), f"cannot be read to its end: {reason(error)}")
        return found

    def _metrics(
        self, folder: Folder, run: str, totals: dict[str, int], sizes: dict[str, int]
    ) -> tuple[list[tuple[str, float, float | None]], dict[str, MetricFile]]:
        latest: list[tuple[str, float, float | None]] = []
        files: dict[str, MetricFile] = {}
        try:
            for key, inside, name in folder.files("metrics", DEPTH):
                totals["metrics"] = totals.get("metrics", 0) + 1
                if totals["metrics"] > self.limits.metrics:
                    continue
                place = inside.at(name)
                try:
                    last, size = self._latest(inside, name)
                except OSError as error:
                    self.seen(place, b"")
                    self._say(run, place, f"cannot be read: {reason(error)}")
                    continue
                sizes[place] = size
                tell_oddities(self.told, run, place, last.odd)
                if last.point is None:
                    self._say(run, place, "holds no point that can be read")
                    continue
                step, _, value = last.point
                latest.append((key, value, step))
                files[key] = MetricFile(tuple(place.split("/")), size, last.odd)
        except OSError as error:
            self._say(run, folder.at("metrics"), f"cannot be read to its end: {reason(error)}")
        return latest, files

    def _latest(self, folder: Folder, name: str) -> tuple[Latest, int]:
        last, size = Latest(), folder.size(name)
        for block in folder.blocks(name, size):
            last.take(block)
        # there is no need yet for the digest of so much
        self.seen(folder.at(name), b"")
        return last, size

    def datasets_of(self, folder: Folder, run: str) -> list[DatasetInput]:
        """Datasets named in `inputs`, by name."""
        found: list[DatasetInput] = []
        try:
            with folder.folder("inputs") as inputs:
                for name, kind in inputs.names()[: self.limits.inputs]:
                    if kind == "folder":
                        with inputs.folder(name) as one:
                            found += self._dataset(one, run)
        except FileNotFoundError:
            return []
        except OSError as error:
            self._say(run, folder.at("inputs"), f"cannot be read to its end: {reason(error)}")
        return sorted(found, key=lambda data: (data.name, data.context or "", data.digest or ""))

    def _dataset(self, folder: Folder, run: str) -> list[DatasetInput]:
        try:
            data = folder.read("meta.yaml", MAX_BYTES)
            self.seen(folder.at("meta.yaml"), hashlib.sha256(data).digest())
            tree = read_tree(data.decode("utf-8", "replace"))
        except (OSError, MetaError) as error:
            self._say(run, folder.at("meta.yaml"), f"cannot be read: {error}")
            return []
        kind, number = text_at(tree, "source_type"), text_at(tree, "source_id")
        tags = tree["tags"].mapping if "tags" in tree else None
        if kind != "DATASET" or number is None:
            return []
        known = self.datasets.get(number)
        if known is None:
            self._say(run, folder.at("meta.yaml"), f"names dataset {number[:40]!r}, not found")
            return []
        return [replace(known, context=text_at(tags or {}, "mlflow.data.context"))]

    def _time(self, meta: Meta, key: str, run: str) -> int | None:
        raw = meta.get(key)
        try:
            return None if raw is None else int(raw)
        except ValueError:
            message = f"its {key} is {str(raw)[:40]!r}, expected milliseconds"
            self.told.tell("RR308", message, run, where="meta.yaml")
            return None

    def _say(self, run: str, place: str, words: str) -> None:
        self.told.tell("RR306", f"{place.rpartition('/')[2]!r} {words}", run, where=place)


def tell_oddities(told: Collector, run: str, place: str, odd: Oddities) -> None:
    """Say which lines of a metric file were left out."""
    if odd.bad:
        message = f"{odd.bad:,} lines are not `time value step`; they were left out"
        told.tell("RR308", message, run, where=f"{place}, line {odd.first}")
    if odd.incomplete:
        message = "the last line was cut while being written; it was left out"
        told.tell("RR308", message, run, where=place)


def status_in(meta: Meta) -> str | int | None:
    """The status of a run, as the text or the number that stands there."""
    raw = meta.get("status")
    return int(raw) if raw is not None and raw.isascii() and raw.isdigit() else raw
