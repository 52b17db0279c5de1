"""Every pair of ranked groups: what their values say, and what their ranks say."""

from __future__ import annotations

from collections.abc import Sequence

from runreport import formats
from runreport.blocks import Cell, Column, Mark, Row, Table
from runreport.sections import cells, charting
from runreport.sections.aligning import unit_of_difference
from runreport.sections.pools import Pair, Pool, PostHoc
from runreport.sections.verdicts import LABELS, is_adjusted
from runreport.stats import words
from runreport.stats.methods import FACTS
from runreport.stats.result import Significance

ROWS = 200
"""Pairs listed; more are counted."""

TITLES: dict[PostHoc, str] = {
    "wilcoxon": "pairwise tests of their own values",
    "nemenyi": "Nemenyi's test of mean ranks",
    "holm": "z tests of mean ranks, corrected after Holm",
    "shaffer": "z tests of mean ranks, corrected after Shaffer",
    "bonferroni_dunn": "the Bonferroni-Dunn test of mean ranks",
}

NAMES: dict[PostHoc, str] = {
    "wilcoxon": "Wilcoxon",
    "nemenyi": "Nemenyi",
    "holm": "Holm",
    "shaffer": "Shaffer",
    "bonferroni_dunn": "Bonferroni-Dunn",
}


def table(
    pool: Pool, pairs: Sequence[Pair], post_hoc: PostHoc, unit: str, rope: float | None
) -> Table:
    """All pairs, told apart ones first.

    Args:
        pool: what is ranked.
        pairs: with their verdicts.
        post_hoc: the procedure that decides.
        unit: of replication, singular.
        rope: half-width of the region of the posterior; None: there is none.
    """
    metric = pool.metric
    of = unit_of_difference(metric) or None
    results = [pair.comparison.result for pair in pairs]
    first = next((result for result in results if result.adjusted is not None), results[0])
    level = f"{'adjusted ' if is_adjusted(first) else ''}{words.percent(1 - first.alpha)} interval"
    shown = _procedures(pairs)
    columns = [
        Column("Group"),
        Column("Against"),
        Column("Told apart", hint=f"By {TITLES[post_hoc]}"),
        Column("Difference", "number", unit=of, goal=metric.goal, hint=_about(first)),
        Column("Low", "number", unit=of, hint=f"Lower end of the {level}"),
        Column("High", "number", unit=of, hint=f"Upper end of the {level}"),
        Column("Wins/ties/losses", hint=f"Of the group, by {unit}"),
        Column("n", "number", hint=f"{words.several(unit).capitalize()} that both have"),
        Column(
            "p", "number", hint=f"{_test(first)}, two-sided, not corrected", family=_test(first)
        ),
        Column("Adjusted p", "number", hint=_correction(first), family=_test(first)),
        Column("z", "number", hint="Difference of mean ranks over its error", family="Mean ranks"),
        *(
            Column(f"{NAMES[name]} p", "number", hint=f"Of {TITLES[name]}", family="Mean ranks")
            for name in shown
        ),
    ]
    if rope is not None:
        columns += _posterior_columns(metric.goal is not None, rope, of)
    decides = _decides(post_hoc, first)
    if any(pair.is_peeked for pair in pairs):
        decides = f"Look {first.look}: every p here is of one planned look alone, and none decides."
    note = f"The difference is the group minus the other. {decides}"
    if any(not pair.differs and (pair.p_adjusted or 1.0) < first.alpha for pair in pairs):
        note += (
            " Where an adjusted p is below alpha and the interval still reaches 0, as it may with "
            "ties, the pair is left open."
        )
    if len(pairs) > ROWS:
        rest = len(pairs) - ROWS
        note += f" {rest} more {'is' if rest == 1 else 'are'} not listed."
    return Table(
        tuple(columns),
        tuple(_row(pair, shown, with_posterior=rope is not None) for pair in pairs[:ROWS]),
        caption=f"Pairs on {charting.fit(metric.title)}",
        note=(note,),
        export="pairs",
    )


def _procedures(pairs: Sequence[Pair]) -> tuple[PostHoc, ...]:
    """Those by mean ranks that some pair has a p of."""
    order: tuple[PostHoc, ...] = ("holm", "shaffer", "bonferroni_dunn", "nemenyi")
    return tuple(name for name in order if any(name in pair.by_ranks for pair in pairs))


def _about(result: Significance) -> str:
    if result.about == "pseudo-median":
        return "Hodges-Lehmann pseudo-median of the differences"
    return f"Of the {result.about}s"


def _test(result: Significance) -> str:
    return result.test[:1].upper() + result.test[1:] if result.test else FACTS["wilcoxon"].title


def _correction(result: Significance) -> str:
    if not is_adjusted(result):
        return "Nothing is corrected"
    return f"After {words.corrected(result.correction)}{words.over(result.family)}"


def _decides(post_hoc: PostHoc, first: Significance) -> str:
    if post_hoc == "wilcoxon":
        return (
            f"The adjusted p of the {first.test or FACTS['wilcoxon'].title} decides; those of mean "
            "ranks, which depend on what else is ranked, stand beside it."
        )
    return f"{NAMES[post_hoc]}'s p decides, as the section asks (`post_hoc: {post_hoc}`)."


def _posterior_columns(has_goal: bool, rope: float, unit: str | None) -> list[Column]:
    size = words.amount(rope, unit or "")
    better, worse = ("better", "worse") if has_goal else ("above", "below")
    family = f"Bayesian signed ranks, {size}"
    hint = "Share of the posterior in which this is the most probable outcome"
    titles = (f"P({better})", "P(equivalent)", f"P({worse})")
    return [Column(title, "number", hint=hint, family=family) for title in titles]


def _row(pair: Pair, shown: Sequence[PostHoc], *, with_posterior: bool) -> Row:
    item = pair.comparison
    result = item.result
    word, marks = _verdict(pair)
    wide = None if result.adjusted is None else result.adjusted.width
    row = [
        Cell((charting.fit(item.candidate.label),), item.candidate.label),
        Cell((charting.fit(item.baseline.label),), item.baseline.label),
        Cell((word,), word, marks),
        cells.change(result.difference, wide),
        *cells.ends(result.adjusted),
        Cell((str(pair.record),), str(pair.record)),
        charting.cell(float(result.n[0])),
        cells.p_value(result.p_value),
        cells.p_value(result.p_adjusted),
        charting.cell(pair.z, None if pair.z is None else formats.signed(pair.z, 2)),
        *(cells.p_value(pair.by_ranks.get(name)) for name in shown),
    ]
    if with_posterior:
        posterior = pair.posterior
        parts = () if posterior is None else (posterior.above, posterior.within, posterior.below)
        row += [charting.cell(part, formats.fixed(part, 2)) for part in parts]
        row += [charting.cell(None)] * (3 - len(parts))
    return Row(tuple(row), group_id=item.candidate.id)


def _verdict(pair: Pair) -> tuple[str, frozenset[Mark]]:
    if pair.is_withheld:
        return LABELS["not_comparable"]
    if pair.is_peeked:
        return LABELS["inconclusive"]
    if pair.p_adjusted is None:
        return "no test", frozenset({"muted"})
    if not pair.differs:
        return "open", frozenset({"muted"})
    if pair.is_ahead is None:
        return "yes", frozenset({"differs"})
    return ("ahead", frozenset({"better"})) if pair.is_ahead else ("behind", frozenset({"worse"}))
