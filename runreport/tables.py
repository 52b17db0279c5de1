"""The canonical tables: what every source yields and every section reads.

Tables are long, typed Arrow tables; `RunTables.rows` is the same facts seen run by run.
Missing is null or an absent row, never zero; non-finite numbers stay NaN or infinity.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

import pyarrow as pa

from runreport.cleaning import clean_texts
from runreport.columns import column as arrow_column
from runreport.columns import values
from runreport.errors import Problem

if TYPE_CHECKING:
    import pandas

Status = Literal["finished", "failed", "killed", "running", "unknown"]
STATUSES: tuple[Status, ...] = ("finished", "failed", "killed", "running", "unknown")
FINISHED: tuple[Status, ...] = ("finished", "unknown")
"""Of runs that are compared: what others logged last is no outcome. Files often give no status."""

TIME = pa.timestamp("us", tz="UTC")
_TEXT, _FLOAT, _INT = pa.string(), pa.float64(), pa.int64()

SCHEMAS: Mapping[str, pa.Schema] = MappingProxyType(
    {
        "runs": pa.schema(
            [
                ("run_id", _TEXT),
                ("source", _TEXT),
                ("experiment", _TEXT),
                ("name", _TEXT),
                ("status", _TEXT),
                ("started", TIME),
                ("ended", TIME),
                ("duration_s", _FLOAT),
                ("user", _TEXT),
                ("parent_id", _TEXT),
                ("url", _TEXT),
            ]
        ),
        "params": pa.schema(
            [("run_id", _TEXT), ("param", _TEXT), ("value", _TEXT), ("number", _FLOAT)]
        ),
        "metrics": pa.schema(
            [
                ("run_id", _TEXT),
                ("metric", _TEXT),
                ("context", _TEXT),
                ("count", _INT),
                ("first", _FLOAT),
                ("last", _FLOAT),
                ("min", _FLOAT),
                ("max", _FLOAT),
                ("step_of_min", _FLOAT),
                ("step_of_max", _FLOAT),
                ("last_step", _FLOAT),
                ("non_finite", _INT),
            ]
        ),
        "artifacts": pa.schema(
            [
                ("run_id", _TEXT),
                ("path", _TEXT),
                ("kind", _TEXT),
                ("bytes", _INT),
                ("digest", _TEXT),
                ("opener", _TEXT),
            ]
        ),
        "lineage": pa.schema(
            [
                ("run_id", _TEXT),
                ("kind", _TEXT),
                ("name", _TEXT),
                ("version", _TEXT),
                ("digest", _TEXT),
                ("dirty", pa.bool_()),
                ("url", _TEXT),
            ]
        ),
        "tags": pa.schema([("run_id", _TEXT), ("tag", _TEXT), ("value", _TEXT)]),
    }
)

FILLED: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "runs": ("run_id", "source", "experiment", "name", "status"),
        "params": ("run_id", "param", "value", "number"),
        "metrics": ("run_id", "metric", "context"),
        "artifacts": ("run_id", "path", "kind"),
        "lineage": ("run_id", "kind", "name"),
        "tags": ("run_id", "tag", "value"),
    }
)
"""Columns that are never null; where nothing is known of the others, they are."""

CODED = pa.dictionary(pa.int32(), pa.string())
"""Texts that stand in many rows: each is held once."""
HISTORY_SCHEMA = pa.schema(
    [
        ("run_id", CODED),
        ("metric", CODED),
        ("step", _FLOAT),
        ("time", TIME),
        ("value", _FLOAT),
    ]
)
"""One row per logged point, in the order the store holds them."""


@dataclass(frozen=True, slots=True)
class Param:
    """An input set before the run."""

    text: str
    """As logged."""
    number: float
    """The same as a number; NaN when it is none."""

    @property
    def is_number(self) -> bool:
        return not math.isnan(self.number)

    @property
    def level(self) -> float | str:
        """What tells it from other values of the same param."""
        return level(self.text)


@dataclass(frozen=True, slots=True)
class MetricSummary:
    """What is known of one metric of one run; None where it was not read."""

    last: float | None
    """Value at the highest step; NaN or infinite when that was logged."""
    last_step: float | None = None
    count: int | None = None
    first: float | None = None
    min: float | None = None
    """Over finite values."""
    max: float | None = None
    step_of_min: float | None = None
    step_of_max: float | None = None
    non_finite: int | None = None
    """How many points are NaN or infinite."""


@dataclass(frozen=True, slots=True)
class Artifact:
    """A file the run produced."""

    path: str
    kind: str
    """image, table, text, log, checkpoint, predictions, plot-data, model, other."""
    bytes: int | None
    digest: str | None
    opener: str | None
    """How a source opens it; None when it cannot be opened here."""


@dataclass(frozen=True, slots=True)
class Lineage:
    """Where a run comes from: one fact."""

    kind: str
    """code, data, environment, hardware, command, parent, model; of a folder of data also `files`
    (`version` is how many) and, where they are few, `file`."""
    name: str
    version: str | None = None
    digest: str | None = None
    dirty: bool | None = None
    url: str | None = None


@dataclass(frozen=True, eq=False)
class Run:
    """One run with everything the tables say of it."""

    id: str
    """Source-qualified, unique in the report."""
    source: str
    experiment: str
    name: str
    status: Status
    started: datetime | None
    ended: datetime | None
    duration_s: float | None
    user: str | None
    parent_id: str | None
    url: str | None
    params: Mapping[str, Param]
    metrics: Mapping[str, MetricSummary]
    tags: Mapping[str, str]
    artifacts: tuple[Artifact, ...]
    lineage: tuple[Lineage, ...]


@dataclass(frozen=True)
class RunTables:
    """All facts of one or several sources.

    Text is cleaned here (control characters and lone surrogates become U+FFFD), so that nothing
    above has to.
    """

    runs: pa.Table
    params: pa.Table
    metrics: pa.Table
    artifacts: pa.Table
    lineage: pa.Table
    tags: pa.Table
    problems: tuple[Problem, ...] = field(default=())
    """What could not be read: a broken run is named here, never silently absent."""

    @staticmethod
    def from_rows(
        *,
        runs: Iterable[Sequence[Any]] = (),
        params: Iterable[tuple[str, str, str]] = (),
        metrics: Iterable[Sequence[Any]] = (),
        artifacts: Iterable[Sequence[Any]] = (),
        lineage: Iterable[Sequence[Any]] = (),
        tags: Iterable[tuple[str, str, str]] = (),
        problems: Iterable[Problem] = (),
    ) -> RunTables:
        """Tables from rows in column order, None for what was not read.

        Params come without `number`, which is parsed here.
        """
        with_numbers = ((run, name, text, parse_number(text)) for run, name, text in params)
        return RunTables(
            runs=_table("runs", runs),
            params=_table("params", with_numbers),
            metrics=_table("metrics", metrics),
            artifacts=_table("artifacts", artifacts),
            lineage=_table("lineage", lineage),
            tags=_table("tags", tags),
            problems=tuple(problems),
        )

    @staticmethod
    def concat(parts: Sequence[RunTables]) -> RunTables:
        """One set of tables from several sources, in the given order."""
        if len(parts) == 1:
            return parts[0]
        if not parts:
            return RunTables.from_rows()
        merged = {
            name: pa.concat_tables([getattr(part, name) for part in parts]) for name in SCHEMAS
        }
        return RunTables(**merged, problems=tuple(p for part in parts for p in part.problems))

    def check(self) -> None:
        """Raise ValueError when a table breaks its contract: a reader's bug, not the user's."""
        for name, schema in SCHEMAS.items():
            table = getattr(self, name)
            if not table.schema.equals(schema):
                raise ValueError(f"table {name!r} has schema {table.schema}, expected {schema}")
            for key in FILLED[name]:
                if table[key].null_count:
                    raise ValueError(
                        f"table {name!r} lacks {key!r} in {table[key].null_count} rows"
                    )
        ids = self.runs["run_id"].to_pylist()
        if len(set(ids)) != len(ids):
            raise ValueError("run ids are not unique")
        if odd := set(self.runs["status"].to_pylist()) - set(STATUSES):
            raise ValueError(f"unknown statuses {sorted(odd)}")
        known = set(ids)
        for name in ("params", "metrics", "artifacts", "lineage", "tags"):
            if stray := set(getattr(self, name)["run_id"].to_pylist()) - known:
                raise ValueError(f"table {name!r} names runs that do not exist: {sorted(stray)}")
        for name, key in (("params", "param"), ("metrics", "metric"), ("tags", "tag")):
            table = getattr(self, name)
            keys = Counter(zip(values(table["run_id"]), values(table[key]), strict=True))
            if twice := sorted(pair for pair, times in keys.items() if times > 1):
                raise ValueError(f"table {name!r} names twice: {twice[:5]}")

    @cached_property
    def rows(self) -> tuple[Run, ...]:
        """Every run with its facts, in table order."""
        params: dict[str, dict[str, Param]] = {}
        for run_id, name, text, number in _tuples(self.params):
            params.setdefault(run_id, {})[name] = Param(text, number)
        metrics: dict[str, dict[str, MetricSummary]] = {}
        for (
            run_id,
            name,
            _context,
            count,
            first,
            last,
            low,
            high,
            at_low,
            at_high,
            step,
            odd,
        ) in _tuples(self.metrics):
            metrics.setdefault(run_id, {})[name] = MetricSummary(
                last, step, count, first, low, high, at_low, at_high, odd
            )
        tags: dict[str, dict[str, str]] = {}
        for run_id, name, text in _tuples(self.tags):
            tags.setdefault(run_id, {})[name] = text
        artifacts: dict[str, list[Artifact]] = {}
        for run_id, *rest in _tuples(self.artifacts):
            artifacts.setdefault(run_id, []).append(Artifact(*rest))
        lineage: dict[str, list[Lineage]] = {}
        for run_id, *rest in _tuples(self.lineage):
            lineage.setdefault(run_id, []).append(Lineage(*rest))
        rows = []
        for row in _tuples(self.runs):
            facts: tuple[Any, ...] = (
                MappingProxyType(params.get(row[0], {})),
                MappingProxyType(metrics.get(row[0], {})),
                MappingProxyType(tags.get(row[0], {})),
                tuple(artifacts.get(row[0], ())),
                tuple(lineage.get(row[0], ())),
            )
            rows.append(Run(*row, *facts))
        return tuple(rows)

    def to_pandas(self) -> dict[str, pandas.DataFrame]:
        """The same tables as data frames, for notebooks.

        Columns keep their Arrow types: what is missing is NA, NaN stays NaN, times are UTC.
        """
        import pandas

        return {
            name: getattr(self, name).to_pandas(types_mapper=pandas.ArrowDtype) for name in SCHEMAS
        }

    def with_metrics(self, metrics: pa.Table) -> RunTables:
        """The same tables with fuller metric summaries for the (run, metric) pairs given."""
        fuller = set(zip(metrics["run_id"].to_pylist(), metrics["metric"].to_pylist(), strict=True))
        keys = zip(
            self.metrics["run_id"].to_pylist(), self.metrics["metric"].to_pylist(), strict=True
        )
        kept = self.metrics.filter(arrow_column([key not in fuller for key in keys], pa.bool_()))
        tables = {name: getattr(self, name) for name in SCHEMAS}
        tables["metrics"] = pa.concat_tables([kept, metrics])
        return RunTables(**tables, problems=self.problems)


def parse_number(text: str) -> float:
    """The number a param's text stands for, NaN when it is none (`1e-05` and `0.00001` agree)."""
    try:
        number = float(text)
    except ValueError:
        return math.nan
    # `1_000` and unicode digits are text to every other tool that reads this param
    if "_" in text or not text.isascii() or not math.isfinite(number):
        return math.nan
    return number


def level(text: str) -> float | str:
    """What a param's text is as one level of a factor: `1e-3` and `0.001` are the same level.

    From 2^53 on float64 does not hold every digit: long seeds and ids stay text, and apart.
    """
    number = parse_number(text)
    return number if abs(number) < 2**53 else text


def _table(name: str, rows: Iterable[Sequence[Any]]) -> pa.Table:
    schema = SCHEMAS[name]
    columns: list[Any] = list(zip(*rows, strict=True)) or [()] * len(schema)
    if len(columns) != len(schema):
        raise ValueError(f"rows of {name!r} have {len(columns)} values, expected {len(schema)}")
    arrays = []
    for column, column_field in zip(columns, schema, strict=True):
        if column_field.type == _TEXT:
            column = clean_texts(column)
        arrays.append(arrow_column(column, column_field.type))
    return pa.Table.from_arrays(arrays, schema=schema)


def _tuples(table: pa.Table) -> Iterable[tuple[Any, ...]]:
    return zip(*(values(column) for column in table.columns), strict=True)
