"""What one change came to, in sentences, and what the runs cannot tell apart."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from runreport import formats
from runreport.blocks import Code, Inline, Strong, Words
from runreport.design import Metric
from runreport.sections import charting
from runreport.sections.aligning import unit_of_difference
from runreport.sections.changes import change_name, differences
from runreport.sections.configurations import Settings
from runreport.sections.judging import CONTEXT, Judged
from runreport.sections.levers import Seen
from runreport.sections.verdicts import basis, label
from runreport.stats import words
from runreport.stats.changes import Nearest, Together
from runreport.stats.result import Significance

NAMED = 6
"""Params that a sentence names."""


def name_of(settings: Settings, item: Judged, length: int | None = None) -> str:
    """`lr 0.001 → 0.01`."""
    first = item.couples[0]
    return change_name(settings, item.change.lever, first.first, first.second, length)


def sentence(settings: Settings, item: Judged, metric: Metric) -> Words:
    """The verdict on one change with difference, interval, test, sample size and p."""
    result, title = item.result, charting.fit(metric.title)
    unit = unit_of_difference(metric)
    name: Inline = Strong(name_of(settings, item))
    where = _where(settings, item)
    spread = None if result.adjusted is None else result.adjusted.width
    change = words.change(item.difference, unit, spread)
    if result.p_value is None:
        why = result.why.removesuffix(" No test is made.").rstrip(".")
        return (name, f"{where}: {change} on {title}; no verdict. {why}.")
    inside = f"({basis(result)})"
    if result.verdict == "equivalent":
        margin = words.amount(result.margin or 0.0, unit)
        return (
            name,
            f"{where} leaves {title} practically unchanged: {change}, within {margin} "
            f"(TOST {formats.p_value(result.equivalence_p)}; {_sizes(result)}).",
        )
    if result.verdict == "inconclusive":
        return ("Whether ", name, f"{where} changes {title} is open: {change} {inside}.")
    verb = "raises" if item.difference > 0 else "lowers"
    size = words.amount(item.difference, unit, spread)
    end = {
        "better": ", which is better",
        "worse": ", which is worse",
        "differs": "; no goal is declared, so neither is called better",
        "negligible": ": detectable but below the declared margin, so practically negligible",
    }.get(result.verdict, "")
    return (name, f"{where} {verb} {title} by {size}{end} {inside}.")


def _where(settings: Settings, item: Judged) -> str:
    """` (with depth 4)` where a change was made in one context alone."""
    if item.over_contexts or len(item.couples) > 1 or len(item.change.couples) == 1:
        return ""
    return f" in {context_name(settings, item)}"


def context_name(settings: Settings, item: Judged) -> str:
    """`the context depth=4, optimizer=adam`: everything else that varies."""
    couple = item.couples[0]
    lever = item.change.lever
    rest = [
        f"{charting.fit(name, 20)}={settings.text(couple.first, column)}"
        for column, name in enumerate(settings.names)
        if column not in (*lever.own, *lever.carried)
    ]
    more = f" and {len(rest) - 4} more" if len(rest) > 4 else ""
    return f"the context {', '.join(rest[:4])}{more}" if rest else "the only context"


def _sizes(result: Significance) -> str:
    return words.sizes(result.n, result.unit_of_replication, paired=result.paired)


def tally(items: Sequence[Judged]) -> str:
    """`3 better; 2 worse; 4 open`."""
    counts = Counter(label(item.result) for item in items)
    return "; ".join(f"{count} {word}" for word, count in counts.items())


def spread_words(item: Judged, metric: Metric) -> str:
    """How far contexts differ, and how much of it replicates explain."""
    if not item.over_contexts:
        return ""
    own = differences(item.couples)
    unit, size = unit_of_difference(metric), float(own.std(ddof=1))
    low, high = (words.change(float(end), "", 4 * size) for end in (own.min(), own.max()))
    said = words.with_unit(f"{low} to {high}", unit)
    if item.noise is None:
        return said
    expected = words.short(item.noise.deviation, 2)
    return (
        f"{said}; standard deviation {words.short(size, 2)}, replicates alone would give {expected}"
    )


def follows_words(settings: Settings, item: Judged, metric: Metric) -> Words:
    """That a change depends on another param; empty where nothing shows."""
    follows = item.follows
    if follows is None:
        return ()
    unit = unit_of_difference(metric)
    other = charting.fit(settings.names[follows.column], 40)
    width = max(abs(mean) for _, mean, _ in follows.levels)
    parts = [
        f"{words.change(mean, unit, width)} with {other} {text} ({formats.count(n, CONTEXT)})"
        for text, mean, n in follows.levels[:NAMED]
    ]
    rest = len(follows.levels) - NAMED
    more = f", and {rest} more values" if rest > 0 else ""
    return (
        "What ", Strong(name_of(settings, item)), f" does depends on {other}: {', '.join(parts)}"
        f"{more} (analysis of variance over contexts, F = {formats.number(follows.found.f, 3)}, "
        f"adjusted {formats.p_value(follows.p_adjusted)} over "
        f"{formats.count(follows.family, 'look')}).",
    )  # fmt: skip


# ---- what cannot be told apart -------------------------------------------------------------------


def confounded(settings: Settings, seen: Seen) -> Iterator[Words]:
    """Params that moved together, one sentence each."""
    total = formats.count(len(settings.groups), "configuration")
    for lever in seen.levers:
        if lever.is_confounded:
            names = [charting.fit(settings.names[column], 40) for column in lever.own]
            values = formats.count(settings.count(lever.own[0]), "value")
            yield (
                Strong(_listed(names)),
                f" always moved together ({values} each, in all {total}). Which of them did what "
                "cannot be told, so they count as one. Change one of them alone to find out.",
            )
    for item in seen.together:
        if item.correlation is not None or item.apart:
            yield _nearly(settings, item)


def _nearly(settings: Settings, item: Together) -> Words:
    names = _listed([charting.fit(settings.names[c], 40) for c in (item.first, item.second)])
    rows = len(settings.groups)
    if item.correlation is not None:
        way = "rise and fall together" if item.correlation > 0 else "move against each other"
        return (
            Strong(names),
            f" {way} (rank correlation {formats.fixed(item.correlation, 3)} over "
            f"{formats.count(rows, 'configuration')}): their effects cannot be told apart.",
        )
    return (
        Strong(names),
        f" nearly always moved together: in {rows - item.apart} of {rows} configurations. What is "
        f"said of one alone rests on the other {item.apart}.",
    )


def conditional(settings: Settings, seen: Seen) -> Iterator[Words]:
    """Params that exist only with some values of another."""
    for column, parents in seen.carried.items():
        for parent in parents[:1]:
            values = dict.fromkeys(
                settings.text(place, parent)
                for place in range(len(settings.groups))
                if not settings.absent[place, column]
            )
            name, other = (charting.fit(settings.names[c], 40) for c in (column, parent))
            yield (
                Strong(name),
                f" is set only with {other} {charting.named(list(values))}; it comes and goes with "
                "it, and that counts as one change.",
            )


def never_alone(settings: Settings, seen: Seen) -> str:
    """Params of which no change was made alone; empty where each was."""
    bundled = {c for lever in seen.levers if lever.is_confounded for c in lever.own}
    names = [settings.names[column] for column in seen.never if column not in bundled]
    if not names or len(names) == len(settings.names):
        return ""
    one = len(names) == 1
    return (
        f"{charting.named(names, NAMED)} never changed alone: wherever "
        f"{'it differs' if one else 'one of them differs'}, another param does too. Nothing is "
        f"said of what {'it does' if one else 'they do'}."
    )


def nothing_alone(settings: Settings, near: Nearest | None) -> Iterator[Words]:
    """Why no change can be read off, how near the nearest configurations are, and what to do."""
    count = len(settings.groups)
    kinds = {name: settings.count(column) for column, name in enumerate(settings.names)}
    values = [
        f"{charting.fit(name, 30)} ({formats.count(n, 'value')})" for name, n in kinds.items()
    ]
    yield (
        f"{formats.count(count, 'configuration')} differ in "
        f"{formats.count(len(settings.names), 'param')}: {charting.named(values, NAMED)}. No two "
        "of them differ in one alone, as is usual in a random search. What a single change does "
        "on its own cannot be read off these runs.",
    )
    if near is not None:
        one, other = near.example
        differ = [
            f"{charting.fit(name, 30)} {settings.text(one, c)} \u2192 {settings.text(other, c)}"
            for c, name in enumerate(settings.names)
            if settings.codes[one, c] != settings.codes[other, c]
        ]
        pairs = "One pair is" if near.pairs == 1 else f"{formats.number(near.pairs)} pairs are"
        among = (
            ""
            if near.rows == count
            else f" among the first {formats.count(near.rows, 'configuration')}"
        )
        yield (
            f"The nearest differ in {formats.count(near.settings, 'param')}. {pairs} as near as "
            f"that{among}, such as {charting.named(differ, NAMED)}.",
        )
    drawn = [name for name, n in kinds.items() if n > 0.9 * count and count > 4]
    if drawn:
        what = "it hides" if len(drawn) == 1 else "they hide"
        yield (
            f"{charting.named(drawn, NAMED)} took another value in nearly every configuration, so "
            f"{what} what the others do: draw from a few values instead, or hold "
            f"{'it' if len(drawn) == 1 else 'them'} still.",
        )
    runs = 3 * (len(settings.names) + 1)
    yield (
        "To find out, start from one configuration, change one param at a time, and run each "
        f"three times with other seeds at least: {formats.count(runs, 'run')} for one change of "
        f"each of {formats.count(len(settings.names), 'param')}. What a model over all params "
        "makes of these runs, ",
        Code("importance"),
        " says.",
    )


def _listed(names: Sequence[str]) -> str:
    """`a and b`, `a, b and c`."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
