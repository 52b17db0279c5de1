"""What exists: name -> value, alphabetical. One more of anything is one line here."""

from __future__ import annotations

from collections.abc import Mapping

from runreport.kinds import AnySection, AnySource
from runreport.sections import bars, distribution, history, parallel, scatter

SOURCES: Mapping[str, AnySource] = {}
SECTIONS: Mapping[str, AnySection] = {
    "bars": bars.SECTION,
    "distribution": distribution.SECTION,
    "history": history.SECTION,
    "parallel": parallel.SECTION,
    "scatter": scatter.SECTION,
}
