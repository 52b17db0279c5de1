"""The numbers of `operations`: every group on every measure, sums, and ratios to the baseline."""

from __future__ import annotations

from dataclasses import dataclass

from runreport.design import Metric
from runreport.samples import Dropped, Group, Sample
from runreport.sections.comparing import Comparison
from runreport.sections.efficiency import Efficiency
from runreport.sections.measures import Measures
from runreport.sections.totals import Spent


@dataclass(frozen=True, eq=False)
class OperationsData:
    """Every group on every measure, and the sums."""

    groups: tuple[Group, ...]
    quality: Metric | None
    quality_samples: tuple[Sample, ...]
    """One per group; empty without a quality."""
    found: Measures
    samples: tuple[tuple[Sample, ...], ...]
    """Per measure one of each group."""
    spent: tuple[Spent, ...]
    """Of the measures that add up, the time first that is charged."""
    best: Group | None
    """The best group by quality."""
    efficiency: Efficiency | None
    differences: tuple[Comparison, ...]
    """Of the quality, against the baseline."""
    level: float
    replicates: str
    runs: int
    dropped: tuple[Dropped, ...]
