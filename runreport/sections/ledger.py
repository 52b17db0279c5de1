"""What each group has in every check, side by side: the table behind a verdict on comparability."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from runreport import formats
from runreport.blocks import Cell, Column, Mark, Muted, Row, Table
from runreport.budget import last_steps
from runreport.design import Design
from runreport.kinds import Context
from runreport.samples import Group, ValueOf, sample
from runreport.sections import caveats, charting, tuning, variation
from runreport.sections.audit import is_apart, labels_of, together
from runreport.sections.checks import CHECKS, CheckName, Known, Seen, seen
from runreport.sections.pairings import Aspect, items_of
from runreport.tables import FINISHED

ROWS = 200
"""Lines of one table."""

STEPS = 4
"""Metrics whose last steps have a line."""

NOT_LOGGED = Cell(("not logged",), None, frozenset({"missing"}))


def checks_table(context: Context, ignore: Collection[Aspect]) -> Table:
    """Checks down, groups across; what differs is marked."""
    groups = context.groups[: variation.COLUMNS]
    rows = list(_rows(context, ignore))
    columns = (
        Column("Check"),
        *(
            Column(charting.group_name(group, 40), hint=charting.fit(group.label, 300))
            for group in groups
        ),
    )
    return Table(
        columns,
        tuple(rows[:ROWS]),
        caption="What each group has in every check",
        note=tuple(_notes(context, rows)),
        export="comparability",
    )


def _notes(context: Context, rows: Sequence[Row]) -> Iterator[str]:
    said = ["≠ marks what two groups have nothing in common in, and unequal counts."]
    count = len(context.groups)
    if count > variation.COLUMNS:
        said.append(
            f"The first {variation.COLUMNS} of {count} groups have a column; what differs is "
            "decided over all."
        )
    if len(rows) > ROWS:
        said.append(f"{len(rows) - ROWS} more lines are left out.")
    yield " ".join(said)


def _rows(context: Context, ignore: Collection[Aspect]) -> Iterator[Row]:
    groups, design = context.groups, context.design
    known = [seen(group, design) for group in groups]
    for check, facts in CHECKS.items():
        if check in ignore:
            continue
        lines = [_line(check, label, known, groups) for label in labels_of(check, known)]
        if check == "environment" and len(lines) > 1:
            lines = _environment(lines)
        if not lines and check == "items" and design.items:
            # each run is one
            counts = [items_of(group) for group in groups]
            cells = [charting.cell(float(count)) for count in counts]
            lines = [_row(facts.title, cells, differs=len(set(counts)) > 1)]
        if not lines:
            lines = [_row(facts.title, [NOT_LOGGED] * len(groups), differs=False)]
        yield from lines
        if check == "budget":
            yield from _steps(groups, design)
            if "tuning" not in ignore:
                yield _configurations(groups, design)
    yield from _runs(context)


def _row(title: str, cells: Sequence[Cell], *, differs: bool) -> Row:
    marks: frozenset[Mark] = frozenset({"differs"} if differs else ())
    head = Cell((charting.fit(title, 60),), title[:300], marks)
    return Row((head, *cells[: variation.COLUMNS]), marks=marks)


def _line(check: CheckName, label: str, known: Sequence[Known], groups: Sequence[Group]) -> Row:
    """One thing that was logged, by group; data sets or tasks of a group are told together."""
    held = [together(check, label, facts) for facts in known]
    cells = [
        NOT_LOGGED if own is None else _cell(own, len(group.runs))
        for own, group in zip(held, groups, strict=True)
    ]
    apart = is_apart(own for own in held if own is not None)
    title = CHECKS[check].title
    named = label if check in _TELLING else f"{title}: {label}"
    return _row(named, cells, differs=apart)


_TELLING: tuple[CheckName, ...] = ("evaluation_data", "training_data", "uncommitted")
"""Their labels say what they are."""


def _cell(held: Seen, runs: int) -> Cell:
    ordered, lacking = sorted(held.texts, key=charting.natural), held.lacking
    shown = [variation.brief(text, 30) for text in ordered]
    words = ", ".join(shown[:2]) if len(shown) < 3 else f"{len(shown)} values"
    some = Muted(f" ({runs - lacking} of {runs} runs)") if lacking else None
    marks: frozenset[Mark] = frozenset({"warning"} if lacking else ())
    return Cell((words,) if some is None else (words, some), "; ".join(ordered)[:1000], marks)


def _environment(lines: Sequence[Row]) -> list[Row]:
    """The parts that differ, and how many do not."""
    apart = [line for line in lines if "differs" in line.marks]
    alike = len(lines) - len(apart)
    if not alike:
        return apart
    width = len(lines[0].cells) - 1
    words = f"{formats.count(alike, 'part')} alike or not logged for all"
    same = _row("environment", [Cell((words,), words)] * width, differs=False)
    return [same, *apart]


def _steps(groups: Sequence[Group], design: Design) -> Iterator[Row]:
    named = [metric.name for metric in design.metrics]
    unequal = [budget.logged for budget in design.budgets]
    for logged in list(dict.fromkeys([*unequal, *named]))[: STEPS + len(unequal)]:
        found = [last_steps(group, logged) for group in groups]
        if any(steps and max(steps) > 0 for steps in found):
            cells = [_steps_cell(steps) for steps in found]
            tops = {max(steps) for steps in found if steps}
            yield _row(f"last step of {logged}", cells, differs=len(tops) > 1)


def _steps_cell(steps: Sequence[float]) -> Cell:
    if not steps:
        return Cell((formats.MISSING,), None, frozenset({"missing"}))
    low, high = formats.number(min(steps)), formats.number(max(steps))
    return Cell((high if low == high else f"{low} to {high}",), max(steps))


def _configurations(groups: Sequence[Group], design: Design) -> Row:
    counts = [found.count for found in tuning.tuned(groups, design)]
    cells = [charting.cell(float(count)) for count in counts]
    return _row("configurations tried", cells, differs=len(set(counts)) > 1)


def _runs(context: Context) -> Iterator[Row]:
    groups, design = context.groups, context.design
    counts = [items_of(group) if design.items else len(group.runs) for group in groups]
    name = "items" if design.items else "runs"
    yield _row(name, [charting.cell(float(n)) for n in counts], differs=len(set(counts)) > 1)
    ended = [_ended(group, design, context.value_of) for group in groups]
    cells = [charting.cell(float(n)) for n in ended]
    yield _row("failed, diverged or unfinished", cells, differs=len(set(ended)) > 1)
    lengths = [
        sorted(run.duration_s for run in group.runs if run.duration_s is not None)
        for group in groups
    ]
    middle = [found[len(found) // 2] if found else None for found in lengths]
    if any(value is not None for value in middle):
        cells = [charting.cell(value, formats.duration(value)) for value in middle]
        yield _row("median duration", cells, differs=False)


def _ended(group: Group, design: Design, value_of: ValueOf) -> int:
    """Runs that did not finish, or finished with a primary metric that is not a finite number."""
    return sum(
        run.status not in FINISHED
        or any(value_of(run, metric).state in ("nan", "inf") for metric in design.primary)
        for run in group.runs
    )


# ---- budgets and tuning --------------------------------------------------------------------------


def budget_tables(context: Context) -> tuple[Table, ...]:
    """Of every metric whose groups stop at different steps: both values, by group."""
    tables = []
    for place, budget in enumerate(context.design.budgets):
        metric, reached = context.design.metric(budget.metric), dict(budget.reached)
        at = f"At step {formats.number(budget.step)}" if budget.common else "As compared"
        rows = []
        for group in context.groups:
            drawn = sample(group, metric, context.value_of)
            mean = float(drawn.values.mean()) if drawn.values.size else None
            cells = (
                Cell((charting.group_name(group),), group.label),
                charting.cell(reached.get(group.id)),
                charting.cell(mean),
                charting.cell(caveats.last_mean(drawn, budget)),
            )
            rows.append(Row(cells, group_id=group.id))
        unit = metric.unit or None
        columns = (
            Column("Group"),
            Column("Last step", "number", hint="The largest of its finished runs"),
            Column(at, "number", unit, metric.goal, "Mean over the runs that entered"),
            Column("Last logged", "number", unit, metric.goal, "Mean of the same runs"),
        )
        caption = f"{charting.fit(metric.title)} where groups stop at different steps"
        tables.append(Table(columns, tuple(rows[:ROWS]), caption, export=f"budget-{place + 1}"))
    return tuple(tables)


def tuning_table(context: Context) -> Table | None:
    """The expected best of equally many configurations; None where all groups tried as many."""
    design = context.design
    found = [own for own in tuning.tuned(context.groups, design) if own.group.runs]
    metrics = [metric for metric in design.primary if metric.goal is not None]
    if len({own.count for own in found}) < 2 or not metrics or design.items or design.across:
        return None
    metric = metrics[0]
    drawn = {own.group.id: sample(own.group, metric, context.value_of) for own in found}
    valued = {own.group.id: tuning.valued(own, drawn[own.group.id]) for own in found}
    fewest = min((count for count in valued.values() if count), default=0)
    if not fewest:
        return None
    rows = tuple(
        Row(
            (
                Cell((charting.group_name(own.group),), own.group.label),
                charting.cell(float(own.count)),
                charting.cell(tuning.expected_best(own, drawn[own.group.id], fewest)),
                charting.cell(tuning.expected_best(own, drawn[own.group.id], valued[own.group.id])),
            ),
            group_id=own.group.id,
        )
        for own in found
    )
    unit = metric.unit or None
    columns = (
        Column("Group"),
        Column("Configurations", "number"),
        Column(f"Best of {fewest}", "number", unit, metric.goal, "Expected, of equally many"),
        Column("Best of all", "number", unit, metric.goal, "Expected, of as many as it has"),
    )
    note = "Draws with replacement from each group's configurations (Dodge et al., 2019)."
    return Table(
        columns, rows[:ROWS], f"Expected best {charting.fit(metric.title)}", (note,), "tuning"
    )
