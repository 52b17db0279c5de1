"""Contexts for section tests, from plain dicts: the way a pipeline would build them."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from runreport.design import Design, Metric
from runreport.drawing import SERIES
from runreport.errors import Problem
from runreport.history import History
from runreport.kinds import Context, Excluded
from runreport.samples import JOINT, Group, Value
from runreport.tables import HISTORY_SCHEMA, Run, RunTables

START = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)


def tables(runs: Sequence[Mapping[str, Any]], problems: Iterable[Problem] = ()) -> RunTables:
    """Canonical tables from dicts.

    A run: {name, status, params: {}, metrics: {name: last or [values per step]}, tags: {},
    lineage: [rows after run_id], artifacts: [rows after run_id], user, experiment, id, parent_id}.
    """
    rows: dict[str, list[Any]] = {
        "runs": [], "params": [], "metrics": [], "tags": [], "artifacts": [], "lineage": [],
    }  # fmt: skip
    for index, run in enumerate(runs):
        run_id = run.get("id", f"mlflow:{index:04d}")
        started = START + timedelta(minutes=10 * index)
        rows["runs"].append(
            (
                run_id,
                run.get("source", "mlflow"),
                run.get("experiment", "study"),
                run.get("name", f"run-{index}"),
                run.get("status", "finished"),
                started,
                started + timedelta(seconds=90),
                90.0,
                run.get("user", "ada"),
                run.get("parent_id"),
                run.get("url"),
            )
        )
        rows["params"] += [(run_id, k, str(v)) for k, v in run.get("params", {}).items()]
        rows["tags"] += [(run_id, k, str(v)) for k, v in run.get("tags", {}).items()]
        rows["artifacts"] += [(run_id, *row) for row in run.get("artifacts", ())]
        rows["lineage"] += [(run_id, *row) for row in run.get("lineage", ())]
        for name, values in run.get("metrics", {}).items():
            rows["metrics"].append((run_id, name, "", *_summary(values)))
    return RunTables.from_rows(**rows, problems=problems)


def study(
    runs: Sequence[Mapping[str, Any]],
    *,
    by: Sequence[str] = (),
    replicates: str | None = None,
    pair_by: str | None = None,
    across: str | None = None,
    items: str | None = None,
    cluster: str | None = None,
    repeat: str | None = None,
    baseline: Mapping[str, str] | None = None,
    metrics: Sequence[Metric] = (),
    excluded: Sequence[tuple[int, str]] = (),
    problems: Sequence[Problem] = (),
    subject_run: int | None = None,
    subject_group: int | None = None,
    decision: Mapping[str, str] | None = None,
    **design: Any,
) -> Context:
    """A Context over these runs, grouped by the named params; `excluded` are run indices.

    `baseline` is a mapping param -> text that exactly one group has.
    """
    facts = tables(runs, problems)
    left_out = {index for index, _ in excluded}
    selected = tuple(run for index, run in enumerate(facts.rows) if index not in left_out)
    return Context(
        title="A study",
        design=Design(
            metrics=tuple(metrics),
            by=tuple(by),
            replicates=replicates or items,
            pair_by=pair_by or items,
            across=across,
            items=items,
            cluster=cluster,
            repeat=repeat,
            has_baseline=baseline is not None,
            **design,
        ),
        runs=selected,
        groups=(
            groups := _groups(
                selected, by, (repeat, items or replicates), baseline, across, cluster
            )
        ),
        excluded=tuple(Excluded(facts.rows[index], reason) for index, reason in excluded),
        history=_history(runs, facts),
        value_of=_value_of,
        evaluate=_evaluate,
        problems=tuple(problems),
        now=START + timedelta(days=1),
        source_titles=("mlflow: study",),
        decision=decision or {},
        subject_run=None if subject_run is None else facts.rows[subject_run],
        subject_group=None if subject_group is None else groups[subject_group],
    )


def grid(
    levels: Mapping[str, Sequence[Any]],
    seeds: Sequence[int],
    score: Any,
    metric: str = "accuracy",
) -> list[dict[str, Any]]:
    """A full grid of runs; `score(params, seed)` gives the metric: a number or a list by step."""
    combos: list[dict[str, Any]] = [{}]
    for name, values in levels.items():
        combos = [{**combo, name: value} for combo in combos for value in values]
    return [
        {
            "name": "-".join(str(v) for v in combo.values()) + f"-s{seed}",
            "params": {**combo, "seed": seed},
            "metrics": {metric: score(combo, seed)},
        }
        for combo in combos
        for seed in seeds
    ]


def _summary(values: Any) -> tuple[Any, ...]:
    series = np.atleast_1d(np.asarray(values, dtype=np.float64))
    finite = np.flatnonzero(np.isfinite(series))
    low = int(finite[series[finite].argmin()]) if finite.size else None
    high = int(finite[series[finite].argmax()]) if finite.size else None
    return (
        len(series),
        float(series[0]),
        float(series[-1]),
        None if low is None else float(series[low]),
        None if high is None else float(series[high]),
        None if low is None else float(low),
        None if high is None else float(high),
        float(len(series) - 1),
        int(len(series) - finite.size),
    )


def _groups(
    runs: Sequence[Run],
    by: Sequence[str],
    identity: tuple[str | None, str | None],
    baseline: Mapping[str, str] | None,
    across: str | None,
    cluster: str | None,
) -> tuple[Group, ...]:
    repeat, replicates = identity

    def text(run: Run, name: str | None) -> str | None:
        return run.params[name].text if name in run.params else None

    keyed: dict[tuple[str, ...], list[Run]] = {}
    for run in runs:
        key = tuple(run.params[name].text if name in run.params else "" for name in by)
        keyed.setdefault(key, []).append(run)
    found = []
    for index, (key, members) in enumerate(keyed.items()):
        pairs = tuple(zip(by, key, strict=True))
        found.append(
            Group(
                id=f"g{index}",
                label=", ".join(f"{name}={text}" for name, text in pairs) or "all runs",
                key=pairs,
                runs=tuple(members),
                replicate_of=tuple(
                    own if repeat is None or own is None else f"{text(run, repeat)}{JOINT}{own}"
                    for run in members
                    for own in (text(run, replicates),)
                ),
                across_of=() if across is None else tuple(text(run, across) for run in members),
                cluster_of=() if cluster is None else tuple(text(run, cluster) for run in members),
                is_baseline=baseline is not None
                and all(dict(pairs).get(name) == text for name, text in baseline.items()),
                color=SERIES[index] if index < len(SERIES) else "series-other",
            )
        )
    return tuple(found)


def _history(runs: Sequence[Mapping[str, Any]], facts: RunTables) -> History:
    history = History(Path(tempfile.mkdtemp(prefix="runreport-test-")))
    rows = [
        (fact.id, name, float(step), START + timedelta(seconds=step), float(value))
        for fact, run in zip(facts.rows, runs, strict=True)
        for name, values in run.get("metrics", {}).items()
        for step, value in enumerate(np.atleast_1d(np.asarray(values, dtype=np.float64)))
    ]
    if rows:
        columns = zip(*rows, strict=True)
        arrays = [
            pa.array(column, field.type)
            for column, field in zip(columns, HISTORY_SCHEMA, strict=True)
        ]
        history.add(pa.Table.from_arrays(arrays, schema=HISTORY_SCHEMA))
    return history


def _value_of(run: Run, metric: Metric) -> Value:
    if metric.value in run.params:
        return Value.of(run.params[metric.value].number, metric.scale)
    summary = run.metrics.get(metric.name)
    if summary is None:
        return Value(None, "missing")
    raw = getattr(summary, metric.value if metric.value in ("first", "min", "max") else "last")
    return Value.of(raw, metric.scale)


def _evaluate(expression: Any, run: Run) -> Any:
    """Plain names only: `name`, `status`, `params.x`, `x`, a metric. Grammar has its own tests."""
    text = expression.text.split(" as ")[0].strip()
    if text in ("name", "status", "user", "experiment", "id"):
        return getattr(run, text)
    if text == "duration":
        return run.duration_s
    name = text.removeprefix("params.").removeprefix("metrics.").removeprefix("tags.")
    if name in run.params:
        param = run.params[name]
        return param.number if param.is_number else param.text
    if name in run.metrics:
        return run.metrics[name].last
    return run.tags.get(name)
