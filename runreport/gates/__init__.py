"""Whether a candidate may be promoted: every gate of a spec held against what the report found.

A gate passes only on what is known. It fails where

- a metric is missing, or a finished run has NaN or infinity for it: NaN is never compared;
- a verdict is asked for and none can be given: one run per configuration, too few values,
  evaluation data that differ, no declared goal;
- `not_worse` is asked for: it passes where the interval of two one-sided tests stays above minus
  the margin, and without a margin only where the candidate is better;
- a segment, a run's cost or its lineage is unknown;
- nothing is there to judge: no candidate, no baseline.

A relative bound, `max_drop: 2%`, is so much of the size of the baseline's mean: of -50 it allows
1 worse, the same as of 50. Of a mean of 0 it is nothing, so the gate fails and says that the
bound must be written in the metric's unit. `require` with a relative margin of 0 fails the same.
Bounds hold for the numbers as they are, compared to about nine digits, so that 0.57 x 100 is 57.

A waiver lets a gate fail until the end of a day (UTC), by the report's time: `SOURCE_DATE_EPOCH`,
else the newest run. It is never compared with the clock, so an old report stays what it was.
Where neither is known, no waiver holds.
Several candidates pass together or not at all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from runreport.errors import Problem, SpecError
from runreport.gates import costs, metrics, origins, segments, titles, warnings
from runreport.gates.sides import problems_of, sides_of
from runreport.kinds import Context, Judged, Ruling
from runreport.selection import UNDATED
from runreport.spec.gates import (
    CostGate,
    Gate,
    LineageGate,
    MetricGate,
    SegmentGate,
    WarningGate,
)


def judge(
    gates: Sequence[Gate], context: Context, warned: Sequence[Problem] = ()
) -> tuple[Judged, ...]:
    """Every gate with what was found, in the spec's order.

    Args:
        gates: of the spec.
        context: of the report.
        warned: problems of the spec's text; those of names and of reading the context knows.

    Raises:
        SpecError: RR216 where a condition selects no group, or several for one.
    """
    if problems := problems_of(gates, context.groups, context.evaluate):
        raise SpecError(problems)
    told = (*warned, *context.warnings, *context.problems)
    return tuple(_judged(gate, context, told) for gate in gates)


def stops(judged: Sequence[Judged]) -> bool:
    """Whether a promotion must not happen: a critical gate failed, and no waiver holds."""
    return any(one.stops for one in judged)


def _judged(gate: Gate, context: Context, told: Sequence[Problem]) -> Judged:
    rulings = tuple(_rulings(gate, context, told))
    passed = all(ruling.passed for ruling in rulings)
    waiver = gate.waive
    dated = context.now != UNDATED
    holds = waiver is not None and dated and context.now.date() <= waiver.until
    return Judged(
        title=gate.name or titles.title_of(gate, context),
        about=titles.about(gate),
        severity=gate.severity,
        rulings=rulings,
        passed=passed,
        waived=holds and not passed,
        waiver=waiver,
        expired=waiver is not None and not holds,
        dated=dated,
    )


def _rulings(gate: Gate, context: Context, told: Sequence[Problem]) -> Iterator[Ruling]:
    if isinstance(gate, WarningGate):
        yield warnings.ruling(told)
        return
    sides = sides_of(gate, context)
    if not sides.candidates:
        words = "There is no candidate: the report has no group but the one compared with."
        yield Ruling("", False, words if context.groups else "The report has no runs.")
        return
    if sides.lacks_baseline(gate):
        yield Ruling("", False, "There is no baseline to compare with.")
        return
    yield from _JUDGES[type(gate)](gate, sides)


_JUDGES: Mapping[type, Callable[..., Iterator[Ruling]]] = {
    MetricGate: metrics.rulings,
    SegmentGate: segments.rulings,
    CostGate: costs.rulings,
    LineageGate: origins.rulings,
}
