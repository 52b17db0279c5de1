"""Sentences and phrases about tests: numbers and units in, words out; names come from above."""

from __future__ import annotations

import math

from runreport import formats
from runreport.design import Correction
from runreport.stats.result import Interval


def amount(value: float, unit: str, spread: float | None = None) -> str:
    """A size with its unit: `1.3 points`; as many decimals as `spread` deserves."""
    return with_unit(_number(abs(value), spread), unit)


def change(value: float, unit: str, spread: float | None = None) -> str:
    """A difference with its sign: `+1.3 points`."""
    text = _number(value, spread)
    sign = "+" if value > 0 and not _is_zero(text) else ""
    return with_unit(f"{sign}{text}", unit)


def ends(interval: Interval) -> str:
    """`0.4 to 2.2`."""
    low, high = both_ends(interval)
    return f"{low} to {high}"


def both_ends(interval: Interval, *, signed: bool = False) -> tuple[str, str]:
    """Low and high, with as many decimals as the width deserves.

    Of an interval that leaves out 0 no end is written as 0: that would hide what decides.

    Args:
        interval: any.
        signed: whether a positive end has a plus.
    """
    apart = interval.low > 0 or interval.high < 0
    texts = []
    for end in (interval.low, interval.high):
        text = _number(end, interval.width)
        if apart and end != 0 and _is_zero(text):
            text = short(end, 1)
        texts.append(f"+{text}" if signed and end > 0 and not _is_zero(text) else text)
    return texts[0], texts[1]


def _is_zero(text: str) -> bool:
    return not any("1" <= char <= "9" for char in text)


def with_unit(text: str, unit: str) -> str:
    """Words follow after a space, symbols after a narrow one."""
    if unit == "points":
        return f"{text} {'point' if text.lstrip('+' + formats.MINUS) == '1' else 'points'}"
    return formats.with_unit(text, unit)


def _number(value: float, spread: float | None) -> str:
    size = abs(value)
    if spread is None or not 1e-8 < spread < 1e6 or size > 1e9:
        return short(value)
    # a width of 12 deserves a decimal, as one of 9 does
    return formats.fixed(value, formats.decimals_for(0.75 * spread))


def short(value: float, digits: int = 3) -> str:
    """0.05 and 0.0625, not 0.0500."""
    text = formats.number(value, digits)
    return text.rstrip("0").rstrip(".") if "." in text and "e" not in text else text


def percent(level: float) -> str:
    """`95 %`."""
    return f"{short(level * 100, 4)} %"


def plural(unit: str, n: int) -> str:
    """`1 seed`, `6 seeds`, `6 replicates` for a word that has its plural already."""
    return formats.count(n, unit, unit if unit.endswith("s") else None)


def several(unit: str) -> str:
    """`seeds`."""
    return unit if unit.endswith("s") else f"{unit}s"


def sizes(n: tuple[int, int], unit: str, *, paired: bool) -> str:
    """`6 seeds` for pairs, `6 seeds each`, `9 and 10 seeds`."""
    if paired:
        return plural(unit, n[0])
    if n[0] == n[1]:
        return f"{plural(unit, n[0])} each"
    return f"{formats.number(n[1])} and {plural(unit, n[0])}"


def over(family: int) -> str:
    """`over 6 comparisons`, nothing for one."""
    return f" over {formats.count(family, 'comparison')}" if family > 1 else ""


def p_words(
    p: float | None, adjusted: float | None, correction: Correction, family: int, by: str = ""
) -> str:
    """`p = 0.012`, or `Holm-adjusted p = 0.012 over 6 comparisons`.

    Args:
        p: raw; None or NaN where there is none.
        adjusted: over the family.
        correction: what adjusted it.
        family: comparisons it covers.
        by: the test that adjusts its own p, instead of a correction.
    """
    if p is None or math.isnan(p):
        return "no p-value"
    if (correction == "none" and not by) or family <= 1 or adjusted is None:
        return formats.p_value(p)
    return f"{by or corrected(correction)}-adjusted {formats.p_value(adjusted)}{over(family)}"


def corrected(correction: Correction) -> str:
    """After whom a correction is called."""
    names = {"bh": "Benjamini-Hochberg", "by": "Benjamini-Yekutieli"}
    return names.get(correction, correction.capitalize())


def unattainable(
    alpha: float,
    needed: float,
    smallest: float,
    n: int,
    enough: int,
    *,
    test: str = "",
    pairs: str = "",
    asked: bool = False,
    zeros: int = 0,
) -> str:
    """Why an exact test of so many pairs cannot reject, before any p is shown.

    Args:
        alpha: the declared level.
        needed: what the smallest p must reach after correction.
        smallest: what it can reach.
        n: pairs.
        enough: pairs with which it could.
        test: the exact test that decides; empty when a t-test does.
        pairs: the unit of replication, singular, where a data set is a pair.
        asked: whether the author chose the test.
        zeros: pairs without a difference, which have no sign.
    """
    bar = f" where {short(needed)} is needed after correction" if needed < alpha else ""
    of = f"{several(pairs)}" if pairs in ("dataset", "data set", "task") else "pairs"
    same = f", {zeros} of them without a difference" if zeros else ""
    limit = (
        f"cannot reach {short(alpha)} with n = {n} {of}{same}; needs {enough}: its smallest p is "
        f"{short(smallest)}{bar}."
    )
    if not test:
        return f"An exact sign-flip or rank test {limit} A t-test decides here."
    rest = "It cannot reject here, whatever the values"
    if asked:
        return f"The {test} {limit} {rest}; a paired t-test, or {enough} or more {of}, could."
    return f"The {test} {limit} {rest}."


def unattainable_split(
    alpha: float,
    needed: float,
    smallest: float,
    n: tuple[int, int],
    enough: int,
    test: str = "",
    *,
    times: bool = False,
) -> str:
    """The same for two independent groups; `test` is the exact one that decides, if one does."""
    bar = f" where {short(needed)} is needed after correction" if needed < alpha else ""
    limit = (
        f"cannot reach {short(alpha)} with {n[0]} and {n[1]} runs; needs {enough} each: its "
        f"smallest p is {short(smallest)}{bar}."
    )
    if not test:
        return f"An exact permutation or rank test {limit} A t-test decides here."
    return (
        f"The {test} {limit} It cannot reject here, whatever the values; "
        f"{'' if times else 'a Welch t-test, or '}{enough} or more runs each"
        f"{'' if times else ','} could."
    )
