"""The ranked groups in a table, and how their ranks and tests came about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from runreport import formats
from runreport.blocks import Block, Bullets, Cell, Column, Fold, Mark, Row, Table, Words
from runreport.sections import charting, critical, rankwords
from runreport.sections.pools import MOST, Omnibus, Pair, Pool, letters_of
from runreport.stats import bayes, ranks, words
from runreport.stats.testers import SEED

ROWS = 200
"""Data sets listed with their values and ranks."""

LEVELS = (0.05, 0.10)
"""At which critical differences are commonly given."""

# ---- the groups ----------------------------------------------------------------------------------


def groups(pool: Pool, pairs: Sequence[Pair], unit: str) -> Table:
    """Every group with its mean rank, its mean, and its record against the baseline or the best.

    Args:
        pool: what is ranked.
        pairs: with their verdicts, for the letters.
        unit: of replication, singular.
    """
    metric = pool.metric
    sets = words.plural(unit, len(pool.tasks))
    letters = letters_of(pool, pairs)
    base = next((place for place, fit in enumerate(pool.fits) if fit.group.is_baseline), 0)
    against = charting.fit(pool.fits[base].group.label, 24)
    columns = [
        Column("Group"),
        Column("Mean rank", "number", goal="minimize", hint=f"Over {sets}; 1 is the best"),
        Column("Mean", "number", unit=metric.unit or None, goal=metric.goal, hint=f"Over {sets}"),
        Column("First on", "number", hint=f"{words.several(unit).capitalize()}, ties too"),
        Column(f"Wins/ties/losses against {against}", hint=f"By {unit}"),
    ]
    note = "Values of different " + words.several(unit) + " may not be on one scale; ranks are."
    if letters:
        columns.append(Column("Letters", hint="Groups that share one are not told apart"))
        note += " Groups that share a letter are not told apart; that does not make them equal."
    rows = tuple(_group_row(pool, place, base, letters) for place in range(len(pool.fits)))
    return Table(
        tuple(columns),
        rows,
        caption=f"Groups on {charting.fit(metric.title)} over {sets}",
        note=(note,),
        export="ranks",
        searchable=len(rows) <= MOST,
    )


def _group_row(pool: Pool, place: int, base: int, letters: Mapping[str, str]) -> Row:
    group, values = pool.fits[place].group, pool.scores
    rank, mean, firsts = None, None, None
    record = formats.MISSING
    if pool.tasks:
        rank, mean = pool.mean_ranks[place], float(values[:, place].mean())
        firsts = float((pool.ranks[:, place] == pool.ranks.min(axis=1)).sum())
        if place != base:
            # ranks know ties that are rounding errors
            record = str(ranks.record_of(pool.ranks[:, base] - pool.ranks[:, place]))
    cells = [
        Cell((charting.fit(group.label),), group.label),
        charting.cell(rank, None if rank is None else formats.fixed(rank, 3)),
        charting.cell(mean),
        charting.cell(firsts),
        Cell((record,), record),
    ]
    if letters:
        cells.append(Cell((letters[group.id],), letters[group.id]))
    marks: frozenset[Mark] = frozenset({"baseline"} if group.is_baseline else ())
    return Row(tuple(cells), group_id=group.id, marks=marks)


# ---- how -----------------------------------------------------------------------------------------


def workings(
    pool: Pool, omnibus: Omnibus | None, pairs: Sequence[Pair], unit: str, alpha: float
) -> Fold:
    """Formulae, sources, critical differences, and the values and ranks that entered."""
    n, k = len(pool.tasks), len(pool.fits)
    facts: list[Words] = [
        (
            f"Ranks are given within each {unit}, 1 to the best; values that are equal to ten "
            "digits share the mean of their ranks.",
        )
    ]
    if omnibus is not None and not omnibus.corrected.is_tied:
        facts += _omnibus_facts(omnibus)
        for level in dict.fromkeys((alpha, *LEVELS)):
            cd = ranks.nemenyi_cd(k, n, level)
            joined = critical.joined_words(ranks.cliques(pool.mean_ranks, cd), pool)
            size = critical.cd_words(pool, cd, unit, level)
            facts.append((f"Critical difference {size}: joined are {joined or 'no two groups'}.",))
        facts.append(
            (
                "z = difference of mean ranks / sqrt(k (k + 1) / (6 N)); CD = q x the same root, q "
                "from the studentized range over sqrt(2).",
            )
        )
        facts += [(f"Source: {text}.",) for text in SOURCES]
    results = [pair.comparison.result for pair in pairs]
    facts += [(why,) for why in dict.fromkeys(result.why for result in results)]
    facts += [
        (f"{test}: {formula}.",)
        for test, formula in dict.fromkeys((r.test, r.formula) for r in results if r.formula)
    ]
    facts += [(f"Source: {s}.",) for s in dict.fromkeys(r.source for r in results if r.source)]
    if any(pair.posterior for pair in pairs):
        facts.append(
            (
                f"Bayesian signed ranks: {formats.number(bayes.DRAWS)} draws, weight {bayes.PRIOR} "
                f"on an imagined {unit} without a difference, seed {SEED}. "
                "Source: Benavoli, Corani, Demsar and Zaffalon (2017), JMLR 18.",
            )
        )
    return Fold("How this was computed", (Bullets(tuple(facts)), *_ranks_used(pool, unit)))


SOURCES = (
    "Friedman (1937), JASA 32",
    "Iman and Davenport (1980), Communications in Statistics 9",
    "Nemenyi (1963), Distribution-free multiple comparisons",
    "Demsar (2006), JMLR 7",
)


def _omnibus_facts(omnibus: Omnibus) -> list[Words]:
    corrected, plain = omnibus.corrected, omnibus.plain
    facts: list[Words] = [
        (
            "Friedman chi-square = 12 N / (k (k + 1)) x sum of squared distances of the mean ranks "
            "from (k + 1) / 2; F = (N - 1) chi-square / (N (k - 1) - chi-square), df k - 1 and "
            "(k - 1)(N - 1).",
        )
    ]
    if corrected.chi2 != plain.chi2:
        facts.append(
            (
                "Ties within data sets are corrected for, and that decides. Without the "
                f"correction, as many papers print it: {rankwords.test_words(plain)}.",
            )
        )
    return facts


def _ranks_used(pool: Pool, unit: str) -> tuple[Block, ...]:
    """Values and ranks, data set by data set."""
    if not pool.tasks:
        return ()
    names = [charting.fit(fit.group.label, 24) for fit in pool.fits]
    columns = (
        Column(unit.capitalize()),
        *(Column(name, "number", family=charting.fit(pool.metric.title)) for name in names),
        *(Column(name, "number", family="Rank") for name in names),
    )
    shown = pool.tasks[:ROWS]
    rows = tuple(
        Row(
            (
                Cell((charting.fit(task),), task),
                *(charting.cell(value) for value in pool.scores[place].tolist()),
                *(charting.cell(rank) for rank in pool.ranks[place].tolist()),
            )
        )
        for place, task in enumerate(shown)
    )
    rest = formats.count(len(pool.tasks) - len(shown), unit)
    note = (f"{rest} more are not listed.",) if len(shown) < len(pool.tasks) else ()
    title = f"The {words.plural(unit, len(pool.tasks))} and their ranks"
    return (Fold(title, (Table(columns, rows, title, note, "ranks-by-task"),)),)
