"""Runs of a project of the W&B service, through its own package.

Histories come from `scan_history`, which leaves nothing out; `history` would sample.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from runreport.cleaning import clean_text
from runreport.errors import Problem, SourceError
from runreport.kinds import Reader, SourceContext
from runreport.sources import moments
from runreport.sources.complaints import Complaints
from runreport.sources.loaded import LoadedRun
from runreport.sources.partitions import Loaded, Partition, PartitionReader
from runreport.sources.texts import flatten, parse_json, written
from runreport.sources.wandb.columns import Columns
from runreport.sources.wandb.facts import summarised
from runreport.sources.wandb.log import Log
from runreport.sources.wandb.machine import lineage_of, of_metadata
from runreport.tables import Status

PROJECT = re.compile(r"wandb://([^/\s]+)/([^/\s]+)(?:/([^/\s]+))?/?")
_STATES: Mapping[str, Status] = {
    "finished": "finished", "failed": "failed", "crashed": "failed", "killed": "killed",
    "preempted": "killed", "running": "running",
}  # fmt: skip


def open_service(location: str, context: SourceContext) -> Reader:
    """A reader of a project, or of one run of it.

    Raises:
        SourceError: RR370 when the location names no project, RR377 when the package is missing,
            RR371 when the service does not answer as expected.
    """
    match = PROJECT.fullmatch(location)
    if match is None:
        message = f"{clean_text(location)!r} names no project, expected wandb://ENTITY/PROJECT"
        raise SourceError(Problem("RR370", message, place=clean_text(location)))
    try:
        import wandb  # type: ignore[import-not-found,unused-ignore]  # an extra
    except ImportError:
        message = "the service is read through the package wandb, which is not installed"
        hint = "pip install 'runreport[wandb]'; or read run folders, or exported histories"
        raise SourceError(Problem("RR377", message, None, hint, place=location)) from None
    entity, project, one = match.groups()
    overrides = {"entity": entity, "project": project}
    if address := context.environ.get("WANDB_BASE_URL"):
        overrides["base_url"] = address
    try:
        api = wandb.Api(overrides=overrides, api_key=context.environ.get("WANDB_API_KEY"))
        path = f"{entity}/{project}"
        runs = [api.run(f"{path}/{one}")] if one else list(api.runs(path))
    except Exception as error:
        raise _refused(error, location) from None
    store = ServiceStore(project, {str(run.id): run for run in runs}, location)
    reader = PartitionReader(store, replace(context, cache=None), "wandb", location)
    return ServiceReader(reader, store)


def _refused(error: Exception, place: str) -> SourceError:
    """What the package raised, of which there are many kinds, as a problem."""
    words = (str(error).splitlines() or [""])[0][:200] or type(error).__name__
    hint = "the key is read from WANDB_API_KEY, the address of a server from WANDB_BASE_URL"
    message = f"the W&B service did not give the runs: {clean_text(words)}"
    return SourceError(Problem("RR371", message, None, hint, place=clean_text(place)))


@dataclass(eq=False)
class ServiceReader:
    """As `PartitionReader`; what it read is never kept, since no file says whether it changed."""

    reader: PartitionReader
    store: ServiceStore
    divisible: bool = field(default=False, init=False)

    def tables(self) -> Any:
        """Every run."""
        return self.reader.tables()

    def histories(self, runs: Sequence[str], metrics: Iterable[str]) -> Iterator[Any]:
        """Raw points."""
        return self.reader.histories(runs, frozenset(metrics))

    def fingerprint(self) -> Mapping[str, str]:
        """By run, a digest of when and how far it was last written."""
        return {key: _version(run) for key, run in self.store.runs.items()}

    def places(self) -> Sequence[Path] | None:
        """None: only asking can tell."""
        return None


@dataclass(frozen=True, eq=False)
class ServiceStore:
    """Runs as the package gives them."""

    experiment: str
    runs: Mapping[str, Any]
    place: str

    def partitions(self) -> Sequence[Partition]:
        """A run each.

        Raises:
            SourceError: RR370 when the project has none.
        """
        if not self.runs:
            message = "the project has no runs"
            raise SourceError(Problem("RR370", message, place=clean_text(self.place)))
        return [Partition(key, ()) for key in self.runs]

    def folders(self) -> Sequence[Path]:
        """None."""
        return ()

    def problems(self) -> Sequence[Problem]:
        """None: each run tells its own."""
        return ()

    def load(self, partition: Partition, _mark: Mapping[str, Any] | None) -> Loaded:
        """One run with its whole history.

        Raises:
            SourceError: RR371 when the service does not give it.
        """
        told = Complaints()
        try:
            run = run_of(self.runs[partition.name], partition.name, told)
        except Exception as error:
            raise _refused(error, f"{self.place}/{partition.name}") from None
        return Loaded([run], told.problems)


def run_of(run: Any, key: str, told: Complaints) -> LoadedRun:
    """A run of the package's public API.

    Args:
        run: a `wandb.apis.public.Run`, or what has its attributes.
        key: its id.
        told: receives what was not read.
    """
    columns = Columns()
    for row in run.scan_history():
        columns.add_row(row)
    points, _ = columns.points({})
    config = {k: v for k, v in _plain(run.config).items() if not k.startswith("_")}
    summary = _plain(_summary(run))
    lone, words = summarised(summary, points, Log(columns=columns))
    if columns.words:
        shown = ", ".join(repr(name[:80]) for name in sorted(columns.words)[:5])
        message = f"values of {shown} are no numbers, so no metrics"
        told.add("RR379", key, message, severity="note")
    machine = of_metadata(_plain(getattr(run, "metadata", None) or {}))
    tags = {str(tag): "true" for tag in getattr(run, "tags", None) or ()}
    for name, where in (
        ("group", "group"), ("job_type", "job_type"), ("notes", "notes"),
        ("entity", "entity"), ("project", "project"),
    ):  # fmt: skip
        if value := getattr(run, where, None):
            tags[name] = str(value)
    sweep = getattr(run, "sweep", None)
    if sweep is not None:
        tags["sweep"] = str(getattr(sweep, "id", sweep))
    return LoadedRun(
        key=key,
        name=str(getattr(run, "name", None) or key),
        status=_STATES.get(str(run.state), "unknown"),
        started=moments.from_text(str(getattr(run, "created_at", "") or "")) or machine.started,
        seconds=columns.last_runtime,
        user=machine.user or None,
        url=str(getattr(run, "url", None) or "") or None,
        params=flatten(config, written, []),
        tags={**words, **tags},
        metrics={**points, **lone},
        lineage=tuple(lineage_of(machine, None)),
    )


def _summary(run: Any) -> Any:
    """The summary as plain objects; the package wraps it."""
    summary = run.summary
    return getattr(summary, "_json_dict", None) or dict(summary)


def _plain(value: Any) -> dict[str, Any]:
    """An object of the API as a document of a store: numbers as they are written."""
    read = parse_json(json.dumps(value, default=str).encode())
    return dict(read) if isinstance(read, Mapping) else {}


def _version(run: Any) -> str:
    names = ("id", "state", "updated_at", "heartbeat_at", "lastHistoryStep")
    words = [str(getattr(run, name, "")) for name in names]
    return hashlib.sha256("\0".join(words).encode()).hexdigest()
