"""One offline session as a run."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any

from runreport.cleaning import clean_text
from runreport.errors import Problem, SourceError
from runreport.sources import moments
from runreport.sources.clearml.bundle import Bundle
from runreport.sources.clearml.detect import MAX_TASK, TASK
from runreport.sources.clearml.facts import (
    lineage_of,
    models_of,
    object_at,
    params_of,
    status_of,
    tags_of,
)
from runreport.sources.clearml.scalars import Scalars
from runreport.sources.complaints import Complaints
from runreport.sources.listing import artifact_kind
from runreport.sources.loaded import LoadedRun
from runreport.sources.texts import parse_json
from runreport.tables import Artifact

METRICS, LOG = "metrics.jsonl", "log.jsonl"
MAX_METRICS = 4_000_000_000
"""Bytes of a session's metrics."""


class Session:
    """One session, from its open files."""

    def __init__(self, bundle: Bundle, name: str, told: Complaints, *, system: bool) -> None:
        self.bundle = bundle
        self.name = name
        self.told = told
        self.system = system
        self.left: Mapping[str, Any] | None = None
        """Where reading stopped."""
        self.appended = False

    def run(self, mark: Mapping[str, Any] | None) -> LoadedRun:
        """The run; only points after the mark when there is one.

        Raises:
            SourceError: RR371 when its task cannot be read.
        """
        task = self._task()
        key = task.get("id") if isinstance(task.get("id"), str) else self.name
        scalars = Scalars(str(key), self._at(METRICS), self.told, system=self.system)
        self._metrics(scalars, mark)
        project, title, user = (task.get(k) for k in ("project_name", "name", "user"))
        return LoadedRun(
            key=str(key),
            name=title if isinstance(title, str) and title else str(key),
            experiment=project if isinstance(project, str) and project else None,
            status=status_of(task),
            started=moments.from_text(task.get("started")),
            ended=moments.from_text(task.get("completed")),
            user=user if isinstance(user, str) and user else None,
            params=params_of(task),
            tags=tags_of(task),
            metrics=scalars.points(),
            artifacts=tuple({a.path: a for a in self._artifacts(task, str(key))}.values()),
            lineage=tuple(lineage_of(task)),
        )

    def _at(self, name: str) -> str:
        return f"{self.name}/{name}"

    def _task(self) -> Mapping[str, Any]:
        try:
            task = parse_json(self.bundle.read(TASK, MAX_TASK))
            if not isinstance(task, Mapping):
                raise ValueError("expected an object")
        except (OSError, ValueError) as error:
            message = f"the task of a ClearML session cannot be read: {_words(error)}"
            raise SourceError(Problem("RR371", message, place=self._at(TASK))) from None
        return task

    def _metrics(self, scalars: Scalars, mark: Mapping[str, Any] | None) -> None:
        if METRICS not in self.bundle.sizes:
            return
        try:
            data = self.bundle.read(METRICS, MAX_METRICS)
        except (OSError, ValueError) as error:
            self.told.add("RR371", self._at(METRICS), f"it cannot be read: {_words(error)}")
            return
        end, line = 0, 1
        if mark is not None and 0 < mark["end"] <= len(data):
            end, line, self.appended = mark["end"], mark["line"], True
        end, line = scalars.read(data[end:], line, end)
        self.left = {"end": end, "line": line}

    def _artifacts(self, task: Mapping[str, Any], key: str) -> Iterator[Artifact]:
        """Uploads, debug samples, configuration objects, models and the log."""
        known: dict[str, Mapping[str, Any]] = {}
        inside = {name: _shown(name, key) for name in self.bundle.sizes if name.startswith("data/")}
        uploads = object_at(task, "execution").get("artifacts")
        for upload in uploads if isinstance(uploads, list) else ():
            if not isinstance(upload, Mapping) or not isinstance(upload.get("key"), str):
                continue
            # the folder that the address begins with is of the machine that logged it
            place = f"data/{_uri(upload).rpartition('/data/')[2]}"
            if place in inside:
                known[place] = upload
            else:
                yield _stated(upload)
        for name, shown in inside.items():
            stated = known.get(name)
            digest = None if stated is None else _digest(stated)
            yield self.bundle.artifact(name, shown, digest)
        for name, item in object_at(task, "configuration").items():
            text = item.get("value") if isinstance(item, Mapping) else None
            if isinstance(text, str):
                content = text.encode("utf-8", "surrogatepass")
                sign = f"sha256:{hashlib.sha256(content).hexdigest()}"
                yield Artifact(f"configuration/{name}", "text", len(content), sign, None)
        for name, weights in models_of(task):
            base = weights.replace("\\", "/").rpartition("/")[2] if weights else ""
            yield Artifact(f"models/{name}/{base}".rstrip("/"), "model", None, None, None)
        if LOG in self.bundle.sizes:
            log = self.bundle.artifact(LOG, LOG, None)
            yield Artifact(log.path, "log", log.bytes, log.digest, log.opener)


def _shown(name: str, key: str) -> str:
    """The name of a file below `data/` without project and task: `artifacts/d/d.json`."""
    _, found, rest = name.partition(f".{key}/")
    return clean_text(rest if found and rest else name.removeprefix("data/"))


def _stated(upload: Mapping[str, Any]) -> Artifact:
    """An artifact whose file is elsewhere."""
    size = upload.get("content_size")
    base = _uri(upload).rpartition("/")[2] or str(upload["key"])
    shown = f"artifacts/{upload['key']}/{base}"
    digits = str(size)
    count = int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 19 else None
    return Artifact(shown, artifact_kind(shown), count, _digest(upload), None)


def _uri(upload: Mapping[str, Any]) -> str:
    found = upload.get("uri")
    return found if isinstance(found, str) else ""


def _digest(upload: Mapping[str, Any]) -> str | None:
    found = upload.get("hash")
    whole = isinstance(found, str) and len(found) == 64 and found.isascii() and found.isalnum()
    return f"sha256:{found}" if whole else None


def _words(error: Exception) -> str:
    if isinstance(error, OSError):
        return (error.strerror or type(error).__name__).lower()
    return str(error)
