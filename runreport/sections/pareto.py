"""Quality against time, memory, size or cost: which runs nothing beats at once, and their price.

The first metric is the quality, the second what it costs; a third may follow. Runs that share
every setting are one point with the interval of its means. A point is on the front when no other
is as good in everything and better in something. With three runs or more of a configuration, the
page says in which share of resamples it stays on the front, and each step along the front says
what one more unit of quality costs.

    - pareto: {metrics: [val_accuracy, train_time]}
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from runreport.blocks import Block, Figure, Note, Text
from runreport.design import Goal
from runreport.kinds import Context, Section
from runreport.sections import (
    charting,
    configurations,
    frontdraw,
    frontier,
    frontwords,
    identities,
    quantities,
    searched,
)
from runreport.sections.frontier import Criterion, Frontier
from runreport.sections.quantities import Quantity
from runreport.spec.expressions import Expression


@dataclass(frozen=True, slots=True)
class Options:
    """What the author may write."""

    metrics: tuple[Expression, ...] = ()
    """Two or three metrics or expressions, the quality first, then its cost; by default the
    primary metric and the first operational one, or the duration."""
    goals: tuple[Goal, ...] = ()
    """`maximize` or `minimize` of each, in the same order, where none is declared."""
    log_x: bool | None = None
    """Logarithmic axis of the cost; by default where the largest mean is 50 times the smallest."""
    log_y: bool | None = None
    """The same for the quality."""
    resamples: int = 2000
    """How often replicates are drawn again."""


@dataclass(frozen=True, eq=False)
class ParetoData:
    """The front, or why there is none."""

    frontier: Frontier | None
    why: str
    remarks: tuple[str, ...]


# ---- numbers -------------------------------------------------------------------------------------


def compute(context: Context, options: Options) -> ParetoData:
    """What runs are judged by, and the front over them."""
    remarks: list[str] = []
    if options.metrics:
        if not 2 <= len(options.metrics) <= 3:
            return ParetoData(None, "A front is over two metrics or three.", ())
        read = [quantities.read(context, context.runs, item) for item in options.metrics]
    else:
        read = _default(context, remarks)
    if len(read) < 2:
        why = "No second metric tells what the first costs: name both in `metrics`."
        return ParetoData(None, why if context.runs else "This report has no runs.", ())
    criteria = []
    for place, quantity in enumerate(read):
        goal = options.goals[place] if place < len(options.goals) else None
        criterion = frontier.criterion_of(quantity, goal)
        if criterion is None:
            name = charting.fit(quantity.name, 50)
            why = f"No goal is declared for {name}: write `goals`, or declare the metric."
            return ParetoData(None, why, ())
        criteria.append(criterion)
    guessed = [criterion.name for criterion in criteria if criterion.guessed]
    if guessed:
        remarks.append(f"Less is taken as better for {charting.named(guessed)}, a guess by name.")
    logs = (options.log_y, options.log_x, None)[: len(criteria)]
    settings = configurations.read(context)
    remarks += identities.words(settings.left_out)
    found = frontier.frontier_of(context, settings, criteria, logs, options.resamples)
    return ParetoData(found, "", tuple(remarks))


def _default(context: Context, remarks: list[str]) -> list[Quantity]:
    """The primary metric, and the first thing that is known to cost something."""
    quality, said = searched.metric_of(context, None)
    if quality is None:
        return []
    remarks += [said] if said else []
    cost = _cost(context, quality)
    if cost is None:
        return [quality]
    remarks.append(
        f"No metrics were named, so {charting.fit(quality.name, 40)} is judged against "
        f"{charting.fit(cost.name, 40)}."
    )
    return [quality, cost]


def _cost(context: Context, quality: Quantity) -> Quantity | None:
    """The first operational metric, else a logged one with the name of a cost, else duration."""
    for metric in context.design.metrics:
        if metric.role == "operational" and metric.title != quality.name:
            return quantities.read(context, context.runs, Expression(metric.name))
    for name in sorted({name for run in context.runs for name in run.metrics}):
        if name != quality.name and frontier.is_cost(name):
            return quantities.read(context, context.runs, searched.expression_of("metrics", name))
    if any(run.duration_s is not None for run in context.runs):
        expression = Expression("duration", heading="duration (s)")
        return quantities.read(context, context.runs, expression)
    return None


# ---- blocks --------------------------------------------------------------------------------------


def present(data: ParetoData, options: Options) -> tuple[Block, ...]:
    """What is on the front in words, the chart, and what each step along it costs."""
    found = data.frontier
    if found is None:
        return (Note("info", "No front", (Text((data.why,)),)),)
    if not found.points:
        why = charting.dropped_words(found.dropped) or "This report has no runs."
        return (Note("info", "No front", (Text((why,)),)),)
    names = [criterion.name for criterion in found.criteria]
    chart = Figure(
        draw=frontdraw.draw,
        data=frontdraw.scene_of(found),
        title=f"{names[0]} against {' and '.join(names[1:])}",
        description=frontwords.description(found),
        table=frontwords.points_table(found),
        legend=frontdraw.legend_of(found),
        height=4.6,
        note=(" ".join([*frontwords.sentences(found), *data.remarks]),),
    )
    lead = Text(frontwords.lead(found), role="lead")
    steps = frontwords.steps_table(found)
    return (lead, chart) if steps is None else (lead, chart, steps)


def record(data: ParetoData) -> Mapping[str, Any]:
    """The points, which are on the front and how surely, and the price of each step."""
    found = data.frontier
    if found is None:
        return {"why": data.why}
    return {
        "criteria": [_criterion(criterion) for criterion in found.criteria],
        "level": found.level,
        "resamples": found.resamples,
        "remarks": data.remarks,
        "points": [
            {
                "label": point.label,
                "runs": [run.id for run in point.runs],
                "mean": point.mean.tolist(),
                "intervals": point.intervals,
                "on_front": point.is_front,
                "front_share": point.share,
                "dominated_by": [found.points[i].label for i in point.behind],
            }
            for point in found.points
        ],
        "steps": [
            {
                "from": found.points[step.start].label,
                "to": found.points[step.end].label,
                "gain": step.gain,
                "gain_interval": step.gain_interval,
                "cost": step.extra,
                "price": step.price,
                "price_interval": step.price_interval,
            }
            for step in found.steps
        ],
    }


def _criterion(criterion: Criterion) -> Mapping[str, Any]:
    return {
        "name": criterion.quantity.name,
        "goal": criterion.goal,
        "goal_guessed": criterion.guessed,
        "unit": criterion.quantity.unit,
    }


SECTION = Section(
    name="pareto", options=Options, compute=compute, present=present, record=record, short="metrics"
)
