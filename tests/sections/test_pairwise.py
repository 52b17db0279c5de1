"""Which pairs of a ranking are told apart, by which procedure, and which by none."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import stats as peer

from runreport import blocks as b
from runreport.design import Metric
from runreport.kinds import Context
from runreport.render.stated import plain
from runreport.sections import ranking
from runreport.sections.pairwise import NAMES
from runreport.sections.pools import PostHoc
from tests import reading
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
from tests.stats.test_posthoc import leaning_scores
from tests.stats.test_ranks import DEMSAR
from tests.studies import study

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
