"""What an unquoted scalar stands for, by the core schema of YAML 1.2.

`1e-3` is a number; `no`, `on`, `12:30` and `2026-01-31` are text.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

MAX_DIGITS = 300

Plain = str | int | float | bool | None

_INT = re.compile(r"[-+]?[0-9]+")
_BASED = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_SPECIAL = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_WORDS: Mapping[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}


def plain_scalar(text: str) -> Plain:
    """What an unquoted scalar stands for.

    Raises:
        OverflowError: when it is a number too long or too large to be meant.
    """
    if text in _WORDS:
        return _WORDS[text]
    whole = _INT.fullmatch(text)
    if whole or _BASED.fullmatch(text):
        if len(text) > MAX_DIGITS:
            raise OverflowError(len(text))
        return int(text) if whole else int(text, 0)
    if _FLOAT.fullmatch(text):
        number = float(text)
        if math.isinf(number):
            raise OverflowError(text[:20])
        return number
    if _SPECIAL.fullmatch(text):
        return float(text.replace(".", ""))
    return text
