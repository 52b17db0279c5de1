"""An expression's tree and a run to a value. Total: nothing a run holds makes it raise.

A missing value (None) and NaN satisfy no comparison, `!=` and `not in` included; arithmetic with a
missing value, with text, or divided by zero is missing. `not` turns what is not true into true, so
`not x == 1` also holds where x is missing.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TypeAlias

from runreport.design import Design, Metric
from runreport.spec import patterns
from runreport.spec.meaning import Target, last_of, metric_name, reducer, resolve
from runreport.spec.names import ATTRIBUTES, Scope, since_time
from runreport.spec.nodes import Call, Comparison, Constant, Many, Name, Node, Operation
from runreport.spec.points import Reduction
from runreport.tables import MetricSummary, Run, parse_number

Scalar: TypeAlias = float | str | bool | None
"""What an expression yields for one run; None is missing. Times are text, in UTC:
`2026-01-31 09:00:00+00:00`, which sorts as it reads."""

_LARGEST_WHOLE = 2.0**53
"""Larger whole numbers would not keep their digits."""

_SWAPPED = {
    "min": "max",
    "max": "min",
    "at_min": "at_max",
    "at_max": "at_min",
    "step_above": "step_below",
    "step_below": "step_above",
}
"""Under a negative scale: the smallest number shown is the largest logged."""


@dataclass(frozen=True, slots=True)
class Written:
    """A param or a tag: text that may stand for a number or for true and false."""

    text: str
    number: float
    """NaN when it is none."""


Value: TypeAlias = float | str | bool | datetime | Written | None


def evaluate(tree: Node, run: Run, scope: Scope) -> Scalar:
    """The expression's value for one run."""
    return _plain(_value(tree, run, scope))


def truth(value: Scalar) -> bool:
    """Whether a value satisfies a condition: true, a number but 0 and NaN, the text `true`."""
    return _truth(value)


def _plain(value: Value) -> Scalar:
    if isinstance(value, Written):
        exact = abs(value.number) < _LARGEST_WHOLE
        return value.number if exact else value.text
    return str(value) if isinstance(value, datetime) else value


def _truth(value: Value) -> bool:
    if isinstance(value, Written):
        return bool(value.number) if value.number == value.number else _word(value.text) is True
    if isinstance(value, str):
        return _word(value) is True
    return isinstance(value, bool | float) and value == value and bool(value)


def _word(text: str) -> bool | None:
    return {"true": True, "false": False}.get(text.strip().lower())


def _value(node: Node, run: Run, scope: Scope) -> Value:
    match node:
        case Constant(value=value):
            return value
        case Name():
            return _named(resolve(node, scope.names), run, scope)
        case Call():
            return _call(node, run, scope)
        case Operation(operator="and" | "or" | "not" as operator, operands=operands):
            truths = (_truth(_value(operand, run, scope)) for operand in operands)
            if operator == "not":
                return not next(truths)
            return all(truths) if operator == "and" else any(truths)
        case Operation(operator=operator, operands=operands):
            return _arithmetic(operator, [_value(operand, run, scope) for operand in operands])
        case Comparison():
            return _compare_all(node, run, scope)
        case Many():
            return None


def _named(target: Target | None, run: Run, scope: Scope) -> Value:
    if target is None:
        return None
    name = target.name
    match target.family:
        case "run":
            return _attribute(name, run)
        case "params":
            param = run.params.get(name)
            return None if param is None else Written(param.text, param.number)
        case "tags":
            text = run.tags.get(name)
            return None if text is None else Written(text, parse_number(text))
        case "metrics":
            return _metric(name, run, scope)


def _attribute(name: str, run: Run) -> Value:
    if name not in ATTRIBUTES:
        return None
    value: Value = getattr(run, {"duration": "duration_s", "parent": "parent_id"}.get(name, name))
    if isinstance(value, datetime) and value.tzinfo is None:
        return value.replace(tzinfo=UTC)
    return value


def _metric(name: str, run: Run, scope: Scope) -> float | None:
    """A declared metric by its own reducer, in displayed units; else the last logged value."""
    metric = scope.design.metric(name)
    if metric.step is not None:
        raw = _at_common(metric, run, scope)
        return None if raw is None else raw * metric.scale
    if not metric.declared:
        summary = run.metrics.get(name)
        return None if summary is None else summary.last
    tree = reducer(metric)
    # a reducer speaks of what was logged, in logged units
    raw = None if tree is None else _number(_value(tree, run, replace(scope, design=Design())))
    return None if raw is None else raw * metric.scale


def _at_common(metric: Metric, run: Run, scope: Scope) -> float | None:
    """The last value at or before the step that every group reached, as logged."""
    name = last_of(metric, scope.names)
    summary = None if name is None else run.metrics.get(name)
    if name is None or summary is None or metric.step is None:
        return None
    # a run that diverged stays one, and one that stopped earlier has its last value
    if summary.last is None or not math.isfinite(summary.last):
        return summary.last
    if summary.last_step is None or summary.last_step <= metric.step:
        return summary.last
    wanted = Reduction("at_step", name, "", metric.step)
    return scope.reductions.number(scope.history, wanted, run.id)


def _call(call: Call, run: Run, scope: Scope) -> Value:
    function, first, last = call.function, call.arguments[0], call.arguments[-1]
    match function:
        case "has":
            return _value(first, run, scope) is not None
        case "since":
            back = since_time(_text(_value(first, run, scope)) or "", scope.now)
            started = _attribute("started", run)
            return isinstance(started, datetime) and back is not None and started >= back
        case "contains" | "matches":
            text, part = _text(_value(first, run, scope)), _text(_value(last, run, scope))
            if text is None or part is None:
                return False
            return part in text if function == "contains" else patterns.matches(part, text)
        case "baseline":
            name = metric_name(first, scope.names)
            return None if name is None else scope.baseline_values(name)
        case "last_step":
            name = metric_name(first, scope.names)
            summary = None if name is None else run.metrics.get(name)
            return None if summary is None else summary.last_step
        case "at_step" | "step_above" | "step_below":
            number = _number(_value(last, run, scope))
            return None if number is None else _reduced(function, first, run, scope, step=number)
        case "at":
            inner = first if isinstance(first, Call) else call
            return _reduced(f"at_{inner.function}", inner.arguments[0], run, scope, call.other)
    return _reduced(function, first, run, scope)


def _reduced(
    function: str,
    argument: Node,
    run: Run,
    scope: Scope,
    other: Name | None = None,
    step: float = math.nan,
) -> float | None:
    """A reduction of a metric's points, in displayed units."""
    name = metric_name(argument, scope.names)
    read = name if other is None else metric_name(other, scope.names)
    if name is None or read is None or name not in run.metrics or read not in run.metrics:
        return None
    scale = scope.design.metric(name).scale
    if scale < 0:
        function = _SWAPPED.get(function, function)
    if function.startswith("step_"):
        # the number to reach is in displayed units, steps have none
        wanted = Reduction(function, name, "", step / scale)
        return scope.reductions.number(scope.history, wanted, run.id)
    known, number = _from_summary(function, run.metrics[name])
    if not known:
        wanted = Reduction(function, name, read if other is not None else "", step)
        number = scope.reductions.number(scope.history, wanted, run.id)
    scale = 1.0 if function == "count" else scope.design.metric(read).scale
    return None if number is None else number * scale


def _from_summary(function: str, summary: MetricSummary) -> tuple[bool, float | None]:
    """Whether the summary answers, and what it says."""
    if function not in ("last", "first", "min", "max", "count"):
        return False, None
    number = getattr(summary, function)
    # a summary with a count was made from all points
    known = function == "last" or number is not None or summary.count is not None
    return known, None if number is None else float(number)


def _number(value: Value) -> float | None:
    if isinstance(value, Written):
        return None if math.isnan(value.number) else value.number
    return float(value) if isinstance(value, bool | int | float) else None


def _text(value: Value) -> str | None:
    if isinstance(value, Written):
        return value.text
    return None if value is None else str(value)


def _arithmetic(operator: str, values: list[Value]) -> float | None:
    if operator == "-" and len(values) == 2:
        left, right = values
        if isinstance(left, datetime) and isinstance(right, datetime):
            return (left - right).total_seconds()
    numbers = [number for value in values if (number := _number(value)) is not None]
    if len(numbers) < len(values):
        return None
    first, second = numbers[0], numbers[-1]
    if len(numbers) == 1:
        return -first if operator == "-" else first
    match operator:
        case "+":
            return first + second
        case "-":
            return first - second
        case "*":
            return first * second
    return first / second if second else None


def _compare_all(node: Comparison, run: Run, scope: Scope) -> bool:
    left = _value(node.first, run, scope)
    for operator, side in node.rest:
        if isinstance(side, Many):
            items = [_value(item, run, scope) for item in side.items]
            found = any(_compare("==", left, item, scope) for item in items)
            if _is_missing(left) or found != (operator == "in"):
                return False
            continue
        right = _value(side, run, scope)
        if not _compare(operator, left, right, scope):
            return False
        left = right
    return True


def _is_missing(value: Value) -> bool:
    return value is None or (isinstance(value, float) and math.isnan(value))


_ORDERS: dict[str, Callable[[int], bool]] = {
    "==": lambda sign: sign == 0,
    "!=": lambda sign: sign != 0,
    "<": lambda sign: sign < 0,
    "<=": lambda sign: sign <= 0,
    ">": lambda sign: sign > 0,
    ">=": lambda sign: sign >= 0,
}


def _compare(operator: str, left: Value, right: Value, scope: Scope) -> bool:
    if _is_missing(left) or _is_missing(right):
        return False
    if isinstance(left, datetime) or isinstance(right, datetime):
        return _compare_times(operator, left, right, scope)
    sign = _sign(left, right)
    # two present values of different kinds differ, and neither is the smaller
    return operator == "!=" if sign is None else _ORDERS[operator](sign)


def _sign(left: Value, right: Value) -> int | None:
    """-1, 0 or 1; by number when both are numbers, by text when both are text, else None."""
    if isinstance(left, str | Written) and isinstance(right, str | Written):
        numbers = (_exact(left), _exact(right))
        if numbers[0] is None or numbers[1] is None:
            a, b = _text(left) or "", _text(right) or ""
            return (a > b) - (a < b)
    else:
        numbers = (_beside(left, right), _beside(right, left))
    x, y = numbers
    return None if x is None or y is None else (x > y) - (x < y)


def _beside(value: Value, other: Value) -> float | None:
    """A value's number; the text `True` counts as one beside true or false."""
    if isinstance(value, Written) and isinstance(other, bool):
        word = _word(value.text)
        return _number(value) if word is None else float(word)
    return _number(value)


def _exact(value: str | Written) -> float | None:
    """A param's number where a float keeps all its digits: long seeds stay apart."""
    if isinstance(value, Written) and abs(value.number) < _LARGEST_WHOLE:
        return value.number
    return None


def _compare_times(operator: str, left: Value, right: Value, scope: Scope) -> bool:
    moments = [
        value if isinstance(value, datetime) else since_time(_text(value) or "", scope.now)
        for value in (left, right)
    ]
    a, b = moments
    return a is not None and b is not None and _ORDERS[operator]((a > b) - (a < b))
