"""What a value must be beyond its type: written beside the type, `Annotated[int, AtLeast(1)]`."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Protocol

from runreport.design import Margin
from runreport.spec.names import since_time

_MARGIN = re.compile(r"\s*(\d+(?:\.\d*)?|\.\d+)(?:[eE]([-+]?\d{1,3}))?\s*(%?)\s*")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
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
        return _READERS[self.words](text)


MARGIN = Form("a number above 0 or a percentage", "0.5 (in displayed units) or 5%", "RR130")
DROP = Form("0, a number above 0 or a percentage", "0.5 (in displayed units) or 2%", "RR130")
SINCE = Form("a length of time or a date", "30d, 12h or 2026-01-31", "RR116")
DATE = Form("a date", "2026-12-31", "RR116")


def margin(text: str) -> Margin | None:
    """The margin that `0.5` or `5%` stands for."""
    found = drop(text)
    return found if found is not None and found.amount > 0 else None


def drop(text: str) -> Margin | None:
    """The same, or none at all: `0`."""
    found = _MARGIN.fullmatch(text)
    if found is None:
        return None
    amount = float(f"{found[1]}e{found[2] or 0}")
    return Margin(amount, relative=found[3] == "%") if math.isfinite(amount) else None


def _since(text: str) -> str | None:
    return None if since_time(text, _ANY_TIME) is None else text


def _date(text: str) -> date | None:
    """A day of the calendar, written as in ISO 8601."""
    if _DATE.fullmatch(text) is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


_READERS: Mapping[str, Callable[[str], Any]] = {
    MARGIN.words: margin,
    DROP.words: drop,
    SINCE.words: _since,
    DATE.words: _date,
}
