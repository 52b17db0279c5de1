"""How much room texts take in a chart."""

from __future__ import annotations

from collections.abc import Sequence

from runreport.drawing import Style


def text_width(text: str, style: Style) -> float:
    """Pixels a text takes, generously: the reader's font is not known."""
    return sum(_WIDTHS.get(c, 1.0 if ord(c) > 0x2E80 else 0.65) for c in text) * (
        style.font_size * 100 / 72
    )


_WIDTHS = {
    **dict.fromkeys("ijlI'|", 0.32),
    **dict.fromkeys(" .,:;!()[]/\\\u202f\u00a0-ftr", 0.41),
    **dict.fromkeys("_csvxyzJL", 0.59),
    **dict.fromkeys("=+<>~\u2212\u2192wOQGDHNUCR", 0.82),
    **dict.fromkeys("mMW%@\u2026", 1.0),
}
"""Ems that letters take in the widest of the usual fonts, where they are not 0.65."""


def names_width(names: Sequence[str], style: Style) -> float:
    """Pixels that rows leave for their names, which are larger on a phone and may be bold."""
    widest = max(text_width(name, style) for name in names)
    return min(widest * 1.28 + 12, style.width * 100 * 0.45)
