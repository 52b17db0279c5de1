"""Groups over data sets: what is said of them all, of pairs, and what is not tested."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats as peer

from runreport import blocks as b
from runreport.design import Margin, Metric
from runreport.kinds import Context
from runreport.render.stated import plain
from runreport.render.verify import verify_site
from runreport.sections import ranking
from runreport.sections.critical import Diagram
from runreport.sections.pairwise import NAMES
from runreport.sections.pools import PostHoc
from tests import pages, reading
from tests.stats.test_posthoc import leaning_scores
from tests.stats.test_ranks import DEMSAR
from tests.studies import study

AUC = Metric("auc", goal="maximize", primary=True)
TREES = ("C4.5", "C4.5+m", "C4.5+cf", "C4.5+m+cf")
Blocks = tuple[b.Block, ...]


def ranked(scores: Any, models: Sequence[str] = "", metric: Metric = AUC, **design: Any) -> Context:
    """A study of a table, data sets x models; NaN is a run that diverged."""
    table = np.asarray(scores, dtype=np.float64)
    names = list(models) or [f"m{place}" for place in range(table.shape[1])]
    runs = [
        {
            "name": f"{name}-d{row}",
            "params": {"model": name, "dataset": f"d{row}"},
            "metrics": {metric.name: float(table[row, place])},
        }
        for place, name in enumerate(names)
        for row in range(len(table))
    ]
    chosen = {"by": ["model"], "across": "dataset", "metrics": (metric,), **design}
    return study(runs, **chosen)


def compute(context: Context, **options: Any) -> ranking.RankingData:
    return ranking.compute(context, ranking.Options(**options))


def present(context: Context, **options: Any) -> Blocks:
    chosen = ranking.Options(**options)
    return ranking.present(ranking.compute(context, chosen), chosen)


def says(context: Context, **options: Any) -> str:
    return reading.said(present(context, **options))


def groups_table(blocks: Blocks) -> b.Table:
    return next(t for t in reading.find(blocks, b.Table) if t.caption.startswith("Groups on"))


def pairs_table(blocks: Blocks) -> b.Table:
    return next(t for t in reading.find(blocks, b.Table) if t.caption.startswith("Pairs on"))


def drawn(blocks: Blocks) -> Diagram:
    (figure,) = reading.find(blocks, b.Figure)
    assert isinstance(figure.data, Diagram)
    return figure.data


def apart(n: int = 12, k: int = 4) -> np.ndarray:
    """Models far apart from each other, the later the better, but for noise."""
    rng = np.random.default_rng(2)
    return rng.uniform(0.4, 0.6, (n, 1)) + 0.05 * np.arange(k) + rng.normal(0, 0.004, (n, k))


# ---- the verdict ---------------------------------------------------------------------------------


def test_a_difference_without_a_pair_is_said_to_be_just_that() -> None:
    # the paper's own outcome, section 3.2.4, by Nemenyi's test
    for options in ({"post_hoc": "nemenyi"}, {}):
        text = says(ranked(DEMSAR, TREES), **options)
        assert "The 4 groups do not all rank alike on auc over 14 datasets" in text
        assert "no pair is told apart by" in text
        assert "over 6 comparisons" in text


def test_that_sentence_stands_only_where_it_holds() -> None:
    for context in (ranked(apart()), ranked(np.random.default_rng(1).normal(0, 1, (12, 4)))):
        names = [finding.name for finding in compute(context).findings]
        assert "POSTHOC_NO_PAIR" not in names
        assert "There is a difference somewhere" not in says(context)


def test_statistics_are_those_of_scipy() -> None:
    table = DEMSAR.copy()
    table[12, 2] += 0.0001  # as scipy's own test breaks the tie of rounding
    theirs = peer.friedmanchisquare(*table.T)
    text = says(ranked(table, TREES))
    assert f"Friedman chi-square {theirs.statistic:.2f}, df 3, p = {theirs.pvalue:.3f}" in text
    # 13 x 10.228 / (42 - 10.228) with the paper's formula; without correction its own numbers
    assert "Iman-Davenport F = 4.19, df 3 and 39, p = 0.012" in text
    assert "Iman-Davenport F = 3.69, df 3 and 39, p = 0.020; Friedman chi-square 9.28" in text


def test_groups_that_are_far_apart_are_told_apart_in_words() -> None:
    context = ranked(apart())
    text = says(context)
    assert (
        "6 of 6 pairs are told apart by Wilcoxon signed-rank tests, Holm-corrected over 6" in text
    )
    assert "model=m3 beats model=m2 on auc by" in text
    assert "12 datasets, Holm-adjusted p = " in text


def test_pairs_are_those_of_the_significance_section() -> None:
    from runreport.sections import significance

    context = ranked(apart())
    theirs = significance.compute(context, significance.Options()).answers[0].comparisons
    ours = [pair.comparison for pair in compute(context).pairs]
    assert {item.result.p_adjusted for item in ours} == {i.result.p_adjusted for i in theirs}
    table = apart()
    raw = [peer.wilcoxon(table[:, i], table[:, j]).pvalue for i in range(4) for j in range(i)]
    assert sorted(item.result.p_value for item in ours) == pytest.approx(sorted(raw))


def test_ranks_that_do_not_tell_leave_it_open() -> None:
    text = says(ranked(np.random.default_rng(3).normal(0, 1, (12, 3))))
    assert "Whether the 3 groups rank differently on auc is open" in text
    assert "Open does not mean equal." in text
    assert "no difference" not in text


def test_lower_may_be_better() -> None:
    metric = Metric("loss", goal="minimize", primary=True)
    high, low = compute(ranked(apart())), compute(ranked(-apart(), metric=metric))
    assert low.pool
    assert high.pool
    assert low.pool.mean_ranks == high.pool.mean_ranks
    assert "model=m3 beats model=m2 on loss by" in says(ranked(-apart(), metric=metric))


def test_a_pair_whose_interval_reaches_zero_is_open_whatever_its_p() -> None:
    # C4.5+m against C4.5: p is 0.0078 exactly, times six 0.047, and two data sets are ties
    blocks = present(ranked(DEMSAR, TREES))
    pairs = pairs_table(blocks)
    row = next(r for r in reading.shown(pairs) if r["Adjusted p"] == "0.047")
    assert (row["Group"], row["Against"]) == ("model=C4.5+m", "model=C4.5")
    assert row["Told apart"] == "open"
    assert "the interval still reaches 0" in reading.words(pairs.note)


# ---- what it rests on ----------------------------------------------------------------------------


def test_fewer_than_five_data_sets_are_shown_and_not_tested() -> None:
    blocks = present(ranked(apart(n=4)))
    text = reading.said(blocks)
    assert "4 datasets are too few for a test over datasets" in text
    assert "p = " not in text
    assert "p < " not in text
    assert reading.column(groups_table(blocks), "Mean rank") == [1, 2, 3, 4]
    assert not reading.find(blocks, b.Figure)


def test_fewer_than_ten_are_called_approximate() -> None:
    assert "With 7 datasets p-values of mean ranks are approximate" in says(ranked(apart(n=7)))
    assert "approximate" not in says(ranked(apart(n=10)))


def test_two_groups_are_answered_by_their_own_test() -> None:
    table = apart(k=2)
    blocks = present(ranked(table))
    text = reading.said(blocks)
    expected = peer.wilcoxon(table[:, 0], table[:, 1]).pvalue
    assert "model=m1 beats model=m0" in text
    assert f"{expected:.3f}"[:5] in text or "p < 0.001" in text
    assert "`significance`" in text
    assert "Iman-Davenport" not in text
    assert not reading.find(blocks, b.Figure)


def test_incomplete_data_sets_are_left_out_and_named() -> None:
    table = apart()
    table[3, 1] = np.nan
    context = ranked(table)
    text = says(context)
    assert "Ranked are the 11 datasets that every group has a value of" in text
    assert "Left out: d3 (no value of model=m1)" in text
    data = compute(context)
    assert data.pool is not None
    without = compute(ranked(np.delete(apart(), 3, axis=0))).pool
    assert without is not None
    assert data.pool.mean_ranks == without.mean_ranks


def test_a_group_without_values_does_not_empty_the_board() -> None:
    table = apart()
    table[:, 2] = np.nan
    text = says(ranked(table))
    assert "model=m2 has no value and is not ranked" in text
    assert "The 3 groups" in text


def test_replicates_within_a_data_set_make_no_more_data_sets() -> None:
    table = apart()
    runs = [
        {
            "params": {"model": f"m{m}", "dataset": f"d{d}", "seed": seed},
            "metrics": {"auc": float(table[d, m]) + shift},
        }
        for d in range(12)
        for m in range(4)
        for seed, shift in enumerate((-0.003, 0.001, 0.002))
    ]
    context = study(runs, by=["model"], across="dataset", replicates="seed", metrics=(AUC,))
    data = compute(context)
    assert data.pool is not None
    assert data.pool.scores.shape == (12, 4)
    assert sorted(data.pool.scores.ravel()) == pytest.approx(sorted(table.ravel()))
    assert "Replicates within a dataset are averaged" in says(context)


def test_values_that_do_not_depend_on_the_data_set_are_not_tested() -> None:
    text = says(ranked(np.tile([0.7, 0.8, 0.9], (10, 1))))
    assert "all 10 datasets give the same, as copies of one would. No test is made." in text
    assert "p = " not in text
    assert "p < " not in text


def test_groups_that_tie_everywhere_are_not_tested() -> None:
    column = np.random.default_rng(1).normal(0, 1, 10)
    text = says(ranked(np.column_stack([column] * 3)))
    assert "All groups have the same mean rank over 10 datasets: nothing tells them apart." in text
    assert "p = " not in text


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"across": None}, "`groups.across`"),
        ({"metrics": (Metric("auc", primary=True),)}, "No goal is declared for auc"),
        ({"metrics": ()}, "declares no metric"),
    ],
)
def test_what_cannot_be_ranked_says_why(change: Mapping[str, Any], why: str) -> None:
    context = ranked(apart())
    blocks = present(replace(context, design=replace(context.design, **change)))
    assert isinstance(blocks[0], b.Note)
    assert why in reading.said(blocks)


def test_one_group_has_nobody_to_be_ranked_against() -> None:
    assert "nothing to rank it against" in says(ranked(apart(k=1)))
    assert "No finished run has a value of auc" in says(ranked(apart() * np.nan))


# ---- by mean ranks -------------------------------------------------------------------------------


def test_against_a_baseline_holm_on_z_is_that_of_demsar() -> None:
    # page 14: C4.5 against the others, with the printed ranks
    printed = np.array(
        [[4, 3, 2, 1], [1, 2, 3, 4], [4, 1, 2, 3], [4, 1, 3, 2], [4, 2, 3, 1], [1, 2.5, 4, 2.5],
         [3, 2, 4, 1], [2.5, 2.5, 4, 1], [4, 3, 2, 1], [2.5, 2.5, 2.5, 2.5], [4, 2.5, 1, 2.5],
         [3, 2, 4, 1], [4, 1, 2, 3], [3, 1, 4, 2]]
    )  # fmt: skip
    metric = Metric("rank", goal="minimize", primary=True)
    context = ranked(printed, TREES, metric, baseline={"model": "C4.5"})
    data = compute(context, post_hoc="holm")
    found = {pair.comparison.candidate.label: pair for pair in data.pairs}
    z = {name: -(pair.z or 0.0) for name, pair in found.items()}
    assert z == pytest.approx(
        {"model=C4.5+m+cf": 2.416, "model=C4.5+m": 2.342, "model=C4.5+cf": 0.512}, abs=0.004
    )
    differs = {name for name, pair in found.items() if pair.differs}
    assert differs == {"model=C4.5+m+cf", "model=C4.5+m"}
    text = says(context, post_hoc="holm")
    assert "model=C4.5+m+cf ranks ahead of model=C4.5 on rank: mean ranks 1.96 and 3.14" in text
    assert "Holm-adjusted p = 0.047 over 3 comparisons" in text


def test_bonferroni_dunn_shades_what_lies_around_the_baseline() -> None:
    context = ranked(DEMSAR, TREES, baseline={"model": "C4.5"})
    blocks = present(context, post_hoc="bonferroni_dunn")
    # page 13 of the paper
    assert drawn(blocks).cd == pytest.approx(1.16, abs=0.01)
    assert drawn(blocks).around == pytest.approx(3.143, abs=0.001)
    assert drawn(blocks).bars == ()


def test_bonferroni_dunn_without_a_baseline_gives_way_and_says_so() -> None:
    context = ranked(apart())
    text = says(context, post_hoc="bonferroni_dunn")
    assert "compares groups with a baseline, and there is none" in text
    assert "told apart by Wilcoxon signed-rank tests" in text


@pytest.mark.parametrize("post_hoc", ["nemenyi", "holm", "shaffer"])
def test_every_procedure_names_itself_and_its_family(post_hoc: PostHoc) -> None:
    text = says(ranked(apart()), post_hoc=post_hoc)
    assert f"({NAMES[post_hoc]}-adjusted p" in text
    assert "over 6 comparisons" in text


def test_nemenyi_decides_by_the_studentized_range() -> None:
    data = compute(ranked(DEMSAR, TREES), post_hoc="nemenyi")
    error = np.sqrt(4 * 5 / (6 * 14))
    for pair in data.pairs:
        assert pair.ranks is not None
        q = abs(pair.ranks[0] - pair.ranks[1]) / error * np.sqrt(2)
        expected = peer.studentized_range.sf(q, 4, np.inf)
        assert pair.p_adjusted == pytest.approx(float(expected), abs=1e-9)


def test_a_verdict_that_hangs_on_a_third_group_is_pointed_out() -> None:
    context = ranked(leaning_scores(), "ABC")
    for options in ({}, {"post_hoc": "nemenyi"}):
        data = compute(context, **options)
        (found,) = [finding for finding in data.findings if finding.name == "RANK_POOL"]
        assert "model=A and model=B are told apart, and would not be without model=C" in found.words


def test_ranks_that_decide_against_the_values_say_so() -> None:
    text = says(ranked(leaning_scores(), "ABC"), post_hoc="nemenyi")
    assert "would fall on the other side of alpha" in text
    assert "Nemenyi's test of mean ranks, which decides" in text


# ---- tables and diagram --------------------------------------------------------------------------


def test_the_table_has_ranks_means_and_records() -> None:
    blocks = present(ranked(DEMSAR, TREES))
    table = groups_table(blocks)
    # by hand from Table 6; voting ties where the paper ranks 3 and 2
    assert reading.column(table, "Mean rank") == pytest.approx([27 / 14, 2, 41 / 14, 44 / 14])
    assert reading.column(table, "Mean")[-1] == pytest.approx(DEMSAR[:, 0].mean())
    assert [row["Letters"] for row in reading.shown(table)] == ["a"] * 4
    # C4.5 against C4.5+m+cf, by counting: ahead on breast cancer and iris, mushroom is a tie
    record = "Wins/ties/losses against model=C4.5+m+cf"
    assert reading.shown(table)[-1][record] == "2/1/11"


def test_letters_follow_the_pairs() -> None:
    letters = [row["Letters"] for row in reading.shown(groups_table(present(ranked(apart()))))]
    assert letters == ["a", "b", "c", "d"]


def test_the_diagram_is_figure_1a() -> None:
    blocks = present(ranked(DEMSAR, TREES), diagram_alpha=0.1)
    data = drawn(blocks)
    assert data.cd == pytest.approx(1.12, abs=0.006)
    assert [place.name for place in data.places] == ["C4.5+m+cf", "C4.5+m", "C4.5+cf", "C4.5"]
    (figure,) = reading.find(blocks, b.Figure)
    assert "Not told apart: model=C4.5+m+cf, model=C4.5+m and model=C4.5+cf" in figure.description
    assert "model=C4.5+cf and model=C4.5." in figure.description
    # the second bar starts beyond the first one's end, one row below
    assert [level for _, _, level in data.bars] == [0, 1]
    note = reading.words(figure.note)
    assert "1.12 (Nemenyi, alpha 0.1, 4 groups, 14 datasets)" in note
    assert "the data do not say on which side it belongs" in note
    assert "belongs to both" not in note


def test_the_level_of_the_diagram_changes_no_verdict() -> None:
    assert compute(ranked(DEMSAR, TREES), diagram_alpha=0.3).findings == (
        compute(ranked(DEMSAR, TREES)).findings
    )
    assert compute(ranked(DEMSAR, TREES), diagram_alpha=7.0).diagram_alpha == 0.05


@pytest.mark.parametrize("k", [3, 7, 20])
def test_diagrams_of_few_and_of_many_groups_are_drawn(k: int) -> None:
    rng = np.random.default_rng(k)
    table = rng.normal(0, 0.02, (15, k)) + 0.004 * np.arange(k)
    names = [f"a rather long name of model number {place}" for place in range(k)]
    html = pages.html_of(pages.page(present(ranked(table, names), rope=0.01)))
    assert html.count("CD ") >= 1
    assert "model number 2" in html


def test_more_groups_than_eight_are_compared_pair_by_pair() -> None:
    data = compute(ranked(apart(n=15, k=10)))
    assert len(data.pairs) == 45
    assert {pair.comparison.result.family for pair in data.pairs} == {45}


def test_of_very_many_groups_the_leading_one_is_compared() -> None:
    rng = np.random.default_rng(1)
    context = ranked(rng.normal(0, 0.02, (8, 55)))
    blocks = present(context, post_hoc="shaffer")
    text = reading.said(blocks)
    assert "Of more than 20 groups the leading one is compared with every other" in text
    assert "Holm's, which is a little stricter, decides" in text
    assert len(pairs_table(blocks).rows) == 54
    assert not reading.find(blocks, b.Figure)


def test_the_bayesian_columns_agree_with_baycomp() -> None:
    from baycomp import SignedRankTest

    context = ranked(DEMSAR, TREES)
    blocks = present(context, rope=0.01)
    row = next(
        pair
        for pair in compute(context, rope=0.01).pairs
        if {pair.comparison.candidate.label, pair.comparison.baseline.label}
        == {"model=C4.5", "model=C4.5+m+cf"}
    )
    assert row.posterior is not None
    assert row.comparison.candidate.label == "model=C4.5+m+cf"
    theirs = SignedRankTest.probs(DEMSAR[:, 0], DEMSAR[:, 3], 0.01, nsamples=20_000, random_state=1)
    found = (row.posterior.below, row.posterior.within, row.posterior.above)
    assert found == pytest.approx(theirs, abs=0.015)
    assert "P(better)" in reading.headings(pairs_table(blocks))
    assert "P(better)" not in reading.headings(pairs_table(present(context)))


def test_a_margin_is_part_of_the_verdict_and_not_of_the_ranks() -> None:
    wide = replace(AUC, margin=Margin(0.2))
    first, second = compute(ranked(apart())), compute(ranked(apart(), metric=wide))
    assert first.pool
    assert second.pool
    assert first.pool.mean_ranks == second.pool.mean_ranks
    assert "beats" not in says(ranked(apart(), metric=wide))


def test_what_is_stated_is_plain_data() -> None:
    stated = plain(ranking.record(compute(ranked(DEMSAR, TREES), rope=0.01)))
    # by hand: 12 x 14 / 20 x 1.1735, the sum of squared distances of the mean ranks from 2.5
    assert stated["omnibus"]["without_correction"]["chi2"] == pytest.approx(9.857, abs=0.001)
    assert stated["omnibus"]["rejects"] is True
    assert next(group["group"] for group in stated["groups"]) == "model=C4.5+m+cf"
    assert len(stated["pairs"]) == 6
    assert "POSTHOC_NO_PAIR" in [finding["name"] for finding in stated["findings"]]
    refused = plain(ranking.record(compute(ranked(DEMSAR, TREES, across=None))))
    assert "groups.across" in refused["refused"]


# ---- what always holds ---------------------------------------------------------------------------

TABLES = st.tuples(st.integers(5, 9), st.integers(3, 5), st.integers(0, 2**16)).map(
    lambda t: np.random.default_rng(t[2]).integers(0, 12, t[:2]) / 8
)


@settings(max_examples=20, deadline=None)
@given(TABLES, st.randoms(use_true_random=False))
def test_the_order_of_runs_changes_nothing(table: np.ndarray, chance: random.Random) -> None:
    context = ranked(table)
    groups = []
    for group in context.groups:
        places = list(range(len(group.runs)))
        chance.shuffle(places)
        groups.append(
            replace(
                group,
                runs=tuple(group.runs[i] for i in places),
                replicate_of=tuple(group.replicate_of[i] for i in places),
                across_of=tuple(group.across_of[i] for i in places),
            )
        )
    shuffled = replace(context, groups=tuple(groups))
    assert says(shuffled, rope=0.1) == says(context, rope=0.1)


@settings(max_examples=20, deadline=None)
@given(TABLES)
def test_turning_values_and_goal_turns_nothing_else(table: np.ndarray) -> None:
    metric = Metric("auc", goal="minimize", primary=True)
    high, low = compute(ranked(table)), compute(ranked(-table, metric=metric))
    assert high.pool
    assert low.pool
    assert high.pool.mean_ranks == low.pool.mean_ranks
    assert high.omnibus == low.omnibus
    by_pair = [
        {
            frozenset((p.comparison.candidate.id, p.comparison.baseline.id)): p.differs
            for p in d.pairs
        }
        for d in (high, low)
    ]
    assert by_pair[0] == by_pair[1]


@settings(max_examples=20, deadline=None)
@given(TABLES)
def test_data_sets_may_each_have_their_own_scale(table: np.ndarray) -> None:
    moved = table * 2.0 ** np.arange(len(table))[:, None] + 1
    first, second = compute(ranked(table)), compute(ranked(moved))
    assert first.pool
    assert second.pool
    assert first.pool.mean_ranks == second.pool.mean_ranks
    if not (first.pool.is_constant or second.pool.is_constant):
        assert first.omnibus == second.omnibus


def test_names_from_data_stay_text(tmp_path: Path) -> None:
    table = apart(n=6)
    names = ('<script>alert("x")</script>', "[a](javascript:alert(1))", "x" * 3000, "| a |\n# b")
    runs = [
        {
            "params": {"model": name, "dataset": f"<img src=x onerror=alert({row})> {row}"},
            "metrics": {"auc": float(table[row, place]) if row or place else float("nan")},
        }
        for place, name in enumerate(names)
        for row in range(6)
    ]
    context = study(runs, by=["model"], across="dataset", metrics=(AUC,))
    written = [pages.page((b.Text(("Home",)),)), pages.page(present(context), "R", "ranking")]
    site, policies = pages.site(written, tmp_path)
    assert [problem.message for problem in verify_site(site, policies)] == []


def test_values_that_depend_on_no_data_set_are_said_to_be_no_result() -> None:
    rows = [(model, f"d{i}", 0.8) for model in "ABC" for i in range(6)]
    runs = [
        {"name": f"{m}-{d}", "params": {"model": m, "dataset": d}, "metrics": {"accuracy": v}}
        for m, d, v in rows
    ]
    metric = Metric("accuracy", goal="maximize", primary=True)
    context = study(runs, by=["model"], across="dataset", metrics=(metric,))
    options = ranking.Options()
    said = reading.said(ranking.present(ranking.compute(context, options), options))
    assert "No group's value depends on the dataset" in said
    assert "approximate" not in said.split("No test is made.")[0]


# ---- pairs that no procedure may call ------------------------------------------------------------


def hashed(table: np.ndarray, other: str, **design: Any) -> Context:
    """A study whose model `other` was evaluated on other data."""
    runs = [
        {
            "params": {
                "model": f"m{m}",
                "dataset": f"d{d}",
                "eval_data_hash": "h1" if f"m{m}" == other else "h0",
            },
            "metrics": {"auc": float(table[d, m])},
        }
        for m in range(table.shape[1])
        for d in range(len(table))
    ]
    return study(runs, by=["model"], across="dataset", metrics=(AUC,), **design)


@pytest.mark.parametrize("post_hoc", list(NAMES))
def test_a_withheld_pair_is_never_told_apart(post_hoc: PostHoc) -> None:
    context = hashed(apart(k=3), "m2", baseline={"model": "m0"})
    blocks = present(context, post_hoc=post_hoc, rope=0.01)
    text = reading.said(blocks)
    assert "1 of 2 pairs is told apart by" in text
    assert "1 pair is not comparable, and no test is made of it." in text
    assert "model=m2 ranks ahead" not in text
    row = reading.shown(pairs_table(blocks))[-1]
    assert (row["Group"], row["Told apart"]) == ("model=m2", "not comparable")
    assert row["P(better)"] == row["Nemenyi p"] == "–"
    assert "Letters" not in reading.headings(groups_table(blocks))
    (figure,) = reading.find(blocks, b.Figure)
    assert "Not comparable, however far apart on the line: model=m2 and model=m0." in (
        reading.words(figure.note)
    )
    stated = plain(ranking.record(compute(context, post_hoc=post_hoc, rope=0.01)))["pairs"][-1]
    assert (stated["told_apart"], stated["not_comparable"]) == (False, True)
    assert stated["p_adjusted"] is stated["p_of_z"] is stated["posterior"] is None


def test_withheld_pairs_alone_are_no_failed_post_hoc() -> None:
    context = hashed(apart(k=3), "m0", baseline={"model": "m0"})
    for post_hoc in ("wilcoxon", "nemenyi"):
        text = says(context, post_hoc=post_hoc)
        assert "2 pairs are not comparable, and no test is made of them." in text
        assert "There is a difference somewhere" not in text


@pytest.mark.parametrize("post_hoc", ["wilcoxon", "nemenyi", "holm", "shaffer"])
def test_at_a_later_look_no_pair_is_called(post_hoc: PostHoc) -> None:
    context = ranked(apart(), look=5)
    blocks = present(context, post_hoc=post_hoc)
    text = reading.said(blocks)
    assert "Look 5: fixed-sample p does not hold, so no pair is called." in text
    assert "fixed-sample, holds for one planned look alone" in text
    assert "ranks ahead" not in text
    assert "do not all rank alike" not in text
    assert "There is a difference somewhere" not in text
    assert "Letters" not in reading.headings(groups_table(blocks))
    assert {row["Told apart"] for row in reading.shown(pairs_table(blocks))} == {"open"}
    stated = plain(ranking.record(compute(context, post_hoc=post_hoc)))
    assert stated["omnibus"]["rejects"] is False
    assert {(pair["told_apart"], pair["p_adjusted"]) for pair in stated["pairs"]} == {(False, None)}


def test_intervals_in_words_are_those_of_the_table() -> None:
    blocks = present(ranked(apart()), post_hoc="nemenyi")
    row = reading.shown(pairs_table(blocks))[0]
    ends = f"{row['Low'].lstrip('+')} to {row['High'].lstrip('+')}"
    assert f"adjusted 95 % interval {ends}" in reading.said(blocks)


def test_pairs_without_variation_are_no_failed_post_hoc() -> None:
    step = np.repeat(np.arange(9) / 10, 3).reshape(9, 3) + np.array([0.0, 0.0, 0.1])
    text = says(ranked(step, baseline={"model": "m0"}))
    assert "2 pairs have no test that could decide. The difference is the same" in text
    assert "There is a difference somewhere" not in text
    assert "F infinite, as all rankings are the same" in text


def test_mean_ranks_that_contradict_the_pairwise_tests_are_pointed_out() -> None:
    # five data sets: signed ranks cannot reach alpha, mean ranks can
    context = ranked(apart(n=5, k=3), baseline={"model": "m0"})
    (found,) = [f for f in compute(context).findings if f.name == "TESTS_DISAGREE"]
    assert found.words.startswith("Nemenyi's test of mean ranks would fall on the other side of")
    assert "model=m2 and model=m0" in found.words
    names = [f.name for f in compute(ranked(apart(n=15, k=3))).findings]
    assert "TESTS_DISAGREE" not in names


def test_one_test_is_named_in_the_singular() -> None:
    context = hashed(apart(k=3), "m2", baseline={"model": "m0"}, correction="none")
    text = says(context)
    assert "told apart by the Wilcoxon signed-rank test, not corrected" in text
