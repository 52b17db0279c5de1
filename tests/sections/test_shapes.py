"""Marks in the shape of their series."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.markers import MarkerStyle

from runreport.drawing import SERIES, SHAPES, shape_of
from runreport.render.theme import load_theme
from runreport.sections import shapes


def test_every_series_has_a_shape_of_its_own():
    assert len({shape_of(token) for token in SERIES}) == len(SERIES) == len(SHAPES)
    assert len({shapes.MARKERS[shape][0] for shape in SHAPES}) == len(SHAPES)


def test_the_legend_draws_every_shape(tmp_path):
    template = load_theme("default", tmp_path).templates.get_template("figure.html")
    source = Path(template.filename).read_text("utf-8")
    assert all(f'"{shape}": "M' in source for shape in SHAPES)


def test_points_are_drawn_once_each_in_lots_of_their_shape():
    axes = Figure().add_subplot()
    tokens = ["series-2", "series-1", "series-other", "series-2"]
    x, y = np.arange(4.0), np.arange(4.0) * 2
    lots = shapes.scatter(axes, x, y, tokens, s=20, alpha=[0.1, 0.2, 0.3, 0.4], gid="m")
    assert lots == [("mcircle", [1, 2]), ("msquare", [0, 3])]
    squares = axes.collections[1]
    assert squares.get_offsets().tolist() == [[0, 0], [3, 6]]
    assert list(squares.get_alpha()) == [0.1, 0.4]


def test_an_outline_surrounds_each_of_its_points():
    axes = Figure(figsize=(4, 3)).add_axes((0, 0, 1, 1))
    axes.set_xlim(0, 10)
    axes.set_ylim(0, 1)
    points = np.array([[2.0, 0.25], [7.0, 0.5]])
    path = shapes.outline(axes, points, "series-4")
    pixels = axes.transData.transform(path.vertices)
    diamond = MarkerStyle("D")
    corners = diamond.get_path().transformed(diamond.get_transform()).vertices
    for start, point in zip((0, 5), axes.transData.transform(points), strict=True):
        own = pixels[start : start + 4]
        assert own.mean(axis=0) == pytest.approx(point)
        assert np.ptp(own[:, 0]) == pytest.approx(8.5 * 0.75**0.5 * np.ptp(corners[:, 0]))
