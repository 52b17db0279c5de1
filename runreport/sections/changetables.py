"""The tables of changes: all changes, all couples, and the configurations seen from the start."""

from __future__ import annotations

from collections.abc import Sequence

from runreport import formats
from runreport.blocks import Cell, Column, Row, RunRef, Table, Words
from runreport.design import Metric
from runreport.sections import cells, charting
from runreport.sections.aligning import unit_of_difference
from runreport.sections.changes import Couple, change_name
from runreport.sections.changewords import context_name, name_of, spread_words
from runreport.sections.configurations import Settings
from runreport.sections.digits import Digits
from runreport.sections.fitness import Fit
from runreport.sections.judging import Judged, Step
from runreport.sections.starting import Several
from runreport.sections.verdicts import LABELS, is_adjusted, label
from runreport.stats import words
from runreport.stats.result import Significance

ROWS = 300
"""Changes or couples of one table."""

SEVERAL_ROWS = 60
"""Configurations listed that differ in several params at once."""


def changes(settings: Settings, items: Sequence[Judged], metric: Metric) -> Table:
    """Every change: difference, interval, p, contexts, how far they differ, and the verdict."""
    unit = unit_of_difference(metric) or None
    shown = items[:ROWS]
    first = _first([item.result for item in shown])
    columns = (
        Column("Change"),
        Column("Verdict", hint="By the interval against the declared margin, or against 0"),
        *_columns(metric, first),
        Column("n", hint="Contexts, or replicates where the change was made in fewer than three"),
        Column("Contexts", "number", hint="In which all other params were equal", hidden=True),
        Column("Raised in", hint="Contexts in which the value was higher after the change"),
        Column("Range over contexts", hint="Of the differences", unit=unit),
        Column("Without a value", "number", hint="Further contexts in which a side has none"),
    )
    digits = Digits.of(item.difference for item in shown)
    rows = tuple(_change_row(settings, item, metric, digits) for item in shown)
    rest = len(items) - len(shown)
    said = [_adjusted_words(first)]
    if rest:
        said.append(f"{formats.count(rest, 'smaller change')} not listed.")
    note = " ".join(part for part in said if part)
    return Table(
        columns,
        rows,
        f"Changes of one param and {charting.fit(metric.title)}",
        note=(note,) if note else (),
        export="changes",
    )


def _columns(metric: Metric, first: Significance | None) -> tuple[Column, ...]:
    unit = unit_of_difference(metric) or None
    adjusted = first is not None and is_adjusted(first)
    level = "" if first is None else words.percent(1 - first.alpha)
    wide = f"{'adjusted ' if adjusted else ''}{level}".strip()
    return (
        Column("Difference", "number", unit=unit, goal=metric.goal, hint="After minus before"),
        Column("Low", "number", unit=unit, hint=f"Lower end of the {wide} interval"),
        Column("High", "number", unit=unit, hint=f"Upper end of the {wide} interval"),
        Column("Adjusted p" if adjusted else "p", "number", hint="Two-sided"),
    )


def _first(results: Sequence[Significance]) -> Significance | None:
    return next((result for result in results if result.adjusted is not None), None)


def _adjusted_words(first: Significance | None) -> str:
    if first is None or not is_adjusted(first):
        return ""
    name = words.corrected(first.correction)
    return f"{name}'s correction covers {formats.count(first.family, 'comparison')}."


def _change_row(settings: Settings, item: Judged, metric: Metric, digits: Digits) -> Row:
    result = item.result
    name = name_of(settings, item)
    if not item.over_contexts and len(item.change.couples) > 1:
        name += f", in {context_name(settings, item)}"
    raised = sum(couple.difference > 0 for couple in item.couples)
    return Row(
        (
            Cell((name,), name),
            _verdict(result),
            *_numbers(item.difference, result, digits),
            _size(result),
            charting.cell(float(len(item.couples))),
            Cell((f"{raised} of {len(item.couples)}",), float(raised)),
            Cell((spread_words(item, metric) or formats.MISSING,)),
            charting.cell(float(len(item.change.lost))),
        )
    )


def _verdict(result: Significance) -> Cell:
    word = label(result)
    return Cell((word,), word, LABELS[result.verdict][1])


def _numbers(difference: float, result: Significance, digits: Digits) -> tuple[Cell, ...]:
    """Difference, interval and p; without an interval the difference has the column's digits."""
    change = charting.cell(difference, digits.signed(difference))
    if result.adjusted is not None:
        change = cells.change(difference, result.adjusted.width)
    return (
        change,
        *cells.ends(result.adjusted),
        cells.p_value(result.p_adjusted),
    )


def _size(result: Significance) -> Cell:
    text = words.sizes(result.n, result.unit_of_replication, paired=result.paired)
    return Cell((text,), text)


# ---- couples -------------------------------------------------------------------------------------


def couples(settings: Settings, items: Sequence[Judged], metric: Metric) -> Table:
    """Every couple of configurations that differ in one lever, with its own values."""
    unit = unit_of_difference(metric) or None
    columns = (
        Column("Change"),
        Column("With", hint="The params that are equal on both sides"),
        Column("Difference", "number", unit=unit, goal=metric.goal),
        Column("Before", "number", unit=metric.unit or None),
        Column("After", "number", unit=metric.unit or None),
        Column("n", hint="Runs before and after"),
        Column("Runs", hint="The first of each side"),
    )
    every = [(item, couple) for item in items for couple in item.couples]
    shown = every[:ROWS]
    digits = Digits.of(v for _, couple in shown for v in (couple.baseline, couple.candidate))
    rows = tuple(_couple_row(settings, item, couple, digits) for item, couple in shown)
    rest = len(every) - len(shown)
    note = "Differences of couples are as measured: nothing is tested or corrected here."
    if rest:
        note += f" {formats.count(rest, 'further pair')} not listed."
    caption = "Pairs of configurations that differ in one param"
    return Table(columns, rows, caption, note=(note,), export="change-pairs")


def _couple_row(settings: Settings, item: Judged, couple: Couple, digits: Digits) -> Row:
    lever = item.change.lever
    name = change_name(settings, lever, couple.first, couple.second)
    rest = ", ".join(
        f"{charting.fit(param, 20)}={settings.text(couple.first, column)}"
        for column, param in enumerate(settings.names)
        if column not in (*lever.own, *lever.carried)
    )
    sizes = " and ".join(dict.fromkeys(formats.number(size) for size in couple.n))
    return Row(
        (
            Cell((name,), name),
            Cell((charting.fit(rest, 160) or formats.MISSING,), rest),
            charting.cell(couple.difference, digits.signed(couple.difference)),
            charting.cell(couple.baseline, digits.text(couple.baseline)),
            charting.cell(couple.candidate, digits.text(couple.candidate)),
            Cell((sizes,), sizes),
            Cell((_run(settings, couple.first), " and ", _run(settings, couple.second))),
        )
    )


def _run(settings: Settings, place: int) -> RunRef:
    run = settings.groups[place].runs[0]
    return RunRef(run.id, charting.fit(run.name or run.id, 30))


# ---- from the start ------------------------------------------------------------------------------


def ablation(
    settings: Settings, steps: Sequence[Step], fits: Sequence[Fit], start: int, metric: Metric
) -> Table:
    """The start, then each configuration one change away from it, the largest first."""
    first = _first([step.result for step in steps if step.result is not None])
    shown = steps[:ROWS]
    known = [fit.mean for fit in (fits[start], *(fits[_other(s, start)] for s in shown))]
    digits = Digits.of(known)
    columns = (
        Column("Change"),
        Column("Verdict", hint="By the interval against the declared margin, or against 0"),
        *_columns(metric, first),
        Column("n", hint="Replicates that entered"),
        Column(charting.fit(metric.title), "number", unit=metric.unit or None, goal=metric.goal),
        Column("Runs", hint="The first one, and how many more"),
    )
    blank = charting.cell(None)
    n = fits[start].sample.values.size
    rows = [
        Row(
            (
                Cell(("no change",), "no change"), Cell(("start",), "start"), *(blank,) * 4,
                Cell((formats.number(n),), str(n)),
                charting.cell(fits[start].mean, digits.text(fits[start].mean)),
                Cell(_runs(settings, start)),
            ),
            marks=frozenset({"baseline"}),
        )
    ]  # fmt: skip
    rows += [_step_row(settings, step, fits, start, digits) for step in shown]
    rest = len(steps) - len(shown)
    said = [_adjusted_words(first)]
    if rest:
        said.append(f"{formats.count(rest, 'smaller change')} not listed.")
    note = " ".join(part for part in said if part)
    return Table(
        columns,
        tuple(rows),
        f"One change from the start and {charting.fit(metric.title)}",
        note=(note,) if note else (),
        export="ablation",
    )


def _other(step: Step, start: int) -> int:
    return step.second if step.first == start else step.first


def _step_row(
    settings: Settings, step: Step, fits: Sequence[Fit], start: int, digits: Digits
) -> Row:
    place = _other(step, start)
    name = change_name(settings, step.change.lever, step.first, step.second)
    run_id = settings.groups[place].runs[0].id if len(settings.groups[place].runs) == 1 else None
    value = charting.cell(fits[place].mean, digits.text(fits[place].mean))
    if step.couple is None or step.result is None:
        blank = charting.cell(None)
        size = formats.number(fits[place].sample.values.size)
        why = Cell((charting.fit(step.reason, 80),), step.reason, frozenset({"warning"}))
        row = (Cell((name,), name), why, *(blank,) * 4, Cell((size,), size), value)
        return Row((*row, Cell(_runs(settings, place))), run_id=run_id)
    known = step.result.difference
    difference = step.couple.difference if known is None else known
    return Row(
        (
            Cell((name,), name),
            _verdict(step.result),
            *_numbers(difference, step.result, digits),
            cells.sizes(step.result),
            value,
            Cell(_runs(settings, place)),
        ),
        run_id=run_id,
    )


def _runs(settings: Settings, place: int) -> Words:
    rest = len(settings.groups[place].runs) - 1
    return (_run(settings, place), *((f" and {rest} more",) if rest else ()))


def several(
    settings: Settings,
    found: Sequence[Several],
    fits: Sequence[Fit],
    start: int,
    metric: Metric,
) -> Table:
    """Configurations that differ in several params at once: no difference is anyone's doing."""
    unit = unit_of_difference(metric) or None
    shown = found[:SEVERAL_ROWS]
    digits = Digits.of([fits[start].mean, *(fits[item.place].mean for item in shown)])
    columns = (
        Column("Changes", "number", hint="Params that differ from the start"),
        Column("What changed"),
        Column("Difference", "number", unit=unit, goal=metric.goal, hint="From the start"),
        Column("Added up", "number", unit=unit, hint="The single changes from the start, summed"),
        Column(charting.fit(metric.title), "number", unit=metric.unit or None),
        Column("n", "number", hint="Runs with a value"),
        Column("Runs", hint="The first one, and how many more"),
    )
    rows = []
    for item in shown:
        parts = [change_name(settings, lever, start, item.place) for lever in item.levers]
        what = ", ".join(parts)
        runs = settings.groups[item.place].runs
        rows.append(
            Row(
                (
                    charting.cell(float(len(item.levers))),
                    Cell((charting.fit(what, 200),), what),
                    charting.cell(item.difference, digits.signed(item.difference)),
                    charting.cell(
                        item.summed, None if item.summed is None else digits.signed(item.summed)
                    ),
                    charting.cell(fits[item.place].mean, digits.text(fits[item.place].mean)),
                    charting.cell(float(fits[item.place].sample.values.size)),
                    Cell(_runs(settings, item.place)),
                ),
                run_id=runs[0].id if len(runs) == 1 else None,
            )
        )
    rest = len(found) - len(shown)
    note = (
        "Which of the changes did it cannot be told. Where the single changes were made too, "
        "their sum stands beside: what is far from it did not simply add up."
    )
    if rest:
        note += f" {formats.count(rest, 'configuration')} with more changes not listed."
    return Table(
        columns,
        tuple(rows),
        "Several changes at once",
        note=(note,),
        export="several-changes",
    )
