"""Several source files of scripts to the one that pages load: joined, without comments and
indentation. Names and statements stay as they were written.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

_TOKEN = re.compile(
    r"""
      (?P<comment>/\*.*?\*/|//[^\n]*)
    | (?P<text>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`)
    | (?P<space>\s+)
    | (?P<pattern>/(?:[^/\\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+/[a-z]*)
    | (?P<word>[\w$]+)
    | (?P<sign>.)
    """,
    re.VERBOSE | re.DOTALL,
)
_BEFORE_PATTERN = frozenset("(,=:[!&|?{};>")
"""A slash after one of these, or after `return`, begins a regular expression."""
_OPEN = frozenset("{([,;:?=&|+-*<>")
_CLOSE = frozenset(")}],.:?&|;")


def joined(paths: Iterable[Path]) -> str:
    """One script of them all, in their order, that runs `start()` at its end."""
    parts = [squeezed(path.read_text("utf-8")) for path in paths]
    return '(()=>{"use strict";\n' + "\n".join(parts) + "\nstart()})();\n"


def squeezed(script: str) -> str:
    """The script without comments and without space that nobody needs.

    Line ends stay where a statement may end at them.

    Raises:
        ValueError: a template literal that holds another, which is not read here.
    """
    pieces: list[str] = []
    last, gap, at = "", "", 0
    while match := _TOKEN.match(script, at):
        kind, token = match.lastgroup, match[0]
        if kind == "pattern" and not _may_begin(pieces):
            # a division
            kind, token = "sign", "/"
        at += len(token)
        if token[0] == "`" and token.count("${") != token.count("}"):
            raise ValueError(f"a template within a template, or with a brace: {token[:60]}")
        if kind == "comment":
            gap = gap or " "
        elif kind == "space":
            gap = "\n" if "\n" in token + gap else " "
        else:
            pieces += [_between(last, token[0], gap), token]
            last, gap = token[-1], ""
    return "".join(pieces)


def _may_begin(pieces: list[str]) -> bool:
    """Whether a slash here begins a regular expression, and does not divide."""
    return not pieces or pieces[-1] == "return" or pieces[-1][-1] in _BEFORE_PATTERN


def _between(last: str, first: str, gap: str) -> str:
    """What must stand between two tokens that had a gap."""
    if not last or not gap:
        return ""
    if gap == "\n":
        return "" if last in _OPEN or first in _CLOSE else "\n"
    apart = (_is_word(last) and _is_word(first)) or (last == first and last in "+-")
    return " " if apart else ""


def _is_word(char: str) -> bool:
    return char.isalnum() or char in "_$"
