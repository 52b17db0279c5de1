"""What a value must be beyond its type: written beside the type, `Annotated[int, AtLeast(1)]`."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

from runreport.design import Margin
from runreport.spec.names import since_time

_MARGIN = re.compile(r"\s*(\d+(?:\.\d*)?|\.\d+)(?:[eE]([-+]?\d{1,3}))?\s*(%?)\s*")
_ANY_TIME = datetime(2000, 1, 1, tzinfo=UTC)


class Limit(Protocol):
    """A bound of numbers."""

    @property
    def words(self) -> str:
        """What is expected: `a number above 0`."""
        ...

    def holds(self, value: float) -> bool: ...

    def schema(self) -> Mapping[str, Any]:
        """The same as keywords of JSON Schema."""
        ...


@dataclass(frozen=True, slots=True)
class AtLeast:
    """Numbers from a lowest one upwards."""

    low: float

    @property
    def words(self) -> str:
        return f"{self.low:g} or more"

    def holds(self, value: float) -> bool:
        return value >= self.low

    def schema(self) -> Mapping[str, Any]:
        return {"minimum": self.low}


@dataclass(frozen=True, slots=True)
class NotZero:
    """Any number but zero."""

    words: str = "other than 0"

    def holds(self, value: float) -> bool:
        return value != 0

    def schema(self) -> Mapping[str, Any]:
        return {"not": {"const": 0}}


@dataclass(frozen=True, slots=True)
class Between:
    """Numbers between two, both excluded."""

    low: float
    high: float

    @property
    def words(self) -> str:
        return f"between {self.low:g} and {self.high:g}"

    def holds(self, value: float) -> bool:
        return self.low < value < self.high

    def schema(self) -> Mapping[str, Any]:
        return {"exclusiveMinimum": self.low, "exclusiveMaximum": self.high}


@dataclass(frozen=True, slots=True)
class Form:
    """A value with a notation of its own."""

    words: str
    """What is expected."""
    example: str
    code: str
    """Of the problem when it is something else."""

    def read(self, text: str) -> Any:
        """The value a text stands for; None when it is no such text."""
        return margin(text) if self is MARGIN else _since(text)


MARGIN = Form("a number above 0 or a percentage", "0.5 (in displayed units) or 5%", "RR130")
SINCE = Form("a length of time or a date", "30d, 12h or 2026-01-31", "RR116")


def margin(text: str) -> Margin | None:
    """The margin that `0.5` or `5%` stands for."""
    found = _MARGIN.fullmatch(text)
    if found is None:
        return None
    amount = float(f"{found[1]}e{found[2] or 0}")
    if not (math.isfinite(amount) and amount > 0):
        return None
    return Margin(amount, relative=found[3] == "%")


def _since(text: str) -> str | None:
    return None if since_time(text, _ANY_TIME) is None else text
