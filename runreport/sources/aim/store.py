"""The runs of an Aim repository: each lies in two RocksDB folders of its own."""

from __future__ import annotations

import importlib.util
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from runreport.cleaning import clean_text
from runreport.errors import Problem, SourceError
from runreport.kinds import SourceContext
from runreport.sources.aim import DATABASE, FOLDER, Options
from runreport.sources.complaints import Complaints
from runreport.sources.database import Database, Schema
from runreport.sources.loaded import UNKNOWN_TIME, LoadedRun, Points
from runreport.sources.partitions import Loaded, Partition, PartitionReader
from runreport.sources.pieces import PieceStore, with_log
from runreport.sources.texts import flatten, written
from runreport.sources.trees import Tree, locate, names
from runreport.tables import Lineage

EXPECTED = "an Aim repository: a folder with .aim"
SCHEMA = Schema("Aim", f"{FOLDER}/{DATABASE}", {"run": frozenset({"id", "hash", "name"})})
SYSTEM = "__system_params"
NUMBERS = ("float", "float64", "int", "int64", "number")
MAX_METRICS = 20_000
_LATEST = 7e9


@dataclass(eq=False)
class _Row:
    """What the database says of a run."""

    name: str | None = None
    experiment: str | None = None
    started: datetime | None = None
    archived: bool = False
    tags: dict[str, str] = field(default_factory=dict)


def open_repository(options: Options, context: SourceContext) -> PartitionReader:
    """A reader for a repository.

    Raises:
        SourceError: RR370 when there is none, RR377 when Aim's package is missing.
    """
    path = locate(context.base, options.location, EXPECTED)
    inside = path if path.name == FOLDER else path / FOLDER
    chunks = inside / "meta" / "chunks"
    if not chunks.is_dir():
        shown = clean_text(options.location)
        raise SourceError(Problem("RR370", f"no {FOLDER} in {shown!r}, expected {EXPECTED}"))
    if importlib.util.find_spec("aimrocks") is None or importlib.util.find_spec("aim") is None:
        message = "an Aim repository is read through the package aim, which is not installed"
        hint = "pip install 'runreport[aim]'"
        raise SourceError(Problem("RR377", message, None, hint, place=clean_text(path.name)))
    pieces = [
        Partition(name, (*_files(chunks / name), *_files(inside / "seqs" / "chunks" / name),
                         *with_log(inside / DATABASE)))
        for name in sorted(names(chunks, 100_000))
        if (chunks / name).is_dir() and not (chunks / name).is_symlink()
    ]  # fmt: skip

    def read(piece: Partition, _mark: Mapping[str, Any] | None) -> Loaded:
        told = Complaints()
        return Loaded(_runs(inside, piece.name, told), told.problems)

    top = inside.parent
    store = PieceStore(top.name, Tree(top, (), (chunks,)), pieces, read, EXPECTED)
    return PartitionReader(store, context, "aim", str(inside))


def _files(folder: Path) -> list[Path]:
    # RocksDB's own log tells of who looked, not of what is there
    return [folder / n for n in sorted(names(folder)) if n not in ("LOCK", "LOG", "IDENTITY")]


def _runs(inside: Path, key: str, told: Complaints) -> Iterator[LoadedRun]:
    row = _row(inside, key, told)
    if row.archived:
        return
    try:
        yield _run(inside, key, row, told)
    except SourceError:
        raise
    # Aim and RocksDB raise exceptions of many kinds for a damaged folder
    except Exception as error:
        words = clean_text(str(error).splitlines()[0] if str(error) else type(error).__name__)
        message = f"Aim cannot read this run: {words[:160]}"
        raise SourceError(Problem("RR371", message, place=key)) from None


def _row(inside: Path, key: str, told: Complaints) -> _Row:
    found = _Row()
    try:
        db = Database(inside / DATABASE, DATABASE, SCHEMA)
        db.keep_bytes()
        with db.snapshot():
            columns = db.columns["run"]
            wanted = ("id", "name", "experiment_id", "created_at", "is_archived", "description")
            chosen = ", ".join(c if c in columns else "NULL" for c in wanted)
            row = db.ask(f"SELECT {chosen} FROM run WHERE hash = ?", [key]).fetchone()  # noqa: S608  names of ours
            if row is None:
                return found
            number, name, experiment, created, archived, description = row
            found.name = str(name) if name else None
            found.archived = bool(archived)
            if isinstance(created, str):
                found.started = _parsed(created)
            if description:
                found.tags["aim.description"] = str(description)
            if db.has("experiment", "id", "name"):
                query = "SELECT name FROM experiment WHERE id = ?"
                known = db.ask(query, [experiment]).fetchone()
                found.experiment = str(known[0]) if known else None
            if db.has("tag", "id", "name") and db.has("run_tag", "run_id", "tag_id"):
                query = "SELECT name FROM tag JOIN run_tag ON tag_id = tag.id WHERE run_id = ?"
                found.tags.update((str(tag), "true") for (tag,) in db.ask(query, [number]))
    except SourceError as error:
        for problem in error.problems:
            told.add(problem.code, DATABASE, problem.message, hint=problem.hint)
    return found


def _run(inside: Path, key: str, row: _Row, told: Complaints) -> LoadedRun:
    facts = _tree(inside / "meta" / "chunks" / key).subtree(("meta", "chunks", key))
    attributes = _collected(facts, "attrs")
    system = attributes.pop(SYSTEM, None)
    contexts = _collected(facts, "contexts")
    ended = facts.get("end_time", None)
    deep: list[str] = []
    return LoadedRun(
        key=key,
        name=row.name or key,
        experiment=row.experiment,
        status="unknown" if ended is not None else "running",
        started=row.started,
        ended=_moment(ended),
        params=flatten(attributes, written, deep),
        tags=row.tags,
        metrics=dict(_metrics(inside, key, facts, contexts, told)),
        lineage=tuple(_lineage(system)),
    )


def _metrics(
    inside: Path, key: str, facts: Any, contexts: Mapping[Any, Any], told: Complaints
) -> Iterator[tuple[str, Points]]:
    place = inside / "seqs" / "chunks" / key
    if not place.is_dir():
        return
    series = _tree(place).subtree("seqs")
    traces = facts.subtree("traces")
    count = 0
    for context in list(_keys(traces)):
        for name in list(_keys(traces.subtree(context))):
            about = traces.subtree((context, name))
            if about.get("dtype", "float") not in NUMBERS:
                continue
            count += 1
            if count > MAX_METRICS:
                told.add("RR374", key, f"the first {MAX_METRICS:,} metrics are read")
                return
            start = ("v2", "chunks", key) if about.get("version", 1) == 2 else ("chunks", key)
            points = _points(series.subtree((*start, context, name)))
            if points is not None:
                yield _named(str(name), contexts.get(context)), points


def _points(tree: Any) -> Points | None:
    """The values of a sequence by step; the keys of steps are hashes in newer repositories."""
    held: Mapping[str, dict[Any, Any]] = {
        column: dict(tree.subtree(column).items()) for column in _keys(tree)
    }
    values = held.get("val", {})
    steps = held.get("step") or {at: at for at in values}
    times = held.get("time", {})
    kept = sorted((float(steps[at]), at) for at in values if at in steps and values[at] is not None)
    if not kept:
        return None
    return Points(
        np.array([step for step, _ in kept], np.float64),
        np.array([float(values[at]) for _, at in kept], np.float64),
        np.array([_microseconds(times.get(at)) for _, at in kept], np.int64),
    )


def _named(name: str, context: Any) -> str:
    if not isinstance(context, Mapping) or not context:
        return name
    return " ".join([name, *(f"{key}={written(item)}" for key, item in sorted(context.items()))])


def _lineage(system: Any) -> Iterator[Lineage]:
    if not isinstance(system, Mapping):
        return
    git = system.get("git_info")
    if isinstance(git, Mapping) and isinstance(git.get("commit"), Mapping):
        commit = git["commit"].get("hash")
        if isinstance(commit, str) and commit:
            branch = git.get("branch")
            yield Lineage("code", "git", branch if isinstance(branch, str) else None, commit)
    words = system.get("arguments")
    if isinstance(words, list) and words:
        yield Lineage("command", " ".join(str(word) for word in words)[:2_000])


def _tree(place: Path) -> Any:
    """A folder of RocksDB as Aim sees it, opened without a lock or an index."""
    from aim.storage.rockscontainer import (  # type: ignore[import-not-found,unused-ignore]  # an extra
        RocksContainer,
    )

    return RocksContainer(str(place), read_only=True, skip_read_optimization=True).tree()


def _keys(tree: Any) -> Iterable[Any]:
    try:
        return list(tree.keys())
    except KeyError:
        return []


def _collected(tree: Any, name: str) -> dict[Any, Any]:
    try:
        found = tree.subtree(name).collect()
    except KeyError:
        return {}
    return dict(found) if isinstance(found, Mapping) else {}


def _moment(seconds: Any) -> datetime | None:
    if not isinstance(seconds, int | float) or not 0 < seconds < _LATEST:
        return None
    return datetime.fromtimestamp(seconds, UTC)


def _microseconds(seconds: Any) -> int:
    if not isinstance(seconds, int | float) or math.isnan(seconds) or not 0 < seconds < _LATEST:
        return int(UNKNOWN_TIME)
    return round(seconds * 1e6)


def _parsed(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text).replace(tzinfo=UTC)
    except ValueError:
        return None
