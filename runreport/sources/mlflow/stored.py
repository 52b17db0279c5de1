"""What MLflow's SQL tables say of the chosen runs, table by table, whatever their age.

Every function asks one table once, for all runs, and gives what it found by run id.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from runreport.sources.database import Database
from runreport.sources.limits import Limits
from runreport.sources.mlflow.facts import LARGEST, DatasetInput, LoggedModel, ModelVersion

FEW = 100
"""Experiments that are asked for one by one."""
_RUN_COLUMNS = (
    "run_uuid",
    "experiment_id",
    "name",
    "status",
    "start_time",
    "end_time",
    "user_id",
    "artifact_uri",
)


@dataclass(frozen=True, slots=True)
class StoredRun:
    """A row of `runs`, types unchecked."""

    run_uuid: Any
    experiment_id: Any
    name: Any
    status: Any
    start_time: Any
    end_time: Any
    user_id: Any
    artifact_uri: Any


@dataclass(slots=True)
class Rows:
    """Rows of one table by run id."""

    most: int
    """Rows of one run that are kept."""
    kept: dict[str, list[Any]] = field(default_factory=dict)
    beyond: Counter[str] = field(default_factory=Counter)
    """Rows per run that are not kept."""
    bad: Counter[str] = field(default_factory=Counter)
    """Rows per run that hold something other than a row of this table does."""

    def take(self, run_id: str, row: Any) -> None:
        """Keep a row, within the limit."""
        known = self.kept.get(run_id)
        if known is None:
            self.kept[run_id] = [row]
        elif len(known) < self.most:
            known.append(row)
        else:
            self.beyond[run_id] += 1

    def count(self, run_id: str) -> int:
        """How many rows a run has, those beyond the limit too."""
        return len(self.kept.get(run_id, ())) + self.beyond[run_id]


@dataclass(frozen=True, slots=True)
class Made:
    """What runs used and made, by run id."""

    datasets: Mapping[str, list[DatasetInput]]
    versions: Mapping[str, list[ModelVersion]]
    models: Mapping[str, list[LoggedModel]]


class Stored:
    """The tables of a store, for the runs of some experiments."""

    def __init__(self, database: Database, experiments: Sequence[Any], limits: Limits) -> None:
        self._db = database
        self._limits = limits
        active = " AND lifecycle_stage IS NOT 'deleted'"
        # a database of thousands of experiments has more than SQLite binds by name
        few = len(experiments) <= FEW
        marks = ", ".join("?" * len(experiments)) if few else "SELECT value FROM json_each(?)"
        self.where = f"experiment_id IN ({marks})"
        if database.has("runs", "lifecycle_stage"):
            self.where += active
        self.chosen = f"(SELECT run_uuid FROM runs WHERE {self.where})"  # noqa: S608  # our own words
        """Ids of the runs that are read; `values` are asked with it."""
        self.values = tuple(experiments) if few else (json.dumps(list(experiments)),)

    def runs(self) -> Iterator[StoredRun]:
        """The newest runs, oldest first."""
        return (StoredRun(*row) for row in self.run_rows())

    def run_rows(self) -> list[tuple[Any, ...]]:
        """The same as plain rows."""
        have = self._db.columns["runs"]
        columns = ", ".join(name if name in have else "NULL" for name in _RUN_COLUMNS)
        by = "start_time DESC, run_uuid DESC" if "start_time" in have else "run_uuid DESC"
        query = f"SELECT {columns} FROM runs WHERE {self.where} ORDER BY {by} LIMIT ?"  # noqa: S608  # as above
        rows = self._db.ask(query, (*self.values, self._limits.runs)).fetchall()
        rows.reverse()
        return rows

    def count(self) -> int:
        """How many runs there are."""
        query = f"SELECT count(*) FROM runs WHERE {self.where}"  # noqa: S608  # as above
        return int(self._db.ask(query, self.values).fetchone()[0])

    def texts(self, table: str, most: int) -> Rows:
        """Names and values of `params` or `tags`."""
        # by bytes: SQLite's own `substr` of a text ends at its first NUL
        bound = 4 * (self._limits.value + 1)
        cut = f"substr(CAST(value AS BLOB), 1, {bound})"
        value_or_start = f"iif(length(CAST(value AS BLOB)) > {bound}, {cut}, value)"
        query = (
            f"SELECT run_uuid, key, {value_or_start} FROM {table}"  # noqa: S608  # as above
            f" WHERE run_uuid IN {self.chosen}"
        )
        found = Rows(most)
        kept = found.kept
        for run, key, value in self._db.ask(query, self.values):
            if isinstance(key, str) and isinstance(value, str):
                # nearly every row there is
                known = kept.get(run)
                if known is not None and len(known) < most:
                    known.append((key, value))
                else:
                    found.take(run, (key, value))
                continue
            name, words = text(key), text(value)
            if name is None or words is None:
                found.bad[run] += 1
            else:
                found.take(run, (name, words))
        return found

    def last_metrics(self) -> Rows:
        """Name, last value and step of every metric, as the store itself says where it does."""
        found = Rows(self._limits.metrics)
        kept, most = found.kept, found.most
        for run, key, value, step, is_nan in self._db.ask(self._last_query(), self.values):
            if (
                isinstance(key, str)
                and isinstance(value, float)
                and isinstance(step, int)
                and not is_nan
                and -LARGEST < value < LARGEST
            ):
                # nearly every row there is
                known = kept.get(run)
                if known is not None and len(known) < most:
                    known.append((key, value, float(step)))
                else:
                    found.take(run, (key, value, float(step)))
                continue
            name = key if isinstance(key, str) else text(key)
            number = stored_number(value, is_nan)
            if name is None or number is None:
                found.bad[run] += 1
            else:
                at = float(step) if isinstance(step, int | float) else None
                found.take(run, (name, number, at))
        return found

    def strays(self) -> dict[str, int]:
        """Rows that name a run which is not in the store, by table."""
        found = {}
        for table in ("params", "tags", self.last_table()):
            query = (
                f"SELECT count(*) FROM {table} WHERE run_uuid IS NULL"  # noqa: S608  # as above
                " OR run_uuid NOT IN (SELECT run_uuid FROM runs WHERE run_uuid IS NOT NULL)"
            )
            if count := int(self._db.ask(query).fetchone()[0]):
                found[table] = count
        return found

    def last_table(self) -> str:
        """`latest_metrics`, unless the store is too old to have it or never filled it."""
        if self._db.has("latest_metrics", "run_uuid", "key", "value"):
            filled = self._db.ask("SELECT EXISTS (SELECT 1 FROM latest_metrics)").fetchone()[0]
            return "latest_metrics" if filled else "metrics"
        return "metrics"

    def _last_query(self) -> str:
        db, table = self._db, self.last_table()
        step = "step" if db.has(table, "step") else "0"
        is_nan = "is_nan" if db.has(table, "is_nan") else "0"
        columns = f"run_uuid, key, value, {step} AS step, {is_nan} AS is_nan"
        if table == "latest_metrics":
            return f"SELECT {columns} FROM latest_metrics WHERE run_uuid IN {self.chosen}"  # noqa: S608  # as above
        # the same choice that MLflow makes when it fills latest_metrics
        return f"""
            SELECT run_uuid, key, value, step, is_nan FROM (
                SELECT {columns}, row_number() OVER (
                    PARTITION BY run_uuid, key ORDER BY {step} DESC, timestamp DESC, value DESC
                ) AS place
                FROM metrics WHERE run_uuid IN {self.chosen}
            ) WHERE place = 1
        """  # noqa: S608  # as above

    def made(self) -> Made:
        """Datasets, model versions and models of the runs: most stores have none of some."""
        tables = ("inputs", "model_versions", "logged_models")
        there = [table for table in tables if self._db.has(table)]
        some = ", ".join(f"EXISTS (SELECT 1 FROM {table})" for table in there)  # noqa: S608  # as above
        found = self._db.ask(f"SELECT {some}").fetchone() if there else ()
        filled = {table for table, has_rows in zip(there, found, strict=True) if has_rows}
        return Made(
            self.datasets() if "inputs" in filled else {},
            self.versions() if "model_versions" in filled else {},
            self.models() if "logged_models" in filled else {},
        )

    def datasets(self) -> Mapping[str, list[DatasetInput]]:
        """Dataset inputs, by name."""
        db = self._db
        if not (
            db.has("inputs", "source_type", "source_id", "destination_type", "destination_id")
            and db.has("datasets", "dataset_uuid", "name", "digest")
        ):
            return {}
        source = "d.dataset_source" if db.has("datasets", "dataset_source") else "NULL"
        tagged = db.has("input_tags", "input_uuid", "name", "value")
        context = (
            "(SELECT min(value) FROM input_tags t WHERE t.input_uuid = i.input_uuid"
            " AND t.name = 'mlflow.data.context')"
            if tagged
            else "NULL"
        )
        query = f"""
            SELECT i.destination_id, d.name, d.digest, {context} AS context, substr({source}, 1, ?)
            FROM inputs i JOIN datasets d ON d.dataset_uuid = i.source_id
            WHERE i.source_type = 'DATASET' AND i.destination_type = 'RUN'
                AND i.destination_id IN {self.chosen}
            ORDER BY d.name, context, d.digest
        """  # noqa: S608  # as above
        found: dict[str, list[DatasetInput]] = {}
        for run, name, digest, use, origin in db.ask(query, (self._limits.value, *self.values)):
            data = DatasetInput(text(name) or "", text(digest), text(use), text(origin))
            found.setdefault(run, []).append(data)
        return found

    def versions(self) -> Mapping[str, list[ModelVersion]]:
        """Registered model versions with their aliases."""
        db = self._db
        if not db.has("model_versions", "name", "version", "run_id"):
            return {}
        stage = "current_stage" if db.has("model_versions", "current_stage") else "NULL"
        space = "workspace" if db.has("model_versions", "workspace") else "NULL"
        aliases = self._aliases()
        # MLflow keeps deleted versions, under a stage of their own
        query = f"""
            SELECT run_id, name, version, {stage}, {space} FROM model_versions
            WHERE run_id IN {self.chosen} AND {stage} IS NOT 'Deleted_Internal'
            ORDER BY name, version
        """  # noqa: S608  # as above
        found: dict[str, list[ModelVersion]] = {}
        for run, name, version, at, where in db.ask(query, self.values):
            known = tuple(sorted(aliases.get((where, name, str(version)), ())))
            model = ModelVersion(text(name) or "", str(version), known, text(at))
            found.setdefault(run, []).append(model)
        return found

    def _aliases(self) -> dict[tuple[Any, Any, str], list[str]]:
        db = self._db
        found: dict[tuple[Any, Any, str], list[str]] = {}
        if db.has("registered_model_aliases", "alias", "version", "name"):
            space = "workspace" if db.has("registered_model_aliases", "workspace") else "NULL"
            query = f"SELECT {space}, name, version, alias FROM registered_model_aliases"  # noqa: S608  # as above
            for where, name, version, alias in db.ask(query):
                found.setdefault((where, name, str(version)), []).append(text(alias) or "")
        return found

    def models(self) -> Mapping[str, list[LoggedModel]]:
        """Model entities of MLflow 3 that the runs made."""
        db = self._db
        found: dict[str, list[LoggedModel]] = {}
        if db.has("logged_models", "model_id", "name", "source_run_id", "lifecycle_stage"):
            query = f"""
                SELECT source_run_id, name, model_id FROM logged_models
                WHERE source_run_id IN {self.chosen} AND lifecycle_stage IS NOT 'deleted'
                ORDER BY name, model_id
            """  # noqa: S608  # as above
            for run, name, model in db.ask(query, self.values):
                entity = LoggedModel(text(name) or "", text(model) or "")
                found.setdefault(run, []).append(entity)
        return found


def text(value: Any) -> str | None:
    """A stored value as text: blobs are decoded, numbers written out, NULL stays None."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bytes):
        return value.decode("utf-8", "surrogateescape")
    return str(value)


def stored_number(value: Any, is_nan: Any) -> float | None:
    """The number a row of `metrics` stands for; None when it is none.

    MLflow writes NaN as zero with a flag, infinities as the largest doubles; SQLite itself turns
    a NaN into NULL.
    """
    if is_nan or value is None:
        return math.nan
    if not isinstance(value, int | float):
        return None
    if abs(value) >= LARGEST:
        return math.copysign(math.inf, value)
    return float(value)


def whole(value: Any) -> int | None:
    """A stored count of milliseconds; None when it is none."""
    if isinstance(value, int):
        return value
    return int(value) if isinstance(value, float) and math.isfinite(value) else None
