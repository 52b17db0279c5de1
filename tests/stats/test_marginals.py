"""Marginal predictions beside scikit-learn's own predictions averaged over the space."""

from __future__ import annotations

import numpy as np
import pytest

from runreport.stats import importance, space
from runreport.stats.forests import grow
from runreport.stats.marginals import Marginals, bagged_error

pytest.importorskip("sklearn", reason="needs scikit-learn")


def study(n: int = 40):
    rng = np.random.default_rng(3)
    x, z = rng.random(n), rng.random(n)
    word = rng.choice(["a", "b", "c"], n)
    level = rng.choice([1.0, 2.0], n)
    axes = [
        space.axis("x", x.tolist()),
        space.axis("word", word.tolist()),
        space.axis("level", level.tolist()),
        space.axis("z", [v if w > 1 else None for v, w in zip(z.tolist(), level, strict=True)]),
    ]
    y = 2 * x + (word == "b") * level + rng.normal(0, 0.1, n)
    rows, domains = importance.encode(axes)
    return rows, domains, grow(rows, y, rng=rng, trees=25)


def averaged(forest, domains, fixed, count=200_000):
    """The mean prediction with some params held, the others drawn: by brute force."""
    rng = np.random.default_rng(9)
    drawn = np.hstack([domain.draw(count, rng) for domain in domains])
    for place, point in fixed.items():
        drawn[:, list(domains[place].columns)] = domains[place].points[point]
    return forest.predict(drawn).mean()


def test_marginals_are_the_predictions_averaged_over_the_rest_of_the_space():
    _, domains, forest = study()
    found = Marginals(forest.boxes, domains)
    assert found.mean == pytest.approx(averaged(forest, domains, {}), abs=0.006)
    for place, point in ((0, 3), (0, 30), (1, 0), (1, 1), (2, 1), (3, 7)):
        expected = averaged(forest, domains, {place: point})
        assert found.along(place).values[point] == pytest.approx(expected, abs=0.006)


def test_what_two_params_do_together_is_what_their_own_effects_leave():
    _, domains, forest = study()
    found = Marginals(forest.boxes, domains)
    pair = found.between(1, 2)
    for word in range(3):
        for level in range(2):
            expected = (
                averaged(forest, domains, {1: word, 2: level})
                - averaged(forest, domains, {1: word})
                - averaged(forest, domains, {2: level})
                + averaged(forest, domains, {})
            )
            assert pair.values[word, level] == pytest.approx(expected, abs=0.01)


def test_main_effects_and_pairs_of_levels_add_up_to_the_whole_variance():
    rng = np.random.default_rng(5)
    a, b = rng.choice(["u", "v", "w"], 60), rng.choice([1.0, 2.0, 4.0], 60)
    axes = [space.axis("a", a.tolist()), space.axis("b", b.tolist())]
    rows, domains = importance.encode(axes)
    y = (a == "u") * b + rng.normal(0, 0.1, 60)
    forest = grow(rows, y, rng=rng, trees=30)
    found = Marginals(forest.boxes, domains)
    grid = np.array([[*p, *q] for p in domains[0].points for q in domains[1].points])
    whole = forest.predict(grid).mean(axis=0).var()
    parts = found.along(0).variance + found.along(1).variance + found.between(0, 1).variance
    assert parts == pytest.approx(whole, rel=1e-9)


def test_leaves_hold_exactly_the_rows_that_the_tree_sends_there():
    rows, _, forest = study()
    boxes = forest.boxes
    predicted = forest.predict(rows)
    ends = [*boxes.starts[1:], boxes.value.size]
    for tree, (start, end) in enumerate(zip(boxes.starts, ends, strict=True)):
        inside = (boxes.low[start:end, None] < rows) & (rows <= boxes.high[start:end, None])
        holds = inside.all(axis=2)
        assert (holds.sum(axis=0) == 1).all()
        assert boxes.value[start:end] @ holds == pytest.approx(predicted[tree])


def test_predictions_of_left_out_configurations_come_from_trees_that_never_saw_them():
    rows, _, forest = study()
    unseen = forest.times == 0
    expected = (forest.predict(rows) * unseen).sum(axis=0) / unseen.sum(axis=0)
    assert forest.left_out(rows) == pytest.approx(expected)
    assert forest.left_out(np.stack((rows, rows))) == pytest.approx(np.stack((expected, expected)))


def test_the_error_of_a_bagged_mean_is_that_of_the_mean():
    """Bags whose statistic is their mean: the standard error of the mean is known."""
    rng = np.random.default_rng(2)
    n, bags = 50, 4000
    values = rng.normal(0, 1, n)
    chosen = rng.integers(0, n, (bags, n))
    times = np.stack([np.bincount(bag, minlength=n) for bag in chosen]).astype(float)
    means = times @ values / n
    assert float(bagged_error(means, times)) == pytest.approx(values.std() / np.sqrt(n), rel=0.06)
