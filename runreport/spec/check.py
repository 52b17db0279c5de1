"""The meaning pass: every name of a spec against what the stores hold."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from itertools import chain, islice
from typing import Any

from runreport.design import Design
from runreport.errors import Problem
from runreport.spec.combinations import separated
from runreport.spec.expressions import Expression
from runreport.spec.families import expand, is_family, members
from runreport.spec.load import in_order
from runreport.spec.model import Mention, Spec
from runreport.spec.names import Names, suggestion
from runreport.spec.shape import cut

MAX_PROBLEMS = 100
"""A spec with more wrong names is the spec of another store."""


def check_names(spec: Spec, names: Names) -> list[Problem]:
    """Names that no run has, as problems with places, in the order of the text.

    A store without runs says nothing about names, so nothing is said about them either.
    """
    if not (names.runs or names.params or names.metrics or names.tags):
        return []
    expanded = expand(spec, names.metrics)
    design = Design(metrics=tuple(metric for metric, _ in expanded.metrics))
    names = replace(names, declared=frozenset(metric.name for metric in design.metrics))
    every = chain(
        _declared(spec, names),
        (p for mention in spec.mentions for p in _mentioned(mention, names)),
        (p for e in expressions(spec) for p in e.problems(names, design)),
        # a reducer reads what was logged: the metric it defines is no name inside it
        (p for e in spec.values.values() for p in e.problems(names.logged, Design())),
        _too_early(spec),
        separated(spec, names),
    )
    # each costs a search for the nearest name
    found = list(islice(every, MAX_PROBLEMS))
    files = [str(spec.path), *dict.fromkeys(p.span.file for p in found if p.span is not None)]
    return list(in_order(found, files))


def expressions(spec: Spec) -> Iterator[Expression]:
    """Every expression over runs that the author wrote; reducers of metrics apart."""
    yield from _before_groups(spec)
    yield from _inside(spec.gates)
    for page in spec.pages:
        for entry in page.sections:
            yield from _inside(entry.options)


def _before_groups(spec: Spec) -> Iterator[Expression]:
    """Expressions that decide which runs are compared, and in which groups."""
    grouping = spec.groups
    if spec.runs.where is not None:
        yield spec.runs.where
    yield from spec.runs.sort
    yield from grouping.by
    yield from grouping.columns.values()
    if grouping.baseline is not None:
        yield grouping.baseline


def _too_early(spec: Spec) -> Iterator[Problem]:
    """Uses of the baseline's mean where no group exists yet."""
    for expression in (*_before_groups(spec), *spec.values.values()):
        if expression.calls("baseline"):
            message = "`baseline(...)` is not known before runs are selected and grouped"
            hint = "use it in a column: runs: {columns: [val_loss - baseline(val_loss)]}"
            yield Problem("RR215", message, expression.span, hint)


def _inside(value: Any) -> Iterator[Expression]:
    if isinstance(value, Expression):
        yield value
    elif is_dataclass(value):
        for field in fields(value):
            yield from _inside(getattr(value, field.name))
    elif isinstance(value, tuple):
        for item in value:
            yield from _inside(item)


def _declared(spec: Spec, names: Names) -> Iterator[Problem]:
    """Declared metrics that no run logged."""
    for metric, span in spec.metrics:
        if metric.name in names.metrics or metric.name in spec.values:
            continue
        if is_family(metric.name):
            if not members(metric.name, names.metrics):
                message = f"no run logged a metric of the form `{metric.name}`"
                hint = suggestion(metric.name, names.metrics)
                yield Problem("RR213", message, span, hint, "warning")
        elif names.metrics:
            message = f"no run logged the declared metric '{cut(metric.name)}'"
            yield Problem("RR213", message, span, suggestion(metric.name, names.metrics))
        else:
            # nothing was logged yet: no reason to suspect the name
            message = f"no run logged any metric, so not '{metric.name}' either"
            yield Problem("RR213", message, span, severity="warning")


def _mentioned(mention: Mention, names: Names) -> Iterator[Problem]:
    """A metric or param that an option names and that no run has."""
    if mention.kind == "metric" and mention.name not in names.known_metrics:
        message = f"no run logged a metric '{cut(mention.name)}'"
        hint = suggestion(mention.name, names.known_metrics)
        if mention.name in names.params:
            hint = "that is a param; a metric is expected here"
        elif "(" in mention.name:
            hint = "declare it: metrics: {best: {value: max(accuracy)}}, and name it here"
        elif is_family(mention.name):
            hint = "declare the family under `metrics`, and name one of its metrics here"
        yield Problem("RR211", message, mention.span, hint)
    if mention.kind == "family":
        form = mention.name if is_family(mention.name) else f"{mention.name.rstrip('/')}/*"
        if not members(form, names.known_metrics):
            message = f"no run logged a metric of the form `{cut(form)}`"
            hint = "the `*` stands for the segment, as in val/f1/*"
            yield Problem("RR211", message, mention.span, hint)
    if mention.kind == "param" and mention.name not in names.params:
        message = f"no run has a param '{cut(mention.name)}'"
        hint = suggestion(mention.name, names.params)
        if mention.name in names.metrics:
            hint = "that is a metric; a param is expected here"
        yield Problem("RR212", message, mention.span, hint)
