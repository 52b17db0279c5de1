"""Histories of an MLflow database kept between builds: of a metric that is held, only the rows
that came later are read.

A metric is held as a whole, for all runs of the store; which of them are shown is asked of the run
table at every build. MLflow only ever appends points, under row numbers that grow; a digest of the
rows before the last one that was read tells whether the numbers still mean the same rows.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa

from runreport.columns import filled, numbers, values
from runreport.errors import Problem
from runreport.kinds import SourceContext
from runreport.sources.database import Database
from runreport.sources.loaded import UNKNOWN_TIME, LoadedRun, Points
from runreport.sources.mlflow.columnar import Pass
from runreport.sources.mlflow.points import FIRST_MS, LAST_MS, NO_TIME, Parts
from runreport.sources.mlflow.series import SeriesReader, stored_bytes
from runreport.sources.pointfiles import PointWriter
from runreport.sources.shelf import Held, Shelf

GUARD = 50
"""Rows before the mark whose digest is kept."""
LATER = 500_000
"""Rows that may have come since; of more, the whole metric is read again."""


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
        rows = int(held.mark["rows"])
        if not last_row - LATER <= rows <= last_row or self._guard(rows) != held.mark["guard"]:
            return None
        before = self._on_shelf(key, held)
        if before is None or rows == last_row:
            return before
        later = reader.later(rows, key)
        if later is None:
            return None
        if not len(later.step):
            mark = {**held.mark, "rows": last_row, "guard": self._guard(last_row)}
            found[key] = replace(held, mark=mark)
            return before
        both = before.joined(later)
        self._keep(key, both, last_row, found)
        return both

    def _on_shelf(self, key: str, held: Held) -> Pass | None:
        """The points in the files, unless one is damaged, which is told."""
        digests = (held.mark or {})["digests"]
        try:
            for file in held.points:
                if _sha256(self._shelf.folder / file) != digests[file]:
                    raise ValueError("its content is not what was written")
            return _gathered(batch for f in self._shelf.points(key) for batch in f.batches())
        except (OSError, ValueError) as error:
            words = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
            message = f"what was kept of {key[:80]!r} is damaged and is read again: {words}"
            self._context.tell(Problem("RR385", message, None, None, "note", self._db.name))
            self._shelf.forget(key)
            return None

    def _keep(self, key: str, one: Pass, last_row: int, found: dict[str, Held]) -> None:
        """Write these points to a file of their own, where that is possible."""
        path = self._shelf.new_file(hashlib.sha256(stored_bytes(key)).hexdigest()[:8])
        try:
            for name in (key, *one.names):
                name.encode()
            with PointWriter(path) as writer:
                for run, step, ms, value in one.series():
                    odd = (ms < FIRST_MS) | (ms > LAST_MS)
                    time = np.where(odd, UNKNOWN_TIME, np.where(odd, 0, ms) * 1000)
                    writer.add(LoadedRun(run, run, metrics={key: Points(step, value, time)}))
            digests = {path.name: _sha256(path)} if writer.rows else {}
        except (OSError, UnicodeEncodeError):
            # no room, or names that are no text: read again next time
            return
        mark = {"rows": last_row, "guard": self._guard(last_row), "digests": digests}
        found[key] = Held({}, (), mark=mark, points=dict.fromkeys(digests, writer.rows))

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


def _gathered(batches: Iterable[pa.RecordBatch]) -> Pass:
    """Points of one metric, out of files that hold nothing else."""
    parts: list[Pass] = []
    names: dict[str, int] = {}
    for batch in batches:
        coded = batch.column("run")
        known = [names.setdefault(name, len(names)) for name in values(coded.dictionary)]
        time = filled(batch.column("time"), UNKNOWN_TIME)
        ms = np.where(time == UNKNOWN_TIME, NO_TIME, time // 1000)
        run = np.array(known, np.int32)[numbers(coded)]
        step, value = numbers(batch.column("step")), numbers(batch.column("value"))
        parts.append(Pass((), run, step, ms, value))
    return Pass.of(tuple(names), parts)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
