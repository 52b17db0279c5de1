"""What a search varied, and which metric it is judged by where the author does not say."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from runreport.kinds import Context
from runreport.sections import charting, configurations, identities, quantities
from runreport.sections.charting import Floats
from runreport.sections.configurations import Settings, same, text_of
from runreport.sections.quantities import Quantity
from runreport.spec.expressions import Expression, Scalar
from runreport.spec.names import qualified
from runreport.stats import ties
from runreport.stats.explained import explained, parts
from runreport.stats.space import Level
from runreport.tables import FINISHED, Run, parse_number


@dataclass(frozen=True, eq=False)
class Varied:
    """A param that differs between runs."""

    name: str
    quantity: Quantity
    share: float | None
    """Of the variance of the metric's ranks that lies between its values; None where that cannot
    be said."""


def metric_of(context: Context, name: str | None) -> tuple[Quantity | None, str]:
    """The metric that is asked for, else the primary one, else the most logged; and what to say
    of that choice.
    """
    if name is None and context.design.primary:
        name = context.design.primary[0].name
    if name is not None:
        return _read(context, name), ""
    counts = Counter(metric for run in context.runs for metric in run.metrics)
    if not counts:
        return None, ""
    name = min(counts, key=lambda key: (-counts[key], key))
    said = f"No metric is declared, so {charting.fit(name, 40)}, which most runs logged, is shown."
    return _read(context, name), said


def _read(context: Context, name: str) -> Quantity:
    if any(metric.name == name for metric in context.design.metrics):
        return quantities.read(context, context.runs, Expression(name))
    return quantities.read(context, context.runs, expression_of("metrics", name))


def expression_of(family: str, name: str) -> Expression:
    """Reads exactly this param or metric, under its own name."""
    return Expression(qualified(family, name), heading=name)


def numbers_of(quantity: Quantity, runs: Sequence[Run] | None = None) -> Floats:
    """One number per run, NaN where there is none; with `runs`, of finished ones alone."""
    found = [value if isinstance(value, float) else np.nan for value in quantity.values]
    numbers = np.array(found, dtype=np.float64)
    if runs is not None:
        numbers[[run.status not in FINISHED for run in runs]] = np.nan
    return numbers


def varied(context: Context, settings: Settings, metric: Quantity | None) -> tuple[Varied, ...]:
    """Params that tell configurations apart, those that go with the metric's ranks most first."""
    found = []
    for name in settings.names:
        quantity = param_of(context, name)
        found.append(Varied(name, quantity, _share(context, quantity, metric)))
    return tuple(sorted(found, key=lambda item: -1 if item.share is None else -1 - item.share))


def param_of(context: Context, name: str) -> Quantity:
    """One param of every run, as `quantities.read` has it, without asking an expression.

    Values that configurations take for equal are written as the first of them.
    """
    values: list[Scalar] = []
    reasons = []
    first: dict[Level, Scalar] = {}
    for run in context.runs:
        text = text_of(run, name)
        value: Scalar = None
        reason = f"no value of {charting.fit(name, 40)}"
        if text is not None:
            number = parse_number(text)
            value, reason = text, ""
            if not math.isnan(number):
                value, reason = quantities.drawable(number, charting.fit(name, 40))
            if value is not None:
                value = first.setdefault(same(text) or text, value)
        values.append(value)
        reasons.append(reason)
    return Quantity(name, charting.fit(name), "", None, tuple(values), tuple(reasons))


def _share(context: Context, quantity: Quantity, metric: Quantity | None) -> float | None:
    if metric is None:
        return None
    values = numbers_of(metric, context.runs)
    kept = [
        index
        for index, value in enumerate(quantity.values)
        if value is not None and np.isfinite(values[index])
    ]
    if not kept:
        return None
    levels: list[float | str | int] = [str(quantity.values[index]) for index in kept]
    numbers = numbers_of(quantity)[kept]
    if np.isfinite(numbers).all():
        levels = list(parts(numbers).tolist())
    own = values[kept]
    return explained(levels, ties.settle(own, ties.size_of(own)))


def choice_words(chosen: Sequence[Varied], metric: Quantity, count: int) -> str:
    """How the params were chosen, with the figures that led to it.

    Args:
        chosen: the params taken.
        metric: judged by.
        count: params there were to choose from.
    """
    name = charting.fit(metric.name, 40)
    known = [item for item in chosen if item.share is not None]
    if not known:
        return "" if count <= len(chosen) else (
            f"The first {len(chosen)} of {count} params that differ are taken: which of them go "
            f"with {name} cannot be said from so few runs."
        )  # fmt: skip
    shares = charting.named(
        [f"{charting.fit(v.name, 30)} {100 * (v.share or 0):.0f} %" for v in known], 6
    )
    return (
        f"No params were named, so those that go with {name} most are taken. Share of the "
        f"variance of its ranks between their values: {shares}."
    )


@dataclass(frozen=True, eq=False)
class Asked:
    """Two params and the metric that is looked at over them."""

    metric: Quantity
    settings: Settings
    x: Quantity
    y: Quantity
    remarks: tuple[str, ...]
    """How these were chosen, and what tells no configurations apart."""


def plane_of(
    context: Context,
    metric: str | None,
    x: Expression | None,
    y: Expression | None,
    *,
    numbers_first: bool = False,
) -> Asked | str:
    """What an author asks for who places a metric over two params, or why there is nothing."""
    found, said = metric_of(context, metric)
    if found is None:
        return "No run has logged a metric." if context.runs else "This report has no runs."
    settings = configurations.read(context)
    first, second, chosen = two_params(context, settings, x, y, found, numbers_first=numbers_first)
    if first is None or second is None:
        return _missing_params(settings)
    told = (said, chosen, *identities.words(settings.left_out))
    return Asked(found, settings, first, second, tuple(remark for remark in told if remark))


def _missing_params(settings: Settings) -> str:
    """Why no two params could be taken."""
    if not settings.runs:
        return "This report has no runs."
    if not settings.names:
        return configurations.none_differs(settings)
    name = charting.fit(settings.names[0], 40)
    said = f"Two params are needed; only {name} differs between configurations."
    return " ".join((said, *identities.words(settings.left_out)))


def two_params(
    context: Context,
    settings: Settings,
    x: Expression | None,
    y: Expression | None,
    metric: Quantity,
    *,
    numbers_first: bool = False,
) -> tuple[Quantity | None, Quantity | None, str]:
    """What to place runs by: what the author names, else the params that go with the metric most;
    and what to say of that choice.

    Args:
        context: the report's.
        settings: its configurations.
        x: as written.
        y: as written.
        metric: judged by.
        numbers_first: params of words are taken only where those of numbers run out.
    """
    written = [None if e is None else quantities.read(context, context.runs, e) for e in (x, y)]
    if None not in written:
        return written[0], written[1], ""
    named = {e.text.removeprefix("params.") for e in (x, y) if e is not None}
    free = [item for item in varied(context, settings, metric) if item.name not in named]
    if numbers_first:
        free.sort(key=lambda item: not is_number(item.quantity))
    taken = free[: written.count(None)]
    rest = iter([item.quantity for item in taken])
    first, second = (item if item is not None else next(rest, None) for item in written)
    said = choice_words(taken, metric, len(free))
    numbers = [is_number(item.quantity) for item in free]
    if numbers_first and said and any(numbers) and not all(numbers):
        said += " Params of words come after those of numbers."
    return first, second, said


def is_number(quantity: Quantity) -> bool:
    """Whether it holds numbers alone."""
    present = [value for value in quantity.values if value is not None]
    return bool(present) and all(not isinstance(value, str) for value in present)


def best_words(values: Floats, best: int) -> str:
    """`the best run`, or that others are as good.

    Args:
        values: of all candidates.
        best: the place of the one that is shown.
    """
    alike = int((values == values[best]).sum())
    return "the best run" if alike == 1 else f"the first of {alike} runs with the best value"
