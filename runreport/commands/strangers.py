"""What looks like results and is not recognised, with the reason for each."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

from runreport.cleaning import clean_text
from runreport.errors import Problem
from runreport.sources.archive import Archive

MAX_DEPTH = 6
"""Folders below folders that are looked into."""
SKIPPED = frozenset({"__pycache__", "node_modules", "site-packages", "venv", "site"})
_ARTIFACTS = frozenset({"artifacts", "mlartifacts"})
"""Folders of what runs produced, which are no results by themselves."""
SHOWN = 12
"""Notes on single files; the rest is counted."""
MAX_LOOKED = 20_000
"""Files and folders that are looked at."""

_UNSEEN = SKIPPED | _ARTIFACTS
_PICKLES = (".pkl", ".pickle", ".joblib", ".dill")
_DATABASES = (".db", ".sqlite", ".sqlite3")
_TABLES = (".csv", ".tsv", ".json", ".jsonl", ".ndjson", ".parquet", ".pq")
_SETTINGS = frozenset({
    "package.json", "package-lock.json", "tsconfig.json", "manifest.json", "composer.json",
    "tokenizer.json", "tokenizer_config.json", "config.json", "vocab.json",
    "generation_config.json", "special_tokens_map.json", "renovate.json", "pyrightconfig.json",
})  # fmt: skip
"""Files of tools and models, which nobody takes for results."""
_FOLDERS = {
    ".aim": "an Aim repository: it is read by Aim alone; export its runs to files",
    ".guild": "a Guild AI folder; export its runs with `guild runs info --json` or to CSV",
    ".comet": "a Comet folder; export the experiments to files",
}


def strangers(root: Path, places: Sequence[Path]) -> list[Problem]:
    """Notes on what lies at a root and in none of the places of stores."""
    if not root.is_dir():
        return []
    found: list[Problem] = []
    more = 0
    for path in _beside(root, places):
        reason = _reason(path)
        if reason is None:
            continue
        if len(found) >= SHOWN:
            more += 1
            continue
        name = clean_text(os.path.relpath(path, root))
        found.append(Problem("RR367", f"not read: {reason}", None, None, "note", name))
    if more:
        found.append(Problem("RR367", f"{more:,} more that are not recognised", severity="note"))
    return found


def _beside(root: Path, places: Sequence[Path]) -> Iterator[Path]:
    """Files and folders outside of every store."""
    looked = 0
    waiting = [(root, 0)]
    while waiting:
        folder, depth = waiting.pop(0)
        try:
            entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        except OSError:
            yield folder
            continue
        for entry in entries:
            looked += 1
            if looked > MAX_LOOKED:
                return
            path = Path(entry.path)
            if any(path.is_relative_to(place) for place in places) or entry.is_symlink():
                continue
            if not entry.is_dir() or entry.name in _FOLDERS:
                yield path
            elif depth < MAX_DEPTH and not entry.name.startswith(".") and entry.name not in _UNSEEN:
                waiting.append((path, depth + 1))


def _reason(path: Path) -> str | None:
    """Why something that may hold runs is not read; None for what nobody would expect to be."""
    suffix = path.suffix.lower()
    if path.name in _FOLDERS:
        return _FOLDERS[path.name]
    if path.is_dir() or not os.access(path, os.R_OK):
        return "it cannot be opened"
    if suffix in _PICKLES or path.name == "training_args.bin":
        return "a pickle, which is never loaded, since loading runs what it holds"
    if suffix in _DATABASES:
        return _database(path)
    if suffix == ".bundle":
        return f"a Git bundle; clone it and name the clone: `git clone {path.name} FOLDER`"
    if suffix in (".zip", ".eval"):
        return _archive(path)
    if suffix in (".tgz", ".gz", ".tar", ".xz", ".zst", ".7z"):
        return "a packed file; unpack it first"
    if ".tfevents." in path.name or suffix == ".wandb":
        return "it begins as no event file or log of its kind does"
    if suffix in _TABLES and path.name not in _SETTINGS:
        return "no column of it is a metric by name, and no tracker writes a file like this"
    return None


def _database(path: Path) -> str:
    """What a SQLite file of no known tracker holds."""
    try:
        link = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=0.5)
        with closing(link):
            query = "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name LIMIT 6"
            names = [str(name) for (name,) in link.execute(query)]
    except (sqlite3.Error, UnicodeDecodeError):
        return "no SQLite database that can be opened"
    if not names:
        return "an empty SQLite database"
    return f"a SQLite database of no tracker that is known; its tables: {', '.join(names)}"


def _archive(path: Path) -> str:
    try:
        with Archive(path) as packed:
            names = list(packed.members)[:3]
    except (OSError, ValueError):
        return "no archive that can be opened"
    shown = ", ".join(names) or "nothing"
    return f"an archive that no tracker writes like this (it holds {shown}); unpack it first"
