"""Rankings from tables of scores, and what they say."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from runreport import blocks as b
from runreport.design import Metric
from runreport.kinds import Context
from runreport.sections import ranking
from runreport.sections.critical import Diagram
from tests import reading
from tests.studies import study

AUC = Metric("auc", goal="maximize", primary=True)
TREES = ("C4.5", "C4.5+m", "C4.5+cf", "C4.5+m+cf")
Blocks = tuple[b.Block, ...]


def ranked(scores: Any, models: Sequence[str] = "", metric: Metric = AUC, **design: Any) -> Context:
    """A study of a table, data sets x models; NaN is a run that diverged."""
    table = np.asarray(scores, dtype=np.float64)
    names = list(models) or [f"m{place}" for place in range(table.shape[1])]
    runs = [
        {
            "name": f"{name}-d{row}",
            "params": {"model": name, "dataset": f"d{row}"},
            "metrics": {metric.name: float(table[row, place])},
        }
        for place, name in enumerate(names)
        for row in range(len(table))
    ]
    chosen = {"by": ["model"], "across": "dataset", "metrics": (metric,), **design}
    return study(runs, **chosen)


def compute(context: Context, **options: Any) -> ranking.RankingData:
    return ranking.compute(context, ranking.Options(**options))


def present(context: Context, **options: Any) -> Blocks:
    chosen = ranking.Options(**options)
    return ranking.present(ranking.compute(context, chosen), chosen)


def says(context: Context, **options: Any) -> str:
    return reading.said(present(context, **options))


def groups_table(blocks: Blocks) -> b.Table:
    return next(t for t in reading.find(blocks, b.Table) if t.caption.startswith("Groups on"))


def pairs_table(blocks: Blocks) -> b.Table:
    return next(t for t in reading.find(blocks, b.Table) if t.caption.startswith("Pairs on"))


def drawn(blocks: Blocks) -> Diagram:
    (figure,) = reading.find(blocks, b.Figure)
    assert isinstance(figure.data, Diagram)
    return figure.data


def apart(n: int = 12, k: int = 4) -> np.ndarray:
    """Models far apart from each other, the later the better, but for noise."""
    rng = np.random.default_rng(2)
    return rng.uniform(0.4, 0.6, (n, 1)) + 0.05 * np.arange(k) + rng.normal(0, 0.004, (n, k))
