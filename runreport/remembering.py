"""What the site published before says, as an input of this build: earlier looks at these data, and
the figures that the decision was made on.

Equal data and an equal site before give equal bytes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from runreport import decisions, looks
from runreport.errors import Problem
from runreport.kinds import Context
from runreport.publish import earlier
from runreport.render import stated
from runreport.spec.model import Spec
from runreport.tables import Run


def remember(spec: Spec, context: Context, target: Path) -> Context:
    """The context with the looks at its data, this one included, and its decision filled in.

    A file that cannot be read is a note: counting starts again, and nothing is known to have
    changed.

    Raises:
        SpecError: RR430 for a cited verdict that the report does not reach.
    """
    known: tuple[looks.Look, ...] = ()
    published: Mapping[str, Any] | None = None
    problems = context.problems
    try:
        content = earlier.results(target, stated.NAME)
        if content is not None:
            if content.get("schema") != stated.SCHEMA:
                raise ValueError("it is of another version")
            known = looks.parse(content.get("looks", []))
            published = content
    except ValueError as error:
        message = f"earlier looks at these data are not known: {stated.NAME}: {error}"
        hint = "say how often you have looked: `comparison: {look: 3}`"
        problems = (*problems, Problem("RR445", message, None, hint, "note"))

    def compared(run: Run) -> looks.Items:
        declared = context.design.metrics
        if not declared:
            return looks.logged(run)
        return ((metric.name, context.value(run, metric).number) for metric in declared)

    everything = (*context.runs, *(item.run for item in context.excluded))
    now = looks.Look(
        number=1,
        runs=len(context.runs),
        digest=looks.digest(context.runs, compared),
        data=looks.digest(everything, looks.logged),
        time=context.now.isoformat(),
    )
    counted = looks.count(known, now)
    look = context.design.look or counted[-1].number
    design = replace(context.design, look=look)
    context = replace(context, looks=counted, design=design, problems=problems)
    return decisions.cited(spec, context, published)
