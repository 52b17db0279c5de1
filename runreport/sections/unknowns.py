"""What is not known of the runs' origins, without which a result cannot be made again."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from runreport import formats
from runreport.blocks import Words
from runreport.kinds import Context
from runreport.sections import ancestry, charting
from runreport.sections.origins import Origin, Topic
from runreport.tables import Run

NAMED = 12
"""Runs named per fact that is unknown, or per value."""


@dataclass(frozen=True, eq=False)
class Unknown:
    """Something that was not logged for some runs."""

    what: str
    """`no commit`, `no dataset`, ..."""
    runs: tuple[Run, ...]


def _has(topic: Topic, label: str = "") -> Callable[[Sequence[Origin]], bool]:
    return lambda found: any(o.topic == topic and o.label.startswith(label) for o in found)


_EXPECTED: tuple[tuple[str, Callable[[Sequence[Origin]], bool]], ...] = (
    ("commit", _has("code", "commit")),
    ("word on uncommitted changes", _has("code", "uncommitted changes")),
    ("repository", _has("code", "repository")),
    ("command", _has("command")),
    ("user", _has("user")),
    ("dataset", _has("data")),
    ("environment", _has("environment")),
    ("version of Python", _has("environment", "python")),
    ("hardware", _has("hardware")),
)


def unknown(context: Context, known: Mapping[str, Sequence[Origin]]) -> tuple[Unknown, ...]:
    """What some run did not log, and which runs.

    Args:
        context: the report.
        known: what each run's origin is, by run id.
    """
    found = []
    runs = context.runs
    for what, has in _EXPECTED:
        if without := tuple(run for run in runs if not has(known[run.id])):
            found.append(Unknown(f"no {what}", without))
    seedless = tuple(run for run in runs if not ancestry.seeds(run, context.design))
    undriven = tuple(run for run in runs if _lacks_driver(known[run.id]))
    undigested = tuple(run for run in runs if _says(known[run.id], "data", "no digest"))
    said = (
        ("no seed", seedless),
        ("no driver of its GPU", undriven),
        ("no digest of a dataset", undigested),
    )
    found += [Unknown(what, some) for what, some in said if some]
    return tuple(found)


def _lacks_driver(found: Sequence[Origin]) -> bool:
    has_gpu = any(o.topic == "hardware" and o.label.startswith("gpu") for o in found)
    return has_gpu and not any(o.label in ("driver", "cuda") for o in found)


def _says(found: Sequence[Origin], topic: Topic, text: str) -> bool:
    return any(o.topic == topic and o.text == text for o in found)


def is_dirty(found: Sequence[Origin]) -> bool:
    """Whether a run's code is in no commit."""
    return any(o.label.startswith("uncommitted changes") and o.text == "yes" for o in found)


def lines(found: Sequence[Unknown], uncommitted: Sequence[Run], runs: int) -> list[Words]:
    """What no run logged in one sentence, then what some did not."""
    nowhere = [gap.what.removeprefix("no ") for gap in found if len(gap.runs) == runs]
    said: list[Words] = []
    if nowhere:
        said.append((f"Logged for no run: {', '.join(nowhere)}.",))
    said += [_gap(gap) for gap in found if len(gap.runs) < runs]
    if uncommitted:
        names = "every run" if len(uncommitted) == runs else who(uncommitted)
        said.append((f"Uncommitted changes: no commit holds the code of {names}.",))
    return said


def _gap(gap: Unknown) -> Words:
    count = formats.count(len(gap.runs), "run")
    return (f"{gap.what} was logged for {count}".replace("no ", "No ", 1), f": {who(gap.runs)}.")


def who(runs: Sequence[Run]) -> str:
    """The names of some runs."""
    return charting.named([run.name or run.id for run in runs], NAMED)
