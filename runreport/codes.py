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
    "RR550": Explanation(
        "an unknown theme",
        "`theme` names a theme of this installation (`default`, `print`) or a folder beside the "
        "spec that holds a `theme.toml`.",
    ),
    "RR551": Explanation(
        "a theme cannot be read",
        "Its `theme.toml` is missing, is no TOML, inherits from itself, or holds colours that "
        "charts cannot tell apart: every colour must be `#rrggbb` in lower case and occur once.",
    ),
    "RR560": Explanation(
        "the site engine failed",
        "MkDocs stopped or warned while it turned the pages into a site. Nothing was published. "
        "Pages are written by runreport, so this is a bug of runreport's, or a version of MkDocs "
        "or Material that it was not tested with.",
    ),
    "RR561": Explanation(
        "two pages of one name",
        "File names of pages come from the titles in the spec. Two of them are equal once letters "
        "and digits alone are left; change one title.",
    ),
    "RR562": Explanation(
        "a page is large",
        "Pages above 2 MB load slowly and strain a phone. Show fewer runs (`limit`), or spread the "
        "sections over more pages.",
    ),
    # --- RR6xx: publishing ------------------------------------------------------------------
    "RR601": Explanation(
        "the output folder is not ours",
        "A build replaces its output folder as a whole. It refuses to replace a folder that it did "
        "not write, unless `--force` says so.",
    ),
    "RR602": Explanation(
        "the site cannot be written",
        "The disk is full, the folder is read-only, or it belongs to someone else. The site that "
        "was published before is untouched.",
    ),
    "RR610": Explanation(
        "another build is at work",
        "Two builds into one folder would mix. The lock is released when the other process ends, "
        "however it ends; the lock file itself stays and means nothing.",
    ),
    "RR650": Explanation(
        "an unsafe page",
        "Before publishing, every page is parsed as a browser would parse it. This one holds an "
        "element, attribute, script or address that runreport never writes, so something in the "
        "data or in a theme got where it must not be. Nothing was published.",
    ),
    "RR651": Explanation(
        "a secret would be published",
        "A page holds what looks like a password, a token or a private key. Values from runs are "
        "replaced while they are read, so this one stands in the spec, in a title or in a file "
        "name. If it is no secret, name its param or tag under `allow_secrets`.",
    ),
    # --- RR9xx: a bug of ours ---------------------------------------------------------------
    "RR901": Explanation(
        "an unexpected exception",
        "runreport met a situation its authors did not foresee. Nothing was published; the site "
        "that was there before is untouched. Please report it with the trace that "
        "`--traceback` prints.",
    ),
}
