"""One number for many tasks: interquartile means and their kin, with intervals and profiles.

Groups are compared across the tasks (games, data sets) that `groups.across` names. Each task counts
the same; intervals say what new runs on these tasks would change. Scores of different tasks need
one scale first, for example `value: (score - random) / (human - random)`.

    - aggregate: {metric: val_accuracy}
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from runreport.blocks import Block, Note, Text
from runreport.design import Metric, MetricName
from runreport.kinds import Context, Section
from runreport.sections import charting, statements, taskdetail, taskwords, workings
from runreport.sections.multiples import multiples
from runreport.sections.profiles import profiles
from runreport.sections.tasks import Question, Standing, Tasks, tasks_of
from runreport.sections.verdicts import plain
from runreport.stats import words
from runreport.stats.aggregates import Statistic
from runreport.stats.mixed import Mixed
from runreport.stats.testers import SEED

CAUTIONS = 8


@dataclass(frozen=True, slots=True)
class Options:
    """What the author may write."""

    metric: MetricName | None = None
    """The metric; `aggregate: score` is enough. The first primary metric when not given."""
    statistics: tuple[Statistic, ...] = ("iqm", "median", "mean", "optimality_gap")
    """Which aggregates, in this order; the IQM is always computed."""
    gamma: float | None = None
    """What is good enough, for the optimality gap, in displayed units; a logged score of 1 when
    not given."""
    profile: bool = True
    """Whether performance profiles are drawn."""
    mixed: bool = False
    """Also fit a mixed model: score by group, on tasks whose level is random. Needs statsmodels."""
    limit: int = 20
    """With more groups than this the first ones are drawn; profiles have at most 8."""


@dataclass(frozen=True, eq=False)
class AggregateData:
    """The metric and its tasks."""

    metric: Metric | None
    """None where none is declared."""
    tasks: Tasks | None
    """None where the design names no tasks."""


def compute(context: Context, options: Options) -> AggregateData:
    """Aggregates, intervals, chances and profiles of every group."""
    primary = context.design.primary
    if options.metric is None and not primary:
        return AggregateData(None, None)
    metric = context.design.metric(options.metric) if options.metric else primary[0]
    if context.design.across is None:
        return AggregateData(metric, None)
    asked = dict.fromkeys(options.statistics)
    if metric.goal != "maximize":
        # a gap is what is missing to a score that is high enough
        asked.pop("optimality_gap", None)
    gamma = metric.scale if options.gamma is None else options.gamma
    question = Question(tuple(asked) or ("iqm",), gamma, options.profile, options.mixed)
    return AggregateData(metric, tasks_of(context, metric, question))


def present(data: AggregateData, options: Options) -> tuple[Block, ...]:
    """The sentence, what it does not say, charts, tables, and how it was computed."""
    if data.metric is None:
        why = "The report declares no metric and this section names none."
        return (Note("info", "Nothing to aggregate", (Text((why,)),)),)
    name = charting.fit(data.metric.title)
    tasks = data.tasks
    if tasks is None:
        why = (
            "The spec names no tasks. Declare `groups: {across: ...}` with the param that says "
            "which task or data set a run is of."
        )
        return (Note("info", f"No tasks to aggregate {name} over", (Text((why,)),)),)
    if not tasks.standings:
        return (Note("info", f"Nothing to aggregate on {name}", (Text((_nothing(tasks),)),)),)
    told = [(found.words, found.code) for found in (*tasks.apart, *taskwords.cautions(tasks))]
    caution = [workings.caution_note(told, CAUTIONS)] if told else []
    # what cannot be compared is said before any number
    blocks: list[Block] = [*caution] if tasks.apart else []
    blocks.append(Text(taskwords.lead(tasks), "lead"))
    if said := taskwords.chance_words(tasks):
        blocks.append(Text(said))
    if said := taskwords.not_said(tasks):
        blocks.append(Text(said, "small"))
    blocks += [] if tasks.apart else caution
    blocks.append(multiples(tasks, options.limit, taskdetail.table(tasks)))
    # beyond the distinct colours curves cannot be told apart
    chart = profiles(tasks, min(options.limit, 8))
    if chart is not None:
        blocks.append(chart)
    if tasks.mixed:
        blocks += taskdetail.mixed_blocks(tasks, tasks.mixed)
    blocks += [taskdetail.by_task(tasks), taskdetail.workings(tasks)]
    return tuple(blocks)


def _nothing(tasks: Tasks) -> str:
    if not tasks.partial:
        return charting.dropped_words(tasks.dropped) or "No runs are selected."
    if tasks.empty:
        there, some = "is" if len(tasks.partial) == 1 else "are", charting.named(tasks.partial, 5)
        word = tasks.task if len(tasks.partial) == 1 else words.several(tasks.task)
        return f"No {tasks.task} has a value of every group. The {word} {there}: {some}."
    return f"No {tasks.task} has a value of every group."


# ---- data ----------------------------------------------------------------------------------------


def record(data: AggregateData) -> dict[str, Any]:
    """Every group's aggregates, as data."""
    tasks = data.tasks
    if data.metric is None or tasks is None or not tasks.standings:
        return {"metric": None if data.metric is None else data.metric.name, "groups": []}
    return {
        "metric": data.metric.name,
        "goal": data.metric.goal,
        "unit": data.metric.unit,
        "words": [plain(taskwords.lead(tasks)), plain(taskwords.chance_words(tasks))],
        "tasks": list(tasks.names),
        "left_out": list(tasks.partial),
        "baseline": None if tasks.baseline is None else tasks.baseline.label,
        "gamma": tasks.question.gamma,
        "level": tasks.level,
        "resamples": tasks.draws,
        "seed": SEED,
        "groups": [_group(item) for item in tasks.standings],
        "mixed": _mixed_record(tasks),
        "findings": statements.findings([*tasks.apart, *taskwords.cautions(tasks)]),
    }


def _group(item: Standing) -> dict[str, Any]:
    return {
        "group": item.group.label,
        "runs_per_task": list(item.runs),
        **{str(name): found for name, found in item.found.items()},
        "probability_of_improvement": item.chance,
    }


def _mixed_record(tasks: Tasks) -> Any:
    if not isinstance(tasks.mixed, Mixed):
        return tasks.mixed or None
    labels: dict[str, str] = {item.group.id: item.group.label for item in tasks.standings}
    effects = [
        {
            "group": labels[group_id],
            "difference": estimate.difference,
            "standard_error": estimate.standard_error,
            "df": estimate.df,
            "interval": estimate.interval(tasks.mixed_level),
        }
        for group_id, estimate in tasks.mixed.effects
    ]
    return {
        "reference": labels[tasks.mixed.reference],
        "effects": effects,
        "between": tasks.mixed.between,
        "within": tasks.mixed.within,
        "singular": tasks.mixed.singular,
        "converged": tasks.mixed.converged,
    }


SECTION = Section(
    name="aggregate",
    options=Options,
    compute=compute,
    present=present,
    title="Over all tasks",
    record=record,
    short="metric",
)
