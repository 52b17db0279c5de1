"""Values at scattered places as a surface: only between them, and with what it is worth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]

FAR = 0.15
"""Share of the axes' range: further from every place than this, a surface has thin support."""

SMOOTHED = 30
"""From so many places on, neighbours are averaged where that predicts better."""

CHECKED = 10
"""From so many places on, each is predicted from the others."""

NEIGHBOURS = (1, 2, 3, 5, 8, 12, 20, 30)

FLAT = 1e-6
"""Places whose spread across a line is below this share of their spread along it lie on it."""


@dataclass(frozen=True, eq=False)
class Surface:
    """A surface of triangles between places."""

    triangles: Ints
    """Shape (t, 3), places by index."""
    values: Floats
    """Shape (n,): at each place, after neighbours were averaged."""
    neighbours: int
    """So many nearest places are averaged, each itself included; 1 is none."""
    skill: float | None
    """Share of the variance that is predicted at places left out, from their nearest neighbours:
    1 is all, 0 no better than the mean, below 0 worse. None of few places."""
    thin: Floats
    """Shape (s, 2, 2): strokes that fill the parts of the surface far from any place."""
    thin_share: float
    """Share of the surface that is far from any place."""


def surface_of(places: Floats, values: Floats) -> Surface | None:
    """The surface between places; None where they are fewer than three or lie on one line.

    Args:
        places: shape (n, 2), distinct, each column scaled to between 0 and 1.
        values: shape (n,), finite.

    Source: Delaunay (1934), for the triangles; Stone (1974), JRSS B 36, for places left out.
    """
    from scipy.spatial import Delaunay, QhullError

    n = places.shape[0]
    if n < 3 or _on_a_line(places):
        return None
    try:
        mesh = Delaunay(places)
    except QhullError:
        return None
    neighbours, skill = _chosen(places, values)
    thin, share = _thin(places, mesh)
    triangles = np.asarray(mesh.simplices, dtype=np.intp)
    return Surface(
        triangles=triangles[_areas(places, triangles) > 1e-12],
        values=_averaged(places, values, neighbours),
        neighbours=neighbours,
        skill=skill,
        thin=thin,
        thin_share=share,
    )


def _on_a_line(places: Floats) -> bool:
    spread = np.linalg.svd(places - places.mean(axis=0), compute_uv=False)
    return bool(spread[1] <= FLAT * spread[0])


def _areas(places: Floats, triangles: Ints) -> Floats:
    a, b, c = (places[triangles[:, corner]] for corner in range(3))
    one, two = b - a, c - a
    return np.asarray(np.abs(one[:, 0] * two[:, 1] - one[:, 1] * two[:, 0]) / 2)


def _chosen(places: Floats, values: Floats) -> tuple[int, float | None]:
    """How many neighbours to average, and how well so many predict a place left out."""
    n = values.size
    if n < CHECKED or np.ptp(values) == 0:
        return 1, None
    counts = [k for k in NEIGHBOURS if k <= (n - 1) // 2]
    others = _nearest(places, counts[-1] + 1)[:, 1:]
    # of the mean of all others
    plain = float((((values - values.mean()) * n / (n - 1)) ** 2).sum())
    skills = {
        k: 1 - float(((values - values[others[:, :k]].mean(axis=1)) ** 2).sum()) / plain
        for k in counts
    }
    best = max(skills, key=lambda k: (skills[k], -k))
    return (best if n >= SMOOTHED else 1), skills[best]


def _averaged(places: Floats, values: Floats, neighbours: int) -> Floats:
    if neighbours == 1:
        return values
    return np.asarray(values[_nearest(places, neighbours)].mean(axis=1))


def _nearest(places: Floats, count: int) -> Ints:
    """The nearest places of each, itself first, shape (n, count)."""
    from scipy.spatial import cKDTree

    _, found = cKDTree(places).query(places, k=count)
    return np.asarray(found, dtype=np.intp).reshape(places.shape[0], count)


def _thin(places: Floats, mesh: object) -> tuple[Floats, float]:
    """Diagonal strokes over the parts of the surface that are far from any place, and their share.

    Args:
        places: as in `surface_of`.
        mesh: scipy's Delaunay triangulation of them.
    """
    from scipy.spatial import cKDTree

    # lines x + y = c, walked in steps of less than a pixel of a chart
    sums = np.arange(0.02, 2.0, 0.03)
    walk = np.linspace(0, 1, 241)
    x = np.broadcast_to(walk, (sums.size, walk.size))
    y = sums[:, None] - x
    points = np.stack((x, y), axis=-1)
    inside = np.asarray(mesh.find_simplex(points)) >= 0  # type: ignore[attr-defined]  # untyped
    distance, _ = cKDTree(places).query(points)
    far = inside & (distance > FAR)
    share = float(far.sum() / inside.sum()) if inside.any() else 0.0
    strokes = []
    for row, chosen in enumerate(far):
        edges = np.flatnonzero(np.diff(np.concatenate(([0], chosen.astype(np.int8), [0]))))
        for first, last in zip(edges[::2], edges[1::2] - 1, strict=True):
            if last > first:
                strokes.append((points[row, first], points[row, last]))
    return np.array(strokes, dtype=np.float64).reshape(-1, 2, 2), share
