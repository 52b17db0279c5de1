"""What exists: name -> value, alphabetical. One more of anything is one line here."""

from __future__ import annotations

from collections.abc import Mapping

from runreport.kinds import AnySection, AnySource
from runreport.sections import bars, distribution, history, parallel, scatter
from runreport.sources import mlflow

SOURCES: Mapping[str, AnySource] = {
    "mlflow": mlflow.SOURCE,
}
SECTIONS: Mapping[str, AnySection] = {
    "bars": bars.SECTION,
    "distribution": distribution.SECTION,
    "history": history.SECTION,
    "parallel": parallel.SECTION,
    "scatter": scatter.SECTION,
}
