"""Room that texts take, against the metrics of the widest usual font."""

from __future__ import annotations

import pytest
from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.font_manager import FontProperties

from runreport.drawing import Style
from runreport.sections.measuring import names_width, text_width

STYLE = Style(7.2, 4.0, 9.0, {})

TEXTS = [
    "nesterov, learning_rate=0.001",
    "val_accuracy (%)",
    "illicit",
    "MMMWWW",
    "QUEUE_GROUP",
    "wide_resnet50_2",
    "0.0001",
    "1e\u22125",
    "\u22120.05",
]


def measured(text, weight="normal"):
    font = FontProperties(family="DejaVu Sans", size=9, weight=weight)
    return RendererAgg(720, 400, 100).get_text_width_height_descent(text, font, False)[0]


@pytest.mark.parametrize("text", TEXTS)
def test_a_text_takes_what_its_letters_take(text):
    assert measured(text) * 0.98 <= text_width(text, STYLE) <= measured(text) * 1.08


def test_rows_hold_their_longest_name_in_bold():
    names = ["sgd", "nesterov, learning_rate=0.001"]
    assert measured(names[1], "bold") < names_width(names, STYLE) < measured(names[1]) * 1.4


def test_names_never_take_half_of_a_chart():
    assert names_width(["W" * 200], STYLE) < STYLE.width * 100 / 2
