"""Whether a path holds runs in plain files: cheap, and shy of files that only look alike."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runreport.errors import RunReportError
from runreport.kinds import Found
from runreport.sources.complaints import Complaints
from runreport.sources.files import beside, roles, shape, words
from runreport.sources.files.formats import read_sheet
from runreport.sources.files.options import Options
from runreport.sources.files.places import FORMATS, File
from runreport.sources.files.sheets import Sheet

MAX_ENTRIES = 5_000
MAX_FILES = 200
"""Parsed, of one folder."""
MAX_DEPTH = 2
MOST_COLUMNS = 20
"""Of one kind, written into a spec."""
MAX_BYTES = 20_000_000
"""Larger documents are not parsed to find out what they are."""

SKIPPED_FOLDERS = (
    "__pycache__", "artifacts", "build", "dist", "mlartifacts", "mlruns", "node_modules",
    "site", "site-packages", "venv", "wandb",
)  # fmt: skip
SKIPPED_FILES = (
    "codecov.yml", "composer.json", "conda.yaml", "docker-compose.yaml", "docker-compose.yml",
    "dvc.yaml", "environment.yaml", "environment.yml", "manifest.json", "meta.yaml",
    "mkdocs.yml", "package-lock.json", "package.json", "pnpm-lock.yaml", "python_env.yaml",
    "renovate.json", "runreport.yaml", "runreport.yml", "tokenizer.json", "tsconfig.json",
)  # fmt: skip
"""Files of tools; none holds runs."""


@dataclass(frozen=True, slots=True)
class _Seen:
    """A file that holds runs."""

    file: File
    runs: int
    history: bool
    single: bool
    """One object: one run."""
    params: tuple[str, ...]
    """Columns sorted by rule."""
    metrics: tuple[str, ...]
    certain: bool
    """A history, or rows with metrics by name or by an object called `metrics`."""


def detect(path: Path) -> Found | None:
    """What a file or folder holds; None when it is no place of runs."""
    try:
        if path.is_file():
            return _detect_file(path)
        if path.is_dir():
            return _detect_folder(path)
    except OSError:
        return None
    return None


def _detect_file(path: Path) -> Found | None:
    kind = FORMATS.get(path.suffix.lower())
    if kind is None or path.name.lower() in SKIPPED_FILES:
        return None
    seen = _look(File(path.resolve(), path.name, kind, path.stat().st_size))
    if seen is None:
        return None
    return Found("files", _entry(path.name, [seen]), f"{path.name}: {_words([seen])}")


def _detect_folder(path: Path) -> Found | None:
    files = list(_files(path, "", 0, [0]))
    found = [seen for file in files[:MAX_FILES] if (seen := _look(file)) and seen.certain]
    histories = {seen.file.folder for seen in found if seen.history}
    # what stands beside a history and holds its params is no run of its own
    stems = {seen.file.stem for seen in found if seen.history}
    found = [
        seen
        for seen in found
        if seen.history
        or not (
            seen.file.stem in stems
            or (seen.file.folder in histories and Path(seen.file.stem).name in beside.STEMS)
        )
    ]
    if not found:
        return None
    groups: dict[str, list[_Seen]] = {}
    for seen in found:
        groups.setdefault(_pattern(seen.file, found), []).append(seen)
    location, best = max(groups.items(), key=lambda item: sum(seen.runs for seen in item[1]))
    return Found("files", _entry(location, best), f"{location}: {_words(best)}")


def _entry(location: str, seen: Sequence[_Seen]) -> dict[str, Any]:
    """The entry of a spec, with what was decided by rule written out for the author to change."""
    entry: dict[str, Any] = {"files": location}
    if all(item.history for item in seen):
        entry["shape"] = "history"
    elif len(seen) == 1 and not seen[0].single:
        entry["shape"] = "runs"
        for role, names in (("params", seen[0].params), ("metrics", seen[0].metrics)):
            if 0 < len(names) <= MOST_COLUMNS and not any(set("*?") & set(n) for n in names):
                entry[role] = list(names)
    return entry


def _words(seen: Sequence[_Seen]) -> str:
    runs = sum(item.runs for item in seen)
    count = f"{runs:,} run{'s' * (runs != 1)}"
    files = f"{len(seen):,} file{'s' * (len(seen) != 1)}"
    how = "with histories" if any(item.history for item in seen) else "without histories"
    return f"{count} in {files}, {how}"


def _pattern(file: File, found: Sequence[_Seen]) -> str:
    """The location that names this file and those like it."""
    suffix = file.path.suffix
    folder, _, name = file.name.rpartition("/")
    alike = [seen.file.name for seen in found if seen.file.path.suffix == suffix]
    same_name = [other for other in alike if other.rpartition("/")[2] == name]
    if folder and len(same_name) > 1:
        above = folder.rpartition("/")[0]
        peers = [o for o in same_name if o.rpartition("/")[0].rpartition("/")[0] == above]
        if len(peers) > 1:
            return f"{above}/*/{name}" if above else f"*/{name}"
    peers = [other for other in alike if other.rpartition("/")[0] == folder]
    if len(peers) > 1 and "[" not in folder:
        return f"{folder}/*{suffix}" if folder else f"*{suffix}"
    return file.name


def _files(folder: Path, prefix: str, depth: int, count: list[int]) -> Iterator[File]:
    try:
        with os.scandir(folder) as scan:
            entries = sorted(scan, key=lambda entry: entry.name)
    except OSError:
        return
    below = []
    for entry in entries:
        count[0] += 1
        if count[0] > MAX_ENTRIES:
            return
        if entry.name.startswith(".") or entry.is_symlink():
            continue
        if entry.is_dir():
            if entry.name.lower() not in SKIPPED_FOLDERS and depth < MAX_DEPTH:
                below.append(entry)
            continue
        kind = FORMATS.get(Path(entry.name).suffix.lower())
        if kind is not None and entry.name.lower() not in SKIPPED_FILES:
            size = entry.stat().st_size
            yield File(Path(entry.path), f"{prefix}{entry.name}", kind, size)
    for entry in below:
        yield from _files(Path(entry.path), f"{prefix}{entry.name}/", depth + 1, count)


def _look(file: File) -> _Seen | None:
    """What one file holds; None when nothing in it looks like a run."""
    sheet = _sheet(file)
    if sheet is None or not sheet.size:
        return None
    options = Options(file.name)
    its = shape.decide(sheet, options)
    if its.kind == "history":
        columns = roles.of_history(sheet, its, options)
        if not columns.metrics:
            return None
        runs = 1 if its.id is None else len(set(sheet.columns[its.id].texts))
        return _Seen(file, runs, True, sheet.single, (), (), certain=True)
    columns = roles.of_runs([sheet], [its.id], options)
    if not columns.metrics:
        return None
    named = any(
        words.role_by_name(shown) == "metrics" or name.lower().startswith("metrics.")
        for name, shown in columns.metrics.items()
    )
    guessed = set(columns.guessed)
    params = tuple(name for name in columns.params if name in guessed)
    metrics = tuple(name for name in columns.metrics if name in guessed)
    return _Seen(file, sheet.size, False, sheet.single, params, metrics, certain=named)


def _sheet(file: File) -> Sheet | None:
    quiet = Complaints()
    if file.bytes > MAX_BYTES:
        return None
    try:
        return read_sheet(file, quiet, lambda _head: frozenset())
    except RunReportError:
        return None
