"""Groups ranked over many data sets: whether they differ, which pairs do, and a diagram.

One value per group and data set (`groups.across`) is ranked within the data set. The test over all
groups comes first, then every pair by its own signed-rank test; mean ranks with their critical
difference are drawn beside it. Below five data sets nothing is tested.

    - ranking: {metric: val_accuracy}
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from runreport import formats
from runreport.blocks import Block, Bullets, Fold, Note, Text, Words
from runreport.design import Metric, MetricName
from runreport.kinds import Context, Section
from runreport.sections import (
    charting,
    critical,
    pairwise,
    rankdetail,
    rankwords,
    statements,
    workings,
)
from runreport.sections.comparing import Answer, compare_all, findings_of
from runreport.sections.pools import (
    MOST,
    MOST_SHAFFER,
    Omnibus,
    Pair,
    Pool,
    PostHoc,
    leaning_pairs,
    omnibus_of,
    pairs_of,
    pool_of,
)
from runreport.sections.verdicts import sentence
from runreport.stats import words
from runreport.stats.findings import Finding
from runreport.stats.plan import FEWEST_DATASETS

SAID = 5
"""Pairs written as sentences; the rest are folded."""

CAUTIONS = 8
"""Cautions listed openly."""

ELSEWHERE = (
    "N1_NO_INFERENCE", "N_TOO_SMALL", "LOW_POWER", "INCONCLUSIVE", "NEGLIGIBLE", "UNMATCHED_PAIRS",
    "FEW_DATASETS", "UNATTAINABLE_ALPHA", "ZERO_VARIANCE", "POSTHOC_NO_PAIR",
)  # fmt: skip
"""What is said of one pair, or in another place."""


@dataclass(frozen=True, slots=True)
class Options:
    """What the author may write."""

    metric: MetricName | None = None
    """The metric; `ranking: score` is enough. The first primary metric when not given."""
    post_hoc: PostHoc = "wilcoxon"
    """What tells pairs apart: `wilcoxon`, tests of the two groups' own values, corrected as the
    report declares; or, by mean ranks, `nemenyi`, `holm`, `shaffer`, or `bonferroni_dunn` against
    the baseline."""
    rope: float | None = None
    """Half-width of the region of practical equivalence, in displayed units: Bayesian signed
    ranks are added to the table of pairs."""
    diagram_alpha: float | None = None
    """Level of the diagram's critical difference; the report's alpha when not given. It changes
    no verdict."""


@dataclass(frozen=True, eq=False)
class RankingData:
    """What is ranked and what came of it."""

    metric: Metric | None
    """None where none is declared."""
    refused: str
    """Why nothing is ranked, as a sentence; empty when something is."""
    answer: Answer | None
    pool: Pool | None
    omnibus: Omnibus | None
    """None with two groups, too few data sets, or values that do not depend on them."""
    pairs: tuple[Pair, ...]
    post_hoc: PostHoc
    """The one that decides."""
    alpha: float
    diagram_alpha: float
    rope: float | None
    findings: tuple[Finding, ...]
    """Beside those of the comparisons."""


def compute(context: Context, options: Options) -> RankingData:
    """Ranks, the test over all groups, and every pair."""
    design = context.design
    metric = design.metric(options.metric) if options.metric else next(iter(design.primary), None)
    if metric is None:
        return _nothing(None, "The report declares no metric and this section names none.")
    if design.across is None or design.items is not None:
        why = (
            "Groups are ranked over data sets, and the spec declares none: `groups.across` names "
            "the param that says which data set or task a run is of."
        )
        return _nothing(metric, why)
    if metric.goal is None:
        name = charting.fit(metric.title)
        return _nothing(metric, f"No goal is declared for {name}, so no value is better.")
    answer = compare_all(context, metric, MOST)
    pool = pool_of(answer)
    post_hoc, findings = _procedure(options.post_hoc, pool)
    rope = None
    if options.rope is not None and math.isfinite(options.rope):
        rope = max(0.0, options.rope)
    omnibus = omnibus_of(pool, design.look or 1)
    pairs = pairs_of(answer, pool, post_hoc, design.alpha, rope)
    level = options.diagram_alpha or 0.0
    return RankingData(
        metric=metric,
        refused="",
        answer=answer,
        pool=pool,
        omnibus=omnibus,
        pairs=pairs,
        post_hoc=post_hoc,
        alpha=design.alpha,
        diagram_alpha=level if 0 < level < 1 else design.alpha,
        rope=rope,
        findings=(*findings, *_findings(answer, pool, omnibus, pairs, post_hoc, design.alpha)),
    )


def _nothing(metric: Metric | None, why: str) -> RankingData:
    return RankingData(metric, why, None, None, None, (), "wilcoxon", 0.05, 0.05, None, ())


def _procedure(asked: PostHoc, pool: Pool) -> tuple[PostHoc, tuple[Finding, ...]]:
    """What decides about pairs: what was asked for, or what can be done instead."""
    if asked == "shaffer" and len(pool.fits) > MOST_SHAFFER:
        said = (
            f"The section asks for Shaffer's correction, which is made for up to {MOST_SHAFFER} "
            "groups. Holm's, which is a little stricter, decides."
        )
        return "holm", (Finding("METHOD_OVERRIDDEN", said),)
    if asked == "bonferroni_dunn" and not any(fit.group.is_baseline for fit in pool.fits):
        said = (
            "The section asks for the Bonferroni-Dunn test, which compares groups with a baseline, "
            f"and there is none. Pairs are told apart by {pairwise.TITLES['wilcoxon']} instead."
        )
        return "wilcoxon", (Finding("METHOD_OVERRIDDEN", said),)
    return asked, ()


def _findings(
    answer: Answer,
    pool: Pool,
    omnibus: Omnibus | None,
    pairs: Sequence[Pair],
    post_hoc: PostHoc,
    alpha: float,
) -> list[Finding]:
    """What must be said beside the findings of the comparisons."""
    unit = answer.unit_of_replication
    found = [] if (few := rankwords.few_words(pool, unit)) is None else [few]
    if omnibus is None:
        return found
    tested = any(pair.p_adjusted is not None for pair in pairs)
    if tested and omnibus.rejects(alpha) and not any(pair.differs for pair in pairs):
        found.append(rankwords.no_pair(pairs, post_hoc, pool, unit))
    if omnibus.look > 1:
        # what mean ranks say of pairs is of one planned look
        return found
    more = (
        rankwords.leaning_words(leaning_pairs(pool, pairs, alpha), pool),
        rankwords.disagreement(pairs, post_hoc, alpha),
    )
    return [*found, *(finding for finding in more if finding is not None)]


# ---- blocks --------------------------------------------------------------------------------------


def present(data: RankingData, options: Options) -> tuple[Block, ...]:
    """The verdict, what it does not say, cautions, the groups, the diagram, every pair, and how."""
    if data.answer is None or data.pool is None:
        return (Note("info", "Nothing is ranked", (Text((data.refused,)),)),)
    answer, pool = data.answer, data.pool
    if len(pool.fits) < 2:
        return (_too_few_groups(pool),)
    unit = answer.unit_of_replication
    chart = critical.diagram(
        pool, data.omnibus, data.pairs, unit, data.diagram_alpha, data.post_hoc
    )
    blocks: list[Block] = [*_verdict(data, answer, pool)]
    basis = rankwords.basis_words(pool, unit)
    if answer.kind == "leader":
        basis += (
            f" Of more than {MOST} groups the leading one is compared with every other, the "
            "correction covers all pairs, and no diagram is drawn."
        )
    blocks.append(Text((basis,), "small"))
    blocks += _cautions(data, answer)
    blocks.append(rankdetail.groups(pool, data.pairs, unit))
    if chart is not None:
        blocks.append(chart)
    if any(pair.comparison.result.difference is not None for pair in data.pairs):
        title = f"Every pair: {formats.count(len(data.pairs), 'pair')}"
        listed = pairwise.table(pool, data.pairs, data.post_hoc, unit, data.rope)
        blocks.append(Fold(title, (listed,)))
    blocks.append(rankdetail.workings(pool, data.omnibus, data.pairs, unit, data.alpha))
    return tuple(blocks)


def _too_few_groups(pool: Pool) -> Note:
    name = charting.fit(pool.metric.title)
    if not pool.fits:
        said = f"No finished run has a value of {name}."
    else:
        label = charting.fit(pool.fits[0].group.label)
        said = f"Only {label} has values of {name}, so there is nothing to rank it against."
    return Note("info", "Nothing is ranked", (Text((said,)),))


def _verdict(data: RankingData, answer: Answer, pool: Pool) -> list[Block]:
    """The test over all groups, then what is known of pairs."""
    unit = answer.unit_of_replication
    blocks: list[Block] = []
    if data.post_hoc == "wilcoxon":
        found = findings_of(answer, answer.comparisons)
        # what a test cannot reach stands before any of its numbers
        blocks += [Text((f.words,)) for f in found if f.name == "UNATTAINABLE_ALPHA"]
    few = [finding for finding in data.findings if finding.name == "FEW_DATASETS"]
    if len(pool.fits) == 2:
        said = (
            "With two groups there is nothing to rank among more: the test of the two, as "
            "`significance` shows it, answers."
        )
        first = answer.comparisons[0] if answer.comparisons else None
        lead: Words = (said,) if first is None else sentence(first)
        blocks.append(Text(lead, "lead"))
        return [*blocks, *([] if first is None else [Text((said,), "small")])]
    if data.omnibus is None or data.omnibus.corrected.is_tied:
        blocks.append(Text((_untested(data, pool, unit),), "lead"))
        return blocks
    blocks.append(Text(rankwords.omnibus_words(pool, data.omnibus, unit, data.alpha), "lead"))
    blocks += _told_apart(data, pool, unit)
    blocks += [Text((finding.words,), "small") for finding in few]
    return blocks


def _untested(data: RankingData, pool: Pool, unit: str) -> str:
    """Why no test over all groups was made."""
    sets = words.plural(unit, len(pool.tasks))
    few = next((f for f in data.findings if f.name == "FEW_DATASETS"), None)
    if few is not None and len(pool.tasks) < FEWEST_DATASETS:
        return few.words
    if pool.is_constant:
        return (
            f"No group's value depends on the {unit}: all {sets} give the same, as copies of one "
            "would. No test is made."
        )
    return f"All groups have the same mean rank over {sets}: nothing tells them apart."


def _told_apart(data: RankingData, pool: Pool, unit: str) -> list[Block]:
    """Which pairs differ, or that none does."""
    best = pool.fits[0].group
    apart = [pair for pair in data.pairs if pair.differs]
    # how the best one compares is what a reader asks first
    apart.sort(key=lambda p: best.id not in (p.comparison.candidate.id, p.comparison.baseline.id))
    leader: Block = Text(rankwords.leader_words(pool))
    untested = rankwords.untested_words(data.pairs)
    if not any(pair.p_adjusted is not None for pair in data.pairs):
        return [Text((untested,)), leader] if untested else [leader]
    rest = f" {untested}" if untested else ""
    none = next((f for f in data.findings if f.name == "POSTHOC_NO_PAIR"), None)
    if none is not None:
        return [Text((f"{none.words}{rest}",)), leader]
    tally = rankwords.tally_words(data.pairs, data.post_hoc, pool)
    if not apart:
        return [Text((f"{tally}{rest} Open does not mean equal.",)), leader]
    size = rankwords.family(data.pairs, data.post_hoc, pool)
    said = [rankwords.pair_words(pair, pool, data.post_hoc, unit, size) for pair in apart]
    blocks: list[Block] = [leader, Text((f"{tally}{rest}",)), Bullets(tuple(said[:SAID]))]
    if len(said) > SAID:
        more = "pair" if len(said) == SAID + 1 else formats.count(len(said) - SAID, "pair")
        title = f"The other {more} told apart, in words"
        blocks.append(Fold(title, (Bullets(tuple(said[SAID:])),)))
    return blocks


def _cautions(data: RankingData, answer: Answer) -> list[Block]:
    told = [(finding.words, finding.code) for finding in data.findings if _belongs(finding)]
    told += [(finding.words, finding.code) for finding in answer.findings if _belongs(finding)]
    counts = Counter(finding for item in answer.comparisons for finding in item.result.warnings)
    for item in answer.comparisons:
        pair = charting.both(item.candidate, item.baseline)
        for finding in filter(_belongs, item.result.warnings):
            if finding.name == "TESTS_DISAGREE" and data.post_hoc != "wilcoxon":
                continue
            # what is said of one pair alone names it
            of = pair if counts[finding] == 1 else formats.count(counts[finding], "pair")
            said = f"{of}: {finding.words}" if len(answer.comparisons) > 1 else finding.words
            told.append((said, finding.code))
    return [workings.caution_note(list(dict.fromkeys(told)), CAUTIONS)] if told else []


def _belongs(finding: Finding) -> bool:
    return finding.name not in ELSEWHERE


# ---- data --------------------------------------------------------------------------------------


def record(data: RankingData) -> dict[str, Any]:
    """The test over all groups, mean ranks and every pair, as data."""
    answer, pool = data.answer, data.pool
    if answer is None or pool is None:
        return {"metric": data.metric and data.metric.name, "refused": data.refused}
    return {
        "metric": pool.metric.name,
        "goal": pool.metric.goal,
        "unit": pool.metric.unit,
        "unit_of_replication": answer.unit_of_replication,
        "datasets": list(pool.tasks),
        "left_out": [{"dataset": task, "without": list(g)} for task, g in pool.missing],
        "groups": [
            {"group": fit.group.label, "mean_rank": rank}
            for fit, rank in zip(pool.fits, pool.mean_ranks, strict=False)
        ],
        "omnibus": data.omnibus
        and {
            "alpha": data.alpha,
            "look": data.omnibus.look,
            "rejects": data.omnibus.rejects(data.alpha),
            "corrected": data.omnibus.corrected,
            "without_correction": data.omnibus.plain,
        },
        "post_hoc": data.post_hoc,
        "findings": statements.findings(
            tuple(dict.fromkeys((*data.findings, *findings_of(answer, answer.comparisons))))
        ),
        "pairs": [_stated(pair) for pair in data.pairs],
    }


def _stated(pair: Pair) -> dict[str, Any]:
    item = pair.comparison
    return {
        "candidate": item.candidate.label,
        "baseline": item.baseline.label,
        "told_apart": pair.differs,
        "not_comparable": pair.is_withheld,
        "p_adjusted": pair.p_adjusted,
        "wins_ties_losses": pair.record,
        "mean_ranks": pair.ranks,
        "z": pair.z,
        "p_of_z": pair.rank_p,
        "by_ranks": pair.by_ranks,
        "posterior": pair.posterior,
        "result": item.result,
    }


SECTION = Section(
    name="ranking",
    options=Options,
    compute=compute,
    present=present,
    title="Ranking",
    record=record,
    short="metric",
)
