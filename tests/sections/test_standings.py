"""Every group beside every other: letters, chances, wins."""

from __future__ import annotations

from functools import partial
from itertools import combinations
from typing import Any

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests

from runreport import blocks as b
from runreport.design import Metric
from runreport.sections.comparing import compare_all
from runreport.sections.standings import chances, letters, standings
from tests import reading
from tests.sections.test_comparing import ACCURACY, answer, context, noise, runs_of
from tests.sections.test_designs import across, answer_of


def tables(found: tuple[b.Block, ...]) -> dict[str, b.Table]:
    return {table.caption: table for table in reading.find(found, b.Table)}


def of(groups: dict[str, list[Any]], **more: Any) -> Any:
    return answer(context(runs_of(groups), metrics=(ACCURACY,), **more))


def test_groups_share_a_letter_exactly_when_no_comparison_tells_them_apart() -> None:
    found = of(noise(5, 8, step=0.004))
    own = letters(found)
    assert len(own) == 5
    for item in found.comparisons:
        shared = set(own[item.candidate.id]) & set(own[item.baseline.id])
        assert bool(shared) == (item.result.p_adjusted >= item.result.alpha)


def test_the_best_group_has_the_first_letter() -> None:
    found = of(noise(4, 8, step=0.05))
    assert letters(found)[found.leader.group.id] == "a"


def test_letters_need_every_pair() -> None:
    # two runs of one group are not tested, so nothing tells it apart from the others or not
    assert letters(of({**noise(3, 8), "few": [0.8, 0.81]})) == {}


@pytest.mark.parametrize("lower", [False, True])
def test_chances_are_counts_over_all_pairs(lower: bool) -> None:
    rng = np.random.default_rng(1)
    samples = [rng.integers(0, 6, n).astype(float) for n in (4, 7, 5)]
    found = chances(samples, lower=lower)
    for i, one in enumerate(samples):
        for j, other in enumerate(samples):
            better = one[:, None] < other if lower else one[:, None] > other
            expected = (better + 0.5 * (one[:, None] == other)).mean()
            assert found[i, j] == pytest.approx(0.5 if i == j else expected)


def test_wins_and_losses_are_counted_by_pairs() -> None:
    # the published counts of Demsar (2006), Table 2
    first = [0.763, 0.599, 0.954, 0.628, 0.882, 0.936, 0.661, 0.583, 0.775, 1.0, 0.94, 0.619]
    first += [0.972, 0.957]
    second = [0.768, 0.591, 0.971, 0.661, 0.888, 0.931, 0.668, 0.583, 0.838, 1.0, 0.962, 0.666]
    second += [0.981, 0.978]
    third = [value - 0.01 for value in first]
    found = answer_of(across({"B": first, "A": second, "C": third}))
    table = tables(standings(found, 0.95))["Wins, ties, losses on accuracy"]
    names = [row.cells[0].value for row in table.rows]
    assert [column.title for column in table.columns] == ["Group", "1", "2", "3"]
    cell = table.rows[names.index("model=A")].cells[1 + names.index("model=B")]
    assert reading.words(cell.words) == "10/2/2"


def test_a_goal_turns_the_chances() -> None:
    loss = Metric("accuracy", goal="minimize", primary=True)
    groups = {"m0": [1.0, 2.0, 3.0], "m1": [4.0, 5.0, 6.0], "m2": [7.0, 8.0, 9.5]}
    found = answer(context(runs_of(groups), metrics=(loss,)), loss)
    table = next(t for c, t in tables(standings(found, 0.95)).items() if c.startswith("P(row"))
    first = table.rows[0]
    assert reading.words(first.cells[0].words) == "1 model=m0"
    assert [cell.value for cell in first.cells[2:]] == [1.0, 1.0]


@pytest.mark.parametrize("paired", [False, True])
def test_of_many_groups_the_leader_is_corrected_over_every_pair(paired: bool) -> None:
    groups = noise(12, 5, step=0.002)
    more = {"pair_by": "seed"} if paired else {}
    found = answer(context(runs_of(groups), metrics=(ACCURACY,), **more))
    assert found.kind == "leader"
    test = stats.ttest_rel if paired else partial(stats.ttest_ind, equal_var=False)
    names = [fit.group.label for fit in found.fits]
    values = {fit.group.label: fit.sample.values for fit in found.fits}
    pairs = list(combinations(names, 2))
    raw = [test(values[one], values[other]).pvalue for one, other in pairs]
    holm = multipletests(raw, method="holm")[1]
    expected = {frozenset(pair): p for pair, p in zip(pairs, holm, strict=True)}
    ids = {fit.group.id: fit.group.label for fit in found.fits}
    seen = {
        frozenset((item.candidate.label, item.baseline.label)): item.result.p_adjusted
        for item in found.comparisons
    }
    seen |= {frozenset((ids[a], ids[b])): p for (a, b), p in found.beside.items()}
    assert seen.keys() == expected.keys()
    for pair, p_adjusted in seen.items():
        assert p_adjusted == pytest.approx(expected[pair], rel=1e-9)
    own = letters(found)
    for pair, p_adjusted in seen.items():
        one, other = (next(i for i, label in ids.items() if label == name) for name in pair)
        assert bool(set(own[one]) & set(own[other])) == (p_adjusted >= 0.05)


def test_of_many_models_over_data_sets_every_pair_counts_too() -> None:
    rng = np.random.default_rng(4)
    level = rng.uniform(0.5, 0.9, 12)
    scores = {f"m{i}": np.round(level + rng.normal(0.004 * i, 0.01, 12), 4) for i in range(10)}
    found = answer_of(across(scores))
    assert found.kind == "leader"
    assert len(found.comparisons) + len(found.beside) == 45
    every = compare_all(across(scores), found.metric, 20)
    ids = {fit.group.id: fit.group.label for fit in found.fits}
    expected = {
        frozenset((item.candidate.label, item.baseline.label)): item.result.p_adjusted
        for item in every.comparisons
    }
    for (one, other), p_adjusted in found.beside.items():
        assert p_adjusted == pytest.approx(expected[frozenset((ids[one], ids[other]))])
    for item in found.comparisons:
        pair = frozenset((item.candidate.label, item.baseline.label))
        assert item.result.p_adjusted == pytest.approx(expected[pair])
