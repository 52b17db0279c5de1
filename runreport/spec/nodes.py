"""What an expression's text is read into."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from runreport.errors import Span

Family = Literal["params", "tags", "metrics", "run"]
FAMILIES: tuple[Family, ...] = ("params", "tags", "metrics", "run")
Locate = Callable[[int, int], Span | None]
"""Offset and length in the text to a place in the file."""


@dataclass(frozen=True, slots=True)
class Constant:
    """A number, a text, true or false."""

    value: float | str | bool
    at: tuple[int, int]
    """Offset and length in the expression's text; so in every node."""


@dataclass(frozen=True, slots=True)
class Name:
    """`status`, `params.a.b`, `metrics["val/f1"]`."""

    name: str
    """Without the family."""
    family: Family | None
    at: tuple[int, int]
    dotted: bool = False
    """Written with dots: the family may be part of the name instead."""

    @property
    def full(self) -> str:
        return f"{self.family}.{self.name}" if self.family else self.name


@dataclass(frozen=True, slots=True)
class Call:
    """`max(val_accuracy)`, `at(min(val_loss)).val_accuracy`."""

    function: str
    arguments: tuple[Node, ...]
    at: tuple[int, int]
    other: Name | None = None
    """The metric read where `at(...)` points."""


@dataclass(frozen=True, slots=True)
class Many:
    """A list, right of `in`."""

    items: tuple[Node, ...]
    at: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Operation:
    """`and or not + - * /`."""

    operator: str
    operands: tuple[Node, ...]
    at: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Comparison:
    """`a < b <= c`."""

    first: Node
    rest: tuple[tuple[str, Node], ...]
    at: tuple[int, int]


Node = Constant | Name | Call | Many | Operation | Comparison


def children(node: Node) -> tuple[Node, ...]:
    """The parts of a node, in the order of the text."""
    match node:
        case Call(arguments=arguments, other=other):
            return (*arguments, *(() if other is None else (other,)))
        case Many(items=items):
            return items
        case Operation(operands=operands):
            return operands
        case Comparison(first=first, rest=rest):
            return (first, *(right for _, right in rest))
    return ()
