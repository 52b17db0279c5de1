"""Text to a tree: Python's expression grammar, cut down to what compares runs.

Python's own parser reads the text; nothing is ever compiled or evaluated by Python.
"""

from __future__ import annotations

import ast
import keyword
import re
import warnings

from runreport.errors import Problem, SpecError
from runreport.spec.names import ANY_TIME, nearest, since_time
from runreport.spec.nodes import (
    FAMILIES,
    Call,
    Comparison,
    Constant,
    Family,
    Locate,
    Many,
    Name,
    Node,
    Operation,
)
from runreport.spec.patterns import refuse_pattern

MAX_LENGTH = 2_000
MAX_NESTING = 40

_OPERATORS: dict[type[ast.AST], str] = {
    ast.And: "and",
    ast.Or: "or",
    ast.Not: "not",
    ast.USub: "-",
    ast.UAdd: "+",
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.In: "in",
    ast.NotIn: "not in",
}
_WORDS = {"true": True, "false": False}
_PYTHON_WORDS = frozenset(
    {"and", "or", "not", "in", "True", "False", "None", "is", "if", "else", "for"}
)
"""Python's own words that a mistaken expression may hold in their meaning."""
_NAMED = re.compile(r"(?:\b(params|metrics|tags|run)\s*\.\s*)?\b([^\W\d]\w*)")
_UNFINISHED = re.compile(r"([-+*/<>=!]|\b(and|or|not|in))\s*$")
_TEXTS = re.compile(r"""\"(?:[^"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'""")

AT_NUMBER = ("at_step", "step_above", "step_below")
"""Functions of a metric and a number: the value at a step, the first step that reaches a value."""
REDUCERS = ("last", "first", "min", "max", "mean", "count")
OF_METRIC = (*REDUCERS, *AT_NUMBER, "last_step")
"""Functions that make one number of one metric's history."""
FUNCTIONS: dict[str, str] = {
    "matches": 'matches(name, "regex")',
    "contains": 'contains(name, "text")',
    "has": "has(name)",
    "since": 'since("7d")',
    **{name: f"{name}(metric)" for name in REDUCERS},
    "at": "at(min(metric)).other",
    "at_step": "at_step(metric, 1000)",
    "step_above": "step_above(metric, 0.9)",
    "step_below": "step_below(metric, 0.1)",
    "last_step": "last_step(metric)",
    "baseline": "baseline(metric)",
}
"""Function to its form."""


def parse_tree(text: str, locate: Locate) -> Node:
    """The tree of an expression.

    Raises:
        SpecError: RR120 no expression, RR121 outside the language, RR122 a call, RR123 a pattern.
    """
    if len(text) > MAX_LENGTH:
        message = f"an expression of {len(text):,} characters; {MAX_LENGTH:,} is the most"
        raise SpecError(Problem("RR120", message, locate(0, 1)))
    body = text.lstrip()
    lead = len(text) - len(body)
    # one character for one, so that positions stay
    body = re.sub(r"[\r\n\f]", " ", body)
    if not body.strip():
        raise SpecError(Problem("RR120", "the expression is empty", locate(0, 1)))
    if "#" in (outside := _without_texts(body)):
        message = "`#` stands outside of quotes"
        hint = 'a name with a `#` is written params["a#b"]'
        raise SpecError(Problem("RR120", message, locate(lead + outside.index("#"), 1), hint))
    try:
        with warnings.catch_warnings():
            # `"\d"` in a pattern is no news
            warnings.simplefilter("ignore")
            tree = ast.parse(body, mode="eval").body
    except SyntaxError as error:
        raise SpecError(_syntax_problem(body, lead, error, locate)) from None
    except (ValueError, RecursionError, MemoryError):
        message = "the expression holds a NUL, a number too long, or is nested too deeply"
        raise SpecError(Problem("RR120", message, locate(lead, len(body)))) from None
    return _Builder(body, lead, locate).node(tree, 0)


def _syntax_problem(body: str, lead: int, error: SyntaxError, locate: Locate) -> Problem:
    outside = _without_texts(body)
    for match in _NAMED.finditer(outside):
        family, word = match.groups()
        if keyword.iskeyword(word) and word not in _PYTHON_WORDS:
            forms = [family] if family else ["params", "metrics", "tags"]
            return Problem(
                "RR120",
                f"`{word}` is a word of the expression language, so it cannot stand as a name",
                locate(lead + match.start(2), len(word)),
                "write " + " or ".join(f'{form}["{word}"]' for form in forms),
            )
    offset = max(0, (error.offset or 1) - 1)
    hint = None
    if "&&" in outside or "||" in outside:
        hint = "write `and`, `or`, `not`"
    elif re.search(r"(?<![=!<>])=(?!=)", outside):
        hint = "compare with `==`"
    elif re.search(r"\w[/@:$.-]+\w", outside):
        hint = 'a name that is no identifier is written metrics["val/f1"] or params["a:b"]'
    if offset >= len(body.rstrip()) or _UNFINISHED.search(outside):
        message, offset = "the expression ends too early", max(0, len(body.rstrip()) - 1)
    elif error.msg.startswith("unterminated string"):
        message = "a text without its closing quote"
    elif error.msg.startswith(("invalid syntax", "unexpected char")):
        found = re.match(r"\w+|.", body[offset:])
        message = f"this is no expression: `{found[0] if found else ''}` was not expected here"
    else:
        said = re.sub(r" \(.*?line \d+\)", "", error.msg)
        message = f"this is no expression: {said[:1].lower()}{said[1:]}"
    return Problem("RR120", message, locate(lead + offset, 1), hint)


def _without_texts(body: str) -> str:
    """The same with each text in quotes blanked out, character by character."""
    return _TEXTS.sub(lambda match: " " * len(match[0]), body)


class _Builder:
    """Turns Python's tree into ours, or says what is not part of the language."""

    def __init__(self, body: str, lead: int, locate: Locate) -> None:
        self._body = body
        self._bytes = body.encode()
        self._lead = lead
        self._locate = locate

    def _at(self, tree: ast.expr) -> tuple[int, int]:
        # Python counts UTF-8 bytes
        start = len(self._bytes[: tree.col_offset].decode())
        stop = len(self._bytes[: tree.end_col_offset].decode())
        return (self._lead + start, stop - start)

    def _source(self, tree: ast.expr) -> str:
        start, length = self._at(tree)
        return self._body[start - self._lead : start - self._lead + length]

    def _refuse(
        self, code: str, message: str, tree: ast.expr, hint: str | None = None
    ) -> SpecError:
        return SpecError(Problem(code, message, self._locate(*self._at(tree)), hint))

    def node(self, tree: ast.expr, depth: int) -> Node:
        at = self._at(tree)
        if depth > MAX_NESTING:
            raise self._refuse("RR120", f"nested deeper than {MAX_NESTING} levels", tree)
        match tree:
            case ast.Constant():
                return self._constant(tree, at)
            case ast.Name(id=word) if word in _WORDS:
                return Constant(_WORDS[word], at)
            case ast.Name() | ast.Attribute() | ast.Subscript():
                return self._name(tree, at, depth)
            case ast.BoolOp(op=operator, values=values):
                operands = tuple(self.node(value, depth + 1) for value in values)
                return Operation(_OPERATORS[type(operator)], operands, at)
            case ast.UnaryOp(op=operator, operand=operand) if type(operator) in _OPERATORS:
                inner = self.node(operand, depth + 1)
                return Operation(_OPERATORS[type(operator)], (inner,), at)
            case ast.BinOp(left=left, op=operator, right=right) if type(operator) in _OPERATORS:
                pair = (self.node(left, depth + 1), self.node(right, depth + 1))
                return Operation(_OPERATORS[type(operator)], pair, at)
            case ast.Compare():
                return self._comparison(tree, at, depth)
            case ast.Call():
                call = self._call(tree, at, depth)
                if call.function == "at":
                    message = f"which metric is read there is missing; expected {FUNCTIONS['at']}"
                    raise self._refuse("RR122", message, tree)
                return call
            case ast.List() | ast.Tuple() | ast.Set():
                message = "a list stands only right of `in` or `not in`"
                raise self._refuse("RR121", message, tree)
        shown = self._source(tree)
        message = f"`{shown if len(shown) <= 40 else shown[:39] + '…'}` is not part of the language"
        hint = "it has: and or not in == != < <= > >= + - * / and the calls in `explain RR121`"
        if isinstance(tree, ast.BinOp) and re.fullmatch(r"[\w/@.%-]+", shown):
            hint = f'if it is one name, write metrics["{shown}"] or params["{shown}"]'
        raise self._refuse("RR121", message, tree, hint)

    def _constant(self, tree: ast.Constant, at: tuple[int, int]) -> Constant:
        value = tree.value
        if isinstance(value, bool | str):
            # lone surrogates can be written as escapes, and no file could hold them
            if isinstance(value, str) and any("\ud800" <= c <= "\udfff" for c in value):
                raise self._refuse("RR121", "half of a surrogate pair is no text", tree)
            return Constant(value, at)
        if isinstance(value, int | float):
            try:
                return Constant(float(value), at)
            except OverflowError:
                raise self._refuse("RR120", "the number is too large", tree) from None
        if value is None:
            hint = "a missing value compares with nothing; ask with `has(x)` or `not has(x)`"
            raise self._refuse("RR121", "`None` is not part of the language", tree, hint)
        raise self._refuse("RR121", "expected a number, a text, true or false", tree)

    def _name(self, tree: ast.expr, at: tuple[int, int], depth: int) -> Node:
        parts: list[str] = []
        bottom = tree
        while isinstance(bottom, ast.Attribute):
            parts.insert(0, bottom.attr)
            bottom = bottom.value
        if isinstance(bottom, ast.Name):
            # as written: Python folds letters that look alike, stores do not
            source = self._source(tree) if not self._body.isascii() else ""
            words = [word.strip() for word in source.split(".")] if source else [bottom.id, *parts]
            family = next((f for f in FAMILIES if f == words[0]), None)
            if family is not None and len(words) > 1:
                return Name(".".join(words[1:]), family, at, dotted=True)
            return Name(".".join(words), None, at, dotted=True)
        if isinstance(bottom, ast.Subscript) and not parts:
            return self._subscript(bottom, at, depth)
        if isinstance(bottom, ast.Call) and parts:
            call = self._call(bottom, self._at(bottom), depth)
            return self._pointed(call, self._after(call, at), at, tree)
        raise self._refuse("RR121", "expected a name before the dot", tree)

    def _subscript(self, tree: ast.Subscript, at: tuple[int, int], depth: int) -> Node:
        if not (isinstance(tree.slice, ast.Constant) and isinstance(tree.slice.value, str)):
            hint = 'as in params["lambda"], tags["mlflow.user"], metrics["val/f1"]'
            raise self._refuse("RR121", "expected a name in quotes between `[` and `]`", tree, hint)
        key = tree.slice.value
        match tree.value:
            case ast.Name(id="params" | "tags" | "metrics" | "run" as family):
                return Name(key, next(f for f in FAMILIES if f == family), at)
            case ast.Attribute(value=ast.Call() as bottom, attr="metrics"):
                call = self._call(bottom, self._at(bottom), depth)
                other = Name(key, "metrics", self._at(tree.slice))
                return self._pointed(call, other, at, tree)
        hint = 'as in params["lambda"], tags["mlflow.user"], metrics["val/f1"]'
        message = "only params, tags, metrics and run take `[...]`"
        raise self._refuse("RR121", message, tree, hint)

    def _after(self, call: Call, at: tuple[int, int]) -> Name:
        """The metric written behind `at(...)`."""
        stop = at[0] + at[1]
        rest = self._body[sum(call.at) - self._lead : stop - self._lead].lstrip(" ).")
        words = [word.strip() for word in rest.split(".")]
        if words[0] == "metrics" and len(words) > 1:
            words = words[1:]
        return Name(".".join(words), "metrics", (stop - len(rest), len(rest)), dotted=True)

    def _pointed(self, call: Call, other: Name, at: tuple[int, int], tree: ast.expr) -> Call:
        if call.function != "at" or call.other is not None:
            message = f"nothing follows `{call.function}(...)`; a dot follows only `at(...)`"
            raise self._refuse("RR122", message, tree, f"as in {FUNCTIONS['at']}")
        return Call("at", call.arguments, at, other)

    def _comparison(self, tree: ast.Compare, at: tuple[int, int], depth: int) -> Comparison:
        rest: list[tuple[str, Node]] = []
        for operator, right in zip(tree.ops, tree.comparators, strict=True):
            word = _OPERATORS.get(type(operator))
            if word is None:
                hint = "compare with `==` or `!=`; ask for a missing value with `has(x)`"
                raise self._refuse("RR121", "`is` is not part of the language", tree, hint)
            if "in" in word and isinstance(right, ast.List | ast.Tuple | ast.Set):
                items = tuple(self.node(item, depth + 2) for item in right.elts)
                rest.append((word, Many(items, self._at(right))))
            elif "in" in word:
                hint = 'as in team in ["vision", "text"]; part of a text: contains(x, "text")'
                raise self._refuse("RR121", "expected a list `[...]` right of `in`", right, hint)
            else:
                rest.append((word, self.node(right, depth + 1)))
        return Comparison(self.node(tree.left, depth + 1), tuple(rest), at)

    def _call(self, tree: ast.Call, at: tuple[int, int], depth: int) -> Call:
        if not isinstance(tree.func, ast.Name):
            raise self._refuse("RR122", "only the language's own functions can be called", tree)
        name = tree.func.id
        if name not in FUNCTIONS:
            if name == "all_but":
                hint = "`all_but(...)` is the whole value of `groups.by`"
            else:
                near = nearest(name, FUNCTIONS)
                hint = f"did you mean `{FUNCTIONS[near]}`?" if near else ", ".join(FUNCTIONS)
            raise self._refuse("RR122", f"there is no function `{name}`", tree.func, hint)
        form = f"expected {FUNCTIONS[name]}"
        if tree.keywords:
            raise self._refuse("RR122", f"`{name}` takes no named arguments; {form}", tree)
        arguments = tuple(self.node(argument, depth + 1) for argument in tree.args)
        expected = 2 if name in ("matches", "contains", *AT_NUMBER) else 1
        if len(arguments) != expected:
            message = f"`{name}` takes {expected} argument{'s' * (expected > 1)}, not "
            raise self._refuse("RR122", f"{message}{len(arguments)}; {form}", tree)
        self._check_arguments(name, arguments, tree, form)
        return Call(name, arguments, at)

    def _check_arguments(
        self, name: str, arguments: tuple[Node, ...], tree: ast.Call, form: str
    ) -> None:
        first = arguments[0]
        if name in (*OF_METRIC, "baseline"):
            # `max(val/f1)` parses as a division; the second pass knows whether it is a name
            if not isinstance(first, Name | Operation) or _family(first) not in (None, "metrics"):
                raise self._refuse("RR122", f"`{name}` takes a metric; {form}", tree.args[0])
        elif name == "at":
            if not (isinstance(first, Call) and first.function in ("min", "max", "first", "last")):
                raise self._refuse(
                    "RR122", f"`at` takes min, max, first or last of a metric; {form}", tree.args[0]
                )
        elif name == "has" and not isinstance(first, Name):
            raise self._refuse("RR122", f"`has` takes a name; {form}", tree.args[0])
        second = arguments[-1]
        if name in ("matches", "contains", "since"):
            if not (isinstance(second, Constant) and isinstance(second.value, str)):
                raise self._refuse(
                    "RR122", f"`{name}` takes a text in quotes; {form}", tree.args[-1]
                )
            if name == "matches" and (why := refuse_pattern(second.value)):
                raise self._refuse("RR123", why[0], tree.args[-1], why[1])
            if name == "since" and since_time(second.value, ANY_TIME) is None:
                message = f"`{second.value[:40]}` is no length of time and no date"
                raise self._refuse("RR116", message, tree.args[-1], "as in 30d, 12h or 2026-01-31")
        if name in AT_NUMBER and not _is_number(second):
            what = "a step's number" if name == "at_step" else "the number to reach"
            raise self._refuse("RR122", f"`{name}` takes {what}; {form}", tree.args[-1])


def _family(node: Node) -> Family | None:
    return node.family if isinstance(node, Name) else None


def _is_number(node: Node) -> bool:
    if isinstance(node, Operation) and node.operator == "-" and len(node.operands) == 1:
        node = node.operands[0]
    return (
        isinstance(node, Constant)
        and not isinstance(node.value, bool)
        and isinstance(node.value, float)
    )
