"""Files of params and metrics as values: YAML, JSON, TOML; numbers stay as they were written."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from datetime import date, datetime, time
from functools import lru_cache
from typing import Any

from runreport.sources.texts import Written, parse_json, parse_yaml

MAX_DEPTH = 50
_MERGE = re.compile(rb"(?:(?<=[\s{,])|^)<<(?=\s*:)", re.M)


class UnknownFormatError(ValueError):
    """A name that says neither YAML, JSON nor TOML."""


def parse(data: bytes, name: str) -> Any:
    """The value of a document, by the end of its name; YAML where the name says nothing.

    Raises:
        UnknownFormatError: a program, a table.
        ValueError: it is no such document, with a message for people.
    """
    end = name.rpartition("/")[2].rpartition(".")[2].lower()
    if end == "json":
        return parse_json(data)
    if end == "toml":
        return _toml(data)
    if end in ("py", "csv", "tsv", "ipynb", "txt", "md", "html"):
        raise UnknownFormatError(f"`.{end}` holds no values that DVC reads without running it")
    return yaml(data, name)


@lru_cache(maxsize=64)
def yaml(data: bytes, name: str) -> Any:
    """The value of a YAML document; `<<` merges, as YAML 1.1 and DVC have it.

    Commits often share a file; nobody changes what they get.

    Raises:
        ValueError: with a message for people.
    """
    if not _MERGE.search(data):
        return parse_yaml(data, name)
    return _merged(parse_yaml(_MERGE.sub(b'"<<"', data), name))


def _merged(value: Any, depth: int = 0) -> Any:
    """A tree in which what `<<` names is filled in; own keys go before merged ones."""
    if depth > MAX_DEPTH:
        return value
    if isinstance(value, list):
        return [_merged(item, depth + 1) for item in value]
    if not isinstance(value, Mapping):
        return value
    own = {key: _merged(item, depth + 1) for key, item in value.items() if key != "<<"}
    others = value.get("<<")
    found: dict[str, Any] = {}
    # of several, the first one counts
    for other in reversed(others if isinstance(others, list) else [others]):
        if isinstance(other, Mapping):
            found.update(_merged(other, depth + 1))
    return {**found, **own}


def _toml(data: bytes) -> Any:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"no UTF-8 text from byte {error.start:,} on") from None
    try:
        return _plain(tomllib.loads(text, parse_float=Written))
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        words = str(error) or "nested too deeply"
        raise ValueError(words[0].lower() + words[1:]) from None


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, int) and not isinstance(value, bool):
        return Written(_digits(value))
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    return value


def _digits(value: int) -> str:
    try:
        return str(value)
    except ValueError:
        # thousands of digits: beyond what Python writes
        return hex(value)
