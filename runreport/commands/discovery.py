"""From what a user names to stores: a path, a pattern, a folder with stores, an address."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from runreport import registry
from runreport.cleaning import clean_text
from runreport.errors import Problem, SourceError, Span
from runreport.kinds import Found
from runreport.render import emit
from runreport.spec.model import Comparison, Grouping, ReportInfo, Selection, SourceEntry, Spec
from runreport.understand import Facts, read

MAX_FOLDERS = 2_000
"""Looked into below a folder that is no store itself."""
MAX_DEPTH = 4
MAX_STORES = 20
LAST = "files"
"""The source of plain files recognises much, so that it is asked after those of trackers."""

SKIPPED = frozenset({"__pycache__", "node_modules", "site-packages", "venv", "site"})
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:")
_SQLITE = re.compile(r"sqlite(?:\+\w+)?:///", re.I)


@dataclass(frozen=True, slots=True)
class Store:
    """A store that was recognised."""

    found: Found
    folder: Path
    """Where the locations in `found.config` start."""

    @property
    def location(self) -> str:
        """The location as `found` writes it."""
        return str(self.found.config[self.found.source])

    def entry(self, base: Path) -> dict[str, Any]:
        """The spec's entry for a spec in the folder `base`: no credentials, no absolute path."""
        location = self.location
        if re.match(r"https?://", location, re.I):
            location = _without_user(location)
        elif (match := _SQLITE.match(location)) or not _SCHEME.match(location):
            start = match.end() if match else 0
            path = Path(os.path.relpath(self.folder / location[start:], base)).as_posix()
            # a `?` begins the options of an address
            location = path if "?" in path or not match else f"sqlite:///{path}"
        return {**self.found.config, self.found.source: location}


def discover(where: str, base: Path) -> tuple[Store, ...]:
    """What a user means by a path, a pattern or an address; the likeliest first.

    Raises:
        SourceError: RR365 when nothing there is a store.
    """
    path = base / where
    if "\0" in where or not os.path.lexists(path):
        if _SCHEME.match(where):
            return (Store(Found("mlflow", {"mlflow": where}, emit.shown_address(where)), base),)
        if re.search(r"[*?\[]", where):
            return (Store(Found(LAST, {LAST: where}, "files that match"), base),)
        message = f"cannot find {clean_text(where)!r}: no such file or folder"
        raise SourceError(Problem("RR365", message, hint=_looked_for(), place=clean_text(where)))
    stores = list(_search(path))
    if not stores:
        shown = clean_text(where)
        message = f"no runs that runreport knows at {shown!r}"
        raise SourceError(Problem("RR365", message, hint=_looked_for(), place=shown))
    return tuple(stores[:MAX_STORES])


def _looked_for() -> str:
    return (
        "looked for an MLflow database, an mlruns folder, and CSV, TSV, JSON, JSONL, YAML or "
        "Parquet files with runs; a tracking server is named by its address, http://..."
    )


def _search(path: Path) -> Iterator[Store]:
    """Stores at a path and in the folders below it: trackers' first, then by depth and name."""
    folders = list(_folders(path)) if path.is_dir() else [path]
    names = sorted(registry.SOURCES, key=lambda name: (name == LAST, name))
    claimed: list[Path] = []
    for name in names:
        for folder in folders:
            # the inside of a store is no store
            if any(folder != other and folder.is_relative_to(other) for other in claimed):
                continue
            found = registry.SOURCES[name].detect(folder)
            if found is not None:
                claimed.append(folder)
                yield Store(found, folder if folder.is_dir() else folder.parent)


def _folders(top: Path) -> Iterator[Path]:
    """A folder and those below it, nearest first, links left out."""
    level = [top]
    seen = 0
    for _ in range(MAX_DEPTH + 1):
        below: list[Path] = []
        for folder in level:
            yield folder
            seen += 1
            if seen >= MAX_FOLDERS:
                return
            try:
                with os.scandir(folder) as scan:
                    entries = sorted(scan, key=lambda entry: entry.name)
            except OSError:
                continue
            below += [
                Path(entry.path)
                for entry in entries
                if entry.is_dir(follow_symlinks=False)
                and not entry.name.startswith(".")
                and entry.name not in SKIPPED
            ]
        level = below


def _without_user(address: str) -> str:
    parts = urlsplit(address)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def read_store(store: Store, environ: Mapping[str, str]) -> Facts:
    """Everything a store says, secrets redacted as in a build.

    Raises:
        SourceError: when it cannot be read.
    """
    config = dict(store.found.config)
    options = registry.SOURCES[store.found.source].options
    first = fields(options)[0].name
    location = config.pop(store.found.source)
    values = {key: tuple(v) if isinstance(v, list) else v for key, v in config.items()}
    entry = SourceEntry(
        store.found.source,
        options(**{first: location}, **values),
        store.folder,
        Span("", 1, 1),
    )
    try:
        return read(_only(entry), environ)
    except SourceError as error:
        # there is no spec whose line could be shown
        raise SourceError([replace(p, span=None) for p in error.problems]) from None


def _only(entry: SourceEntry) -> Spec:
    return Spec(
        path=entry.base / "runreport.yaml",
        report=ReportInfo(),
        sources=(entry,),
        runs=Selection(),
        groups=Grouping(),
        metrics=(),
        comparison=Comparison(),
        pages=(),
    )
