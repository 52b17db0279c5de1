"""The front in words: who is on it and how surely, who is behind whom, what each step costs."""

from __future__ import annotations

import math

from runreport import formats
from runreport.blocks import Cell, Column, Inline, Row, RunRef, Strong, Table, Words
from runreport.sections import charting
from runreport.sections.digits import Digits
from runreport.sections.frontier import Criterion, Frontier, Point
from runreport.stats.fronts import FEWEST
from runreport.stats.result import Interval

NAMED = 4
"""Points named in a sentence."""

ROWS = 200
"""The table names so many points."""

SURE = 0.95
"""On the front in so large a share of resamples, a point is called sure; below the rest, open."""


def lead(data: Frontier) -> Words:
    """How many are on the front, which, and how surely."""
    count, on_front = len(data.points), data.front
    if count == 1:
        return ("There is one configuration, so nothing is compared.",)
    names = [data.points[i].label for i in on_front]
    shown: list[Inline] = []
    for place, name in enumerate(names[:NAMED]):
        shown += [", " if place else "", Strong(charting.fit(name, 50))]
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    verb = "is" if len(names) == 1 else "are"
    start = f"{len(names)} of {formats.count(count, 'configuration')} {verb} on the front: "
    return (start, *shown, f"{more}. ", *_surely(data))


def _surely(data: Frontier) -> Words:
    if not data.resamples:
        return (
            f"How sure that is cannot be said: no configuration has {FEWEST} finished runs with "
            "all values.",
        )
    known = [p for p in data.points if p.share is not None and len(p.runs) >= FEWEST]
    sure = [p for p in known if p.is_front and (p.share or 0) >= SURE]
    behind = [p for p in known if not p.is_front and (p.share or 0) <= 1 - SURE]
    unsure = [p for p in known if p not in sure and p not in behind]
    said = (
        f"Drawn again from their runs, {len(sure)} stay on it in {100 * SURE:.0f} % of resamples "
        f"or more and {len(behind)} stay off it as surely"
    )
    if not unsure:
        return (f"{said}.",)
    names = charting.named(
        [f"{charting.fit(p.label, 40)} ({_percent(p.share)})" for p in unsure], 3
    )
    are = "is" if len(unsure) == 1 else "are"
    return (f"{said}; {len(unsure)} {are} open: {names}.",)


def sentences(data: Frontier) -> list[str]:
    """What the chart shows, how its intervals came about, who has no place."""
    replicated = [p for p in data.points if len(p.runs) > 1]
    goals = [f"{'more' if c.sign < 0 else 'less'} {c.name}" for c in data.criteria]
    said = [f"Better is {' and '.join(goals)}."]
    if len(data.criteria) == 2:
        said.append("The line bounds what some run attains.")
    if replicated:
        said.append(
            f"Crosses are {charting.level_words(data.level)}s of means over the runs of one "
            "configuration; small marks are these runs."
        )
        if single := len(data.points) - len(replicated):
            said.append(f"{formats.count(single, 'configuration')} of one run have none.")
    else:
        said.append("Every configuration is one run, so no interval can be given.")
    if data.resamples:
        same = " (the same replicates for all)" if data.joint else ""
        said.append(
            f"Shares are of {formats.number(data.resamples)} bootstrap resamples of each "
            f"configuration's runs{same}; configurations of fewer than {FEWEST} runs stay as "
            "they are in all of them."
        )
    if data.copied:
        said.append(
            f"In {formats.count(data.copied, 'configuration')} several runs have one "
            f"{data.unit}: copies of one replicate, whose spread says nothing of new ones."
        )
    equal = [p for i, p in enumerate(data.points) if p.equals and min(p.equals) > i]
    if equal:
        pairs = charting.named(
            [
                f"{charting.fit(p.label, 30)} = {charting.fit(data.points[p.equals[0]].label, 30)}"
                for p in equal
            ],
            3,
        )
        said.append(f"Equal in everything, so they stand or fall together: {pairs}.")
    if missing := charting.dropped_words(data.dropped):
        said.append(missing)
    return said


def description(data: Frontier) -> str:
    """The chart for who does not see it."""
    names = " and ".join(criterion.name for criterion in data.criteria)
    on_front = data.front
    ends = [data.points[i] for i in {on_front[0]: 0, on_front[-1]: 0}]
    places = "; ".join(f"{charting.fit(p.label, 50)} at {_values(data, p)}" for p in ends)
    return (
        f"{formats.count(len(data.points), 'configuration')} by {names}; "
        f"{len(on_front)} on the front, its ends {places}."
    )


def _values(data: Frontier, point: Point) -> str:
    return ", ".join(
        criterion.quantity.words(float(value))
        for criterion, value in zip(data.criteria, point.mean, strict=True)
    )


def _percent(share: float | None) -> str:
    return "" if share is None else f"{100 * share:.0f} %"


# ---- tables --------------------------------------------------------------------------------------


def points_table(data: Frontier) -> Table:
    """Every configuration: means with intervals, on the front or behind whom; the front first."""
    columns = [Column("Configuration"), Column("runs", "number"), Column("on the front")]
    if data.resamples:
        columns.append(Column("share of resamples", "number", unit="%"))
    for criterion in data.criteria:
        unit = criterion.quantity.unit or None
        columns += [
            Column(criterion.name, "number", unit=unit, goal=criterion.goal),
            Column(f"{criterion.name} from", "number", unit=unit),
            Column("to", "number", unit=unit),
        ]
    columns.append(Column("dominated by"))
    digits = [Digits.of([float(p.mean[i]) for p in data.points])
              for i in range(len(data.criteria))]  # fmt: skip
    order = [*data.front, *(i for i, p in enumerate(data.points) if not p.is_front)]
    rows = [_row(data, data.points[i], digits) for i in order[:ROWS]]
    cut = len(order) - len(rows)
    note = f"{formats.count(cut, 'further configuration')} not listed." if cut else ""
    return Table(tuple(columns), tuple(rows), "Every configuration", note=(note,) if note else ())


def _row(data: Frontier, point: Point, digits: list[Digits]) -> Row:
    first = point.runs[0]
    name = charting.fit(point.label)
    cells = [
        Cell((RunRef(first.id, name) if len(point.runs) == 1 else name,), point.label),
        charting.cell(float(len(point.runs))),
        Cell(("yes" if point.is_front else "no",), "yes" if point.is_front else "no"),
    ]
    if data.resamples:
        known = len(point.runs) >= FEWEST
        share = None if point.share is None or not known else 100 * point.share
        cells.append(charting.cell(share, None if share is None else f"{share:.0f}"))
    for place, interval in enumerate(point.intervals):
        mean = float(point.mean[place])
        low, high = interval or (None, None)
        cells += [charting.cell(v, None if v is None else digits[place].text(v))
                  for v in (mean, low, high)]  # fmt: skip
    behind = charting.named([data.points[i].label for i in point.behind], 2)
    cells.append(Cell((behind or formats.MISSING,), behind or None))
    if len(point.runs) == 1:
        return Row(tuple(cells), run_id=first.id)
    return Row(tuple(cells), group_id=point.group.id)


def steps_table(data: Frontier) -> Table | None:
    """What one more unit of quality costs, step by step; None where there is no step."""
    if not data.steps:
        return None
    quality, cost = data.criteria
    size = unit_of(sum(step.gain for step in data.steps))
    unit = formats.with_unit(charting.short(size), quality.quantity.unit)
    more = "more" if quality.sign < 0 else "less"
    columns = (
        Column("From"),
        Column("To"),
        Column(f"{quality.name} gained", "number", unit=quality.quantity.unit or None),
        Column(f"{cost.name} paid", "number", unit=cost.quantity.unit or None),
        Column(f"price of {unit} {more}", "number", unit=cost.quantity.unit or None),
    )
    gains = Digits.of([step.gain for step in data.steps])
    extras = Digits.of([step.extra for step in data.steps])
    rows = []
    for step in data.steps:
        ends = [data.points[i].label for i in (step.start, step.end)]
        price = step.price * size if math.isfinite(step.price) else None
        why = " (the gain may be none)" if step.is_open else ""
        rows.append(
            Row(
                (
                    *(Cell((charting.fit(name, 36),), name) for name in ends),
                    _with_interval(step.gain, gains.text(step.gain), step.gain_interval, 1.0),
                    charting.cell(step.extra, extras.text(step.extra)),
                    _with_interval(
                        price, formats.number(price, 3) + why, step.price_interval, size
                    ),
                )
            )
        )
    note = _steps_note(data, quality, cost)
    return Table(columns, tuple(rows), "What each step along the front costs", note=(note,))


def unit_of(total: float) -> float:
    """The power of ten below a gain, at most 1: accuracies gain hundredths, not ones."""
    if not 0 < total < 3:
        return 1.0
    return float(f"1e{math.floor(math.log10(total / 3))}")


def _with_interval(
    value: float | None, text: str, interval: Interval | None, factor: float
) -> Cell:
    """`10.9 (9.2 to 12.3)`; alone where there is no interval, or where it has no width."""
    if interval is None or interval.width <= 0:
        return charting.cell(value, text)
    low, high = interval.low * factor, interval.high * factor
    ends = formats.interval(low, high, formats.decimals_for(high - low))
    return charting.cell(value, f"{text} ({ends})")


def _steps_note(data: Frontier, quality: Criterion, cost: Criterion) -> str:
    said = f"From the front's cheapest point in {cost.name} to its best in {quality.name}."
    if not data.resamples:
        return f"{said} Each is one run, so no interval can be given."
    said += (
        f" In brackets: {100 * data.level:g} % percentile bootstrap intervals of one step each, "
        "not corrected for the number of steps; none where nothing varies."
    )
    if any(step.is_open for step in data.steps):
        said += " Where the gain may be none, its price has no bound and none is given."
    return said
