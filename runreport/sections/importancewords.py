"""What `importance` says in words: what matters, how well it is known, and why it may not be."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from runreport import formats
from runreport.blocks import Bullets, Fold, Words
from runreport.sections import charting, studies
from runreport.sections.explaining import Explained, share_words
from runreport.stats import importance as stats
from runreport.stats import words
from runreport.stats.association import Association
from runreport.stats.result import Interval
from runreport.stats.space import Axis

STRONG = 0.8
"""Two params whose ranks go together like this share what either does."""


def nothing(data: Explained) -> str:
    """Why there is no param to look at."""
    if not data.study.runs:
        return "This report has no runs."
    missing = studies.failure_words(data.study)
    if not data.n:
        return f"No run has a value. {missing}".strip()
    said = f"No param differs between the {formats.count(data.n, 'configuration')} with a value."
    return " ".join((said, *studies.left_out_words(data.study), missing)).strip()


def lead(data: Explained) -> str:
    """What matters most, in one or two sentences."""
    metric = charting.fit(data.study.metric.title)
    forest = data.forest
    if forest is None or not forest.effects:
        return _lead_of_ranks(data, metric)
    what = f"the variance of {metric}" + (" (its ranks)" if data.ranked else "")
    parts: list[str] = []
    for place in data.order:
        share = forest.effects[place].total
        if share.interval is not None and share.interval.low > 0 and len(parts) < 3:
            parts.append(f"{charting.fit(data.axes[place].name, 40)} {share_words(share)}")
    if not parts:
        return (
            f"No single param explains a share of {what} that is more than chance, though together "
            "they do: the params may stand for each other."
        )
    named = "; ".join(parts)
    said = f"Of {what}, these params explain most: {named}."
    if len(data.axes) > 1 and not forest.order_is_sure:
        said += " Which of them comes first is not settled."
    return said


def _lead_of_ranks(data: Explained, metric: str) -> str:
    found = [
        (data.axes[place], item)
        for place in data.order
        if (item := data.associations[place]) is not None
        and (p := data.adjusted[place]) is not None
        and p < data.alpha
    ]
    family = sum(item is not None for item in data.associations)
    params = formats.count(family, "param")
    of = f"by rank correlation over {formats.count(data.n, 'configuration')}"
    if not found:
        return (
            f"No param goes with {metric} beyond chance, {of} (Holm-adjusted over {params}). That "
            "does not say that none matters: one whose best value lies in the middle has no rank "
            "correlation."
        )
    named = "; ".join(
        f"{charting.fit(axis.name, 40)} {association_words(item, axis)}" for axis, item in found[:3]
    )
    return f"Going with {metric} beyond chance, {of} (Holm-adjusted over {params}): {named}."


def association_words(item: Association, axis: Axis | None = None) -> str:
    """`rho -0.61 (95 % -0.8 to -0.3)`; of two words which of them is higher."""
    sign = "rho" if item.signed else "rank eta\u00b2"
    said = f"{sign} {formats.fixed(item.value, 2)}"
    if item.interval is not None:
        said += f" ({words.percent(item.interval.level)} {_ends(item.interval)})"
    if axis is not None and axis.kind == "words" and item.signed and len(axis.levels) == 2:
        said += f", higher with {studies.level_text(axis.levels[int(item.value > 0)])}"
    return said


def limits(data: Explained) -> Iterator[str]:
    """What the numbers rest on and what they do not say, a paragraph each."""
    yield _basis(data)
    if said := " ".join(_cautions(data)):
        yield said
    missing = studies.failure_words(data.study)
    if missing:
        yield f"{missing} They are not explained: a param that makes runs fail may look harmless."
    if left := " ".join(studies.left_out_words(data.study)):
        yield left


def _basis(data: Explained) -> str:
    configurations = formats.count(data.n, "configuration")
    said = f"n = {configurations}"
    if data.runs > data.n:
        said += (
            f" of {formats.count(data.runs, 'run')}: runs that differ by no searched param count "
            "as one, with the mean of their values"
        )
    forest = data.forest
    if forest is not None and forest.effects:
        said += (
            f". The forest of {forest.trees} trees predicts configurations it has not seen with "
            f"R\u00b2 {share_words(forest.fit, percent=False)}; the rest is noise, or more than it "
            "has learnt. It learns weak params in part only, so their shares are rather too small, "
            "and intervals are about what it has learnt"
        )
    return f"{said}. Importance is about the values that were tried: others might matter more."


def _cautions(data: Explained) -> Iterator[str]:
    for place, axis in enumerate(data.axes):
        name = charting.fit(axis.name, 40)
        if others := alike(data, place):
            yield (
                f"{name} stands for {charting.named(others)} too: they always moved together, so "
                "what either does cannot be told apart."
            )
        fine = int(axis.is_set.sum())
        if fine == data.n:
            continue
        where = f"{name} is set in {formats.number(fine)} of {formats.number(data.n)}"
        if (by := data.conditions[place]) is not None:
            yield (
                f"{where}, as {charting.fit(data.axes[by].name, 40)} decides: its numbers are "
                "about those, and being set counts for the other."
            )
        else:
            yield f"{where}; not being set counts as a value of its own."
    if logs := [axis.name for axis in data.axes if axis.kind == "log"]:
        yield f"On a log scale, as their values are spread: {charting.named(logs)}."
    for first, second, rho in _entangled(data):
        yield (
            f"{first} and {second} went together (rank correlation {formats.fixed(rho, 2)}), so "
            "each may carry the other's importance."
        )
    if data.ranked and data.decisive:
        few = formats.count(data.decisive, "configuration holds", "configurations hold")
        yield (
            f"{few} more than half of the variance, so ranks are explained instead of values "
            "(`of: values` explains the values)."
        )
    elif data.ranked:
        yield "Ranks are explained instead of values, as the spec asks."
    if data.cut:
        yield (
            f"The forest is grown on the latest {formats.number(data.n - data.cut)} configurations."
        )
    if data.study.undated and data.cut:
        yield f"Of {formats.count(data.study.undated, 'run')} the start is not known."


def _entangled(data: Explained) -> Iterator[tuple[str, str, float]]:
    """Pairs of number axes whose ranks go together."""
    numbers = [axis for axis in data.axes if axis.kind != "words"]
    for place, first in enumerate(numbers):
        for second in numbers[place + 1 :]:
            both = first.is_set & second.is_set
            if both.sum() < stats.FEWEST:
                continue
            x, y = (stats.settled_ranks(axis.places[both]) for axis in (first, second))
            if np.ptp(x) > 0 and np.ptp(y) > 0:
                rho = float(np.corrcoef(x, y)[0, 1])
                if abs(rho) >= STRONG:
                    yield charting.fit(first.name, 40), charting.fit(second.name, 40), rho


def alike(data: Explained, place: int) -> tuple[str, ...]:
    """Other params that always moved together with this one."""
    study = data.study
    return study.alike[study.params.index(data.axes[place].name)]


def _ends(interval: Interval) -> str:
    return f"{formats.fixed(interval.low, 2)} to {formats.fixed(interval.high, 2)}"


def workings(data: Explained) -> Fold:
    """How every number came about."""
    items: list[Words] = [
        (
            "Rank correlation: Spearman's rho of the configurations that have the param, interval "
            "through Fisher's z with the error of Bonett and Wright (2000). Words with three "
            "levels or more have no order: the share of the variance of ranks that lies between "
            "levels (rank eta\u00b2), interval by the noncentral F. The p is adjusted by Holm over "
            "the params.",
        )
    ]
    if data.forest is not None and data.forest.effects:
        items += [
            (
                "Total: the forest predicts every configuration by the trees that never saw it, "
                "then again with the param's values shuffled between configurations (of a "
                f"conditional param between those that have it), {stats.SHUFFLES} times. Half of "
                "the growth of the squared error, over the variance of the metric, is the share "
                "that the param explains alone and jointly with others; totals of params that act "
                "together add up to more than 100 %. Interval: BCa bootstrap over configurations, "
                "the forest kept.",
            ),
            (
                "Alone and in pairs: the forest's predictions over the whole searched space, "
                "every level as likely, ranges evenly, the other params averaged out exactly over "
                "the leaves; shares are of the variance of its predictions. Interval: "
                f"{stats.BAGGED}.",
            ),
            (
                "Words are one column per level. A conditional param stands at its middle value "
                "where it is not set. The forest is seeded: equal runs give equal numbers.",
            ),
        ]
    items.append(
        ("Sources: Breiman (2001), Machine Learning 45; Hutter, Hoos and Leyton-Brown (2014), ICML "
         "32; Watson and Wright (2021), Machine Learning 110; Wager, Hastie and Efron (2014), JMLR "
         "15.",)
    )  # fmt: skip
    return Fold("How this was computed", (Bullets(tuple(items)),))
