"""What several reference cases are read with."""

from __future__ import annotations

import csv
import json
from typing import Any

from runreport.stats import (
    ties,
)
from runreport.stats.proportions import Count
from runreport.stats.result import Interval
from tests.stats.reference import FOLDER, floats

Case = dict[str, Any]
Found = dict[str, Any]


def both(case: Case) -> tuple[Any, Any]:
    """The two samples, first and second."""
    return floats(case["data"]["a"]), floats(case["data"]["b"])


def settled(case: Case) -> Any:
    """First minus second, equal differences made equal."""
    a, b = both(case)
    return ties.settle(a - b, ties.size_of(a, b))


def stored(case: Case, key: str = "file") -> Any:
    return json.loads((FOLDER / case["data"][key]).read_text())


def rows_of(name: str) -> list[dict[str, str]]:
    with (FOLDER / name).open() as file:
        return list(csv.DictReader(file))


def ends(interval: Interval | None) -> list[float]:
    assert interval is not None
    return [interval.low, interval.high]


def two_counts(case: Case) -> tuple[Count, Count]:
    """Second and first: the references subtract the second from the first."""
    first, second = zip(case["data"]["successes"], case["data"]["n"], strict=True)
    return Count(*second), Count(*first)
