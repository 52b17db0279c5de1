"""Groups by metric: count, mean, standard deviation and interval, and every replicate missing.

A run that failed, or whose value is missing, NaN or infinite, enters no mean and is named below.
With many groups and metrics one wide table replaces a table per metric.

    - metrics: {metrics: [val_accuracy, train_time], extremes: true}
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from runreport import formats
from runreport.blocks import Block, Bullets, Cell, Column, Fold, Note, Row, Table, Text, Words
from runreport.blocks import Mark as CellMark
from runreport.design import Metric, MetricName
from runreport.kinds import Context, Section
from runreport.samples import Group, Sample, sample
from runreport.sections import absences, charting, leaderboard
from runreport.sections.absences import Absence
from runreport.sections.digits import Digits

APART = 60
"""Up to so many rows in all, each metric has its own table."""

ROWS = 300
"""Groups of one table."""

LOGGED = 6
"""Metrics shown when none is declared."""


@dataclass(frozen=True, slots=True)
class Options:
    """What the author may write."""

    metrics: tuple[MetricName, ...] = ()
    """Which ones; every declared metric when empty."""
    layout: Literal["auto", "tables", "wide"] = "auto"
    """A table per metric, or one with a few columns per metric; `auto`: what reads best."""
    extremes: bool = False
    """Also the lowest, the middle and the highest run (in tables per metric)."""
    limit: int = 300
    """With more groups than this the first ones are listed."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """One group's values of one metric, summed up; displayed units."""

    n: int
    mean: float | None
    """None when no run has a usable value."""
    deviation: float | None
    """Sample standard deviation; None below two values."""
    interval: tuple[float, float] | None
    """t interval of the mean; None below two values."""
    lowest: float | None
    middle: float | None
    highest: float | None
    difference: float | None
    """Mean minus the baseline's mean; None for the baseline and without one."""


@dataclass(frozen=True, eq=False)
class MetricTable:
    """One metric over all groups."""

    metric: Metric
    estimates: tuple[Estimate, ...]
    best: frozenset[int]
    digits: Digits


@dataclass(frozen=True, eq=False)
class MetricsData:
    """Every metric over all groups."""

    groups: tuple[Group, ...]
    tables: tuple[MetricTable, ...]
    absences: tuple[Absence, ...]
    """Replicates that do not enter, by group."""
    replicates: str
    """What makes runs of a group differ; `run` when nothing is declared."""
    level: float
    has_baseline: bool


# ---- numbers -------------------------------------------------------------------------------------


def compute(context: Context, options: Options) -> MetricsData:
    """Estimates of every group and metric, and who is missing in them."""
    chosen = tuple(context.design.metric(name) for name in options.metrics)
    metrics = chosen or leaderboard.reported(context, LOGGED)
    samples = [[sample(g, m, context.value_of) for g in context.groups] for m in metrics]
    tables = [_table(context, metric, part) for metric, part in zip(metrics, samples, strict=True)]
    return MetricsData(
        groups=context.groups,
        tables=tuple(tables),
        absences=absences.of(context, samples),
        replicates=(context.design.replicates or "run").removeprefix("params."),
        level=context.design.level,
        has_baseline=context.baseline is not None,
    )


def _table(context: Context, metric: Metric, samples: Sequence[Sample]) -> MetricTable:
    base = next((s for s in samples if s.group.is_baseline and s.values.size), None)
    reference = None if base is None else float(base.values.mean())
    estimates = tuple(_estimate(part, reference, context.design.level) for part in samples)
    means = [estimate.mean for estimate in estimates]
    best = leaderboard.best_mean(means, [e.n for e in estimates], metric.goal)
    return MetricTable(metric, estimates, best, _digits(samples, estimates))


def _estimate(part: Sample, reference: float | None, level: float) -> Estimate:
    values = part.values[charting.usable(part.values)]
    if not values.size:
        return Estimate(0, None, None, None, None, None, None, None)
    mean = float(values.mean())
    apart = reference is not None and not part.group.is_baseline
    return Estimate(
        n=int(values.size),
        mean=mean,
        deviation=float(values.std(ddof=1)) if values.size > 1 else None,
        interval=charting.t_interval(values, level),
        lowest=float(values.min()),
        middle=float(np.median(values)),
        highest=float(values.max()),
        difference=mean - reference if reference is not None and apart else None,
    )


def _digits(samples: Sequence[Sample], estimates: Sequence[Estimate]) -> Digits:
    """Decimals that show two digits of the typical standard error."""
    digits = Digits.of(value for part in samples for value in part.values.tolist())
    errors = [e.deviation / math.sqrt(e.n) for e in estimates if e.deviation]
    if digits.decimals is None or not errors:
        return digits
    wanted = formats.decimals_for(float(np.median(errors)))
    return Digits(min(max(digits.decimals, wanted), digits.decimals + 2))


# ---- blocks --------------------------------------------------------------------------------------


def present(data: MetricsData, options: Options) -> tuple[Block, ...]:
    """The tables, then who is missing in them."""
    if not data.groups:
        return (Note("info", "No groups", (Text(("This report has no runs.",)),)),)
    if not data.tables:
        why = "No metric is declared, and no run logged any."
        return (Note("info", "No metrics", (Text((why,)),)),)
    rows = len(data.groups) * len(data.tables)
    wide = options.layout == "wide" or (options.layout == "auto" and rows > APART)
    if wide and len(data.tables) > 1:
        tables = [_wide(data, options)]
    else:
        tables = [_single(data, table, options) for table in data.tables]
    return (*tables, *_missing(data))


def _single(data: MetricsData, table: MetricTable, options: Options) -> Table:
    unit, percent = table.metric.unit or None, f"{data.level * 100:g} %"
    interval = charting.level_words(data.level)
    columns = [
        Column("Group"),
        Column("n", "number", hint=f"Finished {_plural(data.replicates)} with a finite value"),
        Column("Mean", "number", unit=unit, goal=table.metric.goal),
        Column("SD", "number", unit=unit, hint="Sample standard deviation"),
        Column(f"{percent} low", "number", unit=unit, hint=f"{interval} of the mean"),
        Column(f"{percent} high", "number", unit=unit, hint=f"{interval} of the mean"),
    ]
    if options.extremes:
        columns += [Column(head, "number", unit=unit) for head in ("Lowest", "Median", "Highest")]
    if data.has_baseline:
        hint = "Mean minus the baseline's mean"
        columns.append(Column("vs baseline", "number", unit=unit, hint=hint))
    limit = min(max(1, options.limit), ROWS)
    rows = tuple(
        _row(data, table, index, options.extremes) for index in range(len(data.groups))[:limit]
    )
    return Table(
        columns=tuple(columns),
        rows=rows,
        caption=f"{charting.metric_label(table.metric)} by group",
        note=_note(data, table.best != frozenset(), limit, [table]),
        export=f"metrics-{table.metric.name[:40]}",
        searchable=len(rows) <= 40,
    )


def _row(data: MetricsData, table: MetricTable, index: int, extremes: bool) -> Row:
    estimate, digits = table.estimates[index], table.digits
    low, high = estimate.interval or (None, None)
    cells = [
        _name(data.groups[index]),
        charting.cell(float(estimate.n)),
        _number(estimate.mean, digits, best=index in table.best),
        *(_number(value, digits) for value in (estimate.deviation, low, high)),
    ]
    if extremes:
        ends = (estimate.lowest, estimate.middle, estimate.highest)
        cells += [_number(value, digits) for value in ends]
    if data.has_baseline:
        cells.append(_signed(estimate.difference, digits))
    return _group_row(data.groups[index], cells)


def _wide(data: MetricsData, options: Options) -> Table:
    """Mean, half width of the interval and count of every metric in one row per group."""
    shared = _counts_by_group(data)
    columns = [Column("Group")]
    columns += [Column("n", "number", hint="Usable runs")] if shared else []
    half = f"Half width of the {charting.level_words(data.level)} of the mean"
    for table in data.tables:
        name, unit = charting.fit(table.metric.title, 40), table.metric.unit or None
        title = "mean" if unit is None else f"mean, {unit}"
        columns += [
            Column(title, "number", goal=table.metric.goal, family=name, hint="Mean"),
            Column("±", "number", family=name, hint=half),
        ]
        if not shared:
            columns.append(Column("n", "number", family=name, hint="Usable runs"))
        if data.has_baseline:
            hint = "Mean minus the baseline's mean"
            columns.append(
                Column("difference", "number", unit=unit, family=name, hidden=True, hint=hint)
            )
    limit = min(max(1, options.limit), ROWS)
    rows = []
    for index, group in enumerate(data.groups[:limit]):
        cells = [_name(group)]
        cells += [charting.cell(float(shared[index]))] if shared else []
        for table in data.tables:
            estimate = table.estimates[index]
            low, high = estimate.interval or (None, None)
            width = None if low is None or high is None else (high - low) / 2
            cells.append(_number(estimate.mean, table.digits, best=index in table.best))
            cells.append(_number(width, table.digits))
            if not shared:
                cells.append(charting.cell(float(estimate.n)))
            if data.has_baseline:
                cells.append(_signed(estimate.difference, table.digits))
        rows.append(_group_row(group, cells))
    return Table(
        columns=tuple(columns),
        rows=tuple(rows),
        caption="Means by group",
        note=_note(data, any(table.best for table in data.tables), limit, data.tables),
        export="metrics",
    )


def _counts_by_group(data: MetricsData) -> list[int]:
    """Usable runs of each group, where every metric has as many; else nothing."""
    counts = [{table.estimates[i].n for table in data.tables} for i in range(len(data.groups))]
    return [found.pop() for found in counts] if all(len(found) == 1 for found in counts) else []


def _note(data: MetricsData, best: bool, limit: int, tables: Sequence[MetricTable]) -> Words:
    said = []
    counts = {estimate.n for table in tables for estimate in table.estimates}
    if len(counts) == 1:
        said.append(f"n = {counts.pop()} {_plural(data.replicates)} in every group.")
    if counts == {1}:
        said.append("One run per group has no interval.")
    elif best and any(estimate.n == 1 for table in tables for estimate in table.estimates):
        said.append("A single run has no interval and is not called best.")
    if best:
        said.append("★ marks the best mean, whether or not chance explains it.")
    guessed = [t.metric.title for t in tables if t.metric.goal_guessed and t.metric.goal]
    if guessed:
        said.append(f"The better direction is guessed from the name: {charting.named(guessed)}.")
    if len(data.groups) > limit:
        rest = formats.count(len(data.groups) - limit, "group")
        said.append(f"The first {limit} groups are listed, {rest} further down are not.")
    return (" ".join(said),) if said else ()


def _plural(word: str) -> str:
    return f"{charting.fit(word, 30)}s"


def _name(group: Group) -> Cell:
    return Cell((charting.group_name(group),), group.label)


def _number(value: float | None, digits: Digits, *, best: bool = False) -> Cell:
    if value is None:
        return charting.cell(None)
    return Cell((digits.text(value),), value, frozenset({"best"} if best else ()))


def _signed(value: float | None, digits: Digits) -> Cell:
    return charting.cell(None) if value is None else Cell((digits.signed(value),), value)


def _group_row(group: Group, cells: Sequence[Cell]) -> Row:
    marks: frozenset[CellMark] = frozenset({"baseline"} if group.is_baseline else ())
    return Row(tuple(cells), group_id=group.id, marks=marks)


def _missing(data: MetricsData) -> tuple[Block, ...]:
    """One line per group that lacks a replicate somewhere."""
    if not data.absences:
        return ()
    lines = tuple(absences.words(absence) for absence in data.absences)
    title = f"Missing in {formats.count(len(lines), 'group')}"
    if len(lines) <= 8 and sum(len(absence.items) for absence in data.absences) <= 40:
        return (Note("warning", title, (Bullets(lines),)),)
    return (Note("warning", title, (Fold("Which, and why", (Bullets(lines),)),)),)


SECTION = Section(
    name="metrics",
    options=Options,
    compute=compute,
    present=present,
    title="Metrics",
    short="metrics",
)
