"""The tables and the critical-difference diagram of a ranking."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from runreport import blocks as b
from runreport.design import Margin
from runreport.render.stated import plain
from runreport.sections import ranking
from tests import pages, reading
from tests.sections.rankings import (
    AUC,
    TREES,
    apart,
    compute,
    drawn,
    groups_table,
    pairs_table,
    present,
    ranked,
    says,
)
from tests.stats.test_ranks import DEMSAR

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
