"""From what a user names to stores: a path, a pattern, a folder with stores, an address."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from itertools import takewhile
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from runreport import registry
from runreport.cleaning import clean_text
from runreport.commands.strangers import MAX_DEPTH, SKIPPED, strangers
from runreport.errors import Problem, SourceError, Span
from runreport.kinds import Found
from runreport.render import emit
from runreport.spec.model import Comparison, Grouping, ReportInfo, Selection, SourceEntry, Spec
from runreport.understand import Facts, read

MAX_FOLDERS = 2_000
"""Looked into below a folder that is no store itself."""
MAX_STORES = 20
LAST = "files"
"""The source of plain files recognises much, so that it is asked after those of trackers."""

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

    def place(self) -> Path:
        """The file or folder itself; of a pattern, the folder it looks in."""
        location = _SQLITE.sub("", self.location)
        parts = takewhile(lambda part: not set("*?[") & set(part), Path(location).parts)
        return Path(os.path.normpath(self.folder.joinpath(*parts)))

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
        nothing = Problem("RR365", message, hint=_looked_for(), place=shown)
        raise SourceError([nothing, *strangers(path, ())])
    return tuple(stores[:MAX_STORES])


def _looked_for() -> str:
    trackers = ", ".join(name for name in registry.SOURCES if name != LAST)
    return (
        f"looked for stores of {trackers}, such as an MLflow database or an mlruns folder, and for "
        "CSV, TSV, JSON, JSONL, YAML or Parquet files with runs; a tracking server is named by its "
        "address, http://..."
    )


CLOSED = (
    "ray_tune", "hf_trainer", "lightning", "sacred", "wandb", "mlflow", "trackio", "optuna",
    "clearml", "neptune", "lm_eval", "inspect",
)  # fmt: skip
"""Sources whose stores hold nothing else of the user's: what other loggers left inside is of the
same runs. The first of the list is believed first."""


def _search(path: Path) -> Iterator[Store]:
    """Stores at a path and in the folders below it, trackers' first, plain files last."""
    folders = list(_folders(path)) if path.is_dir() else [path]
    closed = [name for name in CLOSED if name in registry.SOURCES]
    rest = sorted(name for name in registry.SOURCES if name not in closed and name != LAST)
    found: list[tuple[Store, Path]] = []
    for name in (*closed, *rest, LAST):
        for folder in folders:
            if any(_covers(store, place, name, folder) for store, place in found):
                continue
            what = registry.SOURCES[name].detect(folder)
            if what is None:
                continue
            store = Store(what, folder if folder.is_dir() else folder.parent)
            place = store.place()
            if not any(_covers(other, there, name, place) for other, there in found):
                found.append((store, place))
    return (store for store, _ in found)


def _covers(store: Store, place: Path, name: str, path: Path) -> bool:
    """Whether what the source `name` may find at a path belongs to a store already found."""
    if not path.is_relative_to(place):
        return False
    if store.found.source == name:
        return True
    return name == LAST or store.found.source in CLOSED


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


@dataclass(frozen=True, eq=False)
class Reading:
    """What the stores say that could be read, and which could not."""

    facts: Facts
    stores: tuple[Store, ...]
    failed: tuple[tuple[Store, tuple[Problem, ...]], ...] = ()


def chosen(stores: Sequence[Store]) -> tuple[Store, ...]:
    """The stores that a report is made from: those of trackers, else the likeliest files."""
    return tuple(s for s in stores if s.found.source != LAST) or tuple(stores[:1])


def read_stores(stores: Sequence[Store], environ: Mapping[str, str]) -> Reading:
    """Everything that these stores say, secrets redacted as in a build.

    Raises:
        SourceError: when none of them can be read.
    """
    failed: list[tuple[Store, tuple[Problem, ...]]] = []
    left = list(stores)
    while True:
        entries = [_entry(store, line) for line, store in enumerate(left, 1)]
        try:
            return Reading(read(_only(entries), environ), tuple(left), tuple(failed))
        except SourceError as error:
            # there is no spec whose line could be shown: the lines are places in our list
            lines = {p.span.line for p in error.problems if p.span is not None}
            bare = [(p.span, replace(p, span=None)) for p in error.problems]
            for line in sorted(lines):
                own = tuple(p for span, p in bare if span is not None and span.line == line)
                failed.append((left[line - 1], own))
            left = [store for line, store in enumerate(left, 1) if line not in lines]
            if not left or not lines:
                raise SourceError([p for _, own in failed for p in own]) from None


def _entry(store: Store, line: int) -> SourceEntry:
    config = dict(store.found.config)
    options = registry.SOURCES[store.found.source].options
    first = fields(options)[0].name
    location = config.pop(store.found.source)
    values = {key: tuple(v) if isinstance(v, list) else v for key, v in config.items()}
    made = options(**{first: location}, **values)
    return SourceEntry(store.found.source, made, store.folder, Span("", line, 1))


def _only(entries: Sequence[SourceEntry]) -> Spec:
    return Spec(
        path=entries[0].base / "runreport.yaml",
        report=ReportInfo(),
        sources=tuple(entries),
        runs=Selection(),
        groups=Grouping(),
        metrics=(),
        comparison=Comparison(),
        pages=(),
    )
