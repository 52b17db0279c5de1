"""Names above lanes: broken where words end, cut last."""

from __future__ import annotations

import pytest

from runreport.drawing import Style
from runreport.sections.lanewords import two_lines

STYLE = Style(7.2, 4.0, 9.0, {})


@pytest.mark.parametrize(
    ("label", "lines"),
    [
        ("depth", ("", "depth")),
        ("learning_rate", ("learning_", "rate")),
        ("val_accuracy (%)", ("val_", "accuracy")),
        ("train_time (s)", ("train_", "time (s)")),
        ("nesterovs_momentum", ("nesterovs_", "momentum")),
    ],
)
def test_names_break_where_words_end_and_lose_their_unit_before_a_letter(label, lines):
    assert two_lines(label, 80.0, STYLE) == lines


def test_a_word_that_fits_nowhere_is_cut():
    first, second = two_lines("inversesquarerootwithrestarts", 80.0, STYLE)
    assert "inversesquarerootwithrestarts".startswith(first)
    assert "\u2026" in second
