"""What a run's folder and log come to: a run with params, metrics, tags, artifacts and lineage."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from runreport.cleaning import clean_text
from runreport.sources.complaints import Complaints
from runreport.sources.listing import artifact_kind
from runreport.sources.loaded import LoadedRun, Points
from runreport.sources.pinned import EnvironmentFile
from runreport.sources.texts import flatten, written
from runreport.sources.wandb.keyed import as_number, leaves
from runreport.sources.wandb.log import Log, LoggedArtifact
from runreport.sources.wandb.machine import (
    Machine,
    both,
    lineage_of,
    of_log,
    of_metadata,
    timestamp,
)
from runreport.sources.wandb.places import (
    CONFIG,
    DOCUMENTS,
    METADATA,
    OLD_HISTORY,
    SUMMARY,
    Segment,
)
from runreport.sources.wandb.wire import Malformed, last, signed, text
from runreport.tables import Artifact, Lineage, Status

INTERNAL = frozenset({"_wandb", "_step", "_runtime", "_timestamp"})
KILLED = 255
"""The exit code that W&B notes for an interrupt."""
_STATES: Mapping[str, Status] = {
    "finished": "finished",
    "failed": "failed",
    "crashed": "failed",
    "killed": "killed",
}
_SAME_AS_MEDIA = "run_table"
"""The type of artifacts that repeat a table of the media folder."""


@dataclass(eq=False)
class Material:
    """What the folders of one run hold, as far as they go on with each other."""

    segments: list[Segment]
    log: Log
    told: Complaints
    config: dict[str, Any] = field(default_factory=dict)
    """Of `config.yaml`."""
    summary: dict[str, Any] = field(default_factory=dict)
    machine: Machine = field(default_factory=Machine)

    @property
    def last(self) -> Segment:
        """The folder that was written last."""
        return self.segments[-1]

    @property
    def is_whole(self) -> bool:
        """Whether the log has all that the run told, so that documents add nothing."""
        return self.log.has_run and not self.log.lossy


def read_documents(material: Material) -> None:
    """Take in what lies beside the logs."""
    for segment in material.segments:
        folder = segment.folder
        if name := segment.document(CONFIG):
            value = folder.yaml(name, material.told)
            material.config.update(config_of(value) if isinstance(value, Mapping) else {})
        if name := segment.document(SUMMARY):
            value = folder.json(name, material.told)
            material.summary.update(value if isinstance(value, Mapping) else {})
        if name := segment.document(METADATA):
            found = of_metadata(folder.json(name, material.told))
            material.machine = both(found, material.machine)


def run_of(
    material: Material, key: str, files: Mapping[str, Artifact]
) -> tuple[LoadedRun, dict[str, str], set[str]]:
    """The run.

    Args:
        material: what its folders hold.
        key: its id in the source.
        files: `files_of` its folders.

    Returns:
        The run, by metric what counts its steps, and the lone values among the metrics.
    """
    log = material.log
    machine = both(of_log(log), material.machine)
    first = log if material.is_whole else None
    config = _over(material.config, log.config.values, first)
    summary = _over(material.summary, log.summary.values, first)
    metrics: dict[str, float | Points] = {}
    points, used = log.columns.points(log.step_metrics(log.columns.names()))
    metrics.update(points)
    known = set(points)
    lone, words = summarised(summary, known, log)
    metrics.update(lone)
    internal = config.pop("_wandb", None)
    started = timestamp(log.first_start) or machine.started
    latest = timestamp(log.run.get(17)) or started
    seconds = _seconds(log, summary)
    status = _status(log, machine)
    run = LoadedRun(
        key=key,
        name=text(log.run.get(8)) or material.last.id,
        experiment=text(log.run.get(3)) or None,
        status=status,
        started=started,
        ended=_ended(status, latest, seconds),
        seconds=None if seconds is None else log.spent + seconds,
        user=machine.user or None,
        params=_params(config, material),
        tags={**words, **_tags(log)},
        metrics=metrics,
        artifacts=tuple(_artifacts(material, files)),
        lineage=tuple(_lineage(material, machine, internal, files)),
    )
    return run, used, set(lone)


def tell(material: Material) -> None:
    """Say what was not read, and what was decided."""
    log, told = material.log, material.told
    last_log = material.last.log
    where = material.last.folder.at(last_log.base if last_log else "")
    columns = log.columns
    if words := sorted(columns.words):
        shown = ", ".join(repr(name[:80]) for name in words[:5])
        more = f" and {len(words) - 5:,} more" if len(words) > 5 else ""
        message = f"values of {shown}{more} are no numbers, so no metrics"
        hint = "the last text of each is the tag `summary.NAME`"
        told.add("RR379", where, message, hint=hint, severity="note", kind="words")
    for name in sorted(columns.unread):
        told.add("RR375", where, f"a value of {name[:80]!r} is no JSON", kind="history")
    for name in (*log.config.unread, *log.summary.unread):
        told.add("RR375", where, f"the value of {clean_text(name)[:80]!r} is no JSON", kind="keys")
    if broken := log.broken + columns.broken:
        told.add("RR373", where, f"{broken:,} records are no messages and are not read whole")
    if columns.crowded:
        told.add("RR374", where, "more metric names than are read; those logged first are")
    if log.exit is None and last_log is not None:
        message = "no exit record: the run crashed or goes on; its status is not known"
        told.add("RR379", where, message, severity="note", kind="exit")


def _over(
    documents: Mapping[str, Any], logged: Mapping[str, Any], whole: Log | None
) -> dict[str, Any]:
    """What documents and the log say: the log where it is whole, the documents where it is not."""
    if whole is not None:
        return {**documents, **logged}
    return {**logged, **documents}


def config_of(value: Mapping[str, Any]) -> dict[str, Any]:
    """`config.yaml` without its wrapping: a description and a value each."""
    found = {}
    for key, item in value.items():
        if key == "wandb_version":
            continue
        is_wrapped = isinstance(item, Mapping) and "value" in item
        found[key] = item["value"] if is_wrapped else item
    return found


def _params(config: Mapping[str, Any], material: Material) -> dict[str, str]:
    deep: list[str] = []
    found = flatten(config, written, deep)
    for key in deep:
        where = material.last.folder.at("")
        material.told.add("RR375", where, f"{key!r} of the config is nested too deeply to be read")
    return found


def summarised(
    summary: Mapping[str, Any], known: Collection[str], log: Log
) -> tuple[dict[str, float], dict[str, str]]:
    """What stands in the summary alone, as lone values; and its texts, as tags."""
    lone: dict[str, float] = {}
    words: dict[str, str] = {}
    for path, value in leaves(summary):
        if path[0] in INTERNAL:
            continue
        name = ".".join(path)
        if isinstance(value, bool) or (type(value) is str):
            words[f"summary.{name}"] = written(value)
        elif name in known or log.columns.is_inside_media(name):
            continue
        elif (number := as_number(value)) is not None:
            lone[name] = number
    return lone, words


def _tags(log: Log) -> dict[str, str]:
    found = {tag: "true" for tag in log.tags if tag}
    for name, number in (
        ("group", 6), ("job_type", 7), ("notes", 9), ("sweep", 12), ("entity", 2), ("project", 3),
    ):  # fmt: skip
        if value := text(log.run.get(number)):
            found[name] = value
    return found


def _status(log: Log, machine: Machine) -> Status:
    if log.exit is None or log.exit.get(3):
        return _STATES.get(machine.state, "unknown")
    code = signed(log.exit.get(1))
    if code == 0:
        return "finished"
    return "killed" if code == KILLED or log.preempted else "failed"


def _ended(status: Status, started: datetime | None, seconds: float | None) -> datetime | None:
    """When a run that is over ended."""
    if status in ("running", "unknown") or started is None or seconds is None:
        return None
    try:
        return started + timedelta(seconds=seconds)
    except OverflowError:
        return None


def _seconds(log: Log, summary: Mapping[str, Any]) -> float | None:
    """How long the run took: as its exit says, to the second, or as the history says."""
    exact = log.columns.last_runtime
    if log.exit is not None and (whole := signed(log.exit.get(2))) > 0:
        return exact if exact is not None and whole <= exact < whole + 1 else float(whole)
    if exact is None:
        exact = as_number(summary.get("_runtime"))
    return exact if exact is not None and 0 <= exact < 4e9 else None


def files_of(segments: Iterable[Segment]) -> dict[str, Artifact]:
    """The files of run folders that are not read for facts, by their name in W&B."""
    found: dict[str, Artifact] = {}
    for segment in segments:
        leave = {name for name in map(segment.document, (*DOCUMENTS, OLD_HISTORY)) if name}
        leave |= {name for name in segment.folder.files if name.startswith("logs/")}
        if segment.log is not None:
            leave.add(segment.log.base)
        for artifact in segment.folder.artifacts(leave):
            path = artifact.path.removeprefix("files/")
            found[path] = replace(artifact, path=path)
    return found


def _artifacts(material: Material, files: Mapping[str, Artifact]) -> Iterator[Artifact]:
    """Files of the folders, then media and versions that are recorded and not there."""
    found = dict(files)
    made = [_version(a) for a in material.log.made if a.type != _SAME_AS_MEDIA]
    for artifact in (*_recorded(material), *made):
        found.setdefault(artifact.path, artifact)
    yield from (found[path] for path in sorted(found))


def _recorded(material: Material) -> Iterator[Artifact]:
    log = material.last.log
    plots: dict[str, Artifact] = {}
    for medium in material.log.columns.shown_media():
        facts = medium.facts
        names = facts.get("filenames")
        paths = [p for p in (names if isinstance(names, list) else ()) if isinstance(p, str)]
        path = facts.get("path")
        if isinstance(path, str) and path:
            digest, size = facts.get("sha256"), facts.get("size")
            yield Artifact(
                path,
                artifact_kind(path),
                int(size) if isinstance(size, int | float) and 0 <= size < 2**63 else None,
                f"sha256:{digest}" if isinstance(digest, str) else None,
                None,
            )
        elif paths:
            yield from (Artifact(p, artifact_kind(p), None, None, None) for p in paths)
        elif log is not None:
            opener = f"{log.name}#{medium.name}#{medium.step:g}"
            plots[medium.name] = Artifact(medium.name, "plot-data", None, None, opener)
    yield from plots.values()


def _version(made: LoggedArtifact) -> Artifact:
    """A logged artifact; its digest is the MD5 of its manifest, which is how W&B tells versions."""
    kind = "model" if made.type == "model" else artifact_kind(made.name)
    digest = f"md5:{made.digest}" if made.digest else None
    return Artifact(f"{made.name}@{made.digest[:12]}", kind, made.size, digest, None)


def _lineage(
    material: Material, machine: Machine, internal: Any, files: Mapping[str, Artifact]
) -> Iterator[Lineage]:
    # W&B saves the changes that were not committed, when there are any
    dirty = True if machine.commit and "diff.patch" in files else None
    yield from lineage_of(machine, dirty)
    log = material.log
    internal = internal if isinstance(internal, Mapping) else {}
    python = text(log.telemetry.get(4)) or internal.get("python_version")
    if python and not machine.python:
        yield Lineage("environment", "python", str(python))
    for name, number in (("wandb", 5), ("transformers", 6)):
        if version := text(log.telemetry.get(number)):
            yield Lineage("environment", name, version)
    if isinstance(framework := internal.get("framework"), str):
        yield Lineage("environment", framework)
    if requirements := files.get("requirements.txt"):
        yield Lineage("environment", "requirements", None, requirements.digest)
        if isinstance(requirements, EnvironmentFile):
            for name, pin in requirements.packages:
                yield Lineage("environment", name, pin)
    for used in log.used:
        kind = "model" if used.type == "model" else "data"
        yield Lineage(kind, used.name or used.digest, None, None)
    for name, digest in {a.name: a.digest for a in log.made if a.type == "model"}.items():
        yield Lineage("model", name, None, f"md5:{digest}" if digest else None)
    if isinstance(branch := log.run.get(23), bytes):
        try:
            yield Lineage("parent", text(last(branch).get(1)))
        except Malformed:
            return
