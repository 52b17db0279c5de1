"""Reading stores of run folders in tests: tables, points as plain lists, and twice the same."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runreport import registry
from runreport.errors import Problem
from runreport.kinds import SourceContext
from runreport.tables import SCHEMAS, Run, RunTables

Point = tuple[float, float]


@dataclass(frozen=True)
class Store:
    """What was read."""

    tables: RunTables
    points: Mapping[str, Mapping[str, list[tuple[float, Any, float]]]]
    """Run to metric to steps, times and values."""

    @property
    def runs(self) -> dict[str, Run]:
        """By id without the source's name."""
        return {run.id.partition(":")[2]: run for run in self.tables.rows}

    @property
    def problems(self) -> tuple[Problem, ...]:
        return self.tables.problems

    def codes(self) -> set[str]:
        return {problem.code for problem in self.tables.problems}

    def curve(self, run: str, metric: str) -> list[Point]:
        return [(step, value) for step, _, value in self.points[run].get(metric, [])]

    def params(self, run: str) -> dict[str, str]:
        return {name: param.text for name, param in self.runs[run].params.items()}


def read(source: str, path: Path, cache: Path | None = None, **options: Any) -> Store:
    """A store as its source reads it."""
    kind = registry.SOURCES[source]
    context = SourceContext(path.parent, {}, cache=cache)
    reader = kind.open(kind.options(location=path.name, **options), context)
    tables = reader.tables()
    tables.check()
    ids = [run.id for run in tables.rows]
    metrics = {name for run in tables.rows for name in run.metrics}
    points: dict[str, dict[str, list[tuple[float, Any, float]]]] = {
        run_id.partition(":")[2]: {} for run_id in ids
    }
    for table in reader.histories(ids, metrics):
        for row in table.to_pylist():
            of_run = points[row["run_id"].partition(":")[2]]
            of_run.setdefault(row["metric"], []).append((row["step"], row["time"], row["value"]))
    return Store(tables, points)


def facts(store: Store) -> str:
    """Everything a store says, comparable: NaN equals NaN."""
    rows = {name: getattr(store.tables, name).to_pylist() for name in SCHEMAS}
    said = [(p.code, p.message, p.place) for p in store.problems]
    return json.dumps([rows, store.points, said], default=str, sort_keys=True)


def alike(one: list[Point], other: list[Point]) -> bool:
    """Equal curves, NaN being NaN."""
    return len(one) == len(other) and all(
        a[0] == b[0] and (a[1] == b[1] or (math.isnan(a[1]) and math.isnan(b[1])))
        for a, b in zip(one, other, strict=True)
    )


def found_at(source: str, path: Path) -> Mapping[str, Any] | None:
    """The entry that detection would write."""
    found = registry.SOURCES[source].detect(path)
    return None if found is None else found.config


def write(path: Path, content: Any) -> Path:
    """A file of text, bytes or JSON, its folders made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        path.write_text(content if isinstance(content, str) else json.dumps(content), "utf-8")
    return path
