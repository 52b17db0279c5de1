"""Gates on what running took, by the numbers of the section `operations`."""

from __future__ import annotations

from collections.abc import Iterator

from runreport.gates.bounds import at_most, out_words
from runreport.gates.sides import Sides
from runreport.kinds import Ruling
from runreport.samples import Group, sample
from runreport.sections import charting, efficiency, measures, totals
from runreport.sections.aligning import replicate_word
from runreport.sections.measures import Measure
from runreport.spec.gates import DURATION, CostGate
from runreport.stats import words
from runreport.stats.result import Interval


def rulings(gate: CostGate, sides: Sides) -> Iterator[Ruling]:
    """One ruling per candidate."""
    context = sides.context
    asked = measures.Asked() if gate.cost == DURATION else measures.Asked(metrics=(gate.cost,))
    found = measures.read(context, asked, None)
    measure = next((own for own in found.shown if own.name == gate.cost), None)
    if measure is None:
        name = charting.fit(gate.cost)
        yield Ruling("", False, f"No run says what its {name} was.")
        return
    for group in sides.candidates:
        parts = [
            *_mean(gate, sides, measure, group),
            *_total(gate, sides, measure, group),
            *_ratio(gate, sides, measure, group),
        ]
        facts: dict[str, object] = {}
        for part in parts:
            facts |= part.facts
        passed = all(part.passed for part in parts)
        said = " ".join(part.words for part in parts)
        yield Ruling(charting.fit(group.label), passed, said, facts)


def _mean(gate: CostGate, sides: Sides, measure: Measure, group: Group) -> Iterator[Ruling]:
    if gate.max is None:
        return
    drawn, level = sample(group, measure.metric, measure.value_of), sides.context.design.level
    if not drawn.values.size or drawn.dropped:
        gone = out_words(drawn.dropped)
        yield Ruling("", False, f"{measure.heading} is not known of every run: {gone}.")
        return
    mean = float(drawn.values.mean())
    ends = charting.t_interval(drawn.values, level)
    size = words.plural(replicate_word(sides.context.design), drawn.values.size)
    between = "no interval"
    if ends is not None:
        spread = words.ends(Interval(*ends, level, "t"))
        between = f"{words.percent(level)} interval {spread}"
    said = f"{measure.heading} is {charting.value_text(mean, measure.metric)} ({between}, {size})"
    facts = {"value": mean, "interval": ends, "n": int(drawn.values.size)}
    bound = words.with_unit(words.short(gate.max), measure.metric.unit)
    if gate.on == "interval":
        passed = ends is not None and at_most(ends[1], gate.max)
        yield Ruling("", passed, f"{said}; asked by its interval: {bound} or less.", facts)
        return
    yield Ruling("", at_most(mean, gate.max), f"{said}; asked: {bound} or less.", facts)


def _total(gate: CostGate, sides: Sides, measure: Measure, group: Group) -> Iterator[Ruling]:
    if gate.max_total is None:
        return
    if not measure.adds_up:
        yield Ruling("", False, f"{measure.heading} does not add up over runs.")
        return
    spent = totals.spent(sides.context, measure, None)
    (parts,) = (own for other, own in spent.by_group if other.id == group.id)
    total = sum(part.total for part in parts.values())
    runs = sum(part.runs for part in parts.values())
    unknown = sum(part.unknown for part in parts.values())
    bound = words.with_unit(words.short(gate.max_total), measure.metric.unit)
    said = (
        f"All {words.plural('run', runs)} took {charting.value_text(total, measure.metric)} of "
        f"{measure.title}, failed ones too; asked: {bound} or less."
    )
    if unknown:
        said += f" It is unknown of {words.plural('run', unknown)}, so the total is not."
    facts = {"total": total, "runs": runs, "unknown": unknown}
    yield Ruling("", not unknown and at_most(total, gate.max_total), said, facts)


def _ratio(gate: CostGate, sides: Sides, measure: Measure, group: Group) -> Iterator[Ruling]:
    if gate.max_ratio is None:
        return
    found = efficiency.against_baseline(sides.context, measure, None)
    ratios = () if found is None else found.costs
    ratio = next((own for own in ratios if own.candidate.id == group.id), None)
    if found is None or ratio is None or ratio.value is None:
        said = f"{measure.heading} cannot be compared with the baseline's."
        yield Ruling("", False, said)
        return
    result = ratio.result
    sizes = words.sizes(result.n, found.unit, paired=result.paired)
    between = "no interval"
    if ratio.interval is not None:
        level = words.percent(ratio.interval.level)
        between = f"{level} interval {words.ends(ratio.interval)}"
    said = (
        f"{measure.heading} is {words.short(ratio.value)} times that of "
        f"{charting.fit(found.baseline.label)} ({between}, geometric means of {sizes})"
    )
    facts = {
        "ratio": ratio.value,
        "interval": None if ratio.interval is None else (ratio.interval.low, ratio.interval.high),
        "n": result.n,
    }
    bound = words.short(gate.max_ratio)
    if result.verdict == "not_comparable":
        yield Ruling("", False, f"{said}; {result.why}", facts)
    elif gate.on == "interval":
        passed = ratio.interval is not None and at_most(ratio.interval.high, gate.max_ratio)
        yield Ruling("", passed, f"{said}; asked by its interval: {bound} times at most.", facts)
    else:
        passed = at_most(ratio.value, gate.max_ratio)
        yield Ruling("", passed, f"{said}; asked: {bound} times at most.", facts)
