"""What a ranking over data sets comes to, in sentences that can be quoted."""

from __future__ import annotations

import math
from collections.abc import Sequence

from runreport import formats
from runreport.blocks import Strong, Words
from runreport.sections import charting
from runreport.sections.aligning import unit_of_difference
from runreport.sections.pairwise import NAMES, TITLES
from runreport.sections.pools import Omnibus, Pair, Pool, PostHoc
from runreport.sections.verdicts import is_adjusted, sentence
from runreport.stats import words
from runreport.stats.findings import Finding
from runreport.stats.plan import FEWEST_DATASETS, LOW
from runreport.stats.posthoc import Leaning
from runreport.stats.ranks import Friedman

NAMED = 6
"""Data sets that are named; more are counted."""


def omnibus_words(pool: Pool, omnibus: Omnibus, unit: str, alpha: float) -> Words:
    """Whether the groups differ somewhere, by the test over all of them."""
    found, name = omnibus.corrected, charting.fit(pool.metric.title)
    sets = words.plural(unit, found.n)
    tested = f"({test_words(found)})"
    if omnibus.rejects(alpha):
        return (
            Strong(f"The {found.k} groups do not all rank alike"),
            f" on {name} over {sets} {tested}.",
        )
    return (
        f"Whether the {found.k} groups rank differently on {name} is open: their ranks on {sets} "
        f"do not tell {tested}.",
    )


def test_words(found: Friedman) -> str:
    """`Iman-Davenport F = 3.69, df 3 and 39, p = 0.020; Friedman chi-square 9.28, p = 0.026`."""
    ties = "" if not found.is_corrected else ", corrected for ties"
    f = "∞" if math.isinf(found.f) else f"{found.f:.2f}"
    return (
        f"Iman-Davenport F = {f}, df {found.df[0]} and {found.df[1]}, "
        f"{formats.p_value(found.f_p)}; Friedman chi-square {found.chi2:.2f}, df {found.k - 1}, "
        f"{formats.p_value(found.chi2_p)}{ties}"
    )


def leader_words(pool: Pool) -> Words:
    """Who has the best mean rank, and the next."""
    means = pool.mean_ranks
    best, next_best = pool.fits[0].group, pool.fits[1].group
    return (
        "The best mean rank is that of ", Strong(charting.fit(best.label)), f", {means[0]:.2f}; "
        f"next comes {charting.fit(next_best.label)} with {means[1]:.2f}.",
    )  # fmt: skip


def no_pair(pairs: Sequence[Pair], post_hoc: PostHoc, pool: Pool, unit: str) -> Finding:
    """A difference somewhere, and no pair that has it."""
    said = (
        f"There is a difference somewhere, and no pair is told apart by "
        f"{procedure(pairs, post_hoc, pool)}: {words.plural(unit, len(pool.tasks))} suffice to see "
        "that the groups differ, not between which two."
    )
    return Finding("POSTHOC_NO_PAIR", said)


def tally_words(pairs: Sequence[Pair], post_hoc: PostHoc, pool: Pool) -> str:
    """How many pairs are told apart, and by what."""
    apart = sum(pair.differs for pair in pairs)
    verb = "is" if apart == 1 else "are"
    return (
        f"{apart} of {formats.count(len(pairs), 'pair')} {verb} told apart by "
        f"{procedure(pairs, post_hoc, pool)}."
    )


def disagreement(pairs: Sequence[Pair], post_hoc: PostHoc, alpha: float) -> Finding | None:
    """Pairs on which mean ranks decide one way and the values of the two alone say the other."""
    odd = [
        f"{charting.fit(item.candidate.label, 40)} and {charting.fit(item.baseline.label, 40)}"
        for pair in pairs
        for item in (pair.comparison,)
        if post_hoc != "wilcoxon"
        and item.result.p_adjusted is not None
        and (item.result.p_adjusted < alpha) != pair.differs
    ]
    if not odd:
        return None
    more = f"; and {len(odd) - 3} more pairs" if len(odd) > 3 else ""
    said = (
        f"Their own corrected pairwise tests would fall on the other side of alpha: "
        f"{'; '.join(odd[:3])}{more}. The section asks for {TITLES[post_hoc]}, which decides; both "
        "are shown."
    )
    return Finding("TESTS_DISAGREE", said)


def procedure(pairs: Sequence[Pair], post_hoc: PostHoc, pool: Pool) -> str:
    """`Wilcoxon signed-rank tests, Holm-corrected over 6 comparisons`."""
    if post_hoc != "wilcoxon":
        return f"{TITLES[post_hoc]}{words.over(family(pairs, post_hoc, pool))}"
    tested = [pair.comparison.result for pair in pairs if pair.p_adjusted is not None]
    if not tested:
        return "pairwise tests, of which none could be made"
    first = tested[0]
    title = first.test + ("s" if len(tested) > 1 else "")
    if not is_adjusted(first):
        return f"{title}, not corrected"
    return f"{title}, {words.corrected(first.correction)}-corrected{words.over(first.family)}"


def family(pairs: Sequence[Pair], post_hoc: PostHoc, pool: Pool) -> int:
    """Comparisons that a procedure by mean ranks covers."""
    k = len(pool.fits)
    against_one = any(pair.comparison.baseline.is_baseline for pair in pairs)
    if post_hoc == "bonferroni_dunn" or (post_hoc == "holm" and against_one):
        return k - 1
    return math.comb(k, 2)


def pair_words(pair: Pair, pool: Pool, post_hoc: PostHoc, unit: str, size: int) -> Words:
    """One pair that is told apart.

    Args:
        pair: with its verdict.
        pool: what is ranked.
        post_hoc: the procedure that decides.
        unit: of replication, singular.
        size: comparisons that the procedure covers.
    """
    item = pair.comparison
    result = item.result
    if post_hoc == "wilcoxon" or pair.ranks is None:
        return sentence(item)
    ahead, behind, means = item.candidate, item.baseline, pair.ranks
    if not pair.is_ahead:
        ahead, behind, means = behind, ahead, means[::-1]
    of = unit_of_difference(pool.metric)
    wide = None if result.interval is None else result.interval.width
    difference = words.change(result.difference or 0.0, of, wide)
    labels = (charting.fit(item.candidate.label), charting.fit(item.baseline.label))
    values = f"{labels[0]} minus {labels[1]}: {difference}"
    if result.interval is not None:
        level = words.percent(result.interval.level)
        values += f", {level} interval {words.ends(result.interval)}"
    p = formats.p_value(pair.p_adjusted)
    return (
        Strong(charting.fit(ahead.label)), " ranks ahead of ", Strong(charting.fit(behind.label)),
        f" on {charting.fit(pool.metric.title)}: mean ranks {means[0]:.2f} and {means[1]:.2f} over "
        f"{words.plural(unit, len(pool.tasks))} ({NAMES[post_hoc]}-adjusted {p}{words.over(size)}; "
        f"{values}).",
    )  # fmt: skip


# ---- what it rests on ----------------------------------------------------------------------------


def basis_words(pool: Pool, unit: str) -> str:
    """What counts as one, what was averaged, what was left out."""
    several = words.several(unit)
    parts = [f"This is about {several} like these, each counted once."]
    if pool.averaged:
        parts.append(f"Replicates within a {unit} are averaged: they do not make more {several}.")
    if pool.missing:
        named = [
            f"{charting.fit(task, 40)} (no value of {charting.named(groups, 3)})"
            for task, groups in pool.missing[:NAMED]
        ]
        rest = len(pool.missing) - len(named)
        more = f"; and {rest} more" if rest else ""
        parts.append(
            f"Ranked are the {words.plural(unit, len(pool.tasks))} that every group has a value "
            f"of. Left out: {'; '.join(named)}{more}."
        )
    if pool.absent:
        has = "has" if len(pool.absent) == 1 else "have"
        names = charting.named([group.label for group in pool.absent])
        parts.append(f"{names} {has} no value and {'is' if has == 'has' else 'are'} not ranked.")
    return " ".join(parts)


def few_words(pool: Pool, unit: str) -> Finding | None:
    """Too few data sets for a test, or for exact p-values."""
    n = len(pool.tasks)
    sets = words.plural(unit, n)
    if n < FEWEST_DATASETS:
        said = (
            f"{sets} {'is' if n == 1 else 'are'} too few for a test over {words.several(unit)}; "
            f"{FEWEST_DATASETS} are the least, and ten or more are better. Nothing is tested."
        )
        return Finding("FEW_DATASETS", said)
    if n < LOW:
        said = f"With {sets} p-values of mean ranks are approximate; ten or more would do."
        return Finding("FEW_DATASETS", said)
    return None


def leaning_words(found: Sequence[Leaning], pool: Pool) -> Finding | None:
    """Pairs whose ranks tell another story without a third group."""
    if not found:
        return None
    names = [charting.fit(fit.group.label, 40) for fit in pool.fits]
    by_pair: dict[tuple[int, int], list[Leaning]] = {}
    for item in found:
        by_pair.setdefault(item.pair, []).append(item)
    parts = []
    for (one, other), items in list(by_pair.items())[:3]:
        others = charting.named([names[item.without] for item in items], 3)
        seen = "are told apart" if items[0].differ else "are not told apart"
        then = "would not be" if items[0].differ else "would be"
        parts.append(f"{names[one]} and {names[other]} {seen}, and {then} without {others}")
    more = f"; and {len(by_pair) - 3} more pairs" if len(by_pair) > 3 else ""
    said = (
        f"Mean ranks depend on what else is ranked. By them (Nemenyi) {'; '.join(parts)}{more}. "
        "The signed-rank test of the two alone does not turn with it."
    )
    return Finding("RANK_POOL", said)
