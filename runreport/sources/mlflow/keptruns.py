"""Histories kept between builds run by run: of files that may grow, of servers whose runs end.

What a source knows of a series without reading it is its sign; a series is read again when its
sign changed. All series of a run that are held lie in one file of points.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from runreport.columns import column, filled, numbers, values
from runreport.errors import Problem
from runreport.kinds import SourceContext
from runreport.sources.loaded import UNKNOWN_TIME, LoadedRun, Points
from runreport.sources.mlflow.points import (
    FIRST_MS,
    LAST_MS,
    NO_TIME,
    Floats,
    Ints,
    Parts,
    by_value_within_ties,
)
from runreport.sources.pointfiles import PointWriter
from runreport.sources.shelf import Held, Shelf

Columns = tuple[Floats, Ints, Floats]
"""Step, milliseconds, value."""
Sign = Sequence[Any]
"""Plain JSON."""


@dataclass(frozen=True, slots=True)
class Series:
    """One metric of one run that is asked for."""

    run_id: str
    """Of the tables."""
    own_id: str
    metric: str
    """Of the tables."""
    key: str
    """In the store."""
    sign: Sign | None
    """What is known of it without reading it; None when it is not to be kept."""
    after: Sign | None = None
    """The sign of what is held already, when only what came since is to be read."""
    held: int = 0
    """Points that are held already."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """What was read of a series."""

    columns: Columns
    keep: bool
    """Whether it is complete, with nothing to be told of it."""
    note: Any = None
    """Plain JSON that is kept with it."""


Fetch = Callable[[Sequence[Series]], Iterator[Fetched]]
"""Reads series, in order."""
GoesOn = Callable[[Sign, Series], bool]
"""Whether a series is what was held with this sign, and more."""


@dataclass(slots=True)
class _Asked:
    """The wanted series of one run."""

    series: list[Series] = field(default_factory=list)
    known: dict[str, Columns] = field(default_factory=dict)
    """Series on the shelf that hold still, or have grown, by key."""
    signs: dict[str, Sign] = field(default_factory=dict)
    """Of what is known and may be kept, by key; those that are not asked for now, too."""
    notes: dict[str, Any] = field(default_factory=dict)
    is_new: bool = False
    """Whether something was read."""

    def take(self, one: Series, lacking: Series, found: Fetched) -> None:
        """Take in what was read of a series."""
        self.is_new = True
        self.signs.pop(one.key, None)
        if found.keep and one.sign is not None:
            self.signs[one.key], self.notes[one.key] = one.sign, found.note
        columns = found.columns
        if lacking.after is not None:
            pairs = zip(self.known[one.key], columns, strict=True)
            step, ms, value = (np.concatenate(pair) for pair in pairs)
            columns = (step, ms, value)
        self.known[one.key] = columns


class KeptRuns:
    """What was read of the histories of one store."""

    def __init__(self, folder: Path, name: str, context: SourceContext) -> None:
        self._name = name
        self._context = context
        self._shelf = Shelf(folder)
        self._sound: dict[str, bool] = {}
        self.notes: list[Any] = []
        """Of series that were held, since the last call of `parts`."""
        note = self._shelf.note
        self.usable = note is None or note.code != "RR386"
        """Whether anything can be kept."""
        if note is not None:
            context.tell(note)
        if not self.usable:
            # its temporary folder goes with what it would hold
            self._shelf.keep({}, [])

    def parts(
        self, wanted: Iterable[Series], fetch: Fetch, goes_on: GoesOn = lambda *_: False
    ) -> Iterator[pa.Table]:
        """Points in HISTORY_SCHEMA, of series that are held and of those that are read now."""
        self.notes = []
        still: dict[str, dict[str, str]] = {}
        metrics: set[str] = set()
        asked: dict[str, _Asked] = {}
        names: dict[tuple[str, str], str] = {}
        for one in wanted:
            asked.setdefault(one.own_id, _Asked()).series.append(one)
        for own, run in list(asked.items()):
            held = self._held(own)
            same = held is not None and all(_sign_of(held, s.key) == s.sign for s in run.series)
            plain = all(s.metric == s.key for s in run.series)
            if held is not None and same and plain and all(s.sign for s in run.series):
                for file in held.points:
                    still.setdefault(file, {})[own] = run.series[0].run_id
                metrics.update(s.key for s in run.series)
                self.notes += [(held.mark or {})["notes"].get(s.key) for s in run.series]
                names.update(((own, s.key), s.metric) for s in run.series)
                del asked[own]
        self._recall(asked)
        for file, runs in still.items():
            yield from self._still(file, runs, metrics, names)
        if asked:
            yield from self._read(asked, fetch, goes_on)

    def _held(self, own: str) -> Held | None:
        held = self._shelf.held.get(own)
        if held is None or held.mark is None:
            return None
        digests = held.mark["digests"]
        return held if all(self._is_sound(f, digests[f]) for f in held.points) else None

    def _is_sound(self, file: str, digest: str) -> bool:
        if file not in self._sound:
            try:
                self._sound[file] = _sha256(self._shelf.folder / file) == digest
            except OSError:
                self._sound[file] = False
            if not self._sound[file]:
                message = "what was kept of some runs is damaged and is read again"
                self._context.tell(Problem("RR385", message, None, None, "note", self._name))
        return self._sound[file]

    def _still(
        self,
        file: str,
        runs: Mapping[str, str],
        metrics: set[str],
        names: Mapping[tuple[str, str], str],
    ) -> Iterator[pa.Table]:
        """Points of runs of which nothing changed."""
        pairs = {(runs[own], key) for own, key in names if own in runs}
        for table in self._shelf.file(file).points(runs, metrics):
            if len(pairs) == len(runs) * len(metrics):
                yield table
                continue
            found = zip(values(table["run_id"]), values(table["metric"]), strict=True)
            yield table.filter(column([pair in pairs for pair in found], pa.bool_()))

    def _recall(self, asked: Mapping[str, _Asked]) -> None:
        """Take from the shelf what still holds of the runs that are read now."""
        files: dict[str, dict[str, str]] = {}
        for own in asked:
            if (held := self._held(own)) is not None:
                for file in held.points:
                    files.setdefault(file, {})[own] = own
        for file, runs in files.items():
            for own, key, columns in _series(self._shelf.file(file).points(runs, None)):
                asked[own].known[key] = columns
                if (held := self._held(own)) is not None:
                    asked[own].signs[key] = _sign_of(held, key) or ()
                    asked[own].notes[key] = (held.mark or {})["notes"].get(key)

    def _read(
        self, asked: Mapping[str, _Asked], fetch: Fetch, goes_on: GoesOn
    ) -> Iterator[pa.Table]:
        """Read the series of which nothing or too little is held, and keep them with the rest."""
        missing = {
            (own, one.key): lacking
            for own, run in asked.items()
            for one in run.series
            if (lacking := _lacking(one, run, goes_on)) is not None
        }
        fetched = fetch(list(missing.values()))
        path = self._shelf.new_file("runs")
        parts = Parts()
        kept: dict[str, Mapping[str, Any]] = {}
        rows: dict[str, int] = {}
        with PointWriter(path) as writer:
            for own, run in asked.items():
                before = writer.rows
                for one in run.series:
                    if (lacking := missing.get((own, one.key))) is not None:
                        run.take(one, lacking, next(fetched))
                    else:
                        self.notes.append(run.notes.get(one.key))
                    parts.add(one.run_id, one.metric, *run.known[one.key])
                    yield from parts.full()
                held = {key: run.known[key] for key, sign in run.signs.items() if sign}
                if held and run.is_new and _is_text([own, *held]):
                    writer.add(LoadedRun(own, own, metrics=_points(held)))
                    kept[own] = {
                        "series": {key: run.signs[key] for key in held},
                        "notes": {key: run.notes.get(key) for key in held},
                    }
                    rows[own] = writer.rows - before
            # what was read of the last series ends only now
            for _ in fetched:
                raise ValueError("a series that nobody asked for")
            yield from parts.rest()
        digests = {path.name: _sha256(path)} if writer.rows else {}
        found = {
            own: Held(
                {},
                (),
                mark={**mark, "digests": digests if rows[own] else {}},
                points={path.name: rows[own]} if rows[own] else {},
            )
            for own, mark in kept.items()
        }
        self._shelf.keep(found, [*dict.fromkeys([*self._shelf.held, *found])])


def _lacking(one: Series, run: _Asked, goes_on: GoesOn) -> Series | None:
    """What has to be read of a series; None when all of it is held."""
    sign = run.signs.get(one.key)
    if not sign or one.sign is None:
        return one
    if list(sign) == list(one.sign):
        return None
    if goes_on(sign, one):
        return replace(one, after=sign, held=len(run.known[one.key][0]))
    return one


def _sign_of(held: Held, key: str) -> Sign | None:
    found: Sign | None = (held.mark or {})["series"].get(key)
    return found


def _points(series: Mapping[str, Columns]) -> dict[str, float | Points]:
    found: dict[str, float | Points] = {}
    for key, (step, ms, value) in series.items():
        odd = (ms < FIRST_MS) | (ms > LAST_MS)
        time = np.where(odd, UNKNOWN_TIME, np.where(odd, 0, ms) * 1000)
        found[key] = Points(step, by_value_within_ties(step, ms, value), time)
    return found


def _series(tables: Iterable[pa.Table]) -> Iterator[tuple[str, str, Columns]]:
    """Run, metric and points of each series; the parts of one that was cut are joined."""
    found: dict[tuple[str, str], list[Columns]] = {}
    for table in tables:
        runs = table["run_id"].combine_chunks().dictionary_encode()
        names = table["metric"].combine_chunks().dictionary_encode()
        which = numbers(runs).astype(np.int64) * max(1, len(names.dictionary)) + numbers(names)
        bounds = np.flatnonzero(which[1:] != which[:-1]) + 1
        time = filled(table["time"], UNKNOWN_TIME)
        ms = np.where(time == UNKNOWN_TIME, NO_TIME, time // 1000)
        columns = (numbers(table["step"]), ms, numbers(table["value"]))
        own, keys = values(runs.dictionary), values(names.dictionary)
        for start, stop in zip([0, *bounds], [*bounds, len(which)], strict=True):
            run, key = divmod(int(which[start]), max(1, len(keys)))
            part = slice(int(start), int(stop))
            step, at, value = (whole[part] for whole in columns)
            found.setdefault((own[run], keys[key]), []).append((step, at, value))
    for (run_id, metric), pieces in found.items():
        step, at, value = (np.concatenate(cut) for cut in zip(*pieces, strict=True))
        yield run_id, metric, (step, at, value)


def _is_text(names: Iterable[str]) -> bool:
    try:
        return bool("".join(names).encode() or True)
    except UnicodeEncodeError:
        return False


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
