"""What MLflow stores say of a run, in MLflow's words, and what that means in ours.

A reader of any kind of store fills a `RunFacts` per run and hands it to a `Collector`.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from difflib import get_close_matches

from runreport.errors import Problem, SourceError
from runreport.sources.addresses import without_userinfo
from runreport.sources.pinned import EnvironmentFile
from runreport.tables import Artifact, Lineage, Status

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LATEST_MS = 7_258_118_400_000
"""The year 2200: a clock beyond it was wrong."""

LARGEST = 1.7976931348623157e308
"""What MLflow's SQL and REST stores write for infinity."""

_STATUSES: dict[str, Status] = {
    "RUNNING": "running",
    "FINISHED": "finished",
    "FAILED": "failed",
    "KILLED": "killed",
}
_STATUS_CODES = {1: "RUNNING", 2: "SCHEDULED", 3: "FINISHED", 4: "FAILED", 5: "KILLED"}

DIRTY_TAGS = ("mlflow.source.git.dirty", "mlflow.git.dirty")
LINEAGE_TAGS = frozenset(
    {
        "mlflow.databricks.cluster.id",
        "mlflow.docker.image.id",
        "mlflow.docker.image.uri",
        "mlflow.log-model.history",
        "mlflow.parentRunId",
        "mlflow.project.entryPoint",
        "mlflow.source.git.branch",
        "mlflow.source.git.commit",
        "mlflow.source.git.repoURL",
        "mlflow.source.name",
        *DIRTY_TAGS,
    }
)
"""All that `lineage_of` looks at."""

_ENVIRONMENT_FILE = re.compile(r"(^|/)(requirements\.txt|conda\.ya?ml|python_env\.ya?ml)$")


@dataclass(frozen=True, slots=True)
class DatasetInput:
    """A dataset that a run says it used."""

    name: str
    digest: str | None
    context: str | None = None
    """What for: the value of the input's tag `mlflow.data.context`."""
    source: str | None = None
    """Where it came from, as MLflow stores it (JSON or an address)."""


@dataclass(frozen=True, slots=True)
class ModelVersion:
    """A version in the model registry that came from a run."""

    name: str
    version: str
    aliases: tuple[str, ...] = ()
    stage: str | None = None
    """Of registries before aliases; `None` as text means no stage."""


@dataclass(frozen=True, slots=True)
class LoggedModel:
    """A model entity of MLflow 3 that a run made."""

    name: str
    model_id: str


@dataclass(frozen=True, slots=True)
class RunFacts:
    """One run as its store tells it; ids are MLflow's own."""

    run_id: str
    experiment: str
    name: str | None
    status: str | int | None
    started_ms: int | None
    ended_ms: int | None
    user: str | None = None
    params: Sequence[tuple[str, str]] = ()
    tags: Sequence[tuple[str, str]] = ()
    metrics: Sequence[tuple[str, float, float | None]] = ()
    """Name, last value (NaN and infinities real) and its step."""
    datasets: Sequence[DatasetInput] = ()
    versions: Sequence[ModelVersion] = ()
    models: Sequence[LoggedModel] = ()
    artifacts: Sequence[Artifact] = ()
    url: str | None = None
    totals: Mapping[str, int] = field(default_factory=dict)
    """How many `params`, `tags` and `metrics` there are, where a reader gives fewer."""


def status_of(status: str | int | None) -> Status:
    """MLflow's status, as text or as the number of a file store; `unknown` when it is neither."""
    word = _STATUS_CODES.get(status, "") if isinstance(status, int) else str(status or "")
    return _STATUSES.get(word.upper(), "unknown")


def utc(ms: int | None) -> datetime | None:
    """Milliseconds since the epoch as a time; None outside the years 1970 to 2200."""
    if ms is None or not 0 < ms < LATEST_MS:
        return None
    return EPOCH + timedelta(milliseconds=ms)


def select_experiments(
    known: Sequence[tuple[str, str]], wanted: Sequence[str], store: str
) -> list[tuple[str, str]]:
    """The (id, name) pairs that are wanted: by name, id or pattern; all when nothing is wanted.

    Raises:
        SourceError: RR305 for wanted ones that match nothing.
    """
    if not wanted:
        return list(known)
    names = [name for _, name in known]
    chosen: list[tuple[str, str]] = []
    missing: list[Problem] = []
    for pattern in wanted:
        exact = [pair for pair in known if pattern in pair]
        found = exact or [pair for pair in known if fnmatch.fnmatchcase(pair[1], pattern)]
        if not found:
            near = get_close_matches(pattern, names, 1, 0.5) or sorted(names)[:5]
            hint = "it has " + ", ".join(repr(name[:80]) for name in near) if near else None
            message = f"the store has no experiment {pattern!r}"
            missing.append(Problem("RR305", message, None, hint, place=store))
        chosen += (pair for pair in found if pair not in chosen)
    if missing:
        raise SourceError(missing)
    return [pair for pair in known if pair in chosen]


def lineage_of(run: RunFacts, tag: dict[str, str], most: int) -> Iterator[Lineage]:
    """Where a run comes from: code, command, parent, data, environment, hardware, models."""
    yield from _code(tag)
    if parent := tag.get("mlflow.parentRunId"):
        yield Lineage("parent", parent)
    for data in run.datasets[:most]:
        yield Lineage("data", data.name, data.context, data.digest, None, _address(data.source))
    yield from _environment(run, tag)
    if cluster := tag.get("mlflow.databricks.cluster.id"):
        yield Lineage("hardware", cluster)
    for version in run.versions[:most]:
        yield Lineage("model", version.name, version.version)
        # an alias or stage is named as in MLflow's own model addresses
        for alias in version.aliases[:most]:
            yield Lineage("model", f"{version.name}@{alias}", version.version)
        if version.stage and version.stage != "None":
            yield Lineage("model", f"{version.name}/{version.stage}", version.version)
    for model in run.models[:most]:
        yield Lineage("model", model.name, model.model_id)


def _code(tag: dict[str, str]) -> Iterator[Lineage]:
    source = tag.get("mlflow.source.name")
    commit, branch = tag.get("mlflow.source.git.commit"), tag.get("mlflow.source.git.branch")
    repository = tag.get("mlflow.source.git.repoURL")
    if commit or branch or repository:
        url = without_userinfo(repository) if repository else None
        words = next((tag[name] for name in DIRTY_TAGS if name in tag), "").lower()
        dirty = {"true": True, "false": False}.get(words)
        yield Lineage("code", _repository_name(url) or "git", branch, commit, dirty, url)
    if source:
        yield Lineage("command", source, tag.get("mlflow.project.entryPoint"))


def _repository_name(url: str | None) -> str | None:
    if not url or re.search(r"[\s\"'=;,]", url):
        # no address: a part of it alone might no longer be known for a secret
        return None
    return re.split(r"[/:\\]", url.rstrip("/"))[-1].removesuffix(".git") or None


def _environment(run: RunFacts, tag: dict[str, str]) -> Iterator[Lineage]:
    if image := tag.get("mlflow.docker.image.uri"):
        yield Lineage("environment", image, None, tag.get("mlflow.docker.image.id"))
    for name, version in sorted(_versions(tag.get("mlflow.log-model.history"))):
        yield Lineage("environment", name, version)
    for file in run.artifacts:
        if _ENVIRONMENT_FILE.search(file.path):
            yield Lineage("environment", file.path, None, file.digest)
    pins = (f.packages for f in run.artifacts if isinstance(f, EnvironmentFile))
    for name, version in dict.fromkeys(pin for pinned in pins for pin in pinned):
        yield Lineage("environment", name, version)


def _versions(history: str | None) -> set[tuple[str, str]]:
    """Package versions that MLflow notes when a model is logged: `python_version` and the like."""
    if not history:
        return set()
    import orjson

    try:
        models = orjson.loads(history)
    except orjson.JSONDecodeError:
        return set()
    found: set[tuple[str, str]] = set()
    for model in models[:20] if isinstance(models, list) else ():
        flavors = model.get("flavors") if isinstance(model, dict) else None
        for flavor in flavors.values() if isinstance(flavors, dict) else ():
            for key, value in flavor.items() if isinstance(flavor, dict) else ():
                if key.endswith("_version") and isinstance(value, str) and len(value) < 100:
                    found.add((key.removesuffix("_version"), value))
    return found


def _address(source: str | None) -> str | None:
    """The web address in a dataset's source, if it has one."""
    found = re.search(r"https?://[^\s\"'\\<>]{1,2000}", source or "")
    return without_userinfo(found[0]) if found else None
