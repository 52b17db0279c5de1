"""What a comparison comes to, in sentences that can be quoted."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from runreport import formats
from runreport.blocks import Inline, Mark, Strong, Words
from runreport.kinds import Context
from runreport.samples import Group
from runreport.sections import charting
from runreport.sections.aligning import unit_of_difference
from runreport.sections.comparing import Answer, Comparison, compare
from runreport.stats import independent, words
from runreport.stats.result import Significance, Verdict

LABELS: Mapping[Verdict, tuple[str, frozenset[Mark]]] = {
    "better": ("better", frozenset({"better"})),
    "worse": ("worse", frozenset({"worse"})),
    "differs": ("differs", frozenset({"differs"})),
    "equivalent": ("equivalent", frozenset()),
    "negligible": ("negligible", frozenset()),
    "inconclusive": ("open", frozenset({"muted"})),
    "no_inference": ("no inference", frozenset({"muted"})),
    "not_comparable": ("not comparable", frozenset({"warning"})),
}
"""The word in tables, and how it is marked."""

AHEAD, BEHIND = "ahead, size open", "behind, size open"
"""A difference is there, but it may be below or above the margin."""

ABOUT: Mapping[str, str] = {
    "pseudo-median": "Hodges-Lehmann pseudo-median, ",
    "shift": "Hodges-Lehmann shift, ",
    "restricted mean": "restricted mean time, ",
    "area": "areas under the curve, ",
    "score": "scores over all items, ",
}
"""What a difference is of, where it is not of means."""


def sentence(
    comparison: Comparison, evidence: Callable[[Significance], str] | None = None
) -> Words:
    """The verdict with difference, interval, test, sample sizes and p: one sentence.

    Args:
        comparison: with its result.
        evidence: what stands in brackets, from the result turned the way the sentence says;
            `basis` when left out.
    """
    return _sentence(comparison, evidence or basis)


def brief(comparison: Comparison) -> Words:
    """The same with interval and sample sizes alone, where nothing prepares for a p-value."""
    return _sentence(comparison, _short_basis)


def _sentence(comparison: Comparison, evidence: Callable[[Significance], str]) -> Words:
    result, metric = comparison.result, charting.fit(comparison.metric.title)
    candidate, baseline = _name(comparison.candidate), _name(comparison.baseline)
    unit = unit_of_difference(comparison.metric)
    if result.verdict == "no_inference":
        return _no_inference(comparison, candidate, baseline, metric)
    if result.verdict == "not_comparable" or result.difference is None or result.p_value is None:
        return ("No verdict on ", candidate, " and ", baseline, f" for {metric}: {result.why}")
    if _is_identical(result):
        items = words.plural(result.unit_of_replication, result.n[0])
        said = f" are identical on {metric} on every one of {items} ({evidence(result)})."
        return (candidate, " and ", baseline, said)
    spread = None if result.adjusted is None else result.adjusted.width
    size = words.amount(result.difference, unit, spread)
    margin = "" if result.margin is None else words.amount(result.margin, unit)
    # where the sentence says which way, size and interval are those of that way
    inside = f"({evidence(_turned(result))})"
    ahead = _direction(result)
    if result.verdict == "equivalent" and result.equivalence is not None:
        return (candidate, " and ", baseline, *_equivalent(result, metric, unit, margin))
    if result.verdict == "better":
        end = f"; above the declared margin of {margin}." if margin else "."
        return (candidate, " beats ", baseline, f" on {metric} by {size} {inside}{end}")
    if result.verdict == "worse":
        end = f"; more than the declared margin of {margin}." if margin else "."
        return (candidate, " is worse than ", baseline, f" on {metric} by {size} {inside}{end}")
    if result.verdict == "differs":
        end = "; no goal is declared, so neither is called better."
        return (candidate, f" is {ahead} ", baseline, f" on {metric} by {size} {inside}{end}")
    if result.verdict == "negligible":
        end = f": detectable but below the declared margin of {margin}, so practically negligible."
        return (candidate, f" is {ahead} ", baseline, f" on {metric} by {size} {inside}{end}")
    if _excludes_zero(result):
        end = f", but whether by more than the declared margin of {margin} is open."
        return (candidate, f" is {ahead} ", baseline, f" on {metric} by {size} {inside}{end}")
    change = words.change(result.difference, unit, spread)
    return (
        "Whether ", candidate, " and ", baseline,
        f" differ on {metric} is open: the difference is {change} ({evidence(result)}).",
    )  # fmt: skip


def plain(said: Words) -> str:
    """The words of a sentence without emphasis."""
    return "".join(part if isinstance(part, str) else part.text for part in said)


def basis(result: Significance) -> str:
    """`adjusted 95 % interval 0.4 to 2.2; paired sign-flip, 6 seeds, p = 0.012`."""
    return f"{_interval_words(result)}; {result.short}, {_sizes(result)}, {_p_words(result)}"


def _short_basis(result: Significance) -> str:
    later = f", look {result.look}" if result.look > 1 else ""
    return f"{_interval_words(result)}, {_sizes(result)}{later}"


def _sizes(result: Significance) -> str:
    sizes = words.sizes(result.n, result.unit_of_replication, paired=result.paired)
    return f"{sizes} in {words.plural('cluster', result.clusters)}" if result.clusters else sizes


def _p_words(result: Significance) -> str:
    """The p with its correction; at a later look the one that holds there, then the other."""
    by = result.short if result.together else ""
    if result.look <= 1:
        p, adjusted = result.p_value, result.p_adjusted
        return words.p_words(p, adjusted, result.correction, result.family, by)
    fixed = f"fixed-sample {formats.p_value(result.p_value)} holds for one planned look alone"
    if result.p_adjusted is None:
        return f"look {result.look}; {fixed}"
    valid = result.p_adjusted
    said = words.p_words(valid, valid, result.correction, result.family, by)
    return f"look {result.look}, always-valid {said}; {fixed}"


def _is_identical(result: Significance) -> bool:
    return any(finding.name == "NO_DISCORDANT" for finding in result.warnings)


def _turned(result: Significance) -> Significance:
    """The result with its interval in the direction of the difference."""
    interval = result.adjusted
    if interval is None or (result.difference or 0.0) >= 0:
        return result
    turned = replace(interval, low=-interval.high, high=-interval.low)
    return replace(result, adjusted=turned)


def _interval_words(result: Significance) -> str:
    if result.adjusted is None:
        return "no interval that holds at every look" if result.look > 1 else "no interval"
    wide = "adjusted " if is_adjusted(result) else ""
    wide += "anytime-valid " if result.anytime is not None else ""
    level = words.percent(1 - result.alpha)
    if result.adjusted.level < 1 - result.alpha - 1e-9:
        # so few values have no wider interval by ranks
        level, wide = words.percent(result.adjusted.level), "widest possible, "
    return f"{ABOUT.get(result.about, '')}{wide}{level} interval {words.ends(result.adjusted)}"


def is_adjusted(result: Significance) -> bool:
    """Whether intervals and p cover more than one comparison."""
    return (result.correction != "none" or result.together) and result.family > 1


def corrected_by(result: Significance) -> str:
    """What adjusts the p: Holm, or the test itself."""
    return result.short if result.together else words.corrected(result.correction)


def _equivalent(result: Significance, metric: str, unit: str, margin: str) -> Words:
    if result.equivalence is None or result.difference is None:
        return ()
    level = words.percent(1 - 2 * result.alpha)
    wide = "adjusted " if is_adjusted(result) else ""
    change = words.change(result.difference, unit, result.equivalence.width)
    sizes = words.sizes(result.n, result.unit_of_replication, paired=result.paired)
    return (
        f" are practically equivalent on {metric} within {margin} (TOST "
        f"{formats.p_value(result.equivalence_p)}; difference {change}, {wide}{level} interval "
        f"{words.ends(result.equivalence)}; {sizes}).",
    )


def _no_inference(
    comparison: Comparison, candidate: Inline, baseline: Inline, metric: str
) -> Words:
    result = comparison.result
    before, after = result.means
    if before is None or after is None or result.difference is None:
        without = comparison.candidate if after is None else comparison.baseline
        reason = f"{charting.fit(without.label)} has no value of {metric}."
        if min(result.n) > 0:
            reason = f"{_reason(result).removeprefix('no test is made: ')}."
        elif result.paired:
            reason = "no pair is complete."
        return ("No comparison of ", candidate, " with ", baseline, f": {reason}")
    unit = unit_of_difference(comparison.metric)
    change = words.change(result.difference, unit)
    return (
        candidate, f" has {charting.value_text(after, comparison.metric)} and ", baseline,
        f" {charting.value_text(before, comparison.metric)} on {metric}, a difference of {change}; "
        f"{_reason(result)}.",
    )  # fmt: skip


def _reason(result: Significance) -> str:
    """Why there is no test, as the rest of a sentence."""
    names = {finding.name for finding in result.warnings}
    unit = result.unit_of_replication
    if "TEST_FAILED" in names:
        return "the test could not be computed"
    if "N1_NO_INFERENCE" in names:
        one = result.unit_of_replication if result.kind == "items" else "run"
        each = f"one {one} each" if max(result.n) == 1 else f"one {one} on one side"
        return f"{each}, so nothing can be said about the configurations"
    if "N_TOO_SMALL" in names:
        fewest = words.sizes(result.n, unit, paired=result.paired)
        return f"{fewest} are too few for a test or an interval"
    why = result.why.removesuffix(" No test is made.").rstrip(".")
    return f"no test is made: {why[:1].lower()}{why[1:]}"


def sensitivity_words(comparison: Comparison) -> str:
    """What becomes of the verdict when failed runs count as the worst; empty when none failed."""
    result, unit = comparison.result, unit_of_difference(comparison.metric)
    check = result.sensitivity
    (failed_b, all_b), (failed_c, all_c) = comparison.failures
    if check is None:
        return ""
    spread = None if check.interval is None else check.interval.width
    scored = formats.count(check.scored, "failed or diverged run")
    worst = words.with_unit(words.short(check.worst, 4), comparison.metric.unit)
    stays = "stays" if check.verdict == result.verdict else "would be"
    between = "" if check.interval is None else f" ({words.ends(check.interval)})"
    said = (
        f"{charting.fit(comparison.candidate.label)} against "
        f"{charting.fit(comparison.baseline.label)}: with {scored} scored as the worst value seen "
        f"({worst}) the difference is {words.change(check.difference, unit, spread)}{between} and "
        f"the verdict {stays} '{LABELS[check.verdict][0]}'."
    )
    if min(all_b, all_c) >= 3:
        p = independent.fisher_p((failed_c, failed_b), (all_c, all_b))
        said += (
            f" Failed or diverged: {failed_c} of {all_c} against {failed_b} of {all_b} (Fisher "
            f"exact {formats.p_value(p)})."
        )
    return said


def _name(group: Group) -> Strong:
    return Strong(charting.fit(group.label))


def _direction(result: Significance) -> str:
    if result.improvement is None:
        return "above" if (result.difference or 0.0) > 0 else "below"
    return "ahead of" if result.improvement > 0 else "behind"


def _excludes_zero(result: Significance) -> bool:
    """Whether there is a difference, on whichever side of the margin."""
    if result.adjusted is None or result.p_adjusted is None or result.margin is None:
        return False
    apart = result.adjusted.low > 0 or result.adjusted.high < 0
    return apart and result.p_adjusted < result.alpha


# ---- one metric as a whole -----------------------------------------------------------------------


def headline(answer: Answer) -> Comparison | None:
    """The comparison that answers for a metric: the leading group's, against the baseline or,
    without one or when the baseline leads, against the next best.
    """
    if not answer.comparisons:
        return None
    if answer.leader is None:
        return answer.comparisons[0]
    leader = answer.leader.group
    involved = [item for item in answer.comparisons if leader in (item.candidate, item.baseline)]
    return min(involved, key=_closeness, default=answer.comparisons[0])


def _closeness(comparison: Comparison) -> float:
    difference = comparison.result.difference
    return float("inf") if difference is None else abs(difference)


def verdict_words(context: Context, path: str) -> str | None:
    """The sentence that `${verdict.PATH}` stands for; None when nothing matches.

    Args:
        context: of the report.
        path: what follows `verdict.`: a metric, or a metric, a dot and a group: its label, or the
            value of one of its grouping columns. Without a group, the leading group's sentence.
    """
    path = path.strip()
    known = {metric.name: metric for metric in context.design.metrics}
    for name in sorted(known, key=len, reverse=True):
        if path == name or path.startswith(f"{name}."):
            (answer,) = compare(context, (known[name],))
            wanted = path[len(name) + 1 :].strip()
            found = headline(answer) if not wanted else _of_group(answer, wanted)
            return None if found is None else plain(sentence(found))
    if any(path in run.metrics for run in context.runs):
        (answer,) = compare(context, (context.design.metric(path),))
        found = headline(answer)
        return None if found is None else plain(sentence(found))
    return None


def _of_group(answer: Answer, wanted: str) -> Comparison | None:
    """The comparison of the one group so named: its label, then a value of its key."""
    groups = [fit.group for fit in answer.fits]
    named = [group for group in groups if group.label == wanted]
    named = named or [group for group in groups if wanted in (text for _, text in group.key)]
    if len(named) != 1:
        return None
    candidates = [item for item in answer.comparisons if item.candidate is named[0]]
    rest = [item for item in answer.comparisons if item.baseline is named[0]]
    return next(iter([*candidates, *rest]), None)


def tally(comparisons: Sequence[Comparison]) -> str:
    """`2 better; 1 worse; 3 open`."""
    counts = dict.fromkeys(("better", AHEAD, "worse", BEHIND), 0)
    for comparison in comparisons:
        word = label(comparison.result)
        counts[word] = counts.get(word, 0) + 1
    return "; ".join(f"{count} {word}" for word, count in counts.items() if count)


def label(result: Significance) -> str:
    """The verdict in one or two words."""
    if result.verdict == "inconclusive" and _excludes_zero(result):
        return BEHIND if (result.improvement or 0.0) < 0 else AHEAD
    return LABELS[result.verdict][0]
