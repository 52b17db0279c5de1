"""What a history comes to for one run: a mean, a value at a step, a value where another is best.

A report asks for the same reduction of a thousand runs one after the other; the first question
reduces all of them, a bounded number of points at a time, and keeps one number per run.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from runreport.history import History, Series

MAX_POINTS = 500_000
"""Points held at once; one run with more is read alone."""


@dataclass(frozen=True, slots=True)
class Reduction:
    """How the points of a metric become one number."""

    function: str
    """first, last, min, max, mean, count, at_step, at_min, at_max, at_first, at_last, step_above,
    step_below."""
    metric: str
    other: str = ""
    """Of `at_...`: the metric read where `metric` points."""
    step: float = math.nan
    """Of `at_step`; of `step_above` and `step_below` the value to reach."""


class Reductions:
    """Numbers of a history, each asked for once."""

    def __init__(self) -> None:
        self._known: dict[Reduction, Mapping[str, float]] = {}

    def number(self, history: History | None, wanted: Reduction, run: str) -> float | None:
        """The reduction for one run, as logged; None when it has no such points."""
        if wanted not in self._known:
            held = frozenset() if history is None else history.metrics()
            # points that were not read yet may still come
            if history is None or not {wanted.metric, wanted.other or wanted.metric} <= held:
                return None
            self._known[wanted] = dict(_reduce_all(history, wanted))
        return self._known[wanted].get(run)


def _reduce_all(history: History, wanted: Reduction) -> Iterator[tuple[str, float]]:
    metrics = list(dict.fromkeys((wanted.metric, wanted.other or wanted.metric)))
    for runs in _parts([history.counts(metric) for metric in metrics]):
        series = [history.series(metric, runs) for metric in metrics]
        for run in runs:
            if run in series[0] and run in series[-1]:
                number = _reduce(series[0][run], series[-1][run], wanted)
                if number is not None:
                    yield run, number


def _parts(counts: list[Mapping[str, int]]) -> Iterator[list[str]]:
    runs: list[str] = []
    points = 0
    for run in counts[0]:
        size = sum(count.get(run, 0) for count in counts)
        if runs and points + size > MAX_POINTS:
            yield runs
            runs, points = [], 0
        runs.append(run)
        points += size
    if runs:
        yield runs


def _reduce(series: Series, other: Series, wanted: Reduction) -> float | None:
    function = wanted.function
    if function == "count":
        return float(len(series.value))
    if function in ("step_above", "step_below"):
        values = series.value if function == "step_above" else -series.value
        target = wanted.step if function == "step_above" else -wanted.step
        reached = (values >= target).nonzero()[0]
        return float(series.step[reached[0]]) if reached.size else None
    if function == "at_step":
        return _at_or_before(series, wanted.step)
    if function.startswith("at_"):
        place = _place(series, function.removeprefix("at_"))
        if place is None or other is series:
            return None if place is None else float(series.value[place])
        return _at_or_before(other, float(series.step[place]))
    if function == "mean":
        return _mean(series)
    place = _place(series, function)
    return None if place is None else float(series.value[place])


def _place(series: Series, which: str) -> int | None:
    """Where the first, last, smallest or largest value stands; of equal ones the earliest."""
    import numpy as np

    if not len(series.value):
        return None
    if which in ("first", "last"):
        return 0 if which == "first" else len(series.value) - 1
    finite = np.flatnonzero(np.isfinite(series.value))
    if not finite.size:
        return None
    pick: Callable[..., np.intp] = np.argmin if which == "min" else np.argmax
    return int(finite[pick(series.value[finite])])


def _at_or_before(series: Series, step: float) -> float | None:
    """The last value at that step, else at the last step before it."""
    if math.isnan(step):
        return None
    place = int(series.step.searchsorted(step, side="right")) - 1
    return float(series.value[place]) if place >= 0 else None


def _mean(series: Series) -> float | None:
    finite = [value for value in series.value.tolist() if math.isfinite(value)]
    if not finite:
        return None
    try:
        # correctly rounded, so that every machine writes the same digits
        return math.fsum(finite) / len(finite)
    except OverflowError:
        return math.fsum(value / len(finite) for value in finite)
