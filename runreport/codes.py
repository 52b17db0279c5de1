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
    # --- RR6xx: publishing ------------------------------------------------------------------
    # --- RR9xx: a bug of ours ---------------------------------------------------------------
    "RR901": Explanation(
        "an unexpected exception",
        "runreport met a situation its authors did not foresee. Nothing was published; the site "
        "that was there before is untouched. Please report it with the trace that "
        "`--traceback` prints.",
    ),
}
