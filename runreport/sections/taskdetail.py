"""Behind aggregates over tasks: their table, each task, the mixed model, how it was computed."""

from __future__ import annotations

from runreport import formats
from runreport.blocks import (
    Block,
    Bullets,
    Cell,
    Column,
    Fold,
    Headline,
    Mark,
    Note,
    Row,
    Table,
    Text,
    Words,
)
from runreport.samples import Group
from runreport.sections import charting
from runreport.sections.multiples import TITLES
from runreport.sections.tasks import Tasks, decimals_of, written
from runreport.stats import aggregates, words
from runreport.stats.mixed import Mixed
from runreport.stats.testers import SEED

TASK_ROWS, TASK_COLUMNS = 200, 12
"""Of the table of tasks."""


def table(tasks: Tasks) -> Table:
    """Every group with its aggregates and their intervals."""
    metric = tasks.metric
    statistics = [name for name in tasks.question.statistics if name in tasks.standings[0].found]
    goal = metric.goal
    columns = [
        Column("Group"),
        Column(f"{words.several(tasks.unit).capitalize()} per {tasks.task}"),
        *(
            Column(
                TITLES[name],
                "number",
                unit=metric.unit or None,
                goal="minimize" if name == "optimality_gap" else goal,
                hint=f"{words.percent(tasks.level)} interval in brackets" * tasks.has_intervals,
            )
            for name in statistics
        ),
    ]
    has_chance = any(item.chance is not None for item in tasks.standings)
    if has_chance:
        columns.append(
            Column("P(improvement)", "number", hint="Over the baseline on the same task; 0.5: none")
        )
    decimals = {
        name: decimals_of([item.found[name] for item in tasks.standings]) for name in statistics
    }
    rows = []
    for item in tasks.standings:
        few, many = item.runs
        size = f"{few}" if few == many else f"{few} to {many}"
        cells = [
            Cell((charting.group_name(item.group),), item.group.label),
            Cell((size,), float(few)),
            *(
                charting.cell(item.found[name].value, written(item.found[name], decimals[name]))
                for name in statistics
            ),
        ]
        if has_chance:
            cells.append(
                charting.cell(None)
                if item.chance is None
                else charting.cell(item.chance.value, written(item.chance, 3))
            )
        rows.append(Row(tuple(cells), group_id=item.group.id, marks=_marks(item.group)))
    level = words.percent(tasks.level)
    return Table(
        tuple(columns),
        tuple(rows),
        f"Aggregates of {charting.fit(metric.title)}",
        note=(f"In brackets the {level} stratified bootstrap interval.",) * tasks.has_intervals,
        export="aggregates",
    )


def _marks(group: Group) -> frozenset[Mark]:
    return frozenset({"baseline"} if group.is_baseline else ())


def by_task(tasks: Tasks) -> Fold:
    """The mean of every group on each task, folded."""
    shown = tasks.standings[:TASK_COLUMNS]
    columns = (
        Column(tasks.task.capitalize()),
        *(
            Column(
                charting.fit(item.group.label, 30),
                "number",
                unit=tasks.metric.unit or None,
                goal=tasks.metric.goal,
            )
            for item in shown
        ),
    )
    lower = tasks.metric.goal == "minimize"
    marked = tasks.metric.goal is not None and not tasks.apart
    rows = []
    for place, name in enumerate(tasks.names[:TASK_ROWS]):
        means = [float(item.scores[place].mean()) for item in shown]
        best = min(means) if lower else max(means)
        cells = [
            Cell(
                (formats.number(mean),),
                mean,
                frozenset({"best"} if marked and mean == best else ()),
            )
            for mean in means
        ]
        rows.append(Row((Cell((charting.fit(name),), name), *cells)))
    note = [f"The mean over the {words.several(tasks.unit)} of each group."]
    if len(tasks.names) > TASK_ROWS:
        note.append(f"The first {TASK_ROWS} are listed.")
    if len(tasks.standings) > TASK_COLUMNS:
        note.append(f"The first {TASK_COLUMNS} of {len(tasks.standings)} groups are shown.")
    caption = f"{charting.fit(tasks.metric.title)} by {tasks.task}"
    listed = Table(columns, tuple(rows), caption, note=(" ".join(note),), export="tasks")
    return Fold(f"Each {tasks.task}", (listed,))


# ---- the mixed model -----------------------------------------------------------------------------


def mixed_blocks(tasks: Tasks, fit: Mixed | str) -> list[Block]:
    """The model in words and as a table, or why there is none."""
    if isinstance(fit, str):
        return [Note("info", "No mixed model", (Text((fit,)),))]
    labels = {item.group.id: item.group.label for item in tasks.standings}
    level, unit = words.percent(tasks.mixed_level), tasks.metric.unit or None
    columns = (
        Column("Group"),
        Column("Difference", "number", unit=unit, goal=tasks.metric.goal),
        Column("Low", "number", unit=unit, hint=f"Of the {level} interval"),
        Column("High", "number", unit=unit, hint=f"Of the {level} interval"),
        Column("Standard error", "number", unit=unit),
    )
    rows = []
    for group_id, estimate in fit.effects:
        interval = estimate.interval(tasks.mixed_level)
        label = labels[group_id]
        cells = (
            Cell((charting.fit(label),), label),
            *(
                charting.cell(value, words.change(value, "", interval.width))
                for value in (estimate.difference, interval.low, interval.high)
            ),
            charting.cell(estimate.standard_error, formats.number(estimate.standard_error, 3)),
        )
        rows.append(Row(cells, group_id=group_id))
    reference = charting.fit(labels[fit.reference])
    caption = f"Mixed model of {charting.fit(tasks.metric.title)}: difference from {reference}"
    note = f"Low and high are the ends of the {level} interval"
    note += ", wide enough for all rows together." if len(rows) > 1 else "."
    listed = Table(columns, tuple(rows), caption, note=(note,), export="mixed")
    return [Headline("Mixed model", 3), Text((_mixed_words(tasks, fit),)), listed]


def _mixed_words(tasks: Tasks, fit: Mixed) -> str:
    between, within = (
        formats.with_unit(formats.number(size, 3), tasks.metric.unit)
        for size in (fit.between, fit.within)
    )
    said = (
        f"Each group's mean on each of {words.plural(tasks.task, fit.tasks)} is modelled as group "
        f"plus {tasks.task}: levels of {words.several(tasks.task)} scatter by {between} (standard "
        f"deviation), what remains by {within}. Unlike the intervals above, these speak of "
        f"{words.several(tasks.task)} drawn like these ones."
    )
    if fit.singular:
        said += (
            f" The fit is singular: {words.several(tasks.task)} do not differ beyond what remains, "
            "so the model is one of independent values."
        )
    if not fit.converged:
        said += " The fit did not converge, so its numbers are not to be relied on."
    return said


# ---- how it was computed -------------------------------------------------------------------------


def workings(tasks: Tasks) -> Fold:
    """Definitions, resampling, sources, and the runs left out."""
    task, runs = words.several(tasks.task), words.several(tasks.unit)
    gamma = words.with_unit(words.short(tasks.question.gamma), tasks.metric.unit)
    items: list[Words] = [
        (
            f"IQM: of all {runs} of all {task} together a quarter is cut at either end, and the "
            f"rest averaged. Each of the {task} counts the same, and each of its {runs} an equal "
            "share of it.",
        ),
        (f"Mean and median: of the means of the {task}.",),
    ]
    if "optimality_gap" in tasks.question.statistics:
        items.append(
            (
                f"Optimality gap: by how much {runs} fall short of {gamma} on average; those "
                "above count 0.",
            )
        )
    if any(item.chance is not None for item in tasks.standings):
        items.append(
            (
                f"P(improvement): over all pairs of {runs} of the two groups on one of the {task}, "
                f"ties half, averaged over {task}.",
            )
        )
    if tasks.has_intervals:
        bands = any(item.profile and item.profile.low is not None for item in tasks.standings)
        more = f" Bands of profiles: {aggregates.DRAWS[0]} resamples." if bands else ""
        items.append(
            (
                f"Intervals: {runs} drawn again within each of the {task} ({tasks.draws} resamples "
                f"for the largest group, seed {SEED}); the middle {words.percent(tasks.level)}."
                f"{more}",
            )
        )
    if isinstance(tasks.mixed, Mixed):
        items.append(
            (
                "Mixed model: restricted maximum likelihood, Student's t with values - tasks - "
                "groups + 1 degrees of freedom. Source: Laird and Ware (1982), Biometrics 38.",
            )
        )
    items.append(
        ("Source: Agarwal et al. (2021), Deep Reinforcement Learning at the Edge of the "
         "Statistical Precipice, NeurIPS 34.",)
    )  # fmt: skip
    body: list[Block] = [Bullets(tuple(items))]
    if said := charting.dropped_words(tasks.dropped):
        body.append(Text((said.replace("Not shown:", "Runs that did not enter:"),)))
    return Fold("How this was computed", tuple(body))
