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
from runreport.stats.result import Significance

NAMED = 6
"""Data sets that are named; more are counted."""


def omnibus_words(pool: Pool, omnibus: Omnibus, unit: str, alpha: float) -> Words:
    """Whether the groups differ somewhere, by the test over all of them."""
    found, name = omnibus.corrected, charting.fit(pool.metric.title)
    sets = words.plural(unit, found.n)
    tested = f"({test_words(found)})"
    if omnibus.look > 1:
        tested = f"({test_words(found)}; fixed-sample, holds for one planned look alone)"
        return (
            f"Whether the {found.k} groups rank differently on {name} over {sets} is open at look "
            f"{omnibus.look}: no test of ranks holds when one looks again and again {tested}.",
        )
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
    f = f"= {found.f:.2f}"
    if math.isinf(found.f):
        f = "infinite, as all rankings are the same"
    return (
        f"Iman-Davenport F {f}, df {found.df[0]} and {found.df[1]}, "
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
    """A difference somewhere, and none of the tested pairs has it."""
    by = procedure(pairs, post_hoc, pool)
    if any(pair.p_adjusted is None for pair in pairs):
        said = f"There is a difference somewhere, and no tested pair is told apart by {by}."
    else:
        said = (
            f"There is a difference somewhere, and no pair is told apart by {by}: "
            f"{words.plural(unit, len(pool.tasks))} suffice to see that the groups differ, not "
            "between which two."
        )
    return Finding("POSTHOC_NO_PAIR", said)


def untested_words(pairs: Sequence[Pair]) -> str:
    """Why pairs have no test that decides; empty when each has one."""
    without = [pair for pair in pairs if pair.p_adjusted is None]
    peeked = [pair for pair in without if pair.is_peeked]
    withheld = [pair for pair in without if pair.is_withheld]
    rest = [pair for pair in without if not (pair.is_peeked or pair.is_withheld)]
    said = []
    if peeked:
        look = peeked[0].comparison.result.look
        called = "no pair is called"
        if len(peeked) + len(withheld) < len(pairs):
            verb = "is" if len(peeked) == 1 else "are"
            called = f"{formats.count(len(peeked), 'pair')} {verb} not called"
        said.append(f"Look {look}: fixed-sample p does not hold, so {called}.")
    if withheld:
        verb, them = ("is", "it") if len(withheld) == 1 else ("are", "them")
        count = formats.count(len(withheld), "pair")
        said.append(f"{count} {verb} not comparable, and no test is made of {them}.")
    if rest:
        reasons = list(dict.fromkeys(pair.comparison.result.why for pair in rest))
        why = f" {reasons[0]}" if len(reasons) == 1 and reasons[0] else ""
        verb = "has" if len(rest) == 1 else "have"
        said.append(f"{formats.count(len(rest), 'pair')} {verb} no test that could decide.{why}")
    return " ".join(said)


def tally_words(pairs: Sequence[Pair], post_hoc: PostHoc, pool: Pool) -> str:
    """How many pairs are told apart, and by what."""
    apart = sum(pair.differs for pair in pairs)
    verb = "is" if apart == 1 else "are"
    return (
        f"{apart} of {formats.count(len(pairs), 'pair')} {verb} told apart by "
        f"{procedure(pairs, post_hoc, pool)}."
    )


def disagreement(pairs: Sequence[Pair], post_hoc: PostHoc, alpha: float) -> Finding | None:
    """Pairs on which mean ranks and the values of the two alone fall on different sides."""
    by_values = post_hoc == "wilcoxon"
    odd = [
        charting.both(item.candidate, item.baseline)
        for pair in pairs
        for item in (pair.comparison,)
        for other in (pair.by_ranks.get("nemenyi") if by_values else item.result.p_adjusted,)
        if other is not None
        and pair.p_adjusted is not None
        and (other < alpha) != (pair.p_adjusted < alpha)
    ]
    if not odd:
        return None
    more = _more(len(odd) - 3)
    if by_values:
        said = (
            f"Nemenyi's test of mean ranks would fall on the other side of alpha: "
            f"{'; '.join(odd[:3])}{more}. The pairwise tests of their own values decide; both are "
            "shown."
        )
        return Finding("TESTS_DISAGREE", said)
    said = (
        f"Their own corrected pairwise tests would fall on the other side of alpha: "
        f"{'; '.join(odd[:3])}{more}. The section asks for {TITLES[post_hoc]}, which decides; both "
        "are shown."
    )
    return Finding("TESTS_DISAGREE", said)


def _more(count: int) -> str:
    """Pairs beyond the named ones."""
    if count < 1:
        return ""
    return "; and 1 more pair" if count == 1 else f"; and {count} more pairs"


def procedure(pairs: Sequence[Pair], post_hoc: PostHoc, pool: Pool) -> str:
    """`Wilcoxon signed-rank tests, Holm-corrected over 6 comparisons`."""
    if post_hoc != "wilcoxon":
        return f"{TITLES[post_hoc]}{words.over(family(pairs, post_hoc, pool))}"
    tested = [pair.comparison.result for pair in pairs if pair.p_adjusted is not None]
    if not tested:
        return "pairwise tests, of which none could be made"
    first = tested[0]
    title = f"{first.test}s" if len(tested) > 1 else f"the {first.test}"
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
    wide = None if result.adjusted is None else result.adjusted.width
    difference = words.change(result.difference or 0.0, of, wide)
    labels = (charting.fit(item.candidate.label), charting.fit(item.baseline.label))
    values = f"{labels[0]} minus {labels[1]}: {difference}"
    if result.adjusted is not None:
        values += f", {_interval_words(result)}"
    p = formats.p_value(pair.p_adjusted)
    return (
        Strong(charting.fit(ahead.label)), " ranks ahead of ", Strong(charting.fit(behind.label)),
        f" on {charting.fit(pool.metric.title)}: mean ranks {means[0]:.2f} and {means[1]:.2f} over "
        f"{words.plural(unit, len(pool.tasks))} ({NAMES[post_hoc]}-adjusted {p}{words.over(size)}; "
        f"{values}).",
    )  # fmt: skip


def _interval_words(result: Significance) -> str:
    """`adjusted 95 % interval 1.4 to 2.0`: the one that the table shows."""
    interval = result.adjusted
    if interval is None:
        return ""
    level, wide = 1 - result.alpha, "adjusted " if is_adjusted(result) else ""
    if interval.level < level - 1e-9:
        # so few values have no wider interval by ranks
        level, wide = interval.level, "widest possible "
    return f"{wide}{words.percent(level)} interval {words.ends(interval)}"


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
    more = _more(len(by_pair) - 3)
    said = (
        f"Mean ranks depend on what else is ranked. By them (Nemenyi) {'; '.join(parts)}{more}. "
        "The signed-rank test of the two alone does not turn with it."
    )
    return Finding("RANK_POOL", said)
