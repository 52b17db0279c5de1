"""What a whole study took, by what became of its runs: failed ones and those left out count too."""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

from runreport.design import Metric
from runreport.kinds import Context
from runreport.samples import Group
from runreport.sections.measures import Measure
from runreport.tables import FINISHED, Run

Outcome = Literal["finished", "diverged", "failed", "running", "left out", "left out failed"]
"""Diverged: finished without a finite value of the quality. Left out: by the selection."""

OUTCOMES: tuple[Outcome, ...] = (
    "finished", "diverged", "failed", "running", "left out", "left out failed",
)  # fmt: skip
LOST: tuple[Outcome, ...] = ("diverged", "failed", "left out failed")


@dataclass(frozen=True, slots=True)
class Part:
    """The runs of one outcome, summed."""

    total: float
    runs: int
    unknown: int
    """Runs without a value: the true total is higher."""
    run_ids: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Spent:
    """One measure over the whole study."""

    measure: Measure
    by_outcome: dict[Outcome, Part]
    by_group: tuple[tuple[Group, dict[Outcome, Part]], ...]
    """Selected runs alone."""
    parents: int
    """Runs whose time is that of their children, and does not count."""

    @property
    def total(self) -> float:
        return math.fsum(part.total for part in self.by_outcome.values())

    @property
    def runs(self) -> int:
        return sum(part.runs for part in self.by_outcome.values())

    @property
    def unknown(self) -> int:
        return sum(part.unknown for part in self.by_outcome.values())

    @property
    def lost(self) -> float:
        """Spent on failed and diverged runs."""
        return math.fsum(self.by_outcome[name].total for name in LOST)


def spent(context: Context, measure: Measure, quality: Metric | None) -> Spent:
    """The sums of a measure.

    Args:
        context: the report.
        measure: that adds up.
        quality: decides which finished runs diverged; None: none did.
    """
    everyone = [*context.runs, *(left_out.run for left_out in context.excluded)]
    parents = {run.parent_id for run in everyone if run.parent_id is not None}
    # a parent's clock runs while its children do
    nested = {run.id for run in everyone if run.id in parents} if _is_clock(measure) else set()
    selected = {run.id for run in context.runs}

    def outcome(run: Run) -> Outcome:
        own = outcome_of(context, run, quality)
        if run.id in selected:
            return own
        return "left out failed" if own == "failed" else "left out"

    sorted_out: dict[Outcome, list[Run]] = {name: [] for name in OUTCOMES}
    for run in everyone:
        if run.id not in nested:
            sorted_out[outcome(run)].append(run)
    groups = []
    for group in context.groups:
        own: dict[Outcome, list[Run]] = {name: [] for name in OUTCOMES}
        for run in group.runs:
            if run.id not in nested:
                own[outcome(run)].append(run)
        groups.append((group, {name: _part(measure, runs) for name, runs in own.items()}))
    return Spent(
        measure,
        {name: _part(measure, runs) for name, runs in sorted_out.items()},
        tuple(groups),
        len(nested),
    )


def _is_clock(measure: Measure) -> bool:
    return measure.origin in ("tables", "computed")


def outcome_of(context: Context, run: Run, quality: Metric | None) -> Outcome:
    """What became of a run."""
    if run.status == "running":
        return "running"
    if run.status not in FINISHED:
        return "failed"
    if quality is not None and context.value(run, quality).state in ("nan", "inf"):
        return "diverged"
    return "finished"


def _part(measure: Measure, runs: Collection[Run]) -> Part:
    numbers = [value.number for run in runs if (value := measure.values.get(run.id))]
    known = [number for number in numbers if number is not None]
    ids = tuple(run.id for run in runs)
    return Part(math.fsum(known), len(runs), len(runs) - len(known), ids)
