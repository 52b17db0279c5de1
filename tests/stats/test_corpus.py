"""Resampled scores agree with scipy's bootstrap and permutations, and with simple means."""

from __future__ import annotations

import dataclasses
import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from runreport.stats import areas, corpus
from tests.stats.reference import floats

FAST = settings(max_examples=50, deadline=None)
SEEDS = st.integers(0, 2**32 - 1)


def rng(seed: int = 1) -> np.random.Generator:
    return np.random.default_rng(seed)


def answers(seed: int, n: int, rates: tuple[float, float] = (0.75, 0.85)):
    """Labels and two models' predictions, right at these rates."""
    draw = rng(seed)
    labels = (draw.random(n) < 0.4).astype(float)
    labels[:2] = 0, 1
    return labels, *(np.where(draw.random(n) < rate, labels, 1 - labels) for rate in rates)


def f1(labels, predictions) -> float:
    """By its definition: the harmonic mean of precision and recall."""
    hits = float(((labels == 1) & (predictions == 1)).sum())
    if not hits:
        return 0.0
    precision, recall = hits / (predictions == 1).sum(), hits / (labels == 1).sum()
    return 2 * precision * recall / (precision + recall)


def test_f1_is_the_harmonic_mean_of_precision_and_recall() -> None:
    # 20 hits, 40 false alarms, 60 misses: precision 20/60, recall 20/80, so 2 / (3 + 4)
    assert float(corpus.f1_of(floats([20, 40, 60]))) == pytest.approx(2 / 7)
    assert float(corpus.f1_of(np.zeros(3))) == 0


def test_outcomes_are_counted_per_item() -> None:
    found = corpus.outcomes([1, 0, 1, 0], [1, 1, 0, 0])
    assert found.tolist() == [[1, 0, 0], [0, 1, 0], [0, 0, 1], [0, 0, 0]]


@pytest.mark.parametrize("n", [60, 2_000])
def test_f1_of_both_models_is_by_its_definition(n: int) -> None:
    labels, first, second = answers(3, n)
    found = corpus.resample_score("f1", 100 * first, 100 * second, labels, rng=rng(), one=100)
    assert found.baseline == pytest.approx(100 * f1(labels, first))
    assert found.candidate == pytest.approx(100 * f1(labels, second))
    assert found.difference == pytest.approx(found.candidate - found.baseline)


@FAST
@given(SEEDS)
def test_few_items_have_every_exchange_counted(seed: int) -> None:
    labels, first, second = answers(seed, 9)
    found = corpus.resample_score("f1", first, second, labels, rng=rng(), draws=100)
    seen = abs(f1(labels, second) - f1(labels, first))
    extreme = 0
    for swaps in itertools.product((False, True), repeat=9):
        old, new = np.where(swaps, second, first), np.where(swaps, first, second)
        extreme += abs(f1(labels, new) - f1(labels, old)) >= seen - 1e-12
    assert found.is_exact
    assert found.p_value() == extreme / 2**9


@FAST
@given(st.lists(st.integers(-30, 30), min_size=3, max_size=12))
def test_exchanging_means_is_the_sign_flip_test(values: list[int]) -> None:
    differences = floats(values)
    found = corpus.resample_score("mean", np.zeros(differences.size), differences, rng=rng())
    reference = stats.permutation_test(
        (differences, np.zeros(differences.size)),
        lambda x, y, axis: np.mean(x - y, axis=axis),
        permutation_type="samples",
        n_resamples=np.inf,
        vectorized=True,
    )
    assert found.p_value() == pytest.approx(reference.pvalue, abs=1e-12)


def test_many_items_have_exchanges_drawn_and_p_is_never_none() -> None:
    draw = rng(5)
    baseline = draw.normal(size=80)
    gain = 0.25 + draw.normal(size=80)
    found = corpus.resample_score("mean", baseline, baseline + gain, rng=rng())
    assert not found.is_exact
    assert found.p_value() == pytest.approx(stats.ttest_1samp(gain, 0).pvalue, abs=0.02)
    clear = corpus.resample_score("mean", baseline, baseline + 5 + draw.normal(size=80), rng=rng())
    assert clear.p_value() == pytest.approx(1 / 10_001)


@FAST
@given(SEEDS)
def test_drawn_exchanges_agree_with_the_exact_binomial(seed: int) -> None:
    # right or wrong: exchanging is a coin per item that differs
    labels, first, second = answers(seed, 300, (0.7, 0.78))
    right, better = (labels == first).astype(float), (labels == second).astype(float)
    found = corpus.resample_score("mean", right, better, rng=rng(seed))
    won, lost = int((better > right).sum()), int((better < right).sum())
    exact = stats.binomtest(won, won + lost).pvalue
    assert found.p_value() == pytest.approx(exact, abs=0.025)


@pytest.mark.parametrize("n", [40, 400])
def test_intervals_of_a_mean_are_scipys(n: int) -> None:
    draw = rng(7)
    baseline = draw.normal(size=n)
    candidate = baseline + draw.exponential(size=n)
    found = corpus.resample_score("mean", baseline, candidate, rng=rng(), draws=40_000)
    for method in ("BCa", "percentile"):
        reference = stats.bootstrap(
            (baseline, candidate), lambda x, y, axis: np.mean(y - x, axis=axis), paired=True,
            vectorized=True, n_resamples=40_000, method=method, rng=rng(2),
        ).confidence_interval  # fmt: skip
        mine = found.interval(0.95) if method == "BCa" else found.percentile(0.95)
        assert mine is not None
        assert mine.method.startswith(method)
        assert (mine.low, mine.high) == pytest.approx(
            (reference.low, reference.high), abs=0.04 * mine.width
        )


@pytest.mark.parametrize("n", [48, 3_000])
def test_rows_drawn_together_give_what_rows_drawn_singly_give(n: int) -> None:
    labels, first, second = answers(11, n)
    sums = [corpus.outcomes(labels, part) for part in (first, second)]
    together = corpus.resample(*sums, corpus.f1_of, rng=rng())
    singly = corpus.resample(
        *sums, lambda rows: corpus.f1_of(rows.sum(axis=-2)), rng=rng(2), of_sums=False
    )
    assert together.difference == pytest.approx(singly.difference)
    assert together.p_value() == pytest.approx(singly.p_value(), abs=0.03)
    one, other = together.percentile(0.9), singly.percentile(0.9)
    assert one is not None
    assert other is not None
    assert (one.low, one.high) == pytest.approx((other.low, other.high), abs=0.06 * one.width)


def test_an_area_has_an_interval_and_p_like_delongs() -> None:
    draw = rng(13)
    labels = (draw.random(300) < 0.5).astype(float)
    first, second = (labels * gain + draw.normal(size=300) for gain in (0.8, 1.2))
    found = corpus.resample_score("auc", first, np.exp(second), labels, rng=rng())
    reference = areas.delong(labels, first, second).estimate
    assert found.difference == pytest.approx(reference.difference)
    assert found.p_value() == pytest.approx(reference.p_value(), abs=0.03)
    mine, theirs = found.interval(0.95), reference.interval(0.95)
    assert mine is not None
    assert (mine.low, mine.high) == pytest.approx((theirs.low, theirs.high), abs=0.1 * mine.width)


@FAST
@given(SEEDS, st.sampled_from(["mean", "f1"]))
def test_the_order_of_items_changes_nothing(seed: int, statistic) -> None:
    labels, first, second = answers(seed, 40)
    order = rng(seed).permutation(40)
    one, other = (
        corpus.resample_score(
            statistic, second[part], first[part], labels[part], rng=rng(), draws=200
        )
        for part in (np.arange(40), order)
    )
    assert one.p_value() == other.p_value()
    assert one.interval(0.9) == other.interval(0.9)
    assert np.array_equal(one.drawn, other.drawn)


@FAST
@given(SEEDS)
def test_swapping_the_models_mirrors_difference_and_interval(seed: int) -> None:
    labels, first, second = answers(seed, 12)
    one = corpus.resample_score("f1", first, second, labels, rng=rng(), draws=4_000)
    other = corpus.resample_score("f1", second, first, labels, rng=rng(), draws=4_000)
    assert one.difference == pytest.approx(-other.difference)
    assert one.is_exact
    assert one.p_value() == other.p_value()
    mine, theirs = one.percentile(0.8), other.percentile(0.8)
    if mine is None or theirs is None:
        assert mine is theirs is None
        return
    assert (mine.low, mine.high) == pytest.approx((-theirs.high, -theirs.low), abs=0.15)


@FAST
@given(SEEDS, st.floats(0.5, 50), st.floats(-20, 20))
def test_shifting_and_scaling_move_a_mean_along(seed: int, scale: float, shift: float) -> None:
    draw = rng(seed)
    baseline, candidate = draw.normal(size=(2, 30))
    plain = corpus.resample_score("mean", baseline, candidate, rng=rng(), draws=300)
    moved = corpus.resample_score(
        "mean", scale * baseline + shift, scale * candidate + shift, rng=rng(), draws=300
    )
    assert moved.p_value() == pytest.approx(plain.p_value())
    one, other = plain.interval(0.9), moved.interval(0.9)
    assert one is not None
    assert other is not None
    assert (other.low, other.high) == pytest.approx((scale * one.low, scale * one.high), abs=1e-6)


@FAST
@given(SEEDS, st.floats(0.01, 0.4))
def test_an_interval_at_one_minus_p_just_reaches_the_margin(seed: int, margin: float) -> None:
    draw = rng(seed)
    baseline = draw.normal(size=30)
    found = corpus.resample_score(
        "mean", baseline, baseline + 0.5 + draw.normal(size=30), rng=rng(), draws=4_000
    )
    p_value = found.beyond_p(margin)
    if found.difference > 0 and 0.01 < p_value < 0.9:
        interval = found.interval(1 - p_value)
        assert interval is not None
        assert interval.low == pytest.approx(margin, abs=0.02)
    within = found.equivalence_p(2.0)
    if 0.01 < within < 0.4:
        interval = found.interval(1 - 2 * within)
        assert interval is not None
        assert max(interval.high, -interval.low) == pytest.approx(2.0, abs=0.05)


def test_tests_of_a_margin_are_nearly_those_of_the_t_test() -> None:
    draw = rng(17)
    baseline = draw.normal(size=200)
    candidate = baseline + 0.3 + draw.normal(size=200)
    found = corpus.resample_score("mean", baseline, candidate, rng=rng())
    one_sided = stats.ttest_1samp(candidate - baseline, 0.15, alternative="greater").pvalue
    assert found.beyond_p(0.15) == pytest.approx(2 * one_sided, abs=0.02)
    inside = stats.ttest_1samp(candidate - baseline, 0.45, alternative="less").pvalue
    assert found.equivalence_p(0.45) == pytest.approx(inside, abs=0.02)


def test_models_that_agree_on_every_item_have_p_one_and_no_interval() -> None:
    labels, first, _ = answers(19, 50)
    found = corpus.resample_score("f1", first, first, labels, rng=rng())
    assert found.p_value() == 1
    assert found.interval(0.95) is None
    assert math.isnan(found.beyond_p(0.01))
    assert math.isnan(found.equivalence_p(0.01))


def test_the_same_generator_gives_the_same_result() -> None:
    labels, first, second = answers(23, 200)
    one, other = (corpus.resample_score("f1", first, second, labels, rng=rng(4)) for _ in range(2))
    assert np.array_equal(one.drawn, other.drawn)
    assert one.p_value() == other.p_value()


def test_few_skewed_items_have_an_interval_around_the_difference_at_any_level() -> None:
    gains = floats([0, 0, 0, 0, 0, 0, 0.1, 50])
    drawn = corpus.resample_score("mean", np.zeros(8), gains, rng=rng())
    # as skewed as no mean of eight is
    found = dataclasses.replace(drawn, acceleration=0.4)
    widths = []
    for level in (0.8, 0.95, 0.99, 0.9999, 1 - 1e-9):
        interval = found.interval(level)
        assert interval is not None
        assert interval.low <= found.difference <= interval.high
        widths.append(interval.width)
    assert widths == sorted(widths)


def test_clusters_are_drawn_as_wholes() -> None:
    draw = rng(29)
    level = np.repeat(draw.normal(size=30), 10)
    baseline = draw.normal(size=300)
    candidate = baseline + level + 0.1 * draw.normal(size=300)
    members = np.repeat(np.arange(30), 10)
    single = corpus.resample_score("mean", baseline, candidate, rng=rng())
    whole = corpus.resample_score("mean", baseline, candidate, clusters=members, rng=rng())
    assert whole.n == 30
    assert whole.difference == pytest.approx(single.difference)
    one, other = whole.interval(0.95), single.interval(0.95)
    assert one is not None
    assert other is not None
    # ten equal items per cluster: the error grows by nearly the root of ten
    assert one.width == pytest.approx(math.sqrt(10) * other.width, rel=0.1)


def test_draws_without_a_class_are_left_out() -> None:
    labels = floats([1, 0, 0, 0, 0, 0])
    found = corpus.resample_score(
        "auc", floats([3, 1, 2, 4, 0, 5]), floats([6, 1, 2, 4, 0, 5]), labels, rng=rng(), draws=500
    )
    # (5/6)^6 of the draws miss the one positive item
    assert found.drawn.size == pytest.approx(500 * (1 - (5 / 6) ** 6), abs=50)


@pytest.mark.parametrize(
    ("statistic", "arrays", "message"),
    [
        ("mean", ([0.1, math.nan], [0.2, 0.1]), "NaN"),
        ("mean", ([0.1], [0.2]), "2 values or more"),
        ("mean", ([0.1, 0.2], [0.1, 0.2, 0.3]), "pairs"),
        ("f1", ([1, 0], [1, 1]), "needs a label"),
        ("f1", ([1, 0], [1, 1], [1, 0, 1]), "2 labels"),
        ("f1", ([1, 0.5], [1, 1], [1, 0]), "nothing but 0 and 1"),
        ("auc", ([1, 0], [1, 1], [1, 2]), "nothing but 0 and 1"),
        ("auc", ([1, 0], [1, 1], [1, 1]), "not finite"),
        ("auc", ([1, 0], [1, 1], [1, 0], [0, 1]), "DeLong"),
    ],
)
def test_what_has_no_score_is_refused(statistic, arrays, message: str) -> None:
    with pytest.raises(ValueError, match=message), np.errstate(all="ignore"):
        corpus.resample_score(statistic, *arrays, rng=rng(), draws=10)
