"""What `search` says: what to do next and the figures that lead to it, then what is behind them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from runreport import formats
from runreport.blocks import Bullets, Fact, Facts, Fold, Words
from runreport.sections import charting, studies
from runreport.sections.regions import Edge, Region, still_running
from runreport.sections.searchdata import FEWEST, Searched, significant
from runreport.sections.studies import level_text
from runreport.stats import words

Verdict = Literal["too few", "stop", "widen", "continue", "open"]


@dataclass(frozen=True, slots=True)
class Advice:
    """What the figures say to do."""

    verdict: Verdict
    title: str
    reasons: tuple[str, ...]
    """One sentence or two each, the figures in them."""


def advise(data: Searched) -> Advice:
    """Stop, widen a range, or continue, with the figures that led to it."""
    widen = [edge for edge in data.edges if is_clear(edge, data.alpha)]
    reasons = [*(_edge_words(edge) for edge in widen)]
    if data.n < FEWEST or data.best is None:
        why = (
            f"{formats.count(data.n, 'configuration has', 'configurations have')} a value; below "
            f"{FEWEST} a search says nothing about what more of it would bring."
        )
        return Advice("too few", "Too few configurations to advise", (why,))
    ended = [*_exhausted(data), *_saturated(data)]
    gained = _gain_words(data)
    if widen:
        directions = ", ".join(_direction(edge) for edge in widen)
        return Advice("widen", f"Widen {directions}", (*reasons, *ended, gained))
    if ended:
        return Advice("stop", "Stop: more runs of this space decide nothing", (*ended, gained))
    return _by_gain(data, gained)


def _by_gain(data: Searched, gained: str) -> Advice:
    """By what the next configurations would bring, against what counts."""
    tolerance = data.tolerance
    if tolerance is None:
        why = (
            "What counts as an improvement is not known: no configuration ran with several seeds, "
            "and no margin is declared. Run the best configuration with 3 seeds or more, or "
            "declare a margin for the metric."
        )
        if data.floor is not None and data.floor.is_copied:
            why = (
                "What counts as an improvement is not known: repeated configurations gave the same "
                "value to the last digit, so the noise between seeds was never seen, and no margin "
                "is declared. Run the best configuration with 3 different seeds or more."
            )
        return Advice("open", "No advice without a margin or a noise floor", (gained, why))
    size = _amount(data, tolerance)
    what = "the declared margin" if data.tolerance_is == "margin" else "one SD between seeds"
    if data.is_learning or data.ahead is None:
        gain = data.last_gain or 0.0
        if gain < tolerance:
            said = f"That is less than {what}, {size}, although the search still learns."
            return Advice("stop", "Stop: the last runs brought no gain that counts", (gained, said))
        said = f"That is more than {what}, {size}."
        return Advice("continue", "Continue: the search still improves", (gained, said))
    if data.ahead.gain_high < tolerance:
        said = f"Even the upper end is less than {what}, {size}."
        return Advice("stop", "Stop: more runs would bring no gain that counts", (gained, said))
    if data.ahead.gain < tolerance:
        said = (
            f"The bound is below {what}, {size}, but its upper end is not: little is to be "
            "expected, and these runs cannot rule a gain out."
        )
        return Advice("stop", "Stop, unless runs are cheap", (gained, said))
    said = f"That may exceed {what}, {size}."
    return Advice("continue", "Continue: more runs may still bring a gain", (gained, said))


def is_clear(edge: Edge, alpha: float) -> bool:
    """Whether an end asks for a wider range: more of the best lie there than by chance."""
    return edge.p_adjusted < alpha and not edge.natural and edge.failing is None


def _direction(edge: Edge) -> str:
    return f"{charting.fit(edge.param, 40)} {'upwards' if edge.side == 'high' else 'downwards'}"


def _edge_words(edge: Edge) -> str:
    name = charting.fit(edge.param, 40)
    where = "top" if edge.side == "high" else "bottom"
    return (
        f"The best has {name} = {charting.short(edge.best, 3)}, at the {where} of what was tried "
        f"(to {charting.short(edge.end, 3)}), and {formats.number(edge.top_inside)} of the best "
        f"{formats.number(edge.top)} configurations lie in that outer part, which holds "
        f"{formats.number(edge.inside)} of all {formats.number(edge.n)} "
        f"(Holm-adjusted {formats.p_value(edge.p_adjusted)})."
    )


def weak_edges(data: Searched) -> Iterator[str]:
    """Ends at which the best lies that do not ask for a wider range, and why not."""
    for edge in data.edges:
        if is_clear(edge, data.alpha):
            continue
        said = _edge_words(edge)
        if edge.natural:
            yield f"{said} {charting.short(edge.end)} may be where {charting.fit(edge.param)} ends."
        elif edge.failing is not None:
            yield (
                f"{said} But runs fail there more often ({_counts(edge.failing)}), so a wider "
                "range would first of all fail more."
            )
        else:
            yield f"{said} That may be chance."


def _counts(region: Region) -> str:
    return f"{formats.number(region.failed)} of {formats.number(region.n)}"


def _exhausted(data: Searched) -> Iterator[str]:
    found = data.combinations
    if found is not None and found[0] >= found[1]:
        yield (
            f"All {formats.number(found[1])} combinations of the levels have been tried; what is "
            "left is to repeat them, or to add levels."
        )


def _saturated(data: Searched) -> Iterator[str]:
    best = data.best
    if best is not None and best.tied > 1:
        value = charting.value_text(best.value, data.metric)
        yield (
            f"{formats.count(best.tied, 'different configuration')} share the best value, {value}, "
            "exactly: on these data the metric tells them apart no more, however many more runs "
            "there are. A harder or larger test set, or another metric, would."
        )


def _gain_words(data: Searched) -> str:
    """What the last configurations brought, and what as many more would."""
    last = formats.count(data.last, "configuration")
    parts = []
    if data.last_gain is not None:
        gain = _amount(data, data.last_gain) if data.last_gain > 0 else "nothing"
        parts.append(f"The last {last} improved the best by {gain}.")
    if data.is_learning and data.trend is not None:
        parts.append(
            "Later configurations are better than earlier ones (rank correlation "
            f"{formats.fixed(data.trend.value, 2)}, {formats.p_value(data.trend.p)}): the search "
            "learns, so bounds for random drawing do not hold for what comes."
        )
    elif data.ahead is not None and data.ahead.chance > 0:
        ahead = data.ahead
        parts.append(
            f"{formats.count(ahead.more, 'more configuration')} drawn like these have a chance of "
            f"{_percent(ahead.chance)} to hold a new best and would improve it by at most "
            f"{_amount(data, ahead.gain)} on average (upper {words.percent(data.level)} limit "
            f"{_amount(data, ahead.gain_high)})."
        )
    return " ".join(parts)


def _amount(data: Searched, value: float) -> str:
    return formats.with_unit(charting.short(value, 2), data.metric.unit)


def _percent(share: float) -> str:
    return formats.with_unit(formats.fixed(100 * share, 0 if share >= 0.1 else 1), "%")


# ---- facts ---------------------------------------------------------------------------------------


def facts(data: Searched) -> Facts:
    """The figures a reader should see first."""
    items = [_best_fact(data), _noise_fact(data)]
    if data.best is not None and data.best.tied > 1:
        tied = formats.count(data.best.tied, "configuration")
        items.append(Fact("Share the best", (tied,), ("to the last digit",)))
    elif data.ahead is not None and not data.is_learning:
        items.append(
            Fact(
                f"Next {formats.number(data.last)}",
                (f"\u2264 {_amount(data, data.ahead.gain)}",),
                (f"expected gain; {_percent(data.ahead.chance)} chance of a new best",),
            )
        )
    elif data.last_gain is not None:
        items.append(
            Fact(f"Last {formats.number(data.last)}", (_amount(data, data.last_gain),), ("gained",))
        )
    failed = sum(data.study.failures.values()) - still_running(data.study)
    items.append(
        Fact(
            "Failures",
            (f"{formats.number(failed)} of {formats.number(len(data.study.runs))}",),
            ("runs without a value",),
        )
    )
    return Facts(tuple(items))


def _best_fact(data: Searched) -> Fact:
    best = data.best
    if best is None:
        return Fact("Best", (formats.MISSING,))
    value = charting.value_text(best.value, data.metric)
    if best.interval is None:
        spread = "; its uncertainty is not known"
    else:
        half = _amount(data, best.interval.width / 2)
        spread = f"; \u00b1 {half} by the noise floor"
    return Fact("Best", (value,), (f"{formats.count(best.runs, 'run')}{spread}",))


def _noise_fact(data: Searched) -> Fact:
    floor = data.floor
    if data.declared_noise is not None:
        return Fact("Noise floor", (_amount(data, data.declared_noise),), ("SD, as declared",))
    if floor is None:
        return Fact("Noise floor", ("not known",), ("no configuration ran twice",))
    configurations = formats.count(floor.repeated, "repeated configuration")
    if floor.is_copied:
        return Fact("Noise floor", ("not known",), (f"{configurations}: equal to the last digit",))
    ends = ""
    if floor.interval is not None:
        low, high = (charting.short(e, 2) for e in (floor.interval.low, floor.interval.high))
        ends = f", {words.percent(floor.interval.level)} {low} to {high}"
    return Fact(
        "Noise floor",
        (_amount(data, floor.deviation),),
        (f"SD between runs of {configurations}{ends}",),
    )


# ---- paragraphs ----------------------------------------------------------------------------------


def basis(data: Searched) -> Iterator[str]:
    """What the numbers rest on, a paragraph each."""
    study = data.study
    said = (
        f"n = {formats.count(data.n, 'configuration')} of {formats.count(len(study.runs), 'run')}, "
        "in the order they started"
    )
    if study.undated:
        said += f" ({formats.number(study.undated)} without a known start come last)"
    said += f"; searched: {charting.named(study.params, 8)}." if study.params else "."
    if missing := studies.failure_words(study):
        said += f" {missing}"
    yield said
    best = data.best
    if best is not None:
        what = studies.configuration_words(study, best.cell)
        line = f"Best: {charting.value_text(best.value, data.metric)} with {what}."
        if best.optimism is not None:
            line += (
                f" Of it about {_amount(data, best.optimism)} is luck of being chosen among "
                f"{formats.number(data.n)}; fresh seeds of it would show."
            )
        elif data.n > 1:
            line += (
                f" It was chosen as the best of {formats.number(data.n)}, which flatters it by an "
                "amount that only fresh seeds would show."
            )
        yield line
    if again := _again(data):
        yield again
    for said in (*weak_edges(data), *_covered(data), *_failed(data)):
        yield said
    if left := " ".join(studies.left_out_words(study)):
        yield left
    if data.metric.goal_guessed:
        yield f"That {data.goal} is the goal was guessed from the metric's name."


def _again(data: Searched) -> str:
    """Runs that repeat a configuration with the very same replicate."""
    wasted = sum(repeat.again for repeat in data.repeats)
    if not wasted:
        return ""
    copied = [repeat for repeat in data.repeats if repeat.is_copied]
    said = (
        f"{formats.count(wasted, 'run repeats', 'runs repeat')} a configuration that had run "
        f"already: {formats.count(len(data.study.runs), 'run holds', 'runs hold')} "
        f"{formats.count(data.study.count, 'different configuration')}."
    )
    if copied:
        said += (
            f" {formats.number(len(copied))} of {formats.count(len(data.repeats), 'repeated one')} "
            "gave the same value every time, to the last digit: seeds have no effect, or the runs "
            "are copies."
        )
    return said


def _covered(data: Searched) -> Iterator[str]:
    """Holes of the space, in words."""
    found = data.combinations
    if found is not None and found[0] < found[1]:
        yield (
            f"{formats.number(found[0])} of {formats.number(found[1])} combinations of the levels "
            "have been tried."
        )
    wide = []
    for axis, stretch in zip(data.axes, data.stretches, strict=True):
        gap = stretch.gap
        if gap is not None and gap.width > stretch.limit:
            low, high = (level_text(axis.value_at(end)) for end in (gap.low, gap.high))
            wide.append(f"{charting.fit(axis.name, 40)} from {low} to {high}")
    if wide:
        yield (
            f"Not tried, and wider than random values leave: {'; '.join(wide[:4])} (corrected over "
            "the ranges)."
        )
    if data.discrepancy is not None:
        own, usual, ranges = data.discrepancy
        ratio = own / usual
        word = "more evenly than" if ratio < 0.8 else "less evenly than" if ratio > 1.25 else "as"
        yield (
            f"The {formats.count(ranges, 'range')} set everywhere {'are' if ranges > 1 else 'is'} "
            f"covered {word} random points would{' cover them' if word == 'as' else ''} (squared "
            f"centred discrepancy {formats.fixed(ratio, 2)} times theirs)."
        )


def _failed(data: Searched) -> Iterator[str]:
    found = significant(data)
    for region in found[:3]:
        name = charting.fit(region.param, 40)
        ends = region.interval
        yield (
            f"Configurations fail more often where {name} is {region.words}: {_counts(region)} "
            f"({_percent(region.failed / region.n)}, {words.percent(ends.level)} "
            f"{_percent(ends.low)} to {_percent(ends.high)}), elsewhere "
            f"{formats.number(region.rest_failed)} of {formats.number(region.rest_n)}; "
            f"Holm-adjusted {formats.p_value(region.p_adjusted)} over "
            f"{formats.count(len(data.regions), 'region')}."
        )
    if data.regions and not found:
        yield (
            "No region of a param fails more often than the rest beyond chance "
            f"({formats.count(len(data.regions), 'region')} compared, Holm)."
        )


def workings(data: Searched) -> Fold:
    """How every number came about."""
    items: list[Words] = [
        (
            "A configuration is all runs with the same searched params; its value is their mean. "
            "The best so far is that of single runs.",
        ),
        (
            "Noise floor: the standard deviation between runs of one configuration, pooled, with "
            "its chi-square interval. The band around the best is a t interval of one run.",
        ),
        (
            "Luck of being chosen: noise as large as the floor is added again, and what the "
            "configuration then chosen gains by it is counted (Tibshirani and Tibshirani 2009).",
        ),
        (
            "New best: of n + m configurations in an order that says nothing the best is among the "
            "last m with probability m / (n + m). The expected best grows ever more slowly, so the "
            "next m bring at most what the last m of n did on average over all orders; the upper "
            "limit is by drawing configurations again.",
        ),
        (
            "Expected best of k: over all choices of k of the n configurations, without bias (Tang "
            "et al. 2020); the form of Dodge et al. (2019), which draws with replacement, is too "
            "low where k is near n. Beyond n / 2 few choices are different, and the band is too "
            "narrow. Both suppose that configurations were drawn independently.",
        ),
        (
            "Edge: the best lies within 5 % of an end of the tried range, on its own scale. The "
            "best tenth (five at least) is compared with all configurations by a hypergeometric "
            "test on the outer fifth, or the last level; Holm over "
            f"{formats.count(data.ends, 'end')}.",
        ),
        (
            "Failures: a configuration fails when one of its runs failed, was killed, or gave no "
            "finite value; regions are levels or thirds, against the rest by Fisher's exact test.",
        ),
    ]
    return Fold("How this was computed", (Bullets(tuple(items)),))
