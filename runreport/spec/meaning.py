"""What the names of an expression stand for, and what is wrong when they stand for nothing."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

from runreport.design import Design, Metric
from runreport.errors import Problem, SpecError
from runreport.spec import names as known
from runreport.spec.grammar import OF_METRIC, REDUCERS, parse_tree
from runreport.spec.names import Names, qualified, since_time
from runreport.spec.nodes import (
    Call,
    Comparison,
    Constant,
    Family,
    Locate,
    Many,
    Name,
    Node,
    children,
)

MAX_PROBLEMS = 20
"""Of one expression; each costs a search for the nearest name."""
MAX_SPELLING = 200
"""Characters of something like `val/f1` that are compared with names."""

_KINDS: dict[Family, str] = {
    "run": "an attribute",
    "params": "a param",
    "metrics": "a metric",
    "tags": "a tag",
}
_BARE: tuple[Family, ...] = ("run", "params", "metrics")
_END = re.compile(r"[\s()\[\]{},\"'<>=!+*%]")
"""What cannot be inside a name that was written without quotes."""


@dataclass(frozen=True, slots=True)
class Target:
    """What a name stands for."""

    family: Family
    name: str

    @property
    def written(self) -> str:
        """The form that means this and nothing else."""
        return qualified(self.family, self.name)


def held(family: Family, names: Names) -> frozenset[str]:
    """The names of one family."""
    return {
        "run": names.attributes,
        "params": names.params,
        "metrics": names.known_metrics,
        "tags": names.tags,
    }[family]


def candidates(name: Name, names: Names) -> tuple[Target, ...]:
    """Everything that a name may stand for: attribute first, then param, then metric.

    `params.lr` is the param `lr`; a param that is itself called `params.lr` is a candidate too.
    """
    found = []
    if name.family is not None and name.name in held(name.family, names):
        found.append(Target(name.family, name.name))
    if name.dotted:
        found += [Target(f, name.full) for f in _BARE if name.full in held(f, names)]
    return tuple(found)


def resolve(name: Name, names: Names) -> Target | None:
    """What a name stands for; the first candidate where several are."""
    found = candidates(name, names)
    if found:
        return found[0]
    return None if name.family is None else Target(name.family, name.name)


def metric_candidates(name: Name, names: Names) -> tuple[str, ...]:
    """The metrics a name may stand for where only a metric can."""
    return tuple(t.name for t in candidates(name, names) if t.family == "metrics")


def metric_name(node: Node, names: Names) -> str | None:
    """The metric that an argument names."""
    if not isinstance(node, Name):
        return None
    found = metric_candidates(node, names)
    if found:
        return found[0]
    return node.name if node.family in (None, "metrics") else None


@lru_cache(maxsize=512)
def reducer(metric: Metric) -> Node | None:
    """How a declared metric reads a run, in logged units; None when its text cannot be read."""
    if metric.value in REDUCERS:
        name = Name(metric.name, "metrics", (0, 0))
        return Call(metric.value, (name,), (0, 0))
    try:
        return parse_tree(metric.value, lambda _start, _length: None)
    except SpecError:
        return None


def last_of(metric: Metric, names: Names) -> str | None:
    """The logged metric whose last value a declared one is; None when it is anything else."""
    tree = reducer(metric)
    if isinstance(tree, Call) and tree.function == "last":
        return metric_name(tree.arguments[0], names.logged)
    if isinstance(tree, Name):
        target = resolve(tree, names.logged)
        return target.name if target is not None and target.family == "metrics" else None
    return None


def read_by(metric: Metric, names: Names) -> frozenset[str]:
    """The logged metrics whose values a declared one is made of; not those that pick a step."""
    tree = reducer(metric)
    return frozenset() if tree is None else read_from(tree, names.logged)


def read_from(node: Node, names: Names) -> frozenset[str]:
    """The metrics whose values an expression is made of, as it names them."""
    return frozenset(_read(node, names))


def _read(node: Node, names: Names) -> Iterator[str]:
    match node:
        case Name():
            target = resolve(node, names)
            if target is not None and target.family == "metrics":
                yield target.name
        case Call(function="has" | "count" | "last_step" | "step_above" | "step_below"):
            return
        case Call(function="at", other=other) if other is not None:
            if (name := metric_name(other, names)) is not None:
                yield name
        case Call(function="at" | "at_step" | "last" | "first" | "min" | "max" | "mean"):
            if (name := metric_name(node.arguments[0], names)) is not None:
                yield name
        case _:
            for child in children(node):
                yield from _read(child, names)


def histories(node: Node, names: Names, design: Design) -> frozenset[str]:
    """Logged metrics whose raw points the expression reduces."""
    return frozenset(_histories(node, names, design))


def _histories(node: Node, names: Names, design: Design) -> Iterator[str]:
    match node:
        case Name():
            target = resolve(node, names)
            if target is not None and target.family == "metrics":
                yield from _of_declared(target.name, names, design)
        case Call(function="baseline", arguments=arguments):
            yield from _of_declared(metric_name(arguments[0], names) or "", names, design)
        case Call(function=function, arguments=arguments, other=other):
            if function == "at" and isinstance(arguments[0], Call):
                pointed = (*arguments[0].arguments, *(() if other is None else (other,)))
                yield from (m for node in pointed if (m := metric_name(node, names)) is not None)
            elif function in OF_METRIC:
                name = metric_name(arguments[0], names)
                if function not in ("last", "last_step") and name is not None:
                    yield name
            else:
                for argument in arguments:
                    yield from _histories(argument, names, design)
        case _:
            for child in children(node):
                yield from _histories(child, names, design)


def _of_declared(name: str, names: Names, design: Design) -> Iterator[str]:
    metric = design.metric(name)
    tree = reducer(metric) if metric.declared else None
    if tree is not None:
        yield from _histories(tree, names, Design())


def problems(tree: Node, text: str, names: Names, design: Design, locate: Locate) -> list[Problem]:
    """Names that stand for nothing or for several things, and questions that have no answer."""
    if not (names.runs or names.params or names.metrics or names.tags):
        # a store without runs says nothing about names
        return []
    found: list[Problem] = []
    for problem in _Checker(text, names, design, locate).node(tree):
        if problem not in found:
            found.append(problem)
        if len(found) == MAX_PROBLEMS:
            break
    return found


class _Checker:
    """The second pass over one expression."""

    def __init__(self, text: str, names: Names, design: Design, locate: Locate) -> None:
        self._text = text
        self._names = names
        self._design = design
        self._locate = locate
        self._said: set[int] = set()
        """Offsets of the text that a problem covers already."""

    def node(self, node: Node) -> Iterator[Problem]:
        match node:
            case Name():
                yield from self._name(node)
            case Comparison():
                yield from self._comparison(node)
            case Call(function="has"):
                # asking for what no run has is a question with an answer
                yield from (replace(p, severity="warning") for p in self.node(node.arguments[0]))
            case Call(function="at", arguments=(Call() as inner,), other=other):
                yield from self._metric(inner.arguments[0], inner.function)
                if other is not None:
                    yield from self._metric(other, "at")
            case Call(function=function) if function in (*OF_METRIC, "baseline"):
                yield from self._metric(node.arguments[0], function)
            case _:
                for child in children(node):
                    yield from self.node(child)

    def _name(self, name: Name, *, quotable: bool = False) -> Iterator[Problem]:
        found = candidates(name, self._names)
        if len(found) > 1:
            yield self._ambiguous(name, found)
        elif not found and not self._said.intersection(range(*_reach(name.at))):
            yield self._spelled(name) or self._unknown(name, quotable)

    def _ambiguous(self, name: Name, found: tuple[Target, ...]) -> Problem:
        # a param may be called `params.lr`; only brackets tell it from the param `lr`
        quoted = name.family is not None
        kinds = [_KINDS[target.family] for target in found]
        if quoted:
            kinds = [f"{kind} called `{t.name}`" for kind, t in zip(kinds, found, strict=True)]
        message = f"`{name.full}` is {' and '.join(kinds)}"
        forms = " or ".join(qualified(t.family, t.name, quoted=quoted) for t in found)
        return Problem("RR201", message, self._locate(*name.at), f"write {forms}")

    def _unknown(self, name: Name, quotable: bool) -> Problem:
        if name.family is None:
            message = f"there is no attribute, param or metric `{name.name}`"
            hint = self._hint(name.name, _BARE, quotable)
        else:
            message = {
                "run": f"a run has no attribute `{name.name}`",
                "params": f"no run has a param `{name.name}`",
                "metrics": f"no run logged a metric `{name.name}`",
                "tags": f"no run has a tag `{name.name}`",
            }[name.family]
            hint = self._hint(name.name, (name.family,), False)
        return Problem("RR200", message, self._locate(*name.at), hint)

    def _hint(self, name: str, families: tuple[Family, ...], quotable: bool) -> str:
        elsewhere = [f for f in _KINDS if f not in families and name in held(f, self._names)]
        if elsewhere:
            target = Target(elsewhere[0], name)
            return f"there is {_KINDS[target.family]} of that name: write {target.written}"
        every = frozenset[str]().union(*(held(family, self._names) for family in families))
        near = known.nearest(name, every)
        if near is not None:
            return f"did you mean '{self._shown(near, families)}'?"
        if name.lower() in ("nan", "null", "none", "na"):
            return "a missing value compares with nothing; ask with `has(x)` or `not has(x)`"
        if quotable:
            return f'a text stands in quotes: "{name}"'
        return known.suggestion(name, every)

    def _shown(self, name: str, families: tuple[Family, ...]) -> str:
        """A known name as it would be written in place of the unknown one."""
        form = next(Target(f, name).written for f in families if name in held(f, self._names))
        return name if form.endswith(f".{name}") else form

    def _spelled(self, name: Name) -> Problem | None:
        """`val/f1` was meant as one name, and is read as a division."""
        start, stop = _reach(name.at)
        while start > 0 and not _END.match(self._text[start - 1]):
            start -= 1
        while stop < len(self._text) and not _END.match(self._text[stop]):
            stop += 1
        token = self._text[start:stop]
        if name.family is not None or stop - start == name.at[1] or len(token) > MAX_SPELLING:
            return None
        families: tuple[Family, ...] = ("metrics", "params", "tags")
        edges = [start, *(start + m.start() for m in re.finditer(r"[/-]", token)), stop]
        firsts = [edge if edge == start else edge + 1 for edge in edges]
        spans = [(a, b) for a in firsts for b in edges if a <= name.at[0] and b >= sum(name.at)]
        for a, b in sorted(spans, key=lambda span: span[0] - span[1]):
            part = self._text[a:b]
            if forms := [Target(f, part).written for f in families if part in held(f, self._names)]:
                return self._misread(a, b, f"write {' or '.join(forms)}")
        every = frozenset[str]().union(*(held(family, self._names) for family in families))
        near = known.nearest(token, every, cutoff=0.75)
        if near is None:
            return None
        form = next(Target(f, near).written for f in families if near in held(f, self._names))
        return self._misread(start, stop, f"did you mean {form}?")

    def _misread(self, start: int, stop: int, hint: str) -> Problem:
        part = self._text[start:stop]
        what = "a division" if "/" in part else "a subtraction"
        self._said.update(range(start, stop))
        message = f"`{part}` is read as {what}, not as one name"
        return Problem("RR202", message, self._locate(start, stop - start), hint)

    def _metric(self, node: Node, function: str) -> Iterator[Problem]:
        if not isinstance(node, Name):
            inner = list(self.node(node))
            message = f"`{function}` reduces one metric, not an expression"
            yield from inner or [Problem("RR204", message, self._locate(*node.at))]
            return
        found = metric_candidates(node, self._names)
        if len(found) > 1:
            yield self._ambiguous(node, tuple(Target("metrics", name) for name in found))
        elif found:
            yield from self._reducible(node, found[0], function)
        elif other := candidates(node, self._names):
            message = f"`{node.full}` is {_KINDS[other[0].family]}; `{function}` takes a metric"
            yield Problem("RR204", message, self._locate(*node.at))
        elif not self._said.intersection(range(*_reach(node.at))):
            as_metric = replace(node, family="metrics") if node.family is None else node
            yield self._spelled(node) or self._unknown(as_metric, False)

    def _reducible(self, node: Name, name: str, function: str) -> Iterator[Problem]:
        metric = self._design.metric(name)
        computed = metric.declared and metric.value not in REDUCERS
        if computed and name not in self._names.metrics and function != "baseline":
            message = f"`{name}` is declared by an expression and has no points of its own"
            hint = f"write `{name}` alone, or reduce what was logged: it is {metric.value}"
            yield Problem("RR203", message, self._locate(*node.at), hint)

    def _comparison(self, node: Comparison) -> Iterator[Problem]:
        sides = children(node)
        yield from self.node(node.first)
        for operator, side in node.rest:
            for part in side.items if isinstance(side, Many) else (side,):
                if isinstance(part, Name):
                    quotable = operator in ("==", "!=", "in", "not in")
                    yield from self._name(part, quotable=quotable)
                else:
                    yield from self.node(part)
        for left, right in itertools.pairwise(sides):
            for time, moment in ((left, right), (right, left)):
                if isinstance(time, Name) and self._is_time(time):
                    items = moment.items if isinstance(moment, Many) else (moment,)
                    yield from (p for item in items for p in self._moment(item))

    def _is_time(self, name: Name) -> bool:
        target = resolve(name, self._names)
        return target is not None and target in (Target("run", "started"), Target("run", "ended"))

    def _moment(self, node: Node) -> Iterator[Problem]:
        if not isinstance(node, Constant):
            return
        text = node.value if isinstance(node.value, str) else None
        if text is None or since_time(text, known.ANY_TIME) is None:
            message = "a time compares with a date or a length of time in quotes"
            yield Problem("RR116", message, self._locate(*node.at), 'as in "2026-01-31" or "7d"')


def _reach(at: tuple[int, int]) -> tuple[int, int]:
    return at[0], at[0] + at[1]
