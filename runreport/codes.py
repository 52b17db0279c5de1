"""What each code means, at length: `runreport explain RR102` prints it.

RR1xx text of the spec | RR2xx names that do not exist | RR3xx a source | RR4xx data unfit for the
question | RR5xx rendering | RR6xx publishing | RR9xx a bug of ours
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Explanation:
    """The long form of a code."""

    title: str
    """One line, lower case."""
    text: str
    """Why it happens and what to do, in plain text paragraphs."""


CODES: dict[str, Explanation] = {
    # --- RR1xx: text of the spec ------------------------------------------------------------
    # --- RR2xx: names that do not exist -----------------------------------------------------
    # --- RR3xx: a source --------------------------------------------------------------------
    # --- RR4xx: data unfit for the question -------------------------------------------------
    # --- RR5xx: rendering -------------------------------------------------------------------
    "RR501": Explanation(
        "a chart's marks do not match what was drawn",
        "Every element that stands for a run carries the run's generated id, taken from a list the "
        "chart gives. The list and the drawing differ in length, so some element would have named "
        "the wrong run. It is a mistake in the section that draws the chart: list one mark per "
        "finite element, in drawing order.",
    ),
    "RR502": Explanation(
        "a chart could not be drawn",
        "The section's `draw` function raised the exception named in the message. The rest of the "
        "report was built; the chart's place says why it is empty.",
    ),
    "RR503": Explanation(
        "a chart took too long",
        "Drawing exceeded its time limit and was ended, so that one chart cannot hold up a build. "
        "Draw fewer runs (`limit`), or fewer points.",
    ),
    "RR504": Explanation(
        "the drawing process ended",
        "A worker process died twice while drawing this chart, for instance because the machine "
        "ran out of memory. The rest of the report was built.",
    ),
    "RR505": Explanation(
        "a chart draws a picture",
        "Charts are written as lines, areas and text, which follow the reader's light or dark "
        "theme and stay sharp. A raster picture does neither; draw cells with `pcolormesh`.",
    ),
    # --- RR6xx: publishing ------------------------------------------------------------------
    # --- RR9xx: a bug of ours ---------------------------------------------------------------
    "RR901": Explanation(
        "an unexpected exception",
        "runreport met a situation its authors did not foresee. Nothing was published; the site "
        "that was there before is untouched. Please report it with the trace that "
        "`--traceback` prints.",
    ),
}
