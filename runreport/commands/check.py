"""`runreport check`: everything that is wrong with a spec, without building."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from runreport.commands.messages import FORMATS, Format, show_problems
from runreport.errors import Problem, SourceError, SpecError

if TYPE_CHECKING:
    from runreport.spec.load import Loaded
    from runreport.spec.model import Spec
    from runreport.spec.names import Names
    from runreport.tables import Run
    from runreport.understand import Facts


@click.command(name="check")
@click.argument("spec", type=click.Path(path_type=Path), default="runreport.yaml")
@click.option("--set", "sets", multiple=True, metavar="PATH=VALUE", help="Replace a value.")
@click.option("--profile", help="Use a profile of the spec.")
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMATS),
    default="text",
    show_default=True,
    help="For people, for annotations of a GitHub workflow, or for programs.",
)
def command(spec: Path, sets: tuple[str, ...], profile: str | None, form: Format) -> int:
    """Check SPEC without building it (default: runreport.yaml).

    Reads its text and what its stores hold, and names everything that is wrong at once. Exits
    with 2 when the spec is wrong, with 3 when only a source cannot be read.
    """
    found = check(spec, sets, profile, os.environ)
    show_problems(found.problems, form)
    errors = [problem for problem in found.problems if problem.severity == "error"]
    if form == "text" and found.summary and not errors:
        fine = "" if found.problems else "; nothing is wrong"
        click.echo(f"{spec}: {found.summary}{fine}")
    if any(not problem.code.startswith("RR3") for problem in errors):
        return SpecError.exit_code
    return SourceError.exit_code if errors else 0


@dataclass(frozen=True, slots=True)
class Found:
    """What a check found."""

    problems: Sequence[Problem]
    summary: str = ""
    """One line about what the spec selects."""


def check(
    path: Path, sets: tuple[str, ...], profile: str | None, environ: Mapping[str, str]
) -> Found:
    """All problems of a spec, or what it selects."""
    from runreport import registry
    from runreport.spec.load import in_order, read_spec
    from runreport.understand import read

    try:
        loaded = read_spec(
            path,
            sections=registry.SECTIONS,
            sources=registry.SOURCES,
            sets=sets,
            profile=profile,
            environ=environ,
        )
    except SpecError as error:
        return Found(error.problems)
    if not loaded.spec.sources:
        return Found(loaded.problems)
    try:
        facts = read(loaded.spec, environ)
    except SourceError as error:
        return Found([*loaded.problems, *error.problems])
    # what one store lacks another may have: names are checked when all of them are known
    meaning = _meaning(loaded, facts, environ) if loaded.complete else Found([])
    problems = in_order([*loaded.problems, *meaning.problems], loaded.names)
    return Found([*problems, *facts.tables.problems], meaning.summary)


def _meaning(loaded: Loaded, facts: Facts, environ: Mapping[str, str]) -> Found:
    """Names against the stores, then the selection and its baseline where they can be known."""
    from runreport.design import Design
    from runreport.spec.check import check_names
    from runreport.spec.expressions import Names
    from runreport.spec.families import expand
    from runreport.understand import design_of

    rows = facts.tables.rows
    spec = expand(loaded.spec, Names.of(rows, Design()).metrics)
    names = Names.of(rows, design_of(spec))
    problems = check_names(loaded.spec, names)
    if loaded.errors or any(problem.severity == "error" for problem in problems):
        return Found(problems)
    more = _selection(spec, rows, names, environ)
    return Found([*problems, *more.problems], more.summary)


def _selection(spec: Spec, rows: Sequence[Run], names: Names, environ: Mapping[str, str]) -> Found:
    """How many runs and groups there are; RR210 when the baseline is not one group."""
    from runreport.formats import count
    from runreport.gates.sides import problems_of
    from runreport.selection import group, report_time, select
    from runreport.spec.expressions import Scope
    from runreport.spec.gates import Sided
    from runreport.understand import design_of

    design = design_of(spec)
    grouping = spec.groups
    single = (spec.runs.where, *grouping.columns.values(), grouping.baseline)
    sided = [(gate.group, gate.against) for gate in spec.gates if isinstance(gate, Sided)]
    single = (*single, *(e for pair in sided for e in pair))
    asked = [*spec.runs.sort, *grouping.by, *(e for e in single if e is not None)]
    read = f"{count(len(rows), 'run')} read"
    if any(expression.histories(names, design) for expression in asked):
        # the points of whole histories are read by a build alone
        return Found([], read)
    now = report_time(rows, environ)
    scope = Scope(names, design, now=now)
    chosen = select(rows, spec.runs, lambda e, run: e.evaluate(run, scope), now)
    try:
        groups = group(chosen.runs, grouping, lambda e, run: e.evaluate(run, scope))
    except SpecError as error:
        return Found(error.problems)
    if wrong := problems_of(spec.gates, groups, lambda e, run: e.evaluate(run, scope)):
        return Found(wrong)
    if rows and not chosen.runs:
        where = spec.runs.where
        message = f"`runs` selects none of {count(len(rows), 'run')}"
        hint = "`runreport list` shows what there is"
        span = None if where is None else where.span
        return Found([Problem("RR214", message, span, hint, "warning")])
    selected = f"{len(chosen.runs)} selected, {count(len(groups), 'group')}"
    return Found([], f"{read}, {selected}")
