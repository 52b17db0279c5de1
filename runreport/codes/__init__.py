"""What each code means, at length: `runreport explain RR102` prints it.

RR1xx text of the spec | RR2xx names that do not exist | RR3xx a source | RR4xx data unfit for the
question | RR5xx rendering | RR6xx publishing | RR9xx a bug of ours
"""

from __future__ import annotations

from runreport.codes import (
    bugs,
    designs,
    names,
    pages,
    publishing,
    questions,
    sources,
    text,
    trackers,
)
from runreport.codes.explanation import Explanation

CODES: dict[str, Explanation] = {
    code: explanation
    for part in (text, names, sources, trackers, questions, designs, pages, publishing, bugs)
    for code, explanation in part.CODES.items()
}
"""Every code, in order."""
