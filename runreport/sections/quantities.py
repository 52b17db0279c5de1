"""What a chart places runs by: an expression read for every run, as numbers or as words."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from runreport import formats
from runreport.blocks import Cell
from runreport.design import Goal, Metric
from runreport.kinds import Context
from runreport.samples import REASONS
from runreport.sections import charting
from runreport.spec.expressions import Expression, Scalar
from runreport.tables import Run


@dataclass(frozen=True, eq=False)
class Quantity:
    """One expression over the runs of a report."""

    name: str
    """As written, or the metric's title."""
    label: str
    """With unit and direction, short enough for an axis."""
    unit: str
    goal: Goal | None
    values: tuple[Scalar, ...]
    """One per run: a finite number, a word, or None."""
    reasons: tuple[str, ...]
    """Why a value is None; empty where there is one."""
    is_metric: bool = False
    """A declared metric: measured, so its digits align."""

    @property
    def is_text(self) -> bool:
        """Whether no run has a number and some have a word."""
        present = [value for value in self.values if value is not None]
        return bool(present) and all(isinstance(value, str) for value in present)

    def words(self, value: Scalar) -> str:
        """One of its values for people."""
        if isinstance(value, str):
            return charting.fit(value, 40)
        return formats.with_unit(self._number(value), self.unit)

    def cell(self, value: Scalar) -> Cell:
        """One of its values in a table."""
        return charting.cell(value, None if isinstance(value, str) else self._number(value))

    def _number(self, value: float | None) -> str:
        # a param is written as short as it is: 0.001, not 0.001000
        if value is None or self.is_metric:
            return formats.number(value)
        return charting.short(value, 4)


def read(context: Context, runs: Sequence[Run], expression: Expression) -> Quantity:
    """The expression for every run; a declared metric by its reducer, in displayed units."""
    metric = _metric(context, expression)
    values: list[Scalar] = []
    reasons: list[str] = []
    for run in runs:
        value, reason = _value(context, run, expression, metric)
        values.append(value)
        reasons.append(reason)
    name = expression.heading or (metric.title if metric else expression.text)
    if metric is None:
        return Quantity(name, charting.fit(name), "", None, tuple(values), tuple(reasons))
    label = charting.metric_label(metric)
    if expression.heading:
        label = label.replace(charting.fit(metric.title), charting.fit(name), 1)
    return Quantity(name, label, metric.unit, metric.goal, tuple(values), tuple(reasons), True)


def _metric(context: Context, expression: Expression) -> Metric | None:
    """The declared metric that the expression only names."""
    return next((m for m in context.design.metrics if m.name == expression.text.strip()), None)


def _value(
    context: Context, run: Run, expression: Expression, metric: Metric | None
) -> tuple[Scalar, str]:
    if metric is not None:
        value = context.value(run, metric)
        if value.number is None:
            return None, REASONS[value.state].format(metric=charting.fit(metric.title, 40))
        return drawable(value.number, charting.fit(metric.title, 40))
    found = context.evaluate(expression, run)
    name = charting.fit(expression.text, 40)
    if found is None:
        return None, f"no value of {name}"
    if isinstance(found, bool):
        return ("true" if found else "false"), ""
    return (found, "") if isinstance(found, str) else drawable(float(found), name)


def drawable(value: float, name: str) -> tuple[Scalar, str]:
    """A number, or None and why it has no place in a chart."""
    if math.isnan(value):
        return None, f"{name} is NaN"
    if math.isinf(value):
        return None, f"{name} is infinite"
    if abs(value) > charting.LARGEST:
        return None, f"{name} is out of range"
    return value, ""
