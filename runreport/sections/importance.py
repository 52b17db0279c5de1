"""Which params a metric depends on: rank correlations, and shares of variance from a forest.

Runs with equal params but another seed are one configuration, and configurations are what is
counted. A param's importance is the share of the metric's variance that it explains, alone and
jointly with others, for configurations that the forest has not seen; each with its interval. With
too few configurations, or where the forest predicts no better than the mean, there is none, and
the page says why.

    - importance: {metric: val_accuracy}
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from runreport.blocks import Block, Note, Text
from runreport.design import MetricName, ParamName
from runreport.kinds import Context, Section
from runreport.sections import charting, importancewords, studies
from runreport.sections.explaining import Explained, Of, explain
from runreport.sections.importancechart import bars
from runreport.sections.importancecurves import curves, interplay


@dataclass(frozen=True, slots=True)
class Options:
    """What the author may write."""

    metric: MetricName | None = None
    """The metric explained; the first primary metric when not given."""
    params: tuple[ParamName, ...] = ()
    """Params looked at; by default all that tell configurations
    apart."""
    of: Of = "auto"
    """Whether the variance explained is that of the values or of their ranks; `auto`: of ranks
    where a few runs far out hold more than half of the variance."""
    limit: int = 20
    """With more params than this the first ones are drawn."""


# ---- numbers -------------------------------------------------------------------------------------


def compute(context: Context, options: Options) -> Explained | None:
    """Associations, and what a forest says; None without a metric."""
    design = context.design
    if options.metric is None and not design.primary:
        return None
    metric = design.metric(options.metric) if options.metric else design.primary[0]
    return explain(context, studies.studied(context, metric, options.params), options.of)


# ---- blocks --------------------------------------------------------------------------------------


def present(data: Explained | None, options: Options) -> tuple[Block, ...]:
    """What matters, how well the forest knows it, the chart, the table."""
    if data is None:
        why = "The report declares no metric and this section names none."
        return (Note("info", "No metric to explain", (Text((why,)),)),)
    name = charting.fit(data.study.metric.title)
    if not data.axes:
        why = importancewords.nothing(data)
        return (Note("info", f"No param to explain {name} by", (Text((why,)),)),)
    blocks: list[Block] = []
    if data.refusal:
        title = (
            f"No shares of variance of {name}: scikit-learn is not installed"
            if data.lacks_extra
            else f"No importance of params for {name} from these runs"
        )
        blocks.append(Note("info", title, (Text((data.refusal,)),)))
    blocks.append(Text((importancewords.lead(data),), "lead"))
    blocks += [Text((said,)) for said in importancewords.limits(data)]
    blocks += bars(data, max(1, options.limit))
    blocks += curves(data)
    blocks += interplay(data)
    blocks.append(importancewords.workings(data))
    return tuple(blocks)


# ---- data ----------------------------------------------------------------------------------------


def record(data: Explained | None) -> dict[str, Any]:
    """What the page says, as data."""
    if data is None:
        return {}
    forest = data.forest
    return {
        "metric": data.study.metric.name,
        "words": importancewords.lead(data) if data.axes else importancewords.nothing(data),
        "configurations": data.n,
        "runs": data.runs,
        "unit_of_replication": "configuration",
        "refusal": data.refusal,
        "explained": "ranks" if data.ranked else "values",
        "fit": None if forest is None else forest.fit,
        "family": sum(item is not None for item in data.associations),
        "params": [
            {
                "param": data.axes[place].name,
                "scale": data.axes[place].kind,
                "moves_together_with": importancewords.alike(data, place),
                "set_in": int(data.axes[place].is_set.sum()),
                "association": data.associations[place],
                "p_adjusted": data.adjusted[place],
                "total": forest.effects[place].total if forest and forest.effects else None,
                "alone": forest.effects[place].alone if forest and forest.effects else None,
            }
            for place in data.order
        ],
        "pairs": [
            {
                "params": [data.axes[pair.first].name, data.axes[pair.second].name],
                "share": pair.share,
            }
            for pair in (forest.pairs if forest else ())
        ],
        "failures": dict(data.study.failures),
        "left_out": list(data.study.left_out),
        "not_looked_at": list(data.study.rare),
        "configurations_left_out": data.cut,
    }


SECTION = Section(
    name="importance",
    options=Options,
    compute=compute,
    present=present,
    title="Importance of params",
    record=record,
    short="metric",
)
