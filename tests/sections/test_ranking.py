"""Groups over data sets: what is said of them all, of pairs, and what is not tested."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats as peer

from runreport import blocks as b
from runreport.design import Metric
from runreport.render.verify import verify_site
from runreport.sections import ranking
from tests import pages, reading
from tests.sections.rankings import (
    AUC,
    TREES,
    apart,
    compute,
    groups_table,
    pairs_table,
    present,
    ranked,
    says,
)
from tests.stats.test_ranks import DEMSAR
from tests.studies import study

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
