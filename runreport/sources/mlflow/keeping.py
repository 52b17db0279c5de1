"""Histories of an MLflow database kept between builds: of a metric that is held, only the rows
that came later are read.

A metric is held as a whole, for all runs of the store; which of them are shown is asked of the run
table at every build. While the file and its log have the signs they had (size, times, inode, the
counter of changes in its header, the header of the log), what is held is what is there. Otherwise
somebody wrote to it. MLflow only ever appends points, under row numbers that grow: a digest of the
rows before the last one that was read, and sums over all rows up to it, tell whether nothing else
happened; if something did, the metric is read anew.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from runreport.columns import filled, numbers, values
from runreport.errors import Problem
from runreport.kinds import SourceContext
from runreport.signs import stat_of
from runreport.sources.database import Database
from runreport.sources.loaded import UNKNOWN_TIME, LoadedRun, Points
from runreport.sources.mlflow.columnar import Pass
from runreport.sources.mlflow.points import FIRST_MS, LAST_MS, NO_TIME, Parts
from runreport.sources.mlflow.series import SeriesReader, stored_bytes
from runreport.sources.mlflow.sums import sums_of
from runreport.sources.pointfiles import PointWriter
from runreport.sources.shelf import Held, Shelf

GUARD = 50
"""Rows before the mark whose digest is kept."""
LATER = 500_000
"""Rows that may have come since; of more, the whole metric is read again."""
PIECES = 8
"""Files that the points of a metric lie in, before they are written to one."""
FRESH_NS = 2_000_000_000
"""A file that changed so lately may change again within one tick of its clock."""


class KeptSeries:
    """What was read of the histories of one database."""

    def __init__(self, folder: Path, database: Database, context: SourceContext) -> None:
        self._db = database
        self._context = context
        self._shelf = Shelf(folder)
        note = self._shelf.note
        self.usable = note is None or note.code != "RR386"
        """Whether anything can be kept."""
        if note is not None:
            context.tell(note)
        if not self.usable:
            # its temporary folder goes with what it would hold
            self._shelf.keep({}, [])
        self._guards: dict[int, str] = {}
        self._sound: dict[str, bool] = {}
        self._state = state_of(database.path)
        self._came: list[tuple[str, Pass]] = []
        """Points that were appended to metrics that are held."""

    def parts(
        self,
        reader: SeriesReader,
        runs: Mapping[str, str],
        metrics: Sequence[tuple[str, str]],
        last_row: int,
    ) -> Iterator[pa.Table]:
        """Points in HISTORY_SCHEMA, of metrics that are held and of those that are read now.

        Args:
            reader: of the same database, inside a snapshot.
            runs: id in the tables to id in the store.
            metrics: name in the tables and name in the store.
            last_row: points after it belong to a later state.
        """
        shown = {own: run for run, own in runs.items()}
        if state_of(self._db.path) != self._state:
            # what is read belongs to no state that could be known again
            self._state = None
        parts = Parts()
        found: dict[str, Held] = {}
        left: list[tuple[str, str]] = []
        for name, key in metrics:
            one = self._held(reader, key, last_row, found)
            if one is None and reader.is_worth_a_pass(runs):
                one = reader.whole(key)
                if one is not None:
                    self._keep(key, one, last_row, found)
            if one is None:
                left.append((name, key))
                continue
            for run, step, ms, value in one.series():
                if run in shown:
                    parts.add(shown[run], name, step, ms, value)
            yield from parts.full()
        yield from parts.rest()
        self._append(found, last_row)
        self._shelf.keep(found, [*dict.fromkeys([*self._shelf.held, *found])])
        if left:
            yield from reader.parts(runs, left)

    def _held(
        self, reader: SeriesReader, key: str, last_row: int, found: dict[str, Held]
    ) -> Pass | None:
        """All points of a metric that is held, with those that came since."""
        held = self._shelf.held.get(key)
        if held is None or held.mark is None:
            return None
        rows, state = int(held.mark["rows"]), self._state
        if state is not None and state == held.mark["state"] and rows == last_row:
            return self._on_shelf(key, held)
        if not last_row - LATER <= rows <= last_row or self._guard(rows) != held.mark["guard"]:
            return None
        if held.mark["sums"] is None or held.mark["sums"] != reader.sums(key, rows):
            return None
        before = self._on_shelf(key, held)
        if before is None:
            return None
        later = Pass.of((), []) if rows == last_row else reader.later(rows, key)
        if later is None:
            return None
        if not len(later.step):
            mark = {**held.mark, "rows": last_row, "guard": self._guard(last_row), "state": state}
            found[key] = replace(held, mark=mark)
            return before
        both = before.joined(later)
        if len(held.points) < PIECES:
            self._came.append((key, later))
        else:
            self._keep(key, both, last_row, found)
        return both

    def _on_shelf(self, key: str, held: Held) -> Pass | None:
        """The points in the files, unless one is damaged, which is told."""
        digests = (held.mark or {})["digests"]
        try:
            for file in held.points:
                if file not in self._sound:
                    self._sound[file] = _sha256(self._shelf.folder / file) == digests[file]
                if not self._sound[file]:
                    raise ValueError("its content is not what was written")
            return _gathered((b for f in self._shelf.points(key) for b in f.batches()), key)
        except (OSError, ValueError) as error:
            words = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
            message = f"what was kept of {key[:80]!r} is damaged and is read again: {words}"
            self._context.tell(Problem("RR385", message, None, None, "note", self._db.name))
            self._shelf.forget(key)
            return None

    def _keep(self, key: str, one: Pass, last_row: int, found: dict[str, Held]) -> None:
        """Write these points to a file of their own, where that is possible."""
        written = self._write(hashlib.sha256(stored_bytes(key)).hexdigest()[:8], [(key, one)])
        if written is not None:
            digests, (rows,) = written
            mark = self._mark(last_row, sums_of(one), digests)
            found[key] = Held({}, (), mark=mark, points=dict.fromkeys(digests, rows))

    def _append(self, found: dict[str, Held], last_row: int) -> None:
        """Write what came of all metrics that are held to one file more."""
        came, self._came = self._came, []
        written = self._write("later", came) if came else None
        if written is None:
            return
        digests, counts = written
        for (key, later), count in zip(came, counts, strict=True):
            held = self._shelf.held[key]
            before, more = (held.mark or {}), sums_of(later)
            sums = None
            if more is not None and before["sums"] is not None:
                sums = [one + other for one, other in zip(before["sums"], more, strict=True)]
            mark = self._mark(last_row, sums, {**before["digests"], **digests})
            points = {**held.points, **dict.fromkeys(digests, count)}
            found[key] = replace(held, mark=mark, points=points)

    def _mark(
        self, last_row: int, sums: list[int] | None, digests: Mapping[str, str]
    ) -> dict[str, Any]:
        guard = self._guard(last_row)
        return {
            "rows": last_row, "guard": guard, "sums": sums, "state": self._state,
            "digests": digests,
        }  # fmt: skip

    def _write(
        self, label: str, series: Sequence[tuple[str, Pass]]
    ) -> tuple[dict[str, str], list[int]] | None:
        """A file of points with its digest, and the rows of each metric; None without room, or for
        names that are no text: they are read again next time.
        """
        path = self._shelf.new_file(label)
        rows: list[int] = []
        try:
            with PointWriter(path) as writer:
                for key, one in series:
                    for name in (key, *one.names):
                        name.encode()
                    before = writer.rows
                    for run, step, ms, value in one.series():
                        odd = (ms < FIRST_MS) | (ms > LAST_MS)
                        us = np.where(odd, UNKNOWN_TIME, np.where(odd, 0, ms) * 1000)
                        writer.add(LoadedRun(run, run, metrics={key: Points(step, value, us)}))
                    rows.append(writer.rows - before)
            return ({path.name: _sha256(path)} if writer.rows else {}), rows
        except (OSError, UnicodeEncodeError):
            return None

    def _guard(self, rows: int) -> str:
        """A digest of the last rows up to a row number, and of the shape of the table."""
        if rows not in self._guards:
            digest = hashlib.sha256(self._db.sql("metrics").encode("utf-8", "replace"))
            query = (
                "SELECT rowid, CAST(key AS BLOB), CAST(run_uuid AS BLOB), timestamp, value"
                " FROM metrics NOT INDEXED WHERE rowid <= ? ORDER BY rowid DESC LIMIT ?"
            )
            for row in self._db.ask(query, (rows, GUARD)):
                digest.update(repr(row).encode("utf-8", "replace"))
            self._guards[rows] = digest.hexdigest()
        return self._guards[rows]


def state_of(path: Path) -> list[Any] | None:
    """Signs of a database: while they are the same, nobody wrote to it; None when they cannot tell.

    Returns:
        Size, times and inode of the file and the counter of changes in its header; the same of its
        log and the header of that, which is new whenever the log begins anew.
    """
    found: list[Any] = []
    for file, start, size in ((path, 24, 4), (path.with_name(f"{path.name}-wal"), 0, 32)):
        about = stat_of(file)
        if about is None:
            found.append(None)
            continue
        if time.time_ns() - max(about[1:3]) < FRESH_NS:
            return None
        try:
            with file.open("rb", buffering=0) as stream:
                stream.seek(start)
                found.append([*about, stream.read(size).hex()])
        except OSError:
            return None
    return found


def _gathered(batches: Iterable[pa.RecordBatch], key: str) -> Pass:
    """Points of one metric."""
    parts: list[Pass] = []
    names: dict[str, int] = {}
    for batch in batches:
        coded, metric = batch.column("run"), batch.column("metric")
        known = [names.setdefault(name, len(names)) for name in values(coded.dictionary)]
        us = filled(batch.column("time"), UNKNOWN_TIME)
        ms = np.where(us == UNKNOWN_TIME, NO_TIME, us // 1000)
        run = np.array(known, np.int32)[numbers(coded)]
        step, value = numbers(batch.column("step")), numbers(batch.column("value"))
        keys = values(metric.dictionary)
        if keys != [key]:
            own = numbers(metric) == (keys.index(key) if key in keys else -1)
            run, step, ms, value = run[own], step[own], ms[own], value[own]
        parts.append(Pass((), run, step, ms, value))
    return Pass.of(tuple(names), parts)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
