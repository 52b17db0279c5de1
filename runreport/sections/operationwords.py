"""What `operations` says: sums, ratios and means, in sentences, tables and data."""

from __future__ import annotations

from typing import Any

import numpy as np

from runreport import formats
from runreport.blocks import Block, Bullets, Fact, Facts, Inline, RunRef, Strong, Words
from runreport.sections import charting
from runreport.sections.efficiency import Efficiency, Ratio
from runreport.sections.measures import Measure
from runreport.sections.operating import OperationsData
from runreport.sections.operational import HOURS
from runreport.sections.operationtables import ratio_text
from runreport.sections.totals import LOST, Spent
from runreport.sections.verdicts import label, plain
from runreport.sections.workings import left_out
from runreport.stats import ties, words

NAMED = 6
"""Runs that are written out."""

# ---- sums ----------------------------------------------------------------------------------------


def amount(value: float, measure: Measure) -> str:
    """A sum with its unit; times in words."""
    if measure.hours is not None:
        return formats.duration(value * measure.hours / HOURS["s"])
    if measure.kind == "device hours" and measure.metric.unit == "h":
        return formats.with_unit(charting.short(value), "device hours")
    return formats.with_unit(charting.short(value, 4 if value >= 1 else 2), measure.metric.unit)


def whole(data: OperationsData) -> Words:
    """What the whole study took, and what failed runs took of it."""
    first = data.spent[0]
    said = [f"{formats.count(first.runs, 'run')} took {_at_least(first)}"]
    for other in data.spent[1:]:
        if other.measure.kind in ("cost", "device hours", "energy", "emissions"):
            said.append(f"{_at_least(other)}{_what(other.measure)}")
    start = words_list(said)
    lost = sum(first.by_outcome[name].runs for name in LOST)
    if not lost:
        return (f"{start}. None of them failed or diverged.",)
    share = _share(first.lost, first.total)
    took = f"{amount(first.lost, first.measure)}{share}"
    return (Strong(start), f". {formats.count(lost, 'run')} failed or diverged and took {took}.")


def words_list(parts: list[str]) -> str:
    """`a, b and c`."""
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def _what(measure: Measure) -> str:
    """A word behind an amount whose unit does not say what it is."""
    if measure.kind == "cost":
        return "" if measure.metric.unit else " in cost"
    return "" if measure.kind == "device hours" else f" of {measure.kind}"


def _at_least(spent: Spent) -> str:
    more = "at least " if spent.unknown else ""
    return f"{more}{amount(spent.total, spent.measure)}"


def _share(part: float, total: float) -> str:
    if not total > 0:
        return ""
    share = 100 * part / total
    return f", {'less than 1' if 0 < share < 1 else formats.fixed(share, 0)} % of it"


def facts(data: OperationsData) -> Facts:
    """The sums that a reader should see first."""
    found = []
    for spent in data.spent[:3]:
        title = spent.measure.heading
        found.append(Fact(f"{title}, whole study", (_at_least(spent),), (_counted(spent),)))
    first = data.spent[0]
    lost = sum(first.by_outcome[name].runs for name in LOST)
    found.append(
        Fact(
            "Failed or diverged",
            (amount(first.lost, first.measure) if lost else "none",),
            (formats.count(lost, "run"),),
        )
    )
    if data.best is not None:
        own = next(parts for group, parts in first.by_group if group is data.best)
        total = sum(part.total for part in own.values())
        found.append(
            Fact(
                "Best group",
                (amount(total, first.measure),),
                (charting.fit(data.best.label, 40),),
            )
        )
    return Facts(tuple(found))


def _counted(spent: Spent) -> str:
    said = formats.count(spent.runs, "run")
    return f"{said}, {spent.unknown} without a value" if spent.unknown else said


def far_out(data: OperationsData) -> Words:
    """Runs that took far longer or shorter than the rest of their group; empty without any."""
    charged = data.found.charged
    place = next((i for i, m in enumerate(data.found.shown) if m is charged), None)
    if charged is None or place is None:
        return ()
    found = [
        (sample.runs[index], float(sample.values[index]))
        for sample in data.samples[place]
        for index in ties.far_out(sample.values)
    ]
    if not found:
        return ()
    said: list[Inline] = [f"Far from the rest of their group in {charged.title}: "]
    for index, (run, value) in enumerate(found[:NAMED]):
        said.append(", " if index else "")
        said.append(RunRef(run.id, charting.fit(run.name or run.id, 40)))
        said.append(f" ({amount(value, charged)})")
    rest = len(found) - NAMED
    said.append(f" and {rest} more." if rest > 0 else ".")
    said.append(" They are kept; a run may have been suspended, or the machine shared.")
    return tuple(word for word in said if word)


# ---- ratios --------------------------------------------------------------------------------------


def ratio(data: OperationsData, place: int) -> Words:
    """`wide takes 1.5 times the duration of base (...) and is ahead on val_accuracy by ...`."""
    found = data.efficiency
    if found is None:
        return ()
    own = found.costs[place]
    name, rival = (Strong(charting.fit(g.label)) for g in (own.candidate, found.baseline))
    what = found.cost.title
    if own.value is None:
        return ("No ratio of ", name, " to ", rival, f": {_lacking(own)}")
    said: Words = (name, f" takes {times(own)} the {what} of ", rival, f" ({_basis(own, found)})")
    difference = next(
        (item for item in data.differences if item.candidate.id == own.candidate.id), None
    )
    if difference is not None and difference.result.difference is not None:
        result = difference.result
        title = charting.fit(difference.metric.title)
        unit = "points" if difference.metric.unit.strip() == "%" else difference.metric.unit
        spread = None if result.adjusted is None else result.adjusted.width
        change = words.change(result.difference or 0.0, unit, spread)
        said = (*said, f"; {title} {change}, {label(result)}")
    if found.yields and found.yields[place].value is not None:
        given = found.yields[place]
        quality = charting.fit(data.quality.title) if data.quality is not None else "quality"
        said = (*said, f"; {times(given)} the {quality} per {what} ({_interval(given)})")
    return (*said, ".")


def times(own: Ratio) -> str:
    """`1.52 times`."""
    return f"{ratio_text(own.value or 0.0, own)} times"


def _interval(own: Ratio) -> str:
    if own.interval is None:
        return "no interval"
    wide = "adjusted " if own.result.family > 1 and own.result.correction != "none" else ""
    level = words.percent(1 - own.result.alpha)
    low, high = (ratio_text(end, own) for end in (own.interval.low, own.interval.high))
    return f"{wide}{level} interval {low} to {high}"


def _basis(own: Ratio, found: Efficiency) -> str:
    n = words.sizes(own.result.n, found.unit, paired=own.result.paired)
    return f"{_interval(own)}, {n}" if own.interval is not None else f"{n}, no interval"


def _lacking(own: Ratio) -> str:
    before, after = own.result.n
    if not before or not after:
        return "one of them has no value."
    return own.result.why


# ---- how -----------------------------------------------------------------------------------------


def workings(data: OperationsData) -> tuple[Block, ...]:
    """Where each measure comes from, tests, and who did not enter."""
    items: list[Words] = []
    origins = {
        "declared": "declared operational",
        "named": "named here",
        "guessed": "guessed from its name",
        "tables": "of the runs themselves",
        "computed": "computed",
    }
    for measure in data.found.shown:
        better = {"minimize": "less is better", "maximize": "more is better", None: ""}
        parts = [origins[measure.origin], measure.remark, better[measure.metric.goal or None]]
        said = "; ".join(part for part in parts if part)
        items.append((Strong(measure.title), f": {measure.kind}, {said}."))
    if any(measure.origin == "tables" for measure in data.found.shown):
        items.append(("Durations include waiting, and whatever else the machine did at the time.",))
    if data.efficiency is not None:
        items.append(
            (
                "Ratios are compared on a log scale by the test that the design asks for; an "
                "interval of the difference of logs is one of the ratio of geometric means.",
            )
        )
        results = [own.result for own in (*data.efficiency.costs, *data.efficiency.yields)]
        items += [(why,) for why in list(dict.fromkeys(result.why for result in results))[:4]]
    return (Bullets(tuple(items)), *left_out(data.dropped, "run"))


# ---- data ----------------------------------------------------------------------------------------


def record(data: OperationsData) -> dict[str, Any]:
    """Means by group, sums by outcome, and ratios, as plain data."""
    return {
        "quality": None if data.quality is None else data.quality.name,
        "measures": [
            {
                "name": measure.metric.name,
                "kind": measure.kind,
                "unit": measure.metric.unit,
                "origin": measure.origin,
                "goal": measure.metric.goal,
                "groups": [
                    {
                        "group": sample.group.label,
                        "n": int(sample.values.size),
                        "mean": float(np.mean(sample.values)) if sample.values.size else None,
                        "interval": charting.t_interval(sample.values, data.level),
                    }
                    for sample in own
                ],
            }
            for measure, own in zip(data.found.shown, data.samples, strict=True)
        ],
        "totals": [
            {
                "measure": spent.measure.metric.name,
                "unit": spent.measure.metric.unit,
                "total": spent.total,
                "runs": spent.runs,
                "without_value": spent.unknown,
                "failed_or_diverged": spent.lost,
                "outcomes": {
                    name: {"total": part.total, "runs": part.runs, "without_value": part.unknown}
                    for name, part in spent.by_outcome.items()
                },
            }
            for spent in data.spent
        ],
        "ratios": None if data.efficiency is None else _ratio_facts(data, data.efficiency),
    }


def _ratio_facts(data: OperationsData, found: Efficiency) -> dict[str, Any]:
    return {
        "cost": found.cost.metric.name,
        "baseline": found.baseline.label,
        "family": found.family,
        "unit_of_replication": found.unit,
        "costs": [_ratio_fact(own) for own in found.costs],
        "quality_per_cost": [_ratio_fact(own) for own in found.yields],
        "words": [plain(ratio(data, place)) for place in range(len(found.costs))],
    }


def _ratio_fact(own: Ratio) -> dict[str, Any]:
    return {
        "candidate": own.candidate.label,
        "ratio": own.value,
        "interval": own.interval,
        "log_scale": own.result,
    }
