"""Histories exported from the service: Parquet files of `run-history` artifacts, a folder each."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from runreport.cleaning import clean_text
from runreport.columns import numbers
from runreport.errors import Problem, SourceError
from runreport.sources.complaints import Complaints
from runreport.sources.loaded import UNKNOWN_TIME, Floats, LoadedRun, Points
from runreport.sources.partitions import Loaded, Partition
from runreport.sources.runfolders import RunFolder
from runreport.sources.texts import flatten, written
from runreport.sources.trees import Tree, TreeFile
from runreport.sources.wandb.columns import RUNTIME, STEP, TIME
from runreport.sources.wandb.facts import config_of, summarised
from runreport.sources.wandb.log import Log
from runreport.sources.wandb.machine import lineage_of, of_metadata
from runreport.tables import Status

ENDING = ".parquet"
CONFIGS = ("config.json", "config.yaml")
SUMMARIES = ("wandb-summary.json", "summary.json")
METADATA = ("wandb-metadata.json", "metadata.json")
MAX_FILES = 5_000
_ARTIFACT = re.compile(r"(?:run-)?(.+?)-history(?:[:-]v\d+)?", re.S)
_STATES: Mapping[str, Status] = {
    "finished": "finished", "failed": "failed", "crashed": "failed", "killed": "killed",
    "running": "running",
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Export:
    """The history of one run."""

    key: str
    files: tuple[TreeFile, ...]
    beside: RunFolder
    """What else is in its folder."""


def exports_in(tree: Tree) -> list[Export]:
    """Every exported history of a tree: a folder of numbered files is one run, else a file is."""
    found: list[Export] = []
    for place, inside in sorted(tree.by_folder.items()):
        files = [file for file in inside if file.base.endswith(ENDING)]
        files = [file for file in files[:MAX_FILES] if is_history(file.path)]
        if not files:
            continue
        beside = RunFolder(
            place or tree.root.name, place, tree.root / place, {f.base: f for f in inside}
        )
        if len(files) == 1 or all(file.base[: -len(ENDING)].isdigit() for file in files):
            numbered = all(file.base[: -len(ENDING)].isdigit() for file in files)
            name = (place.rpartition("/")[2] or tree.root.name) if numbered else files[0].base
            above = place.rpartition("/")[0] if numbered else place
            found.append(Export(_key(above, name), tuple(files), beside))
        else:
            found += (Export(_key(place, file.base), (file,), beside) for file in files)
    return found


def is_history(path: Path) -> bool:
    """Whether a Parquet file has W&B's columns."""
    try:
        import pyarrow.parquet as pq

        if path.is_symlink() or not path.is_file():
            return False
        names = set(pq.read_schema(path).names)
    except (OSError, ValueError):
        return False
    return STEP in names and (TIME in names or RUNTIME in names)


def _key(above: str, name: str) -> str:
    name = name.removesuffix(ENDING)
    match = _ARTIFACT.fullmatch(name)
    run = match[1] if match else name
    return f"{above}/{run}" if above else run


@dataclass(frozen=True, eq=False)
class ExportStore:
    """A location with exported histories."""

    experiment: str
    tree: Tree
    exports: Sequence[Export]

    def partitions(self) -> Sequence[Partition]:
        """A run each."""
        return [
            Partition(export.key, (*(f.path for f in export.files), *_beside(export)))
            for export in self.exports
        ]

    def folders(self) -> Sequence[Path]:
        """Every folder that was looked into."""
        return self.tree.folders

    def problems(self) -> Sequence[Problem]:
        """Nothing is left out."""
        return ()

    def load(self, partition: Partition, _mark: Mapping[str, Any] | None) -> Loaded:
        """One run.

        Raises:
            SourceError: RR371 when its files cannot be read.
        """
        export = next(export for export in self.exports if export.key == partition.name)
        told = Complaints()
        return Loaded([_run(export, told)], told.problems)


def _beside(export: Export) -> Iterator[Path]:
    for name in (*CONFIGS, *SUMMARIES, *METADATA):
        if name in export.beside.files:
            yield export.beside.files[name].path


def _run(export: Export, told: Complaints) -> LoadedRun:
    beside = export.beside
    metrics, words = _points(export, told)
    config = config_of(_document(beside, CONFIGS, told))
    config.pop("_wandb", None)
    summary = _document(beside, SUMMARIES, told)
    about = _document(beside, METADATA, told)
    lone, tags = summarised(summary, metrics, Log())
    if words:
        shown = ", ".join(repr(clean_text(name)[:80]) for name in sorted(words)[:5])
        where = clean_text(export.files[0].name)
        told.add("RR379", where, f"columns that are no numbers, so no metrics: {shown}",
                 severity="note", kind="words")  # fmt: skip
    machine = of_metadata(about)
    name = about.get("name") or about.get("display_name")
    state = about.get("state")
    return LoadedRun(
        key=export.key,
        name=name if isinstance(name, str) else export.key.rpartition("/")[2],
        status=_STATES.get(state, "unknown") if isinstance(state, str) else "unknown",
        started=machine.started,
        user=machine.user or None,
        params=flatten(config, written, []),
        tags=tags,
        metrics={**metrics, **lone},
        lineage=tuple(lineage_of(machine, None)),
    )


def _document(folder: RunFolder, names: Iterable[str], told: Complaints) -> dict[str, Any]:
    for name in names:
        if name in folder.files:
            read = folder.yaml if name.endswith(".yaml") else folder.json
            value = read(name, told)
            if isinstance(value, Mapping):
                return dict(value)
    return {}


def _points(export: Export, told: Complaints) -> tuple[dict[str, Points], set[str]]:
    """The points of every numeric column, file after file; and the columns of other kinds."""
    parts: dict[str, list[Points]] = {}
    words: set[str] = set()
    broken = 0
    for file in export.files:
        try:
            for name, points in _file(file, words):
                parts.setdefault(name, []).append(points)
        except (OSError, ValueError) as error:
            broken += 1
            first = (str(error).splitlines() or [type(error).__name__])[0][:200]
            told.add("RR371", clean_text(file.name), f"this is no readable Parquet file: {first}")
    if broken == len(export.files):
        raise SourceError(told.problems())
    return {name: _together(some) for name, some in parts.items()}, words


def _file(file: TreeFile, words: set[str]) -> Iterator[tuple[str, Points]]:
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    with pq.ParquetFile(file.path, page_checksum_verification=True) as opened:
        table = opened.read(use_threads=False)
    while any(pa.types.is_struct(kind) for kind in table.schema.types):
        table = table.flatten()
    size = table.num_rows
    steps = _numbers(table, STEP, size)
    seconds = _numbers(table, TIME, size)
    steps = np.where(np.isfinite(steps), steps, np.arange(size))
    known = (seconds > 0) & (seconds < 7.2e9)
    times = np.full(size, UNKNOWN_TIME)
    times[known] = np.rint(seconds[known] * 1e6).astype(np.int64)
    for name in dict.fromkeys(table.column_names):
        if name in (STEP, TIME, RUNTIME) or name.startswith("_wandb"):
            continue
        column = table.column(name) if table.column_names.count(name) == 1 else None
        if column is None or not _is_number(column.type):
            if column is None or column.null_count < size:
                words.add(name)
            continue
        there = numbers(pc.indices_nonzero(column.is_valid()).cast(pa.int64()))
        values = numbers(column.drop_null().cast(pa.float64(), safe=False))
        if there.size:
            yield name, Points(steps[there], values, times[there])


def _numbers(table: Any, name: str, size: int) -> Floats:
    """A column as floats, NaN where there is none."""
    import pyarrow as pa

    if name not in table.column_names or not _is_number(table.column(name).type):
        return np.full(size, np.nan)
    return numbers(table.column(name).cast(pa.float64(), safe=False).fill_null(np.nan))


def _is_number(kind: Any) -> bool:
    import pyarrow as pa

    return bool(
        pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)
    )


def _together(parts: list[Points]) -> Points:
    if len(parts) == 1:
        return parts[0]
    return Points(
        np.concatenate([p.step for p in parts]),
        np.concatenate([p.value for p in parts]),
        np.concatenate([p.time for p in parts if p.time is not None]),
    )
