"""Surfaces between places: their hull, their check at places left out, where support is thin."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial import ConvexHull, Delaunay, distance

from runreport.stats.surfaces import FAR, NEIGHBOURS, surface_of


def scattered(n, seed=0):
    rng = np.random.default_rng(seed)
    places = rng.uniform(size=(n, 2))
    return places, places[:, 0] - 2 * places[:, 1] + rng.normal(size=n) * 0.1


def area(triangle):
    (ax, ay), (bx, by), (cx, cy) = triangle
    return abs((bx - ax) * (cy - ay) - (by - ay) * (cx - ax)) / 2


@pytest.mark.parametrize("n", [3, 10, 60, 300])
def test_triangles_fill_the_hull_and_nothing_else(n):
    places, values = scattered(n)
    found = surface_of(places, values)
    total = sum(area(places[corners]) for corners in found.triangles)
    assert total == pytest.approx(ConvexHull(places).volume)


@pytest.mark.parametrize(
    "places",
    [
        np.empty((0, 2)),
        [[0.5, 0.5]],
        [[0, 0], [1, 1]],
        [[0, 0], [0.5, 0.5], [1, 1]],
        [[0.2, y] for y in np.linspace(0, 1, 9)],
        [[x, 0.1 + 0.7 * x] for x in np.linspace(0, 1, 30)],
    ],
    ids=["none", "one", "two", "diagonal", "upright", "slanting"],
)
def test_there_is_none_of_few_places_or_of_places_on_a_line(places):
    places = np.array(places, dtype=float)
    assert surface_of(places, np.arange(len(places), dtype=float)) is None


@pytest.mark.parametrize("n", [12, 29, 40])
def test_the_check_leaves_each_place_out_and_predicts_it_from_its_nearest(n):
    places, values = scattered(n, seed=n)

    def skill(k):
        wrong = plain = 0.0
        for out in range(n):
            away = distance.cdist(places[[out]], places)[0]
            away[out] = np.inf
            nearest = np.argsort(away)[:k]
            wrong += (values[out] - values[nearest].mean()) ** 2
            plain += (values[out] - np.delete(values, out).mean()) ** 2
        return 1 - wrong / plain

    skills = {k: skill(k) for k in NEIGHBOURS if k <= (n - 1) // 2}
    best = max(skills, key=skills.get)
    found = surface_of(places, values)
    assert found.skill == pytest.approx(skills[best])
    assert found.neighbours == (best if n >= 30 else 1)


def test_few_places_are_not_smoothed_and_many_are_averaged_with_their_nearest():
    places, values = scattered(20)
    assert np.array_equal(surface_of(places, values).values, values)
    places, values = scattered(80)
    found = surface_of(places, values)
    assert found.neighbours > 1
    nearest = np.argsort(distance.cdist(places, places), axis=1)[:, : found.neighbours]
    assert found.values == pytest.approx(values[nearest].mean(axis=1))


def test_noise_alone_is_not_predicted():
    skills = []
    for seed in range(30):
        rng = np.random.default_rng(seed)
        skills.append(surface_of(rng.uniform(size=(60, 2)), rng.normal(size=60)).skill)
    assert np.median(skills) < 0.1
    plane = surface_of(*scattered(60)).skill
    assert plane > 0.8


def test_too_few_places_are_not_checked():
    assert surface_of(*scattered(9)).skill is None
    assert surface_of(scattered(20)[0], np.ones(20)).skill is None


def test_strokes_lie_on_the_surface_and_far_from_every_place():
    places = np.array([[0, 0], [1, 0], [0, 1], [1, 1], [0.05, 0.05]])
    found = surface_of(places, np.arange(5.0))
    assert found.thin.shape[1:] == (2, 2)
    middles = found.thin.mean(axis=1)
    ends = found.thin.reshape(-1, 2)
    assert (distance.cdist(ends, places).min(axis=1) > FAR - 1e-9).all()
    assert (Delaunay(places).find_simplex(np.vstack((ends, middles))) >= 0).all()


def test_the_share_that_is_far_agrees_with_points_thrown_at_random():
    places, values = scattered(25, seed=4)
    found = surface_of(places, values)
    thrown = np.random.default_rng(0).uniform(size=(200_000, 2))
    inside = thrown[Delaunay(places).find_simplex(thrown) >= 0]
    far = (distance.cdist(inside, places).min(axis=1) > FAR).mean()
    assert found.thin_share == pytest.approx(far, abs=0.01)


def test_dense_places_leave_no_thin_part():
    grid = np.stack(np.meshgrid(np.linspace(0, 1, 12), np.linspace(0, 1, 12)), -1).reshape(-1, 2)
    found = surface_of(grid, grid[:, 0])
    assert found.thin.shape == (0, 2, 2)
    assert found.thin_share == 0
