"""Replicates that enter no mean: which of which group, and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from runreport.blocks import Inline, RunRef, Strong, Words
from runreport.kinds import Context
from runreport.samples import Group, Sample
from runreport.sections import charting

LISTED = 200
"""Replicates named per group."""


@dataclass(frozen=True, slots=True)
class Missing:
    """One replicate of one group."""

    name: str
    """`seed 7`, several of them where no run is, or the run's name."""
    run_id: str | None
    """None when there is no such run."""
    reasons: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Absence:
    """One group's missing replicates."""

    group: Group
    items: tuple[Missing, ...]


def of(context: Context, samples: Sequence[Sequence[Sample]]) -> tuple[Absence, ...]:
    """Who is missing, by group.

    Args:
        context: the report.
        samples: per metric, the sample of each group in report order.
    """
    expected = _expected(context)
    found = []
    for index, group in enumerate(context.groups):
        items = _dropped(context, group, [row[index] for row in samples])
        present = set(group.replicate_of)
        word = (context.design.replicates or "").removeprefix("params.")
        never = sorted(expected - present, key=charting.natural)
        if len(never) == 1:
            items.append(Missing(f"{word} {never[0]}", None, ("has no run",)))
        elif never:
            items.append(Missing(f"{word} {', '.join(never[:LISTED])}", None, ("have no run",)))
        if items:
            found.append(Absence(group, tuple(items)))
    return tuple(found)


def _expected(context: Context) -> set[str]:
    """Replicates that more than half of several groups have: the rest was not planned."""
    groups = context.groups
    counts: dict[str, int] = {}
    for group in groups:
        for key in {key for key in group.replicate_of if key is not None}:
            counts[key] = counts.get(key, 0) + 1
    return {key for key, count in counts.items() if len(groups) > 1 and 2 * count > len(groups)}


def _dropped(context: Context, group: Group, samples: Sequence[Sample]) -> list[Missing]:
    reasons: dict[str, list[str]] = {}
    for part in samples:
        for item in part.dropped:
            said = reasons.setdefault(item.run_id, [])
            if item.reason not in said:
                said.append(item.reason)
    word = (context.design.replicates or "").removeprefix("params.")
    found = []
    for run, key in zip(group.runs, group.replicate_of, strict=True):
        if run.id in reasons:
            name = run.name or run.id if key is None else f"{word} {key}"
            found.append(Missing(name, run.id, tuple(reasons[run.id])))
    return found


def words(absence: Absence) -> Words:
    """`adam, lr=0.01: seed 7 failed; seed 9: val_accuracy is NaN`."""
    said: list[Inline] = [Strong(charting.fit(absence.group.label)), ": "]
    for index, item in enumerate(absence.items[:LISTED]):
        name = charting.fit(item.name, 40 if item.run_id else 4 * LISTED)
        reason = ", ".join(charting.fit(part, 60) for part in item.reasons)
        # `seed 7 failed`, but `seed 9: val_accuracy is NaN`
        link = " " if item.reasons[0] in ("failed", "killed", "has no run", "have no run") else ": "
        said.append("; " if index else "")
        said.append(name if item.run_id is None else RunRef(item.run_id, name))
        said.append(f"{link}{reason}")
    rest = len(absence.items) - LISTED
    said.append(f"; and {rest} more." if rest > 0 else ".")
    return tuple(word for word in said if word != "")
