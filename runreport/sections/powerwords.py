"""What comparisons could have found, in sentences."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from runreport import formats
from runreport.sections import charting
from runreport.sections.aligning import unit_of_difference
from runreport.sections.outlook import (
    MOST_ITEMS,
    Outlook,
    Prospect,
    detectable_with,
    fewest,
)
from runreport.stats import power, words

STEPS = (3, 5, 10)
"""How many replicates are spoken of where there are too few."""


def lead(found: Prospect) -> str:
    """What these comparisons could have found at all, also where no test can reject."""
    name = charting.fit(found.answer.metric.title)
    if not found.able and found.planned:
        return f"{_unable(found, name)} {_with_more(found)}"
    if not found.able:
        reasons = dict.fromkeys(item.comparison.result.why for item in found.outlooks)
        return (
            f"What these comparisons on {name} could have detected is not a matter of how many "
            f"{words.several(found.answer.unit_of_replication)} there are. {' '.join(reasons)}"
        )
    if found.able[0].comparison.result.kind == "items":
        return _items(found, name)
    able, unit = found.able, found.answer.unit_of_replication
    deviations = sorted(item.detectable_sd or 0.0 for item in able)
    size = _sizes(found)
    which = ", depending on the groups" if " to " in size else ""
    said = (
        f"With {_replicates(able, unit)}, {_comparisons(able)} on {name} could find a true "
        f"difference of about {size} or more{which} "
        f"({_range([words.short(value, 3) for value in deviations])} standard deviations"
        f"{' of the differences' if found.paired else ''}; 80 % power at alpha "
        f"{words.short(found.alpha)}{_corrected(found)})."
    )
    if found.margin is not None:
        said += f" {_against_margin(found, able, unit)}"
    return said


def _comparisons(able: Sequence[Outlook]) -> str:
    return "this comparison" if len(able) == 1 else f"each of {len(able)} comparisons"


def _sizes(found: Prospect) -> str:
    """`0.8 to 1.2 points`: what the comparisons can detect."""
    sizes = sorted(item.detectable or 0.0 for item in found.able)
    said = _range([words.short(value, 2) for value in sizes])
    return words.with_unit(said, unit_of_difference(found.answer.metric))


def _range(said: Sequence[str]) -> str:
    return said[0] if said[0] == said[-1] else f"{said[0]} to {said[-1]}"


def _corrected(found: Prospect) -> str:
    result = found.able[0].comparison.result
    if result.correction == "none" or result.family <= 1:
        return ""
    return f" after {words.corrected(result.correction)}'s correction{words.over(result.family)}"


def _replicates(able: Sequence[Outlook], unit: str) -> str:
    """`6 seeds per group`, `6 to 10 pairs of seeds`."""
    sizes = [size for item in able for size in item.comparison.result.n]
    few, many = min(sizes), max(sizes)
    return f"{_range((f'{few}', f'{many}'))} {_replicate(able[0], unit, many)}"


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
        share = _range([f"{chance * 100:.0f}" for chance in chances])
        said += f": the chance to find it is {share} %"
    if not found.planned:
        return f"{said}; more {words.several(unit)} of the same data do not help."
    wanted = [item.for_margin - item.n for item in missed if item.for_margin is not None]
    if len(wanted) < len(missed):
        return f"{said}, and more than {formats.number(power.MOST)} would be needed."
    few, many = min(wanted), max(wanted)
    more = _range((f"{few}", f"{many}"))
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


def each_of(found: Prospect) -> str:
    """`seeds per group`, `pairs of seeds`, `tasks`."""
    unit = words.several(found.answer.unit_of_replication)
    if not found.paired:
        return f"{unit} per group"
    return unit if _is_by_itself(found) else f"pairs of {unit}"


def _is_by_itself(found: Prospect) -> bool:
    """Whether a replicate is a pair already, as a data set or an item is."""
    return any(item.comparison.result.kind in ("datasets", "items") for item in found.outlooks)


def _counted(found: Prospect, n: int) -> str:
    unit = found.answer.unit_of_replication
    if not found.paired:
        return f"{words.plural(unit, n)} each"
    return words.plural(unit, n) if _is_by_itself(found) else words.plural("pair", n)


def _items(found: Prospect, name: str) -> str:
    """Error and number of items say what they can find, no standard deviation does."""
    able, unit = found.able, unit_of_difference(found.answer.metric)
    each = words.several(found.answer.unit_of_replication)
    result = able[0].comparison.result
    number = _range([formats.number(n) for n in sorted(item.n for item in able)])
    said = (
        f"With {number} {each}, {_comparisons(able)} on {name} could find a true difference of "
        f"about {_sizes(found)} or more (80 % power at alpha {words.short(found.alpha)}"
        f"{_corrected(found)})."
    )
    if found.margin is not None:
        said += f" A difference as large as the margin of {words.amount(found.margin, unit)} "
        missed = [item for item in able if (item.detectable or 0.0) > found.margin]
        more = sorted(item.for_margin - item.n for item in missed if item.for_margin is not None)
        if not missed:
            said += "would have been found."
        elif len(more) < len(missed):
            said += f"may be missed, and more than {formats.number(MOST_ITEMS)} would be needed."
        else:
            number = _range([formats.number(k) for k in more])
            said += f"may be missed; about {number} more {each} would do."
    if len(able) == 1 and result.needed is not None and result.needed > able[0].n:
        question = "which side of the margin it is on" if result.margin else "whether there is one"
        k = formats.number(result.needed - able[0].n)
        said += f" If the difference is as it looks, about {k} more {each} settle {question}."
    return said


def _unable(found: Prospect, name: str) -> str:
    """Why nothing can be found."""
    unit = found.answer.unit_of_replication
    least = min(item.n for item in found.outlooks)
    if any(item.powerless for item in found.outlooks):
        return (
            f"With {_counted(found, least)}, nothing can be found on {name}, whatever the "
            f"difference: the {found.outlooks[0].comparison.result.test} cannot go below "
            f"{words.short(found.level)}, so its power is 0."
        )
    if found.outlooks[0].comparison.result.kind != "datasets" and least in (1, 2):
        several = "One run" if least == 1 else f"Two {words.several(unit)}"
        return f"{several} per group cannot show any difference on {name}."
    why = found.outlooks[0].comparison.result.why.split("; ")[0].split(". ")[0].rstrip(".")
    return f"No test is made on {name}, so it has no power: {why[:1].lower()}{why[1:]}."


def _with_more(found: Prospect) -> str:
    """What more replicates would find, from the number on with which anything can be."""
    first = fewest(found, found.alpha, STEPS[0])
    steps = STEPS if first == STEPS[0] else (first, *[n for n in (10, 20, 40) if n > first][:2])
    sizes = [detectable_with(n, found.alpha, paired=found.paired, rule=found.rule) for n in steps]
    of = " of the differences" if found.paired else ""
    rest = ", ".join(
        f"with {n} of {size:.2f}" for n, size in zip(steps[1:], sizes[1:], strict=True)
    )
    return (
        f"With {_counted(found, steps[0])} you would detect differences of about {sizes[0]:.2f} "
        f"standard deviations{of}, {rest} (80 % power at alpha {words.short(found.alpha)}, for one "
        "comparison)."
    )


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


def at_looks(found: Prospect) -> Iterator[str]:
    """That this holds for one planned look, where it is a later one."""
    results = [item.comparison.result for item in found.able if item.comparison.result.look > 1]
    if any(result.anytime for result in results):
        yield (
            "These figures are for one planned look; intervals that hold at every look are wider, "
            "so that they find less."
        )
    elif results:
        yield "These figures are for one planned look; nothing here holds at every look."
