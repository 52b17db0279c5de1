"""The columns of a leaderboard: what each shows for every run, and which run it calls best."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from runreport import formats
from runreport.design import Goal, Metric
from runreport.errors import SpecError
from runreport.kinds import Context
from runreport.samples import Value, sample
from runreport.sections import charting
from runreport.sections.digits import Digits
from runreport.spec.expressions import Expression, Names, Scalar
from runreport.spec.meaning import metric_name, resolve
from runreport.spec.nodes import Call, Name, Node
from runreport.tables import FINISHED, Run

Format: TypeAlias = int | Literal["percent", "duration", "bytes", "text"]
"""So many decimals; a share as per cent; seconds; bytes; or as it is."""

Write: TypeAlias = Callable[[float | None], str]

LOGGED = 6
"""Metrics shown when none is declared; more wait in the column chooser."""

VISIBLE = 12
"""Columns shown at first."""

MOST = 40
"""Columns of one table."""


@dataclass(frozen=True, eq=False)
class RunColumn:
    """One column over the runs of a report."""

    title: str
    kind: Literal["run", "status", "text", "number", "time"]
    values: tuple[Scalar, ...]
    """One per run, unrounded; NaN and infinities stay, None is missing."""
    words: tuple[str, ...]
    """The same as they are read."""
    unit: str = ""
    goal: Goal | None = None
    best: frozenset[int] = frozenset()
    """Indices of the best finished runs."""
    family: str | None = None
    hint: str | None = None
    hidden: bool = False
    metric: Metric | None = None
    """Set when the column is exactly a declared metric by its reducer."""


# ---- the author's columns ------------------------------------------------------------------------


def read(
    context: Context, names: Names, expression: Expression, form: Format | None = None
) -> RunColumn:
    """The column of one expression.

    Args:
        context: the report.
        names: what its runs and its design call things.
        expression: what to show.
        form: how numbers are written; by what they need when None.
    """
    text, tree = expression.text.strip(), _tree(expression)
    if text in ("name", "status"):
        found = tuple(getattr(run, text) for run in context.runs)
        kind: Literal["run", "status"] = "run" if text == "name" else "status"
        return RunColumn(expression.title, kind, found, found)
    target = resolve(tree, names) if isinstance(tree, Name) else None
    if target is not None and target.family == "params" and form is None:
        return _titled(param(context, target.name), expression.heading)
    metric = context.design.metric(_read_metric(tree, names) or "")
    if metric.declared and target is not None:
        return _titled(measured(context, metric, form), expression.heading)
    values = tuple(_plain(context.evaluate(expression, run)) for run in context.runs)
    if text in ("started", "ended"):
        words = tuple(formats.MISSING if v is None else str(v)[:16] for v in values)
        return RunColumn(expression.title, "time", values, words, unit="UTC")
    if text == "duration" and form is None:
        form = "duration"
    column = _of_values(context, expression.title, values, form, metric.goal)
    return replace(column, unit=column.unit or (metric.unit if metric.declared else ""))


def _tree(expression: Expression) -> Node | None:
    try:
        return expression.tree
    except SpecError:
        return None


def _read_metric(tree: Node | None, names: Names) -> str | None:
    """The metric whose value an expression is: what is better follows from its goal."""
    match tree:
        case Name():
            target = resolve(tree, names)
            return target.name if target is not None and target.family == "metrics" else None
        case Call(function="at", other=Name() as other):
            return metric_name(other, names)
        case Call(function="last" | "first" | "min" | "max" | "mean" | "at_step"):
            return metric_name(tree.arguments[0], names)
    return None


def _titled(column: RunColumn, heading: str | None) -> RunColumn:
    return column if heading is None else replace(column, title=heading)


def _plain(value: Scalar) -> Scalar:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value


def _of_values(
    context: Context,
    title: str,
    values: tuple[Scalar, ...],
    form: Format | None,
    goal: Goal | None,
) -> RunColumn:
    numbers = [value for value in values if isinstance(value, int | float)]
    if not numbers or form == "text" or len(numbers) < sum(v is not None for v in values):
        words = tuple(_text(value) for value in values)
        return RunColumn(title, "text", values, words)
    write, unit = _writer(numbers, form)
    found = tuple(None if value is None else float(value) for value in values)
    best = _best_run(found, context, goal)
    return RunColumn(
        title, "number", values, tuple(write(value) for value in found), unit, goal, best
    )


def _text(value: Scalar) -> str:
    if isinstance(value, int | float):
        return charting.short(value, 6)
    return formats.MISSING if value is None else str(value)


def _writer(numbers: Iterable[float], form: Format | None) -> tuple[Write, str]:
    """How numbers of a format are written, and the unit that the heading says once."""
    if form == "duration":
        return formats.duration, ""
    if form == "bytes":
        return _bytes, ""
    if form == "percent":
        digits = Digits.of(100 * number for number in numbers)
        return (lambda value: digits.text(None if value is None else 100 * value)), "%"
    digits = Digits(form) if isinstance(form, int) else Digits.of(numbers)
    return digits.text, ""


def _bytes(value: float | None) -> str:
    if value is None or not math.isfinite(value):
        return formats.number(value)
    return formats.file_size(round(value))


# ---- params, metrics, differences ----------------------------------------------------------------


def param(context: Context, name: str, *, hidden: bool = False) -> RunColumn:
    """A param as it was logged."""
    found = [run.params.get(name) for run in context.runs]
    is_number = all(p is None or p.is_number for p in found)
    return RunColumn(
        title=name,
        kind="number" if is_number else "text",
        values=tuple(None if p is None else p.number if is_number else p.text for p in found),
        words=tuple(formats.MISSING if p is None else p.text for p in found),
        hidden=hidden,
    )


def measured(
    context: Context, metric: Metric, form: Format | None = None, *, hidden: bool = False
) -> RunColumn:
    """A metric by its reducer in displayed units."""
    values = tuple(number_of(context.value(run, metric), run, metric) for run in context.runs)
    write, unit = _writer(_finished(values, context.runs), form)
    return RunColumn(
        title=f"{metric.title}{charting.step_words(metric)}",
        kind="number",
        values=values,
        words=tuple(write(value) for value in values),
        unit=metric.unit or unit,
        goal=metric.goal,
        best=_best_run(values, context, metric.goal),
        hidden=hidden,
        metric=metric,
    )


def number_of(value: Value, run: Run, metric: Metric) -> float | None:
    """The value with its non-finite states as numbers again."""
    if value.state == "nan":
        return math.nan
    if value.state == "inf":
        summary = run.metrics.get(metric.name)
        falls = summary is not None and summary.last == -math.inf
        return -math.inf if falls else math.inf
    return value.number


def _finished(values: Sequence[Scalar], runs: Sequence[Run]) -> list[float]:
    """Numbers of finished runs: the others do not decide how many digits a column has."""
    numbers = [(v, run) for v, run in zip(values, runs, strict=True) if isinstance(v, float)]
    return [v for v, run in numbers if run.status in FINISHED] or [v for v, _ in numbers]


def best_of(values: Sequence[float | None], goal: Goal | None) -> frozenset[int]:
    """Indices of the best finite values, ties all; none where all are equal."""
    fine = {i: v for i, v in enumerate(values) if v is not None and math.isfinite(v)}
    if goal is None or len(set(fine.values())) < 2:
        return frozenset()
    best = max(fine.values()) if goal == "maximize" else min(fine.values())
    return frozenset(index for index, value in fine.items() if value == best)


def best_mean(
    means: Sequence[float | None], counts: Sequence[int], goal: Goal | None
) -> frozenset[int]:
    """The same over means of so many runs: one run is no match for a mean of several."""
    enough = min(2, max(counts, default=0))
    fair = (count >= enough > 0 for count in counts)
    return best_of([v if ok else None for v, ok in zip(means, fair, strict=True)], goal)


def _best_run(
    values: Sequence[float | None], context: Context, goal: Goal | None
) -> frozenset[int]:
    """The same over sound runs: finished, and no declared metric NaN or infinite.

    A run that diverged early may well be the fastest; that is nothing to praise.
    """
    sound = (_is_sound(context, run) for run in context.runs)
    return best_of([v if ok else None for v, ok in zip(values, sound, strict=True)], goal)


def _is_sound(context: Context, run: Run) -> bool:
    states = (context.value(run, metric).state for metric in context.design.metrics)
    return run.status in FINISHED and not {"nan", "inf"} & set(states)


def difference(context: Context, column: RunColumn) -> RunColumn | None:
    """What separates every finished run from the baseline's mean; None without such a mean."""
    baseline, metric = context.baseline, column.metric
    if baseline is None or metric is None:
        return None
    part = sample(baseline, metric, context.value_of)
    if not part.values.size:
        return None
    mean = float(part.values.mean())
    values = tuple(
        float(value) - mean if isinstance(value, int | float) and run.status in FINISHED else None
        for value, run in zip(column.values, context.runs, strict=True)
    )
    digits = Digits.of(_finished(column.values, context.runs))
    if digits.decimals == 0:
        # whole numbers have a mean between them
        digits = Digits.of(values)
    of = "the baseline's run" if part.values.size == 1 else f"the mean of {part.values.size} runs"
    return RunColumn(
        title=f"{column.title} vs baseline",
        kind="number",
        values=values,
        words=tuple(digits.signed(value) for value in values),
        unit=column.unit,
        family=column.family,
        hint=f"Run minus {of} of {charting.fit(baseline.label)}",
        hidden=column.hidden or metric not in context.design.primary,
    )


# ---- when the author names none ------------------------------------------------------------------


def defaults(context: Context) -> list[RunColumn]:
    """Name, params that vary, metrics, status and duration."""
    params = [
        replace(param(context, name), family="params") for name in varying_params(context)[:MOST]
    ]
    shown = reported(context, 2 * LOGGED)
    metrics = [replace(measured(context, metric), family="metrics") for metric in shown]
    if not context.design.metrics:
        metrics = [replace(c, hidden=i >= LOGGED) for i, c in enumerate(metrics)]
    names = Names.of(context.runs, context.design)
    name, status, duration = (
        read(context, names, Expression(text)) for text in ("name", "status", "duration")
    )
    return [name, *params, *metrics, status, duration]


def reported(context: Context, most: int) -> tuple[Metric, ...]:
    """Primary metrics, then the other declared ones; without any, what most runs logged."""
    design = context.design
    if design.metrics:
        rest = (metric for metric in design.metrics if metric not in design.primary)
        return (*design.primary, *rest)
    counts: dict[str, int] = {}
    for run in context.runs:
        for name in run.metrics:
            counts[name] = counts.get(name, 0) + 1
    names = sorted(counts, key=lambda n: (n.startswith("system/"), -counts[n], n))
    return tuple(design.metric(name) for name in names[:most])


def varying_params(context: Context) -> list[str]:
    """Params that differ between runs: grouping ones first, the replicates' last."""
    found: dict[str, set[float | str]] = {}
    logged: dict[str, int] = {}
    for run in context.runs:
        for name, value in run.params.items():
            found.setdefault(name, set()).add(value.level)
            logged[name] = logged.get(name, 0) + 1
    count = len(context.runs)
    varying = [n for n in found if len(found[n]) > 1 or logged[n] < count]
    by = [text.strip().removeprefix("params.") for text in context.design.by]
    last = (context.design.replicates or "").removeprefix("params.")
    grouping = [name for name in by if name in varying and not context.design.all_but]
    return grouping + sorted(
        (name for name in varying if name not in grouping), key=lambda name: (name == last, name)
    )


def hide_the_rest(columns: Sequence[RunColumn]) -> list[RunColumn]:
    """Columns beyond what fits a page start hidden: params first, what sums a run up last."""
    spare = VISIBLE - sum(c.family != "params" and not c.hidden for c in columns)
    kept = []
    for column in columns:
        if column.family == "params" and not column.hidden:
            spare -= 1
            column = replace(column, hidden=spare < 0)
        kept.append(column)
    shown = 0
    for index, column in enumerate(kept):
        shown += not column.hidden
        if shown > VISIBLE and not column.hidden and column.kind == "number":
            kept[index] = replace(column, hidden=True)
    return kept
