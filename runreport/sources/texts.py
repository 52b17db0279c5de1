"""JSON and YAML texts, strictly and within limits; numbers keep the way they were written."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from runreport.cleaning import clean_text
from runreport.errors import SpecError
from runreport.spec import marked

MAX_KEY_LENGTH = 500
MAX_DEPTH = 20
"""Of nested objects."""
REMEMBERED = 10_000
"""Equal numbers of one document share their text, so that a list of ones costs little."""

_EMPTY: Mapping[str, Any] = {}
"""Every empty object of a document."""


class Written(str):
    """A number's text: `1e-05` stays as it is, and stays apart from a text in quotes."""

    __slots__ = ()


class Parser:
    """Reads JSON texts strictly; NaN and infinities stay words, repeated keys are told."""

    def __init__(self) -> None:
        self.repeated: list[str] = []
        """Keys that occurred twice in one object since this was last emptied."""
        self._known: dict[str, Written] = {}
        self._decoder = json.JSONDecoder(
            object_pairs_hook=self._object,
            parse_float=self._number,
            parse_int=self._number,
            parse_constant=self._number,
        )

    def parse(self, text: str) -> Any:
        """The value of a JSON text.

        Raises:
            ValueError: with a message for people.
        """
        try:
            return self._decoder.decode(text)
        except json.JSONDecodeError as error:
            words = error.msg[0].lower() + error.msg[1:]
            raise ValueError(f"{words} (line {error.lineno}, column {error.colno})") from None
        except RecursionError:
            raise ValueError("nested too deeply") from None

    def _number(self, text: str) -> Written:
        found = self._known.get(text)
        if found is None:
            found = Written(text)
            if len(self._known) < REMEMBERED:
                self._known[found] = found
        return found

    def _object(self, pairs: Sequence[tuple[str, Any]]) -> Mapping[str, Any]:
        if not pairs:
            return _EMPTY
        found = dict(pairs)
        if len(found) < len(pairs):
            seen: set[str] = set()
            for key, _ in pairs:
                if key in seen:
                    # neither value is more right than the other
                    found.pop(key, None)
                    self.repeated.append(key[:80])
                seen.add(key)
        return found


def written(value: Any) -> str:
    """A value that is no object as one cell."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return compact(value)


def compact(value: Any, depth: int = 0) -> str:
    """JSON text that keeps numbers as they were written."""
    if isinstance(value, Written):
        return value
    if depth > MAX_DEPTH:
        return '"\u2026"'
    if isinstance(value, Mapping):
        inner = (f"{json.dumps(key)}: {compact(item, depth + 1)}" for key, item in value.items())
        return "{" + ", ".join(inner) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(compact(item, depth + 1) for item in value) + "]"
    return json.dumps(value)


def parse_json(data: bytes) -> Any:
    """The value of a JSON document in UTF-8: objects, lists, text, bool, None, `Written` numbers.

    Raises:
        ValueError: with a message for people.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"no UTF-8 text from byte {error.start:,} on") from None
    return Parser().parse(text)


def parse_yaml(data: bytes, name: str) -> Any:
    """The value of a YAML document, as `parse_json`: no tags, bounded aliases, each key once.

    Raises:
        ValueError: with a message for people.
    """
    try:
        return plain(marked.read_text(data.decode("utf-8-sig"), name))
    except UnicodeDecodeError as error:
        raise ValueError(f"no UTF-8 text from byte {error.start:,} on") from None
    except SpecError as error:
        first = error.problems[0]
        where = f" (line {first.span.line})" if first.span else ""
        raise ValueError(f"{first.message}{where}") from None


def plain(node: marked.Marked) -> Any:
    """A YAML tree without positions; numbers as written."""
    value = node.value
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, tuple):
        return [plain(item) for item in value]
    if isinstance(value, int | float) and not isinstance(value, bool):
        text = node.raw if node.raw is not None else str(value)
        # YAML writes `.nan` and `-.inf`
        return Written(text.replace(".", "", 1) if text.lstrip("+-")[:2] in _SPECIAL else text)
    return value


_SPECIAL = {".n", ".N", ".i", ".I"}


def flatten(value: Mapping[str, Any], scalar: Any, deep: list[str]) -> dict[str, str]:
    """Nested objects as one level, keys joined by `.`, lists as JSON text, null left out.

    Args:
        value: the object; its scalars may be anything `scalar` understands.
        scalar: turns what is no object and not null into text.
        deep: receives the keys of what is nested too deeply to be read.
    """
    if not any(isinstance(item, Mapping) for item in value.values()):
        return {_key(k): scalar(item) for k, item in value.items() if item is not None and k}
    found: dict[str, str] = {}
    stack: list[tuple[str, Any, int]] = [("", value, 0)]
    while stack:
        prefix, item, depth = stack.pop()
        if isinstance(item, Mapping):
            if depth >= MAX_DEPTH:
                deep.append(prefix[:80])
                continue
            children = [(f"{prefix}.{key}" if prefix else key, v) for key, v in item.items()]
            stack += [(key, child, depth + 1) for key, child in reversed(children)]
        elif item is not None and prefix:
            found[_key(prefix)] = scalar(item)
    return found


@lru_cache(maxsize=4_096)
def _key(name: str) -> str:
    return clean_text(name)[:MAX_KEY_LENGTH]
