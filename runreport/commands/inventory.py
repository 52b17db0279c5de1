"""What a store or spec holds, counted: runs, params, metrics and tags."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from runreport.tables import MetricSummary, Run, parse_number

EXAMPLES = 3
"""Values of a param or tag that are shown."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a listing."""

    name: str
    number: bool = False
    """Aligned to the right."""


@dataclass(frozen=True, eq=False)
class Listing:
    """One table of what there is."""

    name: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[str | float | None, ...], ...]
    """None where there is nothing to say."""


def runs(rows: Sequence[Run]) -> Listing:
    """Every run with what it is called and how much it logged."""
    columns = (
        Column("id"),
        Column("name"),
        Column("experiment"),
        Column("status"),
        Column("started"),
        Column("seconds", number=True),
        Column("params", number=True),
        Column("metrics", number=True),
        Column("tags", number=True),
        Column("artifacts", number=True),
    )
    listed = [
        (
            run.id,
            run.name,
            run.experiment,
            run.status,
            None if run.started is None else f"{run.started:%Y-%m-%d %H:%M:%S}",
            run.duration_s,
            len(run.params),
            len(run.metrics),
            len(run.tags),
            len(run.artifacts),
        )
        for run in rows
    ]
    return Listing("runs", columns, tuple(listed))


def params(rows: Sequence[Run]) -> Listing:
    """Every param: how many runs have it and what it is in them."""
    texts: dict[str, list[str]] = {}
    for run in rows:
        for name, param in run.params.items():
            texts.setdefault(name, []).append(param.text)
    columns = (
        Column("param"),
        Column("runs", number=True),
        Column("distinct", number=True),
        Column("kind"),
        Column("min", number=True),
        Column("max", number=True),
        Column("values"),
    )
    return Listing("params", columns, tuple(_param(name, texts[name]) for name in sorted(texts)))


def _param(name: str, texts: Sequence[str]) -> tuple[str | float | None, ...]:
    numbers = [number for text in texts if not math.isnan(number := parse_number(text))]
    kind = "number" if len(numbers) == len(texts) else "mixed" if numbers else "text"
    # 1e-3 and 0.001 are one value
    distinct = {parse_number(t) if not math.isnan(parse_number(t)) else t for t in texts}
    low, high = (min(numbers), max(numbers)) if numbers else (None, None)
    return (name, len(texts), len(distinct), kind, low, high, _examples(texts))


def tags(rows: Sequence[Run]) -> Listing:
    """Every tag: how many runs have it and what it says."""
    texts: dict[str, list[str]] = {}
    for run in rows:
        for name, text in run.tags.items():
            texts.setdefault(name, []).append(text)
    columns = (
        Column("tag"),
        Column("runs", number=True),
        Column("distinct", number=True),
        Column("values"),
    )
    listed = [
        (name, len(texts[name]), len(set(texts[name])), _examples(texts[name]))
        for name in sorted(texts)
    ]
    return Listing("tags", columns, tuple(listed))


def _examples(texts: Sequence[str]) -> str:
    values = list(dict.fromkeys(texts))
    shown = ", ".join(
        text if len(text) <= 40 else f"{text[:39]}\u2026" for text in values[:EXAMPLES]
    )
    return f"{shown}, \u2026" if len(values) > EXAMPLES else shown


def metrics(rows: Sequence[Run]) -> Listing:
    """Every metric: how many runs have it, and the range of the last values that are finite."""
    found: dict[str, list[MetricSummary]] = {}
    for run in rows:
        for name, summary in run.metrics.items():
            found.setdefault(name, []).append(summary)
    columns = (
        Column("metric"),
        Column("runs", number=True),
        Column("last min", number=True),
        Column("last max", number=True),
        Column("non-finite", number=True),
        Column("last step", number=True),
    )
    return Listing("metrics", columns, tuple(_metric(name, found[name]) for name in sorted(found)))


def _metric(name: str, summaries: Sequence[MetricSummary]) -> tuple[str | float | None, ...]:
    last = [summary.last for summary in summaries if summary.last is not None]
    finite = [value for value in last if math.isfinite(value)]
    steps = [s.last_step for s in summaries if s.last_step is not None]
    low, high = (min(finite), max(finite)) if finite else (None, None)
    return (name, len(summaries), low, high, len(last) - len(finite), max(steps, default=None))


LISTINGS = {"runs": runs, "params": params, "metrics": metrics, "tags": tags}
"""What can be asked for, in the order it is shown."""


def full_runs(rows: Sequence[Run]) -> list[dict[str, Any]]:
    """Every run with all params, tags and last values, for programs."""
    return [
        {
            "id": run.id,
            "name": run.name,
            "experiment": run.experiment,
            "status": run.status,
            "started": None if run.started is None else run.started.isoformat(),
            "ended": None if run.ended is None else run.ended.isoformat(),
            "seconds": run.duration_s,
            "user": run.user,
            "parent": run.parent_id,
            "params": {name: param.text for name, param in sorted(run.params.items())},
            "metrics": {name: _last(summary) for name, summary in sorted(run.metrics.items())},
            "tags": dict(sorted(run.tags.items())),
        }
        for run in rows
    ]


def _last(summary: MetricSummary) -> Mapping[str, Any]:
    """The last value; when it is no finite number, null and why."""
    step = summary.last_step if summary.last_step is None else _finite(summary.last_step)
    value = summary.last
    if value is None:
        return {"last": None, "reason": "not read", "step": step}
    if math.isfinite(value):
        return {"last": value, "step": step}
    reason = "NaN" if math.isnan(value) else "infinite" if value > 0 else "minus infinite"
    return {"last": None, "reason": reason, "step": step}


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
