"""Every run in one table: what was set, what came out, which is best and how far from the baseline.

Runs that failed or diverged stay in it with their state; none of them is called best. Without
`columns` it shows the params that vary, the metrics, status and duration.

    - runs:
        columns:
          - name
          - params.optimizer
          - max(val_accuracy) as peak
          - {value: train_time, heading: time, format: duration}
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from runreport import formats
from runreport.blocks import Block, Cell, Column, Inline, Mark, Note, Row, RunRef, Table, Text
from runreport.kinds import Context, Section
from runreport.sections import charting, leaderboard
from runreport.sections.leaderboard import Format, RunColumn
from runreport.spec.expressions import Expression, Names
from runreport.tables import Run

CELLS = 16_000
"""Of one table: about a megabyte of page."""

STOPPED = ("failed", "killed")


@dataclass(frozen=True, slots=True)
class Styled:
    """A column whose numbers are written in a way of their own."""

    value: Expression
    """What it shows."""
    heading: str | None = None
    """What stands above it; the expression when empty."""
    format: Format | None = None
    """So many decimals, `percent` (of a share), `duration` (of seconds), `bytes` or `text`."""


@dataclass(frozen=True, slots=True)
class Options:
    """What the author may write."""

    columns: tuple[Expression | Styled, ...] = ()
    """From left to right: `expression as heading`, or a mapping of value, heading and format. The
    params that vary and the metrics when empty."""
    difference: bool | None = None
    """Show each declared metric's difference to the baseline's mean; by default where there is a
    baseline."""
    limit: int = 500
    """With more runs than this the first ones are listed."""


@dataclass(frozen=True, eq=False)
class RunsData:
    """The leaderboard."""

    columns: tuple[RunColumn, ...]
    """Of all runs."""
    runs: tuple[Run, ...]
    baseline: frozenset[str]
    """Ids of the baseline's runs."""
    rows: int
    """How many of the runs are listed."""
    remarks: tuple[str, ...]


# ---- numbers -------------------------------------------------------------------------------------


def compute(context: Context, options: Options) -> RunsData:
    """The columns, the best values, and what the table does not list."""
    names = Names.of(context.runs, context.design)
    columns = [_column(context, names, wanted) for wanted in options.columns]
    columns = columns or leaderboard.defaults(context)
    columns = _with_differences(context, columns, options.difference)
    if not options.columns:
        columns = leaderboard.hide_the_rest(columns)
    cut = columns[leaderboard.MOST :]
    columns = columns[: leaderboard.MOST]
    rows = min(max(1, options.limit), CELLS // max(1, len(columns)), len(context.runs))
    baseline = frozenset(run.id for run in context.baseline.runs) if context.baseline else ()
    return RunsData(
        columns=tuple(columns),
        runs=context.runs,
        baseline=frozenset(baseline),
        rows=rows,
        remarks=tuple(_remarks(context, columns, cut, rows)),
    )


def _column(context: Context, names: Names, wanted: Expression | Styled) -> RunColumn:
    if isinstance(wanted, Expression):
        return leaderboard.read(context, names, wanted)
    column = leaderboard.read(context, names, wanted.value, wanted.format)
    return column if wanted.heading is None else replace(column, title=wanted.heading)


def _with_differences(
    context: Context, columns: Sequence[RunColumn], wanted: bool | None
) -> list[RunColumn]:
    if wanted is False or context.baseline is None:
        return list(columns)
    found: list[RunColumn] = []
    for column in columns:
        found.append(column)
        if (beside := leaderboard.difference(context, column)) is not None:
            found.append(beside)
    return found


def _remarks(
    context: Context, columns: Sequence[RunColumn], cut: Sequence[RunColumn], rows: int
) -> list[str]:
    said = []
    if rows < len(context.runs):
        rest = formats.count(len(context.runs) - rows, "run")
        said.append(f"The first {rows} runs are listed, {rest} further down are not.")
        said += [_best_elsewhere(column, context.runs, rows) for column in columns]
    if cut:
        said.append(f"No room for {charting.named([column.title for column in cut])}.")
    if any(column.best for column in columns):
        said.append("★ marks the best finished run of a column.")
    if context.baseline is not None:
        label = charting.fit(context.baseline.label)
        said.append(f"Rows with a tint and a bar are the baseline’s ({label}).")
    said += [_stopped(context, columns), _left_out(context)]
    return [remark for remark in said if remark]


def _best_elsewhere(column: RunColumn, runs: Sequence[Run], rows: int) -> str:
    if not column.best or min(column.best) < rows:
        return ""
    best = min(column.best)
    name = charting.fit(runs[best].name or runs[best].id, 40)
    value = formats.with_unit(column.words[best], column.unit)
    return f"The best {charting.fit(column.title, 40)} ({value}, {name}) is among them."


def _stopped(context: Context, columns: Sequence[RunColumn]) -> str:
    stopped = sum(run.status in STOPPED for run in context.runs)
    odd = sum(
        run.status not in STOPPED and _is_odd(columns, index)
        for index, run in enumerate(context.runs)
    )
    parts = [f"{formats.count(stopped, 'run')} did not finish"] if stopped else []
    parts += [f"{formats.count(odd, 'run')} ended with NaN or ∞"] if odd else []
    return f"{' and '.join(parts)} (⚠); such runs are never called best." if parts else ""


def _left_out(context: Context) -> str:
    """Runs that the report's selection hides, failed ones counted in the open."""
    out = [item.run for item in context.excluded]
    if not out:
        return ""
    failed = sum(run.status in STOPPED for run in out)
    of = f" ({failed} of them did not finish)" if failed else ""
    return f"{formats.count(len(out), 'more run')} left out by the report’s selection{of}."


def _is_odd(columns: Sequence[RunColumn], index: int) -> bool:
    """Whether a metric of this run came out as NaN or infinite."""
    return any(
        isinstance(value := column.values[index], float) and not math.isfinite(value)
        for column in columns
        if column.metric is not None
    )


# ---- blocks --------------------------------------------------------------------------------------


def present(data: RunsData, options: Options) -> tuple[Block, ...]:
    """The table, or a note that there are no runs."""
    if not data.runs:
        why = "The sources hold no run that the report's selection keeps."
        return (
            Note(
                "warning",
                "No runs",
                (
                    Text(
                        (*data.remarks, why),
                    ),
                ),
            ),
        )
    columns = tuple(
        Column(
            title=charting.fit(column.title),
            kind="text" if column.kind == "run" else column.kind,
            unit=column.unit or None,
            goal=column.goal,
            hint=column.hint,
            family=column.family,
            hidden=column.hidden,
        )
        for column in data.columns
    )
    listed = f"{data.rows} of {len(data.runs)} runs" if data.rows < len(data.runs) else ""
    return (
        Table(
            columns=columns,
            rows=tuple(_row(data, index) for index in range(data.rows)),
            caption=listed or formats.count(len(data.runs), "run"),
            note=(" ".join(data.remarks),) if data.remarks else (),
            export="runs",
            searchable=data.rows <= 60 and len(columns) <= 12,
        ),
    )


def _row(data: RunsData, index: int) -> Row:
    run = data.runs[index]
    marks: set[Mark] = {"baseline"} if run.id in data.baseline else set()
    if run.status in STOPPED or _is_odd(data.columns, index):
        marks.add("warning")
    cells = tuple(_cell(column, run, index) for column in data.columns)
    return Row(cells, run_id=run.id, marks=frozenset(marks))


def _cell(column: RunColumn, run: Run, index: int) -> Cell:
    value, text = column.values[index], column.words[index]
    if column.kind == "run":
        name = charting.fit(run.name) or charting.fit(run.id, 20)
        return Cell((RunRef(run.id, name),), run.name or run.id)
    if column.kind == "status":
        marks: frozenset[Mark] = frozenset({"warning"} if value in STOPPED else ())
        return Cell((text,), text, marks)
    if value is None:
        return Cell((formats.MISSING,), None, frozenset({"missing"}))
    words: tuple[Inline, ...] = (charting.fit(text) if isinstance(value, str) else text,)
    if isinstance(value, float) and not math.isfinite(value):
        return Cell(words, value, frozenset({"warning"}))
    return Cell(words, value, frozenset({"best"} if index in column.best else ()))


SECTION = Section(
    name="runs",
    options=Options,
    compute=compute,
    present=present,
    title="Runs",
    short="columns",
)
