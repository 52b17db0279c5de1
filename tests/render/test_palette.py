"""Colours of charts: apart for every kind of colour vision, and readable on their surface."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from runreport.drawing import SERIES, shape_of
from runreport.render.theme import load_theme

THEME = load_theme("default", Path())
PAGES = {"light": THEME.colors, "dark": THEME.dark}

VISIONS = {
    # Machado, Oliveira and Fernandes (2009), IEEE TVCG 15, table 1, severity 1.0
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritanopia": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
    "all cones": np.eye(3),
}

APART = 18
"""CIE 1976 distance that neighbouring points of different series need."""


def linear(color):
    """Light of an sRGB hex, by IEC 61966-2-1."""
    value = np.array([int(color[at : at + 2], 16) for at in (1, 3, 5)]) / 255
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)


def lab(light):
    """CIE 1976 L*a*b* under D65."""
    to_xyz = np.array(
        [
            [0.4124564, 0.3575761, 0.1804375],
            [0.2126729, 0.7151522, 0.0721750],
            [0.0193339, 0.1191920, 0.9503041],
        ]
    )
    share = to_xyz @ np.clip(light, 0, 1) / [0.95047, 1.0, 1.08883]
    x, y, z = np.where(share > 216 / 24389, np.cbrt(share), (24389 / 27 * share + 16) / 116)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def contrast(one, other):
    """As WCAG 2 defines it."""
    first, second = (linear(color) @ [0.2126, 0.7152, 0.0722] + 0.05 for color in (one, other))
    return max(first, second) / min(first, second)


def test_the_measures_know_what_is_published():
    assert lab(linear("#ff0000")) == pytest.approx([53.24, 80.09, 67.20], abs=0.02)
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)


@pytest.mark.parametrize("vision", VISIONS)
@pytest.mark.parametrize("page", PAGES)
def test_series_keep_apart_for_every_colour_vision(page, vision):
    seen = {token: lab(np.array(VISIONS[vision]) @ linear(PAGES[page][token])) for token in SERIES}
    close = {
        (a, b): round(float(np.linalg.norm(seen[a] - seen[b])), 1)
        for a, b in combinations(SERIES, 2)
        if np.linalg.norm(seen[a] - seen[b]) < APART
    }
    assert close == {}


@pytest.mark.parametrize("page", PAGES)
def test_series_that_look_alike_in_grey_differ_in_shape(page):
    grey = {token: lab(linear(PAGES[page][token]))[0] for token in SERIES}
    alike = [(a, b) for a, b in combinations(SERIES, 2) if abs(grey[a] - grey[b]) < APART]
    assert alike
    assert all(shape_of(a) != shape_of(b) for a, b in alike)


@pytest.mark.parametrize("page", PAGES)
def test_marks_and_words_stand_out_from_the_page(page):
    colors = PAGES[page]
    words = {t: contrast(colors[t], colors["surface"]) for t in ("ink", "ink-muted", "accent")}
    words |= {t: contrast(colors[t], colors["surface"]) for t in ("good", "bad", "warn")}
    assert {token: value for token, value in words.items() if value < 4.5} == {}
    marks = {t: contrast(colors[t], colors["surface"]) for t in (*SERIES, "series-other", "band")}
    assert {token: value for token, value in marks.items() if value < 3} == {}


@pytest.mark.parametrize("vision", VISIONS)
@pytest.mark.parametrize("page", PAGES)
def test_the_ramp_grows_steadily_lighter_or_darker_for_every_colour_vision(page, vision):
    steps = [lab(np.array(VISIONS[vision]) @ linear(PAGES[page][f"ramp-{n}"]))[0] for n in range(9)]
    assert (np.diff(steps) < 0).all() or (np.diff(steps) > 0).all()
