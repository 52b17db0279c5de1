"""What stands behind verdicts: the table of all comparisons, and how each was computed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from runreport import formats
from runreport.blocks import (
    Block,
    Bullets,
    Cell,
    Column,
    Fold,
    Muted,
    Note,
    Row,
    RunRef,
    Table,
    Text,
    Words,
)
from runreport.samples import Dropped, Sample
from runreport.sections import cells, charting
from runreport.sections.aligning import unit_of_difference
from runreport.sections.comparing import Answer, Comparison
from runreport.sections.verdicts import LABELS, corrected_by, is_adjusted, label
from runreport.stats import looks, words
from runreport.stats.result import Effect, SecondLook, Significance
from runreport.stats.testers import SEED

MAIN_EFFECTS = ("Hedges g", "g_z")

ROWS, TEST_ROWS = 500, 200
"""Comparisons listed in the two tables."""

VALUE_ROWS = 200
"""Values listed; more are counted."""

DROPPED = 40
"""Runs or rows left out that are named; more are counted."""


def table(answer: Answer, number: int) -> Table:
    """Every comparison: difference, interval, p, effect, sizes and the verdict.

    Args:
        answer: with the comparisons in their order.
        number: of the metric on the page, for the name of the data file.
    """
    unit = unit_of_difference(answer.metric) or None
    metric = answer.metric
    results = [item.result for item in answer.comparisons]
    first = next((result for result in results if result.adjusted is not None), results[0])
    level = f"{'adjusted ' if is_adjusted(first) else ''}{words.percent(1 - first.alpha)}"
    p_title = "Adjusted p" if is_adjusted(first) else "p"
    columns = (
        Column("Group"),
        Column("Against", hidden=answer.kind == "baseline"),
        Column("Verdict", hint="By the interval against the declared margin, or against 0"),
        Column("Difference", "number", unit=unit, goal=metric.goal, hint="Group minus the other"),
        Column("Low", "number", unit=unit, hint=f"Lower end of the {level} interval"),
        Column("High", "number", unit=unit, hint=f"Upper end of the {level} interval"),
        Column(p_title, "number", hint=_correction_words(first)),
        Column("n", hint=f"Values that entered, by {answer.unit_of_replication}"),
        Column("Mean", "number", unit=metric.unit or None, hint="Over the values that entered"),
        Column("Effect", "number", hint=_effect_words(results)),
        Column("Needed", "number", hint="More replicates per group that would settle it"),
    )
    return Table(
        columns,
        tuple(_row(item) for item in answer.comparisons[:ROWS]),
        caption=f"Comparisons on {charting.fit(metric.title)}",
        note=tuple(_notes(answer, first, level)),
        export=f"comparisons-{number + 1}",
    )


def _row(item: Comparison) -> Row:
    result = item.result
    spread = None if result.adjusted is None else result.adjusted.width
    mean = result.means[1]
    effect = _main_effect(result.effects)
    word, marks = label(result), LABELS[result.verdict][1]
    needed = None
    if result.verdict == "inconclusive" and result.needed is not None:
        needed = result.needed - min(result.n) if result.needed > min(result.n) else None
    row = (
        Cell((charting.fit(item.candidate.label),), item.candidate.label),
        Cell((charting.fit(item.baseline.label),), item.baseline.label),
        Cell((word,), word, marks),
        cells.change(result.difference, spread),
        *cells.ends(result.adjusted),
        cells.p_value(result.p_adjusted),
        cells.sizes(result),
        charting.cell(mean),
        charting.cell(
            None if effect is None else effect.value,
            None if effect is None else formats.signed(effect.value, 2),
        ),
        charting.cell(None if needed is None else float(needed)),
    )
    return Row(row, group_id=item.candidate.id)


def _main_effect(effects: Sequence[Effect]) -> Effect | None:
    return next((effect for effect in effects if effect.name in MAIN_EFFECTS), None)


def _effect_words(results: Sequence[Significance]) -> str:
    found = [effect for result in results if (effect := _main_effect(result.effects))]
    names = dict.fromkeys(f"{effect.name}: {effect.meaning}" for effect in found)
    return "; ".join(names) or "Standardised difference"


def _correction_words(result: Significance) -> str:
    if not is_adjusted(result):
        return "Two-sided"
    return f"Two-sided, {corrected_by(result)}{words.over(result.family)}"


def _notes(answer: Answer, first: Significance, level: str) -> Iterator[str]:
    if first.adjusted is not None:
        yield f"Low and high are the ends of the {level} interval of the difference. "
    if first.look > 1:
        yield "They hold at every look at growing data. "
    if is_adjusted(first):
        name = corrected_by(first)
        yield f"{name}'s correction covers {first.family} comparisons. "
    if len(answer.comparisons) > ROWS:
        rest = formats.count(len(answer.comparisons) - ROWS, "comparison")
        yield f"The first {ROWS} are listed, {rest} further down are not."


# ---- cautions ------------------------------------------------------------------------------------


def caution_note(told: Sequence[tuple[str, str]], most: int) -> Note:
    """What to know before relying on a verdict, each with its code; the rest folded.

    Args:
        told: words and code of each caution.
        most: how many are listed openly.
    """
    items = tuple((said, " ", Muted(code)) for said, code in told)
    body: list[Block] = [Bullets(items[:most])]
    if len(items) > most:
        body.append(
            Fold(formats.count(len(items) - most, "more caution"), (Bullets(items[most:]),))
        )
    return Note("warning", "Before you rely on this", tuple(body))


def naive_words(comparisons: Sequence[Comparison]) -> str:
    """What plain tests of dependent folds would have said; empty where no folds are."""
    parts = [
        f"{formats.p_value(look.p_value)} for {charting.fit(item.candidate.label, 40)}"
        for item in comparisons
        for look in item.result.second_looks
        if look.method == looks.NAIVE
    ]
    if not parts:
        return ""
    more = f" and {len(parts) - 3} more" if len(parts) > 3 else ""
    return f"The plain paired t-test would have said {', '.join(parts[:3])}{more}."


# ---- how it was computed -------------------------------------------------------------------------


def fold(answer: Answer, primaries: int, others: int) -> Fold:
    """Tests, raw and adjusted p, second looks, assumptions, and the runs left out.

    Args:
        answer: with the comparisons in their order.
        primaries: metrics of the confirmatory family.
        others: metrics of the exploratory family.
    """
    results = [item.result for item in answer.comparisons]
    tested = [result for result in results if result.p_value is not None]
    seconds = [look for result in results for look in result.second_looks]
    body: list[Block] = [Text((_family_words(answer, results, primaries, others),))]
    if tested:
        body.append(_tests(answer))
    facts: list[Words] = [(why,) for why in dict.fromkeys(result.why for result in results)]
    facts += [
        (f"Assumed: {text}.",)
        for text in dict.fromkeys(text for result in results for text in result.assumptions)
    ]
    facts += [
        (f"{text}: {formula}.",)
        for text, formula in dict.fromkeys(
            (result.test, result.formula) for result in results if result.formula
        )
    ]
    intervals = [*(r.interval for r in results), *(look.interval for look in seconds)]
    if any(interval is not None and "bootstrap" in interval.method for interval in intervals):
        facts.append((f"Bootstrap: 10,000 resamples, seed {SEED}.",))
    facts += [
        (f"Source: {text}.",)
        for text in dict.fromkeys(result.source for result in results if result.source)
    ]
    body.append(Bullets(tuple(facts)))
    body += _values_used(answer)
    dropped = (gone for item in answer.comparisons for gone in item.dropped)
    body += left_out(dropped, "run")
    return Fold("How this was computed", tuple(body))


def _family_words(
    answer: Answer, results: Sequence[Significance], primaries: int, others: int
) -> str:
    result = next((result for result in results if result.family), None)
    if result is None:
        return "No test was made."
    alpha = words.short(result.alpha)
    if answer.is_primary:
        kind = f"the primary {'metrics' if primaries > 1 else 'metric'} ({primaries})"
    elif answer.metric.declared:
        kind = f"the exploratory {'metrics' if others > 1 else 'metric'} ({others})"
    else:
        kind = f"the exploratory metrics and this one, which is not declared ({others + 1})"
    if not is_adjusted(result) and result.correction == "none":
        return f"Alpha is {alpha} for each comparison; nothing is corrected, as the spec asks."
    covered = formats.count(result.family, "comparison")
    return (
        f"Alpha is {alpha} for the whole family: {covered} on {kind}, corrected after "
        f"{corrected_by(result)}. What cannot be tested is not counted."
    )


def _tests(answer: Answer) -> Table:
    unit = unit_of_difference(answer.metric) or None
    intervals = (item.result.interval for item in answer.comparisons)
    level = next((f"{words.percent(found.level)} " for found in intervals if found), "")
    columns = (
        Column("Group"),
        Column("Against", hidden=answer.kind == "baseline"),
        Column("Test"),
        Column("Statistic", "number", hint="Of the test: t, z, W, chi-square, ..."),
        Column("df", "number", hint="Degrees of freedom"),
        Column("p", "number", hint="Two-sided, not corrected"),
        Column("Adjusted p", "number"),
        Column(f"{level}low".capitalize(), "number", unit=unit, hint="Of this difference alone"),
        Column(f"{level}high".capitalize(), "number", unit=unit, hint="Of this difference alone"),
        Column("Effects"),
        Column("Other methods", hint="Shown beside the test; they do not decide"),
    )
    tested = [item for item in answer.comparisons if item.result.p_value is not None]
    rows = tuple(_test_row(item) for item in tested[:TEST_ROWS])
    rest = formats.count(len(tested) - len(rows), "test")
    note = (f"{rest} more are not listed.",) if len(tested) > len(rows) else ()
    return Table(columns, rows, f"Tests on {charting.fit(answer.metric.title)}", note=note)


def _test_row(item: Comparison) -> Row:
    result = item.result
    effects = "; ".join(_effect(effect) for effect in result.effects)
    looks = "; ".join(_look(look) for look in result.second_looks)
    row = (
        Cell((charting.fit(item.candidate.label),), item.candidate.label),
        Cell((charting.fit(item.baseline.label),), item.baseline.label),
        Cell((result.test,)),
        charting.cell(result.statistic, _decimal(result.statistic, 2)),
        charting.cell(result.df, _decimal(result.df, 1)),
        cells.p_value(result.p_value),
        cells.p_value(result.p_adjusted),
        *cells.ends(result.interval),
        Cell((effects,)),
        Cell((looks or formats.MISSING,)),
    )
    return Row(row, group_id=item.candidate.id)


def _values_used(answer: Answer) -> Iterator[Block]:
    """The values that entered, run by run."""
    metric = answer.metric
    used = [(fit, place) for fit in answer.fits for place in range(fit.sample.values.size)]
    if not used:
        return
    columns = (
        Column("Group"),
        Column("Run"),
        Column(answer.unit_of_replication.capitalize()),
        Column(charting.fit(metric.title), "number", unit=metric.unit or None, goal=metric.goal),
    )
    rows = tuple(_value_row(fit.sample, place) for fit, place in used[:VALUE_ROWS])
    rest = formats.count(len(used) - len(rows), "value")
    note = (f"{rest} more are not listed.",) if len(used) > len(rows) else ()
    yield Fold(
        f"The {formats.count(len(used), 'value')} that entered",
        (Table(columns, rows, f"Values of {charting.fit(metric.title)}", note, "values"),),
    )


def _value_row(sample: Sample, place: int) -> Row:
    run, key, label = sample.runs[place], sample.replicates[place], sample.group.label
    value = float(sample.values[place])
    row = (
        Cell((charting.fit(label),), label),
        Cell((RunRef(run.id, charting.fit(run.name or run.id)),), run.name),
        charting.cell(key),
        charting.cell(value, formats.number(value, 6)),
    )
    return Row(row, run_id=run.id, group_id=sample.group.id)


def _decimal(value: float | None, decimals: int) -> str | None:
    if value is None:
        return None
    if value == int(value) and abs(value) < 1e6:
        return formats.number(value)
    return formats.fixed(value, decimals)


def _effect(effect: Effect) -> str:
    said = f"{effect.name} {formats.fixed(effect.value, 2)}"
    if effect.interval is not None:
        said += f" ({formats.interval(effect.interval.low, effect.interval.high, 2)})"
    return said


def _look(look: SecondLook) -> str:
    parts = [look.method]
    if look.p_value is not None:
        parts.append(formats.p_value(look.p_value))
    if look.interval is not None:
        parts.append(words.ends(look.interval))
    said = " ".join(parts)
    return f"{said} ({look.remark})" if look.remark else said


def left_out(dropped: Iterable[Dropped], what: str) -> Iterator[Block]:
    """What did not enter, each once, by reason; nothing where all did.

    Args:
        dropped: some of them more than once.
        what: is left out, singular: run, row.
    """
    once = list(dict.fromkeys(dropped))
    if not once:
        return
    by_reason: dict[str, list[str]] = {}
    for item in once[:DROPPED]:
        by_reason.setdefault(item.reason, []).append(item.name or item.run_id)
    items: list[Words] = [
        (f"{charting.fit(reason, 80)}: {charting.named(names, 12)}",)
        for reason, names in by_reason.items()
    ]
    if len(once) > DROPPED:
        items.append((f"and {formats.count(len(once) - DROPPED, f'more {what}')}",))
    yield Text((f"{what.capitalize()}s that did not enter:",))
    yield Bullets(tuple(items))
