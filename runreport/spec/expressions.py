"""One language for filters, columns, labels and sort keys.

`grammar` reads the text, `meaning` matches its names with data, `evaluate` answers for one run.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache

from runreport.design import Design
from runreport.errors import Problem, Span, SpecError
from runreport.spec import evaluate as evaluation
from runreport.spec import meaning
from runreport.spec.evaluate import Scalar, truth
from runreport.spec.grammar import MAX_LENGTH, parse_tree
from runreport.spec.marked import Marked
from runreport.spec.names import Names, Scope
from runreport.spec.nodes import (
    Call,
    Comparison,
    Constant,
    Locate,
    Name,
    Node,
    Operation,
    children,
)
from runreport.tables import Run

__all__ = ["Expression", "Names", "Scalar", "Scope", "parse", "truth"]

MAX_HEADING = 200

_AS = re.compile(r"""\"(?:[^"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'|(?<![\w.])as(?!\w)""", re.DOTALL)
"""Texts in quotes, which are skipped, and the word `as`."""
_HEADING = re.compile(
    r"""\s*(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|([^\s"']+))\s*""", re.DOTALL
)


@dataclass(frozen=True, slots=True)
class Expression:
    """A parsed expression; one made from its text alone is parsed when it is first used."""

    text: str
    """Without a leading `-` and without its heading."""
    span: Span | None = None
    heading: str | None = None
    """From `... as heading`."""
    descending: bool = False
    """From a leading `-` in `sort`."""
    locate: Locate | None = field(default=None, compare=False, repr=False)
    """Offset and length in `text` to the exact place in the file."""

    @property
    def title(self) -> str:
        """What stands above its column: the heading, else the expression as written."""
        return self.heading or self.text

    @property
    def tree(self) -> Node:
        """What was parsed.

        Raises:
            SpecError: RR120-RR123 when the text is no expression.
        """
        return _parsed(self.text)

    def evaluate(self, run: Run, scope: Scope) -> Scalar:
        """Its value for one run; None when it is missing. Never raises."""
        tree = _tree_or_none(self.text)
        return None if tree is None else evaluation.evaluate(tree, run, scope)

    def histories(self, names: Names, design: Design) -> frozenset[str]:
        """Logged metrics whose raw points it reduces, beyond their last values."""
        tree = _tree_or_none(self.text)
        return frozenset() if tree is None else meaning.histories(tree, names, design)

    def problems(self, names: Names, design: Design) -> list[Problem]:
        """What is wrong with its names, given what the stores hold.

        An expression that stands in no file is a section's own: there an attribute such as `name`
        wins over a param that is called the same. In a spec, that is an error.
        """
        try:
            tree = self.tree
        except SpecError as error:
            return list(error.problems)
        found = meaning.problems(tree, self.text, names, design, self.place)
        written = self.span is not None or self.locate is not None
        return [problem for problem in found if written or problem.code != "RR201"]

    def place(self, start: int, length: int) -> Span | None:
        """Where a part of its text stands."""
        return self.span if self.locate is None else self.locate(start, length)

    def calls(self, function: str) -> bool:
        """Whether it calls a function, e.g. `baseline`, anywhere."""
        tree = _tree_or_none(self.text)
        return tree is not None and _calls(tree, function)


def parse(
    text: str | Marked,
    *,
    span: Span | None = None,
    locate: Locate | None = None,
    sort: bool = False,
    condition: bool = False,
) -> Expression:
    """An expression from what the author wrote, its names still to be matched with data.

    Args:
        text: e.g. `-max(val_accuracy) as best`; a marked text brings its own places.
        span: where the whole text stands.
        locate: offset and length in `text` to the place of a part.
        sort: a leading `-` means descending.
        condition: it must be something that holds or does not.

    Raises:
        SpecError: RR116, RR120-RR125.
    """
    if isinstance(text, Marked):
        span, locate, text = text.span, text.within, str(text.value)
    place: Locate = locate or (lambda _start, _length: span)
    if len(text) > MAX_LENGTH:
        message = f"an expression of {len(text):,} characters; {MAX_LENGTH:,} is the most"
        raise SpecError(Problem("RR120", message, place(0, 1)))
    body, heading = _split_heading(text, place)
    start = len(body) - len(body.lstrip())
    descending = sort and body[start : start + 1] == "-"
    if descending:
        rest = body[start + 1 :]
        start += 1 + len(rest) - len(rest.lstrip())
    body = body[start:].rstrip()
    shifted = _Shifted(place, start)
    tree = parse_tree(body, shifted)
    if condition and not _is_condition(tree):
        message = "expected a condition: something that holds for a run or does not"
        raise SpecError(Problem("RR124", message, shifted(*tree.at), "compare it, as in x > 0.5"))
    return Expression(body, span, heading, descending, shifted if locate else None)


@dataclass(frozen=True, slots=True)
class _Shifted:
    """Places in a text of which the beginning was cut off."""

    locate: Callable[[int, int], Span | None]
    cut: int

    def __call__(self, start: int, length: int) -> Span | None:
        return self.locate(self.cut + start, length)


def _split_heading(text: str, locate: Locate) -> tuple[str, str | None]:
    word = next((match for match in _AS.finditer(text) if match[0] == "as"), None)
    if word is None or not text[: word.start()].strip():
        return text, None
    start, rest = word.end(), text[word.end() :]
    match = _HEADING.fullmatch(rest)
    if match is None:
        at = start + len(rest) - len(rest.lstrip())
        length = max(1, len(rest.strip()))
        problem = "expected a heading after `as`" if not rest.strip() else "a heading is one word"
        hint = 'a heading of several words stands in quotes: as "Best accuracy"'
        raise SpecError(Problem("RR125", problem, locate(min(at, len(text)), length), hint))
    quoted = match[1] if match[1] is not None else match[2]
    heading = match[3] if quoted is None else re.sub(r"\\(.)", r"\1", quoted, flags=re.DOTALL)
    if not heading.strip() or len(heading) > MAX_HEADING:
        message = f"a heading has 1 to {MAX_HEADING} characters"
        raise SpecError(Problem("RR125", message, locate(start, max(1, len(rest)))))
    return text[: word.start()], heading


@lru_cache(maxsize=1024)
def _parsed(text: str) -> Node:
    return parse_tree(text, lambda _start, _length: None)


def _tree_or_none(text: str) -> Node | None:
    try:
        return _parsed(text)
    except SpecError:
        return None


def _is_condition(tree: Node) -> bool:
    match tree:
        case Name() | Comparison() | Operation(operator="and" | "or" | "not"):
            # a name may stand for a param that is true or false
            return True
        case Call(function=function):
            return function in ("matches", "contains", "has", "since")
        case Constant(value=value):
            return isinstance(value, bool)
    return False


def _calls(node: Node, function: str) -> bool:
    if isinstance(node, Call) and node.function == function:
        return True
    return any(_calls(child, function) for child in children(node))
