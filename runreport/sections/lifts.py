"""What a read-out of an experiment says: sentences, tables, and how it was computed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from runreport import formats
from runreport.blocks import (
    Block,
    Bullets,
    Cell,
    Code,
    Column,
    Fold,
    Row,
    Strong,
    Table,
    Text,
    Words,
)
from runreport.looks import Look
from runreport.samples import Group
from runreport.sections import cells, charting
from runreport.sections.aligning import unit_of_difference
from runreport.sections.comparing import Comparison
from runreport.sections.panels import Panel
from runreport.sections.verdicts import LABELS, is_adjusted, label, sentence
from runreport.sections.workings import left_out
from runreport.stats import readout, words
from runreport.stats.readout import Reading
from runreport.stats.result import Interval, Significance

LOOKS = 12
"""Earlier looks that are listed, the last ones."""


# ---- sentences -----------------------------------------------------------------------------------


def told(comparison: Comparison, reading: Reading) -> Words:
    """The verdict with values, interval, lift, test, users and p."""
    result = comparison.result
    if result.verdict == "equivalent" and result.look > 1:
        margin = words.amount(result.margin or 0.0, unit_of_difference(comparison.metric))
        return (
            Strong(charting.fit(comparison.candidate.label)), " and ",
            Strong(charting.fit(comparison.baseline.label)),
            f" are practically equivalent on {charting.fit(comparison.metric.title)} within "
            f"{margin} ({evidence(comparison, reading, result)}).",
        )  # fmt: skip
    return sentence(comparison, partial(evidence, comparison, reading))


def evidence(comparison: Comparison, reading: Reading, result: Significance) -> str:
    """`11.2 % against 10.4 %; 95 % interval 0.3 to 1.3; lift +7.7 %, +2.9 % to +12.5 %; ...`.

    Args:
        comparison: with the metric.
        reading: with the lift, candidate relative to baseline whatever the sentence says.
        result: turned the way the sentence says.
    """
    metric, interval = comparison.metric, result.adjusted
    spread = None if interval is None else interval.width
    parts = []
    before, after = result.means
    if before is not None and after is not None:
        values = [_value(value, metric.unit, spread) for value in (after, before)]
        parts.append(f"{values[0]} against {values[1]}")
    later = "anytime-valid " if result.look > 1 else ""
    wide = "adjusted " if is_adjusted(result) else ""
    if interval is None:
        parts.append(f"no {later}interval yet" if later else "no interval")
    else:
        level = words.percent(1 - result.alpha)
        parts.append(f"{later}{wide}{level} interval {words.ends(interval)}")
    if said := _lift_words(reading):
        parts.append(said)
    p = words.p_words(result.p_value, result.p_adjusted, result.correction, result.family)
    users = sizes(result.n, result.unit_of_replication)
    parts.append(
        f"look {result.look}, {users}, always-valid {p}"
        if later
        else f"{result.short}, {users}, {p}"
    )
    return "; ".join(parts)


def _lift_words(reading: Reading) -> str:
    """`lift +7.7 %, +2.9 % to +12.5 %`; empty where the baseline is too close to 0.

    Where the interval of the lift and that of the difference do not agree about 0, it says which
    one decides: that of a ratio is by the delta method, and the baseline's error enters it again.
    """
    if reading.lift is None:
        return ""
    interval = reading.lift_interval
    if interval is None:
        return f"lift {words.change(100 * reading.lift, '%')}"
    # per cents keep a decimal, however wide the interval
    width = min(100 * interval.width, 10.0)
    ends = [words.change(100 * end, "%", width) for end in (interval.low, interval.high)]
    said = f"lift {words.change(100 * reading.lift, '%', width)}, {ends[0]} to {ends[1]}"
    decides = reading.result.adjusted
    if decides is None or _holds_zero(decides) == _holds_zero(interval):
        return said
    holds = "includes" if _holds_zero(interval) else "leaves out"
    return f"{said}, which {holds} 0 but is approximate: the difference decides"


def _holds_zero(interval: Interval) -> bool:
    return interval.low <= 0 <= interval.high


def sizes(n: tuple[int, int], user: str) -> str:
    """`10 020 and 10 000 users`: of candidate and baseline."""
    if n[0] == n[1]:
        return f"{words.plural(user, n[0])} each"
    return f"{formats.number(n[1])} and {words.plural(user, n[0])}"


def _value(value: float, unit: str, spread: float | None) -> str:
    if spread is None or not 1e-8 < spread < 1e6 or abs(value) > 1e9:
        return formats.with_unit(formats.number(value), unit)
    return formats.with_unit(formats.fixed(value, formats.decimals_for(0.75 * spread)), unit)


# ---- tables --------------------------------------------------------------------------------------


def values_table(panel: Panel, groups: Sequence[Group], number: int) -> Table:
    """Every arm's value, its difference from the baseline, and the lift.

    Args:
        panel: the metric.
        groups: the arms, as the tally has them.
        number: of the metric on the page, for the name of the data file.
    """
    metric, answer = panel.tally.metric, panel.answer
    user = words.several(answer.unit_of_replication)
    unit = unit_of_difference(metric) or None
    first = next((i.result for i in answer.comparisons if i.result.adjusted is not None), None)
    wide = "interval" if first is None else f"{_level_words(first)} interval"
    # no difference is printed where its verdict is withheld
    withheld = all(item.result.verdict == "not_comparable" for item in answer.comparisons)
    shown = 4 if withheld else None
    columns = (
        Column("Arm"),
        Column("Verdict", hint="By the interval against the declared margin, or against 0"),
        Column(user.capitalize(), "number", hint="That entered"),
        Column("Value", "number", unit=metric.unit or None, goal=metric.goal),
        Column("Difference", "number", unit=unit, hint="Arm minus baseline"),
        Column("Low", "number", unit=unit, hint=f"Lower end of the {wide}"),
        Column("High", "number", unit=unit, hint=f"Upper end of the {wide}"),
        Column("Lift", "number", unit="%", hint="Difference relative to the baseline"),
        Column("Lift low", "number", unit="%", hint=f"Lower end of the {wide}"),
        Column("Lift high", "number", unit="%", hint=f"Upper end of the {wide}"),
        Column("Adjusted p" if first is not None and is_adjusted(first) else "p", "number"),
        Column("Needed", "number", hint=f"More {user} per arm that would settle it"),
    )
    compared = {
        item.candidate.id: (item, reading)
        for item, reading in zip(answer.comparisons, panel.readings, strict=True)
    }
    rows = []
    for group, arm in zip(groups, panel.tally.arms, strict=True):
        item = compared.get(group.id)
        row = (
            Cell((charting.group_name(group),), group.label),
            charting.cell(None) if item is None else _verdict_cell(item[0].result),
            charting.cell(None if arm is None else float(arm.n)),
            charting.cell(None if arm is None else arm.value),
            *(_empty(8) if item is None else _difference_cells(*item)),
        )
        rows.append(Row(row[:shown], group_id=group.id))
    note = () if first is None else (f"Low and high are the ends of the {wide}.",)
    caption = f"Arms on {charting.fit(metric.title)}"
    return Table(columns[:shown], tuple(rows), caption, note, f"outcome-{number + 1}")


def _level_words(result: Significance) -> str:
    later = "anytime-valid " if result.look > 1 else ""
    wide = "adjusted " if is_adjusted(result) else ""
    return f"{later}{wide}{words.percent(1 - result.alpha)}"


def _empty(count: int) -> list[Cell]:
    return [charting.cell(None) for _ in range(count)]


def _verdict_cell(result: Significance) -> Cell:
    word = label(result)
    return Cell((word,), word, LABELS[result.verdict][1])


def _difference_cells(item: Comparison, reading: Reading) -> list[Cell]:
    result = item.result
    spread = None if result.adjusted is None else result.adjusted.width
    low, high = _percents(reading.lift_interval)
    lift, wide = reading.lift, reading.lift_interval
    return [
        cells.change(result.difference, spread),
        *cells.ends(result.adjusted),
        cells.change(
            None if lift is None else 100 * lift,
            None if wide is None else min(100 * wide.width, 10.0),
        ),
        low,
        high,
        cells.p_value(result.p_adjusted),
        _needed(result),
    ]


def _percents(interval: Interval | None) -> tuple[Cell, Cell]:
    if interval is None:
        return cells.ends(None)
    width = min(100 * interval.width, 10.0)
    return cells.change(100 * interval.low, width), cells.change(100 * interval.high, width)


def _needed(result: Significance) -> Cell:
    more = None if result.needed is None else result.needed - min(result.n)
    if more is None or more <= 0:
        return charting.cell(None)
    return charting.cell(float(more), readout.roughly(more))


# ---- how it was computed -------------------------------------------------------------------------


def workings(panel: Panel, tuning: float, looks: Sequence[Look]) -> Fold:
    """Both kinds of p and interval, the method, its source, and what was left out.

    Args:
        panel: the metric.
        tuning: users at which anytime-valid intervals are tightest.
        looks: at these data, oldest first; empty where none are counted.
    """
    tested = [
        (item, reading)
        for item, reading in zip(panel.answer.comparisons, panel.readings, strict=True)
        if reading.fixed_p is not None
    ]
    body: list[Block] = [Text((panel.family,))]
    if tested:
        body.append(_tests(panel, tested))
    body.append(Bullets(tuple(_method(panel, tuning, looks))))
    body += left_out(panel.tally.dropped, "row")
    return Fold("How this was computed", tuple(body))


def _tests(panel: Panel, tested: Sequence[tuple[Comparison, Reading]]) -> Table:
    unit = unit_of_difference(panel.tally.metric) or None
    first = tested[0][0].result.interval
    level = "" if first is None else f"{words.percent(first.level)} "
    columns = (
        Column("Arm"),
        Column("p of one look", "number", hint="Fixed-sample, two-sided, not corrected"),
        Column(f"{level}low", "number", unit=unit, hint="Fixed-sample, of this difference alone"),
        Column(f"{level}high", "number", unit=unit, hint="Fixed-sample, of this difference alone"),
        Column("Always-valid p", "number", hint="Holds at every look, not corrected"),
        Column(
            "Anytime low", "number", unit=unit, hint=f"{level}interval that holds at every look"
        ),
        Column(
            "Anytime high", "number", unit=unit, hint=f"{level}interval that holds at every look"
        ),
        Column("Detectable", "number", unit=unit, hint="With 80 % power, by one planned look"),
    )
    rows = tuple(
        Row(
            (
                Cell((charting.fit(item.candidate.label),), item.candidate.label),
                cells.p_value(reading.fixed_p),
                *cells.ends(item.result.interval),
                cells.p_value(reading.always_p),
                *cells.ends(reading.anytime),
                charting.cell(
                    item.result.detectable,
                    None
                    if item.result.detectable is None
                    else words.short(item.result.detectable, 2),
                ),
            ),
            group_id=item.candidate.id,
        )
        for item, reading in tested
    )
    return Table(columns, rows, f"Fixed-sample and anytime-valid, {panel.tally.metric.title}")


def _method(panel: Panel, tuning: float, looks: Sequence[Look]) -> Iterator[Words]:
    results = [item.result for item in panel.answer.comparisons]
    for why in dict.fromkeys(result.why for result in results):
        yield (why,)
    tally = panel.tally
    if tally.kept is not None and tally.theta is not None:
        yield (
            f"Taking out the time before leaves {words.percent(round(tally.kept, 3))} of the "
            f"variance; one unit more before counts {words.short(tally.theta)} (theta).",
        )
    yield (
        f"Anytime-valid intervals are tightest at {formats.number(tuning)} "
        f"{words.several(panel.answer.unit_of_replication)} of both arms; ",
        Code("tuning"),
        " sets it, once and before the first look.",
    )
    yield ("Rows of an arm are added up. What is counted in two rows counts twice.",)
    for test, formula in dict.fromkeys((r.test, r.formula) for r in results if r.formula):
        yield (f"{test}: {formula}.",)
    for text in dict.fromkeys(text for result in results for text in result.assumptions):
        yield (f"Assumed: {text}.",)
    for text in dict.fromkeys(result.source for result in results if result.source):
        yield (f"Source: {text}.",)
    if len(looks) > 1:
        seen = "; ".join(
            f"{look.number}: {look.time[:10]}, {formats.count(look.runs, 'row')}"
            for look in looks[-LOOKS:]
        )
        yield (f"Looks so far: {seen}.",)
