"""MLflow's SQLite store, read with the standard library: old schemas and new ones."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from runreport.kinds import Reader, SourceContext
from runreport.sources.database import Database, Schema, Undecodable
from runreport.sources.limits import LIMITS, Limits
from runreport.sources.mlflow import shelf
from runreport.sources.mlflow.collect import Collector
from runreport.sources.mlflow.facts import RunFacts, select_experiments
from runreport.sources.mlflow.keeping import KeptSeries
from runreport.sources.mlflow.options import Options
from runreport.sources.mlflow.places import Place
from runreport.sources.mlflow.series import SeriesReader
from runreport.sources.mlflow.stored import Rows, Stored, StoredRun, text, whole
from runreport.sources.mlflow.tablewise import Tablewise
from runreport.sources.mlflow.wholesale import Unfit, Wholesale
from runreport.tables import RunTables

SCHEMA = Schema(
    "MLflow",
    "mlflow.db",
    {
        "experiments": frozenset({"experiment_id", "name"}),
        "runs": frozenset({"run_uuid", "experiment_id"}),
        "params": frozenset({"run_uuid", "key", "value"}),
        "tags": frozenset({"run_uuid", "key", "value"}),
        "metrics": frozenset({"run_uuid", "key", "value", "timestamp"}),
    },
)
_WHAT = (("params", "params"), ("tags", "tags"), ("metrics", "last metric values"))


def open_database(
    place: Place, options: Options, context: SourceContext, limits: Limits = LIMITS
) -> Reader:
    """A reader of a database file.

    Raises:
        SourceError: RR301 unreadable, RR302 locked, RR303 not MLflow's.
    """
    roots = shelf.roots(place.path.parent, options, context)
    return DatabaseReader(Database(place.path, place.name, SCHEMA), options, context, limits, roots)


@dataclass(frozen=True, slots=True)
class _Read:
    """What one reading of the tables found."""

    tables: RunTables
    run_ids: Mapping[str, str]
    metric_names: Mapping[str, set[str]]
    last_row: int | None
    """Points after it were logged later, and belong to a later state."""
    artifacts: shelf.Shelf


class DatabaseReader:
    """Reads one database file."""

    def __init__(
        self,
        database: Database,
        options: Options,
        context: SourceContext,
        limits: Limits,
        roots: tuple[Any, ...],
    ) -> None:
        self._db = database
        self._options = options
        self._context = context
        self._limits = limits
        self._roots = roots
        self._read: _Read | None = None
        self._kept: KeptSeries | None = None
        if context.cache is not None:
            place = shelf.place(context.cache, database.path)
            self._kept = KeptSeries(place, database, context)
        # two processes read a large store here already
        self.divisible = False

    def tables(self) -> RunTables:
        """Every run that is not deleted, of the experiments that were asked for.

        Raises:
            SourceError: RR301, RR302, RR314, and RR305 for an experiment that is not there.
        """
        try:
            self._read = self._all()
        except Undecodable:
            # some text is no UTF-8: once more, a little slower, and keep its bytes
            self._db.keep_bytes()
            self._read = self._all()
        return self._read.tables

    def histories(self, runs: Sequence[str], metrics: Collection[str]) -> Iterator[pa.Table]:
        """Raw points, as the store was when its tables were read.

        Raises:
            SourceError: RR301, RR302.
        """
        if self._read is None:
            self.tables()
        read = self._read
        if read is None:
            return
        wanted = {run: read.run_ids[run] for run in runs if run in read.run_ids}
        names = [
            (name, key)
            for name in sorted(set(metrics))
            for key in sorted(read.metric_names.get(name, ()))
        ]
        if not wanted or not names:
            return
        with self._db.snapshot():
            reader = SeriesReader(self._db, read.last_row)
            if self._kept is None or not self._kept.usable or read.last_row is None:
                yield from reader.parts(wanted, names)
            else:
                yield from self._kept.parts(reader, wanted, names, read.last_row)
        self._tell_bad_points(reader)

    def places(self) -> Sequence[Path]:
        """The file, its write-ahead log, and the folders and files of artifacts."""
        if self._read is None:
            self.tables()
        path = self._db.path
        artifacts = () if self._read is None else self._read.artifacts.looked_at
        return [path, path.with_name(f"{path.name}-wal"), *sorted(artifacts)]

    def fingerprint(self) -> Mapping[str, str]:
        """SHA-256 of the file, of its write-ahead log, and of the artifacts that were listed."""
        found = dict(self._db.digest())
        if self._read is not None and (listed := shelf.digest(self._read.tables)):
            found["artifacts"] = listed
        return found

    def _all(self) -> _Read:
        told = Collector(self._context.qualifier, self._db.name, self._limits)
        with self._db.snapshot(self._limits.seconds):
            experiments = self._experiments(told)
            stored = Stored(self._db, list(experiments), self._limits)
            try:
                artifacts = self._add_at_once(stored, experiments, told)
            except Unfit:
                artifacts = self._add_runs(stored, experiments, told)
            last_row = self._last_row()
        return _Read(told.tables(), told.run_ids, told.metric_names, last_row, artifacts)

    def _experiments(self, told: Collector) -> dict[Any, str]:
        """Ids, as the store holds them, and names of the experiments to read."""
        staged = self._db.has("experiments", "lifecycle_stage")
        active = " WHERE lifecycle_stage IS NOT 'deleted'" if staged else ""
        query = f"SELECT experiment_id, name FROM experiments{active} ORDER BY experiment_id"  # noqa: S608  # our own words
        ids, known = {}, []
        for raw, name in self._db.ask(query):
            ids[str(raw)] = raw
            known.append((str(raw), text(name) or str(raw)))
        chosen = select_experiments(known, self._options.experiments, self._db.name)
        lost = self._db.ask(
            "SELECT count(*) FROM runs"
            " WHERE experiment_id IS NULL"
            " OR experiment_id NOT IN (SELECT experiment_id FROM experiments)"
        ).fetchone()[0]
        if lost:
            message = f"{lost:,} runs belong to no experiment of the store and were left out"
            told.tell("RR306", message, where="table runs")
        return {ids[number]: name for number, name in chosen}

    def _add_at_once(
        self, stored: Stored, experiments: Mapping[Any, str], told: Collector
    ) -> shelf.Shelf:
        """Take all runs into the tables; what lists their artifacts.

        Raises:
            Unfit: before anything is taken, when something has to be mended or told.
        """
        tables = Tablewise(self._db, stored)
        runs, addresses = tables.runs(experiments)
        whole = Wholesale(runs, told.qualifier, self._limits)
        artifacts = shelf.Shelf(self._roots, self._limits)
        found = artifacts.all_of(list(zip(runs.ids, addresses, strict=True)), told)
        told.take(whole, found)
        artifacts.tell(told)
        if not tables.is_whole:
            self._tell_strays(stored, told)
        return artifacts

    def _tell_strays(self, stored: Stored, told: Collector) -> None:
        for table, count in stored.strays().items():
            message = f"{count:,} rows name a run that is not in the store; they were left out"
            told.tell("RR308", message, where=f"table {table}")

    def _add_runs(
        self, stored: Stored, experiments: Mapping[Any, str], told: Collector
    ) -> shelf.Shelf:
        """Take all runs into the tables; what lists their artifacts."""
        limits = self._limits
        texts = {
            "params": stored.texts("params", limits.params),
            "tags": stored.texts("tags", limits.tags),
            "metrics": stored.last_metrics(),
        }
        made = stored.made()
        artifacts = shelf.Shelf(self._roots, limits)
        for row in stored.runs():
            run = text(row.run_uuid)
            if not run:
                told.tell("RR306", "a run without an id was left out", where="table runs")
                continue
            _tell_bad_rows(row.run_uuid, run, texts, told)
            facts = RunFacts(
                run_id=run,
                experiment=experiments.get(row.experiment_id, str(row.experiment_id)),
                name=text(row.name),
                status=text(row.status),
                started_ms=_time(row, "start_time", run, told),
                ended_ms=_time(row, "end_time", run, told),
                user=text(row.user_id),
                params=texts["params"].kept.get(row.run_uuid, ()),
                tags=texts["tags"].kept.get(row.run_uuid, ()),
                metrics=texts["metrics"].kept.get(row.run_uuid, ()),
                datasets=made.datasets.get(row.run_uuid, ()),
                versions=made.versions.get(row.run_uuid, ()),
                models=made.models.get(row.run_uuid, ()),
                artifacts=artifacts.of(run, text(row.artifact_uri), told),
                totals={what: rows.count(row.run_uuid) for what, rows in texts.items()},
            )
            told.add(facts)
        artifacts.tell(told)
        self._tell_strays(stored, told)
        if (count := stored.count()) > limits.runs:
            message = f"showing the newest {limits.runs:,} of {count:,} runs"
            hint = "name the experiments to read: `experiments: [...]`"
            told.tell("RR307", message, hint=hint)
        return artifacts

    def _last_row(self) -> int | None:
        if "WITHOUT ROWID" in self._db.sql("metrics").upper():
            return None
        last = self._db.ask("SELECT max(rowid) FROM metrics").fetchone()[0]
        return int(last or 0)

    def _tell_bad_points(self, reader: SeriesReader) -> None:
        """Points that were left out, to whoever listens."""
        told = Collector(self._context.qualifier, self._db.name, self._limits)
        for (run, metric), count in reader.bad.items():
            words = f"{count:,} points of {metric!r} are no numbers and were left out"
            told.tell("RR308", words, run.partition(":")[2], where="table metrics")
        for problem in told.tables().problems:
            self._context.tell(problem)


def _tell_bad_rows(key: Any, run: str, texts: Mapping[str, Rows], told: Collector) -> None:
    for what, words in _WHAT:
        if bad := texts[what].bad[key]:
            message = f"{bad:,} {words} have no name or no value and were left out"
            told.tell("RR308", message, run, where=f"table {what}")


def _time(row: StoredRun, column: str, run: str, told: Collector) -> int | None:
    raw = getattr(row, column)
    number = whole(raw)
    if raw is not None and number is None:
        message = f"its {column} is {text(raw)!r:.40}, expected milliseconds"
        told.tell("RR308", message, run, where="table runs")
    return number
