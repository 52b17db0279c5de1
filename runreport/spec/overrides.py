"""`--set path.to.key=value`: one value of the spec replaced from the command line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from runreport.errors import Problem, Span
from runreport.spec.marked import Marked, plain_scalar
from runreport.spec.names import suggestion
from runreport.spec.trees import rebuilt

OPEN = ("vars", "metrics", "profiles")
"""Mappings whose keys are the author's own."""

MAPPINGS = ("report", "runs", "groups", "comparison", "decision")
"""Keys whose parts can be set although the spec leaves them out."""

SETTABLE = (
    "sources", "metrics", "pages", "gates", "theme", "output", "allow_secrets", "profiles", "vars",
)  # fmt: skip
"""The other keys of a spec."""


def override(tree: Marked, item: str, problems: list[Problem]) -> Marked:
    """The tree with the value of one `--set` in place."""
    path, equals, text = item.partition("=")
    file = f"--set {item}"
    if not equals or not path.strip():
        message = "expected PATH=VALUE after --set"
        span = Span(file, 1, 1, len(file))
        problems.append(Problem("RR113", message, span, "as in --set runs.limit=20"))
        return tree
    try:
        value = plain_scalar(text)
    except OverflowError:
        value = text
    column = len(file) - len(text) + 1
    node = Marked(value, Span(file, 1, column, max(1, len(text))), raw=text)
    root = tree.mapping or {}
    if not any(_starts(path, key) for key in (*root, *MAPPINGS, *SETTABLE)):
        variables = root.get("vars")
        names = (variables.mapping if variables is not None else None) or {}
        if path in names:
            path = f"vars.{path}"
    try:
        return _replaced(tree, path, node, _At(file, len(file) - len(text) - 1, ()))
    except _NoSuchPath as error:
        problems.append(error.problem)
        return tree


class _NoSuchPath(Exception):  # noqa: N818  control flow inside this file
    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


@dataclass(frozen=True, slots=True)
class _At:
    """How far a path was followed."""

    file: str
    end: int
    """Characters of the file's text before `=`."""
    done: tuple[str, ...]

    def span(self, rest: str) -> Span:
        """The place of what is left of the path."""
        return Span(self.file, 1, self.end - len(rest) + 1, max(1, len(rest)))

    def no(self, rest: str, message: str, hint: str) -> _NoSuchPath:
        return _NoSuchPath(Problem("RR113", message, self.span(rest), hint))


def _starts(path: str, key: str) -> bool:
    return path == key or path.startswith(f"{key}.")


def _replaced(node: Marked, path: str, value: Marked, at: _At) -> Marked:
    """The node with the value at the path."""
    if node.sequence is not None:
        return _replaced_item(node, node.sequence, path, value, at)
    where = f"in '{'.'.join(at.done)}'" if at.done else "in the spec"
    if node.mapping is None:
        if node.value is not None or not at.done:
            message = f"'{'.'.join(at.done)}' is a single value, nothing is inside"
            raise at.no(path, message, "set the value itself, or write it out in the spec")
        node = Marked({}, node.span)
    entries = dict(node.mapping or {})
    keys = sorted((key for key in entries if _starts(path, key)), key=len, reverse=True)
    key = keys[0] if keys else path.split(".")[0]
    rest = path[len(key) + 1 :]
    # keys of a mapping that is the spec's own are checked with its shape, where they are known
    free = not at.done or at.done[-1:] in [(name,) for name in OPEN]
    top = not at.done and key in (*MAPPINGS, *SETTABLE)
    if key not in entries and ((free and not top) or (rest and not (top and key in MAPPINGS))):
        if top:
            message = f"the spec has no '{key}', so nothing in it can be set"
            raise at.no(path, message, "write it into the spec")
        known = [*entries, *(() if at.done else (*MAPPINGS, *SETTABLE, *_variables(entries)))]
        raise at.no(path, f"there is no '{key}' {where}", suggestion(key, known))
    below = entries.get(key, Marked(None, at.span(path)))
    further = _At(at.file, at.end, (*at.done, key))
    entries[key] = _replaced(below, rest, value, further) if rest else value
    keys_at = {**node.keys, key: node.keys.get(key, replace(at.span(path), length=len(key)))}
    return rebuilt(replace(node, keys=keys_at), entries)


def _replaced_item(
    node: Marked, items: tuple[Marked, ...], path: str, value: Marked, at: _At
) -> Marked:
    number, _, rest = path.partition(".")
    where = ".".join(at.done)
    if not (number.isascii() and number.isdigit() and int(number[:9]) < len(items)):
        message = f"'{where}' is a list of {len(items)}, there is no '{number}' in it"
        last = f"write a number from 0 to {len(items) - 1}" if items else "the list is empty"
        raise at.no(path, message, last)
    index = int(number)
    further = _At(at.file, at.end, (*at.done, number))
    item = _replaced(items[index], rest, value, further) if rest else value
    return rebuilt(node, (*items[:index], item, *items[index + 1 :]))


def _variables(entries: Mapping[str, Marked]) -> Mapping[str, Marked]:
    node = entries.get("vars")
    return (node.mapping if node is not None else None) or {}
