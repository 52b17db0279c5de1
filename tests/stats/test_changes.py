"""Rows that differ in one column, columns that move together, and how far apart the rest are."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
import scipy.stats

from runreport.stats import changes

GRID = np.array(list(itertools.product(range(2), range(3), range(2))))


def codes_of(*columns):
    return np.array(columns, dtype=np.intp).T


def numbers(codes):
    return codes.astype(np.float64)


@pytest.mark.parametrize("seed", range(12))
def test_sets_that_agree_in_all_else_are_those_that_comparing_every_pair_finds(seed):
    rng = np.random.default_rng(seed)
    rows, columns = int(rng.integers(2, 40)), int(rng.integers(1, 6))
    codes = np.unique(rng.integers(0, 3, (rows, columns)), axis=0)
    levers = [(0,), (columns - 1,), tuple(range(min(2, columns)))]
    found = changes.but_one(codes, levers)
    for lever, sets in zip(levers, found, strict=True):
        rest = [column for column in range(columns) if column not in lever]
        together = {pair for own in sets for pair in itertools.combinations(own.tolist(), 2)}
        expected = {
            (one, other)
            for one, other in itertools.combinations(range(len(codes)), 2)
            if (codes[one, rest] == codes[other, rest]).all()
        }
        assert together == expected
        assert all(own.size > 1 and (np.diff(own) > 0).all() for own in sets)


def test_rows_that_share_a_hash_by_chance_are_parted():
    codes = codes_of([0, 1, 0, 1, 2], [5, 5, 6, 6, 7])
    parted = changes._equal(codes, np.arange(5), np.array([1]))
    assert [own.tolist() for own in parted] == [[0, 1], [2, 3]]


@pytest.mark.parametrize("rows", [0, 1])
def test_one_row_has_no_neighbour(rows):
    assert changes.but_one(np.zeros((rows, 2), dtype=np.intp), [(0,), (1,)]) == [[], []]
    assert changes.nearest(np.zeros((rows, 2), dtype=np.intp)) is None


# ---- together ------------------------------------------------------------------------------------


def test_columns_with_one_to_one_values_always_move_together():
    one = np.tile([0, 1, 2], 4)
    codes = codes_of(one, (one + 1) % 3, np.repeat([0, 1], 6))
    assert changes.together(codes, numbers(codes)) == (changes.Together(0, 1, 0),)


def test_nearly_always_is_at_most_a_tenth_apart():
    one = np.repeat([0, 1], 20)
    other = one.copy()
    other[[0, 39]] = [1, 0]
    codes = codes_of(one, other)
    assert changes.together(codes, numbers(codes)) == (changes.Together(0, 1, 2),)
    other[[1, 2, 3]] = 1
    assert changes.together(codes_of(one, other), numbers(codes)) == ()


def test_two_rare_switches_do_not_move_together_because_both_are_mostly_off():
    """Each on in 2 of 40 rows, never in the same: 4 rows apart are a tenth, and what independent
    switches would give: 40 x 2 x 0.05 x 0.95 = 3.8.
    """
    one, other = np.zeros(40, dtype=int), np.zeros(40, dtype=int)
    one[:2] = other[2:4] = 1
    codes = codes_of(one, other)
    assert changes.together(codes, numbers(codes)) == ()


def test_values_that_never_recur_go_together_by_rank_alone():
    rng = np.random.default_rng(1)
    x = rng.uniform(size=20)
    values = np.stack((x, np.exp(3 * x), -x, rng.uniform(size=20)), axis=1)
    codes = np.argsort(np.argsort(values, axis=0), axis=0)
    found = changes.together(codes, values)
    assert [(pair.first, pair.second) for pair in found] == [(0, 1), (0, 2), (1, 2)]
    assert [pair.correlation for pair in found] == pytest.approx([1, -1, -1])


def test_few_rows_go_together_by_chance_and_are_not_ranked():
    values = np.stack((np.arange(7.0), np.arange(7.0)), axis=1)
    assert changes.together(values.astype(np.intp), values) == ()


def test_a_column_that_is_set_with_some_values_of_another_hangs_on_it():
    optimizer = np.repeat([0, 1, 2], 4)
    momentum = np.where(optimizer == 0, np.tile([1, 2], 6), 0)
    codes = codes_of(optimizer, momentum, np.tile([0, 1], 6))
    absent = np.zeros(codes.shape, dtype=bool)
    absent[:, 1] = optimizer != 0
    assert changes.carried(codes, absent) == {1: (0,)}


def test_a_row_whose_other_values_recur_lacks_one_without_a_condition():
    codes = codes_of([0, 1, 0, 1], [0, 0, 0, 1])
    absent = np.zeros(codes.shape, dtype=bool)
    absent[3, 1] = True
    assert changes.carried(codes, absent) == {}


# ---- distance ------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(8))
def test_the_nearest_rows_are_those_that_comparing_every_pair_finds(seed):
    rng = np.random.default_rng(seed)
    codes = rng.integers(0, 4, (25, 6))
    distances = {
        pair: int((codes[pair[0]] != codes[pair[1]]).sum())
        for pair in itertools.combinations(range(25), 2)
    }
    least = min(distances.values())
    found = changes.nearest(codes)
    assert (found.settings, found.pairs) == (least, list(distances.values()).count(least))
    assert distances[found.example] == least


# ---- contexts ------------------------------------------------------------------------------------


def test_contexts_differ_beyond_replicates_as_the_interaction_of_an_analysis_of_variance_says():
    anova = pytest.importorskip("statsmodels.stats.anova", reason="needs statsmodels")
    formula = pytest.importorskip("statsmodels.formula.api", reason="needs statsmodels")
    rng = np.random.default_rng(3)
    contexts, replicates = 5, 4
    y = rng.normal(size=(contexts, 2, replicates))
    y[:, 1] += 1 + rng.normal(size=(contexts, 1))
    frame = pd.DataFrame(
        [
            {"y": y[c, s, r], "context": f"c{c}", "side": f"s{s}"}
            for c in range(contexts)
            for s in range(2)
            for r in range(replicates)
        ]
    )
    table = anova.anova_lm(formula.ols("y ~ C(context) * C(side)", frame).fit())
    expected = table.loc["C(context):C(side)"]
    differences = (y[:, 1] - y[:, 0]).mean(axis=1)
    squares = float(((y - y.mean(axis=2, keepdims=True)) ** 2).sum())
    found = changes.noise(
        differences, [2 / replicates] * contexts, squares, contexts * 2 * (replicates - 1)
    )
    assert found.f == pytest.approx(expected["F"])
    assert found.p_value == pytest.approx(expected["PR(>F)"])


def test_without_replicates_nothing_is_said_of_noise():
    assert changes.noise(np.array([1.0, 2.0]), [2.0, 2.0], 0.0, 0) is None
    assert changes.noise(np.array([1.0]), [2.0], 1.0, 10) is None


def test_a_change_follows_another_setting_as_a_one_way_analysis_of_variance_says():
    rng = np.random.default_rng(5)
    levels = np.repeat([3, 1, 7], [4, 6, 2])
    differences = rng.normal(size=12) + levels / 4
    expected = scipy.stats.f_oneway(*(differences[levels == k] for k in (1, 3, 7)))
    found = changes.moderation(differences, levels)
    assert found.f == pytest.approx(expected.statistic)
    assert found.p_value == pytest.approx(expected.pvalue)
    assert found.df == (2, 9)


def test_a_level_in_one_context_says_nothing():
    assert changes.moderation(np.array([1.0, 2.0, 3.0]), np.array([0, 0, 1])) is None
    assert changes.moderation(np.ones(4), np.array([0, 0, 1, 1])) is None
