"""The BCa interval is Efron's."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from runreport.stats import bootstrap
from tests.stats.reference import DARWIN, floats, needs_oracles, oracle


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
