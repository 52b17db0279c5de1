"""McNemar's tests are R's and statsmodels', and Tango's interval is the published one."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize
from statsmodels.stats import contingency_tables

from runreport.stats import counts

COUNTS = st.integers(0, 40)
FAST = settings(max_examples=50, deadline=None)

# Bentur et al. (2009), airway hyper-responsiveness of 21 children before and after transplantation
CHILDREN = counts.PairedCounts(both=1, won=1, lost=7, neither=12)


def test_approval_of_the_prime_minister_has_rs_chi_squares() -> None:
    # Agresti (1990), Categorical Data Analysis, page 350, as in R's help of mcnemar.test
    corrected = counts.mcnemar_chi2(150, 86)
    assert corrected == pytest.approx((16.8177966102, 4.11456228135e-05), abs=1e-10)
    assert counts.mcnemar_chi2(150, 86, corrected=False) == pytest.approx(
        (17.3559322034, 3.09929344105e-05), abs=1e-10
    )


def test_eleven_wins_against_one_loss_have_the_binomial_p() -> None:
    assert counts.mcnemar_exact(11, 1) == pytest.approx(2 * (1 + 12) / 2**12, abs=1e-15)
    assert counts.mcnemar_mid_p(11, 1) == pytest.approx((2 * (1 + 12) - 12) / 2**12, abs=1e-15)


def test_identical_predictions_have_p_one_and_an_interval_with_a_width() -> None:
    same = counts.PairedCounts(both=10, won=0, lost=0, neither=5)
    assert same.p_value() == counts.mcnemar_exact(0, 0) == counts.mcnemar_mid_p(0, 0) == 1
    assert counts.mcnemar_chi2(0, 0, corrected=False) == (0, 1)
    interval = same.interval(0.95)
    # with no item that differs the score is n d^2 / (d - d^2) = z^2 at d = z^2 / (n + z^2)
    z2 = 1.959963984540054**2
    assert (interval.low, interval.high) == pytest.approx((-z2 / (15 + z2), z2 / (15 + z2)))


def test_tangos_interval_of_the_airways_is_the_published_one() -> None:
    # Fagerland, Lydersen and Laake (2014), Statistics in Medicine 33: -0.517 to -0.026
    interval = CHILDREN.interval(0.95)
    assert (interval.low, interval.high) == pytest.approx((-0.517, -0.026), abs=5e-4)
    assert interval.method == "Tango score"


def test_tangos_interval_is_that_of_rs_propcis() -> None:
    # scoreci.mp(25, 28, 618, 0.90) of PropCIs
    found = counts.PairedCounts(both=565, won=28, lost=25, neither=0).interval(0.90)
    assert (found.low, found.high) == pytest.approx((-0.0148, 0.0247), abs=5e-5)


def test_at_no_difference_tangos_score_is_mcnemars() -> None:
    chi2, _ = counts.mcnemar_chi2(150, 86, corrected=False)
    assert counts.tango_score(150, 86, 1600, 0.0) == pytest.approx(math.sqrt(chi2))


def test_few_discordant_items_are_counted_exactly_and_many_are_not() -> None:
    few = counts.PairedCounts(both=50, won=15, lost=9, neither=10)
    many = counts.PairedCounts(both=50, won=16, lost=9, neither=10)
    assert few.is_exact
    assert few.statistic is few.df is None
    assert few.p_value() == counts.mcnemar_exact(15, 9)
    assert not many.is_exact
    assert (many.statistic, many.p_value()) == counts.mcnemar_chi2(16, 9)
    assert many.df == 1


def test_items_are_sorted_into_wins_losses_and_ties() -> None:
    found = counts.paired_counts([100, 0, 0, 100, 0], [100, 100, 0, 0, 100], one=100)
    assert (found.both, found.won, found.lost, found.neither) == (1, 2, 1, 1)
    assert (found.n, found.discordant) == (5, 3)
    assert found.difference == pytest.approx(20)


def test_displayed_units_scale_the_interval_and_the_margin_and_no_p() -> None:
    plain, percent = (counts.PairedCounts(60, 30, 12, 18, one) for one in (1.0, 100.0))
    low, high = plain.interval(0.9).low, plain.interval(0.9).high
    scaled = percent.interval(0.9)
    assert (scaled.low, scaled.high) == pytest.approx((100 * low, 100 * high))
    assert percent.standard_error == pytest.approx(100 * plain.standard_error)
    assert percent.p_value() == plain.p_value()
    assert percent.beyond_p(5) == pytest.approx(plain.beyond_p(0.05))
    assert percent.equivalence_p(5) == pytest.approx(plain.equivalence_p(0.05))


@pytest.mark.parametrize(
    ("baseline", "candidate", "message"),
    [
        ([1, 0, math.nan], [1, 1, 0], "NaN"),
        ([1, 0, 0.5], [1, 1, 0], "nothing but 0 and 1"),
        ([1, 0], [1, 1, 0], "pairs"),
        ([1], [0], "2 values or more"),
    ],
)
def test_what_is_not_right_or_wrong_is_refused(baseline, candidate, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        counts.paired_counts(baseline, candidate)


def test_counts_below_none_are_refused() -> None:
    with pytest.raises(ValueError, match="at least 0"):
        counts.mcnemar_exact(-1, 3)


@FAST
@given(COUNTS, COUNTS)
def test_every_p_is_statsmodels(won: int, lost: int) -> None:
    table = [[9, won], [lost, 7]]
    exact = contingency_tables.mcnemar(table, exact=True)
    assert counts.mcnemar_exact(won, lost) == pytest.approx(exact.pvalue, abs=1e-12)
    if won == lost:
        return
    for corrected in (True, False):
        reference = contingency_tables.mcnemar(table, exact=False, correction=corrected)
        found = counts.mcnemar_chi2(won, lost, corrected=corrected)
        assert found == pytest.approx((reference.statistic, reference.pvalue), abs=1e-12)


@FAST
@given(st.integers(1, 12), st.integers(1, 12), st.integers(2, 20), st.floats(-0.8, 0.8))
def test_tangos_nuisance_is_where_the_likelihood_peaks(
    won: int, lost: int, ties: int, difference: float
) -> None:
    n = won + lost + ties

    def unlikely(losses: float) -> float:
        wins, rest = losses + difference, 1 - 2 * losses - difference
        if min(wins, losses, rest) <= 0:
            return math.inf
        return -(won * math.log(wins) + lost * math.log(losses) + ties * math.log(rest))

    low, high = max(0.0, -difference), (1 - difference) / 2
    losses = optimize.minimize_scalar(
        unlikely, bounds=(low, high), method="bounded", options={"xatol": 1e-12}
    ).x
    error = math.sqrt(n * (2 * losses + difference - difference**2))
    score = (won - lost - n * difference) / error
    assert counts.tango_score(won, lost, n, difference) == pytest.approx(score, rel=1e-4, abs=1e-5)


@FAST
@given(COUNTS, COUNTS, COUNTS, st.sampled_from([0.8, 0.95, 0.999]))
def test_an_interval_ends_where_the_score_says(
    won: int, lost: int, ties: int, level: float
) -> None:
    found = counts.PairedCounts(ties, won, lost, 1)
    interval = found.interval(level)
    assert -1 <= interval.low <= found.difference <= interval.high <= 1
    for end in (interval.low, interval.high):
        if abs(end) < 1 - 1e-9:
            share = math.erfc(abs(counts.tango_score(won, lost, found.n, end)) / math.sqrt(2))
            assert share == pytest.approx(1 - level, rel=1e-6)


@FAST
@given(COUNTS, COUNTS, COUNTS, st.floats(0.001, 0.9))
def test_swapping_the_models_mirrors_everything(
    won: int, lost: int, ties: int, margin: float
) -> None:
    one, other = (
        counts.PairedCounts(ties, first, second, 3) for first, second in ((won, lost), (lost, won))
    )
    assert one.difference == -other.difference
    assert one.p_value() == other.p_value()
    assert one.interval(0.95).low == pytest.approx(-other.interval(0.95).high)
    assert one.beyond_p(margin) == other.beyond_p(margin)
    assert one.equivalence_p(margin) == other.equivalence_p(margin)


@FAST
@given(st.integers(1, 40), st.integers(0, 40), st.integers(1, 40), st.floats(0.001, 0.3))
def test_an_interval_at_one_minus_p_just_reaches_the_margin(
    won: int, lost: int, ties: int, margin: float
) -> None:
    found = counts.PairedCounts(ties, won, lost, 2)
    p_value = found.beyond_p(margin)
    if won > lost and 1e-9 < p_value < 0.99:
        assert found.interval(1 - p_value).low == pytest.approx(margin, abs=1e-6)
    within = found.equivalence_p(margin)
    if 1e-9 < within < 0.49:
        # the interval at 1 - 2 p reaches the margin on the side the difference is on
        interval = found.interval(1 - 2 * within)
        assert max(-interval.low, interval.high) == pytest.approx(margin, abs=1e-6)


@FAST
@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=2), st.randoms())
def test_the_order_of_items_changes_nothing(items: list[tuple[bool, bool]], random) -> None:
    shuffled = list(items)
    random.shuffle(shuffled)
    one, other = (
        counts.paired_counts(*np.array(part, dtype=float).T) for part in (items, shuffled)
    )
    assert one == other


@FAST
@given(st.integers(2, 5), st.integers(2, 30), st.integers(0, 2**32 - 1))
def test_cochrans_q_is_statsmodels(models: int, items: int, seed: int) -> None:
    right = np.random.default_rng(seed).integers(0, 2, (items, models))
    found = counts.cochran_q(right)
    if not found.items:
        assert (found.statistic, found.p_value) == (0, 1)
        return
    reference = contingency_tables.cochrans_q(right)
    assert found.statistic == pytest.approx(reference.statistic, abs=1e-9)
    assert found.p_value == pytest.approx(reference.pvalue, abs=1e-12)
    assert found.df == models - 1


def test_cochrans_q_of_two_models_is_mcnemars_chi_square() -> None:
    right = [(1, 1)] * 4 + [(1, 0)] * 3 + [(0, 1)] * 8 + [(0, 0)] * 2
    found = counts.cochran_q(right)
    assert found.items == 11
    assert (found.statistic, found.p_value) == pytest.approx(
        counts.mcnemar_chi2(3, 8, corrected=False)
    )


def test_models_that_agree_on_every_item_have_no_q_to_speak_of() -> None:
    found = counts.cochran_q([(1, 1, 1), (0, 0, 0), (1, 1, 1)])
    assert found == counts.CochranQ(0.0, 2, 1.0, 0)


@pytest.mark.parametrize("right", [[(1, 2), (0, 1)], [(1, math.nan), (0, 1)], [(1,), (0,)], [1, 0]])
def test_cochrans_q_refuses_what_is_not_right_or_wrong(right) -> None:
    with pytest.raises(ValueError, match="expected"):
        counts.cochran_q(right)
