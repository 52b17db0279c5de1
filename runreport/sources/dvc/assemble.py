"""One run out of a project's files: params, metrics, artifacts, lineage."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from runreport.sources import pinned
from runreport.sources.addresses import bare_address
from runreport.sources.complaints import Complaints
from runreport.sources.dvc.cache import Cache
from runreport.sources.dvc.contents import Contents
from runreport.sources.dvc.live import Live, live_folders
from runreport.sources.dvc.project import Project, Tracked, project_of
from runreport.sources.dvc.projectfiles import Files, FolderFiles, UnreadError
from runreport.sources.dvc.values import metrics_of, params_of
from runreport.sources.limits import LIMITS
from runreport.sources.listing import artifact_kind
from runreport.sources.loaded import LoadedRun
from runreport.tables import Artifact, Lineage

MAX_COMMAND = 2_000
"""Characters of a stage's command."""
_CODE = re.compile(
    r"\.(py|pyx|ipynb|r|rmd|jl|sh|bash|c|cc|cpp|cu|h|hpp|java|scala|rs|go|js|ts)$", re.I
)


LISTED = 200
"""Files of a folder of data that are named one by one."""
ENVIRONMENTS = (
    "uv.lock", "pylock.toml", "poetry.lock", "requirements.lock", "requirements.txt",
    "environment.yml", "environment.yaml", "conda.yml", "conda.yaml",
)  # fmt: skip
"""Files of a project that pin packages, those that pin all of them first."""


@dataclass(frozen=True, eq=False)
class Assembled:
    """A run, and what it was read from."""

    run: LoadedRun
    project: Project
    awaited: tuple[Path, ...]
    """Places in the cache at which something was missing."""


def assemble(
    run: LoadedRun, files: Files, cache: Cache, told: Complaints, *, made: bool = True
) -> Assembled:
    """Everything that a project's files say of one run.

    Args:
        run: what is known of it from elsewhere.
        files: of the project.
        cache: DVC's.
        told: takes what was not read.
        made: whether the run wrote its outputs; else those that lie there are an earlier one's.
    """
    project = project_of(files, told)
    contents = Contents(files, project, cache)
    if not made:
        live_folders(contents, Complaints())
        params = params_of(contents, told, ran=False)
        project.models.clear()
        lineage = (*run.lineage, *_lineage(contents, run.lineage))
        whole = replace(run, params=params, lineage=lineage)
        return Assembled(whole, project, tuple(contents.awaited))
    lives = live_folders(contents, told)
    metrics, texts = metrics_of(contents, lives, told)
    whole = replace(
        run,
        params=params_of(contents, told),
        metrics=metrics,
        tags={**texts, **run.tags},
        artifacts=tuple(_artifacts(contents, lives, told)),
        lineage=_with_digests((*run.lineage, *_lineage(contents, run.lineage))),
    )
    return Assembled(whole, project, tuple(contents.awaited))


def files_read(files: FolderFiles) -> tuple[str, ...]:
    """The files of a folder that its run is made from, by name."""
    quiet = Complaints()
    project = project_of(files, quiet)
    contents = Contents(files, project, Cache(()))
    lives = live_folders(contents, quiet)
    names = {*files.documents(), *project.params, *project.locked}
    names.update(name for live in lives for name in (live.summary, *live.curves))
    for path in (*project.metrics, *project.plots, *_results(contents, lives)):
        names.update(_below(contents, path))
    names.update(ENVIRONMENTS)
    return tuple(sorted(name for name in names if files.has(name)))


# ---- artifacts -----------------------------------------------------------------------------------


def _artifacts(contents: Contents, lives: Sequence[Live], told: Complaints) -> Iterator[Artifact]:
    project = contents.project
    points = {name for live in lives for name in live.curves}
    kinds: dict[str, str] = {}
    for path in project.plots:
        for name in _below(contents, path):
            if name not in points:
                kind = artifact_kind(name)
                kinds[name] = kind if kind == "image" else "plot-data"
    for name in _results(contents, lives):
        drawn = re.search(r"(?:^|/)plots/(?:sklearn|custom)/", name)
        kinds.setdefault(name, "plot-data" if drawn else artifact_kind(name))
    hashed, unhashed = 0, 0
    for name, kind in sorted(kinds.items()):
        size = contents.size(name)
        digest = opener = None
        if size is not None and contents.files.has(name):
            opener = contents.files.opener(name)
            if size <= LIMITS.hashed_file and hashed + size <= LIMITS.hashed_run:
                hashed += size
                digest = _sha256(contents, name)
            else:
                unhashed += 1
        elif md5 := _md5(contents, name):
            digest, opener = f"md5:{md5}", contents.cache.opener(md5)
        yield Artifact(name, kind, size, digest, opener)
    if unhashed:
        message = f"{unhashed:,} artifacts are too large for their digest to be taken"
        told.add("RR374", "", message, severity="note")
    models = {model.path for model in project.models}
    skipped = {*kinds, *points, *project.metrics, *project.plots}
    for stage in project.stages:
        for out in stage.outs:
            if out.path not in skipped:
                skipped.add(out.path)
                yield _output(contents, out, out.path in models)


def _output(contents: Contents, out: Tracked, model: bool) -> Artifact:
    kind = "model" if model else artifact_kind(out.path)
    if contents.files.has(out.path):
        opener: str | None = contents.files.opener(out.path)
    else:
        opener = contents.cache.opener(out.md5) if out.md5 else None
    return Artifact(out.path, kind, out.bytes, out.digest, opener)


def _results(contents: Contents, lives: Sequence[Live]) -> Iterator[str]:
    """Images, reports and the like in DVCLive's folders."""
    for live in lives:
        if not live.folder:
            places = [live.inside(name) for name in ("plots", "artifacts", "report.md")]
        else:
            places = [live.folder]
        own = {live.summary, *live.curves}
        for place in places:
            for name in _below(contents, place):
                if name not in own and name.rpartition("/")[2] not in _OWN:
                    yield name


_OWN = {"params.yaml", "dvc.yaml", "dvc.lock", "metrics.json", ".gitignore"}


def _below(contents: Contents, path: str) -> list[str]:
    try:
        return contents.below(path)
    except UnreadError:
        # told where its points or metrics are read
        return []


def _md5(contents: Contents, name: str) -> str | None:
    try:
        return contents.md5(name)
    except UnreadError:
        return None


def _sha256(contents: Contents, name: str) -> str | None:
    try:
        return f"sha256:{hashlib.sha256(contents.files.read(name)).hexdigest()}"
    except UnreadError:
        return None


# ---- lineage -------------------------------------------------------------------------------------


def _lineage(contents: Contents, known: Sequence[Lineage]) -> Iterator[Lineage]:
    project = contents.project
    made = {out.path for stage in project.stages for out in stage.outs}
    seen: set[str] = set()
    for stage in project.stages:
        if stage.command:
            yield Lineage("command", stage.command[:MAX_COMMAND], stage.name)
    committed = any(fact.kind == "code" for fact in known)
    # what was imported says more than what a stage says of the same file
    deps = [dep for stage in project.stages for dep in stage.deps]
    for item in (*project.data, *deps):
        if item.path in made or item.path in seen or not item.path:
            continue
        seen.add(item.path)
        if not _is_code(contents, item.path):
            yield Lineage(
                "data", item.path, item.version, item.digest, None, bare_address(item.url)
            )
            yield from _files(contents, item)
        elif not committed:
            yield Lineage("code", item.path, None, item.digest)
    yield from _environment(contents)
    digests = {out.path: out.digest for out in project.outputs()}
    versions = {fact.name: fact.version for fact in known if fact.kind == "model"}
    for model in project.models:
        digest = digests.get(model.path or "")
        if digest is not None or model.name not in versions:
            yield Lineage("model", model.name, versions.get(model.name), digest)


def _files(contents: Contents, item: Tracked) -> Iterator[Lineage]:
    """How many files a folder of data holds, and each of them where they are few."""
    if item.files is None:
        return
    yield Lineage("files", item.path, str(item.files))
    if item.files > LISTED:
        return
    for name in _below(contents, item.path)[:LISTED]:
        if md5 := _md5(contents, name):
            yield Lineage("file", name, None, f"md5:{md5}")


def _environment(contents: Contents) -> Iterator[Lineage]:
    """What the project's own files pin: the first that pins anything says it."""
    for name in ENVIRONMENTS:
        if contents.files.has(name):
            try:
                data = contents.files.read(name, pinned.LARGEST)
            except UnreadError:
                continue
            if facts := list(pinned.facts(name, data)):
                digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
                yield Lineage("environment", name, None, digest)
                yield from facts
                return


def _with_digests(facts: tuple[Lineage, ...]) -> tuple[Lineage, ...]:
    """Facts without those that another one says with a digest."""
    known = {(fact.kind, fact.name, fact.version) for fact in facts if fact.digest is not None}
    return tuple(f for f in facts if f.digest or (f.kind, f.name, f.version) not in known)


def _is_code(contents: Contents, path: str) -> bool:
    """Whether a dependency is a program, or a folder with programs."""
    return bool(_CODE.search(path)) or any(map(_CODE.search, contents.files.below(path)))
