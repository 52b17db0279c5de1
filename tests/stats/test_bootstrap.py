"""Bootstrap intervals are Efron's and scipy's, one at a time and many at once."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from runreport.stats import bootstrap
from tests.stats.reference import DARWIN, floats, needs_oracles, oracle

FEW = settings(max_examples=50, deadline=None)
numbers = st.floats(-100, 100).map(lambda value: round(value, 3))
samples = st.lists(numbers, min_size=3, max_size=9).map(floats)
seeds = st.integers(0, 10**6)


@needs_oracles
def test_the_variance_of_the_spatial_test_has_efrons_interval() -> None:
    case = oracle("efron_spatial_variance_bca")
    found = bootstrap.bca_interval(
        floats(case["data"]["x"]),
        level=0.9,
        rng=np.random.default_rng(1),
        statistic=lambda values: np.asarray(values.var(axis=-1)),
    )
    assert found is not None
    assert (found.low, found.high) == pytest.approx(case["expected"]["bca"], abs=4.0)


def test_the_mean_has_scipys_interval() -> None:
    reference = stats.bootstrap(
        (DARWIN,), np.mean, n_resamples=20_000, rng=np.random.default_rng(0)
    ).confidence_interval
    found = bootstrap.bca_interval(DARWIN, level=0.95, rng=np.random.default_rng(3))
    assert found is not None
    assert (found.low, found.high) == pytest.approx((reference.low, reference.high), abs=1.0)


def test_the_same_generator_gives_the_same_interval() -> None:
    one, other = (
        bootstrap.bca_interval(DARWIN, level=0.95, rng=np.random.default_rng(9)) for _ in range(2)
    )
    assert one == other


@pytest.mark.parametrize("values", [[1.0, 2.0], [3.0, 3.0, 3.0, 3.0]])
def test_two_values_and_constant_ones_have_no_interval(values: list[float]) -> None:
    found = bootstrap.bca_interval(floats(values), level=0.95, rng=np.random.default_rng(0))
    assert found is None


def variance(values):
    return np.asarray(values.var(axis=-1))


def ends(found):
    assert found is not None
    return found.low, found.high


@needs_oracles
def test_the_percentile_interval_of_the_spatial_test_lies_where_efrons_does() -> None:
    case = oracle("efron_spatial_variance_bca")
    found = bootstrap.percentile_interval(
        floats(case["data"]["x"]), level=0.9, rng=np.random.default_rng(1), statistic=variance
    )
    assert ends(found) == pytest.approx(case["expected"]["percentile"], abs=3.5)


@pytest.mark.parametrize("statistic", [bootstrap.mean, variance])
def test_the_difference_of_two_samples_has_scipys_interval(statistic) -> None:
    rng = np.random.default_rng(5)
    before, after = rng.lognormal(0, 0.6, 14), rng.lognormal(0.4, 0.9, 22)
    found = bootstrap.bca_difference(
        before, after, level=0.9, rng=np.random.default_rng(1), statistic=statistic,
        resamples=40_000,
    )  # fmt: skip
    reference = stats.bootstrap(
        (before, after),
        lambda old, new, axis: (
            (new.mean(axis=axis) - old.mean(axis=axis))
            if statistic is bootstrap.mean
            else (new.var(axis=axis) - old.var(axis=axis))
        ),
        n_resamples=40_000,
        confidence_level=0.9,
        method="BCa",
        rng=np.random.default_rng(0),
    ).confidence_interval
    width = reference.high - reference.low
    assert ends(found) == pytest.approx((reference.low, reference.high), abs=0.03 * width)


def test_counted_values_have_scipys_interval_though_many_resamples_tie() -> None:
    # right or wrong: every third resample or so has just the observed mean, up to rounding
    values = floats([0.1] * 3 + [0.3] * 9)
    reference = stats.bootstrap(
        (np.array([1] * 3 + [3] * 9),), np.mean, n_resamples=40_000, rng=np.random.default_rng(0)
    ).confidence_interval
    found = bootstrap.bca_interval(
        values, level=0.95, rng=np.random.default_rng(1), resamples=40_000
    )
    assert ends(found) == pytest.approx((reference.low / 10, reference.high / 10), abs=1e-9)


@FEW
@given(st.lists(st.lists(numbers, min_size=6, max_size=6), min_size=1, max_size=5), seeds)
def test_many_at_once_are_what_each_is_alone(rows, seed: int) -> None:
    matrix = floats(rows)
    for statistic in (bootstrap.mean, variance):
        together = bootstrap.bca_batch(
            matrix, level=0.9, rng=np.random.default_rng(seed), statistic=statistic, resamples=300
        )
        for row, found in zip(matrix, together, strict=True):
            alone = bootstrap.bca_interval(
                row, level=0.9, rng=np.random.default_rng(seed), statistic=statistic, resamples=300
            )
            assert (found is None) == (alone is None)
            if found is not None:
                assert ends(found) == pytest.approx(ends(alone), abs=1e-9)


def test_many_differences_at_once_are_what_each_is_alone() -> None:
    rng = np.random.default_rng(2)
    before, after = rng.normal(size=(4, 7)), rng.normal(1, 2, size=(4, 5))
    together = bootstrap.bca_difference_batch(
        before, after, level=0.9, rng=np.random.default_rng(8), resamples=500
    )
    for old, new, found in zip(before, after, together, strict=True):
        alone = bootstrap.bca_difference(
            old, new, level=0.9, rng=np.random.default_rng(8), resamples=500
        )
        assert ends(found) == pytest.approx(ends(alone))


@FEW
@given(samples, seeds, st.floats(-50, 50), st.floats(0.5, 4))
def test_intervals_move_and_stretch_with_the_values_whatever_their_order(
    values, seed: int, by: float, factor: float
) -> None:
    mixed = by + factor * np.random.default_rng(seed).permutation(values)
    for own in (bootstrap.bca_interval, bootstrap.percentile_interval):
        found, moved = (
            own(part, level=0.9, rng=np.random.default_rng(seed), resamples=200)
            for part in (values, mixed)
        )
        if found is None or moved is None:
            # a spread that rounding swallows is none
            assert np.ptp(values) < 1e-6 or own is bootstrap.bca_interval
            continue
        expected = [by + factor * end for end in ends(found)]
        assert ends(moved) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("skew", [0.1, 1.0])
def test_swapping_sides_turns_the_interval_around(skew: float) -> None:
    rng = np.random.default_rng(0)
    before, after = rng.lognormal(0, skew, 12), rng.lognormal(0.5, skew, 9)
    there, back = (
        ends(
            bootstrap.bca_difference(
                *pair, level=0.9, rng=np.random.default_rng(3), resamples=40_000
            )
        )
        for pair in ((before, after), (after, before))
    )
    assert there == pytest.approx((-back[1], -back[0]), abs=0.03 * (there[1] - there[0]))


@FEW
@given(samples, st.sampled_from([np.nan, np.inf, -np.inf]))
def test_numbers_that_are_none_are_refused(values, odd: float) -> None:
    broken, rng = np.append(values, odd), np.random.default_rng(0)
    for own in (bootstrap.bca_interval, bootstrap.percentile_interval):
        with pytest.raises(ValueError, match="finite"):
            own(broken, level=0.9, rng=rng)
    for pair in ((values, broken), (broken, values)):
        with pytest.raises(ValueError, match="finite"):
            bootstrap.bca_difference(*pair, level=0.9, rng=rng)


def test_two_values_on_either_side_and_two_constant_sides_have_no_difference() -> None:
    rng, some = np.random.default_rng(0), floats([1, 2, 4, 7])
    for pair in ((some, some[:2]), (some[:2], some), (0 * some, 0 * some + 3)):
        assert bootstrap.bca_difference(*pair, level=0.9, rng=rng) is None
    assert bootstrap.bca_difference(0 * some, some, level=0.9, rng=rng) is not None


def test_a_row_that_does_not_vary_leaves_the_others_their_interval() -> None:
    matrix = floats([[1, 2, 4], [0.3, 0.1 + 0.2, 0.3], [5, 6, 9]])
    found = bootstrap.bca_batch(matrix, level=0.9, rng=np.random.default_rng(0))
    assert [item is None for item in found] == [False, True, False]
    assert (
        bootstrap.bca_batch(matrix[:, :2], level=0.9, rng=np.random.default_rng(0)) == (None,) * 3
    )


def test_batches_need_rows() -> None:
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match="axes"):
        bootstrap.bca_batch(floats([1, 2, 3]), level=0.9, rng=rng)
    with pytest.raises(ValueError, match="as many rows"):
        bootstrap.bca_difference_batch(np.ones((2, 3)), np.ones((3, 3)), level=0.9, rng=rng)
