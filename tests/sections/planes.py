"""Charts drawn for tests: the figure itself, and its SVG with marks that must agree."""

from __future__ import annotations

from typing import Any

from runreport.blocks import Figure
from runreport.drawing import Drawing, Style
from runreport.render.figures import draw_svg
from tests import pages


def drawing_of(figure: Figure) -> Drawing:
    """What the figure's own function draws."""
    theme = pages.theme()
    style = Style(figure.width, figure.height, theme.font_size, theme.colors)
    drawn: Drawing = figure.draw(figure.data, style)
    return drawn


def svg_of(figure: Figure) -> str:
    """Finished; raises where marks are not what was drawn."""
    theme = pages.theme()
    return draw_svg(figure, theme.colors, theme.font_size, "c1")


def marked(figure: Figure) -> set[str]:
    """The runs that the figure's marks stand for."""
    return {run_id for marks in drawing_of(figure).marks for mark in marks.marks
            for run_id in mark.run_ids}  # fmt: skip


def ids(context: Any) -> set[str]:
    """All runs of a study."""
    return {run.id for run in context.runs}
