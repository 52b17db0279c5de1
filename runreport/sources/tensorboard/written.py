"""Params that a logger writes as a text, since event files have no place for them."""

from __future__ import annotations

import re
from collections.abc import Mapping

from runreport.sources.texts import flatten, parse_json, written

_NAMES = frozenset({"args", "config", "hparams", "hyperparameters", "hyper_parameters", "params"})
_HEAD = re.compile(r"\s*\|\s*param(?:eter)?\s*\|\s*value\s*\|\s*\n\s*\|[\s:|-]+\|\s*\n", re.I)
_ROW = re.compile(r"^\s*\|\s*([^|\n]+?)\s*\|(.*)\|\s*$")


def tells_params(tag: str) -> bool:
    """Whether loggers write params under a tag."""
    return tag.removesuffix("/text_summary").rpartition("/")[2].lower() in _NAMES


def params_of(text: bytes) -> Mapping[str, str]:
    """Params in a text: an object in JSON, or a table of param and value."""
    if text.lstrip()[:1] == b"{":
        try:
            value = parse_json(text)
        except ValueError:
            return {}
        return flatten(value, written, []) if isinstance(value, Mapping) else {}
    words = text.decode("utf-8", "replace")
    head = _HEAD.match(words)
    if head is None:
        return {}
    rows = (_ROW.match(line) for line in words[head.end() :].splitlines())
    return {row[1]: row[2].strip() for row in rows if row}
