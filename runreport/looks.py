"""How often growing data have been looked at: each build remembers the looks before it.

Building again from the same data is the same look, however the spec has changed meanwhile; so is a
build to which only runs came that the report does not compare.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from runreport.tables import FINISHED, Run

MOST = 100
"""Looks kept; their numbers go on."""

LARGEST = 1_000_000
"""A higher number is nothing that builds counted."""

_DIGEST = re.compile(r"[0-9a-f]{32}")

Items = Iterable[tuple[str, float | None]]


@dataclass(frozen=True, slots=True)
class Look:
    """One look at the data."""

    number: int
    """From 1."""
    runs: int
    """Compared at that look."""
    digest: str
    """Of what was compared: runs and their values."""
    data: str
    """Of everything that the sources held."""
    time: str
    """ISO 8601, from the data."""


def count(previous: Sequence[Look], now: Look) -> tuple[Look, ...]:
    """The looks with this one: one more where both the data and what is compared are new.

    Args:
        previous: as the site published before has them, oldest first.
        now: this look; its number is given here.
    """
    if not previous:
        return (replace(now, number=1),)
    last = previous[-1]
    if _is_same(last, now):
        return (*previous[:-1], replace(now, number=last.number))
    if any(_is_same(look, now) for look in previous):
        return tuple(previous)
    return (*previous, replace(now, number=last.number + 1))[-MOST:]


def _is_same(one: Look, other: Look) -> bool:
    """Another question to the same data, or other data around the same question, is no new look."""
    return one.digest == other.digest or one.data == other.data


def digest(runs: Iterable[Run], items_of: Callable[[Run], Items]) -> str:
    """Of the runs that finished, with what is known of each; their order does not matter.

    What a running one logs is no look at its outcome.

    Args:
        runs: any.
        items_of: names with numbers; None where there is none.
    """
    lines = []
    for run in runs:
        if run.status in FINISHED:
            values = sorted((name, repr(number)) for name, number in items_of(run))
            lines.append(repr((run.id, values)))
    content = "\n".join(sorted(lines)).encode("utf-8", "backslashreplace")
    return hashlib.blake2b(content, digest_size=16).hexdigest()


def logged(run: Run) -> Items:
    """The last value of everything a run logged."""
    return ((name, summary.last) for name, summary in run.metrics.items())


def parse(written: Any) -> tuple[Look, ...]:
    """Looks as a file holds them.

    Raises:
        ValueError: when they are anything else.
    """
    if not isinstance(written, list) or len(written) > MOST:
        raise ValueError(f"expected a list of at most {MOST} looks")
    found = tuple(_look(item) for item in written)
    numbers = [look.number for look in found]
    if numbers != sorted(set(numbers)):
        raise ValueError("looks are not numbered one after the other")
    return found


def _look(item: Any) -> Look:
    if not isinstance(item, Mapping):
        raise ValueError("a look is no mapping")
    number, runs = _whole(item.get("number")), _whole(item.get("runs"))
    digests = [item.get("digest"), item.get("data")]
    if not 1 <= number <= LARGEST:
        raise ValueError("a look has a number that is none")
    if not all(isinstance(text, str) and _DIGEST.fullmatch(text) for text in digests):
        raise ValueError("a look has a digest that is none")
    time = item.get("time")
    if not isinstance(time, str) or len(time) > 40:
        raise ValueError("a look has a time that is none")
    datetime.fromisoformat(time)
    return Look(number, runs, str(digests[0]), str(digests[1]), time)


def _whole(written: Any) -> int:
    if type(written) is not int or not 0 <= written <= LARGEST * 1000:
        raise ValueError("a look has a number that is none")
    return written
