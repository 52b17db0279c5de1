"""The mixed model is nlme's, and a balanced one is the analysis of variance."""

from __future__ import annotations

import csv
import sys

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import stats

from runreport.stats import mixed
from tests.shared import needs_shared
from tests.stats.reference import FOLDER, floats

FEW = settings(max_examples=25, deadline=None)


def layout(matrix):
    """Values, groups, tasks of a matrix of groups x tasks."""
    rows, columns = matrix.shape
    groups = [f"g{row}" for row in range(rows) for _ in range(columns)]
    tasks = [f"t{column}" for _ in range(rows) for column in range(columns)]
    return matrix.ravel(), groups, tasks


def noise(seed: int, groups: int = 3, tasks: int = 6, spread: float = 2.0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(groups, tasks)) + spread * rng.normal(size=tasks)


@needs_shared("statistics", "data", "ergo.csv")
def test_efforts_to_rise_from_stools_are_those_of_nlme() -> None:
    """Pinheiro and Bates (2000), 1.2: lme(effort ~ Type, random = ~ 1 | Subject)."""
    with (FOLDER / "data/ergo.csv").open() as file:
        rows = list(csv.DictReader(file))
    found = mixed.mixed_model(
        floats([float(row["effort"]) for row in rows]),
        [row["Type"] for row in rows],
        [row["Subject"] for row in rows],
        reference="T1",
    )
    assert found.level.difference == pytest.approx(8.55556, abs=1e-4)
    assert found.level.standard_error == pytest.approx(0.57601, abs=1e-4)
    effects = dict(found.effects)
    expected = {"T2": 3.88889, "T3": 2.22222, "T4": 0.66667}
    assert {name: e.difference for name, e in effects.items()} == pytest.approx(expected, abs=1e-4)
    for estimate in effects.values():
        assert estimate.standard_error == pytest.approx(0.51868, abs=1e-4)
        assert estimate.df == 24
    interval = effects["T2"].interval(0.95)
    assert (interval.low, interval.high) == pytest.approx((2.8183781, 4.959400), abs=1e-3)
    assert found.between == pytest.approx(1.332465, abs=1e-3)
    assert found.within == pytest.approx(1.100295, abs=1e-3)
    assert not found.singular
    assert found.converged


@FEW
@given(st.integers(0, 10**6))
def test_two_groups_on_all_tasks_are_the_paired_t_test(seed: int) -> None:
    matrix = noise(seed, groups=2, spread=5.0)
    found = mixed.mixed_model(*layout(matrix), reference="g0")
    assume(not found.singular)
    ((_, estimate),) = found.effects
    reference = stats.ttest_rel(matrix[1], matrix[0])
    assert estimate.p_value() == pytest.approx(reference.pvalue, abs=2e-3)
    assert estimate.difference == pytest.approx(float((matrix[1] - matrix[0]).mean()), abs=1e-6)


@FEW
@given(st.integers(0, 10**6))
def test_another_reference_turns_the_effect_around(seed: int) -> None:
    values, groups, tasks = layout(noise(seed))
    one, other = (
        dict(mixed.mixed_model(values, groups, tasks, reference=name).effects)
        for name in ("g0", "g1")
    )
    assert one["g1"].difference == pytest.approx(-other["g0"].difference, abs=1e-6)
    assert one["g1"].standard_error == pytest.approx(other["g0"].standard_error, rel=1e-2)


@FEW
@given(st.integers(0, 10**6), st.floats(-1e3, 1e3), st.sampled_from([1e-4, 1.0, 1e5]))
def test_effects_stretch_with_the_values_whatever_their_order(
    seed: int, by: float, factor: float
) -> None:
    values, groups, tasks = layout(noise(seed))
    order = np.random.default_rng(seed).permutation(values.size)
    one = mixed.mixed_model(values, groups, tasks, reference="g0")
    other = mixed.mixed_model(
        by + factor * values[order],
        [groups[place] for place in order],
        [tasks[place] for place in order],
        reference="g0",
    )
    moved = dict(other.effects)
    for name, estimate in one.effects:
        assert moved[name].difference == pytest.approx(factor * estimate.difference, rel=1e-3)
        assert moved[name].standard_error == pytest.approx(
            factor * estimate.standard_error, rel=1e-2
        )


def test_tasks_that_do_not_differ_make_a_singular_model() -> None:
    # on every task the three groups have the same mean
    base = np.array([[1.0, -1.0, 0.5], [0.0, 2.0, -0.5], [-1.0, -1.0, 0.0]])
    found = mixed.mixed_model(*layout(base - base.mean(axis=0)), reference="g0")
    assert found.singular
    assert found.between == 0
    # what is left is one group against another
    ((_, estimate), _) = found.effects
    values = base - base.mean(axis=0)
    pooled = np.sqrt(((values.T - values.mean(axis=1)) ** 2).sum() / 6)
    assert estimate.standard_error == pytest.approx(pooled * np.sqrt(2 / 3))


@pytest.mark.parametrize(
    ("values", "groups", "tasks", "why"),
    [
        ([1, np.nan, 2, 3], "aabb", "1212", "finite"),
        ([1, 2, 3, 5], "aaaa", "1212", "two groups"),
        ([1, 2, 3, 5], "aabb", "1111", "two groups and two data sets"),
        ([1, 2, 3, 5], "bbcc", "1212", "reference"),
        ([1, 2], "ab", "12", "too few"),
        ([1, 2, 4, 5], "aabb", "1212", "nothing is left"),
        ([3, 3, 3, 3], "aabb", "1212", "nothing is left"),
    ],
)
def test_what_cannot_be_fitted_is_refused(values, groups, tasks, why) -> None:
    with pytest.raises(ValueError, match=why):
        mixed.mixed_model(floats(values), list(groups), list(tasks), reference="a")


def test_without_statsmodels_the_message_says_how_to_get_it(monkeypatch) -> None:
    # what an installation without the extra is like
    monkeypatch.setitem(sys.modules, "statsmodels.regression.mixed_linear_model", None)
    with pytest.raises(ModuleNotFoundError, match=r"runreport\[mixed\]"):
        mixed.mixed_model(*layout(noise(1)), reference="g0")
