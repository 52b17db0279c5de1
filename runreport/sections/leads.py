"""Which group is best on a metric, and whether that is certain."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from runreport import formats
from runreport.blocks import Strong, Words
from runreport.sections import charting
from runreport.sections.comparing import Answer, Comparison
from runreport.sections.fitness import Fit
from runreport.sections.verdicts import brief, headline
from runreport.stats import words

Standing = Literal["ahead", "behind", "open"]


def lead(answer: Answer, level: float) -> Words:
    """The best group with its interval, and what the comparisons say of its lead."""
    name = charting.fit(answer.metric.title)
    if answer.leader is None:
        if not any(fit.mean is not None for fit in answer.fits):
            return (f"No finished run has a value of {name}.",)
        return (f"No goal is declared for {name}, so no group is called best.",)
    best = answer.leader
    label = Strong(charting.fit(best.group.label))
    mean = mean_words(best, answer, level)
    if answer.kind == "none" or not answer.comparisons:
        return (label, f" has {mean} on {name}; there is no other group to compare it with.")
    start: Words = (label, f" has the best {name}: {mean}. ")
    if answer.kind == "baseline":
        return (*start, *_against_baseline(answer, best))
    return (*start, *_against_the_rest(answer, best))


def mean_words(fit: Fit, answer: Answer, level: float) -> str:
    """`97.4 % (95 % interval 96.9 to 97.9, 6 seeds)`."""
    mean, interval = mean_and_interval(fit, answer, level)
    return f"{mean} ({interval})"


def mean_and_interval(fit: Fit, answer: Answer, level: float) -> tuple[str, str]:
    """`97.4 %` and `95 % interval 96.9 to 97.9, 6 seeds`."""
    values, unit = fit.sample.values, answer.metric.unit
    count = words.plural(answer.unit_of_replication, values.size)
    mean, interval = fit.mean or 0.0, fit.interval(level)
    if interval is None or interval[0] == interval[1]:
        return charting.value_text(mean, answer.metric), count
    low, high = interval
    spread = high - low
    if not 1e-8 < spread < 1e6:
        ends = f"{formats.number(low, 3)} to {formats.number(high, 3)}"
        return charting.value_text(mean, answer.metric), f"{_level(level)} {ends}, {count}"
    decimals = formats.decimals_for(spread)
    shown = formats.with_unit(formats.fixed(mean, decimals), unit)
    return shown, f"{_level(level)} {formats.interval(low, high, decimals)}, {count}"


def is_certain(answer: Answer) -> bool | None:
    """Whether the leader is told apart from every other group; None when that was not asked."""
    if answer.leader is None or answer.kind == "none":
        return None
    involved = _involved(answer, answer.leader)
    if answer.kind == "baseline" and not answer.leader.group.is_baseline:
        return None
    return all(_standing(item, answer.leader) == "ahead" for item in involved)


def _level(level: float) -> str:
    return f"{words.percent(level)} interval"


def _against_baseline(answer: Answer, best: Fit) -> Words:
    if best.group.is_baseline:
        return ("It is the baseline.",)
    first = headline(answer)
    said = brief(first) if first is not None else ()
    if said[:1] == (Strong(charting.fit(best.group.label)),):
        said = ("It", *said[1:])
    return said


def _against_the_rest(answer: Answer, best: Fit) -> Words:
    involved = _involved(answer, best)
    verdicts = {item.result.verdict for item in involved}
    if verdicts <= {"no_inference", "not_comparable"}:
        return ("Whether that is more than luck these runs cannot say.",)
    if is_certain(answer):
        return ("The lead is certain: it beats every other group.",)
    parts = []
    # a mean over all runs can lead where the pairs, which decide, say the opposite
    if behind := _others(involved, best, "behind"):
        parts.append(f"compared pair by pair it is behind {behind}")
    if close := _others(involved, best, "open"):
        parts.append(f"it is not told apart from {close}")
    return (f"The lead is not certain: {'; '.join(parts)}.",)


def _standing(item: Comparison, best: Fit) -> Standing:
    """Where a comparison puts the leader."""
    if item.result.verdict not in ("better", "worse"):
        return "open"
    is_candidate = item.candidate.id == best.group.id
    return "ahead" if is_candidate == (item.result.verdict == "better") else "behind"


def _others(involved: Sequence[Comparison], best: Fit, standing: Standing) -> str:
    """The groups with which a comparison puts the leader so; empty when there are none."""
    return charting.named(
        [_other(item, best) for item in involved if _standing(item, best) == standing], 4
    )


def _other(item: Comparison, best: Fit) -> str:
    other = item.baseline if item.candidate.id == best.group.id else item.candidate
    return other.label


def _involved(answer: Answer, best: Fit) -> Sequence[Comparison]:
    own = best.group.id
    return [item for item in answer.comparisons if own in (item.candidate.id, item.baseline.id)]


def behind_few_runs(answer: Answer) -> str:
    """Which groups have a better mean from too few runs to lead; empty when none has."""
    if not answer.ahead:
        return ""
    names = charting.named([fit.group.label for fit in answer.ahead], 4)
    has = "has" if len(answer.ahead) == 1 else "have"
    return (
        f"{names} {has} a better mean of {charting.fit(answer.metric.title)}, from fewer than "
        f"three {words.several(answer.unit_of_replication)}."
    )
