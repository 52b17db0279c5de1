"""The tables of one run's page."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from runreport import formats
from runreport.blocks import (
    Block,
    Cell,
    Column,
    Fold,
    Href,
    Mark,
    Preformatted,
    Row,
    Table,
    Text,
    Words,
)
from runreport.design import Metric
from runreport.sections import charting, variation
from runreport.sections.digits import Digits
from runreport.sections.origins import origins
from runreport.tables import MetricSummary, Run

ROWS = 400
"""Of each table."""

OPEN = 12
"""Longer tables of tags and artifacts are folded."""


@dataclass(frozen=True, eq=False)
class MetricRow:
    """One metric of the run, in displayed units; None is not read or not logged."""

    metric: Metric
    reported: float | None
    """By the metric's reducer."""
    why: str
    """Why there is no reported value; empty where there is one."""
    summary: MetricSummary
    """In displayed units."""


Field = Callable[[MetricSummary], float | None]

_FIELDS: tuple[tuple[str, bool, Field], ...] = (
    ("Last", True, lambda found: found.last),
    ("Lowest", True, lambda found: found.min),
    ("at step", False, lambda found: found.step_of_min),
    ("Highest", True, lambda found: found.max),
    ("at step", False, lambda found: found.step_of_max),
    ("Last step", False, lambda found: found.last_step),
    ("Points", False, lambda found: found.count),
    ("NaN or ∞", False, lambda found: found.non_finite),
)
"""Heading, whether it is in the metric's unit, and where it stands."""


def metrics(found: Sequence[MetricRow]) -> Block:
    """What came out; a column that is empty for every metric is left out."""
    if not found:
        return Text(("No metric was logged.",))
    shown = found[:ROWS]
    fields = [f for f in _FIELDS if any(f[2](row.summary) is not None for row in shown)]
    if not any(row.summary.non_finite for row in shown):
        fields = [field for field in fields if field[0] != "NaN or ∞"]
    reduced = any(row.metric.value != "last" or row.metric.step is not None for row in shown)
    columns = [Column("Metric")]
    columns += [Column("Reported", "number", hint="As the report reads it")] if reduced else []
    columns += [Column(title, "number") for title, *_ in fields]
    rows = []
    for row in shown:
        values = [get(row.summary) for *_, get in fields]
        digits = Digits.of((v for v, f in zip(values, fields, strict=True) if f[1]), least=4)
        cells = [Cell((charting.metric_label(row.metric),), row.metric.title)]
        cells += [number(row.reported)] if reduced else []
        cells += [
            number(value, digits.text if field[1] else formats.number)
            for value, field in zip(values, fields, strict=True)
        ]
        rows.append(Row(tuple(cells)))
    caption = formats.count(len(found), "metric")
    return Table(tuple(columns), tuple(rows), caption, note=_said(found, shown))


def _said(found: Sequence[MetricRow], shown: Sequence[MetricRow]) -> Words:
    said = [f"{charting.fit(row.metric.title)}: {row.why}." for row in shown if row.why][:OPEN]
    if any(row.summary.last is not None and row.summary.count is None for row in shown):
        said.append("Only the last value was read where nothing in the report needs the others.")
    if len(found) > len(shown):
        said.append(f"{len(found) - len(shown)} more are not listed.")
    return (" ".join(said),) if said else ()


def number(value: float | None, write: Callable[[float | None], str] = formats.number) -> Cell:
    """A number; NaN and infinities are marked."""
    if value is None:
        return charting.cell(None)
    marks: frozenset[Mark] = frozenset(() if math.isfinite(value) else ("warning",))
    return Cell((write(value),), value, marks)


def params(run: Run) -> tuple[Block, ...]:
    """What was set."""
    if not run.params:
        return (Text(("No param was logged.",)),)
    pairs = [(key, param.text) for key, param in sorted(run.params.items())]
    return (_pairs(("Param", "Value"), pairs, formats.count(len(pairs), "param")), *_long(pairs))


def tags(pairs: Sequence[tuple[str, str]]) -> tuple[Block, ...]:
    """What was written beside the run; what the tracker wrote for itself is folded."""
    own = [pair for pair in pairs if pair[0].startswith("mlflow.")]
    rest = [pair for pair in pairs if not pair[0].startswith("mlflow.")]
    found: list[Block] = []
    if rest:
        count = formats.count(len(rest), "tag")
        blocks: tuple[Block, ...] = (_pairs(("Tag", "Value"), rest, count), *_long(rest))
        found += [Fold(count, blocks)] if len(rest) > OPEN else blocks
    if own:
        count = f"{formats.count(len(own), 'tag')} of the tracker itself"
        found.append(Fold(count, (_pairs(("Tag", "Value"), own, count), *_long(own))))
    return tuple(found)


def _pairs(heads: tuple[str, str], pairs: Sequence[tuple[str, str]], caption: str) -> Table:
    rows = tuple(
        Row(
            (
                Cell((charting.fit(key, 80),), key[:1000]),
                Cell((charting.fit(text, variation.LONG),), text[:1000]),
            )
        )
        for key, text in pairs[:ROWS]
    )
    return Table(tuple(Column(h) for h in heads), rows, caption, note=_cut(len(pairs)))


def _cut(count: int) -> Words:
    return (f"{count - ROWS} more are not listed.",) if count > ROWS else ()


def _long(pairs: Sequence[tuple[str, str]]) -> tuple[Block, ...]:
    """Values that the table shortens, in full."""
    found = [(key, text) for key, text in pairs if len(text) > variation.LONG]
    if not found:
        return ()
    whole = (
        Preformatted(variation.cut(text), charting.fit(key, 80))
        for key, text in found[: variation.MANY]
    )
    return (Fold(f"{formats.count(len(found), 'long value')} in full", tuple(whole)),)


def origin(run: Run) -> tuple[Block, ...]:
    """Code, command, data, environment, hardware and the models that came of it."""
    rows = []
    for fact in origins(run):
        shown = charting.fit(fact.text, variation.LONG)
        word = shown if fact.url is None else Href(fact.url, shown)
        rows.append((fact.label, fact.text, word))
    for item in run.lineage:
        if item.kind in ("model", "parent"):
            text = " ".join(part for part in (item.name, item.version) if part)
            rows.append((item.kind, text, charting.fit(text, variation.LONG)))
    if not rows:
        return (Text(("Nothing was logged about code, data or environment.",)),)
    listed = tuple(
        Row((Cell((charting.fit(label, 80),), label[:1000]), Cell((word,), text[:1000])))
        for label, text, word in rows[:ROWS]
    )
    table = Table(
        (Column("Fact"), Column("Value")), listed, "Where it comes from", note=_cut(len(rows))
    )
    return (table, *_long([(label, text) for label, text, _ in rows]))


def artifacts(run: Run) -> Block:
    """Files that the run produced."""
    columns = (Column("File"), Column("Kind"), Column("Size", "number"), Column("Digest"))
    rows = tuple(
        Row(
            (
                Cell((charting.fit(item.path, 80),), item.path[:1000]),
                Cell((item.kind,), item.kind),
                charting.cell(
                    None if item.bytes is None else float(item.bytes), formats.file_size(item.bytes)
                ),
                charting.cell(item.digest, variation.brief(item.digest or "")),
            )
        )
        for item in run.artifacts[:ROWS]
    )
    count = formats.count(len(run.artifacts), "file")
    table = Table(columns, rows, count, note=_cut(len(run.artifacts)))
    return Fold(count, (table,)) if len(rows) > OPEN else table
