"""What must be said about a result once it is known."""

from __future__ import annotations

from runreport import formats
from runreport.stats import looks, ties, words
from runreport.stats.findings import Finding
from runreport.stats.methods import FACTS
from runreport.stats.plan import LOW, Case
from runreport.stats.result import Significance

FEW_CLUSTERS = 10

MANY = 1_000
"""More replicates than this are not counted out."""

CORRECTED = tuple(FACTS[name].title for name in looks.FOR_FOLDS)
"""Tests that allow for what folds share."""


def after(case: Case, result: Significance, step: float) -> tuple[Finding, ...]:
    """Findings of a test that was made, in reading order.

    Args:
        case: the samples.
        result: with its verdict.
        step: what alpha was divided by for this comparison.
    """
    found: list[Finding] = []
    if case.events is not None:
        found += _few_events(case)
    elif min(result.n) < LOW and result.detectable is not None:
        found.append(low_power(result, case.unit))
    if case.overlap:
        found.append(Finding("DEPENDENT_FOLDS", _folds(result)))
    if case.clusters is not None:
        found.append(_clustered(case, result))
    if result.look > 1:
        found.append(_peeking(case, result))
    if result.correction == "none" and result.family > 1:
        found.append(uncorrected(result))
    others = looks.disagree(result.p_value or 0.0, result.second_looks, result.alpha / step)
    if others and not case.overlap:
        found.append(_disagreement(result, others))
    if result.verdict == "negligible" and case.margin:
        found.append(negligible(case.margin, case.unit))
    if result.verdict == "inconclusive":
        found.append(Finding("INCONCLUSIVE", _open(case, result)))
    return tuple(found)


def _folds(result: Significance) -> str:
    """Whether the test allows for what folds share, or the author chose one that does not."""
    if result.test in CORRECTED:
        return "Folds of one data set share training data, so the variance is corrected for it."
    said = (
        f"Folds of one data set share training data, which the {result.test} takes for "
        "independent: its p is too small."
    )
    other = next((look for look in result.second_looks if look.method in CORRECTED), None)
    if other is not None and other.p_value is not None:
        said += f" The {other.method} says {formats.p_value(other.p_value)}."
    return said


def failed(case: Case) -> Finding:
    """A test that gave no number."""
    reason = "the values are too large or too small for arithmetic with 64-bit numbers"
    if case.kind in ("items", "folds") and ties.size_of(case.baseline, case.candidate) < 1e150:
        reason = "the values do not vary enough, or one kind of item is too rare"
    return Finding("TEST_FAILED", f"The test could not be computed: {reason}. No p is compared.")


def low_power(result: Significance, unit: str) -> Finding:
    """How large a difference must be for so few to find it; of a result that tells.

    Args:
        result: with its verdict.
        unit: of a difference.
    """
    sizes = words.sizes(result.n, result.unit_of_replication, paired=result.paired)
    size = words.with_unit(words.short(result.detectable or 0.0, 2), unit)
    deviations = ""
    if result.detectable_sd is not None:
        deviations = f"{result.detectable_sd:.2f} SD{' of differences' * result.paired}; "
    rule = f" at alpha {words.short(result.alpha)}{words.over(result.family)}"
    said = (
        f"With {sizes} this comparison can only detect differences of about {size} or more "
        f"({deviations}80 % power{rule})."
    )
    return Finding("LOW_POWER", said)


def _few_events(case: Case) -> list[Finding]:
    """Fewer runs that reach the value than a log-rank test wants."""
    reached = [int(part.sum()) for part in case.events or ()]
    if min(reached) >= LOW:
        return []
    said = (
        f"{reached[1]} of {case.candidate.size} and {reached[0]} of {case.baseline.size} runs "
        f"reached the value; below {LOW} per group a log-rank test finds only large differences."
    )
    return [Finding("LOW_POWER", said)]


def _clustered(case: Case, result: Significance) -> Finding:
    """What counting items as independent would have said, beside what clusters say."""
    said = (
        f"{words.plural(result.unit_of_replication, case.n)} share {result.clusters} clusters, so "
        "the standard error is computed over clusters"
    )
    naive = next((look for look in result.second_looks if look.interval is not None), None)
    if naive is not None and naive.interval is not None and result.interval is not None:
        ratio = result.interval.width / naive.interval.width
        said += f"; its interval is {words.short(ratio, 2)} times as wide as one over items"
    if result.clusters < FEW_CLUSTERS:
        said += f"; fewer than {FEW_CLUSTERS} clusters say little, whatever the number of items"
    return Finding("CLUSTERED", f"{said}.")


def _peeking(case: Case, result: Significance) -> Finding:
    said = (
        f"This is look {result.look} at these growing data. Fixed-sample p-values and intervals do "
        "not hold when one looks again and again"
    )
    if result.anytime is None:
        return Finding(
            "PEEKING",
            f"{said}; these data have no interval that does, so no verdict is given.",
        )
    ends, level = words.ends(result.anytime), words.percent(result.anytime.level)
    holds = result.anytime.low > 0 or result.anytime.high < 0
    rest = "it leaves out 0" if holds else "it does not leave out 0"
    unit = f" {case.unit}" if case.unit else ""
    said += f", so the verdict goes by an anytime-valid one ({level}: {ends}{unit}; {rest})."
    return Finding("PEEKING", said)


def uncorrected(result: Significance) -> Finding:
    """What a family that nothing corrects lets one expect."""
    chance = 1 - (1 - result.alpha) ** result.family
    said = (
        f"{result.family} comparisons are made and none is corrected: if nothing differed, at "
        f"least one would seem to with a chance of about {words.percent(round(chance, 2))}."
    )
    return Finding("MULTIPLICITY", said)


def negligible(margin: float, unit: str) -> Finding:
    """Of a difference that is there and does not matter."""
    size = words.amount(margin, unit)
    said = f"The difference is detectable but below the declared margin of {size}."
    return Finding("NEGLIGIBLE", said)


def _disagreement(result: Significance, others: tuple[str, ...]) -> Finding:
    names = " and ".join(others)
    said = (
        f"The {names} would fall on the other side of alpha. The declared {result.test} decides; "
        "both are shown."
    )
    return Finding("TESTS_DISAGREE", said)


def _open(case: Case, result: Significance) -> str:
    if split := _split(result, margin=case.margin is not None):
        return split
    question = "which side of the margin it is on" if case.margin else "whether there is one"
    if case.overlap:
        return f"The difference is too uncertain to say {question}; more folds do not help."
    start = f"The difference is too uncertain to say {question}"
    more = None if result.needed is None else result.needed - min(result.n)
    if more is None or more <= 0:
        return f"{start}."
    if more > MANY:
        about = f"more than {formats.number(MANY)} more {_replicates(result, MANY)}"
    else:
        about = f"about {more} more {_replicates(result, more)}"
    return f"{start}. If it is as it looks, {about} would settle it (80 % power)."


def _split(result: Significance, *, margin: bool) -> str:
    """Where p and interval do not say the same; empty where they do, or a margin is the question
    that the interval leaves open.
    """
    interval, p = result.adjusted, result.p_adjusted
    if interval is None or p is None:
        return ""
    apart = interval.low > 0 or interval.high < 0
    if apart == (p < result.alpha) or (margin and not apart):
        return ""
    ends = words.ends(interval)
    if apart:
        return (
            f"The interval ({ends}) leaves out 0 and the {result.test} does not reject "
            f"({formats.p_value(p)}): they weigh the values differently, and a verdict needs both."
        )
    return (
        f"The {result.test} rejects ({formats.p_value(p)}) and its interval ({ends}) reaches 0, as "
        "it may with ties or few values; a verdict needs both."
    )


def _replicates(result: Significance, n: int) -> str:
    """`seeds per group`, `pairs of seeds`."""
    unit = result.unit_of_replication
    if result.kind in ("items", "datasets"):
        return words.several(unit) if n != 1 else unit
    if result.paired:
        return f"pair{'s' if n != 1 else ''} of {words.several(unit)}"
    return f"{words.several(unit) if n != 1 else unit} per group"
