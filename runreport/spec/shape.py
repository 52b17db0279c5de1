"""From marked YAML to typed values: a walk along the annotations of frozen dataclasses.

Every problem is kept with its place and the walk goes on, so that one reading finds all of them.
What is wrong falls back to its default; only a required value that is missing or wrong makes the
value around it unusable.
"""

from __future__ import annotations

import math
import types
import typing
from collections.abc import Iterable, Mapping
from dataclasses import MISSING, Field, dataclass, fields, is_dataclass, replace
from functools import cache
from types import MappingProxyType
from typing import Any, Literal

from runreport.errors import Problem, Span, SpecError
from runreport.spec.expressions import Expression, parse
from runreport.spec.limits import Form
from runreport.spec.marked import Marked, plain_scalar
from runreport.spec.model import Mention
from runreport.spec.names import nearest, suggestion

LONGEST = 60
"""Characters of a found value that a message repeats."""

MANY = 20
"""Unknown keys of one mapping that are named one by one."""


class Unusable(Exception):  # noqa: N818  control flow of the walk; the problem is already kept
    """A value could not be read."""


@dataclass(frozen=True, slots=True)
class Kind:
    """An annotation, taken apart."""

    type: Any
    """Without `Annotated` and without `None`."""
    optional: bool
    notes: tuple[Any, ...]
    """What `Annotated` adds."""


@cache
def hints(cls: type) -> Mapping[str, Any]:
    """Field name to resolved annotation."""
    return typing.get_type_hints(cls, include_extras=True)


def kind_of(annotation: Any) -> Kind:
    """The annotation without its wrappers."""
    notes: tuple[Any, ...] = ()
    optional = False
    while True:
        if typing.get_origin(annotation) is typing.Annotated:
            annotation, *more = typing.get_args(annotation)
            notes = (*notes, *more)
            continue
        if typing.get_origin(annotation) in (typing.Union, types.UnionType):
            members = typing.get_args(annotation)
            rest = tuple(member for member in members if member is not type(None))
            optional = optional or len(rest) < len(members)
            if len(rest) == 1:
                annotation = rest[0]
                continue
            annotation = typing.Union[rest]  # noqa: UP007  built from a tuple
        if hasattr(annotation, "__supertype__"):
            annotation = annotation.__supertype__
            continue
        return Kind(annotation, optional, notes)


def required(field: Field[Any]) -> bool:
    """Whether the author must write it."""
    return field.default is MISSING and field.default_factory is MISSING


def found(node: Marked) -> str:
    """What stands in the spec, for `expected ..., found ...`."""
    value = node.value
    if value is None:
        return "nothing"
    if node.loose:
        # it may be a secret, and messages end in logs
        return "a text from the environment"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f"the text '{cut(value)}'"
    if isinstance(value, int | float):
        return f"the number {cut(node.raw if node.raw is not None else str(value))}"
    return "a list" if isinstance(value, tuple) else "a mapping"


def cut(text: str) -> str:
    """The text, short enough for a message."""
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}\u2026"


class Shaper:
    """Reads values and gathers what is wrong with them."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self.mentions: list[Mention] = []
        self.broken: set[Span] = set()
        """Places of values whose variables could not be filled in: that was said already."""

    def say(
        self,
        code: str,
        message: str,
        span: Span,
        hint: str | None = None,
        severity: Literal["error", "warning"] = "error",
    ) -> None:
        """Keep a problem."""
        self.problems.append(Problem(code, message, span, hint, severity))

    def wrong(self, node: Marked, expected: str, hint: str | None = None) -> Unusable:
        """Keep the problem of a value of the wrong type."""
        self.say("RR109", f"expected {expected}, found {found(node)}", node.span, hint)
        return Unusable()

    # ---- mappings ---------------------------------------------------------------------------

    def mapping(self, node: Marked, expected: str) -> Mapping[str, Marked]:
        """The node as a mapping."""
        if node.mapping is None:
            raise self.wrong(node, expected)
        return node.mapping

    def known_keys(
        self,
        node: Marked,
        known: Iterable[str],
        where: str,
        homes: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        """Keep a problem for every key that is not known; `homes` says where some belong."""
        names = list(known)
        unknown = [(key, span) for key, span in node.keys.items() if key not in names]
        for key, span in unknown[:MANY]:
            message = f"unknown key '{cut(key)}' in {where}"
            home = homes.get(key)
            hint = f"'{key}' belongs under {home}" if home else suggestion(key, names)
            self.say("RR102", message, span, hint)
        if len(unknown) > MANY:
            message = f"{len(unknown) - MANY} more unknown keys in {where}"
            self.say("RR102", message, unknown[MANY][1])

    def record(
        self,
        cls: type,
        node: Marked,
        where: str,
        *,
        skip: Iterable[str] = (),
        also: Iterable[str] = (),
        **given: Any,
    ) -> Any:
        """A dataclass from a mapping.

        Args:
            cls: a frozen dataclass; its fields are the keys.
            node: the mapping.
            where: what it is called in messages: "`runs`".
            skip: keys of the mapping that someone else reads.
            also: further names for the hint at an unknown key.
            given: values of fields that are not read from the mapping.

        Raises:
            Unusable: a required field is missing or unusable.
        """
        own = {field.name: field for field in fields(cls) if field.name not in given}
        known = [*own, *also]
        shown = ", ".join(known[:6]) + (", \u2026" if len(known) > 6 else "")
        entries = self.mapping(node, f"a mapping ({shown})" if known else "no options")
        self.known_keys(node, [*known, *skip], where)
        values: dict[str, Any] = dict(given)
        usable = True
        for name, field in own.items():
            if name not in entries:
                if required(field):
                    self.say("RR108", f"{where} needs '{name}'", node.span)
                    usable = False
                continue
            try:
                kind = kind_of(hints(cls)[name])
                if entries[name].value is None and not kind.optional and not required(field):
                    continue
                values[name] = self.value(hints(cls)[name], entries[name])
            except Unusable:
                usable = usable and not required(field)
        if not usable:
            raise Unusable
        return cls(**values)

    # ---- values -----------------------------------------------------------------------------

    def value(self, annotation: Any, node: Marked) -> Any:
        """A value of the annotated type.

        Raises:
            Unusable: when it is something else; the problem is kept.
        """
        if node.span in self.broken:
            raise Unusable
        kind = kind_of(annotation)
        if node.value is None and kind.optional:
            return None
        for note in kind.notes:
            if isinstance(note, Form):
                return self._form(note, node)
        origin = typing.get_origin(kind.type)
        if origin is tuple:
            return self._items(typing.get_args(kind.type)[0], node)
        if origin is typing.Union:
            return self._either(typing.get_args(kind.type), node)
        if origin is Literal:
            return self._choice(typing.get_args(kind.type), node)
        if kind.type is Expression:
            return self.expression(node, condition="condition" in kind.notes)
        if is_dataclass(kind.type):
            return self.record(typing.cast(type, kind.type), node, "this mapping")
        return self._scalar(kind, node)

    def attempt(self, annotation: Any, node: Marked) -> Any:
        """A value of the annotated type, or None; the problem is kept."""
        try:
            return self.value(annotation, node)
        except Unusable:
            return None

    def _scalar(self, kind: Kind, node: Marked) -> Any:
        if kind.type is str:
            text = self.text(node)
            for note in kind.notes:
                if note in ("metric", "param"):
                    self.mentions.append(Mention(note, text, node.span))
            return text
        if node.loose and isinstance(node.value, str):
            node = replace(node, value=_from_environment(node.value))
        if kind.type is bool:
            if isinstance(node.value, bool):
                return node.value
            raise self.wrong(node, "true or false")
        if kind.type in (int, float):
            return self._number(kind, node)
        raise TypeError(f"no reader for {kind.type!r}")

    def text(self, node: Marked) -> str:
        """A text; numbers, dates and words of YAML must be quoted to be one."""
        if isinstance(node.value, str):
            return node.value
        hint = None
        if isinstance(node.value, int | float) and node.raw is not None:
            hint = f'put it in quotes: "{cut(node.raw)}"'
        raise self.wrong(node, "a text", hint)

    def _number(self, kind: Kind, node: Marked) -> float:
        value = node.value
        expected = "a whole number" if kind.type is int else "a number"
        limits = [note for note in kind.notes if hasattr(note, "holds")]
        if limits:
            expected = f"{expected} {limits[0].words}"
        whole = not isinstance(value, float) or value.is_integer()
        if (
            isinstance(value, bool)
            or not isinstance(value, int | float)
            or not math.isfinite(value)
            or (kind.type is int and not whole)
        ):
            quoted = isinstance(value, str) and isinstance(_from_environment(value), int | float)
            hint = "leave out the quotes" if quoted and node.raw else None
            raise self.wrong(node, expected, hint)
        if any(not limit.holds(value) for limit in limits):
            raise self.wrong(node, expected)
        return int(value) if kind.type is int else float(value)

    def _form(self, form: Form, node: Marked) -> Any:
        value = node.value
        written = value if isinstance(value, str) else node.raw
        if isinstance(value, bool) or not isinstance(value, str | int | float) or written is None:
            raise self.wrong(node, form.words, f"as in {form.example}")
        read = form.read(written)
        if read is None:
            message = f"expected {form.words}, found {found(node)}"
            self.say(form.code, message, node.span, f"as in {form.example}")
            raise Unusable
        return read

    def _items(self, item: Any, node: Marked) -> tuple[Any, ...]:
        if node.sequence is None:
            hint = None
            if node.mapping is None and node.value is not None and not node.loose:
                hint = f"write [{cut(node.raw or str(node.value))}]"
            raise self.wrong(node, "a list", hint)
        values = []
        for child in node.sequence:
            try:
                values.append(self.value(item, child))
            except Unusable:
                continue
        return tuple(values)

    def _choice(self, choices: tuple[Any, ...], node: Marked) -> Any:
        for choice in choices:
            if node.value == choice and isinstance(node.value, bool) == isinstance(choice, bool):
                return choice
        words = [str(choice) for choice in choices]
        shown = words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"
        near = nearest(node.value, words) if isinstance(node.value, str) else None
        hint = f"did you mean '{near}'?" if near else None
        self.say("RR110", f"expected {shown}, found {found(node)}", node.span, hint)
        raise Unusable

    def _either(self, members: tuple[Any, ...], node: Marked) -> Any:
        """The first member that reads the node without a problem."""
        least: list[Problem] | None = None
        for member in members:
            attempt = Shaper()
            try:
                value = attempt.value(member, node)
            except Unusable:
                value = None
            if not attempt.problems:
                self.mentions += attempt.mentions
                return value
            if least is None or _depth(attempt.problems, node) > _depth(least, node):
                least = attempt.problems
        if least is not None and _depth(least, node):
            self.problems += least
            raise Unusable
        raise self.wrong(node, " or ".join(_words(member) for member in members))

    def expression(
        self, node: Marked, *, sort: bool = False, condition: bool = False
    ) -> Expression:
        """An expression of the spec's language."""
        if not isinstance(node.value, str):
            if node.raw is None or not isinstance(node.value, bool | int | float):
                raise self.wrong(node, "an expression", 'as in status == "finished"')
            node = Marked(node.raw, node.span, raw=node.raw)
        if node.span in self.broken:
            raise Unusable
        try:
            return parse(node, sort=sort, condition=condition)
        except SpecError as error:
            self.problems += error.problems
            raise Unusable from None


def _from_environment(text: str) -> Any:
    try:
        return plain_scalar(text.strip())
    except OverflowError:
        return text


def _depth(problems: list[Problem], node: Marked) -> int:
    """How many problems lie inside the value rather than being about the value as such."""
    return sum(problem.span != node.span or problem.code != "RR109" for problem in problems)


def _words(annotation: Any) -> str:
    kind = kind_of(annotation)
    origin = typing.get_origin(kind.type)
    if origin is tuple:
        return "a list"
    if origin is Literal:
        return " or ".join(str(choice) for choice in typing.get_args(kind.type))
    if is_dataclass(kind.type) and kind.type is not Expression:
        return "a mapping"
    words: dict[Any, str] = {
        str: "a text",
        bool: "true or false",
        int: "a whole number",
        float: "a number",
        Expression: "an expression",
    }
    return words[kind.type]
