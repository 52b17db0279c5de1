"""Where a search stands: best so far and its noise, what more runs would bring, what was not tried.

It ends in advice: stop, widen a range, or continue, with the figures that led to it. Runs of any
source are a search when their params differ; runs that differ by a seed alone say how much of the
best is noise.

    - search: {metric: val_accuracy}
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from runreport.blocks import Block, Bullets, Note, Text
from runreport.design import MetricName, ParamName
from runreport.kinds import Context, Section
from runreport.sections import charting, searchwords, studies
from runreport.sections.searchcharts import curves
from runreport.sections.searchdata import Searched, searched
from runreport.sections.searchmaps import maps, tables
from runreport.sections.studies import Study


@dataclass(frozen=True, slots=True)
class Options:
    """What the author may write."""

    metric: MetricName | None = None
    """The metric searched for; the first primary metric when not given."""
    params: tuple[ParamName, ...] = ()
    """Params searched; by default all that tell configurations
    apart."""
    last: int | None = None
    """Configurations that the gain is counted over, back and ahead; by default a fifth."""
    noise: float | None = None
    """Standard deviation of a run, displayed units, where it is known from elsewhere; by default
    it is estimated from runs that differ by a seed alone."""
    limit: int = 2000
    """With more runs than this the latest ones are drawn."""


@dataclass(frozen=True, eq=False)
class SearchData:
    """A search so far."""

    study: Study
    found: Searched | None
    """None where the metric has no goal."""


def compute(context: Context, options: Options) -> SearchData | None:
    """Where the search stands; None without a metric."""
    design = context.design
    if options.metric is None and not design.primary:
        return None
    metric = design.metric(options.metric) if options.metric else design.primary[0]
    study = studies.studied(context, metric, options.params)
    if metric.goal is None:
        return SearchData(study, None)
    last = None if options.last is None else max(1, options.last)
    return SearchData(study, searched(study, design, metric.goal, noise=options.noise, last=last))


def present(data: SearchData | None, options: Options) -> tuple[Block, ...]:
    """Advice, figures, charts, then tables."""
    if data is None:
        why = "The report declares no metric and this section names none."
        return (Note("info", "No metric to search for", (Text((why,)),)),)
    name = charting.fit(data.study.metric.title)
    found = data.found
    if found is None:
        why = f"Declare a `goal` for {name}: without one no run is the best."
        return (
            Note("info", f"Whether more or less of {name} is better is not known", (Text((why,)),)),
        )
    if found.best is None:
        why = studies.failure_words(data.study) or "This report has no runs."
        return (Note("info", f"No search for {name} yet", (Text((why,)),)),)
    advice = searchwords.advise(found)
    kind: Literal["success", "info"] = "success" if advice.verdict == "stop" else "info"
    blocks: list[Block] = [
        Note(kind, advice.title, (Bullets(tuple((said,) for said in advice.reasons if said)),)),
        searchwords.facts(found),
        *(Text((said,)) for said in searchwords.basis(found)),
        *curves(found, max(1, options.limit)),
        *maps(found),
        *tables(found),
        searchwords.workings(found),
    ]
    return tuple(blocks)


def record(data: SearchData | None) -> dict[str, Any]:
    """What the page says, as data."""
    if data is None or data.found is None:
        return {}
    found = data.found
    if found.best is None:
        return {"metric": found.metric.name, "configurations": 0, "runs": len(data.study.runs)}
    advice = searchwords.advise(found)
    return {
        "metric": found.metric.name,
        "goal": found.goal,
        "configurations": found.n,
        "runs": len(data.study.runs),
        "unit_of_replication": "configuration",
        "verdict": advice.verdict,
        "words": advice.title,
        "reasons": list(advice.reasons),
        "best": found.best,
        "best_configuration": studies.configuration_words(data.study, found.best.cell, 50),
        "noise_floor": found.floor,
        "noise_declared": found.declared_noise,
        "last": found.last,
        "last_gain": found.last_gain,
        "ahead": found.ahead,
        "trend": found.trend,
        "tolerance": found.tolerance,
        "tolerance_is": found.tolerance_is,
        "edges": list(found.edges),
        "regions": list(found.regions),
        "combinations": found.combinations,
        "discrepancy": found.discrepancy,
        "repeated_runs": sum(repeat.again for repeat in found.repeats),
        "failures": dict(data.study.failures),
        "left_out": list(data.study.left_out),
        "not_looked_at": list(data.study.rare),
    }


SECTION = Section(
    name="search",
    options=Options,
    compute=compute,
    present=present,
    title="State of the search",
    record=record,
    short="metric",
)
