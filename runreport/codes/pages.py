"""RR5xx: drawing and rendering."""

from __future__ import annotations

from runreport.codes.explanation import Explanation

CODES: dict[str, Explanation] = {
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
    "RR563": Explanation(
        "a link leads nowhere",
        "Markdown of a text section, or of a run's note, links to a page that this report does not "
        "have. Pages are named after their titles in the spec, the first one is `index.html`; a "
        "page about a run is linked by naming the run in a table. The page was published all the "
        "same.",
    ),
}
