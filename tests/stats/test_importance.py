"""Importance on landscapes whose truth is known, and what it refuses."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from runreport.stats import importance as subject
from runreport.stats import space
from runreport.stats.association import association
from tests.landscapes import METRIC, ORDER, landscape

pytest.importorskip("sklearn", reason="needs scikit-learn")


def axes_of(runs, names):
    rows = [[run["params"].get(name) for run in runs] for name in names]
    levels = [[v if v is None or isinstance(v, str) else float(v) for v in row] for row in rows]
    return [space.axis(name, row) for name, row in zip(names, levels, strict=True)]


def explained(made, names, seed=1):
    axes = axes_of(made.runs, names)
    values = np.array([run["metrics"][METRIC] for run in made.runs])
    return subject.importance(axes, values, level=0.95, rng=np.random.default_rng(seed))


# ---- ranks ---------------------------------------------------------------------------------------


def test_numbers_and_two_words_have_spearmans_rho():
    rng = np.random.default_rng(0)
    y = rng.normal(0, 1, 30)
    number = np.round(y + rng.normal(0, 1, 30), 3)
    word = np.where(y + rng.normal(0, 1, 30) > 0, "yes", "no")
    for values, codes in ((number, number), (word, word == "yes")):
        axis = space.axis("x", values.tolist())
        found = association(axis, y, 0.95)
        expected = stats.spearmanr(codes, y)
        assert (found.value, found.p) == pytest.approx((expected.statistic, expected.pvalue))
        assert found.signed


def test_three_words_have_the_share_of_rank_variance_between_them():
    rng = np.random.default_rng(1)
    word = rng.choice(["a", "b", "c"], 40)
    y = 2 * (word == "b") + rng.normal(0, 1, 40)
    found = association(space.axis("x", word.tolist()), y, 0.95)
    parts = [stats.rankdata(y)[word == level] for level in "abc"]
    f = stats.f_oneway(*parts)
    assert found.value == pytest.approx(f.statistic * 2 / (f.statistic * 2 + 37))
    assert found.p == pytest.approx(f.pvalue)
    # the ends are where this F is the 97.5th and the 2.5th percentile
    for end, tail in ((found.interval.low, 0.975), (found.interval.high, 0.025)):
        noncentral = end / (1 - end) * 40
        assert stats.ncf.cdf(f.statistic, 2, 37, noncentral) == pytest.approx(tail, abs=1e-6)


def test_the_share_between_words_never_has_an_end_below_zero():
    rng = np.random.default_rng(2)
    word = rng.choice(["a", "b", "c"], 30)
    found = association(space.axis("x", word.tolist()), rng.normal(0, 1, 30), 0.95)
    assert 0 <= found.interval.low <= found.value <= found.interval.high < 1


def test_a_conditional_param_goes_with_the_metric_where_it_is_set():
    y = np.arange(10.0)
    axis = space.axis("momentum", [None, None, None, None, 1.0, 2.0, 3.0, 4.0, 6.0, 5.0])
    found = association(axis, y, 0.95)
    assert found.n == 6
    assert found.value == pytest.approx(stats.spearmanr([1, 2, 3, 4, 6, 5], y[4:]).statistic)


# ---- forest --------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_order_of_a_landscape_is_found(seed):
    made = landscape(seed, 150, noise=0.005)
    found = explained(made, ORDER)
    assert found.is_fit
    totals = [effect.total.value for effect in found.effects]
    # the three largest in their order, and what does nothing last
    assert np.argsort(totals)[::-1][:2].tolist() == [0, 1]
    assert totals[1] > max(totals[2:5])
    assert min(totals[2:5]) > totals[5]
    assert found.order_is_sure
    assert found.effects[5].total.interval.low <= 0.001


def test_shares_of_an_additive_truth_lie_within_their_intervals():
    rng = np.random.default_rng(12)
    weights = np.array([3.0, 2.0, 1.0, 0.0])
    x = rng.random((200, 4))
    y = x @ weights + 0.3 * rng.normal(0, 1, 200)
    axes = [space.axis(f"p{j}", x[:, j].tolist()) for j in range(4)]
    found = subject.importance(axes, y, level=0.95, rng=rng)
    parts = weights**2 / 12
    assert [e.alone.value for e in found.effects] == pytest.approx(parts / parts.sum(), abs=0.08)
    totals = [e.total for e in found.effects]
    assert np.argsort([-t.value for t in totals]).tolist() == [0, 1, 2, 3]
    truth = parts / (parts.sum() + 0.3**2)
    assert [t.value for t in totals] == pytest.approx(truth, abs=0.1)
    assert totals[3].interval.low <= 0 < totals[2].interval.low


def test_the_pair_that_acts_together_leads_the_pairs():
    rng = np.random.default_rng(3)
    a, b, c = rng.random((3, 150))
    y = np.where((a > 0.5) & (b > 0.5), 1.0, 0.0) + 0.3 * c
    axes = [space.axis(n, v.tolist()) for n, v in (("a", a), ("b", b), ("c", c))]
    found = subject.importance(axes, y, level=0.95, rng=rng)
    best = found.pairs[0]
    assert (best.first, best.second) == (0, 1)
    # of three halves, each alone makes a third of the variance and both together the last third
    assert best.share.value == pytest.approx(1 / 3, abs=0.08)
    assert best.share.interval.low > 0.1
    assert all(pair.share.value < 0.03 for pair in found.pairs[1:])


def test_a_conditional_param_does_not_take_the_place_of_its_condition():
    made = landscape(5, 120, noise=0.005)
    names = ("lr", "optimizer", "momentum")
    found = explained(made, names)
    total = dict(zip(names, (effect.total.value for effect in found.effects), strict=True))
    assert total["optimizer"] > 3 * total["momentum"]


def test_chance_is_not_called_important():
    """Params that do nothing: the fit must be no better than the mean, nearly always."""
    fits = 0
    for seed in range(10):
        rng = np.random.default_rng(seed)
        x = rng.random((30, 4))
        axes = [space.axis(f"p{j}", x[:, j].tolist()) for j in range(4)]
        found = subject.importance(axes, rng.normal(0, 1, 30), level=0.95, rng=rng)
        assert bool(found.effects) == found.is_fit
        fits += found.is_fit
    # of 10 at 2.5 %, two or more has a chance below 3 %
    assert fits <= 1


def test_too_few_configurations_are_refused():
    made = landscape(1, 8)
    with pytest.raises(ValueError, match="24 values or more, got 8"):
        explained(made, ORDER)


def test_the_same_seed_gives_the_same_answer():
    made = landscape(2, 40)
    first, second = (explained(made, ORDER) for _ in range(2))
    assert [e.total for e in first.effects] == [e.total for e in second.effects]
    assert [p.share for p in first.pairs] == [p.share for p in second.pairs]


def test_a_few_values_far_out_are_noticed():
    values = np.append(np.linspace(0, 1, 40), [1000.0])
    assert subject.few_decide(values) == 1
    assert subject.few_decide(np.linspace(0, 1, 40)) == 0
