"""Regular expressions that cannot run for long.

Python's engine backtracks: `(a+)+b` takes years on thirty letters. A pattern is refused when a
repeated part repeats inside, holds alternatives, or refers back; the text it meets is cut.
"""

from __future__ import annotations

import functools
import re
import warnings
from re import _constants, _parser  # type: ignore[attr-defined]  # the only parser of patterns
from typing import Any

MAX_PATTERN = 200
MAX_TEXT = 1_000
"""Characters of a value that a pattern looks at."""
MAX_REPEATS = 3
"""Unbounded repeats in one pattern: each multiplies the work by the text's length."""

_REPEATS = (_constants.MAX_REPEAT, _constants.MIN_REPEAT)


def refuse_pattern(pattern: str) -> tuple[str, str | None] | None:
    """Why a pattern cannot be used, with a hint; None when it can."""
    if len(pattern) > MAX_PATTERN:
        return f"a pattern of {len(pattern)} characters; {MAX_PATTERN} is the most", None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            re.compile(as_written(pattern))
            tree = _parser.parse(as_written(pattern))
    except (re.error, OverflowError, RecursionError) as error:
        return f"this is no regular expression: {error}", None
    repeats = [0]
    if why := _danger(tree, False, repeats):
        return why, 'use contains(x, "text"), or several simple patterns joined by `or`'
    if repeats[0] > MAX_REPEATS:
        message = f"a pattern with {repeats[0]} open repeats; {MAX_REPEATS} is the most"
        return message, "patterns match anywhere: leave out `.*` at both ends"
    return None


def matches(pattern: str, text: str) -> bool:
    """Whether an accepted pattern occurs in the text's first characters."""
    return _compiled(as_written(pattern)).search(text[:MAX_TEXT]) is not None


def as_written(pattern: str) -> str:
    """The pattern its author wrote: in an expression's text, a word border is a backspace."""
    return pattern.replace("\b", r"\b")


@functools.lru_cache(maxsize=256)
def _compiled(pattern: str) -> re.Pattern[str]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return re.compile(pattern)


def _danger(tree: Any, repeated: bool, repeats: list[int]) -> str | None:
    for operator, argument in tree:
        inside: list[tuple[Any, bool]] = []
        if operator in _REPEATS:
            _low, high, body = argument
            if high > 1:
                if repeated:
                    return "a repeat inside a repeat can take forever"
                if high > MAX_TEXT:
                    repeats[0] += 1
                inside.append((body, True))
            else:
                inside.append((body, repeated))
        elif operator is _constants.BRANCH:
            if repeated:
                return "alternatives inside a repeat can take forever"
            inside += [(body, repeated) for body in argument[1]]
        elif operator is _constants.SUBPATTERN:
            inside.append((argument[3], repeated))
        elif operator in (_constants.GROUPREF, _constants.GROUPREF_EXISTS):
            return "a reference to a group can take forever"
        elif operator in (_constants.ASSERT, _constants.ASSERT_NOT):
            inside.append((argument[1], repeated))
        elif isinstance(argument, type(tree)):
            inside.append((argument, repeated))
        for body, within in inside:
            if why := _danger(body, within, repeats):
                return why
    return None
