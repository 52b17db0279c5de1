"""MLflow's `meta.yaml`: names to texts, read without constructing anything."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from runreport.errors import SpecError
from runreport.spec.marked import Marked, read_text

MAX_BYTES = 2_000_000
_SHORT = 200
"""Characters of a line that is remembered."""

Meta = Mapping[str, str | None]
"""Scalars as text: `name: 1e-3` is the text that MLflow wrote, not a number."""

_SIMPLE = re.compile(
    r"""(?P<key>[A-Za-z_]\w*):[ ]
    (?: '(?P<quoted>[^'\n]*)'
      | (?P<plain>[A-Za-z0-9_./](?:[\w ./+@%(),=~\\;&-]|:(?=\S))*)
      | \[\]
    )""",
    re.X,
)
_REASONS = {
    "RR101": "it holds control characters",
    "RR104": "it holds a key twice",
    "RR105": "it holds a tag, a merge key or a second document",
    "RR106": "its aliases or levels have no end",
    "RR107": "it holds a number without end",
}
_ABSENT = ("", "null", "~", "Null", "NULL")


class MetaError(Exception):
    """The text is not what MLflow writes; says why."""


def read_meta(data: bytes) -> Meta:
    """The entries of a `meta.yaml` whose values are scalars.

    Raises:
        MetaError: with the reason, lower case.
    """
    if len(data) > MAX_BYTES:
        raise MetaError(f"it is larger than {MAX_BYTES:,} bytes")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise MetaError(f"byte {error.start} is not UTF-8") from None
    if not text.strip():
        raise MetaError("it is empty")
    simple = _read_simple(text)
    return _flatten(read_tree(text)) if simple is None else simple


def read_tree(text: str) -> Mapping[str, Marked]:
    """The whole mapping, nested parts too.

    Raises:
        MetaError: it is no YAML, or not a mapping.
    """
    try:
        tree = read_text(text, "meta.yaml")
    except SpecError as error:
        problem = error.problems[0]
        line = f" (line {problem.span.line})" if problem.span else ""
        raise MetaError(f"{_REASONS.get(problem.code, 'it is no YAML')}{line}") from None
    if tree.mapping is None:
        raise MetaError("it holds no `name: value` lines")
    return tree.mapping


def scalar(node: Marked) -> str | None:
    """A scalar as the text it was written as."""
    if isinstance(node.value, str):
        return node.value
    if node.value is None or node.mapping is not None or node.sequence is not None:
        return None
    return node.raw if node.raw is not None else str(node.value)


def text_at(tree: Mapping[str, Marked], key: str) -> str | None:
    """The scalar under a key; None when there is none."""
    return scalar(tree[key]) if key in tree else None


def _flatten(tree: Mapping[str, Marked]) -> Meta:
    return {key: scalar(node) for key, node in tree.items()}


def _read_simple(text: str) -> Meta | None:
    """The form that nearly every file has, one scalar a line; None for any other."""
    found: dict[str, str | None] = {}
    for line in text.splitlines():
        entry = _entry(line) if len(line) <= _SHORT else _entry.__wrapped__(line)
        if entry is None or entry[0] in found:
            return None
        found[entry[0]] = entry[1]
    return found


@lru_cache(maxsize=1024)
def _entry(line: str) -> tuple[str, str | None] | None:
    """Name and text of a simple line; runs share most of theirs."""
    match = _SIMPLE.fullmatch(line)
    if match is None:
        return None
    plain = match["plain"]
    if plain is None:
        return match["key"], match["quoted"]
    plain = plain.rstrip()
    return match["key"], None if plain in _ABSENT else plain
