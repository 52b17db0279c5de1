"""What comparisons could have found, in sentences."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from runreport import formats
from runreport.blocks import Inline, Words
from runreport.sections import charting
from runreport.sections.aligning import unit_of_difference
from runreport.sections.outlook import Outlook, Prospect, detectable_with
from runreport.stats import power, words

SEEDS = (3, 5, 10)
"""What more replicates would show, where there is one of each."""


def lead(found: Prospect) -> Words:
    """What these comparisons could have found at all."""
    name = charting.fit(found.answer.metric.title)
    unit = found.answer.unit_of_replication
    fewest = min(item.n for item in found.outlooks)
    if not found.able:
        return (_nothing_known(found, name, unit, fewest),)
    able = found.able
    sizes = sorted(item.detectable or 0.0 for item in able)
    deviations = sorted(item.detectable_sd or 0.0 for item in able)
    unit_of = unit_of_difference(found.answer.metric)
    size = words.with_unit(_range(sizes, 2), unit_of)
    which = ", depending on the groups" if _range(sizes, 2).count(" to ") else ""
    comparisons = "this comparison" if len(able) == 1 else f"each of {len(able)} comparisons"
    parts: list[Inline] = [
        f"With {_replicates(able, unit)}, {comparisons} on {name} could find a true difference of "
        f"about {size} or more{which} ({_range(deviations, 3)} standard deviations"
        f"{' of the differences' if found.paired else ''}; 80 % power at alpha "
        f"{words.short(found.alpha)}{_corrected(found)}).",
    ]
    if found.margin is not None:
        parts.append(f" {_against_margin(found, able, unit)}")
    return tuple(parts)


def _nothing_known(found: Prospect, name: str, unit: str, fewest: int) -> str:
    of = " of the differences" if found.paired else ""
    sizes = [f"{detectable_with(n, found.alpha, paired=found.paired):.2f}" for n in SEEDS]
    first = f"{SEEDS[0]} pairs" if found.paired else f"{SEEDS[0]} {words.several(unit)} each"
    outlook = (
        f"With {first} you would detect differences of about {sizes[0]} standard deviations{of}, "
        f"with {SEEDS[1]} of {sizes[1]}, with {SEEDS[2]} of {sizes[2]} (80 % power at alpha "
        f"{words.short(found.alpha)}, for one comparison)."
    )
    if not found.planned:
        reasons = dict.fromkeys(item.comparison.result.why for item in found.outlooks)
        return (
            f"What these comparisons on {name} could have detected is not a matter of how many "
            f"{words.several(unit)} there are. {' '.join(reasons)}"
        )
    if fewest == 1:
        return f"One run per group cannot show any difference on {name}. {outlook}"
    if fewest == 2:
        several = words.several(unit)
        return f"Two {several} per group cannot show any difference on {name}. {outlook}"
    return f"No test is made on {name}, so it has no power. {outlook}"


def _replicates(able: Sequence[Outlook], unit: str) -> str:
    """`6 seeds per group`, `6 to 10 pairs of seeds`."""
    sizes = [size for item in able for size in item.comparison.result.n]
    few, many = min(sizes), max(sizes)
    start = f"{few}" if few == many else f"{few} to {many}"
    return f"{start} {_replicate(able[0], unit, many)}"


def _range(sizes: Sequence[float], digits: int) -> str:
    low, high = words.short(sizes[0], digits), words.short(sizes[-1], digits)
    return low if low == high else f"{low} to {high}"


def _corrected(found: Prospect) -> str:
    result = found.able[0].comparison.result
    if result.correction == "none" or result.family <= 1:
        return ""
    return f" after {words.corrected(result.correction)}'s correction{words.over(result.family)}"


def _against_margin(found: Prospect, able: Sequence[Outlook], unit: str) -> str:
    """Whether a difference that matters would have been found."""
    margin = found.margin or 0.0
    size = words.amount(margin, unit_of_difference(found.answer.metric))
    missed = [item for item in able if (item.detectable or 0.0) > margin]
    if not missed:
        return f"A difference as large as the margin of {size} would have been found."
    chances = sorted(item.chance for item in missed if item.chance is not None)
    said = f"A difference as large as the margin of {size} may be missed"
    if chances:
        shares = [f"{chance * 100:.0f}" for chance in (chances[0], chances[-1])]
        share = shares[0] if shares[0] == shares[1] else f"{shares[0]} to {shares[1]}"
        said += f": the chance to find it is {share} %"
    if not found.planned:
        return f"{said}; more {words.several(unit)} of the same data do not help."
    wanted = [item.for_margin - item.n for item in missed if item.for_margin is not None]
    if len(wanted) < len(missed):
        return f"{said}, and more than {formats.number(power.MOST)} would be needed."
    few, many = min(wanted), max(wanted)
    more = f"{many}" if few == many else f"{few} to {many}"
    return f"{said}; about {more} more {_replicate(able[0], unit, many)} would do."


def _replicate(item: Outlook, unit: str, n: int) -> str:
    """`seeds per group`, `pair of seeds`, `tasks`."""
    result = item.comparison.result
    one = unit if n == 1 else words.several(unit)
    if not result.paired:
        return f"{one} per group"
    if result.kind in ("datasets", "items"):
        return one
    return f"pair{'' if n == 1 else 's'} of {words.several(unit)}"


def limits(found: Prospect) -> Iterator[str]:
    """What exact tests cannot reach with so few replicates, and what ranks do better."""
    unit = found.answer.unit_of_replication
    if found.able and any(item.comparison.result.about != "mean" for item in found.able):
        yield (
            "The test is of ranks, this outlook of means and their standard deviations: where a "
            f"few {words.several(unit)} differ far more than the others, ranks find smaller "
            "differences."
        )
    short_of = [item for item in found.outlooks if item.enough is not None and item.smallest]
    if not short_of:
        return
    worst = max(short_of, key=lambda item: item.smallest or 0.0)
    bar = words.short(found.alpha)
    if found.level < found.alpha:
        bar = f"the {words.short(found.level)} that the correction asks for"
    yield (
        f"With {_replicates([worst], unit)} exact and rank tests cannot go below p = "
        f"{words.short(worst.smallest or 1.0)}, which is not below {bar}; they could with "
        f"{worst.enough}."
    )
