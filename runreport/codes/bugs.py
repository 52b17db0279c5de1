"""RR9xx: mistakes of this package."""

from __future__ import annotations

from runreport.codes.explanation import Explanation

CODES: dict[str, Explanation] = {
    "RR901": Explanation(
        "an unexpected exception",
        "runreport met a situation its authors did not foresee. Nothing was published; the site "
        "that was there before is untouched. Please report it with the trace that "
        "`--traceback` prints.",
    ),
}
