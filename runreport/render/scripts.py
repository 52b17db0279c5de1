"""Several source files of scripts to the one that pages load: joined, without comments and space,
its own names shortened.

A name is shortened everywhere at once, so no scope has to be known: variables, and properties that
neither the browser nor a page's data nor a text of the scripts name.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count, product
from pathlib import Path
from string import ascii_letters

from runreport.render.browserwords import BROWSER, DATA, LANGUAGE

_TOKEN = re.compile(
    r"""
      (?P<comment>/\*.*?\*/|//[^\n]*)
    | (?P<text>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')
    | (?P<template>`(?:[^`\\]|\\.)*`)
    | (?P<space>\s+)
    | (?P<pattern>/(?:[^/\\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+/[a-z]*)
    | (?P<number>\d[\w.]*)
    | (?P<word>[A-Za-z_$][\w$]*)
    | (?P<sign>\.\.\.|\?\.(?!\d)|.)
    """,
    re.VERBOSE | re.DOTALL,
)
_EXPRESSION = re.compile(r"(\$\{[^}]*\})")
_BEFORE_PATTERN = frozenset("(,=:[!&|?{};>")
"""A slash after one of these, or after `return`, begins a regular expression."""
_OPEN = frozenset("{([,;:?=&|+-*<>")
_CLOSE = frozenset(")}],.:?&|;")
_PAIRS = {"(": ")", "[": "]", "{": "}"}

ALIASED = ("document", "Element", "Math", "Number", "Object")
"""Of the browser, and used often."""

Token = tuple[str, str]
"""Kind and text; a gap stands for space, a line end for one that may end a statement."""


def joined(paths: Iterable[Path]) -> str:
    """One script of them all, in their order, that runs `start()` at its end."""
    text = "\n".join(path.read_text("utf-8") for path in paths)
    # as parameters these have short names too
    names = ", ".join(ALIASED)
    whole = f'(({names}) => {{ "use strict"; {text}\nstart();\n}})'
    return f"{squeezed(whole)}({','.join(ALIASED)});\n"


def squeezed(script: str) -> str:
    """The script without comments, without space that nobody needs, its own names shortened.

    Raises:
        ValueError: a template literal that holds another, which is not read here.
    """
    tokens = _bare(list(_tokens(script)))
    uses, short = _read(tokens)
    return "".join(_spaced(_written(tokens, uses, short)))


def own_properties(script: str) -> frozenset[str]:
    """The properties that are shortened, for whoever checks that none of them is the browser's."""
    return frozenset(_read(list(_tokens(script)))[1].properties)


def _read(tokens: Sequence[Token]) -> tuple[list[str], _Short]:
    """How each token but gaps is used, and the short names."""
    solid = [token for token in tokens if token[0] != "gap"]
    uses = list(_uses(solid))
    words = [(use, text) for use, (_, text) in zip(uses, solid, strict=True) if use]
    return uses, _shortened(words, (text for kind, text in solid if kind == "text"))


def _tokens(script: str) -> Iterator[Token]:
    at, before = 0, ""
    while match := _TOKEN.match(script, at):
        kind, text = str(match.lastgroup), match[0]
        begins = before in ("", "return") or before[-1] in _BEFORE_PATTERN
        if kind == "pattern" and not begins:
            # a division
            kind, text = "sign", "/"
        at += len(text)
        if kind in ("comment", "space"):
            yield "gap", "\n" if "\n" in text and kind == "space" else " "
        elif kind == "template":
            yield from _template(text)
            before = "`"
        else:
            yield kind, text
            before = text


def _template(text: str) -> Iterator[Token]:
    """A template literal: what stands between its expressions, and their tokens."""
    if text.count("${") != text.count("}"):
        raise ValueError(f"a template within a template, or with a brace: {text[:60]}")
    for index, part in enumerate(_EXPRESSION.split(text)):
        if index % 2:
            yield "open", "${"
            yield from _tokens(part[2:-1])
            yield "close", "}"
        else:
            yield "text", part


@dataclass(frozen=True, slots=True)
class _Short:
    """Own names to short ones."""

    variables: Mapping[str, str]
    properties: Mapping[str, str]


def _shortened(uses: Sequence[tuple[str, str]], texts: Iterable[str]) -> _Short:
    """The shortest names for those that save most.

    Args:
        uses: every word's use and the word.
        texts: what texts of the scripts say: a property that they name keeps its name.
    """
    named = set(re.findall(r"\w+", " ".join(texts)))
    variables = Counter(word for use, word in uses if use != "property")
    properties = Counter(word for use, word in uses if use != "variable")
    return _Short(
        _shortest(variables, LANGUAGE), _shortest(properties, BROWSER | DATA | LANGUAGE | named)
    )


def _shortest(words: Counter[str], kept: Collection[str]) -> dict[str, str]:
    own = [word for word in words if len(word) > 1 and word not in kept]
    own.sort(key=lambda word: (-words[word] * (len(word) - 1), word))
    names = (name for name in _names() if name not in kept and name not in words)
    return {word: name for word in own if len(name := next(names)) < len(word)}


def _names() -> Iterator[str]:
    letters = f"{ascii_letters}_$"
    for length in count(1):
        yield from map("".join, product(letters, repeat=length))


def _uses(solid: Sequence[Token]) -> Iterator[str]:
    """How each token is used: `variable`, `property` (behind a dot, as a key), `both` (the short
    form of a key and its value), or nothing.
    """
    open_: list[str] = []
    for index, (kind, text) in enumerate(solid):
        if kind == "open":
            open_.append("(")
        elif kind == "close" or (kind == "sign" and text in _PAIRS.values()):
            open_.pop()
        elif kind == "sign" and text in _PAIRS:
            open_.append(text)
        if kind != "word":
            yield ""
            continue
        before = solid[index - 1][1] if index else ""
        after = solid[index + 1][1] if index + 1 < len(solid) else ""
        is_member = bool(open_) and open_[-1] == "{" and before in ("{", ",")
        is_key = after == ":" or (after == "(" and _is_method(solid, index + 1))
        if before in (".", "?.") or (is_member and is_key):
            yield "property"
        elif is_member and after in (",", "}"):
            yield "both"
        else:
            yield "variable"


def _is_method(solid: Sequence[Token], at: int) -> bool:
    """Whether the parenthesis there is followed by a body."""
    depth = 0
    for index in range(at, len(solid)):
        depth += {"(": 1, ")": -1}.get(solid[index][1], 0)
        if depth == 0:
            return index + 1 < len(solid) and solid[index + 1][1] == "{"
    return False


def _bare(tokens: list[Token]) -> list[Token]:
    """Without the parentheses around the one parameter of an arrow function."""
    solid = [index for index, token in enumerate(tokens) if token[0] != "gap"]
    needless: set[int] = set()
    for places in zip(*(solid[offset:] for offset in range(5)), strict=False):
        texts = [tokens[place][1] for place in places]
        if [*texts[:1], *texts[2:]] == ["(", ")", "=", ">"] and tokens[places[1]][0] == "word":
            needless.update((places[0], places[2]))
    return [token for index, token in enumerate(tokens) if index not in needless]


def _written(tokens: Sequence[Token], uses: Iterable[str], short: _Short) -> Iterator[Token]:
    """The tokens with short names."""
    coming = iter(uses)
    for kind, text in tokens:
        use = next(coming) if kind != "gap" else ""
        if use == "property":
            yield kind, short.properties.get(text, text)
        elif use == "both" and (text in short.variables or text in short.properties):
            # {text} is {text: text}, in values and in patterns
            yield kind, short.properties.get(text, text)
            yield "sign", ":"
            yield kind, short.variables.get(text, text)
        elif use:
            # whoever runs it assigns no constant, so the shorter word does
            yield kind, "let" if text == "const" else short.variables.get(text, text)
        else:
            yield kind, text


def _spaced(tokens: Iterable[Token]) -> Iterator[str]:
    """The tokens, and between them what must stand there; no comma or semicolon that a closing
    bracket makes needless.
    """
    last, gap, held = "", "", ""
    inside = False
    for kind, text in tokens:
        if kind == "gap":
            gap = "\n" if "\n" in gap + text else " "
            continue
        if not text:
            continue
        if held and not (kind == "sign" and text in (")]}" if held == "," else "}")):
            yield held
        if gap and last and not inside:
            yield _between(last, text[0], gap)
        held = text if kind == "sign" and text in ",;" else ""
        if not held:
            yield text
        # nothing may come between an expression of a template and its braces
        inside = kind == "open"
        last, gap = text[-1], ""


def _between(last: str, first: str, gap: str) -> str:
    if gap == "\n":
        return "" if last in _OPEN or first in _CLOSE else "\n"
    apart = (_is_word(last) and _is_word(first)) or (last == first and last in "+-")
    return " " if apart else ""


def _is_word(char: str) -> bool:
    return char.isalnum() or char in "_$"
