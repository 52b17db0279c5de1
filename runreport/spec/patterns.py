"""Regular expressions in time linear in the text.

Python's own engine backtracks: `(a+)+b` takes years on thirty letters. RE2, which Arrow brings,
does not; it has no look-around and no references to groups, and says so when it meets one.
"""

from __future__ import annotations

import re
from functools import lru_cache

MAX_PATTERN = 200
MAX_COUNTED = 1_000
"""The sum of all `{n}`: each copy of a part costs time for each character of a text."""
MAX_TEXT = 10_000
"""Characters of a value that a pattern looks at."""

_COUNTED = re.compile(r"\{(\d*)(?:,(\d*))?\}")


def refuse_pattern(pattern: str) -> tuple[str, str | None] | None:
    """Why a pattern cannot be used, with a hint; None when it can."""
    if len(pattern) > MAX_PATTERN:
        return f"a pattern of {len(pattern)} characters; {MAX_PATTERN} is the most", None
    if any(char < " " and char not in "\b\t" for char in pattern):
        return "a pattern with a control character", r'write r"..." when it holds a backslash'
    counts = [number for pair in _COUNTED.findall(pattern) for number in pair if number]
    if sum(int(number[:9]) for number in counts) > MAX_COUNTED:
        return f"a pattern that counts beyond {MAX_COUNTED:,}", "use `*` or `+`"
    why = _refusal(as_written(pattern))
    if why is None:
        return None
    hint = 'use contains(x, "text"), or several simple patterns joined by `or`'
    return f"this pattern cannot be used: {why}", hint


def matches(pattern: str, text: str) -> bool:
    """Whether an accepted pattern occurs in the text's first characters."""
    import pyarrow as pa
    import pyarrow.compute as pc

    try:
        found = pc.match_substring_regex(pa.scalar(text[:MAX_TEXT]), as_written(pattern))
    except (pa.ArrowInvalid, UnicodeEncodeError):
        # half of a surrogate pair: no text that a store holds
        return False
    return bool(found.as_py())


def as_written(pattern: str) -> str:
    """The pattern its author wrote: in an expression's text, a word border is a backspace."""
    return pattern.replace("\b", r"\b")


@lru_cache(maxsize=256)
def _refusal(pattern: str) -> str | None:
    import pyarrow as pa
    import pyarrow.compute as pc

    try:
        pc.match_substring_regex(pa.scalar(""), pattern)
    except pa.ArrowInvalid as error:
        return str(error).removeprefix("Invalid regular expression: ")
    except UnicodeEncodeError:
        return "half of a surrogate pair is no text"
    return None
