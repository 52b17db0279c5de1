"""What DVC's own files say: stages and what they ran on, params, metrics, plots, data, models."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from runreport.sources.complaints import Complaints
from runreport.sources.dvc import documents, templates
from runreport.sources.dvc.projectfiles import Files, UnreadError

MAX_DOCUMENT = 32_000_000
MOST_DOCUMENTS = 5_000


@dataclass(frozen=True, slots=True)
class Tracked:
    """A file or folder that DVC knows by its digest: a dependency or an output."""

    path: str
    """Below the project; as written when it lies elsewhere."""
    digest: str | None = None
    """`md5:...` or what else the file gives."""
    bytes: int | None = None
    metric: bool = False
    plot: bool = False
    url: str | None = None
    """Of data that was imported."""
    version: str | None = None
    files: int | None = None
    """How many a folder holds."""

    @property
    def md5(self) -> str | None:
        """By which the cache knows it."""
        kind, _, text = (self.digest or "").partition(":")
        return text if kind == "md5" else None


@dataclass(frozen=True, slots=True)
class Stage:
    """A step of a pipeline, as it ran or as it is written."""

    name: str
    command: str
    deps: tuple[Tracked, ...] = ()
    outs: tuple[Tracked, ...] = ()


@dataclass(frozen=True, slots=True)
class Model:
    """An entry of `artifacts` in `dvc.yaml`."""

    name: str
    path: str | None
    kind: str | None


@dataclass(eq=False)
class Project:
    """Everything that DVC's files name, paths below the project's folder."""

    params: dict[str, set[str]] = field(default_factory=dict)
    """File to the keys that count; an empty set means all."""
    metrics: list[str] = field(default_factory=list)
    plots: list[str] = field(default_factory=list)
    stages: list[Stage] = field(default_factory=list)
    data: list[Tracked] = field(default_factory=list)
    """From `*.dvc`."""
    models: list[Model] = field(default_factory=list)
    locked: dict[str, dict[str, Any]] = field(default_factory=dict)
    """File to the params that stages ran with, by `dvc.lock`."""
    documents: list[str] = field(default_factory=list)
    written: dict[str, set[str]] = field(default_factory=dict)
    """Folder of a `dvc.yaml` to the names of its stages."""

    def outputs(self) -> Iterator[Tracked]:
        """Everything that DVC keeps for the project."""
        yield from self.data
        for stage in self.stages:
            yield from stage.outs

    def take_params(self, file: str, keys: Iterable[str] = ()) -> None:
        """Count keys of a file of params, all of them when none are named."""
        wanted = set(keys)
        known = self.params.get(file)
        if known is None:
            self.params[file] = wanted
        elif not known or not wanted:
            self.params[file] = set()
        else:
            known |= wanted


def project_of(files: Files, told: Complaints) -> Project:
    """What the files of DVC in a project say; what cannot be read is told."""
    project = Project()
    names = [name for name in files.documents() if not name.endswith(".json")]
    # what ran, by the lock, goes before what is written, so that it is read later
    names.sort(key=lambda name: (not name.endswith("dvc.yaml"), name))
    if len(names) > MOST_DOCUMENTS:
        message = f"the first {MOST_DOCUMENTS:,} of {len(names):,} files of DVC are read"
        told.add("RR374", "", message)
    files.expect([*names[:MOST_DOCUMENTS], "params.yaml"])
    if files.has("params.yaml"):
        project.take_params("params.yaml")
    for name in names[:MOST_DOCUMENTS]:
        folder, _, base = name.rpartition("/")
        value, templated = _document(files, name, told)
        if not isinstance(value, Mapping):
            continue
        project.documents.append(name)
        if base == "dvc.yaml":
            values = _values(files, folder, value, told) if templated else {}
            _pipeline(project, folder, value, values)
        elif base == "dvc.lock":
            _lock(project, folder, value)
        else:
            _tracked_file(project, folder, name, value)
    return project


def _document(files: Files, name: str, told: Complaints) -> tuple[Any, bool]:
    """The value of one of DVC's files, and whether something is to be filled in."""
    try:
        data = files.read(name, MAX_DOCUMENT)
        return documents.yaml(data, name), b"${" in data
    except (UnreadError, ValueError) as error:
        told.add("RR371", name, f"it cannot be read: {error}")
        return None, False


# ---- dvc.yaml ------------------------------------------------------------------------------------


def _pipeline(
    project: Project, folder: str, value: Mapping[str, Any], values: templates.Values
) -> None:
    found: list[tuple[str, Mapping[str, Any]]] = []
    project.written[folder] = set(_mapping(value.get("stages")))
    for name, stage in _mapping(value.get("stages")).items():
        if len(found) < templates.MOST_STAGES:
            found += templates.stages(name, stage, values)
    for _, stage in found:
        work = _join(folder, _text(stage.get("wdir")) or ".")
        for entry in _list(stage.get("params")):
            if isinstance(entry, str):
                project.take_params(_join(work, "params.yaml"), [entry])
            else:
                for file, keys in _mapping(entry).items():
                    wanted = [key for key in _list(keys) if isinstance(key, str)]
                    project.take_params(_join(work, file), wanted)
        project.metrics += (_join(work, path) for path in _paths(stage.get("metrics")))
        project.plots += (_join(work, path) for path in _paths(stage.get("plots")))
    for path in _paths(value.get("params")):
        project.take_params(_join(folder, path))
    project.metrics += (_join(folder, path) for path in _paths(filled(value, "metrics", values)))
    for entry in _entries(filled(value, "plots", values)):
        project.plots += (_join(folder, path) for path in _plotted(entry))
    for name, about in _mapping(value.get("artifacts")).items():
        place, kind = _text(_mapping(about).get("path")), _text(_mapping(about).get("type"))
        project.models.append(Model(name, place and _join(folder, place), kind))
    # a stage that never ran has no entry in the lock
    prefix = f"{folder}/dvc.yaml:" if folder else ""
    for name, stage in found:
        project.stages.append(Stage(prefix + name, _command(stage.get("cmd"))))


def filled(value: Mapping[str, Any], key: str, values: templates.Values) -> Any:
    """One part of `dvc.yaml` with its templates filled in."""
    return templates.filled(value.get(key), values)


def _values(
    files: Files, folder: str, value: Mapping[str, Any], told: Complaints
) -> dict[str, Any]:
    """What templates may name: `params.yaml` beside the file, and its `vars`."""
    found: dict[str, Any] = {}
    own: dict[str, Any] = {}
    names = ["params.yaml"] if files.has(_join(folder, "params.yaml")) else []
    for entry in _list(value.get("vars")):
        if isinstance(entry, str):
            names.append(entry.partition(":")[0])
        else:
            own.update(_mapping(entry))
    for name in names:
        path = _join(folder, name)
        try:
            more = documents.parse(files.read(path), path)
        except (UnreadError, ValueError) as error:
            told.add("RR371", path, f"values for `dvc.yaml` cannot be read: {error}", kind="vars")
            continue
        found.update(_mapping(more))
    return {**found, **own}


def _plotted(entry: Any) -> Iterator[str]:
    """Files that an entry of `plots` draws from; its name is one where no other is given."""
    if isinstance(entry, str):
        yield entry
        return
    for name, about in _mapping(entry).items():
        sources = [_mapping(about).get(axis) for axis in ("x", "y")]
        inner = [path for axis in sources for path in _mapping(axis)]
        yield from inner or [name]


def _paths(value: Any) -> Iterator[str]:
    """Paths in a list whose entries are texts, or one path with its settings."""
    for entry in _entries(value):
        if isinstance(entry, str):
            yield entry
        else:
            yield from _mapping(entry)


def _entries(value: Any) -> list[Any]:
    """Entries of a list; of a mapping each key with its settings."""
    if isinstance(value, Mapping):
        return [{key: inner} for key, inner in value.items()]
    return _list(value)


def _command(value: Any) -> str:
    return "\n".join(str(line) for line in _list(value))


# ---- dvc.lock and *.dvc --------------------------------------------------------------------------


def _lock(project: Project, folder: str, value: Mapping[str, Any]) -> None:
    # the first form of the file had no heading
    held = value.get("stages") if "schema" in value or "stages" in value else value
    for name, stage in _mapping(held).items():
        facts = _mapping(stage)
        wanted = project.written.get(folder)
        if not facts or (wanted is not None and name.partition("@")[0] not in wanted):
            # a stage that was taken out of `dvc.yaml`
            continue
        prefix = f"{folder}/dvc.yaml:" if folder else ""
        found = Stage(
            prefix + name,
            _command(facts.get("cmd")),
            tuple(_tracked(folder, entry) for entry in _dicts(facts.get("deps"))),
            tuple(_tracked(folder, entry) for entry in _dicts(facts.get("outs"))),
        )
        project.stages[:] = [stage for stage in project.stages if stage.name != found.name]
        project.stages.append(found)
        for file, params in _mapping(facts.get("params")).items():
            project.locked.setdefault(_join(folder, file), {}).update(_mapping(params))
    for name, about in _mapping(value.get("datasets")).items():
        project.data.append(_dataset(name, about))
    for entry in _dicts(value.get("datasets")):
        project.data.append(_dataset(_text(entry.get("name")) or "dataset", entry))


def _dataset(name: str, about: Any) -> Tracked:
    facts = _mapping(about)
    digest = _text(facts.get("rev_lock"))
    version = _text(facts.get("version")) or _text(facts.get("rev"))
    url = _text(facts.get("url"))
    return Tracked(name, digest and f"git:{digest}", url=url, version=version)


def _tracked_file(project: Project, folder: str, name: str, value: Mapping[str, Any]) -> None:
    """A `*.dvc` file; before DVC 1.0 it could hold a stage with its metrics."""
    work = _join(folder, _text(value.get("wdir")) or ".")
    deps = [_tracked(work, entry) for entry in _dicts(value.get("deps"))]
    outs = [_tracked(work, entry) for entry in _dicts(value.get("outs"))]
    project.metrics += (out.path for out in outs if out.metric)
    project.plots += (out.path for out in outs if out.plot)
    command = _command(value.get("cmd"))
    if command:
        project.stages.append(Stage(name, command, tuple(deps), tuple(outs)))
        return
    origin = next((dep for dep in deps if dep.url or dep.version), None)
    for out in outs:
        url = origin.url if origin else None
        version = origin.version if origin else None
        project.data.append(replace(out, metric=False, plot=False, url=url, version=version))


def _tracked(folder: str, entry: Mapping[str, Any]) -> Tracked:
    digest = None
    kind = _text(entry.get("hash")) or "md5"
    for name in (kind, "md5", "etag", "checksum"):
        if text := _text(entry.get(name)):
            digest = f"{name}:{text}"
            break
    size, files = _whole(entry.get("size")), _whole(entry.get("nfiles"))
    repo = _mapping(entry.get("repo"))
    path = _text(entry.get("path")) or ""
    return Tracked(
        path if repo or "://" in path else _join(folder, path),
        digest,
        size,
        metric=bool(entry.get("metric")),
        plot=bool(entry.get("plot")),
        url=_text(repo.get("url")) or (path if "://" in path else None),
        version=_text(repo.get("rev_lock")) or _text(repo.get("rev")),
        files=files,
    )


def _whole(value: Any) -> int | None:
    text = _text(value)
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 19 else None


# ---- values of any form --------------------------------------------------------------------------


def _join(folder: str, path: str) -> str:
    return posixpath.normpath(posixpath.join(folder, path.replace("\\", "/")))


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _list(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _dicts(value: Any) -> Iterator[Mapping[str, Any]]:
    for entry in value if isinstance(value, list) else ():
        if isinstance(entry, Mapping):
            yield entry


def _text(value: Any) -> str | None:
    return str(value) if isinstance(value, str) and value else None
