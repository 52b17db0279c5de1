"""What a search varied, and which metric it is judged by where the author does not say."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from runreport.budget import bare
from runreport.kinds import Context
from runreport.sections import charting, quantities
from runreport.sections.charting import Floats
from runreport.sections.quantities import Quantity
from runreport.sections.tuning import is_setting
from runreport.spec.expressions import Expression, Scalar
from runreport.spec.names import qualified
from runreport.stats import ties
from runreport.stats.explained import explained, parts
from runreport.tables import FINISHED, Run

Codes = NDArray[np.intp]

NAMES = 12
"""From so many runs on, a param with a different word in each of them is a name."""


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


def varied(context: Context, metric: Quantity | None) -> tuple[Varied, ...]:
    """Settings that differ between runs, those that go with the metric's ranks most first."""
    names = settings(context)
    found = []
    for name in names:
        quantity = param_of(context, name)
        found.append(Varied(name, quantity, _share(context, quantity, metric)))
    return tuple(sorted(found, key=lambda item: -1 if item.share is None else -1 - item.share))


def settings(context: Context) -> tuple[str, ...]:
    """Params with two values or more that say how a run was set up: no seeds, names or paths."""
    design = context.design
    apart = {
        bare(column)
        for column in (
            design.replicates, design.pair_by, design.items, design.cluster, design.repeat,
        )
        if column
    }  # fmt: skip
    levels: dict[str, set[float | str]] = {}
    counts: Counter[str] = Counter()
    for run in context.runs:
        for name, param in run.params.items():
            levels.setdefault(name, set()).add(param.level)
            counts[name] += 1
    found = []
    for name in sorted(levels):
        own = levels[name]
        is_name = len(own) == counts[name] >= NAMES and any(isinstance(v, str) for v in own)
        if len(own) > 1 and name not in apart and is_setting(name) and not is_name:
            found.append(name)
    return tuple(found)


def codes_of(context: Context) -> Codes:
    """The configuration of each run: equal where runs share every setting.

    Args:
        context: the report's.

    Returns:
        Shape (runs,).
    """
    names = settings(context)
    seen: dict[tuple[float | str | None, ...], int] = {}
    found = []
    for run in context.runs:
        key = tuple(run.params[name].level if name in run.params else None for name in names)
        found.append(seen.setdefault(key, len(seen)))
    return np.array(found, dtype=np.intp)


def together(codes: Codes, chosen: Sequence[int]) -> tuple[tuple[int, ...], ...]:
    """Runs, by index, that are replicates of one configuration.

    Args:
        codes: from `codes_of`.
        chosen: indices of runs.
    """
    found: dict[int, list[int]] = {}
    for index, code in zip(chosen, codes[list(chosen)].tolist(), strict=True):
        found.setdefault(code, []).append(index)
    return tuple(tuple(members) for members in found.values())


def means_of(codes: Codes, chosen: NDArray[np.intp], *columns: Floats) -> tuple[Floats, ...]:
    """The mean of each column over the runs of one configuration, in the order of codes.

    Args:
        codes: from `codes_of`.
        chosen: indices of runs.
        columns: one value per run of the report, finite where chosen.
    """
    _, member, counts = np.unique(codes[chosen], return_inverse=True, return_counts=True)
    return tuple(np.bincount(member, column[chosen], counts.size) / counts for column in columns)


def param_of(context: Context, name: str) -> Quantity:
    """One param of every run, as `quantities.read` has it, without asking an expression."""
    values: list[Scalar] = []
    reasons = []
    for run in context.runs:
        param = run.params.get(name)
        value: Scalar = None
        reason = f"no value of {charting.fit(name, 40)}"
        if param is not None and not param.is_number:
            value, reason = param.text, ""
        elif param is not None:
            value, reason = quantities.drawable(param.number, charting.fit(name, 40))
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


def two_params(
    context: Context,
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
        x: as written.
        y: as written.
        metric: judged by.
        numbers_first: params of words are taken only where those of numbers run out.
    """
    written = [None if e is None else quantities.read(context, context.runs, e) for e in (x, y)]
    if None not in written:
        return written[0], written[1], ""
    named = {e.text.removeprefix("params.") for e in (x, y) if e is not None}
    free = [item for item in varied(context, metric) if item.name not in named]
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
