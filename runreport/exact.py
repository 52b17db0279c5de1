"""A text for a value: equal texts, equal content. Such texts are hashed, never read back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import fields, is_dataclass
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import PurePath
from typing import Any

from runreport.errors import Span

_PLAIN = frozenset({str, int, float, bool, bytes, type(None), date, datetime, timedelta})


def exact(value: Any) -> str:
    """The text of plain values, and of sequences, sets, mappings and dataclasses of them.

    Left out are places in a spec's text, which move when something else is written, and fields of
    a dataclass that take no part when it is compared.

    Raises:
        TypeError: some value is of another kind.
    """
    if type(value) in _PLAIN:
        return repr(value)
    if isinstance(value, Span):
        return ""
    if isinstance(value, Sequence):
        return f"({','.join([exact(item) for item in value])})"
    if isinstance(value, Mapping):
        items = [f"{exact(key)}:{exact(item)}" for key, item in value.items()]
        return f"{{{','.join(items)}}}"
    if isinstance(value, Set):
        return f"<{','.join(sorted(exact(item) for item in value))}>"
    if is_dataclass(value):
        kind: Any = type(value)
        name, names = _named(kind)
        return f"{name}({','.join([exact(getattr(value, field)) for field in names])})"
    if isinstance(value, PurePath):
        return repr(str(value))
    raise TypeError(f"{type(value).__name__} has no exact text")


@cache
def _named(kind: Any) -> tuple[str, tuple[str, ...]]:
    names = tuple(field.name for field in fields(kind) if field.compare)
    return f"{kind.__module__}.{kind.__qualname__}", names
