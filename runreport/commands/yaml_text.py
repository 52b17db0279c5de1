"""Text that stands in a YAML file exactly as it is meant."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_.\-]*(?:[ /][A-Za-z0-9_.\-/]+)*")
_EXPRESSION = re.compile(r"-?[A-Za-z][A-Za-z0-9_.()\"=<>! \-]*[A-Za-z0-9_)\"]")
"""Free of everything that ends or starts something in YAML, also between `{` and `}`."""
_WORDS = frozenset("true false null yes no on off y n nan inf".split())  # noqa: SIM905  words
_SHORT = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def quoted(text: str) -> str:
    """A text as a key or value: plain where that is safe, else in quotes."""
    if _PLAIN.fullmatch(text) and text.lower() not in _WORDS and len(text) < 80:
        return text
    if '"' in text and "'" not in text and text.isprintable():
        return f"'{text}'"
    return '"' + "".join(_escaped(char) for char in text) + '"'


def value(text: str) -> str:
    """A text as a value: `$` is doubled, since the loader fills in `${...}`."""
    return quoted(text.replace("$", "$$"))


def expression(text: str) -> str:
    """An expression as a value, in quotes only where it needs them."""
    return text if _EXPRESSION.fullmatch(text) else value(text)


def comment(text: str) -> str:
    """A text inside a comment: one line, nothing that a terminal or editor obeys."""
    line = "".join(char if char.isprintable() else " " for char in text)
    return line if len(line) <= 80 else f"{line[:79]}\u2026"


def flow(entry: Mapping[str, Any]) -> str:
    """A mapping on one line."""
    return "{" + ", ".join(f"{quoted(key)}: {_item(item)}" for key, item in entry.items()) + "}"


def _item(item: Any) -> str:
    if isinstance(item, list | tuple):
        return "[" + ", ".join(map(_item, item)) + "]"
    if isinstance(item, bool):
        return "true" if item else "false"
    return value(item) if isinstance(item, str) else str(item)


def _escaped(char: str) -> str:
    if char in _SHORT:
        return _SHORT[char]
    if char.isprintable():
        return char
    code = ord(char)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
