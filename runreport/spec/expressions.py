"""One language for filters, columns, labels and sort keys."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from runreport.errors import Span

Scalar: TypeAlias = float | str | bool | None
"""What an expression yields for one run; None is missing."""


@dataclass(frozen=True, slots=True)
class Expression:
    """A parsed expression."""

    text: str
    span: Span | None = None
    heading: str | None = None
    """From `... as heading`."""
    descending: bool = False
    """From a leading `-` in `sort`."""
