"""What `segments` says: the worst difference in a sentence, tables, and how it was computed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from runreport import formats
from runreport.blocks import Strong, Words
from runreport.sections import charting
from runreport.sections.aligning import unit_of_difference
from runreport.sections.segmented import Against, Pair, SegmentsData, Standing
from runreport.stats import words
from runreport.stats.result import Interval


def plural(noun: str) -> str:
    """`classes`, `categories`, `data sets`."""
    if noun.endswith(("ss", "x", "ch", "sh")):
        return f"{noun}es"
    if noun.endswith("y") and noun[-2:-1] not in "aeiou":
        return f"{noun[:-1]}ies"
    return words.several(noun)


def counted(count: int, noun: str) -> str:
    """`10 classes`."""
    return formats.count(count, noun, plural(noun))


# ---- sentences -----------------------------------------------------------------------------------


def in_order(against: Sequence[Against]) -> list[Against]:
    """Those with a worst difference, the largest loss first."""
    known = [own for own in against if own.improvement is not None]
    return sorted(known, key=lambda own: own.improvement or 0.0)


def worst_difference(data: SegmentsData, own: Against) -> Words:
    """Where a candidate did worst against the baseline, and how much worse it may truly be."""
    found = data.slices
    unit, noun = unit_of_difference(found.metric), found.noun
    base = found.baseline
    name = Strong(charting.fit(own.row.label))
    rival = Strong(charting.fit(base.label if base else ""))
    worst, size = own.worst or 0, own.improvement or 0.0
    spread = None if own.interval is None else own.interval.width
    change = words.amount(size, unit, spread)
    place = found.segments[worst]
    ahead = "ahead by" if size > 0 else "behind by"
    start: Words = (name, " against ", rival, f": its worst {noun} is {place}, {ahead} {change}")
    if not any("1" <= char <= "9" for char in change):
        start = (name, " against ", rival, f": its worst {noun} is {place}, level with it")
    if own.interval is None:
        return (*start, f". {_no_bound(data, own)}{_absent(data, own)}")
    interval = own.interval
    level = words.percent(round(interval.level, 6))
    n = words.sizes(_sizes(own), data.unit, paired=_paired(own))
    said = f" ({level} interval of the worst difference {words.ends(interval)}, {n}). "
    return (*start, said, _claim(data, interval), _absent(data, own))


def _absent(data: SegmentsData, own: Against) -> str:
    """On which segments the two are not compared; empty where on all."""
    if not own.absent:
        return ""
    names = charting.named([data.slices.segments[place] for place in own.absent], 4)
    return f" Not compared on {names}, where one of the two has no runs."


def _claim(data: SegmentsData, interval: Interval) -> str:
    """What the lower end says: no segment is worse by more."""
    found, unit = data.slices, unit_of_difference(data.slices.metric)
    margin = _margin(data)
    if interval.low >= 0:
        said = f"No {found.noun} is worse"
    else:
        most = words.amount(interval.low, unit, interval.width)
        said = f"No {found.noun} is worse by more than {most}"
    if margin is None:
        return f"{said}."
    allowed = words.amount(margin, unit)
    if interval.low > -margin:
        return f"{said}, which is within the margin of {allowed}."
    if interval.high < -margin:
        return f"Some {found.noun} is worse by more than the margin of {allowed}."
    return f"{said}; whether all stay within the margin of {allowed} is open."


def _margin(data: SegmentsData) -> float | None:
    """The margin where it is one size for all segments."""
    margins = {pair.result.margin for own in data.against for pair in own.pairs}
    return margins.pop() if len(margins) == 1 else None


def _no_bound(data: SegmentsData, own: Against) -> str:
    names = charting.named([data.slices.segments[place] for place in own.bare], 4)
    has = "has" if len(own.bare) == 1 else "have"
    return (
        f"How much worse it may truly be cannot be said: {names} {has} too few "
        f"{words.several(data.unit)} for an interval, or values that do not vary."
    )


def _sizes(own: Against) -> tuple[int, int]:
    """The smallest sizes over segments."""
    tested = [pair.result.n for pair in own.pairs if pair.segment not in own.absent]
    return min(n for n, _ in tested), min(n for _, n in tested)


def _paired(own: Against) -> bool:
    return all(p.result.paired for p in own.pairs if p.segment not in own.absent)


def weakest(data: SegmentsData) -> Words:
    """The lowest mean of all groups and segments, where there is no baseline."""
    found, metric = data.slices, data.slices.metric
    known = [own for own in data.standings if own.worst is not None]
    if not known:
        return (
            f"No group has values of {charting.fit(metric.title)} on two {plural(found.noun)}.",
        )
    sign = -1.0 if metric.goal == "minimize" else 1.0
    first = min(known, key=lambda own: sign * (own.row.fits[own.worst or 0].mean or 0.0))
    worst = first.worst or 0
    mean = charting.value_text(first.row.fits[worst].mean, metric)
    said: Words = (
        Strong(charting.fit(first.row.label)),
        f" on {found.segments[worst]} is the weakest of all: {mean}.",
    )
    if first.gap is not None and first.best is not None:
        said = (
            *said,
            f" Its best {found.noun} is {found.segments[first.best]}; {gap_words(data, first)}.",
        )
    return said


def gap_words(data: SegmentsData, own: Standing) -> str:
    """`the gap is 12.1 points (95 % interval of the true gap 9.8 to 15.0, 6 seeds)`."""
    unit = unit_of_difference(data.slices.metric)
    spread = None if own.gap_interval is None else own.gap_interval.width
    said = f"the gap is {words.amount(own.gap or 0.0, unit, spread)}"
    n = words.plural(data.unit, fewest(own))
    if own.gap_interval is None:
        return f"{said} ({n}, no interval)"
    level = words.percent(own.gap_interval.level)
    return f"{said} ({level} interval of the true gap {words.ends(own.gap_interval)}, {n})"


def fewest(own: Standing) -> int:
    """Values of the segment that has the fewest, where it has any."""
    return min(fit.sample.values.size for fit in own.row.fits if fit.sample.values.size)


def scope(data: SegmentsData) -> str:
    """What the intervals speak of."""
    kind = next((fit.kind for row in data.slices.rows for fit in row.fits), "replicates")
    each = words.several(data.unit)
    if kind == "items":
        return (
            f"This is about these trained models on {each} like these; trained again, they may "
            f"come out in another order."
        )
    return (
        f"Intervals are over {each}: what training again would change. How few examples a "
        f"{data.slices.noun} has is not in them."
    )


def power(data: SegmentsData) -> str:
    """What the comparisons could have shown at all; empty where none was made."""
    sizes = [
        pair.result.detectable
        for own in data.against
        for pair in own.pairs
        if pair.result.detectable is not None
    ]
    if not sizes:
        return ""
    unit, noun = unit_of_difference(data.slices.metric), data.slices.noun
    low, high = words.short(min(sizes), 2), words.short(max(sizes), 2)
    size = words.with_unit(low if low == high else f"{low} to {high}", unit)
    return (
        f"On one {noun} these runs find differences from about {size} on (80 % power after "
        f"correction{words.over(data.family)})."
    )


def is_adjusted(data: SegmentsData) -> bool:
    """Whether intervals and p cover more than one comparison."""
    return data.rules.correction != "none" and data.family > 1


# ---- how -----------------------------------------------------------------------------------------


def method(data: SegmentsData) -> Iterator[str]:
    """Tests, families and intervals."""
    found = data.slices
    count = counted(len(found.segments), found.noun)
    if data.against:
        rivals = sum(not row.is_baseline for row in found.rows)
        groups = formats.count(rivals, "group")
        if rivals > len(data.against):
            yield (
                f"The first {len(data.against)} groups are compared; the correction covers all "
                f"{formats.number(rivals)}."
            )
        if not data.family:
            yield "No test was made."
        elif is_adjusted(data):
            yield (
                f"The family is {count} x {groups} against the baseline: "
                f"{formats.count(data.family, 'comparison')}, those that cannot be tested left "
                f"out, corrected after {words.corrected(data.rules.correction)} at alpha "
                f"{words.short(data.rules.alpha)}. It is apart from the families of whole metrics."
            )
        elif data.rules.correction == "none":
            yield (
                f"{formats.count(data.family, 'comparison')} ({count} x {groups}), nothing "
                "corrected, as the spec asks."
            )
        results = [pair.result for own in data.against for pair in own.pairs]
        yield from list(dict.fromkeys(result.why for result in results))[:6]
        tested = [own for own in data.against if own.interval is not None]
        if tested and tested[0].interval is not None:
            level = words.percent(round(tested[0].interval.level, 6))
            shared = f" (alpha shared among {groups})" if rivals > 1 else ""
            yield (
                f"The worst difference is the smallest true improvement over {count}. Its lower "
                f"end is the lowest of the intervals of each {found.noun} at {level}{shared}: that "
                "none is worse is one claim about all, which needs no further correction "
                "(intersection-union). Its upper end allows for any of them being the worst "
                "(Bonferroni)."
            )
    if any(own.gap_interval is not None for own in data.standings):
        runs = "differences within runs" if found.shared else "Welch's t of every two"
        yield (
            f"The gap is that of the two true means furthest apart, by {runs}: its lower end "
            f"allows for every pair of {count}, its upper end needs no correction."
        )
    yield "Source: Berger (1982), Technometrics 24; Dunn (1961), JASA 56."


# ---- data ----------------------------------------------------------------------------------------


def standing_facts(data: SegmentsData, own: Standing) -> dict[str, Any]:
    """One group over its segments, as plain data."""
    names = data.slices.segments
    return {
        "group": own.row.label,
        "is_baseline": own.row.is_baseline,
        "worst": None if own.worst is None else names[own.worst],
        "worst_mean": None if own.worst is None else own.row.fits[own.worst].mean,
        "worst_interval": own.level_of_worst,
        "best": None if own.best is None else names[own.best],
        "best_mean": None if own.best is None else own.row.fits[own.best].mean,
        "gap": own.gap,
        "gap_interval": own.gap_interval,
        "means": {
            name: {"n": int(fit.sample.values.size), "mean": fit.mean,
                   "interval": fit.interval(data.slices.design.level)}
            for name, fit in zip(names, own.row.fits, strict=True)
        },
    }  # fmt: skip


def worst_facts(data: SegmentsData, own: Against) -> dict[str, Any]:
    """The worst difference of one candidate: what `no segment worse by more than` needs."""
    names = data.slices.segments
    return {
        "candidate": own.row.label,
        "segment": None if own.worst is None else names[own.worst],
        "improvement": own.improvement,
        "interval": own.interval,
        "without_interval": [names[place] for place in own.bare],
        "not_compared": [names[place] for place in own.absent],
    }


def comparison_facts(data: SegmentsData, own: Against, pair: Pair) -> dict[str, Any]:
    """One comparison on one segment, as plain data."""
    result, base = pair.result, data.slices.baseline
    return {
        "candidate": own.row.label,
        "baseline": None if base is None else base.label,
        "segment": data.slices.segments[pair.segment],
        "verdict": result.verdict,
        "difference": result.difference,
        "improvement": result.improvement,
        "means": result.means,
        "n": result.n,
        "test": result.test,
        "p_value": result.p_value,
        "p_adjusted": result.p_adjusted,
        "interval": result.interval,
        "adjusted": result.adjusted,
        "margin": result.margin,
    }
